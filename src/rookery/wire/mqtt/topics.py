"""Topic names, topic filters, and who is subscribed to what (4.7).

A name is a path of levels with `/` between them; empty levels count. A filter may have `+` for exactly one level and
`#` for all the rest, its parent included. A wildcard at the front does not see names that begin with `$`
[MQTT-4.7.2-1].
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Entry = TypeVar("Entry")


def topic_fault(name: str) -> str | None:
    """Why `name` is no topic name, with the clause; None when it is one."""
    if not name:
        return "MQTT-4.7.3-1"
    if "\0" in name:
        return "MQTT-4.7.3-2"
    if "+" in name or "#" in name:
        return "MQTT-3.3.2-2"
    return None


def filter_fault(topic_filter: str) -> str | None:
    """Why `topic_filter` is no topic filter, with the clause; None when it is one."""
    if not topic_filter:
        return "MQTT-4.7.3-1"
    if "\0" in topic_filter:
        return "MQTT-4.7.3-2"
    if "#" in topic_filter:
        # The last character, alone on its level.
        head = topic_filter[:-1]
        if "#" in head or topic_filter[-1] != "#" or (head and head[-1] != "/"):
            return "MQTT-4.7.1-2"
    if "+" in topic_filter and any("+" in level and level != "+" for level in topic_filter.split("/")):
        return "MQTT-4.7.1-3"
    return None


def matches(topic_filter: str, name: str) -> bool:
    """Whether a valid filter matches a valid name."""
    if topic_filter == name:
        return True
    if name[0] == "$" and topic_filter[0] in "+#":
        return False  # [MQTT-4.7.2-1]
    levels = name.split("/")
    wanted = topic_filter.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index == len(levels) or (level != "+" and level != levels[index]):
            # "a/#" also matches "a", its parent (4.7.1.2).
            return False
    return len(wanted) == len(levels)


class _Node(Generic[Key, Entry]):
    __slots__ = ("children", "entries")

    def __init__(self) -> None:
        self.children: dict[str, _Node[Key, Entry]] | None = None
        self.entries: dict[Key, Entry] | None = None


class SubscriptionTree(Generic[Key, Entry]):
    """Entries (a QoS, say) under (filter, key), found by topic name.

    Finding costs in the number of levels and of matching branches, not in the number of subscriptions.
    """

    __slots__ = ("_count", "_root")

    def __init__(self) -> None:
        self._root: _Node[Key, Entry] = _Node()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, topic_filter: str, key: Key, entry: Entry) -> bool:
        """Put or replace [MQTT-3.8.4-3]. True when it was not there before."""
        node = self._root
        for level in topic_filter.split("/"):
            children = node.children
            if children is None:
                children = node.children = {}
            child = children.get(level)
            if child is None:
                child = children[level] = _Node()
            node = child
        if node.entries is None:
            node.entries = {}
        fresh = key not in node.entries
        node.entries[key] = entry
        self._count += fresh
        return fresh

    def remove(self, topic_filter: str, key: Key) -> bool:
        """Take away, and the branches that are empty then. False when it was not there."""
        path: list[tuple[_Node[Key, Entry], str]] = []
        node = self._root
        for level in topic_filter.split("/"):
            child = node.children.get(level) if node.children else None
            if child is None:
                return False
            path.append((node, level))
            node = child
        if not node.entries or key not in node.entries:
            return False
        del node.entries[key]
        self._count -= 1
        for parent, level in reversed(path):
            child = parent.children[level]  # type: ignore[index]
            if child.entries or child.children:
                break
            del parent.children[level]  # type: ignore[union-attr]
        return True

    def match(self, name: str) -> Iterator[tuple[Key, Entry]]:
        """All (key, entry) whose filter matches the name. A key appears once for each of its filters that does."""
        levels = name.split("/")
        hidden = name.startswith("$")
        frontier = [self._root]
        for index, level in enumerate(levels):
            wild = not (hidden and index == 0)  # [MQTT-4.7.2-1]
            following: list[_Node[Key, Entry]] = []
            for node in frontier:
                children = node.children
                if not children:
                    continue
                if wild:
                    rest = children.get("#")
                    if rest is not None and rest.entries:
                        yield from rest.entries.items()
                    one = children.get("+")
                    if one is not None:
                        following.append(one)
                child = children.get(level)
                if child is not None:
                    following.append(child)
            frontier = following
            if not frontier:
                return
        for node in frontier:
            if node.entries:
                yield from node.entries.items()
            if node.children:
                rest = node.children.get("#")  # "a/#" also matches "a" (4.7.1.2)
                if rest is not None and rest.entries:
                    yield from rest.entries.items()
