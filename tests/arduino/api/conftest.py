"""A whole API over memory, with one person, one API key, and a client that is logged in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.arduino.api.app import build_api
from rookery.arduino.ca import SUBJECT
from rookery.arduino.tokens import Tokens
from rookery.core.access import Principal
from rookery.core.exports import Exports
from rookery.core.records import Client, Person, Role
from rookery.core.services import Services
from rookery.keys import Authority, DeviceCertificate, sign_request
from rookery.storage.exports import ExportFolder
from tests.fakes import START, ManualClock, MemoryCatalog, MemoryTelemetry, RecordingBus, memory_services

BASE = "http://rookery.test"


@cache
def _private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class TestKey:
    """A token key made for this run."""

    __test__ = False
    token_key_id = "test"

    @property
    def token_key(self) -> ec.EllipticCurvePrivateKey:
        """The key."""
        return _private_key()

    def token_key_set(self) -> dict[str, list[dict[str, str]]]:
        """A key set without content that anybody here looks at."""
        return {"keys": [{"kid": "test", "kty": "EC"}]}


@cache
def authority() -> Authority:
    """An authority made for this run."""
    return Authority.create(SUBJECT, START)


def sign(request: str, device_id: str, now: int) -> DeviceCertificate:
    """Sign a device's request."""
    return sign_request(authority(), request, device_id, now)


def exports_of(services: Services, folder: Path, spare: int = 0) -> Exports:
    """The exports of a server, in this folder."""
    files = ExportFolder(folder / "exports", spare=spare)
    return Exports(
        services.catalog,
        services.telemetry,
        services.variables,
        files,
        services.ids,
        services.clock,
        b"a secret for the links of tests",
    )


@dataclass
class World:
    """Everything that a test needs, in one hand."""

    services: Services
    tokens: Tokens
    app: Any
    http: httpx.AsyncClient
    """Without credentials."""
    person: Person
    key: Client
    secret: str
    token: str
    clock: ManualClock
    bus: RecordingBus
    catalog: MemoryCatalog
    telemetry: MemoryTelemetry
    exports: Exports

    @property
    def user(self) -> Principal:
        """Who the person is for core."""
        return Principal(person_id=self.person.id, space_id=self.person.id, roles={self.person.id: Role.OWNER})

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A request with the token, and a JSON body when there is one. What it announces is in `bus.heard`."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        self.bus.heard.clear()
        if body is not None:
            more["json"] = body
        return await self.http.request(method, path, headers=headers, **more)

    async def somebody_else(self, email: str = "other@rookery.test") -> World:
        """The same server seen by another person."""
        person = await self.services.people.create(email)
        key, secret = await self.services.clients.create(person.id, "other")
        token = (await self.tokens.grant(key.id, secret, "any", None)).token
        return World(
            self.services,
            self.tokens,
            self.app,
            self.http,
            person,
            key,
            secret,
            token,
            self.clock,
            self.bus,
            self.catalog,
            self.telemetry,
            self.exports,
        )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A server with one person."""
    clock = ManualClock()
    bus = RecordingBus()
    services = memory_services(clock=clock, bus=bus)
    person = await services.people.create("owner@rookery.test")
    key, secret = await services.clients.create(person.id, "test")
    tokens = Tokens(services, TestKey(), BASE)
    token = (await tokens.grant(key.id, secret, "any", None)).token
    exports = exports_of(services, tmp_path)
    app = build_api(services, tokens, sign, exports)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        assert isinstance(services.catalog, MemoryCatalog)
        assert isinstance(services.telemetry, MemoryTelemetry)
        yield World(
            services,
            tokens,
            app,
            http,
            person,
            key,
            secret,
            token,
            clock,
            bus,
            services.catalog,
            services.telemetry,
            exports,
        )
    await exports.close()
