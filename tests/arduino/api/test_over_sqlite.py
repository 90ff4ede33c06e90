"""The API over the real stores: what was answered is there after a restart."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from rookery.arduino.api.app import build_api
from rookery.arduino.tokens import Tokens
from rookery.bus.local import LocalBus
from rookery.core.exports import Exports
from rookery.core.ids import Identifiers
from rookery.core.secrets import Peppered, Sealed
from rookery.core.services import Services, build_services
from rookery.storage.catalog import open_catalog
from rookery.storage.telemetry import TelemetryStore
from tests.arduino.api.conftest import BASE, TestKey, exports_of, sign
from tests.arduino.api.dashboard_scene import OPTIONS, WIDGET_ID, page, widget
from tests.fakes import ManualClock, PlainPasswords, connect


@asynccontextmanager
async def server(
    folder: Path, clock: ManualClock, seed: int
) -> AsyncIterator[tuple[Services, Exports, httpx.AsyncClient]]:
    """One life of a server on this folder."""
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
    exports = exports_of(services, folder)
    await exports.open()
    app = build_api(services, Tokens(services, TestKey(), BASE), sign, exports)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as http:
        yield services, exports, http
    await exports.close()
    await telemetry.close()
    await catalog.close()


async def log_in(http: httpx.AsyncClient, client_id: str, secret: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    answer = await http.post("/iot/v1/clients/token", data=form)
    http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"


@pytest.mark.parametrize("soft", [True, False])
async def test_a_story_with_a_restart(tmp_path: Path, soft: bool) -> None:
    clock = ManualClock()
    async with server(tmp_path, clock, 1) as (services, _, http):
        person = await services.people.create("owner@rookery.test")
        key, secret = await services.clients.create(person.id, "test")
        await log_in(http, key.id, secret)
        made = await http.put("/iot/v2/devices", json={"type": "giga", "name": "board", "wifi_fw_version": "1.5.0"})
        assert made.status_code == 201
        device_path = f"/iot/v2/devices/{made.json()['id']}"
        assert (await http.put(device_path + "/pass", json={"password": "sesame"})).status_code == 200
        assert (await http.put(device_path + "/tags", json={"key": "room", "value": "north"})).status_code == 200
        thing = await services.things.create(
            await services.people.principal(person.id), name="House", device_id=made.json()["id"]
        )
        device = await services.devices.get(await services.people.principal(person.id), made.json()["id"])
        services.boards.left(connect(services, device))
        # The store answers in order, so presence is on disk once something after it is.
        await services.telemetry.write([(device.series + 1_000, clock.now(), 1)])

    clock.turn(60)
    async with server(tmp_path, clock, 2) as (_, _, http):
        await log_in(http, key.id, secret)
        (shown,) = (await http.get("/iot/v2/devices?tags=room:north&serial=")).json()
        assert (shown["name"], shown["wifi_fw_version"], shown["device_status"]) == ("board", "1.5.0", "OFFLINE")
        assert shown["thing"]["id"] == thing.id
        events = (await http.get(device_path + "/status")).json()["events"]
        assert [event["value"] for event in events] == ["DISCONNECTED", "CONNECTED"]
        assert (await http.post(device_path + "/pass", json={"password": "sesame"})).status_code == 200
        assert (await http.delete(device_path, params={"force": not soft})).status_code == 200
        assert (await http.get(device_path)).status_code == 404
        assert len((await http.get("/iot/v2/devices?show_deleted=true")).json()) == soft
        assert (await http.post(device_path, json={})).status_code == (200 if soft else 404)


async def test_a_dashboard_after_a_restart(tmp_path: Path) -> None:
    """Nothing of it has changed on the way to the disk and back, not even the kind of a number."""
    clock = ManualClock()
    async with server(tmp_path, clock, 1) as (services, _, http):
        person = await services.people.create("owner@rookery.test")
        guest = await services.people.create("guest@rookery.test")
        key, secret = await services.clients.create(person.id, "test")
        await log_in(http, key.id, secret)
        body = {"name": "Wall", "pages": [page()], "widgets": [widget(options=OPTIONS)]}
        made = (await http.post("/iot/v3/dashboards", json=body)).json()
        path = f"/iot/v2/dashboards/{made['id']}"
        assert (await http.put(f"{path}/shares", json={"username": "guest@rookery.test"})).status_code == 200
        who = await services.people.principal(person.id)
        token = (await services.dashboard_links.make(who, made["id"], name="kitchen")).token

    async with server(tmp_path, clock, 2) as (services, _, http):
        await log_in(http, key.id, secret)
        answer = await http.get(path.replace("v2", "v3"))
        shown = answer.json()
        assert shown == made | {"shared_with": [{"user_id": guest.id, "username": "guest@rookery.test"}]}
        assert list(shown["widgets"][0]["options"]) == list(OPTIONS)
        assert '"whole":1.0' in answer.text
        opened = await services.dashboard_links.open(token)
        assert (opened.link.name, opened.dashboard.widgets[0]["id"]) == ("kitchen", WIDGET_ID)
        who = await services.people.principal(guest.id)
        assert [found.id for found in await services.dashboards.visible(who)] == [made["id"]]
        assert (await http.delete(path, params={"force": True})).status_code == 200
        assert await services.dashboards.visible(who) == []
        assert await services.dashboard_access.dashboards(who) == []
