"""Sessions of real firmware, as text: what was on the wire, and the messages in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Step(NamedTuple):
    """`kind` is `connection` (data is the port), `in` or `out` (bytes on the wire), `heard` or `said` (a message)."""

    at: float
    kind: str
    data: bytes
    port: int


@dataclass
class Capture:
    """One file. `given` has what the server had and drew, by name, in order."""

    given: dict[str, list[bytes]] = field(default_factory=dict)
    started: float = 0.0
    steps: list[Step] = field(default_factory=list)

    def all(self, kind: str) -> list[bytes]:
        """What there is of one kind."""
        return [step.data for step in self.steps if step.kind == kind]

    def connections(self) -> list[list[Step]]:
        """The steps of each socket of the board."""
        found: list[list[Step]] = []
        for step in self.steps:
            if step.kind == "connection":
                found.append([])
            else:
                found[-1].append(step)
        return found


def load(name: str) -> Capture:
    """Read `udp.txt` or `tcp.txt` of this folder."""
    capture = Capture()
    port = 0
    for line in (HERE / f"{name}.txt").read_text().splitlines():
        words = line.split()
        if line.startswith("#"):
            continue
        if words[0] == "started":
            capture.started = float(words[1])
        elif words[0] == "connection":
            port = int(words[1])
            capture.steps.append(Step(0.0, "connection", b"", port))
        elif words[1] in ("in", "out", "heard", "said"):
            capture.steps.append(Step(float(words[0]), words[1], bytes.fromhex(words[2]), port))
        else:
            capture.given.setdefault(words[0], []).append(bytes.fromhex(words[1]))
    return capture
