"""The gateway on real sockets: TCP, TLS with and without client certificate, on both event loops."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop

from rookery.clock import SystemClock
from rookery.gateways.contract import Session
from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt import MqttGateway
from rookery.gateways.mqtt_connection import MqttConnection
from rookery.gateways.mqtt_counters import Drop, Ending
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.client import ClientConnection
from rookery.wire.mqtt.encode import encode
from tests.gateways.mqtt_sockets import Authority, RecordClient
from tests.gateways.mqtt_world import KEY, Lobby, Recorder

Main = Callable[[], Coroutine[Any, Any, None]]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Main], None]:
    def runner(main: Main) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                await main()

        if request.param == "uvloop":
            uvloop.run(bounded())
        else:
            asyncio.run(bounded())

    return runner


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def gateway(lobby: Lobby, **limits: Any) -> MqttGateway:
    return MqttGateway([lobby], SystemClock(), limits=MqttLimits(**limits))


def connect(client_id: str = "c") -> bytes:
    return encode(p.Connect(client_id, username="board", password=KEY))


def handler_that_answers(lobby: Lobby) -> Lobby:
    """A subscription triggers two messages at once."""
    make = lobby.make

    def answering(login: Any) -> Recorder:
        handler = make(login)

        def trigger(topic_filter: str) -> None:
            assert handler.session is not None
            handler.session.publish(topic_filter, b"first")
            handler.session.publish(topic_filter, b"second", 1)

        handler.on_subscribed = trigger
        return handler

    lobby.make = answering
    return lobby


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that the other end of a socket causes; the test's own time limit ends it."""
    while not condition():  # noqa: ASYNC110  # what is waited for has no event to set
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_exactly_one_packet_a_tls_record(
    run: Callable[[Main], None], authority: Authority, version: ssl.TLSVersion
) -> None:
    async def main() -> None:
        lobby = handler_that_answers(Lobby(lambda login: Recorder()))
        server = gateway(lobby)
        port = await server.listen("127.0.0.1", 0, tls=authority.server())
        context = authority.client()
        context.maximum_version = version
        client = RecordClient(context)
        await client.open(port)
        client.send(connect())
        await client.receive(1)
        handler = lobby.handlers[0]
        client.send(encode(p.Subscribe(1, (("thing", 1),))))
        await client.receive(4)
        handler.keep_tickets = True
        client.send(b"".join(encode(p.Publish("a", b"", 1, packet_id=i)) for i in range(1, 6)) + encode(p.Pingreq()))
        await client.receive(5)
        assert handler.session is not None
        handler.session.committed(handler.tickets)
        handler.session.publish("big", bytes(15_000))
        assert await client.receive(11) == [
            p.Connack(),
            p.Suback(1, (1,)),
            p.Publish("thing", b"first"),
            p.Publish("thing", b"second", 1, packet_id=1),
            p.Pingresp(),
            *(p.Puback(i) for i in range(1, 6)),
            p.Publish("big", bytes(15_000)),
        ]
        assert len(client.records) == 11
        await client.close()
        await until(lambda: not server.connections)
        await server.stop()

    run(main)


@pytest.mark.parametrize("secure", [False, True])
def test_who_is_taken_over_sees_a_reset(run: Callable[[Main], None], authority: Authority, secure: bool) -> None:
    """A polite end would leave one vendor's client waiting for ever."""

    async def main() -> None:
        server = gateway(Lobby(lambda login: Recorder()))
        port = await server.listen("127.0.0.1", 0, tls=authority.server() if secure else None)

        async def log_in() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            tls = authority.client() if secure else None
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=tls, server_hostname="server" if secure else None
            )
            writer.write(connect())
            assert await reader.readexactly(4) == encode(p.Connack())
            return reader, writer

        first, first_writer = await log_in()
        _, second_writer = await log_in()
        with pytest.raises(ConnectionResetError):
            await first.read()
        for writer in (first_writer, second_writer):
            writer.transport.abort()
        await until(lambda: not server.connections)
        await server.stop()

    run(main)


@pytest.mark.parametrize("name", [None, "board-7"])
def test_a_client_certificate_names_the_peer(
    run: Callable[[Main], None], authority: Authority, name: str | None
) -> None:
    async def main() -> None:
        lobby = Lobby(lambda login: Recorder())
        server = gateway(lobby)
        port = await server.listen("127.0.0.1", 0, tls=authority.server())
        client = RecordClient(authority.client(name))
        await client.open(port)
        client.send(connect())
        assert await client.receive(1) == [p.Connack()]
        peer = lobby.asked[0][1]
        assert peer.certificate_name == name
        assert (peer.certificate_serial is not None) == (name is not None)
        assert peer.transport == ("tls-certificate" if name else "tls")
        assert peer.address.startswith("127.0.0.1:")
        await client.close()
        await until(lambda: not server.connections)
        await server.stop()

    run(main)


def test_a_certificate_of_somebody_else_is_refused(
    run: Callable[[Main], None], authority: Authority, tmp_path: Path
) -> None:
    async def main() -> None:
        lobby = Lobby(lambda login: Recorder())
        server = gateway(lobby)
        port = await server.listen("127.0.0.1", 0, tls=authority.server())
        (tmp_path / "other").mkdir()
        stranger = Authority(tmp_path / "other")
        context = authority.client()
        context.load_cert_chain(stranger.issue("board-7"))
        client = RecordClient(context)

        async def try_it() -> None:
            await client.open(port)
            client.send(connect())
            await client.receive(1)

        with pytest.raises((EOFError, ssl.SSLError, ConnectionError)):
            await try_it()
        assert lobby.asked == []
        assert server.counters.closed == {Ending.TLS: 1}
        with suppress(ConnectionError):
            await client.close()
        await server.stop()

    run(main)


def test_handshakes_are_limited(run: Callable[[Main], None], authority: Authority) -> None:
    async def main() -> None:
        server = gateway(Lobby(lambda login: Recorder()), handshaking=2)
        port = await server.listen("127.0.0.1", 0, tls=authority.server())
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        await until(lambda: server.counters.handshaking == 2)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        assert server.counters.closed == {Ending.FULL: 1}
        for _, silent_writer in silent:
            silent_writer.close()
        await until(lambda: not server.counters.handshaking)
        assert server.counters.closed == {Ending.FULL: 1, Ending.TLS: 2}
        client = RecordClient(authority.client())
        await client.open(port)
        client.send(connect())
        assert await client.receive(1) == [p.Connack()]
        await until(lambda: not server.counters.handshaking)
        await client.close()
        await until(lambda: not server.connections)
        await server.stop()

    run(main)


def test_a_handshake_that_stands_still_is_ended(run: Callable[[Main], None], authority: Authority) -> None:
    async def main() -> None:
        server = gateway(Lobby(lambda login: Recorder()), tls_handshake_seconds=0.01)
        port = await server.listen("127.0.0.1", 0, tls=authority.server())
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        await until(lambda: server.counters.closed == {Ending.TLS: 1})
        writer.close()
        await server.stop()

    run(main)


def test_stopping_ends_handshakes(run: Callable[[Main], None], authority: Authority) -> None:
    async def main() -> None:
        server = gateway(Lobby(lambda login: Recorder()))
        port = await server.listen("127.0.0.1", 0, tls=authority.server())
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: server.counters.handshaking)
        await server.stop()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        await until(lambda: not server.counters.handshaking)
        writer.close()

    run(main)


def test_tcp_end_to_end(run: Callable[[Main], None]) -> None:
    async def main() -> None:
        lobby = Lobby(lambda login: Recorder())
        server = gateway(lobby)
        port = await server.listen("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client = ClientConnection()
        client.connect(p.Connect("c", username="board", password=KEY))
        writer.write(client.take())
        assert client.feed(await reader.readexactly(4)) == [p.Connack()]
        connection = server.session("boards", "c")
        assert isinstance(connection, MqttConnection)
        sock = connection._transport.get_extra_info("socket")  # type: ignore[union-attr]
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if hasattr(socket, "TCP_KEEPIDLE"):
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == server.limits.tcp_keepalive_idle
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        for qos in (0, 1, 2):
            client.publish("a", bytes([qos]), qos)
        writer.write(client.take())
        assert client.feed(await reader.readexactly(8)) == [p.Puback(1)]
        writer.write(client.take())
        assert client.feed(await reader.readexactly(4)) == [p.Pubcomp(2)]
        client.disconnect()
        writer.write(client.take())
        assert await reader.read() == b""
        assert [heard[0] for heard in lobby.handlers[0].heard] == ["opened", "publish", "publish", "publish", "closed"]
        writer.close()
        await writer.wait_closed()
        await server.stop()

    run(main)


def test_a_client_that_never_reads_costs_a_bounded_amount_and_disturbs_nobody(run: Callable[[Main], None]) -> None:
    async def main() -> None:
        lobby = Lobby(lambda login: Recorder())
        server = gateway(lobby)
        port = await server.listen("127.0.0.1", 0)
        slow_reader, slow_writer = await asyncio.open_connection("127.0.0.1", port)
        slow_writer.write(connect("slow"))
        await slow_reader.readexactly(4)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(connect("quick"))
        await reader.readexactly(4)
        slow, quick = (handler.session for handler in lobby.handlers)
        assert slow is not None
        assert quick is not None
        slow_writer.transport.pause_reading()  # type: ignore[attr-defined]
        payload = bytes(50_000)
        for _ in range(400):
            slow.publish("a", payload)
            await asyncio.sleep(0)
        assert server.counters.dropped[Drop.SLOW_READER] > 0
        assert isinstance(slow, MqttConnection)
        waiting = slow._transport.get_write_buffer_size()  # type: ignore[union-attr]
        assert waiting <= server.limits.outbound_high + 2 * len(payload)
        quick.publish("a", b"x")
        assert await reader.readexactly(6) == encode(p.Publish("a", b"x"))
        for each in (writer, slow_writer):
            each.transport.abort()
        await until(lambda: not server.connections)
        assert server.counters.closed == {Ending.LOST: 2}
        await server.stop()

    run(main)


def test_strangers_on_the_port(run: Callable[[Main], None], authority: Authority) -> None:
    async def main() -> None:
        lobby = Lobby(lambda login: Recorder())
        server = gateway(lobby)
        plain = await server.listen("127.0.0.1", 0)
        tls = await server.listen("127.0.0.1", 0, tls=authority.server())
        for port in (plain, tls):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: rookery\r\n\r\n")
            with suppress(ConnectionError):
                assert b"HTTP" not in await reader.read()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        assert lobby.asked == []
        await until(lambda: not server.connections)
        await server.stop()

    run(main)


def test_stopping_lets_go_of_ports_and_clients(run: Callable[[Main], None]) -> None:
    async def main() -> None:
        lobby = Lobby(lambda login: Recorder())
        server = gateway(lobby)
        port = await server.listen("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(connect())
        await reader.readexactly(4)
        session = lobby.handlers[0].session
        assert session is not None
        session.publish("last", bytes(500_000))
        await server.stop()
        assert len(await reader.read()) == len(encode(p.Publish("last", bytes(500_000))))
        assert not server.connections
        with pytest.raises(OSError, match=r"refused|Connect"):
            await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        again = gateway(lobby)
        assert await again.listen("127.0.0.1", port) == port
        with pytest.raises(OSError, match="use"):
            await gateway(lobby).listen("127.0.0.1", port)
        await again.stop()

    run(main)


def test_a_session_is_what_the_contract_says() -> None:
    session: Session = MqttConnection(gateway(Lobby(lambda login: Recorder())), "tcp")
    assert session.watch_keepalive
