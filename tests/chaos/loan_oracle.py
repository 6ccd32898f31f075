"""What a borrower and those above are promised, reckoned from the regulation's text alone.

Written from the rule catalogue (S2-INFO.19.5, C-07, C-19, C-55, C-56, its reminder schedules and
its calendar) and the defaults that the policy file prints beside them, with a calendar of its own
from the same published days. The trap is an oracle that asks the program: it would only find
that the program agrees with itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chinese_calendar.constants import holidays, workdays

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
PUBLISHED_UNTIL = 2026
STATUTORY = frozenset(
    {date(2027, 1, 1), *(date(2027, 2, one) for one in (5, 6, 7, 8))}  # Spring Festival: the 6th
)
"""Days off of the beginning of 2027, for which no notice has come out."""
QUIET = time(21, 30), time(8)

DUE, OVERDUE, INCIDENT, ABOVE, LEFT = "due", "overdue", "incident", "above", "left"
"""What a message about a loan says: to be given back, late, reported, not given back, not given
back by somebody who left."""


def worked(day: date) -> bool:
    """Return whether the office works: make-up days do, days of a holiday do not."""
    if day in workdays:
        return True
    off = day in holidays if day.year <= PUBLISHED_UNTIL else day in STATUTORY
    return not off and day.weekday() < 5


def rolled(day: date) -> date:
    """Return the day, or the next on which the office works."""
    while not worked(day):
        day += DAY
    return day


def strike(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), SHANGHAI).astimezone(UTC)


def office_day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def quiet(at: datetime) -> bool:
    """Return whether nothing is said at that moment."""
    clock = at.astimezone(SHANGHAI).time()
    return clock >= QUIET[0] or clock < QUIET[1]


@dataclass(frozen=True)
class Said:
    """One thing that somebody is told about a loan."""

    reader: str
    number: str
    """Of the loan."""
    what: str
    count: int = 0
    """The how-manieth notice since the due day; 0: none of those."""
    held_up: int = 0
    """Earlier ones that it stands for."""


@dataclass
class Held:
    """A loan that is out, as the register has to have it."""

    borrower: str
    lent_at: datetime
    due: date
    """Last day that is on time."""
    renewed: bool = False
    recalled: bool = False
    counting: bool = False
    """Whether it was listed as coming back and waits for the other side."""
    settled: set[tuple[date, str, datetime]] = field(default_factory=set)
    """Rungs that were said, or that struck while there was no reason for them."""

    @property
    def late_at(self) -> datetime:
        return strike(self.due + DAY, 0)


class Oracle:
    """Everything that is out, and what of it has been said."""

    def __init__(self, above: Callable[[str], str], manager: str) -> None:
        """`above`: the superior who is there; `manager`: who heads customer service."""
        self.out: dict[str, Held] = {}
        self.missed: set[tuple[str, date]] = set()
        """Loans by number whose due day passed, with that day."""
        self.outcomes: Counter[str] = Counter()
        self.above = above
        self._manager = manager
        self._left: set[str] = set()

    # -- what people do ------------------------------------------------------------------------

    def lent(self, number: str, borrower: str, at: datetime) -> None:
        """Three days on the calendar, the day of the hand-out not counted; a day off rolls."""
        self.out[number] = Held(borrower, at, rolled(office_day(at) + 3 * DAY))

    def renewed(self, number: str, at: datetime) -> None:
        """Once, for three days from the old due day."""
        held = self.out[number]
        assert not held.renewed, f"{number} was renewed twice"
        assert not held.recalled, f"{number} was renewed after it had been asked back"
        held.renewed = True
        self._due(held, rolled(held.due + 3 * DAY), at)

    def recalled(self, number: str, at: datetime) -> None:
        """One working day, from a day that is worked; never later than before."""
        held = self.out[number]
        held.recalled = True
        self._due(held, min(held.due, rolled(rolled(office_day(at)) + DAY)), at)

    def listed_back(self, number: str) -> None:
        self.out[number].counting = True

    def lent_again(self, number: str, at: datetime) -> None:
        """A part is back, or the list was a mistake."""
        held = self.out[number]
        held.counting = False
        self._leave_out(held, at)

    def over(self, number: str) -> None:
        """Everything is back, or the loan waits for something else than its papers."""
        del self.out[number]

    def left(self, person: str) -> None:
        self._left.add(person)

    def _due(self, held: Held, day: date, at: datetime) -> None:
        held.due = day
        self._leave_out(held, at)

    def _leave_out(self, held: Held, at: datetime) -> None:
        """Reminders that struck before there was a reason for them are not said afterwards."""
        struck = {(held.due, who, when) for who, when in self._rungs(held, at)}
        held.settled |= {one for one in struck if one[1] == "borrower"}

    # -- what has to be said -------------------------------------------------------------------

    def scan(self, now: datetime) -> Counter[Said]:
        """Return everything that is to be said at that moment, and take it as said."""
        found: Counter[Said] = Counter()
        for number, held in self.out.items():
            if held.late_at <= now and not held.counting:  # who listed it in time was in time
                self.missed.add((number, held.due))
            if quiet(now):
                continue
            late: dict[str, list[datetime]] = {}
            for who, when in self._rungs(held, now):
                waits = held.counting and who != INCIDENT
                if not waits and (held.due, who, when) not in held.settled:
                    late.setdefault(who, []).append(when)
            for who, times in late.items():
                held.settled |= {(held.due, who, when) for when in times}
                found[self._said(number, held, who, max(times), now, len(times) - 1)] += 1
                self.outcomes.update(sent=1, collapsed=len(times) - 1)
        return found

    def _rungs(self, held: Held, now: datetime) -> Iterable[tuple[str, datetime]]:
        """Return the rungs that have struck, with whom they are for."""
        due = held.due
        rungs = [("borrower", strike(due - DAY, 9)), ("borrower", strike(due, 9))]
        rungs.append(("borrower", strike(due, 15)))
        days_over = (office_day(now) - due).days
        rungs += [("borrower", strike(due + n * DAY, 9)) for n in range(1, days_over + 1)]
        rungs += [("head", strike(due + DAY, 9)), ("manager", strike(due + 3 * DAY, 9))]
        rungs.append((INCIDENT, strike(due + 7 * DAY, 9)))
        return [(who, when) for who, when in rungs if held.lent_at < when <= now]

    def _said(
        self, number: str, held: Held, who: str, when: datetime, now: datetime, held_up: int
    ) -> Said:
        """Return the message of a rung: who has left is stood in for by who is above."""
        owner = held.borrower
        gone = owner in self._left
        if gone:
            owner = self.above(owner)
        reader = {"head": self.above(owner), "manager": self._manager}.get(who, owner)
        if gone:
            return Said(reader, number, LEFT, held_up=held_up)
        if who in ("head", "manager"):
            return Said(reader, number, ABOVE, held_up=held_up)
        if who == INCIDENT:
            return Said(reader, number, INCIDENT, held_up=held_up)
        if held.late_at > now:
            return Said(reader, number, DUE, held_up=held_up)
        return Said(reader, number, OVERDUE, max(1, (office_day(when) - held.due).days), held_up)
