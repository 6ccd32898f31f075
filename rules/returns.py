"""What was lent against what comes back, line by line, and what becomes of the loan.

Copies and pages are counted each for itself: eleven pages of twelve are missing one even when
every copy is there. Guards against the return that is waved through, and against more coming
back than was lent, which is a mistake of the count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from rules.errors import Denied, DomainError, Reason
from rules.lending import LoanPolicy, ReturnCheck
from rules.loans import Trigger


class ItemState(StrEnum):
    """Where one line of a loan stands."""

    OUT = "out"
    BACK = "back"
    MISSING = "missing"
    """It came back with pages or copies missing, or not at all."""
    DAMAGED = "damaged"
    """All of it came back, not as it was lent."""


class Line(msgspec.Struct, frozen=True):
    """One line of a loan: what was lent, and what of it is back so far."""

    position: int
    """Number of the line within the loan."""
    pages: int
    """Pages lent, of all copies together."""
    copies: int
    back_pages: int = 0
    back_copies: int = 0
    damaged: bool = False
    state: ItemState = ItemState.OUT

    def __post_init__(self) -> None:
        if self.pages < 0 or self.copies < 1:
            raise DomainError("a line of at least one copy")
        if not (0 <= self.back_pages <= self.pages and 0 <= self.back_copies <= self.copies):
            raise DomainError("no more back than was lent")

    @property
    def missing_pages(self) -> int:
        """Pages that are not back; 0 while the line was not counted."""
        return 0 if self.state is ItemState.OUT else self.pages - self.back_pages

    @property
    def missing_copies(self) -> int:
        """Copies that are not back; 0 while the line was not counted."""
        return 0 if self.state is ItemState.OUT else self.copies - self.back_copies


class Back(msgspec.Struct, frozen=True):
    """What comes back of one line this time; a line that is not named stays out."""

    position: int
    pages: int
    copies: int
    damaged: bool = False


class Count(msgspec.Struct, frozen=True):
    """All lines of a loan after a count."""

    lines: tuple[Line, ...]

    @property
    def missing(self) -> tuple[Line, ...]:
        """Lines of which something is missing."""
        return self._in(ItemState.MISSING)

    @property
    def damaged(self) -> tuple[Line, ...]:
        """Lines that came back damaged, missing ones included."""
        return tuple(line for line in self.lines if line.damaged)

    @property
    def out(self) -> tuple[Line, ...]:
        """Lines that are still lent."""
        return self._in(ItemState.OUT)

    @property
    def complete(self) -> bool:
        """Whether everything is back and whole."""
        return not self.out and not self.short

    @property
    def short(self) -> bool:
        """Whether something is missing or damaged: reported at once."""
        return bool(self.missing or self.damaged)

    @property
    def trigger(self) -> Trigger:
        """What the count does to the loan once both sides have confirmed it.

        Rule: S1-15.7.5, S1-15.7.6, S2-INFO.20.
        """
        if self.short:
            return Trigger.FALL_SHORT
        return Trigger.PARTLY if self.out else Trigger.COMPLETE

    def _in(self, state: ItemState) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.state is state)


def compare(lent: Sequence[Line], back: Iterable[Back]) -> Count | Denied:
    """Return all lines after these have come back, or why the count cannot be right.

    What came back before counts on: the missing page of a short loan completes its line. Codes:
    `more_than_lent` (position, pages, copies that are still to come), `not_lent` (position),
    `counted_twice` (position), `nothing_back`.

    Raises:
        DomainError: a negative number comes back.

    Rule: S1-15.7.5, S1-14.9, S1-12.3.6, S1-10.7, S3-ENG.3.4, S4-LOAN.6.4.
    """
    counted = list(back)
    reasons = list(_faults(lent, counted))
    if reasons:
        return Denied(tuple(reasons))
    found = {one.position: one for one in counted}
    return Count(tuple(_after(line, found.get(line.position)) for line in lent))


def unchecked(lending: LoanPolicy, done: Collection[ReturnCheck]) -> Denied | None:
    """Return which checks the custodian has still to confirm, one reason each; None: none.

    Code `check_missing` (check).

    Rule: S1-10.7, S1-12.3.6, S1-15.7.5.
    """
    reasons = tuple(
        Reason.of(
            "check_missing", rule=lending.return_rule, next_step="confirm_check", check=one.value
        )
        for one in lending.return_checks
        if one not in done
    )
    return Denied(reasons) if reasons else None


def _faults(lent: Sequence[Line], back: Sequence[Back]) -> Iterable[Reason]:
    rule, again = "S1-14.9", "count_again"
    if not back:
        yield Reason.of("nothing_back", rule=rule, next_step=again)
    known = {line.position: line for line in lent}
    seen: set[int] = set()
    for one in back:
        if one.pages < 0 or one.copies < 0:
            raise DomainError("less than nothing comes back")
        line = known.get(one.position)
        if line is None:
            yield Reason.of("not_lent", rule=rule, next_step=again, position=one.position)
        elif one.position in seen:
            yield Reason.of("counted_twice", rule=rule, next_step=again, position=one.position)
        else:
            pages, copies = line.pages - line.back_pages, line.copies - line.back_copies
            if one.pages > pages or one.copies > copies:
                yield Reason.of(
                    "more_than_lent",
                    rule=rule,
                    next_step=again,
                    position=one.position,
                    pages=pages,
                    copies=copies,
                )
        seen.add(one.position)


def _after(line: Line, back: Back | None) -> Line:
    if back is None:
        return line
    pages, copies = line.back_pages + back.pages, line.back_copies + back.copies
    damaged = line.damaged or back.damaged
    if pages < line.pages or copies < line.copies:
        state = ItemState.MISSING
    else:
        state = ItemState.DAMAGED if damaged else ItemState.BACK
    return replace(line, back_pages=pages, back_copies=copies, damaged=damaged, state=state)
