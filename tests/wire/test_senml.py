"""SenML: what is understood, what is left out, what is refused, and that nothing else can come out."""

from __future__ import annotations

import random
import struct
from typing import Any, NamedTuple

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rookery.wire import senml
from rookery.wire.senml import CANONICAL, Form, SenmlError, TimePlace, decode, encode, is_plain


class Read(NamedTuple):
    title: str
    pack: Any
    records: list[senml.Record]


class Refused(NamedTuple):
    title: str
    payload: bytes
    reason: str


NAN = float("nan")

READ = [
    Read("an empty pack", [], []),
    Read("text labels", [{"bn": "x", "bt": 5, "n": "a", "v": 1, "u": "Cel", "ut": 1}], [("a", 1, 5)]),
    Read("both kinds of labels", [{0: "a", "v": 1}], [("a", 1, None)]),
    Read("an integer for a name", [{0: 257, 4: True}], [(257, True, None)]),
    Read("base time holds for those that follow", [{-3: 5, 0: "a", 2: 1}, {0: "b", 2: 2}], [("a", 1, 5), ("b", 2, 5)]),
    Read("base time alone", [{-3: 5}, {0: "a", 2: 1}], [("a", 1, 5)]),
    Read("a later base time", [{-3: 5, 0: "a", 2: 1}, {-3: 9, 0: "b", 2: 2}], [("a", 1, 5), ("b", 2, 9)]),
    Read("base time plus time", [{-3: 100, 0: "a", 2: 1, 6: -1.5}], [("a", 1, 98.5)]),
    Read("a time is for its own record", [{0: "a", 2: 1, 6: 7}, {0: "b", 2: 2}], [("a", 1, 7), ("b", 2, None)]),
    Read("a base time that is no number at all", [{-3: NAN, 0: "a", 2: 1}], [("a", 1, None)]),
    Read("base name is not part of the name", [{-2: "urn:x:", 0: "a", 2: 1}], [("a", 1, None)]),
    Read("base name of any kind", [{-2: 7, 0: "a", 2: 1}], [("a", 1, None)]),
    Read("no value", [{0: "a"}], [("a", None, None)]),
    Read("null for a value", [{0: "a", 2: None}], [("a", None, None)]),
    Read("undefined for a value", [{0: "a", 3: cbor2.undefined}], [("a", None, None)]),
    Read("no name", [{2: 1}, {0: "a", 2: 2}], [("a", 2, None)]),
    Read("an empty record", [{}], []),
    Read("NaN", [{0: "a", 2: NAN}, {0: "b", 2: 1}], [("b", 1, None)]),
    Read("NaN in a long record", [{0: "a", 2: NAN, 6: 1}], []),
    Read("infinity", [{0: "a", 2: float("-inf")}], []),
    Read("an integer of 65 bits", [{0: "a", 2: 2**63}, {0: "a", 2: -(2**63) - 1}], []),
    Read("the ends of 64 bits", [{0: "a", 2: 2**63 - 1}, {0: "b", 2: -(2**63)}],
         [("a", 2**63 - 1, None), ("b", -(2**63), None)]),
    Read("a sum", [{0: "a", 2: 1, 5: 9}, {0: "b", 5: 9}], []),
    Read("data", [{0: "a", 8: b"x"}], []),
    Read("unknown labels", [{0: "a", 2: 1, 99: "x", "whatever": 1}], [("a", 1, None)]),
    Read("the same name twice", [{0: "a", 2: 1}, {0: "a", 2: 2}], [("a", 1, None), ("a", 2, None)]),
    Read("an empty name", [{0: "", 2: 1}], [("", 1, None)]),
]  # fmt: skip

REFUSED = [
    Refused("nothing", b"", "not CBOR"),
    Refused("a break code", b"\xff", "not CBOR"),
    Refused("an array that ends early", b"\x82\xa1\x00\x61a", "not CBOR"),
    Refused("an endless array", b"\x9f\xa0", "not CBOR"),
    Refused("a map", cbor2.dumps({0: "a", 2: 1}), "a pack is an array"),
    Refused("a number", b"\x01", "a pack is an array"),
    Refused("a record that is no map", cbor2.dumps([1]), "a record is not a map"),
    Refused("an array for a record", cbor2.dumps([[0, "a"]]), "a record is not a map"),
    Refused("a bool as v", cbor2.dumps([{0: "a", 2: True}]), "label 2 holds of type bool"),
    Refused("a text as v", cbor2.dumps([{0: "a", 2: "1"}]), "label 2 holds of type str"),
    Refused("bytes as vs", cbor2.dumps([{0: "a", 3: b"x"}]), "label 3 holds of type bytes"),
    Refused("0 as vb", cbor2.dumps([{0: "a", 4: 0}]), "label 4 holds of type int"),
    Refused("0 as vb in a long record", cbor2.dumps([{0: "a", 4: 0, 6: 0}]), "label 4 holds of type int"),
    Refused("bytes for a name", cbor2.dumps([{0: b"a", 2: 1}]), "a name is of type bytes"),
    Refused("a negative name", cbor2.dumps([{0: -1, 2: 1}]), "a name is of type int"),
    Refused("true for a name", cbor2.dumps([{0: True, 2: 1}]), "a name is of type bool"),
    Refused("two values", cbor2.dumps([{0: "a", 2: 1, 4: True}]), "two values"),
    Refused("a text as time", cbor2.dumps([{0: "a", 2: 1, 6: "now"}]), "a time is of type str"),
    Refused("a bool as base time", cbor2.dumps([{-3: True}]), "a base time is of type bool"),
    Refused("bytes for a label", cbor2.dumps([{0: "a", b"v": 1, 2: 1}]), "a label is of type bytes"),
    Refused("a label that must be understood", cbor2.dumps([{0: "a", 2: 1, "x_": 1}]), "must be understood"),
    Refused("a nested value", cbor2.dumps([{0: "a", 2: [1]}]), "not CBOR"),
    Refused("a tag in front", b"\xd9\xd9\xf7\x80", "not CBOR"),
    Refused("a big number", b"\x81\xa2\x00\x61a\x02\xc2\x49" + b"\xff" * 9, "not CBOR"),
    Refused("a date", b"\x81\xa2\x00\x61a\x02\xc1\x00", "not CBOR"),
    Refused("a regular expression", b"\x81\xd8\x23\x66(a+)+$", "not CBOR"),
    Refused("an array as label", b"\x81\xa1\x81\x00\x00", "not CBOR"),
    Refused("an empty array as label", b"\x81\xa1\x80\x00", "a label is of type tuple"),
    Refused("text that is not UTF-8", b"\x81\xa2\x00\x61a\x03\x61\xff", "not CBOR"),
    Refused("a text with NUL", cbor2.dumps([{0: "a", 3: "x\0"}]), "NUL"),
    Refused("a text that is too long", cbor2.dumps([{0: "a", 3: "x" * (senml.MAX_TEXT + 1)}]), "more than 16000 bytes"),
    Refused("a text of wide characters", cbor2.dumps([{0: "a", 3: "€" * 5_334}]), "more than 16000 bytes"),
    Refused("too many bytes", b"\x80" * (senml.MAX_PAYLOAD + 1), "longer than 65536"),
    Refused("too many records", b"\x9f" + b"\xa0" * (senml.MAX_RECORDS + 1) + b"\xff", "longer than 2048"),
    Refused("deep arrays", b"\x81" * 60_000, "not CBOR"),
    Refused("deep maps", b"\xa1\x00" * 30_000, "not CBOR"),
    Refused("deep tags", b"\xc6" * 60_000, "not CBOR"),
    Refused("an array of 2^64 records", b"\x9b" + b"\xff" * 8, "not CBOR"),
    Refused("an array of 2^32 records", b"\x9a" + b"\xff" * 4, "not CBOR"),
    Refused("a text of 2^63 bytes", b"\x81\xa1\x00\x7b\x7f" + b"\xff" * 7, "not CBOR"),
]


@pytest.mark.parametrize("case", READ, ids=lambda case: case.title)
def test_reading(case: Read) -> None:
    assert decode(cbor2.dumps(case.pack)) == case.records


@pytest.mark.parametrize("case", READ, ids=lambda case: case.title)
def test_an_indefinite_array_says_the_same(case: Read) -> None:
    assert decode(b"\x9f" + b"".join(cbor2.dumps(entry) for entry in case.pack) + b"\xff") == case.records


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.title)
def test_refusing(case: Refused) -> None:
    with pytest.raises(SenmlError, match=case.reason):
        decode(case.payload)
    assert not is_plain(case.payload)


@pytest.mark.parametrize("head", ["f93c00", "fa3f800000", "fb3ff0000000000000"], ids=["half", "single", "double"])
def test_all_floats_are_read(head: str) -> None:
    assert decode(bytes.fromhex("81a2006161" + "02" + head)) == [("a", 1.0, None)]


@pytest.mark.parametrize("bits", ["f97e00", "fa7fc00000", "fb7ff8000000000000", "f97c00", "fbfff0000000000000"])
def test_no_float_that_is_no_number_gets_through(bits: str) -> None:
    assert decode(bytes.fromhex("81a200616102" + bits)) == []


def test_the_longest_text_is_read() -> None:
    text = "x" * senml.MAX_TEXT
    assert decode(encode([("a", text, None)])) == [("a", text, None)]


def test_bytes_behind_the_pack_are_not_looked_at_but_are_not_plain() -> None:
    pack = encode([("a", 1, None)])
    assert decode(pack + b"\x00") == decode(pack)
    assert is_plain(pack)
    assert not is_plain(pack + b"\x00")
    assert not is_plain(pack + b"\xff")


@pytest.mark.parametrize(
    "pack",
    [
        [{"n": "a", "v": 1}],
        [{0: 257, 2: 1}],
        [{2: 1}],
        [{-3: 5}, {0: "a", 2: 1}],
        [{0: "a"}],
        [{0: "a", 2: 1, 4: True}],
        [{0: "a", 2: NAN}],
        [{0: "a", 4: 1}],
        [{-3: "now", 0: "a", 2: 1}],
        [{False: "a", 2: 1}],
        [1],
    ],
    ids=str,
)
def test_what_a_careless_reader_stumbles_over_is_not_plain(pack: Any) -> None:
    assert not is_plain(cbor2.dumps(pack))


def test_an_empty_pack_and_unknown_integer_labels_are_plain() -> None:
    assert is_plain(b"\x80")
    assert is_plain(cbor2.dumps([{0: "a", 2: 1, 99: "x"}]))


class Written(NamedTuple):
    title: str
    records: list[senml.Record]
    form: Form
    hex: str


WRITTEN = [
    Written("nothing", [], CANONICAL, "80"),
    Written("nothing, indefinite", [], Form(indefinite=True), "9fff"),
    Written("an integer", [("a", 1, None)], CANONICAL, "81a20061610201"),
    Written(
        "a float without a fraction stays a float", [("a", 1.0, None)], CANONICAL, "81a200616102fb3ff0000000000000"
    ),
    Written("a float as integer", [("a", 1.0, None)], Form(integral=True), "81a20061610201"),
    Written("a float of 32 bits", [("a", 1.0, None)], Form(single=True), "81a200616102fa3f800000"),
    Written("a boolean", [("a", False, None)], CANONICAL, "81a200616104f4"),
    Written("a text", [("a", "", None)], CANONICAL, "81a20061610360"),
    Written("no value", [("a", None, None)], CANONICAL, "81a1006161"),
    Written("a number for a name", [(257, True, None)], CANONICAL, "81a20019010104f5"),
    Written("base time in front", [("a", 1, 5)], CANONICAL, "81a322050061610201"),
    Written("base time once", [("a", 1, 5), ("b", 2, 5)], CANONICAL, "82a322050061610201a20061620202"),
    Written("base time again", [("a", 1, 5), ("b", 2, 6)], CANONICAL, "82a322050061610201a322060061620202"),
    Written("base time behind", [("a", 1, 5)], Form(time=TimePlace.BASE_LAST), "81a300616102012205"),
    Written("time behind", [("a", 1, 5)], Form(time=TimePlace.TIME_LAST), "81a300616102010605"),
]


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: case.title)
def test_writing(case: Written) -> None:
    assert encode(case.records, case.form).hex() == case.hex


@pytest.mark.parametrize("count", [1, 23, 24, 255, 256, 2_048])
@pytest.mark.parametrize("form", [CANONICAL, Form(single=True), Form(single=True, indefinite=True)])
def test_packs_of_every_length(count: int, form: Form) -> None:
    records: list[senml.Record] = [("a", float(index), None) for index in range(count)]
    assert decode(encode(records, form)) == records


@pytest.mark.parametrize("value", [NAN, float("inf"), 2**63, -(2**63) - 1])
def test_what_is_no_value_is_not_written(value: float) -> None:
    with pytest.raises(SenmlError):
        encode([("a", value, None)])
    with pytest.raises(SenmlError):
        encode([("a", 1, value)])


def test_a_float_that_does_not_fit_into_32_bits_is_not_written() -> None:
    with pytest.raises(SenmlError, match="32 bits"):
        encode([("a", 1e300, None)], Form(single=True))


NAMES = st.text(st.characters(codec="utf-8"), max_size=20) | st.integers(0, 65_535)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
VALUES = st.booleans() | NUMBERS | TEXTS | st.none()
TIMES = st.integers(0, 2**33) | st.floats(0, 1e13)


@given(st.lists(st.tuples(NAMES, VALUES, TIMES), max_size=8), st.booleans(), st.sampled_from(TimePlace))
def test_what_is_written_is_read(records: list[senml.Record], indefinite: bool, place: TimePlace) -> None:
    form = Form(indefinite=indefinite, time=place)
    read = decode(encode(records, form))
    assert read == records
    assert [type(value) for _, value, _ in read] == [type(value) for _, value, _ in records]


@given(st.lists(st.tuples(NAMES, st.floats(width=32, allow_nan=False, allow_infinity=False), st.none()), max_size=8))
def test_floats_of_32_bits_survive_the_single_form(records: list[senml.Record]) -> None:
    assert decode(encode(records, Form(single=True))) == records


@given(st.binary(max_size=200))
@example(bytes.fromhex("81a2006161021bffffffffffffffff"))
def test_garbage_gives_records_or_the_one_error(payload: bytes) -> None:
    assert_sound(payload)


SCALARS = (
    st.integers(-10, 10) | st.integers(-(2**64), 2**64 - 1) | st.floats() | st.text(max_size=3) | st.binary(max_size=3)
)
ITEMS = SCALARS | st.booleans() | st.none() | st.just(cbor2.undefined) | st.lists(st.integers(), max_size=2)
LABELS = st.sampled_from([-3, -2, 0, 1, 2, 3, 4, 5, 6, 8, "n", "v", "vs", "vb", "t", "bt", "s", "x", "x_"]) | SCALARS


@given(st.lists(st.dictionaries(LABELS, ITEMS, max_size=5) | ITEMS, max_size=5))
def test_packs_of_wrong_types_give_records_or_the_one_error(pack: list[Any]) -> None:
    assert_sound(cbor2.dumps(pack))


def test_broken_packs_give_records_or_the_one_error() -> None:
    """Valid packs with a few bytes changed: closer to the borders than garbage is. The same every time."""
    dice = random.Random(8428)
    models = [
        encode([("temperature", 21.5, 1700000000), ("led", True, None), ("name", "x", None)]),
        encode([("a", 1, 5), (257, 2.5, None)], Form(indefinite=True, single=True, time=TimePlace.TIME_LAST)),
    ]
    for _ in range(20_000):
        broken = bytearray(dice.choice(models))
        for _ in range(dice.randrange(1, 4)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        assert_sound(bytes(broken[: dice.randrange(len(broken) + 1)]))


def assert_sound(payload: bytes) -> None:
    """The invariant: the typed error, or records whose parts are what the types say; and plain packs can be decoded."""
    try:
        records = decode(payload)
    except SenmlError:
        assert not is_plain(payload)
        return
    for name, value, time in records:
        assert type(name) is str or (type(name) is int and name >= 0)
        assert value is None or type(value) in (bool, int, float, str)
        if type(value) is int:
            struct.pack(">q", value)
        assert time is None or type(time) in (int, float)
    if is_plain(payload):
        assert all(type(name) is str and value is not None for name, value, _ in records)
