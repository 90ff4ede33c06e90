"""Packets for hypothesis."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from rookery.wire.mqtt import packets as p

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=40)
levels = st.one_of(st.just("+"), st.text("ab$é", max_size=3))
filters = st.builds(
    lambda parts, rest: "/".join([*parts, "#"] if rest else parts) or "/",
    st.lists(levels, min_size=1, max_size=5),
    st.booleans(),
)
payloads = st.binary(max_size=300)
ids = st.integers(1, 65_535)
qos = st.integers(0, 2)

messages = st.builds(p.Message, names, payloads, qos, st.booleans())


def _credentials(connect: p.Connect) -> p.Connect:
    if connect.username is None:
        connect = connect._replace(password=None)
    return connect if connect.client_id else connect._replace(clean_session=True)


connects = st.builds(
    p.Connect,
    texts,
    st.booleans(),
    st.integers(0, 65_535),
    st.none() | texts,
    st.none() | payloads,
    st.none() | messages,
    st.just(p.LEVEL_3_1_1),
).map(_credentials)
publishes = st.builds(p.Publish, names, payloads, st.just(0), st.booleans(), st.just(0), st.just(False)) | st.builds(
    p.Publish, names, payloads, st.integers(1, 2), st.booleans(), ids, st.booleans()
)
subscribes = st.builds(p.Subscribe, ids, st.lists(st.tuples(filters, qos), min_size=1, max_size=5).map(tuple))
unsubscribes = st.builds(p.Unsubscribe, ids, st.lists(filters, min_size=1, max_size=5).map(tuple))
acknowledgements = st.one_of(
    *(st.builds(kind, ids) for kind in (p.Puback, p.Pubrec, p.Pubrel, p.Pubcomp)),
)
packets = st.one_of(
    connects,
    st.builds(p.Connack, st.integers(0, 5), st.just(False)) | st.just(p.Connack(0, True)),
    publishes,
    acknowledgements,
    subscribes,
    st.builds(p.Suback, ids, st.lists(st.sampled_from((0, 1, 2, 0x80)), min_size=1, max_size=5).map(tuple)),
    unsubscribes,
    st.builds(p.Unsuback, ids),
    st.sampled_from((p.Pingreq(), p.Pingresp(), p.Disconnect())),
)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """The stream in pieces."""
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(edges)]


cuts = st.lists(st.integers(0, 10_000), max_size=12)
