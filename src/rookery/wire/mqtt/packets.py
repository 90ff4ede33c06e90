"""The fourteen packets of MQTT 3.1.1 as plain tuples, and their numbers (chapter 2 and 3)."""

from __future__ import annotations

from typing import NamedTuple

CONNECT = 1
CONNACK = 2
PUBLISH = 3
PUBACK = 4
PUBREC = 5
PUBREL = 6
PUBCOMP = 7
SUBSCRIBE = 8
SUBACK = 9
UNSUBSCRIBE = 10
UNSUBACK = 11
PINGREQ = 12
PINGRESP = 13
DISCONNECT = 14

LEVEL_3_1_1 = 4
LEVEL_5 = 5

ACCEPTED = 0
BAD_LEVEL = 1
BAD_IDENTIFIER = 2
UNAVAILABLE = 3
BAD_CREDENTIALS = 4
NOT_AUTHORISED = 5

SUBSCRIPTION_REFUSED = 0x80

MAX_REMAINING_LENGTH = 268_435_455
"""Four bytes of seven bits (2.2.3)."""
MAX_FILTERS = 256
"""Filters in one SUBSCRIBE or UNSUBSCRIBE. The standard has no limit; each costs a decision of the application, and a
packet of 256 KiB could hold 60,000 of them. Clients that restore all subscriptions at once stay far below."""


class Message(NamedTuple):
    """What an application sends: also the shape of a will."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


class Connect(NamedTuple):
    """3.1. `password` without `username` cannot be said in 3.1.1."""

    client_id: str = ""
    clean_session: bool = True
    keepalive: int = 0
    username: str | None = None
    password: bytes | None = None
    will: Message | None = None
    level: int = LEVEL_3_1_1


class Connack(NamedTuple):
    """3.2"""

    code: int = ACCEPTED
    session_present: bool = False


class Publish(NamedTuple):
    """3.3. `packet_id` is 0 for QoS 0 and never 0 otherwise."""

    topic: str
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    packet_id: int = 0
    dup: bool = False


class Puback(NamedTuple):
    """3.4"""

    packet_id: int


class Pubrec(NamedTuple):
    """3.5"""

    packet_id: int


class Pubrel(NamedTuple):
    """3.6"""

    packet_id: int


class Pubcomp(NamedTuple):
    """3.7"""

    packet_id: int


class Subscribe(NamedTuple):
    """3.8. `filters` are (topic filter, QoS asked for), in the order of the packet."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


class Suback(NamedTuple):
    """3.9. One code a filter: 0, 1, 2 or 0x80."""

    packet_id: int
    codes: tuple[int, ...]


class Unsubscribe(NamedTuple):
    """3.10"""

    packet_id: int
    filters: tuple[str, ...]


class Unsuback(NamedTuple):
    """3.11"""

    packet_id: int


class Pingreq(NamedTuple):
    """3.12"""


class Pingresp(NamedTuple):
    """3.13"""


class Disconnect(NamedTuple):
    """3.14"""


Packet = (
    Connect
    | Connack
    | Publish
    | Puback
    | Pubrec
    | Pubrel
    | Pubcomp
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Pingreq
    | Pingresp
    | Disconnect
)
