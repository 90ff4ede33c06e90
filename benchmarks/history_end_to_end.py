"""From the socket to the disk and back: messages of three values, acknowledged after the commit, while the store
merges.

The yardstick loads the whole server, and a board of its own beside it sends one message after the other and measures
how long each acknowledgement takes, for the yardstick tells no latest one.
"""

from __future__ import annotations

import os
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks._history_control import Control
from benchmarks._sandbox import Board, clients_file, load_generator, sandbox
from benchmarks.ingest import CLIENTS, VARIABLES, drive, payload, stored

MESSAGES = 1_000_000
"""Three million points: half a dozen rounds of merging."""
PAUSE = 0.005


class Probe(threading.Thread):
    """One board that sends a message, waits for its acknowledgement, and sends the next."""

    def __init__(self, port: int, board: Board) -> None:
        super().__init__(daemon=True)
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = b"\x00\x04MQTT\x04\xc2\x04\xb0" + b"".join(
            struct.pack(">H", len(text)) + text.encode() for text in (board.id, board.id, board.secret)
        )
        self._send(0x10, body)
        if self._receive(4) != b"\x20\x02\x00\x00":
            raise RuntimeError("the board was refused")
        topic = f"/a/t/{board.thing}/e/o".encode()
        self._head = struct.pack(">H", len(topic)) + topic
        self._end = threading.Event()
        self.delays: list[float] = []

    def _send(self, first: int, body: bytes) -> None:
        size = len(body)
        length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
        self._socket.sendall(bytes([first]) + length + body)

    def _receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise RuntimeError("the server closed the connection")
            data += more
        return data

    def run(self) -> None:
        """Until `stop`."""
        number = 0
        while not self._end.wait(PAUSE):
            number = number % 65_535 + 1
            begin = time.perf_counter()
            self._send(0x32, self._head + struct.pack(">H", number) + payload(number))
            if self._receive(4) != b"\x40\x02" + struct.pack(">H", number):
                raise RuntimeError("something else came than the acknowledgement")
            self.delays.append(time.perf_counter() - begin)

    def stop(self) -> list[float]:
        """Milliseconds of all acknowledgements, ascending."""
        self._end.set()
        self.join(60)
        self._socket.close()
        return sorted(delay * 1000 for delay in self.delays)


@cache
def load() -> dict[str, Any]:
    """One run."""
    with load_generator() as program, tempfile.TemporaryDirectory() as scratch, sandbox() as server:
        boards = [server.board(f"board{n}", VARIABLES) for n in range(CLIENTS)]
        port = server.description["mqtt"]["port"]
        rows = [(b.id, b.id, b.secret, f"/a/t/{b.thing}/e/o", payload(n)) for n, b in enumerate(boards)]
        probe = Probe(port, server.board("probe", VARIABLES))
        probe.start()
        with Control(Path(scratch)) as control:
            found = drive(program, port, clients_file(Path(scratch), rows), MESSAGES, server.pid)
        delays = probe.stop()
        found["stored"] = stored(server, boards[0].thing or "")
    found["every_acknowledged_value_is_stored"] = (
        found["stored"] * CLIENTS == found["acknowledged"] == found["messages"]
    )
    return {
        "rate": found["per_second"],
        "worst": delays[-1],
        "whole": found["every_acknowledged_value_is_stored"],
        "details": {
            **found,
            "probes": len(delays),
            "ack_ms_median": round(delays[len(delays) // 2], 1),
            "ack_ms_99": round(delays[len(delays) * 99 // 100], 1),
            "control_ms": round(control.longest, 1),
            "others_at_work": round(os.getloadavg()[0], 1),
        },
    }


def rate() -> dict[str, Any]:
    """Messages a second."""
    found = load()
    return {
        "value": found["rate"],
        "unit": "messages/s of 3 values, acknowledged after the commit",
        "goal": 50_000,
        "holds": found["rate"] >= 50_000 and found["whole"],
        "peers": {},
        "details": found["details"],
    }


def worst() -> dict[str, Any]:
    """The latest acknowledgement."""
    found = load()
    return {
        "value": round(found["worst"], 1),
        "unit": "ms until the latest acknowledgement of a board beside the load, while merging",
        "goal": 250,
        "holds": found["worst"] <= 250,
        "peers": {},
        "details": found["details"],
    }


BENCHES: dict[str, Callable[[], dict[str, Any]]] = {
    "history.end_to_end": rate,
    "history.end_to_end_worst": worst,
}
