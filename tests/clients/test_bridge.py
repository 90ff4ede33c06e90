"""Each vendor's client with the other vendor's board: nothing of either knows that this is possible."""

from __future__ import annotations

from pathlib import Path

import pytest

from rookery.testing import Sandbox
from tests.clients.account import Account
from tests.clients.boards import begin, start_board, variables, verified
from tests.clients.particle_cloud import Cloud
from tests.clients.particle_js import Js
from tests.clients.waiting import eventually

pytestmark = [pytest.mark.clients, pytest.mark.node]


def test_an_arduino_board_and_particle_api_js(sandbox: Sandbox, account: Account, js: Js, tmp_path: Path) -> None:
    device = account.new_device("bridge_board")
    thing = account.new_thing("bridge", device)
    with start_board(
        sandbox.mqtts,
        device,
        variables({"ratio": 20.25, "label": "alone"}),
        tmp_path,
        sync=False,
        tls=verified(sandbox),
    ) as board:
        begin(board, thing, {"ratio": 20.25})
        account.wait_for_value(thing, "ratio", 20.25)
        shown = js("getDevice", deviceId="bridge_board").body
        assert (shown["online"], shown["variables"]["ratio"], shown["variables"]["label"]) == (True, "double", "string")
        assert "ratio" in shown["functions"]
        assert shown["id"] in [one["id"] for one in js("listDevices").body]
        assert js("getVariable", deviceId=shown["id"], name="ratio").body["result"] == 20.25
        assert js.refused("getVariable", deviceId=shown["id"], name="nothing").status == 404

        js.stream("board", deviceId=shown["id"])
        board.order("set", values={"ratio": 21.5})
        event = js.heard("board", "ratio")
        assert (event["data"], event["coreid"]) == ("21.5", shown["id"])
        js.abort("board")

        called = js("callFunction", deviceId=shown["id"], name="ratio", argument="22.75").body
        assert (called["connected"], type(called["return_value"])) == (True, int)
        board.wait("written", name="ratio", value=22.75)
        account.wait_for_value(thing, "ratio", 22.75)


def test_a_particle_board_and_the_arduino_api(cloud: Cloud, account: Account) -> None:
    board = cloud.claimed()
    name = cloud.call("GET", f"/v1/devices/{board.id}")["name"]
    (device,) = [one for one in account.call("GET", "/iot/v2/devices") if one["name"] == name]
    wanted = {"name": "of the other kind", "device_id": device["id"]}
    thing = account.call("PUT", "/iot/v2/things", wanted)
    made = {"name": "temperature", "type": "FLOAT", "permission": "READ_ONLY", "update_strategy": "ON_CHANGE"}
    prop = account.call("PUT", f"/iot/v2/things/{thing['id']}/properties", made)

    def value() -> object:
        path = f"/iot/v2/things/{thing['id']}/properties/{prop['id']}"
        return account.call("GET", path)["last_value"]

    for reading in ("20.5", "21.25"):
        board.publish("temperature", reading)
        eventually(value, lambda seen, wanted=float(reading): seen == wanted)
    request = {"q": f"property.{prop['id']}", "sort": "ASC"}
    answer = account.call("POST", "/iot/v2/series/batch_query_raw", {"requests": [request], "resp_version": 1})
    assert answer["responses"][0]["values"] == [20.5, 21.25]
