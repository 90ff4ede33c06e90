"""The operations of the command line, over the services of core. Each takes plain values and returns plain values.

They act with the rights of the operator of the machine: whoever may read the data folder may do everything anyway.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from rookery import __version__
from rookery.admin.data import DataOperations
from rookery.core.access import Principal
from rookery.core.clock import SECOND
from rookery.core.errors import CoreError, Invalid, NotFound
from rookery.core.records import Bearer, Client, Device, Person, Role, Space, SpaceKind, Token
from rookery.core.services import Services
from rookery.keys import public_key_of
from rookery.keys.errors import PublicKeyInvalid

Result = dict[str, Any] | list[dict[str, Any]]
Operation = Callable[..., Awaitable[Result]]

DIALECT = "arduino"
OPERATOR = "rookery"
"""The client behind tokens that are made on the command line."""
HANDLE_LENGTH = 40
ORGANISATION_NAME = 100
"""Characters of the name of an organisation."""
EVERY = "all"


DOOR = "command"
"""How the audit log calls the command line."""
UNTOLD = ("_list", "_show", "_sources", "_count", "_read", "_write")
"""How operations end that change nothing, or values only: the audit log does not tell those."""
TOLD = ("user", "email", "name", "id", "hex_id", "key", "slug")
"""Arguments that the audit log may show."""
_OPERATOR = Principal(person_id="", space_id="", roles={}, client_id=DOOR)


class UnknownOperation(CoreError):
    """This server does not know the operation: the command is of another version."""


class Operations(DataOperations):
    """What can be done. Public methods are the operations; their names are `<noun>_<verb>`."""

    def __init__(self, services: Services, more: Mapping[str, Operation] | None = None) -> None:
        """`more`: operations that only a running server has, by name."""
        self._services = services
        self._more = dict(more or {})

    async def run(self, name: str, arguments: dict[str, Any]) -> Result:
        """Do the operation of this name.

        Raises:
            UnknownOperation: there is none, or not with these arguments.
            CoreError: as the operation says.
        """
        own = getattr(self, name, None) if "_" in name and not name.startswith("_") else None
        operation = own or self._more.get(name)
        if operation is None or name == "run":
            raise UnknownOperation(f"This server does not know the operation {name[:40]!r}.")
        try:
            inspect.signature(operation).bind(**arguments)
        except TypeError as error:
            raise UnknownOperation(f"This server does not know {name} with these arguments ({error}).") from None
        status = 400
        try:
            result: Result = await operation(**arguments)
            status = 200
            return result
        finally:
            if not name.endswith(UNTOLD):
                target = " ".join(str(arguments[part]) for part in TOLD if arguments.get(part))
                self._services.audit.note(
                    None if status == 200 else _OPERATOR, DOOR, "RUN", name, status, target=target
                )

    async def server_show(self) -> Result:
        """Which version answers."""
        return {"version": __version__}

    # People

    async def user_add(self, email: str, name: str = "", password: str | None = None) -> Result:
        """Add a person; without a password also make a one-time link."""
        people = self._services.people
        person = await people.create(email, name, password)
        shown = _person(person)
        if password is None:
            shown["token"] = await self._services.people.link(person)
        return shown

    async def user_list(self) -> Result:
        """Everybody."""
        return [_person(p) for p in await self._services.people.everybody()]

    async def user_link(self, user: str | None = None) -> Result:
        """The token of a new one-time link, to set a password with."""
        person = await self._person(user)
        return {**_person(person), "token": await self._services.people.link(person)}

    async def user_password(self, password: str, user: str | None = None) -> Result:
        """Set a password."""
        person = await self._person(user)
        await self._services.people.set_password(person, password)
        return _person(await self._person(person.id))

    async def user_operator(self, user: str, operator: bool = True) -> Result:
        """Let a person run the server in the console, or not any more."""
        return _person(await self._services.people.set_operator(await self._person(user), operator))

    async def user_delete(self, user: str) -> Result:
        """Remove a person who owns nothing any more."""
        person = await self._person(user)
        await self._services.people.delete(person)
        return _person(person)

    # API keys

    async def key_create(self, name: str, user: str | None = None) -> Result:
        """A new key with its secret, shown this once."""
        person = await self._person(user)
        client, secret = await self._services.clients.create(person.id, name)
        return {**_client(client, person), "secret": secret}

    async def key_list(self, user: str | None = None) -> Result:
        """The keys of one person, or of everybody."""
        people = [await self._person(user)] if user else await self._services.people.everybody()
        return [_client(c, p) for p in people for c in await self._services.clients.of(p.id)]

    async def key_enable(self, id: str) -> Result:
        """Let a key work again."""
        return await self._change_key(id, enabled=True)

    async def key_disable(self, id: str) -> Result:
        """Stop a key from working; its tokens end with it."""
        return await self._change_key(id, enabled=False)

    async def key_rotate(self, id: str) -> Result:
        """A new secret, shown this once; the old one stops working."""
        client, person = await self._client(id)
        client, secret = await self._services.clients.rotate(client)
        return {**_client(client, person), "secret": secret}

    async def key_delete(self, id: str) -> Result:
        """Withdraw a key for good."""
        client, person = await self._client(id)
        await self._services.clients.delete(client)
        return _client(client, person)

    # Organisations

    async def org_add(self, name: str, user: str | None = None) -> Result:
        """Add an organisation that this person owns."""
        if not 1 <= len(name.strip()) <= ORGANISATION_NAME:
            raise Invalid(f"An organisation has a name of 1 to {ORGANISATION_NAME} characters.")
        owner = await self._person(user)
        return {**_organisation(await self._services.people.organisation(name.strip(), owner)), "owner": owner.email}

    async def org_list(self) -> Result:
        """All of them."""
        found = await self._services.catalog.select(Space, kind=SpaceKind.ORGANISATION)
        return [_organisation(space) for space in found]

    # Access tokens

    async def token_create(self, expires_in: int, user: str | None = None) -> Result:
        """A token that acts for a person, shown this once."""
        person = await self._person(user)
        issued = await self._services.tokens.issue(Bearer.PERSON, person.id, OPERATOR, lifetime=expires_in)
        return {**_token(issued.record, person), "access_token": issued.token}

    async def token_list(self, user: str | None = None) -> Result:
        """The tokens of one person, or of everybody."""
        people = [await self._person(user)] if user else await self._services.people.everybody()
        return [_token(t, p) for p in people for t in await self._services.tokens.of(p.id)]

    async def token_revoke(self, token: str, user: str | None = None) -> Result:
        """End a token, or all of a person."""
        tokens = self._services.tokens
        if token == EVERY:
            person = await self._person(user)
            found = await tokens.of(person.id)
            await tokens.revoke(*found)
            return [_token(t, person) for t in found]
        record = await tokens.find(token)
        if record is None:
            everybody = await self._services.people.everybody()
            known = [t for p in everybody for t in await tokens.of(p.id) if _handle(t) == token]
            if not known:
                raise NotFound("There is no such token, or not any more.")
            record = known[0]
        await tokens.revoke(record)
        return {"handle": _handle(record), "revoked": True}

    # Devices

    async def device_enrol(
        self,
        id: str,
        public_key: str | None = None,
        platform: int | None = None,
        serial: str | None = None,
        user: str | None = None,
        claim: bool = False,
    ) -> Result:
        """Make a Particle board known, with its public key, and make it somebody's."""
        services = self._services
        try:
            given = public_key_of(public_key) if public_key is not None else None
        except PublicKeyInvalid as error:
            raise Invalid(str(error), "public_key") from None
        device = await services.enrolment.enrol(id, "particle", "particle", platform=platform)
        key = device.public_key if given is None else given
        number = device.serial if serial is None else serial.strip()
        device = await services.enrolment.keep(device.id, public_key=key, serial=number) or device
        if claim:
            device = await services.claims.give(device, (await self._person(user)).id)
        return self._device(device)

    async def device_add(
        self, name: str, type: str, fqbn: str | None = None, secret: str | None = None, user: str | None = None
    ) -> Result:
        """Register a board; its secret key is shown this once."""
        who = await self._principal(user)
        key = secret or self._services.devices.suggest_secret()
        device = await self._services.devices.create(who, DIALECT, type, name=name, fqbn=fqbn, secret=key)
        return {**self._device(device), "secret_key": key}

    async def device_list(self, user: str | None = None) -> Result:
        """The boards of one person, or all: also those of customers and of nobody."""
        wanted = {"space_id": (await self._person(user)).id} if user else {}
        return [
            self._device(device) for device in await self._services.catalog.select(Device, deleted_at=None, **wanted)
        ]

    async def device_show(self, id: str) -> Result:
        """One board with its thing and the last values of that."""
        device, _ = await self._owned(id)
        thing = await self._services.devices.thing_of(device)
        live = await self._services.live.get(thing.id) if thing is not None else None
        shown: dict[str, Any] = {
            **self._device(device),
            "thing": {"id": thing.id, "name": thing.name} if thing is not None else None,
            "values": {v.record.symbol: v.value for v in live.by_id.values()} if live is not None else {},
            "firmware": device.firmware,
            "tags": device.tags,
        }
        if device.described:
            shown |= {name: device.described.get(name) for name in ("functions", "variables")}
        return shown

    async def device_secret(self, id: str, secret: str | None = None) -> Result:
        """Give a board a new secret key, shown this once; a connected one has to log in again."""
        device, who = await self._owned(id)
        key = secret or self._services.devices.suggest_secret()
        device = await self._services.devices.set_secret(who, device.id, key)
        return {**self._device(device), "secret_key": key}

    async def device_delete(self, id: str, force: bool = False) -> Result:
        """Delete a board; with `force` for good."""
        device, who = await self._owned(id)
        await self._services.devices.delete(who, device.id, force=force)
        return self._device(device)

    async def device_tag(self, id: str, key: str, value: str | None = None) -> Result:
        """Set a tag, or remove it when there is no value."""
        device, who = await self._owned(id)
        if value is None:
            await self._services.devices.delete_tag(who, device.id, key)
        else:
            await self._services.devices.set_tag(who, device.id, key, value)
        return await self.device_show(device.id)

    # Finding

    async def _person(self, user: str | None) -> Person:
        if user:
            return await self._services.people.find(user)
        people = await self._services.people.everybody()
        if len(people) != 1:
            raise Invalid(f"There are {len(people)} people here: say which one with --user EMAIL.", "user")
        return people[0]

    async def _principal(self, user: str | None) -> Principal:
        return await self._services.people.principal((await self._person(user)).id)

    async def _owned(self, id: str) -> tuple[Device, Principal]:
        device = await self._services.devices.by_id(id.lower()) or await self._services.enrolment.get(id)
        if device is None:
            raise NotFound(f"There is no device {id[:64]!r}.")
        return device, Principal(
            person_id=device.person_id, space_id=device.space_id, roles={device.space_id: Role.OWNER}
        )

    async def _client(self, id: str) -> tuple[Client, Person]:
        client = await self._services.clients.get(id)
        if client is None:
            raise NotFound(f"There is no API key {id[:64]!r}.")
        return client, await self._services.people.find(client.person_id)

    async def _change_key(self, id: str, *, enabled: bool) -> Result:
        client, person = await self._client(id)
        return _client(await self._services.clients.change(client, enabled=enabled), person)

    def _device(self, device: Device) -> dict[str, Any]:
        return {
            "id": device.id if device.dialect == DIALECT else device.hex_id,
            "name": device.name,
            "dialect": device.dialect,
            "type": device.type,
            "fqbn": device.fqbn,
            "online": self._services.devices.online(device),
            "created_at": _time(device.created_at),
        }


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "has_password": person.password_hash is not None,
        "operator": person.operator,
        "created_at": _time(person.created_at),
    }


def _organisation(space: Space) -> dict[str, Any]:
    return {"id": space.id, "slug": space.slug, "name": space.name, "created_at": _time(space.created_at)}


def _token(token: Token, person: Person) -> dict[str, Any]:
    return {
        "handle": _handle(token),
        "user": person.email,
        "client": token.client_id,
        "created_at": _time(token.created_at),
        "expires_at": _time(token.expires_at) if token.expires_at is not None else None,
    }


def _handle(token: Token) -> str:
    """What names a token and is none: the beginning of its hash."""
    return token.id[:HANDLE_LENGTH]


def _client(client: Client, person: Person) -> dict[str, Any]:
    return {
        "id": client.id,
        "name": client.name,
        "user": person.email,
        "enabled": client.enabled,
        "created_at": _time(client.created_at),
        "last_used_at": _time(client.last_used_at) if client.last_used_at is not None else None,
    }


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment / SECOND, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
