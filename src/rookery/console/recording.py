"""What the console's own API writes into the audit log, and nothing that a body or a link holds."""

from __future__ import annotations

from typing import Any, Final

from rookery.console.call import Call
from rookery.console.errors import Refusal
from rookery.core.access import Principal
from rookery.core.audit import Place

DOOR: Final = "console"
"""How the audit log calls this API."""
SECRET_PARTS: Final = frozenset({"token"})
"""Parts of paths that nobody may read."""


def record(call: Call, method: str, path: tuple[str, ...], result: Any, status: int, *, operator: bool) -> None:
    """A line of the audit log. `operator`: it concerned the server, not a space."""
    who = _who(call, result)
    made = result if isinstance(result, dict) and method == "POST" else {}
    parts = [text for name, text in call.segments.items() if name not in SECRET_PARTS]
    parts += [made[name] for name in ("id", "name", "email") if isinstance(made.get(name), str)]
    place = None
    if operator:
        place = Place()
    elif path[0] == "spaces" and "id" in call.segments:
        place = Place(call.segments["id"])
    call.services.audit.note(
        who,
        DOOR,
        method,
        "/".join(path),
        status,
        target=" ".join(dict.fromkeys(parts)),
        address=call.peer,
        place=place,
    )


def _who(call: Call, result: Any) -> Principal | None:
    """Who asked; of a sign-in, who has signed in by it."""
    try:
        return call.who
    except Refusal:
        person = result.get("person") if isinstance(result, dict) else None
        id = person.get("id") if isinstance(person, dict) else None
        return Principal(person_id=id, space_id=id, roles={}, client_id=DOOR) if isinstance(id, str) else None
