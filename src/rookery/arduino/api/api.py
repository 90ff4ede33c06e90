"""What every route of this API works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rookery.arduino.tokens import Tokens
from rookery.core.services import Services


class SignedCertificate(Protocol):
    """A device certificate and the parts from which a board rebuilds it; `rookery.keys.DeviceCertificate` is one."""

    @property
    def pem(self) -> str:
        """The certificate."""


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What an operator may choose."""

    base_url: str = "http://localhost:8080"
    """How clients reach this server; shown in the OpenAPI document."""


@dataclass(frozen=True, slots=True)
class Api:
    """Services and tokens, shared by all routes."""

    services: Services
    tokens: Tokens
    options: ApiOptions
