"""委托: somebody decides in another's stead, from day to day, in one sentence or a short form.

What waits goes to the stand-in at once, as far as they may see it, and comes back by itself; on
the first working day after, both hear that it has ended and what was decided meanwhile (C-54).
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from handlers.approvals import approvals, case_texts
from handlers.context import Context
from handlers.conversation import pickers, runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.feature import Clockwork, Feature
from handlers.handovers import handover_stead_notices
from handlers.pages import to_today
from handlers.people import leave_days
from handlers.texts import N_, Texts
from rules import hours
from rules.access import StaffId
from rules.errors import Denied
from rules.secrecy import Grade
from rules.stand_ins import refusal
from storage import (
    case_lists,
    cases,
    delegations,
    ledger,
    staff,
)
from storage.delegations import Delegation
from storage.directory import StaffDirectory
from storage.staff import Person

KIND = "standin"
SUMMED_UP = "summary"
SHOWN = 5

WHO = re.compile(
    r"(?:请|让|由|委托|找)\s*(?P<name>[^\s,，。;；、]{2,20}?)\s*"
    r"(?:代为审批|代为处理|代理审批|代理|代我|代批|代班|代)"
)
"""What a sentence says of who stands in."""

REASONS = {
    "own_stand_in": N_("Nobody stands in for themselves."),
    "stand_in_left": N_("This colleague is not with the company any more."),
    "stand_in_circle": N_(
        "{name} is away on those days and named somebody whose way leads back to you."
    ),
}
GIVEN = N_("{name} decides for you from {first} to {last}.")
WAITING = N_("{count} requests that wait now went to {name} as well.")
PAPERS = N_("{count} sets of papers you have to hand over or supply are shown to {name} as well.")
TAKEN_PAPERS = N_("{count} sets of their papers are to be handed over or supplied; see Today.")
LIMIT = N_("{name} may see up to {grade}; what is graded higher goes to a superior.")
TAKEN = N_("{name} is away from {first} to {last}; until then you decide for them.")
TAKEN_BACK = N_("{name} decides for themselves again.")
ENDED = N_("Ended: {name} decides for you no longer.")
STAYS = N_("{name} still decides for you until {last}; it can be ended under “Stand-in”.")
OVER = N_("The time in which {name} decided for you is over.")
NOTHING = N_("Nothing was decided in your name.")
IN_YOUR_NAME = N_("Decided in your name:")
HANDED_FOR_YOU = N_("Papers handed over or supplied for you:")
TITLE = N_("Stand-in")
CURRENT = N_("{name}: {first} to {last}")
GONE = N_("This has ended already.")
TAP_ONE = N_("Tap one to end it.")

FORM = Form(
    "delegate",
    1,
    TITLE,
    (
        Field(
            "stand_in",
            Kind.STAFF,
            N_("Stand-in"),
            N_("Who decides for you? Part of the name, pinyin or staff number."),
            example=N_("李志强 · lzq · CY016"),
            others=True,
        ),
        *leave_days.FIELDS,
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: option.label if (option := answers.option("stand_in")) else "",
)


# -- naming somebody ---------------------------------------------------------------------------


def give(ctx: Context, stand_in: str, first: date, last: date) -> tuple[str, ...]:
    """Let somebody decide for `ctx.person` on these days; return what to say of it.

    Nothing is entered where it must not be; the lines say why.

    Rule: C-54.
    """
    me, rule = StaffId(ctx.person.id), ctx.policy.approvals.rule
    directory = StaffDirectory(ctx.session, ctx.today)
    denied = refusal(me, StaffId(stand_in), first, last, directory, rule)
    person = staff.get(ctx.session, stand_in)
    if denied is not None or person is None:
        return _refused(ctx, denied, person)
    if (given := _given(ctx, person.id, first, last)) is not None:
        return (ctx.t(GIVEN, name=person.name, **_span(given, ctx.texts)),)
    before = set(case_lists.waiting(ctx.session, person.id))
    one = delegations.add(
        ctx.unit, staff_id=me, stand_in=person.id, first_day=first, last_day=last, at=ctx.at
    )
    ctx.record("delegation.given", f"delegation:{one.id}", rule, to=person.id)
    papers = handover_stead_notices.shown_to(ctx, person.id)
    _tell(ctx, one, TAKEN, "given", papers)
    _watch(ctx, one)
    approvals.follow_person(ctx, me)
    moved = set(case_lists.waiting(ctx.session, person.id)) - before
    lines = [ctx.t(GIVEN, name=person.name, **_span(one, ctx.texts))]
    if moved:
        lines.append(ctx.t(WAITING, count=len(moved), name=person.name))
    if papers:
        lines.append(ctx.t(PAPERS, count=papers, name=person.name))
    if Grade(person.clearance) < Grade(ctx.person.clearance):
        lines.append(ctx.t(LIMIT, name=person.name, grade=Grade(person.clearance).zh))
    return tuple(lines)


def _given(ctx: Context, stand_in: str, first: date, last: date) -> Delegation | None:
    """Return the same delegation if it was given before: said twice it stands once."""
    known = delegations.upcoming(ctx.session, ctx.person.id, ctx.today)
    said = (stand_in, first, last)
    return next(
        (one for one in known if (one.stand_in, one.first_day, one.last_day) == said), None
    )


def _refused(ctx: Context, denied: Denied | None, person: Person | None) -> tuple[str, ...]:
    codes = [one.code for one in denied.reasons] if denied else ["stand_in_left"]
    return tuple(ctx.t(REASONS[one], name=person.name if person else "") for one in codes)


def submit(ctx: Context, answers: Answers) -> Reply:
    first, last, who = answers.day("first"), answers.day("last"), answers.option("stand_in")
    assert first is not None  # noqa: S101 - the engine asks every required field
    assert last is not None  # noqa: S101 - as above
    lines = give(ctx, who.key if who else "", first, last)
    nav = (Button(ctx.t(TITLE), "f.delegate.list", back=True), to_today(ctx.texts))
    return Reply.of(Card("\n".join(lines), title=ctx.t(TITLE), nav=nav))


def read(ctx: Context, words: str) -> dict[str, Any]:
    """Return what a sentence says: who stands in and on which days; what it does not is asked."""
    values = leave_days.read(words, ctx.today, ctx.calendar)
    said = WHO.search(words)
    if said is not None:
        found = pickers.colleagues(ctx, said["name"], 0)
        if len(found.options) == 1 and not found.more:
            option = found.options[0]
            values["stand_in"] = {"key": option.key, "label": option.label}
        else:
            values[runner.WORDS] = said["name"]
    return values


def show(ctx: Context, words: str = "") -> Reply:
    """List who stands in for this person; without anything, or with words, ask at once."""
    if words.strip():
        return runner.start(ctx, NAMING, Answers(read(ctx, _as_sentence(words))))
    given = delegations.upcoming(ctx.session, ctx.person.id, ctx.today)
    if not given:
        return runner.start(ctx, NAMING)
    buttons = tuple(
        Button(
            ctx.t(CURRENT, name=case_texts.name(ctx, one.stand_in), **_span(one, ctx.texts)),
            f"f.delegate.end.{one.id}",
        )
        for one in given[:MAX_CHOICES]
    )
    another = Button(ctx.t(N_("Name another")), "f.delegate.new")
    return Reply.of(
        Card(
            ctx.t(TAP_ONE),
            title=ctx.t(TITLE),
            choices=buttons,
            nav=(another, to_today(ctx.texts)),
        )
    )


def _as_sentence(words: str) -> str:
    """Return 「李敏 到周五」 as 「请李敏代 到周五」: after the command the name needs no verb."""
    if WHO.search(words):
        return words
    name, _, rest = words.strip().partition(" ")
    return f"请{name}代 {rest}"


def staying(ctx: Context) -> list[str]:
    """Say who decides for `ctx.person` on, also where the absence it was given for has ended."""
    return [
        ctx.t(STAYS, name=case_texts.name(ctx, one.stand_in), last=ctx.texts.day(one.last_day))
        for one in delegations.upcoming(ctx.session, ctx.person.id, ctx.today)
    ]


# -- the end of it -----------------------------------------------------------------------------


def end(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Call a delegation off; what waits comes back, and what was decided is said at once."""
    one = _own(ctx, arguments[0])
    if one is None or not delegations.end(ctx.unit, one.id, staff_id=ctx.person.id, at=ctx.at):
        return Reply(alert=ctx.t(GONE))
    ctx.record("delegation.ended", f"delegation:{one.id}", ctx.policy.approvals.rule)
    ledger.unwatch(ctx.unit, KIND, one.id)
    _tell(ctx, one, TAKEN_BACK, "ended")
    approvals.follow_person(ctx, one.staff_id)
    head = ctx.t(ENDED, name=case_texts.name(ctx, one.stand_in))
    return Reply.of(_summed_up(ctx, one, head))


def _own(ctx: Context, words: str) -> Delegation | None:
    one = delegations.get(ctx.session, int(words)) if words.isdecimal() else None
    return one if one is not None and one.staff_id == ctx.person.id else None


def _watch(ctx: Context, one: Delegation) -> None:
    """Let the summary come on the morning of the first working day after."""
    time = ctx.policy.time
    day = ctx.calendar.on_or_after(one.last_day + timedelta(days=1))
    due = hours.instant(day, time.digest, time.zone)
    ledger.watch(ctx.unit, KIND, one.id, SUMMED_UP, due, one.staff_id)


def summary(ctx: Context, delegation_id: int, _rung: str, _key: str) -> Card | None:
    """Say on return what was decided in one's name; the stand-in hears that it is over."""
    one = delegations.get(ctx.session, delegation_id)
    ledger.unwatch(ctx.unit, KIND, delegation_id)
    if one is None or one.ended_at is not None:
        return None
    _tell(ctx, one, TAKEN_BACK, "over")
    return _summed_up(ctx, one, ctx.t(OVER, name=case_texts.name(ctx, one.stand_in)))


def wind(ctx: Context, delegation_id: int) -> None:
    ledger.unwatch(ctx.unit, KIND, delegation_id)


def _summed_up(ctx: Context, one: Delegation, head: str) -> Card:
    time = ctx.policy.time
    since = time.day_start(one.first_day)
    until = time.day_start(one.last_day + timedelta(days=1))
    decided = case_lists.in_name_of(ctx.session, one.staff_id, since, until)
    lines, buttons = [], []
    for each in decided:
        stored = cases.get(ctx.unit, each.case_id)
        if stored is None:
            continue
        places = [place for place in stored.case.places if place.decision]
        place = next(p for p in places if p.decision and p.decision.at == each.at)
        verdict = case_texts.verdict(ctx, place, ctx.texts)
        lines.append(f"{stored.number} {verdict}")
        buttons.append(Button(stored.number, f"f.case.open.{stored.id}"))
    papers = list(handover_stead_notices.done_for(ctx, one.staff_id, since, until))
    said = [ctx.t(IN_YOUR_NAME), *lines] if lines else [ctx.t(NOTHING)]
    if papers:
        said = [*(said if lines else ()), ctx.t(HANDED_FOR_YOU), *(line for line, _ in papers)]
        buttons += [button for _, button in papers]
    return Card(
        "\n".join([head, *said]),
        title=ctx.t(TITLE),
        choices=tuple(buttons[:SHOWN]),
        columns=2,
        nav=(to_today(ctx.texts),),
    )


# -- telling -----------------------------------------------------------------------------------


def _tell(ctx: Context, one: Delegation, words: str, what: str, papers: int = 0) -> None:
    name = case_texts.name(ctx, one.staff_id)

    def card(texts: Texts) -> Card:
        span = _span(one, texts) if "{first}" in words else {}
        said = [texts.t(words, name=name, **span)]
        said += [texts.t(TAKEN_PAPERS, count=papers)] if papers else []
        return Card("\n".join(said), title=texts.t(TITLE))

    ctx.tell(one.stand_in, card, f"delegation:{one.id}:{what}")


def _span(one: Delegation, texts: Texts) -> dict[str, str]:
    return {"first": texts.day(one.first_day), "last": texts.day(one.last_day)}


NAMING = Feature(key="naming", title=TITLE, form=FORM, submit=submit)
FEATURE = Feature(
    key="delegate",
    title=TITLE,
    command="delegate",
    words=("委托",),
    open=show,
    actions={
        "list": lambda ctx, _arguments: show(ctx),
        "new": lambda ctx, _arguments: runner.start(ctx, NAMING),
        "end": end,
    },
    clocks={KIND: Clockwork(summary, wind, lambda _ctx, _id, _rung: None)},
)
