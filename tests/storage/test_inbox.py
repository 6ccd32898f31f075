"""A repeated message changes nothing; one that fails is kept until it is retried."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from storage import inbox
from storage.tables import inbox as table
from tests.conftest import NOW, UnitFactory


class TestGivenMessageTaken:
    def test_when_it_comes_again_then_it_is_a_repeat(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            assert inbox.take(unit, "phones", "7", "zhang", NOW)
            assert not inbox.take(unit, "phones", "7", "zhang", NOW)
        with unit_factory() as unit:
            assert not inbox.take(unit, "phones", "7", "zhang", NOW)
            assert inbox.take(unit, "wecom", "7", "zhang", NOW)

    def test_then_nothing_of_its_content_is_kept(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            inbox.take(unit, "phones", "7", "zhang", NOW)
            row = unit.session.execute(select(table)).one()
        assert (row.state, row.body, row.at, row.received_at) == ("done", None, NOW, NOW)


class TestGivenMessageKeptForLater:
    def test_then_it_waits_with_its_content_and_a_repeat_changes_nothing(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            inbox.receive(unit, '{"text": "字"}', "wecom", "7", "zhang", NOW)
        with unit_factory() as unit:
            assert not inbox.take(unit, "wecom", "7", "zhang", NOW)
            inbox.receive(unit, "{}", "wecom", "7", "zhang", NOW)
            (one,) = inbox.waiting(unit, 10)
            assert one.body == '{"text": "字"}'
            assert inbox.finish(unit, "wecom", "7")
            assert inbox.waiting(unit, 10) == []

    def test_when_it_was_taken_already_then_nothing_waits(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            assert inbox.take(unit, "wecom", "7", "zhang", NOW)
            inbox.receive(unit, "{}", "wecom", "7", "zhang", NOW)
            assert inbox.waiting(unit, 10) == []


class TestGivenFailedMessage:
    def _fail(self, unit_factory: UnitFactory, key: str = "7", reference: str = "AB12") -> None:
        with unit_factory() as unit:
            inbox.fail(unit, f'{{"text": "字{key}"}}', "phones", key, "zhang", NOW, reference)

    def test_when_it_comes_again_then_it_is_a_repeat(self, unit_factory: UnitFactory) -> None:
        self._fail(unit_factory)
        with unit_factory() as unit:
            assert not inbox.take(unit, "phones", "7", "zhang", NOW)

    def test_then_it_is_listed_without_content(self, unit_factory: UnitFactory) -> None:
        self._fail(unit_factory)
        with unit_factory() as unit:
            assert inbox.failed(unit.session) == [
                inbox.Failed("phones", "7", "zhang", NOW, "AB12", 1)
            ]

    def test_when_requeued_then_it_waits_with_its_content_until_finished(
        self, unit_factory: UnitFactory
    ) -> None:
        self._fail(unit_factory, "7", "AB12")
        self._fail(unit_factory, "8", "CD34")
        with unit_factory() as unit:
            assert not inbox.requeue(unit, "none")
            assert inbox.requeue(unit, "CD34")
            assert inbox.requeue(unit, "AB12")
            assert not inbox.requeue(unit, "AB12")
        with unit_factory() as unit:
            waiting = inbox.waiting(unit, 10)
            assert [(one.key, one.body) for one in waiting] == [
                ("7", '{"text": "字7"}'),
                ("8", '{"text": "字8"}'),
            ]
            inbox.finish(unit, "phones", "7")
            assert [one.key for one in inbox.waiting(unit, 10)] == ["8"]
            assert inbox.failed(unit.session) == []
            body = unit.session.execute(select(table.c.body).where(table.c.key == "7"))
            assert body.scalar_one() is None

    def test_when_it_fails_again_then_both_times_count(self, unit_factory: UnitFactory) -> None:
        self._fail(unit_factory)
        with unit_factory() as unit:
            inbox.requeue(unit, "AB12")
        self._fail(unit_factory, reference="EF56")
        with unit_factory() as unit:
            (one,) = inbox.failed(unit.session)
            assert (one.reference, one.attempts) == ("EF56", 2)

    def test_when_too_old_then_content_goes_and_the_key_stays(
        self, unit_factory: UnitFactory
    ) -> None:
        self._fail(unit_factory)
        with unit_factory(NOW + timedelta(days=90)) as unit:
            assert inbox.purge(unit, NOW) == 0
            assert inbox.purge(unit, NOW + timedelta(seconds=1)) == 1
            assert inbox.purge(unit, NOW + timedelta(seconds=1)) == 0
            assert inbox.failed(unit.session) == []
            assert not inbox.requeue(unit, "AB12")
            assert not inbox.take(unit, "phones", "7", "zhang", NOW)
