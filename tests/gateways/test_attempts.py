"""What is remembered of who knocked, and that no host fills the memory of others."""

from __future__ import annotations

from rookery.gateways import attempts as module
from rookery.gateways.attempts import OF_HOST, OVER, REMEMBERED, Attempt, Attempts
from tests.fakes import START, ManualClock


def test_an_attempt_goes_from_step_to_step() -> None:
    clock = ManualClock()
    attempts = Attempts(clock)
    told: list[str] = []
    attempts.watchers.add(lambda attempt: told.append(attempt.reason or attempt.transport))
    attempt = attempts.begin("tls", "192.0.2.1:5", 8884)
    clock.turn(1)
    attempt.secure("tls-certificate")
    attempt.claim("AB" * 100)
    attempt.accept()
    attempt.fail("too late to fail")
    assert (attempt.reached, attempt.secured, attempt.accepted, attempt.failed) == (
        START,
        START + 1_000_000,
        START + 1_000_000,
        0,
    )
    assert attempt.claimed == ("ab" * 100)[: module.CLAIM_LIMIT]
    assert told == ["tls", "tls-certificate", "tls-certificate"]


def test_the_first_reason_counts() -> None:
    attempts = Attempts(ManualClock())
    attempt = attempts.begin("tcp", "192.0.2.1:5", 1883)
    attempt.fail("a" * 1_000)
    attempt.fail("b")
    assert attempt.reason == "a" * module.REASON_LIMIT


def test_one_host_pushes_out_its_own_attempts_only() -> None:
    attempts = Attempts(ManualClock())
    quiet = attempts.begin("tls", "[2001:db8::1]:7", 8884)
    for port in range(REMEMBERED * 3):
        attempts.begin("tls", f"192.0.2.1:{port}", 8884)
    kept = list(attempts)
    assert kept[0] is quiet
    assert len(kept) == OF_HOST + 1
    assert kept[-1].address == f"192.0.2.1:{REMEMBERED * 3 - 1}"


def test_no_more_are_remembered_than_fit() -> None:
    attempts = Attempts(ManualClock())
    for number in range(REMEMBERED + 10):
        attempts.begin("tls", f"192.0.{number // 250}.{number % 250}:1", 8884)
    assert len(list(attempts)) == REMEMBERED
    assert next(iter(attempts)).address == "192.0.0.10:1"


def test_what_is_over_notes_nothing() -> None:
    over: Attempt = OVER
    over.claim("x")
    over.secure()
    over.accept()
    over.fail("y")
    assert not hasattr(over, "reason")
