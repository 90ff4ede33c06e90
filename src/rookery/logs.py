"""Log lines: one event a line, as text for people or JSON for programs, on standard error.

Who logs names the event and gives plain values: secrets, payloads and query strings are not given in the first place.
Two nets are hung below that: values under a name that sounds like a secret are left out, and query strings are cut off
whatever looks like an address. Text from peers is shown on one line and at a limited length.

The last warnings and errors are remembered (`recent`), for the page that shows them.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from typing import Any, NamedTuple, TextIO

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

TEXT_LIMIT = 300
"""Characters of one value: what a peer sends must not fill the disk."""
SECRET_NAMES = re.compile(r"pass(word)?|secret|token|authori[sz]ation|cookie|credential|pepper|private", re.IGNORECASE)
HIDDEN = "(hidden)"

_QUERY = re.compile(r"((?:https?|wss?|mqtts?)://[^\s?#]*|(?<!\S)/[^\s?#]*)[?#]\S*")
_PLAIN = re.compile(r"[\w.:/@+*()\[\]-]+")
_WHOLE = ("exception", "stack")
"""Texts of ours with many lines: tracebacks name code, not data."""

Event = MutableMapping[str, Any]

REMEMBERED = 200
"""Warnings and errors, about 500 bytes each."""
_WHO = ("device", "client_id", "person", "target", "thing", "peer", "app", "route")
"""Names under which a line says whom it is about, the most telling first."""


class Trouble(NamedTuple):
    """A warning or an error. The same one about the same again is counted."""

    time: int
    """Of the last one, UTC microseconds."""
    level: str
    event: str
    who: str
    fields: dict[str, str]
    times: int
    """How often it has happened."""


class Recent:
    """The last troubles, each once."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._troubles: OrderedDict[tuple[str, str], Trouble] = OrderedDict()

    def __iter__(self) -> Iterator[Trouble]:
        """The newest first."""
        return reversed(list(self._troubles.values()))

    def keep(self, _logger: Any, _method: str, event: Event) -> Event:
        """A processor of structlog: remember what is worse than information."""
        if event.get("level") in ("warning", "error", "critical"):
            name = str(event.get("event", ""))[:TEXT_LIMIT]
            fields = {
                key: str(value)[:TEXT_LIMIT]
                for key, value in event.items()
                if key not in ("event", "level", "timestamp", *_WHOLE)
            }
            if event.get("exception"):
                fields["exception"] = str(event["exception"]).rstrip().rpartition("\n")[2][:TEXT_LIMIT]
            who = next((fields[key] for key in _WHO if fields.get(key)), "")
            before = self._troubles.pop((name, who), None)
            times = 1 if before is None else before.times + 1
            self._troubles[name, who] = Trouble(time.time_ns() // 1_000, event["level"], name, who, fields, times)
            if len(self._troubles) > self._limit:
                self._troubles.popitem(last=False)
        return event


recent = Recent()


def set_up(form: str, level: str, stream: TextIO | None = None) -> None:
    """Write lines of at least this level (`debug` to `error`) in this form (`text` or `json`).

    What libraries say through the standard library's logging comes out in the same form, from warnings on.
    """
    stream = stream or sys.stderr
    render = _json if form == "json" else _text
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        guard,
        recent.keep,
    ]
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(LEVELS[level], logging.WARNING))
    # The HTTP server warns about what peers send, which anybody can make it do.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def guard(_logger: Any, _method: str, event: Event) -> Event:
    """Leave out what is named like a secret, cut off query strings, and keep text short."""
    for name, value in event.items():
        if name == "event" or name in _WHOLE:
            continue
        if SECRET_NAMES.search(name):
            event[name] = HIDDEN
        elif isinstance(value, bytes | bytearray | memoryview):
            event[name] = f"({len(value)} bytes)"
        elif isinstance(value, str):
            event[name] = _QUERY.sub(r"\1?…", value[:TEXT_LIMIT]) + ("…" if len(value) > TEXT_LIMIT else "")
    return event


def _json(_logger: Any, _method: str, event: Event) -> str:
    return json.dumps(event, default=str, ensure_ascii=False)


def _text(_logger: Any, _method: str, event: Event) -> str:
    """`time level event name=value …`, values quoted where they could be mistaken for something else."""
    told = dict(event)
    head = f"{told.pop('timestamp', '')} {told.pop('level', ''):<7} {told.pop('event', '')}"
    tail = "".join(f"\n{told.pop(name)}" for name in _WHOLE if name in told)
    return head + "".join(f" {name}={_shown(value)}" for name, value in told.items()) + tail


def _shown(value: Any) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
