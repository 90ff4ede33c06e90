"""Customers of products: one address once in each product, with or without a password, and gone with all they have."""

from __future__ import annotations

import asyncio

import pytest

from rookery.core.errors import Conflict, Invalid, NotFound
from rookery.core.records import Bearer, ClaimCode, Customer, Product
from rookery.core.services import Services
from tests.fakes import ManualClock, memory_services


@pytest.fixture
def services() -> Services:
    return memory_services()


async def _product(services: Services, name: str) -> Product:
    person = await services.people.create(f"{name}@example.org")
    who = await services.people.principal(person.id)
    return await services.products.create(who, person.id, name=name, platform=6)


@pytest.fixture
async def product(services: Services) -> Product:
    return await _product(services, "lamp")


async def test_any_text_is_an_address(services: Services, product: Product) -> None:
    for email in ("c@example.org", "3f0e3a8e-5b1c-4a57-9a5e-6f0e7f1f2a3b", "x", "灯", "x" * 254):
        customer = await services.customers.create(product, f" {email} ", None)
        assert customer.email == email
        assert await services.customers.find(product, email) == customer
        assert await services.customers.find(product, customer.id) == customer


@pytest.mark.parametrize("email", ["", "  ", "x" * 255])
async def test_but_not_none_and_not_an_endless_one(services: Services, product: Product, email: str) -> None:
    with pytest.raises(Invalid):
        await services.customers.create(product, email, None)


@pytest.mark.parametrize("password", ["", "x" * 1025])
async def test_nor_such_a_password(services: Services, product: Product, password: str) -> None:
    with pytest.raises(Invalid):
        await services.customers.create(product, "c", password)
    customer = await services.customers.create(product, "c", None)
    with pytest.raises(Invalid):
        await services.customers.set_password(customer, password)


async def test_once_in_each_product(services: Services, product: Product) -> None:
    other = await _product(services, "torch")
    first = await services.customers.create(product, "C@example.org", None)
    with pytest.raises(Conflict):
        await services.customers.create(product, "c@Example.org", None)
    second = await services.customers.create(other, "c@example.org", None)
    assert await services.customers.by_email(product.id, "c@EXAMPLE.org") == first
    assert await services.customers.find(other, "c@example.org") == second
    with pytest.raises(NotFound):
        await services.customers.find(other, first.id)


async def test_two_at_once_are_one(services: Services, product: Product) -> None:
    both = await asyncio.gather(
        *(services.customers.create(product, "c", None) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["Conflict", "Customer"]


async def test_a_password_logs_in_to_its_product(services: Services, product: Product) -> None:
    other = await _product(services, "torch")
    customer = await services.customers.create(product, "c", "secret")
    await services.customers.create(other, "c", "another")
    await services.customers.create(product, "shadow", None)
    assert await services.customers.log_in(product.id, "C", "secret") == customer
    for email, password in (("c", "another"), ("c", ""), ("c", "x" * 2_000), ("shadow", ""), ("nobody", "secret")):
        assert await services.customers.log_in(product.id, email, password) is None


async def test_another_password_ends_what_was_given_out(services: Services, product: Product) -> None:
    customer = await services.customers.create(product, "c", "secret")
    other = await services.customers.create(product, "d", "secret")
    old = await services.tokens.issue(Bearer.CUSTOMER, customer.id, "x")
    kept = await services.tokens.issue(Bearer.CUSTOMER, other.id, "x")
    after = await services.customers.set_password(customer, "new")
    assert await services.customers.log_in(product.id, "c", "secret") is None
    assert await services.customers.log_in(product.id, "c", "new") == after
    assert await services.tokens.find(old.token) is None
    assert await services.tokens.find(kept.token) is not None


async def test_in_order_of_age() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    product = await _product(services, "lamp")
    for name in "bac":
        await services.customers.create(product, name, None)
        clock.turn(1)
    assert [customer.email for customer in await services.customers.of(product)] == ["b", "a", "c"]


async def test_nothing_of_one_that_is_gone_stays(services: Services, product: Product) -> None:
    customer = await services.customers.create(product, "c", "secret")
    other = await services.customers.create(product, "d", None)
    token = await services.tokens.issue(Bearer.CUSTOMER, customer.id, "x")
    for number, owner in enumerate((customer, customer, other)):
        await services.claims.code(owner.id, product.id)
        device = await services.enrolment.enrol(f"{number:024}", "any", "board", product_id=product.id)
        await services.claims.give(device, owner.id)
    await services.customers.delete(customer)
    assert await services.catalog.select(Customer) == [other]
    assert [code.owner_id for code in await services.catalog.select(ClaimCode)] == [other.id]
    assert await services.tokens.find(token.token) is None
    found = [await services.enrolment.get(f"{number:024}") for number in range(3)]
    assert [device and (device.space_id, device.product_id) for device in found] == [
        ("", product.id),
        ("", product.id),
        (other.id, product.id),
    ]
