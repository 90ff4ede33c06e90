"""Who may call what (reference 2.7, 8.3): every route that takes a token, with every kind of token.

A route under a product or an organisation asks for one permission, which API users name in their scopes and which takes
a role. Whoever is let in is told the permission in `X-Requested-Scope`; nobody else is. The routes of accounts have a
test of their own (`test_account_doors.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from rookery.core.records import Bearer, Role
from rookery.particle.api import access_tokens, authorize, oauth, users
from rookery.particle.api.app import ROUTES
from rookery.particle.api.operations import Auth
from tests.particle.api.conftest import World
from tests.particle.api.fleets import Fleet, device_id, fleet_of

ELSEWHERE = {route for module in (access_tokens, authorize, oauth, users) for route in module.ROUTES}
CALLS = sorted(
    (method, path)
    for route in ROUTES
    if route not in ELSEWHERE and route.auth is not Auth.NONE
    for method in route.methods
    for path in route.paths
)

PRODUCT = "/v1/products/{product}"
ORGANISATION = "/v1/orgs/{org}"

# What routes under a product or an organisation ask for; the path begins behind it.
SCOPES: dict[str, str] = {
    "GET ": "products:get",
    "PUT ": "products:update",
    "DELETE ": "products:remove",
    "GET /device_orders": "products:get",
    "GET /networks": "products:get",
    "GET /networks/{network}": "products:get",
    "PUT /networks/{network}": "products:get",
    "DELETE /networks/{network}": "products:get",
    "GET /devices": "devices:list",
    "POST /devices": "devices:import",
    "PUT /devices": "devices:update",
    "GET /devices/{device}": "devices:get",
    "PUT /devices/{device}": "devices:update",
    "DELETE /devices/{device}": "devices:remove",
    "DELETE /devices/{device}/owner": "devices:release",
    "PUT /devices/{device}/ping": "devices:ping",
    "PUT /devices/{device}/unprotect": "devices:update",
    "GET /devices/{device}/{variable}": "devices.variable:get",
    "POST /devices/{device}/{function}": "devices.function:call",
    "GET /diagnostics/{device}": "devices.diagnostics:get",
    "GET /diagnostics/{device}/last": "devices.diagnostics:get",
    "GET /diagnostics/{device}/metadata": "devices.diagnostics.metadata:get",
    "POST /diagnostics/{device}/update": "devices.diagnostics:update",
    "POST /events": "events:send",
    "GET /events": "events:get",
    "GET /events/{prefix*}": "events:get",
    "GET /devices/{device}/events": "events:get",
    "GET /devices/{device}/events/{prefix*}": "events:get",
    "GET /groups": "groups:list",
    "POST /groups": "groups:create",
    "GET /groups/{group}": "groups:get",
    "PUT /groups/{group}": "groups:update",
    "DELETE /groups/{group}": "groups:remove",
    "GET /impact": "groups.impact:get",
    "GET /customers": "customers:list",
    "POST /customers": "customers:create",
    "PUT /customers/{email}": "customers:update",
    "DELETE /customers/{email}": "customers:remove",
    "GET /clients": "clients:list",
    "POST /clients": "clients:create",
    "PUT /clients/{client}": "clients:update",
    "DELETE /clients/{client}": "clients:remove",
    "GET /team": "teams.users:list",
    "POST /team": "teams.users:invite",
    "POST /team/{username}": "teams.users:update",
    "PUT /team/{username}": "teams.users:update",
    "DELETE /team/{username}": "teams.users:remove",
    "POST /team/{username}/token": "teams.users:update",
    "PUT /team/{username}/token": "teams.users:update",
    "POST /device_claims": "devices:import",
}
for kind in ("integrations", "webhooks"):
    SCOPES |= {
        f"GET /{kind}": "integrations:list",
        f"POST /{kind}": "integrations:create",
        f"GET /{kind}/{{integration}}": "integrations:get",
        f"PUT /{kind}/{{integration}}": "integrations:update",
        f"DELETE /{kind}/{{integration}}": "integrations:remove",
        f"POST /{kind}/{{integration}}/test": "integrations:test",
    }
SCOPES |= {
    "POST /integrations/preview": "integrations:create",
    "GET /integrations/{integration}/deliveries": "integrations:get",
    "POST /integrations/{integration}/deliveries/{delivery}/retry": "integrations:test",
}
ORGANISATION_SCOPES: dict[str, str] = {
    "GET ": "organization:get",
    "GET /search": "devices:list",
    "GET /products": "products:list",
    "POST /products": "products:create",
}

PEOPLE_ONLY = {"POST /v1/orgs/{org}/products"}
"""An API user makes no products, whatever its scopes."""
NO_PROGRAMS = {"POST /device_claims"}
BY_CUSTOMERS = {"POST /device_claims"}
BY_CLIENT = {"POST /v1/orgs/{org}/customers"}
"""A token does not say which product; tried in `test_customers.py`."""

# Which role an action takes (the table of 2.7).
SUPPORT = {"devices.variable:get", "devices.function:call", "devices:ping", "devices.diagnostics:update"}
ADMINISTRATOR = {
    "products:update",
    "products:remove",
    "teams.users:invite",
    "teams.users:update",
    "teams.users:remove",
}
LADDER = (Role.VIEWER, Role.SUPPORT, Role.EDITOR, Role.ADMIN)


def least(scope: str) -> Role:
    """The least role that may do this."""
    if scope in SUPPORT:
        return Role.SUPPORT
    if scope in ADMINISTRATOR:
        return Role.ADMIN
    return Role.VIEWER if scope.endswith((":get", ":list")) else Role.EDITOR


P, C, PB, A = "person", "customer", "product", "program"

# The other routes: who may call them.
OTHERS: dict[str, set[str]] = {
    "GET /v1/devices": {P, C},
    "POST /v1/devices": {P, C},
    "POST /v1/devices/events": {P, C},
    "GET /v1/devices/events": {P, C},
    "GET /v1/devices/events/{prefix*}": {P, C},
    "GET /v1/events": {P, C},
    "GET /v1/events/{prefix*}": {P, C},
    "GET /v1/devices/{device}": {P, C},
    "PUT /v1/devices/{device}": {P, C},
    "DELETE /v1/devices/{device}": {P, C},
    "PUT /v1/devices/{device}/ping": {P, C},
    "PUT /v1/devices/{device}/backup_files": {P, C},
    "PUT /v1/devices/{device}/unprotect": {P, C},
    "GET /v1/devices/{device}/{variable}": {P, C},
    "POST /v1/devices/{device}/{function}": {P, C},
    "GET /v1/devices/{device}/events": {P, C},
    "GET /v1/devices/{device}/events/{prefix*}": {P, C},
    "GET /v1/diagnostics/{device}": {P, C},
    "GET /v1/diagnostics/{device}/last": {P, C},
    "GET /v1/diagnostics/{device}/metadata": {P, C},
    "POST /v1/diagnostics/{device}/update": {P, C},
    "POST /v1/device_claims": {P, C},
    "GET /v1/networks": {P, C},
    "GET /v1/networks/{network}": {P, C},
    "PUT /v1/networks/{network}": {P, C},
    "DELETE /v1/networks/{network}": {P, C},
    "GET /v1/card": {P, C},
    "POST /v1/binaries": {P, C},
    "GET /v1/pricing-impact": {P, C},
    "GET /v1/system_firmware/upgrade": {P, C},
    # Which device it is decides; tried where the routes are.
    "GET /v1/serial_numbers/{serial}": {P, C, PB, A},
    "POST /v1/provisioning/{device}": {P, C, PB, A},
    "GET /v1/user/products": {P},
    "POST /v1/user/products": {P},
    "GET /v1/user/search": {P},
    "GET /v1/products": {P, PB, A},
    "GET /v1/orgs": {P, A},
    "GET /v1/clients": {P},
    "POST /v1/clients": {P},
    "PUT /v1/clients/{client}": {P},
    "DELETE /v1/clients/{client}": {P},
}
for kind in ("integrations", "webhooks"):
    OTHERS |= {
        f"GET /v1/{kind}": {P},
        f"POST /v1/{kind}": {P},
        f"GET /v1/{kind}/{{integration}}": {P},
        f"PUT /v1/{kind}/{{integration}}": {P},
        f"DELETE /v1/{kind}/{{integration}}": {P},
        f"POST /v1/{kind}/{{integration}}/test": {P},
    }
OTHERS |= {
    "POST /v1/integrations/preview": {P},
    "GET /v1/integrations/{integration}/deliveries": {P},
    "POST /v1/integrations/{integration}/deliveries/{delivery}/retry": {P},
}


def denied(words: str) -> tuple[int, dict[str, Any]]:
    return 403, {"ok": False, "error": "Permission Denied", "error_description": words}


CUSTOMER_REFUSED = denied("Customers are not allowed to call this endpoint")
PRODUCT_REFUSED = denied("A product's token works on the paths of that product only")
PROGRAM_REFUSED = (
    400,
    {"error": "unauthorized", "error_description": "API users are not allowed to call this endpoint"},
)
NO_PRODUCT = (404, {"ok": False, "error": "Product not found."})
NO_ORGANISATION = (404, {"ok": False, "error": "Organization not found."})


@dataclass
class Door:
    """A route of an organisation's product with its parameters filled in."""

    fleet: Fleet
    method: str
    path: str

    async def knock(self, token: str) -> httpx.Response:
        """Call it. A stream is asked for its head, because its body does not end."""
        known = {
            "product": str(self.fleet.product.number),
            "org": "acme",
            "device": device_id(1),
            "username": "nobody@team.test",
        }
        path = self.path
        for part in path.split("/"):
            if part.startswith("{"):
                name = part.strip("{}*")
                path = path.replace(part, known.get(name, name))
        streams = self.method == "GET" and "/events" in self.path and self.path != "/v1/events"
        method = "HEAD" if streams else self.method
        return await self.fleet.world.call(method, path, token=token)

    async def shut(self, token: str, refusal: tuple[int, dict[str, Any]]) -> None:
        """Nobody gets in with this, and hears this."""
        answer = await self.knock(token)
        assert answer.status_code == refusal[0], (self.method, self.path, answer.text)
        if answer.request.method != "HEAD":
            assert answer.json() == refusal[1]
        assert "x-requested-scope" not in answer.headers

    async def open(self, token: str, scope: str = "") -> None:
        """Whatever it answers, it is no refusal."""
        answer = await self.knock(token)
        if scope:
            assert answer.headers.get("x-requested-scope") == scope, answer.text
        if answer.status_code == 204:
            return
        if answer.request.method == "HEAD":
            # Nobody there: the board is not the caller's.
            assert (answer.status_code, scope) == (403, "")
            assert "{device}" in self.path
            return
        body = answer.json()
        seen = (answer.status_code, body)
        assert seen not in (CUSTOMER_REFUSED, PRODUCT_REFUSED, PROGRAM_REFUSED, NO_PRODUCT, NO_ORGANISATION)
        assert answer.status_code != 401
        assert not (answer.status_code == 403 and isinstance(body, dict) and "This needs" in str(body))


@pytest.fixture
async def fleet(world: World) -> Fleet:
    """A product of an organisation with one board."""
    space = await world.services.people.organisation("Acme", world.person)
    world.clock.turn(10)
    fleet = await fleet_of(world, space_id=space.id)
    await fleet.device(1)
    return fleet


def under(prefix: str) -> list[tuple[str, str]]:
    return [(method, path) for method, path in CALLS if path == prefix or path.startswith(prefix + "/")]


def behind(method: str, path: str) -> str:
    """The key of a product route, on either of its paths."""
    return f"{method} {path.removeprefix(ORGANISATION + '/products/{product}').removeprefix(PRODUCT)}"


OF_PRODUCTS = under(PRODUCT) + under(ORGANISATION + "/products/{product}")
OF_ORGANISATIONS = [call for call in under(ORGANISATION) if call not in OF_PRODUCTS]
REST = [call for call in CALLS if call not in OF_PRODUCTS and call not in OF_ORGANISATIONS]


def test_every_route_is_in_a_table() -> None:
    assert not [call for call in OF_PRODUCTS if behind(*call) not in SCOPES]
    assert not [f"{method} {path}" for method, path in REST if f"{method} {path}" not in OTHERS]
    organisations = {f"{method} {path.removeprefix(ORGANISATION)}" for method, path in OF_ORGANISATIONS}
    assert not [call for call in organisations if call not in {**SCOPES, **ORGANISATION_SCOPES}]


@pytest.mark.parametrize(("method", "path"), OF_PRODUCTS)
async def test_routes_of_products(fleet: Fleet, method: str, path: str) -> None:
    door, key = Door(fleet, method, path), behind(method, path)
    scope = SCOPES[key]
    world = fleet.world
    rival = await fleet_of(world, "Rival", fleet.product.space_id)
    others = sorted({*SCOPES.values()} - {scope})
    _, stranger = await world.somebody()
    _, customer = await fleet.customer()
    _, foreign = await rival.customer()

    await door.shut(stranger, NO_PRODUCT)
    await door.shut(foreign, CUSTOMER_REFUSED)
    if key not in BY_CUSTOMERS:
        await door.shut(customer, CUSTOMER_REFUSED)
    await door.shut(await rival.bearer(), NO_PRODUCT)
    await door.shut(await rival.program("*:*"), PROGRAM_REFUSED if key in NO_PROGRAMS else NO_PRODUCT)
    await door.shut(await fleet.bearer(" ".join(others)), denied(f"This needs the permission {scope}."))
    await door.shut(await fleet.program(*others), PROGRAM_REFUSED)
    tokens = {role: await fleet.member(role) for role in LADDER}
    allowed = LADDER[LADDER.index(least(scope)) :]
    for role in LADDER:
        if role not in allowed:
            await door.shut(tokens[role], denied(f"This needs the permission {scope}."))

    # Those who may, the weakest first: a deletion succeeds once, and the last of them may delete the product.
    asked = f"product_{fleet.product.number}:{scope}"
    # The old path takes an organisation too, of which a member of one product's team knows nothing.
    direct = path.startswith(PRODUCT)
    gone = key in ("DELETE ", "DELETE /devices/{device}")
    if key in BY_CUSTOMERS:
        await door.open(customer)
    entering = [await fleet.program(scope), await fleet.bearer(scope), await fleet.bearer()]
    if key in NO_PROGRAMS:
        await door.shut(entering.pop(0), PROGRAM_REFUSED)
    entering += [tokens[role] for role in allowed]
    entering = entering if direct else []
    for token in [world.token] if gone else [*entering, world.token]:
        await door.open(token, asked)


@pytest.mark.parametrize(("method", "path"), OF_ORGANISATIONS)
async def test_routes_of_organisations(fleet: Fleet, method: str, path: str) -> None:
    if f"{method} {path}" in BY_CLIENT:
        assert (await Door(fleet, method, path).knock(fleet.world.token)).status_code == 400
        return
    door, key = Door(fleet, method, path), f"{method} {path.removeprefix(ORGANISATION)}"
    scope = ORGANISATION_SCOPES.get(key) or SCOPES[key]
    world, teams = fleet.world, fleet.world.services.teams
    space_id = fleet.product.space_id
    others = sorted({*SCOPES.values(), *ORGANISATION_SCOPES.values()} - {scope})
    people_only = f"{method} {path}" in PEOPLE_ONLY
    _, stranger = await world.somebody()
    _, customer = await fleet.customer()

    await door.shut(stranger, NO_ORGANISATION)
    await door.shut(await fleet.member(Role.ADMIN), NO_ORGANISATION)
    for token, refusal in (
        (customer, CUSTOMER_REFUSED if people_only else NO_ORGANISATION),
        (await fleet.bearer(), PRODUCT_REFUSED if people_only else NO_ORGANISATION),
        (await fleet.program("*:*"), PROGRAM_REFUSED if people_only else NO_ORGANISATION),
        ((await teams.add_program(space_id, "ci", others, "api.test")).token, PROGRAM_REFUSED),
    ):
        await door.shut(token, refusal)
    for role in LADDER:
        person, token = await world.somebody(f"{role.value}@acme.test")
        await teams.join(space_id, person.email, role)
        if LADDER.index(role) < LADDER.index(least(scope)):
            assert (await door.knock(token)).status_code == 403
        else:
            await door.open(token)
    if not people_only:
        await door.open((await teams.add_program(space_id, "ci", [scope], "api.test")).token)
    await door.open(world.token)


@pytest.mark.parametrize(("method", "path"), REST)
async def test_other_routes(fleet: Fleet, method: str, path: str) -> None:
    door, allowed = Door(fleet, method, path), OTHERS[f"{method} {path}"]
    _, customer = await fleet.customer()
    tokens = {
        PB: (await fleet.bearer(), PRODUCT_REFUSED),
        A: (await fleet.program("*:*"), PROGRAM_REFUSED),
        C: (customer, CUSTOMER_REFUSED),
        P: (fleet.world.token, NO_PRODUCT),
    }
    for kind, (token, refusal) in tokens.items():
        if kind in allowed:
            await door.open(token)
        else:
            await door.shut(token, refusal)


OF_DEVICES = [call for call in REST if "{device}" in call[1] and "provisioning" not in call[1]]


@pytest.mark.parametrize(("method", "path"), OF_DEVICES)
@pytest.mark.parametrize("owner", [P, C])
async def test_a_device_is_its_owner_s(fleet: Fleet, method: str, path: str, owner: str) -> None:
    """The first two rows of 8.3: the owner alone, not the team of its product, and no other customer."""
    door, world = Door(fleet, method, path), fleet.world
    customer, customers_token = await fleet.customer()
    _, other = await fleet.customer("other")
    person, token = await world.somebody()
    await world.services.claims.give(await fleet.device(1), person.id if owner == P else customer.id)
    shut = (
        403,
        {
            "error": "Permission Denied",
            "info": "I didn't recognize that device name or ID, try opening "
            "http://rookery.test/v1/devices?access_token=undefined",
        },
    )
    for one in (await fleet.member(Role.ADMIN), world.token, other, customers_token if owner == P else token):
        await door.shut(one, shut)
    answer = await door.knock(token if owner == P else customers_token)
    assert answer.status_code != 403


async def test_a_token_of_somebody_who_is_gone_opens_nothing(fleet: Fleet) -> None:
    world = fleet.world
    for bearer in Bearer:
        token = await world.token_of("nobody", bearer)
        assert (await world.call("GET", "/v1/devices", token=token)).status_code == 401
