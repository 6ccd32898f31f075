"""The list of a handover's papers as a card: page by page, with what can be tapped.

Whoever may know of the handover can look; only who gives fills in.
"""

from __future__ import annotations

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.conversation.wording import shorten
from handlers.handovers import handover_access, handover_given, handover_words
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_given import Line
from handlers.pages import beside
from handlers.texts import LOCALES, N_, Texts
from rules.checklists import Needed
from rules.handovers import ItemState
from storage.handovers import Handover

SIZE = 6
"""Lines on one card: with two ways to go on they fit the tightest channel as numbers."""

TITLE = N_("Papers list")
PART = N_("{part}:")
ROW = N_("{place}. {title}: {said}")
LEFT = N_("Still to be said: {count} of {total}.")
ALL_SAID = N_("Everything is said. Hand the papers over when they are complete.")
STANDS = N_("Handed over: the list stands still until it is taken back or sent back.")
REST, NONE_OF_REST = N_("All others there"), N_("Others do not apply")
PILE, ADD, HAND, BACK = (
    N_("Send photos"),
    N_("Add a line"),
    N_("Hand them over"),
    N_("Back"),
)
LABEL_BYTES = 30


def list_card(ctx: Context, held: Handover, page: int = 0, lead: str = "") -> Card:
    found = handover_given.lines(ctx, held)
    far = handover_given.progress(ctx, held, found)
    left = far.left
    page = min(page, max(len(found) - 1, 0) // SIZE)
    shown = found[page * SIZE : (page + 1) * SIZE]
    gives = Act.GIVE in handover_access.may(ctx, held, ctx.person)
    said = ctx.t(LEFT, count=len(left), total=far.total) if left else ctx.t(ALL_SAID)
    head = [lead, said if gives else ctx.t(STANDS) if held.open else ""]
    back = Button(ctx.t(BACK), f"f.handover.card.{held.id}", back=True)
    more = len(found) > (page + 1) * SIZE
    nav = beside(page, more=more, key=f"f.handover.papers.{held.id}", back=back)
    add = (Button(ctx.t(ADD), f"f.handover.add.{held.id}"),) if gives else ()
    return Card(
        "\n".join([*filter(None, head), *_rows(ctx, held, shown)]),
        title=f"{ctx.t(TITLE)} · {held.number}",
        choices=tuple(_choices(ctx, held, shown, left, gives=gives)),
        columns=2,
        nav=(*nav, *add),
        protect=True,
    )


def _rows(ctx: Context, held: Handover, shown: tuple[Line, ...]) -> list[str]:
    rows, part = [], ""
    for one in shown:
        heading = part_of(one, ctx.texts)
        if heading and heading != part:
            rows.append(ctx.t(PART, part=heading))
        part = heading
        said = handover_words.said(one, ctx.texts)
        rows.append(ctx.t(ROW, place=one.item.position, title=title(ctx, held, one), said=said))
    return rows


def part_of(one: Line, texts: Texts) -> str:
    if one.paper is None:
        return ""
    return one.paper.part if texts.locale == LOCALES[0] else one.paper.part_en


def title(ctx: Context, held: Handover, one: Line) -> str:
    """Return what a line is called; what somebody wrote only where it may be read (C-01)."""
    if one.paper is None and not handover_words.readable(ctx, held, here(ctx)):
        return "…"
    return one.title(ctx.texts)


def _choices(
    ctx: Context,
    held: Handover,
    shown: tuple[Line, ...],
    left: tuple[Line, ...],
    *,
    gives: bool,
) -> list[Button]:
    """Return what can be tapped: each line of the page, then what is done for many at once."""
    buttons = [
        Button(shorten(title(ctx, held, one), LABEL_BYTES), f"f.handover.item.{one.item.id}")
        for one in shown
    ]
    if not gives:
        return buttons
    unsaid = [one for one in left if one.item.state == ItemState.OPEN]
    if any(needed(one) and quick(one) for one in unsaid):
        buttons.append(Button(ctx.t(REST), f"f.handover.rest.{held.id}"))
    elif unsaid and not any(needed(one) for one in unsaid):
        buttons.append(Button(ctx.t(NONE_OF_REST), f"f.handover.none.{held.id}"))
    if left:
        buttons.append(Button(ctx.t(PILE), f"f.handover.pile.{held.id}"))
    elif "sign" in ctx.registry.by_key:
        buttons.append(Button(ctx.t(HAND), f"f.sign.hand.{held.id}"))
    return buttons


def needed(one: Line) -> bool:
    return one.paper is not None and one.paper.needed is Needed.ALWAYS


def quick(one: Line) -> bool:
    """Return whether one tap says all of a line: no photo is still asked for."""
    return one.paper is not None and one.photos >= one.paper.photos_needed
