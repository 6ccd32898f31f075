"""Who was shown the content of which dossier and by which right; the audit trail read by page.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.drop_index("ix_audit_subject", table_name="audit")
    op.drop_index("ix_audit_staff_id_at", table_name="audit")
    for column in ("subject", "staff_id"):
        op.create_index(f"ix_audit_{column}_seq", "audit", [column, "seq"], unique=False)
    op.create_table(
        "look",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("keeper", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("way", sa.String(length=12), nullable=False),
        sa.Column("by_right", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("purpose_text", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look")),
    )
    for name, column, where in (
        ("ix_look_by_others", "keeper", "staff_id <> keeper"),
        ("ix_look_company", "staff_id", "level = 'company'"),
    ):
        op.create_index(
            name,
            "look",
            [column, "at", "id"],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
