"""Update protocol v3: a cloud and a board talk."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rookery.particle.device.module import build
from rookery.particle.device.ota import Reason, Target
from rookery.particle.device.ota_board import Abilities, Memory
from rookery.particle.device.ota_options import CANCEL_UPDATE, CHUNK_INDEX, DISCARD_DATA, FILE_SHA256
from rookery.particle.device.ota_windowed import WindowedTransfer
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, Code, Message
from rookery.wire.coap.options import URI_PATH, uint
from tests.particle.device.ota_wire import Weather, World

BINARY = build(32, version=7, body=random.Random(3).randbytes(60_000))
CHUNKS = -(-len(BINARY) // 512)


def board(**more: object) -> Abilities:
    return Abilities(platform=32, windowed=True, **more)  # type: ignore[arg-type]


def farthest_beyond_window(world: World) -> int:
    """The most that a chunk was ahead of the newest acknowledgement that had been written before it."""
    acked, worst = 0, 0
    for to_board, message in world.carried:
        if not to_board and message.first(URI_PATH) == b"A":
            acked = max(acked, message.number(CHUNK_INDEX) or 0)
        elif to_board and message.first(URI_PATH) == b"C":
            worst = max(worst, (message.number(CHUNK_INDEX) or 0) - acked)
    return worst


@pytest.mark.parametrize("reliable", [True, False], ids=["tcp", "udp"])
def test_a_board_gets_every_chunk_once_and_restarts(reliable: bool) -> None:
    world = World(BINARY, board(reliable=reliable)).update()
    assert world.told.calls == ["started", "finished"]
    assert world.told.shown == sorted(set(world.told.shown))
    assert world.told.shown[-1] == len(BINARY)
    assert world.told.result["resent"] == 0
    assert world.told.result["board"]["recv_chunks"] == CHUNKS
    assert world.told.result["board"]["dup_chunks"] == 0
    assert world.board.calls == ["started", "finished"]
    assert world.board.module is not None
    assert world.board.module.version == 7
    chunks = world.sent(b"C")
    assert [m.number(CHUNK_INDEX) for m in chunks] == list(range(1, CHUNKS + 1))
    assert {(m.kind, m.token) for m in chunks} == {(NON_CONFIRMABLE, b"")}
    assert b"".join(m.payload for m in chunks) == BINARY
    acks = world.sent(b"A", to_board=False)
    assert {(m.kind, m.token, m.payload) for m in acks} == {(NON_CONFIRMABLE, b"", b"")}
    assert len(acks) <= CHUNKS // 2 + 2


def test_the_board_restarts_only_when_its_last_answer_is_acknowledged() -> None:
    world = World(BINARY, board())
    world.spoil = lambda to_board, data: None if to_board and data[0] == 0x60 else data
    world.update(until=5)
    assert world.board.calls == ["started"]
    world.spoil = lambda to_board, data: data
    world.run()
    assert world.board.calls == ["started", "finished"]
    confirmable = [m for d, m in world.carried if not d and m.kind == CONFIRMABLE and m.code == Code.CHANGED]
    empty = [m.message_id for d, m in world.carried if d and m.kind == ACKNOWLEDGEMENT and not m.code]
    assert len(confirmable) >= 2
    assert confirmable[0].message_id in empty


def test_a_chunk_that_comes_again_after_the_end_changes_nothing() -> None:
    weather = Weather(loss=0.02, repeated=0.125, delay=0.5, jitter=0.4)
    for seed in range(20):
        world = World(BINARY, board(), weather=weather, seed=seed).update()
        assert world.told.calls == ["started", "finished"]
        assert world.board.calls == ["started", "finished"]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    loss=st.floats(0, 0.4),
    repeated=st.floats(0, 0.4),
    delay=st.floats(0, 0.5),
    jitter=st.floats(0, 0.5),
)
def test_a_bad_wire_costs_time_and_nothing_else(
    seed: int, loss: float, repeated: float, delay: float, jitter: float
) -> None:
    world = World(BINARY, board(), weather=Weather(loss, repeated, delay, jitter), seed=seed).update()
    assert world.told.calls.count("finished") + world.told.calls.count("failed") == 1
    assert world.told.calls[-1] in ("finished", "failed")
    assert farthest_beyond_window(world) <= 256
    if world.told.reason is None:
        assert world.board.module is not None or "lost: UNACKNOWLEDGED" in world.board.calls
        assert world.told.shown[-1] == len(BINARY)
    else:
        # Only the beginning and the end are Confirmable; four losses in a row end the session.
        assert world.told.reason in (Reason.GONE, Reason.TIMEOUT)


def test_losses_are_repaired_without_sending_much_twice() -> None:
    world = World(BINARY, board(), weather=Weather(loss=0.05, delay=0.05), seed=2).update()
    assert world.told.calls == ["started", "finished"]
    assert 1 <= world.told.result["resent"] <= CHUNKS // 4
    assert world.told.result["seconds"] < 20


def test_a_wire_that_overtakes_a_little_costs_nothing() -> None:
    world = World(BINARY, board(), weather=Weather(delay=0.05, jitter=0.006), seed=2).update()
    assert world.told.calls == ["started", "finished"]
    assert world.told.result["resent"] == 0


def test_the_number_on_their_way_falls_with_losses() -> None:
    world = World(BINARY, board(), weather=Weather(loss=0.2, delay=0.1), seed=4)
    world.update(until=8)
    assert isinstance(world.transfer, WindowedTransfer)
    assert farthest_beyond_window(world) < 60


def test_silence_is_probed_ever_more_rarely_and_then_given_up() -> None:
    world = World(BINARY, board())
    world.update(until=0.1)
    world.cut = True
    world.run(until=1.0)
    flight = len(world.sent(b"C"))
    assert flight < 60
    world.run()
    assert world.told.reason is Reason.TIMEOUT
    assert 12 <= len(world.sent(b"C")) - flight <= 20
    assert 300 <= world.now <= 400
    assert world.board.calls == ["started", "abandoned"]


def test_a_board_that_comes_back_within_the_time_goes_on() -> None:
    world = World(BINARY, board())
    world.update(until=0.1)
    world.cut = True
    world.run(until=200)
    world.cut = False
    world.run()
    assert world.told.calls == ["started", "finished"]
    assert world.now < 300


def test_an_update_goes_on_where_the_last_session_left_it() -> None:
    memory = Memory()
    first = World(BINARY, board(), memory=memory)
    first.update(until=0.3)
    first.transfer.closed(first.now)
    first.board.receiver.closed()
    assert first.told.reason is Reason.GONE
    assert 0 < memory.reached < len(BINARY)
    reached = memory.reached
    second = World(BINARY, board(), memory=memory, target=Target(windowed=True, chunk_size=1_024)).update()
    assert second.told.calls == ["started", "finished"]
    assert second.told.result["offset"] == reached
    assert second.told.shown[0] == reached
    assert b"".join(m.payload for m in second.sent(b"C")) == BINARY[reached:]
    assert second.board.module is not None
    assert memory == Memory()


def test_a_file_that_is_there_already_only_has_to_be_finished() -> None:
    memory = Memory()
    first = World(BINARY, board(), memory=memory)
    first.spoil = lambda to_board, data: None if to_board and b"\xb1F" in data[:8] else data
    first.update(until=5)
    first.transfer.closed(first.now)
    first.board.receiver.closed()
    assert memory.reached == len(BINARY)
    second = World(BINARY, board(), memory=memory).update()
    assert second.sent(b"C") == []
    assert second.told.calls == ["started", "finished"]


def test_another_file_starts_from_the_beginning() -> None:
    memory = Memory()
    first = World(BINARY, board(), memory=memory)
    first.update(until=0.3)
    first.board.receiver.closed()
    second = World(build(32, version=8, body=bytes(3_000)), board(), memory=memory).update()
    assert second.told.result["offset"] == 0
    assert second.board.module is not None
    assert second.board.module.version == 8


def test_without_a_sha_256_nothing_is_kept() -> None:
    memory = Memory()
    world = World(BINARY, board(), memory=memory, resumable=False)
    world.update(until=0.3)
    assert world.sent(b"S")[0].first(FILE_SHA256) is None
    assert memory == Memory()
    world.run()
    assert world.told.calls == ["started", "finished"]


@pytest.mark.parametrize(
    ("abilities", "enabled", "words"),
    [
        (board(maximum_size=1_000), True, "the size of the module is wrong"),
        (board(), False, "its application has switched updates off"),
        (board(message_size=400), True, "Invalid message options"),
        (board(reliable=True), False, "its application has switched updates off"),
    ],
    ids=["size", "off", "piggybacked", "tcp"],
)
def test_a_refusal_at_the_beginning(abilities: Abilities, enabled: bool, words: str) -> None:
    world = World(BINARY, abilities)
    world.board.receiver.enabled = enabled
    world.update()
    assert world.told.calls == ["failed"]
    assert world.told.reason is Reason.REFUSED
    assert words in world.told.sentence
    assert world.board.calls == []


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
    assert world.board.calls == ["started", "abandoned"]


@pytest.mark.parametrize("discard", [True, False])
def test_cancelling(discard: bool) -> None:
    memory = Memory()
    world = World(BINARY, board(), memory=memory)
    world.update(until=0.3)
    world.transfer.cancel(world.now, discard=discard)
    world.run(until=20)
    assert world.told.calls == ["started", "failed"]
    assert world.told.reason is Reason.CANCELLED
    assert world.board.calls == ["started", "abandoned"]
    (finish,) = world.sent(b"F")
    assert finish.first(CANCEL_UPDATE) == b""
    assert (finish.first(DISCARD_DATA) == b"") is discard
    assert (memory.reached == 0) is discard
    assert not world.transfer.stranded


@pytest.mark.parametrize("lost", [b"\xb1F", b"\xb1C"], ids=["the end", "the chunks"])
def test_only_a_board_that_has_everything_leaves_one_unsure(lost: bytes) -> None:
    world = World(BINARY, board())
    world.spoil = lambda to_board, data: None if to_board and lost in data[:8] else data
    world.update(until=10)
    world.transfer.closed(world.now)
    assert world.told.reason is Reason.GONE
    assert world.transfer.unsure is (lost == b"\xb1F")


def acknowledgement(index: int, payload: bytes = b"") -> Message:
    return Message(NON_CONFIRMABLE, Code.POST, 0, b"", ((URI_PATH, b"A"), (CHUNK_INDEX, uint(index))), payload)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=40)), max_size=20))
def test_acknowledgements_that_lie_do_no_harm(lies: list[tuple[int, bytes]]) -> None:
    """A board may keep itself from being updated. It may not make the cloud spin, or send what it must not."""
    world = World(BINARY, board())
    world.update(until=0.15)
    for index, payload in lies:
        assert world.transfer.request(world.now, acknowledgement(index, payload))
    world.run()
    assert world.transfer.ended
    assert all(1 <= (m.number(CHUNK_INDEX) or 0) <= CHUNKS for m in world.sent(b"C"))


@pytest.mark.parametrize("options", [(), ((2053, b"\x10"), (2057, b"\xff\xff\xff\xff"))], ids=["no window", "offset"])
def test_an_agreement_that_makes_no_sense(options: tuple[tuple[int, bytes], ...]) -> None:
    world = World(BINARY, board())
    world.transfer.start(world.now)
    message = Message(CONFIRMABLE, Code.CREATED, 1, b"\1", options)
    step = next(iter(world.cloud.endpoint._by_token.values())).context
    world.transfer.response(world.now, step, message)  # type: ignore[arg-type]
    assert world.told.reason is Reason.PROTOCOL
    assert world.sent(b"F")[0].first(CANCEL_UPDATE) == b""
