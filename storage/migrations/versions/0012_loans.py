"""Papers of dossiers; loans, their lines, steps of custody, renewals, and who waits.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)

_OPEN = "closed_at IS NULL"
_OUT = "lent_at IS NOT NULL AND closed_at IS NULL"
_BACK = "state IN ('discharged', 'written_off', 'done')"
_SHORT = "state IN ('short', 'lost')"
_AWAY = "state IN ('out', 'missing')"


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("title_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("location", sa.LargeBinary(), nullable=True),
        sa.Column("grade", sa.String(length=12), nullable=False),
        sa.Column("important", sa.Boolean(), nullable=False),
        sa.Column("material", sa.String(length=16), nullable=False),
        sa.Column("twin", _ID, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_document_dossier_id")
        ),
        sa.ForeignKeyConstraint(["twin"], ["document.id"], name=op.f("fk_document_twin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(
        op.f("ix_document_dossier_id_state_id"), "document", ["dossier_id", "state", "id"]
    )
    op.create_index(
        op.f("ix_document_dossier_id_title_index"), "document", ["dossier_id", "title_index"]
    )
    _partial("ix_document_twin", "document", ["twin"], "twin IS NOT NULL")
    op.create_table(
        "loan",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("borrower", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=80), nullable=False),
        sa.Column("for_whom", sa.String(length=12), nullable=False),
        sa.Column("outsider_id", _ID, nullable=True),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("long_term", sa.Boolean(), nullable=False),
        sa.Column("grade_at_lending", sa.String(length=12), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("wanted_until", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("approved_at", _INSTANT, nullable=True),
        sa.Column("collect_by", _INSTANT, nullable=True),
        sa.Column("lent_at", _INSTANT, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("first_due_on", sa.Date(), nullable=True),
        sa.Column("renewals", sa.Integer(), nullable=False),
        sa.Column("recalled_at", _INSTANT, nullable=True),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("parent_id", _ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_loan_dossier_id")),
        sa.ForeignKeyConstraint(["borrower"], ["staff.id"], name=op.f("fk_loan_borrower")),
        sa.ForeignKeyConstraint(["parent_id"], ["loan.id"], name=op.f("fk_loan_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan")),
        sa.UniqueConstraint("number", name=op.f("uq_loan_number")),
    )
    op.create_index(op.f("ix_loan_asked_at_id"), "loan", ["asked_at", "id"])
    op.create_index(op.f("ix_loan_state_asked_at_id"), "loan", ["state", "asked_at", "id"])
    op.create_index(op.f("ix_loan_borrower_asked_at_id"), "loan", ["borrower", "asked_at", "id"])
    op.create_index(
        op.f("ix_loan_dossier_id_asked_at_id"), "loan", ["dossier_id", "asked_at", "id"]
    )
    _partial("ix_loan_open_of", "loan", ["borrower", "id"], _OPEN)
    _partial("ix_loan_open_on", "loan", ["dossier_id", "id"], _OPEN)
    _partial("ix_loan_approved", "loan", ["approved_at", "id"], "state = 'approved'")
    _partial("ix_loan_collect", "loan", ["collect_by", "id"], "state = 'approved'")
    _partial("ix_loan_out", "loan", ["id"], _OUT)
    _partial("ix_loan_due", "loan", ["due_at", "id"], _OUT)
    _partial("ix_loan_due_in", "loan", ["department", "due_at", "id"], _OUT)
    _partial("ix_loan_due_of", "loan", ["borrower", "due_at", "id"], _OUT)
    _partial("ix_loan_back", "loan", ["closed_at", "id"], _BACK)
    _partial("ix_loan_back_in", "loan", ["department", "closed_at", "id"], _BACK)
    _partial("ix_loan_short", "loan", ["asked_at", "id"], _SHORT)
    _partial("ix_loan_parent", "loan", ["parent_id"], "parent_id IS NOT NULL")
    op.create_table(
        "loan_item",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("loan_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("document_id", _ID, nullable=True),
        sa.Column("whole", _ID, nullable=True),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("back_pages", sa.Integer(), nullable=False),
        sa.Column("back_copies", sa.Integer(), nullable=False),
        sa.Column("damaged", sa.Boolean(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_item_loan_id")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_loan_item_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_item")),
        sa.UniqueConstraint("loan_id", "position", name=op.f("uq_loan_item_loan_id_position")),
    )
    op.create_index(op.f("ix_loan_item_document_id"), "loan_item", ["document_id"])
    _partial("ix_loan_item_whole", "loan_item", ["whole"], "whole IS NOT NULL")
    _partial("ix_loan_item_away", "loan_item", ["document_id"], _AWAY, unique=True)
    _partial("ix_loan_item_whole_away", "loan_item", ["whole"], _AWAY, unique=True)
    op.create_table(
        "custody_step",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("loan_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("giver", sa.String(length=40), nullable=False),
        sa.Column("taker", sa.String(length=40), nullable=False),
        sa.Column("witness", sa.String(length=40), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_by", sa.String(length=40), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("giver_at", _INSTANT, nullable=True),
        sa.Column("taker_at", _INSTANT, nullable=True),
        sa.Column("witness_at", _INSTANT, nullable=True),
        sa.Column("confirmed_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_custody_step_loan_id")),
        sa.ForeignKeyConstraint(["giver"], ["staff.id"], name=op.f("fk_custody_step_giver")),
        sa.ForeignKeyConstraint(["taker"], ["staff.id"], name=op.f("fk_custody_step_taker")),
        sa.ForeignKeyConstraint(["witness"], ["staff.id"], name=op.f("fk_custody_step_witness")),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["staff.id"], name=op.f("fk_custody_step_opened_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_step")),
    )
    op.create_index(op.f("ix_custody_step_loan_id_id"), "custody_step", ["loan_id", "id"])
    _partial(
        "ix_custody_step_open", "custody_step", ["loan_id", "kind"], "state = 'open'", unique=True
    )
    _partial("ix_custody_step_giver", "custody_step", ["giver"], "state = 'open'")
    _partial("ix_custody_step_taker", "custody_step", ["taker"], "state = 'open'")
    _partial("ix_custody_step_witness", "custody_step", ["witness"], "state = 'open'")
    op.create_table(
        "renewal",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("loan_id", _ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("long_term", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("before", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_renewal_loan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal")),
        sa.UniqueConstraint("loan_id", "n", name=op.f("uq_renewal_loan_id_n")),
    )
    _partial("ix_renewal_asked", "renewal", ["loan_id"], "state = 'asked'", unique=True)
    op.create_table(
        "loan_wait",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("offered_at", _INSTANT, nullable=True),
        sa.Column("offer_until", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_loan_wait_dossier_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_loan_wait_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_wait")),
    )
    op.create_index(op.f("ix_loan_wait_dossier_id"), "loan_wait", ["dossier_id"])
    _partial(
        "ix_loan_wait_open",
        "loan_wait",
        ["dossier_id", "staff_id"],
        "state IN ('waiting', 'offered')",
        unique=True,
    )
    _partial("ix_loan_wait_of", "loan_wait", ["staff_id"], "state IN ('waiting', 'offered')")
    _partial(
        "ix_loan_wait_queue", "loan_wait", ["dossier_id", "asked_at", "id"], "state = 'waiting'"
    )
    _partial("ix_loan_wait_offer", "loan_wait", ["dossier_id"], "state = 'offered'")
    _partial("ix_loan_wait_until", "loan_wait", ["offer_until"], "state = 'offered'")
    op.create_table(
        "loan_explanation",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("loan_id", _ID, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_loan_explanation_loan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_explanation")),
    )
    op.create_index(op.f("ix_loan_explanation_loan_id_id"), "loan_explanation", ["loan_id", "id"])


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
