"""Stores on a fresh file, closed at the end of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from rookery.storage.telemetry import TelemetryStore
from tests.fakes import ManualClock

OpenStore = Callable[..., Coroutine[Any, Any, TelemetryStore]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture
async def open_store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[OpenStore]:
    """Opens `telemetry.db` in the folder of the test, with any arguments of the store."""
    stores: list[TelemetryStore] = []

    async def opener(**arguments: Any) -> TelemetryStore:
        store = TelemetryStore(tmp_path / "telemetry.db", clock, **arguments)
        await store.open()
        stores.append(store)
        return store

    yield opener
    for store in stores:
        await asyncio.wait_for(store.close(), 30)


@pytest_asyncio.fixture
async def store(open_store: OpenStore) -> TelemetryStore:
    return await open_store()
