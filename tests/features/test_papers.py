"""The papers of a dossier on its card: what lies there, for whom, page by page."""

from __future__ import annotations

import pytest

from storage import documents, dossiers
from storage.documents import DocumentRow
from storage.unit import Unit
from tests.features.diary import COLLEAGUE, MANAGER, SALES, rows
from tests.features.office import Office

SERVICE = "CY035"
HX = "KH-2023-0042"
"""Has nine papers, two of them confidential."""
QB = "KH-2022-0013"
"""Is secret, and has a paper that is top secret."""
BARE = "KH-2022-0044"


def id_of(office: Office, number: str) -> int:
    found = office.look(lambda unit: dossiers.by_number(unit.session, number))
    assert found is not None
    return found


class TestGivenADossierWithPapers:
    async def test_when_opened_then_each_is_told_with_form_count_and_place(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"/find {HX}")
        shown = await me.tap("材料清单")
        assert HX in shown
        assert "第 1–6 份，共 9 份" in shown
        if office.channel == "narrow":  # carries nothing that is graded
            assert "1. 秘密材料：此聊天中不显示。" in shown
            assert "合同盒" not in shown
        else:
            assert "1. 2026年度框架供货合同" in shown
            assert "原件 · 12 页 · 1 份 · 重要 · 秘密 · C柜1层16号 合同盒" in shown
        assert "2. 2026年度框架供货合同" in shown
        assert "复印件 · 12 页 · 2 份 · 重要 · C柜1层16号" in shown

    async def test_when_it_is_long_then_it_has_pages(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"/find {HX}")
        await me.tap("材料清单")
        shown = await me.tap("›")
        assert "第 7–9 份，共 9 份" in shown
        assert "9. 新仓库现场照片" in shown
        assert "›" not in shown.labels
        assert "第 1–6 份" in await me.tap("‹")
        assert "保管人：张晓雯" in await me.tap("客户")

    @pytest.mark.parametrize("page", ["1", "9", "-1", "x", "99999999"])
    async def test_when_a_page_is_not_there_then_one_that_is(
        self, office: Office, page: str
    ) -> None:
        id_ = id_of(office, HX)
        shown = await office[SALES].press(f"f.papers.list.{id_}.{page}")
        assert "共 9 份" in shown

    async def test_when_there_are_none_then_no_button_and_it_says_so(self, office: Office) -> None:
        me = office[SALES]
        shown = await me.say(f"/find {BARE}")
        assert "材料清单" not in shown.labels
        shown = await me.press(f"f.papers.list.{id_of(office, BARE)}")
        assert "这份档案尚未登记材料" in shown

    async def test_when_a_title_is_very_long_then_it_is_whole(self, office: Office) -> None:
        id_, title = id_of(office, BARE), "关于年度框架供货合同补充条款的会议纪要" * 10

        def add(unit: Unit) -> None:
            for number in range(6):
                documents.add(unit, id_, DocumentRow(f"{number}{title}", "original"))

        office.change(add)
        me = office[SALES]
        await me.say(f"/find {BARE}")
        assert title[-20:] in await me.tap("材料清单")


class TestGivenOthers:
    async def test_when_they_do_not_see_the_content_then_no_papers_either(
        self, office: Office
    ) -> None:
        for who in (SERVICE, COLLEAGUE):
            shown = await office[who].say(f"/find {HX}")
            assert "材料清单" not in shown.labels
            shown = await office[who].press(f"f.papers.list.{id_of(office, HX)}")
            assert "合同" not in shown
            assert "没有这份档案" in shown

    @pytest.mark.rule("S2-SECR.12a")
    async def test_when_a_paper_is_above_their_clearance_then_it_is_not_there(
        self, office: Office
    ) -> None:
        if office.channel != "phones":
            pytest.skip("other messengers carry nothing of a secret dossier")
        id_ = id_of(office, QB)
        shown = await office[MANAGER].press(f"f.papers.list.{id_}")
        assert "共 1 份" in shown
        assert "仪器采购合同" in shown
        assert "绝密" not in shown
        shown = await office[SALES].press(f"f.papers.list.{id_}")  # the keeper
        assert "共 2 份" in shown
        assert "2. 绝密材料：此聊天中不显示。" in shown
        assert "报价与成本" not in shown


@pytest.mark.rule("S3-SPEC2.3.4c")
async def test_when_somebody_looks_then_it_is_kept(office: Office) -> None:
    await office[MANAGER].press(f"f.papers.list.{id_of(office, HX)}")
    assert rows(office, "SELECT staff_id, way, by_right FROM look") == [
        (MANAGER, "papers", "superior")
    ]
    acts = rows(office, "SELECT action FROM audit WHERE staff_id = ?", MANAGER)
    assert ("dossier.papers_read",) in acts
