"""The keys of boards over the API: who may register which, and what it does (reference 3.2)."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rookery.core.bus import DeviceChanged
from rookery.core.records import Device, Role
from rookery.keys import public_key_of
from tests.particle.api.conftest import World
from tests.particle.api.fleets import fleet_of

ID = "e00fce680123456789abcdef"
PATH = f"/v1/provisioning/{ID}"
SUCCESS = '"Success!"'
BELONGS = (
    '{"ok":false,"errors":["That belongs to someone else. '
    'To request a transfer add ?request_transfer=true to your request."]}'
)


def pem_of(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


@functools.cache
def pem(number: int = 0) -> str:
    """One of several keys of boards."""
    return pem_of(ec.derive_private_key(number + 7, ec.SECP256R1()).public_key())


@functools.cache
def rsa_pem(bits: int = 1024) -> str:
    return pem_of(rsa.generate_private_key(65537, bits).public_key())


async def send(world: World, key: str, token: str | None = None, **more: Any) -> tuple[int, str]:
    answer = await world.call("POST", PATH, {"publicKey": key, **more}, token=token or world.token)
    return answer.status_code, answer.text


async def kept(world: World) -> Device:
    device = await world.services.enrolment.get(ID)
    assert device is not None
    return device


def changes(world: World) -> list[bool]:
    """What is announced from now on: whether each change was one of credentials."""
    heard: list[bool] = []

    def hear(message: DeviceChanged) -> None:
        heard.append(message.credentials)

    world.bus.listen("devices", hear)
    return heard


async def test_a_board_that_nobody_knows_becomes_known_and_stays_nobodys(world: World) -> None:
    body = {"deviceID": ID, "publicKey": pem(), "filename": "cli", "order": "manual_1", "algorithm": "ecc"}
    answer = await world.call("POST", PATH.upper().replace("/V1/PROVISIONING", "/v1/provisioning"), body)
    assert (answer.status_code, answer.text) == (200, SUCCESS)
    device = await kept(world)
    assert (device.public_key, device.space_id, device.product_id) == (public_key_of(pem()), "", None)
    assert (device.dialect, device.platform) == ("particle", None)


@pytest.mark.parametrize("key", ["rsa", "rsa with other line ends", "ec"])
async def test_keys_come_as_forms_and_of_both_kinds(world: World, key: str) -> None:
    text = pem() if key == "ec" else rsa_pem()
    if "line" in key:
        text = text.replace("\n", "\r\n")
    headers = {"Authorization": f"Bearer {world.token}"}
    form = {"publicKey": text, "algorithm": "rsa", "product_id": "6"}
    answer = await world.http.post(PATH, data=form, headers=headers)
    assert (answer.status_code, answer.text) == (200, SUCCESS)
    device = await kept(world)
    assert device.public_key == public_key_of(text)
    assert (device.platform, device.type, device.product_id) == (6, "photon", None)


async def test_the_same_key_again_changes_nothing_and_another_one_ends_the_session(world: World) -> None:
    await send(world, pem())
    heard = changes(world)
    assert await send(world, pem()) == (200, SUCCESS)
    assert heard == []
    assert await send(world, pem(1)) == (200, SUCCESS)
    assert heard == [True]
    assert (await kept(world)).public_key == public_key_of(pem(1))


WRONG: dict[str, tuple[Any, str]] = {
    "none": ({}, "publicKey is required"),
    "empty": ({"publicKey": ""}, "publicKey is required"),
    "no key": ({"publicKey": "hello"}, "The public key cannot be read: send it in PEM form."),
    "a list": ({"publicKey": [1]}, "publicKey must be a text"),
    "too long": ({"publicKey": "x" * 8_193}, "publicKey must have at most 8192 characters"),
    "long": ({"publicKey": "x" * 8_000}, "The public key is too long."),
    "product": ({"publicKey": pem(), "product_id": "lamp"}, "product_id must be a whole number"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_no_key_registers_nothing(world: World, name: str) -> None:
    body, text = WRONG[name]
    answer = await world.call("POST", PATH, body)
    assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": text})
    assert await world.services.enrolment.get(ID) is None


async def test_keys_that_boards_do_not_have(world: World) -> None:
    other_curve = pem_of(ec.derive_private_key(7, ec.SECP384R1()).public_key())
    for key, text in (
        (rsa_pem(2048), "The RSA key has 2048 bits and not 1024."),
        (other_curve, "The public key is neither RSA with 1024 bits nor on the curve P-256."),
    ):
        status, answer = await send(world, key)
        assert (status, text in answer) == (400, True)


async def test_an_id_that_is_none(world: World) -> None:
    answer = await world.call("POST", "/v1/provisioning/porch", {"publicKey": pem()})
    assert answer.status_code == 400
    assert answer.json() == {"ok": False, "error": "A device id has 24 hexadecimal digits."}


async def test_a_board_of_somebody_else_keeps_its_key(world: World) -> None:
    other, token = await world.somebody()
    await world.services.enrolment.enrol(ID, "particle", "argon", space_id=other.id, person_id=other.id)
    assert await send(world, pem()) == (403, BELONGS)
    assert (await kept(world)).public_key is None
    assert await send(world, pem(), token) == (200, SUCCESS)


async def test_a_board_of_the_other_dialect_has_no_such_key(world: World) -> None:
    await world.services.enrolment.enrol(ID, "arduino", "giga", space_id=world.person.id, person_id=world.person.id)
    assert await send(world, pem()) == (403, BELONGS)
    assert (await kept(world)).public_key is None


async def test_a_board_comes_into_a_product_of_those_who_may_bring_it(world: World) -> None:
    fleet = await fleet_of(world)
    number = fleet.product.number
    _, stranger = await world.somebody()
    not_found = (404, '{"ok":false,"error":"Product not found."}')
    assert await send(world, pem(), stranger, product_id=number) == not_found
    assert await send(world, pem(), product_id=60_000) == not_found
    assert (await send(world, pem(), await fleet.member(Role.VIEWER), product_id=number))[0] == 403
    _, customer = await fleet.customer()
    assert (await send(world, pem(), customer, product_id=number))[0] == 403
    assert await world.services.enrolment.get(ID) is None
    assert await send(world, pem(), await fleet.bearer(), product_id=number) == (200, SUCCESS)
    device = await kept(world)
    assert (device.product_id, device.platform, device.space_id) == (fleet.product.id, fleet.product.platform, "")


@pytest.mark.parametrize("known", [True, False])
async def test_a_board_that_was_imported_gets_its_key_from_the_team(world: World, known: bool) -> None:
    """Also before it has one: it would otherwise be whoever comes first with any account."""
    fleet = await fleet_of(world)
    before = public_key_of(pem()) if known else None
    await world.services.enrolment.enrol(ID, "particle", "argon", product_id=fleet.product.id, public_key=before)
    _, stranger = await world.somebody()
    _, customer = await fleet.customer()
    for token in (stranger, customer, await fleet.member(Role.VIEWER)):
        assert (await send(world, pem(1), token))[0] == 403
    assert (await kept(world)).public_key == before
    assert await send(world, pem(1), await fleet.member(Role.EDITOR)) == (200, SUCCESS)
    assert (await kept(world)).public_key == public_key_of(pem(1))


async def test_tokens_that_are_nobodys_register_nothing_outside_their_product(world: World) -> None:
    fleet = await fleet_of(world)
    assert (await send(world, pem(), await fleet.bearer()))[0] == 403
    assert (await send(world, pem(), await fleet.program("*:*")))[0] == 400
    answer = await world.http.post(PATH, json={"publicKey": pem()})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert await world.services.enrolment.get(ID) is None
