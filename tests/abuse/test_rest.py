"""The Application API and what no client sends to it: every answer is an error in its one shape, never a fault of ours,
and nothing is half written.

The operations and the types of their fields are read from the OpenAPI document that the server itself shows.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.abuse.node import PATIENCE, Node, running

MANY = 100_000
BODY_LIMIT = 1 << 20
"""Bytes of a body that are taken; one more is 413."""
UNKNOWN = "00000000-1111-4222-8333-444444444444"
WIDGET = "00000000-1111-4222-8333-555555555555"
SHAPE = {"id": str, "code": str, "status": int, "detail": str}
DETAIL_LIMIT = 1_000
"""Characters of a sentence: it must not repeat all that was sent."""
SECRET_FREE = ("jwks", "openapi", "docs", "clients/token", "exports/{token}")
"""Public operations."""


class Operation(NamedTuple):
    """One operation of the document."""

    method: str
    path: str
    schema: dict[str, Any] | None
    """Of the body, with references resolved; None without a body."""


class Account(NamedTuple):
    """Somebody's objects, for the parts of paths."""

    token: str
    device: str
    thing: str
    property: str
    dashboard: str

    def path(self, template: str) -> str:
        """A path with these ids."""
        holders = {"/things/": self.thing, "/dashboards/": self.dashboard}
        holder = next((id for part, id in holders.items() if part in template), self.device)
        ids = {"id": holder, "pid": self.property, "cid": UNKNOWN, "key": "color", "token": "x" * 43}
        ids |= {"widgetId": WIDGET, "user_id": UNKNOWN, "name": "nobody", "email": "nobody@rookery.test"}
        return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], template)


def resolved(schema: Any, document: Any) -> Any:
    """A schema with its references replaced by what they name."""
    if isinstance(schema, list):
        return [resolved(inner, document) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return resolved(found, document)
    return {key: resolved(inner, document) for key, inner in schema.items()}


@pytest.fixture(scope="module")
def operations(node: Node) -> list[Operation]:
    """All that the server offers."""
    document = node.http.get("/iot/openapi.json").json()
    found = []
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            content = about.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            found.append(Operation(method.upper(), path, resolved(schema, document)))
    assert len(found) > 50
    return found


def account_of(node: Node, token: str) -> Account:
    """Make somebody a device, a thing, a property and a dashboard that shows it."""
    headers = {"authorization": f"Bearer {token}"}

    def put(path: str, body: Any) -> Any:
        answer = node.http.put(path, json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    device = put("/iot/v2/devices", {"name": "d", "type": "generic_device_secretkey"})["id"]
    rules = {"type": "INT", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
    one = {"name": "n", "variable_name": "n", **rules}
    thing = put("/iot/v2/things", {"name": "t", "device_id": device, "properties": [one]})
    property = thing["properties"][0]["id"]
    widget = {"id": WIDGET, "type": "Value", "x": 0, "y": 0, "width": 4, "height": 3, "options": {}}
    body = {"name": "w", "widgets": [{**widget, "variables": [property]}]}
    dashboard = node.http.post("/iot/v3/dashboards", json=body, headers=headers)
    assert dashboard.status_code == 201, dashboard.text
    return Account(token, device, thing["id"], property, dashboard.json()["id"])


@pytest.fixture(scope="module")
def strangers(node: Node) -> tuple[str, str]:
    """The API key of another person."""
    return node.stranger()


@pytest.fixture
def account(node: Node) -> Account:
    """The owner's."""
    return account_of(node, node.token)


@pytest.fixture
async def http(node: Node) -> AsyncIterator[httpx.AsyncClient]:
    """A client without any convenience."""
    async with httpx.AsyncClient(base_url=node.sandbox.http, timeout=PATIENCE, trust_env=False) as client:
        yield client


def assert_error(answer: httpx.Response, about: object, *statuses: int) -> dict[str, Any]:
    """An error in the one shape; its body."""
    where = (about, answer.status_code, answer.text[:300])
    assert 400 <= answer.status_code < 500, where
    assert not statuses or answer.status_code in statuses, where
    assert answer.headers["content-type"].startswith("application/json"), where
    body = answer.json()
    assert body.keys() - {"meta"} == SHAPE.keys(), where
    for key, kind in SHAPE.items():
        assert type(body[key]) is kind, where
        assert body[key], where
    assert body["status"] == answer.status_code, where
    assert len(body["detail"]) <= DETAIL_LIMIT, where
    return dict(body)


def assert_shape(answer: httpx.Response, about: object) -> None:
    """A success, or an error in the one shape that names the field when it is about the request."""
    if answer.is_success:
        return
    body = assert_error(answer, about)
    if answer.status_code == 400:
        assert body["meta"]["field"], (about, body)


def bearer(token: str, **more: str) -> dict[str, str]:
    """Headers."""
    return {"authorization": f"Bearer {token}", "content-type": "application/json", **more}


async def everything(http: httpx.AsyncClient, token: str) -> Any:
    """What can be seen of an account, but for what the witness works with."""
    seen = []
    lists = ("v2/things?show_properties=true&show_deleted=true", "v2/devices?show_deleted=true", "v3/dashboards")
    for path in lists:
        answer = await http.get(f"/iot/{path}", headers=bearer(token))
        assert answer.status_code == 200
        seen += [one for one in answer.json() if "witness" not in (one["name"], one.get("device_name"))]
    return seen


def forged(token: str) -> Iterator[str]:
    """Tokens that are almost right."""
    head, claims, signature = token.split(".")

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    def data(text: str) -> Any:
        return json.loads(base64.urlsafe_b64decode(text + "=="))

    yield f"{part(data(head) | {'alg': 'none'})}.{claims}."
    yield f"{part(data(head) | {'alg': 'None'})}.{claims}.{signature}"
    yield f"{part(data(head) | {'alg': 'HS256'})}.{claims}.{signature}"
    yield f"{part(data(head) | {'kid': '../../etc/passwd'})}.{claims}.{signature}"
    yield f"{head}.{part(data(claims) | {'exp': 2**40})}.{signature}"
    yield f"{head}.{part(data(claims) | {'http://arduino.cc/id': UNKNOWN})}.{signature}"
    yield f"{head}.{claims}.{signature[:-4]}AAAA"
    yield f"{head}.{claims}."
    yield f"{head}.{claims}"
    yield f"{head}.{part([])}.{signature}"
    yield token[::-1]


async def test_without_a_valid_token(
    attacked: Node, operations: list[Operation], account: Account, http: httpx.AsyncClient
) -> None:
    before = await everything(http, account.token)
    tokens = ["x", "a.b.c", "e30.e30.e30", "x" * 20_000, "\xff\xfe", "null", "' OR 1=1 --", *forged(account.token)]
    headers = [[], [(b"authorization", b"Basic " + base64.b64encode(b"a:b"))], [(b"authorization", b"Bearer")]]
    headers += [[(b"authorization", b"Bearer " + token.encode("latin-1"))] for token in tokens]
    for operation in operations:
        if any(part in operation.path for part in SECRET_FREE):
            continue
        path = account.path(operation.path)
        for one in headers:
            answer = await http.request(operation.method, path, headers=one, content=b"{}")
            assert_error(answer, (operation.method, path, one), 401)
    assert await everything(http, account.token) == before


def test_expired_token(tmp_path: Path) -> None:
    """A token that was right five minutes ago, by a clock that is turned."""
    with running(tmp_path / "data", tmp_path / "errors.log", clock="manual") as node:
        key = node.sandbox.arduino
        token = node.grant(key.client_id, key.client_secret)
        assert node.http.get("/iot/v2/things", headers=bearer(token)).status_code == 200
        node.sandbox.turn_clock(301)
        assert_error(node.http.get("/iot/v2/things", headers=bearer(token)), "expired", 401)


BODIES: dict[str, Any] = {
    "/iot/v2/devices/{id}/pass": {"password": "0123456789abcdef"},
    "/iot/v2/devices/{id}/tags": {"key": "color", "value": "red"},
    "/iot/v2/devices/{id}/certs": {"csr": "x", "ca": "Arduino", "enabled": True},
    "/iot/v2/things/{id}/tags": {"key": "color", "value": "red"},
    "/iot/v2/things/{id}/clone": {"name": "copy"},
    "/iot/v2/things/{id}/publish": {"properties": [{"property": "n", "value": 1}]},
    "/iot/v2/things/{id}/properties/{pid}/publish": {"value": 1},
    "/iot/v2/things/{id}/properties/{pid}/publish_batch": [{"timestamp": "2025-01-01T00:00:00Z", "value": 1}],
    "/iot/v2/things/{id}/properties": {
        "name": "m",
        "type": "INT",
        "permission": "READ_WRITE",
        "update_strategy": "ON_CHANGE",
    },
    "/iot/v2/devices/{id}/properties": {"properties": [{"name": "n", "type": "INT", "value": 1}]},
    "/iot/v2/dashboards/{id}/shares": {"username": "nobody"},
}
"""Bodies that would be right for an object of one's own."""


async def test_foreign_ids_are_unknown_ids(
    attacked: Node, operations: list[Operation], account: Account, strangers: tuple[str, str], http: httpx.AsyncClient
) -> None:
    """Another person's token, or the owner's ids inside another person's bodies and paths: word for word the answer for
    an id that nobody has."""
    before = await everything(http, account.token)
    other = account_of(attacked, attacked.grant(*strangers))
    nothing = Account(other.token, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    owners = account._replace(token=other.token)

    async def same(method: str, *requests: tuple[str, Any]) -> None:
        told = []
        for path, body in requests:
            answer = await http.request(method, path, headers=bearer(other.token), content=json.dumps(body))
            if answer.is_success:
                told.append((answer.status_code, blind(answer.text)))
            else:
                error = assert_error(answer, (method, path))
                told.append((answer.status_code, blind(json.dumps({**error, "id": ""}))))
        assert told[0] == told[1], (method, requests, told)

    def blind(text: str) -> str:
        for id in (account.device, account.thing, account.property, account.dashboard):
            text = text.replace(id, UNKNOWN)
        return text

    for operation in operations:
        if "{id}" not in operation.path or "/clients/" in operation.path:
            continue
        if operation.path.endswith("/share_request"):
            continue  # Who asks for a dashboard knows of it, by its id, and learns that it is there.
        body = BODIES.get(operation.path, {})
        await same(operation.method, (owners.path(operation.path), body), (nothing.path(operation.path), body))
        if "{pid}" in operation.path:
            mixed = other._replace(property=account.property), other._replace(property=UNKNOWN)
            await same(operation.method, *((one.path(operation.path), body) for one in mixed))
    for method, path, template in (
        ("PUT", "/iot/v2/things", {"name": "thief", "device_id": "DEVICE"}),
        ("PUT", "/iot/v2/things?force=true", {"name": "thief", "device_id": "DEVICE"}),
        ("POST", f"/iot/v2/things/{other.thing}", {"device_id": "DEVICE"}),
        ("POST", f"/iot/v2/things/{other.thing}?force=true", {"device_id": "DEVICE"}),
        ("PUT", f"/iot/v2/dashboards/{other.dashboard}/widgets/{WIDGET}/variables", {"variables": ["PROPERTY"]}),
        (
            "PUT",
            f"/iot/v3/dashboards/{other.dashboard}/clone",
            {"overrides": [{"old_thing_id": other.thing, "new_thing_id": "THING"}]},
        ),
        ("POST", "/iot/v2/series/batch_query_raw", {"requests": [{"q": "thing.THING"}]}),
        ("POST", "/iot/v2/series/batch_query_raw", {"requests": [{"q": "property.PROPERTY"}]}),
        ("POST", "/iot/v2/series/batch_query_raw/lastvalue", {"requests": [{"q": "property.PROPERTY"}]}),
    ):
        pair = []
        for one in (owners, nothing):
            text = json.dumps(template).replace("DEVICE", one.device).replace("THING", one.thing)
            pair.append((path, json.loads(text.replace("PROPERTY", one.property))))
        await same(method, *pair)
    for query in (f"device_id={account.device}", f"ids={account.thing}"):
        answer = await http.get(f"/iot/v2/things?{query}", headers=bearer(other.token))
        assert account.thing not in answer.text
    for query in ("", f"?thing_id={account.thing}", "?name=w"):
        answer = await http.get(f"/iot/v3/dashboards{query}", headers=bearer(other.token))
        assert account.dashboard not in answer.text
    keys = await http.get("/iot/v1/clients", headers=bearer(other.token))
    assert attacked.sandbox.arduino.client_id not in keys.text
    mine = attacked.sandbox.arduino.client_id
    for method in ("GET", "PATCH", "POST", "DELETE"):
        await same(method, (f"/iot/v1/clients/{mine}", {"name": "x"}), (f"/iot/v1/clients/{'x' * 32}", {"name": "x"}))
    assert await everything(http, account.token) == before


DEEP = b"[" * MANY + b"]" * MANY
RAW_BODIES: dict[str, bytes] = {
    "100,000 arrays": DEEP,
    "100,000 arrays that never end": b"[" * MANY,
    "100,000 objects": b'{"a":' * MANY + b"1" + b"}" * MANY,
    "deep value": b'{"name":' + DEEP + b"}",
    "half an object": b'{"name": "x"',
    "two objects": b'{"name": "x"}{"name": "y"}',
    "a bare word": b"name",
    "invalid UTF-8": b'{"name": "\xc3\x28"}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "NaN": b'{"value": NaN, "name": NaN}',
    "Infinity": b'{"value": Infinity, "name": -Infinity}',
    "1e999": b'{"value": 1e999, "name": 1e999, "key": 1e999}',
    "a number of 100,000 digits": b'{"value": ' + b"9" * MANY + b', "name": 1}',
    "NUL": b'{"name": "a\\u0000b", "key": "a\\u0000b", "value": "a\\u0000b"}',
    "NUL bytes": bytes(1_000),
    "a text": b'"name"',
    "a number": b"1",
    "true": b"true",
    "list of lists": b"[[[]]]",
    "list of nulls": b"[null]",
    "unknown fields": b'{"__proto__": {"a": 1}, "constructor": 1, "id": "x", "user_id": "x", "name": 5}',
    "a million keys": b"{" + b",".join(b'"k%d":1' % n for n in range(60_000)) + b"}",
    "long key": b'{"' + b"k" * MANY + b'": 1, "name": []}',
    "only spaces": b" \t\r\n" * 1_000,
    "a byte too many": b'{"name": "' + b"x" * BODY_LIMIT + b'"}',
}
CONTENT_TYPES = (
    "text/xml",
    "application/cbor",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    "x" * 10_000,
    "\xff/\xfe",
    "",
)


async def test_bodies_that_are_no_bodies(
    attacked: Node, operations: list[Operation], account: Account, http: httpx.AsyncClient
) -> None:
    for operation in operations:
        if operation.schema is None:
            continue
        before = await everything(http, account.token)
        successes = 0
        path = account.path(operation.path).replace(account.device + "/pass", UNKNOWN + "/pass")
        for name, raw in RAW_BODIES.items():
            answer = await http.request(operation.method, path, headers=bearer(account.token), content=raw)
            assert_shape(answer, (operation.method, operation.path, name))
            successes += answer.is_success
        for kind in CONTENT_TYPES:
            for raw in (b"<a/>", b"--x\r\n", b"name=%00&value=%ff", b"\x00\x01", b"{"):
                headers = [
                    (b"authorization", f"Bearer {account.token}".encode()),
                    (b"content-type", kind.encode("latin-1")),
                ]
                answer = await http.request(operation.method, path, headers=headers, content=raw)
                assert_shape(answer, (operation.method, operation.path, kind, raw))
                successes += answer.is_success
        if not successes:
            assert await everything(http, account.token) == before, (operation.method, operation.path)


def wrong(schema: dict[str, Any]) -> list[Any]:
    """Values that do not fit a schema."""
    kinds = {schema.get("type")} | {one.get("type") for one in schema.get("anyOf", ())}
    if kinds <= {None, "null"} and "enum" not in schema:
        return []
    values: list[Any] = [[[]], {"a": {}}] if "array" not in kinds else [{"a": 1}, 1]
    if "object" in kinds:
        values = [[[]], 1, "x"]
    if not kinds & {"string"} and "enum" not in schema:
        values += ["x", "9" * 1_000, "\0"]
    if not kinds & {"number", "integer"}:
        values += [1, -1.5, 10**30]
    if "boolean" not in kinds:
        values.append(True)
    if "enum" in schema:
        values += ["x" * MANY, "\0", 0]
    return values


def places(schema: dict[str, Any], where: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Every field of a body with its schema, the inner ones too."""
    for one in (schema, *schema.get("anyOf", ())):
        for name, inner in one.get("properties", {}).items():
            yield (*where, name), inner
            yield from places(inner, (*where, name))
        if isinstance(one.get("items"), dict):
            yield from places(one["items"], (*where, 0))


def with_value(where: tuple[Any, ...], value: Any) -> Any:
    """A body that has this value there and nothing else."""
    for step in reversed(where):
        value = [value] if step == 0 else {step: value}
    return value


async def test_wrong_types_in_every_field(
    attacked: Node, operations: list[Operation], account: Account, http: httpx.AsyncClient
) -> None:
    """400, and the error names a field; nothing is written."""
    before = await everything(http, account.token)
    tried = 0
    for operation in operations:
        if operation.schema is None or "/clients" in operation.path or "{cid}" in operation.path:
            continue
        path = account.path(operation.path)
        for where, schema in places(operation.schema):
            for value in wrong(schema):
                content = json.dumps(with_value(where, value))
                answer = await http.request(operation.method, path, headers=bearer(account.token), content=content)
                about = (operation.method, operation.path, where, str(value)[:40], answer.text[:300])
                error = assert_error(answer, about, 400)
                assert error["meta"]["field"], about
                tried += 1
    assert tried > 500
    assert await everything(http, account.token) == before


async def test_paths_queries_and_headers(
    attacked: Node, operations: list[Operation], account: Account, http: httpx.AsyncClient
) -> None:
    before = await everything(http, account.token)
    ids = (
        "x",
        "%00",
        "..%2f..%2f",
        "a%2fb",
        "%ff",
        "x" * 20_000,
        "' OR 1=1",
        "{id}",
        UNKNOWN[:-1],
        UNKNOWN + "0",
        "%0d%0a",
    )
    for operation in operations:
        for id in ids:
            if "{id}" not in operation.path:
                continue
            path = id.join(re.split(r"\{\w+\}", operation.path))
            answer = await http.request(operation.method, path, headers=bearer(account.token), content=b"{}")
            assert_error(answer, (operation.method, operation.path, id[:50]), 404, 405, 400)
        if operation.method != "GET" or any(part in operation.path for part in SECRET_FREE):
            continue
        path = account.path(operation.path)
        for name in (
            "show_deleted",
            "limit",
            "start",
            "from",
            "to",
            "interval",
            "aggregation",
            "tags",
            "ids",
            "desc",
            "x",
        ):
            for value in (
                "x",
                "-1",
                "9" * 400,
                "NaN",
                "1e999",
                "%00",
                "%ff%fe",
                "a" * 30_000,
                "",
                "0001-01-01T00:00:00Z",
            ):
                answer = await http.get(f"{path}?{name}={value}", headers=bearer(account.token))
                assert_shape(answer, (operation.path, name, value[:40]))
        for query in ("&".join(["tags=a:b"] * 5_000), "&" * 40_000, "=" * 40_000, "a" * 40_000, "%", "?" * 1_000):
            assert_shape(await http.get(f"{path}?{query}", headers=bearer(account.token)), (operation.path, query[:20]))
        for name, value in (
            ("x-organization", "x"),
            ("x-organization", UNKNOWN),
            ("x-organization", "\xff" * 100),
            ("range", "bytes=0-"),
            ("content-length", "5"),
            ("accept", "text/html"),
            ("cookie", "a" * 10_000),
        ):
            headers = [(b"authorization", f"Bearer {account.token}".encode()), (name.encode(), value.encode("latin-1"))]
            content = b"hello" if name == "content-length" else None
            answer = await http.request("GET", path, headers=headers, content=content)
            assert_shape(answer, (operation.path, name, value[:20]))
    for method in ("BREW", "TRACE", "CONNECTED", "PROPFIND", "PATCH"):
        answer = await http.request(method, "/iot/v2/things", headers=bearer(account.token))
        assert answer.status_code in (400, 404, 405, 501), (method, answer.text)
    for path in ("/iot", "/iot/", "/iot/v2", "/iot/v3/things", "/iot//v2//nothing", "/iot/%2e%2e/health"):
        assert_error(await http.get(path, headers=bearer(account.token)), path, 404)
    assert await everything(http, account.token) == before
    assert uuid.UUID(account.thing)
