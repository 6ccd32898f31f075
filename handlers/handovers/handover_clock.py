"""The clocks of a handover: of the leg whose papers are still to come, and of each gap.

A leg has its day when it begins; it stops when the papers are handed over, so that what counts is
the giver's act and not how fast the archive signs (S1-09.5.1). The trap is the delay that is made
good later: a day that passed is written down once for ever.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from handlers import calendars, ladders
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.feature import Clockwork
from handlers.handovers import (
    handover_access,
    handover_given,
    handover_stead_notices,
    handover_words,
)
from handlers.ladders import Case
from handlers.texts import N_, Texts
from rules.deadlines import Deadline
from rules.handover_days import (
    GIVER,
    anchor_of,
    correction_deadline,
    correction_ladder,
    ladder_of,
    leg_deadline,
    that_day,
)
from rules.handovers import GapKind, HandoverState, LegState
from rules.reminders import Due, StepKind
from storage import (
    breaches,
    handover_extensions,
    handover_gaps,
    handover_items,
    handovers,
    ledger,
    staff,
)
from storage.breaches import Breach
from storage.handover_gaps import Gap
from storage.handovers import Handover, Leg

LEG, GAP = "handover", "gap"

DUE_TITLE = N_("Papers to hand over")
DUE_TEXT = N_("{number} {subject} · {kind}: by {until} (reminder {count}, {rule}).")
LATE_TITLE = N_("Handover late")
LATE_TEXT = N_("{number} {subject} · {kind}: was due {until} (notice {count}, {rule}).")
ABOVE_TITLE = N_("Papers not handed over")
ABOVE_TEXT = N_(
    "{name} ({department}) has not handed over {number} {subject} · {kind}; it was due {until} "
    "({rule})."
)
SOON_TEXT = N_(
    "{name} ({department}) still has to hand over {number} {subject} · {kind}, by {until} "
    "({rule})."
)
GAP_TITLE = N_("Papers to supply")
GAP_TEXT = N_("{number} {subject}: {item}, by {until} (reminder {count}, {rule}).")
GAP_LATE_TITLE = N_("Not supplied yet")
GAP_LATE_TEXT = N_("{number} {subject}: {item} was due {until} (notice {count}, {rule}).")
GAP_ABOVE_TEXT = N_(
    "{name} ({department}) has not supplied {item} of {number} {subject}; it was due {until} "
    "({rule})."
)
LACKS = N_("{item} ({gap})")
GAPS = {
    GapKind.MISSING: N_("missing"),
    GapKind.PAGES: N_("pages missing"),
    GapKind.CUSTOMER_SIGNATURE: N_("customer's signature"),
    GapKind.STAFF_SIGNATURE: N_("our signature"),
    GapKind.WRONG: N_("not as required"),
}

OPEN, SUPPLY, LOOK, CLAUSE = N_("Papers list"), N_("Supply"), N_("View"), N_("Clause")
LIST = N_("Handovers")


# -- setting -----------------------------------------------------------------------------------


def due_of(ctx: Context, held: Handover, leg: Leg, started_on: date) -> Deadline:
    """Return until when a leg that begins on `started_on` is handed over; no earlier than allowed.

    Rule: S1-09.4.1, S1-09.4.2, S4-LOAN.4.5a, C-08.
    """
    before = handovers.legs(ctx.unit, held.id)[: leg.n - 1]
    due = leg_deadline(
        handover_access.row_of(ctx, held),
        leg.n - 1,
        started_on,
        handover_access.policy_of(ctx, held).time,
        ctx.calendar,
        total_start=held.started_on,
        previous_late=any(one.late(ctx.now) for one in before),
        opened_at=ctx.at,
    )
    return allowed(ctx, held, leg, due)


def allowed(ctx: Context, held: Handover, leg: Leg, due: Deadline) -> Deadline:
    """Return the deadline of a leg, or the later day that was granted for it; counting anew takes
    nothing back. Rule: S4-LOAN.4.5b."""
    asked = handover_extensions.of(ctx.unit, held.id)
    granted = [one.until for one in asked if (one.leg, one.state) == (leg.n, "granted")]
    if not granted:
        return due
    row, time = handover_access.row_of(ctx, held), handover_access.policy_of(ctx, held).time
    later = that_day(row, leg.n - 1, granted[-1], time, ctx.calendar)
    return max(due, later, key=lambda one: one.instant)


def begin(ctx: Context, held: Handover, leg: Leg, started_on: date) -> Deadline:
    """Let a leg that waits be open, with its day; its handover was saved. Rule: S4-LOAN.4.5a."""
    due = due_of(ctx, held, leg, started_on)
    handovers.set_leg(
        ctx.unit,
        leg.id,
        state=LegState.OPEN.value,
        started_on=started_on,
        due_on=due.last_day,
        due_at=due.instant + due.tolerance,
        provisional=due.provisional,
    )
    if due.provisional:
        calendars.missing(ctx, due.last_day.year)
    wind(ctx, leg.id)
    return due


def follow(ctx: Context, held: Handover) -> None:
    """Set the reminders of a handover anew: its present leg, or its day, is another one.

    Reminders that struck while there was no reason for them are left out.
    """
    for leg in handovers.legs(ctx.unit, held.id):
        case = case_of(ctx, held, leg)
        if case is not None:
            ladders.leave_out(ctx, case)
        wind(ctx, leg.id)


def again(ctx: Context, held: Handover, leg: Leg) -> dict[str, Any]:
    """Return the day of a leg whose papers go back: what was handed over in time and counted after
    the deadline has the time of a correction; the giver does not answer for how long that took.

    Rule: S1-09.5.1, S1-09.5.10, C-58.
    """
    if leg.due_at is None or leg.handed_at is None or not leg.handed_at < leg.due_at <= ctx.at:
        return {}
    row, time = handover_access.row_of(ctx, held), handover_access.policy_of(ctx, held).time
    due = correction_deadline(row, ctx.today, time, ctx.calendar)
    return {
        "due_on": due.last_day,
        "due_at": due.instant + due.tolerance,
        "provisional": due.provisional,
    }


def stop(ctx: Context, held: Handover) -> None:
    """Let no more reminders come of a handover, nor of its gaps."""
    for leg in handovers.legs(ctx.unit, held.id):
        ledger.unwatch(ctx.unit, LEG, leg.id)
    for gap in handover_gaps.of(ctx.unit, held.id):
        ledger.unwatch(ctx.unit, GAP, gap.id)


def wind(ctx: Context, leg_id: int) -> None:
    """Set the next rung of a leg; write down a day that has passed."""
    leg = handovers.leg(ctx.unit, leg_id)
    held = handovers.get(ctx.unit, leg.handover_id) if leg else None
    if leg is None or held is None:
        ledger.unwatch(ctx.unit, LEG, leg_id)
        return
    if leg.late(ctx.now) and leg.state != LegState.CANCELLED:
        _miss(ctx, held, leg)
    case = case_of(ctx, held, leg)
    if case is None:
        ledger.unwatch(ctx.unit, LEG, leg_id)
    else:
        ladders.watch(ctx, case)


def case_of(ctx: Context, held: Handover, leg: Leg) -> Case | None:
    """Return what hangs on a leg; None: its papers are not to be handed over now."""
    if held.state != HandoverState.OPEN or leg.state != LegState.OPEN or leg.due_on is None:
        return None
    assert leg.due_at is not None  # noqa: S101 - set with the day
    assert leg.started_on is not None  # noqa: S101 - as above
    time = handover_access.policy_of(ctx, held).time
    return Case(
        LEG,
        leg.id,
        handover_access.giver_of(ctx, leg),
        ladder_of(handover_access.row_of(ctx, held), leg.n - 1),
        anchor_of(leg.due_on, leg.due_at, leg.started_on, time, ctx.calendar),
        begun_at=held.opened_at if leg.n == 1 else time.day_start(leg.started_on),
        own=(GIVER,),
    )


def _miss(ctx: Context, held: Handover, leg: Leg) -> None:
    """Write down once that the day of a leg passed; whose papers they were bears it.

    Rule: S1-09.5.1, S1-09.5.4, C-08.
    """
    if leg.due_on is None or leg.due_at is None:
        return
    rule = handover_access.row_of(ctx, held).leg[leg.n - 1].duty.due.rule
    duty = f"{LEG}:{leg.id}"
    one = Breach(held.dossier_id or 0, duty, leg.due_on, held.pack, leg.giver, rule, leg.due_at)
    if breaches.add(ctx.unit, one):
        ctx.record("handover.late", f"handover:{held.id}", rule)


# -- gaps --------------------------------------------------------------------------------------


def gap_due(ctx: Context, held: Handover, kind: GapKind, day: date) -> Deadline:
    """Return until when a gap found on `day` is put right; what is missing never before the day
    of the leg itself.

    Rule: S1-09.5.10, S4-LOAN.4.2c, C-16.
    """
    row, time = handover_access.row_of(ctx, held), handover_access.policy_of(ctx, held).time
    ordered = correction_deadline(row, day, time, ctx.calendar)
    leg = handovers.present(ctx.unit, held)
    if kind is not GapKind.MISSING or leg.due_on is None or leg.due_at is None:
        return ordered
    if leg.provisional and leg.started_on is not None:
        whole = due_of(ctx, held, leg, leg.started_on)
    else:
        whole = that_day(row, leg.n - 1, leg.due_on, time, ctx.calendar)
    return max(ordered, whole, key=lambda one: one.instant)


def day_of_gap(ctx: Context, due: Deadline, ordered_on: date | None) -> dict[str, Any]:
    """Return what is kept of the day of a gap; `ordered_on`: None where a day was named.

    Rule: S1-09.5.10, 5.3.
    """
    if due.provisional:
        calendars.missing(ctx, due.last_day.year)
    return {
        "ordered_on": ordered_on,
        "due_on": due.last_day,
        "due_at": due.instant + due.tolerance,
        "provisional": due.provisional,
    }


def follow_gap(ctx: Context, gap: Gap) -> None:
    """Set the reminders of a gap: it is new, or became somebody else's or another day's."""
    wind_gap(ctx, gap.id)


def wind_gap(ctx: Context, gap_id: int) -> None:
    """Set the next rung of a gap; each time its day passes it lapses once more.

    Rule: S1-09.5.10.
    """
    gap = handover_gaps.get(ctx.unit, gap_id)
    held = handovers.get(ctx.unit, gap.handover_id) if gap else None
    if gap is None or held is None:
        ledger.unwatch(ctx.unit, GAP, gap_id)
        return
    if gap.state == "open" and held.state != HandoverState.CANCELLED:
        _lapse(ctx, held, gap)
    case = gap_case(ctx, held, gap)
    if case is None:
        ledger.unwatch(ctx.unit, GAP, gap_id)
    else:
        ladders.watch(ctx, case)


def gap_case(ctx: Context, held: Handover, gap: Gap) -> Case | None:
    """Return what hangs on a gap; None: nothing has to be supplied now."""
    if gap.state != "open" or held.state == HandoverState.CANCELLED:
        return None
    time = handover_access.policy_of(ctx, held).time
    return Case(
        GAP,
        gap.id,
        owner_of(ctx, gap),
        correction_ladder(handover_access.row_of(ctx, held)),
        anchor_of(gap.due_on, gap.due_at, time.office_day(gap.opened_at), time, ctx.calendar),
        begun_at=gap.opened_at,
        own=(GIVER,),
    )


def owner_of(ctx: Context, gap: Gap) -> str:
    """Return whose gap it is: the owner's, or of the next superior there where they left."""
    for one in (gap.owner, *staff.chain(ctx.session, gap.owner)):
        person = staff.get(ctx.session, one)
        if person is not None and person.active:
            return one
    return gap.owner


def _lapse(ctx: Context, held: Handover, gap: Gap) -> None:
    """Write down each term that passed without the correction, counted from the one before.

    Rule: S1-09.5.10, C-15.
    """
    row, time = handover_access.row_of(ctx, held), handover_access.policy_of(ctx, held).time
    due_on, due_at, lapsed = gap.due_on, gap.due_at, 0
    while due_at <= ctx.now:
        lapsed += 1
        if lapsed > gap.lapses:
            one = Breach(
                held.dossier_id or 0,
                f"{GAP}:{gap.id}",
                due_on,
                held.pack,
                gap.owner,
                row.correction.due.rule,
                due_at,
            )
            if breaches.add(ctx.unit, one):
                ctx.record("handover.gap_late", f"handover:{held.id}", one.rule)
        following = correction_deadline(row, due_on, time, ctx.calendar)
        due_on, due_at = following.last_day, following.instant + following.tolerance
    if lapsed > gap.lapses:
        handover_gaps.set_(ctx.unit, gap.id, lapses=lapsed)


# -- saying ------------------------------------------------------------------------------------


def hears(ctx: Context, leg_id: int, rung: str) -> str | None:
    """Return who is to hear a rung of a leg as things are now."""
    _, _, case = _leg(ctx, leg_id)
    return ladders.hears(ctx, case, rung) if case else None


def gap_hears(ctx: Context, gap_id: int, rung: str) -> str | None:
    """Return who is to hear a rung of a gap as things are now."""
    _, _, case = _gap(ctx, gap_id)
    return ladders.hears(ctx, case, rung) if case else None


def notice(ctx: Context, leg_id: int, rung: str, key: str) -> Card | None:
    """Render the rung of a leg that is about to be sent, late ones folded into it."""
    held, leg, case = _leg(ctx, leg_id)
    said = ladders.to_say(ctx, case, rung, key) if case else None
    wind(ctx, leg_id)
    if held is None or leg is None or case is None or said is None:
        return None
    if ctx.person.id == case.owner:
        kind = partial(handover_words.kind, handover_access.row_of(ctx, held))
        act = (OPEN, f"f.handover.papers.{held.id}")
        handover_stead_notices.remind(ctx, held, case, said.latest, kind, act)
    return ladders.with_held_up(ctx, _card(ctx, held, leg, case, said.latest), said)


def gap_notice(ctx: Context, gap_id: int, rung: str, key: str) -> Card | None:
    """Render the rung of a gap that is about to be sent, late ones folded into it."""
    held, gap, case = _gap(ctx, gap_id)
    said = ladders.to_say(ctx, case, rung, key) if case else None
    wind_gap(ctx, gap_id)
    if held is None or gap is None or case is None or said is None:
        return None
    if ctx.person.id == case.owner:
        words = partial(gap_words, ctx, held, gap)
        act = (SUPPLY, f"f.gap.supply.{gap.id}")
        handover_stead_notices.remind(ctx, held, case, said.latest, words, act)
    return ladders.with_held_up(ctx, _gap_card(ctx, held, gap, case, said.latest), said)


def _leg(ctx: Context, leg_id: int) -> tuple[Handover | None, Leg | None, Case | None]:
    leg = handovers.leg(ctx.unit, leg_id)
    held = handovers.get(ctx.unit, leg.handover_id) if leg else None
    case = case_of(ctx, held, leg) if held and leg else None
    return held, leg, case


def _gap(ctx: Context, gap_id: int) -> tuple[Handover | None, Gap | None, Case | None]:
    gap = handover_gaps.get(ctx.unit, gap_id)
    held = handovers.get(ctx.unit, gap.handover_id) if gap else None
    case = gap_case(ctx, held, gap) if held and gap else None
    return held, gap, case


def _card(ctx: Context, held: Handover, leg: Leg, case: Case, due: Due) -> Card:
    late = due.at >= case.anchor.deadline
    buttons = [Button(ctx.t(LOOK), f"f.handover.card.{held.id}"), _clause(ctx, due.step.rule)]
    more: dict[str, object]
    if ctx.person.id != case.owner or due.step.kind is StepKind.ESCALATE:
        title, words, more = ABOVE_TITLE, ABOVE_TEXT if late else SOON_TEXT, _whose(ctx, leg.giver)
    else:
        title, words = (LATE_TITLE, LATE_TEXT) if late else (DUE_TITLE, DUE_TEXT)
        more = {"count": _count(ctx, case, due)}
        buttons.insert(0, Button(ctx.t(OPEN), f"f.handover.papers.{held.id}"))
    assert leg.due_on is not None  # noqa: S101 - it has a clock
    assert leg.due_at is not None  # noqa: S101 - as above
    until = ctx.texts.until(leg.due_on, leg.due_at)
    text = ctx.t(words, until=until, rule=due.step.rule, **_facts(ctx, held), **more)
    return Card(text, title=ctx.t(title), choices=tuple(buttons), columns=2, nav=(_list(ctx),))


def _gap_card(ctx: Context, held: Handover, gap: Gap, case: Case, due: Due) -> Card:
    late = due.at >= case.anchor.deadline
    buttons = [Button(ctx.t(LOOK), f"f.handover.card.{held.id}"), _clause(ctx, due.step.rule)]
    more: dict[str, object]
    if ctx.person.id != case.owner or due.step.kind is StepKind.ESCALATE:
        title, words, more = GAP_LATE_TITLE, GAP_ABOVE_TEXT, _whose(ctx, gap.owner)
    else:
        title, words = (GAP_LATE_TITLE, GAP_LATE_TEXT) if late else (GAP_TITLE, GAP_TEXT)
        more = {"count": _count(ctx, case, due)}
        buttons.insert(0, Button(ctx.t(SUPPLY), f"f.gap.supply.{gap.id}"))
    text = ctx.t(
        words,
        item=gap_words(ctx, held, gap, ctx.texts),
        until=ctx.texts.until(gap.due_on, gap.due_at),
        rule=due.step.rule,
        **_facts(ctx, held),
        **more,
    )
    return Card(text, title=ctx.t(title), choices=tuple(buttons), columns=2, nav=(_list(ctx),))


def gap_words(ctx: Context, held: Handover, gap: Gap, texts: Texts) -> str:
    """Return which paper a gap is about, and what is wrong with it."""
    item = handover_items.get(ctx.unit, gap.item_id)
    paper = handover_access.papers_of(ctx, held).of(item.item) if item else None
    title = handover_given.named(paper, texts) if paper else item.title if item else ""
    return texts.t(LACKS, item=title, gap=texts.t(GAPS[GapKind(gap.kind)]))


def _count(ctx: Context, case: Case, due: Due) -> int:
    """Return the how-manieth reminder it is, or the how-manieth notice since the due day."""
    number = ladders.number(ctx, case, due)
    return number - ladders.on_time(ctx, case, due) if due.at >= case.anchor.deadline else number


def _facts(ctx: Context, held: Handover) -> dict[str, str]:
    return {
        "number": held.number,
        "subject": handover_words.subject(ctx, held, ctx.person),
        "kind": handover_words.kind(handover_access.row_of(ctx, held), ctx.texts),
    }


def _whose(ctx: Context, staff_id: str) -> dict[str, object]:
    person = staff.get(ctx.session, staff_id)
    department = person.department if person else ""
    return {"name": person.name if person else staff_id, "department": department}


def _clause(ctx: Context, rule: str) -> Button:
    return Button(ctx.t(CLAUSE), f"f.help.clause.{rule}")


def _list(ctx: Context) -> Button:
    return Button(ctx.t(LIST), "f.handovers.list", back=True)


CLOCKS = {
    LEG: Clockwork(notice, wind, hears),
    GAP: Clockwork(gap_notice, wind_gap, gap_hears),
}
