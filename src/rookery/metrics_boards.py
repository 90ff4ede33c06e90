"""What `/metrics` says of boards that speak CoAP, and of who listens to their events: transports, handshakes, kept
sessions, what boards say and are asked, and event streams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

from rookery.gateways.coap_store import CatalogSessions
from rookery.gateways.coap_tcp import CoapTcpGateway
from rookery.gateways.coap_udp import CoapUdpGateway
from rookery.particle.api.streams import Streams
from rookery.particle.device.front import ParticleFront

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

_GAUGES = (
    ("open", "coap_sessions", "Secure sessions with boards over CoAP."),
    ("handshaking", "coap_handshaking", "Boards in a handshake, or after it and without a name yet."),
    ("named", "coap_boards", "Boards over CoAP that have said who they are."),
)
_COUNTERS = (
    ("accepted", "coap_handshakes", "Handshakes of boards that were finished."),
    ("failed", "coap_handshakes_failed", "Handshakes of boards that came to nothing."),
    ("resumed", "coap_resumed", "Kept sessions of boards that went on without a handshake."),
    ("moved", "coap_moved", "Sessions of boards that were heard at another address."),
    ("lookups", "coap_lookups", "Unknown sessions that were looked for."),
    ("messages_in", "coap_messages_in", "CoAP messages from boards."),
    ("messages_out", "coap_messages_out", "CoAP messages to boards."),
    ("bytes_in", "coap_bytes_in", "Bytes of them, without what the transport adds."),
    ("bytes_out", "coap_bytes_out", "Bytes of them, without what the transport adds."),
    ("faults", "coap_faults", "Errors of ours that ended sessions of boards."),
)
_DTLS = (
    ("hellos", "dtls_hellos", "Hellos that came."),
    ("cookies", "dtls_cookies", "Hellos that were answered with a cookie."),
    ("malformed", "dtls_malformed", "Records that are none."),
    ("forged", "dtls_forged", "Records that are not authentic."),
    ("replayed", "dtls_replayed", "Records that had come before."),
    ("unknown", "dtls_unknown", "Records of sessions that nobody knows."),
    ("overload", "dtls_overload", "Hellos dropped because of a limit."),
)
_TRANSPORT_GAUGES = ("online_tcp", "online_udp")


class BoardMetrics:
    """Asks the parts when it is asked. Each may be off."""

    def __init__(
        self,
        tcp: CoapTcpGateway | None,
        udp: CoapUdpGateway | None,
        front: ParticleFront | None,
        sessions: CatalogSessions | None = None,
        streams: Streams | None = None,
    ) -> None:
        self._tcp = tcp
        self._udp = udp
        self._front = front
        self._sessions = sessions
        self._streams = streams

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """Families, in the order of the tables above."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        gateways = [(name, one.counters) for name, one in (("tcp", self._tcp), ("udp", self._udp)) if one is not None]
        for field, name, text in _GAUGES:
            gauge = GaugeMetricFamily(f"rookery_{name}", text, labels=["transport"])
            for transport, counters in gateways:
                gauge.add_metric([transport], getattr(counters, field))
            yield gauge
        for field, name, text in _COUNTERS:
            counter = CounterMetricFamily(f"rookery_{name}", text, labels=["transport"])
            for transport, counters in gateways:
                counter.add_metric([transport], getattr(counters, field))
            yield counter
        for field, text in (
            ("closed", "Sessions of boards and handshakes that ended, by reason."),
            ("dropped", "Datagrams that were dropped, by reason."),
        ):
            counter = CounterMetricFamily(f"rookery_coap_{field}", text, labels=["transport", "reason"])
            for transport, counters in gateways:
                for reason, count in getattr(counters, field).items():
                    counter.add_metric([transport, str(reason)], count)
            yield counter
        if self._udp is not None:
            for field, name, text in _DTLS:
                yield CounterMetricFamily(f"rookery_{name}", text, value=getattr(self._udp.endpoint.counters, field))
        if self._sessions is not None:
            text = "Sessions of boards that could not be kept: they make a handshake after a restart."
            yield CounterMetricFamily("rookery_coap_sessions_not_kept", text, value=self._sessions.failures)
        if self._front is not None:
            yield from self._conversations(self._front)
        if self._streams is not None:
            yield GaugeMetricFamily("rookery_streams", "Open event streams.", value=len(self._streams))
            text = "Events written to streams, once for each."
            yield CounterMetricFamily("rookery_stream_events", text, value=self._streams.shown)
            text = "Events that streams lost because they were not read."
            yield CounterMetricFamily("rookery_stream_events_dropped", text, value=self._streams.dropped)

    def _conversations(self, front: ParticleFront) -> Iterable[CounterMetricFamily]:
        from prometheus_client.core import CounterMetricFamily

        counters = front.counters
        family = CounterMetricFamily(
            "rookery_particle", "What Particle boards have said and were asked, by kind.", labels=["kind"]
        )
        for field in fields(counters):
            if field.name not in _TRANSPORT_GAUGES:
                family.add_metric([field.name], getattr(counters, field.name))
        yield family
