"""Messages to bytes. What cannot be said in CoAP is a `LocalError`."""

from __future__ import annotations

from struct import Struct

from rookery.wire.coap.errors import LocalError
from rookery.wire.coap.message import ACKNOWLEDGEMENT, NON_CONFIRMABLE, RESET, Message, Options

MAX_OPTION_BYTES = 65_535 + 269
"""What two bytes of extended length can say (3.1)."""

_HEAD = Struct(">BBH").pack
_WORD = Struct(">I").pack


def empty_ack(message_id: int) -> bytes:
    """An Acknowledgement that carries no response (4.2)."""
    return _WORD(0x60000000 | message_id)


def reset(message_id: int) -> bytes:
    """A Reset: the message with this identifier means nothing here (4.2)."""
    return _WORD(0x70000000 | message_id)


def ping(message_id: int) -> bytes:
    """An empty Confirmable message: "CoAP ping" (4.3)."""
    return _WORD(0x40000000 | message_id)


def _extended(value: int) -> tuple[int, bytes]:
    """The four bits, and the bytes that extend them (3.1)."""
    if value < 13:
        return value, b""
    if value < 269:
        return 13, bytes((value - 13,))
    return 14, (value - 269).to_bytes(2, "big")


def encode_options(options: Options) -> bytes:
    """The options by themselves. They may come in any order; repeated ones keep theirs.

    Raises:
        LocalError: a number or a length that cannot be written.
    """
    out = bytearray()
    last = 0
    if len(options) > 1:
        options = tuple(sorted(options, key=_number))
    for number, value in options:
        delta = number - last
        size = len(value)
        if delta < 13 and size < 13 and delta >= 0:
            out.append(delta << 4 | size)
        else:
            if not 0 <= number <= 65_535:
                raise LocalError(f"{number} is no option number")
            if size > MAX_OPTION_BYTES:
                raise LocalError(f"an option of {size} bytes cannot be written")
            high, more_delta = _extended(delta)
            low, more_size = _extended(size)
            out.append(high << 4 | low)
            out += more_delta
            out += more_size
        out += value
        last = number
    return bytes(out)


def _number(option: tuple[int, bytes]) -> int:
    return option[0]


def parts(kind: int, code: int, message_id: int, token: bytes, options: Options, payload: bytes) -> bytes:
    """`encode` without a `Message`.

    Raises:
        LocalError: not a message.
    """
    if not 0 <= kind <= 3 or not 0 <= code <= 255 or not 0 <= message_id <= 65_535:
        raise LocalError("type, code and message identifier are 2, 8 and 16 bits (3)")
    if len(token) > 8:
        raise LocalError("a token has at most 8 bytes (3)")
    group = code >> 5
    if group in (1, 6, 7):
        raise LocalError(f"codes of class {group} are reserved (3)")
    if not code:
        if token or options or payload:
            raise LocalError("an empty message has nothing behind its header (4.1)")
        if kind == NON_CONFIRMABLE:
            raise LocalError("a Non-confirmable message is not empty (4.3)")
    elif kind == RESET:
        raise LocalError("a Reset is empty (4.2)")
    elif kind == ACKNOWLEDGEMENT and not group:
        raise LocalError("an Acknowledgement carries no request (4.2)")
    head = _HEAD(0x40 | kind << 4 | len(token), code, message_id)
    middle = encode_options(options) if options else b""
    return head + token + middle + b"\xff" + payload if payload else head + token + middle


def encode(message: Message) -> bytes:
    """The bytes of a message.

    Raises:
        LocalError: not a message.
    """
    return parts(message.kind, message.code, message.message_id, message.token, message.options, message.payload)
