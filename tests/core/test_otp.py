"""One-time passwords: on, used once, guessed at, recovered, off."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pyotp
import pytest

from rookery.core.clock import SECOND
from rookery.core.errors import Invalid, NotFound, Precondition
from rookery.core.ids import Identifiers
from rookery.core.links import Links
from rookery.core.otp import ENROLMENT_LIFETIME, GUESSES, LOGIN_LIFETIME, PAUSE, ROW, STEP, OneTimePasswords
from rookery.core.records import Person
from rookery.core.secrets import Sealed
from rookery.core.services import Services
from tests.fakes import START, ManualClock, MemoryCatalog, memory_services

PASSWORD = "correct horse battery"


@dataclass
class World:
    """A person whose authenticator is set up."""

    services: Services
    clock: ManualClock
    person_id: str
    secret: str
    recovery: str

    def code(self, steps: int = 0) -> str:
        """What the authenticator shows, so many steps from now."""
        return str(pyotp.TOTP(self.secret).generate_otp(self.clock.now() // (STEP * SECOND) + steps))

    def wrong(self) -> str:
        """A code that it shows neither now nor next to now."""
        near = {self.code(steps) for steps in range(-2, 3)}
        return next(code for number in range(10) if (code := f"{number:06}") not in near)

    async def person(self) -> Person:
        """As it is now."""
        return await self.services.people.find(self.person_id)


async def enrolled() -> World:
    clock = ManualClock()
    services = memory_services(clock=clock)
    ada = await services.people.create("ada@example.org", password=PASSWORD)
    pending = await services.otp.begin(ada)
    world = World(services, clock, ada.id, pending.secret, "")
    world.recovery = await services.otp.confirm(ada, pending.token, world.code())
    clock.turn(STEP)
    return world


RFC_6238 = [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
"""Appendix B, the last six of the eight digits."""


@pytest.mark.parametrize(("seconds", "code"), RFC_6238)
async def test_the_vectors_of_the_standard(seconds: int, code: str) -> None:
    clock, catalog = ManualClock(seconds * SECOND), MemoryCatalog()
    ids = Identifiers(lambda count: (b"12345678901234567890" * count)[:count])
    otp = OneTimePasswords(catalog, Links(catalog, ids, clock), Sealed(b"p" * 16, ids.bytes), ids, clock)
    ada = await memory_services(clock=clock).people.create("ada@example.org")
    pending = await otp.begin(ada)
    with pytest.raises(Invalid):
        await otp.confirm(ada, pending.token, "000000")
    with pytest.raises(Precondition, match="changed in between"):
        # Right; but this person is in no catalog.
        await otp.confirm(ada, pending.token, code)


async def test_an_authenticator_is_told_all_it_needs() -> None:
    services = memory_services()
    pending = await services.otp.begin(await services.people.create("ada@example.org"))
    parsed = pyotp.parse_uri(pending.address)
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.name, parsed.issuer) == (pending.secret, "ada@example.org", "Rookery")
    assert (parsed.digits, parsed.interval, len(parsed.byte_secret())) == (6, 30, 20)


async def test_nothing_that_can_be_read_is_kept() -> None:
    world = await enrolled()
    person = await world.person()
    seed = pyotp.TOTP(world.secret).byte_secret()
    assert person.otp_secret is not None
    assert seed not in person.otp_secret
    assert person.recovery_hash is not None
    assert len(person.recovery_hash) == 32


@pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_codes_of_now_and_beside_now(steps: int, accepted: bool) -> None:
    world = await enrolled()
    world.clock.turn(5 * STEP)
    assert await world.services.otp.check(await world.person(), world.code(steps)) is accepted


async def test_a_code_works_once() -> None:
    world = await enrolled()
    code = world.code()
    assert await world.services.otp.check(await world.person(), code) is True
    assert await world.services.otp.check(await world.person(), code) is False


async def test_an_older_code_does_not_work_after_a_newer_one() -> None:
    world = await enrolled()
    world.clock.turn(5 * STEP)
    before, now = world.code(-1), world.code()
    assert await world.services.otp.check(await world.person(), now) is True
    assert await world.services.otp.check(await world.person(), before) is False


async def test_the_code_that_turned_it_on_is_used() -> None:
    world = await enrolled()
    assert await world.services.otp.check(await world.person(), world.code(-1)) is False


async def test_of_two_at_once_with_one_code_one_gets_in() -> None:
    world = await enrolled()
    person, code = await world.person(), world.code()
    check = world.services.otp.check
    assert sorted(await asyncio.gather(check(person, code), check(person, code))) == [False, True]


async def test_a_change_of_the_person_in_between_does_not_refuse_a_code() -> None:
    world = await enrolled()
    stale = await world.person()
    await world.services.people.set_profile(stale, {"first_name": "Ada"})
    assert await world.services.otp.check(stale, world.code()) is True


@pytest.mark.parametrize("text", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "9" * 10_000])
async def test_what_is_no_code(text: str) -> None:
    world = await enrolled()
    assert await world.services.otp.check(await world.person(), text) is False


async def test_a_code_may_be_typed_in_groups() -> None:
    world = await enrolled()
    code = world.code()
    assert await world.services.otp.check(await world.person(), f" {code[:3]} {code[3:]} ") is True


class TestTurningOn:
    async def test_twice_is_refused(self) -> None:
        world = await enrolled()
        with pytest.raises(Precondition):
            await world.services.otp.begin(await world.person())

    async def test_it_takes_the_one_who_began(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org")
        bob = await services.people.create("bob@example.org")
        pending = await services.otp.begin(ada)
        with pytest.raises(NotFound):
            await services.otp.confirm(bob, pending.token, pyotp.TOTP(pending.secret).at(START // SECOND))

    async def test_it_takes_ten_minutes_at_most(self) -> None:
        clock = ManualClock()
        services = memory_services(clock=clock)
        ada = await services.people.create("ada@example.org")
        pending = await services.otp.begin(ada)
        clock.turn(ENROLMENT_LIFETIME)
        with pytest.raises(NotFound):
            await services.otp.confirm(ada, pending.token, pyotp.TOTP(pending.secret).at(clock.now() // SECOND))

    async def test_a_wrong_code_may_be_followed_by_the_right_one(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org")
        pending = await services.otp.begin(ada)
        with pytest.raises(Invalid):
            await services.otp.confirm(ada, pending.token, "")
        assert await services.otp.confirm(ada, pending.token, pyotp.TOTP(pending.secret).at(START // SECOND))


class TestRecovery:
    async def test_it_works_once_and_the_second_factor_stays(self) -> None:
        world = await enrolled()
        otp = world.services.otp
        assert await otp.recover(await world.person(), world.recovery) is True
        assert await otp.recover(await world.person(), world.recovery) is False
        assert (await world.person()).otp_secret is not None

    @pytest.mark.parametrize("typed", [str.upper, lambda text: text.replace("-", " "), lambda text: f" {text}\n"])
    async def test_it_may_be_typed_as_people_do(self, typed: object) -> None:
        world = await enrolled()
        assert callable(typed)
        assert await world.services.otp.recover(await world.person(), typed(world.recovery)) is True

    async def test_it_is_no_code_and_a_code_is_none(self) -> None:
        world = await enrolled()
        assert await world.services.otp.check(await world.person(), world.recovery) is False
        assert await world.services.otp.recover(await world.person(), world.code()) is False
        assert await world.services.otp.recover(await world.person(), "") is False


class TestLogin:
    async def test_it_comes_back_with_what_was_asked(self) -> None:
        world = await enrolled()
        token = await world.services.otp.challenge(await world.person(), client="cli", lifetime=0)
        login = await world.services.otp.answer(token, code=world.code(), client="cli")
        assert login is not None
        assert (login.person.id, login.details["lifetime"]) == (world.person_id, 0)
        world.clock.turn(STEP)
        assert await world.services.otp.answer(token, code=world.code(), client="cli") is None

    async def test_another_client_can_not_finish_it(self) -> None:
        world = await enrolled()
        token = await world.services.otp.challenge(await world.person(), client="cli")
        assert await world.services.otp.answer(token, code=world.code(), client="other") is None
        assert await world.services.otp.answer(token, code=world.code(), client="cli") is not None

    async def test_it_ends_after_five_wrong_guesses(self) -> None:
        world = await enrolled()
        token = await world.services.otp.challenge(await world.person())
        for _ in range(GUESSES):
            assert await world.services.otp.answer(token, code=world.wrong()) is None
        assert await world.services.otp.answer(token, code=world.code()) is None
        again = await world.services.otp.challenge(await world.person())
        assert await world.services.otp.answer(again, code=world.code()) is not None

    async def test_the_fifth_guess_may_be_right(self) -> None:
        world = await enrolled()
        token = await world.services.otp.challenge(await world.person())
        for _ in range(GUESSES - 1):
            assert await world.services.otp.answer(token, recovery="wrong") is None
        assert await world.services.otp.answer(token, recovery=world.recovery) is not None

    async def test_many_guesses_at_once_are_not_more_guesses(self) -> None:
        world = await enrolled()
        token = await world.services.otp.challenge(await world.person())
        guesses = [world.services.otp.answer(token, code=world.wrong()) for _ in range(50)]
        assert await asyncio.gather(*guesses) == [None] * 50
        assert await world.services.otp.check(await world.person(), world.code()) is True

    async def test_it_ends_after_ten_minutes(self) -> None:
        world = await enrolled()
        token = await world.services.otp.challenge(await world.person())
        world.clock.turn(LOGIN_LIFETIME)
        assert await world.services.otp.answer(token, code=world.code()) is None

    async def test_a_new_password_ends_it(self) -> None:
        world = await enrolled()
        token = await world.services.otp.challenge(await world.person())
        await world.services.people.set_password(await world.person(), "another password")
        assert await world.services.otp.answer(token, code=world.code()) is None

    async def test_beginning_again_and_again_gives_no_more_guesses(self) -> None:
        world = await enrolled()
        for number in range(ROW):
            token = await world.services.otp.challenge(await world.person())
            assert await world.services.otp.answer(token, code=world.wrong()) is None, number
        token = await world.services.otp.challenge(await world.person())
        assert await world.services.otp.answer(token, code=world.code()) is None
        assert await world.services.otp.recover(await world.person(), world.recovery) is False
        world.clock.turn(PAUSE)
        assert await world.services.otp.check(await world.person(), world.code()) is True


async def test_without_the_key_of_the_server_the_recovery_code_is_left() -> None:
    world = await enrolled()
    services = world.services
    links = Links(services.catalog, services.ids, services.clock)
    elsewhere = OneTimePasswords(
        services.catalog, links, Sealed(b"another pepper!!", services.ids.bytes), services.ids, services.clock
    )
    assert await elsewhere.check(await world.person(), world.code()) is False
    assert await elsewhere.recover(await world.person(), world.recovery) is True


async def test_off_is_off() -> None:
    world = await enrolled()
    token = await world.services.otp.challenge(await world.person())
    code = world.code()
    person = await world.services.otp.disable(await world.person())
    assert (person.otp_secret, person.recovery_hash) == (None, None)
    assert await world.services.otp.check(person, code) is False
    assert await world.services.otp.answer(token, code=code) is None
    assert (await world.services.otp.begin(person)).secret != world.secret
