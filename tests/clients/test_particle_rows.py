"""The 41 operations of the Cloud API tutorial, each as somebody types it: with `curl` alone.

The numbers are those of the list in particle-rest.md §0.3. Where the reference gives exact bytes, exact bytes are
expected. Rows 1 to 15 and 24 to 29, about people and their boards, are here; the others, about products, are in
`test_particle_rows_products`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from tests.clients import test_particle_rows_products
from tests.clients.curl import body, form
from tests.clients.particle_cloud import PASSWORD, PHOTON, firmware, fresh_email
from tests.clients.particle_scene import Scene
from tests.clients.waiting import eventually

pytestmark = [pytest.mark.clients]

TIMED_OUT = b'{"ok":false,"error":"timed out"}'
NO_TOKEN = b'{"error":"invalid_request","error_description":"The access token was not found"}'
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TOKEN = re.compile(r"[0-9a-f]{40}")
BASIC = ("--user", "particle:particle")


def row_1(at: Scene) -> None:
    """List devices, by the tutorial's own URL."""
    at.cloud.wait_until_online(at.board)
    reply = at.curl("/v1/devices/", token=at.token)
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == "*"
    (device,) = [one for one in reply.json if one["id"] == at.board.id]
    assert (device["online"], device["connected"], device["platform_id"]) == (True, True, PHOTON)
    assert (device["product_id"], device["owner"], device["cellular"]) == (PHOTON, at.cloud.email, False)
    assert (device["functions"], device["status"]) == (["setColor", "fail"], "normal")
    assert TIME.fullmatch(device["last_heard"])
    assert TIME.fullmatch(device["last_handshake_at"])
    assert device["name"]


def row_2(at: Scene) -> None:
    """The same URL in a browser."""
    reply = at.curl("/v1/devices/")
    assert (reply.status, reply.body) == (400, NO_TOKEN)
    assert reply.headers["access-control-allow-origin"] == "*"


def row_3(at: Scene) -> None:
    """Flash firmware."""
    board = at.cloud.claimed()
    image = at.curl.folder / "firmware.bin"
    image.write_bytes(firmware())
    with at.curl.listening(f"/v1/devices/{board.id}/events/spark/flash", token=at.token) as heard:
        part = f"file=@{image}"
        reply = at.curl(f"/v1/devices/{board.id}", "-X", "PUT", "-F", part, "-F", "file_type=binary", token=at.token)
        assert (reply.status, reply.json) == (200, {"id": board.id, "status": "Update started"})
        heard.until(b'{"data":"started "')
        heard.until(b'{"data":"success "')


def row_4(at: Scene) -> None:
    """Get a variable."""
    for name, text in (("sensor", "42"), ("ratio", "1.5"), ("flag", "true"), ("label", '"{\\"a\\":1}"')):
        reply = at.curl(f"/v1/devices/{at.board.id}/{name}", token=at.token)
        assert reply.status == 200
        assert reply.body.startswith(f'{{"cmd":"VarReturn","name":"{name}","result":{text},"coreInfo":{{'.encode())
        told = reply.json["coreInfo"]
        assert (told["deviceID"], told["connected"], told["product_id"]) == (at.board.id, True, PHOTON)
        assert TIME.fullmatch(told["last_heard"])
        assert TIME.fullmatch(told["last_handshake_at"])
    raw = at.curl(f"/v1/devices/{at.board.id}/label?format=raw", token=at.token)
    assert (raw.status, raw.body) == (200, b'{"a":1}')
    assert raw.headers["content-type"].startswith("text/plain")


def row_5(at: Scene) -> None:
    """A variable of a board that is away."""
    for name in ("sensor", "nothing"):
        reply = at.curl(f"/v1/devices/{at.away.id}/{name}", token=at.token)
        assert (reply.status, reply.body) == (404, TIMED_OUT)


def row_6(at: Scene) -> None:
    """A variable that the board does not have."""
    reply = at.curl(f"/v1/devices/{at.board.id}/nothing", token=at.token)
    assert (reply.status, reply.body) == (404, b'{"ok":false,"error":"Unknown Variable: nothing"}')


def row_7(at: Scene) -> None:
    """Call a function, with a JSON body."""
    reply = at.curl(f"/v1/devices/{at.board.id}/setColor", *body({"arg": "255,0,0"}), token=at.token)
    assert reply.status == 200
    assert (reply.json["id"], reply.json["connected"], reply.json["return_value"]) == (at.board.id, True, 1)
    assert at.board.calls[-1] == ("setColor", "255,0,0")


def row_8(at: Scene) -> None:
    """The same with a form."""
    for key in ("arg", "args", "params"):
        reply = at.curl(f"/v1/devices/{at.board.id}/setColor", *form(**{key: f"255,255,{key}"}), token=at.token)
        assert (reply.status, reply.json["return_value"]) == (200, 1)
        assert at.board.calls[-1] == ("setColor", f"255,255,{key}")


def row_9(at: Scene) -> None:
    """A function of a board that is away."""
    reply = at.curl(f"/v1/devices/{at.away.id}/setColor", *form(arg=""), token=at.token)
    assert (reply.status, reply.body) == (404, TIMED_OUT)


def row_10(at: Scene) -> None:
    """A function that the board does not have."""
    reply = at.curl(f"/v1/devices/{at.board.id}/nothing", *form(arg=""), token=at.token)
    assert (reply.status, reply.body) == (404, b'{"ok":false,"error":"Function nothing not found"}')


def row_11(at: Scene) -> None:
    """A function that says no."""
    reply = at.curl(f"/v1/devices/{at.board.id}/fail", "-X", "POST", token=at.token)
    assert (reply.status, reply.json["return_value"], reply.json["connected"]) == (200, -1, True)


def row_12(at: Scene) -> None:
    """The token in the header, whatever the method."""
    path = f"/v1/devices/{at.board.id}"
    assert at.curl(path, token=at.token).status == 200
    assert at.curl(path, "-X", "PUT", *form(notes="x"), token=at.token).status == 200
    assert at.curl(f"{path}/setColor", *form(arg=""), token=at.token).status == 200
    spare = at.cloud.claimed()
    assert at.curl(f"/v1/devices/{spare.id}", "-X", "DELETE", token=at.token).body == b'{"ok":true}'
    odd = at.curl("/v1/devices", "--header", "Authorization: Something else")
    assert (odd.status, odd.json["error_description"]) == (400, "Malformed auth header")


def row_13(at: Scene) -> None:
    """The token in a form."""
    reply = at.curl(f"/v1/devices/{at.board.id}/setColor", *form(arg="7", access_token=at.token))
    assert (reply.status, reply.json["return_value"]) == (200, 1)
    assert at.board.calls[-1] == ("setColor", "7")
    put = at.curl(f"/v1/devices/{at.board.id}", "-X", "PUT", *form(notes="form", access_token=at.token))
    assert (put.status, put.json["notes"]) == (200, "form")
    twice = at.curl(f"/v1/devices/{at.board.id}/setColor", *form(access_token=at.token), token=at.token)
    assert (twice.status, twice.json["error"]) == (400, "invalid_request")


def row_14(at: Scene) -> None:
    """The token in the query, of GET only."""
    path = f"/v1/devices/{at.board.id}"
    reply = at.curl(f"{path}/sensor?access_token={at.token}")
    assert (reply.status, reply.json["result"]) == (200, 42)
    with at.curl.listening(f"{path}/events?access_token={at.token}") as heard:
        at.board.publish("by/query", "1")
        assert heard.event("by/query")["data"] == "1"
    for method, where in (("POST", f"{path}/setColor"), ("PUT", path), ("DELETE", path)):
        refused = at.curl(f"{where}?access_token={at.token}", "-X", method)
        assert (refused.status, refused.json["error"]) == (400, "invalid_request"), method


def row_15(at: Scene) -> None:
    """Create a token, with seconds and for ever, and with a second factor."""
    email = fresh_email()
    token = at.cloud.person(email)
    login = form(grant_type="password", username=email, password=PASSWORD)
    reply = at.curl("/oauth/token", *BASIC, *login, *form(expires_in=3600))
    assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    granted = reply.json
    assert (granted["token_type"], granted["expires_in"]) == ("bearer", 3600)
    assert TOKEN.fullmatch(granted["access_token"])
    assert TOKEN.fullmatch(granted["refresh_token"])
    never = at.curl("/oauth/token", *BASIC, *login, *form(expires_in=0)).json
    assert (never["expires_in"], at.curl("/v1/devices", token=never["access_token"]).body) == (0, b"[]")

    begun = at.curl("/v1/user/mfa-enable", token=token).json
    totp = pyotp.parse_uri(begun["qr_url"])
    assert isinstance(totp, pyotp.TOTP)
    now = datetime.now(UTC)
    code = form(mfa_token=begun["mfa_token"], otp=totp.at(now))
    assert at.curl("/v1/user/mfa-enable", *code, token=token).json["enrolled"] is True
    wanted = at.curl("/oauth/token", *BASIC, *login, *form(expires_in=60))
    assert (wanted.status, wanted.json["error"]) == (403, "mfa_required")
    grant = form(grant_type="urn:custom:mfa-otp", mfa_token=wanted.json["mfa_token"])
    wrong = at.curl("/oauth/token", *BASIC, *grant, *form(otp="none"))
    assert (wrong.status, wrong.json["error"]) == (400, "invalid_grant")
    # A code is good once: the next one, which the server takes half a minute early.
    given = at.curl("/oauth/token", *BASIC, *grant, *form(otp=totp.at(now + timedelta(seconds=30))))
    assert (given.status, given.json["expires_in"]) == (200, 60)


def row_24(at: Scene) -> None:
    """Rename a board, as its owner and for its product."""
    name = f"lamp_{at.board.id[-8:]}"
    for path, board in (
        (f"/v1/devices/{at.board.id}", at.board),
        (f"/v1/products/{at.product}/devices/{at.member.id}", at.member),
    ):
        reply = at.curl(path, "-X", "PUT", *form(name=name), token=at.token)
        assert reply.status == 200
        assert list(reply.json) == ["id", "name", "updated_at"]
        assert (reply.json["id"], reply.json["name"]) == (board.id, name)
        assert TIME.fullmatch(reply.json["updated_at"])
    assert at.curl(f"/v1/devices/{name}", token=at.token).json["id"] == at.board.id


def row_25(at: Scene) -> None:
    """Ping a board."""
    reply = at.curl(f"/v1/devices/{at.board.id}/ping", "-X", "PUT", token=at.token)
    assert (reply.status, reply.body) == (200, b'{"online":true,"ok":true}')
    reply = at.curl(f"/v1/devices/{at.away.id}/ping", "-X", "PUT", *body({}), token=at.token)
    assert (reply.status, reply.body) == (200, b'{"online":false,"ok":true}')


def row_26(at: Scene) -> None:
    """Set notes and read them."""
    path = f"/v1/devices/{at.board.id}"
    reply = at.curl(path, "-X", "PUT", *body({"notes": "by the door – links"}), token=at.token)
    assert (reply.status, list(reply.json)) == (200, ["id", "notes", "updated_at"])
    assert at.curl(path, token=at.token).json["notes"] == "by the door – links"
    assert at.curl(path, "-X", "PUT", *body({"notes": None}), token=at.token).status == 200
    assert at.curl(path, token=at.token).json["notes"] is None


def row_27(at: Scene) -> None:
    """The last vitals of a board."""
    board = at.cloud.claimed("udp")
    none = at.curl(f"/v1/diagnostics/{board.id}/last", token=at.token)
    assert (none.status, none.json["ok"]) == (404, False)
    with at.curl.listening(f"/v1/devices/{board.id}/events", token=at.token) as heard:
        asked = at.curl(f"/v1/diagnostics/{board.id}/update", "-X", "POST", token=at.token)
        assert (asked.status, asked.body) == (202, b'{"ok":true}')
        assert heard.event("spark/device/diagnostics/update")["coreid"] == board.id
    reply = eventually(
        lambda: at.curl(f"/v1/diagnostics/{board.id}/last", token=at.token), lambda seen: seen.status == 200
    )
    record = reply.json["diagnostics"]
    assert (record["deviceID"], list(record["payload"])) == (board.id, ["device", "service"])
    assert TIME.fullmatch(record["updated_at"])


def row_28(at: Scene) -> None:
    """The history of vitals, as JSON and as CSV."""
    board = at.cloud.claimed("udp")
    path = f"/v1/diagnostics/{board.id}"
    at.curl(f"{path}/update", "-X", "POST", token=at.token)
    eventually(lambda: at.curl(path, token=at.token).json["diagnostics"])
    today = datetime.now(UTC)
    start, end = (f"{today + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-1, 1))
    (record,) = at.curl(f"{path}?start_date={start}&end_date={end}", token=at.token).json["diagnostics"]
    assert (record["deviceID"], sorted(record)) == (board.id, ["deviceID", "payload", "updated_at"])
    assert at.curl(f"{path}?start_date={end}", token=at.token).json == {"diagnostics": []}
    table = at.curl(path, "--header", "Accept: text/csv", token=at.token)
    assert (table.status, table.headers["content-type"].partition(";")[0]) == (200, "text/csv")
    header, row = table.body.decode().splitlines()
    assert header.startswith("updated_at,deviceID,")
    assert row.startswith(f"{record['updated_at']},{board.id},")
    bad = at.curl(f"{path}?start_date=yesterday", token=at.token)
    words = "start_date and end_date must be ISO8601 formatted"
    assert (bad.status, bad.json) == (400, {"error": "bad_request", "description": words})
    early = f"{today - timedelta(days=40):%Y-%m-%dT%H:%M:%SZ}"
    old = at.curl(f"{path}?start_date={early}", token=at.token)
    words = "start_date must not be more than than 30 days ago"
    assert (old.status, old.json) == (400, {"error": "bad_request", "description": words})


def row_29(at: Scene) -> None:
    """Whether a board is claimed: who owns it, or that it is not ours."""
    assert at.curl(f"/v1/devices/{at.board.id}", token=at.token).json["owner"] == at.cloud.email
    other = at.cloud.board()
    reply = at.curl(f"/v1/devices/{other.id}", token=at.token)
    assert (reply.status, list(reply.json)) == (403, ["error", "info"])
    assert reply.json["error"] == "Permission Denied"
    assert reply.json["info"].startswith("I didn't recognize that device name or ID, try opening http")
    assert reply.json["info"].endswith("/v1/devices?access_token=undefined")
    assert "particle.io" not in reply.json["info"]


ROWS: dict[int, Callable[[Scene], None]] = {
    int(name.removeprefix("row_")): row for name, row in list(globals().items()) if name.startswith("row_")
}


@pytest.mark.parametrize("number", ROWS)
def test_row(scene: Scene, number: int) -> None:
    ROWS[number](scene)
    print(f"row {number} ok")


def test_no_row_is_missing() -> None:
    assert sorted(ROWS | test_particle_rows_products.ROWS) == list(range(1, 42))
