"""The board's end of the two secure channels, with one face: bytes of the line in, CoAP messages out.

`StreamChannel` is for boards on TCP (`wire.lightssl`), `DatagramChannel` for those on UDP (`wire.dtls`). Neither opens
anything, knows a clock, or decides when to try again: they tell their `ChannelOwner`, and the board decides.
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rookery.wire.dtls.client import ClientConnection as DatagramClient
from rookery.wire.dtls.client import Phase
from rookery.wire.dtls.errors import HandshakeFailed
from rookery.wire.dtls.keys import Entropy, SigningKey
from rookery.wire.dtls.session import Session
from rookery.wire.lightssl.client import ClientConnection as StreamClient
from rookery.wire.lightssl.errors import PeerError

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

RESUMED: Final = 253
"""How records are marked from Device OS 4.0 on until the server is heard again (particle-device.md §2.5)."""
LONGEST_MESSAGE: Final = 2_048
"""Bytes that a board reads of one datagram: more than any message that a server may send to it."""


class ParticleIdentity(NamedTuple):
    """Who a board is, and whom it believes. The kind of the key decides the transport: RSA of 1024 bits is TCP, P-256
    is UDP."""

    device_id: str
    """24 hexadecimal digits."""
    key: PrivateKey
    server_key: bytes
    """The server's public key, DER SubjectPublicKeyInfo of the same kind."""

    @property
    def reliable(self) -> bool:
        """Whether it speaks over a stream."""
        return isinstance(self.key, rsa.RSAPrivateKey)


class ChannelOwner(Protocol):
    """The board."""

    def transmit(self, data: bytes) -> None:
        """Put these bytes on the line."""

    def secured(self, message_id: int | None) -> None:
        """Messages can be sent. Over TCP the handshake also gives the identifier of the first one (§1.1)."""

    def heard(self, message: bytes) -> None:
        """A message has come."""

    def broken(self, reason: str, *, discard: bool) -> None:
        """The channel has ended. `discard`: its session can not be continued."""


class StreamChannel:
    """Over TCP."""

    __slots__ = ("_connection", "_owner")

    def __init__(self, owner: ChannelOwner, identity: ParticleIdentity) -> None:
        if not isinstance(identity.key, rsa.RSAPrivateKey):
            raise ValueError("a board on TCP has an RSA key")
        self._owner = owner
        self._connection = StreamClient(self, identity.key, identity.server_key, bytes.fromhex(identity.device_id))

    @property
    def session(self) -> Session | None:
        """Nothing of a stream outlives it."""
        return None

    def start(self, now: float) -> None:
        """The server speaks first."""

    def feed(self, now: float, data: bytes) -> None:
        """Bytes from the line."""
        try:
            self._connection.feed(data)
        except PeerError:
            return  # `failed` has told it.

    def send(self, message: bytes) -> None:
        """One message."""
        self._connection.send(message)

    def deadline(self) -> float | None:
        """Nothing is repeated here."""
        return None

    def tick(self, now: float) -> None:
        """See `deadline`."""

    def close(self, *, discard: bool) -> None:
        """Forget the keys. The end of the stream is all that the server sees."""
        self._connection.close()

    # The machine's sink

    def write(self, data: bytes) -> None:
        """For the machine."""
        self._owner.transmit(data)

    def opened(self) -> None:
        """For the machine."""
        self._owner.secured(int.from_bytes(self._connection.salt[:2], "little") + 1)

    def message(self, data: bytes) -> None:
        """For the machine."""
        self._owner.heard(data)

    def failed(self, error: PeerError) -> None:
        """For the machine."""
        self._owner.broken(f"the secure channel: {error}", discard=True)


class DatagramChannel:
    """Over UDP; with a `session` it goes on without a handshake."""

    __slots__ = ("_client", "_open", "_owner")

    def __init__(self, owner: ChannelOwner, identity: ParticleIdentity, session: Session | None) -> None:
        if not isinstance(identity.key, ec.EllipticCurvePrivateKey):
            raise ValueError("a board on UDP has a key on P-256")
        self._owner = owner
        self._open = False
        self._client = DatagramClient(SigningKey(identity.key), identity.server_key, Entropy(os.urandom))
        if session is not None:
            self._client.resume(session, mark=RESUMED)

    @property
    def session(self) -> Session | None:
        """What can be continued from another port or later."""
        return self._client.session if self._open else None

    def start(self, now: float) -> None:
        """The board speaks first."""
        if self._client.phase is Phase.OPEN:
            self._announce()
        else:
            self._client.start(now)
            self._flush()

    def feed(self, now: float, data: bytes) -> None:
        """A datagram."""
        try:
            messages = self._client.feed(data, now)
        except HandshakeFailed as error:
            self._fail(error)
            return
        self._flush()
        if self._client.phase is Phase.OPEN and not self._open:
            self._announce()
        for message in messages:
            self._owner.heard(message)
        if self._client.phase is Phase.CLOSED and self._open:
            self._open = False
            self._owner.broken("the server has closed the session", discard=True)

    def send(self, message: bytes) -> None:
        """One message."""
        if self._open:
            self._client.send(message)
            self._flush()

    def deadline(self) -> float | None:
        """When a flight of the handshake is repeated."""
        return self._client.deadline

    def tick(self, now: float) -> None:
        """Repeat it, or give up."""
        due = self._client.deadline
        if due is None or now < due:
            return
        try:
            self._client.timeout(now)
        except HandshakeFailed as error:
            self._fail(error)
            return
        self._flush()

    def close(self, *, discard: bool) -> None:
        """The end. Only a session that is to be forgotten is said to be over: a board that loses its network or goes to
        sleep says nothing (§2.5)."""
        if self._open and discard and self._client.phase is Phase.OPEN:
            self._client.close()
            self._flush()
        self._open = False

    def _announce(self) -> None:
        self._open = True
        self._owner.secured(None)

    def _fail(self, error: HandshakeFailed) -> None:
        self._flush()
        self._owner.broken(f"the handshake: {error}", discard=True)

    def _flush(self) -> None:
        output, self._client.output = self._client.output, []
        for datagram in output:
            self._owner.transmit(datagram)


Channel = StreamChannel | DatagramChannel


def make_channel(owner: ChannelOwner, identity: ParticleIdentity, session: Session | None = None) -> Channel:
    """The channel that fits the key of the board."""
    if identity.reliable:
        return StreamChannel(owner, identity)
    return DatagramChannel(owner, identity, session)
