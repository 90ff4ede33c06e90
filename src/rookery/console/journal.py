"""The connection log of a board: when it came, went or was refused, over what, from where, and why."""

from __future__ import annotations

from typing import Any, Final

from rookery.console.api import Route, route
from rookery.console.call import Call
from rookery.console.sight import board
from rookery.console.words import entry_fields
from rookery.core.clock import MILLISECOND

ENTRIES: Final = 50
MOST: Final = 500
LATEST: Final = 1 << 62


@route("GET", "devices/{id}/connections")
async def show_connections(call: Call) -> dict[str, Any]:
    """Newest first. `before` is exclusive, in milliseconds."""
    device = await board(call.services, call.who, call.segments["id"])
    limit = call.number("limit", ENTRIES, 1, MOST)
    before = call.number("before", 0, 0, LATEST // MILLISECOND)
    entries = await call.services.journal.of(device, before * MILLISECOND if before else LATEST, limit)
    return {"entries": [entry_fields(entry) for entry in entries]}


ROUTES: tuple[Route, ...] = (show_connections,)
