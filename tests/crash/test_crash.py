"""Killed at any moment, in any work: what was acknowledged is there, exactly once and unchanged."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest

from rookery.core.records import Thing
from tests.crash.driver import Server, run
from tests.storage.catalog.test_sqlite import at_revision

CYCLES = 25
THINGS = 3_000
"""Rows of a catalog that has to be upgraded: enough that an upgrade takes a while."""


@pytest.mark.timeout(900)
async def test_nothing_acknowledged_is_lost_or_altered(tmp_path: Path) -> None:
    report = await run(tmp_path / "data", CYCLES, seed=2026)
    assert report.verdict.clean, report.verdict
    assert report.cycles == CYCLES
    assert report.verdict.acknowledged > 1_000 * CYCLES
    assert min(report.kills[what] for what in ("load", "backup", "start")) > 3
    assert report.merges > 0


@pytest.mark.timeout(300)
async def test_an_upgrade_that_is_cut_short_is_made_the_next_time(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    path = folder / "catalog.db"
    at_revision(path, "0001")
    columns = (
        "id, created_at, updated_at, version, space_id, person_id, name, timezone, assistant, webhook_active, tags"
    )
    with sqlite3.connect(path) as connection:
        connection.executemany(
            f"INSERT INTO thing ({columns}) VALUES (?, 1, 1, 0, 's', 'p', ?, 'UTC', 'NONE', 0, '{{}}')",
            ((f"{number:036}", f"thing {number}") for number in range(THINGS)),
        )
    connection.close()
    server, source = Server(folder), random.Random(7)
    for _ in range(6):
        await server.spawn()
        await asyncio.sleep(source.uniform(0.05, 0.9))
        await server.kill()
    await server.spawn()
    try:
        await server.serving()
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        assert connection.execute("SELECT count(*), max(name) FROM thing").fetchone() == (THINGS, "thing 999")
        columns_now = {row[1] for row in connection.execute("PRAGMA table_info(thing)")}
        connection.close()
        assert columns_now >= set(Thing.__struct_fields__)
    finally:
        await server.kill()
