"""What connections over TCP and over UDP have in common: the CoAP machine, the handler, the tickets and the silence.

One object a board, no task, no timer of its own. It is the sink of the machine of `wire.coap`, the connection that the
handler knows, and the producer that the store acknowledges to. A subclass says how bytes leave and what an end means
for the transport.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

import structlog

from rookery.core.clock import Clock
from rookery.gateways.attempts import OVER, Attempts
from rookery.gateways.coap_contract import CoapProfile, Front, Gone, Handler, Peer
from rookery.gateways.coap_counters import CoapCounters, CoapEnding
from rookery.gateways.coap_limits import CoapLimits
from rookery.gateways.coap_timers import Timetable
from rookery.gateways.sparing import Sparing
from rookery.wire.coap.blockwise import Blockwise, Transfer
from rookery.wire.coap.errors import LocalError, PeerError, TooBusy
from rookery.wire.coap.exchange import Exchange, Failure
from rookery.wire.coap.message import NON_CONFIRMABLE, Code, Message, Options

log = structlog.get_logger("rookery.coap")

DEAD_AFTER: Final = 1.5
"""Keepalive intervals without a message, after which a board is gone."""
FLUSH_SECONDS: Final = 0.01
"""How often a gateway that stops looks whether the last messages are stored and gone."""
_OPTION_HEAD: Final = 5
"""Most bytes before the value of an option (3.1)."""
_HEAD: Final = 4 + 8 + 1
"""Header, token, payload marker."""
_BLOCK_OPTIONS: Final = 24
"""What cutting a body adds: Block1 or Block2, and an ETag."""


class _Probe:
    """The context of a ping of ours."""


_PROBE: Final = _Probe()


class CoapShell:
    """What all connections of a gateway share. `random` gives numbers from 0 to below 1 (`wire.coap.endpoint`)."""

    def __init__(
        self,
        front: Front,
        clock: Clock,
        profile: CoapProfile,
        limits: CoapLimits,
        random: Callable[[], float],
        attempts: Attempts | None = None,
    ) -> None:
        self.front = front
        self.profile = profile
        self.limits = limits
        self.counters = CoapCounters()
        self.timetable = Timetable(clock)
        self.random = random
        self.now = clock.monotonic
        self.attempts = attempts or Attempts(clock)
        self.strangers = Sparing(clock.monotonic)
        """For lines about who has not said who it is."""


class CoapConnection(ABC):
    """One board. Implements `gateways.coap_contract.Connection`, `core.points.Producer`, `wire.coap.exchange.Sink` and
    `coap_timers.Timed`."""

    __slots__ = (
        "_handler",
        "_interval",
        "_probe",
        "_probed",
        "_shell",
        "_unconfirmed",
        "attempt",
        "due",
        "ended",
        "last_heard",
        "machine",
        "name",
        "named",
        "peer",
        "public_key",
    )

    reliable: bool

    def __init__(self, shell: CoapShell, peer: Peer, *, message_id: int | None = None) -> None:
        profile = shell.profile
        self._shell = shell
        self._handler: Handler | None = None
        self._interval = 0.0
        self._probe = False
        self._probed = -1.0  # when it was last heard before the last ping
        self._unconfirmed: set[int] | None = None
        self.peer = peer
        self.attempt = OVER
        self.name = b""
        self.named = False
        self.public_key: bytes | None = None
        self.ended = False
        self.due = 0
        self.last_heard = shell.now()
        self.machine = Blockwise(
            self,
            random=shell.random,
            block_bytes=profile.block_bytes,
            reliable=self.reliable,
            transmission=profile.transmission,
            limits=profile.limits,
            quirks=profile.quirks,
            options=profile.options,
            message_id=message_id,
        )
        self.machine.joins = False  # until it has a name

    # For the gateway

    def begin(self, meet: Callable[[], Handler]) -> bool:
        """Get the handler. False when there is none: the connection has ended."""
        self._shell.counters.open += 1
        try:
            handler = meet()
        except Exception:
            log.exception("coap.front_failed", **self.described())
            self.end(CoapEnding.FAULT, "an error of ours")
            return False
        if self.ended:  # the front has closed it at once
            self._tell(handler.closed, "closed on arrival")
            return False
        self._handler = handler
        return True

    def described(self) -> dict[str, str]:
        """For log lines."""
        return {"device": self.name.hex(), "transport": self.peer.transport, "peer": self.peer.address}

    def heard(self, data: bytes) -> None:
        """An authentic message has come."""
        if self.ended:
            return
        counters = self._shell.counters
        counters.messages_in += 1
        counters.bytes_in += len(data)
        self.last_heard = now = self._shell.now()
        try:
            self.machine.feed(now, data)
        except PeerError as error:
            self.end(CoapEnding.PROTOCOL, str(error))
            return
        except Exception:
            log.exception("coap.fault", **self.described())
            self.end(CoapEnding.FAULT, "an error of ours")
            return
        self._plan()

    def end(self, ending: CoapEnding, reason: str) -> None:
        """It is over: for the transport, for what waits, and for the handler, in this order."""
        if self.ended:
            return
        self.ended = True
        shell, handler = self._shell, self._handler
        shell.timetable.cancel(self)
        counters = shell.counters
        counters.open -= 1
        counters.closed[ending] += 1
        if self.named:
            counters.named -= 1
        self.attempt.fail(reason)
        self._leave(ending)
        self.machine.close(shell.now())
        self._unconfirmed = None
        if self.named:
            log.info("coap.closed", **self.described(), ending=str(ending), reason=reason)
        else:
            shell.strangers.info(log, "coap.closed", **self.described(), ending=str(ending), reason=reason)
        if handler is not None:
            self._tell(handler.closed, reason)
        self._handler = None  # it knows us too: without this only the garbage collector could part us

    @property
    def open_requests(self) -> int:
        """Requests of the board that are not answered yet."""
        return self.machine.endpoint.open_requests

    def expired(self) -> None:
        """The time for something has come."""
        if self.ended:
            return
        now = self._shell.now()
        interval = self._interval
        if interval:
            if not self._listens():
                self.last_heard = now
            silence = now - self.last_heard
            if silence >= DEAD_AFTER * interval:
                self.end(CoapEnding.SILENT, f"silent for {silence:.0f} s")
                return
            if self._probe and silence >= interval and self._probed != self.last_heard:
                self._probed = self.last_heard
                try:
                    self.machine.ping(now, timeout=(DEAD_AFTER - 1) * interval, context=_PROBE)
                except TooBusy:
                    pass  # so much is on its way that any answer will do
        try:
            self.machine.tick(now)
        except Exception:
            log.exception("coap.fault", **self.described())
            self.end(CoapEnding.FAULT, "an error of ours")
            return
        self._plan()

    def _plan(self) -> None:
        """Be woken for whatever comes first."""
        if self.ended:
            return
        when = self.machine.deadline()
        if self._interval:
            waits = self._probe and self._probed != self.last_heard
            end = self.last_heard + (self._interval if waits else DEAD_AFTER * self._interval)
            if when is None or end < when:
                when = end
        if when is not None:
            self._shell.timetable.wake(self, when)

    # What a transport says

    @abstractmethod
    def write(self, data: bytes) -> None:
        """For the machine: send one message."""

    @abstractmethod
    def _leave(self, ending: CoapEnding) -> None:
        """End it on the transport."""

    @property
    @abstractmethod
    def longest(self) -> int:
        """Bytes of the longest message that the transport takes."""

    def _listens(self) -> bool:
        """Whether silence means anything."""
        return True

    def _settled(self) -> None:  # noqa: B027  # a datagram needs nothing more
        """Tickets have come back."""

    @property
    def unsent(self) -> int:
        """See `Connection`."""
        return 0

    # wire.coap.exchange.Sink

    def request(self, now: float, ticket: int, message: Message) -> bool:
        """For the machine."""
        handler = self._handler
        if handler is None:
            return False
        if message.kind == NON_CONFIRMABLE:
            if self._unconfirmed is None:
                self._unconfirmed = set()
            self._unconfirmed.add(ticket)
        try:
            done = handler.request(message, ticket)
        except Exception:
            self._fault()
            self.forget(ticket)
            return False
        if done and self._unconfirmed:
            self._unconfirmed.discard(ticket)
        return done

    def response(self, now: float, context: object, message: Message) -> None:
        """For the machine."""
        if self._handler is not None:
            self._tell(self._handler.response, context, message)

    def acknowledged(self, now: float, context: object) -> None:
        """For the machine."""
        if self._handler is not None and context is not _PROBE:
            self._tell(self._handler.acknowledged, context)

    def failed(self, now: float, context: object, failure: Failure) -> None:
        """For the machine."""
        if self._handler is not None and context is not _PROBE:
            self._tell(self._handler.failed, context, failure)

    def _tell(self, method: Callable[..., object], *args: Any) -> None:
        try:
            method(*args)
        except Exception:
            self._fault()

    def _fault(self) -> None:
        self._shell.counters.faults += 1
        log.exception("coap.handler_failed", **self.described())

    # gateways.coap_contract.Connection

    def send(
        self,
        code: int,
        options: Options = (),
        payload: bytes = b"",
        *,
        context: object = None,
        timeout: float = 30.0,
        confirmable: bool = True,
        response: bool = True,
        token: bytes | None = None,
    ) -> Exchange | Transfer:
        """See `Connection`."""
        if self.ended:
            raise Gone("the connection has ended")
        self._check_size(options, payload, cut=response and token is None)
        handle = self.machine.send(
            self._shell.now(),
            code,
            options,
            payload,
            context=context,
            timeout=timeout,
            confirmable=confirmable,
            response=response,
            token=token,
        )
        self._plan()
        return handle

    def ping(self, timeout: float, context: object = None) -> Exchange:
        """See `Connection`."""
        if self.ended:
            raise Gone("the connection has ended")
        handle = self.machine.ping(self._shell.now(), timeout=timeout, context=context)
        self._plan()
        return handle

    def cancel(self, handle: object) -> None:
        """See `Connection`."""
        if not self.ended and isinstance(handle, Exchange | Transfer):
            self.machine.cancel(self._shell.now(), handle)
            self._plan()

    def respond(self, ticket: int, code: int, options: Options = (), payload: bytes = b"") -> bool:
        """See `Connection`."""
        if self.ended:
            return False
        self._check_size(options, payload, cut=True)
        done = self.machine.respond(self._shell.now(), ticket, code, options, payload)
        if self._unconfirmed:
            self._unconfirmed.discard(ticket)
        self._plan()
        self._settled()
        return done

    def acknowledge(self, ticket: int) -> None:
        """See `Connection`."""
        self.committed([ticket])

    def committed(self, tickets: list[int]) -> None:
        """See `core.points.Producer`."""
        if self.ended:
            return
        now, acknowledge = self._shell.now(), self.machine.acknowledge
        for ticket in tickets:
            acknowledge(now, ticket)
        if self._unconfirmed:
            self._unconfirmed.difference_update(tickets)
        self._settled()

    def refused(self, tickets: list[int], reason: str) -> None:
        """See `core.points.Producer`."""
        if self.ended:
            return
        now, silent = self._shell.now(), self._unconfirmed or ()
        for ticket in tickets:
            try:
                if ticket in silent:
                    self.machine.forget(now, ticket)
                else:
                    self.machine.respond(now, ticket, Code.SERVICE_UNAVAILABLE)
            except TooBusy:
                self.machine.forget(now, ticket)
        if self._unconfirmed:
            self._unconfirmed.difference_update(tickets)
        log.warning("coap.refused", **self.described(), messages=len(tickets), reason=reason)
        self._plan()
        self._settled()

    def forget(self, ticket: int) -> None:
        """See `Connection`."""
        if not self.ended:
            self.machine.forget(self._shell.now(), ticket)
            if self._unconfirmed:
                self._unconfirmed.discard(ticket)
            self._settled()

    def reset(self, message_id: int = 0) -> None:
        """See `Connection`."""
        if not self.ended:
            self.machine.endpoint.reset(message_id)

    def keep_alive(self, interval: float, *, probe: bool = False) -> None:
        """See `Connection`."""
        self._interval = interval
        self._probe = probe
        self._plan()

    def close(self, reason: str, *, renew: bool = False) -> None:
        """See `Connection`."""
        self.end(CoapEnding.RENEWED if renew else CoapEnding.HANDLER, reason)

    def name_session(self, device_id: bytes) -> None:
        """See `Connection`."""
        if self.ended:
            return
        if not 1 <= len(device_id) <= 255:
            raise LocalError("a device id has 1 to 255 bytes")
        self._name(device_id)
        if not self.named:
            self.known()
            log.info("coap.opened", **self.described())

    def known(self) -> None:
        """It has a name from now on."""
        self.named = True
        self.machine.joins = True
        self.attempt.claim(self.name.hex())
        self.attempt.accept()
        self.attempt = OVER
        self._shell.counters.named += 1

    @abstractmethod
    def _name(self, device_id: bytes) -> None:
        """Be the session of this board on the transport, and set `name`.

        Raises:
            LocalError: it is another board's.
        """

    def _check_size(self, options: Options, payload: bytes, *, cut: bool) -> None:
        """Say at once what the transport would have to say in the middle of an exchange.

        Raises:
            LocalError: the message is too long for it.
        """
        size = len(payload)
        block = self._shell.profile.block_bytes
        if cut and block is not None and size > block:
            size = block + _BLOCK_OPTIONS
        if size + len(options) * _OPTION_HEAD + sum([len(value) for _, value in options]) + _HEAD > self.longest:
            raise LocalError(f"a message with {len(payload)} bytes of payload is too long for the transport")
