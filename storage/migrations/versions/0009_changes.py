"""Changes of dossiers: what was proposed field by field, by whom, and what became of it.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "change_set",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("note_id", _ID, nullable=True),
        sa.Column("source", sa.String(length=40), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("proposed_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_change_set_dossier_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["staff.id"], name=op.f("fk_change_set_proposed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_set")),
    )
    op.create_index(op.f("ix_change_set_dossier_id"), "change_set", ["dossier_id"])
    op.create_index(
        "ix_change_set_draft",
        "change_set",
        ["proposed_by", "dossier_id"],
        unique=True,
        sqlite_where=sa.text("state = 'draft'"),
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.create_table(
        "field_change",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("set_id", _ID, nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("old", sa.LargeBinary(), nullable=True),
        sa.Column("new", sa.LargeBinary(), nullable=True),
        sa.Column("replaced", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=40), server_default="", nullable=False),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column("rule", sa.String(length=24), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_field_change_dossier_id")
        ),
        sa.ForeignKeyConstraint(
            ["set_id"], ["change_set.id"], name=op.f("fk_field_change_set_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_change")),
        sa.UniqueConstraint("set_id", "field", name=op.f("uq_field_change_set_id_field")),
    )
    op.create_index(
        op.f("ix_field_change_dossier_id_field_decided_at"),
        "field_change",
        ["dossier_id", "field", "decided_at"],
    )
    op.create_index(
        "ix_field_change_open",
        "field_change",
        ["dossier_id"],
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
