"""The rows of the tutorial about products, 16 to 23 and 30 to 41 of particle-rest.md §0.3; see `test_particle_rows`."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from tests.clients.curl import body, form
from tests.clients.particle_cloud import fresh_id
from tests.clients.particle_scene import Scene
from tests.clients.waiting import eventually

pytestmark = [pytest.mark.clients]

TEAM_REFUSED = b'{"ok":false,"error":"Permission Denied","error_description":'
NO_PRODUCT = b'{"ok":false,"error":"Product not found."}'


def row_16(at: Scene) -> None:
    """Calls on a product by all kinds of tokens: what the role allows, and no more."""
    product = f"/v1/products/{at.product}"
    devices, variable = f"{product}/devices", f"{product}/devices/{at.member.id}/sensor"
    function, events = f"{product}/devices/{at.member.id}/setColor", f"{product}/events"
    roles = {
        at.token: (200, 200, 200, 200),
        at.mate("Administrator"): (200, 200, 200, 200),
        at.mate("Developer"): (200, 200, 200, 200),
        at.mate("Support"): (200, 200, 200, 403),
        at.mate("View-only"): (200, 403, 403, 403),
        at.bearer: (200, 200, 200, 200),
    }
    for token, wanted in roles.items():
        replies = (
            at.curl(devices, token=token),
            at.curl(variable, token=token),
            at.curl(function, *form(arg="x"), token=token),
            at.curl(events, *form(name="fleet/none", data="x"), token=token),
        )
        assert tuple(reply.status for reply in replies) == wanted
        assert all(reply.body.startswith(TEAM_REFUSED) for reply in replies if reply.status == 403)
    refused = at.curl(devices, token=at.cloud.stranger())
    assert (refused.status, refused.body) == (404, NO_PRODUCT)
    assert at.curl("/v1/devices", token=at.bearer).status == 403
    assert at.curl(f"/v1/products/{at.cloud.product()}/devices", token=at.bearer).status in (403, 404)


def row_17(at: Scene) -> None:
    """A two-legged client of a product. Its secret is shown once."""
    path = f"/v1/products/{at.product}/clients"
    reply = at.curl(path, *form(name="My Server", type="installed"), token=at.token)
    assert (reply.status, reply.json["ok"]) == (200, True)
    client = reply.json["client"]
    assert (client["name"], client["type"]) == ("My Server", "installed")
    assert len(bytes.fromhex(client["secret"])) == 20
    slug, _, digits = client["id"].rpartition("-")
    assert (slug, digits.isdecimal(), len(digits) <= 4) == ("my-server", True, True)
    listed = at.curl(path, token=at.token)
    assert client["id"] in [one["id"] for one in listed.json["clients"]]
    assert client["secret"].encode() not in listed.body


def row_18(at: Scene) -> None:
    """A token of the product, for seconds and for ever."""
    short = at.grant(grant_type="client_credentials", expires_in=600)
    assert (short["token_type"], short["expires_in"]) == ("bearer", 600)
    never = at.grant(grant_type="client_credentials", expires_in=0)
    assert never["expires_in"] == 0
    for token in (short, never):
        assert at.curl(f"/v1/products/{at.product}", token=str(token["access_token"])).status == 200
    basic = at.curl("/oauth/token", "--user", ":".join(at.client), *form(grant_type="client_credentials"))
    assert (basic.status, basic.json["expires_in"]) == (200, 7_776_000)


def row_19(at: Scene) -> None:
    """List products, on both paths."""
    for path in ("/v1/user/products", "/v1/products"):
        reply = at.curl(path, token=at.token)
        assert (reply.status, list(reply.json)) == (200, ["products"])
        assert at.product in [one["id"] for one in reply.json["products"]]


def row_20(at: Scene) -> None:
    """List boards of a product: filters, order, pages."""
    product = at.cloud.product()
    devices = f"/v1/products/{product}/devices"
    ids = [fresh_id() for _ in range(30)]
    assert at.curl(devices, *body({"ids": ids}), token=at.token).json["updated"] == 30
    for name in ("indoor", "outdoor"):
        assert at.curl(f"/v1/products/{product}/groups", *form(name=name), token=at.token).status == 201
    for id, name, group in ((ids[0], "Porch Lamp", "outdoor"), (ids[1], "Hall lamp", "indoor")):
        change = body({"name": name, "groups": [group]})
        assert at.curl(f"{devices}/{id}", "-X", "PUT", *change, token=at.token).status == 200

    def listed(query: str) -> list[str]:
        reply = at.curl(f"{devices}?{query}", token=at.token)
        assert (reply.status, sorted(reply.json)) == (200, ["customers", "devices", "meta"])
        return [one["id"] for one in reply.json["devices"]]

    assert len(listed("")) == 25
    assert len(listed("page=2")) == 5
    assert at.curl(f"{devices}?perPage=7", token=at.token).json["meta"]["total_pages"] == 5
    assert len(listed("per_page=7&page=5")) == 2
    assert listed(f"deviceId={ids[5][:20].upper()}") == [ids[5]]
    assert listed("deviceName=LAMP&sortAttr=deviceName&sortDir=asc") == [ids[1], ids[0]]
    assert listed("deviceName=lamp&sortAttr=deviceName&sortDir=desc") == [ids[0], ids[1]]
    assert listed("groups=outdoor") == [ids[0]]
    assert sorted(listed("groups=outdoor,indoor")) == sorted(ids[:2])
    assert listed("sortAttr=deviceId&sortDir=asc&perPage=30") == sorted(ids)
    assert listed("quarantined=true") == []
    assert len(listed("quarantined=false&perPage=100")) == 30


def row_21(at: Scene) -> None:
    """Function, variable and publish on a product."""
    device = f"/v1/products/{at.product}/devices/{at.member.id}"
    for token in (at.token, at.bearer):
        called = at.curl(f"{device}/setColor", *form(arg="1,2,3"), token=token)
        assert (called.status, called.json["return_value"], called.json["connected"]) == (200, 1, True)
        assert at.member.calls[-1] == ("setColor", "1,2,3")
        assert at.curl(f"{device}/sensor", token=token).json["result"] == 42
        reply = at.curl(f"/v1/products/{at.product}/events", *form(name="x", data="y", private="true"), token=token)
        assert (reply.status, reply.body) == (200, b'{"ok":true}')


def row_22(at: Scene) -> None:
    """Organisations of somebody who has none."""
    reply = at.curl("/v1/orgs", token=at.cloud.stranger())
    assert (reply.status, reply.body) == (200, b'{"organizations":[]}')


def row_23(at: Scene) -> None:
    """Products of an organisation."""
    slug = at.organisation
    # A token that was in use before learns of it within seconds.
    listed = eventually(lambda: at.curl("/v1/orgs", token=at.token).json["organizations"])
    (found,) = [one for one in listed if one["slug"] == slug]
    assert sorted(found) == ["id", "name", "slug"]
    assert at.curl(f"/v1/orgs/{slug}/products", token=at.token).body == b'{"products":[]}'
    made = at.curl(
        f"/v1/orgs/{slug}/products", *body({"product": {"name": "Org lamp", "platform_id": 6}}), token=at.token
    )
    assert made.json["ok"] is True
    (product,) = at.curl(f"/v1/orgs/{slug}/products", token=at.token).json["products"]
    assert (product["id"], product["org"]) == (made.json["product"]["id"], slug)
    assert at.curl(f"/v1/orgs/{slug}/products", token=at.cloud.stranger()).status in (403, 404)


def row_30(at: Scene) -> None:
    """Import one board into a product."""
    board = at.cloud.board()
    devices = f"/v1/products/{at.product}/devices"
    reply = at.curl(devices, *form(id=board.id), token=at.token)
    counts = '"existingDeviceIds":[],"nonmemberDeviceIds":[],"invalidDeviceIds":[],"protectedDeviceIds":[]'
    assert (reply.status, reply.body.decode()) == (200, f'{{"updated":1,"updatedDeviceIds":["{board.id}"],{counts}}}')
    again = at.curl(devices, *body({"id": board.id.upper()}), token=at.token).json
    assert (again["updated"], again["existingDeviceIds"]) == (0, [board.id])
    elsewhere = at.curl(f"/v1/products/{at.cloud.product()}/devices", *form(id=board.id), token=at.token).json
    assert (elsewhere["updated"], elsewhere["nonmemberDeviceIds"]) == (0, [board.id])
    assert at.curl(devices, *form(id="nonsense"), token=at.token).json["invalidDeviceIds"] == ["nonsense"]


def row_31(at: Scene) -> None:
    """Create a customer with the product's client: by Basic and in the body, a UUID and an address."""
    answer = at.enrol(str(uuid.uuid4()))
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 7_776_000)
    assert isinstance(answer["refresh_token"], str)
    id, secret = at.client
    name = f"{uuid.uuid4()}@customers.example"
    path = f"/v1/products/{at.product}/customers"
    given = form(client_id=id, client_secret=secret, email=name, no_password="true")
    assert at.curl(path, *given).status == 201
    twice = at.curl(path, *given)
    assert (twice.status, twice.json["ok"]) == (400, False)
    login = form(grant_type="password", client_id=id, client_secret=secret, username=name, password="")
    assert at.curl("/oauth/token", *login).status == 400


def row_32(at: Scene) -> None:
    """A new token for a customer who is there already."""
    for expires_in in (600, 0):
        scope = f"customer={at.shadow}"
        answer = at.grant(grant_type="client_credentials", scope=scope, expires_in=expires_in)
        assert answer["expires_in"] == expires_in
        assert at.curl("/v1/user", token=str(answer["access_token"])).json["username"] == at.shadow
    id, secret = at.client
    nobody = form(grant_type="client_credentials", client_id=id, client_secret=secret, scope="customer=nobody")
    reply = at.curl("/oauth/token", *nobody)
    assert (reply.status, reply.body) == (400, b'{"error":"invalid_scope","error_description":"Invalid scope"}')


def row_33(at: Scene) -> None:
    """A claim code with the customer's token, nothing known of a SIM."""
    path = f"/v1/products/{at.product}/device_claims"
    reply = at.curl(path, *form(imei="", iccid=""), token=at.customer)
    assert (reply.status, list(reply.json)) == (200, ["claim_code", "device_ids"])
    assert len(reply.json["claim_code"]) == 63
    assert isinstance(reply.json["device_ids"], list)


def row_34(at: Scene) -> None:
    """The board presents the code when it connects, and becomes the customer's."""
    path = f"/v1/products/{at.product}/device_claims"
    code = at.curl(path, *form(imei="", iccid=""), token=at.customer).json["claim_code"]
    board = at.cloud.board("udp", claim_code=code)
    eventually(lambda: board.id in [one["id"] for one in at.curl("/v1/devices", token=at.customer).json])
    # It has been told that the code has done its work.
    eventually(lambda: board.kept_code == "")


def row_35(at: Scene) -> None:
    """The product shows the customer as owner, but only when the board has connected with the code."""
    board = at.cloud.board()
    at.take_in(board)
    path = f"/v1/products/{at.product}/devices/{board.id}"
    code = at.curl(f"/v1/products/{at.product}/device_claims", "-X", "POST", token=at.customer).json["claim_code"]
    before = at.curl(path, token=at.bearer).json
    assert (before["product_id"], before["owner"]) == (at.product, None)
    board.set_code(code)
    after = eventually(lambda: at.curl(path, token=at.bearer).json, lambda seen: seen["owner"])
    assert (after["product_id"], after["owner"]) == (at.product, at.shadow)


def row_36(at: Scene) -> None:
    """A token of the product that has run out."""
    token = str(at.grant(grant_type="client_credentials", expires_in=1)["access_token"])
    path = f"/v1/products/{at.product}"
    reply = eventually(lambda: at.curl(path, token=token), lambda seen: seen.status != 200)
    assert reply.status == 401
    assert reply.json["error"] == "invalid_token"
    assert reply.json["error_description"] in (
        "The access token provided is invalid.",
        "The access token provided has expired.",
    )


def row_37(at: Scene) -> None:
    """Claim a board that is online, let it go, and mark it as one for development."""
    board = at.cloud.board()
    at.take_in(board)
    path = f"/v1/products/{at.product}/devices/{board.id}"
    for token, owner in ((at.customer, at.shadow), (at.token, at.cloud.email)):
        reply = at.curl("/v1/devices", *form(id=board.id), token=token)
        assert (reply.status, reply.json["ok"], reply.json["id"]) == (200, True, board.id)
        assert at.curl(path, token=at.token).json["owner"] == owner
        gone = at.curl(f"{path}/owner", "-X", "DELETE", token=at.token)
        assert (gone.status, gone.body) == (200, b'{"ok":true}')
        assert at.curl(path, token=at.token).json["owner"] is None
    reply = at.curl(path, "-X", "PUT", *body({"development": True}), token=at.token)
    assert (reply.status, list(reply.json)) == (200, ["id", "development", "updated_at"])
    assert at.curl(path, token=at.token).json["development"] is True
    unclaimed = at.cloud.claimed()
    reply = at.curl(f"/v1/devices/{unclaimed.id}", "-X", "DELETE", token=at.token)
    assert (reply.status, reply.body) == (200, b'{"ok":true}')


def row_38(at: Scene) -> None:
    """List customers, page by page."""
    path = f"/v1/products/{at.product}/customers"
    theirs = at.theirs
    at.enrol(str(uuid.uuid4()))
    found = {one["username"]: one for one in at.curl(f"{path}?perPage=100", token=at.bearer).json["customers"]}
    assert sorted(found[at.shadow]) == ["devices", "full_name", "id", "username"]
    assert theirs.id in found[at.shadow]["devices"]
    reply = at.curl(f"{path}?page=1&perPage=1", token=at.token)
    assert (reply.status, sorted(reply.json)) == (200, ["customers", "devices", "meta"])
    assert (len(reply.json["customers"]), reply.json["meta"]["total_pages"]) == (1, len(found))
    second = at.curl(f"{path}?page=2&perPage=1", token=at.token).json
    assert second["customers"] != reply.json["customers"]


def row_39(at: Scene) -> None:
    """The customer's token: everything on their own boards, nothing on the product."""
    device = f"/v1/devices/{at.theirs.id}"
    assert at.curl(f"{device}/setColor", *form(arg="9"), token=at.customer).json["return_value"] == 1
    assert at.curl(f"{device}/sensor", token=at.customer).json["result"] == 42
    assert at.curl("/v1/devices/events", *form(name="mine"), token=at.customer).body == b'{"ok":true}'
    product = f"/v1/products/{at.product}"
    for path, arguments in (
        (f"{product}/devices", ()),
        (f"{product}/devices/{at.theirs.id}/sensor", ()),
        (f"{product}/devices/{at.theirs.id}/setColor", form(arg="")),
        (f"{product}/events", form(name="x")),
        (f"{product}/events", ()),
    ):
        refused = at.curl(path, *arguments, token=at.customer)
        assert refused.status == 403, path
        assert refused.json["error"] == "Permission Denied"
    assert at.curl(f"/v1/devices/{at.board.id}", token=at.customer).status == 403


def row_40(at: Scene) -> None:
    """Who hears what is published to a product, and what a customer publishes."""
    owned = at.cloud.claimed()
    at.take_in(owned)
    unclaimed, theirs = at.member, at.theirs
    with at.curl.listening(f"/v1/products/{at.product}/events/fleet", token=at.token) as heard:
        published = form(name="fleet/all", data="hello")
        assert at.curl(f"/v1/products/{at.product}/events", *published, token=at.bearer).status == 200
        assert heard.event("fleet/all")["data"] == "hello"
        eventually(lambda: ("fleet/all", "hello") in owned.heard)
        assert at.curl("/v1/devices/events", *form(name="fleet/own", data="ours"), token=at.customer).status == 200
        assert heard.event("fleet/own")["data"] == "ours"
        eventually(lambda: ("fleet/own", "ours") in theirs.heard)
    # What came later has been heard by now, so what came before it would have been.
    assert theirs.heard == [("fleet/own", "ours")]
    unclaimed.ask_name()
    assert unclaimed.heard == []


def row_41(at: Scene) -> None:
    """Watch the events of a product, to the byte."""
    path = f"/v1/products/{at.product}/events"
    with at.curl.listening(f"{path}/watch/", "--include", token=at.bearer) as heard:
        at.member.publish("watch/door", 'a "quoted" line\nand another')
        event = heard.event("watch/door")
        head, _, stream = heard.so_far.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    names = {line.partition(b":")[0].lower(): line.partition(b": ")[2] for line in head.split(b"\r\n")[1:]}
    assert names[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert (names[b"cache-control"], names[b"access-control-allow-origin"]) == (b"no-cache", b"*")
    assert stream.startswith(b':ok\n\nevent: watch/door\ndata: {"data":"a \\"quoted\\" line\\nand another","ttl":60,')
    assert stream.endswith(b"}\n\n")
    assert (event["coreid"], event["productID"], event["userid"]) == (at.member.id, at.product, "")
    assert event["public"] is False


ROWS: dict[int, Callable[[Scene], None]] = {
    int(name.removeprefix("row_")): row for name, row in list(globals().items()) if name.startswith("row_")
}


@pytest.mark.parametrize("number", ROWS)
def test_row(scene: Scene, number: int) -> None:
    ROWS[number](scene)
    print(f"row {number} ok")
