"""Several processes on one database: leases, and an order of messages that is not their id.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("outbox", sa.Column("turn", number, nullable=False, server_default=sa.text("0")))
    op.execute("UPDATE outbox SET turn = id")
    op.drop_index("ix_outbox_ready", table_name="outbox")
    op.create_index(
        "ix_outbox_ready",
        "outbox",
        ["channel", "due_at", "turn"],
        sqlite_where=sa.text("state IN ('ready', 'sending')"),
        postgresql_where=sa.text("state IN ('ready', 'sending')"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("outbox_turn")))
