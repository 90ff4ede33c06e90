"""Tokens, products with their customers, claim codes, integrations, and what boards say of themselves.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From the first tables."""
    op.create_table(
        "board_link",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("board_link_one_connection_id", "board_link", ["connection_id"], unique=True)
    op.create_table(
        "claim_code",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text()),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("claim_code_by_owner_id", "claim_code", ["owner_id", "created_at", "id"])
    op.create_table(
        "customer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("customer_by_product_id", "customer", ["product_id", "created_at", "id"])
    op.create_index("customer_one_email", "customer", ["product_id", sa.text("lower(email)")], unique=True)
    op.create_table(
        "group",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("group_by_product_id", "group", ["product_id", "created_at", "id"])
    op.create_table(
        "integration",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text()),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("integration_by_space_id", "integration", ["space_id", "created_at", "id"])
    op.create_table(
        "product",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("platform", sa.BigInteger(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("product_by_space_id", "product", ["space_id", "created_at", "id"])
    op.create_index("product_one_number", "product", ["number"], unique=True)
    op.create_index("product_one_slug", "product", ["slug"], unique=True)
    op.create_table(
        "program",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("space_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("program_by_space_id", "program", ["space_id", "created_at", "id"])
    op.create_index("program_one_username", "program", [sa.text("lower(username)")], unique=True)
    op.create_table(
        "token",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("bearer", sa.Text(), nullable=False),
        sa.Column("bearer_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("refresh_hash", sa.Text()),
        sa.Column("refresh_expires_at", sa.BigInteger()),
        sa.Column("scope", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("token_by_bearer_id", "token", ["bearer_id", "created_at", "id"])
    op.create_index("token_by_client_id", "token", ["client_id", "created_at", "id"])
    op.create_index("token_one_refresh_hash", "token", ["refresh_hash"], unique=True)
    op.add_column("person", sa.Column("profile", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("person", sa.Column("otp_secret", sa.LargeBinary()))
    op.add_column("person", sa.Column("otp_step", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("person", sa.Column("recovery_hash", sa.LargeBinary()))
    op.add_column("space", sa.Column("slug", sa.Text()))
    op.add_column("space", sa.Column("events", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("one_time_link", sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("client", sa.Column("kind", sa.Text(), nullable=False, server_default="key"))
    op.add_column("client", sa.Column("product_id", sa.Text()))
    op.add_column("client", sa.Column("redirect_uri", sa.Text()))
    op.add_column("client", sa.Column("scope", sa.Text()))
    op.add_column("device", sa.Column("product_id", sa.Text()))
    op.add_column("device", sa.Column("platform", sa.BigInteger()))
    op.add_column("device", sa.Column("public_key", sa.LargeBinary()))
    op.add_column("device", sa.Column("notes", sa.Text()))
    op.add_column("device", sa.Column("groups", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("device", sa.Column("development", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("device", sa.Column("quarantined", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("device", sa.Column("denied", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("device", sa.Column("described", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("device", sa.Column("subscriptions", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("device", sa.Column("last_address", sa.Text()))
    op.add_column("device", sa.Column("last_session_at", sa.BigInteger()))
    op.add_column("device", sa.Column("events", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("device", sa.Column("vitals", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("device", sa.Column("desired_version", sa.BigInteger()))
    op.add_column("device", sa.Column("updates_forced", sa.Boolean(), nullable=False, server_default="0"))
    op.create_index("client_by_product_id", "client", ["product_id", "created_at", "id"])
    op.create_index("device_by_product_id", "device", ["product_id", "created_at", "id"])
    op.create_index("space_one_slug", "space", ["slug"], unique=True)
