"""What is kept of what a board says of itself: the fields of `Device.described`, written by the device side and read by
the API.

| Key | |
|---|---|
| `functions` | names, in the board's order |
| `variables` | name to `bool`, `int32`, `string` or `double` |
| `modules` | the system description in the short form of `spark/status/safe-mode` (device reference 4.3) |
| `imei`, `iccid`, `cellfw` | texts, where the board has a modem |
| `safe_mode` | True: it lacks dependencies and runs nothing of its owner's |
| `system_version` | integer of the Hello, 6200 for 6.2.0; 0 while unknown |
| `firmware_version`, `firmware_product` | integers of the Hello; absent where the board says none |
| `updates_enabled` | what its program allows; absent while unknown |
| `flags`, `max_message`, `max_binary`, `chunk` | of the Hello |
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

KINDS: Final = 4_096
"""Parts of descriptions that are kept once: modules of all releases of Device OS, functions of all firmware. Some 500
bytes each; one that is forgotten is kept by each board that says it next."""

_encode = msgspec.json.encode


def system_version_text(version: int) -> str | None:
    """`6.2.0` for 6200. Boards number their releases so since 2.0 [particle-device 4.1]; None for what is not known."""
    if not 1_000 <= version < 100_000:
        return None
    return f"{version // 1_000}.{version // 100 % 10}.{version % 100}"


def functions_of(described: dict[str, Any]) -> list[str]:
    """Names of functions."""
    return list(described.get("functions", ()))


def variables_of(described: dict[str, Any]) -> dict[str, str]:
    """Variables and their types."""
    return dict(described.get("variables", {}))


def lean(described: dict[str, Any]) -> dict[str, Any]:
    """The same, with what many boards have in common kept once: those of one firmware say the same functions and the
    same modules, and those of one Device OS all but one of them. Nobody changes such parts; a board that says something
    new gets new ones."""
    shared = dict(described)
    if described.get("modules"):
        shared["modules"] = [_once(_encode(module)) for module in described["modules"]]
    for name in ("functions", "variables"):
        if described.get(name):
            shared[name] = _once(_encode(described[name]))
    return shared


def names_of(functions: list[str]) -> frozenset[str]:
    """These names, to look one up; the same object for the same names."""
    return _names(tuple(functions))


@lru_cache(maxsize=KINDS)
def _names(functions: tuple[str, ...]) -> frozenset[str]:
    return frozenset(functions)


@lru_cache(maxsize=KINDS)
def _once(text: bytes) -> Any:
    return msgspec.json.decode(text)
