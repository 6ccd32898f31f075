"""Something happened to a dossier: what kinds there are, who is told, until when again.

All whom the policy names hear at the same time, and that one has confirmed does not stop the
others (C-06). Which people those are says `rules.hearers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from rules.calendar import WorkingCalendar
from rules.errors import DomainError
from rules.leaves import RoleCode, RuleId
from rules.office import TimePolicy
from rules.reminders import Ladder, Step, StepKind
from rules.rungs import Anchor, Rung

if TYPE_CHECKING:
    from rules.policy import Policy


class IncidentKind(StrEnum):
    """What happened."""

    LOST = "lost"
    DAMAGED = "damaged"
    LEAKED = "leaked"
    """Known or possible (S2-INFO.27)."""
    ACCOUNT = "account"
    """Somebody let another person use the own account (S1-07.3.3.2b)."""
    THEFT = "theft"
    FIRE = "fire"
    OVERDUE = "overdue"
    """A loan that does not come back."""


class LeakCase(StrEnum):
    """Which case of a leak it is. Rule: S2-SECR.16."""

    BEYOND = "beyond"
    """Passed beyond the limited circle, and it cannot be proved that no unauthorised person
    learned it (S2-SECR.16.1)."""
    LEARNED = "learned"
    """An unauthorised person learned it (S2-SECR.16.2)."""
    OPEN = "open"
    """Not known yet."""


class Told(msgspec.Struct, frozen=True):
    """Who hears of one kind of incident."""

    to: tuple[RoleCode, ...]
    """All of them, at the same time."""
    rule: RuleId

    def __post_init__(self) -> None:
        if not self.to:
            raise DomainError("to with at least one role")


class IncidentPolicy(msgspec.Struct, frozen=True):
    """`[incident]`: who hears of what happened to a dossier; of a leak `[secrecy]` says it."""

    told: Mapping[str, Told]
    """By kind, all but leaked."""
    repeat: Rung
    """How often each is told again until that very person has confirmed, at night too."""
    repeat_rule: RuleId
    overdue_repeat: Rung
    """The same of a loan that stays out and of papers that were counted back damaged, which are
    no emergency: nobody is woken up for them."""
    check_after: tuple[IncidentKind, ...]
    """Kinds after which the archive is counted at once."""
    check_to: tuple[RoleCode, ...]
    """Who counts."""
    check_rule: RuleId

    def __post_init__(self) -> None:
        wanted = {kind.value for kind in IncidentKind} - {IncidentKind.LEAKED.value}
        if self.told.keys() != wanted:
            raise DomainError(f"told for each of {', '.join(sorted(wanted))}")
        for name, rung in (("repeat", self.repeat), ("overdue_repeat", self.overdue_repeat)):
            if not rung.repeat or rung.until or rung.from_start:
                raise DomainError(f"{name} such as 'every 2h'")
        if self.check_after and not self.check_to:
            raise DomainError("check_to with at least one role")


def told_of(policy: Policy, kind: IncidentKind) -> Told:
    """Return who hears of such an incident under a policy.

    Of a leak, where the policy names nobody, who approves it.

    Rule: S2-INFO.27, S2-SECR.13, S1-14.7, S1-15.7.6.
    """
    if kind is not IncidentKind.LEAKED:
        return policy.incident.told[kind]
    secrecy = policy.secrecy
    if secrecy.leak_rule is None:
        return Told((policy.approved_by,), policy.incident.repeat_rule)
    return Told(secrecy.leak_to, secrecy.leak_rule)


def is_checked(policy: Policy, kind: IncidentKind) -> bool:
    """Return whether the archive is counted at once after it. Rule: S2-DOSS.23b."""
    return kind in policy.incident.check_after


def ladder(
    policy: IncidentPolicy, kind: IncidentKind, who: str, *, counted: bool = False
) -> Ladder:
    """Return what `who` hears of such an incident until they have confirmed.

    `counted`: whether a count at the return found it.

    Rule: C-06; S1-14.7 of a loan that stays out, S1-15.7.6 of papers that are back and damaged.
    """
    if kind is IncidentKind.OVERDUE or (counted and kind is IncidentKind.DAMAGED):
        rule = policy.told[kind].rule
        return (Step(policy.overdue_repeat, who, StepKind.REMIND, rule),)
    return (Step(policy.repeat, who, StepKind.REMIND, policy.repeat_rule),)


def anchor(told_at: datetime, time: TimePolicy, calendar: WorkingCalendar) -> Anchor:
    """Return what that ladder hangs on: the instant at which the person was told."""
    day = time.office_day(told_at)
    return Anchor(
        due=day,
        start=day,
        deadline=told_at,
        time=time.rules,
        digest=time.digest,
        calendar=calendar,
        office_hours=time.office_hours,
    )
