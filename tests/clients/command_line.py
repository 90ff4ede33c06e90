"""The server's own command line, for what only its operator can do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rookery.testing.sandbox import Sandbox

SOURCE = Path(__file__).parents[2] / "src"


def order(sandbox: Sandbox, *words: str) -> Any:
    """Give the running server an order on the command line; what it answered."""
    command = [sys.executable, "-m", "rookery", *words, "--data-dir", str(sandbox.data_dir), "--json"]
    environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, capture_output=True, env=environ, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
