"""What the console is given by the server that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rookery.core.guessing import Failures
from rookery.core.services import Services
from rookery.gateways.asgi import App
from rookery.keys import KeyStore
from rookery.settings import Settings


@dataclass(slots=True, kw_only=True)
class Backend:
    """Parts of a server, shared by all routes of the console."""

    services: Services
    settings: Settings
    keys: KeyStore
    apis: Mapping[str, App] = field(default_factory=dict)
    """The public APIs, by the first part of their paths: `iot`, `v1`, `oauth`."""
    ports: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Ports in use, by the name of their setting."""
    url: str | None = None
    """Base URL without TLS, for this machine."""
    secure_url: str | None = None
    """Base URL with TLS."""
    started: int = 0
    """UTC microseconds."""
    failures: Failures = field(init=False)
    """Wrong passwords and one-time passwords, by address."""

    def __post_init__(self) -> None:
        self.failures = Failures(self.services.clock)
