"""What a principal sees when it lists things or devices: one rule for both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from rookery.core.access import Action, Principal, check
from rookery.core.catalog import Catalog
from rookery.core.records import Device, Thing

T = TypeVar("T", Thing, Device)


async def visible(
    catalog: Catalog,
    kind: type[T],
    who: Principal,
    *,
    deleted: bool,
    everybody: bool,
    tags: Sequence[tuple[str, str]],
    equals: dict[str, Any],
) -> list[T]:
    """Those of the principal's space that have all these tags and fields, oldest first; deleted ones only on request.

    In an organisation only the principal's own, unless `everybody`; in a personal space there is no difference.

    Raises:
        NotFound: the principal has no part in the space.
    """
    check(who, Action.READ, who.space_id, "space")
    if not deleted:
        equals = {**equals, "deleted_at": None}
    if who.organisation_id is not None and not everybody:
        equals = {**equals, "person_id": who.person_id}
    found = await catalog.select(kind, space_id=who.space_id, **equals)
    return [row for row in found if all(row.tags.get(key) == value for key, value in tags)]
