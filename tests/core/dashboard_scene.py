"""A thing with variables and a dashboard over them, for tests of what is done with dashboards."""

from __future__ import annotations

from typing import Any

from rookery.core.access import Principal
from rookery.core.dashboard_widgets import Page, Widget
from rookery.core.records import Dashboard, Thing, Variable
from rookery.core.services import Services
from tests.core.test_things import spec

UNKNOWN = "11111111-1111-4111-8111-111111111111"


def widget(id: str, *variables: Variable | str, **fields: Any) -> Widget:
    """A widget with these variables."""
    given: dict[str, Any] = {"type": "Value", "x": 0, "y": 0, "width": 4, "height": 3} | fields
    ids = [variable if isinstance(variable, str) else variable.id for variable in variables]
    return Widget(id=id, variables=ids, **given)


def page(id: str, **fields: Any) -> Page:
    """A page."""
    given: dict[str, Any] = {"name": id, "position": 1} | fields
    return Page(id=id, **given)


async def person(services: Services, name: str) -> Principal:
    """Somebody with a space of their own."""
    made = await services.people.create(f"{name}@example.org", name=name)
    return await services.people.principal(made.id)


async def house(services: Services, who: Principal, *names: str) -> tuple[Thing, list[Variable]]:
    """A thing with variables of these names. `temperature` is one that only a board writes."""
    specs = [spec(name, writable=name != "temperature") for name in names]
    thing = await services.things.create(who, name="House", variables=specs)
    return thing, await services.variables.of(thing)


async def wall(services: Services, who: Principal, *variables: Variable) -> Dashboard:
    """A dashboard with one widget for each variable."""
    return await services.dashboards.create(
        who, name="Wall", widgets=[widget(f"w{place}", variable) for place, variable in enumerate(variables)]
    )
