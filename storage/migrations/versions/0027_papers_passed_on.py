"""Who has the papers of a loan that were passed on, and what lies in somebody's hands.

What waits to be handed out is found pack by pack.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

PASSED_ON = """
UPDATE loan SET holder = (
    SELECT s.taker FROM custody_step s
    WHERE s.loan_id = loan.id AND s.kind = 'transfer' AND s.state = 'done'
    ORDER BY s.id DESC LIMIT 1
)
WHERE lent_at IS NOT NULL AND closed_at IS NULL
"""


def upgrade() -> None:
    op.add_column("loan", sa.Column("holder", sa.String(40)))
    op.execute(PASSED_ON)
    op.execute("UPDATE loan SET holder = NULL WHERE holder = borrower")
    op.drop_index("ix_loan_approved", "loan")
    for name, columns, where in (
        (
            "ix_loan_passed_to",
            ["holder", "id"],
            "holder IS NOT NULL AND lent_at IS NOT NULL AND closed_at IS NULL",
        ),
        ("ix_loan_approved", ["pack", "approved_at", "id"], "state = 'approved'"),
    ):
        op.create_index(
            name,
            "loan",
            columns,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
