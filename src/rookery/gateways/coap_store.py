"""Kept sessions in the catalog: sealed, written in rounds, found by what a datagram says of its session.

Ten thousand boards that come back at once are ten thousand sessions to write. They wait in a dictionary, one a board,
and a round writes them in lists; `find` looks there first, so that nobody sees less than was kept.
"""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from rookery.core.catalog import Catalog, Change, Delete, Insert
from rookery.core.clock import Clock
from rookery.core.errors import CoreError
from rookery.core.records import BoardLink
from rookery.core.secrets import Sealed, Unsealable
from rookery.gateways.coap_contract import StoredSession

log = structlog.get_logger("rookery.coap")

AT_ONCE = 500
"""Sessions of one round: some 300 bytes each, and a write of ten milliseconds."""


class Forgotten(msgspec.Struct, frozen=True):
    """A session that is to be deleted, if it is still this one."""

    connection_id: str


class CatalogSessions:
    """A `gateways.coap_contract.SessionStore` over the catalog."""

    def __init__(self, catalog: Catalog, sealed: Sealed, clock: Clock) -> None:
        self._catalog = catalog
        self._sealed = sealed
        self._clock = clock
        self._pending: dict[str, StoredSession | Forgotten] = {}
        self._writing: dict[str, StoredSession | Forgotten] = {}
        self._by_connection: dict[str, StoredSession] = {}
        self._round: asyncio.Task[None] | None = None
        self.failures = 0
        """Sessions that could not be written since the start: their boards make a handshake after a restart."""

    def keep(self, session: StoredSession) -> None:
        """Write it soon."""
        self._put(session)
        self._start()

    async def keep_now(self, session: StoredSession) -> None:
        """Write it, and return when it is on disk.

        Raises:
            CoreError: it can not be written.
        """
        self._drop(session.device_id)
        if self._round is not None:
            # A round that runs may hold an older state of this board: it must not come after this one.
            await asyncio.wait([self._round])
        await self._catalog.apply(*self._changes(session))

    def forget(self, device_id: str, connection_id: bytes) -> None:
        """Delete it, unless a newer one has taken its place."""
        wanted = _key(device_id, connection_id)
        pending = self._pending.get(device_id)
        if isinstance(pending, StoredSession) and _key(device_id, pending.connection_id) != wanted:
            return
        self._drop(device_id)
        self._pending[device_id] = Forgotten(wanted)
        self._start()

    async def find(self, connection_id: bytes, name: bytes) -> StoredSession | None:
        """By connection id, or where that is empty by name."""
        key = _key(name.hex(), connection_id)
        waiting = self._by_connection.get(key)
        if waiting is not None:
            return waiting
        if connection_id:
            record = await self._catalog.find(BoardLink, connection_id=key)
        else:
            record = await self._catalog.get(BoardLink, name.hex())
        id = record.id if record is not None else name.hex()
        pending = self._pending.get(id) or self._writing.get(id)
        if pending is not None:
            # Replaced or forgotten, and not written yet.
            fits = isinstance(pending, StoredSession) and (not connection_id or _of(pending) == key)
            return pending if isinstance(pending, StoredSession) and fits else None
        if record is None:
            return None
        try:
            dump = self._sealed.open(record.session, record.id)
        except Unsealable:
            log.warning("coap.session_unreadable", device=record.id)
            return None
        host, _, port = (record.address or "").rpartition(" ")
        return StoredSession(
            record.id,
            b"" if ":" in record.connection_id else bytes.fromhex(record.connection_id),
            dump,
            record.message_id,
            (host, int(port or 0)),
        )

    async def placed(self) -> list[str]:
        """The devices whose sessions have an address."""
        return [id for id, address in await self._catalog.pick(BoardLink, ("id", "address")) if address]

    async def close(self) -> None:
        """Write what waits."""
        while self._round is not None:
            await asyncio.wait([self._round])

    def _put(self, session: StoredSession) -> None:
        self._drop(session.device_id)
        self._pending[session.device_id] = session
        self._by_connection[_of(session)] = session

    def _drop(self, device_id: str) -> None:
        before = self._pending.pop(device_id, None)
        if isinstance(before, StoredSession):
            self._by_connection.pop(_of(before), None)

    def _start(self) -> None:
        if self._round is None:
            self._round = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._pending:
                # A round later, so that what comes in the same turn goes together.
                await asyncio.sleep(0)
                chosen = dict(list(self._pending.items())[:AT_ONCE])
                self._writing = chosen
                for device_id in chosen:
                    self._pending.pop(device_id, None)
                try:
                    await self._write_list(chosen)
                finally:
                    self._writing = {}
                    for one in chosen.values():
                        if isinstance(one, StoredSession) and self._by_connection.get(_of(one)) is one:
                            del self._by_connection[_of(one)]
        finally:
            self._round = None

    async def _write_list(self, chosen: dict[str, StoredSession | Forgotten]) -> None:
        lists: list[list[Change]] = []
        for device_id, one in chosen.items():
            if isinstance(one, StoredSession):
                lists.append(self._changes(one))
                continue
            record = await self._catalog.get(BoardLink, device_id)
            if record is not None and record.connection_id == one.connection_id:
                lists.append([Delete(BoardLink, device_id)])
        try:
            await self._catalog.apply(*(change for changes in lists for change in changes))
        except CoreError:
            for changes in lists:
                try:
                    await self._catalog.apply(*changes)
                except CoreError as error:
                    self.failures += 1
                    log.warning("coap.session_not_kept", reason=str(error))

    def _changes(self, session: StoredSession) -> list[Change]:
        now = self._clock.now()
        host, port = session.address
        record = BoardLink(
            id=session.device_id,
            created_at=now,
            updated_at=now,
            connection_id=_of(session),
            session=self._sealed.seal(session.dump, session.device_id),
            message_id=session.next_message_id,
            address=f"{host} {port}" if host else None,
        )
        return [Delete(BoardLink, record.id), Insert(record)]


def _of(session: StoredSession) -> str:
    return _key(session.device_id, session.connection_id)


def _key(device_id: str, connection_id: bytes) -> str:
    return connection_id.hex() if connection_id else "name:" + device_id
