"""Scripts as people write them in Python: `requests` against the Particle API, an event stream read line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.clients.particle_cloud import Cloud
from tests.clients.waiting import PATIENCE

pytestmark = [pytest.mark.clients]


@pytest.fixture
def session(cloud: Cloud) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        login = {"grant_type": "password", "username": cloud.email, "password": cloud.password}
        granted = session.post(f"{cloud.base}/oauth/token", auth=("particle", "particle"), data=login, timeout=PATIENCE)
        session.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        yield session


def test_everything_of_one_board(session: requests.Session, cloud: Cloud) -> None:
    board = cloud.claimed()
    device = f"{cloud.base}/v1/devices/{board.id}"
    assert session.get(f"{device}/sensor", timeout=PATIENCE).json()["result"] == 42
    called = session.post(f"{device}/setColor", data={"arg": "0,255,0"}, timeout=PATIENCE)
    assert called.json()["return_value"] == 1
    called = session.post(f"{device}/setColor", json={"arg": "0,0,255"}, timeout=PATIENCE)
    assert called.json()["return_value"] == 1
    assert board.calls == [("setColor", "0,255,0"), ("setColor", "0,0,255")]
    offered = session.put(device, files={"file": ("main.ino", b"void loop() {}")}, timeout=PATIENCE)
    assert (offered.status_code, offered.json()["ok"]) == (400, False)


def test_an_event_stream_line_by_line(session: requests.Session, cloud: Cloud) -> None:
    board = cloud.claimed("udp")
    with session.get(f"{cloud.base}/v1/devices/{board.id}/events/door", stream=True, timeout=PATIENCE) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        lines = stream.iter_lines(chunk_size=1, decode_unicode=True)
        assert [next(lines), next(lines)] == [":ok", ""]
        board.publish("door/front", "open")
        name, data, end = (str(next(lines)) for _ in range(3))
        event: dict[str, Any] = json.loads(data.removeprefix("data: "))
        assert (name, event["data"], event["coreid"], end) == ("event: door/front", "open", board.id, "")
