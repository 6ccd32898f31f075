"""Destruction lists and what stands on them.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "destruction",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("drawn_by", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("has_witness", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("apart_until", sa.Date(), nullable=True),
        sa.Column("verified_at", _INSTANT, nullable=True),
        sa.Column("place", sa.LargeBinary(), nullable=True),
        sa.Column("manner", sa.String(length=12), nullable=True),
        sa.Column("carried_by", sa.String(length=40), nullable=True),
        sa.Column("witness", sa.String(length=40), nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["drawn_by"], ["staff.id"], name=op.f("fk_destruction_drawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction")),
        sa.UniqueConstraint("number", name=op.f("uq_destruction_number")),
    )
    for name, columns, where, unique in (
        ("draft", ["drawn_by"], "state = 'draft'", True),
        ("agreed", ["state", "id"], "state IN ('approved', 'apart', 'witnessed')", False),
        ("witness", ["witness"], "state = 'witnessed'", False),
        ("done", ["state", "ended_at", "id"], "state = 'destroyed'", False),
    ):
        op.create_index(
            f"ix_destruction_{name}",
            "destruction",
            columns,
            unique=unique,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "destruction_item",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("list_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("document_id", _ID, nullable=True),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(length=12), nullable=False),
        sa.Column("retention", sa.String(length=8), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("grounds", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["destruction.id"], name=op.f("fk_destruction_item_list_id")
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_destruction_item_dossier_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_destruction_item_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction_item")),
        sa.UniqueConstraint(
            "list_id", "position", name=op.f("uq_destruction_item_list_id_position")
        ),
    )
    op.create_index(
        op.f("ix_destruction_item_dossier_id_state"), "destruction_item", ["dossier_id", "state"]
    )
