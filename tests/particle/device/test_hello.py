from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.device.errors import MessageError
from rookery.particle.device.hello import MAX_HELLO, Hello, decode_hello, encode_hello
from tests.particle.device.cases import HELLOS

words = st.integers(0, 0xFFFF)


@pytest.mark.parametrize(("payload", "hello"), HELLOS.values(), ids=HELLOS)
def test_every_form_is_read_and_written(payload: str, hello: Hello) -> None:
    assert decode_hello(bytes.fromhex(payload)) == hello
    assert encode_hello(hello).hex() == payload


def test_the_flags_have_names() -> None:
    hello = decode_hello(bytes.fromhex(HELLOS["6.2.0 over UDP"][0]))
    assert (hello.diagnostics, hello.immediate_updates, hello.says_goodbye) == (True, True, True)
    assert (hello.describes_itself, hello.compressed_ota, hello.ota_v3) == (True, False, True)
    assert not hello.ota_succeeded
    assert Hello(flags=0x41).ota_succeeded
    assert Hello(flags=0x41).compressed_ota


@pytest.mark.parametrize(
    ("flags", "said", "version"),
    [(0, 0, 0), (0x01, 0, 0), (0x06, 0, 1_200), (0x36, 0, 2_000), (0x36, 6_200, 6_200)],
)
def test_the_version_of_older_boards_is_concluded(flags: int, said: int, version: int) -> None:
    assert Hello(flags=flags, system_version=said).version == version


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "ffffffff00",
        "0006ffff000000",
        "0006ffff0000000600",
        "000affff0000000a000c0123456789abcdef012345",
        "000affff0000000a000b0123456789abcdef012345",
        "0003ffff003600030000183804",
        "00" * (MAX_HELLO + 1),
    ],
)
def test_anything_else_is_refused(payload: str) -> None:
    with pytest.raises(MessageError):
        decode_hello(bytes.fromhex(payload))


def test_what_later_firmware_appends_is_passed_over() -> None:
    payload, hello = HELLOS["6.2.0 over UDP"]
    assert decode_hello(bytes.fromhex(payload) + b"more") == hello


@given(
    st.builds(
        Hello,
        product_id=st.none() | st.integers(0, 0xFFFE),
        product_version=st.none() | st.integers(0, 0xFFFE),
        flags=words,
        platform_id=words,
        device_id=st.just("") | st.binary(min_size=12, max_size=12).map(bytes.hex),
        system_version=words,
        max_message=words,
        max_binary=st.integers(0, 0xFFFFFFFF),
        ota_chunk=words,
    )
)
def test_what_is_written_is_read_again(hello: Hello) -> None:
    assert decode_hello(encode_hello(hello)) == hello
