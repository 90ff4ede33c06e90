"""What kinds of data there are, and how each is shown in JSON (particle-device.md §3, particle-rest.md §6.7)."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from typing import Any, Final

from cbor2 import CBORSimpleValue, loads, undefined

from rookery.particle.device.errors import MessageError
from rookery.wire.cbor import NO_TAGS, refuse_tag

TEXT: Final = 0
LINKS: Final = 40
XML: Final = 41
OCTETS: Final = 42
JSON: Final = 50
CBOR: Final = 60
JPEG: Final = 22
PNG: Final = 23
STRUCTURED: Final = 65_001
"""CBOR that holds only what JSON can say, and byte strings. Boards publish it, and subscribe to plain CBOR."""

TEXTS: Final = frozenset((TEXT, LINKS, XML, JSON))
"""What Device OS takes for text, and hands to an application as a string."""
STRUCTURES: Final = frozenset((CBOR, STRUCTURED))

MAX_DEPTH: Final = 32
"""Maps and arrays in each other. Applications build them by hand, a handful deep; Python's JSON gives up at a thousand,
and so must we before it."""
MAX_CBOR: Final = 65_536
"""Bytes of one CBOR item. Events and ledgers are 16,384 at most (particle-rest.md §6.7); a body in blocks is 64 KiB."""

_MEDIA: Final = {JPEG: "image/jpeg", PNG: "image/png"}


def data_url(data: bytes, content_format: int = OCTETS) -> str:
    """`data:image/png;base64,…`; formats that are no image are octet streams."""
    media = _MEDIA.get(content_format, "application/octet-stream")
    return f"data:{media};base64,{b64encode(data).decode()}"


def structure(data: bytes) -> Any:
    """The value of one CBOR item as JSON has it: byte strings become `{"_type":"buffer","_data":"<base64>"}`, keys
    text, NaN and the infinities None. Bytes behind the item are passed over.

    Raises:
        MessageError: not plain CBOR, or nested deeper than `MAX_DEPTH`.
    """
    if len(data) > MAX_CBOR:
        raise MessageError(f"CBOR of {len(data)} bytes is longer than {MAX_CBOR}")
    try:
        item = loads(data, max_depth=MAX_DEPTH, semantic_decoders=NO_TAGS, tag_hook=refuse_tag)
    except Exception as error:
        raise MessageError(f"not plain CBOR: {type(error).__name__}") from error
    return _plain(item)


def structure_text(data: bytes) -> str:
    """The same as compact JSON text.

    Raises:
        MessageError: as `structure`.
    """
    return json.dumps(structure(data), separators=(",", ":"), ensure_ascii=False)


def _plain(item: Any) -> Any:
    kind = type(item)
    if kind is str:
        return _clean(item)
    if kind is bool or kind is int or item is None:
        return item
    if kind is float:
        return item if math.isfinite(item) else None
    if kind is bytes:
        return {"_type": "buffer", "_data": b64encode(item).decode()}
    if kind is list:
        return [_plain(each) for each in item]
    if kind is dict:
        return {_key(key): _plain(value) for key, value in item.items()}
    if item is undefined or kind is CBORSimpleValue:
        return None
    raise MessageError("CBOR that JSON cannot say")


def _key(key: Any) -> str:
    if type(key) is str:
        return _clean(key)
    if type(key) is int:
        return str(key)
    raise MessageError("a key of a map is neither text nor a number")


def _clean(text: str) -> str:
    """Surrogates cannot be written as UTF-8, and a lenient decoder might let them through."""
    return text.encode("utf-8", "replace").decode()
