"""uvicorn's WebSocket protocol, with an end to what a client may make the server keep.

uvicorn answers each ping at once, whether or not the client reads the answers, and collects the fragments of a message
of which only the bytes are counted, not the empty ones. Both grow as long as a client likes. An upgrade with a header
that `websockets` does not read (more than 8 KiB) is neither answered nor closed. A text that is not UTF-8 is logged
with a traceback, as if it were a fault of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

if TYPE_CHECKING:
    from websockets.frames import Frame

log = structlog.get_logger("rookery.http")

FRAGMENTS = 4_096
"""Frames of one message. Clients that cut at all cut a message into a few; one byte a frame still makes a CONNECT."""
UNREAD_BYTES = 2 << 20
"""Bytes that a client has not read, from which on it is dropped: above what an application behind it waits for."""

_BAD_UPGRADE = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class WebSocket(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    def data_received(self, data: bytes) -> None:
        """Bytes of frames."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse_upgrade()
        elif self.transport.get_write_buffer_size() > UNREAD_BYTES:
            log.info("http.websocket_closed", peer=self.client and self.client[0], reason="does not read its answers")
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """One more fragment."""
        if len(self.frames) >= FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """A message is complete."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                self.frames = [b"".join(self.frames)]
                self.frames[0].decode()
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA, "text is not UTF-8")
                return
        super().send_receive_event_to_app()

    def _refuse_upgrade(self) -> None:
        if self.transport.is_closing():
            return
        log.info("http.websocket_closed", peer=self.client and self.client[0], reason="an upgrade that can not be read")
        self.transport.write(_BAD_UPGRADE)
        self.transport.close()

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.frames = []
        if self.close_sent or self.transport.is_closing():
            return
        log.info("http.websocket_closed", peer=self.client and self.client[0], reason=reason)
        self.conn.send_close(code)
        self.handle_parser_exception()
