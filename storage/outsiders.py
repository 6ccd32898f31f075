"""People from outside who come to read or borrow: who, on which credential, and did they come.

One row is one visit. Everything that names the visitor is sealed; a letter is recognised again by
a keyed index of what stands on it.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from sqlalchemy import Row, bindparam, func, insert, literal_column, select, update

from storage.names import normalise
from storage.session import Session
from storage.tables import outsider
from storage.unit import Unit
from storage.upsert import changed

ASKED, EXPECTED, CAME, MISSED = "asked", "expected", "came", "missed"
"""Where a visit stands: not granted, granted, made, not made."""

MOST_COUNTED = 100


class Outsider(msgspec.Struct, frozen=True):
    id: int
    sponsor: str
    """Staff number of who asks for the visitor."""
    kind: str
    """external, subject or proxy."""
    name: str
    organisation: str
    """Empty for who comes for themselves."""
    credential: str
    """Code of `rules.chains.Credential`; empty where none is asked for."""
    issuer: str
    number: str
    """Of the credential, as it stands on it."""
    valid_to: date | None
    """Last day on which the credential is valid; None without one."""
    consent: bool
    """Whether the customer's own consent was handed in as well (C-72)."""
    visit: str
    """asked, expected, came or missed."""
    settled_by: str | None
    """Staff number of who entered that the visitor came, or did not."""
    settled_at: datetime | None
    created_at: datetime


_EXPECTED = outsider.c.visit == literal_column("'expected'")
# written out, not bound: SQLite must see that the partial index fits

_REGISTER = (
    select(outsider)
    .where(_EXPECTED)
    .order_by(outsider.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_OPEN_OF = (
    select(outsider)
    .where(
        outsider.c.sponsor == bindparam("sponsor"),
        outsider.c.visit.in_((ASKED, EXPECTED)),
        outsider.c.valid_to >= bindparam("day"),
    )
    .order_by(outsider.c.id.desc())
    .limit(bindparam("limit"))
)

_SAME_PAPER = (
    select(outsider.c.id)
    .where(
        outsider.c.paper == bindparam("paper"),
        outsider.c.visit.in_((EXPECTED, CAME)),
        outsider.c.id != bindparam("but"),
    )
    .limit(1)
)


def add(
    unit: Unit,
    *,
    sponsor: str,
    kind: str,
    name: str,
    organisation: str = "",
    credential: str = "",
    issuer: str = "",
    number: str = "",
    valid_to: date | None = None,
    consent: bool = False,
) -> int:
    """Keep a visitor and return the row's id."""
    id_ = next(unit.ids)
    seal = unit.vault.seal
    unit.session.execute(
        insert(outsider).values(
            id=id_,
            sponsor=sponsor,
            kind=kind,
            name=seal("outsider.name", id_, name),
            organisation=unit.seal("outsider.organisation", id_, organisation),
            credential=credential,
            issuer=unit.seal("outsider.issuer", id_, issuer),
            number=unit.seal("outsider.number", id_, number),
            paper=_paper(unit, credential, issuer, number) if credential else None,
            valid_to=valid_to,
            consent=consent,
            visit=ASKED,
            created_at=unit.now,
        )
    )
    return id_


def get(unit: Unit, outsider_id: int) -> Outsider | None:
    row = unit.session.execute(select(outsider).where(outsider.c.id == outsider_id)).one_or_none()
    return _outsider(unit, row) if row else None


def used(unit: Unit, credential: str, issuer: str, number: str, *, but: int = 0) -> bool:
    """Return whether a visit, other than `but`, was granted or made on that very paper.

    Rule: C-05.
    """
    values = {"paper": _paper(unit, credential, issuer, number), "but": but}
    return unit.session.execute(_SAME_PAPER, values).scalar() is not None


def open_of(unit: Unit, sponsor: str, day: date, limit: int) -> list[Outsider]:
    """Return somebody's visitors who have not come yet and whose credential is valid that day."""
    values = {"sponsor": sponsor, "day": day, "limit": limit}
    return [_outsider(unit, row) for row in unit.session.execute(_OPEN_OF, values)]


def expected(unit: Unit, limit: int, offset: int = 0) -> list[Outsider]:
    """Return the visitors who are expected, those granted longest ago first."""
    rows = unit.session.execute(_REGISTER, {"limit": limit, "offset": offset})
    return [_outsider(unit, row) for row in rows]


def count_expected(session: Session) -> int:
    """Return how many visitors are expected, MOST_COUNTED at most."""
    some = select(outsider.c.id).where(_EXPECTED).limit(MOST_COUNTED).subquery("some")
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def expect(unit: Unit, outsider_id: int) -> None:
    """Note that the visit was granted."""
    this = (outsider.c.id == outsider_id, outsider.c.visit == ASKED)
    unit.session.execute(update(outsider).where(*this).values(visit=EXPECTED))


def settle(unit: Unit, outsider_id: int, visit: str, *, by: str, at: datetime) -> bool:
    """Enter that the visitor came, or did not; False: nobody is expected (any more)."""
    said = (
        update(outsider)
        .where(outsider.c.id == outsider_id, outsider.c.visit == EXPECTED)
        .values(visit=visit, settled_by=by, settled_at=at)
    )
    return changed(unit.session, said) == 1


def _paper(unit: Unit, credential: str, issuer: str, number: str) -> bytes:
    return unit.vault.index("\n".join((credential, normalise(issuer), normalise(number))))


def _outsider(unit: Unit, row: Row[tuple[object, ...]]) -> Outsider:
    return Outsider(
        row.id,
        row.sponsor,
        row.kind,
        unit.vault.open(row.name, row.id),
        unit.vault.open(row.organisation, row.id),
        row.credential,
        unit.vault.open(row.issuer, row.id),
        unit.vault.open(row.number, row.id),
        row.valid_to,
        row.consent,
        row.visit,
        row.settled_by,
        row.settled_at,
        row.created_at,
    )
