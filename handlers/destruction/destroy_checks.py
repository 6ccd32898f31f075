"""What a paper or a dossier that is to be destroyed depends on: who decides, what is in the way.

The trap is what happens while a list is on its way: a loan, a request, an incident. So all of it
is asked again at every step, and what is in the way drops out of the list, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import msgspec
from msgspec.structs import replace

from handlers import seeing
from handlers.approvals import approvals, deciding
from handlers.context import Context
from rules import destruction
from rules.chains import Approval
from rules.destruction import DestructionPolicy, Standing
from rules.errors import Denied, Reason
from rules.occasions import Action, Facts, Material
from rules.policy import Policy
from rules.secrecy import Grade
from storage import (
    case_lists,
    corrections,
    destructions,
    documents,
    dossiers,
    handovers,
    incidents,
    loan_items,
    loan_lists,
    staff,
)
from storage.destructions import DestructionList, Item
from storage.documents import Document
from storage.dossiers import Dossier
from storage.loan_items import Why
from storage.staff import Person

KIND = "destroy"
RULE = "S2-INFO.25"
"""Clause that what has expired and is without value is destroyed as prescribed, if no row says."""
DRAFT = "-"
"""In place of the number of a list that has none yet."""
ALL_GRADES = tuple(one.value for one in Grade)
HANDOVERS = 20
"""The latest handovers of a dossier, which are looked at for one that is still open."""

_AWAY = frozenset({Why.OUT, Why.MISSING})


class Thing(msgspec.Struct, frozen=True, dict=True):
    """A paper, or a dossier as a whole."""

    ctx: Context
    dossier: Dossier
    paper: Document | None
    listed: Grade = Grade.NONE
    """Its grade when it was listed, papers that are destroyed included."""

    @cached_property
    def grade(self) -> Grade:
        """The highest of what it holds."""
        some = (
            documents.page(self.ctx.unit, self.dossier.id, ALL_GRADES, documents.MOST)
            if self.paper is None
            else (self.paper,)
        )
        grades = (Grade(self.dossier.grade), *(Grade(one.grade) for one in some))
        return max(self.listed, *grades)

    @property
    def as_graded(self) -> Dossier:
        """Its dossier with the grade of the thing itself: who may see that sees the thing."""
        return replace(self.dossier, grade=self.grade.value)

    @property
    def there(self) -> bool:
        """Whether it is kept, and its dossier is on file."""
        return self.dossier.state == "active" and (
            self.paper is None or self.paper.state == "kept"
        )

    @property
    def maker(self) -> str:
        """The department that made it, whose head appraises it. Rule: S2-DOSS.29.1."""
        return deciding.maker(self.dossier)

    @property
    def policy(self) -> Policy:
        return seeing.policy_of(self.ctx, seeing.Subject.of(self.dossier))

    @property
    def facts(self) -> Facts:
        """What the choice of who decides depends on. Rule: C-68."""
        known = replace(deciding.facts(Action.DESTROY, self.dossier), grade=self.grade)
        if self.paper is None or self.paper.material == Material.DOSSIER.value:
            return known
        return replace(known, material=Material(self.paper.material))

    @property
    def row(self) -> Approval | None:
        """Who decides; None: nobody can allow it."""
        return approvals.approval_of(self.policy, self.facts)


def thing_of(ctx: Context, item: Item) -> Thing:
    """Return what a line is about, as it is now."""
    dossier = dossiers.get(ctx.unit, item.dossier_id)
    assert dossier is not None  # noqa: S101 - the line refers to it
    paper = documents.get(ctx.unit, item.document_id) if item.document_id is not None else None
    return Thing(ctx, dossier, paper, Grade(item.grade))


def refusal(
    ctx: Context, thing: Thing, ended_on: date, custodian: Person, rule: str, but: int = 0
) -> Denied | None:
    """Return why a thing may not stand on a list; `ended_on`: last day of its retention.

    `rule`: clause of the approval. `but`: the list in question, which is not in its own way.

    Rule: S2-DOSS.29.1, S1-12.1.4, S2-SECR.12a, C-68.
    """
    of, paper = thing.dossier.id, thing.paper.id if thing.paper else None
    blocks = loan_items.blocking(ctx.unit, of, None if paper is None else (paper,))
    standing = Standing(
        ended_on,
        thing.grade,
        on_list=_on_list(ctx, of, paper, but),
        lent=any(one.why in _AWAY for one in blocks),
        reserved=any(one.why not in _AWAY for one in blocks),
        case=_busy(ctx, thing.dossier),
        incident=incidents.open_on(ctx.session, of),
        there=thing.there,
    )
    return destruction.refusal(standing, Grade(custodian.clearance), ctx.today, rule)


def _on_list(ctx: Context, dossier_id: int, paper_id: int | None, but: int) -> str:
    """Return the number of another list on which a thing stands; empty: none.

    A draft of somebody who no longer is a custodian is in nobody's way.
    """
    keepers = staff.holders(ctx.session, destruction.CUSTODIAN)
    listed = destructions.on_lists(ctx.session, dossier_id, paper_id)
    others = (
        one.number or DRAFT
        for one in listed
        if one.list_id != but and (one.number or one.drawn_by in keepers)
    )
    return next(others, "")


def _busy(ctx: Context, dossier: Dossier) -> bool:
    """Return whether something about a dossier waits to be decided, corrected or handed over."""
    if any(kind != KIND for kind in case_lists.kinds_on(ctx.session, dossier.id)):
        return True
    if corrections.open_on(ctx.unit, dossier.id):
        return True
    if any(one.state == "asked" for one in loan_lists.open_on(ctx.unit, dossier.id)):
        return True
    given = handovers.of_dossier(ctx.unit, dossier.id, HANDOVERS)
    return any(one.open for one in given)


def drop_blocked(
    ctx: Context, held: DestructionList, custodian_id: str
) -> tuple[tuple[Item, Denied], ...]:
    """Let the lines drop out that may not be destroyed any more; return them with the reasons.

    `custodian_id`: who destroys them.

    Rule: S2-DOSS.29.1.
    """
    custodian = staff.get(ctx.session, custodian_id)
    assert custodian is not None  # noqa: S101 - nobody is ever deleted
    listed = [one for one in destructions.items(ctx.unit, held.id) if one.state == "listed"]
    for dossier_id in sorted({one.dossier_id for one in listed}):
        dossiers.get(ctx.unit, dossier_id, lock=True)
    dropped = []
    for one in listed:
        thing = thing_of(ctx, one)
        denied = refusal(ctx, thing, one.ended_on, custodian, held.rule, held.id)
        if denied is not None:
            destructions.drop(ctx.unit, one.id, denied.reasons[0].code)
            dropped.append((one, denied))
    return tuple(dropped)


def facts_of(ctx: Context, lines: Sequence[Item]) -> Facts:
    """Return what the choice of who decides on these lines depends on: the strictest grade."""
    things = [thing_of(ctx, one) for one in lines]
    return max((one.facts for one in things), key=lambda one: one.grade)


def grade(ctx: Context, held: DestructionList) -> Grade:
    """Return the highest grade of what stands on a list."""
    lines = (one for one in destructions.items(ctx.unit, held.id) if one.state == "listed")
    return max((thing_of(ctx, one).grade for one in lines), default=Grade.NONE)


def policy_of(ctx: Context, held: DestructionList) -> DestructionPolicy | None:
    """Return what the policy of a list says of what follows its approval."""
    every = (one for one in ctx.in_force.every if one.pack == held.pack)
    return next((one.destruction for one in every), None)


def witness_refusal(ctx: Context, held: DestructionList, witness: Person) -> Reason | None:
    """Return why somebody cannot witness what stands on a list; None: they can.

    Rule: S2-DOSS.29.3, S1-12.1.4.
    """
    return destruction.witness_refusal(
        witness.id,
        witness.roles,
        Grade(witness.clearance),
        carriers=[one for one in (held.drawn_by, held.carried_by) if one],
        grade=grade(ctx, held),
        rule=witness_rule(ctx, held),
    )


def witness_rule(ctx: Context, held: DestructionList) -> str:
    """Return the clause of the place and the witness."""
    policy = policy_of(ctx, held)
    return policy.witness_rule if policy else held.rule
