"""Graded meetings, who is named for them, and the dossiers they are about.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("host", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.Column("grade", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("passing", sa.LargeBinary(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.String(length=5), nullable=False),
        sa.Column("called_at", _INSTANT, nullable=False),
        sa.Column("cancelled_by", sa.String(length=40), nullable=True),
        sa.Column("cancelled_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["host"], ["staff.id"], name=op.f("fk_meeting_host")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    op.create_index(op.f("ix_meeting_department_day"), "meeting", ["department", "day"])
    op.create_table(
        "meeting_member",
        sa.Column("meeting_id", _ID, nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("named_at", _INSTANT, nullable=False),
        sa.Column("removed_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_member_meeting_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_meeting_member_staff_id")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "staff_id", name=op.f("pk_meeting_member")),
    )
    named = sa.text("removed_at IS NULL")
    op.create_index(
        "ix_meeting_member_of",
        "meeting_member",
        ["staff_id", "day"],
        sqlite_where=named,
        postgresql_where=named,
    )
    op.create_table(
        "meeting_dossier",
        sa.Column("meeting_id", _ID, nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_dossier_meeting_id")
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_meeting_dossier_dossier_id")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "dossier_id", name=op.f("pk_meeting_dossier")),
    )
    op.create_index(op.f("ix_meeting_dossier_dossier_id"), "meeting_dossier", ["dossier_id"])
