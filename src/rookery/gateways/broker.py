"""An ordinary MQTT broker for each space: a private topic tree, isolated from every other space.

Any topic may be used that does not start with `/a/` or `$`: those belong to the device dialects and to the server. The
sessions of a space see each other's messages and nothing else; the client ids of two spaces have nothing to do with
each other.

What an acknowledgement means: a QoS 1 or 2 message is acknowledged when nothing of it can get lost any more. What is
retained, or goes to a session which outlives its connection (`clean_session` = 0), has to be on disk first; its ticket
comes back through the store. Anything else is in the hands of the connections it was written to, and is acknowledged at
once. A message that can not be kept, because a quota is used up or the disk is full, is not acknowledged: MQTT 3.1.1
knows no refusal of a PUBLISH but closing [MQTT-3.3.5-2].

Two subscriptions of one session that match the same message bring it once, at the higher of the two QoS
[MQTT-3.3.5-1]. A message for a session whose queue is full is dropped, the newest one, and counted by the gateway: what
waits there in order stays whole.

After a crash a QoS 2 message that was between its two acknowledgements may arrive a second time; everything else
arrives as often as the standard says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from rookery.core.bus import Bus, KeyWithdrawn, Subscription
from rookery.core.messages import MessageStore, Retained
from rookery.gateways.contract import Handler, LoginRefused, Session
from rookery.gateways.retained import RetainedTree, retained_size
from rookery.wire.mqtt.packets import SUBSCRIPTION_REFUSED, UNAVAILABLE
from rookery.wire.mqtt.session import SessionState
from rookery.wire.mqtt.topics import SubscriptionTree

log = structlog.get_logger("rookery.broker")

MIB = 1024 * 1024

REALM = "space:"
"""In front of a space's id: the realm of its sessions."""

RESERVED = ("/a/", "$")
"""How topics begin that are not the user's own."""

RETAINED_AT_ONCE = 64
"""Retained messages that a new subscription is sent in one turn of the loop, some half a millisecond: the boards on the
same loop must not wait for one who subscribes to everything."""

Adopt = Callable[[Handler, SessionState], Session]
"""`MqttGateway.adopt`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLimits:
    """What one space may cost. Queues and the number of kept sessions are limits of the gateway."""

    connections: int = 1_000
    """At the same time. A household has dozens; a program that leaks connections should not take them all."""
    retained_messages: int = 10_000
    """A home automation system with hundreds of entities announces each with a handful of retained messages."""
    retained_bytes: int = 16 * MIB
    """The same in bytes, in memory: 1.6 kB each when both limits are met at once."""
    retained_bytes_of_all: int = 256 * MIB
    """All spaces together."""
    topic_characters: int = 1_024
    """A retained topic is kept in memory; no convention that we know comes near 256."""
    topic_levels: int = 64
    """Each level of a retained topic is a node of a tree."""


class BrokerCounters:
    """Since the start, all spaces together. Connections and what is retained are as of now."""

    __slots__ = ("connections", "delivered", "published", "refused", "retained", "retained_bytes")

    def __init__(self) -> None:
        self.connections = 0
        self.retained = 0
        """Retained messages."""
        self.retained_bytes = 0
        """About what they occupy, in bytes."""
        self.published = 0
        """Messages from clients."""
        self.delivered = 0
        """Messages to clients, before their queues decided."""
        self.refused = 0
        """Messages that were not taken; their connections were closed."""


class SpaceBroker:
    """Who is subscribed to what in one space, and its retained messages."""

    __slots__ = ("connections", "retained", "space_id", "subscriptions")

    def __init__(self, space_id: str) -> None:
        self.space_id = space_id
        self.subscriptions: SubscriptionTree[SpaceHandler, int] = SubscriptionTree()
        self.retained = RetainedTree()
        self.connections = 0

    @property
    def empty(self) -> bool:
        """Whether nobody would miss it."""
        return not (self.connections or len(self.subscriptions) or len(self.retained))


class SpaceBrokers:
    """The brokers of all spaces that have anything to broker."""

    def __init__(self, store: MessageStore, bus: Bus, limits: BrokerLimits | None = None) -> None:
        self.store = store
        self.bus = bus
        self.limits = limits or BrokerLimits()
        self.counters = BrokerCounters()
        self._brokers: dict[str, SpaceBroker] = {}
        for space_id, messages in store.retained().items():
            for topic, message in messages.items():
                self._put(self.broker(space_id), topic, message)

    def __len__(self) -> int:
        return len(self._brokers)

    def handler(self, space_id: str, *, clean_session: bool, client_id: str) -> SpaceHandler:
        """Who answers for a client that has logged in to this space with this API key.

        Raises:
            LoginRefused: the space has as many connections as it may.
        """
        broker = self._brokers.get(space_id)
        if broker is not None and broker.connections >= self.limits.connections:
            raise LoginRefused("the space has too many connections", UNAVAILABLE)
        return SpaceHandler(self, space_id, durable=not clean_session, key=client_id)

    def restore(self, adopt: Adopt) -> int:
        """Give the stored sessions back to the gateway, once, before it listens; returns how many."""
        count = 0
        for realm, data in self.store.sessions():
            if not realm.startswith(REALM):
                continue
            try:
                state = SessionState.load(data)
            except (KeyError, TypeError, ValueError):
                # One session that can not be read must not keep the server from starting.
                log.exception("broker.session_lost", realm=realm)
                self.store.forget(realm, str(data["client_id"]))
                continue
            SpaceHandler(self, realm.removeprefix(REALM), durable=True).resume(adopt, state)
            count += 1
        return count

    def broker(self, space_id: str) -> SpaceBroker:
        """The broker of this space."""
        broker = self._brokers.get(space_id)
        if broker is None:
            broker = self._brokers[space_id] = SpaceBroker(space_id)
        return broker

    def tidy(self, broker: SpaceBroker) -> None:
        """Let go of a broker that has become empty."""
        if broker.empty and self._brokers.get(broker.space_id) is broker:
            del self._brokers[broker.space_id]

    def fault(self, topic: str) -> str | None:
        """Why nothing may be published to this topic; None when it may."""
        if topic.startswith(RESERVED):
            return "this topic is not the user's own"
        limits = self.limits
        if len(topic) > limits.topic_characters or topic.count("/") >= limits.topic_levels:
            return "this topic is too long"
        return None

    def retain(self, broker: SpaceBroker, topic: str, payload: bytes, qos: int) -> str | None:
        """Make this the last message of its topic, or with an empty payload none [MQTT-3.3.1-10]. Returns why not."""
        if not payload:
            self._drop(broker, topic)
            return None
        limits, counters = self.limits, self.counters
        former = broker.retained.get(topic)
        growth = retained_size(topic, payload) - (retained_size(topic, former.payload) if former else 0)
        if (
            (former is None and len(broker.retained) >= limits.retained_messages)
            or broker.retained.size + growth > limits.retained_bytes
            or counters.retained_bytes + growth > limits.retained_bytes_of_all
        ):
            return "the space keeps too many retained messages"
        message = Retained(payload, qos)
        if message != former:
            self._put(broker, topic, message)
            self.store.retain(broker.space_id, topic, message)
        return None

    def _put(self, broker: SpaceBroker, topic: str, message: Retained) -> None:
        count, size = len(broker.retained), broker.retained.size
        broker.retained.put(topic, message)
        self.counters.retained += len(broker.retained) - count
        self.counters.retained_bytes += broker.retained.size - size

    def _drop(self, broker: SpaceBroker, topic: str) -> None:
        size = broker.retained.size
        if broker.retained.remove(topic):
            self.counters.retained -= 1
            self.counters.retained_bytes += broker.retained.size - size
            self.store.retain(broker.space_id, topic, None)


class SpaceHandler:
    """Answers for one client of a space. Implements `gateways.contract.Handler`.

    `durable`: the session outlives its connection.
    """

    exclusive = True
    persistent = True

    __slots__ = (
        "_away",
        "_broker",
        "_brokers",
        "_durable",
        "_key",
        "_sending",
        "_session",
        "_space_id",
        "_withdrawn",
        "realm",
    )

    def __init__(self, brokers: SpaceBrokers, space_id: str, *, durable: bool, key: str | None = None) -> None:
        self.realm = REALM + space_id
        self._key = key
        self._withdrawn: Subscription | None = None
        self._brokers = brokers
        self._space_id = space_id
        self._durable = durable
        self._away = True
        self._broker: SpaceBroker | None = None
        self._session: Session | None = None
        self._sending: dict[str, list[str]] = {}

    def resume(self, adopt: Adopt, state: SessionState) -> None:
        """Answer for a stored session whose client is away."""
        self._broker = self._brokers.broker(self._space_id)
        for topic_filter, qos in (state.subscriptions or {}).items():
            self._broker.subscriptions.add(topic_filter, self, qos)
        self._session = adopt(self, state)

    def opened(self, session: Session) -> None:
        """CONNACK 0 has been written."""
        self._session = session
        self._away = False
        self._broker = self._brokers.broker(self._space_id)
        self._broker.connections += 1
        self._brokers.counters.connections += 1
        if self._key is not None:
            self._withdrawn = self._brokers.bus.listen("key." + self._key, self._key_withdrawn)

    def subscribe(self, topic_filter: str, qos: int) -> int:
        """Grants what is asked, except for filters that can only match what is not the user's own."""
        if self._broker is None or topic_filter.startswith(RESERVED):
            return SUBSCRIPTION_REFUSED
        self._broker.subscriptions.add(topic_filter, self, qos)
        return qos

    def subscribed(self, topic_filter: str, qos: int) -> None:
        """Sends the retained messages [MQTT-3.3.1-6], also when the subscription was there before [MQTT-3.8.4-3]."""
        if self._broker is not None:
            topics = self._broker.retained.topics(topic_filter)
            if topics:
                topics.reverse()
                self._sending[topic_filter] = topics
                self._send_retained(topic_filter, topics, qos)

    def unsubscribed(self, topic_filter: str) -> None:
        """The subscription has ended."""
        broker = self._broker
        self._sending.pop(topic_filter, None)
        if broker is not None:
            broker.subscriptions.remove(topic_filter, self)
            self._brokers.tidy(broker)

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, ticket: int) -> bool:
        """Hand a message to whoever is subscribed, and keep it where that is asked."""
        broker, brokers = self._broker, self._brokers
        if broker is None:
            return False
        brokers.counters.published += 1
        fault = brokers.fault(topic)
        stored = False
        if fault is None and retain:
            fault = brokers.retain(broker, topic, payload, qos)
            stored = True
        if fault is not None:
            self._refuse(fault, ticket)
            return False
        best: dict[SpaceHandler, int] = {}
        for handler, granted in broker.subscriptions.match(topic):
            if granted > best.get(handler, -1):
                best[handler] = granted
        brokers.counters.delivered += len(best)
        for handler, granted in best.items():
            # An established subscription sees the retain flag unset [MQTT-3.3.1-9].
            stored |= handler.deliver(topic, payload, min(qos, granted), retain=False)
        if ticket and stored and self._session is not None:
            brokers.store.after_commit(self._session, ticket)
            return False
        return True

    def deliver(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> bool:
        """Send a message to this client, or let it wait. True when it has to be on disk before it is acknowledged."""
        session = self._session
        if session is None:
            return False
        session.publish(topic, payload, qos, retain=retain)
        if not qos or not self._durable:
            return False
        self._brokers.store.handed(self.realm, session.client_id, [topic, payload, qos, retain], away=self._away)
        return True

    def closed(self, reason: str, *, clean: bool) -> None:
        """The connection has ended. A durable session goes on: what is published to it waits."""
        broker = self._broker
        self._away = True
        if self._withdrawn is not None:
            self._withdrawn.cancel()
        if broker is not None:
            broker.connections -= 1
            self._brokers.counters.connections -= 1
            self._brokers.tidy(broker)

    def _key_withdrawn(self, message: KeyWithdrawn) -> None:
        if self._session is not None and not self._away:
            self._session.close("the API key was withdrawn")

    def _refuse(self, fault: str, ticket: int) -> None:
        self._brokers.counters.refused += 1
        if self._session is not None:
            self._session.refused([ticket] if ticket else [], fault)

    def _send_retained(self, topic_filter: str, topics: list[str], qos: int) -> None:
        """Send the last ones of `topics`, then let others have their turn."""
        if self._broker is None or self._sending.get(topic_filter) is not topics:
            return  # unsubscribed meanwhile [MQTT-3.10.4-2], or subscribed anew
        for _ in range(min(len(topics), RETAINED_AT_ONCE)):
            topic = topics.pop()
            message = self._broker.retained.get(topic)
            if message is not None:
                self.deliver(topic, message.payload, min(qos, message.qos), retain=True)  # [MQTT-3.3.1-8]
        if topics:
            asyncio.get_running_loop().call_soon(self._send_retained, topic_filter, topics, qos)
        else:
            del self._sending[topic_filter]
