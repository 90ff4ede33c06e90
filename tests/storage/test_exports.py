"""Exports as files: exact tables under safe names, readable by their owner alone, whole or not there."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.core.exports import Export, ExportFailed, ExportPart, ExportState
from rookery.core.points import Point, Value
from rookery.core.records import ValueKind
from rookery.storage.exports import CHUNK, NAME_BYTES, ExportFolder, file_name
from tests.fakes import START

ID = "0a1b2c3d-0000-4000-8000-000000000001"


def a_part(thing: str = "House", name: str = "a", kind: ValueKind = ValueKind.INT) -> ExportPart:
    return ExportPart(variable_id="v", thing=thing, name=name, type="INT", kind=kind, series=1)


def an_export(*parts: ExportPart) -> Export:
    return Export(
        id=ID,
        person_id="p",
        space_ids=("s",),
        created_at=START,
        start=START,
        end=START + 60_000_000,
        parts=parts or (a_part(),),
    )


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def names(path: Path) -> set[str]:
    return {file.name for file in path.iterdir()}


async def written(folder: ExportFolder, values: list[Value], columns: tuple[str, ...] = ()) -> int:
    await folder.keep(an_export())
    writer = folder.write(an_export())
    await writer.table(a_part(), columns)
    await writer.rows([Point(START + place, value) for place, value in enumerate(values)])
    return await writer.finish()


def table(path: Path, name: str = "House - a.csv") -> str:
    with zipfile.ZipFile(path / f"{ID}.zip") as archive:
        assert archive.testzip() is None
        return archive.read(name).decode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (-(2**63), "-9223372036854775808"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (5e-324, "5e-324"),
        (1e300, "1e+300"),
        (2.0**53 + 2, "9007199254740994.0"),
        ("plain", "plain"),
        ("", ""),
        ("=1+1", "=1+1"),
        ("a,b", '"a,b"'),
        ('say "ü"', '"say ""ü"""'),
        ("two\nlines", '"two\nlines"'),
        ("two\r\nlines", '"two\r\nlines"'),
        ({"a": 1.5, "b": "ü"}, '"{""a"":1.5,""b"":""ü""}"'),
    ],
)
async def test_values_are_exact(tmp_path: Path, value: Value, text: str) -> None:
    await written(ExportFolder(tmp_path / "x", spare=0), [value])
    assert table(tmp_path / "x") == f"time,value\r\n2025-01-01T00:00:00.000000Z,{text}\r\n"


async def test_a_composite_has_a_column_for_each_component(tmp_path: Path) -> None:
    values: list[Value] = [{"lat": 45.5, "lon": -7.25}, {"lon": 1.0}, 7]
    await written(ExportFolder(tmp_path / "x", spare=0), values, ("lat", "lon", "value"))
    assert table(tmp_path / "x").split("\r\n") == [
        "time,lat,lon,value",
        "2025-01-01T00:00:00.000000Z,45.5,-7.25,",
        "2025-01-01T00:00:00.000001Z,,1.0,",
        "2025-01-01T00:00:00.000002Z,,,7",
        "",
    ]


async def test_a_component_that_nobody_knew_of_is_not_dropped_in_silence(tmp_path: Path) -> None:
    writer = ExportFolder(tmp_path, spare=0).write(an_export())
    await writer.table(a_part(), ("lat",))
    with pytest.raises(ExportFailed, match="other components"):
        await writer.rows([Point(START, {"lat": 1.0, "new": 2.0})])
    await writer.abandon()
    assert names(tmp_path) == set()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=20))
def test_any_text_can_be_read_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("exports")
    asyncio.run(written(ExportFolder(path, spare=0), list(texts)))
    rows = list(csv.reader(io.StringIO(table(path), newline="")))
    assert [row[1] for row in rows[1:]] == texts


async def test_files_are_for_their_owner_alone_and_there_only_when_whole(tmp_path: Path) -> None:
    path = tmp_path / "exports"
    folder = ExportFolder(path, spare=0)
    old = os.umask(0)
    try:
        await folder.keep(an_export())
        writer = folder.write(an_export())
        await writer.table(a_part(), ())
        assert names(path) == {f"{ID}.json", f"{ID}.zip.new"}
        assert await folder.read(ID) is None
        size = await writer.finish()
    finally:
        os.umask(old)
    await writer.abandon()
    assert {file.name: mode(file) for file in path.iterdir()} == {f"{ID}.json": 0o600, f"{ID}.zip": 0o600}
    assert mode(path) == 0o700
    assert size == (path / f"{ID}.zip").stat().st_size


async def test_a_large_file_comes_in_pieces_and_is_readable_although_it_was_removed(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path, spare=0)
    content = os.urandom(2 * CHUNK + 1)
    (tmp_path / f"{ID}.zip").write_bytes(content)
    file = await folder.read(ID)
    assert file is not None
    await folder.keep(an_export())
    await folder.remove(ID)
    assert names(tmp_path) == set()
    pieces = []
    while piece := await file.read():
        pieces.append(piece)
    file.close()
    assert (len(pieces), b"".join(pieces), file.size) == (3, content, len(content))
    await folder.remove(ID)


async def test_the_next_life_finds_what_is_whole_and_removes_what_is_not(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path / "exports", spare=0)
    assert await folder.load() == []
    assert not (tmp_path / "exports").exists()
    export = an_export()
    await folder.keep(export)
    (tmp_path / "exports" / f"{ID}.zip.new").write_bytes(b"half")
    damaged = ID[:-1] + "2"
    (tmp_path / "exports" / f"{damaged}.json").write_text("{")
    (tmp_path / "exports" / f"{ID[:-1]}3.json").write_text((tmp_path / "exports" / f"{ID}.json").read_text())
    (tmp_path / "exports" / "notes.txt").write_text("of somebody")
    assert await folder.load() == [export]
    assert names(tmp_path / "exports") == {f"{ID}.json", f"{damaged}.json", f"{ID[:-1]}3.json", "notes.txt"}


async def test_a_state_replaces_the_one_before(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path, spare=0)
    await folder.keep(an_export())
    export = Export(**{**{f: getattr(an_export(), f) for f in Export.__struct_fields__}, "state": ExportState.FAILED})
    await folder.keep(export)
    assert await folder.load() == [export]


async def test_a_disk_that_is_nearly_full_is_left_to_the_boards(tmp_path: Path) -> None:
    writer = ExportFolder(tmp_path, spare=1 << 62).write(an_export())
    await writer.table(a_part(), ())
    with pytest.raises(ExportFailed, match="nearly full"):
        await writer.rows([Point(START, 1)])
    await writer.abandon()
    await writer.abandon()
    assert names(tmp_path) == set()
    with pytest.raises(ExportFailed, match="stopped"):
        await writer.rows([Point(START, 1)])


async def test_a_folder_that_can_not_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = ExportFolder(tmp_path / "file" / "exports", spare=0)
    with pytest.raises(ExportFailed, match=r"server's disk: not a directory\.$"):
        await folder.keep(an_export())
    writer = folder.write(an_export())
    with pytest.raises(ExportFailed, match="not a directory"):
        await writer.table(a_part(), ())
    await writer.abandon()
    assert await folder.load() == []


@pytest.mark.parametrize(
    ("thing", "name", "file"),
    [
        ("House", "temperature", "House - temperature.csv"),
        ("../../etc", "passwd", "_.._etc - passwd.csv"),
        ("a/b\\c", 'say "hi"', "a_b_c - say _hi_.csv"),
        ("C:", "NUL\0\r\n", "C_ - NUL___.csv"),
        ("Gewächshaus", "温度", "Gewächshaus - 温度.csv"),
        ("Gewa\u0308chshaus", "t", "Gewächshaus - t.csv"),
        (" . ", "", "unnamed - unnamed.csv"),
        ("-rf", "x.", "rf - x.csv"),
        ("é" * 200, "x", "é" * (NAME_BYTES // 2) + " - x.csv"),
    ],
)
def test_names_are_safe(thing: str, name: str, file: str) -> None:
    assert file_name(a_part(thing, name), set()) == file


def test_names_are_unique_whatever_the_case() -> None:
    taken: set[str] = set()
    names = [file_name(a_part("House", name), taken) for name in ("a", "A", "a", "a (2)")]
    assert names == ["House - a.csv", "House - A (2).csv", "House - a (3).csv", "House - a (2) (2).csv"]
