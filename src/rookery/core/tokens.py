"""Access tokens: opaque, with or without an end, refreshed and revoked.

A token is 160 random bits in hex; what is kept is its SHA-256. Every request brings one, so records and the principals
behind them are remembered: a check costs one hash and one look-up. What withdraws a token is told over the bus and
holds at once; a change of membership holds within `PRINCIPAL_AGE`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import NamedTuple

from rookery.core.access import Principal
from rookery.core.bus import Bus, ProductChanged, TokenWithdrawn, announce_token_withdrawn
from rookery.core.catalog import Catalog, Change, Delete, Insert, Update, changed
from rookery.core.clock import SECOND, Clock
from rookery.core.errors import Conflict, NotFound, TokenExpired, TokenUnknown, Unavailable
from rookery.core.ids import Identifiers
from rookery.core.people import People
from rookery.core.records import Bearer, Customer, Product, Program, Role, Token

LENGTH = 40
"""Hex digits of a token: what clients in the field expect to see."""
DEFAULT_LIFETIME = 7_776_000
"""Seconds: 90 days, the documented value."""
REFRESH_LONGER = 1_209_600
"""Seconds that a refresh token outlives its access token: 14 days, the documented value."""
LONGEST_LIFETIME = 100 * 365 * 86_400
"""Seconds. Whoever wants more wants a token that never expires."""
REMEMBERED = 20_000
"""Checked tokens kept in memory: about 600 bytes each. An evicted one is read again."""
PRINCIPAL_AGE = 5.0
"""Seconds that a principal is remembered."""
USE_INTERVAL = 600 * SECOND
"""How often the use of a token is written at the most: it answers "is it still in use", not "when exactly"."""
TOKEN_LIMIT = 256
"""Characters of what can be a token at all; more is not worth a hash."""


class Grant(NamedTuple):
    """A checked token: who it speaks for, and its record."""

    principal: Principal
    record: Token


class Issued(NamedTuple):
    """A new token. Neither text can be read again."""

    token: str
    refresh_token: str | None
    record: Token

    @property
    def lifetime(self) -> int:
        """Seconds, 0 for never."""
        return 0 if self.record.expires_at is None else (self.record.expires_at - self.record.created_at) // SECOND


class AccessTokens:
    """Issues, checks, refreshes and revokes."""

    def __init__(self, catalog: Catalog, people: People, bus: Bus, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._people = people
        self._bus = bus
        self._ids = ids
        self._clock = clock
        self._known: OrderedDict[str, tuple[Token, Principal, float]] = OrderedDict()
        self._changes = 0
        """How often tokens were withdrawn or teams changed: who reads a record and sees the same count before and
        after may remember it."""
        bus.listen("tokens", self._withdrawn)
        bus.listen("products", self._team_changed)

    async def issue(
        self,
        bearer: Bearer,
        bearer_id: str,
        client_id: str,
        *,
        lifetime: int = DEFAULT_LIFETIME,
        scope: str | None = None,
    ) -> Issued:
        """A new token. `lifetime` in seconds, 0 for one that never expires, which has no refresh token."""
        issued = self._made(bearer, bearer_id, client_id, lifetime, scope)
        await self._catalog.apply(Insert(issued.record))
        return issued

    def _made(self, bearer: Bearer, bearer_id: str, client_id: str, lifetime: int, scope: str | None) -> Issued:
        now = self._clock.now()
        token = self._ids.hex(LENGTH)
        refresh = self._ids.hex(LENGTH) if lifetime else None
        lifetime = min(lifetime, LONGEST_LIFETIME)
        record = Token(
            id=token_id(token),
            created_at=now,
            updated_at=now,
            bearer=bearer,
            bearer_id=bearer_id,
            client_id=client_id,
            expires_at=now + lifetime * SECOND if lifetime else None,
            refresh_hash=token_id(refresh) if refresh else None,
            refresh_expires_at=now + (lifetime + REFRESH_LONGER) * SECOND if refresh else None,
            scope=scope,
        )
        return Issued(token, refresh, record)

    async def check(self, token: str) -> Grant:
        """Who this token speaks for.

        Raises:
            TokenUnknown: never given out, revoked, or whoever it spoke for is gone.
            TokenExpired: its time is over.
        """
        id = token_id(token)
        known = self._known.get(id)
        if known is None or self._clock.monotonic() - known[2] > PRINCIPAL_AGE:
            changes = self._changes
            record = known[0] if known is not None else await self.find(token)
            if record is None:
                raise TokenUnknown("The access token is not known.")
            principal = await self._principal(record)
            used = self._used(record)
            known = (used or record, principal, self._clock.monotonic())
            if changes == self._changes:
                # Remembered before it is written, so that requests at the same moment do not all write it.
                self._known[id] = known
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            if used is not None:
                await self._write_use(used)
        record, principal, _ = known
        if record.expires_at is not None and record.expires_at <= self._clock.now():
            raise TokenExpired("The access token has expired.")
        return Grant(principal, record)

    def _used(self, record: Token) -> Token | None:
        """The next version of a token that is used now, when that is worth being written."""
        now = self._clock.now()
        if record.expires_at is not None and record.expires_at <= now:
            return None
        last = record.last_used_at
        if last is not None and now - last < USE_INTERVAL:
            return None
        return changed(record, max(now, record.created_at + 1))

    async def _write_use(self, used: Token) -> None:
        try:
            await self._catalog.apply(Update(used))
        except Conflict:
            self._known.pop(used.id, None)
        except Unavailable:
            # A full disk keeps nobody from reading.
            pass

    async def grant(self, record: Token) -> Grant:
        """Who a token speaks for now, by its record.

        Raises:
            TokenUnknown: it was revoked, or whoever it spoke for is gone.
            TokenExpired: its time is over.
        """
        if await self._catalog.get(Token, record.id) is None:
            raise TokenUnknown("The access token is not known.")
        if record.expires_at is not None and record.expires_at <= self._clock.now():
            raise TokenExpired("The access token has expired.")
        return Grant(await self._principal(record), record)

    async def find(self, token: str) -> Token | None:
        """The record of a token, expired or not."""
        return await self._catalog.get(Token, token_id(token)) if 0 < len(token) <= TOKEN_LIMIT else None

    async def refresh(self, refresh_token: str, client_id: str, lifetime: int = DEFAULT_LIFETIME) -> Issued:
        """A new pair for an old refresh token, which ends with it, as does the access token it came with.

        Raises:
            TokenUnknown: not a refresh token of this client, or used already.
            TokenExpired: its time is over.
        """
        while True:
            record = None
            if 0 < len(refresh_token) <= TOKEN_LIMIT:
                record = await self._catalog.find(Token, refresh_hash=token_id(refresh_token))
            if record is None or record.client_id != client_id:
                raise TokenUnknown("The refresh token is not known, or was used already.")
            if record.refresh_expires_at is not None and record.refresh_expires_at <= self._clock.now():
                raise TokenExpired("The refresh token has expired.")
            issued = self._made(record.bearer, record.bearer_id, client_id, lifetime, record.scope)
            try:
                # Deleting alone succeeds for two who come at once; of two next versions only one is the next.
                await self._catalog.apply(
                    Update(changed(record, self._clock.now())), Delete(Token, record.id), Insert(issued.record)
                )
            except Conflict:
                # Another one was quicker, and it is gone; or its use was written meanwhile, and it is still there.
                continue
            break
        announce_token_withdrawn(self._bus, record.id)
        return issued

    async def of(self, bearer_id: str) -> list[Token]:
        """All tokens that speak for this person, customer, product or program, oldest first."""
        return await self._catalog.select(Token, bearer_id=bearer_id)

    async def revoke(self, *records: Token) -> None:
        """End these tokens and the refresh tokens that go with them, at once."""
        changes: list[Change] = [Delete(Token, record.id) for record in records]
        await self._catalog.apply(*changes)
        for record in records:
            announce_token_withdrawn(self._bus, record.id)

    async def revoke_all(self, bearer_id: str, *, but: str | None = None) -> None:
        """End all tokens of this bearer, but the one with this id."""
        await self.revoke(*(record for record in await self.of(bearer_id) if record.id != but))

    async def revoke_client(self, client_id: str) -> None:
        """End all tokens that were given to this client."""
        await self.revoke(*await self._catalog.select(Token, client_id=client_id))

    async def _principal(self, record: Token) -> Principal:
        scopes = frozenset(record.scope.split()) if record.scope else None
        if record.bearer is Bearer.PERSON:
            try:
                who = await self._people.principal(record.bearer_id, client_id=record.client_id)
            except NotFound:
                raise TokenUnknown("Whoever this token spoke for is gone.") from None
            return who
        gone = TokenUnknown("Whoever this token spoke for is gone.")
        if record.bearer is Bearer.CUSTOMER:
            customer = await self._catalog.get(Customer, record.bearer_id)
            if customer is None:
                raise gone
            return Principal(
                person_id=customer.id,
                space_id=customer.id,
                roles={customer.id: Role.OWNER},
                client_id=record.client_id,
                bearer=Bearer.CUSTOMER,
                product_id=customer.product_id,
            )
        if record.bearer is Bearer.PRODUCT:
            product = await self._catalog.get(Product, record.bearer_id)
            if product is None:
                raise gone
            return Principal(
                person_id="",
                space_id=product.id,
                roles={product.id: Role.ADMIN},
                client_id=record.client_id,
                bearer=Bearer.PRODUCT,
                product_id=product.id,
                scopes=scopes,
            )
        program = await self._catalog.get(Program, record.bearer_id)
        if program is None:
            raise gone
        return Principal(
            person_id="",
            space_id=program.space_id,
            roles={program.space_id: Role.ADMIN},
            client_id=record.client_id,
            bearer=Bearer.PROGRAM,
            scopes=frozenset(program.scopes),
        )

    def look_again(self) -> None:
        """Remember no principal any more: somebody has another role than before."""
        self._changes += 1
        self._known.clear()

    def _withdrawn(self, message: TokenWithdrawn) -> None:
        self._changes += 1
        self._known.pop(message.token_id, None)

    def _team_changed(self, message: ProductChanged) -> None:
        self.look_again()


def token_id(token: str) -> str:
    """Under which id a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()
