"""`/metrics` for monitors and `/health` for load balancers: both read the plain counters of the parts.

Nothing is counted twice: a collector asks the parts when a monitor asks it.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from rookery import __version__
from rookery.core.deliveries import Deliveries
from rookery.core.errors import CoreError
from rookery.core.points import StoreRefused
from rookery.core.records import Person
from rookery.core.services import Services
from rookery.gateways.asgi import Receive, Scope, Send, answer
from rookery.gateways.broker import SpaceBrokers
from rookery.gateways.mqtt import MqttGateway
from rookery.keys import KeyStore
from rookery.storage.messages import MessageFile
from rookery.storage.telemetry import TelemetryStore

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    from rookery.gateways.http import HttpGateway

log = structlog.get_logger("rookery.health")

DISK_LOW = 64 << 20
"""Bytes free on the data folder's disk below which a node calls itself failing: minutes before values are refused."""
LATELY_SECONDS = 30.0
"""How long a refusal is remembered: monitors ask every 10 to 30 seconds."""
CHECK_SECONDS = 2.0
"""For one check: a store that needs longer to read one row is not well."""


class _Growth:
    """Whether a counter of failures has grown lately, however often and by how many monitors it is looked at."""

    def __init__(self) -> None:
        self._seen = 0
        self._grew = float("-inf")

    def lately(self, count: int) -> bool:
        now = time.monotonic()
        if count > self._seen:
            self._seen, self._grew = count, now
        return now - self._grew < LATELY_SECONDS


class Monitor:
    """What one node says of itself. `deliveries` are those of webhooks, by dialect; `more` gives families of metrics
    of parts that may be off."""

    def __init__(
        self,
        services: Services,
        telemetry: TelemetryStore,
        messages: MessageFile,
        mqtt: MqttGateway,
        brokers: SpaceBrokers,
        http: HttpGateway,
        keys: KeyStore,
        folder: Path,
        deliveries: Mapping[str, Deliveries] | None = None,
        more: Callable[[], Iterable[GaugeMetricFamily | CounterMetricFamily]] = tuple,
    ) -> None:
        self._services = services
        self._telemetry = telemetry
        self._messages = messages
        self._mqtt = mqtt
        self._brokers = brokers
        self._http = http
        self._keys = keys
        self._folder = folder
        self._deliveries = deliveries or {}
        self._more = more
        self._started = time.time()
        self._refusals = _Growth()
        self._failures = _Growth()

    async def health(self, scope: Scope, receive: Receive, send: Send) -> None:
        """200 when the node does its work, 503 when it does not; the body says what was looked at: `ok`, or why not."""
        checks = {
            "catalog": await self._asked(lambda: self._services.catalog.count(Person)),
            "telemetry": await self._telemetry_check(),
            "messages": self._messages_check(),
            "disk": await self._disk_check(),
            "certificate": self._certificate_check(),
        }
        well = all(state == "ok" for state in checks.values())
        if not well:
            log.warning("health.failing", **{name: state for name, state in checks.items() if state != "ok"})
        told = {"status": "ok" if well else "failing", "version": __version__, "checks": checks}
        await _say(send, 200 if well else 503, "application/json", msgspec.json.encode(told))

    async def _telemetry_check(self) -> str:
        if self._telemetry.damaged:
            return "the file is damaged: `rookery data repair`"
        if self._refusals.lately(self._telemetry.counters.refused):
            return "values are refused"
        return await self._asked(lambda: self._telemetry.count(0, 0, 1))

    def _messages_check(self) -> str:
        return "commits fail" if self._failures.lately(self._messages.failures) else "ok"

    async def _disk_check(self) -> str:
        free = (await asyncio.to_thread(shutil.disk_usage, self._folder)).free
        return "ok" if free >= DISK_LOW else f"{free >> 20} MiB are free"

    def _certificate_check(self) -> str:
        return "ok" if self._certificate_end() > time.time() else "it has expired"

    async def _asked(self, question: Callable[[], Awaitable[Any]]) -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await question()
        except TimeoutError:
            return f"no answer in {CHECK_SECONDS:g} s"
        except (CoreError, StoreRefused) as error:
            return str(error)
        except Exception as error:
            # Whoever asks may be anybody: no paths and no statements.
            return type(error).__name__
        return "ok"

    async def metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The Prometheus text format."""
        from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest

        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        registry.register(self)
        await _say(send, 200, "text/plain; version=0.0.4; charset=utf-8", generate_latest(registry))

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """The collector that prometheus-client asks."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for name, text, value in self._gauges():
            yield GaugeMetricFamily(f"rookery_{name}", text, value=value)
        for name, text, value in self._counters():
            yield CounterMetricFamily(f"rookery_{name}", text, value=value)
        counters = self._mqtt.counters
        for name, text, by_reason in (
            ("mqtt_dropped", "Outgoing MQTT messages that were dropped, by reason.", counters.dropped),
            ("mqtt_closed", "MQTT connections that ended, by reason.", counters.closed),
        ):
            family = CounterMetricFamily(f"rookery_{name}", text, labels=["reason"])
            for reason, count in by_reason.items():
                family.add_metric([str(reason)], count)
            yield family
        online = GaugeMetricFamily("rookery_boards", "Connected boards by what they speak.", labels=["dialect"])
        for dialect, count in Counter(session.device.dialect for session in self._services.boards).items():
            online.add_metric([dialect], count)
        yield online
        yield from self._more()
        yield from self._webhooks()

    def _webhooks(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        waiting = GaugeMetricFamily("rookery_webhook_waiting", "Events on their way to a webhook.", labels=["dialect"])
        attempts = CounterMetricFamily(
            "rookery_webhook_attempts",
            "Attempts to deliver an event to a webhook; skipped are those whose host rests.",
            labels=["dialect", "outcome"],
        )
        dropped = CounterMetricFamily("rookery_webhook_dropped", "Events that a webhook never got.", labels=["dialect"])
        for dialect, deliveries in self._deliveries.items():
            counts = deliveries.counts
            waiting.add_metric([dialect], deliveries.waiting)
            dropped.add_metric([dialect], counts.dropped)
            for outcome in ("succeeded", "failed", "skipped"):
                attempts.add_metric([dialect, outcome], getattr(counts, outcome))
        return waiting, attempts, dropped

    def _gauges(self) -> tuple[tuple[str, str, float], ...]:
        mqtt, brokers = self._mqtt.counters, self._brokers.counters
        return (
            ("start_time_seconds", "When this node started, by its machine's clock.", self._started),
            ("boards_online", "Boards that are connected to this node.", len(self._services.boards)),
            ("http_connections", "Open HTTP connections, WebSockets included.", self._http.open),
            ("mqtt_connections", "Open MQTT connections.", mqtt.open),
            ("mqtt_handshaking", "MQTT connections that are not accepted yet.", mqtt.handshaking),
            ("mqtt_sessions_kept", "Persistent MQTT sessions without a connection.", mqtt.kept),
            ("broker_connections", "Connections to private topic trees.", brokers.connections),
            ("broker_retained", "Retained messages of private topic trees.", brokers.retained),
            ("broker_retained_bytes", "About what they occupy.", brokers.retained_bytes),
            ("certificate_end_seconds", "When the server certificate expires.", self._certificate_end()),
        )

    def _counters(self) -> tuple[tuple[str, str, float], ...]:
        mqtt, store, brokers = self._mqtt.counters, self._telemetry.counters, self._brokers.counters
        return (
            ("http_requests", "HTTP requests that were answered.", self._http.requests),
            ("http_turned_away", "HTTP connections closed because there were too many.", self._http.turned_away),
            ("mqtt_accepted", "MQTT log-ins that were accepted.", mqtt.accepted),
            ("mqtt_messages_in", "MQTT messages from clients.", mqtt.messages_in),
            ("mqtt_messages_out", "MQTT messages to clients.", mqtt.messages_out),
            ("mqtt_bytes_in", "Bytes from MQTT clients.", mqtt.bytes_in),
            ("mqtt_bytes_out", "Bytes to MQTT clients.", mqtt.bytes_out),
            ("mqtt_throttled", "How often a client was not read for a while because it was too fast.", mqtt.throttled),
            ("mqtt_sessions_dropped", "Kept sessions that were given up for age or number.", mqtt.sessions_dropped),
            ("events_published", "Events taken in.", self._services.events.published),
            ("events_delivered", "Events given to boards that have subscribed.", self._services.events.delivered),
            ("points_in", "Values taken in.", self._services.ingest.points),
            ("points_stored", "Values committed.", store.points),
            ("points_refused", "Values that the store refused.", store.refused),
            ("points_merged", "Values merged into blocks.", store.merged),
            ("commits", "Group commits of the telemetry store.", store.commits),
            ("blocks_damaged", "Stored blocks whose checksum was wrong.", store.damaged),
            ("message_commits", "Commits of retained and waiting messages.", self._messages.commits),
            ("message_commits_failed", "Those that failed.", self._messages.failures),
            ("broker_published", "Messages into private topic trees.", brokers.published),
            ("broker_delivered", "Messages out of private topic trees.", brokers.delivered),
            ("broker_refused", "Messages into private topic trees that were refused.", brokers.refused),
        )

    def _certificate_end(self) -> float:
        return self._keys.certificate.not_valid_after_utc.timestamp()


async def _say(send: Send, status: int, kind: str, body: bytes) -> None:
    await answer(send, status, body, kind, ((b"cache-control", b"no-store"),))
