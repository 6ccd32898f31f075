"""How much a dossier lacks, kept on its row so that incomplete ones are found by index.

Whatever writes fields marks the row as to be counted; counting follows in slices, with the policy
at hand. So an import, a merger and a new policy need nothing of their own, and rows from before
are counted like new ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

import msgspec
from sqlalchemy import bindparam, literal_column, select, update

from storage import dossier_fields
from storage.tables import dossier
from storage.unit import Unit

KIND = "customer_kind"
"""Field that says which kind of customer it is."""

LONG_TERM = "long_term"
"""Field that marks a customer of long-term cooperation: `yes` (C-46)."""


class Standing(msgspec.Struct, frozen=True):
    """What a policy says about a dossier."""

    pack: str
    key_field: str
    """The field that is the dossier's key, such as `vin`."""
    fields: frozenset[str]
    """Those that make it complete."""
    kinds: Mapping[str, frozenset[str]] = msgspec.field(default_factory=dict)
    """Those that do so for kinds of customers with fields of their own."""


_COLUMNS = ("id", "type", "department", "key", "phone", "contact", "address", "fields")

_UNCOUNTED = (
    select(*(dossier.c[name] for name in _COLUMNS))
    # written out, not bound: SQLite must see that its partial index fits
    .where(dossier.c.missing < literal_column("0"))
    .order_by(dossier.c.id)
    .limit(bindparam("limit"))
    # a field must not change between its being read and the count's being written
    .with_for_update()
)

_COUNT = update(dossier).where(dossier.c.id == bindparam("of"))

_NEXT = (
    select(dossier.c.id)
    .where(dossier.c.id > bindparam("after"))
    .order_by(dossier.c.id)
    .limit(bindparam("limit"))
)


def count(unit: Unit, standing: Callable[[str, str], Standing], limit: int) -> int:
    """Count what up to `limit` changed dossiers lack; returns how many there were.

    `standing` says under which policy one is, by department and type. Rule: S1-07.2.3b.
    """
    rows = unit.session.execute(_UNCOUNTED, {"limit": limit}).mappings().all()
    counted = []
    for row in rows:
        under = standing(row["department"], row["type"])
        words = unit.vault.open(row["fields"], row["id"])
        further = json.loads(words) if words else {}
        held = dossier_fields.held_in(row, further, under.key_field)
        counted.append(
            {
                "of": row["id"],
                "missing": len(under.kinds.get(further.get(KIND, ""), under.fields) - held),
                "governed_by": under.pack,
                "long_term": further.get(LONG_TERM) == "yes",
            }
        )
    if counted:
        unit.session.execute(_COUNT, counted)
    return len(rows)


def count_again(unit: Unit, after: int, limit: int) -> int | None:
    """Let the next `limit` dossiers behind the id `after` be counted anew: what is asked changed.

    Returns where to go on; None: that were all.
    """
    ids: Sequence[int] = (
        unit.session.execute(_NEXT, {"after": after, "limit": limit}).scalars().all()
    )
    unit.session.execute(update(dossier).where(dossier.c.id.in_(ids)).values(missing=-1))
    return ids[-1] if len(ids) == limit else None
