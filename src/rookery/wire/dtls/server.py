"""The server's side of one handshake, from the hello that carried its cookie to the session.

The client's flight 5 may come in any order and several times; `Assembler` puts it in order, and `_STEPS` says what has
to come. Anything wrong in a record under no key could be anyone's, but there is no telling: it ends this handshake,
which costs an honest client one more (RFC 5246, 7.2.2). It never touches a session.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from rookery.wire.dtls import keys
from rookery.wire.dtls import messages as m
from rookery.wire.dtls.errors import (
    Alert,
    Discarded,
    HandshakeFailed,
    MalformedRecord,
    NoAnswer,
    PeerAlert,
    ProofFailed,
)
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
from rookery.wire.dtls.profile import VERSION, Limits, Profile
from rookery.wire.dtls.records import ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, PlainWriter, Record
from rookery.wire.dtls.session import EPOCH, Final6, Session, pair

Authenticate = Callable[[bytes], object | None]
"""SubjectPublicKeyInfo of a peer that has proven to have its private key -> who it is, None to refuse it."""

_STEPS: Final = (m.CERTIFICATE, m.CLIENT_KEY_EXCHANGE, m.CERTIFICATE_VERIFY, m.FINISHED)

WARNING: Final = 1
FATAL: Final = 2


def alert_body(level: int, description: int) -> bytes:
    """RFC 5246, 7.2."""
    return bytes((level, description))


def read_alert(body: bytes) -> tuple[int, int]:
    """(level, description)

    Raises:
        MalformedRecord: it is no alert.
    """
    if len(body) != 2 or body[0] not in (WARNING, FATAL):
        raise MalformedRecord("not an alert", "RFC 5246, 7.2")
    return body[0], body[1]


class ServerHandshake:
    """One handshake. `output` collects datagrams to send; when `done`, `session` is to be used. `deadline` says when
    `timeout` is to be called.

    `hello` is the ClientHello as a whole message, `head` the same taken apart, `sequence` the number of its record:
    the answer continues both numbers [4.2.1, 4.2.2].

    Raises:
        HandshakeFailed: this profile has nothing in common with what the client offers.
    """

    __slots__ = (
        "_assembler",
        "_early",
        "_ephemeral",
        "_flight",
        "_limits",
        "_master",
        "_plain",
        "_profile",
        "_public_key",
        "_randoms",
        "_repeats",
        "_step",
        "_timer",
        "_transcript",
        "authenticate",
        "connection_id",
        "done",
        "head",
        "output",
        "session",
        "started",
    )

    def __init__(
        self,
        hello: Message,
        head: m.HelloHead,
        sequence: int,
        *,
        key: keys.SigningKey,
        entropy: keys.Entropy,
        authenticate: Authenticate,
        connection_id: bytes,
        now: float,
        profile: Profile,
        limits: Limits,
    ) -> None:
        if head.version != VERSION:
            raise HandshakeFailed("not DTLS 1.2", "4.2.1", Alert.PROTOCOL_VERSION)
        offer = m.offer(head.rest)
        offer.check()
        self.head = head
        self.authenticate = authenticate
        # A client that wants to see an identifier itself is given none in return: boards never do.
        wanted = offer.extensions.get(profile.connection_id_extension) == b"\0"
        self.connection_id = connection_id if wanted else None
        self.session: Session | None = None
        self.done = False
        self.started = now
        self._profile = profile
        self._limits = limits
        self._plain = PlainWriter(sequence)
        self._assembler = Assembler(hello.number + 1, limits)
        self._early: list[Record] = []
        self._public_key = b""
        self._master = b""
        self._step = 0
        self._repeats = limits.repeats
        self._timer = Timer()
        self._transcript = Transcript()
        self._transcript.add(hello)

        random = entropy.random(m.RANDOM)
        self._randoms = head.random, random
        self._ephemeral = entropy.ephemeral()
        parameters = m.key_parameters(keys.point(self._ephemeral))
        bodies = [
            (
                m.SERVER_HELLO,
                m.server_hello(
                    m.ServerHello(random, self.connection_id, offer.secure_renegotiation),
                    profile.connection_id_extension,
                ),
            ),
            (m.SERVER_KEY_EXCHANGE, parameters + m.signed(key.sign(head.random + random + parameters))),
            (m.CERTIFICATE_REQUEST, m.certificate_request()),
            (m.SERVER_HELLO_DONE, b""),
        ]
        if profile.server_certificate:
            bodies.insert(1, (m.CERTIFICATE, m.certificate(key.public)))
        self._flight = [Message(kind, hello.number + n, body) for n, (kind, body) in enumerate(bodies)]
        for message in self._flight:
            self._transcript.add(message)
        self.output = self._send()
        self._timer.start(now, profile)

    @property
    def deadline(self) -> float | None:
        """When to call `timeout`."""
        return self._timer.deadline

    def timeout(self, now: float) -> None:
        """Nothing has come: send the flight again [4.2.4].

        Raises:
            NoAnswer: it was sent often enough.
        """
        if not self._timer.fire(now):
            raise NoAnswer
        self.output += self._send()

    def repeat(self) -> None:
        """The client has repeated its hello: send the flight again [4.2.4], as often as the limit says."""
        if self._repeats and not self.done:
            self._repeats -= 1
            self.output += self._send()

    def _send(self) -> list[bytes]:
        return datagrams(self._flight, self._plain, None, self._limits.datagram)

    def alert(self, error: HandshakeFailed) -> bytes:
        """The record that tells the client, empty when there is nothing to tell."""
        if error.alert is None:
            return b""
        return self._plain.record(ALERT, alert_body(FATAL, error.alert))

    def record(self, record: Record) -> None:
        """Take a record from the client's address.

        Raises:
            Discarded: it has no effect.
            HandshakeFailed: the handshake is over.
        """
        if record.epoch == EPOCH:
            self._protected(record)
        elif record.epoch or record.connection_id is not None:
            raise MalformedRecord("a record of another epoch", "4.1")
        elif record.kind == HANDSHAKE:
            self._fragments(record.body, 0)
        elif record.kind == ALERT:
            self._alert(record.body)
        elif record.kind != CHANGE_CIPHER_SPEC or record.body != CHANGE_KEYS.body:
            # ChangeCipherSpec itself says nothing that the epoch of the next record does not.
            raise MalformedRecord("a record that has no place in a handshake", "RFC 5246, 7.1")

    def _protected(self, record: Record) -> None:
        if self.session is None:
            if len(self._early) >= self._limits.early_records or len(record.body) > self._limits.message:
                raise MalformedRecord("too much under keys that do not exist yet", "4.2.4")
            self._early.append(record)
            return
        kind, content, _ = self.session.open(record)
        if kind == HANDSHAKE:
            self._fragments(content, EPOCH)
        elif kind == ALERT:
            self._alert(content)
        else:
            raise MalformedRecord("data before the handshake is over", "4.2.4")

    def _alert(self, body: bytes) -> None:
        level, description = read_alert(body)
        if level == FATAL or description == Alert.CLOSE_NOTIFY:
            raise PeerAlert(description)

    def _fragments(self, body: bytes, epoch: int) -> None:
        for fragment in fragments(body):
            self._assembler.add(fragment, epoch)
            while not self.done and (message := self._assembler.pop()):
                self._message(message)

    def _message(self, message: Message) -> None:
        expect(message, _STEPS[self._step])
        self._step += 1
        body = message.body
        match message.kind:
            case m.CERTIFICATE:
                self._public_key = m.read_certificate(body)
            case m.CLIENT_KEY_EXCHANGE:
                self._agree(m.read_client_key_exchange(body))
            case m.CERTIFICATE_VERIFY:
                signature = m.read_certificate_verify(body)
                keys.verify(self._public_key, signature, self._transcript.data, "RFC 5246, 7.4.8")
                self._ask()
            case _:
                self._finish(message)
                return
        self._transcript.add(message)
        if self.session is not None and self._early:
            early, self._early = self._early, []
            for record in early:
                with suppress(Discarded):
                    self._protected(record)

    def _agree(self, peer: bytes) -> None:
        premaster = keys.agree(self._ephemeral, peer)
        self._master = keys.master_secret(premaster, *self._randoms)
        block = keys.key_block(self._master, *self._randoms)
        self.session = pair(self._profile, block, server=True, connection_id=self.connection_id)

    def _ask(self) -> None:
        """Only who has proven to own a key is told, by success or failure, whether it is known."""
        session = self.session
        assert session is not None  # noqa: S101  # the step before made it
        session.who = self.authenticate(self._public_key)
        if session.who is None:
            raise HandshakeFailed("a key that is not known here", "RFC 5246, 7.2.2", Alert.ACCESS_DENIED)
        session.public_key = self._public_key

    def _finish(self, message: Message) -> None:
        session = self.session
        assert session is not None  # noqa: S101  # an earlier step made it
        check_finished(message, self._master, "client", self._transcript.digest)
        self._transcript.add(message)
        answer = Message(
            m.FINISHED,
            self._flight[-1].number + 1,
            keys.finished(self._master, "server", self._transcript.digest),
        )
        self.output += datagrams([CHANGE_KEYS, answer], self._plain, session, self._limits.datagram)
        session.final = Final6(self._plain.sequence, answer.whole, self.head.random)
        self._timer.stop()
        self.done = True


def check_finished(message: Message, master: bytes, who: str, digest: bytes) -> None:
    """RFC 5246, 7.4.9.

    Raises:
        ProofFailed: the two ends have not seen the same handshake.
    """
    if not hmac.compare_digest(message.body, keys.finished(master, who, digest)):
        raise ProofFailed("Finished does not fit", "RFC 5246, 7.4.9")


def repeat_final(session: Session) -> bytes:
    """The last flight again, for a client that has repeated its own [4.2.4]; empty when it is no longer kept."""
    if session.final is None:
        return b""
    plain = PlainWriter(session.final.sequence)
    change = plain.record(CHANGE_CIPHER_SPEC, CHANGE_KEYS.body)
    session.final = session.final._replace(sequence=plain.sequence)
    return change + session.seal(HANDSHAKE, session.final.finished)
