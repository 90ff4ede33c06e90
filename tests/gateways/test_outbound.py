"""Requests of users on real sockets: to whom they go, by which address, what they carry, and what ends them."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from rookery.core.outgoing import OutgoingFailed, OutgoingRefused, OutgoingRequest
from rookery.gateways.outbound import Outbound, OutboundLimits
from rookery.keys import KeyStore, server_names

LOOPBACK = (ip_network("127.0.0.0/8"),)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: Good\r\n\r\nok"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


class Server:
    """Remembers what it is asked, and answers by path what the test says."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: dict[str, bytes] = {}
        self.connections = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        self._tasks.add(asyncio.current_task())
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *fields = head.rstrip("\r\n").split("\r\n")
                headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append((line.removesuffix(" HTTP/1.1"), headers, body))
                writer.write(self.answers.get(line.split()[1], OK).replace(b"PORT", str(self.port).encode()))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @property
    def lines(self) -> list[str]:
        return [line for line, _, _ in self.requests]

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()

    async def over(self) -> None:
        """Wait until the last connection has ended."""
        if tasks := [task for task in self._tasks if task is not None]:
            await asyncio.wait(tasks)


@asynccontextmanager
async def serving(context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        server.hang_up()
        await server.over()
        await listener.wait_closed()


class Names:
    """A resolver that needs no network; it remembers what it was asked."""

    def __init__(self, **hosts: Sequence[str]) -> None:
        self.hosts = {name.replace("_", "."): list(addresses) for name, addresses in hosts.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.hosts:
            raise OSError("no such host")
        return self.hosts[host]


def no_authority() -> ssl.SSLContext:
    """Believes nobody; the usual authorities take a moment to load."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@asynccontextmanager
async def calling(
    names: Names | None = None,
    limits: OutboundLimits | None = None,
    trusted: Callable[[], ssl.SSLContext] | None = None,
    allowed: bool = True,
) -> AsyncIterator[Outbound]:
    outbound = Outbound(
        LOOPBACK if allowed else (),
        resolver=names or Names(here_test=["127.0.0.1"]),
        limits=limits,
        trusted=trusted or no_authority,
    )
    try:
        yield outbound
    finally:
        await outbound.close()


def redirect(status: int, location: str) -> bytes:
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


async def test_a_request_arrives_as_it_is_written() -> None:
    async with serving() as server, calling() as outbound:
        response = await outbound(
            OutgoingRequest(
                method="POST",
                url=f"http://here.test:{server.port}/a b?x=1&y=%20",
                headers=(("Content-Type", "text/plain"), ("X-Key", " k "), ("User-Agent", "Test")),
                body=b"hello",
            )
        )
        assert (response.status, response.body, response.good) == (200, b"ok", True)
        assert response.header("x-kind") == "Good"
        assert server.requests == [
            (
                "POST /a%20b?x=1&y=%20",
                {
                    "host": f"here.test:{server.port}",
                    "content-type": "text/plain",
                    "x-key": "k",
                    "user-agent": "Test",
                    "content-length": "5",
                },
                b"hello",
            )
        ]


async def test_bodies_are_where_the_method_has_one() -> None:
    async with serving() as server, calling() as outbound:
        for method in ("GET", "DELETE", "POST", "PUT"):
            await outbound(OutgoingRequest(method=method, url=f"http://here.test:{server.port}/"))
        assert [headers.get("content-length") for _, headers, _ in server.requests] == [None, None, "0", "0"]


async def test_headers_of_the_connection_are_ours() -> None:
    async with serving() as server, calling() as outbound:
        mine = (("Host", "other"), ("Content-Length", "99"), ("Transfer-Encoding", "chunked"), ("Connection", "close"))
        await outbound(OutgoingRequest(method="POST", url=f"http://here.test:{server.port}/", headers=mine, body=b"x"))
        assert server.requests[0][1] == {"host": f"here.test:{server.port}", "content-length": "1"}


async def test_a_name_and_password_in_the_url_become_a_header() -> None:
    async with serving() as server, calling() as outbound:
        await outbound(OutgoingRequest(method="GET", url=f"http://us%40er:pa@here.test:{server.port}/"))
        assert server.requests[0][1]["authorization"] == "Basic dXNAZXI6cGE="


async def test_connections_are_kept_for_the_next_request() -> None:
    async with serving() as server, calling() as outbound:
        for _ in range(3):
            await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/"))
        assert (len(server.requests), server.connections) == (3, 1)


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving() as server, calling() as outbound:
        assert (await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/"))).good


# Where requests may not go. Nothing listens there, and nothing is asked: each is refused before a connection.
REFUSED_URLS = {
    "loopback by number": "http://127.0.0.1/",
    "loopback by an old form": "http://0x7f.1/",
    "loopback by one number": "http://2130706433/",
    "loopback by name": "http://localhost:8080/",
    "loopback in IPv6": "http://[::1]/",
    "loopback in IPv6, mapped": "http://[::ffff:127.0.0.1]/",
    "any address": "http://0.0.0.0:8080/",
    "private": "https://192.168.1.1/admin",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "carrier-grade NAT": "http://100.64.0.1/",
    "NAT64": "http://[64:ff9b::10.0.0.1]/",
    "6to4": "http://[2002:7f00:1::]/",
    "Teredo": "http://[2001:0:1::1]/",
    "multicast": "http://224.0.0.1/",
}


@pytest.mark.parametrize("name", REFUSED_URLS)
async def test_refused_with_the_systems_resolver(name: str) -> None:
    outbound = Outbound(trusted=no_authority)
    try:
        with pytest.raises(OutgoingRefused, match="must not be called"):
            await outbound(OutgoingRequest(method="GET", url=REFUSED_URLS[name]))
    finally:
        await outbound.close()


BAD_REQUESTS = {
    "another scheme": OutgoingRequest(method="GET", url="file:///etc/passwd"),
    "gopher": OutgoingRequest(method="GET", url="gopher://here.test/"),
    "no scheme": OutgoingRequest(method="GET", url="here.test/"),
    "no host": OutgoingRequest(method="GET", url="http:///x"),
    "an octal address": OutgoingRequest(method="GET", url="http://0177.0.0.1/"),
    "not a URL": OutgoingRequest(method="GET", url="http://[::1/"),
    "a line end in the URL": OutgoingRequest(method="GET", url="http://here.test/\r\nX: y"),
    "no port": OutgoingRequest(method="GET", url="http://here.test:0/"),
    "no such port": OutgoingRequest(method="GET", url="http://here.test:70000/"),
    "long": OutgoingRequest(method="GET", url="http://here.test/" + "x" * 9_000),
    "a method": OutgoingRequest(method="GET /x", url="http://here.test/"),
    "a body": OutgoingRequest(method="POST", url="http://here.test/", body=b"x" * 600_000),
    "a header's name": OutgoingRequest(method="GET", url="http://here.test/", headers=(("X y", "z"),)),
    "a header's value": OutgoingRequest(method="GET", url="http://here.test/", headers=(("X", "y\r\nZ: z"),)),
    "many headers": OutgoingRequest(method="GET", url="http://here.test/", headers=(("X", "y"),) * 65),
    "large headers": OutgoingRequest(method="GET", url="http://here.test/", headers=(("X", "y" * 17_000),)),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
async def test_a_request_that_can_not_be_made_is_refused(name: str) -> None:
    names = Names(here_test=["127.0.0.1"])
    async with calling(names) as outbound:
        with pytest.raises(OutgoingRefused) as caught:
            await outbound(BAD_REQUESTS[name])
        assert str(caught.value).endswith(".")
        assert names.asked == []


async def test_a_name_with_a_private_address_is_refused() -> None:
    async with calling(Names(evil_test=["10.1.2.3"]), allowed=False) as outbound:
        with pytest.raises(OutgoingRefused) as caught:
            await outbound(OutgoingRequest(method="GET", url="http://evil.test/?secret=1"))
        assert str(caught.value) == "evil.test must not be called: 10.1.2.3 is private."


async def test_of_several_addresses_only_those_that_may_are_called() -> None:
    names = Names(mixed_test=["10.0.0.1", "::1", "8.8.8.8", "169.254.169.254", "2606:4700::1111", "8.8.8.8"])
    async with calling(names, allowed=False) as outbound:
        assert await outbound.addresses("mixed.test", 80) == ["8.8.8.8", "2606:4700::1111"]


async def test_at_most_four_addresses_are_tried() -> None:
    async with calling(Names(many_test=[f"8.8.8.{n}" for n in range(40)])) as outbound:
        assert len(await outbound.addresses("many.test", 80)) == 4


async def test_a_name_is_looked_up_once_and_the_answer_is_what_is_called() -> None:
    class Rebinding(Names):
        async def __call__(self, host: str, port: int) -> Sequence[str]:
            self.asked.append(host)
            return ["127.0.0.1"] if len(self.asked) == 1 else ["169.254.169.254"]

    names = Rebinding()
    async with serving() as server, calling(names) as outbound:
        assert (await outbound(OutgoingRequest(method="GET", url=f"http://re.test:{server.port}/"))).good
        assert names.asked == ["re.test"]
        server.hang_up()


async def test_the_next_address_is_tried_when_one_takes_no_connection() -> None:
    # Nothing listens at 127.0.0.2.
    names = Names(two_test=["127.0.0.2", "127.0.0.1"])
    async with serving() as server, calling(names) as outbound:
        assert (await outbound(OutgoingRequest(method="GET", url=f"http://two.test:{server.port}/"))).good


async def test_a_name_without_an_address_fails() -> None:
    async with calling(Names(none_test=[])) as outbound:
        for host in ("unknown.test", "none.test"):
            with pytest.raises(OutgoingFailed, match=f"The address of {host} was not found"):
                await outbound(OutgoingRequest(method="GET", url=f"http://{host}/"))


async def test_redirects_are_followed() -> None:
    async with serving() as server, calling() as outbound:
        server.answers["/1"] = redirect(302, "/2?a=b")
        server.answers["/2?a=b"] = redirect(307, "http://here.test:PORT/3")
        answer = await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/1"))
        assert answer.good
        assert server.lines == ["GET /1", "GET /2?a=b", "GET /3"]


@pytest.mark.parametrize(
    ("status", "line", "body"),
    [(301, "GET /2", b""), (302, "GET /2", b""), (303, "GET /2", b""), (307, "POST /2", b"x"), (308, "POST /2", b"x")],
)
async def test_what_a_redirected_post_becomes(status: int, line: str, body: bytes) -> None:
    async with serving() as server, calling() as outbound:
        server.answers["/1"] = redirect(status, "/2")
        headers = (("Content-Type", "text/plain"), ("Authorization", "k"))
        url = f"http://here.test:{server.port}/1"
        await outbound(OutgoingRequest(method="POST", url=url, headers=headers, body=b"x"))
        found, sent, content = server.requests[1]
        assert (found, content) == (line, body)
        assert sent["authorization"] == "k"
        assert ("content-type" in sent) is bool(body)


async def test_another_origin_gets_no_key() -> None:
    names = Names(here_test=["127.0.0.1"], there_test=["127.0.0.1"])
    async with serving() as server, calling(names) as outbound:
        server.answers["/1"] = redirect(307, "http://user:pw@there.test:PORT/2")
        headers = (("Authorization", "k"), ("X-Api-Key", "k"), ("Cookie", "k"), ("Accept", "text/plain"))
        await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/1", headers=headers))
        assert server.requests[1][1] == {"host": f"there.test:{server.port}", "accept": "text/plain"}


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest", "http://inside.test/", "http://[::1]/", "file:///etc/passwd"]
)
async def test_a_redirect_does_not_cross_the_line(location: str) -> None:
    names = Names(here_test=["127.0.0.1"], inside_test=["10.0.0.1"])
    async with serving() as server, calling(names) as outbound:
        server.answers["/1"] = redirect(302, location)
        with pytest.raises(OutgoingRefused):
            await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/1"))
        assert server.lines == ["GET /1"]


async def test_redirects_end() -> None:
    async with serving() as server, calling() as outbound:
        server.answers["/1"] = redirect(302, "/1")
        with pytest.raises(OutgoingFailed, match="more than 5 redirects"):
            await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/1"))
        assert len(server.requests) == 6


async def test_a_redirect_without_a_place_is_an_answer() -> None:
    async with serving() as server, calling() as outbound:
        server.answers["/1"] = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
        assert (await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/1"))).status == 302


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    # The handshake checks dates with the machine's own clock.
    names = server_names(["here.test"])
    subject = (("CN", "Test"),)
    return KeyStore.open(tmp_path_factory.mktemp("keys"), names, time.time_ns() // 1000, subject=subject)


def trusting(store: KeyStore) -> Callable[[], ssl.SSLContext]:
    return lambda: ssl.create_default_context(cafile=str(store.authority_file))


async def test_tls_checks_the_name_and_not_the_address(store: KeyStore) -> None:
    names = Names(here_test=["127.0.0.1"], there_test=["127.0.0.1"])
    async with serving(store.tls.context()) as server, calling(names, trusted=trusting(store)) as outbound:
        assert (await outbound(OutgoingRequest(method="GET", url=f"https://here.test:{server.port}/"))).good
        with pytest.raises(OutgoingFailed, match=r"The certificate of there\.test is not valid: Hostname mismatch"):
            await outbound(OutgoingRequest(method="GET", url=f"https://there.test:{server.port}/"))


async def test_an_unknown_authority_is_refused_unless_it_does_not_matter(store: KeyStore) -> None:
    async with serving(store.tls.context()) as server, calling() as outbound:
        url = f"https://here.test:{server.port}/"
        with pytest.raises(OutgoingFailed, match=r"The certificate of here\.test is not valid"):
            await outbound(OutgoingRequest(method="GET", url=url))
        assert (await outbound(OutgoingRequest(method="GET", url=url, verify=False))).good
        with pytest.raises(OutgoingFailed, match="not valid"):
            await outbound(OutgoingRequest(method="GET", url=url))


async def test_a_redirect_never_leaves_tls(store: KeyStore) -> None:
    async with serving(store.tls.context()) as server, calling(trusted=trusting(store)) as outbound:
        server.answers["/1"] = redirect(302, "http://here.test:PORT/2")
        with pytest.raises(OutgoingRefused, match="from https to http"):
            await outbound(OutgoingRequest(method="GET", url=f"https://here.test:{server.port}/1"))


async def test_tls_to_a_server_without_it() -> None:
    async with serving() as server, calling() as outbound:
        with pytest.raises(OutgoingFailed, match="does not speak TLS"):
            await outbound(OutgoingRequest(method="GET", url=f"https://here.test:{server.port}/"))


ANSWERS = {
    "too long": (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 600_000, "is longer than 524288 bytes"),
    "too long, in chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"fffff\r\n" + b"x" * 0xFFFFF,
        "is longer than 524288 bytes",
    ),
    "endless headers": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "does not speak HTTP"),
    "not HTTP": (b"SSH-2.0-x\r\n\r\n", "does not speak HTTP"),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_that_is_none(name: str) -> None:
    answer, sentence = ANSWERS[name]
    async with serving() as server, calling() as outbound:
        server.answers["/"] = answer
        with pytest.raises(OutgoingFailed, match=sentence):
            await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/"))
        server.answers["/"] = OK
        assert (await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/"))).good


async def test_no_answer_in_time() -> None:
    async with serving() as server, calling(limits=OutboundLimits(total_seconds=0.05)) as outbound:
        server.answers["/"] = b"HTTP/1.1 200 OK\r\n"
        with pytest.raises(OutgoingFailed, match=r"here\.test has not answered within 0\.05 seconds\."):
            await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/"))


async def test_a_request_may_have_less_time() -> None:
    async with serving() as server, calling() as outbound:
        server.answers["/"] = b"HTTP/1.1 200 OK\r\n"
        with pytest.raises(OutgoingFailed, match=r"within 0\.05 seconds\."):
            await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/", seconds=0.05))


async def test_a_port_that_nobody_listens_on() -> None:
    async with serving() as server:
        port = server.port
    async with calling() as outbound:
        with pytest.raises(OutgoingFailed, match=r"here\.test takes no connection\."):
            await outbound(OutgoingRequest(method="GET", url=f"http://here.test:{port}/"))


async def test_the_usual_authorities_are_loaded_once() -> None:
    outbound = Outbound(LOOPBACK, resolver=Names(here_test=["127.0.0.1"]))
    try:
        async with serving() as server:
            request = OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/")
            answers = await asyncio.gather(*(outbound(request) for _ in range(5)))
        assert all(answer.good for answer in answers)
    finally:
        await outbound.close()


async def test_so_many_at_once_and_so_many_waiting() -> None:
    async with serving() as server, calling(limits=OutboundLimits(at_once=1, waiting=1)) as outbound:
        request = OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/")
        first, second, third = await asyncio.gather(
            outbound(request), outbound(request), outbound(request), return_exceptions=True
        )
        assert [type(each).__name__ for each in (first, second, third)] == [
            "OutgoingResponse",
            "OutgoingResponse",
            "OutgoingFailed",
        ]
        assert str(third) == "Too many requests are under way."


async def test_authorities_that_can_not_be_read_are_read_again() -> None:
    tries: list[int] = []

    def trusted() -> ssl.SSLContext:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no such file")
        return no_authority()

    async with serving() as server, calling(trusted=trusted) as outbound:
        request = OutgoingRequest(method="GET", url=f"http://here.test:{server.port}/")
        with pytest.raises(OSError, match="no such file"):
            await outbound(request)
        assert (await outbound(request)).good
        tries.clear()
    broken = Outbound(trusted=trusted)
    with pytest.raises(OSError, match="no such file"):
        await broken(request)
    await broken.close()


async def test_nothing_goes_out_after_the_end() -> None:
    async with calling() as outbound:
        await outbound.close()
        with pytest.raises(OutgoingFailed, match="stopping"):
            await outbound(OutgoingRequest(method="GET", url="http://here.test/"))


async def test_a_sentence_says_nothing_secret() -> None:
    async with serving() as server:
        port = server.port
    async with calling() as outbound:
        with pytest.raises(OutgoingFailed) as caught:
            await outbound(OutgoingRequest(method="GET", url=f"http://u:secret@here.test:{port}/secret?secret=1"))
        assert "secret" not in str(caught.value)


def test_the_library_is_loaded_late() -> None:
    code = (
        "import sys, rookery.gateways.outbound; print([name for name in ('httpcore', 'httpx') if name in sys.modules])"
    )
    source = Path(__file__).parents[2] / "src"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=source)
    assert found.stdout == "[]\n"
