from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.device.errors import MessageError
from rookery.particle.device.goodbye import (
    CLOUD_REASONS,
    NETWORK_REASONS,
    RESET_REASONS,
    Goodbye,
    decode_goodbye,
    encode_goodbye,
)
from tests.particle.device.cases import GOODBYES


@pytest.mark.parametrize(("payload", "goodbye"), GOODBYES.values(), ids=GOODBYES)
def test_every_reason_is_read_and_written(payload: str, goodbye: Goodbye) -> None:
    assert decode_goodbye(bytes.fromhex(payload)) == goodbye
    assert encode_goodbye(goodbye).hex() == payload


def test_a_reason_of_tomorrow_is_unknown_and_one_of_nothing_is_none() -> None:
    assert decode_goodbye(bytes.fromhex("0163")) == Goodbye(cloud="unknown")
    assert decode_goodbye(b"") == Goodbye()


@pytest.mark.parametrize("payload", ["01", "0180", "80" * 11, "ff" * 10, "00" * 65])
def test_what_is_cut_off_or_too_long_is_refused(payload: str) -> None:
    with pytest.raises(MessageError):
        decode_goodbye(bytes.fromhex(payload))


def test_a_word_that_is_no_reason_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="bored"):
        encode_goodbye(Goodbye(cloud="bored"))


@given(
    st.builds(
        Goodbye,
        st.none() | st.sampled_from(list(CLOUD_REASONS.values())),
        st.none() | st.sampled_from(list(RESET_REASONS.values())),
        st.none() | st.integers(0, 2**32),
        st.none() | st.sampled_from(list(NETWORK_REASONS.values())),
    )
)
def test_what_is_written_is_read_again(goodbye: Goodbye) -> None:
    assert decode_goodbye(encode_goodbye(goodbye)) == goodbye
