"""Killed at any moment: what was acknowledged is there, exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from rookery.core.points import Point
from rookery.storage.telemetry import TelemetryStore, merge
from tests.fakes import ManualClock
from tests.storage.telemetry.crasher import BATCH, SERIES, point
from tests.storage.telemetry.faults import Camera, watched
from tests.storage.telemetry.ledger import Ledger, told
from tests.storage.telemetry.test_contract import blocks_in

ALL = (-(2**62), 2**62)


async def contents(store: TelemetryStore) -> dict[int, list[Point]]:
    return {series: await store.read(series, *ALL, 10**6) for series in range(1, SERIES + 1)}


def expected(count: int) -> dict[int, list[tuple[int, str]]]:
    ledger = Ledger()
    for k in range(count):
        ledger.write(*point(k))
    return {series: told(ledger.read(series, *ALL)) for series in range(1, SERIES + 1)}


async def test_nothing_acknowledged_is_lost_or_doubled_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.db"
    source = random.Random(20)
    count = 0
    for _ in range(6):
        with subprocess.Popen(  # noqa: ASYNC220 - the loop has nothing else to do
            [sys.executable, "-m", "tests.storage.telemetry.crasher", str(path), str(count)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        ) as process:
            assert process.stdout is not None
            for _ in range(source.randrange(20, 120)):
                line = process.stdout.readline()
                assert line, "the program ended by itself"
                count = int(line)
            process.kill()
            rest = process.stdout.read().split("\n")[:-1]
            count = int(rest[-1]) if rest else count
        store = TelemetryStore(path, ManualClock())
        await store.open()
        found = await contents(store)
        total = sum(map(len, found.values()))
        # The last batch may have been committed without having been acknowledged any more.
        assert total in (count, count + BATCH)
        count = total
        assert {series: told(points) for series, points in found.items()} == expected(count)
        assert store.counters.damaged == 0
        await store.close()
    assert blocks_in(tmp_path) > 0


async def test_every_statement_may_be_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file as a kill would leave it before each statement of a history with merges and a deletion."""
    monkeypatch.setattr(merge, "OPEN_POINTS", 8)
    monkeypatch.setattr(merge, "MOST_POINTS", 16)
    folder = tmp_path / "live"
    folder.mkdir()
    acknowledged = 0
    camera = Camera(folder, tmp_path / "album", lambda: acknowledged)
    store = TelemetryStore(folder / "telemetry.db", ManualClock(), connect=watched(camera), merge_points=10_000)
    await store.open()
    for first in range(0, 300, 20):
        await store.write([point(k) for k in range(first, first + 20)])
        acknowledged = first + 20
        if first % 60 == 20:
            await store.merge()
    whole = len(camera.pictures)
    await store.delete([1, 2])
    gone = len(camera.pictures)
    await store.merge()
    await store.close()
    assert store.counters.rounds == 6

    for number, (picture, count) in enumerate(camera.pictures):
        survivor = TelemetryStore(picture / "telemetry.db", ManualClock(), synchronous="OFF")
        await survivor.open()
        found = {series: told(points) for series, points in (await contents(survivor)).items()}
        if number <= whole:
            assert found in (expected(count), expected(count + 20)), picture
        else:
            for series in range(3, SERIES + 1):
                assert found[series] == expected(300)[series]
            kept = [expected(300)[series] for series in (1, 2)]
            assert [found[1], found[2]] in ((kept, [[], []]) if number < gone else ([[], []],))
        # And it lives on: the next merge of what is left loses nothing either.
        await survivor.merge()
        assert {series: told(points) for series, points in (await contents(survivor)).items()} == found
        assert survivor.counters.damaged == 0
        await survivor.close()
