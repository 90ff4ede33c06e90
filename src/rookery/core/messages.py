"""Messages that outlive their moment: the last one of a topic, and those that wait for a client that is away.

The owner of the messages keeps them in memory and tells the store what has changed. The store looks at the present
state when it commits, many changes at once, and then hands back the tickets that were left with it (see
`core.points.Producer`), so that nothing is acknowledged that a power cut could still take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from rookery.core.points import Producer


class Retained(NamedTuple):
    """The last message of a topic that was sent to be kept."""

    payload: bytes
    qos: int


class KeptState(Protocol):
    """What is kept for one client: subscriptions, messages on their way, messages that wait."""

    client_id: str

    def dump(self) -> dict[str, Any]:
        """The present state in builtin types. `queue` is a list of messages `[topic, payload, qos, retain]`, oldest
        first, and `inflight` a list of `[number, message or None]`; the rest is the owner's own."""


class StoredSession(NamedTuple):
    """A session as it was stored. Client ids are unique within a realm."""

    realm: str
    data: dict[str, Any]
    """As `KeptState.dump` gave it."""


class MessageStore(Protocol):
    """Keeps messages on disk. All methods are called on the event loop and return at once."""

    def retained(self) -> Mapping[str, Mapping[str, Retained]]:
        """What was stored when the store was opened: by space, by topic."""

    def sessions(self) -> list[StoredSession]:
        """The sessions that were stored when the store was opened."""

    def retain(self, space_id: str, topic: str, message: Retained | None) -> None:
        """The last message of a topic is this one now, or none."""

    def keep(self, realm: str, state: KeptState) -> None:
        """A session has changed. Its state is looked at when the change is committed, and for each `touch` later."""

    def touch(self, realm: str, client_id: str) -> None:
        """Something was handed to this session. Harmless when it is not kept."""

    def forget(self, realm: str, client_id: str) -> None:
        """This session is no more."""

    def after_commit(self, producer: Producer, ticket: int) -> None:
        """Hand this ticket back when all that has changed so far is on disk. Tickets keep their order."""
