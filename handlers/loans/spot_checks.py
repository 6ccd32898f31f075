"""抽查: on working days some of who have papers are asked at random to show them.

Switched on by the policy (`[loan.spot_checks]`). Which ones is drawn anew every day from the loan,
the day and a secret of the company, so a program that is stopped halfway goes on with the same
ones, and nobody can tell beforehand. The archivist asks, and hears who has shown nothing.
"""

from __future__ import annotations

from datetime import date, datetime

from handlers.context import Context
from handlers.loans import custody_ping, loan_sides
from handlers.texts import N_
from handlers.world import World
from rules.custody import is_drawn
from rules.hours import after_quiet, instant
from rules.loans import LoanState
from storage import away, loan_lists, loans, staff
from storage.loans import Loan
from storage.staff import Person
from storage.unit import Unit

JOB = "spot_checks"

SHOW_THEM = N_(
    "Spot check: please show that the papers are with you, by a photo of the cover beside the "
    "code of the day ({rule}). {name} looks at it."
)


def day_of(world: World, now: datetime) -> date | None:
    """Return the working day whose papers are to be drawn by now; None: not at this hour."""
    day, time = world.policies.at(now).day, world.policies.at(now).company.time
    if not (_shares(world, day) and world.calendar.is_workday(day)):
        return None
    quiet = after_quiet(now, time.quiet_hours, time.zone) > now
    return None if quiet or now < instant(day, time.digest, time.zone) else day


def next_due(world: World, now: datetime) -> datetime | None:
    """Return when papers are drawn next; None: the policies draw none."""
    time = world.policies.at(now).company.time
    day = world.calendar.on_or_after(world.policies.at(now).day)
    if instant(day, time.digest, time.zone) <= now:
        day = world.calendar.next_workday(day)
    return instant(day, time.digest, time.zone) if _shares(world, day) else None


def _shares(world: World, day: date) -> dict[str, int]:
    """Return by pack how many of a hundred loans are asked for on a day."""
    lending = ((part.pack, part.on(day).loan) for part in world.policies.governed)
    return {pack: one.spot_checks.percent for pack, one in lending if one and one.spot_checks}


def ask_some(
    unit: Unit, world: World, day: date, after: int, limit: int
) -> tuple[int | None, list[Context]]:
    """Ask for up to `limit` of the papers drawn among the next loans behind `after`.

    It goes by the policy of the day: what is checked is the archive as it is.

    Returns where to go on, None: these were the last; and a context for each that was asked for.

    Rule: S1-15.5.3.
    """
    shares, secret = _shares(world, day), unit.vault.index("custody.spot_checks")
    asked: list[Context] = []
    some = loan_lists.some_out(unit, after)
    for held in some:
        if is_drawn(secret, held.id, day, shares.get(held.pack, 0)):
            ctx = _asked(unit, world, held)
            asked += [ctx] if ctx is not None else []
        if len(asked) == limit:
            return held.id, asked
    return (some[-1].id if some else None), asked


def _asked(unit: Unit, world: World, held: Loan) -> Context | None:
    borrower = staff.get(unit.session, held.borrower)
    assert borrower is not None  # noqa: S101 - nobody is ever deleted
    about = world.context(unit, borrower, "", "", unit.now)
    locked = loans.get(unit, held.id, lock=True)
    assert locked is not None  # noqa: S101 - loans are never deleted
    holder = staff.get(unit.session, loan_sides.holder_of(locked))
    asks = _who_asks(about, locked)
    if holder is None or asks is None or not _can_be_asked(about, locked, holder):
        return None
    ctx = world.context(unit, asks, "", "", unit.now)
    custody_ping.open_ask(ctx, locked, holder, SHOW_THEM, "loan.spot_checked")
    return ctx


def _can_be_asked(ctx: Context, held: Loan, holder: Person) -> bool:
    counted_out = held.lent_at is not None and ctx.policy.time.office_day(held.lent_at)
    return (
        held.state == LoanState.LENT
        and counted_out != ctx.today
        and holder.active
        and bool(holder.home_channel)
        and not away.covers(ctx.session, holder.id, ctx.today)
        and not loan_sides.proof_asked(ctx, held)
    )


def _who_asks(ctx: Context, held: Loan) -> Person | None:
    """Return the first of those who look after the archive who is here and has not the papers."""
    holder = loan_sides.holder_of(held)
    people = (staff.get(ctx.session, one) for one in loan_sides.custodians(ctx, held))
    return next(
        (
            one
            for one in people
            if one is not None and one.active and one.home_channel and one.id != holder
        ),
        None,
    )
