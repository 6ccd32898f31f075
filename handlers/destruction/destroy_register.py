"""销毁清册: what was destroyed, list by list; every list and the whole register also as a file.

For custodians and for those before whom every register lies open. Nothing ever leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.destruction import destroy_access, destroy_lists, destroy_sheet, destroy_words
from handlers.destruction.destroy_sheet import TITLE, Entry
from handlers.feature import Feature
from handlers.loans.loan_register import everywhere
from handlers.pages import beside, page_of, to_today
from handlers.sheets.made import Made, caption
from handlers.sheets.table_file import workbook
from handlers.texts import N_
from rules.destruction import CUSTODIAN
from storage import destructions
from storage.destructions import DestructionList
from storage.staff import Person

FILE_RULE = "S3-LOG.2.4c"
SIZE = 6
"""Lists on one card."""
MOST = 200
"""Lists of one file."""

NOTHING = N_("Nothing was destroyed yet.")
LINE = N_("{number} · {department} · {day} · {count} lines")
COMING = N_("{what}: as things are now.")
ALL = N_("All lists")
CUT = N_("Only the latest {count} lists are in it.")


def audience(person: Person) -> bool:
    return person.active and (CUSTODIAN in person.roles or everywhere(person))


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show a page of the lists that are destroyed, the latest first."""
    page = page_of(arguments)
    found = destructions.done(ctx.unit, SIZE + 1, page * SIZE)
    shown = [one for one in found[:SIZE] if destroy_sheet.entries(ctx, one)]
    ctx.record("destruction.register_read", f"staff:{ctx.person.id}", FILE_RULE)
    buttons = [
        Button(one.number or str(one.id), f"f.destruction.card.{one.id}")
        for one in shown
        if destroy_access.may_read(ctx, one, ctx.person)
    ]
    if shown:
        buttons.append(Button(ctx.t(destroy_lists.EXPORT), "f.destroyed.export"))
    return Reply.of(
        Card(
            "\n".join(_line(ctx, one) for one in shown) or ctx.t(NOTHING),
            title=ctx.t(TITLE),
            choices=tuple(buttons),
            columns=2,
            nav=beside(
                page, more=len(found) > SIZE, key="f.destroyed.open", back=to_today(ctx.texts)
            ),
            protect=True,
        )
    )


def _line(ctx: Context, held: DestructionList) -> str:
    assert held.ended_at is not None  # noqa: S101 - written when it was destroyed
    day = ctx.policy.time.office_day(held.ended_at)
    lines = [one for one in destroy_sheet.entries(ctx, held) if one.item.state == "destroyed"]
    return ctx.t(
        LINE,
        number=held.number or "",
        department=held.department,
        day=ctx.texts.day(day, ctx.today),
        count=len(lines),
    )


def export(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    """Ask for the whole register as a file; it is made when it is sent."""
    return _coming(ctx, ctx.t(ALL), "destroyed.file")


def export_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for one list as a file; it is made when it is sent."""
    held = destroy_access.found(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(destroy_access.NOT_THERE))
    return _coming(ctx, destroy_words.headed(held, ctx.texts), f"destruction.file.{held.id}")


def _coming(ctx: Context, what: str, makes: str) -> Reply:
    ctx.record("destruction.register_asked", f"staff:{ctx.person.id}", FILE_RULE)
    card = Card(ctx.t(COMING, what=what), title=ctx.t(TITLE), makes=makes)
    return Reply((Show(card, slot=FRESH),))


def make(ctx: Context, _arguments: tuple[str, ...]) -> Made:
    """Make the register as a workbook. Rule: S2-DOSS.29.3, S3-LOG.2.4c."""
    found = destructions.done(ctx.unit, MOST + 1)
    lines = [one for held in found[:MOST] for one in destroy_sheet.entries(ctx, held)]
    cut = ctx.t(CUT, count=MOST) if len(found) > MOST else ""
    return _made(ctx, ctx.t(ALL), lines, cut)


def make_one(ctx: Context, arguments: tuple[str, ...]) -> Made:
    """Make one list as a workbook."""
    held = destroy_access.found(ctx, arguments[0])
    if held is None:
        return Made(ctx.t(destroy_access.NOT_THERE))
    return _made(ctx, destroy_words.headed(held, ctx.texts), destroy_sheet.entries(ctx, held), "")


def _made(ctx: Context, what: str, lines: Sequence[Entry], words: str) -> Made:
    if not lines:
        return Made(ctx.t(destroy_lists.NO_LINES))
    file = workbook(destroy_sheet.table(ctx, what, lines))
    destroy_sheet.look(ctx, lines)
    ctx.record(
        "destruction.register_sent",
        f"staff:{ctx.person.id}",
        FILE_RULE,
        rows=len(lines),
        sum=file.checksum,
    )
    return Made(words, caption(ctx, file, len(lines)), (file,))


FEATURE = Feature(
    key="destroyed",
    title=TITLE,
    command="destroyed",
    words=("销毁清册",),
    audience=audience,
    open=lambda ctx, _words: show(ctx, ()),
    actions={"open": show, "export": export},
    makes={"file": make},
)
ONE = Feature(
    "destruction",
    destroy_words.TITLE,
    actions={
        "card": destroy_lists.show,
        "open": lambda ctx, _arguments: destroy_lists.overview(ctx),
        "export": export_one,
    },
    makes={"file": make_one},
)
