"""Variables of a thing: what they hold, who may write them, and how a set of them is made or changed at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from rookery.core.access import Action, Principal, check
from rookery.core.bus import Bus, announce_thing
from rookery.core.catalog import Catalog, Delete, Insert, Update, changed
from rookery.core.clock import Clock
from rookery.core.errors import Invalid, NotFound, Precondition
from rookery.core.ids import Identifiers
from rookery.core.live import LiveThings
from rookery.core.points import Telemetry
from rookery.core.records import Thing, UpdatePolicy, ValueKind, Variable

SYMBOL_LIMIT = 64
NAME_LIMIT = 256
"""Characters of a display name: room for a sentence; boards never see it."""


class VariableSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says of a variable: everything but its identity. `symbol` and `tag` are derived when missing."""

    name: str
    type: str
    kind: ValueKind
    writable: bool
    policy: UpdatePolicy
    symbol: str | None = None
    policy_parameter: float | None = None
    persist: bool = True
    tag: int | None = None
    minimum: float | None = None
    maximum: float | None = None

    @staticmethod
    def of(variable: Variable) -> VariableSpec:
        """The spec that would make this variable again."""
        return VariableSpec(**{f: getattr(variable, f) for f in VariableSpec.__struct_fields__})


def symbol_of(name: str) -> str:
    """The C identifier derived from a display name: other characters become underscores."""
    symbol = re.sub(r"[^A-Za-z0-9_]", "_", name)[:SYMBOL_LIMIT]
    return symbol if re.match(r"[A-Za-z_]", symbol) else ("_" + symbol)[:SYMBOL_LIMIT]


async def plan_variables(
    catalog: Catalog,
    ids: Identifiers,
    now: int,
    thing: Thing,
    alive: Sequence[Variable],
    specs: Sequence[VariableSpec],
) -> tuple[list[Variable], list[Variable]]:
    """Which variables to add and which to replace, so that the thing has what `specs` say. Others stay as they are.

    A spec is the same variable as a live one when the symbols match, else when the names do.

    Raises:
        Invalid: two specs mean the same variable.
        Precondition: a symbol, name or tag is held by another live variable.
    """
    added: list[Variable] = []
    replaced: list[Variable] = []
    after = {v.id: v for v in alive}
    fresh = iter(await catalog.allocate(len(specs)))
    seen: set[str] = set()
    for place, spec in enumerate(specs):
        check_spec(spec)
        wanted = spec.symbol or symbol_of(spec.name)
        held = next((v for v in alive if v.symbol == wanted), None) or next(
            (v for v in alive if v.name == spec.name), None
        )
        identity = held.id if held is not None else wanted
        if identity in seen:
            raise Invalid(f"Two variables are called {wanted!r}.", "symbol")
        seen.add(identity)
        if held is not None:
            row = replace_variable(held, spec, now)
            replaced.append(row)
        else:
            # Lists go by creation time: a microsecond apart, they keep the order in which they were given.
            row = make_variable(thing, spec, ids.uuid(), next(fresh), _tag(spec, after.values()), now + place)
            added.append(row)
        check_unique(row, [v for v in after.values() if v.id != row.id])
        after[row.id] = row
    return added, replaced


def check_spec(spec: VariableSpec) -> None:
    """Raise `Invalid` when a name or symbol can not be used."""
    if not 1 <= len(spec.name) <= NAME_LIMIT:
        raise Invalid(f"A variable has a name of 1 to {NAME_LIMIT} characters.", "name")
    if spec.symbol is not None and (
        len(spec.symbol) > SYMBOL_LIMIT or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", spec.symbol)
    ):
        raise Invalid(f"A variable is called by a C identifier of at most {SYMBOL_LIMIT} characters.", "symbol")


def check_unique(row: Variable, others: Sequence[Variable]) -> None:
    """Raise `Precondition` when a live variable of the same thing has the symbol, name or tag of `row`."""
    for other in others:
        if other.symbol == row.symbol:
            raise Precondition(f"The thing has a variable {row.symbol!r} already.")
        if other.name == row.name:
            raise Precondition(f"The thing has a variable named {row.name!r} already.")
        if other.tag == row.tag:
            raise Precondition(f"The thing has a variable with the tag {row.tag} already ({other.name!r}).")


def make_variable(thing: Thing, spec: VariableSpec, id: str, series: int, tag: int, now: int) -> Variable:
    """A new variable of this thing."""
    return Variable(
        id=id,
        created_at=now,
        updated_at=now,
        thing_id=thing.id,
        space_id=thing.space_id,
        name=spec.name,
        symbol=spec.symbol or symbol_of(spec.name),
        type=spec.type,
        kind=spec.kind,
        series=series,
        writable=spec.writable,
        policy=spec.policy,
        policy_parameter=spec.policy_parameter,
        persist=spec.persist,
        tag=tag,
        minimum=spec.minimum,
        maximum=spec.maximum,
    )


def replace_variable(variable: Variable, spec: VariableSpec, now: int) -> Variable:
    """The same variable with what the spec says; a symbol or tag that it leaves out stays."""
    return changed(
        variable,
        now,
        name=spec.name,
        symbol=spec.symbol or variable.symbol,
        type=spec.type,
        kind=spec.kind,
        writable=spec.writable,
        policy=spec.policy,
        policy_parameter=spec.policy_parameter,
        persist=spec.persist,
        tag=variable.tag if spec.tag is None else spec.tag,
        minimum=spec.minimum,
        maximum=spec.maximum,
    )


def _tag(spec: VariableSpec, alive: Iterable[Variable]) -> int:
    if spec.tag is not None:
        return spec.tag
    return 1 + max((v.tag for v in alive), default=0)


class Variables:
    """The variables of all things. Rights follow from the thing's space."""

    def __init__(
        self,
        catalog: Catalog,
        telemetry: Telemetry,
        live: LiveThings,
        bus: Bus,
        ids: Identifiers,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._live = live
        self._bus = bus
        self._ids = ids
        self._clock = clock

    async def get(
        self, who: Principal, thing_id: str, id: str, action: Action = Action.READ, *, deleted: bool = False
    ) -> Variable:
        """One variable of this thing.

        Raises:
            NotFound: there is none, it is deleted, or the principal has no part in its space.
        """
        variable = await self._catalog.get(Variable, id.lower())
        if variable is None or variable.thing_id != thing_id.lower() or (variable.deleted_at and not deleted):
            raise NotFound("There is no such variable.")
        check(who, action, variable.space_id, "variable")
        return variable

    async def by_id(self, who: Principal, id: str) -> Variable:
        """One live variable, whatever its thing. Raises like `get`."""
        variable = await self._catalog.get(Variable, id.lower())
        if variable is None or variable.deleted_at is not None:
            raise NotFound("There is no such variable.")
        check(who, Action.READ, variable.space_id, "variable")
        return variable

    async def of(self, thing: Thing, *, deleted: bool = False) -> list[Variable]:
        """The variables of a thing, oldest first."""
        if deleted:
            return await self._catalog.select(Variable, thing_id=thing.id)
        return await self._catalog.select(Variable, thing_id=thing.id, deleted_at=None)

    async def create(self, who: Principal, thing: Thing, spec: VariableSpec) -> Variable:
        """Add a variable to a thing.

        Raises:
            Precondition: the thing has a live variable of that symbol, name or tag.
        """
        check(who, Action.CHANGE, thing.space_id, "thing")
        check_spec(spec)
        alive = await self.of(thing)
        (series,) = await self._catalog.allocate(1)
        row = make_variable(thing, spec, self._ids.uuid(), series, _tag(spec, alive), self._clock.now())
        check_unique(row, alive)
        await self._catalog.apply(Insert(row))
        await self._announce(thing)
        return row

    async def update(self, who: Principal, thing: Thing, id: str, spec: VariableSpec) -> Variable:
        """Replace what can be edited of a variable; a deleted one comes back by it. Raises like `create`."""
        variable = await self.get(who, thing.id, id, Action.CHANGE, deleted=True)
        check_spec(spec)
        row = replace_variable(variable, spec, self._clock.now())
        if row.deleted_at is not None:
            row = msgspec.structs.replace(row, deleted_at=None, deleted_with_thing=False)
        check_unique(row, [v for v in await self.of(thing) if v.id != row.id])
        await self._catalog.apply(Update(row))
        await self._announce(thing)
        return row

    async def delete(self, who: Principal, thing: Thing, id: str, *, force: bool = False) -> None:
        """Delete a variable; its history goes only with `force`."""
        variable = await self.get(who, thing.id, id, Action.CHANGE, deleted=True)
        if variable.deleted_at is not None and not force:
            raise NotFound("There is no such variable.")
        if force:
            await self._catalog.apply(Delete(Variable, variable.id))
            await self._telemetry.delete([variable.series])
        else:
            now = self._clock.now()
            await self._catalog.apply(Update(changed(variable, now, deleted_at=now)))
        await self._announce(thing)

    async def _announce(self, thing: Thing) -> None:
        await self._live.refresh(thing.id)
        announce_thing(self._bus, thing)
