"""The list of handovers: mine to hand over, mine to sign, what is still to be supplied.

Late ones come first, for they are the first due. What can be done about one is on its card.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.conversation.wording import shorten_middle
from handlers.feature import Feature
from handlers.handovers import (
    handover_access,
    handover_clock,
    handover_gap_cards,
    handover_stead,
    handover_words,
)
from handlers.handovers.handover_access import Act
from handlers.pages import HEADING, beside, page_of, to_today
from handlers.texts import N_
from rules.handovers import GapState
from storage import handover_gaps, handover_lists, handovers
from storage.handovers import Handover, Leg

TITLE = N_("My handovers")
LIST = "f.handovers.list"
SIZE = 5
MOST = 50
"""Of each kind that are looked at for a list."""

NOTHING = N_("Nothing waits to be handed over or signed for.")
PICK = N_("Tap one to see it.")
TO_GIVE, TO_SIGN, TO_SUPPLY, TO_SETTLE, BELOW = (
    N_("To hand over"),
    N_("To sign for"),
    N_("To supply"),
    N_("To settle"),
    N_("Open in my department"),
)
ENTRY = N_("{number} {subject} · {state}")
TO_SHELVE = N_("To shelve")
FOR_OTHERS = N_("For colleagues who are away")
START, OF_DEPARTMENT = N_("Start a handover"), N_("My department")
LABEL_BYTES = 48
GIVE_COUNT = N_("Papers to hand over ({count})")
FOR_OTHERS_COUNT = N_("Papers of colleagues who are away ({count})")
SIGN_COUNT = N_("Papers to sign for ({count})")
SHELVE_COUNT = N_("Papers to shelve ({count})")
SUPPLY_COUNT = N_("Papers to supply ({count})")
SETTLE_COUNT = N_("Disputes to settle ({count})")


class Entry(msgspec.Struct, frozen=True):
    """One line of the list."""

    section: str
    held: Handover
    leg: Leg


def show(ctx: Context, *, page: int = 0) -> Reply:
    """List what waits for who acts."""
    return _list(ctx, list(_entries(ctx)), page, LIST)


def below(ctx: Context, page: int = 0) -> Reply:
    """List what is open in the departments that who acts heads. Rule: S1-09.3.2, S1-09.3.3."""
    found = handover_lists.open_in(ctx.unit, ctx.person.head_of, MOST)
    entries = [Entry(BELOW, one, handovers.present(ctx.unit, one)) for one in found]
    return _list(ctx, entries, page, "f.handovers.below")


def _list(ctx: Context, entries: list[Entry], page: int, key: str) -> Reply:
    page = min(page, max(len(entries) - 1, 0) // SIZE)
    shown = entries[page * SIZE : (page + 1) * SIZE]
    lines = [ctx.t(PICK) if shown else ctx.t(NOTHING)]
    for section in dict.fromkeys(one.section for one in shown):
        lines.append(ctx.t(HEADING, title=ctx.t(section)))
        lines += [f"· {_words(ctx, one)}" for one in shown if one.section == section]
    buttons = tuple(Button(_label(ctx, one), f"f.handover.card.{one.held.id}") for one in shown)
    more = len(entries) > (page + 1) * SIZE
    start = Button(ctx.t(START), "f.handover.start")
    heads = Button(ctx.t(OF_DEPARTMENT), "f.handovers.below")
    extra = (heads,) if ctx.person.head_of and key == LIST else ()
    nav = beside(page, more=more, key=key, back=start)
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(TITLE),
            choices=buttons,
            nav=(*nav, *extra, to_today(ctx.texts)),
        )
    )


def _entries(ctx: Context) -> Iterator[Entry]:
    """Yield what is to be given, signed, settled and supplied, each handover once."""
    told: set[int] = set()
    for section, legs in (
        (TO_GIVE, to_give(ctx)),
        (FOR_OTHERS, to_give_for(ctx)),
        (TO_SIGN, to_sign(ctx)),
        (TO_SETTLE, to_settle(ctx)),
    ):
        for leg in legs:
            held = handovers.get(ctx.unit, leg.handover_id)
            if held is not None and held.id not in told:
                told.add(held.id)
                yield Entry(section, held, leg)
    for held in to_shelve(ctx):
        yield Entry(TO_SHELVE, held, handovers.present(ctx.unit, held))
    for gap in to_supply(ctx):
        held = handovers.get(ctx.unit, gap.handover_id)
        if held is not None and held.id not in told:
            told.add(held.id)
            yield Entry(TO_SUPPLY, held, handovers.present(ctx.unit, held))


def to_give(ctx: Context) -> tuple[Leg, ...]:
    """Return the legs whose papers who acts has to hand over, the first due first."""
    return handover_lists.to_give(ctx.unit, ctx.person.id, MOST)


def to_give_for(ctx: Context) -> tuple[Leg, ...]:
    """Return the legs that who acts may hand over for colleagues who are away. Rule: C-54."""
    found = (
        leg
        for one in handover_stead.stood_for(ctx)
        for leg in handover_lists.to_give(ctx.unit, one, MOST)
    )
    return tuple(one for one in found if _may(ctx, one, Act.GIVE))


def to_sign(ctx: Context) -> tuple[Leg, ...]:
    """Return the legs that wait for the signature of who acts, as receiver or as the third.

    Who heads the unit that keeps the archive signs where its archivist gives (S1-14.9).
    """
    roles = set(ctx.person.roles)
    mine = [
        one
        for one in (
            *handover_lists.to_sign(ctx.unit, roles, MOST),
            *handover_lists.to_witness(ctx.unit, roles, MOST),
        )
        if ctx.person.id not in (one.giver, one.handed_by)
        and _named(ctx, one.receiver, one.witness)
    ]
    for part in ctx.policies.parts:
        if part.on(ctx.today).custodian_unit in ctx.person.head_of:
            others = {row.leg[-1].receiver for row in part.handovers(ctx.today)} - roles
            legs = handover_lists.to_sign(ctx.unit, others, MOST)
            mine += [one for one in legs if _may(ctx, one, Act.SIGN)]
    return tuple(dict.fromkeys(mine))


def _named(ctx: Context, *people: str) -> bool:
    """Return whether nobody else is named than who acts."""
    return all(one in ("", ctx.person.id) for one in people) or ctx.person.id in people


def to_settle(ctx: Context) -> tuple[Leg, ...]:
    """Return the disputes that who acts settles."""
    found = [
        leg
        for part in ctx.policies.parts
        if any(row.disputes_to in ctx.person.roles for row in part.handovers(ctx.today))
        for leg in handover_lists.disputed(ctx.unit, part.pack, MOST)
    ]
    return tuple(one for one in found if _may(ctx, one, Act.SETTLE))


def to_shelve(ctx: Context) -> tuple[Handover, ...]:
    """Return what is signed into the archive and has no place there yet."""
    found = [
        held
        for part in ctx.policies.parts
        if any(row.leg[-1].receiver in ctx.person.roles for row in part.handovers(ctx.today))
        for held in handover_lists.unshelved(ctx.unit, part.pack, MOST)
    ]
    return tuple(one for one in found if Act.SHELVE in handover_access.may(ctx, one, ctx.person))


def to_supply(ctx: Context) -> tuple[handover_gaps.Gap, ...]:
    """Return the gaps that who acts has to put right, their own ones and the first due first."""
    found = handover_gaps.open_of(ctx.unit, ctx.person.id, MOST)
    return tuple(one for one in (*found, *_to_supply_for(ctx)) if one.state == GapState.OPEN)


def _to_supply_for(ctx: Context) -> Iterator[handover_gaps.Gap]:
    """Yield the gaps that who acts may put right for colleagues who are away. Rule: C-54."""
    for one in handover_stead.stood_for(ctx):
        for gap in handover_gaps.open_of(ctx.unit, one, MOST):
            known = handover_gap_cards.found(ctx, str(gap.id))
            if known is not None and handover_gap_cards.supplies(ctx, *known, ctx.person):
                yield gap


def counts(ctx: Context) -> tuple[tuple[str, int, str], ...]:
    """Return what the day's list says of handovers: words, how many, key."""
    return (
        (GIVE_COUNT, len(to_give(ctx)), LIST),
        (FOR_OTHERS_COUNT, len(to_give_for(ctx)), LIST),
        (SIGN_COUNT, len(to_sign(ctx)), LIST),
        (SHELVE_COUNT, len(to_shelve(ctx)), LIST),
        (SUPPLY_COUNT, len(to_supply(ctx)), LIST),
        (SETTLE_COUNT, len(to_settle(ctx)), LIST),
    )


def _may(ctx: Context, leg: Leg, act: Act) -> bool:
    held = handovers.get(ctx.unit, leg.handover_id)
    return held is not None and act in handover_access.may(ctx, held, ctx.person)


def _words(ctx: Context, one: Entry) -> str:
    subject = handover_words.subject(ctx, one.held, here(ctx))
    state = handover_words.state(ctx, one.held, one.leg, ctx.texts)
    return ctx.t(ENTRY, number=one.held.number, subject=subject, state=state)


def _label(ctx: Context, one: Entry) -> str:
    subject = handover_words.subject(ctx, one.held, here(ctx))
    return shorten_middle(f"{one.held.number} {subject}", LABEL_BYTES)


FEATURE = Feature(
    key="handovers",
    title=TITLE,
    actions={
        "list": lambda ctx, arguments: show(ctx, page=page_of(arguments)),
        "below": lambda ctx, arguments: below(ctx, page_of(arguments)),
    },
    clocks=handover_clock.CLOCKS,
)
