"""OAuth clients of people and of products (reference 2.5). The secret of a new one is shown once."""

from __future__ import annotations

from typing import Any

from rookery.core.access import EVERYTHING, Permission, Principal, check_person, within
from rookery.core.errors import Forbidden
from rookery.core.records import Client, ClientKind, Product
from rookery.particle.api.body import as_text
from rookery.particle.api.errors import bad_request
from rookery.particle.api.operations import Call, Route, operation
from rookery.particle.api.permissions import CLIENTS_CREATE, CLIENTS_LIST, CLIENTS_REMOVE, CLIENTS_UPDATE
from rookery.particle.api.resolve import product_of

NO_LIMIT = "none"
"""The scope that takes a limit off."""
ALL = "/v1/clients", "/v1/products/{product}/clients"
ONE = "/v1/clients/{client}", "/v1/products/{product}/clients/{client}"


def client_view(client: Client) -> dict[str, Any]:
    """How a client is shown. `scope` only where there is a limit."""
    view: dict[str, Any] = {"name": client.name, "type": client.kind.value, "id": client.id}
    if client.redirect_uri is not None:
        view["redirect_uri"] = client.redirect_uri
    if client.scope is not None:
        view["scope"] = client.scope
    return view


@operation("GET", *ALL)
async def list_clients(call: Call) -> dict[str, Any]:
    """The clients of the caller, or of the product."""
    product = await _product(call, CLIENTS_LIST)
    oauth = call.services.oauth
    found = await (oauth.of_person(call.who.person_id) if product is None else oauth.of_product(product))
    return {"ok": True, "clients": [client_view(client) for client in found]}


@operation("POST", *ALL)
async def create_client(call: Call) -> dict[str, Any]:
    """A new client. `type` is `installed` unless said otherwise; `web` needs `redirect_uri`."""
    product = await _product(call, CLIENTS_CREATE)
    fields = await call.fields()
    name = as_text(fields.get("name"), "name")
    if not name:
        raise bad_request("name is required")
    kind = as_text(fields.get("type"), "type") or ClientKind.INSTALLED.value
    if kind not in (ClientKind.INSTALLED.value, ClientKind.WEB.value):
        raise bad_request("type must be installed or web")
    scope = as_text(fields.get("scope"), "scope")
    _check_covered(call.who, scope)
    client, secret = await call.services.oauth.create(
        call.who.person_id,
        name,
        ClientKind(kind),
        product=product,
        # Forms of pages send it empty for clients that have none.
        redirect_uri=as_text(fields.get("redirect_uri"), "redirect_uri") or None,
        scope=scope,
    )
    return {"ok": True, "client": {**client_view(client), "secret": secret}}


@operation("PUT", *ONE)
async def change_client(call: Call) -> dict[str, Any]:
    """Another name or scope; the scope `none` takes the limit off."""
    client = await _client(call, CLIENTS_UPDATE)
    fields = await call.fields()
    name, scope = as_text(fields.get("name"), "name"), as_text(fields.get("scope"), "scope")
    if name is None and scope is None:
        raise bad_request("name or scope is required")
    if scope is not None:
        _check_covered(call.who, scope)
    return {"ok": True, "client": client_view(await call.services.oauth.change(client, name=name, scope=scope))}


@operation("DELETE", *ONE)
async def delete_client(call: Call) -> None:
    """Its tokens end with it."""
    await call.services.oauth.delete(await _client(call, CLIENTS_REMOVE))


async def _product(call: Call, permission: Permission) -> Product | None:
    """The product of the path; None on the paths of people, where only people are let in."""
    if "product" in call.path:
        return await product_of(call, permission)
    check_person(call.who)
    return None


async def _client(call: Call, permission: Permission) -> Client:
    product = await _product(call, permission)
    return await call.services.oauth.owned(call.path["client"], person_id=call.who.person_id, product=product)


def _check_covered(who: Principal, scope: str | None) -> None:
    """Whoever is limited makes no client that may do more.

    Raises:
        Forbidden: this one could.
    """
    wanted = EVERYTHING if not scope or scope == NO_LIMIT else scope
    if not all(within(who, each) for each in wanted.split()):
        raise Forbidden("A client can not be allowed more than whoever makes it.")


ROUTES: tuple[Route, ...] = (list_clients, create_client, change_client, delete_client)
