"""Damage to the file itself, which SQLite finds on its way to a row: what it is, and how an answer does without."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)

REPAIR = "stop the server and run `rookery data repair`"
"""What to do where SQLite says that the pages of the file are damaged."""
DAMAGED = f"the telemetry file is damaged: {REPAIR}"


def is_damage(error: BaseException) -> bool:
    """Whether the file is not what was written into it: that stays so, however often it is tried."""
    return isinstance(error, sqlite3.IntegrityError) or (
        isinstance(error, sqlite3.DatabaseError) and "malformed" in str(error)
    )


@contextmanager
def left_out() -> Iterator[None]:
    """What is behind a damaged page is left out of an answer, which is logged."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        log.error("what is on a damaged page is left out of an answer: %s", DAMAGED)


def rows_of(connection: sqlite3.Connection, query: str, parameters: Any) -> Generator[Any, None, None]:
    """What a statement finds, as far as it can be read."""
    with left_out():
        # Not `yield from`, which would close the cursor for whoever stops early.
        for row in connection.execute(query, parameters):  # noqa: UP028
            yield row


def row_of(connection: sqlite3.Connection, query: str, parameters: Any) -> Any:
    """The first row that a statement finds; None when there is none, or it can not be read."""
    return next(rows_of(connection, query, parameters), None)
