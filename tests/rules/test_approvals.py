"""Who decides a case now, and what each act does to it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
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
    EventKind,
    Nudge,
    Outcome,
    PassOn,
    PlaceState,
    Refuse,
    Withdraw,
)
from rules.chains import Approval, Credential
from rules.deciders import Away, Decider, Gap, Matter, Via
from rules.errors import Denied
from rules.escalations import DueKind, elapse, next_due, silence
from rules.occasions import Action, Facts, ReaderKind
from rules.policy import available_packs, load_pack
from rules.previews import explain
from rules.regrading import regrade
from rules.roles import ROLES, RoleKind
from rules.secrecy import AccessLevel, Grade
from tests.rules.staff_list import NINE, StaffList, row, world

S = StaffId


@pytest.fixture
def staff() -> StaffList:
    company = StaffList()
    company.add("chair", "chairman")
    company.add("gm", "gm", superior="chair")
    company.add("dgm", "marketing_dgm", "deputy_gm", superior="gm")
    company.add("director", "sales_director", "customer_director", superior="dgm")
    company.add("head", superior="director", head_of="sales")
    company.add("info", "info_supervisor", department="cs", superior="csm")
    company.add("csm", "cs_manager", department="cs", superior="gm", head_of="cs")
    company.add("rep", "salesperson", superior="head", clearance=Grade.NONE)
    company.add("rep2", "salesperson", superior="head", clearance=Grade.NONE)
    return company


def at(text: str) -> datetime:
    local = datetime.fromisoformat(f"2026-09-{text}:00+08:00")
    return local.astimezone(UTC)


def matter(requester: str = "rep", grade: Grade = Grade.CONFIDENTIAL, **more: object) -> Matter:
    facts = Facts(Action.CONSULT, grade)
    return Matter(facts, S(requester), **more)  # type: ignore[arg-type]  # fields by name


def opened(staff: StaffList, approval: Approval, about: Matter | None = None) -> Case:
    done = open_case(approval, about or matter(), world(staff))
    assert isinstance(done, Outcome)
    return done.case


def after(case: Case, act: Act, staff: StaffList, now: datetime = NINE) -> Case:
    done = decide(case, act, world(staff, now))
    assert isinstance(done, Outcome), done
    return done.case


def codes(case: Case, act: Act, staff: StaffList, now: datetime = NINE) -> list[str]:
    done = decide(case, act, world(staff, now))
    assert isinstance(done, Denied), done
    return [reason.code for reason in done.reasons]


def away(
    staff: StaffList, name: str, stand_in: str = "", days: tuple[int, int] = (14, 18)
) -> None:
    person = staff.people[S(name)]
    one = Away(date(2026, 9, days[0]), date(2026, 9, days[1]), S(stand_in) if stand_in else None)
    staff.people[S(name)] = replace(person, away=(*person.away, one))


def gone(staff: StaffList, name: str) -> None:
    staff.people[S(name)] = replace(staff.people[S(name)], active=False)


@pytest.mark.rule("S1-07.3.1.1")
def test_q01_a_company_level_dossier_goes_to_the_sales_director(staff: StaffList) -> None:
    approval = row([["sales_director"]], exempt=["sales_director", "marketing_dgm", "gm"])
    done = open_case(approval, matter("head"), world(staff))
    assert isinstance(done, Outcome)
    assert [(one.kind, one.tell) for one in done.events] == [(EventKind.ASKED, ("director",))]
    assert after(done.case, Approve(S("director")), staff).state is CaseState.APPROVED
    assert opened(staff, approval, matter("dgm")).state is CaseState.REGISTERED


@pytest.mark.rule("S1-07.3.1.3")
def test_q03_the_keeper_needs_no_approval_others_the_keepers_manager(staff: StaffList) -> None:
    approval = row([["dossier.department_manager"]], exempt=["customer_owner"])
    facts = Facts(Action.CONSULT, Grade.SECRET, AccessLevel.PERSONAL)
    own = Matter(facts, S("rep"), keeper=S("rep"), department="sales")
    assert opened(staff, approval, own).state is CaseState.REGISTERED
    other = replace(own, requester=S("rep2"))
    assert opened(staff, approval, other).deciders == {"head"}
    outside = replace(own, facts=replace(facts, reader=ReaderKind.EXTERNAL))
    assert opened(staff, approval, outside).state is CaseState.PENDING


@pytest.mark.rule("C-54")
class TestGivenAnAbsentApprover:
    def test_q05_the_named_deputy_is_asked_at_once_for_the_absent(self, staff: StaffList) -> None:
        away(staff, "head", "rep2")
        staff.people[S("rep2")] = replace(staff.people[S("rep2")], clearance=Grade.SECRET)
        case = opened(staff, row([["department_head"]]))
        assert Decider(S("rep2"), Via.STAND_IN, S("head")) in case.places[0].deciders
        done = decide(case, Approve(S("rep2")), world(staff))
        assert isinstance(done, Outcome)
        decided = next(one for one in done.events if one.kind is EventKind.DECIDED)
        assert (decided.by, decided.acting_for, decided.tell) == ("rep2", "head", ("head",))

    def test_without_deputy_the_next_higher_after_four_working_hours(
        self, staff: StaffList
    ) -> None:
        away(staff, "head")
        case = opened(staff, row([["department_head"]]))
        due = next_due(case, world(staff))
        assert due is not None
        assert (due.at, due.kind) == (at("14 14:00"), DueKind.REMIND)
        assert elapse(case, world(staff, at("14 13:59"))).case.deciders == {"head"}
        up = elapse(case, world(staff, at("14 14:00")))
        assert up.case.deciders == {"head", "director"}
        told = {one.kind: one for one in up.events}
        assert told[EventKind.WENT_UP].why == "absent"
        assert told[EventKind.ASKED].acting_for == "head"
        assert elapse(up.case, world(staff, at("14 14:00"))).events == ()

    def test_silence_leads_to_the_next_higher_and_then_to_the_end(self, staff: StaffList) -> None:
        staff.people[S("chair")] = replace(staff.people[S("chair")], active=False)
        case, seen = opened(staff, row([["marketing_dgm"]])), []
        while case.open:
            due = silence(case, world(staff))
            assert due is not None
            seen.append(due.kind)
            case = elapse(case, world(staff, due.at)).case
        assert seen == [DueKind.GO_UP, DueKind.LAPSE]
        assert silence(case, world(staff)) is None

    def test_the_deputy_of_the_staff_list_stands_in_and_chains_end(self, staff: StaffList) -> None:
        staff.people[S("head")] = replace(staff.people[S("head")], deputy=S("info"))
        away(staff, "head")
        away(staff, "info", "csm")
        assert opened(staff, row([["department_head"]])).deciders == {"head", "csm"}
        away(staff, "csm", "head")
        assert opened(staff, row([["department_head"]])).deciders == {"head"}

    @pytest.mark.parametrize("stand_in", ["rep", "rep2"])
    def test_neither_the_requester_nor_who_may_not_see_it_stands_in(
        self, staff: StaffList, stand_in: str
    ) -> None:
        away(staff, "head", stand_in)
        assert opened(staff, row([["department_head"]])).deciders == {"head"}

    def test_the_requesters_own_stand_in_does_not_act_for_the_requester(
        self, staff: StaffList
    ) -> None:
        away(staff, "head", "csm")
        case = opened(staff, row([["department_head"], ["gm"]]), matter("head"))
        assert (case.step, case.deciders) == (1, {"gm"})
        away(staff, "gm", "head")
        assert opened(staff, row([["gm"]]), matter("head")).deciders == {"gm"}

    def test_an_absence_that_begins_later_is_noticed_and_so_is_its_end(
        self, staff: StaffList
    ) -> None:
        away(staff, "head", "csm", (15, 15))
        case = opened(staff, row([["department_head"]]))
        assert case.deciders == {"head"}
        day = at("15 00:00")
        case = elapse(case, world(staff, at("14 20:00"))).case
        due = next_due(case, world(staff, at("14 20:00")))
        assert due is not None
        assert (due.at, due.kind) == (day, DueKind.RECONSIDER)
        case = elapse(case, world(staff, day)).case
        assert case.deciders == {"head", "csm"}
        assert "csm" not in elapse(case, world(staff, at("16 00:00"))).case.deciders


@pytest.mark.rule("C-54")
class TestGivenTheRequesterStandsInTheChain:
    def test_when_not_last_then_the_next_step_decides(self, staff: StaffList) -> None:
        done = open_case(
            row([["department_head"], ["info_supervisor"]]), matter("head"), world(staff)
        )
        assert isinstance(done, Outcome)
        assert done.case.deciders == {"info"}
        assert done.case.places[0].state is PlaceState.MOVED_UP
        moved = next(one for one in done.events if one.kind is EventKind.MOVED_UP)
        assert (moved.why, moved.tell, moved.rule) == ("self", ("head",), "C-54")

    def test_when_last_then_gm_then_chairman(self, staff: StaffList) -> None:
        last = row([["department_head"]])
        assert opened(staff, last, matter("head")).deciders == {"gm"}
        assert opened(staff, row([["gm"]]), matter("gm")).deciders == {"chair"}
        gone(staff, "gm")
        assert opened(staff, last, matter("head")).deciders == {"chair"}

    def test_when_at_the_top_then_stuck_and_told(self, staff: StaffList) -> None:
        done = open_case(row([["chairman"]]), matter("chair"), world(staff))
        assert isinstance(done, Outcome)
        assert done.case.stuck
        assert done.case.deciders == frozenset()
        stuck = next(one for one in done.events if one.kind is EventKind.STUCK)
        assert stuck.tell_roles == ("operator", "hr")
        again = elapse(done.case, world(staff, at("14 14:00")))
        assert [(one.kind, one.tell_roles) for one in again.events] == [
            (EventKind.REMINDED, ("operator", "hr"))
        ]

    def test_somebody_else_of_the_same_post_decides(self, staff: StaffList) -> None:
        staff.add("info2", "info_supervisor", superior="csm")
        assert opened(staff, row([["info_supervisor"]]), matter("info")).deciders == {"info2"}

    def test_p08_a_director_to_be_fined_does_not_decide_it(self, staff: StaffList) -> None:
        about = matter("rep", concerned=(S("director"),))
        case = opened(staff, row([["customer_director"]]), about)
        assert case.deciders == {"gm"}
        assert codes(case, Approve(S("director")), staff) == ["own_request"]


@pytest.mark.rule("C-54")
class TestGivenAMissingApprover:
    def test_a_post_nobody_holds_moves_up_and_says_so(self, staff: StaffList) -> None:
        done = open_case(row([["info_specialist"], ["cs_manager"]]), matter(), world(staff))
        assert isinstance(done, Outcome)
        assert done.case.deciders == {"csm"}
        moved = next(one for one in done.events if one.kind is EventKind.MOVED_UP)
        assert (moved.why, moved.tell_roles) == ("vacant", ("operator",))

    def test_a_last_post_nobody_holds_goes_to_the_gm(self, staff: StaffList) -> None:
        done = open_case(row([["info_specialist"]]), matter(), world(staff))
        assert isinstance(done, Outcome)
        assert done.case.places[0].deciders == (Decider(S("gm"), Via.HIGHER),)
        assert done.case.places[0].gap is Gap.VACANT
        assert EventKind.PLACED_HIGHER in {one.kind for one in done.events}

    def test_a_department_without_head_is_signed_for_by_the_superior(
        self, staff: StaffList
    ) -> None:
        staff.leads.pop(S("head"))
        case = opened(staff, row([["department_head"], ["info_supervisor"]]))
        assert (case.step, case.deciders) == (0, {"head"})

    def test_who_leaves_is_replaced_and_the_clock_begins_anew(self, staff: StaffList) -> None:
        case = opened(staff, row([["department_head"]]))
        gone(staff, "head")
        staff.add("new", superior="director", head_of="sales")
        done = reconsider(case, world(staff, at("15 09:00")))
        assert done.case.deciders == {"new"}
        assert {one.kind: one.tell for one in done.events} == {
            EventKind.STOOD_DOWN: ("head",),
            EventKind.ASKED: ("new",),
        }
        assert done.case.places[0].watch.since == at("15 09:00")
        assert codes(done.case, Approve(S("head")), staff) == ["not_active"]

    def test_a_stuck_case_goes_on_when_somebody_is_appointed(self, staff: StaffList) -> None:
        case = opened(staff, row([["chairman"]]), matter("chair"))
        staff.add("chair2", "chairman")
        done = reconsider(case, world(staff))
        assert (done.case.stuck, done.case.deciders) == (False, {"chair2"})

    def test_a_request_of_somebody_who_left_is_withdrawn(self, staff: StaffList) -> None:
        case = opened(staff, row([["gm"]]))
        gone(staff, "rep")
        assert reconsider(case, world(staff)).case.state is CaseState.WITHDRAWN


@pytest.mark.rule("S1-07.3.3.2a")
def test_q07_who_was_not_asked_is_refused_and_learns_nothing(staff: StaffList) -> None:
    case = opened(staff, row([["gm"]]))
    assert codes(case, Approve(S("csm")), staff) == ["not_entitled"]
    assert codes(case, Approve(S("nobody")), staff) == ["not_active"]
    assert codes(case, Approve(S("rep")), staff) == ["own_request"]
    assert codes(case, Refuse(S("rep"), " "), staff) == ["own_request", "needs_reason"]
    done = after(case, Approve(S("gm")), staff)
    assert codes(done, Approve(S("csm")), staff) == ["not_entitled"]


@pytest.mark.rule("S1-12.3.4")
@pytest.mark.rule("C-05")
def test_q09_without_a_letter_there_is_no_card(staff: StaffList) -> None:
    staff.add("leader", "leader_of_office")
    approval = row([["leader_of_office"]], credential=["letter"], rule="S1-12.3.4")
    about = matter("info")
    denied = open_case(approval, about, world(staff))
    assert isinstance(denied, Denied)
    assert (denied.reasons[0].code, denied.rules) == ("no_credential", ("S1-12.3.4",))
    shown = replace(about, credentials=frozenset({Credential.LETTER}))
    assert opened(staff, approval, shown).deciders == {"leader"}


@pytest.mark.rule("S2-INFO.18.4")
def test_q11_only_the_customer_service_manager_decides(staff: StaffList) -> None:
    approval = row([["cs_manager"]], credential=["letter", "work_card"])
    card = frozenset({Credential.WORK_CARD})
    case = opened(staff, approval, matter("info", Grade.SECRET, credentials=card))
    for name in staff.people:
        if name not in ("csm", "info"):
            assert codes(case, Approve(name), staff) == ["not_entitled"]
    assert after(case, Approve(S("csm")), staff).state is CaseState.APPROVED


@pytest.mark.rule("S4-LOAN.6.1a")
@pytest.mark.rule("S4-LOAN.6.1b")
def test_q13_the_gm_borrows_without_approval_an_employee_by_one_of_three(
    staff: StaffList,
) -> None:
    staff.add("incharge", "dgm_in_charge", superior="gm")
    approval = row(
        [["chairman", "gm", "dgm_in_charge"]],
        exempt=["chairman", "gm", "deputy_gm"],
        release="custodian",
    )
    done = open_case(approval, matter("gm"), world(staff))
    assert isinstance(done, Outcome)
    assert done.case.state is CaseState.REGISTERED
    assert done.events[-1].tell_roles == ("custodian",)
    case = opened(staff, approval)
    assert case.deciders == {"chair", "gm", "incharge"}
    done_by_one = after(case, Approve(S("incharge")), staff)
    assert done_by_one.state is CaseState.APPROVED
    assert done_by_one.closed_by == "incharge"


@pytest.mark.rule("C-54")
class TestGivenADecision:
    def test_when_pressed_twice_then_the_present_state(self, staff: StaffList) -> None:
        case = opened(staff, row([["gm"], ["gm"]]))
        once = after(case, Approve(S("gm"), 0), staff)
        assert (once.step, once.state) == (1, CaseState.PENDING)
        assert decide(once, Approve(S("gm"), 0), world(staff)) == Outcome(once)
        assert after(once, Approve(S("gm"), 1), staff).state is CaseState.APPROVED

    def test_when_another_was_quicker_then_by_whom_and_when(self, staff: StaffList) -> None:
        case = opened(staff, row([["gm", "chairman"]]))
        case = after(case, Refuse(S("chair"), "no"), staff)
        assert case.state is CaseState.REFUSED
        denied = decide(case, Approve(S("gm"), 0), world(staff, at("14 10:00")))
        assert isinstance(denied, Denied)
        (reason,) = denied.reasons
        assert (reason.code, reason.fact("by"), reason.fact("at")) == (
            "already_decided",
            "chair",
            NINE,
        )

    def test_when_the_same_person_turns_round_then_refused(self, staff: StaffList) -> None:
        case = after(opened(staff, row([["gm"]])), Approve(S("gm")), staff)
        assert codes(case, Refuse(S("gm"), "no"), staff) == ["already_decided"]


class TestGivenSeveralSigners:
    @pytest.mark.rule("S2-INFO.24")
    @pytest.mark.rule("S2-INFO.13")
    def test_when_both_must_sign_then_one_is_not_enough_and_one_refuses(
        self, staff: StaffList
    ) -> None:
        case = opened(staff, row([{"all": ["info_supervisor", "cs_manager"]}]))
        one = after(case, Approve(S("csm")), staff)
        assert one.state is CaseState.PENDING
        assert one.deciders == {"info"}
        assert after(one, Approve(S("info")), staff).state is CaseState.APPROVED
        assert after(one, Refuse(S("info"), "no"), staff).state is CaseState.REFUSED

    @pytest.mark.rule("S2-STAT.9")
    def test_d07_two_of_three_have_approved_then_not_yet(self, staff: StaffList) -> None:
        case = opened(staff, row([{"all": ["info_supervisor", "cs_manager", "gm"]}]))
        case = after(after(case, Approve(S("csm")), staff), Approve(S("gm")), staff)
        assert case.state is CaseState.PENDING

    @pytest.mark.rule("C-54")
    def test_when_two_of_three_then_a_refusal_counts_once_two_cannot_be_reached(
        self, staff: StaffList
    ) -> None:
        chain: list[object] = [{"need": 2, "of": ["info_supervisor", "cs_manager", "gm"]}]
        case = after(opened(staff, row(chain)), Refuse(S("gm"), "no"), staff)
        assert case.state is CaseState.PENDING
        assert after(case, Refuse(S("csm"), "no"), staff).state is CaseState.REFUSED
        case = after(after(case, Approve(S("csm")), staff), Approve(S("info")), staff)
        assert case.state is CaseState.APPROVED

    @pytest.mark.rule("C-54")
    def test_when_one_person_holds_both_posts_then_a_second_person_decides_too(
        self, staff: StaffList
    ) -> None:
        staff.add("both", "info_supervisor", "cs_manager", superior="dgm")
        gone(staff, "info")
        gone(staff, "csm")
        case = opened(staff, row([{"all": ["info_supervisor", "cs_manager"]}]))
        assert case.deciders == {"both"}
        case = after(case, Approve(S("both")), staff)
        assert (case.state, case.deciders) == (CaseState.PENDING, {"gm"})
        assert case.here[1][1].gap is Gap.SPENT

    @pytest.mark.rule("C-54")
    def test_when_the_requester_is_one_of_all_then_a_later_step_decides_for_that_place(
        self, staff: StaffList
    ) -> None:
        both = {"all": ["info_supervisor", "cs_manager"]}
        case = opened(staff, row([both, ["gm"]]), matter("info"))
        assert case.deciders == {"csm"}
        case = after(case, Approve(S("csm")), staff)
        assert case.deciders == {"gm"}
        last = opened(staff, row([both]), matter("info"))
        assert last.deciders == {"gm", "csm"}


@pytest.mark.rule("C-54")
class TestGivenAQuestion:
    def test_the_clock_stands_until_it_is_answered(self, staff: StaffList) -> None:
        case = opened(staff, row([["gm"]]))
        assert codes(case, AskBack(S("gm"), " "), staff) == ["needs_question"]
        case = after(case, AskBack(S("gm"), "why?"), staff, at("14 11:00"))
        assert case.asked_back
        due = next_due(case, world(staff, at("14 11:00")))
        assert due is not None
        assert (due.kind, due.at) == (DueKind.REMIND, at("14 16:00"))
        (reminded,) = elapse(case, world(staff, at("14 16:00"))).events
        assert (reminded.tell, reminded.why) == (("rep",), "answer")
        assert codes(case, AskBack(S("gm"), "and?"), staff) == ["already_asked_back"]
        assert codes(case, Nudge(S("rep")), staff, at("14 14:00")) == ["answer_awaited"]
        assert codes(case, Answer(S("rep2"), "so"), staff) == ["not_the_requester"]
        assert codes(case, Answer(S("rep"), ""), staff) == ["needs_answer"]
        case = after(case, Answer(S("rep"), "so"), staff, at("15 09:00"))
        due = next_due(case, world(staff, at("15 09:00")))
        assert due is not None
        assert due.at == at("15 11:00")
        assert codes(case, Answer(S("rep"), "so"), staff) == ["nothing_asked"]

    def test_who_asked_may_decide_without_the_answer(self, staff: StaffList) -> None:
        case = after(opened(staff, row([["gm"]])), AskBack(S("gm"), "why?"), staff)
        assert after(case, Approve(S("gm")), staff).state is CaseState.APPROVED

    def test_a_question_of_somebody_who_left_is_dropped(self, staff: StaffList) -> None:
        case = after(opened(staff, row([["gm"]])), AskBack(S("gm"), "why?"), staff)
        gone(staff, "gm")
        done = reconsider(case, world(staff, at("14 10:00")))
        assert not done.case.asked_back
        assert EventKind.QUESTION_DROPPED in {one.kind for one in done.events}
        assert done.case.deciders == {"chair"}


@pytest.mark.rule("C-54")
class TestGivenAPassedOnDecision:
    def test_to_the_line_above_or_the_same_role_only(self, staff: StaffList) -> None:
        staff.add("info2", "info_supervisor", superior="csm")
        case = opened(staff, row([["info_supervisor"]]))
        for name in ("rep", "rep2", "head", "info", "nobody"):
            assert codes(case, PassOn(S("info"), S(name)), staff) == ["cannot_take_over"]
        done = decide(case, PassOn(S("info"), S("csm")), world(staff))
        assert isinstance(done, Outcome)
        assert done.case.deciders == {"csm"}
        assert codes(done.case, Approve(S("info")), staff) == ["no_longer_asked"]
        assert after(case, PassOn(S("info"), S("info2")), staff).deciders == {"info2"}

    def test_when_that_person_leaves_then_it_goes_back(self, staff: StaffList) -> None:
        case = after(opened(staff, row([["info_supervisor"]])), PassOn(S("info"), S("csm")), staff)
        gone(staff, "csm")
        assert reconsider(case, world(staff)).case.deciders == {"info"}


@pytest.mark.rule("C-54")
class TestGivenAnAddedSigner:
    def test_the_step_waits_for_both(self, staff: StaffList) -> None:
        case = opened(staff, row([["info_supervisor"]]))
        assert codes(case, AddSigner(S("info"), S("rep")), staff) == ["cannot_sign"]
        assert codes(case, AddSigner(S("info"), S("info")), staff) == ["already_asked"]
        case = after(case, AddSigner(S("info"), S("csm")), staff)
        case = after(case, Approve(S("info")), staff)
        assert (case.state, case.deciders) == (CaseState.PENDING, {"csm"})
        assert after(case, Approve(S("csm")), staff).state is CaseState.APPROVED
        assert after(case, Refuse(S("csm"), "no"), staff).state is CaseState.REFUSED

    def test_one_who_leaves_is_stood_in_for_from_above(self, staff: StaffList) -> None:
        case = after(opened(staff, row([["gm"]])), AddSigner(S("gm"), S("csm")), staff)
        gone(staff, "csm")
        assert reconsider(case, world(staff)).case.deciders == {"gm"}
        case = after(case, Approve(S("gm")), staff)
        assert (case.state, case.deciders) == (CaseState.PENDING, {"chair"})


@pytest.mark.rule("C-54")
class TestGivenSilence:
    def test_reminders_then_upwards_again_and_again_then_lapse(self, staff: StaffList) -> None:
        case, now, seen = opened(staff, row([["department_head"]])), NINE, []
        while case.open:
            due = next_due(case, world(staff, now))
            assert due is not None
            now = due.at
            done = elapse(case, world(staff, now))
            assert done.events
            seen += [
                (one.kind.value, one.tell[-1:])
                for one in done.events
                if one.kind in (EventKind.ASKED, EventKind.NOBODY_HIGHER, EventKind.CLOSED)
            ]
            case = done.case
        assert case.state is CaseState.LAPSED
        assert seen == [
            ("asked", ("director",)),
            ("asked", ("dgm",)),
            ("asked", ("gm",)),
            ("asked", ("chair",)),
            ("nobody_higher", ("chair",)),
            ("closed", ("rep",)),
        ]

    def test_late_reminders_become_one(self, staff: StaffList) -> None:
        case = opened(staff, row([["gm"]]))
        done = elapse(case, world(staff, at("15 14:00")))
        assert [one.kind for one in done.events] == [EventKind.REMINDED]
        assert done.case.places[0].reminded == 2

    def test_a_nudge_is_throttled(self, staff: StaffList) -> None:
        case = opened(staff, row([["gm"]]))
        assert codes(case, Nudge(S("rep")), staff, at("14 10:59")) == ["too_soon"]
        assert codes(case, Nudge(S("gm")), staff, at("14 11:00")) == ["not_the_requester"]
        done = decide(case, Nudge(S("rep")), world(staff, at("14 11:00")))
        assert isinstance(done, Outcome)
        assert done.events[-1].tell == ("gm",)
        assert codes(done.case, Nudge(S("rep")), staff, at("14 11:30")) == ["too_soon"]


def test_a_withdrawn_request_is_over(staff: StaffList) -> None:
    case = opened(staff, row([["gm"]]))
    done = decide(case, Withdraw(S("rep")), world(staff))
    assert isinstance(done, Outcome)
    assert (done.case.state, done.redraw) == (CaseState.WITHDRAWN, ("gm", "rep"))
    assert decide(done.case, Withdraw(S("rep")), world(staff)) == Outcome(done.case)
    assert codes(done.case, Approve(S("gm")), staff) == ["already_closed"]
    assert codes(done.case, Nudge(S("rep")), staff) == ["already_closed"]
    assert next_due(done.case, world(staff)) is None


@pytest.mark.rule("C-54")
@pytest.mark.rule("S2-INFO.22")
def test_a_raised_grade_adds_the_steps_of_the_stricter_chain(staff: StaffList) -> None:
    plain = row([["department_head"], ["info_supervisor"]])
    strict = row(
        [["department_head"], ["cs_manager"], ["info_supervisor"], ["gm"]], rule="S2-INFO.22"
    )
    case = after(opened(staff, plain), Approve(S("head")), staff)
    facts = replace(case.matter.facts, grade=Grade.TOP_SECRET)
    done = regrade(case, strict, facts, world(staff))
    assert done.events[0].kind is EventKind.REROUTED
    case, asked = done.case, []
    while case.open:
        (who,) = case.deciders
        asked.append(who)
        case = after(case, Approve(who), staff)
    assert asked == ["info", "csm", "gm"]
    assert case.state is CaseState.APPROVED
    lower = replace(facts, grade=Grade.NONE)
    assert regrade(done.case, plain, lower, world(staff)).case.chain == done.case.chain


@pytest.mark.rule("S2-SECR.12a")
def test_a_raised_grade_stands_a_deputy_down_who_may_not_see_it(staff: StaffList) -> None:
    staff.people[S("rep2")] = replace(staff.people[S("rep2")], clearance=Grade.CONFIDENTIAL)
    away(staff, "head", "rep2")
    approval = row([["department_head"]])
    case = opened(staff, approval)
    facts = replace(case.matter.facts, grade=Grade.SECRET)
    done = regrade(case, approval, facts, world(staff))
    assert "rep2" not in done.case.deciders
    assert codes(done.case, Approve(S("rep2")), staff) == ["no_longer_asked"]


@pytest.mark.rule("C-54")
def test_the_preview_names_who_will_decide_and_why(staff: StaffList) -> None:
    away(staff, "csm", "info")
    chain: list[object] = [
        ["department_head"],
        {"any": ["cs_manager"], "rule": "S2-INFO.22"},
        {"any": ["gm"], "default": True},
    ]
    shown = explain(row(chain), matter("head"), world(staff))
    assert [step.rule for step in shown.steps] == ["S2-INFO.18.2", "S2-INFO.22", "S2-INFO.18.2"]
    assert [step.default for step in shown.steps] == [False, False, True]
    assert shown.steps[0].places[0].moves_up
    assert shown.steps[0].places[0].gap is Gap.SELF
    assert Decider(S("info"), Via.STAND_IN, S("csm")) in shown.steps[1].places[0].deciders
    assert not shown.stuck
    assert explain(row([["chairman"]]), matter("chair"), world(staff)).stuck
    free = explain(row([["gm"]], exempt=["gm"]), matter("gm"), world(staff))
    assert (free.steps, str(free.exempt)) == ((), "gm")


@pytest.mark.rule("C-54")
@pytest.mark.parametrize("pack", available_packs())
def test_every_chain_of_every_pack_comes_to_an_end(pack: str) -> None:
    company = StaffList()
    posts = [one for one in ROLES.values() if one.kind in (RoleKind.POST, RoleKind.UNIT)]
    for one in posts:
        company.add(one.code, one.code, superior="top", department=one.code)
    company.add("top", head_of="archive")
    company.add("boss", superior="top", head_of="field")
    company.add("keeper", superior="boss", department="archive")
    company.add("asks", superior="boss", department="field")
    approvals = load_pack(pack).approval
    for approval in approvals:
        about = Matter(
            Facts(approval.action, reader=ReaderKind.EXTERNAL),
            S("asks"),
            keeper=S("keeper"),
            department="archive",
            credentials=frozenset(Credential),
        )
        case, asked = opened(company, approval, about), 0
        while case.open:
            assert not case.stuck
            case = after(case, Approve(min(case.deciders)), company)
            asked += 1
        assert case.state in (CaseState.APPROVED, CaseState.REGISTERED)
        assert asked == sum(step.need for step in approval.chain)
