"""`/metrics` for monitors and `/health` for load balancers: both read the plain counters of the parts.

Nothing is counted twice: a collector asks the parts when a monitor asks it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rookery import __version__
from rookery.core.services import Services
from rookery.gateways.broker import SpaceBrokers
from rookery.gateways.mqtt import MqttGateway
from rookery.storage.telemetry import TelemetryStore

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DISK_LOW = 256 << 20
"""Bytes free under which the health check warns: a day of 500 values a second."""


class Monitor:
    """What one node says of itself."""

    def __init__(
        self, services: Services, mqtt: MqttGateway, brokers: SpaceBrokers, telemetry: TelemetryStore, folder: Path
    ) -> None:
        self._services = services
        self._mqtt = mqtt
        self._brokers = brokers
        self._telemetry = telemetry
        self._folder = folder
        self._started = time.time()

    async def health(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """200 when values are taken in, 503 when they are refused; the body says what was looked at."""
        free = shutil.disk_usage(self._folder).free
        checks = {"disk": "ok" if free >= DISK_LOW else "low", "disk_free_bytes": free}
        try:
            await self._services.people.everybody()
            checks["catalog"] = "ok"
        except Exception as error:
            checks["catalog"] = type(error).__name__
        trouble = self._telemetry.trouble
        checks["telemetry"] = trouble or "ok"
        good = checks["catalog"] == "ok" and trouble is None
        body = msgspec.json.encode({"status": "ok" if good else "failing", "version": __version__, "checks": checks})
        await _answer(send, 200 if good else 503, b"application/json", body)

    async def metrics(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """The Prometheus text format."""
        from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest

        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        registry.register(self)
        await _answer(send, 200, b"text/plain; version=0.0.4; charset=utf-8", generate_latest(registry))

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """The collector that prometheus-client asks."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        mqtt, store, brokers = self._mqtt.counters, self._telemetry.counters, self._brokers.counters
        gauges = (
            ("boards_online", "Boards that are connected to this node.", len(self._services.boards)),
            ("mqtt_connections", "Open MQTT connections.", mqtt.open),
            ("mqtt_handshaking", "MQTT connections that are not accepted yet.", mqtt.handshaking),
            ("mqtt_sessions_kept", "Persistent MQTT sessions without a connection.", mqtt.kept),
            ("broker_connections", "Connections to private topic trees.", brokers.connections),
            ("broker_retained", "Retained messages of private topic trees.", brokers.retained),
            ("start_time_seconds", "When this node started.", self._started),
        )
        for name, text, value in gauges:
            yield GaugeMetricFamily(f"rookery_{name}", text, value=value)
        counters = (
            ("mqtt_accepted", "MQTT log-ins that were accepted.", mqtt.accepted),
            ("mqtt_messages_in", "MQTT messages from clients.", mqtt.messages_in),
            ("mqtt_messages_out", "MQTT messages to clients.", mqtt.messages_out),
            ("mqtt_bytes_in", "Bytes from MQTT clients.", mqtt.bytes_in),
            ("mqtt_bytes_out", "Bytes to MQTT clients.", mqtt.bytes_out),
            ("points_in", "Values taken in.", self._services.ingest.points),
            ("points_stored", "Values committed.", store.points),
            ("points_refused", "Values that the store refused.", store.refused),
            ("commits", "Group commits of the telemetry store.", store.commits),
            ("points_merged", "Values merged into blocks.", store.merged),
            ("blocks_damaged", "Blocks whose checksum was wrong.", store.damaged),
            ("broker_published", "Messages into private topic trees.", brokers.published),
            ("broker_delivered", "Messages out of private topic trees.", brokers.delivered),
        )
        for name, text, value in counters:
            yield CounterMetricFamily(f"rookery_{name}", text, value=value)
        dropped = CounterMetricFamily(
            "rookery_mqtt_dropped", "Outgoing messages dropped, by reason.", labels=["reason"]
        )
        for reason, count in mqtt.dropped.items():
            dropped.add_metric([str(reason)], count)
        yield dropped
        closed = CounterMetricFamily("rookery_mqtt_closed", "MQTT connections ended, by reason.", labels=["reason"])
        for ending, count in mqtt.closed.items():
            closed.add_metric([str(ending)], count)
        yield closed


async def _answer(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
