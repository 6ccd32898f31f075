"""What a channel has to remember of the messages it sent, where its platform asks for more than a
reference.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "channel_note",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", "ref", name=op.f("pk_channel_note")),
        sa.UniqueConstraint("id", name=op.f("uq_channel_note_id")),
    )
    op.create_index(op.f("ix_channel_note_at"), "channel_note", ["at"])
