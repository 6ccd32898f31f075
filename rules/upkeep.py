"""How a policy has dossiers opened, completed, changed and declassified.

Who verifies an opening or allows a change is no key of these tables but a row `[[approval]]`
(`open`, `update`, `amend`, `correct`): written twice, the two would drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from rules.duty import Duty
from rules.errors import DomainError
from rules.leaves import RoleCode, RuleId, Text
from rules.rungs import Rung
from rules.secrecy import Grade


class Start(StrEnum):
    """What begins the time in which a dossier is opened."""

    FIRST_CONTACT = "first_contact"
    VISIT = "visit"
    """A customer was visited or received."""
    GUEST_CONTACT = "guest_contact"
    MOVE_IN = "move_in"
    CONTRACT_SIGNED = "contract_signed"
    REGISTER_ENTRY = "register_entry"
    """Papers were entered in the receipt register."""
    HANDED_IN = "handed_in"
    """Papers reached the archive."""
    FILE_RECEIVED = "file_received"
    """A file came from another custody body."""


class OpenPolicy(msgspec.Struct, frozen=True):
    """`[open]`: a customer becomes a dossier.

    A salesperson's note makes a draft, which meets the duty; number and visibility come when the
    row `open` of the approvals is through, at once where there is none (C-69).
    """

    start: Start
    duty: Duty
    """Until when the draft is there, who is reminded and told."""
    required: tuple[Text, ...] = ()
    """Fields to be filled, or marked as none, before a draft goes to who decides."""
    required_rule: RuleId | None = None
    contact_persons: int = 1
    """Least number of contact persons of an important new customer."""
    contact_persons_rule: RuleId | None = None

    def __post_init__(self) -> None:
        if bool(self.required) != (self.required_rule is not None):
            raise DomainError("required and required_rule together")
        if self.contact_persons < 1:
            raise DomainError("contact_persons of 1 or more")
        if (self.contact_persons > 1) != (self.contact_persons_rule is not None):
            raise DomainError("contact_persons above 1 and contact_persons_rule together")


class Completes(StrEnum):
    """Which dossiers somebody has to complete."""

    INCOMPLETE = "incomplete"
    """Those with an empty field."""
    LONG_TERM = "long_term"
    """Those marked as long-term cooperation (C-46)."""
    TRADED = "traded"
    """Those with a transaction since the last change."""
    ALL = "all"


class Completion(msgspec.Struct, frozen=True):
    """One row `[[completion]]`: a duty of who keeps such a dossier, once in each period."""

    id: Text
    of: Completes
    duty: Duty
    """Its due term counts from the first day of the period, for `traded` from the transaction."""
    from_next: bool = False
    """Whether the period in which the dossier was opened does not count."""
    from_next_rule: RuleId | None = None

    def __post_init__(self) -> None:
        if self.from_next != (self.from_next_rule is not None):
            raise DomainError("from_next and from_next_rule together")


class Originals(StrEnum):
    """What may happen to a paper that is filed."""

    READ_ONLY = "read_only"
    OPEN = "open"


class WorkingFiles(StrEnum):
    """What may happen to a department's working papers."""

    FREE = "free"
    CONSENT = "consent"
    """By the row `amend` of the approvals."""


class Existing(StrEnum):
    """How what a dossier holds already is replaced; adding to it is always free."""

    OPEN = "open"
    CORRECT = "correct"
    """By a correction, where the approvals have a row `correct` for the dossier."""


class LabelPolicy(msgspec.Struct, frozen=True):
    """`[update.label]`: the label on the shelf bears the customer's present name."""

    keeper: RoleCode
    """Who replaces it and confirms; where nobody holds the role, who keeps the dossier."""
    duty: Duty
    """Counts from the day on which the name changed."""


class UpdatePolicy(msgspec.Struct, frozen=True):
    """`[update]`: a dossier's data change.

    Where the approvals have a row `update` a change waits for it; without one it holds at once
    and `reviewed_by` hears of it.
    """

    rule: RuleId
    """Clause that asks for prompt changes."""
    reviewed_by: RoleCode
    originals: Originals
    originals_rule: RuleId
    working_files: WorkingFiles
    existing: Existing
    correction: Duty
    """Each step of a correction that is somebody's turn (`rules.corrections`)."""
    existing_rule: RuleId | None = None
    label: LabelPolicy | None = None
    """None: no label has to be replaced."""
    working_files_rule: RuleId | None = None
    sources: tuple[RoleCode, ...] = ()
    """Whose material a change rests on; each change names one. Empty: it is not asked."""
    sources_rule: RuleId | None = None

    def __post_init__(self) -> None:
        if bool(self.sources) != (self.sources_rule is not None):
            raise DomainError("sources and sources_rule together")
        if (self.existing is Existing.CORRECT) != (self.existing_rule is not None):
            raise DomainError("existing = 'correct' and existing_rule together")
        if (self.working_files is WorkingFiles.CONSENT) != (self.working_files_rule is not None):
            raise DomainError("working_files = 'consent' and working_files_rule together")


class SecrecyPolicy(msgspec.Struct, frozen=True):
    """`[secrecy]`: how long a grade lasts, and who hears of a leak."""

    until_required: bool
    """Whether a graded dossier cannot be saved without the end of its secrecy."""
    until_rule: RuleId
    years: Mapping[str, int]
    """By grade, the period that is proposed, in years."""
    years_rule: RuleId
    remind: tuple[Rung, ...]
    """To the keeper and the custodian, around the last day of secrecy."""
    graders: tuple[RoleCode, ...]
    """Who gives, raises and lowers grades."""
    graders_rule: RuleId
    safes: tuple[Text, ...]
    """What a safe is called in the name of a place; the first is proposed for graded papers."""
    safes_rule: RuleId
    leak_to: tuple[RoleCode, ...] = msgspec.field(default=())
    """Who hears of a leak, all at the same time; empty: who approves the policy."""
    leak_rule: RuleId | None = None
    hosts: tuple[RoleCode, ...] = msgspec.field(default=())
    """Who calls graded meetings beside the heads of departments (S2-SECR.9.2)."""

    def __post_init__(self) -> None:
        graded = {grade.value for grade in Grade if grade is not Grade.NONE}
        if self.years.keys() != graded or any(count < 1 for count in self.years.values()):
            raise DomainError(f"years of 1 or more for {', '.join(sorted(graded))}")
        if bool(self.leak_to) != (self.leak_rule is not None):
            raise DomainError("leak_to and leak_rule together")
        if not self.safes:
            raise DomainError("safes with at least one word")
        if not self.graders:
            raise DomainError("graders with at least one role")
