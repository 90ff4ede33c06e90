"""One server for all attacks that end nothing, and what each of them may cost it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.abuse.boards import BoardWitness, Rogue, secrets_in, until_told
from tests.abuse.node import MIB, Node, eventually, raise_open_files, running
from tests.abuse.witness import Witness

PEAK = 256 * MIB
"""What any one attack may add to the server's resident memory. The limits of the gateway allow more in the worst case
(1,000 connections with 64 KiB each, a few slow readers with 1 MiB each, a body of a MiB in each request)."""
KEPT = 64 * MIB
"""What may stay of it afterwards: free pages that the C library has not given back."""
LOGGED = 48 * 1024
"""Bytes that any one attack on the Particle side may add to the log: some hundred lines. A line for each of a flood
would fill a memory card."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is abuse."""
    for item in items:
        if "tests/abuse/" in item.path.as_posix():
            item.add_marker(pytest.mark.abuse)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The server under attack. It logs all that it does, and its webhooks call public addresses only, as those of a
    server that is no sandbox; one network is let in, of those that are for examples."""
    raise_open_files()
    folder = tmp_path_factory.mktemp("attacked")
    settings = {"ROOKERY_LOG_LEVEL": "info", "ROOKERY_WEBHOOK_NETWORKS": "203.0.113.0/24"}
    with running(folder / "data", folder / "errors.log", **settings) as node:
        yield node
        node.assert_healthy()


@pytest.fixture
async def attacked(node: Node, request: pytest.FixtureRequest) -> AsyncIterator[Node]:
    """The server, with a board and a person at work during the test, and a bound on what the test costs it."""
    before = node.rss()
    node.reset_peak()
    async with Witness(node) as witness:
        yield node
        await witness.progress()
        peak = node.peak()
    gc.collect()
    node.assert_healthy()
    eventually(lambda: node.metric("rookery_mqtt_connections") == 0, "connections are left")
    eventually(lambda: node.rss() < before + KEPT, f"memory stays: {before} before, {node.rss()} after")
    print(
        f"{request.node.name}: RSS {before / MIB:.0f}, at most {peak / MIB:.0f}, then {node.rss() / MIB:.0f} MB; "
        f"{witness.acknowledged} messages acknowledged, {witness.asked} requests answered meanwhile"
    )
    assert peak - before < PEAK


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def boards(node: Node) -> AsyncIterator[BoardWitness]:
    """Particle boards on both transports and an event stream, at work during all tests of a module."""
    async with BoardWitness(node) as witness:
        yield witness
    node.assert_healthy()


@pytest_asyncio.fixture(loop_scope="module")
async def besieged(node: Node, boards: BoardWitness, request: pytest.FixtureRequest) -> AsyncIterator[Node]:
    """The server with these boards, and a bound on what the test costs it in memory and says in its log."""
    await boards.progress(1)
    before, said = node.rss(), node.log.stat().st_size
    done, called = sum(boards.acknowledged.values()), boards.called
    node.reset_peak()
    try:
        yield node
    finally:
        for rogue in Rogue.living:
            rogue.close()
        Rogue.living.clear()
    await boards.progress()
    peak = node.peak()
    gc.collect()
    await asyncio.to_thread(node.assert_healthy)
    await until_told(lambda: node.rss() < before + KEPT, f"memory stays: {before} before, {node.rss()} after")
    logged = node.log.stat().st_size - said
    print(
        f"{request.node.name}: RSS {before / MIB:.0f}, at most {peak / MIB:.0f}, then {node.rss() / MIB:.0f} MB; "
        f"{sum(boards.acknowledged.values()) - done} events acknowledged and {boards.called - called} calls answered "
        f"meanwhile; {logged / 1024:.0f} KB of log"
    )
    assert peak - before < PEAK
    assert logged < LOGGED, f"{logged} bytes of log"
    assert not secrets_in(node.logged(), (node.sandbox.particle_token, node.sandbox.user.password or ""))
