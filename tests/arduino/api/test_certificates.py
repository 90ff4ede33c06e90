"""Certificates of devices, rebuilt from their parts as a board does."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from rookery.arduino.api.certificates import CERTIFICATES
from rookery.core.records import Device
from tests.arduino.api.conftest import World, authority
from tests.arduino.api.scenario import Row, check_error, play
from tests.fakes import connect

UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"
PATH = "/iot/v2/devices/{device}/certs"


def csr(name: str, key: Any = None) -> str:
    """What the CLI reads from a board."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    request = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
async def device(world: World) -> Device:
    return await world.services.devices.create(world.user, "arduino", "nano_33_iot")


async def made(world: World, device: Device, **body: Any) -> dict[str, Any]:
    answer = await world.call("PUT", PATH.format(device=device.id), {"csr": csr(device.id), "enabled": True, **body})
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def test_a_certificate_and_its_parts(world: World, device: Device) -> None:
    view = await made(world, device, ca="Arduino_v2")
    certificate = x509.load_pem_x509_certificate(view["pem"].encode())
    assert b64decode(view["der"]) == certificate.public_bytes(serialization.Encoding.DER)
    authority().key.public_key().verify(
        certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256())
    )
    parts = view["compressed"]
    assert parts["not_before"] == "2025-01-01T00:00:00.000Z"
    assert parts["not_after"] == "2056-01-01T00:00:00.000Z"
    assert datetime.fromisoformat(parts["not_after"]) == certificate.not_valid_after_utc
    assert int(parts["serial"], 16) == certificate.serial_number
    assert [len(parts[n]) for n in ("serial", "authority_key_identifier", "signature")] == [32, 40, 128]
    x, y = parts["signature_asn1_x"], parts["signature_asn1_y"]
    assert encode_dss_signature(int(x, 16), int(y, 16)) == certificate.signature
    assert x + y == parts["signature"]
    assert (view["device_id"], view["enabled"], view["ca"]) == (device.id, True, "Arduino_v2")
    assert view["href"] == f"/iot/v1/devices/{device.id}/certs/{view['id']}"
    path = PATH.format(device=device.id)
    assert (await world.call("GET", path)).json() == [view]
    assert (await world.call("GET", f"{path}/{view['id']}")).json() == view
    assert await world.services.devices.by_certificate(device.id, parts["serial"])


async def test_turning_off_signing_anew_and_deleting(world: World, device: Device) -> None:
    view = await made(world, device)
    assert "ca" not in view
    board = connect(world.services, device)
    path = f"{PATH.format(device=device.id)}/{view['id']}"
    off = (await world.call("POST", path, {"enabled": False})).json()
    assert off == {**view, "enabled": False}
    assert board.closed
    assert await world.services.devices.by_certificate(device.id, view["compressed"]["serial"]) is None
    other = (await world.call("POST", path, {"csr": csr(device.id), "enabled": True, "ca": "mine"})).json()
    assert (other["id"], other["ca"], other["enabled"]) == (view["id"], "mine", True)
    assert other["compressed"]["serial"] != view["compressed"]["serial"]
    assert (await world.call("DELETE", path)).content == b""
    check_error(await world.call("GET", path), 404)
    check_error(await world.call("DELETE", path), 404)


ROWS = [
    Row("no request", f"PUT {PATH}", 400, body={"enabled": True}, field="csr"),
    Row("not said whether enabled", f"PUT {PATH}", 400, body={"csr": "x"}, field="enabled"),
    Row("nonsense", f"PUT {PATH}", 400, body={"csr": "x", "enabled": True}, field="csr"),
    Row("endless", f"PUT {PATH}", 400, body={"csr": "x" * 1_025, "enabled": True}, field="csr"),
    Row("of another device", f"PUT {PATH}", 400, body={"csr": csr(UNKNOWN_ID), "enabled": True}, field="csr"),
    Row(
        "of another curve",
        f"PUT {PATH}",
        400,
        body={"csr": csr("x", ec.generate_private_key(ec.SECP384R1())), "enabled": True},
        field="csr",
    ),
    Row("list, none", f"GET {PATH}", 200, ("[]",)),
    Row("show, unknown", f"GET {PATH}/{UNKNOWN_ID}", 404),
    Row("show, not an id", f"GET {PATH}/first", 404),
    Row("update, unknown", f"POST {PATH}/{UNKNOWN_ID}", 404, body={}),
    Row("delete, unknown", f"DELETE {PATH}/{UNKNOWN_ID}", 404),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_refusals(world: World, device: Device, row: Row) -> None:
    await play(world, row, {"device": device.id})


async def test_certificates_of_a_device_are_bounded_and_its_own(world: World, device: Device) -> None:
    for _ in range(CERTIFICATES):
        view = await made(world, device)
    body = {"csr": csr(device.id), "enabled": True}
    check_error(await world.call("PUT", PATH.format(device=device.id), body), 412)
    other = await world.services.devices.create(world.user, "arduino", "nano_33_iot")
    check_error(await world.call("GET", f"{PATH.format(device=other.id)}/{view['id']}"), 404)
