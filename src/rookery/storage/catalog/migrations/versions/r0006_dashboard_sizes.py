"""How large dashboards are, so that all of a space can be bounded without reading them.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From the tables of the retention."""
    op.add_column("dashboard", sa.Column("size", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE dashboard SET size = length(pages) + length(widgets)")
