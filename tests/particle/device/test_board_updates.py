"""Updates as a session drives them: who is told what, what waits, and what becomes of a board that is left alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.core.errors import BoardAway, BoardCannot
from rookery.particle.device.hello import OTA_V3, encode_hello
from rookery.particle.device.module import build
from rookery.particle.device.requests import Request, hello_request
from rookery.particle.device.values import encode_result
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Code
from rookery.wire.coap.options import URI_PATH
from tests.particle.device.board_world import FLAGS, Talk, World, hello, rest, result

IMAGE = build(12, body=b"code" * 300)
PLAIN = FLAGS & ~OTA_V3


async def begin(talk: Talk, image: bytes = IMAGE, deadline: float = 30.0) -> asyncio.Task[Any]:
    task = asyncio.ensure_future(result(talk.board.update(image, deadline)))
    await rest()
    return task


async def agreed(**fields: Any) -> Talk:
    """A board that has agreed to the older protocol, in its slow mode."""
    talk = await World().claimed(flags=PLAIN, **fields)
    task = await begin(talk)
    talk.answer(Code.CHANGED, b"\0")
    assert await task is None
    return talk


def status(talk: Talk) -> list[str]:
    return [text for name, text in talk.world.told if name == "spark/flash/status"]


async def test_from_the_beginning_to_the_end() -> None:
    talk = await agreed()
    assert status(talk) == ["started "]
    paths = []
    while talk.connection.sent[-1].code == Code.POST:
        paths.append(talk.connection.sent[-1].path)
        talk.answer(Code.CHANGED)
    assert paths == [["c"]] * 3
    talk.answer(Code.CHANGED, b'{"r":0}')
    await rest()
    assert status(talk) == ["started ", "success "]
    counters = talk.world.front.counters
    assert (counters.updates, counters.updates_succeeded, counters.updates_failed) == (1, 1, 0)
    assert talk.connection.closed is None
    assert talk.world.clock.waiting == 1, "the notebook's, and none of the update's"


async def test_nothing_else_is_sent_meanwhile() -> None:
    talk = await agreed()
    await talk.subscribe("particle")
    sent = len(talk.connection.sent)
    assert isinstance(await result(talk.board.read("on")), BoardAway)
    assert isinstance(await result(talk.board.call("beep", "")), BoardAway)
    assert isinstance(await result(talk.board.update(IMAGE)), BoardCannot)
    await talk.world.services.enrolment.keep(talk.board.device.id, updates_forced=True)
    assert len(talk.connection.sent) == sent
    assert talk.world.front.counters.events_dropped == 1


async def test_the_board_refuses() -> None:
    talk = await World().claimed(flags=PLAIN)
    task = await begin(talk)
    talk.answer(Code.SERVICE_UNAVAILABLE)
    assert isinstance(await task, BoardCannot)
    await rest()
    assert status(talk) == ["failed "]
    assert talk.connection.closed is None


async def test_the_session_ends_in_the_middle() -> None:
    talk = await agreed()
    talk.board.close("a test")
    await rest()
    assert status(talk) == ["started ", "failed "]


async def test_a_server_that_stops_in_the_middle_says_so() -> None:
    talk = await agreed()
    talk.world.front.interrupt()
    await rest()
    assert status(talk) == ["started ", "failed "]
    assert talk.connection.closed == ("an update was given up in the middle", True)
    talk.world.front.interrupt()
    assert status(talk) == ["started ", "failed "], "it was over"


async def test_the_newer_protocol_has_a_word_for_it() -> None:
    talk = await World().claimed()
    task = await begin(talk)
    talk.answer(Code.CREATED)
    talk.world.front.interrupt()
    await rest()
    task.cancel()
    assert status(talk)[-1] == "failed "
    last = talk.connection.sent[-1]
    assert last.path == ["F"]
    assert (2_073, b"") in last.options
    assert talk.connection.closed is None


async def test_a_board_that_restarts_in_the_middle() -> None:
    talk = await agreed()
    await talk.say(hello_request(encode_hello(hello(flags=PLAIN))))
    assert status(talk) == ["started ", "failed "]
    assert talk.connection.closed is None
    talk.connection.sent.clear()
    assert await talk.ask(talk.board.call("beep", ""), Code.CHANGED, encode_result(1)) == 1


async def test_a_board_that_does_not_answer_in_time_begins_anew() -> None:
    talk = await World().claimed(flags=PLAIN)
    task = await begin(talk, deadline=10.0)
    talk.world.clock.turn(10.0)
    assert isinstance(await task, BoardAway)
    await rest()
    assert status(talk) == ["failed "]
    assert talk.connection.closed == ("an update was given up in the middle", True)


async def test_a_chunk_that_gets_no_answer() -> None:
    talk = await agreed()
    sent = talk.connection.sent[-1]
    sent.open = False
    talk.board.failed(sent.context, Failure.TIMEOUT)
    await rest()
    assert status(talk) == ["started ", "failed "]
    assert talk.connection.closed is not None


async def test_fast_chunks_go_by_the_clock_and_the_board_names_what_it_missed() -> None:
    talk = await World().claimed(flags=PLAIN)
    task = await begin(talk)
    talk.answer(Code.CHANGED, b"\1")
    assert await task is None
    talk.world.clock.turn(1.0)
    done = talk.connection.sent[-1]
    assert (done.code, done.path) == (Code.PUT, ["u"])
    talk.answer(Code.BAD_REQUEST)
    ticket = await talk.say(Request(Code.GET, ((URI_PATH, b"c"),), b"\0\1"))
    assert talk.outcome(ticket) == "ack"
    talk.world.clock.turn(1.0)
    assert [sent.path for sent in talk.connection.sent[-2:]] == [["c"], ["u"]]
    talk.answer(Code.CHANGED)
    await rest()
    assert status(talk) == ["started ", "success "]
    late = await talk.say(Request(Code.GET, ((URI_PATH, b"c"),), b"\0\1"))
    assert talk.outcome(late) == "ack", "and nothing comes of it"


async def test_a_transport_that_is_full_makes_chunks_wait() -> None:
    talk = await World().claimed(flags=PLAIN, transport="tcp")
    task = await begin(talk)
    talk.connection.unsent = 1 << 20
    talk.answer(Code.CHANGED, b"\1")
    assert await task is None
    talk.world.clock.turn(1.0)
    assert len(talk.connection.sent) == 1
    talk.connection.unsent = 0
    talk.world.clock.turn(1.0)
    assert len(talk.connection.sent) == 5


async def test_protocol_v3_is_chosen_by_the_hello() -> None:
    talk = await World().claimed()
    task = await begin(talk)
    assert talk.connection.sent[0].path == ["S"]
    talk.answer(Code.BAD_REQUEST, b'{"code":-1360}')
    assert isinstance(await task, BoardCannot)


@pytest.mark.parametrize(
    ("image", "fields", "words"),
    [
        (b"", {}, "empty"),
        (build(13, body=b"x"), {}, "platform 13"),
        (b"x" * 5_000, {"max_binary": 4_096}, "room for 4096"),
    ],
)
async def test_what_cannot_go_to_this_board(image: bytes, fields: dict[str, Any], words: str) -> None:
    talk = await World().claimed(**fields)
    error = await result(talk.board.update(image))
    assert isinstance(error, BoardCannot)
    assert words in str(error)
    assert talk.connection.sent == []
    assert status(talk) == []


async def test_updates_that_the_program_has_turned_off() -> None:
    talk = await World().claimed(flags=PLAIN)
    await talk.publish("particle/device/updates/enabled", b"false")
    assert isinstance(await result(talk.board.update(IMAGE)), BoardCannot)
    await talk.world.services.enrolment.keep(talk.board.device.id, updates_forced=True)
    task = await begin(talk)
    assert talk.connection.sent[-1].path == ["u"]
    talk.board.close("a test")
    assert isinstance(await task, BoardAway)


async def test_what_is_no_module_is_the_boards_affair() -> None:
    talk = await World().claimed(flags=PLAIN)
    task = await begin(talk, b"anything at all")
    assert talk.connection.sent[0].path == ["u"]
    talk.board.close("a test")
    assert isinstance(await task, BoardAway)
