"""What a stand-in hears of papers that are due, and what a giver hears of them on return."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.handovers import handover_stead, handover_words
from handlers.ladders import Case
from handlers.texts import N_, Texts
from rules.reminders import Due
from storage import handover_gaps, handover_lists, handovers, staff
from storage.handovers import Handover

MOST = 50

TITLE = N_("Papers of a colleague who is away")
TEXT = N_("{name} is away and you stand in: {number} {subject} · {what}, by {until} ({rule}).")
HANDED = N_("{number} handed over by {name}, {moment}")
SUPPLIED = N_("{number} supplied by {name}, {moment}")
LOOK = N_("View")


def remind(
    ctx: Context,
    held: Handover,
    case: Case,
    due: Due,
    what: Callable[[Texts], str],
    act: tuple[str, str],
) -> None:
    """Tell the stand-in what somebody who is away is reminded of.

    `what`: of which papers, in a reader's language; `act`: label and key of what can be done.

    Rule: C-54.
    """
    other = staff.get(ctx.session, handover_stead.stand_in(ctx, held, case.owner))
    if other is None:
        return

    def card(texts: Texts) -> Card:
        text = texts.t(
            TEXT,
            name=case_texts.name(ctx, case.owner),
            number=held.number,
            subject=handover_words.subject(ctx, held, other),
            what=what(texts),
            until=texts.until(case.anchor.due, case.anchor.deadline),
            rule=due.step.rule,
        )
        label, key = act
        look = Button(texts.t(LOOK), f"f.handover.card.{held.id}")
        return Card(
            text, title=texts.t(TITLE), choices=(Button(texts.t(label), key), look), columns=2
        )

    ctx.tell(other.id, card, f"{case.kind}:{case.id}:stead:{due.key}:{other.id}")


def shown_to(ctx: Context, other: str) -> int:
    """Return how many sets of papers of who acts a stand-in may hand over or supply now."""
    mine = [leg.handover_id for leg in handover_lists.to_give(ctx.unit, ctx.person.id, MOST)]
    mine += [gap.handover_id for gap in handover_gaps.open_of(ctx.unit, ctx.person.id, MOST)]
    sets = (handovers.get(ctx.unit, one) for one in dict.fromkeys(mine))
    passed = [held for held in sets if held is not None and _passes(ctx, held, other)]
    return len(passed)


def _passes(ctx: Context, held: Handover, other: str) -> bool:
    return handover_stead.stand_in(ctx, held, ctx.person.id) == other


def done_for(
    ctx: Context, staff_id: str, since: datetime, until: datetime
) -> Iterator[tuple[str, Button]]:
    """Yield what others handed over and supplied for a person from `since` up to `until`."""
    done = [
        (leg.handed_at, HANDED, leg.handover_id, leg.handed_by)
        for leg in handover_lists.in_stead(ctx.unit, staff_id, since, until, MOST)
    ]
    done += [
        (gap.supplied_at, SUPPLIED, gap.handover_id, gap.supplied_by)
        for gap in handover_gaps.in_stead(ctx.unit, staff_id, since, until, MOST)
    ]
    for at, words, handover_id, by in sorted(done, key=lambda one: (one[0], one[2])):
        held = handovers.get(ctx.unit, handover_id)
        if held is None or at is None:
            continue
        name, moment = case_texts.name(ctx, by), ctx.texts.moment(at)
        line = ctx.t(words, number=held.number, name=name, moment=moment)
        yield line, Button(held.number, f"f.handover.card.{held.id}")
