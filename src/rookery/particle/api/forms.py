"""Form fields with nesting in brackets, as PHP and the Node library `qs` read them (reference 1.2).

    groups[]=a&groups[]=b             {"groups": ["a", "b"]}
    account_info[first_name]=X        {"account_info": {"first_name": "X"}}
    id=1&id=2                         {"id": ["1", "2"]}
    a[0]=x&a[1]=y                     {"a": ["x", "y"]}

Brackets that do not close, or with something behind them, are part of a plain name. All values are texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from rookery.particle.api.errors import bad_request

FIELDS = 1_000
"""Fields of a form, query or multipart body: more than any call has, and the usual limit of the Node library."""
NESTING = 5
"""Brackets of one name: the deepest call has two. The Node library stops here as well."""
LIST_INDEX = 20
"""The largest index that makes a list with gaps; above it numbers are names, as in the Node library."""

_NAME = re.compile(r"([^\[\]]*)((?:\[[^\[\]]*\])*)")
_INDEX = re.compile(r"0|[1-9][0-9]{0,3}")
_INNER = re.compile(r"\[([^\[\]]*)\]")


class _Repeated(list[Any]):
    """Values of a name that came more than once."""


def parse_form(raw: bytes) -> dict[str, Any]:
    """The fields of an `application/x-www-form-urlencoded` body.

    Raises:
        ApiError: 400: not UTF-8, too many fields, or nested too deeply.
    """
    return nested(form_pairs(raw))


def form_pairs(raw: bytes) -> list[tuple[str, str]]:
    """Names and values in order, decoded.

    Raises:
        ApiError: 400: not UTF-8, or too many fields.
    """
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except UnicodeDecodeError:
        raise bad_request("The form is not UTF-8") from None
    except ValueError:
        raise bad_request(f"The form has more than {FIELDS} fields") from None


def parse_query(raw: bytes) -> dict[str, str]:
    """Query parameters as they are named, the first of each (brackets are part of a name here). What is no UTF-8
    becomes U+FFFD: a parameter that nobody asks for must not fail the call.

    Raises:
        ApiError: 400: too many parameters.
    """
    out: dict[str, str] = {}
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=FIELDS)
    except ValueError:
        raise bad_request(f"The query has more than {FIELDS} parameters") from None
    for name, value in pairs:
        out.setdefault(name, value)
    return out


def nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The fields that names and values mean.

    Raises:
        ApiError: 400: nested too deeply.
    """
    tree: dict[str, Any] = {}
    has_brackets = False
    for name, value in pairs:
        keys = [name]
        if "[" in name:
            match = _NAME.fullmatch(name)
            if match is not None and match[2]:
                inner = _INNER.findall(match[2])
                keys = [match[1], *inner] if match[1] else inner
                if len(inner) > NESTING:
                    raise bad_request(f"The form is nested more than {NESTING} deep")
                has_brackets = has_brackets or len(keys) > 1
        _put(tree, keys, value)
    if has_brackets:
        return {key: _plain(value) for key, value in tree.items()}
    return {key: list(value) if type(value) is _Repeated else value for key, value in tree.items()}


def _put(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    node = tree
    for key in keys[:-1]:
        key = key if node is tree else key or _next(node)
        held = node.get(key)
        if type(held) is not dict:
            # `a=1&a[]=2`: what came before keeps its place in the list.
            if held is None:
                held = {}
            else:
                held = {str(i): v for i, v in enumerate(held if type(held) is _Repeated else [held])}
            node[key] = held
        node = held
    key = keys[-1] if node is tree else keys[-1] or _next(node)
    if key not in node:
        node[key] = value
        return
    held = node[key]
    if type(held) is dict:
        held[_next(held)] = value
    elif type(held) is _Repeated:
        held.append(value)
    else:
        node[key] = _Repeated([held, value])


def _next(node: dict[str, Any]) -> str:
    """The name of `[]`: behind all numbers that are taken."""
    index = len(node)
    while str(index) in node:
        index += 1
    return str(index)


def _plain(value: Any) -> Any:
    """Lists where all names are numbers."""
    if type(value) is _Repeated:
        return [_plain(each) for each in value]
    if type(value) is not dict:
        return value
    inner = {key: _plain(each) for key, each in value.items()}
    if all(_INDEX.fullmatch(key) for key in inner):
        order = sorted(inner, key=int)
        if int(order[-1]) <= max(LIST_INDEX, len(order) - 1):
            return [inner[key] for key in order]
    return inner
