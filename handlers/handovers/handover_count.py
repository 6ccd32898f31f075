"""The receiver counts on the giver's list: as listed, or line by line what is not right.

Every tap is kept, so that a count can be interrupted; nothing of it is told before somebody signs,
sends back or disputes. Written words do the same for many lines at once.
"""

from __future__ import annotations

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Problem, Reply
from handlers.feature import Feature
from handlers.handovers import (
    handover_access,
    handover_findings,
    handover_given,
    handover_notes,
    handover_steps,
    handover_words,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_findings import LABELS, PAGES_SAID, SAID, Found
from handlers.pages import SIZE, beside, page_of
from handlers.texts import N_
from rules.checklists import Item as Paper
from storage import handover_items
from storage.handover_items import Item
from storage.handovers import Handover, Leg

SHOWN = 20
"""Lines on one card."""

TITLE = N_("Count · {number}")
FACE_TO_FACE = N_("{subject}, from {name}. Count each paper face to face ({rule}).")
MORE = N_("and {count} more")
CHECKS = N_("Who signs confirms:")
CHECK = N_("· {what} ({rule})")
AS_LISTED, SHORT, DIFFERS = N_("As listed, sign"), N_("Sign with gaps"), N_("Not as listed")
WRITE, BACK, DISPUTE = N_("Write what differs"), N_("Send back"), N_("Dispute it")
PICK = N_("Which line is not right?")
WHAT = N_("What is not right about it?")
IN_ORDER = N_("Nothing wrong")
GONE = N_("There is no such line.")
HOW_MANY = N_("How many pages are there?")

WORDS_FORM = Form(
    "countwords",
    1,
    N_("What differs"),
    (
        Field(
            "lines",
            Kind.TEXT,
            N_("What differs"),
            N_("Which lines are not right? Number of the line, then what is wrong with it."),
            check=lambda value, answers, _moment: _unreadable(str(value), answers),
            max_length=500,
            example=handover_findings.EXAMPLE,
        ),
    ),
    submit_label=N_("Submit"),
    review=False,
)
PAGES_FORM = Form(
    "countpages",
    1,
    N_("Pages differ"),
    (Field("pages", Kind.NUMBER, N_("Pages there"), HOW_MANY, minimum=0, maximum=9999),),
    submit_label=N_("Submit"),
    review=False,
)


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show what is to be counted, with what was found so far."""
    found = handover_steps.mine(ctx, arguments[:1], Act.SIGN)
    return found if isinstance(found, Reply) else card(ctx, *found)


def card(ctx: Context, held: Handover, leg: Leg, lead: str = "") -> Reply:
    """Return the card of a count as it stands."""
    row, papers = handover_access.row_of(ctx, held), handover_access.papers_of(ctx, held)
    noted = handover_findings.by_item(handover_notes.noted(ctx, held))
    listed = handover_given.lines(ctx, held)
    giver = handover_words.handed_by(ctx, leg, ctx.texts)
    about = handover_words.subject(ctx, held, here(ctx))
    lines = [lead, ctx.t(FACE_TO_FACE, subject=about, name=giver, rule=row.rule)]
    lines += [
        handover_findings.described(one, ctx.texts, noted.get(one.item.id, ()))
        for one in listed[:SHOWN]
    ]
    if len(listed) > SHOWN:
        lines.append(ctx.t(MORE, count=len(listed) - SHOWN))
    if papers.checks:
        zh = ctx.texts.locale == "zh_CN"
        lines.append(ctx.t(CHECKS))
        lines += [
            ctx.t(CHECK, what=one.zh if zh else one.en, rule=one.rule) for one in papers.checks
        ]
    return Reply.of(
        Card(
            "\n".join(filter(None, lines)),
            title=ctx.t(TITLE, number=held.number),
            choices=_buttons(ctx, held, leg, short=bool(noted)),
            columns=2,
            nav=(Button(ctx.t(N_("Back")), f"f.handover.card.{held.id}", back=True),),
            protect=True,
        )
    )


def _buttons(ctx: Context, held: Handover, leg: Leg, *, short: bool) -> tuple[Button, ...]:
    version = f"{held.id}.{held.rev}"
    found = []
    if not short:
        found.append(Button(ctx.t(AS_LISTED), f"f.sign.sign.{version}"))
    elif leg.into_archive:
        found.append(Button(ctx.t(SHORT), f"f.sign.short.{version}"))
    found += [
        Button(ctx.t(DIFFERS), f"f.sign.lines.{held.id}"),
        Button(ctx.t(WRITE), f"f.sign.write.{held.id}"),
        Button(ctx.t(BACK), f"f.sign.return.{version}"),
        Button(ctx.t(DISPUTE), f"f.sign.dispute.{version}"),
    ]
    return tuple(found)


# -- by tapping --------------------------------------------------------------------------------


def lines(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Offer the lines of the list, page by page."""
    found = handover_steps.mine(ctx, arguments[:1], Act.SIGN)
    if isinstance(found, Reply):
        return found
    held, _ = found
    page, rows = page_of(arguments, 1), handover_given.lines(ctx, held)
    some = rows[page * SIZE : (page + 1) * SIZE]
    buttons = tuple(
        Button(_short(handover_findings.numbered(one, ctx.texts)), f"f.sign.line.{one.item.id}")
        for one in some
    )
    return Reply.of(
        Card(
            ctx.t(PICK),
            title=ctx.t(TITLE, number=held.number),
            choices=buttons,
            nav=beside(
                page,
                more=len(rows) > (page + 1) * SIZE,
                key=f"f.sign.lines.{held.id}",
                back=Button(ctx.t(N_("Back")), f"f.sign.receive.{held.id}", back=True),
            ),
            protect=True,
        )
    )


def _short(words: str) -> str:
    return words if len(words) <= 18 else f"{words[:17]}…"


def line(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask what is not right about one line."""
    found = _line(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    held, _, row = found
    noted = [one for one in handover_notes.noted(ctx, held) if one.item_id == row.id]
    lines = handover_given.lines(ctx, held)
    this = next(one for one in lines if one.item.id == row.id)
    buttons = [
        Button(ctx.t(LABELS[one]), f"f.sign.note.{row.id}.{one.value}")
        for one in _possible(this.there)
    ]
    if noted:
        buttons.append(Button(ctx.t(IN_ORDER), f"f.sign.note.{row.id}.none"))
    said = handover_findings.described(this, ctx.texts, noted)
    return Reply.of(
        Card(
            "\n".join((said, ctx.t(WHAT))),
            title=ctx.t(TITLE, number=held.number),
            choices=tuple(buttons),
            columns=2,
            nav=(Button(ctx.t(N_("Back")), f"f.sign.lines.{held.id}", back=True),),
            protect=True,
        )
    )


def _possible(item: Paper | None) -> list[Found]:
    """Return what can be found about a line: of signatures, only those it has to carry."""
    signatures = []
    if item is None or item.customer_signs:
        signatures += [Found.NO_CUSTOMER, Found.BAD_CUSTOMER]
    if item is not None and item.staff_signs:
        signatures += [Found.NO_STAFF, Found.BAD_STAFF]
    return [Found.MISSING, Found.PAGES, *signatures, Found.UNFIT]


def note(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Note what was tapped about a line, and go on counting."""
    found = _line(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    held, leg, row = found
    what = arguments[1] if len(arguments) > 1 else ""
    if what == "none":
        handover_notes.clear(ctx, held, (row.id,))
    elif what == Found.PAGES:
        return runner.start(ctx, PAGES, Answers({"_item": str(row.id)}))
    elif what in {one.value for one in Found}:
        handover_notes.note(ctx, held, row.id, Found(what).kind, SAID.get(Found(what), ""))
    return card(ctx, handover_steps.touched(ctx, held), leg)


def _line(ctx: Context, words: str) -> tuple[Handover, Leg, Item] | Reply:
    row = handover_items.get(ctx.unit, int(words)) if words.isdecimal() else None
    if row is None:
        return Reply(alert=ctx.t(GONE))
    found = handover_steps.mine(ctx, (str(row.handover_id),), Act.SIGN)
    return found if isinstance(found, Reply) else (*found, row)


def submit_pages(ctx: Context, answers: Answers) -> Reply:
    found = _line(ctx, answers.text("_item"))
    if isinstance(found, Reply):
        return handover_steps.opened(found)
    held, leg, row = found
    words = PAGES_SAID.format(pages=int(answers.values.get("pages") or 0))
    handover_notes.note(ctx, held, row.id, Found.PAGES.kind, words)
    _record(ctx, held)
    return card(ctx, handover_steps.touched(ctx, held), leg)


def _record(ctx: Context, held: Handover) -> None:
    rule = handover_access.row_of(ctx, held).rule
    ctx.record("handover.noted", f"handover:{held.id}", rule)


# -- in words ----------------------------------------------------------------------------------


def write(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    found = handover_steps.mine(ctx, arguments[:1], Act.SIGN)
    if isinstance(found, Reply):
        return found
    held, _ = found
    places = [one.position for one in handover_items.of(ctx.unit, held.id)]
    return runner.start(ctx, WORDS, Answers({"_held": str(held.id), "_places": places}))


def _unreadable(words: str, answers: Answers) -> Problem | None:
    found = handover_findings.read(words, answers.values.get("_places") or ())
    return found if isinstance(found, Problem) else None


def submit_words(ctx: Context, answers: Answers) -> Reply:
    found = handover_steps.mine(ctx, (answers.text("_held"),), Act.SIGN)
    if isinstance(found, Reply):
        return handover_steps.opened(found)
    held, leg = found
    rows = {one.position: one for one in handover_items.of(ctx.unit, held.id)}
    said = handover_findings.read(answers.text("lines"), rows)
    if isinstance(said, Problem):
        return Reply.of(Card(ctx.t(said.message, **said.facts)))
    for one in said:
        handover_notes.note(ctx, held, rows[one.position].id, one.kind, one.words)
    _record(ctx, held)
    return card(ctx, handover_steps.touched(ctx, held), leg)


WORDS = Feature(WORDS_FORM.key, WORDS_FORM.title, form=WORDS_FORM, submit=submit_words)
PAGES = Feature(PAGES_FORM.key, PAGES_FORM.title, form=PAGES_FORM, submit=submit_pages)
ACTIONS = {"receive": show, "lines": lines, "line": line, "note": note, "write": write}
