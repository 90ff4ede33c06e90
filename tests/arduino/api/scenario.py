"""A test of a route is a row: the request, the status, what the answer must and must not contain, what is announced."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from tests.arduino.api.conftest import World


class Row(NamedTuple):
    """One request. `{name}` stands for an id that the test gives, `{new}` for that of what was created."""

    name: str
    request: str
    """Method and path."""
    status: int
    has: tuple[str, ...] = ()
    """Texts that the answer contains."""
    lacks: tuple[str, ...] = ()
    """Texts that it does not contain."""
    body: Any = None
    events: tuple[str, ...] = ()
    """Everything that is announced, as `channel Kind`, in order; nothing else is."""
    field: str | None = None
    """The field that the error names."""


def filled(text: str, names: Mapping[str, str]) -> str:
    """`text` with ids in the place of their names."""
    return re.sub(r"\{(\w+)\}", lambda m: names.get(m.group(1), m.group(0)), text)


async def play(world: World, row: Row, names: Mapping[str, str]) -> httpx.Response:
    """Send the request of a row and compare what comes back."""
    method, path = row.request.split(" ", 1)
    body = json.loads(filled(json.dumps(row.body), names)) if row.body is not None else None
    answer = await world.call(method, filled(path, names), body)
    assert answer.status_code == row.status, answer.text
    if row.status == 201:
        names = {**names, "new": answer.json()["id"]}
    for text in row.has:
        assert filled(text, names) in answer.text
    for text in row.lacks:
        assert filled(text, names) not in answer.text
    heard = [f"{channel} {kind}" for channel, kind in world.bus.heard]
    assert heard == [filled(event, names) for event in row.events]
    if row.status >= 400:
        check_error(answer, row.status, row.field)
    return answer


def check_error(answer: httpx.Response, status: int, field: str | None = None) -> dict[str, Any]:
    """The one error shape (reference 3.1)."""
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert type(body["status"]) is int
    assert re.fullmatch(r"[A-Za-z0-9+/]{8}", body["id"])
    assert body["code"]
    assert body["detail"]
    assert "error" not in body
    assert body.get("meta", {}).get("field") == field, body
    return body
