"""A compiled report goes out only once it is approved, and to whom its author says."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import FileKind
from rules.occasions import Action
from storage.affairs import AffairState
from tests.features.affair import kept, post, row_of
from tests.features.council import COLLEAGUE, HEAD, SALES, audited, states
from tests.features.desk import under
from tests.features.office import JPEG, Office, Shown, one_channel

AUTHOR, DIRECTOR = "CY009", "CY004"
"""Accounts of the company office and of who decides."""


def staffed(office: Office) -> None:
    """Let one person be the company office and another the general manager."""
    rows = office.app.world.policies.governed[0].versions[0].approval
    others = (one for one in rows if one.action is not Action.REPORT_RELEASE)
    under(office, approval=(*others, row_of("industrial-sales", Action.REPORT_RELEASE)))
    post(office, AUTHOR, "company_office")
    post(office, DIRECTOR, "gm")


async def handed_in(office: Office) -> Shown:
    me = office[AUTHOR]
    assert "S1-04.6.3" in await me.say("报告送审")
    await me.say("2026 年顾客满意度调查分析报告，总体满意度 91%")
    await me.send((JPEG, FileKind.PHOTO, "report.jpg"))
    await me.tap("完成")
    return await me.tap("提交")


@pytest.mark.rule("S1-04.6.3")
class TestGivenASatisfactionReport:
    async def test_when_the_general_manager_approves_then_the_departments_get_it(
        self, office: Office
    ) -> None:
        staffed(office)
        await handed_in(office)
        early = await office[AUTHOR].press(f"f.releasing.to.{kept(office).id}")
        assert "没有这份报告" in early
        assert "总体满意度" not in await office[HEAD].see()
        card = await office[DIRECTOR].see()
        assert "报告送审，批准后发出" in card
        assert "总体满意度 91%" in card
        read = await office[DIRECTOR].press(f"f.releasing.files.{kept(office).id}")
        assert read.files == (office.channel != "narrow")
        await office[DIRECTOR].press(*office[DIRECTOR].key_of("同意"))
        assert kept(office).state is AffairState.APPROVED
        assert "已批准（S1-04.6.3）" in await office[AUTHOR].see()
        await office[AUTHOR].tap("发给部门")
        told = await office[AUTHOR].say("销售一部、没有的部门")
        assert "已发给：销售一部。" in told
        assert "未发送：没有的部门。" in told
        heard = await office[HEAD].see()
        assert "发来已批准的报告（S1-04.6.3）：2026 年顾客满意度调查分析报告" in heard
        assert heard.files == (office.channel != "narrow")
        assert "总体满意度" not in await office[SALES].see()
        (entry,) = audited(office, "release.sent")
        assert (entry["staff_id"], entry["rule"]) == (AUTHOR, "S1-04.6.3")

    @one_channel
    async def test_when_sent_again_to_the_same_then_it_comes_once(self, office: Office) -> None:
        staffed(office)
        await handed_in(office)
        await office[DIRECTOR].see()
        await office[DIRECTOR].tap("同意")
        for _ in range(2):
            await office[AUTHOR].press(f"f.releasing.to.{kept(office).id}")
            await office[AUTHOR].say("销售一部")
        assert (await office[HEAD].see()).text.count("发来已批准的报告") == 1

    @one_channel
    async def test_when_refused_then_nobody_gets_it(self, office: Office) -> None:
        staffed(office)
        await handed_in(office)
        await office[DIRECTOR].say("/no 1 样本太少")
        assert states(office) == ["refused"]
        assert "样本太少" in await office[AUTHOR].see()
        tried = await office[AUTHOR].press(f"f.releasing.to.{kept(office).id}")
        assert "没有这份报告" in tried

    @one_channel
    async def test_when_somebody_else_presses_then_nothing_is_learned(
        self, office: Office
    ) -> None:
        staffed(office)
        await handed_in(office)
        await office[DIRECTOR].see()
        await office[DIRECTOR].tap("同意")
        for verb in ("files", "to"):
            for word in (str(kept(office).id), "7", "x"):
                shown = await office[COLLEAGUE].press(f"f.releasing.{verb}.{word}")
                assert "没有这份报告" in shown
                assert "满意度" not in shown.text

    @one_channel
    async def test_when_somebody_else_hands_one_in_then_told_whose_it_is(
        self, office: Office
    ) -> None:
        staffed(office)
        assert "由公司办公室送审（S1-04.6.3）" in await office[SALES].say("报告送审")
