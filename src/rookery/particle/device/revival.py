"""Boards that are quiet when the server begins: who asks them, in which order, how fast, and who asks again.

A board over UDP does not notice a restart of the server. It speaks when it has something to say, or when its keepalive
is over: 25 seconds on Wi-Fi, 23 minutes on cellular links (particle-device.md §2.6). Until then it would count as
offline although it is there. So those that were there when the server before this one ended are asked
(`CoapUdpGateway.wake`), the longest silences first. One that answers appears like one that came by itself; of one that
does not nobody hears anything.

    revival = Revival(services, gateway, clock)
    revival.start()                 once the gateway listens
    await revival.close()           before the gateway stops

The same question helps somebody who calls a board that is not online (`summon`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

import structlog

from rookery.core.clock import Clock, Timer
from rookery.core.records import Device
from rookery.core.services import Services
from rookery.gateways.coap_udp import CoapUdpGateway
from rookery.particle import platforms
from rookery.particle.device.greetings import DIALECT

log = structlog.get_logger("rookery.particle.board")

ROUNDS: Final = (1.0, 120.0)
"""Seconds from the start to each round. The first leaves the start alone. The second is for those that could not hear
the first: after a power cut the router needs a minute or two, and this server less. Who does not answer that one is
gone until it speaks."""
PER_SECOND: Final = 200
"""Boards asked a second: 5,000 in 25 s, for a part of one core that leaves room for those that come by themselves.
At 100 bytes a ping that is 160 kbit/s."""
TOGETHER: Final = 20
"""Boards of one step, a tenth of a second: each waits for a write to the disk, and writes made together are one."""
LOOKED_UP: Final = 500
"""Boards whose platform is read at once."""
SUMMON_SECONDS: Final = 10.0
"""For an answer while somebody waits: two pings. As long as anybody waits for a ping."""
REST_SECONDS: Final = 60.0
"""From one summons of a board that did not answer to the next."""
MOST_RESTING: Final = 4_096
"""Boards remembered for that, some 150 bytes each; beyond, the oldest may be asked again."""


class Revival:
    """Of one server. `clock` is the one that the gateway has."""

    def __init__(self, services: Services, gateway: CoapUdpGateway, clock: Clock) -> None:
        self._services = services
        self._gateway = gateway
        self._clock = clock
        self._timer: Timer | None = None
        self._round: asyncio.Task[None] | None = None
        self._summons: dict[str, asyncio.Task[None]] = {}
        self._resting: dict[str, float] = {}
        self._closed = False

    def start(self) -> None:
        """Ask those that were there, in a moment."""
        self._timer = self._clock.call_later(ROUNDS[0], self._begin, 0)

    async def close(self) -> None:
        """Ask nobody any more. Who waits for an answer gets none."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._gateway.wakings.stop()
        if self._round is not None:
            self._round.cancel()
        tasks = [*self._summons.values(), *([self._round] if self._round is not None else [])]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def summon(self, device: Device) -> None:
        """Ask a board that is not online, if it can be asked and was not in the last minute. Returns when it is online,
        or when there is no more reason to wait."""
        if device.dialect != DIALECT or self._closed:
            return
        task = self._summons.get(device.hex_id)
        if task is None:
            now = self._clock.monotonic()
            last = self._resting.pop(device.hex_id, None)
            if last is not None and now - last < REST_SECONDS:
                self._resting[device.hex_id] = last
                return
            self._resting[device.hex_id] = now
            if len(self._resting) > MOST_RESTING:
                del self._resting[next(iter(self._resting))]
            task = asyncio.get_running_loop().create_task(self._ask_one(device.hex_id))
            self._summons[device.hex_id] = task
        # Somebody else may wait for it too, and go on waiting when this one leaves.
        await asyncio.shield(task)

    async def _ask_one(self, hex_id: str) -> None:
        try:
            answer = await self._gateway.wake(bytes.fromhex(hex_id), seconds=SUMMON_SECONDS)
            if await asyncio.shield(answer):
                self._resting.pop(hex_id, None)
        except Exception:
            log.exception("particle.summons_failed", device=hex_id)
        finally:
            del self._summons[hex_id]

    # Rounds

    def _begin(self, number: int) -> None:
        self._timer = None
        self._round = asyncio.get_running_loop().create_task(self._ask_all(number))

    async def _ask_all(self, number: int) -> None:
        try:
            ids = await self._quiet()
            if not ids:
                return
            last = number + 1 == len(ROUNDS)
            began = self._clock.monotonic()
            for done, group in _cut(ids, TOGETHER):
                await self._wait(began + done / PER_SECOND)
                if not all(await asyncio.gather(*(self._ask(hex_id, last) for hex_id in group))):
                    return
            log.info("particle.quiet_boards_asked", boards=len(ids), round=number + 1)
        except Exception:
            log.exception("particle.revival_failed")
            return
        if not last:
            self._timer = self._clock.call_later(ROUNDS[number + 1] - ROUNDS[number], self._begin, number + 1)

    async def _quiet(self) -> list[str]:
        """The boards to ask, those on cellular links first."""
        boards, catalog = self._services.boards, self._services.catalog
        first: list[str] = []
        then: list[str] = []
        kept = [hex_id for hex_id in await self._gateway.store.placed() if boards.by_hex(hex_id) is None]
        for _, group in _cut(kept, LOOKED_UP):
            found = await catalog.pick(Device, ("hex_id", "platform"), hex_id=group, deleted_at=None)
            for hex_id, platform in found:
                (first if platforms.platform(platform or 0).cellular else then).append(hex_id)
        return first + then

    async def _ask(self, hex_id: str, last: bool) -> bool:
        """False when the store is away: then nobody else need be asked."""
        if self._services.boards.by_hex(hex_id) is not None:
            return True  # it has come meanwhile, perhaps over TCP
        try:
            await self._gateway.wake(bytes.fromhex(hex_id), lose=last)
        except Exception:
            log.exception("particle.revival_failed", device=hex_id)
            return False
        return True

    async def _wait(self, when: float) -> None:
        delay = when - self._clock.monotonic()
        if delay <= 0:
            return
        pause = asyncio.get_running_loop().create_future()
        timer = self._clock.call_later(delay, pause.set_result, None)
        try:
            await pause
        finally:
            timer.cancel()


def _cut(ids: Sequence[str], size: int) -> Iterator[tuple[int, list[str]]]:
    """Pieces, with how many came before each."""
    for begin in range(0, len(ids), size):
        yield begin, list(ids[begin : begin + size])
