"""Scripts of `tests/clients/node` as programs."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from rookery.testing import Sandbox
from tests.clients.node_support import NodeEnvironment
from tests.clients.program import Program

HOST = "localhost"
"""Under which the scripts dial the server: a name, because clients put labels in front of it (`wss.localhost`)."""


def port_of(sandbox: Sandbox) -> int:
    """Where the server has HTTPS, and WebSockets for programs of people."""
    port = urlsplit(sandbox.https).port
    assert port is not None
    return port


def start_script(script: str, node: NodeEnvironment, sandbox: Sandbox, tmp_path: Path) -> Program:
    """Start a script that believes the server's authority and nobody it does not have to."""
    return Program(
        [node.node, "--require", "./localhost.cjs", script],
        cwd=node.folder,
        environ=node.environ(sandbox.ca),
        log=tmp_path / f"{script}.log",
    )
