"""What people reword after sending it: corrected where it went, and no scolding elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from handlers.conversation.messages import FileKind, Place
from handlers.conversation.state import State, decode
from storage import conversations, inbox, loose, notes, staff
from storage import tables as t
from tests.features.diary import SALES
from tests.features.office import JPEG, Office, one_channel

SECOND = "CY015-2"
RECEIVER = "CY004"
"""Of customer service, who takes in requests for statistics."""
TINGTAO = "听涛假日酒店"
HONGXIN = "佛山市顺德区鸿鑫贸易商行"
where_others_can = pytest.mark.parametrize("office", ["phones", "narrow"], indirect=True)
"""On Telegram nobody can edit a message but the account that sent it."""
PHOTO = (JPEG, FileKind.PHOTO, "门头.jpg")


def state(office: Office, person: str = SALES) -> State:
    stored = office.look(lambda unit: conversations.active(unit, person))
    assert stored is not None
    found = decode(stored.state_json)
    assert found is not None
    return found


def drafts(office: Office) -> list[State]:
    kept = office.look(lambda unit: conversations.drafts(unit, SALES, 9))
    return [found for one in kept if (found := decode(one.state_json))]


def last_note(office: Office) -> notes.Note:
    found = office.look(lambda unit: notes.get_note(unit, notes.last_note_of(unit, SALES).id))
    assert found is not None
    return found


async def to_next(office: Office) -> dict[str, str]:
    """Answer a note up to its last question; return the keys of the messages by field."""
    me = office[SALES]
    await me.press("f.note.again")
    keys = {}
    for field, words in (
        ("customer", TINGTAO),
        ("day", "昨天"),
        ("manner", "电话"),
        ("body", "谈二季度订单"),
    ):
        await me.say(words)
        keys[field] = me.last_key
    assert state(office).at == "next"
    return keys


class TestGivenAnOpenForm:
    async def test_when_an_answer_is_edited_then_it_is_corrected_and_the_question_stays(
        self, office: Office
    ) -> None:
        me = office[SALES]
        keys = await to_next(office)
        for field, words, said, value in (
            ("body", "谈三季度订单", "经过：谈三季度订单", "谈三季度订单"),
            ("day", "前天", "日期：9月12日", "2026-09-12"),
            ("manner", "拜访", "方式：拜访", "visit"),
            ("manner", "2", "方式：接待", "reception"),
        ):
            shown = await me.edit(words, keys[field])
            assert f"已改正。{said}" in shown
            assert "下次什么时候联系" in shown
            assert state(office).at == "next"
            assert state(office).answers[field] == value
        shown = await me.edit(HONGXIN, keys["customer"])
        assert f"已改正。客户：{HONGXIN}" in shown
        await me.say("跳过")
        await me.tap("提交")
        filed = last_note(office)
        assert (filed.body, filed.day.isoformat()) == ("谈三季度订单", "2026-09-12")
        assert (filed.manner, filed.dossier_name) == ("reception", HONGXIN)

    @one_channel
    @pytest.mark.parametrize(
        ("field", "words", "why"),
        [
            ("day", "2月31日", "2月只有28天"),
            ("day", "明天", "这一天还没到"),
            ("day", "返回", "这里不能这样操作"),
            ("manner", "坐船", "请从列表中选一项"),
            ("customer", "查无此人某某", "没有找到"),
            ("customer", "鸿鑫", "对应多项"),
            ("body", " ", "没有读到内容"),
            ("body", "字" * 4001, "最多 4,000 字"),
        ],
    )
    async def test_when_the_new_wording_does_not_fit_then_the_answer_stays_and_why_is_said(
        self, office: Office, field: str, words: str, why: str
    ) -> None:
        keys = await to_next(office)
        before = state(office)
        shown = await office[SALES].edit(words, keys[field])
        assert "仍为原内容" in shown
        assert why in shown
        assert "下次什么时候联系" in shown
        assert (state(office).at, state(office).answers) == (before.at, before.answers)

    async def test_when_edited_on_the_review_card_then_it_shows_the_correction(
        self, office: Office
    ) -> None:
        me = office[SALES]
        keys = await to_next(office)
        await me.say("跳过")
        shown = await me.edit("谈价格", keys["body"])
        assert "经过：谈价格\n" in shown
        assert "提交" in shown

    async def test_when_edited_again_or_twice_or_out_of_order_then_the_latest_counts(
        self, office: Office
    ) -> None:
        me = office[SALES]
        keys = await to_next(office)
        await me.edit("谈价格", keys["body"])
        later = office.clock.now() + timedelta(minutes=2)
        await me.edit("谈交期", keys["body"], at=later)
        assert not (await me.edit("谈质量", keys["body"])).text.strip()
        assert state(office).answers["body"] == "谈交期"
        again = {"edits": keys["body"], "text": "谈服务", "at": later, "key": "same"}
        await office.hand_in(SALES, **again)
        await office.hand_in(SALES, **again | {"text": "谈别的"})
        assert state(office).answers["body"] == "谈服务"

    async def test_when_nothing_is_changed_by_it_then_nothing_is_said(
        self, office: Office
    ) -> None:
        me = office[SALES]
        keys = await to_next(office)
        before = office.look(lambda unit: conversations.active(unit, SALES))
        assert not (await me.edit("谈二季度订单", keys["body"])).text.strip()
        assert office.look(lambda unit: conversations.active(unit, SALES)) == before

    async def test_when_the_answer_was_changed_since_then_the_edit_leaves_it_alone(
        self, office: Office
    ) -> None:
        me = office[SALES]
        keys = await to_next(office)
        await me.say("跳过")
        await me.tap("日期")
        await me.tap("今天 9月14日 周一")
        assert not (await me.edit("前天", keys["day"])).text.strip()
        assert state(office).answers["day"] == "2026-09-14"

    async def test_when_what_was_not_understood_is_edited_then_it_is_the_answer(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.press("f.note.again")
        await me.say(TINGTAO)
        await me.say("那一天")
        assert state(office).at == "day"
        assert "以什么方式" in await me.edit("昨天")
        await me.say("电话会议谈的")
        assert state(office).offered
        await me.edit("电话")
        assert state(office).at == "body"
        assert state(office).answers["manner"] == "call"
        assert not state(office).offered

    async def test_when_the_bot_restarted_meanwhile_then_it_is_corrected_all_the_same(
        self, office: Office
    ) -> None:
        keys = await to_next(office)
        await office.restart()
        assert "已改正" in await office[SALES].edit("谈价格", keys["body"])

    async def test_when_a_place_keeps_moving_then_nothing_is_said_and_nothing_kept(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.place(22.5, 114.0, "科技园")
        rows = select(t.inbox.c.key)
        before = office.look(lambda unit: unit.session.execute(rows).all())
        for _ in range(3):
            shown = await me.edit("", place=Place(22.6, 114.1))
            assert not shown.text.strip()
        assert office.look(lambda unit: unit.session.execute(rows).all()) == before

    @where_others_can
    async def test_when_edited_from_another_phone_then_it_is_corrected_there(
        self, office: Office
    ) -> None:
        keys = await to_next(office)
        shown = await office[SECOND].edit("谈价格", keys["body"])
        assert "已改正" in shown
        assert state(office).answers["body"] == "谈价格"

    @where_others_can
    async def test_when_somebody_else_names_the_message_then_nothing_happens(
        self, office: Office
    ) -> None:
        keys = await to_next(office)
        before = state(office)
        assert not (await office["CY016"].edit("谈价格", keys["body"])).text.strip()
        assert state(office) == before

    async def test_when_the_person_left_the_company_then_nothing_is_corrected(
        self, office: Office
    ) -> None:
        keys = await to_next(office)
        before = state(office)
        office.change(lambda unit: staff.deactivate(unit, SALES))
        shown = await office[SALES].edit("谈价格", keys["body"])
        assert "谈" not in shown.text
        assert state(office) == before


class TestGivenOneLine:
    async def test_when_edited_then_what_came_from_it_is_read_anew(self, office: Office) -> None:
        me = office[SALES]
        await me.say("拜访 听涛 谈订单 下周三回访")
        shown = await me.edit("接待 听涛 昨天 谈价格 下周五回访")
        assert "日期：9月13日" in shown
        assert "经过：谈价格" in shown
        assert "方式：接待" in shown
        assert "下次联系：9月25日" in shown
        assert state(office).pane == "review"
        await me.edit("接待 听涛 昨天 谈价格")
        assert "next" not in state(office).answers

    async def test_when_something_was_changed_otherwise_then_only_the_rest_follows(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("/visit 听涛 谈订单")
        line = me.last_key
        await me.tap("日期")
        await me.say("前天")
        await me.edit("/visit 听涛 昨天 谈价格", line)
        assert state(office).answers["body"] == "谈价格"
        assert state(office).answers["day"] == "2026-09-12"

    async def test_when_the_customer_was_mistyped_then_the_edit_finds_it(
        self, office: Office
    ) -> None:
        me = office[SALES]
        assert "哪位客户" in await me.say("拜访 廷涛 谈订单")
        shown = await me.edit("拜访 听涛 谈订单")
        assert f"客户：{TINGTAO}" in shown
        assert state(office).pane == "review"

    async def test_when_it_is_no_line_any_more_then_it_says_so(self, office: Office) -> None:
        me = office[SALES]
        await me.say("拜访 听涛 谈订单")
        before = state(office).answers
        assert "不再是一句话记录" in await me.edit("听涛的事算了")
        assert state(office).answers == before


class TestGivenACaption:
    async def test_when_edited_then_the_words_it_gave_are(self, office: Office) -> None:
        me = office[SALES]
        await me.press("f.note.again")
        await me.send(PHOTO, text="货架照片和价签")
        key = me.last_key
        assert state(office).offered["body"] == "货架照片和价签"
        await me.edit("仓库照片和价签", key)
        assert state(office).offered["body"] == "仓库照片和价签"
        for words in (TINGTAO, "昨天", "电话"):
            await me.say(words)
        await me.tap("用“仓库照片和价签”")
        assert "已改正。经过：只看了仓库" in await me.edit("只看了仓库", key)
        assert len(state(office).answers["files"]) == 1

    async def test_when_written_afterwards_then_it_is_kept_as_one_sent_along(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("/visit")
        await me.send(PHOTO)
        await me.edit("货架照片和价签", me.last_key)
        assert state(office).offered["body"] == "货架照片和价签"

    async def test_when_written_after_the_next_question_then_it_is_kept_and_no_answer(
        self, office: Office
    ) -> None:
        me = office[RECEIVER]
        await me.say("/figures")
        for words in ("周明", "市统计局", "省统计局", "统函18号", "9月30日"):
            await me.say(words)
        await me.send(PHOTO)
        photo = me.last_key
        await me.say("完成")
        before = state(office, RECEIVER)
        shown = await me.edit("市局的介绍信", photo)
        assert "已存好" in shown.text
        after = state(office, RECEIVER)
        assert (after.at, after.answers) == (before.at, before.answers)
        assert after.at == "wanted"
        assert after.offered == {"wanted": "市局的介绍信"}
        await me.tap("用“市局的介绍信”")
        assert state(office, RECEIVER).answers["wanted"] == "市局的介绍信"


class TestGivenADraft:
    async def test_when_edited_then_the_draft_is_corrected_and_stays_one(
        self, office: Office
    ) -> None:
        me = office[SALES]
        keys = await to_next(office)
        await me.say("/today")
        shown = await me.edit("谈价格", keys["body"])
        assert TINGTAO in shown
        assert "已改正。经过：谈价格" in shown
        assert "继续填写" in shown.labels
        assert drafts(office)[0].answers["body"] == "谈价格"
        assert office.look(lambda unit: conversations.active(unit, SALES)) is None
        assert "下次什么时候联系" in await me.tap("继续填写")


class TestGivenWhatWaitsToBeSorted:
    async def test_when_edited_then_the_kept_text_is_and_the_note_made_of_it(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("对方想换包装")
        key = me.last_key
        assert "查找“对方想换颜色”" in await me.edit("对方想换颜色")
        (item,) = office.look(lambda unit: loose.open_items(unit, SALES))
        assert item.body["text"] == "对方想换颜色"
        await me.tap("写拜访记录")
        assert state(office).answers["body"] == "对方想换颜色"
        await me.edit("对方想换尺寸", key)
        assert state(office).answers["body"] == "对方想换尺寸"

    async def test_when_it_was_thrown_away_then_nothing_is_said(self, office: Office) -> None:
        me = office[SALES]
        await me.say("对方想换包装")
        key = me.last_key
        await me.tap("删除")
        assert not (await me.edit("对方想换颜色", key)).text.strip()

    async def test_when_an_albums_caption_is_edited_then_its_text_is(self, office: Office) -> None:
        me = office[SALES]
        await me.send(PHOTO, (JPEG + b"1", FileKind.PHOTO, "2.jpg"), text="门头")
        await me.edit("新门头", me.last_key)
        (item,) = office.look(lambda unit: loose.open_items(unit, SALES))
        assert item.body["text"] == "新门头"


class TestGivenASearch:
    async def test_when_edited_then_the_card_shows_the_new_find(self, office: Office) -> None:
        me = office[SALES]
        assert "没有找到" in await me.say("/find 廷涛酒楼")
        assert "KH-2022-0044" in await me.edit("/find 听涛")
        assert office.look(lambda unit: conversations.active(unit, SALES)) is None


class TestGivenAFiledNote:
    async def test_when_a_message_of_it_is_edited_then_the_way_to_correct_is_shown_once(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"拜访 {TINGTAO} 谈订单")
        key = me.last_key
        await me.tap("提交")
        number = last_note(office).number
        shown = await me.edit(f"拜访 {TINGTAO} 谈定单", key)
        assert number in shown
        assert "已经提交" in shown
        assert not (await me.edit(f"拜访 {TINGTAO} 谈价格", key)).text.strip()
        assert last_note(office).body == "谈订单"
        await me.tap("更正")
        assert state(office).answers["body"] == "谈订单"

    async def test_when_days_have_passed_then_nothing_of_it_is_remembered(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"拜访 {TINGTAO} 谈订单")
        key = me.last_key
        await me.tap("提交")
        await office.until(office.clock.now() + timedelta(days=9))
        await me.see()
        assert not (await me.edit("拜访 听涛 谈价格", key)).text.strip()
        assert office.look(lambda unit: unit.session.execute(select(t.origin)).all()) == []


class TestGivenAnEditOfSomethingElse:
    @pytest.mark.parametrize("words", ["今日", "/today", "1", "取消", "帮助"])
    async def test_when_it_comes_then_nobody_is_scolded(self, office: Office, words: str) -> None:
        me = office[SALES]
        await me.say(words)
        assert not (await me.edit("改了个字")).text.strip()

    async def test_when_it_overtakes_its_message_then_it_is_the_message(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.edit(f"拜访 {TINGTAO} 谈订单", "later")
        assert f"客户：{TINGTAO}" in shown
        await office.hand_in(SALES, key="later", text="拜访 廷涛 谈订单")
        assert not (await me.see()).text.strip()
        await office.settle()
        assert not (await me.see()).text.strip()
        assert state(office).answers["body"] == "谈订单"
        await me.edit(f"拜访 {TINGTAO} 谈价格", "later")
        assert state(office).answers["body"] == "谈价格"

    async def test_when_it_is_poison_then_none_is_left_behind(self, office: Office) -> None:
        me = office[SALES]
        for words in ("\ud800", "", "x" * 10_000, "/", "/start", "c.1.1.submit"):
            await me.edit(words, "unknown")
            await me.edit(words, "unknown")
        assert office.look(lambda unit: inbox.failed(unit.session)) == []
