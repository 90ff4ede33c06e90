"""Statements and rows of one kind of record. Every statement is built once and then only bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import product
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Delete,
    Insert,
    Select,
    Update,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from rookery.core.records import Record
from rookery.storage.catalog.schema import CASELESS, TABLES, compared

R = TypeVar("R", bound=Record)

ANY_OF = 10_000
"""Values of one "any of" list in one statement: SQLite binds at most 32,766 in all. A longer list is asked in parts."""

Shape = tuple[tuple[str, str], ...]
"""Which fields a question names, and how: `=`, `null`, `in` or `in null`."""


class Rows(Generic[R]):
    """One table, as records. The connection is an argument of every method."""

    def __init__(self, kind: type[R]) -> None:
        self.kind = kind
        self._table = TABLES[kind]
        self._fields = kind.__struct_fields__
        self._plain = frozenset(c.name for c in self._table.c if not isinstance(c.type, JSON))
        self._enums = {
            f.name: f.type
            for f in msgspec.structs.fields(kind)
            if isinstance(f.type, type) and issubclass(f.type, Enum)
        }
        table = self._table
        self._insert: Insert = insert(table)
        self._update: Update = (
            update(table)
            .where(table.c.id == bindparam("_id"), table.c.version == bindparam("_version"))
            .values({name: bindparam(name) for name in self._fields if name != "id"})
        )
        self._delete: Delete = delete(table).where(table.c.id == bindparam("_id"))
        self._by_id: Select[Any] = select(table).where(table.c.id == bindparam("_id"))
        self._lists: dict[Shape, Select[Any]] = {}
        self._picks: dict[tuple[tuple[str, ...], Shape], Select[Any]] = {}
        self._counts: dict[Shape, Select[Any]] = {}

    def insert(self, connection: Connection, record: R) -> None:
        """Raises SQLAlchemy's IntegrityError when something unique is taken."""
        connection.execute(self._insert, self._row(record))

    def update(self, connection: Connection, record: R) -> bool:
        """False when the row there is not of the version before this one."""
        row = self._row(record)
        row["_id"] = row.pop("id")
        row["_version"] = record.version - 1
        return connection.execute(self._update, row).rowcount == 1

    def delete(self, connection: Connection, id: str) -> None:
        """Harmless when it is gone."""
        connection.execute(self._delete, {"_id": id})

    def get(self, connection: Connection, id: str) -> R | None:
        """By id."""
        row = connection.execute(self._by_id, {"_id": id}).one_or_none()
        return None if row is None else self._record(row)

    def find(self, connection: Connection, equals: Mapping[str, Any]) -> R | None:
        """The oldest that fits."""
        firsts = [self._rows(connection, part, 1) for part in self._parts(equals)]
        found = [self._record(rows[0]) for rows in firsts if rows]
        return min(found, key=_age, default=None)

    def select(self, connection: Connection, equals: Mapping[str, Any]) -> list[R]:
        """All that fit, oldest first."""
        parts = [[self._record(row) for row in self._rows(connection, part, -1)] for part in self._parts(equals)]
        if len(parts) == 1:
            return parts[0]
        return sorted((record for part in parts for record in part), key=_age)

    def pick(self, connection: Connection, asked: tuple[tuple[str, ...], Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Some fields of all that fit, in no order."""
        names, equals = asked
        found: list[tuple[Any, ...]] = []
        for part in self._parts(equals):
            shape, values = self._question(part)
            statement = self._picks.get((names, shape))
            if statement is None:
                statement = select(*(self._table.c[name] for name in names)).where(*self._where(shape))
                self._picks[names, shape] = statement
            found += map(tuple, connection.execute(statement, values))
        for index, name in enumerate(names):
            if name in self._enums:
                known = self._enums[name]
                found = [(*row[:index], known(row[index]), *row[index + 1 :]) for row in found]
        return found

    def count(self, connection: Connection, equals: Mapping[str, Any]) -> int:
        """How many fit."""
        total = 0
        for part in self._parts(equals):
            shape, values = self._question(part)
            statement = self._counts.get(shape)
            if statement is None:
                statement = select(func.count()).select_from(self._table).where(*self._where(shape))
                self._counts[shape] = statement
            total += connection.execute(statement, values).scalar_one()
        return total

    def _rows(self, connection: Connection, equals: Mapping[str, Any], limit: int) -> list[Any]:
        shape, values = self._question(equals)
        statement = self._lists.get(shape)
        if statement is None:
            table = self._table
            statement = select(table).where(*self._where(shape)).order_by(table.c.created_at, table.c.id)
            self._lists[shape] = statement
        if limit >= 0:
            statement = statement.limit(limit)
        return list(connection.execute(statement, values).fetchall())

    def _parts(self, equals: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The question, cut so that no list is too long; values within a list are told apart first."""
        choices: list[list[tuple[str, Any]]] = []
        for name, value in equals.items():
            if name not in self._plain:
                raise TypeError(f"{self.kind.__name__} can not be looked up by {name!r}")
            if isinstance(value, list | tuple | set | frozenset):
                fold = name in CASELESS.get(self.kind, ())
                kept = list(dict.fromkeys(_folded(v) if fold and isinstance(v, str) else v for v in value))
                choices.append([(name, kept[i : i + ANY_OF]) for i in range(0, len(kept) or 1, ANY_OF)])
            else:
                choices.append([(name, value)])
        for parts in product(*choices):
            yield dict(parts)

    def _question(self, equals: Mapping[str, Any]) -> tuple[Shape, dict[str, Any]]:
        shape: list[tuple[str, str]] = []
        values: dict[str, Any] = {}
        for name, value in equals.items():
            if value is None:
                shape.append((name, "null"))
            elif isinstance(value, list):
                shape.append((name, "in null" if None in value else "in"))
                values[name] = [_plain(v) for v in value if v is not None]
            else:
                shape.append((name, "="))
                values[name] = _plain(value)
        return tuple(shape), values

    def _where(self, shape: Shape) -> Iterator[ColumnElement[bool]]:
        for name, how in shape:
            column = self._table.c[name]
            left = compared(self.kind, column)
            if how == "null":
                yield column.is_(None)
            elif how == "=":
                right = bindparam(name, type_=column.type)
                yield left == (func.lower(right) if left is not column else right)
            else:
                anyof = left.in_(bindparam(name, type_=column.type, expanding=True))
                yield or_(anyof, column.is_(None)) if how == "in null" else anyof

    def _row(self, record: R) -> dict[str, Any]:
        row = msgspec.structs.asdict(record)
        for name in self._enums:
            row[name] = row[name].value
        return row

    def _record(self, row: Any) -> R:
        return msgspec.convert(dict(zip(self._fields, row, strict=True)), self.kind)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _folded(text: str) -> str:
    """Lower case as SQLite's `lower` does it: ASCII only, which is what `bytes.lower` does as well."""
    return text.encode().lower().decode()


def _age(record: Record) -> tuple[int, str]:
    return record.created_at, record.id
