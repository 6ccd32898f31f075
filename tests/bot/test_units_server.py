"""Units on PostgreSQL: side by side, in order within a lane, and honest whatever is cut."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import pytest
from sqlalchemy import insert, select, text, update

from bot import writer
from bot.units import WRITERS, UnitFailed, Units
from storage import server as ours
from storage.crypto import Vault
from storage.database import Database
from storage.errors import DatabaseRefused
from storage.session import Session
from storage.tables import counter
from storage.unit import Unit
from tests.conftest import copied
from tests.fakes import postgres
from tests.fakes.clock import SettableClock
from tests.fakes.postgres import PASSWORD, Server
from tests.fakes.wire import Wire

PATIENCE = 60.0
"""Seconds after which a test that waits for another thread gives up."""
SOON = 15.0
"""Seconds, fewer than a server is given that says nothing."""


def write(kind: str) -> Callable[[Unit], str]:
    """Return a unit that leaves one row named `kind`."""

    def work(unit: Unit) -> str:
        unit.session.execute(insert(counter).values(kind=kind, year=1, last=1))
        return kind

    return work


def kinds(session: Session) -> list[str]:
    return list(session.execute(select(counter.c.kind).order_by(counter.c.kind)).scalars())


def process(unit: Unit) -> int:
    return int(unit.session.execute(text("SELECT pg_backend_pid()")).scalar_one())


class Own:
    """A server of its own, to be stopped and killed, reached over a wire that can be cut."""

    def __init__(self) -> None:
        self.folder = postgres.folder()
        self._guard = postgres.guard(self.folder)
        self.server = Server.make(self.folder)
        self.server.start()
        self.server.create("company")
        Database.open(self.server.url("company"), upgrade=True).close()
        with self.server.connect("company") as admin:
            admin.execute(f"CREATE ROLE bot SUPERUSER LOGIN PASSWORD '{PASSWORD}'")

    def close(self) -> None:
        self._guard.communicate()


@pytest.fixture(scope="module")
def own() -> Iterator[Own]:
    made = Own()
    yield made
    made.close()


@pytest.fixture
def wire(own: Own) -> Iterator[Wire]:
    with own.server.connect("company") as admin:
        admin.execute("TRUNCATE counter")
    made = Wire(own.server.port)
    yield made
    made.close()


@pytest.fixture
async def wired(own: Own, wire: Wire, vault: Vault, clock: SettableClock) -> AsyncIterator[Units]:
    """Units whose every connection goes over the wire."""
    url = own.server.tcp_url("company", "bot", wire.port)
    database = Database.open(url, upgrade=False, password=PASSWORD)
    units = Units(database, vault, clock)
    units.start()
    yield units
    wire.release()
    await units.stop()
    database.close()


async def meet(units: Units) -> list[int]:
    """Have every writer run a unit, at the same time; return the servers' processes."""
    together = threading.Barrier(WRITERS)

    def work(unit: Unit) -> int:
        together.wait(PATIENCE)
        return process(unit)

    return await asyncio.gather(*(units.run(work) for _ in range(WRITERS)))


async def again(units: Units, work: Callable[[Unit], str]) -> str:
    """Do as a platform does: bring it again until it is taken."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(DatabaseRefused):
                return await units.run(work)
            await asyncio.sleep(0)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
class TestGivenSeveralWriters:
    async def test_then_units_run_side_by_side(self, units: Units) -> None:
        assert len(set(await meet(units))) == WRITERS

    async def test_when_they_share_a_lane_then_one_after_the_other_in_order(
        self, units: Units
    ) -> None:
        running, seen = threading.Lock(), []

        def step(number: int) -> Callable[[Unit], None]:
            def work(_unit: Unit) -> None:
                assert running.acquire(blocking=False)
                seen.append(number)
                running.release()

            return work

        await asyncio.gather(*(units.run(step(n), "phones:zhang") for n in range(200)))
        assert seen == list(range(200))

    async def test_when_one_of_a_lane_fails_then_the_next_follow(self, units: Units) -> None:
        def broken(_unit: Unit) -> None:
            raise LookupError

        first, second = await asyncio.gather(
            units.run(broken, "l"), units.run(write("next"), "l"), return_exceptions=True
        )
        assert isinstance(first, UnitFailed)
        assert second == "next"

    async def test_when_another_process_has_the_lane_then_it_waits_for_its_commit(
        self, units: Units, database: Database, vault: Vault, clock: SettableClock
    ) -> None:
        other = Units(database, vault, clock)
        other.start()
        inside, leave = threading.Event(), threading.Event()

        def hold(unit: Unit) -> str:
            inside.set()
            assert leave.wait(PATIENCE)
            return write("first")(unit)

        def look(unit: Unit) -> list[str]:
            return kinds(unit.session)

        holding = asyncio.create_task(other.run(hold, "phones:zhang"))
        assert await asyncio.to_thread(inside.wait, PATIENCE)
        looking = asyncio.create_task(units.run(look, "phones:zhang"))
        assert await units.run(look, "phones:li") == []  # another lane goes on
        assert not looking.done()
        leave.set()
        assert await looking == ["first"]
        await holding
        await other.stop()

    async def test_when_two_wait_for_each_other_then_both_are_done_in_the_end(
        self, units: Units
    ) -> None:
        for kind in "ab":
            await units.run(write(kind))
        both = threading.Barrier(2)
        tries: list[str] = []

        def cross(first: str, second: str) -> Callable[[Unit], None]:
            def work(unit: Unit) -> None:
                tries.append(first)
                for kind in (first, second):
                    unit.session.execute(
                        update(counter)
                        .where(counter.c.kind == kind)
                        .values(last=counter.c.last + 1)
                    )
                    if kind == first and len(tries) <= 2:
                        both.wait(PATIENCE)

            return work

        await asyncio.gather(units.run(cross("a", "b")), units.run(cross("b", "a")))
        assert len(tries) >= 3  # one gave way and ran again
        totals = await units.read(lambda s: s.execute(select(counter.c.last)).scalars().all())
        assert totals == [3, 3]

    async def test_when_in_the_way_each_time_then_refused_and_not_blamed(
        self, units: Units
    ) -> None:
        tries: list[int] = []

        def crowded(unit: Unit) -> None:
            tries.append(1)
            unit.session.execute(
                text("DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '40001'; END $$")
            )

        with pytest.raises(DatabaseRefused, match="in the way"):
            await units.run(crowded)
        assert len(tries) == writer.YIELDS

    async def test_when_a_unit_swallows_a_failed_statement_then_it_is_not_called_done(
        self, units: Units
    ) -> None:
        def careless(unit: Unit) -> str:
            write("lost")(unit)
            with suppress(Exception):
                unit.session.execute(text("SELECT 1 / 0"))
            return "done"

        with pytest.raises(UnitFailed):
            await units.run(careless)
        assert await units.read(kinds) == []

    async def test_stop_finishes_what_waits_in_lanes(
        self, database: Database, vault: Vault, clock: SettableClock
    ) -> None:
        units = Units(database, vault, clock)
        units.start()
        waiting = [
            asyncio.create_task(units.run(write(f"{n:03}"), f"lane-{n % 3}")) for n in range(60)
        ]
        await asyncio.sleep(0)
        await units.stop()
        assert await asyncio.gather(*waiting) == [f"{n:03}" for n in range(60)]


class TestGivenTheConnectionIsEnded:
    async def test_when_in_the_middle_of_a_unit_then_it_runs_again_on_another(
        self, wired: Units, own: Own
    ) -> None:
        tries: list[int] = []

        def work(unit: Unit) -> str:
            tries.append(process(unit))
            write("once")(unit)
            if len(tries) == 1:
                with own.server.connect() as admin:
                    admin.execute("SELECT pg_terminate_backend(%s, 10000)", (tries[0],))
            return write("twice")(unit)

        assert await wired.run(work) == "twice"
        assert len(set(tries)) == 2
        assert await wired.read(kinds) == ["once", "twice"]

    async def test_when_each_time_then_refused_and_nothing_is_kept(
        self, wired: Units, wire: Wire
    ) -> None:
        def work(unit: Unit) -> str:
            write("never")(unit)
            wire.cut()
            return write("ever")(unit)

        with pytest.raises(DatabaseRefused, match="cannot be reached"):
            await wired.run(work)
        assert await wired.read(kinds) == []
        assert await wired.run(write("after")) == "after"

    @pytest.mark.parametrize("pass_on", [True, False])
    async def test_when_the_answer_to_a_commit_is_lost_then_its_fate_is_found_out(
        self, wired: Units, wire: Wire, pass_on: bool
    ) -> None:
        tries: list[int] = []

        def work(unit: Unit) -> str:
            tries.append(1)
            return write("one")(unit)

        await meet(wired)  # each has its ids, so that the next commit is that of a unit
        wire.cut_next_commit(pass_on=pass_on)
        assert await wired.run(work) == "one"
        assert wire.commits_cut.is_set()
        assert len(tries) == (1 if pass_on else 2)
        assert await wired.read(kinds) == ["one"]

    async def test_when_its_fate_cannot_be_asked_then_it_is_not_called_done(
        self, wired: Units, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await meet(wired)

        def nobody_knows(*_: object) -> bool:
            raise DatabaseRefused("as if the server were gone by now")

        monkeypatch.setattr("storage.server.kept", nobody_knows)
        wire.cut_next_commit(pass_on=True)
        with pytest.raises(DatabaseRefused, match="not known"):
            await wired.run(write("perhaps"))

    async def test_when_a_reader_meets_it_then_it_reads_again(
        self, wired: Units, wire: Wire
    ) -> None:
        assert await wired.read(kinds) == []
        wire.cut()
        assert await wired.read(kinds) == []


class TestGivenTheServerIsGone:
    @pytest.mark.parametrize("how", ["fast", "immediate"])
    async def test_when_it_comes_back_then_all_confirmed_is_there_and_it_serves_at_once(
        self, wired: Units, own: Own, how: str
    ) -> None:
        confirmed: list[str] = []

        begun = asyncio.Event()

        async def person(who: int) -> None:
            for number in range(40):
                done = await again(wired, write(f"{who}-{number:02}"))
                confirmed.append(done)
                if len(confirmed) == 20:
                    begun.set()

        people = [asyncio.create_task(person(who)) for who in range(6)]
        await begun.wait()
        await asyncio.to_thread(own.server.stop, how)
        with pytest.raises(DatabaseRefused):
            await wired.run(write("while it is down"))
        await asyncio.to_thread(own.server.start)
        back = time.monotonic()
        await again(wired, write("first after"))
        assert time.monotonic() - back < SOON
        # a note of the row whose fate is unknown is what tells a platform's repeat from the first
        done = await asyncio.gather(*people, return_exceptions=True)
        kept = set(await wired.read(kinds))
        assert set(confirmed) <= kept
        assert all(one is None or isinstance(one, UnitFailed) for one in done)

    async def test_when_it_says_nothing_more_then_no_thread_waits_for_ever(
        self, wired: Units, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ours._Patient, "answer_seconds", 0.2)
        monkeypatch.setattr(ours, "CONNECT_SECONDS", 2)
        await wired.run(write("before"))
        wire.hold()
        began = time.monotonic()
        with pytest.raises(DatabaseRefused):
            await wired.run(write("meanwhile"))
        assert time.monotonic() - began < PATIENCE
        monkeypatch.undo()
        wire.release()
        back = time.monotonic()
        assert await again(wired, write("after")) == "after"
        assert time.monotonic() - back < SOON
        assert {"before", "after"} <= set(await wired.read(kinds))


def test_the_patience_with_a_silent_server_is_longer_than_its_own() -> None:
    assert ours.ANSWER_SECONDS * 1000 > ours.STATEMENT_MS > ours.LOCK_MS


def test_databases_are_copied_apart(server: Server) -> None:
    with copied(server) as one, copied(server) as other:
        assert one != other
