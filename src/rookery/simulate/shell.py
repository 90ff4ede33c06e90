"""Thin asyncio shells: a connection for each board machine, and nothing that decides anything.

A shell owns the socket and its TLS. Its contract is in `board`.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final, NamedTuple, Protocol

HANDSHAKE_SECONDS: Final = 20.0
"""For TLS. Boards take several seconds for a handshake; hundreds in one process share one processor."""

SMALL_BOARD_SUITE: Final = "ECDHE-ECDSA-AES128-GCM-SHA256"
"""The only suite of boards with BearSSL (arduino-device.md section 1.3)."""


class Machine(Protocol):
    """The side of a board that a shell calls; the contract is in `board`."""

    def opened(self) -> None:
        """The connection is there."""

    def received(self, data: bytes) -> None:
        """Bytes from the server."""

    def lost(self, reason: str) -> None:
        """The connection has ended, or could not be opened."""


class Trust(NamedTuple):
    """Whom to believe that it is the server."""

    ca: Path | str | None = None
    """A file with authorities, or their PEM text, besides those that this machine trusts."""
    verify: bool = True

    def context(self) -> ssl.SSLContext:
        """A client context.

        Raises:
            OSError: the file can not be read or holds no certificate (`ssl.SSLError` is an OSError).
        """
        context = ssl.create_default_context()
        if isinstance(self.ca, str):
            context.load_verify_locations(cadata=self.ca)
        elif self.ca is not None:
            context.load_verify_locations(cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Python 3.13 reads RFC 5280 strictly. Whether a board can talk to a server must not depend on that.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def small_board_context(self) -> ssl.SSLContext:
        """A client context with nothing but what a BearSSL board has: TLS 1.2, one suite, the curve P-256.

        Raises:
            OSError: as `context`.
        """
        context = self.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(SMALL_BOARD_SUITE)
        context.set_ecdh_curve("prime256v1")
        return context


class Endpoint(NamedTuple):
    """Where a board dials."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    """None: without TLS, which no real board does."""


class Shell:
    """The line of one board (`board.Line`)."""

    __slots__ = ("_board", "_connection", "_dialling", "_endpoint")

    def __init__(self, board: Machine, endpoint: Endpoint) -> None:
        self._board = board
        self._endpoint = endpoint
        self._connection: _Connection | None = None
        self._dialling: asyncio.Task[None] | None = None

    def dial(self) -> None:
        """Open a connection in a task of its own."""
        self._dialling = asyncio.get_running_loop().create_task(self._dial())

    def send(self, data: bytes) -> None:
        """Write; what the transport can not take now waits there. A board says little: it is never much."""
        if self._connection is not None:
            self._connection.transport.write(data)

    def hang_up(self) -> None:
        """Close, or stop opening. Harmless when there is nothing to close."""
        if self._dialling is not None:
            self._dialling.cancel()
            self._dialling = None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.shell = None
            connection.transport.close()

    async def _dial(self) -> None:
        host, port, tls = self._endpoint
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self),
                host,
                port,
                ssl=tls,
                server_hostname=host if tls is not None else None,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if tls is not None else None,
            )
        except OSError as error:
            self._dialling = None
            self._board.lost(explain(error))

    def connected(self, connection: _Connection) -> None:
        """The protocol object is connected."""
        self._dialling = None
        self._connection = connection
        self._board.opened()

    def received(self, data: bytes) -> None:
        """Bytes."""
        self._board.received(data)

    def ended(self, error: Exception | None) -> None:
        """The connection has ended from the other side."""
        self._connection = None
        self._board.lost(explain(error) if error is not None else "the server has closed the connection")


class _Connection(asyncio.Protocol):
    __slots__ = ("shell", "transport")

    def __init__(self, shell: Shell) -> None:
        self.shell: Shell | None = shell
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP and TLS give a Transport.
        if self.shell is not None:
            self.shell.connected(self)

    def data_received(self, data: bytes) -> None:
        if self.shell is not None:
            self.shell.received(data)

    def connection_lost(self, error: Exception | None) -> None:
        shell, self.shell = self.shell, None
        if shell is not None:
            shell.ended(error)


def explain(error: BaseException) -> str:
    """A line for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message}"
    return str(error) or type(error).__name__
