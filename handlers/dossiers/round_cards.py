"""What the reminders of a round say, and what is told when one is over.

One message for all dossiers of a person, never one for each: the first of them are a tap away.
"""

from __future__ import annotations

from handlers import ladders, seeing
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card
from handlers.conversation.wording import shorten
from handlers.dossiers.rounds import KIND, MISSED, Terms, case_of, missed_case, terms_of, until_of
from handlers.feature import Clockwork
from handlers.pages import to_today
from handlers.texts import N_
from rules.upkeep import Completes
from storage import away, breaches, dossiers, ledger, rounds, staff
from storage.rounds import Round

SHOWN = 4
LABEL = 30
"""Dossiers on a reminder, and bytes of their buttons: with the ways to the clause and to today
that is six short buttons, which every channel shows. Typed numbers do not reach a card that came
unasked.
"""

COUNTED = 100
"""Dossiers that are counted for a person who only looks at a list."""

MORE = N_("{count} and more")
TITLE = N_("Dossiers to complete")
WAITING = N_("Dossiers to complete ({count})")
INCOMPLETE_TEXT = N_(
    "{count} of your dossiers have empty fields; by {until} each needs at least one of them "
    "filled in ({rule})."
)
REVIEW_TEXT = N_(
    "{count} of your dossiers are to be gone through by {until}: fill in, correct, or say that "
    "nothing has changed ({rule})."
)
MISSED_TITLE = N_("Dossiers not completed")
MISSED_TEXT = N_("{name} did not complete {count} dossiers by {until} ({rule}): {customers}")
MORE_CUSTOMERS = N_("{customers} and others")


def notice(ctx: Context, round_id: int, rung: str, key: str) -> Card | None:
    """Render a reminder of a round: how many dossiers wait, and the first of them."""
    held = rounds.get(ctx.session, round_id)
    terms = terms_of(ctx, held) if held else None
    if held is None or held.due_at is None or terms is None:
        ledger.unwatch(ctx.unit, KIND, round_id)
        return None
    case = case_of(ctx, held, terms)
    said = ladders.to_say(ctx, case, rung, key)
    ladders.watch(ctx, case)
    if said is None or away.covers(ctx.session, held.staff_id, ctx.today):
        return None
    card = card_of(ctx, held, terms)
    return ladders.with_held_up(ctx, card, said) if card else None


def card_of(ctx: Context, held: Round, terms: Terms) -> Card | None:
    """Return what a person still has to complete in a round; None: nothing."""
    waiting = rounds.count(ctx.session, terms.wanted, held.staff_id, COUNTED + 1)
    if not waiting:
        return None
    first = rounds.to_complete(ctx.session, terms.wanted, held.staff_id, SHOWN)
    names = [(id_, _customer(ctx, id_)) for id_ in first]
    of_some = terms.duty.of is Completes.INCOMPLETE
    text = ctx.t(
        INCOMPLETE_TEXT if of_some else REVIEW_TEXT,
        count=counted(ctx, waiting),
        until=ctx.texts.last_minute(until_of(ctx, held, terms)),
        rule=terms.rule,
    )
    buttons = [
        Button(
            shorten(ctx.t(N_("Fill in: {label}"), label=name), LABEL),
            f"f.today.fill.{held.id}.{id_}",
        )
        for id_, name in names
    ]
    lines = [text, *(f"· {name}" for _, name in names)]
    clause = Button(ctx.t(N_("Clause")), f"f.help.clause.{terms.rule}")
    return Card(
        "\n".join(lines),
        title=ctx.t(TITLE),
        choices=(*buttons, clause),
        nav=(to_today(ctx.texts),),
    )


def counted(ctx: Context, waiting: int) -> str:
    """Return a count in words, where it was not counted to the end."""
    return ctx.t(MORE, count=COUNTED) if waiting > COUNTED else str(waiting)


def notice_missed(ctx: Context, round_id: int, rung: str, key: str) -> Card | None:
    """Render what is told when a round is over: how many dossiers were not completed (C-70)."""
    held = rounds.get(ctx.session, round_id)
    terms = terms_of(ctx, held) if held else None
    if held is None or terms is None:
        ledger.unwatch(ctx.unit, MISSED, round_id)
        return None
    case = missed_case(ctx, held, terms)
    said = ladders.to_say(ctx, case, rung, key)
    ladders.watch(ctx, case)
    missed = breaches.count(ctx.session, held)
    if said is None or not missed:
        return None
    owner = staff.get(ctx.session, held.staff_id)
    ids = breaches.of_round(ctx.session, held, SHOWN)
    names = listed([_customer(ctx, one) for one in ids], ctx.texts)
    text = ctx.t(
        MISSED_TEXT,
        name=owner.name if owner else held.staff_id,
        count=missed,
        until=ctx.texts.last_minute(until_of(ctx, held, terms)),
        rule=terms.rule,
        customers=ctx.t(MORE_CUSTOMERS, customers=names) if missed > len(ids) else names,
    )
    clause = Button(ctx.t(N_("Clause")), f"f.help.clause.{terms.rule}")
    card = Card(text, title=ctx.t(MISSED_TITLE), choices=(clause,))
    return ladders.with_held_up(ctx, card, said)


def _customer(ctx: Context, dossier_id: int) -> str:
    dossier = dossiers.get(ctx.unit, dossier_id)
    return seeing.customer(ctx, dossier) if dossier else "-"


def _wind(ctx: Context, round_id: int) -> None:
    held = rounds.get(ctx.session, round_id)
    terms = terms_of(ctx, held) if held else None
    if held and terms and held.due_at:
        ladders.watch(ctx, case_of(ctx, held, terms))
    else:
        ledger.unwatch(ctx.unit, KIND, round_id)


def _wind_missed(ctx: Context, round_id: int) -> None:
    held = rounds.get(ctx.session, round_id)
    terms = terms_of(ctx, held) if held else None
    if held and terms:
        ladders.watch(ctx, missed_case(ctx, held, terms))


def _hears(ctx: Context, round_id: int, _rung: str) -> str | None:
    """A reminder of one's own dossiers is for nobody else."""
    held = rounds.get(ctx.session, round_id)
    return held.staff_id if held and held.due_at else None


def _hears_missed(ctx: Context, round_id: int, rung: str) -> str | None:
    held = rounds.get(ctx.session, round_id)
    terms = terms_of(ctx, held) if held else None
    return ladders.hears(ctx, missed_case(ctx, held, terms), rung) if held and terms else None


CLOCKS = {
    KIND: Clockwork(notice, _wind, _hears),
    MISSED: Clockwork(notice_missed, _wind_missed, _hears_missed),
}
