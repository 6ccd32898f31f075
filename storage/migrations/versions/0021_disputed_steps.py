"""Who was asked to settle a count that two sides dispute: found by an index.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_DISPUTED = sa.text("state = 'disputed'")


def upgrade() -> None:
    op.create_index(
        "ix_custody_step_disputed",
        "custody_step",
        ["witness"],
        sqlite_where=_DISPUTED,
        postgresql_where=_DISPUTED,
    )
