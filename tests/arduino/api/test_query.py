"""Query parameters and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino.api import query
from rookery.arduino.api.errors import Problem
from rookery.arduino.api.query import PARAMETER_LIMIT, Parameter, parse_query
from rookery.arduino.api.times import format_time, parse_time

ID = "5a4f3f2e-0b7e-4c5b-9a53-3a3f5b1c7d10"
FLAG = query.flag("p", "")
NUMBER = query.integer("p", "", 30, low=1, high=100)
OPEN = query.integer("p", "", low=1)
CHOICE = query.text("p", "", ("ASC", "DESC"))
TEXT = query.text("p", "")
TIME = query.time("p", "")
IDS = query.uuids("p", "")
TAGS = query.tags("p", "")
ONE_ID = query.one_uuid("p", "")
SHORT = query.short_text("p", "", 3)


def read(parameter: Parameter[Any], raw: str) -> Any:
    values = parse_query(raw.encode()).get(parameter.name)
    return parameter.default if values is None else parameter.read(parameter.name, values)


GOOD: list[tuple[Parameter[Any], str, Any]] = [
    (FLAG, "", False),
    (FLAG, "p=true", True),
    (FLAG, "p=True", True),
    (FLAG, "P=1", True),
    (FLAG, "p=t", True),
    (FLAG, "p=false", False),
    (FLAG, "p=0", False),
    (FLAG, "p=", False),
    (FLAG, "p", False),
    (FLAG, "p=false&p=true", True),
    (NUMBER, "", 30),
    (NUMBER, "p=", 30),
    (NUMBER, "p=1", 1),
    (NUMBER, "p=100", 100),
    (OPEN, "", None),
    (OPEN, "p=+5", 5),
    (CHOICE, "", None),
    (CHOICE, "p=", None),
    (CHOICE, "p=asc", "ASC"),
    (ONE_ID, "", None),
    (ONE_ID, "p=", None),
    (ONE_ID, f"p={ID.upper()}", ID),
    (SHORT, "", None),
    (SHORT, "p=", None),
    (SHORT, "p=%C3%BC%C3%BC%C3%BC", "üüü"),
    (TEXT, "p=a%20b", "a b"),
    (TEXT, "p=%ff", "\N{REPLACEMENT CHARACTER}"),
    (TEXT, "p=%C3%BC", "ü"),
    (TIME, "p=1970-01-01T00:00:01Z", 1_000_000),
    (TIME, "p=1970-01-01T01:00:01%2B01:00", 1_000_000),
    (TIME, "p=1970-01-01T01:00:01+01:00", 1_000_000),
    (TIME, "p=1970-01-01+00:00:01", 1_000_000),
    (TIME, "p=1970-01-01 01:00:01+01:00", 1_000_000),
    (TIME, "p=1970-01-01T00:00:01.1234567Z", 1_123_456),
    (TIME, "p=1970-01-02", 86_400_000_000),
    (TIME, "p=", None),
    (IDS, "", None),
    (IDS, "p=", []),
    (IDS, f"p={ID.upper()}", [ID]),
    (IDS, f"p={ID}&p={ID}", [ID, ID]),
    (IDS, f"p={ID},{ID}", [ID, ID]),
    (IDS, f"p[]={ID}", [ID]),
    (TAGS, "", []),
    (TAGS, "p=a:b", [("a", "b")]),
    (TAGS, "p=a:b&p=c:d:e", [("a", "b"), ("c", "d:e")]),
    (TAGS, "p=a:b,c:d", [("a", "b"), ("c", "d")]),
]


@pytest.mark.parametrize(("parameter", "raw", "expected"), GOOD)
def test_understood(parameter: Parameter[Any], raw: str, expected: Any) -> None:
    assert read(parameter, raw) == expected


BAD: list[tuple[Parameter[Any], str]] = [
    (ONE_ID, "p=x"),
    (ONE_ID, f"p={ID},{ID}"),
    (SHORT, "p=abcd"),
    (FLAG, "p=maybe"),
    (FLAG, "p=2"),
    (NUMBER, "p=0"),
    (NUMBER, "p=101"),
    (NUMBER, "p=1.5"),
    (NUMBER, "p=x"),
    (NUMBER, "p=" + "1" * 10_000),
    (OPEN, "p=-1"),
    (CHOICE, "p=sideways"),
    (TIME, "p=now"),
    (TIME, "p=1700000000"),
    (TIME, "p=2025-02-30T00:00:00Z"),
    (IDS, "p=x"),
    (IDS, f"p={ID},x"),
    (TAGS, "p=a"),
    (TAGS, "p=a:"),
    (TAGS, "p=:b"),
]


@pytest.mark.parametrize(("parameter", "raw"), BAD)
def test_refused(parameter: Parameter[Any], raw: str) -> None:
    with pytest.raises(Problem) as refused:
        read(parameter, raw)
    assert (refused.value.status, refused.value.field) == (400, "p")
    assert len(refused.value.detail) < 200


def test_too_many_parameters() -> None:
    with pytest.raises(Problem) as refused:
        parse_query(b"&".join(b"a=1" for _ in range(PARAMETER_LIMIT + 1)))
    assert refused.value.status == 400


@given(st.binary())
def test_any_query_is_read(raw: bytes) -> None:
    for values in parse_query(raw).values():
        assert values


@given(st.datetimes(min_value=datetime(1842, 1, 1), max_value=datetime(2242, 1, 1)))
def test_times_there_and_back(moment: datetime) -> None:
    microseconds = (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    text = format_time(microseconds)
    assert len(text) == 24
    assert text.endswith("Z")
    assert parse_time(text) == microseconds - microseconds % 1_000
    assert parse_time(moment.isoformat()) == microseconds
