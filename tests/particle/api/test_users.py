"""Accounts: signing up, who one is, changes, a lost password, the second factor, the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pyotp
import pytest

from rookery.core.links import CODE, LOGIN, Links
from rookery.core.records import Bearer
from rookery.particle.api.api import ApiOptions
from tests.particle.api.conftest import BASE
from tests.particle.api.programs import ALIEN, EMAIL, PASSWORD, Programs, programs_of

NEW = "another password"
WRONG = {"ok": False, "error": "The current password is wrong"}
WRONG_OTP = {"error": "invalid_grant", "error_description": "Invalid OTP"}
HEX_ID = "0123456789abcdef01234567"


@pytest.fixture
async def programs() -> AsyncIterator[Programs]:
    async with programs_of() as made:
        yield made


def as_sent(way: str, body: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a request: `json` or `data`."""
    return {way: body}


class TestSigningUp:
    @pytest.fixture
    async def opened(self) -> AsyncIterator[Programs]:
        async with programs_of(ApiOptions(base_url=BASE, signup=True)) as made:
            yield made

    async def test_nobody_may_unless_the_operator_says_so(self, programs: Programs) -> None:
        body = {"username": "new@rookery.test", "password": PASSWORD}
        answer = await programs.world.http.post("/v1/users", json=body)
        assert (answer.status_code, answer.json()) == (
            403,
            {"ok": False, "errors": ["This server does not let people sign up. Ask its operator for an account."]},
        )
        assert len(await programs.world.services.people.everybody()) == 1

    @pytest.mark.parametrize("path", ["/v1/users", "/v1/users/"])
    @pytest.mark.parametrize("way", ["json", "data"])
    async def test_then_they_may(self, opened: Programs, path: str, way: str) -> None:
        info: Any = {"account_info": {"first_name": "Ada", "last_name": "L", "business_account": True}, "utm": {}}
        if way == "data":
            info = {"account_info[first_name]": "Ada", "account_info[last_name]": "L",
                    "account_info[business_account]": "1"}  # fmt: skip
        body = {"username": "new@rookery.test", "password": PASSWORD, **info}
        answer = await opened.world.http.request("POST", path, **as_sent(way, body))
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        token = (await opened.log_in(username="new@rookery.test")).json()["access_token"]
        shown = (await opened.world.call("GET", "/v1/user", token=token)).json()
        assert shown["username"] == "new@rookery.test"
        assert shown["account_info"] == {
            "first_name": "Ada",
            "last_name": "L",
            "company_name": "",
            "business_account": True,
        }

    @pytest.mark.parametrize(
        ("body", "errors"),
        [
            ({}, ["username and password are required"]),
            ({"username": "a@b.c"}, ["username and password are required"]),
            ({"username": EMAIL.upper(), "password": PASSWORD}, ["username already in use"]),
            ({"username": "no address", "password": PASSWORD}, ["'no address' is not an e-mail address."]),
            ({"username": "a@b.c", "password": "short"}, ["A password has at least 10 characters."]),
        ],
    )
    async def test_what_can_not_be_used(self, opened: Programs, body: dict[str, str], errors: list[str]) -> None:
        answer = await opened.world.http.post("/v1/users", json=body)
        assert (answer.status_code, answer.json()) == (400, {"ok": False, "errors": errors})


class TestShown:
    async def test_a_person(self, programs: Programs) -> None:
        answer = await programs.world.call("GET", "/v1/user")
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "username": EMAIL,
                "subscription_ids": [],
                "account_info": {"first_name": "", "last_name": "", "company_name": "", "business_account": False},
                "mfa": {"enabled": False},
                "scim_provisioned": False,
                "no_password": False,
                "wifi_device_count": 0,
                "cellular_device_count": 0,
                "tos": 1,
                "memberships": [],
            },
        )

    async def test_what_they_own_and_what_is_on(self, programs: Programs) -> None:
        services, person = programs.world.services, programs.world.person
        for number, platform in enumerate((6, 13, 26, None)):
            hex_id = f"{number:024x}"
            owned = {"space_id": person.id, "person_id": person.id, "platform": platform}
            await services.enrolment.enrol(hex_id, "particle", "board", **owned)
        await programs.enrol()
        shown = (await programs.world.call("GET", "/v1/user")).json()
        assert (shown["wifi_device_count"], shown["cellular_device_count"]) == (1, 2)
        assert shown["mfa"] == {"enabled": True}

    async def test_a_customer(self, programs: Programs) -> None:
        token = await programs.world.token_of(programs.customer.id, Bearer.CUSTOMER)
        shown = (await programs.world.call("GET", "/v1/user", token=token)).json()
        assert (shown["username"], shown["no_password"]) == ("kim@example.org", False)

    async def test_for_the_statistics_of_the_command_line_tool(self, programs: Programs) -> None:
        answer = await programs.world.call("GET", "/v1/user/identify?tracking=1")
        id = programs.world.person.id.replace("-", "")[:24]
        assert (answer.status_code, answer.json()) == (200, {"id": id, "email": EMAIL})

    async def test_somebody_who_is_gone(self, programs: Programs) -> None:
        assert (await programs.world.call("GET", "/v1/user")).status_code == 200
        await programs.world.services.products.delete(programs.product, force=True)
        await programs.world.services.accounts.delete(await programs.person())
        for method, path in (("GET", "/v1/user"), ("GET", "/v1/access_tokens"), ("PUT", "/v1/user")):
            answer = await programs.world.call(method, path)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


class TestChanges:
    async def test_of_names(self, programs: Programs) -> None:
        info = {"account_info": {"first_name": "Ada", "company_name": "Engines"}}
        answer = await programs.world.call("PUT", "/v1/user", info)
        assert answer.json()["account_info"] == {
            "first_name": "Ada",
            "last_name": "",
            "company_name": "Engines",
            "business_account": False,
        }
        answer = await programs.world.call("PUT", "/v1/user", {"account_info": {"last_name": "L"}})
        assert answer.json()["account_info"]["first_name"] == "Ada"

    async def test_of_the_address(self, programs: Programs) -> None:
        await programs.world.somebody("taken@rookery.test")
        ask = {"username": "new@rookery.test", "current_password": PASSWORD}
        answer = await programs.world.call("PUT", "/v1/user", ask)
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "message": "User's username updated."})
        assert (await programs.log_in(username="new@rookery.test")).status_code == 200
        assert (await programs.log_in()).status_code == 400
        answer = await programs.world.call("PUT", "/v1/user", {**ask, "username": "taken@rookery.test"})
        assert (answer.status_code, answer.json()) == (400, {"ok": False, "errors": ["username already in use"]})

    async def test_of_the_password(self, programs: Programs) -> None:
        other = (await programs.log_in()).json()["access_token"]
        answer = await programs.world.call("PUT", "/v1/user", {"password": NEW, "current_password": PASSWORD})
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "message": "User's password updated."})
        assert (await programs.log_in()).status_code == 400
        assert (await programs.log_in(password=NEW)).status_code == 200
        assert (await programs.world.call("GET", "/v1/user", token=other)).status_code == 200

    async def test_others_end_when_asked(self, programs: Programs) -> None:
        other = (await programs.log_in()).json()["access_token"]
        ask = {"password": NEW, "current_password": PASSWORD, "invalidate_tokens": True}
        assert (await programs.world.call("PUT", "/v1/user", ask)).status_code == 200
        assert (await programs.world.call("GET", "/v1/user", token=other)).status_code == 401
        assert (await programs.world.call("GET", "/v1/user")).status_code == 200

    BAD: ClassVar[list[tuple[dict[str, Any], str]]] = [
        ({}, "account_info, username or password is required"),
        ({"username": "new@rookery.test"}, "current_password is required"),
        ({"password": NEW}, "current_password is required"),
        ({"password": NEW, "current_password": "wrong"}, "The current password is wrong"),
        ({"username": "new@rookery.test", "current_password": NEW}, "The current password is wrong"),
        ({"password": "short", "current_password": PASSWORD}, "A password has at least 10 characters."),
        ({"username": "none", "current_password": PASSWORD}, "'none' is not an e-mail address."),
        ({"account_info": "me"}, "account_info must be an object"),
        ({"account_info": {"first_name": "x" * 201}}, "first_name must have at most 200 characters"),
        ({"account_info": {"business_account": "maybe"}}, "business_account must be true or false"),
        ({"username": "new@rookery.test", "password": "short", "current_password": PASSWORD},
         "A password has at least 10 characters."),
    ]  # fmt: skip

    @pytest.mark.parametrize(("body", "error"), BAD)
    async def test_what_is_refused_changes_nothing(self, programs: Programs, body: dict[str, Any], error: str) -> None:
        before = await programs.person()
        answer = await programs.world.call("PUT", "/v1/user", body)
        assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": error})
        assert await programs.person() == before

    async def test_a_token_alone_does_not_guess_the_password(self) -> None:
        async with programs_of(peer=ALIEN) as programs:
            ask = {"password": NEW, "current_password": "wrong"}
            for _ in range(10):
                assert (await programs.world.call("PUT", "/v1/user", ask)).status_code == 400
            assert (await programs.world.call("PUT", "/v1/user", ask)).status_code == 429


class TestTheEnd:
    async def test_with_the_password(self, programs: Programs) -> None:
        world = programs.world
        services, person = world.services, world.person
        await services.products.delete(programs.product, force=True)
        owned = {"space_id": person.id, "person_id": person.id, "platform": 6}
        await services.enrolment.enrol(HEX_ID, "particle", "photon", **owned)
        account = programs.auth("account")
        answer = await world.call("DELETE", "/v1/user", {"password": PASSWORD})
        assert (answer.status_code, answer.json()) == (
            200,
            {"ok": True, "message": "User's account has been deleted."},
        )
        assert (await world.call("GET", "/v1/user")).status_code == 401
        assert (await programs.log_in()).status_code == 400
        fields = {"grant_type": "client_credentials"}
        assert (await world.http.post("/oauth/token", data=fields, auth=account)).status_code == 400
        board = await services.enrolment.get(HEX_ID)
        assert board is not None
        assert board.space_id == ""

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            ({}, "password is required"),
            ({"password": NEW}, "The current password is wrong"),
            ({"password": PASSWORD}, f"{EMAIL} still owns 1 products. Delete them first."),
        ],
    )
    async def test_what_stands_in_the_way(self, programs: Programs, body: dict[str, str], error: str) -> None:
        answer = await programs.world.call("DELETE", "/v1/user", body)
        assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": error})
        assert (await programs.log_in()).status_code == 200


RESET = "/v1/user/password-reset"


class TestLostPassword:
    async def test_everybody_hears_the_same(self, programs: Programs) -> None:
        for username in (EMAIL, "nobody@rookery.test", "no address"):
            answer = await programs.world.http.post(RESET, json={"username": username})
            assert (answer.status_code, answer.json()) == (200, {"ok": True, "message": "Password reset email sent."})

    async def test_asking_ends_no_link(self, programs: Programs) -> None:
        link = await programs.world.services.people.link(await programs.person())
        await programs.world.http.post(RESET, json={"username": EMAIL})
        assert await programs.world.services.people.peek(link) is not None

    async def test_the_operators_link_sets_a_password_once(self, programs: Programs) -> None:
        link = await programs.world.services.people.link(await programs.person())
        for status in (200, 404):
            answer = await programs.world.http.put(RESET, json={"token": link, "password": NEW})
            assert answer.status_code == status
        assert answer.json() == {
            "ok": False,
            "error": "This link has been used or has expired. Make a new one with `rookery user link`.",
        }
        assert (await programs.log_in(password=NEW)).status_code == 200

    async def test_a_bad_password_leaves_it_alive(self, programs: Programs) -> None:
        link = await programs.world.services.people.link(await programs.person())
        answer = await programs.world.http.put(RESET, json={"token": link, "password": "short"})
        assert (answer.status_code, answer.json()["error"]) == (400, "A password has at least 10 characters.")
        assert (await programs.world.http.put(RESET, json={"token": link, "password": NEW})).status_code == 200

    async def test_no_other_secret_will_do(self, programs: Programs) -> None:
        services, person = programs.world.services, await programs.person()
        links = Links(services.catalog, services.ids, services.clock)
        others = [
            (await services.otp.begin(person)).token,
            await links.make(LOGIN, person.id, 600),
            await links.make(CODE, person.id, 600),
            programs.world.token,
            "x" * 43,
        ]
        for token in others:
            answer = await programs.world.http.put(RESET, json={"token": token, "password": NEW})
            assert answer.status_code == 404
        assert (await programs.log_in()).status_code == 200

    @pytest.mark.parametrize("body", [{}, {"token": "x"}, {"password": NEW}])
    async def test_what_is_missing(self, programs: Programs, body: dict[str, str]) -> None:
        answer = await programs.world.http.put(RESET, json=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "token and password are required")
        assert (await programs.world.http.post(RESET, json={})).json()["error"] == "username is required"


class TestSecondFactor:
    async def begun(self, programs: Programs) -> dict[str, str]:
        answer = await programs.world.call("GET", "/v1/user/mfa-enable")
        assert answer.status_code == 200
        body: dict[str, str] = answer.json()
        assert set(body) == {"mfa_token", "qr_url", "secret"}
        return body

    async def test_on_used_off(self, programs: Programs) -> None:
        begun = await self.begun(programs)
        assert begun["qr_url"].startswith("otpauth://totp/Rookery:owner%40rookery.test?secret=" + begun["secret"])
        confirm = {"mfa_token": begun["mfa_token"], "otp": programs.code(begun["secret"])}
        answer = await programs.world.call("POST", "/v1/user/mfa-enable", confirm)
        recovery = answer.json()["recovery_code"]
        assert (answer.status_code, answer.json()) == (
            200,
            {"ok": True, "enrolled": True, "recovery_code": recovery},
        )
        assert (await programs.log_in()).status_code == 403
        assert (await programs.world.call("GET", "/v1/user")).status_code == 200
        answer = await programs.world.call("PUT", "/v1/user/mfa-disable", {"current_password": "wrong"})
        assert (answer.status_code, answer.json()) == (400, WRONG)
        answer = await programs.world.call("PUT", "/v1/user/mfa-disable", {"current_password": PASSWORD})
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert (await programs.log_in()).status_code == 200

    async def test_others_end_when_asked(self, programs: Programs) -> None:
        other = (await programs.log_in()).json()["access_token"]
        begun = await self.begun(programs)
        confirm = {"mfa_token": begun["mfa_token"], "otp": programs.code(begun["secret"]), "invalidate_tokens": True}
        assert (await programs.world.call("POST", "/v1/user/mfa-enable", confirm)).status_code == 200
        assert (await programs.world.call("GET", "/v1/user", token=other)).status_code == 401
        assert (await programs.world.call("GET", "/v1/user")).status_code == 200

    async def test_a_wrong_code(self, programs: Programs) -> None:
        begun = await self.begun(programs)
        confirm = {"mfa_token": begun["mfa_token"], "otp": "no"}
        answer = await programs.world.call("POST", "/v1/user/mfa-enable", confirm)
        assert (answer.status_code, answer.json()) == (400, WRONG_OTP)
        answer = await programs.world.call("POST", "/v1/user/mfa-enable", {"mfa_token": "x", "otp": "123456"})
        assert (answer.status_code, answer.json()) == (400, WRONG_OTP)
        answer = await programs.world.call("POST", "/v1/user/mfa-enable", {"otp": "123456"})
        assert (answer.status_code, answer.json()["error"]) == (400, "mfa_token and otp are required")

    async def test_a_number_in_json_is_a_code(self, programs: Programs) -> None:
        begun = await self.begun(programs)
        while programs.code(begun["secret"]).startswith("0"):
            programs.world.clock.turn(30)
        confirm = {"mfa_token": begun["mfa_token"], "otp": int(programs.code(begun["secret"]))}
        assert (await programs.world.call("POST", "/v1/user/mfa-enable", confirm)).status_code == 200

    async def test_twice(self, programs: Programs) -> None:
        await programs.enrol()
        answer = await programs.world.call("GET", "/v1/user/mfa-enable")
        assert (answer.status_code, answer.json()["error"]) == (400, "One-time passwords are on already.")

    async def test_the_seed_of_a_person_opens_nobody_elses(self, programs: Programs) -> None:
        begun = await self.begun(programs)
        _, other = await programs.world.somebody()
        confirm = {"mfa_token": begun["mfa_token"], "otp": pyotp.TOTP(begun["secret"]).at(0)}
        answer = await programs.world.call("POST", "/v1/user/mfa-enable", confirm, token=other)
        assert (answer.status_code, answer.json()) == (400, WRONG_OTP)
