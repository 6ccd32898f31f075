"""Two processes on one database look at the clock and send together: every notice comes once.

Each takes its turn as the one that sends: the other goes on when it stops. Two programs on one
SQLite file are refused (`tests/storage/test_database.py`), so this is for a server.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from bot.policies import policies_of
from handlers import FEATURES
from handlers.loans import loan_clock
from handlers.world import Registry, World
from rules.calendar import china
from storage import accounts, dossiers, ledger, loans, staff
from storage.loans import NewLoan
from storage.tables import notice, outbox, watch
from storage.unit import Unit
from tests.chaos import company
from tests.chaos.program import LIMIT
from tests.chaos.tally import Page, Tally
from tests.chaos.verdict import looking
from tests.fakes.clock import SettableClock
from tests.fakes.postgres import Server
from tests.house.sources import ROOT

NOTICES = (150, 10_000)
"""In the sample and in the campaign."""
TURNS = (1, 4)
"""How often the process that sends has sent its share and stops."""
SLICE = 2_500
BUSY = 40
"""How much longer all of it may take on a machine that is busy with other tests."""
LENT = datetime(2026, 9, 17, 2, 0, tzinfo=UTC)
"""Thursday, ten in the morning; the papers are due the same day, with a reminder at three."""
STRUCK = LENT + timedelta(hours=5, seconds=1)
FIGURES = Page(
    "loan-two",
    "Two processes remind together",
    "`make chaos`: reminders of as many loans are due at one moment; two processes on one "
    "PostgreSQL database look at the clock and send. Whichever has sent its share stops; the "
    "other goes on, and a new one takes its place.",
    ("notices", "processes", "sent by each", "lost", "doubled"),
)


@pytest.mark.chaos
@pytest.mark.rule("C-07")
async def test_two_that_look_and_send_together_say_everything_once(
    tmp_path: Path, server: Server, campaign: bool, tally: Tally
) -> None:
    many, stops = NOTICES[campaign], TURNS[campaign]
    folder, said = tmp_path / "company", tmp_path / "said"
    folder.mkdir()
    name = f"two_{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    server.create(name, "migrated")
    url = server.url(name)
    settings = company.settings_of(folder, url)
    company.made(settings, SettableClock(LENT))
    for start in range(0, many, SLICE):
        numbers = range(start, min(many, start + SLICE))
        company.change(settings, SettableClock(LENT), partial(_lend, numbers))
    words = (str(folder), url, str(said), STRUCK.isoformat(), str(many // (stops + 1)))
    count = await _together(url, *words)
    named = (re.search(r"借-2026-\d+", line) for line in _lines(said))
    found = Counter(match[0] for match in named if match)
    assert set(found.values()) == {1}, [one for one, times in found.items() if times > 1][:5]
    assert len(found) == many
    with looking(url) as connection:
        outcomes = select(notice.c.outcome).where(notice.c.case_kind == "loan").distinct()
        assert connection.execute(outcomes).scalars().all() == ["sent"]
    by = Counter(line.partition("\t")[0] for line in _lines(said))
    assert len(by) > 1, "one alone has sent everything"
    shares = ", ".join(f"{times:,}" for times in by.values())
    tally.add(FIGURES, many, count, shares, 0, 0)
    server.drop(name)


async def _together(url: str, *words: str) -> int:
    """Let two processes at a time say what is due, and return how many it took."""
    begun = [await _begin(*words) for _ in range(2)]
    try:
        async with asyncio.timeout(BUSY * LIMIT):
            while await asyncio.to_thread(_left, url):
                if sum(one.returncode is None for one in begun) < 2:
                    begun.append(await _begin(*words))
                await asyncio.sleep(0.05)
            for one in begun:
                await _end(one)
    finally:
        for one in begun:
            if one.returncode is None:
                one.kill()
    return len(begun)


def _lend(numbers: range, unit: Unit) -> None:
    """Have papers lent whose next reminder strikes in the afternoon.

    What the first one waits for, the others wait for as well.
    """
    world = World(policies_of(company.settings_of(Path()).company), china(), Registry(FEATURES))
    people = [one for one in staff.everybody(unit.session) if _kept(unit, one.id)]
    kept = {one.id: _kept(unit, one.id)[0] for one in people}
    for one in people:
        accounts.bind(unit, "phones", one.id, one.id)
    for number in numbers:
        person = people[number % len(people)]
        new = NewLoan(
            "loan", kept[person.id], person.id, person.department, "check", "核对合同", "out",
            "customer-service",
        )  # fmt: skip
        id_ = loans.add(unit, new, LENT)
        loans.give_number(unit, id_, f"借-2026-{number:05}")
        held = loans.get(unit, id_)
        assert held is not None
        out = replace(
            held,
            state="lent",
            lent_at=LENT,
            due_on=LENT.date(),
            due_at=datetime(2026, 9, 17, 16, tzinfo=UTC),
        )
        saved = loans.save(unit, held, out, LENT)
        if number == numbers[0]:
            loan_clock.start(world.context(unit, person, "", "", LENT), saved)
            first = unit.session.execute(select(watch).where(watch.c.case_id == id_)).one()
        ledger.watch(unit, "loan", id_, first.next_rung, first.next_due_at, person.id, first.lane)


def _kept(unit: Unit, keeper: str) -> tuple[int, ...]:
    """Return a dossier that somebody keeps, if there is one."""
    return dossiers.kept_by(unit.session, [keeper], 1)


async def _begin(*words: str) -> asyncio.subprocess.Process:
    """Return a process that looks at the clock by now."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.two", *words, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(BUSY * LIMIT):
        while b"looking" not in (line := await process.stdout.readline()):
            assert line, "it ended"
    return process


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    async with asyncio.timeout(LIMIT):
        await process.communicate()
    assert process.returncode == 0


def _lines(said: Path) -> list[str]:
    return said.read_text(encoding="utf-8").splitlines() if said.exists() else []


def _left(url: str) -> int:
    """Return how many rungs are still to be recorded or sent."""
    with looking(url) as connection:
        due = select(func.count()).select_from(watch).where(watch.c.next_due_at <= STRUCK)
        unsent = select(func.count()).select_from(outbox)
        unsent = unsent.where(outbox.c.state.in_(("ready", "sending")), outbox.c.due_at <= STRUCK)
        return sum(connection.execute(one).scalar_one() for one in (due, unsent))
