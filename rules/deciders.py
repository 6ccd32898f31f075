"""Who may decide one place of a chain at this moment, and what is missing where nobody may.

Roles become people only here. Guards against every way of approving one's own request: by the own
post, as somebody's stand-in, through a stand-in of one's own, or by a subordinate put in one's
place. Storage answers the questions of `Directory` by index look-ups.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import Protocol

import msgspec

from rules.access import StaffId
from rules.chains import Approval, Credential, Seat, Whose
from rules.occasions import Facts, ReaderKind
from rules.roles import ROLES
from rules.secrecy import Grade

TOP = ("gm", "chairman")
"""Who decides where the chain ends without anybody, in this order (C-54)."""


class Away(msgspec.Struct, frozen=True):
    """Days on which somebody is away."""

    first_day: date
    last_day: date
    stand_in: StaffId | None = None
    """Who was named for these days; None: the deputy of the staff list."""


class Colleague(msgspec.Struct, frozen=True):
    """A person of the staff list, leavers included."""

    id: StaffId
    active: bool
    department: str
    clearance: Grade
    roles: frozenset[str] = frozenset()
    deputy: StaffId | None = None
    """Named in the staff list, for every absence."""
    away: tuple[Away, ...] = ()
    """Absences that have not ended."""

    def absence(self, day: date) -> Away | None:
        """Return the absence that covers an office day; with several the last told."""
        covering = [one for one in self.away if one.first_day <= day <= one.last_day]
        return covering[-1] if covering else None


class Directory(Protocol):
    """The staff list as decisions need it; each question is one index look-up."""

    def colleague(self, staff_id: StaffId) -> Colleague | None:
        """Return a person, also one who left; None for nobody."""

    def holders(self, role: str) -> Sequence[StaffId]:
        """Return the active people who carry a role code, sorted."""

    def heads(self, department: str) -> Sequence[StaffId]:
        """Return the active people who head a department, sorted."""

    def superiors(self, staff_id: StaffId) -> Sequence[StaffId]:
        """Return the active superiors of a person, nearest first, bounded, each once."""


class Matter(msgspec.Struct, frozen=True):
    """What a case is about, as far as it matters who decides."""

    facts: Facts
    requester: StaffId
    keeper: StaffId | None = None
    """Who keeps the dossier; None: no dossier, or nobody keeps it."""
    department: str = ""
    """Department the dossier belongs to; empty without one."""
    concerned: tuple[StaffId, ...] = ()
    """Others whose own matter it is, such as the person to be fined: they do not decide."""
    credentials: frozenset[Credential] = frozenset()
    """What the reader has shown and the custodian has checked."""

    @property
    def barred(self) -> frozenset[StaffId]:
        """Who may not decide it in any way."""
        return frozenset({self.requester, *self.concerned})


def stand_in_of(
    staff_id: StaffId,
    directory: Directory,
    day: date,
    may: Callable[[StaffId], bool],
    barred: Collection[StaffId] = (),
) -> StaffId | None:
    """Return who acts for somebody on an office day, through stand-ins of stand-ins.

    That is the person who is there; None: nobody was named, or the way leads to one of `barred`,
    to somebody who left or who `may` not, or round in a circle.

    Rule: C-54.
    """
    met: set[StaffId] = set()
    at: StaffId | None = staff_id
    while at is not None and at not in met and at not in barred:
        met.add(at)
        person = directory.colleague(at)
        if person is None or not person.active:
            return None
        absence = person.absence(day)
        if absence is None:
            return at if may(at) else None
        at = absence.stand_in or person.deputy
    return None


class Via(StrEnum):
    """By what right somebody decides."""

    OWN = "own"
    """Holds the role that the policy names."""
    STAND_IN = "stand_in"
    """Named by somebody who is away."""
    HIGHER = "higher"
    """Stands above somebody who is away or silent, or above a place nobody can fill."""
    NAMED = "named"
    """The decision was passed on to this person, or the person was added as signer."""


class Gap(StrEnum):
    """Why nobody fills a place in the way the policy wrote it."""

    SELF = "self"
    """Only those hold it whose own matter it is."""
    VACANT = "vacant"
    """Nobody holds it."""
    SPENT = "spent"
    """Its only holder has already decided another place of the same step."""


class Decider(msgspec.Struct, frozen=True):
    """One person who may decide a place now."""

    person: StaffId
    via: Via
    acting_for: StaffId | None = None
    """In whose stead; None in one's own right, or where nobody holds the place."""


class Found(msgspec.Struct, frozen=True):
    """How a place is filled at this moment."""

    deciders: tuple[Decider, ...] = ()
    gap: Gap | None = None
    """Why `deciders` is empty; None when it is not."""
    unattended: bool = False
    """Whether all who could decide are away and named nobody."""


class Search(msgspec.Struct, frozen=True):
    """Everything that finding people for one step depends on."""

    matter: Matter
    directory: Directory
    day: date
    """Office day of the question."""
    spent: frozenset[StaffId] = frozenset()
    """Who has decided a place of this step: M of N means M people."""
    delegate: bool = True
    """Whether the policy lets a named deputy decide."""

    def found(self, seat: Seat | None, named: StaffId | None = None) -> Found:
        """Return who decides a place in the ordinary way.

        `named` is a person it was passed on to or who was added as signer; if that person can no
        longer decide, the place goes back to its seat (an added signer has none).

        Rule: C-54.
        """
        holders = self.holders(seat) if seat else ()
        if named is not None and (self.may(named) or named in self._free(holders)):
            return self._with_stand_ins((named,), Via.NAMED)
        if not holders:
            return Found(gap=Gap.VACANT)
        if self.matter.barred.issuperset(holders):
            return Found(gap=Gap.SELF)
        free = self._free(holders)
        return self._with_stand_ins(free, Via.OWN) if free else Found(gap=Gap.SPENT)

    def holders(self, seat: Seat) -> tuple[StaffId, ...]:
        """Return the active people who hold a seat, whoever asks."""
        if not seat.relation:
            return tuple(self.directory.holders(seat.role))
        matter = self.matter
        whom = matter.keeper if seat.whose is Whose.DOSSIER else matter.requester
        match seat.role:
            case "customer_owner":
                return (whom,) if whom is not None and self._active(whom) else ()
            case "direct_superior" | "superior":
                return tuple(self.directory.superiors(whom)[:1]) if whom is not None else ()
            case _:
                department = self._department(seat.whose)
                return tuple(self.directory.heads(department)) if department else ()

    def may(self, staff_id: StaffId) -> bool:
        """Return whether a person whom the policy does not name may decide in principle."""
        person = self.directory.colleague(staff_id)
        return (
            person is not None
            and person.active
            and staff_id not in self.matter.barred
            and staff_id not in self.spent
            and person.clearance >= self.matter.facts.grade
        )

    def stand_in(self, staff_id: StaffId) -> StaffId | None:
        """Return who decides for somebody who is away, through stand-ins of stand-ins.

        None: nobody was named, or the way leads to somebody whose own matter it is, who left, who
        may not see the grade, who has decided already, or round in a circle.
        """
        barred = self.matter.barred
        return stand_in_of(staff_id, self.directory, self.day, self.may, barred)

    def higher(self, seat: Seat | None, people: Sequence[Decider]) -> Iterator[Decider]:
        """Yield who may decide beside people who are away or silent, the next above them first.

        After their superiors the general manager and the chairman, where they rank higher.

        Rule: C-54.
        """
        met = {one.person for one in people}
        origins = list(dict.fromkeys(one.acting_for or one.person for one in people))
        rank = ROLES[seat.role].rank if seat else 0
        lines = [(above, one) for one in origins for above in self.directory.superiors(one)]
        for person, origin in [*lines, *((one, origins[0]) for one in self._top(rank))]:
            if person not in met and self._stands_above(person):
                met.add(person)
                yield Decider(person, Via.HIGHER, origin)

    def substitute(self, seat: Seat | None, gap: Gap, gone: StaffId | None) -> Decider | None:
        """Return who fills a place that nobody can fill and no later step stands for.

        The general manager, then the chairman, then whoever stands above: the requester whose own
        place it is, the person who left (`gone`), or at the head of the requester's line. Never
        somebody below one whose own matter it is.

        Rule: C-54.
        """
        rank = ROLES[seat.role].rank if seat else 0
        ways: tuple[Iterable[StaffId], ...]
        if gap is Gap.VACANT and seat is not None and seat.relation:
            ways = (self._line(seat), self._top(rank))
        elif gap is Gap.VACANT and gone is not None:
            ways = (self.directory.superiors(gone), self._top(rank))
        elif gap is Gap.VACANT:
            ways = (self._top(rank), reversed(self.directory.superiors(self.matter.requester)))
        else:
            barred = self.holders(seat) if seat else ()
            above = [one for holder in barred for one in self.directory.superiors(holder)]
            ways = (self._top(rank), above)
        for way in ways:
            for person in way:
                if self._stands_above(person):
                    return Decider(person, Via.HIGHER)
        return None

    def in_line(self, seat: Seat | None) -> Decider | None:
        """Return the next superior where a head of department or superior is missing."""
        if seat is None or not seat.relation:
            return None
        for person in self._line(seat):
            if self._stands_above(person):
                return Decider(person, Via.HIGHER)
        return None

    def entitled(self, seat: Seat | None, giver: Decider) -> frozenset[StaffId]:
        """Return to whom a decision may be passed on: the same role, or the giver's line above.

        Who acts for somebody passes on within that person's line.
        """
        origin = giver.acting_for or giver.person
        people = {*(self.holders(seat) if seat else ()), *self.directory.superiors(origin)}
        return frozenset(people - self.matter.barred - self.spent - {giver.person})

    def _free(self, holders: Sequence[StaffId]) -> tuple[StaffId, ...]:
        return tuple(one for one in holders if one not in self.matter.barred | self.spent)

    def _with_stand_ins(self, people: Sequence[StaffId], via: Via) -> Found:
        deciders: dict[StaffId, Decider] = {one: Decider(one, via) for one in people}
        attended = False
        for one in people:
            person = self.directory.colleague(one)
            if person is None or person.absence(self.day) is None:
                attended = True
                continue
            other = self.stand_in(one) if self.delegate else None
            if other is not None:
                attended = True
                deciders.setdefault(other, Decider(other, Via.STAND_IN, one))
        return Found(tuple(deciders.values()), unattended=not attended)

    def _line(self, seat: Seat) -> Sequence[StaffId]:
        matter = self.matter
        whom = matter.keeper if seat.whose is Whose.DOSSIER else matter.requester
        return self.directory.superiors(whom) if whom is not None else ()

    def _department(self, whose: Whose) -> str:
        if whose is Whose.DOSSIER:
            return self.matter.department
        person = self.directory.colleague(self.matter.requester)
        return person.department if person else ""

    def _top(self, above_rank: int) -> Iterator[StaffId]:
        for role in TOP:
            if ROLES[role].rank > above_rank:
                yield from (one for one in self.directory.holders(role) if self._stands_above(one))

    def _stands_above(self, staff_id: StaffId) -> bool:
        """Whether somebody may take a place over: here, cleared, and below nobody concerned."""
        person = self.directory.colleague(staff_id)
        if person is None or person.absence(self.day) is not None or not self.may(staff_id):
            return False
        return self.matter.barred.isdisjoint(self.directory.superiors(staff_id))

    def _active(self, staff_id: StaffId) -> bool:
        person = self.directory.colleague(staff_id)
        return person is not None and person.active


def exemption(approval: Approval, matter: Matter, directory: Directory, day: date) -> Seat | None:
    """Return the seat by which the requester needs no approval, None if approval is needed.

    The right is the requester's own: a reader from outside has none through it.

    Rule: S1-07.3.1.1, S4-LOAN.6.1a.
    """
    if matter.facts.reader is not ReaderKind.INSIDER:
        return None
    search = Search(matter, directory, day)
    for seat in approval.exempt:
        if matter.requester in search.holders(seat):
            return seat
    return None
