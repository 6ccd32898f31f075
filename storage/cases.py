"""Approval cases: one row each, a row for every place and for everybody who may decide now.

A case changes only from the version it was read in, so that of two who decide at once one is
first and the other reads what became of it. What a case rests on (matter, row of the policy,
chain) is kept as it was at opening: a changed policy leaves it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy import Row, bindparam, delete, insert, select, update

from rules.access import StaffId
from rules.cases import Case, CaseState, Event, Place
from rules.chains import Approval, ChainStep
from rules.deciders import Decider, Matter, Via
from storage.counters import next_number
from storage.errors import Conflict
from storage.tables import approval_case, case_act, case_decider, case_place
from storage.unit import Unit
from storage.upsert import changed, insert_or_set


class Terms(msgspec.Struct, frozen=True):
    """What a case rests on, whatever the policy says by now."""

    matter: Matter
    approval: Approval
    chain: tuple[ChainStep, ...]


class Stored(msgspec.Struct, frozen=True):
    """A case as it lies in the database."""

    id: int
    number: str
    """For people: 阅-2026-0042."""
    kind: str
    subject: int
    """Row of the kind's own table."""
    dossier_id: int | None
    version: int
    case: Case


class Happened(msgspec.Struct, frozen=True):
    """One thing that happened to a case."""

    kind: str
    """Of `rules.cases.EventKind`."""
    step: int
    place: int | None
    staff_id: str | None
    """Who did it; None: time, or a change in the staff list."""
    acting_for: str | None
    why: str
    words: str
    """Reason, question or answer; empty: none."""
    at: datetime


_TERMS = msgspec.json.Decoder(Terms)
_PLACE = msgspec.json.Decoder(Place)
_ASKED = msgspec.json.Decoder(tuple[StaffId, ...])

_GET = select(approval_case).where(approval_case.c.id == bindparam("id"))

_PLACES = (
    select(case_place.c.place, case_place.c.body)
    .where(case_place.c.case_id == bindparam("id"))
    .order_by(case_place.c.place)
)

_DECIDERS = (
    select(case_decider)
    .where(case_decider.c.case_id == bindparam("id"))
    .order_by(case_decider.c.place, case_decider.c.turn)
)

_MOVE = (
    update(approval_case)
    .where(
        approval_case.c.id == bindparam("of"), approval_case.c.version == bindparam("of_version")
    )
    .values(version=approval_case.c.version + 1)
)

_DROP_DECIDERS = delete(case_decider).where(
    case_decider.c.case_id == bindparam("of"), case_decider.c.place == bindparam("of_place")
)


# -- one case ----------------------------------------------------------------------------------


def add(
    unit: Unit,
    case: Case,
    *,
    kind: str,
    mark: str,
    year: int,
    subject: int,
    dossier_id: int | None,
    next_due_at: datetime | None,
) -> Stored:
    """Keep a new case under the next number of its kind in that year."""
    number = f"{mark}-{year}-{next_number(unit, f'case:{kind}', year):04d}"
    stored = Stored(next(unit.ids), number, kind, subject, dossier_id, 1, case)
    values = {
        "id": stored.id,
        "number": number,
        "kind": kind,
        "subject": subject,
        "dossier_id": dossier_id,
        "requester": case.matter.requester,
        "version": 1,
        "opened_at": case.opened_at,
        **_state(case, next_due_at),
        **_terms(case),
    }
    unit.session.execute(insert(approval_case), values)
    _write_places(unit, stored.id, (), case.places)
    return stored


def get(unit: Unit, case_id: int, *, lock: bool = False) -> Stored | None:
    """Return a case; `lock`: nobody else changes it until the unit ends."""
    query = _GET.with_for_update() if lock else _GET
    row = unit.session.execute(query, {"id": case_id}).one_or_none()
    return _stored(unit, row) if row else None


def save(unit: Unit, before: Stored, case: Case, next_due_at: datetime | None) -> Stored:
    """Write what became of a case and return it as it lies there now.

    Raises:
        Conflict: it was changed since `before` was read; nothing was written.
    """
    values = {
        "of": before.id,
        "of_version": before.version,
        **_state(case, next_due_at),
    }
    if _terms(case) != _terms(before.case):
        values |= _terms(case)
    if not changed(unit.session, _MOVE, values):
        raise Conflict(f"case {before.id} is no longer in version {before.version}")
    _write_places(unit, before.id, before.case.places, case.places)
    return replace(before, version=before.version + 1, case=case)


def remember(unit: Unit, case_id: int, events: Sequence[Event], words: str, at: datetime) -> None:
    """Keep what happened; `words` are those of the act: of the first event that has a doer."""
    spoken = next((at for at, one in enumerate(events) if one.by is not None), None)
    rows = []
    for number, one in enumerate(events):
        id_ = next(unit.ids)
        said = words if number == spoken else ""
        rows.append(
            {
                "id": id_,
                "case_id": case_id,
                "kind": one.kind.value,
                "step": one.step,
                "place": one.place,
                "staff_id": one.by,
                "acting_for": one.acting_for,
                "why": one.why,
                "words": unit.seal("case_act.words", id_, said or None),
                "at": at,
            }
        )
    if rows:
        unit.session.execute(insert(case_act), rows)


def history(unit: Unit, case_id: int) -> tuple[Happened, ...]:
    """Return what happened to a case, in order."""
    rows = unit.session.execute(
        select(case_act).where(case_act.c.case_id == case_id).order_by(case_act.c.id)
    )
    return tuple(
        Happened(
            row.kind,
            row.step,
            row.place,
            row.staff_id,
            row.acting_for,
            row.why,
            unit.vault.open(row.words, row.id),
            row.at,
        )
        for row in rows
    )


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let the cases about a dossier that was another one twice be about the one that stays."""
    unit.session.execute(
        update(approval_case).where(approval_case.c.dossier_id == gone).values(dossier_id=keep)
    )


# -- rows --------------------------------------------------------------------------------------


def _state(case: Case, next_due_at: datetime | None) -> dict[str, object]:
    return {
        "asked": msgspec.json.encode(case.asked).decode(),
        "state": case.state.value,
        "step": case.step,
        "stuck": case.stuck,
        "nudged_at": case.nudged_at,
        "closed_at": case.closed_at,
        "closed_by": case.closed_by,
        "next_due_at": next_due_at,
    }


def _terms(case: Case) -> dict[str, str]:
    terms = Terms(case.matter, case.approval, case.chain)
    return {"terms": msgspec.json.encode(terms, order="deterministic").decode()}


def _write_places(
    unit: Unit, case_id: int, before: Sequence[Place], after: Sequence[Place]
) -> None:
    rows, deciders = [], []
    for number, place in enumerate(after):
        old = before[number] if number < len(before) else None
        if place == old:
            continue
        rows.append(_place_row(case_id, number, place))
        if place.deciders != (old.deciders if old else ()):
            deciders += _decider_rows(case_id, number, place.deciders)
            unit.session.execute(_DROP_DECIDERS, {"of": case_id, "of_place": number})
    names = ("step", "state", "body", "decided_by", "acting_for", "decided_at")
    insert_or_set(unit.session, case_place, rows, names)
    if deciders:
        unit.session.execute(insert(case_decider), deciders)


def _place_row(case_id: int, number: int, place: Place) -> dict[str, object]:
    decision = place.decision
    return {
        "case_id": case_id,
        "place": number,
        "step": place.step,
        "state": place.state.value,
        "body": msgspec.json.encode(replace(place, deciders=())).decode(),
        "decided_by": decision.decider.person if decision else None,
        "acting_for": decision.decider.acting_for if decision else None,
        "decided_at": decision.at if decision else None,
    }


def _decider_rows(
    case_id: int, place: int, deciders: Iterable[Decider]
) -> list[dict[str, object]]:
    return [
        {
            "case_id": case_id,
            "place": place,
            "turn": turn,
            "staff_id": one.person,
            "via": one.via.value,
            "acting_for": one.acting_for,
        }
        for turn, one in enumerate(deciders)
    ]


def _stored(unit: Unit, row: Row[tuple[object, ...]]) -> Stored:
    terms = _TERMS.decode(row.terms)
    deciders: dict[int, list[Decider]] = {}
    for one in unit.session.execute(_DECIDERS, {"id": row.id}):
        acting_for = None if one.acting_for is None else StaffId(one.acting_for)
        who = Decider(StaffId(one.staff_id), Via(one.via), acting_for)
        deciders.setdefault(one.place, []).append(who)
    places = tuple(
        replace(_PLACE.decode(one.body), deciders=tuple(deciders.get(one.place, ())))
        for one in unit.session.execute(_PLACES, {"id": row.id})
    )
    case = Case(
        matter=terms.matter,
        approval=terms.approval,
        chain=terms.chain,
        opened_at=row.opened_at,
        state=CaseState(row.state),
        step=row.step,
        places=places,
        asked=_ASKED.decode(row.asked),
        stuck=row.stuck,
        nudged_at=row.nudged_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )
    return Stored(row.id, row.number, row.kind, row.subject, row.dossier_id, row.version, case)
