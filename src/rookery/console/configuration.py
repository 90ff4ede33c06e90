"""The settings of this server: `/console/api/settings`, for those who run it.

What is changed is written into `rookery.toml` beside what is there. Some settings hold at once; others with the next
start, and the answer says which. What the environment or a flag has set can not be changed here: it goes before the
file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from rookery.console.api import May, Route, route
from rookery.console.call import Call
from rookery.console.errors import Refusal
from rookery.keys import KeysError
from rookery.settings import DESCRIBED, ENVIRONMENT, FILE, FILE_NAME, FLAG, PREFIX, Settings, SettingsError
from rookery.settings_file import plain_of, save
from rookery.settings_kinds import OFF

RISKS = {
    "plain_host": "On any address but a loopback one, passwords and tokens can be read on the way.",
    "particle_trust": '"first" believes whoever first uses a board\'s id.',
    "particle_signup": "Strangers who reach this server can make accounts on it.",
    "particle_clients": "Whoever knows such a pair can use it; it protects nothing.",
    "particle_claim_offline": "Whoever knows the id of a board that nobody has claimed can take it.",
    "particle_fleet_events": "Customers' boards hear what is published to their product.",
    "particle_rates": '"vendor" can stop your own scripts for five minutes.',
    "bridge": "Off, boards of one vendor vanish from the API of the other.",
    "webhook_networks": "Everybody who may make a webhook can call machines in these networks.",
    "mail_server": "It sees the links to exports, which work for whoever has them.",
    "mail_security": '"none" lets everybody on the way read the mail.',
    "client_cas": "Boards with any certificate of these authorities are let in as whom the certificate names.",
    "tls_cert": "Boards that have learnt the server's own authority do not connect to a certificate of another one.",
    "sync": '"normal" may lose the last moments before a power cut, although they were acknowledged.',
    "group_commit_ms": "Longer sees acknowledgements come later, by as much.",
    "soft_delete_days": "Shorter, and what was deleted by mistake is gone sooner.",
    "keep_values_days": "What is older is gone for good.",
    "keep_events_days": "What is older is gone for good.",
    "keep_vitals_days": "What is older is gone for good.",
    "keep_journals_days": "What is older is gone for good.",
    "disk_reserve": "With none, a full disk stops the database in the middle of its work.",
    "session_days": "Whoever finds an open browser stays signed in for so long.",
    "mqtt_max_packet": "Each client may make the server keep this much.",
    "rest_max_body": "Each request may make the server keep this much.",
    "console_reload": "For those who change the console's files; slower for everybody else.",
}
"""What may happen to who changes a setting."""

_SOURCES = {ENVIRONMENT: "the environment", FLAG: "a flag of the command"}


@route("GET", "settings", May.OPERATOR)
async def show(call: Call) -> dict[str, Any]:
    """All settings."""
    return view(call)


@route("PUT", "settings", May.OPERATOR)
async def put(call: Call) -> dict[str, Any]:
    """Change some; null gives one its default back."""
    changes = await call.json(dict[str, Any])
    for name in changes:
        if name not in DESCRIBED or not DESCRIBED[name].in_file:
            raise Refusal(400, "invalid", f"{name[:80]} is no setting that can be changed here.", name[:80])
    await change(call, changes)
    return view(call)


def locked(call: Call, name: str) -> None:
    """Raise when a setting comes from above the file.

    Raises:
        Refusal: 409.
    """
    source = _SOURCES.get(call.backend.settings.origins.get(name, FILE))
    if source is not None:
        raise Refusal(409, "locked", f"{name} is set by {source}, which goes before the settings file.", name)


async def change(call: Call, changes: Mapping[str, Any]) -> None:
    """Write settings into the file, and let those hold at once that can.

    Raises:
        Refusal: 400, 409: the first that can not be used; nothing has changed then.
    """
    if not changes:
        return
    backend = call.backend
    for name in changes:
        locked(call, name)
    for name, value in changes.items():
        _check(name, value)
    async with backend.changing:
        try:
            backend.saved = await asyncio.to_thread(save, backend.saved, changes, backend.apply)
        except (KeysError, SettingsError) as error:
            raise Refusal(400, "invalid", str(error), _named(str(error), changes)) from None


def _check(name: str, value: Any) -> None:
    if value is None:
        return
    kind = DESCRIBED[name].kind
    try:
        kind.read(value)
    except (ValueError, TypeError, OverflowError):
        raise Refusal(400, "invalid", f"{name} must be {kind.rule}.", name) from None


def _named(sentence: str, changes: Mapping[str, Any]) -> str | None:
    """Which of the settings a sentence is about; the first when it names none."""
    return next((name for name in changes if name in sentence), next(iter(changes), None))


def view(call: Call) -> dict[str, Any]:
    """What is shown of the settings."""
    running, saved = call.backend.settings, call.backend.saved
    defaults = {item.name: item.default for item in fields(Settings) if item.default is not MISSING}
    rows = []
    for name, described in DESCRIBED.items():
        waits = getattr(running, name) != getattr(saved, name)
        rows.append(
            {
                "name": name,
                "group": described.group,
                "doc": described.text,
                "unit": described.unit,
                "rule": described.kind.rule,
                "kind": described.kind.form,
                "choices": list(described.kind.choices),
                "value": _shown(name, getattr(running, name)),
                "saved": _shown(name, getattr(saved, name)),
                "default": _shown(name, defaults[name]),
                "source": running.origins.get(name, "default") if not waits else saved.origins.get(name, "default"),
                "environment": f"{PREFIX}{name.upper()}",
                "risk": RISKS.get(name),
                "restart": not described.live,
                "pending": waits,
                "editable": described.in_file and running.origins.get(name, FILE) == FILE,
            }
        )
    return {
        "settings": rows,
        "file": str(running.data_dir / FILE_NAME),
        "restart_needed": any(row["pending"] for row in rows),
    }


def _shown(name: str, value: Any) -> Any:
    if value is None and DESCRIBED[name].kind.form == "port":
        return OFF
    if name == "particle_clients":
        # Clients that everybody may know: here the secret is none.
        return [f"{client}:{secret}" for client, secret in value]
    return plain_of(value)


ROUTES: tuple[Route, ...] = (show, put)
