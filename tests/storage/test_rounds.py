"""Rounds, breaches and counts of what dossiers lack, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import select, update

from rules.periods import NEVER, Kept, Period, is_open
from rules.policy import load_pack
from rules.upkeep import Completes
from storage import breaches, completeness, dossier_fields, dossiers, rounds
from storage.breaches import Breach
from storage.completeness import Standing
from storage.dossiers import DossierRow
from storage.rounds import Round, Wanted
from storage.tables import dossier
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.people import add_person

DUTY = next(one for one in load_pack("sales-levels").completion if one.id == "monthly")
FIRST = date(2026, 9, 1)
PERIOD = Period(FIRST, date(2026, 9, 30))
FIELDS = frozenset({"customer_name", "telephone", "contact_person", "address", "industry", "vin"})


@pytest.fixture
def unit(unit_factory: UnitFactory):
    with unit_factory() as unit:
        for who in ("1", "2"):
            add_person(unit, who)
        add_person(unit, "3", active=False)
        yield unit


def standing(_department: str, type_: str) -> Standing:
    return Standing("sales-levels" if type_ == "customer" else "other", "vin", FIELDS)


def a_dossier(unit: Unit, keeper: str = "1", **values: object) -> int:
    number = dossiers.draw_number(unit, "KH-{}-{:04d}".format, 2026)
    row = DossierRow(name="鸿鑫贸易", keeper=keeper, number=number, **values)
    return dossiers.add(unit, row, by="1")


def put(unit: Unit, id_: int, kept: Kept, pack: str = "sales-levels") -> None:
    values = {**asdict(kept), "governed_by": pack}
    unit.session.execute(update(dossier).where(dossier.c.id == id_).values(**values))


def a_round(unit: Unit, who: str = "1") -> Round:
    wanted = Wanted.by("sales-levels", DUTY, FIRST)
    at = NOW + timedelta(days=1)
    begun = rounds.begin(unit, who, wanted, DUTY.id, due_on=PERIOD.last, due_at=at, begun_at=NOW)
    assert begun is not None
    return begun


class TestGivenDossiersToCount:
    @pytest.mark.rule("S1-07.2.3b")
    def test_when_written_or_changed_then_counted_once_by_its_policy(self, unit: Unit) -> None:
        full = {"phone": "13800001234", "contact": "何", "address": "佛山", "key": "L1"}
        one = a_dossier(unit, **full, fields={"industry": "外贸", "long_term": "yes"})
        other = a_dossier(unit, type="vehicle", fields={"industry": ""})
        assert completeness.count(unit, standing, 10) == 2
        assert completeness.count(unit, standing, 10) == 0
        assert rounds.kept(unit.session, one) == (
            "sales-levels", Kept(0, True, NEVER, NEVER, None),
        )  # fmt: skip
        assert rounds.kept(unit.session, other) == ("other", Kept(5, False, NEVER, NEVER, None))
        dossier_fields.write(unit, one, {"telephone": "", "long_term": "no"}, "vin")
        assert completeness.count(unit, standing, 10) == 1
        found = rounds.kept(unit.session, one)
        assert found is not None
        assert (found[1].missing, found[1].long_term) == (1, False)
        assert rounds.kept(unit.session, 9) is None

    def test_when_what_is_asked_changed_then_all_are_counted_again_in_slices(
        self, unit: Unit
    ) -> None:
        ids = [a_dossier(unit) for _ in range(5)]
        completeness.count(unit, standing, 10)
        after = completeness.count_again(unit, 0, 3)
        assert after == sorted(ids)[2]
        assert completeness.count_again(unit, after, 3) is None
        assert completeness.count(unit, standing, 10) == 5


class TestGivenARound:
    @pytest.mark.rule("S1-07.2.3b", "S1-05.2", "C-71")
    def test_when_asked_which_wait_then_as_the_rule_says(self, unit: Unit) -> None:
        days = (NEVER, date(2026, 8, 31), FIRST)
        opened = (None, date(2026, 8, 31), FIRST)
        cases = {}
        for missing, marked, done, seen, on in product(
            (-1, 0, 2), (True, False), days, days, opened
        ):
            id_ = a_dossier(unit)
            cases[id_] = Kept(missing, marked, done, seen, on)
            put(unit, id_, cases[id_])
        for of, from_next in product(
            (Completes.INCOMPLETE, Completes.LONG_TERM, Completes.ALL), (True, False)
        ):
            rule = "C-71" if from_next else None
            duty = replace(DUTY, of=of, from_next=from_next, from_next_rule=rule)
            wanted = Wanted.by("sales-levels", duty, FIRST)
            expected = {id_ for id_, one in cases.items() if is_open(duty, PERIOD, one)}
            assert set(rounds.to_complete(unit.session, wanted, "1", 1000)) == expected
            assert rounds.count(unit.session, wanted, "1", 1000) == len(expected)
            assert rounds.count(unit.session, wanted, "1", 2) == min(2, len(expected))

    def test_when_of_another_keeper_or_pack_or_a_draft_then_left_out(self, unit: Unit) -> None:
        waits = Kept(1, False, NEVER, NEVER, None)
        mine, theirs, elsewhere = a_dossier(unit), a_dossier(unit, "2"), a_dossier(unit)
        left = a_dossier(unit, "3")
        draft = dossiers.add(unit, DossierRow(name="新客户", keeper="1"), by="1", draft=True)
        for id_ in (mine, theirs, draft, left):
            put(unit, id_, waits)
        put(unit, elsewhere, waits, "other")
        wanted = Wanted.by("sales-levels", DUTY, FIRST)
        assert rounds.to_complete(unit.session, wanted, "1", 10) == (mine,)
        assert rounds.to_complete(unit.session, wanted, "1", 10, but=mine) == ()
        assert rounds.keepers(unit.session, wanted, "", 10) == [
            ("1", True), ("2", True), ("3", False),
        ]  # fmt: skip
        assert rounds.keepers(unit.session, wanted, "1", 1) == [("2", True)]
        assert dossiers.drafts_of(unit.session, "1", 10) == (draft,)

    def test_when_begun_twice_then_once_and_due_in_order(self, unit: Unit) -> None:
        held = a_round(unit)
        wanted = Wanted.by("sales-levels", DUTY, FIRST)
        again = rounds.begin(
            unit, "1", wanted, DUTY.id, due_on=PERIOD.last, due_at=NOW, begun_at=NOW
        )
        assert again is None
        assert rounds.get(unit.session, held.id) == held
        assert rounds.open_of(unit.session, "1") == (held,)
        assert rounds.due(unit.session, NOW, 10) == ()
        assert rounds.next_due(unit.session) == held.due_at
        later = NOW + timedelta(days=9)
        rounds.put_off(unit, held.id, date(2026, 10, 8), later)
        assert rounds.next_due(unit.session) == later
        assert [one.due_on for one in rounds.due(unit.session, later, 10)] == [date(2026, 10, 8)]
        rounds.close(unit, held.id)
        assert rounds.open_of(unit.session, "1") == ()
        assert rounds.next_due(unit.session) is None

    @pytest.mark.rule("C-70")
    def test_when_it_is_over_then_one_breach_for_each_however_often_asked(
        self, unit: Unit
    ) -> None:
        ids = [a_dossier(unit) for _ in range(5)]
        for id_ in ids:
            put(unit, id_, Kept(1, False, NEVER, NEVER, None))
        done = ids.pop()
        rounds.done(unit, done, FIRST, entered=True)
        held, wanted = a_round(unit), Wanted.by("sales-levels", DUTY, FIRST)
        said = [breaches.miss(unit, held, wanted, "S1-07.2.3b", 3) for _ in range(3)]
        assert said == [3, 1, 0]
        assert breaches.of_round(unit.session, held, 10) == tuple(sorted(ids))
        assert breaches.count(unit.session, held) == 4
        (one,) = breaches.of_dossier(unit.session, ids[0])
        assert one == Breach(
            ids[0], "monthly", PERIOD.last, "sales-levels", "1", "S1-07.2.3b", held.due_at
        )
        assert not breaches.add(unit, one)
        breaches.lift(unit, ids[0], "monthly", PERIOD.last)
        assert breaches.of_dossier(unit.session, ids[0]) == ()
        assert breaches.add(unit, one)

    def test_when_gone_through_then_the_later_day_stays(self, unit: Unit) -> None:
        id_ = a_dossier(unit)
        rounds.done(unit, id_, FIRST, entered=True)
        rounds.done(unit, id_, date(2026, 9, 5), entered=False)
        rounds.done(unit, id_, date(2026, 8, 1), entered=True)
        query = select(dossier.c.completed_on, dossier.c.reviewed_on).where(dossier.c.id == id_)
        assert unit.session.execute(query).one() == (FIRST, date(2026, 9, 5))
