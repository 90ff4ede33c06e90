"""Simulated boards for whoever has none at hand: `/console/api/simulated`."""

from __future__ import annotations

from typing import Any

from rookery.console.api import Route, route
from rookery.console.call import Call


@route("GET", "simulated")
async def show(call: Call) -> dict[str, Any]:
    """Whether those of the person run."""
    return call.backend.demo.state(call.person.id)


@route("POST", "simulated")
async def start(call: Call) -> dict[str, Any]:
    """Run them in the person's own space. The answer comes when they are known, some seconds later."""
    await call.backend.demo.start(call.person)
    return call.backend.demo.state(call.person.id)


@route("DELETE", "simulated")
async def stop(call: Call) -> dict[str, Any]:
    """Power them off. They stay in the list of devices, offline."""
    await call.backend.demo.stop(call.person.id)
    return call.backend.demo.state(call.person.id)


ROUTES: tuple[Route, ...] = (show, start, stop)
