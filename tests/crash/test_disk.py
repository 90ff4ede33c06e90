"""The disk at its worst: the power goes at any moment, any write fails or is torn, any bit is flipped."""

from __future__ import annotations

import errno
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rookery.storage.telemetry import TelemetryStore, checking
from tests.crash import disk, scenario
from tests.crash.disk import Kind
from tests.crash.scenario import ACKNOWLEDGED, NAME, REFUSED, after
from tests.fakes import ManualClock
from tests.storage.telemetry.crasher import SERIES
from tests.storage.telemetry.ledger import told

ALL = (-(2**62), 2**62)
PROGRAM = "tests.crash.scenario"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[disk.Runner]:
    started = disk.Runner(disk.compiled(tmp_path_factory.mktemp("shim")), PROGRAM)
    yield started
    started.close()


async def check(folder: Path, acknowledged: int, what: str) -> None:
    """Open what is left: every series is as after the steps that were acknowledged, or as after one more."""
    store = TelemetryStore(folder / NAME, ManualClock(), synchronous="OFF")
    await store.open()
    try:
        least, most = after(acknowledged), after(acknowledged + 1)
        for series in range(1, SERIES + 1):
            found = told(await store.read(series, *ALL, 10_000))
            assert found in (told(least.read(series, *ALL)), told(most.read(series, *ALL))), (what, series)
        assert store.counters.damaged == 0, what
        await store.write([(99, 1, what)])
    finally:
        await store.close()


def count_in(content: bytes) -> int:
    return int.from_bytes(content[:4], "little")


@pytest.mark.timeout(600)
async def test_the_power_may_go_at_any_moment(runner: disk.Runner, tmp_path: Path) -> None:
    live, trace = tmp_path / "live", tmp_path / "trace"
    live.mkdir()
    assert runner.run(live, trace=str(trace)) == 0
    changes = disk.read(trace)
    kinds = {change.kind for change in changes}
    assert kinds >= {Kind.WRITE, Kind.SYNC}
    assert sum(change.kind is Kind.WRITE and change.name == NAME for change in changes) > 20, "there were checkpoints"
    opened = 0
    # Before the file was made for the first time there is nothing to lose; then every change may be the last.
    for until in range(1, len(changes) + 1):
        for name, left in disk.power_cuts(changes, until, ACKNOWLEDGED, seed=1):
            acknowledged = count_in(bytes(left.files.get(ACKNOWLEDGED, b"")))
            if not acknowledged and not left.files.get(NAME):
                continue
            folder = tmp_path / f"{until} {name}"
            left.save(folder)
            await check(
                folder, acknowledged, f"{name}, before change {until}: {changes[min(until, len(changes) - 1)][:3]}"
            )
            shutil.rmtree(folder)
            opened += 1
    assert opened > 1000


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("number", "torn", "stays"),
    [
        pytest.param(errno.EIO, False, False, id="an error of the disk"),
        pytest.param(errno.ENOSPC, False, True, id="a disk that is full from then on"),
        pytest.param(errno.EIO, True, True, id="a torn write, and a disk that is broken from then on"),
    ],
)
async def test_any_change_may_fail(runner: disk.Runner, tmp_path: Path, number: int, torn: bool, stays: bool) -> None:
    live, trace = tmp_path / "live", tmp_path / "trace"
    live.mkdir()
    assert runner.run(live, trace=str(trace)) == 0
    last = sum(change.name != ACKNOWLEDGED for change in disk.read(trace))
    assert last > 200
    failures, at = 0, 1
    while True:
        folder = tmp_path / str(at)
        folder.mkdir()
        more = {"torn": "1"} if torn else {}
        more |= {"stays": "1"} if stays else {}
        ended = runner.run(folder, fail_at=str(at), errno=str(number), **more)
        left = folder / ACKNOWLEDGED
        acknowledged = count_in(left.read_bytes()) if left.exists() else 0
        if (folder / NAME).exists():
            await check(folder, acknowledged, f"change {at} failed")
        failures += ended == REFUSED
        if ended == 0 and acknowledged == sum(1 for _ in scenario.steps()) and at > last:
            break
        shutil.rmtree(folder)
        at += 1
    assert failures > 5


async def test_a_flipped_bit_in_any_block_or_last_value_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario.small(monkeypatch.setattr)
    store = TelemetryStore(tmp_path / NAME, ManualClock(), synchronous="OFF")
    await store.open()
    for kind, argument in scenario.steps():
        if kind == "write":
            await store.write(argument)
    await store.merge()
    await store.close()
    source = random.Random(3)
    connection = sqlite3.connect(tmp_path / NAME, isolation_level=None)
    fields = [("block", field) for field in ("times", "data", "first", "last", "points", "low", "total", "checksum")]
    fields += [("last", field) for field in ("time", "value", "newest", "merged", "checksum")]
    for table, field in fields:
        numbers = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")]
        assert len(numbers) >= {"block": 20, "last": SERIES}[table]
        for number in numbers:
            (value,) = connection.execute(f"SELECT {field} FROM {table} WHERE rowid = ?", (number,)).fetchone()
            if value is None:
                continue
            change = f"UPDATE {table} SET {field} = ? WHERE rowid = ?"
            connection.execute(change, (flipped(value, source), number))
            damages = [(damage.source, damage.row) for damage in await found(tmp_path / NAME)]
            assert (table, number) in damages, (table, number, field)
            connection.execute(change, (value, number))
    assert await found(tmp_path / NAME) == []
    connection.close()


def flipped(value: object, source: random.Random) -> object:
    """With one bit of it the other way."""
    if isinstance(value, bytes):
        place = source.randrange(len(value) * 8)
        changed = bytearray(value)
        changed[place // 8] ^= 1 << place % 8
        return bytes(changed)
    assert isinstance(value, int | float)
    return value ^ 1 << source.randrange(8) if isinstance(value, int) else value + 0.5


async def found(path: Path) -> list[checking.Damage]:
    return list(checking.check(path).damages)
