"""A tenant has another name: the label is replaced, and the task stays until that is confirmed.

Acceptance scenario A15.
"""

from __future__ import annotations

import pytest

from tests.features.council import audited
from tests.features.diary import at, rows
from tests.features.estate import CLERK, MANAGER, SUPERVISOR, manages, value
from tests.features.office import Office, one_channel

NAME = "听涛国际酒店管理有限公司"


async def rename(office: Office) -> None:
    manages(office, "tenant")
    await office[CLERK].say(f"更新 听涛 租户公司名称 {NAME}")
    await office[CLERK].tap("提交")


@pytest.mark.rule("S1-02.5")
class TestGivenATenantWithAnotherName:
    async def test_the_task_stays_until_who_keeps_the_shelf_confirms(self, office: Office) -> None:
        await rename(office)
        told = await office[SUPERVISOR].see()
        assert f"{NAME}：档案标牌须改为客户现在的名称（S1-02.5）" in told
        assert "待换标牌（1）" in await office[SUPERVISOR].say("今日")
        await office.until(at("09-15 09:01"))
        assert "更换标牌" in await office[SUPERVISOR].see()
        await office[SUPERVISOR].tap("标牌已换")
        assert value(office, "label_name") == NAME
        (one,) = audited(office, "label.replaced")
        assert (one["staff_id"], one["rule"]) == (SUPERVISOR, "S1-02.5")
        assert "待换标牌" not in (await office[SUPERVISOR].say("今日")).text
        await office.until(at("09-18 12:00"))
        assert "更换标牌" not in (await office[SUPERVISOR].see()).text

    @one_channel
    async def test_when_nobody_confirms_then_it_goes_on_and_the_manager_hears(
        self, office: Office
    ) -> None:
        await rename(office)
        await office.until(at("09-16 09:01"))
        assert "标牌逾期未换" in await office[MANAGER].see()
        await office.until(at("09-21 09:01"))
        said = rows(office, "SELECT outcome FROM notice WHERE case_kind = 'label'")
        assert len(said) > 3

    @one_channel
    async def test_when_somebody_else_confirms_then_refused(self, office: Office) -> None:
        await rename(office)
        ((task,),) = rows(office, "SELECT id FROM label_task")
        assert "不归您处理" in await office[CLERK].press(f"f.label.done.{task}")
        await office[SUPERVISOR].press(f"f.label.done.{task}")
        assert "已确认更换" in await office[SUPERVISOR].press(f"f.label.done.{task}")

    @one_channel
    async def test_when_another_field_changes_then_no_label_is_asked_for(
        self, office: Office
    ) -> None:
        manages(office, "tenant")
        await office[CLERK].say("更新 听涛 联系资料 0755-0866 1234")
        await office[CLERK].tap("提交")
        assert rows(office, "SELECT id FROM label_task") == []


@one_channel
async def test_where_the_policy_asks_for_none_then_no_task(office: Office) -> None:
    await office[CLERK].say(f"更新 听涛 客户名称 {NAME}")
    await office[CLERK].tap("提交")
    assert rows(office, "SELECT id FROM label_task") == []
