"""Many simulated Particle boards in a process of their own: what the benchmarks of the device side are measured with.

    python -m benchmarks._particle_crowd '{"udp": 1000, "tcp": 0, …}'

It prints one JSON object a line, `{"online": N, "seconds": S}` when all boards are connected first, and obeys lines on
standard input: `publish RATE SECONDS` spreads acknowledged events over the boards, `again` restarts all of them without
what they keep of their sessions and waits until they are back, `state` prints counters. The end of standard input ends
it. All boards of a kind share one key: a key proves that a board is what is registered for its id,
and nothing says that two may not have the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONNECT_SECONDS = 180.0


class Crowd:
    """The process, as a benchmark sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.first = self.read()
        """What it said when all boards were connected."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ids(self) -> list[str]:
        """Of the boards."""
        found: list[str] = self.first["ids"]
        return found

    def order(self, text: str) -> None:
        """Give an order and do not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """The next thing that it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the boards have ended")
        said: dict[str, Any] = json.loads(line)
        return said

    def ask(self, text: str) -> dict[str, Any]:
        """Give an order and wait for what it says to it."""
        self.order(text)
        return self.read()


@contextlib.contextmanager
def crowd(server: dict[str, Any], *, udp: int = 0, tcp: int = 0, claim_code: str = "") -> Iterator[Crowd]:
    """Boards that are connected to the sandbox that told this; they end with the block."""
    plan = {
        "udp": udp,
        "tcp": tcp,
        "claim_code": claim_code,
        "host": "127.0.0.1",
        "tcp_port": server["particle_tcp"]["port"],
        "udp_port": server["particle_udp"]["port"],
        "keys": server["particle_server_key"],
    }
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks._particle_crowd", json.dumps(plan)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Crowd(process)
        finally:
            process.kill()


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


async def run(plan: dict[str, Any], server_keys: dict[str, bytes]) -> None:
    """The process. `server_keys` by algorithm, DER."""
    from rookery.clock import SystemClock
    from rookery.simulate.particle import line_of, make_key, make_room
    from rookery.simulate.particle_board import ParticleBoard, PublishFailed
    from rookery.simulate.particle_channel import ParticleIdentity

    make_room(plan["udp"] + plan["tcp"])
    clock = SystemClock()
    boards: list[ParticleBoard] = []
    kinds = [("udp", "ec", plan["udp_port"]), ("tcp", "rsa", plan["tcp_port"])]
    started = time.monotonic()
    for transport, algorithm, port in kinds:
        if not plan[transport]:
            continue
        key = make_key("udp" if transport == "udp" else "tcp")
        server_key = server_keys[algorithm]
        # Of this process alone: the same id with another key is an impostor to the server.
        prefix = f"5e00{'ed' if transport == 'udp' else 'ec'}{os.getpid() & 0xFFFFFF:06x}"
        for number in range(plan[transport]):
            board = ParticleBoard(
                ParticleIdentity(f"{prefix}{number:012x}", key, server_key),
                clock,
                variables={"count": number},
                functions={"echo": len},
                claim_code=plan["claim_code"],
            )
            boards.append(board)
            board.start(line_of(board, plan["host"], port))
            # So many at once as a server that restarts sees, and no more than a socket's buffer holds.
            if number % 10 == 9:
                await asyncio.sleep(0.01)
    async with asyncio.timeout(CONNECT_SECONDS):
        for board in boards:
            await board.connected()
    say(
        online=sum(board.online for board in boards),
        seconds=time.monotonic() - started,
        ids=[board.device_id for board in boards],
    )

    async def publish(rate: float, seconds: float) -> None:
        sent = refused = 0
        acknowledged: list[asyncio.Future[None]] = []
        begin = time.monotonic()
        while (now := time.monotonic()) - begin < seconds:
            due = int((now - begin) * rate)
            while sent < due:
                board = boards[sent % len(boards)]
                done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                try:
                    # The same clock on the other side: it is one machine.
                    board.emit("bench/tick", f"{time.monotonic():.6f}", confirmable=True, done=done)
                    acknowledged.append(done)
                except PublishFailed:
                    refused += 1
                sent += 1
            await asyncio.sleep(0.001)
        await asyncio.wait(acknowledged, timeout=30)
        lost = sum(not each.done() or each.exception() is not None for each in acknowledged)
        say(sent=sent - refused, refused=refused, unacknowledged=lost, seconds=time.monotonic() - begin)

    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().split():
        if line[0] == "publish":
            await publish(float(line[1]), float(line[2]))
        elif line[0] == "again":
            begin = time.monotonic()
            for number, board in enumerate(boards):
                board.reset(forget=True)
                if number % 10 == 9:
                    await asyncio.sleep(0.01)
            async with asyncio.timeout(CONNECT_SECONDS):
                for board in boards:
                    await board.connected()
            say(seconds=time.monotonic() - begin)
        elif line[0] == "state":
            say(
                online=sum(board.online for board in boards),
                handshakes=sum(board.handshakes for board in boards),
                losses=sum(board.losses for board in boards),
                misread=sum(board.misread for board in boards),
            )


if __name__ == "__main__":
    import uvloop

    wanted = json.loads(sys.argv[1])
    uvloop.run(run(wanted, {name: Path(path).read_bytes() for name, path in wanted["keys"].items() if path}))
