"""/rates 移交月报: how timely and how complete the departments handed over, month by month.

One definition everywhere (`storage.handover_figures`), and each figure leads to the handovers it
counts. It goes out by itself on the first working day: to the heads, each of their own department,
and to those to whom all departments are open (S1-09.5.8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

import msgspec

from handlers import months
from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.feature import Feature
from handlers.handovers import handover_access, handover_words
from handlers.handovers.receipt_days import policies, policy_named
from handlers.loans import loan_register
from handlers.loans.register_rows import wall
from handlers.pages import to_today
from handlers.sheets.list_picture import Listing, Row, pictures
from handlers.sheets.made import Made, caption
from handlers.sheets.table_file import Cell, Table, workbook
from handlers.texts import N_, Texts
from handlers.world import World
from rules.handover_days import Rates
from rules.hours import Clock, instant
from rules.policy import Policy
from storage import handover_figures, handovers, occurrences, staff
from storage.handover_figures import Rate, Which
from storage.staff import Person
from storage.unit import Unit

JOB = "rates"
RULE = "S1-09.5.8"
PAGE = 6
MOST = 1000
"""Handovers listed in a workbook."""
AT = Clock.parse("09:00")

TITLE = N_("Handover figures")
NONE = N_("Under the policies in force nothing is handed over to the archive.")
NOTHING = N_("Nothing was due in {month}.")
HEADED = N_("{month} · {unit}")
LINE = N_(
    "{department}: {due} due, timely {timely} ({timeliness}), complete {complete} of {signed} "
    "({completeness})"
)
ALL = N_("All departments")
DEFINED = N_(
    "Timely: handed over before the deadline. Complete: nothing missing at the first signing. Of "
    "what was due in the month ({rule})."
)
LATE, INCOMPLETE, EVERY = N_("Late ({count})"), N_("Incomplete ({count})"), N_("All ({count})")
BEFORE, AFTER, SEND = N_("‹ Month before"), N_("Month after ›"), N_("Picture and file")
CASES = {
    Which.DUE: N_("Due"),
    Which.TIMELY: N_("Timely"),
    Which.LATE: N_("Late"),
    Which.COMPLETE: N_("Complete"),
    Which.INCOMPLETE: N_("Incomplete"),
}
CASE = N_("{number} {subject} · {kind} · due {due}")
MORE = N_("Next ›")
NO_CASES = N_("There are none.")
COMING = N_("{month}: as things are now.")
WORDS = N_("{month} · for {name} · {moment}")
HEADS = (N_("Department"), N_("Due"), N_("Timely"), N_("Complete"))
COLUMNS = (
    (N_("Department"), 18),
    (N_("Kind"), 16),
    (N_("Due"), 8),
    (N_("Timely"), 8),
    (N_("Timeliness %"), 12),
    (N_("Signed"), 8),
    (N_("Complete"), 9),
    (N_("Completeness %"), 13),
)


def audience(person: Person) -> bool:
    return loan_register.audience(person)


# -- figures -----------------------------------------------------------------------------------


def _open_to(ctx: Context, department: str) -> bool:
    return loan_register.everywhere(ctx.person) or department in ctx.person.head_of


def rates(ctx: Context, policy: Policy, first: date) -> tuple[Rate, ...]:
    """Return the figures of a month that are open to who acts. Rule: S1-09.5.8."""
    last = months.last_day(first)
    found = handover_figures.month(ctx.session, policy.pack, first, last, ctx.now)
    return tuple(one for one in found if _open_to(ctx, one.department))


def by_department(found: tuple[Rate, ...]) -> dict[str, Rates]:
    """Return the figures of each department, all kinds together."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in found:
        for at, count in enumerate((one.due, one.timely, one.signed, one.complete)):
            sums[one.department][at] += count
    return {name: Rates(*counts) for name, counts in sums.items()}


def total(found: tuple[Rate, ...]) -> Rates:
    return Rates(
        sum(one.due for one in found),
        sum(one.timely for one in found),
        sum(one.signed for one in found),
        sum(one.complete for one in found),
    )


def percent(share: float | None) -> str:
    """Return a share as a percentage, never rounded up to 100; – where there is none."""
    if share is None:
        return "–"
    tenths = int(share * 1000)
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths / 10:.1f}%"


# -- cards -------------------------------------------------------------------------------------


def show(ctx: Context, _words: str = "") -> Reply:
    return month(ctx, ("", ""))


def month(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show a month: `<pack>.<yyyymm>`."""
    pack, when = (*arguments, "", "")[:2]
    policy = policy_named(ctx.in_force, pack)
    if policy is None:
        return Reply.of(Card(ctx.t(NONE), title=ctx.t(TITLE), nav=(to_today(ctx.texts),)))
    first = months.read(when, ctx.today)
    found = rates(ctx, policy, first)
    ctx.record("rates.shown", f"staff:{ctx.person.id}", RULE, month=months.key(first))
    return Reply.of(_card(ctx, policy, first, found, ctx.texts))


def _card(
    ctx: Context, policy: Policy, first: date, found: tuple[Rate, ...], texts: Texts
) -> Card:
    named = months.name(first, texts)
    lines = [texts.t(HEADED, month=named, unit=policy.custodian_unit)]
    departments = by_department(found)
    lines += [_line(texts, name, one) for name, one in departments.items()]
    if len(departments) > 1:
        lines.append(_line(texts, texts.t(ALL), total(found)))
    lines.append(texts.t(DEFINED, rule=RULE) if found else texts.t(NOTHING, month=named))
    return Card(
        "\n".join(lines),
        title=texts.t(TITLE),
        choices=tuple(_choices(ctx, policy, first, found, texts)),
        columns=2,
        nav=(to_today(texts),),
        protect=True,
    )


def _line(texts: Texts, department: str, one: Rates) -> str:
    return texts.t(
        LINE,
        department=department,
        due=one.due,
        timely=one.timely,
        timeliness=percent(one.timeliness),
        signed=one.signed,
        complete=one.complete,
        completeness=percent(one.completeness),
    )


def _choices(
    ctx: Context, policy: Policy, first: date, found: tuple[Rate, ...], texts: Texts
) -> Iterator[Button]:
    key = f"{policy.pack}.{months.key(first)}"
    whole = total(found)
    for label, which, count in (
        (LATE, Which.LATE, whole.due - whole.timely),
        (INCOMPLETE, Which.INCOMPLETE, whole.signed - whole.complete),
        (EVERY, Which.DUE, whole.due),
    ):
        if count:
            yield Button(texts.t(label, count=count), f"f.rates.cases.{key}.{which}")
    if found:
        yield Button(texts.t(SEND), f"f.rates.send.{key}")
    before = months.before(first)
    yield Button(texts.t(BEFORE), f"f.rates.month.{policy.pack}.{months.key(before)}")
    if first < ctx.today.replace(day=1):
        yield Button(
            texts.t(AFTER), f"f.rates.month.{policy.pack}.{months.key(months.following(first))}"
        )
    for other in policies(ctx.in_force):
        if other.pack != policy.pack:
            name = other.name_zh if texts.locale == "zh_CN" else other.name_en
            yield Button(str(name), f"f.rates.month.{other.pack}.{months.key(first)}")


def cases(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the handovers behind a figure: `<pack>.<yyyymm>.<which>.<how many before>`."""
    pack, when, words, mark = (*arguments, "", "", "", "")[:4]
    policy = policy_named(ctx.in_force, pack)
    if policy is None or words not in {one.value for one in Which}:
        return Reply(alert=ctx.t(NO_CASES))
    first, which = months.read(when, ctx.today), Which(words)
    offset = min(int(mark), MOST) if mark.isdecimal() else 0
    lines, choices = [], []
    for leg in _behind(ctx, policy, first, which, PAGE + 1, offset):
        held = handovers.get(ctx.unit, leg.handover_id)
        if held is None or not handover_access.knows(ctx, held, ctx.person):
            continue
        lines.append(
            ctx.t(
                CASE,
                number=held.number,
                subject=handover_words.subject(ctx, held, ctx.person),
                kind=handover_words.kind(handover_access.row_of(ctx, held), ctx.texts),
                due=ctx.texts.day(leg.due_on, ctx.today) if leg.due_on else "-",
            )
        )
        choices.append(Button(held.number, f"f.handover.card.{held.id}"))
    key = f"{policy.pack}.{months.key(first)}"
    nav = [Button(ctx.t(TITLE), f"f.rates.month.{key}", back=True)]
    if len(lines) > PAGE:
        nav.append(Button(ctx.t(MORE), f"f.rates.cases.{key}.{which}.{offset + PAGE}"))
    title = f"{months.name(first, ctx.texts)} · {ctx.t(CASES[which])}"
    return Reply.of(
        Card(
            "\n".join(lines[:PAGE]) or ctx.t(NO_CASES),
            title=title,
            choices=tuple(choices[:PAGE]),
            columns=2,
            nav=tuple(nav),
            protect=True,
        )
    )


def _behind(
    ctx: Context, policy: Policy, first: date, which: Which, limit: int, offset: int
) -> list[handovers.Leg]:
    """Return legs behind a figure, of the departments open to who acts."""
    last = months.last_day(first)
    own = [""] if loan_register.everywhere(ctx.person) else sorted(ctx.person.head_of)
    found = [
        leg
        for department in own
        for leg in handover_figures.cases(
            ctx.unit,
            policy.pack,
            first,
            last,
            ctx.now,
            which,
            limit + offset,
            department=department,
        )
    ]
    found.sort(key=lambda leg: (leg.due_on or date.max, leg.id))
    return found[offset : offset + limit]


# -- as picture and file -----------------------------------------------------------------------


def ask_file(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for a month as picture and workbook: `<pack>.<yyyymm>`."""
    pack, when = (*arguments, "", "")[:2]
    policy = policy_named(ctx.in_force, pack)
    if policy is None:
        return Reply(alert=ctx.t(NONE))
    first = months.read(when, ctx.today)
    return Reply((Show(_coming(ctx.texts, policy, first), slot=FRESH),))


def _coming(texts: Texts, policy: Policy, first: date) -> Card:
    said = texts.t(COMING, month=months.name(first, texts))
    return Card(said, title=texts.t(TITLE), makes=f"rates.month.{policy.pack}.{months.key(first)}")


def make(ctx: Context, arguments: tuple[str, ...]) -> Made:
    """Make a month's picture and workbook for the departments that are open to who acts.

    Rule: S1-09.5.8.
    """
    pack, when = (*arguments, "", "")[:2]
    policy = policy_named(ctx.in_force, pack)
    if policy is None:
        return Made(ctx.t(NONE))
    first = months.read(when, ctx.today)
    found = rates(ctx, policy, first)
    if not found:
        return Made(ctx.t(NOTHING, month=months.name(first, ctx.texts)))
    file = workbook(_table(ctx, policy, first, found))
    drawn = pictures(_listing(ctx, first, found))
    who = f"staff:{ctx.person.id}"
    ctx.record("rates.sent", who, RULE, rows=len(found), sum=file.checksum)
    card = _card(ctx, policy, first, found, ctx.texts)
    return Made(card.text, caption(ctx, file, len(found)), (*drawn, file))


def _words(ctx: Context, first: date) -> str:
    moment = ctx.texts.moment(ctx.now)
    return ctx.t(WORDS, month=months.name(first, ctx.texts), name=ctx.person.name, moment=moment)


def _listing(ctx: Context, first: date, found: tuple[Rate, ...]) -> Listing:
    departments = by_department(found)
    rows = [_picture_row(name, one) for name, one in departments.items()]
    if len(departments) > 1:
        rows.append(_picture_row(ctx.t(ALL), total(found)))
    heads = tuple(ctx.t(one) for one in HEADS)
    return Listing(ctx.t(TITLE), _words(ctx, first), heads, (4, 2, 3, 3), rows)


def _picture_row(name: str, one: Rates) -> Row:
    timely, complete = percent(one.timeliness), percent(one.completeness)
    return Row((name, str(one.due), timely, complete), late=one.timely < one.due)


def _table(ctx: Context, policy: Policy, first: date, found: tuple[Rate, ...]) -> Table:
    made_at = wall(ctx, ctx.now)
    assert made_at is not None  # noqa: S101 - there is a present
    columns = tuple((ctx.t(name), width) for name, width in COLUMNS)
    rows = [_row(ctx, policy, one) for one in found]
    return Table(ctx.t(TITLE), _words(ctx, first), columns, rows, made_at)


def _row(ctx: Context, policy: Policy, one: Rate) -> tuple[Cell, ...]:
    versions = ctx.policies.versions(policy.pack, ctx.today)
    row = next(filter(None, (each.handover_of(one.kind) for each in versions)), None)
    figures = Rates(one.due, one.timely, one.signed, one.complete)
    return (
        one.department,
        handover_words.kind(row, ctx.texts) if row else one.kind,
        one.due,
        one.timely,
        percent(figures.timeliness),
        one.signed,
        one.complete,
        percent(figures.completeness),
    )


# -- every month -------------------------------------------------------------------------------


class Struck(msgspec.Struct, frozen=True):
    """The first working day on which the figures of the month before go out."""

    policy: Policy
    month: date
    at: datetime

    @property
    def job(self) -> tuple[str, str]:
        return f"{JOB} {self.policy.pack}", months.key(self.month)


def _rungs(world: World, now: datetime) -> Iterator[Struck]:
    today = world.policies.at(now).day
    this = today.replace(day=1)
    for policy in world.policies.at(now).handing:
        for first in (this, months.following(this)):
            day = world.calendar.on_or_after(first)
            at = instant(day, AT, policy.time.zone)
            yield Struck(policy, months.before(first), at)


def struck(world: World, now: datetime) -> tuple[Struck, ...]:
    """Return what has struck by now: of each policy the figures of the last month."""
    return tuple(one for one in _rungs(world, now) if one.at <= now)


def next_due(world: World, now: datetime) -> datetime | None:
    """Return when the next figures go out."""
    return min((one.at for one in _rungs(world, now) if one.at > now), default=None)


def send(unit: Unit, world: World, one: Struck) -> list[Context]:
    """Send a month's figures to the heads of the departments in it and to who answers for them.

    A context for each; a month in which nothing was due is not sent. Rule: S1-09.5.8.
    """
    if not occurrences.begin(unit, *one.job):
        return []
    last = months.last_day(one.month)
    found = handover_figures.month(unit.session, one.policy.pack, one.month, last, unit.now)
    people = {
        head
        for department in {rate.department for rate in found}
        for head in staff.heads(unit.session, department)
    }
    if found:
        named = {role for row in one.policy.handover for role in (row.head, row.disputes_to)}
        roles = named - {"department_head"}
        people |= {who for role in roles for who in staff.holders(unit.session, role)}
        people |= set(staff.heads(unit.session, one.policy.custodian_unit))
    contexts = []
    for staff_id in sorted(people):
        person = staff.get(unit.session, staff_id)
        if person is None or not person.active or not person.home_channel:
            continue
        ctx = world.context(unit, person, "", "", unit.now)
        if rates(ctx, one.policy, one.month):
            _give(ctx, one)
            contexts.append(ctx)
    return contexts


def _give(ctx: Context, one: Struck) -> None:
    def card(texts: Texts) -> Card:
        return _coming(texts, one.policy, one.month)

    ctx.tell(ctx.person.id, card, f"{' '.join(one.job)}:{ctx.person.id}")


FEATURE = Feature(
    key="rates",
    title=TITLE,
    command="rates",
    words=("移交月报", "移交情况"),
    audience=audience,
    open=show,
    actions={"month": month, "cases": cases, "send": ask_file},
    makes={"month": make},
)
