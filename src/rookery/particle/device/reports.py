"""What a board says of itself: its description and its vitals (particle-device.md §4.3, §4.16)."""

from __future__ import annotations

from typing import Any, Final

import structlog
from msgspec import json

from rookery.core.clock import SECOND
from rookery.core.errors import BoardAway, BoardCannot
from rookery.core.points import Producer
from rookery.gateways.coap_contract import Connection
from rookery.particle.device.describe import APPLICATION, METRICS, SYSTEM, Described, decode_describe
from rookery.particle.device.errors import MessageError
from rookery.particle.device.line import Line
from rookery.particle.device.requests import describe_request, parse_part
from rookery.particle.device.vitals import decode_vitals, with_service
from rookery.particle.device.waiting import ask
from rookery.wire.coap.errors import LocalError
from rookery.wire.coap.message import CONFIRMABLE, Code, Message

log = structlog.get_logger("rookery.particle.board")

ONE_PART_SINCE: Final = 3_300
"""Device OS that serves one part at a time; older ones tell everything when nothing is named (§4.3)."""
ASK_SECONDS: Final = 30.0
SAFE_MODE: Final = "spark/status/safe-mode"
APP_HASH: Final = "spark/device/app-hash"
VITALS: Final = "spark/device/diagnostics/update"


class _Changed:
    """Answers descriptions and vitals: 2.04 where there is a token for it, else the bare acknowledgement. A
    `core.points.Producer`."""

    __slots__ = ("_connection", "_response")

    def __init__(self, connection: Connection, *, response: bool) -> None:
        self._connection = connection
        self._response = response

    def committed(self, tickets: list[int]) -> None:
        """It was taken."""
        for ticket in tickets:
            try:
                done = self._response and self._connection.respond(ticket, Code.CHANGED)
            except LocalError:
                done = False
            if not done:
                self._connection.acknowledge(ticket)

    def refused(self, tickets: list[int], reason: str) -> None:
        """It was not."""
        self._connection.refused(tickets, reason)


class Reports:
    """Of one session."""

    __slots__ = ("_line",)

    def __init__(self, line: Line) -> None:
        self._line = line

    # Descriptions

    def hello(self) -> None:
        """The board has begun: ask those that do not describe themselves."""
        if not self._line.hello.describes_itself:
            self._line.shared.run(self._begin())

    async def ask(self, deadline: float = ASK_SECONDS) -> None:
        """Ask what it can do, and return when that is known.

        Raises:
            BoardAway, BoardCannot: see `waiting.ask`.
        """
        part = APPLICATION if self._line.version >= ONE_PART_SINCE else 0
        await self._ask(part, deadline)

    def posted(self, message: Message, ticket: int) -> bool:
        """A request POST /d: the board describes itself, or publishes its vitals."""
        line = self._line
        confirmable = message.kind == CONFIRMABLE
        changed = _Changed(line.connection, response=bool(message.token))
        try:
            if parse_part(message) == METRICS:
                # Vitals are history, and acknowledged when they are on disk.
                self._vitals(message.payload, changed if confirmable else None, ticket)
                return not confirmable
            self._describe(decode_describe(message.payload))
        except MessageError as error:
            return line.refuse(message, ticket, Code.BAD_REQUEST, str(error))
        if confirmable:
            changed.committed([ticket])
        return not confirmable

    async def _begin(self) -> None:
        try:
            await self.ask()
            if self._line.version >= ONE_PART_SINCE:
                await self._ask(SYSTEM, ASK_SECONDS)
        except (BoardAway, BoardCannot) as error:
            log.info("particle.not_described", device=self._line.device.hex_id, reason=str(error))

    async def _ask(self, part: int, deadline: float) -> None:
        message = await ask(self._line, describe_request(part), deadline)
        if not message.is_success:
            raise BoardCannot("The board does not describe itself.")
        try:
            self._describe(decode_describe(message.payload))
        except MessageError as error:
            self._line.shared.counters.malformed += 1
            raise BoardCannot("The board describes itself in words that nobody understands.") from error

    def _describe(self, found: Described) -> None:
        """Keep it, and say what is new about it. Nothing is written when nothing is new."""
        line = self._line
        if found.parts & APPLICATION:
            line.describe(functions=found.functions, variables=found.variables)
        if not found.parts & SYSTEM:
            return
        before = Described(modules=line.described.get("modules", []))
        unsafe = found.misses_dependencies
        line.describe(
            modules=found.modules,
            imei=found.imei,
            iccid=found.iccid,
            cellfw=found.cellfw,
            safe_mode=unsafe or None,
        )
        if unsafe:
            line.say(SAFE_MODE, json.encode(found.safe_mode_message(line.hello.platform_id)).decode())
        if found.application_hash is not None and found.application_hash != before.application_hash:
            line.say(APP_HASH, found.application_hash)

    # Vitals

    async def vitals(self, deadline: float) -> None:
        """Ask for them, and publish them."""
        message = await ask(self._line, describe_request(METRICS), deadline)
        if not message.is_success:
            raise BoardCannot("The board has no vitals.")
        try:
            self._vitals(message.payload)
        except MessageError as error:
            self._line.shared.counters.malformed += 1
            raise BoardCannot("The board tells its vitals in words that nobody understands.") from error

    def _vitals(self, payload: bytes, producer: Producer | None = None, ticket: int = 0) -> None:
        line = self._line
        services = line.shared.services
        tree: dict[str, Any] = with_service(
            decode_vitals(payload),
            session_seconds=(services.clock.now() - line.since) // SECOND,
            events=line.events,
            round_trip_ms=line.round_trip,
        )
        text = json.encode(tree).decode()
        event = line.event(VITALS, text.encode())
        if line.device.vitals:
            batch = services.telemetry.batch
            batch.series.append(line.device.vitals)
            batch.times.append(event.time)
            batch.values.append(text)
        line.publish(event, producer, ticket)
