"""What a filed or corrected note changes around it: duty, next visit, readers, major matters.

All of it happens in the unit of the note itself; the answer names every change, so that nobody
wonders afterwards what the program did.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

from msgspec.structs import replace

from handlers import ladders, seeing
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card, Reply
from handlers.notes import duties
from handlers.pages import to_today
from handlers.texts import N_, Texts
from rules import visits as duty
from rules.access import NoteAction, Sight
from rules.deadlines import Deadline
from rules.policy import Policy
from storage import attachments, dossiers, notes, staff, visits
from storage.note_records import Brief
from storage.notes import Note
from storage.staff import Person

COLLEAGUES = 5
"""Others on the same customer who are told of a note, the latest first."""

COLLEAGUE_DAYS = timedelta(days=180)
"""Who filed a note on the customer since then counts as a colleague on it."""

MANNERS = {
    "visit": N_("Visit"),
    "reception": N_("Reception"),
    "call": N_("Call"),
    "letter": N_("Letter"),
}

KEPT = N_("Filed on time (until {until}, {rule}).")
KEPT_LATE = N_("Filed late: it was due by {until} ({rule}).")
DRAFTED = N_("The customer is not on file yet: a draft dossier was opened, without a number.")
DUTY_DONE = N_("The planned visit is settled; no reminder will come.")
PLANNED = N_("Next contact planned for {day}.")
TOLD = N_("Told: {names}.")
MAJOR = N_("Major matter passed to {names} (S2-DOSS.26).")
MAJOR_KEPT = N_("Major matter not passed on, because it is confidential (S2-DOSS.26).")
MAJOR_NOBODY = N_("Nobody holds the role that hears of major matters; please tell your superior.")
COLLEAGUE = N_("{author} filed a note on {customer} ({number}).")
MAJOR_TITLE = N_("Major matter")
FILED_TITLE = N_("Filed: {number}")
REOPENED = N_("The visit waits for its note again, due until {until}.")
UNPLANNED = N_("The next visit planned from this note was cancelled.")


def deadline_of(ctx: Context, day: date, dossier_id: int) -> Deadline:
    """Return until when a note about `day` is on time. Rule: S1-07.2.3a."""
    kind = dossiers.type_of(ctx.session, dossier_id)
    policy = ctx.policies.on(day).governing(ctx.person.department, kind)
    absences = ladders.absences(ctx, ctx.person.id, day)
    return duty.note_deadline(
        duty.Visit(day=day, entered_at=ctx.at, away=absences), policy, ctx.calendar
    )


def policy_of(ctx: Context, note: Brief) -> Policy:
    """Return the policy of a note: that of its day, for the author's department."""
    return ctx.policies.on(note.day).governing(note.author_department, note.dossier_type)


def filed(ctx: Context, note_id: int, files: tuple[int, ...], due: Deadline) -> Reply:
    """Do what follows from a new note and return the answer to its author."""
    note = kept_note(ctx, note_id)
    rule = due.rule
    ctx.record(
        "visit_note.filed",
        f"visit_note:{note.id}",
        rule,
        dossier=note.dossier_id,
        on_time=int(note.on_time),
    )
    attachments.attach(ctx.unit, files, "visit_note", note.id)
    dossiers.touch_recent(ctx.unit, ctx.person.id, note.dossier_id, ctx.at)
    words = KEPT if note.on_time else KEPT_LATE
    changed = [ctx.t(words, until=ctx.texts.last_minute(due), rule=rule)]
    if note.dossier_number is None:
        changed.append(ctx.t(DRAFTED))
    if _settle(ctx, _meet(ctx, note)):
        changed.append(ctx.t(DUTY_DONE))
    if note.next_contact is not None:
        changed.append(plan_next(ctx, note))
    changed.extend(_tell_others(ctx, note))
    return Reply.of(_card(ctx, note, changed))


def kept_note(ctx: Context, note_id: int) -> Note:
    note = notes.get_note(ctx.unit, note_id)
    assert note is not None  # noqa: S101 - written in this very unit
    return note


def _duty(note: Note) -> dict[str, Any]:
    """Return by what the visits are found that a note meets."""
    return {
        "staff_id": note.author,
        "dossier_id": note.dossier_id,
        "day": note.day,
        "note_id": note.id,
        "visit_id": note.extras.get("visit"),
    }


def _meet(ctx: Context, note: Note) -> set[int]:
    return set(visits.meet(ctx.unit, **_duty(note)))


def _settle(ctx: Context, met: set[int]) -> bool:
    for visit_id in met:
        duties.stop(ctx, visit_id)
    return bool(met)


def plan_next(ctx: Context, note: Note) -> str:
    """Plan the visit that the note's next contact asks for; planned already, it is kept."""
    day = note.next_contact
    assert day is not None  # noqa: S101 - callers ask only then
    visit_id = visits.plan(
        ctx.unit,
        dossier_id=note.dossier_id,
        staff_id=ctx.person.id,
        day=day,
        purpose=note.extras.get("next_step", ""),
        from_note=note.id,
        at=ctx.at,
    )
    duties.watch(ctx, visit_id)
    return ctx.t(PLANNED, day=ctx.texts.day(day, ctx.today))


def _tell_others(ctx: Context, note: Note) -> list[str]:
    told: list[str] = []
    unread = _readers(ctx, note, superior(ctx))
    since = ctx.at - COLLEAGUE_DAYS
    others = notes.colleagues_on(ctx.session, note.dossier_id, since, COLLEAGUES)
    for reader_id in dict.fromkeys((note.keeper, *others)):
        reader = staff.get(ctx.session, reader_id)
        if reader is None or not reader.active or reader.id == ctx.person.id:
            continue
        if not _knows(ctx, note, reader):
            continue
        if seeing.may(ctx, NoteAction.READ, note, reader):
            unread.add(reader.id)
        ctx.tell(
            reader.id,
            partial(_colleague_card, ctx, note, reader),
            f"note:{note.id}:{reader.id}",
        )
        told.append(reader.name)
    lines = [ctx.t(TOLD, names=listed(told, ctx.texts))] if told else []
    if note.major:
        lines.append(_major(ctx, note, unread))
    notes.mark_unread(ctx.unit, unread, note.id, note.filed_at)
    return lines


def superior(ctx: Context) -> str | None:
    """Return the nearest superior who has not left: who reads what the person files."""
    return next(iter(staff.chain(ctx.session, ctx.person.id)), None)


def _readers(ctx: Context, note: Note, *ids: str | None) -> set[str]:
    """Return those who may open the note: nobody else finds it on a list of what is unread."""
    people = (staff.get(ctx.session, one) for one in ids if one and one != ctx.person.id)
    return {
        one.id for one in people if one is not None and seeing.may(ctx, NoteAction.READ, note, one)
    }


def _knows(ctx: Context, note: Note, reader: Person) -> bool:
    """Whether the reader may know at all that there is this note."""
    if seeing.may(ctx, NoteAction.READ, note, reader):
        return True
    return seeing.view(ctx, note, reader).sight is not Sight.NONE


def _major(ctx: Context, note: Note, unread: set[str]) -> str:
    """Pass a major matter on, unless the business is confidential. Rule: S2-DOSS.26."""
    above = superior(ctx)

    def held(role: str) -> bool:
        if role == "direct_superior":
            return above is not None
        people = (staff.get(ctx.session, one) for one in staff.holders(ctx.session, role))
        return any(one is not None and _knows(ctx, note, one) for one in people)

    if note.confidential:
        return ctx.t(MAJOR_KEPT)
    role = duty.major_matter_to(policy_of(ctx, note), major=True, confidential=False, is_held=held)
    holders: tuple[str, ...] = ()
    if role == "direct_superior" and above:
        holders = (above,)
    elif role is not None:
        holders = staff.holders(ctx.session, role)
    names = []
    for holder_id in holders:
        holder = staff.get(ctx.session, holder_id)
        if holder is None or holder.id == ctx.person.id or not _knows(ctx, note, holder):
            continue
        if seeing.may(ctx, NoteAction.READ, note, holder):
            unread.add(holder.id)
        ctx.tell(
            holder.id, partial(_major_card, ctx, note, holder), f"major:{note.id}:{holder.id}"
        )
        names.append(holder.name)
    rule = policy_of(ctx, note).visit.major_matter_rule
    ctx.record("visit_note.major", f"visit_note:{note.id}", rule)
    return ctx.t(MAJOR, names=listed(names, ctx.texts)) if names else ctx.t(MAJOR_NOBODY)


def _colleague_card(ctx: Context, note: Note, reader: Person, texts: Texts) -> Card:
    customer = seeing.customer(ctx, note, reader)
    text = texts.t(COLLEAGUE, author=ctx.person.name, customer=customer, number=note.number)
    if not seeing.may(ctx, NoteAction.READ, note, reader):
        return Card(text)
    return Card(text, choices=(Button(texts.t(N_("Open")), f"f.note.open.{note.id}"),))


def _major_card(ctx: Context, note: Note, reader: Person, texts: Texts) -> Card:
    card = _colleague_card(ctx, note, reader, texts)
    return replace(card, title=texts.t(MAJOR_TITLE))


def _card(ctx: Context, note: Note, changed: list[str]) -> Card:
    customer = seeing.customer(ctx, note)
    head = f"{customer} · {ctx.texts.day(note.day, ctx.today)} · {ctx.t(MANNERS[note.manner])}"
    return Card(
        "\n".join((head, *changed)),
        title=ctx.t(FILED_TITLE, number=note.number),
        choices=(
            Button(ctx.t(N_("View")), f"f.note.open.{note.id}"),
            Button(ctx.t(N_("Correct")), f"f.note.correct.{note.id}"),
            Button(ctx.t(N_("Next note")), "f.note.again"),
            _more(ctx, note),
            _why(ctx, note),
            to_today(ctx.texts),
        ),
        columns=2,
    )


def _more(ctx: Context, note: Note) -> Button:
    """Return the way into the dossier for what was learned, or else to the next such note."""
    if note.extras.get("facts") and "update" in ctx.registry.by_key:
        return Button(ctx.t(N_("Update the dossier")), f"f.update.note.{note.id}")
    return Button(ctx.t(N_("Copy")), f"f.note.again.{note.id}")


def _why(ctx: Context, note: Note) -> Button:
    """Return the way to the clause for a late note, to the customer for any other.

    A seventh button would turn all of them into a list where only six fit.
    """
    if note.on_time:
        return Button(ctx.t(N_("Customer")), f"f.find.card.{note.dossier_id}")
    return Button(ctx.t(N_("Clause")), f"f.help.clause.{policy_of(ctx, note).visit.note.due.rule}")


def after_correction(ctx: Context, old: Note, new: Note) -> list[str]:
    """Return what else changed: the plan made from the old text, and who sees it as unread."""
    lines = []
    if old.next_contact and new.next_contact != old.next_contact and _unplan(ctx, old.id):
        lines.append(ctx.t(UNPLANNED))
    if new.next_contact and new.next_contact != old.next_contact:
        lines.append(plan_next(ctx, new))
    if (old.dossier_id, old.day) != (new.dossier_id, new.day):
        opened = set(visits.reopen(ctx.unit, **_duty(old)))
        met = _meet(ctx, new)
        lines.extend(_wait_again(ctx, opened - met))
        if _settle(ctx, met - opened):
            lines.append(ctx.t(DUTY_DONE))
    readers = _readers(ctx, new, superior(ctx), new.keeper)
    notes.mark_unread(ctx.unit, readers, new.id, ctx.at)
    return lines


def after_withdrawal(ctx: Context, note: Note) -> list[str]:
    """Return what a withdrawn note leaves behind: no plan of its own, its duty open again."""
    lines = _wait_again(ctx, set(visits.reopen(ctx.unit, **_duty(note))))
    if _unplan(ctx, note.id):
        lines.append(ctx.t(UNPLANNED))
    return lines


def _unplan(ctx: Context, note_id: int) -> bool:
    cancelled = visits.cancel_from(ctx.unit, note_id, at=ctx.at)
    for visit_id in cancelled:
        duties.stop(ctx, visit_id)
    return bool(cancelled)


def _wait_again(ctx: Context, opened: set[int]) -> list[str]:
    dues = [duties.watch(ctx, visit_id) for visit_id in sorted(opened)]
    return [ctx.t(REOPENED, until=ctx.texts.last_minute(due)) for due in dues]
