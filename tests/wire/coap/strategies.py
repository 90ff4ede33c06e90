"""Messages for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, RESET, Message

ids = st.integers(0, 65_535)
tokens = st.binary(max_size=8)
numbers = st.one_of(
    st.integers(0, 300), st.sampled_from((11, 12, 14, 15, 23, 27, 2_049, 65_535)), st.integers(0, 65_535)
)
values = st.binary(max_size=20) | st.integers(250, 300).map(bytes)
options = st.lists(st.tuples(numbers, values), max_size=8).map(
    lambda items: tuple(sorted(items, key=lambda item: item[0]))
)
requests = st.integers(1, 31)
responses = st.integers(64, 191)
payloads = st.binary(max_size=40)

messages = st.one_of(
    st.builds(Message, st.sampled_from((CONFIRMABLE, ACKNOWLEDGEMENT, RESET)), st.just(0), ids),
    st.builds(
        Message,
        st.sampled_from((CONFIRMABLE, NON_CONFIRMABLE)),
        requests | responses,
        ids,
        tokens,
        options,
        payloads,
    ),
    st.builds(Message, st.just(ACKNOWLEDGEMENT), responses, ids, tokens, options, payloads),
)
