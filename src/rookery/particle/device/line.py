"""What is known of a connected board, for all who talk with it: its record, its connection, what it can do."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from rookery.core.clock import SECOND
from rookery.core.events import TEXT, Event
from rookery.core.live import LiveThing
from rookery.core.points import Producer
from rookery.core.records import Device
from rookery.gateways.coap_contract import Connection
from rookery.particle import platforms
from rookery.particle.described import lean, names_of
from rookery.particle.device.hello import Hello
from rookery.particle.device.shared import Shared
from rookery.wire.coap.errors import LocalError
from rookery.wire.coap.message import CONFIRMABLE, Message

if TYPE_CHECKING:
    from rookery.particle.device.updates import BoardUpdate

SUSTAINED: Final = 100.0
"""Messages a second that one board may send for long. Firmware allows its application four events (§4.6), and says some
twenty things after its Hello; this is against boards that are no boards."""
BURST: Final = 200.0

log = structlog.get_logger("rookery.particle.board")

STATUS: Final = "spark/status"


class Line:
    """One session with one board. It knows neither requests nor answers."""

    __slots__ = (
        "_allowance",
        "_counted",
        "connection",
        "described",
        "device",
        "events",
        "functions",
        "hello",
        "limits",
        "malformed",
        "platform",
        "round_trip",
        "shared",
        "since",
        "thing",
        "update",
        "variables",
        "version",
    )

    def __init__(self, shared: Shared, connection: Connection, device: Device, thing: LiveThing | None) -> None:
        self.shared = shared
        self.connection = connection
        self.since = shared.services.clock.now()
        self.events = 0
        """Events that came in this session."""
        self.round_trip: int | None = None
        """Milliseconds from the last question to its answer."""
        self.malformed = 0
        self._allowance = BURST
        self._counted = connection.last_heard
        self.update: BoardUpdate | None = None
        self.thing = thing
        self.take(device)

    def take(self, device: Device) -> None:
        """This is what the board has said of itself."""
        self.described: dict[str, Any] = lean(device.described)
        self.device = _slim(device, self.described)
        self.hello = hello_of(device)
        self.version = self.hello.version
        self.platform = platforms.platform(self.hello.platform_id)
        self.limits = platforms.limits(self.hello.platform_id, self.version)
        self._names()

    def keep(self, device: Device) -> None:
        """Somebody has changed the record; what the board says of itself may be newer here."""
        described = lean(device.described)
        if described == self.described:
            described = self.described
        self.device = _slim(device, described)

    def describe(self, **entries: Any) -> None:
        """Remember entries of `Device.described`, and write them soon if they are new."""
        new = {name: value for name, value in entries.items() if self.described.get(name) != value}
        if not new:
            return
        # Not changed in place: the record may be the other one that has it.
        self.described = lean({**self.described, **new})
        self._names()
        self.shared.notebook.note(self.device.id, described=new)

    def note(self, **fields: Any) -> None:
        """Write fields of the record soon."""
        self.shared.notebook.note(self.device.id, **fields)

    def allows(self) -> bool:
        """Count one message; False when it is one too many."""
        heard = self.connection.last_heard
        self._allowance = min(BURST, self._allowance + (heard - self._counted) * SUSTAINED)
        self._counted = heard
        if self._allowance < 1.0:
            self.shared.counters.limited += 1
            return False
        self._allowance -= 1.0
        return True

    def event(self, name: str, data: bytes | None, format: int = TEXT, ttl: int = 60) -> Event:
        """An event of this board. In quarantine a board is not of its product yet."""
        device = self.device
        product = None
        if device.product_id is not None and not device.quarantined:
            product = self.shared.products.get(device.product_id)
        return Event(
            name=name,
            data=data,
            format=format,
            time=self.shared.services.events.now(),
            ttl=ttl,
            source=device.hex_id,
            device_id=device.id,
            owner_id=device.space_id,
            product_id=product.id if product is not None else None,
            product_number=product.number if product is not None else None,
            organisation_id=product.space_id if product is not None else None,
            version=self.described.get("firmware_version"),
        )

    def publish(self, event: Event, producer: Producer | None = None, ticket: int = 0) -> None:
        """Store and tell an event of this board."""
        self.shared.services.events.publish(event, self.device.events, producer, ticket)

    def say(self, name: str, text: str) -> None:
        """What the cloud says about this board, on its streams."""
        self.publish(self.event(name, text.encode()))

    def refuse(self, message: Message, ticket: int, code: int, reason: str) -> bool:
        """Answer a request with an error, if it wants an answer. Returns what `Handler.request` is to return."""
        if reason:
            self.shared.counters.malformed += 1
            self.malformed += 1
            if self.malformed == 1:
                log.warning("particle.message_refused", device=self.device.hex_id, reason=reason)
        return refuse(self.connection, message, ticket, code)

    @property
    def last_heard(self) -> int:
        """UTC microseconds."""
        silence = max(0.0, self.shared.clock.monotonic() - self.connection.last_heard)
        return self.shared.services.clock.now() - round(silence * SECOND)

    def _names(self) -> None:
        known = "functions" in self.described
        self.functions: frozenset[str] | None = names_of(self.described["functions"]) if known else None
        self.variables: dict[str, str] | None = self.described.get("variables")


def _slim(device: Device, described: dict[str, Any]) -> Device:
    """The record with texts that thousands of boards share kept once: each comes out of the catalog as a new one."""
    return msgspec.structs.replace(
        device,
        described=described,
        dialect=intern(device.dialect),
        type=intern(device.type),
        space_id=intern(device.space_id),
        person_id=intern(device.person_id),
        product_id=intern(device.product_id) if device.product_id is not None else None,
    )


def refuse(connection: Connection, message: Message, ticket: int, code: int) -> bool:
    """Answer a Confirmable request with an error, and nobody else: what is Non-confirmable has no place for answers."""
    if message.kind != CONFIRMABLE:
        return True
    try:
        connection.respond(ticket, code)
    except LocalError:
        return True
    return False


def hello_of(device: Device) -> Hello:
    """The Hello that led to this record: a board that comes back with its old session says none."""
    described = device.described
    return Hello(
        product_id=described.get("firmware_product"),
        product_version=described.get("firmware_version"),
        flags=described.get("flags", 0),
        platform_id=device.platform or 0,
        device_id=device.hex_id,
        system_version=described.get("system_version", 0),
        max_message=described.get("max_message", 0),
        max_binary=described.get("max_binary", 0),
        ota_chunk=described.get("chunk", 0),
    )
