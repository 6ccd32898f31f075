"""Who asks to read says which parts, and reads no other (S1-15.6.3)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from storage import documents, dossiers
from storage.documents import DocumentRow
from storage.unit import Unit
from tests.features.council import CUSTOMER, HEAD, INFO, SALES, council, states
from tests.features.desk import under
from tests.features.office import Office, Shown, one_channel

DATA, PAPERS = "客户资料", "材料目录"
PAPER = "二季度对账单"

pytestmark = pytest.mark.rule("S1-15.6.3")


def by_parts(office: Office) -> int:
    """Let the policy open by parts only; returns the dossier that is asked for."""
    under(office, dossier=replace(under(office).dossier, parts_rule="S1-15.6.3"))
    council(office)

    def paper(unit: Unit) -> int:
        found = dossiers.by_number(unit.session, CUSTOMER)
        assert found is not None
        documents.add(unit, found, DocumentRow(PAPER, "original", 3))
        return found

    return office.change(paper)


async def opened(office: Office, *parts: str) -> Shown:
    """Have parts of the dossier asked for and approved; returns what the head read."""
    me = office[SALES]
    await me.say(f"/find {CUSTOMER}")
    assert "批准后只开放所选部分" in await me.tap("申请查阅")
    for one in parts:
        await me.tap(one)
    await me.tap("完成")
    await me.tap("投诉处理")
    await me.say("客户投诉交货延迟")
    await me.say("今天")
    await me.tap("提交")
    card = await office[HEAD].see()
    await office[HEAD].tap("同意")
    await office[INFO].see()
    await office[INFO].tap("同意")
    await me.see()
    return card


class TestGivenAPolicyThatOpensParts:
    async def test_when_the_data_were_asked_for_then_the_papers_stay_closed(
        self, office: Office
    ) -> None:
        id_ = by_parts(office)
        assert f"只查阅：{DATA}" in await opened(office, DATA)
        me = office[SALES]
        shown = await me.say(f"/find {CUSTOMER}")
        assert "电话" in shown
        assert "材料" not in shown.labels
        assert "申请查阅" in shown.labels
        for key in ("papers.list", "custody.chain"):
            shown = await me.press(f"f.{key}.{id_}")
            assert "没有这份档案" in shown
            assert PAPER not in shown

    async def test_when_the_papers_were_asked_for_then_the_data_stay_closed(
        self, office: Office
    ) -> None:
        id_ = by_parts(office)
        assert f"只查阅：{PAPERS}" in await opened(office, PAPERS)
        me = office[SALES]
        shown = await me.say(f"/find {CUSTOMER}")
        assert "目前只对您开放材料目录，其他内容不开放（S1-15.6.3）" in shown
        assert "电话" not in shown
        assert PAPER in await me.press(f"f.papers.list.{id_}")
        for key in ("reveal.ask", "reveal.show", "update.open"):
            assert "0571" not in await me.press(f"f.{key}.{id_}.call")
        assert "没有这份档案" in await me.press(f"f.reveal.ask.{id_}")

    @one_channel
    async def test_when_the_other_part_is_granted_too_then_the_whole_is_open(
        self, office: Office
    ) -> None:
        id_ = by_parts(office)
        await opened(office, PAPERS)
        await opened(office, DATA)
        me = office[SALES]
        shown = await me.say(f"/find {CUSTOMER}")
        assert "电话" in shown
        assert "申请查阅" not in shown.labels
        assert PAPER in await me.press(f"f.papers.list.{id_}")

    @one_channel
    async def test_when_no_part_is_named_then_nothing_is_asked(self, office: Office) -> None:
        by_parts(office)
        me = office[SALES]
        await me.say(f"/find {CUSTOMER}")
        await me.tap("申请查阅")
        assert "查阅哪些部分" in await me.say("跳过")
        assert states(office) == []
