"""Values by declared type: what is converted, what is refused and in which words, and which kinds the wire gets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino.types import PROPERTY_TYPES, property_type
from rookery.arduino.values import (
    MAX_COMPONENTS,
    MAX_TEXT,
    Unfit,
    from_json,
    from_wire,
    merged,
    to_records,
    zero,
)
from rookery.core.points import Value
from rookery.core.records import ValueKind
from rookery.wire import senml

BOOL, INT, FLOAT, STRING = ValueKind.BOOL, ValueKind.INT, ValueKind.FLOAT, ValueKind.STRING
NAN = float("nan")


def same(left: Any, right: Any) -> bool:
    """Equal and of the same kind: 1, 1.0 and True are three values."""
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[name], right[name]) for name in left)
    return type(left) is type(right) and left == right


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (FLOAT, 21.5, 21.5),
        (FLOAT, 21, 21.0),
        (FLOAT, 0, 0.0),
        (INT, 7, 7),
        (INT, 7.0, 7),
        (INT, -5.7, -5),
        (INT, 2**63 - 1, 2**63 - 1),
        (BOOL, True, True),
        (BOOL, 0, False),
        (BOOL, 1, True),
        (BOOL, 1.0, True),
        (STRING, "", ""),
        (STRING, "x" * MAX_TEXT, "x" * MAX_TEXT),
    ],
)
def test_from_the_wire(kind: ValueKind, given: Any, expected: Any) -> None:
    assert same(from_wire(kind, given), expected)


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        (FLOAT, True, "a boolean where a number is declared"),
        (FLOAT, "21", "a text where a number is declared"),
        (FLOAT, NAN, "not a finite number"),
        (FLOAT, float("inf"), "not a finite number"),
        (INT, True, "a boolean where an integer is declared"),
        (INT, "7", "a text where an integer is declared"),
        (INT, NAN, "not a finite number"),
        (INT, 1e300, "outside of 64 bits"),
        (INT, 2**63, "outside of 64 bits"),
        (BOOL, 2, "an integer where a boolean is declared"),
        (BOOL, 0.5, "a number with a fraction where a boolean is declared"),
        (BOOL, NAN, "a number with a fraction where a boolean is declared"),
        (BOOL, "true", "a text where a boolean is declared"),
        (STRING, 7, "an integer where a text is declared"),
        (STRING, "x" * (MAX_TEXT + 1), "a text of more than 16000 bytes"),
        (STRING, "€" * 6_000, "a text of more than 16000 bytes"),
        (STRING, "a\0b", "NUL"),
        (STRING, "\ud800", "half a surrogate pair"),
    ],
)
def test_not_from_the_wire(kind: ValueKind, given: Any, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        from_wire(kind, given)


def test_unsigned_integers_have_32_bits() -> None:
    assert from_wire(INT, 2**32 - 1, unsigned=True) == 2**32 - 1
    for value in (-1, 2**32):
        with pytest.raises(Unfit, match="32 unsigned bits"):
            from_wire(INT, value, unsigned=True)


def test_what_a_missing_value_means() -> None:
    assert [zero(kind) for kind in (BOOL, INT, FLOAT, STRING)] == [False, 0, 0.0, ""]


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("STATUS", True, True),
        ("STATUS", 0, False),
        ("INT", 7, 7),
        ("INT", 7.0, 7),
        ("INT", "7", 7),
        ("INT", "-9223372036854775808", -(2**63)),
        ("INT", "7.0", 7),
        ("INT", "7e2", 700),
        ("FLOAT", 7, 7.0),
        ("FLOAT", "21.5", 21.5),
        ("FLOAT", "-.5", -0.5),
        ("FLOAT", "1e3", 1000.0),
        ("CHARSTRING", "7", "7"),
        ("TIME", 1_633_342_784, 1_633_342_784),
        ("LOCATION", {"lat": 45, "lon": "9.25"}, {"lat": 45.0, "lon": 9.25}),
        ("LOCATION", {"lon": 9.25, "lat": 45.5}, {"lat": 45.5, "lon": 9.25}),
        ("LOCATION", {"lon": 1}, {"lon": 1.0}),
        ("HOME_DIMMED_LIGHT", {"bri": 1, "swi": 1}, {"swi": True, "bri": 1.0}),
        ("COLOR_RGB", {"blue": 1, "alpha": 0.5}, {"blue": 1, "alpha": 0.5}),
        ("GENERIC_COMPLEX_PROPERTY", {"a": 1, "b": "x", "c": True}, {"a": 1, "b": "x", "c": True}),
    ],
)
def test_from_json(name: str, given: Any, expected: Any) -> None:
    assert same(from_json(property_type(name), given), expected)


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("STATUS", "true", "a text where a boolean is declared"),
        ("STATUS", None, "null where a boolean is declared"),
        ("STATUS", 2, "an integer where a boolean is declared"),
        ("INT", 7.5, "a number with a fraction where an integer is declared"),
        ("INT", NAN, "a number with a fraction"),
        ("INT", "7.5", "a text that is not an integer"),
        ("INT", "", "a text that is not an integer"),
        ("INT", " 7", "a text that is not an integer"),
        ("INT", "0x7", "a text that is not an integer"),
        ("INT", "1_000", "a text that is not an integer"),
        ("INT", "٣", "a text that is not an integer"),
        ("INT", "9223372036854775808", "outside of 64 bits"),
        ("INT", "9007199254740993.0", "a text that is not an integer"),
        ("INT", "1e999", "a text that is not an integer"),
        ("INT", True, "a boolean where an integer is declared"),
        ("INT", 2**63, "outside of 64 bits"),
        ("INT", 1e300, "outside of 64 bits"),
        ("TIME", -1, "32 unsigned bits"),
        ("TIME", 1_700_000_000_000, "32 unsigned bits"),
        ("FLOAT", True, "a boolean where a number is declared"),
        ("FLOAT", "nan", "a text that is not a number"),
        ("FLOAT", "inf", "a text that is not a number"),
        ("FLOAT", "1e999", "not a finite number"),
        ("FLOAT", "9" * 5_000, "a text that is not a number"),
        ("FLOAT", 10**400, "beyond the range of a float"),
        ("FLOAT", NAN, "not a finite number"),
        ("FLOAT", [1], "an array where a number is declared"),
        ("FLOAT", {"a": 1}, "an object where a number is declared"),
        ("CHARSTRING", 7, "an integer where a text is declared"),
        ("CHARSTRING", None, "null where a text is declared"),
        ("CHARSTRING", "x" * (MAX_TEXT + 1), "more than 16000 bytes"),
        ("LOCATION", 7, "LOCATION takes an object with lat, lon"),
        ("LOCATION", None, "LOCATION takes an object with lat, lon"),
        ("LOCATION", [45, 9], "LOCATION takes an object with lat, lon"),
        ("LOCATION", {}, "an object without components"),
        ("LOCATION", {"alt": 7}, "LOCATION has no component 'alt', only lat, lon"),
        ("LOCATION", {"lat": "north"}, "component 'lat': a text that is not a number"),
        ("LOCATION", {"lat": None}, "component 'lat': null where a number is declared"),
        ("LOCATION", {"lat": {"deg": 1}}, "component 'lat': an object where a number is declared"),
        ("SCHEDULE", {"frm": -1}, "component 'frm': outside of 32 unsigned bits"),
        ("GENERIC_COMPLEX_PROPERTY", {"a": {"b": 1}}, "component 'a': an object where a boolean, a number or a text"),
        ("GENERIC_COMPLEX_PROPERTY", {"a b": 1}, "named like a variable"),
        ("GENERIC_COMPLEX_PROPERTY", {"a": 2**70}, "component 'a': outside of 64 bits"),
        ("GENERIC_COMPLEX_PROPERTY", {f"a{i}": i for i in range(MAX_COMPONENTS + 1)}, "more than 32 components"),
    ],
)
def test_not_from_json(name: str, given: Any, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        from_json(property_type(name), given)


def test_the_error_names_the_component() -> None:
    with pytest.raises(Unfit) as caught:
        from_json(property_type("LOCATION"), {"lat": 1, "lon": "x"})
    assert caught.value.field == "lon"


@pytest.mark.parametrize(
    ("old", "given", "expected"),
    [
        ({"hue": 1.0, "sat": 2.0, "bri": 3.0}, {"sat": 9}, {"hue": 1.0, "sat": 9.0, "bri": 3.0}),
        ({"bri": 3.0}, {"hue": 9}, {"hue": 9.0, "bri": 3.0}),
        (None, {"hue": 9}, {"hue": 9.0}),
        (17.5, {"hue": 9}, {"hue": 9.0}),
        ({"lat": 1.0}, {"hue": 9}, {"hue": 9.0}),
    ],
    ids=["one of three", "a component that was never set", "no old value", "an old number", "an old location"],
)
def test_missing_components_keep_their_old_value(old: Value | None, given: Any, expected: Any) -> None:
    assert same(from_json(property_type("COLOR_HSB"), given, old), expected)


def test_the_old_value_is_left_alone() -> None:
    old: dict[str, Any] = {"hue": 1.0}
    assert merged(property_type("COLOR_HSB"), {"hue": 2.0}, old) == {"hue": 2.0}
    assert old == {"hue": 1.0}


@pytest.mark.parametrize(
    ("name", "value", "records"),
    [
        ("FLOAT", 21, [("x", 21.0, 5)]),
        ("INT", 7.0, [("x", 7, 5)]),
        ("STATUS", 1, [("x", True, 5)]),
        ("CHARSTRING", "a", [("x", "a", 5)]),
        ("LOCATION", {"lon": 2, "lat": 1}, [("x:lat", 1.0, 5), ("x:lon", 2.0, None)]),
        ("HOME_TELEVISION", {"vol": 5, "swi": True}, [("x:swi", True, 5), ("x:vol", 5, None)]),
        ("GENERIC_COMPLEX_PROPERTY", {"b": 1, "a": "t"}, [("x:b", 1, 5), ("x:a", "t", None)]),
    ],
)
def test_to_the_wire(name: str, value: Any, records: list[senml.Record]) -> None:
    given = to_records("x", property_type(name), value, 5)
    assert given == records
    assert [type(item) for _, item, _ in given] == [type(item) for _, item, _ in records]


@pytest.mark.parametrize(
    ("name", "value"),
    [("FLOAT", "warm"), ("STATUS", 7), ("FLOAT", {"lat": 1.0}), ("LOCATION", 7.0), ("LOCATION", {"lat": "x"})],
)
def test_a_value_of_a_former_type_is_not_sent(name: str, value: Any) -> None:
    assert to_records("x", property_type(name), value) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(["lat", "lon", "swi", "bri", "frm", "a", "a b"]), JSON, max_size=4)


@given(st.sampled_from(sorted(PROPERTY_TYPES)), JSON | OBJECTS, st.none() | OBJECTS)
def test_whatever_is_taken_from_json_can_be_sent_and_taken_again(name: str, value: Any, old: Any) -> None:
    declared = property_type(name)
    try:
        taken = from_json(declared, value)
    except Unfit:
        return
    assert same(from_json(declared, taken), taken)
    records = to_records("x", declared, taken)
    assert records
    assert senml.decode(senml.encode(records)) == records
