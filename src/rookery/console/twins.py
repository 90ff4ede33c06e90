"""The JSON twin of each page: `/console/<page>.json` is what that page asks first.

A page that asks one thing has its answer; one that asks several has an object of them. Each is the answer of the very
address that the page calls, with the same session, so a twin shows nothing that the page does not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from rookery.console.api import OwnApi
from rookery.console.call import Answer
from rookery.console.errors import not_found
from rookery.console.proxy import Proxy
from rookery.console.reply import answered, refused
from rookery.gateways.asgi import Receive, Scope

SUFFIX = ".json"

PAGES: dict[str, dict[str, str]] = {
    "home": {"pulse": "api/pulse", "session": "api/session"},
    "devices": {"": "api/devices"},
    "devices/{id}": {"": "api/devices/{id}"},
    "devices/{id}/connections": {"": "api/devices/{id}/connections"},
    "devices/{id}/events": {"": "api/devices/{id}/events"},
    "devices/{id}/{tab}": {"": "api/devices/{id}"},
    "connect": {"": "api/boards"},
    "connect/{id}": {"": "api/devices/{id}/doorway"},
    "things": {"": "iot/v2/things"},
    "things/{id}": {"": "iot/v2/things/{id}"},
    "things/{id}/{tab}": {"": "iot/v2/things/{id}"},
    "dashboards": {"": "iot/v2/dashboards"},
    "dashboards/{id}": {"": "iot/v3/dashboards/{id}"},
    "dashboards/{id}/{tab}": {"": "iot/v3/dashboards/{id}"},
    "events": {"": "api/devices"},
    "products": {"": "v1/user/products"},
    "products/{id}": {"": "v1/products/{id}"},
    "products/{id}/devices": {"": "v1/products/{id}/devices"},
    "products/{id}/groups": {"": "v1/products/{id}/groups"},
    "products/{id}/customers": {"": "v1/products/{id}/customers"},
    "products/{id}/clients": {"": "v1/products/{id}/clients"},
    "products/{id}/team": {"": "v1/products/{id}/team"},
    "products/{id}/{tab}": {"": "v1/products/{id}"},
    "integrations": {"": "v1/integrations"},
    "integrations/{id}": {"": "v1/integrations/{id}"},
    "integrations/{id}/{tab}": {"": "v1/integrations/{id}"},
    "keys": {"": "iot/v1/clients"},
    "keys/tokens": {"": "api/tokens"},
    "keys/clients": {"": "v1/clients"},
    "settings": {"": "api/account"},
    "settings/account": {"": "api/account"},
    "settings/organisations": {"": "api/spaces"},
    "settings/people": {"": "api/people"},
    "settings/server": {"": "api/settings"},
    "settings/certificates": {"": "api/setup"},
    "settings/backups": {"": "api/backups"},
    "settings/history": {"": "api/spaces"},
    "settings/about": {"": "api/session"},
    "settings/audit": {"": "api/audit"},
    "tutorial": {"devices": "api/devices", "simulated": "api/simulated"},
    "tutorial/{track}": {"devices": "api/devices", "simulated": "api/simulated"},
    "tutorial/{track}/{step}": {"devices": "api/devices", "simulated": "api/simulated"},
    "welcome": {"setup": "api/setup", "simulated": "api/simulated"},
    "welcome/{step}": {"setup": "api/setup", "simulated": "api/simulated"},
    "sign-in": {"": "api/session"},
    "start/{token}": {"": "api/start/{token}"},
    "shared/{token}": {"": "api/shared/{token}"},
}
"""Page to what it asks, by name; "" is the whole answer. Words go before `{names}`. `/console` itself is `home`."""


class _Found(NamedTuple):
    asked: dict[str, str]
    segments: dict[str, str]


class Twins:
    """Answers for pages."""

    def __init__(self, own: OwnApi, proxy: Proxy) -> None:
        self._own = own
        self._proxy = proxy

    async def reply(self, page: str, scope: Scope, receive: Receive) -> Answer:
        """The twin of a page, its path given without `/console/` and without `.json`."""
        found = _found(page)
        if found is None:
            return refused(not_found("page"))
        told: dict[str, Any] = {}
        for name, path in found.asked.items():
            for segment, value in found.segments.items():
                path = path.replace("{" + segment + "}", value)
            answer = await self._asked(path, scope, receive)
            if not name or not 200 <= answer.status < 300:
                return Answer(answer.body, answer.status, "application/json", (*answered(None).headers,))
            told[name] = msgspec.Raw(answer.body)
        return answered(told)

    async def _asked(self, path: str, scope: Scope, receive: Receive) -> Answer:
        first, _, rest = path.partition("/")
        inner = {**scope, "method": "GET", "path": f"/console/{path}", "raw_path": f"/console/{path}".encode()}
        if first == "api":
            return await self._own.reply(rest, inner, receive)
        status, parts = 500, []

        async def kept(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                parts.append(message.get("body", b""))

        await self._proxy(first, inner, receive, kept)
        return Answer(b"".join(parts), status)


def _found(page: str) -> _Found | None:
    parts = page.strip("/").split("/") if page.strip("/") else ["home"]
    best: tuple[list[bool], _Found] | None = None
    for pattern, asked in PAGES.items():
        words = pattern.split("/")
        if len(words) != len(parts):
            continue
        named = {word[1:-1]: part for word, part in zip(words, parts, strict=True) if word[0] == "{"}
        if any(word[0] != "{" and word != part for word, part in zip(words, parts, strict=True)):
            continue
        rank = [word[0] == "{" for word in words]
        if best is None or rank < best[0]:
            best = (rank, _Found(asked, named))
    return best[1] if best is not None else None
