"""Original papers are added to, never altered; working files by the manager's consent.

Acceptance scenarios E07 and E09.
"""

from __future__ import annotations

import pytest

from tests.features.diary import rows
from tests.features.estate import CLERK, MANAGER, manages, value
from tests.features.office import Office, one_channel

PAPERS = "入住申请表2份"


@pytest.mark.rule("S1-02.8")
class TestGivenATenantsPapers:
    async def test_when_altered_then_refused_with_the_clause_and_what_can_be_done(
        self, office: Office
    ) -> None:
        manages(office, "tenant", move_in=PAPERS)
        me = office[CLERK]
        await me.say("更新 听涛 入住表格 入伙通知书")
        shown = await me.tap("提交")
        assert "原始档案不得改动（S1-02.8）" in shown
        assert "写备注" in shown
        assert "按更正提交" not in shown.labels  # the pack has no correction for tenants
        assert value(office, "move_in") == PAPERS
        assert rows(office, "SELECT state FROM change_set") == [("draft",)]
        assert "拜访记录" in await me.tap("写备注")

    async def test_when_a_paper_is_added_then_it_stands_behind_what_is_there(
        self, office: Office
    ) -> None:
        manages(office, "tenant", move_in=PAPERS)
        me = office[CLERK]
        id_ = rows(office, "SELECT id FROM dossier WHERE number = 'KH-2022-0044'")[0][0]
        shown = await me.press(f"f.update.field.{id_}.move_in")
        assert "已有内容不改动，只可补加（S1-02.8）" in shown
        shown = await me.say("补充协议1份")
        assert f"{PAPERS}；补充协议1份" in shown
        await me.tap("提交")
        assert value(office, "move_in") == f"{PAPERS}；补充协议1份"

    @one_channel
    async def test_other_data_are_updated_as_ever(self, office: Office) -> None:
        manages(office, "tenant")
        await office[CLERK].say("更新 听涛 联系资料 0755-0866 1234")
        await office[CLERK].tap("提交")
        assert value(office, "telephone") == "0755-0866 1234"


@pytest.mark.rule("S1-02.8")
async def test_when_a_working_file_is_changed_then_the_manager_is_asked(office: Office) -> None:
    manages(office, "working_file")
    await office[CLERK].say("更新 听涛 联系资料 0755-0866 1234")
    shown = await office[CLERK].tap("提交")
    assert "等待审批：王海峰" in shown
    before = value(office, "telephone")
    card = await office[MANAGER].see()
    assert "S1-02.8" in card
    assert before != "0755-0866 1234"
    await office[MANAGER].tap("同意")
    assert value(office, "telephone") == "0755-0866 1234"


@pytest.mark.rule("S5-4.4")
async def test_when_a_residents_data_are_replaced_then_by_a_correction_only(
    office: Office,
) -> None:
    manages(office, "resident")
    me, before = office[CLERK], value(office, "telephone")
    await me.say("更新 听涛 联系资料 0755-0866 1234")
    shown = await me.tap("提交")
    assert "已有内容不得自行改动（S5-4.4）" in shown
    await me.tap("按更正提交")
    await me.say("客户来电指出号码有误")
    await me.tap("提交")
    assert value(office, "telephone") == before
    await office[MANAGER].see()
    await office[MANAGER].tap("同意")
    assert value(office, "telephone") == "0755-0866 1234"
    kept = rows(office, "SELECT state, rule FROM field_change")
    assert kept == [("applied", "S5-4.4")]
