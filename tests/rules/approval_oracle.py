"""Who is entitled to decide, worked out a second time from the text of C-54.

Written against the catalogue, not against the code: plain loops over the raw staff list, no look
at how the code finds people. It says who *must* be accepted (holders of the role, named deputies
of those away, to whom it was passed on, added signers) and who *may* be (somebody above, once
four office hours have passed or where nobody fills the place).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.access import StaffId
from rules.cases import Case, CaseState, Event, EventKind, Place, PlaceState
from rules.chains import Seat
from rules.deciders import Colleague, Matter
from tests.rules.staff_list import CALENDAR, StaffList

ZONE = ZoneInfo("Asia/Shanghai")
HALF_HOUR = timedelta(minutes=30)


def office_time(start: datetime, end: datetime) -> timedelta:
    """Half hours of 9-12 and 13-18 on working days between two instants on half hours."""
    passed, at = timedelta(0), start
    while at < end:
        local = at.astimezone(ZONE)
        hour = local.hour
        if CALENDAR.is_workday(local.date()) and (9 <= hour < 12 or 13 <= hour < 18):
            passed += HALF_HOUR
        at += HALF_HOUR
    return passed


@dataclass
class Oracle:
    staff: StaffList
    matter: Matter
    opened: dict[int, datetime] = field(default_factory=dict)
    decided: dict[int, list[StaffId]] = field(default_factory=lambda: defaultdict(list))
    approved: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    passed_to: dict[int, StaffId] = field(default_factory=dict)
    signers: dict[int, StaffId] = field(default_factory=dict)
    stuck_told: bool = False

    def person(self, who: StaffId | None) -> Colleague | None:
        return self.staff.people.get(who) if who is not None else None

    def active(self, who: StaffId | None) -> bool:
        person = self.person(who)
        return person is not None and person.active

    def own_matter(self, who: StaffId) -> bool:
        return who == self.matter.requester or who in self.matter.concerned

    def cleared(self, who: StaffId) -> bool:
        person = self.person(who)
        return person is not None and person.clearance.rank >= self.matter.facts.grade.rank

    def above(self, who: StaffId | None) -> list[StaffId]:
        line: list[StaffId] = []
        while who is not None:
            who = self.staff.above.get(who)
            if who is None or who in line:
                break
            line.append(who)
        return [one for one in line if self.active(one)]

    def hold(self, seat: Seat) -> set[StaffId]:
        requester = self.person(self.matter.requester)
        assert requester is not None
        of_dossier = str(seat).startswith("dossier.")
        everybody = self.staff.people.values()
        if seat.role == "customer_owner":
            return {one for one in (self.matter.keeper,) if one and self.active(one)}
        if seat.role in ("direct_superior", "superior"):
            line = self.above(self.matter.keeper if of_dossier else requester.id)
            nearest = [one for one in line if one != self.matter.requester or of_dossier]
            return set(nearest[:1])
        if seat.role in ("department_head", "department_manager"):
            department = self.matter.department if of_dossier else requester.department
            return {
                one
                for one, led in self.staff.leads.items()
                if led == department and self.active(one)
            }
        return {one.id for one in everybody if one.active and seat.role in one.roles}

    def is_away(self, who: StaffId, day: date) -> bool:
        person = self.person(who)
        return any(a.first_day <= day <= a.last_day for a in person.away) if person else False

    def deputy(self, who: StaffId, day: date, step: int) -> StaffId | None:
        """The person at the end of the stand-ins of somebody away, if that person may decide."""
        way = [who]
        while self.is_away(way[-1], day):
            person = self.person(way[-1])
            assert person is not None
            told = [a for a in person.away if a.first_day <= day <= a.last_day][-1]
            following = told.stand_in or person.deputy
            if following is None or following in way or not self.active(following):
                return None
            if self.own_matter(following):
                return None
            way.append(following)
        last = way[-1]
        fit = last != who and self.cleared(last) and last not in self.decided[step]
        return last if fit else None

    def must(self, place: Place, at: int, now: datetime) -> set[StaffId]:
        """Who has to be accepted for an open place."""
        step = place.step
        free = {
            one
            for one in (self.hold(place.seat) if place.seat else set())
            if not self.own_matter(one) and one not in self.decided[step]
        }
        given = self.passed_to.get(at) or self.signers.get(at)
        if given is not None:
            usable = (
                self.active(given)
                and not self.own_matter(given)
                and given not in self.decided[step]
                and (self.cleared(given) or given in free)
            )
            if usable:
                free = {given}
        day = now.astimezone(ZONE).date()
        deputies = {self.deputy(one, day, step) for one in free if self.is_away(one, day)}
        return free | {one for one in deputies if one is not None}

    def may(self, who: StaffId, place: Place, at: int, now: datetime) -> bool:
        """Whether accepting somebody for an open place could be right."""
        ordinary = self.must(place, at, now)
        if who in ordinary:
            return True
        if not self.active(who) or self.own_matter(who) or not self.cleared(who):
            return False
        if who in self.decided[place.step]:
            return False
        top = {one.id for one in self.staff.people.values() if one.roles & {"gm", "chairman"}}
        origins = ordinary | (self.hold(place.seat) if place.seat else set())
        if ordinary:
            waited = office_time(self.opened[place.step], now) >= timedelta(hours=4)
            return waited and (who in top or any(who in self.above(one) for one in origins))
        barred = {self.matter.requester, *self.matter.concerned}
        if barred & set(self.above(who)):
            return False
        given = self.passed_to.get(at) or self.signers.get(at)
        lines = {given, self.matter.requester, self.matter.keeper, *origins}
        return who in top or any(who in self.above(one) for one in lines if one)

    def watch(self, before: Case, after: Case, events: tuple[Event, ...], now: datetime) -> None:
        """Take note of what happened, and object to what must not."""
        for event in events:
            if event.kind is EventKind.DECIDED:
                assert event.by is not None
                assert event.by not in self.decided[event.step], "one person, one place of a step"
                self.decided[event.step].append(event.by)
            elif event.kind is EventKind.STUCK:
                assert set(event.tell_roles) == {"operator", "hr"}
                self.stuck_told = True
            elif event.kind is EventKind.MOVED_UP:
                assert event.place is not None
                assert event.step + 1 < len(after.chain), "the last step never moves up"
                seat = after.places[event.place].seat
                assert seat is not None
                assert all(
                    self.own_matter(one) or one in self.decided[event.step]
                    for one in self.hold(seat)
                ), "moved up although somebody could decide"
                assert after.matter.requester in event.tell, "moved up in silence"
        if before.step != after.step or not before.places:
            self.stuck_told = any(one.kind is EventKind.STUCK for one in events)
        self.opened.setdefault(after.step, now)

    def check(self, case: Case) -> None:
        """Object to a state that no case may be in."""
        for place in case.places:
            for one in place.deciders:
                assert not self.own_matter(one.person)
            if place.decision is not None:
                assert not self.own_matter(place.decision.decider.person)
        if case.open and not case.deciders:
            assert case.stuck, "nobody can decide and the case does not know"
        if case.stuck:
            assert self.stuck_told, "stuck in silence"
        if case.state is not CaseState.APPROVED:
            return
        for n, step in enumerate(case.chain):
            here = [place for place in case.places if place.step == n]
            seats = [place for place in here if not place.added_by]
            up = sum(place.state is PlaceState.MOVED_UP for place in seats)
            yes = {
                place.decision.decider.person
                for place in seats
                if place.state is PlaceState.APPROVED and place.decision
            }
            assert len(yes) + up >= step.need, "a step was skipped"
            assert n + 1 < len(case.chain) or not up, "the last step moved up"
            assert all(place.state is PlaceState.APPROVED for place in here if place.added_by), (
                "an added signer was skipped"
            )
