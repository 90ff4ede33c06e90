"""Messages that outlive their moment: the last one of a topic, and those that wait for a client that is away.

The owner of the messages keeps them in memory and tells the store what has changed. The store looks at the present
state when it commits, many changes at once, and then hands back the tickets that were left with it (see
`core.points.Producer`), so that nothing is acknowledged that a power cut could still take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from rookery.core.points import Producer


class Retained(NamedTuple):
    """The last message of a topic that was sent to be kept."""

    payload: bytes
    qos: int


Waiting = list[Any]
"""A message in a session: `[topic, payload, qos, retain]`."""


class KeptState(Protocol):
    """What is kept for one client: subscriptions, messages on their way, messages that wait."""

    client_id: str
    subscriptions: dict[str, int] | None
    received: set[int] | None
    """Numbers of incoming messages that the client may repeat."""

    @property
    def queued(self) -> int:
        """How many messages wait. They come at the end and leave at the front."""

    def unfinished(self) -> Iterator[tuple[int, object | None]]:
        """The messages on their way, by number, oldest first; None for one of which only the end is to be repeated."""

    def dump(self) -> dict[str, Any]:
        """The present state in builtin types. `queue` is a list of `Waiting`, oldest first, and `inflight` a list of
        `[number, Waiting or None]`; the rest is the owner's own."""


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
        """A session has changed. Its state is looked at when the change is committed, and after each `handed`."""

    def handed(self, realm: str, client_id: str, message: Waiting, *, away: bool) -> None:
        """This message was handed to a session, which has sent it, lets it wait, or has dropped it. All messages of a
        session are told here, or none. Harmless when the session is not kept.

        `away`: its client has no connection. Then `keep` was told first if the message waits; else it was dropped.
        """

    def forget(self, realm: str, client_id: str) -> None:
        """This session is no more."""

    def after_commit(self, producer: Producer, ticket: int) -> None:
        """Hand this ticket back when all that has changed so far is on disk. Tickets keep their order."""
