"""Indexes of waiting messages: by slot, and of what keeps the others of a chat back.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WAITING = "state IN ('ready', 'sending')"


def upgrade() -> None:
    op.drop_index("ix_outbox_chat", "outbox")
    for name, columns, where in (
        ("ix_outbox_slot", ["slot", "account", "channel"], WAITING),
        (
            "ix_outbox_ahead",
            ["channel", "account", "turn"],
            f"{WAITING} AND (state = 'sending' OR attempts > 0 OR problem = 'held') "
            "AND account <> ''",
        ),
    ):
        op.create_index(
            name,
            "outbox",
            columns,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
