from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text, update

from bot.units import ATTEMPTS, ID_BLOCK, UnitFailed, Units
from storage.crypto import Vault
from storage.database import Database
from storage.errors import Conflict, DatabaseRefused
from storage.session import Session
from storage.tables import counter
from storage.unit import Unit
from tests.conftest import NOW
from tests.fakes.clock import SettableClock


def write(kind: str) -> Callable[[Unit], str]:
    """Return a unit that leaves one row named `kind`."""

    def work(unit: Unit) -> str:
        unit.session.execute(insert(counter).values(kind=kind, year=1, last=next(unit.ids)))
        return kind

    return work


def kinds(session: Session) -> list[str]:
    return list(session.execute(select(counter.c.kind).order_by(counter.c.kind)).scalars())


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""About its one writer, or faults that are SQLite's own; those of PostgreSQL have their file."""


class Gate:
    """Holds the writer inside a unit, so that others gather behind it."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._leave = threading.Event()

    def __call__(self, _unit: Unit) -> None:
        self._entered.set()
        assert self._leave.wait(30)

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._entered.wait, 30)

    def open(self) -> None:
        self._leave.set()


async def together(units: Units, *works: Callable[[Unit], object]) -> list[object]:
    """Run `works` at once: on SQLite in one batch, gathered while the writer is held inside its
    first unit, on PostgreSQL beside it."""
    gate = Gate()
    first = asyncio.create_task(units.run(gate))
    await gate.entered()
    waiting = [asyncio.create_task(units.run(work)) for work in works]
    await asyncio.sleep(0)
    gate.open()
    return (await asyncio.gather(first, *waiting, return_exceptions=True))[1:]


class TestUnit:
    async def test_returns_its_value_after_commit(self, units: Units, database: Database) -> None:
        assert await units.run(write("one")) == "one"
        with database.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(counter)).scalar() == 1

    async def test_is_not_committed_while_its_awaiter_waits(self, units: Units) -> None:
        gate = Gate()

        def work(unit: Unit) -> None:
            write("one")(unit)
            gate(unit)

        task = asyncio.create_task(units.run(work))
        await gate.entered()
        assert await units.read(kinds) == []
        assert not task.done()
        gate.open()
        await task
        assert await units.read(kinds) == ["one"]

    async def test_gets_time_vault_and_rising_ids_from_outside(
        self, units: Units, vault: Vault
    ) -> None:
        first = await units.run(lambda unit: (unit.now, unit.vault, next(unit.ids)))
        second = await units.run(lambda unit: (next(unit.ids), next(unit.ids)))
        assert first[:2] == (NOW, vault)
        assert first[2] < second[0] < second[1]

    async def test_draws_more_ids_than_a_block_holds(self, units: Units) -> None:
        count = ID_BLOCK * 3
        drawn = await units.run(lambda unit: [next(unit.ids) for _ in range(count)])
        assert len(set(drawn)) == count
        assert drawn == sorted(drawn)
        assert await units.run(lambda unit: next(unit.ids)) > drawn[-1]

    async def test_reading_side_cannot_write(self, units: Units) -> None:
        with pytest.raises(DatabaseRefused):
            await units.read(lambda session: session.execute(counter.delete()))


class TestBatch:
    @only_sqlite
    async def test_units_that_wait_share_a_commit(self, units: Units) -> None:
        seen: list[int] = []

        def work(unit: Unit) -> None:
            seen.append(id(unit.session.connection().get_transaction()))

        await together(units, *[work] * 5)
        assert len(seen) == 5
        assert len(set(seen)) == 1

    @only_sqlite
    async def test_is_as_durable_as_the_most_demanding_of_it(self, units: Units) -> None:
        def synchronous(unit: Unit) -> int | None:
            return unit.session.execute(text("PRAGMA synchronous")).scalar()

        gate = Gate()
        first = asyncio.create_task(units.run(gate, durable=False))
        await gate.entered()
        waiting = [
            asyncio.create_task(units.run(synchronous, durable=durable))
            for durable in (False, True, False)
        ]
        await asyncio.sleep(0)
        gate.open()
        await first
        # the first joins what had begun without waiting for the disk, the second must not
        assert await asyncio.gather(*waiting) == [1, 2, 2]

    async def test_each_gets_its_own_value_in_order(self, units: Units) -> None:
        names = [f"unit-{number:02}" for number in range(20)]
        assert await together(units, *map(write, names)) == names
        assert await units.read(kinds) == names

    async def test_one_that_raises_hurts_no_other(self, units: Units) -> None:
        def broken(unit: Unit) -> None:
            write("broken")(unit)
            raise Conflict("somebody was quicker")

        results = await together(units, write("a"), broken, write("b"), broken, write("c"))
        assert [results[0], results[2], results[4]] == ["a", "b", "c"]
        assert await units.read(kinds) == ["a", "b", "c"]
        for failure in (results[1], results[3]):
            assert isinstance(failure, UnitFailed)
            assert isinstance(failure.__cause__, Conflict)
            assert failure.attempts == ATTEMPTS

    async def test_one_poisonous_among_a_hundred(self, units: Units) -> None:
        def poison(_unit: Unit) -> None:
            raise ZeroDivisionError

        works = [write(f"unit-{number:02}") for number in range(99)]
        results = await together(units, *works[:40], poison, *works[40:])
        assert isinstance(results.pop(40), UnitFailed)
        assert len(results) == 99
        assert await units.read(kinds) == results

    async def test_a_failing_statement_of_one_is_no_trouble_of_the_store(
        self, units: Units
    ) -> None:
        *same, other = await together(units, write("same"), write("same"), write("other"))
        assert [one for one in same if not isinstance(one, UnitFailed)] == ["same"]
        assert other == "other"

    async def test_one_that_draws_many_ids_is_run_again_with_the_rest(self, units: Units) -> None:
        def many(unit: Unit) -> str:
            for _ in range(ID_BLOCK + 1):
                next(unit.ids)
            return write("many")(unit)

        assert await together(units, write("a"), many, write("b")) == ["a", "many", "b"]
        assert await units.read(kinds) == ["a", "b", "many"]


class TestFailure:
    @pytest.mark.parametrize("failures", [1, 2])
    async def test_a_passing_failure_is_overcome(self, units: Units, failures: int) -> None:
        left = [LookupError()] * failures

        def work(unit: Unit) -> str:
            write("once")(unit)
            if left:
                raise left.pop()
            return "done"

        assert await units.run(work) == "done"
        assert await units.read(kinds) == ["once"]

    async def test_three_tries_alone_then_its_awaiter_hears(self, units: Units) -> None:
        tries: list[int] = []

        def work(unit: Unit) -> None:
            tries.append(next(unit.ids))
            raise LookupError("every time")

        with pytest.raises(UnitFailed) as failed:
            await units.run(work)
        assert len(tries) == ATTEMPTS == failed.value.attempts
        assert isinstance(failed.value.__cause__, LookupError)
        assert await units.run(write("after")) == "after"

    async def test_cancelled_before_its_turn_is_not_run(self, units: Units) -> None:
        gate = Gate()
        first = asyncio.create_task(units.run(gate))
        await gate.entered()
        task = asyncio.create_task(units.run(write("unwanted")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.open()
        await first
        assert await units.run(write("after")) == "after"
        assert await units.read(kinds) == ["after"]


@only_sqlite
class TestStoreRefuses:
    async def test_a_full_disk_is_told_to_all_and_keeps_nothing(self, units: Units) -> None:
        def fill(unit: Unit) -> None:
            connection = unit.session.connection()
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as if the disk ended here
            connection.exec_driver_sql("CREATE TABLE ballast (x)")
            connection.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(9000000))")

        results = await together(units, write("a"), fill, write("b"))
        assert [type(one) for one in results[:2]] == [DatabaseRefused] * 2
        assert "full" in str(results[0])
        assert results[2] == "b"
        assert await units.read(kinds) == ["b"]

    async def test_a_unit_that_swallows_the_lost_transaction_is_refused(
        self, units: Units
    ) -> None:
        def work(unit: Unit) -> None:
            write("lost")(unit)
            # what SQLite does by itself when it finds the disk full
            unit.session.connection().exec_driver_sql("ROLLBACK")

        results = await together(units, write("a"), work, write("b"))
        assert [type(one) for one in results[:2]] == [DatabaseRefused] * 2
        assert "lost" not in await units.read(kinds)
        assert await units.run(write("after")) == "after"

    async def test_locked_by_another_program(self, units: Units, database: Database) -> None:
        await units.run(
            lambda unit: unit.session.connection().exec_driver_sql("PRAGMA busy_timeout = 1")
        )
        other = sqlite3.connect(database.place, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseRefused, match="locked"):
            await units.run(write("a"))
        other.execute("ROLLBACK")
        other.close()
        assert await units.run(write("b")) == "b"


class TestStop:
    async def test_finishes_what_waits(
        self, database: Database, vault: Vault, clock: SettableClock
    ) -> None:
        units = Units(database, vault, clock)
        units.start()
        gate = Gate()
        first = asyncio.create_task(units.run(gate))
        await gate.entered()
        waiting = [asyncio.create_task(units.run(write(f"unit-{n:03}"))) for n in range(150)]
        await asyncio.sleep(0)
        stopping = asyncio.create_task(units.stop())
        await asyncio.sleep(0)
        gate.open()
        await stopping
        await first
        assert await asyncio.gather(*waiting) == [f"unit-{n:03}" for n in range(150)]

    async def test_takes_nothing_more(
        self, database: Database, vault: Vault, clock: SettableClock
    ) -> None:
        units = Units(database, vault, clock)
        units.start()
        await units.stop()
        with pytest.raises(DatabaseRefused):
            await units.run(write("late"))
        await units.stop()

    async def test_leaves_a_stuck_writer_behind(
        self, database: Database, vault: Vault, clock: SettableClock
    ) -> None:
        units = Units(database, vault, clock)
        units.start()
        gate = Gate()
        stuck = asyncio.create_task(units.run(gate))
        await gate.entered()
        await units.stop(patience=0.0)
        assert not stuck.done()
        gate.open()
        await stuck

    @only_sqlite
    async def test_a_database_that_cannot_be_opened_stops_the_start(
        self, database: Database, vault: Vault, clock: SettableClock
    ) -> None:
        database.close()
        _put_a_folder_in_its_place(Path(database.place))
        units = Units(database, vault, clock)
        with pytest.raises(DatabaseRefused):
            units.start()
        await units.stop()


def _put_a_folder_in_its_place(path: Path) -> None:
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()
    path.mkdir()


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)), max_size=12))
async def test_any_mix_of_failing_units_keeps_exactly_those_that_succeed(
    units: Units, plan: list[tuple[int, int]]
) -> None:
    """Each unit adds its amount; it fails as often as its second number says (CONTRACT 1.3)."""
    await units.run(lambda unit: unit.session.execute(counter.delete()))
    await units.run(
        lambda unit: unit.session.execute(insert(counter).values(kind="sum", year=1, last=0))
    )

    def adding(amount: int, failures: int) -> Callable[[Unit], int]:
        left = [failures]

        def work(unit: Unit) -> int:
            unit.session.execute(update(counter).values(last=counter.c.last + amount))
            if left[0]:
                left[0] -= 1
                raise ArithmeticError
            return amount

        return work

    results = await together(units, *(adding(*one) for one in plan))
    total = await units.read(lambda session: session.execute(select(counter.c.last)).scalar())
    assert total == sum(one for one in results if isinstance(one, int))
    for (_, failures), result in zip(plan, results, strict=True):
        if failures < ATTEMPTS:
            assert isinstance(result, int)
        if failures > ATTEMPTS:
            assert isinstance(result, UnitFailed)
