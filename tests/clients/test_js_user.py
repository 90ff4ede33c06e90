"""`arduino-iot-js` for people's programs, unmodified: live values over MQTT, WebSocket and TLS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.testing import Sandbox
from tests.clients.account import VARIABLES, Account, Thing
from tests.clients.node_program import HOST, port_of, start_script
from tests.clients.node_support import NodeEnvironment
from tests.clients.program import Program, Refused

pytestmark = [pytest.mark.clients, pytest.mark.node]

VALUES: dict[str, Any] = {
    "count": -3,
    "ratio": 21.5,
    "flag": True,
    "label": "two words, ü and 🐦",
    "lamp": {"swi": True, "hue": 120, "sat": 50.5, "bri": 75},
    "place": {"lat": 45.5, "lon": 9.25},
}
FALSY: dict[str, Any] = {
    "count": 0,
    "ratio": 0.0,
    "flag": False,
    "label": "",
    "lamp": {"swi": False, "hue": 0, "sat": 0, "bri": 100},
    "place": {"lat": 0, "lon": 9},
}
"""What this version of the client sends as records without a value."""


@pytest.fixture
def script(node: NodeEnvironment, sandbox: Sandbox, tmp_path: Path) -> Iterator[Program]:
    with start_script("arduino-iot-js.mjs", node, sandbox, tmp_path) as script:
        yield script


def server(sandbox: Sandbox) -> dict[str, Any]:
    """Where the client is pointed to: it makes `wss://wss.localhost:PORT/mqtt` of it."""
    return {"host": HOST, "port": port_of(sandbox)}


def with_key(sandbox: Sandbox) -> dict[str, Any]:
    """Options of a client that fetches its token itself."""
    return {
        **server(sandbox),
        "clientId": sandbox.arduino.client_id,
        "clientSecret": sandbox.arduino.client_secret,
        "apiUrl": f"https://{HOST}:{port_of(sandbox)}/iot/v1/clients/token",
    }


def watch(script: Program, session: str, thing: Thing) -> None:
    """Watch all variables, and return when the subscription holds.

    The client does not say when that is; but it sends in order, so what the session itself sends afterwards comes back.
    """
    for name, _ in VARIABLES:
        script.order("watch", session=session, thing=thing.id, name=name)
    beginning = f"{session} is watching"
    script.order("send", session=session, thing=thing.id, name="label", value=beginning)
    script.wait("value", session=session, name="label", value=beginning)


def test_it_sees_what_a_board_and_what_a_script_send(script: Program, sandbox: Sandbox, account: Account) -> None:
    device = account.new_device()
    thing = account.new_thing("watched", device)
    script.order("connect", session="me", options=with_key(sandbox))
    watch(script, "me", thing)
    for values in (VALUES, FALSY):
        for name, value in values.items():
            path = f"/iot/v2/things/{thing.id}/properties/{thing.properties[name]}/publish"
            account.call("PUT", path, {"value": value, "device_id": device.id})
            script.wait("value", session="me", name=name, value=value)
    for name, value in VALUES.items():
        account.publish(thing, name, value)
        script.wait("value", session="me", name=name, value=value)


@pytest.mark.parametrize("values", [VALUES, FALSY], ids=["plain", "falsy"])
def test_what_it_sends_is_stored_and_seen_by_the_other_sessions_of_its_user(
    script: Program, sandbox: Sandbox, account: Account, values: dict[str, Any]
) -> None:
    """All sessions of a user have the same MQTT client id and must not end each other."""
    thing = account.new_thing("written")
    for session in ("first", "second"):
        script.order("connect", session=session, options=with_key(sandbox))
    for session in ("first", "second"):
        watch(script, session, thing)
    for name, value in values.items():
        script.order("send", session="first", thing=thing.id, name=name, value=value)
        for session in ("first", "second"):
            script.wait("value", session=session, name=name, value=value)
        account.wait_for_value(thing, name, value)
    script.order("disconnect", session="first")
    script.order("send", session="second", thing=thing.id, name="count", value=99)
    script.wait("value", session="second", name="count", value=99)


def test_a_token_will_do_as_well(script: Program, sandbox: Sandbox, account: Account) -> None:
    thing = account.new_thing("watched")
    script.order("connect", session="me", options={**server(sandbox), "token": account.token})
    watch(script, "me", thing)


def test_things_of_others_are_not_shown(script: Program, sandbox: Sandbox, account: Account, stranger: Account) -> None:
    theirs = stranger.new_thing("private")
    mine = account.new_thing("mine")
    script.order("connect", session="me", options=with_key(sandbox))
    script.order("watch", session="me", thing=theirs.id, name="count")
    script.order("send", session="me", thing=theirs.id, name="count", value=5)
    watch(script, "me", mine)
    stranger.publish(theirs, "count", 6)
    account.publish(mine, "count", 7)
    script.wait("value", session="me", name="count", value=7)
    assert script.taken("value") == []
    assert stranger.history(theirs, "count") == [6]


def spoiled(token: str) -> str:
    """The same token with another signature."""
    head, body, signature = token.split(".")
    return ".".join((head, body, signature[::-1]))


def expired(token: str, sandbox: Sandbox) -> str:
    """The same token, signed by the same server, of an hour ago."""
    claims = jwt.decode(token, options={"verify_signature": False})
    header = jwt.get_unverified_header(token)
    key = serialization.load_pem_private_key((sandbox.data_dir / "keys" / "token.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    claims |= {"iat": int(time.time()) - 3600, "exp": int(time.time()) - 3300}
    return jwt.encode(claims, key, algorithm="ES256", headers=header)


def test_wrong_tokens_are_refused(script: Program, sandbox: Sandbox, account: Account) -> None:
    for wrong in (spoiled(account.token), expired(account.token, sandbox)):
        with pytest.raises(Refused, match="not connected"):
            script.order("connect", session="me", options={**server(sandbox), "token": wrong})


def test_a_wrong_api_key_is_refused(script: Program, sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="unauthorized"):
        script.order("connect", session="me", options={**with_key(sandbox), "clientSecret": "x" * 64})
