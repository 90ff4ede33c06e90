"""The client's side of a connection: for tests and for simulated boards.

It speaks like a board of the profile in any of its three generations: with a connection identifier or without, and
after `resume` with the record type that its generation uses until it hears from the server.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from rookery.wire.dtls import keys
from rookery.wire.dtls import messages as m
from rookery.wire.dtls.errors import Alert, Discarded, HandshakeFailed, LocalError, MalformedRecord, NoAnswer, PeerAlert
from rookery.wire.dtls.flights import (
    CHANGE_KEYS,
    Assembler,
    Message,
    Timer,
    Transcript,
    datagrams,
    expect,
    fragments,
)
from rookery.wire.dtls.profile import Limits, Profile
from rookery.wire.dtls.records import ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, PlainWriter, Record, cut
from rookery.wire.dtls.server import FATAL, WARNING, alert_body, check_finished, read_alert
from rookery.wire.dtls.session import EPOCH, Session, pair


class Phase(Enum):
    """Where a client is."""

    NEW = "new"
    HELLO = "hello"
    """A ClientHello is out: HelloVerifyRequest or ServerHello may come."""
    KEYS = "keys"
    """ServerHello has come, the rest of flight 4 is awaited."""
    FINISHED = "finished"
    """Flight 5 is out."""
    OPEN = "open"
    CLOSED = "closed"


_AFTER_HELLO: Final = (m.SERVER_KEY_EXCHANGE, m.CERTIFICATE_REQUEST, m.SERVER_HELLO_DONE)


MAX_VERIFICATIONS: Final = 3
"""Cookies taken in one handshake: a server that restarts in between asks again; one that never stops does not work."""


class ClientConnection:
    """One connection. `output` collects datagrams to send. `key` is the client's, `server_key` the server's
    SubjectPublicKeyInfo. `offers_id` False is a client of the generation before connection identifiers.

    `closed_by` is the alert that ended the connection, if one did; `discarded` counts records that had no effect.
    """

    def __init__(
        self,
        key: keys.SigningKey,
        server_key: bytes,
        entropy: keys.Entropy,
        *,
        offers_id: bool = True,
        profile: Profile | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.output: list[bytes] = []
        self.phase = Phase.NEW
        self.session: Session | None = None
        self.closed_by: int | None = None
        self.discarded = 0
        self._key = key
        self._server_key = server_key
        self._entropy = entropy
        self._offers_id = offers_id
        self._profile = profile or Profile()
        self._limits = limits or Limits()
        self._mark: int | None = None
        self._name = b""
        self._plain = PlainWriter()
        self._assembler = Assembler(0, self._limits)
        self._transcript = Transcript()
        self._timer = Timer()
        self._flight: list[Message] = []
        self._expected: list[int] = []
        self._repeats = self._limits.repeats
        self._random = b""
        self._hello: m.ServerHello | None = None
        self._server_point = b""
        self._master = b""

    @property
    def deadline(self) -> float | None:
        """When to call `timeout`."""
        return self._timer.deadline

    # Opening

    def start(self, now: float) -> None:
        """Send the first ClientHello."""
        if self.phase is not Phase.NEW:
            raise LocalError("the connection was started before")
        self._random = self._entropy.random(m.RANDOM)
        self.phase = Phase.HELLO
        self._say_hello(0, b"", now)

    def resume(self, session: Session, *, mark: int | None = None, name: bytes = b"") -> None:
        """Continue a session without any handshake. Until the server is heard, records begin with the byte `mark`; with
        a `name` they are named records."""
        if self.phase is not Phase.NEW:
            raise LocalError("the connection was started before")
        self.session = session
        self.phase = Phase.OPEN
        self._mark = self._profile.named_record if name else mark
        self._name = name

    def _say_hello(self, number: int, cookie: bytes, now: float) -> None:
        extension = self._profile.connection_id_extension if self._offers_id else None
        hello = Message(m.CLIENT_HELLO, number, m.client_hello(self._random, cookie, extension))
        # The first hello and the request to verify it do not count [4.2.1].
        self._transcript = Transcript()
        self._transcript.add(hello)
        self._send([hello], now)

    def _send(self, flight: list[Message], now: float) -> None:
        self._flight = flight
        self._timer.start(now, self._profile)
        self._repeat()

    def _repeat(self) -> None:
        self.output += datagrams(self._flight, self._plain, self.session, self._limits.datagram)

    def timeout(self, now: float) -> None:
        """Nothing has come: repeat the flight.

        Raises:
            NoAnswer: it was repeated often enough; the connection is closed.
        """
        if not self._timer.fire(now):
            self.phase = Phase.CLOSED
            raise NoAnswer
        self._repeat()

    # Talking

    def send(self, data: bytes) -> None:
        """Application data.

        Raises:
            LocalError: the connection is not open, or the data is too long.
        """
        session = self._open_session()
        if len(data) + session.overhead + len(self._name) > self._limits.datagram:
            raise LocalError(f"{len(data)} bytes do not fit into a datagram")
        record = session.seal(APPLICATION_DATA, data, mark=self._mark)
        if self._name:
            record += self._name + bytes((len(self._name),))
        self.output.append(record)

    def close(self) -> None:
        """Say close_notify (RFC 5246, 7.2.1)."""
        self.output.append(self._open_session().seal(ALERT, alert_body(WARNING, Alert.CLOSE_NOTIFY)))
        self.phase = Phase.CLOSED

    def _open_session(self) -> Session:
        if self.phase is not Phase.OPEN or self.session is None:
            raise LocalError("the connection is not open")
        return self.session

    # Listening

    def feed(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a datagram; returns the application data in it.

        Raises:
            HandshakeFailed: the handshake is over; `output` may hold an alert to send.
        """
        received: list[bytes] = []
        records = cut(datagram, self._profile, self._limits.records)
        while self.phase not in (Phase.NEW, Phase.CLOSED):
            try:
                record = next(records, None)
                if record is None:
                    break
                self._record(record, received, now)
            except Discarded:
                self.discarded += 1
            except HandshakeFailed as failure:
                self.phase = Phase.CLOSED
                self._timer.stop()
                if failure.alert is not None:
                    self.output.append(self._plain.record(ALERT, alert_body(FATAL, failure.alert)))
                raise
        return received

    def _record(self, record: Record, received: list[bytes], now: float) -> None:
        if record.epoch == EPOCH:
            self._protected(record, received, now)
        elif record.epoch or self.phase is Phase.OPEN:
            raise MalformedRecord("a record of another epoch", "4.1")
        elif record.kind == HANDSHAKE:
            self._fragments(record.body, 0, now)
        elif record.kind == ALERT:
            level, description = read_alert(record.body)
            if level == FATAL or description == Alert.CLOSE_NOTIFY:
                raise PeerAlert(description)
        elif record.kind != CHANGE_CIPHER_SPEC or record.body != CHANGE_KEYS.body:
            raise MalformedRecord("a record that has no place in a handshake", "RFC 5246, 7.1")

    def _protected(self, record: Record, received: list[bytes], now: float) -> None:
        if self.session is None:
            raise MalformedRecord("a record under keys that no server can have yet", "4.2.4")
        kind, content, _ = self.session.open(record)
        if kind == HANDSHAKE and self.phase is Phase.FINISHED:
            self._fragments(content, EPOCH, now)
        elif kind == ALERT:
            level, description = read_alert(content)
            if self.phase is not Phase.OPEN:
                raise PeerAlert(description)
            if level == FATAL or description == Alert.CLOSE_NOTIFY:
                self.closed_by = description
                self.phase = Phase.CLOSED
        elif kind == APPLICATION_DATA and self.phase is Phase.OPEN:
            received.append(content)
        if self.phase is Phase.OPEN:
            self._mark, self._name = None, b""

    def _fragments(self, body: bytes, epoch: int, now: float) -> None:
        for fragment in fragments(body):
            fresh = self._assembler.add(fragment, epoch)
            if not fresh and fragment.kind == m.SERVER_HELLO_DONE and self.phase is Phase.FINISHED and self._repeats:
                # The server repeats flight 4: flight 5 was lost [4.2.4].
                self._repeats -= 1
                self._repeat()
            while self.phase is not Phase.OPEN and (message := self._assembler.pop()):
                self._message(message, now)

    def _message(self, message: Message, now: float) -> None:
        body = message.body
        if self.phase is Phase.HELLO:
            if message.kind == m.HELLO_VERIFY_REQUEST and message.number < MAX_VERIFICATIONS:
                self._say_hello(message.number + 1, m.read_hello_verify_request(body), now)
                return
            expect(message, m.SERVER_HELLO)
            self._hello = self._check_hello(m.read_server_hello(body, self._profile.connection_id_extension))
            self.phase = Phase.KEYS
            self._expected = [m.CERTIFICATE] if self._profile.server_certificate else []
            self._expected += _AFTER_HELLO
            self._transcript.add(message)
        elif self.phase is Phase.KEYS:
            expect(message, self._expected.pop(0))
            self._transcript.add(message)
            self._flight_four(message, now)
        else:
            expect(message, m.FINISHED)
            check_finished(message, self._master, "server", self._transcript.digest)
            self._timer.stop()
            self._flight = []
            self.phase = Phase.OPEN

    def _check_hello(self, hello: m.ServerHello) -> m.ServerHello:
        if hello.connection_id is not None and not self._offers_id:
            raise HandshakeFailed("an extension that was not offered", "RFC 5246, 7.4.1.4", 110)
        if self._offers_id and len(hello.connection_id or b"") != self._profile.connection_id_length:
            raise HandshakeFailed("not a connection identifier of the length that is needed")
        return hello

    def _flight_four(self, message: Message, now: float) -> None:
        hello = self._hello
        assert hello is not None  # noqa: S101  # the phase is KEYS
        match message.kind:
            case m.CERTIFICATE:
                if m.read_certificate(message.body) != self._server_key:
                    raise HandshakeFailed("another server", "RFC 7250, 6", Alert.BAD_CERTIFICATE)
            case m.SERVER_KEY_EXCHANGE:
                self._server_point, signature = m.read_server_key_exchange(message.body)
                signed = self._random + hello.random + m.key_parameters(self._server_point)
                keys.verify(self._server_key, signature, signed, "RFC 8422, 5.4")
            case m.CERTIFICATE_REQUEST:
                m.check_certificate_request(message.body)
            case _:
                self._answer(hello, now)

    def _answer(self, hello: m.ServerHello, now: float) -> None:
        """Flight 5. Numbers of messages continue those of the hello [4.2.2]."""
        ephemeral = self._entropy.ephemeral()
        randoms = self._random, hello.random
        number = self._flight[-1].number + 1
        shown = Message(m.CERTIFICATE, number, m.certificate(self._key.public))
        exchange = Message(m.CLIENT_KEY_EXCHANGE, number + 1, m.client_key_exchange(keys.point(ephemeral)))
        for message in (shown, exchange):
            self._transcript.add(message)
        proof = Message(m.CERTIFICATE_VERIFY, number + 2, m.signed(self._key.sign(self._transcript.data)))
        self._transcript.add(proof)
        self._master = keys.master_secret(keys.agree(ephemeral, self._server_point), *randoms)
        block = keys.key_block(self._master, *randoms)
        self.session = pair(self._profile, block, server=False, connection_id=hello.connection_id)
        self.session.public_key = self._server_key
        finished = Message(m.FINISHED, number + 3, keys.finished(self._master, "client", self._transcript.digest))
        self._transcript.add(finished)
        self.phase = Phase.FINISHED
        self._send([shown, exchange, proof, CHANGE_KEYS, finished], now)
