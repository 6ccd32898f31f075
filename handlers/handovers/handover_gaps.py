"""补交: what is missing or not right is supplied, looked at, or waived by who settles.

Supplied before its time it is no breach (C-16); not corrected in time each term counts once more
(S1-09.5.10). The trap is the paper that was in time and looked at late: what counts is when the
owner said so, by the platform's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Card, Problem, Reply
from handlers.feature import Feature
from handlers.handovers import (
    handover_access,
    handover_card,
    handover_clock,
    handover_gap_cards,
    handover_gap_filed,
    handover_notes,
    handover_steps,
)
from handlers.handovers.handover_gap_cards import GONE, counts, found, leads, settles, supplies
from handlers.texts import N_
from rules import handover_days
from rules.handovers import GapKind, GapState, ItemState, LegState, Signed
from storage import attachments, breaches, handover_gaps, handover_items, staff
from storage.handover_gaps import Gap
from storage.handover_items import PHOTOS
from storage.handovers import Handover, Leg

AS_IT_IS = N_("This is settled already; here is how it stands.")
NOT_YOURS = N_("That is not for you to do with this gap.")
NOT_THEM = N_("That is not a colleague who could put it right.")
SUPPLIED = N_("Noted {moment}. {who} looks at it.")
SUPPLIED_OPEN = N_("Noted {moment}. When all is there, hand over again.")
ARCHIVE = N_("The receiver")
LOOK = N_("{name} has supplied what was missing. Please look at it.")
PUT_RIGHT = N_("{name} has looked at it: put right.")
ALL_RIGHT = N_("{name} has looked at it: put right, and nothing is missing any more.")
NOT_RIGHT = N_("{name} does not accept it: {words}. It is to be put right by {until} ({rule}).")
CONTESTED = N_("{names} decides on it; until then it stays to be put right ({rule}).")
NOT_SO = N_("{name} says that this gap is none: {words}. Waive it, or leave it ({rule}).")
WAIVED = N_("{name} has waived it: {words} ({rule}).")
PLANNED = N_("Now to be put right by {name} until {until}.")
SETTLE_RULE = "S1-09.5.9"


def _of_pages(answers: Answers) -> bool:
    return answers.flag("_pages")


def _counted(ctx: Context, held: Handover, gap: Gap) -> bool:
    """Return whether closing a gap says how many pages there are now. Rule: S2-DOSS.11."""
    asked = handover_access.papers_of(ctx, held).pages
    return gap.kind == GapKind.PAGES or (gap.kind == GapKind.MISSING and asked)


def _not_past(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    return Problem(N_("That day is over.")) if str(value) < moment.today.isoformat() else None


_PAGES = Field(
    "pages",
    Kind.NUMBER,
    N_("Pages"),
    N_("How many pages are there now, cover included?"),
    when=_of_pages,
    minimum=1,
    maximum=9999,
)
SUPPLY_FORM = Form(
    "supplying",
    2,
    N_("Supply"),
    (
        _PAGES,
        Field(
            "files",
            Kind.FILES,
            N_("Photos"),
            N_("A photo of the paper as it is now, please."),
            optional=True,
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("_name"),
    review=False,
)


COUNT_FORM = Form(
    "gapcounting", 1, N_("Looked at, right"), (_PAGES,), submit_label=N_("Submit"), review=False
)


def _sentence(key: str, title: str, prompt: str, example: str) -> Form:
    field = Field("words", Kind.TEXT, N_("Reason"), prompt, max_length=300, example=example)
    return Form(key, 1, title, (field,), submit_label=N_("Submit"), review=False)


REFUSE_FORM = _sentence(
    "gaprefusing",
    N_("Not accepted"),
    N_("What is still not right? The owner reads this."),
    N_("签字仍不清楚"),
)
CONTEST_FORM = _sentence(
    "gapcontesting",
    N_("Not so"),
    N_("Why is it none? Who settles it reads this."),
    N_("移交时已在第3项后面"),
)
WAIVE_FORM = _sentence(
    "gapwaiving",
    N_("Waive"),
    N_("Why is it waived? Both sides read this."),
    N_("客户未办理该项业务"),
)
PLAN_FORM = Form(
    "gapplanning",
    1,
    N_("Other owner or day"),
    (
        Field(
            "what",
            Kind.CHOICE,
            N_("What changes"),
            N_("Who puts it right, or until when?"),
            choices=(Choice("owner", N_("Another owner")), Choice("day", N_("Another day"))),
            offered=lambda key, answers: key != "day" or answers.flag("_day"),
        ),
        Field(
            "owner",
            Kind.STAFF,
            N_("Owner"),
            N_("Who puts it right? Part of the name."),
            when=lambda answers: answers.text("what") == "owner",
        ),
        Field(
            "day",
            Kind.DATE,
            N_("Until"),
            N_("Until which day?"),
            check=_not_past,
            when=lambda answers: answers.text("what") == "day",
            prefer="future",
            example=N_("tomorrow · 9月25日"),
        ),
    ),
    submit_label=N_("Set it"),
    review=False,
)


def card(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    this = found(ctx, arguments[0])
    return handover_gap_cards.show(ctx, this[2]) if this else Reply(alert=ctx.t(GONE))


def _begin(ctx: Context, words: str, act: str) -> tuple[Handover, Leg, Gap] | Reply:
    """Return a gap if who acts may do that with it now, else what to answer."""
    this = found(ctx, words, lock=True)
    if this is None:
        return Reply(alert=ctx.t(GONE))
    held, leg, gap = this
    if not _may(ctx, act, held, leg, gap):
        ctx.record("handover.press_refused", f"handover:{held.id}", handover_access.FORGED)
        return handover_gap_cards.show(ctx, gap, alert=ctx.t(NOT_YOURS))
    if gap.state not in _WHILE[act]:
        return handover_gap_cards.show(ctx, gap, ctx.t(AS_IT_IS))
    return this


def _may(ctx: Context, act: str, held: Handover, leg: Leg, gap: Gap) -> bool:
    """Return whether who acts is the one who does that with a gap."""
    looks = counts(ctx, held, leg, gap, ctx.person)
    match act:
        case "supply" | "contest":
            return supplies(ctx, held, leg, gap, ctx.person)
        case "accept" | "refuse":
            return looks and leg.closed_at is not None
        case "waive":
            return settles(ctx, held, gap, ctx.person)
        case _:
            return looks or leads(ctx, held, gap, ctx.person)


_BOTH = (GapState.OPEN, GapState.SUPPLIED)
_WHILE: Mapping[str, tuple[GapState, ...]] = {
    "supply": (GapState.OPEN,),
    "contest": _BOTH,
    "accept": _BOTH,
    "refuse": (GapState.SUPPLIED,),
    "waive": _BOTH,
    "plan": (GapState.OPEN,),
}


def _changed(ctx: Context, held: Handover, gap: Gap) -> tuple[Handover, Gap]:
    """Raise the version of the handover a gap of which changed; every copy follows."""
    held = handover_steps.touched(ctx, held)
    handover_clock.follow_gap(ctx, gap)
    handover_card.redraw(ctx, held)
    return held, handover_notes.now(ctx, gap)


# -- supplying ---------------------------------------------------------------------------------


def supply(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for a photo of what is put right."""
    this = _begin(ctx, arguments[0], "supply")
    if isinstance(this, Reply):
        return this
    held, _, gap = this
    given = {"_gap": str(gap.id), "_pages": _counted(ctx, held, gap), "_name": held.number}
    return runner.start(ctx, SUPPLYING, Answers(given))


def submit_supply(ctx: Context, answers: Answers) -> Reply:
    """Note that a gap is put right; what counts is when who acts said so.

    Rule: S1-09.5.10, C-16, C-58.
    """
    this = _begin(ctx, answers.text("_gap"), "supply")
    if isinstance(this, Reply):
        return handover_steps.opened(this)
    held, leg, gap = this
    at = handover_steps.instant(ctx, gap.opened_at)
    if at < gap.due_at:
        _lift(ctx, held, gap)
    else:
        handover_clock.wind_gap(ctx, gap.id)
    attachments.attach(ctx.unit, answers.files("files"), PHOTOS, gap.item_id)
    pages = int(answers.values.get("pages") or 0)
    handover_items.put(ctx.unit, gap.item_id, **_mended(gap, pages), supplied_at=at)
    by = {"supplied_at": at, "supplied_by": ctx.person.id}
    handover_gaps.set_(ctx.unit, gap.id, state=GapState.SUPPLIED.value, **by)
    rule = handover_access.row_of(ctx, held).correction.due.rule
    ctx.record("handover.supplied", f"handover:{held.id}", rule, kind=gap.kind)
    held, gap = _changed(ctx, held, gap)
    moment = ctx.texts.moment(at)
    if leg.state == LegState.OPEN:
        return handover_gap_cards.show(ctx, gap, ctx.t(SUPPLIED_OPEN, moment=moment))
    people = handover_access.counters(ctx, held, leg)
    handover_gap_cards.tell(ctx, held, gap, people, LOOK, "look", name=ctx.person.name)
    lead = ctx.t(SUPPLIED, moment=moment, who=ctx.t(ARCHIVE))
    return handover_gap_cards.show(ctx, gap, lead)


def _mended(gap: Gap, pages: int) -> dict[str, Any]:
    """Return what a line says once a gap of it is put right."""
    match GapKind(gap.kind):
        case GapKind.MISSING:
            there = {"state": ItemState.PRESENT.value, "reason": ""}
            return there | ({"pages": pages} if pages else {})
        case GapKind.PAGES:
            return {"pages": pages} if pages else {}
        case GapKind.CUSTOMER_SIGNATURE:
            return {"customer_signed": Signed.YES.value}
        case GapKind.STAFF_SIGNATURE:
            return {"staff_signed": Signed.YES.value}
        case GapKind.WRONG:
            return {}


def _as_before(gap: Gap) -> dict[str, Any]:
    """Return what a line says while a gap of it is open."""
    match GapKind(gap.kind):
        case GapKind.MISSING:
            return {"state": ItemState.ABSENT.value, "supplied_at": None}
        case GapKind.CUSTOMER_SIGNATURE:
            return {"customer_signed": Signed.WRONG.value}
        case GapKind.STAFF_SIGNATURE:
            return {"staff_signed": Signed.WRONG.value}
        case _:
            return {}


def _lift(ctx: Context, held: Handover, gap: Gap) -> None:
    """Take back terms that had passed by the clock before the word that was in time arrived."""
    row, time = handover_access.row_of(ctx, held), handover_access.policy_of(ctx, held).time
    day = gap.due_on
    for _ in range(gap.lapses):
        _lift_one(ctx, held, gap, day)
        day = handover_days.correction_deadline(row, day, time, ctx.calendar).last_day
    if gap.lapses:
        handover_gaps.set_(ctx.unit, gap.id, lapses=0)


def _lift_one(ctx: Context, held: Handover, gap: Gap, day: date) -> None:
    for dossier_id in {held.dossier_id or 0, 0}:  # it may have been opened since
        breaches.lift(ctx.unit, dossier_id, f"{handover_clock.GAP}:{gap.id}", day)


# -- looking -----------------------------------------------------------------------------------


def accept(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Close a gap that is put right; the paper joins the others in the archive.

    What comes over the counter is counted first where the list has pages.

    Rule: S1-09.5.10, S4-LOAN.4.2c.
    """
    this = _begin(ctx, arguments[0], "accept")
    if isinstance(this, Reply):
        return this
    held, _, gap = this
    pages = handover_access.papers_of(ctx, held).pages
    if pages and gap.state == GapState.OPEN and _counted(ctx, held, gap):
        return runner.start(ctx, COUNTING, Answers({"_gap": str(gap.id), "_pages": True}))
    return _accepted(ctx, held, gap, 0)


def submit_count(ctx: Context, answers: Answers) -> Reply:
    """Close a gap of which the paper came over the counter and was counted. Rule: S2-DOSS.11."""
    this = _begin(ctx, answers.text("_gap"), "accept")
    if isinstance(this, Reply):
        return handover_steps.opened(this)
    held, _, gap = this
    return _accepted(ctx, held, gap, int(answers.values.get("pages") or 0))


def _accepted(ctx: Context, held: Handover, gap: Gap, pages: int) -> Reply:
    if gap.state == GapState.OPEN:
        handover_items.put(ctx.unit, gap.item_id, **_mended(gap, pages), supplied_at=ctx.at)
        handover_gaps.set_(ctx.unit, gap.id, supplied_at=ctx.at)
    handover_notes.end(ctx, gap, GapState.CLOSED)
    put_in = handover_gap_filed.join(ctx, held, gap)
    rule = handover_access.row_of(ctx, held).correction.due.rule
    ctx.record("handover.gap_closed", f"handover:{held.id}", rule, kind=gap.kind)
    held, gap = _changed(ctx, held, gap)
    lead = PUT_RIGHT if held.gaps else ALL_RIGHT
    handover_gap_cards.tell(ctx, held, gap, _owners(ctx, gap), lead, "right", name=ctx.person.name)
    return handover_gap_cards.show(ctx, gap, ctx.t(lead, name=ctx.person.name)).plus(put_in)


def _owners(ctx: Context, gap: Gap) -> tuple[str, ...]:
    return gap.owner, handover_clock.owner_of(ctx, gap)


def refuse(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    return _ask(ctx, arguments, "refuse", REFUSING)


def _ask(ctx: Context, arguments: tuple[str, ...], act: str, feature: Feature) -> Reply:
    this = _begin(ctx, arguments[0], act)
    if isinstance(this, Reply):
        return this
    return runner.start(ctx, feature, Answers({"_gap": str(this[2].id)}))


def submit_refusal(ctx: Context, answers: Answers) -> Reply:
    """Order that it is put right after all, with a term of its own. Rule: S1-09.5.10."""
    this = _begin(ctx, answers.text("_gap"), "refuse")
    if isinstance(this, Reply):
        return handover_steps.opened(this)
    held, _, gap = this
    words = answers.text("words")
    due = handover_clock.gap_due(ctx, held, GapKind(gap.kind), ctx.today)
    change: dict[str, Any] = {
        "state": GapState.OPEN.value,
        "supplied_at": None,
        "words": words,
        "supplied_by": "",
        "lapses": 0,
        **handover_clock.day_of_gap(ctx, due, ctx.today),
    }
    handover_gaps.set_(ctx.unit, gap.id, **change)
    handover_items.put(ctx.unit, gap.item_id, **_as_before(gap))
    ctx.record("handover.gap_refused", f"handover:{held.id}", due.rule, kind=gap.kind)
    held, gap = _changed(ctx, held, gap)
    facts = {"name": ctx.person.name, "words": words, "rule": due.rule}
    facts["until"] = ctx.texts.last_minute(due)
    handover_gap_cards.tell(ctx, held, gap, _owners(ctx, gap), NOT_RIGHT, "not", **facts)
    return handover_gap_cards.show(ctx, gap, ctx.t(NOT_RIGHT, **facts))


# -- not so ------------------------------------------------------------------------------------


def contest(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    return _ask(ctx, arguments, "contest", CONTESTING)


def submit_contest(ctx: Context, answers: Answers) -> Reply:
    """Ask who settles disputes to look at a gap. Rule: S1-09.5.9."""
    this = _begin(ctx, answers.text("_gap"), "contest")
    if isinstance(this, Reply):
        return handover_steps.opened(this)
    held, _, gap = this
    words = answers.text("words")
    ctx.record("handover.gap_contested", f"handover:{held.id}", SETTLE_RULE, kind=gap.kind)
    judges = [one for one in handover_access.settlers(ctx, held) if one != gap.owner]
    held, gap = _changed(ctx, held, gap)
    facts = {"name": ctx.person.name, "words": words, "rule": SETTLE_RULE}
    handover_gap_cards.tell(ctx, held, gap, judges, NOT_SO, "not_so", **facts)
    names = handover_gap_cards.names(ctx, judges, ctx.texts)
    return handover_gap_cards.show(ctx, gap, ctx.t(CONTESTED, names=names, rule=SETTLE_RULE))


def waive(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    return _ask(ctx, arguments, "waive", WAIVING)


def submit_waiver(ctx: Context, answers: Answers) -> Reply:
    """Let a gap be none; what was written down about it is taken back. Rule: S1-09.5.9."""
    this = _begin(ctx, answers.text("_gap"), "waive")
    if isinstance(this, Reply):
        return handover_steps.opened(this)
    held, leg, gap = this
    words, rule = answers.text("words"), SETTLE_RULE
    _lift(ctx, held, gap)
    _lift_one(ctx, held, gap, ctx.policy.time.office_day(gap.opened_at))
    handover_gaps.set_(ctx.unit, gap.id, words=words)
    handover_notes.end(ctx, gap, GapState.WAIVED)
    if gap.kind == GapKind.MISSING and gap.opened_by not in (leg.giver, leg.handed_by):
        handover_items.put(ctx.unit, gap.item_id, **_mended(gap, 0))  # as the giver's list had it
        handover_gap_filed.join(ctx, held, gap)
    ctx.record("handover.gap_waived", f"handover:{held.id}", rule, kind=gap.kind)
    held, gap = _changed(ctx, held, gap)
    people = (*_owners(ctx, gap), *handover_access.counters(ctx, held, leg))
    facts = {"name": ctx.person.name, "words": words, "rule": rule}
    handover_gap_cards.tell(ctx, held, gap, people, WAIVED, "waived", **facts)
    return handover_gap_cards.show(ctx, gap, ctx.t(WAIVED, **facts))


# -- whose, and until when ---------------------------------------------------------------------


def plan(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    this = _begin(ctx, arguments[0], "plan")
    if isinstance(this, Reply):
        return this
    held, leg, gap = this
    day = counts(ctx, held, leg, gap, ctx.person)
    return runner.start(ctx, PLANNING, Answers({"_gap": str(gap.id), "_day": day}))


def submit_plan(ctx: Context, answers: Answers) -> Reply:
    """Set who puts a gap right, or until when; who looks after the papers sets the day.

    Rule: S1-09.5.10, C-55.
    """
    this = _begin(ctx, answers.text("_gap"), "plan")
    if isinstance(this, Reply):
        return handover_steps.opened(this)
    held, leg, gap = this
    change: dict[str, Any] = {}
    chosen, day = answers.option("owner"), answers.day("day")
    if chosen is not None:
        person = staff.get(ctx.session, chosen.key)
        if person is None or not person.active or person.id == ctx.person.id == leg.receiver:
            return Reply.of(Card(ctx.t(NOT_THEM)))
        change["owner"] = person.id
    elif day is not None and counts(ctx, held, leg, gap, ctx.person):
        row, time = handover_access.row_of(ctx, held), handover_access.policy_of(ctx, held).time
        due = handover_days.that_day(row, leg.n - 1, day, time, ctx.calendar)
        change |= handover_clock.day_of_gap(ctx, due, None)
    if not change:
        return handover_gap_cards.show(ctx, gap, ctx.t(AS_IT_IS))
    before = _owners(ctx, gap)
    handover_gaps.set_(ctx.unit, gap.id, **change)
    rule = handover_access.row_of(ctx, held).correction.due.rule
    ctx.record("handover.gap_planned", f"handover:{held.id}", rule, kind=gap.kind)
    held, gap = _changed(ctx, held, gap)
    facts = {
        "name": handover_gap_cards.names(ctx, (handover_clock.owner_of(ctx, gap),), ctx.texts),
        "until": ctx.texts.until(gap.due_on, gap.due_at, ctx.today),
    }
    people = (*before, *_owners(ctx, gap))
    handover_gap_cards.tell(ctx, held, gap, people, PLANNED, "planned", **facts)
    return handover_gap_cards.show(ctx, gap, ctx.t(PLANNED, **facts))


SUPPLYING = Feature(SUPPLY_FORM.key, SUPPLY_FORM.title, form=SUPPLY_FORM, submit=submit_supply)
COUNTING = Feature(COUNT_FORM.key, COUNT_FORM.title, form=COUNT_FORM, submit=submit_count)
REFUSING = Feature(REFUSE_FORM.key, REFUSE_FORM.title, form=REFUSE_FORM, submit=submit_refusal)
CONTESTING = Feature(
    CONTEST_FORM.key, CONTEST_FORM.title, form=CONTEST_FORM, submit=submit_contest
)
WAIVING = Feature(WAIVE_FORM.key, WAIVE_FORM.title, form=WAIVE_FORM, submit=submit_waiver)
PLANNING = Feature(PLAN_FORM.key, PLAN_FORM.title, form=PLAN_FORM, submit=submit_plan)
FEATURE = Feature(
    key="gap",
    title=N_("Missing papers"),
    actions={
        "card": card,
        "list": handover_gap_cards.listing,
        "supply": supply,
        "accept": accept,
        "refuse": refuse,
        "contest": contest,
        "waive": waive,
        "plan": plan,
    },
)
