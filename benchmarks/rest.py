"""What the Application API costs beside an application that does nothing else.

The yardstick is the smallest ASGI application there is: it encodes the same structures with msgspec and sends them, on
the same HTTP server with the same loop and parser. Ours authenticates, checks rights and reads the thing, its
definitions and its last values; it stands behind the router and the HTTP gateway, over its databases on disk.

Both are programs of their own; `wrk` asks them in turn, several rounds, and the medians are compared: the requests a
second, and the requests for a second of CPU by the kernel's account of the process. The second number does not depend
on the load generator or on what else the machine does; the smaller of the two shares is what counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

PROPERTIES = 20
CONNECTIONS = 32
SECONDS = 3
ROUNDS = 3
GOAL = 0.35
"""Of what the bare application does."""
TYPES = ("TEMPERATURE", "STATUS", "INT", "CHARSTRING", "HOME_COLORED_LIGHT")
VALUES: dict[str, Any] = {
    "TEMPERATURE": 21.5,
    "STATUS": True,
    "INT": 42,
    "CHARSTRING": "a text of some length",
    "HOME_COLORED_LIGHT": {"swi": True, "hue": 12.0, "sat": 50.0, "bri": 75.0},
}


# The programs that are measured


async def serve(folder: Path) -> None:
    """The server, with a thing of 20 properties that all have values. Prints its URL, the path and a token."""
    from rookery import logs
    from rookery.arduino.api.app import build_api
    from rookery.arduino.tokens import Tokens
    from rookery.arduino.types import property_type
    from rookery.core.records import UpdatePolicy
    from rookery.core.variables import VariableSpec
    from rookery.gateways.http import HttpGateway
    from rookery.keys import sign_request
    from rookery.opened import Core, exports_of
    from rookery.settings import Settings
    from rookery.web import Router

    # Standard output is for the one line below.
    logs.set_up("text", "warning")
    core = await Core.open(Settings(data_dir=folder))
    services = core.services
    tokens = Tokens(services, core.keys, "http://127.0.0.1")
    api: Any = build_api(services, tokens, partial(sign_request, core.keys.authority), exports_of(core))
    gateway = HttpGateway()
    port = await gateway.bind("127.0.0.1", 0)
    await gateway.start(Router({"iot": api}, {}, api))
    person = await services.people.create("bench@rookery.local")
    who = await services.people.principal(person.id)
    key, secret = await services.clients.create(person.id, "bench")
    specs = [
        VariableSpec(
            name=f"property_{number}",
            type=type,
            kind=property_type(type).kind,
            writable=True,
            policy=UpdatePolicy.ON_CHANGE,
        )
        for number, type in zip(range(PROPERTIES), TYPES * PROPERTIES, strict=False)
    ]
    thing = await services.things.create(who, name="Greenhouse", variables=specs)
    live = await services.things.live(who, thing.id)
    await services.values.report(live, [(v, VALUES[v.record.type]) for v in live.by_id.values()])
    token = (await tokens.grant(key.id, secret, "bench", None)).token
    print(
        json.dumps({"url": f"http://127.0.0.1:{port}/iot/v2/things/{thing.id}/properties", "token": token}), flush=True
    )
    await asyncio.Event().wait()


def bare(answer: Path) -> None:
    """The yardstick. Prints its URL."""
    import socket

    import msgspec
    import uvicorn

    from rookery.arduino.api.views_thing import PropertyView

    raw = answer.read_bytes()
    properties = msgspec.json.decode(raw, type=list[PropertyView])
    encode = msgspec.json.Encoder().encode
    if encode(properties) != raw:
        raise SystemExit("The yardstick does not send the same bytes.")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = encode(properties)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}/", "token": "none"}), flush=True)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_config=None, server_header=False
    )
    uvicorn.Server(config).run([listener])


# Measuring


class Program:
    """One of the programs, while it runs."""

    def __init__(self, what: str, argument: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-m", "benchmarks.rest", what, str(argument)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the program {what!r} did not start")
        said = json.loads(line)
        self.url: str = said["url"]
        self.header = f"Authorization: Bearer {said['token']}"

    def answer(self) -> bytes:
        """One answer."""
        name, _, value = self.header.partition(": ")
        request = urllib.request.Request(self.url, headers={name: value})
        with urllib.request.urlopen(request, timeout=10) as response:
            found: bytes = response.read()
        return found

    def cpu(self) -> float:
        """Seconds of CPU that it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def load(self) -> tuple[float, float]:
        """Requests a second under load, and CPU microseconds a request."""
        before = self.cpu()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", self.header, self.url]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in out:
            raise RuntimeError(f"not every answer was a good one:\n{out}")
        rate, count = (re.search(pattern, out) for pattern in (r"Requests/sec:\s+([\d.]+)", r"(\d+) requests in"))
        assert rate is not None
        assert count is not None
        return float(rate[1]), (self.cpu() - before) / int(count[1]) * 1e6

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextlib.contextmanager
def running(what: str, argument: Path) -> Iterator[Program]:
    """A program for as long as the block lasts."""
    program = Program(what, argument)
    try:
        yield program
    finally:
        program.stop()


def properties() -> dict[str, Any]:
    """`GET /iot/v2/things/{id}/properties` with 20 properties, as a share of what the bare application does."""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is needed (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as place, running("serve", Path(place, "data")) as ours:
        answer = ours.answer()
        Path(place, "answer.json").write_bytes(answer)
        with running("bare", Path(place, "answer.json")) as yardstick:
            if yardstick.answer() != answer:
                raise RuntimeError("the answers differ")
            rounds = [(ours.load(), yardstick.load()) for _ in range(ROUNDS)]
    (our_rate, our_cpu), (bare_rate, bare_cpu) = (
        tuple(statistics.median(numbers) for numbers in zip(*side, strict=True)) for side in zip(*rounds, strict=True)
    )
    by_rate, by_cpu = our_rate / bare_rate, bare_cpu / our_cpu
    ratio = min(by_rate, by_cpu)
    return {
        "value": round(ratio, 3),
        "unit": "of a bare uvicorn + msgspec application",
        "goal": GOAL,
        "holds": ratio >= GOAL,
        "peers": {"bare": 1.0},
        "details": {
            "share_by_rate": round(by_rate, 3),
            "share_by_cpu": round(by_cpu, 3),
            "requests_per_second": round(our_rate),
            "bare_requests_per_second": round(bare_rate),
            "cpu_us": round(our_cpu, 1),
            "bare_cpu_us": round(bare_cpu, 1),
            "bytes": len(answer),
            "connections": CONNECTIONS,
            "rounds": ROUNDS,
        },
    }


BENCHES: dict[str, Callable[[], dict[str, Any]]] = {"rest.properties": properties}


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        import uvloop

        uvloop.run(serve(Path(sys.argv[2])))
    else:
        bare(Path(sys.argv[2]))
