"""What a gateway offers to those who answer for its clients, and what it asks of them.

A gateway knows MQTT and sockets; it does not know who may log in or what a topic means. At CONNECT it asks its
authenticators in order; the first that knows the login returns a `Handler`, which answers for that connection until it
ends. All methods are called on the event loop. Handler methods must return quickly and must not raise: a slow or
failing handler would stall every board of this node.

Acknowledging: `Handler.publish` gets a `ticket`. It returns True when the gateway should acknowledge at once, and
False when the handler has left the ticket with a store: then the store (or the handler) calls `Session.committed` or
`Session.refused` with it later (`core.points.Producer`). A QoS 0 publish has ticket 0 and nothing to acknowledge.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Peer(NamedTuple):
    """The other end of a connection, as far as the transport knows it."""

    transport: str
    """`tcp`, `tls`, `tls-certificate`, `ws` or `wss`."""
    address: str
    certificate_name: str | None = None
    """Common name of the verified client certificate, where one was presented."""
    certificate_serial: str | None = None
    """Its serial number in lower-case hex, without leading zeros being lost (an even number of digits)."""


class Login(NamedTuple):
    """What a CONNECT packet said about its sender."""

    client_id: str
    username: str | None
    password: bytes | None
    clean_session: bool
    keepalive: int
    """Seconds; 0 turns the mechanism off."""


class LoginRefused(Exception):
    """The login is known to be wrong: CONNACK with `code` (MQTT 3.1.1 table 3.1; 5 = not authorised), then close."""

    def __init__(self, reason: str, code: int = 5) -> None:
        super().__init__(reason)
        self.code = code


class Session(Protocol):
    """One connected client, as its handler sees it. It is also a `core.points.Producer`."""

    client_id: str
    peer: Peer
    watch_keepalive: bool
    """False: do not close this connection for silence (some clients do not ping in some phases). Default True."""

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> None:
        """Send a message. QoS > 0 is kept and re-sent as the standard says; a full queue drops and counts."""

    def committed(self, tickets: list[int]) -> None:
        """Acknowledge these publishes."""

    def refused(self, tickets: list[int], reason: str) -> None:
        """These publishes are not stored: close without acknowledging, so that the client keeps its data."""

    def close(self, reason: str) -> None:
        """Close the connection; `reason` goes to the log and to `Handler.closed`."""


class Handler(Protocol):
    """Who answers for one connection."""

    realm: str
    """Client ids are unique within a realm (`exclusive`), and persistent sessions are kept per realm."""
    exclusive: bool
    """True: a new connection with the same client id takes over the old one (MQTT-3.1.4-2). False: they live side by
    side and every session is a clean one."""
    persistent: bool
    """True: clean_session = 0 is honoured by keeping the session. False: such a session ends with its connection."""

    def opened(self, session: Session) -> None:
        """CONNACK 0 has been written."""

    def subscribe(self, topic_filter: str, qos: int) -> int:
        """The granted QoS, or 0x80 to refuse. Called before SUBACK is written."""

    def subscribed(self, topic_filter: str, qos: int) -> None:
        """SUBACK has been written. Messages that a subscription triggers are published from here."""

    def unsubscribed(self, topic_filter: str) -> None:
        """UNSUBACK has been written, or the clean session has ended."""

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, ticket: int) -> bool:
        """A message from the client (also its will). True: acknowledge now. False: the ticket comes back later."""

    def closed(self, reason: str, *, clean: bool) -> None:
        """The connection has ended. `clean`: the client sent DISCONNECT."""


class Authenticator(Protocol):
    """Knows one kind of login."""

    async def authenticate(self, login: Login, peer: Peer) -> Handler | None:
        """A handler, or None to abstain.

        Raises:
            LoginRefused: this kind of login, but not a valid one.
        """
