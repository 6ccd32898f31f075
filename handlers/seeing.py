"""What a person may see of a dossier or a note, in the words of a card.

Only asks `rules.access`, which decides; this page fetches the facts it decides on.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.messages import Card
from handlers.texts import N_
from rules import access
from rules.access import (
    DossierFacts,
    DossierId,
    NoteAction,
    NoteFacts,
    NoteId,
    Part,
    Right,
    Sight,
    StaffId,
    View,
    Viewer,
)
from rules.masks import mask_name
from rules.policy import Policy
from rules.secrecy import AccessLevel, Grade
from storage import consultations, dossiers, notes, staff
from storage.dossiers import Dossier
from storage.looks import Look, Way
from storage.note_records import Brief
from storage.notes import Note
from storage.search import Hit
from storage.staff import Person
from storage.visits import Visit

RULE = "S3-SPEC2.3.4c"
ACTIONS = {
    Way.CARD: "dossier.looked_at",
    Way.NOTE: "visit_note.read",
    Way.HISTORY: "visit_note.history_read",
    Way.FILES: "attachment.read",
    Way.COMMENT: "visit_note.comment_told",
    Way.PAPERS: "dossier.papers_read",
    Way.REGISTER: "dossier.listed",
    Way.REVEAL: "dossier.revealed",
}
"""What the audit trail calls a look."""

DESTROYED = "destroyed"
"""State of a dossier that is on record only."""

NO_DOSSIER = N_("There is no such dossier, or it is not open to you.")
NO_NOTE = N_("There is no such note, or it is not open to you.")
ABOVE_CEILING = N_("Graded {grade}: its content is not shown in this chat.")


class Subject(msgspec.Struct, frozen=True):
    """The dossier behind a row, with what access to it depends on."""

    id: int
    name: str
    keeper: str
    grade: str
    level: str
    draft: bool
    type: str
    department: str

    @staticmethod
    def of(row: Dossier | Hit | Brief | Visit) -> Subject:
        if isinstance(row, Dossier | Hit):
            known, number, kind = (row.id, row.name), row.number, row.type
        else:
            known, number = (row.dossier_id, row.dossier_name), row.dossier_number
            kind = row.dossier_type
        return Subject(
            *known,
            row.keeper,
            row.grade,
            row.level,
            draft=number is None,
            type=kind,
            department=row.department,
        )


def policy_of(ctx: Context, subject: Subject) -> Policy:
    """Return the policy that governs the dossier today."""
    return ctx.in_force.governing(subject.department, subject.type)


def ask_ahead(ctx: Context, rows: Iterable[Dossier | Hit]) -> None:
    """Fetch at once what `view` asks for row by row; for lists."""
    unknown = {one.keeper for one in rows} - ctx.superiors.keys()
    ctx.superiors.update(staff.chains(ctx.session, unknown))


def viewer(ctx: Context, person: Person) -> Viewer:
    if person.id not in ctx.granted:
        ctx.granted[person.id] = consultations.open_to(ctx.session, person.id, ctx.today)
    granted = frozenset(DossierId(one) for one in ctx.granted[person.id])
    limited = {
        DossierId(id_): frozenset(Part(one) for one in some)
        for id_, some in ctx.granted[person.id].items()
        if some
    }
    clearance = Grade(person.clearance)
    return Viewer(StaffId(person.id), person.active, person.roles, clearance, granted, limited)


def dossier_facts(ctx: Context, subject: Subject) -> DossierFacts:
    return DossierFacts(
        id=DossierId(subject.id),
        keeper=StaffId(subject.keeper),
        keeper_superiors=_superiors(ctx, subject.keeper),
        grade=Grade(subject.grade),
        level=AccessLevel(subject.level) if subject.level else None,
        draft=subject.draft,
    )


def note_facts(ctx: Context, note: Brief) -> NoteFacts:
    return NoteFacts(
        id=NoteId(note.id),
        author=StaffId(note.author),
        author_superiors=_superiors(ctx, note.author),
        dossier=dossier_facts(ctx, Subject.of(note)),
        withdrawn=note.state == "withdrawn",
    )


def _superiors(ctx: Context, staff_id: str) -> tuple[StaffId, ...]:
    # a list asks for the same few people row by row; somebody who turns meanwhile has no access
    # as long as they are inactive, whoever's superior they are
    if staff_id not in ctx.superiors:
        ctx.superiors[staff_id] = staff.chain(ctx.session, staff_id)
    return tuple(StaffId(one) for one in ctx.superiors[staff_id])


def view(ctx: Context, row: Dossier | Hit | Brief | Visit, reader: Person | None = None) -> View:
    """Return what a card may carry of the dossier: for who acts, or for another reader."""
    person, channel = (
        (ctx.person, ctx.channel) if reader is None else (reader, reader.home_channel)
    )
    subject = Subject.of(row)
    return access.view(
        viewer(ctx, person), dossier_facts(ctx, subject), policy_of(ctx, subject), channel
    )


def parts(ctx: Context, row: Dossier, reader: Person | None = None) -> frozenset[Part]:
    """Return which parts of a dossier are open to who acts, or to another reader.

    Rule: S1-15.6.3.
    """
    subject, who = Subject.of(row), viewer(ctx, reader or ctx.person)
    return access.parts(who, dossier_facts(ctx, subject), policy_of(ctx, subject))


def whole(ctx: Context, row: Dossier) -> bool:
    """Return whether all of a dossier is open to who acts."""
    return parts(ctx, row) == frozenset(Part)


def customer(
    ctx: Context, row: Dossier | Hit | Brief | Visit, reader: Person | None = None
) -> str:
    """Return the customer's name as far as it may be written out for that reader."""
    return called(ctx, row, view(ctx, row, reader))


def called(ctx: Context, row: Dossier | Hit | Brief | Visit, seen: View) -> str:
    """Return the customer's name as far as it may be written out for whoever has that view.

    Of a graded dossier it is content like the rest.
    """
    name = Subject.of(row).name
    return written(ctx, row, name) if seen.name else mask_name(name)


def written(ctx: Context, row: Dossier | Hit | Brief | Visit, words: str) -> str:
    """Return words of a dossier that go into a card; `guard` protects it if the dossier is
    graded."""
    if words and Grade(row.grade) is not Grade.NONE:
        ctx.guarded.add(words)
    return words


def tells(ctx: Context, words: str) -> bool:
    """Whether something says what was `written` of a graded dossier, be it cut short."""
    return any(
        name in words
        or ("…" in words and any(f"{name[:end]}…" in words for end in range(2, len(name))))
        for name in ctx.guarded
    )


def guard(ctx: Context, card: Card) -> Card:
    """Return the card, protected if it tells of a graded dossier: whatever form or list it is of.

    Rule: C-01, S2-SECR.11.
    """
    if card.protect or not ctx.guarded:
        return card
    labels = (one.label for one in card.buttons())
    told = tells(ctx, "\n".join((card.title, card.text, *labels)))
    return replace(card, protect=True) if told else card


def may(ctx: Context, action: NoteAction, note: Brief, reader: Person | None = None) -> bool:
    """Return whether the reader may do that with a note; its content is `readable`'s matter."""
    person = reader or ctx.person
    policy = policy_of(ctx, Subject.of(note))
    return access.may(viewer(ctx, person), action, note_facts(ctx, note), policy)


def readable(ctx: Context, row: Brief | Dossier, reader: Person | None = None) -> bool:
    """Return whether content of this grade may appear where the reader writes (C-01)."""
    channel = reader.home_channel if reader else ctx.channel
    policy = policy_of(ctx, Subject.of(row))
    return access.ceiling_allows(policy, channel, Grade(row.grade))


def legible(ctx: Context, note: Brief) -> bool:
    """Return whether the words of a note may be shown here; withdrawn, to its author only."""
    withheld = note.state == "withdrawn" and note.author != ctx.person.id
    return readable(ctx, note) and not withheld


def right(ctx: Context, row: Dossier | Brief, reader: Person | None = None) -> Right | None:
    """Return by which right the reader sees the content; None: they do not."""
    who = viewer(ctx, reader or ctx.person)
    subject = Subject.of(row)
    policy = policy_of(ctx, subject)
    if isinstance(row, Dossier):
        return access.right(who, dossier_facts(ctx, subject), policy)
    return access.note_right(who, note_facts(ctx, row), policy)


def look(
    ctx: Context,
    row: Dossier | Brief,
    way: Way,
    reader: Person | None = None,
    *,
    purpose: str = "",
    purpose_text: str = "",
) -> None:
    """Record that content is shown to who acts, or to another reader; every card with any says so.

    One's own draft dossier is no look. Rule: S3-SPEC2.3.4c, S5-4.2.
    """
    person, subject = reader or ctx.person, Subject.of(row)
    by = right(ctx, row, reader)
    assert by is not None  # noqa: S101 - whoever shows content has asked before
    named = f"dossier:{row.id}" if isinstance(row, Dossier) else f"visit_note:{row.id}"
    facts = {"by": by.value, "purpose": purpose, "reader": reader.id if reader else ""}
    ctx.record(ACTIONS[way], named, RULE, **{key: one for key, one in facts.items() if one})
    if subject.draft and subject.keeper == person.id:
        return
    ctx.looks.append(
        Look(
            at=ctx.now,
            staff_id=person.id,
            dossier_id=subject.id,
            keeper=subject.keeper,
            level=subject.level,
            subject=named,
            way=way,
            right=by.value,
            channel=reader.home_channel if reader else ctx.channel,
            purpose=purpose,
            purpose_text=purpose_text,
        )
    )


def reachable(ctx: Context, words: str) -> Dossier | None:
    """Return the dossier of that id; None: it is not there, not any more (S2-DOSS.29.3), or must
    not be known of."""
    dossier = dossiers.get(ctx.unit, int(words)) if words.isdecimal() else None
    if dossier is None or dossier.state == DESTROYED or view(ctx, dossier).sight is Sight.NONE:
        return None
    ctx.about.add(dossier.id)
    return dossier


def about_graded(ctx: Context) -> bool:
    """Whether what was asked for is about a graded dossier."""
    found = (dossiers.get(ctx.unit, one) for one in ctx.about)
    return any(one is not None and Grade(one.grade) is not Grade.NONE for one in found)


def note(
    ctx: Context, words: str, action: NoteAction = NoteAction.READ, *, content: bool = False
) -> Note | None:
    """Return a note if the person may do `action` with it, else None.

    `content`: only if its words may be shown to the person in this chat as well.
    """
    found = notes.get_note(ctx.unit, int(words)) if words.isdecimal() else None
    if found is None or not may(ctx, action, found):
        return None
    ctx.about.add(found.dossier_id)
    return found if legible(ctx, found) or not content else None
