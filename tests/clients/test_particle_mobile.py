"""The requests of the vendor's libraries for phones, as these send them (particle-rest.md §10.3), with `curl` alone.

The library for iOS takes JSON only, also for an answer of two words; for new customers it takes status 201 only.
"""

from __future__ import annotations

import re
import uuid

import pytest

from tests.clients.curl import Reply, body, form
from tests.clients.particle_cloud import fresh_email
from tests.clients.particle_scene import Scene

pytestmark = [pytest.mark.clients]

BASIC = ("--user", "particle:particle")
STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
PASSWORD = "a password of a phone"


def good(reply: Reply) -> Reply:
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json; charset=utf-8"), reply.body
    return reply


def test_sign_up_and_log_in(scene: Scene) -> None:
    for path in ("/v1/users/", "/v1/users"):
        who = {"username": fresh_email(), "password": PASSWORD}
        arguments = form(**who) if path.endswith("/") else body(who)
        assert good(scene.curl(path, *arguments)).json == {"ok": True}
        granted = good(scene.curl("/oauth/token", *BASIC, *form(grant_type="password", **who))).json
        assert granted["token_type"] == "bearer"
        assert (type(granted["access_token"]), type(granted["refresh_token"])) == (str, str)
        assert type(granted["expires_in"]) is int


def test_customers_sign_up(scene: Scene) -> None:
    path = f"/v1/products/{scene.product}/customers"
    id, secret = scene.client
    who = {"email": f"{uuid.uuid4()}@x.example", "password": "p", "grant_type": "client_credentials"}
    reply = scene.curl(path, "--user", f"{id}:{secret}", *form(**who))
    assert (reply.status, reply.json["token_type"]) == (201, "bearer")
    who["email"] = f"{uuid.uuid4()}@x.example"
    reply = scene.curl(path, *body(who | {"client_id": id, "client_secret": secret}))
    assert (reply.status, reply.json["token_type"]) == (201, "bearer")


def test_devices_and_their_dates(scene: Scene) -> None:
    scene.cloud.wait_until_online(scene.board)
    device = good(scene.curl(f"/v1/devices/{scene.board.id}", token=scene.token)).json
    assert STRICT.fullmatch(device["last_heard"])
    assert device["connected"] is True
    # A key that is there is taken for an object.
    assert "network" not in device
    (listed,) = [one for one in good(scene.curl("/v1/devices", token=scene.token)).json if one["id"] == device["id"]]
    assert (listed["functions"], listed["variables"]) == (device["functions"], device["variables"])


def test_functions_and_variables(scene: Scene) -> None:
    path = f"/v1/devices/{scene.board.id}"
    for arguments in (form(args="a,b"), body({"params": "a,b"})):
        assert good(scene.curl(f"{path}/setColor", *arguments, token=scene.token)).json["connected"] is True
        assert scene.board.calls[-1] == ("setColor", "a,b")
    assert good(scene.curl(f"{path}/flag", token=scene.token)).json["coreInfo"]["connected"] is True


def test_small_things(scene: Scene) -> None:
    path = f"/v1/devices/{scene.board.id}"
    blank = form(blank="")
    assert good(scene.curl(f"{path}/ping", "-X", "PUT", *blank, token=scene.token)).json["online"] is True
    for signal in ("1", "0"):
        shown = good(scene.curl(path, "-X", "PUT", *form(signal=signal), token=scene.token)).json
        assert shown["signaling"] is (signal == "1")
    event = form(name="phone", data="x", private="true", ttl="60")
    assert good(scene.curl("/v1/devices/events", *event, token=scene.token)).json == {"ok": True}
    for arguments in (("-X", "POST"), tuple(blank)):
        claim = good(scene.curl("/v1/device_claims", *arguments, token=scene.token)).json
        assert len(claim["claim_code"]) == 63
    assert good(scene.curl("/v1/networks/", token=scene.token)).json == []
    assert good(scene.curl("/v1/pricing-impact?action=add-device-to-user", token=scene.token)).json["allowed"] is True
    assert scene.curl("/v1/card", token=scene.token).status == 404
    assert scene.curl("/v1/system_firmware/upgrade?platform_id=6", token=scene.token).status == 204


def test_an_event_stream_with_the_token_in_the_query(scene: Scene) -> None:
    with scene.curl.listening(f"/v1/devices/events/phone?access_token={scene.token}") as heard:
        scene.board.publish("phone/1", "x")
        assert STRICT.fullmatch(heard.event("phone/1")["published_at"])
