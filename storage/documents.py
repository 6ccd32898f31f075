"""The papers of a dossier: what lies in it, original or copy, with how many pages, and where.

Titles and places are sealed, so a paper is known again by a keyed index of its title. The trap:
a paper that was destroyed or lost is still on record, and the same list imported again must not
bring it back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, exists, func, insert, literal_column, select, update

from storage.crypto import Vault
from storage.errors import Conflict
from storage.session import Session
from storage.tables import document, dossier, loan_item
from storage.unit import Unit
from storage.upsert import changed

ORIGINAL, COPY = "original", "copy"

MAX_TITLE = 200
"""Characters of a title."""

MOST = 500
"""Papers that are read at once."""


class DocumentRow(msgspec.Struct, frozen=True):
    """A paper as a list names it."""

    title: str
    form: str
    """original or copy."""
    pages: int = 0
    """Of one copy, covers included; 0: not counted."""
    copies: int = 1
    """How many of it lie there, at least 1."""
    location: str = ""
    """Where it lies; empty: with the rest of its dossier."""
    grade: str = "none"
    important: bool = False
    """Marked as important (S2-INFO.23.1)."""
    material: str = "dossier"
    """Of `rules.occasions.Material`."""


class Document(msgspec.Struct, frozen=True):
    """One paper of a dossier, opened."""

    id: int
    dossier_id: int
    title: str
    form: str
    """original or copy."""
    pages: int
    """Of one copy, covers included; 0: not counted."""
    copies: int
    location: str
    """Where it lies; empty: with the rest of its dossier."""
    grade: str
    important: bool
    material: str
    twin: int | None
    """Of a copy: the original it was made from, if that is on record."""
    state: str
    """kept, lost or destroyed."""
    added_at: datetime


Key = tuple[int, bytes, str]
"""What a paper is known again by: dossier, `index_of` its title, form."""

_KEPT = document.c.state == literal_column("'kept'")

_GET = select(document).where(document.c.id == bindparam("id"))

_MANY = select(document).where(document.c.id.in_(bindparam("ids", expanding=True)))

_IN_DOSSIER = (
    document.c.dossier_id == bindparam("dossier_id"),
    _KEPT,
    document.c.grade.in_(bindparam("grades", expanding=True)),
)

_PAGE = (
    select(document)
    .where(*_IN_DOSSIER)
    .order_by(document.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_APART = (
    select(document)
    .where(_KEPT, document.c.location.is_not(None))
    .order_by(document.c.id)
    .limit(bindparam("limit"))
)

_COUNT = select(func.count()).where(*_IN_DOSSIER)

_COPY_OF = (
    select(document)
    .where(document.c.twin == bindparam("id"), document.c.twin.is_not(None), _KEPT)
    .order_by(document.c.id)
    .limit(1)
)

_FILED = (
    select(document.c.dossier_id, document.c.title_index, document.c.form, document.c.id)
    .where(
        document.c.dossier_id.in_(bindparam("dossiers", expanding=True)),
        document.c.title_index.in_(bindparam("titles", expanding=True)),
    )
    .order_by(document.c.id)
)

_LOCK = (
    select(dossier.c.id)
    .where(dossier.c.id.in_(bindparam("dossiers", expanding=True)))
    .order_by(dossier.c.id)
    .with_for_update()
)


def add(unit: Unit, dossier_id: int, row: DocumentRow) -> int:
    """Put a paper on record and return its id."""
    id_ = next(unit.ids)
    unit.session.execute(insert(document), prepare(unit.vault, id_, dossier_id, row, unit.now))
    return id_


def prepare(
    vault: Vault, id_: int, dossier_id: int, row: DocumentRow, at: datetime
) -> dict[str, Any]:
    """Return a new paper as it will be written, sealed; needs no database. `id_` is fresh."""
    location = vault.seal("document.location", id_, row.location) if row.location else None
    return {
        "id": id_,
        "dossier_id": dossier_id,
        "title": vault.seal("document.title", id_, row.title),
        "title_index": index_of(vault, row.title),
        "form": row.form,
        "pages": row.pages,
        "copies": row.copies,
        "location": location,
        "grade": row.grade,
        "important": row.important,
        "material": row.material,
        "twin": None,
        "state": "kept",
        "added_at": at,
    }


def add_new(unit: Unit, prepared: Sequence[Mapping[str, Any]]) -> int:
    """Put prepared papers on record and return how many; not those that somebody else has put."""
    dossiers = sorted({one["dossier_id"] for one in prepared})
    unit.session.execute(_LOCK, {"dossiers": dossiers})
    known = filed(unit.session, dossiers, (one["title_index"] for one in prepared))
    fresh = [
        one
        for one in prepared
        if (one["dossier_id"], one["title_index"], one["form"]) not in known
    ]
    if fresh:
        unit.session.execute(insert(document), fresh)
    return len(fresh)


def get(unit: Unit, document_id: int) -> Document | None:
    """Return a paper, also one that is lost or destroyed."""
    row = unit.session.execute(_GET, {"id": document_id}).one_or_none()
    return _document(unit, row) if row else None


def many(unit: Unit, ids: Iterable[int]) -> tuple[Document, ...]:
    """Return these papers as far as they are on record, by id; at most MOST."""
    wanted = sorted(set(ids))[:MOST]
    rows = unit.session.execute(_MANY, {"ids": wanted}) if wanted else ()
    return tuple(sorted((_document(unit, row) for row in rows), key=lambda one: one.id))


def page(
    unit: Unit, dossier_id: int, grades: Iterable[str], limit: int, offset: int = 0
) -> tuple[Document, ...]:
    """Return the kept papers of a dossier that have one of the grades, as they were added."""
    asked = {"dossier_id": dossier_id, "grades": list(grades), "limit": limit, "offset": offset}
    return tuple(_document(unit, row) for row in unit.session.execute(_PAGE, asked))


def apart(unit: Unit, limit: int) -> tuple[Document, ...]:
    """Return the kept papers with a place of their own. Reads the table through: for files, not
    chats. Rule: S2-INFO.6."""
    return tuple(_document(unit, row) for row in unit.session.execute(_APART, {"limit": limit}))


def count(session: Session, dossier_id: int, grades: Iterable[str]) -> int:
    """Return how many kept papers of a dossier have one of the grades."""
    asked = {"dossier_id": dossier_id, "grades": list(grades)}
    return session.execute(_COUNT, asked).scalar_one()


def twin_of(unit: Unit, one: Document) -> Document | None:
    """Return the kept original of a copy, or of an original the copy first made (S3-ENG.3.3b)."""
    if one.form == ORIGINAL:
        row = unit.session.execute(_COPY_OF, {"id": one.id}).one_or_none()
        return _document(unit, row) if row else None
    found = get(unit, one.twin) if one.twin is not None else None
    return found if found and found.state == "kept" else None


def filed(session: Session, dossiers: Iterable[int], titles: Iterable[bytes]) -> Mapping[Key, int]:
    """Return the papers of these dossiers under these titles; the first where several are."""
    asked = {"dossiers": sorted(set(dossiers)), "titles": sorted(set(titles))}
    found: dict[Key, int] = {}
    if not all(asked.values()):
        return found
    for row in session.execute(_FILED, asked):
        found.setdefault((row.dossier_id, bytes(row.title_index), row.form), row.id)
    return found


def index_of(vault: Vault, title: str) -> bytes:
    """Return by what a title is found again, whatever its width, case and spaces."""
    return vault.index(folded(title))


def folded(title: str) -> str:
    """Return a title as it is compared: width, case and runs of spaces say nothing."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def pair(unit: Unit, copy_id: int, original_id: int) -> bool:
    """Say of which original a copy was made; one that was said before stays. Returns if new."""
    said = (
        update(document)
        .where(document.c.id == copy_id, document.c.form == COPY, document.c.twin.is_(None))
        .values(twin=original_id)
    )
    return bool(changed(unit.session, said))


def locate(unit: Unit, document_id: int, location: str) -> None:
    """Say where a paper lies from now on; empty: with the rest of its dossier.

    Raises:
        Conflict: it is not kept any more.
    """
    _set(unit, document_id, location=unit.seal("document.location", document_id, location or None))


def recount(unit: Unit, document_id: int, pages: int) -> None:
    """Say how many pages a paper has from now on. Rule: S2-DOSS.11."""
    _set(unit, document_id, pages=pages)


def mark_important(unit: Unit, document_id: int) -> None:
    """Mark a paper as important. Rule: S2-INFO.23.1.

    Raises:
        Conflict: it is not kept any more.
    """
    _set(unit, document_id, important=True)


def take_off(unit: Unit, document_id: int, state: str) -> None:
    """Note that a paper is not kept any more: lost or destroyed.

    Raises:
        Conflict: it was not kept, or a loan of it is not settled.
    """
    away = exists().where(
        loan_item.c.document_id == document_id, loan_item.c.state.in_(("out", "missing"))
    )
    _set(unit, document_id, away, state=state)


def take_off_all(unit: Unit, dossier_id: int, state: str) -> None:
    """Note that no paper of a dossier is kept any more; those that were not before stay so."""
    unit.session.execute(
        update(document).where(document.c.dossier_id == dossier_id, _KEPT).values(state=state)
    )


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let the papers of a dossier that was another one twice lie in the one that stays."""
    unit.session.execute(
        update(document).where(document.c.dossier_id == gone).values(dossier_id=keep)
    )


def _set(unit: Unit, document_id: int, unless: Any = None, **values: Any) -> None:
    this = update(document).where(document.c.id == document_id, _KEPT)
    if unless is not None:
        this = this.where(~unless)
    if not changed(unit.session, this.values(**values)):
        raise Conflict(f"document {document_id} is not in its place")


def _document(unit: Unit, row: Row[*tuple[Any, ...]]) -> Document:
    return Document(
        row.id,
        row.dossier_id,
        unit.vault.open(row.title, row.id),
        row.form,
        row.pages,
        row.copies,
        unit.vault.open(row.location, row.id),
        row.grade,
        row.important,
        row.material,
        row.twin,
        row.state,
        row.added_at,
    )
