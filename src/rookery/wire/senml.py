"""SenML in CBOR (RFC 8428, section 6): packs of records, each a name with one value and perhaps a time.

A pack is an array of maps. Keys are small integers (`Label`), or in older senders their text twins. A record that
carries a base field (base name, base time) sets it for itself and for all that follow.

What `decode` does with a pack, and why:

* Definite and indefinite arrays, half, single and double floats, integer and text labels are all accepted.
* A name is what stands in `n`, whole: base names are ignored, because the senders seen with one (`urn:uuid:…` of the
  device) repeat the complete name in `n`. An integer name is kept as an integer: narrow links send numbers for names.
* A time is base time plus time, in whatever unit the sender uses (seconds by the standard, milliseconds by some).
  Whoever knows the senders turns it into a moment; this module owns no clock.
* NaN, infinities and integers beyond 64 bits are no values: such a record is left out. A record with a name and no
  value at all stays in, with None, because there are senders that drop `false`, `0` and `""`.
* A record without a name, a sum (`s`) or a data value (`vd`) says nothing that can be kept: it is left out, after its
  base time has been taken.
* Unknown labels are skipped, but an unknown text label that ends in `_` must be understood (section 4.4), so the pack
  is refused.
* Anything else (a wrong type behind a known label, two values in one record, a tag) is malformed, and the whole pack is
  refused: there is exactly one error, `SenmlError`.

Bytes behind the array are not looked at. `decode` runs for every message of every board, so the common record, a name
and one value, is walked in line: 1.5 µs for a pack of three, of which cbor2 takes 0.85 (Python 3.11, one core of the
development machine).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import Enum
from math import isfinite
from typing import Any, Final, NamedTuple

from cbor2 import dumps, loads, undefined

from rookery.wire.cbor import NO_TAGS, refuse_tag

MAX_PAYLOAD: Final = 65_536
"""Bytes of a pack. Boards send 256 at a time, scripts a few thousand; a decoded pack takes up to 70 times its bytes."""

MAX_RECORDS: Final = 2_048
"""Records of a pack: more than any sender's variables, few enough to be walked in a millisecond."""

MAX_TEXT: Final = 16_000
"""Bytes of a text value in UTF-8. With a name and a topic it stays below the 16 KiB of one TLS record, which is what
some clients read at a time."""

MAX_DEPTH: Final = 2
"""A pack and its records. Values are never nested."""

_SHORT_TEXT: Final = MAX_TEXT // 4  # No character takes more than four bytes.

Value = bool | int | float | str
Name = str | int
Record = tuple[Name, Value | None, float | None]
"""`(name, value or None where the sender gave none, base time + time in the sender's unit or None)`."""


class Label:
    """Integer labels (RFC 8428, table 4)."""

    BASE_VERSION: Final = -1
    BASE_NAME: Final = -2
    BASE_TIME: Final = -3
    NAME: Final = 0
    VALUE: Final = 2
    STRING_VALUE: Final = 3
    BOOLEAN_VALUE: Final = 4
    SUM: Final = 5
    TIME: Final = 6
    DATA_VALUE: Final = 8


_TEXT_LABELS: Final = {
    "bt": Label.BASE_TIME,
    "n": Label.NAME,
    "v": Label.VALUE,
    "vs": Label.STRING_VALUE,
    "vb": Label.BOOLEAN_VALUE,
    "s": Label.SUM,
    "t": Label.TIME,
    "vd": Label.DATA_VALUE,
}

_VALUE_TYPES: Final[dict[int, tuple[type, ...]]] = {
    Label.VALUE: (int, float),
    Label.STRING_VALUE: (str,),
    Label.BOOLEAN_VALUE: (bool,),
}


class SenmlError(ValueError):
    """The bytes are not a SenML pack, or the records can not be put into one. `str()` says which rule is broken."""


class TimePlace(Enum):
    """How an encoder writes the time of a record."""

    BASE_FIRST = "bt before the name"
    BASE_LAST = "bt behind the value"
    TIME_LAST = "t behind the value"


class Form(NamedTuple):
    """Which of the equivalent encodings to produce. The default is the one that every known decoder reads."""

    indefinite: bool = False
    """An array without a length in front, closed by a break."""
    single: bool = False
    """Floats as 32 bits; the default is 64."""
    integral: bool = False
    """Floats without a fraction as CBOR integers."""
    time: TimePlace = TimePlace.BASE_FIRST


CANONICAL: Final = Form()


def decode(payload: bytes) -> list[Record]:
    """The records of a pack that say something, in their order.

    Raises:
        SenmlError: too long, not CBOR, or not a pack by the rules at the top of this module. Nothing else is raised.
    """
    if len(payload) > MAX_PAYLOAD:
        raise SenmlError(f"a pack of {len(payload)} bytes is longer than {MAX_PAYLOAD}")
    pack = _load(payload)
    records: list[Record] = []
    base_time: float | None = None
    for entry in pack:
        if type(entry) is not dict:
            raise SenmlError("a record is not a map")
        if len(entry) == 2 and 0 in entry:
            name = entry[0]
            if 2 in entry:
                value = entry[2]
                kind = type(value)
                if kind is float:
                    if value - value != 0.0:
                        continue
                elif kind is int:
                    if not -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
                        continue
                else:
                    value = _slow_value(Label.VALUE, value)
            elif 4 in entry:
                value = entry[4]
                if value is not True and value is not False:
                    value = _slow_value(Label.BOOLEAN_VALUE, value)
            elif 3 in entry:
                value = entry[3]
                if type(value) is not str or len(value) > _SHORT_TEXT or "\0" in value:
                    value = _slow_value(Label.STRING_VALUE, value)
            else:
                base_time = _slow_record(entry, base_time, records)
                continue
            if type(name) is not str:
                _check_name(name)
            records.append((name, value, base_time))
        else:
            base_time = _slow_record(entry, base_time, records)
    return records


def encode(records: Iterable[Record], form: Form = CANONICAL) -> bytes:
    """A pack of these records. A value of None writes a name alone; a time is written as it stands.

    A base time is written where it differs from the one before. A record without a time inherits it, as in any pack.

    Raises:
        SenmlError: a number that the form can not hold: NaN, infinity, an integer beyond 64 bits, a float too large
            for 32 bits where these are asked for.
    """
    entries: list[dict[int, Any]] = []
    base_time: float | None = None
    for name, value, time in records:
        if form.time is not TimePlace.TIME_LAST and time is not None:
            time, base_time = (None if time == base_time else time), time
        entries.append(_entry(name, value, time, form))
    if not form.indefinite and not form.single:
        return dumps(entries)
    body = b"".join([_single(entry) if form.single else dumps(entry) for entry in entries])
    if form.indefinite:
        return b"\x9f" + body + b"\xff"
    return _array_head(len(entries)) + body


def is_plain(payload: bytes) -> bool:
    """Whether even a careless reader understands this pack.

    True for an array of maps with integer labels only, each with a text name and exactly one value of the right type,
    and not a byte behind it. Careless readers end their program over anything else. Whatever is plain can be decoded.
    """
    try:
        return all(_is_plain_record(entry) for entry in _load(payload)) and not _has_tail(payload)
    except SenmlError:
        return False


def _is_plain_record(entry: Any) -> bool:
    if type(entry) is not dict or type(entry.get(Label.NAME)) is not str:
        return False
    values = 0
    for label, value in entry.items():
        if type(label) is not int:
            return False
        if label in _VALUE_TYPES:
            values += 1
            if _slow_value(label, value) is None or (label == Label.VALUE and not _is_number(value)):
                return False
        elif label in (Label.BASE_TIME, Label.TIME) and type(value) not in (int, float):
            return False
    return values == 1


def _load(payload: bytes) -> list[Any]:
    try:
        pack = loads(payload, max_depth=MAX_DEPTH, semantic_decoders=NO_TAGS, tag_hook=refuse_tag)
    except Exception as error:
        raise SenmlError(f"not CBOR that could be a pack: {error}") from error
    if type(pack) is not list:
        raise SenmlError("a pack is an array")
    if len(pack) > MAX_RECORDS:
        raise SenmlError(f"a pack of {len(pack)} records is longer than {MAX_RECORDS}")
    return pack


def _has_tail(payload: bytes) -> bool:
    """CBOR items are prefix-free: without its last byte an item is incomplete, unless that byte was not part of it."""
    try:
        loads(payload[:-1], max_depth=MAX_DEPTH, semantic_decoders=NO_TAGS, tag_hook=refuse_tag)
    except Exception:
        return False
    return True


def _slow_value(label: int, value: Any) -> Value | None:
    """The value behind a label, None for null and undefined."""
    if type(value) in _VALUE_TYPES[label]:
        if type(value) is str:
            _check_text(value)
        return value  # type: ignore[no-any-return]
    if value is None or value is undefined:
        return None
    raise SenmlError(f"label {label} holds {_kind(value)}")


def _check_text(text: str) -> None:
    if len(text) > _SHORT_TEXT and len(text.encode()) > MAX_TEXT:
        raise SenmlError(f"a text of more than {MAX_TEXT} bytes")
    if "\0" in text:
        raise SenmlError("a text with a NUL character")


def _is_number(value: Any) -> bool:
    """Whether this can be a value: finite, and at most 64 bits."""
    return isfinite(value) if type(value) is float else -(2**63) <= value < 2**63


def _check_name(name: Any) -> None:
    if type(name) is str or (type(name) is int and name >= 0):
        return
    raise SenmlError(f"a name is {_kind(name)}")


def _number(what: str, value: Any) -> float | None:
    """A time. None where it is no number at all (NaN, null)."""
    if value is None:
        return None
    if type(value) is not int and type(value) is not float:
        raise SenmlError(f"a {what} is {_kind(value)}")
    return value if _is_number(value) else None


def _slow_record(entry: dict[Any, Any], base_time: float | None, records: list[Record]) -> float | None:
    """Walk a record of any form, append it if it says something, and return the base time from here on."""
    name: Any = None
    value: Value | None = None
    values = 0
    time: float | None = None
    speaks = True
    for given, item in entry.items():
        label = given
        if type(given) is str:
            if given not in _TEXT_LABELS:
                if given.endswith("_"):
                    raise SenmlError("an unknown label that must be understood")
                continue
            label = _TEXT_LABELS[given]
        elif type(given) is not int:
            raise SenmlError(f"a label is {_kind(given)}")
        if label == Label.NAME:
            _check_name(item)
            name = item
        elif label in _VALUE_TYPES:
            values += 1
            value = _slow_value(label, item)
            if label == Label.VALUE and value is not None and not _is_number(value):
                speaks = False
        elif label == Label.BASE_TIME:
            base_time = _number("base time", item)
        elif label == Label.TIME:
            time = _number("time", item)
        elif label in (Label.SUM, Label.DATA_VALUE):
            speaks = False
    if values > 1:
        raise SenmlError("two values in one record")
    if name is not None and speaks:
        records.append((name, value, base_time if time is None else time + (base_time or 0)))
    return base_time


def _kind(value: Any) -> str:
    return f"of type {type(value).__name__}"


def _entry(name: Name, value: Value | None, time: float | None, form: Form) -> dict[int, Any]:
    entry: dict[int, Any] = {}
    if time is not None and form.time is TimePlace.BASE_FIRST:
        entry[Label.BASE_TIME] = _encodable(time)
    entry[Label.NAME] = name
    if type(value) is bool:
        entry[Label.BOOLEAN_VALUE] = value
    elif type(value) is str:
        entry[Label.STRING_VALUE] = value
    elif value is not None:
        number = _encodable(value)
        entry[Label.VALUE] = int(number) if form.integral and number == int(number) else number
    if time is not None and form.time is not TimePlace.BASE_FIRST:
        label = Label.TIME if form.time is TimePlace.TIME_LAST else Label.BASE_TIME
        entry[label] = _encodable(time)
    return entry


def _encodable(number: Any) -> Any:
    if not _is_number(number):
        raise SenmlError("neither NaN nor infinity nor an integer beyond 64 bits is a value")
    return number


def _single(entry: dict[int, Any]) -> bytes:
    """A record whose floats take 32 bits."""
    parts = [bytes([0xA0 + len(entry)])]
    for label, item in entry.items():
        parts.append(dumps(label))
        if type(item) is float:
            try:
                parts.append(b"\xfa" + struct.pack(">f", item))
            except OverflowError as error:
                raise SenmlError(f"{item} does not fit into 32 bits") from error
        else:
            parts.append(dumps(item))
    return b"".join(parts)


def _array_head(count: int) -> bytes:
    """The head of a definite array (RFC 8949, section 3: major type 4)."""
    if count < 24:
        return bytes([0x80 + count])
    if count < 256:
        return bytes([0x98, count])
    return b"\x9a" + count.to_bytes(4, "big")
