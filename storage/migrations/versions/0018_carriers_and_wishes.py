"""Who carries papers outside, and which papers of a dossier somebody waits for.

Frozen: it says what this version made, also when `storage.tables` has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("loan", sa.Column("carrier", sa.String(length=40), nullable=True))
    op.add_column("loan_wait", sa.Column("papers", sa.String(length=1000), nullable=True))
