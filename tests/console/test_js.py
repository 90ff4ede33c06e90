"""The parts of the console that are pure, in the language they are written in: each file of js/ is one run of Node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parent / "js").glob("*.test.js"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_pure_parts_of_the_console(file: Path) -> None:
    node = shutil.which("node")
    assert node, "The console's own tests need Node."
    ran = subprocess.run([node, "--test", str(file)], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
