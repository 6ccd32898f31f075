"""What a dossier still needs, whose duty that is in which period, and deadlines that passed.

Dossiers that are there count as not counted yet: that is done once the program runs, in slices.
Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("open_from", sa.Date(), nullable=True),
        sa.Column("missing", sa.Integer(), server_default="-1", nullable=False),
        sa.Column("governed_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("long_term", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("completed_on", sa.Date(), server_default="0001-01-01", nullable=False),
        sa.Column("reviewed_on", sa.Date(), server_default="0001-01-01", nullable=False),
    ):
        op.add_column("dossier", column)
    for name, columns, where in (
        ("draft", ["keeper", "id"], "state = 'draft'"),
        ("uncounted", ["id"], "missing < 0"),
        ("incomplete", ["keeper", "governed_by", "completed_on", "id"], "missing > 0"),
        ("long_term", ["keeper", "governed_by", "reviewed_on", "id"], "long_term"),
        ("reviewed", ["keeper", "governed_by", "reviewed_on", "id"], "missing >= 0"),
    ):
        _partial(f"ix_dossier_{name}", "dossier", columns, where)
    op.create_table(
        "completion_round",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_completion_round_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completion_round")),
        sa.UniqueConstraint(
            "staff_id",
            "pack",
            "duty",
            "first_on",
            name=op.f("uq_completion_round_staff_id_pack_duty_first_on"),
        ),
    )
    _partial("ix_completion_round_open", "completion_round", ["due_at"], "due_at IS NOT NULL")
    _partial("ix_completion_round_of", "completion_round", ["staff_id"], "due_at IS NOT NULL")
    op.create_table(
        "breach",
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("dossier_id", "duty", "due_on", name=op.f("pk_breach")),
    )
    op.create_index(
        op.f("ix_breach_staff_id_duty_due_on"), "breach", ["staff_id", "duty", "due_on"]
    )


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
