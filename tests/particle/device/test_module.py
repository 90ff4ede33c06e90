"""Headers of firmware: what is built is read back, and damage is seen."""

from __future__ import annotations

import hashlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.device.module import Dependency, Function, build, parse

SHORT = st.integers(0, 0xFFFE)


@given(
    platform=st.integers(0, 0xFFFF),
    version=st.integers(0, 0xFFFF),
    function=st.sampled_from([f for f in Function if f not in (Function.NONE, Function.USER_PART)]),
    index=st.integers(0, 255),
    body=st.binary(min_size=1, max_size=600),
    dependencies=st.lists(
        st.builds(Dependency, st.integers(1, 9), st.integers(0, 255), st.integers(0, 0xFFFF)), max_size=2
    ),
    header_at=st.sampled_from([0, 4, 0x184, 0x200, 0x3F00]),
)
def test_what_is_built_is_read_back(
    platform: int,
    version: int,
    function: int,
    index: int,
    body: bytes,
    dependencies: list[Dependency],
    header_at: int,
) -> None:
    data = build(
        platform,
        version=version,
        function=function,
        index=index,
        body=body,
        dependencies=tuple(dependencies),
        header_at=header_at,
    )
    module = parse(data)
    assert module is not None
    assert (module.platform, module.version, module.function, module.index) == (platform, version, function, index)
    assert module.dependencies == tuple(dependencies)
    assert module.offset == header_at
    assert module.valid
    assert module.sha256_ok
    assert module.end - module.start + 4 == len(data)
    assert (module.product_id, module.product_version) == (None, None)
    assert module.problem(platform) == ""


@given(product=st.one_of(st.none(), st.integers(0, 0xFFFF_FFFE)), version=st.one_of(st.none(), SHORT))
def test_applications_say_for_which_product_they_are(product: int | None, version: int | None) -> None:
    module = parse(build(13, body=b"code" * 10, product_id=product, product_version=version))
    assert module is not None
    assert (module.product_id, module.product_version) == (None if product == 0xFFFF else product, version)


def test_the_product_of_an_application_from_before_extensions() -> None:
    data = bytearray(build(6, body=bytes(20)))
    assert parse(bytes(data)).product_id is None  # type: ignore[union-attr]
    data[-50:-40] = bytes(6) + struct.pack("<HH", 94, 3)
    data[-6:-4] = (36).to_bytes(2, "little")
    assert parse(bytes(data)).product_id is None  # type: ignore[union-attr]
    data[-6:-4] = (40).to_bytes(2, "little")
    module = parse(bytes(data))
    assert module is not None
    assert (module.product_id, module.product_version) == (94, 3)
    assert not module.crc_ok


def test_the_layout_byte_by_byte() -> None:
    data = build(32, version=0x0203, index=2, start=0x1000, dependencies=(Dependency(4, 1, 6200),), body=b"code")
    header = "00100000 4a100000 00 00 0302 2000 05 02 0401 3818 00000000"
    assert data[:24] == bytes.fromhex(header)
    assert data[24:28] == b"code"
    assert data[28:38] == bytes.fromhex("0100 0a00 ffffffff ffff")
    assert data[38:40] == b"\0\0"
    assert data[40:72] == hashlib.sha256(data[:40]).digest()
    assert data[72:74] == b"\x2e\0"
    assert data[74:] == zlib.crc32(data[:74]).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (build(6, body=bytes(100))[:-1], "not as long"),
        (build(6, body=bytes(100), header_at=0x184) + b"x", "not as long"),
        (build(6, body=bytes(100))[:-1] + b"x", "damaged"),
        (build(6, body=bytes(100))[:40] + b"x" + build(6, body=bytes(100))[41:], "damaged"),
        (build(10, body=bytes(100)), "for platform 10, the board is of platform 6"),
        (build(6, body=bytes(100)), ""),
    ],
)
def test_why_a_board_would_not_run_it(data: bytes, words: str) -> None:
    module = parse(data)
    assert module is not None
    assert words in module.problem(6)
    assert bool(words) == bool(module.problem(6))


@pytest.mark.parametrize("data", [b"", bytes(64), bytes(4_000), b"\xff" * 4_000, b"PK\3\4" * 100])
def test_what_is_no_module(data: bytes) -> None:
    assert parse(data) is None


@given(st.binary(max_size=2_000))
def test_any_bytes_can_be_tried(data: bytes) -> None:
    module = parse(data)
    assert module is None or not module.valid


@pytest.mark.parametrize(
    "more", [{"header_at": 3}, {"header_at": 20_000}, {"dependencies": (Dependency(1, 1, 1),) * 3}]
)
def test_what_cannot_be_built(more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="two dependencies"):
        build(6, **more)  # type: ignore[arg-type]
