"""/away: leave, sickness and travel, which suspend duties that are not yet due (CONTRACT 2.8)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from handlers import seeing
from handlers.approvals import approvals, stand_ins
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.answers import listed
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.dossiers import openings
from handlers.feature import Feature
from handlers.notes import duties
from handlers.pages import to_today
from handlers.people import leave_days
from handlers.texts import N_
from rules.deadlines import Deadline
from storage import away, visits
from storage.visits import Visit

KINDS = (
    Choice("leave", N_("Leave")),
    Choice("sick", N_("Sick")),
    Choice("trip", N_("Business trip")),
)
SAID = {"leave": ("休假", "年假", "事假"), "sick": ("病假", "生病"), "trip": ("出差",)}
"""Words of an absence said in one line, by kind."""

ME = "我"
"""Begins a sentence that is surely about who writes it, whoever it names."""

LABELS = {one.key: one.label for one in KINDS}


FORM = Form(
    "away",
    2,
    N_("Leave or absence"),
    (
        Field("kind", Kind.CHOICE, N_("Kind"), N_("What kind of absence?"), choices=KINDS),
        *leave_days.FIELDS,
        Field(
            "stand_in",
            Kind.STAFF,
            N_("Stand-in"),
            N_("Who decides for you? Part of the name, pinyin or staff number."),
            example=N_("李志强 · lzq · CY016"),
            others=True,
            optional=True,
            more=True,
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("first"),
)

ENTERED = N_("Entered: {kind}, {first} to {last}.")
SUSPENDED = N_("Suspended until your return: {customers}.")
WHICH_ONE = N_(
    "“{words}” names no colleague, or several. Name your stand-in under “Add more” before you "
    "submit."
)
CURRENT = N_("{kind}: {first} to {last}")
ENDED = N_("The absence was ended; your duties count again.")
DUE_AGAIN = N_("{customer}: the note is due until {until}.")
GONE = N_("This absence has already ended.")


def submit(ctx: Context, answers: Answers) -> Reply:
    first, last = answers.day("first"), answers.day("last")
    assert first is not None  # noqa: S101 - the engine asks every required field
    assert last is not None  # noqa: S101 - as above
    kind = answers.text("kind")
    before = _deadlines(ctx, last)
    away_id = _entered(ctx, kind, first, last)
    lines = [
        ctx.t(
            ENTERED,
            kind=ctx.t(LABELS[kind]),
            first=ctx.texts.day(first),
            last=ctx.texts.day(last),
        )
    ]
    touched = _rewatch(ctx, before)
    if touched:
        lines.append(ctx.t(SUSPENDED, customers=listed(touched, ctx.texts)))
    stand_in = answers.option("stand_in")
    if stand_in is not None:
        lines += stand_ins.give(ctx, stand_in.key, first, last)
    approvals.follow_person(ctx, ctx.person.id)
    return Reply.of(
        Card(
            "\n".join(lines),
            choices=(
                Button(ctx.t(N_("End it")), f"f.away.end.{away_id}"),
                to_today(ctx.texts),
            ),
            columns=2,
        )
    )


def _entered(ctx: Context, kind: str, first: date, last: date) -> int:
    """Enter an absence and return its id; the same one said twice stands once."""
    for one in away.upcoming(ctx.session, ctx.person.id, ctx.today):
        if (one.kind, one.first_day, one.last_day) == (kind, first, last):
            return one.id
    away_id = away.add(
        ctx.unit, staff_id=ctx.person.id, first_day=first, last_day=last, kind=kind, at=ctx.at
    )
    ctx.record("away.entered", f"away:{away_id}")
    return away_id


def _deadlines(ctx: Context, last: date) -> list[tuple[Visit, Deadline]]:
    """Return the visits an absence up to `last` may touch, each with until when it is due.

    Earlier days too: a note that other leave has put off may fall due within this one.
    """
    planned = visits.planned_between(ctx.unit, ctx.person.id, date.min, last)
    return [(one, duties.deadline(ctx, one)) for one in planned]


def _rewatch(ctx: Context, before: list[tuple[Visit, Deadline]]) -> list[str]:
    """Set the clocks of what is now due at another time; return the customers of the visits."""
    openings.follow(ctx, ctx.person.id)
    names = []
    for visit, due in before:
        if duties.deadline(ctx, visit).instant != due.instant:
            duties.watch(ctx, visit.id)
            names.append(seeing.customer(ctx, visit))
    return names


def _read(ctx: Context, words: str) -> dict[str, Any]:
    """Return what 「出差 明天到周五，请李敏代」 says: the kind, the days and who stands in.

    What it does not say is asked.
    """
    return {**_kind(words), **stand_ins.read(ctx, words)}


def _enter(ctx: Context, values: dict[str, Any]) -> Reply:
    """Start the form with what a sentence says; say so where it names nobody who can stand in."""
    reply = runner.start(ctx, ENTERING, Answers(values))
    name = values.get(runner.WORDS)
    return Reply.of(Card(ctx.t(WHICH_ONE, words=name))).plus(reply) if name else reply


def _kind(words: str) -> dict[str, Any]:
    kinds = [key for key, said in SAID.items() if any(one in words for one in said)]
    return {"kind": kinds[-1]} if kinds else {}


def heard(ctx: Context, words: str) -> Reply | None:
    """Answer a sentence such as 「我出差到周五，请李敏代」; None: it names no stand-in.

    With a word for an absence it is entered too, without one only the stand-in is.
    """
    if not stand_ins.WHO.search(words):
        return None
    values = _read(ctx, words)
    if "first" not in values or not ("stand_in" in values or words.lstrip().startswith(ME)):
        return None
    if "kind" in values:
        return _enter(ctx, values)
    return runner.start(ctx, stand_ins.NAMING, Answers(values)) if "stand_in" in values else None


def show(ctx: Context, words: str = "") -> Reply:
    """List what is entered; without anything, or with words of a new absence, ask at once."""
    if words.strip():
        return _enter(ctx, _read(ctx, words))
    entered = away.upcoming(ctx.session, ctx.person.id, ctx.today, limit=MAX_CHOICES)
    if not entered:
        return runner.start(ctx, ENTERING)
    buttons = tuple(
        Button(
            ctx.t(
                CURRENT,
                kind=ctx.t(LABELS[one.kind]),
                first=ctx.texts.day(one.first_day),
                last=ctx.texts.day(one.last_day),
            ),
            f"f.away.end.{one.id}",
        )
        for one in entered
    )
    return Reply.of(
        Card(
            ctx.t(N_("Tap one to end it.")),
            title=ctx.t(FORM.title),
            choices=buttons,
            nav=(
                Button(ctx.t(N_("Enter another")), "f.away.new"),
                to_today(ctx.texts),
            ),
        )
    )


def end(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    one = away.get(ctx.session, int(arguments[0])) if arguments[0].isdecimal() else None
    if one is None or one.staff_id != ctx.person.id:
        return Reply(alert=ctx.t(GONE))
    before = _deadlines(ctx, one.last_day)
    if not _end(ctx, one):
        return Reply(alert=ctx.t(GONE))
    ctx.record("away.ended", f"away:{one.id}")
    lines = [ctx.t(ENDED)]
    lines += [
        ctx.t(
            DUE_AGAIN,
            customer=seeing.customer(ctx, visit),
            until=ctx.texts.last_minute(duties.deadline(ctx, visit)),
        )
        for visit, due in before
        if duties.deadline(ctx, visit).instant != due.instant
    ]
    _rewatch(ctx, before)
    approvals.follow_person(ctx, ctx.person.id)
    staying = stand_ins.staying(ctx)
    ways = (Button(ctx.t(stand_ins.TITLE), "f.delegate.list"),) if staying else ()
    return Reply.of(
        Card("\n".join([*lines, *staying]), choices=(*ways, to_today(ctx.texts)), columns=2)
    )


def _end(ctx: Context, one: away.Absence) -> bool:
    """End an absence today; the days that were had stay, so that no breach comes of them."""
    if one.first_day < ctx.today <= one.last_day:
        yesterday = ctx.today - timedelta(days=1)
        return away.shorten(ctx.unit, one.id, staff_id=ctx.person.id, last_day=yesterday)
    if one.last_day < ctx.today:
        return False
    return away.cancel(ctx.unit, one.id, staff_id=ctx.person.id, at=ctx.at)


ENTERING = Feature(key="awaying", title=FORM.title, form=FORM, submit=submit)
FEATURE = Feature(
    key="away",
    title=FORM.title,
    command="away",
    words=("请假",),
    open=show,
    actions={"end": end, "new": lambda ctx, _arguments: runner.start(ctx, ENTERING)},
)
