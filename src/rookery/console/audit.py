"""The audit log as the console shows it: of a space for those who manage it, with the server's own for those who run
the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rookery.console.api import Route, route
from rookery.console.audit_words import words
from rookery.console.call import Call
from rookery.core.access import Action, check
from rookery.core.audit import FAILED, Act
from rookery.core.clock import MILLISECOND
from rookery.core.records import Client, ClientKind, Customer, Person, Product, Program
from rookery.core.services import Services

LINES: Final = 50
MOST: Final = 500
AT_ONCE: Final = 500
"""Lines that are read at a time when they are searched."""
SEARCHED: Final = 10_000
"""Lines of one request that are looked at; `next` goes on where it has stopped."""
SEARCH_LIMIT: Final = 200
LATEST: Final = 1 << 62
COMMAND: Final = "command"

Names = dict[str, str]


@route("GET", "audit")
async def show_audit(call: Call) -> dict[str, Any]:
    """Newest first. `before` is what `next` was; `q` are words, `person` an id, `door` a door, `failed=true` for what
    was refused. `scope=space` leaves the server's own lines out."""
    check(call.who, Action.MANAGE, call.who.space_id, "audit log")
    limit = call.number("limit", LINES, 1, MOST)
    before = call.number("before", LATEST, 0, LATEST)
    scopes: list[str | None] = [call.who.space_id]
    if call.person.operator and call.query("scope") != "space":
        scopes.append(None)
    entries: list[dict[str, Any]] = []
    names: Names = {}
    looked = 0
    while len(entries) < limit and looked < SEARCHED:
        acts = await _newest(call.services, scopes, before, AT_ONCE)
        await _learn(call.services, acts, names)
        for act in acts:
            if len(entries) >= limit and act.time != before:
                return {"entries": entries, "next": before}
            before = act.time
            looked += 1
            entry = _entry(act, names)
            if _chosen(call, act, entry):
                entries.append(entry)
        if len(acts) < AT_ONCE:
            return {"entries": entries, "next": None}
    return {"entries": entries, "next": before}


async def _newest(services: Services, scopes: list[str | None], before: int, limit: int) -> list[Act]:
    """The newest lines of several series together; at least `limit` of them, if there are so many. Those of the same
    microsecond are not parted."""
    acts: list[Act] = []
    for scope in scopes:
        acts += await services.audit.of(scope, before, limit + 1)
    acts.sort(key=lambda act: act.time, reverse=True)
    end = limit
    while 0 < end < len(acts) and acts[end].time == acts[end - 1].time:
        end += 1
    return acts[:end]


async def _learn(services: Services, acts: Iterable[Act], names: Names) -> None:
    """How those are called who have done this."""
    catalog = services.catalog
    people = {act.person_id for act in acts} - names.keys() - {""}
    if people:
        ids = sorted(people)
        names |= {one.id: one.email for one in await catalog.select(Customer, id=ids)}
        names |= {one.id: one.email for one in await catalog.select(Person, id=ids)}
    clients = {act.client_id for act in acts} - names.keys() - {""}
    if clients:
        found = await catalog.select(Client, id=sorted(clients))
        names |= {one.id: one.name for one in found if one.kind is ClientKind.KEY}
    others = {act.bearer.partition(":")[2] for act in acts} - names.keys() - {""}
    if others:
        ids = sorted(others)
        names |= {one.id: one.name for one in await catalog.select(Product, id=ids)}
        names |= {one.id: one.username for one in await catalog.select(Program, id=ids)}


def _entry(act: Act, names: Names) -> dict[str, Any]:
    bearer, _, bearer_id = act.bearer.partition(":")
    person = names.get(act.person_id) or names.get(bearer_id) or act.person_id
    if act.door == COMMAND:
        person = "command line"
    told: dict[str, Any] = {
        "time": act.time // MILLISECOND,
        "person": person or None,
        "person_id": act.person_id or None,
        "key": names.get(act.client_id),
        "bearer": bearer or "person",
        "what": words(act.method, act.route),
        "target": act.target,
        "status": act.status,
        "failed": act.status >= FAILED,
        "door": act.door,
        "request": f"{act.method} {act.route}",
        "address": act.address,
    }
    if act.left:
        told["left"] = act.left
    return told


def _chosen(call: Call, act: Act, entry: dict[str, Any]) -> bool:
    """Whether all filters let it through."""
    if call.query("person") and call.query("person") != act.person_id:
        return False
    if call.query("door") and call.query("door") != act.door:
        return False
    if call.query("failed") == "true" and act.status < FAILED:
        return False
    wanted = call.query("q")[:SEARCH_LIMIT].lower().split()
    if not wanted:
        return True
    text = f"{entry['person']} {entry['key']} {entry['what']} {act.target} {act.address} {act.status}".lower()
    return all(word in text for word in wanted)


ROUTES: tuple[Route, ...] = (show_audit,)
