"""What stands against a request: every reason, each with its clause and the next step."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.borrowing import (
    Away,
    BorrowerFacts,
    Overdue,
    Taken,
    Wish,
    action_of,
    carrier_rule,
    hindrances,
    sublend_refusal,
    unlinked,
)
from rules.calendar import china
from rules.errors import Reason
from rules.lending import Place
from rules.loans import OUT_STATES, SPOKEN_STATES, LoanKind, LoanState, Trigger, move, transition
from rules.occasions import Action
from rules.policy import load_pack
from rules.secrecy import Grade

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = china()
NOW = datetime(2026, 9, 14, 10, tzinfo=SHANGHAI).astimezone(UTC)
PLAIN = Wish(LoanKind.LOAN, NOW, Place.COMPANY_ONLY, original=True, grade=Grade.NONE)
CLEARED = BorrowerFacts(Grade.TOP_SECRET)


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def reasons(
    pack: str, facts: BorrowerFacts = CLEARED, kind: LoanKind = LoanKind.LOAN, **more: Any
) -> tuple[Reason, ...]:
    wish = replace(PLAIN, kind=kind, **more)
    found = hindrances(load_pack(pack), wish, facts, CHINA)
    return found.reasons if found else ()


def said(*args: Any, **more: Any) -> list[tuple[str, str, str]]:
    return [(one.code, one.rule, one.next_step) for one in reasons(*args, **more)]


def test_nothing_stands_against_an_ordinary_request() -> None:
    assert reasons("customer-service") == ()
    assert reasons("engineering") == ()
    assert reasons("loan-guarantee", until=day("09-30")) == ()


@pytest.mark.rule("S3-ENG.3.3a")
@pytest.mark.rule("S3-ENG.3.3b")
def test_l07_an_original_for_outside_is_refused_and_a_photocopy_offered() -> None:
    assert said("engineering", place=Place.OUT) == [("original_stays", "S3-ENG.3.3a", "copy_loan")]
    assert said("engineering", place=Place.OUT, original=False) == []
    assert said("engineering", kind=LoanKind.COPY_LOAN, place=Place.OUT) == []


@pytest.mark.rule("S1-02.7")
@pytest.mark.rule("C-64")
def test_tenants_papers_are_read_in_the_office() -> None:
    (reason,) = reasons("property")
    assert (reason.code, reason.rule, reason.fact("place")) == (
        "place_too_far", "S1-02.7", "office_only",
    )  # fmt: skip
    assert reasons("property", place=Place.OFFICE_ONLY) == ()


@pytest.mark.rule("C-64")
def test_taking_tenants_papers_is_decided_as_a_consultation() -> None:
    kinds = {kind: action_of(load_pack("property"), kind) for kind in LoanKind}
    assert kinds.pop(LoanKind.LOAN) is Action.CONSULT
    assert all(action.value == kind.value for kind, action in kinds.items())
    assert action_of(load_pack("pharma"), LoanKind.LOAN) is Action.LOAN
    assert replace(PLAIN, place=Place.OUT).leaves_house
    assert not PLAIN.leaves_house


@pytest.mark.rule("S3-LOG.2.3a")
def test_l20_papers_that_are_out_are_shown_until_when_with_a_place_in_the_queue() -> None:
    facts = replace(CLEARED, taken=(Taken(Away.LENT, day("09-17")),))
    (reason,) = reasons("customer-service", facts)
    assert (reason.code, reason.rule, reason.next_step) == (
        "papers_lent", "S3-LOG.2.3a", "join_queue",
    )  # fmt: skip
    assert reason.fact("until") == day("09-17")


@pytest.mark.rule("S3-LOG.2.3a")
def test_papers_may_be_kept_for_somebody_lost_or_yours_already() -> None:
    taken = (
        Taken(Away.SET_ASIDE, day("09-16")),
        Taken(Away.LOST, day("09-01")),
        Taken(Away.LENT, day("09-16"), mine=True),
    )
    assert said("customer-service", replace(CLEARED, taken=taken)) == [
        ("papers_set_aside", "S3-LOG.2.3a", "join_queue"),
        ("papers_lost", "S3-LOG.2.3a", "ask_custodian"),
        ("already_yours", "S3-LOG.2.3a", "open_my_loans"),
    ]


@pytest.mark.rule("S2-SECR.12a")
@pytest.mark.rule("S2-INFO.19.5")
@pytest.mark.rule("S2-INFO.19.1")
def test_all_that_stands_against_a_borrower_is_said_at_once() -> None:
    facts = BorrowerFacts(
        clearance=Grade.CONFIDENTIAL,
        overdue=(Overdue("借-2026-0007", day("09-10")), Overdue("借-2026-0009", day("09-11"))),
        open_loans=10,
        incidents=("事-2026-0001",),
        disputed=("借-2026-0011",),
        taken=(Taken(Away.LENT, day("09-17")),),
    )
    assert said("customer-service", facts, grade=Grade.SECRET, until=day("09-30")) == [
        ("above_clearance", "S2-SECR.12a", "ask_keeper"),
        ("loan_overdue", "S2-INFO.19.5", "return_first"),
        ("loan_overdue", "S2-INFO.19.5", "return_first"),
        ("incident_open", "S2-DOSS.23b", "settle_incident"),
        ("count_disputed", "S1-14.9", "open_my_loans"),
        ("too_many_loans", "S2-INFO.19.1", "return_first"),
        ("papers_lent", "S3-LOG.2.3a", "join_queue"),
        ("day_too_late", "S2-INFO.19.5", "name_earlier_day"),
    ]
    found = reasons("customer-service", facts)
    assert [one.fact("number") for one in found[:4]] == [
        "借-2026-0007", "借-2026-0009", "事-2026-0001", "借-2026-0011",
    ]  # fmt: skip
    assert found[4].fact("limit") == 10


def test_a_keeper_and_somebody_from_outside_are_not_asked_for_a_clearance() -> None:
    assert reasons("customer-service", BorrowerFacts(None), grade=Grade.TOP_SECRET) == ()


DAYS = [
    # pack, stated, long-term, what is said
    ("corporate-archive", None, False, ("day_missing", "S1-15.6.2", "name_day")),
    ("corporate-archive", "09-11", False, ("day_past", "S1-15.6.2", "name_later_day")),
    ("corporate-archive", "10-14", False, None),
    ("corporate-archive", "10-15", False, ("day_too_late", "S1-15.6.2", "ask_long_term")),
    ("corporate-archive", "12-31", True, None),
    ("loan-guarantee", "10-15", False, ("day_too_late", "S4-LOAN.6.3", "name_earlier_day")),
    ("loan-guarantee", "10-15", True, ("no_long_term", "S4-LOAN.6.3", "ask_ordinary")),
    ("file-custody", "09-21", False, None),
    ("file-custody", "09-22", False, ("day_too_late", "S1-14.5b", "ask_long_term")),
    ("file-custody", None, True, ("day_missing", "S1-14.5d", "name_day")),
    ("customer-service", "09-14", False, None),
]


@pytest.mark.parametrize(("pack", "until", "long_term", "expected"), DAYS)
@pytest.mark.rule("S1-15.6.2")
@pytest.mark.rule("S4-LOAN.6.3")
@pytest.mark.rule("S1-14.5b")
@pytest.mark.rule("S1-14.5d")
def test_the_day_of_return(
    pack: str, until: str | None, long_term: bool, expected: tuple[str, str, str] | None
) -> None:
    named = day(until) if until else None
    found = said(pack, until=named, long_term=long_term)
    assert found == ([expected] if expected else [])


@pytest.mark.rule("S1-15.7.4")
def test_a_copy_is_kept_from_nobody_for_a_late_loan() -> None:
    facts = replace(
        CLEARED,
        overdue=(Overdue("借-2026-0007", day("09-10")),),
        taken=(Taken(Away.LENT, day("09-17")),),
    )
    assert reasons("corporate-archive", facts, kind=LoanKind.COPY, place=Place.OUT) == ()
    low = BorrowerFacts(Grade.NONE)
    (reason,) = reasons("corporate-archive", low, kind=LoanKind.COPY, grade=Grade.SECRET)
    assert reason.code == "above_clearance"


@pytest.mark.rule("S1-08.2.3")
def test_a_hotel_lends_nothing() -> None:
    assert said("hotel") == [("no_loans", "S1-08.2.3", "request_consultation")]


@pytest.mark.rule("S1-15.7.3")
@pytest.mark.rule("S1-14.6")
def test_papers_are_not_passed_on_where_the_regulation_forbids_it() -> None:
    for pack, rule in (("corporate-archive", "S1-15.7.3"), ("file-custody", "S1-14.6")):
        loan = load_pack(pack).loan
        assert loan is not None
        refused = sublend_refusal(loan)
        assert refused is not None
        assert refused.rules == (rule,)
    free = load_pack("customer-service").loan
    assert free is not None
    assert sublend_refusal(free) is None


PAPERS = range(3)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Trigger)), max_size=80))
@pytest.mark.rule("S3-LOG.2.3a")
def test_nobody_lends_the_same_paper_twice(acts: list[tuple[int, Trigger]]) -> None:
    """Six requests for three papers: one is approved only where nothing stands against it."""
    loans = [LoanState.ASKED] * 6
    policy = load_pack("customer-service")
    for number, trigger in acts:
        if transition(loans[number], trigger) is None:
            continue
        rivals = [
            state for other, state in enumerate(loans)
            if other != number and other % len(PAPERS) == number % len(PAPERS)
        ]  # fmt: skip
        taken = tuple(
            Taken(Away.LENT if state in OUT_STATES else Away.SET_ASIDE, day("09-17"))
            for state in rivals
            if state in SPOKEN_STATES
        )
        if trigger is Trigger.APPROVE and hindrances(
            policy, PLAIN, replace(CLEARED, taken=taken), CHINA
        ):
            trigger = Trigger.LAPSE
        loans[number] = move(loans[number], trigger)
        for paper in PAPERS:
            held = [state for at, state in enumerate(loans) if at % len(PAPERS) == paper]
            assert sum(state in SPOKEN_STATES for state in held) <= 1


@pytest.mark.rule("S1-05.4")
@pytest.mark.parametrize("reason", ["朋友", "帮朋友的忙", "私事", "friend", "。。", "熟人，老乡"])
def test_e05_acquaintance_is_no_reason(reason: str) -> None:
    found = unlinked(reason)
    assert found is not None
    assert (found.code, found.rule, found.next_step) == (
        "no_work_link",
        "S1-05.4",
        "say_reason",
    )


@pytest.mark.rule("S1-05.4")
@pytest.mark.parametrize("reason", ["核对价格", "客户投诉", "朋友圈推广方案", "audit of 2026"])
def test_a_reason_of_work_is_one(reason: str) -> None:
    assert unlinked(reason) is None


@pytest.mark.rule("S2-INFO.23.2", "S2-SECR.8.3")
@pytest.mark.parametrize(
    ("pack", "leaves", "important", "grade", "rule"),
    [
        ("customer-service", True, True, Grade.NONE, "S2-INFO.23.2"),
        ("customer-service", True, False, Grade.CONFIDENTIAL, "S2-SECR.8.3"),
        ("customer-service", True, False, Grade.NONE, None),
        ("customer-service", False, True, Grade.SECRET, None),
        ("auto-dealer", True, True, Grade.SECRET, None),
        ("hotel", True, True, Grade.SECRET, None),
    ],
)
def test_who_carries_important_papers_outside_is_named(
    pack: str, leaves: bool, important: bool, grade: Grade, rule: str | None
) -> None:
    lending = load_pack(pack).loan
    found = carrier_rule(lending, leaves_house=leaves, important=important, grade=grade)
    assert found == rule
