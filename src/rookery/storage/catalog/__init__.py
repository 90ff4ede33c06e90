"""The catalog on SQLAlchemy Core: SQLite today, in one file with one writer.

Importing this package is cheap. SQLAlchemy (0.11 s and 17 MB; four times as long where bytecode is not kept) is loaded
by `open_catalog`, in a thread, so that a server can do something else meanwhile. Alembic, which takes as long again, is
loaded only when an older folder has to be upgraded.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rookery.storage.catalog.sql import SqlCatalog


async def open_catalog(path: Path, *, synchronous: str = "FULL") -> SqlCatalog:
    """Open the catalog in this file, creating or upgrading it as needed.

    `synchronous` is SQLite's pragma: FULL flushes at each commit, NORMAL may lose the last commits in a power cut but
    spares an SD card.

    Raises:
        FolderTooNew: a newer version has written the file; it has not been touched.
        FolderDamaged: the file is not a catalog.
        FolderReadOnly: the file can not be written.
    """
    return await asyncio.to_thread(_open, path, synchronous)


def _open(path: Path, synchronous: str) -> SqlCatalog:
    from rookery.storage.catalog.sql import SqlCatalog

    return SqlCatalog(path, synchronous)
