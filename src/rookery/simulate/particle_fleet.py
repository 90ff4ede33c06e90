"""Many Particle boards in one process: of which transport each is, and what its application does.

The application measures what a sketch measures (`sketch.Sketch`), offers it as variables, publishes what changes, and
has two functions: `light` (`on`, `off`) and `count` (sets the counter).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from rookery.core.clock import Clock, Timer
from rookery.particle.platforms import Transport
from rookery.simulate.crowd import Crowd
from rookery.simulate.particle import line_of, make_room
from rookery.simulate.particle_board import ParticleBoard, PublishFailed
from rookery.simulate.particle_channel import ParticleIdentity, PrivateKey
from rookery.simulate.particle_firmware import MODELS, Function, Variable
from rookery.simulate.sketch import Sketch

SYMBOLS: Final = ("temperature", "humidity", "counter", "motion", "status", "light")
"""Sensors of one number, text or switch: a variable of these boards is nothing more."""
TRANSPORTS: Final[tuple[Transport, ...]] = ("tcp", "udp")
PLATFORMS: Final[dict[Transport, str]] = {"tcp": "photon", "udp": "argon"}
RSA_FILE: Final = "server_rsa.pub.der"
EC_FILE: Final = "server_ec.pub.der"


class ParticlePlan(NamedTuple):
    """A board that shall exist."""

    name: str
    transport: Transport

    @property
    def platform(self) -> str:
        """What kind of board that is."""
        return PLATFORMS[self.transport]


class ParticleRegistered(NamedTuple):
    """A board whose key the server knows."""

    plan: ParticlePlan
    device_id: str
    key: PrivateKey
    claim_code: str
    """To be presented; empty where the board has its owner already."""


class ParticleAddress(NamedTuple):
    """Where boards dial, and whom they believe. A port is None, and a key empty, where the server has none."""

    host: str
    tcp_port: int | None
    udp_port: int | None
    rsa_key: bytes
    """DER SubjectPublicKeyInfo, as `ec_key`."""
    ec_key: bytes

    @classmethod
    def of(cls, host: str, tcp_port: int | None, udp_port: int | None, keys: Path) -> ParticleAddress:
        """With the public keys in this folder, under the names that the server gives them.

        Raises:
            OSError: they can not be read.
        """
        return cls(host, tcp_port, udp_port, (keys / RSA_FILE).read_bytes(), (keys / EC_FILE).read_bytes())

    def port(self, transport: Transport) -> int | None:
        """Where boards on this transport dial."""
        return self.tcp_port if transport == "tcp" else self.udp_port

    def key(self, transport: Transport) -> bytes:
        """The server's key for boards on this transport."""
        return self.rsa_key if transport == "tcp" else self.ec_key


def particle_plans(count: int, transports: Sequence[Transport] = TRANSPORTS) -> list[ParticlePlan]:
    """So many boards, transports in turn. A number always has the same name on the same transport."""
    turns = [transports[number % len(transports)] for number in range(count)]
    return [ParticlePlan(f"simulated-{PLATFORMS[turn]}-{number:03}", turn) for number, turn in enumerate(turns, 1)]


class Application:
    """What runs on a simulated board."""

    def __init__(self, sketch: Sketch, clock: Clock) -> None:
        self._sketch = sketch
        self._clock = clock
        self._timer: Timer | None = None
        self._board: ParticleBoard | None = None

    @property
    def variables(self) -> dict[str, Variable]:
        """One a sensor."""
        return {symbol: self._reader(symbol) for symbol in self._sketch.sensors}

    @property
    def functions(self) -> dict[str, Function]:
        """By which it is switched."""
        return {"light": self._light, "count": self._count}

    def run(self, board: ParticleBoard) -> None:
        """From now on it measures and publishes."""
        self._board = board
        self._timer = self._clock.call_later(self._sketch.pause(), self._step)

    def end(self) -> None:
        """The power is off."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _step(self) -> None:
        self._timer = self._clock.call_later(self._sketch.pause(), self._step)
        symbol = self._sketch.step(self._clock.now())
        if symbol is not None:
            self._tell(symbol)

    def _tell(self, symbol: str) -> None:
        if self._board is not None and self._board.online:
            try:
                self._board.emit(symbol, _text(self._read(symbol)))
            except PublishFailed:
                pass  # Applications seldom look at what publish() returns.

    def _reader(self, symbol: str) -> Variable:
        return lambda: self._read(symbol)

    def _read(self, symbol: str) -> bool | int | float | str:
        value = self._sketch.values[symbol]
        return str(value) if isinstance(value, dict) else value

    def _light(self, argument: str) -> int:
        if argument not in ("on", "off"):
            return -1
        self._sketch.values["light"] = argument == "on"
        self._tell("light")
        return int(argument == "on")

    def _count(self, argument: str) -> int:
        if not argument.isdecimal() or len(argument) > 9:
            return -1
        self._sketch.values["counter"] = int(argument)
        return int(argument)


def _text(value: bool | int | float | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class ParticleFleet(Crowd[ParticleBoard]):
    """Particle boards with their shells and applications."""

    def __init__(
        self, registered: Sequence[ParticleRegistered], address: ParticleAddress, clock: Clock, seed: int | str = 1
    ) -> None:
        """Raises:
        ValueError: the server has no listener for the transport of a board.
        """
        super().__init__()
        make_room(len(registered))
        self.names = [each.plan.name for each in registered]
        self._applications: list[Application] = []
        for each in registered:
            transport = each.plan.transport
            port = address.port(transport)
            if port is None:
                raise ValueError(f"The server has no listener for Particle boards over {transport.upper()}.")
            random = Random(f"{seed}/{each.plan.name}")  # noqa: S311 - weather, not secrets
            application = Application(Sketch(SYMBOLS, random, clock.now()), clock)
            board = ParticleBoard(
                ParticleIdentity(each.device_id, each.key, address.key(transport)),
                clock,
                model=MODELS[each.plan.platform],
                variables=application.variables,
                functions=application.functions,
                claim_code=each.claim_code,
            )
            self._applications.append(application)
            self.add(board, line_of(board, address.host, port))

    async def start(self, gap: float = 0.0) -> None:
        """Power all of them on. Their handshakes wait for seconds, so they need no gaps between them."""
        for board, application in zip(self.boards, self._applications, strict=True):
            application.run(board)
        await super().start(gap)

    async def stop(self) -> None:
        for application in self._applications:
            application.end()
        await super().stop()

    async def claimed(self) -> None:
        """Wait until each board belongs to somebody: the server has taken the codes that they presented."""
        for board in self.boards:
            await board.claimed()
