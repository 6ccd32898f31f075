"""The cards of what a handover still lacks: one gap with what can be done, and the list of all.

Everybody concerned sees the same gap; the owner supplies it, the archive looks at it, who settles
disputes can waive it. A gap of who has left is with the next superior (C-55).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from handlers.approvals import case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Mode, Reply, Show
from handlers.handovers import (
    handover_access,
    handover_card,
    handover_clock,
    handover_findings,
    handover_given,
    handover_stead,
    handover_words,
)
from handlers.handovers.handover_given import Line
from handlers.loans import loan_words
from handlers.pages import SIZE, beside, page_of
from handlers.texts import N_, Texts
from rules.handovers import GapState
from storage import handover_gaps, handovers, staff
from storage.handover_gaps import Gap
from storage.handovers import Handover, Leg
from storage.staff import Person

TITLE = N_("Gap · {number}")
LIST_TITLE = N_("Gaps · {number}")
STATES = {
    GapState.NOTED: N_("noted, not signed yet"),
    GapState.OPEN: N_("to be put right"),
    GapState.SUPPLIED: N_("supplied {moment}, to be looked at"),
    GapState.CLOSED: N_("put right"),
    GapState.WAIVED: N_("waived by {name}"),
}
OWNER = N_("To be put right by {name} until {until} ({rule})")
LAPSED = N_("Its time has passed {count} times; each counts as a breach of its own ({rule}).")
BY = N_("{line}: {name}, until {day}")
NONE = N_("Nothing is missing any more.")
GONE = N_("There is no such gap, or it is not for you to see.")

SUPPLY, CONTEST = N_("Supply"), N_("Not so")
ACCEPT, REFUSE, PLAN, WAIVE = (
    N_("Looked at, right"),
    N_("Not accepted"),
    N_("Other owner or day"),
    N_("Waive"),
)
HANDOVER = N_("View")
LAPSE_RULE = "S1-09.5.10"


def slot(gap_id: int) -> str:
    """Return the name under which a gap's card is redrawn."""
    return f"gap.{gap_id}"


def found(ctx: Context, words: str, *, lock: bool = False) -> tuple[Handover, Leg, Gap] | None:
    """Return a gap with its handover and the leg it was found in, if who acts may know of it."""
    gap = handover_gaps.get(ctx.unit, int(words)) if words.isdecimal() else None
    if gap is None or gap.state == GapState.NOTED:
        return None
    held = handover_access.known(ctx, str(gap.handover_id), lock=lock)
    if held is None:
        return None
    gap = handover_gaps.get(ctx.unit, gap.id) or gap  # the lock may have waited for another tap
    return held, handovers.legs(ctx.unit, held.id)[gap.leg - 1], gap


# -- who may -----------------------------------------------------------------------------------


def owns(ctx: Context, gap: Gap, person: Person) -> bool:
    """Return whether a gap is a person's own: its owner, or who answers for a leaver's."""
    return person.active and person.id == handover_clock.owner_of(ctx, gap)


def supplies(ctx: Context, held: Handover, leg: Leg, gap: Gap, person: Person) -> bool:
    """Return whether a person puts a gap right: whose it is or, while they are away, who stands in
    and does not look after the papers that came. Rule: S1-09.5.10, C-54, C-55."""
    if owns(ctx, gap, person):
        return True
    other = handover_stead.stand_in(ctx, held, handover_clock.owner_of(ctx, gap))
    return person.id == other and person.id not in handover_access.counters(ctx, held, leg)


def counts(ctx: Context, held: Handover, leg: Leg, gap: Gap, person: Person) -> bool:
    """Return whether a person looks at what is supplied; never at what they supply themselves."""
    mine = owns(ctx, gap, person) or person.id in (gap.owner, gap.supplied_by)
    return not mine and person.id in handover_access.counters(ctx, held, leg)


def settles(ctx: Context, held: Handover, gap: Gap, person: Person) -> bool:
    return person.id in handover_access.settlers(ctx, held) and person.id != gap.owner


def leads(ctx: Context, held: Handover, gap: Gap, person: Person) -> bool:
    """Return whether a person says whose gap it is: above the owner, or head of who gives."""
    above = person.id in staff.chain(ctx.session, gap.owner)
    return above or person.id in handover_access.heads(ctx, held)


# -- one gap -----------------------------------------------------------------------------------


def show(ctx: Context, gap: Gap, lead: str = "", *, alert: str = "") -> Reply:
    """Answer with the card of a gap as it is now."""
    held = handovers.get(ctx.unit, gap.handover_id)
    now = handover_gaps.get(ctx.unit, gap.id)
    assert held is not None  # noqa: S101 - the gap refers to it
    assert now is not None  # noqa: S101 - gaps are never deleted
    card = draw(ctx, held, now, here(ctx), ctx.texts, lead)
    named, chat = slot(gap.id), (ctx.channel, ctx.account)
    ctx.told[:] = [one for one in ctx.told if (one.slot, one.to) != (named, chat)]
    mode = Mode.REDRAW if ctx.tapped == named else Mode.SEND
    return Reply((Show(card, mode, named),), alert=alert)


def tell(
    ctx: Context,
    held: Handover,
    gap: Gap,
    people: Iterable[str],
    lead: str,
    what: str,
    **facts: object,
) -> None:
    """Send the card of a gap to these people, not to who acts."""
    for one in sorted(set(people) - {ctx.person.id, ""}):
        reader = staff.get(ctx.session, one)
        if reader is not None and reader.active:
            card = partial(_told, ctx, held, gap, reader, lead, facts)
            ctx.tell(one, card, f"gap:{gap.id}:{held.rev}:{what}:{one}", slot=slot(gap.id))


def _told(
    ctx: Context,
    held: Handover,
    gap: Gap,
    reader: Person,
    lead: str,
    facts: dict[str, object],
    texts: Texts,
) -> Card:
    return draw(ctx, held, gap, reader, texts, texts.t(lead, **facts))


def draw(
    ctx: Context, held: Handover, gap: Gap, reader: Person, texts: Texts, lead: str = ""
) -> Card:
    """Return the card of a gap for a reader who may know of its handover."""
    if not handover_access.may(ctx, held, reader):
        return Card(texts.t(GONE))
    rule = handover_access.row_of(ctx, held).correction.due.rule
    until = loan_words.until(ctx, gap.due_on, gap.due_at, texts)
    name = case_texts.name(ctx, handover_clock.owner_of(ctx, gap))
    lines = [
        lead,
        handover_words.subject(ctx, held, reader),
        described(ctx, held, gap, reader, texts),
        _state(ctx, gap, texts),
        texts.t(OWNER, name=name, until=until, rule=rule) if gap.open else "",
        _provisional(gap, texts),
        texts.t(LAPSED, count=gap.lapses, rule=LAPSE_RULE) if gap.lapses else "",
    ]
    return Card(
        "\n".join(filter(None, lines)),
        title=texts.t(TITLE, number=held.number),
        choices=tuple(_buttons(ctx, held, gap, reader, texts)),
        columns=2,
        protect=True,
    )


def described(ctx: Context, held: Handover, gap: Gap, reader: Person, texts: Texts) -> str:
    """Return which line it is and what is not right about it, as far as words may be shown."""
    named = handover_findings.numbered(_line(ctx, held, gap), texts)
    return f"{named} · {_wrong(ctx, held, gap, reader, texts)}"


def _line(ctx: Context, held: Handover, gap: Gap) -> Line:
    lines = handover_given.lines(ctx, held)
    return next(one for one in lines if one.item.id == gap.item_id)


def _wrong(ctx: Context, held: Handover, gap: Gap, reader: Person, texts: Texts) -> str:
    readable = handover_words.readable(ctx, held, reader)
    return handover_findings.what(gap, texts) if readable else handover_findings.kind(gap, texts)


def _provisional(gap: Gap, texts: Texts) -> str:
    computed = gap.open and gap.provisional
    return texts.t(loan_words.PROVISIONAL, year=gap.due_on.year) if computed else ""


def _state(ctx: Context, gap: Gap, texts: Texts) -> str:
    facts = {}
    if gap.state == GapState.SUPPLIED and gap.supplied_at is not None:
        facts["moment"] = texts.moment(gap.supplied_at)
    if gap.state == GapState.WAIVED:
        facts["name"] = case_texts.name(ctx, gap.closed_by)
    return texts.t(STATES[GapState(gap.state)], **facts)


def _buttons(
    ctx: Context, held: Handover, gap: Gap, reader: Person, texts: Texts
) -> Iterator[Button]:
    """Yield what the reader can do about a gap now."""
    leg = handovers.legs(ctx.unit, held.id)[gap.leg - 1]
    if gap.open:
        for label, key in _acts(ctx, held, leg, gap, reader):
            yield Button(texts.t(label), f"f.gap.{key}.{gap.id}")
    yield Button(texts.t(HANDOVER), f"f.handover.card.{held.id}")
    rule = handover_access.row_of(ctx, held).correction.due.rule
    yield Button(texts.t(handover_card.CLAUSE), f"f.help.clause.{rule}")


def _acts(
    ctx: Context, held: Handover, leg: Leg, gap: Gap, reader: Person
) -> Iterator[tuple[str, str]]:
    if supplies(ctx, held, leg, gap, reader):
        if gap.state == GapState.OPEN:
            yield SUPPLY, "supply"
        yield CONTEST, "contest"
    looks = counts(ctx, held, leg, gap, reader)
    if looks and leg.closed_at is not None:
        yield ACCEPT, "accept"
        if gap.state == GapState.SUPPLIED:
            yield REFUSE, "refuse"
    if gap.state == GapState.OPEN and (looks or leads(ctx, held, gap, reader)):
        yield PLAN, "plan"
    if settles(ctx, held, gap, reader):
        yield WAIVE, "waive"


def names(ctx: Context, people: Sequence[str], texts: Texts) -> str:
    return handover_words.names(ctx, tuple(people), texts)


# -- several -----------------------------------------------------------------------------------


def listing(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List the open gaps of a handover."""
    held = handover_access.known(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(GONE))
    gaps = [one for one in handover_gaps.of(ctx.unit, held.id) if one.open]
    page = page_of(arguments, 1)
    some = gaps[page * SIZE : (page + 1) * SIZE]
    card = _list(ctx, held, some, here(ctx), ctx.texts, "" if gaps else ctx.t(NONE))
    back = Button(ctx.t(HANDOVER), f"f.handover.card.{held.id}", back=True)
    more, key = len(gaps) > (page + 1) * SIZE, f"f.gap.list.{held.id}"
    nav = beside(page, more=more, key=key, back=back)
    return Reply.of(Card(card.text, card.title, card.choices, card.columns, nav, protect=True))


def tell_list(
    ctx: Context, held: Handover, staff_id: str, gaps: Sequence[Gap], lead: str, **facts: object
) -> None:
    """Send somebody several gaps at once, each one tap away."""
    reader = staff.get(ctx.session, staff_id)
    if reader is None or not reader.active:
        return

    def card(texts: Texts) -> Card:
        return _list(ctx, held, gaps[:SIZE], reader, texts, texts.t(lead, **facts))

    ctx.tell(staff_id, card, f"handover:{held.id}:{held.rev}:gaps:{staff_id}")


def tell_owners(ctx: Context, held: Handover, gaps: Sequence[Gap]) -> None:
    """Send each owner what is theirs to put right. Rule: S1-09.5.10."""
    for owner in sorted({handover_clock.owner_of(ctx, one) for one in gaps}):
        mine = [one for one in gaps if handover_clock.owner_of(ctx, one) == owner]
        rule = handover_access.row_of(ctx, held).rule
        facts = {"number": held.number, "count": len(mine), "rule": rule}
        tell_list(ctx, held, owner, mine, YOURS, **facts)
        if other := handover_stead.stand_in(ctx, held, owner):
            tell_list(ctx, held, other, mine, THEIRS, name=case_texts.name(ctx, owner), **facts)


YOURS = N_("{number} is signed with {count} gaps for you to put right ({rule}):")
THEIRS = N_(
    "{number} is signed with {count} gaps for {name}, who is away and for whom you stand in "
    "({rule}):"
)


def _list(
    ctx: Context, held: Handover, gaps: Sequence[Gap], reader: Person, texts: Texts, lead: str
) -> Card:
    lines, buttons = [lead], []
    for one in gaps:
        wrong = _wrong(ctx, held, one, reader, texts)
        said = f"{_line(ctx, held, one).title(texts)} · {wrong}"  # a number would name an entry
        name = case_texts.name(ctx, handover_clock.owner_of(ctx, one))
        day = texts.until(one.due_on, one.due_at, ctx.today)
        lines.append(texts.t(BY, line=said, name=name, day=day))
        short = said if len(said) <= 14 else f"{said[:13]}…"
        buttons.append(Button(short, f"f.gap.card.{one.id}"))
    return Card(
        "\n".join(filter(None, lines)),
        title=texts.t(LIST_TITLE, number=held.number),
        choices=tuple(buttons),
        nav=(Button(texts.t(HANDOVER), f"f.handover.card.{held.id}", back=True),),
        protect=True,
    )
