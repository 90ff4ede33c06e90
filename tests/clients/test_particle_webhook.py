"""A webhook from its making with `particle-api-js` to the answer that its board hears; the other server is ours."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from tests.clients.particle_cloud import Cloud
from tests.clients.particle_js import Js
from tests.clients.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.clients, pytest.mark.node]


class Came(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Other:
    """The other server: it keeps what comes, and answers with a greeting to whoever is named in a JSON body."""

    def __init__(self, server: ThreadingHTTPServer, came: queue.Queue[Came]) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self._came = came

    def next(self) -> Came:
        """The next request."""
        return self._came.get(timeout=PATIENCE)


@pytest.fixture
def other() -> Iterator[Other]:
    came: queue.Queue[Came] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.put(Came(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            answer = json.dumps({"say": {"to": "you"}}).encode()
            self.send_response(404 if "missing" in self.path else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_PUT = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Other(server, came)
    server.shutdown()
    thread.join()
    server.server_close()


def test_from_the_board_and_back(js: Js, cloud: Cloud, other: Other) -> None:
    board = cloud.claimed()
    hook = {
        "method": "PUT",
        "headers": {"X-Board": "{{{PARTICLE_DEVICE_ID}}}"},
        "auth": {"username": "u", "password": "p"},
        "json": {"name": "{{{PARTICLE_EVENT_NAME}}}", "warm": "{{{t}}}"},
        "responseTemplate": "hello {{say.to}}",
        "responseEvent": "fleet/answer",
    }
    made = js("createWebhook", event="weather", url=f"{other.url}/in/{{{{{{room}}}}}}", hook=hook, noDefaults=True).body
    js.stream("mine", deviceId="mine")
    board.publish("weather/now", '{"t":21.5,"room":"hall"}')
    came = other.next()
    assert (came.method, came.path, came.headers["x-board"]) == ("PUT", "/in/hall", board.id)
    assert came.headers["authorization"] == "Basic dTpw"
    assert came.headers["content-type"].startswith("application/json")
    assert json.loads(came.body) == {"name": "weather/now", "warm": "21.5"}
    assert js.heard("mine", "hook-sent/weather/now")["coreid"] == "particle-internal"
    seen = js.heard("mine", "fleet/answer/0")
    assert (seen["data"], seen["coreid"]) == ("hello you", "particle-internal")
    eventually(lambda: ("fleet/answer/0", "hello you") in board.heard)
    js.abort("mine")
    assert js("deleteWebhook", hookId=made["id"]).status == 204


def test_what_is_sent_unless_something_is_said(js: Js, cloud: Cloud, other: Other) -> None:
    board = cloud.claimed("udp")
    made = js("createWebhook", event="door", url=f"{other.url}/door").body
    board.publish("door", "open & shut")
    came = other.next()
    assert came.headers["content-type"] == "application/x-www-form-urlencoded"
    fields = came.body.decode().split("&")
    assert {"event=door", f"coreid={board.id}"} <= set(fields)
    assert [one for one in fields if one.startswith("data=")] in (["data=open+%26+shut"], ["data=open%20%26%20shut"])
    assert [one.partition("=")[0] for one in fields if one.startswith("published_at=")] == ["published_at"]
    js("deleteWebhook", hookId=made["id"])


def test_what_the_other_server_refuses(js: Js, cloud: Cloud, other: Other) -> None:
    board = cloud.claimed()
    js.stream("mine", deviceId="mine", name="hook-error/")
    made = js("createWebhook", event="lost", url=f"{other.url}/missing").body
    board.publish("lost", "x")
    assert js.heard("mine", "hook-error/lost/0")["data"] == "error status 404 from 127.0.0.1"
    js.abort("mine")
    js("deleteWebhook", hookId=made["id"])
