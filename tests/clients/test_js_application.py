"""`@arduino/arduino-iot-client` for JavaScript, unmodified, as its README shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rookery.testing import Sandbox
from tests.clients.node_program import HOST, port_of, start_script
from tests.clients.node_support import NodeEnvironment
from tests.clients.program import Program, Refused

pytestmark = [pytest.mark.clients, pytest.mark.node]


@pytest.fixture
def script(node: NodeEnvironment, sandbox: Sandbox, tmp_path: Path) -> Iterator[Program]:
    with start_script("arduino-iot-client.mjs", node, sandbox, tmp_path) as script:
        yield script


def base(sandbox: Sandbox) -> str:
    """The server, by name."""
    return f"https://{HOST}:{port_of(sandbox)}"


def log_in(script: Program, sandbox: Sandbox) -> None:
    """Fetch a token and use it."""
    token = script.order(
        "token",
        url=f"{base(sandbox)}/iot/v1/clients/token",
        id=sandbox.arduino.client_id,
        secret=sandbox.arduino.client_secret,
    )
    script.order("use", base=base(sandbox), token=token)


def test_from_the_token_to_the_end_of_a_thing(script: Program, sandbox: Sandbox) -> None:
    log_in(script, sandbox)

    def call(api: str, operation: str, *args: Any) -> Any:
        return script.order("call", api=api, operation=operation, args=args)

    device = call("DevicesV2Api", "devicesV2Create", {"name": "js board", "type": "login_and_secretkey_wifi"})
    assert device["id"] in [one["id"] for one in call("DevicesV2Api", "devicesV2List")]
    given = call("DevicesV2PassApi", "devicesV2PassSet", device["id"], {"password": "a-secret-of-ours"})
    assert (given["set"], given["suggested_password"]) == (True, "a-secret-of-ours")

    thing = call("ThingsV2Api", "thingsV2Create", {"name": "js thing", "device_id": device["id"]})
    prop = call(
        "PropertiesV2Api",
        "propertiesV2Create",
        thing["id"],
        {"name": "level", "type": "FLOAT", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"},
    )
    assert call("PropertiesV2Api", "propertiesV2Publish", thing["id"], prop["id"], {"value": 12.5}) is None
    (read,) = call("PropertiesV2Api", "propertiesV2List", thing["id"], {"showDeleted": False})
    assert (read["id"], read["name"], read["last_value"]) == (prop["id"], "level", 12.5)
    assert read["value_updated_at"].endswith("Z")

    (listed,) = call("ThingsV2Api", "thingsV2List", {"deviceId": device["id"], "showProperties": True})
    assert (listed["id"], listed["device_id"]) == (thing["id"], device["id"])
    assert [one["id"] for one in listed["properties"]] == [prop["id"]]

    series = call(
        "SeriesV2Api",
        "seriesV2BatchQueryRaw",
        {"requests": [{"q": f"property.{prop['id']}", "sort": "ASC"}], "resp_version": 1},
    )
    assert series["responses"][0]["values"] == [12.5]

    assert call("ThingsV2Api", "thingsV2Delete", thing["id"], {"force": True}) is None
    with pytest.raises(Refused) as gone:
        call("ThingsV2Api", "thingsV2Show", thing["id"])
    assert gone.value.details["status"] == 404
    assert call("DevicesV2Api", "devicesV2Delete", device["id"]) is None
    assert device["id"] not in [one["id"] for one in call("DevicesV2Api", "devicesV2List")]


def test_wrong_credentials(script: Program, sandbox: Sandbox) -> None:
    with pytest.raises(Refused) as refused:
        script.order(
            "token", url=f"{base(sandbox)}/iot/v1/clients/token", id=sandbox.arduino.client_id, secret="x" * 64
        )
    assert refused.value.details["status"] == 401
    script.order("use", base=base(sandbox), token="garbage")
    with pytest.raises(Refused) as unauthorized:
        script.order("call", api="DevicesV2Api", operation="devicesV2List", args=[])
    assert unauthorized.value.details["status"] == 401
    assert unauthorized.value.details["body"]["code"] == "unauthorized"
