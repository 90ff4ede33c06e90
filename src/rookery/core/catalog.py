"""The interface of the catalog: where records live.

Reading is by id or by equality; writing is a list of changes that happen together or not at all. Services read what is,
work out what should be, and apply it. Two services that change the same record at once are told apart by the record's
version: the second gets a `Conflict` and nothing of its list has happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from rookery.core.records import Record

R = TypeVar("R", bound=Record)


class Insert(NamedTuple):
    """Add a record. `Conflict` when its id or one of its unique fields is taken."""

    record: Record


class Update(NamedTuple):
    """Replace a record by its next version (see `changed`). `Conflict` when it is not the next one any more."""

    record: Record


class Delete(NamedTuple):
    """Remove a record for good. Nothing happens when it is gone already."""

    kind: type[Record]
    id: str


Change = Insert | Update | Delete


class Catalog(Protocol):
    """Where records live. Reads see every `apply` that has returned."""

    async def get(self, kind: type[R], id: str) -> R | None:
        """The record with this id."""

    async def find(self, kind: type[R], /, **equals: Any) -> R | None:
        """The first record (by creation) whose fields equal these. None as a value means "is not set"."""

    async def select(self, kind: type[R], /, **equals: Any) -> list[R]:
        """All such records, oldest first (creation time, then id). A list or tuple as a value means "any of"."""

    async def pick(self, kind: type[R], fields: Sequence[str], /, **equals: Any) -> list[tuple[Any, ...]]:
        """These fields of all such records, in no order: a fifth of the work, where there are many and whole records
        would be thrown away."""

    async def count(self, kind: type[R], /, **equals: Any) -> int:
        """How many such records."""

    async def apply(self, *changes: Change) -> None:
        """Make all these changes, or none. Returns when they are committed.

        Raises:
            Conflict: a unique field is taken or a version is not the next one. `str()` names the kind and the field.
            Unavailable: the store can not write now (disk full, file system read-only).
        """

    async def allocate(self, count: int) -> Sequence[int]:
        """`count` new series numbers, positive, never given out before."""


def changed(record: R, now: int, **fields: Any) -> R:
    """The next version of `record` with these fields replaced."""
    return msgspec.structs.replace(record, version=record.version + 1, updated_at=now, **fields)
