"""Two people at once on PostgreSQL: one paper goes to one of them, one step is taken once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from storage import custody, documents, loan_items, loan_queue, loans, renewals
from storage.custody import Handed, NewStep
from storage.documents import DocumentRow
from storage.errors import Conflict
from storage.unit import Unit
from tests.conftest import NOW
from tests.storage.nouns import lent
from tests.storage.nouns.company import customer, staffed
from tests.storage.test_side_by_side import Two, two

__all__ = ["two"]


@pytest.fixture
def dossier(two: Two) -> int:
    two.one(staffed)
    return two.one(lambda unit: customer(unit, "鸿鑫贸易"))


def hand_out(two: Two, dossier: int, papers: tuple[int, ...], who: str) -> Callable[[Unit], None]:
    loan = two.one(lambda unit: lent.approved(unit, dossier, papers, borrower=who))
    return lambda unit: loan_items.hand_out(unit, loan)


class TestGivenPapersThatTwoWant:
    @pytest.mark.parametrize(("mine", "theirs"), [(True, True), (True, False), (False, True)])
    def test_when_both_are_handed_out_then_one_has_it(
        self, two: Two, dossier: int, mine: bool, theirs: bool
    ) -> None:
        """True: the paper; False: the whole dossier."""
        one = two.one(lambda unit: lent.paper(unit, dossier))
        works = [
            hand_out(two, dossier, (one,) if only else (), who)
            for only, who in ((mine, "zhang"), (theirs, "li"))
        ]
        first, second = two.at_once(*works)
        assert first is None
        assert isinstance(second, Conflict)

    def test_when_both_change_a_loan_then_one_does(self, two: Two, dossier: int) -> None:
        loan = two.one(lambda unit: lent.asked(unit, dossier))

        def save(state: str) -> Callable[[Unit], str]:
            return lambda unit: loans.save(unit, loan, replace(loan, state=state), NOW).state

        first, second = two.at_once(save("approved"), save("withdrawn"))
        assert first == "approved"
        assert isinstance(second, Conflict)

    def test_when_both_are_offered_it_then_one_is(self, two: Two, dossier: int) -> None:
        def join(who: str) -> int:
            return two.one(lambda unit: loan_queue.join(unit, dossier, who, NOW).id)

        def offer(wait: int) -> Callable[[Unit], None]:
            return lambda unit: loan_queue.offer(unit, wait, NOW, NOW + timedelta(days=1))

        first, second = two.at_once(offer(join("li")), offer(join("head")))
        assert first is None
        assert isinstance(second, Conflict)

    def test_when_one_asks_twice_to_wait_then_there_is_one_place(
        self, two: Two, dossier: int
    ) -> None:
        def join(unit: Unit) -> int:
            return loan_queue.join(unit, dossier, "li", NOW).id

        first, second = two.at_once(join, join)
        assert first == second


class TestGivenAStep:
    def test_when_two_open_it_then_one_does(self, two: Two, dossier: int) -> None:
        loan = two.one(lambda unit: lent.lent(unit, dossier))

        def begin(unit: Unit) -> str:
            lines = (Handed(1, 0, 1),)
            new = NewStep(loan.id, "return", loan.borrower, "shan", "shan", lines)
            return custody.open_step(unit, new, NOW).state

        first, second = two.at_once(begin, begin)
        assert first == "open"
        assert isinstance(second, Conflict)

    def test_when_the_last_two_confirm_then_it_is_done(self, two: Two, dossier: int) -> None:
        loan = two.one(lambda unit: lent.approved(unit, dossier))
        new = NewStep(
            loan.id, "hand_out", "shan", "zhang", "shan", (Handed(1, 0, 1),), witness="li"
        )
        step = two.one(lambda unit: custody.open_step(unit, new, NOW).id)

        def confirm(who: str) -> Callable[[Unit], str]:
            return lambda unit: custody.confirm(unit, step, who, NOW).state

        assert two.at_once(confirm("zhang"), confirm("li")) == ("open", "done")


def test_when_two_ask_to_renew_then_one_does(two: Two, dossier: int) -> None:
    loan = two.one(lambda unit: lent.lent(unit, dossier))

    def ask(unit: Unit) -> int:
        return renewals.ask(unit, loan, until=None, reason="", at=NOW)

    first, second = two.at_once(ask, ask)
    assert isinstance(first, int)
    assert isinstance(second, Conflict)


def test_when_two_import_one_paper_then_it_is_there_once(two: Two, dossier: int) -> None:
    def take(unit: Unit) -> int:
        row = DocumentRow("合同", "original")
        prepared = documents.prepare(unit.vault, next(unit.ids), dossier, row, NOW)
        return documents.add_new(unit, [prepared])

    assert two.at_once(take, take) == (1, 0)
