"""The shell of boards over UDP: one connected socket each, so that each has an address of its own."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from rookery.simulate.particle_channel import LONGEST_MESSAGE
from rookery.simulate.shell import Machine, explain

READS_PER_TURN: Final = 16
"""Datagrams that one board reads before others have their turn."""


class DatagramShell:
    """The line of one board (`board.Line`). Each `dial` opens another port, as a board does that was away.

    `host` is better an address than a name: a name is looked up at each `dial`, and everything waits meanwhile.
    """

    __slots__ = ("_board", "_opening", "_server", "_socket")

    def __init__(self, board: Machine, host: str, port: int) -> None:
        self._board = board
        self._server = (host, port)
        self._socket: socket.socket | None = None
        self._opening: asyncio.Handle | None = None

    def dial(self) -> None:
        """Open a socket; the board hears of it in the next turn of the loop."""
        self._opening = asyncio.get_running_loop().call_soon(self._open)

    def send(self, data: bytes) -> None:
        """Send a datagram. One that can not leave is lost, as on any network."""
        if self._socket is not None:
            try:
                self._socket.send(data)
            except OSError:
                pass

    def hang_up(self) -> None:
        """Close the socket. Harmless when there is none."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        own, self._socket = self._socket, None
        if own is not None:
            asyncio.get_running_loop().remove_reader(own.fileno())
            own.close()

    def _open(self) -> None:
        self._opening = None
        family = socket.AF_INET6 if ":" in self._server[0] else socket.AF_INET
        own = socket.socket(family, socket.SOCK_DGRAM)
        try:
            own.setblocking(False)
            own.connect(self._server)
        except OSError as error:
            own.close()
            self._board.lost(explain(error))
            return
        self._socket = own
        asyncio.get_running_loop().add_reader(own.fileno(), self._readable, own)
        self._board.opened()

    def _readable(self, own: socket.socket) -> None:
        for _ in range(READS_PER_TURN):
            if self._socket is not own:
                return
            try:
                data = own.recv(LONGEST_MESSAGE)
            except OSError:
                return  # Nothing there, or a port that is closed at the moment: the board finds out by itself.
            self._board.received(data)
