"""One MQTT connection's life: between a transport below, the machine of `wire.mqtt` beside, and a handler above.

One object, no task, no timer of its own. It is the asyncio protocol of the transport, the sink of the machine, the
session that the handler knows, and the producer that the store acknowledges to. Only while the authenticators think is
there a task.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import structlog

from rookery.gateways.attempts import OVER
from rookery.gateways.contract import Handler, Login, LoginRefused, Peer
from rookery.gateways.mqtt_counters import Drop, Ending
from rookery.gateways.mqtt_peer import address_text, certificate_name, certificate_serial, clean, local_port
from rookery.gateways.sockets import reset_on_close
from rookery.wire.mqtt import encode
from rookery.wire.mqtt.errors import PeerError
from rookery.wire.mqtt.packets import (
    NOT_AUTHORISED,
    SUBSCRIPTION_REFUSED,
    UNAVAILABLE,
    Connect,
    Message,
    Subscribe,
    Unsubscribe,
)
from rookery.wire.mqtt.server import NEW, OPEN, WAITING, ServerConnection
from rookery.wire.mqtt.session import SessionState

if TYPE_CHECKING:
    from rookery.gateways.mqtt import MqttGateway

log = structlog.get_logger("rookery.mqtt")


_RESETTING = frozenset((Ending.TAKEN_OVER, Ending.HANDLER, Ending.NOT_STORED, Ending.KEEPALIVE))
"""Ends that are ours, with nothing left to say: by a TCP reset. A board's client that is used much, once it has read
TLS's close_notify, goes on to read "nothing" for ever while it waits for a PUBACK; a reset raises an error there, and
it connects again. The same holds when the server stops, but for clients without TLS, who see a plain end of stream and
may have last words of ours to read."""


class _Nobody:
    """The sink of a machine whose connection is gone."""

    def connect(self, packet: Connect) -> None:
        """Nobody decides."""

    def subscribe(self, packet: Subscribe) -> None:
        """Nobody answers."""

    def unsubscribe(self, packet: Unsubscribe) -> None:
        """Nobody answers."""

    def disconnect(self) -> None:
        """It is closed already."""

    def write(self, data: bytes) -> None:
        """There is no one to read it."""


_NOBODY = _Nobody()


class MqttConnection(asyncio.BufferedProtocol):
    """One client. `listener` is `tcp`, `tls`, `ws` or `wss`.

    Implements `gateways.contract.Session`, `core.points.Producer`, `wire.mqtt.server.Sink` and `keepalive.Watched`.
    """

    __slots__ = (
        "_counters",
        "_ended",
        "_gateway",
        "_handler",
        "_keepalive",
        "_listener",
        "_persistent",
        "_reading",
        "_spent",
        "_spent_at",
        "_task",
        "_throttled",
        "_transport",
        "_waiting",
        "attempt",
        "client_id",
        "due",
        "kept",
        "key",
        "machine",
        "peer",
        "seen",
        "watch_keepalive",
    )

    def __init__(self, gateway: MqttGateway, listener: str) -> None:
        self._gateway = gateway
        self._counters = gateway.counters
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._handler: Handler | None = None
        self._task: asyncio.Task[None] | None = None
        self._keepalive = 0
        self._ended = False
        self._persistent = False
        self._reading = True
        self._throttled = False
        self._waiting = False
        self._spent = 0
        self._spent_at = 0
        # TLS: exactly one packet a record, because a client that waits on its socket does not see a second packet
        # which its TLS layer has decrypted already (quirk of a vendor's Python client). The same for WebSocket frames.
        self.machine = ServerConnection(self, gateway.limits, joins=listener == "tcp")
        self.peer = Peer(listener, "")
        self.attempt = OVER
        self.client_id = ""
        self.key: tuple[str, str] | None = None
        self.kept = False
        self.watch_keepalive = True
        self.seen = 0
        self.due = 0

    # asyncio.BufferedProtocol. Every read goes through one buffer of the gateway: a TLS transport would otherwise
    # allocate 256 KiB a read. The loop never leaves bytes there between `get_buffer` and `buffer_updated`.

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the transport may write what it reads."""
        return self._gateway.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """It has."""
        self.data_received(bytes(self._gateway.read_buffer[:nbytes]))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is ready; for TLS the handshake is done."""
        self._transport = transport = cast(asyncio.Transport, transport)
        self._counters.open += 1
        self._gateway.connections.add(self)
        address = address_text(transport.get_extra_info("peername"))
        certificate = transport.get_extra_info("peercert")
        name = certificate_name(certificate)
        transport_name = self._listener if name is None else "tls-certificate"
        self.peer = Peer(transport_name, address, name, certificate_serial(certificate))
        if self.attempt is OVER:
            self.attempt = self._gateway.attempts.begin(transport_name, address, local_port(transport))
        if transport_name not in ("tcp", "ws"):
            self.attempt.secure(transport_name)
        limits = self._gateway.limits
        # A TLS listener has asked before it began the handshake, which still counts.
        if self._listener != "tls" and self._gateway.full(address):
            self._end(Ending.FULL, "too many connections", abort=True)
            return
        self._waiting = True
        self._gateway.doorstep.come(address)
        transport.set_write_buffer_limits(high=limits.outbound_high)
        self._gateway.wheel.schedule(self, limits.connect_seconds)

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        if self._ended:
            return
        gateway = self._gateway
        counters = self._counters
        self.seen = gateway.wheel.now
        counters.bytes_in += len(data)
        machine = self.machine
        try:
            count = machine.feed(data)
        except PeerError as error:
            self.fault(error)
            return
        except Exception:
            log.exception("mqtt.handler_failed", client_id=clean(self.client_id), peer=self.peer.address)
            self._end(Ending.FAULT, "an error of ours")
            return
        if count:
            counters.messages_in += count
            limits = gateway.limits
            if machine.submitted - machine.committed_count > limits.unacknowledged:
                self._read(False)
            if limits.messages_per_second:
                self._throttle(count, gateway.wheel.current())

    def eof_received(self) -> bool | None:
        """The client will say no more; nothing of MQTT works one way."""
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._end(Ending.LOST, clean(str(exc)) if exc else "connection lost")
        self._gateway.wheel.cancel(self)
        self._gateway.connections.discard(self)
        self._transport = None
        self.machine.sink = _NOBODY
        self.machine.deliver = None

    def pause_writing(self) -> None:
        """The client does not read what it is sent."""
        self.machine.blocked = True

    def resume_writing(self) -> None:
        """It does again."""
        self.machine.blocked = False
        self.machine.pump()

    # wire.mqtt.server.Sink

    def write(self, data: bytes) -> None:
        """Whole packets to the client."""
        transport = self._transport
        if transport is None or self._ended:
            return
        self._counters.bytes_out += len(data)
        transport.write(data)
        if self.machine.blocked and transport.get_write_buffer_size() > self._gateway.limits.outbound_hard:
            self._end(Ending.SLOW_READER, "does not read its answers", abort=True)

    def connect(self, packet: Connect) -> None:
        """CONNECT: ask who answers for this client."""
        self.client_id = packet.client_id or self._gateway.make_client_id()  # [MQTT-3.1.3-6]
        self.attempt.claim(self.client_id)
        self._read(False)
        self._gateway.wheel.schedule(self, self._gateway.limits.authenticate_seconds)
        self._task = asyncio.get_running_loop().create_task(self._authenticate(packet))

    def subscribe(self, packet: Subscribe) -> None:
        """SUBSCRIBE: ask for each filter, answer, and only then let the handler send what the subscription triggers."""
        handler, machine = self._handler, self.machine
        state = machine.session
        if handler is None or state is None:
            return
        limits = self._gateway.limits
        codes = []
        for topic_filter, qos in packet.filters:
            code = SUBSCRIPTION_REFUSED
            known = state.subscriptions is not None and topic_filter in state.subscriptions
            if (
                (known or len(state.subscriptions or ()) < limits.subscriptions)
                and len(topic_filter.encode()) <= limits.filter_bytes
                and topic_filter.count("/") < limits.filter_levels
            ):
                code = handler.subscribe(topic_filter, qos)
            if self._ended:  # the handler has closed the session meanwhile
                if code != SUBSCRIPTION_REFUSED:
                    handler.unsubscribed(topic_filter)
                return
            if code != SUBSCRIPTION_REFUSED:
                state.subscribe(topic_filter, code)
            codes.append(code)
        machine.suback(packet.packet_id, tuple(codes))
        if self._persistent:
            self._gateway.sessions.changed(self)
        for (topic_filter, _), code in zip(packet.filters, codes, strict=True):
            if self._ended:
                return
            if code != SUBSCRIPTION_REFUSED:
                handler.subscribed(topic_filter, code)

    def unsubscribe(self, packet: Unsubscribe) -> None:
        """UNSUBSCRIBE."""
        handler, state = self._handler, self.machine.session
        if handler is None or state is None:
            return
        ended = [topic_filter for topic_filter in packet.filters if state.unsubscribe(topic_filter)]
        self.machine.unsuback(packet.packet_id)  # also when there was nothing to end [MQTT-3.10.4-5]
        if self._persistent:
            self._gateway.sessions.changed(self)
        for topic_filter in ended:
            handler.unsubscribed(topic_filter)

    def disconnect(self) -> None:
        """DISCONNECT."""
        self._end(Ending.GOODBYE, "the client said goodbye", clean_end=True)

    # gateways.contract.Session and core.points.Producer

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> None:
        """See `gateways.contract.Session`.

        Raises:
            LocalError: `topic` is no topic name, or `qos` no QoS.
        """
        machine, counters = self.machine, self._counters
        if machine.phase == OPEN:
            if qos:
                if machine.publish(Message(topic, payload, qos, retain)):
                    counters.messages_out += 1
                else:
                    counters.dropped[Drop.QUEUE_FULL] += 1
            elif machine.blocked:
                counters.dropped[Drop.SLOW_READER] += 1
            else:
                self.write(self._gateway.encoded(topic, payload, retain))
                counters.messages_out += 1
        elif self.kept and qos:
            if not self._gateway.sessions.enqueue(self, Message(topic, payload, qos, retain)):
                counters.dropped[Drop.QUEUE_FULL] += 1
        else:
            counters.dropped[Drop.ABSENT] += 1

    def committed(self, tickets: list[int]) -> None:
        """See `core.points.Producer`."""
        machine = self.machine
        machine.committed(tickets)
        if not self._reading:
            self._catch_up()
        if self._ended and self._persistent:
            self._tell_successor(tickets)

    def refused(self, tickets: list[int], reason: str) -> None:
        """See `core.points.Producer`."""
        self.machine.refused(tickets)
        self._end(Ending.NOT_STORED, clean(reason))

    def close(self, reason: str) -> None:
        """See `gateways.contract.Session`."""
        self._end(Ending.HANDLER, reason)

    # keepalive.Watched

    def expired(self) -> None:
        """The wheel has come round."""
        wheel, limits = self._gateway.wheel, self._gateway.limits
        if self._ended:
            if self._transport is not None:
                self._transport.abort()
            return
        if self.machine.phase == NEW:
            self._end(Ending.NO_CONNECT, f"no CONNECT within {limits.connect_seconds} s")
            return
        if self.machine.phase == WAITING:
            self._refuse(UNAVAILABLE, "the login took too long to check")
            return
        if self._throttled:
            self._throttled = False
            self.seen = wheel.now
            self._catch_up()
        if not self._keepalive:
            return
        silence = wheel.now - self.seen
        if not self.watch_keepalive or not self._reading:
            self.seen = wheel.now
        elif silence > self._keepalive:
            self._end(Ending.KEEPALIVE, f"silent for {silence} s")  # [MQTT-3.1.2-24]
            return
        wheel.schedule(self, self._keepalive - (wheel.now - self.seen))

    # The life of it

    def fault(self, error: PeerError) -> None:
        """The client broke the standard: send what may be answered, and close [MQTT-4.8.0-1]."""
        if self._ended:
            return
        if error.answer:
            self.write(error.answer)
        self._end(Ending.PROTOCOL, str(error))

    def stop(self) -> None:
        """The server stops."""
        self._end(Ending.STOPPED, "the server stops")

    def read_no_more(self) -> None:
        """What the client says from now on is for the next server."""
        self._throttled = True
        self._read(False)

    def waiting(self) -> int:
        """Incoming messages that are not acknowledged yet."""
        return self.machine.unacknowledged

    def unsent(self) -> int:
        """Bytes that the transport has not got rid of."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def abort(self) -> None:
        """End the transport whatever it has left."""
        if self._transport is not None:
            self._transport.abort()

    def adopt(self, handler: Handler, state: SessionState) -> None:
        """Become the kept session of a client that is away, with this handler."""
        self._handler = handler
        self._persistent = self._ended = True
        self.client_id = state.client_id
        self.key = (handler.realm, state.client_id)
        self.machine.session = state
        self.machine.close()
        self.machine.sink = _NOBODY

    def retire(self) -> None:
        """A kept session is over, or another connection goes on with it: the handler lets go of its subscriptions."""
        state, handler = self.machine.session, self._handler
        if state is not None and handler is not None:
            for topic_filter in list(state.subscriptions or ()):
                self._tell(handler.unsubscribed, topic_filter)

    async def _authenticate(self, packet: Connect) -> None:
        login = Login(self.client_id, packet.username, packet.password, packet.clean_session, packet.keepalive)
        code, reason = NOT_AUTHORISED, "unknown login"
        handler = None
        try:
            handler = await self._gateway.authenticate(login, self.peer)
        except LoginRefused as refusal:
            code, reason = refusal.code, str(refusal)
        except Exception:
            log.exception("mqtt.authenticator_failed", client_id=clean(self.client_id), peer=self.peer.address)
            code, reason = UNAVAILABLE, "an error of ours"
        self._task = None
        if self._ended:
            return
        if handler is None:
            self._refuse(code, reason)
            return
        try:
            self._open(handler, packet)
        except Exception:
            log.exception("mqtt.handler_failed", client_id=clean(self.client_id), peer=self.peer.address)
            self._end(Ending.FAULT, "an error of ours")
            return
        if not self._ended:
            self._catch_up()
            self.data_received(b"")  # what it said before CONNACK

    def _refuse(self, code: int, reason: str) -> None:
        self.machine.refuse(code)
        self._end(Ending.REFUSED, f"CONNACK {code}: {reason}")

    def _open(self, handler: Handler, packet: Connect) -> None:
        gateway = self._gateway
        sessions = gateway.sessions
        absent = None
        if handler.exclusive:
            self.key = key = (handler.realm, self.client_id)
            self._persistent = handler.persistent and not packet.clean_session
            former = sessions.connected.get(key)
            if former is not None:
                former._end(Ending.TAKEN_OVER, "taken over by a new connection")  # [MQTT-3.1.4-2]
            absent = sessions.take(*key)
            sessions.connected[key] = self
        resumed = absent is not None and self._persistent
        state = absent.machine.session if absent is not None and self._persistent else None
        if state is None:
            state = SessionState(self.client_id)  # [MQTT-3.1.2-6]
        self._handler = handler
        self._accepted(packet.keepalive)
        self.machine.accept(state, session_present=resumed, deliver=handler.publish)
        self.machine.resend()  # before anything new [MQTT-4.6.0-1]
        handler.opened(self)
        if absent is not None:
            self._succeed(absent, handler, state if resumed else None)
        if self._persistent:
            sessions.changed(self)

    def _accepted(self, keepalive: int) -> None:
        gateway = self._gateway
        self._waiting = False
        gateway.doorstep.go(self.peer.address)
        self._counters.accepted += 1
        self.attempt.accept()
        self.attempt = OVER
        self.seen = gateway.wheel.now
        gateway.wheel.cancel(self)
        if keepalive:
            self._keepalive = keepalive + (keepalive + 1) // 2
            gateway.wheel.schedule(self, self._keepalive)
        log.info(
            "mqtt.opened",
            client_id=clean(self.client_id),
            realm=clean(self.key[0]) if self.key else None,
            transport=self.peer.transport,
            peer=self.peer.address,
        )

    def _succeed(self, absent: MqttConnection, handler: Handler, state: SessionState | None) -> None:
        """Take over from a kept session. First the new handler learns the subscriptions, then the old one lets go:
        there is no moment in which a message would find neither."""
        filters = list((state.subscriptions or {}).items()) if state is not None else []
        former = absent._handler
        old = list((absent.machine.session.subscriptions or ()) if absent.machine.session else ())
        for topic_filter, qos in filters:
            granted = handler.subscribe(topic_filter, qos)
            if state is None or granted == SUBSCRIPTION_REFUSED:
                self._lose(topic_filter)
            else:
                state.subscribe(topic_filter, granted)
        if former is not None:
            for topic_filter in old:
                self._tell(former.unsubscribed, topic_filter)
        if state is None and self.key is not None:
            self._gateway.sessions.forget(*self.key)

    def _lose(self, topic_filter: str) -> None:
        if self.machine.session is not None:
            self.machine.session.unsubscribe(topic_filter)

    def _end(self, ending: Ending, reason: str, *, clean_end: bool = False, abort: bool = False) -> None:
        if self._ended:
            return
        self._ended = True
        gateway, machine, handler = self._gateway, self.machine, self._handler
        will = None if clean_end else machine.will
        machine.close()
        gateway.wheel.cancel(self)
        self._counters.open -= 1
        self._counters.closed[ending] += 1
        if self._waiting:
            self._waiting = False
            gateway.doorstep.go(self.peer.address)
        self.attempt.fail(reason)
        self.attempt = OVER
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if ending is not Ending.FULL:
            log.info(
                "mqtt.closed",
                client_id=clean(self.client_id),
                transport=self.peer.transport,
                peer=self.peer.address,
                ending=str(ending),
                reason=reason,
            )
        transport = self._transport
        if transport is not None and ending is not Ending.LOST:
            resetting = ending in _RESETTING or (ending is Ending.STOPPED and self.peer.transport.startswith("tls"))
            if resetting and not transport.get_write_buffer_size():
                abort = abort or reset_on_close(transport)
            if abort:
                transport.abort()
            else:
                transport.close()
                gateway.wheel.schedule(self, gateway.limits.closing_seconds)
        if handler is not None:
            self._leave(handler, will, reason, clean_end)

    def _leave(self, handler: Handler, will: Message | None, reason: str, clean_end: bool) -> None:
        """What the handler has to hear, in order: the will, the end of the subscriptions, the end."""
        sessions = self._gateway.sessions
        if self.key is not None and sessions.connected.get(self.key) is self:
            del sessions.connected[self.key]
        if will is not None:
            self._tell(handler.publish, will.topic, will.payload, will.qos, will.retain, 0)  # [MQTT-3.1.2-8]
        if self._persistent:
            sessions.keep(self)
        else:
            self.retire()
            self.machine.session = None
            self._handler = None  # it knows us too: without this only the garbage collector could part us
        self._tell(handler.closed, reason, clean=clean_end)

    def _tell(self, method: Any, *args: Any, **kwargs: Any) -> None:
        """A handler that fails at the end of a connection must not keep the rest from ending."""
        try:
            method(*args, **kwargs)
        except Exception:
            log.exception("mqtt.handler_failed", client_id=clean(self.client_id), peer=self.peer.address)

    def _tell_successor(self, tickets: list[int]) -> None:
        """QoS 2 messages of this connection were stored after it ended: the next one owes the client their PUBREC."""
        current = self._gateway.sessions.connected.get(self.key) if self.key else None
        if current is None or current is self or current.machine.session is not self.machine.session:
            return
        for ticket in tickets:
            if ticket >= encode.PUBREC_BASE:
                current.write(encode.pubrec(ticket & 0xFFFF))

    # Reading and not reading

    def _read(self, wanted: bool) -> None:
        transport = self._transport
        if transport is None or wanted == self._reading or transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            transport.resume_reading()
        else:
            transport.pause_reading()

    def _catch_up(self) -> None:
        """Read again, unless another reason is left not to."""
        if not self._throttled and self.machine.unacknowledged <= self._gateway.limits.unacknowledged // 2:
            self.seen = self._gateway.wheel.now
            self._read(True)

    def _throttle(self, count: int, now: int) -> None:
        if now != self._spent_at:
            self._spent_at = now
            self._spent = 0
        self._spent += count
        if self._spent > self._gateway.limits.messages_per_second and not self._throttled:
            self._throttled = True
            self._counters.throttled += 1
            self._read(False)
            self._gateway.wheel.schedule(self, 0)
