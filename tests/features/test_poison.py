"""A message that cannot be handled: kept, said, out of the way, and handled once it can be."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass

import pytest
from sqlalchemy import select, text

from handlers import FEATURES
from handlers.context import Context
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from storage import audit, inbox, notes
from storage import tables as t
from storage.errors import DatabaseRefused
from tests.features.office import CHANNELS, Office

SALES, COLLEAGUE = "CY015", "CY016"
ALONE = (3, 4)
"""Three times alone, and once before if it had shared a commit."""
SECRET = "绝不能写进日志的一句话"


class OutOfOrder(Exception):
    """What no code of ours expects."""


@dataclass
class Fault:
    broken: bool = True
    tries: int = 0

    def open(self, ctx: Context, words: str) -> Reply:
        ctx.record("trial.done", f"staff:{ctx.person.id}")
        self.tries += 1
        if self.broken:
            raise OutOfOrder(words)
        return Reply.of(Card(f"done: {words}"))


@pytest.fixture
def fault() -> Fault:
    return Fault()


@pytest.fixture
def features(fault: Fault) -> tuple[Feature, ...]:
    return (*FEATURES, Feature(key="trial", title="Help", command="trial", open=fault.open))


def failed(office: Office) -> list[inbox.Failed]:
    return office.look(lambda unit: inbox.failed(unit.session))


class TestGivenAMessageThatAlwaysRaises:
    async def test_when_it_comes_then_it_is_tried_three_times_kept_sealed_and_apologised_for(
        self, office: Office, fault: Fault
    ) -> None:
        shown = await office[SALES].say(f"/trial {SECRET}")
        assert fault.tries in ALONE
        (one,) = failed(office)
        assert one.reference in shown.text
        row = office.look(
            lambda unit: unit.session.execute(
                select(t.inbox.c.id, t.inbox.c.body).where(t.inbox.c.state == "failed")
            ).one()
        )
        assert SECRET in office.look(lambda unit: unit.vault.open(row.body, row.id))
        assert SECRET.encode() not in row.body.data
        entries = office.look(
            lambda unit: unit.session.execute(
                select(t.audit.c.action).where(t.audit.c.action == "trial.done")
            ).all()
        )
        assert entries == []

    async def test_when_it_is_delivered_again_then_nothing_more_happens(
        self, office: Office, fault: Fault
    ) -> None:
        me = office[SALES]
        await me.say("/trial x")
        shown = await me.again()
        assert not shown.text.strip()
        assert fault.tries in ALONE
        assert len(failed(office)) == 1

    async def test_when_others_follow_then_they_are_served(self, office: Office) -> None:
        me = office[SALES]
        await me.say("/trial x")
        shown = await me.say("/today")
        assert "张晓雯" in shown
        shown = await office[COLLEAGUE].say("/today")
        assert "李志强" in shown

    async def test_when_one_of_a_hundred_is_poison_then_ninety_nine_are_served(
        self, office: Office
    ) -> None:
        people = ("CY015", "CY016", "CY014", "CY009")
        await asyncio.gather(
            *(
                office.hand_in(
                    people[n % 4], **({"command": "trial"} if n == 41 else {"command": "help"})
                )
                for n in range(100)
            )
        )
        assert len(failed(office)) == 1
        states = office.look(
            lambda unit: [
                row.state
                for row in unit.session.execute(
                    select(t.inbox.c.state).where(t.inbox.c.key.like("hand-%"))
                )
            ]
        )
        assert sorted(states) == ["done"] * 99 + ["failed"]

    async def test_when_the_fault_is_gone_then_retry_handles_it_once(
        self, office: Office, fault: Fault
    ) -> None:
        me = office[SALES]
        await me.say("/trial x")
        (one,) = failed(office)
        fault.broken = False
        assert office.change(lambda unit: inbox.requeue(unit, one.reference))
        await office.app.scan(office.clock.now())
        await office.settle()
        assert "done: x" in await me.see()
        await office.app.scan(office.clock.now())
        await office.settle()
        assert not (await me.see()).text.strip()
        assert failed(office) == []
        bodies = office.look(
            lambda unit: unit.session.execute(
                select(t.inbox.c.id).where(t.inbox.c.body.is_not(None))
            ).all()
        )
        assert bodies == []

    async def test_when_retried_too_early_then_it_is_given_up_anew(self, office: Office) -> None:
        me = office[SALES]
        await me.say("/trial x")
        (first,) = failed(office)
        office.change(lambda unit: inbox.requeue(unit, first.reference))
        await office.app.scan(office.clock.now())
        await office.settle()
        (second,) = failed(office)
        assert second.attempts == 2
        assert second.reference in (await me.see()).text
        shown = await me.say("/today")
        assert "张晓雯" in shown

    async def test_when_a_stranger_sends_what_cannot_be_read_then_nothing_of_it_is_kept(
        self, office: Office
    ) -> None:
        await office["X001"].say(f"/trial {SECRET}")
        assert failed(office) == []


@pytest.mark.parametrize("office", CHANNELS, indirect=True)
class TestGivenAStoreThatRefuses:
    """As SQLite does; the server's ways are in `tests/bot/test_units_server.py`."""

    async def _refuses(self, office: Office, words: str) -> None:
        with pytest.raises(DatabaseRefused):
            await office.hand_in(SALES, key="same", text=words)

    async def test_when_the_disk_is_full_then_nothing_is_taken_and_later_it_happens_once(
        self, office: Office
    ) -> None:
        units = office.app._units
        await units.run(lambda unit: unit.session.execute(text("PRAGMA max_page_count = 1")))
        await self._refuses(office, "随手记一下" + "很长的一段话" * 5000)
        await units.run(
            lambda unit: unit.session.execute(text("PRAGMA max_page_count = 1073741823"))
        )
        words = "随手记一下" + "很长的一段话" * 5000
        for _ in range(3):
            await office.hand_in(SALES, key="same", text=words)
        await office.settle()
        assert (await office[SALES].see()).text.count("已存好") == 1
        count = office.look(
            lambda unit: unit.session.execute(
                select(t.loose.c.id).where(t.loose.c.staff_id == SALES)
            ).all()
        )
        assert len(count) == 1
        verdict = office.look(lambda unit: audit.verify(unit.session, unit.vault))
        assert verdict.broken_at is None

    async def test_when_another_program_holds_the_lock_then_the_message_waits_for_it(
        self, office: Office
    ) -> None:
        await office.app._units.run(
            lambda unit: unit.session.connection().exec_driver_sql("PRAGMA busy_timeout = 50")
        )
        other = sqlite3.connect(office.folder / "dossierbot.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await self._refuses(office, "拜访 佛山市顺德区鸿鑫贸易商行 谈订单")
        other.execute("ROLLBACK")
        other.close()
        for _ in range(2):
            await office.hand_in(SALES, key="same", text="拜访 佛山市顺德区鸿鑫贸易商行 谈订单")
        await office.settle()
        shown = await office[SALES].tap("提交")
        assert "访-2026-" in shown
        last = office.look(lambda unit: notes.last_note_of(unit, SALES))
        assert last is not None
