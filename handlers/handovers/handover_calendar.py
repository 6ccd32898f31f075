"""Days of handovers that hang on a calendar which is not published yet.

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
from handlers.texts import N_, Texts
from handlers.world import World
from rules.deadlines import Deadline
from storage import handovers, staff
from storage.handovers import Handover, Leg
from storage.unit import Unit

JOB = "days"

MOVED_TITLE = N_("Day counted again")
MOVED_TEXT = N_(
    "The calendar is published now: {number} {subject} is due {until} ({counted}), no longer "
    "{old}."
)
FIRM_TEXT = N_("The calendar is published now: {number} {subject} stays due {until} ({counted}).")
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
    while len(found) < limit and (legs := handovers.provisional(unit, limit, after)):
        after = legs[-1].id
        found += [ctx for leg in legs if (ctx := _settle(unit, world, leg)) is not None]
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
