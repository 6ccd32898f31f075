"""Random companies, chains and acts against the oracle: whoever decides is entitled, nothing is
skipped, nothing waits in silence, and nobody decides the own request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.access import StaffId
from rules.approvals import decide, open_case, reconsider
from rules.cases import (
    Act,
    AddSigner,
    Answer,
    Approve,
    AskBack,
    Case,
    CaseState,
    Nudge,
    Outcome,
    PassOn,
    PlaceState,
    Refuse,
    Withdraw,
)
from rules.deciders import Away, Matter
from rules.errors import Denied
from rules.escalations import elapse, next_due
from rules.occasions import Action, Facts
from rules.previews import explain
from rules.secrecy import Grade
from tests.rules.approval_oracle import ZONE, Oracle
from tests.rules.staff_list import NINE, StaffList, row, world

SIZE = 8
NAMES = [StaffId(f"p{n}") for n in range(SIZE)]
POSTS = ["info_supervisor", "cs_manager", "gm", "chairman"]
SEATS = [
    *POSTS,
    *POSTS,
    "info_specialist",
    "department_head",
    "dossier.department_head",
    "direct_superior",
    "dossier.direct_superior",
    "customer_owner",
]
GRADES = list(Grade)

somebody = st.integers(0, SIZE - 1)
maybe = st.none() | somebody
person = st.tuples(
    st.sets(st.sampled_from(POSTS), max_size=3),
    maybe,
    st.sampled_from(GRADES[1:]),
    st.sampled_from(["east", "west"]),
    maybe,
    st.booleans(),
)
company = st.lists(person, min_size=SIZE, max_size=SIZE)


@st.composite
def steps(draw: st.DrawFn) -> object:
    seats = draw(st.lists(st.sampled_from(SEATS), min_size=1, max_size=3, unique=True))
    need = draw(st.integers(1, len(seats)))
    return {"need": need, "of": seats}


ACTS = (*["approve"] * 5, "refuse", "ask", "answer", "pass", "pass", "sign", "sign")
LIFE = (*["away", "appoint", "wait"] * 2, "back", "leave", "join", "nudge", "withdraw")
moves = st.lists(
    st.tuples(st.sampled_from(ACTS + LIFE), somebody, somebody, st.integers(1, 60)),
    min_size=4,
    max_size=16,
)


@dataclass
class Play:
    """One case in one company, with the oracle looking on."""

    staff: StaffList
    oracle: Oracle
    case: Case
    now: datetime

    def tried(self, who: StaffId, case: Case) -> bool:
        done = decide(case, Approve(who), world(self.staff, self.now))
        return isinstance(done, Outcome) and bool(
            {one.by for one in done.events if one.kind.value == "decided"} & {who}
        )

    def took(self, done: Outcome) -> None:
        before, self.case = self.case, done.case
        self.oracle.watch(before, self.case, done.events, self.now)

    def look(self) -> None:
        """Have everybody try, and compare with the oracle."""
        stale = self.case
        self.took(reconsider(stale, world(self.staff, self.now)))
        self.oracle.check(self.case)
        if not self.case.open:
            return
        assert next_due(self.case, world(self.staff, self.now)) is not None
        places = [(at, one) for at, one in self.case.here if one.state is PlaceState.OPEN]
        must = {who for at, one in places for who in self.oracle.must(one, at, self.now)}
        for who in NAMES:
            accepted = self.tried(who, self.case)
            if stale != self.case:
                assert accepted == self.tried(who, stale), "an old case decides otherwise"
            if accepted:
                assert any(self.oracle.may(who, one, at, self.now) for at, one in places), who
            else:
                assert who not in must, f"{who} is entitled and was refused"

    def act(self, act: Act) -> None:
        step = self.case.step
        done = decide(self.case, act, world(self.staff, self.now))
        if isinstance(done, Denied):
            event(f"denied {done.reasons[0].code}")
            return
        at = next((one.place for one in done.events if one.place is not None), None)
        if isinstance(act, PassOn) and done.events and at is not None:
            seat = self.case.places[at].seat
            giver = self.case.places[at].decider(act.by)
            assert giver is not None
            line = self.oracle.above(giver.acting_for or act.by)
            same = seat is not None and act.to in self.oracle.hold(seat)
            assert same or (act.to in line and self.oracle.cleared(act.to))
            self.oracle.passed_to[at] = act.to
        if isinstance(act, AddSigner) and done.events and at is not None:
            assert self.oracle.cleared(act.who)
            self.oracle.signers[at] = act.who
        self.took(done)
        if isinstance(act, Approve | Refuse):
            again = decide(self.case, replace(act, step=step), world(self.staff, self.now))
            if not (self.case.open and self.case.step == step):
                assert again == Outcome(self.case), "pressed twice"

    def move(self, kind: str, one: StaffId, other: StaffId, amount: int) -> None:
        requester = self.case.matter.requester
        people = self.staff.people
        match kind:
            case "approve":
                waiting = sorted(self.case.deciders)
                who = waiting[amount % len(waiting)] if waiting and amount % 4 else one
                self.act(Approve(who))
            case "refuse":
                self.act(Refuse(one, "no"))
            case "ask":
                waiting = sorted(self.case.deciders)
                self.act(AskBack(waiting[amount % len(waiting)] if waiting else one, "why?"))
            case "answer":
                self.act(Answer(requester, "so"))
            case "pass":
                waiting = sorted(self.case.deciders)
                self.act(PassOn(waiting[amount % len(waiting)] if waiting else one, other))
            case "sign":
                waiting = sorted(self.case.deciders)
                self.act(AddSigner(waiting[amount % len(waiting)] if waiting else one, other))
            case "nudge":
                self.act(Nudge(requester))
            case "withdraw" if amount > 50:
                self.act(Withdraw(requester))
            case "away":
                first = self.now.astimezone(ZONE).date()
                stand_in = other if amount % 3 else None
                leave = Away(first, first + timedelta(days=amount % 5), stand_in)
                people[one] = replace(people[one], away=(*people[one].away, leave))
            case "back":
                people[one] = replace(people[one], away=())
            case "leave" if one != requester or amount > 50:
                people[one] = replace(people[one], active=False)
            case "join":
                people[one] = replace(people[one], active=True)
            case "appoint":
                post = POSTS[amount % len(POSTS)]
                people[one] = replace(people[one], roles=people[one].roles ^ {post})
            case "wait":
                self.now += timedelta(minutes=30 * (amount if amount > 30 else amount % 8 + 1))
                done = elapse(self.case, world(self.staff, self.now))
                self.took(done)
                again = elapse(done.case, world(self.staff, self.now))
                assert again == Outcome(done.case), "the clock struck twice"
                due = next_due(done.case, world(self.staff, self.now))
                assert due is None or due.at > self.now, "something due was left"


def played(
    people: list[tuple[set[str], int | None, Grade, str, int | None, bool]],
    chain: list[object],
    keeper: int | None,
    concerned: int | None,
    grade: Grade,
    line: list[tuple[str, int, int, int]],
) -> None:
    staff = StaffList()
    for name, (roles, above, clearance, department, deputy, heads) in zip(
        NAMES, people, strict=True
    ):
        staff.add(
            name,
            *roles,
            department=department,
            clearance=clearance,
            superior="" if above is None or NAMES[above] == name else NAMES[above],
            deputy="" if deputy is None else NAMES[deputy],
            head_of=department if heads else "",
        )
    matter = Matter(
        Facts(Action.CONSULT, grade),
        NAMES[0],
        keeper=None if keeper is None else NAMES[keeper],
        department="west",
        concerned=() if concerned is None else (NAMES[concerned],),
    )
    approval = row(chain)
    done = open_case(approval, matter, world(staff))
    assert isinstance(done, Outcome)
    shown = explain(approval, matter, world(staff)).steps[done.case.step]
    if done.case.open:
        assert {one.person for place in shown.places for one in place.deciders} == (
            done.case.deciders
        ), "the preview promised others"
    play = Play(staff, Oracle(staff, matter), done.case, NINE)
    blank = replace(done.case, places=(), step=0)
    play.oracle.watch(blank, done.case, done.events, NINE)
    play.look()
    for kind, one, other, amount in line:
        play.move(kind, NAMES[one], NAMES[other], amount)
        play.look()
    event(f"ended {play.case.state}")
    if play.case.state is CaseState.APPROVED:
        event(f"approved {len(play.case.chain)} steps")


@pytest.mark.chaos
@pytest.mark.rule("C-54")
def test_only_the_entitled_decide_and_nothing_is_skipped_or_lost(campaign: bool) -> None:
    examples = given(
        company,
        st.lists(steps(), min_size=1, max_size=3),
        maybe,
        maybe,
        st.sampled_from(GRADES),
        moves,
    )(played)
    settings(
        max_examples=10_000 if campaign else 150,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )(examples)()
