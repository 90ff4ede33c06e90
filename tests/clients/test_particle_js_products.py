"""`particle-api-js`, unmodified, in Node.js: products with their boards, teams, clients and customers, and webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.particle_cloud import Cloud, fresh_email, fresh_id
from tests.clients.particle_js import Js, buffer
from tests.clients.test_particle_js import check_oauth_clients
from tests.clients.waiting import eventually

pytestmark = [pytest.mark.clients, pytest.mark.node]


@pytest.fixture
def product(cloud: Cloud) -> int:
    """The number of a new product. The client itself has no method to make one."""
    return cloud.product()


def test_products(js: Js, product: int) -> None:
    found = js("getProduct", product=product).body["product"]
    assert (found["id"], found["platform_id"]) == (product, 6)
    assert js("getProduct", product=found["slug"]).body["product"] == found
    assert product in [one["id"] for one in js("listProducts").body["products"]]
    assert js.refused("getProduct", product=987_654) == (404, {"ok": False, "error": "Product not found."})


def test_boards_of_a_product(js: Js, cloud: Cloud, product: int) -> None:
    first, second, third = cloud.board(), cloud.board(), fresh_id()
    status, added = js("addDeviceToProduct", deviceId=first.id, product=product)
    assert (status, added["updated"], added["updatedDeviceIds"]) == (200, 1, [first.id])
    file = buffer(f"Device ID\n{second.id}\n{third}\nnonsense\n\n".encode())
    imported = js("addDeviceToProduct", file=file, product=product).body
    assert imported["updatedDeviceIds"] == [second.id, third]
    assert imported["invalidDeviceIds"] == ["nonsense"]
    assert js("addDeviceToProduct", deviceId=first.id, product=product).body["existingDeviceIds"] == [first.id]

    page = js("listDevices", product=product).body
    assert {one["id"] for one in page["devices"]} == {first.id, second.id, third}
    assert page["meta"]["total_pages"] == 1
    assert page["customers"] == []
    by_id = js("listDevices", product=product, sortAttr="deviceId", sortDir="desc", perPage=2, page=2).body
    assert [one["id"] for one in by_id["devices"]] == [min(first.id, second.id, third)]
    assert by_id["meta"]["total_pages"] == 2
    js("renameDevice", deviceId=first.id, name=f"greenhouse-{product}", product=product)
    named = js("listDevices", product=product, deviceName="GREENHOUSE").body["devices"]
    assert [one["id"] for one in named] == [first.id]
    assert js("listDevices", product=product, deviceId=second.id[:20]).body["devices"][0]["id"] == second.id
    assert js("listDevices", product=product, groups=["none"]).body["devices"] == []

    device = js("getDevice", deviceId=first.id, product=product).body
    assert (device["product_id"], device["development"], device["groups"]) == (product, False, [])
    assert (device["quarantined"], device["owner"]) == (False, None)
    assert js("setDeviceNotes", deviceId=first.id, notes="n", product=product).body["notes"] == "n"
    marked = js("markAsDevelopmentDevice", deviceId=first.id, product=product).body
    assert (marked["id"], marked["development"]) == (first.id, True)
    assert js("getDevice", deviceId=first.id, product=product).body["development"] is True
    unmarked = js("markAsDevelopmentDevice", deviceId=first.id, development=False, product=product).body
    assert unmarked["development"] is False
    locked = js("lockDeviceProductFirmware", deviceId=first.id, desiredFirmwareVersion=3, flash=False, product=product)
    assert locked.body["desired_firmware_version"] == 3
    unlocked = js("unlockDeviceProductFirmware", deviceId=first.id, product=product).body
    assert unlocked["desired_firmware_version"] is None
    assert js("signalDevice", deviceId=first.id, signal=True, product=product).body["signaling"] is True

    assert js("getVariable", deviceId=first.id, name="sensor", product=product).body["result"] == 42
    called = js("callFunction", deviceId=first.id, name="setColor", argument="1", product=product).body
    assert called["return_value"] == 1
    missing = js.refused("getVariable", deviceId="e00fce68" + "0" * 16, name="sensor", product=product)
    assert missing == (404, {"ok": False, "error": "Device not found."})

    js("claimDevice", deviceId=first.id)
    assert js("getDevice", deviceId=first.id, product=product).body["owner"] == cloud.email
    assert js("removeDeviceOwner", deviceId=first.id, product=product) == (200, {"ok": True})
    assert js("getDevice", deviceId=first.id, product=product).body["owner"] is None
    assert js("removeDevice", deviceId=first.id, product=product).status in (200, 204)
    assert js.refused("getDevice", deviceId=first.id, product=product).status == 404
    assert js("removeDevice", deviceId=third, deny=True, product=product).status in (200, 204)


def test_events_of_a_product(js: Js, cloud: Cloud, product: int) -> None:
    board = cloud.board()
    js("addDeviceToProduct", deviceId=board.id, product=product)
    js.stream("product", product=product)
    js.stream("prefix", product=product, name="room/")
    js.stream("board", product=product, deviceId=board.id)
    assert js("publishEvent", name="fleet", data="all", product=product) == (200, {"ok": True})
    seen = js.heard("product", "fleet")
    assert (seen["data"], seen["productID"], seen["public"]) == ("all", product, False)
    board.publish("room/t", "20")
    for stream in ("product", "prefix", "board"):
        seen = js.heard(stream, "room/t")
        assert (seen["data"], seen["coreid"], seen["userid"], seen["productID"]) == ("20", board.id, "", product)
        js.abort(stream)


def test_oauth_clients_of_a_product(js: Js, product: int) -> None:
    check_oauth_clients(js, product=product)


def test_a_program_of_the_product_and_its_customers(js: Js, cloud: Cloud, product: int) -> None:
    client = js("createOAuthClient", name="server", type="installed", product=product).body["client"]
    js.use(baseUrl=cloud.base, clientId=client["id"], clientSecret=client["secret"])
    bearer = js("loginAsClientOwner").body
    assert bearer["token_type"] == "bearer"
    assert js("listDevices", product=product, auth=bearer["access_token"]).body["devices"] == []
    assert js.refused("listDevices", auth=bearer["access_token"]).status == 403

    email = fresh_email()
    created = js("createCustomer", email=email, password="theirs", product=product)
    assert created.status == 201
    assert created.body["token_type"] == "bearer"
    customer = created.body["access_token"]
    twice = js.refused("createCustomer", email=email, password="theirs", product=product)
    assert (twice.status, twice.body["ok"]) == (400, False)
    assert js("listDevices", auth=customer).body == []
    assert js.refused("listDevices", product=product, auth=customer).status == 403
    assert js("login", username=email, password="theirs").status == 200

    code = js("getClaimCode", product=product, auth=customer).body["claim_code"]
    board = cloud.board(claim_code=code)
    eventually(lambda: [one["id"] for one in js("listDevices", auth=customer).body], lambda ids: ids == [board.id])
    shown = js("getDevice", deviceId=board.id, product=product, auth=bearer["access_token"]).body
    assert (shown["owner"], shown["product_id"]) == (email, product)
    assert js("getVariable", deviceId=board.id, name="sensor", auth=customer).body["result"] == 42
    assert js("callFunction", deviceId=board.id, name="setColor", argument="", auth=customer).status == 200
    (owner,) = js("listDevices", product=product, auth=bearer["access_token"]).body["customers"]
    assert owner["username"] == email


def test_a_team(js: Js, cloud: Cloud, product: int) -> None:
    mate = fresh_email()
    token = cloud.person(mate)
    assert js.refused("getProduct", product=product, auth=token).status in (403, 404)
    status, body = js("inviteTeamMember", username=mate, product=product)
    assert (status, body["ok"], body["invited"]["username"]) == (200, True, mate)
    members = {one["username"]: one for one in js("listTeamMembers", product=product).body["team"]}
    assert members.keys() == {cloud.email, mate}
    assert members[cloud.email]["role"]["id"] == "Administrator"
    assert js("getProduct", product=product, auth=token).status == 200
    assert js("removeTeamMember", username=mate, product=product) == (200, {"ok": True})
    assert js.refused("getProduct", product=product, auth=token).status in (403, 404)


@pytest.mark.parametrize("owner", ["user", "product"])
def test_webhooks(js: Js, product: int, owner: str) -> None:
    where: dict[str, Any] = {"product": product} if owner == "product" else {}
    url = "https://hooks.example/{{PARTICLE_DEVICE_ID}}"
    hook = {"method": "PUT", "headers": {"X-A": "b"}, "json": {"t": "{{{t}}}"}, "responseEvent": "answers"}
    status, made = js("createWebhook", event="room/", url=url, hook=hook, **where)
    assert (status, made["ok"], made["event"], made["url"]) == (201, True, "room/", url)
    assert made["hookUrl"].endswith(made["id"])
    plain = js("createWebhook", event="plain", url="https://hooks.example/", noDefaults=True, **where).body
    hooks = {one["id"]: one for one in js("listWebhooks", **where).body}
    assert {made["id"], plain["id"]} <= hooks.keys()
    assert hooks[made["id"]]["requestType"] == "PUT"
    assert js.refused("createWebhook", event="room/", url="", **where).status == 400
    for one in (made, plain):
        assert js("deleteWebhook", hookId=one["id"], **where).status == 204
    assert js.refused("deleteWebhook", hookId=made["id"], **where) == (
        404,
        {"ok": False, "error": "Webhook not found"},
    )


@pytest.mark.parametrize("owner", ["user", "product"])
def test_integrations(js: Js, product: int, owner: str) -> None:
    where: dict[str, Any] = {"product": product} if owner == "product" else {}
    settings = {"integration_type": "Webhook", "url": "https://hooks.example/a", "requestType": "POST"}
    status, made = js("createIntegration", event="door", settings=settings, **where)
    assert (status, made["ok"], made["event"], made["integration_type"]) == (201, True, "door", "Webhook")
    moved = settings | {"url": "https://hooks.example/b"}
    edited = js("editIntegration", integrationId=made["id"], event="door", settings=moved, **where).body
    assert (edited["ok"], edited["integration"]["url"]) == (True, "https://hooks.example/b")
    (listed,) = [one for one in js("listIntegrations", **where).body if one["id"] == made["id"]]
    assert (listed["integration_type"], listed["url"]) == ("Webhook", "https://hooks.example/b")
    assert js("deleteIntegration", integrationId=made["id"], **where).status == 204
    assert js.refused("deleteIntegration", integrationId=made["id"], **where).status == 404
