"""Customers of products: they own boards, and log in through a client of the product."""

from __future__ import annotations

from rookery.core.catalog import Catalog, Delete, Insert, Update, changed
from rookery.core.claims import Claims
from rookery.core.clock import Clock
from rookery.core.errors import Conflict, Invalid, NotFound
from rookery.core.ids import Identifiers
from rookery.core.people import PASSWORD_LIMIT, Passwords
from rookery.core.records import Customer, Device, Product, Token
from rookery.core.tokens import AccessTokens

TOGETHER = 500
"""Customers that are removed with one commit."""
NAME_LIMIT = 254
"""Characters of a customer's address, which may be any text: as long as an e-mail address can be (RFC 5321)."""


class Customers:
    """The customers of all products."""

    def __init__(
        self,
        catalog: Catalog,
        passwords: Passwords,
        tokens: AccessTokens,
        claims: Claims,
        ids: Identifiers,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._passwords = passwords
        self._tokens = tokens
        self._claims = claims
        self._ids = ids
        self._clock = clock

    async def create(self, product: Product, email: str, password: str | None) -> Customer:
        """A new customer. Without a password only the product's own programs can act for it.

        Raises:
            Invalid: no address, or one that is too long; an empty or endless password.
            Conflict: the product has a customer of this address.
        """
        email = email.strip()
        if not 1 <= len(email) <= NAME_LIMIT:
            raise Invalid(f"A customer has an address of 1 to {NAME_LIMIT} characters.", "email")
        if await self.by_email(product.id, email) is not None:
            raise Conflict("customer already exists")
        now = self._clock.now()
        customer = Customer(
            id=self._ids.uuid(),
            created_at=now,
            updated_at=now,
            product_id=product.id,
            email=email,
            password_hash=await self._hash(password) if password is not None else None,
        )
        await self._catalog.apply(Insert(customer))
        return customer

    async def get(self, id: str) -> Customer | None:
        """By id."""
        return await self._catalog.get(Customer, id)

    async def by_email(self, product_id: str, email: str) -> Customer | None:
        """The customer of a product with this address, in either case."""
        return await self._catalog.find(Customer, product_id=product_id, email=email)

    async def find(self, product: Product, email_or_id: str) -> Customer:
        """A customer of this product by address or id.

        Raises:
            NotFound: there is none.
        """
        found = await self.by_email(product.id, email_or_id) or await self.get(email_or_id)
        if found is None or found.product_id != product.id:
            raise NotFound("There is no such customer.")
        return found

    async def of(self, product: Product) -> list[Customer]:
        """All customers of a product, oldest first."""
        return await self._catalog.select(Customer, product_id=product.id)

    async def log_in(self, product_id: str, email: str, password: str) -> Customer | None:
        """The customer, if the password is right. Takes as long when there is no such customer."""
        customer = await self.by_email(product_id, email)
        if customer is None or customer.password_hash is None or len(password) > PASSWORD_LIMIT:
            await self._passwords.hash("no such customer, same work")
            return None
        return customer if await self._passwords.matches(password, customer.password_hash) else None

    async def set_password(self, customer: Customer, password: str) -> Customer:
        """Replace the password; tokens that were given out before end."""
        after = changed(customer, self._clock.now(), password_hash=await self._hash(password))
        await self._catalog.apply(Update(after))
        await self._tokens.revoke_all(customer.id)
        return after

    async def delete(self, *customers: Customer) -> None:
        """Remove customers: their tokens and codes end, their boards are nobody's."""
        for start in range(0, len(customers), TOGETHER):
            ids = [customer.id for customer in customers[start : start + TOGETHER]]
            await self._tokens.revoke(*await self._catalog.select(Token, bearer_id=ids))
            await self._claims.forget(*ids)
            for device in await self._catalog.select(Device, space_id=ids, deleted_at=None):
                await self._claims.unclaim(device)
            await self._catalog.apply(*(Delete(Customer, id) for id in ids))

    async def _hash(self, password: str) -> str:
        if not 1 <= len(password) <= PASSWORD_LIMIT:
            raise Invalid(f"A password has 1 to {PASSWORD_LIMIT} characters.", "password")
        return await self._passwords.hash(password)
