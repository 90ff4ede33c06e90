"""The tables of the catalog, made from the records: a record is a table, a field is a column.

Columns are derived, so that nothing is written twice; what can not be derived is below: which fields are unique, and
what is looked up. Times are integers (UTC microseconds), dictionaries are JSON, enumerations are text.

There are no foreign keys. Deleting is soft and services list every row that goes; SQLite does not say which key failed,
and several requests share one commit, where a deferred check would fail them all.
"""

from __future__ import annotations

import types
import typing
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
)
from sqlalchemy.types import TypeEngine

from rookery.core.records import (
    RECORDS,
    BoardLink,
    Certificate,
    ClaimCode,
    Client,
    Customer,
    Dashboard,
    DashboardLink,
    DashboardRequest,
    DashboardShare,
    Device,
    Group,
    Integration,
    Member,
    OneTimeLink,
    Person,
    Product,
    Program,
    Record,
    Space,
    Thing,
    Token,
    Variable,
)

REVISION = "0006"
"""The revision of the tables below. Revisions are numbered in order, so a greater one is from a newer version."""


class Unique(NamedTuple):
    """No two rows may agree in `fields`. `blame` is the field that a `Conflict` names."""

    fields: tuple[str, ...]
    blame: str
    live: bool = False
    """Only among rows that are not deleted (`deleted_at` is not set)."""


UNIQUE: dict[type[Record], tuple[Unique, ...]] = {
    Person: (Unique(("email",), "email"),),
    Space: (Unique(("slug",), "slug"),),
    Token: (Unique(("refresh_hash",), "refresh_hash"),),
    Program: (Unique(("username",), "username"),),
    BoardLink: (Unique(("connection_id",), "connection_id"),),
    Product: (Unique(("number",), "number"), Unique(("slug",), "slug")),
    Customer: (Unique(("product_id", "email"), "email"),),
    Member: (Unique(("space_id", "person_id"), "person_id"),),
    Device: (Unique(("hex_id",), "hex_id"),),
    Thing: (Unique(("device_id",), "device_id"),),
    DashboardShare: (Unique(("dashboard_id", "person_id"), "person_id"),),
    Variable: (
        Unique(("thing_id", "symbol"), "symbol", live=True),
        Unique(("thing_id", "tag"), "tag", live=True),
    ),
}
LOOKED_UP: dict[type[Record], tuple[str, ...]] = {
    Member: ("space_id", "person_id"),
    OneTimeLink: ("person_id",),
    Client: ("person_id", "product_id"),
    Token: ("bearer_id", "client_id"),
    Program: ("space_id",),
    Device: ("space_id", "product_id"),
    Product: ("space_id",),
    Group: ("product_id",),
    Customer: ("product_id",),
    ClaimCode: ("owner_id",),
    Integration: ("space_id",),
    Dashboard: ("space_id",),
    DashboardShare: ("dashboard_id", "person_id"),
    DashboardRequest: ("dashboard_id", "person_id"),
    DashboardLink: ("dashboard_id",),
    Certificate: ("device_id",),
    Thing: ("space_id",),
    Variable: ("thing_id",),
}
"""Fields that `select` is asked by; each has an index that also gives the order."""

CASELESS: dict[type[Record], frozenset[str]] = {
    Person: frozenset({"email"}),
    Customer: frozenset({"email"}),
    Program: frozenset({"username"}),
}
"""Fields in which A equals a, when looking up and for uniqueness alike."""

_COLUMN_TYPES: dict[type, type[TypeEngine[Any]]] = {
    str: Text,
    int: BigInteger,
    float: Float,
    bool: Boolean,
    bytes: LargeBinary,
    dict: JSON,
    list: JSON,
}

metadata = MetaData()


def table_name(kind: type[Record]) -> str:
    """`OneTimeLink` lives in `one_time_link`."""
    return "".join("_" + c.lower() if c.isupper() else c for c in kind.__name__).lstrip("_")


def words(kind: type[Record]) -> str:
    """How a sentence calls it: `one time link`."""
    return table_name(kind).replace("_", " ")


def _column(field: msgspec.structs.FieldInfo) -> Column[Any]:
    hint, optional = field.type, False
    if isinstance(hint, types.UnionType):
        (hint,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
        optional = True
    base = typing.get_origin(hint) or hint
    if issubclass(base, StrEnum):
        base = str
    return Column(field.encode_name, _COLUMN_TYPES[base](), primary_key=field.name == "id", nullable=optional)


def compared(kind: type[Record], column: Column[Any]) -> ColumnElement[Any]:
    """The column as it is compared: in lower case where case does not count (ASCII only, as SQLite does)."""
    return func.lower(column) if column.name in CASELESS.get(kind, ()) else column


def _table(kind: type[Record]) -> Table:
    name = table_name(kind)
    table = Table(name, metadata, *(_column(field) for field in msgspec.structs.fields(kind)))
    for unique in UNIQUE.get(kind, ()):
        # Naming `postgresql_where` as well would load that whole dialect at each start.
        where = table.c.deleted_at.is_(None) if unique.live else None
        Index(
            unique_name(kind, unique),
            *(compared(kind, table.c[field]) for field in unique.fields),
            unique=True,
            sqlite_where=where,
        )
    for field in LOOKED_UP.get(kind, ()):
        Index(f"{name}_by_{field}", table.c[field], table.c.created_at, table.c.id)
    return table


def unique_name(kind: type[Record], unique: Unique) -> str:
    """The name of the index behind a `Unique`."""
    return f"{table_name(kind)}_one_{unique.blame}"


TABLES: dict[type[Record], Table] = {kind: _table(kind) for kind in RECORDS}

counter = Table(
    "counter",
    metadata,
    Column("name", Text(), primary_key=True),
    Column("value", BigInteger(), nullable=False),
)
"""`series`: the greatest series number that was ever given out."""
