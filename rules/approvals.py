"""Requests for approval: what each act of a person does to a case.

`open_case` starts one, `decide` takes every act, `reconsider` follows the staff list;
`rules.regrading` follows a higher grade, `rules.escalations` is the clock. Guards against the
press on what is no more so: the people of the open step are found anew before every act.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from rules.access import StaffId
from rules.cases import (
    Act,
    AddSigner,
    Answer,
    Approve,
    AskBack,
    Case,
    CaseState,
    DeciderAct,
    Decision,
    Event,
    EventKind,
    Nudge,
    Outcome,
    PassOn,
    Place,
    PlaceState,
    Question,
    Refuse,
    Withdraw,
    World,
)
from rules.chains import Approval
from rules.deciders import Decider, Matter, Via, exemption
from rules.errors import Denied, Reason
from rules.steps import IN_NEED, closed, reachable, settle, spent, with_step
from rules.stopwatch import Stopwatch


def credential_missing(approval: Approval, matter: Matter) -> Reason | None:
    """Return why no card may go out yet: none of the accepted credentials was shown.

    Rule: S1-12.3.4, S2-INFO.18.4, C-05.
    """
    if not approval.credential or matter.credentials & set(approval.credential):
        return None
    return Reason.of(
        "no_credential",
        rule=approval.rule,
        next_step="show_credential",
        accepted=",".join(approval.credential),
    )


def open_case(approval: Approval, matter: Matter, world: World) -> Outcome | Denied:
    """Return a new case with its first step open; registered at once where none is needed.

    Denied: the credential is missing, or the requester is not on the staff list.
    """
    person = world.directory.colleague(matter.requester)
    if person is None or not person.active:
        return Denied((_not_active(),))
    if reason := credential_missing(approval, matter):
        return Denied((reason,))
    case = Case(matter, approval, approval.chain, world.now)
    day = world.time.office_day(world.now)
    if approval.register_only or exemption(approval, matter, world.directory, day):
        return Outcome(*closed(case, CaseState.REGISTERED, world))
    return settle(with_step(case, world), world)


def reconsider(case: Case, world: World) -> Outcome:
    """Return the case after a change in the staff list: leavers, absences, posts, grades.

    A request whose requester has left is withdrawn.

    Rule: C-54, C-55.
    """
    if not case.open:
        return Outcome(case)
    person = world.directory.colleague(case.matter.requester)
    if person is None or not person.active:
        return Outcome(*closed(case, CaseState.WITHDRAWN, world, why="left"))
    return settle(case, world)


def decide(case: Case, act: Act, world: World) -> Outcome | Denied:
    """Return the case after somebody's act, or every reason why the act is refused.

    The same act a second time changes nothing and returns the present state. Who never was asked
    learns only that they may not decide.

    Rule: C-54, C-58, S1-07.3.3.2a.
    """
    now = reconsider(case, world)
    if isinstance(act, Answer | Withdraw | Nudge):
        done = _by_requester(now.case, act, world)
    elif _repeated(now.case, act):
        return now
    else:
        done = _by_decider(now.case, act, world)
    if isinstance(done, Denied):
        return done
    return Outcome(done.case, (*now.events, *done.events))


def _repeated(case: Case, act: DeciderAct) -> bool:
    """Whether the act was done by the same person already and is pressed once more."""
    verdict = {Approve: PlaceState.APPROVED, Refuse: PlaceState.REFUSED}.get(type(act))
    step = case.step if act.step is None else act.step
    mine = {
        one.state
        for one in case.places
        if one.step == step and one.decision and one.decision.decider.person == act.by
    }
    return verdict in mine and (step != case.step or act.by not in case.deciders)


def _by_decider(case: Case, act: DeciderAct, world: World) -> Outcome | Denied:
    reasons = _strange(case, act, world)
    if not reasons:
        chosen = _chosen(case, act.by)
        if case.open and act.step in (None, case.step) and chosen is not None:
            return _taken(case, act, *chosen, world)
        reasons = [_too_late(case, act)]
    return Denied(tuple(reasons))


def _strange(case: Case, act: DeciderAct, world: World) -> list[Reason]:
    """Return why the person has nothing to do with deciding the case."""
    person = world.directory.colleague(act.by)
    if person is None or not person.active:
        return [_not_active()]
    reasons: list[Reason] = []
    if act.by in case.matter.barred:
        reasons.append(
            Reason.of("own_request", rule=world.rules.rule, next_step="wait_for_decision")
        )
    elif act.by not in (*case.asked, *case.deciders):
        rule = case.approval.rule
        reasons.append(Reason.of("not_entitled", rule=rule, next_step="ask_superior"))
    if isinstance(act, Refuse) and not act.reason.strip():
        reasons.append(Reason.of("needs_reason", rule=world.rules.rule, next_step="give_reason"))
    if isinstance(act, AskBack) and not act.question.strip():
        reasons.append(Reason.of("needs_question", rule=world.rules.rule, next_step="ask_again"))
    return reasons


def _too_late(case: Case, act: DeciderAct) -> Reason:
    """Return why somebody who was asked can decide no more."""
    step = case.step if act.step is None else act.step
    decided = [one.decision for one in case.places if one.step == step and one.decision]
    if decided:
        last = decided[-1]
        return Reason.of(
            "already_decided", rule=case.approval.rule, by=last.decider.person, at=last.at
        )
    if not case.open and case.closed_at is not None:
        return _already_closed(case)
    return Reason.of("no_longer_asked", rule=case.approval.rule)


def _already_closed(case: Case) -> Reason:
    return Reason.of(
        "already_closed",
        rule=case.approval.rule,
        state=case.state.value,
        at=case.closed_at or case.opened_at,
        by=case.closed_by or "",
    )


def _chosen(case: Case, by: StaffId) -> tuple[int, Decider] | None:
    """Return the place of the open step that a person decides, and by what right.

    In one's own right before another's, and where fewest others could.
    """
    mine = [
        (who.via is not Via.OWN, len(one.deciders), at, who)
        for at, one in case.here
        if (who := one.decider(by)) is not None
    ]
    if not mine:
        return None
    _, _, at, who = min(mine, key=lambda one: one[:3])
    return at, who


def _taken(case: Case, act: DeciderAct, at: int, who: Decider, world: World) -> Outcome | Denied:
    match act:
        case Approve():
            return _decided(case, at, who, PlaceState.APPROVED, world)
        case Refuse():
            return _decided(case, at, who, PlaceState.REFUSED, world)
        case AskBack():
            return _asked_back(case, act, at, who, world)
        case PassOn():
            return _passed_on(case, act, at, who, world)
        case AddSigner():
            return _signer_added(case, act, who, world)
        case _:
            assert_never(act)


def _decided(case: Case, at: int, who: Decider, state: PlaceState, world: World) -> Outcome:
    place = replace(
        case.places[at],
        state=state,
        deciders=(),
        question=None,
        watch=case.places[at].watch.stopped(world.now, world.office),
        decision=Decision(who, world.now),
    )
    rule = case.approval.rule_of(case.chain[case.step])
    others = tuple(one.person for one in case.places[at].deciders if one.person != who.person)
    event = Event(
        EventKind.DECIDED,
        rule,
        case.step,
        at,
        tell=tuple(dict.fromkeys(filter(None, (who.acting_for, *others)))),
        by=who.person,
        acting_for=who.acting_for,
        why=state.value,
    )
    case = _with(case, at, place)
    if not reachable(case):
        ended, told = closed(case, CaseState.REFUSED, world, who.person)
        return Outcome(ended, (event, *told))
    after = settle(case, world)
    if after.case.state is CaseState.APPROVED:
        after = replace(after, case=replace(after.case, closed_by=who.person))
    return Outcome(after.case, (event, *after.events))


def _asked_back(case: Case, act: AskBack, at: int, who: Decider, world: World) -> Outcome | Denied:
    place = case.places[at]
    if place.question is not None:
        asked = place.question
        reason = Reason.of(
            "already_asked_back",
            rule=world.rules.rule,
            next_step="wait_for_answer",
            by=asked.by,
            at=asked.at,
        )
        return Denied((reason,))
    waiting = replace(
        place,
        question=Question(act.by, world.now),
        watch=place.watch.stopped(world.now, world.office),
    )
    event = Event(
        EventKind.ASKED_BACK,
        world.rules.rule,
        case.step,
        at,
        tell=(case.matter.requester,),
        by=act.by,
        acting_for=who.acting_for,
    )
    return Outcome(_with(case, at, waiting), (event,))


def _passed_on(case: Case, act: PassOn, at: int, who: Decider, world: World) -> Outcome | Denied:
    place, search = case.places[at], world.search(case.matter, spent(case))
    holds = place.seat is not None and act.to in search.holders(place.seat)
    allowed = act.to in search.entitled(place.seat, who) and (holds or search.may(act.to))
    if not allowed or act.to == act.by:
        rule = case.approval.rule_of(case.chain[case.step])
        reason = Reason.of("cannot_take_over", rule=rule, next_step="choose_same_role_or_above")
        return Denied((reason,))
    place = replace(
        place,
        named=act.to,
        watch=Stopwatch(world.now),
        question=None,
        up=0,
        reminded=0,
    )
    event = Event(
        EventKind.PASSED_ON,
        world.rules.rule,
        case.step,
        at,
        tell=(case.matter.requester,),
        by=act.by,
        acting_for=who.acting_for,
    )
    after = settle(_with(case, at, place), world)
    return Outcome(after.case, (event, *after.events))


def _signer_added(case: Case, act: AddSigner, who: Decider, world: World) -> Outcome | Denied:
    rule = world.rules.rule
    if act.who in case.deciders:
        return Denied((Reason.of("already_asked", rule=rule, next_step="choose_another"),))
    if not world.search(case.matter, spent(case)).may(act.who):
        return Denied((Reason.of("cannot_sign", rule=rule, next_step="choose_another"),))
    place = Place(case.step, None, Stopwatch(world.now), named=act.who, added_by=act.by)
    event = Event(
        EventKind.SIGNER_ADDED,
        rule,
        case.step,
        len(case.places),
        tell=(case.matter.requester,),
        by=act.by,
        acting_for=who.acting_for,
    )
    after = settle(replace(case, places=(*case.places, place)), world)
    return Outcome(after.case, (event, *after.events))


def _by_requester(case: Case, act: Answer | Withdraw | Nudge, world: World) -> Outcome | Denied:
    if act.by != case.matter.requester:
        rule = case.approval.rule
        return Denied((Reason.of("not_the_requester", rule=rule, next_step="ask_requester"),))
    if not case.open:
        if isinstance(act, Withdraw) and case.state is CaseState.WITHDRAWN:
            return Outcome(case)
        return Denied((_already_closed(case),))
    match act:
        case Answer():
            return _answered(case, act, world)
        case Withdraw():
            return Outcome(*closed(case, CaseState.WITHDRAWN, world, act.by))
        case Nudge():
            return _nudged(case, act, world)
        case _:
            assert_never(act)


def _answered(case: Case, act: Answer, world: World) -> Outcome | Denied:
    rule = world.rules.rule
    if not act.text.strip():
        return Denied((Reason.of("needs_answer", rule=rule, next_step="answer_again"),))
    waiting = [
        (place.question.at, at, place.question)
        for at, place in case.here
        if place.question is not None and act.place in (None, at)
    ]
    if not waiting:
        return Denied((Reason.of("nothing_asked", rule=rule),))
    _, at, asked = min(waiting, key=lambda one: one[:2])
    place = case.places[at]
    going_on = replace(place, question=None, watch=place.watch.running(world.now))
    event = Event(EventKind.ANSWERED, rule, case.step, at, tell=(asked.by,), by=act.by)
    return Outcome(_with(case, at, going_on), (event,))


def _nudged(case: Case, act: Nudge, world: World) -> Outcome | Denied:
    rule, office = world.rules.rule, world.office
    waiting = [place for _, place in case.here if place.open and place.question is None]
    people = tuple(dict.fromkeys(one.person for place in waiting for one in place.deciders))
    if not people and not case.stuck:
        return Denied((Reason.of("answer_awaited", rule=rule, next_step="answer"),))
    again = Stopwatch(case.nudged_at or case.opened_at).due(world.rules.nudge_every.offset, office)
    if again is not None and again > world.now:
        return Denied((Reason.of("too_soon", rule=rule, next_step="wait", at=again),))
    event = Event(
        EventKind.NUDGED,
        rule,
        case.step,
        tell=people,
        tell_roles=IN_NEED if case.stuck else (),
        by=act.by,
    )
    return Outcome(replace(case, nudged_at=world.now), (event,))


def _with(case: Case, at: int, place: Place) -> Case:
    return replace(case, places=(*case.places[:at], place, *case.places[at + 1 :]))


def _not_active() -> Reason:
    return Reason.of("not_active", rule="S2-INFO.17", next_step="ask_administrator")
