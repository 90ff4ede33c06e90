"""Runs migrations on the connection that it is given, inside the transaction that is open there."""

from __future__ import annotations

from alembic import context

from rookery.storage.catalog.schema import metadata

# Batch mode: SQLite can not change a column in place, so the table is copied.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
