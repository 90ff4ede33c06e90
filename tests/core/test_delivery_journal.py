"""The last deliveries in full: how many are kept, and how much of them."""

from __future__ import annotations

from rookery.core.delivery_history import Attempt
from rookery.core.delivery_journal import ANSWER_BYTES, REQUEST_BYTES, Journal
from rookery.core.outgoing import OutgoingRequest, OutgoingResponse


def request(body: bytes = b"") -> OutgoingRequest:
    return OutgoingRequest(method="POST", url="https://host.example/in", headers=(("a", "b"),), body=body)


def attempt(body: bytes = b"fine", status: int = 200) -> Attempt:
    return Attempt(number=1, time=1_000, duration=0.5, response=OutgoingResponse(status=status, body=body))


def test_the_newest_is_first_and_targets_are_apart() -> None:
    journal = Journal()
    for event, target in (("a", "one"), ("b", "two"), ("c", "one")):
        journal.add(target, event, request(), attempt())
    assert [kept.event for kept in journal.of("one")] == ["c", "a"]
    (other,) = journal.of("two")
    assert journal.get("two", other.number) is other
    assert journal.get("one", other.number) is None
    assert journal.of("nobody") == []


def test_each_target_keeps_its_last_ones() -> None:
    journal = Journal(kept=3)
    for number in range(10):
        journal.add("one", str(number), request(), attempt())
    journal.add("two", "x", request(), attempt())
    assert [kept.event for kept in journal.of("one")] == ["9", "8", "7"]
    assert len(journal) == 4


def test_bytes_are_bounded_and_the_oldest_goes_first() -> None:
    journal = Journal(most_bytes=10_000)
    for number in range(50):
        journal.add(f"target {number % 5}", str(number), request(b"x" * 1_000), attempt())
        assert journal.bytes <= 10_000
    kept = sorted(int(each.event) for target in range(5) for each in journal.of(f"target {target}"))
    assert kept == list(range(50 - len(kept), 50))
    for target in range(5):
        journal.forget(f"target {target}")
    assert (len(journal), journal.bytes) == (0, 0)


def test_one_that_is_larger_than_all_of_the_room_is_kept_alone() -> None:
    journal = Journal(most_bytes=100)
    journal.add("one", "a", request(), attempt())
    journal.add("one", "b", request(), attempt())
    assert [kept.event for kept in journal.of("one")] == ["b"]


def test_long_answers_are_cut_and_long_requests_left_out() -> None:
    journal = Journal()
    journal.add("one", "a", request(b"x" * REQUEST_BYTES), attempt(b"y" * (ANSWER_BYTES + 1)))
    (kept,) = journal.of("one")
    assert kept.request is None
    assert kept.cut
    assert kept.response is not None
    assert len(kept.response.body) == ANSWER_BYTES


def test_what_had_no_answer_says_why() -> None:
    journal = Journal()
    journal.add("one", "a", None, Attempt(number=2, time=1, duration=0, error="It could not be made.", skipped=True))
    (kept,) = journal.of("one")
    assert (kept.error, kept.skipped, kept.attempt, kept.request, kept.response) == (
        "It could not be made.",
        True,
        2,
        None,
        None,
    )


def test_forgetting_a_target_that_is_unknown_does_nothing() -> None:
    journal = Journal()
    journal.forget("one")
    assert len(journal) == 0
