"""Who has a paper: a chain of steps, each signed by who gives and who takes.

The question "who had it on 12 May?" has one answer because only a confirmed step moves a paper.
Guards against the chain with a hole: somebody gives what they do not have.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

import msgspec

from rules.access import StaffId
from rules.calendar import WorkingCalendar
from rules.errors import Denied, Reason
from rules.office import TimePolicy

CODE_DIGITS = 4


class CustodyKind(StrEnum):
    """What a step does."""

    HAND_OUT = "hand_out"
    """From the archive to the borrower."""
    TRANSFER = "transfer"
    """From the borrower to a colleague."""
    RETURN = "return"
    """Back to the archive."""
    PING = "ping"
    """Moves nothing: the holder shows that the papers are still there."""

    @property
    def moves(self) -> bool:
        """Whether papers change hands."""
        return self is not CustodyKind.PING


class CustodyState(StrEnum):
    """Where a step stands."""

    OPEN = "open"
    """One side has signed."""
    DONE = "done"
    REFUSED = "refused"
    DISPUTED = "disputed"
    LAPSED = "lapsed"
    """Of a proof of possession: it was not given in time."""


class CustodyStep(msgspec.Struct, frozen=True):
    """One step of one paper."""

    kind: CustodyKind
    giver: StaffId
    taker: StaffId
    state: CustodyState
    opened_at: datetime
    confirmed_at: datetime | None = None
    """When the other side signed; None unless done."""
    witness: StaffId | None = None

    @property
    def moved_at(self) -> datetime | None:
        """When the paper changed hands; None: it did not."""
        done = self.state is CustodyState.DONE and self.kind.moves
        return self.confirmed_at if done else None


class Holder(msgspec.Struct, frozen=True):
    """Who has a paper."""

    person: StaffId
    since: datetime
    lent: bool
    """False: the person keeps it for the archive."""


def holder_at(steps: Sequence[CustodyStep], at: datetime) -> Holder | None:
    """Return who had a paper at an instant; None: it had never left the archive.

    `steps` are those of this one paper in the order in which they were opened. Until the taker
    has signed, the giver has it.

    Rule: S3-LOG.2.3a, S1-14.9.
    """
    had = [one for one in _holders(steps) if one.since <= at]
    return had[-1] if had else None


def holders_on(steps: Sequence[CustodyStep], day: date, time: TimePolicy) -> tuple[Holder, ...]:
    """Return everybody who had a paper on an office day, in order; empty: it was in the archive.

    Rule: S3-LOG.2.3a.
    """
    first, end = time.day_start(day), time.day_start(day + timedelta(days=1))
    before = holder_at(steps, first)
    during = tuple(one for one in _holders(steps) if first < one.since < end)
    return ((before,) if before else ()) + during


def unbroken(steps: Sequence[CustodyStep]) -> bool:
    """Return whether everybody gave only what they had: a chain without a gap.

    Out of the archive any custodian may give, and back to it any may take.

    Rule: S3-LOG.2.3a, S1-14.6.
    """
    holder: StaffId | None = None
    since: datetime | None = None
    for step in steps:
        at = step.moved_at
        if at is None:
            continue
        outward = step.kind is CustodyKind.HAND_OUT
        if (holder is None) != outward or (not outward and step.giver != holder):
            return False
        if since is not None and at < since:
            return False
        since, holder = at, None if step.kind is CustodyKind.RETURN else step.taker
    return True


def signed_by(
    giver: StaffId, taker: StaffId, *, witness: StaffId | None = None, needs_witness: bool = False
) -> Denied | None:
    """Return why these people cannot sign a step; None: they can.

    Nobody counts face to face with themselves, and a witness is a third. Codes: `same_person`,
    `witness_missing`, `witness_takes_part`.

    Rule: S1-14.9, S4-LOAN.5.2a.
    """
    reasons = []
    if giver == taker:
        reasons.append(Reason.of("same_person", rule="S1-14.9", next_step="ask_other_custodian"))
    if needs_witness and witness is None:
        reasons.append(Reason.of("witness_missing", rule="S4-LOAN.5.2a", next_step="name_witness"))
    if witness is not None and witness in (giver, taker):
        reasons.append(
            Reason.of("witness_takes_part", rule="S4-LOAN.5.2a", next_step="name_witness")
        )
    return Denied(tuple(reasons)) if reasons else None


def proof_until(asked_at: datetime, time: TimePolicy, calendar: WorkingCalendar) -> datetime:
    """Return the first instant at which it is too late to show papers: the next working day ended.

    Raises:
        CalendarGap: that day lies outside the years that can be computed.

    Rule: S1-15.5.3.
    """
    last = calendar.next_workday(time.office_day(asked_at))
    return time.day_start(last + timedelta(days=1))


def day_code(secret: bytes, loan_id: int, day: date) -> str:
    """Return the four digits that stand on a loan's card on one office day.

    Written on a sheet beside the papers and photographed, they show that the picture is of
    today. They prove presence, not identity: a guess is right once in ten thousand.
    """
    return f"{_drawn(secret, loan_id, day) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def is_drawn(secret: bytes, loan_id: int, day: date, percent: int) -> bool:
    """Return whether the papers of a loan are to be shown on a day, by chance.

    Drawn anew for each loan and day, `percent` of them; the same whenever it is asked, and not to
    be reckoned by anybody without the secret, which is another one than that of the code.

    Rule: S1-15.5.3.
    """
    return _drawn(secret, loan_id, day) % 100 < percent


def _drawn(secret: bytes, loan_id: int, day: date) -> int:
    said = f"{loan_id} {day.isoformat()}".encode()
    return int.from_bytes(hmac.digest(secret, said, sha256)[:8], "big")


def _holders(steps: Sequence[CustodyStep]) -> Iterator[Holder]:
    moved = [(at, step) for step in steps if (at := step.moved_at) is not None]
    for at, step in sorted(moved, key=lambda one: one[0]):
        yield Holder(step.taker, at, lent=step.kind is not CustodyKind.RETURN)
