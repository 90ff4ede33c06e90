"""A machine, an application that notes what it hears, and a hand-turned time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rookery.wire.coap.blockwise import Blockwise
from rookery.wire.coap.decode import decode
from rookery.wire.coap.endpoint import Endpoint
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Message

ROOM = ((11, b"r"),)
"""A path."""


class World:
    """`machine` is an `Endpoint`, or a `Blockwise` when `blocks` is given. `random` is fixed: identifiers begin at 256,
    tokens of one byte at 1."""

    def __init__(self, *, blocks: bool = False, answer: bool = False, **options: Any) -> None:
        options.setdefault("message_id", 256)
        options.setdefault("random", lambda: 0.0)
        self.machine: Any = (Blockwise if blocks else Endpoint)(self, **options)
        self.now = 1_000.0
        self.sent: list[bytes] = []
        self.heard: list[Any] = []
        self.tickets: list[int] = []
        self.answer = answer
        self.during: Callable[[int, Message], bool] | None = None

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def request(self, now: float, ticket: int, message: Message) -> bool:
        assert now == self.now
        self.heard.append(message)
        self.tickets.append(ticket)
        return self.during(ticket, message) if self.during else self.answer

    def response(self, now: float, context: object, message: Message) -> None:
        self.heard.append((context, message.code, message.payload))

    def acknowledged(self, now: float, context: object) -> None:
        self.heard.append((context, "acknowledged"))

    def failed(self, now: float, context: object, failure: Failure) -> None:
        self.heard.append((context, failure))

    def feed(self, text: str) -> list[str]:
        """What is sent for these bytes."""
        self.machine.feed(self.now, bytes.fromhex(text))
        return self.take()

    def take(self) -> list[str]:
        out = [data.hex() for data in self.sent]
        self.sent.clear()
        return out

    def hears(self) -> list[Any]:
        out, self.heard = self.heard, []
        return out

    def send(self, code: int = 1, options: Any = ROOM, payload: bytes = b"", **more: Any) -> Any:
        more.setdefault("timeout", 1_000.0)
        return self.machine.send(self.now, code, options, payload, **more)

    def until(self, moment: float) -> list[tuple[float, str]]:
        """Turn the time as its deadlines say; what was sent when."""
        out: list[tuple[float, str]] = []
        while (due := self.machine.deadline()) is not None and due <= moment:
            self.now = max(self.now, due)
            self.machine.tick(self.now)
            out += [(self.now, text) for text in self.take()]
            after = self.machine.deadline()
            assert after is None or after > self.now, "a deadline that does not move would be a busy loop"
        self.now = moment
        return out


def talk(one: World, other: World, *, lose: Callable[[bytes], bool] = lambda data: False) -> list[Message]:
    """Carry messages until both are silent; what went over the wire."""
    seen = []
    while one.sent or other.sent:
        for source, target in ((one, other), (other, one)):
            data = list(source.sent)
            source.sent.clear()
            for each in data:
                seen.append(decode(each))
                if not lose(each):
                    target.machine.feed(target.now, each)
    return seen
