"""Sessions that are not in memory: found by the identifier in a record, loaded, handed in when a record proves them.

A record of an unknown session may be of a board that was quiet while the server restarted, of one that was given up for
silence, or garbage. The datagram is kept, the store is asked, and when it knows the session the datagram is taken
again. A few workers ask for all, because a fleet comes back at once; what nobody knows is remembered for a while,
because garbage repeats itself.

Two that send under one dump would use the same numbers under one key. So before a session that was loaded may say
anything, a dump that is as far ahead as the session is written to the disk: a server that dies in the next moment and
comes back begins where nobody has been.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

from rookery.gateways.coap_contract import Front, SessionStore
from rookery.gateways.coap_counters import CoapCounters, CoapDrop
from rookery.gateways.coap_limits import CoapLimits
from rookery.gateways.doorstep import origin
from rookery.wire.dtls.cookies import Address
from rookery.wire.dtls.errors import LocalError
from rookery.wire.dtls.profile import Profile
from rookery.wire.dtls.session import Session

log = structlog.get_logger("rookery.coap")

_IDENTIFIERS: Final = 0x10000
"""How many message identifiers there are."""


class Found:
    """A session that was loaded and waits for an authentic record; meanwhile it is its `Session.who`."""

    __slots__ = ("address", "next_message_id", "session", "state")

    def __init__(self, session: Session, state: object, next_message_id: int, address: tuple[str, int]) -> None:
        self.session = session
        self.state = state
        self.next_message_id = next_message_id
        self.address = address


class _Asked:
    """A session that is looked for, with the last datagram that named it."""

    __slots__ = ("address", "connection_id", "datagram", "done", "host", "name")

    def __init__(self, connection_id: bytes, name: bytes, host: str) -> None:
        self.connection_id = connection_id
        self.name = name
        self.host = host
        self.address: Address = ()
        self.datagram = b""
        self.done: asyncio.Event | None = None  # where somebody waits for it


class Resumption:
    """Where a gateway looks for sessions. `deliver` takes a datagram again; `overtaken` is told a name whose kept
    session was just written, and says whether that board has a newer one by now."""

    def __init__(
        self,
        front: Front,
        store: SessionStore,
        profile: Profile,
        limits: CoapLimits,
        counters: CoapCounters,
        now: Callable[[], float],
        *,
        deliver: Callable[[Address, bytes], None],
        overtaken: Callable[[bytes], bool],
    ) -> None:
        self._front = front
        self._store = store
        self._profile = profile
        self._limits = limits
        self._counters = counters
        self._now = now
        self._deliver = deliver
        self._overtaken = overtaken
        self._asked: dict[bytes, _Asked] = {}
        self._queue: deque[bytes] = deque()
        self._hosts: dict[str, int] = {}
        self._absent: dict[bytes, float] = {}
        self._found: dict[bytes, Found] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._failing = False
        self._stopped = False

    def find(self, connection_id: bytes, name: bytes, address: Address, datagram: bytes) -> Found | None:
        """The session, when it is at hand. Otherwise it is looked for, and the datagram comes back if it is found."""
        key = connection_id or name
        found = self._found.get(key)
        if found is None:
            self._ask(key, connection_id, name, address, datagram)
        return found

    async def of(self, name: bytes) -> Found | None:
        """The kept session of a device whose board is somewhere, without a record of it. When it is looked for anyway,
        None after that.

        Raises:
            Exception: what the store and the front raise.
        """
        stored = await self._store.find(b"", name)
        if stored is None or not stored.address[0] or self._stopped:
            return None
        key = stored.connection_id or name
        if key in self._found:
            return self._found[key]
        asked = self._asked.get(key)
        if asked is not None:
            if asked.done is None:
                asked.done = asyncio.Event()
            await asked.done.wait()
            return None
        # Whoever loads a session has its key here from before it reads until it is through: what was read above may be
        # old, and two that were loaded from one dump must not both live.
        asked = self._asked[key] = _Asked(stored.connection_id, name if not stored.connection_id else b"", "")
        try:
            found = await self._load(key, asked)
        finally:
            self._through(key, asked)
        if found is None or self._stopped:
            return None
        self._found[key] = found
        return found

    def taken(self, session: Session) -> None:
        """A found session has proven itself: it is the gateway's now."""
        self._found.pop(session.read_id or session.name, None)

    def exists(self, session: Session) -> None:
        """This one is kept from now on: what there was of its board before must not come back."""
        self._absent.pop(session.read_id or session.name, None)
        for key in [key for key, found in self._found.items() if found.session.name == session.name]:
            del self._found[key]

    async def stop(self) -> None:
        """Look for nothing any more."""
        self._stopped = True
        self._queue.clear()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for key, asked in list(self._asked.items()):
            self._through(key, asked)
        self._found.clear()

    def _ask(self, key: bytes, connection_id: bytes, name: bytes, address: Address, datagram: bytes) -> None:
        dropped = self._counters.dropped
        until = self._absent.get(key)
        if until is not None:
            if until > self._now():
                dropped[CoapDrop.ABSENT] += 1
                return
            del self._absent[key]
        asked = self._asked.get(key)
        if asked is None:
            limits = self._limits
            host = origin(f"{address[0]}:0" if ":" not in address[0] else f"[{address[0]}]:0")
            crowded = host and self._hosts.get(host, 0) >= max(limits.lookups // 2, 1)
            if self._stopped or crowded or len(self._asked) >= limits.lookups:
                dropped[CoapDrop.LOOKUPS] += 1
                return
            asked = self._asked[key] = _Asked(connection_id, name, host)
            if host:
                self._hosts[host] = self._hosts.get(host, 0) + 1
            self._queue.append(key)
            if len(self._workers) < limits.lookups_at_once:
                worker = asyncio.get_running_loop().create_task(self._work())
                self._workers.add(worker)
                worker.add_done_callback(self._workers.discard)
        asked.address = address
        asked.datagram = datagram

    async def _work(self) -> None:
        while self._queue:
            key = self._queue.popleft()
            asked = self._asked[key]
            found = None
            try:
                found = await self._load(key, asked)
                self._failing = False
            except Exception:
                # Nothing is remembered: the board asks again. One line for a store that is away is enough.
                if not self._failing:
                    log.exception("coap.store_failed")
                self._failing = True
            finally:
                self._through(key, asked)
            if found is not None:
                self._found[key] = found
                if len(self._found) > self._limits.found:
                    del self._found[next(iter(self._found))]
                self._deliver(asked.address, asked.datagram)

    def _through(self, key: bytes, asked: _Asked) -> None:
        self._asked.pop(key, None)
        if asked.done is not None:
            asked.done.set()
        host = asked.host
        if host and host in self._hosts:
            self._hosts[host] -= 1
            if not self._hosts[host]:
                del self._hosts[host]

    async def _load(self, key: bytes, asked: _Asked) -> Found | None:
        self._counters.lookups += 1
        stored = await self._store.find(asked.connection_id, asked.name)
        if stored is None:
            self._lacks(key)
            return None
        try:
            session = Session.load(stored.dump, self._profile)
        except LocalError as error:
            log.warning("coap.session_unreadable", device=stored.device_id, reason=str(error))
            state = None
        else:
            if session.read_id != asked.connection_id or session.name.hex() != stored.device_id:
                self._lacks(key)  # a record that names a board whose sessions have identifiers is not the board's
                return None
            state = await self._front.recall(session.name, session.public_key)
        if state is None:
            self._store.forget(stored.device_id, stored.connection_id)
            self._lacks(key)
            return None
        ahead = (stored.next_message_id + self._limits.message_ids_ahead) % _IDENTIFIERS
        await self._store.keep_now(stored._replace(dump=session.dump(), next_message_id=ahead))
        if self._overtaken(session.name):
            return None
        found = Found(session, state, stored.next_message_id, stored.address)
        session.who = found
        return found

    def _lacks(self, key: bytes) -> None:
        absent = self._absent
        absent[key] = self._now() + self._limits.absent_seconds
        if len(absent) > self._limits.absent:
            del absent[next(iter(absent))]
