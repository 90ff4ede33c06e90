"""The device that a path or a body means.

Boards of the other dialect are devices like others while the bridge is open. Without it there are none, not in lists
and not by their ids.
"""

from __future__ import annotations

from rookery.arduino.api.operations import Call
from rookery.arduino.families import DIALECT
from rookery.core.access import Action
from rookery.core.errors import NotFound
from rookery.core.records import Device


def shown(call: Call, device: Device) -> bool:
    """Whether this API shows the device."""
    return device.dialect == DIALECT or call.api.options.bridge


async def find_device(
    call: Call, action: Action = Action.READ, *, id: str | None = None, deleted: bool = False
) -> Device:
    """The device of the path, or with this id.

    Raises:
        NotFound, Forbidden: as `core.devices.Devices.get`; NotFound also for what is not shown.
    """
    wanted = call.uuid("id", "device") if id is None else id
    device = await call.services.devices.get(call.who, wanted, action, deleted=deleted)
    if not shown(call, device):
        raise NotFound("There is no such device.")
    return device
