"""API keys: programs that act for a person. The secret is shown once."""

from __future__ import annotations

from rookery.core.bus import Bus, KeyWithdrawn, announce_withdrawn
from rookery.core.catalog import Catalog, Delete, Insert, Update, changed
from rookery.core.clock import SECOND, Clock
from rookery.core.errors import Conflict, Invalid, NotFound
from rookery.core.ids import Identifiers
from rookery.core.records import Client, ClientKind
from rookery.core.secrets import digest, digest_matches

ID_LENGTH = 32
"""Clients in the field refuse ids of any other length."""
SECRET_LENGTH = 64
"""Likewise. 62 letters and digits give 381 bits."""
NAME_LIMIT = 64
USE_INTERVAL = 60 * SECOND
"""How often `last_used_at` is written at the most: it answers "is this key still in use", not "when exactly"."""


class Clients:
    """Creates, checks and withdraws API keys. Records are cached: a token is checked with every request."""

    def __init__(self, catalog: Catalog, bus: Bus, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._bus = bus
        self._ids = ids
        self._clock = clock
        self._cache: dict[str, Client] = {}
        self._changes = 0
        """How many keys were changed so far. Who reads a record and sees the same count before and after may remember
        it: a key that was withdrawn meanwhile must not come back."""
        bus.listen("keys", self._withdrawn)

    async def create(self, person_id: str, name: str) -> tuple[Client, str]:
        """A new key and its secret, which can not be read again."""
        if not 1 <= len(name) <= NAME_LIMIT:
            raise Invalid(f"A key has a name of 1 to {NAME_LIMIT} characters.", "name")
        secret = self._ids.text(SECRET_LENGTH)
        now = self._clock.now()
        client = Client(
            id=self._ids.text(ID_LENGTH),
            created_at=now,
            updated_at=now,
            person_id=person_id,
            name=name,
            secret_hash=digest(secret),
        )
        await self._catalog.apply(Insert(client))
        return client, secret

    async def check(self, client_id: str, secret: str) -> Client | None:
        """The key, if the secret is right and it is enabled."""
        client = await self.get(client_id)
        if client is None or not digest_matches(secret, client.secret_hash) or not client.enabled:
            return None
        now = self._clock.now()
        if client.last_used_at is None or now - client.last_used_at >= USE_INTERVAL:
            # Into the cache first, so that requests at the same moment do not all write it.
            client = self._cache[client_id] = changed(client, now, last_used_at=now)
            try:
                await self._catalog.apply(Update(client))
            except Conflict:
                self._cache.pop(client_id, None)
        return client

    async def get(self, client_id: str) -> Client | None:
        """The key with this id. An OAuth client is none."""
        client = self._cache.get(client_id)
        if client is None:
            changes = self._changes
            client = await self._catalog.get(Client, client_id)
            if client is not None and client.kind is not ClientKind.KEY:
                return None
            if client is not None and changes == self._changes:
                self._cache[client_id] = client
        return client

    async def of(self, person_id: str) -> list[Client]:
        """The keys of a person, oldest first."""
        return await self._catalog.select(Client, person_id=person_id, kind=ClientKind.KEY)

    async def owned(self, person_id: str, client_id: str) -> Client:
        """The key with this id, when it is this person's.

        Raises:
            NotFound: it is not.
        """
        client = await self.get(client_id)
        if client is None or client.person_id != person_id:
            raise NotFound("There is no such API key.")
        return client

    async def change(self, client: Client, *, name: str | None = None, enabled: bool | None = None) -> Client:
        """Rename a key, enable or disable it."""
        if name is not None and not 1 <= len(name) <= NAME_LIMIT:
            raise Invalid(f"A key has a name of 1 to {NAME_LIMIT} characters.", "name")
        client = await self._store(
            changed(
                client,
                self._clock.now(),
                name=client.name if name is None else name,
                enabled=client.enabled if enabled is None else enabled,
            )
        )
        if not client.enabled:
            announce_withdrawn(self._bus, client.id)
        return client

    async def rotate(self, client: Client) -> tuple[Client, str]:
        """Give a key a new secret; the old one stops working at once."""
        secret = self._ids.text(SECRET_LENGTH)
        client = await self._store(changed(client, self._clock.now(), secret_hash=digest(secret)))
        announce_withdrawn(self._bus, client.id)
        return client, secret

    async def delete(self, client: Client) -> None:
        """Withdraw a key for good."""
        await self._catalog.apply(Delete(Client, client.id))
        announce_withdrawn(self._bus, client.id)

    def _withdrawn(self, message: KeyWithdrawn) -> None:
        self._changes += 1
        self._cache.pop(message.client_id, None)

    async def _store(self, client: Client) -> Client:
        self._cache.pop(client.id, None)
        await self._catalog.apply(Update(client))
        self._cache[client.id] = client
        return client
