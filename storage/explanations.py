"""What borrowers said about papers that are late; every word is kept, the last one is shown."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import bindparam, insert, select

from storage.tables import loan_explanation
from storage.unit import Unit


class Explanation(msgspec.Struct, frozen=True):
    loan_id: int
    words: str
    at: datetime


_LAST = (
    select(loan_explanation)
    .where(loan_explanation.c.loan_id == bindparam("loan_id"))
    .order_by(loan_explanation.c.id.desc())
    .limit(1)
)


def add(unit: Unit, loan_id: int, words: str, at: datetime) -> None:
    """Keep what the borrower says about a loan."""
    id_ = next(unit.ids)
    values = {
        "id": id_,
        "loan_id": loan_id,
        "words": unit.seal("loan_explanation.words", id_, words),
        "at": at,
    }
    unit.session.execute(insert(loan_explanation).values(values))


def last(unit: Unit, loan_id: int) -> Explanation | None:
    """Return the last explanation of a loan."""
    row = unit.session.execute(_LAST, {"loan_id": loan_id}).one_or_none()
    if row is None:
        return None
    return Explanation(row.loan_id, unit.vault.open(row.words, row.id), row.at)
