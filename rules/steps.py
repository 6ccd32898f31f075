"""The open step of a case: who is asked for each of its places, and when the next step opens.

`settle` brings a case to what is so now and is called before and after everything that happens to
it. Guards against the step that passes by itself: a place nobody can fill moves up to the next
step, or to somebody above, and says so; where there is nobody, operator and HR are told.
"""

from __future__ import annotations

from itertools import islice

from msgspec.structs import replace

from rules.access import StaffId
from rules.cases import (
    Case,
    CaseState,
    Event,
    EventKind,
    Outcome,
    Place,
    PlaceState,
    World,
)
from rules.deciders import Decider, Found, Gap, Search, Via
from rules.roles import OPERATOR
from rules.stopwatch import Stopwatch

IN_NEED = (OPERATOR, "hr")
"""Who is told that nobody can decide."""


def settle(case: Case, world: World) -> Outcome:
    """Return the case with its open step as it is now, and with every step that is done left.

    Rule: C-54.
    """
    events: list[Event] = []
    while case.open:
        case, told = refilled(case, world)
        events += told
        if not _done(case):
            stuck = _stuck(case)
            if stuck and not case.stuck:
                requester = (case.matter.requester,)
                events.append(
                    Event(
                        EventKind.STUCK,
                        world.rules.rule,
                        case.step,
                        tell=requester,
                        tell_roles=IN_NEED,
                    )
                )
            return Outcome(replace(case, stuck=stuck), tuple(events))
        events.append(Event(EventKind.STEP_DONE, _rule(case), case.step))
        if case.step + 1 == len(case.chain):
            case, last = closed(case, CaseState.APPROVED, world)
            events += last
        else:
            case, down = _cleared(case)
            events += down
            case = with_step(replace(case, step=case.step + 1, stuck=False), world)
    return Outcome(case, tuple(events))


def with_step(case: Case, world: World) -> Case:
    """Return the case with the places of its present step, nobody asked yet."""
    watch = Stopwatch(world.now)
    fresh = tuple(Place(case.step, seat, watch) for seat in case.chain[case.step].seats)
    return replace(case, places=(*case.places, *fresh))


def closed(
    case: Case,
    state: CaseState,
    world: World,
    by: StaffId | None = None,
    why: str = "",
) -> tuple[Case, tuple[Event, ...]]:
    """Return the case in its last state, and what is told to whom."""
    release = (case.approval.release,) if case.approval.release else ()
    done = state in (CaseState.APPROVED, CaseState.REGISTERED)
    event = Event(
        EventKind.CLOSED,
        _rule(case) if case.chain else case.approval.rule,
        case.step,
        tell=(case.matter.requester,),
        tell_roles=release if done else (),
        by=by,
        why=why or state.value,
    )
    cleared, told = _cleared(case)
    ended = replace(cleared, state=state, closed_at=world.now, closed_by=by, stuck=False)
    return ended, (*told, event)


def spent(case: Case) -> frozenset[StaffId]:
    """Return who has decided a place of the open step."""
    return frozenset(one.decision.decider.person for _, one in case.here if one.decision)


def reachable(case: Case) -> bool:
    """Return whether enough of the open step's seats can still approve.

    One refusal ends a step that any one decides or that each must approve; of M out of N it
    counts when M cannot be reached any more. An added signer's refusal always counts.
    """
    step = case.chain[case.step]
    refused = [one for _, one in case.here if one.state is PlaceState.REFUSED]
    if not refused:
        return True
    if step.need == 1 or any(one.added_by for one in refused):
        return False
    return len(step.seats) - len(refused) >= step.need


def _rule(case: Case) -> str:
    return case.approval.rule_of(case.chain[case.step])


def _needed(case: Case) -> int:
    up = sum(one.state is PlaceState.MOVED_UP for _, one in case.here)
    return case.chain[case.step].need - up


def _done(case: Case) -> bool:
    here = [one for _, one in case.here]
    approved = sum(one.state is PlaceState.APPROVED for one in here if not one.added_by)
    signed = all(one.state is PlaceState.APPROVED for one in here if one.added_by)
    return signed and approved >= _needed(case)


def _stuck(case: Case) -> bool:
    here = [one for _, one in case.here]
    lost = any(one.open and not one.deciders for one in here if one.added_by)
    within_reach = sum(
        one.state is PlaceState.APPROVED or bool(one.deciders) for one in here if not one.added_by
    )
    return lost or within_reach < _needed(case)


def _cleared(case: Case) -> tuple[Case, tuple[Event, ...]]:
    """Return the case with nobody asked any more in its open step."""
    people = tuple(dict.fromkeys(who.person for _, one in case.here for who in one.deciders))
    places = tuple(
        replace(one, state=PlaceState.UNNEEDED, deciders=(), question=None, watch=Stopwatch(None))
        if one.open and one.step == case.step
        else one
        for one in case.places
    )
    told = Event(EventKind.STOOD_DOWN, _rule(case), case.step, tell=people) if people else None
    return replace(case, places=places), (told,) if told else ()


def refilled(case: Case, world: World) -> tuple[Case, list[Event]]:
    """Return the case with the undecided places of its open step filled anew, and what is told."""
    search = world.search(case.matter, spent(case))
    undecided = [
        (at, one) for at, one in case.here if one.state in (PlaceState.OPEN, PlaceState.MOVED_UP)
    ]
    found = {at: search.found(one.seat, one.named) for at, one in undecided}
    missing = [at for at, one in undecided if not found[at].deciders and not one.added_by]
    live = sum(1 for at, one in undecided if found[at].deciders and not one.added_by)
    approved = sum(one.state is PlaceState.APPROVED for _, one in case.here if not one.added_by)
    lacking = set(missing[: max(case.chain[case.step].need - approved - live, 0)])
    places, events = list(case.places), []
    for at, one in undecided:
        must = at in lacking or bool(one.added_by)
        places[at], told = _filled(at, one, found[at], must, case, search, world)
        events += told
    before, after = case, replace(case, places=tuple(places))
    asked = _asked(before, after, world)
    everybody = dict.fromkeys((*case.asked, *(who for one in asked for who in one.tell)))
    down = tuple(sorted(before.deciders - after.deciders))
    if down:
        events.append(Event(EventKind.STOOD_DOWN, world.rules.rule, case.step, tell=down))
    return replace(after, asked=tuple(everybody)), [*events, *asked]


def _filled(
    at: int, place: Place, found: Found, must: bool, case: Case, search: Search, world: World
) -> tuple[Place, list[Event]]:
    """Return the place with those who decide it now."""
    deciders, events = found.deciders, []
    if not deciders and must:
        gap = found.gap or Gap.VACANT
        other = search.in_line(place.seat) if gap is Gap.VACANT else None
        last = case.step + 1 == len(case.chain)
        if other is None and not last and not place.added_by:
            return _moved_up(at, place, gap, case, world)
        other = other or search.substitute(place.seat, gap, place.named)
        deciders = (other,) if other else ()
        if other and place.decider(other.person) is None:
            events.append(_gap_event(EventKind.PLACED_HIGHER, at, gap, case, world))
    fresh = not {one.person for one in place.deciders} & {one.person for one in deciders}
    if fresh and deciders:
        place = replace(place, watch=Stopwatch(world.now), up=0, reminded=0)
    if deciders and place.up:
        deciders = (*deciders, *islice(search.higher(place.seat, deciders), place.up))
    if place.question and place.question.by not in {one.person for one in deciders}:
        place = replace(place, question=None, watch=place.watch.running(world.now))
        requester = (case.matter.requester,)
        events.append(
            Event(EventKind.QUESTION_DROPPED, world.rules.rule, case.step, at, tell=requester)
        )
    return replace(place, state=PlaceState.OPEN, deciders=deciders, gap=found.gap), events


def _moved_up(
    at: int, place: Place, gap: Gap, case: Case, world: World
) -> tuple[Place, list[Event]]:
    up = replace(
        place,
        state=PlaceState.MOVED_UP,
        deciders=(),
        gap=gap,
        question=None,
        watch=Stopwatch(None),
    )
    if place.state is PlaceState.MOVED_UP:
        return up, []
    return up, [_gap_event(EventKind.MOVED_UP, at, gap, case, world)]


def _gap_event(kind: EventKind, at: int, gap: Gap, case: Case, world: World) -> Event:
    return Event(
        kind,
        world.rules.rule,
        case.step,
        at,
        tell=(case.matter.requester,),
        tell_roles=(OPERATOR,) if gap is Gap.VACANT else (),
        why=gap.value,
    )


def _asked(before: Case, after: Case, world: World) -> list[Event]:
    """Return one event for each person who has something to decide now and had nothing before."""
    events: list[Event] = []
    known = set(before.deciders)
    for at, place in after.here:
        for one in place.deciders:
            if one.person in known:
                continue
            known.add(one.person)
            events.append(
                Event(
                    EventKind.ASKED,
                    _rule(after) if one.via is Via.OWN else world.rules.rule,
                    after.step,
                    at,
                    tell=(one.person,),
                    acting_for=one.acting_for,
                    why=_why(place, one),
                )
            )
    return events


def _why(place: Place, one: Decider) -> str:
    if one.via is Via.STAND_IN:
        return "absent"
    if one.via is Via.HIGHER:
        return place.gap.value if place.gap else "unanswered"
    return ""
