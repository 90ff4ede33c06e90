"""The kinds of values that settings have: how each is read from text, TOML or a flag, and the words of its rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

OFF = "off"
"""The word that turns a listener off."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of value: how it is read, and how its rule is worded behind "must be"."""

    read: Callable[[object], Any]
    """Raises ValueError or TypeError where a value breaks the rule. Text is what environment and flags give."""
    rule: str
    form: str = "text"
    """How it is asked for: `text`, `int`, `number`, `bool`, `choice`, `list` (of texts) or `port`."""
    choices: tuple[str, ...] = ()


def integer(low: int, high: int) -> Kind:
    """Whole numbers, both ends allowed."""

    def read(value: object) -> int:
        # bool is an int to Python, but `http_port = true` is a mistake.
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise TypeError
        given = int(value)
        if not low <= given <= high:
            raise ValueError
        return given

    return Kind(read, f"a whole number from {low} to {high}", "int")


def number(low: float, high: float) -> Kind:
    """Numbers, both ends allowed."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise TypeError
        given = float(value)
        if not low <= given <= high:
            raise ValueError
        return given

    return Kind(read, f"a number from {low:g} to {high:g}", "number")


def choice(*words: str) -> Kind:
    """One of some words."""

    def read(value: object) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return Kind(read, " or ".join(f'"{word}"' for word in words), "choice", words)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(_text(value)).expanduser()


def _list_of(kind: Kind, rule: str) -> Kind:
    """A TOML array; in the environment and on the command line texts with commas. One value is a list of one."""

    def read(value: object) -> tuple[Any, ...]:
        parts: list[object]
        if isinstance(value, str):
            parts = [part.strip() for part in value.split(",") if part.strip()]
        else:
            parts = list(value) if isinstance(value, (list, tuple)) else [value]
        return tuple(kind.read(part) for part in parts)

    return Kind(read, rule, "list")


def _port(value: object) -> int | None:
    if isinstance(value, str) and value.strip().lower() == OFF:
        return None
    given: int = integer(0, 65535).read(value)
    return given


def _ports(value: object) -> tuple[int, ...]:
    """Several listeners of one kind; `off` alone, or an empty list, turns them all off."""
    if isinstance(value, str):
        value = value.split(",")
    elif isinstance(value, int):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise TypeError
    ports = tuple(port for port in map(_port, value) if port is not None)
    if len({port for port in ports if port}) < len([port for port in ports if port]):
        raise ValueError
    return ports


def _switch(value: object) -> bool:
    words: dict[object, bool] = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    return words[value.strip().lower()] if isinstance(value, str) else words[value]


def _read_switch(value: object) -> bool:
    try:
        return _switch(value)
    except KeyError as error:
        raise ValueError from error


def _network(value: object) -> IPv4Network | IPv6Network:
    return ip_network(_text(value))


PORT = Kind(_port, 'a port number from 0 to 65535 (0: any free one), or "off"', "port")
PORTS = Kind(_ports, 'different port numbers from 0 to 65535 (0: any free one), or "off"', "list")
TEXT = Kind(_text, "a text that is not empty")
PATH = Kind(_path, "a path")
NAMES = _list_of(TEXT, "a list of names")
PATHS = _list_of(PATH, "a list of paths")
SWITCH = Kind(_read_switch, "true or false", "bool")


def _pair(value: object) -> tuple[str, str]:
    name, colon, secret = _text(value).partition(":")
    if not (name and colon and secret):
        raise ValueError
    return name, secret


PAIRS = _list_of(Kind(_pair, "id:secret"), "a list of pairs id:secret")
NETWORKS = _list_of(Kind(_network, "a network"), 'a list of networks such as "192.168.1.0/24"')
