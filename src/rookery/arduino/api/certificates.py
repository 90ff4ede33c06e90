"""Certificates of devices: the CLI sends a request that the board's secure element has signed, and writes the parts of
our certificate back into it (reference 3.3, 4.19)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.body import Body
from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.resolve import find_device
from rookery.arduino.api.times import format_time
from rookery.core.access import Action
from rookery.core.errors import Precondition
from rookery.core.records import Certificate, Device

CSR_LIMIT = 1_024
"""Characters of a request, as documented."""
CERTIFICATES = 32
"""Certificates of one device: boards have one, and a second while it is renewed."""

Request = Annotated[str, msgspec.Meta(min_length=1, max_length=CSR_LIMIT)]
AuthorityName = Annotated[str, msgspec.Meta(max_length=64)]


class CertificateCreate(msgspec.Struct):
    """`CreateDevicesV2CertsPayload`."""

    csr: Request
    enabled: bool
    ca: AuthorityName | None = None


class CertificateChange(msgspec.Struct):
    """`devicev2.cert`."""

    csr: Request | None = None
    enabled: bool | None = None
    ca: AuthorityName | None = None


class Compressed(msgspec.Struct):
    """`ArduinoCompressedv2`: what the board rebuilds the certificate from. The CLI reads the dates to the hour."""

    not_after: str
    not_before: str
    serial: str
    signature: str
    signature_asn1_x: str
    signature_asn1_y: str
    authority_key_identifier: str


class CertificateView(msgspec.Struct, omit_defaults=True):
    """`ArduinoDevicev2Cert`."""

    compressed: Compressed
    der: str
    device_id: str
    enabled: bool
    href: str
    id: str
    pem: str
    ca: str | None = None


_CREATE = Body(CertificateCreate)
_CHANGE = Body(CertificateChange)


def certificate_view(certificate: Certificate) -> CertificateView:
    """How a certificate is shown."""
    half = len(certificate.signature) // 2
    return CertificateView(
        compressed=Compressed(
            not_after=format_time(certificate.not_after),
            not_before=format_time(certificate.not_before),
            serial=certificate.serial,
            signature=certificate.signature,
            signature_asn1_x=certificate.signature[:half],
            signature_asn1_y=certificate.signature[half:],
            authority_key_identifier=certificate.authority_key_id,
        ),
        der="".join(line for line in certificate.pem.splitlines() if not line.startswith("-----")),
        device_id=certificate.device_id,
        enabled=certificate.enabled,
        href=f"/iot/v1/devices/{certificate.device_id}/certs/{certificate.id}",
        id=certificate.id,
        pem=certificate.pem,
        ca=certificate.ca,
    )


def _sign(call: Call, device: Device, request: str) -> dict[str, Any]:
    """The fields of a certificate for this device.

    Raises:
        Problem: 400, the request is not one that we sign.
    """
    try:
        signed = call.api.sign(request, device.id, call.services.clock.now())
    except ValueError as error:
        raise bad_field("csr", str(error)) from None
    return {
        "serial": signed.serial.hex(),
        "pem": signed.pem,
        "not_before": _microseconds(signed.not_before),
        "not_after": _microseconds(signed.not_after),
        "authority_key_id": signed.authority_key_identifier.hex(),
        "signature": signed.signature.hex(),
    }


def _microseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) * 1_000_000


async def _certificate(call: Call, device: Device) -> Certificate:
    return await call.services.devices.certificate(device, call.uuid("cid", "certificate"))


@operation(
    "GET",
    "/iot/v2/devices/{id}/certs",
    "devices_v2_certs#list",
    "Certificates of a device.",
    returns=list[CertificateView],
    errors=(401, 404),
)
async def list_certificates(call: Call) -> list[CertificateView]:
    """All of them, oldest first."""
    device = await find_device(call)
    return [certificate_view(certificate) for certificate in await call.services.devices.certificates(device)]


@operation(
    "PUT",
    "/iot/v2/devices/{id}/certs",
    "devices_v2_certs#create",
    "Sign a certificate request.",
    body=_CREATE,
    returns=CertificateView,
    status=201,
    errors=(400, 401, 404, 412),
)
async def create_certificate(call: Call) -> CertificateView:
    """The new certificate."""
    devices = call.services.devices
    device = await devices.get(call.who, call.uuid("id", "device"), Action.CHANGE)
    request = await call.body(_CREATE)
    if len(await devices.certificates(device)) >= CERTIFICATES:
        raise Precondition(f"A device has at most {CERTIFICATES} certificates; delete one first.")
    fields = _sign(call, device, request.csr)
    return certificate_view(await devices.add_certificate(device, enabled=request.enabled, ca=request.ca, **fields))


@operation(
    "GET",
    "/iot/v2/devices/{id}/certs/{cid}",
    "devices_v2_certs#show",
    "One certificate.",
    returns=CertificateView,
    errors=(401, 404),
)
async def show_certificate(call: Call) -> CertificateView:
    """One certificate."""
    device = await find_device(call)
    return certificate_view(await _certificate(call, device))


@operation(
    "POST",
    "/iot/v2/devices/{id}/certs/{cid}",
    "devices_v2_certs#update",
    "Turn a certificate on or off, or sign another request in its place.",
    body=_CHANGE,
    returns=CertificateView,
    errors=(400, 401, 404),
)
async def update_certificate(call: Call) -> CertificateView:
    """The certificate as it is now."""
    device = await find_device(call, Action.CHANGE)
    certificate = await _certificate(call, device)
    request = await call.body(_CHANGE)
    fields = {name: value for name in ("enabled", "ca") if (value := getattr(request, name)) is not None}
    if request.csr is not None:
        fields |= _sign(call, device, request.csr)
    return certificate_view(await call.services.devices.replace_certificate(certificate, **fields))


@operation(
    "DELETE",
    "/iot/v2/devices/{id}/certs/{cid}",
    "devices_v2_certs#delete",
    "Remove a certificate for good.",
    errors=(401, 404),
)
async def delete_certificate(call: Call) -> None:
    """Gone."""
    device = await find_device(call, Action.CHANGE)
    await call.services.devices.delete_certificate(await _certificate(call, device))


ROUTES: list[HTTPRouteHandler] = [
    list_certificates,
    create_certificate,
    show_certificate,
    update_certificate,
    delete_certificate,
]
