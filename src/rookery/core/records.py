"""The rows of the catalog: immutable, one class a noun, no behaviour beyond reading themselves.

Every record has an `id` that never changes, times in UTC microseconds, and a `version` that counts its changes: the
catalog refuses to replace a record that somebody else has replaced in between.

A *space* owns everything. A person's own space has the person's id; an organisation is a space of its own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What every row has."""

    id: str
    created_at: int
    updated_at: int
    version: int = 0


class Role(StrEnum):
    """What a member may do in a space. Each role includes those after it."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class SpaceKind(StrEnum):
    PERSONAL = "personal"
    ORGANISATION = "organisation"


class ValueKind(StrEnum):
    """What a variable holds. A composite has named components, each of a simple kind."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STRING = "string"
    COMPOSITE = "composite"


class UpdatePolicy(StrEnum):
    """When a board sends a variable: an instruction for the board, not enforced here."""

    ON_CHANGE = "on_change"
    TIMED = "timed"


class Person(Record, frozen=True, kw_only=True):
    """Someone who can log in. `password_hash` is None until the one-time link has been used."""

    email: str
    name: str
    password_hash: str | None = None


class Space(Record, frozen=True, kw_only=True):
    """Who owns things: a person's own space (same id as the person) or an organisation."""

    kind: SpaceKind
    name: str


class Member(Record, frozen=True, kw_only=True):
    """A person in a space. `id` is `<space_id>/<person_id>`."""

    space_id: str
    person_id: str
    role: Role


class OneTimeLink(Record, frozen=True, kw_only=True):
    """A link that works once. `id` is the SHA-256 of its token in hex; the token itself is not kept."""

    purpose: str
    person_id: str
    expires_at: int


class Client(Record, frozen=True, kw_only=True):
    """A program that acts for a person: an API key. The secret is shown once and kept as a hash.

    Secrets are 64 random characters, so a plain SHA-256 of them can not be searched.
    """

    person_id: str
    name: str
    secret_hash: bytes
    enabled: bool = True
    last_used_at: int | None = None


class Device(Record, frozen=True, kw_only=True):
    """A board. It has a UUID and a 24-hex-digit id, because the dialects name boards differently."""

    hex_id: str
    space_id: str
    person_id: str
    dialect: str
    name: str
    type: str
    series: int
    """Series of its presence: True at a connect, False at a disconnect."""
    fqbn: str | None = None
    serial: str = ""
    unique_hardware_id: str | None = None
    ble_mac: str | None = None
    connection_type: str | None = None
    locked: bool = False
    firmware: dict[str, str] = msgspec.field(default_factory=dict)
    """What the board said of itself: library version, radio firmware, sketch hash, network."""
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    secret_hash: bytes | None = None
    """16 bytes of salt, then HMAC-SHA-256 under the server's pepper; see `core.secrets`."""
    last_activity_at: int | None = None
    deleted_at: int | None = None


class Certificate(Record, frozen=True, kw_only=True):
    """A certificate that this server signed for a board."""

    device_id: str
    enabled: bool
    ca: str | None
    serial: str
    """Hex, 32 digits."""
    pem: str
    not_before: int
    not_after: int
    authority_key_id: str
    """Hex, 40 digits."""
    signature: str
    """Hex, 128 digits: r, then s."""


class Thing(Record, frozen=True, kw_only=True):
    """A group of variables that at most one device feeds."""

    space_id: str
    person_id: str
    name: str
    timezone: str
    device_id: str | None = None
    assistant: str = "NONE"
    webhook_uri: str | None = None
    webhook_active: bool = False
    sketch_id: str | None = None
    source_template: str | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    deleted_at: int | None = None


class Variable(Record, frozen=True, kw_only=True):
    """A typed value with history. `type` is a dialect's word and opaque to core; `kind` is what it holds."""

    thing_id: str
    space_id: str
    name: str
    symbol: str
    """How sketches and the wire call it: a C identifier, unique among the live variables of its thing."""
    type: str
    kind: ValueKind
    series: int
    writable: bool
    policy: UpdatePolicy
    policy_parameter: float | None = None
    persist: bool = True
    tag: int
    """Small integer, unique among the live variables of its thing; the name on narrow links."""
    minimum: float | None = None
    maximum: float | None = None
    sync_id: str | None = None
    deleted_at: int | None = None
    deleted_with_thing: bool = False


RECORDS: tuple[type[Record], ...] = (
    Person,
    Space,
    Member,
    OneTimeLink,
    Client,
    Device,
    Certificate,
    Thing,
    Variable,
)
