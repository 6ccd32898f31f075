"""The company's policy: one TOML pack plus overlays, read strictly into frozen records.

Packs lie in the package; a company's own file goes through `parse_policy`. Every deadline and
every right in it names the rule it comes from, and an id that no clause has is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec.structs import replace

from rules.chains import CHAIN_PARSERS, Approval, ApprovalRules, hidden
from rules.clauses import regulations
from rules.destruction import DestructionPolicy
from rules.dossier_policy import Consent, DossierPolicy, ReaderRule, Superiors
from rules.duty import Duty
from rules.errors import DomainError
from rules.fields import field_lists
from rules.handover_policy import HandoverPolicy, ReceiptPolicy
from rules.incidents import IncidentPolicy
from rules.leaves import RoleCode, RuleId, Text
from rules.lending import LoanPolicy
from rules.occasions import Action, Material, When
from rules.office import TimePolicy
from rules.role_uses import role_uses
from rules.schema import GIVEN, PolicyError, Reader
from rules.upkeep import Completion, OpenPolicy, SecrecyPolicy, UpdatePolicy
from rules.written import Written, available_overlays, available_packs, text_of, written

__all__ = [
    "Consent",
    "DossierPolicy",
    "Duty",
    "Policy",
    "PolicyError",
    "Superiors",
    "TimePolicy",
    "VisitPolicy",
    "available_overlays",
    "available_packs",
    "load_pack",
    "parse_policy",
    "read_policy",
    "written_pack",
]

SCHEMA = 1

MOST_YEARS = 1000
"""For which the log can be kept; what is kept for ever needs no more."""


class VisitPolicy(msgspec.Struct, frozen=True):
    """`[visit]`: the visit note."""

    note: Duty
    """Until when the note is due, who is reminded and told."""
    fields: Text
    """Field list of the note."""
    readers: tuple[ReaderRule, ...]
    """Roles that read notes beside author, keeper and the author's superiors."""
    major_matter_to: tuple[RoleCode, ...]
    """Who hears of a major matter: the first of these that somebody holds."""
    major_matter_rule: RuleId

    def __post_init__(self) -> None:
        if self.fields not in field_lists():
            raise DomainError(f"fields, one of {', '.join(field_lists())}")
        if not self.major_matter_to:
            raise DomainError("major_matter_to with at least one role")
        if any(reader.levels for reader in self.readers):
            raise DomainError("readers of notes without levels")


class LogPolicy(msgspec.Struct, frozen=True):
    """`[log]`, of the overlay log: the append-only archive log."""

    keep_years: int
    """Years an entry is kept at least; nothing deletes one by itself, later neither."""
    keep_rule: RuleId
    review: Duty
    """Until when an entry is reviewed."""
    readers: tuple[ReaderRule, ...] = ()
    """Roles that may query the log; each query is itself in the log (S3-LOG.2.4b)."""

    def __post_init__(self) -> None:
        if not 1 <= self.keep_years <= MOST_YEARS:
            raise DomainError(f"keep_years from 1 to {MOST_YEARS}")


class PrivacyPolicy(msgspec.Struct, frozen=True):
    """`[privacy]`, of the overlay privacy: personal data of natural persons."""

    consent_rule: RuleId
    mask_personal: bool
    """Whether personal fields are masked for everybody but keeper and readers."""
    mask_rule: RuleId
    agreement_required: bool
    """Whether dossier roles need a signed confidentiality agreement."""
    agreement_rule: RuleId
    customer_authorises: bool
    """Whether a natural person's data go outside only with that person's own consent as well."""
    customer_rule: RuleId


class Policy(msgspec.Struct, frozen=True):
    """A whole policy, ready to be handed to the rules."""

    schema: int
    pack: str
    """Id of the pack."""
    name_zh: str
    name_en: str
    sources: tuple[str, ...]
    """Ids of the regulations, shown with every refusal."""
    effective_from: date
    """First office day on which it applies (C-32)."""
    approved_by: RoleCode
    custodian_unit: str
    """Department in charge of the archive; every company names its own (C-76)."""
    time: TimePolicy
    dossier: DossierPolicy
    visit: VisitPolicy
    open: OpenPolicy
    update: UpdatePolicy
    secrecy: SecrecyPolicy
    incident: IncidentPolicy
    approvals: ApprovalRules
    """Absence and silence of who decides."""
    completion: tuple[Completion, ...] = ()
    """Duties to complete dossiers, period by period."""
    approval: tuple[Approval, ...] = ()
    """Who decides what; the first row that fits is taken."""
    loan: LoanPolicy | None = None
    """None: papers are not lent at all."""
    handover: tuple[HandoverPolicy, ...] = ()
    """What is handed over to the archive; empty: nothing in a set time."""
    receipts: ReceiptPolicy | None = None
    """None: no receipt register that is closed every day."""
    log: LogPolicy | None = None
    privacy: PrivacyPolicy | None = None
    destruction: DestructionPolicy | None = None
    """None: nothing follows the approval of a destruction list but carrying it out."""
    overlays: Annotated[tuple[str, ...], GIVEN] = ()
    """Names of the overlays laid over it, in order."""

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise DomainError(f"schema = {SCHEMA}")
        unknown = [source for source in self.sources if source not in regulations()]
        if unknown or not self.sources:
            raise DomainError("sources, ids of regulations such as 'S1-09'")
        if pair := hidden(self.approval):
            raise DomainError(f"approval[{pair[0]}] before approval[{pair[1]}], which hides it")
        if not self.dossier.levels and any(one.when.levels for one in self.approval):
            raise DomainError("approvals without levels where the policy has no levels")
        known = {spec.id for spec in self.dossier.every_field}
        if unknown := [name for name in self.open.required if name not in known]:
            raise DomainError(f"open.required among the dossier's fields, not {unknown[0]!r}")
        working = When(materials=(Material.WORKING_FILE,))
        amends = (one.when for one in self.approval if one.action is Action.AMEND)
        if self.update.working_files_rule and not any(one.covers(working) for one in amends):
            raise DomainError("an approval amend of working files, which need consent")
        for name, rows in (("completion", self.completion), ("handover", self.handover)):
            ids = [one.id for one in rows]
            if len(set(ids)) != len(ids):
                raise DomainError(f"{name} with ids that differ")
        words = [word for one in self.handover for word in one.words]
        if len(set(words)) != len(words):
            raise DomainError("handover with words that differ")

    def handover_of(self, name: str) -> HandoverPolicy | None:
        """Return the handover of that id; None: the policy has none such."""
        return next((one for one in self.handover if one.id == name), None)

    @property
    def roles_named(self) -> frozenset[str]:
        """Every role the policy relies on; one that nobody holds deserves a warning."""
        return frozenset(role for use in role_uses(self) for role in use.roles)


@lru_cache(maxsize=64)
def load_pack(name: str, overlays: tuple[str, ...] = ()) -> Policy:
    """Return a pack of the package with overlays laid over it in order.

    Raises:
        PolicyError: no such pack or overlay, or the pack is broken.
    """
    return read_policy(written_pack(name, overlays))


@lru_cache(maxsize=64)
def written_pack(name: str, overlays: tuple[str, ...] = ()) -> Written:
    """Return a pack of the package as it is written, overlays laid over it in order.

    Raises:
        PolicyError: no such pack or overlay.
    """
    if name not in available_packs():
        raise PolicyError(f"{name}.toml", "pack", name, f"one of {', '.join(available_packs())}")
    return written(text_of(name), f"{name}.toml", overlays)


def parse_policy(text: str, file: str, overlays: Sequence[str] = ()) -> Policy:
    """Return the policy of a TOML text, which lies over the package's base; `file` names it.

    `overlays` are names of the package's overlays.

    Raises:
        PolicyError: not TOML, unknown or missing key, or a value of the wrong kind; all of them
            at once, as far as they can be told apart.
    """
    return read_policy(written(text, file, overlays))


def read_policy(source: Written) -> Policy:
    """Return the policy that a merged table says.

    Raises:
        PolicyError: unknown or missing key, or a value of the wrong kind.
    """
    reader = Reader(source.file, CHAIN_PARSERS, source.origins)
    return replace(reader.read(Policy, source.table), overlays=source.overlays)
