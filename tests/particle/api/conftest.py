"""A whole Particle API over memory, with one person who is logged in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from rookery.core.access import Principal
from rookery.core.records import Bearer, Person, Role
from rookery.core.services import Services
from rookery.gateways.asgi import App
from rookery.particle.api.api import Api, ApiOptions
from rookery.particle.api.app import ROUTES, build_api
from rookery.particle.api.operations import Route
from tests.fakes import ManualClock, RecordingBus, memory_services

BASE = "http://rookery.test"


@dataclass
class World:
    """Everything that a test needs, in one hand."""

    api: Api
    services: Services
    app: App
    http: httpx.AsyncClient
    """Without credentials. Comes from `peer`, by default this machine."""
    person: Person
    token: str
    clock: ManualClock
    bus: RecordingBus

    @property
    def user(self) -> Principal:
        """Who the person is for core."""
        return Principal(person_id=self.person.id, space_id=self.person.id, roles={self.person.id: Role.OWNER})

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A request with the token, or another one by `token=`, and a JSON body when there is one.
        What it announces is in `bus.heard`."""
        headers = {"Authorization": f"Bearer {more.pop('token', self.token)}", **more.pop("headers", {})}
        self.bus.heard.clear()
        if body is not None:
            more["json"] = body
        return await self.http.request(method, path, headers=headers, **more)

    async def token_of(
        self, bearer_id: str, bearer: Bearer = Bearer.PERSON, scope: str | None = None, lifetime: int = 3_600
    ) -> str:
        """A token for a person, customer, product or program."""
        issued = await self.services.tokens.issue(bearer, bearer_id, "particle", scope=scope, lifetime=lifetime)
        return issued.token

    async def somebody(self, email: str = "other@rookery.test") -> tuple[Person, str]:
        """Another person, and a token of theirs."""
        person = await self.services.people.create(email)
        return person, await self.token_of(person.id)


@asynccontextmanager
async def world_of(
    routes: Iterable[Route] = ROUTES, options: ApiOptions | None = None, peer: str = "127.0.0.1"
) -> AsyncIterator[World]:
    """A server with one person, and with these routes."""
    clock = ManualClock()
    bus = RecordingBus()
    services = memory_services(clock=clock, bus=bus)
    person = await services.people.create("owner@rookery.test")
    api = Api(services, options or ApiOptions(base_url=BASE))
    app = build_api(api, routes)
    transport = httpx.ASGITransport(app=app, client=(peer, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        world = World(api, services, app, http, person, "", clock, bus)
        world.token = await world.token_of(person.id, lifetime=0)
        yield world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A server with one person and all routes."""
    async with world_of() as made:
        yield made
