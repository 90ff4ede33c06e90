"""The Particle API as one ASGI application: the routes of the files of this folder behind one edge.

A new file of routes is one import and one line of `ROUTES`.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from rookery.gateways.asgi import App, Receive, Scope, Send
from rookery.particle.api import (
    access_tokens,
    authorize,
    calls,
    claim_codes,
    clients,
    customers,
    devices,
    events,
    groups,
    integration_deliveries,
    integrations,
    legacy,
    oauth,
    organisations,
    product_devices,
    products,
    provisioning,
    team,
    users,
    vitals,
)
from rookery.particle.api.api import Api
from rookery.particle.api.edge import Edge
from rookery.particle.api.errors import unknown_method, unknown_path
from rookery.particle.api.operations import Route
from rookery.particle.api.routing import Missing, Router, split_path

PREFIXES = ("/v1", "/oauth")
"""Paths that belong to this API, each with all that lies below it."""

ROUTES: tuple[Route, ...] = (
    *events.ROUTES,
    *devices.ROUTES,
    *calls.ROUTES,
    *vitals.ROUTES,
    *provisioning.ROUTES,
    *integrations.ROUTES,
    *integration_deliveries.ROUTES,
    *oauth.ROUTES,
    *authorize.ROUTES,
    *access_tokens.ROUTES,
    *clients.ROUTES,
    *users.ROUTES,
    *products.ROUTES,
    *product_devices.ROUTES,
    *groups.ROUTES,
    *team.ROUTES,
    *customers.ROUTES,
    *claim_codes.ROUTES,
    *organisations.ROUTES,
    *legacy.ROUTES,
)
"""All operations, file by file."""


def build_api(api: Api, routes: Iterable[Route] = ROUTES) -> App:
    """The API over these services, for every path under `PREFIXES`.

    Raises:
        ValueError: two routes for one path, or a malformed path.
    """
    return Edge(_Application(api, routes))


class _Application:
    """Finds the route and runs it."""

    def __init__(self, api: Api, routes: Iterable[Route]) -> None:
        self._api = api
        self._router: Router[Route] = Router()
        for route in routes:
            for method in route.methods:
                for path in route.paths:
                    self._router.add(method, path, route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        method = scope["method"]
        raw = scope.get("raw_path")
        segments = split_path(quote(scope["path"]).encode() if raw is None else raw)
        found = self._router.find(method, segments)
        if isinstance(found, Missing) and method == "HEAD":
            found = self._router.find("GET", segments)
        if isinstance(found, Missing):
            error = unknown_method(found.allowed) if found.allowed else unknown_path()
            await error.answer()(scope, receive, send)
            return
        route = found.target
        scope["route"] = route.paths[0]
        await route.run(self._api, scope, receive, send, found.path)
