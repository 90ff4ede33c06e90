"""From a method and a path to a route.

Litestar routes the Arduino API; it can not route this one. A server decodes the path before Litestar sees it, so that
an event prefix `a%2Fb` would be two segments; it has no routes that take the rest of a path in segments; and it picks
one node for a path, where this API wants a literal to win only for the methods that it has: `GET /v1/devices/x/ping`
reads a variable called ping, `PUT` of the same path pings (reference 1.1). So here is a tree of segments over the raw
path, which costs two microseconds and no start time.

* A path is cut at slashes first, and each segment is percent-decoded once and then matched. Empty segments are dropped:
  trailing and doubled slashes are accepted everywhere.
* A literal is tried before `{parameter}`, and that before `{rest*}`, which takes one segment or more and must come
  last. A node without the wanted method is left for the next candidate.
"""

from __future__ import annotations

import re
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import unquote_to_bytes

T = TypeVar("T")

_SEGMENT = re.compile(r"^(?:\{(\w+)(\*?)\}|[^{}*]+)$")


class Found(NamedTuple, Generic[T]):
    """A route and what its path holds."""

    target: T
    path: dict[str, str]
    """Parameters by name, decoded. That of a `{rest*}` is joined by slashes again."""


class Missing(NamedTuple):
    """No route. `allowed` has the methods of routes that fit the path; it is empty when there are none."""

    allowed: tuple[str, ...]


class _Node(Generic[T]):
    __slots__ = ("literals", "parameter", "rest", "targets")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.targets: dict[str, tuple[T, tuple[str, ...]]] = {}
        """Method to what was added and the names of its parameters in order."""
        self.rest: dict[str, tuple[T, tuple[str, ...]]] = {}


class Router(Generic[T]):
    """Routes, all known before the first request."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, method: str, path: str, target: T) -> None:
        """Add a route such as `/v1/devices/{device}/events/{prefix*}`.

        Raises:
            ValueError: the path is malformed, or there is a route for it already.
        """
        node = self._root
        names: list[str] = []
        segments = path.strip("/").split("/")
        targets = None
        for index, segment in enumerate(segments):
            match = _SEGMENT.match(segment)
            if match is None or (match[2] and index < len(segments) - 1):
                raise ValueError(f"{path} is no path of a route")
            if match[1] is None:
                node = node.literals.setdefault(segment, _Node())
                continue
            names.append(match[1])
            if match[2]:
                targets = node.rest
            else:
                node.parameter = node.parameter or _Node()
                node = node.parameter
        if targets is None:
            targets = node.targets
        if method in targets:
            raise ValueError(f"two routes for {method} {path}")
        targets[method] = (target, tuple(names))

    def find(self, method: str, segments: list[str]) -> Found[T] | Missing:
        """The route for decoded segments (`split_path`)."""
        held: list[str] = []
        found = _find(self._root, method, segments, 0, held)
        if found is not None:
            target, names = found
            return Found(target, dict(zip(names, held, strict=True)))
        allowed: set[str] = set()
        _collect(self._root, segments, 0, allowed)
        return Missing(tuple(sorted(allowed)))


def _find(
    node: _Node[T], method: str, segments: list[str], index: int, held: list[str]
) -> tuple[T, tuple[str, ...]] | None:
    if index == len(segments):
        return node.targets.get(method)
    segment = segments[index]
    literal = node.literals.get(segment)
    if literal is not None:
        found = _find(literal, method, segments, index + 1, held)
        if found is not None:
            return found
    if node.parameter is not None:
        held.append(segment)
        found = _find(node.parameter, method, segments, index + 1, held)
        if found is not None:
            return found
        held.pop()
    found = node.rest.get(method)
    if found is not None:
        held.append("/".join(segments[index:]))
    return found


def _collect(node: _Node[T], segments: list[str], index: int, allowed: set[str]) -> None:
    if index == len(segments):
        allowed.update(node.targets)
        return
    allowed.update(node.rest)
    literal = node.literals.get(segments[index])
    if literal is not None:
        _collect(literal, segments, index + 1, allowed)
    if node.parameter is not None:
        _collect(node.parameter, segments, index + 1, allowed)


def split_path(raw: bytes) -> list[str]:
    """Decoded segments of a raw path. Bytes that are not UTF-8 become U+FFFD, which no name has.

    A trailing slash is no part of an event prefix: who wants one there writes `%2F`.
    """
    return [_decoded(segment) for segment in raw.split(b"/") if segment]


def _decoded(segment: bytes) -> str:
    if b"%" in segment:
        segment = unquote_to_bytes(segment)
    return segment.decode("utf-8", "replace")
