"""The topics of the device API (arduino-device.md section 3): `/a/d/<device>/…` and `/a/t/<thing>/…`.

There are no others: no wildcards, no `$` topics, always a slash in front. Ids are UUIDs in lower case. What does not
parse is none of them, such as the `/a/t//e/i` of a Python board that was given an empty thing id.

"In" and "out" are seen from the board's application: it subscribes to what ends in `i`, and publishes what ends in `o`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple


class Scope(StrEnum):
    """Whose topic it is."""

    DEVICE = "d"
    THING = "t"


class Channel(StrEnum):
    """What flows there."""

    COMMANDS_UP = "c/up"
    COMMANDS_DOWN = "c/dw"
    EVENTS_OUT = "e/o"
    """Values of a thing, or what a device says of itself."""
    EVENTS_IN = "e/i"
    """Writes to a thing, or the thing id for a device."""
    SHADOW_OUT = "shadow/o"
    """The question for the last values."""
    SHADOW_IN = "shadow/i"
    """The last values."""
    TEXT_OUT = "s/o"
    """Serial monitor."""
    TEXT_IN = "s/i"


class Topic(NamedTuple):
    """A topic, taken apart."""

    scope: Scope
    id: str
    channel: Channel


class DeviceTopics:
    """The topics of one device."""

    __slots__ = ("commands_down", "commands_up", "events_in", "events_out", "inbox", "text_in", "text_out")

    def __init__(self, device_id: str) -> None:
        stem = f"/a/d/{device_id}/"
        self.commands_up = stem + Channel.COMMANDS_UP
        self.commands_down = stem + Channel.COMMANDS_DOWN
        self.events_out = stem + Channel.EVENTS_OUT
        self.events_in = stem + Channel.EVENTS_IN
        self.text_out = stem + Channel.TEXT_OUT
        self.text_in = stem + Channel.TEXT_IN
        self.inbox = frozenset((self.commands_down, self.events_in, self.text_in))
        """What the device may subscribe to."""


class ThingTopics:
    """The topics of one thing."""

    __slots__ = ("inbox", "shadow_in", "shadow_out", "values_in", "values_out")

    def __init__(self, thing_id: str) -> None:
        stem = f"/a/t/{thing_id}/"
        self.values_out = stem + Channel.EVENTS_OUT
        self.values_in = stem + Channel.EVENTS_IN
        self.shadow_out = stem + Channel.SHADOW_OUT
        self.shadow_in = stem + Channel.SHADOW_IN
        self.inbox = frozenset((self.values_in, self.shadow_in))
        """What the thing's device may subscribe to."""


_DEVICE_ONLY: Final = frozenset((Channel.COMMANDS_UP, Channel.COMMANDS_DOWN, Channel.TEXT_OUT, Channel.TEXT_IN))
_THING_ONLY: Final = frozenset((Channel.SHADOW_OUT, Channel.SHADOW_IN))
_PATTERN: Final = re.compile(
    r"/a/([dt])/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/(c/up|c/dw|e/[io]|shadow/[io]|s/[io])"
)


def parse_topic(topic: str) -> Topic | None:
    """The parts of a topic of the device API; None for every other topic and for filters with wildcards."""
    match = _PATTERN.fullmatch(topic)
    if match is None:
        return None
    scope, id, channel = Scope(match[1]), match[2], Channel(match[3])
    if channel in (_THING_ONLY if scope is Scope.DEVICE else _DEVICE_ONLY):
        return None
    return Topic(scope, id, channel)


def is_thing_inbox(topic: str) -> str | None:
    """The thing whose `e/i` or `shadow/i` this is, None when it is neither."""
    parsed = parse_topic(topic)
    if parsed is None or parsed.scope is not Scope.THING:
        return None
    return parsed.id if parsed.channel in (Channel.EVENTS_IN, Channel.SHADOW_IN) else None


def thing_topic(thing_id: str, channel: Channel) -> str:
    """The topic of this channel of a thing."""
    return f"/a/t/{thing_id}/{channel}"
