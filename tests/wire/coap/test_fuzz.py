"""Whatever comes, in whatever order: only typed errors, bounded tables, and time that moves on."""

from __future__ import annotations

import random
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.coap.encode import encode
from rookery.wire.coap.errors import LocalError, PeerError
from rookery.wire.coap.message import Code, Message
from rookery.wire.coap.options import BLOCK1, BLOCK2
from rookery.wire.coap.parameters import Limits, Quirks
from tests.wire.coap.strategies import messages
from tests.wire.coap.world import ROOM, World

LIMITS = Limits(message_bytes=200, open_requests=3, remembered=8, outstanding=4, body_bytes=100, bodies=2)
QUIRKS = (Quirks(token_bytes=1), Quirks(no_resets=True, foreign_ack_ids=True, token_bytes=1, separate_after=None))

blocks = st.builds(
    lambda message, option, value: Message(
        message.kind, message.code, message.message_id, message.token, ((11, b"r"), (option, value)), bytes(16)
    ),
    messages.filter(lambda message: message.code),
    st.sampled_from((BLOCK1, BLOCK2)),
    st.sampled_from((b"", b"\x08", b"\x10", b"\x18", b"\x20", b"\x07")),
)
near = st.builds(
    lambda kind, code, message_id, token: Message(kind, code if kind != 3 else 0, message_id, token if code else b""),
    st.sampled_from((0, 2)),
    st.sampled_from((0, 68, 69, 95)),
    st.integers(256, 264),
    st.sampled_from((b"\1", b"\2", b"\3")),
)
"""Likely to hit something we said."""
steps = st.one_of(
    st.binary(max_size=30),
    messages.map(encode),
    blocks.map(encode),
    near.map(encode),
    st.sampled_from(("send", "tell", "ping", "respond", "acknowledge", "forget", "tick", "long", "cancel")),
)


@pytest.mark.parametrize("reliable", [False, True])
@pytest.mark.parametrize("quirks", QUIRKS, ids=["standard", "board"])
@given(st.lists(steps, max_size=40))
def test_any_conversation(reliable: bool, quirks: Quirks, conversation: list[bytes | str]) -> None:
    w = World(blocks=True, reliable=reliable, quirks=quirks, limits=LIMITS, block_bytes=16)
    begun: list[Any] = []
    for step in conversation:
        w.now += 0.25
        ticket = w.tickets[-1] if w.tickets else 1
        if isinstance(step, bytes):
            # What the peer says is never our error, and on datagrams no error at all.
            with suppress(PeerError) if reliable else nullcontext():
                w.machine.feed(w.now, step)
        with suppress(LocalError):
            if step == "send":
                begun.append(w.send(2, ROOM, bytes(40), context=len(begun), timeout=30.0))
            elif step == "tell":
                w.send(2, ROOM, response=False, timeout=30.0)
            elif step == "ping":
                w.machine.ping(w.now, timeout=30.0)
            elif step == "respond":
                w.machine.respond(w.now, ticket, Code.CONTENT, (), bytes(40))
            elif step == "acknowledge":
                w.machine.acknowledge(w.now, ticket)
            elif step == "forget":
                w.machine.forget(w.now, ticket)
            elif step == "cancel" and begun:
                w.machine.cancel(w.now, begun[-1])
            elif step == "long":
                w.until(w.now + 20)
            elif step == "tick":
                w.machine.tick(w.now)
        endpoint = w.machine.endpoint
        assert endpoint.open_requests <= LIMITS.open_requests
        assert endpoint.outstanding <= LIMITS.outstanding
        assert len(endpoint._seen) <= LIMITS.remembered
        assert len(endpoint._by_token) <= endpoint.outstanding
        assert 0 <= endpoint._outstanding <= endpoint.outstanding
        assert len(w.machine._asked) <= LIMITS.open_requests
        assert len(w.machine._receiving) <= LIMITS.bodies
        assert len(w.machine._serving) <= LIMITS.bodies
    w.until(w.now + 1_000)
    assert w.machine.endpoint.outstanding == 0
    assert w.machine.endpoint._outstanding == 0
    contexts = [heard[0] for heard in w.heard if isinstance(heard, tuple) and heard[0] is not None]
    assert len(contexts) == len(set(contexts)), "each exchange ends once"


def test_a_long_flood_leaves_nothing_behind() -> None:
    dice = random.Random(7)
    w = World(blocks=True, limits=LIMITS, quirks=QUIRKS[0], answer=True)
    for _ in range(20_000):
        w.now += 0.001
        head = bytes((0x40 | dice.randrange(4) << 4 | dice.randrange(3), dice.randrange(256)))
        w.machine.feed(w.now, head + dice.randbytes(dice.randrange(2, 40)))
        w.sent.clear()
        w.heard.clear()
        w.tickets.clear()
    assert len(w.machine.endpoint._seen) <= LIMITS.remembered
    w.until(w.now + 1_000)
    assert w.machine.deadline() is None
    assert w.machine._receiving == {}
