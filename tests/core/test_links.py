"""Secrets that work once and for one purpose."""

from __future__ import annotations

import asyncio

import pytest

from rookery.core.links import CODE, ENROLMENT, LOGIN, PASSWORD, Links
from rookery.core.records import OneTimeLink
from rookery.core.services import Services
from tests.fakes import ManualClock, memory_services

PURPOSES = (PASSWORD, ENROLMENT, LOGIN, CODE)


def links_of(services: Services) -> Links:
    return Links(services.catalog, services.ids, services.clock)


@pytest.mark.parametrize("made", PURPOSES)
@pytest.mark.parametrize("asked", PURPOSES)
async def test_one_made_for_a_purpose_is_worth_nothing_for_another(made: str, asked: str) -> None:
    links = links_of(memory_services())
    token = await links.make(made, "ada", 60)
    assert (await links.peek(asked, token) is not None) == (made == asked)


async def test_the_password_page_takes_only_links_that_were_made_for_it() -> None:
    services = memory_services()
    ada = await services.people.create("ada@example.org")
    for purpose in (ENROLMENT, LOGIN, CODE):
        token = await links_of(services).make(purpose, ada.id, 60)
        assert await services.people.peek(token) is None


async def test_a_new_one_ends_only_those_of_its_person_and_purpose() -> None:
    links = links_of(memory_services())
    former = await links.make(PASSWORD, "ada", 60)
    others = [await links.make(CODE, "ada", 60), await links.make(PASSWORD, "bob", 60)]
    await links.make(PASSWORD, "ada", 60)
    assert await links.peek(PASSWORD, former) is None
    assert await links.peek(CODE, others[0]) is not None
    assert await links.peek(PASSWORD, others[1]) is not None


async def test_company_is_kept_and_no_more() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    links = links_of(services)
    made = []
    for _ in range(5):
        made.append(await links.make(CODE, "ada", 60, company=2))
        clock.turn(1)
    alive = [await links.peek(CODE, token) is not None for token in made]
    assert alive == [False, False, True, True, True]
    assert await services.catalog.count(OneTimeLink) == 3


async def test_only_one_of_two_takes_it() -> None:
    links = links_of(memory_services())
    link = await links.find(CODE, await links.make(CODE, "ada", 60))
    assert link is not None
    assert sorted(await asyncio.gather(links.take(link), links.take(link))) == [False, True]


async def test_it_ends_with_its_time() -> None:
    clock = ManualClock()
    links = links_of(memory_services(clock=clock))
    token = await links.make(CODE, "ada", 30)
    clock.turn(29)
    assert await links.peek(CODE, token) is not None
    clock.turn(1)
    assert await links.peek(CODE, token) is None
    assert await links.find(CODE, token) is not None


@pytest.mark.parametrize("token", ["", "x", "x" * 129, "é" * 43])
async def test_what_is_none_is_not_found(token: str) -> None:
    assert await links_of(memory_services()).find(CODE, token) is None
