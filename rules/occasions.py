"""The cases a chain is for: what is to be done, by whom, with which papers of which grade.

Guards against the condition nobody meets: kinds are closed lists, so that a typing error in a
policy is refused rather than never fitting.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import fields

from rules.leaves import Text
from rules.secrecy import AccessLevel, Grade

MATERIAL, MADE_BY = "material", "made_by"
"""Fields of a dossier that say which kind of papers it holds, and which department made them."""


class Action(StrEnum):
    """What somebody wants to do that another must allow."""

    OPEN = "open"
    """Open a dossier (verification and review included)."""
    UPDATE = "update"
    """Add to or change a dossier's data."""
    AMEND = "amend"
    """Alter a paper that is already filed."""
    CORRECT = "correct"
    """Plan to correct wrong customer data."""
    CORRECT_REPORT = "correct_report"
    """Report that the correction was carried out."""
    CONSULT = "consult"
    """Read in place."""
    LOAN = "loan"
    """Take out of the archive room or the custodian's hands."""
    RENEW = "renew"
    """Keep a loan longer."""
    COPY = "copy"
    """Copy, photograph or excerpt for oneself."""
    COPY_LOAN = "copy_loan"
    """Take out a photocopy that must come back."""
    DISCLOSE = "disclose"
    """Give data or papers to somebody outside."""
    EXPORT = "export"
    """Take data out in bulk."""
    ANALYSE = "analyse"
    """Analyse across dossiers."""
    STATISTICS = "statistics"
    """Receive statistics, once or regularly."""
    REPORT_RELEASE = "report_release"
    """Send out a compiled report."""
    REPORT_AMEND = "report_amend"
    """Change single items of a compiled report."""
    NONCASH_DEAL = "noncash_deal"
    """A deal that is not paid in cash."""
    COMPLAINT_RESULT = "complaint_result"
    """How a complaint was settled."""
    PENALTY = "penalty"
    """Confirm or waive a proposed charge."""
    WAGE_DEDUCTION = "wage_deduction"
    """Deduct a share of wages."""
    LATE_HANDOVER = "late_handover"
    """Hand papers over after the deadline."""
    TRIP_PAPERS = "trip_papers"
    """Papers of a journey, before expenses are paid."""
    DESTROY = "destroy"
    """Destroy what a destruction list names."""
    POLICY_CHANGE = "policy_change"
    """Change the policy itself."""
    REBIND = "rebind"
    """Bind a new device or account (C-62)."""
    BACKUP_KEY = "backup_key"
    """Use the spare key of the archive room."""


class ReaderKind(StrEnum):
    """Who will read or receive it."""

    INSIDER = "insider"
    EXTERNAL = "external"
    """Person or organisation from outside."""
    SUBJECT = "subject"
    """Whose own file it is (S1-14)."""
    PROXY = "proxy"
    """Authorised by the subject's power of attorney (S1-14)."""


class Material(StrEnum):
    """What kind of papers it is about."""

    DOSSIER = "dossier"
    WORKING_FILE = "working_file"
    """A department's working papers, against original dossiers (S1-02.8)."""
    STATISTICS = "statistics"
    MINUTES = "minutes"
    """Minutes of the bureau's meetings (S1-12)."""
    PARTY_PAPERS = "party_papers"
    PERSONAL_FILE = "personal_file"
    DEED = "deed"
    """Title deed, kept like cash (S4-LOAN)."""

    @classmethod
    def of(cls, dossier_type: str, said: str = "") -> Material:
        """Return what papers a dossier holds: as its field `material` says, else as its type does.

        What neither names is a dossier like any other.

        Rule: S1-12.3.2b, S1-12.3.2c.
        """
        named = (one for name in (said, dossier_type) for one in cls if one.value == name)
        return next(named, cls.DOSSIER)


class Facts(msgspec.Struct, frozen=True):
    """What the choice of a chain depends on; the caller fills in what it knows."""

    action: Action
    grade: Grade = Grade.NONE
    level: AccessLevel | None = None
    """None where the policy has no levels."""
    reader: ReaderKind = ReaderKind.INSIDER
    material: Material = Material.DOSSIER
    dossier_type: str = ""
    """Type of the dossier as the company names it; empty without a dossier."""
    formal: bool = False
    """Whether the reader uses the formal way, with a form (C-02)."""
    own_department: bool = False
    """Whether the dossier belongs to the requester's department."""
    natural_person: bool = False
    """Whether the customer is a natural person (C-72)."""
    important: bool = False
    """Whether the papers are marked as important (S2-INFO.23.1)."""
    original: bool = False
    """Whether it is the original rather than a copy."""
    leaves_house: bool = False
    """Whether papers or data leave the company's premises."""
    long_term: bool = False
    """Whether it is wanted for longer than an ordinary loan."""


class When(msgspec.Struct, frozen=True):
    """The cases a row is for; an empty list or a missing key means any."""

    grades: tuple[Grade, ...] = ()
    levels: tuple[AccessLevel, ...] = ()
    readers: tuple[ReaderKind, ...] = ()
    materials: tuple[Material, ...] = ()
    dossier_types: tuple[Text, ...] = ()
    formal: bool | None = None
    own_department: bool | None = None
    natural_person: bool | None = None
    important: bool | None = None
    original: bool | None = None
    leaves_house: bool | None = None
    long_term: bool | None = None

    def fits(self, facts: Facts) -> bool:
        """Return whether a case is among those."""
        return (
            _among(facts.grade, self.grades)
            and _among(facts.level, self.levels)
            and _among(facts.reader, self.readers)
            and _among(facts.material, self.materials)
            and _among(facts.dossier_type, self.dossier_types)
            and all(getattr(self, name) in (None, getattr(facts, name)) for name in _SWITCHES)
        )

    def covers(self, other: When) -> bool:
        """Return whether every case of `other` is among these."""
        for name in _LISTS:
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine and not (theirs and set(theirs) <= set(mine)):
                return False
        return all(getattr(self, name) in (None, getattr(other, name)) for name in _SWITCHES)


_SWITCHES = tuple(item.name for item in fields(When) if item.default is None)
_LISTS = tuple(item.name for item in fields(When) if item.default == ())


def _among(value: object, wanted: tuple[object, ...]) -> bool:
    return not wanted or value in wanted
