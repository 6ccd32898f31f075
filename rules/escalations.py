"""The clock of a case: reminders, going up after absence or silence, lapse; all in office time.

`next_due` says when the clock acts next, `elapse` does everything due by now at once. Guards
against the case that waits unseen: every open place has a next instant until it is decided, the
clock of a place stands while its question is unanswered, and then the requester is reminded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count

import msgspec
from msgspec.structs import replace

from rules.access import StaffId
from rules.approvals import reconsider
from rules.cases import Case, CaseState, Event, EventKind, Outcome, Place, World
from rules.chains import ApprovalRules
from rules.deciders import Via
from rules.steps import IN_NEED, closed, settle, spent
from rules.stopwatch import Stopwatch

_DAY = timedelta(days=1)


class DueKind(StrEnum):
    """What the clock does next."""

    REMIND = "remind"
    GO_UP = "go_up"
    """The next higher may decide too."""
    LAPSE = "lapse"
    RECONSIDER = "reconsider"
    """An absence begins or ends."""


class Due(msgspec.Struct, frozen=True):
    """When the clock acts next on a case, and how."""

    at: datetime
    """UTC; may lie in the past when the clock was late."""
    kind: DueKind
    place: int | None = None
    """Index of the place; None: the whole case."""


def next_due(case: Case, world: World) -> Due | None:
    """Return what the clock does next to a case as `settle` left it; None when it is closed.

    Rule: C-54.
    """
    if not case.open:
        return None
    return min(_dues(case, world), key=lambda one: one.at, default=None)


def silence(case: Case, world: World) -> Due | None:
    """Return what comes next of it if nobody does anything: the next higher, or the end.

    Where nobody is above, it is the end. None: it is closed.

    Rule: C-54.
    """
    if not case.open:
        return None
    for due in sorted(_dues(case, world), key=lambda one: one.at):
        if due.kind is DueKind.LAPSE:
            return due
        if due.kind is DueKind.GO_UP:
            then = elapse(case, replace(world, now=due.at)).case
            if then.deciders - case.deciders:
                return due
    return None


def elapse(case: Case, world: World) -> Outcome:
    """Return the case after everything the clock owed it by now; nothing when called again.

    Reminders that were missed become one. Rule: C-54.
    """
    now = reconsider(case, world)
    case, events = now.case, list(now.events)
    if not case.open:
        return now
    for at, _ in case.here:
        for step in (_lapsed, _gone_up, _reminded):
            done = step(case, at, world)
            case = done.case
            events += done.events
            if not case.open:
                return Outcome(case, tuple(events))
    return Outcome(case, tuple(events))


def _dues(case: Case, world: World) -> Iterator[Due]:
    rules, office = world.rules, world.office
    for at, place in case.here:
        if not place.open:
            continue
        watch, reminded = _running(place)
        if (hour := _reminder(rules, reminded + 1)) is not None:
            yield from _at(watch.due(hour, office), DueKind.REMIND, at)
        yield from _at(watch.due(rules.lapse_after.offset, office), DueKind.LAPSE, at)
        if (hour := _up_after(case, place, world)) is not None:
            yield from _at(watch.due(hour, office), DueKind.GO_UP, at)
    for edge in _edges(case, world):
        if edge > world.now:
            yield Due(edge, DueKind.RECONSIDER)


def _at(at: datetime | None, kind: DueKind, place: int) -> Iterator[Due]:
    if at is not None:
        yield Due(at, kind, place)


def _running(place: Place) -> tuple[Stopwatch, int]:
    """Return the watch that runs for a place and its reminders, of its question if it has one."""
    if place.question is None:
        return place.watch, place.reminded
    return Stopwatch(place.question.at), place.question.reminded


def _reminder(rules: ApprovalRules, n: int) -> int | None:
    """Return after how many office hours the n-th reminder (from 1) strikes."""
    singles = [rung.offset for rung in rules.remind if not rung.repeat]
    if n <= len(singles):
        return singles[n - 1]
    last = rules.remind[-1]
    if not last.repeat:
        return None
    return (singles[-1] if singles else 0) + last.offset * (n - len(singles))


def _up_after(case: Case, place: Place, world: World) -> int | None:
    """Return after how many office hours the next higher is asked; None: not (again)."""
    if place.question is not None or not place.deciders:
        return None
    above = [one for one in place.deciders if one.via is Via.HIGHER and one.acting_for]
    if len(above) < place.up:
        return None
    found = world.search(case.matter, spent(case)).found(place.seat, place.named)
    first = world.rules.absent.after if found.unattended else world.rules.silent_after
    return first.offset + place.up * world.rules.silent_after.offset


def _edges(case: Case, world: World) -> Iterator[datetime]:
    """Yield when absences of people of the open step begin and end."""
    search = world.search(case.matter)
    people: dict[StaffId, None] = {}
    for _, place in case.here:
        if place.open:
            people |= dict.fromkeys(search.holders(place.seat) if place.seat else ())
            people |= dict.fromkeys(_everybody(place))
    for person in people:
        colleague = world.directory.colleague(person)
        for one in colleague.away if colleague else ():
            yield world.office.day_start(one.first_day)
            yield world.office.day_start(one.last_day + _DAY)


def _everybody(place: Place) -> Iterable[StaffId]:
    for one in place.deciders:
        yield one.person
        if one.acting_for is not None:
            yield one.acting_for
    if place.named is not None:
        yield place.named


def _lapsed(case: Case, at: int, world: World) -> Outcome:
    place = case.places[at]
    watch, _ = _running(place)
    due = watch.due(world.rules.lapse_after.offset, world.office) if place.open else None
    if due is None or due > world.now:
        return Outcome(case)
    why = "answer" if place.question else ""
    return Outcome(*closed(case, CaseState.LAPSED, world, why=why))


def _gone_up(case: Case, at: int, world: World) -> Outcome:
    events: list[Event] = []
    while True:
        place = case.places[at]
        hour = _up_after(case, place, world) if place.open else None
        due = None if hour is None else place.watch.due(hour, world.office)
        if due is None or due > world.now:
            return Outcome(case, tuple(events))
        found = world.search(case.matter, spent(case)).found(place.seat, place.named)
        why = "absent" if found.unattended and not place.up else "silent"
        case = _replaced(case, at, replace(place, up=place.up + 1))
        after = settle(case, world)
        higher = len(after.case.places[at].deciders) > len(place.deciders)
        events.append(
            Event(
                EventKind.WENT_UP if higher else EventKind.NOBODY_HIGHER,
                world.rules.rule,
                case.step,
                at,
                tell=(case.matter.requester, *(one.person for one in place.deciders)),
                tell_roles=() if higher else IN_NEED,
                why=why,
            )
        )
        events += after.events
        case = after.case


def _reminded(case: Case, at: int, world: World) -> Outcome:
    place = case.places[at]
    if not place.open:
        return Outcome(case)
    watch, before = _running(place)
    struck = before
    for n in count(before + 1):
        hour = _reminder(world.rules, n)
        due = None if hour is None else watch.due(hour, world.office)
        if due is None or due > world.now:
            break
        struck = n
    if struck == before:
        return Outcome(case)
    if place.question is not None:
        question = replace(place.question, reminded=struck)
        case = _replaced(case, at, replace(place, question=question))
        people: tuple[StaffId, ...] = (case.matter.requester,)
    else:
        case = _replaced(case, at, replace(place, reminded=struck))
        people = tuple(_present(place, world))
    roles = IN_NEED if case.stuck and not place.deciders else ()
    if not people and not roles:
        return Outcome(case)
    event = Event(
        EventKind.REMINDED,
        world.rules.rule,
        case.step,
        at,
        tell=people,
        tell_roles=roles,
        why="answer" if place.question else "",
    )
    return Outcome(case, (event,))


def _present(place: Place, world: World) -> Iterator[StaffId]:
    day = world.time.office_day(world.now)
    for one in place.deciders:
        person = world.directory.colleague(one.person)
        if person is not None and person.absence(day) is None:
            yield one.person


def _replaced(case: Case, at: int, place: Place) -> Case:
    return replace(case, places=(*case.places[:at], place, *case.places[at + 1 :]))
