"""Which rung of a case's ladder is due next, for whom, and what an outage left unsent.

A ladder is generic: visits, loans and handovers only differ in its steps and its anchor. Guards
against doubles: each occurrence has a key made of due day, rung and audience, sent at most once.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from datetime import datetime
from enum import StrEnum
from itertools import count, groupby, takewhile

import msgspec

from rules.hours import Window, after_quiet, instant, local_day
from rules.rungs import Anchor, Rung, strike, strikes


class StepKind(StrEnum):
    """Whether a rung nudges the person on duty or tells somebody above."""

    REMIND = "remind"
    ESCALATE = "escalate"


class Step(msgspec.Struct, frozen=True):
    """One rung with its audience."""

    rung: Rung
    audience: str
    """Role code, or a person of the case such as `author` or `borrower`."""
    kind: StepKind
    rule: str
    """Id of the clause behind the duty."""


Ladder = tuple[Step, ...]


class Due(msgspec.Struct, frozen=True):
    """One occurrence of a rung of one case."""

    key: str
    """Unique within the case, stable across restarts; changes when the due day changes."""
    step: Step
    at: datetime
    """UTC instant at which the rung strikes."""
    send_at: datetime
    """`at`, or the end of the quiet hours or of the days off that it waits for."""


class Collapsed(msgspec.Struct, frozen=True):
    """What one audience gets instead of several late messages."""

    latest: Due
    """The rung whose text is sent."""
    missed: tuple[Due, ...]
    """Earlier rungs it stands for, ascending; mark them sent too. Empty: nothing was missed."""


def occurrences(
    ladder: Ladder,
    anchor: Anchor,
    quiet: Window | None = None,
    opened_at: datetime | None = None,
) -> Iterator[Due]:
    """Yield all occurrences in order of their instant; endless if a rung repeats until an event.

    Rungs that had struck when the case came to be (`opened_at`) are left out: a visit entered
    at 21:00 does not bring the 18:00 reminder after it.
    """
    runs = [_occurrences(ladder, index, anchor, quiet) for index in range(len(ladder))]
    for due in heapq.merge(*runs, key=lambda due: due.at):
        if opened_at is None or due.at > opened_at:
            yield due


def next_due(
    ladder: Ladder,
    anchor: Anchor,
    sent: Collection[str],
    quiet: Window | None = None,
    opened_at: datetime | None = None,
) -> Due | None:
    """Return the first occurrence whose key is not in `sent`; None when the ladder is done."""
    run = occurrences(ladder, anchor, quiet, opened_at)
    return next((due for due in run if due.key not in sent), None)


def missed(
    ladder: Ladder,
    anchor: Anchor,
    sent: Collection[str],
    now: datetime,
    quiet: Window | None = None,
    opened_at: datetime | None = None,
) -> tuple[Due, ...]:
    """Return the occurrences that should have gone out by `now` and did not, ascending.

    After normal running this is the one rung that has just become due.
    """
    run = occurrences(ladder, anchor, quiet, opened_at)
    struck = takewhile(lambda due: due.at <= now, run)
    return tuple(due for due in struck if due.send_at <= now and due.key not in sent)


def collapse(late: Collection[Due]) -> tuple[Collapsed, ...]:
    """Return one message per audience for all its late rungs: the latest stands for the others.

    Rule: S1-07.2.3a.
    """
    ordered = sorted(late, key=lambda due: (due.step.audience, due.at))
    groups = (tuple(group) for _, group in groupby(ordered, key=lambda due: due.step.audience))
    return tuple(
        sorted(
            (Collapsed(latest=group[-1], missed=group[:-1]) for group in groups),
            key=lambda one: one.latest.at,
        )
    )


def _occurrences(
    ladder: Ladder, index: int, anchor: Anchor, quiet: Window | None
) -> Iterator[Due]:
    step = ladder[index]
    rung = step.rung
    for n, at in enumerate(_instants(ladder, index, anchor), start=1):
        suffix = f"#{n}" if rung.repeat else ""
        yield Due(
            key=f"{anchor.due.isoformat()} {rung}{suffix} {step.audience}",
            step=step,
            at=at,
            send_at=after_quiet(_worked(at, anchor), quiet, anchor.time.zone),
        )


def _worked(at: datetime, anchor: Anchor) -> datetime:
    """Return `at`, or the next working morning where the anchor rests on days off. Rule: C-07."""
    if not anchor.rests or at < anchor.deadline:
        return at
    day = local_day(at, anchor.time.zone)
    worked = anchor.calendar.on_or_after(day)
    return at if worked == day else instant(worked, anchor.digest, anchor.time.zone)


def _instants(ladder: Ladder, index: int, anchor: Anchor) -> Iterator[datetime]:
    rung = ladder[index].rung
    if not rung.repeat or rung.until == "due":
        yield from strikes(rung, anchor)
        return
    # A repetition goes on from the latest single rung for the same audience before it.
    singles = [
        strike(step.rung, anchor)
        for step in ladder[:index]
        if not step.rung.repeat and step.audience == ladder[index].audience
    ]
    after = local_day(max(singles), anchor.time.zone) if singles else None
    for n in count(1):
        yield strike(rung, anchor, n, after)
