"""One MQTT client that can say anything: a socket, and the client's machine for what is said properly."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any, cast

from rookery.testing.sandbox import Listener
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.client import ClientConnection
from rookery.wire.mqtt.errors import PeerError
from tests.abuse.node import PATIENCE

READ = 65_536


class Peer:
    """Made by `Peer.open`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.machine = ClientConnection()
        self.events: list[p.Packet] = []

    @classmethod
    async def open(cls, at: Listener, tls: ssl.SSLContext | None = None, **options: Any) -> Peer:
        """Connect the socket, and say nothing."""
        async with asyncio.timeout(PATIENCE):
            return cls(*await asyncio.open_connection(at.host, at.port, ssl=tls, limit=READ, **options))

    @classmethod
    async def login(
        cls, at: Listener, client_id: str, username: str, password: str, tls: ssl.SSLContext | None = None
    ) -> Peer:
        """Connect, and be accepted."""
        peer = await cls.open(at, tls)
        answer = await peer.connect(p.Connect(client_id, True, 0, username, password.encode()))
        assert answer == p.Connack(p.ACCEPTED), answer
        return peer

    async def connect(self, packet: p.Connect) -> p.Packet:
        """Say CONNECT; the answer."""
        self.machine.connect(packet)
        self.flush()
        answer: p.Packet = await self.next(p.Connack)
        return answer

    def flush(self) -> None:
        """Send what the machine has to say."""
        data = self.machine.take()
        if data:
            self.writer.write(data)

    def say(self, data: bytes) -> None:
        """Send any bytes."""
        self.writer.write(data)

    async def trickle(self, data: bytes, size: int) -> None:
        """Send bytes in pieces of this size."""
        for at in range(0, len(data), size):
            self.say(data[at : at + size])
            await asyncio.sleep(0)

    async def next(self, kind: type[p.Packet]) -> Any:
        """The next packet of this kind; others are left for later.

        Raises:
            ConnectionError: the server has closed.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                for place, event in enumerate(self.events):
                    if isinstance(event, kind):
                        return self.events.pop(place)
                data = await self.reader.read(READ)
                if not data:
                    raise ConnectionError("the server has closed")
                self.events += self.machine.feed(data)
                self.flush()

    async def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Publish, and wait for the acknowledgement."""
        packet_id = self.machine.publish(topic, payload, qos)
        self.flush()
        if qos:
            answer = await self.next(p.Puback)
            assert answer.packet_id == packet_id

    async def subscribe(self, *filters: str, qos: int = 0) -> tuple[int, ...]:
        """Subscribe; the return codes."""
        self.machine.subscribe([(one, qos) for one in filters])
        self.flush()
        return tuple((await self.next(p.Suback)).codes)

    async def ping(self) -> None:
        """Ask whether the server still listens to us."""
        self.machine.ping()
        self.flush()
        await self.next(p.Pingresp)

    async def closed(self) -> bytes:
        """Wait until the server closes; what it said before.

        Raises:
            TimeoutError: it does not.
        """
        said = bytearray()
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    data = await self.reader.read(READ)
                except OSError:
                    break
                if not data:
                    break
                said += data
        await self.end()
        return bytes(said)

    async def end(self) -> None:
        """Close our side."""
        self.writer.close()
        with contextlib.suppress(OSError, PeerError, asyncio.TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self.writer.wait_closed()

    def read_nothing(self) -> None:
        """From now on whatever the server says stays in the buffers on the way."""
        cast(asyncio.Transport, self.writer.transport).pause_reading()

    def abort(self) -> None:
        """Drop the connection without a word."""
        self.writer.transport.abort()
