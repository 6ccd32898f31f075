"""/receipts 签收簿: what was signed into the archive, by month, and closed every working day.

A month comes as a workbook and as a PDF to be printed, made when it is sent: an entry that is
being signed at that moment is in it with all its signatures or not at all (S1-09.2.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from handlers import months
from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.feature import Feature
from handlers.handovers import handover_access, handover_clock, handover_words
from handlers.handovers.receipt_days import (
    CLOSE,
    TITLE,
    Span,
    day_of,
    day_to_close,
    left_to_close,
    policies,
    policy_named,
    register,
    span_of_day,
    span_of_month,
    waiting,
)
from handlers.loans import loan_register
from handlers.loans.register_rows import wall
from handlers.pages import to_today
from handlers.sheets.made import Made, MadeFile, caption
from handlers.sheets.table_file import Cell, Table, workbook
from handlers.texts import N_
from rules.policy import Policy
from storage import handover_gaps, handover_items, handovers, receipts, staff
from storage.handovers import Handover, Leg

KEY = "receipts"
SLICE = 200
MOST = 3000
"""Entries of one file."""
SHOWN = 6

NO_REGISTER = N_("Under the policies in force nothing is handed over to the archive.")
MONTH = N_("{month}: {count} entries.")
TODAY = N_("{day}: {count} entries, {waiting} handed over and not signed for.")
CLOSED = N_("Closed {moment} by {name}, {count} entries.")
CLOSED_SINCE = N_("Closed {moment} by {name} with {count} entries; {more} came since.")
NOT_CLOSED = N_("Not closed yet.")
ENTRY = N_("{moment} · {number} {subject}\n{giver} → {receiver}{gaps}")
WITH_GAPS = N_(" · {count} to be supplied")
EXCEL, PDF = N_("As Excel file"), N_("To print (PDF)")
BEFORE, AFTER = N_("‹ Month before"), N_("Month after ›")
COMING = N_("{month}: as things are now.")
NOTHING = N_("There are no entries.")
CUT = N_("Only the first {count} entries are in it.")
NOT_YOURS = N_("The register is closed by who keeps the archive.")
CLOSED_NOW = N_("The day is closed: {count} entries.")
WORDS = N_("{month} · {unit} · for {name} · {moment}")
PAGE = N_("Page {page}")

COLUMNS = (
    (N_("No."), 6),
    (N_("Signed"), 17),
    (N_("Handover"), 15),
    (N_("Subject"), 26),
    (N_("Kind"), 14),
    (N_("Handed over by"), 12),
    (N_("Department"), 14),
    (N_("Handed over at"), 17),
    (N_("Due"), 17),
    (N_("In time"), 9),
    (N_("Signed by"), 12),
    (N_("Witness"), 12),
    (N_("Papers"), 8),
    (N_("Missing"), 28),
    (N_("Supplied"), 17),
)
YES, NO = N_("in time"), N_("late")
TO_CLOSE = N_("Register to close ({count})")


def audience(person: staff.Person) -> bool:
    return loan_register.audience(person)


# -- cards -------------------------------------------------------------------------------------


def show(ctx: Context, _words: str = "") -> Reply:
    return _month(ctx, "", "")


def month(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show a month: `<pack>.<first day as yyyymm>`."""
    pack, when = (*arguments, "", "")[:2]
    return _month(ctx, pack, when)


def _month(ctx: Context, pack: str, when: str, lead: str = "") -> Reply:
    policy = policy_named(ctx.in_force, pack)
    if policy is None:
        return Reply.of(Card(ctx.t(NO_REGISTER), title=ctx.t(TITLE), nav=(to_today(ctx.texts),)))
    first = months.read(when, ctx.today)
    span = span_of_month(ctx, policy, first)
    count = receipts.count(ctx.session, policy.pack, span.first, span.end)
    lines = [lead, ctx.t(MONTH, month=months.name(first, ctx.texts), count=count)]
    this_month = first == ctx.today.replace(day=1)
    if this_month:
        lines += _today(ctx, policy)
    lines += [_entry(ctx, held, leg) for held, leg in _latest(ctx, policy, span, count)]
    ctx.record("receipts.read", f"staff:{ctx.person.id}", _rule(policy), month=months.key(first))
    return Reply.of(
        Card(
            "\n".join(filter(None, lines)),
            title=register(policy, ctx.texts),
            choices=tuple(_choices(ctx, policy, first, count, this_month=this_month)),
            columns=2,
            nav=(to_today(ctx.texts),),
            protect=True,
        )
    )


def _choices(
    ctx: Context, policy: Policy, first: date, count: int, *, this_month: bool
) -> Iterator[Button]:
    key = f"{policy.pack}.{months.key(first)}"
    if this_month and policy.receipts is not None and _closes(ctx):
        day = day_to_close(ctx, policy)
        yield Button(ctx.t(CLOSE), f"f.receipts.close.{policy.pack}.{day:%Y%m%d}")
    if count:
        yield Button(ctx.t(EXCEL), f"f.receipts.file.{key}.xlsx")
        yield Button(ctx.t(PDF), f"f.receipts.file.{key}.pdf")
    before = months.before(first)
    yield Button(ctx.t(BEFORE), f"f.receipts.month.{policy.pack}.{months.key(before)}")
    if not this_month:
        yield Button(
            ctx.t(AFTER), f"f.receipts.month.{policy.pack}.{months.key(months.following(first))}"
        )
    for other in policies(ctx.in_force):
        if other.pack != policy.pack:
            key = f"f.receipts.month.{other.pack}.{months.key(first)}"
            yield Button(_name(ctx, other), key)


def _name(ctx: Context, policy: Policy) -> str:
    """Return what tells a register from the others: its own name, else that of the regulation."""
    name = register(policy, ctx.texts)
    if name != ctx.t(TITLE):
        return name
    return str(policy.name_zh if ctx.texts.locale == "zh_CN" else policy.name_en)


def _today(ctx: Context, policy: Policy) -> list[str]:
    day = ctx.today if policy.receipts is None else day_to_close(ctx, policy)
    span = span_of_day(ctx, policy, day)
    count = receipts.count(ctx.session, policy.pack, span.first, span.end)
    said = ctx.t(TODAY, day=ctx.texts.day(day), count=count, waiting=waiting(ctx, policy))
    if policy.receipts is None:
        return [said]
    closed = receipts.closed(ctx.session, policy.pack, day, day).get(day)
    if closed is None:
        return [said, ctx.t(NOT_CLOSED)]
    facts = {
        "moment": ctx.texts.moment(closed.at),
        "name": case_texts.name(ctx, closed.by),
        "count": closed.entries,
    }
    if count > closed.entries:
        return [said, ctx.t(CLOSED_SINCE, more=count - closed.entries, **facts)]
    return [said, ctx.t(CLOSED, **facts)]


def _latest(ctx: Context, policy: Policy, span: Span, count: int) -> list[tuple[Handover, Leg]]:
    """Return the last entries of a month that the reader may know of."""
    if not count:
        return []
    found = list(_known(ctx, policy, span))
    return found[-SHOWN:]


def _known(ctx: Context, policy: Policy, span: Span) -> Iterator[tuple[Handover, Leg]]:
    """Yield the entries that the reader may know of, in order."""
    after: Leg | None = None
    seen = 0
    while seen < MOST:
        page = receipts.entries(ctx.unit, policy.pack, span.first, span.end, SLICE, after)
        for leg in page:
            held = handovers.get(ctx.unit, leg.handover_id)
            if held is not None and handover_access.knows(ctx, held, ctx.person):
                yield held, leg
        seen += len(page)
        if len(page) < SLICE:
            return
        after = page[-1]


def _entry(ctx: Context, held: Handover, leg: Leg) -> str:
    return ctx.t(
        ENTRY,
        moment=ctx.texts.moment(leg.closed_at) if leg.closed_at else "-",
        number=held.number,
        subject=handover_words.subject(ctx, held, ctx.person),
        giver=handover_words.handed_by(ctx, leg, ctx.texts),
        receiver=case_texts.name(ctx, leg.receiver),
        gaps=ctx.t(WITH_GAPS, count=held.gaps) if held.gaps else "",
    )


def _rule(policy: Policy) -> str:
    return str(policy.receipts.rule) if policy.receipts else str(policy.handover[0].rule)


# -- closing -----------------------------------------------------------------------------------


def to_close(ctx: Context) -> int:
    """Return how many entries the archivist has not closed yet. Rule: S1-09.2.5."""
    count = 0
    for policy in policies(ctx.in_force):
        receives = {row.leg[-1].receiver for row in policy.handover}
        if policy.receipts is not None and receives & ctx.person.roles:
            count += left_to_close(ctx, policy)
    return count


def _closes(ctx: Context) -> bool:
    return bool(loan_register.DESKS & set(ctx.person.roles))


def close(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Close a working day of the register: `<pack>.<yyyymmdd>`. Rule: S1-09.2.5."""
    pack, words = (*arguments, "", "")[:2]
    policy = policy_named(ctx.in_force, pack)
    if policy is None or policy.receipts is None or not _closes(ctx):
        return Reply(alert=ctx.t(NOT_YOURS))
    today = day_of(ctx, policy)
    day = _read_day(words, today)
    span = span_of_day(ctx, policy, day)
    count = receipts.count(ctx.session, policy.pack, span.first, span.end)
    receipts.close(ctx.unit, policy.pack, day, at=ctx.at, by=ctx.person.id, entries=count)
    ctx.record("receipts.closed", f"staff:{ctx.person.id}", policy.receipts.rule, entries=count)
    return _month(ctx, policy.pack, "", ctx.t(CLOSED_NOW, count=count))


def _read_day(words: str, today: date) -> date:
    try:
        return min(datetime.strptime(words, "%Y%m%d").date(), today)  # noqa: DTZ007 - a day, no instant
    except ValueError:
        return today


# -- files -------------------------------------------------------------------------------------


def file(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for a month as a file, made when it is sent: `<pack>.<yyyymm>.<xlsx or pdf>`."""
    pack, when, ending = (*arguments, "", "", "")[:3]
    policy = policy_named(ctx.in_force, pack)
    if policy is None or ending not in ("xlsx", "pdf"):
        return Reply(alert=ctx.t(NOTHING))
    first = months.read(when, ctx.today)
    ctx.record("receipts.asked", f"staff:{ctx.person.id}", _rule(policy), month=months.key(first))
    card = Card(
        ctx.t(COMING, month=months.name(first, ctx.texts)),
        title=register(policy, ctx.texts),
        makes=f"receipts.{ending}.{policy.pack}.{months.key(first)}",
    )
    return Reply((Show(card, slot=FRESH),))


def _make(ctx: Context, arguments: tuple[str, ...], *, pdf: bool) -> Made:
    """Make a month of the register with times, names and gaps. Rule: S1-09.2.5, S1-12.4.4."""
    pack, when = (*arguments, "", "")[:2]
    policy = policy_named(ctx.in_force, pack)
    if policy is None:
        return Made(ctx.t(NO_REGISTER))
    first = months.read(when, ctx.today)
    span = span_of_month(ctx, policy, first)
    found = list(_known(ctx, policy, span))
    if not found:
        return Made(ctx.t(NOTHING))
    table = _table(ctx, policy, first, found)
    made = _printed(table, ctx.t(PAGE)) if pdf else workbook(table)
    who = f"staff:{ctx.person.id}"
    ctx.record("receipts.shown", who, _rule(policy), rows=len(found), sum=made.checksum)
    said = [ctx.t(MONTH, month=months.name(first, ctx.texts), count=len(found))]
    said += [ctx.t(CUT, count=MOST)] if len(found) >= MOST else []
    return Made("\n".join(said), caption(ctx, made, len(found)), (made,))


def _printed(table: Table, page: str) -> MadeFile:
    from handlers.sheets.print_file import printed  # memory that few programs need

    return printed(table, page)


def make_workbook(ctx: Context, arguments: tuple[str, ...]) -> Made:
    return _make(ctx, arguments, pdf=False)


def make_pdf(ctx: Context, arguments: tuple[str, ...]) -> Made:
    return _make(ctx, arguments, pdf=True)


def _table(ctx: Context, policy: Policy, first: date, found: list[tuple[Handover, Leg]]) -> Table:
    made_at = wall(ctx, ctx.now)
    assert made_at is not None  # noqa: S101 - there is a present
    words = ctx.t(
        WORDS,
        month=months.name(first, ctx.texts),
        unit=policy.custodian_unit,
        name=ctx.person.name,
        moment=ctx.texts.moment(ctx.now),
    )
    rows = [_row(ctx, at, held, leg) for at, (held, leg) in enumerate(found, 1)]
    columns = tuple((ctx.t(name), width) for name, width in COLUMNS)
    return Table(register(policy, ctx.texts), words, columns, rows, made_at)


def _row(ctx: Context, at: int, held: Handover, leg: Leg) -> tuple[Cell, ...]:
    gaps = handover_gaps.of(ctx.unit, held.id)
    supplied = [one.closed_at for one in gaps if one.closed_at is not None]
    lacks = "；".join(handover_clock.gap_words(ctx, held, one, ctx.texts) for one in gaps)
    readable = handover_words.readable(ctx, held, ctx.person)
    items = handover_items.of(ctx.unit, held.id)
    row = handover_access.row_of(ctx, held)
    return (
        at,
        wall(ctx, leg.closed_at),
        held.number,
        handover_words.subject(ctx, held, ctx.person),
        handover_words.kind(row, ctx.texts),
        handover_words.handed_by(ctx, leg, ctx.texts),
        held.department,
        wall(ctx, leg.handed_at),
        wall(ctx, leg.due_at - timedelta(minutes=1)) if leg.due_at else None,
        ctx.t(NO if leg.late(ctx.now) else YES),
        case_texts.name(ctx, leg.receiver),
        case_texts.name(ctx, leg.witness) if leg.witness else "",
        sum(one.state == "present" for one in items),
        lacks if readable else str(len(gaps) or ""),
        wall(ctx, max(supplied)) if supplied and not held.gaps else None,
    )


FEATURE = Feature(
    key=KEY,
    title=TITLE,
    command="receipts",
    words=("签收簿", "签收薄"),
    audience=audience,
    open=show,
    actions={"month": month, "close": close, "file": file},
    makes={"xlsx": make_workbook, "pdf": make_pdf},
)
