"""How a policy lends papers: for how long, how far from the archive, what if they stay away.

Who decides is no key of this table but a row `[[approval]]` (`loan`, `renew`, `copy_loan`). A
policy that lends nothing writes `loan = false`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rules.deadlines import Term, Unit
from rules.duty import Duty
from rules.errors import DomainError
from rules.leaves import RoleCode, RuleId, Text, parse_rule
from rules.occasions import Action
from rules.rungs import Rung, RungUnit


class Place(StrEnum):
    """How far papers may go, nearest first."""

    ARCHIVE_ROOM = "archive_room"
    OFFICE_ONLY = "office_only"
    """The office of the department that keeps them."""
    COMPANY_ONLY = "company_only"
    OUT = "out"
    """Out of the company's premises."""

    @property
    def rank(self) -> int:
        """0 for the archive room up to 3 for anywhere."""
        return tuple(Place).index(self)


class Sublend(StrEnum):
    """Whether a borrower may pass papers on to a colleague."""

    FORBIDDEN = "forbidden"
    WITNESSED = "witnessed"
    """Where the custodian signs as a third."""


class DaysOff(StrEnum):
    """What becomes of a message about an overdue loan that falls on a day off."""

    WAIT = "wait"
    """It waits for the morning of the next working day."""
    SEND = "send"


class ReturnCheck(StrEnum):
    """What the custodian looks at when papers come back, besides counting them."""

    COMPLETENESS = "completeness"
    """Nothing left out or taken away."""
    DAMAGE = "damage"
    """Not torn, soiled or unbound."""
    ORDER = "order"
    """In the order of the contents list, nothing swapped."""
    MARKS = "marks"
    """Nothing written, circled or altered."""


class Unreturned(msgspec.Struct, frozen=True):
    """`[loan.unreturned]`: the monthly list of what is lent and has not come back."""

    send: Rung
    """Day of the month on which it goes out by itself, such as `day 5 09:00`."""
    to: RoleCode
    rule: RuleId
    remind: tuple[Rung, ...] = ()
    """To the custodian, to complete the whereabouts before it goes out."""

    def __post_init__(self) -> None:
        if any(rung.unit is not RungUnit.MONTH_DAY for rung in (self.send, *self.remind)):
            raise DomainError("send and remind on days of the month such as 'day 5 09:00'")
        if any(rung.offset >= self.send.offset for rung in self.remind):
            raise DomainError("remind before send")


class SpotChecks(msgspec.Struct, frozen=True):
    """`[loan.spot_checks]`: who has papers is asked at random to show them; missing: nobody is."""

    percent: int
    """Of the loans that are out, how many are asked for on each working day, 1 to 100."""
    rule: RuleId

    def __post_init__(self) -> None:
        if not 1 <= self.percent <= 100:
            raise DomainError("percent of 1 to 100")


class LoanPolicy(msgspec.Struct, frozen=True):
    """`[loan]`: papers leave the custodian's hands and come back."""

    request: Action
    """By which rows of the approvals a taking of papers is decided: `loan`, or `consult` where
    papers are handed out for reading only."""
    place: Place
    """How far papers may go at most; who must allow it is a matter of the approvals."""
    originals_out: bool
    """Whether an original may leave the company."""
    stated: bool
    """Whether the borrower names the day of return."""
    duty: Duty
    """The longest ordinary loan, counted from the office day of the hand-out; its ladder."""
    renewals_max: int
    """Renewals of one loan, long-term ones not counted."""
    renewal: Term
    """Longest renewal, counted from the day on which the loan was due."""
    long_term: bool
    """Whether there are loans longer than an ordinary one, to a day that is named."""
    collect: Term
    """Until when approved papers are fetched, counted from the day of approval; then it lapses."""
    offer: Term
    """How long papers that came back wait for the first in the queue."""
    recall: Term
    """Until when papers are returned that the custodian asks back early."""
    sublend: Sublend
    sublend_rule: RuleId
    return_rule: RuleId
    """Clause behind the counting at the return."""
    return_checks: tuple[ReturnCheck, ...]
    """What is confirmed one by one then."""
    incident_after: Rung
    """From the due day: when an overdue loan becomes an incident; who hears says `[incident]`."""
    days_off: DaysOff
    days_off_rule: RuleId
    place_rule: RuleId | None = None
    originals_rule: RuleId | None = None
    long_term_rule: RuleId | None = None
    long_term_check: Rung | None = None
    """When the borrower of a long-term loan is asked whether it is still needed."""
    limit: int | None = None
    """Loans one borrower may have open at a time."""
    limit_rule: RuleId | None = None
    notice_rules: tuple[RuleId, ...] = ()
    """Clauses on handling that the borrower confirms at the hand-out."""
    form: Text | None = None
    """Name of the regulation's register or slip."""
    carrier_rule: RuleId | None = None
    """Clause by which who carries important or graded papers outside is named."""
    carrier_graded_rule: RuleId | None = None
    """The same of graded papers; None: there is no other one for these."""
    unreturned: Unreturned | None = None
    spot_checks: SpotChecks | None = None

    @property
    def renewed_to_a_day(self) -> bool:
        """Whether who renews names the new day: as at the hand-out, or after one day's loan.

        Rule: S1-15.6.2, C-73.
        """
        of_a_day = self.renewals_max > 0 and self.duty.due.unit is Unit.SAME_DAY
        return self.stated or of_a_day

    def __post_init__(self) -> None:
        if self.request not in (Action.LOAN, Action.CONSULT):
            raise DomainError("request = 'loan' or 'consult'")
        for name in ("renewal", "collect", "offer", "recall"):
            _with_rule(name, getattr(self, name))
        if self.renewals_max < 0:
            raise DomainError("renewals_max of 0 or more")
        if self.limit is not None and self.limit < 1:
            raise DomainError("limit of 1 or more")
        _together("place before 'out'", self.place is not Place.OUT, "place_rule", self.place_rule)
        _together(
            "originals_out = false", not self.originals_out, "originals_rule", self.originals_rule
        )
        _together("limit", self.limit is not None, "limit_rule", self.limit_rule)
        _together("long_term = true", self.long_term, "long_term_rule", self.long_term_rule)
        _together("long_term = true", self.long_term, "long_term_check", self.long_term_check)
        if self.long_term_check and self.long_term_check.until != "due":
            raise DomainError("long_term_check such as 'every 3m until due'")
        if not self.return_checks:
            raise DomainError("return_checks with at least one")
        if self.incident_after.repeat or self.incident_after.from_start:
            raise DomainError("incident_after that strikes once, from the due day")


def _with_rule(name: str, term: Term) -> None:
    try:
        parse_rule(term.rule)
    except ValueError:
        raise DomainError(f"{name} with a rule of the catalogue") from None


def _together(given: str, on: bool, name: str, value: object) -> None:
    if on != (value is not None):
        raise DomainError(f"{given} and {name} together")
