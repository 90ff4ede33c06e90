"""Dashboards over the greenhouse, and the vendor's own models as a check on every answer about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx
from iot_api_client import models as vendor_models

from rookery.core.live import LiveThing
from tests.arduino.api.conftest import World
from tests.arduino.api.scenario import Row, play

models: Any = vendor_models

WIDGET_ID = "22222222-2222-4222-8222-222222222222"
OTHER_WIDGET_ID = "33333333-3333-4333-8333-333333333333"
PAGE_ID = "44444444-4444-4444-8444-444444444444"
CHANGED = ("dashboard.{dashboard} DashboardChanged", "dashboards DashboardChanged")
FRESH = ("dashboard.{new} DashboardChanged", "dashboards DashboardChanged")

OPTIONS: dict[str, Any] = {
    "showLabels": True,
    "icon": None,
    "section": {"name": "Ü 🐦", "deep": [[], {}, [None, {"a": None}]]},
    "large": 2**63 + 1,
    "larger": -(10**30),
    "ratio": 0.1,
    "whole": 1.0,
    "X": {"x": 1, "X": 2},
    "": "",
}
"""Everything that JSON can say."""


def widget(id: str = WIDGET_ID, type: str = "Value", /, **fields: Any) -> dict[str, Any]:
    """A widget as clients send it."""
    place = {"x": 0, "y": 0, "width": 4, "height": 3}
    return {"id": id, "type": type, **place, "options": {}} | fields


def page(id: str = PAGE_ID, /, **fields: Any) -> dict[str, Any]:
    """A page as clients send it."""
    return {"id": id, "name": "Second", "position": 1} | fields


async def dashboard(world: World, live: LiveThing, version: int = 3) -> dict[str, Any]:
    """A dashboard with a page and two widgets: the lamp on it, and the visits on the main one."""
    ids = {v.record.symbol: v.record.id for v in live.by_id.values()}
    body = {
        "name": "Wall",
        "cover_image": "roof.png",
        "pages": [page(icon="leaf")],
        "widgets": [
            widget(WIDGET_ID, "Colored Light", name="Lamp", page_id=PAGE_ID, options=OPTIONS, variables=[ids["lamp"]]),
            widget(OTHER_WIDGET_ID, "Gauge", x_mobile=1, y_mobile=2, width_mobile=3, variables=[ids["visits"]]),
        ],
    }
    answer = await world.call("POST", f"/iot/v{version}/dashboards", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


_ANSWERS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/dashboards", list[models.ArduinoDashboardv2]),
    ("POST", "/dashboards", models.ArduinoDashboardv2),
    ("GET", "/dashboards/[^/]+", models.ArduinoDashboardv2),
    ("PUT", "/dashboards/[^/]+", models.ArduinoDashboardv2),
    ("PATCH", "/dashboards/[^/]+", models.ArduinoDashboardv2),
    ("DELETE", "/dashboards/[^/]+", None),
    ("PUT", "/dashboards/[^/]+/clone", models.ArduinoDashboardv2),
    ("GET", "/dashboards/[^/]+/template", models.ArduinoDashboardv2template),
    ("GET", "/dashboards/[^/]+/shares", list[models.ArduinoDashboardshare]),
    ("PUT", "/dashboards/[^/]+/shares", None),
    ("DELETE", "/dashboards/[^/]+/shares/[^/]+", None),
    ("PUT", "/dashboards/[^/]+/share_request", None),
    ("PUT", "/dashboards/[^/]+/widgets/[^/]+/variables", models.ArduinoVariableslinks),
)
"""Method, path and what the vendor's Python client makes of the answer; None: an empty one. It does not know version 3,
whose answers hold those of version 2."""


def accepted(request: str, answer: httpx.Response) -> Any:
    """What the vendor's strict models read from an answer; they raise at anything that they do not like."""
    method, path = request.split("?")[0].split(" ")
    if answer.status_code >= 400:
        return models.Error.from_dict(answer.json())
    (kind,) = [kind for verb, known, kind in _ANSWERS if verb == method and re.fullmatch(f"/iot/v[23]{known}/?", path)]
    if kind is None:
        assert answer.content == b""
        assert "content-type" not in answer.headers
        return None
    assert answer.headers["content-type"] == "application/json"
    if getattr(kind, "__origin__", None) is list:
        return [kind.__args__[0].from_dict(item) for item in answer.json()]
    return kind.from_dict(answer.json())


async def play_strictly(world: World, row: Row, names: Mapping[str, str]) -> Any:
    """Play a row, and give back what the vendor's models make of the answer."""
    return accepted(row.request, await play(world, row, names))
