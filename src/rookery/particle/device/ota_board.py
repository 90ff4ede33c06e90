"""What the board's halves of the two update protocols have in common: whom they speak to, what a module has to be."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Final, Protocol

from rookery.particle.device.module import Module, parse
from rookery.particle.device.ota_transfer import BOARD_ERRORS
from rookery.wire.coap.message import Message, Options

DEFAULT_MAXIMUM: Final = 10 * 1024 * 1024
"""Bytes of a binary; what the virtual board has room for (device-os `hal/src/gcc/ota_flash_hal.cpp`)."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What kind of board this is."""

    platform: int
    windowed: bool = False
    reliable: bool = False
    """The session is TCP: what is Confirmable over UDP is not."""
    maximum_size: int = DEFAULT_MAXIMUM
    message_size: int = 1_152
    fast: bool = True
    """Grants the fast mode of the chunked protocol."""
    listed: int = 40
    """Missing chunks named at once; 20 on an Argon."""
    older: bool = False
    """Firmware before 2.0: asks for missing chunks again after 3 s, and says by itself when it has all."""


class BoardLink(Protocol):
    """The board's CoAP machine."""

    def respond(
        self, now: float, ticket: int, code: int, options: Options, payload: bytes, *, separate: bool, context: object
    ) -> None:
        """Answer a request. `separate`: an empty acknowledgement first, then the response in a message of its own
        (Confirmable over UDP, Non-confirmable over TCP); otherwise inside the acknowledgement. With a context, call
        `Receiver.delivered` with it when the response is acknowledged, or written where nothing acknowledges it."""

    def send(self, now: float, code: int, options: Options, payload: bytes, *, confirmable: bool) -> None:
        """A request without a token, to which no more than an acknowledgement is expected."""


class Owner(Protocol):
    """The board."""

    def update_started(self) -> None:
        """From now on it does not publish (§4.11)."""

    def update_finished(self, module: Module | None) -> None:
        """Restart: with this module, or with what there was when it was no good."""

    def update_abandoned(self, sentence: str) -> None:
        """The update came to nothing; the board goes on."""


@dataclass(slots=True)
class Memory:
    """What there is of a file with a SHA-256: everything up to `reached`. It outlives sessions."""

    sha256: bytes = b""
    data: bytearray = field(default_factory=bytearray)
    reached: int = 0

    def clear(self) -> None:
        """Forget it."""
        self.sha256, self.data, self.reached = b"", bytearray(), 0


def problem_of(data: bytes, platform: int) -> tuple[int, Module | None]:
    """Device OS's number for what is wrong with a binary, 0 when nothing is, and the module."""
    module = parse(data)
    if module is None:
        return -1370, None
    if not module.size_matches:
        return -1351, None
    if not module.crc_ok:
        return -1330, None
    return (0, module) if module.platform == platform else (-1360, None)


def error_payload(number: int, text: str = "") -> bytes:
    """The body of an error answer (§4.12)."""
    return json.dumps({"code": number, "message": text or BOARD_ERRORS[number]}, separators=(",", ":")).encode()


class Receiver(ABC):
    """One update after the other, for one session of a board."""

    def __init__(self, link: BoardLink, owner: Owner, abilities: Abilities) -> None:
        self.enabled = True
        """False: the application has switched updates off."""
        self.updating = False
        self._link = link
        self._owner = owner
        self._abilities = abilities
        self._finished: Module | None = None

    @abstractmethod
    def request(self, now: float, ticket: int, message: Message) -> bool:
        """As in the CoAP machine's sink: True to acknowledge with an empty message."""

    @abstractmethod
    def deadline(self) -> float | None:
        """When to `tick`."""

    @abstractmethod
    def tick(self, now: float) -> None:
        """What is due."""

    @abstractmethod
    def closed(self) -> None:
        """The session is over."""

    def delivered(self, now: float, context: object) -> None:
        """A response that had a context is there: the answer to the end, after which the board restarts."""
        if self.updating:
            self.updating = False
            self._owner.update_finished(self._finished)

    def _abandon(self, sentence: str) -> None:
        if self.updating:
            self.updating = False
            self._owner.update_abandoned(sentence)
