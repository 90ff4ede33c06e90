"""The Goodbye of a board that leaves of its own accord, and the reasons that there are to leave or to restart
(particle-device.md §4.13, §10). Words are those of the vendor's API (particle-rest.md §3.7, §6.6)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from rookery.particle.device.errors import MessageError
from rookery.particle.device.protobuf import read_varint, varint

MAX_GOODBYE: Final = 64
"""Bytes. Five numbers of at most ten each are defined; later firmware may append."""

CLOUD_REASONS: Final = {
    0: "none",
    1: "error",
    2: "user",
    3: "network_disconnect",
    4: "listening",
    5: "system_reset",
    6: "sleep",
    7: "unknown",
    8: "server_moved",
}
NETWORK_REASONS: Final = {
    0: "none",
    1: "error",
    2: "user",
    3: "network_off",
    4: "listening",
    5: "sleep",
    6: "reset",
    7: "unknown",
}
RESET_REASONS: Final = {
    10: "unknown",
    20: "pin_reset",
    30: "power_management",
    40: "power_down",
    50: "power_brownout",
    60: "watchdog",
    70: "update",
    80: "update_error",
    90: "update_timeout",
    100: "factory_reset",
    110: "safe_mode",
    120: "dfu_mode",
    130: "panic",
    140: "user",
    150: "config_update",
}

_CLOUD, _RESET, _SLEEP, _NETWORK = 0x01, 0x02, 0x04, 0x08


class Goodbye(Struct, frozen=True):
    """Why, as words; a number that has no word yet is `unknown`. None: nothing was said. `sleep` is in seconds."""

    cloud: str | None = None
    reset: str | None = None
    sleep: int | None = None
    network: str | None = None


def decode_goodbye(payload: bytes) -> Goodbye:
    """The Goodbye in this payload. An empty one gives no reason.

    Raises:
        MessageError: cut off.
    """
    if len(payload) > MAX_GOODBYE:
        raise MessageError(f"a Goodbye of {len(payload)} bytes")
    if not payload:
        return Goodbye()
    flags, at = read_varint(payload, 0)
    said: dict[int, int] = {}
    for bit in (_CLOUD, _RESET, _SLEEP, _NETWORK):
        if flags & bit:
            said[bit], at = read_varint(payload, at)
    return Goodbye(
        _word(CLOUD_REASONS, said.get(_CLOUD)),
        _word(RESET_REASONS, said.get(_RESET)),
        said.get(_SLEEP),
        _word(NETWORK_REASONS, said.get(_NETWORK)),
    )


def encode_goodbye(goodbye: Goodbye) -> bytes:
    """The same from a board.

    Raises:
        ValueError: a word that is in none of the tables.
    """
    said = (
        (_CLOUD, _number(CLOUD_REASONS, goodbye.cloud)),
        (_RESET, _number(RESET_REASONS, goodbye.reset)),
        (_SLEEP, goodbye.sleep),
        (_NETWORK, _number(NETWORK_REASONS, goodbye.network)),
    )
    flags = sum(bit for bit, value in said if value is not None)
    return varint(flags) + b"".join(varint(value) for _, value in said if value is not None)


_WHY: Final = {
    "error": "after an error",
    "user": "its program ended the connection",
    "network_disconnect": "it leaves its network",
    "listening": "somebody sets it up",
    "system_reset": "it restarts",
    "sleep": "it sleeps",
    "server_moved": "it goes to another server",
}


def farewell(said: Goodbye) -> str:
    """Why the board leaves, for people."""
    if said.sleep:
        why = f"it sleeps for {said.sleep} s"
    elif said.reset is not None:
        why = f"it restarts ({said.reset.replace('_', ' ')})"
    else:
        why = _WHY.get(said.cloud or "", "")
    return "the board said goodbye" + (f": {why}" if why else "")


def _word(words: dict[int, str], number: int | None) -> str | None:
    return None if number is None else words.get(number, "unknown")


def _number(words: dict[int, str], word: str | None) -> int | None:
    if word is None:
        return None
    for number, known in words.items():
        if known == word:
            return number
    raise ValueError(f"{word!r} is no reason")
