"""How long history is kept, of a space and of a variable.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From the tables with requests for dashboards."""
    op.add_column("space", sa.Column("retention", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("variable", sa.Column("retention", sa.BigInteger()))
