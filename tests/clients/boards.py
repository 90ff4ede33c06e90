"""Boards that run the vendor's Python device client, and what happens to their connections."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rookery.testing.sandbox import Listener, Sandbox
from tests.clients.account import Device, Thing
from tests.clients.program import Program
from tests.clients.waiting import eventually

PROGRAM = Path(__file__).with_name("board_program.py")

KINDS = {"lamp": "light", "place": "place"}
"""Which of `account.VARIABLES` are objects on the board."""


def variables(values: Mapping[str, Any], *, uninitialised: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Variables of a board that start with these values, and some that the cloud shall initialise."""
    started = [{"name": name, "kind": KINDS.get(name, "value"), "value": value} for name, value in values.items()]
    return [*started, *({"name": name, "kind": KINDS.get(name, "value")} for name in uninitialised)]


def verified(sandbox: Sandbox) -> dict[str, Any]:
    """`ssl_params` of a board that checks whom it talks to."""
    return {"cafile": str(sandbox.ca), "verify_mode": ssl.CERT_REQUIRED, "server_hostname": "localhost"}


def start_board(
    endpoint: Listener,
    device: Device,
    wanted: Sequence[dict[str, Any]],
    tmp_path: Path,
    *,
    sync: bool,
    tls: Mapping[str, Any],
    with_secret: bool = True,
) -> Program:
    """Start a board."""
    options: dict[str, Any] = {
        "device_id": device.id,
        "host": endpoint.host,
        "port": endpoint.port,
        "sync": sync,
        "tls": dict(tls),
        "variables": list(wanted),
    }
    if with_secret:
        options["secret"] = device.secret
    return Program([sys.executable, str(PROGRAM), json.dumps(options)], log=tmp_path / "board.log")


def begin(board: Program, thing: Thing, values: Mapping[str, Any]) -> None:
    """Wait until the board knows its thing, then set variables.

    What this client's writable variables were given before that is never sent: taking a message in clears their marks.
    """
    eventually(lambda: board.order("thing"), lambda seen: seen == thing.id)
    board.order("set", values=dict(values))


def take_over(sandbox: Sandbox, device: Device) -> None:
    """Log in as the device and leave again: the server ends the connection that the device had [MQTT-3.1.4-2]."""
    texts = (device.id, device.id, device.secret)
    body = b"\x00\x04MQTT\x04\xc2\x00\x1e" + b"".join(struct.pack("!H", len(text)) + text.encode() for text in texts)
    length = bytes([len(body) % 128 | 0x80, len(body) // 128]) if len(body) > 127 else bytes([len(body)])
    context = ssl.create_default_context(cafile=sandbox.ca)
    address = (sandbox.mqtts.host, sandbox.mqtts.port)
    with (
        socket.create_connection(address, timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"\x10" + length + body)
        assert connection.recv(4) == b"\x20\x02\x00\x00"
        connection.sendall(b"\xe0\x00")
