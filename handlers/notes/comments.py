"""Comments on a visit note: superiors write them, the author answers.

The card of a note shows the last ones. What a reader may not see in their own chat is replaced
there by its grade: the comment is about what the note says.
"""

from __future__ import annotations

from functools import partial

from handlers import seeing
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.answers import listed
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.texts import N_, Texts
from rules.access import NoteAction
from rules.secrecy import Grade
from storage import notes, staff
from storage.looks import Way
from storage.notes import Note

SHOWN = 5
"""How many comments the card of a note shows."""

COMMENTED = N_("{name}, {moment}: {text}")

FORM = Form(
    "comment",
    1,
    N_("Comment"),
    (Field("body", Kind.TEXT, N_("Comment"), N_("Your comment?"), max_length=1000),),
    submit_label=N_("Submit"),
    review=False,
)

SENT = N_("Sent to {names}.")
KEPT = N_("Added to the note; nobody else is to be told.")
HEAD = N_("{name} on {number}")


def lines(ctx: Context, note: Note) -> list[str]:
    """Return the last comments on a note; the caller has checked that its content may be shown."""
    return [
        ctx.t(
            COMMENTED,
            name=comment.author_name,
            moment=ctx.texts.moment(comment.at),
            text=comment.body,
        )
        for comment in notes.comments(ctx.unit, note.id)[-SHOWN:]
    ]


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    if _commentable(ctx, arguments[0]) is None:
        return Reply(alert=ctx.t(seeing.NO_NOTE))
    return runner.start(ctx, FEATURE, Answers({"_note": arguments[0]}))


def _commentable(ctx: Context, words: str) -> Note | None:
    """Superiors comment; the author answers on the own note."""
    return seeing.note(ctx, words, NoteAction.COMMENT, content=True) or seeing.note(
        ctx, words, NoteAction.CORRECT, content=True
    )


def submit(ctx: Context, answers: Answers) -> Reply:
    """Keep the comment and tell the author and everybody who commented before."""
    note = _commentable(ctx, answers.text("_note"))
    if note is None:
        return Reply.of(Card(ctx.t(seeing.NO_NOTE)))
    body = answers.text("body")
    comment_id = notes.comment(ctx.unit, note.id, author=ctx.person.id, body=body, at=ctx.at)
    ctx.record("visit_note.commented", f"visit_note:{note.id}")
    writers = {one.author for one in notes.comments(ctx.unit, note.id)}
    readers = {note.author, *writers} - {ctx.person.id}
    names = []
    for reader_id in sorted(readers):
        reader = staff.get(ctx.session, reader_id)
        if reader is None or not seeing.may(ctx, NoteAction.READ, note, reader):
            continue
        names.append(reader.name)
        if seeing.readable(ctx, note, reader):
            seeing.look(ctx, note, Way.COMMENT, reader)
        ctx.tell(
            reader_id,
            partial(_card, ctx, note, body, reader),
            f"comment:{comment_id}:{reader_id}",
        )
    choices = [Button(ctx.t(N_("View")), f"f.note.open.{note.id}")]
    if notes.count_unread(ctx.session, ctx.person.id):
        choices.insert(0, Button(ctx.t(N_("Next unread")), "f.team.next"))
    said = ctx.t(SENT, names=listed(names, ctx.texts)) if names else ctx.t(KEPT)
    return Reply.of(Card(said, choices=tuple(choices), columns=2))


def _card(ctx: Context, note: Note, body: str, reader: staff.Person, texts: Texts) -> Card:
    shown = (
        body
        if seeing.readable(ctx, note, reader)
        else texts.t(seeing.ABOVE_CEILING, grade=Grade(note.grade).zh)
    )
    return Card(
        shown,
        title=texts.t(HEAD, name=ctx.person.name, number=note.number),
        choices=(
            Button(texts.t(N_("Reply")), f"f.note.comment.{note.id}"),
            Button(texts.t(N_("View")), f"f.note.open.{note.id}"),
        ),
        columns=2,
        protect=True,
    )


FEATURE = Feature(key="comment", title=FORM.title, form=FORM, submit=submit)
