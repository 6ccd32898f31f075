"""The clock of a correction: reminders of whose turn it is, and what is told where it stalls."""

from __future__ import annotations

from handlers import ladders
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.corrections import correction_cards
from handlers.corrections.correction_turns import duty, on_duty, until
from handlers.feature import Clockwork
from handlers.ladders import Case
from handlers.texts import N_
from rules.reminders import Due, StepKind
from storage import corrections, ledger
from storage.corrections import Correction

KIND = "correction"

REMINDED = N_("Your turn, by {until} ({rule}).")
LATE = N_("Your turn; it was to be done by {until} ({rule}).")
STALLED = N_("Correction stands still")
STALLED_TEXT = N_("{number} waits for {name}; {step} was to be done by {until} ({rule}).")


def _case(ctx: Context, held: Correction | None) -> Case | None:
    person = on_duty(ctx, held) if held else None
    if held is None or person is None:
        return None
    time = ctx.policy.time
    anchor = time.anchor(time.office_day(held.since), until(ctx, held), ctx.calendar)
    ladder = duty(ctx, held).ladder(ladders.OWNER)
    return Case(KIND, held.id, person.id, ladder, anchor, held.since)


def watch(ctx: Context, correction_id: int) -> None:
    """Set the clock of a correction to its next rung, or stop it where it is nobody's turn."""
    case = _case(ctx, corrections.get(ctx.unit, correction_id))
    if case is None:
        ledger.unwatch(ctx.unit, KIND, correction_id)
    else:
        ladders.watch(ctx, case)


def hears(ctx: Context, correction_id: int, rung: str) -> str | None:
    """Return who is to hear a rung of a correction as things are now."""
    case = _case(ctx, corrections.get(ctx.unit, correction_id))
    return ladders.hears(ctx, case, rung) if case else None


def notice(ctx: Context, correction_id: int, rung: str, key: str) -> Card | None:
    """Render the rung of a correction that is about to be sent, late ones folded into it."""
    held = corrections.get(ctx.unit, correction_id)
    case = _case(ctx, held)
    said = ladders.to_say(ctx, case, rung, key) if case else None
    watch(ctx, correction_id)
    if held is None or said is None:
        return None
    return ladders.with_held_up(ctx, _card(ctx, held, said.latest), said)


def _card(ctx: Context, held: Correction, due: Due) -> Card:
    end, facts = until(ctx, held), {"rule": due.step.rule}
    facts["until"] = ctx.texts.last_minute(end)
    if due.step.kind is StepKind.REMIND:
        late = ctx.now >= end.instant + end.tolerance
        lead = ctx.t(LATE if late else REMINDED, **facts)
        return correction_cards.draw(ctx, held, ctx.person, ctx.texts, lead)
    person = on_duty(ctx, held)
    text = ctx.t(
        STALLED_TEXT,
        number=held.number,
        name=person.name if person else held.waits_on,
        step=ctx.t(correction_cards.step(held)),
        **facts,
    )
    clause = Button(ctx.t(N_("Clause")), f"f.help.clause.{due.step.rule}")
    return Card(text, title=ctx.t(STALLED), choices=(clause,))


CLOCKS = {KIND: Clockwork(notice, watch, hears)}
