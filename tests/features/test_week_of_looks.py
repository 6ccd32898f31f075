"""On Monday a keeper hears who looked at the own dossiers; the list is a tap away."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.settings import Pack
from storage import dossiers
from storage import tables as t
from tests.features.diary import COLLEAGUE, MANAGER, SALES, at, rows
from tests.features.office import Office

TITLE = "谁看过您的档案"
TINGTAO = "听涛假日酒店"
CHIEF = "CY004"
"""Made sales director for a test."""


@pytest.mark.rule("S3-SPEC2.3.4c")
class TestGivenOthersLooked:
    async def test_when_monday_comes_then_the_keeper_hears_it_once_with_the_list(
        self, office: Office
    ) -> None:
        await office[MANAGER].say("/find 听涛")
        await office[MANAGER].tap("显示 60 秒")
        await office[MANAGER].tap("检查监督")
        await office[SALES].say("/find 听涛")
        for who in (SALES, MANAGER):
            await office[who].see()
        await office.until(at("09-20 20:00"))
        assert TITLE not in await office[SALES].see()
        await office.until(at("09-21 08:59"))
        assert TITLE not in await office[SALES].see()
        await office.until(at("09-21 09:00"))
        shown = await office[SALES].see()
        assert "上周他人查看您的档案 2 次" in shown
        await office.restart()
        await office.until(at("09-22 12:00"))
        assert "上周他人" not in await office[SALES].see()
        assert "上周他人" not in await office[MANAGER].see()
        shown = await office[SALES].press("f.looks.week.2026-09-21")
        assert f"{TINGTAO} · 档案（上级）" in shown
        assert f"{TINGTAO} · 完整的个人信息（上级） · 用途：检查监督" in shown
        assert "保管人）" not in shown.text
        assert "保管人：张晓雯" in await office[SALES].tap(TINGTAO)

    async def test_when_the_bot_was_down_on_monday_then_it_is_told_when_it_is_back(
        self, office: Office
    ) -> None:
        await office[MANAGER].say("/find 听涛")
        await office.until(at("09-20 12:00"))
        await office[SALES].see()
        await office.app.stop()
        office.clock.advance(at("09-23 10:00"))
        await office.app.start()
        await office.app.scan(office.clock.now())
        await office.settle()
        assert "上周他人查看您的档案 1 次" in await office[SALES].see()

    async def test_when_the_list_is_asked_for_then_it_is_ones_own_only(
        self, office: Office
    ) -> None:
        await office[MANAGER].say("/find 听涛")
        shown = await office[SALES].say("谁看过")
        assert f"{TINGTAO} · 档案（上级）" in shown
        for who in (MANAGER, COLLEAGUE):
            assert TINGTAO not in (await office[who].say("谁看过")).text.replace("/find", "")
        for week in ("2026-13-01", "x", "0001-01-01", "9999-12-31", "7"):
            assert "那一周没有人查看" in await office[SALES].press(f"f.looks.week.{week}")
        assert len(rows(office, "SELECT 1 FROM audit WHERE action = 'looks.week'")) == 3


class TestGivenNobodyElseLooked:
    async def test_when_monday_comes_then_nothing_is_said(self, office: Office) -> None:
        await office[SALES].say("/find 听涛")
        await office.until(at("09-21 09:30"))
        assert TITLE not in await office[SALES].see()
        assert "上周他人" not in await office[SALES].see()
        assert rows(office, "SELECT 1 FROM notice WHERE case_kind = 'looks'") == []


@pytest.mark.rule("C-03")
@pytest.mark.parametrize("office", ["phones"], indirect=True)
class TestGivenCompanyLevel:
    async def test_when_the_sales_director_looked_then_the_general_manager_has_the_list(
        self, office: Office
    ) -> None:
        await office.app.stop()
        settings = office.settings
        packs = tuple(Pack(pack=name) for name in ("sales-levels", "log", "privacy"))
        company = replace(settings.company, packs=packs)
        office.app._settings = replace(settings, company=company)
        await office.app.start()

        def raise_level(unit) -> None:
            found = dossiers.by_number(unit.session, "KH-2022-0044")
            keeper = {"level": "company", "keeper": CHIEF}
            unit.session.execute(t.dossier.update().where(t.dossier.c.id == found).values(keeper))
            for who, role in ((CHIEF, "sales_director"), (MANAGER, "gm")):
                unit.session.execute(
                    t.staff.update().where(t.staff.c.id == who).values(roles=role)
                )
                unit.session.execute(t.staff_key.insert().values(key=f"role:{role}", staff_id=who))

        def only_these(unit) -> None:
            for role in ("gm", "sales_director"):
                unit.session.execute(
                    t.staff_key.delete().where(t.staff_key.c.key == f"role:{role}")
                )

        office.change(only_these)
        office.change(raise_level)
        await office[CHIEF].say("/find 听涛")
        await office.until(at("09-21 09:00"))
        shown = await office[MANAGER].see()
        assert "上周销售总监查看过公司级档案" in shown
        shown = await office[MANAGER].press("f.looks.company.2026-09-21")
        assert "档案（保管人）" in shown
        assert "无权查看" in await office[SALES].press("f.looks.company.2026-09-21")
