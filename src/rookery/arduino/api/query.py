"""Query parameters: each is declared once, read by its handler and described in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.times import parse_time
from rookery.core.ids import is_uuid

T_co = TypeVar("T_co", covariant=True)

Query = dict[str, list[str]]

PARAMETER_LIMIT = 1_000
"""Parameters of one request: room for a list of ids as long as a request line can be."""

_TRUE = frozenset({"1", "t", "true", "yes", "on"})
_FALSE = frozenset({"0", "f", "false", "no", "off"})


class Parameter(NamedTuple, Generic[T_co]):
    """A query parameter. `read` gets the values as sent (at least one) and the name, and raises a `Problem`."""

    name: str
    read: Callable[[str, list[str]], T_co]
    default: T_co
    schema: dict[str, Any]
    description: str


def parse_query(raw: bytes) -> Query:
    """The parameters by lower-case name. `list[]=` is understood as `list=`; a broken escape is kept as it stands."""
    if not raw:
        return {}
    query: Query = {}
    try:
        pairs = parse_qsl(
            raw.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=PARAMETER_LIMIT
        )
    except ValueError:
        raise bad_field("query", f"The query has more than {PARAMETER_LIMIT} parameters.") from None
    for name, value in pairs:
        query.setdefault(name.lower().removesuffix("[]"), []).append(value)
    return query


def flag(name: str, description: str) -> Parameter[bool]:
    """A boolean, false when missing or empty."""

    def read(name: str, values: list[str]) -> bool:
        value = values[-1].strip().lower()
        if value in _TRUE:
            return True
        if value in _FALSE or value in ("", "null", "none", "undefined"):
            return False
        raise bad_field(name, f"{name} must be true or false.")

    return Parameter(name, read, False, {"type": "boolean", "default": False}, description)


def integer(
    name: str, description: str, default: int | None = None, *, low: int | None = None, high: int | None = None
) -> Parameter[int | None]:
    """A whole number between `low` and `high`, both included."""

    def read(name: str, values: list[str]) -> int | None:
        text = values[-1].strip()
        if not text:
            return default
        try:
            number = int(text) if len(text) < 20 else None
        except ValueError:
            number = None
        if number is None:
            raise bad_field(name, f"{name} must be a whole number.")
        if (low is not None and number < low) or (high is not None and number > high):
            bounds = f"at least {low}" if high is None else f"between {low} and {high}"
            raise bad_field(name, f"{name} must be {bounds}.")
        return number

    schema: dict[str, Any] = {"type": "integer", "format": "int64"}
    extra = {"default": default, "minimum": low, "maximum": high}
    schema |= {key: value for key, value in extra.items() if value is not None}
    return Parameter(name, read, default, schema, description)


def text(name: str, description: str, choices: tuple[str, ...] = ()) -> Parameter[str | None]:
    """Text, one of `choices` when there are any (in whatever case)."""

    def read(name: str, values: list[str]) -> str | None:
        value = values[-1]
        if not choices:
            return value
        if not value:
            return None
        for choice in choices:
            if choice.lower() == value.lower():
                return choice
        raise bad_field(name, f"{name} must be one of {', '.join(choices)}.")

    schema: dict[str, Any] = {"type": "string"}
    if choices:
        schema["enum"] = list(choices)
    return Parameter(name, read, None, schema, description)


def time(name: str, description: str) -> Parameter[int | None]:
    """A time, as UTC microseconds."""

    def read(name: str, values: list[str]) -> int | None:
        # A plus sign that a client forgot to escape arrives as a blank.
        value = values[-1].strip()
        value = value[:10] + value[10:].replace(" ", "T", 1 if value[10:11] == " " else 0).replace(" ", "+")
        if not value:
            return None
        try:
            return parse_time(value)
        except ValueError:
            raise bad_field(name, f"{name} must be a time such as 2025-01-31T12:00:00Z.") from None

    return Parameter(name, read, None, {"type": "string", "format": "date-time"}, description)


def uuids(name: str, description: str) -> Parameter[list[str] | None]:
    """A list of UUIDs, repeated or with commas between them."""

    def read(name: str, values: list[str]) -> list[str]:
        ids = [part.strip().lower() for value in values for part in value.split(",") if part.strip()]
        for id in ids:
            if not is_uuid(id):
                raise bad_field(name, f"{id[:80]!r} in {name} is not a UUID.")
        return ids

    schema = {"type": "array", "items": {"type": "string", "format": "uuid"}}
    return Parameter(name, read, None, schema, description)


def one_uuid(name: str, description: str) -> Parameter[str | None]:
    """A UUID."""

    def read(name: str, values: list[str]) -> str | None:
        id = values[-1].strip().lower()
        if not id:
            return None
        if not is_uuid(id):
            raise bad_field(name, f"{name} must be a UUID.")
        return id

    return Parameter(name, read, None, {"type": "string", "format": "uuid"}, description)


def short_text(name: str, description: str, limit: int) -> Parameter[str | None]:
    """Text of at most `limit` characters; an empty one is none."""

    def read(name: str, values: list[str]) -> str | None:
        if len(values[-1]) > limit:
            raise bad_field(name, f"{name} has at most {limit} characters.")
        return values[-1] or None

    return Parameter(name, read, None, {"type": "string", "maxLength": limit}, description)


def tags(name: str, description: str) -> Parameter[list[tuple[str, str]]]:
    """A list of `key:value`, repeated or with commas between them."""

    def read(name: str, values: list[str]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for part in (part.strip() for value in values for part in value.split(",")):
            if not part:
                continue
            key, separator, value = part.partition(":")
            if not (separator and key and value):
                raise bad_field(name, f"{part[:80]!r} in {name} is not of the form key:value.")
            found.append((key, value))
        return found

    schema = {"type": "array", "items": {"type": "string", "pattern": "^[a-zA-Z0-9_.@-]+:[a-zA-Z0-9_.@-]+$"}}
    return Parameter(name, read, [], schema, description)


FORCE = flag("force", "Delete for good, or take over what is in use elsewhere.")
SHOW_DELETED = flag("show_deleted", "Include what was deleted and can be brought back.")
ACROSS_USER_IDS = flag("across_user_ids", "In an organisation: what belongs to any of its members.")
TAGS = tags("tags", "Only what has all these tags, each as key:value.")
