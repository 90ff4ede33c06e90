"""The life of a simulated Particle board: silence, losses, sessions that go on, claims, restarts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.particle.device.events import Event
from rookery.particle.device.goodbye import Goodbye, decode_goodbye
from rookery.particle.device.requests import Kind
from rookery.simulate.board import Life
from rookery.wire.coap.message import CONFIRMABLE, NON_CONFIRMABLE
from rookery.wire.coap.options import NO_RESPONSE
from tests.simulate.particle_desk import Desk

both = pytest.mark.parametrize("transport", ["tcp", "udp"])


def pings(desk: Desk) -> int:
    return sum(data[:2] == b"\x40\0" for data in desk.cloud.raw)


@both
@pytest.mark.parametrize(("keepalive", "expected"), [(None, {"tcp": 6, "udp": 3}), (5.0, {"tcp": 19, "udp": 19})])
def test_a_board_that_hears_nothing_pings(transport: str, keepalive: float | None, expected: dict[str, int]) -> None:
    desk = Desk(transport, keepalive=keepalive).up().live(99)
    assert pings(desk) == expected[transport]
    assert desk.board.losses == 0


@both
def test_a_ping_of_the_server_is_answered(transport: str) -> None:
    desk = Desk(transport).up()
    desk.cloud.coap.ping(desk.clock.monotonic(), timeout=5.0, context="ping")
    desk.settle()
    assert desk.cloud.arrived == ["ping"]
    if transport == "tcp":
        # The acknowledgement has an identifier of its own (particle-device.md §1.3).
        assert desk.cloud.raw[-1][:2] == b"\x60\0"


@pytest.mark.parametrize(("transport", "seconds"), [("tcp", 25.5), ("udp", 55.5)])
def test_a_network_that_is_dead_is_noticed_and_dialled_again(transport: str, seconds: float) -> None:
    desk = Desk(transport).up()
    desk.reachable = False
    desk.live(seconds)
    assert desk.board.trouble == "no answer to a ping"
    assert not desk.board.online
    desk.reachable = True
    desk.live(60)
    assert desk.board.online


def test_waits_between_attempts_double_every_five_failures() -> None:
    desk = Desk("tcp")
    desk.reachable = False
    desk.up()
    dialled = []
    for _ in range(1_200):
        before = desk.dials
        desk.live(0.25)
        dialled += [desk.clock.monotonic()] * (desk.dials - before)
    gaps = [round(later - earlier) for earlier, later in zip([0.0, *dialled], dialled, strict=False)]
    assert gaps[:15] == [1] * 5 + [2] * 5 + [4] * 5
    assert desk.board.losses == desk.dials


def test_over_udp_the_session_goes_on_from_another_port() -> None:
    desk = Desk("udp", variables={"a": 1}).up()
    said = len(desk.cloud.heard)
    desk.board.lose()
    assert desk.board.life is Life.WAITING
    desk.live(2)
    assert desk.board.online
    assert (desk.dials, desk.moves, desk.board.handshakes, len(desk.conversations)) == (2, 1, 1, 1)
    assert len(desk.cloud.heard) == said, "nothing that the cloud knows is said again"
    assert desk.cloud.raw[-1][:2] == b"\x40\0"
    resumed = [data for data in desk.datagrams if data[0] == 253]
    assert len(resumed) == 1


def test_what_has_changed_meanwhile_is_said_in_the_old_session() -> None:
    desk = Desk("udp", variables={"a": 1}).up()
    said = len(desk.cloud.heard)
    desk.reachable = False
    desk.board.lose()
    desk.board.add(variables={"b": 2})
    desk.board.subscribe("new", lambda name, data: None)
    desk.reachable = True
    desk.live(2)
    assert desk.board.online
    assert desk.cloud.kinds()[said:] == [Kind.DESCRIBE, Kind.SUBSCRIPTION]


def test_a_cloud_that_has_forgotten_the_session_costs_three_attempts() -> None:
    desk = Desk("udp").up()
    assert desk.datagram is not None
    session = desk.datagram.session
    assert session is not None
    desk.datagram.endpoint.forget(session)
    desk.live(230)
    assert desk.board.online
    assert desk.unknown >= 3
    assert desk.board.handshakes == 2


def test_a_reset_message_and_a_closed_session_make_a_new_handshake() -> None:
    desk = Desk("udp").up()
    desk.cloud.coap.endpoint.reset(7)
    desk.settle().live(2)
    assert (desk.board.online, desk.board.handshakes) == (True, 2)
    assert desk.datagram is not None
    assert desk.datagram.session is not None
    desk.datagram.endpoint.close(desk.datagram.session)
    desk.settle().live(2)
    assert (desk.board.online, desk.board.handshakes) == (True, 3)
    assert desk.board.trouble == "the server has closed the session"


@both
def test_the_claim_code_is_presented_until_the_server_says_that_it_was_used(transport: str) -> None:
    code = "c" * 63
    desk = Desk(transport, claim_code=code).up()
    assert desk.cloud.events()[0] == Event("spark/device/claim/code", code.encode())
    desk.board.reset(forget=True)
    desk.live(3)
    assert desk.cloud.events()[0].name == "spark/device/claim/code"
    desk.tell("spark/device/claim/done")
    assert desk.board.claim_code == ""
    desk.board.reset(forget=True)
    desk.live(3)
    assert desk.board.online
    assert desk.cloud.events()[0].name == "particle/device/updates/enabled"


@both
def test_it_says_goodbye(transport: str) -> None:
    desk = Desk(transport).up()
    cloud = desk.cloud
    desk.board.stop()
    desk.settle()
    (message,) = cloud.of(Kind.GOODBYE)
    assert decode_goodbye(message.payload) == Goodbye(cloud="user")
    assert message.kind == (CONFIRMABLE if transport == "udp" else NON_CONFIRMABLE)
    assert (message.first(NO_RESPONSE) is None) == (transport == "udp")
    assert desk.board.life is Life.OFF
    desk.live(200)
    assert desk.dials == 1
    assert desk.clock.waiting == 0


@both
@pytest.mark.parametrize(
    ("order", "online", "dials"),
    [(b"reboot", True, 2), (b"network", True, 2), (b"dfu", False, 1), (b"nonsense", True, 1)],
)
def test_orders_to_reset(transport: str, order: bytes, online: bool, dials: int) -> None:
    desk = Desk(transport).up()
    desk.tell("spark/device/reset", order)
    desk.live(3)
    assert (desk.board.online, desk.dials) == (online, dials)


def test_safe_mode_and_back() -> None:
    desk = Desk("tcp", variables={"a": 1}, functions={"f": len}).up()
    desk.tell("spark/device/reset", b"safe mode")
    desk.live(3)
    assert "spark/device/safemode" in [event.name for event in desk.cloud.events()]
    assert desk.cloud.of(Kind.DESCRIBE)[1].payload == b'{"f":[],"v":{}}'
    desk.tell("spark/device/reset", b"reboot")
    desk.live(3)
    assert desk.cloud.of(Kind.DESCRIBE)[1].payload == b'{"f":["f"],"v":{"a":2}}'


@both
def test_a_board_that_is_given_back_never_comes_again(transport: str) -> None:
    desk = Desk(transport).up()
    desk.tell("spark/device/key/restore")
    desk.live(200)
    desk.board.start(desk)
    assert desk.board.given_back
    assert desk.dials == 1


def test_a_server_without_a_hello_over_tcp_is_left_after_four_seconds() -> None:
    desk = Desk("tcp")
    desk.deaf.add(Kind.HELLO)
    desk.up().live(3.75)
    assert desk.board.losses == 0
    desk.live(0.5)
    assert desk.board.trouble == "no Hello of the server"


@both
def test_a_cloud_that_does_not_acknowledge_the_description(transport: str) -> None:
    desk = Desk(transport)
    desk.deaf.add(Kind.DESCRIBE)
    desk.up().live(3)
    assert not desk.board.online
    desk.live(60)
    assert desk.board.losses >= 1


@both
async def test_waiting_for_the_connection(transport: str) -> None:
    desk = Desk(transport)
    waiting = asyncio.ensure_future(desk.board.connected())
    await asyncio.sleep(0)
    desk.up()
    await waiting
    await desk.board.connected()
    assert desk.board.online


@both
def test_switched_off_and_on_again(transport: str) -> None:
    desk = Desk(transport).up()
    desk.board.stop()
    desk.settle()
    desk.up()
    assert desk.board.online
    assert desk.board.handshakes == (2 if transport == "tcp" else 1)


@both
def test_keys_that_the_server_does_not_believe(transport: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    from rookery.simulate.particle_board import ParticleBoard
    from tests.simulate.particle_desk import identity

    desk = Desk(transport)
    other: Any = (
        ec.derive_private_key(77, ec.SECP256R1()) if transport == "udp" else rsa.generate_private_key(65537, 1024)
    )
    desk.board = ParticleBoard(identity(transport)._replace(key=other), desk.clock)
    desk.up().live(3)
    assert not desk.board.online
    assert "the handshake" in desk.board.trouble or "the secure channel" in desk.board.trouble
