"""Retention: how long history is kept, and removing what is older.

Without a rule everything is kept for ever. A server has a rule for each kind of history, a space may have its own, and
a variable one of its own again: the nearest counts. A rule is a number of days, 0 is for ever. The last value of a
variable stays whatever its age.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from rookery.core.access import Action, Principal, check
from rookery.core.catalog import Catalog, Update, changed
from rookery.core.clock import DAY, Clock
from rookery.core.errors import Invalid, NotFound
from rookery.core.points import Telemetry
from rookery.core.records import Device, Product, Space, Variable

LONGEST = 36_500
"""Days: longer than boards live, and still a time that a calendar has."""
AT_ONCE = 10_000
"""Series in one order to the store, so that a server that stops waits for little."""


class Kept(StrEnum):
    """A kind of history."""

    VALUES = "values"
    EVENTS = "events"
    VITALS = "vitals"
    JOURNALS = "journals"
    """Who was online, why connections ended, who changed what."""


Rules = Mapping[str, int]
"""Days by kind; 0 is for ever."""


class Retention:
    """The rules, and carrying them out."""

    def __init__(self, catalog: Catalog, telemetry: Telemetry, clock: Clock, rules: Rules | None = None) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._clock = clock
        self.rules: dict[str, int] = dict.fromkeys(Kept, 0) | dict(rules or {})
        """Of the server."""

    def of(self, space: Space) -> dict[str, int]:
        """What holds in a space."""
        return self.rules | {kind: days for kind, days in space.retention.items() if kind in self.rules}

    async def set_space(self, who: Principal, space_id: str, rules: Mapping[str, int | None]) -> Space:
        """Give a space rules of its own; None takes one back to the server's.

        Raises:
            NotFound, Forbidden: as `core.access.check`.
            Invalid: no kind, or no number of days.
        """
        space = await self._catalog.get(Space, space_id)
        if space is None:
            raise NotFound("There is no such space.")
        check(who, Action.MANAGE, space_id, "space")
        kept = dict(space.retention)
        for kind, days in rules.items():
            if kind not in self.rules:
                raise Invalid(f"History is {', '.join(Kept)}, and nothing is called {kind[:40]!r}.", "kind")
            if days is None:
                kept.pop(kind, None)
            else:
                kept[kind] = check_days(days)
        after = changed(space, self._clock.now(), retention=kept)
        await self._catalog.apply(Update(after))
        return after

    async def set_variable(self, who: Principal, id: str, days: int | None) -> Variable:
        """Give a variable a rule of its own; None is as its space has it.

        Raises:
            NotFound, Forbidden: as `core.access.check`.
            Invalid: no number of days.
        """
        variable = await self._catalog.get(Variable, id)
        if variable is None or variable.deleted_at is not None:
            raise NotFound("There is no such variable.")
        check(who, Action.CHANGE, variable.space_id, "variable")
        kept = None if days is None else check_days(days)
        after = changed(variable, self._clock.now(), retention=kept)
        await self._catalog.apply(Update(after))
        return after

    async def run(self) -> int:
        """Remove what is older than its rule. How many points went.

        Raises:
            StoreRefused: the store can not write now.
        """
        limits = await self._limits()
        gone = 0
        for begin in range(0, len(limits), AT_ONCE):
            gone += await self._telemetry.expire(dict(limits[begin : begin + AT_ONCE]))
        return gone

    async def _limits(self) -> list[tuple[int, int]]:
        """Each series that has a rule, and the time before which its points go."""
        now = self._clock.now()
        spaces = {space.id: space for space in await self._catalog.select(Space)}
        rules = {id: self.of(space) for id, space in spaces.items()}
        limits: list[tuple[int, int]] = []

        def limit(series: Iterable[int], space_id: str, kind: Kept, own: int | None = None) -> None:
            days = own if own is not None else rules.get(space_id, self.rules)[kind]
            if days:
                limits.extend((number, now - days * DAY) for number in series if number)

        for space in spaces.values():
            limit((space.events,), space.id, Kept.EVENTS)
            limit((space.audit,), space.id, Kept.JOURNALS)
        for series, space_id, own in await self._catalog.pick(Variable, ("series", "space_id", "retention")):
            limit((series,), space_id, Kept.VALUES, own)
        for presence, events, vitals, journal, space_id in await self._catalog.pick(
            Device, ("series", "events", "vitals", "journal", "space_id")
        ):
            limit((events,), space_id, Kept.EVENTS)
            limit((vitals,), space_id, Kept.VITALS)
            limit((presence, journal), space_id, Kept.JOURNALS)
        for events, space_id in await self._catalog.pick(Product, ("events", "space_id")):
            limit((events,), space_id, Kept.EVENTS)
        return limits


def check_days(days: int) -> int:
    """The number, when it is one of days.

    Raises:
        Invalid: it is not.
    """
    if isinstance(days, bool) or not 0 <= days <= LONGEST:
        raise Invalid(f"History is kept for 1 to {LONGEST} days, or 0 for ever.", "days")
    return days
