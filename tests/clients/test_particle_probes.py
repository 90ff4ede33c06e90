"""The quick conformance probes of particle-rest.md §12.2, and what its §1 promises to every request, by `curl`."""

from __future__ import annotations

import time

import pytest

from tests.clients.curl import body, form
from tests.clients.particle_scene import Scene

pytestmark = [pytest.mark.clients]

PUBLIC_CLIENTS = ("particle", "particle-api", "particle-cli", "spark", "spark-ide")


def test_without_a_token(scene: Scene) -> None:
    for path in ("/v1/devices", "/v1/devices/", "/v1/user", "/v1/products", "/v1/devices/events", "/v1/orgs"):
        reply = scene.curl(path)
        assert (reply.status, reply.json["error"]) == (400, "invalid_request"), path
        assert reply.headers["access-control-allow-origin"] == "*"


def test_with_a_strange_token(scene: Scene) -> None:
    reply = scene.curl("/v1/devices", token="x")
    words = b'{"error":"invalid_token","error_description":"The access token provided is invalid."}'
    assert (reply.status, reply.body) == (401, words)
    assert reply.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("client", PUBLIC_CLIENTS)
def test_clients_that_everybody_knows(scene: Scene, client: str) -> None:
    login = form(grant_type="password", username=scene.cloud.email, password=scene.cloud.password)
    for how in (["--user", f"{client}:{client}"], form(client_id=client, client_secret=client)):
        reply = scene.curl("/oauth/token", *how, *login)
        assert (reply.status, reply.json["token_type"]) == (200, "bearer")
        assert (reply.headers["cache-control"], reply.headers["pragma"]) == ("no-store", "no-cache")
    wrong = scene.curl("/oauth/token", "--user", f"{client}:wrong", *login)
    words = b'{"error":"invalid_client","error_description":"Client credentials are invalid"}'
    assert (wrong.status, wrong.body) == (400, words)


def test_a_refresh_token_is_good_for_another_pair(scene: Scene) -> None:
    login = form(grant_type="password", username=scene.cloud.email, password=scene.cloud.password)
    basic = ("--user", "particle:particle")
    first = scene.curl("/oauth/token", *basic, *login).json
    again = form(grant_type="refresh_token", refresh_token=first["refresh_token"])
    second = scene.curl("/oauth/token", *basic, *again)
    assert second.status == 200
    assert second.json["refresh_token"] != first["refresh_token"]
    assert scene.curl("/v1/user", token=second.json["access_token"]).status == 200
    strange = scene.curl("/oauth/token", *basic, *form(grant_type="refresh_token", refresh_token="f" * 40))
    assert (strange.status, strange.json["error"]) == (400, "invalid_grant")


def test_the_token_endpoint_takes_forms_only(scene: Scene) -> None:
    words = b'{"error":"invalid_request","error_description":'
    words += b'"Method must be POST with application/x-www-form-urlencoded encoding"}'
    for arguments in (body({"grant_type": "password"}), []):
        reply = scene.curl("/oauth/token", *arguments)
        assert (reply.status, reply.body) == (400, words)


def test_a_token_in_the_query(scene: Scene) -> None:
    path = f"/v1/devices/{scene.board.id}/sensor?access_token={scene.token}"
    assert scene.curl(path).status == 200
    refused = scene.curl(path, "-X", "POST")
    assert (refused.status, refused.json["error"]) == (400, "invalid_request")


def test_a_form_with_a_token(scene: Scene) -> None:
    fields = ("-d", "arg=1", "-d", f"access_token={scene.token}")
    assert scene.curl(f"/v1/devices/{scene.board.id}/setColor", *fields).json["return_value"] == 1


def test_a_stream_says_something_at_once_and_again_in_silence(scene: Scene) -> None:
    begun = time.monotonic()
    with scene.curl.listening("/v1/devices/events/nobody-says-this", token=scene.token) as heard:
        # Nothing but line ends, each after 9 s of silence. How punctual they are is for a test with a clock of its own.
        said = heard.until(b":ok\n\n\n")
        assert said.removeprefix(b":ok\n\n").strip(b"\n") == b""
        assert time.monotonic() - begun >= 9


def test_all_events_of_the_world(scene: Scene) -> None:
    reply = scene.curl("/v1/events", token=scene.token)
    assert (reply.status, reply.body) == (400, b'{"ok":false,"error":"event prefix filter is required"}')


def test_tokens_of_the_wrong_kind(scene: Scene) -> None:
    assert scene.curl(f"/v1/products/{scene.product}/devices", token=scene.customer).status == 403
    assert scene.curl("/v1/devices", token=scene.bearer).status == 403
    made = scene.cloud.call(
        "POST", f"/v1/products/{scene.product}/team", json={"friendly_name": "ci", "scopes": ["devices:list"]}
    )
    program = made["created"]["tokens"][0]["token"]
    assert scene.curl(f"/v1/products/{scene.product}/devices", token=program).status == 200
    refused = scene.curl(f"/v1/products/{scene.product}/team", token=program)
    assert refused.status in (400, 403)
    words = b'{"error":"unauthorized","error_description":"API users are not allowed to call this endpoint"}'
    for path in ("/v1/devices", "/v1/user", f"/v1/devices/{scene.board.id}/sensor"):
        reply = scene.curl(path, token=program)
        assert (reply.status, reply.body) == (400, words), path


def test_a_browser_asks_first(scene: Scene) -> None:
    for path in ("/v1/devices", "/oauth/token", f"/v1/products/{scene.product}/events", "/v1/whatever"):
        reply = scene.curl(
            path,
            *("-X", "OPTIONS", "-H", "Origin: http://page.example"),
            *("-H", "Access-Control-Request-Method: PUT", "-H", "Access-Control-Request-Headers: x-particle-tool"),
        )
        assert reply.status in (200, 204)
        assert reply.headers["access-control-allow-origin"] == "*"
        methods = set(reply.headers["access-control-allow-methods"].replace(" ", "").split(","))
        assert {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} <= methods
        allowed = set(reply.headers["access-control-allow-headers"].lower().replace(" ", "").split(","))
        assert {"authorization", "content-type", "x-particle-tool", "x-particle-project", "user-agent"} <= allowed
        assert int(reply.headers["access-control-max-age"]) >= 600


def test_an_unknown_path_is_refused_in_json(scene: Scene) -> None:
    reply = scene.curl("/v1/no/such/thing", token=scene.token)
    assert (reply.status, reply.body) == (404, b'{"ok":false,"error":"Not found"}')
    assert reply.headers["x-request-id"]


def test_slashes_at_the_end(scene: Scene) -> None:
    device = f"/v1/devices/{scene.board.id}"
    for path in ("/v1/user/", f"{device}/", f"{device}/sensor/", f"/v1/products/{scene.product}/devices/"):
        assert scene.curl(path, token=scene.token).status == 200, path
    assert scene.curl(f"{device}/setColor/", *form(arg=""), token=scene.token).json["return_value"] == 1
    assert scene.curl(f"{device}/ping/", "-X", "PUT", token=scene.token).json["ok"] is True
