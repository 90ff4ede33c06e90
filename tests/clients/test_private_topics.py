"""An API key as login of an ordinary MQTT client (the npm package `mqtt`): a private broker for its owner's topics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from rookery.testing.sandbox import ApiKey, Sandbox
from tests.clients.account import Account
from tests.clients.node_program import HOST, port_of, start_script
from tests.clients.node_support import NodeEnvironment
from tests.clients.program import Program, Refused

pytestmark = [pytest.mark.clients, pytest.mark.node]

REFUSED = 128
"""What a SUBACK says instead of a QoS [MQTT-3.9.3-2]."""


@pytest.fixture
def script(node: NodeEnvironment, sandbox: Sandbox, tmp_path: Path) -> Iterator[Program]:
    with start_script("mqtt.mjs", node, sandbox, tmp_path) as script:
        yield script


@pytest.fixture
def root() -> str:
    """A topic that no other test uses."""
    return f"home-{uuid4().hex}"


def connect(script: Program, name: str, sandbox: Sandbox, key: ApiKey | None = None, **options: Any) -> Any:
    """Connect with an API key."""
    key = key or sandbox.arduino
    url = options.pop("url", f"mqtts://{HOST}:{sandbox.mqtts.port}")
    return script.order(
        "connect", name=name, url=url, options={"username": key.client_id, "password": key.client_secret, **options}
    )


def subscribe(script: Program, name: str, topic_filter: str, qos: int = 0) -> int:
    """Subscribe; the QoS that was granted."""
    (granted,) = script.order("subscribe", name=name, filter=topic_filter, qos=qos)
    return int(granted)


def publish(script: Program, name: str, topic: str, payload: str, qos: int = 0, retain: bool = False) -> None:
    """Publish, and go through the exchange of that QoS."""
    script.order("publish", name=name, topic=topic, payload=payload, qos=qos, retain=retain)


@pytest.mark.parametrize("transport", ["tls", "websocket"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_message_goes_from_one_client_to_the_other(
    script: Program, sandbox: Sandbox, root: str, transport: str, qos: int
) -> None:
    websocket = {"url": f"wss://{HOST}:{port_of(sandbox)}/mqtt"}
    connect(script, "here", sandbox, **(websocket if transport == "websocket" else {}))
    connect(script, "there", sandbox)
    assert subscribe(script, "here", f"{root}/lamp", qos) == qos
    for number in range(20):
        publish(script, "there", f"{root}/lamp", f"{number}", qos)
    for number in range(20):
        script.wait("message", name="here", topic=f"{root}/lamp", payload=f"{number}", qos=qos, retain=False)
    assert script.taken("message") == []


def test_a_wrong_secret_is_not_authorised(script: Program, sandbox: Sandbox) -> None:
    with pytest.raises(Refused) as refused:
        connect(script, "me", sandbox, ApiKey(sandbox.arduino.client_id, "x" * 64))
    assert refused.value.details["code"] == 5


def test_wildcards(script: Program, sandbox: Sandbox, root: str) -> None:
    connect(script, "me", sandbox)
    subscribe(script, "me", f"{root}/+/state", 1)
    subscribe(script, "me", f"{root}/attic/#", 1)
    for topic in ("cellar/state", "cellar/lamp", "attic/lamp/state", "attic", "attic/state"):
        publish(script, "me", f"{root}/{topic}", topic, 1)
    publish(script, "me", f"{root}/end/state", "end", 1)
    script.wait("message", payload="end")
    seen = sorted(message["payload"] for message in script.taken("message"))
    # Two subscriptions that match the same message bring it once.
    assert seen == ["attic", "attic/lamp/state", "attic/state", "cellar/state"]


def test_a_retained_message_waits_for_who_comes_later(script: Program, sandbox: Sandbox, root: str) -> None:
    connect(script, "first", sandbox)
    publish(script, "first", f"{root}/state", "on", 1, retain=True)
    connect(script, "later", sandbox)
    subscribe(script, "later", f"{root}/#", 1)
    script.wait("message", name="later", topic=f"{root}/state", payload="on", retain=True)
    publish(script, "first", f"{root}/state", "off", 1, retain=True)
    script.wait("message", name="later", payload="off", retain=False)
    publish(script, "first", f"{root}/state", "", 1, retain=True)
    script.wait("message", name="later", payload="")
    connect(script, "last", sandbox)
    subscribe(script, "last", f"{root}/#", 1)
    publish(script, "first", f"{root}/end", "end", 1)
    script.wait("message", name="last", payload="end")
    assert [one for one in script.taken("message") if one["name"] == "last"] == []


def test_a_will_is_published_for_who_just_goes_away(script: Program, sandbox: Sandbox, root: str) -> None:
    connect(script, "watcher", sandbox)
    subscribe(script, "watcher", f"{root}/status", 1)
    will = {"topic": f"{root}/status", "payload": "gone", "qos": 1, "retain": False}
    connect(script, "polite", sandbox, will={**will, "payload": "polite"})
    script.order("end", name="polite")
    connect(script, "rude", sandbox, will=will)
    script.order("cut", name="rude")
    script.wait("message", name="watcher", topic=f"{root}/status", payload="gone", qos=1)
    assert script.taken("message") == []


@pytest.mark.parametrize("how", ["cut", "end"])
def test_a_persistent_session_keeps_what_came_meanwhile(script: Program, sandbox: Sandbox, root: str, how: str) -> None:
    kept = {"clientId": f"kept-{root}", "clean": False}
    assert connect(script, "me", sandbox, **kept) == {"returnCode": 0, "sessionPresent": False}
    subscribe(script, "me", f"{root}/#", 2)
    script.order(how, name="me")
    script.wait("closed", name="me")
    connect(script, "other", sandbox)
    for qos in (1, 2):
        publish(script, "other", f"{root}/{qos}", f"{qos}", qos)
    assert connect(script, "again", sandbox, **kept) == {"returnCode": 0, "sessionPresent": True}
    for qos in (1, 2):
        script.wait("message", name="again", topic=f"{root}/{qos}", payload=f"{qos}", qos=qos)
    # It is still subscribed.
    publish(script, "other", f"{root}/now", "now", 1)
    script.wait("message", name="again", payload="now")
    script.order("end", name="again")
    # A clean session of the same client id ends the kept one.
    assert connect(script, "clean", sandbox, **{**kept, "clean": True})["sessionPresent"] is False
    script.order("end", name="clean")
    assert connect(script, "new", sandbox, **kept)["sessionPresent"] is False


def test_another_persons_key_sees_nothing_of_it(
    script: Program, sandbox: Sandbox, stranger: Account, root: str
) -> None:
    connect(script, "me", sandbox, clientId=root)
    publish(script, "me", f"{root}/secret", "mine", 1, retain=True)
    # The same client id in another space is another client.
    connect(script, "stranger", sandbox, stranger.key, clientId=root)
    subscribe(script, "stranger", "#", 1)
    subscribe(script, "me", f"{root}/#", 1)
    script.wait("message", name="me", payload="mine", retain=True)
    publish(script, "me", f"{root}/secret", "still mine", 1)
    publish(script, "stranger", f"{root}/secret", "theirs", 1)
    script.wait("message", name="me", payload="still mine")
    script.wait("message", name="stranger", payload="theirs")
    publish(script, "me", f"{root}/end", "end", 1)
    script.wait("message", name="me", payload="end")
    assert script.taken("message") == []


def test_topics_of_devices_and_of_the_server_are_not_part_of_it(
    script: Program, sandbox: Sandbox, account: Account, root: str
) -> None:
    thing = account.new_thing()
    connect(script, "me", sandbox)
    for reserved in (f"/a/t/{thing.id}/e/o", "/a/#", "$SYS/#"):
        assert subscribe(script, "me", reserved) == REFUSED
    subscribe(script, "me", "#", 1)
    account.publish(thing, "count", 3)
    publish(script, "me", f"{root}/end", "end", 1)
    script.wait("message", payload="end")
    assert [one for one in script.taken("message") if one["topic"].startswith(("/a/", "$"))] == []
