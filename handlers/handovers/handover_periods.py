"""Handovers that come with the calendar: a month, a year, a fiscal year of each department.

Each is opened once, by itself, when its time comes, for who gives in that department; where nobody
holds the post the department's head does. The trap is the program that was never on before: it
opens what can still be handed over in time, and does not bring up years that are past.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from handlers.context import Context
from handlers.handovers import handover_card, handover_clock
from handlers.texts import N_
from handlers.world import World
from rules.errors import DomainError
from rules.handover_days import leg_deadline, opens_on, period_end
from rules.handover_policy import HandoverPolicy, StartEvent
from rules.policy import Policy
from storage import handover_items, handovers, staff
from storage.handovers import NewHandover, NewLeg
from storage.unit import Unit

JOB = "handovers"

BEGUN = N_("The papers of {period} are to be handed over.")


class Period(msgspec.Struct, frozen=True):
    """One month or year of one kind of papers of one department."""

    policy: Policy
    row: HandoverPolicy
    first_on: date
    last_on: date
    department: str

    @property
    def subject(self) -> str:
        monthly = self.row.start is StartEvent.MONTH_END
        when = f"{self.first_on:%Y年%-m月}" if monthly else f"{self.first_on:%Y年度}"
        return f"{when} {self.department}"


def open_due(unit: Unit, world: World, day: date) -> list[Context]:
    """Open what has come up by `day` and was not opened, for each department; a context for each.

    Rule: S1-12.4.2a, S1-12.4.2b, S1-12.4.2d, S1-15.3.3, S2-DOSS.5.1, S2-DOSS.5.2, S2-DOSS.5.3,
    S5-2.4.2.
    """
    found = [_open(unit, world, one) for one in _due(unit, world, day)]
    return [one for one in found if one is not None]


def _due(unit: Unit, world: World, day: date) -> Iterator[Period]:
    for part in world.policies.governed:
        policy = part.on(day)
        for row in policy.handover:
            if not row.start.periodic:
                continue
            for first, last in _periods(row.start, day):
                if _is_up(world, policy, row, last, day):
                    for department in _departments(unit, row, part.departments):
                        yield Period(policy, row, first, last, department)


def _periods(start: StartEvent, day: date) -> list[tuple[date, date]]:
    """Return the period of `day` and the one before it."""
    this = period_end(start, day)
    first = _first(start, this)
    before = first - timedelta(days=1)
    return [(_first(start, before), before), (first, this)]


def _first(start: StartEvent, last: date) -> date:
    return last.replace(day=1) if start is StartEvent.MONTH_END else date(last.year, 1, 1)


def _is_up(world: World, policy: Policy, row: HandoverPolicy, last: date, day: date) -> bool:
    """Return whether a period's papers are to be handed over now and its day has not passed."""
    try:
        opens = opens_on(row, last, policy.time, world.calendar)
        due = leg_deadline(row, 0, last, policy.time, world.calendar)
    except DomainError:  # no calendar reaches so far
        return False
    return opens <= day <= due.last_day


def _departments(unit: Unit, row: HandoverPolicy, governed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the departments that owe it: those named, else each with somebody to give it."""
    giver = row.leg[0].giver
    people = [staff.get(unit.session, one) for one in staff.holders(unit.session, giver or "")]
    active = {one.department for one in people if one is not None and one.active}
    named: tuple[str, ...] = row.departments or tuple(sorted(active))
    return tuple(one for one in named if not governed or one in governed)


def _giver(unit: Unit, period: Period) -> str | None:
    """Return who gives for a department: who holds the post there, else its head.

    Rule: S2-DOSS.9, S1-15.3.1.
    """
    role = period.row.leg[0].giver
    for one in staff.holders(unit.session, role or ""):
        person = staff.get(unit.session, one)
        if person is not None and person.active and person.department == period.department:
            return one
    heads = (staff.get(unit.session, one) for one in staff.heads(unit.session, period.department))
    return next((one.id for one in heads if one is not None and one.active), None)


def _open(unit: Unit, world: World, period: Period) -> Context | None:
    giver_id = _giver(unit, period)
    person = staff.get(unit.session, giver_id) if giver_id else None
    known = handovers.of_period(
        unit.session,
        pack=period.policy.pack,
        kind=period.row.id,
        period_on=period.first_on,
        department=period.department,
    )
    if person is None or known is not None:
        return None
    ctx = world.context(unit, person, "", "", unit.now)
    new = NewHandover(
        pack=period.policy.pack,
        kind=period.row.id,
        department=period.department,
        subject=period.subject,
        giver=person.id,
        started_on=period.last_on,
        period_on=period.first_on,
        legs=[
            NewLeg(
                person.id if at == 0 else "",
                leg.receiver,
                witness_role=leg.witness or "",
            )
            for at, leg in enumerate(period.row.leg)
        ],
    )
    held = handovers.open_(unit, new, at=unit.now, by="")
    handover_items.lay(unit, held.id, [one.id for one in period.row.papers.item])
    handover_clock.begin(ctx, held, handovers.present(unit, held), period.last_on)
    ctx.record("handover.opened", f"handover:{held.id}", period.row.rule)
    handover_card.tell(ctx, held, person.id, BEGUN, "opened", period=period.subject)
    return ctx
