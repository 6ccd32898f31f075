"""What a person sees: of a dossier (`sight`, `view`) and of a visit note (`refusal`, `may`).

Closed by default: who is not named by the policy or by the chain above the keeper gets the
masked line or nothing. Guards against a second opinion elsewhere: this module alone decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NewType

import msgspec
from msgspec.structs import replace

from rules.errors import Denied, Reason
from rules.masks import mask_name, mask_phone
from rules.policy import Policy, Superiors
from rules.secrecy import AccessLevel, Grade

__all__ = [
    "DossierFacts",
    "DossierId",
    "NoteAction",
    "NoteFacts",
    "NoteId",
    "Part",
    "Right",
    "Sight",
    "StaffId",
    "View",
    "Viewer",
    "ceiling_allows",
    "mask_name",
    "mask_phone",
    "may",
    "may_query_log",
    "note_right",
    "parts",
    "refusal",
    "right",
    "sight",
    "view",
]

StaffId = NewType("StaffId", str)
DossierId = NewType("DossierId", int)
NoteId = NewType("NoteId", int)

_LIKE = {"phones": "wecom"}  # the training page stands for the company's own messenger


class Sight(StrEnum):
    """How much of a dossier a person sees."""

    FULL = "full"
    """Everything, as far as the channel's ceiling lets content through."""
    MASKED = "masked"
    """Number, masked name and keeper."""
    NONE = "none"
    """Nothing, not even that it exists."""


class Right(StrEnum):
    """By which right a person sees the content of a dossier or a note."""

    KEEPER = "keeper"
    """Of the dossier."""
    AUTHOR = "author"
    """Of the note."""
    SUPERIOR = "superior"
    """In the chain above the keeper, or above the author of the note."""
    READER = "reader"
    """By a role that the policy names."""
    GRANTED = "granted"
    """For a time, because it was asked for and approved."""


class Part(StrEnum):
    """A part of a dossier that can be opened by itself."""

    DATA = "data"
    """The customer's data."""
    PAPERS = "papers"
    """The list of its papers."""


class NoteAction(StrEnum):
    """What a person may want to do with a filed visit note."""

    READ = "read"
    COMMENT = "comment"
    CORRECT = "correct"
    WITHDRAW = "withdraw"


class Viewer(msgspec.Struct, frozen=True):
    """The person who asks."""

    id: StaffId
    active: bool
    """Whether on the staff list and bound; False for leavers, strangers, suspended accounts."""
    roles: frozenset[str]
    """Role codes the person holds in their own right."""
    clearance: Grade
    """Highest grade the person may be shown of dossiers kept by others."""
    granted: frozenset[DossierId] = frozenset()
    """Dossiers that were opened to the person for a time, whatever the clearance."""
    limited: Mapping[DossierId, frozenset[Part]] = msgspec.field(default_factory=dict)
    """Of these, the parts of such as were not opened as a whole."""


class DossierFacts(msgspec.Struct, frozen=True):
    """What access to a dossier depends on."""

    id: DossierId
    keeper: StaffId | None
    """Who keeps it; None while nobody does."""
    keeper_superiors: tuple[StaffId, ...]
    """The chain above the keeper, direct superior first."""
    grade: Grade
    level: AccessLevel | None = None
    """Access level where the policy has levels, else None."""
    draft: bool = False
    """Noted by a salesperson and not verified yet: of no concern to other departments (C-69)."""


class NoteFacts(msgspec.Struct, frozen=True):
    """What access to a visit note depends on."""

    id: NoteId
    author: StaffId
    author_superiors: tuple[StaffId, ...]
    """The chain above the author, direct superior first."""
    dossier: DossierFacts
    withdrawn: bool = False


class View(msgspec.Struct, frozen=True):
    """What one card on one channel may carry."""

    sight: Sight
    name: bool
    """Whether the customer's name is written out."""
    content: bool
    """Whether fields and texts of the dossier may be shown."""


def sight(viewer: Viewer, dossier: DossierFacts, policy: Policy) -> Sight:
    """Return how much of the dossier the viewer is entitled to, on whatever channel.

    Full: its keeper; to whom it was opened for a time; the chain above the keeper as far as the
    policy's `superiors` reaches, and the policy's readers, both only up to their clearance.
    Masked, so that they can ask to read it: others of the company, once it is verified and below
    the grade secret, or up to the grade that all its dossiers have (S1-07.3.1.0) where they are
    cleared for that. Nothing: everybody else, and inactive persons always.

    Rule: S2-INFO.17, S1-07.3.1.1, S1-07.3.1.2, S1-07.3.1.3, S2-SECR.3, S3-SPEC2.3.2c.
    """
    if not viewer.active:
        return Sight.NONE
    if right(viewer, dossier, policy) is not None:
        return Sight.FULL
    cleared = dossier.grade <= min(viewer.clearance, policy.dossier.default_grade)
    known = not dossier.draft and (dossier.grade < Grade.SECRET or cleared)
    return Sight.MASKED if known else Sight.NONE


def right(viewer: Viewer, dossier: DossierFacts, policy: Policy) -> Right | None:
    """Return by which right the viewer sees the dossier in full; None: they do not.

    Rule: S2-INFO.17, S3-SPEC2.3.4c.
    """
    if not viewer.active:
        return None
    if dossier.keeper == viewer.id:
        return Right.KEEPER
    if dossier.id in viewer.granted:
        return Right.GRANTED
    if viewer.clearance < dossier.grade:
        return None
    if viewer.id in _reached(dossier.keeper_superiors, policy):
        return Right.SUPERIOR
    return Right.READER if _reads(viewer, dossier, policy) else None


def note_right(viewer: Viewer, note: NoteFacts, policy: Policy) -> Right | None:
    """Return by which right the viewer reads a visit note; None: they do not.

    Rule: S2-INFO.17, S3-SPEC2.3.4c.
    """
    if not may(viewer, NoteAction.READ, note, policy):
        return None
    if viewer.id == note.dossier.keeper:
        return Right.KEEPER
    if viewer.id == note.author:
        return Right.AUTHOR
    above = viewer.id in _reached(note.author_superiors, policy)
    return Right.SUPERIOR if above else Right.READER


def view(viewer: Viewer, dossier: DossierFacts, policy: Policy, channel: str) -> View:
    """Return what a card for the viewer on `channel` may carry.

    Above the channel's ceiling even the entitled see number, masked name, state and due time
    only; the keeper still sees the name of the own customer.

    Rule: C-01, S2-INFO.26.3, S2-SECR.11.
    """
    seen = sight(viewer, dossier, policy)
    shown = seen is Sight.FULL and ceiling_allows(policy, channel, dossier.grade)
    keeps = seen is Sight.FULL and dossier.keeper == viewer.id
    content = shown and Part.DATA in parts(viewer, dossier, policy)
    return View(sight=seen, name=shown or keeps, content=content)


def parts(viewer: Viewer, dossier: DossierFacts, policy: Policy) -> frozenset[Part]:
    """Return which parts of the dossier are open to the viewer; none unless seen in full.

    Who has another right than the one that was granted for a part reads the whole.

    Rule: S1-15.6.3.
    """
    if right(viewer, dossier, policy) is None:
        return frozenset()
    if dossier.id in viewer.limited:
        otherwise = replace(viewer, granted=frozenset())
        if right(otherwise, dossier, policy) is None:
            return viewer.limited[dossier.id]
    return frozenset(Part)


def ceiling_allows(policy: Policy, channel: str, grade: Grade) -> bool:
    """Return whether content of that grade may appear in a chat on `channel`.

    A channel the policy does not name carries no content but ungraded; `phones` counts as
    WeCom unless it is named.

    Rule: C-01.
    """
    ceilings = policy.dossier.chat_ceiling
    name = channel if channel in ceilings else _LIKE.get(channel, channel)
    return grade <= ceilings.get(name, Grade.NONE)


def may_query_log(viewer: Viewer, policy: Policy) -> bool:
    """Return whether the viewer may query the archive log: the roles that its policy names.

    Rule: S3-LOG.2.4b.
    """
    readers = policy.log.readers if policy.log else ()
    return viewer.active and any(reader.role in viewer.roles for reader in readers)


def refusal(viewer: Viewer, action: NoteAction, note: NoteFacts, policy: Policy) -> Denied | None:
    """Return why the viewer may not act on a visit note, with every reason; None if they may.

    Read: author, keeper of the dossier, superiors of the author, readers named by the policy.
    Comment: superiors of the author. Correct, withdraw: the author, while it is not withdrawn.

    Rule: S2-INFO.17, S1-07.3.1.3, S3-SPEC1.5.1.
    """
    if not viewer.active:
        reason = Reason.of("not_active", rule="S2-INFO.17", next_step="ask_administrator")
        return Denied((reason,))
    reasons: list[Reason] = []
    above = viewer.id in _reached(note.author_superiors, policy)
    if action in (NoteAction.CORRECT, NoteAction.WITHDRAW):
        if viewer.id != note.author:
            reasons.append(
                Reason.of("not_the_author", rule="S3-SPEC1.5.1", next_step="ask_author")
            )
        if note.withdrawn:
            reasons.append(
                Reason.of("already_withdrawn", rule="S3-LOG.2.3c", next_step="file_new_note")
            )
    elif action is NoteAction.COMMENT:
        if not above:
            reasons.append(Reason.of("not_in_chain", rule="S2-INFO.17", next_step="ask_superior"))
        elif viewer.clearance < note.dossier.grade:
            reasons.append(_clearance(note))
    elif viewer.id not in (note.author, note.dossier.keeper):
        listed = any(reader.role in viewer.roles for reader in policy.visit.readers)
        if not above and not listed:
            reasons.append(
                Reason.of("not_entitled", rule="S2-INFO.17", next_step="request_consultation")
            )
        elif viewer.clearance < note.dossier.grade:
            reasons.append(_clearance(note))
    return Denied(tuple(reasons)) if reasons else None


def may(viewer: Viewer, action: NoteAction, note: NoteFacts, policy: Policy) -> bool:
    """Return whether the viewer may act on a visit note; `refusal` says why not."""
    return refusal(viewer, action, note, policy) is None


def _reads(viewer: Viewer, dossier: DossierFacts, policy: Policy) -> bool:
    return any(
        reader.role in viewer.roles and (not reader.levels or dossier.level in reader.levels)
        for reader in policy.dossier.readers
    )


def _reached(superiors: tuple[StaffId, ...], policy: Policy) -> tuple[StaffId, ...]:
    match policy.dossier.superiors:
        case Superiors.CHAIN:
            return superiors
        case Superiors.DIRECT:
            return superiors[:1]
        case Superiors.NONE:
            return ()


def _clearance(note: NoteFacts) -> Reason:
    return Reason.of(
        "above_clearance",
        rule="S2-SECR.12a",
        next_step="request_consultation",
        grade=note.dossier.grade.value,
    )
