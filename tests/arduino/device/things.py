"""Things for the tests of this folder."""

from __future__ import annotations

from rookery.arduino.types import property_type
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Value
from rookery.core.records import Thing, UpdatePolicy, Variable

NOW = 1_795_240_000_000_000
"""A moment in November 2026, UTC microseconds."""


def variable(symbol: str, type: str, tag: int = 1, value: Value | None = None, time: int = -1) -> LiveVariable:
    """A live variable of this property type, with a last value if one is given."""
    live = LiveVariable(
        Variable(
            id=f"id-of-{symbol}",
            created_at=0,
            updated_at=0,
            thing_id="thing",
            space_id="space",
            name=symbol,
            symbol=symbol,
            type=type,
            kind=property_type(type).kind,
            series=tag,
            writable=True,
            policy=UpdatePolicy.ON_CHANGE,
            tag=tag,
        )
    )
    live.value, live.time = value, time
    return live


def thing(*variables: LiveVariable) -> LiveThing:
    """A live thing with these variables."""
    live = LiveThing(
        Thing(id="thing", created_at=0, updated_at=0, space_id="space", person_id="p", name="t", timezone="")
    )
    live.refresh(live.record, list(variables))
    return live
