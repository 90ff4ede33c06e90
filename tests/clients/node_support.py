"""Node.js for the tests of the vendors' JavaScript clients: the environment, or a loud skip (a failure under CI)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "node"
OLDEST = 18
"""What Debian 12 has; the clients themselves are content with 16."""


@dataclass(frozen=True, slots=True)
class NodeEnvironment:
    """A Node.js with the clients of `tests/clients/node/package.json` installed."""

    node: str
    folder: Path
    """Run scripts from here (`cwd`): modules are found beside a script, so scripts live in this folder."""

    def environ(self, authority: Path | None = None, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Environment variables for a script that has to believe the authority in the file `authority` (PEM)."""
        environ = {**os.environ, "NODE_NO_WARNINGS": "1", **(more or {})}
        if authority is not None:
            environ["NODE_EXTRA_CA_CERTS"] = str(authority)
        return environ


def require_node() -> NodeEnvironment:
    """The environment. Without one the calling test is skipped; with CI set it fails, so that CI cannot lose it."""
    node = shutil.which("node")
    if node is None:
        _missing("Node.js is not installed")
    elif (version := _major(node)) < OLDEST:
        _missing(f"Node.js {version} is older than {OLDEST}")
    elif not (FOLDER / "node_modules" / ".rookery").exists():
        _missing("the JavaScript clients are not installed; scripts/test installs them")
    else:
        return NodeEnvironment(node, FOLDER)
    raise AssertionError("unreachable: a missing Node.js ends the test")


def _major(node: str) -> int:
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    return int(shown.strip().lstrip("v").partition(".")[0])


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must run the tests of the JavaScript clients.", pytrace=False)
    pytest.skip(f"{reason}: the JavaScript clients are NOT tested.")
