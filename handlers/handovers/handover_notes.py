"""What is noted against a list before it is signed, and how it becomes gaps with owner and day.

A note is a gap nobody has signed for: the giver's own "missing", or what the receiver finds while
counting. The trap is the fine for a paper that was noted: what the giver said was missing has time
until the deadline of the handover; what was found not right is to be corrected at once (C-16).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from handlers.context import Context
from handlers.handovers import handover_access, handover_clock, handover_given
from rules.handovers import GapKind, GapState, ItemState
from storage import breaches, handover_gaps, handover_items, handovers
from storage.breaches import Breach
from storage.handover_gaps import Gap, NewGap
from storage.handovers import Handover, Leg


def noted(ctx: Context, held: Handover) -> list[Gap]:
    """Return what is noted and not signed yet, in the order of the list."""
    places = {one.id: one.position for one in handover_items.of(ctx.unit, held.id)}
    found = [one for one in handover_gaps.of(ctx.unit, held.id) if one.state == GapState.NOTED]
    return sorted(found, key=lambda one: (places.get(one.item_id, 0), one.id))


def unsettled(ctx: Context, held: Handover) -> list[Gap]:
    """Return the gaps that are open: to be supplied, or supplied and not looked at."""
    return [one for one in handover_gaps.of(ctx.unit, held.id) if one.open]


def note(ctx: Context, held: Handover, item_id: int, kind: GapKind, words: str = "") -> None:
    """Note one thing against a line; said again in other words, the last words count."""
    for one in noted(ctx, held):
        if (one.item_id, one.kind) == (item_id, kind):
            handover_gaps.set_(ctx.unit, one.id, words=words or one.words)
            return
    leg = handovers.present(ctx.unit, held)
    due = handover_clock.gap_due(ctx, held, kind, ctx.today)
    new = NewGap(
        held.id,
        leg.n,
        item_id,
        kind.value,
        handover_access.giver_of(ctx, leg),
        due.last_day,
        due.instant + due.tolerance,
        words,
    )
    handover_gaps.note(ctx.unit, new, at=ctx.at, by=ctx.person.id)


def clear(ctx: Context, held: Handover, item_ids: Collection[int] | None = None) -> None:
    """Take back what was noted against these lines; None: against all."""
    for one in noted(ctx, held):
        if item_ids is None or one.item_id in item_ids:
            handover_gaps.forget(ctx.unit, one.id)


def declare(ctx: Context, held: Handover) -> None:
    """Note what the giver's own list says is missing or not right, but for what was waived.

    Rule: C-16, S1-09.4.1.
    """
    clear(ctx, held)
    lines = handover_given.lines(ctx, held)
    items = {one.key: one.item for one in lines}
    every = handover_gaps.of(ctx.unit, held.id)
    waived = {(one.item_id, one.kind) for one in every if one.state == GapState.WAIVED}
    for one in handover_given.gaps(ctx, held, lines):
        item = items[one.item]
        if (item.id, one.kind.value) not in waived:
            note(ctx, held, item.id, one.kind, item.reason)


def open_all(ctx: Context, held: Handover, leg: Leg) -> list[Gap]:
    """Make gaps of everything noted, each with its owner and day, and return them.

    What was supplied after a list of supplements and is not noted again is closed.

    Rule: S1-09.4.1, S1-09.5.10, C-16, S4-LOAN.4.2c.
    """
    before = {(one.item_id, one.kind): one for one in unsettled(ctx, held)}
    found = []
    for one in noted(ctx, held):
        known = before.pop((one.item_id, one.kind), None)
        found.append(_open(ctx, held, leg, one) if known is None else _reopen(ctx, one, known))
    for known in before.values():
        if known.state == GapState.SUPPLIED:
            end(ctx, known, GapState.CLOSED)
    rule = handover_access.row_of(ctx, held).correction.due.rule
    for one in found:
        ctx.record("handover.gap", f"handover:{held.id}", rule, owner=one.owner, kind=one.kind)
        handover_clock.follow_gap(ctx, one)
    return found


def _open(ctx: Context, held: Handover, leg: Leg, one: Gap) -> Gap:
    """Open what was noted; what the giver did not say and is not right is a breach.

    A paper that the receiver did not find is not in the archive, whatever the giver's list said.

    Rule: S1-09.4.1, S1-09.5.5a.
    """
    declared = one.opened_by == leg.handed_by
    due = handover_clock.gap_due(ctx, held, GapKind(one.kind), ctx.today)
    handover_gaps.set_(
        ctx.unit,
        one.id,
        state=GapState.OPEN.value,
        opened_at=ctx.at,
        **handover_clock.day_of_gap(ctx, due, ctx.today),
    )
    if not declared and one.kind != GapKind.MISSING:
        _breach(ctx, held, one)
    if not declared and one.kind == GapKind.MISSING:  # the list says what was signed for
        absent = {"state": ItemState.ABSENT.value, "supplied_at": None}
        handover_items.put(ctx.unit, one.item_id, **absent)
    return now(ctx, one)


def _reopen(ctx: Context, one: Gap, known: Gap) -> Gap:
    handover_gaps.forget(ctx.unit, one.id)
    words = one.words or known.words
    handover_gaps.set_(ctx.unit, known.id, state=GapState.OPEN.value, words=words)
    return now(ctx, known)


def terms(ctx: Context, held: Handover) -> Mapping[tuple[str, date], list[Gap]]:
    """Return what is noted by who would put it right and until when, if it was signed now."""
    found: dict[tuple[str, date], list[Gap]] = {}
    for one in noted(ctx, held):
        due = handover_clock.gap_due(ctx, held, GapKind(one.kind), ctx.today)
        found.setdefault((one.owner, due.last_day), []).append(one)
    return found


def _breach(ctx: Context, held: Handover, gap: Gap) -> None:
    """Write down that a paper that was handed over was not right. Rule: S1-09.5.2, S1-09.5.5a."""
    rule = handover_access.row_of(ctx, held).correction.due.rule
    duty = f"{handover_clock.GAP}:{gap.id}"
    one = Breach(held.dossier_id or 0, duty, ctx.today, held.pack, gap.owner, rule, ctx.at)
    breaches.add(ctx.unit, one)


def end(ctx: Context, gap: Gap, state: GapState) -> None:
    """Close a gap: put right, or waived by who settles."""
    handover_gaps.set_(
        ctx.unit, gap.id, state=state.value, closed_at=ctx.at, closed_by=ctx.person.id
    )
    handover_clock.follow_gap(ctx, now(ctx, gap))


def now(ctx: Context, gap: Gap) -> Gap:
    """Return a gap as it is by now."""
    found = handover_gaps.get(ctx.unit, gap.id)
    assert found is not None  # noqa: S101 - gaps are never deleted
    return found
