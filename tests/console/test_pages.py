"""The few pages: the start page, and the one-time link that lets an owner choose a password."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from rookery.console.pages import LINK, Pages
from rookery.core.people import LINK_LIFETIME
from rookery.core.services import Services
from tests.fakes import ManualClock, memory_services

PORTS = {
    "http_port": [8080],
    "https_port": [8443],
    "mqtts_port": [40004],
    "mqtts_cert_ports": [8885, 8883],
    "particle_tcp_port": [5683],
    "particle_udp_port": [5684],
}
GOOD = "a long password"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def services(clock: ManualClock) -> Services:
    return memory_services(clock=clock)


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Pages(services.people, "the authority", PORTS))
    async with httpx.AsyncClient(transport=transport, base_url="http://rookery.test") as client:
        yield client


async def link(services: Services, email: str = "owner@example.org") -> str:
    return LINK + await services.people.link(await services.people.create(email))


def form(password: str = GOOD, again: str | None = None) -> dict[str, str]:
    return {"password": password, "again": password if again is None else again}


@pytest.mark.parametrize("path", ["/", "/nothing", "/start/unknown", "/plain.css"])
async def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"https?://|<script|style=|@import|url\(", answer.text)
    assert answer.headers["referrer-policy"] == "strict-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_start_page_tells_the_ports_in_use(client: httpx.AsyncClient) -> None:
    text = (await client.get("/")).text
    assert "40004" in text
    assert "8885, 8883" in text
    assert "<td>5683</td>" in text
    assert "<td>5684</td>" in text
    assert "<td>off</td>" in text
    assert "<code>/v1</code>" in text
    for address in ("/iot/docs", "/iot/openapi.json", "/ca.pem", "/health", "/metrics"):
        assert f'href="{address}"' in text


async def test_the_authority_can_be_fetched(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ca.pem")
    assert (answer.headers["content-type"], answer.text) == ("application/x-pem-file", "the authority")


@pytest.mark.parametrize(("path", "status"), [("/", 405), ("/ca.pem", 405), ("/nothing", 404)])
async def test_pages_can_only_be_read(client: httpx.AsyncClient, path: str, status: int) -> None:
    assert (await client.post(path)).status_code == status


async def test_a_link_sets_a_password_once(client: httpx.AsyncClient, services: Services) -> None:
    address = await link(services)
    shown = await client.get(address)
    assert shown.status_code == 200
    assert "owner@example.org" in shown.text
    assert (await client.post(address, data=form())).status_code == 200
    assert await services.people.log_in("owner@example.org", GOOD) is not None
    for again in (await client.get(address), await client.post(address, data=form("another password"))):
        assert again.status_code == 404
    assert await services.people.log_in("owner@example.org", "another password") is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (form("short"), "at least 10 characters"),
        (form(GOOD, "another one here"), "The two passwords differ"),
        (form("x" * 2_000), "at most 1024 characters"),
        (form("x" * 20_000), "too long"),
        ({}, "at least 10 characters"),
    ],
)
async def test_a_password_that_can_not_be_used_leaves_the_link_working(
    client: httpx.AsyncClient, services: Services, data: dict[str, str], why: str
) -> None:
    address = await link(services)
    refused = await client.post(address, data=data)
    assert refused.status_code == 400
    assert why in refused.text
    assert (await client.post(address, data=form())).status_code == 200


async def test_a_link_ends_with_its_time(client: httpx.AsyncClient, services: Services, clock: ManualClock) -> None:
    address = await link(services)
    clock.turn(LINK_LIFETIME)
    assert (await client.get(address)).status_code == 404
    assert (await client.post(address, data=form())).status_code == 404


async def test_another_site_can_not_send_the_form(client: httpx.AsyncClient, services: Services) -> None:
    address = await link(services)
    for origin in ("https://evil.test", "null", "http://rookery.test.evil.test"):
        assert (await client.post(address, data=form(), headers={"origin": origin})).status_code == 403
    assert (await client.post(address, data=form(), headers={"origin": "http://rookery.test"})).status_code == 200


async def test_what_a_person_is_called_is_only_text(client: httpx.AsyncClient, services: Services) -> None:
    address = await link(services, "<b>&x@example.org")
    text = (await client.get(address)).text
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;x@example.org" in text
