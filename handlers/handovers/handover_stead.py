"""Who hands papers over for somebody who is away, and for whom somebody does so today.

It is who was named for those days, else the deputy of the staff list; the giver still can, and
whoever does is written down. The trap is the graded dossier: its papers do not come to a stand-in
who may not see that grade.
"""

from __future__ import annotations

from collections.abc import Iterator

from handlers.context import Context
from rules.access import StaffId
from rules.deciders import stand_in_of
from rules.secrecy import Grade
from storage import delegations, dossiers, handovers, staff
from storage.directory import StaffDirectory
from storage.handovers import Handover


def stand_in(ctx: Context, held: Handover, staff_id: str) -> str:
    """Return who acts in somebody's stead today; "": they are here, or nobody may.

    Never who is named to sign for those papers: two people see them (S4-LOAN.4.2b).

    Rule: C-54.
    """
    directory = StaffDirectory(ctx.session, ctx.today)
    dossier = dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None
    grade = Grade(dossier.grade) if dossier is not None else Grade.NONE

    def may(other: StaffId) -> bool:
        person = directory.colleague(other)
        return person is not None and person.clearance >= grade

    found = stand_in_of(StaffId(staff_id), directory, ctx.today, may)
    if found is None or found in {staff_id, *_signers(ctx, held, staff_id)}:
        return ""
    return found


def _signers(ctx: Context, held: Handover, giver: str) -> Iterator[str]:
    """Yield who is named to sign for what somebody still gives."""
    for leg in handovers.legs(ctx.unit, held.id):
        if leg.giver == giver and leg.closed_at is None:
            yield from (leg.receiver, leg.witness)


def stood_for(ctx: Context) -> tuple[str, ...]:
    """Return in whose stead who acts is today, through stand-ins of stand-ins. Rule: C-54."""
    directory = StaffDirectory(ctx.session, ctx.today)
    if _away_to(directory, ctx, ctx.person.id) is not None:
        return ()
    met, waiting = {ctx.person.id: None}, [ctx.person.id]
    while waiting:
        at = waiting.pop()
        given = [one.staff_id for one in delegations.to(ctx.session, at, ctx.today)]
        for one in (*given, *staff.with_deputy(ctx.session, at)):
            if one not in met and _away_to(directory, ctx, one) == at:
                met[one] = None
                waiting.append(one)
    return tuple(met)[1:]


def _away_to(directory: StaffDirectory, ctx: Context, staff_id: str) -> str | None:
    """Return whom somebody who is away leaves it to, "" to nobody; None: they are here."""
    person = directory.colleague(StaffId(staff_id))
    absence = person.absence(ctx.today) if person is not None else None
    if person is None or absence is None:
        return None
    return absence.stand_in or person.deputy or ""
