"""The state that outlives a connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.mqtt.packets import Message
from rookery.wire.mqtt.session import SessionState, message_size
from tests.wire.mqtt.strategies import filters, messages


def test_an_unused_session_has_nothing_allocated() -> None:
    state = SessionState("c")
    assert (state.subscriptions, state.received, state.inflight, state.queued, state.queue_bytes) == (
        None,
        None,
        0,
        0,
        0,
    )
    assert not state.unsubscribe("a")
    assert not state.finish(1)
    assert list(state.unfinished()) == []


def test_identifiers_go_round_and_skip_those_in_use() -> None:
    state = SessionState("c")
    message = Message("a", b"", 1)
    first = [state.start(message) for _ in range(3)]
    assert first == [1, 2, 3]
    for _ in range(65_532):
        state.finish(state.start(message))
    assert state.start(message) == 4
    state.finish(2)
    state._last_id = 65_535
    assert state.start(message) == 2


@given(
    st.lists(st.tuples(filters, st.integers(0, 2)), max_size=4),
    st.lists(messages, max_size=4),
    st.lists(messages, max_size=4),
    st.sets(st.integers(1, 65_535), max_size=4),
)
def test_dump_and_load(
    subscriptions: list[tuple[str, int]], started: list[Message], queued: list[Message], received: set[int]
) -> None:
    state = SessionState("c")
    for topic_filter, qos in subscriptions:
        state.subscribe(topic_filter, qos)
    for message in started:
        state.released(state.start(message)) if message.qos == 2 else state.start(message)
    for message in queued:
        state.enqueue(message)
    for packet_id in received:
        state.owns(packet_id)
    copy = SessionState.load(state.dump())
    assert copy.dump() == state.dump()
    assert list(copy.unfinished()) == list(state.unfinished())
    assert copy.queue_bytes == sum(map(message_size, queued))
    while state.queued:
        assert copy.start_next() == state.start_next()
    assert copy.queue_bytes == 0


@pytest.mark.parametrize("data", [{}, {"client_id": "c"}])
def test_loading_something_else(data: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        SessionState.load(data)
