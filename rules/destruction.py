"""Destruction of what is no longer to be kept: what may stand on a list, how long, who witnesses.

No source names the years of a retention class (C-45), so the custodian names the day on which it
ended. The trap is what is on its way while the list is: everything here is asked again at every
step, up to the last.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum

import msgspec

from rules.deadlines import add_months
from rules.duty import Escalation
from rules.errors import Denied, DomainError, Reason
from rules.leaves import RuleId
from rules.reminders import Ladder, Step, StepKind
from rules.rungs import Rung, RungUnit
from rules.secrecy import Grade

CUSTODIAN = "custodian"
CLEARANCE_RULE = "S2-SECR.12a"
"""Who destroys graded papers is entrusted with papers of that grade (C-68)."""


class Retention(StrEnum):
    """Classes whose time ends; what is kept permanently is never destroyed."""

    LONG = "long"
    SHORT = "short"


class Manner(StrEnum):
    """How papers are destroyed; sale as waste paper is none of them. Rule: S2-INFO.25."""

    SHREDDED = "shredded"
    PULPED = "pulped"
    BURNT = "burnt"


class ListState(StrEnum):
    """Where a destruction list stands."""

    DRAFT = "draft"
    """Its custodian still enters lines."""
    ASKED = "asked"
    """Waits for who decides."""
    APPROVED = "approved"
    """May be carried out."""
    APART = "apart"
    """Approved; kept apart until a day, and then looked at once more (S2-DOSS.29.2)."""
    WITNESSED = "witnessed"
    """Carried out, says the custodian; waits for the witness's signature."""
    DESTROYED = "destroyed"
    EMPTY = "empty"
    """Nothing is left on it: every line dropped out."""
    DROPPED = "dropped"
    """Its custodian gave it up."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"

    @property
    def open(self) -> bool:
        """Whether what stands on it may still be destroyed under it."""
        return self in _OPEN


_OPEN = frozenset(
    {
        ListState.DRAFT,
        ListState.ASKED,
        ListState.APPROVED,
        ListState.APART,
        ListState.WITNESSED,
    }
)


class DestructionPolicy(msgspec.Struct, frozen=True):
    """`[destruction]`: what follows the approval of a destruction list."""

    witness_rule: RuleId
    """Clause of the place and the witness."""
    hold_months: int = 0
    """Months for which what was approved may be kept apart first; 0: not foreseen."""
    hold_rule: RuleId | None = None
    hold_escalate: tuple[Escalation, ...] = ()
    """Who hears, after that time, that nobody has verified what was kept apart."""

    def __post_init__(self) -> None:
        if self.hold_months < 0:
            raise DomainError("hold_months of 0 or more")
        if self.hold_escalate and not self.hold_months:
            raise DomainError("hold_escalate with hold_months")
        if (self.hold_months > 0) != (self.hold_rule is not None):
            raise DomainError("hold_months and hold_rule together")


class Standing(msgspec.Struct, frozen=True):
    """How a paper or a dossier stands that is to be destroyed."""

    ended_on: date
    """Last day of its retention, as the custodian names it."""
    grade: Grade = Grade.NONE
    on_list: str = ""
    """Number of another open list it stands on, or what that is called."""
    lent: bool = False
    """Whether somebody has it, or it is missing from a loan."""
    reserved: bool = False
    """Whether it is approved or offered to somebody who has not fetched it."""
    case: bool = False
    """Whether something about its dossier waits to be decided, corrected or handed over."""
    incident: bool = False
    """Whether an incident of its dossier is not closed."""
    there: bool = True
    """Whether it is kept, and not lost, destroyed or still a draft."""


def is_over(ended_on: date, today: date) -> bool:
    """Return whether a retention that ends with `ended_on` is over. Rule: S2-DOSS.29.1."""
    return ended_on < today


def refusal(thing: Standing, clearance: Grade, today: date, rule: str) -> Denied | None:
    """Return every reason why something may not stand on a destruction list; None: it may.

    `clearance`: of the custodian who destroys it. `rule`: the clause of the approval.

    Rule: S2-DOSS.29.1, S1-12.1.4, S2-INFO.25, S2-SECR.12a, C-68.
    """
    reasons = []
    if not thing.there:
        reasons.append(Reason.of("not_kept", rule=rule))
    if not is_over(thing.ended_on, today):
        reasons.append(Reason.of("not_expired", rule=rule, day=thing.ended_on))
    if thing.on_list:
        reasons.append(Reason.of("already_listed", rule=rule, number=thing.on_list))
    if thing.lent:
        reasons.append(Reason.of("on_loan", rule=rule))
    if thing.reserved:
        reasons.append(Reason.of("set_aside", rule=rule))
    if thing.case:
        reasons.append(Reason.of("case_open", rule=rule))
    if thing.incident:
        reasons.append(Reason.of("incident_open", rule=rule))
    if thing.grade > clearance:
        reasons.append(Reason.of("above_clearance", rule=CLEARANCE_RULE, grade=thing.grade.value))
    return Denied(tuple(reasons)) if reasons else None


def hold_until(approved_on: date, policy: DestructionPolicy) -> date:
    """Return the first day on which what was kept apart may be verified and destroyed.

    Raises:
        DomainError: the policy foresees no such time.

    Rule: S2-DOSS.29.2.
    """
    if not policy.hold_months:
        raise DomainError("a policy that foresees to keep it apart")
    return add_months(approved_on, policy.hold_months)


def hold_ladder(policy: DestructionPolicy, who: str) -> Ladder:
    """Return who hears that the time apart is over: `who` verifies it, others if nobody does.

    Empty where the policy foresees no such time. Rule: S2-DOSS.29.2.
    """
    rule = policy.hold_rule
    if rule is None:
        return ()
    over = Step(Rung(0, RungUnit.DAY), who, StepKind.REMIND, rule)
    above = (Step(one.after, one.to, StepKind.ESCALATE, rule) for one in policy.hold_escalate)
    return (over, *above)


def witness_refusal(
    witness: str,
    roles: Collection[str],
    clearance: Grade,
    *,
    carriers: Collection[str],
    grade: Grade,
    rule: str,
) -> Reason | None:
    """Return why somebody cannot witness; None: they can.

    `carriers`: who drew up the list and who carries it out. `grade`: the highest on the list.

    Rule: S2-DOSS.29.3, S1-12.1.4, S2-SECR.12a.
    """
    if witness in carriers or CUSTODIAN in roles:
        return Reason.of("witness_is_custodian", rule=rule)
    if grade > clearance:
        return Reason.of("witness_clearance", rule=CLEARANCE_RULE, grade=grade.value)
    return None
