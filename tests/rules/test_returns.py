"""Counting back: pages and copies line by line, over as many returns as it takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Denied, DomainError
from rules.incidents import IncidentKind
from rules.lending import ReturnCheck
from rules.loans import LoanState, Trigger, move
from rules.policy import load_pack
from rules.returns import Back, Count, ItemState, Line, compare, unchecked

CONTRACT, INVOICE = Line(1, pages=12, copies=1), Line(2, pages=4, copies=2)


def counted(lent: tuple[Line, ...], *back: Back) -> Count:
    found = compare(lent, back)
    assert isinstance(found, Count)
    return found


def refused(lent: tuple[Line, ...], *back: Back) -> list[str]:
    found = compare(lent, back)
    assert isinstance(found, Denied)
    return [reason.code for reason in found.reasons]


class TestGivenTwelvePagesLent:
    @pytest.mark.rule("S1-15.7.5")
    @pytest.mark.rule("S1-15.7.6")
    def test_l09_when_eleven_come_back_then_the_loan_stays_open_for_one(self) -> None:
        count = counted((CONTRACT,), Back(1, 11, 1))
        assert not count.complete
        assert [(line.missing_pages, line.missing_copies) for line in count.missing] == [(1, 0)]
        assert move(LoanState.RETURNING, count.trigger) is LoanState.SHORT
        told = load_pack("corporate-archive").incident.told
        assert "leader_in_charge" in told[IncidentKind.DAMAGED.value].to

    @pytest.mark.rule("S1-15.7.5")
    def test_when_the_missing_page_follows_then_it_is_complete(self) -> None:
        short = counted((CONTRACT,), Back(1, 11, 1))
        whole = counted(short.lines, Back(1, 1, 0))
        assert whole.complete
        assert move(LoanState.RETURNING, whole.trigger) is LoanState.DISCHARGED

    @pytest.mark.rule("S1-14.9")
    def test_when_thirteen_come_back_then_the_count_is_wrong(self) -> None:
        found = compare((CONTRACT,), [Back(1, 13, 1)])
        assert isinstance(found, Denied)
        (reason,) = found.reasons
        assert (reason.code, reason.next_step) == ("more_than_lent", "count_again")
        assert (reason.fact("position"), reason.fact("pages")) == (1, 12)

    @pytest.mark.rule("S3-ENG.3.7")
    def test_l21_when_they_come_back_damaged_then_it_is_short_and_can_be_settled(self) -> None:
        count = counted((CONTRACT,), Back(1, 12, 1, damaged=True))
        assert (count.missing, count.damaged) == ((), count.lines)
        assert count.lines[0].state is ItemState.DAMAGED
        short = move(LoanState.RETURNING, count.trigger)
        assert move(short, Trigger.SETTLE) is LoanState.DISCHARGED


class TestGivenTwoLines:
    @pytest.mark.rule("S2-INFO.20")
    def test_when_one_comes_back_then_the_other_is_still_lent(self) -> None:
        count = counted((CONTRACT, INVOICE), Back(2, 4, 2))
        assert [line.position for line in count.out] == [1]
        assert (count.trigger, count.complete) == (Trigger.PARTLY, False)
        assert counted(count.lines, Back(1, 12, 1)).complete

    @pytest.mark.rule("S3-ENG.3.4")
    @pytest.mark.rule("S4-LOAN.6.4")
    def test_when_a_copy_is_missing_then_pages_do_not_make_up_for_it(self) -> None:
        count = counted((CONTRACT, INVOICE), Back(1, 12, 1), Back(2, 4, 1))
        assert [line.missing_copies for line in count.missing] == [1]
        assert count.trigger is Trigger.FALL_SHORT

    def test_when_nothing_of_a_line_is_there_then_it_is_missing_not_out(self) -> None:
        count = counted((CONTRACT, INVOICE), Back(1, 12, 1), Back(2, 0, 0))
        assert (count.out, [line.missing_pages for line in count.missing]) == ((), [4])

    def test_when_the_list_is_wrong_then_every_fault_is_said(self) -> None:
        assert refused((CONTRACT,)) == ["nothing_back"]
        codes = refused(
            (CONTRACT, INVOICE), Back(7, 1, 1), Back(1, 12, 1), Back(1, 1, 1), Back(2, 5, 3)
        )
        assert codes == ["not_lent", "counted_twice", "more_than_lent"]

    def test_what_is_back_does_not_come_back_again(self) -> None:
        whole = counted((CONTRACT,), Back(1, 12, 1))
        assert refused(whole.lines, Back(1, 0, 1)) == ["more_than_lent"]


def test_a_negative_count_is_misuse() -> None:
    with pytest.raises(DomainError):
        compare((CONTRACT,), [Back(1, -1, 1)])
    with pytest.raises(DomainError):
        Line(1, pages=2, copies=1, back_pages=3)
    with pytest.raises(DomainError):
        Line(1, pages=2, copies=0)


@pytest.mark.rule("S1-10.7")
@pytest.mark.rule("S1-12.3.6")
def test_each_check_is_confirmed() -> None:
    loan = load_pack("file-custody").loan
    assert loan is not None
    left = unchecked(loan, [ReturnCheck.ORDER, ReturnCheck.DAMAGE])
    assert left is not None
    assert [reason.fact("check") for reason in left.reasons] == ["completeness", "marks"]
    assert left.rules == ("S1-14.9",)
    assert unchecked(loan, tuple(ReturnCheck)) is None


lines = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 4)), min_size=1, max_size=5).map(
    lambda sizes: tuple(Line(at, pages, copies) for at, (pages, copies) in enumerate(sizes))
)


@given(lines, st.data())
@pytest.mark.rule("S1-14.9")
def test_what_was_lent_is_back_missing_or_out(lent: tuple[Line, ...], data: st.DataObject) -> None:
    """Over any number of returns each page and copy is accounted for; none goes away again."""
    now = lent
    for _ in range(data.draw(st.integers(1, 4))):
        chosen = data.draw(st.lists(st.sampled_from(now), unique=True, max_size=len(now)))
        back = [
            Back(
                line.position,
                data.draw(st.integers(0, line.pages - line.back_pages)),
                data.draw(st.integers(0, line.copies - line.back_copies)),
                data.draw(st.booleans()),
            )
            for line in chosen
        ]
        found = compare(now, back)
        if not back:
            assert isinstance(found, Denied)
            continue
        assert isinstance(found, Count)
        for before, after in zip(now, found.lines, strict=True):
            assert before.back_pages <= after.back_pages
            out = after.state is ItemState.OUT
            lying_out = after.pages - after.back_pages if out else 0
            assert after.pages == after.back_pages + after.missing_pages + lying_out
            assert not (before.damaged and not after.damaged)
        named = (*found.missing, *found.out, *found.damaged)
        whole = [line for line in found.lines if line.state is ItemState.BACK]
        assert {line.position for line in (*named, *whole)} == {line.position for line in lent}
        assert found.complete is (len(whole) == len(lent))
        assert found.complete is (found.trigger is Trigger.COMPLETE)
        now = found.lines
