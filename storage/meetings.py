"""Graded meetings: who is named for one, and what it is about, sealed.

Who was taken out again stays on file as such. The host is on the list from the beginning, so one
look-up finds everybody's meetings.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import msgspec
from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select, update

from storage.session import Session
from storage.tables import meeting, meeting_dossier, meeting_member, staff
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave, insert_or_set


class Meeting(msgspec.Struct, frozen=True):
    id: int
    host: str
    """Staff number of who called it."""
    department: str
    """The host's, on that day."""
    grade: str
    subject: str
    """Empty where it is told in person only."""
    place: str
    passing: str
    """Whether and how far its contents are passed on, in the host's words; empty: not at all."""
    day: date
    hour: str
    """14:30, in the policy's zone."""
    cancelled_by: str | None
    cancelled_at: datetime | None


_NAMED = meeting_member.c.removed_at.is_(None)

_OF = (
    select(meeting)
    .join(meeting_member, meeting_member.c.meeting_id == meeting.c.id)
    .where(
        meeting_member.c.staff_id == bindparam("staff_id"),
        _NAMED,
        meeting.c.grade.in_(bindparam("grades", expanding=True)),
    )
    .order_by(meeting_member.c.day.desc(), meeting.c.id.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_ON = (
    select(func.count())
    .select_from(meeting_member.join(meeting, meeting.c.id == meeting_member.c.meeting_id))
    .where(
        meeting_member.c.staff_id == bindparam("staff_id"),
        _NAMED,
        meeting_member.c.day == bindparam("day"),
        meeting.c.grade.in_(bindparam("grades", expanding=True)),
        meeting.c.cancelled_at.is_(None),
    )
)

_HOSTLESS = (
    select(meeting)
    .join(staff, staff.c.id == meeting.c.host)
    .where(
        meeting.c.department.in_(bindparam("departments", expanding=True)),
        meeting.c.day >= bindparam("day"),
        staff.c.active.is_(False),
        meeting.c.grade.in_(bindparam("grades", expanding=True)),
        meeting.c.cancelled_at.is_(None),
    )
    .order_by(meeting.c.day, meeting.c.id)
    .limit(bindparam("limit"))
)

_HOSTED = (
    select(meeting)
    .join(meeting_member, meeting_member.c.meeting_id == meeting.c.id)
    .where(
        meeting_member.c.staff_id == bindparam("staff_id"),
        meeting_member.c.day >= bindparam("day"),
        meeting.c.host == meeting_member.c.staff_id,
        meeting.c.cancelled_at.is_(None),
    )
    .order_by(meeting_member.c.day, meeting.c.id)
)

_MEMBERS = (
    select(meeting_member.c.staff_id)
    .where(meeting_member.c.meeting_id == bindparam("meeting_id"), _NAMED)
    .order_by(meeting_member.c.named_at, meeting_member.c.staff_id)
)

_DOSSIERS = (
    select(meeting_dossier.c.dossier_id)
    .where(meeting_dossier.c.meeting_id == bindparam("meeting_id"))
    .order_by(meeting_dossier.c.dossier_id)
)


def add(
    unit: Unit,
    *,
    host: str,
    department: str,
    grade: str,
    subject: str,
    place: str,
    passing: str,
    day: date,
    hour: str,
    at: datetime,
) -> int:
    """Keep a meeting with its host as the first who takes part, and return its id."""
    id_ = next(unit.ids)
    seal = unit.vault.seal
    unit.session.execute(
        insert(meeting).values(
            id=id_,
            host=host,
            department=department,
            grade=grade,
            subject=seal("meeting.subject", id_, subject),
            place=seal("meeting.place", id_, place),
            passing=unit.seal("meeting.passing", id_, passing or None),
            day=day,
            hour=hour,
            called_at=at,
        )
    )
    _put(unit, id_, host, day, at)
    return id_


def get(unit: Unit, meeting_id: int, *, lock: bool = False) -> Meeting | None:
    """Return a meeting; `lock`: nobody else changes it until the unit ends."""
    query = select(meeting).where(meeting.c.id == meeting_id)
    row = unit.session.execute(query.with_for_update() if lock else query).one_or_none()
    return _meeting(unit, row) if row else None


def of_person(
    unit: Unit, staff_id: str, grades: Iterable[str], limit: int, offset: int = 0
) -> list[Meeting]:
    """Return the meetings of these grades that somebody is named for, the latest day first."""
    values = {"staff_id": staff_id, "grades": list(grades), "limit": limit, "offset": offset}
    return [_meeting(unit, row) for row in unit.session.execute(_OF, values)]


def count_on(session: Session, staff_id: str, grades: Iterable[str], day: date) -> int:
    """Return how many meetings of these grades somebody is named for on that day."""
    values = {"staff_id": staff_id, "grades": list(grades), "day": day}
    return session.execute(_ON, values).scalar_one()


def hostless(
    unit: Unit, departments: Iterable[str], grades: Iterable[str], day: date, limit: int
) -> list[Meeting]:
    """Return the meetings of these departments from that day on whose host has left."""
    values = {"departments": list(departments), "grades": list(grades), "day": day}
    rows = unit.session.execute(_HOSTLESS, {**values, "limit": limit})
    return [_meeting(unit, row) for row in rows]


def hosted(unit: Unit, staff_id: str, day: date) -> list[Meeting]:
    """Return the meetings that somebody called and that are held from that day on."""
    rows = unit.session.execute(_HOSTED, {"staff_id": staff_id, "day": day})
    return [_meeting(unit, row) for row in rows]


def members(session: Session, meeting_id: int) -> tuple[str, ...]:
    """Return the staff numbers of who takes part, in the order of being named."""
    return tuple(session.execute(_MEMBERS, {"meeting_id": meeting_id}).scalars())


def name(unit: Unit, held: Meeting, staff_id: str, at: datetime) -> None:
    """Put somebody on the list, also again."""
    _put(unit, held.id, staff_id, held.day, at)


def remove(unit: Unit, meeting_id: int, staff_id: str, at: datetime) -> bool:
    """Take somebody off the list; False: they are not on it (any more)."""
    this = meeting_member.c.meeting_id == meeting_id, meeting_member.c.staff_id == staff_id
    off = update(meeting_member).where(*this, _NAMED).values(removed_at=at)
    return changed(unit.session, off) == 1


def dossiers(session: Session, meeting_id: int) -> tuple[int, ...]:
    """Return the ids of the dossiers that a meeting is about."""
    return tuple(session.execute(_DOSSIERS, {"meeting_id": meeting_id}).scalars())


def concern(unit: Unit, meeting_id: int, dossier_id: int) -> bool:
    """Note that a meeting is about a dossier; False: that is noted already."""
    row = {"meeting_id": meeting_id, "dossier_id": dossier_id}
    return insert_or_leave(unit.session, meeting_dossier, row) == 1


def leave_out(unit: Unit, meeting_id: int, dossier_id: int) -> bool:
    """Note that a meeting is not about a dossier after all; False: it was not."""
    return (
        changed(unit.session, delete(meeting_dossier).where(*_link(meeting_id, dossier_id))) == 1
    )


def move(unit: Unit, meeting_id: int, *, day: date, hour: str, place: str) -> None:
    """Give a meeting another day, hour or place."""
    values = {
        "day": day,
        "hour": hour,
        "place": unit.vault.seal("meeting.place", meeting_id, place),
    }
    unit.session.execute(update(meeting).where(meeting.c.id == meeting_id).values(**values))
    theirs = update(meeting_member).where(meeting_member.c.meeting_id == meeting_id)
    unit.session.execute(theirs.values(day=day))


def cancel(unit: Unit, meeting_id: int, *, by: str, at: datetime) -> bool:
    """Call a meeting off; False: that was done already."""
    this = meeting.c.id == meeting_id, meeting.c.cancelled_at.is_(None)
    off = update(meeting).where(*this).values(cancelled_by=by, cancelled_at=at)
    return changed(unit.session, off) == 1


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let meetings about a dossier that was another one twice be about the one that stays."""
    about = select(meeting_dossier.c.meeting_id).where(meeting_dossier.c.dossier_id == gone)
    for one in unit.session.execute(about).scalars().all():
        concern(unit, one, keep)
        leave_out(unit, one, gone)


def _put(unit: Unit, meeting_id: int, staff_id: str, day: date, at: datetime) -> None:
    row = {
        "meeting_id": meeting_id,
        "staff_id": staff_id,
        "day": day,
        "named_at": at,
        "removed_at": None,
    }
    insert_or_set(unit.session, meeting_member, row, ["named_at", "removed_at"])


def _link(meeting_id: int, dossier_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    this = meeting_dossier.c
    return this.meeting_id == meeting_id, this.dossier_id == dossier_id


def _meeting(unit: Unit, row: Row[tuple[object, ...]]) -> Meeting:
    return Meeting(
        id=row.id,
        host=row.host,
        department=row.department,
        grade=row.grade,
        subject=unit.vault.open(row.subject, row.id),
        place=unit.vault.open(row.place, row.id),
        passing=unit.vault.open(row.passing, row.id),
        day=row.day,
        hour=row.hour,
        cancelled_by=row.cancelled_by,
        cancelled_at=row.cancelled_at,
    )
