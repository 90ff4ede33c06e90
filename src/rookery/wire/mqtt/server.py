"""The server's side of one MQTT connection.

A connection is NEW until CONNECT has come, WAITING until the application has decided about it, OPEN, and CLOSED. The
machine calls its `Sink` for what the client says and writes what has to be answered without asking: acknowledgements,
PINGRESP, repetitions. PUBLISH does not go through a packet object nor through the sink: `feed` cuts it inline and calls
`deliver` with its parts, because this one loop carries all the telemetry of a node.

Acknowledging is the application's decision. `deliver` gets a *ticket*; True acknowledges at once, False means that the
ticket comes back through `committed`. A ticket is the acknowledgement packet itself, read as a big-endian number
(PUBACK for QoS 1, PUBREC for QoS 2), so a batch of tickets becomes the bytes of its acknowledgements in one call.
Acknowledgements leave in the order of the messages [MQTT-4.6.0-2, MQTT-4.6.0-3]: one that could be given at once waits
behind those that the application still holds. That asks the application to hand tickets back in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from struct import pack
from typing import Final, Protocol

from rookery.wire.mqtt import encode
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.decode import check_head, decode, remaining_length, topic_name
from rookery.wire.mqtt.errors import LocalError, MalformedPacket, PacketTooLarge, ProtocolViolation
from rookery.wire.mqtt.session import SessionState, message_size

NEW: Final = 0
WAITING: Final = 1
OPEN: Final = 2
CLOSED: Final = 3

TOPICS_CACHED = 16
"""Topic names kept as text per connection. A board publishes to one or two; more only costs decoding them again."""
TOPIC_CACHED_BYTES = 256
"""Longer names are decoded each time, so that the cache of a connection stays below some 10 KB."""
MAX_QOS2_UNFINISHED = 1024
"""Incoming QoS 2 identifiers without PUBREL. The standard allows 65,535, which would be 4 MB a client."""

Deliver = Callable[[str, bytes, int, bool, int], bool]
"""(topic, payload, qos, retain, ticket) -> acknowledge now?"""

_CLIENT_SAYS = frozenset(
    (
        p.CONNECT,
        p.PUBLISH,
        p.PUBACK,
        p.PUBREC,
        p.PUBREL,
        p.PUBCOMP,
        p.SUBSCRIBE,
        p.UNSUBSCRIBE,
        p.PINGREQ,
        p.DISCONNECT,
    )
)


class Sink(Protocol):
    """Who hears what the client says, and takes the bytes for it. Called from inside `feed`, in the order of the
    stream; may call the machine back."""

    def connect(self, packet: p.Connect) -> None:
        """Decide, now or later, with `accept` or `refuse`."""

    def subscribe(self, packet: p.Subscribe) -> None:
        """Answer with `suback` [MQTT-3.8.4-1]."""

    def unsubscribe(self, packet: p.Unsubscribe) -> None:
        """Answer with `unsuback` [MQTT-3.10.4-4]."""

    def disconnect(self) -> None:
        """The client says goodbye: its will is void [MQTT-3.14.4-3], the connection has to be closed."""

    def write(self, data: bytes) -> None:
        """Send these whole packets."""


class Limits(Protocol):
    """What one connection may cost. The shell names the numbers and their reasons."""

    @property
    def connect_bytes(self) -> int:
        """Largest CONNECT; at least 127, like the next."""

    @property
    def packet_bytes(self) -> int:
        """Largest packet after CONNECT."""

    @property
    def backlog_bytes(self) -> int:
        """What may be kept of a client that talks before CONNACK [MQTT-3.1.4-5]."""

    @property
    def inflight(self) -> int:
        """Outgoing messages that may be unacknowledged."""

    @property
    def queue_messages(self) -> int:
        """Outgoing QoS 1 and 2 messages that may wait."""

    @property
    def queue_bytes(self) -> int:
        """The same in bytes."""


class ServerConnection:
    """The machine. `sink` is asked; the `deliver` that `accept` was given gets the messages.

    `joins` says that several packets may be given to one `write`. When it is False each packet is written by itself.
    `blocked` is set by the shell while the client does not read: QoS 1 and 2 messages wait then; `pump` sends them.
    """

    __slots__ = (
        "_again",
        "_held",
        "_limit",
        "_limits",
        "_need",
        "_pending",
        "_topics",
        "blocked",
        "committed_count",
        "deliver",
        "joins",
        "phase",
        "session",
        "sink",
        "submitted",
        "will",
    )

    def __init__(self, sink: Sink, limits: Limits, *, joins: bool) -> None:
        self.sink = sink
        self.joins = joins
        self.phase = NEW
        self.session: SessionState | None = None
        self.deliver: Deliver | None = None
        self.will: p.Message | None = None
        self.blocked = False
        self.submitted = 0
        self.committed_count = 0
        self._limits = limits
        self._limit = limits.connect_bytes
        self._pending: bytearray | None = None
        self._need = 2
        self._topics: dict[bytes, str] = {}
        self._held: deque[tuple[int, int]] | None = None
        self._again: deque[int] | None = None

    @property
    def unacknowledged(self) -> int:
        """Messages which the application has and has not handed back."""
        return self.submitted - self.committed_count

    # Incoming

    def feed(self, data: bytes) -> int:
        """Take bytes from the client; returns how many PUBLISH packets were delivered.

        Raises:
            PeerError: the connection has to be closed, after sending the error's `answer`. What came before the fault
                has been delivered.
        """
        pending = self._pending
        if pending is not None:
            pending += data
            if self.phase == WAITING:
                self._check_backlog()
                return 0
            if len(pending) < self._need:
                return 0
            data = bytes(pending)
            self._pending = None
        elif self.phase == WAITING:
            self._pending = bytearray(data)
            self._check_backlog()
            return 0

        at = 0
        end = len(data)
        need = 2
        count = 0
        acks: list[int] = []
        limit = self._limit
        topics = self._topics
        deliver = self.deliver
        try:
            while True:
                if end - at < 2:
                    if at < end:
                        self._check_head(data[at])
                    need = 2
                    break
                head = data[at]
                size = data[at + 1]
                start = at + 2
                if size > 127:
                    # Two bytes of length are the common case of telemetry; written out because it is worth it.
                    if end > start and data[start] < 128:
                        size = size & 127 | data[start] << 7
                        start += 1
                    else:
                        self._check_head(head)
                        size, start = remaining_length(data, at + 1, end)
                        if size < 0:
                            need = end - at + 1
                            break
                    if size > limit:
                        self._check_head(head)
                        raise PacketTooLarge(f"a packet of {size} bytes; {limit} are allowed")
                stop = start + size
                if stop > end:
                    self._check_head(head)
                    need = stop - at
                    break

                if head & 0xF0 == 0x30 and deliver is not None:
                    if size < 2:
                        raise MalformedPacket("the packet ends too early")
                    topic_end = start + 2 + (data[start] << 8 | data[start + 1])
                    if topic_end > stop:
                        raise MalformedPacket("a field is longer than its packet")
                    name = data[start + 2 : topic_end]
                    topic = topics.get(name)
                    if topic is None:
                        topic = self._topic(name)
                    if head & 0x06 == 0x02:
                        body = topic_end + 2
                        if body > stop:
                            raise MalformedPacket("the packet ends too early")
                        packet_id = data[topic_end] << 8 | data[topic_end + 1]
                        if not packet_id:
                            raise MalformedPacket("packet identifier 0", "MQTT-2.3.1-1")
                        ticket = 0x40020000 | packet_id
                        count += 1
                        if not deliver(topic, data[body:stop], 1, head & 1 == 1, ticket):
                            self.submitted += 1
                        elif self.submitted == self.committed_count:
                            acks.append(ticket)
                        else:
                            self._hold(ticket)
                    elif head & 0x06 == 0:
                        if head & 0x08:
                            raise MalformedPacket("DUP with QoS 0", "MQTT-3.3.1-2")
                        count += 1
                        deliver(topic, data[topic_end:stop], 0, head & 1 == 1, 0)
                    else:
                        packet = decode(head, data[start:stop])
                        if acks:
                            self._acknowledge(acks)
                            acks.clear()
                        count += self._exactly_once(packet, deliver)  # type: ignore[arg-type]
                else:
                    if acks:
                        self._acknowledge(acks)
                        acks.clear()
                    self._packet(head, data[start:stop])
                    limit = self._limit
                    deliver = self.deliver
                at = stop
                if self.phase != OPEN:
                    need = 2
                    break
        finally:
            if acks and self.phase == OPEN:
                self._acknowledge(acks)
        if at < end and self.phase != CLOSED:
            self._pending = bytearray(data[at:]) if at else bytearray(data)
            self._need = need
            if self.phase == WAITING:
                self._check_backlog()
        return count

    def _check_backlog(self) -> None:
        if self._pending is not None and len(self._pending) > self._limits.backlog_bytes:
            raise PacketTooLarge("too much was sent before CONNACK")

    def _check_head(self, head: int) -> None:
        check_head(head)
        kind = head >> 4
        if kind not in _CLIENT_SAYS:
            raise ProtocolViolation(f"packet type {kind} is for servers to send", "2.2.1")
        if self.phase == NEW:
            if kind != p.CONNECT:
                raise ProtocolViolation("the first packet is not CONNECT", "MQTT-3.1.0-1")
        elif kind == p.CONNECT:
            raise ProtocolViolation("a second CONNECT", "MQTT-3.1.0-2")

    def _topic(self, name: bytes) -> str:
        topic = topic_name(name)
        if len(name) <= TOPIC_CACHED_BYTES:
            if len(self._topics) >= TOPICS_CACHED:
                self._topics.clear()
            self._topics[name] = topic
        return topic

    def _packet(self, head: int, body: bytes) -> None:
        self._check_head(head)
        packet = decode(head, body)
        match packet:
            case p.Pingreq():
                self.sink.write(encode.PINGRESP)  # [MQTT-3.12.4-1]
            case p.Puback(packet_id):
                self._finished(packet_id, 1)
            case p.Pubrec(packet_id):
                self._pubrec(packet_id)
            case p.Pubcomp(packet_id):
                self._finished(packet_id, 2)
            case p.Pubrel(packet_id):
                assert self.session is not None  # noqa: S101  # accept() gave it before the phase became OPEN
                self.session.release(packet_id)
                self.sink.write(encode.pubcomp(packet_id))  # [MQTT-4.3.3-2]
            case p.Subscribe():
                self.sink.subscribe(packet)
            case p.Unsubscribe():
                self.sink.unsubscribe(packet)
            case p.Connect():
                self.phase = WAITING
                self.will = packet.will
                self.sink.connect(packet)
            case p.Disconnect():
                self.will = None  # [MQTT-3.14.4-3]
                self.phase = CLOSED
                self.sink.disconnect()
            case _:
                raise ProtocolViolation("a packet for servers to send", "2.2.1")

    def _exactly_once(self, packet: p.Publish, deliver: Deliver) -> int:
        """An incoming QoS 2 message; 1 when it was new."""
        session = self.session
        assert session is not None  # noqa: S101  # accept() gave it before the phase became OPEN
        packet_id = packet.packet_id
        if session.received and packet_id in session.received:
            self.sink.write(encode.pubrec(packet_id))  # seen before: answer, do not deliver [MQTT-4.3.3-2]
            return 0
        if session.arriving and packet_id in session.arriving:
            return 0  # PUBREC follows when the application owns it
        if len(session.received or ()) + len(session.arriving or ()) >= MAX_QOS2_UNFINISHED:
            raise ProtocolViolation(f"more than {MAX_QOS2_UNFINISHED} QoS 2 messages without PUBREL")
        ticket = encode.PUBREC_BASE | packet_id
        session.arrives(packet_id)
        if not deliver(packet.topic, packet.payload, 2, packet.retain, ticket):
            self.submitted += 1
        elif self.submitted == self.committed_count:
            session.owns(packet_id)
            self._acknowledge([ticket])
        else:
            self._hold(ticket)
        return 1

    # Acknowledging

    def _hold(self, ticket: int) -> None:
        if self._held is None:
            self._held = deque()
        self._held.append((self.submitted, ticket))

    def committed(self, tickets: list[int]) -> None:
        """The application owns these messages: acknowledge them, and what waited behind them."""
        session = self.session
        if session is not None and session.arriving:
            for ticket in tickets:
                if ticket >= encode.PUBREC_BASE:
                    session.owns(ticket & 0xFFFF)
        held = self._held
        if held:
            out: list[int] = []
            for ticket in tickets:
                out.append(ticket)
                self.committed_count += 1
                self._take_held(out)
            tickets = out
        else:
            self.committed_count += len(tickets)
        if self.phase == OPEN:
            self._acknowledge(tickets)

    def refused(self, tickets: list[int]) -> None:
        """The application does not keep these messages; the shell closes the connection."""
        self.committed_count += len(tickets)
        session = self.session
        if session is not None and session.arriving:
            for ticket in tickets:
                if ticket >= encode.PUBREC_BASE:
                    session.refuses(ticket & 0xFFFF)

    def _take_held(self, out: list[int]) -> None:
        held = self._held
        while held and held[0][0] <= self.committed_count:
            ticket = held.popleft()[1]
            if ticket >= encode.PUBREC_BASE and self.session is not None:
                self.session.owns(ticket & 0xFFFF)
            out.append(ticket)

    def _acknowledge(self, tickets: list[int]) -> None:
        if self.joins:
            self.sink.write(pack(f">{len(tickets)}I", *tickets))
        else:
            for ticket in tickets:
                self.sink.write(ticket.to_bytes(4, "big"))

    # Answers of the application

    def accept(self, session: SessionState, *, session_present: bool, deliver: Deliver) -> None:
        """CONNACK 0; the connection is OPEN. `feed(b"")` then takes what the client has said since."""
        if self.phase != WAITING:
            raise LocalError("there is no CONNECT to accept")
        self.session = session
        self.deliver = deliver
        self._limit = self._limits.packet_bytes
        self._need = 2
        self.phase = OPEN
        self.sink.write(encode.connack(p.Connack(p.ACCEPTED, session_present)))  # [MQTT-3.2.2-1, -2, -3]

    def refuse(self, code: int) -> None:
        """CONNACK with this code; the connection is CLOSED and the will void [MQTT-3.2.2-4, MQTT-3.2.2-5]."""
        if self.phase != WAITING:
            raise LocalError("there is no CONNECT to refuse")
        self.phase = CLOSED
        self.will = None
        self._pending = None
        self.sink.write(encode.connack(p.Connack(code)))

    def suback(self, packet_id: int, codes: tuple[int, ...]) -> None:
        """[MQTT-3.8.4-2, MQTT-3.8.4-5]"""
        self.sink.write(encode.suback(p.Suback(packet_id, codes)))

    def unsuback(self, packet_id: int) -> None:
        """[MQTT-3.10.4-5]"""
        self.sink.write(encode.unsuback(packet_id))

    def close(self) -> None:
        """Nothing more is read or sent. The session stays what it is."""
        self.phase = CLOSED
        self._pending = None
        self._held = None

    # Outgoing

    def publish(self, message: p.Message) -> bool:
        """Send a QoS 1 or 2 message, or let it wait. False when the queue is full and the message is dropped.

        Raises:
            LocalError: not a topic, not a QoS.
        """
        session = self.session
        assert session is not None  # noqa: S101  # sessions that were never accepted have no one to publish
        limits = self._limits
        if (
            self.phase == OPEN
            and not self.blocked
            and not self._again
            and not session.queued
            and session.inflight < limits.inflight
        ):
            packet_id = session.start(message)
            topic, payload, qos, retain = message
            try:
                data = encode.publish(p.Publish(topic, payload, qos, retain, packet_id))
            except LocalError:
                session.finish(packet_id)
                raise
            self.sink.write(data)
            return True
        return enqueue(session, message, limits)

    def resend(self) -> None:
        """After a session was resumed: repeat what is unacknowledged, with DUP [MQTT-4.4.0-1], then what waits."""
        session = self.session
        if session is not None and session.inflight:
            self._again = deque(packet_id for packet_id, _ in session.unfinished())
        self.pump()

    def pump(self) -> None:
        """Send what is to be repeated and what waits, as far as the window and the reader allow."""
        session = self.session
        if session is None:
            return
        again = self._again
        while again and self.phase == OPEN and not self.blocked:
            self._repeat(session, again.popleft())
        if again:
            return
        self._again = None
        window = self._limits.inflight
        while self.phase == OPEN and not self.blocked and session.queued and session.inflight < window:
            packet_id, message = session.start_next()
            topic, payload, qos, retain = message
            self.sink.write(encode.publish(p.Publish(topic, payload, qos, retain, packet_id)))

    def _repeat(self, session: SessionState, packet_id: int) -> None:
        message = session.sent(packet_id)
        if message is not None:
            topic, payload, qos, retain = message
            self.sink.write(encode.publish(p.Publish(topic, payload, qos, retain, packet_id, True)))
        elif session.knows(packet_id):
            self.sink.write(encode.pubrel(packet_id))

    def _finished(self, packet_id: int, qos: int) -> None:
        session = self.session
        assert session is not None  # noqa: S101  # accept() gave it before the phase became OPEN
        message = session.sent(packet_id)
        if message is not None and (message.qos == 2 or qos == 2):
            raise ProtocolViolation("the wrong acknowledgement for the QoS of the message", "MQTT-4.3.3-1")
        # An identifier that nothing is in flight under is an echo of a session that is gone: harmless.
        if session.finish(packet_id) and session.queued:
            self.pump()

    def _pubrec(self, packet_id: int) -> None:
        session = self.session
        assert session is not None  # noqa: S101  # accept() gave it before the phase became OPEN
        message = session.sent(packet_id)
        if message is not None and message.qos != 2:
            raise ProtocolViolation("PUBREC for a QoS 1 message", "MQTT-4.3.2-1")
        session.released(packet_id)
        # Also for an identifier that is not known: the client ends its side with it.
        self.sink.write(encode.pubrel(packet_id))


def enqueue(session: SessionState, message: p.Message, limits: Limits) -> bool:
    """Let a message wait in a session, within the limits. False when it is dropped.

    Raises:
        LocalError: not a topic.
    """
    encode.message_head(message.topic)
    if session.queued >= limits.queue_messages or session.queue_bytes + message_size(message) > limits.queue_bytes:
        return False
    session.enqueue(message)
    return True
