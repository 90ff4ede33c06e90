"""A cloud and a board on a wire that loses, repeats and overtakes, in virtual time: both CoAP machines are real."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from typing import Any

from rookery.particle.device.module import Module
from rookery.particle.device.ota import Pace, Reason, Step, Target, Transfer, transfer
from rookery.particle.device.ota_board import Abilities, Memory
from rookery.particle.device.ota_receiver import PATHS, receiver
from rookery.particle.device.profile import OPTIONS, TCP, TRANSMISSION, UDP
from rookery.wire.coap.decode import decode
from rookery.wire.coap.endpoint import Endpoint
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Message, Options
from rookery.wire.coap.options import URI_PATH
from rookery.wire.coap.parameters import Quirks

CALM = 10_000
"""Turns without the time going on, which no test may reach: a machine that wants to be woken for nothing."""


@dataclass(frozen=True)
class Weather:
    """What a wire does to each message; times in seconds."""

    loss: float = 0.0
    repeated: float = 0.0
    delay: float = 0.01
    jitter: float = 0.0


@dataclass
class Told:
    """A listener that writes down what it is told."""

    calls: list[str] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    reason: Reason | None = None
    sentence: str = ""

    def started(self) -> None:
        self.calls.append("started")

    def progress(self, done: int, total: int) -> None:
        assert 0 < done <= total
        self.shown.append(done)

    def finished(self, result: dict[str, Any]) -> None:
        self.calls.append("finished")
        self.result = result

    def failed(self, reason: Reason, sentence: str) -> None:
        self.calls.append("failed")
        self.reason = reason
        self.sentence = sentence


class Cloud:
    """What a session does around a transfer."""

    def __init__(self, world: World, seed: int, reliable: bool) -> None:
        profile = TCP if reliable else UDP
        self.world = world
        self.told = Told()
        self.transfer: Transfer | None = None
        self.full = False
        self.endpoint = Endpoint(
            self,
            random=random.Random(seed).random,
            reliable=reliable,
            quirks=profile.quirks,
            transmission=TRANSMISSION,
            options=OPTIONS,
        )

    def write(self, data: bytes) -> None:
        self.world.carry(data, to_board=True)

    def request(self, now: float, ticket: int, message: Message) -> bool:
        return self.transfer is not None and self.transfer.request(now, message)

    def response(self, now: float, context: object, message: Message) -> None:
        assert isinstance(context, Step)
        context.transfer.response(now, context, message)

    def acknowledged(self, now: float, context: object) -> None:
        raise AssertionError("nothing is sent that only wants an acknowledgement")

    def failed(self, now: float, context: object, failure: Failure) -> None:
        assert isinstance(context, Step)
        context.transfer.failed(now, context, failure)

    def send(self, now: float, code: int, options: Options, payload: bytes, **more: Any) -> object:
        return self.endpoint.send(now, code, options, payload, **more)

    def room(self) -> bool:
        return not self.full


class Board:
    """What a simulated board does around a receiver."""

    def __init__(self, world: World, seed: int, abilities: Abilities, memory: Memory) -> None:
        self.world = world
        self.calls: list[str] = []
        self.module: Module | None = None
        self.later: list[tuple[Any, ...]] = []
        self.endpoint = Endpoint(
            self,
            random=random.Random(seed + 1).random,
            reliable=abilities.reliable,
            quirks=Quirks(no_resets=True, token_bytes=1, separate_after=0.0),
            transmission=TRANSMISSION,
            options=OPTIONS,
        )
        self.reliable = abilities.reliable
        self.receiver = receiver(self, self, abilities, memory)

    def write(self, data: bytes) -> None:
        self.world.carry(data, to_board=False)

    def request(self, now: float, ticket: int, message: Message) -> bool:
        if message.first(URI_PATH) in PATHS:
            return self.receiver.request(now, ticket, message)
        return True

    def response(self, now: float, context: object, message: Message) -> None:
        raise AssertionError("a board asks for nothing that is answered")

    def acknowledged(self, now: float, context: object) -> None:
        if context is not None:
            self.receiver.delivered(now, context)

    def failed(self, now: float, context: object, failure: Failure) -> None:
        self.calls.append(f"lost: {failure.name}")

    def respond(
        self, now: float, ticket: int, code: int, options: Options, payload: bytes, *, separate: bool, context: object
    ) -> None:
        self.later.append((ticket, code, options, payload, separate, context))

    def send(self, now: float, code: int, options: Options, payload: bytes, *, confirmable: bool) -> None:
        self.endpoint.send(now, code, options, payload, timeout=60.0, confirmable=confirmable, response=False)

    def flush(self, now: float) -> None:
        """What was answered from inside `feed`: the machine says its empty acknowledgement first where it is asked."""
        later, self.later = self.later, []
        for ticket, code, options, payload, separate, context in later:
            if separate:
                self.endpoint.tick(now)
            self.endpoint.respond(now, ticket, code, options, payload, context)
            if context is not None and (self.reliable or not separate):
                self.receiver.delivered(now, context)

    def update_started(self) -> None:
        self.calls.append("started")

    def update_finished(self, module: Module | None) -> None:
        self.calls.append("finished" if module else "restarted as it was")
        self.module = module

    def update_abandoned(self, sentence: str) -> None:
        self.calls.append("abandoned")


class World:
    """One update on one wire. `target` and `abilities` may disagree: that is how errors are tried."""

    def __init__(
        self,
        binary: bytes,
        abilities: Abilities,
        *,
        target: Target | None = None,
        weather: Weather | None = None,
        seed: int = 1,
        pace: Pace | None = None,
        memory: Memory | None = None,
        resumable: bool = True,
    ) -> None:
        self.now = 0.0
        self.weather = weather or Weather()
        self.cut = False
        self.carried: list[tuple[bool, Message]] = []
        self.spoil: Any = lambda to_board, data: data
        self._random = random.Random(seed)
        self._reliable = abilities.reliable
        self._mail: list[tuple[float, int, bool, bytes]] = []
        self._serial = 0
        self.board = Board(self, seed, abilities, memory if memory is not None else Memory())
        self.cloud = Cloud(self, seed, abilities.reliable)
        wanted = target or Target(windowed=abilities.windowed, reliable=abilities.reliable, chunk_size=512)
        self.transfer = self.cloud.transfer = transfer(
            self.cloud, self.cloud.told, binary, wanted, pace=pace, resumable=resumable
        )

    @property
    def told(self) -> Told:
        return self.cloud.told

    def carry(self, data: bytes, *, to_board: bool) -> None:
        self.carried.append((to_board, decode(data)))
        data = self.spoil(to_board, data)
        if self.cut or data is None:
            return
        times = 1
        delay = self.weather.delay
        if not self._reliable:
            if self._random.random() < self.weather.loss:
                return
            times += self._random.random() < self.weather.repeated
        for _ in range(times):
            self._serial += 1
            late = 0.0 if self._reliable else self._random.random() * self.weather.jitter
            heapq.heappush(self._mail, (self.now + delay + late, self._serial, to_board, data))

    def _next(self) -> float | None:
        ends = (self.cloud.endpoint, self.board.endpoint, self.transfer, self.board.receiver)
        times = [each for each in (end.deadline() for end in ends) if each is not None]
        if self._mail:
            times.append(self._mail[0][0])
        return min(times, default=None)

    def run(self, until: float = 3_600.0) -> World:
        """Until nothing is left to do, or until that time."""
        turns = 0
        while (at := self._next()) is not None and at <= until:
            turns = turns + 1 if at <= self.now else 0
            assert turns < CALM
            self.now = max(self.now, at)
            while self._mail and self._mail[0][0] <= self.now:
                _, _, to_board, data = heapq.heappop(self._mail)
                (self.board if to_board else self.cloud).endpoint.feed(self.now, data)
                self.board.flush(self.now)
            for end in (self.cloud.endpoint, self.board.endpoint, self.transfer, self.board.receiver):
                end.tick(self.now)
            self.board.flush(self.now)
        return self

    def update(self, until: float = 3_600.0) -> World:
        """From the beginning."""
        self.transfer.start(self.now)
        return self.run(until)

    def sent(self, letter: bytes, *, to_board: bool = True) -> list[Message]:
        """What went over the wire with this path."""
        return [m for direction, m in self.carried if direction == to_board and m.first(URI_PATH) == letter]
