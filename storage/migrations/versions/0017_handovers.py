"""Handovers to the archive: their legs, lists, gaps, extensions, and the receipt register.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "handover",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("dossier_id", _ID, nullable=True),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("period_on", sa.Date(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("opened_by", sa.String(length=40), nullable=False),
        sa.Column("giver", sa.String(length=40), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.Column("location", sa.LargeBinary(), nullable=True),
        sa.Column("shelved_at", _INSTANT, nullable=True),
        sa.Column("receipt_code", sa.String(length=16), nullable=False),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_handover_dossier_id")
        ),
        sa.ForeignKeyConstraint(["giver"], ["staff.id"], name=op.f("fk_handover_giver")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("number", name=op.f("uq_handover_number")),
    )
    op.create_index(
        op.f("ix_handover_kind_period_on_department"),
        "handover",
        ["kind", "period_on", "department"],
    )
    _partial("ix_handover_of_dossier", "handover", ["dossier_id", "id"], "dossier_id IS NOT NULL")
    _partial("ix_handover_open", "handover", ["pack", "id"], "state = 'open'")
    _partial("ix_handover_open_in", "handover", ["department", "id"], "state = 'open'")
    op.create_index(
        op.f("ix_handover_subject_index_started_on"), "handover", ["subject_index", "started_on"]
    )
    _partial(
        "ix_handover_unshelved",
        "handover",
        ["pack", "id"],
        "state = 'complete' AND shelved_at IS NULL",
    )
    op.create_table(
        "handover_leg",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("handover_id", _ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("giver", sa.String(length=40), nullable=False),
        sa.Column("receiver", sa.String(length=40), nullable=False),
        sa.Column("receiver_role", sa.String(length=40), nullable=False),
        sa.Column("witness", sa.String(length=40), nullable=False),
        sa.Column("witness_role", sa.String(length=40), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("into_archive", sa.Boolean(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("handed_at", _INSTANT, nullable=True),
        sa.Column("handed_by", sa.String(length=40), nullable=False),
        sa.Column("signed_at", _INSTANT, nullable=True),
        sa.Column("witnessed_at", _INSTANT, nullable=True),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=True),
        sa.Column("remark", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handover_leg_handover_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_leg")),
        sa.UniqueConstraint("handover_id", "n", name=op.f("uq_handover_leg_handover_id_n")),
    )
    _partial("ix_handover_leg_disputed", "handover_leg", ["pack", "id"], "state = 'disputed'")
    _partial(
        "ix_handover_leg_due_in",
        "handover_leg",
        ["pack", "due_on", "department", "kind", "id"],
        "into_archive AND due_on IS NOT NULL AND state <> 'cancelled'",
    )
    _partial(
        "ix_handover_leg_provisional", "handover_leg", ["id"], "provisional AND state = 'open'"
    )
    _partial(
        "ix_handover_leg_register",
        "handover_leg",
        ["pack", "closed_at", "id"],
        "into_archive AND state = 'signed'",
    )
    _partial(
        "ix_handover_leg_to_give", "handover_leg", ["giver", "due_at", "id"], "state = 'open'"
    )
    _partial(
        "ix_handover_leg_to_sign",
        "handover_leg",
        ["receiver_role", "handed_at", "id"],
        "state = 'handed'",
    )
    _partial(
        "ix_handover_leg_to_witness",
        "handover_leg",
        ["witness_role", "handed_at", "id"],
        "state = 'handed'",
    )
    op.create_table(
        "handover_item",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("handover_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("instead", sa.String(length=40), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.Column("customer_signed", sa.String(length=8), nullable=False),
        sa.Column("staff_signed", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("supplied_at", _INSTANT, nullable=True),
        sa.Column("document_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handover_item_handover_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_handover_item_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_item")),
        sa.UniqueConstraint(
            "handover_id", "position", name=op.f("uq_handover_item_handover_id_position")
        ),
    )
    op.create_table(
        "handover_gap",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("handover_id", _ID, nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("item_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("opened_by", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("supplied_at", _INSTANT, nullable=True),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("closed_by", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handover_gap_handover_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["handover_item.id"], name=op.f("fk_handover_gap_item_id")
        ),
        sa.ForeignKeyConstraint(["owner"], ["staff.id"], name=op.f("fk_handover_gap_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_gap")),
    )
    op.create_index(op.f("ix_handover_gap_handover_id_id"), "handover_gap", ["handover_id", "id"])
    _partial(
        "ix_handover_gap_of",
        "handover_gap",
        ["owner", "due_at", "id"],
        "state IN ('open', 'supplied')",
    )
    _partial(
        "ix_handover_gap_open",
        "handover_gap",
        ["item_id", "kind"],
        "state IN ('open', 'supplied')",
        unique=True,
    )
    op.create_table(
        "handover_extension",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("handover_id", _ID, nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("before", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handover_extension_handover_id")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["staff.id"], name=op.f("fk_handover_extension_asked_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_extension")),
    )
    _partial(
        "ix_handover_extension_asked",
        "handover_extension",
        ["handover_id", "leg"],
        "state = 'asked'",
        unique=True,
    )
    op.create_index(
        op.f("ix_handover_extension_handover_id_id"), "handover_extension", ["handover_id", "id"]
    )
    op.create_table(
        "receipt_day",
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("closed_at", _INSTANT, nullable=False),
        sa.Column("closed_by", sa.String(length=40), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("pack", "day", name=op.f("pk_receipt_day")),
    )


def _partial(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )
