"""/overdue 逾期: what is late, for who keeps the papers and for superiors, with a tap to remind.

The archive sees all of it, a superior what their people have, the longest overdue first.
"""

from __future__ import annotations

from handlers.approvals.case_cards import here
from handlers.approvals.case_texts import name as name_of
from handlers.context import Context
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.feature import Feature
from handlers.loans import loan_cards, loan_clock, loan_sides
from handlers.pages import to_today
from handlers.texts import N_
from rules import borrowing
from rules.loans import LoanKind
from rules.policy import Policy
from storage import loan_lists, loans, roster, staff
from storage.loan_lists import Late, Mark
from storage.loans import Loan

SIZE = MAX_CHOICES // 2
LIST = "f.overdue.list"

TITLE = N_("Overdue loans")
TITLED = N_("Overdue loans of others ({count})")
NOTHING = N_("Nothing is overdue. Well kept.")
NOBODY = N_("You have nobody's loans to look after.")
OWN = N_("You have nobody's loans to look after, but {count} of your own are overdue.")
LINE = N_("{number} {customer} · {name} ({department}) · due {day}, {days} days over")
LINE_NOW = N_("{number} {customer} · {name} ({department}) · due {day}, overdue")
FIRST, REMIND = N_("From the start"), N_("Remind")


def _late(ctx: Context) -> Late | None:
    """Return whose loans this person looks after; None: nobody's.

    Who hands out under a policy looks after all of it; a superior after their people, those who
    have left too (C-55).
    """
    if loan_sides.CUSTODIAN in ctx.person.roles:
        return Late(everyone=True)
    packs = tuple(one.pack for one in ctx.in_force.every if _desks(one) & ctx.person.roles)
    if packs:
        return Late(packs=packs)
    me = ctx.person.id
    below = (*staff.team(ctx.session, me), *roster.leavers_below(ctx.session, me))
    if below:
        return Late(borrowers=tuple(one.id for one in below))
    return Late(departments=ctx.person.head_of) if ctx.person.head_of else None


def _desks(policy: Policy) -> frozenset[str]:
    """Return the roles that hand papers out under a policy."""
    kinds = {borrowing.action_of(policy, kind) for kind in LoanKind if kind.comes_back}
    rows = (row for row in policy.approval if row.action in kinds)
    return frozenset(row.release for row in rows if row.release)


def count(ctx: Context) -> int:
    """Return how many loans of others are overdue that this person looks after."""
    late = _late(ctx)
    return loan_lists.count_overdue(ctx.session, ctx.now, late) if late else 0


def show(ctx: Context, _words: str = "", *, after: Loan | None = None) -> Reply:
    """List what is overdue, the longest first; `after`: the last loan of the page before."""
    late = _late(ctx)
    if late is None:
        own = loan_lists.burden(ctx.session, ctx.person.id, ctx.now).overdue
        said = ctx.t(OWN, count=own) if own else ctx.t(NOBODY)
        mine = (Button(ctx.t(loan_clock.MINE), "f.loans.list"),)
        return Reply.of(Card(said, title=ctx.t(TITLE), choices=mine, nav=(to_today(ctx.texts),)))
    mark: Mark | None = None
    if after is not None and after.due_at is not None:
        mark = after.due_at, after.id
    found = loan_lists.overdue(ctx.unit, ctx.now, late, SIZE + 1, mark)
    lines, buttons = [], []
    for held in found[:SIZE]:
        if not loan_sides.knows(ctx, held, here(ctx)):
            continue
        lines += _lines(ctx, held)
        label = f"{held.number or '-'} {name_of(ctx, held.borrower)}"
        buttons.append(Button(label, f"f.loans.card.{held.id}"))
        if loan_clock.can_nudge(held):
            buttons.append(Button(ctx.t(REMIND), f"f.loans.nudge.{held.id}"))
    total = loan_lists.count_overdue(ctx.session, ctx.now, late)
    nav = [Button(ctx.t(FIRST), LIST)] if mark else []
    if len(found) > SIZE:
        nav.append(Button("›", f"f.overdue.page.{found[SIZE - 1].id}"))
    return Reply.of(
        Card(
            "\n".join(lines) or ctx.t(NOTHING),
            title=ctx.t(TITLED, count=total) if total else ctx.t(TITLE),
            choices=tuple(buttons),
            columns=2,
            nav=(*nav, to_today(ctx.texts)),
            protect=True,
        )
    )


def _lines(ctx: Context, held: Loan) -> list[str]:
    assert held.due_on is not None  # noqa: S101 - it was handed out
    dossier, reader = loan_sides.dossier_of(ctx, held), here(ctx)
    days = (ctx.today - held.due_on).days
    line = ctx.t(
        LINE if days else LINE_NOW,
        number=held.number or "-",
        customer=loan_sides.customer(ctx, dossier, reader, ctx.texts),
        name=name_of(ctx, held.borrower),
        department=held.department,
        day=ctx.texts.day(held.due_on, ctx.today),
        days=days,
    )
    said = loan_cards.explained(ctx, held, reader, ctx.texts)
    return [f"· {line}", *([f"  {said}"] if said else [])]


def page(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show what comes after a loan in the list."""
    words = arguments[0]
    return show(ctx, after=loans.get(ctx.unit, int(words)) if words.isdecimal() else None)


FEATURE = Feature(
    key="overdue",
    title=TITLE,
    command="overdue",
    words=("逾期",),
    open=show,
    actions={"list": lambda ctx, _arguments: show(ctx), "page": page},
    listed=False,
)
