"""`POST /oauth/token`: every grant with every kind of client, each error to the letter, and what must not work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from rookery.core.otp import GUESSES, STEP
from rookery.core.records import Bearer
from rookery.particle.api.api import ApiOptions
from rookery.particle.api.login import GRANTS
from rookery.particle.api.public_clients import PUBLIC_CLIENTS
from rookery.particle.ids import hex_id
from tests.particle.api.conftest import BASE
from tests.particle.api.programs import ALIEN, BACK, EMAIL, PASSWORD, PUBLIC, Programs, programs_of

FORM = "application/x-www-form-urlencoded"
NINETY_DAYS = 7_776_000
CHALLENGE = 'Basic realm="Service"'


@pytest.fixture
async def programs() -> AsyncIterator[Programs]:
    async with programs_of() as made:
        yield made


def wrong(code: str, description: str) -> dict[str, str]:
    return {"error": code, "error_description": description}


def is_token(text: object) -> bool:
    return isinstance(text, str) and len(text) == 40 and set(text) <= set("0123456789abcdef")


NOT_A_FORM = wrong("invalid_request", "Method must be POST with application/x-www-form-urlencoded encoding")
NO_GRANT = wrong("invalid_request", "Invalid or missing grant_type parameter")
NO_ID = wrong("invalid_client", "Invalid or missing client_id parameter")
NO_SECRET = wrong("invalid_client", "Missing client_secret parameter")
WRONG_CLIENT = wrong("invalid_client", "Client credentials are invalid")
NOT_ALLOWED = wrong("invalid_client", "The grant type is unauthorised for this client_id")
NO_NAME = wrong("invalid_client", 'Missing parameters. "username" and "password" are required')
WRONG_PASSWORD = wrong("invalid_grant", "User credentials are invalid")
WRONG_OTP = wrong("invalid_grant", "Invalid OTP")
WRONG_SCOPE = wrong("invalid_scope", "Invalid scope")
WRONG_REFRESH = wrong("invalid_grant", "Invalid refresh token")
WRONG_CODE = wrong("invalid_grant", "Invalid code")

P = {"client_id": "particle", "client_secret": "particle"}
RIGHT = {"grant_type": "password", "username": EMAIL, "password": PASSWORD, **P}

CONVERSATIONS: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("nothing at all", {"method": "GET"}, NOT_A_FORM),
    ("a query is no form", {"method": "GET", "params": RIGHT}, NOT_A_FORM),
    ("PUT", {"method": "PUT", "data": RIGHT}, NOT_A_FORM),
    ("DELETE", {"method": "DELETE"}, NOT_A_FORM),
    ("JSON", {"json": RIGHT}, NOT_A_FORM),
    ("JSON that says it is text", {"content": b"{}", "headers": {"content-type": "text/plain"}}, NOT_A_FORM),
    ("multipart", {"data": RIGHT, "files": {"x": b""}}, NOT_A_FORM),
    ("a post of nothing", {"data": {}, "headers": {"content-type": FORM}}, NO_GRANT),
    ("an unknown grant", {"data": {**P, "grant_type": "please"}}, NO_GRANT),
    ("a grant in capitals", {"data": {**RIGHT, "grant_type": "PASSWORD"}}, NO_GRANT),
    ("a grant twice", {"data": {**RIGHT, "grant_type": ["password", "password"]}}, NO_GRANT),
    ("a wrong grant comes before a wrong client", {"data": {"grant_type": "x", "client_id": "!"}}, NO_GRANT),
    ("no client", {"data": {"grant_type": "password"}}, NO_ID),
    ("an id that is none", {"data": {**RIGHT, "client_id": "a b"}}, NO_ID),
    ("an id that is too short", {"data": {**RIGHT, "client_id": "ab"}}, NO_ID),
    ("an id that is too long", {"data": {**RIGHT, "client_id": "a" * 41}}, NO_ID),
    ("no secret", {"data": {"grant_type": "password", "client_id": "particle"}}, NO_SECRET),
    ("an empty secret", {"data": {**RIGHT, "client_secret": ""}}, NO_SECRET),
    ("an unknown client", {"data": {**RIGHT, "client_id": "nobody-1"}}, WRONG_CLIENT),
    ("a wrong secret", {"data": {**RIGHT, "client_secret": "spark"}}, WRONG_CLIENT),
    ("a secret in capitals", {"data": {**RIGHT, "client_secret": "PARTICLE"}}, WRONG_CLIENT),
    ("a wrong client comes before a wrong password", {"data": {"grant_type": "password", **P, "client_secret": "x"}},
     WRONG_CLIENT),
    ("Basic wins over the body", {"data": RIGHT, "auth": ("particle", "wrong")}, WRONG_CLIENT),
    ("a public client has nobody behind it", {"data": {**P, "grant_type": "client_credentials"}}, NOT_ALLOWED),
    ("nor comes from a browser", {"data": {**P, "grant_type": "authorization_code", "code": "x"}}, NOT_ALLOWED),
    ("no name", {"data": {**RIGHT, "username": ""}}, NO_NAME),
    ("no password", {"data": {**RIGHT, "password": ""}}, NO_NAME),
    ("two names", {"data": {**RIGHT, "username": [EMAIL, EMAIL]}}, NO_NAME),
    ("a wrong password", {"data": {**RIGHT, "password": PASSWORD + "!"}}, WRONG_PASSWORD),
    ("a password in capitals", {"data": {**RIGHT, "password": PASSWORD.upper()}}, WRONG_PASSWORD),
    ("nobody", {"data": {**RIGHT, "username": "nobody@rookery.test"}}, WRONG_PASSWORD),
    ("a customer is no user", {"data": {**RIGHT, "username": "kim@example.org", "password": "kims password"}},
     WRONG_PASSWORD),
    ("a person by id", {"data": {**RIGHT, "username": "%"}}, WRONG_PASSWORD),
    ("an endless password", {"data": {**RIGHT, "password": "x" * 5_000}}, WRONG_PASSWORD),
    ("NUL in a name", {"data": {**RIGHT, "username": "a\0b"}}, NO_NAME),
    ("a limit that nobody would hold", {"data": {**RIGHT, "scope": "devices:list"}}, WRONG_SCOPE),
    ("no customers here", {"data": {**RIGHT, "scope": "customer=kim@example.org"}}, WRONG_SCOPE),
    ("a negative life", {"data": {**RIGHT, "expires_in": "-1"}},
     wrong("invalid_request", "expires_in must be at least 0")),
    ("a life in words", {"data": {**RIGHT, "expires_in": "long"}},
     wrong("invalid_request", "expires_in must be a whole number")),
    ("a life that is over", {"data": {**RIGHT, "expires_at": "2024-12-31T23:59:59Z"}},
     wrong("invalid_request", "expires_at must be an ISO8601 date in the future")),
    ("an end in words", {"data": {**RIGHT, "expires_at": "tomorrow"}},
     wrong("invalid_request", "expires_at must be an ISO8601 date in the future")),
    ("no refresh token", {"data": {**P, "grant_type": "refresh_token"}},
     wrong("invalid_request", 'No "refresh_token" parameter')),
    ("an unknown refresh token", {"data": {**P, "grant_type": "refresh_token", "refresh_token": "0" * 40}},
     WRONG_REFRESH),
    ("no one-time password", {"data": {**P, "grant_type": "urn:custom:mfa-otp", "mfa_token": "x"}},
     wrong("invalid_request", "You must provide otp and mfa token.")),
    ("no mfa token", {"data": {**P, "grant_type": "urn:custom:mfa-otp", "otp": "123456"}},
     wrong("invalid_request", "You must provide otp and mfa token.")),
    ("an unknown mfa token", {"data": {**P, "grant_type": "urn:custom:mfa-otp", "mfa_token": "x", "otp": "123456"}},
     WRONG_OTP),
    ("no recovery code", {"data": {**P, "grant_type": "urn:custom:recovery-code", "mfa_token": "x"}},
     wrong("invalid_request", "You must provide recovery code and mfa token.")),
    ("an unknown mfa token with one",
     {"data": {**P, "grant_type": "urn:custom:recovery-code", "mfa_token": "x", "recovery_code": "y"}}, WRONG_OTP),
    ("a form that is no text", {"content": b"grant_type=%ff", "headers": {"content-type": FORM}},
     wrong("invalid_request", "The form is not UTF-8")),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "body"), [c[1:] for c in CONVERSATIONS], ids=[c[0] for c in CONVERSATIONS])
async def test_errors(programs: Programs, request_: dict[str, Any], body: dict[str, str]) -> None:
    answer = await programs.world.http.request(url="/oauth/token", **{"method": "POST", **request_})
    assert (answer.status_code, answer.json()) == (400, body)
    assert answer.headers.get("www-authenticate") == (CHALLENGE if body["error"] == "invalid_client" else None)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_form_that_is_too_long(programs: Programs) -> None:
    answer = await programs.log_in(password="x" * 20_000)
    assert (answer.status_code, answer.json()["ok"]) == (413, False)


class TestPassword:
    @pytest.mark.parametrize("client", PUBLIC_CLIENTS)
    async def test_each_public_client(self, programs: Programs, client: str) -> None:
        auth = (client, PUBLIC_CLIENTS[client])
        data = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
        answer = await programs.world.http.post("/oauth/token", data=data, auth=auth)
        body = answer.json()
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert list(body) == ["token_type", "access_token", "expires_in", "refresh_token"]
        assert (body["token_type"], body["expires_in"]) == ("bearer", NINETY_DAYS)
        assert is_token(body["access_token"])
        assert is_token(body["refresh_token"])
        current = await programs.world.call("GET", "/v1/access_tokens/current", token=body["access_token"])
        assert current.json()["client_id"] == client

    async def test_the_client_in_the_body_or_in_both_places(self, programs: Programs) -> None:
        for auth in (None, PUBLIC):
            more: dict[str, Any] = {"auth": auth} if auth else {}
            answer = await programs.world.http.post("/oauth/token", data=RIGHT, **more)
            assert answer.status_code == 200

    async def test_a_charset_is_no_other_type(self, programs: Programs) -> None:
        headers = {"content-type": FORM + "; charset=UTF-8"}
        content = str(httpx.QueryParams(RIGHT)).encode()
        answer = await programs.world.http.post("/oauth/token", content=content, headers=headers)
        assert answer.status_code == 200

    async def test_case_of_the_address_does_not_count(self, programs: Programs) -> None:
        assert (await programs.log_in(username=EMAIL.upper())).status_code == 200

    @pytest.mark.parametrize(
        ("asked", "granted"),
        [
            ({}, NINETY_DAYS),
            ({"expires_in": "60"}, 60),
            ({"expires_in": "null"}, NINETY_DAYS),
            ({"expires_in": ""}, NINETY_DAYS),
            ({"expires_in": "9" * 19}, 100 * 365 * 86_400),
            ({"expires_at": "2025-01-01T01:00:00.000Z"}, 3_600),
            ({"expires_at": "2025-01-01"}, None),
            ({"expires_at": "2025-01-01T02:00:00+01:00"}, 3_600),
            ({"expires_at": "2025-01-01T00:00:00.100Z"}, 1),
            ({"expires_at": "null"}, NINETY_DAYS),
            ({"expires_in": "60", "expires_at": "2025-01-01T01:00:00Z"}, 60),
        ],
    )
    async def test_a_life_as_asked(self, programs: Programs, asked: dict[str, str], granted: int | None) -> None:
        answer = await programs.log_in(**asked)
        assert (answer.json().get("expires_in"), answer.status_code) == (granted, 200 if granted else 400)

    async def test_for_ever(self, programs: Programs) -> None:
        body = (await programs.log_in(expires_in="0")).json()
        assert body == {"token_type": "bearer", "access_token": body["access_token"], "expires_in": 0}
        programs.world.clock.turn(20 * 365 * 86_400)
        current = await programs.world.call("GET", "/v1/access_tokens/current", token=body["access_token"])
        assert current.json()["expires_at"] is None

    async def test_it_ends_when_it_was_said(self, programs: Programs) -> None:
        token = (await programs.log_in(expires_in="60")).json()["access_token"]
        programs.world.clock.turn(59)
        assert (await programs.world.call("GET", "/v1/user", token=token)).status_code == 200
        programs.world.clock.turn(1)
        answer = await programs.world.call("GET", "/v1/user", token=token)
        assert answer.status_code == 401
        assert answer.json() == wrong("invalid_token", "The access token provided has expired.")

    async def test_everything_is_a_scope_that_is_echoed(self, programs: Programs) -> None:
        assert (await programs.log_in(scope="*:*")).json()["scope"] == "*:*"


GRANTED = {
    "public": {"password", "refresh_token", "urn:custom:mfa-otp", "urn:custom:recovery-code"},
    "account": {"password", "refresh_token", "urn:custom:mfa-otp", "urn:custom:recovery-code", "client_credentials"},
    "account_web": set(GRANTS),
    "account_limited": set[str](),
    "server": {"password", "refresh_token", "client_credentials"},
    "limited": {"password", "refresh_token", "client_credentials"},
    "web": {"password", "refresh_token", "client_credentials", "authorization_code"},
    "simple": {"password", "refresh_token"},
    "simple_web": {"password", "refresh_token", "authorization_code"},
}


@pytest.mark.parametrize("kind", GRANTED)
@pytest.mark.parametrize("grant", sorted(GRANTS))
async def test_which_client_may_use_which_grant(programs: Programs, kind: str, grant: str) -> None:
    answer = await programs.ask(kind, grant_type=grant)
    assert (answer.json() == NOT_ALLOWED) == (grant not in GRANTED[kind])


class TestClients:
    async def test_a_key_of_the_other_api_is_no_client(self, programs: Programs) -> None:
        key, secret = await programs.world.services.clients.create(programs.world.person.id, "script")
        data = {"grant_type": "client_credentials", "client_id": key.id, "client_secret": secret}
        answer = await programs.world.http.post("/oauth/token", data=data)
        assert (answer.status_code, answer.json()) == (400, WRONG_CLIENT)

    async def test_one_that_was_deleted_is_none(self, programs: Programs) -> None:
        await programs.world.services.oauth.delete(programs.clients["server"][0])
        answer = await programs.ask("server", grant_type="client_credentials")
        assert (answer.status_code, answer.json()) == (400, WRONG_CLIENT)

    async def test_further_public_clients_are_a_choice(self) -> None:
        data = {**RIGHT, "client_id": "my-app", "client_secret": "s3cret"}
        same = {**RIGHT, "client_id": "any-app", "client_secret": "any-app"}
        choices = [
            (ApiOptions(base_url=BASE), 400, 400),
            (ApiOptions(base_url=BASE, public_clients={"my-app": "s3cret"}), 200, 400),
            (ApiOptions(base_url=BASE, any_public_client=True), 400, 200),
        ]
        for options, first, second in choices:
            async with programs_of(options) as programs:
                statuses = [(await programs.world.http.post("/oauth/token", data=d)).status_code for d in (data, same)]
                assert statuses == [first, second]

    async def test_a_registered_client_is_not_opened_by_its_id(self) -> None:
        async with programs_of(ApiOptions(base_url=BASE, any_public_client=True)) as programs:
            client, _ = programs.clients["server"]
            data = {"grant_type": "client_credentials", "client_id": client.id, "client_secret": client.id}
            answer = await programs.world.http.post("/oauth/token", data=data)
            assert answer.status_code == 400


class TestRefresh:
    async def test_a_new_pair_for_an_old_one(self, programs: Programs) -> None:
        old = (await programs.log_in()).json()
        answer = await programs.ask(grant_type="refresh_token", refresh_token=old["refresh_token"])
        new = answer.json()
        assert answer.status_code == 200
        assert (new["token_type"], new["expires_in"]) == ("bearer", NINETY_DAYS)
        assert (await programs.world.call("GET", "/v1/user", token=new["access_token"])).status_code == 200
        assert (await programs.world.call("GET", "/v1/user", token=old["access_token"])).status_code == 401
        again = await programs.ask(grant_type="refresh_token", refresh_token=old["refresh_token"])
        assert (again.status_code, again.json()) == (400, WRONG_REFRESH)

    async def test_an_access_token_is_none(self, programs: Programs) -> None:
        token = (await programs.log_in()).json()["access_token"]
        answer = await programs.ask(grant_type="refresh_token", refresh_token=token)
        assert (answer.status_code, answer.json()) == (400, WRONG_REFRESH)

    async def test_another_client_can_not_use_it(self, programs: Programs) -> None:
        refresh = (await programs.log_in()).json()["refresh_token"]
        answer = await programs.ask("account", grant_type="refresh_token", refresh_token=refresh)
        assert (answer.status_code, answer.json()) == (400, WRONG_REFRESH)

    async def test_it_outlives_the_token_by_two_weeks(self, programs: Programs) -> None:
        first, second = [(await programs.log_in(expires_in="60")).json() for _ in range(2)]
        programs.world.clock.turn(60 + 1_209_599)
        assert (await programs.ask(grant_type="refresh_token", refresh_token=first["refresh_token"])).status_code == 200
        programs.world.clock.turn(1)
        answer = await programs.ask(grant_type="refresh_token", refresh_token=second["refresh_token"])
        assert (answer.status_code, answer.json()) == (400, wrong("invalid_grant", "Refresh token has expired"))

    async def test_a_limited_token_stays_limited(self, programs: Programs) -> None:
        old = (await programs.ask("limited", grant_type="client_credentials")).json()
        new = (await programs.ask("limited", grant_type="refresh_token", refresh_token=old["refresh_token"])).json()
        grant = await programs.world.services.tokens.check(new["access_token"])
        assert grant.principal.scopes == frozenset({"devices:list", "events:get"})


class TestClientCredentials:
    async def test_a_product_gets_a_token_of_its_own(self, programs: Programs) -> None:
        answer = await programs.ask("server", grant_type="client_credentials", expires_in="0")
        body = answer.json()
        assert (answer.status_code, body["expires_in"], "refresh_token" in body) == (200, 0, False)
        principal = (await programs.world.services.tokens.check(body["access_token"])).principal
        assert (principal.bearer, principal.product_id) == (Bearer.PRODUCT, programs.product.id)

    async def test_an_account_client_acts_for_its_owner(self, programs: Programs) -> None:
        token = (await programs.ask("account", grant_type="client_credentials")).json()["access_token"]
        assert (await programs.world.call("GET", "/v1/user", token=token)).json()["username"] == EMAIL

    @pytest.mark.parametrize(
        ("kind", "scope", "held"),
        [
            ("server", "", None),
            ("server", "*:*", None),
            ("server", "devices:list", {"devices:list"}),
            ("server", "nonsense", "refused"),
            ("limited", "", {"devices:list", "events:get"}),
            ("limited", "events:get", {"events:get"}),
            ("limited", "events:get events:send", "refused"),
            ("limited", "*:*", "refused"),
            ("limited", "none", "refused"),
            ("account", "devices:list", "refused"),
        ],
    )
    async def test_a_scope_narrows_and_never_widens(
        self, programs: Programs, kind: str, scope: str, held: set[str] | str | None
    ) -> None:
        answer = await programs.ask(kind, grant_type="client_credentials", scope=scope)
        if held == "refused":
            assert (answer.status_code, answer.json()) == (400, WRONG_SCOPE)
            return
        body = answer.json()
        assert body.get("scope", "") == scope
        scopes = (await programs.world.services.tokens.check(body["access_token"])).principal.scopes
        assert (None if scopes is None else set(scopes)) == held


class TestCustomer:
    @pytest.mark.parametrize("ref", ["kim@example.org", "KIM@example.org", "{uuid}", "{hex}"])
    async def test_a_server_gets_tokens_of_customers(self, programs: Programs, ref: str) -> None:
        ref = ref.format(uuid=programs.customer.id, hex=hex_id(programs.customer.id))
        answer = await programs.ask("server", grant_type="client_credentials", scope=f"customer={ref}", expires_in="0")
        body = answer.json()
        assert answer.status_code == 200
        assert body == {
            "token_type": "bearer",
            "access_token": body["access_token"],
            "expires_in": 0,
            "scope": f"customer={ref}",
        }
        shown = await programs.world.call("GET", "/v1/user", token=body["access_token"])
        assert shown.json()["username"] == "kim@example.org"

    @pytest.mark.parametrize("ref", ["", "nobody", "{person}", "{stranger}", EMAIL, "x" * 300, "0" * 24])
    async def test_but_of_no_one_else(self, programs: Programs, ref: str) -> None:
        services = programs.world.services
        who = await services.people.principal(programs.world.person.id)
        other = await services.products.create(who, who.person_id, name="Other", platform=6)
        stranger = await services.customers.create(other, "lee@example.org", None)
        ref = ref.format(person=programs.world.person.id, stranger=stranger.id)
        answer = await programs.ask("server", grant_type="client_credentials", scope=f"customer={ref}")
        assert (answer.status_code, answer.json()) == (400, WRONG_SCOPE)

    @pytest.mark.parametrize(
        ("kind", "body"), [("simple", NOT_ALLOWED), ("limited", WRONG_SCOPE), ("account", WRONG_SCOPE)]
    )
    async def test_not_with_these_clients(self, programs: Programs, kind: str, body: dict[str, str]) -> None:
        answer = await programs.ask(kind, grant_type="client_credentials", scope="customer=kim@example.org")
        assert (answer.status_code, answer.json()) == (400, body)

    @pytest.mark.parametrize("kind", ["server", "simple", "web", "limited"])
    async def test_they_log_in_through_clients_of_their_product(self, programs: Programs, kind: str) -> None:
        fields = {"grant_type": "password", "username": "kim@example.org", "password": "kims password"}
        answer = await programs.ask(kind, **fields)
        principal = (await programs.world.services.tokens.check(answer.json()["access_token"])).principal
        assert (principal.bearer, principal.person_id) == (Bearer.CUSTOMER, programs.customer.id)

    async def test_people_do_not_log_in_there(self, programs: Programs) -> None:
        answer = await programs.ask("server", grant_type="password", username=EMAIL, password=PASSWORD)
        assert (answer.status_code, answer.json()) == (400, WRONG_PASSWORD)


class TestSecondFactor:
    async def waiting(self, programs: Programs, **fields: Any) -> tuple[str, str, str]:
        secret, recovery = await programs.enrol()
        answer = await programs.log_in(**fields)
        body = answer.json()
        assert answer.status_code == 403
        assert body == {
            "error": "mfa_required",
            "error_description": "Multi-factor authentication required",
            "mfa_token": body["mfa_token"],
        }
        return body["mfa_token"], secret, recovery

    async def test_the_password_is_looked_at_first(self, programs: Programs) -> None:
        await programs.enrol()
        answer = await programs.log_in(password="wrong password")
        assert (answer.status_code, answer.json()) == (400, WRONG_PASSWORD)

    async def test_a_token_for_both(self, programs: Programs) -> None:
        mfa, secret, _ = await self.waiting(programs, expires_in="0", scope="*:*")
        fields = {"grant_type": "urn:custom:mfa-otp", "mfa_token": mfa, "otp": programs.code(secret)}
        answer = await programs.ask(**fields)
        body = answer.json()
        assert answer.status_code == 200
        assert (body["expires_in"], body["scope"]) == (0, "*:*")
        assert answer.headers["cache-control"] == "no-store"
        again = await programs.ask(**fields)
        assert (again.status_code, again.json()) == (400, WRONG_OTP)

    async def test_a_recovery_code_instead_once(self, programs: Programs) -> None:
        mfa, _, recovery = await self.waiting(programs)
        fields = {"grant_type": "urn:custom:recovery-code", "recovery_code": recovery}
        answer = await programs.ask(**fields, mfa_token=mfa)
        assert (answer.status_code, answer.json()["expires_in"]) == (200, NINETY_DAYS)
        mfa = (await programs.log_in()).json()["mfa_token"]
        answer = await programs.ask(**fields, mfa_token=mfa)
        assert (answer.status_code, answer.json()) == (400, WRONG_OTP)

    async def test_a_used_code_never_again(self, programs: Programs) -> None:
        first, secret, _ = await self.waiting(programs)
        second = (await programs.log_in()).json()["mfa_token"]
        fields = {"grant_type": "urn:custom:mfa-otp", "otp": programs.code(secret)}
        assert (await programs.ask(**fields, mfa_token=first)).status_code == 200
        assert (await programs.ask(**fields, mfa_token=second)).json() == WRONG_OTP
        programs.world.clock.turn(STEP)
        fields["otp"] = programs.code(secret)
        assert (await programs.ask(**fields, mfa_token=second)).status_code == 200

    async def test_five_guesses(self, programs: Programs) -> None:
        mfa, secret, _ = await self.waiting(programs)
        for _ in range(GUESSES):
            answer = await programs.ask(grant_type="urn:custom:mfa-otp", mfa_token=mfa, otp="not it")
            assert (answer.status_code, answer.json()) == (400, WRONG_OTP)
        answer = await programs.ask(grant_type="urn:custom:mfa-otp", mfa_token=mfa, otp=programs.code(secret))
        assert (answer.status_code, answer.json()) == (400, WRONG_OTP)

    async def test_only_the_client_that_asked(self, programs: Programs) -> None:
        mfa, secret, _ = await self.waiting(programs)
        fields = {"grant_type": "urn:custom:mfa-otp", "mfa_token": mfa, "otp": programs.code(secret)}
        assert (await programs.ask("account", **fields)).json() == WRONG_OTP
        assert (await programs.ask(**fields)).status_code == 200

    async def test_ten_minutes(self, programs: Programs) -> None:
        mfa, secret, _ = await self.waiting(programs)
        programs.world.clock.turn(600)
        fields = {"grant_type": "urn:custom:mfa-otp", "mfa_token": mfa, "otp": programs.code(secret)}
        assert (await programs.ask(**fields)).json() == WRONG_OTP

    async def test_refresh_and_client_credentials_do_not_ask(self, programs: Programs) -> None:
        refresh = (await programs.log_in()).json()["refresh_token"]
        await programs.enrol()
        assert (await programs.ask(grant_type="refresh_token", refresh_token=refresh)).status_code == 200
        assert (await programs.ask("account", grant_type="client_credentials")).status_code == 200

    async def test_no_other_secret_will_do(self, programs: Programs) -> None:
        _, secret, _ = await self.waiting(programs)
        services = programs.world.services
        person = await programs.person()
        client, _ = programs.clients["account_web"]
        web = await services.otp.challenge(person, client="particle", web=True)
        code = await services.oauth.code(client, Bearer.PERSON, person.id)
        for mfa in (web, code, await services.people.link(person)):
            fields = {"grant_type": "urn:custom:mfa-otp", "mfa_token": mfa, "otp": programs.code(secret)}
            assert (await programs.ask(**fields)).json() == WRONG_OTP


class TestCode:
    async def test_a_token_for_a_code_once(self, programs: Programs) -> None:
        client, _ = programs.clients["web"]
        code = await programs.world.services.oauth.code(client, Bearer.CUSTOMER, programs.customer.id)
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        answer = await programs.ask("web", **fields)
        assert (answer.status_code, answer.json()["expires_in"]) == (200, NINETY_DAYS)
        shown = await programs.world.call("GET", "/v1/user", token=answer.json()["access_token"])
        assert shown.json()["username"] == "kim@example.org"
        again = await programs.ask("web", **fields)
        assert (again.status_code, again.json()) == (400, WRONG_CODE)

    @pytest.mark.parametrize(
        ("kind", "change", "body"),
        [
            ("web", {"code": ""}, wrong("invalid_request", 'No "code" parameter')),
            ("web", {"code": "0" * 40}, WRONG_CODE),
            ("web", {"redirect_uri": BACK + "?"}, WRONG_CODE),
            ("web", {"redirect_uri": ""}, WRONG_CODE),
            ("simple_web", {}, WRONG_CODE),
            ("server", {}, NOT_ALLOWED),
        ],
    )
    async def test_what_is_wrong(
        self, programs: Programs, kind: str, change: dict[str, str], body: dict[str, str]
    ) -> None:
        client, _ = programs.clients["web"]
        code = await programs.world.services.oauth.code(client, Bearer.CUSTOMER, programs.customer.id)
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        answer = await programs.ask(kind, **fields | change)
        assert (answer.status_code, answer.json()) == (400, body)
        assert (await programs.ask("web", **fields)).status_code == 200

    async def test_thirty_seconds(self, programs: Programs) -> None:
        client, _ = programs.clients["web"]
        code = await programs.world.services.oauth.code(client, Bearer.CUSTOMER, programs.customer.id)
        programs.world.clock.turn(30)
        answer = await programs.ask("web", grant_type="authorization_code", code=code, redirect_uri=BACK)
        assert (answer.status_code, answer.json()) == (400, wrong("invalid_grant", "Code has expired"))

    async def test_a_password_link_is_no_code(self, programs: Programs) -> None:
        link = await programs.world.services.people.link(await programs.person())
        answer = await programs.ask("account_web", grant_type="authorization_code", code=link, redirect_uri=BACK)
        assert (answer.status_code, answer.json()) == (400, WRONG_CODE)
        assert await programs.world.services.people.peek(link) is not None


FAILURES: list[dict[str, Any]] = [
    {"password": "wrong password"},
    {"username": "nobody@rookery.test"},
    {"auth": ("particle", "wrong")},
    {"grant_type": "urn:custom:mfa-otp", "mfa_token": "x", "otp": "123456"},
]


class TestFailuresInARow:
    @pytest.mark.parametrize("failure", FAILURES)
    async def test_ten_close_the_door_for_half_an_hour(self, failure: dict[str, Any]) -> None:
        async with programs_of(peer=ALIEN) as programs:
            auth = failure.get("auth", PUBLIC)
            data = {"grant_type": "password", "username": EMAIL, "password": PASSWORD, **failure}
            data.pop("auth", None)
            for _ in range(10):
                assert (await programs.world.http.post("/oauth/token", data=data, auth=auth)).status_code == 400
            answer = await programs.log_in()
            assert answer.status_code == 429
            assert answer.json() == wrong("rate_limit_exceeded", "Too many requests")
            assert answer.headers["retry-after"] == "1800"
            programs.world.clock.turn(1_800)
            assert (await programs.log_in()).status_code == 200

    async def test_a_right_one_breaks_the_row(self) -> None:
        async with programs_of(peer=ALIEN) as programs:
            for _ in range(3):
                for _ in range(9):
                    await programs.log_in(password="wrong password")
                assert (await programs.log_in()).status_code == 200

    async def test_this_machine_is_never_shut_out(self, programs: Programs) -> None:
        for _ in range(12):
            await programs.log_in(password="wrong password")
        assert (await programs.log_in()).status_code == 200


async def test_tokens_are_given_out_side_by_side(programs: Programs) -> None:
    answers = await asyncio.gather(*(programs.log_in() for _ in range(20)))
    assert len({answer.json()["access_token"] for answer in answers}) == 20
