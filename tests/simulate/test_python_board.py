"""The Python board, packet by packet (arduino-device.md sections 3.3, 4.5, 6.1)."""

from __future__ import annotations

import pytest

from rookery.simulate.board import Life
from rookery.simulate.python_board import PythonBoard, TypeTrap, converted
from rookery.wire import senml
from rookery.wire.mqtt import packets as p
from tests.simulate.desk import DEVICE, OTHER, THING, Desk, python_desk, values


def running() -> Desk:
    """A board that has sent its first values."""
    desk = python_desk()
    desk.discover()
    desk.shadow()
    desk.clock.turn(1)
    desk.acknowledge()
    return desk


def test_connect_is_that_of_the_library() -> None:
    assert python_desk().accept() == p.Connect(DEVICE, True, 10, DEVICE, b"s3cret")


def test_the_capture_of_section_3_3() -> None:
    desk = python_desk(("temperature", "light"))
    desk.sketch.values["temperature"] = 3.25
    desk.accept()
    assert desk.take_one() == p.Subscribe(1, ((f"/a/d/{DEVICE}/e/i", 1),))
    desk.say(p.Suback(1, (1,)))
    assert desk.take() == []
    desk.say(p.Publish(f"/a/d/{DEVICE}/e/i", senml.encode([("thing_id", THING, None)]), 1, False, 7))
    assert desk.take() == [p.Puback(7), p.Subscribe(2, ((f"/a/t/{THING}/e/i", 0),))]
    assert desk.board.thing_id == THING
    desk.say(p.Suback(2, (0,)))
    assert desk.take_one() == p.Subscribe(3, ((f"/a/t/{THING}/shadow/i", 1),))
    desk.say(p.Suback(3, (1,)))
    ask = desk.acknowledge()
    assert (ask.topic, ask.payload.hex()) == (
        f"/a/t/{THING}/shadow/o",
        "81a20063723a6d036d6765744c61737456616c756573",
    )
    begin = desk.acknowledge()
    assert (begin.topic, begin.payload.hex()) == (
        f"/a/d/{DEVICE}/c/up",
        "da00010700816b312e342e312d6173796e63",
    )
    desk.shadow(("light", True, None))
    assert desk.take() == []
    desk.clock.turn(1)
    first = desk.acknowledge()
    assert first.payload.hex() == "81a2006b74656d706572617475726502fb400a000000000000"
    assert values(first) == {"temperature": 3.25}
    assert desk.sketch.values["light"] is True


def test_each_step_waits_for_the_one_before() -> None:
    desk = python_desk()
    desk.accept()
    desk.grant(1)
    desk.say(p.Publish(f"/a/d/{DEVICE}/e/i", senml.encode([("thing_id", THING, None)])))
    desk.take()
    desk.clock.turn(4.9)
    assert desk.take() == []
    desk.clock.turn(0.1)
    assert desk.board.trouble == "no acknowledgement"


def test_last_values_only_fill_what_has_no_value() -> None:
    desk = python_desk()
    before = desk.sketch.values["temperature"]
    desk.discover()
    desk.shadow(("temperature", 99.0, None), ("light", True, None))
    assert desk.sketch.values["light"] is True
    assert desk.sketch.values["temperature"] == before
    desk.shadow(("light", False, None))
    assert desk.sketch.values["light"] is True


def test_what_the_cloud_does_not_know_gets_its_first_value_from_the_program() -> None:
    desk = python_desk()
    desk.discover()
    desk.clock.turn(1)
    assert set(values(desk.acknowledge())) == {"temperature"}
    desk.shadow()
    desk.clock.turn(1)
    assert list(values(desk.acknowledge())) == ["light", "color:hue", "color:sat", "color:bri"]


def test_changes_wait_for_the_poll_and_go_in_one_pack() -> None:
    desk = running()
    desk.sketch.set(desk.board, "temperature", 1.0)
    desk.sketch.set(desk.board, "light", True)
    desk.sketch.set(desk.board, "temperature", 2.0)
    assert desk.take() == []
    desk.clock.turn(1)
    assert values(desk.acknowledge()) == {"temperature": 2.0, "light": True}


def test_nothing_is_sent_before_the_last_pack_is_acknowledged() -> None:
    desk = running()
    desk.sketch.set(desk.board, "temperature", 1.0)
    desk.clock.turn(1)
    publish = desk.take_one()
    desk.sketch.set(desk.board, "temperature", 2.0)
    desk.clock.turn(3)
    assert desk.take() == []
    desk.say(p.Puback(publish.packet_id))
    desk.clock.turn(1)
    assert values(desk.acknowledge()) == {"temperature": 2.0}


def test_a_pack_that_is_not_acknowledged_in_5_s_ends_the_connection_and_is_lost() -> None:
    desk = running()
    desk.sketch.set(desk.board, "temperature", 1.0)
    desk.clock.turn(1)
    desk.take()
    desk.clock.turn(5)
    assert desk.board.life is Life.WAITING
    desk.clock.turn(1)
    desk.accept()
    desk.grant()
    desk.clock.turn(1)
    assert values(desk.acknowledge()) == {"r:m": "getLastValues"}


def test_a_write_is_not_echoed() -> None:
    desk = running()
    desk.write(("light", True, None))
    assert desk.sketch.values["light"] is True
    desk.clock.turn(5)
    assert desk.take() == []


def test_a_write_to_what_is_read_only_or_unknown_is_ignored() -> None:
    desk = running()
    before = dict(desk.sketch.values)
    desk.write(("temperature", 1.0, None), ("door", True, None), ("color:red", 1.0, None))
    assert desk.sketch.values == before
    assert desk.board.online


TRAPS = {
    "int for float": (1.5, 3, 3.0),
    "int for int": (1, 2, 2),
    "float for int": (1, 3.0, None),
    "bool for int": (1, True, None),
    "int for bool": (True, 1, 1),
    "text for int": (1, "1", None),
    "bool after the bool has become an int": (0, True, None),
    "text for text": ("a", "b", "b"),
    "float for text": ("a", 1.0, None),
}


@pytest.mark.parametrize(("held", "value", "result"), TRAPS.values(), ids=TRAPS)
def test_the_type_trap(held: senml.Value, value: senml.Value, result: senml.Value | None) -> None:
    if result is not None:
        assert converted(held, value, "x") == result
    else:
        with pytest.raises(TypeTrap, match=f"{type(value).__name__} for {type(held).__name__}"):
            converted(held, value, "x")


def test_the_type_trap_ends_the_connection() -> None:
    desk = running()
    desk.write(("light", "on", None))
    assert desk.board.life is Life.WAITING
    assert desk.board.trouble == "light: str for bool"


def test_malformed_bytes_end_the_connection() -> None:
    desk = running()
    desk.say(p.Publish(f"/a/t/{THING}/e/i", b""))
    assert desk.board.life is Life.WAITING


def test_it_pings_after_more_than_ten_idle_seconds() -> None:
    desk = running()
    desk.clock.turn(10)
    assert desk.take() == []
    desk.clock.turn(1)
    assert desk.take() == [p.Pingreq()]
    desk.clock.turn(5)
    desk.sketch.set(desk.board, "temperature", 1.0)
    desk.clock.turn(1)
    desk.acknowledge()
    desk.clock.turn(10)
    assert desk.take() == []


def test_it_does_not_ping_and_does_not_notice_its_loss_before_it_has_a_thing() -> None:
    desk = python_desk()
    desk.accept()
    desk.grant(1)
    desk.clock.turn(50)
    assert desk.take() == []
    desk.board.lost("closed")
    assert isinstance(desk.board, PythonBoard)
    assert desk.board.stranded
    desk.clock.turn(59)
    assert desk.dials == 1
    desk.clock.turn(1)
    assert desk.dials == 2
    desk.discover()
    assert not desk.board.stranded


def test_a_reconnect_subscribes_the_known_thing_only_and_flushes_the_request() -> None:
    desk = running()
    desk.board.lost("reset")
    desk.sketch.set(desk.board, "temperature", 1.0)
    desk.clock.turn(1)
    desk.accept()
    assert desk.grant() == f"/a/t/{THING}/e/i"
    assert desk.take() == []
    desk.clock.turn(1)
    assert values(desk.acknowledge()) == {"temperature": 1.0, "r:m": "getLastValues"}


def test_it_learns_its_thing_once() -> None:
    desk = running()
    desk.say(p.Publish(f"/a/d/{DEVICE}/e/i", senml.encode([("thing_id", OTHER, None)])))
    assert desk.board.thing_id == THING
    assert desk.take() == []


def test_a_refused_subscription_ends_the_connection() -> None:
    desk = python_desk()
    desk.accept()
    desk.grant(0x80)
    assert desk.board.life is Life.WAITING


def test_waits_grow_by_a_fifth_up_to_five_seconds() -> None:
    desk = python_desk()
    waits = []
    for _ in range(12):
        before = desk.clock.monotonic()
        dials = desk.dials
        desk.board.lost("refused")
        while desk.dials == dials:
            desk.clock.turn(0.01)
        waits.append(desk.clock.monotonic() - before)
    assert waits[:3] == pytest.approx([1.0, 1.2, 1.44], abs=0.011)
    assert waits[-1] == pytest.approx(5.0, abs=0.011)
