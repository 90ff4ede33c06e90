"""What a conversation of a simulated Particle board and the board itself are to each other.

`Known` outlives a conversation, where its session does; `SessionOwner` is the board as `particle_session` sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, NamedTuple, Protocol

from rookery.particle.device.events import Event, Subscription
from rookery.particle.device.ota_board import Owner

CLAIM_CODE: Final = "spark/device/claim/code"
UPDATES_ENABLED: Final = "particle/device/updates/enabled"
UPDATES_FORCED: Final = "particle/device/updates/forced"
SAFE_MODE: Final = "spark/device/safemode"
SYSTEM_PREFIXES: Final = ("particle", "spark")


class Ask(Enum):
    """What a message of ours was."""

    HELLO = auto()
    DESCRIBE = auto()
    TIME = auto()
    EVENT = auto()
    SUBSCRIPTION = auto()
    PING = auto()
    RESPONSE = auto()
    GOODBYE = auto()


class Said(NamedTuple):
    """The context of an exchange. `opening`: it belongs to what has to arrive before the board counts as connected."""

    ask: Ask
    detail: Any = None
    opening: bool = False


@dataclass(slots=True)
class Known:
    """What the server has acknowledged in a session, which is not said again while it stays the same."""

    hello: bytes = b""
    described: dict[int, bytes] = field(default_factory=dict)
    subscriptions: set[Subscription] = field(default_factory=set)
    next_message_id: int | None = None


class SessionOwner(Owner, Protocol):
    """The board, and the owner of its updates."""

    def put(self, message: bytes) -> None:
        """Send this message through the channel."""

    def greeted(self) -> None:
        """The server knows everything: connected."""

    def told_time(self, seconds: int) -> None:
        """Unix time, as the server has it."""

    def event(self, event: Event) -> None:
        """An event of the cloud."""

    def published(self, context: object, trouble: str) -> None:
        """An event of ours has arrived, or not and why."""

    def signalled(self, on: bool) -> None:
        """Shout rainbows, or stop."""

    def vitals(self) -> bytes:
        """The metrics of now."""

    def hung(self, reason: str, *, discard: bool) -> None:
        """The session is no good any more. `discard`: it can not be continued either. Called at most once."""
