"""What a simulated Particle board says and hears in one secure session (particle-device.md chapters 3 to 5).

```
channel -> Hello  --acknowledged (UDP), server's Hello (TCP)-->
     [claim code] describe(system) time updates/enabled updates/forced describe(application) subscriptions
     --all that is Confirmable has arrived--> greeted: requests of both sides, pings in silence
```

A session over UDP that goes on says less: what the server has acknowledged in it before (`Known`) is not said again,
and when nothing has changed a ping is all.

The machine has no clock and no socket; it is deaf in the ways that the firmware is. Requests that its parsers would
misread are counted in `misread` and get no answer. Confirmable events over TCP are not acknowledged, and over TCP pings
and signals are acknowledged with another identifier (§1.3).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rookery.particle.device.content import OCTETS, TEXT
from rookery.particle.device.describe import APPLICATION, METRICS, SYSTEM
from rookery.particle.device.errors import MessageError
from rookery.particle.device.events import (
    TYPED_SINCE,
    Event,
    Subscription,
    board_event_request,
    parse_event,
    subscription_request,
)
from rookery.particle.device.ota_board import Memory
from rookery.particle.device.ota_receiver import PATHS, receiver
from rookery.particle.device.profile import TCP, TRANSMISSION, UDP
from rookery.particle.device.requests import (
    Kind,
    Request,
    classify,
    goodbye_request,
    hello_request,
    parse_argument,
    parse_named,
    parse_part,
    parse_signal,
    time_request,
)
from rookery.particle.device.values import encode_result
from rookery.particle.platforms import PATIENCE
from rookery.simulate.particle_contract import (
    CLAIM_CODE,
    SAFE_MODE,
    UPDATES_ENABLED,
    UPDATES_FORCED,
    Ask,
    Known,
    Said,
    SessionOwner,
)
from rookery.simulate.particle_firmware import Firmware
from rookery.wire.coap import encode
from rookery.wire.coap.blockwise import Blockwise
from rookery.wire.coap.errors import PeerError, TooBusy
from rookery.wire.coap.exchange import NEVER, Failure
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, RESET, Code, Message, Options
from rookery.wire.coap.options import CONTENT_FORMAT, NO_RESPONSE, URI_PATH, URI_QUERY, uint
from rookery.wire.coap.parameters import Quirks

QUIRKS: Final = Quirks(no_resets=True, token_bytes=1, separate_after=0.0)
"""Boards acknowledge a request at once and respond in a message of its own (§3)."""
BOARD_TRANSMISSION: Final = replace(TRANSMISSION, nstart=16)
"""Boards send all that they have to say after the Hello without waiting between."""
HELLO_SECONDS: Final = 4.0
"""Over TCP, for the server's Hello (§1.1)."""
ANSWER_SECONDS: Final = 20.0
"""For what is answered and not repeated (§9, publish WITH_ACK)."""
REPEATED_SECONDS: Final = 120.0
"""Longer than repetitions last (§9): 4 s times 1.5, doubled three times."""


class ParticleSession:
    """One conversation. All methods take seconds of a clock that does not go back."""

    def __init__(
        self,
        owner: SessionOwner,
        device_id: str,
        firmware: Firmware,
        subscriptions: list[Subscription],
        *,
        reliable: bool,
        keepalive: float,
        random: Callable[[], float],
        message_id: int | None = None,
        known: Known | None = None,
        claim_code: str = "",
        memory: Memory | None = None,
        updates_enabled: bool = True,
    ) -> None:
        """`known`: an earlier conversation of the same session, which goes on."""
        profile = TCP if reliable else UDP
        self.misread = 0
        self.is_greeted = False
        self.known = known or Known()
        self._resumed = known is not None
        self._owner = owner
        self._device_id = device_id
        self._firmware = firmware
        self._subscriptions = subscriptions
        self._reliable = reliable
        self._keepalive = keepalive
        self._claim_code = claim_code
        self._opening = 0
        self._helloed = False
        self._hello_due = NEVER
        self._heard = 0.0
        self._pinged = 0.0
        self._pinging = False
        self._over = False
        self._as_confirmable = False
        self._later: list[Callable[[float], None]] = []
        self._coap = Blockwise(
            self,
            random=random,
            reliable=reliable,
            quirks=QUIRKS,
            transmission=BOARD_TRANSMISSION,
            options=profile.options,
            limits=profile.limits,
            block_bytes=512 if firmware.model.platform.gen2 else profile.block_bytes,
            message_id=message_id if message_id is not None else self.known.next_message_id,
        )
        abilities = firmware.abilities(reliable=reliable)
        self.updates = receiver(self, owner, abilities, memory if memory is not None else Memory())
        self.updates.enabled = updates_enabled

    # The board's side

    def start(self, now: float) -> None:
        """The channel is open: say who we are, or that we are back."""
        self._heard = self._pinged = now
        hello = self._firmware.hello(self._device_id, reliable=self._reliable)
        if self._resumed and hello == self.known.hello:
            self._helloed = True
            self._tell_changes(now)
            if not self._opening:
                self._opening += 1
                self._ping(now, opening=True)
            return
        self.known.described.clear()
        if self._reliable:
            self._hello_due = now + HELLO_SECONDS
        self._say(now, hello_request(hello), Said(Ask.HELLO, hello))

    def received(self, now: float, data: bytes) -> None:
        """A message of the server."""
        self._heard = now
        if self._reliable and data[:2] == b"\x40\0":
            self._owner.put(encode.empty_ack(self._fresh_id()))  # another identifier than that of the ping (§1.3)
            return
        if not self._reliable and len(data) >= 4 and data[0] >> 4 & 3 == RESET:
            self._hang("the server has sent a Reset", discard=True)
            return
        try:
            self._coap.feed(now, data)
        except PeerError as error:
            self._hang(f"what the server says can not be read: {error}", discard=True)
            return
        self._catch_up(now)

    def deadline(self) -> float:
        """When `tick` has to be called next."""
        due = min(self._hello_due, NEVER if self._pinging else max(self._heard, self._pinged) + self._keepalive)
        coap, update = self._coap.deadline(), self.updates.deadline()
        return min(due, NEVER if coap is None else coap, NEVER if update is None else update)

    def tick(self, now: float) -> None:
        """What is due."""
        if now >= self._hello_due:
            self._hang("no Hello of the server", discard=True)
            return
        self._coap.tick(now)
        if self._over:
            return
        self.updates.tick(now)
        if not self._pinging and now >= max(self._heard, self._pinged) + self._keepalive:
            self._ping(now)
        self._catch_up(now)

    def publish(self, now: float, event: Event, *, confirmable: bool, context: object = None) -> None:
        """Send an event. Confirmable ones come back in `published`.

        Raises:
            TooBusy: too much is not finished.
        """
        request = board_event_request(event, self._firmware.model.system_version)
        self._say(now, request, Said(Ask.EVENT, context), confirmable=confirmable)

    def subscribe(self, now: float, subscription: Subscription) -> None:
        """Tell the server one more subscription."""
        self._subscribe(now, subscription, opening=False)

    def describe(self, now: float, part: int) -> None:
        """Tell the server a part of the description, as far as it does not know it. `METRICS` are always new."""
        payload = self._owner.vitals() if part == METRICS else self._firmware.described(part)
        if self.known.described.get(part) != payload:
            self._describe(now, part, payload, opening=False)

    def say_goodbye(self, now: float, payload: bytes) -> None:
        """We leave (§4.13). Whether it arrives is not waited for.

        Raises:
            TooBusy: too much is not finished.
        """
        request = goodbye_request(payload)
        if self._reliable:
            request = request._replace(options=(*request.options, (NO_RESPONSE, b"")))
        self._say(now, request, Said(Ask.GOODBYE))

    def close(self, now: float) -> None:
        """The channel is gone."""
        self._over = True
        self.known.next_message_id = self._coap.endpoint.next_message_id
        self.updates.closed()
        self._later.clear()
        self._coap.close(now)

    # What opens a conversation

    def _open(self, now: float) -> None:
        """The server has heard the Hello: everything else that it has to know, in the order of the firmware (§8)."""
        self._helloed = True
        self._hello_due = NEVER
        version = self._firmware.model.system_version
        confirmable = not self._reliable
        if self._claim_code and not self._resumed:
            self._open_event(now, Event(CLAIM_CODE, self._claim_code.encode()), version, confirmable)
        self._describe(now, SYSTEM, self._firmware.described(SYSTEM), opening=True)
        self._ask_time(now)
        enabled = b"true" if self.updates.enabled else b"false"
        self._open_event(now, Event(UPDATES_ENABLED, enabled), version, confirmable)
        self._open_event(now, Event(UPDATES_FORCED, b"false"), version, confirmable)
        if self._firmware.safe_mode:
            self._open_event(now, Event(SAFE_MODE), version, confirmable)
        self._tell_changes(now)
        self._maybe_greeted()

    def _tell_changes(self, now: float) -> None:
        described = self._firmware.described(APPLICATION)
        if self.known.described.get(APPLICATION) != described:
            self._describe(now, APPLICATION, described, opening=True)
        for subscription in self._subscriptions:
            if subscription not in self.known.subscriptions:
                self._subscribe(now, subscription, opening=True)

    def _open_event(self, now: float, event: Event, version: int, confirmable: bool) -> None:
        said = Said(Ask.EVENT, opening=confirmable)
        self._say(now, board_event_request(event, version), said, confirmable=confirmable)

    def _describe(self, now: float, part: int, payload: bytes, *, opening: bool) -> None:
        """Confirmable on both transports (§4.3)."""
        options: Options = ((URI_PATH, b"d"),)
        if part == SYSTEM and self._firmware.protobuf:
            options += ((CONTENT_FORMAT, uint(OCTETS)),)
        options += ((URI_QUERY, bytes((part,))),)
        said = Said(Ask.DESCRIBE, (part, payload), opening)
        self._opening += opening
        whole = len(payload) <= (512 if self._firmware.model.platform.gen2 else 1_024)
        self._coap.send(
            now,
            Code.POST,
            options,
            payload,
            context=said,
            timeout=ANSWER_SECONDS if self._reliable else REPEATED_SECONDS,
            # In one piece an empty acknowledgement is enough; blocks go on with what each answer says.
            response=not whole,
            token=bytes((part,)) if whole else None,
        )

    def _ask_time(self, now: float) -> None:
        self._opening += 1
        request = time_request()
        timeout = ANSWER_SECONDS if self._reliable else REPEATED_SECONDS
        self._coap.send(now, request.code, request.options, context=Said(Ask.TIME, opening=True), timeout=timeout)

    def _subscribe(self, now: float, subscription: Subscription, *, opening: bool) -> None:
        said = Said(Ask.SUBSCRIPTION, subscription, opening and not self._reliable)
        self._say(now, subscription_request(subscription), said)
        if self._reliable:
            self.known.subscriptions.add(subscription)

    def _say(self, now: float, request: Request, said: Said, *, confirmable: bool | None = None) -> None:
        """A request to which no response is expected: Confirmable over UDP, not over TCP, unless told otherwise."""
        self._opening += said.opening
        confirmable = not self._reliable if confirmable is None else confirmable
        self._coap.send(
            now,
            request.code,
            request.options,
            request.payload,
            context=said,
            timeout=ANSWER_SECONDS if self._reliable else REPEATED_SECONDS,
            confirmable=confirmable,
            response=False,
        )

    def _ping(self, now: float, *, opening: bool = False) -> None:
        self._pinged = now
        patience = PATIENCE["tcp" if self._reliable else "udp"]
        try:
            self._coap.ping(now, timeout=patience, context=Said(Ask.PING, opening=opening))
            self._pinging = True
        except TooBusy:
            pass  # What waits for acknowledgements tells as much.

    # The machine's sink

    def write(self, data: bytes) -> None:
        """For the machine."""
        if self._as_confirmable:
            self._as_confirmable = False
            data = bytes((data[0] & 0xCF,)) + data[1:]
        self._owner.put(data)

    def request(self, now: float, ticket: int, message: Message) -> bool:
        """For the machine."""
        if self._over:
            return False
        kind = classify(message)
        try:
            if message.first(URI_PATH) in PATHS:
                return self.updates.request(now, ticket, message)
            if kind is Kind.EVENT:
                return self._on_event(now, ticket, message)
            if kind is Kind.HELLO:
                if self._reliable and not self._helloed:
                    self._open(now)
                return True
            if len(message.token) == 1:
                return self._on_request(now, ticket, kind, message)
        except MessageError:
            pass
        self.misread += 1
        return True

    def response(self, now: float, context: object, message: Message) -> None:
        """For the machine."""
        if not isinstance(context, Said):
            return
        trouble = "" if message.is_success else f"the server answers {message.code >> 5}.{message.code & 31:02}"
        if context.ask is Ask.TIME and message.code == Code.CONTENT and len(message.payload) == 4:
            self._owner.told_time(int.from_bytes(message.payload, "big"))
        self._settled(now, context, trouble)

    def acknowledged(self, now: float, context: object) -> None:
        """For the machine."""
        if isinstance(context, Said):
            self._settled(now, context, "")

    def failed(self, now: float, context: object, failure: Failure) -> None:
        """For the machine."""
        if not isinstance(context, Said):
            return
        if context.ask is Ask.EVENT:
            self._owner.published(context.detail, failure.value)
        if self._over or failure is Failure.CLOSED:
            return
        if context.ask is Ask.PING:
            self._pinging = False
            if self._heard < self._pinged or context.opening:
                self._hang("no answer to a ping", discard=False)
        elif failure is Failure.TIMEOUT and (context.ask is Ask.EVENT or not self._reliable):
            # Over UDP: acknowledged, and no response after it. Device OS goes on.
            self._settled(now, context, failure.value, told=True)
        else:
            # A Confirmable message that never arrives ends the session (§3).
            self._hang(f"{context.ask.name.lower()}: {failure.value}", discard=True)

    def _settled(self, now: float, said: Said, trouble: str, *, told: bool = False) -> None:
        """It has arrived; `trouble` is what the server has against it."""
        ask, detail, opening = said
        if ask is Ask.HELLO:
            self.known.hello = detail
            self._open(now)
        elif ask is Ask.DESCRIBE and detail[0] != METRICS:
            self.known.described[detail[0]] = detail[1]
        elif ask is Ask.SUBSCRIPTION and not trouble:
            self.known.subscriptions.add(detail)
        elif ask is Ask.EVENT and not told:
            self._owner.published(detail, trouble)
        elif ask is Ask.PING:
            self._pinging = False
        elif ask is Ask.RESPONSE and detail is not None:
            self.updates.delivered(now, detail)
        if opening:
            self._opening -= 1
            self._maybe_greeted()

    def _maybe_greeted(self) -> None:
        if not self._opening and not self.is_greeted and not self._over:
            self.is_greeted = True
            self._owner.greeted()

    def _hang(self, reason: str, *, discard: bool) -> None:
        if not self._over:
            self._over = True
            self._owner.hung(reason, discard=discard)

    # Requests of the server

    def _on_request(self, now: float, ticket: int, kind: Kind, message: Message) -> bool:
        if kind is Kind.VARIABLE:
            payload = self._firmware.read(parse_named(message))
            code = Code.NOT_FOUND if payload is None else Code.CONTENT
            self._answer(ticket, code, payload or b"")
            return False
        if kind is Kind.FUNCTION:
            return self._on_function(now, ticket, message)
        if kind is Kind.DESCRIBE_REQUEST:
            return self._on_describe(now, ticket, message)
        if kind is Kind.SIGNAL:
            self._owner.signalled(parse_signal(message))
            if self._reliable:
                self._coap.forget(now, ticket)
                acknowledgement = encode.parts(ACKNOWLEDGEMENT, Code.CHANGED, self._fresh_id(), message.token, (), b"")
                self._owner.put(acknowledgement)
            else:
                self._coap.respond(now, ticket, Code.CHANGED)
            return False
        if kind is Kind.DISCARD_SESSION:
            self._coap.acknowledge(now, ticket)
            self._hang("the server wants a new session", discard=True)
            return False
        return True  # Letters that this board does not know: acknowledged and passed over.

    def _on_function(self, now: float, ticket: int, message: Message) -> bool:
        argument = message.first(URI_QUERY) or b""
        if len(argument) > self._firmware.limits.argument:
            self._coap.respond(now, ticket, Code.BAD_REQUEST)
            return False
        name = parse_named(message)
        if self._firmware.safe_mode or name not in self._firmware.functions:
            return True  # acknowledged, and never a result (§4.5)
        self._later.append(functools.partial(self._call, ticket, name, parse_argument(message)))
        return False

    def _call(self, ticket: int, name: str, argument: str, now: float) -> None:
        self._coap.tick(now)  # The empty acknowledgement goes before whatever the user's code does.
        result = self._firmware.functions[name](argument)
        if result is None:
            self._coap.acknowledge(now, ticket)  # and never a result
        else:
            self._respond(ticket, Code.CHANGED, encode_result(result), (), False, now)

    def _on_describe(self, now: float, ticket: int, message: Message) -> bool:
        part = parse_part(message)
        if not message.every(URI_QUERY) or part not in (SYSTEM, APPLICATION, METRICS):
            self._coap.respond(now, ticket, Code.BAD_REQUEST)  # one at a time, and nothing without a query (§4.3)
            return False
        options: Options = ()
        if part == METRICS:
            payload = self._owner.vitals()
        else:
            payload = self._firmware.described(part)
            self.known.described[part] = payload
        if part == SYSTEM and self._firmware.protobuf:
            options = ((CONTENT_FORMAT, uint(OCTETS)),)
        # Confirmable over TCP as well (§4.3).
        self._answer(ticket, Code.CONTENT, payload, options, confirmable=True)
        return False

    def _on_event(self, now: float, ticket: int, message: Message) -> bool:
        event = parse_event(message)
        if self._firmware.model.system_version < TYPED_SINCE and message.first(CONTENT_FORMAT) is not None:
            event = Event(event.name, b"", TEXT, event.ttl, event.private)  # a parser that loses its place (§4.8)
        if self._reliable and message.kind == CONFIRMABLE:
            self._coap.forget(now, ticket)
            ticket = 0
        # Handlers may publish; the acknowledgement goes first.
        self._later.append(lambda _: self._owner.event(event))
        return bool(ticket)

    def _answer(
        self, ticket: int, code: int, payload: bytes, options: Options = (), *, confirmable: bool = False
    ) -> None:
        self._later.append(functools.partial(self._respond, ticket, code, payload, options, confirmable))

    def _respond(self, ticket: int, code: int, payload: bytes, options: Options, confirmable: bool, now: float) -> None:
        self._coap.tick(now)  # the empty acknowledgement
        self._as_confirmable = confirmable and self._reliable
        try:
            self._coap.respond(now, ticket, code, options, payload, Said(Ask.RESPONSE))
        except TooBusy:
            self._coap.forget(now, ticket)
        self._as_confirmable = False

    def _catch_up(self, now: float) -> None:
        """What was put off until the machine has come out of `feed`, because an acknowledgement goes before it."""
        while self._later and not self._over:
            later, self._later = self._later, []
            for work in later:
                if not self._over:
                    work(now)

    def _fresh_id(self) -> int:
        endpoint = self._coap.endpoint
        message_id = endpoint.next_message_id
        endpoint.next_message_id = message_id + 1 & 0xFFFF
        return message_id

    # The link of updates

    def respond(
        self, now: float, ticket: int, code: int, options: Options, payload: bytes, *, separate: bool, context: object
    ) -> None:
        """For the receiver of updates."""
        self._later.append(functools.partial(self._answer_update, ticket, code, options, payload, separate, context))

    def _answer_update(
        self, ticket: int, code: int, options: Options, payload: bytes, separate: bool, context: object, now: float
    ) -> None:
        if separate:
            self._coap.tick(now)
        said = None if context is None else Said(Ask.RESPONSE, context)
        self._coap.respond(now, ticket, code, options, payload, said)
        if context is not None and (self._reliable or not separate):
            self.updates.delivered(now, context)

    def send(self, now: float, code: int, options: Options, payload: bytes, *, confirmable: bool) -> None:
        """For the receiver of updates."""
        said = Said(Ask.RESPONSE)
        self._coap.send(
            now,
            code,
            options,
            payload,
            context=said if confirmable else None,
            timeout=REPEATED_SECONDS,
            confirmable=confirmable,
            response=False,
        )
