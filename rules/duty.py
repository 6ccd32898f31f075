"""A duty of a policy: until when something is done, who is reminded, who hears of it if not.

Visit notes, openings and completions share the shape, so that one ladder serves them all.
"""

from __future__ import annotations

import msgspec

from rules.deadlines import Term
from rules.errors import DomainError
from rules.leaves import RoleCode, parse_rule
from rules.reminders import Ladder, Step, StepKind
from rules.rungs import Rung


class Escalation(msgspec.Struct, frozen=True):
    """One rung that tells somebody else."""

    after: Rung
    to: RoleCode


class Duty(msgspec.Struct, frozen=True):
    """Something to be done by a deadline, with its ladder; the shape every duty shares."""

    due: Term
    remind: tuple[Rung, ...] = ()
    escalate: tuple[Escalation, ...] = ()

    def __post_init__(self) -> None:
        try:
            parse_rule(self.due.rule)
        except ValueError:
            raise DomainError("due with a rule of the catalogue") from None

    def ladder(self, who: str) -> Ladder:
        """Return its rungs, those to `who` (a person of the case) first."""
        reminders = (Step(rung, who, StepKind.REMIND, self.due.rule) for rung in self.remind)
        escalations = (
            Step(one.after, one.to, StepKind.ESCALATE, self.due.rule) for one in self.escalate
        )
        return (*reminders, *escalations)
