"""Dashboards with `@arduino/arduino-iot-client` for JavaScript, unmodified, and with version 3 of the API beside it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rookery.testing import Sandbox
from tests.clients.account import Account
from tests.clients.dashboards import VARIABLES, sent, widgets_for
from tests.clients.node_program import start_script
from tests.clients.node_support import NodeEnvironment
from tests.clients.program import Program, Refused
from tests.clients.test_js_application import log_in

pytestmark = [pytest.mark.clients, pytest.mark.node]


@pytest.fixture
def script(node: NodeEnvironment, sandbox: Sandbox, tmp_path: Path) -> Iterator[Program]:
    with start_script("arduino-iot-client.mjs", node, sandbox, tmp_path) as script:
        log_in(script, sandbox)
        yield script


def test_every_kind_of_widget_goes_there_and_back(script: Program, account: Account) -> None:
    def call(operation: str, *args: Any) -> Any:
        return script.order("call", api="DashboardsV2Api", operation=f"dashboardsV2{operation}", args=args)

    thing = account.new_thing("js house", variables=VARIABLES)
    account.publish(thing, "lamp", {"swi": True, "hue": 10.5, "sat": 20.0, "bri": 30.0})
    widgets = widgets_for(thing)
    made = call("Create", {"name": "JS wall", "cover_image": "a key", "widgets": widgets})
    assert (made["name"], made["cover_image"]) == ("JS wall", "a key")
    assert [sent(one) for one in made["widgets"]] == widgets
    assert made["updated_at"].endswith("Z")
    assert call("Show", made["id"]) == made
    assert made in call("List", {"name": "JS wall"})
    (variable,) = next(one for one in made["widgets"] if one["type"] == "Colored Light")["variables"]
    assert variable["last_value"] == {"swi": True, "hue": 10.5, "sat": 20.0, "bri": 30.0}
    newer = account.call("GET", f"/iot/v3/dashboards/{made['id']}")
    assert [sent(one) for one in newer["widgets"]] == [one | {"page_id": "0"} for one in widgets]

    pages = [{"id": str(uuid.uuid4()), "name": "Second", "position": 1, "icon": "leaf"}]
    paged = [one | {"page_id": pages[0]["id"]} for one in widgets]
    account.call("PUT", f"/iot/v3/dashboards/{made['id']}", {"name": "Paged", "pages": pages, "widgets": paged})
    again = call("Update", made["id"], {"name": "JS again", "widgets": widgets[::-1]})
    assert [sent(one) for one in again["widgets"]] == widgets[::-1]
    assert call("Patch", made["id"], {"name": "JS patched"})["widgets"] == again["widgets"]
    newer = account.call("GET", f"/iot/v3/dashboards/{made['id']}")
    assert newer["pages"] == pages
    assert [sent(one) for one in newer["widgets"]] == paged[::-1]

    assert call("Delete", made["id"]) is None
    with pytest.raises(Refused) as gone:
        call("Show", made["id"])
    assert gone.value.details["status"] == 404
    assert call("Patch", made["id"], {"soft_deleted": False})["name"] == "JS patched"
    assert call("Delete", made["id"], {"force": True}) is None
    assert made["id"] not in [one["id"] for one in call("List")]


def test_linking_copying_exporting_and_sharing(script: Program, account: Account, stranger: Account) -> None:
    def call(operation: str, *args: Any) -> Any:
        return script.order("call", api="DashboardsV2Api", operation=f"dashboardsV2{operation}", args=args)

    old, new = [account.new_thing(name, variables=VARIABLES) for name in ("js old", "js new")]
    made = call("Create", {"name": "JS source", "widgets": widgets_for(old)})
    copy = call("Clone", made["id"], {"overrides": [{"old_thing_id": old.id, "new_thing_id": new.id}]})
    assert {variable["thing_id"] for one in copy["widgets"] for variable in one["variables"]} == {new.id}
    first = copy["widgets"][0]["id"]
    linked = call("Link", copy["id"], first, {"variables": [new.properties["flag"]]})
    assert linked == {"variables": [new.properties["flag"]]}
    template = call("Template", made["id"])
    named = {variable["thing_id"] for one in template["widgets"] for variable in one["variables"]}
    assert named == {f"js-old-{old.id[-5:]}"}

    stranger_id = stranger.call("GET", "/iot/v1/users/byEmail/stranger@rookery.local")["id"]
    assert stranger.call("PUT", f"/iot/v2/dashboards/{made['id']}/share_request", {"message": "Please"}) is None
    assert call("Share", made["id"], {"users": [{"user_id": stranger_id}]}) is None
    assert call("ListShares", made["id"]) == [{"user_id": stranger_id, "username": "stranger@rookery.local"}]
    assert stranger.call("GET", f"/iot/v3/dashboards/{made['id']}")["shared_by"] == made["created_by"]
    assert call("DeleteShare", made["id"], stranger_id) is None
    assert call("ListShares", made["id"]) == []
