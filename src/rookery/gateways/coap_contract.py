"""What the CoAP gateways offer to those who answer for boards, and what they ask of them.

Two shells carry CoAP: `coap_tcp` over streams under `wire.lightssl`, `coap_udp` over datagrams under `wire.dtls`. Both
know sockets, sessions and messages; neither knows who a board is or what a path means. They ask one `Front`:

* Over TCP the handshake itself says who the board is. `key_of` names the key to use; `arrived` makes a `Handler` when
  the first message has been decrypted.
* Over UDP the handshake proves a key and nothing more. `arrived` makes a `Handler` for a board without a name, which
  looks into its first message, compares `Connection.public_key` with the key that is registered, and calls
  `Connection.name_session`, within 60 seconds.
* On both transports `name_session` is what makes a session the one of its board: from then on it is kept over restarts
  (UDP), and an older one of the same name and transport ends. Until then an impostor has changed nothing.
* A session that was kept comes back without any handshake: `recall`, then `resumed`.

Everything happens on one event loop. Methods of a `Handler` must return quickly and must not raise; one that does is
logged, its request is forgotten (so a board on UDP repeats it), and the session goes on.

Acknowledging: `Handler.request` gets a `ticket`. It returns True to acknowledge at once, and False when it has used the
ticket already (`respond`) or has left it with a store (`core.points.Producer`, which a connection is) or keeps it. Each
ticket comes back exactly once: `respond`, `acknowledge`, `forget`, `committed` or `refused`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rookery.wire.coap.errors import LocalError
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Message, Options
from rookery.wire.coap.options import STANDARD, OptionTable
from rookery.wire.coap.parameters import Limits, Quirks, Transmission


class Gone(LocalError):
    """The connection has ended: nothing can be sent on it."""


class Peer(NamedTuple):
    """Where a board is, as far as the transport knows it."""

    transport: str
    """`tcp` or `udp`."""
    address: str
    """Its IP address, without brackets. Empty while nobody knows."""
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoapProfile:
    """Which CoAP the boards of a listener speak (`wire.coap.parameters`)."""

    transmission: Transmission = field(default_factory=Transmission)
    quirks: Quirks = field(default_factory=Quirks)
    options: OptionTable = STANDARD
    limits: Limits = field(default_factory=Limits)
    block_bytes: int | None = 1_024
    """In which size our own bodies are cut; None for never."""


class Connection(Protocol):
    """One secure session with one board, as its handler sees it. It is also a `core.points.Producer`.

    Times are seconds of `Clock.monotonic`. When the connection has ended, `send` and `ping` raise `Gone`; everything
    else does nothing.
    """

    peer: Peer
    reliable: bool
    """A stream: nothing is repeated, nothing gets lost while the connection stands."""
    last_heard: float
    """When the last authentic message came."""
    name: bytes
    """The device id. Over UDP empty until `name_session`."""
    public_key: bytes | None
    """What the board has proven to have, or what the front said it has: DER SubjectPublicKeyInfo."""
    ended: bool

    @property
    def unsent(self) -> int:
        """Bytes that the transport has not got rid of: who sends much without answers waits while there are many.
        Always 0 over UDP."""

    def send(
        self,
        code: int,
        options: Options = (),
        payload: bytes = b"",
        *,
        context: object = None,
        timeout: float = 30.0,
        confirmable: bool = True,
        response: bool = True,
        token: bytes | None = None,
    ) -> object:
        """Send a request (`wire.coap.endpoint.Endpoint.send`); returns a handle for `cancel`. What waits for anything
        ends in exactly one of `Handler.response`, `acknowledged` and `failed`, which get `context`.

        Raises:
            TooBusy: too much is not finished.
            Gone: the connection has ended.
            LocalError: such a request cannot be written.
        """

    def ping(self, timeout: float, context: object = None) -> object:
        """Ask whether the board is there: `Handler.acknowledged` or `failed`.

        Raises:
            TooBusy: too much is not finished.
            Gone: the connection has ended.
        """

    def cancel(self, handle: object) -> None:
        """Wait no longer for a request or a ping; the handler is not called for it."""

    def respond(self, ticket: int, code: int, options: Options = (), payload: bytes = b"") -> bool:
        """Answer a request. False when the ticket is not open.

        Raises:
            LocalError: such a response cannot be written; the ticket stays open.
        """

    def acknowledge(self, ticket: int) -> None:
        """The request has arrived, and there is nothing more to say."""

    def forget(self, ticket: int) -> None:
        """As if the request had never come: its repetition is new."""

    def committed(self, tickets: list[int]) -> None:
        """Acknowledge these requests."""

    def refused(self, tickets: list[int], reason: str) -> None:
        """These requests are not stored: 5.03 where an acknowledgement is expected, so that the board knows."""

    def reset(self, message_id: int = 0) -> None:
        """Send a Reset of our own accord (`wire.coap.endpoint.Endpoint.reset`)."""

    def name_session(self, device_id: bytes) -> None:
        """The handler has checked who this is. The newest session of a name wins: an older one is told `closed`.

        Raises:
            LocalError: no name, or over TCP another one than the handshake proved.
        """

    def keep_alive(self, interval: float, *, probe: bool = False) -> None:
        """End the connection after 1.5 intervals (seconds) without a message. With `probe` a ping of ours asks after
        one interval. 0 turns it off, which it is at first. A session over UDP that ends so is kept, and comes back
        when the board speaks again."""

    def close(self, reason: str, *, renew: bool = False) -> None:
        """End the connection; `reason` goes to the log and to `Handler.closed`.

        Over UDP the session is kept where sessions are kept, and comes back with `Front.resumed` when the board speaks
        again; one that was not named is forgotten in silence. With `renew` it is over: the board is told so
        (close_notify) and makes a new handshake at once. Over TCP both close the stream. Tickets that are open are
        void: who closes within `Handler.request` acknowledges first.
        """


class Handler(Protocol):
    """Who answers for one board."""

    def request(self, message: Message, ticket: int) -> bool:
        """A request, whole, whatever blocks it came in. True: acknowledge it now. False: the ticket was used or comes
        back later."""

    def response(self, context: object, message: Message) -> None:
        """The response to a request of ours, of any class."""

    def acknowledged(self, context: object) -> None:
        """A request without a response, or a ping, has arrived at the board."""

    def failed(self, context: object, failure: Failure) -> None:
        """There will be no response."""

    def moved(self, peer: Peer) -> None:
        """The board was heard at another address (UDP)."""

    def closed(self, reason: str) -> None:
        """The connection has ended, whoever ended it. Every open exchange has failed with `Failure.CLOSED` before. Last
        call of all."""


class Front(Protocol):
    """The door of a dialect."""

    async def key_of(self, device_id: bytes, offered: bytes | None) -> bytes | None:
        """TCP: the public key (DER SubjectPublicKeyInfo) to use for this id, None to refuse. `offered` is the key that
        the board sent along, if it did: nothing proves yet that it is the board's."""

    def knows(self, public_key: bytes) -> object | None:
        """UDP: whether a key that the peer has proven to have may begin a session. None refuses. Must answer from
        memory; may accept all, because `name_session` decides."""

    def arrived(self, connection: Connection) -> Handler:
        """A secure session stands. Over TCP its name is known and proven, over UDP its public key."""

    async def recall(self, device_id: bytes, public_key: bytes) -> object | None:
        """UDP: a kept session of this board may come back. Returns what `resumed` needs to go on (records that have to
        be read), or None when it may not, because the device is gone or has another key now: then the session is
        forgotten."""

    def resumed(self, connection: Connection, device_id: bytes, state: object) -> Handler:
        """UDP: a kept session has come back with an authentic message. The connection is named already. The message
        may be a repetition of one from before, even the board's goodbye."""


class StoredSession(NamedTuple):
    """A session as it is kept. `dump` holds its keys: keep it like a password."""

    device_id: str
    """Lower-case hex. One session a device: a newer one replaces it."""
    connection_id: bytes
    """By which it is found; empty for boards that have none, and are found by their name."""
    dump: bytes
    """`wire.dtls.session.Session.dump`, some 200 bytes."""
    next_message_id: int
    """Where CoAP message identifiers go on, a safe stretch ahead of what was used."""
    address: tuple[str, int]
    """Where the board is, if it is anywhere: empty and 0 when it has said goodbye or was given up, because then nobody
    is to ask it anything until it speaks."""


class SessionStore(Protocol):
    """Where sessions outlive the process. `find` sees what `keep` was given before it, written or not."""

    def keep(self, session: StoredSession) -> None:
        """Write it soon, instead of what there is for this device."""

    async def keep_now(self, session: StoredSession) -> None:
        """As `keep`; returns when it is on disk. Raises when it cannot be: then the session is not used, because two
        that send under one key with the same numbers would break it."""

    def forget(self, device_id: str, connection_id: bytes) -> None:
        """Delete it, unless this device has a session with another connection id by now."""

    async def find(self, connection_id: bytes, name: bytes) -> StoredSession | None:
        """By connection id, or where that is empty by name (the bytes of the device id), whatever its connection id."""

    async def placed(self) -> list[str]:
        """The device ids, in hex, of the sessions on disk whose board is somewhere."""
