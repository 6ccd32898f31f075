"""Days of handovers and of gaps that hang on a calendar which is not published yet.

They are computed from weekends and the statutory days, shown as provisional, and counted again
when the calendar is there: who waits for such a day is told what it is now.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.handovers import handover_access, handover_clock, handover_words
from handlers.handovers.handover_gap_cards import described
from handlers.texts import N_, Texts
from handlers.world import World
from rules.deadlines import Deadline
from rules.handover_days import that_day
from rules.handovers import GapKind
from storage import handover_gaps, handover_lists, handovers, staff
from storage.handover_gaps import Gap
from storage.handovers import Handover, Leg
from storage.unit import Unit

JOB = "days"

MOVED_TITLE = N_("Day counted again")
MOVED_TEXT = N_(
    "The calendar is published now: {number} {subject} is due {until} ({counted}), no longer "
    "{old}."
)
FIRM_TEXT = N_("The calendar is published now: {number} {subject} stays due {until} ({counted}).")
GAP_TEXT = N_(
    "The calendar is published now: {number} {subject}, {line} is to be put right by {until}, no "
    "longer by {old}."
)
LOOK = N_("View")


def settled(world: World, day: date) -> Iterator[str]:
    """Yield an occasion for each calendar that is there and concerns days still to come."""
    for year in (day.year, day.year + 1):
        if year in world.calendar.years:
            yield f"settled {year}"


def settle(unit: Unit, world: World, limit: int) -> list[Context]:
    """Count again up to so many days that were provisional and no longer are.

    Rule: 5.3 (scenario B23).
    """
    found: list[Context] = []
    after = 0
    while len(found) < limit and (legs := handover_lists.provisional(unit, limit, after)):
        after = legs[-1].id
        found += [ctx for leg in legs if (ctx := _settle(unit, world, leg)) is not None]
    after = 0
    while len(found) < limit and (gaps := handover_gaps.provisional(unit, limit, after)):
        after = gaps[-1].id
        found += [ctx for gap in gaps if (ctx := _settle_gap(unit, world, gap)) is not None]
    return found


def _settle(unit: Unit, world: World, leg: Leg) -> Context | None:
    held = handovers.get(unit, leg.handover_id)
    person = staff.get(unit.session, leg.giver)
    if held is None or person is None or leg.started_on is None:
        return None
    ctx = world.context(unit, person, "", "", unit.now)
    due = handover_clock.due_of(ctx, held, leg, leg.started_on)
    if due.provisional:
        return None
    held = handovers.save(unit, held)
    values = {"due_on": due.last_day, "due_at": due.instant + due.tolerance, "provisional": False}
    handovers.set_leg(unit, leg.id, **values)
    handover_clock.wind(ctx, leg.id)
    key = f"handover:{leg.id}:settled:{due.last_day}"
    ctx.tell(handover_access.giver_of(ctx, leg), partial(_card, ctx, held, leg, due), key)
    return ctx


def _settle_gap(unit: Unit, world: World, gap: Gap) -> Context | None:
    """Count the day of a gap again; its owner hears of it where it is another one."""
    held = handovers.get(unit, gap.handover_id)
    person = staff.get(unit.session, gap.owner)
    if held is None or person is None:
        return None
    ctx = world.context(unit, person, "", "", unit.now)
    due = _due_of(ctx, held, gap)
    if due.provisional:
        return None
    held = handovers.save(unit, held)
    handover_gaps.set_(unit, gap.id, **handover_clock.day_of_gap(ctx, due, gap.ordered_on))
    handover_clock.wind_gap(ctx, gap.id)
    if due.last_day != gap.due_on:
        key = f"gap:{gap.id}:settled:{due.last_day}"
        owner = handover_clock.owner_of(ctx, gap)
        ctx.tell(owner, partial(_gap_card, ctx, held, gap, due), key)
    return ctx


def _due_of(ctx: Context, held: Handover, gap: Gap) -> Deadline:
    if gap.ordered_on is not None:
        return handover_clock.gap_due(ctx, held, GapKind(gap.kind), gap.ordered_on)
    row, time = handover_access.row_of(ctx, held), handover_access.policy_of(ctx, held).time
    return that_day(row, gap.leg - 1, gap.due_on, time, ctx.calendar)


def _gap_card(ctx: Context, held: Handover, before: Gap, due: Deadline, texts: Texts) -> Card:
    owner = staff.get(ctx.session, handover_clock.owner_of(ctx, before)) or ctx.person
    text = texts.t(
        GAP_TEXT,
        number=held.number,
        subject=handover_words.subject(ctx, held, owner),
        line=described(ctx, held, before, owner, texts),
        until=texts.last_minute(due),
        old=texts.day(before.due_on),
    )
    look = Button(texts.t(LOOK), f"f.gap.card.{before.id}")
    return Card(text, title=texts.t(MOVED_TITLE), choices=(look,))


def _card(ctx: Context, held: Handover, before: Leg, due: Deadline, texts: Texts) -> Card:
    leg = handovers.leg(ctx.unit, before.id) or before
    text = texts.t(
        FIRM_TEXT if before.due_on == due.last_day else MOVED_TEXT,
        number=held.number,
        subject=handover_words.subject(ctx, held, ctx.person),
        until=texts.last_minute(due),
        counted=handover_words.counted(ctx, held, leg, texts),
        old=texts.day(before.due_on) if before.due_on else "-",
    )
    look = Button(texts.t(LOOK), f"f.handover.card.{held.id}")
    return Card(text, title=texts.t(MOVED_TITLE), choices=(look,))
