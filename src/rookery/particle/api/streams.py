"""Event streams: server-sent events with the exact framing that clients in the field need (reference 6).

An event is encoded once, however many streams show it, and written with one write each, because the iOS parser takes a
chunk for an event. Nothing is buffered for those who are away. A listener who does not read loses what does not fit
into his queue, counted, and nobody else loses anything.

A stream ends when its token does, and when the caller's part in the product ends.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
import structlog

from rookery.core.bus import ProductChanged, Subscription
from rookery.core.clock import Clock, Timer
from rookery.core.events import Event
from rookery.core.services import Services
from rookery.gateways.asgi import Receive, Scope, Send
from rookery.particle.api.times import iso_time
from rookery.particle.device.events import stream_text
from rookery.particle.ids import hex_id

log = structlog.get_logger("rookery.particle.streams")

HEARTBEAT = 9.0
"""Seconds of silence after which a lone newline goes out. particle-api-js gives a stream up after 15 s (6.2)."""
TICK = 1.0
QUEUE_BYTES = 1 << 20
"""Of one stream that does not read: about 4,000 events of usual size, two seconds of the busiest server."""
CATCH_UP = 64
"""Waiting events above which they are written together: a reader that is this far behind is no small parser."""
CATCH_UP_BYTES = 64 * 1024
"""Of those that are written together. In the queue an event is the same bytes for all streams that wait for it; what is
joined is a copy for one, and 2,000 readers that have stopped would hold two gigabytes of a MiB each."""
STREAMS = 2_000
"""Open at once, about 10 KB each. One account may have half of them, so that no one keeps all others out."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
]
OPENING = b":ok\n\n"

_encode = msgspec.json.encode
_ONE_LINE = str.maketrans({"\r": " ", "\n": " "})


class Shows(NamedTuple):
    """Which events a stream may show: those of an owner, a product, or an organisation; of one device or all."""

    kind: str
    """`owner`, `product` or `organisation`."""
    id: str
    device_id: str | None = None


class Streams:
    """All open streams of a node."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services = services
        self._clock = clock
        self._open: defaultdict[tuple[str, str], set[EventStream]] = defaultdict(set)
        self._count = 0
        self._accounts: dict[str, int] = {}
        self._timer: Timer | None = None
        self.shown = 0
        """Events written to streams since the start."""
        self.dropped = 0
        """Events that streams lost because they were not read."""
        services.bus.listen("events", self._event)
        services.bus.listen("products", self._product_changed)

    def __len__(self) -> int:
        return self._count

    def full(self, account: str) -> bool:
        """Whether there is no room for another one of this account."""
        return self._count >= STREAMS or self._accounts.get(account, 0) >= max(STREAMS // 2, 1)

    def add(self, stream: EventStream) -> None:
        """It shows events from now on."""
        self._open[stream.shows.kind, stream.shows.id].add(stream)
        if stream.shows.kind == "owner":
            self._services.events.interest(stream.shows.id, 1)
        self._count += 1
        self._accounts[stream.account] = self._accounts.get(stream.account, 0) + 1
        if self._timer is None:
            self._timer = self._clock.call_later(TICK, self._tick)

    def remove(self, stream: EventStream) -> None:
        """It is over."""
        key = (stream.shows.kind, stream.shows.id)
        self._open[key].discard(stream)
        if not self._open[key]:
            del self._open[key]
        if stream.shows.kind == "owner":
            self._services.events.interest(stream.shows.id, -1)
        self._count -= 1
        left = self._accounts.pop(stream.account) - 1
        if left:
            self._accounts[stream.account] = left
        if not self._count and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """End all of them: the server stops."""
        for streams in list(self._open.values()):
            for stream in list(streams):
                stream.end()

    def _event(self, event: Event) -> None:
        frame: bytes | None = None
        for kind, id in (
            ("owner", event.owner_id),
            ("product", event.product_id),
            ("organisation", event.organisation_id),
        ):
            listening = self._open.get((kind, id)) if id else None
            if not listening:
                continue
            for stream in listening:
                if stream.wants(event):
                    if frame is None:
                        frame = frame_of(event)
                    if stream.put(frame):
                        self.shown += 1
                    else:
                        self.dropped += 1

    def _tick(self) -> None:
        now = self._clock.monotonic()
        time = self._clock.now()
        for streams in list(self._open.values()):
            for stream in list(streams):
                stream.tick(now, time)
        self._timer = self._clock.call_later(TICK, self._tick) if self._count else None

    def _product_changed(self, message: ProductChanged) -> None:
        for kind, id in (("product", message.product.id), ("organisation", message.product.space_id)):
            for stream in list(self._open.get((kind, id), ())):
                stream.check()


class EventStream:
    """One stream: the answer to a request that goes on until somebody ends it."""

    __slots__ = (
        "_bytes",
        "_checking",
        "_closed",
        "_ended",
        "_expires_at",
        "_hub",
        "_may",
        "_prefix",
        "_queue",
        "_spoke",
        "_token",
        "_wake",
        "account",
        "dropped",
        "shows",
    )

    def __init__(
        self,
        hub: Streams,
        shows: Shows,
        prefix: str,
        token_id: str,
        expires_at: int | None,
        may: Callable[[], Awaitable[bool]],
        closed: Callable[[], None],
        account: str = "",
    ) -> None:
        """`may` is asked again when something about the product changes; `closed` is called once, when it was sent;
        `account` is whose stream it is."""
        self.shows = shows
        self.account = account
        self.dropped = 0
        self._hub = hub
        self._prefix = prefix
        self._token = token_id
        self._expires_at = expires_at
        self._may = may
        self._closed = closed
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._spoke = 0.0
        self._ended = False
        self._wake: asyncio.Future[None] | None = None
        self._checking: asyncio.Task[None] | None = None

    def wants(self, event: Event) -> bool:
        """Whether the filters let it through. Plain "starts with"; no wildcards (6.4)."""
        device = self.shows.device_id
        return event.name.startswith(self._prefix) and (device is None or event.device_id == device)

    def put(self, frame: bytes) -> bool:
        """Write this soon; False when there is no room for it."""
        if self._bytes + len(frame) > QUEUE_BYTES:
            if not self.dropped:
                log.info("streams.slow_reader", stream=self.shows.kind)
            self.dropped += 1
            return False
        self._queue.append(frame)
        self._bytes += len(frame)
        self._notice()
        return True

    def tick(self, now: float, time: int) -> None:
        """Look whether there is something to say, or an end to make."""
        if self._expires_at is not None and self._expires_at <= time:
            self.end()
        elif now - self._spoke >= HEARTBEAT and not self._queue:
            self._spoke = now
            self.put(b"\n")

    def check(self) -> None:
        """Ask again whether the caller may listen."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.get_running_loop().create_task(self._check())

    async def _check(self) -> None:
        if not await self._may():
            self.end()

    def end(self) -> None:
        """Write what waits, and no more."""
        self._ended = True
        self._notice()

    def _notice(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        bus = self._hub._services.bus
        withdrawn: Subscription = bus.listen("token." + self._token, lambda _message: self.end())
        gone = asyncio.get_running_loop().create_task(self._gone(receive))
        self._hub.add(self)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            await self._write(send, OPENING)
            while True:
                while self._queue:
                    frame = self._take()
                    await self._write(send, frame)
                if self._ended:
                    break
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._hub.remove(self)
            withdrawn.cancel()
            gone.cancel()
            if self._checking is not None:
                self._checking.cancel()
            self._closed()

    def _take(self) -> bytes:
        queue = self._queue
        frame = queue.popleft()
        if len(queue) >= CATCH_UP:
            frames = [frame]
            size = len(frame)
            while queue and size + len(queue[0]) <= CATCH_UP_BYTES:
                frames.append(queue.popleft())
                size += len(frames[-1])
            frame = b"".join(frames)
        self._bytes -= len(frame)
        return frame

    async def _write(self, send: Send, frame: bytes) -> None:
        self._spoke = self._hub._clock.monotonic()
        await send({"type": "http.response.body", "body": frame, "more_body": True})

    async def _gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._queue.clear()
        self._bytes = 0
        self.end()


def frame_of(event: Event) -> bytes:
    """The event as it goes over the wire: name, then one line of JSON, then an empty line (6.2, 6.3)."""
    told: dict[str, Any] = {
        "data": None if event.data is None else stream_text(event.data, event.format),
        "ttl": event.ttl,
        "published_at": iso_time(event.time),
        "coreid": event.source,
    }
    if event.product_id is not None:
        told["userid"] = hex_id(event.owner_id)
        if event.version is not None:
            told["version"] = event.version
        told["public"] = False
        if event.product_number is not None:
            told["productID"] = event.product_number
    name = event.name.translate(_ONE_LINE).encode()
    return b"event: " + name + b"\ndata: " + _encode(told) + b"\n\n"
