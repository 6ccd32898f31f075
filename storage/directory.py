"""The staff list as `rules.deciders.Directory` asks for it, by index look-ups.

Leave and delegations are one thing here: days on which somebody does not decide. What was
delegated counts before mere leave, for it names who decides instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rules.access import StaffId
from rules.deciders import Away, Colleague
from rules.secrecy import Grade
from storage import away, delegations, staff
from storage.session import Session


class StaffDirectory:
    """One unit's view of the staff list; what was asked once is not asked again."""

    def __init__(self, session: Session, today: date) -> None:
        """`today`: office day from which on absences matter."""
        self._session = session
        self._today = today
        self._colleagues: dict[str, Colleague | None] = {}
        self._superiors: dict[str, tuple[StaffId, ...]] = {}

    def colleague(self, staff_id: StaffId) -> Colleague | None:
        """Return a person, also one who left; None for nobody."""
        if staff_id not in self._colleagues:
            self._colleagues[staff_id] = self._looked_up(staff_id)
        return self._colleagues[staff_id]

    def holders(self, role: str) -> Sequence[StaffId]:
        """Return the active people who carry a role code, sorted."""
        return tuple(StaffId(one) for one in staff.holders(self._session, role))

    def heads(self, department: str) -> Sequence[StaffId]:
        """Return the active people who head a department, sorted."""
        return tuple(StaffId(one) for one in staff.heads(self._session, department))

    def superiors(self, staff_id: StaffId) -> Sequence[StaffId]:
        """Return the active superiors of a person, nearest first, at most `staff.MAX_CHAIN`."""
        if staff_id not in self._superiors:
            line = staff.chain(self._session, staff_id)
            self._superiors[staff_id] = tuple(StaffId(one) for one in line)
        return self._superiors[staff_id]

    def _looked_up(self, staff_id: str) -> Colleague | None:
        person = staff.get(self._session, staff_id)
        if person is None:
            return None
        leave = away.upcoming(self._session, staff_id, self._today)
        given = delegations.upcoming(self._session, staff_id, self._today)
        told = sorted(leave, key=lambda one: one.told_at)
        absences = [Away(one.first_day, one.last_day) for one in told]
        absences += [Away(one.first_day, one.last_day, StaffId(one.stand_in)) for one in given]
        return Colleague(
            id=StaffId(staff_id),
            active=person.active,
            department=person.department,
            clearance=Grade(person.clearance),
            roles=person.roles,
            deputy=StaffId(person.deputy) if person.deputy else None,
            away=tuple(absences),
        )
