"""Listening sockets."""

from __future__ import annotations

import socket

import pytest

from rookery.gateways.sockets import bound_sockets


async def test_port_0_is_one_port_for_every_address_of_a_name() -> None:
    sockets, port = await bound_sockets("localhost", 0)
    assert port
    assert {s.getsockname()[1] for s in sockets} == {port}
    for sock in sockets:
        sock.close()


async def test_two_colons_take_ipv4_as_well() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6 that takes IPv4 as well")
    (sock,), port = await bound_sockets("::", 0)
    sock.listen()
    for address in ("127.0.0.1", "::1"):
        socket.create_connection((address, port), timeout=5).close()
    sock.close()


async def test_a_taken_port_leaves_nothing_bound() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        await bound_sockets("127.0.0.1", taken.getsockname()[1])
