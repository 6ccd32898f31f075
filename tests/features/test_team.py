"""A manager reads the team's notes, one after the other, and says a word back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from storage.unit import Unit
from tests.features.diary import HONGXIN, MANAGER, SALES, note, rows
from tests.features.office import Hands, Office, Shown

SERVICE, SECOND_PHONE = "CY035", "CY015-2"


async def caught_up(office: Office) -> None:
    """Let the manager read everything there is."""
    hands = office[MANAGER]
    shown = await hands.say("团队")
    if "逐条阅读" in shown.labels:
        shown = await hands.tap("逐条阅读")
    while "下一条未读" in shown.labels:
        shown = await hands.tap("下一条未读")


async def read_last(hands: Hands) -> Shown:
    await hands.say("团队")
    return await hands.tap("逐条阅读")


class TestGivenUnreadNotes:
    @pytest.mark.rule("S2-INFO.17")
    async def test_when_listed_then_the_oldest_comes_first_and_the_new_one_last(
        self, office: Office
    ) -> None:
        manager = office[MANAGER]
        before = await manager.say("团队")
        await note(office)
        shown = await manager.say("团队")
        assert f"张晓雯 · {HONGXIN} · 9月14日 周一" in shown.labels
        old = [one for one in before.labels if " · " in one]
        new = [one for one in shown.labels if " · " in one]
        assert new == [*old, f"张晓雯 · {HONGXIN} · 9月14日 周一"]

    async def test_when_opened_then_it_is_read_and_leads_to_its_neighbours(
        self, office: Office
    ) -> None:
        manager = office[MANAGER]
        await note(office)
        await manager.say("团队")
        shown = await manager.tap(f"张晓雯 · {HONGXIN} · 9月14日 周一")
        assert "看了货架" in shown
        assert {"‹ 上一条", "下一条未读", "返回列表", "点评"} <= set(shown.labels)
        assert "下一条 ›" not in shown.labels
        shown = await manager.tap("‹ 上一条")
        assert "看了货架" not in shown
        assert "下一条 ›" in shown.labels
        assert "看了货架" in await manager.tap("下一条 ›")
        shown = await manager.tap("返回列表")
        assert not any(HONGXIN in one for one in shown.labels)

    async def test_when_read_on_to_the_end_then_all_is_read(self, office: Office) -> None:
        manager = office[MANAGER]
        await caught_up(office)
        assert "逐条阅读" not in (await manager.say("团队")).labels
        await note(office)
        shown = await read_last(manager)
        assert "看了货架" in shown
        assert "下一条未读" not in shown.labels

    async def test_when_one_was_withdrawn_then_it_is_not_listed(self, office: Office) -> None:
        me, manager = office[SALES], office[MANAGER]
        await note(office)
        await manager.say("团队")
        key, ref = manager.key_of("逐条阅读")
        await caught_up(office)
        await note(office, words="又看了货架")
        await me.tap("查看")
        await me.tap("撤回")
        await me.tap("撤回")
        assert "又看了货架" not in await manager.press(key, ref)

    async def test_when_the_author_has_another_superior_since_then_it_leaves_the_list(
        self, office: Office
    ) -> None:
        await caught_up(office)
        await note(office)
        office.change(moved_away)
        shown = await office[MANAGER].say("团队")
        assert HONGXIN not in shown.text
        assert not any("张晓雯" in one for one in shown.labels)


def moved_away(unit: Unit) -> None:
    """Give the salesperson another superior, outside the manager's team."""
    unit.session.execute(text("UPDATE staff SET superior = 'CY021' WHERE id = 'CY015'"))


class TestGivenAComment:
    @pytest.mark.rule("S2-INFO.17")
    async def test_when_made_then_author_and_manager_talk_about_the_note(
        self, office: Office
    ) -> None:
        me, manager = office[SALES], office[MANAGER]
        await caught_up(office)
        await note(office)
        await me.see()
        await read_last(manager)
        await manager.tap("点评")
        shown = await manager.say("价格是多少？")
        assert "已发给张晓雯" in shown
        shown = await me.see()
        assert "王海峰点评 访-2026-" in shown
        assert "价格是多少？" in shown
        await me.tap("回复")
        assert "已发给王海峰" in await me.say("每件 12 元")
        shown = await manager.see()
        assert "每件 12 元" in shown
        shown = await manager.tap("查看")
        assert "价格是多少？" in shown
        assert "每件 12 元" in shown

    async def test_when_tapped_in_the_list_of_another_then_nobody_else_comments(
        self, office: Office
    ) -> None:
        await note(office)
        ((id_,),) = rows(
            office,
            "SELECT CAST(id AS TEXT) FROM visit_note ORDER BY filed_at DESC, id DESC LIMIT 1",
        )
        for who in ("CY016", SERVICE):
            shown = await office[who].press(f"f.note.comment.{id_}")
            assert "没有这条记录，或者您无权查看" in shown

    async def test_when_the_note_is_withdrawn_while_writing_then_it_is_not_sent(
        self, office: Office
    ) -> None:
        me, manager = office[SALES], office[MANAGER]
        await caught_up(office)
        await note(office)
        await read_last(manager)
        await manager.tap("点评")
        await me.tap("查看")
        await me.tap("撤回")
        await me.tap("撤回")
        await me.see()
        assert "没有这条记录" in await manager.say("价格是多少？")
        assert "价格是多少" not in await me.see()
