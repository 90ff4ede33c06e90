"""What the server publishes: canonical bytes, divided for boards, complete for the sync."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino.device import messages
from rookery.arduino.device.merge import merge_records
from rookery.arduino.times import ZoneInterval
from rookery.core.live import LiveVariable
from rookery.wire import senml
from tests.arduino.device.things import NOW, thing, variable

ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
ZONE = ZoneInterval(7200, 1_795_340_150)
SECOND = 1_000_000


def test_the_thing_id() -> None:
    assert messages.thing_id(ID).hex() == (
        "81a200687468696e675f696403782461616161616161612d626262622d346363632d386464642d656565656565656565656565"
    )


def test_no_thing_id() -> None:
    assert messages.thing_id(None).hex() == "81a200687468696e675f69640360"


def test_the_question_for_last_values_is_what_boards_send() -> None:
    assert senml.encode([messages.LAST_VALUES_REQUEST]).hex() == "81a20063723a6d036d6765744c61737456616c756573"


def test_last_values_carry_the_times_of_change_and_the_zone() -> None:
    """The bytes that a C++ 1.x board accepted (vector 34)."""
    changed = 1_700_000_000 * SECOND
    live = [variable("led", "STATUS", value=True, time=changed), variable("counter", "INT", value=42, time=changed)]
    assert messages.last_values(live, ZONE).hex() == (
        "84a3221a6553f10000636c656404f5a20067636f756e74657202182aa20069747a5f6f666673657402191c20"
        "a2006c747a5f6473745f756e74696c021a6b02b776"
    )


def test_last_values_of_a_thing_without_any_are_the_zone() -> None:
    assert senml.decode(messages.last_values([variable("led", "STATUS")], ZONE)) == [
        ("tz_offset", 7200, None),
        ("tz_dst_until", 1_795_340_150, None),
    ]


def test_a_base_time_stands_on_the_first_record_of_a_variable_whose_time_differs() -> None:
    live = [
        variable("loc", "LOCATION", value={"lat": 1.0, "lon": 2.0}, time=1_700_000_000 * SECOND),
        variable("temp", "TEMPERATURE", value=21, time=1_700_000_001 * SECOND + 250_000),
    ]
    assert (
        messages.last_values(live, ZONE)
        .hex()
        .startswith(
            "85"
            "a3221a6553f100006" + "76c6f633a6c617402fb3ff0000000000000"
            "a200676c6f633a6c6f6e02fb4000000000000000"
            "a322fb41d954fc40500000006474656d7002fb4035000000000000"
        )
    )


def test_a_value_of_a_former_type_is_left_out_of_the_last_values() -> None:
    records = senml.decode(messages.last_values([variable("x", "FLOAT", value="old text", time=NOW)], ZONE))
    assert [name for name, _, _ in records] == ["tz_offset", "tz_dst_until"]


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("STATUS", False, "81a200617804f4"),
        ("INT", 7, "81a20061780207"),
        ("FLOAT", 7.0, "81a200617802fb401c000000000000"),
        ("FLOAT", 7, "81a200617802fb401c000000000000"),
        ("CHARSTRING", "", "81a20061780360"),
        ("HOME_DIMMED_LIGHT", {"bri": 1.0, "swi": True}, "82a20065783a73776904f5a20065783a62726902fb3ff0000000000000"),
    ],
)
def test_writes_have_the_declared_kind(type: str, value: Any, expected: str) -> None:
    assert [payload.hex() for payload in messages.write([(variable("x", type), value)])] == [expected]


def test_big_updates_are_divided_between_variables() -> None:
    values: list[tuple[LiveVariable, Any]] = [
        (variable(f"colour_of_lamp_{index}", "HOME_COLORED_LIGHT"), {"swi": True, "hue": 1.0, "sat": 2.0, "bri": 3.0})
        for index in range(5)
    ]
    payloads = messages.write(values)
    assert all(len(payload) <= messages.BOARD_MESSAGE for payload in payloads)
    assert [lamps(payload) for payload in payloads] == [
        ["colour_of_lamp_0", "colour_of_lamp_1"],
        ["colour_of_lamp_2", "colour_of_lamp_3"],
        ["colour_of_lamp_4"],
    ]
    assert [len(senml.decode(payload)) for payload in payloads] == [8, 8, 4]


def lamps(payload: bytes) -> list[str]:
    return sorted({str(name).partition(":")[0] for name, _, _ in senml.decode(payload)})


def test_a_value_that_is_too_long_by_itself_goes_alone() -> None:
    values: list[tuple[LiveVariable, Any]] = [
        (variable("a", "INT"), 1),
        (variable("b", "CHARSTRING"), "x" * 300),
        (variable("c", "INT"), 2),
    ]
    assert [senml.decode(payload) for payload in messages.write(values)] == [
        [("a", 1, None)],
        [("b", "x" * 300, None)],
        [("c", 2, None)],
    ]


def test_nothing_to_write_is_no_message() -> None:
    assert messages.write([]) == []
    assert messages.write([(variable("x", "FLOAT"), "old text")]) == []
    assert messages.view([]) is None


def test_viewers_get_a_plain_pack_without_times() -> None:
    payload = messages.view([(variable("loc", "LOCATION").record, NOW, {"lon": 2, "lat": 1})])
    assert payload is not None
    assert senml.is_plain(payload)
    assert senml.decode(payload) == [("loc:lat", 1.0, None), ("loc:lon", 2.0, None)]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("81a36262741b0000018bcfe56800616e636c6564627662f5", [("led", True, None)]),
        ("9fa2000104f5ff", [("led", True, None)]),
        ("81a200636c6564221b0000018bcfe56800", [("led", False, None)]),
        ("9fa20019010202fa40000000a20019020202fa40000000a20019030202fa40000000ff",
         [("col:hue", 2.0, None), ("col:sat", 2.0, None), ("col:bri", 2.0, None)]),
    ],
    ids=["text labels", "integer names", "no value", "integer names of components"],
)  # fmt: skip
def test_what_viewers_would_stumble_over_is_written_anew(sent: str, expected: list[senml.Record]) -> None:
    payload = bytes.fromhex(sent)
    assert not senml.is_plain(payload)
    live = thing(variable("led", "STATUS", 1), variable("col", "COLOR_HSB", 2))
    merged = merge_records(live, senml.decode(payload), NOW, missing_is_zero=True)
    again = messages.view([(changed.record, NOW, value) for changed, value, _ in merged.updates])
    assert again is not None
    assert senml.is_plain(again)
    assert senml.decode(again) == expected


def assert_no_trap(payload: bytes) -> None:
    """What the board library and the Python library trip over (section 4.5), looked for in the bare CBOR.

    The board library does not clear its state between records: a record needs exactly one value, a boolean must not be
    a number, and a `t` counts for all that follow. The Python library finds no record that has a base name.
    """
    pack = cbor2.loads(payload)
    finished: set[str] = set()
    previous = ""
    for entry in pack:
        assert set(entry) <= {-3, 0, 2, 3, 4}
        assert len({2, 3, 4} & set(entry)) == 1
        assert type(entry.get(2, 0)) in (int, float)
        assert type(entry.get(3, "")) is str
        assert type(entry.get(4, True)) is bool
        symbol = entry[0].partition(":")[0]
        if symbol != previous:
            assert symbol not in finished
            finished.add(previous)
            previous = symbol


KINDS: dict[str, st.SearchStrategy[Any]] = {
    "STATUS": st.booleans() | st.sampled_from([0, 1]),
    "INT": st.integers(-(2**31), 2**31 - 1) | st.floats(-1e6, 1e6),
    "TEMPERATURE": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-100, 100),
    "CHARSTRING": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
    "HOME_COLORED_LIGHT": st.fixed_dictionaries(
        {"swi": st.sampled_from([True, 0])}, optional={"hue": st.integers(0, 360)}
    ),
    "GENERIC_COMPLEX_PROPERTY": st.dictionaries(st.sampled_from(["a", "b"]), st.booleans() | st.integers(0, 9)),
}


@given(st.data(), st.lists(st.sampled_from(sorted(KINDS)), max_size=8))
def test_nothing_that_is_sent_is_a_trap(data: st.DataObject, types: list[str]) -> None:
    live = [
        variable(f"v{index}", type, value=data.draw(KINDS[type]), time=data.draw(st.integers(0, 2**33)) * SECOND)
        for index, type in enumerate(types)
    ]
    assert_no_trap(messages.last_values(live, ZONE))
    for payload in messages.write([(item, item.value) for item in live if item.value is not None]):
        assert_no_trap(payload)
    shown = messages.view([(item.record, item.time, item.value) for item in live if item.value is not None])
    if shown is not None:
        assert_no_trap(shown)
        assert senml.is_plain(shown)


SYMBOLS = st.from_regex(r"[a-z_][a-z0-9_]{0,63}", fullmatch=True)
WRITES = st.lists(
    st.one_of(
        st.tuples(SYMBOLS, st.just("INT"), st.integers(-(2**63), 2**63 - 1)),
        st.tuples(
            SYMBOLS, st.just("CHARSTRING"), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
        ),
        st.tuples(
            SYMBOLS,
            st.just("LOCATION"),
            st.fixed_dictionaries({"lat": st.floats(-90, 90), "lon": st.floats(-180, 180)}),
        ),
    ),
    max_size=30,
)


@given(WRITES)
def test_dividing_loses_nothing_and_respects_the_limit(writes: list[tuple[str, str, Any]]) -> None:
    values = [(variable(symbol, type), value) for symbol, type, value in writes]
    payloads = messages.write(values)
    whole = [record for value in values for payload in messages.write([value]) for record in senml.decode(payload)]
    assert [record for payload in payloads for record in senml.decode(payload)] == whole
    longest = max((len(payload) for value in values for payload in messages.write([value])), default=0)
    assert all(len(payload) <= max(messages.BOARD_MESSAGE, longest) for payload in payloads)
