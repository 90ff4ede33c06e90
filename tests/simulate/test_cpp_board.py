"""The C++ board, packet by packet (arduino-device.md sections 3.1, 6.2, 7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rookery.arduino.device import commands
from rookery.simulate.board import Life
from rookery.simulate.cpp_board import MOST_BYTES, packs
from rookery.wire import senml
from rookery.wire.mqtt import packets as p
from tests.simulate.desk import DEVICE, OTHER, THING, Desk, values

INTRODUCTION: list[commands.Command] = [
    commands.DeviceBegin("2.9.0"),
    commands.NetConfig(commands.NET_WIFI, ("simulated",)),
    commands.ThingBegin(""),
]


def test_connect_is_that_of_the_library() -> None:
    connect = Desk().accept()
    assert connect == p.Connect(DEVICE, True, 30, DEVICE, b"s3cret")


def test_the_capture_of_section_3_1() -> None:
    desk = Desk()
    desk.accept()
    assert desk.take_one() == p.Subscribe(1, ((f"/a/d/{DEVICE}/c/dw", 0),))
    desk.say(p.Suback(1, (0,)))
    up = f"/a/d/{DEVICE}/c/up"
    assert desk.take() == [
        p.Publish(up, bytes.fromhex("da000107008165322e392e30")),
        p.Publish(up, commands.encode(INTRODUCTION[1])),
        p.Publish(up, bytes.fromhex("da000103008160")),
    ]
    desk.order(commands.ThingUpdate(THING))
    assert desk.take_one() == p.Subscribe(2, ((f"/a/t/{THING}/e/i", 0),))
    desk.say(p.Suback(2, (0,)))
    assert desk.take_one() == p.Publish(up, bytes.fromhex("da0001050080"))
    desk.sync()
    packet = desk.take_one()
    assert (packet.qos, packet.retain) == (0, False)
    assert packet.payload[0] == 0x9F
    assert packet.payload[-1] == 0xFF
    assert set(values(packet)) == {
        "temperature",
        "light",
        "color:hue",
        "color:sat",
        "color:bri",
        "tz_offset",
        "tz_dst_until",
    }


def test_a_board_that_can_be_updated_says_so_first() -> None:
    desk = Desk(sketch_sha256=bytes(32), wifi_firmware="1.6.0")
    desk.greet()
    begin, config, thing = INTRODUCTION
    expected = [commands.OtaBegin(bytes(32)), begin, config, commands.WifiFirmware("1.6.0"), thing]
    assert desk.take_commands() == expected


def test_the_introduction_is_repeated_and_then_given_up() -> None:
    desk = Desk()
    desk.greet()
    assert desk.take_commands() == INTRODUCTION
    for wait in (4, 8, 16, 32, 32, 32, 32, 32, 32, 32):
        desk.clock.turn(wait - 0.1)
        assert [x for x in desk.take() if isinstance(x, p.Publish)] == []
        desk.say(p.Pingresp())
        desk.clock.turn(0.1)
        assert [commands.decode(x.payload) for x in desk.take() if isinstance(x, p.Publish)] == INTRODUCTION
    desk.clock.turn(32)
    assert desk.board.life is Life.WAITING
    assert desk.board.trouble == "no answer to ThingBegin"
    assert desk.hung_up == 1


def test_no_thing_makes_it_ask_more_and_more_rarely() -> None:
    desk = Desk()
    desk.greet()
    desk.take()
    for wait in (4, 80, 160, 320, 640, 1280, 1280):
        desk.order(commands.ThingUpdate(""))
        for _ in range(wait - 1):
            desk.clock.turn(1)
            desk.say(p.Pingresp())
        assert [x for x in desk.take() if not isinstance(x, p.Pingreq)] == []
        desk.clock.turn(1)
        assert [x for x in desk.take() if isinstance(x, p.Publish)][-1].payload.hex() == "da000103008160"


def test_last_values_are_asked_for_every_30_s_ten_times() -> None:
    desk = Desk()
    desk.attach()
    assert desk.take_commands() == [commands.LastValuesBegin()]
    for _ in range(10):
        desk.clock.turn(30)
        desk.say(p.Pingresp())
        asked = [x for x in desk.take() if isinstance(x, p.Publish)]
        assert [commands.decode(x.payload) for x in asked] == [commands.LastValuesBegin()]
    desk.clock.turn(30)
    assert desk.board.life is Life.WAITING
    assert desk.board.trouble == "no answer to LastValuesBegin"


def test_last_values_win_over_what_the_board_has_where_they_may_be_written() -> None:
    desk = Desk()
    before = desk.sketch.values["temperature"]
    desk.run(("light", True, None), ("color:hue", 120, None), ("temperature", 99.0, None))
    sent = values(desk.take_one())
    assert (sent["light"], sent["color:hue"]) == (True, 120.0)
    assert sent["temperature"] == pytest.approx(before)


def test_a_second_set_of_last_values_is_a_full_sync_too() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.sync(("light", True, None))
    assert values(desk.take_one())["light"] is True


def test_a_zone_that_is_over_makes_it_ask_once_a_cycle() -> None:
    desk = Desk()
    desk.attach()
    desk.take()
    desk.sync(until=0)
    assert values(desk.take_one())["tz_dst_until"] == 0
    desk.clock.turn(29.9)
    assert desk.take() == []
    desk.clock.turn(0.1)
    asked = [x for x in desk.take() if isinstance(x, p.Publish)]
    assert [commands.decode(x.payload) for x in asked] == [commands.LastValuesBegin()]


def test_a_zone_that_ends_makes_it_ask_again() -> None:
    desk = Desk()
    desk.attach()
    desk.take()
    desk.sync(until=desk.clock.now() // 1_000_000 + 20)
    desk.take()
    desk.clock.turn(20)
    assert desk.take_commands() == [commands.LastValuesBegin()]


def test_a_change_is_one_record_of_32_bits() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.clock.turn(1)
    desk.sketch.set(desk.board, "temperature", 21.5)
    assert desk.take_one() == p.Publish(
        f"/a/t/{THING}/e/o", bytes.fromhex("9fa2006b74656d706572617475726502fa41ac0000ff")
    )


def test_a_property_is_sent_twice_a_second_at_most() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.clock.turn(1)
    for number in range(3):
        desk.sketch.set(desk.board, "temperature", float(number))
    assert values(desk.take_one()) == {"temperature": 0.0}
    desk.clock.turn(0.4)
    assert desk.take() == []
    desk.clock.turn(0.1)
    assert values(desk.take_one()) == {"temperature": 2.0}


def test_every_write_is_echoed_even_when_it_changes_nothing() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    for _ in range(2):
        desk.say(p.Publish(f"/a/t/{THING}/e/i", bytes.fromhex("81a2006" + "56c6967687404f4")))
        assert values(desk.take_one()) == {"light": False}


def test_a_part_of_a_composite_is_echoed_whole() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.write(("color:hue", 10, None))
    sent = values(desk.take_one())
    assert list(sent) == ["color:hue", "color:sat", "color:bri"]
    assert sent["color:hue"] == 10.0


NO_WRITES = {
    "read only": ("temperature", 1.0),
    "unknown": ("door", True),
    "wrong kind": ("light", 1),
    "unknown component": ("color:red", 1.0),
    "no component": ("color", 1.0),
    "no value": ("light", None),
}


@pytest.mark.parametrize("record", NO_WRITES.values(), ids=NO_WRITES)
def test_what_is_not_written_is_not_echoed(record: tuple[str, senml.Value | None]) -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.write((*record, None))
    assert desk.take() == []
    assert desk.board.online


@pytest.mark.parametrize("payload", ["", "ff", "a0", "81a1616e6161", "9f"])
def test_nonsense_is_dropped(payload: str) -> None:
    desk = Desk()
    desk.run()
    desk.take()
    for topic in (f"/a/t/{THING}/e/i", f"/a/d/{DEVICE}/c/dw", "/a/t/other/e/i"):
        desk.say(p.Publish(topic, bytes.fromhex(payload)))
    assert desk.take() == []
    assert desk.board.online


def test_the_same_thing_again_means_nothing() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.order(commands.ThingUpdate(THING))
    desk.order(commands.ThingUpdate(""))
    assert desk.take() == []
    assert desk.board.thing_id == THING


def test_another_thing_is_subscribed_without_asking_for_last_values() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.order(commands.ThingUpdate(OTHER))
    leave, join = desk.take()
    assert isinstance(leave, p.Unsubscribe)
    assert leave.filters == (f"/a/t/{THING}/e/i",)
    assert isinstance(join, p.Subscribe)
    desk.say(p.Unsuback(leave.packet_id), p.Suback(join.packet_id, (0,)))
    assert desk.take() == []
    desk.sketch.set(desk.board, "temperature", 1.0)
    desk.clock.turn(1)
    assert [packet.topic for packet in desk.take() if isinstance(packet, p.Publish)] == [f"/a/t/{OTHER}/e/o"]


def test_detached_it_introduces_itself_at_once_and_is_silent() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.order(commands.ThingDetach(THING))
    leave, *introduction = desk.take()
    assert isinstance(leave, p.Unsubscribe)
    assert [commands.decode(x.payload) for x in introduction if isinstance(x, p.Publish)] == INTRODUCTION
    desk.say(p.Unsuback(leave.packet_id))
    desk.order(commands.ThingUpdate(""))
    desk.clock.turn(1)
    desk.sketch.set(desk.board, "temperature", 1.0)
    assert desk.take() == []
    desk.order(commands.ThingUpdate(THING))
    desk.grant()
    # That machine is still content: no LastValuesBegin, but the change that has waited (section 6.2).
    assert values(desk.take_one()) == {"temperature": 1.0}


def test_dialling_again_takes_longer_each_time() -> None:
    desk = Desk()
    for number, wait in enumerate((2, 4, 8, 16, 32, 32), 1):
        assert desk.dials == number
        desk.board.lost("refused")
        desk.clock.turn(wait - 0.1)
        assert desk.dials == number
        desk.clock.turn(0.1)
    desk.accept()
    desk.board.lost("gone")
    desk.clock.turn(2)
    assert desk.dials == 8
    assert desk.board.losses == 7


def test_what_changes_while_it_is_away_waits_for_the_full_set() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    sent = desk.board.messages
    desk.board.lost("gone")
    for number in range(3):
        desk.clock.turn(0.5)
        desk.sketch.set(desk.board, "temperature", float(number))
    assert desk.board.messages == sent
    assert desk.take() == []
    desk.clock.turn(0.5)
    desk.run()
    assert values(desk.take_one())["temperature"] == 2.0


def test_a_refused_login_is_tried_again() -> None:
    desk = Desk()
    desk.accept(5)
    assert desk.board.trouble == "CONNACK 5"
    assert desk.hung_up == 1
    desk.clock.turn(2)
    assert desk.dials == 2


def ask_for_connack(desk: Desk) -> None:
    desk.board.opened()


def ask_for_suback(desk: Desk) -> None:
    desk.accept()


def ask_for_unsuback(desk: Desk) -> None:
    desk.run()
    desk.order(commands.ThingDetach(THING))


@pytest.mark.parametrize("ask", [ask_for_connack, ask_for_suback, ask_for_unsuback])
def test_it_waits_one_and_a_half_seconds_for_each_answer(ask: Callable[[Desk], None]) -> None:
    desk = Desk()
    ask(desk)
    desk.clock.turn(1.4)
    assert desk.hung_up == 0
    desk.clock.turn(0.1)
    assert desk.hung_up == 1
    assert desk.board.life is Life.WAITING


def test_it_pings_every_30_s_and_leaves_after_a_minute_of_silence() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.clock.turn(29)
    desk.sketch.set(desk.board, "temperature", 1.0)
    desk.take()
    desk.clock.turn(1)
    assert desk.take() == [p.Pingreq()]
    desk.clock.turn(29.9)
    assert desk.board.online
    desk.clock.turn(0.1)
    assert desk.board.trouble == "nothing heard for a minute"


def test_a_server_that_breaks_the_standard_is_left() -> None:
    desk = Desk()
    desk.run()
    desk.board.received(b"\xff\x00")
    assert desk.board.life is Life.WAITING


def test_a_stopped_board_says_goodbye_and_leaves_no_timer() -> None:
    desk = Desk()
    desk.run()
    desk.take()
    desk.board.stop()
    assert desk.take() == [p.Disconnect()]
    assert desk.clock.waiting == 0
    assert (desk.hung_up, desk.board.life) == (1, Life.OFF)


def test_packs_are_filled_but_not_over_256_bytes() -> None:
    groups: list[list[senml.Record]] = [[(f"variable_{n:02}", "x" * 20, None)] for n in range(20)]
    done = packs(groups)
    assert all(len(pack) <= MOST_BYTES for pack in done)
    assert [record for pack in done for record in senml.decode(pack)] == [record for (record,) in groups]
    assert len(done) == 3


def test_a_composite_is_not_divided() -> None:
    group: list[senml.Record] = [(f"color:{part}", 1.0, None) for part in ("hue", "sat", "bri")]
    done = packs([[("text", "x" * 200, None)], group])
    assert [len(senml.decode(pack)) for pack in done] == [1, 3]


def test_what_needs_more_than_a_pack_is_never_sent() -> None:
    done = packs([[("text", "x" * 260, None)], [("light", True, None)]])
    assert [senml.decode(pack) for pack in done] == [[("light", True, None)]]
