"""Corrections of wrong customer data, and labels that are to bear another name.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_WORDS = ("remedy", "told", "done", "feedback", "report")


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("set_id", _ID, nullable=False),
        sa.Column("planner", sa.String(length=40), nullable=False),
        sa.Column("executor", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("waits_on", sa.String(length=40), nullable=True),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("wrong", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in _WORDS),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_correction_dossier_id")
        ),
        sa.ForeignKeyConstraint(["set_id"], ["change_set.id"], name=op.f("fk_correction_set_id")),
        sa.ForeignKeyConstraint(["planner"], ["staff.id"], name=op.f("fk_correction_planner")),
        sa.ForeignKeyConstraint(["executor"], ["staff.id"], name=op.f("fk_correction_executor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("number", name=op.f("uq_correction_number")),
    )
    op.create_index(op.f("ix_correction_dossier_id"), "correction", ["dossier_id"])
    _partial("ix_correction_waiting", "correction", ["waits_on"], "waits_on IS NOT NULL")
    op.create_table(
        "label_task",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("done_at", _INSTANT, nullable=True),
        sa.Column("done_by", sa.String(length=40), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_label_task_dossier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_task")),
    )
    _partial("ix_label_task_open", "label_task", ["dossier_id"], "done_at IS NULL", unique=True)
    _partial("ix_label_task_role", "label_task", ["role", "begun_at"], "done_at IS NULL")


def _partial(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
