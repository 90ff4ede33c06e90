"""Log lines: one event a line, as text for people or JSON for programs, on standard error.

Who logs names the event and gives plain values; secrets, payloads and query strings are not given in the first place.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
TEXT_LIMIT = 300
"""Characters of one value in a line: what a peer sends must not fill the disk."""


def set_up(form: str, level: str) -> None:
    """Write lines of at least this level (`debug` to `error`) as `text` or `json`."""
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _cut,
    ]
    if form == "json":
        shared += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        shared += [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain)]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    # The HTTP server logs whole request lines when a peer sends nonsense; the counters are enough.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)


def _cut(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and len(value) > TEXT_LIMIT and key not in ("exception", "stack"):
            event[key] = value[:TEXT_LIMIT] + "…"
    return event


_plain = structlog.dev.plain_traceback
