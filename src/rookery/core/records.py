"""The rows of the catalog: immutable, one class a noun, no behaviour beyond reading themselves.

Every record has an `id` that never changes, times in UTC microseconds, and a `version` that counts its changes: the
catalog refuses to replace a record that somebody else has replaced in between.

A *space* owns everything. A person's own space has the person's id; an organisation is a space of its own; a customer
of a product owns boards and nothing else, and stands in for a space under its own id. A device that nobody has claimed
is in no space: its `space_id` is empty.

A *product* is a second hand on a device: the fleet that it belongs to, whoever owns it. The team of a product are the
members of the space that owns it, and members of the product itself.
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
    SUPPORT = "support"
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
    profile: dict[str, Any] = msgspec.field(default_factory=dict)
    """What people say of themselves: first and last name, company."""
    otp_secret: bytes | None = None
    """Sealed (see `core.secrets.Sealed`). None: a password is enough to log in."""
    otp_step: int = 0
    """The time step of the last one-time password that was used: none works twice (RFC 6238 §5.2)."""
    recovery_hash: bytes | None = None
    operator: bool = False
    """Runs this server: sees its settings and its people. The first person is one."""


class Space(Record, frozen=True, kw_only=True):
    """Who owns things: a person's own space (same id as the person) or an organisation."""

    kind: SpaceKind
    name: str
    slug: str | None = None
    """How paths call an organisation, besides its id."""
    events: int = 0
    """Series of events that were published to it and not by a board; 0 while there are none."""
    audit: int = 0
    """Series of what was done in it and by whom, as JSON text; 0 while nothing was."""
    retention: dict[str, int] = msgspec.field(default_factory=dict)
    """Days that history is kept, by kind (see `core.retention`); what is not named is as the server has it."""


class Member(Record, frozen=True, kw_only=True):
    """A person in a space, or on the team of a product. `id` is `<space_id>/<person_id>`."""

    space_id: str
    person_id: str
    role: Role


class OneTimeLink(Record, frozen=True, kw_only=True):
    """A link that works once. `id` is the SHA-256 of its token in hex; the token itself is not kept."""

    purpose: str
    person_id: str
    expires_at: int
    details: dict[str, Any] = msgspec.field(default_factory=dict)
    """What was asked for when it was made, for whoever completes it."""


class ClientKind(StrEnum):
    """What kind of program it is."""

    KEY = "key"
    """Acts for a person by itself: an API key."""
    INSTALLED = "installed"
    """An OAuth client that can keep a secret, or is given one that everybody may know."""
    WEB = "web"
    """An OAuth client in browsers, which comes back to one address."""


class Client(Record, frozen=True, kw_only=True):
    """A program that acts for a person or a product: an API key, or an OAuth client.

    The secret is shown once and kept as a hash. Secrets are 40 or 64 random characters, so a plain SHA-256 of them can
    not be searched.
    """

    person_id: str
    """Whose it is; who made it, for a client of a product."""
    name: str
    secret_hash: bytes
    enabled: bool = True
    last_used_at: int | None = None
    kind: ClientKind = ClientKind.KEY
    product_id: str | None = None
    redirect_uri: str | None = None
    scope: str | None = None
    """The permissions it is limited to, separated by blanks; None is no limit."""


class Bearer(StrEnum):
    """Whom a token speaks for."""

    PERSON = "person"
    CUSTOMER = "customer"
    PRODUCT = "product"
    PROGRAM = "program"


class Token(Record, frozen=True, kw_only=True):
    """An access token and the refresh token that goes with it. `id` is the SHA-256 of the token, in hex.

    The token has 160 random bits and can not be found from its hash.
    """

    bearer: Bearer
    bearer_id: str
    client_id: str
    expires_at: int | None
    """None: never."""
    refresh_hash: str | None = None
    refresh_expires_at: int | None = None
    scope: str | None = None

    @property
    def last_used_at(self) -> int | None:
        """When it was used, to some minutes. A new version of a token is made for nothing but its use."""
        return self.updated_at if self.updated_at > self.created_at else None


class Program(Record, frozen=True, kw_only=True):
    """A user that is a program: belongs to a product or an organisation and may do exactly what its scopes say."""

    space_id: str
    """Of the organisation, or the id of the product."""
    username: str
    name: str
    scopes: list[str]


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
    product_id: str | None = None
    platform: int | None = None
    """The number of its kind of hardware, where a dialect counts them."""
    public_key: bytes | None = None
    """DER SubjectPublicKeyInfo: what the board has to prove to be this one."""
    notes: str | None = None
    groups: list[str] = msgspec.field(default_factory=list)
    development: bool = False
    """No firmware of the fleet for this one."""
    quarantined: bool = False
    """It says that it belongs to the product, and nobody of the product has agreed yet."""
    denied: bool = False
    described: dict[str, Any] = msgspec.field(default_factory=dict)
    """What the board said it can do: `functions` (names), `variables` (name to type), and what else a dialect keeps."""
    subscriptions: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """Which events the board wants: `prefix`, and what else a dialect keeps. Kept because a board that comes back with
    its old session does not say it again."""
    last_address: str | None = None
    last_session_at: int | None = None
    events: int = 0
    """Series of the events it published; 0 while there are none."""
    vitals: int = 0
    """Series of its vitals, as JSON text; 0 while there are none."""
    desired_version: int | None = None
    """The firmware of its product that this board is to have, whatever the fleet has."""
    updates_forced: bool = False
    """Updates although its program has turned them off."""
    journal: int = 0
    """Series of its connections and why they ended, as JSON text; 0 while there are none."""


class BoardLink(Record, frozen=True, kw_only=True):
    """A secure session that outlives this process. `id` is the hex id of the device."""

    connection_id: str
    """How datagrams of the session name it, in hex; `name:` and the hex id of the device where it has no other name."""
    session: bytes
    """Sealed (see `core.secrets.Sealed`): who has it can speak for the server."""
    message_id: int
    """The next message identifier, safely ahead."""
    address: str | None = None


class Product(Record, frozen=True, kw_only=True):
    """A fleet: boards that run the same firmware, whoever owns them."""

    number: int
    """How boards and paths call it."""
    space_id: str
    person_id: str
    name: str
    slug: str
    description: str = ""
    platform: int
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    events: int
    """Series of events that were published to it and not by a board."""


class Group(Record, frozen=True, kw_only=True):
    """A named part of a product's boards. `id` is `<product id>/<name>`."""

    product_id: str
    name: str
    description: str = ""
    color: str = ""


class Customer(Record, frozen=True, kw_only=True):
    """Someone who owns boards of one product and is nobody anywhere else."""

    product_id: str
    email: str
    """Any unique text."""
    password_hash: str | None = None
    name: str | None = None


class ClaimCode(Record, frozen=True, kw_only=True):
    """A text that, said by a board, makes it somebody's. `id` is its SHA-256 in hex."""

    owner_id: str
    """Of a person or a customer."""
    product_id: str | None
    expires_at: int


class Integration(Record, frozen=True, kw_only=True):
    """Something that is told of events. `definition` is a dialect's."""

    space_id: str
    """Of a person or an organisation, or the id of a product."""
    person_id: str
    kind: str
    name: str
    event: str
    """The beginning of the names of the events that it wants."""
    device_id: str | None = None
    definition: dict[str, Any] = msgspec.field(default_factory=dict)
    enabled: bool = True


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
    retention: int | None = None
    """Days that its history is kept: 0 is for ever, None is as its space has it."""


class Dashboard(Record, frozen=True, kw_only=True):
    """A page of widgets that show variables of the space, and set them."""

    space_id: str
    person_id: str
    name: str
    cover_image: str | None = None
    pages: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """`id`, `name`, `position`, `icon`."""
    widgets: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """`id`, `type`, `name`, geometry, `page_id`, `options` (opaque), and `variables`: ids of variables."""
    size: int = 0
    """What it costs to show it, about the bytes of an answer (`core.dashboard_widgets.size_of`)."""
    deleted_at: int | None = None


class DashboardShare(Record, frozen=True, kw_only=True):
    """A person who may look at a dashboard and use its widgets. `id` is `<dashboard id>/<person id>`."""

    dashboard_id: str
    person_id: str


class DashboardRequest(Record, frozen=True, kw_only=True):
    """A person who would like to have a dashboard shared, and says why. `id` is `<dashboard id>/<person id>`."""

    dashboard_id: str
    person_id: str
    message: str


class DashboardLink(Record, frozen=True, kw_only=True):
    """An address under which everybody may look at a dashboard. `id` is the SHA-256 of its token in hex."""

    dashboard_id: str
    person_id: str
    """Who made it."""
    name: str
    expires_at: int | None = None
    """None: never."""


RECORDS: tuple[type[Record], ...] = (
    Person,
    Space,
    Member,
    OneTimeLink,
    Client,
    Token,
    Program,
    Device,
    BoardLink,
    Certificate,
    Thing,
    Variable,
    Product,
    Group,
    Customer,
    ClaimCode,
    Integration,
    Dashboard,
    DashboardShare,
    DashboardRequest,
    DashboardLink,
)
