"""What is said to those who are waited for: a line for each case, and the way to its card.

One message names all that waits for who decides, the case that struck among them. The trap is the
case that was decided a moment ago: everything is looked at again when the message is sent.
"""

from __future__ import annotations

from handlers.approvals import approvals, case_cards, case_notices, case_texts
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.texts import N_
from rules.access import StaffId
from rules.escalations import DueKind, silence
from storage import case_lists, cases, ledger
from storage.cases import Stored

SIZE = 5
"""Cases in one message; with the way to the list that is what every channel shows as buttons."""

REMINDED = N_("Still waiting for you.")
ANSWER_AWAITED = N_("Your answer is still awaited; meanwhile nobody can decide.")
LINE = N_("{number} {kind} · {name}, {waits}{then}")
SINCE, DAYS = N_("waits since {moment}"), N_("has waited {count} working days")
GOES_UP = N_("; from {moment} the next higher may decide too")
LAPSES = N_("; lapses {moment}")
TITLE = N_("To decide ({count})")
MORE = N_("and {count} more")
LOOK, ALL = N_("View"), N_("All of them")


def reminder(ctx: Context, case_id: int, _rung: str, key: str) -> Card | None:
    """Draw a reminder that is about to be sent; None: it is no longer true.

    It speaks for the other cases that are to be said in the same message.
    """
    stored = cases.get(ctx.unit, case_id)
    together = {one.case_id for one in ledger.open_notices(ctx.session, key)}
    if stored is None or not stored.case.open or case_id not in together:
        return None
    me = StaffId(ctx.person.id)
    if me in stored.case.deciders:
        for other in together - {case_id}:
            ledger.settle(ctx.unit, key, "collapsed", case=(case_notices.KIND, other))
        return _waiting(ctx, stored)
    if me == stored.case.matter.requester and stored.case.asked_back:
        return _asked_back(ctx, stored)
    return None


def _waiting(ctx: Context, stored: Stored) -> Card:
    """Return what waits for who reads: the case that struck, then the others, the oldest first."""
    ids = dict.fromkeys((stored.id, *case_lists.waiting(ctx.session, ctx.person.id, SIZE)))
    shown = [one for id_ in [*ids][:SIZE] if (one := cases.get(ctx.unit, id_))]
    count = case_lists.count_waiting(ctx.session, ctx.person.id)
    lines = [ctx.t(REMINDED), *(f"· {_line(ctx, one)}" for one in shown)]
    if count > len(shown):
        lines.append(ctx.t(MORE, count=count - len(shown)))
    alone = len(shown) == 1
    buttons = [
        Button(ctx.t(LOOK) if alone else _label(ctx, one), f"f.case.open.{one.id}")
        for one in shown
    ]
    every = () if alone else (Button(ctx.t(ALL), case_cards.LIST),)
    return Card(
        "\n".join(lines), title=ctx.t(TITLE, count=count), choices=tuple(buttons), nav=every
    )


def _asked_back(ctx: Context, stored: Stored) -> Card:
    return Card(
        f"{ctx.t(ANSWER_AWAITED)}\n· {_line(ctx, stored)}",
        title=ctx.t(case_notices.TITLE),
        choices=(
            Button(ctx.t(case_cards.ANSWER), f"f.case.answer.{stored.id}"),
            Button(ctx.t(LOOK), f"f.case.open.{stored.id}"),
        ),
        columns=2,
    )


def _label(ctx: Context, stored: Stored) -> str:
    return f"{stored.number} {case_texts.name(ctx, stored.case.matter.requester)}"


def _line(ctx: Context, stored: Stored) -> str:
    """Return number, kind and who asks, how long it has waited and what comes of silence."""
    case, opened = stored.case, ctx.policy.time.office_day(stored.case.opened_at)
    days = ctx.calendar.working_days_between(opened, ctx.today)
    since = case_texts.moment(ctx, case.opened_at, ctx.texts)
    then, due = "", silence(case, approvals.rules_of(ctx))
    if due is not None:
        words = GOES_UP if due.kind is DueKind.GO_UP else LAPSES
        then = ctx.t(words, moment=case_texts.moment(ctx, due.at, ctx.texts))
    return ctx.t(
        LINE,
        number=stored.number,
        kind=ctx.t(ctx.registry.cases[stored.kind].title),
        name=case_texts.name(ctx, case.matter.requester),
        waits=ctx.t(DAYS, count=days) if days > 0 else ctx.t(SINCE, moment=since),
        then=then,
    )
