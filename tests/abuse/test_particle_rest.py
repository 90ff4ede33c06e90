"""The Particle API and what no client sends to it: an error in its one shape and never a fault of ours, while others'
calls are answered and others' streams lose nothing.

The operations are those of the API itself (`ROUTES`), so that none is forgotten.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from rookery.particle.api.app import ROUTES
from rookery.particle.api.operations import Auth
from tests.abuse.boards import BoardWitness, Listener, count, particle, provision, until, until_told
from tests.abuse.node import MIB, PATIENCE, Node, order

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN = "0" * 24
MANY = 100_000
MOST = 4_000
"""Events of 16 KB until one must have been dropped for a reader that does not read."""
STREAMS = 2_000
"""Streams that one server has room for."""
SHARE = STREAMS // 2
"""Of them, how many one account may have."""
FORM = {"content-type": "application/x-www-form-urlencoded"}
ALONE = (
    "/v1/user",
    "/v1/access_tokens",
    "/v1/access_tokens/current",
    "/v1/access_tokens/{token}",
    "/v1/products/{product}",
    "/v1/integrations/{integration}",
    "/v1/webhooks/{integration}",
)
"""Paths whose DELETE would end the account that asks, its token, or what it asks for."""


class Person(NamedTuple):
    """Somebody with a board, a product with a board, and a webhook."""

    token: str
    device: str
    product: str
    product_device: str
    hook: str

    def path(self, template: str) -> str:
        """A path with what is this person's."""
        device = self.product_device if "{product}" in template else self.device
        ids = {"device": device, "product": self.product, "integration": self.hook}
        return re.sub(r"\{(\w+)\*?\}", lambda found: ids.get(found[1], "x" * 24), template)


def headers(token: str, **more: str) -> dict[str, str]:
    """Of a request."""
    return {"authorization": f"Bearer {token}", **more}


def person_of(node: Node, name: str) -> Person:
    """Make one."""
    email = f"{name}@rookery.local"
    order(node.sandbox.data_dir, "user", "add", email)
    token = order(node.sandbox.data_dir, "token", "create", "--user", email)["access_token"]

    def post(path: str, body: Any) -> Any:
        answer = particle(node, "POST", path, token, json=body)
        assert answer.is_success, (path, answer.text)
        return answer.json()

    product = post("/v1/user/products", {"product": {"name": name, "platform_id": 12, "slug": name}})["product"]
    inside = provision(node, "udp")
    answer = particle(node, "POST", f"/v1/products/{product['id']}/devices", token, json={"id": inside})
    assert answer.is_success, answer.text
    url = {"event": "never/ever", "url": "http://192.0.2.1/"}
    hook = post("/v1/integrations", {"integration_type": "Webhook", **url})["id"]
    return Person(token, UNKNOWN[:-1] + "1", str(product["id"]), inside, hook)


@pytest.fixture(scope="module")
def mallory(node: Node) -> Person:
    """The one who tries."""
    return person_of(node, "mallory")


@pytest.fixture(scope="module")
def alice(node: Node) -> Person:
    """The one whose things are tried for."""
    return person_of(node, "alice")


@pytest_asyncio.fixture(loop_scope="module")
async def http(node: Node) -> AsyncIterator[httpx.AsyncClient]:
    """A client without any convenience."""
    async with httpx.AsyncClient(base_url=node.sandbox.http, timeout=PATIENCE, trust_env=False) as client:
        yield client


def operations() -> Iterator[tuple[str, str, Auth]]:
    """Method, path and what it wants to know of the caller, without what would end the caller's own account."""
    for route in ROUTES:
        for method in route.methods:
            for path in route.paths:
                if not (method == "DELETE" and path in ALONE):
                    yield method, path, route.auth


async def ask(http: httpx.AsyncClient, method: str, path: str, **more: Any) -> httpx.Response:
    """A request whose answer is not read beyond its beginning when it is a stream."""
    async with http.stream(method, path, **more) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            await answer.aread()
        return answer


def assert_answer(answer: httpx.Response, about: object) -> None:
    """A success, or an error of the caller in JSON that does not repeat all that was sent."""
    assert answer.status_code < 500, (about, answer.status_code, answer.text[:500])
    if answer.status_code < 400:
        return
    kind = answer.headers.get("content-type", "")
    assert len(answer.content) <= 2_000, (about, answer.content[:300])
    if kind.startswith("application/json"):
        assert isinstance(answer.json(), dict), about
    else:
        assert kind.startswith("text/html") or not answer.content, (about, kind)


BODIES: dict[str, tuple[str, bytes]] = {
    "100,000 arrays": ("application/json", b"[" * MANY + b"]" * MANY),
    "100,000 objects": ("application/json", b'{"name":' * MANY + b"1" + b"}" * MANY),
    "half an object": ("application/json", b'{"name": "x"'),
    "a list": ("application/json", b"[1, null, {}]"),
    "a number": ("application/json", b"1e999"),
    "NaN": ("application/json", b'{"name": NaN, "data": Infinity}'),
    "invalid UTF-8": ("application/json", b'{"name": "\xc3\x28"}'),
    "a lone surrogate": ("application/json", b'{"name": "\\ud800", "data": "\\udfff"}'),
    "UTF-16": ("application/json", '{"name": "x"}'.encode("utf-16")),
    "NUL": ("application/json", b'{"name": "a\\u0000b", "id": "\\u0000", "username": "\\u0000", "ids": ["\\u0000"]}'),
    "numbers": ("application/json", b'{"name": -1, "id": 1e308, "ttl": 18446744073709551616, "expires_in": -1}'),
    "a number of 10,000 digits": ("application/json", b'{"expires_in": ' + b"9" * 10_000 + b', "name": 1}'),
    "lists": (
        "application/json",
        b'{"name": [], "id": {}, "data": [[[]]], "username": [1], "product": [], "scope": {}}',
    ),
    "other types": (
        "application/json",
        b'{"product": "x", "account_info": 7, "settings": [], "groups": 5, "notes": {}, "event": [], "url": {}}',
    ),
    "prototypes": (
        "application/json",
        b'{"__proto__": {"admin": true}, "constructor": {}, "owner": "x", "id": "../.."}',
    ),
    "a form of nothing": (FORM["content-type"], b"&&&=&=&"),
    "a form that is not UTF-8": (FORM["content-type"], b"name=%ff%fe&id=%c3%28"),
    "a form with NUL": (FORM["content-type"], b"name=%00&id=%00&data=%00"),
    "brackets": (FORM["content-type"], b"name[=1&na]me=2&[]=3&name[a]b=4&[[]]=5&name[][][]=6"),
    "no boundary": ("multipart/form-data", b"--x\r\n"),
    "half a part": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="name"'),
    "a part of nothing": ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--\r\n"),
    "another type": ("text/xml", b"<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>"),
    "a type that is none": ("x" * 5_000, b"name=x"),
}


async def test_bodies_that_are_none(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """Each of these at every operation that may have a body."""
    for method, path, _ in operations():
        if method in ("GET", "HEAD"):
            continue
        where = mallory.path(path)
        for name, (kind, raw) in BODIES.items():
            answer = await ask(
                http, method, where, headers=headers(mallory.token, **{"content-type": kind}), content=raw
            )
            assert_answer(answer, (method, path, name))
    assert (await http.get("/v1/user", headers=headers(mallory.token))).status_code == 200


NAMES = (
    "%00",
    "a%00b",
    "%ff%fe",
    "%c3%28",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5cwindows",
    "%0d%0aX-Injected:%201",
    "%",
    "%zz",
    "%u0000",
    "'%20OR%201=1%20--",
    "%F0%9F%92%A9",
    "x" * 5_000,
    "-1",
    "99999999999999999999999999",
    "1e9",
    "NaN",
    "null",
    "%2f",
    "*",
    "%25",
)


async def test_paths(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """Names that are none in every place of every path."""
    for method, path, _ in operations():
        if "{" not in path:
            continue
        for name in NAMES:
            where = name.join(re.split(r"\{\w+\*?\}", path))
            answer = await ask(
                http, method, where, headers=headers(mallory.token), content=b"" if method != "GET" else None
            )
            assert_answer(answer, (method, path, name))
            assert "x-injected" not in answer.headers


QUERIES = (
    "page=-1&per_page=-1",
    "page=99999999999999999999&perPage=99999999999999999999",
    "page=1000000&per_page=1000",
    "page=NaN&per_page=1e9",
    "page=%00&sortAttr=%00&sortDir=%ff&deviceName=%c3%28&groups=[]",
    "sortAttr=__class__&sortDir=DROP&deviceId=%25&serialNumber=*&groups[]=a&groups[]=b",
    "start_date=9999-99-99&end_date=-1&since=x&until=%00",
    "start_date=0001-01-01T00:00:00Z&end_date=9999-12-31T23:59:59.999999Z",
    "&".join(f"a{n}=b" for n in range(990)),
    "=&=&&%&%=%",
    "timeout=-1&format=%00&strict=x",
)


async def test_queries(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """Pages that are none, dates that are none, and what nobody asked for."""
    for method, path, _ in operations():
        if method != "GET":
            continue
        for query in (*QUERIES, "&".join(f"a{n}=b" for n in range(5_000))):
            answer = await ask(http, method, f"{mallory.path(path)}?{query}", headers=headers(mallory.token))
            assert_answer(answer, (method, path, query[:80]))


async def test_tokens(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """Tokens that are none, two at once, and in places where they do not belong: 400 or 401, everywhere."""
    arduino = await asyncio.to_thread(lambda: besieged.token)
    bad = [
        "x",
        "0" * 40,
        mallory.token[:-1],
        mallory.token + "0",
        mallory.token.upper() + "_",
        arduino,
        "\xe4\xff",
        "a" * 8_000,
    ]
    for method, path, auth in operations():
        if auth is not Auth.TOKEN:
            continue
        where = mallory.path(path)
        tries: list[dict[str, Any]] = [
            {"headers": {b"authorization": f"Bearer {one}".encode("latin-1")}} for one in bad
        ]
        tries += [
            {},
            {"headers": {"authorization": mallory.token}},
            {"headers": {"authorization": "Bearer"}},
            {"headers": {"authorization": "Basic " + base64.b64encode(f"x:{mallory.token}".encode()).decode()}},
            {"headers": headers(mallory.token), "params": {"access_token": mallory.token}},
            {"headers": headers("x"), "params": {"access_token": mallory.token}},
        ]
        if method not in ("GET", "HEAD"):
            tries.append({"params": {"access_token": mallory.token}})
            tries.append({"headers": headers(mallory.token), "data": {"access_token": mallory.token}})
            tries.append({"json": {"access_token": mallory.token}})
            tries.append({"headers": FORM, "content": f"access_token={mallory.token}&access_token=x"})
        for number, one in enumerate(tries):
            answer = await ask(http, method, where, **one)
            assert answer.status_code in (400, 401), (method, path, number, answer.status_code)
            assert_answer(answer, (method, path, number))


async def test_what_is_others(
    besieged: Node, boards: BoardWitness, mallory: Person, alice: Person, http: httpx.AsyncClient
) -> None:
    """Another person's board (that of the witness), hook, product and what is in it: refused; a board and a hook word
    for word as if they did not exist."""
    private = alice._replace(device=boards.boards["tcp"].device_id)
    nothing = Person("", "f" * 24, "987654", "f" * 24, "f" * 24)
    for method, path, _ in operations():
        if "{device}" not in path and "{product}" not in path and "{integration}" not in path:
            continue
        told = []
        for one in (private, nothing):
            answer = await ask(
                http, method, one.path(path), headers=headers(mallory.token), json={} if method != "GET" else None
            )
            assert_answer(answer, (method, path))
            text = answer.text if answer.is_success is False else "success"
            for known in (*private[1:], *nothing[1:]):
                text = text.replace(known, "ID")
            told.append((answer.status_code, text))
        assert told[0][0] >= 400, (method, path, told)
        if "{product}" not in path:
            assert told[0] == told[1], (method, path, told)
    shown = particle(besieged, "GET", f"/v1/products/{alice.product}", alice.token)
    assert shown.status_code == 200


async def test_bodies_that_are_too_long(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """100 MB, said before or not, as JSON, form or file, with a token and without: refused, and not collected."""

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(1_600):
            yield bytes(65_536)

    before = besieged.rss()
    for kind in ("application/json", FORM["content-type"], "multipart/form-data; boundary=x", "text/plain"):
        for token in (mallory.token, ""):
            for length in ({"content-length": str(100 * MIB)}, {}):
                own = {"content-type": kind, **length} | (headers(token) if token else {})
                for path in ("/v1/devices/events", "/oauth/token", f"/v1/products/{mallory.product}/devices"):
                    try:
                        answer = await http.post(path, content=stream(), headers=own)
                    except httpx.HTTPError:
                        continue  # closed while it was being sent
                    assert answer.status_code in (400, 401, 413), (kind, path, answer.status_code)
    assert besieged.rss() < before + 64 * MIB


async def test_forms_that_are_too_much(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """100,000 fields, deep ones, and multipart bodies of as many parts: 400, quickly."""
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    forms = [
        (FORM["content-type"], b"&".join(b"a%d=1" % n for n in range(MANY))),
        (FORM["content-type"], b"&".join([b"a[]=1"] * MANY)),
        (FORM["content-type"], b"a" + b"[a]" * MANY + b"=1"),
        (FORM["content-type"], b"a" + b"[" * MANY + b"]" * MANY + b"=1"),
        ("multipart/form-data; boundary=x", part * 20_000 + b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * MANY + b"\r\n1\r\n--x--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 5_000, b"--x\r\n" * MANY),
        ("multipart/form-data; boundary=-", b"-" * (4 * MIB)),
    ]
    for kind, raw in forms:
        for path in ("/v1/devices/events", "/v1/device_claims", f"/v1/products/{mallory.product}/devices"):
            sent = headers(mallory.token, **{"content-type": kind})
            answer = await http.post(path, content=raw, headers=sent)
            # A call that wants no fields takes a strange name for one that it does not know.
            expected = (200, 400, 413) if path == "/v1/device_claims" else (400, 413)
            assert answer.status_code in expected, (kind[:40], path, answer.status_code, answer.text[:200])


async def test_injection(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """Line breaks in what becomes a header or a line of a stream."""
    token = mallory.token
    for name in (
        "a\r\nb",
        "a\nevent: x",
        "\x00",
        "a\rb",
        "\x1b[2J",
        "spark/status",
        "PARTICLE/x",
        "",
        "x" * 65,
        "ä" * 33,
    ):
        answer = await http.post("/v1/devices/events", json={"name": name, "data": "x"}, headers=headers(token))
        assert answer.status_code == 400, name
    async with Listener(besieged, "/v1/devices/events/inject", token) as listener:
        for data in ("a\r\nevent: x\r\ndata: y\r\n\r\n", "\u2028\u2029\x85", "\x7f", "x" * 16_384, '{"a":"\n\n"}'):
            body = {"name": "inject", "data": data}
            assert (await http.post("/v1/devices/events", json=body, headers=headers(token))).status_code == 200
        assert (
            await http.post("/v1/devices/events", json={"name": "inject", "data": "x" * 16_385}, headers=headers(token))
        ).status_code == 400
        await until(lambda: len(listener.seen) == 5, "five events and no more")
        assert [name for name, _, _ in listener.seen] == ["inject"] * 5
    for address in ("http://a/\r\nX-Injected: 1", "javascript:alert(1)", "//evil", "http://user@evil/", "", "\x00"):
        query = {"response_type": "code", "client_id": "particle", "redirect_uri": address}
        answer = await http.get("/oauth/authorize", params=query)
        assert_answer(answer, address)
        assert answer.status_code not in (301, 302, 303, 307), address
        assert "x-injected" not in answer.headers


PRIVATE = (
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0x7f.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[fe80::1%25lo]/",
    "http://[fd00::1]/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://①②⑦.0.0.1/",
    "http://127。0。0。1/",
    "http://user:pass@127.0.0.1/",
    "http://127.0.0.1#@example.com/",
    "http://example.com@127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "http:///",
    "http://[::1/",
    "http://{{{url}}}/",
)


async def test_webhooks_to_this_machine(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """However it is spelled: the definition is refused, or the request is; nothing is connected to."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        port = trap.getsockname()[1]
        for number, url in enumerate(PRIVATE):
            target = re.sub(r"^(\w+://[^/#]+)", rf"\1:{port}", url) if "#" not in url else url
            hook = {"integration_type": "Webhook", "event": f"hook{number}", "url": target}
            made = await http.post("/v1/integrations", json=hook, headers=headers(mallory.token))
            assert_answer(made, url)
            if made.status_code == 201:
                where = f"/v1/integrations/{made.json()['id']}"
                body = {"data": json.dumps({"url": f"127.0.0.1:{port}"})}
                tried = await http.post(f"{where}/test", json=body, headers=headers(mallory.token))
                assert_answer(tried, url)
                assert tried.json().get("pass") is False, (url, tried.text)
                assert (await http.delete(where, headers=headers(mallory.token))).status_code == 204
        with pytest.raises(BlockingIOError):
            trap.accept()


async def test_webhooks_that_set_each_other_off(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """Hooks for what hooks say, and templates that grow: one event is one event."""
    made = []
    for event in ("loop", "hook-error/loop", "hook-sent/loop", "hook-"):
        hook = {
            "integration_type": "Webhook",
            "event": event,
            "url": "http://127.0.0.1:1/",
            "responseTopic": "loop",
            "errorResponseTopic": "loop",
            "body": "{{#a}}{{#a}}{{#a}}{{#a}}{{.}}{{/a}}{{/a}}{{/a}}{{/a}}",
        }
        answer = await http.post("/v1/integrations", json=hook, headers=headers(mallory.token))
        assert_answer(answer, event)
        if answer.status_code == 201:
            made.append(answer.json()["id"])
    assert made
    async with Listener(besieged, "/v1/devices/events", mallory.token) as listener:
        data = json.dumps({"a": list(range(2_000))})
        body = {"name": "loop", "data": data}
        assert (await http.post("/v1/devices/events", json=body, headers=headers(mallory.token))).status_code == 200
        body = {"name": "last", "data": ""}
        await until(lambda: len(listener.seen) >= 2, "what became of it")
        assert (await http.post("/v1/devices/events", json=body, headers=headers(mallory.token))).status_code == 200
        await until(lambda: any(name == "last" for name, _, _ in listener.seen), "the last event")
        assert len(listener.seen) <= 6, listener.seen
    for hook in made:
        assert (await http.delete(f"/v1/integrations/{hook}", headers=headers(mallory.token))).status_code == 204


async def opened(node: Node, token: str, where: str = "/v1/devices/events", buffer: int = 0) -> socket.socket | None:
    """A stream on a socket of one's own; None when it was refused."""
    at = httpx.URL(node.sandbox.http)
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    sock.setblocking(False)
    try:
        async with asyncio.timeout(PATIENCE):
            await loop.sock_connect(sock, (at.host, at.port))
            ask = f"GET {where} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
            await loop.sock_sendall(sock, ask.encode())
            said = b""
            while b"\r\n" not in said:
                said += await loop.sock_recv(sock, 4_096)
    except OSError:
        sock.close()
        return None
    if b" 200 " not in said:
        sock.close()
        return None
    return sock


async def test_slow_readers(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """Ten streams that are never read, of somebody who publishes megabytes: they lose events, counted; one beside them
    that is read loses none."""
    token = mallory.token
    dropped = count(besieged, "rookery_stream_events_dropped_total")
    async with Listener(besieged, "/v1/devices/events/slow", token) as listener:
        slow = [await opened(besieged, token, "/v1/devices/events/slow", 4_096) for _ in range(10)]
        assert all(slow)
        said = 0
        # How much the system takes for a reader that does not read is its own affair.
        while said < MOST and (said % 100 or count(besieged, "rookery_stream_events_dropped_total") == dropped):
            body = {"name": "slow", "data": f"{said} ".ljust(16_000, "x")}
            assert (await http.post("/v1/devices/events", json=body, headers=headers(token))).status_code == 200
            said += 1
        await until(lambda: len(listener.seen) >= said, "all events")
        assert [int(str(data).split()[0]) for _, data, _ in listener.seen] == list(range(said))
        for sock in slow:
            if sock is not None:
                sock.close()
    assert count(besieged, "rookery_stream_events_dropped_total") > dropped


async def test_streams_by_the_thousand(besieged: Node, mallory: Person, alice: Person) -> None:
    """Three thousand streams of one account: it gets half of all there are, others still get theirs, and when they are
    cut off nothing is left of them."""
    before = count(besieged, "rookery_streams")
    held: list[socket.socket] = []
    refused = 0
    for _ in range(30):
        for sock in await asyncio.gather(*(opened(besieged, mallory.token) for _ in range(100))):
            if sock is None:
                refused += 1
            else:
                held.append(sock)
    assert len(held) == SHARE
    assert refused == 3_000 - SHARE
    async with Listener(besieged, "/v1/devices/events", alice.token):
        pass
    for sock in held:
        sock.close()
    await until_told(lambda: count(besieged, "rookery_streams") <= before, "streams are left")
    async with Listener(besieged, "/v1/devices/events", mallory.token):
        pass


async def test_streams_that_are_cut_off(besieged: Node, mallory: Person, http: httpx.AsyncClient) -> None:
    """Listeners who vanish between two events and in the middle of one."""
    before = count(besieged, "rookery_streams")
    for number in range(20):
        some = await asyncio.gather(*(opened(besieged, mallory.token, buffer=4_096) for _ in range(20)))
        body = {"name": "cut", "data": str(number).ljust(16_000)}
        sent = asyncio.create_task(http.post("/v1/devices/events", json=body, headers=headers(mallory.token)))
        for sock in some[::2]:
            assert sock is not None
            sock.close()
        assert (await sent).status_code == 200
        for sock in some[1::2]:
            assert sock is not None
            sock.close()
    await until_told(lambda: count(besieged, "rookery_streams") <= before, "streams are left")


async def test_slow_requests(besieged: Node) -> None:
    """Two hundred requests that never finish, in their head and in their body."""
    at = httpx.URL(besieged.sandbox.http)
    socks = []
    for number in range(200):
        sock = socket.create_connection((at.host, at.port))
        head = b"POST /v1/devices/events HTTP/1.1\r\nHost: x\r\n"
        if number % 2:
            head += b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
        sock.sendall(head)
        socks.append(sock)
        if not number % 20:
            await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    for sock in socks:
        sock.close()
