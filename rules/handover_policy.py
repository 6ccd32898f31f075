"""How a policy has papers handed over to the archive: what starts it, from whom to whom, by when.

Whether a day may be put off is no key of these tables but a row `[[approval]]` of the action
`late_handover`. Guards against a handover that nobody signs for: every leg has a receiver.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import replace

from rules.checklists import Checklist, Item, checklist, checklists
from rules.deadlines import Term, Unit
from rules.duty import Duty
from rules.errors import DomainError
from rules.leaves import RoleCode, RuleId, Text


class StartEvent(StrEnum):
    """What starts the clock of a handover."""

    VEHICLE_DELIVERED = "vehicle_delivered"
    LOAN_PAID_OUT = "loan_paid_out"
    DEED_RECEIVED = "deed_received"
    COMPLETION_RECEIVED = "completion_received"
    """The papers of a completed project were handed in."""
    ACCEPTANCE = "acceptance"
    """A project was accepted on completion."""
    TRIP_ENDED = "trip_ended"
    MATTER_FINISHED = "matter_finished"
    """Its papers were dealt with, or approved for filing."""
    FILE_RECEIVED = "file_received"
    """A file came from another body."""
    MONTH_END = "month_end"
    YEAR_END = "year_end"
    FISCAL_YEAR_END = "fiscal_year_end"
    PROJECT_CLOSED = "project_closed"

    @property
    def periodic(self) -> bool:
        """Whether it comes by itself, with the calendar."""
        return self in (
            StartEvent.MONTH_END,
            StartEvent.YEAR_END,
            StartEvent.FISCAL_YEAR_END,
        )


class LegPolicy(msgspec.Struct, frozen=True):
    """`[[handover.leg]]`: from one pair of hands into the next."""

    receiver: RoleCode
    """Who counts and signs."""
    duty: Duty
    """Until when the giver has handed over, from the start or from the leg before; its ladder."""
    giver: RoleCode | None = None
    """None: whoever it concerns, such as the traveller."""
    witness: RoleCode | None = None
    """Who signs as a third, or takes part in the count."""
    witness_rule: RuleId | None = None

    def __post_init__(self) -> None:
        if (self.witness is None) != (self.witness_rule is None):
            raise DomainError("witness and witness_rule together")
        if self.witness is not None and self.witness in (self.giver, self.receiver):
            raise DomainError("a witness who is neither giver nor receiver")


class HandoverPolicy(msgspec.Struct, frozen=True):
    """`[[handover]]`: one kind of papers and their way to the archive."""

    id: Text
    """Key in storage, unique within the policy."""
    zh: Text
    en: Text
    start: StartEvent
    checklist: Text
    """Id of the checklist."""
    leg: tuple[LegPolicy, ...]
    """Its legs in order; the last one ends in the archive."""
    rule: RuleId
    head: RoleCode
    """Who answers for the giver's department: hears of lateness, settles with `disputes_to`."""
    disputes_to: RoleCode
    """Who settles what giver and receiver see differently."""
    correction: Duty
    """Until when a gap is supplied, or an ordered correction carried out."""
    total: Term | None = None
    """Longest time for all legs together, from the start (C-08)."""
    register: Text | None = None
    """Name of the register both sign."""
    copies: int = 1
    """Copies of the list: one for each who signs, or for the file."""
    place: Text | None = None
    """Where the papers must be put, such as the safe; None: anywhere in the archive."""
    place_rule: RuleId | None = None
    receipt_code: bool = False
    """Whether the signature gives a code for the accounting department (S5-2.3)."""
    departments: tuple[Text, ...] = ()
    """Departments that owe it when it is periodic; empty: each that has somebody to give it."""
    contact_rule: RuleId | None = None
    """Clause that wants the contact person of this visit and one number; None: nobody asks."""
    item: tuple[Item, ...] = ()
    """Lines the company adds to the checklist, each after the last one of its part (C-37)."""
    to_confirm: RuleId | None = None
    """The default that stands where the source is blank, until the company says its own: the day
    (C-31), the list of papers (C-37)."""
    words: tuple[Text, ...] = ()
    """What one writes in the chat to start it, such as 已交车; none for what comes by itself."""

    def __post_init__(self) -> None:
        if self.checklist not in checklists():
            raise DomainError(f"checklist, one of {', '.join(checklists())}")
        if not self.leg:
            raise DomainError("leg with at least one")
        if self.copies < 1:
            raise DomainError("copies of 1 or more")
        if self.total is not None and len(self.leg) < 2:
            raise DomainError("total with several legs only")
        if (self.place is None) != (self.place_rule is None):
            raise DomainError("place and place_rule together")
        if self.start.periodic and self.words:
            raise DomainError("words for what somebody reports, not for what the calendar brings")
        if self.departments and len(set(self.departments)) != len(self.departments):
            raise DomainError("departments that differ")
        if any(one.instead for one in self.item):
            raise DomainError("item without instead: alternatives are those of the checklist")
        _ = self.papers  # refuses ids that are there twice

    @property
    def papers(self) -> Checklist:
        """What belongs to it: the checklist, and what the company adds."""
        papers = checklist(self.checklist)
        if not self.item:
            return papers
        parts = list(dict.fromkeys(one.part for one in (*papers.item, *self.item)))
        lines = sorted((*papers.item, *self.item), key=lambda one: parts.index(one.part))
        return replace(papers, item=tuple(lines))

    @property
    def rule_of_signing(self) -> str:
        """Clause behind the signatures: of the witness, where there is one."""
        return next((one.witness_rule for one in self.leg if one.witness_rule), self.rule)


class ReceiptPolicy(msgspec.Struct, frozen=True):
    """`[receipts]`: the receipt register, closed every day (S1-09.2.5, C-65)."""

    name: Text
    """As the regulation calls it."""
    rule: RuleId
    duty: Duty
    """Until when a working day's entries are closed; who hears in the morning if they are not.
    What is signed after `due.cutoff` is entered under the next working day."""

    def __post_init__(self) -> None:
        if self.duty.due.unit is not Unit.SAME_DAY or self.duty.due.cutoff is None:
            raise DomainError(
                "duty.due of the same day with the time at which the register closes"
            )
