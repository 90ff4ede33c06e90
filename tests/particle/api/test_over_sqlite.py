"""The API over the real stores: what was answered is there after a restart."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from rookery.bus.local import LocalBus
from rookery.core.clock import SECOND
from rookery.core.ids import Identifiers
from rookery.core.records import Bearer
from rookery.core.secrets import Peppered, Sealed
from rookery.core.services import Services, build_services
from rookery.particle.api.api import Api, ApiOptions
from rookery.particle.api.app import build_api
from rookery.storage.catalog import open_catalog
from rookery.storage.telemetry import TelemetryStore
from tests.fakes import START, ManualClock, PlainPasswords, connect
from tests.particle.api.conftest import BASE
from tests.particle.api.test_provisioning import pem

ID = "e00fce680123456789abcdef"


class Life:
    """One life of a server on a folder."""

    def __init__(self, services: Services, http: httpx.AsyncClient) -> None:
        self.services = services
        self.http = http
        self.token = ""

    async def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        answer = await self.http.request(method, path, json=body, headers=headers)
        return answer.status_code, answer.json() if answer.content else None


@asynccontextmanager
async def server(folder: Path, clock: ManualClock, seed: int, token: str = "") -> AsyncIterator[Life]:
    """Open the folder, and close it in order."""
    catalog = await open_catalog(folder / "catalog.db")
    telemetry = TelemetryStore(folder / "telemetry.db", clock)
    await telemetry.open()
    services = build_services(
        catalog,
        telemetry,
        LocalBus(),
        clock,
        Identifiers(random.Random(seed).randbytes),
        PlainPasswords(),
        Peppered(b"a pepper for tests"),
        Sealed(b"a pepper for tests", os.urandom),
    )
    transport = httpx.ASGITransport(app=build_api(Api(services, ApiOptions(base_url=BASE))))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        life = Life(services, http)
        life.token = token
        yield life
    await telemetry.close()
    await catalog.close()


async def test_a_story_with_restarts(tmp_path: Path) -> None:
    clock = ManualClock()
    async with server(tmp_path, clock, 1) as life:
        person = await life.services.people.create("owner@rookery.test")
        token = life.token = (await life.services.tokens.issue(Bearer.PERSON, person.id, "particle", lifetime=0)).token
        status, made = await life.ask("POST", "/v1/user/products", {"product": {"name": "Lamp", "platform_id": 12}})
        assert status == 200
        product = f"/v1/products/{made['product']['id']}"
        assert (await life.ask("POST", f"{product}/devices", {"id": ID}))[1]["updated"] == 1
        assert await life.ask("POST", f"/v1/provisioning/{ID}", {"publicKey": pem()}) == (200, "Success!")
        assert (await life.ask("POST", f"{product}/groups", {"name": "eu"}))[0] == 201
        changes = {"name": "porch_lamp", "notes": "by the door", "groups": ["eu"], "desired_firmware_version": 3}
        assert (await life.ask("PUT", f"{product}/devices/{ID}", changes))[0] == 200
        status, customer = await life.ask(
            "POST", f"{product}/customers", {"email": "anna@example.org", "no_password": True}
        )
        assert status == 201
        _, claim = await life.ask("POST", f"{product}/device_claims", token=customer["access_token"])
        assert len(claim["claim_code"]) == 63
        for number_of_event in range(3):
            clock.turn(1)
            assert await life.ask("POST", "/v1/devices/events", {"name": "mine", "data": str(number_of_event)}) == (
                200,
                {"ok": True},
            )
        as_device = {"name": "door", "data": "open", "as_device_id": ID}
        assert (await life.ask("POST", f"{product}/events", as_device))[0] == 200
        device = await life.services.enrolment.get(ID)
        assert device is not None
        await life.services.telemetry.write([(device.vitals, START, '{"device":{"system":{"uptime":60}}}')])
        _, shown = await life.ask("GET", f"{product}/devices/{ID}")

    clock.turn(60)
    async with server(tmp_path, clock, 2, token) as life:
        assert await life.ask("GET", f"{product}/devices/{ID}") == (200, shown)
        _, listed = await life.ask("GET", f"{product}/devices?groups=eu&deviceName=porch")
        assert [each["id"] for each in listed["devices"]] == [ID]
        device = await life.services.enrolment.get(ID)
        assert device is not None
        assert device.public_key is not None
        told = await life.services.events.history(device.events, 0, 1 << 62, 9)
        assert [(event.name, event.data, event.product_id) for event in told] == [("door", b"open", device.product_id)]
        own = await life.services.events.history(await life.services.event_series.of(person.id), 0, 1 << 62, 9)
        assert [(event.name, event.data, event.time) for event in own] == [
            ("mine", str(n).encode(), START + (n + 1) * SECOND) for n in (2, 1, 0)
        ]
        _, vitals = await life.ask("GET", f"{product}/diagnostics/{ID}/last")
        assert vitals["diagnostics"]["payload"] == {"device": {"system": {"uptime": 60}}}
        # The board says the code of the customer, which was given out before the restart.
        board = connect(life.services, device)
        assert (await life.services.claims.present(device, claim["claim_code"])) is not None
        assert board.device.space_id != ""
        _, after = await life.ask("GET", f"{product}/devices/{ID}")
        assert (after["owner"], after["online"], after["name"]) == ("anna@example.org", True, "porch_lamp")
        own_path = f"/v1/devices/{ID}"
        assert (await life.ask("GET", own_path, token=customer["access_token"]))[1]["id"] == ID
        assert (await life.ask("DELETE", "/v1/access_tokens/current"))[0] == 200

    clock.turn(3_600)
    async with server(tmp_path, clock, 3, token) as life:
        assert await life.ask("GET", "/v1/devices") == (
            401,
            {"error": "invalid_token", "error_description": "The access token provided is invalid."},
        )
        life.token = customer["access_token"]
        (mine,) = (await life.ask("GET", "/v1/devices"))[1]
        assert (mine["id"], mine["online"]) == (ID, False)
        device = await life.services.enrolment.get(ID)
        assert device is not None
        assert await life.services.claims.present(device, claim["claim_code"]) is None, "its hour is over"
        assert (await life.ask("DELETE", f"/v1/devices/{ID}"))[0] == 200

    async with server(tmp_path, clock, 4, customer["access_token"]) as life:
        assert await life.ask("GET", "/v1/devices") == (200, [])
