"""Simulated Particle boards on real sockets, made in one call: for tests, for benchmarks, and to play with.

board = virtual_board(device_id, key, server_key, "127.0.0.1", 5684, functions={"led": lambda argument: 1})
await board.connected()
await board.publish("doorbell", "front")
board.stop()
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rookery.clock import SystemClock
from rookery.core.clock import Clock
from rookery.particle.platforms import Transport
from rookery.simulate.board import Line
from rookery.simulate.particle_board import ParticleBoard
from rookery.simulate.particle_channel import ParticleIdentity, PrivateKey
from rookery.simulate.particle_firmware import MODELS, Function, Variable
from rookery.simulate.particle_udp import DatagramShell
from rookery.simulate.shell import Endpoint, Shell

RSA_BITS: Final = 1024
_EXPONENT: Final = 65_537
ID_PREFIX: Final = "5e0000"
"""Of ids of simulated boards: no vendor gives such."""
SPARE_FILES: Final = 256
"""Open files of a process beside the sockets of its boards."""


def make_key(transport: Transport) -> PrivateKey:
    """A new key for a board: RSA of 1024 bits for TCP (about 10 ms), P-256 for UDP.

    Device OS reads its RSA key at fixed offsets, as if each number filled its bytes; keys in which one is shorter are
    useless there (particle-device.md §1.1), and not made here either.
    """
    if transport == "udp":
        return ec.generate_private_key(ec.SECP256R1())
    while True:
        key = rsa.generate_private_key(_EXPONENT, RSA_BITS)
        numbers = key.private_numbers()
        halves = (numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
        if numbers.d.bit_length() > RSA_BITS - 8 and all(each.bit_length() > RSA_BITS // 2 - 8 for each in halves):
            return key


def public_pem(key: PrivateKey) -> str:
    """The public half as the API takes it."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def make_device_id(random: Random) -> str:
    """24 hexadecimal digits that no vendor gives."""
    return f"{ID_PREFIX}{random.getrandbits(72):018x}"


def line_of(board: ParticleBoard, host: str, port: int) -> Line:
    """A socket for this board."""
    if board.identity.reliable:
        return Shell(board, Endpoint(host, port, None))
    return DatagramShell(board, host, port)


def virtual_board(
    device_id: str,
    key: PrivateKey,
    server_key: bytes,
    host: str,
    port: int,
    *,
    platform: str | None = None,
    variables: Mapping[str, Variable] | None = None,
    functions: Mapping[str, Function] | None = None,
    claim_code: str = "",
    clock: Clock | None = None,
    **more: Any,
) -> ParticleBoard:
    """A board that is switched on and dials; it runs on the running event loop until `stop`.

    Args:
        device_id: 24 hexadecimal digits.
        key: RSA for a board on TCP, P-256 for one on UDP.
        server_key: public, DER SubjectPublicKeyInfo of the same kind.
        platform: `photon`, `p1`, `argon`, `boron` or `p2`; after the key unless said.
        more: as `ParticleBoard` takes it.
    """
    board = ParticleBoard(
        ParticleIdentity(device_id, key, server_key),
        clock or SystemClock(),
        model=None if platform is None else MODELS[platform],
        variables=variables,
        functions=functions,
        claim_code=claim_code,
        **more,
    )
    board.start(line_of(board, host, port))
    return board


def make_room(boards: int) -> None:
    """Let this process have so many sockets, as far as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = boards + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
