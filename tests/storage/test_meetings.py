"""Graded meetings: sealed, on the lists of those named alone, and never called off twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from storage import dossiers, meetings, merging, staff
from storage.meetings import Meeting
from storage.staff import StaffRow
from storage.tables import meeting, meeting_member
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.nouns.company import TODAY, customer, staffed

GRADES = ("confidential", "secret")

pytestmark = pytest.mark.rule("S2-SECR.9.2")


def called(unit: Unit, **more: object) -> Meeting:
    values = {
        "host": "head",
        "department": "销售一部",
        "grade": "secret",
        "subject": "底价",
        "place": "三楼小会议室",
        "passing": "",
        "day": TODAY,
        "hour": "14:30",
        "at": NOW,
        **more,
    }
    found = meetings.get(unit, meetings.add(unit, **values), lock=True)
    assert found is not None
    return found


def ids(unit: Unit, staff_id: str, grades: tuple[str, ...] = GRADES) -> list[int]:
    return [one.id for one in meetings.of_person(unit, staff_id, grades, 8)]


class TestGivenAMeeting:
    def test_then_what_it_is_about_is_sealed(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = called(unit, passing="销售一部全体")
            row = unit.session.execute(select(meeting)).one()
        assert (held.subject, held.place, held.passing) == ("底价", "三楼小会议室", "销售一部全体")
        for one in (row.subject, row.place, row.passing):
            assert not any(words.encode() in one.data for words in ("底价", "会议室", "全体"))

    def test_then_only_who_is_named_has_it_on_the_list(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held, other = called(unit), called(unit, day=TODAY + timedelta(days=1))
            meetings.name(unit, held, "li", NOW)
            assert ids(unit, "head") == [other.id, held.id]
            assert ids(unit, "li") == [held.id]
            assert ids(unit, "li", ("confidential",)) == []
            assert ids(unit, "zhang") == []
            assert meetings.members(unit.session, held.id) == ("head", "li")
            assert meetings.count_on(unit.session, "li", GRADES, TODAY) == 1
            assert meetings.count_on(unit.session, "head", GRADES, TODAY) == 1
            assert meetings.count_on(unit.session, "zhang", GRADES, TODAY) == 0

    def test_when_taken_off_then_kept_on_file_and_may_come_back(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = called(unit)
            meetings.name(unit, held, "li", NOW)
            assert meetings.remove(unit, held.id, "li", NOW)
            assert not meetings.remove(unit, held.id, "li", NOW)
            assert not meetings.remove(unit, held.id, "zhang", NOW)
            assert ids(unit, "li") == []
            of_li = meeting_member.c.staff_id == "li"
            rows = select(meeting_member.c.removed_at).where(of_li)
            assert unit.session.execute(rows).scalar_one() == NOW
            meetings.name(unit, held, "li", NOW)
            assert ids(unit, "li") == [held.id]

    def test_when_moved_then_the_lists_follow(self, unit_factory: UnitFactory) -> None:
        later = TODAY + timedelta(days=3)
        with unit_factory() as unit:
            staffed(unit)
            held = called(unit)
            meetings.name(unit, held, "li", NOW)
            meetings.move(unit, held.id, day=later, hour="09:00", place="档案室")
            assert meetings.count_on(unit.session, "li", GRADES, TODAY) == 0
            assert meetings.count_on(unit.session, "li", GRADES, later) == 1
            found = meetings.get(unit, held.id)
        assert found is not None
        assert (found.day, found.hour, found.place) == (later, "09:00", "档案室")

    def test_when_called_off_then_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = called(unit)
            assert meetings.cancel(unit, held.id, by="head", at=NOW)
            assert not meetings.cancel(unit, held.id, by="dir", at=NOW)
            assert meetings.count_on(unit.session, "head", GRADES, TODAY) == 0
            found = meetings.get(unit, held.id)
        assert found is not None
        assert (found.cancelled_by, found.cancelled_at) == ("head", NOW)

    def test_when_its_host_leaves_then_the_department_finds_it(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = called(unit)
            called(unit, day=TODAY - timedelta(days=1))

            def found(*departments: str) -> list[int]:
                some = meetings.hostless(unit, departments, GRADES, TODAY, 8)
                return [one.id for one in some]

            assert found("销售一部") == []
            staff.save(unit, StaffRow("head", "王海峰", "销售一部", active=False))
            assert found("销售一部") == [held.id]
            assert found("客户服务部") == found() == []

    def test_when_dossiers_are_merged_then_it_is_about_the_one_that_stays(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            keep, gone = (customer(unit, name) for name in ("鸿鑫贸易", "鸿鑫贸易公司"))
            one, both = called(unit), called(unit)
            assert meetings.concern(unit, one.id, gone)
            assert not meetings.concern(unit, one.id, gone)
            for about in (keep, gone):
                meetings.concern(unit, both.id, about)
            rows = [dossiers.get(unit, id_) for id_ in (keep, gone)]
            assert rows[0] is not None
            assert rows[1] is not None
            merging.merge(unit, merging.plan(rows[0], rows[1]), "shan")
            for held in (one, both):
                assert meetings.dossiers(unit.session, held.id) == (keep,)
            assert meetings.leave_out(unit, one.id, keep)
            assert not meetings.leave_out(unit, one.id, keep)
