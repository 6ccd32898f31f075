"""What a dealer's consultants and those above are promised about papers, from the text alone.

Written from the rule catalogue (S1-09.4.1, 4.2, 5.1, 5.4, 5.8, 5.10, C-09, C-15, C-16 and the
reminder schedules); the calendar is the oracle's own, from the same published days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.chaos.loan_oracle import DAY, office_day, quiet, strike, worked

DUE, LATE, ABOVE = "due", "late", "above"
GAP_DUE, GAP_LATE, GAP_ABOVE = "gap due", "gap late", "gap above"
"""What a message says: to be handed over, late, not handed over; the same of what is missing."""

DAYS = {"new_car": 3, "first_service": 1, "warranty": 1}
"""Working days after the delivery."""


def after(day: date, count: int) -> date:
    """Return the `count`-th working day after a day."""
    for _ in range(count):
        day += DAY
        while not worked(day):
            day += DAY
    return day


def between(first: date, last: date) -> Iterator[date]:
    """Yield the working days after `first` up to `last`."""
    day = first + DAY
    while day <= last:
        if worked(day):
            yield day
        day += DAY


def _later(day: date, today: date) -> list[datetime]:
    """Return the mornings of the working days after a day."""
    return [strike(one, 9) for one in between(day, today)]


@dataclass(frozen=True)
class Said:
    """One thing that somebody is told."""

    reader: str
    number: str
    what: str
    count: int = 0
    """The how-manieth reminder, or notice since the day; 0: to somebody above."""
    held_up: int = 0


@dataclass
class Missing:
    """A paper that is missing."""

    since: datetime
    due: date
    supplied: datetime | None = None
    settled: set[tuple[str, datetime]] = field(default_factory=set)

    @property
    def late_at(self) -> datetime:
        return strike(self.due + DAY, 0)


@dataclass
class Papers:
    """The papers of one car or job."""

    giver: str
    kind: str
    department: str
    opened: datetime
    started: date
    due: date
    handed: datetime | None = None
    complete: bool | None = None
    gap: Missing | None = None
    settled: set[tuple[str, datetime]] = field(default_factory=set)

    @property
    def late_at(self) -> datetime:
        return strike(self.due + DAY, 0)


class Oracle:
    """Every set of papers, and what of it has been said."""

    def __init__(self, custodian: str, heads: dict[str, str]) -> None:
        """`heads`: the director of each department."""
        self.papers: dict[str, Papers] = {}
        self.outcomes: Counter[str] = Counter()
        self._open: dict[str, Papers] = {}
        self._custodian, self._heads = custodian, heads

    def delivered(
        self, number: str, giver: str, kind: str, department: str, at: datetime, on: date
    ) -> None:
        due = after(on, DAYS[kind])
        held = Papers(giver, kind, department, at, on, due)
        self.papers[number] = self._open[number] = held

    def handed(self, number: str, at: datetime) -> None:
        self.papers[number].handed = at

    def signed(self, number: str, at: datetime, *, complete: bool) -> None:
        """What was missing may come until the day of the whole; at least the next working day."""
        held = self.papers[number]
        held.complete = complete
        if complete:
            del self._open[number]
        else:
            held.gap = Missing(at, max(after(office_day(at), 1), held.due))

    def supplied(self, number: str, at: datetime) -> None:
        gap = self.papers[number].gap
        assert gap is not None
        gap.supplied = at
        del self._open[number]

    # -- what is late ----------------------------------------------------------------------------

    def breaches(self, now: datetime) -> set[tuple[str, date]]:
        """Return papers with the days that passed without them, and without what was missing."""
        found = set()
        for number, held in self.papers.items():
            if (held.handed or now) >= held.late_at:
                found.add((number, held.due))
            gap = held.gap
            day = gap.due if gap else held.due
            while gap is not None and (gap.supplied or now) >= strike(day + DAY, 0):
                found.add((f"{number} gap", day))
                day = after(day, 1)
        return found

    def rates(
        self, year: int, month: int, now: datetime
    ) -> dict[tuple[str, str], tuple[int, ...]]:
        """Return due, timely, signed, complete by department and kind of a month."""
        found: dict[tuple[str, str], list[int]] = {}
        for held in self.papers.values():
            counts = held.handed is not None or held.late_at <= now
            if (held.due.year, held.due.month) != (year, month) or not counts:
                continue
            row = found.setdefault((held.department, held.kind), [0, 0, 0, 0])
            row[0] += 1
            row[1] += held.handed is not None and held.handed < held.late_at
            row[2] += held.complete is not None
            row[3] += bool(held.complete)
        return {key: tuple(row) for key, row in found.items()}

    # -- what has to be said ---------------------------------------------------------------------

    def scan(self, now: datetime) -> Counter[Said]:
        """Return everything that is to be said at that moment, and take it as said."""
        found: Counter[Said] = Counter()
        if quiet(now):
            return found
        for number, held in self._open.items():
            if held.handed is None:
                found += self._due(number, held, held.settled, self._rungs(held, now))
            elif held.gap is not None:
                gap = held.gap
                found += self._due(number, held, gap.settled, self._gap_rungs(gap, now))
        return found

    def _due(
        self,
        number: str,
        held: Papers,
        settled: set[tuple[str, datetime]],
        rungs: list[tuple[str, datetime]],
    ) -> Counter[Said]:
        late: dict[str, list[datetime]] = {}
        for one in rungs:
            if one not in settled:
                late.setdefault(one[0], []).append(one[1])
        found: Counter[Said] = Counter()
        for who, times in late.items():
            settled |= {(who, when) for when in times}
            every = sorted(when for one, when in rungs if one == who)
            found[self._said(number, held, who, max(times), every, len(times) - 1)] += 1
            self.outcomes.update(sent=1, collapsed=len(times) - 1)
        return found

    def _rungs(self, held: Papers, now: datetime) -> list[tuple[str, datetime]]:
        due, today = held.due, office_day(now)
        if held.kind == "new_car":
            own = [strike(day, 9) for day in between(held.started, due)]
        else:
            own = [strike(held.started, 17), strike(due, 9)]
        own.append(strike(due, 16))
        following = _later(due, today)
        rungs = [("giver", when) for when in (*own, *following)]
        rungs += [("custodian", held.late_at)]
        # the message at the deadline is that of the first day after it
        rungs += [("head", when) for when in (held.late_at, *_later(due + DAY, today))]
        return [one for one in rungs if held.opened < one[1] <= now]

    def _gap_rungs(self, gap: Missing, now: datetime) -> list[tuple[str, datetime]]:
        following = _later(gap.due, office_day(now))
        own = (strike(gap.due, 9), strike(gap.due, 16), *following)
        rungs = [("giver", when) for when in own] + [("head", gap.late_at)]
        return [one for one in rungs if gap.since < one[1] <= now]

    def _said(
        self,
        number: str,
        held: Papers,
        who: str,
        when: datetime,
        every: list[datetime],
        held_up: int,
    ) -> Said:
        gap = held.gap if held.handed is not None else None
        late_at = gap.late_at if gap else held.late_at
        if who != "giver":
            reader = self._custodian if who == "custodian" else self._heads[held.department]
            return Said(reader, number, GAP_ABOVE if gap else ABOVE, held_up=held_up)
        before = sum(one < late_at for one in every)
        place = every.index(when) + 1
        if when < late_at:
            return Said(held.giver, number, GAP_DUE if gap else DUE, place, held_up)
        return Said(held.giver, number, GAP_LATE if gap else LATE, place - before, held_up)
