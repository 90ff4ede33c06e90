"""A person's program or browser on the MQTT side: it watches things and writes to them (arduino-device.md, 2.5, 3.5).

All programs of a person log in with the same client id and live side by side. What they may touch follows from
`core.access`; what is refused is dropped without closing anything.
"""

from __future__ import annotations

import asyncio

import structlog

from rookery.arduino.device import messages
from rookery.arduino.device.merge import merge_records
from rookery.arduino.device.topics import Channel, Scope, Topic, parse_topic
from rookery.core.access import Action, Principal, may
from rookery.core.bus import KeyWithdrawn, Subscription, Text, ValuesChanged
from rookery.core.live import LiveThing
from rookery.core.services import Services
from rookery.gateways.contract import Session
from rookery.wire.senml import SenmlError, decode

log = structlog.get_logger("rookery.arduino.user")

REFUSED = 0x80
"""SUBACK return code of a refused subscription (MQTT 3.1.1, section 3.9.3)."""
WAITING_LIMIT = 100
"""Writes that wait while their thing is read from the catalog: a few milliseconds' worth. More are not acknowledged."""


class UserHandler:
    """Answers for one connection of a person's program."""

    exclusive = False
    persistent = False

    def __init__(self, services: Services, who: Principal) -> None:
        self.realm = "user:" + who.person_id
        self._services = services
        self._who = who
        self._session: Session | None = None
        self._withdrawn: Subscription | None = None
        self._watched: dict[str, tuple[int, Subscription]] = {}
        self._waiting: dict[str, list[tuple[bytes, int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._malformed = 0

    def opened(self, session: Session) -> None:
        """The person's programs come and go without anybody noticing; one whose API key is withdrawn has to go."""
        self._session = session
        if self._who.client_id is not None:
            self._withdrawn = self._services.bus.listen("key." + self._who.client_id, self._key_withdrawn)

    def _key_withdrawn(self, message: KeyWithdrawn) -> None:
        if self._session is not None:
            self._session.close("the API key was withdrawn")

    def closed(self, reason: str, *, clean: bool) -> None:
        """Stop watching. Writes that were accepted go on."""
        self._session = None
        if self._withdrawn is not None:
            self._withdrawn.cancel()
        for _, subscription in self._watched.values():
            subscription.cancel()
        self._watched.clear()

    def subscribe(self, topic_filter: str, qos: int) -> int:
        """Values of things in the person's spaces, and text of their boards."""
        topic = parse_topic(topic_filter)
        if topic is None or not self._may(topic, Action.READ):
            return REFUSED
        if topic.channel in (Channel.EVENTS_OUT, Channel.EVENTS_IN, Channel.TEXT_OUT):
            return min(qos, 1)
        return REFUSED

    def subscribed(self, topic_filter: str, qos: int) -> None:
        """From here on it sees what happens. A second subscription only changes the QoS (MQTT-3.8.4-3)."""
        self.unsubscribed(topic_filter)
        topic = parse_topic(topic_filter)
        if topic is None or topic.channel is Channel.EVENTS_IN:
            return
        if topic.channel is Channel.TEXT_OUT:
            subscription = self._services.bus.listen("text.from." + topic.id, self._show_text)
        else:
            subscription = self._services.bus.listen("values." + topic.id, self._show)
        self._watched[topic_filter] = (qos, subscription)

    def unsubscribed(self, topic_filter: str) -> None:
        """It does not see it any more."""
        watched = self._watched.pop(topic_filter, None)
        if watched is not None:
            watched[1].cancel()

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, ticket: int) -> bool:
        """Write to a thing, or send text to a board."""
        parsed = parse_topic(topic)
        if parsed is None or not self._may(parsed, Action.WRITE_VALUE):
            return True
        if parsed.channel is Channel.TEXT_IN:
            self._services.bus.publish("text.to." + parsed.id, Text(parsed.id, payload))
            return True
        if parsed.scope is not Scope.THING or parsed.channel is not Channel.EVENTS_IN:
            return True
        thing = self._services.live.cached(parsed.id)
        if thing is not None and parsed.id not in self._waiting:
            return self._write(thing, payload, ticket)
        queue = self._waiting.setdefault(parsed.id, [])
        if len(queue) >= WAITING_LIMIT:
            if ticket and self._session is not None:
                self._session.refused([ticket], "too many writes are waiting for their thing")
            return False
        queue.append((payload, ticket))
        if len(queue) == 1:
            task = asyncio.get_running_loop().create_task(self._load(parsed.id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return not ticket

    async def _load(self, thing_id: str) -> None:
        """Read a thing that was not in memory, then do what waited for it, in order."""
        thing: LiveThing | None = None
        failure = ""
        try:
            thing = await self._services.live.get(thing_id)
        except Exception:
            log.exception("thing_not_read", thing=thing_id)
            failure = "the catalog can not be read"
        for payload, ticket in self._waiting.pop(thing_id):
            session = self._session
            if failure:
                if ticket and session is not None:
                    session.refused([ticket], failure)
            elif (thing is None or self._write(thing, payload, ticket)) and ticket and session is not None:
                session.committed([ticket])

    def _write(self, thing: LiveThing, payload: bytes, ticket: int) -> bool:
        """True: to be acknowledged now. Values of variables that only the board writes are dropped (section 7.1)."""
        try:
            records = decode(payload)
        except SenmlError as error:
            self._complain(thing, str(error))
            return True
        merged = merge_records(thing, records, self._services.clock.now(), missing_is_zero=True)
        if merged.unfit:
            self._complain(thing, f"{merged.unfit[0].field}: {merged.unfit[0]}")
        writes = [(variable, value) for variable, value, _ in merged.updates if variable.record.writable]
        if not writes:
            return True
        producer = self._session if ticket else None
        self._services.values.write_now(thing, writes, producer, ticket)
        return producer is None

    def _complain(self, thing: LiveThing, reason: str) -> None:
        self._malformed += 1
        if self._malformed == 1:
            log.warning("write_dropped", person=self._who.person_id, thing=thing.record.id, reason=reason[:200])

    def _show(self, message: ValuesChanged) -> None:
        """Values in the one form that no viewer stumbles over (section 4.6)."""
        topic = f"/a/t/{message.thing_id}/e/o"
        watched = self._watched.get(topic)
        if watched is None or self._session is None:
            return
        payload = messages.view(message.values)
        if payload is not None:
            self._session.publish(topic, payload, watched[0])

    def _show_text(self, message: Text) -> None:
        topic = f"/a/d/{message.device_id}/s/o"
        watched = self._watched.get(topic)
        if watched is not None and self._session is not None:
            self._session.publish(topic, message.payload, watched[0])

    def _may(self, topic: Topic, action: Action) -> bool:
        return any(
            self._services.index.has(space_id, topic.id) and may(self._who, action, space_id)
            for space_id in self._who.roles
        )
