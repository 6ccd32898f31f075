"""Looks: whose eyes the content of a dossier or a note was shown to, by which right and what for.

Written in the unit that shows it. The looks of a keeper at the own dossiers are most of all and
concern nobody else: they are in no index, so that they cost one insert.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, func, insert, literal_column, select

from storage.session import Session
from storage.tables import look, staff
from storage.unit import Unit


class Way(StrEnum):
    """How content came before somebody's eyes."""

    CARD = "card"
    """The card of a dossier."""
    NOTE = "note"
    HISTORY = "history"
    FILES = "files"
    COMMENT = "comment"
    """A comment on a note, sent to its reader."""
    PAPERS = "papers"
    """The list of the papers in a dossier."""
    REGISTER = "register"
    """A line of the loan register that was sent as a file."""
    REVEAL = "reveal"
    """Personal fields in full, for a minute."""


class Look(msgspec.Struct, frozen=True):
    at: datetime
    staff_id: str
    """Who saw it."""
    dossier_id: int
    keeper: str
    """Of the dossier, at that time."""
    level: str
    """Of the dossier, at that time."""
    subject: str
    """`dossier:12`, `visit_note:123`"""
    way: Way
    right: str
    """Code of `rules.access.Right`."""
    channel: str
    purpose: str = ""
    """Code; "": none was asked."""
    purpose_text: str = ""
    """In words, where no code fits."""
    name: str = ""
    """Of who looked, where it was read."""


class Visitor(msgspec.Struct, frozen=True):
    """How often one person looked."""

    staff_id: str
    name: str
    count: int
    dossiers: int
    """How many different ones."""


class Span(msgspec.Struct, frozen=True):
    """From an instant up to another, which is not in it."""

    since: datetime
    until: datetime


_INSERT = insert(look)

_IN_SPAN = (look.c.at >= bindparam("since"), look.c.at < bindparam("until"))

# written out, not bound: SQLite must see that its partial indexes fit
_BY_OTHERS = (look.c.staff_id != look.c.keeper,)
_COMPANY = (look.c.level == literal_column("'company'"),)

_LISTED = (
    select(look, staff.c.name)
    .join(staff, staff.c.id == look.c.staff_id)
    .where(*_IN_SPAN)
    .order_by(look.c.at.desc(), look.c.id.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_OF_KEEPER = _LISTED.where(look.c.keeper == bindparam("keeper"), *_BY_OTHERS)

_AT_COMPANY = _LISTED.where(look.c.staff_id.in_(bindparam("people", expanding=True)), *_COMPANY)

_VISITORS = (
    select(
        look.c.staff_id,
        staff.c.name,
        func.count().label("count"),
        func.count(look.c.dossier_id.distinct()).label("dossiers"),
    )
    .join(staff, staff.c.id == look.c.staff_id)
    .where(look.c.keeper == bindparam("keeper"), *_BY_OTHERS, *_IN_SPAN)
    .group_by(look.c.staff_id, staff.c.name)
    .order_by(func.count().desc(), look.c.staff_id)
)

_FIRST_AT_COMPANY = (
    select(look.c.id)
    .where(look.c.staff_id == bindparam("person"), *_COMPANY, *_IN_SPAN)
    .order_by(look.c.at, look.c.id)
    .limit(1)
)


def _first_of_keepers() -> Select[str, int | None]:
    some = (
        select(staff.c.id)
        .where(staff.c.id > bindparam("after"))
        .order_by(staff.c.id)
        .limit(bindparam("limit"))
        .subquery("some")
    )
    first = (
        select(look.c.id)
        .where(look.c.keeper == some.c.id, *_BY_OTHERS, *_IN_SPAN)
        .order_by(look.c.at, look.c.id)
        .limit(1)
        .scalar_subquery()
    )
    query: Select[str, int | None] = select(some.c.id, first).order_by(some.c.id)
    return query


_FIRST_OF_KEEPERS = _first_of_keepers()


def add(unit: Unit, looks: Iterable[Look]) -> None:
    """Write looks, in one statement."""
    rows = []
    for one in looks:
        id_ = next(unit.ids)
        words = unit.seal("look.purpose_text", id_, one.purpose_text or None)
        rows.append(
            {
                "id": id_,
                "at": one.at,
                "staff_id": one.staff_id,
                "dossier_id": one.dossier_id,
                "keeper": one.keeper,
                "level": one.level,
                "subject": one.subject,
                "way": one.way.value,
                "by_right": one.right,
                "channel": one.channel,
                "purpose": one.purpose,
                "purpose_text": words,
            }
        )
    if rows:
        unit.session.execute(_INSERT, rows)


def visitors(session: Session, keeper: str, span: Span) -> tuple[Visitor, ...]:
    """Return who else looked at the dossiers of a keeper, who did most first."""
    asked = {"keeper": keeper, **_bounds(span)}
    return tuple(Visitor(*row) for row in session.execute(_VISITORS, asked))


def of_keeper(
    unit: Unit, keeper: str, span: Span, limit: int, offset: int = 0
) -> tuple[Look, ...]:
    """Return the looks of others at the dossiers of a keeper, newest first."""
    asked = {"keeper": keeper, "limit": limit, "offset": offset, **_bounds(span)}
    return tuple(_look(unit, row) for row in unit.session.execute(_OF_KEEPER, asked).mappings())


def at_company_level(
    unit: Unit, people: Sequence[str], span: Span, limit: int, offset: int = 0
) -> tuple[Look, ...]:
    """Return the looks of these people at dossiers of company level, newest first (C-03)."""
    asked = {"people": list(people), "limit": limit, "offset": offset, **_bounds(span)}
    return tuple(_look(unit, row) for row in unit.session.execute(_AT_COMPANY, asked).mappings())


def first_of_keepers(
    session: Session, span: Span, after: str, limit: int
) -> list[tuple[str, int | None]]:
    """Return the next `limit` staff numbers behind `after`, each with the id of the first look
    of somebody else at a dossier they kept; None: nobody looked."""
    asked = {"after": after, "limit": limit, **_bounds(span)}
    return [(row[0], row[1]) for row in session.execute(_FIRST_OF_KEEPERS, asked)]


def first_at_company_level(session: Session, people: Sequence[str], span: Span) -> int | None:
    """Return the id of the first look of these people at a dossier of company level (C-03)."""
    found = (
        session.execute(_FIRST_AT_COMPANY, {"person": one, **_bounds(span)}).scalar()
        for one in people
    )
    return min((one for one in found if one is not None), default=None)


def _bounds(span: Span) -> dict[str, Any]:
    return {"since": span.since, "until": span.until}


def _look(unit: Unit, row: Mapping[Any, Any]) -> Look:
    return Look(
        at=row["at"],
        staff_id=row["staff_id"],
        dossier_id=row["dossier_id"],
        keeper=row["keeper"],
        level=row["level"],
        subject=row["subject"],
        way=Way(row["way"]),
        right=row["by_right"],
        channel=row["channel"],
        purpose=row["purpose"],
        purpose_text=unit.vault.open(row["purpose_text"], row["id"]),
        name=row["name"],
    )
