"""Products on the API (reference 3.9)."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.records import Bearer, Client, Customer, Group, Member, Product, Role
from rookery.particle.ids import hex_id
from tests.particle.api.conftest import World
from tests.particle.api.fleets import device_id, fleet_of

LAMP = {"name": "Lamp", "description": "Desk lamp", "platform_id": 6}


async def made(world: World, **fields: Any) -> dict[str, Any]:
    answer = await world.call("POST", "/v1/user/products", {"product": {**LAMP, **fields}})
    assert answer.status_code == 200, answer.text
    product: dict[str, Any] = answer.json()["product"]
    return product


async def test_a_new_product_is_as_the_reference_shows_it(world: World) -> None:
    answer = await world.call("POST", "/v1/user/products", {"product": LAMP})
    assert answer.status_code == 200
    product = {
        "id": 1000,
        "platform_id": 6,
        "name": "Lamp",
        "slug": "lamp-v1",
        "description": "Desk lamp",
        "subscription_id": 0,
        "mb_limit": None,
        "user": hex_id(world.person.id),
        "org": None,
        "groups": [],
        "settings": {"location": {}, "known_application": {"opt_in": True}, "quarantine": True},
        "device_protection": "none",
    }
    assert answer.json() == {"ok": True, "product": product}
    for path in ("/v1/products/1000", "/v1/products/lamp-v1", "/v1/products/Lamp-V1/"):
        one = await world.call("GET", path)
        assert one.json() == {"product": product}
        assert one.headers["x-requested-scope"] == "product_1000:products:get"
    for path in ("/v1/user/products", "/v1/products"):
        assert (await world.call("GET", path)).json() == {"products": [product]}


async def test_numbers_and_slugs_are_nobody_elses(world: World) -> None:
    first, second = await made(world), await made(world)
    assert (first["id"], second["id"]) == (1000, 1001)
    assert (first["slug"], second["slug"]) == ("lamp-v1", "lamp-v2")


@pytest.mark.parametrize(
    "body",
    [
        {"json": LAMP},
        {"json": {"product": LAMP}},
        {"data": {"product[name]": "Lamp", "product[platform_id]": "6", "product[description]": "Desk lamp"}},
        {"data": {"name": "Lamp", "platform_id": "6", "description": "Desk lamp"}},
    ],
    ids=["flat", "nested", "nested form", "flat form"],
)
async def test_bodies_of_all_kinds_are_read(world: World, body: dict[str, Any]) -> None:
    product = (await world.call("POST", "/v1/user/products", **body)).json()["product"]
    assert (product["name"], product["platform_id"], product["description"]) == ("Lamp", 6, "Desk lamp")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": None}, "name and platform_id are required"),
        ({"platform_id": None}, "name and platform_id are required"),
        ({"platform_id": "argon"}, "platform_id must be a whole number"),
        ({"platform_id": 65_536}, "platform_id must be at most 65535"),
        ({"name": "x" * 65}, "A product has a name of 1 to 64 characters."),
        ({"name": "  "}, "A product has a name of 1 to 64 characters."),
        ({"description": "x" * 1001}, "description must have at most 1000 characters"),
        ({"settings": "all"}, "settings must be an object"),
        ({"settings": {"quarantine": "maybe"}}, "settings.quarantine must be true or false"),
        ({"settings": {"known_application": True}}, "settings.known_application must be an object"),
        ({"settings": {"location": 1}}, "settings.location must be an object"),
        ({"settings": {"more": "x" * 20_000}}, "settings must have at most 16384 bytes"),
    ],
)
async def test_what_is_no_product_is_refused(world: World, change: dict[str, Any], words: str) -> None:
    answer = await world.call("POST", "/v1/user/products", {"product": {**LAMP, **change}})
    assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": words})
    assert await world.services.catalog.count(Product) == 0


async def test_a_change_changes_what_it_names(world: World) -> None:
    product = await made(world, settings={"quarantine": "0", "location": {"on": 1}})
    assert product["settings"] == {"location": {"on": 1}, "known_application": {"opt_in": True}, "quarantine": False}
    answer = await world.call("PUT", "/v1/products/1000", {"settings": {"known_application": {"opt_in": "false"}}})
    settings = {"location": {"on": 1}, "known_application": {"opt_in": False}, "quarantine": False}
    assert answer.json() == {"ok": True, "product": {**product, "settings": settings}}
    answer = await world.call("PUT", "/v1/products/1000", {"name": "Torch", "description": None})
    changed = {**product, "settings": settings, "name": "Torch", "description": ""}
    assert answer.json() == {"ok": True, "product": changed}
    assert (await world.call("PUT", "/v1/products/lamp-v1", {"name": ""})).status_code == 400
    assert (await world.call("PUT", "/v1/products/lamp-v1", {})).json()["product"] == changed


async def test_products_of_others_are_not_there(world: World) -> None:
    fleet = await fleet_of(world)
    _, other = await world.somebody()
    for method in ("GET", "PUT", "DELETE"):
        for path in (fleet.path, "/v1/products/9999", "/v1/products/nonesuch", "/v1/products/99999999999999999999"):
            answer = await world.call(method, path, token=other)
            assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Product not found."})
    assert (await world.call("GET", "/v1/products", token=other)).json() == {"products": []}


async def test_the_team_sees_the_product_and_its_sandbox_does_not_list_it(world: World) -> None:
    fleet = await fleet_of(world)
    viewer = await fleet.member(Role.VIEWER)
    listed = (await world.call("GET", "/v1/products", token=viewer)).json()["products"]
    assert [product["id"] for product in listed] == [1000]
    assert (await world.call("GET", "/v1/user/products", token=viewer)).json() == {"products": []}


async def test_a_product_token_lists_its_product_alone(world: World) -> None:
    fleet = await fleet_of(world)
    await fleet_of(world, "Other")
    listed = (await world.call("GET", "/v1/products", token=await fleet.bearer())).json()["products"]
    assert [product["id"] for product in listed] == [1000]
    program = await fleet.program("products:list")
    listed = (await world.call("GET", "/v1/products", token=program)).json()["products"]
    assert [product["id"] for product in listed] == [1000]
    answer = await world.call("GET", "/v1/products", token=await fleet.program("devices:list"))
    assert answer.status_code == 400


async def test_groups_are_named(world: World) -> None:
    fleet = await fleet_of(world)
    for name in ("beta", "alpha"):
        world.clock.turn(1)
        await world.services.products.add_group(fleet.product, name)
    assert (await world.call("GET", fleet.path)).json()["product"]["groups"] == ["beta", "alpha"]


class TestDelete:
    async def test_an_empty_product_goes(self, world: World) -> None:
        fleet = await fleet_of(world)
        answer = await world.call("DELETE", fleet.path)
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await world.call("GET", fleet.path)).status_code == 404
        assert (await world.call("GET", "/v1/products")).json() == {"products": []}

    async def test_one_with_devices_only_by_force(self, world: World) -> None:
        fleet = await fleet_of(world)
        customer, token = await fleet.customer()
        await fleet.device(1, customer.id)
        await fleet.device(2, world.person.id)
        answer = await world.call("DELETE", fleet.path)
        words = "The product still has 2 devices. Remove them first, or force it."
        assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": words})
        assert (await world.call("GET", "/v1/devices", token=token)).json()[0]["id"] == device_id(1)
        answer = await world.call("DELETE", fleet.path, {"force": True})
        assert answer.status_code == 204
        mine = (await world.call("GET", "/v1/devices")).json()
        assert [(device["id"], device["product_id"]) for device in mine] == [(device_id(2), 12)]
        freed = await world.services.enrolment.get(device_id(1))
        assert freed is not None
        assert (freed.space_id, freed.product_id) == ("", None)

    async def test_everybody_of_it_goes_with_it(self, world: World) -> None:
        fleet = await fleet_of(world)
        viewer, bearer = await fleet.member(Role.VIEWER), await fleet.bearer()
        program = await fleet.program("*:*")
        _, customer = await fleet.customer()
        services = world.services
        client, _ = await services.oauth.create(world.person.id, "srv", product=fleet.product)
        by_client = (await services.tokens.issue(Bearer.PRODUCT, fleet.product.id, client.id)).token
        await services.products.add_group(fleet.product, "a")
        assert (await world.call("DELETE", f"{fleet.path}?force=true")).status_code == 204
        for token in (bearer, program, customer, by_client):
            assert (await world.call("GET", "/v1/devices", token=token)).status_code == 401
        assert (await world.call("GET", "/v1/devices", token=viewer)).status_code == 200
        for kind in (Client, Customer, Group):
            assert await services.catalog.count(kind) == 0
        assert await services.catalog.count(Member, space_id=fleet.product.id) == 0


@pytest.mark.parametrize(
    ("role", "read", "changed"),
    [(Role.ADMIN, 200, 200), (Role.EDITOR, 200, 403), (Role.SUPPORT, 200, 403), (Role.VIEWER, 200, 403)],
)
async def test_settings_are_for_administrators(world: World, role: Role, read: int, changed: int) -> None:
    fleet = await fleet_of(world)
    token = await fleet.member(role)
    assert (await world.call("GET", fleet.path, token=token)).status_code == read
    assert (await world.call("PUT", fleet.path, {"name": "x"}, token=token)).status_code == changed


async def test_only_people_make_products(world: World) -> None:
    fleet = await fleet_of(world)
    _, customer = await fleet.customer()
    expected = {await fleet.bearer(): 403, await fleet.program("*:*"): 400, customer: 403}
    for token, status in expected.items():
        assert (await world.call("POST", "/v1/user/products", LAMP, token=token)).status_code == status
    assert await world.services.catalog.count(Product) == 1


async def test_nothing_was_ordered(world: World) -> None:
    fleet = await fleet_of(world)
    assert (await world.call("GET", f"{fleet.path}/device_orders")).json() == {"device_orders": []}
