"""A server whose application notes what it hears, clients, and a channel between them that is as bad as a seed says."""

from __future__ import annotations

from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from rookery.wire.dtls.client import ClientConnection, Phase
from rookery.wire.dtls.cookies import Address
from rookery.wire.dtls.endpoint import Ended, ServerEndpoint
from rookery.wire.dtls.errors import HandshakeFailed
from rookery.wire.dtls.keys import Entropy, SigningKey
from rookery.wire.dtls.profile import Limits, Profile
from rookery.wire.dtls.session import Session

HOME: Address = ("192.0.2.1", 5000)
AWAY: Address = ("198.51.100.7", 61000)


def scalar_key(number: int) -> SigningKey:
    """A key that is the same in every run."""
    return SigningKey(ec.derive_private_key(number, ec.SECP256R1()))


SERVER = scalar_key(1001)
BOARD = scalar_key(2002)
STRANGER = scalar_key(3003)


def entropy(seed: int) -> Entropy:
    """Randomness that is the same in every run."""
    random = Random(seed)
    return Entropy(random.randbytes, lambda: ec.derive_private_key(random.getrandbits(200) + 1, ec.SECP256R1()))


class Server:
    """An endpoint and its application. `heard` has everything but messages, `messages` those with their session."""

    def __init__(
        self,
        seed: int = 1,
        *,
        limits: Limits | None = None,
        profile: Profile | None = None,
        key: SigningKey = SERVER,
        names: bool = True,
    ) -> None:
        self.endpoint = ServerEndpoint(self, key, entropy(seed), limits=limits, profile=profile)
        self.sent: list[tuple[Address, bytes]] = []
        self.heard: list[Any] = []
        self.messages: list[bytes] = []
        self.sessions: list[Session] = []
        self.kept: dict[bytes, Session] = {}
        self.refused: set[bytes] = {STRANGER.public}
        self.names = names

    def write(self, address: Address, datagram: bytes) -> None:
        self.sent.append((address, datagram))

    def authenticate(self, public_key: bytes) -> object | None:
        return None if public_key in self.refused else "somebody"

    def opened(self, session: Session) -> None:
        self.heard.append("opened")
        self.sessions.append(session)

    def message(self, session: Session, data: bytes) -> None:
        self.messages.append(data)
        if self.names and not session.name:
            self.endpoint.name(session, data[:12])

    def moved(self, session: Session, before: Address | None) -> None:
        self.heard.append(("moved", before, session.address))

    def closed(self, session: Session, reason: Ended) -> None:
        self.heard.append(reason)

    def failed(self, address: Address, error: HandshakeFailed) -> None:
        self.heard.append(error)

    def unknown(self, address: Address, connection_id: bytes, name: bytes) -> Session | None:
        self.heard.append(("unknown", connection_id or name))
        return self.kept.get(connection_id or name)

    def take(self) -> list[tuple[Address, bytes]]:
        """What was written since the last call."""
        sent, self.sent = self.sent, []
        return sent


def client(seed: int = 2, *, key: SigningKey = BOARD, server: SigningKey = SERVER, **options: Any) -> ClientConnection:
    """A client that knows the server's key."""
    return ClientConnection(key, server.public, entropy(seed), **options)


def exchange(server: Server, connection: ClientConnection, address: Address = HOME, now: float = 0.0) -> list[bytes]:
    """Carry datagrams until nobody has anything to say; returns what the client received."""
    received: list[bytes] = []
    while connection.output or server.sent:
        output, connection.output = connection.output, []
        for datagram in output:
            server.endpoint.datagram(address, datagram, now)
        for to, datagram in server.take():
            if to == address:
                received += connection.feed(datagram, now)
    return received


def opened(
    server: Server, connection: ClientConnection, address: Address = HOME, name: bytes = b"board-000001"
) -> Session:
    """A finished handshake and a first message that names the session."""
    connection.start(0.0)
    exchange(server, connection, address)
    assert connection.phase is Phase.OPEN
    connection.send(name)
    exchange(server, connection, address)
    return server.sessions[-1]


class Channel:
    """Loses, repeats and delays datagrams, and turns the clock when nothing is under way."""

    def __init__(self, seed: int, loss: float, repeats: float, delay: float) -> None:
        self.random = Random(seed)
        self.loss = loss
        self.repeats = repeats
        self.delay = delay
        self.now = 0.0
        self.under_way: list[tuple[float, int, bool, bytes]] = []
        self.count = 0

    def carry(self, datagrams: list[bytes], *, to_server: bool) -> None:
        for datagram in datagrams:
            copies = 1 + (self.random.random() < self.repeats)
            for _ in range(copies):
                if self.random.random() >= self.loss:
                    self.count += 1
                    arrival = self.now + self.random.random() * self.delay
                    self.under_way.append((arrival, self.count, to_server, datagram))

    def run(self, server: Server, connection: ClientConnection, until: float) -> list[bytes]:
        """Until that time or until nothing can happen any more."""
        received: list[bytes] = []
        while True:
            output, connection.output = connection.output, []
            self.carry(output, to_server=True)
            self.carry([datagram for _, datagram in server.take()], to_server=False)
            times = [entry[0] for entry in self.under_way]
            times += [when for when in (connection.deadline, server.endpoint.deadline) if when is not None]
            if not times or min(times) > until:
                return received
            self.now = max(self.now, min(times))
            for entry in sorted(self.under_way):
                if entry[0] <= self.now:
                    self.under_way.remove(entry)
                    if entry[2]:
                        server.endpoint.datagram(HOME, entry[3], self.now)
                    else:
                        received += connection.feed(entry[3], self.now)
            if connection.deadline is not None and connection.deadline <= self.now:
                connection.timeout(self.now)
            if server.endpoint.deadline is not None and server.endpoint.deadline <= self.now:
                server.endpoint.timeout(self.now)


def hello_with_cookie(server: Server, connection: ClientConnection, now: float = 0.0) -> bytes:
    """Carry flights 1 and 2; returns flight 3."""
    connection.start(now)
    server.endpoint.datagram(HOME, connection.output.pop(), now)
    ((_, verify),) = server.take()
    connection.feed(verify, now)
    return connection.output.pop()


def flight_5(server: Server, connection: ClientConnection) -> bytes:
    """Carry flights 1 to 4; returns flight 5."""
    server.endpoint.datagram(HOME, hello_with_cookie(server, connection), 0.0)
    for _, datagram in server.take():
        connection.feed(datagram, 0.0)
    return connection.output.pop()
