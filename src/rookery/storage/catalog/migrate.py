"""Bringing a catalog to the revision that this version knows, before anybody reads it.

A fresh file gets today's tables at once. An older one is upgraded by Alembic, all steps in one transaction, so that a
crash leaves it as it was. A newer one is refused untouched. The revision is kept where Alembic keeps it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DatabaseError

from rookery.storage.catalog.failures import unusable
from rookery.storage.catalog.schema import REVISION, counter, metadata
from rookery.storage.folder import FolderDamaged, FolderTooNew

MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(connection: Connection, path: Path) -> None:
    """Create or upgrade the tables. `connection` is in autocommit mode.

    Raises:
        FolderTooNew: a newer version has written the file.
        FolderDamaged: the file is not a catalog.
    """
    try:
        found = _revision(connection, path)
    except DatabaseError as error:
        raise unusable(error, path) from error
    if found == REVISION:
        return
    if found is not None and found > REVISION:
        raise FolderTooNew(
            f"{path} was written by a newer version of Rookery (revision {found}; this one knows {REVISION}). "
            "Install that version, or choose another folder."
        )
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        if found is None:
            _create(connection)
        else:
            _upgrade(connection)
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _revision(connection: Connection, path: Path) -> str | None:
    """The revision of the file, or None when it is empty."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise FolderDamaged(f"{path} holds tables that are not a Rookery catalog.")
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if not isinstance(revision, str):
        raise FolderDamaged(f"{path} does not say of which revision it is.")
    return revision


def _create(connection: Connection) -> None:
    metadata.create_all(connection, checkfirst=False)
    connection.execute(counter.insert(), {"name": "series", "value": 0})
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (REVISION,))


def _upgrade(connection: Connection, to: str = REVISION) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, to)
