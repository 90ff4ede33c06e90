"""The implementations of the catalog that the contract is tried on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rookery.storage.catalog import open_catalog
from rookery.storage.catalog.sql import SqlCatalog


@pytest_asyncio.fixture(params=["sqlite"])
async def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlCatalog]:
    opened = await open_catalog(tmp_path / "catalog.db")
    yield opened
    await opened.close()
