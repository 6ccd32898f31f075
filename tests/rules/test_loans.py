"""The life of a loan: the rows of the table, and nothing else, whatever is tried."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.clauses import all_clauses
from rules.errors import DomainError
from rules.loans import (
    OPEN_STATES,
    OUT_STATES,
    SPOKEN_STATES,
    TRANSITIONS,
    LoanKind,
    LoanState,
    Trigger,
    move,
    transition,
)

S, T = LoanState, Trigger

LIVES = [
    # what happens one after the other, and where it ends
    ("approve count_out take list_back complete", S.DISCHARGED),
    ("refuse", S.REFUSED),
    ("withdraw", S.WITHDRAWN),
    ("lapse", S.LAPSED),
    ("approve lapse", S.LAPSED),
    ("approve count_out decline count_out take", S.LENT),
    ("approve count_out take list_back partly list_back complete", S.DISCHARGED),
    ("approve count_out take list_back retract", S.LENT),
    ("approve count_out take list_back fall_short", S.SHORT),
    ("approve count_out take list_back fall_short list_back retract_short", S.SHORT),
    ("approve count_out take list_back fall_short list_back complete", S.DISCHARGED),
    ("approve count_out take list_back fall_short write_off", S.WRITTEN_OFF),
    ("approve count_out take list_back dispute fall_short settle", S.DISCHARGED),
    ("approve count_out take list_back dispute complete", S.DISCHARGED),
    ("approve count_out take lose write_off", S.WRITTEN_OFF),
    ("approve count_out take lose list_back complete", S.DISCHARGED),
    ("approve count_out take lose list_back retract_lost", S.LOST),
]


@pytest.mark.parametrize(("life", "end"), LIVES)
@pytest.mark.rule("S2-INFO.20")
@pytest.mark.rule("S1-14.9")
@pytest.mark.rule("S1-15.7.5")
def test_a_life_ends_where_the_table_says(life: str, end: LoanState) -> None:
    state = S.ASKED
    for trigger in life.split():
        state = move(state, Trigger(trigger))
    assert state is end


@pytest.mark.rule("S1-15.7.1", "S1-12.1.2", "S4-LOAN.6.2", "S1-09.2.6")
def test_papers_leave_only_once_decided_and_counted_by_both() -> None:
    into = {
        state: {(row.state, row.trigger) for row in TRANSITIONS if row.to is state}
        for state in (S.APPROVED, S.OFFERED, S.LENT, S.DONE)
    }
    assert into[S.APPROVED] == {(S.ASKED, T.APPROVE), (S.OFFERED, T.DECLINE)}
    assert into[S.OFFERED] == {(S.APPROVED, T.COUNT_OUT)}
    assert into[S.DONE] == {(S.APPROVED, T.HAND_OVER)}
    counts = {(S.RETURNING, T.PARTLY), (S.RETURNING, T.RETRACT), (S.DISPUTED, T.PARTLY)}
    assert into[S.LENT] == {(S.OFFERED, T.TAKE), *counts}


@pytest.mark.parametrize("kind", [LoanKind.COPY, LoanKind.DISCLOSE])
@pytest.mark.rule("S1-15.7.5")
def test_what_is_handed_over_for_good_never_comes_back(kind: LoanKind) -> None:
    approved = move(S.ASKED, T.APPROVE, kind)
    assert move(approved, T.HAND_OVER, kind) is S.DONE
    with pytest.raises(DomainError):
        move(approved, T.COUNT_OUT, kind)


@pytest.mark.parametrize("kind", [LoanKind.LOAN, LoanKind.COPY_LOAN])
@pytest.mark.rule("S3-ENG.3.3c")
def test_what_is_lent_is_never_handed_over_for_good(kind: LoanKind) -> None:
    with pytest.raises(DomainError, match="approved"):
        move(S.APPROVED, T.HAND_OVER, kind)


@pytest.mark.rule("S1-15.7.6")
def test_short_papers_do_not_close_by_a_count() -> None:
    assert {row.trigger for row in TRANSITIONS if row.state is S.SHORT} == {
        T.LIST_BACK, T.LOSE, T.SETTLE, T.WRITE_OFF,
    }  # fmt: skip
    assert S.SHORT in OUT_STATES


@pytest.mark.rule("C-56")
def test_an_approval_for_a_lower_grade_lapses() -> None:
    assert move(S.APPROVED, T.UPGRADE) is move(S.OFFERED, T.UPGRADE) is S.LAPSED
    assert transition(S.LENT, T.UPGRADE) is None


def test_the_table_is_sound() -> None:
    keys = [(row.state, row.trigger, kind) for row in TRANSITIONS for kind in LoanKind
            if row.fits(row.state, row.trigger, kind)]  # fmt: skip
    assert len(set(keys)) == len(keys)
    assert {row.state for row in TRANSITIONS} == OPEN_STATES
    assert {row.to for row in TRANSITIONS} | {S.ASKED} == set(LoanState)
    assert {row.trigger for row in TRANSITIONS} == set(Trigger)
    assert all(row.rule in all_clauses() or row.rule.startswith("C-") for row in TRANSITIONS)
    assert OUT_STATES < SPOKEN_STATES < OPEN_STATES


@given(
    st.sampled_from(LoanKind),
    st.lists(st.sampled_from(Trigger), max_size=40),
)
@pytest.mark.rule("S3-LOG.2.3a")
def test_states_change_by_rows_only(kind: LoanKind, triggers: list[Trigger]) -> None:
    state = S.ASKED
    for trigger in triggers:
        row = transition(state, trigger, kind)
        if row is None:
            with pytest.raises(DomainError):
                move(state, trigger, kind)
            continue
        after = move(state, trigger, kind)
        assert row in TRANSITIONS
        assert after is row.to
        assert state in OPEN_STATES
        if after is S.DISCHARGED:
            assert state in (S.RETURNING, S.DISPUTED, S.SHORT)
        if state not in OUT_STATES and after in OUT_STATES:
            assert (state, trigger) == (S.OFFERED, T.TAKE)
        state = after
