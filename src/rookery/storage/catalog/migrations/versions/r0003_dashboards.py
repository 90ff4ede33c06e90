"""Dashboards with whom they are shared, journals of boards and of people, and who runs the server.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From the tables of the fleets."""
    op.create_table(
        "dashboard",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cover_image", sa.Text()),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("widgets", sa.JSON(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("dashboard_by_space_id", "dashboard", ["space_id", "created_at", "id"])
    op.create_table(
        "dashboard_link",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("dashboard_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("dashboard_link_by_dashboard_id", "dashboard_link", ["dashboard_id", "created_at", "id"])
    op.create_table(
        "dashboard_share",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("dashboard_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("dashboard_share_by_dashboard_id", "dashboard_share", ["dashboard_id", "created_at", "id"])
    op.create_index("dashboard_share_by_person_id", "dashboard_share", ["person_id", "created_at", "id"])
    op.create_index("dashboard_share_one_person_id", "dashboard_share", ["dashboard_id", "person_id"], unique=True)
    op.add_column("person", sa.Column("operator", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("space", sa.Column("audit", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("device", sa.Column("journal", sa.BigInteger(), nullable=False, server_default="0"))
    # Whoever came first has run the server so far.
    op.execute("UPDATE person SET operator = TRUE WHERE id = (SELECT id FROM person ORDER BY created_at, id LIMIT 1)")
