"""From records to new values: what senders of every kind mean by what they send."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino.device.merge import merge_records
from rookery.core.live import LiveThing
from rookery.core.records import ValueKind
from rookery.wire import senml
from tests.arduino.device.things import NOW, thing, variable


def everything(color: Any = None) -> LiveThing:
    """A thing with a variable of each kind."""
    return thing(
        variable("led", "STATUS", 1),
        variable("counter", "INT", 2),
        variable("temp", "TEMPERATURE", 3),
        variable("name", "CHARSTRING", 4),
        variable("col", "COLOR_HSB", 5, color),
        variable("loc", "LOCATION", 6),
        variable("since", "TIME", 7),
        variable("tele", "HOME_TELEVISION", 8),
        variable("any", "GENERIC_COMPLEX_PROPERTY", 9),
    )


def changes(live: LiveThing, records: list[senml.Record], *, script: bool = False) -> list[tuple[str, Any, int | None]]:
    merged = merge_records(live, records, NOW, missing_is_zero=script)
    return [(update[0].record.symbol, update[1], update[2]) for update in merged.updates]


def complaints(live: LiveThing, records: list[senml.Record], *, script: bool = False) -> list[tuple[str | None, str]]:
    return [(error.field, str(error)) for error in merge_records(live, records, NOW, missing_is_zero=script).unfit]


class Case(NamedTuple):
    title: str
    records: list[senml.Record]
    changes: list[tuple[str, Any, int | None]]


CASES = [
    Case(
        "each simple kind",
        [("led", True, None), ("counter", 7, None), ("temp", 21.5, None), ("name", "x", None)],
        [("led", True, None), ("counter", 7, None), ("temp", 21.5, None), ("name", "x", None)],
    ),
    Case(
        "a script's integers for floats and numbers for booleans",
        [("temp", 21, None), ("led", 0, None)],
        [("temp", 21.0, None), ("led", False, None)],
    ),
    Case("a fraction for an integer is cut off", [("counter", -5.7, None)], [("counter", -5, None)]),
    Case(
        "components in one value",
        [("loc:lat", 45.5, None), ("loc:lon", 9, None)],
        [("loc", {"lat": 45.5, "lon": 9.0}, None)],
    ),
    Case(
        "components in any order",
        [("col:bri", 3, None), ("col:hue", 1, None)],
        [("col", {"hue": 1.0, "bri": 3.0}, None)],
    ),
    Case(
        "another variable ends a value",
        [("loc:lat", 1, None), ("led", True, None), ("loc:lon", 2, None)],
        [("loc", {"lat": 1.0}, None), ("led", True, None), ("loc", {"lat": 1.0, "lon": 2.0}, None)],
    ),
    Case(
        "a component for the second time begins a value",
        [("loc:lat", 1, None), ("loc:lon", 2, None), ("loc:lat", 3, None), ("loc:lon", 4, None)],
        [("loc", {"lat": 1.0, "lon": 2.0}, None), ("loc", {"lat": 3.0, "lon": 4.0}, None)],
    ),
    Case(
        "two composites side by side",
        [("loc:lat", 1, None), ("col:hue", 2, None)],
        [("loc", {"lat": 1.0}, None), ("col", {"hue": 2.0}, None)],
    ),
    Case(
        "several values of one variable",
        [("counter", 1, None), ("counter", 2, None)],
        [("counter", 1, None), ("counter", 2, None)],
    ),
    Case(
        "what a board tells of itself is ignored",
        [("tz_offset", 3600, None), ("tz_dst_until", 1_795_340_483, None), ("r:m", "getLastValues", None)],
        [],
    ),
    Case(
        "unknown names are ignored", [("nobody", 1, None), ("nobody:x", 1, None), ("led:x", 1, None), ("", 1, None)], []
    ),
    Case(
        "an unknown component is ignored", [("loc:alt", 1, None), ("loc:lat", 2, None)], [("loc", {"lat": 2.0}, None)]
    ),
    Case(
        "an open composite takes any component",
        [("any:a", 1, None), ("any:b", "x", None)],
        [("any", {"a": 1, "b": "x"}, None)],
    ),
    Case(
        "a narrow link's simple value", [(1, True, None), (3, 20.5, None)], [("led", True, None), ("temp", 20.5, None)]
    ),
    Case(
        "a narrow link's composite",
        [(0x0105, 1, None), (0x0205, 2, None), (0x0305, 3, None)],
        [("col", {"hue": 1.0, "sat": 2.0, "bri": 3.0}, None)],
    ),
    Case(
        "a narrow link's unknown tags", [(200, 1, None), (0x0405, 1, None), (0x0101, True, None), (2**40, 1, None)], []
    ),
    Case("seconds", [("led", True, 1_700_000_000)], [("led", True, 1_700_000_000_000_000)]),
    Case("milliseconds", [("led", True, 1_700_000_000_123)], [("led", True, 1_700_000_000_123_000)]),
    Case(
        "a time that was never set", [("loc:lat", 1, 0), ("loc:lon", 2, 0)], [("loc", {"lat": 1.0, "lon": 2.0}, None)]
    ),
    Case("a time far ahead", [("led", True, 4_000_000_000)], [("led", True, None)]),
    Case(
        "the time of a composite is that of its first record",
        [("loc:lat", 1, 1_700_000_000), ("loc:lon", 2, 0)],
        [("loc", {"lat": 1.0, "lon": 2.0}, 1_700_000_000_000_000)],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_records_mean(case: Case) -> None:
    assert changes(everything(), case.records) == case.changes
    assert complaints(everything(), case.records) == []


def test_a_part_of_a_composite_is_laid_over_its_last_value() -> None:
    live = everything(color={"hue": 1.0, "sat": 2.0, "bri": 3.0})
    assert changes(live, [("col:sat", 9, None)]) == [("col", {"hue": 1.0, "sat": 9.0, "bri": 3.0}, None)]
    assert live.by_symbol["col"].value == {"hue": 1.0, "sat": 2.0, "bri": 3.0}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("led", False), ("counter", 0), ("temp", 0.0), ("name", "")],
)
def test_a_script_s_missing_value_means_nothing_at_all(name: str, expected: Any) -> None:
    change = changes(everything(), [(name, None, None)], script=True)
    assert change == [(name, expected, None)]
    assert type(change[0][1]) is type(expected)


def test_a_script_s_missing_component_is_zero() -> None:
    records: list[senml.Record] = [("tele:swi", None, None), ("tele:vol", None, None), ("tele:cha", 7, None)]
    assert changes(everything(), records, script=True) == [("tele", {"swi": False, "vol": 0, "cha": 7}, None)]


def test_a_board_s_missing_value_is_no_value() -> None:
    assert changes(everything(), [("led", None, None), ("counter", 1, None)]) == [("counter", 1, None)]
    assert complaints(everything(), [("led", None, None)]) == [("led", "no value")]


def test_a_misfit_spoils_itself_only() -> None:
    records: list[senml.Record] = [
        ("led", "on", None),
        ("counter", 7, None),
        ("loc:lat", "north", None),
        ("loc:lon", 9.0, None),
        ("since", -1, None),
        ("col", 7, None),
        ("any:a", None, None),
    ]
    assert changes(everything(), records, script=True) == [("counter", 7, None), ("loc", {"lon": 9.0}, None)]
    assert complaints(everything(), records, script=True) == [
        ("led", "a text where a boolean is declared"),
        ("loc:lat", "a text where a number is declared"),
        ("since", "outside of 32 unsigned bits"),
        ("col", "COLOR_HSB is sent by its components"),
        ("any:a", "no value"),
    ]


def test_an_open_composite_does_not_grow_without_bound() -> None:
    records: list[senml.Record] = [(f"any:c{index}", index, None) for index in range(100)]
    assert changes(everything(), records) == []
    assert complaints(everything(), records) == [("any", "more than 32 components")]


def test_a_complaint_does_not_repeat_an_endless_name() -> None:
    ((field, text),) = complaints(everything(), [("any:" + "x" * 60_000, 1, None)])
    assert field is not None
    assert len(field) + len(text) < 300


PYTHON_TYPES = {
    ValueKind.BOOL: bool,
    ValueKind.INT: int,
    ValueKind.FLOAT: float,
    ValueKind.STRING: str,
    ValueKind.COMPOSITE: dict,
}
NAMES = st.sampled_from(["led", "counter", "temp", "name", "col", "col:hue", "col:sat", "loc:lat", "loc:lon", "since"])
OTHERS = st.sampled_from(["tele:swi", "tele:vol", "any:a", "any:b c", "any:", ":", "x"]) | st.integers(0, 3_000)
VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=5)


@given(st.lists(st.tuples(NAMES | OTHERS, VALUES, st.none() | st.floats()), max_size=12), st.booleans())
def test_any_records_give_values_of_the_declared_kinds(records: list[senml.Record], script: bool) -> None:
    merged = merge_records(everything(), records, NOW, missing_is_zero=script)
    for changed, value, _ in merged.updates:
        assert type(value) is PYTHON_TYPES[changed.record.kind]
        assert value != {}
    assert len(merged.updates) + len(merged.unfit) <= len(records)
