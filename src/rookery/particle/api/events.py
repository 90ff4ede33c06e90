"""Publishing events, and listening to them (reference 3.5, 3.6)."""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.core.access import Action, check_owner, may, may_product
from rookery.core.errors import CoreError
from rookery.core.events import Audience, Event, of_device
from rookery.core.records import Bearer, Product
from rookery.core.values import Pending
from rookery.particle.api import permissions as p
from rookery.particle.api.answers import OK
from rookery.particle.api.body import as_int, as_text
from rookery.particle.api.errors import (
    bad_request,
    event_name_required,
    event_prefix_required,
    product_device_not_found,
    too_many_requests,
)
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.rate import Rate
from rookery.particle.api.resolve import organisation, own_device, product_device, product_of
from rookery.particle.api.streams import EventStream, Shows
from rookery.particle.device.events import is_reserved

NAME_LIMIT = 64
DATA_LIMIT = 16_384
"""Bytes: what the newest boards take (6.7)."""
TTL_LIMIT = 16_777_215
"""Seconds: 24 bits on the wire."""
API = "api"
"""Who said it, when no board did (6.3)."""


async def _fields(call: Call) -> dict[str, Any]:
    """Name, data and ttl of the body, as an event has them."""
    fields = await call.fields()
    name = as_text(fields.get("name"), "name") or ""
    if not name:
        raise event_name_required()
    if len(name.encode()) > NAME_LIMIT:
        raise bad_request(f"name must be at most {NAME_LIMIT} bytes")
    if any(ord(character) < 32 for character in name):
        raise bad_request("name must be one line of text")
    if is_reserved(name):
        raise bad_request("name must not begin with spark or particle")
    given = fields.get("data")
    text = msgspec.json.encode(given).decode() if isinstance(given, dict | list) else as_text(given, "data")
    data = text.encode() if text else None
    if data is not None and len(data) > DATA_LIMIT:
        raise bad_request(f"data must be at most {DATA_LIMIT} bytes")
    ttl = as_int(fields.get("ttl"), "ttl", least=0, most=TTL_LIMIT)
    return {"name": name, "data": data, "ttl": 60 if ttl is None else ttl, "time": call.services.events.now()}


async def _publish(call: Call, event: Event, series: int) -> dict[str, bool]:
    """Store, then answer."""
    stored = Pending()
    call.services.events.publish(event, series, stored, 1)
    await stored.done
    return OK


@operation("POST", "/v1/devices/events")
async def publish(call: Call) -> dict[str, bool]:
    """Publish in the caller's own name: to the caller's boards and streams; of a customer, to the product's as well."""
    check_owner(call.who)
    fields = await _fields(call)
    services = call.services
    event = Event(source=API, owner_id=call.who.space_id, **fields)
    if call.who.bearer is Bearer.CUSTOMER and call.who.product_id is not None:
        product = await services.products.get(call.who.product_id)
        if product is not None:
            event = msgspec.structs.replace(event, **_of_product(product))
            return await _publish(call, event, product.events)
    return await _publish(call, event, await services.event_series.of(call.who.space_id))


@operation("POST", "/v1/products/{product}/events", "/v1/orgs/{org}/products/{product}/events")
async def publish_to_product(call: Call) -> dict[str, bool]:
    """Publish to a product, or with `as_device_id` as one of its boards would have."""
    product = await product_of(call, p.EVENTS_SEND)
    fields = await _fields(call)
    wanted = as_text((await call.fields()).get("as_device_id"), "as_device_id")
    if wanted:
        device = await call.services.fleet.get(product, wanted)
        if device is None:
            raise product_device_not_found()
        event = msgspec.structs.replace(of_device(device, **fields), **_of_product(product))
        return await _publish(call, event, device.events or product.events)
    event = Event(
        source=API,
        owner_id=product.space_id,
        maker_id=product.person_id,
        audience=Audience.PRODUCT,
        **_of_product(product),
        **fields,
    )
    return await _publish(call, event, product.events)


def _of_product(product: Product) -> dict[str, Any]:
    return {"product_id": product.id, "product_number": product.number, "organisation_id": product.space_id}


# Streams


@operation("GET", "/v1/events")
async def all_events(call: Call) -> None:
    """There is no stream of everything."""
    check_owner(call.who)
    raise event_prefix_required()


@operation(
    "GET",
    "/v1/events/{prefix*}",
    "/v1/devices/events",
    "/v1/devices/events/{prefix*}",
    rate=Rate.STREAM,
)
async def own_stream(call: Call) -> EventStream:
    """What the caller's boards and the caller publish."""
    check_owner(call.who)
    return _stream(call, Shows("owner", call.who.space_id))


@operation("GET", "/v1/devices/{device}/events", "/v1/devices/{device}/events/{prefix*}", rate=Rate.STREAM)
async def device_stream(call: Call) -> EventStream:
    """What one of the caller's boards publishes."""
    device = await own_device(call, call.path["device"])
    return _stream(call, Shows("owner", call.who.space_id, device.id))


@operation(
    "GET",
    "/v1/products/{product}/events",
    "/v1/products/{product}/events/{prefix*}",
    "/v1/orgs/{org}/products/{product}/events",
    "/v1/orgs/{org}/products/{product}/events/{prefix*}",
    rate=Rate.STREAM,
)
async def product_stream(call: Call) -> EventStream:
    """What the boards and customers of a product publish, and what is published to it."""
    product = await product_of(call, p.EVENTS_GET)
    return _stream(call, Shows("product", product.id), product)


@operation(
    "GET",
    "/v1/products/{product}/devices/{device}/events",
    "/v1/products/{product}/devices/{device}/events/{prefix*}",
    rate=Rate.STREAM,
)
async def product_device_stream(call: Call) -> EventStream:
    """What one board of a product publishes."""
    product, device = await product_device(call, p.EVENTS_GET)
    return _stream(call, Shows("product", product.id, device.id), product)


@operation("GET", "/v1/orgs/{org}/events", "/v1/orgs/{org}/events/{prefix*}", rate=Rate.STREAM)
async def organisation_stream(call: Call) -> EventStream:
    """What happens in all products of an organisation."""
    space = await organisation(call, call.path["org"], p.EVENTS_GET)
    return _stream(call, Shows("organisation", space.id))


@operation(
    "GET",
    "/v1/orgs/{org}/devices/{device}/events",
    "/v1/orgs/{org}/devices/{device}/events/{prefix*}",
    rate=Rate.STREAM,
)
async def organisation_device_stream(call: Call) -> EventStream:
    """What one board of an organisation's products publishes."""
    space = await organisation(call, call.path["org"], p.EVENTS_GET)
    device = await call.services.enrolment.get(call.path["device"])
    product = None
    if device is not None and device.product_id is not None:
        product = await call.services.products.get(device.product_id)
    if device is None or product is None or product.space_id != space.id:
        raise product_device_not_found()
    return _stream(call, Shows("organisation", space.id, device.id))


def _stream(call: Call, shows: Shows, product: Product | None = None) -> EventStream:
    """Open a stream for this caller, unless there are enough."""
    hub, rates, address, token = call.api.streams, call.api.rate, call.peer_address, call.token

    async def still() -> bool:
        try:
            who = (await call.services.tokens.grant(token)).principal
        except CoreError:
            return False
        if product is not None:
            return may_product(who, p.EVENTS_GET, product)
        return shows.id == who.space_id or may(who, Action.READ, shows.id)

    account = call.who.person_id or shows.id
    if hub.full(account):
        raise too_many_requests(5)
    if call.method != "HEAD":
        rates.stream_opened(address)
    return EventStream(
        hub,
        shows,
        call.path.get("prefix", ""),
        token.id,
        token.expires_at,
        still,
        closed=lambda: rates.stream_closed(address),
        account=account,
    )


ROUTES = (
    publish,
    publish_to_product,
    all_events,
    own_stream,
    device_stream,
    product_stream,
    product_device_stream,
    organisation_stream,
    organisation_device_stream,
)
