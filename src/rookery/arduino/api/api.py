"""What every route of this API works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rookery.arduino.api.body import BODY_LIMIT
from rookery.arduino.api.rate import RateLimit
from rookery.arduino.tokens import Tokens
from rookery.core.exports import Exports
from rookery.core.services import Services


class SignedCertificate(Protocol):
    """A device certificate and the parts from which a board rebuilds it; `rookery.keys.DeviceCertificate` is one."""

    @property
    def pem(self) -> str:
        """The certificate."""

    @property
    def not_before(self) -> datetime:
        """A whole hour."""

    @property
    def not_after(self) -> datetime:
        """31 years later."""

    @property
    def serial(self) -> bytes:
        """16 bytes."""

    @property
    def authority_key_identifier(self) -> bytes:
        """20 bytes."""

    @property
    def signature(self) -> bytes:
        """64 bytes: r, then s."""


SignRequest = Callable[[str, str, int], SignedCertificate]
"""Sign a certificate request (PEM) for a device id, at a time (UTC microseconds). Raises `ValueError` with a sentence
for the sender when the request is not one to sign; `rookery.keys.sign_request` with its authority bound is one."""


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What an operator may choose."""

    base_url: str = "http://localhost:8080"
    """How clients reach this server; shown in the OpenAPI document."""
    max_body: int = BODY_LIMIT
    """Bytes of a request body."""
    max_rate: int = 0
    """Requests a second of one API key; 0 is no limit."""
    bridge: bool = True
    """Whether boards of the other dialect are listed here too."""


@dataclass(frozen=True, slots=True)
class Api:
    """Services, tokens and the authority, shared by all routes."""

    services: Services
    tokens: Tokens
    sign: SignRequest
    exports: Exports
    options: ApiOptions
    rate: RateLimit
