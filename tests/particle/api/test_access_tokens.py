"""Tokens listed and revoked."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest

from rookery.core.records import Bearer
from tests.particle.api.programs import ALIEN, EMAIL, PASSWORD, Programs, programs_of

ALL = "/v1/access_tokens"
CURRENT = ALL + "/current"
ME = (EMAIL, PASSWORD)
INVALID = {"error": "invalid_token", "error_description": "The access token provided is invalid."}


@pytest.fixture
async def programs() -> AsyncIterator[Programs]:
    async with programs_of() as made:
        yield made


def handle(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:40]


class TestList:
    async def test_handles_and_no_tokens(self, programs: Programs) -> None:
        world = programs.world
        world.clock.turn(1)
        made = (await programs.log_in(expires_in="3599")).json()
        answer = await world.http.get(ALL, auth=ME)
        assert answer.status_code == 200
        assert answer.json() == [
            {"token": handle(world.token), "expires_at": None, "client": "particle"},
            {"token": handle(made["access_token"]), "expires_at": "2025-01-01T01:00:00.000Z", "client": "particle"},
        ]
        for secret in (made["access_token"], made["refresh_token"], world.token):
            assert secret not in answer.text

    async def test_with_a_token_it_is_the_same(self, programs: Programs) -> None:
        world = programs.world
        assert (await world.call("GET", ALL)).json() == (await world.http.get(ALL, auth=ME)).json()

    async def test_a_handle_is_no_token(self, programs: Programs) -> None:
        listed = (await programs.world.call("GET", ALL)).json()[0]["token"]
        answer = await programs.world.call("GET", ALL, token=listed)
        assert (answer.status_code, answer.json()) == (401, INVALID)

    @pytest.mark.parametrize(
        ("auth", "status", "body"),
        [
            ((EMAIL, "wrong password"), 401, {"ok": False, "errors": ["Bad password"]}),
            (("nobody@rookery.test", PASSWORD), 400, {"ok": False, "errors": ["Unknown user"]}),
            (("kim@example.org", "kims password"), 400, {"ok": False, "errors": ["Unknown user"]}),
            (("", ""), 400, {"ok": False, "errors": ["Unknown user"]}),
        ],
    )
    async def test_wrong_credentials(
        self, programs: Programs, auth: tuple[str, str], status: int, body: dict[str, object]
    ) -> None:
        answer = await programs.world.http.get(ALL, auth=auth)
        assert (answer.status_code, answer.json()) == (status, body)

    async def test_without_any(self, programs: Programs) -> None:
        answer = await programs.world.http.get(ALL)
        assert answer.status_code == 400
        assert answer.json() == {"error": "invalid_request", "error_description": "The access token was not found"}

    async def test_with_a_second_factor(self, programs: Programs) -> None:
        secret, _ = await programs.enrol()
        http = programs.world.http
        answer = await http.get(ALL, auth=ME)
        assert (answer.status_code, answer.json()["error"]) == (403, "mfa_required")
        answer = await http.get(ALL, auth=ME, params={"otp": "000000"})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
        code = programs.code(secret)
        assert (await http.get(ALL, auth=ME, params={"otp": code})).status_code == 200
        assert (await http.get(ALL, auth=ME, params={"otp": code})).status_code == 400

    async def test_guessing_passwords_here_counts_too(self) -> None:
        async with programs_of(peer=ALIEN) as programs:
            for _ in range(10):
                await programs.world.http.get(ALL, auth=(EMAIL, "wrong password"))
            assert (await programs.world.http.get(ALL, auth=ME)).status_code == 429
            assert (await programs.log_in()).status_code == 429


class TestRevoke:
    async def dead(self, programs: Programs, token: str) -> bool:
        answer = await programs.world.call("GET", "/v1/user", token=token)
        if answer.status_code == 401:
            assert answer.json() == INVALID
        return answer.status_code == 401

    async def test_knowing_it_is_enough(self, programs: Programs) -> None:
        made = (await programs.log_in()).json()
        answer = await programs.world.http.delete(f"{ALL}/{made['access_token']}")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert await self.dead(programs, made["access_token"])
        again = await programs.ask(grant_type="refresh_token", refresh_token=made["refresh_token"])
        assert again.status_code == 400
        twice = await programs.world.http.delete(f"{ALL}/{made['access_token']}")
        assert (twice.status_code, twice.json()) == (404, {"ok": False, "error": "Token not found"})

    async def test_an_expired_one_too(self, programs: Programs) -> None:
        token = (await programs.log_in(expires_in="60")).json()["access_token"]
        programs.world.clock.turn(60)
        assert (await programs.world.http.delete(f"{ALL}/{token}")).status_code == 200

    @pytest.mark.parametrize("way", ["basic", "bearer"])
    async def test_a_handle_works_for_its_owner(self, programs: Programs, way: str) -> None:
        token = (await programs.log_in()).json()["access_token"]
        path = f"{ALL}/{handle(token).upper()}"
        http = programs.world.http
        answer = await (http.delete(path, auth=ME) if way == "basic" else programs.world.call("DELETE", path))
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert await self.dead(programs, token)

    async def test_and_for_nobody_else(self, programs: Programs) -> None:
        token = (await programs.log_in()).json()["access_token"]
        path = f"{ALL}/{handle(token)}"
        _, other = await programs.world.somebody()
        assert (await programs.world.http.delete(path)).status_code == 404
        assert (await programs.world.call("DELETE", path, token=other)).status_code == 404
        answer = await programs.world.http.delete(path, auth=(EMAIL, "wrong password"))
        assert (answer.status_code, answer.json()) == (401, {"ok": False, "errors": ["Bad password"]})
        assert not await self.dead(programs, token)

    @pytest.mark.parametrize("named", ["0" * 40, "x", "x" * 3_000, "%00", "%ff"])
    async def test_what_is_none(self, programs: Programs, named: str) -> None:
        answer = await programs.world.http.delete(f"{ALL}/{named}")
        assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Token not found"})

    async def test_a_refresh_token_is_none_either(self, programs: Programs) -> None:
        made = (await programs.log_in()).json()
        assert (await programs.world.http.delete(f"{ALL}/{made['refresh_token']}")).status_code == 404
        assert not await self.dead(programs, made["access_token"])

    async def test_all_of_ones_own(self, programs: Programs) -> None:
        _, other = await programs.world.somebody()
        first, second = [(await programs.log_in()).json()["access_token"] for _ in range(2)]
        answer = await programs.world.call("DELETE", ALL, token=first)
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert await self.dead(programs, first)
        assert await self.dead(programs, second)
        assert not await self.dead(programs, other)

    @pytest.mark.parametrize("way", ["header", "form"])
    async def test_the_one_that_asks(self, programs: Programs, way: str) -> None:
        token = (await programs.log_in()).json()["access_token"]
        if way == "header":
            answer = await programs.world.call("DELETE", CURRENT, token=token)
        else:
            answer = await programs.world.http.request("DELETE", CURRENT, data={"access_token": token})
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert await self.dead(programs, token)
        assert not await self.dead(programs, programs.world.token)

    async def test_who_listens_with_it_is_told(self, programs: Programs) -> None:
        token = (await programs.log_in()).json()["access_token"]
        await programs.world.call("DELETE", CURRENT, token=token)
        assert ("tokens", "TokenWithdrawn") in programs.world.bus.heard


class TestCurrent:
    async def test_of_a_person(self, programs: Programs) -> None:
        services = programs.world.services
        lab = await services.people.organisation("My Lab", programs.world.person)
        programs.world.clock.turn(10)
        answer = await programs.world.call("GET", CURRENT)
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "expires_at": None,
                "client": "particle",
                "client_id": "particle",
                "scopes": [],
                "orgs": [{"id": lab.id.replace("-", "")[:24], "slug": "my-lab"}],
            },
        )

    async def test_of_a_customer_and_a_product(self, programs: Programs) -> None:
        customer = await programs.world.token_of(programs.customer.id, Bearer.CUSTOMER, lifetime=60)
        product = await programs.world.token_of(programs.product.id, Bearer.PRODUCT, scope="devices:list", lifetime=0)
        first = (await programs.world.call("GET", CURRENT, token=customer)).json()
        second = (await programs.world.call("GET", CURRENT, token=product)).json()
        assert (first["expires_at"], first["scopes"], first["orgs"]) == ("2025-01-01T00:01:00.000Z", [], [])
        assert (second["expires_at"], second["scopes"], second["orgs"]) == (None, ["devices:list"], [])
        assert (await programs.world.call("DELETE", CURRENT, token=product)).status_code == 200
        assert (await programs.world.call("GET", CURRENT, token=product)).status_code == 401
