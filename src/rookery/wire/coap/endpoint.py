"""Both layers towards one peer: messages that are repeated and recognised, requests and the responses to them.

An endpoint is client and server at once. It calls its `Sink` from inside `feed`, `tick` and the methods that send; the
sink may call back. Time is any clock of seconds that does not go back, always the first argument.

An incoming request has a *ticket*, a number that is not 0. The sink answers at once, or keeps the ticket and comes back
with `respond`, `acknowledge` or `forget`. What was answered is said again when the peer repeats its request; what is
still open is not given to the sink twice.

An outgoing request is an `Exchange`; its `context` is whatever the caller wants to find again in the callback. Each
ends in exactly one call: `response`, `acknowledged` (only where no response was asked for, and for pings) or `failed`.
A Non-confirmable request without a response ends when it is sent, without a call.

On a reliable stream (`reliable=True`) nothing is repeated, nothing remembered and NSTART does not apply; the rest is
the same. There a message that cannot be read is raised to the shell, which has to close the stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from rookery.wire.coap import encode
from rookery.wire.coap.decode import decode
from rookery.wire.coap.errors import LocalError, MalformedMessage, MessageTooLarge, TooBusy
from rookery.wire.coap.exchange import NEVER, Exchange, Failure, Incoming, Sink
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, RESET, Code, Message, Options
from rookery.wire.coap.options import PROXY_SCHEME, PROXY_URI, STANDARD, OptionTable
from rookery.wire.coap.parameters import Limits, Quirks, Transmission

_SHRINK: Final = 16
"""After so many deletions at once the table is copied: a dictionary does not give its room back by itself, and most
peers are silent most of the time."""
_ACKNOWLEDGED: Final = b"\x60"
"""What was answered, where that was an empty Acknowledgement: it is made again when it is needed."""
_ID_LAP: Final = 4_096
"""Message identifiers are watched in laps of this many, so that none is used twice in its lifetime (4.4)."""


class Endpoint:
    """The machine. `random` gives numbers from 0 to below 1: for the waits, and for where identifiers and tokens begin
    (4.4, 5.3.1). A peer that keeps its state over our restarts needs `message_id`, the `next_message_id` of before."""

    __slots__ = (
        "_by_id",
        "_by_token",
        "_laps",
        "_limits",
        "_next_tick",
        "_open",
        "_options",
        "_outstanding",
        "_quirks",
        "_random",
        "_seen",
        "_serial",
        "_sink",
        "_timing",
        "_token",
        "_waiting",
        "dropped",
        "next_message_id",
        "rejected",
        "reliable",
        "repetitions",
        "retransmissions",
    )

    def __init__(
        self,
        sink: Sink,
        *,
        random: Callable[[], float],
        reliable: bool = False,
        transmission: Transmission | None = None,
        limits: Limits | None = None,
        quirks: Quirks | None = None,
        options: OptionTable = STANDARD,
        message_id: int | None = None,
    ) -> None:
        self.reliable = reliable
        self.next_message_id = int(random() * 65_536) if message_id is None else message_id & 0xFFFF
        self.rejected = 0  # messages that were malformed, or had a critical option nobody knows
        self.dropped = 0  # requests for which there was no room
        self.repetitions = 0  # received messages that had been received before
        self.retransmissions = 0  # messages that we sent again
        self._sink = sink
        self._random = random
        self._timing = transmission or _STANDARD_TIMES
        self._limits = limits or _STANDARD_LIMITS
        self._quirks = quirks or _STANDARD_QUIRKS
        self._options = options
        self._token = int(random() * (1 << 8 * self._quirks.token_bytes))
        self._serial = 0
        self._outstanding = 0
        self._next_tick = NEVER
        self._open: dict[int, Incoming] = {}
        # Until when; and, unless it was just an Acknowledgement, what was answered and the ticket while it is open.
        self._seen: dict[int, float | tuple[float, bytes, int]] = {}
        self._by_id: dict[int, Exchange] = {}
        self._by_token: dict[bytes, Exchange] = {}
        self._waiting: deque[Exchange] | None = None
        self._laps: deque[float] | None = None

    # What the shell asks

    @property
    def open_requests(self) -> int:
        """Requests of the peer that wait for our answer. A stream should not be read while they reach the limit."""
        return len(self._open)

    @property
    def outstanding(self) -> int:
        """Exchanges of ours that have not ended."""
        return len(self._by_id) + (len(self._waiting) if self._waiting else 0)

    def deadline(self) -> float | None:
        """When `tick` has to be called next; None when nothing waits. May be earlier than necessary, never later."""
        return None if self._next_tick == NEVER else self._next_tick

    # Incoming

    def feed(self, now: float, data: bytes) -> None:
        """Take one message from the peer.

        Raises:
            PeerError: only on a reliable stream, which is to be closed. A datagram that is no message is answered or
                ignored as the standard says, and counted in `rejected`.
        """
        try:
            if len(data) > self._limits.message_bytes:
                raise MessageTooLarge(f"a message of {len(data)} bytes; {self._limits.message_bytes} are allowed")
            message = decode(data)
        except (MalformedMessage, MessageTooLarge) as fault:
            self.rejected += 1
            if self.reliable:
                raise
            if fault.answer and not self._quirks.no_resets:
                self._sink.write(fault.answer)
            return
        kind = message.kind
        if kind == ACKNOWLEDGEMENT:
            self._on_ack(now, message)
        elif kind == RESET:
            exchange = self._by_id.get(message.message_id)
            if exchange is not None:  # otherwise ignored (4.2)
                self._on_reset(now, exchange)
        elif not message.code:
            # Rejecting an empty Confirmable message is what makes it a ping (4.3).
            message_id = message.message_id
            # A peer with nothing to say says only this: what it said long ago must not wait for more.
            self._forget_old(now)
            acknowledged = self._quirks.no_resets
            self._sink.write(encode.empty_ack(message_id) if acknowledged else encode.reset(message_id))
        elif self.reliable or not self._is_repetition(now, message):
            if message.code < 32:
                self._on_request(now, message)
            else:
                self._on_response(now, message)

    def _is_repetition(self, now: float, message: Message) -> bool:
        """4.5. A Confirmable message is answered again, a Non-confirmable one is not."""
        seen = self._seen
        message_id = message.message_id
        entry = seen.get(message_id)
        if entry is not None:
            until, answer, _ = entry if isinstance(entry, tuple) else (entry, _ACKNOWLEDGED, 0)
            if until > now:
                self.repetitions += 1
                if answer and message.kind == CONFIRMABLE:
                    self._sink.write(encode.empty_ack(message_id) if answer is _ACKNOWLEDGED else answer)
                return True
            del seen[message_id]
        self._forget_old(now)
        return False

    def _forget_old(self, now: float) -> None:
        """Identifiers whose time is over may be used again."""
        seen = self._seen
        forgotten = 0
        while seen:
            oldest = next(iter(seen))
            entry = seen[oldest]
            if (entry[0] if isinstance(entry, tuple) else entry) > now:
                break
            del seen[oldest]
            forgotten += 1
        if forgotten and (not seen or forgotten >= _SHRINK):
            self._seen = dict(seen)

    def _remember(self, now: float, message_id: int, confirmable: bool, answer: bytes, ticket: int = 0) -> None:
        """A message that is new; `ticket` while the application has it."""
        if self.reliable:
            return
        seen = self._seen
        if len(seen) >= self._limits.remembered:
            # Open ones are kept: forgetting them would act on their repetition.
            for known, entry in seen.items():
                if not isinstance(entry, tuple) or not entry[2]:
                    del seen[known]
                    break
        timing = self._timing
        lifetime = timing.exchange_lifetime if confirmable else timing.non_lifetime
        seen[message_id] = now + lifetime, answer, ticket

    def _close_request(self, ticket: int) -> Incoming | None:
        """It is answered. An empty table gives its room back: most peers are silent most of the time."""
        incoming = self._open.pop(ticket, None)
        if not self._open:
            self._open = {}
        return incoming

    def _settle(self, message_id: int, ticket: int, answer: bytes, *, still_open: bool = False) -> None:
        """What to say when this request is repeated. Its entry may be gone, or belong to a later request."""
        entry = self._seen.get(message_id)
        if isinstance(entry, tuple) and entry[2] == ticket:
            acknowledged = answer is _ACKNOWLEDGED and not still_open
            self._seen[message_id] = entry[0] if acknowledged else (entry[0], answer, ticket if still_open else 0)

    def _on_request(self, now: float, message: Message) -> None:
        confirmable = message.kind == CONFIRMABLE
        message_id = message.message_id
        refusal = 0
        if message.options:
            options, unknown = self._options.sift(message.options)
            if unknown:
                refusal = Code.BAD_OPTION  # 5.4.1
            elif options is not message.options:
                message = Message(message.kind, message.code, message_id, message.token, options, message.payload)
            for number, _ in options:
                if number in (PROXY_URI, PROXY_SCHEME):
                    refusal = Code.PROXYING_NOT_SUPPORTED  # 5.10.2
        if refusal:
            self.rejected += 1
        elif len(self._open) >= self._limits.open_requests:
            self.dropped += 1
            if not self.reliable:
                return  # not remembered: when the peer repeats it, there may be room
            refusal = Code.SERVICE_UNAVAILABLE
        if refusal:
            # A Non-confirmable message is rejected by silence (4.3).
            answer = b""
            if confirmable:
                answer = encode.parts(ACKNOWLEDGEMENT, refusal, message_id, message.token, (), b"")
            self._remember(now, message_id, confirmable, answer)
            if answer:
                self._sink.write(answer)
            return
        self._serial = ticket = self._serial + 1
        due = NEVER
        if confirmable and self._quirks.separate_after is not None:
            due = now + self._quirks.separate_after
        self._open[ticket] = Incoming(confirmable, message_id, message.token, due)
        self._remember(now, message_id, confirmable, b"", ticket)
        if self._sink.request(now, ticket, message):
            self.acknowledge(now, ticket)
        elif due < self._next_tick and ticket in self._open:
            self._next_tick = due

    def _on_ack(self, now: float, message: Message) -> None:
        exchange = self._by_id.get(message.message_id)
        if not message.code:
            if exchange is None and self._quirks.foreign_ack_ids:
                exchange = next((e for e in self._by_id.values() if e.is_ping), None)
            if exchange is None or not exchange.confirmable:
                return
            self._arrived(now, exchange)
            if not exchange.expects and not exchange.done:
                self._end(exchange)
                self._sink.acknowledged(now, exchange.context)
            return
        # 5.3.2: a piggybacked response has the identifier and the token of its request.
        if exchange is None or exchange.token != message.token:
            exchange = self._by_token.get(message.token) if self._quirks.foreign_ack_ids else None
        if exchange is not None and exchange.confirmable:
            self._finish(now, exchange, message)

    def _on_response(self, now: float, message: Message) -> None:
        """A response in a message of its own (5.2.2, 5.2.3)."""
        exchange = self._by_token.get(message.token)
        confirmable = message.kind == CONFIRMABLE
        understood = exchange is not None and exchange.sent and not self._options.sift(message.options)[1]
        answer = b""
        if confirmable:
            accepted = understood or self._quirks.no_resets
            answer = encode.empty_ack(message.message_id) if accepted else encode.reset(message.message_id)
        self._remember(now, message.message_id, confirmable, answer)
        if answer:
            self._sink.write(answer)
        if exchange is not None and exchange.sent:
            self._finish(now, exchange, message)

    def _finish(self, now: float, exchange: Exchange, message: Message) -> None:
        options, unknown = self._options.sift(message.options)
        self._end(exchange)
        if unknown:
            self.rejected += 1
            self._sink.failed(now, exchange.context, Failure.BAD_OPTION)
        else:
            if options is not message.options:
                message = Message(
                    message.kind, message.code, message.message_id, message.token, options, message.payload
                )
            self._sink.response(now, exchange.context, message)
        self._start_waiting(now)

    def _on_reset(self, now: float, exchange: Exchange) -> None:
        self._end(exchange)
        if exchange.is_ping:
            self._sink.acknowledged(now, exchange.context)
        else:
            self._sink.failed(now, exchange.context, Failure.RESET)
        self._start_waiting(now)

    # Answers to the peer

    def respond(
        self, now: float, ticket: int, code: int, options: Options = (), payload: bytes = b"", context: object = None
    ) -> bool:
        """Answer a request: in its Acknowledgement while that is possible, else in a message of its own. False when the
        ticket is not open, for instance because the endpoint was closed. `context` comes back only of a separate
        Confirmable response, which is repeated like a request.

        Raises:
            LocalError: such a response cannot be written; the ticket stays open.
        """
        incoming = self._open.get(ticket)
        if incoming is None:
            return False
        if options:
            self._options.check(options)
        if code < 64:
            raise LocalError(f"{code} is not a response")
        if incoming.confirmable and not incoming.acknowledged:
            message_id = incoming.message_id
            data = encode.parts(ACKNOWLEDGEMENT, code, message_id, incoming.token, options, payload)
            self._close_request(ticket)
            self._settle(message_id, ticket, data)
            self._sink.write(data)
            return True
        # 5.2.2, 5.2.3: the response to a Non-confirmable request is Non-confirmable as well. On a stream nothing more
        # is won by an Acknowledgement.
        confirmable = incoming.confirmable and not self.reliable
        kind = CONFIRMABLE if confirmable else NON_CONFIRMABLE
        message_id = self._new_id(now)
        data = encode.parts(kind, code, message_id, incoming.token, options, payload)
        if confirmable and self.outstanding >= self._limits.outstanding:
            raise TooBusy("too many exchanges are not finished")
        self._close_request(ticket)
        self._settle(incoming.message_id, ticket, _ACKNOWLEDGED if incoming.acknowledged else b"")
        if confirmable:
            exchange = Exchange(context, None, message_id, data)
            exchange.expects = False
            self._begin(now, exchange)
        else:
            self._sink.write(data)
        return True

    def acknowledge(self, now: float, ticket: int) -> bool:
        """Say only that the request arrived, and never more. Nothing is said to a Non-confirmable one. False when the
        ticket is not open."""
        incoming = self._close_request(ticket)
        if incoming is None:
            return False
        message_id = incoming.message_id
        self._settle(message_id, ticket, _ACKNOWLEDGED if incoming.confirmable else b"")
        if incoming.confirmable and not incoming.acknowledged:
            self._sink.write(encode.empty_ack(message_id))
        return True

    def forget(self, now: float, ticket: int) -> bool:
        """Say nothing, as if the request had never come: when the peer repeats it, it is new. False when the ticket is
        not open."""
        incoming = self._close_request(ticket)
        if incoming is None:
            return False
        entry = self._seen.get(incoming.message_id)
        if isinstance(entry, tuple) and entry[2] == ticket:
            del self._seen[incoming.message_id]
        return True

    # Requests of ours

    def send(
        self,
        now: float,
        code: int,
        options: Options = (),
        payload: bytes = b"",
        *,
        context: object = None,
        timeout: float,
        confirmable: bool = True,
        response: bool = True,
        token: bytes | None = None,
    ) -> Exchange:
        """Send a request, or let it wait for its turn. `timeout` are seconds until `failed`.

        Without `response` an Acknowledgement ends the exchange, and a Non-confirmable one ends at once. A token is
        invented where a response is expected, and empty otherwise, unless one is given.

        Raises:
            TooBusy: too much is not finished.
            LocalError: such a request cannot be written, or its token is in use.
        """
        if options:
            self._options.check(options)
        if not 0 < code < 32:
            raise LocalError(f"{code} is not a method")
        if token is None:
            token = self._new_token() if response else b""
        elif response and token in self._by_token:
            raise LocalError("the token is in use (5.3.1)")
        kept = confirmable or response
        if kept and self.outstanding >= self._limits.outstanding:
            raise TooBusy("too many exchanges are not finished")
        message_id = self._new_id(now)
        kind = CONFIRMABLE if confirmable else NON_CONFIRMABLE
        exchange = Exchange(context, token, message_id, encode.parts(kind, code, message_id, token, options, payload))
        exchange.confirmable = confirmable
        exchange.expects = response
        if not kept:
            exchange.done = True
            self._sink.write(exchange.data)
            return exchange
        exchange.expires = now + timeout
        if response:
            self._by_token[token] = exchange
        self._begin(now, exchange)
        return exchange

    def ping(self, now: float, *, timeout: float, context: object = None) -> Exchange:
        """Ask whether the peer is there (4.3); `acknowledged` when it is. Does not wait for its turn.

        Raises:
            TooBusy: too much is not finished.
        """
        if self.outstanding >= self._limits.outstanding:
            raise TooBusy("too many exchanges are not finished")
        message_id = self._new_id(now)
        exchange = Exchange(context, None, message_id, encode.ping(message_id))
        exchange.expects = False
        exchange.expires = now + timeout
        self._transmit(now, exchange)
        return exchange

    def reset(self, message_id: int = 0) -> None:
        """Send a Reset of our own accord: some peers take it as the request to begin anew."""
        self._sink.write(encode.reset(message_id))

    def cancel(self, now: float, exchange: Exchange) -> None:
        """Wait no longer; nothing is called for it. A response that still comes is one that nobody waits for."""
        if not exchange.done:
            self._end(exchange)
            self._start_waiting(now)

    def close(self, now: float) -> None:
        """The connection is gone: every exchange fails, every ticket is void."""
        self._open.clear()
        self._seen.clear()
        pending = [*self._by_id.values(), *(self._waiting or ())]
        self._waiting = None
        for exchange in pending:
            if not exchange.done:
                self._end(exchange)
                self._sink.failed(now, exchange.context, Failure.CLOSED)
        self._next_tick = NEVER

    # Time

    def tick(self, now: float) -> None:
        """Repeat what is due, give up what has waited too long, acknowledge what the application still thinks about."""
        if now < self._next_tick:
            return
        for exchange in [*self._by_id.values(), *(self._waiting or ())]:
            if exchange.done:
                continue  # ended by a callback of this very loop
            if exchange.expires <= now:
                self._fail(now, exchange, Failure.TIMEOUT)
            elif exchange.due <= now:
                if exchange.repeated >= self._timing.max_retransmit:
                    self._fail(now, exchange, Failure.UNACKNOWLEDGED)
                else:
                    # 4.2: twice the wait each time
                    exchange.repeated += 1
                    exchange.interval *= 2
                    exchange.due = now + exchange.interval
                    self.retransmissions += 1
                    self._sink.write(exchange.data)
        for ticket, incoming in list(self._open.items()):
            if incoming.due <= now:
                incoming.due = NEVER
                incoming.acknowledged = True
                self._settle(incoming.message_id, ticket, _ACKNOWLEDGED, still_open=True)
                self._sink.write(encode.empty_ack(incoming.message_id))
        self._start_waiting(now)
        soonest = NEVER
        for exchange in self._by_id.values():
            soonest = min(soonest, exchange.due, exchange.expires)
        for exchange in self._waiting or ():
            soonest = min(soonest, exchange.expires)
        for incoming in self._open.values():
            soonest = min(soonest, incoming.due)
        self._next_tick = soonest

    # Within

    def _begin(self, now: float, exchange: Exchange) -> None:
        """Send it, or let it wait while NSTART others are outstanding (4.7)."""
        if not self.reliable and (self._waiting or self._outstanding >= self._timing.nstart):
            if self._waiting is None:
                self._waiting = deque()
            self._waiting.append(exchange)
            self._next_tick = min(self._next_tick, exchange.expires)
        else:
            self._transmit(now, exchange)

    def _transmit(self, now: float, exchange: Exchange) -> None:
        exchange.sent = True
        self._by_id[exchange.message_id] = exchange
        if not exchange.is_ping:
            self._outstanding += 1
        if exchange.confirmable and not self.reliable:
            # 4.2: between ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR
            timing = self._timing
            exchange.interval = timing.ack_timeout * (1 + self._random() * (timing.ack_random_factor - 1))
            exchange.due = now + exchange.interval
        self._next_tick = min(self._next_tick, exchange.due, exchange.expires)
        self._sink.write(exchange.data)

    def _arrived(self, now: float, exchange: Exchange) -> None:
        """The peer has it: nothing is repeated any more, and it no longer counts for NSTART."""
        if not exchange.acknowledged:
            exchange.acknowledged = True
            exchange.due = NEVER
            if not exchange.is_ping:
                self._outstanding -= 1
                self._start_waiting(now)

    def _end(self, exchange: Exchange) -> None:
        exchange.done = True
        if self._by_token.get(exchange.token or b"") is exchange:
            del self._by_token[exchange.token or b""]
        if exchange.sent:
            if not exchange.acknowledged and not exchange.is_ping:
                self._outstanding -= 1
            self._by_id.pop(exchange.message_id, None)
            if not self._by_id:
                self._by_id = {}
        elif self._waiting and exchange in self._waiting:
            self._waiting.remove(exchange)
        if not self._by_id and not self._waiting and not self._open:
            self._next_tick = NEVER

    def _fail(self, now: float, exchange: Exchange, failure: Failure) -> None:
        self._end(exchange)
        self._sink.failed(now, exchange.context, failure)

    def _start_waiting(self, now: float) -> None:
        while self._waiting and self._outstanding < self._timing.nstart:
            self._transmit(now, self._waiting.popleft())

    def _new_token(self) -> bytes:
        """In turn, so that a token comes back as late as possible (5.3.1)."""
        size = self._quirks.token_bytes
        if len(self._by_token) >= 1 << 8 * size:
            raise TooBusy("no token is free")
        while True:
            self._token = (self._token + 1) % (1 << 8 * size)
            token = self._token.to_bytes(size, "big")
            if token not in self._by_token:
                return token

    def _new_id(self, now: float) -> int:
        """In turn, never one whose lifetime has not passed (4.4)."""
        while True:
            message_id = self.next_message_id
            self.next_message_id = message_id + 1 & 0xFFFF
            if not message_id % _ID_LAP and not self.reliable:
                if self._laps is None:
                    self._laps = deque(maxlen=65_536 // _ID_LAP)
                laps = self._laps
                if len(laps) == laps.maxlen and now - laps[1] < self._timing.exchange_lifetime:
                    self.next_message_id = message_id
                    raise TooBusy("all message identifiers were used a moment ago (4.4)")
                laps.append(now)
            if message_id not in self._by_id and not (self._waiting and self._is_waiting(message_id)):
                return message_id

    def _is_waiting(self, message_id: int) -> bool:
        return any(exchange.message_id == message_id for exchange in self._waiting or ())


_STANDARD_TIMES: Final = Transmission()
_STANDARD_LIMITS: Final = Limits()
_STANDARD_QUIRKS: Final = Quirks()
