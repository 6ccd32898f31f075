"""The database refuses for a while: nothing is confirmed that is not kept, all is made up for."""

from __future__ import annotations

import asyncio
import io
import re
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storage import database
from storage.errors import DatabaseRefused
from storage.unit import Unit
from tests.chaos import client, company
from tests.chaos.crowd import PATIENCE
from tests.chaos.desk import GLANCE, Desk, staffed, telegram_desk
from tests.chaos.test_faults import PEOPLE, SUPERIOR, crowd
from tests.chaos.verdict import opened

ROUNDS = (2, 20)
TIMES = 3
REFUSED = re.compile("store_refused|update_not_kept|round_failed")

Trouble = Callable[[Desk, io.StringIO], Coroutine[Any, Any, None]]


async def locked(desk: Desk, log: io.StringIO) -> None:
    """Another program writes and does not end."""
    path = desk.settings.storage.url.removeprefix("sqlite:///")
    for number in range(TIMES):
        await desk.sent(3 + 4 * number)
        with closing(sqlite3.connect(path, isolation_level=None)) as rival:
            rival.execute("BEGIN IMMEDIATE")
            await refused(log)


async def full(desk: Desk, log: io.StringIO) -> None:
    """The disk takes no further page."""

    async def limit(pages: int) -> None:
        def work(unit: Unit) -> None:
            unit.session.execute(text(f"PRAGMA max_page_count = {pages}"))

        while True:
            try:
                return await desk.app._units.run(work)
            except DatabaseRefused:  # it shared a commit with a unit that found the disk full
                continue

    for number in range(TIMES):
        await desk.sent(3 + 4 * number)
        await limit(1)  # no less than there are
        await refused(log)
        await limit(1_000_000)


async def refused(log: io.StringIO) -> None:
    """Return once somebody in the program met with a refusal."""
    seen = log.tell()
    async with asyncio.timeout(PATIENCE):
        while not REFUSED.search(log.getvalue(), seen):  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(GLANCE)


@pytest.mark.chaos
@pytest.mark.parametrize("mode", ["polling", "webhook"])
@pytest.mark.parametrize("trouble", [locked, full])
async def test_when_the_database_refuses_then_nothing_is_confirmed_that_is_not_kept(
    tmp_path: Path,
    set_time: Path,
    campaign: bool,
    log: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Trouble,
    mode: str,
) -> None:
    monkeypatch.setattr(database, "PATIENCE_MS", 50)
    settings = staffed(company.copied(set_time, tmp_path / "company"), (*PEOPLE, SUPERIOR))
    async with telegram_desk(settings, mode=mode) as desk:
        await desk.start()
        accepted = await crowd(desk, ROUNDS[campaign], trouble(desk, log))
        platform = client.platform_of(desk.server)
        with opened(settings, platform, desk.clock.now()) as verdict:
            problems = verdict.problems(accepted, 0)
        assert not problems, "\n".join(problems)
