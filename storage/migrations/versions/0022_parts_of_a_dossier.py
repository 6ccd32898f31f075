"""Which parts of a dossier a consultation is about.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "consultation", sa.Column("parts", sa.String(40), nullable=False, server_default="")
    )
