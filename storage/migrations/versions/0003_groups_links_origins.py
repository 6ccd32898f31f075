"""Groups the bot is in, links into the private chat, and what became of people's messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "origin",
        sa.Column("mark", sa.String(length=140), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_origin")),
    )
    op.create_index(op.f("ix_origin_subject"), "origin", ["subject"], unique=False)
    op.create_index(op.f("ix_origin_at"), "origin", ["at"], unique=False)
    op.create_table(
        "link",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_expires_at"), "link", ["expires_at"], unique=False)
    op.create_table(
        "chat_group",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("chat", sa.String(length=80), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=40), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("channel", "chat", name=op.f("pk_chat_group")),
    )
