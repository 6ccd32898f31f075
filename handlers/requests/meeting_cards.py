"""What a graded meeting looks like, to whom it is open, and how those named hear of it.

Everybody else is answered as if there were no such meeting (S2-SECR.9.2). What it is about stays
out of chats whose ceiling lies below its grade (C-01). A card that somebody had before they were
taken off the list empties, where the messenger lets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from handlers import live_cards, seeing
from handlers.approvals import case_cards, case_texts
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card, Reply
from handlers.conversation.wording import LABEL_BYTES, shorten
from handlers.dossiers.secrecy import named
from handlers.pages import to_today
from handlers.texts import N_, Texts
from rules import access
from rules import meetings as rules
from rules.access import Sight
from rules.secrecy import Grade
from storage import dossiers, meetings, staff
from storage.dossiers import Dossier
from storage.meetings import Meeting
from storage.staff import Person

MOST = 40
"""Meetings that pass on to somebody at once."""

Say = Callable[[Texts], str]
"""What stands above the card, in the reader's language."""

TITLE = N_("Graded meetings")
ONE = N_("Graded meeting")
NOT_THERE = N_("There is no such meeting, or it is not open to you.")
WHEN = N_("{grade} · {day} {hour}")
LABEL = N_("{day} {hour} · {about}")
OFF_LABEL = N_("Called off: {label}")
WHERE = N_("Place: {place}")
ABOUT = N_("Topic: {subject}")
APART = N_("The host tells the topic in person.")
DOSSIERS = N_("Dossiers: {dossiers}")
HOST = N_("Called by {name} ({department})")
HOST_GONE = N_("Called by {name} ({department}), who has left: whoever stands in changes it")
CIRCLE = N_("Taking part ({count}): {names}")
PASSED_ON = N_("Passed on: {passing} (S2-SECR.9.4)")
KEPT = N_("Nothing of it is passed on (S2-SECR.9.4).")
CARE = N_("Devices and papers as the secrecy rules say (S2-SECR.9.3).")
CALLED_OFF = N_("Called off by {name}.")
HOST_LEFT = N_("{name} has left; in their place you may change the meeting ({rule}).")

ACTS = (
    ("name", N_("Name somebody")),
    ("off", N_("Take off the list")),
    ("about", N_("Add a dossier")),
    ("move", N_("Move the meeting")),
    ("cancel", N_("Call it off")),
)
"""Actions of the feature `meeting` that are its host's, with their buttons."""


# -- to whom it is open ------------------------------------------------------------------------


def grades(person: Person) -> tuple[str, ...]:
    """Return the grades of the meetings that somebody may know of."""
    return tuple(one.value for one in rules.grades(Grade(person.clearance)))


def leads(ctx: Context, held: Meeting, person: Person) -> bool:
    """Return whether the meeting is that person's to change: its host's, or once that one has
    left, theirs who stand in.

    Rule: S2-SECR.9.2.
    """
    if held.grade not in grades(person):
        return False
    if person.id == held.host:
        return True
    host = staff.get(ctx.session, held.host)
    return not (host and host.active) and person.id in _standing_in(ctx, held)


def _standing_in(ctx: Context, held: Meeting) -> tuple[str, ...]:
    """Return who may change the meeting of a host who has left: the heads of the host department
    who are cleared for it, without any the nearest superior who is.

    Rule: S2-SECR.9.2, C-54.
    """
    heads = _cleared(ctx, held, staff.heads(ctx.session, held.department))
    return heads or _cleared(ctx, held, staff.chain(ctx.session, held.host))[:1]


def _cleared(ctx: Context, held: Meeting, ids: Iterable[str]) -> tuple[str, ...]:
    people = (staff.get(ctx.session, one) for one in ids)
    return tuple(one.id for one in people if one is not None and held.grade in grades(one))


def knows(ctx: Context, held: Meeting, person: Person) -> bool:
    """Return whether that person may know of the meeting, as things are now.

    Rule: S2-SECR.9.2.
    """
    if not person.active or held.grade not in grades(person):
        return False
    takes_part = person.id in meetings.members(ctx.session, held.id)
    return takes_part or leads(ctx, held, person)


def ahead(ctx: Context, held: Meeting) -> bool:
    """Return whether the meeting is still to come, or is today."""
    return held.cancelled_at is None and held.day >= ctx.today


def readable(ctx: Context, grade: Grade, channel: str) -> bool:
    """Return whether what a meeting is about may appear in that chat. Rule: C-01, S2-SECR.11."""
    return access.ceiling_allows(ctx.policy, channel, grade)


# -- how it looks ------------------------------------------------------------------------------


def label(ctx: Context, held: Meeting) -> str:
    """Return a meeting's line in the list of who acts."""
    grade = Grade(held.grade)
    shown = held.subject if readable(ctx, grade, ctx.channel) else ""
    about = shown or named(grade, ctx.texts)
    line = ctx.t(LABEL, about=about, **when(ctx, held, ctx.texts))
    return shorten(ctx.t(OFF_LABEL, label=line) if held.cancelled_at else line, LABEL_BYTES)


def when(ctx: Context, held: Meeting, texts: Texts) -> dict[str, str]:
    return {"day": texts.day(held.day, ctx.today), "hour": held.hour}


def called(ctx: Context, dossier: Dossier, reader: Person) -> str:
    """Return number and name as far as the reader may know them; empty: not at all."""
    seen = seeing.view(ctx, dossier, reader)
    if seen.sight is Sight.NONE:
        return ""
    return " ".join(filter(None, (dossier.number, seeing.called(ctx, dossier, seen))))


def draw(ctx: Context, held: Meeting, reader: Person, texts: Texts, lead: str = "") -> Card:
    """Return the card for a reader; one who may not know of the meeting reads that there is none.

    Rule: S2-SECR.9.2.
    """
    if not knows(ctx, held, reader):
        return Card(texts.t(NOT_THERE), title=texts.t(ONE))
    people = [case_texts.name(ctx, one) for one in meetings.members(ctx.session, held.id)]
    off = texts.t(CALLED_OFF, name=case_texts.name(ctx, held.cancelled_by or ""))
    lines = [
        lead,
        off if held.cancelled_at else "",
        texts.t(WHEN, grade=named(Grade(held.grade), texts), **when(ctx, held, texts)),
        texts.t(WHERE, place=held.place),
        *_content(ctx, held, reader, texts),
        _host(ctx, held, texts),
        texts.t(CIRCLE, count=len(people), names=listed(people, texts)),
        texts.t(CARE),
    ]
    return Card(
        "\n".join(filter(None, lines)),
        title=texts.t(ONE),
        choices=_buttons(ctx, held, reader, texts),
        columns=2,
        nav=(Button(texts.t(TITLE), "f.meeting.list", back=True), to_today(texts)),
        protect=True,
    )


def _host(ctx: Context, held: Meeting, texts: Texts) -> str:
    host = staff.get(ctx.session, held.host)
    words = HOST if host is not None and host.active else HOST_GONE
    return texts.t(words, name=case_texts.name(ctx, held.host), department=held.department)


def _content(ctx: Context, held: Meeting, reader: Person, texts: Texts) -> list[str]:
    """Return what it is about, or that this is not for the reader's chat."""
    grade = Grade(held.grade)
    kept = "" if held.passing else texts.t(KEPT)
    if not readable(ctx, grade, reader.home_channel):
        return [texts.t(seeing.ABOVE_CEILING, grade=named(grade, texts)), kept]
    found = [dossiers.get(ctx.unit, one) for one in meetings.dossiers(ctx.session, held.id)]
    about = [words for one in found if one and (words := called(ctx, one, reader))]
    return [
        texts.t(ABOUT, subject=held.subject) if held.subject else texts.t(APART),
        texts.t(DOSSIERS, dossiers=listed(about, texts)) if about else "",
        kept or texts.t(PASSED_ON, passing=held.passing),
    ]


def _buttons(ctx: Context, held: Meeting, reader: Person, texts: Texts) -> tuple[Button, ...]:
    if leads(ctx, held, reader) and ahead(ctx, held):
        return tuple(Button(texts.t(words), f"f.meeting.{act}.{held.id}") for act, words in ACTS)
    return (Button(texts.t(N_("Clause")), f"f.help.clause.{rules.RULE}"),)


# -- who hears of it ---------------------------------------------------------------------------


def show(ctx: Context, held: Meeting, lead: str = "") -> Reply:
    """Show the card as it is now to who acts."""
    now = meetings.get(ctx.unit, held.id) or held
    card = draw(ctx, now, case_cards.here(ctx), ctx.texts, lead)
    return Reply((live_cards.show(ctx, card, _slot(held)),))


def tell(ctx: Context, held: Meeting, staff_id: str, say: Say) -> bool:
    """Send somebody the card; False: they have no chat to send it to."""
    reader = staff.get(ctx.session, staff_id)
    if reader is None or not reader.active or not reader.home_channel:
        return False
    card = partial(_drawn, ctx, held.id, say, reader)
    ctx.tell(staff_id, card, f"{_slot(held)}:to:{ctx.new_id()}", slot=_slot(held))
    return True


def tell_all(ctx: Context, held: Meeting, say: Say) -> None:
    """Send everybody named but who acts the card; older copies of it follow."""
    people = meetings.members(ctx.session, held.id)
    follow(ctx, held, people)
    for one in people:
        if one != ctx.person.id:
            tell(ctx, held, one, say)


def pass_on(ctx: Context, leaver: Person) -> None:
    """Tell who may change the meetings of a host who has left, and those that a head changed for
    one and has left as well. Rule: S2-SECR.9.2, C-54."""
    found = meetings.hosted(ctx.unit, leaver.id, ctx.today)
    if leaver.head_of:
        grades = [one.value for one in rules.grades(Grade.TOP_SECRET)]
        found += meetings.hostless(ctx.unit, leaver.head_of, grades, ctx.today, MOST)
    for held in {one.id: one for one in found}.values():
        host = case_texts.name(ctx, held.host)
        for one in _standing_in(ctx, held):
            tell(ctx, held, one, partial(_host_left, host))


def _host_left(name: str, texts: Texts) -> str:
    return texts.t(HOST_LEFT, name=name, rule=rules.RULE)


def follow(ctx: Context, held: Meeting, people: Iterable[str], but: Iterable[str] = ()) -> None:
    """Let the copies that these people have show what is so now."""
    live_cards.redraw(
        ctx,
        people,
        lambda reader, texts: _drawn(ctx, held.id, None, reader, texts),
        slot=_slot(held),
        key=f"{_slot(held)}:{ctx.new_id()}",
        but=but,
    )


def _drawn(ctx: Context, meeting_id: int, say: Say | None, reader: Person, texts: Texts) -> Card:
    """Draw the card as things are at the end of the unit."""
    held = meetings.get(ctx.unit, meeting_id)
    assert held is not None  # noqa: S101 - meetings are never deleted
    return draw(ctx, held, reader, texts, say(texts) if say else "")


def _slot(held: Meeting) -> str:
    return f"meeting:{held.id}"
