"""Kept sessions: what was kept is found, at once and after a restart, and only the newest of a board."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rookery.core.catalog import Catalog
from rookery.core.errors import Unavailable
from rookery.core.records import BoardLink
from rookery.core.secrets import Sealed
from rookery.gateways.coap_contract import StoredSession
from rookery.gateways.coap_store import CatalogSessions
from rookery.storage.catalog import open_catalog
from tests.fakes import ManualClock, MemoryCatalog

BOARD = "0123456789abcdef01234567"
FIRST = StoredSession(BOARD, b"\x01" * 8, b"keys of the first", 100, ("192.0.2.1", 4_000))
SECOND = StoredSession(BOARD, b"\x02" * 8, b"keys of the second", 7, ("2001:db8::1", 5_684))
OLD = StoredSession("f" * 24, b"", b"keys without an identifier", 1, ("", 0))


def sessions(catalog: Catalog, pepper: bytes = b"a pepper for tests") -> CatalogSessions:
    return CatalogSessions(catalog, Sealed(pepper, random.Random(1).randbytes), ManualClock())


async def found(store: CatalogSessions, session: StoredSession) -> StoredSession | None:
    name = bytes.fromhex(session.device_id) if not session.connection_id else b""
    return await store.find(session.connection_id, name)


@pytest.mark.parametrize("session", [FIRST, SECOND, OLD], ids=["address", "IPv6", "by name"])
async def test_a_session_is_found_before_and_after_it_is_written_and_after_a_restart(session: StoredSession) -> None:
    catalog = MemoryCatalog()
    store = sessions(catalog)
    store.keep(session)
    assert await found(store, session) == session
    await store.close()
    assert await found(store, session) == session
    assert await found(sessions(catalog), session) == session
    assert store.failures == 0


async def test_a_session_with_an_identifier_is_found_by_the_name_of_its_board_as_well() -> None:
    catalog = MemoryCatalog()
    store = sessions(catalog)
    store.keep(FIRST)
    assert await store.find(b"", bytes.fromhex(BOARD)) == FIRST
    await store.close()
    assert await store.find(b"", bytes.fromhex(BOARD)) == FIRST
    store.forget(BOARD, FIRST.connection_id)
    assert await store.find(b"", bytes.fromhex(BOARD)) is None
    await store.close()


async def test_a_newer_session_of_a_board_replaces_the_older_one() -> None:
    catalog = MemoryCatalog()
    store = sessions(catalog)
    store.keep(FIRST)
    await store.close()
    store.keep(SECOND)
    assert await found(store, FIRST) is None
    store.forget(BOARD, FIRST.connection_id)
    assert await found(store, SECOND) == SECOND
    await store.close()
    assert await found(sessions(catalog), FIRST) is None
    assert await found(sessions(catalog), SECOND) == SECOND


async def test_what_is_forgotten_is_gone_at_once() -> None:
    catalog = MemoryCatalog()
    store = sessions(catalog)
    store.keep(FIRST)
    await store.close()
    store.forget(BOARD, SECOND.connection_id)
    await store.close()
    assert await found(store, FIRST) == FIRST
    store.forget(BOARD, FIRST.connection_id)
    assert await found(store, FIRST) is None
    await store.close()
    assert await catalog.count(BoardLink) == 0


async def test_keep_now_returns_when_it_is_written_and_is_not_overtaken() -> None:
    catalog = MemoryCatalog()
    store = sessions(catalog)
    store.keep(FIRST)
    await store.keep_now(SECOND)
    assert await found(sessions(catalog), SECOND) == SECOND
    await store.close()
    assert await found(sessions(catalog), SECOND) == SECOND
    assert await found(store, FIRST) is None


async def test_nobody_reads_the_keys_without_the_pepper() -> None:
    catalog = MemoryCatalog()
    store = sessions(catalog)
    await store.keep_now(FIRST)
    (record,) = await catalog.select(BoardLink)
    assert FIRST.dump not in record.session
    assert await found(sessions(catalog, b"another pepper for it"), FIRST) is None


class Full(MemoryCatalog):
    async def apply(self, *changes: object) -> None:
        raise Unavailable("the disk is full")


async def test_a_full_disk_is_counted_and_said() -> None:
    store = sessions(Full())
    store.keep(FIRST)
    await store.close()
    assert store.failures == 1
    with pytest.raises(Unavailable):
        await store.keep_now(SECOND)


async def test_thousands_at_once_over_the_real_catalog(tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db", synchronous="OFF")
    store = sessions(catalog)
    many = [FIRST._replace(device_id=f"{n:024x}", connection_id=n.to_bytes(8, "big")) for n in range(1, 1_201)]
    for session in many:
        store.keep(session)
    await store.close()
    assert await catalog.count(BoardLink) == len(many)
    assert await found(sessions(catalog), many[777]) == many[777]
    await catalog.close()


async def test_which_boards_are_somewhere() -> None:
    catalog = MemoryCatalog()
    store = sessions(catalog)
    assert await store.placed() == []
    store.keep(FIRST)
    store.keep(OLD)
    await store.close()
    assert await store.placed() == [BOARD]
    store.keep(FIRST._replace(address=("", 0)))
    await store.close()
    assert await sessions(catalog).placed() == []
