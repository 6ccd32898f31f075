"""Who has to do with a handover: who gives, signs, witnesses, settles, and who may know of it.

Roles become people here and nowhere else. The trap is the giver who keeps the archive as well:
nobody signs for the own papers, so a colleague does, else the head of the unit that keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from handlers.context import Context
from handlers.handovers import handover_stead
from rules.access import StaffId
from rules.checklists import Checklist
from rules.errors import DomainError
from rules.handover_policy import HandoverPolicy
from rules.handovers import HandoverState, LegState
from rules.hearers import Concern, Telling
from rules.policy import Policy
from rules.roles import ROLES, RoleKind
from storage import dossiers, handover_gaps, handovers, staff
from storage.directory import StaffDirectory
from storage.handovers import Handover, Leg
from storage.staff import Person

FORGED = "S1-07.3.3.2a"
"""Clause under which a press of somebody whom it does not concern is refused and logged."""

OF_DEPARTMENT = frozenset({"archivist_part"})
"""Roles that each department has holders of its own of (S2-DOSS.9, S5-2.3)."""


class Act(StrEnum):
    """What somebody may do with a handover as it stands now."""

    SEE = "see"
    GIVE = "give"
    """Fill in the list, hand over, ask for more time: the present leg is open."""
    TAKE_BACK = "take_back"
    """Take back what was handed over and nobody has signed for."""
    SIGN = "sign"
    """Count, sign, send back, dispute: the present leg was handed over."""
    WITNESS = "witness"
    SETTLE = "settle"
    MOVE = "move"
    """Change the day of the event; a month or a year ends when it ends."""
    CANCEL = "cancel"
    SHELVE = "shelve"
    REPLACE = "replace"
    """Name another giver: who answers for the department, or is above the giver."""


def known(ctx: Context, words: str, *, lock: bool = False) -> Handover | None:
    """Return the handover of that id if who acts may know of it, else None; a strange press is
    logged. `lock`: nobody else changes it until the unit ends."""
    held = handovers.get(ctx.unit, int(words), lock=lock) if words.isdecimal() else None
    if held is None:
        return None
    if not knows(ctx, held, ctx.person):
        ctx.record("handover.press_refused", f"handover:{held.id}", FORGED)
        return None
    if held.dossier_id is not None:
        ctx.about.add(held.dossier_id)
    return held


# -- by what it goes ---------------------------------------------------------------------------


def policy_of(ctx: Context, held: Handover) -> Policy:
    """Return the policy that a handover goes by: that of the day on which it was opened.

    It goes on by its pack, also where the company runs that no longer, or took its kind out.

    Rule: S1-09.7.1.
    """
    day = ctx.policy.time.office_day(held.opened_at)
    versions = ctx.policies.versions(held.pack, day)
    having = (one for one in versions if one.handover_of(held.kind) is not None)
    return next(having, None) or ctx.in_force.governing(held.department)


def row_of(ctx: Context, held: Handover) -> HandoverPolicy:
    """Return the row of its policy.

    Raises:
        DomainError: no version of its pack has it.
    """
    row = policy_of(ctx, held).handover_of(held.kind)
    if row is None:
        raise DomainError(f"{held.number} goes by {held.pack}, which has no handover {held.kind}")
    return row


def papers_of(ctx: Context, held: Handover) -> Checklist:
    return row_of(ctx, held).papers


# -- who it is ---------------------------------------------------------------------------------


def giver_of(ctx: Context, leg: Leg) -> str:
    """Return who gives: the person of the leg, or the next superior there where they left.

    Rule: C-55.
    """
    for one in (leg.giver, *staff.chain(ctx.session, leg.giver)) if leg.giver else ():
        person = staff.get(ctx.session, one)
        if person is not None and person.active:
            return one
    return leg.giver


def givers(ctx: Context, held: Handover, leg: Leg) -> tuple[str, ...]:
    """Return who may give: whose papers they are and, while they are away, who stands in.

    Rule: C-54, C-55.
    """
    giver = giver_of(ctx, leg)
    return tuple(filter(None, (giver, handover_stead.stand_in(ctx, held, giver))))


def receivers(ctx: Context, held: Handover, leg: Leg) -> tuple[str, ...]:
    """Return who may sign for a leg: who is named, else each holder of its role.

    Never who gives; where nobody else holds the role the heads of the unit that keeps the
    archive sign, and where they give themselves their superior.

    Rule: S1-09.4.1, C-76, S1-14.9.
    """
    return _signers(ctx, held, leg, leg.receiver_role, leg.receiver)


def counters(ctx: Context, held: Handover, leg: Leg) -> tuple[str, ...]:
    """Return who looks after what a leg has brought: in the archive each holder of its role.

    Rule: S1-09.4.1, S1-14.9.
    """
    if not leg.into_archive:
        return receivers(ctx, held, leg)
    signed = (leg.receiver,) if leg.receiver and leg.signed_at is not None else ()
    return tuple(dict.fromkeys((*signed, *_signers(ctx, held, leg, leg.receiver_role, ""))))


def witnesses(ctx: Context, held: Handover, leg: Leg) -> tuple[str, ...]:
    """Return who may sign as the third; never giver or receiver. Rule: S1-12.4.4."""
    found = _signers(ctx, held, leg, leg.witness_role, leg.witness)
    return tuple(one for one in found if leg.signed_at is None or one != leg.receiver)


def settlers(ctx: Context, held: Handover) -> tuple[str, ...]:
    """Return who settles what the sides see differently, none of them; else who is above them."""
    leg = handovers.present(ctx.unit, held)
    sides = {giver_of(ctx, leg), leg.handed_by, leg.receiver}
    found = [one for one in _told(ctx, held, [row_of(ctx, held).disputes_to]) if one not in sides]
    above = (one for one in staff.chain(ctx.session, leg.giver) if one not in sides)
    return tuple(found) or tuple(above)[:1]


def heads(ctx: Context, held: Handover) -> tuple[str, ...]:
    """Return who answers for the department that gives. Rule: S1-09.3.2, S1-09.3.3."""
    return _told(ctx, held, [row_of(ctx, held).head])


def concerned(ctx: Context, held: Handover) -> tuple[str, ...]:
    """Return who may have a copy of the card: both sides of every leg, and who settles."""
    people: list[str] = [held.giver, held.opened_by]
    for leg in handovers.legs(ctx.unit, held.id):
        if leg.state != LegState.WAITING:
            people += [*givers(ctx, held, leg), leg.handed_by, leg.receiver, leg.witness]
            people += [*receivers(ctx, held, leg), *witnesses(ctx, held, leg)]
        if leg.state == LegState.DISPUTED:
            people += settlers(ctx, held)
    return tuple(dict.fromkeys(filter(None, people)))


# -- what they may -----------------------------------------------------------------------------


def knows(ctx: Context, held: Handover, person: Person) -> bool:
    """Return whether a person may know of a handover: who takes part, who is above, who is told.

    Rule: S1-09.3.1, S1-09.3.2, S1-09.3.3.
    """
    if not person.active:
        return False
    if person.id in (held.giver, held.opened_by) or held.department in person.head_of:
        return True
    legs = handovers.legs(ctx.unit, held.id)
    if any(person.id in (one.giver, one.handed_by, one.receiver, one.witness) for one in legs):
        return True
    if any(person.id in (*receivers(ctx, held, one), *witnesses(ctx, held, one)) for one in legs):
        return True
    return (
        any(one.owner == person.id for one in handover_gaps.of(ctx.unit, held.id))
        or _stands_in(ctx, held, legs, person)
        or person.id in staff.chain(ctx.session, held.giver)
        or person.id in (*heads(ctx, held), *settlers(ctx, held))
        or policy_of(ctx, held).custodian_unit in person.head_of
        or _keeps(ctx, held, person)
    )


def may(ctx: Context, held: Handover, person: Person) -> frozenset[Act]:
    """Return what a person may do with a handover now; empty: they learn nothing of it.

    Rule: S1-09.4.1, S1-12.4.4, S4-LOAN.4.2a, S4-LOAN.4.2b, S4-LOAN.4.2c.
    """
    if not knows(ctx, held, person):
        return frozenset()
    leg = handovers.present(ctx.unit, held)
    found = {Act.SEE}
    if held.state == HandoverState.OPEN:
        found.update(_of_leg(ctx, held, leg, person))
    if held.state == HandoverState.COMPLETE and person.id in counters(ctx, held, leg):
        found.add(Act.SHELVE)
    return frozenset(found)


def _stands_in(ctx: Context, held: Handover, legs: Iterable[Leg], person: Person) -> bool:
    """Return whether a person acts today for somebody who still has to give or supply papers."""
    open_ = (LegState.OPEN, LegState.HANDED, LegState.DISPUTED)
    absent = {giver_of(ctx, one) for one in legs if one.state in open_}
    absent |= {one.owner for one in handover_gaps.of(ctx.unit, held.id) if one.open}
    return any(handover_stead.stand_in(ctx, held, one) == person.id for one in absent)


def _of_leg(ctx: Context, held: Handover, leg: Leg, person: Person) -> Iterable[Act]:
    owns, leads = person.id == giver_of(ctx, leg), person.id in heads(ctx, held)
    gives = owns or person.id in givers(ctx, held, leg)
    first, periodic = leg.n == 1, held.period_on is not None
    match leg.state:
        case LegState.OPEN:
            if gives:
                yield Act.GIVE
            if first and not periodic and (leads or (owns and not leg.late(ctx.now))):
                yield Act.MOVE
        case LegState.HANDED:
            unsigned = leg.signed_at is None and leg.witnessed_at is None
            if unsigned and (gives or person.id == leg.handed_by):
                yield Act.TAKE_BACK
            if leg.signed_at is None and person.id in receivers(ctx, held, leg):
                yield Act.SIGN
            if leg.witnessed_at is None and person.id in witnesses(ctx, held, leg):
                yield Act.WITNESS
        case LegState.DISPUTED:
            if person.id in settlers(ctx, held):
                yield Act.SETTLE
    if leg.state == LegState.OPEN and (leads or person.id in staff.chain(ctx.session, leg.giver)):
        yield Act.REPLACE
    if leg.state == LegState.OPEN and _cancels(ctx, held, person, leads or (owns and first)):
        yield Act.CANCEL


def _cancels(ctx: Context, held: Handover, person: Person, own: bool) -> bool:
    """Return whether a person can cancel a handover; `own`: they give it or lead who does.

    What a department owes of every month or year it cannot cancel itself: nobody withholds papers,
    and where there are none the list says so. Who heads the unit that keeps the archive can.

    Rule: S1-12.4.1, S1-15.1.1.
    """
    if held.period_on is None:
        return own
    return policy_of(ctx, held).custodian_unit in person.head_of


def _signers(ctx: Context, held: Handover, leg: Leg, role: str, named: str) -> tuple[str, ...]:
    """Return who signs for a role: who is named or has signed, else whoever holds it."""
    if not role:
        return ()
    gives = {leg.giver, giver_of(ctx, leg), leg.handed_by}
    if named and named not in gives:
        return (_there(ctx, named, gives),)
    others = tuple(one for one in _holders(ctx, held, role) if one not in gives)
    if others:
        return others
    unit = staff.heads(ctx.session, policy_of(ctx, held).custodian_unit)
    above = tuple(one for one in unit if one not in gives)
    return (
        above or tuple(one for one in staff.chain(ctx.session, leg.giver) if one not in gives)[:1]
    )


def _there(ctx: Context, named: str, gives: Iterable[str]) -> str:
    """Return who is named, or the next superior who is there where they left. Rule: C-55."""
    person = staff.get(ctx.session, named)
    if person is not None and person.active:
        return named
    above = (one for one in staff.chain(ctx.session, named) if one not in gives)
    return next(above, named)


def _holders(ctx: Context, held: Handover, role: str) -> tuple[str, ...]:
    if ROLES[role].kind is RoleKind.RELATION:
        return staff.heads(ctx.session, held.department)
    found = staff.holders(ctx.session, role)
    if role not in OF_DEPARTMENT:
        return found
    people = (staff.get(ctx.session, one) for one in found)
    own = tuple(one.id for one in people if one and one.department == held.department)
    return own or found


def _told(ctx: Context, held: Handover, roles: Iterable[str]) -> tuple[str, ...]:
    keeper = dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None
    giver = StaffId(held.giver)
    concern = Concern(None, giver, StaffId(keeper.keeper) if keeper else None, held.department)
    telling = Telling(
        StaffDirectory(ctx.session, ctx.today), lambda one: _reached(ctx, one), ctx.today
    )
    return tuple(one.person for one in telling.heard(roles, concern).hearers)


def _reached(ctx: Context, staff_id: str) -> bool:
    person = staff.get(ctx.session, staff_id)
    return person is not None and person.active and bool(person.home_channel)


def _keeps(ctx: Context, held: Handover, person: Person) -> bool:
    dossier = dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None
    return dossier is not None and dossier.keeper == person.id
