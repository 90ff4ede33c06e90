"""What integrations have sent, sending it again, and what a definition would send: no call of the vendor's has these.

The addresses lie below those of the integrations, where the vendor has nothing, and need the same permissions.
"""

from __future__ import annotations

from typing import Any

from rookery.core.clock import MILLISECOND
from rookery.core.delivery_journal import Kept
from rookery.core.outgoing import OutgoingRefused, OutgoingRequest, OutgoingResponse
from rookery.particle.api import permissions as p
from rookery.particle.api.body import as_text
from rookery.particle.api.errors import bad_request, refused
from rookery.particle.api.integrations import (
    DEVICE_LIMIT,
    TEST_LIMIT,
    found_integration,
    outcome,
    place_of,
    service_of,
)
from rookery.particle.api.operations import Call, Route, operation
from rookery.particle.api.times import iso_time
from rookery.particle.hook_table import Scope
from rookery.particle.integrations import TEST_DATA, TEST_DEVICE
from rookery.particle.webhook import EVENT_LENGTH, DefinitionError, read_definition
from rookery.particle.webhook_request import HookEvent

PREFIXES = ("/v1", "/v1/products/{product}", "/v1/orgs/{org}")
BODY_SHOWN = 64 * 1024
"""Characters of a request's body in an answer: a page with fifty of them stays readable and below a few megabytes."""


def _paths(ending: str) -> tuple[str, ...]:
    return tuple(prefix + ending for prefix in PREFIXES)


def _request(request: OutgoingRequest | None) -> dict[str, Any] | None:
    if request is None:
        return None
    return {
        "method": request.method,
        "url": request.url,
        "headers": [list(pair) for pair in request.headers],
        "body": request.body.decode(errors="replace")[:BODY_SHOWN],
    }


def _response(response: OutgoingResponse | None, cut: bool) -> dict[str, Any] | None:
    if response is None:
        return None
    return {
        "status": response.status,
        "headers": [list(pair) for pair in response.headers],
        "body": response.body.decode(errors="replace"),
        "cut": cut,
    }


def _delivery(kept: Kept) -> dict[str, Any]:
    good = kept.response is not None and kept.response.good
    return {
        "id": kept.number,
        "event": kept.event,
        "time": iso_time(kept.time - kept.time % MILLISECOND),
        "attempt": kept.attempt,
        "duration": round(kept.duration * 1_000),
        "type": "success" if good else "sleep" if kept.skipped else "error",
        "error": kept.error or None,
        "request": _request(kept.request),
        "response": _response(kept.response, kept.cut),
    }


@operation("GET", *_paths("/integrations/{integration}/deliveries"))
async def list_deliveries(call: Call) -> dict[str, Any]:
    """The last attempts, newest first, with what was sent and what came back."""
    _, record = await found_integration(call, p.INTEGRATIONS_GET)
    return {"deliveries": [_delivery(kept) for kept in service_of(call).deliveries(record)]}


@operation("POST", *_paths("/integrations/{integration}/deliveries/{delivery}/retry"))
async def retry_delivery(call: Call) -> dict[str, Any]:
    """Send the same request once more, and say how it went. It becomes an attempt of its own."""
    _, record = await found_integration(call, p.INTEGRATIONS_TEST)
    text = call.path["delivery"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0
    attempt = await service_of(call).again(record, number)
    if attempt is None:
        raise refused(404, "This delivery is not remembered any more.")
    return outcome(attempt, record.definition["url"])


@operation("POST", *_paths("/integrations/preview"))
async def preview_integration(call: Call) -> dict[str, Any]:
    """The request that `definition` would make of an event with `name`, `data` and `device_id`. Nothing is sent."""
    place = await place_of(call, p.INTEGRATIONS_CREATE)
    fields = await call.fields()
    given = fields.get("definition")
    if not isinstance(given, dict):
        raise bad_request("definition must be an object")
    try:
        definition = read_definition(given)
    except DefinitionError as error:
        raise refused(400, str(error), errors=error.problems) from None
    data = as_text(fields.get("data"), "data", most=TEST_LIMIT)
    name = as_text(fields.get("name"), "name", most=EVENT_LENGTH)
    device = as_text(fields.get("device_id"), "device_id", most=DEVICE_LIMIT)
    services = call.services
    product = place.scope is not Scope.OWNER
    told = HookEvent(
        name=name or definition.event,
        data=TEST_DATA if data is None else data,
        device_id=device or TEST_DEVICE,
        published_at=iso_time(services.clock.now()),
        event_id=services.ids.uuid(),
        product_id=place.path.rpartition("/")[2] if place.scope is Scope.PRODUCT else "",
        version="1" if product else "",
    )
    try:
        request = service_of(call).preview(place.id, place.scope, definition, told)
    except OutgoingRefused as refusal:
        raise refused(400, str(refusal), errors=[str(refusal)]) from None
    return {"request": _request(request)}


ROUTES: tuple[Route, ...] = (list_deliveries, retry_delivery, preview_integration)
