"""Who has a paper: one answer for every day, and no chain with a hole."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.access import StaffId
from rules.calendar import china
from rules.custody import (
    CustodyKind,
    CustodyState,
    CustodyStep,
    Holder,
    day_code,
    holder_at,
    holders_on,
    is_drawn,
    proof_until,
    signed_by,
    unbroken,
)
from rules.policy import load_pack

K, S = CustodyKind, CustodyState
TIME = load_pack("customer-service").time
WEI, LI, ZHAO, SUN = map(StaffId, ("wei", "li", "zhao", "sun"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=TIME.zone).astimezone(UTC)


def step(
    kind: CustodyKind, giver: StaffId, taker: StaffId, when: str, state: CustodyState = S.DONE
) -> CustodyStep:
    opened = at(when)
    confirmed = opened + timedelta(minutes=5) if state is S.DONE else None
    return CustodyStep(kind, giver, taker, state, opened, confirmed)


CHAIN = (
    step(K.HAND_OUT, WEI, LI, "05-11 10:00"),
    step(K.PING, LI, WEI, "05-11 15:00"),
    step(K.TRANSFER, LI, ZHAO, "05-12 14:00"),
    step(K.RETURN, ZHAO, SUN, "05-14 09:00"),
)


@pytest.mark.rule("S3-LOG.2.3a")
def test_who_had_it_on_12_may() -> None:
    assert [one.person for one in holders_on(CHAIN, date(2026, 5, 12), TIME)] == [LI, ZHAO]
    assert [one.person for one in holders_on(CHAIN, date(2026, 5, 13), TIME)] == [ZHAO]
    assert holders_on(CHAIN, date(2026, 5, 10), TIME) == ()
    (kept,) = holders_on(CHAIN, date(2026, 6, 1), TIME)
    assert (kept.person, kept.lent) == (SUN, False)


@pytest.mark.rule("S1-14.9")
def test_until_the_taker_has_signed_the_giver_has_it() -> None:
    assert holder_at(CHAIN, at("05-11 10:04")) is None
    assert holder_at(CHAIN, at("05-11 10:05")) == Holder(LI, at("05-11 10:05"), lent=True)
    for state in (S.OPEN, S.REFUSED, S.DISPUTED):
        tried = (*CHAIN[:2], step(K.TRANSFER, LI, ZHAO, "05-12 14:00", state))
        found = holder_at(tried, at("05-13 10:00"))
        assert found is not None
        assert found.person == LI
        assert unbroken(tried)


@pytest.mark.rule("S3-LOG.2.3a")
def test_a_chain_without_a_hole() -> None:
    assert unbroken(())
    assert unbroken(CHAIN)
    again = step(K.HAND_OUT, WEI, ZHAO, "05-15 10:00")
    assert unbroken((*CHAIN, again))
    assert not unbroken((*CHAIN[:2], CHAIN[3]))  # given back by who never got it
    assert not unbroken((CHAIN[0], again))  # handed out twice
    assert not unbroken(CHAIN[2:])  # passed on without a hand-out
    assert not unbroken((CHAIN[0], replace(CHAIN[2], confirmed_at=at("05-10 10:00"))))


PEOPLE = (WEI, LI, ZHAO, SUN)


@given(st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=8))
@pytest.mark.rule("S1-14.6")
def test_taking_out_a_link_breaks_the_chain(people: list[StaffId]) -> None:
    """Whoever passes papers on in the dark is found, unless they come back to who had them."""
    start = at("05-11 10:00")
    pairs = list(pairwise(people))
    steps = [
        CustodyStep(
            K.HAND_OUT if number == 0 else K.TRANSFER,
            giver,
            taker,
            S.DONE,
            start + timedelta(hours=number),
            start + timedelta(hours=number),
        )
        for number, (giver, taker) in enumerate(pairs)
    ]
    assert unbroken(steps)
    found = holder_at(steps, start + timedelta(days=1))
    assert found is not None
    assert found.person == people[-1]
    for number in range(1, len(steps) - 1):
        without = steps[:number] + steps[number + 1 :]
        assert unbroken(without) is (people[number] == people[number + 1])


@pytest.mark.rule("S1-14.9")
@pytest.mark.rule("S4-LOAN.5.2a")
def test_a_count_has_two_sides_and_a_deed_a_third() -> None:
    assert signed_by(WEI, LI) is None
    assert signed_by(WEI, LI, witness=SUN, needs_witness=True) is None
    alone = signed_by(WEI, WEI, needs_witness=True)
    assert alone is not None
    assert [reason.code for reason in alone.reasons] == ["same_person", "witness_missing"]
    partial = signed_by(WEI, LI, witness=LI, needs_witness=True)
    assert partial is not None
    assert [reason.code for reason in partial.reasons] == ["witness_takes_part"]


def test_the_code_of_a_day_is_the_same_all_day_and_another_one_elsewhere() -> None:
    secret, day = b"of this house", date(2026, 5, 12)
    assert day_code(secret, 7, day) == day_code(secret, 7, day)
    assert len(day_code(secret, 7, day)) == 4
    assert day_code(secret, 7, day).isdigit()
    around = {day_code(secret, loan, day + timedelta(days=n)) for loan in range(20)
              for n in range(20)}  # fmt: skip
    assert len(around) > 350
    assert day_code(b"of another", 7, day) != day_code(secret, 7, day)


@pytest.mark.rule("S1-15.5.3")
def test_papers_are_drawn_anew_each_day_and_the_same_whenever_it_is_asked() -> None:
    secret, day = b"of this house", date(2026, 5, 12)
    for percent in (0, 5, 50, 100):
        drawn = [one for one in range(2000) if is_drawn(secret, one, day, percent)]
        assert drawn == [one for one in range(2000) if is_drawn(secret, one, day, percent)]
        assert abs(len(drawn) - 20 * percent) < 80
    others = [
        [one for one in range(200) if is_drawn(other, one, on, 20)]
        for other, on in ((secret, day), (secret, day + timedelta(days=1)), (b"another", day))
    ]
    assert others[0] != others[1] != others[2] != others[0]


@pytest.mark.rule("S1-15.5.3")
@pytest.mark.parametrize(
    ("asked", "until"),
    [
        ("09-14 09:00", "09-16 00:00"),
        ("09-14 23:30", "09-16 00:00"),
        ("09-18 10:00", "09-21 00:00"),  # Sunday 20 is worked
        ("09-24 10:00", "09-29 00:00"),  # 25 to 27 are off
    ],
)
def test_papers_are_shown_by_the_end_of_the_next_working_day(asked: str, until: str) -> None:
    assert proof_until(at(asked), TIME, china()) == at(until)
