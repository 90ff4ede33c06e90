"""What this house takes from CBOR (RFC 8949): plain items only.

`cbor2` understands two dozen semantic tags: dates, regular expressions, MIME messages, shared references. None of them
has a place in a message of a board, some cost milliseconds, and a bignum turns 64 KiB into one number. So every tag is
refused before its content is built. Nesting is limited by the caller: two levels for a SenML pack. That also keeps
arrays out of the keys of maps, where equal hashes could be prepared.
"""

from __future__ import annotations

from typing import Any, Final, Never

_BUILTIN_TAGS: Final = (
    0,
    1,
    2,
    3,
    4,
    5,
    25,
    28,
    29,
    30,
    35,
    36,
    37,
    100,
    256,
    258,
    260,
    261,
    1004,
    43000,
    55799,
)
"""The tags that `cbor2` 6 would turn into objects of its own choice. Others reach `tag_hook`."""


class TagRefused(ValueError):
    """A semantic tag where only a plain item may stand."""


def refuse_tag(*_: Any) -> Never:
    """Refuse any tag. Fits `tag_hook` and every entry of `semantic_decoders` of `cbor2.loads`."""
    raise TagRefused("a CBOR tag has no place here")


NO_TAGS: Final[dict[int, Any]] = dict.fromkeys(_BUILTIN_TAGS, refuse_tag)
"""`semantic_decoders` for `cbor2.loads` that builds nothing."""
