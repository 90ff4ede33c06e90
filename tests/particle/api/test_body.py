"""Bodies in every encoding, and reading their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.api.body import UploadedFile, as_bool, as_int, as_text, as_texts, into, parse_body
from rookery.particle.api.errors import ApiError

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """A body of parts: the rest of the disposition with further headers, and the content."""
    lines = [b"--x\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + data for head, data in parts]
    return b"\r\n".join([*lines, b"--x--\r\n"])


BODIES: list[tuple[str, bytes, Any]] = [
    (JSON, b'{"arg":"255,0,0"}', {"arg": "255,0,0"}),
    ("application/json; charset=utf-8", b'{"a":1}', {"a": 1}),
    ("application/json;charset=UTF-8", b' {"a":null}', {"a": None}),
    ("APPLICATION/JSON", b'{"a":[true]}', {"a": [True]}),
    ("application/schema+json", b'{"$schema":"x"}', {"$schema": "x"}),
    ("", b'{"a":1}', {"a": 1}),
    ("", b"a=1", {"a": "1"}),
    (JSON, b"", {}),
    (JSON, b" \r\n", {}),
    (FORM, b"", {}),
    (MULTIPART, b"", {}),
    (FORM, b"arg=1&groups[]=a", {"arg": "1", "groups": ["a"]}),
    ("application/x-www-form-urlencoded; charset=UTF-8", b"a=%C3%BC", {"a": "ü"}),
    (FORM, b'{"a":1}', {'{"a":1}': ""}),
    ("text/plain", b"a=1", {}),
    ("application/octet-stream", b"\x00\xff", {}),
    (
        MULTIPART,
        multipart(('name="a"', b"1"), ('name="b[c]"', b"2"), ('name="b[d]"', b"3")),
        {"a": "1", "b": {"c": "2", "d": "3"}},
    ),
]


@pytest.mark.parametrize(("content_type", "raw", "fields"), BODIES)
def test_bodies(content_type: str, raw: bytes, fields: Any) -> None:
    body = parse_body(raw, content_type)
    assert (body.fields, body.files, body.value) == (fields, [], fields)


@pytest.mark.parametrize(("raw", "value"), [(b"[1]", [1]), (b'"a"', "a"), (b"null", None), (b"3", 3)])
def test_json_that_is_no_object_has_no_fields(raw: bytes, value: Any) -> None:
    body = parse_body(raw, JSON)
    assert (body.fields, body.value) == ({}, value)


def test_nobody_changes_the_empty_body_of_another() -> None:
    parse_body(b"", JSON).fields["a"] = 1
    assert parse_body(b"", JSON).fields == {}


def test_files_and_fields_in_any_order() -> None:
    """particle-api-js sends the files first; names carry folders."""
    raw = multipart(
        ('name="file"; filename="src/a b.ino"\r\nContent-Type: text/x-arduino', b"void setup() {}\r\n"),
        ('name="platform_id"', b"6"),
        ('name="file2"; filename="firmware.bin"\r\nContent-Type: application/octet-stream', b"\x00\r\n--y\r\n\xff"),
        ('name="latest"', b"true"),
        ('name="empty"; filename="empty.h"', b""),
        ('name="unused"; filename=""\r\nContent-Type: application/octet-stream', b""),
        ('name="nameless"; filename=""', b"x"),
    )
    body = parse_body(raw, MULTIPART)
    assert body.fields == {"platform_id": "6", "latest": "true"}
    assert body.files == [
        UploadedFile("file", "src/a b.ino", "text/x-arduino", b"void setup() {}\r\n"),
        UploadedFile("file2", "firmware.bin", "application/octet-stream", b"\x00\r\n--y\r\n\xff"),
        UploadedFile("empty", "empty.h", "application/octet-stream", b""),
        UploadedFile("nameless", "", "text/plain", b"x"),
    ]


REFUSED: list[tuple[str, bytes, str]] = [
    (JSON, b"{", "The body is not JSON"),
    (JSON, b"arg=1", "The body is not JSON"),
    (JSON, b'{"a":"\xff"}', "The body is not JSON"),
    (JSON, b"[" * 100_000, "The body is nested too deeply"),
    (FORM, b"a=%ff", "The form is not UTF-8"),
    ("multipart/form-data", multipart(('name="a"', b"1")), "The multipart body can not be read"),
    ("multipart/form-data; boundary=y", multipart(('name="a"', b"1")), "The multipart body can not be read"),
    (MULTIPART, multipart(('name="a"', b"1"))[:-8], "The multipart body can not be read"),
    (MULTIPART, multipart(('name="a"', b"\xff")), "The multipart body can not be read"),
    (MULTIPART, multipart(*[('name="a"', b"1")] * 1_001), "The multipart body can not be read"),
    (MULTIPART, multipart((f'name="{"a" * 5_000}"', b"1")), "The multipart body can not be read"),
]


@pytest.mark.parametrize(("content_type", "raw", "error"), REFUSED, ids=[f"{i}" for i in range(len(REFUSED))])
def test_what_is_refused(content_type: str, raw: bytes, error: str) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_body(raw, content_type)
    assert (refusal.value.status, refusal.value.body) == (400, {"ok": False, "error": error})


@given(st.binary(max_size=300), st.sampled_from([JSON, FORM, MULTIPART, "", "text/plain", "multipart/form-data"]))
def test_anything_is_a_body_or_refused(raw: bytes, content_type: str) -> None:
    try:
        body = parse_body(raw, content_type)
    except ApiError:
        return
    assert isinstance(body.fields, dict)


@given(st.lists(st.tuples(st.text("abc", min_size=1), st.binary(max_size=60).filter(lambda data: b"--x" not in data))))
def test_files_come_out_as_they_went_in(files: list[tuple[str, bytes]]) -> None:
    body = parse_body(multipart(*((f'name="file"; filename="{name}"', data) for name, data in files)), MULTIPART)
    assert [(file.filename, file.data) for file in body.files] == files


BOOLEANS: list[tuple[Any, bool | None]] = [
    *[(each, True) for each in (True, 1, "1", "true", "TRUE", " true ", "on", "yes")],
    *[(each, False) for each in (False, 0, "0", "false", "False", "off", "no")],
    *[(each, None) for each in (None, "", "null")],
]


@pytest.mark.parametrize(("value", "expected"), BOOLEANS)
def test_booleans(value: Any, expected: bool | None) -> None:
    assert as_bool(value, "signal") is expected


NUMBERS: list[tuple[Any, int | None]] = [
    (3, 3),
    (3.0, 3),
    ("3", 3),
    (" 3 ", 3),
    ("-3", -3),
    ("+3", 3),
    ("007", 7),
    ("7776000", 7_776_000),
    (None, None),
    ("", None),
    ("null", None),
]


@pytest.mark.parametrize(("value", "expected"), NUMBERS)
def test_whole_numbers(value: Any, expected: int | None) -> None:
    assert as_int(value, "version") == expected


TEXTS: list[tuple[Any, str | None]] = [
    ("a", "a"),
    ("", ""),
    ("null", "null"),
    (3, "3"),
    (3.5, "3.5"),
    (True, "true"),
    (False, "false"),
    (None, None),
]


@pytest.mark.parametrize(("value", "expected"), TEXTS)
def test_texts(value: Any, expected: str | None) -> None:
    assert as_text(value, "notes") == expected


LISTS: list[tuple[Any, list[str] | None]] = [
    (["a", 1, None], ["a", "1"]),
    ([], []),
    ("a", ["a"]),
    (3, ["3"]),
    ("", []),
    (None, None),
]


@pytest.mark.parametrize(("value", "expected"), LISTS)
def test_lists_of_texts(value: Any, expected: list[str] | None) -> None:
    assert as_texts(value, "groups") == expected


REFUSED_VALUES: list[tuple[Callable[[], object], str]] = [
    (lambda: as_bool("maybe", "signal"), "signal must be true or false"),
    (lambda: as_bool(2, "signal"), "signal must be true or false"),
    (lambda: as_bool([], "signal"), "signal must be true or false"),
    (lambda: as_bool(1.0, "signal"), "signal must be true or false"),
    (lambda: as_int("3.5", "n"), "n must be a whole number"),
    (lambda: as_int("1_0", "n"), "n must be a whole number"),
    (lambda: as_int("٣", "n"), "n must be a whole number"),
    (lambda: as_int("9" * 5_000, "n"), "n must be a whole number"),
    (lambda: as_int(3.5, "n"), "n must be a whole number"),
    (lambda: as_int(float("inf"), "n"), "n must be a whole number"),
    (lambda: as_int(float("nan"), "n"), "n must be a whole number"),
    (lambda: as_int(True, "n"), "n must be a whole number"),
    (lambda: as_int({}, "n"), "n must be a whole number"),
    (lambda: as_int("0", "n", least=1), "n must be at least 1"),
    (lambda: as_int(65_536, "n", most=65_535), "n must be at most 65535"),
    (lambda: as_text([], "name"), "name must be a text"),
    (lambda: as_text({}, "name"), "name must be a text"),
    (lambda: as_text("a\0", "name"), "name must not contain the character NUL"),
    (lambda: as_text("aaa", "name", most=2), "name must have at most 2 characters"),
    (lambda: as_texts([["a"]], "ids"), "ids must be a text"),
    (lambda: as_texts({"a": "b"}, "ids"), "ids must be a text"),
]


@pytest.mark.parametrize(("read", "error"), REFUSED_VALUES)
def test_values_that_are_refused(read: Callable[[], object], error: str) -> None:
    with pytest.raises(ApiError) as refusal:
        read()
    assert (refusal.value.status, refusal.value.body) == (400, {"ok": False, "error": error})


class Settings(msgspec.Struct):
    """A struct that fields are read into."""

    name: str
    version: int = 0
    default: bool = False
    groups: list[str] = msgspec.field(default_factory=list)
    limit: int | None = 5


def test_fields_fill_a_struct() -> None:
    fields = {"name": "a", "version": "3", "default": "true", "groups": ["a"], "limit": "null", "unknown": "x"}
    assert into(Settings, fields) == Settings("a", 3, True, ["a"], None)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "Object missing required field name"),
        ({"name": "a", "version": "x"}, "version: Expected int, got str"),
        ({"name": "a", "groups": ["a", {}]}, "groups[1]: Expected str, got object"),
    ],
)
def test_fields_that_do_not_fit(fields: dict[str, Any], error: str) -> None:
    with pytest.raises(ApiError) as refusal:
        into(Settings, fields)
    assert (refusal.value.status, refusal.value.body) == (400, {"ok": False, "error": error})
