"""Many connections at once, and clients that do not read: what they hold is bounded, and nobody else waits."""

from __future__ import annotations

import asyncio
import resource
import ssl

import pytest
from cbor2 import dumps

from rookery.wire.mqtt import encode
from rookery.wire.mqtt import packets as p
from tests.abuse.node import PATIENCE, Node
from tests.abuse.peer import Peer

FLOOD = 10_000
"""Connections, or as many as this process may open."""
AT_ONCE = 200
"""Connections under way."""
REJOINS = 500
QUOTA = 64 << 20
"""Bytes that one side offers to the other which does not read: a multiple of every buffer on the way."""

CLIENT_HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(100)
"""The beginning of a TLS handshake of 512 bytes."""


class Hordes:
    """Connections that were opened to say these bytes and no more."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.peers: list[Peer] = []
        self.refused = 0

    async def gather(self, count: int, said: bytes, *, tls_port: bool = False) -> None:
        """Open so many. Some are turned away at the door."""
        gate = asyncio.Semaphore(AT_ONCE)
        at = self._node.sandbox.mqtts if tls_port else self._node.sandbox.mqtt

        async def one() -> None:
            async with gate:
                try:
                    peer = await Peer.open(at)
                    peer.say(said)
                except OSError:
                    self.refused += 1
                else:
                    self.peers.append(peer)

        await asyncio.gather(*(one() for _ in range(count)))

    async def leave(self) -> None:
        """Close all that are left, without a word."""
        for peer in self.peers:
            peer.abort()
        await asyncio.sleep(0)


def flood_size() -> int:
    """How many connections a flood has here."""
    return min(FLOOD, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 500)


@pytest.mark.parametrize("said", [b"", b"\x10", encode.encode(p.Connect("x", True, 30, "x", b"y"))[:-1]], ids=len)
async def test_half_open(attacked: Node, said: bytes) -> None:
    """Thousands of sockets that say nothing, one byte, or all of CONNECT but its last byte."""
    horde = Hordes(attacked)
    await horde.gather(flood_size(), said)
    await horde.leave()


async def test_half_open_tls(attacked: Node) -> None:
    """Thousands of handshakes that are never finished, on the port of the boards."""
    for _ in range(3):
        horde = Hordes(attacked)
        await horde.gather(2_000, CLIENT_HELLO, tls_port=True)
        await horde.leave()


async def test_wrong_logins(attacked: Node) -> None:
    """Thousands of log-ins with wrong secrets of a board that exists: each is refused, none is let in, and the board
    itself is let in afterwards."""
    node = attacked
    board = node.board("guessed")
    gate = asyncio.Semaphore(50)

    async def guess(number: int) -> p.Packet:
        async with gate:
            peer = await Peer.open(node.sandbox.mqtt)
            answer = await peer.connect(p.Connect(board.id, True, 0, board.id, f"guess {number}".encode()))
            await peer.closed()
            return answer

    answers = await asyncio.gather(*(guess(number) for number in range(2_000)))
    assert set(answers) == {p.Connack(p.NOT_AUTHORISED)}
    await (await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)).end()


async def test_talk_before_connack(attacked: Node) -> None:
    """Megabytes behind a CONNECT that is not decided yet are not collected."""
    connect = encode.encode(p.Connect("x", True, 30, "x", b"y"))
    message = encode.publish(p.Publish("t", bytes(1_000)))
    peers = [await Peer.open(attacked.sandbox.mqtt) for _ in range(20)]
    for peer in peers:
        peer.say(connect + message * 2_000)
    for peer in peers:
        assert await peer.closed() in (b"\x20\x02\x00\x05", b"")


async def test_rejoining(attacked: Node) -> None:
    """One board connects again and again under its id: each time the former connection ends, the newest works."""
    node = attacked
    board = node.board("restless")
    thing, ids = node.thing(board, ["n"])
    former: Peer | None = None
    for number in range(REJOINS):
        peer = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
        await peer.publish(f"/a/t/{thing}/e/o", dumps([{0: "n", 2: number}]))
        if former is not None:
            assert await former.closed() == b""
        former = peer
    assert former is not None
    await former.end()
    assert node.stored(ids["n"]) == list(range(REJOINS))


async def test_rejoining_kept_sessions(attacked: Node) -> None:
    """The same for a kept session of a private topic tree, with a will each time and a message that waits."""
    key = attacked.sandbox.arduino
    will = p.Message("last/words", b"gone", 1, True)
    packet = p.Connect("restless", False, 0, key.client_id, key.client_secret.encode(), will)
    former: Peer | None = None
    for number in range(REJOINS):
        peer = await Peer.open(attacked.sandbox.mqtt)
        answer = await peer.connect(packet)
        assert answer == p.Connack(p.ACCEPTED, number > 0)
        if not number:
            await peer.subscribe("last/words", qos=1)
        if former is not None:
            await former.closed()
        former = peer
    assert former is not None
    await former.end()
    cleaner = await Peer.open(attacked.sandbox.mqtt)
    await cleaner.connect(packet._replace(clean_session=True, will=None))
    cleaner.machine.publish("last/words", b"", 1, retain=True)
    cleaner.flush()
    await cleaner.next(p.Puback)
    await cleaner.end()


async def offer(peer: Peer, chunk: bytes, most: int) -> int:
    """Write until the server takes no more or `most` bytes are gone; how many went."""
    sent = 0
    while sent < most:
        peer.say(chunk)
        sent += len(chunk)
        try:
            async with asyncio.timeout(1.0):
                await peer.writer.drain()
        except (TimeoutError, OSError):
            break
    return sent


@pytest.mark.parametrize("qos", [0, 1])
async def test_slow_reader(attacked: Node, qos: int) -> None:
    """A subscriber that never reads loses its own messages; the one who publishes to it goes on, as does a subscriber
    beside it."""
    node = attacked
    key = node.sandbox.arduino
    login = (key.client_id, key.client_secret)
    slow = await Peer.login(node.sandbox.mqtt, "slow", *login)
    assert await slow.subscribe("flood/#", qos=qos) == (qos,)
    slow.read_nothing()
    fast = await Peer.login(node.sandbox.mqtt, "fast", *login)
    assert await fast.subscribe("flood/#", qos=0) == (0,)
    source = await Peer.login(node.sandbox.mqtt, "source", *login)
    count = 512
    for _ in range(count):
        await source.publish("flood/x", bytes(60_000), 1)
        async with asyncio.timeout(PATIENCE):
            await fast.next(p.Publish)
    await source.ping()
    for peer in (source, fast):
        await peer.end()
    slow.abort()


async def test_slow_person_of_a_fast_board(attacked: Node) -> None:
    """A person's program that watches a thing and never reads, while its board publishes as fast as it can."""
    node = attacked
    board = node.board("fast")
    thing, ids = node.thing(board, ["text"], "CHARSTRING")
    person = node.sandbox.user.id
    slow = await Peer.login(node.sandbox.mqtt, person, person, node.token)
    topic = f"/a/t/{thing}/e/o"
    assert await slow.subscribe(topic) == (0,)
    slow.read_nothing()
    peer = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
    for number in range(700):
        await peer.publish(topic, dumps([{0: "text", 3: f"{number} ".ljust(8_000, "x")}]))
    await peer.end()
    slow.abort()
    stored = await asyncio.to_thread(node.stored, ids["text"])
    assert [int(value.split()[0]) for value in stored] == list(range(700))


async def test_publisher_that_reads_nothing(attacked: Node) -> None:
    """QoS 1 without ever reading an acknowledgement: the server stops reading, or closes; it does not collect."""
    node = attacked
    board = node.board("deaf")
    thing, _ = node.thing(board, ["n"])
    peer = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
    peer.read_nothing()
    payload = dumps([{0: "unknown", 2: 1}])
    chunk = b"".join(
        encode.publish(p.Publish(f"/a/t/{thing}/e/o", payload, 1, False, number)) for number in range(1, 10_001)
    )
    await offer(peer, chunk, QUOTA // 4)
    peer.abort()


async def test_pings_that_are_never_read(attacked: Node) -> None:
    """The same with PINGREQ, the smallest question there is: two bytes for two bytes."""
    node = attacked
    board = node.board("pinger")
    peer = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
    peer.read_nothing()
    await offer(peer, encode.PINGREQ * 100_000, QUOTA // 8)
    peer.abort()


async def test_tls_connections_dropped_in_every_phase(attacked: Node) -> None:
    """TLS connections that end after the handshake, in CONNECT, and after it."""
    node = attacked
    board = node.board("flaky")
    context = ssl.create_default_context(cafile=node.sandbox.ca)
    whole = encode.encode(p.Connect(board.id, True, 0, board.id, board.secret.encode()))
    for size in (0, 1, 2, 10, len(whole) - 1, len(whole)):
        for _ in range(5):
            peer = await Peer.open(node.sandbox.mqtts, context)
            peer.say(whole[:size])
            peer.abort()
    peer = await Peer.login(node.sandbox.mqtts, board.id, board.id, board.secret, context)
    await peer.ping()
    await peer.end()
