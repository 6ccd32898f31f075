"""Who looked at whose dossiers: told to each keeper on Mondays, and kept in a list to open.

A week that nobody looked in says nothing. The sales director, who keeps and administers company
level at once, may look at all of it; the general manager gets the list (C-03).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.dossiers import reveal
from handlers.feature import Clockwork, Feature
from handlers.pages import SIZE, beside, page_of, to_today
from handlers.texts import N_
from handlers.world import World
from rules import hours
from rules.access import Right
from rules.policy import Policy
from storage import dossiers, ledger, looks, staff
from storage.looks import Look, Span, Way
from storage.unit import Unit

KIND = "looks"
COMPANY = "accesses"
WATCHED, TOLD = "sales_director", "gm"
"""Whose looks at company level are listed, and to whom (C-03)."""
WEEK = timedelta(days=7)
NAMED = 5

TITLE = N_("Who looked at your dossiers")
LAST_WEEK = N_("Others looked at your dossiers last week: {count} times")
VISITOR = N_("{name}: {count} times, {dossiers} dossiers")
AND_MORE = N_("and {count} more people")
COMPANY_TITLE = N_("Looks at company level")
COMPANY_WEEK = N_("The sales director looked at dossiers of company level last week (C-03)")
OPEN = N_("See the list")
NOBODY = N_("Nobody looked in that week.")
NOT_YOURS = N_("This list is not open to you.")
LOOK = N_("{moment} {name}: {customer} · {way} ({right})")
WEEK_OF = N_("{title}, {first} to {last}")
EARLIER_WEEK = N_("Week before")
WAYS = {
    Way.CARD: N_("dossier"),
    Way.NOTE: N_("visit note"),
    Way.HISTORY: N_("history of a note"),
    Way.FILES: N_("attachments"),
    Way.COMMENT: N_("comment on a note"),
    Way.PAPERS: N_("list of papers"),
    Way.REGISTER: N_("loan register"),
    Way.REVEAL: N_("personal fields in full"),
}
RIGHTS = {
    Right.KEEPER: N_("as keeper"),
    Right.AUTHOR: N_("as author"),
    Right.SUPERIOR: N_("as superior"),
    Right.READER: N_("by role"),
    Right.GRANTED: N_("by approval"),
}


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def span_before(policy: Policy, monday: date) -> Span:
    """Return the week that ended when that Monday began."""
    return Span(policy.time.day_start(monday - WEEK), policy.time.day_start(monday))


def sum_up(unit: Unit, world: World, monday: date, after: str, limit: int) -> str | None:
    """Let the next `limit` keepers behind `after` be told of the week before that Monday.

    The case is the first look of the week, so that doing it twice tells once. Returns where to
    go on; None: everybody was asked after.
    """
    policies, session = world.policies.on(monday), unit.session
    policy = policies.company
    span = span_before(policy, monday)
    if not after and any(one.dossier.levels for one in policies.every):
        first = looks.first_at_company_level(session, staff.holders(session, WATCHED), span)
        told = next(iter(staff.holders(session, TOLD)), None)
        if first is not None and told is not None:
            _watch(unit, policy, COMPANY, first, monday, told)
    found = looks.first_of_keepers(session, span, after, limit)
    for keeper, first in found:
        if first is not None:
            _watch(unit, policy, KIND, first, monday, keeper)
    return found[-1][0] if len(found) == limit else None


def _watch(
    unit: Unit, policy: Policy, kind: str, case_id: int, monday: date, staff_id: str
) -> None:
    due = hours.instant(monday, policy.time.digest, policy.time.zone)
    ledger.watch(unit, kind, case_id, monday.isoformat(), due, staff_id, ledger.DIGEST)


def _say(ctx: Context, case_id: int, rung: str, _key: str) -> Card | None:
    """Tell a keeper who looked in the week before the Monday that `rung` names."""
    ledger.unwatch(ctx.unit, KIND, case_id)
    span = span_before(ctx.policy, date.fromisoformat(rung))
    found = looks.visitors(ctx.session, ctx.person.id, span)
    if not found:
        return None
    lines = [ctx.t(LAST_WEEK, count=sum(one.count for one in found))]
    lines += [
        ctx.t(VISITOR, name=one.name, count=one.count, dossiers=one.dossiers)
        for one in found[:NAMED]
    ]
    if len(found) > NAMED:
        lines.append(ctx.t(AND_MORE, count=len(found) - NAMED))
    return Card(
        "\n".join(lines),
        title=ctx.t(TITLE),
        choices=(Button(ctx.t(OPEN), f"f.looks.week.{rung}"),),
        nav=(to_today(ctx.texts),),
    )


def _say_company(ctx: Context, case_id: int, rung: str, _key: str) -> Card | None:
    ledger.unwatch(ctx.unit, COMPANY, case_id)
    if TOLD not in ctx.person.roles:
        return None
    return Card(
        ctx.t(COMPANY_WEEK),
        title=ctx.t(COMPANY_TITLE),
        choices=(Button(ctx.t(OPEN), f"f.looks.company.{rung}"),),
        nav=(to_today(ctx.texts),),
    )


def show(ctx: Context, _words: str = "") -> Reply:
    """List who looked at one's own dossiers in this week so far."""
    return week(ctx, ((monday_of(ctx.today) + WEEK).isoformat(),))


def week(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List the looks of others at one's own dossiers in the week before a Monday, by page."""

    def found(span: Span, limit: int, offset: int) -> tuple[Look, ...]:
        return looks.of_keeper(ctx.unit, ctx.person.id, span, limit, offset)

    return _list(ctx, arguments, "week", TITLE, found)


def company(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List the sales director's looks at company level to the general manager. Rule: C-03."""
    if TOLD not in ctx.person.roles:
        return Reply(alert=ctx.t(NOT_YOURS))
    people = staff.holders(ctx.session, WATCHED)

    def found(span: Span, limit: int, offset: int) -> tuple[Look, ...]:
        return looks.at_company_level(ctx.unit, people, span, limit, offset)

    return _list(ctx, arguments, "company", COMPANY_TITLE, found)


def _list(
    ctx: Context,
    arguments: tuple[str, ...],
    action: str,
    title: str,
    find: Callable[[Span, int, int], tuple[Look, ...]],
) -> Reply:
    monday, page = _monday(arguments[0]), page_of(arguments, 1)
    if monday is None:
        return Reply(alert=ctx.t(NOBODY))
    found = find(span_before(ctx.policy, monday), SIZE + 1, page * SIZE)
    ctx.record(f"looks.{action}", f"staff:{ctx.person.id}", seeing.RULE, week=monday.isoformat())
    lines, buttons = [], {}
    for one in found[:SIZE]:
        dossier = dossiers.get(ctx.unit, one.dossier_id)
        customer = seeing.customer(ctx, dossier) if dossier else "-"
        lines.append(_line(ctx, one, customer))
        buttons[one.dossier_id] = Button(customer, f"f.find.card.{one.dossier_id}")
    key = f"f.looks.{action}.{monday.isoformat()}"
    back = Button(ctx.t(EARLIER_WEEK), f"f.looks.{action}.{(monday - WEEK).isoformat()}")
    first, last = (ctx.texts.day(monday - days) for days in (WEEK, timedelta(days=1)))
    return Reply.of(
        Card(
            "\n".join(lines) or ctx.t(NOBODY),
            title=ctx.t(WEEK_OF, title=ctx.t(title), first=first, last=last),
            choices=tuple(buttons.values()),
            nav=beside(page, more=len(found) > SIZE, key=key, back=back),
        )
    )


def _monday(words: str) -> date | None:
    try:
        day = date.fromisoformat(words)
    except ValueError:
        return None
    return monday_of(day) if 2000 <= day.year < 9000 else None


def _line(ctx: Context, one: Look, customer: str) -> str:
    said = ctx.t(
        LOOK,
        moment=ctx.texts.moment(one.at),
        name=one.name,
        customer=customer,
        way=ctx.t(WAYS[one.way]),
        right=ctx.t(RIGHTS[Right(one.right)]),
    )
    purpose = one.purpose_text or (
        ctx.t(reveal.PURPOSES[one.purpose]) if one.purpose in reveal.PURPOSES else ""
    )
    return f"{said} · {ctx.t(reveal.PURPOSE, purpose=purpose)}" if purpose else said


def _nobody(_ctx: Context, _case_id: int, _rung: str) -> None:
    """A list of one's own is for nobody else."""


FEATURE = Feature(
    key="looks",
    title=TITLE,
    words=("谁看过",),
    open=show,
    actions={"week": week, "company": company},
    clocks={
        KIND: Clockwork(
            _say, lambda ctx, case_id: ledger.unwatch(ctx.unit, KIND, case_id), _nobody
        ),
        COMPANY: Clockwork(
            _say_company, lambda ctx, case_id: ledger.unwatch(ctx.unit, COMPANY, case_id), _nobody
        ),
    },
)
