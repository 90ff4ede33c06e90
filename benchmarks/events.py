"""An event from a board to ten streams: how late, and none lost. Each is on disk before the board is acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import urllib.parse
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks._particle_crowd import crowd
from benchmarks._sandbox import sandbox
from benchmarks.calls import claim_code, percentile

BOARDS = {"udp": 400, "tcp": 100}
RATE = 2_000
SECONDS = 15
STREAMS = 10
P99_GOAL = 25.0


async def listen(url: str, token: str, late: list[float], ready: asyncio.Event) -> None:
    """One stream; how many milliseconds after its publication each event was read."""
    place = urllib.parse.urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=1 << 22)
    head = f"GET /v1/devices/events/bench HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    await reader.readuntil(b":ok\n\n")
    ready.set()
    rest = b""
    with contextlib.suppress(asyncio.CancelledError):
        while data := await reader.read(1 << 16):
            now = time.monotonic()
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            late.extend(
                (now - float(json.loads(line[6:])["data"])) * 1_000 for line in lines if line.startswith(b"data: ")
            )
    writer.close()


async def streams(url: str, token: str, order: Any) -> list[list[float]]:
    """Listen while `order` publishes."""
    late: list[list[float]] = [[] for _ in range(STREAMS)]
    listeners = []
    for mine in late:
        ready = asyncio.Event()
        listeners.append(asyncio.create_task(listen(url, token, mine, ready)))
        await asyncio.wait_for(ready.wait(), 15)
    told = await asyncio.to_thread(order)
    # What was acknowledged last may still be on its way to the streams.
    for _ in range(100):
        await asyncio.sleep(0.05)
        if all(len(mine) >= told["sent"] for mine in late):
            break
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners)
    return late


def p99() -> dict[str, Any]:
    """The slowest hundredth of all deliveries."""
    with sandbox() as server:
        told = server.description
        token = told["particle"]["access_token"]
        with crowd(told, **BOARDS, claim_code=claim_code(told["http"], token)) as boards:
            process = psutil.Process(server.pid)
            before, said = process.cpu_times(), {}

            def order() -> dict[str, Any]:
                said.update(boards.ask(f"publish {RATE} {SECONDS}"))
                return said

            late = asyncio.run(streams(told["http"], token, order))
            after = process.cpu_times()
    times = sorted(each for mine in late for each in mine)
    lost = sum(said["sent"] - len(mine) for mine in late)
    value = percentile(times, 0.99)
    spent = after.user + after.system - before.user - before.system
    return {
        "value": round(value, 2),
        "unit": "ms",
        "goal": P99_GOAL,
        "holds": value <= P99_GOAL and lost == 0 and said["unacknowledged"] == 0,
        "peers": {},
        "details": {
            "events": said["sent"],
            "events_per_second": round(said["sent"] / SECONDS),
            "deliveries": len(times),
            "lost": lost,
            "unacknowledged": said["unacknowledged"],
            "p50_ms": round(percentile(times, 0.5), 2),
            "max_ms": round(times[-1], 1),
            "server_cpu_us_per_event": round(spent * 1e6 / said["sent"], 1),
        },
    }


BENCHES = {"events.streams_p99": p99}
