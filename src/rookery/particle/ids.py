"""Ids as this API shows them: 24 hex digits where core has UUIDs (reference 1.2)."""

from __future__ import annotations


def hex_id(uuid: str) -> str:
    """The first 24 hex digits of a UUID: 90 of them random bits, so two do not meet."""
    return uuid.replace("-", "")[:24]
