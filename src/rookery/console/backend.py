"""What the console is given by the server that it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rookery.console.readings import Readings
from rookery.core.errors import Unavailable
from rookery.core.exports import Exports
from rookery.core.guessing import Failures
from rookery.core.records import Person
from rookery.core.services import Services
from rookery.gateways.asgi import App
from rookery.gateways.attempts import Attempts
from rookery.keys import Algorithm, KeyStore
from rookery.settings import Settings

if TYPE_CHECKING:
    from rookery.console.parts import Parts


class Guide(Protocol):
    """What is known of boards of both dialects; `rookery.board_guide.BoardGuide`."""

    def boards(self) -> dict[str, Any]:
        """All boards, by dialect."""

    def firmware_problem(self, data: bytes, platform: int | None) -> str:
        """Why a Particle board would not run this file, as a sentence."""

    def trust(self, board: str) -> dict[str, Any] | None:
        """What makes a board believe this server."""

    def key(self, algorithm: Algorithm, host: str | None, port: int | None) -> tuple[str, bytes]:
        """Name and content of the file that a board is given."""


class Simulated(Protocol):
    """Simulated boards inside the server; `rookery.demo.Demo`."""

    @property
    def possible(self) -> bool:
        """Whether there are listeners for them."""

    def running(self, person_id: str) -> bool:
        """Whether boards of this person run."""

    def starting(self, person_id: str) -> bool:
        """Whether they will in a moment."""

    def trouble(self, person_id: str) -> str:
        """A sentence on why some do not run."""

    def boards(self, person_id: str) -> list[str]:
        """Ids of those that run: UUIDs, or 24 hex digits."""

    async def start(self, person: Person) -> None:
        """Run them. Raises a `CoreError` with a sentence when they can not."""

    async def stop(self, person_id: str) -> None:
        """Power them off."""

    async def remove(self, person: Person) -> None:
        """Take them away with all that came with them."""


@dataclass(slots=True, kw_only=True)
class Backend:
    """Parts of a server, shared by all routes of the console."""

    services: Services
    settings: Settings
    keys: KeyStore
    guide: Guide
    demo: Simulated
    apis: Mapping[str, App] = field(default_factory=dict)
    """The public APIs, by the first part of their paths: `iot`, `v1`, `oauth`."""
    ports: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Ports in use, by the name of their setting."""
    url: str | None = None
    """Base URL without TLS, for this machine."""
    secure_url: str | None = None
    """Base URL with TLS."""
    folder: Path | None = None
    """The data folder."""
    messages: Callable[[], int] = lambda: 0
    """How many messages of boards and programs have come since the start."""
    attempts: Attempts | None = None
    """Who knocked lately."""
    exports: Exports | None = None
    """Files of history."""
    parts: Parts | None = None
    """What runs while nobody asks."""
    apply: Callable[[Settings], None] | None = None
    """Takes over what a running server can of other settings, `Backend.settings` and the addresses included. Raises
    what reading keys and certificates raises; then nothing has changed. Works with files."""
    started: int = 0
    """UTC microseconds."""
    saved: Settings = field(init=False)
    """What the server would start with now."""
    changing: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    """Held while settings are written."""
    failures: Failures = field(init=False)
    """Wrong passwords and one-time passwords, by address."""
    readings: Readings = field(init=False)
    """What boards answered to those who look at dashboards."""

    def running(self) -> Parts:
        """What runs while nobody asks.

        Raises:
            Unavailable: nothing does (yet).
        """
        if self.parts is None:
            raise Unavailable("The server is starting.")
        return self.parts

    def __post_init__(self) -> None:
        self.failures = Failures(self.services.clock)
        self.readings = Readings(self.services.boards, self.services.clock)
        self.saved = self.settings
