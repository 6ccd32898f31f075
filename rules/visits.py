"""The duty after a visit: a note on the same day, the evening's reminders, the superior next day.

Leave, sickness and cancelling suspend the duty, but only when told before the deadline: after
it the breach exists. Guards against chasing people for a day on which they were ill.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from enum import StrEnum

import msgspec

from rules.absences import Away, put_off
from rules.calendar import WorkingCalendar
from rules.deadlines import Deadline, deadline, is_late
from rules.policy import Policy
from rules.reminders import Due, Ladder, next_due, occurrences
from rules.rungs import Anchor


class VisitState(StrEnum):
    """Where a visit's note stands."""

    PLANNED = "planned"
    """The day of the visit has not come."""
    OPEN = "open"
    """The note can still be on time."""
    FILED = "filed"
    FILED_LATE = "filed_late"
    MISSED = "missed"
    """The deadline passed without a note: the breach exists."""
    CANCELLED = "cancelled"


class Visit(msgspec.Struct, frozen=True):
    """What the duty depends on."""

    day: date
    """Office day of the visit."""
    entered_at: datetime
    """Platform time (UTC) at which the visit was entered or last moved."""
    note_at: datetime | None = None
    """Platform time (UTC) of the note; None while there is none."""
    cancelled_at: datetime | None = None
    """Platform time (UTC) at which it was called off; None while it stands."""
    away: tuple[Away, ...] = ()
    """Absences of the author."""


def note_deadline(visit: Visit, policy: Policy, calendar: WorkingCalendar) -> Deadline:
    """Return until when the note of a visit is on time.

    An absence told before the deadline suspends the duty: it is due on the first working day
    after it. Cancelling is `state`'s business.

    Raises:
        CalendarGap: the day can be neither looked up nor computed.

    Rule: S1-07.2.3a, S2-DOSS.3.3.
    """
    term = policy.visit.note.due
    due = deadline(visit.day, term, policy.time.rules, calendar)
    return put_off(due, term, visit.away, policy.time.rules, calendar)


def on_time(note_at: datetime, due: Deadline) -> bool:
    """Return whether a note with that platform time keeps the deadline.

    Rule: S1-07.2.3a, C-58.
    """
    return not is_late(note_at, due)


def state(visit: Visit, policy: Policy, calendar: WorkingCalendar, now: datetime) -> VisitState:
    """Return where the visit's note stands at `now` (aware UTC).

    A visit cancelled after its deadline stays missed: a breach is not undone by cancelling.

    Rule: S1-07.2.3a, S1-07.2.3c.
    """
    due = note_deadline(visit, policy, calendar)
    if visit.note_at is not None:
        return VisitState.FILED if on_time(visit.note_at, due) else VisitState.FILED_LATE
    if visit.cancelled_at is not None and not is_late(visit.cancelled_at, due):
        return VisitState.CANCELLED
    if is_late(now, due):
        return VisitState.MISSED
    return VisitState.PLANNED if now < policy.time.day_start(visit.day) else VisitState.OPEN


def ladder(policy: Policy) -> Ladder:
    """Return the reminder ladder of the policy's visit note, author's rungs first."""
    return policy.visit.note.ladder("author")


def rungs(visit: Visit, policy: Policy, calendar: WorkingCalendar) -> tuple[Due, ...]:
    """Return every rung of a visit that still lacks its note, ascending; () once it is over.

    With the default ladder: 09:00, 18:00 and 20:30 on the due day to the author, 09:00 on the
    day after to the superior.

    Rule: S1-07.2.3a.
    """
    if _over(visit, policy, calendar):
        return ()
    steps = ladder(policy)
    finite = tuple(step for step in steps if not step.rung.repeat or step.rung.until == "due")
    hook = anchor(visit, policy, calendar)
    return tuple(occurrences(finite, hook, policy.time.quiet_hours, visit.entered_at))


def next_rung(
    visit: Visit, policy: Policy, calendar: WorkingCalendar, sent: Collection[str]
) -> Due | None:
    """Return the next rung that was not sent, to store its `send_at`; None when all is done.

    Rule: S1-07.2.3a.
    """
    if _over(visit, policy, calendar):
        return None
    hook = anchor(visit, policy, calendar)
    return next_due(ladder(policy), hook, sent, policy.time.quiet_hours, visit.entered_at)


def anchor(visit: Visit, policy: Policy, calendar: WorkingCalendar) -> Anchor:
    """Return what the ladder hangs on, for `reminders.missed` and the like."""
    due = note_deadline(visit, policy, calendar)
    return policy.time.anchor(visit.day, due, calendar)


def major_matter_to(
    policy: Policy, *, major: bool, confidential: bool, is_held: Callable[[str], bool]
) -> str | None:
    """Return the role that hears of a major matter; None when nobody is to hear.

    The first role of the policy's list that somebody holds; `is_held` answers that for a role
    code (for `direct_superior`: whether the author has one). Nobody when marked confidential.

    Rule: S2-DOSS.26, S5-1.5.
    """
    if not major or confidential:
        return None
    return next((code for code in policy.visit.major_matter_to if is_held(code)), None)


def _over(visit: Visit, policy: Policy, calendar: WorkingCalendar) -> bool:
    if visit.note_at is not None:
        return True
    if visit.cancelled_at is None:
        return False
    return not is_late(visit.cancelled_at, note_deadline(visit, policy, calendar))
