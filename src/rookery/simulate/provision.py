"""Making simulated boards known to a server, through its public API only.

A board is one device with a secret key and one thing with typed properties. What a former run has made is found again:
the device by its serial (`virtual-` and the name), so that a device of the same name that a person has made is never
touched; the thing because it is attached to that device, or else by its tag. Secrets are made anew each time, because
only their hashes are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from rookery.simulate.fleet import Library, Plan, Registered
from rookery.simulate.sensors import SENSORS

TAG: Final = "simulated_board"
"""Key of the tag of things; its value is the serial of the board."""

_DEVICES: Final = {
    Library.CPP: {"type": "mkrwifi1010", "fqbn": "arduino:samd:mkrwifi1010", "connection_type": "wifi"},
    Library.PYTHON: {"type": "generic_device_secretkey", "connection_type": "wifi"},
}

_THING_NAME: Final = re.compile(r"[^a-zA-Z0-9_. -]")
"""What the name of a thing must not hold (arduino-rest.md, pattern P-THING)."""


class Caller(Protocol):
    """Who brings requests to the server (`api.Api`)."""

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """The server's answer, decoded. Raises what `Api.call` raises."""


async def provision(
    api: Caller, plans: Sequence[Plan], progress: Callable[[int, int], None] | None = None
) -> list[Registered]:
    """Make these boards known to the server, in their order. Done twice, it makes nothing twice.

    Args:
        progress: called with (boards done, boards in all) after each.

    Raises:
        ApiUnreachable: no answer.
        ApiRefused: an answer with an error.
    """
    devices = {device["serial"]: device for device in await api.call("GET", "/iot/v2/devices")}
    things = await api.call("GET", "/iot/v2/things?show_properties=true") if devices else []
    registered: list[Registered] = []
    for number, plan in enumerate(plans, 1):
        serial = serial_of(plan.name)
        device = devices.get(serial) or await api.call(
            "PUT", "/iot/v2/devices", {"name": plan.name, "serial": serial, **_DEVICES[plan.library]}
        )
        answer = await api.call("PUT", f"/iot/v2/devices/{device['id']}/pass", {})
        thing_id = await _thing(api, plan, device["id"], serial, things)
        registered.append(Registered(plan, device["id"], thing_id, answer["suggested_password"]))
        if progress is not None:
            progress(number, len(plans))
    return registered


def serial_of(name: str) -> str:
    """The serial by which a board is found again."""
    return "virtual-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def properties_of(plan: Plan) -> list[dict[str, Any]]:
    """The properties of a board's thing, as the API takes them."""
    return [
        {
            "name": sensor.symbol,
            "variable_name": sensor.symbol,
            "type": sensor.type,
            "permission": "READ_WRITE" if sensor.writable else "READ_ONLY",
            "update_strategy": "ON_CHANGE",
        }
        for sensor in map(SENSORS.__getitem__, plan.symbols)
    ]


async def _thing(api: Caller, plan: Plan, device_id: str, serial: str, things: Sequence[dict[str, Any]]) -> str:
    """The thing of a board: the one it has, the one it had, or a new one."""
    own = next((thing for thing in things if thing.get("device_id") == device_id), None) or next(
        (t for t in things if t.get("tags", {}).get(TAG) == serial and not t.get("device_id")), None
    )
    if own is None:
        made = await api.call(
            "PUT",
            "/iot/v2/things",
            {
                "name": _THING_NAME.sub("", plan.name)[:64].strip() or serial,
                "device_id": device_id,
                "tags": [{"key": TAG, "value": serial}],
                "properties": properties_of(plan),
            },
        )
        return str(made["id"])
    known = {each["variable_name"] for each in own.get("properties") or ()}
    missing = [each for each in properties_of(plan) if each["variable_name"] not in known]
    if missing or own.get("device_id") != device_id:
        await api.call("POST", f"/iot/v2/things/{own['id']}", {"device_id": device_id, "properties": missing})
    return str(own["id"])
