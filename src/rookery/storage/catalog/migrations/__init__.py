"""Alembic's environment for the catalog; `rookery.storage.catalog.migrate` runs it."""
