"""Dossiers alike: an index of keys, merged and distinct ones, names folded to simplified forms.

Names are read in slices by id, and only rows whose normal form changes are written, so that it
takes the same memory for a million dossiers as for a hundred.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.names import MAX_NAME, dossier_keys, grams, normalise, person_keys

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SLICE = 20_000
"""Names that are read at once."""

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_dossier = sa.table(
    "dossier", sa.column("id"), sa.column("name"), sa.column("name_norm"), sa.column("keeper")
)
_gram = sa.table("dossier_gram", sa.column("gram"), sa.column("dossier_id"))
_key = sa.table("dossier_key", sa.column("key"), sa.column("dossier_id"), sa.column("keeper"))
_staff = sa.table("staff", sa.column("id"), sa.column("name"))
_staff_key = sa.table("staff_key", sa.column("key"), sa.column("staff_id"))


def upgrade() -> None:
    op.create_index(
        "ix_dossier_by_key",
        "dossier",
        ["key"],
        unique=False,
        sqlite_where=sa.text("key <> ''"),
        postgresql_where=sa.text("key <> ''"),
    )
    op.create_table(
        "dossier_merged",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("into_id", _ID, nullable=False),
        sa.Column("name_norm", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("merged_by", sa.String(length=40), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["into_id"], ["dossier.id"], name=op.f("fk_dossier_merged_into_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_merged")),
        sa.UniqueConstraint("number", name=op.f("uq_dossier_merged_number")),
    )
    op.create_index(op.f("ix_dossier_merged_into_id"), "dossier_merged", ["into_id"])
    op.create_index(op.f("ix_dossier_merged_name_norm"), "dossier_merged", ["name_norm"])
    op.create_table(
        "dossier_distinct",
        sa.Column("low_id", _ID, nullable=False),
        sa.Column("high_id", _ID, nullable=False),
        sa.Column("marked_by", sa.String(length=40), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["low_id"], ["dossier.id"], name=op.f("fk_dossier_distinct_low_id")
        ),
        sa.ForeignKeyConstraint(
            ["high_id"], ["dossier.id"], name=op.f("fk_dossier_distinct_high_id")
        ),
        sa.PrimaryKeyConstraint("low_id", "high_id", name=op.f("pk_dossier_distinct")),
    )
    op.create_index(op.f("ix_dossier_distinct_high_id"), "dossier_distinct", ["high_id"])
    fold_dossiers(op.get_bind())
    fold_staff(op.get_bind())


def fold_dossiers(connection: sa.Connection) -> None:
    """Give every dossier the normal form of its name, and the index rows that belong to it."""
    after = -1
    while rows := connection.execute(
        sa.select(_dossier).where(_dossier.c.id > after).order_by(_dossier.c.id).limit(SLICE)
    ).all():
        after = rows[-1].id
        folded = [(row, normalise(row.name)[:MAX_NAME]) for row in rows]
        _write(connection, [(row, norm) for row, norm in folded if norm != row.name_norm])


def _write(connection: sa.Connection, folded: list[tuple[sa.Row[Any], str]]) -> None:
    if not folded:
        return
    connection.execute(
        sa.update(_dossier)
        .where(_dossier.c.id == sa.bindparam("dossier"))
        .values(name_norm=sa.bindparam("norm")),
        [{"dossier": row.id, "norm": norm} for row, norm in folded],
    )
    for table in (_gram, _key):  # by dossier alone: one walk through the table for each slice
        connection.execute(
            sa.delete(table).where(table.c.dossier_id.in_([row.id for row, _ in folded]))
        )
    found_by = [
        {"gram": gram, "dossier_id": row.id}
        for row, norm in folded
        for gram in sorted(grams(norm))
    ]
    latin = [
        {"key": key, "dossier_id": row.id, "keeper": row.keeper}
        for row, _ in folded
        for key in sorted(dossier_keys(row.name))
    ]
    for table, fresh in ((_gram, found_by), (_key, latin)):
        if fresh:
            connection.execute(sa.insert(table), fresh)


def fold_staff(connection: sa.Connection) -> None:
    """Let everybody be found by the simplified forms of their name too."""
    for row in connection.execute(sa.select(_staff)).all():
        keys = person_keys(row.name, row.id)
        present = set(
            connection.execute(
                sa.select(_staff_key.c.key).where(_staff_key.c.staff_id == row.id)
            ).scalars()
        )
        if missing := sorted(keys - present):
            fresh = [{"key": one, "staff_id": row.id} for one in missing]
            connection.execute(sa.insert(_staff_key), fresh)
