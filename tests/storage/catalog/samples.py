"""Records for tests: complete, and plain enough to be told apart at a glance."""

from __future__ import annotations

from typing import Any

from rookery.core.records import (
    Bearer,
    BoardLink,
    Certificate,
    ClaimCode,
    Client,
    ClientKind,
    Customer,
    Dashboard,
    DashboardLink,
    DashboardRequest,
    DashboardShare,
    Device,
    Group,
    Integration,
    Member,
    OneTimeLink,
    Person,
    Product,
    Program,
    Role,
    Space,
    SpaceKind,
    Thing,
    Token,
    UpdatePolicy,
    ValueKind,
    Variable,
)


def person(id: str, **fields: Any) -> Person:
    defaults: dict[str, Any] = {"id": id, "created_at": 1, "updated_at": 1, "email": f"{id}@example.org", "name": id}
    return Person(**defaults | fields)


def space(id: str, **fields: Any) -> Space:
    defaults: dict[str, Any] = {"id": id, "created_at": 1, "updated_at": 1, "kind": SpaceKind.PERSONAL, "name": id}
    return Space(**defaults | fields)


def member(space_id: str, person_id: str, **fields: Any) -> Member:
    defaults: dict[str, Any] = {"id": f"{space_id}/{person_id}", "created_at": 1, "updated_at": 1, "role": Role.EDITOR}
    return Member(**defaults | {"space_id": space_id, "person_id": person_id} | fields)


def link(id: str, **fields: Any) -> OneTimeLink:
    defaults: dict[str, Any] = {
        "id": id,
        "created_at": 1,
        "updated_at": 1,
        "purpose": "owner",
        "person_id": "p",
        "expires_at": 9,
    }
    return OneTimeLink(**defaults | fields)


def client(id: str, **fields: Any) -> Client:
    defaults: dict[str, Any] = {
        "id": id,
        "created_at": 1,
        "updated_at": 1,
        "person_id": "p",
        "name": id,
        "secret_hash": b"\x00\xff",
    }
    return Client(**defaults | fields)


def device(id: str, **fields: Any) -> Device:
    defaults: dict[str, Any] = {
        "id": id,
        "created_at": 1,
        "updated_at": 1,
        "hex_id": f"hex-{id}",
        "space_id": "s",
        "person_id": "p",
    }
    return Device(**defaults | {"dialect": "one", "name": id, "type": "board", "series": 1} | fields)


def certificate(id: str, **fields: Any) -> Certificate:
    defaults: dict[str, Any] = {
        "id": id,
        "created_at": 1,
        "updated_at": 1,
        "device_id": "d",
        "enabled": True,
        "ca": None,
    }
    dates = {"serial": "00", "pem": "-", "not_before": 1, "not_after": 2, "authority_key_id": "0", "signature": "0"}
    return Certificate(**defaults | dates | fields)


def thing(id: str, **fields: Any) -> Thing:
    defaults: dict[str, Any] = {
        "id": id,
        "created_at": 1,
        "updated_at": 1,
        "space_id": "s",
        "person_id": "p",
        "name": id,
    }
    return Thing(**defaults | {"timezone": "Europe/Rome"} | fields)


def variable(id: str, **fields: Any) -> Variable:
    defaults: dict[str, Any] = {
        "id": id,
        "created_at": 1,
        "updated_at": 1,
        "thing_id": "t",
        "space_id": "s",
        "name": id,
        "symbol": id,
    }
    kind = {"type": "FLOAT", "kind": ValueKind.FLOAT, "series": 1, "writable": True, "policy": UpdatePolicy.ON_CHANGE}
    return Variable(**defaults | kind | {"tag": int.from_bytes(id.encode()) % 1_000_003} | fields)


def product(id: str, **fields: Any) -> Product:
    defaults: dict[str, Any] = {"id": id, "created_at": 1, "updated_at": 1, "space_id": "s", "person_id": "p"}
    return Product(**defaults | {"number": 1000, "name": id, "slug": id, "platform": 6, "events": 9} | fields)


def token(id: str, **fields: Any) -> Token:
    defaults: dict[str, Any] = {"id": id, "created_at": 1, "updated_at": 1, "bearer": Bearer.PERSON, "bearer_id": "p"}
    return Token(**defaults | {"client_id": "c", "expires_at": None} | fields)


ONE_OF_EACH = [
    person("a", password_hash="$argon2id$...", profile={"first_name": "Zoë"}, otp_secret=b"\x00", otp_step=2**40),
    space("b", kind=SpaceKind.ORGANISATION, name="Zoë's ☃", slug="zoe"),
    member("s", "p", role=Role.OWNER),
    link("c", expires_at=2**53, details={"redirect_uri": "https://example.org"}),
    client("d", enabled=False, last_used_at=7, kind=ClientKind.WEB, product_id="k", scope="a:b"),
    token("i", refresh_hash="00", refresh_expires_at=5, scope="x", bearer=Bearer.CUSTOMER),
    Program(id="j", created_at=1, updated_at=1, space_id="s", username="ci+1@x", name="ci", scopes=["a:b", "*:*"]),
    product("k", settings={"quarantine": True}),
    Group(id="k/eu", created_at=1, updated_at=1, product_id="k", name="eu", color="red"),
    Customer(id="l", created_at=1, updated_at=1, product_id="k", email="3f0e"),
    ClaimCode(id="m", created_at=1, updated_at=1, owner_id="l", product_id=None, expires_at=7),
    Integration(id="n", created_at=1, updated_at=1, space_id="s", person_id="p", kind="hook", name="x", event="t"),
    Dashboard(
        id="b",
        created_at=1,
        updated_at=1,
        space_id="s",
        person_id="p",
        name="greenhouse",
        pages=[{"id": "0", "name": "first"}],
        widgets=[{"id": "w", "type": "Switch", "variables": ["v"]}],
        size=2**40,
    ),
    DashboardShare(id="b/q", created_at=1, updated_at=1, dashboard_id="b", person_id="q"),
    DashboardRequest(id="b/r", created_at=1, updated_at=1, dashboard_id="b", person_id="r", message="Please ☃"),
    DashboardLink(id="l", created_at=1, updated_at=1, dashboard_id="b", person_id="p", name="wall", expires_at=9),
    BoardLink(id="e", created_at=1, updated_at=1, connection_id="0a", session=b"\x00\x01", message_id=65_535),
    device(
        "e",
        fqbn="a:b:c",
        firmware={"library": "1.2"},
        metadata={"deep": {"list": [1, 2.5, None, True, "x"]}},
        tags={"room": "küche"},
        secret_hash=bytes(range(48)),
        locked=True,
        groups=["eu", "night"],
        described={"functions": ["led"], "variables": {"t": "double"}},
        subscriptions=[{"prefix": "a/"}],
        public_key=b"\x30\x59",
        platform=13,
    ),
    certificate("f", ca="us1", enabled=False),
    thing("g", device_id="e", tags={"": "empty"}, webhook_uri="https://example.org", deleted_at=5),
    variable(
        "h", kind=ValueKind.COMPOSITE, policy=UpdatePolicy.TIMED, policy_parameter=1.5, minimum=-1e300, persist=False
    ),
]
