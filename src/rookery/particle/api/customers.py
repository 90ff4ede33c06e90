"""The customers of a product (reference 3.20): made by its servers, its apps and its pages, and kept by its team.

Who makes a customer gets a token that speaks for it, and nothing of the product: a client with its secret, by HTTP
Basic or in the body; whoever may create customers with a token; and a web client without its secret, whose browser is
sent back to the client's one address with the token in the fragment.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from rookery.core.access import EVERYTHING
from rookery.core.errors import Conflict, CoreError, NotFound
from rookery.core.records import ClientKind, Customer, Device, Product, Space
from rookery.particle.api import permissions as p
from rookery.particle.api.answers import NO_STORE, OK, Answer, json_answer, redirect
from rookery.particle.api.body import as_bool, as_text
from rookery.particle.api.device_view import device_views
from rookery.particle.api.errors import (
    ApiError,
    bad_request,
    client_wrong,
    customer_exists,
    error_of,
    grant_type_invalid,
    product_not_found,
    refused,
    scope_invalid,
    token_missing,
)
from rookery.particle.api.login import CREDENTIALS, SIMPLE, authenticated_client, issue, lifetime_of, token_body
from rookery.particle.api.operations import Auth, Call, operation
from rookery.particle.api.paging import page_of
from rookery.particle.api.resolve import product_of
from rookery.particle.ids import hex_id

ALL = "/v1/products/{product}/customers"
ONE = "/v1/products/{product}/customers/{email}"


@operation("POST", ALL, "/v1/orgs/{org}/customers", auth=Auth.BASIC_OR_OPTIONAL)
async def create(call: Call) -> Answer:
    """A new customer, and a token that speaks for it."""
    fields = await call.fields()
    if call.grant is not None:
        product = await _by_token(call)
        return await _made(call, product, call.token.client_id, fields)
    if (fields.get("response_type") or call.query.get("response_type")) == "token":
        return await _by_page(call, fields)
    if call.basic is None and "client_id" not in fields:
        raise token_missing()
    program = await authenticated_client(call, fields)
    if fields.get("grant_type") not in (None, "", CREDENTIALS):
        raise grant_type_invalid()
    product = await _of_client(call, program.product_id, program.scope)
    return await _made(call, product, program.id, fields)


async def _by_token(call: Call) -> Product:
    if "product" not in call.path:
        raise bad_request("Use the path of a product, or the client of one")
    return await product_of(call, p.CUSTOMERS_CREATE)


async def _of_client(call: Call, product_id: str | None, scope: str | None) -> Product:
    """The product of the path, which has to be that of the client."""
    product = await call.services.products.get(product_id) if product_id is not None else None
    if "product" in call.path:
        named = await call.services.products.get(call.path["product"])
        if named is None:
            raise product_not_found()
        if product is None or product.id != named.id:
            raise client_wrong()
    elif product is None or not await _is_of(call, product):
        raise client_wrong()
    if scope is not None and not {SIMPLE, EVERYTHING} & set(scope.split()):
        raise scope_invalid()
    return product


async def _is_of(call: Call, product: Product) -> bool:
    """Whether a product belongs to the organisation of the path."""
    space = await call.services.catalog.get(Space, product.space_id)
    return space is not None and call.path["org"].lower() in (space.slug, space.id)


async def _made(call: Call, product: Product, client_id: str, fields: dict[str, Any]) -> Answer:
    lifetime = lifetime_of(fields, call.services.clock.now())
    customer = await _create(call, product, fields)
    issued = await issue(call, client_id, customer, lifetime)
    return json_answer(token_body(issued), 201, NO_STORE)


async def _create(call: Call, product: Product, fields: dict[str, Any]) -> Customer:
    email = as_text(fields.get("email") or fields.get("username"), "email")
    if not email:
        raise bad_request("email is required")
    password = None
    if not as_bool(fields.get("no_password"), "no_password"):
        password = as_text(fields.get("password"), "password")
        if not password:
            raise bad_request("password is required, or no_password")
    try:
        return await call.services.customers.create(product, email, password)
    except Conflict:
        raise customer_exists() from None


async def _by_page(call: Call, fields: dict[str, Any]) -> Answer:
    """A page in a browser, which has no secret: the token goes to the address that the client was registered with.
    Until that is known there is nobody to send a browser back to."""
    client_id = fields.get("client_id") or call.query.get("client_id")
    if call.basic is not None:
        client_id = call.basic.username
    client = await call.services.oauth.get(client_id) if isinstance(client_id, str) else None
    if client is None or client.kind is not ClientKind.WEB or not client.redirect_uri:
        raise client_wrong()
    address = client.redirect_uri
    product = await _of_client(call, client.product_id, client.scope)
    try:
        if as_bool(fields.get("no_password"), "no_password"):
            raise bad_request("password is required")
        customer = await _create(call, product, fields)
    except (ApiError, CoreError) as error:
        known = error_of(error)
        if known is None or known.status >= 500:
            raise
        text = str(known.body.get("error_description") or known.body.get("error"))
        query = urlencode({"error": "invalid_request", "error_description": text, "code": str(known.status)})
        return redirect(f"{address}{'&' if '?' in address else '?'}{query}").with_headers(NO_STORE)
    issued = await issue(call, client.id, customer)
    return redirect(f"{address}#{urlencode({'token': issued.token})}").with_headers(NO_STORE)


@operation("GET", ALL)
async def list_customers(call: Call) -> dict[str, Any]:
    """A page of the customers, oldest first, with their devices."""
    product = await product_of(call, p.CUSTOMERS_LIST)
    page = page_of(call)
    customers = await call.services.customers.of(product)
    chosen = page.of(customers)
    ids = [customer.id for customer in chosen]
    devices = await call.services.catalog.select(Device, space_id=ids, deleted_at=None) if ids else []
    devices = [device for device in devices if device.product_id == product.id]
    return {
        "customers": [
            {
                "id": hex_id(customer.id),
                "full_name": customer.name,
                "username": customer.email,
                "devices": [device.hex_id for device in devices if device.space_id == customer.id],
            }
            for customer in chosen
        ],
        "devices": await device_views(call.services, devices, product),
        "meta": page.meta(len(customers)),
    }


@operation("PUT", ONE)
async def update(call: Call) -> dict[str, bool]:
    """Set a customer's password; its tokens end."""
    product = await product_of(call, p.CUSTOMERS_UPDATE)
    customer = await _customer(call, product)
    password = as_text((await call.fields()).get("password"), "password")
    if not password:
        raise bad_request("password is required")
    await call.services.customers.set_password(customer, password)
    return OK


@operation("DELETE", ONE)
async def delete(call: Call) -> dict[str, bool]:
    """Remove a customer: its tokens and codes end, its devices are nobody's."""
    product = await product_of(call, p.CUSTOMERS_REMOVE)
    await call.services.customers.delete(await _customer(call, product))
    return OK


async def _customer(call: Call, product: Product) -> Customer:
    try:
        return await call.services.customers.find(product, call.path["email"])
    except NotFound:
        raise refused(404, "Customer not found.") from None


ROUTES = (create, list_customers, update, delete)
