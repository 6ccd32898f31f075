"""Steps of custody: confirmed by each side, and the chain of who had a paper."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from storage import custody, merging
from storage.custody import Handed, NewStep, Step
from storage.errors import Conflict
from storage.loans import Loan
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, customer, staffed
from tests.storage.nouns.lent import approved, lent, paper
from tests.storage.nouns.test_duplicates import held as dossier_of

HOUR = timedelta(hours=1)


def step(
    unit: Unit, loan: Loan, kind: str = "hand_out", *, at: datetime = NOW, **more: object
) -> Step:
    there, back = ("shan", loan.borrower), (loan.borrower, "shan")
    giver, taker = back if kind == "return" else there
    values: dict[str, object] = {"opened_by": giver, "lines": (Handed(1, 12, 1),), **more}
    return custody.open_step(unit, NewStep(loan.id, kind, giver, taker, **values), at)


class TestGivenAStep:
    def test_it_is_done_when_the_other_side_confirms(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            loan = approved(unit, customer(unit, "鸿鑫贸易"))
            lines = (Handed(1, 12, 1, damaged=True, note="封面破损"),)
            one = step(unit, loan, lines=lines, checks=("order",))
            assert (one.state, one.waits_for, one.lines) == ("open", ("zhang",), lines)
            assert one.checks == ("order",)
            assert custody.waiting_for(unit, "zhang") == (one,)
            assert custody.waiting_for(unit, "shan") == ()
            for nobody in ("shan", "li"):
                with pytest.raises(Conflict):
                    custody.confirm(unit, one.id, nobody, NOW)
            done = custody.confirm(unit, one.id, "zhang", NOW + HOUR)
            assert (done.state, done.confirmed_at, done.waits_for) == ("done", NOW + HOUR, ())
            assert custody.of_loan(unit, loan.id) == (done,)
            with pytest.raises(Conflict):
                custody.confirm(unit, one.id, "zhang", NOW)

    @pytest.mark.rule("S4-LOAN.5.2a")
    def test_a_witness_confirms_as_the_third(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one = step(unit, approved(unit, customer(unit, "鸿鑫贸易")), witness="li")
            assert one.waits_for == ("zhang", "li")
            assert custody.confirm(unit, one.id, "zhang", NOW).state == "open"
            assert custody.waiting_for(unit, "li")
            assert custody.confirm(unit, one.id, "li", NOW).state == "done"

    def test_one_of_a_kind_is_open_for_a_loan(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            loan = approved(unit, customer(unit, "鸿鑫贸易"))
            one = step(unit, loan)
            with pytest.raises(Conflict):
                step(unit, loan)
            custody.end(unit, one.id, "refused")
            with pytest.raises(Conflict):
                custody.end(unit, one.id, "refused")
            with pytest.raises(Conflict):
                custody.confirm(unit, one.id, "zhang", NOW)
            assert step(unit, loan).state == "open"

    def test_what_is_disputed_can_be_settled(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one = step(unit, lent(unit, customer(unit, "鸿鑫贸易")), "return")
            counted = (Handed(1, 11, 1),)
            with pytest.raises(Conflict):
                custody.settle(unit, one, "li", counted, NOW)
            custody.end(unit, one.id, "disputed", words="12 页都在", witness="head")
            asked = custody.get(unit, one.id)
            assert asked is not None
            assert (asked.words, asked.witness, asked.lines) == ("12 页都在", "head", one.lines)
            assert custody.to_settle(unit, "head") == (asked,)
            assert custody.to_settle(unit, "li") == ()
            found = custody.settle(unit, asked, "li", counted, NOW + HOUR)
            assert (found.state, found.confirmed_at) == ("done", NOW + HOUR)
            assert (found.witness, found.lines, found.words) == ("li", counted, "12 页都在")
            assert custody.to_settle(unit, "head") == custody.to_settle(unit, "li") == ()

    def test_another_of_the_archive_can_take_it_back(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            loan = lent(unit, customer(unit, "鸿鑫贸易"))
            one = step(unit, loan, "return", before="lent")
            done = custody.take_back(unit, one, "li", ("order",), NOW + HOUR)
            assert (done.taker, done.state, done.checks) == ("li", "done", ("order",))
            assert (done.before, done.lines) == ("lent", one.lines)
            with pytest.raises(Conflict):
                custody.take_back(unit, one, "shan", (), NOW)


@pytest.mark.rule("S3-LOG.2.3a")
class TestGivenAChain:
    def done(
        self, unit: Unit, loan: Loan, kind: str, hours: int, lines: tuple[Handed, ...]
    ) -> int:
        one = step(unit, loan, kind, at=NOW, lines=lines)
        other = one.taker
        return custody.confirm(unit, one.id, other, NOW + hours * HOUR).id

    def test_each_paper_has_its_own(self, unit_factory: UnitFactory) -> None:
        both, first = (Handed(1, 12, 1), Handed(2, 12, 1)), (Handed(1, 12, 1),)
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            one, two = paper(unit, dossier_id, "甲"), paper(unit, dossier_id, "乙")
            loan = lent(unit, dossier_id, (one, two))
            out = self.done(unit, loan, "hand_out", 1, both)
            back = self.done(unit, loan, "return", 2, first)

            def chain(document: int | None, hours: int) -> list[int]:
                until = NOW + hours * HOUR
                return [one.id for one in custody.chain(unit, dossier_id, document, until)]

            assert chain(one, 9) == [out, back]
            assert chain(one, 2) == [out]
            assert chain(one, 1) == []
            assert chain(two, 9) == [out]
            assert chain(None, 9) == []
            step(unit, loan, "return", lines=both)
            assert chain(two, 9) == [out]  # not confirmed

    def test_the_whole_dossier_is_all_of_its_papers_after_merging_too(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            keep, gone = customer(unit, "鸿鑫贸易"), customer(unit, "鸿鑫贸易")
            one = paper(unit, gone)
            out = self.done(unit, lent(unit, gone), "hand_out", 1, (Handed(1, 0, 1),))
            merging.merge(
                unit, merging.plan(dossier_of(unit, keep), dossier_of(unit, gone)), "operator"
            )
            for document in (one, None):
                found = custody.chain(unit, keep, document, NOW + 9 * HOUR)
                assert [step.id for step in found] == [out]
