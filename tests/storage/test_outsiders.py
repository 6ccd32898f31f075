"""Visitors from outside: sealed, good for one visit, entered once; grades with their end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from storage import consultations, dossiers, grades, outsiders
from storage.outsiders import ASKED, CAME, EXPECTED, MISSED
from storage.tables import outsider
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.nouns.company import TODAY, customer, staffed

LETTER = {"credential": "letter", "issuer": "鹏程会计师事务所", "number": "第2026-018号"}


def visitor(unit: Unit, **more: object) -> int:
    values = {
        "sponsor": "zhang",
        "kind": "external",
        "name": "周明",
        "organisation": "鹏程会计师事务所",
        "valid_to": TODAY + timedelta(days=10),
        **LETTER,
        **more,
    }
    return outsiders.add(unit, **values)


@pytest.mark.rule("C-05")
class TestGivenAVisitor:
    def test_then_who_it_is_and_the_credential_are_sealed(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = visitor(unit)
            held = outsiders.get(unit, id_)
            row = unit.session.execute(select(outsider)).one()._mapping
        assert held is not None
        assert (held.name, held.organisation, held.number) == (
            "周明", "鹏程会计师事务所", "第2026-018号",
        )  # fmt: skip
        for name in ("name", "organisation", "issuer", "number"):
            assert "鹏程".encode() not in row[name].data
            assert "周明".encode() not in row[name].data

    def test_when_two_enter_it_then_the_first_counts(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = visitor(unit)
            assert not outsiders.settle(unit, id_, CAME, by="zhang", at=NOW)
            outsiders.expect(unit, id_)
            assert [one.id for one in outsiders.expected(unit, 8)] == [id_]
            assert outsiders.count_expected(unit.session) == 1
            assert outsiders.settle(unit, id_, MISSED, by="zhang", at=NOW)
            assert not outsiders.settle(unit, id_, CAME, by="wang", at=NOW)
            held = outsiders.get(unit, id_)
            outsiders.expect(unit, id_)  # no way back
            assert outsiders.expected(unit, 8) == []
        assert held is not None
        assert (held.visit, held.settled_by, held.settled_at) == (MISSED, "zhang", NOW)

    def test_then_the_letter_is_known_again_however_it_is_written(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = visitor(unit)
            assert not outsiders.used(unit, **LETTER)
            outsiders.expect(unit, id_)
            written = {"issuer": "鹏程 会计师事务所", "number": "第２０２６－０１８号"}
            assert outsiders.used(unit, **{**LETTER, **written})
            assert not outsiders.used(unit, **LETTER, but=id_)
            assert not outsiders.used(unit, **{**LETTER, "number": "第2026-019号"})
            assert not outsiders.used(unit, **{**LETTER, "credential": "work_card"})
            outsiders.settle(unit, id_, CAME, by="zhang", at=NOW)
            assert outsiders.used(unit, **LETTER)

    def test_when_missed_then_the_letter_is_free_again(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = visitor(unit)
            outsiders.expect(unit, id_)
            outsiders.settle(unit, id_, MISSED, by="zhang", at=NOW)
            assert not outsiders.used(unit, **LETTER)

    def test_then_the_sponsor_may_add_to_a_visit_that_is_not_over(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            open_ = visitor(unit)
            visitor(unit, valid_to=TODAY - timedelta(days=1))
            visitor(unit, sponsor="li")
            over = visitor(unit)
            outsiders.expect(unit, over)
            outsiders.settle(unit, over, CAME, by="zhang", at=NOW)
            found = outsiders.open_of(unit, "zhang", TODAY, 3)
        assert [(one.id, one.visit) for one in found] == [(open_, ASKED)]

    def test_then_nothing_opens_to_who_asked(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_, about = visitor(unit), customer(unit, "鸿鑫贸易")
            held = consultations.add(
                unit,
                dossier_id=about,
                staff_id="zhang",
                purpose="audit",
                reason="审计",
                last_day=TODAY,
                at=NOW,
                outsider_id=id_,
            )
            assert consultations.asked(unit.session, "zhang", about) is None
            consultations.close(unit, held, "granted", NOW)
            assert consultations.open_to(unit.session, "zhang", TODAY) == {}
            assert [one.id for one in consultations.of_outsider(unit, id_)] == [held]
            assert outsiders.get(unit, id_) is not None
            outsiders.expect(unit, id_)
            assert outsiders.expected(unit, 8)[0].visit == EXPECTED


@pytest.mark.rule("S2-SECR.7")
class TestGivenAGrade:
    def test_then_it_is_watched_once_and_ends_the_day_after(
        self, unit_factory: UnitFactory
    ) -> None:
        until = date(2026, 12, 1)
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", grade="secret", grade_until=until)
            customer(unit, "瑞禾制衣")
            assert grades.unwatched(unit.session, until - timedelta(days=1), 10) == ()
            assert grades.unwatched(unit.session, until, 10) == (id_,)
            grades.watched(unit, id_)
            assert grades.unwatched(unit.session, until, 10) == ()
            assert grades.next_end(unit.session) == until
            assert grades.ended(unit.session, until, 10) == ()
            assert grades.ended(unit.session, until + timedelta(days=1), 10) == (id_,)
            grades.give(unit, id_, "none", None)
            held = dossiers.get(unit, id_)
            assert grades.next_end(unit.session) is None
        assert held is not None
        assert (held.grade, held.grade_until) == ("none", None)

    def test_when_given_anew_then_it_is_to_be_watched_anew(
        self, unit_factory: UnitFactory
    ) -> None:
        until = date(2026, 12, 1)
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", grade="secret", grade_until=until)
            grades.watched(unit, id_)
            grades.give(unit, id_, "confidential", until)
            assert grades.unwatched(unit.session, until, 10) == (id_,)
