"""What is sent outside any form is kept, asked about, and thrown away by nobody but its sender."""

from __future__ import annotations

from handlers.conversation.messages import FileKind
from tests.features.diary import SALES
from tests.features.office import JPEG, OGG, Office

TINGTAO = "听涛假日酒店"
PHOTO = (JPEG, FileKind.PHOTO, "门头.jpg")
ALBUM = tuple((JPEG + bytes([one]), FileKind.PHOTO, f"{one}.jpg") for one in range(3))
VOICE = (OGG, FileKind.VOICE, "v.ogg")


async def filed(office: Office) -> str:
    """File a note on a customer of one's own; return its number."""
    await office[SALES].say("拜访 听涛 谈订单")
    shown = await office[SALES].tap("提交")
    at = shown.text.index("访-2026-")
    return shown.text[at : at + len("访-2026-0000")]


class TestGivenNoForm:
    async def test_when_anything_is_sent_then_it_is_kept_and_asked_about(
        self, office: Office
    ) -> None:
        me = office[SALES]
        for shown, what in (
            (await me.send(PHOTO), "1 张照片"),
            (await me.send(VOICE), "1 条语音"),
            (await me.place(22.5, 114.0, "科技园"), "位置"),
            (await me.say("客户说下周要货", forwarded=True), "转发的消息"),
        ):
            assert f"已收到：{what}" in shown
            assert "它属于什么" in shown
            assert "写拜访记录" in shown.labels
        assert "您写的已存好" in await me.say("对方想换包装")
        shown = await me.say("今日")
        assert "待整理（5）" in shown.labels

    async def test_when_an_album_comes_then_one_card_asks(self, office: Office) -> None:
        shown = await office[SALES].send(*ALBUM)
        assert "3 张照片" in shown
        assert shown.text.count("它属于什么") == 1
        assert "待整理（1）" in (await office[SALES].say("今日")).labels


class TestGivenASentenceAboutAVisit:
    async def test_when_made_a_note_then_its_facts_are_taken(self, office: Office) -> None:
        me = office[SALES]
        said = f"昨天去了{TINGTAO}，谈了价格，下周五再联系"
        await me.say(said)
        shown = await me.tap("写拜访记录")
        assert f"客户：{TINGTAO}" in shown
        assert "日期：9月13日 周日" in shown
        assert "方式：拜访" in shown
        assert f"经过：{said}" in shown
        assert "下次联系：9月25日 周五" in shown
        assert "访-2026-" in await me.tap("提交")
        assert "待整理（1）" not in (await me.say("今日")).labels

    async def test_when_it_says_no_manner_then_that_is_asked(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"{TINGTAO}想换包装")
        assert "以什么方式" in await me.tap("写拜访记录")
        assert f"经过：{TINGTAO}想换包装" in await me.tap("电话")


class TestGivenFilesAndAPlace:
    async def test_when_made_a_note_then_they_belong_to_it(self, office: Office) -> None:
        me = office[SALES]
        await me.send(*ALBUM)
        shown = await me.tap("写拜访记录")
        assert "哪位客户" in shown
        await me.say(TINGTAO)
        await me.tap("拜访")
        shown = await me.say("看了货架")
        assert "附件：3" in shown
        await me.tap("提交")
        shown = await me.tap("查看")
        assert "附件（3）" in shown.labels


class TestGivenAFiledNote:
    async def test_when_added_then_the_button_said_to_whose(self, office: Office) -> None:
        me = office[SALES]
        number = await filed(office)
        await me.say("对方还要三份样品，颜色待定，周内答复")
        await me.tap(f"加入 {number}（{TINGTAO}）")
        shown = await me.tap("查看")
        assert "谈订单\n对方还要三份样品" in shown
        assert "更正" in shown.labels

    async def test_when_a_photo_is_added_then_the_note_holds_it(self, office: Office) -> None:
        me = office[SALES]
        number = await filed(office)
        await me.send(PHOTO)
        assert f"已加入 {number}" in await me.tap(f"加入 {number}（{TINGTAO}）")
        assert "附件（1）" in (await me.tap("查看")).labels

    async def test_when_the_last_note_is_not_to_be_changed_here_then_it_is_not_offered(
        self, office: Office
    ) -> None:
        shown = await office[SALES].say("再补充一句")
        offered = [one for one in shown.labels if one.startswith("加入")]
        carries = office.channel in ("phones", "wecom")  # the last note is graded secret
        assert bool(offered) is carries


class TestGivenAKeptItem:
    async def test_when_it_is_a_name_then_it_can_be_looked_for(self, office: Office) -> None:
        me = office[SALES]
        await me.say("听涛")
        assert "KH-2022-0044" in await me.tap("查找“听涛”")
        assert "待整理（1）" not in (await me.say("今日")).labels

    async def test_when_looked_for_in_vain_then_it_still_waits(self, office: Office) -> None:
        me = office[SALES]
        await me.say("样品要蓝色")
        assert "没有找到" in await me.tap("查找“样品要蓝色”")
        assert "待整理（1）" in (await me.say("今日")).labels

    async def test_when_put_off_then_it_waits_under_today(self, office: Office) -> None:
        me = office[SALES]
        await me.send(VOICE)
        assert "今日" in await me.tap("稍后再说")
        await me.say("今日")
        await me.tap("待整理（1）")
        assert "它属于什么" in await me.tap("1 条语音")

    async def test_when_deleted_then_gone_and_only_once(self, office: Office) -> None:
        me = office[SALES]
        await me.send(VOICE)
        key, ref = me.key_of("删除")
        assert "已删除" in await me.tap("删除")
        assert "已经处理过" in await me.press(key, ref)
        assert "待整理（1）" not in (await me.say("今日")).labels

    async def test_when_numbers_are_typed_then_none_deletes(self, office: Office) -> None:
        me = office[SALES]
        await filed(office)
        for number in range(1, 10):
            await me.send(PHOTO)
            shown = await me.say(str(number))
            assert "已删除" not in shown
            await me.say("/cancel")
