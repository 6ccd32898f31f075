"""Approvals: cases, their places and who may decide them; stand-ins; consultations.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("stand_in", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("told_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_delegation_staff_id")),
        sa.ForeignKeyConstraint(["stand_in"], ["staff.id"], name=op.f("fk_delegation_stand_in")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index(
        op.f("ix_delegation_staff_id_last_day"), "delegation", ["staff_id", "last_day"]
    )
    op.create_index(
        op.f("ix_delegation_stand_in_last_day"), "delegation", ["stand_in", "last_day"]
    )
    op.create_table(
        "approval_case",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", _ID, nullable=False),
        sa.Column("dossier_id", _ID, nullable=True),
        sa.Column("requester", sa.String(length=40), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("stuck", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("nudged_at", _INSTANT, nullable=True),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("closed_by", sa.String(length=40), nullable=True),
        sa.Column("next_due_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_approval_case_dossier_id")
        ),
        sa.ForeignKeyConstraint(
            ["requester"], ["staff.id"], name=op.f("fk_approval_case_requester")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_case")),
        sa.UniqueConstraint("number", name=op.f("uq_approval_case_number")),
    )
    op.create_index(
        "ix_approval_case_asking",
        "approval_case",
        ["requester"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_approval_case_due",
        "approval_case",
        ["next_due_at"],
        sqlite_where=sa.text("next_due_at IS NOT NULL"),
        postgresql_where=sa.text("next_due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_approval_case_kind_subject"), "approval_case", ["kind", "subject"])
    op.create_index(
        op.f("ix_approval_case_dossier_id_state"), "approval_case", ["dossier_id", "state"]
    )
    op.create_index(
        op.f("ix_approval_case_requester_opened_at"), "approval_case", ["requester", "opened_at"]
    )
    op.create_table(
        "consultation",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("granted_at", _INSTANT, nullable=True),
        sa.Column("slot", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_consultation_dossier_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_consultation_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index(op.f("ix_consultation_dossier_id"), "consultation", ["dossier_id"])
    op.create_index(
        op.f("ix_consultation_staff_id_state_last_day"),
        "consultation",
        ["staff_id", "state", "last_day"],
    )
    op.create_table(
        "case_act",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("acting_for", sa.String(length=40), nullable=True),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["approval_case.id"], name=op.f("fk_case_act_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_act")),
    )
    op.create_index(op.f("ix_case_act_case_id"), "case_act", ["case_id"])
    op.create_table(
        "case_card",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["approval_case.id"], name=op.f("fk_case_card_case_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_card")),
    )
    op.create_table(
        "case_decider",
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("via", sa.String(length=12), nullable=False),
        sa.Column("acting_for", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["approval_case.id"], name=op.f("fk_case_decider_case_id")
        ),
        sa.PrimaryKeyConstraint("staff_id", "case_id", "place", name=op.f("pk_case_decider")),
    )
    op.create_index(
        "ix_case_decider_acting_for",
        "case_decider",
        ["acting_for"],
        sqlite_where=sa.text("acting_for IS NOT NULL"),
        postgresql_where=sa.text("acting_for IS NOT NULL"),
    )
    op.create_index(op.f("ix_case_decider_case_id"), "case_decider", ["case_id"])
    op.create_table(
        "case_place",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("acting_for", sa.String(length=40), nullable=True),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["approval_case.id"], name=op.f("fk_case_place_case_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "place", name=op.f("pk_case_place")),
    )
    op.create_index(
        "ix_case_place_acting_for",
        "case_place",
        ["acting_for", "decided_at"],
        sqlite_where=sa.text("acting_for IS NOT NULL"),
        postgresql_where=sa.text("acting_for IS NOT NULL"),
    )
