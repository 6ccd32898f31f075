"""The life of a handover leg as one table, and what a set of papers lacks.

Whoever moves a leg asks `move`; what no row has cannot happen. Guards against papers that count
as received because somebody sent them: nothing is signed but by the receiver, and by the witness
where the rule wants one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from rules.checklists import Checklist, Form, Item, Needed
from rules.errors import DomainError


class HandoverState(StrEnum):
    """Where the whole handover stands."""

    OPEN = "open"
    COMPLETE = "complete"
    """The last leg is signed; single gaps may still be open."""
    CANCELLED = "cancelled"


class LegState(StrEnum):
    """Where one leg stands."""

    WAITING = "waiting"
    """The leg before it is not signed yet."""
    OPEN = "open"
    """The giver puts the papers together."""
    HANDED = "handed"
    """The giver has handed over; a signature is still missing."""
    DISPUTED = "disputed"
    """Giver and receiver counted differently; somebody above settles it."""
    SIGNED = "signed"
    CANCELLED = "cancelled"


class Trigger(StrEnum):
    """What happens to a leg."""

    BEGIN = "begin"
    """The leg before it was signed."""
    HAND = "hand"
    """The giver says that the papers are handed over."""
    TAKE_BACK = "take_back"
    """The giver takes it back before the receiver has signed."""
    SEND_BACK = "send_back"
    """The receiver returns the papers with a list of supplements; signatures are void."""
    SIGN = "sign"
    """The receiver signs, with or without gaps noted."""
    WITNESS = "witness"
    """The witness signs."""
    DISPUTE = "dispute"
    SETTLE = "settle"
    """Somebody above has said what was there; now the receiver signs."""
    CANCEL = "cancel"


class Transition(msgspec.Struct, frozen=True):
    """One row of the table."""

    state: LegState
    trigger: Trigger
    to: LegState
    rule: str
    """Clause behind it."""
    witnessed: bool | None = None
    """Whether for a leg with every other signature (True) or not yet (False); None: for both."""


_S, _T = LegState, Trigger

TRANSITIONS = (
    Transition(_S.WAITING, _T.BEGIN, _S.OPEN, "S4-LOAN.4.5a"),
    Transition(_S.WAITING, _T.CANCEL, _S.CANCELLED, "S1-09.4.1"),
    Transition(_S.OPEN, _T.HAND, _S.HANDED, "S1-09.4.1"),
    Transition(_S.OPEN, _T.CANCEL, _S.CANCELLED, "S1-09.4.1"),
    Transition(_S.HANDED, _T.TAKE_BACK, _S.OPEN, "S1-09.4.1"),
    Transition(_S.HANDED, _T.SEND_BACK, _S.OPEN, "S4-LOAN.4.2c"),
    Transition(_S.HANDED, _T.SIGN, _S.SIGNED, "S1-09.4.1", witnessed=True),
    Transition(_S.HANDED, _T.SIGN, _S.HANDED, "S1-12.4.4", witnessed=False),
    Transition(_S.HANDED, _T.WITNESS, _S.SIGNED, "S1-12.4.4", witnessed=True),
    Transition(_S.HANDED, _T.WITNESS, _S.HANDED, "S1-12.4.4", witnessed=False),
    Transition(_S.HANDED, _T.DISPUTE, _S.DISPUTED, "S1-09.5.9"),
    Transition(_S.DISPUTED, _T.SETTLE, _S.HANDED, "S1-09.5.9"),
    Transition(_S.DISPUTED, _T.SEND_BACK, _S.OPEN, "S4-LOAN.4.2c"),
)
"""The life of a leg; at most one row for a state, a trigger and the other signatures."""


def transition(state: LegState, trigger: Trigger, *, witnessed: bool = True) -> Transition | None:
    """Return the row for what happens to a leg; None: it cannot happen."""
    return next(
        (
            row
            for row in TRANSITIONS
            if (row.state, row.trigger) == (state, trigger) and row.witnessed in (None, witnessed)
        ),
        None,
    )


def move(state: LegState, trigger: Trigger, *, witnessed: bool = True) -> LegState:
    """Return where a leg stands afterwards.

    `witnessed` says whether the other signature is there that the leg needs: the witness's when
    the receiver signs, the receiver's when the witness does. A leg without a witness needs none.

    Raises:
        DomainError: no row of the table has it.

    Rule: S1-09.4.1, S1-12.4.4, S4-LOAN.4.2b, S4-LOAN.4.2c, S4-LOAN.4.6.
    """
    row = transition(state, trigger, witnessed=witnessed)
    if row is None:
        raise DomainError(f"a leg that is {state} knows no {trigger}")
    return row.to


class ItemState(StrEnum):
    """What the giver says about a line."""

    OPEN = "open"
    """Nothing yet."""
    PRESENT = "present"
    ABSENT = "absent"
    """Noted as missing."""
    NOT_APPLICABLE = "not_applicable"
    """There is no such paper in this case, with the reason."""


class Signed(StrEnum):
    """Whether a paper carries a signature."""

    UNKNOWN = ""
    YES = "yes"
    MISSING = "missing"
    WRONG = "wrong"


class GapKind(StrEnum):
    """What is wrong with a line."""

    MISSING = "missing"
    PAGES = "pages"
    """Pages, or a side, are missing or not counted."""
    CUSTOMER_SIGNATURE = "customer_signature"
    """Missing or wrong."""
    STAFF_SIGNATURE = "staff_signature"
    """Missing or wrong."""
    WRONG = "wrong"
    """Not as required, such as a copy for the original."""


class GapState(StrEnum):
    """Where a gap stands."""

    NOTED = "noted"
    """Said or found while the papers change hands; nobody has signed for it yet."""
    OPEN = "open"
    SUPPLIED = "supplied"
    """The giver says so; the receiver has not looked."""
    CLOSED = "closed"
    WAIVED = "waived"


class Given(msgspec.Struct, frozen=True):
    """What is said about one line."""

    item: str
    """Id of the line."""
    state: ItemState = ItemState.OPEN
    instead: str = ""
    """Id of the alternative in its place; empty: the paper itself."""
    form: Form = Form.ANY
    """ANY: nobody said."""
    pages: int | None = None
    """Cover and all sheets; None: not counted."""
    copies: int = 1
    photos: int = 0
    """How many photos of it there are."""
    customer_signed: Signed = Signed.UNKNOWN
    staff_signed: Signed = Signed.UNKNOWN
    certificate: str = ""
    """Number of the deed."""
    reason: str = ""
    """Why it is not applicable."""


class Gap(msgspec.Struct, frozen=True):
    """One thing a set of papers lacks."""

    item: str
    kind: GapKind
    rule: str
    """Clause that asks for the paper."""


def gaps(papers: Checklist, given: Mapping[str, Given]) -> tuple[Gap, ...]:
    """Return what a set of papers lacks, in the order of the list; `given` by id of the line.

    A line of which nothing was said is missing. What is optional, or not applicable with a
    reason, is none.

    Rule: S1-09.4.1, S1-09.5.2, S1-09.5.5a, S1-09.5.5b, S1-09.5.5c, S4-LOAN.4.2b, S4-LOAN.4.2c.
    """
    found: list[Gap] = []
    for item in papers.item:
        said = given.get(item.id, Given(item.id))
        found += (Gap(item.id, kind, item.rule) for kind in _lacking(papers, item, said))
    return tuple(found)


def ready(papers: Checklist, given: Mapping[str, Given]) -> tuple[Item, ...]:
    """Return the lines the giver still has to answer before handing over; empty: none.

    A paper may be missing, but then the giver says so; of one that is there pages, certificate
    number and signatures are said where they are asked for. Nothing is there before what has to
    come first. Where every line is optional at least one paper is there.

    Rule: S1-09.4.1, S4-LOAN.4.2a, S4-LOAN.5.2b, S1-10.5.
    """
    said = [(item, given.get(item.id, Given(item.id))) for item in papers.item]
    optional = all(item.needed is Needed.OPTIONAL for item in papers.item)
    if optional and not any(one.state is ItemState.PRESENT for _, one in said):
        return papers.item
    return tuple(
        item
        for item, one in said
        if not _answered(papers, item, one) or too_early(item, given) is not None
    )


def too_early(item: Item, given: Mapping[str, Given]) -> str | None:
    """Return the id of what has to come before a line that is said to be there; None: nothing.

    Rule: S1-10.5, S1-10.6.
    """
    states = {name: one.state for name, one in given.items()}
    there = ItemState.PRESENT
    early = item.after and states.get(item.id) is there and states.get(item.after) is not there
    return item.after if early else None


def order(papers: Checklist, items: Iterable[str]) -> tuple[str, ...]:
    """Return ids of lines as the contents list has them: as the checklist says, then what somebody
    added as it came; what gets no number (an annex) last.

    Rule: S2-DOSS.15, S2-DOSS.17, S4-LOAN.4.4, C-22.
    """
    places = {item.id: at for at, item in enumerate(papers.item)}

    def place(name: str) -> tuple[bool, int]:
        item = papers.of(name)
        return (item is not None and not item.coded, places.get(name, len(places)))

    return tuple(sorted(items, key=place))


def _lacking(papers: Checklist, item: Item, given: Given) -> Iterator[GapKind]:
    if given.state is not ItemState.PRESENT:
        excused = (
            item.needed is Needed.APPLICABLE
            and given.state is ItemState.NOT_APPLICABLE
            and bool(given.reason)
        )
        if item.needed is not Needed.OPTIONAL and not excused:
            yield GapKind.MISSING
        return
    paper = _paper(papers, item, given)
    if paper.form is Form.ORIGINAL and given.form in (Form.COPY, Form.PHOTO):
        yield GapKind.WRONG
    if given.photos < paper.photos_needed or (papers.pages and not given.pages):
        yield GapKind.PAGES
    if paper.customer_signs and given.customer_signed is not Signed.YES:
        yield GapKind.CUSTOMER_SIGNATURE
    if paper.staff_signs and given.staff_signed is not Signed.YES:
        yield GapKind.STAFF_SIGNATURE


def _answered(papers: Checklist, item: Item, given: Given) -> bool:
    if given.state is ItemState.OPEN:
        return item.needed is Needed.OPTIONAL
    if given.state is ItemState.NOT_APPLICABLE:
        return item.needed is not Needed.ALWAYS and bool(given.reason)
    if given.state is ItemState.ABSENT:
        return True
    paper = _paper(papers, item, given)
    return (
        not (papers.pages and not given.pages)
        and not (paper.certificate and not given.certificate.strip())
        and not (paper.customer_signs and given.customer_signed is Signed.UNKNOWN)
        and not (paper.staff_signs and given.staff_signed is Signed.UNKNOWN)
    )


def _paper(papers: Checklist, item: Item, given: Given) -> Item:
    """Return what is there: the paper itself, or the one in its place.

    Raises:
        DomainError: nothing of that name may stand in its place.
    """
    if not given.instead:
        return item
    other = papers.of(given.instead)
    if other is None or other.id not in item.instead:
        raise DomainError(f"{given.instead!r} in the place of {item.id}")
    return other
