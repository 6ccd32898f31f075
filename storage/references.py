"""Which dossier is meant by what a list calls it: its number, or the customer's full name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, literal_column, select

from storage.names import MAX_NAME, normalise
from storage.session import Session
from storage.tables import dossier, dossier_merged

_WANTED: BindParameter[Any] = bindparam("wanted", expanding=True)

# papers are not put into a dossier that was destroyed
_THERE = dossier.c.state != literal_column("'destroyed'")

_NUMBERED: tuple[Select[*tuple[Any, ...]], ...] = (
    select(dossier.c.number, dossier.c.id).where(dossier.c.number.in_(_WANTED), _THERE),
    select(dossier_merged.c.number, dossier_merged.c.into_id).where(
        dossier_merged.c.number.in_(_WANTED)
    ),
)

_NAMED = (
    select(dossier.c.name_norm, dossier.c.id)
    .where(dossier.c.name_norm.in_(_WANTED), _THERE)
    .order_by(dossier.c.id)
)


def meant(session: Session, words: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
    """Return the ids of the dossiers that each of the words can mean; some hundred at a time.

    A number, also one from before a merging, means one dossier. A name means all customers of
    that name, punctuation and spaces aside.
    """
    wanted = dict.fromkeys(words)
    found: dict[str, tuple[int, ...]] = dict.fromkeys(wanted, ())
    for query in _NUMBERED:
        for number, id_ in session.execute(query, {"wanted": list(wanted)}):
            found[number] = (id_,)
    names: dict[str, list[str]] = {}
    for word in wanted:
        if not found[word]:
            names.setdefault(normalise(word)[:MAX_NAME], []).append(word)
    for name, id_ in session.execute(_NAMED, {"wanted": list(names)}):
        for word in names[name]:
            found[word] += (id_,)
    return found
