"""Mustache, as much of it as webhooks use.

`{{x}}` is escaped for HTML, `{{{x}}}` and `{{&x}}` are not; `{{#a}}…{{/a}}` is shown for each element of a list, or
once where `a` is anything that JavaScript calls true; `{{^a}}…{{/a}}` where it is not; `{{! … }}` is a comment. A path
goes through objects and lists (`results.0.location.lat`, `list.length`), `{{.}}` is the element itself, and what is not
there is nothing. A line that holds only a section's begin or end, or a comment, leaves no line behind.

Missing on purpose: partials, lambdas and other delimiters. None of them has a meaning in a webhook, and each is refused
by name. Values are only ever data (what JSON can say): no attribute is read and nothing is called.

Values become text as in JavaScript, where the templates come from: 20.0 is `20`, true is `true`, null is nothing, a
list is its elements with commas between. An object is its JSON text, which says more than `[object Object]`.

Own code, because no kept library does it: chevron's last release is of 2021, pystache reads attributes and calls what
it finds, and none of them bounds what a template may cost. Here every template is bounded in length, depth, output and
work: templates are written by users and filled with what boards say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

LENGTH: Final = 32 * 1024
"""Characters of a template. A body by hand is one or two thousand; whole definitions are below this."""
DEPTH: Final = 16
"""Sections inside sections. Real ones have two or three."""
OUTPUT: Final = 128 * 1024
"""Characters that may come out of all templates of one request: more than the 100 KB that a response may have."""
STEPS: Final = 20_000
"""Tags and elements that may be gone through, likewise: some 20 ms. Lists in sections in sections multiply."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_OPEN = "{{"
_NAME = re.compile(r"[^\s{}#^/!>&=]+\Z")
_STANDALONE = frozenset("#^/!")
_LINE_END = re.compile(r"[ \t]*(?:\r?\n|\Z)")
_MISSING: Final = object()


class TemplateError(ValueError):
    """A template that is not one, or that costs too much. `str()` is a sentence for whoever wrote it."""


class Budget:
    """What may still be spent: characters of output, and steps. One for all templates of a request."""

    __slots__ = ("characters", "steps")

    def __init__(self, characters: int = OUTPUT, steps: int = STEPS) -> None:
        self.characters = characters
        self.steps = steps

    def step(self) -> None:
        """One tag, or one element of a list."""
        self.steps -= 1
        if self.steps < 0:
            raise TemplateError("The template goes through too many elements.")

    def write(self, text: str) -> None:
        """So much text comes out."""
        self.characters -= len(text)
        if self.characters < 0:
            raise TemplateError("The template makes more text than is allowed.")


Stack: TypeAlias = tuple[Any, ...]
Node: TypeAlias = Callable[[Stack, list[str], Budget], None]


class Template:
    """A compiled template. Immutable; rendering it is safe from anywhere.

    Raises:
        TemplateError: it is too long or too deep, or a tag or section in it is not complete.
    """

    __slots__ = ("_nodes", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        names: set[str] = set()
        self._nodes = _parse(text, names)
        self.names = frozenset(names)
        """The first part of every path in it: what a context needs to have."""

    def render(self, context: Any, budget: Budget | None = None) -> str:
        """The text for this context, which is usually a mapping.

        Raises:
            TemplateError: it would cost more than the budget has.
        """
        out: list[str] = []
        try:
            _run(self._nodes, (context,), out, budget or Budget())
        except RecursionError:
            raise TemplateError("A value in the template is nested too deeply.") from None
        return "".join(out)


class DeepTemplate:
    """A structure like JSON in which every string, keys included, is a template. Everything else stays as it is."""

    __slots__ = ("_make", "names")

    def __init__(self, value: Any) -> None:
        names: set[str] = set()
        try:
            self._make = _deep(value, names)
        except RecursionError:
            raise TemplateError("The structure is nested too deeply.") from None
        self.names = frozenset(names)

    def render(self, context: Any, budget: Budget | None = None) -> Any:
        """The structure for this context. Of two keys that become equal the last one counts."""
        return self._make(context, budget or Budget())


def render(text: str, context: Any, budget: Budget | None = None) -> str:
    """Compile and render once."""
    return Template(text).render(context, budget)


def text_of(value: Any) -> str:
    """How a value of JSON is written in a text: as JavaScript does it, but objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, Sequence):
        return ",".join(text_of(each) for each in value)
    return str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    # Python writes 1e-07 where JavaScript writes 1e-7.
    return re.sub(r"e([+-])0+", r"e\1", repr(value))


def _deep(value: Any, names: set[str]) -> Callable[[Any, Budget], Any]:
    if isinstance(value, str):
        template = Template(value)
        names |= template.names
        return template.render
    if isinstance(value, Mapping):
        pairs = [(_deep(str(key), names), _deep(each, names)) for key, each in value.items()]
        return lambda context, budget: {key(context, budget): each(context, budget) for key, each in pairs}
    if isinstance(value, Sequence):
        parts = [_deep(each, names) for each in value]
        return lambda context, budget: [part(context, budget) for part in parts]
    return lambda _context, _budget: value


def _parse(text: str, names: set[str]) -> list[Node]:
    if len(text) > LENGTH:
        raise TemplateError(f"A template has at most {LENGTH} characters; this one has {len(text)}.")
    nodes: list[Node] = []
    opened: list[tuple[str, str, list[Node]]] = []  # sort, path, and the nodes around the section
    position = 0
    while True:
        start = text.find(_OPEN, position)
        if start < 0:
            _literal(nodes, text[position:])
            break
        # Of four braces in a row the first belongs to the text: {"a":{{{{x}}}}} is JSON around {{{x}}}.
        while text.startswith("{{{{", start):
            start += 1
        sort, path, end = _tag(text, start)
        before, after = text[position:start], end
        if sort in _STANDALONE and _begins_line(text, position, before) and (rest := _LINE_END.match(text, end)):
            before, after = before.rstrip(" \t"), rest.end()
        _literal(nodes, before)
        position = after
        if sort == "!":
            continue
        if sort in ("#", "^"):
            if len(opened) == DEPTH:
                raise TemplateError(f"Sections can be at most {DEPTH} deep.")
            opened.append((sort, path, nodes))
            nodes = []
        elif sort == "/":
            if not opened or opened[-1][1] != path:
                raise TemplateError(f"The section {path!r} ends where it has not begun.")
            kind, _, around = opened.pop()
            around.append(_section(path, nodes) if kind == "#" else _inverted(path, nodes))
            nodes = around
        else:
            nodes.append(_variable(path, escaped=sort == ""))
        names.add(path.partition(".")[0])
    if opened:
        raise TemplateError(f"The section {opened[-1][1]!r} has no end.")
    return nodes


def _begins_line(text: str, position: int, before: str) -> bool:
    """Whether only blanks stand between the begin of a line and the end of `before`, which begins at `position`."""
    stripped = before.rstrip(" \t")
    return text[position - 1] == "\n" if position and not stripped else not stripped or stripped.endswith("\n")


def _tag(text: str, start: int) -> tuple[str, str, int]:
    """Sort ("" is escaped, "&" raw), path, and where the tag ends."""
    raw = text.startswith("{{{", start)
    closing = "}}}" if raw else "}}"
    begin = start + len(closing)
    stop = text.find(closing, begin)
    if stop < 0:
        raise TemplateError(f"A tag that begins at character {start + 1} has no end ({closing}).")
    inner, end = text[begin:stop].strip(), stop + len(closing)
    if raw:
        sort = "&"
    elif inner[:1] == "!":
        return "!", "", end
    elif inner[:1] in ("#", "^", "/", "&"):
        sort, inner = inner[0], inner[1:].strip()
    elif inner[:1] == ">":
        raise TemplateError("Partials ({{> …}}) are not supported.")
    elif inner[:1] == "=":
        raise TemplateError("Other delimiters ({{= … =}}) are not supported.")
    else:
        sort = ""
    if not _NAME.match(inner):
        raise TemplateError(f"The tag at character {start + 1} has no valid name in it.")
    return sort, inner, end


def _literal(nodes: list[Node], text: str) -> None:
    if not text:
        return

    def node(_stack: Stack, out: list[str], budget: Budget) -> None:
        budget.write(text)
        out.append(text)

    nodes.append(node)


def _variable(path: str, *, escaped: bool) -> Node:
    parts = _parts(path)

    def node(stack: Stack, out: list[str], budget: Budget) -> None:
        budget.step()
        text = text_of(_find(stack, parts))
        if escaped:
            text = text.translate(_ESCAPES)
        budget.write(text)
        out.append(text)

    return node


def _section(path: str, nodes: list[Node]) -> Node:
    parts = _parts(path)

    def node(stack: Stack, out: list[str], budget: Budget) -> None:
        budget.step()
        value = _find(stack, parts)
        if isinstance(value, list | tuple):
            for each in value:
                budget.step()
                _run(nodes, (*stack, each), out, budget)
        elif _true(value):
            _run(nodes, (*stack, value), out, budget)

    return node


def _inverted(path: str, nodes: list[Node]) -> Node:
    parts = _parts(path)

    def node(stack: Stack, out: list[str], budget: Budget) -> None:
        budget.step()
        value = _find(stack, parts)
        if not (len(value) > 0 if isinstance(value, list | tuple) else _true(value)):
            _run(nodes, stack, out, budget)

    return node


def _run(nodes: list[Node], stack: Stack, out: list[str], budget: Budget) -> None:
    for node in nodes:
        node(stack, out, budget)


def _parts(path: str) -> tuple[str, ...]:
    return () if path == "." else tuple(path.split("."))


def _true(value: Any) -> bool:
    """What JavaScript holds for true: every object, a number that is neither 0 nor NaN, a text with characters."""
    if isinstance(value, Mapping):
        return True
    return bool(value) and value == value


def _find(stack: Stack, parts: tuple[str, ...]) -> Any:
    """The first part is looked for from the innermost context outwards, the rest only in what was found."""
    if not parts:
        return stack[-1]
    for context in reversed(stack):
        value = _member(context, parts[0])
        if value is not _MISSING:
            for part in parts[1:]:
                value = _member(value, part)
                if value is _MISSING:
                    return None
            return value
    return None


def _member(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, _MISSING)
    if isinstance(value, list | tuple):
        if name == "length":
            return len(value)
        # At most four digits: turning a long text of digits into a number takes time, and no list is that long.
        if name.isascii() and name.isdigit() and len(name) <= 4 and int(name) < len(value):
            return value[int(name)]
    return _MISSING
