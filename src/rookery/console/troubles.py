"""The last troubles of the server in plain words: what happened, to whom, and what to do about it.

They come from the log (`logs.recent`). A line of the log names an event; here stands what it means for somebody who has
never seen the code. What has no words here is shown by its name, which the documentation of the log explains.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from rookery.core.clock import MILLISECOND
from rookery.logs import Trouble


class _Words(NamedTuple):
    what: str
    advice: str = ""


_OURS: Final = "This is a fault of the server. Its log has the details; please report it."
_STORE: Final = "Look at the disk: it may be full, slow or read-only."

WORDS: Final = {
    "message_dropped": _Words(
        "A board sent a message that can not be read",
        "Compare the types of its variables here with those in the sketch.",
    ),
    "write_dropped": _Words(
        "A program wrote a value that does not fit its variable", "Compare the type of the value with the variable's."
    ),
    "thing_not_read": _Words("The catalog could not be read", _STORE),
    "restart_needed": _Words(
        "A board has to be restarted to change its thing", "Restart it: its library keeps the first thing it was given."
    ),
    "coap.refused": _Words("Messages of a board were not stored", _STORE),
    "coap.full": _Words(
        "Boards are turned away, because there are too many connections",
        "If these are all yours, raise the limits; if not, somebody floods this server.",
    ),
    "mqtt.full": _Words(
        "Boards or programs are turned away, because there are too many MQTT connections",
        "If these are all yours, raise mqtt_max_connections; if not, somebody floods this server.",
    ),
    "mqtt.accept_failed": _Words(
        "New MQTT connections can not be accepted", "The system has no more file descriptors: raise its limit."
    ),
    "http.full": _Words(
        "Browsers or programs are turned away, because there are too many HTTP connections",
        "If these are all yours, put a proxy in front; if not, somebody floods this server.",
    ),
    "http.requests_cut": _Words("Requests were cut off when the server stopped"),
    "health.failing": _Words("The server does not call itself healthy", _STORE),
    "particle.refused": _Words(
        "A Particle board was not let in",
        "If the board is yours, register its key again; if it was reset, its key may have changed.",
    ),
    "particle.update_failed": _Words(
        "A board did not take its new firmware", "Send it again when the board is online."
    ),
    "particle.notes_lost": _Words("What boards said of themselves was not stored", _STORE),
    "particle.message_refused": _Words("A board sent a message that can not be read"),
    "deliveries.disabled": _Words(
        "An integration was turned off, because its deliveries failed too often",
        "Look at its last answers, correct its address, and turn it on again.",
    ),
    "integrations.no_request": _Words(
        "An integration could not make its request", "Look at its template: a part of it can not be filled in."
    ),
    "coap.session_not_kept": _Words("A board's session could not be stored", _STORE),
    "coap.store_failed": _Words("Boards' sessions could not be stored", _STORE),
    "broker.session_lost": _Words("A waiting message could not be stored", _STORE),
    "exports.failed": _Words("An export of history failed", _STORE),
    "server.chores_failed": _Words("The hourly tidying up failed", _STORE),
    "request_failed": _Words("A request failed on the server's side", _OURS),
    "http.failed": _Words("A request failed on the server's side", _OURS),
    "console.failed": _Words("A request of this console failed on the server's side", _OURS),
    "admin.failed": _Words("A command failed on the server's side", _OURS),
    "backup.failed": _Words("A backup failed", "Look at the disk: a backup needs as much room as the data."),
}
_SHOWN: Final = ("reason", "sentence", "error", "exception", "disk", "telemetry", "catalog", "messages")
"""Fields of a line that say more, the most telling first."""


def told(troubles: Iterable[Trouble]) -> list[dict[str, Any]]:
    """These troubles as the console shows them."""
    return [_told(trouble) for trouble in troubles]


def _told(trouble: Trouble) -> dict[str, Any]:
    words = WORDS.get(trouble.event)
    if words is None:
        name = trouble.event.replace(".", ": ").replace("_", " ")
        words = _Words(name[:1].upper() + name[1:], _OURS if trouble.level != "warning" else "")
    reason = next((trouble.fields[name] for name in _SHOWN if trouble.fields.get(name)), "")
    sentences = [sentence for sentence in (_sentence(reason), words.advice) if sentence]
    return {
        "time": trouble.time // MILLISECOND,
        "level": trouble.level,
        "what": words.what,
        "who": trouble.who,
        "message": " ".join(sentences),
        "count": trouble.times,
    }


def _sentence(text: str) -> str:
    if not text:
        return ""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else text + "."
