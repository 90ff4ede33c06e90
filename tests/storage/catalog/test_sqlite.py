"""What only the catalog in a SQLite file does: opening, upgrading, refusing, and surviving."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from rookery.core.catalog import Catalog, Insert
from rookery.core.errors import Unavailable
from rookery.core.records import (
    BoardLink,
    Certificate,
    Client,
    Customer,
    Device,
    Person,
    Product,
    Thing,
    Token,
    Variable,
)
from rookery.storage.catalog import open_catalog
from rookery.storage.catalog.migrate import MIGRATIONS, _upgrade
from rookery.storage.catalog.rows import Rows
from rookery.storage.catalog.schema import REVISION
from rookery.storage.catalog.sql import SqlCatalog
from rookery.storage.folder import FolderDamaged, FolderError, FolderTooNew
from tests.storage.catalog.samples import ONE_OF_EACH, client, device, person, variable


def at_revision(path: Path, revision: str) -> None:
    """A file as the version of that revision would have left it."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path, isolation_level=None), poolclass=NullPool)
    with engine.connect() as connection:
        _upgrade(connection, revision)


def tables(path: Path) -> dict[str, Any]:
    """Columns of each table and index, as the database describes them."""
    with sqlite3.connect(path) as connection:
        names = connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
        shape: dict[str, Any] = {}
        for kind, name in names:
            pragma = "table_info" if kind == "table" else "index_xinfo"
            # The first column is the position, which an upgrade may choose otherwise; the fifth is the default, which
            # only rows of older revisions need: whoever inserts names every column.
            rows = connection.execute(f"PRAGMA {pragma}('{name}')").fetchall()
            shape[name] = sorted((*row[1:4], row[5]) for row in rows) if kind == "table" else rows
            if kind == "index":
                (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
                shape[name].append(" ".join(sql.split()))
    connection.close()
    return shape


async def test_a_new_file_is_what_all_migrations_together_make(tmp_path: Path) -> None:
    catalog: Catalog = await open_catalog(tmp_path / "new.db")
    assert isinstance(catalog, SqlCatalog)
    await catalog.close()
    at_revision(tmp_path / "upgraded.db", "head")
    assert tables(tmp_path / "new.db") == tables(tmp_path / "upgraded.db")


def test_the_revision_of_the_tables_is_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions[0] == REVISION
    assert revisions == sorted(revisions, reverse=True)


@pytest.mark.parametrize("revision", ["0001", "0002", "0003", "0004", "0005"])
async def test_a_file_of_every_revision_is_upgraded_in_place(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "catalog.db"
    at_revision(path, revision)
    catalog = await open_catalog(path)
    for record in ONE_OF_EACH:
        await catalog.apply(Insert(record))
        assert await catalog.get(type(record), record.id) == record
    assert list(await catalog.allocate(2)) == [1, 2]
    await catalog.close()


async def test_an_upgrade_keeps_every_row_and_gives_new_fields_their_defaults(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    at_revision(path, "0001")
    rows = {
        "person": {"email": "a@example.org", "name": "a"},
        "client": {"person_id": "p", "name": "key", "secret_hash": b"\x01", "enabled": 1},
        "device": {
            "hex_id": "00", "space_id": "s", "person_id": "p", "dialect": "one", "name": "d", "type": "board",
            "series": 1, "serial": "", "locked": 0, "firmware": "{}", "metadata": "{}", "tags": "{}",
        },
    }  # fmt: skip
    with sqlite3.connect(path) as connection:
        for table, fields in rows.items():
            fields |= {"id": table, "created_at": 1, "updated_at": 1, "version": 0}
            columns, marks = ", ".join(fields), ", ".join("?" * len(fields))
            connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(fields.values()))
    connection.close()
    catalog = await open_catalog(path)
    # The one who came first runs the server.
    assert await catalog.get(Person, "person") == person("person", email="a@example.org", name="a", operator=True)
    assert await catalog.get(Client, "client") == client("client", name="key", secret_hash=b"\x01")
    assert await catalog.get(Device, "device") == device("device", hex_id="00", name="d", series=1)
    await catalog.close()


async def test_a_file_before_the_first_revision_goes_through_alembic(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('0000')")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(Exception, match="0000"):
        await open_catalog(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("alembic_version",)]
    connection.close()
    assert len(before) == path.stat().st_size


async def test_a_file_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    catalog = await open_catalog(path)
    await catalog.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(FolderTooNew, match=r"newer version of Rookery \(revision 9999"):
        await open_catalog(path)


NOT_CATALOGS = {
    "text": b"This is a text file, and a long one at that. " * 100,
    "short": b"SQLite format 3\x00" + bytes(80),
}


@pytest.mark.parametrize("name", NOT_CATALOGS)
async def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path, name: str) -> None:
    path = tmp_path / "catalog.db"
    path.write_bytes(NOT_CATALOGS[name])
    with pytest.raises(FolderDamaged, match=r"catalog\.db is not a Rookery catalog"):
        await open_catalog(path)
    assert path.read_bytes() == NOT_CATALOGS[name]


async def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE photographs (id)")
    connection.close()
    with pytest.raises(FolderDamaged, match="tables that are not"):
        await open_catalog(path)


async def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="can not be used"):
        await open_catalog(tmp_path / "missing" / "catalog.db")


async def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db")
    await catalog.apply(Insert(device("a")))
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in os.listdir(tmp_path)}
    assert modes == {"catalog.db": 0o600, "catalog.db-shm": 0o600, "catalog.db-wal": 0o600}
    await catalog.close()


async def test_the_disk_is_flushed_at_each_commit(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db")
    ask = catalog.writer.run
    assert await ask(lambda c: c.exec_driver_sql("PRAGMA synchronous").scalar()) == 2
    assert await ask(lambda c: c.exec_driver_sql("PRAGMA journal_mode").scalar()) == "wal"
    await catalog.close()


async def test_a_full_disk_is_a_plain_sentence_and_passes(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db")
    await catalog.apply(Insert(device("first")))
    pages = await catalog.writer.run(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
    await catalog.writer.run(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))
    big = device("big", name="x" * 100_000)
    results = await asyncio.gather(
        catalog.apply(Insert(device("small"))), catalog.apply(Insert(big)), return_exceptions=True
    )
    assert isinstance(results[1], Unavailable)
    assert str(results[1]) == "The disk is full: nothing was stored."
    kept = [d.id for d in await catalog.select(Device)]
    assert kept == (["first"] if results[0] is not None else ["first", "small"])
    await catalog.writer.run(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1000000"))
    await catalog.apply(Insert(big))
    assert await catalog.get(Device, "big") == big
    await catalog.close()


async def test_a_disk_that_became_read_only_is_a_plain_sentence(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db")
    await catalog.apply(Insert(device("first")))
    await catalog.writer.run(lambda c: c.exec_driver_sql("PRAGMA query_only = ON"))
    with pytest.raises(Unavailable, match="The data folder is read-only: nothing was stored"):
        await catalog.apply(Insert(device("second")))
    with pytest.raises(Unavailable, match="read-only"):
        await catalog.allocate(1)
    assert await catalog.count(Device) == 1
    await catalog.close()


async def test_who_comes_together_shares_a_commit(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db")
    busy, go = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        busy.set()
        go.wait(30)

    first = asyncio.ensure_future(catalog.writer.run(hold))
    await asyncio.to_thread(busy.wait, 30)
    before = catalog.writer.commits
    waiting = [asyncio.ensure_future(catalog.apply(Insert(device(f"d{i}")))) for i in range(100)]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(first, *waiting)
    assert catalog.writer.commits == before + 2
    assert await catalog.count(Device) == 100
    await catalog.close()


async def test_more_than_the_queue_holds_waits_for_a_place(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db", synchronous="OFF")
    await asyncio.gather(*(catalog.apply(Insert(device(f"d{i}"))) for i in range(3_000)))
    counts = await asyncio.gather(*(catalog.count(Device) for _ in range(1_500)))
    assert set(counts) == {3_000}
    await catalog.close()


async def test_a_closed_catalog_says_so_and_keeps_what_was_on_its_way(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db")
    on_its_way = asyncio.ensure_future(catalog.apply(Insert(device("a"))))
    await asyncio.sleep(0)
    await catalog.close()
    await on_its_way
    for attempt in (catalog.apply(Insert(device("b"))), catalog.get(Device, "a"), catalog.allocate(1)):
        with pytest.raises(Unavailable, match="closed"):
            await attempt
    await catalog.close()
    again = await open_catalog(tmp_path / "catalog.db")
    assert await again.count(Device) == 1
    await again.close()


async def test_closing_leaves_nobody_waiting_for_ever(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db", synchronous="OFF")
    tasks = [asyncio.ensure_future(catalog.apply(Insert(device(f"d{i}")))) for i in range(1_100)]
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(catalog.close())
    late = asyncio.gather(catalog.apply(Insert(device("late"))), return_exceptions=True)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await closing
    kept = sum(result is None for result in results)
    assert kept >= 1_024
    assert all(isinstance(result, Unavailable) for result in [*results, *await late] if result is not None)
    again = await open_catalog(tmp_path / "catalog.db")
    assert await again.count(Device) == kept
    await again.close()
    assert os.listdir(tmp_path) == ["catalog.db"]


async def test_who_stops_waiting_does_not_undo_the_work(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db")
    task = asyncio.ensure_future(catalog.apply(Insert(device("a"))))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await catalog.apply(Insert(device("b")))
    assert await catalog.count(Device) == 2
    await catalog.close()


CHILD = """
import asyncio, sys
from pathlib import Path
from rookery.core.catalog import Insert
from rookery.storage.catalog import open_catalog
from tests.storage.catalog.samples import client, device

async def main():
    catalog = await open_catalog(Path(sys.argv[1]))
    async def work(name):
        for i in range(1_000_000):
            (series,) = await catalog.allocate(1)
            await catalog.apply(Insert(device(f"{name}{i}", series=series)), Insert(client(f"{name}{i}")))
            print(f"{name}{i} {series}", flush=True)
    await asyncio.gather(*(work(name) for name in "abc"))

asyncio.run(main())
"""


def until_killed(path: Path) -> dict[str, int]:
    """Let a process write until it has confirmed some, kill it, and return what it had confirmed: id and series."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(60)]
    child.kill()
    lines += [line for line in child.stdout if line.endswith("\n")]
    child.stdout.close()
    child.wait()
    return {id: int(series) for id, series in map(str.split, lines)}


async def test_a_killed_process_loses_nothing_that_it_had_confirmed(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    confirmed = await asyncio.to_thread(until_killed, path)
    catalog = await open_catalog(path)
    devices = {d.id: d for d in await catalog.select(Device)}
    assert {id: devices[id].series for id in confirmed} == confirmed
    # Both records of one list or neither, confirmed or not.
    assert devices.keys() == {c.id for c in await catalog.select(Client)}
    assert (await catalog.allocate(1))[0] > max(confirmed.values())
    await catalog.close()


ASKED: dict[str, tuple[type[Any], dict[str, Any], str]] = {
    "devices of a space": (Device, {"space_id": "s"}, "device_by_space_id"),
    "the thing of a device": (Thing, {"device_id": "d"}, "thing_one_device_id"),
    "live variables of a thing": (Variable, {"thing_id": "t", "deleted_at": None}, "variable_"),
    "a variable by symbol": (Variable, {"thing_id": "t", "symbol": "x", "deleted_at": None}, "variable_one_symbol"),
    "keys of a person": (Client, {"person_id": "p"}, "client_by_person_id"),
    "certificates of a device": (Certificate, {"device_id": "d"}, "certificate_by_device_id"),
    "a person by email": (Person, {"email": "A@x"}, "person_one_email"),
    "a token by its refresh token": (Token, {"refresh_hash": "0"}, "token_one_refresh_hash"),
    "tokens of a client": (Token, {"client_id": "c"}, "token_by_client_id"),
    "devices of a product": (Device, {"product_id": "p"}, "device_by_product_id"),
    "a device as its board calls it": (Device, {"hex_id": "0"}, "device_one_hex_id"),
    "a session as its board calls it": (BoardLink, {"connection_id": "0"}, "board_link_one_connection_id"),
    "a product by slug": (Product, {"slug": "p"}, "product_one_slug"),
    "a customer by address": (Customer, {"product_id": "p", "email": "A"}, "customer_one_email"),
    "things of devices": (Thing, {"device_id": ["d", "e"]}, "thing_one_device_id"),
}


@pytest.mark.parametrize("name", ASKED)
async def test_what_is_asked_often_has_an_index(tmp_path: Path, name: str) -> None:
    kind, equals, index = ASKED[name]
    catalog = await open_catalog(tmp_path / "catalog.db")

    def plan(connection: Any) -> str:
        statements: list[str] = []
        connection.connection.driver_connection.set_trace_callback(statements.append)
        Rows(kind).select(connection, equals)
        connection.connection.driver_connection.set_trace_callback(None)
        (sql,) = (s for s in statements if s.startswith("SELECT"))
        return " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))

    found = await catalog.writer.run(plan)
    assert f"USING INDEX {index}" in found
    await catalog.close()


HEAVY = """
import sys
import rookery.storage.catalog, rookery.storage.folder
assert not [m for m in sys.modules if m.startswith(("sqlalchemy", "alembic"))]
import asyncio
from pathlib import Path
async def main():
    for _ in range(2):
        catalog = await rookery.storage.catalog.open_catalog(Path(sys.argv[1]))
        await catalog.close()
asyncio.run(main())
assert not [m for m in sys.modules if m.startswith(("alembic", "sqlalchemy.orm"))]
print("light")
"""


def test_what_is_slow_to_import_is_imported_late(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HEAVY, str(tmp_path / "catalog.db")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "light\n"


async def test_an_unwritable_file_is_a_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").mkdir()
    with pytest.raises(FolderError, match="can not be used"):
        await open_catalog(tmp_path / "catalog.db")


async def test_variables_by_the_thousand(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db", synchronous="OFF")
    rows = [variable(f"v{i}", thing_id=f"t{i % 100}", tag=i, symbol=f"s{i}", created_at=i) for i in range(2_000)]
    await catalog.apply(*map(Insert, rows))
    assert await catalog.select(Variable, thing_id="t7") == rows[7::100]
    await catalog.close()
