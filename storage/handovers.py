"""Handovers: one row for each set of papers, one for each leg, changed under one version.

Whatever happens to a handover, its legs, lines or gaps goes through `save` first: who comes
second gets `Conflict` and reads what became of it. The trap is the act that counts although the
other side's act came first: there is no way to change a leg without the version of its handover.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Row,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)

from storage.counters import next_number
from storage.crypto import Vault
from storage.errors import Conflict
from storage.session import Session
from storage.tables import handover, handover_leg
from storage.unit import Unit
from storage.upsert import changed

MOST = 500
"""Open handovers that are listed at once."""

_OVER = frozenset({"complete", "cancelled"})


class NewLeg(msgspec.Struct, frozen=True):
    """One leg as it is planned."""

    giver: str
    """Staff number; "": who receives the leg before."""
    receiver_role: str
    receiver: str = ""
    """Staff number where somebody is named."""
    witness_role: str = ""
    witness: str = ""


class NewHandover(msgspec.Struct, frozen=True):
    """A set of papers whose way into the archive begins."""

    pack: str
    """Whose rules it goes by."""
    kind: str
    """Id of the row `[[handover]]`."""
    department: str
    """That gives the papers."""
    subject: str
    """What it is about, as it was written: a plate and a customer, a project, a month."""
    giver: str
    started_on: date
    """Office day of the event."""
    legs: Sequence[NewLeg]
    dossier_id: int | None = None
    """None: not opened yet, or of no customer."""
    period_on: date | None = None
    """First day of the month or year it is about."""
    contact: str = ""
    """Contact person of this visit and one number (S1-09.5.3)."""
    subject_key: str = ""
    """By what it is found again, such as the plate; empty: the subject itself."""


class Handover(msgspec.Struct, frozen=True):
    """A handover as it lies in the database."""

    id: int
    number: str
    """For people: 移-2026-0042."""
    pack: str
    kind: str
    dossier_id: int | None
    department: str
    subject: str
    contact: str
    """Contact person of this visit and one number; "" where none is asked for."""
    period_on: date | None
    started_on: date
    opened_at: datetime
    opened_by: str
    giver: str
    leg: int
    """The present one, from 1."""
    state: str
    """open, complete or cancelled."""
    gaps: int
    """Open ones."""
    location: str
    """Where its papers lie; "" until they are shelved."""
    kept_by: str
    """Who is named to keep them, where they are of an upper grade; "": nobody has to be."""
    shelved_at: datetime | None
    filed_under: int | None
    """Year under which its papers are filed where somebody said so."""
    receipt_code: str
    closed_at: datetime | None
    rev: int

    @property
    def open(self) -> bool:
        return self.state == "open"

    @property
    def year(self) -> int:
        """Under which year its papers are filed: what was said, else that of what they are about.

        Rule: S2-DOSS.7, S2-DOSS.14.1, S5-2.24.
        """
        return self.filed_under or (self.period_on or self.started_on).year


class Leg(msgspec.Struct, frozen=True):
    """One leg as it lies in the database."""

    id: int
    handover_id: int
    n: int
    giver: str
    receiver: str
    """Who is named or has signed; "": any holder of the role."""
    receiver_role: str
    witness: str
    witness_role: str
    """"": no witness is needed."""
    pack: str
    department: str
    kind: str
    into_archive: bool
    started_on: date | None
    """None: not begun."""
    due_on: date | None
    """Last day on time; None: without a clock."""
    due_at: datetime | None
    """First late instant, tolerance included."""
    provisional: bool
    state: str
    """Of `rules.handovers.LegState`."""
    handed_at: datetime | None
    """Platform time of the giver's confirmation: it is what counts (S1-09.5.1)."""
    handed_by: str
    signed_at: datetime | None
    witnessed_at: datetime | None
    closed_at: datetime | None
    """Signed by everybody who has to."""
    complete: bool | None
    """Whether nothing was missing when it was first signed; None: not signed."""
    remark: str

    def late(self, now: datetime) -> bool:
        """Return whether it missed its deadline, or has passed it and is not handed over."""
        return self.due_at is not None and (self.handed_at or now) >= self.due_at


_GET = select(handover).where(handover.c.id == bindparam("id"))

_BY_NUMBER = select(handover.c.id).where(handover.c.number == bindparam("number"))

_ALIKE = (
    select(handover)
    .where(
        handover.c.subject_index == bindparam("subject_index"),
        handover.c.started_on >= bindparam("first"),
        handover.c.state != literal_column("'cancelled'"),
    )
    .order_by(handover.c.started_on.desc(), handover.c.id.desc())
    .limit(bindparam("limit"))
)

_PERIOD = select(handover.c.id).where(
    handover.c.kind == bindparam("kind"),
    handover.c.period_on == bindparam("period_on"),
    handover.c.department == bindparam("department"),
    handover.c.pack == bindparam("pack"),
)

_SAME = handover.alias("same")

_TWIN = (
    select(handover)
    .where(
        handover.c.subject_index
        == select(_SAME.c.subject_index).where(_SAME.c.id == bindparam("id")).scalar_subquery(),
        handover.c.pack == bindparam("pack"),
        handover.c.dossier_id.is_not(None),
        handover.c.id != bindparam("id"),
        handover.c.state != literal_column("'cancelled'"),
    )
    .order_by(handover.c.started_on.desc(), handover.c.id.desc())
    .limit(1)
)

_PACK_AFTER = select(func.min(handover_leg.c.pack)).where(
    text("handover_leg.into_archive"),
    handover_leg.c.due_on.is_not(None),
    handover_leg.c.state != literal_column("'cancelled'"),
    handover_leg.c.pack > bindparam("after"),
)

_OF_DOSSIER = (
    select(handover)
    .where(handover.c.dossier_id == bindparam("dossier_id"), handover.c.dossier_id.is_not(None))
    .order_by(handover.c.id.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_SAVE = (
    update(handover)
    .where(handover.c.id == bindparam("of"), handover.c.rev == bindparam("of_rev"))
    .values(rev=handover.c.rev + 1)
)

_LEG = select(handover_leg).where(handover_leg.c.id == bindparam("id"))

_LEGS = (
    select(handover_leg)
    .where(handover_leg.c.handover_id == bindparam("id"))
    .order_by(handover_leg.c.n)
)

_SET_LEG = update(handover_leg).where(handover_leg.c.id == bindparam("of"))


def open_(unit: Unit, new: NewHandover, *, at: datetime, by: str) -> Handover:
    """Begin a handover under the next number of its year; its legs wait. `by`: "" the program."""
    id_ = next(unit.ids)
    year = new.started_on.year
    unit.session.execute(
        insert(handover).values(
            id=id_,
            number=f"移-{year}-{next_number(unit, 'handover', year):04d}",
            pack=new.pack,
            kind=new.kind,
            dossier_id=new.dossier_id,
            department=new.department,
            subject=unit.seal("handover.subject", id_, new.subject),
            subject_index=index_of(unit.vault, new.subject_key or new.subject),
            contact=unit.seal("handover.contact", id_, new.contact or None),
            period_on=new.period_on,
            started_on=new.started_on,
            opened_at=at,
            opened_by=by,
            giver=new.giver,
            leg=1,
            state="open",
            gaps=0,
            kept_by="",
            receipt_code="",
            rev=1,
        )
    )
    rows = [
        {
            "id": next(unit.ids),
            "handover_id": id_,
            "n": n,
            "giver": leg.giver,
            "receiver": leg.receiver,
            "receiver_role": leg.receiver_role,
            "witness": leg.witness,
            "witness_role": leg.witness_role,
            "pack": new.pack,
            "department": new.department,
            "kind": new.kind,
            "into_archive": n == len(new.legs),
            "provisional": False,
            "state": "waiting",
            "handed_by": "",
        }
        for n, leg in enumerate(new.legs, 1)
    ]
    unit.session.execute(insert(handover_leg), rows)
    found = get(unit, id_)
    assert found is not None  # noqa: S101 - written in this very unit
    return found


def get(unit: Unit, handover_id: int, *, lock: bool = False) -> Handover | None:
    """Return a handover; `lock`: nobody else changes it until the unit ends."""
    query = _GET.with_for_update() if lock else _GET
    row = unit.session.execute(query, {"id": handover_id}).one_or_none()
    return handover_of(unit, row) if row else None


def by_number(session: Session, number: str) -> int | None:
    """Return the id of the handover of that number."""
    return session.execute(_BY_NUMBER, {"number": number}).scalar()


def alike(unit: Unit, subject_key: str, first: date, limit: int = 5) -> tuple[Handover, ...]:
    """Return those of the same subject that began on `first` or later, the latest first."""
    asked = {
        "subject_index": index_of(unit.vault, subject_key),
        "first": first,
        "limit": limit,
    }
    return tuple(handover_of(unit, row) for row in unit.session.execute(_ALIKE, asked))


def twin(unit: Unit, held: Handover) -> Handover | None:
    """Return the last other one of the same subject that has a dossier, such as deeds beside
    their file. Rule: S4-LOAN.5.5."""
    row = unit.session.execute(_TWIN, {"id": held.id, "pack": held.pack}).one_or_none()
    return handover_of(unit, row) if row else None


def of_period(
    session: Session, *, pack: str, kind: str, period_on: date, department: str
) -> int | None:
    """Return the handover of a department's month or year."""
    asked = {"pack": pack, "kind": kind, "period_on": period_on, "department": department}
    return session.execute(_PERIOD, asked).scalar()


def packs(session: Session) -> tuple[str, ...]:
    """Return by which packs papers were handed over or are to be, sorted."""
    found = [""]
    while (pack := session.execute(_PACK_AFTER, {"after": found[-1]}).scalar()) is not None:
        found.append(pack)
    return tuple(found[1:])


def of_dossier(unit: Unit, dossier_id: int, limit: int, offset: int = 0) -> tuple[Handover, ...]:
    """Return the handovers of a dossier, the latest first."""
    asked = {"dossier_id": dossier_id, "limit": limit, "offset": offset}
    return tuple(handover_of(unit, row) for row in unit.session.execute(_OF_DOSSIER, asked))


def save(unit: Unit, before: Handover, **values: Any) -> Handover:
    """Write what became of a handover and return it; without values only its version is raised.

    A state of `complete` or `cancelled` closes it.

    Raises:
        Conflict: it was changed since `before` was read; nothing was written.
    """
    if "location" in values:
        values["location"] = unit.seal("handover.location", before.id, values["location"] or None)
    if "subject" in values:
        values["subject_index"] = index_of(unit.vault, values["subject"])
        values["subject"] = unit.seal("handover.subject", before.id, values["subject"])
    if values.get("state") in _OVER:
        values["closed_at"] = unit.now
    asked = {"of": before.id, "of_rev": before.rev, **values}
    if not changed(unit.session, _SAVE, asked):
        raise Conflict(f"handover {before.id} is no longer in version {before.rev}")
    after = get(unit, before.id)
    assert after is not None  # noqa: S101 - changed in this very unit
    return after


def leg(unit: Unit, leg_id: int) -> Leg | None:
    """Return one leg."""
    row = unit.session.execute(_LEG, {"id": leg_id}).one_or_none()
    return leg_of(unit, row) if row else None


def legs(unit: Unit, handover_id: int) -> tuple[Leg, ...]:
    """Return the legs of a handover, in order."""
    return tuple(leg_of(unit, row) for row in unit.session.execute(_LEGS, {"id": handover_id}))


def present(unit: Unit, held: Handover) -> Leg:
    """Return the leg on which a handover is."""
    return legs(unit, held.id)[held.leg - 1]


def set_leg(unit: Unit, leg_id: int, **values: Any) -> None:
    """Write what became of a leg; `save` its handover first."""
    if "remark" in values:
        values["remark"] = unit.seal("handover_leg.remark", leg_id, values["remark"] or None)
    unit.session.execute(_SET_LEG, {"of": leg_id, **values})


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let the handovers of a dossier that was another one twice be of the one that stays."""
    unit.session.execute(
        update(handover).where(handover.c.dossier_id == gone).values(dossier_id=keep)
    )


def index_of(vault: Vault, subject: str) -> bytes:
    """Return by what a subject is found again, whatever its width, case, spaces and dots."""
    folded = unicodedata.normalize("NFKC", subject).casefold()
    return vault.index("".join(char for char in folded if char.isalnum()))


def handover_of(unit: Unit, row: Row[*tuple[Any, ...]]) -> Handover:
    values = {name: getattr(row, name) for name in Handover.__struct_fields__}
    values["subject"] = unit.vault.open(row.subject, row.id)
    values["contact"] = unit.vault.open(row.contact, row.id)
    values["location"] = unit.vault.open(row.location, row.id)
    return Handover(**values)


def leg_of(unit: Unit, row: Row[*tuple[Any, ...]]) -> Leg:
    values = {name: getattr(row, name) for name in Leg.__struct_fields__}
    values["remark"] = unit.vault.open(row.remark, row.id)
    return Leg(**values)
