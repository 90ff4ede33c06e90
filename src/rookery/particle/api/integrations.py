"""Integrations of a person, a product or an organisation (reference 7.1). `webhooks` is the older name of the same
records; a definition is put the same way under both, and shown with its type under the newer one only.

What clients read in `logs`, `errors` and `counters` is written down nowhere. Here a log is an attempt, newest first,
and counters are those of a day; both begin anew with the server, and when the definition is replaced.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rookery.core.access import Permission, check_person, check_scoped
from rookery.core.clock import DAY
from rookery.core.delivery_history import Attempt, Day, Entry
from rookery.core.records import Integration
from rookery.core.resting import host_of
from rookery.particle.api import permissions as p
from rookery.particle.api.body import as_text
from rookery.particle.api.errors import bad_request, unknown_path, webhook_not_found
from rookery.particle.api.operations import Call, Route, operation
from rookery.particle.api.resolve import organisation, product_of
from rookery.particle.api.times import iso_time
from rookery.particle.hook_table import Scope
from rookery.particle.ids import hex_id
from rookery.particle.integrations import TEST_DATA, TEST_DEVICE, Integrations
from rookery.particle.webhook import WEBHOOK, DefinitionError, read_definition
from rookery.particle.webhook_response import WHOLE

PREFIXES = ("/v1", "/v1/products/{product}", "/v1/orgs/{org}")
TEST_LIMIT = 16_384
"""Characters of test data: as much as an event can have."""
DEVICE_LIMIT = 64
"""Characters of the device that a test speaks for."""


class Place(NamedTuple):
    """Where the path leads."""

    id: str
    """Of a person's space, a product or an organisation."""
    scope: Scope
    path: str
    """How this caller names it."""


def _paths(*endings: str) -> tuple[str, ...]:
    return tuple(prefix + ending for prefix in PREFIXES for ending in endings)


def service_of(call: Call) -> Integrations:
    """The service.

    Raises:
        ApiError: 404, this server carries out no integrations.
    """
    if call.api.integrations is None:
        raise unknown_path()
    return call.api.integrations


async def place_of(call: Call, permission: Permission) -> Place:
    """Where the path leads, if the caller may do this there."""
    if "product" in call.path:
        product = await product_of(call, permission)
        return Place(product.id, Scope.PRODUCT, f"/v1/products/{product.number}")
    if "org" in call.path:
        space = await organisation(call, call.path["org"], permission)
        return Place(space.id, Scope.ORGANISATION, f"/v1/orgs/{space.slug or space.id}")
    check_person(call.who)
    check_scoped(call.who, permission, call.who.space_id, "integration")
    return Place(call.who.space_id, Scope.OWNER, "/v1")


async def found_integration(call: Call, permission: Permission) -> tuple[Place, Integration]:
    """The integration of the path.

    Raises:
        ApiError: 404, there is none.
    """
    place = await place_of(call, permission)
    record = await service_of(call).find(place.id, call.path["integration"])
    if record is None:
        raise webhook_not_found()
    return place, record


async def _list(call: Call, *, typed: bool) -> list[dict[str, Any]]:
    place = await place_of(call, p.INTEGRATIONS_LIST)
    return [_view(record, typed=typed) for record in await service_of(call).of(place.id)]


async def _create(call: Call, family: str) -> dict[str, Any]:
    place = await place_of(call, p.INTEGRATIONS_CREATE)
    service = service_of(call)
    try:
        definition = read_definition(await call.fields())
    except DefinitionError as error:
        raise bad_request(str(error)) from None
    record = await service.create(place.id, place.scope, call.who.person_id, definition)
    id = hex_id(record.id)
    return {
        "ok": True,
        "id": id,
        "event": record.event,
        "name": record.name,
        "created_at": iso_time(record.created_at),
        "integration_type": record.kind,
        "url": definition.url,
        "noDefaults": definition.no_defaults,
        "rejectUnauthorized": definition.reject_unauthorized,
        "hookUrl": f"{call.api.options.base_url.rstrip('/')}{place.path}/{family}/{id}",
    }


async def _get(call: Call, *, typed: bool) -> dict[str, Any]:
    _, record = await found_integration(call, p.INTEGRATIONS_GET)
    return _details(call, record, typed=typed)


def _details(call: Call, record: Integration, *, typed: bool) -> dict[str, Any]:
    history = service_of(call).history(record)
    view = _view(record, typed=typed)
    if history.disabled:
        view["disabled_reason"] = history.disabled
    return {
        **view,
        "logs": [_log(entry) for entry in history.entries],
        "errors": [_log(entry) for entry in history.errors],
        "counters": [_counter(day) for day in history.days],
    }


def _view(record: Integration, *, typed: bool) -> dict[str, Any]:
    """The definition as it was given, with what it leaves to its defaults where clients look for it."""
    view = {
        "id": hex_id(record.id),
        "event": record.event,
        "name": record.name,
        "created_at": iso_time(record.created_at),
        "updated_at": iso_time(record.updated_at),
        "requestType": "POST",
        "noDefaults": False,
        "rejectUnauthorized": True,
        "disabled": not record.enabled,
        **record.definition,
    }
    return {"integration_type": WEBHOOK, **view} if typed else view


def _log(entry: Entry) -> dict[str, Any]:
    good = entry.status is not None and 200 <= entry.status < 300
    return {
        "time": iso_time(entry.time),
        "event": entry.event,
        "type": "success" if good else "sleep" if entry.skipped else "error",
        "attempt": entry.number,
        "status": entry.status,
        "duration": round(entry.duration * 1_000),
        "response": entry.excerpt,
        "error": entry.error or (None if good else f"error status {entry.status}"),
    }


def _counter(day: Day) -> dict[str, Any]:
    return {
        "date": iso_time(day.day * DAY)[:10],
        "success": day.succeeded,
        "error": day.failed,
        "sleep": day.skipped,
        "dropped": day.dropped,
    }


def outcome(attempt: Attempt, url: str) -> dict[str, Any]:
    """How an attempt went, as the vendor's test call says it."""
    response = attempt.response
    if response is None:
        return {"pass": False, "error": attempt.error}
    if not response.good:
        return {"pass": False, "error": f"error status {response.status} from {host_of(url)}"}
    return {"pass": True, "data": response.body[:WHOLE].decode(errors="replace")}


@operation("GET", *_paths("/integrations"))
async def list_integrations(call: Call) -> list[dict[str, Any]]:
    """All of them, oldest first."""
    return await _list(call, typed=True)


@operation("POST", *_paths("/integrations"), status=201)
async def create_integration(call: Call) -> dict[str, Any]:
    """A new one."""
    return await _create(call, "integrations")


@operation("GET", *_paths("/integrations/{integration}"))
async def get_integration(call: Call) -> dict[str, Any]:
    """One, with what has become of its last events."""
    return {"integration": await _get(call, typed=True)}


@operation("PUT", *_paths("/integrations/{integration}"))
async def replace_integration(call: Call) -> dict[str, Any]:
    """The whole definition anew. One that was disabled is on again, unless it says otherwise."""
    place, record = await found_integration(call, p.INTEGRATIONS_UPDATE)
    try:
        definition = read_definition(await call.fields())
    except DefinitionError as error:
        raise bad_request(str(error)) from None
    after = await service_of(call).replace(record, place.scope, definition)
    return {"ok": True, "integration": _view(after, typed=True)}


@operation("POST", *_paths("/integrations/{integration}/test"))
async def test_integration(call: Call) -> dict[str, Any]:
    """Make its request for an event that never was, and say how that went."""
    place, record = await found_integration(call, p.INTEGRATIONS_TEST)
    fields = await call.fields()
    data = as_text(fields.get("data"), "data", most=TEST_LIMIT)
    device = as_text(fields.get("device_id"), "device_id", most=DEVICE_LIMIT)
    attempt = await service_of(call).test(
        record, place.scope, TEST_DATA if data is None else data, device or TEST_DEVICE
    )
    return outcome(attempt, record.definition["url"])


@operation("DELETE", *_paths("/integrations/{integration}", "/webhooks/{integration}"))
async def delete_integration(call: Call) -> None:
    """Remove it; what waits for it is dropped."""
    _, record = await found_integration(call, p.INTEGRATIONS_REMOVE)
    await service_of(call).delete(record)


@operation("GET", *_paths("/webhooks"))
async def list_webhooks(call: Call) -> list[dict[str, Any]]:
    """All of them under their older name."""
    return await _list(call, typed=False)


@operation("POST", *_paths("/webhooks"), status=201)
async def create_webhook(call: Call) -> dict[str, Any]:
    """A new one under its older name."""
    return await _create(call, "webhooks")


@operation("GET", *_paths("/webhooks/{integration}"))
async def get_webhook(call: Call) -> dict[str, Any]:
    """One under its older name."""
    return {"webhook": await _get(call, typed=False)}


ROUTES: tuple[Route, ...] = (
    list_integrations,
    create_integration,
    get_integration,
    replace_integration,
    test_integration,
    delete_integration,
    list_webhooks,
    create_webhook,
    get_webhook,
)
