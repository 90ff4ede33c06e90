"""What both ends have in common: the cut of the stream into frames, and the end of a connection."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from rookery.wire.lightssl.channel import Channel
from rookery.wire.lightssl.errors import LocalError, MalformedFrame, OutOfTurn, PeerError
from rookery.wire.lightssl.limits import BLOCK, LENGTH, LONGEST_FRAME, Limits


class Phase(Enum):
    """Where a connection is."""

    NEW = "new"
    """A server that was not started."""
    NONCE = "nonce"
    """A client waits for the nonce."""
    CLAIM = "claim"
    """A server waits for the claim."""
    LOOKUP = "lookup"
    """A server waits for its application to say whose claim it is."""
    ANSWER = "answer"
    """A client waits for the answer."""
    OPEN = "open"
    CLOSED = "closed"


class Sink(Protocol):
    """Whom a connection tells. None of these may call `feed` of the same connection; everything else they may call."""

    def write(self, data: bytes) -> None:
        """Send `data`, in one piece: boards take a frame whose length and body come apart for an error."""

    def message(self, data: bytes) -> None:
        """One message, decrypted; it may be empty, and nothing has shown that nobody changed it."""

    def failed(self, error: PeerError) -> None:
        """The connection has ended by the peer's fault, or was refused: close the transport. Called at most once, and
        nothing is called after it."""


class Connection:
    """Frames in both directions once a subclass has a channel."""

    __slots__ = ("_channel", "_limits", "_rest", "_sink", "phase")

    def __init__(self, sink: Sink, phase: Phase, limits: Limits | None) -> None:
        self.phase = phase
        self._sink = sink
        self._limits = limits or Limits()
        self._rest = b""
        self._channel: Channel | None = None
        if self._limits.frame % BLOCK or not BLOCK <= self._limits.frame <= LONGEST_FRAME:
            raise LocalError(f"frames have whole blocks of {BLOCK} bytes, {LONGEST_FRAME} bytes at most")

    @property
    def salt(self) -> bytes:
        """The 8 bytes from which a board takes its first message number.

        Raises:
            LocalError: the connection is not open.
        """
        return self._open_channel().salt

    def feed(self, data: bytes) -> None:
        """Take bytes of the stream, however they were cut. After the end of the connection they are ignored.

        Raises:
            PeerError: the connection has ended; the sink was told before.
        """
        if self.phase is Phase.CLOSED or not data:
            return
        if self._rest:
            data, self._rest = self._rest + data, b""
        try:
            self._take(data)
        except PeerError as error:
            self._end(error)
            raise

    def send(self, message: bytes) -> None:
        """Write one frame.

        Raises:
            LocalError: the connection is not open, or the message is too long.
        """
        channel = self._open_channel()
        if len(message) >= self._limits.frame:
            raise LocalError(f"a message of {len(message)} bytes does not fit into a frame of {self._limits.frame}")
        self._sink.write(channel.seal(message))

    def close(self) -> None:
        """Forget the keys; nothing is sent, for this protocol has no word for it, and the sink is not told."""
        self.phase = Phase.CLOSED
        self._rest = b""
        self._channel = None

    def _end(self, error: PeerError) -> None:
        self.close()
        self._sink.failed(error)

    def _open_channel(self) -> Channel:
        if self._channel is None:
            raise LocalError("the connection is not open")
        return self._channel

    def _take(self, data: bytes) -> None:
        """Use `data`, keep what is left of it in `_rest`."""
        if self.phase is not Phase.OPEN:
            raise OutOfTurn("the peer speaks where it has to wait")
        self._frames(data)

    def _exactly(self, size: int, data: bytes) -> bool:
        """Whether the message of a handshake, after which the peer has to wait, has come whole."""
        if len(data) > size:
            raise OutOfTurn(f"the peer speaks on after its {size} bytes")
        if len(data) < size:
            self._rest = data
        return len(data) == size

    def _frames(self, data: bytes) -> None:
        at, total = 0, len(data)
        try:
            while (channel := self._channel) is not None and total - at >= LENGTH:
                size = data[at] << 8 | data[at + 1]
                if not size or size % BLOCK or size > self._limits.frame:
                    raise MalformedFrame(f"{size} is not the length of a frame")
                end = at + LENGTH + size
                if end > total:
                    break
                body = data[at + LENGTH : end]
                at = end
                self._sink.message(channel.open(body))
        finally:
            if self._channel is not None:
                self._rest = data[at:]
