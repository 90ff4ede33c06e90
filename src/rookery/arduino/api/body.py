"""Request bodies: whatever encoding clients chose, decoded into a typed structure or refused with the field's name.

The official server is written in Go and its clients rely on how Go decodes: keys in any case, unknown fields ignored,
`null` the same as missing, and a body read as JSON whatever its content type says (reference 4.1). Forms and multipart
bodies are understood too; their values are texts and become numbers and booleans where the structure wants them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec
from multipart import MultipartError, MultipartParser, parse_options_header  # type: ignore[import-untyped]

from rookery.arduino.api.errors import Problem, bad_field
from rookery.arduino.api.times import parse_time
from rookery.core.ids import is_uuid

T_co = TypeVar("T_co", covariant=True)

BODY_LIMIT = 1 << 20
"""Bytes of a body. A history import of about 15,000 timed values; anything larger can be sent in parts."""
FORM_FIELDS = 1_000
"""Fields of a form or multipart body: more than any operation knows."""
SHOWN_CHOICES = 24
"""Choices that an error lists: all device types, but not all property types."""
PART_HEADERS = 4_096
"""Bytes of the headers of one part of a multipart body."""

_JSON = msgspec.json.Decoder()
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_PATH = re.compile(r" - at `(?:key in )?\$?(.*?)`$", re.DOTALL)
_MISSING = re.compile(r"missing required field `([^`]*)`")


def _uuid(text: str) -> str:
    if not is_uuid(text):
        raise ValueError("Expected a UUID")
    return text.lower()


def _moment(text: str) -> int:
    try:
        return parse_time(text)
    except ValueError:
        raise ValueError("Expected a time such as 2025-01-31T12:00:00Z") from None


Uuid = Annotated[str, msgspec.Meta(extra={"read": _uuid}, extra_json_schema={"format": "uuid"})]
"""A UUID; decoded in lower case."""
Moment = Annotated[
    int, msgspec.Meta(extra={"read": _moment}, extra_json_schema={"type": "string", "format": "date-time"})
]
"""A time; decoded to UTC microseconds."""


class _Shape(NamedTuple):
    """How to bring a decoded value into the form that a type is converted from."""

    struct: Mapping[str, tuple[str, _Shape | None]] | None = None
    """Lower-case key to the key as declared and the shape of its value."""
    keeps_null: frozenset[str] = frozenset()
    """Keys whose null means something: those whose default is UNSET."""
    item: _Shape | None = None
    read: Callable[[str], Any] | None = None
    """Makes the value of a text, or raises `ValueError` with the beginning of a sentence."""
    choices: frozenset[Any] = frozenset()
    """The only values there are, when they are few."""
    text: bool = True
    """Whether a text is fine as it is (False: a form's text must become a number or boolean)."""


class Body(Generic[T_co]):
    """The body of one operation."""

    def __init__(self, type: type[T_co]) -> None:
        self.type = type
        self._shape = _shape(msgspec.inspect.type_info(type))

    def decode(self, raw: bytes, content_type: str) -> T_co:
        """The structure that `raw` holds.

        Raises:
            Problem: 400 with the field, or 415 for a body that is neither JSON nor a form.
        """
        data, loose = read_body(raw, content_type)
        if self._shape is not None and self._shape.item is not None and data == {}:
            data = []
        data = _fit(data, self._shape, "", loose)
        try:
            return msgspec.convert(data, self.type, strict=not loose)
        except msgspec.ValidationError as error:
            raise _explained(error) from None
        except RecursionError:
            raise Problem(400, "The body is nested too deeply.", "body") from None


def read_body(raw: bytes, content_type: str) -> tuple[Any, bool]:
    """The body as plain values, and whether they are a form's texts. No body at all is an empty object.

    Raises:
        Problem: 400 or 415.
    """
    if not raw.strip(b" \t\r\n"):
        return {}, False
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _MULTIPART:
        return _multipart(raw, content_type), True
    try:
        return _JSON.decode(raw), False
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # A form's own type is looked at second: people send JSON with it by `curl --data`.
        if kind == _FORM and raw.lstrip()[:1] not in (b"{", b"["):
            return _form(raw), True
        if kind and "json" not in kind and kind not in (_FORM, "application/octet-stream", "text/plain"):
            raise Problem(415, "The body must be JSON or a form.") from None
        if isinstance(error, RecursionError):
            raise Problem(400, "The body is nested too deeply.", "body") from None
        raise Problem(400, f"The body is not JSON: {str(error).partition(' - at ')[0][:200]}.", "body") from None


def _form(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS)
    except UnicodeDecodeError:
        raise Problem(400, "The form is not UTF-8.", "body") from None
    except ValueError:
        raise Problem(400, f"The form has more than {FORM_FIELDS} fields.", "body") from None
    return _gathered(pairs)


def _multipart(raw: bytes, content_type: str) -> dict[str, Any]:
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    pairs: list[tuple[str, str]] = []
    try:
        parser = MultipartParser(
            _Once(raw),
            boundary,
            strict=False,
            headersize_limit=PART_HEADERS,
            part_limit=FORM_FIELDS,
            memory_limit=len(raw),  # The body is in memory already, and its length was checked.
            spool_limit=len(raw),
        )
        pairs.extend((part.name, part.raw.decode()) for part in parser if part.name is not None)
    except (MultipartError, UnicodeDecodeError, ValueError) as error:
        raise Problem(400, f"The multipart body can not be read: {str(error)[:200]}.", "body") from None
    return _gathered(pairs)


class _Once:
    """Bytes as something that can be read once, without a copy of them in a file object."""

    def __init__(self, raw: bytes) -> None:
        self._raw = memoryview(raw)

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        size = len(self._raw) if size < 0 else size
        out, self._raw = bytes(self._raw[:size]), self._raw[size:]
        return out


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """One value a name, or a list where the name is repeated or ends with brackets."""
    out: dict[str, Any] = {}
    for name, value in pairs:
        key = name.removesuffix("[]")
        if key in out:
            held = out[key]
            out[key] = [*held, value] if isinstance(held, list) else [held, value]
        else:
            out[key] = [value] if key != name else value
    return out


def _shape(info: Any) -> _Shape | None:
    types = msgspec.inspect
    if isinstance(info, types.AnyType):
        return None
    if isinstance(info, types.Metadata):
        inner = _shape(info.type)
        return inner._replace(read=info.extra["read"]) if inner and info.extra and "read" in info.extra else inner
    if isinstance(info, types.UnionType):
        others = [t for t in info.types if not isinstance(t, types.NoneType)]
        return _shape(others[0]) if len(others) == 1 else _Shape()
    if isinstance(info, types.StructType):
        return _Shape(
            struct={f.encode_name.lower(): (f.encode_name, _shape(f.type)) for f in info.fields},
            keeps_null=frozenset(
                # msgspec shows a default of UNSET as an optional field without any default.
                f.encode_name
                for f in info.fields
                if not f.required and f.default is msgspec.NODEFAULT and f.default_factory is msgspec.NODEFAULT
            ),
        )
    if isinstance(info, types.ListType):
        return _Shape(item=_shape(info.item_type))
    if isinstance(info, types.LiteralType | types.EnumType):
        values = info.values if isinstance(info, types.LiteralType) else [member.value for member in info.cls]
        return _Shape(choices=frozenset(values))
    return _Shape(text=not isinstance(info, types.IntType | types.FloatType | types.BoolType))


def _fit(value: Any, shape: _Shape | None, where: str, loose: bool) -> Any:
    """`value` with keys as declared, and without nulls that mean "missing"."""
    if shape is None or value is None:
        return value
    if shape.struct is not None and isinstance(value, dict):
        out: dict[str, Any] = {}
        for key, inner in value.items():
            known = shape.struct.get(key.lower()) if isinstance(key, str) else None
            if known is None:
                continue
            name, form = known
            if inner is None and form is not None and name not in shape.keeps_null:
                continue
            if name in out and key != name:
                continue
            out[name] = _fit(inner, form, f"{where}.{name}", loose)
        return out
    if shape.item is not None:
        if loose and isinstance(value, str):
            value = [value]
        if isinstance(value, list):
            return [_fit(inner, shape.item, f"{where}[{i}]", loose) for i, inner in enumerate(value)]
    if shape.choices and isinstance(value, str) and value not in shape.choices:
        raise _refusal(where, f"{value[:80]!r} is not one of {_listed(shape.choices)}")
    if shape.read is not None:
        try:
            return shape.read(value if isinstance(value, str) else "")
        except ValueError as error:
            raise _refusal(where, str(error)) from None
    if loose and not shape.text and isinstance(value, str):
        return _number(value, where)
    if isinstance(value, str) and "\0" in value:
        raise _refusal(where, "A text must not contain the character NUL")
    return value


def _listed(choices: frozenset[Any]) -> str:
    """The choices in words, not more of them than anybody reads."""
    words = sorted(map(str, choices))
    return ", ".join(words[:SHOWN_CHOICES]) + (f" and {more} more" if (more := len(words) - SHOWN_CHOICES) > 0 else "")


def _number(text: str, where: str) -> Any:
    """A form's text where a number or boolean is wanted; what is neither is left for the type check to refuse."""
    lower = text.strip().lower()
    if lower in ("true", "false"):
        return lower == "true"
    try:
        number = float(lower)
    except ValueError:
        return text
    if not isfinite(number):
        raise _refusal(where, "Expected a finite number")
    return lower


def _explained(error: msgspec.ValidationError) -> Problem:
    """A `Problem` from msgspec's message, which ends with the path of the offending value."""
    message = str(error)
    found = _PATH.search(message)
    path = found.group(1) if found else ""
    detail = message[: found.start()] if found else message
    missing = _MISSING.search(detail)
    if missing is not None:
        path = f"{path}.{missing.group(1)}"
        detail = "This field is required"
    return _refusal(path, _plain(detail))


def _refusal(where: str, detail: str) -> Problem:
    """400 for the value at a path such as `.parts[0].name`."""
    field = where.lstrip(".") or "body"
    return bad_field(field, f"{field}: {detail}.")


_PLAIN = {
    " | `null`": "",
    " | null": "",
    "`object`": "an object",
    "`array`": "a list",
    "`str`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`null`": "null",
}


def _plain(detail: str) -> str:
    """The message in plain words: `str` is text to whoever writes JSON."""
    for word, plain in _PLAIN.items():
        detail = detail.replace(word, plain)
    return _LENGTH.sub(_amount, detail)


_LENGTH = re.compile(r"(text|a list) of length (<=|>=) (\d+)")


def _amount(found: re.Match[str]) -> str:
    kind, bound, number = found.groups()
    unit = "character" if kind == "text" else "entry"
    many = unit if number == "1" else {"character": "characters", "entry": "entries"}[unit]
    return f"{kind} of at {'most' if bound == '<=' else 'least'} {number} {many}"
