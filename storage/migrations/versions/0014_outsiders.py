"""Visitors from outside with their credentials; clocks of secrecy periods; cards in groups.

Dossiers that are there count as without a clock: it is set once the program runs, in slices.
Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "outsider",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("sponsor", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("organisation", sa.LargeBinary(), nullable=False),
        sa.Column("credential", sa.String(length=24), nullable=False),
        sa.Column("issuer", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("paper", sa.LargeBinary(length=16), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("consent", sa.Boolean(), nullable=False),
        sa.Column("visit", sa.String(length=12), nullable=False),
        sa.Column("settled_by", sa.String(length=40), nullable=True),
        sa.Column("settled_at", _INSTANT, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["sponsor"], ["staff.id"], name=op.f("fk_outsider_sponsor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outsider")),
    )
    op.create_index(op.f("ix_outsider_sponsor_visit"), "outsider", ["sponsor", "visit"])
    op.create_index(op.f("ix_outsider_paper"), "outsider", ["paper"])
    _partial("ix_outsider_expected", "outsider", ["visit", "id"], "visit = 'expected'")
    op.create_table(
        "figures_request",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("outsider_id", _ID, nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("wanted", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["outsider_id"], ["outsider.id"], name=op.f("fk_figures_request_outsider_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_figures_request_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figures_request")),
    )
    op.create_index(op.f("ix_figures_request_outsider_id"), "figures_request", ["outsider_id"])
    op.add_column("consultation", sa.Column("outsider_id", _ID, nullable=True))
    op.create_index(op.f("ix_consultation_outsider_id"), "consultation", ["outsider_id"])
    op.add_column(
        "dossier",
        sa.Column("grade_watched", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    _partial("ix_dossier_graded_until", "dossier", ["grade_until"], "grade <> 'none'")
    _partial(
        "ix_dossier_unwatched",
        "dossier",
        ["grade_until"],
        "grade_until IS NOT NULL AND NOT grade_watched",
    )
    op.add_column(
        "chat_group",
        sa.Column("cards_for", sa.String(length=130), server_default="", nullable=False),
    )
    op.create_index(op.f("ix_chat_group_cards_for"), "chat_group", ["cards_for"])
    op.create_table(
        "group_card",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("chat", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["approval_case.id"], name=op.f("fk_group_card_case_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_group_card")),
    )
    op.create_index(op.f("ix_group_card_channel_chat"), "group_card", ["channel", "chat"])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
