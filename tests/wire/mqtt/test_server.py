"""The server's machine: who says what, and what the other side must see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.decode import Framer, decode
from rookery.wire.mqtt.encode import encode
from rookery.wire.mqtt.errors import LocalError, MalformedPacket, PacketTooLarge, PeerError, ProtocolViolation
from rookery.wire.mqtt.server import CLOSED, MAX_QOS2_UNFINISHED, NEW, OPEN, WAITING, ServerConnection
from rookery.wire.mqtt.session import SessionState
from tests.wire.mqtt.cases import FAULTY, Faulty, raw
from tests.wire.mqtt.strategies import acknowledgements, cuts, publishes, split, subscribes, unsubscribes


@dataclass(frozen=True)
class Limits:
    connect_bytes: int = 1_000
    packet_bytes: int = 10_000
    backlog_bytes: int = 2_000
    inflight: int = 2
    queue_messages: int = 3
    queue_bytes: int = 2_000


class World:
    """A machine whose application answers at once, or when told to; everything it hears is in `heard`."""

    def __init__(self, *, joins: bool = True, limits: Limits | None = None, keep_tickets: bool = False) -> None:
        self.machine = ServerConnection(self, limits or Limits(), joins=joins)
        self.heard: list[Any] = []
        self.writes: list[bytes] = []
        self.tickets: list[int] = []
        self.keep_tickets = keep_tickets
        self.wait = False
        self.session = SessionState("c")
        self.during: Callable[[], None] | None = None

    def connect(self, packet: p.Connect) -> None:
        self.heard.append(packet)
        if not self.wait:
            self.accept()

    def accept(self, *, session_present: bool = False) -> None:
        self.machine.accept(self.session, session_present=session_present, deliver=self.deliver)

    def deliver(self, topic: str, payload: bytes, qos: int, retain: bool, ticket: int) -> bool:
        self.heard.append((topic, payload, qos, retain))
        if self.during:
            self.during()
        if ticket and self.keep_tickets:
            self.tickets.append(ticket)
            return False
        return True

    def subscribe(self, packet: p.Subscribe) -> None:
        self.heard.append(packet)
        self.machine.suback(packet.packet_id, tuple(qos for _, qos in packet.filters))

    def unsubscribe(self, packet: p.Unsubscribe) -> None:
        self.heard.append(packet)
        self.machine.unsuback(packet.packet_id)

    def disconnect(self) -> None:
        self.heard.append(p.Disconnect())

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def say(self, *packets: p.Packet) -> int:
        return self.machine.feed(b"".join(map(encode, packets)))

    def answers(self) -> list[p.Packet]:
        data, self.writes = b"".join(self.writes), []
        return [decode(head, body) for head, body in Framer(1 << 20).feed(data)]


def opened(**options: Any) -> World:
    world = World(**options)
    world.say(p.Connect("c"))
    assert world.answers() == [p.Connack()]
    world.heard.clear()
    return world


# Before CONNACK


@pytest.mark.parametrize("first", [p.Pingreq(), p.Publish("a"), p.Subscribe(1, (("a", 0),)), p.Disconnect()])
def test_connect_comes_first(first: p.Packet) -> None:
    world = World()
    with pytest.raises(ProtocolViolation) as caught:
        world.say(first)
    assert caught.value.clause == "MQTT-3.1.0-1"
    assert world.heard == []


def test_the_first_byte_is_enough_to_refuse() -> None:
    with pytest.raises(PeerError):
        World().machine.feed(b"G")  # GET / HTTP/1.1


def test_a_second_connect_ends_it() -> None:
    world = opened()
    with pytest.raises(ProtocolViolation) as caught:
        world.say(p.Connect("c"))
    assert caught.value.clause == "MQTT-3.1.0-2"


def test_packets_for_clients_are_no_packets_for_servers() -> None:
    for packet in (p.Connack(), p.Suback(1, (0,)), p.Unsuback(1), p.Pingresp()):
        with pytest.raises(ProtocolViolation):
            opened().say(packet)


def test_a_long_connect_is_refused_by_its_length() -> None:
    with pytest.raises(PacketTooLarge):
        World().machine.feed(raw("10e907"))


def test_who_speaks_before_connack_is_heard_after_it() -> None:
    world = World()
    world.wait = True
    world.say(p.Connect("c"), p.Publish("a", b"1", 1, packet_id=1))
    world.say(p.Publish("a", b"2"))
    assert world.machine.phase == WAITING
    assert world.heard == [p.Connect("c")]
    world.accept()
    assert world.machine.feed(b"") == 2
    assert world.answers() == [p.Connack(), p.Puback(1)]
    assert world.heard[1:] == [("a", b"1", 1, False), ("a", b"2", 0, False)]


@pytest.mark.parametrize("together", [True, False])
def test_who_says_too_much_before_connack_is_closed(together: bool) -> None:
    world = World()
    world.wait = True
    connect, flood = encode(p.Connect("c")), bytes(2_001)
    if together:
        with pytest.raises(PacketTooLarge):
            world.machine.feed(connect + flood)
    else:
        world.machine.feed(connect)
        world.machine.feed(flood[:1_000])
        with pytest.raises(PacketTooLarge):
            world.machine.feed(flood[1_000:])


def test_a_refusal_closes_and_voids_the_will() -> None:
    world = World()
    world.wait = True
    world.say(p.Connect("c", will=p.Message("w", b"")), p.Publish("a"))
    world.machine.refuse(p.NOT_AUTHORISED)
    assert world.answers() == [p.Connack(p.NOT_AUTHORISED)]
    assert (world.machine.phase, world.machine.will) == (CLOSED, None)
    with pytest.raises(LocalError):
        world.accept()


def test_a_session_that_is_present_is_said_to_be() -> None:
    world = World()
    world.wait = True
    world.say(p.Connect("c", clean_session=False))
    world.accept(session_present=True)
    assert world.answers() == [p.Connack(0, True)]


def test_nothing_can_be_accepted_before_connect() -> None:
    world = World()
    assert world.machine.phase == NEW
    with pytest.raises(LocalError):
        world.accept()
    with pytest.raises(LocalError):
        world.machine.refuse(5)


# The conversation


def test_ping_subscribe_unsubscribe_disconnect() -> None:
    world = opened()
    subscribe = p.Subscribe(7, (("a", 0), ("b", 2)))
    world.say(p.Pingreq(), subscribe, p.Unsubscribe(8, ("a",)))
    assert world.answers() == [p.Pingresp(), p.Suback(7, (0, 2)), p.Unsuback(8)]
    world.say(p.Disconnect(), p.Publish("after"))
    assert world.heard == [subscribe, p.Unsubscribe(8, ("a",)), p.Disconnect()]
    assert world.machine.phase == CLOSED


def test_disconnect_voids_the_will_and_a_break_does_not() -> None:
    will = p.Message("w", b"gone", 1, True)
    world = World()
    world.say(p.Connect("c", will=will))
    assert world.machine.will == will
    world.say(p.Disconnect())
    assert world.machine.will is None


@pytest.mark.parametrize("case", [case for case in FAULTY if not case.name.startswith("connect")], ids=lambda c: c.name)
def test_faulty_packets_end_an_open_connection(case: Faulty) -> None:
    world = opened()
    with pytest.raises(case.error) as caught:
        world.machine.feed(encode(p.Publish("a", b"1", 1, packet_id=1)) + raw(case.hex))
    assert caught.value.clause == case.clause
    assert world.heard[0] == ("a", b"1", 1, False)  # what came before the fault counts
    assert world.answers() == [p.Puback(1)]


@pytest.mark.parametrize("case", [case for case in FAULTY if case.name.startswith("connect")], ids=lambda c: c.name)
def test_faulty_connects_are_answered_as_the_standard_says(case: Faulty) -> None:
    with pytest.raises(case.error) as caught:
        World().machine.feed(raw(case.hex))
    assert caught.value.answer == raw(case.answer)


def test_a_packet_above_the_limit() -> None:
    world = opened()
    world.say(p.Publish("a", bytes(9_900)))
    with pytest.raises(PacketTooLarge):
        world.say(p.Publish("a", bytes(10_000)))


def test_a_long_packet_that_drips_is_collected() -> None:
    world = opened()
    data = encode(p.Publish("a", bytes(5_000), 1, packet_id=9))
    for index in range(len(data)):
        world.machine.feed(data[index : index + 1])
    assert world.heard == [("a", bytes(5_000), 1, False)]
    assert world.answers() == [p.Puback(9)]


def test_topics_are_decoded_anew_when_the_cache_is_full() -> None:
    world = opened()
    names = [f"t/{i}" for i in range(40)] * 2 + ["x" * 300] * 2
    for name in names:
        world.say(p.Publish(name))
    assert [heard[0] for heard in world.heard] == names
    assert len(world.machine._topics) <= 16


def test_an_application_that_closes_in_between_is_not_asked_again() -> None:
    world = opened()
    world.during = world.machine.close
    world.say(p.Publish("a", b"1", 1, packet_id=1), p.Publish("a", b"2", 1, packet_id=2))
    assert world.heard == [("a", b"1", 1, False)]
    assert world.writes == []


# Acknowledging


def test_acknowledgements_are_joined_or_apart() -> None:
    for joins, writes in ((True, 1), (False, 3)):
        world = opened(joins=joins)
        world.say(*(p.Publish("a", b"", 1, packet_id=i) for i in (5, 3, 9)))
        assert len(world.writes) == writes
        assert world.answers() == [p.Puback(5), p.Puback(3), p.Puback(9)]


def test_committed_tickets_are_acknowledged_in_one_write() -> None:
    world = opened(keep_tickets=True)
    world.say(*(p.Publish("a", b"", 1, packet_id=i) for i in (1, 65_535, 3)))
    assert world.writes == []
    assert world.machine.unacknowledged == 3
    world.machine.committed(world.tickets)
    assert len(world.writes) == 1
    assert world.answers() == [p.Puback(1), p.Puback(65_535), p.Puback(3)]
    assert world.machine.unacknowledged == 0


def test_acknowledgements_keep_the_order_of_the_messages() -> None:
    world = opened(keep_tickets=True)
    world.say(p.Publish("a", b"", 1, packet_id=1))
    world.keep_tickets = False
    world.say(p.Publish("a", b"", 1, packet_id=2), p.Publish("a", b"", 2, packet_id=3))
    world.keep_tickets = True
    world.say(p.Publish("a", b"", 1, packet_id=4))
    world.keep_tickets = False
    world.say(p.Publish("a", b"", 1, packet_id=5))
    assert world.answers() == []
    world.machine.committed(world.tickets[:1])
    assert world.answers() == [p.Puback(1), p.Puback(2), p.Pubrec(3)]
    world.machine.committed(world.tickets[1:])
    assert world.answers() == [p.Puback(4), p.Puback(5)]
    assert world.session.received == {3}


def test_refused_tickets_are_not_acknowledged() -> None:
    world = opened(keep_tickets=True)
    world.say(p.Publish("a", b"", 1, packet_id=1), p.Publish("a", b"", 2, packet_id=2))
    world.machine.refused(world.tickets)
    assert world.answers() == []
    assert not world.session.arriving


def test_tickets_of_a_closed_connection_are_not_acknowledged() -> None:
    world = opened(keep_tickets=True)
    world.say(p.Publish("a", b"", 1, packet_id=1))
    world.machine.close()
    world.machine.committed(world.tickets)
    assert world.answers() == []


# QoS 2, incoming


def test_exactly_once() -> None:
    world = opened()
    packet = p.Publish("a", b"x", 2, packet_id=4)
    world.say(packet)
    world.say(packet._replace(dup=True))
    assert world.answers() == [p.Pubrec(4), p.Pubrec(4)]
    assert world.heard == [("a", b"x", 2, False)]
    world.say(p.Pubrel(4))
    assert world.answers() == [p.Pubcomp(4)]
    world.say(packet)
    assert len(world.heard) == 2
    world.say(p.Pubrel(4), p.Pubrel(4))
    assert world.answers() == [p.Pubrec(4), p.Pubcomp(4), p.Pubcomp(4)]


def test_a_repetition_of_what_is_not_stored_yet_waits() -> None:
    world = opened(keep_tickets=True)
    packet = p.Publish("a", b"x", 2, packet_id=4)
    world.say(packet, packet._replace(dup=True))
    assert world.answers() == []
    world.machine.committed(world.tickets)
    assert world.answers() == [p.Pubrec(4)]
    assert len(world.heard) == 1


def test_unfinished_qos_2_messages_are_limited() -> None:
    world = opened()
    for packet_id in range(1, MAX_QOS2_UNFINISHED + 1):
        world.say(p.Publish("a", b"", 2, packet_id=packet_id))
    with pytest.raises(ProtocolViolation):
        world.say(p.Publish("a", b"", 2, packet_id=60_000))


# Outgoing


def test_the_window_and_the_queue() -> None:
    world = opened()
    kept = [world.machine.publish(p.Message("a", bytes([i]), 1)) for i in range(6)]
    assert kept == [True] * 5 + [False]
    first, _ = world.answers()
    assert first == p.Publish("a", b"\0", 1, packet_id=1)
    world.say(p.Puback(1))
    assert world.answers() == [p.Publish("a", b"\2", 1, packet_id=3)]
    world.say(p.Puback(99))  # an echo of nothing
    assert world.answers() == []
    world.say(p.Puback(2), p.Puback(3))
    assert [packet.packet_id for packet in world.answers()] == [4, 5]  # type: ignore[union-attr]


def test_the_queue_is_limited_in_bytes() -> None:
    world = opened()
    world.machine.blocked = True
    assert world.machine.publish(p.Message("a", bytes(1_500), 1))
    assert not world.machine.publish(p.Message("a", bytes(1_500), 1))
    world.machine.blocked = False
    world.machine.pump()
    assert len(world.answers()) == 1
    assert world.session.queue_bytes == 0


def test_qos_2_both_halves() -> None:
    world = opened()
    world.machine.publish(p.Message("a", b"", 2))
    world.say(p.Pubrec(1))
    assert world.answers() == [p.Publish("a", b"", 2, packet_id=1), p.Pubrel(1)]
    assert world.session.inflight == 1
    world.say(p.Pubcomp(1))
    assert world.session.inflight == 0
    world.say(p.Pubrec(50))
    assert world.answers() == [p.Pubrel(50)]


@pytest.mark.parametrize(("qos", "answer"), [(1, p.Pubrec(1)), (1, p.Pubcomp(1)), (2, p.Puback(1)), (2, p.Pubcomp(1))])
def test_the_wrong_acknowledgement(qos: int, answer: p.Packet) -> None:
    world = opened()
    world.machine.publish(p.Message("a", b"", qos))
    with pytest.raises(ProtocolViolation):
        world.say(answer)


def test_a_resumed_session_repeats_with_dup_and_in_order() -> None:
    world = opened()
    for message in (p.Message("a", b"1", 2), p.Message("a", b"2", 1), p.Message("a", b"3", 1)):
        world.machine.publish(message)
    world.say(p.Pubrec(1))
    again = World(limits=Limits(inflight=3))
    again.session = world.session
    again.say(p.Connect("c", clean_session=False))
    again.answers()
    again.machine.resend()
    assert again.answers() == [
        p.Pubrel(1),
        p.Publish("a", b"2", 1, packet_id=2, dup=True),
        p.Publish("a", b"3", 1, packet_id=3),
    ]


def test_repeating_stops_while_the_client_does_not_read() -> None:
    world = opened(limits=Limits(inflight=5, packet_bytes=100_000))
    for index in range(5):
        world.machine.publish(p.Message("a", bytes([index]), 1))
    again = World(limits=Limits(inflight=5))
    again.session = world.session
    again.say(p.Connect("c", clean_session=False))
    again.answers()

    def write(data: bytes) -> None:
        again.writes.append(data)
        again.machine.blocked = len(again.writes) == 2

    again.write = write  # type: ignore[method-assign]
    again.machine.resend()
    assert len(again.writes) == 2
    assert again.machine.publish(p.Message("a", b"new", 1))
    again.machine.blocked = False
    again.machine.pump()
    sent = again.answers()
    assert [packet.packet_id for packet in sent] == [1, 2, 3, 4, 5]  # type: ignore[union-attr]
    assert all(packet.dup for packet in sent)  # type: ignore[union-attr]
    again.say(p.Puback(1))
    assert again.answers() == [p.Publish("a", b"new", 1, packet_id=6)]


@pytest.mark.parametrize("inflight", [0, 2])
def test_what_cannot_be_sent_is_not_queued(inflight: int) -> None:
    world = opened(limits=Limits(inflight=inflight))
    for topic in ("a/+", "", "\ud800"):
        with pytest.raises(LocalError):
            world.machine.publish(p.Message(topic, b"", 1))
    assert (world.session.inflight, world.session.queued) == (0, 0)


# Properties

conversation = st.lists(
    st.one_of(publishes, acknowledgements, subscribes, unsubscribes, st.just(p.Pingreq())), max_size=10
)


def run(pieces: list[bytes]) -> tuple[list[Any], list[p.Packet], tuple[type, str] | None]:
    world = World()
    error = None
    try:
        for piece in pieces:
            world.machine.feed(piece)
    except PeerError as caught:
        error = (type(caught), str(caught))
    return world.heard, world.answers(), error


@given(conversation, st.binary(max_size=8), cuts)
def test_the_stream_may_be_cut_anywhere(said: list[p.Packet], tail: bytes, places: list[int]) -> None:
    stream = encode(p.Connect("c")) + b"".join(map(encode, said)) + tail
    assert run(split(stream, places)) == run([stream])


@given(conversation)
def test_the_short_way_of_publish_agrees_with_the_codec(said: list[p.Packet]) -> None:
    heard, _, _ = run([encode(p.Connect("c")), *map(encode, said)])
    seen: set[int] = set()
    expected: list[Any] = [p.Connect("c")]
    for packet in said:
        if isinstance(packet, p.Publish):
            if packet.qos == 2 and packet.packet_id in seen:
                continue
            if packet.qos == 2:
                seen.add(packet.packet_id)
            expected.append((packet.topic, packet.payload, packet.qos, packet.retain))
        elif isinstance(packet, p.Pubrel):
            seen.discard(packet.packet_id)
        elif isinstance(packet, p.Subscribe | p.Unsubscribe):
            expected.append(packet)
    assert heard == expected


@given(st.lists(st.binary(max_size=60), max_size=20), st.booleans())
def test_garbage_raises_only_the_peers_errors_and_is_not_hoarded(pieces: list[bytes], greeted: bool) -> None:
    world = opened() if greeted else World()
    with suppress(PeerError):
        for piece in pieces:
            world.machine.feed(piece)
            assert len(world.machine._pending or b"") <= Limits.packet_bytes


def test_a_malformed_length_is_found_even_when_it_drips() -> None:
    world = opened()
    for byte in raw("30ffffff"):
        world.machine.feed(bytes([byte]))
    with pytest.raises(MalformedPacket):
        world.machine.feed(b"\xff")


def test_the_machine_is_open_only_after_connack() -> None:
    assert opened().machine.phase == OPEN
