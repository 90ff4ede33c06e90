"""What the machine keeps of an exchange, how one can fail, and whom it tells."""

from __future__ import annotations

from enum import Enum
from typing import Final, Protocol

from rookery.wire.coap.message import Message

NEVER: Final = float("inf")


class Failure(Enum):
    """Why a request got no response."""

    TIMEOUT = "no response in time"
    UNACKNOWLEDGED = "repeated in vain"
    RESET = "the peer does not know what to do with it"
    BAD_OPTION = "the response has a critical option that is not understood"
    BAD_BODY = "the blocks of the response do not fit together, or are too many"
    BUSY = "no room to ask for the next block"
    CLOSED = "the endpoint was closed"


class Exchange:
    """Something we said and are not through with. For callers: an opaque handle for `cancel`."""

    __slots__ = (
        "acknowledged",
        "confirmable",
        "context",
        "data",
        "done",
        "due",
        "expects",
        "expires",
        "interval",
        "message_id",
        "repeated",
        "sent",
        "token",
    )

    def __init__(self, context: object, token: bytes | None, message_id: int, data: bytes) -> None:
        self.context = context
        self.token = token
        self.message_id = message_id
        self.data = data
        self.confirmable = True
        self.expects = True
        self.acknowledged = False
        self.sent = False
        self.done = False
        self.repeated = 0
        self.interval = 0.0
        self.due = NEVER
        self.expires = NEVER

    @property
    def is_ping(self) -> bool:
        """An empty message has no token, not even an empty one."""
        return self.token is None and not self.data[1]


class Incoming:
    """A request that the application has not answered."""

    __slots__ = ("acknowledged", "confirmable", "due", "message_id", "token")

    def __init__(self, confirmable: bool, message_id: int, token: bytes, due: float) -> None:
        self.confirmable = confirmable
        self.message_id = message_id
        self.token = token
        self.due = due
        self.acknowledged = False


class Sink(Protocol):
    """Who hears what the peer says, and takes the bytes for it."""

    def write(self, data: bytes) -> None:
        """Send this one message, as a datagram or as a frame of the stream."""

    def request(self, now: float, ticket: int, message: Message) -> bool:
        """True: it is dealt with, acknowledge it if it asks for that. False: the ticket has been used already, or comes
        back later."""

    def response(self, now: float, context: object, message: Message) -> None:
        """The response to a request of ours, of any class."""

    def acknowledged(self, now: float, context: object) -> None:
        """A request without a response, a separate response of ours or a ping has arrived at the peer."""

    def failed(self, now: float, context: object, failure: Failure) -> None:
        """There will be no response."""
