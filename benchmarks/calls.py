"""A function call from REST to a board and back, at a steady rate, over a thousand connected boards.

Server, boards and caller are three programs on one machine. The time is taken by the caller, from the first byte of the
request to the last of the answer, so it holds the board's own time and the waiting of both for a processor as well:
what is promised of the server alone holds if it holds here.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import urllib.parse
from functools import cache
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks._particle_crowd import crowd
from benchmarks._sandbox import sandbox

BOARDS = {"udp": 800, "tcp": 200}
RATE = 500
SECONDS = 20.0
WARM = 2.0
CONNECTIONS = 16
P50_GOAL = 2.0
P99_GOAL = 5.0


@cache
def measured() -> dict[str, Any]:
    """One run for all numbers below."""
    with sandbox() as server:
        told = server.description
        token = told["particle"]["access_token"]
        code = claim_code(told["http"], token)
        with crowd(told, **BOARDS, claim_code=code) as boards:
            process = psutil.Process(server.pid)
            asyncio.run(calls(told["http"], token, boards.ids, WARM))
            before = process.cpu_times()
            times, failures = asyncio.run(calls(told["http"], token, boards.ids, SECONDS))
            after = process.cpu_times()
            state = boards.ask("state")
    spent = after.user + after.system - before.user - before.system
    return {"times": sorted(times), "failures": failures, "cpu_ms": spent * 1_000 / len(times), "boards": state}


def claim_code(url: str, token: str) -> str:
    """A code that makes all boards the owner's."""
    import urllib.request

    request = urllib.request.Request(
        url + "/v1/device_claims", data=b"", headers={"Authorization": f"Bearer {token}"}, method="POST"
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        code: str = json.load(answer)["claim_code"]
        return code


async def calls(url: str, token: str, ids: list[str], seconds: float) -> tuple[list[float], int]:
    """Call at `RATE` for so long; milliseconds of each call, and how many failed."""
    place = urllib.parse.urlsplit(url)
    queue: asyncio.Queue[int] = asyncio.Queue()
    times: list[float] = []
    failures = 0

    async def caller() -> None:
        nonlocal failures
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        while (number := await queue.get()) >= 0:
            body = b"arg=0123456789"
            head = (
                f"POST /v1/devices/{ids[number % len(ids)]}/echo HTTP/1.1\r\nHost: {place.netloc}\r\n"
                f"Authorization: Bearer {token}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            ).encode()
            begin = time.perf_counter()
            writer.write(head + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            content = await reader.readexactly(length)
            times.append((time.perf_counter() - begin) * 1_000)
            failures += json.loads(content).get("return_value") != 10
        writer.close()

    callers = [asyncio.create_task(caller()) for _ in range(CONNECTIONS)]
    begin, sent = time.perf_counter(), 0
    while (now := time.perf_counter() - begin) < seconds:
        while sent < now * RATE:
            queue.put_nowait(sent)
            sent += 1
        await asyncio.sleep(0.001)
    for _ in callers:
        queue.put_nowait(-1)
    await asyncio.gather(*callers)
    return times, failures


def percentile(times: list[float], part: float) -> float:
    """Of a sorted list."""
    return times[min(len(times) - 1, int(len(times) * part))]


def result(value: float, goal: float) -> dict[str, Any]:
    run = measured()
    times = run["times"]
    details = {
        "calls": len(times),
        "failed": run["failures"],
        "calls_per_second": round(len(times) / SECONDS),
        "mean_ms": round(statistics.fmean(times), 3),
        "max_ms": round(times[-1], 1),
        "server_cpu_ms_per_call": round(run["cpu_ms"], 3),
        "boards": run["boards"],
    }
    holds = value <= goal and not run["failures"]
    return {"value": round(value, 3), "unit": "ms", "goal": goal, "holds": holds, "peers": {}, "details": details}


def p50() -> dict[str, Any]:
    """The middle."""
    return result(percentile(measured()["times"], 0.5), P50_GOAL)


def p99() -> dict[str, Any]:
    """The slowest hundredth."""
    return result(percentile(measured()["times"], 0.99), P99_GOAL)


BENCHES = {"calls.p50": p50, "calls.p99": p99}
