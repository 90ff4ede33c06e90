"""The messages of both update protocols byte by byte, and what is decided before anything is sent."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from rookery.particle.device import ota
from rookery.particle.device.hello import Hello
from rookery.particle.device.ota import CannotUpdate, Reason, Step, Target, check, transfer
from rookery.particle.device.ota_chunked import begin_payload, chunk_options
from rookery.particle.device.ota_transfer import board_words
from rookery.particle.device.ota_windowed import chunk_options as windowed_chunk_options
from rookery.particle.device.ota_windowed import finish_options, start_options
from rookery.particle.device.profile import OPTIONS
from rookery.wire.coap import encode
from rookery.wire.coap.errors import TooBusy
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, Code, Message, Options
from rookery.wire.coap.options import URI_PATH

SHA = bytes(range(32))
U: Options = ((URI_PATH, b"u"),)
CRC = zlib.crc32(b"data").to_bytes(4, "big").hex()


@pytest.mark.parametrize(
    ("kind", "code", "token", "options", "payload", "wire"),
    [
        # particle-device.md §13.2, set B
        (CONFIRMABLE, Code.POST, b"\x33", U, b"", "4102abd033b175"),
        (CONFIRMABLE, Code.PUT, b"\x11", U, b"", "4103abd211b175"),
        # §4.11
        (
            CONFIRMABLE,
            Code.POST,
            b"\x33",
            U,
            begin_payload(0x0102_0304, 512, fast=True),
            "4102abd033b175ff01020001020304" + "00" + "00000000",
        ),
        (
            NON_CONFIRMABLE,
            Code.POST,
            b"?",
            chunk_options(b"data", 5),
            b"data",
            f"5102abd03fb16344{CRC}020005ff64617461",
        ),
        (CONFIRMABLE, Code.POST, b"?", chunk_options(b"data", None), b"data", f"4102abd03fb16344{CRC}ff64617461"),
        # §4.12; option 2057 after 11 is a delta of 2046, in the extended form 2046 - 269 = 06f1
        (
            CONFIRMABLE,
            Code.POST,
            b"\x33",
            start_options(60_000, SHA, 512),
            b"",
            "4102abd033b153" + "e206f1ea60" + "4d13" + SHA.hex() + "420200",
        ),
        (
            CONFIRMABLE,
            Code.POST,
            b"\x33",
            start_options(60_000, b"", 512),
            b"",
            "4102abd033b153" + "e206f1ea60" + "820200",
        ),
        (NON_CONFIRMABLE, Code.POST, b"", windowed_chunk_options(1), b"data", "5002abd0b143e106e901ff64617461"),
        (NON_CONFIRMABLE, Code.POST, b"", windowed_chunk_options(300), b"data", "5002abd0b143e206e9012cff64617461"),
        (CONFIRMABLE, Code.POST, b"\x33", finish_options(), b"", "4102abd033b146"),
        (CONFIRMABLE, Code.POST, b"\x33", finish_options(cancel=True), b"", "4102abd033b146e00701"),
        (CONFIRMABLE, Code.POST, b"\x33", finish_options(cancel=True, discard=True), b"", "4102abd033b146e006fd40"),
    ],
)
def test_messages(kind: int, code: int, token: bytes, options: Options, payload: bytes, wire: str) -> None:
    OPTIONS.check(options)
    assert encode.parts(kind, code, 0xABD0 + 2 * (code == Code.PUT), token, options, payload).hex() == wire


def test_the_words_of_the_status_event_end_with_a_space() -> None:
    assert ota.FLASH_STATUS == "spark/flash/status"
    assert (ota.STATUS_STARTED, ota.STATUS_SUCCESS, ota.STATUS_FAILED) == ("started ", "success ", "failed ")


class Nothing:
    """A link and a listener in one, which write down."""

    def __init__(self, *, busy: bool = False) -> None:
        self.busy = busy
        self.sent: list[tuple[int, Options, bytes, Step | None]] = []
        self.reason: Reason | None = None

    def send(self, now: float, code: int, options: Options, payload: bytes, **more: Any) -> object:
        if self.busy:
            raise TooBusy("full")
        self.sent.append((code, options, payload, more["context"]))
        return None

    def room(self) -> bool:
        return True

    def started(self) -> None:
        pass

    def progress(self, done: int, total: int) -> None:
        pass

    def finished(self, result: dict[str, Any]) -> None:
        raise AssertionError("nothing can finish here")

    def failed(self, reason: Reason, sentence: str) -> None:
        self.reason = reason


@pytest.mark.parametrize(
    ("hello", "reliable", "expected"),
    [
        (
            Hello(flags=0x80, platform_id=32, max_message=1_152, max_binary=100, ota_chunk=512),
            False,
            Target(windowed=True, maximum_size=100, chunk_size=512, message_size=1_152),
        ),
        (Hello(flags=0x36, platform_id=6), True, Target(windowed=False, reliable=True, maximum_size=9, chunk_size=8)),
        (
            Hello(),
            True,
            Target(windowed=False, reliable=True, maximum_size=9, chunk_size=8, pad_last_chunk=True),
        ),
    ],
    ids=["Photon 2", "Photon", "Core"],
)
def test_what_a_hello_says_about_updates(hello: Hello, reliable: bool, expected: Target) -> None:
    assert ota.target(hello, reliable=reliable, maximum_size=9, chunk_size=8) == expected


@pytest.mark.parametrize(
    ("windowed", "chunk", "message", "chosen"),
    [
        (True, 512, 1_152, 512),
        (True, 1_024, 1_152, 1_024),
        (True, 4_000, 1_152, 1_136),
        (True, 4_000, 960, 944),
        (True, 514, 0, 512),
        (True, 0, 0, 512),
        (True, 60_000, 0, 4_096),
        (False, 512, 1_152, 512),
        (False, 0, 0, 256),
        (False, 1_024, 640, 624),
        (False, 3, 0, 128),
        (False, 513, 0, 512),
    ],
)
def test_the_size_of_chunks(windowed: bool, chunk: int, message: int, chosen: int) -> None:
    link = Nothing()
    target = Target(windowed=windowed, chunk_size=chunk, message_size=message)
    machine = transfer(link, link, b"x", target)
    assert machine.chunk_size == chosen
    machine.start(0.0)
    code, options, payload, step = link.sent[0]
    assert code == Code.POST
    assert step is not None
    assert step.transfer is machine
    assert options[0] == (URI_PATH, b"S" if windowed else b"u")
    assert payload == (b"" if windowed else begin_payload(1, chosen, fast=True))


@pytest.mark.parametrize(
    ("binary", "target", "reason"),
    [
        (b"", Target(windowed=True), Reason.EMPTY),
        (b"", Target(windowed=False), Reason.EMPTY),
        (bytes(101), Target(windowed=True, maximum_size=100), Reason.TOO_LARGE),
        (bytes(101), Target(windowed=False, maximum_size=100), Reason.TOO_LARGE),
        (bytes(128 * 65_534 + 1), Target(windowed=False, chunk_size=128), Reason.TOO_LARGE),
        (b"x", Target(windowed=True, message_size=500), Reason.PROTOCOL),
    ],
)
def test_what_cannot_be_sent_is_said_before_anything_is(binary: bytes, target: Target, reason: Reason) -> None:
    link = Nothing()
    with pytest.raises(CannotUpdate) as told:
        check(binary, target)
    assert told.value.reason is reason
    assert told.value.sentence.endswith(".")
    with pytest.raises(CannotUpdate):
        transfer(link, link, binary, target)
    assert link.sent == []


@pytest.mark.parametrize("windowed", [True, False])
def test_what_just_fits(windowed: bool) -> None:
    check(bytes(100), Target(windowed=windowed, maximum_size=100))
    check(bytes(100), Target(windowed=windowed))


@pytest.mark.parametrize("windowed", [True, False])
@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Failure.TIMEOUT, Reason.TIMEOUT),
        (Failure.UNACKNOWLEDGED, Reason.GONE),
        (Failure.CLOSED, Reason.GONE),
        (Failure.RESET, Reason.PROTOCOL),
        (Failure.BAD_OPTION, Reason.PROTOCOL),
    ],
)
def test_a_beginning_without_an_answer(windowed: bool, failure: Failure, reason: Reason) -> None:
    link = Nothing()
    machine = transfer(link, link, b"x", Target(windowed=windowed))
    machine.start(0.0)
    step = link.sent[0][3]
    assert step is not None
    machine.failed(1.0, step, failure)
    machine.failed(1.0, step, failure)
    assert link.reason is reason
    assert machine.ended
    assert machine.deadline() is None


@pytest.mark.parametrize("windowed", [True, False])
def test_a_session_that_is_too_busy(windowed: bool) -> None:
    link = Nothing(busy=True)
    machine = transfer(link, link, b"x", Target(windowed=windowed))
    machine.start(0.0)
    assert link.reason is Reason.BUSY


@pytest.mark.parametrize("windowed", [True, False])
def test_before_the_start_nothing_is_heard_and_nothing_is_due(windowed: bool) -> None:
    link = Nothing()
    machine = transfer(link, link, b"x", Target(windowed=windowed))
    for letter in (b"A", b"c", b"u"):
        assert not machine.request(0.0, Message(CONFIRMABLE, Code.POST, 1, b"", ((URI_PATH, letter),)))
    machine.tick(10_000.0)
    assert machine.deadline() is None
    machine.cancel(0.0)
    assert link.reason is Reason.CANCELLED
    assert link.sent == []
    assert not machine.stranded


@pytest.mark.parametrize(
    ("code", "payload", "number", "words"),
    [
        (Code.CHANGED, b'{"r":0}', 0, "it answered 2.04"),
        (Code.CHANGED, b'{"r":-1330}', -1330, "the module is damaged"),
        (Code.INTERNAL_SERVER_ERROR, b'{"code":-160,"message":"Out of\\nmemory"}', -160, "it says: Out of memory"),
        (Code.SERVICE_UNAVAILABLE, b"", None, "it answered 5.03"),
        (Code.BAD_REQUEST, b"\xff\xfe", None, "it answered 4.00"),
        (Code.BAD_REQUEST, b"[1]", None, "it answered 4.00"),
        (Code.BAD_REQUEST, b"[" * 1_000, None, "it answered 4.00"),
        (Code.BAD_REQUEST, b'{"code":true,"message":7}', None, "it answered 4.00"),
    ],
)
def test_what_boards_say_about_errors(code: int, payload: bytes, number: int | None, words: str) -> None:
    assert board_words(Message(ACKNOWLEDGEMENT, code, 1, b"", (), payload))[:2] == (number, words)
