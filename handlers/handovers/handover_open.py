"""What starting a handover writes: its legs, its list, its clock; both ends get the card.

The event is what the answers say; what they cannot say (who signs, until when) comes from the
policy. The trap is the same car twice in a day: the second is opened only after somebody said
that it is another job.
"""

from __future__ import annotations

from datetime import date

import msgspec

from handlers.context import Context
from handlers.handovers import handover_access, handover_card, handover_clock
from handlers.texts import N_
from rules.handover_policy import HandoverPolicy
from storage import handover_items, handovers
from storage.handovers import Handover, NewHandover, NewLeg
from storage.staff import Person

OPENED = N_("The clock runs: {name} hands these papers over to you.")
OPENED_FOR = N_("{name} has started this handover for you; the clock runs.")
FORCED = N_("{name} has started this handover for you without a contact person ({rule}): {words}")


class Start(msgspec.Struct, frozen=True):
    """A handover as somebody wants it started."""

    pack: str
    row: HandoverPolicy
    giver: Person
    subject: str
    """As it is written on every card."""
    key: str
    """By what it is found again: the plate, else the subject."""
    day: date
    dossier_id: int | None = None
    second: str = ""
    """Staff number of B where somebody is named."""
    contact: str = ""
    forced: str = ""
    """Why it is started without a contact person; empty: there is one, or none is asked for."""


def alike(ctx: Context, start: Start) -> Handover | None:
    """Return the last handover of the same kind, thing and day that is not cancelled.

    One that who acts must not know of is none.
    """
    found = handovers.alike(ctx.unit, start.key, start.day)
    same = (one for one in found if (one.kind, one.started_on) == (start.row.id, start.day))
    return next((one for one in same if handover_access.knows(ctx, one, ctx.person)), None)


def open_(ctx: Context, start: Start) -> Handover:
    """Start the clock, and tell who hands over and who signs. Rule: S1-09.4.1, S1-09.5.3, C-09."""
    new = NewHandover(
        pack=start.pack,
        kind=start.row.id,
        department=start.giver.department,
        subject=start.subject,
        giver=start.giver.id,
        started_on=start.day,
        legs=_legs(start),
        dossier_id=start.dossier_id,
        contact=start.contact,
        subject_key=start.key,
    )
    held = handovers.open_(ctx.unit, new, at=ctx.at, by=ctx.person.id)
    handover_items.lay(ctx.unit, held.id, [one.id for one in start.row.papers.item])
    first = handovers.present(ctx.unit, held)
    handover_clock.begin(ctx, held, first, start.day)
    ctx.record("handover.opened", f"handover:{held.id}", start.row.rule, kind=start.row.id)
    if start.forced:
        rule = start.row.contact_rule or ""
        ctx.record("handover.forced", f"handover:{held.id}", rule, giver=start.giver.id)
    _tell(ctx, held, start)
    return held


def _legs(start: Start) -> list[NewLeg]:
    """Return the legs: A to B to the archive, or A to the keeper with B as the third.

    Rule: S4-LOAN.4.5a, S4-LOAN.5.2b.
    """
    last = len(start.row.leg) - 1
    legs = []
    for at, one in enumerate(start.row.leg):
        legs.append(
            NewLeg(
                giver=start.giver.id if at == 0 else start.second if at == 1 else "",
                receiver_role=one.receiver,
                receiver=start.second if at == 0 and at < last else "",
                witness_role=one.witness or "",
                witness=start.second if one.witness and last == 0 else "",
            )
        )
    return legs


def _tell(ctx: Context, held: Handover, start: Start) -> None:
    first = handovers.present(ctx.unit, held)
    if start.giver.id != ctx.person.id:
        words = FORCED if start.forced else OPENED_FOR
        facts = {"name": ctx.person.name}
        if start.forced:
            facts |= {"words": start.forced, "rule": start.row.contact_rule or ""}
        handover_card.tell(ctx, held, start.giver.id, words, "opened", **facts)
    others = (
        *handover_access.receivers(ctx, held, first),
        *handover_access.witnesses(ctx, held, first),
    )
    for one in dict.fromkeys(others):
        if one != ctx.person.id:
            handover_card.tell(ctx, held, one, OPENED, "opened", name=start.giver.name)
