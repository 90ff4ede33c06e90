"""Bytes to messages, with every rule that can be checked on one message alone."""

from __future__ import annotations

from rookery.wire.coap.encode import reset
from rookery.wire.coap.errors import MalformedMessage
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, RESET, Message

MAX_OPTIONS = 64
"""Options in one message. The standard has no limit; 1,400 empty ones fit in a datagram and would occupy a hundred
times its size. A path of 64 bytes has at most 33 segments, everything else a message says takes less than ten."""


def _fault(kind: int, message_id: int, reason: str, clause: str) -> MalformedMessage:
    """Rejecting a Confirmable message is a Reset; the others are rejected by silence (4.2, 4.3)."""
    return MalformedMessage(reason, clause, reset(message_id) if kind == CONFIRMABLE else b"")


def decode(data: bytes) -> Message:
    """The message that these bytes are, all of them.

    Raises:
        MalformedMessage: they are none; `answer` is the Reset when it was Confirmable.
    """
    end = len(data)
    if end < 4:
        raise MalformedMessage("shorter than a header", "3")
    head = data[0]
    if head >> 6 != 1:
        raise MalformedMessage("another version of CoAP", "3")  # "MUST be silently ignored"
    kind = head >> 4 & 3
    code = data[1]
    message_id = data[2] << 8 | data[3]
    if not code:
        if end > 4 or head & 15:
            raise _fault(kind, message_id, "bytes in an empty message", "4.1")
        if kind == NON_CONFIRMABLE:
            raise _fault(kind, message_id, "an empty Non-confirmable message", "4.3")
        return Message(kind, code, message_id)
    group = code >> 5
    if group in (1, 6, 7):
        raise _fault(kind, message_id, "a code of a reserved class", "4.2")
    if kind == RESET:
        raise _fault(kind, message_id, "a Reset that is not empty", "4.2")
    if kind == ACKNOWLEDGEMENT and not group:
        raise _fault(kind, message_id, "a request in an Acknowledgement", "4.2")
    at = 4 + (head & 15)
    if at > 12:
        raise _fault(kind, message_id, "a token of more than 8 bytes", "3")
    if at > end:
        raise _fault(kind, message_id, "the message ends in its token", "3")
    token = data[4:at]
    if at == end:
        return Message(kind, code, message_id, token)

    options = []
    number = 0
    payload = b""
    while at < end:
        byte = data[at]
        at += 1
        if byte == 0xFF:
            if at == end:
                raise _fault(kind, message_id, "a payload marker without a payload", "3")
            payload = data[at:]
            break
        delta = byte >> 4
        size = byte & 15
        if delta > 12:
            if delta == 13 and at < end:
                delta = 13 + data[at]
                at += 1
            elif delta == 14 and at + 1 < end:
                delta = 269 + (data[at] << 8 | data[at + 1])
                at += 2
            else:
                raise _fault(kind, message_id, "an option delta that is reserved or cut off", "3.1")
        if size > 12:
            if size == 13 and at < end:
                size = 13 + data[at]
                at += 1
            elif size == 14 and at + 1 < end:
                size = 269 + (data[at] << 8 | data[at + 1])
                at += 2
            else:
                raise _fault(kind, message_id, "an option length that is reserved or cut off", "3.1")
        number += delta
        start = at
        at += size
        if at > end:
            raise _fault(kind, message_id, "an option is longer than its message", "3.1")
        if number > 65_535:
            raise _fault(kind, message_id, "an option number above 65,535", "3.1")
        options.append((number, data[start:at]))
        if len(options) > MAX_OPTIONS:
            raise _fault(kind, message_id, f"more than {MAX_OPTIONS} options", "")
    return Message(kind, code, message_id, token, tuple(options), payload)
