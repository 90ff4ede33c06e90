"""Deliveries: order, attempts, bounds, tired hosts, and targets that are disabled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from rookery.core.deliveries import Deliveries, Delivery, DeliveryRules
from rookery.core.delivery_history import Attempt
from rookery.core.outgoing import OutgoingFailed, OutgoingRefused, OutgoingRequest, OutgoingResponse
from tests.fakes import START, ManualClock

GOOD = OutgoingResponse(status=200, body=b"fine")
BAD = OutgoingResponse(status=500, body=b"broken")


class Servers:
    """The other side: answers by host; a host that is held answers when it is let go."""

    def __init__(self) -> None:
        self.answers: dict[str, OutgoingResponse | Exception | Callable[[], OutgoingResponse]] = {}
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.held: set[str] = set()
        self._free = asyncio.Event()

    async def __call__(self, request: OutgoingRequest, /) -> OutgoingResponse:
        self.asked.append(request.url)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            host = request.url.split("/")[2]
            while host in self.held:
                await self._free.wait()
            answer = self.answers.get(host, GOOD)
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, OutgoingResponse) else answer()
        finally:
            self.at_once -= 1

    def let_go(self) -> None:
        self.held.clear()
        self._free.set()


class Ear:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.attempts: list[Attempt] = []
        self.reasons: list[str] = []
        self.said = asyncio.Event()

    async def until(self, line: str) -> None:
        """Wait until it was heard."""
        while line not in self.heard:
            self.said.clear()
            await self.said.wait()

    def sending(self, delivery: Delivery, number: int) -> None:
        self.heard.append(f"{delivery.event} sending {number}")

    def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        word = "good" if attempt.good else "skipped" if attempt.skipped else "bad"
        self.heard.append(f"{delivery.event} {word} {attempt.number}{' final' if attempt.final else ''}")
        self.said.set()

    def disabled(self, target: str, reason: str) -> None:
        self.reasons.append(reason)
        self.heard.append(f"{target} disabled")


class World:
    """A machine, its clock, and both ends."""

    def __init__(self, rules: DeliveryRules | None = None) -> None:
        self.clock = ManualClock()
        self.servers = Servers()
        self.ear = Ear()
        self.machine = Deliveries(self.servers, self.clock, rules)

    def submit(self, event: str = "e", target: str = "t", url: str = "https://a.test/", body: bytes = b"") -> bool:
        return self.machine.submit(self.delivery(event, target, url, body))

    def delivery(
        self, event: str = "e", target: str = "t", url: str = "https://a.test/", body: bytes = b""
    ) -> Delivery:
        request = OutgoingRequest(method="POST", url=url, body=body)
        return Delivery(target=target, event=event, request=request, listener=self.ear)

    async def turn(self, seconds: float) -> None:
        self.clock.turn(seconds)
        await self.machine.idle()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.machine.close()


async def test_an_event_arrives(world: World) -> None:
    assert world.submit()
    await world.machine.idle()
    assert world.ear.heard == ["e sending 1", "e good 1 final"]
    assert world.servers.asked == ["https://a.test/"]
    assert (world.machine.waiting, world.machine.running, world.clock.waiting) == (0, 0, 0)


async def test_a_failed_event_is_tried_again_at_its_moments(world: World) -> None:
    world.servers.answers["a.test"] = BAD
    world.submit()
    await world.machine.idle()
    assert world.ear.heard == ["e sending 1", "e bad 1"]
    await world.turn(29.9)
    assert len(world.servers.asked) == 1
    await world.turn(0.2)
    assert len(world.servers.asked) == 2
    await world.turn(30)
    assert world.ear.heard[2:] == ["e sending 2", "e bad 2", "e sending 3", "e bad 3 final"]
    assert [attempt.time - START for attempt in world.ear.attempts] == [0, 30_100_000, 60_100_000]
    await world.turn(1_000)
    assert len(world.servers.asked) == 3
    assert world.machine.counts.dropped == 1
    assert (world.machine.waiting, world.clock.waiting) == (0, 0)


async def test_a_later_attempt_may_succeed(world: World) -> None:
    world.servers.answers["a.test"] = OutgoingFailed("a.test takes no connection.")
    world.submit()
    await world.machine.idle()
    world.servers.answers["a.test"] = GOOD
    await world.turn(30)
    assert world.ear.heard == ["e sending 1", "e bad 1", "e sending 2", "e good 2 final"]
    assert world.ear.attempts[0].error == "a.test takes no connection."
    assert world.ear.attempts[0].response is None
    assert world.machine.waiting == 0


async def test_what_a_rule_forbids_is_not_tried_again(world: World) -> None:
    world.servers.answers["a.test"] = OutgoingRefused("a.test must not be called: it is private.")
    world.submit()
    await world.machine.idle()
    assert world.ear.heard == ["e sending 1", "e bad 1 final"]


async def test_a_mistake_of_ours_is_an_error_of_the_attempt(world: World) -> None:
    world.servers.answers["a.test"] = ZeroDivisionError("secret")
    world.submit()
    await world.machine.idle()
    assert world.ear.attempts[0].error == "Something went wrong on the server; its log says what."


async def test_a_slow_target_holds_up_nobody_else(world: World) -> None:
    world.servers.held.add("slow.test")
    for number in range(40):
        world.submit(f"s{number}", "slow", "https://slow.test/")
    world.submit("quick", "quick", "https://quick.test/")
    await world.ear.until("quick good 1 final")
    assert world.servers.at_once == 4
    world.servers.let_go()
    await world.machine.idle()
    assert [line for line in world.ear.heard if "sending" in line and line[0] == "s"] == [
        f"s{number} sending 1" for number in range(40)
    ]
    assert world.machine.waiting == 0


async def test_so_many_at_once() -> None:
    world = World(DeliveryRules(at_once=3))
    for number in range(30):
        world.submit(target=f"t{number % 10}")
    assert world.machine.running == 3
    await world.machine.idle()
    assert (world.servers.most_at_once, len(world.servers.asked), world.machine.running) == (3, 30, 0)
    await world.machine.close()


async def test_targets_take_turns() -> None:
    world = World(DeliveryRules(at_once=1))
    for target in ("a", "b", "c"):
        for number in range(2):
            world.submit(f"{target}{number}", target)
    await world.machine.idle()
    order = [line.split()[0] for line in world.ear.heard if "sending" in line]
    assert order == ["a0", "b0", "c0", "a1", "b1", "c1"]
    await world.machine.close()


BOUNDS = {
    "events of a target": (DeliveryRules(waiting_of_target=3), "t", b""),
    "events": (DeliveryRules(waiting=3), "", b""),
    "bytes": (DeliveryRules(waiting_bytes=3 * 1_015 + 500), "", b"x" * 1_000),
}


@pytest.mark.parametrize("name", BOUNDS)
async def test_what_waits_is_bounded(name: str) -> None:
    rules, target, body = BOUNDS[name]
    world = World(rules)
    world.servers.held.add("a.test")
    taken = [world.submit(target=target or f"t{number}", body=body) for number in range(5)]
    assert taken == [True, True, True, False, False]
    assert (world.machine.waiting, world.machine.counts.dropped) == (3, 2)
    world.servers.let_go()
    await world.machine.idle()
    assert world.submit(target=target or "t", body=body)
    await world.machine.close()


async def test_attempts_of_later_count_as_waiting() -> None:
    world = World(DeliveryRules(waiting_of_target=1))
    world.servers.answers["a.test"] = BAD
    assert world.submit()
    await world.machine.idle()
    assert not world.submit()
    await world.turn(30)
    await world.turn(30)
    assert world.submit()
    await world.machine.close()


async def test_one_timer_for_all(world: World) -> None:
    world.servers.answers["a.test"] = BAD
    for number in range(4):
        world.submit(target=f"t{number}")
        await world.machine.idle()
        world.clock.turn(1)
    assert (world.clock.waiting, world.machine.running) == (1, 0)


# --- hosts that rest


async def test_a_host_that_fails_rests(world: World) -> None:
    world.servers.answers["a.test"] = BAD
    for number in range(8):
        world.submit(f"e{number}", f"t{number}")
        await world.machine.idle()
    assert len(world.servers.asked) == 5
    assert world.ear.heard[-3:] == ["e5 skipped 1", "e6 skipped 1", "e7 skipped 1"]
    assert world.ear.attempts[-1].error == "a.test fails too often and rests for a while."
    world.submit("other", "t0", "https://b.test/")
    await world.machine.idle()
    assert world.ear.heard[-1] == "other good 1 final"


async def test_a_rested_host_is_asked_once_and_rests_again(world: World) -> None:
    world.servers.answers["a.test"] = BAD
    for number in range(5):
        world.submit(target=f"t{number}")
    await world.machine.idle()
    world.clock.turn(5)
    world.submit("probe", "p")
    world.submit("after", "q")
    await world.machine.idle()
    assert [line for line in world.ear.heard if line.startswith(("probe", "after"))] == [
        "probe sending 1",
        "after skipped 1",
        "probe bad 1",
    ]
    world.submit("soon", "r")
    await world.machine.idle()
    assert world.ear.heard[-1] == "soon skipped 1"


async def test_one_success_opens_the_door(world: World) -> None:
    world.servers.answers["a.test"] = BAD
    for number in range(5):
        world.submit(target=f"t{number}")
    await world.machine.idle()
    world.servers.answers["a.test"] = GOOD
    world.clock.turn(5)
    world.submit("first")
    await world.machine.idle()
    for number in range(3):
        world.submit(f"next{number}", f"u{number}")
    await world.machine.idle()
    assert world.ear.heard[-6:] == [
        f"next{number} {word}" for word in ("sending 1", "good 1 final") for number in range(3)
    ]


async def test_a_host_that_succeeds_more_often_does_not_rest(world: World) -> None:
    answers = [BAD, GOOD, GOOD] * 10
    world.servers.answers["a.test"] = lambda: answers.pop()
    for number in range(30):
        world.submit(target=f"t{number}")
        await world.machine.idle()
    assert world.machine.counts.skipped == 0


async def test_a_refusal_says_nothing_about_the_host(world: World) -> None:
    world.servers.answers["a.test"] = OutgoingRefused("No.")
    for number in range(9):
        world.submit(target=f"t{number}")
    await world.machine.idle()
    assert world.machine.counts.skipped == 0
    assert world.machine.counts.failed == 9


# --- targets that are disabled


async def test_a_target_that_always_fails_is_disabled() -> None:
    world = World(DeliveryRules(disable_after=3, retry_at=(), rest_after=100))
    world.servers.answers["a.test"] = BAD
    for number in range(4):
        world.submit(f"e{number}")
        await world.machine.idle()
    assert world.ear.heard[-3:] == ["e2 sending 1", "e2 bad 1 final", "t disabled"]
    assert world.ear.reasons == ["It was disabled because 3 events in a row could not be delivered."]
    assert world.machine.history("t").disabled == world.ear.reasons[0]
    assert world.submit(target="other")
    world.machine.resume("t")
    assert world.submit()
    await world.machine.close()


async def test_a_success_in_between_counts_from_the_start() -> None:
    world = World(DeliveryRules(disable_after=3, retry_at=(), rest_after=100))
    for answer in (BAD, BAD, GOOD, BAD, BAD):
        world.servers.answers["a.test"] = answer
        world.submit()
        await world.machine.idle()
    assert world.ear.reasons == []
    await world.machine.close()


async def test_what_waits_for_a_disabled_target_is_dropped() -> None:
    world = World(DeliveryRules(disable_after=1, retry_at=(30,), rest_after=100, at_once_of_target=1))
    world.servers.answers["a.test"] = BAD
    world.submit("e0")
    await world.machine.idle()
    world.clock.turn(10)
    world.submit("e1")
    await world.machine.idle()
    await world.turn(20)
    assert world.ear.reasons
    assert (world.machine.waiting, world.machine.counts.dropped) == (0, 2)
    await world.turn(100)
    assert len(world.servers.asked) == 3
    await world.machine.close()


async def test_zero_disables_never() -> None:
    world = World(DeliveryRules(disable_after=0, retry_at=(), rest_after=1_000))
    world.servers.answers["a.test"] = BAD
    for _ in range(100):
        world.submit()
        await world.machine.idle()
    assert world.ear.reasons == []
    await world.machine.close()


async def test_others_failures_disable_nobody() -> None:
    """Events that were only ever skipped say nothing about their target."""
    world = World(DeliveryRules(disable_after=1, retry_at=(), rest_seconds=1_000))
    world.servers.answers["a.test"] = BAD
    for number in range(5):
        world.submit(target=f"t{number}")
    await world.machine.idle()
    world.submit("innocent", "late")
    await world.machine.idle()
    assert world.ear.heard[-1] == "innocent skipped 1 final"
    assert world.machine.history("late").disabled == ""
    await world.machine.close()


# --- what is remembered


async def test_the_last_attempts_are_remembered(world: World) -> None:
    world.servers.answers["a.test"] = OutgoingResponse(status=404, body="é".encode() * 2_000)
    world.submit("lost")
    await world.machine.idle()
    world.servers.answers["a.test"] = GOOD
    for number in range(12):
        world.submit(f"e{number}")
        await world.machine.idle()
    history = world.machine.history("t")
    assert [entry.event for entry in history.entries] == [f"e{number}" for number in range(11, 1, -1)]
    assert (history.entries[0].status, history.entries[0].excerpt, history.entries[0].error) == (200, "fine", "")
    (error,) = history.errors
    assert (error.event, error.status, error.excerpt, error.time) == ("lost", 404, "é" * 512, START)
    assert (history.counts.succeeded, history.counts.failed, history.waiting) == (12, 1, 1)


async def test_days_are_counted_apart() -> None:
    world = World(DeliveryRules(days=3))
    for _ in range(5):
        world.submit()
        await world.machine.idle()
        world.clock.turn(86_400)
    days = world.machine.history("t").days
    assert [(day.day - START // 86_400_000_000, day.succeeded) for day in days] == [(2, 1), (3, 1), (4, 1)]
    await world.machine.close()


async def test_a_duration_is_measured(world: World) -> None:
    def slow() -> OutgoingResponse:
        world.clock.turn(1.5)
        return GOOD

    world.servers.answers["a.test"] = slow
    world.submit()
    await world.machine.idle()
    assert world.machine.history("t").entries[0].duration == 1.5


async def test_targets_that_are_remembered_are_bounded() -> None:
    world = World(DeliveryRules(targets=3))
    for number in range(5):
        world.submit(target=f"t{number}")
        await world.machine.idle()
    assert [len(world.machine.history(f"t{number}").entries) for number in range(5)] == [0, 0, 1, 1, 1]
    await world.machine.close()


async def test_one_attempt_at_once(world: World) -> None:
    """A test by hand is made although the host rests, and disturbs nothing."""
    world.servers.answers["a.test"] = BAD
    for number in range(6):
        world.submit(target=f"t{number}")
        await world.machine.idle()
    before = list(world.ear.heard)
    attempt = await world.machine.try_once(world.delivery("test-event"))
    assert (attempt.final, attempt.good, attempt.response) == (True, False, BAD)
    assert world.ear.heard == before
    assert world.machine.history("t").entries[0].event == "test-event"
    assert world.machine.history("t").counts.failed == 1


# --- ends


async def test_a_forgotten_target_is_never_heard_of_again(world: World) -> None:
    world.servers.answers["a.test"] = BAD
    world.submit("waits")
    await world.machine.idle()
    world.servers.held.add("a.test")
    world.submit("runs")
    await asyncio.sleep(0)
    world.machine.forget("t")
    world.machine.forget("never heard of")
    world.servers.let_go()
    await world.turn(100)
    assert world.ear.heard == ["waits sending 1", "waits bad 1", "runs sending 1"]
    assert (world.machine.waiting, world.machine.history("t").entries) == (0, ())


async def test_a_target_that_comes_back_begins_anew(world: World) -> None:
    world.servers.held.add("a.test")
    for number in range(6):
        world.submit(f"old{number}")
    await asyncio.sleep(0)
    world.machine.forget("t")
    for number in range(6):
        world.submit(f"new{number}")
    world.servers.let_go()
    await world.machine.idle()
    assert world.machine.history("t").counts.succeeded == 6
    assert not [line for line in world.ear.heard if line.startswith("old") and "good" in line]


async def test_the_end_breaks_off_and_drops() -> None:
    world = World()
    world.servers.answers["b.test"] = BAD
    world.submit("later", "u", "https://b.test/")
    await world.machine.idle()
    world.servers.held.add("a.test")
    for number in range(6):
        world.submit(f"e{number}")
    await asyncio.sleep(0)
    await world.machine.close()
    assert (world.machine.waiting, world.machine.running, world.clock.waiting, world.servers.at_once) == (0, 0, 0, 0)
    assert not world.submit()
    await world.machine.close()


async def test_a_listener_that_fails_ends_nothing(world: World) -> None:
    class Deaf(Ear):
        def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
            raise ZeroDivisionError

    request = OutgoingRequest(method="GET", url="https://a.test/")
    world.machine.submit(Delivery(target="t", event="e", request=request, listener=Deaf()))
    await world.machine.idle()
    assert world.machine.waiting == 0
    world.submit()
    await world.machine.idle()
    assert world.ear.heard == ["e sending 1", "e good 1 final"]


async def test_a_listener_may_forget_the_target(world: World) -> None:
    class Impatient(Ear):
        def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
            world.machine.forget(delivery.target)

    world.servers.answers["a.test"] = BAD
    request = OutgoingRequest(method="GET", url="https://a.test/")
    world.machine.submit(Delivery(target="t", event="e", request=request, listener=Impatient()))
    await world.machine.idle()
    assert (world.machine.waiting, world.clock.waiting) == (0, 0)


async def test_asking_before_a_request_is_made_counts_what_is_turned_away() -> None:
    world = World(DeliveryRules(waiting_of_target=1, at_once_of_target=1))
    assert not world.machine.turns_away("t")
    world.submit()
    assert world.machine.turns_away("t")
    await world.machine.idle()
    assert not world.machine.turns_away("t")
    assert (world.machine.history("t").counts.dropped, world.machine.counts.dropped) == (1, 1)
    await world.machine.close()
    assert world.machine.turns_away("t")


async def test_an_event_without_a_request_is_remembered(world: World) -> None:
    world.machine.unmade("t", "e", "There is no template.")
    history = world.machine.history("t")
    assert [(entry.event, entry.error, entry.number) for entry in history.errors] == [("e", "There is no template.", 1)]
    assert (history.counts.failed, history.counts.dropped, history.waiting) == (1, 1, 0)
    assert (world.machine.counts.failed, world.clock.waiting) == (1, 0)
