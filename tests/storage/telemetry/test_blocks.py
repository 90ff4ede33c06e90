"""Blocks by themselves: every type comes back, large values are split, a flipped bit anywhere is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.core.points import Value
from rookery.storage.telemetry import blocks
from rookery.storage.telemetry.blocks import MOST_BYTES, MOST_PLAIN, Block, Damaged, Kind
from tests.storage.telemetry.ledger import exact

KINDS: dict[str, tuple[list[Value], Kind]] = {
    "floats": ([1.5, 2.0], Kind.FLOAT),
    "integers": ([1, 2**63 - 1], Kind.INT),
    "booleans": ([True, False, True], Kind.BOOL),
    "numbers": ([1, 1.0, True], Kind.NUMBERS),
    "integers too large for floats": ([2**53 + 1, 1.0], Kind.ANY),
    "integers too large for 64 bits": ([2**63], Kind.ANY),
    "text": (["a", "b"], Kind.ANY),
    "objects": ([{"a": 1}], Kind.ANY),
}


def made(values: list[Value]) -> list[Block]:
    times = np.arange(len(values), dtype=np.int64) * 1_000
    return blocks.encode(7, times, blocks.column(values))


def restored(made_blocks: list[Block]) -> tuple[list[int], list[str]]:
    times: list[int] = []
    values: list[Value] = []
    for block in made_blocks:
        _, block_times, column = blocks.opened(block)
        times += block_times.tolist()
        values += blocks.values_of(column)
    return times, [exact(value) for value in values]


@pytest.mark.parametrize("name", KINDS)
def test_a_block_says_its_kind(name: str) -> None:
    values, kind = KINDS[name]
    (block,) = made(values)
    assert block.kind is kind
    assert restored([block]) == ([place * 1_000 for place in range(len(values))], [exact(value) for value in values])


anything: st.SearchStrategy[list[Value]] = st.one_of(
    st.lists(st.floats(allow_nan=False), min_size=1, max_size=50),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50),
    st.lists(st.booleans(), min_size=1, max_size=50),
    st.lists(st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()), min_size=1, max_size=50),
)


@given(values=anything)
def test_what_goes_in_comes_out(values: list[Value]) -> None:
    assert restored(made(values))[1] == [exact(value) for value in values]


@given(times=st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=60, unique=True))
def test_any_times_come_back(times: list[int]) -> None:
    ordered = np.array(sorted(times), dtype=np.int64)
    assert blocks.decode_times(blocks.encode_times(ordered)).tolist() == sorted(times)


def test_the_summary_is_over_numbers_only() -> None:
    (block,) = made(["x", 4, True, {"a": 9}, 2.5, "y"])
    assert block[5:11] == (3, 1.0, 4.0, 7.5, 4.0, 2.5)
    (block,) = made(["x"])
    assert block[5:11] == (0, None, None, None, None, None)


def test_large_texts_are_split() -> None:
    rng = np.random.default_rng(3)
    values: list[Value] = [rng.bytes(50_000).hex() for _ in range(20)]
    parts = made(values)
    assert len(parts) > 3
    assert max(len(block.data) for block in parts) <= MOST_BYTES
    assert restored(parts)[1] == [exact(value) for value in values]
    assert [block.first for block in parts[1:]] > [block.last for block in parts[:-1]]


def test_texts_that_compress_well_are_split_by_their_own_length() -> None:
    """One point is read without all of hundreds of megabytes."""
    values: list[Value] = [f"{number} " * 15_000 for number in range(300)]
    parts = made(values)
    assert len(parts) > 20
    assert max(sum(map(len, restored([part])[1])) for part in parts) <= MOST_PLAIN
    assert restored(parts)[1] == [exact(value) for value in values]


@pytest.mark.parametrize("field", ["times", "data"])
def test_a_flipped_bit_is_found(field: str) -> None:
    (block,) = made([1.5, 2.25, -3.0, 8.125])
    content: bytes = getattr(block, field)
    for place in range(len(content) * 8):
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(Damaged):
            blocks.opened(Block(**{**block._asdict(), field: bytes(changed)}))


@pytest.mark.parametrize("field", Block._fields[:11])
def test_a_changed_summary_is_found(field: str) -> None:
    (block,) = made([1.5, 2.25])
    with pytest.raises(Damaged):
        blocks.opened(Block(**{**block._asdict(), field: getattr(block, field) + 1}))


def test_a_zero_below_zero_is_not_taken_for_damage() -> None:
    """SQLite gives -0.0 back as 0.0."""
    (block,) = made([-0.0, -0.0])
    stored = block._replace(low=0.0, high=0.0, total=0.0, opening=0.0, closing=0.0)
    assert restored([stored])[1] == ["-0.0", "-0.0"]
