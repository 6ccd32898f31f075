"""The ladder of a case with a clock: which rung comes next, who hears it, what an outage left.

A rung is looked at again when it is about to be sent: what was done a second ago sends nothing,
and rungs that an outage held up become one message that says so (S1-07.2.3a). A kind of case
says what hangs on what (`Case`); everything that all kinds share is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import takewhile

import msgspec
from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.messages import Card
from handlers.texts import N_
from rules.absences import Away
from rules.hours import Window
from rules.reminders import Collapsed, Due, Ladder, StepKind, collapse, missed, next_due
from rules.reminders import occurrences as rungs_of
from rules.roles import ROLES, RoleKind
from rules.rungs import Anchor
from storage import away, ledger, staff

OWNER = "author"
"""In the keys of rungs: the person on duty."""

HELD_UP = N_("{count} earlier reminders could not be sent while the service was down.")


class Case(msgspec.Struct, frozen=True):
    kind: str
    id: int
    owner: str
    """Staff number of the person on duty."""
    ladder: Ladder
    anchor: Anchor
    begun_at: datetime
    """Rungs before it are not said."""
    at_night: bool = False
    """Whether its rungs are said in quiet hours too."""
    own: tuple[str, ...] = (OWNER,)
    """Audiences of the rungs that the person on duty hears."""

    def quiet(self, ctx: Context) -> Window | None:
        """Return the hours whose end its rungs wait for."""
        return None if self.at_night else ctx.policy.time.quiet_hours


def absences(ctx: Context, staff_id: str, day: date) -> tuple[Away, ...]:
    """Return the leave and sickness that ends on `day` or later, as the rules read it."""
    return tuple(
        Away(one.first_day, one.last_day, one.told_at)
        for one in away.upcoming(ctx.session, staff_id, day)
    )


def watch(ctx: Context, case: Case) -> bool:
    """Set the clock of a case to its next rung, or stop it when none is left (False)."""
    said = {one.rung for one in ledger.of_case(ctx.session, case.kind, case.id)}
    due = next_due(case.ladder, case.anchor, said, case.quiet(ctx), case.begun_at)
    hearer = recipient(ctx, case, due) if due else None
    if due is None or hearer is None:
        ledger.unwatch(ctx.unit, case.kind, case.id)
        return False
    ledger.watch(
        ctx.unit,
        case.kind,
        case.id,
        rung=due.key,
        due_at=due.send_at,
        staff_id=hearer,
        lane=ledger.SINGLE if case.at_night else lane(ctx, due),
    )
    return True


def pass_over(ctx: Context, case: Case) -> None:
    """Leave out reminders for a due day that struck before it was the due day.

    Otherwise a note withdrawn at 21:00, or leave that ends at 19:00, would bring the evening's
    reminders at once, as if the service had been down.
    """
    before = ledger.next_rung(ctx.session, case.kind, case.id)
    if before is not None and before.startswith(case.anchor.due.isoformat()):
        return
    leave_out(ctx, case)


def leave_out(ctx: Context, case: Case) -> None:
    """Leave out the reminders that have struck and were not said: there was no reason to."""
    for due in takewhile(lambda one: one.at <= ctx.at, _every(ctx, case)):
        if due.step.kind is StepKind.REMIND:
            ledger.skip(ctx.unit, case.kind, case.id, due.key, due.send_at, case.owner)


def rungs(ctx: Context, case: Case) -> tuple[Due, ...]:
    """Return every rung of a case, those aside that come back until something happens."""
    ends = tuple(one for one in case.ladder if not one.rung.repeat or one.rung.until == "due")
    return tuple(rungs_of(ends, case.anchor, case.quiet(ctx), case.begun_at))


def hears(ctx: Context, case: Case, rung: str) -> str | None:
    """Return who is to hear a rung as things are now."""
    struck = takewhile(lambda one: one.at <= ctx.now, _every(ctx, case))
    due = next((one for one in (*rungs(ctx, case), *struck) if one.key == rung), None)
    return recipient(ctx, case, due) if due else None


def number(ctx: Context, case: Case, due: Due) -> int:
    """Return the how-manieth notice to its audience a rung of the case is, from 1.

    Rungs that waited for the same moment are one.
    """
    before = takewhile(lambda one: one.key != due.key, _every(ctx, case))
    return len(_moments((*before, due), due))


def on_time(ctx: Context, case: Case, due: Due) -> int:
    """Return how many notices to the audience of a rung come before the deadline."""
    before = takewhile(lambda one: one.at < case.anchor.deadline, _every(ctx, case))
    return len(_moments(before, due))


def _moments(some: Iterable[Due], due: Due) -> frozenset[datetime]:
    """Return when those of them are said that go to the audience of a rung."""
    return frozenset(one.send_at for one in some if one.step.audience == due.step.audience)


def _every(ctx: Context, case: Case) -> Iterator[Due]:
    return rungs_of(case.ladder, case.anchor, case.quiet(ctx), case.begun_at)


def to_say(ctx: Context, case: Case, rung: str, key: str) -> Collapsed | None:
    """Return what the message `key` has to say for a rung, with those it stands for.

    None: the rung is no longer true, or for somebody else.
    """
    # what this very message speaks for counts as unsaid: it may be drawn again for another try
    said = ledger.of_case(ctx.session, case.kind, case.id)
    sent = {one.rung for one in said if one.outbox_key != key} - {rung}
    late = missed(case.ladder, case.anchor, sent, ctx.now, case.quiet(ctx), case.begun_at)
    mine = next(
        (one for one in collapse(late) if rung in {due.key for due in (*one.missed, one.latest)}),
        None,
    )
    if mine is None or recipient(ctx, case, mine.latest) != ctx.person.id:
        return None
    for due in (*mine.missed, mine.latest):
        if due.key != rung:
            ledger.collapse(ctx.unit, case.kind, case.id, due.key, due.send_at, ctx.person.id, key)
    return mine


def with_held_up(ctx: Context, card: Card, said: Collapsed) -> Card:
    """Return the card with a line about the rungs that should have been said before."""
    earlier = {one.send_at for one in said.missed if one.send_at < said.latest.send_at}
    if not earlier:
        return card
    held = ctx.t(HELD_UP, count=len(earlier))
    return replace(card, text=f"{card.text}\n{held}")


def lane(ctx: Context, due: Due) -> str:
    """Reminders up to the digest hour share one morning card; escalations come singly."""
    local = due.send_at.astimezone(ctx.policy.time.zone)
    early = local.hour * 60 + local.minute <= ctx.policy.time.digest.minutes
    return ledger.DIGEST if early and due.step.kind is StepKind.REMIND else ledger.SINGLE


def recipient(ctx: Context, case: Case, due: Due) -> str | None:
    """Return who hears a rung: the person on duty, or who holds the role it names."""
    if due.step.audience in case.own:
        return case.owner
    owner = staff.get(ctx.session, case.owner)
    return None if owner is None else _told(ctx, owner.id, due.step.audience)


def _told(ctx: Context, staff_id: str, role: str) -> str | None:
    """Return who holds `role` above this person, or at all; the direct superior if nobody does.

    Somebody who left or has no account is passed over while anybody else can be told.
    """
    ranked = [*staff.chain(ctx.session, staff_id)]
    if ROLES[role].kind is not RoleKind.RELATION:
        ranked += [one for one in staff.holders(ctx.session, role) if one != staff_id]
    found = (staff.get(ctx.session, one) for one in ranked)
    people = [one for one in found if one is not None]
    people.sort(key=lambda one: role not in one.roles)
    told = next((one for one in people if one.active and one.home_account), None)
    told = told or next((one for one in people if one.active), None)
    return told.id if told else None
