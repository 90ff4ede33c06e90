"""A server's datagram socket with everybody behind it: who a datagram is from, and what becomes of it.

A record belongs to the session of its connection identifier; or of the name behind it; or, if it has neither, to the
session or the handshake at its address. Only an authentic record that is the newest of its session moves the session to
another address (RFC 9146, 6).

A handshake at an address leaves a session there alone until it is finished [4.2.8]. Then the older session has lost its
address: if it can be found by identifier or name it goes on from wherever it is heard next, because translators give
addresses of sleeping boards to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush
from typing import Final, Protocol

from rookery.wire.dtls import messages as m
from rookery.wire.dtls.cookies import Address, CookieJar
from rookery.wire.dtls.errors import (
    Alert,
    ForgedRecord,
    HandshakeFailed,
    LocalError,
    MalformedMessage,
    MalformedRecord,
    NoAnswer,
    PeerError,
    ReplayedRecord,
)
from rookery.wire.dtls.flights import Message, fragments
from rookery.wire.dtls.keys import Entropy, SigningKey
from rookery.wire.dtls.profile import MAX_SEQUENCE, Limits, Profile
from rookery.wire.dtls.records import ALERT, APPLICATION_DATA, HANDSHAKE, PlainWriter, Record, cut
from rookery.wire.dtls.server import (
    FATAL,
    WARNING,
    ServerHandshake,
    alert_body,
    read_alert,
    repeat_final,
)
from rookery.wire.dtls.session import Session

SECRET: Final = 32

_HELLO: Final = bytes((m.CLIENT_HELLO,))


class Ended(Enum):
    """Why a session is no more."""

    GOODBYE = "close_notify from the peer"
    ALERT = "a fatal alert from the peer"
    REPLACED = "a newer session has the same name"
    UNREACHABLE = "another session has its address, and it has no identifier and no name"
    NAMELESS = "the application did not name it in time"
    LOCAL = "closed by the application"


class Sink(Protocol):
    """Who hears what happens. Called from inside `datagram` and `timeout`; may call the endpoint back."""

    def write(self, address: Address, datagram: bytes) -> None:
        """Send this datagram."""

    def authenticate(self, public_key: bytes) -> object | None:
        """Who has this key (SubjectPublicKeyInfo, P-256)? The peer has proven to own it. None refuses it."""

    def opened(self, session: Session) -> None:
        """A handshake is finished. The application has to `name` the session in time."""

    def message(self, session: Session, data: bytes) -> None:
        """Application data, in the order of arrival, each record once."""

    def moved(self, session: Session, before: Address | None) -> None:
        """The session was heard at another address, and is there now."""

    def closed(self, session: Session, reason: Ended) -> None:
        """The session is no more. Not called for what `forget` removes."""

    def failed(self, address: Address, error: HandshakeFailed) -> None:
        """A handshake came to nothing."""

    def unknown(self, address: Address, connection_id: bytes, name: bytes) -> Session | None:
        """A record of a session that is not here, by identifier or by name: a session loaded from where it is kept, or
        None. It is taken in only if it opens the record and nobody has its name. None now and `adopt` later will do:
        peers repeat themselves."""


@dataclass(slots=True)
class Counters:
    """What has happened, for metrics."""

    hellos: int = 0
    cookies: int = 0
    """Hellos answered with a cookie."""
    handshakes: int = 0
    """Hellos with a good cookie that began a handshake."""
    opened: int = 0
    failed: int = 0
    resumed: int = 0
    """Sessions taken in."""
    moved: int = 0
    malformed: int = 0
    forged: int = 0
    replayed: int = 0
    unknown: int = 0
    """Records of sessions that nobody knows."""
    overload: int = 0
    """Hellos dropped because of a limit; the client repeats them."""


class ServerEndpoint:
    """The machine. Times are seconds of any clock that does not go back; `deadline` says when to call `timeout`.

    Addresses are tuples of text and numbers, as sockets give them.
    """

    def __init__(
        self,
        sink: Sink,
        key: SigningKey,
        entropy: Entropy,
        *,
        profile: Profile | None = None,
        limits: Limits | None = None,
        cookies: CookieJar | None = None,
    ) -> None:
        self.counters = Counters()
        self.profile = profile or Profile()
        self.limits = limits or Limits()
        self._sink = sink
        self._key = key
        self._entropy = entropy
        self._cookies = cookies or CookieJar(entropy.random(SECRET), self.limits.cookie_seconds)
        self._handshakes: dict[Address, ServerHandshake] = {}
        # Every session is in one of the first two: those without an identifier are found by what they are.
        self._by_id: dict[bytes, Session] = {}
        self._without_id: set[Session] = set()
        self._by_name: dict[bytes, Session] = {}
        self._by_address: dict[Address, Session] = {}
        self._timers: list[tuple[float, int, Address, Session | None]] = []
        self._timer_count = 0

    # For the application

    @property
    def sessions(self) -> int:
        """How many there are."""
        return len(self._by_id) + len(self._without_id)

    @property
    def handshakes(self) -> int:
        """How many are going on."""
        return len(self._handshakes)

    def find(self, name: bytes) -> Session | None:
        """The session of that name."""
        return self._by_name.get(name)

    def send(self, session: Session, data: bytes) -> bool:
        """Send application data in one record and datagram. False when the session is gone or nobody knows where it is.

        Raises:
            LocalError: the data does not fit into a datagram.
        """
        if len(data) + session.overhead > self.limits.datagram:
            raise LocalError(f"{len(data)} bytes do not fit into a datagram of {self.limits.datagram}")
        if session.address is None:
            return False
        self._sink.write(session.address, session.seal(APPLICATION_DATA, data))
        return True

    def name(self, session: Session, name: bytes) -> None:
        """The application knows who this is. An older session of that name ends: the newest wins.

        Whoever calls this has compared `session.public_key` with what is registered for the name.

        Raises:
            LocalError: the session is gone, or this is no name.
        """
        if not self._holds(session):
            raise LocalError("the session is not here")
        if not name or len(name) > 255:
            raise LocalError("a name has 1 to 255 bytes")
        if session.name != name:
            self._unname(session)
        before = self._by_name.get(name)
        session.name = name
        self._by_name[name] = session
        if before is not None and before is not session:
            self._end(before, Ended.REPLACED)

    def adopt(self, session: Session, address: Address | None = None) -> None:
        """Take in a session that was kept elsewhere.

        `address` is where it was last: messages go there until it is heard elsewhere, unless somebody else is there.

        A session that is here already stays: of two with one name only the application knows which is newer, and an old
        one could be brought back by repeating an old record. It may `forget` the other first.

        Raises:
            LocalError: a session with its identifier or its name is here already.
        """
        if self._is_taken(session):
            raise LocalError("a session with this identifier or name is here already")
        self._add(session)
        self.counters.resumed += 1
        session.address = None
        if address is not None and address not in self._by_address:
            session.address = address
            self._by_address[address] = session
        if session.name:
            self._by_name[session.name] = session

    def close(self, session: Session) -> None:
        """Say close_notify and forget the session: the peer makes a new handshake at once."""
        if self._holds(session):
            self._say_goodbye(session)
            self._end(session, Ended.LOCAL)

    def forget(self, session: Session) -> None:
        """Forget the session without a word to anyone: the peer, or another process, may continue it."""
        if self._holds(session):
            self._remove(session)

    # Time

    @property
    def deadline(self) -> float | None:
        """When to call `timeout`; calling it earlier or later does no harm."""
        return self._timers[0][0] if self._timers else None

    def timeout(self, now: float) -> None:
        """Repeat the flights that are due, give up on who does not answer, close who has no name."""
        while self._timers and self._timers[0][0] <= now:
            when, _, address, session = heappop(self._timers)
            if session is not None:
                if not session.name and self._holds(session):
                    self._say_goodbye(session)
                    self._end(session, Ended.NAMELESS)
                continue
            handshake = self._handshakes.get(address)
            # Entries hold no handshake, or a flood of them would live on here after it was replaced.
            if handshake is not None and handshake.deadline == when:
                self._repeat(address, handshake, now)

    def _repeat(self, address: Address, handshake: ServerHandshake, now: float) -> None:
        try:
            handshake.timeout(now)
        except NoAnswer as error:
            self._give_up(address, handshake, error)
        else:
            self._flush(address, handshake)
            self._watch(handshake.deadline, address)

    def _watch(self, when: float | None, address: Address, session: Session | None = None) -> None:
        if when is not None:
            # The count keeps the heap from comparing what cannot be compared.
            self._timer_count += 1
            heappush(self._timers, (when, self._timer_count, address, session))

    # Datagrams

    def datagram(self, address: Address, data: bytes, now: float) -> None:
        """Take a datagram. Whatever is in it, nothing is raised that is the peer's fault."""
        records = cut(data, self.profile, self.limits.records)
        while True:
            try:
                record = next(records, None)
                if record is None:
                    return
                if record.epoch:
                    self._protected(address, record, now)
                elif record.kind == HANDSHAKE and record.body[:1] == _HELLO:
                    self._hello(address, record, now)
                    # A hello is a flight of its own. Several in a datagram would draw more answers than they weigh.
                    return
                else:
                    self._plain(address, record, now)
            except HandshakeFailed:
                # It has been told. What follows in the datagram belonged to this handshake.
                return
            except ReplayedRecord:
                self.counters.replayed += 1
            except ForgedRecord:
                self.counters.forged += 1
            except PeerError:
                self.counters.malformed += 1

    def _protected(self, address: Address, record: Record, now: float) -> None:
        if record.connection_id is not None:
            session = self._by_id.get(record.connection_id)
        elif record.name is not None:
            session = self._by_name.get(record.name)
        else:
            session = self._by_address.get(address)
        handshake = self._handshakes.get(address)
        if session is not None:
            try:
                kind, content, newest = session.open(record)
            except (ForgedRecord, ReplayedRecord):
                # Without identifiers it may as well be the end of a new handshake at the address of an old session.
                if handshake is None or record.connection_id is not None:
                    raise
            else:
                self._content(session, address, kind, content, newest)
                return
        if handshake is not None and record.name is None and (handshake.connection_id == record.connection_id):
            self._continue(address, handshake, record, now)
            return
        if session is None and (record.connection_id is not None or record.name is not None):
            self._strange(address, record)
            return
        raise MalformedRecord("a protected record from an address without a session", "4.1.2.7")

    def _strange(self, address: Address, record: Record) -> None:
        """A session that is not here."""
        session = self._sink.unknown(address, record.connection_id or b"", record.name or b"")
        if session is None or self._is_taken(session):
            self.counters.unknown += 1
            return
        kind, content, newest = session.open(record)
        self.adopt(session)
        self._content(session, address, kind, content, newest)

    def _content(self, session: Session, address: Address, kind: int, content: bytes, newest: bool) -> None:
        """What an authentic record says."""
        if newest and session.address != address:
            before = session.address
            self._settle(session, address)
            self.counters.moved += 1
            self._sink.moved(session, before)
        if kind == APPLICATION_DATA:
            # Who talks has heard our Finished.
            session.final = None
            self._sink.message(session, content)
        elif kind == HANDSHAKE:
            self._late(session, address, content)
        elif kind == ALERT:
            level, description = read_alert(content)
            if description == Alert.CLOSE_NOTIFY:
                self._say_goodbye(session)  # RFC 5246, 7.2.1
                self._end(session, Ended.GOODBYE)
            elif level == FATAL:
                self._end(session, Ended.ALERT)
        else:
            raise MalformedRecord(f"record type {kind} within a session", "RFC 5246, 6.2.1")

    def _late(self, session: Session, address: Address, content: bytes) -> None:
        """Handshake messages within a session: a Finished that was repeated, or the wish to negotiate anew."""
        for fragment in fragments(content):
            if fragment.kind == m.FINISHED:
                again = repeat_final(session)
                if again:
                    self._sink.write(address, again)
            elif fragment.kind == m.CLIENT_HELLO:
                refusal = session.seal(ALERT, alert_body(WARNING, Alert.NO_RENEGOTIATION))
                self._sink.write(address, refusal)  # RFC 5246, 7.2.2

    # Handshakes

    def _plain(self, address: Address, record: Record, now: float) -> None:
        if record.connection_id is not None or record.name is not None:
            raise MalformedRecord("an identifier in clear", "RFC 9146, 4")
        handshake = self._handshakes.get(address)
        if handshake is None:
            # Alerts in clear mean nothing to a session.
            raise MalformedRecord("a plain record outside a handshake", "4.1.2.7")
        self._continue(address, handshake, record, now)

    def _hello(self, address: Address, record: Record, now: float) -> None:
        sequence = record.sequence
        hello = next(fragments(record.body))
        if hello.offset or len(hello.data) != hello.size:
            # A hello in pieces would have to be kept before its sender is known [4.2.1].
            raise MalformedRecord("a ClientHello in pieces", "4.2.1")
        if sequence > MAX_SEQUENCE // 2 or hello.number > 0xFF:
            raise MalformedRecord("a first hello with a late number", "4.2.1")
        self.counters.hellos += 1
        try:
            head = m.hello_head(hello.data)
        except MalformedMessage as error:
            raise MalformedRecord(error.reason, error.clause) from None
        if not self._cookies.accepts(address, head, now):
            self.counters.cookies += 1
            # The numbers of the hello are taken over, so that nothing has to be remembered [4.2.1].
            cookie = self._cookies.make(address, head, now)
            answer = Message(
                m.HELLO_VERIFY_REQUEST, hello.number, m.hello_verify_request(self.profile.verify_version, cookie)
            )
            self._sink.write(address, PlainWriter(sequence).record(HANDSHAKE, answer.whole))
            return
        current = self._handshakes.get(address)
        if current is not None and current.head == head:
            current.repeat()
            self._flush(address, current)
            return
        there = self._by_address.get(address)
        if there is not None and there.final is not None and there.final.random == head.random:
            # A late copy. A handshake from it would take the flight that the client may still have to repeat.
            return
        if current is not None:
            # Not overwritten but put at the end: the first entry is always the oldest.
            del self._handshakes[address]
        if not self._has_room(now):
            self.counters.overload += 1
            return
        self.counters.handshakes += 1
        try:
            handshake = ServerHandshake(
                Message(m.CLIENT_HELLO, hello.number, hello.data),
                head,
                sequence,
                key=self._key,
                entropy=self._entropy,
                authenticate=self._sink.authenticate,
                connection_id=self._fresh_id(),
                now=now,
                profile=self.profile,
                limits=self.limits,
            )
        except HandshakeFailed as error:
            self.counters.failed += 1
            if error.alert is not None:
                alert = PlainWriter(sequence).record(ALERT, alert_body(FATAL, error.alert))
                self._sink.write(address, alert)
            self._sink.failed(address, error)
            return
        self._handshakes[address] = handshake
        self._watch(handshake.deadline, address)
        self._flush(address, handshake)

    def _has_room(self, now: float) -> bool:
        """Whether another handshake may begin. One that waits for its client gives way; one that goes on does not, or a
        crowd that comes back at once would keep each other from finishing."""
        if self.sessions + len(self._handshakes) >= self.limits.sessions:
            return False
        if len(self._handshakes) < self.limits.handshakes:
            return True
        address, oldest = next(iter(self._handshakes.items()))
        if now - oldest.started < self.profile.first_timeout:
            return False
        self._give_up(address, oldest, NoAnswer())
        return True

    def _fresh_id(self) -> bytes:
        while True:
            connection_id = self._entropy.random(self.profile.connection_id_length)
            if connection_id not in self._by_id:
                return connection_id

    def _continue(self, address: Address, handshake: ServerHandshake, record: Record, now: float) -> None:
        try:
            handshake.record(record)
        except HandshakeFailed as error:
            self._give_up(address, handshake, error)
            raise
        finally:
            if handshake.done and self._handshakes.get(address) is handshake:
                self._finish(address, handshake, now)

    def _finish(self, address: Address, handshake: ServerHandshake, now: float) -> None:
        session = handshake.session
        assert session is not None  # noqa: S101  # it is done
        del self._handshakes[address]
        if session.read_id in self._by_id:
            # Two handshakes drew the same number: that of the slower one has to be made again.
            self.counters.failed += 1
            return
        self.counters.opened += 1
        self._add(session)
        self._settle(session, address)
        self._watch(now + self.limits.name_seconds, address, session)
        self._flush(address, handshake)
        self._sink.opened(session)

    def _give_up(self, address: Address, handshake: ServerHandshake, error: HandshakeFailed) -> None:
        del self._handshakes[address]
        self.counters.failed += 1
        alert = handshake.alert(error)
        if alert:
            self._sink.write(address, alert)
        self._sink.failed(address, error)

    def _flush(self, address: Address, handshake: ServerHandshake) -> None:
        output, handshake.output = handshake.output, []
        for datagram in output:
            self._sink.write(address, datagram)

    # Where sessions are

    def _holds(self, session: Session) -> bool:
        if session.read_id:
            return self._by_id.get(session.read_id) is session
        return session in self._without_id

    def _is_taken(self, session: Session) -> bool:
        return self._holds(session) or session.read_id in self._by_id or session.name in self._by_name

    def _add(self, session: Session) -> None:
        if session.read_id:
            self._by_id[session.read_id] = session
        else:
            self._without_id.add(session)

    def _settle(self, session: Session, address: Address) -> None:
        """The session is at this address now, and nobody else."""
        if session.address is not None and self._by_address.get(session.address) is session:
            del self._by_address[session.address]
        other = self._by_address.get(address)
        self._by_address[address] = session
        session.address = address
        if other is not None and other is not session:
            other.address = None
            if not other.read_id and not other.name:
                self._end(other, Ended.UNREACHABLE)

    def _unname(self, session: Session) -> None:
        if session.name and self._by_name.get(session.name) is session:
            del self._by_name[session.name]

    def _say_goodbye(self, session: Session) -> None:
        if session.address is not None:
            goodbye = session.seal(ALERT, alert_body(WARNING, Alert.CLOSE_NOTIFY))
            self._sink.write(session.address, goodbye)

    def _remove(self, session: Session) -> None:
        if session.read_id:
            del self._by_id[session.read_id]
        else:
            self._without_id.discard(session)
        self._unname(session)
        if session.address is not None and self._by_address.get(session.address) is session:
            del self._by_address[session.address]
        session.address = None

    def _end(self, session: Session, reason: Ended) -> None:
        self._remove(session)
        self._sink.closed(session, reason)
