"""From when the time of a gap is counted, who stands in for a giver, who keeps graded papers.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("ordered_on", sa.Date(), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("supplied_by", sa.String(length=40), nullable=False, server_default=""),
    ):
        op.add_column("handover_gap", column)
    op.add_column(
        "handover",
        sa.Column("kept_by", sa.String(length=40), nullable=False, server_default=""),
    )
    for name, table, columns, where in (
        ("ix_handover_gap_provisional", "handover_gap", ["id"], "provisional AND state = 'open'"),
        (
            "ix_handover_gap_in_stead",
            "handover_gap",
            ["owner", "supplied_at"],
            "supplied_by <> '' AND supplied_by <> owner",
        ),
        (
            "ix_handover_leg_in_stead",
            "handover_leg",
            ["giver", "handed_at"],
            "handed_by <> '' AND handed_by <> giver",
        ),
        ("ix_staff_deputy", "staff", ["deputy"], "deputy IS NOT NULL"),
        ("ix_dossier_at", "dossier", ["location"], "location <> ''"),
    ):
        op.create_index(
            name,
            table,
            columns,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
