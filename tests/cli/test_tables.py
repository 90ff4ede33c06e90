"""Tables out and in: every value comes back as it was, and what is no table is said with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rookery.cli.tables import (
    CsvWriter,
    ParquetWriter,
    Row,
    TableError,
    kind_of,
    read_csv,
    read_parquet,
    time_of,
    time_text,
)

names = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8).map(str.strip)
scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
)
values = st.one_of(scalars, st.dictionaries(names, scalars, min_size=1, max_size=3))
rows = st.builds(
    lambda time, words, value: Row(time, *words, kind_of(value), value),
    st.integers(0, 4 * 10**15),
    st.tuples(names, names, names, names),
    values,
)


def written(folder: Path, format: str, table: list[Row]) -> Path:
    path = folder / f"table.{format}"
    if format == "csv":
        with path.open("w", encoding="utf-8", newline="") as file, CsvWriter(file) as writer:
            writer.write(table)
    else:
        with ParquetWriter(path) as parquet:
            parquet.write(table)
    return path


READ: dict[str, Callable[[Path], Iterator[tuple[int, Row]]]] = {"csv": read_csv, "parquet": read_parquet}


@pytest.mark.parametrize("format", READ)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(rows, max_size=8))
def test_every_value_comes_back_as_it_was(tmp_path: Path, format: str, table: list[Row]) -> None:
    found = [row for _, row in READ[format](written(tmp_path, format, table))]
    assert [repr(row) for row in found] == [repr(row) for row in table]


def test_a_large_table_goes_group_by_group(tmp_path: Path) -> None:
    table = [Row(n, "t", "thing", "v", "variable", "int", n) for n in range(150_000)]
    assert [row.value for _, row in read_parquet(written(tmp_path, "parquet", table))] == list(range(150_000))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        pytest.param("2026-11-21T15:30:00Z", "2026-11-21T15:30:00.000000Z", id="RFC 3339"),
        pytest.param("2026-11-21T16:30:00.5+01:00", "2026-11-21T15:30:00.500000Z", id="an offset"),
        pytest.param("2026-11-21", "2026-11-21T00:00:00.000000Z", id="a day"),
        pytest.param("2026-11-21 15:30", "2026-11-21T15:30:00.000000Z", id="as spreadsheets write it"),
        pytest.param("1795275000", "2026-11-21T15:30:00.000000Z", id="seconds"),
        pytest.param("1795275000.123456", "2026-11-21T15:30:00.123456Z", id="seconds with a part"),
        pytest.param("1795275000123", "2026-11-21T15:30:00.123000Z", id="milliseconds"),
        pytest.param("1795275000123.5", "2026-11-21T15:30:00.123500Z", id="milliseconds with a part"),
        pytest.param("1795275000123456", "2026-11-21T15:30:00.123456Z", id="microseconds"),
    ],
)
def test_times_as_people_and_programs_write_them(text: str, time: str) -> None:
    assert time_text(time_of(text)) == time


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "has the columns of no table", id="empty"),
        pytest.param(b"a,b\n1,2\n", "has the columns a, b. It needs time, value", id="other columns"),
        pytest.param(b"time,value\n1,2\n", "and variable_id", id="of no variable"),
        pytest.param(b"time,variable_id,value\nyesterday,v,1\n", "line 2: 'yesterday' is no time", id="a time"),
        pytest.param(b"time,variable_id,value\n1,v\n", "line 2: it has 2 fields", id="a short line"),
        pytest.param(b"time,variable_id,kind,value\n1,v,int,x\n", "line 2: 'x' is no int", id="a value"),
        pytest.param(b"time,variable_id,kind,value\n1,v,wave,1\n", "line 2: 'wave' is no kind", id="a kind"),
        pytest.param(b'time,variable_id,value\n1,v,"x\n', "line 2: unexpected end of data", id="a quotation mark"),
        pytest.param(b"time,variable_id,value\n1,v,\xff\n", "is not text in UTF-8", id="no text"),
        pytest.param(b"time,variable_id,value\n" + b"1" * 400 + b",v,1\n", "is no time: write 2026", id="endless time"),
        pytest.param(
            b"time,variable_id,kind,value\n1,v,composite," + b"[" * 100_000, "is no composite", id="a deep composite"
        ),
        pytest.param(b"\0\0,value\n", "has the columns ??, value.", id="zeros"),
    ],
)
def test_what_is_no_csv(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        list(read_csv(path))
    assert said in str(caught.value)


def test_csv_of_a_spreadsheet_has_a_mark_in_front_and_other_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("\ufeffTime,Thing,Variable,Value\r\n2026-01-01,House,temperature,21\r\n\r\n".encode())
    ((line, row),) = read_csv(path)
    assert (line, row.thing, row.variable, row.kind, row.value) == (2, "House", "temperature", "", "21")


@pytest.mark.parametrize("cut", [10, 2_000, -10])
def test_parquet_that_was_cut_off(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, "parquet", [Row(n, "t", "t", "v", "v", "float", n / 7) for n in range(3_000)])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(TableError, match="no Parquet file, or its end is missing"):
        list(read_parquet(path))


def test_parquet_of_somebody_else(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    def table(**columns: Any) -> Path:
        pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "x.parquet")
        return tmp_path / "x.parquet"

    ((_, row),) = read_parquet(table(time=[1795275000], thing=["House"], variable=["a"], value=[1.5]))
    assert (time_text(row.time), row.value, row.kind) == ("2026-11-21T15:30:00.000000Z", 1.5, "float")
    with pytest.raises(TableError, match="has the columns when, value"):
        list(read_parquet(table(when=[1], value=[1.5])))
    with pytest.raises(TableError, match="row 2: it has no value"):
        list(read_parquet(table(time=[1, 2], variable_id=["v", "v"], value=[1.5, None])))
    # Without a kind, text is for the variable to read, as in CSV; a whole number may stand where floats do.
    ((_, row),) = read_parquet(table(time=[1], variable_id=["v"], value=["1.5"]))
    assert (row.kind, row.value) == ("", "1.5")
    ((_, row),) = read_parquet(table(time=[1], variable_id=["v"], kind=["float"], int=[2]))
    assert (row.kind, repr(row.value)) == ("float", "2.0")
    # Nanoseconds are cut.
    stamps = pyarrow.array([1_795_275_000_000_000_999], pyarrow.timestamp("ns"))
    ((_, row),) = read_parquet(table(time=stamps, variable_id=["v"], value=[1.5]))
    assert time_text(row.time) == "2026-11-21T15:30:00.000000Z"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        pytest.param({"time": [1.0, None]}, "row 2: it has no time", id="no time"),
        pytest.param({"time": ["2026-01-01", "1" * 400]}, "row 2: '1111.* is no time", id="an endless time"),
        pytest.param({"kind": ["float", "wave"]}, "row 2: its kind is wave, and its value '2.5' is float", id="a kind"),
        pytest.param({"kind": ["float", "int"]}, "row 2: its kind is int, and its value '2.5' is float", id="a part"),
        pytest.param({"kind": ["", "int"], "value": ["a", "b"]}, "row 2: 'b' is no int", id="text that is no int"),
        pytest.param(
            {"kind": ["", "float"], "value": ["a", "b"]}, "row 2: its kind is float, and its value 'b'", id="text"
        ),
        pytest.param({"value": [[1.5], [2]]}, "row 1: '\\[1.5\\]' is list: write booleans", id="a list"),
        pytest.param({"value": [b"a", b"b"]}, "row 1: .* is bytes: write booleans", id="bytes"),
    ],
)
def test_rows_of_parquet_that_are_none(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    import pyarrow
    import pyarrow.parquet

    table = {"time": [1.0, 2.0], "variable_id": ["v", "v"], "value": [1.5, 2.5], **columns}
    pyarrow.parquet.write_table(pyarrow.table(table), tmp_path / "x.parquet")
    with pytest.raises(TableError, match=said):
        list(read_parquet(tmp_path / "x.parquet"))


def test_a_time_of_parquet_that_has_no_microsecond(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    times = pyarrow.array([2**62], pyarrow.timestamp("ms"))
    pyarrow.parquet.write_table(
        pyarrow.table({"time": times, "variable_id": ["v"], "value": [1.5]}), tmp_path / "x.parquet"
    )
    with pytest.raises(TableError, match="a time is between 2000 and 2100"):
        list(read_parquet(tmp_path / "x.parquet"))


def test_nothing_to_write_is_a_table_too(tmp_path: Path) -> None:
    assert list(read_csv(written(tmp_path, "csv", []))) == []
    assert list(read_parquet(written(tmp_path, "parquet", []))) == []
