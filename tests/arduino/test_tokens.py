"""Access tokens: what is in them, when they work, and what a guesser waits for."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64decode, urlsafe_b64decode
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino import tokens as tokens_file
from rookery.arduino.tokens import Refused, Tokens, plain_base64_json
from rookery.core.clock import SECOND
from rookery.core.errors import NotFound
from rookery.core.guessing import Failures
from rookery.core.records import Client, Person, Role
from tests.arduino.api.conftest import BASE, TestKey
from tests.fakes import START, ManualClock, memory_services


class Bench:
    """A token service over memory, with one person and one key."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.services = memory_services(clock=self.clock)
        self.tokens = Tokens(self.services, TestKey(), BASE)

    async def begin(self) -> Bench:
        self.person: Person = await self.services.people.create("owner@rookery.test")
        key, self.secret = await self.services.clients.create(self.person.id, "test")
        self.key: Client = key
        return self

    async def token(self, audience: str = "https://api2.arduino.cc/iot", organisation: str | None = None) -> str:
        return (await self.tokens.grant(self.key.id, self.secret, audience, organisation)).token


@pytest.fixture
async def bench() -> Bench:
    return await Bench().begin()


def claims_of(token: str) -> dict[str, Any]:
    """What a client reads out of a token without checking it."""
    payload = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


async def test_claims_that_clients_read(bench: Bench) -> None:
    token = await bench.token()
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "typ": "JWT", "kid": "test"}
    claims = claims_of(token)
    assert claims["http://arduino.cc/id"] == bench.person.id
    assert claims["iss"] == BASE
    assert claims["sub"] == f"{bench.key.id}@clients"
    assert claims["aud"] == "https://api2.arduino.cc/iot"
    assert claims["azp"] == bench.key.id
    assert claims["gty"] == "client-credentials"
    assert claims["iat"] == START // SECOND
    assert claims["exp"] - claims["iat"] == 300
    assert set(claims["scope"].split()) == {"iot:devices", "iot:things"}
    assert not any("organization" in name for name in claims)
    assert bench.secret not in str(claims)


async def test_anybody_with_the_public_key_can_check_it(bench: Bench) -> None:
    token = await bench.token("mine")
    public = TestKey().token_key.public_key()
    checked = jwt.decode(token, public, algorithms=["ES256"], audience="mine", options={"verify_exp": False})
    assert checked["azp"] == bench.key.id


@pytest.mark.parametrize("audience", ["", "a?b>c~", "???>>>~~~", "\x7f", "ü", "😀", "https://x/?q=~", '"\\'])
async def test_the_payload_is_plain_base64_whatever_the_audience(bench: Bench, audience: str) -> None:
    payload = (await bench.token(audience)).split(".")[1]
    assert not set("-_") & set(payload)
    assert json.loads(b64decode(payload + "=" * (-len(payload) % 4)))["aud"] == audience


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans()))
def test_any_claims_survive_their_plain_form(claims: dict[str, Any]) -> None:
    raw = plain_base64_json(claims)
    assert json.loads(raw) == claims
    assert raw.isascii()
    assert not set(b">?~\x7f") & set(raw)


async def test_verify_says_whose_it_is_until_it_expires(bench: Bench) -> None:
    token = await bench.token()
    claims = await bench.tokens.verify(token)
    assert claims is not None
    assert claims.person_id == bench.person.id
    assert claims.client_id == bench.key.id
    assert claims.organisation_id is None
    bench.clock.turn(299)
    assert await bench.tokens.verify(token) == claims
    bench.clock.turn(1)
    assert await bench.tokens.verify(token) is None
    assert await bench.tokens.verify(token) is None


@pytest.mark.parametrize(
    "broken",
    [
        lambda token: "",
        lambda token: "a.b.c",
        lambda token: token[:-4] + "AAAA",
        lambda token: token + ".x",
        lambda token: "x" + token,
        lambda token: ".".join([token.split(".")[0], token.split(".")[1][:-2] + "xx", token.split(".")[2]]),
        lambda token: token.rsplit(".", 1)[0] + ".",
        lambda token: token * 20,
        lambda token: "\udcff" + token,
        lambda token: "ü.ü.ü",
    ],
)
async def test_what_is_not_ours_says_nothing(bench: Bench, broken: Any) -> None:
    assert await bench.tokens.verify(broken(await bench.token())) is None


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_no_other_algorithm_is_believed(bench: Bench, algorithm: str) -> None:
    claims = claims_of(await bench.token())
    forged = jwt.encode(claims, "" if algorithm == "none" else "k" * 32, algorithm=algorithm)
    assert await bench.tokens.verify(forged) is None


async def test_a_token_of_ours_without_our_claims_says_nothing(bench: Bench) -> None:
    for claims in ({}, {"azp": "x"}, {"http://arduino.cc/id": 1, "azp": 2, "exp": "soon", "key_version": ""}):
        foreign = jwt.encode(claims, TestKey().token_key, algorithm="ES256")
        assert await bench.tokens.verify(foreign) is None


async def test_a_key_that_is_turned_off_changed_or_deleted_takes_its_tokens_along(bench: Bench) -> None:
    clients = bench.services.clients
    token = await bench.token()
    assert await bench.tokens.verify(token)
    off = await clients.change(await clients.owned(bench.person.id, bench.key.id), enabled=False)
    assert await bench.tokens.verify(token) is None
    on = await clients.change(off, enabled=True)
    assert await bench.tokens.verify(token)
    rotated, bench.secret = await clients.rotate(on)
    assert await bench.tokens.verify(token) is None
    token = await bench.token()
    assert await bench.tokens.verify(token)
    await clients.delete(rotated)
    assert await bench.tokens.verify(token) is None


async def test_a_second_check_asks_nobody(bench: Bench) -> None:
    token = await bench.token()
    claims = await bench.tokens.verify(token)
    assert claims is not None
    await bench.tokens.principal(claims)
    catalog: Any = bench.services.catalog
    before = catalog.reads
    for _ in range(10):
        claims = await bench.tokens.verify(token)
        assert claims is not None
        assert (await bench.tokens.principal(claims)).person_id == bench.person.id
    assert catalog.reads == before


async def test_remembered_tokens_and_principals_are_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_file, "CHECKED_TOKENS", 3)
    monkeypatch.setattr(tokens_file, "PRINCIPALS", 2)
    tokens = []
    for _ in range(6):
        bench.clock.turn(1)
        tokens.append(await bench.token())
    for token in tokens:
        assert await bench.tokens.verify(token)
    for name in "abcd":
        claims = await bench.tokens.verify(tokens[0])
        assert claims is not None
        await bench.tokens.principal(claims._replace(client_id=name))
    assert len(bench.tokens._checked) == 3
    assert len(bench.tokens._principals) == 2
    assert await bench.tokens.verify(tokens[0])


async def test_the_organisation_of_the_token_and_of_the_request(bench: Bench) -> None:
    farm = await bench.services.people.organisation("Farm", bench.person)
    club = await bench.services.people.organisation("Club", bench.person)
    token = await bench.token(organisation=farm.id)
    assert claims_of(token)["http://arduino.cc/organization_id"] == farm.id
    claims = await bench.tokens.verify(token)
    assert claims is not None
    assert (await bench.tokens.principal(claims)).space_id == farm.id
    assert (await bench.tokens.principal(claims, club.id)).space_id == club.id
    with pytest.raises(NotFound):
        await bench.token(organisation=bench.key.id)


async def test_a_change_of_membership_is_noticed_soon(bench: Bench) -> None:
    other = await bench.services.people.create("other@rookery.test")
    farm = await bench.services.people.organisation("Farm", other)
    await bench.services.people.join(farm.id, bench.person.id, Role.EDITOR)
    claims = await bench.tokens.verify(await bench.token(organisation=farm.id))
    assert claims is not None
    assert (await bench.tokens.principal(claims)).roles[farm.id] is Role.EDITOR
    await bench.services.people.join(farm.id, bench.person.id, Role.VIEWER)
    bench.clock.turn(tokens_file.PRINCIPAL_AGE)
    assert (await bench.tokens.principal(claims)).roles[farm.id] is Role.VIEWER


async def test_log_in_for_connections(bench: Bench) -> None:
    token = await bench.token()
    principal = await bench.tokens.log_in(token)
    assert principal is not None
    assert (principal.person_id, principal.client_id) == (bench.person.id, bench.key.id)
    assert await bench.tokens.log_in(token + "x") is None
    await bench.services.people.delete(bench.person)
    bench.clock.turn(tokens_file.PRINCIPAL_AGE)
    assert await bench.tokens.log_in(token) is None
    with pytest.raises(Refused):
        await bench.token()


async def test_wrong_secrets_are_refused_and_guessing_gets_slow(bench: Bench) -> None:
    async def guess() -> None:
        with pytest.raises(Refused):
            await bench.tokens.grant(bench.key.id, "wrong", "any", None, "10.0.0.1")

    for _ in range(Failures.FREE):
        await guess()
    assert bench.clock.waiting == 0
    late = asyncio.create_task(guess())
    await asyncio.sleep(0)
    assert not late.done()
    # Whoever knows the secret is not kept waiting, not even at the same address.
    assert (await bench.tokens.grant(bench.key.id, bench.secret, "any", None, "10.0.0.2")).token
    bench.clock.turn(Failures.LONGEST)
    await late
    assert (await bench.tokens.grant(bench.key.id, bench.secret, "any", None, "10.0.0.1")).token
    await guess()


async def test_failures_are_forgotten_and_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = Failures(bench.services.clock)
    for _ in range(Failures.FREE):
        await failures.add("a")
    bench.clock.turn(Failures.FORGET + 1)
    await failures.add("a")
    monkeypatch.setattr(Failures, "KEPT", 5)
    for number in range(20):
        await failures.add(str(number))
    assert len(failures._counts) <= 6
    monkeypatch.setattr(Failures, "WAITING", 0)
    for _ in range(Failures.FREE + 5):
        await failures.add("b")
    assert bench.clock.waiting == 0


async def test_ids_and_secrets_have_the_lengths_that_the_cli_checks(bench: Bench) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]{32}", bench.key.id)
    assert re.fullmatch(r"[A-Za-z0-9]{64}", bench.secret)
