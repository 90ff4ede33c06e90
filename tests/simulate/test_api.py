"""The small REST client, against a server that answers from a script."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rookery.simulate.api import Api, ApiKey, ApiRefused, ApiUnreachable

TOKEN: tuple[int, Any, dict[str, str]] = (200, {"access_token": "t0ken", "expires_in": 300}, {})
KEY = ApiKey("id", "s&cret")


class Script:
    """Answers in order; remembers what was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any, dict[str, str]]] = []
        self.asked: list[tuple[str, str, str, str]] = []
        self.connections = 0
        self.url = ""


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            script.connections += 1

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            script.asked.append((self.command, self.path, self.headers.get("Authorization") or "", body))
            status, content, headers = script.answers.pop(0)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            # Close without having said so, as a server does that shuts an idle connection.
            self.close_connection = "X-Close" in headers

        do_GET = do_PUT = do_POST = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield script
    server.shutdown()
    thread.join()
    server.server_close()


async def test_one_token_and_one_connection_serve_many_requests(script: Script) -> None:
    script.answers = [TOKEN, (200, [1], {}), (200, {"a": 2}, {})]
    api = Api(script.url, KEY)
    assert await api.call("GET", "/iot/v2/devices") == [1]
    assert await api.call("PUT", "/iot/v2/things", {"name": "x"}) == {"a": 2}
    await api.close()
    form = (
        "grant_type=client_credentials&client_id=id&client_secret=s%26cret&audience=https%3A%2F%2Fapi2.arduino.cc%2Fiot"
    )
    assert script.asked == [
        ("POST", "/iot/v1/clients/token", "", form),
        ("GET", "/iot/v2/devices", "Bearer t0ken", ""),
        ("PUT", "/iot/v2/things", "Bearer t0ken", '{"name": "x"}'),
    ]
    assert script.connections == 1


async def test_an_old_token_is_renewed(script: Script) -> None:
    script.answers = [(200, {"access_token": "old", "expires_in": 30}, {}), (200, 1, {}), TOKEN, (200, 2, {})]
    api = Api(script.url, KEY)
    assert [await api.call("GET", "/x"), await api.call("GET", "/x")] == [1, 2]
    await api.close()
    assert [each[2] for each in script.asked] == ["", "Bearer old", "", "Bearer t0ken"]


async def test_a_connection_that_was_closed_while_idle_is_opened_again(script: Script) -> None:
    script.answers = [TOKEN, (200, 1, {"X-Close": "1"}), (200, 2, {})]
    api = Api(script.url, KEY)
    assert [await api.call("GET", "/x"), await api.call("GET", "/x")] == [1, 2]
    await api.close()
    assert script.connections == 2


async def test_too_many_requests_are_slowed_down(script: Script) -> None:
    pauses: list[float] = []
    script.answers = [TOKEN, (429, {}, {"Retry-After": "3"}), (429, {}, {}), (200, 1, {})]
    api = Api(script.url, KEY, pause=pauses.append)
    assert await api.call("GET", "/x") == 1
    await api.close()
    assert pauses == [3.0, 1.0]


async def test_a_server_that_goes_on_refusing_is_given_up(script: Script) -> None:
    pauses: list[float] = []
    script.answers = [TOKEN] + [(429, {"detail": "slow down"}, {"Retry-After": "900"})] * 6
    api = Api(script.url, KEY, pause=pauses.append)
    with pytest.raises(ApiRefused, match="429 slow down"):
        await api.call("GET", "/x")
    await api.close()
    assert pauses == [30.0] * 5


REFUSALS = {
    "the token": ([(401, {"detail": "The client secret is wrong."}, {})], 401, "401 The client secret is wrong."),
    "the request": ([TOKEN, (400, {"detail": "no\x1bname"}, {})], 400, "GET /x: 400 noname"),
    "not in JSON": ([TOKEN, (502, b"<html>", {})], 502, "GET /x: 502"),
    "a list": ([TOKEN, (500, [], {})], 500, "GET /x: 500"),
}


@pytest.mark.parametrize(("answers", "status", "text"), REFUSALS.values(), ids=REFUSALS)
async def test_refusals_are_told_in_the_servers_words(script: Script, answers: Any, status: int, text: str) -> None:
    script.answers = list(answers)
    api = Api(script.url, KEY)
    with pytest.raises(ApiRefused) as refused:
        await api.call("GET", "/x")
    await api.close()
    assert refused.value.status == status
    assert str(refused.value).endswith(text)


@pytest.mark.parametrize("answers", [[(200, b"<html>", {})], [(200, {"token": 1}, {})], [TOKEN, (200, b"hello", {})]])
async def test_what_is_not_the_api_is_recognised(script: Script, answers: Any) -> None:
    script.answers = list(answers)
    api = Api(script.url, KEY)
    with pytest.raises(ApiUnreachable, match="is not Rookery"):
        await api.call("GET", "/x")
    await api.close()


async def test_nobody_there(script: Script, unused_tcp_port: int) -> None:
    api = Api(f"http://127.0.0.1:{unused_tcp_port}", KEY)
    with pytest.raises(ApiUnreachable, match=f"http://127.0.0.1:{unused_tcp_port} does not answer"):
        await api.call("GET", "/x")


@pytest.mark.parametrize("url", ["ftp://example.org", "http://", "https:///x"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="not the address of an HTTP server"):
        Api(url, KEY)
