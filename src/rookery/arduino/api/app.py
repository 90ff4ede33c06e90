"""The Application API as one ASGI application: the routes of all files of this folder behind one edge."""

from __future__ import annotations

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import PluginProtocol
from litestar.types import ASGIApp

from rookery.arduino.api import (
    certificates,
    dashboard_shares,
    dashboard_templates,
    dashboards,
    device_credentials,
    device_values,
    devices,
    exports,
    keys,
    properties,
    publish,
    series,
    thing_tags,
    things,
    timeseries,
    token,
    types,
    users,
)
from rookery.arduino.api.answers import Answer
from rookery.arduino.api.api import Api, ApiOptions, SignRequest
from rookery.arduino.api.edge import Edge
from rookery.arduino.api.errors import error_answer
from rookery.arduino.api.openapi import describing
from rookery.arduino.api.rate import RateLimit
from rookery.arduino.tokens import Tokens
from rookery.core.exports import Exports
from rookery.core.services import Services

PREFIXES = ("/iot",)
"""Paths that belong to this API, each with all that lies below it."""

ROUTES: tuple[HTTPRouteHandler, ...] = (
    *token.ROUTES,
    *keys.ROUTES,
    *devices.ROUTES,
    *device_credentials.ROUTES,
    *device_values.ROUTES,
    *certificates.ROUTES,
    *things.ROUTES,
    *thing_tags.ROUTES,
    *properties.ROUTES,
    *publish.ROUTES,
    *timeseries.ROUTES,
    *series.ROUTES,
    *exports.ROUTES,
    *types.ROUTES,
    *dashboards.ROUTES,
    *dashboard_shares.ROUTES,
    *dashboard_templates.ROUTES,
    *users.ROUTES,
)
"""All operations, file by file."""


class _Application(Litestar):
    """Litestar without the plugins that it loads for other libraries.

    They are of no use to routes that take a request and return bytes, and where pydantic happens to be installed they
    cost 0.15 s of the start.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return plugins


def build_api(
    services: Services, tokens: Tokens, sign: SignRequest, histories: Exports, options: ApiOptions | None = None
) -> ASGIApp:
    """The API over these services, for every path under `PREFIXES`. `sign` makes certificates for boards."""
    chosen = options or ApiOptions()
    api = Api(services, tokens, sign, histories, chosen, RateLimit(services.clock, chosen.max_rate))
    app = _Application(
        route_handlers=[*ROUTES, *describing(ROUTES)],
        # An `Answer` does what is asked of a response here without being one of Litestar's.
        exception_handlers={Exception: _failed},  # type: ignore[dict-item]
        openapi_config=None,
        logging_config=None,
        state=State({"api": api}),
    )
    return Edge(app)


def _failed(request: Request[object, object, State], error: Exception) -> Answer:
    """What never reached a route: an unknown path, a method it does not know."""
    return error_answer(error, request.method, request.scope["path"])
