"""Handovers: numbered, changed under one version, listed for who has to act, counted by month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from storage import (
    dossiers,
    handover_extensions,
    handover_figures,
    handover_gaps,
    handover_items,
    handover_lists,
    handovers,
    merging,
    receipts,
)
from storage.errors import Conflict
from storage.handover_figures import Rate, Which
from storage.handover_gaps import NewGap
from storage.handovers import Handover, NewHandover, NewLeg
from storage.tables import handover
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, TODAY, customer, staffed

SUBJECT = "沪A12345 王先生"
DUE = datetime(2026, 9, 17, 16, 0, tzinfo=UTC)


def begun(unit: Unit, giver: str = "zhang", **more: object) -> Handover:
    values: dict[str, object] = {
        "pack": "auto-dealer",
        "kind": "new_car",
        "department": "销售一部",
        "subject": SUBJECT,
        "subject_key": "沪A12345",
        "started_on": TODAY,
        "legs": [NewLeg(giver, "custodian")],
        **more,
    }
    new = NewHandover(giver=giver, **values)  # type: ignore[arg-type]  # values of a table
    held = handovers.open_(unit, new, at=NOW, by=giver)
    leg = handovers.present(unit, held)
    handovers.set_leg(
        unit,
        leg.id,
        state="open",
        started_on=held.started_on,
        due_on=date(2026, 9, 17),
        due_at=DUE,
    )
    return held


def handed(unit: Unit, held: Handover, at: datetime = NOW) -> Handover:
    leg = handovers.present(unit, held)
    held = handovers.save(unit, held)
    handovers.set_leg(unit, leg.id, state="handed", handed_at=at, handed_by=leg.giver)
    return held


def signed(unit: Unit, held: Handover, at: datetime, *, complete: bool = True) -> Handover:
    leg = handovers.present(unit, held)
    held = handovers.save(unit, held, state="complete")
    values = {"receiver": "shan", "signed_at": at, "closed_at": at, "complete": complete}
    handovers.set_leg(unit, leg.id, state="signed", **values)
    return held


class TestGivenAHandover:
    def test_then_it_is_numbered_and_its_words_are_sealed(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one, other = begun(unit), begun(unit, subject="沪B88888", subject_key="")
        assert (one.number, other.number) == ("移-2026-0001", "移-2026-0002")
        with unit_factory() as unit:
            assert handovers.get(unit, one.id) == one
            assert handovers.get(unit, 7) is None
            assert handovers.by_number(unit.session, one.number) == one.id
            assert handovers.by_number(unit.session, "移-2026-0009") is None
            assert (one.subject, one.location, one.open) == (SUBJECT, "", True)
            sealed = unit.session.execute(select(handover.c.subject)).scalars().first()
            assert sealed is not None
            assert "沪A12345".encode() not in sealed.data

    def test_then_it_is_found_by_its_plate_however_written(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one = begun(unit)
            gone = begun(unit)
            handovers.save(unit, gone, state="cancelled")
            assert [each.id for each in handovers.alike(unit, "沪a·12345", TODAY)] == [one.id]
            assert handovers.alike(unit, "沪A12345", TODAY + timedelta(days=1)) == ()
            assert handovers.alike(unit, "沪A12346", TODAY) == ()

    def test_when_two_change_it_then_the_second_is_refused(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            before = begun(unit)
            after = handovers.save(unit, before, location="A柜03")
            assert (after.rev, after.location) == (before.rev + 1, "A柜03")
            with pytest.raises(Conflict):
                handovers.save(unit, before)
            closed = handovers.save(unit, after, state="complete")
            assert closed.closed_at == unit.now

    def test_then_who_has_to_act_finds_it(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            legs = [NewLeg("zhang", "custodian", witness_role="gm")]
            held = begun(unit, legs=legs)
            (leg,) = handover_lists.to_give(unit, "zhang", 5)
            assert (leg.handover_id, leg.into_archive, leg.started_on) == (held.id, True, TODAY)
            assert handover_lists.to_give(unit, "li", 5) == ()
            assert handover_lists.to_sign(unit, ["custodian"], 5) == ()
            assert [each.id for each in handover_lists.open_in(unit, ["销售一部"], 5)] == [held.id]
            held = handed(unit, held)
            assert handover_lists.to_give(unit, "zhang", 5) == ()
            assert [each.id for each in handover_lists.to_sign(unit, ["x", "custodian"], 5)] == [
                leg.id
            ]
            assert [each.id for each in handover_lists.to_witness(unit, ["gm"], 5)] == [leg.id]
            held = handovers.save(unit, held)
            handovers.set_leg(unit, leg.id, signed_at=NOW, receiver="shan", remark="差一份")
            assert handover_lists.to_sign(unit, ["custodian"], 5) == ()
            found = handovers.leg(unit, leg.id)
            assert found is not None
            assert (found.remark, found.late(DUE)) == ("差一份", False)
            handovers.set_leg(unit, leg.id, state="disputed")
            assert [each.id for each in handover_lists.disputed(unit, "auto-dealer", 5)] == [
                leg.id
            ]
            held = handovers.save(unit, held, state="complete")
            assert [each.id for each in handover_lists.unshelved(unit, "auto-dealer", 5)] == [
                held.id
            ]
            assert handover_lists.open_in(unit, ["销售一部"], 5) == ()

    def test_then_the_packs_are_known_by_which_papers_are_handed_over(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            assert handovers.packs(unit.session) == ()
            for pack in ("our-cars", "auto-dealer", "our-cars"):
                begun(unit, pack=pack)
            assert handovers.packs(unit.session) == ("auto-dealer", "our-cars")

    def test_when_its_calendar_is_not_published_then_it_is_found(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            leg = handovers.present(unit, begun(unit))
            assert handover_lists.provisional(unit, 5) == ()
            handovers.set_leg(unit, leg.id, provisional=True)
            assert [each.id for each in handover_lists.provisional(unit, 5)] == [leg.id]
            assert handover_lists.provisional(unit, 5, leg.id) == ()

    def test_of_a_department_and_month_there_is_one(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            month = {"pack": "auto-dealer", "kind": "new_car", "period_on": date(2026, 8, 1)}
            assert handovers.of_period(unit.session, department="销售一部", **month) is None  # type: ignore[arg-type]  # values of a table
            held = begun(unit, period_on=date(2026, 8, 1))
            assert handovers.of_period(unit.session, department="销售一部", **month) == held.id  # type: ignore[arg-type]  # values of a table

    def test_when_dossiers_are_merged_then_it_goes_along(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            keep, gone = customer(unit, "王先生"), customer(unit, "王先生")
            held = begun(unit, dossier_id=gone)
            assert [one.id for one in handovers.of_dossier(unit, gone, 5)] == [held.id]
            one, other = dossiers.get(unit, keep), dossiers.get(unit, gone)
            assert one is not None
            assert other is not None
            merging.merge(unit, merging.plan(one, other), "shan")
            assert [one.id for one in handovers.of_dossier(unit, keep, 5)] == [held.id]


class TestGivenItsList:
    def test_then_every_line_keeps_what_is_said(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = begun(unit)
            handover_items.lay(unit, held.id, ["green_card", "invoice"])
            own = handover_items.add(unit, held.id, "授权书")
            assert own is not None
            lines = handover_items.of(unit, held.id)
            assert [(one.position, one.item, one.title, one.state) for one in lines] == [
                (1, "green_card", "", "open"),
                (2, "invoice", "", "open"),
                (3, "", "授权书", "open"),
            ]
            said = {"state": "absent", "reason": "保险公司未出", "certificate": "沪房123"}
            handover_items.put(unit, lines[1].id, **said)
            found = handover_items.get(unit, lines[1].id)
            assert found is not None
            assert (found.state, found.reason, found.certificate) == tuple(said.values())
            assert handover_items.get(unit, 7) is None

    def test_when_the_list_is_full_then_nothing_is_added(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = begun(unit)
            handover_items.lay(unit, held.id, [f"i{n}" for n in range(handover_items.MOST)])
            assert handover_items.add(unit, held.id, "授权书") is None


class TestGivenGaps:
    def test_then_one_is_open_of_a_kind_and_they_are_counted(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = begun(unit)
            handover_items.lay(unit, held.id, ["invoice"])
            (line,) = handover_items.of(unit, held.id)
            new = NewGap(held.id, 1, line.id, "missing", "zhang", TODAY, DUE, "差发票")
            gap = handover_gaps.open_(unit, new, at=NOW, by="shan")
            assert gap is not None
            assert handover_gaps.open_(unit, new, at=NOW, by="shan") is None
            assert handover_gaps.count(unit.session, held.id) == 1
            (found,) = handover_gaps.open_of(unit, "zhang", 5)
            assert found == handover_gaps.get(unit, gap)
            assert (found.words, found.open, found.lapses) == ("差发票", True, 0)
            handover_gaps.set_(unit, gap, state="closed", closed_at=NOW, closed_by="shan")
            assert handover_gaps.open_of(unit, "zhang", 5) == ()
            assert handover_gaps.count(unit.session, held.id) == 0
            again = handover_gaps.open_(unit, new, at=NOW, by="shan")
            assert [one.id for one in handover_gaps.of(unit, held.id)] == [gap, again]

    def test_then_those_of_an_unpublished_calendar_and_those_others_supplied_are_found(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = begun(unit)
            handover_items.lay(unit, held.id, ["invoice", "contract"])
            one, other = handover_items.of(unit, held.id)
            lacking = NewGap(held.id, 1, one.id, "missing", "zhang", TODAY, DUE)
            gap = handover_gaps.open_(
                unit, replace(lacking, ordered_on=TODAY, provisional=True), at=NOW, by="shan"
            )
            handover_gaps.open_(unit, replace(lacking, item_id=other.id), at=NOW, by="shan")
            (found,) = handover_gaps.provisional(unit, 5)
            assert (found.id, found.ordered_on) == (gap, TODAY)
            assert handover_gaps.provisional(unit, 5, found.id) == ()
            week = timedelta(days=7)
            for by, count in (("zhang", 0), ("shan", 1)):
                handover_gaps.set_(unit, found.id, supplied_at=NOW, supplied_by=by)
                assert len(handover_gaps.in_stead(unit, "zhang", NOW, NOW + week, 5)) == count
            assert handover_gaps.in_stead(unit, "zhang", NOW - week, NOW, 5) == ()


class TestGivenSomebodyHandsOverInAnothersStead:
    def test_then_it_is_found_by_whose_papers_they_are(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            handed(unit, begun(unit))
            leg = handovers.present(unit, handed(unit, begun(unit)))
            handovers.set_leg(unit, leg.id, handed_by="head")
            week = timedelta(days=7)
            found = handover_lists.in_stead(unit, "zhang", NOW, NOW + week, 5)
            assert [(one.id, one.handed_by) for one in found] == [(leg.id, "head")]
            assert handover_lists.in_stead(unit, "zhang", NOW - week, NOW, 5) == ()
            assert handover_lists.in_stead(unit, "head", NOW, NOW + week, 5) == ()


class TestGivenAnExtension:
    def test_then_one_is_asked_at_a_time_and_decided_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = begun(unit)
            asked = {
                "handover_id": held.id,
                "leg": 1,
                "by": "zhang",
                "at": NOW,
                "until": date(2026, 9, 20),
                "reason": "客户出差",
            }
            one = handover_extensions.ask(unit, **asked)  # type: ignore[arg-type]  # values of a table
            assert one is not None
            assert handover_extensions.ask(unit, **asked) is None  # type: ignore[arg-type]  # as above
            handover_extensions.decide(unit, one, "granted", date(2026, 9, 17))
            with pytest.raises(Conflict):
                handover_extensions.decide(unit, one, "refused")
            found = handover_extensions.get(unit, one)
            assert found is not None
            assert (found.state, found.before) == ("granted", date(2026, 9, 17))
            assert found.reason == "客户出差"
            second = handover_extensions.ask(unit, **asked)  # type: ignore[arg-type]  # as above
            assert [one.id for one in handover_extensions.of(unit, held.id)] == [found.id, second]


class TestGivenTheRegister:
    @pytest.mark.rule("S1-09.2.5")
    def test_then_it_is_read_in_order_and_page_by_page(self, unit_factory: UnitFactory) -> None:
        first, end = NOW, NOW + timedelta(days=1)
        with unit_factory() as unit:
            staffed(unit)
            held = [handed(unit, begun(unit)) for _ in range(4)]
            times = [NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=1), end]
            for one, at in zip(held, times, strict=True):
                signed(unit, one, at)
            handed(unit, begun(unit))
            found = []
            after = None
            while page := receipts.entries(unit, "auto-dealer", first, end, 2, after):
                found += [leg.handover_id for leg in page]
                after = page[-1]
            assert found == [one.id for one in held[:3]]
            assert receipts.count(unit.session, "auto-dealer", first, end) == 3
            assert receipts.entries(unit, "hotel", first, end, 9) == ()

    @pytest.mark.rule("S1-09.2.5")
    def test_then_a_day_is_closed_and_closed_again(self, unit_factory: UnitFactory) -> None:
        later = NOW + timedelta(minutes=5)
        with unit_factory() as unit:
            staffed(unit)
            receipts.close(unit, "auto-dealer", TODAY, at=NOW, by="shan", entries=3)
            receipts.close(unit, "auto-dealer", TODAY, at=later, by="gm", entries=4)
            assert receipts.closed(unit.session, "auto-dealer", TODAY, TODAY) == {
                TODAY: receipts.Closed(later, "gm", 4)
            }
            tomorrow = TODAY + timedelta(days=1)
            assert receipts.closed(unit.session, "auto-dealer", tomorrow, tomorrow) == {}


class TestGivenTheMonth:
    @pytest.mark.rule("S1-09.5.8")
    def test_then_each_figure_is_what_its_cases_are(self, unit_factory: UnitFactory) -> None:
        first, last = date(2026, 9, 1), date(2026, 9, 30)
        with unit_factory() as unit:
            staffed(unit)
            signed(unit, handed(unit, begun(unit)), NOW)
            signed(unit, handed(unit, begun(unit), DUE), NOW, complete=False)
            handed(unit, begun(unit))
            begun(unit)
            handovers.save(unit, cancelled := begun(unit), state="cancelled")
            leg = handovers.present(unit, cancelled)
            handovers.set_leg(unit, leg.id, state="cancelled")
            month = ("auto-dealer", first, last)
            assert handover_figures.month(unit.session, *month, NOW) == (
                Rate("销售一部", "new_car", due=3, timely=2, signed=2, complete=1),
            )
            assert handover_figures.month(unit.session, *month, DUE) == (
                Rate("销售一部", "new_car", due=4, timely=2, signed=2, complete=1),
            )
            counts = {
                which: len(handover_figures.cases(unit, *month, DUE, which, 9)) for which in Which
            }
            assert counts == {
                Which.DUE: 4,
                Which.TIMELY: 2,
                Which.LATE: 2,
                Which.COMPLETE: 1,
                Which.INCOMPLETE: 1,
            }
            some = {"department": "销售一部", "kind": "new_car"}
            assert len(handover_figures.cases(unit, *month, DUE, Which.DUE, 9, **some)) == 4
            other = {"department": "销售二部"}
            assert handover_figures.cases(unit, *month, DUE, Which.DUE, 9, **other) == ()
            early = ("auto-dealer", date(2026, 8, 1), date(2026, 8, 31))
            assert handover_figures.month(unit.session, *early, DUE) == ()
