"""People with passwords and authenticators, products with clients and customers: what tests of log-ins need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pyotp

from rookery.core.clock import SECOND
from rookery.core.otp import STEP
from rookery.core.records import Bearer, Client, ClientKind, Customer, Person, Product
from rookery.particle.api.api import ApiOptions
from tests.particle.api.conftest import BASE, World, world_of

PASSWORD = "correct horse battery"
EMAIL = "owner@rookery.test"
BACK = "https://app.example.org/back"
PUBLIC = ("particle", "particle")
ALIEN = "192.0.2.7"
"""An address that is not this machine, so that wrong passwords count."""


@dataclass
class Programs:
    """A person with a password, a product of theirs, a customer, and clients of every kind."""

    world: World
    product: Product
    customer: Customer
    clients: dict[str, tuple[Client, str]]
    """By kind: `account`, `account_web`, `account_limited`, `server`, `simple`, `web`, `simple_web`, `limited`."""

    def auth(self, kind: str) -> tuple[str, str]:
        """Client id and secret."""
        if kind == "public":
            return PUBLIC
        client, secret = self.clients[kind]
        return client.id, secret

    async def ask(self, kind: str = "public", **fields: Any) -> httpx.Response:
        """POST /oauth/token with Basic credentials of a client."""
        return await self.world.http.post("/oauth/token", data=fields, auth=self.auth(kind))

    async def log_in(self, **fields: Any) -> httpx.Response:
        """The password grant of the person with a public client."""
        return await self.ask(**{"grant_type": "password", "username": EMAIL, "password": PASSWORD, **fields})

    async def person(self) -> Person:
        """As it is now."""
        return await self.world.services.people.find(self.world.person.id)

    async def enrol(self) -> tuple[str, str]:
        """Turn the second factor on; the seed and the recovery code."""
        otp = self.world.services.otp
        person = await self.person()
        pending = await otp.begin(person)
        recovery = await otp.confirm(person, pending.token, self.code(pending.secret))
        self.world.clock.turn(STEP)
        return pending.secret, recovery

    def code(self, secret: str) -> str:
        """What an authenticator shows now."""
        return str(pyotp.TOTP(secret).generate_otp(self.world.clock.now() // (STEP * SECOND)))

    async def tokens(self) -> dict[str, str]:
        """A token of every kind of bearer."""
        services = self.world.services
        program = await services.teams.add_program(self.product.id, "ci", ["*:*"], "rookery.test")
        return {
            "person": await self.world.token_of(self.world.person.id),
            "customer": await self.world.token_of(self.customer.id, Bearer.CUSTOMER),
            "product": await self.world.token_of(self.product.id, Bearer.PRODUCT),
            "program": program.token,
        }


@asynccontextmanager
async def programs_of(options: ApiOptions | None = None, peer: str = "127.0.0.1") -> AsyncIterator[Programs]:
    """All of it, with all routes."""
    async with world_of(options=options or ApiOptions(base_url=BASE), peer=peer) as world:
        services = world.services
        await services.people.set_password(world.person, PASSWORD)
        who = await services.people.principal(world.person.id)
        product = await services.products.create(who, world.person.id, name="Lamp", platform=6)
        customer = await services.customers.create(product, "kim@example.org", "kims password")
        made: dict[str, tuple[Client, str]] = {}
        for kind, owner, web, scope in (
            ("account", None, False, None),
            ("account_web", None, True, None),
            ("account_limited", None, True, "customers:create"),
            ("server", product, False, None),
            ("simple", product, False, "customers:create"),
            ("web", product, True, None),
            ("simple_web", product, True, "customers:create"),
            ("limited", product, False, "devices:list events:get"),
        ):
            made[kind] = await services.oauth.create(
                world.person.id,
                kind,
                ClientKind.WEB if web else ClientKind.INSTALLED,
                product=owner,
                redirect_uri=BACK if web else None,
                scope=scope,
            )
        yield Programs(world, product, customer, made)
