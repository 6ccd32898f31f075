"""Who waits for papers that are out: in order, offered to one at a time, and not for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage import loan_queue
from storage.errors import Conflict
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, customer, staffed

HOUR = timedelta(hours=1)


class TestGivenPeopleWhoWait:
    def test_they_come_in_the_order_of_asking(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            first = loan_queue.join(unit, dossier_id, "li", NOW)
            second = loan_queue.join(unit, dossier_id, "zhang", NOW)
            assert loan_queue.join(unit, dossier_id, "li", NOW + HOUR) == first
            assert loan_queue.queue(unit.session, dossier_id) == (first, second)
            assert loan_queue.ahead(unit.session, first) == 0
            assert loan_queue.ahead(unit.session, second) == 1
            assert loan_queue.of_person(unit.session, "zhang") == (second,)
            loan_queue.close(unit, first.id, "left")
            with pytest.raises(Conflict):
                loan_queue.close(unit, first.id, "left")
            assert loan_queue.queue(unit.session, dossier_id, 1) == (second,)
            again = loan_queue.join(unit, dossier_id, "li", NOW + HOUR)
            assert loan_queue.ahead(unit.session, again) == 1

    def test_one_is_offered_it_at_a_time(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            first = loan_queue.join(unit, dossier_id, "li", NOW)
            second = loan_queue.join(unit, dossier_id, "zhang", NOW)
            loan_queue.offer(unit, first.id, NOW, NOW + HOUR)
            standing = loan_queue.offer_of(unit.session, dossier_id)
            assert standing is not None
            assert (standing.id, standing.offer_until) == (first.id, NOW + HOUR)
            assert loan_queue.waits(unit.session, dossier_id, "li") == standing
            assert loan_queue.queue(unit.session, dossier_id) == (second,)
            for one in (first, second):
                with pytest.raises(Conflict):
                    loan_queue.offer(unit, one.id, NOW, NOW + HOUR)
            loan_queue.close(unit, first.id, "taken")
            with pytest.raises(Conflict):
                loan_queue.offer(unit, first.id, NOW, NOW + HOUR)
            loan_queue.offer(unit, second.id, NOW, NOW + HOUR)

    def test_an_offer_runs_out_by_itself(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one, two = customer(unit, "甲甲"), customer(unit, "乙乙")
            early = loan_queue.join(unit, one, "li", NOW)
            late = loan_queue.join(unit, two, "li", NOW)
            assert loan_queue.next_over(unit.session) is None
            loan_queue.offer(unit, early.id, NOW, NOW + HOUR)
            loan_queue.offer(unit, late.id, NOW, NOW + 2 * HOUR)
            assert loan_queue.next_over(unit.session) == NOW + HOUR
            assert loan_queue.expire(unit, NOW) == ()
            (over,) = loan_queue.expire(unit, NOW + HOUR)
            assert (over.id, over.state) == (early.id, "expired")
            assert loan_queue.expire(unit, NOW + HOUR) == ()
            assert loan_queue.offer_of(unit.session, one) is None

    def test_who_leaves_the_company_waits_for_nothing(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one, two = customer(unit, "甲甲"), customer(unit, "乙乙")
            held = tuple(loan_queue.join(unit, dossier, "li", NOW) for dossier in (one, two))
            loan_queue.offer(unit, held[1].id, NOW, NOW + HOUR)
            left = loan_queue.leave_all(unit, "li")
            assert [wait.id for wait in left] == [wait.id for wait in held]
            assert loan_queue.of_person(unit.session, "li") == ()
