"""Who has to do with a loan: the borrower, who hands out and counts back, and who may know of it.

Roles become people here and nowhere else. The trap is the archive nobody minds: where nobody holds
the role, the heads of the unit that keeps the dossiers stand in, and operators hear of it.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import Card
from handlers.texts import N_, Texts
from rules import custody as custody_rules
from rules.access import Part, Sight, StaffId
from rules.hearers import Concern, Telling
from rules.incidents import IncidentKind, told_of
from rules.lending import LoanPolicy
from rules.loans import LoanState, Trigger
from rules.policy import Policy
from rules.roles import OPERATOR
from rules.secrecy import Grade
from storage import (
    case_lists,
    cases,
    custody,
    documents,
    dossiers,
    loan_items,
    loan_queue,
    loans,
    staff,
)
from storage.cases import Stored
from storage.custody import Step
from storage.directory import StaffDirectory
from storage.dossiers import Dossier
from storage.loans import Loan
from storage.staff import Person

CUSTODIAN = "custodian"

ORIGINAL = "-原"
"""How the number of an original ends that is fetched to be copied; before it stands that of the
loan of the photocopy (S3-ENG.3.5)."""

TITLE = N_("Archive")
NOBODY = N_(
    "{number}: nobody holds the post that hands papers out. Please look at the staff list."
)


def loan(ctx: Context, words: str, *, lock: bool = False) -> Loan | None:
    """Return the loan of that id if who acts may know of it, else None."""
    held = loans.get(ctx.unit, int(words), lock=lock) if words.isdecimal() else None
    if held is None or not knows(ctx, held, ctx.person):
        return None
    ctx.about.add(held.dossier_id)
    return held


def dossier_of(ctx: Context, held: Loan) -> Dossier:
    dossier = dossiers.get(ctx.unit, held.dossier_id)
    assert dossier is not None  # noqa: S101 - the loan refers to it
    return dossier


def borrower_of(ctx: Context, held: Loan) -> Person:
    person = staff.get(ctx.session, held.borrower)
    assert person is not None  # noqa: S101 - nobody is ever deleted
    return person


def holder_of(held: Loan) -> str:
    """Return who has the papers of a loan that is out: the borrower, or to whom they passed on."""
    return held.holder or held.borrower


def case_of(ctx: Context, held: Loan) -> Stored | None:
    """Return the case in which the loan was decided; None while it has no number."""
    number = (held.number or "").removesuffix(ORIGINAL)
    case_id = case_lists.by_number(ctx.session, number) if number else None
    return cases.get(ctx.unit, case_id) if case_id is not None else None


def policy_of(ctx: Context, held: Loan) -> Policy:
    """Return the policy that the loan goes by: that of the day on which it was asked for.

    Rule: S1-09.7.1.
    """
    day = ctx.policy.time.office_day(held.asked_at)
    parts = (one for one in ctx.policies.governed if one.pack == held.pack)
    part = next(parts, None)
    return part.on(day) if part else ctx.in_force.governing(held.department)


def lending_of(ctx: Context, held: Loan) -> LoanPolicy | None:
    """Return how its policy lends; None: the policy lends nothing, only copies go out."""
    return policy_of(ctx, held).loan


# -- who hands out -----------------------------------------------------------------------------


def release_of(ctx: Context, held: Loan) -> str:
    """Return the role that hands the papers out and counts them back."""
    stored = case_of(ctx, held)
    return (stored.case.approval.release if stored else None) or CUSTODIAN


def custodians(ctx: Context, held: Loan) -> tuple[str, ...]:
    """Return the staff numbers of those who hand out and count back; empty: nobody can.

    The holders of the role, else the heads of the unit that keeps the dossiers (C-76); nobody
    counts face to face with themselves (S1-14.9), so a custodian who borrows has a colleague do
    it, and where there is none a superior.
    """
    found = staff.holders(ctx.session, release_of(ctx, held))
    found = found or staff.heads(ctx.session, policy_of(ctx, held).custodian_unit)
    others = tuple(one for one in found if one != held.borrower)
    return others or (staff.chain(ctx.session, held.borrower)[:1] if found else ())


def is_custodian(ctx: Context, held: Loan, person: Person) -> bool:
    return person.active and person.id in custodians(ctx, held)


def third(ctx: Context, held: Loan, step: Step) -> str | None:
    """Return who settles a dispute: a superior of who counts for the archive, else another of
    those who keep it; one who has a chat before one who has none. Rule: S1-14.9."""
    above = staff.chain(ctx.session, step.taker)
    found = (*above, *custodians(ctx, held))
    others = [one for one in found if one not in (step.giver, step.taker)]
    return next((one for one in others if _reached(ctx, one)), next(iter(others), None))


def answers_for(ctx: Context, held: Loan, person: Person, leaver: str) -> bool:
    """Return whether a person gives back for somebody who had the papers and has left.

    Who is liable for them, or is above one of the two. Rule: C-55.
    """
    left = staff.get(ctx.session, leaver)
    if left is None or left.active:
        return False
    return (
        person.id == held.borrower
        or is_above(ctx, held, person)
        or person.id in staff.chain(ctx.session, leaver)
    )


def alarm(ctx: Context, held: Loan) -> None:
    """Tell the operators that nobody holds the role that hands out."""
    if staff.holders(ctx.session, release_of(ctx, held)):
        return
    for one in staff.holders(ctx.session, OPERATOR):
        ctx.tell(
            one,
            lambda texts: Card(texts.t(NOBODY, number=held.number or ""), title=texts.t(TITLE)),
            f"loan:{held.id}:nobody:{one}",
        )


# -- who ends one that is short or lost --------------------------------------------------------


def settlers(ctx: Context, held: Loan) -> tuple[str, ...]:
    """Return who may settle or write off what did not come back whole.

    Those whom the policy tells of a loss or a damage: never the borrower or who has the papers,
    and who keeps the archive only where nobody else hears of it.

    Rule: S1-14.7, S1-15.7.6.
    """
    policy = policy_of(ctx, held)
    kinds = (IncidentKind.LOST, IncidentKind.DAMAGED)
    roles = dict.fromkeys(role for kind in kinds for role in told_of(policy, kind).to)
    borrower = StaffId(held.borrower)
    dossier = dossier_of(ctx, held)
    concern = Concern(borrower, borrower, StaffId(dossier.keeper), dossier.department)
    telling = Telling(
        StaffDirectory(ctx.session, ctx.today), lambda one: _reached(ctx, one), ctx.today
    )
    holder = holder_of(held)
    found = [one.person for one in telling.heard(roles, concern).hearers if one.person != holder]
    keeping = custodians(ctx, held)
    return tuple(one for one in found if one not in keeping) or tuple(found)


def _reached(ctx: Context, staff_id: str) -> bool:
    person = staff.get(ctx.session, staff_id)
    return person is not None and person.active and bool(person.home_channel)


def waiters(ctx: Context, held: Loan) -> int:
    """Return how many others wait for these papers."""
    waits = loan_queue.queue(ctx.session, held.dossier_id)
    others = [one for one in waits if one.staff_id != held.borrower]
    return sum(is_waited_for(ctx, held, one.papers) for one in others) if others else 0


def is_waited_for(ctx: Context, held: Loan, papers: tuple[int, ...]) -> bool:
    """Return whether a loan has any of the papers that somebody waits for; none: of whatever is
    out. A photocopy made for it is in nobody's way. Rule: S3-LOG.2.3a."""
    items = loan_items.of(ctx.unit, held.id)
    lent = {one.document_id for one in items if one.document_id is not None}
    if any(one.whole is not None for one in items):
        return True
    return bool(lent & set(papers)) if papers else bool(lent)


def endings(ctx: Context, held: Loan) -> tuple[Trigger, ...]:
    """Return how a loan can be ended without its papers coming back whole.

    Settled where everything was counted; written off where something is not back that should be.
    """
    states = {one.state for one in loan_items.of(ctx.unit, held.id)}
    found = []
    if held.state == LoanState.SHORT and "out" not in states:
        found.append(Trigger.SETTLE)
    lent_on = held.state == LoanState.SHORT and "out" in states and not held.overdue(ctx.now)
    away = states & {"out", "missing"} and not lent_on
    if held.state in (LoanState.SHORT, LoanState.LOST) and away:
        found.append(Trigger.WRITE_OFF)
    return tuple(found)


# -- who may know ------------------------------------------------------------------------------


def knows(ctx: Context, held: Loan, person: Person) -> bool:
    """Return whether a person may know of a loan: who takes part, who is above, who is told."""
    if not person.active:
        return False
    return (
        person.id == held.borrower
        or is_custodian(ctx, held, person)
        or is_above(ctx, held, person)
        or _keeps(ctx, held, person)
        or hears_delays(ctx, held, person)
        or any(
            person.id in (one.giver, one.taker, one.witness)
            for one in custody.of_loan(ctx.unit, held.id)
        )
        or (held.out and answers_for(ctx, held, person, holder_of(held)))
        or (held.lent_at is not None and person.id in settlers(ctx, held))
    )


def is_above(ctx: Context, held: Loan, person: Person) -> bool:
    """Return whether a person is among the superiors of the borrower."""
    if held.borrower not in ctx.superiors:
        ctx.superiors[held.borrower] = staff.chain(ctx.session, held.borrower)
    return person.id in ctx.superiors[held.borrower] or held.department in person.head_of


def asks_for_proof(ctx: Context, held: Loan, person: Person) -> bool:
    """Return whether a person may ask who has the papers to show them: who looks after the loan.

    Rule: S1-15.5.3.
    """
    return person.id != holder_of(held) and (
        is_custodian(ctx, held, person)
        or is_above(ctx, held, person)
        or _keeps(ctx, held, person)
        or hears_delays(ctx, held, person)
    )


def last_proof(ctx: Context, held: Loan) -> Step | None:
    """Return the last asking for the papers to be shown, whatever became of it."""
    asked = (one for one in custody.of_loan(ctx.unit, held.id) if one.kind == "ping")
    return max(asked, key=lambda one: one.id, default=None)


def proof_until(ctx: Context, step: Step) -> datetime:
    """Return the first instant at which papers that somebody asked for are shown too late."""
    return custody_rules.proof_until(step.opened_at, ctx.policy.time, ctx.calendar)


def proof_asked(ctx: Context, held: Loan) -> bool:
    """Return whether the papers cannot be asked for again: done today, or still to be answered."""
    last = last_proof(ctx, held)
    if last is None:
        return False
    return last.state == "open" or ctx.policy.time.office_day(last.opened_at) == ctx.today


def hears_delays(ctx: Context, held: Loan, person: Person) -> bool:
    """Return whether the policy has a person told of delays or of papers missing."""
    return bool(_told(ctx, held) & person.roles)


def _keeps(ctx: Context, held: Loan, person: Person) -> bool:
    return dossier_of(ctx, held).keeper == person.id


def _told(ctx: Context, held: Loan) -> frozenset[str]:
    """Return the roles that hear of delays and of papers missing."""
    policy = policy_of(ctx, held)
    if policy.loan is None:
        return frozenset()
    kinds = (IncidentKind.LOST, IncidentKind.DAMAGED, IncidentKind.OVERDUE)
    told = {role for kind in kinds for role in told_of(policy, kind).to}
    return frozenset(told | {one.to for one in policy.loan.duty.escalate})


def seen_content(ctx: Context, dossier: Dossier, reader: Person) -> bool:
    """Return whether a reader may see what is in the dossier, where they read."""
    seen = seeing.view(ctx, dossier, reader)
    return seen.sight is Sight.FULL and seen.content


def customer(ctx: Context, dossier: Dossier, reader: Person, texts: Texts) -> str:
    """Return number and name of the dossier, as far as the reader may know of it."""
    if seeing.view(ctx, dossier, reader).sight is Sight.NONE:
        return texts.t(N_("a dossier"))
    return " ".join(filter(None, (dossier.number, seeing.customer(ctx, dossier, reader))))


def titles(ctx: Context, held: Loan, dossier: Dossier, reader: Person) -> bool:
    """Return whether papers may be named: by the grade that they have now.

    Rule: C-01, S2-SECR.12a, C-56, S1-15.6.3.
    """
    grade = grade_now(ctx, held, dossier)
    listed = Part.PAPERS in seeing.parts(ctx, dossier, reader)
    return listed and seen_content(ctx, replace(dossier, grade=grade.value), reader)


def grade_now(ctx: Context, held: Loan, dossier: Dossier) -> Grade:
    """Return the highest grade among the dossier and what of it a loan is about.

    A grade at lending that has ended since lifts its limits. Rule: C-56, S2-SECR.7.
    """
    grade = Grade(dossier.grade)
    if Grade(held.grade_at_lending) <= grade:
        return grade
    items = loan_items.of(ctx.unit, held.parent_id or held.id)
    if any(one.whole is not None for one in items):
        kept = (one for one in Grade if documents.count(ctx.session, dossier.id, [one.value]))
        return max((grade, *kept))
    ids = (one.document_id for one in items if one.document_id is not None)
    return max((grade, *(Grade(one.grade) for one in documents.many(ctx.unit, ids))))
