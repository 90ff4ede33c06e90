"""Events that a board publishes (particle-device.md §4.6, §5; particle-rest.md §6.6).

Those of its application are stored, and told to whoever may hear them, once they are on disk; that is when a board that
asked for it gets its acknowledgement. Names that begin with `spark` or `particle` are the system's: each is known and
has its own treatment. What the cloud alone says, like `spark/status`, a board cannot say.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Final

import structlog

from rookery.core.errors import CoreError
from rookery.core.live import LiveVariable
from rookery.core.points import Value
from rookery.particle.device.binding import value_of
from rookery.particle.device.deliveries import Deliveries
from rookery.particle.device.errors import MessageError
from rookery.particle.device.events import Event, is_reserved, parse_event
from rookery.particle.device.line import Line
from rookery.wire.coap.message import CONFIRMABLE, Code, Message

log = structlog.get_logger("rookery.particle.board")

CLAIM_CODE: Final = "spark/device/claim/code"
CLAIM_SUCCESS: Final = "spark/device/claim/success"
FORCED: Final = "particle/device/updates/forced"
ENABLED: Final = "particle/device/updates/enabled"
RANDOM_BYTES: Final = 30
"""Forty characters in base64."""
LONGEST_NUMBER: Final = 10
"""Digits of a number in a system event."""
TRUE: Final = b"true"

_PUBLISHED: Final = frozenset(("spark/device/last_reset", ENABLED, FORCED, "particle/device/updates/pending"))
"""System events that people may see as the board said them."""


class Hearing:
    """Of one session."""

    __slots__ = ("_corrected", "_deliveries", "_line")

    def __init__(self, line: Line, deliveries: Deliveries) -> None:
        self._line = line
        self._deliveries = deliveries
        self._corrected = False

    def hello(self) -> None:
        """The board has begun anew."""
        self._corrected = False

    def event(self, message: Message, ticket: int) -> bool:
        """A request POST /e or /E. The hot path."""
        line = self._line
        try:
            event = parse_event(message)
        except MessageError as error:
            return line.refuse(message, ticket, Code.BAD_REQUEST, str(error))
        line.shared.counters.events_in += 1
        line.events += 1
        if is_reserved(event.name) and not self._system(event):
            return True
        published = line.event(event.name, event.data or None, event.content_format, event.ttl)
        confirmable = message.kind == CONFIRMABLE
        if confirmable:
            line.publish(published, line.connection, ticket)
        else:
            line.publish(published)
        if line.thing is not None:
            self._bind(event)
        return not confirmable

    def _bind(self, event: Event) -> None:
        """The event is a value of the thing that the board feeds, where there is a variable of that name."""
        line = self._line
        thing = line.thing
        if thing is None:
            return
        variable: LiveVariable | None = thing.by_symbol.get(event.name)
        if variable is None:
            variable = next((v for v in thing.by_id.values() if v.record.name == event.name), None)
            if variable is None:
                return
        value: Value | None = value_of(variable.record.kind, event)
        if value is not None:
            line.shared.counters.values_bound += 1
            line.shared.services.ingest.accept(thing, [(variable, value, None)], from_board=True)

    # The system

    def _system(self, event: Event) -> bool:
        """Treat an event with a reserved name. True: publish it like any other."""
        name = event.name
        treat = _TREATMENTS.get(name)
        if treat is not None:
            treat(self, event)
            return name in _PUBLISHED
        if name in _PUBLISHED:
            return True
        if name.lower().startswith("spark"):
            self._line.shared.counters.events_ignored += 1
            return False
        return True

    def _claim(self, event: Event) -> None:
        self._line.shared.run(self._present(event.data.decode("utf-8", "replace")))

    async def _present(self, code: str) -> None:
        line = self._line
        try:
            device = await line.shared.services.claims.present(line.device, code)
        except CoreError as error:
            log.warning("particle.claim_failed", device=line.device.hex_id, reason=str(error))
            return
        if device is None:
            line.shared.strangers.info(log, "particle.claim_code_unknown", device=line.device.hex_id)
            return
        # The board erases its code; else it says it again in each new session.
        self._deliveries.say(CLAIM_SUCCESS, b"")

    def _enabled(self, event: Event) -> None:
        self._line.describe(updates_enabled=event.data == TRUE)

    def _forced(self, event: Event) -> None:
        """The board says whether it takes updates by force. It forgets that when it restarts."""
        forced = self._line.device.updates_forced
        if forced and event.data != TRUE and not self._corrected:
            self._corrected = True
            self.force(forced)

    def force(self, forced: bool) -> None:
        """Tell the board whether it takes updates that its program has turned off."""
        self._deliveries.say(FORCED, TRUE if forced else b"false")

    def _max_binary(self, event: Event) -> None:
        self._line.describe(max_binary=_number(event) or None)

    def _chunk(self, event: Event) -> None:
        self._line.describe(chunk=_number(event) or None)

    def _safe_mode(self, event: Event) -> None:
        self._line.describe(safe_mode=True)

    def _key_error(self, event: Event) -> None:
        log.warning("particle.key_error", device=self._line.device.hex_id, mask=_number(event))

    def _name(self, event: Event) -> None:
        # The name as the streams would show it: a text.
        self._deliveries.say(event.name, self._line.device.name.encode("utf-8", "replace"))

    def _address(self, event: Event) -> None:
        self._deliveries.say(event.name, self._line.connection.peer.address.encode())

    def _random(self, event: Event) -> None:
        # Text, because boards hand it to their application as a C string.
        self._deliveries.say(event.name, b64encode(self._line.shared.services.ids.bytes(RANDOM_BYTES)))

    def _consume(self, event: Event) -> None:
        """Known, and of no use to anybody now."""


def _number(event: Event) -> int:
    text = event.data
    return int(text) if text.isdigit() and len(text) <= LONGEST_NUMBER else 0


_TREATMENTS: Final[dict[str, Callable[[Hearing, Event], None]]] = {
    CLAIM_CODE: Hearing._claim,
    ENABLED: Hearing._enabled,
    FORCED: Hearing._forced,
    "spark/hardware/max_binary": Hearing._max_binary,
    "spark/hardware/ota_chunk_size": Hearing._chunk,
    "spark/device/safemode": Hearing._safe_mode,
    "spark/device/key/error": Hearing._key_error,
    "spark/device/ident/0": Hearing._consume,
    "spark/device/ota_result": Hearing._consume,
    "spark/cc3000-patch-version": Hearing._consume,
    "particle/device/name": Hearing._name,
    "spark/device/name": Hearing._name,
    "particle/device/ip": Hearing._address,
    "spark/device/ip": Hearing._address,
    "particle/device/random": Hearing._random,
    "spark/device/random": Hearing._random,
}
"""Chapter 5 of particle-device.md as a table."""
