"""One connected board: what it says is taken in, what it asks is answered, what is written reaches it.

Four generations of device libraries share the topics and differ in how they learn their thing and its last values
(arduino-device.md, sections 3 and 6). Which one is talking is seen from what it subscribes to:

* `/a/d/{did}/c/dw`            the C++ library from 2.0: commands (`COMMANDS`)
* `/a/d/{did}/e/i` with QoS 1  the Python library (`PYTHON`)
* `/a/d/{did}/e/i` with QoS 0  the C++ library up to 1.x, or the JavaScript library (`DISCOVERY`)
* only thing topics            a Python board that reconnects and remembers its thing, or a C++ board up to 1.4
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from enum import Enum
from ipaddress import ip_address
from typing import Any

import structlog

from rookery.arduino.device import commands, messages
from rookery.arduino.device.calls import BoardCalls
from rookery.arduino.device.merge import merge_records
from rookery.arduino.device.topics import Channel, is_thing_inbox, thing_topic
from rookery.arduino.times import load_zone, zone_interval
from rookery.arduino.values import HIGHEST_INT, LOWEST_INT
from rookery.core.bus import Subscription, Text
from rookery.core.clock import Timer
from rookery.core.ingest import Update
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Value
from rookery.core.records import Device
from rookery.core.services import Services
from rookery.gateways.contract import Session
from rookery.wire.senml import SenmlError, decode

log = structlog.get_logger("rookery.arduino.board")

REFUSED = 0x80
"""SUBACK return code of a refused subscription (MQTT 3.1.1, section 3.9.3)."""


SYNC_DELAY = 1.0
"""Seconds between the subscription of a new thing's topic and its last values (section 6.2). In the meantime the board
sends what has changed since it last had a thing; a sketch with a long loop may subscribe many seconds after it was
told."""

REPORT_LIMIT = 100
"""Characters kept of what a board says of itself."""

DEVICE_RECORDS = {
    "LIB_VERSION": "lib_version",
    "OTA_CAP": "ota_capable",
    "OTA_ERROR": "ota_error",
    "OTA_SHA256": "sketch_sha256",
}
"""Records of libraries up to 1.x on the device's own topic, and where they are kept."""

NETWORKS = {
    commands.NET_NONE: "none",
    commands.NET_WIFI: "WiFi",
    commands.NET_LORA: "LoRaWAN",
    commands.NET_GSM: "GSM",
    commands.NET_NB: "NB-IoT",
    commands.NET_CATM1: "Cat-M1",
    commands.NET_ETHERNET: "Ethernet",
    commands.NET_CELLULAR: "cellular",
}


DEVICE_INBOX = frozenset((Channel.COMMANDS_DOWN, Channel.EVENTS_IN, Channel.TEXT_IN))
"""What a board may subscribe to on its own topics."""


class Generation(Enum):
    """How a board learns its thing."""

    UNKNOWN = "unknown"
    COMMANDS = "commands"
    DISCOVERY = "discovery"
    PYTHON = "python"


class BoardHandler(BoardCalls):
    """Answers for one connection of a board, and is its `core.boards.BoardSession`."""

    realm = "device"
    exclusive = True
    persistent = False

    __slots__ = (
        "_generation",
        "_held",
        "_malformed",
        "_python_thing",
        "_reported",
        "_seen",
        "_services",
        "_session",
        "_since",
        "_stem",
        "_subscribed",
        "_sync_due",
        "_tasks",
        "_text_listener",
        "_thing",
        "_timer",
        "_values_topic",
        "_was_attached",
        "device",
    )

    def __init__(self, services: Services, device: Device) -> None:
        self.device = device
        self._services = services
        self._stem = f"/a/d/{device.id}/"
        self._thing: LiveThing | None = None
        self._values_topic = ""
        self._was_attached = False
        self._generation = Generation.UNKNOWN
        self._session: Session | None = None
        self._since = 0
        self._subscribed: dict[str, int] = {}
        self._python_thing: str | None = None
        self._reported: dict[str, str] | None = None
        self._text_listener: Subscription | None = None
        self._tasks: set[asyncio.Task[None]] | None = None
        self._sync_due = False
        self._held: frozenset[LiveVariable] = frozenset()
        self._timer: Timer | None = None
        self._seen = -1
        self._malformed = 0

    async def prepare(self) -> None:
        """Read which thing it feeds. Nothing needs to be said about it: the board will ask."""
        services = self._services
        thing: LiveThing | None = None
        while self._seen != services.boards.attachments:
            self._seen = services.boards.attachments
            record = await services.devices.thing_of(self.device)
            thing = await services.live.get(record.id) if record is not None else None
        self._thing = thing
        self._values_topic = thing_topic(thing.record.id, Channel.EVENTS_OUT) if thing is not None else ""
        self._was_attached = thing is not None

    # The gateway's side

    def opened(self, session: Session) -> None:
        """The board is online."""
        self._session = session
        self._since = self._services.clock.now()
        boards = self._services.boards
        boards.arrived(self)
        self._services.journal.connected(self.device, session.peer.transport, session.peer.address)
        if self._seen != boards.attachments:
            # Something was attached between the last look and now: it may have been this device.
            self._run(self._look_again())
        if self.device.firmware.get("restart_needed") == "yes":
            self._report(restart_needed="no")

    def closed(self, reason: str, *, clean: bool) -> None:
        """The board is offline, unless it has come back on another connection."""
        if self._text_listener is not None:
            self._text_listener.cancel()
        self._forget_sync()
        if self._session is not None:
            self._services.boards.left(self)
            peer = self._session.peer
            self._services.journal.disconnected(self.device, peer.transport, peer.address, reason)

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, ticket: int) -> bool:
        """Values take the short way; everything else is rare."""
        if topic == self._values_topic:
            return self._values(payload, qos, ticket)
        if topic.startswith(self._stem):
            channel = topic[len(self._stem) :]
            if channel == Channel.COMMANDS_UP:
                self._command(payload)
            elif channel == Channel.EVENTS_OUT:
                self._device_records(payload)
            elif channel == Channel.TEXT_OUT:
                self._services.bus.publish("text.from." + self.device.id, Text(self.device.id, payload))
        elif self._thing is not None and topic == thing_topic(self._thing.record.id, Channel.SHADOW_OUT):
            self._shadow()
        # A board goes on publishing to its old thing until it is told of the new one, and a Python board longer
        # (sections 3 and 6.1): acknowledged and dropped, never closed.
        return True

    def subscribe(self, topic_filter: str, qos: int) -> int:
        """A board gets what is addressed to it and to its thing, nothing else."""
        granted = min(qos, 1)
        if topic_filter.startswith(self._stem):
            return granted if topic_filter[len(self._stem) :] in DEVICE_INBOX else REFUSED
        thing_id = is_thing_inbox(topic_filter)
        if thing_id is None:
            return REFUSED
        if self._thing is not None and self._thing.record.id == thing_id:
            return granted
        # A Python board that was moved subscribes its old thing first thing after a reconnect. A refusal would send
        # it into a loop of reconnects; accepted, it hears nothing (section 6.1).
        return REFUSED if self._subscribed else granted

    def subscribed(self, topic_filter: str, qos: int) -> None:
        """What was subscribed tells the generation, and may be the question itself."""
        self._subscribed[topic_filter] = qos
        if topic_filter == self._stem + Channel.COMMANDS_DOWN:
            self._generation = Generation.COMMANDS
        elif topic_filter == self._stem + Channel.EVENTS_IN:
            self._generation = Generation.PYTHON if qos else Generation.DISCOVERY
            self._tell_thing()
        elif topic_filter == self._stem + Channel.TEXT_IN:
            if self._text_listener is None:
                self._text_listener = self._services.bus.listen("text.to." + self.device.id, self._text)
        elif self._sync_due and self._thing is not None and is_thing_inbox(topic_filter) == self._thing.record.id:
            self._sync_due = False
            self._held = frozenset(v for v in self._thing.by_id.values() if v.record.writable and v.time >= 0)
            self._timer = self._services.clock.call_later(SYNC_DELAY, self._push_last_values)
        elif self._generation is Generation.UNKNOWN:
            self._generation = Generation.PYTHON
            self._python_thing = is_thing_inbox(topic_filter)
        self._watch_silence()

    def unsubscribed(self, topic_filter: str) -> None:
        """Nothing more goes to that topic."""
        self._subscribed.pop(topic_filter, None)

    # The side of core

    def write(self, thing: LiveThing, values: Sequence[tuple[LiveVariable, Value]]) -> None:
        """Deliver what a person or program wrote, in the form that every library reads."""
        topic = thing_topic(thing.record.id, Channel.EVENTS_IN)
        qos = self._subscribed.get(topic)
        if qos is None or self._session is None or self._thing is not thing:
            return
        for payload in messages.write(values):
            self._session.publish(topic, payload, qos)

    def close(self, reason: str) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close(reason)

    @property
    def since(self) -> int:
        """See `BoardSession`."""
        return self._since

    @property
    def discovered(self) -> bool:
        """See `BoardSession`: it has asked for its thing, or said that it remembers it, and there is one."""
        return self._thing is not None and self._generation is not Generation.UNKNOWN

    # Values

    def _values(self, payload: bytes, qos: int, ticket: int) -> bool:
        """Take in values of the thing. The hot path: one pass, and a slower one when a record is unusual."""
        thing = self._thing
        if thing is None:
            return True
        try:
            records = decode(payload)
        except SenmlError as error:
            return self._complain(str(error))
        by_symbol: dict[Any, LiveVariable] = thing.by_symbol
        updates: list[Update] = []
        for name, value, time in records:
            variable = by_symbol.get(name)
            if variable is None or time is not None or value is None:
                break
            exact = variable.exact
            if type(value) is not exact or (exact is int and not LOWEST_INT <= value <= HIGHEST_INT):  # type: ignore[operator]
                break
            updates.append((variable, value, None))
        else:
            return self._accept(thing, updates, qos, ticket)
        merged = merge_records(
            thing,
            records,
            self._services.clock.now(),
            missing_is_zero=self._generation is Generation.DISCOVERY,
        )
        if merged.unfit:
            self._complain(f"{merged.unfit[0].field}: {merged.unfit[0]}")
        return self._accept(thing, merged.updates, qos, ticket)

    def _accept(self, thing: LiveThing, updates: list[Update], qos: int, ticket: int) -> bool:
        if self._held and not qos:
            # What the board has not yet been told counts more than what it brings from its former thing. If its sketch
            # wants its own value to win, it sends that again after the last values. These boards publish with QoS 0;
            # a message that asks for an acknowledgement is stored whatever it brings.
            updates = [u for u in updates if u[0] not in self._held]
        if not updates:
            return True
        if qos:
            self._services.ingest.accept(thing, updates, self._session, ticket)
            return False
        self._services.ingest.accept(thing, updates)
        return True

    def _complain(self, reason: str) -> bool:
        """Say once a connection what is wrong with a board's messages; count the others. They are acknowledged: the
        board would only send the same bytes again."""
        self._malformed += 1
        if self._malformed == 1:
            log.warning("message_dropped", device=self.device.id, reason=reason[:200])
        return True

    # Discovery and last values

    def _tell_thing(self) -> None:
        """Answer the question that subscribing the device's topic is (section 6.1). A Python board without a thing is
        told nothing: an empty id breaks it."""
        qos = self._subscribed.get(self._stem + Channel.EVENTS_IN)
        if qos is None or self._session is None:
            return
        thing_id = self._thing.record.id if self._thing is not None else None
        if self._generation is Generation.PYTHON:
            if thing_id is None:
                return
            self._python_thing = thing_id
        self._session.publish(self._stem + Channel.EVENTS_IN, messages.thing_id(thing_id), qos)

    def _watch_silence(self) -> None:
        """A Python board does not ping before it has a thing (section 6.1): its silence means nothing then."""
        if self._session is not None:
            self._session.watch_keepalive = self._generation is not Generation.PYTHON or self._python_thing is not None

    def _shadow(self) -> None:
        thing, session = self._thing, self._session
        if thing is None or session is None:
            return
        topic = thing_topic(thing.record.id, Channel.SHADOW_IN)
        qos = self._subscribed.get(topic)
        if qos is not None:
            session.publish(topic, self._last_values(thing), qos)

    def _last_values(self, thing: LiveThing) -> bytes:
        zone = zone_interval(load_zone(thing.record.timezone), self._services.clock.now())
        return messages.last_values(thing.by_symbol.values(), zone)

    # Commands

    def _command(self, payload: bytes) -> None:
        try:
            command = commands.decode(payload)
        except commands.CommandError as error:
            self._complain(str(error))
            return
        thing = self._thing
        if isinstance(command, commands.ThingBegin):
            self._send(commands.ThingUpdate(thing.record.id if thing is not None else ""))
        elif isinstance(command, commands.LastValuesBegin):
            if thing is not None:
                self._send(commands.LastValuesUpdate(self._last_values(thing)))
        elif isinstance(command, commands.TimezoneUp):
            zone = thing.record.timezone if thing is not None else ""
            interval = zone_interval(load_zone(zone), self._services.clock.now())
            self._send(commands.TimezoneDown(interval.offset, interval.until))
        elif isinstance(command, commands.DeviceBegin):
            if command.version.endswith(("-async", "-sync")):
                self._generation = Generation.PYTHON
            self._report(lib_version=command.version)
        elif isinstance(command, commands.NetConfig):
            self._report(network=_network(command))
        elif isinstance(command, commands.WifiFirmware):
            self._report(wifi_fw_version=command.version)
        elif isinstance(command, commands.OtaBegin):
            self._report(sketch_sha256=command.sketch_sha256.hex(), ota="2")
        elif isinstance(command, commands.Unknown):
            log.info("unknown_command", device=self.device.id, tag=hex(command.tag))

    def _send(self, command: commands.Command) -> None:
        qos = self._subscribed.get(self._stem + Channel.COMMANDS_DOWN)
        if qos is not None and self._session is not None:
            self._session.publish(self._stem + Channel.COMMANDS_DOWN, commands.encode(command), qos)

    def _device_records(self, payload: bytes) -> None:
        """What libraries up to 1.x say of themselves on the device's own topic (section 3.2, section 8.4)."""
        try:
            records = decode(payload)
        except SenmlError as error:
            self._complain(str(error))
            return
        known = {
            DEVICE_RECORDS[name]: str(value)[:REPORT_LIMIT]
            for name, value, _ in records
            if isinstance(name, str) and name in DEVICE_RECORDS and value is not None
        }
        if known:
            self._report(**known)

    def _report(self, **firmware: str) -> None:
        """Keep what the board says of itself, unless it is known. One write for all that a board says at a connect."""
        clean = {key: _clean(value) for key, value in firmware.items()}
        new = {key: value for key, value in clean.items() if self.device.firmware.get(key) != value}
        if self._reported is not None:
            self._reported.update(new)
        elif new:
            self._reported = new
            self._run(self._store_report())

    async def _store_report(self) -> None:
        # Commands of one connect come together: the others of this burst are in by the next turn of the loop. What
        # comes during the write is the next one: a board that never stops talking has one task and one write waiting.
        await asyncio.sleep(0)
        try:
            while self._reported:
                reported, self._reported = self._reported, {}
                await self._services.devices.reported(self.device.id, **reported)
        finally:
            self._reported = None

    # Attaching

    def attached(self, thing_id: str | None) -> None:
        """The device feeds another thing now, or none."""
        self._run(self._attach(thing_id))

    async def _look_again(self) -> None:
        thing = await self._services.devices.thing_of(self.device)
        await self._attach(thing.id if thing is not None else None)

    async def _attach(self, thing_id: str | None) -> None:
        """Say it the way this board understands (sections 6.1, 6.2)."""
        thing = await self._services.live.get(thing_id) if thing_id is not None else None
        before, self._thing = self._thing, thing
        self._values_topic = thing_topic(thing.record.id, Channel.EVENTS_OUT) if thing is not None else ""
        if thing is not before:
            self._forget_sync()
        if thing is before or self._session is None:
            self._was_attached = thing is not None
            return
        if self._generation is Generation.COMMANDS:
            if thing is None:
                if before is not None:
                    self._send(commands.ThingDetach(before.record.id))
                return
            self._send(commands.ThingUpdate(thing.record.id))
            # A board that had a thing before does not ask for last values again.
            self._sync_due = self._was_attached
            self._was_attached = True
        elif self._generation is Generation.DISCOVERY:
            self._tell_thing()
        elif self._generation is Generation.PYTHON:
            if self._python_thing is None:
                self._tell_thing()
                self._watch_silence()
            elif thing is None or self._python_thing != thing.record.id:
                log.warning("restart_needed", device=self.device.id, reason="a Python board keeps its first thing")
                self._report(restart_needed="yes")

    def _forget_sync(self) -> None:
        """Last values that were to be sent are those of a thing or a connection of the past."""
        self._sync_due = False
        self._held = frozenset()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _push_last_values(self) -> None:
        self._timer = None
        self._held = frozenset()
        if self._thing is not None:
            self._send(commands.LastValuesUpdate(self._last_values(self._thing)))

    def _text(self, message: Text) -> None:
        qos = self._subscribed.get(self._stem + Channel.TEXT_IN)
        if qos is not None and self._session is not None:
            self._session.publish(self._stem + Channel.TEXT_IN, message.payload, qos)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that needs the catalog, once in a while. One failing is logged and ends nothing."""
        if self._tasks is None:
            self._tasks = set()
        task = asyncio.get_running_loop().create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("board_work_failed", device=self.device.id)


def _network(config: commands.NetConfig) -> str:
    """A line for people: the kind of network and its name; never a password, which boards do not send anyway."""
    name = NETWORKS.get(config.type, f"type {config.type}")
    first = config.parameters[0] if config.parameters else ""
    if isinstance(first, bytes):
        return f"{name} {ip_address(first)}" if first else f"{name} (DHCP)"
    return f"{name} {first}".strip()


def _clean(text: str) -> str:
    """Text of a peer, without control characters and not too long."""
    return "".join(c for c in text[:REPORT_LIMIT] if c.isprintable())
