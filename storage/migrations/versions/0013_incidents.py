"""Incidents: what happened, who was told and confirmed it, what was done about it.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("leak_case", sa.String(length=12), nullable=False),
        sa.Column("dossier_id", _ID, nullable=True),
        sa.Column("loan_id", _ID, nullable=True),
        sa.Column("reported_by", sa.String(length=40), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("closed_by", sa.String(length=40), nullable=True),
        sa.Column("closing", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier.id"], name=op.f("fk_incident_dossier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("number", name=op.f("uq_incident_number")),
    )
    op.create_index(op.f("ix_incident_dossier_id"), "incident", ["dossier_id"])
    _partial("ix_incident_open_of", "incident", ["reported_by"], "state = 'open'")
    _partial("ix_incident_loan", "incident", ["loan_id"], "loan_id IS NOT NULL")
    op.create_table(
        "incident_told",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("incident_id", _ID, nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("task", sa.String(length=8), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("instead", sa.Boolean(), nullable=False),
        sa.Column("told_at", _INSTANT, nullable=False),
        sa.Column("confirmed_at", _INSTANT, nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_told_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_incident_told_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_told")),
        sa.UniqueConstraint(
            "incident_id",
            "staff_id",
            "task",
            name=op.f("uq_incident_told_incident_id_staff_id_task"),
        ),
    )
    _partial("ix_incident_told_live", "incident_told", ["staff_id"], "live")
    op.create_table(
        "incident_measure",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("incident_id", _ID, nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_measure_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_measure")),
    )
    op.create_index(op.f("ix_incident_measure_incident_id"), "incident_measure", ["incident_id"])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
