"""Ids and secrets."""

from __future__ import annotations

import random
import uuid
from collections import Counter

import pytest

from rookery.core.ids import LETTERS, Identifiers, is_uuid
from rookery.core.secrets import SALT_SIZE, Peppered, digest, digest_matches


def test_ids_have_their_forms() -> None:
    ids = Identifiers(random.Random(1).randbytes)
    assert uuid.UUID(ids.uuid()).version == 4
    assert len(ids.hex(24)) == 24
    assert int(ids.hex(7), 16) >= 0
    text = ids.text(64)
    assert len(text) == 64
    assert set(text) <= set(LETTERS)


def test_every_letter_is_equally_likely() -> None:
    counts = Counter(Identifiers(random.Random(2).randbytes).text(62_000))
    assert set(counts) == set(LETTERS)
    assert max(counts.values()) < 1_200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9c3f1b7e-6a0e-4b8e-9a5f-0d2f6f0c9b11", True),
        ("9C3F1B7E-6A0E-4B8E-9A5F-0D2F6F0C9B11", True),
        ("9c3f1b7e6a0e4b8e9a5f0d2f6f0c9b11", False),
        ("{9c3f1b7e-6a0e-4b8e-9a5f-0d2f6f0c9b1}", False),
        ("x" * 36, False),
        ("", False),
    ],
)
def test_what_is_a_uuid(text: str, expected: bool) -> None:
    assert is_uuid(text) is expected


def test_a_drawn_secret_is_kept_as_a_digest() -> None:
    kept = digest("secret")
    assert b"secret" not in kept
    assert digest_matches("secret", kept)
    assert not digest_matches("Secret", kept)


def test_a_peppered_secret_needs_its_pepper_and_its_salt() -> None:
    salt = b"s" * SALT_SIZE
    ours, theirs = Peppered(b"p" * 16), Peppered(b"q" * 16)
    kept = ours.keep("secret", salt)
    assert ours.matches("secret", kept)
    assert not ours.matches("other", kept)
    assert not theirs.matches("secret", kept)
    assert ours.keep("secret", b"t" * SALT_SIZE) != kept


def test_a_short_pepper_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Peppered(b"short")
