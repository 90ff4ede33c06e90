"""`scripts/crash --cycles 1000`: kill the server so often, and print what that showed, one JSON object."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.driver import LOAD_SECONDS, Report, run

SHORT = 0.1, 1.0
"""Seconds of load before a kill, where there are many kills."""
MANY = 50
"""Cycles from which on boards say less in each: the comparison at the end is of everything."""


def main() -> int:
    """0: nothing was lost or altered."""
    parser = argparse.ArgumentParser(prog="scripts/crash", description=__doc__)
    parser.add_argument("--cycles", type=int, default=25)
    parser.add_argument("--seed", type=int, default=round(time.time()))
    parser.add_argument("--messages", type=int, help="most messages of a board in a cycle, of 30 values each")
    parser.add_argument("--data-dir", type=Path, help="kept afterwards; without it the folder is thrown away")
    given = parser.parse_args()
    messages = given.messages or (1_000 if given.cycles < MANY else 200)

    load = LOAD_SECONDS if given.cycles < MANY else SHORT

    def tell(report: Report) -> None:
        print(
            f"\r{report.cycles} of {given.cycles} cycles, {report.verdict.acknowledged} values", end="", file=sys.stderr
        )

    with tempfile.TemporaryDirectory() as scratch:
        folder = given.data_dir or Path(scratch) / "data"
        began = time.monotonic()
        report = asyncio.run(run(folder, given.cycles, given.seed, messages, load, tell))
    print(file=sys.stderr)
    print(json.dumps({"seed": given.seed, **report.as_json(), "seconds": round(time.monotonic() - began)}))
    verdict = report.verdict
    for name, found in (("lost", verdict.lost), ("altered", verdict.altered), ("doubled", verdict.doubled)):
        if found:
            print(f"{name}: {found}", file=sys.stderr)
    return 0 if verdict.clean and verdict.acknowledged else 1


if __name__ == "__main__":
    sys.exit(main())
