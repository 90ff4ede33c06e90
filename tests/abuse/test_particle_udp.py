"""The port of boards over UDP, and what no board says to it: the boards that have a session do not notice."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.simulate.particle import virtual_board
from rookery.wire.coap.message import Code
from rookery.wire.coap.options import BLOCK1
from rookery.wire.dtls.client import ClientConnection
from rookery.wire.dtls.keys import Entropy, SigningKey
from tests.abuse.boards import Rogue, common_key, count, path, provision, rogue, server_key, until_told
from tests.abuse.node import PATIENCE, Node

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_ONCE = 32
"""Datagrams between two turns of the loop."""
HEADER = 13


@contextmanager
def sender(node: Node) -> Iterator[socket.socket]:
    """A socket of one's own, which is another source."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.connect((node.sandbox.particle_udp.host, node.sandbox.particle_udp.port))
        sock.setblocking(False)
        yield sock
    finally:
        sock.close()


def drained(sock: socket.socket) -> list[bytes]:
    """What has come."""
    out = []
    while True:
        try:
            out.append(sock.recv(2_048))
        except OSError:
            return out


async def pelt(sock: socket.socket, datagrams: list[bytes]) -> None:
    """Send all of them, with others' turns in between."""
    for number, data in enumerate(datagrams):
        try:
            sock.send(data)
        except OSError:
            pass  # no room: that one is lost
        if not number % AT_ONCE:
            await asyncio.sleep(0)


def hello(node: Node) -> bytes:
    """The first datagram of a handshake."""
    client = ClientConnection(SigningKey(common_key("udp")), server_key(node, "udp"), Entropy(os.urandom))
    client.start(0.0)
    (datagram,) = client.output
    return datagram


def record(kind: int, epoch: int, sequence: int, body: bytes, middle: bytes = b"") -> bytes:
    """A record; `middle` is a connection identifier."""
    head = bytes((kind, 0xFE, 0xFD)) + epoch.to_bytes(2, "big") + sequence.to_bytes(6, "big")
    return head + middle + len(body).to_bytes(2, "big") + body


async def test_garbage(besieged: Node) -> None:
    """Datagrams of chance, of every length and of every type of record: no answer."""
    chance = random.Random(1)
    datagrams = [chance.randbytes(size) for size in range(200)]
    datagrams += [chance.randbytes(chance.randrange(1_500)) for _ in range(2_000)]
    datagrams += [record(kind, epoch, 0, chance.randbytes(40)) for kind in range(256) for epoch in (0, 1, 2, 0xFFFF)]
    datagrams += [bytes(65_000), b"\xff" * 65_000]
    with sender(besieged) as sock:
        await pelt(sock, datagrams)
        board = await rogue(besieged, "udp")
        assert sum(map(len, drained(sock))) < 10_000
    board.close()
    assert count(besieged, "rookery_dtls_malformed_total") > 0


async def test_hellos_from_everywhere(besieged: Node) -> None:
    """Hellos of many sources that are never there again, the same one a thousand times, and cookies of another address:
    each hello costs a cookie and is forgotten. A board that comes meanwhile is let in."""
    before = count(besieged, "rookery_coap_handshaking", transport="udp")
    first = hello(besieged)
    cookies: list[bytes] = []
    for _ in range(400):
        with sender(besieged) as sock:
            for _ in range(5):
                sock.send(hello(besieged))
            await asyncio.sleep(0)
            cookies += drained(sock)
    with sender(besieged) as sock:
        await pelt(sock, [first] * 1_000)
        board = await rogue(besieged, "udp")
        cookies += drained(sock)
    assert cookies
    assert max(map(len, cookies)) <= len(first), "an answer that is longer than the question"
    assert count(besieged, "rookery_coap_handshaking", transport="udp") <= before + 1
    assert count(besieged, "rookery_dtls_cookies_total") >= len(cookies)
    await board.ping()
    board.close()


async def test_cookies_of_others(besieged: Node) -> None:
    """A hello with a cookie that was given to another address, or to another hello, begins no handshake."""
    board = await rogue(besieged, "udp")
    second = board.sent[1]
    board.close()
    await until_told(lambda: count(besieged, "rookery_coap_handshaking", transport="udp") == 0, "an end")
    with sender(besieged) as sock:
        await pelt(sock, [second] * 200)
        for at in range(HEADER, len(second), 7):
            changed = bytearray(second)
            changed[at] ^= 0xFF
            sock.send(bytes(changed))
        other = await rogue(besieged, "udp")
        assert max(map(len, drained(sock)), default=0) < 100, "more than a cookie"
    assert count(besieged, "rookery_coap_handshaking", transport="udp") == 0
    other.close()


async def half(node: Node, most: int) -> Rogue:
    """A handshake that is left after so many datagrams of ours."""
    board = Rogue(node, "udp", "ab" * 12)
    send = board.raw
    board.raw = lambda data: send(data) if len(board.sent) < most else None  # type: ignore[method-assign]
    await board.dial()
    board.secure.start(0.0)
    board.flush()
    return board


async def test_half_handshakes(besieged: Node) -> None:
    """Five hundred that answer the cookie and are never heard again: each costs a key exchange, and no one else his
    session or his place."""
    boards: list[Rogue] = []
    for _ in range(10):
        some = await asyncio.gather(*(half(besieged, 2) for _ in range(50)))
        for board in some:
            await board.received(150)  # a cookie, and the flight of the server
        boards += some
    assert count(besieged, "rookery_coap_handshaking", transport="udp") >= 400
    last = await rogue(besieged, "udp")
    await last.ping()
    last.close()
    for board in boards:
        board.raw = lambda data: None  # type: ignore[method-assign]
        board.close()


async def test_handshakes_that_are_replayed_or_cut(besieged: Node) -> None:
    """All that a board has said, from another address, whole and cut off at every place."""
    board = await rogue(besieged, "udp")
    sent = list(board.sent)
    await board.ping()
    with sender(besieged) as sock:
        await pelt(sock, sent * 10)
        await pelt(sock, [data[:size] for data in sent for size in range(0, len(data), 3)])
        await board.ping()
        drained(sock)
    await board.ping()
    board.close()


async def test_records_of_sessions_that_nobody_knows(besieged: Node) -> None:
    """Ten thousand identifiers of chance under each type that carries one, and names of boards that are connected: each
    is looked for at most once, none draws an answer, and no board moves."""
    chance = random.Random(6)
    victim = await besieged.sandbox.particle_board("udp")
    moved = count(besieged, "rookery_coap_moved_total", transport="udp")
    datagrams = []
    for kind in (25, 253):
        datagrams += [record(kind, 1, n, chance.randbytes(40), chance.randbytes(8)) for n in range(5_000)]
    name = bytes.fromhex(victim.device_id)
    datagrams += [record(254, 1, n, chance.randbytes(24)) + chance.randbytes(12) + b"\x0c" for n in range(2_000)]
    datagrams += [record(254, 1, n, chance.randbytes(24)) + name + b"\x0c" for n in range(1_000)]
    with sender(besieged) as sock:
        await pelt(sock, datagrams)
        board = await rogue(besieged, "udp")
        assert not drained(sock)
    assert victim.online
    assert victim.losses == 0
    assert count(besieged, "rookery_coap_moved_total", transport="udp") == moved
    victim.stop()
    board.close()


async def test_records_of_another_board(besieged: Node) -> None:
    """With the identifier of a session that stands, from elsewhere: forged ones and recorded ones change nothing, and
    the board is still answered where it is."""
    board = await rogue(besieged, "udp")
    await board.ping()
    moved = count(besieged, "rookery_coap_moved_total", transport="udp")
    recorded = [data for data in board.sent if data[0] == 25]
    assert recorded
    chance = random.Random(7)
    with sender(besieged) as sock:
        forged = []
        for data in recorded * 200:
            changed = bytearray(data)
            place = chance.choice((*range(5, 11), *range(23, len(data))))
            changed[place] ^= 1 << chance.randrange(8)
            forged.append(bytes(changed))
        await pelt(sock, recorded * 200 + forged)
        await board.ping()
        assert not drained(sock)
    assert count(besieged, "rookery_coap_moved_total", transport="udp") == moved
    assert count(besieged, "rookery_dtls_forged_total") >= 50
    assert count(besieged, "rookery_dtls_replayed_total") >= 100
    board.close()


async def test_the_name_of_another_board(besieged: Node) -> None:
    """A board with a key of its own says Hello as one that is connected, on either transport: it is turned away, the
    other keeps its session and its key, and is never offline."""
    udp = await besieged.sandbox.particle_board("udp")
    tcp = await besieged.sandbox.particle_board("tcp")
    before = count(besieged, "rookery_particle_total", kind="key_mismatches")
    key = ec.generate_private_key(ec.SECP256R1())
    for victim in (udp, tcp):
        for _ in range(10):
            thief = await Rogue(besieged, "udp", victim.device_id, key=key).connect()
            assert thief.open
            number = thief.say(Code.POST, path(b"h"), bytes.fromhex(f"0003ffff0036000c000c{victim.device_id}"))
            thief.say(Code.POST, path(b"E", b"stolen"), b"x")
            await asyncio.sleep(0)
            assert not thief.answers(number)
            thief.close()
        assert victim.online
    await until_told(
        lambda: count(besieged, "rookery_particle_total", kind="key_mismatches") >= before + 20,
        "mismatches are counted",
    )
    assert [(one.losses, one.trouble) for one in (udp, tcp)] == [(0, "")] * 2
    udp.stop()
    at = besieged.sandbox.particle_udp
    back = virtual_board(udp.device_id, udp.identity.key, server_key(besieged, "udp"), at.host, at.port)
    async with asyncio.timeout(PATIENCE):
        await back.connected()
    back.stop()
    tcp.stop()


async def test_boards_that_believe_in_another_server(besieged: Node) -> None:
    """They end the handshake; nothing is left of it."""
    other = SigningKey(ec.generate_private_key(ec.SECP256R1())).public
    before = count(besieged, "rookery_coap_handshakes_failed_total", transport="udp")
    for _ in range(20):
        board = await Rogue(besieged, "udp", "ab" * 12, server=other).connect()
        assert not board.open
        board.close()
    failed = "rookery_coap_handshakes_failed_total"
    await until_told(lambda: count(besieged, failed, transport="udp") >= before + 20, "an end")


async def test_sessions_without_a_name(besieged: Node) -> None:
    """A hundred finish the handshake and say nothing, or begin with bodies: none of those is taken, and no one of them
    is a board."""
    named = count(besieged, "rookery_coap_boards", transport="udp")
    boards = await asyncio.gather(*(Rogue(besieged, "udp", f"{n:024x}").connect() for n in range(100)))
    for board in boards[:50]:
        for block in (b"\x0e", b"\x1e", b"\x2e"):
            answer = await board.ask(Code.POST, (*path(b"d"), (BLOCK1, block)), bytes(1_024))
            assert answer.code == Code.REQUEST_ENTITY_TOO_LARGE
    assert count(besieged, "rookery_coap_boards", transport="udp") == named
    last = await rogue(besieged, "udp")
    for board in (*boards, last):
        board.close()


async def test_registered_boards_with_another_key(besieged: Node) -> None:
    """A board that was registered and has never been here comes with another key: it is not let in, and the right one
    is, afterwards."""
    device_id = await asyncio.to_thread(provision, besieged, "udp")
    thief = await Rogue(besieged, "udp", device_id, key=common_key("udp", 1)).connect()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await thief.greet()
    thief.close()
    board = await Rogue(besieged, "udp", device_id).connect()
    await board.greet()
    await board.ping()
    board.close()
