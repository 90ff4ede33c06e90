"""The dashboard that comes with the simulated boards: a page of widgets that are alive, and to take apart.

It is made once: who changes or deletes it keeps what they did.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from rookery.core.dashboard_widgets import Widget
from rookery.core.records import Dashboard, Person, Thing, Variable
from rookery.core.services import Services

NAME: Final = "Demo"

NOTE: Final = """**These boards are simulated**, and talk to this server as real ones do.

Switch a light, pick a colour, drag over a chart to look closer. *Edit* changes this page; it is yours."""


class _Place(NamedTuple):
    """A widget: kind and name, its box on 24 columns, its variables as `thing.variable`, its options."""

    type: str
    name: str
    box: tuple[int, int, int, int]
    """x, y, width, height."""
    variables: tuple[str, ...] = ()
    options: dict[str, Any] = {}  # noqa: RUF012 - read, never written to


WIDGETS: Final = (
    _Place("Gauge", "Greenhouse", (0, 0, 6, 4), ("greenhouse.temperature",), {"min": 0, "max": 40}),
    _Place("Percentage", "Humidity", (6, 0, 6, 4), ("greenhouse.humidity",)),
    _Place("Switch", "Greenhouse light", (12, 0, 6, 2), ("greenhouse.light",)),
    _Place("Switch", "Driveway light", (12, 2, 6, 2), ("driveway.light",)),
    _Place("Color", "Lamp of the boat", (18, 0, 6, 4), ("boat.color",)),
    _Place(
        "Advanced Chart",
        "Temperatures",
        (0, 4, 14, 6),
        ("greenhouse.temperature", "driveway.temperature", "boat.temperature"),
    ),
    _Place("Map", "Where the boat is", (14, 4, 10, 6), ("boat.location",)),
    _Place("Value", "Passers-by", (0, 10, 5, 2), ("driveway.counter",)),
    _Place("LED", "Somebody there", (5, 10, 5, 2), ("driveway.motion",)),
    _Place("Value", "The greenhouse says", (10, 10, 6, 2), ("greenhouse.status",)),
    _Place("Sticky Note", "", (16, 10, 8, 6), (), {"text": NOTE}),
    _Place("Chart", "Humidity of the greenhouse", (0, 12, 16, 4), ("greenhouse.humidity",)),
)


async def make_dashboard(services: Services, person: Person) -> Dashboard | None:
    """The dashboard of the boards that this person was given, or None when there was one before.

    Raises:
        CoreError: it can not be made.
    """
    catalog = services.catalog
    if await catalog.count(Dashboard, space_id=person.id, name=NAME):
        return None
    things = await catalog.select(Thing, space_id=person.id, deleted_at=None)
    found: dict[str, str] = {}
    for thing in things:
        if not thing.name.startswith(f"{NAME} "):
            continue
        for variable in await catalog.select(Variable, thing_id=thing.id, deleted_at=None):
            found[f"{thing.name.removeprefix(NAME).strip()}.{variable.symbol}"] = variable.id
    widgets = [
        Widget(
            id=services.ids.uuid(),
            type=place.type,
            name=place.name,
            x=place.box[0],
            y=place.box[1],
            width=place.box[2],
            height=place.box[3],
            options=dict(place.options),
            variables=[found[name] for name in place.variables],
        )
        for place in WIDGETS
        if all(name in found for name in place.variables)
    ]
    who = await services.people.principal(person.id)
    return await services.dashboards.create(who, name=NAME, widgets=widgets)
