"""Customers by name, page by page, for lists that people go through.

Each page is one index look-up behind the last line of the page before; nothing is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, literal_column, or_, select

from storage.session import Session
from storage.tables import dossier

_NAME = select(dossier.c.name_norm).where(dossier.c.id == bindparam("id"))

_PAGE = (
    select(dossier.c.id)
    .where(
        dossier.c.name_norm >= bindparam("name"),
        or_(dossier.c.name_norm > bindparam("name"), dossier.c.id > bindparam("after")),
        dossier.c.state != literal_column("'destroyed'"),
    )
    .order_by(dossier.c.name_norm, dossier.c.id)
    .limit(bindparam("limit"))
)

_KEPT = _PAGE.where(dossier.c.keeper.in_(bindparam("keepers", expanding=True)))


def page(
    session: Session, keepers: Sequence[str] | None, limit: int, after: int | None = None
) -> tuple[int, ...]:
    """Return the ids of the next dossiers, drafts too, destroyed ones not.

    `keepers`: of these people, None: of all. `after`: id of the last one before them; one that is
    gone begins anew.
    """
    name = session.execute(_NAME, {"id": after}).scalar() if after is not None else None
    values = {"name": name or "", "after": after if name is not None else -1, "limit": limit}
    if keepers is None:
        return tuple(session.execute(_PAGE, values).scalars())
    return tuple(session.execute(_KEPT, values | {"keepers": list(keepers)}).scalars())
