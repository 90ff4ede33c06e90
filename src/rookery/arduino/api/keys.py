"""API keys: make, list, rename, turn on and off, give another secret, withdraw (reference 1.5).

No client of the vendor uses these; the paths are those of its own pages. A key belongs to a person, so the caller's
role in an organisation does not matter here.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.body import Body
from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.times import format_time
from rookery.core.clients import NAME_LIMIT
from rookery.core.records import Client

KeyName = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LIMIT, pattern=r"^[a-zA-Z0-9_.@-]+$(?!\n)")]


class KeyCreate(msgspec.Struct):
    """Body of create."""

    name: KeyName


class KeyChange(msgspec.Struct):
    """Body of rename and of enable or disable; either field will do on both."""

    name: KeyName | None = None
    enabled: bool | None = None


class KeyView(msgspec.Struct, omit_defaults=True):
    """A key, without its secret."""

    id: str
    name: str
    created_at: str
    updated_at: str
    enabled: bool
    user_id: str
    last_used_at: str | None = None


class NewKeyView(msgspec.Struct):
    """A key with the secret that is shown this once."""

    id: str
    name: str
    secret: str
    created_at: str


_CREATE = Body(KeyCreate)
_CHANGE = Body(KeyChange)


def key_view(client: Client) -> KeyView:
    """How a key is shown."""
    return KeyView(
        id=client.id,
        name=client.name,
        created_at=format_time(client.created_at),
        updated_at=format_time(client.updated_at),
        enabled=client.enabled,
        user_id=client.person_id,
        last_used_at=format_time(client.last_used_at) if client.last_used_at is not None else None,
    )


async def _owned(call: Call) -> Client:
    return await call.services.clients.owned(call.who.person_id, call.segment("id"))


@operation(
    "PUT",
    "/iot/v1/clients",
    "clients_v1#create",
    "Make an API key. The answer shows its secret, and nothing else ever will.",
    body=_CREATE,
    returns=NewKeyView,
    status=201,
    errors=(400, 401),
)
async def create_key(call: Call) -> NewKeyView:
    """A new key."""
    request = await call.body(_CREATE)
    client, secret = await call.services.clients.create(call.who.person_id, request.name)
    return NewKeyView(client.id, client.name, secret, format_time(client.created_at))


@operation("GET", "/iot/v1/clients", "clients_v1#list", "Your API keys.", returns=list[KeyView], errors=(401,))
async def list_keys(call: Call) -> list[KeyView]:
    """The caller's keys, oldest first."""
    return [key_view(client) for client in await call.services.clients.of(call.who.person_id)]


@operation("GET", "/iot/v1/clients/{id}", "clients_v1#show", "One API key.", returns=KeyView, errors=(401, 404))
async def show_key(call: Call) -> KeyView:
    """One key."""
    return key_view(await _owned(call))


@operation(
    "PATCH",
    "/iot/v1/clients/{id}",
    "clients_v1#update",
    "Rename an API key.",
    body=_CHANGE,
    returns=KeyView,
    errors=(400, 401, 404),
)
async def rename_key(call: Call) -> KeyView:
    """The key with its new name."""
    client = await _owned(call)
    request = await call.body(_CHANGE)
    return key_view(await call.services.clients.change(client, name=request.name, enabled=request.enabled))


@operation(
    "POST",
    "/iot/v1/clients/{id}",
    "clients_v1#enable",
    "Turn an API key on or off. Tokens of a key that is off stop working at once.",
    body=_CHANGE,
    returns=KeyView,
    errors=(400, 401, 404),
)
async def enable_key(call: Call) -> KeyView:
    """The key, on or off."""
    client = await _owned(call)
    request = await call.body(_CHANGE)
    if request.enabled is None:
        raise bad_field("enabled", "enabled: This field is required.")
    return key_view(await call.services.clients.change(client, name=request.name, enabled=request.enabled))


@operation(
    "POST",
    "/iot/v1/clients/{id}/secret",
    "clients_v1#secret",
    "Give an API key another secret. The old one and its tokens stop working at once.",
    returns=NewKeyView,
    errors=(401, 404),
)
async def rotate_key(call: Call) -> NewKeyView:
    """The key with its new secret."""
    client, secret = await call.services.clients.rotate(await _owned(call))
    return NewKeyView(client.id, client.name, secret, format_time(client.created_at))


@operation("DELETE", "/iot/v1/clients/{id}", "clients_v1#delete", "Withdraw an API key for good.", errors=(401, 404))
async def delete_key(call: Call) -> None:
    """Nothing is left of it."""
    await call.services.clients.delete(await _owned(call))


ROUTES: list[HTTPRouteHandler] = [create_key, list_keys, show_key, rename_key, enable_key, rotate_key, delete_key]
