"""Bodies: every way in which clients write them, and a named field for every way in which they are wrong."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from rookery.arduino.api.body import Body, Moment, Uuid
from rookery.arduino.api.errors import Problem

ID = "5a4f3f2e-0b7e-4c5b-9a53-3a3f5b1c7d10"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Part(msgspec.Struct):
    name: str
    value: Any = None


class Whole(msgspec.Struct):
    type: Literal["a", "b"]
    name: Annotated[str, msgspec.Meta(max_length=4, pattern="[a-z]")] | None = None
    device_id: Uuid | UnsetType | None = UNSET
    owner: Uuid | None = None
    at: Moment | None = None
    parts: list[Part] | None = None
    whole: int | None = None
    number: float | None = None
    flag: bool | None = None
    texts: list[str] | None = None
    times: list[Moment] | None = None
    camel: str | None = msgspec.field(default=None, name="camelCase")


WHOLE = Body(Whole)
LIST = Body(list[Part])

GOOD: list[tuple[str, bytes, str, Whole]] = [
    ("least", b'{"type":"a"}', JSON, Whole("a")),
    ("keys in any case", b'{"TYPE":"a","Name":"x","CAMELcase":"y"}', JSON, Whole("a", "x", camel="y")),
    ("the declared key goes first", b'{"TYPE":"b","type":"a"}', JSON, Whole("a")),
    ("the declared key goes first, if last", b'{"type":"a","TYPE":"b"}', JSON, Whole("a")),
    ("unknown keys", b'{"type":"a","x":{"y":[1]},"":0}', JSON, Whole("a")),
    ("null is missing", b'{"type":"a","name":null,"parts":null,"at":null}', JSON, Whole("a")),
    ("null that means something", b'{"type":"a","device_id":null}', JSON, Whole("a", device_id=None)),
    ("ids in lower case", json.dumps({"type": "a", "owner": ID.upper()}).encode(), JSON, Whole("a", owner=ID)),
    ("time", b'{"type":"a","at":"1970-01-01T00:00:01.5+00:00"}', JSON, Whole("a", at=1_500_000)),
    ("time without a zone", b'{"type":"a","times":["1970-01-01T00:00:01"]}', JSON, Whole("a", times=[1_000_000])),
    (
        "nested keys",
        b'{"type":"a","PARTS":[{"NAME":"x","Value":{"A":1}}]}',
        JSON,
        Whole("a", parts=[Part("x", {"A": 1})]),
    ),
    ("a null value", b'{"type":"a","parts":[{"name":"x","value":null}]}', JSON, Whole("a", parts=[Part("x")])),
    ("an integer as a number", b'{"type":"a","number":3}', JSON, Whole("a", number=3)),
    ("no content type", b'{"type":"a"}', "", Whole("a")),
    ("text", b'{"type":"a"}', "text/plain; charset=utf-8", Whole("a")),
    ("JSON called XML", b'{"type":"a"}', "text/xml", Whole("a")),
    ("JSON called a form", b' {"type":"a"}', FORM, Whole("a")),
    ("byte order of blanks", b'\n\t {"type":"a"}\r\n', JSON, Whole("a")),
    ("form", b"type=a&name=xy&whole=3&flag=true&number=1.5", FORM, Whole("a", "xy", whole=3, flag=True, number=1.5)),
    ("form, keys in any case", b"TYPE=a", FORM, Whole("a")),
    ("form, blanks", b"type=a&name=x+y%21", FORM, Whole("a", "x y!")),
    ("form, list", b"type=a&texts=1&texts=2", FORM, Whole("a", texts=["1", "2"])),
    ("form, list of one", b"type=a&texts=1", FORM, Whole("a", texts=["1"])),
    ("form, brackets", b"type=a&texts[]=1", FORM, Whole("a", texts=["1"])),
    ("form, a number that stays a text", b"type=a&camelCase=12", FORM, Whole("a", camel="12")),
    (
        "multipart",
        b'--X\r\nContent-Disposition: form-data; name="type"\r\n\r\na\r\n'
        b'--X\r\nContent-Disposition: form-data; name="whole"\r\n\r\n7\r\n--X--\r\n',
        "multipart/form-data; boundary=X",
        Whole("a", whole=7),
    ),
]

BAD: list[tuple[str, bytes, str, int, str | None]] = [
    ("nothing", b"", JSON, 400, "type"),
    ("empty", b"{}", JSON, 400, "type"),
    ("null where needed", b'{"type":null}', JSON, 400, "type"),
    ("enum", b'{"type":"c"}', JSON, 400, "type"),
    ("enum in another case", b'{"type":"A"}', JSON, 400, "type"),
    ("number for text", b'{"type":"a","name":1}', JSON, 400, "name"),
    ("too long", b'{"type":"a","name":"abcde"}', JSON, 400, "name"),
    ("pattern", b'{"type":"a","name":"A"}', JSON, 400, "name"),
    ("NUL", b'{"type":"a","camelCase":"\\u0000"}', JSON, 400, "camelCase"),
    ("half a surrogate", b'{"type":"a","camelCase":"\\ud800"}', JSON, 400, "body"),
    ("not an id", b'{"type":"a","owner":"x"}', JSON, 400, "owner"),
    ("id without hyphens", b'{"type":"a","owner":"5a4f3f2e0b7e4c5b9a533a3f5b1c7d10"}', JSON, 400, "owner"),
    ("id that is a number", b'{"type":"a","owner":7}', JSON, 400, "owner"),
    ("not a time", b'{"type":"a","at":"noon"}', JSON, 400, "at"),
    ("time that is a number", b'{"type":"a","at":1700000000}', JSON, 400, "at"),
    ("time out of range", b'{"type":"a","at":"123456-01-01T00:00:00Z"}', JSON, 400, "at"),
    ("time in a list", b'{"type":"a","times":["1970-01-01T00:00:00Z",null]}', JSON, 400, "times[1]"),
    ("fraction", b'{"type":"a","whole":1.5}', JSON, 400, "whole"),
    ("float for an integer", b'{"type":"a","whole":1.0}', JSON, 400, "whole"),
    ("number in a text", b'{"type":"a","whole":"1"}', JSON, 400, "whole"),
    ("flag in a text", b'{"type":"a","flag":"true"}', JSON, 400, "flag"),
    ("flag as a number", b'{"type":"a","flag":1}', JSON, 400, "flag"),
    ("object for a list", b'{"type":"a","parts":{}}', JSON, 400, "parts"),
    ("text for an object", b'{"type":"a","parts":["x"]}', JSON, 400, "parts[0]"),
    ("deep", b'{"type":"a","parts":[{"name":"x"},{}]}', JSON, 400, "parts[1].name"),
    ("deep, wrong", b'{"type":"a","parts":[{"NAME":[]}]}', JSON, 400, "parts[0].name"),
    ("a list", b"[]", JSON, 400, "body"),
    ("a text", b'"type"', JSON, 400, "body"),
    ("null", b"null", JSON, 400, "body"),
    ("cut off", b'{"type":', JSON, 400, "body"),
    ("two bodies", b'{"type":"a"}{}', JSON, 400, "body"),
    ("NaN", b'{"type":"a","number":NaN}', JSON, 400, "body"),
    ("a number too large", b'{"type":"a","number":1e999}', JSON, 400, "body"),
    ("bytes", b"\x00\xff\xfe", JSON, 400, "body"),
    ("not UTF-8", b'{"type":"\xff"}', JSON, 400, "body"),
    ("UTF-16", '{"type":"a"}'.encode("utf-16"), JSON, 400, "body"),
    ("a well", b"[" * 500_000, JSON, 400, "body"),
    ("a well of objects", b'{"type":' * 200_000, JSON, 400, "body"),
    ("form, not a number", b"type=a&whole=x", FORM, 400, "whole"),
    ("form, not finite", b"type=a&number=nan", FORM, 400, "number"),
    ("form, infinite", b"type=a&number=1e999", FORM, 400, "number"),
    ("form, not UTF-8", b"type=%ff", FORM, 400, "body"),
    ("form, endless", b"&".join(b"a=1" for _ in range(1_001)), FORM, 400, "body"),
    ("multipart without a boundary", b"--X--", "multipart/form-data", 400, "body"),
    ("multipart, cut off", b"--X\r\nContent-Disp", "multipart/form-data; boundary=X", 400, "body"),
    (
        "multipart, endless header",
        b"--X\r\nContent-Disposition: " + b"a" * 10_000,
        "multipart/form-data; boundary=X",
        400,
        "body",
    ),
    (
        "multipart, bytes",
        b'--X\r\nContent-Disposition: form-data; name="type"\r\n\r\n\xff\r\n--X--\r\n',
        "multipart/form-data; boundary=X",
        400,
        "body",
    ),
    ("XML", b"<type>a</type>", "application/xml", 415, None),
    ("a picture", b"\x89PNG", "image/png", 415, None),
]


@pytest.mark.parametrize(("name", "raw", "kind", "expected"), GOOD, ids=[row[0] for row in GOOD])
def test_understood(name: str, raw: bytes, kind: str, expected: Whole) -> None:
    assert WHOLE.decode(raw, kind) == expected


@pytest.mark.parametrize(("name", "raw", "kind", "status", "field"), BAD, ids=[row[0] for row in BAD])
def test_refused(name: str, raw: bytes, kind: str, status: int, field: str | None) -> None:
    with pytest.raises(Problem) as refused:
        WHOLE.decode(raw, kind)
    assert (refused.value.status, refused.value.field) == (status, field)
    assert len(refused.value.detail) < 400
    assert "`" not in refused.value.detail


@pytest.mark.parametrize(("count", "end"), [(2, "0, 1."), (24, "9."), (30, "and 6 more.")])
def test_an_error_lists_the_choices(count: int, end: str) -> None:
    choices = tuple(str(number) for number in range(count))
    body = Body(msgspec.defstruct("Choice", [("p", Literal[choices])]))  # type: ignore[valid-type]
    with pytest.raises(Problem) as refused:
        body.decode(b'{"p":"x"}', JSON)
    assert refused.value.detail.startswith("p: 'x' is not one of 0, 1")
    assert refused.value.detail.endswith(end)


def test_decoded_values_are_plain() -> None:
    whole = WHOLE.decode(json.dumps({"type": "a", "owner": ID, "at": "2025-01-01T00:00:00Z"}).encode(), JSON)
    assert type(whole.owner) is str
    assert type(whole.at) is int


def test_a_list_at_the_top() -> None:
    assert LIST.decode(b'[{"NAME":"a","value":1},{"name":"b"}]', "text/plain") == [Part("a", 1), Part("b")]
    assert LIST.decode(b"", JSON) == []
    for raw, field in ((b'{"name":"a"}', "body"), (b"[1]", "[0]"), (b'[{"name":"a"},{}]', "[1].name")):
        with pytest.raises(Problem) as refused:
            LIST.decode(raw, JSON)
        assert refused.value.field == field


def refusal(raw: bytes, kind: str) -> Problem | None:
    try:
        WHOLE.decode(raw, kind)
    except Problem as problem:
        return problem
    return None


@given(st.binary(), st.sampled_from([JSON, FORM, "text/plain", "", "multipart/form-data; boundary=X", "image/png"]))
def test_any_bytes_are_decoded_or_refused(raw: bytes, kind: str) -> None:
    problem = refusal(raw, kind)
    assert problem is None or problem.status in (400, 415)


_ANY = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([f.encode_name for f in msgspec.structs.fields(Whole)] + ["TYPE", "x"]), _ANY))
def test_any_json_is_decoded_or_refused_with_a_field(body: dict[str, Any]) -> None:
    problem = refusal(json.dumps(body).encode(), JSON)
    assert problem is None or (problem.status == 400 and problem.field)


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_any_form_is_decoded_or_refused(body: dict[str, str]) -> None:
    problem = refusal(urlencode({"type": "a", **body}).encode(), FORM)
    assert problem is None or problem.status == 400
