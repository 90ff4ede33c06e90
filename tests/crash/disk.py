"""A disk that is watched, one that fails, and what a power cut leaves of it.

`shim.c` stands between a program and its files. It writes down every change in order; from that, the folder can be made
as it would be had the power gone at any moment: with everything that was written, with nothing but what had been
flushed, with some of the rest, or with half of the last page.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).with_name("shim.c")
ROOT = Path(__file__).parents[2]
SECTOR = 512
_HEAD = struct.Struct("<BHQQ")


class Kind(IntEnum):
    """What was done to a file."""

    WRITE = 1
    SYNC = 2
    TRUNCATE = 3
    UNLINK = 4
    RENAME = 5


class Change(NamedTuple):
    """One change. `offset` is the new size of a TRUNCATE; `data` of a RENAME is the old name."""

    kind: Kind
    name: str
    offset: int
    data: bytes


def compiled(folder: Path) -> Path:
    """The shim as a library. Without a compiler the calling test is skipped; with CI set it fails."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        if os.environ.get("CI"):
            pytest.fail("There is no C compiler, and CI must run the tests of failing disks.", pytrace=False)
        pytest.skip("There is no C compiler: failing disks are NOT tested.")
    library = folder / "shim.so"
    command = [
        compiler,
        "-shared",
        "-fPIC",
        "-O1",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-o",
        library,
        SOURCE,
        "-ldl",
        "-lpthread",
    ]
    subprocess.run(command, check=True)
    return library


def environment(library: Path) -> dict[str, str]:
    """Of a program of ours that has the disk under it."""
    return {
        **os.environ,
        "LD_PRELOAD": str(library),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class Runner:
    """A module of ours that lives a history for every line (scenario.py)."""

    def __init__(self, library: Path, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment(library),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path, **shim: str) -> int:
        """One history in a folder; its status, 0 or 3. `shim` are the variables of the shim."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        variables = {f"SHIM_{name.upper()}": value for name, value in shim.items()}
        self._process.stdin.write(json.dumps({"folder": str(folder), "shim": variables}) + "\n")
        self._process.stdin.flush()
        status = self._process.stdout.readline().strip()
        assert status in ("0", "3"), f"it ended with {status!r}: what it printed says why"
        return int(status)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)


def read(trace: Path) -> list[Change]:
    """Everything that was done."""
    found, rest = [], trace.read_bytes()
    at = 0
    while at < len(rest):
        kind, length, offset, size = _HEAD.unpack_from(rest, at)
        at += _HEAD.size
        name = rest[at : at + length].decode()
        at += length
        data = b""
        if kind in (Kind.WRITE, Kind.RENAME):
            data = rest[at : at + size]
            at += size
        found.append(Change(Kind(kind), name, offset, data))
    return found


class Disk:
    """Files in memory, to which changes are made."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}

    def make(self, change: Change) -> None:
        """Do it."""
        kind, name, offset, data = change
        if kind is Kind.WRITE:
            content = self.files.setdefault(name, bytearray())
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
        elif kind is Kind.TRUNCATE:
            content = self.files.setdefault(name, bytearray())
            del content[offset:]
            content.extend(bytes(offset - len(content)))
        elif kind is Kind.UNLINK:
            self.files.pop(name, None)
        elif kind is Kind.RENAME:
            self.files[name] = self.files.pop(data.decode())

    def save(self, folder: Path) -> None:
        """As files."""
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


def power_cuts(changes: Sequence[Change], until: int, always: str, seed: int) -> Iterator[tuple[str, Disk]]:
    """What may be on the disk when the power goes before change `until`. Files called `always` lose nothing."""
    made = changes[:until]
    flushed_at = {change.name: place for place, change in enumerate(made) if change.kind is Kind.SYNC}
    safe = [
        change.kind is not Kind.WRITE or change.name == always or place < flushed_at.get(change.name, -1)
        for place, change in enumerate(made)
    ]
    source = random.Random(seed * 1_000_003 + until)
    for name in ("all of it", "what was flushed", "some of the rest", "a torn page"):
        disk = Disk()
        for place, change in enumerate(made):
            if safe[place] or name == "all of it" or (name == "some of the rest" and source.random() < 0.5):
                disk.make(change)
            elif name == "a torn page":
                half = len(change.data) // 2 // SECTOR * SECTOR
                disk.make(change if place < until - 1 else change._replace(data=change.data[:half]))
        yield name, disk
