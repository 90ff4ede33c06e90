"""Names as parts of paths."""

from __future__ import annotations

import re

_OTHER = re.compile(r"[^a-z0-9]+")


def slug_of(name: str, most: int, otherwise: str) -> str:
    """`name` in at most so many lower-case ASCII letters, digits and dashes, or `otherwise` when nothing is left."""
    return _OTHER.sub("-", name.lower()).strip("-")[:most].rstrip("-") or otherwise
