"""Simulated boards for whoever has none at hand: `/console/api/simulated`."""

from __future__ import annotations

from typing import Any

from rookery.console.api import Route, route
from rookery.console.call import Call
from rookery.console.sight import find_board


@route("GET", "simulated")
async def show(call: Call) -> dict[str, Any]:
    """Whether those of the person run."""
    return await _view(call)


@route("POST", "simulated")
async def start(call: Call) -> dict[str, Any]:
    """Run them in the person's own space. The answer comes when they are known, some seconds later."""
    await call.backend.demo.start(call.person)
    return await _view(call)


@route("DELETE", "simulated")
async def stop(call: Call) -> dict[str, Any]:
    """Power them off; they stay in the list of devices, offline. With `?remove=true` they go, with their things, their
    histories and their dashboard."""
    if call.query("remove") == "true":
        await call.backend.demo.remove(call.person)
    else:
        await call.backend.demo.stop(call.person.id)
    return await _view(call)


async def _view(call: Call) -> dict[str, Any]:
    demo, person_id = call.backend.demo, call.person.id
    boards = []
    for id in demo.boards(person_id):
        device = await find_board(call.services, id)
        if device is not None:
            boards.append(
                {
                    "id": device.id,
                    "name": device.name,
                    "dialect": device.dialect,
                    "online": call.services.devices.online(device),
                }
            )
    return {
        "possible": demo.possible,
        "running": demo.running(person_id),
        "starting": demo.starting(person_id),
        "trouble": demo.trouble(person_id),
        "boards": boards,
    }


ROUTES: tuple[Route, ...] = (show, start, stop)
