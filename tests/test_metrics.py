"""What a node says of itself, well and unwell."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from rookery import metrics
from rookery.core.points import StoreRefused
from rookery.gateways.coap_counters import CoapEnding
from rookery.server import Server
from tests.fakes import connect
from tests.serving import browser, serving


async def health(server: Server) -> httpx.Response:
    async with browser(server) as client:
        return await client.get("/health")


def checks(answer: httpx.Response) -> dict[str, str]:
    """Those that are not well."""
    return {name: state for name, state in answer.json()["checks"].items() if state != "ok"}


async def test_a_node_that_is_well(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        answer = await health(server)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (answer.json()["status"], checks(answer)) == ("ok", {})


async def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(tmp_path) as server:
        usage = shutil.disk_usage(tmp_path)._replace(free=5 << 20)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        answer = await health(server)
    assert answer.status_code == 503
    assert checks(answer) == {"disk": "5 MiB are free"}


async def test_a_damaged_file(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        telemetry = server.core.telemetry
        await telemetry.write([(90, 1, "a"), (91, 1, "b")])
        await telemetry.merge()
        connection = sqlite3.connect(tmp_path / "telemetry.db")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'block_place'").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        await telemetry.write([(90, 2, "c")])
        assert checks(await health(server)) == {}
        with (tmp_path / "telemetry.db").open("r+b") as file:
            file.seek((root - 1) * 4096)
            file.write(b"\xa5" * 4096)
        # Whose pages are in memory sees nothing of it: another process writes, and they are read again.
        connection = sqlite3.connect(tmp_path / "telemetry.db")
        connection.execute("INSERT OR REPLACE INTO state VALUES ('other', 1)")
        connection.commit()
        connection.close()
        with pytest.raises(StoreRefused, match="rookery data repair"):
            await telemetry.merge()
        answer = await health(server)
    assert answer.status_code == 503
    assert checks(answer) == {"telemetry": "the file is damaged: `rookery data repair`"}


async def test_stores_that_refuse(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        server.core.telemetry.counters.refused += 1
        server.core.messages.failures += 1
        for _ in range(2):
            # However often it is looked at.
            answer = await health(server)
            assert answer.status_code == 503
            assert checks(answer) == {"telemetry": "values are refused", "messages": "commits fail"}


async def test_a_catalog_that_fails_or_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(*_: Any, **__: Any) -> int:
        raise RuntimeError("/a/path/that/is/nobody's/business")

    async def silent(*_: Any, **__: Any) -> int:
        monkeypatch.setattr(metrics, "CHECK_SECONDS", 0.0)
        raise TimeoutError

    async with serving(tmp_path) as server:
        monkeypatch.setattr(server.core.catalog, "count", failing)
        assert checks(await health(server)) == {"catalog": "RuntimeError"}
        monkeypatch.setattr(server.core.catalog, "count", silent)
        assert checks(await health(server))["catalog"].startswith("no answer in")


async def test_every_metric_is_explained_and_named_as_the_format_asks(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as client:
        await client.get("/iot/v2/things")
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {each.name: each for each in text_string_to_metric_families(answer.text)}
    ours = {name: family for name, family in families.items() if name.startswith("rookery_")}
    assert all(family.documentation for family in ours.values())
    values = {name: family.samples[0].value for name, family in ours.items() if family.samples}
    assert values["rookery_http_requests"] >= 1
    assert values["rookery_boards_online"] == 0
    assert {"rookery_mqtt_dropped", "rookery_mqtt_closed", "rookery_points_stored"} <= set(ours)
    assert "process_resident_memory_bytes" in families


async def test_boards_over_coap_are_counted(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as client:
        assert server.coap_tcp is not None
        assert server.coap_udp is not None
        assert server.front is not None
        server.coap_udp.counters.accepted += 3
        server.coap_udp.counters.closed[CoapEnding.SILENT] += 1
        server.coap_udp.endpoint.counters.replayed += 2
        server.coap_tcp.counters.open += 1
        server.front.counters.greeted += 4
        answer = await client.get("/metrics")
        server.coap_tcp.counters.open -= 1
    for line in (
        'rookery_coap_handshakes_total{transport="udp"} 3.0',
        'rookery_coap_handshakes_total{transport="tcp"} 0.0',
        'rookery_coap_closed_total{reason="silent",transport="udp"} 1.0',
        "rookery_dtls_replayed_total 2.0",
        'rookery_coap_sessions{transport="tcp"} 1.0',
        'rookery_particle_total{kind="greeted"} 4.0',
    ):
        assert line in answer.text.splitlines()
    assert "online_tcp" not in answer.text, "a gauge is no counter"


async def test_boards_that_are_not_listened_for_are_not_counted(tmp_path: Path) -> None:
    async with serving(tmp_path, particle_tcp_port="off", particle_udp_port="off") as server, browser(server) as client:
        answer = await client.get("/metrics")
    assert 'transport="' not in answer.text
    assert "rookery_dtls" not in answer.text


async def test_events_streams_and_boards_by_what_they_speak(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, browser(server) as client:
        services = server.core.services
        for number, dialect in enumerate(("particle", "particle", "arduino")):
            device = await services.enrolment.enrol(f"e00fce68{number:016x}", dialect, "board")
            connect(services, device)
        assert server.particle is not None
        server.particle.streams.shown += 5
        server.particle.streams.dropped += 2
        services.events.published += 7
        services.events.delivered += 3
        server.sessions.failures += 1
        answer = await client.get("/metrics")
    for line in (
        'rookery_boards{dialect="particle"} 2.0',
        'rookery_boards{dialect="arduino"} 1.0',
        "rookery_boards_online 3.0",
        "rookery_streams 0.0",
        "rookery_stream_events_total 5.0",
        "rookery_stream_events_dropped_total 2.0",
        "rookery_events_published_total 7.0",
        "rookery_events_delivered_total 3.0",
        "rookery_coap_sessions_not_kept_total 1.0",
    ):
        assert line in answer.text.splitlines()
