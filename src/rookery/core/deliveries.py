"""Deliveries: requests to other people's servers that something has set off, tried until they arrive or are given up.

A *target* is what asks for them: one webhook. It has a queue of its own, so that a slow one holds up nobody else, a few
requests at once, a log of its last ones, and counters. An event that fails is tried again at fixed moments after its
first attempt, then dropped and counted. Nothing is on disk: a restart forgets what waits.

Two rules are there for the sake of the other side. A *host* that fails more often than it succeeds rests: for some
seconds nothing is sent to it, and what would have been counts as an attempt that was skipped; then one request at a
time finds out whether it is back. And a target whose events fail one after another, without an end in sight, is
disabled and its owner told.

Nothing runs while nothing is to be done: no task, and one timer at most, however much waits for its next attempt.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from rookery.core.clock import Clock, Timer
from rookery.core.delivery_history import Attempt, Counts, History, Recorder
from rookery.core.delivery_journal import Journal
from rookery.core.outgoing import OutgoingError, OutgoingRefused, OutgoingRequest, OutgoingResponse, Sender
from rookery.core.resting import Hosts, host_of

log = structlog.get_logger("rookery.deliveries")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRules:
    """How often, how many, how long. Seconds, bytes and counts."""

    retry_at: tuple[float, ...] = (30, 60)
    """When a failed event is tried again, seconds after its first attempt began; then it is dropped."""
    disable_after: int = 50
    """A target is disabled when so many events in a row were given up, each after all its attempts: with an event a
    minute that is most of an hour, longer than the other server takes to restart. 0: never."""
    at_once: int = 32
    """Requests under way, of all targets."""
    at_once_of_target: int = 4
    """The same of one target: eight slow ones do not fill the house."""
    waiting: int = 10_000
    """Events that wait, of all targets."""
    waiting_bytes: int = 64 * 1024 * 1024
    """Their size."""
    waiting_of_target: int = 200
    """Events of one target that wait, first attempt or a further one; further events are dropped. At a timeout of 20 s
    the last of them has waited a quarter of an hour."""
    targets: int = 10_000
    """Targets that are remembered. The one that was idle for longest makes room; at most 20 KB each."""
    history: int = 10
    """Attempts, and failed attempts, that are kept of each target."""
    excerpt: int = 512
    """Characters of an answer that are kept with them."""
    days: int = 30
    """Days that are counted apart."""
    rest_after: int = 5
    """A host rests when it has failed so many times more often than it has succeeded."""
    rest_seconds: float = 5
    """For how long."""
    hosts: int = 10_000
    """Hosts with failures that are remembered; the oldest makes room."""


class Listener(Protocol):
    """Whoever wants to know how a delivery goes. Called on the event loop; it returns soon and raises nothing."""

    def sending(self, delivery: Delivery, number: int) -> None:
        """The request goes out, for the so many-th time."""

    def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        """This is how it went."""

    def disabled(self, target: str, reason: str) -> None:
        """The target takes no more events until `resume`. `reason` is a sentence for its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one target."""

    target: str
    event: str
    """What set it off, for the log."""
    request: OutgoingRequest
    listener: Listener


class _Job:
    """An event on its way."""

    __slots__ = ("attempts", "begun", "delivery", "gone", "host", "tried")

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.host = host_of(delivery.request.url)
        self.attempts = 0
        self.begun = 0.0  # of the first attempt, by the monotonic clock
        self.tried = False  # something was sent
        self.gone = False  # taken out of the queue


class _Target:
    """One webhook."""

    __slots__ = ("disabled", "given_up", "jobs", "lined_up", "ready", "record", "running")

    def __init__(self, rules: DeliveryRules) -> None:
        self.ready: deque[_Job] = deque()
        self.jobs: set[_Job] = set()  # ready, running or waiting for a further attempt
        self.running = 0
        self.lined_up = False
        self.given_up = 0  # events in a row
        self.disabled = ""
        self.record = Recorder(rules.history, rules.days, rules.excerpt)


class Deliveries:
    """The deliveries of one node.

    Args:
        send: makes the requests; bounded in time.
    """

    def __init__(self, send: Sender, clock: Clock, rules: DeliveryRules | None = None) -> None:
        self._send = send
        self._clock = clock
        self._rules = rules or DeliveryRules()
        self._hosts = Hosts(self._rules.rest_after, self._rules.rest_seconds, self._rules.hosts)
        self._targets: dict[str, _Target] = {}
        self._turns: deque[str] = deque()  # targets that have something to send and may
        self._tasks: set[asyncio.Task[None]] = set()
        self._later: list[tuple[float, int, _Job]] = []
        self._order = itertools.count()
        self._timer: Timer | None = None
        self._timer_due = 0.0
        self._bytes = 0
        self._closed = False
        self.waiting = 0
        """Events that are not at their end."""
        self.journal = Journal()
        """The last attempts, in full."""
        self.counts = Counts()
        """Of all targets, since the start."""

    @property
    def running(self) -> int:
        """Tasks at work: at most one for each request under way."""
        return len(self._tasks)

    def submit(self, delivery: Delivery) -> bool:
        """Take an event on. False when it is dropped: the target is disabled, too much waits, or the server stops."""
        target = self._target(delivery.target)
        if self._full(target) or self._bytes + delivery.request.size > self._rules.waiting_bytes:
            self._dropped(target)
            return False
        job = _Job(delivery)
        target.jobs.add(job)
        self.waiting += 1
        self._bytes += delivery.request.size
        self._make_ready(job)
        return True

    def turns_away(self, target: str) -> bool:
        """Whether an event for this target would be dropped now, however small it is; it counts as dropped then. To be
        asked before a request is made that takes time to make."""
        found = self._targets.get(target)
        if found is None or not self._full(found):
            return False
        self._dropped(found)
        return True

    def unmade(self, target: str, event: str, error: str) -> None:
        """Remember an event for which there is no request, and why: it is over with its first attempt."""
        attempt = Attempt(number=1, time=self._clock.now(), duration=0, error=error)
        found = self._target(target)
        found.record.attempted(event, attempt)
        self.journal.add(target, event, None, attempt)
        self.counts.attempted(attempt)
        self._dropped(found)

    async def try_once(self, delivery: Delivery) -> Attempt:
        """Make one attempt at once, whether or not the host rests or the target is disabled; it is logged and counted.
        The listener is not called."""
        attempt = await self._request(_Job(delivery), 1, final=True)
        self._remember(self._target(delivery.target), delivery, attempt)
        return attempt

    def history(self, target: str) -> History:
        """What is known of a target; empty for one that has not been heard of."""
        found = self._targets.get(target)
        if found is None:
            return History()
        return found.record.history(len(found.jobs), found.disabled)

    def resume(self, target: str) -> None:
        """Take events of a disabled target again."""
        found = self._targets.get(target)
        if found is not None:
            found.disabled = ""
            found.given_up = 0

    def forget(self, target: str) -> None:
        """Drop what waits for a target, and what is known of it. A request that is under way ends without a word."""
        self.journal.forget(target)
        found = self._targets.pop(target, None)
        if found is not None:
            self._clear(found)

    async def idle(self) -> None:
        """Wait until nothing is under way; what waits for a further attempt may still be there."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Stop. What is under way is broken off, what waits is dropped."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self.waiting:
            log.info("deliveries.dropped", count=self.waiting, reason="The server stops.")
        for target in self._targets.values():
            self._clear(target)

    def _full(self, target: _Target) -> bool:
        rules = self._rules
        return (
            self._closed
            or target.disabled != ""
            or len(target.jobs) >= rules.waiting_of_target
            or self.waiting >= rules.waiting
        )

    def _target(self, id: str) -> _Target:
        target = self._targets.pop(id, None) or _Target(self._rules)
        if len(self._targets) >= self._rules.targets:
            idle = next((each for each, found in self._targets.items() if not found.jobs), None)
            if idle is not None:
                del self._targets[idle]
        self._targets[id] = target  # the newest is the last
        return target

    def _make_ready(self, job: _Job) -> None:
        id = job.delivery.target
        target = self._targets[id]
        target.ready.append(job)
        self._line_up(id, target)
        self._start_workers()

    def _line_up(self, id: str, target: _Target) -> None:
        if target.ready and not target.lined_up and target.running < self._rules.at_once_of_target:
            target.lined_up = True
            self._turns.append(id)

    def _start_workers(self) -> None:
        # A worker takes more than one: as many are enough as there are targets whose turn it is.
        lacking = min(len(self._turns), self._rules.at_once - len(self._tasks))
        for _ in range(0 if self._closed else lacking):
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        while self._turns:
            id = self._turns.popleft()
            target = self._targets.get(id)
            if target is None:
                continue  # it was forgotten
            target.lined_up = False
            if not target.ready or target.running >= self._rules.at_once_of_target:
                continue
            job = target.ready.popleft()
            target.running += 1
            self._line_up(id, target)
            self._start_workers()
            try:
                await self._attempt(target, job)
            finally:
                target.running -= 1
                if self._targets.get(id) is target:
                    self._line_up(id, target)

    async def _attempt(self, target: _Target, job: _Job) -> None:
        job.attempts += 1
        number, last = job.attempts, job.attempts > len(self._rules.retry_at)
        if number == 1:
            job.begun = self._clock.monotonic()
        if self._hosts.admits(job.host, self._clock.monotonic()):
            job.tried = True
            self._tell(job.delivery.listener.sending, job.delivery, number)
            attempt = await self._request(job, number, final=last)
        else:
            attempt = Attempt(
                number=number,
                time=self._clock.now(),
                duration=0,
                error=f"{job.host} fails too often and rests for a while.",
                skipped=True,
                final=last,
            )
        if job not in target.jobs:
            return  # its target was forgotten or disabled meanwhile
        self._remember(target, job.delivery, attempt)
        self._tell(job.delivery.listener.attempted, job.delivery, attempt)
        if job not in target.jobs:
            return  # the same, by the listener
        if attempt.final:
            self._end(target, job, attempt)
        else:
            self._postpone(job, job.begun + self._rules.retry_at[number - 1])

    async def _request(self, job: _Job, number: int, *, final: bool) -> Attempt:
        now, begun = self._clock.now(), self._clock.monotonic()
        response: OutgoingResponse | None = None
        error = ""
        known = True  # whether it says something about the host
        try:
            response = await self._send(job.delivery.request)
            final = final or response.good
        except OutgoingRefused as refused:
            error, final, known = str(refused), True, False
        except OutgoingError as failed:
            error = str(failed)
        except Exception:
            log.exception("deliveries.failed", target=job.delivery.target)
            error, known = "Something went wrong on the server; its log says what.", False
        finally:
            # Also when it was broken off: the next request may find out what this one was to.
            self._hosts.released(job.host)
        if known:
            good = response is not None and response.good
            self._hosts.ended(job.host, good=good, now=self._clock.monotonic())
        duration = self._clock.monotonic() - begun
        return Attempt(number=number, time=now, duration=duration, response=response, error=error, final=final)

    def _remember(self, target: _Target, delivery: Delivery, attempt: Attempt) -> None:
        target.record.attempted(delivery.event, attempt)
        self.journal.add(delivery.target, delivery.event, delivery.request, attempt)
        self.counts.attempted(attempt)

    def _end(self, target: _Target, job: _Job, attempt: Attempt) -> None:
        self._take_out(target, job)
        if attempt.good:
            target.given_up = 0
            return
        self._dropped(target)
        # An event of which nothing was ever sent says nothing about its target: others have tired the host.
        target.given_up += job.tried
        if target.given_up >= self._rules.disable_after > 0:
            self._disable(target, job.delivery)

    def _disable(self, target: _Target, delivery: Delivery) -> None:
        target.disabled = f"It was disabled because {target.given_up} events in a row could not be delivered."
        self._clear(target)
        log.warning("deliveries.disabled", target=delivery.target, failures=target.given_up)
        self._tell(delivery.listener.disabled, delivery.target, target.disabled)

    def _clear(self, target: _Target) -> None:
        for job in list(target.jobs):
            self._take_out(target, job)
            self._dropped(target)
        target.ready.clear()

    def _take_out(self, target: _Target, job: _Job) -> None:
        job.gone = True
        target.jobs.discard(job)
        self.waiting -= 1
        self._bytes -= job.delivery.request.size

    def _dropped(self, target: _Target) -> None:
        target.record.dropped(self._clock.now())
        self.counts.dropped += 1

    def _postpone(self, job: _Job, due: float) -> None:
        heapq.heappush(self._later, (due, next(self._order), job))
        self._set_timer()

    def _set_timer(self) -> None:
        """One timer, for the earliest."""
        while self._later and self._later[0][2].gone:
            heapq.heappop(self._later)
        if self._timer is not None:
            if self._later and self._later[0][0] >= self._timer_due:
                return
            self._timer.cancel()
            self._timer = None
        if self._later and not self._closed:
            self._timer_due = self._later[0][0]
            delay = max(0.0, self._timer_due - self._clock.monotonic())
            self._timer = self._clock.call_later(delay, self._wake)

    def _wake(self) -> None:
        self._timer = None
        now = self._clock.monotonic()
        while self._later and self._later[0][0] <= now:
            job = heapq.heappop(self._later)[2]
            if not job.gone:
                self._make_ready(job)
        self._set_timer()

    def _tell(self, method: Callable[..., object], *args: object) -> None:
        try:
            method(*args)
        except Exception:
            log.exception("deliveries.listener")
