"""Whether somebody may be named to decide in one's stead for some days.

Guards against the circle: a stand-in who is away on those days and has named somebody whose way
leads back would leave the decision with nobody.
"""

from __future__ import annotations

from datetime import date

from rules.access import StaffId
from rules.deciders import Colleague, Directory
from rules.errors import Denied, Reason


def refusal(
    giver: StaffId, to: StaffId, first: date, last: date, directory: Directory, rule: str
) -> Denied | None:
    """Return every reason why `to` cannot stand in from `first` to `last`; None if they can.

    What the stand-in may see limits what comes to them later, case by case; it is no refusal.

    Rule: C-54.
    """
    person = directory.colleague(to)
    if to == giver:
        return Denied((Reason.of("own_stand_in", rule=rule, next_step="choose_another"),))
    if person is None or not person.active:
        return Denied((Reason.of("stand_in_left", rule=rule, next_step="choose_another"),))
    if _leads_to(giver, person, first, last, directory):
        reason = Reason.of("stand_in_circle", rule=rule, next_step="choose_another", person=to)
        return Denied((reason,))
    return None


def _leads_to(
    giver: StaffId, person: Colleague, first: date, last: date, directory: Directory
) -> bool:
    """Whether somebody's own stand-ins on these days lead to `giver`, on whatever way."""
    met: set[StaffId] = set()
    waiting = [person]
    while waiting:
        at = waiting.pop()
        if at.id in met:
            continue
        met.add(at.id)
        for absence in at.away:
            if absence.last_day < first or absence.first_day > last:
                continue
            other = absence.stand_in or at.deputy
            if other == giver:
                return True
            found = directory.colleague(other) if other else None
            if found is not None:
                waiting.append(found)
    return False
