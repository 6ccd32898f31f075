"""A superior reads the team's notes: the unread list, one after the other, a word back."""

from __future__ import annotations

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.feature import Feature
from handlers.notes import note
from handlers.pages import to_today
from handlers.people import reach
from handlers.texts import N_
from rules.access import NoteAction
from storage import notes, staff

TITLE = N_("Team's notes")
NOTHING = N_("All notes have been read. Well done.")
NOBODY = N_("Here a superior reads the notes of the team; nobody reports to you.")
LIST = N_("Unread notes ({count})")
READ = N_("Open one, or read them one after the other.")
LINE = N_("{author} · {customer} · {day}")


def show(ctx: Context, _words: str = "") -> Reply:
    """List what this person has not read yet, the oldest first."""
    waiting = notes.unread_for(ctx.session, ctx.person.id, limit=MAX_CHOICES)
    while closed := [one for one in waiting if not seeing.may(ctx, NoteAction.READ, one)]:
        for one in closed:
            notes.mark_read(ctx.unit, ctx.person.id, one.id)
        waiting = notes.unread_for(ctx.session, ctx.person.id, limit=MAX_CHOICES)
    count = notes.count_unread(ctx.session, ctx.person.id)
    out = reach.line(ctx)
    if not count:
        nothing = NOTHING if staff.reports(ctx.session, ctx.person.id) else NOBODY
        said = "\n".join(filter(None, (ctx.t(nothing), out)))
        return Reply.of(Card(said, title=ctx.t(TITLE), choices=(to_today(ctx.texts),)))
    buttons = []
    for one in waiting:
        label = ctx.t(
            LINE,
            author=one.author_name,
            customer=seeing.customer(ctx, one),
            day=ctx.texts.day(one.day, ctx.today),
        )
        buttons.append(Button(label, f"f.team.open.{one.id}"))
    return Reply.of(
        Card(
            "\n".join(filter(None, (ctx.t(READ), out))),
            title=ctx.t(LIST, count=count),
            choices=tuple(buttons),
            nav=(
                Button(ctx.t(N_("Read on")), "f.team.next"),
                to_today(ctx.texts),
            ),
        )
    )


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show one note with the way to its neighbours; it counts as read."""
    one = seeing.note(ctx, arguments[0])
    if one is None:
        return Reply(alert=ctx.t(seeing.NO_NOTE))
    notes.mark_read(ctx.unit, ctx.person.id, one.id)
    earlier, later = notes.neighbours(ctx.session, ctx.person.id, one)
    nav = []
    if earlier is not None:
        nav.append(Button(ctx.t(N_("‹ Earlier")), f"f.team.open.{earlier}"))
    if later is not None:
        nav.append(Button(ctx.t(N_("Later ›")), f"f.team.open.{later}"))
    if notes.count_unread(ctx.session, ctx.person.id):
        nav.append(Button(ctx.t(N_("Next unread")), "f.team.next"))
    nav.append(Button(ctx.t(N_("List")), "f.team.list"))
    return Reply.of(note.note_card(ctx, one, tuple(nav)))


def open_next(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    """Open the oldest unread note; one that was closed to the person since is let go."""
    while waiting := notes.unread_for(ctx.session, ctx.person.id, limit=1):
        words = str(waiting[0].id)
        if seeing.note(ctx, words) is not None:
            return open_one(ctx, (words,))
        notes.mark_read(ctx.unit, ctx.person.id, waiting[0].id)
    return show(ctx)


FEATURE = Feature(
    key="team",
    title=TITLE,
    command="team",
    words=("团队", "团队记录"),
    open=show,
    actions={
        "list": lambda ctx, _arguments: show(ctx),
        "open": open_one,
        "next": open_next,
    },
)
