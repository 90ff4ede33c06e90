"""Programs that use a vendor's client, each in a process of its own, so that nothing they do can hold up a test.

Test and program talk in lines of JSON. The test gives orders on the program's standard input, each with a number under
`order`; the program answers each on its standard output with that number under `answer`, and tells besides what happens
to it, with a word under `event`. It ends when its standard input ends. Lines that are no JSON objects are what the
client itself prints.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.clients.waiting import PATIENCE

Message = dict[str, Any]


def same(seen: Any, wanted: Any) -> bool:
    """Whether two JSON values are equal; for Python alone, false is equal to 0."""
    if isinstance(wanted, dict):
        return isinstance(seen, dict) and seen.keys() == wanted.keys() and all(same(seen[k], wanted[k]) for k in wanted)
    return bool(seen == wanted) and isinstance(seen, bool) is isinstance(wanted, bool)


class Refused(Exception):
    """The program answered that the client raised an error; `details` is its answer."""

    def __init__(self, details: Message) -> None:
        super().__init__(str(details.get("error")))
        self.details = details


class Program:
    """One running program."""

    def __init__(
        self, command: Sequence[str], *, log: Path, cwd: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        self._log = log
        self._lines: deque[str] = deque(maxlen=200)
        self._messages: list[Message] = []
        self._changed = threading.Condition()
        self._over = False
        self._orders = 0
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=cwd,
                env=None if environ is None else dict(environ),
                text=True,
                encoding="utf-8",
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def order(self, word: str, **details: Any) -> Any:
        """Give an order and return the result that the program answers.

        Raises:
            Refused: the client raised an error.
        """
        self._orders += 1
        number = self._orders
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"order": number, "do": word, **details}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise AssertionError(f"the program has ended; {self._heard_so_far()}") from None
        answer = self._wait(lambda message: message.get("answer") == number, PATIENCE, f"the answer to {word!r}")
        if "error" in answer:
            raise Refused(answer)
        return answer.get("result")

    def wait(self, event: str, *, within: float = PATIENCE, **details: Any) -> Message:
        """The first event of that word, not yet taken, that has all of `details`. Waits for it; takes it."""
        wanted = {"event": event, **details}

        def fits(message: Message) -> bool:
            return all(key in message and same(message[key], value) for key, value in wanted.items())

        return self._wait(fits, within, str(wanted))

    def taken(self, event: str) -> list[Message]:
        """All events of that word that have come and were not taken; takes them."""
        with self._changed:
            found = [message for message in self._messages if message.get("event") == event]
            self._messages = [message for message in self._messages if message.get("event") != event]
        return found

    def close(self) -> None:
        """End the program."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line) if line.startswith("{") else None
            with self._changed:
                self._lines.append(line)
                if message is not None:
                    self._messages.append(message)
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _wait(self, fits: Callable[[Message], bool], within: float, what: str) -> Message:
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                for index, message in enumerate(self._messages):
                    if fits(message):
                        return self._messages.pop(index)
                left = deadline - time.monotonic()
                assert not self._over, f"the program has ended without {what}; {self._heard_so_far()}"
                assert left > 0, f"waited {within} s for {what}; {self._heard_so_far()}"
                self._changed.wait(left)

    def _heard_so_far(self) -> str:
        errors = self._log.read_text(encoding="utf-8", errors="replace")[-4000:]
        return f"it said:\n{''.join(self._lines)}\nand to standard error:\n{errors}"
