"""What operators are told: since when a message is owed, when one failed, and episodes of trouble.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("first_due_at", sa.DateTime(timezone=True)))
    op.add_column("outbox", sa.Column("failed_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_outbox_failed",
        "outbox",
        ["failed_at"],
        unique=False,
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_table(
        "episode",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode")),
    )
    op.create_index(
        "ix_episode_ongoing",
        "episode",
        ["code"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_episode_untold",
        "episode",
        ["id"],
        unique=False,
        sqlite_where=sa.text("told <> 'over'"),
        postgresql_where=sa.text("told <> 'over'"),
    )
