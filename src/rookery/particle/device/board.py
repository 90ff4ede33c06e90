"""One connected board: the conversation from its Hello to its end (particle-device.md §4, §8).

A session begins in one of two ways:

* With a Hello. Until it is read, and the key that the board has proven is the one that is registered, nobody is there:
  nothing is stored, nobody hears of it, and what else the board says meanwhile is held. This takes a look or two into
  the catalog, so it is a task; it is the only one that every board has.
* Over UDP, by going on with the session of yesterday: a ping, an event, the answer to a ping of ours (`revival`),
  anything. What is known of the board is what was kept. It appears when the first message has been dealt with, because
  that may be a Goodbye that was repeated, and a board that has left does not come back for the moment in which it is
  heard once more.

After that every message has its place in `_request`, and nothing on the way of an event or an answer waits for anything
but the disk.
"""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

import structlog

from rookery.core.records import Device
from rookery.gateways.coap_contract import Connection, Peer
from rookery.gateways.mqtt_peer import address_text
from rookery.particle.device.answers import BoardAnswers
from rookery.particle.device.calls import Calls
from rookery.particle.device.deliveries import DELIVERED, Deliveries
from rookery.particle.device.errors import MessageError
from rookery.particle.device.goodbye import decode_goodbye, farewell
from rookery.particle.device.greetings import Stranger, Welcome, gather, greet
from rookery.particle.device.hearing import Hearing
from rookery.particle.device.hello import Hello, decode_hello
from rookery.particle.device.line import STATUS, Line, refuse
from rookery.particle.device.ota import Step
from rookery.particle.device.reports import Reports
from rookery.particle.device.requests import Kind, classify, hello_request, time_payload
from rookery.particle.device.shared import Shared
from rookery.particle.device.waiting import Waiting
from rookery.wire.coap.errors import LocalError
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Code, Message

log = structlog.get_logger("rookery.particle.board")

MOST_HELD: Final = 32
"""Messages that wait for the Hello before them. The CoAP machine has no more requests open than that."""
SECONDS: Final = 1_000_000


class Settled(NamedTuple):
    """What of a record has consequences for a session."""

    public_key: bytes | None
    space_id: str
    product_id: str | None
    updates_forced: bool

    @classmethod
    def of(cls, device: Device) -> Settled:
        """Of this record."""
        return cls(device.public_key, device.space_id, device.product_id, device.updates_forced)


class Board(BoardAnswers):
    """The `gateways.coap_contract.Handler` of one connection, and the `core.boards.BoardSession` of its board."""

    __slots__ = (
        "_calls",
        "_connection",
        "_deliveries",
        "_greeting",
        "_hearing",
        "_held",
        "_known",
        "_line",
        "_present",
        "_reports",
        "_settled",
        "_shared",
    )

    _hearing: Hearing
    _settled: Settled

    def __init__(self, shared: Shared, connection: Connection) -> None:
        self._shared = shared
        self._connection = connection
        self._known = False
        """`_line` and all that depends on it are there."""
        self._present = False
        """It counts as online."""
        self._greeting = False
        self._held: list[tuple[Message, int]] = []

    # The record

    @property
    def device(self) -> Device:
        """Its record, as it is now."""
        return self._line.device

    @device.setter
    def device(self, device: Device) -> None:
        self._line.keep(device)

    def changed(self, device: Device) -> None:
        """Somebody has changed the record."""
        self._line.keep(device)
        before, self._settled = self._settled, Settled.of(device)
        if device.deleted_at is not None:
            self.close("the device was deleted")
            return
        if device.public_key not in (before.public_key, self._connection.public_key):
            self._connection.close("its key was changed", renew=True)
            return
        if (device.space_id, device.product_id) != (before.space_id, before.product_id):
            self._deliveries.register()
            self._shared.run(self._shared.hold_product(device.product_id))
        if device.updates_forced != before.updates_forced:
            self._hearing.force(device.updates_forced)

    # gateways.coap_contract.Handler

    def request(self, message: Message, ticket: int) -> bool:
        """See `Handler`."""
        if self._greeting:
            if len(self._held) >= MOST_HELD:
                return refuse(self._connection, message, ticket, Code.SERVICE_UNAVAILABLE)
            self._held.append((message, ticket))
            return False
        kind = classify(message)
        if not self._known:
            if kind is Kind.HELLO:
                return self._hello(message, ticket)
            self._turn_away("it does not begin with a Hello")
            return False
        if self._line.update is not None and self._line.update.request(message):
            return True
        if not self._line.allows():
            return refuse(self._connection, message, ticket, Code.SERVICE_UNAVAILABLE)
        if kind is Kind.HELLO:
            return self._hello(message, ticket)
        if not self._present and kind is not Kind.GOODBYE:
            self.appear()
        return self._request(kind, message, ticket)

    def response(self, context: object, message: Message) -> None:
        """See `Handler`."""
        if isinstance(context, Waiting):
            context.answered(message)
        elif isinstance(context, Step) and self._line.update is not None:
            self._line.update.response(context, message)

    def acknowledged(self, context: object) -> None:
        """See `Handler`."""
        if context is DELIVERED:
            self._deliveries.done()
        elif isinstance(context, Waiting):
            context.answered(None)

    def failed(self, context: object, failure: Failure) -> None:
        """See `Handler`."""
        if context is DELIVERED:
            self._deliveries.done()
        elif isinstance(context, Waiting):
            context.failed(failure)
        elif isinstance(context, Step) and self._line.update is not None:
            self._line.update.unanswered(context, failure)

    def moved(self, peer: Peer) -> None:
        """See `Handler`."""
        if self._known:
            self._line.note(last_address=peer.address)

    def closed(self, reason: str) -> None:
        """See `Handler`."""
        self._held.clear()
        if not self._known:
            return
        if self._line.update is not None:
            self._line.update.closed()
        self._deliveries.end()
        if self._present:
            self._present = False
            self._line.note(last_activity_at=self._line.last_heard)
            self._count(-1)
            peer, journal = self._connection.peer, self._shared.services.journal
            where = address_text((peer.address, peer.port))
            journal.disconnected(self._line.device, "coap-" + peer.transport, where, reason)
            boards = self._shared.services.boards
            if boards.session(self._line.device.id) is self:
                boards.left(self)
                self._line.say(STATUS, "offline")

    # How it begins

    def _hello(self, message: Message, ticket: int) -> bool:
        try:
            hello = decode_hello(message.payload)
        except MessageError as error:
            if self._known:
                return self._line.refuse(message, ticket, Code.BAD_REQUEST, str(error))
            self._shared.counters.malformed += 1
            self._turn_away(str(error))
            return False
        again = self._present
        if self._known and not again:
            self.appear()
        self._greeting = True
        self._shared.run(self._greet(hello, ticket, again))
        return False

    async def _greet(self, hello: Hello, ticket: int, again: bool) -> None:
        connection = self._connection
        try:
            welcome = await greet(self._shared, connection, hello)
            if connection.ended:
                return
            self._welcome(welcome, again)
            connection.acknowledge(ticket)
            if connection.reliable:
                # A board waits four seconds for it (§1.1).
                request = hello_request()
                connection.send(request.code, request.options, confirmable=False, response=False)
        except (Stranger, LocalError) as stranger:
            self._turn_away(str(stranger), hello.device_id)
            return
        except Exception:
            log.exception("particle.greeting_failed", device=connection.name.hex() or hello.device_id)
            connection.close("an error of ours")
            return
        self._greeting = False
        held, self._held = self._held, []
        for message, waiting in held:
            if not connection.ended and self.request(message, waiting):
                connection.acknowledge(waiting)
        if not connection.ended:
            self._reports.hello()

    def _welcome(self, welcome: Welcome, again: bool) -> None:
        if self._known:
            if self._line.update is not None:
                # It has restarted in the middle of it.
                self._line.update.closed()
            self._line.take(welcome.device)
            self._settled = Settled.of(welcome.device)
            self._line.thing = welcome.thing
        else:
            self._connection.name_session(bytes.fromhex(welcome.device.hex_id))
            self._know(welcome)
        self._shared.counters.greeted += 1
        self._deliveries.hello()
        self._hearing.hello()
        if not self._present:
            self.appear()
        elif again:
            # It has been away without our knowing, and nobody but its own session has noticed.
            self._line.say(STATUS, "online")
        self._connection.keep_alive(self._line.platform.keepalive, probe=True)
        self._look_again(welcome)

    def resume(self, welcome: Welcome) -> None:
        """It goes on with the session that was kept."""
        self._know(welcome)
        self._shared.counters.resumed += 1
        self._connection.keep_alive(self._line.platform.keepalive, probe=True)
        address = self._connection.peer.address
        if address and address != welcome.device.last_address:
            self._line.note(last_address=address)
        asyncio.get_running_loop().call_soon(self._appear_late, welcome)

    def _appear_late(self, welcome: Welcome) -> None:
        if not self._connection.ended:
            if not self._present:
                self.appear()
            self._look_again(welcome)

    def _know(self, welcome: Welcome) -> None:
        line = self._line = Line(self._shared, self._connection, welcome.device, welcome.thing)
        self._deliveries = Deliveries(line)
        self._hearing = Hearing(line, self._deliveries)
        self._reports = Reports(line)
        self._calls = Calls(line, self._reports)
        self._settled = Settled.of(welcome.device)
        self._known = True

    def appear(self) -> None:
        """It is online. Another session that it has had is over, on whichever transport."""
        boards = self._shared.services.boards
        former = boards.session(self._line.device.id)
        if former is not None and former is not self:
            former.close("the board has come back in another session")
        self._present = True
        self._count(1)
        boards.arrived(self)
        peer = self._connection.peer
        where = address_text((peer.address, peer.port))
        self._shared.services.journal.connected(self._line.device, "coap-" + peer.transport, where)
        self._deliveries.register()
        self._line.say(STATUS, "online")

    def _turn_away(self, reason: str, claimed_id: str = "") -> None:
        self._shared.counters.refused += 1
        self._shared.strangers.warning(
            log,
            "particle.refused",
            device=self._connection.name.hex() or claimed_id,
            peer=self._connection.peer.address,
            reason=reason,
        )
        if not self._connection.reliable:
            # Over TCP the gateway knows the name from the handshake.
            peer = self._connection.peer
            where = address_text((peer.address, peer.port))
            self._shared.services.journal.refused(claimed_id, "coap-" + peer.transport, where, reason)
        self._connection.close(reason)

    def _count(self, step: int) -> None:
        counters = self._shared.counters
        if self._connection.reliable:
            counters.online_tcp += step
        else:
            counters.online_udp += step

    # What it says

    def _request(self, kind: Kind, message: Message, ticket: int) -> bool:
        line = self._line
        if kind is Kind.EVENT:
            return self._hearing.event(message, ticket)
        if kind is Kind.DESCRIBE:
            return self._reports.posted(message, ticket)
        if kind is Kind.SUBSCRIPTION:
            return self._deliveries.subscribe(message, ticket)
        if kind is Kind.TIME:
            # The only thing that may be answered with 2.05: boards take any 2.05 for the time (§3).
            line.connection.respond(ticket, Code.CONTENT, (), time_payload(self._shared.services.clock.now() / SECONDS))
            return False
        if kind is Kind.GOODBYE:
            return self._goodbye(message, ticket)
        if kind in _LATE:
            return True
        return refuse(line.connection, message, ticket, Code.NOT_FOUND)

    def _goodbye(self, message: Message, ticket: int) -> bool:
        """It leaves: offline at once. Over UDP the session is kept, and comes back with the board."""
        try:
            said = decode_goodbye(message.payload)
        except MessageError as error:
            return self._line.refuse(message, ticket, Code.BAD_REQUEST, str(error))
        log.info("particle.goodbye", device=self._line.device.hex_id, cloud=said.cloud, reset=said.reset)
        self._connection.acknowledge(ticket)
        self._connection.close(farewell(said))
        return False

    # The thing

    def attached(self, thing_id: str | None) -> None:
        """The board does not know what a thing is; its events do."""
        if self._shared.bridge:
            self._shared.run(self._attach(thing_id))

    async def _attach(self, thing_id: str | None) -> None:
        self._line.thing = await self._shared.services.live.get(thing_id) if thing_id is not None else None

    def _look_again(self, welcome: Welcome) -> None:
        """Something was attached between the last look and now: it may have been this device."""
        if self._shared.bridge and welcome.attachments != self._shared.services.boards.attachments:
            self._shared.run(self._gather_again())

    async def _gather_again(self) -> None:
        self._line.thing = (await gather(self._shared, self._line.device)).thing


_LATE: Final = frozenset((Kind.MISSED_CHUNKS, Kind.UPDATE_DONE, Kind.UPDATE_ACK_V3))
"""What a board may still say of an update that is over."""
