"""What a board that has been let in says, and none should: an error or silence, for it alone."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from rookery.particle.device.hello import encode_hello
from rookery.wire.coap.block import Block
from rookery.wire.coap.message import ACKNOWLEDGEMENT, NON_CONFIRMABLE, Code, Message
from rookery.wire.coap.options import BLOCK1, BLOCK2, CONTENT_FORMAT, MAX_AGE, URI_QUERY
from tests.abuse.boards import PATH_HELLO, Listener, Rogue, Transport, count, particle, path, rogue, until, until_told
from tests.abuse.node import Node

pytestmark = pytest.mark.asyncio(loop_scope="module")

both = pytest.mark.parametrize("transport", ["tcp", "udp"])
KIND = "rookery_particle_total"
EVENT = path(b"E", b"rogue/x")
DESCRIBE = (*path(b"d"), (URI_QUERY, b"\x02"))
SYSTEM = (*path(b"d"), (URI_QUERY, b"\x01"))
VITALS = (*path(b"d"), (URI_QUERY, b"\x04"))


async def well(board: Rogue) -> None:
    """It still has its session."""
    await board.ping()
    answer = await board.ask(Code.GET, path(b"t"), token=b"t")
    assert (answer.code, answer.token, len(answer.payload)) == (Code.CONTENT, b"t", 4)


@both
async def test_options(besieged: Node, transport: Transport) -> None:
    """A critical option that nobody knows is 4.02, without an answer where none is due; others are passed over."""
    board = await rogue(besieged, transport, claimed=True)
    async with Listener(besieged, "/v1/devices/events/rogue/") as listener:
        for number in (9, 13, 2_051, 65_535):
            assert (await board.ask(Code.POST, (*EVENT, (number, b"x")), b"critical")).code == Code.BAD_OPTION
            silent = board.say(Code.POST, (*EVENT, (number, b"x")), b"critical", kind=NON_CONFIRMABLE)
            await board.ping()
            assert not board.answers(silent)
        for number in (2, 10, 2_050, 65_534):
            assert not (await board.ask(Code.POST, (*EVENT, (number, b"x" * 300)), b"elective")).code
        for proxy in (35, 39):
            assert (await board.ask(Code.POST, (*EVENT, (proxy, b"coap")), b"x")).code == Code.PROXYING_NOT_SUPPORTED
        for size in (1, 4, 8):
            token = bytes(range(size))
            answer = await board.ask(Code.GET, path(b"t"), token=token)
            assert (answer.code, answer.token) == (Code.CONTENT, token)
            assert not (await board.ask(Code.POST, EVENT, b"token", token=token)).code
        await well(board)
        await until(lambda: len(listener.seen) == 7, "events")
        assert listener.of(board.device_id) == ["elective"] * 4 + ["token"] * 3
    board.close()


NO_MESSAGES: dict[str, bytes] = {
    "nothing": b"",
    "too short": b"\x40\x02\x00",
    "another version": b"\x80\x02\x00\x01",
    "an empty NON": b"\x50\x00\x00\x01",
    "an empty message with a token": b"\x41\x00\x00\x01x",
    "an empty message with a payload": b"\x40\x00\x00\x01\xffx",
    "code 1.00": b"\x40\x20\x00\x01",
    "code 6.00": b"\x40\xc0\x00\x01",
    "code 7.31": b"\x40\xff\x00\x01",
    "a token of 9 bytes": b"\x49\x02\x00\x01123456789",
    "a token that is cut off": b"\x48\x02\x00\x01123",
    "an option that is cut off": b"\x40\x02\x00\x01\xb5x",
    "reserved delta": b"\x40\x02\x00\x01\xf1x",
    "reserved length": b"\x40\x02\x00\x01\xbfx",
    "a marker without a payload": b"\x40\x02\x00\x01\xb1E\xff",
    "a hundred options": b"\x40\x02\x00\x01\xb1E" + b"\x01x" * 100,
    "option numbers without end": b"\x40\x02\x00\x01" + b"\xe0\xff\xff" * 3,
    "a request in an acknowledgement": b"\x60\x02\x00\x01",
    "a Reset that is not empty": b"\x70\x02\x00\x01",
    "1,600 bytes": b"\x40\x02\x00\x01\xb1E\x01x\xff" + bytes(1_591),
}


async def test_no_messages_over_udp(besieged: Node) -> None:
    """Passed over in silence: an answer would make real boards give up their session."""
    board = await rogue(besieged, "udp")
    await board.ping()
    heard = len(board.heard)
    for data in NO_MESSAGES.values():
        if len(data) < 1_150:
            board.send(data)
    await board.ping()
    assert len(board.heard) == heard + 1
    await well(board)
    board.close()


async def test_no_messages_over_tcp(besieged: Node) -> None:
    """A stream that is out of step ends."""
    first = await rogue(besieged, "tcp")
    first.close()
    for name, data in NO_MESSAGES.items():
        board = await Rogue(besieged, "tcp", first.device_id).connect()
        await board.greet()
        board.send(data)
        await board.ended(name)
        board.close()


@both
async def test_codes_and_responses(besieged: Node, transport: Transport) -> None:
    """Requests with methods and letters that there are not, responses and acknowledgements that nobody waits for."""
    board = await rogue(besieged, transport)
    for code in (*range(1, 8), 31):
        for letter in (b"z", b"\x00", b"EE", b"\xff" * 8):
            answer = await board.ask(code, path(letter))
            assert answer.code in (Code.NOT_FOUND, Code.BAD_REQUEST), (code, letter, answer.code)
    assert (await board.ask(Code.GET)).code == Code.NOT_FOUND
    heard = len(board.heard)
    for code in (65, 68, 69, 132, 163):
        for kind in (NON_CONFIRMABLE, ACKNOWLEDGEMENT):
            board.say(code, (), b"nobody asked", kind=kind, token=b"\x77", message_id=random.randrange(65_536))
    for message_id in range(200):
        board.send(b"\x70\x00" + message_id.to_bytes(2, "big"))
        board.send(b"\x60\x00" + message_id.to_bytes(2, "big"))
    await board.ping()
    assert len(board.heard) == heard + 1
    await well(board)
    board.close()


@both
async def test_no_update_is_under_way(besieged: Node, transport: Transport) -> None:
    """Words of an update, from a board that gets none."""
    board = await rogue(besieged, transport)
    for code, letter in (
        (Code.GET, b"c"),
        (Code.PUT, b"u"),
        (Code.POST, b"A"),
        (Code.POST, b"u"),
        (Code.POST, b"c"),
        (Code.POST, b"S"),
        (Code.POST, b"C"),
        (Code.POST, b"F"),
        (Code.POST, b"L"),
        (Code.PUT, b"k"),
        (Code.POST, b"M"),
        (Code.PUT, b"s"),
    ):
        for payload in (b"", b"\x00\x00", b"\xff" * 600):
            answer = await board.ask(code, (*path(letter), (URI_QUERY, b"\x01")), payload)
            assert answer.code in (0, Code.NOT_FOUND), (letter, answer)
    await well(board)
    board.close()


async def test_twice_and_in_any_order(besieged: Node) -> None:
    """One identifier is one event, however often it comes, and its acknowledgement is repeated; identifiers need not
    grow."""
    board = await rogue(besieged, "udp", claimed=True)
    async with Listener(besieged, "/v1/devices/events/rogue/") as listener:
        order = list(range(40))
        random.Random(3).shuffle(order)
        for number in order:
            for _ in range(3):
                board.say(Code.POST, EVENT, str(number).encode(), message_id=0x9000 + number)
            await board.answered(0x9000 + number)
        for number in order:
            before = len(board.answers(0x9000 + number))
            board.say(Code.POST, EVENT, b"again", message_id=0x9000 + number)
            await board.answered(0x9000 + number, before + 1)
        for number in order:
            assert {(m.code, m.payload) for m in board.answers(0x9000 + number)} == {(0, b"")}
        recorded = board.sent[-1]
        for _ in range(200):
            board.raw(recorded)
        await board.ping()
        await until(lambda: len(listener.seen) >= len(order), "events")
        assert listener.of(board.device_id) == [str(number) for number in order]
    assert count(besieged, "rookery_dtls_replayed_total") >= 200
    board.close()


def blocks(payload: bytes, size: int = 1_024) -> list[tuple[bytes, bytes]]:
    """A body in blocks: the value of the option, and the piece."""
    pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
    last = len(pieces) - 1
    return [(Block(number, number < last, size).value(), piece) for number, piece in enumerate(pieces)]


async def in_blocks(board: Rogue, options: tuple[tuple[int, bytes], ...], payload: bytes, size: int = 1_024) -> Message:
    """Say this in blocks; the answer to the last one that was taken."""
    answer: Message | None = None
    for value, piece in blocks(payload, size):
        answer = await board.ask(Code.POST, (*options, (BLOCK1, value)), piece, token=b"b")
        if answer.code != Code.CONTINUE:
            break
    assert answer is not None
    return answer


@both
async def test_bodies_that_never_end(besieged: Node, transport: Transport) -> None:
    """Beginnings of a hundred bodies, blocks that do not follow, and one that is longer than any may be."""
    board = await rogue(besieged, transport)
    for number in range(100):
        options = (*path(b"d"), (URI_QUERY, bytes((2,))), (CONTENT_FORMAT, bytes((number,))))
        answer = await board.ask(Code.POST, (*options, (BLOCK1, Block(0, True, 1_024).value())), bytes(1_024))
        assert answer.code in (Code.CONTINUE, Code.SERVICE_UNAVAILABLE)
    for block in (Block(7, True, 1_024), Block(0xFFFF, False, 16)):
        answer = await board.ask(Code.POST, (*DESCRIBE, (BLOCK1, block.value())), bytes(block.size))
        assert answer.code == Code.REQUEST_ENTITY_INCOMPLETE
    for value in (b"\x07", b"\x0f", b"\xff\xff\xff\xff"):
        answer = await board.ask(Code.POST, (*DESCRIBE, (BLOCK1, value)), bytes(16))
        assert answer.code in (Code.BAD_REQUEST, Code.BAD_OPTION), answer
    assert (await board.ask(Code.GET, (*path(b"t"), (BLOCK2, b"\xf6")), token=b"t")).code in range(64, 168)
    answer = await in_blocks(board, DESCRIBE, bytes(70_000))
    assert answer.code == Code.REQUEST_ENTITY_TOO_LARGE
    await well(board)
    board.close()


HUGE = b"9" * 4_000
DESCRIPTIONS: dict[str, bytes] = {
    "64 KiB of braces": b"{" * 65_000,
    "64 KiB of arrays": b'{"f":' + b"[" * 64_000,
    "64 KiB of nothing": bytes(65_536),
    "64 KiB of white space": b"{" + b" " * 65_000 + b"}",
    "10,000 functions": json.dumps({"f": [f"{n:x}" for n in range(8_000)], "v": {}}).encode(),
    "10,000 variables": json.dumps({"f": [], "v": {f"{n:x}": 2 for n in range(6_000)}}).encode(),
    "half": b'{"f":["a","b"',
    "another type": b'{"f":"all of them","v":[]}',
    "numbers": b'{"f":[1,2],"v":{"x":"y"}}',
    "null": b'{"f":null,"v":null}',
    "invalid UTF-8": b'{"f":["\xc3\x28"],"v":{}}',
    "a lone surrogate": b'{"f":["\\ud800"],"v":{}}',
    "a name of 65 bytes": json.dumps({"f": ["x" * 65], "v": {}}).encode(),
    "no name": b'{"f":[""],"v":{}}',
    "NaN": b'{"f":[],"v":{"x":NaN}}',
    "a type that is huge": b'{"f":[],"v":{"x":' + HUGE + b"}}",
    "a type that is enormous": b'{"f":[],"v":{"x":' + b"9" * 5_000 + b"}}",
    "a platform that is huge": b'{"p":' + HUGE + b',"m":[{"vc":4,"vv":0,"l":"m"}]}',
    "a version that is huge": b'{"p":12,"m":[{"v":' + HUGE + b"}]}",
    "a version that is enormous": b'{"p":12,"m":[{"v":' + b"9" * 5_000 + b"}]}",
    "a version that is negative": b'{"p":12,"m":[{"v":-9223372036854775809}]}',
    "a version with an exponent": b'{"p":12,"m":[{"v":1e999}]}',
    "a thousand modules": b'{"p":12,"m":[' + b",".join([b"{}"] * 1_000) + b"]}",
    "a protobuf that is cut off": b"\x0a\xff\x01",
    "a protobuf of varints": b"\x08\xff" * 2_000,
    "a protobuf that holds itself": b"\x0a\x7f" * 500,
    "a protobuf with the largest numbers": b"\x0a\x0b\x18" + b"\xff" * 9 + b"\x01",
    "groups": b"\x0b\x0c" * 100,
    "nothing": b"",
}


@both
async def test_descriptions(besieged: Node, transport: Transport) -> None:
    """Every one is refused or understood; what the API shows of the board stays JSON, and other boards' is written."""
    board = await rogue(besieged, transport, claimed=True)
    where = f"/v1/devices/{board.device_id}"
    for name, payload in DESCRIPTIONS.items():
        for part in (DESCRIBE, SYSTEM):
            if len(payload) > 1_000:
                answer = await in_blocks(board, part, payload)
            else:
                answer = await board.ask(Code.POST, part, payload, token=b"d")
            assert answer.code in (Code.CHANGED, Code.BAD_REQUEST), (name, answer.code)
        shown = await asyncio.to_thread(particle, besieged, "GET", where)
        assert shown.status_code == 200, (name, shown.text)
        assert isinstance(shown.json(), dict)
    names = ["a" * 64, "ä" * 32, "tab\there", "line\nbreak", "nul\0l", "\x1b[31m", "../../etc", "<b>", "%00"]
    good = json.dumps({"f": names, "v": dict.fromkeys(names, 2)}).encode()
    assert (await in_blocks(board, DESCRIBE, good)).code == Code.CHANGED
    await until_told(lambda: particle(besieged, "GET", where).json()["functions"] == names, "what is described last")
    await well(board)
    board.close()


@both
async def test_events(besieged: Node, transport: Transport) -> None:
    """Names of 64 bytes and data of 16,384 are the most; one more is 4.00, and nobody hears of it."""
    board = await rogue(besieged, transport, claimed=True)
    async with Listener(besieged, "/v1/devices/events") as listener:
        long = b"rogue/".ljust(64, b"n")
        assert not (await board.ask(Code.POST, path(b"E", long), b"a name of 64")).code
        for name in (
            b"",
            b"n" * 65,
            b"n" * 255,
            b"a\nb",
            b"a\rdata: x",
            b"\x00",
            b"\x7f",
            b"\xff\xfe",
            "\u2028".encode(),
        ):
            answer = await board.ask(Code.POST, path(b"E", name), b"x")
            assert answer.code == Code.BAD_REQUEST, (name, answer)
        assert (await board.ask(Code.POST, path(b"E", *[b"s"] * 40), b"x")).code == Code.BAD_REQUEST
        most = b"x" * 16_384
        assert (await in_blocks(board, path(b"E", b"rogue/most"), most)).code >> 5 not in (4, 5)
        assert (await in_blocks(board, path(b"E", b"rogue/more"), most + b"x")).code == Code.BAD_REQUEST
        for option in ((MAX_AGE, b"\xff" * 4), (CONTENT_FORMAT, b"\xff\xff")):
            assert not (await board.ask(Code.POST, (*path(b"E", b"rogue/odd"), option), b"\xff")).code
        for option in ((MAX_AGE, b"\xff" * 5), (CONTENT_FORMAT, b"\xff" * 3)):
            answer = await board.ask(Code.POST, (*path(b"E", b"rogue/odd"), option), b"x")
            assert answer.code >> 5 in (0, 4), answer
        for reserved in ("spark/status", "spark/device/claim/success", "SPARK/flash/status", "spark/hook", "spark"):
            await board.publish(reserved, b"offline")
        assert not (await board.publish("rogue/last")).code
        await until(lambda: listener.of(board.device_id, "rogue/last"), "the last event")
        assert listener.of(board.device_id, "rogue/most") == [most.decode()]
        told = {name for name, _, device in listener.seen if device == board.device_id}
        assert told <= {long.decode(), "rogue/most", "rogue/odd", "rogue/last"}, told
    await well(board)
    board.close()


@both
async def test_more_events_than_a_board_may_send(besieged: Node, transport: Transport) -> None:
    """A thousand at once: what goes beyond the allowance is 5.03, what was acknowledged is shown, in order."""
    board = await rogue(besieged, transport, claimed=True)
    before = count(besieged, KIND, kind="limited")
    async with Listener(besieged, "/v1/devices/events/rogue/") as listener:
        asked: list[int] = []
        # Numbers the session has not used: over UDP a number of its greeting is a repetition, and no new event.
        for number in range(0x9000, 0x9000 + 1_000):
            asked.append(board.say(Code.POST, EVENT, str(number).encode(), message_id=number))
            if number % 16 == 15:
                # The machine has 32 requests open; what comes on top of them is not even looked at over UDP.
                await board.answered(number)
        answered = [(number, board.answers(number)[0].code) for number in asked if board.answers(number)]
        assert len(answered) > 900
        assert {code for _, code in answered} == {0, Code.SERVICE_UNAVAILABLE}
        taken = [str(number) for number, code in answered if not code]
        assert 100 <= len(taken) < 1_000
        await until(lambda: len(listener.seen) >= len(taken), "events")
        assert listener.of(board.device_id) == taken
    assert count(besieged, KIND, kind="limited") > before
    board.close()


@both
async def test_subscriptions(besieged: Node, transport: Transport) -> None:
    """Hundreds, to everything, to nothing, to devices that are none: the board hears its own owner's events, once, and
    nobody else's."""
    board = await rogue(besieged, transport, claimed=True)
    for payload, *segments in (
        (b"", b"e"),
        (b"not a device", b"e", b"x"),
        (b"\xff" * 24, b"e", b"x"),
        (b"", b"e", b"x" * 65),
        (b"", b"e", b"\xff"),
        (b"", b"e", b"a\nb"),
    ):
        assert (await board.ask(Code.GET, path(*segments), payload)).code == Code.BAD_REQUEST
    for number in range(150):
        answer = await board.ask(Code.GET, path(b"e", f"many/{number}".encode()))
        assert answer.code in (0, Code.SERVICE_UNAVAILABLE)
    await asyncio.sleep(1.5)  # the allowance comes back
    for _ in range(3):
        assert not (await board.ask(Code.GET, path(b"e", b"many/"))).code
    board.heard.clear()
    body = {"name": "many/7", "data": "once"}
    assert (await asyncio.to_thread(particle, besieged, "POST", "/v1/devices/events", json=body)).status_code == 200
    await until(lambda: [m for m in board.heard if m.payload == b"once"], "the event")
    await board.ping()
    assert len({m.message_id for m in board.heard if m.payload == b"once"}) == 1
    board.close()


@both
async def test_hello_again(besieged: Node, transport: Transport) -> None:
    """A board that begins anew in its session goes on; one that begins as somebody else has ended its own session only,
    and so has one whose Hello can not be read."""
    victim = await besieged.sandbox.particle_board(transport)
    board = await rogue(besieged, transport)
    for _ in range(10):
        await board.greet()
    for payload in (b"", b"\0" * 7, b"\xff" * 129, encode_hello(board.hello)[:-1] + b"\0\0\0"):
        answer = await board.ask(Code.POST, PATH_HELLO, payload)
        assert answer.code in (0, Code.BAD_REQUEST), answer
    await well(board)
    device_id = board.device_id
    number = board.say(
        Code.POST, PATH_HELLO, encode_hello(type(board.hello)(platform_id=12, device_id=victim.device_id))
    )
    await asyncio.sleep(0.2)
    assert not board.answers(number)
    board.close()
    assert victim.online
    assert (victim.losses, victim.trouble) == (0, "")
    victim.stop()
    again = await Rogue(besieged, transport, device_id).connect()
    await again.greet()
    await well(again)
    again.close()


@both
async def test_goodbyes_and_vitals(besieged: Node, transport: Transport) -> None:
    """Vitals and goodbyes that can not be read are 4.00. A goodbye ends the session of its board."""
    board = await rogue(besieged, transport, claimed=True)
    chance = random.Random(4)
    for payload in (b"", b"\0", bytes(7), b"\x00\x04\x00\x02\x00\x04\x00x", b"{}", chance.randbytes(1_000)):
        code = (await board.ask(Code.POST, VITALS, payload, token=b"v")).code
        assert code == Code.BAD_REQUEST, payload[:20]
    strange = bytes.fromhex("00040002000400") + b"".join(
        number.to_bytes(2, "little") + b"\xff\xff\xff\xff" for number in range(0, 65_536, 512)
    )
    assert (await board.ask(Code.POST, VITALS, strange, token=b"v")).code == Code.CHANGED
    where = f"/v1/diagnostics/{board.device_id}/last"
    assert particle(besieged, "GET", where).json()["diagnostics"]["payload"]["device"] is not None
    for payload in (b"\xff", b"\x0f\x01", b"\xff" * 65):
        assert (await board.ask(Code.POST, path(b"x"), payload)).code == Code.BAD_REQUEST
    await well(board)
    last = len(board.sent)
    await board.ask(Code.POST, path(b"x"), b"\x01\x02")
    shown = f"/v1/devices/{board.device_id}"
    await until_told(lambda: particle(besieged, "GET", shown).json()["online"] is False, "a board that has left")
    for data in board.sent[last:] * 20:
        board.raw(data)
    await until_told(lambda: particle(besieged, "GET", shown).json()["online"] is False, "a board that has left")
    board.close()


@both
async def test_guessing_claim_codes(besieged: Node, transport: Transport) -> None:
    """A board says one claim code after the other: it is limited as with anything else, and stays nobody's."""
    board = await rogue(besieged, transport)
    codes = ["", "x", "x" * 62, "x" * 63, "x" * 64, "x" * 900, "' OR 1=1 --", "\0" * 63, "%", "\ud7ff" * 21]
    codes += [f"{number:063}" for number in range(300)]
    for code in codes:
        answer = await board.publish("spark/device/claim/code", code.encode())
        assert answer.code in (0, Code.SERVICE_UNAVAILABLE)
    shown = await asyncio.to_thread(particle, besieged, "GET", f"/v1/devices/{board.device_id}")
    assert shown.status_code in (403, 404)
    assert not [one for one in board.heard if b"success" in b"/".join(one.every(11))]
    board.close()


@both
async def test_anything(besieged: Node, transport: Transport) -> None:
    """Five hundred messages of chance that are well formed: the board keeps its session, and is answered in the end."""
    board = await rogue(besieged, transport)
    chance = random.Random(5)
    for _ in range(500):
        letters = (b"e", b"E", b"d", b"t", b"x", b"L", b"A", b"u", b"c", b"v", b"f", b"s", b"k")
        options = [(11, chance.choice(letters))] + [(11, chance.randbytes(chance.randrange(9))) for _ in range(2)]
        options += [(chance.choice((12, 14, 15, 17, 60, 258)), chance.randbytes(chance.randrange(3))) for _ in range(3)]
        code = chance.choice((1, 2, 3, 4))
        if (code, options[0][1]) == (Code.POST, b"x"):
            continue
        number = board.say(
            code, tuple(options), chance.randbytes(chance.randrange(200)), kind=chance.choice((0, 1)), token=b"z"
        )
        if chance.random() < 0.05:
            await board.ping()
        assert not board.over, number
    await asyncio.sleep(1.0)  # the allowance comes back
    await well(board)
    board.close()
