"""Updates over the air as a simulated board takes them: both protocols, what it refuses, what it is afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.particle.device.describe import decode_describe
from rookery.particle.device.module import build
from rookery.particle.device.ota import Step, target, transfer
from rookery.particle.device.requests import Kind
from rookery.simulate.particle_board import PublishFailed
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Message, Options
from tests.particle.device.ota_wire import Told
from tests.simulate.particle_desk import Desk

both = pytest.mark.parametrize("transport", ["tcp", "udp"])
UPDATE_KINDS = {Kind.MISSED_CHUNKS, Kind.UPDATE_ACK_V3}


class Cloud:
    """What the cloud's session does around one transfer: its link, and the way of what comes for it."""

    def __init__(self, desk: Desk, binary: bytes) -> None:
        self.desk = desk
        self.told = Told()
        conversation = desk.cloud
        self.coap = conversation.coap
        self.transfer = transfer(
            self, self.told, binary, target(conversation.hello(), reliable=desk.transport == "tcp")
        )
        plain = conversation.request

        def request(now: float, ticket: int, message: Message) -> bool:
            return self.transfer.request(now, message) or plain(now, ticket, message)

        conversation.request = request  # type: ignore[method-assign]
        conversation.response = self.response  # type: ignore[method-assign]
        conversation.failed = self.failed  # type: ignore[method-assign]

    def send(self, now: float, code: int, options: Options, payload: bytes, **more: Any) -> object:
        return self.coap.send(now, code, options, payload, **more)

    def room(self) -> bool:
        return True

    def response(self, now: float, context: object, message: Message) -> None:
        assert isinstance(context, Step)
        context.transfer.response(now, context, message)

    def failed(self, now: float, context: object, failure: Failure) -> None:
        if isinstance(context, Step):
            context.transfer.failed(now, context, failure)

    def run(self, most: float = 120.0) -> Told:
        """Until it has ended."""
        clock = self.desk.clock
        self.transfer.start(clock.monotonic())
        self.desk.settle()
        while self.told.calls[-1:] not in (["finished"], ["failed"]) and clock.monotonic() < most:
            self.desk.live(0.05, step=0.05)
            self.transfer.tick(clock.monotonic())
            self.desk.settle()
        return self.told


def binary(desk: Desk, **more: Any) -> bytes:
    return build(desk.board.firmware.model.platform_id, version=7, body=bytes(range(256)) * 40, **more)


@both
async def test_a_new_application(transport: str) -> None:
    desk = Desk(transport).up()
    data = binary(desk, product_id=1234, product_version=5)
    cloud = Cloud(desk, data)
    told = cloud.run()
    assert told.calls == ["started", "finished"], told.sentence
    desk.live(4)
    assert desk.board.online
    assert not desk.board.updating
    hello = desk.cloud.hello()
    assert (hello.ota_succeeded, hello.product_id, hello.product_version) == (True, 1234, 5)
    system = [m for m in desk.cloud.of(Kind.DESCRIBE) if decode_describe(m.payload).modules][-1]
    (application,) = [m for m in decode_describe(system.payload).modules if m["f"] == "u"]
    assert (application["v"], application["u"]) == (7, data[-38:-6].hex())
    desk.board.reset(forget=True)
    desk.live(4)
    assert not desk.cloud.hello().ota_succeeded


@both
async def test_it_publishes_nothing_meanwhile(transport: str) -> None:
    desk = Desk(transport).up()
    cloud = Cloud(desk, binary(desk))
    cloud.transfer.start(desk.clock.monotonic())
    desk.settle()
    assert desk.board.updating
    with pytest.raises(PublishFailed, match="updated"):
        await desk.board.publish("a")
    desk.board.lose()
    await asyncio.sleep(0)
    assert not desk.board.updating


@both
def test_updates_that_are_switched_off_unless_they_are_forced(transport: str) -> None:
    desk = Desk(transport, updates_enabled=False).up()
    assert Cloud(desk, binary(desk)).run().calls[-1] == "failed"
    assert desk.board.online
    desk.tell("particle/device/updates/forced", b"true")
    assert Cloud(desk, binary(desk)).run().calls[-1] == "finished"


@both
def test_a_damaged_binary_changes_nothing(transport: str) -> None:
    desk = Desk(transport).up()
    before = desk.board.firmware.described(1)
    data = bytearray(binary(desk))
    data[3_000] ^= 1
    Cloud(desk, bytes(data)).run()
    desk.live(5)
    assert desk.board.online
    assert desk.board.firmware.described(1) == before
