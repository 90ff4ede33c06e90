"""All tabs of a node on the live connection, and all that they watch.

What the bus says goes to topics; a topic that has something to say is marked, and all marked topics are flushed
together, at once after a pause and every `FLUSH_SECONDS` while there is much. No task per message, no timer per tab.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final

import structlog

from rookery.console.live_reader import Reader
from rookery.console.live_socket import LINK_OVER, OVER, STOPPING, TOPICS, LiveSocket
from rookery.console.live_sources import SourceTopic, source_named
from rookery.console.live_topics import DevicesTopic, DeviceTopic, EventsTopic, ThingTopic, Topic, event_body, text
from rookery.core.bus import DashboardChanged, Subscription
from rookery.core.clock import Clock, Timer
from rookery.core.errors import CoreError, Forbidden, Invalid, LimitReached, NotFound
from rookery.core.events import Event
from rookery.core.ids import is_uuid
from rookery.core.records import Device, Space, SpaceKind
from rookery.core.services import Services

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

log = structlog.get_logger("rookery.console.live")

FLUSH_SECONDS: Final = 0.03
"""Values are on disk within 20 ms and have to be on the screen within 100: this leaves half for the browser."""
TEND_SECONDS: Final = 10.0
"""Between two pings, and between two looks whether tabs may still see what they see."""
NAME_LIMIT: Final = 512
"""Characters of a topic: an event's name has 64."""

Maker = Callable[[str, str, Reader], Awaitable[Topic]]
"""Makes the topic of this name, with this rest behind the slash, for this reader. Raises CoreError."""


class Counters:
    """Since the start. `sockets` is a gauge."""

    __slots__ = ("dropped", "messages", "refused", "sockets")

    def __init__(self) -> None:
        self.sockets = 0
        self.messages = 0
        """Messages for tabs."""
        self.dropped = 0
        """Those that a tab lost because it did not read."""
        self.refused = 0
        """Connections that were not let in."""


class Hub:
    """Knows who watches what."""

    def __init__(self, services: Services, clock: Clock) -> None:
        """`clock` is the machine's: whether a tab is still there is a matter of real time."""
        self.services = services
        self.clock = clock
        self.counters = Counters()
        self.makers: dict[str, Maker] = {
            "thing": self._thing,
            "device": self._device,
            "devices": self._devices,
            "events": self._events,
            "device-events": self._device_events,
            "product-events": self._product_events,
            "dashboard-source": self._dashboard_source,
        }
        """By the first part of a topic's name. Other parts of the console add theirs."""
        self.sockets: set[LiveSocket] = set()
        self.accounts: dict[str, int] = {}
        self._topics: dict[tuple[object, ...], Topic] = {}
        self._marked: dict[Topic, None] = {}
        self._doubted: set[Topic] = set()
        self._settling: asyncio.Task[None] | None = None
        self._listening: defaultdict[tuple[str, str], set[EventsTopic]] = defaultdict(set)
        self._hearing: Subscription | None = None
        self._events_seen = 0
        self._flusher: Timer | None = None
        self._flushed = float("-inf")
        self._tender: Timer | None = None
        self._sharing: Subscription | None = None
        self._renewing: set[LiveSocket] = set()
        self._tending: asyncio.Task[None] | None = None

    # Tabs

    def come(self, socket: LiveSocket) -> None:
        """A tab is there."""
        self.sockets.add(socket)
        self.counters.sockets += 1
        account = socket.reader.account
        self.accounts[account] = self.accounts.get(account, 0) + 1
        if self._tender is None:
            self._tender = self.clock.call_later(TEND_SECONDS, self._tend)
            self._sharing = self.services.bus.listen("dashboards", self._on_dashboard)

    def go(self, socket: LiveSocket) -> None:
        """It has gone."""
        for name in list(socket.topics):
            self.unsubscribe(socket, name)
        self.sockets.discard(socket)
        self.counters.sockets -= 1
        left = self.accounts.pop(socket.reader.account) - 1
        if left:
            self.accounts[socket.reader.account] = left
        if not self.sockets and self._tender is not None:
            self._tender.cancel()
            self._tender = None
            if self._sharing is not None:
                self._sharing.cancel()

    async def subscribe(self, socket: LiveSocket, name: str) -> None:
        """A tab wants to watch this. It gets a snapshot, or hears why not."""
        try:
            if name not in socket.topics and len(socket.topics) >= TOPICS:
                raise LimitReached(f"One connection watches at most {TOPICS} things.")
            topic = await self._topic(socket.reader, name)
            messages = await topic.snapshot()
        except CoreError as error:
            self.unsubscribe(socket, name)
            self.put(socket, [_refusal(name, error)])
            return
        if socket.ending:
            return
        # Another tab may have made the same one meanwhile.
        topic = self._topics.setdefault(topic.key, topic)
        former = socket.topics.get(name)
        if former is not None and former is not topic:
            self.unsubscribe(socket, name)
        if not topic.sockets:
            topic.open()
        elif topic in self._marked:
            # What the others still have to hear is in this tab's snapshot.
            del self._marked[topic]
            self._send(topic)
        topic.sockets.add(socket)
        socket.topics[name] = topic
        self.put(socket, messages)

    def unsubscribe(self, socket: LiveSocket, name: str) -> None:
        """A tab does not want to watch this any more. Harmless when it does not."""
        topic = socket.topics.pop(name, None)
        if topic is None:
            return
        topic.sockets.discard(socket)
        if not topic.sockets:
            topic.close()
            self._topics.pop(topic.key, None)
            self._marked.pop(topic, None)
            self._doubted.discard(topic)

    def put(self, socket: LiveSocket, messages: list[str]) -> None:
        """Write these to a tab, and count."""
        self.counters.messages += len(messages)
        self.counters.dropped += socket.put(messages)

    async def close(self) -> None:
        """The server stops."""
        for timer in (self._flusher, self._tender):
            if timer is not None:
                timer.cancel()
        for task in (self._settling, self._tending):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        for socket in self.sockets:
            socket.end(STOPPING)

    # What happens

    def mark(self, topic: Topic) -> None:
        """It has something to say."""
        self._marked[topic] = None
        if self._flusher is None:
            wait = self._flushed + FLUSH_SECONDS - self.clock.monotonic()
            self._flusher = self.clock.call_later(max(wait, 0.0), self._flush)

    def _flush(self) -> None:
        self._flusher = None
        self._flushed = self.clock.monotonic()
        marked, self._marked = self._marked, {}
        for topic in marked:
            self._send(topic)

    def _send(self, topic: Topic) -> None:
        messages = topic.collect()
        if messages:
            for socket in topic.sockets:
                self.put(socket, messages)

    def doubt(self, topic: Topic) -> None:
        """What it shows may have changed hands: ask again whether those who watch may."""
        self._doubted.add(topic)
        if self._settling is None or self._settling.done():
            self._settling = asyncio.get_running_loop().create_task(self._settle())

    async def _settle(self) -> None:
        while self._doubted:
            topic = self._doubted.pop()
            for socket in tuple(topic.sockets):
                await self._check(socket, topic)

    async def _check(self, socket: LiveSocket, topic: Topic) -> None:
        try:
            await topic.check(socket.reader)
        except CoreError:
            if socket.topics.get(topic.name) is topic:
                # It may see less of it now, or more.
                await self.subscribe(socket, topic.name)
        except Exception:
            log.exception("live.check_failed", topic=topic.name)
            self.unsubscribe(socket, topic.name)

    def _tend(self) -> None:
        self._tender = self.clock.call_later(TEND_SECONDS, self._tend)
        for socket in self.sockets:
            self.put(socket, ['{"k":"ping"}'])
        self._renew(self.sockets)

    def _on_dashboard(self, message: DashboardChanged) -> None:
        id, access = message.dashboard.id, message.access
        self._renew(socket for socket in self.sockets if socket.reader.shown(id, access=access))

    def _renew(self, sockets: Iterable[LiveSocket]) -> None:
        """Look again whether these tabs may see what they see."""
        self._renewing.update(sockets)
        if self._renewing and (self._tending is None or self._tending.done()):
            self._tending = asyncio.get_running_loop().create_task(self._look_again())

    async def _look_again(self) -> None:
        while self._renewing:
            socket = self._renewing.pop()
            if socket not in self.sockets:
                continue
            try:
                if not await socket.reader.renew():
                    socket.end(self.over(socket.reader))
                    continue
                for topic in tuple(socket.topics.values()):
                    await self._check(socket, topic)
            except Exception:
                log.exception("live.tend_failed")

    def over(self, reader: Reader) -> int:
        """The close code of a tab that may see nothing any more."""
        try:
            reader.person()
        except NotFound:
            return LINK_OVER
        return OVER

    # Events

    def listen_to(self, topic: EventsTopic) -> None:
        """It wants events from its sources."""
        for source in topic.sources:
            self._listening[source].add(topic)
        if self._listening and self._hearing is None:
            self._hearing = self.services.bus.listen("events", self._event)

    def listen_no_more(self, topic: EventsTopic) -> None:
        """It does not any more."""
        for source in topic.sources:
            self._listening[source].discard(topic)
            if not self._listening[source]:
                del self._listening[source]
        if not self._listening and self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None

    def _event(self, event: Event) -> None:
        told: set[EventsTopic] = set()
        body = ""
        for source in (
            ("space", event.owner_id),
            ("organisation", event.organisation_id or ""),
            ("product", event.product_id or ""),
            ("device", event.device_id or ""),
        ):
            for topic in self._listening.get(source, ()):
                if topic in told or not topic.wants(event):
                    continue
                told.add(topic)
                if not body:
                    self._events_seen += 1
                    body = event_body(event, f"{event.time}-{self._events_seen}")
                topic.add(event, body)

    # Topics

    async def _topic(self, reader: Reader, name: str) -> Topic:
        """
        Raises:
            CoreError: there is no such topic for this reader.
        """
        kind, _, rest = name.partition("/")
        maker = self.makers.get(kind)
        if maker is None or len(name) > NAME_LIMIT:
            raise Invalid(f"There is nothing to watch that is called {name[:80]!r}.")
        return await maker(name, rest, reader)

    async def _thing(self, name: str, rest: str, reader: Reader) -> Topic:
        live = await self.services.live.get(rest) if is_uuid(rest) else None
        if live is None:
            raise NotFound("There is no such thing.")
        return ThingTopic(self, name, live.record, reader.variables(live))

    async def board(self, id: str, reader: Reader) -> Device:
        """The board with this UUID or hex id, if this reader sees it.

        Raises:
            NotFound: it does not.
        """
        if is_uuid(id):
            return await reader.board(await self.services.catalog.get(Device, id))
        return await reader.board(await self.services.enrolment.get(id))

    async def _device(self, name: str, rest: str, reader: Reader) -> Topic:
        return DeviceTopic(self, name, await self.board(rest, reader))

    async def _devices(self, name: str, rest: str, reader: Reader) -> Topic:
        space_id = reader.space()
        if rest:
            raise Invalid("The topic of all boards has no further part.")
        rows = await self.services.catalog.pick(Device, ("id",), space_id=space_id, deleted_at=None)
        return DevicesTopic(self, name, space_id, {row[0] for row in rows})

    async def _events(self, name: str, rest: str, reader: Reader) -> Topic:
        space_id = reader.space()
        space = await self.services.catalog.get(Space, space_id)
        sources: tuple[tuple[str, str], ...] = (("space", space_id),)
        if space is not None and space.kind is SpaceKind.ORGANISATION:
            sources += (("organisation", space_id),)
        return EventsTopic(self, name, sources, space_id, rest)

    async def _device_events(self, name: str, rest: str, reader: Reader) -> Topic:
        device = await self.board(rest, reader)
        return EventsTopic(self, name, (("device", device.id),), device.space_id, device=device)

    async def _product_events(self, name: str, rest: str, reader: Reader) -> Topic:
        id, _, prefix = rest.partition("/")
        product = await reader.product(await self.services.products.get(id) if id else None)
        return EventsTopic(self, name, (("product", product.id),), "", prefix)

    async def _dashboard_source(self, name: str, rest: str, reader: Reader) -> Topic:
        id, source = source_named(rest)
        dashboard = await reader.dashboard(id)
        device = await self.services.dashboard_sources.board(dashboard, source)
        return SourceTopic(self, name, dashboard, source, device)

    # For metrics

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """What `/metrics` says of the live connections."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        counters = self.counters
        yield GaugeMetricFamily("rookery_console_sockets", "Open live connections.", value=counters.sockets)
        yield GaugeMetricFamily("rookery_console_topics", "What is watched over them.", value=len(self._topics))
        yield CounterMetricFamily("rookery_console_messages", "Messages to browsers.", value=counters.messages)
        yield CounterMetricFamily(
            "rookery_console_dropped", "Messages that a browser lost because it did not read.", value=counters.dropped
        )
        yield CounterMetricFamily("rookery_console_refused", "Live connections refused.", value=counters.refused)


def _refusal(name: str, error: CoreError) -> str:
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 503)
    return text({"t": name[:NAME_LIMIT], "k": "error", "status": status, "message": str(error)})


_STATUS: dict[type[CoreError], int] = {NotFound: 404, Forbidden: 403, Invalid: 400, LimitReached: 429}
