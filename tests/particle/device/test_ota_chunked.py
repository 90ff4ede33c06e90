"""The older update protocol: a cloud and a board talk."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rookery.particle.device.module import build
from rookery.particle.device.ota import Reason, Target
from rookery.particle.device.ota_board import Abilities
from rookery.particle.device.ota_chunked import IDLE_ROUNDS
from rookery.wire.coap.message import CONFIRMABLE, NON_CONFIRMABLE, Code
from rookery.wire.coap.options import URI_QUERY
from tests.particle.device.ota_wire import Weather, World

BINARY = build(6, version=7, body=random.Random(3).randbytes(20_000))
GRIM = Weather(loss=0.3, repeated=0.2, delay=0.02, jitter=0.1)


def board(**more: object) -> Abilities:
    return Abilities(platform=6, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("reliable", [True, False], ids=["tcp", "udp"])
def test_a_fast_board_gets_every_chunk_once_and_restarts(reliable: bool) -> None:
    world = World(BINARY, board(reliable=reliable)).update()
    assert world.told.calls == ["started", "finished"]
    assert world.told.shown == sorted(set(world.told.shown))
    assert world.told.shown[-1] == len(BINARY)
    assert world.told.result["mode"] == "fast"
    assert world.told.result["resent"] == 0
    assert world.told.result["board"] == {"r": 0}
    assert world.board.calls == ["started", "finished"]
    assert world.board.module is not None
    assert world.board.module.version == 7
    chunks = world.sent(b"c")
    assert [int.from_bytes(m.every(URI_QUERY)[1], "big") for m in chunks] == list(range(len(chunks)))
    assert {m.kind for m in chunks} == {NON_CONFIRMABLE}
    assert {len(m.token) for m in chunks} == {1}


@pytest.mark.parametrize("reliable", [True, False], ids=["tcp", "udp"])
def test_a_slow_board_gets_one_chunk_after_the_other(reliable: bool) -> None:
    world = World(BINARY, board(reliable=reliable, fast=False)).update()
    assert world.told.calls == ["started", "finished"]
    assert world.told.result["mode"] == "slow"
    chunks = world.sent(b"c")
    assert {m.kind for m in chunks} == {CONFIRMABLE}
    assert {len(m.every(URI_QUERY)) for m in chunks} == {1}
    assert b"".join(m.payload for m in chunks) == BINARY
    assert world.board.calls == ["started", "finished"]


def test_chunks_are_paced() -> None:
    world = World(BINARY, board())
    world.update(until=0.02 + 0.1)
    # two every 8 ms from the moment the board agreed
    assert 22 <= len(world.sent(b"c")) <= 28


def test_nothing_is_sent_while_the_transport_has_no_room() -> None:
    world = World(BINARY, board(reliable=True))
    world.cloud.full = True
    world.update(until=1.0)
    assert world.sent(b"c") == []
    world.cloud.full = False
    world.run()
    assert world.told.calls == ["started", "finished"]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    loss=st.floats(0, 0.4),
    repeated=st.floats(0, 0.4),
    jitter=st.floats(0, 0.3),
    older=st.booleans(),
    listed=st.sampled_from([1, 20, 40]),
)
def test_a_bad_wire_costs_rounds_and_nothing_else(
    seed: int, loss: float, repeated: float, jitter: float, older: bool, listed: int
) -> None:
    weather = Weather(loss, repeated, 0.02, jitter)
    world = World(BINARY, board(older=older, listed=listed), weather=weather, seed=seed).update()
    # Four losses in a row of one Confirmable message end the session, as they do with real boards.
    assert world.told.calls[-1] in ("finished", "failed")
    assert world.told.calls.count("finished") + world.told.calls.count("failed") == 1
    if world.told.reason is None:
        assert world.board.module is not None
        assert world.told.shown[-1] == len(BINARY)
    else:
        assert world.told.reason in (Reason.GONE, Reason.TIMEOUT, Reason.MISSING_CHUNKS)


def test_older_firmware_says_by_itself_that_it_has_all() -> None:
    world = World(BINARY, board(older=True), weather=Weather(loss=0.2, delay=0.02), seed=5).update()
    assert world.told.calls == ["started", "finished"]
    assert len(world.sent(b"u", to_board=False)) >= 1
    assert world.board.calls[:2] == ["started", "finished"]


def test_a_slow_board_whose_chunk_was_damaged_gets_it_again() -> None:
    world = World(BINARY, board(reliable=True, fast=False))
    seen: list[int] = []

    def spoil(to_board: bool, data: bytes) -> bytes:
        if to_board and b"\xb1c" in data[:8]:
            seen.append(len(data))
            if len(seen) in (3, 4):
                return data[:-1] + bytes([data[-1] ^ 1])
        return data

    world.spoil = spoil
    world.update()
    assert world.told.calls == ["started", "finished"]
    assert world.told.result["resent"] == 2
    assert world.board.module is not None


def test_a_chunk_that_always_arrives_damaged_ends_a_slow_update() -> None:
    world = World(BINARY, board(reliable=True, fast=False))
    world.spoil = lambda to_board, data: data[:-1] + b"x" if b"\xb1c" in data[:8] else data
    world.update()
    assert world.told.calls == ["started", "failed"]
    assert world.told.reason is Reason.BAD_CHUNK
    assert world.transfer.stranded


def test_one_chunk_that_never_arrives_ends_a_fast_update() -> None:
    world = World(BINARY, board())
    world.spoil = lambda to_board, data: None if b"\x02\x00\x09\xff" in data[:20] else data
    world.update()
    assert world.told.calls == ["started", "failed"]
    assert world.told.reason is Reason.MISSING_CHUNKS
    assert len(world.sent(b"c", to_board=False)) == IDLE_ROUNDS + 2
    assert world.told.sentence.endswith("that do not arrive.")


def test_a_list_that_never_arrives_ends_a_fast_update() -> None:
    world = World(BINARY, board(reliable=True))
    chunks = 0

    def spoil(to_board: bool, data: bytes) -> bytes | None:
        nonlocal chunks
        if to_board and b"\xb1c" in data[:8]:
            chunks += 1
            return None if chunks == 4 else data
        return None if not to_board and b"\xb1c" in data[:8] else data

    world.spoil = spoil
    world.update()
    assert world.told.reason is Reason.MISSING_CHUNKS


@pytest.mark.parametrize(
    ("abilities", "words"),
    [
        (board(maximum_size=1_000), "switched updates off, or the binary does not fit"),
        (board(maximum_size=1_000, reliable=True), "switched updates off, or the binary does not fit"),
    ],
    ids=["udp", "tcp"],
)
def test_a_refusal_at_the_beginning(abilities: Abilities, words: str) -> None:
    world = World(BINARY, abilities).update()
    assert world.told.calls == ["failed"]
    assert world.told.reason is Reason.REFUSED
    assert words in world.told.sentence
    assert not world.transfer.stranded
    assert world.sent(b"c") == []
    assert world.board.calls == []


def test_updates_that_the_application_switched_off() -> None:
    world = World(BINARY, board())
    world.board.receiver.enabled = False
    world.update()
    assert world.told.reason is Reason.REFUSED


@pytest.mark.parametrize(
    ("binary", "words"),
    [
        (BINARY[:-1] + b"x", "the module is damaged"),
        (build(10, body=bytes(2_000)), "another platform"),
        (bytes(2_000), "not a module"),
    ],
    ids=["damaged", "platform", "no module"],
)
def test_a_board_that_does_not_like_what_it_got(binary: bytes, words: str) -> None:
    world = World(binary, board()).update()
    assert world.told.calls == ["started", "failed"]
    assert world.told.reason is Reason.INVALID
    assert words in world.told.sentence
    assert world.board.calls == ["started", "restarted as it was"]


def test_a_board_that_disappears() -> None:
    world = World(BINARY, board())
    world.update(until=0.1)
    world.cut = True
    world.run()
    assert world.told.calls == ["started", "failed"]
    assert world.told.reason is Reason.GONE


def test_a_session_that_ends() -> None:
    world = World(BINARY, board())
    world.update(until=0.1)
    world.transfer.closed(world.now)
    world.board.receiver.closed()
    assert world.told.reason is Reason.GONE
    assert world.board.calls == ["started", "abandoned"]
    assert world.transfer.deadline() is None


def test_a_board_whose_last_word_is_lost_leaves_one_unsure() -> None:
    world = World(BINARY, board())
    world.spoil = lambda to_board, data: None if data[1] == Code.CHANGED and b"r" in data else data
    world.update()
    assert world.board.calls == ["started", "finished"]
    assert world.told.reason is Reason.GONE
    assert world.transfer.unsure


def test_cancelling_leaves_the_board_stranded() -> None:
    world = World(BINARY, board())
    world.update(until=0.1)
    world.transfer.cancel(world.now)
    world.transfer.cancel(world.now)
    world.run(until=20)
    assert world.told.calls == ["started", "failed"]
    assert world.told.reason is Reason.CANCELLED
    assert world.transfer.stranded
    world.transfer.closed(world.now)
    assert not world.transfer.stranded


def test_the_core_gets_whole_chunks() -> None:
    target = Target(windowed=False, reliable=True, chunk_size=256, pad_last_chunk=True)
    world = World(BINARY, board(reliable=True), target=target).update()
    assert {len(m.payload) for m in world.sent(b"c")} == {256}
    assert world.told.calls == ["started", "finished"]


def test_a_grim_wire_for_several_seeds() -> None:
    results = [World(BINARY, board(), weather=GRIM, seed=seed).update().told for seed in range(20)]
    assert sum(each.calls[-1] == "finished" for each in results) >= 15
    assert all(each.result.get("resent", 1) > 0 for each in results)


def test_messages_that_belong_to_nobody() -> None:
    world = World(BINARY, board())
    world.update(until=0.05)
    other = world.carried[0][1]
    assert other.code == Code.POST
    assert not world.transfer.request(world.now, other)
