"""Webhooks of a whole server: both dialects, the networks that an operator allows, and the metrics."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec

from rookery.core.access import Principal
from rookery.core.deliveries import Deliveries
from rookery.core.events import Event
from rookery.core.records import Bearer, Role, UpdatePolicy, ValueKind
from rookery.core.variables import VariableSpec
from rookery.server import Server
from tests.gateways.test_outbound import Server as Receiver
from tests.gateways.test_outbound import serving as receiving
from tests.serving import browser, serving


class Told:
    """What integrations say."""

    def __init__(self, server: Server) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        server.core.services.bus.listen("events", self._hear)

    def _hear(self, event: Event) -> None:
        if event.source == "particle-internal":
            self.events.put_nowait(event)


async def person(server: Server) -> tuple[Principal, dict[str, str]]:
    """Somebody, and the header that says so."""
    services = server.core.services
    made = await services.people.create("owner@rookery.test")
    issued = await services.tokens.issue(Bearer.PERSON, made.id, "particle", scope=None, lifetime=3_600)
    who = Principal(person_id=made.id, space_id=made.id, roles={made.id: Role.OWNER})
    return who, {"Authorization": f"Bearer {issued.token}"}


async def publish(server: Server, receiver: Receiver, count: int) -> tuple[list[Event], dict[str, Any], str]:
    """A webhook, an event, so many events that tell of it, the integration afterwards, and the metrics."""
    told = Told(server)
    _, headers = await person(server)
    async with browser(server) as client:
        client.headers.update(headers)
        url = f"http://127.0.0.1:{receiver.port}/in"
        created = await client.post("/v1/integrations", json={"event": "temp", "url": url, "json": {"a": 1}})
        assert created.status_code == 201
        published = await client.post("/v1/devices/events", json={"name": "temperature", "data": "20"})
        assert published.json() == {"ok": True}
        events = [await told.events.get() for _ in range(count)]
        await idle(server)
        shown = await client.get(httpx.URL(created.json()["hookUrl"]).path)
        metrics = await client.get("/metrics")
        return events, shown.json()["integration"], metrics.text


async def idle(server: Server) -> None:
    for deliveries in server.webhooks.deliveries.values():
        assert isinstance(deliveries, Deliveries)
        await deliveries.idle()


def metric(text: str, name: str) -> float:
    found = re.search(rf"^rookery_webhook_{re.escape(name)} (.*)$", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


async def test_a_webhook_of_the_particle_api(tmp_path: Path) -> None:
    async with receiving() as receiver, serving(tmp_path, webhook_networks="127.0.0.0/8") as server:
        events, shown, metrics = await publish(server, receiver, 2)
    ((line, headers, body),) = receiver.requests
    assert (line, headers["content-type"]) == ("POST /in", "application/json")
    assert {name: msgspec.json.decode(body)[name] for name in ("a", "event", "data", "coreid")} == {
        "a": 1,
        "event": "temperature",
        "data": "20",
        "coreid": "api",
    }
    assert [event.name for event in events] == ["hook-sent/temperature", "hook-response/temperature/0"]
    assert [log["status"] for log in shown["logs"]] == [200]
    assert metric(metrics, 'attempts_total{dialect="particle",outcome="succeeded"}') == 1
    assert metric(metrics, 'waiting{dialect="particle"}') == 0
    assert metric(metrics, 'dropped_total{dialect="arduino"}') == 0


async def test_this_machine_is_not_called_unless_the_operator_says_so(tmp_path: Path) -> None:
    async with receiving() as receiver, serving(tmp_path) as server:
        events, shown, metrics = await publish(server, receiver, 2)
    assert receiver.requests == []
    assert [event.name for event in events] == ["hook-sent/temperature", "hook-error/temperature/0"]
    assert b"must not be called" in (events[1].data or b"")
    assert "must not be called" in shown["errors"][0]["error"]
    assert metric(metrics, 'dropped_total{dialect="particle"}') == 1


async def test_a_webhook_of_a_thing_outlives_a_restart(tmp_path: Path) -> None:
    async with receiving() as receiver:
        spec = VariableSpec(name="visits", type="INT", kind=ValueKind.INT, writable=True, policy=UpdatePolicy.ON_CHANGE)
        async with serving(tmp_path, webhook_networks="127.0.0.0/8") as server:
            who, _ = await person(server)
            thing = await server.core.services.things.create(
                who,
                name="Door",
                variables=[spec],
                webhook_uri=f"http://127.0.0.1:{receiver.port}/in",
                webhook_active=True,
            )
        async with serving(tmp_path, webhook_networks="127.0.0.0/8") as server:
            live = await server.core.services.live.get(thing.id)
            assert live is not None
            await server.core.services.values.write(live, [(live.by_symbol["visits"], 3)])
            await idle(server)
    ((_, _, body),) = receiver.requests
    assert [value["value"] for value in msgspec.json.decode(body)["values"]] == [3]
