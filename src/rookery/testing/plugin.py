"""The pytest plugin. In your `conftest.py`: `pytest_plugins = ["rookery.testing.plugin"]`.

`rookery` is one sandbox for all tests of a run. A test that needs one of its own, with a clock that it can turn, asks
for `rookery_factory`:

    def test_night(rookery_factory):
        cloud = rookery_factory(clock="manual")
        cloud.turn_clock(8 * 3600)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, Protocol

import pytest

from rookery.testing.sandbox import Sandbox, running_sandbox


class SandboxFactory(Protocol):
    """Starts sandboxes that end with the test."""

    def __call__(self, data_dir: Path | None = None, clock: Literal["real", "manual"] = "real") -> Sandbox:
        """See `rookery.testing.running_sandbox`."""


@pytest.fixture(scope="session")
def rookery() -> Iterator[Sandbox]:
    """A sandbox that all tests of this run share."""
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def rookery_factory() -> Iterator[SandboxFactory]:
    """Makes sandboxes for one test."""
    with ExitStack() as stack:

        def start(data_dir: Path | None = None, clock: Literal["real", "manual"] = "real") -> Sandbox:
            return stack.enter_context(running_sandbox(data_dir, clock))

        yield start
