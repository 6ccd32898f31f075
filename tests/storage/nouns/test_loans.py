"""Loans: changed by one at a time, found by whose and how late they are, one hand for a paper."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from storage import (
    documents,
    loan_items,
    loan_lists,
    loan_queue,
    loans,
    merging,
    renewals,
)
from storage.errors import Conflict
from storage.loan_items import Counted, Line, Why
from storage.loan_lists import Burden, Late, Wanted
from storage.loans import Loan
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, customer, staffed
from tests.storage.nouns.lent import approved, asked, held, lent, paper
from tests.storage.nouns.test_duplicates import held as dossier_of

DAY = timedelta(days=1)


def ids(found: tuple[Loan, ...]) -> list[int]:
    return [one.id for one in found]


def whys(unit: Unit, dossier_id: int, papers: list[int] | None) -> list[Why]:
    return [one.why for one in loan_items.blocking(unit, dossier_id, papers)]


class TestGivenALoan:
    def test_it_is_kept_with_its_lines(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            one = asked(unit, dossier_id, (paper(unit, dossier_id),))
            assert (one.state, one.reason, one.number) == ("asked", "带去签约", None)
            assert one.open
            assert not one.out
            (line,) = loan_items.of(unit, one.id)
            assert (line.title, line.pages, line.state, line.whole) == ("合同", 12, "asked", None)
            loans.give_number(unit, one.id, "借-2026-0001")
            assert loans.by_number(unit.session, "借-2026-0001") == one.id
            with pytest.raises(Conflict):
                loans.give_number(unit, one.id, "借-2026-0002")

    def test_of_two_who_change_it_at_once_one_is_first(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one = asked(unit, customer(unit, "鸿鑫贸易"))
            after = loans.save(unit, one, replace(one, state="approved"), NOW)
            assert after == held(unit, one.id)
            assert after.version == 2
            with pytest.raises(Conflict):
                loans.save(unit, one, replace(one, state="withdrawn"), NOW)

    @pytest.mark.parametrize("state", sorted(loans.OVER))
    def test_what_ends_it_closes_it(self, unit_factory: UnitFactory, state: str) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one = lent(unit, customer(unit, "鸿鑫贸易"))
            assert one.out
            assert one.overdue(NOW + 4 * DAY)
            over = loans.save(unit, one, replace(one, state=state), NOW + 4 * DAY)
            assert over.closed_at == NOW + 4 * DAY
            assert not over.open
            assert not over.overdue(NOW + 4 * DAY)
            assert loan_lists.open_of(unit, "zhang") == ()

    @pytest.mark.rule("S3-ENG.3.5")
    def test_the_loan_of_a_photocopy_knows_that_of_its_original(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            original = asked(unit, dossier_id)
            new = loans.NewLoan(
                "copy_loan", dossier_id, "zhang", "销售一部", "visit", "签约", "out", "s3-eng",
                parent_id=original.id, wanted_until=date(2026, 9, 18),
            )  # fmt: skip
            copy = loans.add(unit, new, NOW)
            assert loans.copies_of(unit.session, original.id) == (copy,)
            assert held(unit, copy).wanted_until == date(2026, 9, 18)


class TestGivenPapersThatAreOut:
    def test_one_paper_is_in_one_hand(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            first, second = paper(unit, dossier_id, "合同"), paper(unit, dossier_id, "对账单")
            mine = lent(unit, dossier_id, (first,))
            other = approved(unit, dossier_id, (first, second), borrower="li")
            with pytest.raises(Conflict):
                loan_items.hand_out(unit, other)
            assert {one.state for one in loan_items.of(unit, other.id)} == {"asked"}
            with pytest.raises(Conflict):  # its papers are out already
                loan_items.hand_out(unit, mine)

    def test_whole_and_part_exclude_each_other(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one, two = customer(unit, "鸿鑫贸易"), customer(unit, "瑞禾")
            lent(unit, one, (paper(unit, one),))
            with pytest.raises(Conflict):
                loan_items.hand_out(unit, approved(unit, one, borrower="li"))
            lent(unit, two)
            for papers in ((), (paper(unit, two),)):
                with pytest.raises(Conflict):
                    loan_items.hand_out(unit, approved(unit, two, papers, borrower="li"))

    def test_everything_in_the_way_is_told(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            out, promised, free = (paper(unit, dossier_id, one) for one in "甲乙丙")
            due = lent(unit, dossier_id, (out,)).due_on
            counted = approved(unit, dossier_id, (promised,), borrower="li")
            asked(unit, dossier_id, (free,), borrower="li")
            assert whys(unit, dossier_id, [free]) == []
            assert whys(unit, dossier_id, [out, free]) == [Why.OUT]
            assert whys(unit, dossier_id, None) == [Why.OUT, Why.APPROVED]
            loans.save(unit, counted, replace(counted, state="offered"), NOW)
            (block,) = loan_items.blocking(unit, dossier_id, [promised])
            assert (block.why, block.staff_id, block.due_on) == (Why.OFFERED, "li", None)
            (block,) = loan_items.blocking(unit, dossier_id, [out])
            assert (block.document_id, block.staff_id, block.due_on) == (out, "zhang", due)
            wait = loan_queue.join(unit, dossier_id, "li", NOW)
            loan_queue.offer(unit, wait.id, NOW, NOW + DAY)
            assert whys(unit, dossier_id, [free]) == [Why.RESERVED]
            mine = asked(unit, dossier_id, (free,), borrower="li")
            assert loan_items.blocking(unit, dossier_id, [free], but=mine) == ()

    def test_a_copy_made_for_somebody_is_in_nobodys_way(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            original = paper(unit, dossier_id)
            approved(unit, dossier_id, (original,), borrower="li", kind="copy")
            line = Line(None, "合同", "copy", 12, made=True)
            made = asked(unit, dossier_id, (), (line,), borrower="li", kind="copy_loan")
            assert [one.whole for one in loan_items.of(unit, made.id)] == [None]
            assert whys(unit, dossier_id, [original]) == []
            lent(unit, dossier_id)
            assert whys(unit, dossier_id, []) == []
            assert whys(unit, dossier_id, [original]) == [Why.OUT]

    def test_what_comes_back_is_counted_line_by_line(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            first, second = paper(unit, dossier_id, "甲"), paper(unit, dossier_id, "乙")
            one = lent(unit, dossier_id, (first, second))
            loan_items.count_back(unit, one.id, [Counted(1, 12, 1, "back")])
            loan_items.count_back(
                unit, one.id, [Counted(2, 11, 1, "missing", damaged=True, note="缺第三页")]
            )
            _, line = loan_items.of(unit, one.id)
            assert (line.state, line.back_pages, line.note) == ("missing", 11, "缺第三页")
            assert line.damaged
            assert whys(unit, dossier_id, [second]) == [Why.MISSING]
            assert whys(unit, dossier_id, [first]) == []
            loan_items.count_back(unit, one.id, [Counted(2, 12, 1, "damaged", damaged=True)])
            assert whys(unit, dossier_id, None) == []
            for position in (1, 2, 3):
                with pytest.raises(Conflict):
                    loan_items.count_back(unit, one.id, [Counted(position, 12, 1, "back")])

    def test_of_a_whole_dossier_written_off_all_it_had_is_lost(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            papers = [paper(unit, dossier_id, one) for one in "甲乙"]
            other = paper(unit, customer(unit, "八方律所"))
            one = lent(unit, dossier_id)
            loan_items.write_off(unit, one.id)
            states = {each.id: each.state for each in documents.many(unit, [*papers, other])}
            assert states == {papers[0]: "lost", papers[1]: "lost", other: "kept"}
            assert whys(unit, dossier_id, None) == []

    def test_what_was_replaced_is_kept_and_lent_again(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            first = paper(unit, dossier_id)
            one = lent(unit, dossier_id, (first,))
            loan_items.count_back(unit, one.id, [Counted(1, 0, 0, "missing")])
            loan_items.replaced(unit, one.id)
            assert [each.state for each in documents.many(unit, (first,))] == ["kept"]
            assert [each.state for each in loan_items.of(unit, one.id)] == ["replaced"]
            assert whys(unit, dossier_id, [first]) == []

    def test_written_off_its_papers_are_lost(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            first, second = paper(unit, dossier_id, "甲"), paper(unit, dossier_id, "乙")
            one = lent(unit, dossier_id, (first, second))
            loan_items.count_back(unit, one.id, [Counted(1, 12, 1, "back")])
            loan_items.write_off(unit, one.id)
            loans.save(unit, one, replace(one, state="written_off"), NOW)
            states = [one.state for one in documents.many(unit, (first, second))]
            assert states == ["kept", "lost"]
            assert whys(unit, dossier_id, None) == []


class TestGivenManyLoans:
    def test_the_burden_of_a_person(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one, two, three = (customer(unit, name) for name in ("甲甲", "乙乙", "丙丙"))
            assert loan_lists.burden(unit.session, "zhang", NOW) == Burden(0, 0, 0)
            asked(unit, one)
            lent(unit, two)
            late = lent(unit, three, due=NOW)
            assert loan_lists.burden(unit.session, "zhang", NOW) == Burden(3, 2, 1)
            assert len(loan_lists.open_of(unit, "zhang")) == 3
            assert ids(loan_lists.open_on(unit, three)) == [late.id]
            loans.save(unit, late, replace(late, state="discharged"), NOW)
            assert loan_lists.burden(unit.session, "zhang", NOW) == Burden(2, 1, 0)

    def test_overdue_ones_page_by_page(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            found = [
                lent(unit, customer(unit, f"客户{n}"), due=NOW - n % 2 * DAY, borrower=who).id
                for n, who in enumerate(("zhang", "li", "zhang", "li"))
            ]
            lent(unit, customer(unit, "不逾期"), due=NOW + DAY)
            expected = [found[1], found[3], found[0], found[2]]
            for late in (Late(["销售一部"]), Late(borrowers=("zhang", "li"))):
                assert loan_lists.count_overdue(unit.session, NOW, late) == 4
                seen: list[int] = []
                after = None
                while some := loan_lists.overdue(unit, NOW, late, 1, after):
                    seen += ids(some)
                    assert some[-1].due_at is not None
                    after = (some[-1].due_at, some[-1].id)
                assert seen == expected
            assert loan_lists.overdue(unit, NOW, Late(["销售二部"]), 9) == ()
            assert ids(loan_lists.overdue(unit, NOW, Late(borrowers=["li"]), 9)) == expected[:2]
            assert loan_lists.count_overdue(unit.session, NOW, Late(packs=["pharma"])) == 0

    def test_the_register_by_every_filter(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one, two = customer(unit, "甲甲"), customer(unit, "乙乙")
            first = asked(unit, one, at=NOW)
            second = approved(unit, two, at=NOW + DAY, borrower="li")
            third = asked(unit, two, at=NOW + DAY)
            for wanted, expected in (
                (Wanted(), [third, second, first]),
                (Wanted(state="asked"), [third, first]),
                (Wanted(borrower="li"), [second]),
                (Wanted(dossier_id=one), [first]),
                (Wanted(since=NOW + DAY), [third, second]),
                (Wanted(until=NOW + DAY), [first]),
                (Wanted("asked", "zhang", two, NOW, NOW + 2 * DAY), [third]),
            ):
                found = loan_lists.register(unit, wanted, 9)
                assert ids(found) == ids(tuple(expected))
                pages, before = [], None
                while some := loan_lists.register(unit, wanted, 1, before):
                    pages += ids(some)
                    before = (some[-1].asked_at, some[-1].id)
                assert pages == ids(found)

    def test_what_waits_to_be_fetched_and_was_not(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one = approved(unit, customer(unit, "甲甲"), at=NOW)
            two = approved(unit, customer(unit, "乙乙"), at=NOW + DAY)
            lent(unit, customer(unit, "丙丙"))
            other = approved(unit, customer(unit, "丁丁"), at=NOW + 2 * DAY, pack="property")
            assert ids(loan_lists.to_hand_out(unit, "customer-service", 9)) == [one.id, two.id]
            assert ids(loan_lists.to_hand_out(unit, "customer-service", 1)) == [one.id]
            assert ids(loan_lists.to_hand_out(unit, "property", 9)) == [other.id]
            assert loan_lists.not_fetched(unit.session, NOW + 3 * DAY, 9) == (one.id,)

    @pytest.mark.rule("S3-ENG.3.6")
    def test_all_that_is_out_is_read_slice_by_slice(
        self, unit_factory: UnitFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(loan_lists, "SLICE", 2)
        with unit_factory() as unit:
            staffed(unit)
            out = [lent(unit, customer(unit, f"客户{n}")) for n in range(5)]
            approved(unit, customer(unit, "甲甲"))
            back = out.pop(2)
            loans.save(unit, back, replace(back, state="discharged"), NOW)
            assert list(loan_lists.every_out(unit)) == out


class TestGivenARenewal:
    def test_what_was_due_before_stays_known(self, unit_factory: UnitFactory) -> None:
        until = date(2026, 9, 24)
        with unit_factory() as unit:
            staffed(unit)
            one = lent(unit, customer(unit, "甲甲"))
            id_ = renewals.ask(unit, one, until=until, reason="还没谈完", at=NOW)
            with pytest.raises(Conflict):
                renewals.ask(unit, one, until=until, reason="", at=NOW)
            waiting = renewals.asked(unit, one.id)
            assert waiting == renewals.get(unit, id_)
            assert waiting is not None
            assert (waiting.n, waiting.until, waiting.reason) == (1, until, "还没谈完")
            assert waiting.before == one.due_on
            renewals.close(unit, id_, "granted")
            with pytest.raises(Conflict):
                renewals.close(unit, id_, "refused")
            renewals.ask(unit, one, until=None, reason="", at=NOW, long_term=True)
            states = [(one.n, one.state) for one in renewals.of_loan(unit, one.id)]
            assert states == [(1, "granted"), (2, "asked")]


class TestGivenTwoDossiersOfOneCustomer:
    def test_when_merged_then_papers_loans_and_places_follow(
        self, unit_factory: UnitFactory
    ) -> None:
        def taken(unit: Unit, at: datetime, **more: str) -> tuple[int, Loan]:
            dossier_id = customer(unit, "鸿鑫贸易", **more)
            return dossier_id, lent(unit, dossier_id, at=at)

        with unit_factory() as unit:
            staffed(unit)
            (keep, first), (gone, second) = taken(unit, NOW), taken(unit, NOW)
            one = paper(unit, gone)
            for who in ("li", "head"):
                loan_queue.join(unit, gone, who, NOW)
            place = loan_queue.join(unit, keep, "li", NOW + DAY)
            plan = merging.plan(dossier_of(unit, keep), dossier_of(unit, gone))
            merging.merge(unit, plan, "operator")
            assert ids(loan_lists.open_on(unit, keep)) == [first.id, second.id]
            assert [one.dossier_id for one in documents.many(unit, [one])] == [keep]
            assert whys(unit, keep, [one]) == [Why.OUT, Why.OUT]
            waiting = loan_queue.queue(unit.session, keep)
            assert [one.staff_id for one in waiting] == ["head", "li"]
            assert waiting[1] == place
