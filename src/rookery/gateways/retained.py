"""The last messages of topics, found by filter: a tree by level, so that a filter visits only what it can match."""

from __future__ import annotations

from collections.abc import Iterator

from rookery.core.messages import Retained

OVERHEAD = 400
"""Bytes that a retained message costs beside its topic and payload: a node, its dictionary, a tuple, two strings."""


def retained_size(topic: str, payload: bytes) -> int:
    """About what a retained message occupies in memory, in bytes."""
    return OVERHEAD + len(topic) + len(payload)


class _Level:
    __slots__ = ("below", "message", "topic")

    def __init__(self) -> None:
        self.below: dict[str, _Level] = {}
        self.topic = ""
        self.message: Retained | None = None


class RetainedTree:
    """Messages by topic. `size` is about what they occupy, in bytes."""

    __slots__ = ("_count", "_root", "size")

    def __init__(self) -> None:
        self._root = _Level()
        self._count = 0
        self.size = 0

    def __len__(self) -> int:
        return self._count

    def get(self, topic: str) -> Retained | None:
        """The message of this topic."""
        level = self._root
        for name in topic.split("/"):
            following = level.below.get(name)
            if following is None:
                return None
            level = following
        return level.message

    def put(self, topic: str, message: Retained) -> None:
        """Set or replace."""
        level = self._root
        for name in topic.split("/"):
            following = level.below.get(name)
            if following is None:
                following = level.below[name] = _Level()
            level = following
        if level.message is None:
            self._count += 1
            level.topic = topic
        else:
            self.size -= retained_size(topic, level.message.payload)
        level.message = message
        self.size += retained_size(topic, message.payload)

    def remove(self, topic: str) -> bool:
        """Take away, with the branches that are empty then. False when there was none."""
        path: list[tuple[_Level, str]] = []
        level = self._root
        for name in topic.split("/"):
            following = level.below.get(name)
            if following is None:
                return False
            path.append((level, name))
            level = following
        if level.message is None:
            return False
        self._count -= 1
        self.size -= retained_size(topic, level.message.payload)
        level.message = None
        for parent, name in reversed(path):
            child = parent.below[name]
            if child.below or child.message is not None:
                break
            del parent.below[name]
        return True

    def topics(self, topic_filter: str) -> list[str]:
        """The topics with a message that this filter matches, in the order in which their levels first came."""
        return [level.topic for level in self._match(topic_filter) if level.message is not None]

    def _match(self, topic_filter: str) -> Iterator[_Level]:
        frontier = [self._root]
        for index, wanted in enumerate(topic_filter.split("/")):
            if wanted == "#":
                # "a/#" also matches "a", its parent (4.7.1.2).
                for level in frontier:
                    yield from _all(level, hidden=index == 0)
                return
            if wanted == "+":
                frontier = [
                    below for level in frontier for name, below in level.below.items() if index or name[:1] != "$"
                ]
            else:
                frontier = [level.below[wanted] for level in frontier if wanted in level.below]
        yield from frontier


def _all(level: _Level, *, hidden: bool) -> Iterator[_Level]:
    """This level and all below. `hidden`: not what begins with `$` [MQTT-4.7.2-1]."""
    stack = [level]
    while stack:
        level = stack.pop()
        yield level
        stack.extend(below for name, below in reversed(level.below.items()) if not (hidden and name[:1] == "$"))
        hidden = False
