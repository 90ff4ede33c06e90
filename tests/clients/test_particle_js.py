"""`particle-api-js`, unmodified, in Node.js: people, boards, variables, functions, events, keys, firmware."""

from __future__ import annotations

import time

import pyotp
import pytest

from rookery.simulate.particle import make_key, public_pem
from tests.clients.account import Account
from tests.clients.particle_cloud import PHOTON, Cloud, firmware, fresh_email, fresh_id
from tests.clients.particle_js import Js, buffer
from tests.clients.waiting import eventually

pytestmark = [pytest.mark.clients, pytest.mark.node]

NOT_RECOGNISED = "I didn't recognize that device name or ID"


def test_log_in_and_out(js: Js, cloud: Cloud) -> None:
    js.use(baseUrl=cloud.base)
    status, body = js("login", username=cloud.email, password=cloud.password)
    assert status == 200
    assert sorted(body) == ["access_token", "expires_in", "refresh_token", "token_type"]
    assert (body["token_type"], body["expires_in"]) == ("bearer", 7_776_000)
    token = body["access_token"]
    assert js("getUserInfo", auth=token).body["username"] == cloud.email
    assert js("deleteCurrentAccessToken", auth=token) == (200, {"ok": True})
    assert js.refused("getUserInfo", auth=token) == (
        401,
        {"error": "invalid_token", "error_description": "The access token provided is invalid."},
    )

    never = js("login", username=cloud.email, password=cloud.password, tokenDuration=0).body
    assert never["expires_in"] == 0
    assert js("deleteAccessToken", token=never["access_token"]) == (200, {"ok": True})
    assert js.refused("listDevices", auth=never["access_token"]).status == 401

    wrong = js.refused("login", username=cloud.email, password="something else")
    assert wrong == (400, {"error": "invalid_grant", "error_description": "User credentials are invalid"})
    assert js.refused("listDevices") == (
        400,
        {"error": "invalid_request", "error_description": "The access token was not found"},
    )


def test_an_account_from_its_beginning_to_its_end(js: Js, cloud: Cloud) -> None:
    js.use(baseUrl=cloud.base)
    email, password = fresh_email(), "the first password"
    info = {"first_name": "Ada", "last_name": "Byron", "company_name": "", "business_account": False}
    assert js("createUser", username=email, password=password, accountInfo=info, utm={"source": "x"}) == (
        200,
        {"ok": True},
    )
    again = js.refused("createUser", username=email, password=password)
    assert (again.status, again.body["ok"], len(again.body["errors"])) == (400, False, 1)
    token = js("login", username=email, password=password).body["access_token"]
    other = js("login", username=email, password=password).body["access_token"]
    user = js("getUserInfo", auth=token).body
    assert (user["username"], user["account_info"]) == (email, info)
    assert js("setUserInfo", accountInfo={"first_name": "Augusta"}, auth=token).status == 200
    assert js("getUserInfo", auth=token).body["account_info"]["first_name"] == "Augusta"

    assert js.refused("changeUserPassword", currentPassword="wrong", password="the second", auth=token).status == 400
    changed = js(
        "changeUserPassword", currentPassword=password, password="the second one", invalidateTokens=True, auth=token
    )
    assert changed.body["ok"] is True
    assert js.refused("getUserInfo", auth=other).status == 401
    assert js("resetPassword", username=email).body["ok"] is True
    assert js("resetPassword", username=fresh_email()).body["ok"] is True

    moved = fresh_email()
    assert js("changeUsername", currentPassword="the second one", username=moved, auth=token).status == 200
    assert js("trackingIdentity", auth=token).body["email"] == moved
    assert js("trackingIdentity", full=True, auth=token).body["email"] == moved
    third = js("login", username=moved, password="the second one").body["access_token"]
    assert js("deleteActiveAccessTokens", auth=third) == (200, {"ok": True})
    assert js.refused("getUserInfo", auth=third).status == 401

    last = js("login", username=moved, password="the second one").body["access_token"]
    assert js.refused("deleteUser", password="wrong", auth=last).status in (400, 403)
    assert js("deleteUser", password="the second one", auth=last).body["ok"] is True
    assert js.refused("getUserInfo", auth=last).status == 401
    assert js.refused("login", username=moved, password="the second one").status == 400


def test_a_second_factor(js: Js, cloud: Cloud) -> None:
    js.use(baseUrl=cloud.base)
    email, password = fresh_email(), "a password of ours"
    js("createUser", username=email, password=password)
    token = js("login", username=email, password=password).body["access_token"]
    begun = js("enableMfa", auth=token).body
    totp = pyotp.parse_uri(begun["qr_url"])
    assert isinstance(totp, pyotp.TOTP)
    assert js.refused("confirmMfa", mfaToken=begun["mfa_token"], otp="000000", auth=token).status == 400
    enrolled = js("confirmMfa", mfaToken=begun["mfa_token"], otp=totp.now(), auth=token)
    assert (enrolled.body["ok"], enrolled.body["enrolled"]) == (True, True)
    assert js("getUserInfo", auth=token).body["mfa"]["enabled"] is True

    status, wanted = js.refused("login", username=email, password=password)
    assert (status, wanted["error"]) == (403, "mfa_required")
    wrong = js.refused("sendOtp", mfaToken=wanted["mfa_token"], otp="abcdef")
    assert (wrong.status, wrong.body["error"]) == (400, "invalid_grant")
    # A code is good once: the one after that of the enrolment.
    at = int(time.time()) + 30
    let_in = js("sendOtp", mfaToken=wanted["mfa_token"], otp=totp.at(at)).body
    assert let_in["token_type"] == "bearer"
    assert js("disableMfa", currentPassword=password, auth=let_in["access_token"]) == (200, {"ok": True})
    assert js("login", username=email, password=password).status == 200


def test_a_board_is_claimed_changed_and_let_go(js: Js, cloud: Cloud) -> None:
    board = cloud.board()
    assert NOT_RECOGNISED in js.refused("getDevice", deviceId=board.id).body["info"]
    status, claimed = js("claimDevice", deviceId=board.id.upper())
    assert (status, claimed["id"], claimed["deviceID"]) == (200, board.id, board.id)
    assert (claimed["ok"], claimed["claimed"], claimed["connected"]) == (True, True, True)
    assert js("claimDevice", deviceId=board.id, requestTransfer=True).body["ok"] is True

    # What a board says of itself comes after its greeting.
    device = eventually(lambda: js("getDevice", deviceId=board.id).body, lambda seen: seen["variables"])
    assert (device["owner"], device["online"], device["connected"]) == (cloud.email, True, True)
    assert (device["platform_id"], device["product_id"], device["status"]) == (PHOTON, PHOTON, "normal")
    assert device["variables"] == {"sensor": "int32", "ratio": "double", "flag": "bool", "label": "string"}
    assert device["functions"] == ["setColor", "fail"]
    assert "network" not in device
    (listed,) = [one for one in js("listDevices").body if one["id"] == board.id]
    assert listed.keys() == device.keys()
    assert {key for key in device if listed[key] != device[key]} <= {"last_heard"}

    name = f"lamp_{board.id[-6:]}"
    renamed = js("renameDevice", deviceId=board.id, name=name).body
    assert sorted(renamed) == ["id", "name", "updated_at"]
    assert js("getDevice", deviceId=name).body["id"] == board.id
    noted = js("setDeviceNotes", deviceId=board.id, notes="by the door").body
    assert (noted["notes"], sorted(noted)) == ("by the door", ["id", "notes", "updated_at"])
    both = js("updateDevice", deviceId=name, name=f"{name}_2", notes="inside").body
    assert (both["name"], both["notes"]) == (f"{name}_2", "inside")
    assert js("getDevice", deviceId=board.id).body["notes"] == "inside"

    assert js("signalDevice", deviceId=board.id, signal=True) == (
        200,
        {"id": board.id, "connected": True, "signaling": True},
    )
    eventually(lambda: board.signalling)
    assert js("signalDevice", deviceId=board.id, signal=False).body["signaling"] is False

    opened = js("unprotectDevice", deviceId=board.id, action="prepare")
    assert opened == (200, {"ok": True, "protected": False})

    assert js("removeDevice", deviceId=board.id) == (200, {"ok": True})
    status, gone = js.refused("getDevice", deviceId=board.id)
    assert (status, gone["error"]) == (403, "Permission Denied")
    assert board.id not in [one["id"] for one in js("listDevices").body]


def test_claiming_what_cannot_be_claimed(js: Js, cloud: Cloud) -> None:
    unknown = "e00fce68" + "0" * 16
    assert js.refused("claimDevice", deviceId=unknown) == (
        404,
        {"ok": False, "errors": ["device does not exist"]},
    )
    board = cloud.board()
    board.disconnect()
    assert js.refused("claimDevice", deviceId=board.id) == (
        404,
        {"ok": False, "errors": [["Core isn't online", 404]]},
    )
    board.connect()
    js("claimDevice", deviceId=board.id)
    status, body = js.refused("claimDevice", deviceId=board.id, auth=cloud.stranger())
    assert (status, body["ok"]) == (403, False)
    assert "belongs to someone else" in body["errors"][0]


def test_variables_and_functions(js: Js, cloud: Cloud) -> None:
    board = cloud.claimed()
    for name, value in (("sensor", 42), ("ratio", 1.5), ("flag", True), ("label", '{"a":1}')):
        status, body = js("getVariable", deviceId=board.id, name=name)
        assert (status, body["cmd"], body["name"], body["result"]) == (200, "VarReturn", name, value)
        assert type(body["result"]) is type(value)
        assert (body["coreInfo"]["deviceID"], body["coreInfo"]["connected"]) == (board.id, True)
    assert js.refused("getVariable", deviceId=board.id, name="Sensor") == (
        404,
        {"ok": False, "error": "Unknown Variable: Sensor"},
    )

    status, body = js("callFunction", deviceId=board.id, name="setColor", argument="255,0,0")
    assert (status, body["id"], body["connected"], body["return_value"]) == (200, board.id, True, 1)
    assert js("callFunction", deviceId=board.id, name="fail").body["return_value"] == -1
    assert board.calls == [("setColor", "255,0,0"), ("fail", "")]
    assert js.refused("callFunction", deviceId=board.id, name="nothing", argument="") == (
        404,
        {"ok": False, "error": "Function nothing not found"},
    )

    board.disconnect()
    eventually(lambda: js("getDevice", deviceId=board.id).body["online"] is False)
    timed_out = (404, {"ok": False, "error": "timed out"})
    assert js.refused("getVariable", deviceId=board.id, name="sensor") == timed_out
    assert js.refused("getVariable", deviceId=board.id, name="nothing") == timed_out
    assert js.refused("callFunction", deviceId=board.id, name="setColor", argument="") == timed_out
    assert js.refused("signalDevice", deviceId=board.id, signal=True) == (
        500,
        {"ok": False, "code": 500, "errors": [{"error": "Timed out, didn't hear back from device service"}]},
    )
    assert js.refused("flashDevice", deviceId=board.id, files={"firmware.bin": buffer(b"x" * 64)}) == (
        500,
        {"ok": False, "code": 500, "errors": ["Request Timed Out"]},
    )


def test_streams_of_all_of_one_and_of_some(js: Js, cloud: Cloud) -> None:
    board, second = cloud.claimed(), cloud.claimed()
    js.stream("mine", deviceId="mine")
    js.stream("one", deviceId=second.id)
    js.stream("some", deviceId="mine", name="room/kitchen")
    js.stream("prefix", name="room/")

    board.publish("room/kitchen/t", "21.5")
    second.publish("room/hall", "18")
    seen = js.heard("mine", "room/kitchen/t")
    assert (seen["data"], seen["ttl"], seen["coreid"]) == ("21.5", 60, board.id)
    assert seen["published_at"].endswith("Z")
    assert len(seen["published_at"]) == len("2026-01-02T03:04:05.678Z")
    assert js.heard("mine", "room/hall")["coreid"] == second.id
    assert js.heard("one", "room/hall")["data"] == "18"
    assert js.heard("some", "room/kitchen/t")["data"] == "21.5"
    assert js.heard("prefix", "room/kitchen/t")["coreid"] == board.id
    assert js.heard("prefix", "room/hall")["coreid"] == second.id

    assert js("publishEvent", name="room/kitchen/lamp", data='{"on":true}', isPrivate=True) == (200, {"ok": True})
    assert js.heard("mine", "room/kitchen/lamp") | {"data": '{"on":true}', "coreid": "api"} == js.heard(
        "some", "room/kitchen/lamp"
    ) | {"stream": "mine"}
    assert js("publishEvent", name="bare").status == 200
    assert js.heard("mine", "bare")["data"] is None
    for stream in ("one", "prefix", "some"):
        js.abort(stream)
    assert js.program.taken("disconnect") == []
    js.abort("mine")


def test_streams_that_are_refused(js: Js, cloud: Cloud) -> None:
    status, body = js.stream_refused()
    assert (status, body) == (400, {"ok": False, "error": "event prefix filter is required"})
    status, body = js.stream_refused(deviceId="mine", auth="x")
    assert (status, body["error"]) == (401, "invalid_token")
    status, body = js.stream_refused(deviceId=cloud.board().id)
    assert (status, body["error"]) == (403, "Permission Denied")
    status, body = js.stream_refused(product="no-such-product")
    assert (status, body) == (404, {"ok": False, "error": "Product not found."})


def test_a_stream_that_outlives_silence(js: Js, cloud: Cloud) -> None:
    """The client reconnects after 15 s without a byte; a stream that is alive says something every 9."""
    js.stream("quiet", deviceId="mine", name="nobody/says/this")
    # Well over 15 s: a test of time, which nothing on a slow machine makes shorter.
    with pytest.raises(AssertionError, match="waited 17"):
        js.program.wait("disconnect", within=17, stream="quiet")
    js("publishEvent", name="nobody/says/this/but/us", data="still here")
    assert js.heard("quiet", "nobody/says/this/but/us")["data"] == "still here"
    js.abort("quiet")


def test_claim_codes(js: Js, cloud: Cloud) -> None:
    before = cloud.claimed()
    status, body = js("getClaimCode")
    assert (status, sorted(body)) == (200, ["claim_code", "device_ids"])
    assert len(body["claim_code"]) == 63
    assert before.id in body["device_ids"]
    assert len(js("getClaimCode", iccid="89314404000000000001").body["claim_code"]) == 63
    board = cloud.board(claim_code=body["claim_code"])
    eventually(lambda: [one["id"] for one in js("listDevices").body], lambda ids: board.id in ids)


def test_keys_of_boards(js: Js, cloud: Cloud) -> None:
    id, key = fresh_id(), public_pem(make_key("tcp"))
    assert js("sendPublicKey", deviceId=id, key=key) == (200, "Success!")
    assert js("sendPublicKey", deviceId=fresh_id(), key=public_pem(make_key("udp")), algorithm="ecc") == (
        200,
        "Success!",
    )
    assert js.refused("sendPublicKey", deviceId=fresh_id(), key="no key").status == 400
    assert js.refused("claimDevice", deviceId=id).body == {"ok": False, "errors": [["Core isn't online", 404]]}


def test_a_device_that_is_made(js: Js) -> None:
    status, device = js("provisionDevice", productId=31)
    assert (status, len(device["id"]), device["platform_id"], device["online"]) == (200, 24, 31, False)
    assert js("getDevice", deviceId=device["id"]).body["id"] == device["id"]
    assert js("removeDevice", deviceId=device["id"]).body == {"ok": True}


def test_firmware_of_one_board(js: Js, cloud: Cloud) -> None:
    board = cloud.claimed()
    js.stream("flash", deviceId=board.id, name="spark/flash")
    image = firmware()
    status, body = js("flashDevice", deviceId=board.id, files={"firmware.bin": buffer(image)}, targetVersion="3.3.0")
    assert (status, body) == (200, {"id": board.id, "status": "Update started"})
    assert js.heard("flash", "spark/flash/status")["data"] == "started "
    assert js.heard("flash", "spark/flash/status")["data"] == "success "
    js.abort("flash")
    source = js.refused("flashDevice", deviceId=board.id, files={"main.ino": buffer(b"void loop() {}")})
    assert (source.status, source.body["output"]) == (400, "This cloud has no compiler")


def test_serial_numbers(js: Js, account: Account) -> None:
    assert js.refused("lookupSerialNumber", serialNumber="P046AF450AAAAAA") == (
        404,
        {"ok": False, "error": "Serial number not found"},
    )
    account.call("PUT", "/iot/v2/devices", {"name": "x", "type": "nano_33_iot", "serial": "P046AF450BBBBBB"})
    body = js("lookupSerialNumber", serialNumber="P046AF450BBBBBB").body
    assert (body["ok"], body["serial_number"], len(body["deviceID"])) == (True, "P046AF450BBBBBB", 24)
    assert body["device_id"] == body["deviceID"]


def test_own_oauth_clients(js: Js) -> None:
    check_oauth_clients(js)


def check_oauth_clients(js: Js, **where: object) -> None:
    """Clients of a user or of a product, from the first to the last."""
    created = js("createOAuthClient", name="My Client", type="installed", **where).body
    client = created["client"]
    assert (created["ok"], client["name"], client["type"]) == (True, "My Client", "installed")
    assert len(client["secret"]) == 40
    assert client["id"].startswith("my-client-")
    web = js(
        "createOAuthClient",
        name="web",
        type="web",
        redirect_uri="https://app.example/done",
        scope="customers:create",
        **where,
    ).body["client"]
    assert web["redirect_uri"] == "https://app.example/done"
    listed = {one["id"]: one for one in js("listOAuthClients", **where).body["clients"]}
    assert {client["id"], web["id"]} <= listed.keys()
    assert "secret" not in listed[client["id"]]
    assert js.refused("createOAuthClient", type="installed", **where).status == 400
    renamed = js("updateOAuthClient", clientId=client["id"], name="Renamed", **where).body["client"]
    assert (renamed["id"], renamed["name"]) == (client["id"], "Renamed")
    assert js("updateOAuthClient", clientId=web["id"], scope="none", **where).status == 200
    for one in (client, web):
        assert js("deleteOAuthClient", clientId=one["id"], **where).status == 204
        assert js.refused("deleteOAuthClient", clientId=one["id"], **where).status == 404
