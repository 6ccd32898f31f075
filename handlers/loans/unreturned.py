"""What is lent and not returned, with whereabouts: a list every month, and whenever asked for.

Where the policy has a monthly list it goes out by itself, once a month however often the clock
asks, and the custodian is reminded before. After an outage it goes out late, once; a program that
was never on before begins with the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec

from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.feature import Feature
from handlers.loans import loan_register, register_rows
from handlers.loans.register_rows import Entry
from handlers.pages import to_today
from handlers.sheets.list_picture import MOST as MOST_PICTURES
from handlers.sheets.list_picture import Listing, Row, pictures
from handlers.sheets.made import Made, MadeFile, caption
from handlers.sheets.table_file import Table, workbook
from handlers.texts import N_, Texts
from handlers.world import World
from rules.lending import Unreturned
from rules.loan_days import CUSTODIAN, list_anchor, list_ladder
from rules.policy import Policy
from rules.reminders import Step
from rules.roles import OPERATOR, ROLES
from rules.rungs import strike
from storage import loan_lists, occurrences, staff
from storage.documents import COPY, ORIGINAL
from storage.loans import Loan
from storage.unit import Unit

RULE = "S3-ENG.3.6"
JOB = "unreturned"
AWAY = frozenset({"out", "missing"})
"""States of lines that did not come back."""

TITLE = N_("Lent and not returned")
AS_OF = N_("As of {moment}.")
NONE = N_("Nothing is lent that has not been returned.")
COUNTED = N_(
    "Originals: {originals}, copies: {copies}, whole dossiers: {whole}. Loans: {loans}, of which "
    "overdue: {late}."
)
CUT = N_("Only {count} loans are in it; the register has the others.")
PICTURES_CUT = N_("The pictures show the first lines only, the file has all.")
WORDS = N_("For {name} · {moment}")
SOON = N_(
    "On {day} the list of what is lent and not returned goes to {names}. Please have the "
    "whereabouts entered by then."
)
LOOK = N_("Look it through")
NOBODY = N_(
    "Nobody who could receive the monthly list of what is not returned holds the post for it "
    "({role}) and has a chat. Please look at the staff list."
)
HEAD_PAPER, HEAD_WHO, HEAD_DUE = N_("Material"), N_("Borrower"), N_("Due back")


class Struck(msgspec.Struct, frozen=True):
    """A rung of the monthly list of one policy that has struck."""

    policy: Policy
    step: Step
    at: datetime
    month: str
    """2026-10"""
    sends_at: datetime
    """When the list of that month goes out."""

    @property
    def job(self) -> tuple[str, str]:
        """The job, once for each policy and occasion; the list itself once a month."""
        reminds = self.step.audience == CUSTODIAN
        occasion = f"remind {self.step.rung}" if reminds else "list"
        return f"{JOB} {self.policy.pack}", f"{self.month} {occasion}"

    @property
    def listed(self) -> Unreturned:
        listed = self.policy.loan.unreturned if self.policy.loan else None
        assert listed is not None  # noqa: S101 - it has a ladder
        return listed


# -- every month -------------------------------------------------------------------------------


def _rungs(world: World, months: tuple[date, ...], day: date) -> Iterator[Struck]:
    for part in world.policies.governed:
        policy = part.on(day)
        ladder = list_ladder(policy) if policy.loan is not None else ()
        for first in months if ladder else ():
            anchor = list_anchor(policy, first, world.calendar)
            sends_at = strike(ladder[-1].rung, anchor)
            for step in ladder:
                at = strike(step.rung, anchor)
                yield Struck(policy, step, at, f"{first:%Y-%m}", sends_at)


def _months(day: date) -> tuple[date, date, date]:
    """Return the first days of the month before, of this one and of the next."""
    this = day.replace(day=1)
    before = (this - timedelta(days=1)).replace(day=1)
    return before, this, (this + timedelta(days=31)).replace(day=1)


def struck(world: World, now: datetime) -> tuple[Struck, ...]:
    """Return for each policy the last rung that has struck: the one that may be outstanding."""
    day = world.policies.at(now).day
    last: dict[str, Struck] = {}
    for one in _rungs(world, _months(day), day):
        before = last.get(one.policy.pack)
        if one.at <= now and (before is None or before.at < one.at):
            last[one.policy.pack] = one
    return tuple(last.values())


def next_due(world: World, now: datetime) -> datetime | None:
    """Return when the next rung strikes."""
    day = world.policies.at(now).day
    return min((one.at for one in _rungs(world, _months(day), day) if one.at > now), default=None)


def send(unit: Unit, world: World, one: Struck) -> list[Context]:
    """Send the list or the reminder before it, unless that was done; a context for each reader.

    Rule: S3-ENG.3.6, C-26.
    """
    job, occasion = one.job
    new = occurrences.latest(unit.session, job) is None
    if not occurrences.begin(unit, job, occasion) or new:
        return []
    if one.step.audience == CUSTODIAN:
        return [_remind(ctx, one) for ctx in _contexts(unit, world, _custodians(unit, one))]
    readers = _contexts(unit, world, staff.holders(unit.session, one.listed.to))
    if not readers:
        return [_alarm(ctx, one) for ctx in _contexts(unit, world, _operators(unit))]
    return [_give(ctx, one) for ctx in readers]


def _contexts(unit: Unit, world: World, people: tuple[str, ...]) -> list[Context]:
    """Return a context for each of them who has a chat."""
    found = [staff.get(unit.session, one) for one in people]
    return [
        world.context(unit, one, "", "", unit.now)
        for one in found
        if one is not None and one.active and one.home_channel
    ]


def _custodians(unit: Unit, one: Struck) -> tuple[str, ...]:
    found = staff.holders(unit.session, CUSTODIAN)
    return found or staff.heads(unit.session, one.policy.custodian_unit)


def _operators(unit: Unit) -> tuple[str, ...]:
    return staff.holders(unit.session, OPERATOR)


def _give(ctx: Context, one: Struck) -> Context:
    def card(texts: Texts) -> Card:
        return _card(ctx, texts, one.policy.pack)

    ctx.tell(ctx.person.id, card, f"{' '.join(one.job)}:{ctx.person.id}")
    return ctx


def _remind(ctx: Context, one: Struck) -> Context:
    receivers = staff.holders(ctx.session, one.listed.to)
    names = "、".join(who.name for it in receivers if (who := staff.get(ctx.session, it)))

    def card(texts: Texts) -> Card:
        day = texts.moment(one.sends_at)
        return Card(
            texts.t(SOON, day=day, names=names or _role(one.listed.to, texts)),
            title=texts.t(TITLE),
            choices=(Button(texts.t(LOOK), "f.register.list.out"),),
            nav=(to_today(texts),),
        )

    ctx.tell(ctx.person.id, card, f"{' '.join(one.job)}:{ctx.person.id}")
    return ctx


def _alarm(ctx: Context, one: Struck) -> Context:
    def card(texts: Texts) -> Card:
        return Card(texts.t(NOBODY, role=_role(one.listed.to, texts)), title=texts.t(TITLE))

    ctx.tell(ctx.person.id, card, f"{' '.join(one.job)}:nobody:{ctx.person.id}")
    return ctx


def _role(code: str, texts: Texts) -> str:
    return ROLES[code].zh if texts.locale == "zh_CN" else ROLES[code].en


def _card(ctx: Context, texts: Texts, pack: str = "") -> Card:
    said = texts.t(AS_OF, moment=texts.moment(ctx.now))
    return Card(said, title=texts.t(TITLE), makes=f"report.list.{pack}")


# -- on demand ---------------------------------------------------------------------------------


def show(ctx: Context, _words: str = "") -> Reply:
    """Send the list of what is lent now and not returned, of all that lends."""
    if not loan_register.lends(ctx):
        said = ctx.t(loan_register.NO_LENDING)
        return Reply.of(Card(said, title=ctx.t(TITLE), nav=(to_today(ctx.texts),)))
    ctx.record("report.asked", f"staff:{ctx.person.id}", loan_register.FILE_RULE)
    return Reply((Show(_card(ctx, ctx.texts), slot=FRESH),))


# -- what is in it -----------------------------------------------------------------------------


def make(ctx: Context, arguments: tuple[str, ...]) -> Made:
    """Make the list: its counts, a workbook, and pictures for the phone. Rule: S3-ENG.3.6."""
    held, more = _loans(ctx, arguments[0] if arguments else "")
    lines = [
        one for loan in held for one in register_rows.entries(ctx, loan) if one.item.state in AWAY
    ]
    if not lines:
        return Made(ctx.t(NONE))
    file = workbook(_table(ctx, lines))
    drawn = pictures(_listing(ctx, lines))
    register_rows.look(ctx, lines)
    who = f"staff:{ctx.person.id}"
    ctx.record("report.sent", who, RULE, rows=len(lines), sum=file.checksum)
    said = [_counts(ctx, held, lines)]
    said += [ctx.t(CUT, count=len(held))] if more else []
    return Made("\n".join(said), _caption(ctx, file, lines, drawn), (*drawn, file))


def _loans(ctx: Context, pack: str) -> tuple[list[Loan], bool]:
    """Return the loans in it, and whether there are more than it takes.

    Who receives the list by the policy knows of every loan under it; of dossiers that nobody but
    others may know of they hear nothing.
    """
    receives = {
        one.pack
        for one in ctx.in_force.every
        if one.loan and one.loan.unreturned and one.loan.unreturned.to in ctx.person.roles
    }
    found: list[Loan] = []
    for held in loan_lists.every_out(ctx.unit):
        if pack and held.pack != pack:
            continue
        given = held.pack in receives and register_rows.known(ctx, held)
        if given or register_rows.listed(ctx, held):
            found.append(held)
        if len(found) > loan_register.MOST:
            return found[:-1], True
    return found, False


def _counts(ctx: Context, held: list[Loan], lines: list[Entry]) -> str:
    forms = [one.item.form for one in lines if one.item.whole is None]
    return ctx.t(
        COUNTED,
        originals=forms.count(ORIGINAL),
        copies=forms.count(COPY),
        whole=len(lines) - len(forms),
        loans=len(held),
        late=sum(one.overdue(ctx.now) for one in held),
    )


def _caption(ctx: Context, file: MadeFile, lines: list[Entry], drawn: tuple[MadeFile, ...]) -> str:
    said = [caption(ctx, file, len(lines))]
    if len(drawn) == MOST_PICTURES:
        said.append(ctx.t(PICTURES_CUT))
    return "\n".join(said)


def _words(ctx: Context) -> str:
    return ctx.t(WORDS, name=ctx.person.name, moment=ctx.texts.moment(ctx.now))


def _table(ctx: Context, lines: list[Entry]) -> Table:
    made_at = register_rows.wall(ctx, ctx.now)
    assert made_at is not None  # noqa: S101 - there is a present
    columns = register_rows.UNRETURNED
    return Table(
        ctx.t(TITLE),
        _words(ctx),
        register_rows.heads(ctx, columns),
        register_rows.cells(ctx, columns, lines),
        made_at,
    )


def _listing(ctx: Context, lines: list[Entry]) -> Listing:
    ordered = sorted(lines, key=lambda one: (one.held.due_on or date.max, one.held.id))
    heads = (ctx.t(HEAD_PAPER), ctx.t(HEAD_WHO), ctx.t(HEAD_DUE))
    rows = [_row(ctx, one) for one in ordered]
    return Listing(ctx.t(TITLE), _words(ctx), heads, (5, 3, 3), rows)


def _row(ctx: Context, one: Entry) -> Row:
    due = ctx.texts.day(one.held.due_on, ctx.today) if one.held.due_on else ""
    under = " · ".join(filter(None, (one.name, register_rows.form(ctx, one))))
    cells = (register_rows.title(ctx, one), register_rows.borrower(ctx, one), due)
    return Row(cells, under, one.held.overdue(ctx.now))


FEATURE = Feature(
    key="report",
    title=TITLE,
    command="report",
    words=("报表", "借出未还"),
    audience=loan_register.audience,
    open=show,
    makes={"list": make},
)
