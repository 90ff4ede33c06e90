"""Commands as a shell runs them, in the test's own process."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any, NamedTuple
from unittest.mock import patch

from rookery.cli.main import main


class Done(NamedTuple):
    """What a command left."""

    code: int
    out: str
    errors: str

    @property
    def json(self) -> Any:
        """What it printed for programs."""
        assert self.code == 0, self.errors
        return json.loads(self.out)


def rookery(*arguments: str, stdin: str = "") -> Done:
    """Run a command to its end. Must not be called inside an event loop: commands have their own."""
    out, errors, code = io.StringIO(), io.StringIO(), 0
    with (
        patch.object(sys, "argv", ["rookery", *arguments]),
        patch.object(sys, "stdin", io.StringIO(stdin)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Done(code, out.getvalue(), errors.getvalue())
