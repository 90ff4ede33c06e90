"""History as tables: CSV that every spreadsheet opens, and Parquet for those who compute with it.

Both have a row for each point. CSV (RFC 4180, UTF-8):

    time,thing_id,thing,variable_id,variable,kind,value
    2026-11-21T15:30:00.000000Z,0b5e…,Greenhouse,7c1a…,temperature,float,21.5

`kind` is that of the value itself (bool, int, float, string, composite), so that 1 and 1.0 come back as they were. A
composite is JSON. Parquet has the same columns, the value in one of `bool`, `int`, `float` and `text`; whole numbers of
more than 64 bits and composites are text.

What is read may have less: `time`, `value` (or the four columns) and a variable, by `variable_id`, or by `thing_id` or
`thing` and `variable`. A time is RFC 3339, or a number of seconds, milliseconds or microseconds since 1970: which of
them follows from its size, because a time is between 2000 and 2100.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Protocol, Self

NAMES = ("thing_id", "thing", "variable_id", "variable")
CSV_COLUMNS = ("time", *NAMES, "kind", "value")
PARTS = ("bool", "int", "float", "text")
PARQUET_COLUMNS = ("time", *NAMES, "kind", *PARTS)
GROUP = 65_536
"""Rows of a group of a Parquet file: a few megabytes in memory, and enough for its compression."""
FIELD_LIMIT = 1 << 20
"""Characters of a field of CSV: a text of the longest kind, escaped."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LARGEST_INT = 2**63

TIME_LIMIT = 40
"""Characters of a time: more than the longest way to write one."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


class TableError(Exception):
    """A file can not be read or written. `str()` says what is wrong with it, and where."""


class Row(NamedTuple):
    """A point with the names of its variable. Of what was read, the names that the file has; others are empty."""

    time: int
    """UTC microseconds."""
    thing_id: str
    thing: str
    variable_id: str
    variable: str
    kind: str
    """Empty: as the variable has it; then `value` is the text of the file."""
    value: Any


class Writer(Protocol):
    """Writes a table."""

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file."""


def kind_of(value: Any) -> str:
    """What a value is called in the column `kind`."""
    if isinstance(value, bool):
        return "bool"
    return {int: "int", float: "float", str: "string"}.get(type(value), "composite")


def time_text(time: int) -> str:
    """RFC 3339 with microseconds."""
    return (EPOCH + timedelta(microseconds=time)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def time_of(text: str) -> int:
    """UTC microseconds.

    Raises:
        ValueError: it is no time.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text) and len(text) <= TIME_LIMIT:
        number = float(text)
        for factor in (1, 1_000, 1_000_000):
            if abs(number) < 1e10 * factor:
                whole, _, part = text.partition(".")
                # Exact where it is whole: a float has no room for the microseconds of today.
                return int(whole) * (1_000_000 // factor) + round(float(f"0.{part or 0}") * (1_000_000 // factor))
        return int(number)
    try:
        moment = datetime.fromisoformat(text if len(text) <= TIME_LIMIT else "")
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time: write 2026-11-21T15:30:00Z") from None
    return ((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND


def value_text(value: Any) -> str:
    """A value as the field of a CSV file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value if isinstance(value, str) else repr(value)


def value_of(kind: str, text: str) -> Any:
    """The value that a field means.

    Raises:
        ValueError: it means none of this kind.
    """
    try:
        if kind == "bool":
            return {"true": True, "1": True, "false": False, "0": False}[text.strip().lower()]
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
        if kind == "composite":
            value = json.loads(text)
            if not isinstance(value, dict):
                raise ValueError
            return value
    except (KeyError, ValueError, RecursionError):
        raise ValueError(f"{text[:40]!r} is no {kind}") from None
    if kind != "string":
        raise ValueError(f"{kind[:20]!r} is no kind: write bool, int, float, string or composite")
    return text


class CsvWriter:
    """Writes CSV."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._csv = csv.writer(file)
        self._csv.writerow(CSV_COLUMNS)

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        self._csv.writerows((time_text(row.time), *row[1:5], row.kind, value_text(row.value)) for row in rows)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Everything is with the system."""
        self._file.flush()


def read_csv(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows with the numbers of their lines.

    Raises:
        TableError: it is not such a table; the text names the line.
    """
    csv.field_size_limit(FIELD_LIMIT)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            columns = [name.strip().lower() for name in next(lines, [])]
            _check_columns(path, columns, ("value",))
            places = {name: columns.index(name) for name in CSV_COLUMNS if name in columns}
            for fields in lines:
                if fields:
                    yield lines.line_num, _csv_row(path, lines.line_num, places, fields)
    except UnicodeDecodeError:
        raise TableError(f"{path} is not text in UTF-8.") from None
    except csv.Error as error:
        raise TableError(f"{path}, line {lines.line_num}: {error}.") from None


def _csv_row(path: Path, line: int, places: dict[str, int], fields: list[str]) -> Row:
    def field(name: str) -> str:
        return fields[places[name]] if name in places else ""

    try:
        kind, text = field("kind").strip().lower(), field("value")
        value = value_of(kind, text) if kind else text
        return Row(time_of(field("time")), *(field(name).strip() for name in NAMES), kind, value)  # type: ignore[call-arg]
    except IndexError:
        raise TableError(
            f"{path}, line {line}: it has {len(fields)} fields, fewer than the first line names."
        ) from None
    except ValueError as error:
        raise TableError(f"{path}, line {line}: {error}.") from None


def _check_columns(path: Path, columns: Sequence[str], values: Sequence[str]) -> None:
    has = set(columns)
    by_name = "variable" in has and has & {"thing", "thing_id"}
    if "time" not in has or not has & set(values) or not ("variable_id" in has or by_name):
        shown = "".join(c if c.isprintable() else "?" for c in ", ".join(columns)[:200]) or "of no table"
        raise TableError(
            f"{path} has the columns {shown}. It needs time, {' or '.join(values)} "
            "and variable_id; or thing and variable in place of that."
        )


class ParquetWriter:
    """Writes Parquet, a group of rows at a time."""

    def __init__(self, path: Path) -> None:
        arrow = parquet_library()
        self._arrow = arrow
        name = arrow.dictionary(arrow.int32(), arrow.string())
        fields = [("time", arrow.timestamp("us", tz="UTC")), *((column, name) for column in (*NAMES, "kind"))]
        fields += [
            ("bool", arrow.bool_()),
            ("int", arrow.int64()),
            ("float", arrow.float64()),
            ("text", arrow.string()),
        ]
        self._schema = arrow.schema(fields)
        self._file = arrow.parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        self._rows += rows
        while len(self._rows) >= GROUP:
            self._flush(self._rows[:GROUP])
            del self._rows[:GROUP]

    def _flush(self, rows: Sequence[Row]) -> None:
        arrow, columns = self._arrow, list(zip(*(_parquet_row(row) for row in rows), strict=True))
        arrays = [
            arrow.array(column, type=field.type)
            if not arrow.types.is_dictionary(field.type)
            else arrow.array(column, type=arrow.string()).dictionary_encode().cast(field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._file.write_table(arrow.Table.from_arrays(arrays, schema=self._schema))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The last rows, and the end that readers look for."""
        if error is None and self._rows:
            self._flush(self._rows)
        self._file.close()


def _parquet_row(row: Row) -> tuple[Any, ...]:
    value = row.value
    parts: dict[str, Any] = dict.fromkeys(PARTS)
    if row.kind == "int" and not -LARGEST_INT <= value < LARGEST_INT:
        parts["text"] = str(value)
    elif row.kind in ("string", "composite"):
        parts["text"] = value_text(value)
    else:
        parts[row.kind] = value
    return (*row[:5], row.kind, *parts.values())


def read_parquet(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows with their numbers, from 1.

    Raises:
        TableError: it is not such a table.
    """
    arrow = parquet_library()
    try:
        file = arrow.parquet.ParquetFile(path)
    except (arrow.ArrowInvalid, OSError) as error:
        raise TableError(f"{path} is no Parquet file, or its end is missing ({_first_line(error)}).") from None
    with file:
        columns = file.schema_arrow.names
        _check_columns(path, columns, ("value", *PARTS))
        number = 0
        try:
            for batch in file.iter_batches(
                GROUP, columns=[name for name in (*PARQUET_COLUMNS, "value") if name in columns]
            ):
                stamped = arrow.types.is_timestamp(batch.schema.field("time").type)
                if stamped:
                    place = batch.schema.get_field_index("time")
                    batch = batch.set_column(place, "time", _micros(arrow, path, number, batch.column(place)))
                for record in batch.to_pylist():
                    number += 1
                    yield number, _read_row(path, number, record, stamped)
        except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise TableError(f"{path} is damaged after row {number} ({_first_line(error)}).") from None


def _micros(arrow: Any, path: Path, number: int, times: Any) -> Any:
    """A column of timestamps as UTC microseconds."""
    # Nanoseconds, which some libraries write whatever they have, are cut; a larger unit may have no such microsecond.
    try:
        stamped = times.cast(arrow.timestamp("us", tz="UTC"), safe=times.type.unit != "ns")
    except arrow.ArrowInvalid:
        raise TableError(
            f"{path}, after row {number}: a time is between 2000 and 2100, and one there is not."
        ) from None
    return stamped.cast(arrow.int64())


def _read_row(path: Path, number: int, record: dict[str, Any], stamped: bool) -> Row:
    kind = record.get("kind") or ""
    found = [record[name] for name in (*PARTS, "value") if record.get(name) is not None]
    try:
        if record["time"] is None:
            raise ValueError("it has no time")
        if not found:
            raise ValueError("it has no value")
        value = found[0]
        if not isinstance(value, bool | int | float | str | dict):
            raise ValueError(f"{str(value)[:40]!r} is {type(value).__name__}: write booleans, numbers and texts")
        if kind in ("int", "composite") and isinstance(value, str):
            value = value_of(kind, value)
        elif kind == "float" and type(value) is int:
            value = float(value)
        if kind and kind != kind_of(value):
            raise ValueError(f"its kind is {kind[:20]}, and its value {str(value)[:40]!r} is {kind_of(value)}")
        if not isinstance(value, str):
            kind = kind_of(value)
        time = record["time"] if stamped else time_of(str(record["time"]))
        named = {name: str(record.get(name) or "") for name in NAMES}
        return Row(time, **named, kind=kind, value=value)
    except (ValueError, OverflowError) as error:
        raise TableError(f"{path}, row {number}: {error}.") from None


def parquet_library() -> Any:
    """pyarrow, which is there where somebody asked for it.

    Raises:
        TableError: it is not.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise TableError("Parquet needs pyarrow: pip install 'rookery[parquet]'. Or use CSV.") from None
    return pyarrow


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0].strip()[:200] or type(error).__name__
