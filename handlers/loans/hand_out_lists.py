"""What waits at the counter: papers to be handed out, and counts to be confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.loans import loan_sides
from handlers.pages import SIZE, beside, to_today
from handlers.texts import N_
from rules.policies import Governed
from storage import custody, loan_lists, loans
from storage.custody import Step
from storage.loans import Loan

COUNTED = 50
"""Approved loans of each pack that are looked at for a count or a list."""

TITLE = N_("To hand out")
WAITING = N_("To hand out ({count})")
CONFIRMING = N_("Papers to confirm ({count})")
TO_CONFIRM = N_("To be confirmed by you")
NONE = N_("Nothing waits to be handed out.")
NONE_TO_CONFIRM = N_("Nothing waits for you to confirm.")
ENTRY = N_("{number} {name}")
PICK = N_("Open one to count it out.")


def to_hand_out(ctx: Context) -> tuple[Loan, ...]:
    """Return the approved loans that who acts would hand out, the longest approved first.

    Each pack is looked at for itself: what waits at another desk hides nothing.
    """
    packs = [one.pack for one in ctx.policies.parts if _hands_out(ctx, one)]
    some = (one for pack in packs for one in loan_lists.to_hand_out(ctx.unit, pack, COUNTED))
    mine = [one for one in some if loan_sides.is_custodian(ctx, one, ctx.person)]
    return tuple(sorted(mine, key=lambda one: (one.approved_at, one.id)))


def _hands_out(ctx: Context, part: Governed) -> bool:
    """Return whether who acts holds a post that hands papers out under a pack, or stands in.

    Rule: S1-09.7.1.
    """
    versions = part.back_from(ctx.today)
    roles = {loan_sides.CUSTODIAN, *(row.release for one in versions for row in one.approval)}
    units = {one.custodian_unit for one in versions}
    return bool(roles & ctx.person.roles) or not units.isdisjoint(ctx.person.head_of)


def show(ctx: Context, _words: str = "", page: int = 0) -> Reply:
    """List what waits to be handed out by who acts."""
    found = to_hand_out(ctx)
    return _list(ctx, found, page, (TITLE, PICK, NONE), "f.handout.list", "f.handout.count")


def waiting(ctx: Context, page: int = 0) -> Reply:
    """List the papers whose hand-out or return who acts has still to confirm or to settle."""
    found = dict.fromkeys(one.loan_id for one in _steps(ctx, custody.MOST))
    held = [one for one in (loans.get(ctx.unit, id_) for id_ in found) if one is not None]
    words = (TO_CONFIRM, PICK, NONE_TO_CONFIRM)
    return _list(ctx, held, page, words, "f.handout.waiting", "f.handout.card")


def count_waiting(ctx: Context) -> int:
    """Return how many steps wait for who acts."""
    return len(_steps(ctx, COUNTED))


def _steps(ctx: Context, limit: int) -> tuple[Step, ...]:
    """Return what waits for who acts: to be settled first, then to be confirmed."""
    disputed = custody.to_settle(ctx.unit, ctx.person.id, limit)
    return (*disputed, *custody.waiting_for(ctx.unit, ctx.person.id, limit))


def _list(
    ctx: Context,
    found: Sequence[Loan],
    page: int,
    words: tuple[str, str, str],
    list_key: str,
    opens: str,
) -> Reply:
    title, some, none = words
    shown_here = found[page * SIZE : (page + 1) * SIZE]
    buttons = tuple(Button(_entry(ctx, one), f"{opens}.{one.id}") for one in shown_here)
    more = len(found) > (page + 1) * SIZE
    nav = beside(page, more=more, key=list_key, back=to_today(ctx.texts))
    return Reply.of(
        Card(ctx.t(some if found else none), title=ctx.t(title), choices=buttons, nav=nav)
    )


def _entry(ctx: Context, held: Loan) -> str:
    name = loan_sides.borrower_of(ctx, held).name
    return ctx.t(ENTRY, number=held.number or "", name=name).strip()
