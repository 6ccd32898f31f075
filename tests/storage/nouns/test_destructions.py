"""Destruction lists: drawn up, changed as they were seen, never deleted."""

from __future__ import annotations

from datetime import date

import pytest

from rules.destruction import ListState, Manner, Retention
from storage import destructions, documents, dossiers, merging, overview, search
from storage.destructions import DestructionList, NewItem
from storage.documents import DocumentRow
from storage.errors import Conflict
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, customer, staffed
from tests.storage.nouns.test_duplicates import held


def begun(unit: Unit) -> DestructionList:
    return destructions.begin(
        unit,
        drawn_by="shan",
        department="销售一部",
        pack="customer-service",
        rule="S2-DOSS.29.1",
        has_witness=True,
        at=NOW,
    )


def line(dossier_id: int, document_id: int | None = None) -> NewItem:
    title, form = ("年度合同", "original") if document_id else ("", "")
    ended = date(2025, 6, 30)
    return NewItem(
        dossier_id, document_id, title, form, 12, 1, "none", Retention.LONG, ended, "无查考价值"
    )


class TestGivenAList:
    def test_it_is_kept_as_it_was_drawn_up(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            of = customer(unit, "鸿鑫贸易")
            paper = documents.add(unit, of, DocumentRow("年度合同", "original"))
            one = destructions.enter(unit, begun(unit), [line(of, paper), line(of)])
            assert destructions.draft_of(unit, "shan") == one
            assert destructions.draft_of(unit, "li") is None
            first, second = destructions.items(unit, one.id)
            assert (first.position, first.title, first.grounds) == (1, "年度合同", "无查考价值")
            assert (second.position, second.document_id, second.state) == (2, None, "listed")
            listed = destructions.Listed(one.id, None, "shan")
            assert destructions.on_lists(unit.session, of, paper) == (listed, listed)
            assert destructions.on_lists(unit.session, of, paper + 1) == (listed,)

    def test_a_line_drops_out_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            of = customer(unit, "鸿鑫贸易")
            one = destructions.enter(unit, begun(unit), [line(of), line(of)])
            first, second = destructions.items(unit, one.id)
            destructions.drop(unit, first.id, "on_loan")
            with pytest.raises(Conflict):
                destructions.drop(unit, first.id)
            destructions.settle(unit, one.id, "destroyed")
            after = [(item.state, item.why) for item in destructions.items(unit, one.id)]
            assert after == [("dropped", "on_loan"), ("destroyed", "")]
            assert destructions.on_lists(unit.session, of, None) == ()
            one = destructions.enter(unit, one, [line(of)])
            assert destructions.items(unit, one.id)[-1].position == second.position + 1

    def test_it_is_changed_as_it_was_seen(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            old = begun(unit)
            one = destructions.save(
                unit,
                old,
                state=ListState.WITNESSED.value,
                place="销毁室",
                manner=Manner.BURNT.value,
                witness="li",
            )
            assert (one.place, one.manner, one.rev) == ("销毁室", Manner.BURNT, 1)
            with pytest.raises(Conflict):
                destructions.save(unit, old, state=ListState.DROPPED.value)
            assert destructions.to_witness(unit, "li", 9) == destructions.agreed(unit, 9) == (one,)
            done = destructions.save(unit, one, state=ListState.DESTROYED.value, ended_at=NOW)
            assert destructions.done(unit, 9) == (done,)
            assert destructions.agreed(unit, 9) == destructions.to_witness(unit, "li", 9) == ()


class TestGivenADestroyedDossier:
    def test_it_is_on_record_and_found_by_nobody(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            of = customer(unit, "鸿鑫贸易", phone="13800001234", key="VIN1")
            paper = documents.add(unit, of, DocumentRow("年度合同", "original"))
            lost = documents.add(unit, of, DocumentRow("对账单", "original"))
            documents.take_off(unit, lost, "lost")
            dossiers.destroy(unit, of)
            documents.take_off_all(unit, of, "destroyed")
            kept = dossiers.get(unit, of)
            assert kept is not None
            assert (kept.state, kept.name) == ("destroyed", "鸿鑫贸易")
            assert [one.state for one in documents.many(unit, [paper, lost])] == [
                "destroyed",
                "lost",
            ]
            assert dossiers.named(unit.session, "鸿鑫贸易") == ()
            assert dossiers.phoned(unit, "13800001234") == ()
            assert dossiers.keyed(unit.session, "VIN1") == ()
            assert dossiers.kept_by(unit.session, ["zhang"], 9) == ()
            assert overview.page(unit.session, None, 9) == ()
            assert dossiers.count_kept(unit.session, ["zhang"]) == 0
            for words in ("鸿鑫", "hxmy", "13800001234", kept.number or "", ""):
                assert search.find_dossiers(unit, words, staff_id="zhang", limit=9) == []
            with pytest.raises(Conflict):
                dossiers.destroy(unit, of)


class TestGivenTwoDossiersOfOneCustomer:
    def test_when_merged_then_the_line_is_about_the_one_that_stays(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            keep, gone = customer(unit, "鸿鑫贸易"), customer(unit, "鸿鑫贸易")
            one = destructions.enter(unit, begun(unit), [line(gone)])
            merging.merge(unit, merging.plan(held(unit, keep), held(unit, gone)), "shan")
            assert [item.dossier_id for item in destructions.items(unit, one.id)] == [keep]
