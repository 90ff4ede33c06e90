"""What the machine does to a program that wants little: 5 ms of a processor and one flush of a page, now and then.

A benchmark that tells its longest delay runs this beside itself. Where the control waits as long as what is measured,
it is the machine that is busy with something else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

WORK = 0.005
PAUSE = 0.1


class Control:
    """Begins with `with`; `longest` is there afterwards."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "control"
        self.longest = 0.0
        """Milliseconds."""

    def __enter__(self) -> Control:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self._path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *error: object) -> None:
        told, _ = self._process.communicate("")
        self._path.unlink(missing_ok=True)
        self.longest = float(told) * 1000


def main(path: str) -> None:
    """Work until standard input ends, then print the longest turn in seconds."""
    import select

    longest = 0.0
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        begin, used = time.perf_counter(), time.process_time()
        while time.process_time() - used < WORK:
            pass
        os.pwrite(file, os.urandom(4_096), 0)
        os.fdatasync(file)
        longest = max(longest, time.perf_counter() - begin)
    print(longest)


if __name__ == "__main__":
    main(sys.argv[1])
