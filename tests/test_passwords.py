"""Passwords: kept as argon2id, compared in a thread, two at a time."""

from __future__ import annotations

import asyncio
import threading

import pytest

from rookery import passwords
from rookery.passwords import AT_ONCE, FULL, THROW_AWAY, Argon2Passwords


async def test_only_the_right_password_matches() -> None:
    keeper = Argon2Passwords(THROW_AWAY)
    kept = await keeper.hash("a long password")
    assert kept.startswith("$argon2id$")
    assert "a long password" not in kept
    assert await keeper.matches("a long password", kept)
    assert not await keeper.matches("another password", kept)
    assert await keeper.hash("a long password") != kept


@pytest.mark.parametrize("kept", ["", "a long password", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_nothing_matches_what_is_no_hash(kept: str) -> None:
    assert not await Argon2Passwords().matches("a long password", kept)


async def test_a_hash_of_another_cost_still_matches() -> None:
    kept = await Argon2Passwords(THROW_AWAY).hash("a long password")
    assert await Argon2Passwords(FULL).matches("a long password", kept)


async def test_no_more_than_two_are_worked_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, go_on = threading.Lock(), threading.Event()
    working = most = 0

    def slow(cost: passwords.Cost, password: str) -> str:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
            if working == AT_ONCE:
                go_on.set()
        go_on.wait()
        with lock:
            working -= 1
        return password

    monkeypatch.setattr(passwords, "_hash", slow)
    keeper = Argon2Passwords()
    done = await asyncio.gather(*(keeper.hash(str(number)) for number in range(8)))
    assert done == [str(number) for number in range(8)]
    assert most == AT_ONCE
