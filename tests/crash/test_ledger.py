"""The judge is judged: a file in which something is wrong is found out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from rookery.storage.telemetry import TelemetryStore
from rookery.storage.telemetry.packing import pack_columns
from tests.crash import ledger
from tests.crash.ledger import Promise, Since, Verdict, compare
from tests.fakes import ManualClock

COUNT = 3_000
MERGED = 2_000


async def kept(folder: Path) -> tuple[Path, list[Promise]]:
    """A file in which every promise is kept: two thirds in blocks, the rest in the log."""
    path = folder / "telemetry.db"
    promises = [Promise(1, ledger.whole), Promise(2, ledger.real), Promise(3, ledger.text)]
    store = TelemetryStore(path, ManualClock())
    await store.open()
    for promise in promises:
        numbers = promise.send(COUNT)
        await store.write([(promise.series, number, promise.value(number)) for number in numbers[:MERGED]])
        promise.keep(numbers)
    await store.merge()
    for promise in promises:
        await store.write([(promise.series, n, promise.value(n)) for n in range(MERGED, COUNT)])
    await store.close()
    return path, promises


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def test_promises_that_were_kept(tmp_path: Path) -> None:
    path, promises = await kept(tmp_path)
    assert compare(path, promises) == Verdict(acknowledged=3 * COUNT)
    since = Since(MERGED + 500, [MERGED + 500] * 3)
    assert compare(path, promises, since) == Verdict(acknowledged=3 * (COUNT - MERGED - 500))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        pytest.param("DELETE FROM block WHERE series = 2 AND first = 0", "lost", id="a block is gone"),
        pytest.param("DELETE FROM log WHERE id = (SELECT max(id) FROM log)", "lost", id="a row of the log is gone"),
        pytest.param("UPDATE last SET merged = 0 WHERE series = 1", "doubled", id="merged points are taken twice"),
        pytest.param("UPDATE block SET data = zeroblob(length(data)) WHERE series = 3", "damaged", id="a flipped bit"),
    ],
)
async def test_what_is_wrong_is_found(tmp_path: Path, statement: str, fault: str) -> None:
    path, promises = await kept(tmp_path)
    if fault == "doubled":
        # As a store would leave it that forgets what it has merged.
        change(path, "UPDATE log SET id = id + 100")
        change(path, "INSERT INTO log SELECT id - 50, data, checksum FROM log")
    change(path, statement)
    verdict = compare(path, promises)
    assert not verdict.clean
    assert getattr(verdict, fault)


async def test_what_was_sent_again_to_another_server_may_be_there_twice(tmp_path: Path) -> None:
    path, promises = await kept(tmp_path)
    store = TelemetryStore(path, ManualClock())
    await store.open()
    await store.write([(1, 9_000, 5), (1, 9_001, 6)])
    await store.close()
    promises[0].repeated.add(5)
    assert compare(path, promises).doubled == [(1, 6)]


async def test_a_value_that_was_never_sent_is_found(tmp_path: Path) -> None:
    path, promises = await kept(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO log VALUES (1000, ?, 0)", (pack_columns([1, 3], [7, 8], [COUNT, "value 007"]),))
    connection.close()
    assert compare(path, promises).altered == [repr(COUNT), "'value 007'"]


async def test_a_value_that_is_nearly_right_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.db"
    store = TelemetryStore(path, ManualClock())
    await store.open()
    promise = Promise(1, ledger.real)
    promise.keep(promise.send(3))
    await store.write([(1, 0, ledger.real(0)), (1, 1, ledger.real(1) + 1e-12), (1, 2, 2)])
    await store.close()
    verdict = compare(path, [promise])
    assert (len(verdict.altered), len(verdict.lost)) == (2, 2)
