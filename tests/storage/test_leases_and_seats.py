"""Leases run out by themselves; a seat is free when its holder leaves or dies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.engine import make_url

from storage import leases
from storage.database import Database
from storage.seats import Seat
from tests.conftest import NOW, UnitFactory
from tests.fakes.postgres import Server

MINUTE = timedelta(minutes=1)


class TestGivenLease:
    def test_when_free_then_taken_and_others_wait(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            assert leases.take(unit, "poll", "a", 60)
            assert not leases.take(unit, "poll", "b", 60)
            assert leases.take(unit, "another", "b", 60)

    def test_when_renewed_then_it_runs_on(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            leases.take(unit, "poll", "a", 60)
        with unit_factory(NOW + timedelta(seconds=50)) as unit:
            assert leases.take(unit, "poll", "a", 60)
        with unit_factory(NOW + timedelta(seconds=100)) as unit:
            assert not leases.take(unit, "poll", "b", 60)

    def test_when_it_ran_out_then_another_takes_it(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            leases.take(unit, "poll", "a", 60)
        with unit_factory(NOW + MINUTE) as unit:
            assert leases.take(unit, "poll", "b", 60)
            assert not leases.take(unit, "poll", "a", 60)

    def test_when_released_then_free_at_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            leases.take(unit, "poll", "a", 60)
            leases.release(unit, "poll", "b")  # not b's
            assert not leases.take(unit, "poll", "b", 60)
            leases.release(unit, "poll", "a")
            assert leases.take(unit, "poll", "b", 60)

    def test_then_the_last_moment_it_was_up_is_known(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            assert leases.seen_at(unit.session, "poll") is None
            leases.take(unit, "poll", "a", 60)
        with unit_factory(NOW + timedelta(seconds=30)) as unit:
            leases.take(unit, "poll", "a", 60)
        with unit_factory(NOW + timedelta(seconds=40)) as unit:
            leases.take(unit, "poll", "b", 60)
            assert leases.seen_at(unit.session, "poll") == NOW + timedelta(seconds=30)

    def test_when_taken_over_then_the_one_before_no_longer_holds_it(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            assert not leases.held(unit.session, "relay", "a")
            leases.take_over(unit, "relay", "a")
            assert leases.held(unit.session, "relay", "a")
            leases.take_over(unit, "relay", "b")
            assert not leases.held(unit.session, "relay", "a")


@pytest.fixture
def seats(postgresql_url: str) -> Iterator[tuple[Seat, Seat]]:
    """The seats of two processes for one job."""
    two = [Database.open(postgresql_url, upgrade=False) for _ in range(2)]
    yield two[0].seat("job"), two[1].seat("job")
    for one in two:
        one.close()


class TestGivenSeat:
    def test_when_on_a_file_then_it_is_ours_at_once(self, sqlite_url: str) -> None:
        database = Database.open(sqlite_url, upgrade=False)
        seat = database.seat("job")
        assert not seat.contested
        assert seat.take()
        assert seat.held()
        seat.leave()
        database.close()

    def test_then_one_sits_in_it(self, seats: tuple[Seat, Seat]) -> None:
        ours, others = seats
        assert ours.contested
        assert ours.take()
        assert ours.take()
        assert not others.take()
        assert ours.held()

    def test_when_left_then_free(self, seats: tuple[Seat, Seat]) -> None:
        ours, others = seats
        assert ours.take()
        ours.leave()
        assert not ours.held()
        assert others.take()

    def test_when_its_connection_is_ended_then_lost_and_free(
        self, seats: tuple[Seat, Seat], server: Server, postgresql_url: str
    ) -> None:
        ours, others = seats
        assert ours.take()
        with server.connect() as admin:
            holder = (
                "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database "
                "WHERE locktype = 'advisory' AND datname = %s"
            )
            here = make_url(postgresql_url).database
            (process,) = admin.execute(holder, (here,)).fetchone()
            admin.execute("SELECT pg_terminate_backend(%s, 10000)", (process,))
        assert not ours.held()
        assert others.take()
        assert not ours.take()

    def test_when_called_then_the_holder_hears_it(self, seats: tuple[Seat, Seat]) -> None:
        import select

        ours, others = seats
        assert ours.take()
        assert not others.take()
        handle = ours.fileno()
        assert handle is not None
        assert select.select([handle], [], [], 0)[0] == []
        others.call()
        assert select.select([handle], [], [], 10)[0] == [handle]
        assert ours.held()
        assert select.select([handle], [], [], 0)[0] == []
