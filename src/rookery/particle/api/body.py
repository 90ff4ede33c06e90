"""Request bodies: JSON, form or multipart, brought into one shape (reference 1.2).

The content type decides. JSON may be called anything with `json` in it; a body without a type is JSON when it begins
like JSON, else a form; a body of any other type has no fields, and is there as bytes. An empty body has no fields,
whatever it is called. In multipart bodies every part with a file name is a file, in any order.

Values of forms are texts. The `as_...` functions read a field of either kind, and `into` fills a struct.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, TypeVar

import msgspec
from multipart import MultipartError, MultipartParser, parse_options_header  # type: ignore[import-untyped]

from rookery.particle.api.errors import ApiError, bad_request
from rookery.particle.api.forms import FIELDS, nested, parse_form

S = TypeVar("S")

MIB = 1 << 20

MAX_BODY = 1 * MIB
"""Bytes of a body that is not multipart. An import of 40,000 device ids; ledgers and webhooks are below 20 KB."""
MAX_UPLOAD = 16 * MIB
"""Bytes of a multipart body, its files included: firmware is below 2 MiB, a bundle with its assets below 10."""
PART_HEADERS = 4_096
"""Bytes of one header of a part: names of files in folders."""

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_JSON = msgspec.json.Decoder()
_PATH = re.compile(r" - at `(?:key in )?\$?\.?(.*?)`$", re.DOTALL)


class UploadedFile(NamedTuple):
    """A file of a multipart body."""

    name: str
    """Of the field."""
    filename: str
    """As the client says it; may carry folders. Never a path to write to."""
    content_type: str
    data: bytes


class Body(NamedTuple):
    """A decoded body."""

    fields: dict[str, Any]
    """Empty when the body is no object."""
    files: list[UploadedFile]
    value: Any
    """The whole JSON value; for other bodies the fields."""


def media_type(content_type: str) -> str:
    """The type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_form(content_type: str) -> bool:
    """Whether a body is `application/x-www-form-urlencoded`."""
    return media_type(content_type) == _FORM


def is_multipart(content_type: str) -> bool:
    """Whether a body is `multipart/form-data`."""
    return media_type(content_type) == _MULTIPART


def parse_body(raw: bytes, content_type: str) -> Body:
    """The fields and files of a body.

    Raises:
        ApiError: 400: not what its content type says, or over a limit of this file.
    """
    begin = raw[:64].lstrip()[:1]
    if not begin and not raw.strip():
        return Body({}, [], {})
    kind = media_type(content_type)
    if kind == _MULTIPART:
        return _multipart(raw, content_type)
    if "json" in kind or (not kind and begin in (b"{", b"[")):
        value = _json(raw)
        return Body(value if isinstance(value, dict) else {}, [], value)
    if kind == _FORM or not kind:
        fields = parse_form(raw)
        return Body(fields, [], fields)
    return Body({}, [], {})


def _json(raw: bytes) -> Any:
    try:
        return _JSON.decode(raw)
    except RecursionError:
        raise bad_request("The body is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise bad_request("The body is not JSON") from None


def _multipart(raw: bytes, content_type: str) -> Body:
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    pairs: list[tuple[str, Any]] = []
    files: list[UploadedFile] = []
    try:
        parser = MultipartParser(
            _Once(raw),
            boundary,
            headersize_limit=PART_HEADERS,
            part_limit=FIELDS,
            # The body is in memory already, and its length was checked.
            memory_limit=len(raw),
            spool_limit=len(raw),
        )
        for part in parser:
            if part.filename is None:
                pairs.append((part.name or "", part.raw.decode()))
            elif part.filename or part.size:
                # A page's file field that was left empty is a part without name and content.
                files.append(UploadedFile(part.name or "", part.filename, part.content_type or "", part.raw))
    except (MultipartError, UnicodeDecodeError, ValueError) as error:
        # The parser keeps its error, which knows the parser by its traceback: together they would keep the body until
        # the collector comes by.
        error.__traceback__ = None
        raise bad_request("The multipart body can not be read") from None
    fields = nested(pairs)
    return Body(fields, files, fields)


class _Once:
    """Bytes as something that can be read once, without a copy of them in a file object."""

    def __init__(self, raw: bytes) -> None:
        self._raw = memoryview(raw)

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        size = len(self._raw) if size < 0 else size
        out, self._raw = bytes(self._raw[:size]), self._raw[size:]
        return out


_TRUE = frozenset({"true", "1", "on", "yes"})
_FALSE = frozenset({"false", "0", "off", "no"})
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")


def as_bool(value: object, name: str) -> bool | None:
    """A boolean: `true`, `1`, "true", "1", "on", "yes" and their opposites, texts in any case. None for null, "null",
    "" and a missing field.

    Raises:
        ApiError: 400 with the name.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    if isinstance(value, str):
        text = value.strip().lower()
        if text in ("", "null"):
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
    raise bad_request(f"{name} must be true or false")


def as_int(value: object, name: str, *, least: int | None = None, most: int | None = None) -> int | None:
    """A whole number: 3, 3.0 or "3". None for null, "null", "" and a missing field.

    Raises:
        ApiError: 400 with the name: no whole number, or out of range.
    """
    number: int
    if isinstance(value, str):
        text = value.strip()
        if text.lower() in ("", "null"):
            return None
        if _WHOLE.fullmatch(text) is None:
            raise bad_request(f"{name} must be a whole number")
        number = int(text)
    elif value is None:
        return None
    elif isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise bad_request(f"{name} must be a whole number")
    else:
        number = int(value)
    if least is not None and number < least:
        raise bad_request(f"{name} must be at least {least}")
    if most is not None and number > most:
        raise bad_request(f"{name} must be at most {most}")
    return number


def as_text(value: object, name: str, *, most: int | None = None) -> str | None:
    """A text; numbers and booleans of JSON become one. None for null and a missing field ("" and "null" are texts).

    Raises:
        ApiError: 400 with the name: an object or a list, more than `most` characters, or the character NUL.
    """
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int | float):
        value = msgspec.json.encode(value).decode()
    if value is None:
        return None
    if not isinstance(value, str):
        raise bad_request(f"{name} must be a text")
    if "\0" in value:
        raise bad_request(f"{name} must not contain the character NUL")
    if most is not None and len(value) > most:
        raise bad_request(f"{name} must have at most {most} characters")
    return value


def as_texts(value: object, name: str) -> list[str] | None:
    """A list of texts; a single one is a list of one, "" is an empty list (a form can not say `[]`). None for null and
    a missing field.

    Raises:
        ApiError: 400 with the name.
    """
    if value is None:
        return None
    if isinstance(value, list):
        return [text for each in value if (text := as_text(each, name)) is not None]
    text = as_text(value, name)
    return [text] if text else []


def into(type: type[S], fields: dict[str, Any]) -> S:
    """A msgspec struct of fields: unknown ones are ignored, texts become numbers, booleans and null where the struct
    wants them.

    Raises:
        ApiError: 400 with the name of the field.
    """
    try:
        return msgspec.convert(fields, type, strict=False)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None


def _explained(message: str) -> ApiError:
    found = _PATH.search(message)
    where = found[1] if found else ""
    detail = (message[: found.start()] if found else message).replace("`", "")
    return bad_request(f"{where}: {detail}" if where else detail)
