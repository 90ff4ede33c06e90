"""A disk that is full while the server runs, and a server that is killed while it writes."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from cbor2 import dumps

from rookery.wire.mqtt import packets as p
from tests.abuse.node import MIB, Board, Node, eventually, running
from tests.abuse.peer import Peer

CYCLES = 10
WINDOW = 20
"""Messages of a board on their way."""
MOST_MESSAGES = 900
"""Per property, less than one question for its history answers."""
TRIES = 900
"""Writes until a full disk is noticed: a write-ahead log is used again from its beginning, which needs no space."""


class Disk(Protocol):
    """A place for a data folder whose space can be taken away."""

    folder: Path

    def fill(self, node: Node) -> None:
        """From now on nothing can be written."""

    def clear(self, node: Node) -> None:
        """As before."""


class SmallDisk:
    """A file system in memory, mounted for this test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, node: Node) -> None:
        """Use up every block."""
        with self._ballast.open("wb", buffering=0) as file:
            for size in (MIB, 4_096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def clear(self, node: Node) -> None:
        """Give them back."""
        self._ballast.unlink()


class CappedFiles:
    """The system lets no file of the process grow: also possible where nothing may be mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, node: Node) -> None:
        """Forbid it."""
        self._limit(node, 4_096)

    def clear(self, node: Node) -> None:
        """Allow it."""
        self._limit(node, resource.RLIM_INFINITY)

    def _limit(self, node: Node, size: int) -> None:
        hard = resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """A disk of 160 MB; None where this process may not mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(params=["small disk", "capped files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """Both ways, as far as the system knows them."""
    with small_disk(tmp_path / "disk") as small:
        if request.param == "small disk" and small is not None:
            yield small
        elif hasattr(resource, "prlimit"):
            yield CappedFiles(tmp_path)
        else:
            pytest.skip("neither a small disk nor a limit on the files of another process exist on this system")


async def publish_until_refused(node: Node, board: Board, topic: str, start: int) -> tuple[list[int], int]:
    """Publish numbers until the server closes instead of acknowledging; what it acknowledged, and the refused one."""
    peer = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
    kept: list[int] = []
    for number in range(start, start + TRIES):
        try:
            await peer.publish(topic, dumps([{0: "n", 2: number}, {0: "text", 3: "x" * 15_000}]))
        except ConnectionError:
            await peer.end()
            return kept, number
        kept.append(number)
    raise AssertionError("the disk is not full")


def write_until_refused(node: Node) -> tuple[list[str], int, str]:
    """Create things until that fails; those that were created, and the status and body of the failure."""
    made: list[str] = []
    for number in range(TRIES):
        answer = node.send("PUT", "/iot/v2/things", {"name": f"thing {number} " + "x" * 50})
        if answer.status_code != 201:
            return made, answer.status_code, answer.text
        made.append(answer.json()["id"])
    raise AssertionError("the disk is not full")


async def test_full_disk(disk: Disk, tmp_path: Path) -> None:
    """No acknowledgement, 503, and reading goes on; once there is space everything works again by itself."""
    log = tmp_path / "errors.log"
    with running(disk.folder / "data", log) as node:
        board = node.board()
        thing, ids = node.thing(board, ["n"])
        text = {"name": "text", "type": "CHARSTRING", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
        node.call("PUT", f"/iot/v2/things/{thing}/properties", text)
        topic = f"/a/t/{thing}/e/o"
        peer = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
        await peer.publish(topic, dumps([{0: "n", 2: 0}]))
        await peer.end()
        kept = [0]
        token = node.token

        disk.fill(node)
        acknowledged, _ = await publish_until_refused(node, board, topic, 1)
        kept += acknowledged
        made, status, body = await asyncio.to_thread(write_until_refused, node)
        assert status == 503, body
        assert '"status":503' in body
        path = f"/iot/v2/things/{thing}/properties/{ids['n']}"
        answer = await asyncio.to_thread(node.send, "PUT", f"{path}/publish", {"value": -1})
        assert answer.status_code == 503, answer.text
        again, _ = await publish_until_refused(node, board, topic, 1_000)
        assert again == []
        assert node.http.get("/health").status_code == 503
        assert node.call("GET", path)["last_value"] == kept[-1]
        assert node.stored(ids["n"]) == kept
        assert {one["id"] for one in node.call("GET", "/iot/v2/things")} == {thing, *made}
        assert node.token == token

        disk.clear(node)
        eventually(lambda: node.send("PUT", f"{path}/publish", {"value": 5_000}).status_code == 200, "still refused")
        kept.append(5_000)
        peer = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
        for number in range(6_000, 6_020):
            await peer.publish(topic, dumps([{0: "n", 2: number}]))
            kept.append(number)
        await peer.end()
        eventually(lambda: node.send("PUT", "/iot/v2/things", {"name": "after"}).status_code == 201, "still refused")
        assert node.stored(ids["n"]) == kept
        assert node.process.poll() is None
        assert "Traceback" not in node.logged()
    with running(disk.folder / "data", log) as node:
        assert node.stored(ids["n"]) == kept
        assert len(node.call("GET", "/iot/v2/things")) == len(made) + 2


class Load:
    """Boards that publish with a window and a broker client that retains; and the ledger of what was acknowledged to
    them."""

    def __init__(self, node: Node, random_: random.Random, cycle: int) -> None:
        self._node = node
        self._cycle = cycle
        self.sent: dict[str, int] = {}
        self.acknowledged: dict[str, set[int]] = {}
        self.retained: dict[str, bytes] = {}
        self._enough = random_.randrange(50, 1_500)
        """Acknowledgements after which the server is killed."""
        self._count = 0
        self.killed = False

    def _acknowledge(self) -> None:
        self._count += 1
        if self._count == self._enough:
            self.killed = True
            self._node.kill()

    async def board(self, name: str) -> None:
        """Publish until the server is gone."""
        node = self._node
        board = await asyncio.to_thread(node.board, name)
        thing, ids = await asyncio.to_thread(node.thing, board, ["n"])
        series = ids["n"]
        done = self.acknowledged[series] = set()
        self.sent[series] = 0
        peer = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
        waiting: dict[int, int] = {}
        try:
            while self.sent[series] < MOST_MESSAGES or waiting:
                while len(waiting) < WINDOW and self.sent[series] < MOST_MESSAGES:
                    number = self.sent[series]
                    waiting[peer.machine.publish(f"/a/t/{thing}/e/o", dumps([{0: "n", 2: number}]), 1)] = number
                    self.sent[series] += 1
                peer.flush()
                done.add(waiting.pop((await peer.next(p.Puback)).packet_id))
                self._acknowledge()
        except OSError:
            pass
        peer.abort()

    async def broker(self) -> None:
        """Retain messages in the private topic tree until the server is gone."""
        key = self._node.sandbox.arduino
        peer = await Peer.login(self._node.sandbox.mqtt, "keeper", key.client_id, key.client_secret)
        try:
            for number in range(MOST_MESSAGES):
                topic, payload = f"kept/{self._cycle}/{number % 50}", b"%d" % number
                peer.machine.publish(topic, payload, 1, retain=True)
                peer.flush()
                await peer.next(p.Puback)
                self.retained[topic] = payload
                self._acknowledge()
        except OSError:
            pass
        peer.abort()


async def retained(node: Node, topics: Collection[str]) -> dict[str, bytes]:
    """The retained messages of these topics.

    Raises:
        TimeoutError: one of them is not there.
    """
    key = node.sandbox.arduino
    peer = await Peer.login(node.sandbox.mqtt, "reader", key.client_id, key.client_secret)
    await peer.subscribe("kept/#")
    found: dict[str, bytes] = {}
    while not found.keys() >= set(topics):
        message: p.Publish = await peer.next(p.Publish)
        found[message.topic] = message.payload
    await peer.end()
    return found


async def test_killed_while_writing(tmp_path: Path) -> None:
    """Killed ten times at a random moment: what was acknowledged is there exactly once, what was not at most once."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    folder, log = tmp_path / "data", tmp_path / "errors.log"
    load: Load | None = None
    total = 0
    for cycle in range(CYCLES + 1):
        with running(folder, log) as node:
            if load is not None:
                total += await compare(node, load, seed)
            if cycle == CYCLES:
                break
            load = Load(node, dice, cycle)
            workers = [load.board(f"board {cycle} {number}") for number in range(3)]
            await asyncio.gather(*workers, load.broker())
            assert load.killed, seed
        assert "Traceback" not in log.read_text()
    assert total > CYCLES * 50
    print(f"{total} acknowledged values over {CYCLES} kills, all there")


async def compare(node: Node, load: Load, seed: int) -> int:
    """Look for everything in the ledger; how many values it had."""
    for series, numbers in load.acknowledged.items():
        stored = node.stored(series)
        assert len(stored) == len(set(stored)), f"something is there twice, seed {seed}"
        assert stored == sorted(stored), seed
        missing = numbers - set(stored)
        assert not missing, f"acknowledged and lost: {sorted(missing)[:10]}, seed {seed}"
        assert set(stored) <= set(range(load.sent[series])), seed
    there = await retained(node, load.retained)
    for topic, payload in load.retained.items():
        # The one after it may have been stored without its acknowledgement being heard.
        assert int(there[topic]) in (int(payload), int(payload) + 50), seed
    return sum(map(len, load.acknowledged.values()))
