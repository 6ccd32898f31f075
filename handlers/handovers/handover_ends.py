"""How a leg ends that everybody has signed: the next begins, or the papers are in the archive.

Each leg's days run from actual receipt (C-08). What was noted becomes a gap with its owner and
its day; the papers themselves are the archive's from then on.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.messages import Card, Reply
from handlers.handovers import (
    handover_access,
    handover_card,
    handover_clock,
    handover_gap_cards,
    handover_notes,
    handover_steps,
    handover_words,
)
from handlers.handovers.handover_card import shown
from handlers.texts import N_, Texts
from rules.handovers import HandoverState, ItemState
from storage import handover_items, handovers
from storage.handover_gaps import Gap
from storage.handovers import Handover, Leg

SIGNED = N_("{number} is signed: everything is there ({rule}).")
SIGNED_GAPS = N_("{number} is signed with {count} gaps; each has its owner and day ({rule}).")
NEXT = N_("Signed. You hand it on until {until}: {counted} ({rule}).")
GOES_ON = N_("{name} has signed for your papers ({rule}).")
SHELVE_IT = N_("{number} is signed into the archive; please shelve it.")
CODE = N_("Receipt code for accounting: {code} ({rule}).")
CODE_DIGITS = 8


def closed(ctx: Context, held: Handover) -> Reply:
    """Write what follows when the last signature of a leg is there.

    Rule: S1-09.4.1, S4-LOAN.4.2b, S4-LOAN.4.6, S5-2.3.
    """
    leg = handovers.present(ctx.unit, held)
    gaps = handover_notes.open_all(ctx, held, leg)
    handovers.set_leg(ctx.unit, leg.id, closed_at=ctx.at)
    return _archived(ctx, held, leg, gaps) if leg.into_archive else _goes_on(ctx, held, leg)


def _goes_on(ctx: Context, held: Handover, leg: Leg) -> Reply:
    """Let the next leg begin: who received hands on, with days of their own. Rule: C-08."""
    held = handover_steps.touched(ctx, held, leg=leg.n + 1)
    following = handovers.present(ctx.unit, held)
    handovers.set_leg(ctx.unit, following.id, giver=leg.receiver)
    following = replace(following, giver=leg.receiver)
    due = handover_clock.begin(ctx, held, following, ctx.today)
    handover_clock.follow(ctx, held)
    following = handovers.present(ctx.unit, held)
    counted = handover_words.counted(ctx, held, following, ctx.texts)
    people = (leg.giver, leg.handed_by, leg.receiver)
    facts = {"until": ctx.texts.last_minute(due), "counted": counted, "rule": due.rule}
    if leg.receiver != ctx.person.id:
        handover_card.tell(ctx, held, leg.receiver, NEXT, f"next.{leg.n}", **facts)
    givers = [one for one in people if one != leg.receiver]
    name = case_texts.name(ctx, leg.receiver)
    handover_steps.tell_all(
        ctx,
        held,
        givers,
        GOES_ON,
        f"signed.{leg.n}",
        but=(leg.receiver,),
        name=name,
        rule=handover_access.row_of(ctx, held).rule,
    )
    return shown(ctx, held, ctx.t(NEXT, **facts))


def _archived(ctx: Context, held: Handover, leg: Leg, gaps: Sequence[Gap]) -> Reply:
    """Let the handover be complete: the papers are in the archive."""
    row = handover_access.row_of(ctx, held)
    values: dict[str, object] = {"state": HandoverState.COMPLETE.value}
    if row.receipt_code:
        values["receipt_code"] = _code(ctx, held)
    if not papers(ctx, held):
        values["shelved_at"] = ctx.at
    held = handover_steps.touched(ctx, held, **values)
    handover_clock.follow(ctx, held)
    lead = lead_of(ctx, held, gaps, ctx.texts)
    legs = handovers.legs(ctx.unit, held.id)
    people = {one for every in legs for one in (every.giver, every.handed_by, every.receiver)}
    people |= {leg.witness, held.opened_by, held.giver}
    handover_gap_cards.tell_owners(ctx, held, gaps)
    owners = {one.owner for one in gaps}
    for one in sorted(people - owners - {"", ctx.person.id, leg.receiver}):
        _tell(ctx, held, one, gaps)
    if leg.receiver != ctx.person.id:
        handover_card.tell(ctx, held, leg.receiver, SHELVE_IT, "shelve", number=held.number)
    handover_card.redraw(ctx, held, but=people - owners)
    return shown(ctx, held, lead)


def lead_of(ctx: Context, held: Handover, gaps: Sequence[Gap], texts: Texts) -> str:
    """Return what a handover has come to when it is signed into the archive."""
    row = handover_access.row_of(ctx, held)
    facts = {"number": held.number, "rule": row.rule}
    said = texts.t(SIGNED_GAPS, count=len(gaps), **facts) if gaps else texts.t(SIGNED, **facts)
    if held.receipt_code:
        said = "\n".join((said, texts.t(CODE, code=held.receipt_code, rule=row.rule)))
    return said


def _tell(ctx: Context, held: Handover, staff_id: str, gaps: Sequence[Gap]) -> None:
    row = handover_access.row_of(ctx, held)
    facts = {"number": held.number, "rule": row.rule, "count": len(gaps)}
    handover_card.tell(ctx, held, staff_id, SIGNED_GAPS if gaps else SIGNED, "signed", **facts)
    if held.receipt_code:
        words = {"code": held.receipt_code, "rule": row.rule}
        ctx.tell(
            staff_id,
            lambda texts: Card(texts.t(CODE, **words), title=handover_card.title(held, texts)),
            f"handover:{held.id}:code:{staff_id}",
        )


def _code(ctx: Context, held: Handover) -> str:
    """Return what accounting asks for before it pays expenses; only the signature gives it.

    Rule: S5-2.3.
    """
    mark = ctx.unit.vault.index(f"receipt:{held.id}")
    return f"{int.from_bytes(mark[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def papers(ctx: Context, held: Handover) -> tuple[handover_items.Item, ...]:
    """Return the lines that are papers; that there is nothing of value is none of them."""
    every = handover_items.of(ctx.unit, held.id)
    return tuple(one for one in every if one.state == ItemState.PRESENT and one.item != NOTHING)


NOTHING = "nothing"
"""Line of a checklist that says that there are no papers of value (S5-2.3)."""
