"""Dashboards, things and values for the tests of a browser, made over the API as any client makes them."""

from __future__ import annotations

import uuid
from typing import Any

from rookery.testing.sandbox import Sandbox

GEOMETRY = {"x": 0, "y": 0, "width": 6, "height": 2}


def new_id() -> str:
    return str(uuid.uuid4())


def thing_with(cloud: Sandbox, name: str, *properties: dict[str, Any], board: str | None = None) -> dict[str, Any]:
    """A thing with these variables; `variables` of the answer are their ids by name."""
    thing = cloud.call("PUT", "/iot/v2/things", {"name": name} | ({"device_id": board} if board else {}))
    ids = {}
    for each in properties:
        wanted = {
            "variable_name": each["name"],
            "permission": "READ_WRITE",
            "update_strategy": "ON_CHANGE",
            "persist": True,
        } | each
        made = cloud.call("PUT", f"/iot/v2/things/{thing['id']}/properties", wanted)
        ids[each["name"]] = made["id"]
    result: dict[str, Any] = thing | {"variables": ids}
    return result


def board_without_line(cloud: Sandbox, name: str) -> str:
    """A board that is registered and never comes online; its id."""
    made: dict[str, Any] = cloud.call("PUT", "/iot/v2/devices", {"name": name, "type": "mkrwifi1010"})
    return str(made["id"])


def widget(type: str, *variables: str, **rest: Any) -> dict[str, Any]:
    return {"id": new_id(), "type": type, "options": {}, "variables": list(variables)} | GEOMETRY | rest


def dashboard(cloud: Sandbox, name: str, *widgets: dict[str, Any], **rest: Any) -> dict[str, Any]:
    made: dict[str, Any] = cloud.call("POST", "/iot/v3/dashboards", {"name": name, "widgets": list(widgets)} | rest)
    return made


def stored(cloud: Sandbox, id: str) -> dict[str, Any]:
    """The dashboard as the API has it now, with `by_name` of its widgets."""
    found: dict[str, Any] = cloud.call("GET", f"/iot/v3/dashboards/{id}")
    return found | {"by_name": {each.get("name", ""): each for each in found["widgets"]}}


def place(widget: dict[str, Any]) -> tuple[int, int, int, int]:
    return widget["x"], widget["y"], widget["width"], widget["height"]


def publish(cloud: Sandbox, thing: dict[str, Any], name: str, value: Any) -> None:
    cloud.call("PUT", f"/iot/v2/things/{thing['id']}/properties/{thing['variables'][name]}/publish", {"value": value})
