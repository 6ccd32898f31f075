"""What a department wishes of the statistics: it sees who would decide, and asks.

No customer is named, so who decides hangs on the department alone (S2-INFO.10, S2-INFO.11).
"""

from __future__ import annotations

import msgspec

from handlers.approvals import approvals, case_cards, case_texts
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.requests import consult
from rules.access import StaffId
from rules.chains import Approval
from rules.deciders import Matter
from rules.errors import Denied
from rules.occasions import Action, Facts, Material
from storage import affairs, attachments
from storage.affairs import AffairKind, AffairState


class Wish(msgspec.Struct, frozen=True):
    action: Action
    affair: AffairKind
    kind: str
    """Key of its requests, and the first word of what the log says of them."""
    title: str
    """What it is called (N_)."""
    no_row: str
    """Said where the policy has nobody who could approve it (N_)."""

    @property
    def facts(self) -> Facts:
        return Facts(self.action, material=Material.STATISTICS)


def start(ctx: Context, wish: Wish, form: Feature) -> Reply:
    """Show who would decide, and begin the form."""
    row = _row(ctx, wish)
    if row is None:
        return _nobody(ctx, wish)
    card = consult.foreseen(ctx, row, _matter(ctx, wish), wish.title)
    return Reply.of(card).plus(runner.start(ctx, form))


def submit(
    ctx: Context, wish: Wish, words: str, detail: str = "", files: tuple[int, ...] = ()
) -> Reply:
    """Ask for it; `detail`: code that goes with the words; `files`: attachments of the affair."""
    row = _row(ctx, wish)
    if row is None:
        return _nobody(ctx, wish)
    id_ = affairs.add(
        ctx.unit,
        wish.affair,
        staff_id=ctx.person.id,
        detail=detail,
        words=words,
        state=AffairState.HELD,
        at=ctx.at,
    )
    attachments.attach(ctx.unit, files, wish.kind, id_)
    ctx.record(f"{wish.kind}.asked", f"{wish.kind}:{id_}", row.rule)
    opened = approvals.request(ctx, wish.kind, id_, row, _matter(ctx, wish))
    if isinstance(opened, Denied):
        return Reply.of(Card(case_texts.denial(ctx, opened), title=ctx.t(wish.title)))
    return Reply((case_cards.show(ctx, opened, lead=ctx.t(consult.SENT)),))


def _row(ctx: Context, wish: Wish) -> Approval | None:
    return approvals.approval_of(ctx.policy, wish.facts)


def _matter(ctx: Context, wish: Wish) -> Matter:
    return Matter(wish.facts, StaffId(ctx.person.id), department=ctx.person.department)


def _nobody(ctx: Context, wish: Wish) -> Reply:
    return Reply.of(Card(ctx.t(wish.no_row), title=ctx.t(wish.title)))
