"""MQTT over WebSocket: the ASGI application by hand, and once under the real server with a real client."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect as open_websocket
from websockets.typing import Subprotocol

from rookery.clock import SystemClock
from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt import MqttGateway
from rookery.gateways.mqtt_counters import Drop, Ending
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.client import ClientConnection
from rookery.wire.mqtt.encode import encode
from tests.gateways.mqtt_world import KEY, Lobby, Recorder, World, settle

CONNECT = encode(p.Connect("c", username="board", password=KEY))


class Socket:
    """An ASGI server's side of one WebSocket."""

    def __init__(self, world: World, **scope: Any) -> None:
        self.scope = {
            "type": "websocket",
            "scheme": "wss",
            "subprotocols": ["mqtt"],
            "client": ("192.0.2.9", 5),
            **scope,
        }
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.inbox.put_nowait({"type": "websocket.connect"})
        self.sent: list[Any] = []
        self.readable = asyncio.Event()
        self.readable.set()
        self.gone = False
        self.task = asyncio.create_task(world.gateway.websocket(self.scope, self.inbox.get, self.send))

    async def send(self, message: Any) -> None:
        await self.readable.wait()
        if self.gone:
            raise OSError("the client is gone")
        self.sent.append(message)

    def say(self, data: bytes | str) -> None:
        kind = "bytes" if isinstance(data, bytes) else "text"
        self.inbox.put_nowait({"type": "websocket.receive", kind: data})

    def leave(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})

    def frames(self) -> list[bytes]:
        return [message["bytes"] for message in self.sent if message["type"] == "websocket.send"]


async def joined(world: World) -> tuple[Socket, Recorder]:
    socket = Socket(world)
    socket.say(CONNECT)
    await settle()
    assert socket.sent[0] == {"type": "websocket.accept", "subprotocol": "mqtt"}
    assert socket.frames() == [encode(p.Connack())]
    return socket, world.lobby.handlers[-1]


async def test_frames_are_a_stream_and_each_packet_goes_in_one() -> None:
    world = World()
    socket, handler = await joined(world)
    peer = world.lobby.asked[0][1]
    assert (peer.transport, peer.address) == ("wss", "192.0.2.9:5")
    stream = encode(p.Publish("a", b"1", 1, packet_id=1)) + encode(p.Publish("a", b"2", 1, packet_id=2)) + b"\xc0\x00"
    for piece in (stream[:3], stream[3:15], stream[15:]):
        socket.say(piece)
    await settle()
    assert [heard[2] for heard in handler.take() if heard[0] == "publish"] == [b"1", b"2"]
    assert socket.frames()[1:] == [encode(p.Puback(1)), encode(p.Puback(2)), encode(p.Pingresp())]
    socket.leave()
    await socket.task
    assert handler.take() == [("closed", False)]
    assert world.gateway.connections == set()


async def test_goodbye_closes_the_websocket() -> None:
    world = World()
    socket, handler = await joined(world)
    socket.say(encode(p.Disconnect()))
    await settle()
    assert socket.sent[-1] == {"type": "websocket.close", "code": 1000}
    socket.leave()
    await socket.task
    assert handler.take()[-1] == ("closed", True)


@pytest.mark.parametrize("offered", [[], ["mqttv3.1"], None])
async def test_the_sub_protocol_is_mqtt(offered: list[str] | None) -> None:
    world = World()
    socket = Socket(world, subprotocols=offered)
    await socket.task
    assert [message["type"] for message in socket.sent] == ["websocket.close"]
    assert world.gateway.counters.open == 0


async def test_text_frames_end_it() -> None:
    world = World()
    socket, _ = await joined(world)
    socket.say("hello")
    await settle()
    assert socket.sent[-1]["type"] == "websocket.close"
    assert world.gateway.counters.closed == {Ending.PROTOCOL: 1}
    socket.leave()
    await socket.task


async def test_wrong_credentials_are_answered_before_closing() -> None:
    world = World()
    socket = Socket(world)
    socket.say(encode(p.Connect("c", username="board", password=b"guess")))
    await settle()
    assert socket.frames() == [encode(p.Connack(5))]
    assert socket.sent[-1]["type"] == "websocket.close"
    socket.leave()
    await socket.task


async def test_a_door_that_is_full() -> None:
    world = World(limits=MqttLimits(handshaking=0))
    socket = Socket(world)
    await socket.task
    assert socket.sent[0]["code"] == 1013


async def test_while_the_login_is_checked_nothing_is_read() -> None:
    world = World()
    world.lobby.gate = asyncio.Event()
    socket = Socket(world)
    for data in (CONNECT, encode(p.Pingreq()), encode(p.Pingreq())):
        socket.say(data)
    await settle()
    assert socket.inbox.qsize() == 2
    world.lobby.gate.set()
    await settle()
    assert socket.frames() == [encode(p.Connack()), encode(p.Pingresp()), encode(p.Pingresp())]
    socket.leave()
    await socket.task


async def test_a_client_that_does_not_read_is_noticed_and_ended() -> None:
    world = World(limits=MqttLimits(outbound_high=1_000, outbound_hard=3_000))
    socket, handler = await joined(world)
    assert handler.session is not None
    socket.readable.clear()
    for _ in range(5):
        handler.session.publish("a", bytes(400))
    await settle()
    assert world.gateway.counters.dropped == {Drop.SLOW_READER: 2}
    socket.readable.set()
    await settle()
    handler.session.publish("a", b"again")
    await settle()
    assert socket.frames()[-1] == encode(p.Publish("a", b"again"))
    socket.readable.clear()
    for _ in range(3):
        handler.session.publish("a", bytes(400))
    socket.say(encode(p.Pingreq()) * 1_000)
    await socket.task  # ends without a word from the client
    assert world.gateway.counters.closed == {Ending.SLOW_READER: 1}
    assert handler.take()[-1] == ("closed", False)


async def test_a_client_that_is_gone_while_it_is_sent_to() -> None:
    world = World()
    socket, handler = await joined(world)
    socket.gone = True
    assert handler.session is not None
    handler.session.publish("a", b"1")
    handler.session.publish("a", b"2")
    await settle()
    socket.leave()
    await socket.task
    assert handler.take()[-1] == ("closed", False)


async def test_a_server_that_cancels_is_obeyed() -> None:
    world = World()
    socket, handler = await joined(world)
    socket.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await socket.task
    assert handler.take()[-1] == ("closed", False)
    assert world.gateway.connections == set()


async def test_under_the_real_server_with_a_real_client() -> None:
    lobby = Lobby(lambda login: Recorder())
    gateway = MqttGateway([lobby], SystemClock())
    config = uvicorn.Config(
        gateway.websocket, port=0, lifespan="off", interface="asgi3", log_config=None, ws="websockets-sansio"
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    async with asyncio.timeout(30):
        async with open_websocket(f"ws://127.0.0.1:{port}/mqtt", subprotocols=[Subprotocol("mqtt")]) as socket:
            client = ClientConnection()
            client.connect(p.Connect("c", username="board", password=KEY))
            await socket.send(client.take())
            assert client.feed(await socket.recv(decode=False)) == [p.Connack()]
            client.publish("a", b"x", 1)
            await socket.send(client.take())
            assert client.feed(await socket.recv(decode=False)) == [p.Puback(1)]
            client.disconnect()
            await socket.send(client.take())
            await socket.wait_closed()
            assert socket.close_code == 1000
        await server.shutdown()
    assert [heard[0] for heard in lobby.handlers[0].heard] == ["opened", "publish", "closed"]
    await gateway.stop()
