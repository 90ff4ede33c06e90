"""The Application API over memory, for the set-up of simulated boards."""

from __future__ import annotations

from tests.arduino.api.conftest import world as rest

__all__ = ["rest"]
