"""Whose turn it is in a correction, and until when.

The trap is the step that waits on somebody who has left: from then on it is their superior's, who
hears the reminders as well.
"""

from __future__ import annotations

from handlers import ladders
from handlers.context import Context
from rules.absences import put_off
from rules.deadlines import Deadline, deadline
from rules.duty import Duty
from storage import dossiers, staff
from storage.corrections import Correction
from storage.dossiers import Dossier
from storage.staff import Person


def on_duty(ctx: Context, held: Correction) -> Person | None:
    """Return whose turn it is; the nearest superior of who has left. None: nobody's."""
    if held.waits_on is None:
        return None
    person = staff.get(ctx.session, held.waits_on)
    if person is not None and person.active:
        return person
    above = (staff.get(ctx.session, one) for one in staff.chain(ctx.session, held.waits_on))
    active = [one for one in above if one is not None and one.active]
    return next((one for one in active if one.home_account), active[0] if active else None)


def may_act(ctx: Context, held: Correction, person: Person) -> bool:
    """Return whether it is this person's turn, or that of somebody below them who has left."""
    if held.waits_on is None or not person.active:
        return False
    if held.waits_on == person.id:
        return True
    holder = staff.get(ctx.session, held.waits_on)
    left = holder is None or not holder.active
    return left and person.id in staff.chain(ctx.session, held.waits_on)


def until(ctx: Context, held: Correction) -> Deadline:
    """Return until when the present step is taken on time; leave puts it off. Rule: S5-1.X1."""
    time, start = ctx.policy.time, ctx.policy.time.office_day(held.since)
    term = duty(ctx, held).due
    due = deadline(start, term, time.rules, ctx.calendar)
    person = on_duty(ctx, held)
    away = ladders.absences(ctx, person.id, start) if person else ()
    return put_off(due, term, away, time.rules, ctx.calendar)


def duty(ctx: Context, held: Correction) -> Duty:
    """Return the duty that each step of a correction is."""
    dossier = dossier_of(ctx, held)
    return ctx.in_force.governing(dossier.department, dossier.type).update.correction


def dossier_of(ctx: Context, held: Correction) -> Dossier:
    dossier = dossiers.get(ctx.unit, held.dossier_id)
    assert dossier is not None  # noqa: S101 - the correction refers to it
    return dossier
