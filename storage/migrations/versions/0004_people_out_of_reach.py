"""Accounts that no message reaches, where notices are to go, who left and came back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # columns are only added: SQLite does that in place, and making the table anew would fail
    # where other rows refer to it
    op.add_column(
        "staff", sa.Column("pinned_channel", sa.String(16), nullable=False, server_default="")
    )
    op.add_column("staff", sa.Column("turned_at", sa.DateTime(timezone=True)))
    op.add_column("account", sa.Column("menu", sa.String(32)))
    op.add_column("account", sa.Column("unreachable_since", sa.DateTime(timezone=True)))
    op.add_column(
        "account", sa.Column("unreachable_why", sa.String(8), nullable=False, server_default="")
    )
    _index("ix_staff_turned", "staff", ["turned_at"], "turned_at IS NOT NULL")
    _index("ix_notice_unreachable", "notice", ["staff_id", "due_at"], "outcome = 'unreachable'")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    part = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=part, postgresql_where=part)
