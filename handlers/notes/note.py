"""One filed note: reading it, its history, correction, withdrawal, copying it.

Every step asks `rules.access` anew; a note somebody may not read answers as one that is not there.
"""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from handlers import seeing
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Form
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.conversation.wording import LINE
from handlers.feature import Feature
from handlers.notes import comments, note_effects, visit_note
from handlers.pages import to_today
from handlers.texts import N_
from rules.access import NoteAction
from rules.secrecy import Grade
from storage import attachments, notes, staff
from storage.looks import Way
from storage.notes import NewNote, Note

FLAGS = ("major", "confidential")
LABELS = {field.key: field.label for field in visit_note.FIELDS}


def _refused(ctx: Context) -> Reply:
    return Reply(alert=ctx.t(seeing.NO_NOTE))


def note_lines(ctx: Context, note: Note) -> list[str]:
    """Return what a note says, line by line, as far as this chat may carry it."""
    rule = note_effects.policy_of(ctx, note).visit.note.due.rule
    lines = [
        f"{seeing.customer(ctx, note)} · {ctx.texts.day(note.day, ctx.today)} · "
        + ctx.t(note_effects.MANNERS[note.manner]),
        f"{note.author_name} · {ctx.texts.moment(note.filed_at)} · "
        + ctx.t(ON_TIME if note.on_time else LATE, rule=rule),
    ]
    if note.state == "withdrawn":
        lines.append(ctx.t(WITHDRAWN))
    if not seeing.readable(ctx, note):
        lines.append(ctx.t(seeing.ABOVE_CEILING, grade=Grade(note.grade).zh))
        return lines
    if not seeing.legible(ctx, note):
        return lines
    lines.append("")
    lines.append(note.body)
    lines.extend(
        _line(ctx, LABELS[key], note.extras[key])
        for key in visit_note.EXTRAS
        if note.extras.get(key)
    )
    place = note.extras.get("place")
    if place:
        where = place["label"] or f"{place['latitude']:.5f}, {place['longitude']:.5f}"
        lines.append(_line(ctx, LABELS["place"], where))
    if note.next_contact:
        lines.append(_line(ctx, LABELS["next"], ctx.texts.day(note.next_contact, ctx.today)))
    lines.extend(ctx.t(LABELS[key]) for key in FLAGS if getattr(note, key))
    if note.version > 1:
        lines.append(ctx.t(CORRECTED, count=note.version - 1))
    return lines


def _line(ctx: Context, label: str, value: str) -> str:
    return ctx.t(LINE, label=ctx.t(label), value=value)


ON_TIME = N_("on time ({rule})")
LATE = N_("late ({rule})")
WITHDRAWN = N_("Withdrawn by its author; the text stays in the history.")
CORRECTED = N_("Corrected {count} time(s)")
FILES_COUNT = N_("Attachments ({count})")
NOT_KEPT = N_("Of the attachments {count} could not be kept.")


def note_card(ctx: Context, note: Note, nav: tuple[Button, ...] = ()) -> Card:
    """Return the card of a note with what this person may do with it."""
    lines = note_lines(ctx, note)
    readable = seeing.legible(ctx, note)
    if readable:
        seeing.look(ctx, note, Way.NOTE)
        lines.extend(comments.lines(ctx, note))
    else:
        ctx.record("visit_note.opened", f"visit_note:{note.id}")
    choices = []
    if readable and seeing.may(ctx, NoteAction.CORRECT, note):
        choices.append(Button(ctx.t(N_("Correct")), f"f.note.correct.{note.id}"))
        choices.append(Button(ctx.t(N_("Withdraw")), f"f.note.withdraw.{note.id}"))
    if readable and seeing.may(ctx, NoteAction.COMMENT, note):
        choices.append(Button(ctx.t(N_("Comment")), f"f.note.comment.{note.id}"))
    elif readable and seeing.may(ctx, NoteAction.CORRECT, note):
        choices.append(Button(ctx.t(N_("Reply")), f"f.note.comment.{note.id}"))
    kept = attachments.of(ctx.unit, "visit_note", note.id)
    if kept and readable:
        gone = sum(one.state in GONE for one in kept)
        if gone:
            lines.append(ctx.t(NOT_KEPT, count=gone))
        label = ctx.t(FILES_COUNT, count=len(kept))
        choices.append(Button(label, f"f.note.files.{note.id}"))
    if readable and note.version > 1:
        choices.append(Button(ctx.t(N_("History")), f"f.note.history.{note.id}"))
    choices.append(Button(ctx.t(N_("Customer")), f"f.find.card.{note.dossier_id}"))
    rule = note_effects.policy_of(ctx, note).visit.note.due.rule
    choices.append(Button(ctx.t(N_("Clause")), f"f.help.clause.{rule}"))
    return Card(
        "\n".join(lines),
        title=f"{note.number} {ctx.t(visit_note.FORM.title)}",
        choices=tuple(choices),
        columns=2,
        nav=nav,
        protect=readable,
    )


def open_note(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    note = seeing.note(ctx, arguments[0])
    if note is None:
        return _refused(ctx)
    notes.mark_read(ctx.unit, ctx.person.id, note.id)
    return Reply.of(note_card(ctx, note, (to_today(ctx.texts),)))


def history(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show what the note said before each correction."""
    note = seeing.note(ctx, arguments[0], content=True)
    if note is None:
        return _refused(ctx)
    lines = []
    for old in notes.versions(ctx.unit, note.id):
        by = staff.get(ctx.session, old.replaced_by)
        lines.append(
            ctx.t(
                VERSION,
                number=old.version,
                moment=ctx.texts.moment(old.replaced_at),
                name=by.name if by else old.replaced_by,
            )
        )
        day = date.fromisoformat(old.content["day"])
        lines.append(f"{ctx.texts.day(day, ctx.today)} · {old.content['body']}")
    seeing.look(ctx, note, Way.HISTORY)
    back = Button(ctx.t(N_("Back")), f"f.note.open.{note.id}", back=True)
    return Reply.of(
        Card(
            "\n".join(lines),
            title=f"{note.number} {ctx.t(N_('History'))}",
            nav=(back,),
            protect=True,
        )
    )


FILE = N_("File")
VERSION = N_("Version {number}, replaced {moment} by {name}:")


def send_files(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Send the note's attachments; those still being fetched or refused are named."""
    note = seeing.note(ctx, arguments[0], content=True)
    if note is None:
        return _refused(ctx)
    rows = attachments.of(ctx.unit, "visit_note", note.id)
    kept = tuple(row.id for row in rows if row.state == "kept")
    lines = [f"{note.number} · {ctx.t(FILES_COUNT, count=len(rows))}"]
    lines.extend(
        ctx.t(LINE, label=row.name or ctx.t(FILE), value=ctx.t(STATES[row.state]))
        for row in rows
        if row.state != "kept"
    )
    seeing.look(ctx, note, Way.FILES)
    return Reply((Show(Card("\n".join(lines), files=kept, protect=True), slot=FRESH),))


GONE = ("refused", "lost")
STATES = {
    "pending": N_("still being fetched"),
    "refused": N_("not kept: the file could not be accepted"),
    "lost": N_("lost: the messenger no longer has it"),
}


# -- correcting and withdrawing ----------------------------------------------------------------

CORRECTION = Form(
    "correction",
    visit_note.FORM.version,
    N_("Correct the note"),
    visit_note.FIELDS,
    submit_label=N_("Submit"),
    summary=visit_note.FORM.summary,
)

CHANGED_MEANWHILE = N_(
    "The note was changed meanwhile, on another phone perhaps. Nothing was overwritten: "
    "open it and correct it again."
)
DONE = N_("Corrected: {number}. The earlier text stays in the history.")
WITHDRAW = N_("Withdraw {number}? Others will no longer see what it says; the history keeps it.")
WITHDRAWN_DONE = N_("Withdrawn: {number}.")


def start_correction(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    note = seeing.note(ctx, arguments[0], NoteAction.CORRECT, content=True)
    if note is None:
        return _refused(ctx)
    answers = as_answers(ctx, note)
    answers.values["_note"], answers.values["_version"] = str(note.id), note.version
    if visit_note.VISIT in note.extras:
        answers.values["_visit"] = str(note.extras[visit_note.VISIT])
    return runner.start(ctx, CORRECT, answers, at_review=True, prefilled=True)


def as_new(note: Note) -> NewNote:
    """Return a note as it would be written again."""
    return NewNote(**{name: getattr(note, name) for name in NewNote.__struct_fields__})


def as_answers(ctx: Context, note: Note) -> Answers:
    """Return a note as the answers that would file it again."""
    values: dict[str, object] = {
        "customer": {"key": str(note.dossier_id), "label": seeing.customer(ctx, note)},
        "day": note.day.isoformat(),
        "manner": note.manner,
        "body": note.body,
        **{key: note.extras[key] for key in (*visit_note.EXTRAS, "place") if key in note.extras},
    }
    if note.next_contact:
        values["next"] = note.next_contact.isoformat()
    for key, value in (("major", note.major), ("confidential", note.confidential)):
        if value:
            values[key] = True
    kept = [row.id for row in attachments.of(ctx.unit, "visit_note", note.id)]
    if kept:
        values["files"] = kept
    return Answers(values)


def submit_correction(ctx: Context, answers: Answers) -> Reply:
    """Replace the note's text, the old one kept. Rule: S3-LOG.2.3c."""
    note = seeing.note(ctx, answers.text("_note"), NoteAction.CORRECT)
    if note is None:
        return Reply.of(Card(ctx.t(seeing.NO_NOTE)))
    if note.version != answers.values["_version"]:
        return Reply.of(
            Card(
                ctx.t(CHANGED_MEANWHILE),
                choices=(Button(ctx.t(N_("Open")), f"f.note.open.{note.id}"),),
            )
        )
    dossier_id = visit_note.dossier_of(ctx, answers)
    if dossier_id is None:
        return Reply.of(Card(ctx.t(visit_note.NOT_OPEN)))
    due = note_effects.deadline_of(ctx, visit_note.day_of(answers), dossier_id)
    new = visit_note.new_note(answers, dossier_id, note.author, note.filed_at, due)
    notes.correct(ctx.unit, note, new, by=ctx.person.id, at=ctx.at)
    _change_files(ctx, note, answers.files("files"))
    ctx.record(
        "visit_note.corrected", f"visit_note:{note.id}", "S3-LOG.2.3c", version=note.version + 1
    )
    corrected = note_effects.kept_note(ctx, note.id)
    done = [ctx.t(DONE, number=note.number)]
    done.extend(note_effects.after_correction(ctx, note, corrected))
    card = note_card(ctx, corrected)
    return Reply.of(replace(card, text="\n".join((*done, "", card.text))))


def _change_files(ctx: Context, note: Note, files: tuple[int, ...]) -> None:
    """Let the note have these files; what was taken off it is kept as part of its past."""
    before = [row.id for row in attachments.of(ctx.unit, "visit_note", note.id)]
    gone = [id_ for id_ in before if id_ not in files]
    attachments.attach(ctx.unit, gone, "visit_note_past", note.id)
    attachments.attach(ctx.unit, files, "visit_note", note.id)


def ask_withdraw(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    note = seeing.note(ctx, arguments[0], NoteAction.WITHDRAW)
    if note is None:
        return _refused(ctx)
    return Reply.of(
        Card(
            ctx.t(WITHDRAW, number=note.number),
            nav=(
                Button(ctx.t(N_("Back")), f"f.note.open.{note.id}", back=True),
                Button(ctx.t(N_("Withdraw")), f"f.note.withdrawn.{note.id}.{note.version}"),
            ),
        )
    )


def withdraw(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    note = seeing.note(ctx, arguments[0], NoteAction.WITHDRAW)
    if note is None:
        return _refused(ctx)
    if arguments[1:] != (str(note.version),):
        return Reply.of(note_card(ctx, note)).plus(Reply(alert=ctx.t(CHANGED_MEANWHILE)))
    notes.withdraw(ctx.unit, note, by=ctx.person.id, at=ctx.at)
    ctx.record("visit_note.withdrawn", f"visit_note:{note.id}", "S3-LOG.2.3c")
    back = note_effects.after_withdrawal(ctx, note)
    lines = [ctx.t(WITHDRAWN_DONE, number=note.number), *back]
    return Reply.of(
        Card(
            "\n".join(lines),
            choices=(
                Button(ctx.t(N_("Next note")), "f.note.again"),
                to_today(ctx.texts),
            ),
            columns=2,
        )
    )


def again(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Start the next note; with an id, from a copy of that note (or `last`)."""
    if not arguments or not arguments[0]:
        return runner.start(ctx, visit_note.FEATURE)
    words = arguments[0]
    if words == "last":
        last = notes.last_note_of(ctx.unit, ctx.person.id)
        words = str(last.id) if last else ""
    note = seeing.note(ctx, words, NoteAction.CORRECT, content=True)
    if note is None:
        return runner.start(ctx, visit_note.FEATURE)
    answers = as_answers(ctx, note)
    for key in ("files", "next"):
        answers.values.pop(key, None)
    answers.values["day"] = ctx.today.isoformat()
    return runner.start(ctx, visit_note.FEATURE, answers, at_review=True, prefilled=True)


CORRECT = Feature(
    key="correct",
    title=CORRECTION.title,
    form=CORRECTION,
    submit=submit_correction,
)
FEATURE = Feature(
    key="note",
    title=N_("Visit note"),
    actions={
        "open": open_note,
        "history": history,
        "files": send_files,
        "correct": start_correction,
        "withdraw": ask_withdraw,
        "withdrawn": withdraw,
        "again": again,
        "comment": comments.start,
    },
)
