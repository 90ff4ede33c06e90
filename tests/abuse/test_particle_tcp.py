"""The port of boards over TCP, and what no board says to it: the boards that are connected do not notice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from rookery.particle.device.hello import encode_hello
from rookery.simulate.particle import virtual_board
from rookery.wire.coap import encode
from rookery.wire.coap.message import Code
from rookery.wire.lightssl.keys import public_der
from tests.abuse.boards import (
    PATH_HELLO,
    Rogue,
    common_key,
    count,
    particle,
    provision,
    rogue,
    server_key,
    until,
    until_told,
)
from tests.abuse.node import PATIENCE, Node
from tests.abuse.peer import Peer

pytestmark = pytest.mark.asyncio(loop_scope="module")

NONCE = 40
CLAIM = 256
"""Bytes of the server's first message and of the board's answer."""
AT_ONCE = 100
CLOSED = "rookery_coap_closed_total"
PINGS = 20_000


async def closed(node: Node, pieces: Sequence[bytes]) -> list[bytes]:
    """Connect, say these bytes, and wait until the server closes; what it said."""

    async def one(data: bytes) -> bytes:
        async with gate:
            peer = await Peer.open(node.sandbox.particle_tcp)
            peer.say(data)
            return await peer.closed()

    gate = asyncio.Semaphore(AT_ONCE)
    return await asyncio.gather(*map(one, pieces))


async def test_garbage(besieged: Node) -> None:
    """Bytes of chance, other protocols, and a claim with more behind it: closed, and told nothing but a nonce."""
    chance = random.Random(1)
    pieces = [chance.randbytes(CLAIM) for _ in range(200)]
    pieces += [chance.randbytes(size) for size in (257, 300, 1_000, 16_384, 100_000) for _ in range(10)]
    pieces += [bytes(CLAIM), b"\xff" * CLAIM, b"GET / HTTP/1.1\r\n".ljust(CLAIM), b"\x16\x03\x01".ljust(CLAIM, b"\0")]
    before = count(besieged, CLOSED, transport="tcp", reason="handshake failed")
    told = await closed(besieged, pieces)
    assert {len(one) for one in told} <= {0, NONCE}, "more than a nonce"
    assert len({one for one in told if one}) == len([one for one in told if one]), "a nonce twice"
    await until_told(
        lambda: count(besieged, CLOSED, transport="tcp", reason="handshake failed") == before + len(pieces),
        "each is counted",
    )


@pytest.mark.parametrize("size", [0, 1, CLAIM - 1])
async def test_half_handshakes(besieged: Node, size: int) -> None:
    """Fifteen hundred that never finish, of which a thousand find room: a board that comes after they have left is let
    in."""
    said = bytes(size)
    peers: list[Peer] = []
    for _ in range(15):
        opened = await asyncio.gather(*(Peer.open(besieged.sandbox.particle_tcp) for _ in range(AT_ONCE)))
        for peer in opened:
            peer.say(said)
        peers += opened
    for peer in peers:
        peer.abort()
    await until_told(lambda: count(besieged, "rookery_coap_handshaking", transport="tcp") == 0, "all are gone")
    board = await rogue(besieged, "tcp")
    board.close()


async def test_claims_of_others(besieged: Node) -> None:
    """A claim that was recorded is worth nothing under another nonce; one that is cut off even less."""
    board = await rogue(besieged, "tcp")
    claim = board.sent[0]
    assert len(claim) == CLAIM
    board.close()
    told = await closed(besieged, [claim] * 100)
    assert {len(one) for one in told} == {NONCE}
    for size in (1, 16, 128, CLAIM - 1):
        for _ in range(20):
            peer = await Peer.open(besieged.sandbox.particle_tcp)
            peer.say(claim[:size])
            peer.abort()
    whole = [b"".join(board.sent)] * 20
    assert {len(one) for one in await closed(besieged, whole)} <= {0, NONCE}


async def test_a_board_that_believes_in_another_server(besieged: Node) -> None:
    """Its claim is under another key: it can not be read."""
    device_id = provision(besieged, "tcp")
    other = public_der(rsa.generate_private_key(65_537, 2_048))
    for _ in range(20):
        board = Rogue(besieged, "tcp", device_id, server=other)
        await board.connect()
        assert not board.open
        assert sum(map(len, board.pieces)) == NONCE
        board.close()


async def test_the_name_of_another_board(besieged: Node) -> None:
    """Whoever claims to be a board that is connected, with a key of his own, learns and changes nothing: the answer is
    for the key that is registered."""
    victim = await besieged.sandbox.particle_board("tcp", functions={"here": lambda _: 1})
    other = await besieged.sandbox.particle_board("udp", functions={"here": lambda _: 1})
    enrolled = count(besieged, "rookery_particle_total", kind="enrolled")
    try:
        for board in (victim, other):
            for _ in range(10):
                thief = Rogue(besieged, "tcp", board.device_id, key=common_key("tcp", 1))
                await thief.connect()
                assert not thief.open
                thief.close()
            for _ in range(200):
                # Frames under no key: the padding of one in 256 is right by chance.
                thief = await Rogue(besieged, "tcp", board.device_id, key=common_key("tcp", 1)).dial()
                await thief.received(NONCE + 1)
                thief.raw(b"\x00\x20" + random.randbytes(32))
                thief.raw(b"\x00\x10" + random.randbytes(16))
                await thief.ended()
                thief.close()
            assert board.online
            assert (board.losses, board.trouble) == (0, "")
        assert count(besieged, "rookery_particle_total", kind="enrolled") == enrolled
        key = victim.identity.key
        victim.stop()
        at = besieged.sandbox.particle_tcp
        victim = virtual_board(victim.device_id, key, server_key(besieged, "tcp"), at.host, at.port)
        async with asyncio.timeout(PATIENCE):
            await victim.connected()
    finally:
        victim.stop()
        other.stop()


async def test_a_session_in_the_name_of_another(besieged: Node) -> None:
    """A board that has come in as itself says Hello as another: its own session ends, and nobody else's."""
    victim = await besieged.sandbox.particle_board("tcp")
    try:
        for again in (False, True):
            board = Rogue(besieged, "tcp", await asyncio.to_thread(provision, besieged, "tcp"))
            await board.connect()
            if again:
                await board.greet()
            with pytest.raises(ConnectionError):
                await board.greet(victim.device_id)
            board.close()
        assert victim.online
        assert victim.losses == 0
    finally:
        victim.stop()


async def test_frames(besieged: Node) -> None:
    """Flipped bits, lengths that are none, frames that are too long, and one that never ends: that session is over, and
    a longer frame is not collected."""
    chance = random.Random(2)
    lengths = (0, 1, 15, 17, 2_064, 0xFFF0, 0xFFFF)
    board = await rogue(besieged, "tcp")
    device_id = board.device_id
    board.close()
    for length in lengths:
        board = await Rogue(besieged, "tcp", device_id).connect()
        await board.greet()
        board.raw(length.to_bytes(2, "big") + chance.randbytes(16))
        await board.ended(length)
        board.close()
    for _ in range(40):
        board = await Rogue(besieged, "tcp", device_id).connect()
        await board.greet()
        sealed = bytearray(board.secure._channel.seal(b"\x40\x02\x00\x01\xb1E\x01x"))
        bit = chance.randrange(16, 8 * len(sealed))
        sealed[bit // 8] ^= 1 << bit % 8
        board.raw(bytes(sealed))
        board.raw(b"\x00\x01")
        await board.ended(bit)
        board.close()


async def test_one_byte_at_a_time(besieged: Node) -> None:
    """Two hundred that take their time, in the handshake and after it: they hold some kilobytes, and no one else up."""
    slow = await asyncio.gather(*(Peer.open(besieged.sandbox.particle_tcp) for _ in range(200)))
    board = await rogue(besieged, "tcp")
    sealed = board.secure._channel.seal(b"\x40\x00\x12\x34")
    for byte in sealed[:-1]:
        board.raw(bytes((byte,)))
        for peer in slow:
            peer.say(b"\x00")
        await asyncio.sleep(0.002)
    assert not board.answers(0x1234)
    board.raw(sealed[-1:])
    await until(lambda: board.answers(0x1234), "an answer to a ping that came in pieces")
    for peer in slow:
        peer.abort()
    board.close()


async def test_a_board_that_reads_late(besieged: Node) -> None:
    """It asks and asks before it reads: what the server has to say waits with the system, and all of it comes."""
    board = await rogue(besieged, "tcp")
    assert board._stream is not None
    await board.ping()
    heard = len(board.heard)
    board._stream.pause_reading()
    for _ in range(PINGS // 1_000):
        # In one write: each frame is the beginning of the chain of the next.
        board.raw(b"".join(board.secure._channel.seal(encode.ping(number)) for number in range(1_000)))
        await asyncio.sleep(0)
    await until_told(lambda: count(besieged, "rookery_coap_handshaking", transport="tcp") == 0, "an answer meanwhile")
    board._stream.resume_reading()
    await until(lambda: len(board.heard) == heard + PINGS or board.over, "all the answers")
    assert not board.over
    board.close()


async def test_the_same_board_again_and_again(besieged: Node) -> None:
    """Each new session of a board ends the one before; the newest works."""
    device_id = await asyncio.to_thread(provision, besieged, "tcp")
    former: Rogue | None = None
    for _ in range(60):
        board = await Rogue(besieged, "tcp", device_id).connect()
        await board.greet()
        if former is not None:
            await former.ended()
            former.close()
        former = board
    assert former is not None
    await former.ping()
    former.close()


async def test_what_comes_before_the_hello(besieged: Node) -> None:
    """Whoever begins with anything else has no session, and has said nothing."""
    device_id = await asyncio.to_thread(provision, besieged, "tcp")
    for code, letter, payload in (
        (Code.POST, b"E", b"data"),
        (Code.POST, b"d", b'{"f":["stolen"],"v":{}}'),
        (Code.GET, b"e", b""),
        (Code.POST, b"x", b""),
        (Code.POST, b"h", b"\0" * 7),
        (Code.POST, b"h", b"\xff" * 129),
        (Code.POST, b"h", bytes.fromhex("0006ffff00000006000bffffffffffffffffffffff")),
        (Code.PUT, b"k", b"\1"),
        (31, b"h", b""),
    ):
        board = await Rogue(besieged, "tcp", device_id).connect()
        board.say(code, ((11, letter),), payload)
        await board.ended(letter)
        assert not board.heard
        board.close()
    assert particle(besieged, "GET", f"/v1/devices/{device_id}").status_code in (403, 404)
    board = await Rogue(besieged, "tcp", device_id).connect()
    await board.greet()
    await board.ask(Code.POST, PATH_HELLO, encode_hello(board.hello))
    await board.ping()
    board.close()
