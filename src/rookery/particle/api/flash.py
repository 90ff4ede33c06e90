"""Sending one binary to one device (reference 3.16). The answer comes when the transfer starts; how it goes on
is told by `spark/flash/status` events."""

from __future__ import annotations

from typing import Any

from rookery.core.errors import BoardAway, BoardCannot
from rookery.core.records import Device
from rookery.particle.api.body import UploadedFile, as_text
from rookery.particle.api.errors import bad_request, flash_timed_out, no_compiler, refused_all
from rookery.particle.api.operations import Call

SOURCES = (".cpp", ".ino", ".h", ".hpp", ".c", ".properties")
ZIP = b"PK\x03\x04"


async def is_flash(call: Call) -> bool:
    """Whether an update of a device is one of its firmware."""
    if await call.files():
        return True
    fields = await call.fields()
    return "app" in fields or "app_id" in fields


async def flash(call: Call, device: Device) -> dict[str, Any]:
    """Start the transfer.

    Raises:
        ApiError: no binary among the files; a kind that this server can not make; the board is away or refuses.
    """
    image = _image(await call.files())
    if image is None:
        fields = await call.fields()
        name = as_text(fields.get("app") or fields.get("app_id"), "app", most=64)
        raise refused_all(404, [f"There is no application {name} on this server. Send a binary file."])
    session = await call.services.boards.reach(device)
    if session is None:
        raise flash_timed_out()
    try:
        await session.update(image)
    except BoardAway:
        raise flash_timed_out() from None
    except BoardCannot as error:
        raise bad_request(str(error)) from None
    return {"id": device.hex_id, "status": "Update started"}


def _image(files: list[UploadedFile]) -> bytes | None:
    if not files:
        return None
    if any(file.filename.lower().endswith(SOURCES) for file in files):
        raise no_compiler()
    if len(files) > 1:
        raise refused_all(400, ["Send one binary at a time."])
    data = files[0].data
    if data.startswith(ZIP):
        raise refused_all(400, ["Bundles with assets can not be sent over the air by this server: send the .bin file."])
    if not data:
        raise refused_all(400, ["The file is empty."])
    return data
