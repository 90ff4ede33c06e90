"""The customers of a product (reference 3.20): every way to make one, and what the team does with them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from rookery.core.records import Client, ClientKind, Customer, Role
from rookery.particle.ids import hex_id
from tests.particle.api.conftest import World
from tests.particle.api.fleets import Fleet, device_id, fleet_of

EMAIL = "4c1bbd9e-2e8d-4d4a-8f0f-2b8f6c1e7a55"


@pytest.fixture
async def fleet(world: World) -> Fleet:
    """A product."""
    return await fleet_of(world)


async def client(fleet: Fleet, scope: str | None = None, web: bool = False) -> tuple[Client, str]:
    return await fleet.world.services.oauth.create(
        fleet.world.person.id,
        "my client",
        ClientKind.WEB if web else ClientKind.INSTALLED,
        product=fleet.product,
        redirect_uri="https://app.example/done" if web else None,
        scope=scope,
    )


def basic(id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{id}:{secret}".encode()).decode()}


async def post(fleet: Fleet, path: str = "", **more: Any) -> httpx.Response:
    return await fleet.world.http.post(path or f"{fleet.path}/customers", **more)


async def works(fleet: Fleet, answer: httpx.Response, email: str = EMAIL) -> Customer:
    """The customer of a 201: the body is a token object, and the token is the customer's."""
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert set(body) == {"token_type", "access_token", "expires_in", "refresh_token"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 7_776_000)
    assert (len(body["access_token"]), len(body["refresh_token"])) == (40, 40)
    assert answer.headers["cache-control"] == "no-store"
    grant = await fleet.world.services.tokens.check(body["access_token"])
    customer = await fleet.world.services.customers.find(fleet.product, email)
    assert grant.principal.person_id == customer.id
    assert (await fleet.world.call("GET", "/v1/devices", token=body["access_token"])).json() == []
    return customer


class TestWithAClient:
    @pytest.mark.parametrize("where", ["basic", "body", "both"])
    @pytest.mark.parametrize("scope", [None, "customers:create", "devices:list customers:create"])
    async def test_a_shadow_customer(self, fleet: Fleet, where: str, scope: str | None) -> None:
        record, secret = await client(fleet, scope)
        form = {"email": EMAIL, "no_password": "true"}
        headers = {}
        if where != "body":
            headers = basic(record.id, secret)
        if where != "basic":
            # With both, Basic wins.
            form |= {"client_id": record.id, "client_secret": secret if where == "body" else "x"}
        customer = await works(fleet, await post(fleet, data=form, headers=headers))
        assert customer.password_hash is None

    async def test_one_with_a_password_logs_in_with_the_client(self, fleet: Fleet) -> None:
        record, secret = await client(fleet, "customers:create")
        form = {
            "email": "C@Example.org",
            "password": "x",
            "grant_type": "client_credentials",
            "client_id": record.id,
            "client_secret": secret,
        }
        await works(fleet, await post(fleet, data=form), "c@example.org")
        login = {"grant_type": "password", "username": "c@example.org", "password": "x"}
        answer = await post(fleet, "/oauth/token", data=login, headers=basic(record.id, secret))
        assert answer.status_code == 200
        assert (await fleet.world.call("GET", "/v1/devices", token=answer.json()["access_token"])).json() == []

    async def test_json_does_as_well(self, fleet: Fleet) -> None:
        record, secret = await client(fleet)
        body = {"email": EMAIL, "no_password": True}
        await works(fleet, await post(fleet, json=body, headers=basic(record.id, secret)))

    @pytest.mark.parametrize(
        ("change", "error", "words"),
        [
            ({"client_secret": "wrong"}, "invalid_client", "Client credentials are invalid"),
            ({"client_id": "nobody-1"}, "invalid_client", "Client credentials are invalid"),
            ({"client_secret": ""}, "invalid_client", "Missing client_secret parameter"),
            ({"client_id": ""}, "invalid_client", "Invalid or missing client_id parameter"),
            (
                {"client_id": "particle", "client_secret": "particle"},
                "invalid_client",
                "Client credentials are invalid",
            ),
            ({"grant_type": "password"}, "invalid_request", "Invalid or missing grant_type parameter"),
            ({"client_id": None}, "invalid_request", "The access token was not found"),
            ({"expires_in": "-1"}, "invalid_request", "expires_in must be at least 0"),
        ],
    )
    async def test_who_is_not_let_in(self, fleet: Fleet, change: dict[str, Any], error: str, words: str) -> None:
        record, secret = await client(fleet)
        form = {"email": EMAIL, "no_password": "true", "client_id": record.id, "client_secret": secret, **change}
        answer = await post(fleet, data={key: value for key, value in form.items() if value is not None})
        assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": words})
        assert await fleet.world.services.customers.of(fleet.product) == []

    async def test_another_product_s_client_is_none(self, fleet: Fleet) -> None:
        rival = await fleet_of(fleet.world, "Rival")
        record, secret = await client(rival)
        form = {"email": EMAIL, "no_password": "true"}
        answer = await post(fleet, data=form, headers=basic(record.id, secret))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
        answer = await post(fleet, "/v1/products/7777/customers", data=form, headers=basic(record.id, secret))
        assert (answer.status_code, answer.json()["error"]) == (404, "Product not found.")

    async def test_a_client_with_another_scope_is_refused(self, fleet: Fleet) -> None:
        record, secret = await client(fleet, "devices:list")
        answer = await post(fleet, data={"email": EMAIL, "no_password": "1"}, headers=basic(record.id, secret))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")

    async def test_the_lifetime_can_be_chosen(self, fleet: Fleet) -> None:
        record, secret = await client(fleet)
        form = {"email": EMAIL, "no_password": "true", "expires_in": "0"}
        body = (await post(fleet, data=form, headers=basic(record.id, secret))).json()
        assert body["expires_in"] == 0
        assert "refresh_token" not in body


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"no_password": "true"}, "email is required"),
        ({"email": "", "password": "x"}, "email is required"),
        ({"email": "c"}, "password is required, or no_password"),
        ({"email": "c", "no_password": "false"}, "password is required, or no_password"),
        ({"email": "c", "no_password": "perhaps"}, "no_password must be true or false"),
        ({"email": "x" * 255, "no_password": "true"}, "A customer has an address of 1 to 254 characters."),
        ({"email": "c", "password": "x" * 1025}, "A password has 1 to 1024 characters."),
        ({"email": "Known", "no_password": "true"}, "customer already exists"),
    ],
)
async def test_what_is_no_customer_is_refused(fleet: Fleet, form: dict[str, str], words: str) -> None:
    await fleet.customer("known")
    record, secret = await client(fleet)
    answer = await post(fleet, data=form, headers=basic(record.id, secret))
    assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": words})
    assert len(await fleet.world.services.customers.of(fleet.product)) == 1


async def test_two_products_may_have_the_same_customer_and_a_user_of_that_name(fleet: Fleet) -> None:
    rival = await fleet_of(fleet.world, "Rival")
    await rival.customer(EMAIL)
    await fleet.world.services.people.create("known@rookery.test")
    record, secret = await client(fleet)
    for email in (EMAIL, "known@rookery.test"):
        form = {"email": email, "no_password": "true"}
        await works(fleet, await post(fleet, data=form, headers=basic(record.id, secret)), email)


class TestWithAToken:
    async def test_of_the_owner_the_product_and_a_program(self, fleet: Fleet) -> None:
        tokens = [fleet.world.token, await fleet.bearer(), await fleet.program("customers:create")]
        for number, token in enumerate(tokens):
            body = {"email": f"c{number}", "no_password": True}
            await works(
                fleet, await fleet.world.call("POST", f"{fleet.path}/customers", body, token=token), f"c{number}"
            )

    async def test_of_those_who_may_not(self, fleet: Fleet) -> None:
        world = fleet.world
        _, customer = await fleet.customer()
        _, stranger = await world.somebody()
        expected = {
            await fleet.member(Role.VIEWER): 403,
            await fleet.member(Role.SUPPORT): 403,
            await fleet.bearer("devices:list"): 403,
            await fleet.program("customers:list"): 400,
            customer: 403,
            stranger: 404,
        }
        for token, status in expected.items():
            body = {"email": EMAIL, "no_password": True}
            answer = await world.call("POST", f"{fleet.path}/customers", body, token=token)
            assert answer.status_code == status
        assert len(await world.services.customers.of(fleet.product)) == 1

    async def test_the_token_may_come_in_the_form(self, fleet: Fleet) -> None:
        form = {"email": EMAIL, "no_password": "true", "access_token": fleet.world.token}
        await works(fleet, await post(fleet, data=form))


class TestWithAPage:
    async def test_the_browser_goes_back_with_the_token(self, fleet: Fleet) -> None:
        record, _ = await client(fleet, "customers:create", web=True)
        form = {"email": EMAIL, "password": "x", "response_type": "token", "client_id": record.id}
        answer = await post(fleet, data=form)
        assert answer.status_code == 302
        address, _, fragment = answer.headers["location"].partition("#")
        assert address == "https://app.example/done"
        ((token,),) = parse_qs(fragment).values()
        grant = await fleet.world.services.tokens.check(token)
        customer = await fleet.world.services.customers.find(fleet.product, EMAIL)
        assert (grant.principal.person_id, customer.password_hash) == (customer.id, "x")

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"email": "known"}, "customer already exists"),
            ({"email": ""}, "email is required"),
            ({"password": ""}, "password is required, or no_password"),
            ({"no_password": "true"}, "password is required"),
            ({"email": "x" * 255}, "A customer has an address of 1 to 254 characters."),
        ],
    )
    async def test_and_with_an_error(self, fleet: Fleet, change: dict[str, str], words: str) -> None:
        await fleet.customer("known")
        record, _ = await client(fleet, "customers:create", web=True)
        form = {"email": EMAIL, "password": "x", "response_type": "token", "client_id": record.id, **change}
        answer = await post(fleet, data=form)
        assert answer.status_code == 302
        parts = urlsplit(answer.headers["location"])
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://app.example/done"
        expected = {"error": ["invalid_request"], "error_description": [words], "code": ["400"]}
        assert parse_qs(parts.query) == expected

    async def test_no_other_client_is_sent_anywhere(self, fleet: Fleet) -> None:
        rival = await fleet_of(fleet.world, "Rival")
        ids = [(await client(fleet))[0].id, (await client(rival, web=True))[0].id, "particle", "nobody-1", ""]
        for id in ids:
            form = {"email": EMAIL, "password": "x", "response_type": "token", "client_id": id}
            answer = await post(fleet, data=form)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
        assert await fleet.world.services.customers.of(fleet.product) == []


class TestOldPathOfOrganisations:
    @pytest.fixture
    async def fleet(self, world: World) -> Fleet:
        """A product of an organisation."""
        space = await world.services.people.organisation("Acme", world.person)
        world.clock.turn(10)
        return await fleet_of(world, space_id=space.id)

    async def test_the_client_says_which_product(self, fleet: Fleet) -> None:
        record, secret = await client(fleet, "customers:create")
        form = {"email": EMAIL, "no_password": "true"}
        answer = await post(fleet, "/v1/orgs/acme/customers", data=form, headers=basic(record.id, secret))
        await works(fleet, answer)

    async def test_it_has_to_be_one_of_the_organisation(self, fleet: Fleet) -> None:
        other = await fleet_of(fleet.world, "Private")
        record, secret = await client(other)
        form = {"email": EMAIL, "no_password": "true"}
        answer = await post(fleet, "/v1/orgs/acme/customers", data=form, headers=basic(record.id, secret))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")

    async def test_a_token_does_not_say_it(self, fleet: Fleet) -> None:
        answer = await fleet.world.call("POST", "/v1/orgs/acme/customers", {"email": EMAIL, "no_password": True})
        assert (answer.status_code, answer.json()["ok"]) == (400, False)


class TestList:
    async def test_customers_come_with_their_devices(self, fleet: Fleet) -> None:
        world = fleet.world
        first, _ = await fleet.customer("first")
        world.clock.turn(1)
        second, _ = await fleet.customer("second")
        await fleet.device(1, second.id)
        await fleet.device(2, second.id)
        await fleet.device(3, world.person.id)
        body = (await world.call("GET", f"{fleet.path}/customers")).json()
        for customer in body["customers"]:
            customer["devices"].sort()
        assert body["customers"] == [
            {"id": hex_id(first.id), "full_name": None, "username": "first", "devices": []},
            {
                "id": hex_id(second.id),
                "full_name": None,
                "username": "second",
                "devices": [device_id(1), device_id(2)],
            },
        ]
        assert {(one["id"], one["owner"], one["product_id"]) for one in body["devices"]} == {
            (device_id(1), "second", 1000),
            (device_id(2), "second", 1000),
        }
        assert body["meta"]["total_pages"] == 1

    @pytest.mark.parametrize("name", ["perPage", "per_page"])
    async def test_pages(self, fleet: Fleet, name: str) -> None:
        world = fleet.world
        for number in range(30):
            await fleet.customer(f"c{number:02}")
            world.clock.turn(1)
        body = (await world.call("GET", f"{fleet.path}/customers?page=2")).json()
        assert [one["username"] for one in body["customers"]] == [f"c{number}" for number in range(25, 30)]
        assert body["meta"]["total_pages"] == 2
        body = (await world.call("GET", f"{fleet.path}/customers?page=4&{name}=8")).json()
        assert [one["username"] for one in body["customers"]] == [f"c{number}" for number in range(24, 30)]
        assert body["meta"] == {"total_pages": 4, "page": 4, "per_page": 8, "total": 30}

    async def test_none(self, fleet: Fleet) -> None:
        body = (await fleet.world.call("GET", f"{fleet.path}/customers")).json()
        assert (body["customers"], body["devices"], body["meta"]["total_pages"]) == ([], [], 1)


class TestChange:
    @pytest.mark.parametrize("name", ["c%40example.org", "C@Example.org"])
    async def test_a_new_password(self, fleet: Fleet, name: str) -> None:
        world = fleet.world
        _, token = await fleet.customer()
        answer = await world.call("PUT", f"{fleet.path}/customers/{name}", {"password": "new"})
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert (await world.call("GET", "/v1/devices", token=token)).status_code == 401
        assert await world.services.customers.log_in(fleet.product.id, "c@example.org", "new") is not None
        assert (await world.call("PUT", f"{fleet.path}/customers/{name}", {})).status_code == 400

    async def test_the_end_of_a_customer(self, fleet: Fleet) -> None:
        world = fleet.world
        customer, token = await fleet.customer()
        device = await fleet.device(1, customer.id)
        code = (await world.call("POST", "/v1/device_claims", {}, token=token)).json()["claim_code"]
        answer = await world.call("DELETE", f"{fleet.path}/customers/c@example.org")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert (await world.call("GET", "/v1/devices", token=token)).status_code == 401
        freed = await world.services.enrolment.get(device.hex_id)
        assert freed is not None
        assert (freed.space_id, freed.product_id) == ("", fleet.product.id)
        assert await world.services.claims.present(freed, code) is None

    @pytest.mark.parametrize(("method", "body"), [("PUT", {"password": "x"}), ("DELETE", None)])
    async def test_a_customer_of_another_product_is_not_there(self, fleet: Fleet, method: str, body: Any) -> None:
        rival = await fleet_of(fleet.world, "Rival")
        customer, token = await rival.customer()
        for ref in ("c@example.org", customer.id, "nobody"):
            answer = await fleet.world.call(method, f"{fleet.path}/customers/{ref}", body)
            assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Customer not found."})
        assert (await fleet.world.call("GET", "/v1/devices", token=token)).status_code == 200
