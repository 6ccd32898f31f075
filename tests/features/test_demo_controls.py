"""The demo's clock and outage: every rung once, whatever the clock jumps over."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest_asyncio

from bot.app import App
from bot.channels.phones.channel import Phones
from bot.channels.phones.platform import Platform
from bot.clock import DemoClock
from bot.demo import OPENS, Controls, settings_for
from handlers.handovers import handover_open
from handlers.handovers.handover_open import Start
from storage.unit import Unit
from tests.features.conftest import PEOPLE, bind, in_store
from tests.features.desk import acting
from tests.features.diary import HONGXIN, MANAGER, SALES, SHANGHAI, at, ledger, rows
from tests.features.office import Office, PhonesHands, phone_of

SERVICE = "CY035"
RECORDED = "SELECT case_kind, rung, due_at, recorded_at FROM notice"


@pytest_asyncio.fixture
async def demo(company: Path, tmp_path: Path) -> AsyncIterator[tuple[Office, Controls]]:
    folder = tmp_path / "demo"
    shutil.copytree(company, folder)
    settings = settings_for(folder, 0, "customer-service")
    in_store(settings, lambda unit: bind("phones", unit))
    clock = DemoClock(OPENS, pace=lambda: 0.0)
    platform = Platform(folder, [phone_of(one, one) for one in PEOPLE], clock.now)
    app = App(settings, clock, (Phones(platform),))
    office = Office(app, clock, folder)  # type: ignore[arg-type]  # it has what Office uses
    office.hands = {one: PhonesHands(office, platform, one) for one in PEOPLE}
    await app.start()
    yield office, Controls(app, clock, SHANGHAI)
    office.close()
    await app.stop()
    await platform.close()


def mended(office: Office, unit: Unit) -> None:
    """Let the papers of a mended car be due, which somebody is reminded of who reads here."""
    ctx = acting(office, unit, SERVICE)
    policy = ctx.in_force.governing("汽车售后部")
    row = policy.handover_of("repair_minor")
    assert row is not None
    handover_open.open_(
        ctx, Start(policy.pack, row, ctx.person, "粤A99999", "粤A99999", ctx.today)
    )


class TestGivenTheClockControl:
    async def test_when_moved_over_many_days_then_every_rung_comes_once(
        self, demo: tuple[Office, Controls]
    ) -> None:
        office, controls = demo
        await controls.move(at("09-30 12:00"))
        shown = await office[SALES].see()
        assert "第 1 次提醒" in shown
        assert "第 2 次提醒" in shown
        assert "服务中断" not in shown
        assert shown.text.count(f"{HONGXIN}：") == 2
        assert (await office[MANAGER].see()).text.count(f"拜访{HONGXIN}的记录") == 1
        said = Counter(rows(office, "SELECT case_id, rung FROM notice"))
        assert set(said.values()) == {1}
        assert {outcome for (outcome,) in rows(office, "SELECT outcome FROM notice")} <= {
            "sent", "unreachable",
        }  # fmt: skip
        # papers that nobody hands over are asked for as long as it takes
        watched = "SELECT case_id FROM watch WHERE case_kind NOT IN ('handover', 'gap')"
        assert rows(office, watched) == []

    async def test_when_a_message_brings_the_next_one_then_it_comes_at_the_same_instant(
        self, demo: tuple[Office, Controls]
    ) -> None:
        office, controls = demo
        office.change(lambda unit: mended(office, unit))
        await controls.move(at("09-17 12:00"))
        late = [
            (case_kind, rung)
            for case_kind, rung, due, recorded in rows(office, RECORDED)
            if datetime.fromisoformat(str(recorded)) - datetime.fromisoformat(str(due))
            > timedelta(minutes=1)
        ]
        assert late == []


class TestGivenTheOutageControl:
    async def test_when_the_clock_passes_its_end_then_the_late_rungs_collapse(
        self, demo: tuple[Office, Controls]
    ) -> None:
        office, controls = demo
        await controls.move(at("09-14 17:00"))
        await controls.outage(240)
        assert controls.back_at() is not None
        await controls.move(at("09-14 20:55"))
        assert HONGXIN not in await office[SALES].see()
        await controls.move(at("09-14 21:05"))
        shown = await office[SALES].see()
        assert controls.back_at() is None
        assert shown.text.count(f"{HONGXIN}：") == 1
        assert "服务中断" in shown
        assert [one[2] for one in ledger(office)] == ["sent", "collapsed"]

    async def test_when_messages_come_meanwhile_then_they_are_kept_and_in_time(
        self, demo: tuple[Office, Controls]
    ) -> None:
        office, controls = demo
        me = office[SALES]
        assert isinstance(me, PhonesHands)
        await me.say(f"拜访 {HONGXIN} 今天 看了货架")
        key, ref = me.key_of("提交")
        await controls.outage(60 * 24)
        await controls.move(at("09-14 22:00"))
        await me.leave(key, ref)
        await controls.move(at("09-15 10:00") + timedelta(minutes=1))
        assert "按时提交" in await me.see()
        assert ledger(office) == []
