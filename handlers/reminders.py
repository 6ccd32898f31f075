"""Due rungs become cards at the moment they are sent, never earlier.

The scan only fills ledger and outbox with set statements; what a rung says, and whether it is
still true, is decided here, in the unit that runs right before the platform is called.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Mode
from handlers.conversation.wording import LABEL_BYTES, shorten
from handlers.pages import HEADING, to_today
from handlers.texts import N_
from handlers.world import World
from rules.hours import after_quiet
from storage import attachments, ledger, outbox, staff
from storage.staff import Person
from storage.unit import Unit

DIGEST = N_("This morning")
SHOWN = 15
"""Lines of a morning card."""
DRAWN = 40
"""Rungs of one message that are looked at again and drawn; what is behind them is counted, so
that a pile of late papers does not hold up everybody's messages."""
MORE = N_("and {count} more")


class Rendered(msgspec.Struct, frozen=True):
    context: Context
    card: Card


def render(unit: Unit, outbox_key: str, staff_id: str, world: World) -> Rendered | None:
    """Return the card of all rungs behind one outbox row; None when none of them still holds."""
    person = staff.get(unit.session, staff_id)
    rows = ledger.open_notices(unit.session, outbox_key, DRAWN)
    if person is None:
        return None
    ctx = world.context(unit, person, person.home_channel, person.home_account, unit.now)
    waits = not all(world.registry.clocks[row.case_kind].at_night for row in rows)
    if waits and _held(ctx, outbox_key):
        return None
    cards = []
    for row in rows:
        clock = world.registry.clocks[row.case_kind]
        card = None
        if person.active:
            card = clock.say(ctx, row.case_id, row.rung, outbox_key)
        else:
            clock.wind(ctx, row.case_id)
        if card is None and _hand_up(ctx, row):
            continue
        if card is None:
            ledger.settle(unit, outbox_key, "moot", case=(row.case_kind, row.case_id))
        else:
            cards.append(card)
    rest = ledger.count_rest(unit, outbox_key, rows) if len(rows) == DRAWN else 0
    return Rendered(ctx, seeing.guard(ctx, _digest(ctx, cards, rest))) if cards else None


def hand_up(ctx: Context, outbox_key: str) -> None:
    """Let the rungs of a message that is not to be said here go to who hears them now."""
    for one in ledger.open_notices(ctx.session, outbox_key):
        _hand_up(ctx, one)


def _hand_up(ctx: Context, one: ledger.Notice) -> bool:
    """Hand one rung on; False: nobody else is to hear it, or nobody who can be told."""
    heir_id = ctx.registry.clocks[one.case_kind].hears(ctx, one.case_id, one.rung)
    heir = staff.get(ctx.session, heir_id) if heir_id else None
    if heir is None or heir.id == one.staff_id or not heir.home_channel:
        return False
    key = f"up:{one.case_kind}:{one.case_id}:{ctx.new_id()}"
    ledger.hand_on(ctx.unit, one, heir.id, key)
    owe(ctx, key, heir)
    return True


def owe(ctx: Context, key: str, person: Person, wait: timedelta = timedelta()) -> None:
    """Owe somebody, where they read, the rungs recorded under `key`; drawn when it is sent.

    `wait`: how long others may join it.
    """
    outbox.put(
        ctx.unit,
        key=key,
        channel=person.home_channel,
        account=person.home_account,
        staff_id=person.id,
        mode=Mode.SEND,
        slot="",
        body=None,
        due_at=ctx.now + wait,
    )


def _held(ctx: Context, outbox_key: str) -> bool:
    """In quiet hours, where an outage of the platform may lead: let it wait for their end."""
    time = ctx.policy.time
    until = after_quiet(ctx.now, time.quiet_hours, time.zone)
    if until <= ctx.now:
        return False
    held_key = f"{outbox_key} {until:%m%d}"
    ledger.hold(ctx.unit, outbox_key, held_key)
    outbox.put(
        ctx.unit,
        key=held_key,
        channel=ctx.channel,
        account=ctx.account,
        staff_id=ctx.person.id,
        mode=Mode.SEND,
        slot="",
        body=None,
        due_at=until,
    )
    return True


def wind_stalled(unit: Unit, world: World, limit: int) -> list[Context]:
    """Set the next rung of cases whose last one reached nobody or was only counted; returns a
    context for each."""
    rows = ledger.stalled(unit.session, limit)
    people = [staff.get(unit.session, row.staff_id) for row in rows]
    wound = []
    known = [(row, person) for row, person in zip(rows, people, strict=True) if person]
    for row, person in known:
        ctx = world.context(unit, person, "", "", unit.now)
        world.registry.clocks[row.case_kind].wind(ctx, row.case_id)
        wound.append(ctx)
    return wound


def _digest(ctx: Context, cards: list[Card], rest: int) -> Card:
    """Put the morning's cards into one: a line and a button for each, as far as there is room.

    What has no room is counted, and where it can be found is a button. `rest`: how many more there
    are that were not drawn.
    """
    if len(cards) == 1 and not rest:
        return cards[0]
    titles = list(dict.fromkeys(card.title for card in cards))
    ordered = sorted(cards, key=lambda card: titles.index(card.title))
    lines = []
    for title in titles:
        shown = [card for card in ordered[:SHOWN] if card.title == title]
        lines += [ctx.t(HEADING, title=title)] if len(titles) > 1 and shown else []
        lines += [f"· {card.text}" for card in shown]
    hidden = ordered[SHOWN:]
    if hidden or rest:
        lines.append(ctx.t(MORE, count=len(hidden) + rest))
    ways = tuple(dict.fromkeys(way for card in (hidden or cards) for way in card.nav))
    ways = ways if hidden or rest else ()
    room = MAX_CHOICES - 1 - len(ways)
    buttons = tuple(
        Button(shorten(card.text.splitlines()[0], LABEL_BYTES), card.choices[0].key)
        for card in ordered
        if card.choices
    )[:room]
    today = to_today(ctx.texts)
    return Card(
        "\n".join(lines),
        title=titles[0] if len(titles) == 1 else ctx.t(DIGEST),
        choices=(*buttons, *ways, today),
    )


REFUSED = N_("A file could not be kept{name}: {why}. Everything else was kept; {advice}.")
LOST = (N_("the messenger no longer has it"), N_("please send it again"))
WHY = {
    "empty": (N_("it is empty"), N_("please send it again")),
    "size": (
        N_("it is too large, at most {limit} MB are possible"),
        N_("please send a smaller one"),
    ),
    "type": (
        N_("files of this kind are not accepted"),
        N_("pictures, PDF, Office files, plain text, voice and MP4 video are"),
    ),
}


def file_refused(ctx: Context, row: attachments.Attachment, most: int) -> None:
    """Tell the sender of a file that was not kept why, and what can be done.

    `most`: bytes of the largest file that could have been kept.
    """
    why, advice = WHY.get(row.problem, LOST)
    facts = {
        "name": f" ({row.name})" if row.name else "",
        "why": ctx.t(why, limit=most // 2**20),
        "advice": ctx.t(advice),
    }
    ctx.tell(
        ctx.person.id,
        lambda texts: Card(texts.t(REFUSED, **facts)),
        f"file:{row.id}",
        after=ctx.now,
    )
