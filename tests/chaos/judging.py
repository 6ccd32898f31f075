"""What the catalogue says of one request, held against what lies in the store.

The oracle of `tests.rules` says who is entitled, the table of `tests.rules.test_packs` which
steps a request has; from the store comes what happened, in its order. Guards against asking the
code that decided whether it decided well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Row, select

from rules.access import StaffId
from rules.cases import Case, CaseState
from rules.chains import ChainStep, Seat
from rules.occasions import Facts, ReaderKind
from rules.secrecy import Grade
from storage.cases import Stored
from storage.session import Session
from storage.tables import case_act
from tests.rules.approval_oracle import Oracle
from tests.rules.test_packs import LINES, facts

Steps = list[tuple[frozenset[str], int]]


@dataclass(frozen=True)
class Expected:
    """One line of the catalogue's table."""

    steps: Steps
    exempt: tuple[str, ...]

    @classmethod
    def of(cls, line: str) -> Expected | None:
        """Return what a line says; None: nobody can allow it."""
        words = line.split()
        if words == ["-"]:
            return None
        exempt = tuple(one[1:] for one in words if one.startswith("!"))
        end = next((n for n, one in enumerate(words) if one[0] in "!=&#"), len(words) - 1)
        chain = " ".join(words[:end]).replace("#", "")
        return cls([_step(one) for one in chain.split(" > ") if one != "register"], exempt)


def _step(words: str) -> tuple[frozenset[str], int]:
    if " + " in words:
        seats = words.split(" + ")
        return frozenset(seats), len(seats)
    return frozenset(words.split(" / ")), 1


def table(pack: str) -> dict[Facts, Expected | None]:
    """Return the catalogue's table of a pack by what is asked."""
    lines = [(case, line) for name, case, line in LINES if name == pack]
    return {facts(case): Expected.of(line) for case, line in lines}


def graded(lines: dict[Facts, Expected | None], asked: Facts, grade: Grade) -> Expected | None:
    """Return the line of the same request under another grade; None: the table has none."""
    wanted = replace(asked, grade=grade)
    same = {one.grade: line for one, line in lines.items() if replace(one, grade=grade) == wanted}
    if grade in same:
        return same[grade]
    return same[Grade.NONE] if set(same) == {Grade.NONE} else None


def _meaning(step: ChainStep) -> tuple[frozenset[str], int]:
    return frozenset(str(seat) for seat in step.seats), step.need


@dataclass
class Trial:
    """One request, and all that the oracle has seen of it."""

    id: int
    asked: Facts
    oracle: Oracle
    owed: Steps
    """Every step that some grade of the dossier has demanded."""
    seen: int = 0
    """Id of the last thing that happened which was looked at."""
    closed: int = 0
    decisions: list[tuple[int, StaffId]] = field(default_factory=list)
    stored: Stored | None = None

    @property
    def case(self) -> Case:
        assert self.stored is not None
        return self.stored.case

    def opened(self, stored: Stored, expected: Expected, now: datetime) -> None:
        """Object to a request that began otherwise than the catalogue says."""
        self.stored, case = stored, stored.case
        self.oracle.opened[0] = now
        assert [_meaning(one) for one in case.chain] == expected.steps, "another chain"
        free = case.matter.facts.reader is ReaderKind.INSIDER and any(
            case.matter.requester in self.oracle.hold(Seat.parse(seat)) for seat in expected.exempt
        )
        registered = case.state is CaseState.REGISTERED
        assert registered == (free or not expected.steps), "who needs approval"

    def regraded(self, facts: Facts, expected: Expected) -> None:
        """Take note of a grade that the dossier has from now on."""
        if facts.grade > self.oracle.matter.facts.grade:
            self.owed += [one for one in expected.steps if one not in self.owed]
        self.oracle.matter = replace(self.oracle.matter, facts=facts)

    def follow(self, session: Session, stored: Stored, now: datetime) -> None:
        """Take note of what has happened since the last look, and object to what must not."""
        rows = session.execute(
            select(case_act)
            .where(case_act.c.case_id == self.id, case_act.c.id > self.seen)
            .order_by(case_act.c.id)
        ).all()
        self.stored = stored
        for row in rows:
            self.seen = row.id
            self._happened(row, now)
        self.oracle.check(self.case)
        if self.case.open:
            return
        assert self.closed == 1, f"closed {self.closed} times"
        if self.case.state is CaseState.APPROVED:
            chain = [_meaning(one) for one in self.case.chain]
            assert all(one in chain for one in self.owed), "a step of the catalogue was skipped"

    def _happened(self, row: Row[tuple[object, ...]], now: datetime) -> None:
        oracle = self.oracle
        match row.kind:
            case "decided":
                self._entitled(row, now)
                who = StaffId(row.staff_id)
                assert who not in oracle.decided[row.step], "one person, one place of a step"
                oracle.decided[row.step].append(who)
                self.decisions.append((row.step, who))
            case "passed_on":
                self._entitled(row, now)
                self._passed_on(row)
            case "signer_added":
                self._signer(row, now)
            case "asked_back":
                self._entitled(row, now)
            case "moved_up":
                seat = self.case.places[row.place].seat
                assert row.step + 1 < len(self.case.chain), "the last step never moves up"
                assert seat is not None
                left = set(map(StaffId, oracle.hold(seat))) - set(oracle.decided[row.step])
                assert all(map(oracle.own_matter, left)), "moved up although somebody could decide"
            case "step_done":
                oracle.opened.setdefault(row.step + 1, now)
                oracle.stuck_told = False
            case "stuck":
                oracle.stuck_told = True
            case "closed":
                self.closed += 1

    def _entitled(self, row: Row[tuple[object, ...]], now: datetime) -> None:
        place, who = self.case.places[row.place], StaffId(row.staff_id)
        assert place.step == row.step
        assert self.oracle.may(who, place, row.place, now), f"{who} was not entitled"

    def _signer(self, row: Row[tuple[object, ...]], now: datetime) -> None:
        signer, by = self.case.places[row.place].named, StaffId(row.staff_id)
        assert signer is not None
        assert self.oracle.cleared(signer)
        assert self.oracle.active(signer)
        here = [(at, one) for at, one in enumerate(self.case.places) if one.step == row.step]
        assert any(self.oracle.may(by, one, at, now) for at, one in here if at != row.place)
        self.oracle.signers[row.place] = signer

    def _passed_on(self, row: Row[tuple[object, ...]]) -> None:
        place = self.case.places[row.place]
        assert place.named is not None
        same = place.seat is not None and place.named in self.oracle.hold(place.seat)
        line = self.oracle.above(StaffId(row.acting_for or row.staff_id))
        assert same or (place.named in line and self.oracle.cleared(place.named))
        self.oracle.passed_to[row.place] = place.named

    def must(self, now: datetime) -> set[tuple[int, StaffId]]:
        """Return who has to be accepted now, each with the open step.

        Nobody where the requester has left: the request is taken back at the next look (C-55).
        """
        case = self.case
        if not case.open or not self.oracle.active(case.matter.requester):
            return set()
        open_places = [(at, one) for at, one in case.here if one.open]
        return {
            (case.step, who) for at, one in open_places for who in self.oracle.must(one, at, now)
        }


def refused(
    before: set[tuple[int, StaffId]],
    after: set[tuple[int, StaffId]],
    tapped: Sequence[tuple[int, StaffId]],
    decisions: Sequence[tuple[int, StaffId]],
) -> set[tuple[int, StaffId]]:
    """Return who was entitled before and after the taps, tapped for the open step, for nothing."""
    return {one for one in tapped if one in before and one in after and one not in decisions}
