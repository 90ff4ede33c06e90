"""`particle-api-js`, unmodified, in a browser: the bundle that web pages load, on a page of another origin."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.clients.chromium import Page, browsing, require_chromium
from tests.clients.node_support import NodeEnvironment
from tests.clients.particle_cloud import Cloud, firmware
from tests.clients.waiting import eventually

pytestmark = [pytest.mark.clients, pytest.mark.node]

BUNDLE = Path("node_modules/particle-api-js/dist/particle.min.js")
PAGE = "<!doctype html><title>A page of somebody</title><script src=/particle.min.js></script>"


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a word."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def origin(node: NodeEnvironment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page lives: another port is another origin."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text(PAGE)
    (folder / "particle.min.js").write_bytes((node.folder / BUNDLE).read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(require_chromium(), tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture
def page(browser: Page, origin: str, cloud: Cloud) -> Page:
    """The page, with the client in `particle` and the owner's token in `auth`."""
    browser.open(origin)
    options = {"baseUrl": cloud.base}
    browser.run(f"particle = new Particle({json.dumps(options)}); auth = {json.dumps(cloud.token)}; 0")
    return browser


def call(page: Page, method: str, **arguments: Any) -> Any:
    """What a method of the client resolves to; when it rejects, what it rejects with."""
    # What the client rejects with holds the response itself, which is nothing for JSON.
    return page.run(
        f"particle.{method}({{auth, ...{json.dumps(arguments)}}}).then("
        "({ statusCode, body }) => [statusCode, body],"
        "({ statusCode, body: { response, ...body } }) => [statusCode, body])"
    )


def test_log_in(page: Page, cloud: Cloud) -> None:
    status, body = call(page, "login", username=cloud.email, password=cloud.password, auth=None)
    assert (status, body["token_type"], len(body["access_token"])) == (200, "bearer", 40)
    assert call(page, "listDevices", auth=body["access_token"])[0] == 200
    assert call(page, "deleteCurrentAccessToken", auth=body["access_token"]) == [200, {"ok": True}]
    assert call(page, "listDevices", auth=body["access_token"])[0] == 401
    status, body = call(page, "login", username=cloud.email, password="wrong", auth=None)
    assert (status, body["error_description"]) == (400, "User credentials are invalid")


def test_boards(page: Page, cloud: Cloud) -> None:
    board = cloud.claimed()
    cloud.wait_until_online(board)
    page.run(
        "particle.setContext('tool', { name: 'page', version: '1' }); particle.setContext('project', { name: 'p' })"
    )
    status, devices = call(page, "listDevices")
    assert (status, board.id in [one["id"] for one in devices]) == (200, True)
    status, read = call(page, "getVariable", deviceId=board.id, name="sensor")
    assert (status, read["result"]) == (200, 42)
    status, called = call(page, "callFunction", deviceId=board.id, name="setColor", argument="1,2,3")
    assert (status, called["return_value"], board.calls) == (200, 1, [("setColor", "1,2,3")])
    status, renamed = call(page, "renameDevice", deviceId=board.id, name=f"page_{board.id[-6:]}")
    assert (status, renamed["id"]) == (200, board.id)
    unknown = call(page, "getVariable", deviceId=board.id, name="nothing")
    assert unknown == [404, {"ok": False, "error": "Unknown Variable: nothing"}]
    assert call(page, "removeDevice", deviceId=board.id) == [200, {"ok": True}]
    status, gone = call(page, "getDevice", deviceId=board.id)
    assert (status, gone["error"]) == (403, "Permission Denied")


def test_a_file(page: Page, cloud: Cloud) -> None:
    board = cloud.claimed()
    image = list(firmware())
    answer = page.run(
        f"particle.flashDevice({{auth, deviceId: {json.dumps(board.id)},"
        f" files: {{'firmware.bin': new Blob([new Uint8Array({json.dumps(image)})])}}}}).then(({{ body }}) => body)"
    )
    assert answer == {"id": board.id, "status": "Update started"}


def test_an_event_stream(page: Page, cloud: Cloud) -> None:
    board = cloud.claimed()
    page.run(
        "heard = []; particle.getEventStream({ deviceId: 'mine', name: 'page/', auth })"
        ".then((opened) => { stream = opened; stream.on('event', (event) => heard.push(event)); })"
    )
    board.publish("page/one", "1")
    assert call(page, "publishEvent", name="page/two", data="2", isPrivate=True) == [200, {"ok": True}]
    one, two = eventually(lambda: page.run("heard"), lambda heard: len(heard) == 2)
    assert (one["name"], one["data"], one["coreid"]) == ("page/one", "1", board.id)
    assert (two["name"], two["data"], two["coreid"]) == ("page/two", "2", "api")
    page.run("stream.abort()")


def test_the_browsers_own_event_source(page: Page, cloud: Cloud) -> None:
    """It can send no header, so the token is in the query."""
    board = cloud.claimed()
    address = json.dumps(f"{cloud.base}/v1/devices/{board.id}/events?access_token={cloud.token}")
    page.run(
        f"seen = []; source = new EventSource({address});"
        "source.addEventListener('source/x', (event) => seen.push(JSON.parse(event.data)));"
        "new Promise((opened) => { source.onopen = () => opened(true); })"
    )
    board.publish("source/x", "zwölf")
    (event,) = eventually(lambda: page.run("seen"))
    assert (event["data"], event["coreid"]) == ("zwölf", board.id)
    page.run("source.close()")


def test_a_plain_request_of_the_page(page: Page, cloud: Cloud) -> None:
    """As pages of the tutorial do it, which know no client: a form with the token in it."""
    board = cloud.claimed()
    address = json.dumps(f"{cloud.base}/v1/devices/{board.id}/setColor")
    fields = json.dumps({"arg": "0,0,255", "access_token": cloud.token})
    answer = page.run(
        f"fetch({address}, {{ method: 'POST', body: new URLSearchParams({fields}) }}).then((answer) => answer.json())"
    )
    assert (answer["return_value"], answer["connected"]) == (1, True)
    read = json.dumps(f"{cloud.base}/v1/devices/{board.id}/label")
    headers = json.dumps({"Authorization": f"Bearer {cloud.token}"})
    answer = page.run(f"fetch({read}, {{ headers: {headers} }}).then((answer) => answer.json())")
    assert answer["result"] == '{"a":1}'


def web_client(cloud: Cloud, origin: str) -> dict[str, str]:
    """A client for pages, which sends people back to the page."""
    wanted = {"name": "A page", "type": "web", "redirect_uri": origin}
    client: dict[str, str] = cloud.call("POST", "/v1/clients", json=wanted)["client"]
    return client


def log_in_by_hand(page: Page, cloud: Cloud, client: dict[str, str], response_type: str, press: str) -> str:
    """Where the browser is after a person has filled in the server's login page and pressed that button."""
    query = {"client_id": client["id"], "redirect_uri": client["redirect_uri"]}
    page.open(f"{cloud.base}/oauth/authorize?{urlencode(query | {'response_type': response_type, 'state': 'a b'})}")
    page.run(
        f"document.getElementById('username').value = {json.dumps(cloud.email)};"
        f"document.getElementById('password').value = {json.dumps(cloud.password)};"
        f"document.querySelector({json.dumps(press)}).click()"
    )
    address: str = eventually(lambda: page.run("location.href"), lambda seen: seen.startswith(client["redirect_uri"]))
    return address


def test_a_person_lets_a_page_in_with_a_code(browser: Page, origin: str, cloud: Cloud) -> None:
    client = web_client(cloud, origin)
    query = parse_qs(urlsplit(log_in_by_hand(browser, cloud, client, "code", "button.go")).query)
    assert query["state"] == ["a b"]
    form = {"grant_type": "authorization_code", "code": query["code"][0], "redirect_uri": origin}
    form |= {"client_id": client["id"], "client_secret": client["secret"]}
    token = cloud.call("POST", "/oauth/token", token="", data=form)["access_token"]
    assert cloud.call("GET", "/v1/user", token=token)["username"] == cloud.email
    again = cloud.send("POST", "/oauth/token", token="", data=form)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant", "error_description": "Invalid code"})


def test_a_person_lets_a_page_in_at_once(browser: Page, origin: str, cloud: Cloud) -> None:
    client = web_client(cloud, origin)
    fragment = parse_qs(urlsplit(log_in_by_hand(browser, cloud, client, "token", "button.go")).fragment)
    assert cloud.call("GET", "/v1/user", token=fragment["token"][0])["username"] == cloud.email


def test_a_person_lets_a_page_not_in(browser: Page, origin: str, cloud: Cloud) -> None:
    client = web_client(cloud, origin)
    query = parse_qs(urlsplit(log_in_by_hand(browser, cloud, client, "code", "button[name=deny]")).query)
    assert query["error"] == ["access_denied"]
    assert query["error_description"] == ["The user denied access to your application"]
