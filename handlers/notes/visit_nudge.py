"""A superior reminds who has not noted a visit, by one tap on the message that says so.

The trap is a tap at any time: the note may have been filed, or the visitor may have left or have
another superior by then.
"""

from __future__ import annotations

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.notes import duties
from handlers.texts import N_, Texts
from storage import staff, visits

SAID = N_("{by} asks for the note about {customer} on {day}; it was due by {until} ({rule}).")
DONE = N_("{name} is reminded, once a day at most.")
NOTHING = N_("Nothing is missing here any more.")


def nudge(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Remind the visitor, once an office day; only who is above them can. Rule: S1-07.2.3a."""
    visit = visits.get(ctx.unit, int(arguments[0])) if arguments[0].isdecimal() else None
    owner = staff.get(ctx.session, visit.staff_id) if visit is not None else None
    above = owner is not None and ctx.person.id in staff.chain(ctx.session, owner.id)
    if visit is None or owner is None or not above or not owner.active or visit.state != "missed":
        return Reply(alert=ctx.t(NOTHING))
    until = duties.deadline(ctx, visit)
    rule = duties.policy_of(ctx, visit).visit.note.due.rule

    def card(texts: Texts) -> Card:
        said = texts.t(
            SAID,
            by=ctx.person.name,
            customer=seeing.customer(ctx, visit, owner),
            day=texts.day(visit.day),
            until=texts.last_minute(until),
            rule=rule,
        )
        note = Button(texts.t(N_("Write the note")), f"f.plan.note.{visit.id}")
        clause = Button(texts.t(N_("Clause")), f"f.help.clause.{rule}")
        return Card(said, title=texts.t(duties.OVERDUE), choices=(note, clause), columns=2)

    ctx.tell(owner.id, card, f"visit:{visit.id}:nudge:{ctx.today}")
    ctx.record("visit.nudged", f"visit:{visit.id}", rule, to=owner.id)
    return Reply(alert=ctx.t(DONE, name=owner.name))
