"""What WeCom brings that no other channel has, against the stand-in for the platform."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.channels.base import ChannelError, Outcome, OutFile
from bot.channels.wecom import api
from bot.channels.wecom.channel import Wecom
from bot.channels.wecom.menu import GROUPS, menu_of
from bot.settings import MemberLimits, Secret
from handlers import FEATURES
from handlers.conversation.messages import Button, Card, ChatChange, FileKind, InFile, Odd
from handlers.texts import LOCALES
from storage.errors import FileRefused
from tests.channels.harness import ANN, BOB, Bot, WecomHands, wecom_hands
from tests.fakes.telegram.faults import Fault
from tests.fakes.wecom_server import SEEN_FROM

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
ASK = Card("批准吗?", title="借阅申请", choices=(Button("同意", "f.a"), Button("拒绝", "f.b")))


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[WecomHands]:
    async with wecom_hands(tmp_path) as opened:
        yield opened


async def refused(hands: WecomHands, card: Card = ASK, account: str = ANN) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await hands.channel.send(account, card)
    return caught.value


class TestGivenWhatPeopleSend:
    async def test_then_each_kind_of_file_is_named_for_what_it_is(self, hands: WecomHands) -> None:
        ann = hands.server.member(ANN)
        await ann.photo(PNG)
        await ann.send_file("voice", b"#!AMR\n" + bytes(20))
        await ann.send_file("video", b"mp4")
        await ann.send_file("file", b"%PDF", "合同.pdf")
        assert [(one.files[0].kind, one.files[0].name) for one in hands.bot.heard] == [
            (FileKind.PHOTO, ""),
            (FileKind.VOICE, ""),
            (FileKind.VIDEO, ""),
            (FileKind.DOCUMENT, "合同.pdf"),
        ]

    async def test_then_a_place_has_its_label_and_a_link_its_words(
        self, hands: WecomHands
    ) -> None:
        ann = hands.server.member(ANN)
        await ann.location(23.1, 113.3, "天河路")
        await ann.other("link", Title="报价", Description="第三版", Url="https://a.example/1")
        place, link = hands.bot.heard
        assert place.place is not None
        assert (place.place.latitude, place.place.label) == (23.1, "天河路")
        assert link.text == "报价\n第三版\nhttps://a.example/1"

    @pytest.mark.parametrize("kind", ["channels_shop_product", "", "mixed"])
    async def test_when_the_kind_is_unknown_then_it_is_told_apart(
        self, hands: WecomHands, kind: str
    ) -> None:
        await hands.server.member(ANN).other(kind, Content="x")
        assert hands.bot.heard[0].odd is Odd.OTHER

    async def test_then_a_userid_is_the_same_in_any_case(self, hands: WecomHands) -> None:
        await hands.server.member("ZhangSan").say("a")
        assert hands.bot.heard[0].account == "zhangsan"
        await hands.channel.send("zhangsan", Card("b"))
        assert hands.server.member("zhangsan").last.text == "b"

    async def test_then_pictures_that_follow_closely_are_one_album(
        self, hands: WecomHands
    ) -> None:
        ann, bob = hands.server.member(ANN), hands.server.member(BOB)
        for seconds, who in ((0, ann), (5, ann), (0, bob), (5, ann), (6, ann)):
            hands.clock.advance(hands.clock.now() + timedelta(seconds=seconds))
            await who.photo(PNG)
        first, second, other, third, later = hands.bot.heard
        assert first.key == first.album == second.album == third.album
        assert len({first.album, other.album, later.album}) == 3

    async def test_then_the_menu_gives_commands(self, hands: WecomHands) -> None:
        await hands.server.member(ANN).click("visit")
        assert hands.bot.heard[0].command == "visit"

    @pytest.mark.parametrize("key", ["我的档案", "../..", "=", "f.case.ok.1"])
    async def test_when_a_menus_entry_is_not_ours_then_it_is_a_command_nobody_knows(
        self, hands: WecomHands, key: str
    ) -> None:
        await hands.server.member(ANN).click(key)
        assert hands.bot.heard[0].command == key
        await hands.server.member(ANN).click("")
        assert len(hands.bot.heard) == 1

    @pytest.mark.parametrize("userid", ["Zhang.San-2_x@corp", "1", "a" * 64])
    async def test_then_a_userid_may_hold_all_that_the_console_lets_it(
        self, hands: WecomHands, userid: str
    ) -> None:
        member = hands.server.member(userid)
        await member.say("a")
        assert hands.bot.heard[0].account == userid.lower()
        ref = await hands.channel.send(userid.lower(), ASK)
        await member.tap("同意")
        assert hands.bot.heard[1].card == ref
        assert await hands.channel.edit(userid.lower(), ref, Card("b", choices=ASK.choices)) != ref

    async def test_then_coming_and_going_are_events_of_the_chat(self, hands: WecomHands) -> None:
        ann = hands.server.member(ANN)
        await ann.event("unsubscribe", EventKey="")
        await ann.event("subscribe", EventKey="")
        await ann.event("enter_agent", EventKey="")
        changes = [(one.event.change, one.event.chat) for one in hands.bot.heard if one.event]
        assert changes == [
            (ChatChange.LEFT, ANN), (ChatChange.JOINED, ANN), (ChatChange.OPENED, ANN)
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "event", ["view", "LOCATION", "change_contact", "active_restored", ""]
    )
    async def test_when_nobody_asked_anything_then_nothing_is_made_of_it(
        self, hands: WecomHands, event: str
    ) -> None:
        await hands.server.member(ANN).event(event, EventKey="")
        assert hands.bot.heard == []
        assert hands.server.callbacks.waiting == 0

    async def test_when_it_comes_again_then_with_the_same_key(self, hands: WecomHands) -> None:
        ann = hands.server.member(ANN)
        ref = await hands.channel.send(ANN, ASK)
        for act in (lambda: ann.say("a"), lambda: ann.tap("同意"), lambda: ann.click("today")):
            await ann.again(await act())
        keys = [one.key for one in hands.bot.heard]
        assert keys[0::2] == keys[1::2]
        assert len(set(keys)) == 3
        assert hands.bot.heard[2].card == ref

    async def test_when_the_platform_gives_no_id_then_each_text_is_a_message_of_its_own(
        self, hands: WecomHands
    ) -> None:
        xml = hands.server.callbacks.xml
        texts = [xml(ANN, {"MsgType": "text", "Content": one}) for one in ("a", "b", "a")]
        texts.append(xml(ANN, {"MsgType": "text", "Content": "c", "MsgId": "x" * 200}))
        for one in texts:
            assert await hands.server.callbacks.offer(one) == 200
        keys = [one.key for one in hands.bot.heard]
        assert keys[0] == keys[2]  # the same words in the same second: it came again
        assert len(set(keys)) == 3
        assert max(map(len, keys)) <= 120

    async def test_when_two_events_are_of_one_second_then_they_are_told_apart(
        self, hands: WecomHands
    ) -> None:
        ann = hands.server.member(ANN)
        for event, key in (("click", "today"), ("click", "visit"), ("click", "today")):
            await ann.event(event, EventKey=key)
        await ann.event("subscribe", EventKey="")
        await ann.event("unsubscribe", EventKey="")
        keys = [one.key for one in hands.bot.heard]
        assert keys[0] == keys[2]
        assert len(set(keys)) == 4

    @pytest.mark.parametrize("where", [(91, 0), (0, 181), ("nan", 0), (0, "inf")])
    async def test_when_a_place_is_nowhere_then_it_is_not_taken(
        self, hands: WecomHands, where: tuple[object, object]
    ) -> None:
        content = {"MsgType": "location", "Location_X": where[0], "Location_Y": where[1]}
        xml = hands.server.callbacks.xml(ANN, content | {"MsgId": 7, "Scale": 16, "Label": ""})
        assert await hands.server.callbacks.offer(xml) == 403
        assert hands.bot.heard == []

    async def test_then_files_are_fetched_also_with_a_token_that_ran_out(
        self, hands: WecomHands
    ) -> None:
        await hands.server.member(ANN).photo(PNG)
        (file,) = hands.bot.heard[0].files
        await hands.channel.send(ANN, Card("a"))
        hands.server.spoil(42001)
        assert b"".join([piece async for piece in hands.channel.fetch(file)]) == PNG
        hands.clock.advance(hands.clock.now() + timedelta(days=4))
        with pytest.raises(ChannelError) as caught:
            _ = [piece async for piece in hands.channel.fetch(file)]
        assert caught.value.outcome is Outcome.GONE

    async def test_when_a_file_is_too_large_for_one_piece_then_it_comes_in_parts(
        self, hands: WecomHands
    ) -> None:
        content = bytes(range(256)) * (45 * 2**12)
        ref = hands.server.cabinet.keep(content, "film.mp4")
        film = InFile(ref, FileKind.VIDEO)
        assert b"".join([piece async for piece in hands.channel.fetch(film)]) == content
        assert hands.server.count("media/get") == 3

    async def test_when_the_platform_gives_it_out_in_no_way_then_it_is_refused(
        self, hands: WecomHands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(api, "PART_BYTES", 21 * 2**20)
        ref = hands.server.cabinet.keep(bytes(22 * 2**20), "film.mp4")
        with pytest.raises(FileRefused):
            _ = [piece async for piece in hands.channel.fetch(InFile(ref, FileKind.VIDEO))]


class TestGivenCards:
    async def test_then_title_and_text_have_their_places(self, hands: WecomHands) -> None:
        await hands.channel.send(ANN, ASK)
        card = hands.server.member(ANN).last.card
        assert card["main_title"] == {"title": "借阅申请"}
        assert card["sub_title_text"] == "批准吗?"
        assert [one["text"] for one in card["button_list"]] == ["同意", "拒绝"]

    async def test_when_two_buttons_do_the_same_then_both_are_there_and_do(
        self, hands: WecomHands
    ) -> None:
        same = (Button("联系不上（1）", "f.team.list"), Button("团队", "f.team.list"))
        await hands.channel.send(ANN, Card("今日", choices=same))
        await hands.server.member(ANN).tap("联系不上（1）")
        await hands.server.member(ANN).tap("团队")
        assert [one.choice for one in hands.bot.heard] == ["f.team.list"] * 2

    async def test_when_nothing_can_be_pressed_then_it_is_a_plain_message(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.send(ANN, Card("到期了", title="提醒"))
        assert (hands.server.member(ANN).last.kind, hands.server.member(ANN).last.text) == (
            "text",
            "提醒\n到期了",
        )

    @pytest.mark.parametrize("text", ['<a href="http://x">同意</a>', "<A\nhref='y'>z", "1 < a b"])
    async def test_when_somebody_wrote_a_link_under_other_words_then_it_is_none(
        self, hands: WecomHands, text: str
    ) -> None:
        await hands.channel.send(ANN, Card(f"{text}\x00\x1f\x7f"))
        shown = hands.server.member(ANN).last.text
        assert shown == text.replace("<", "(", 1)

    @pytest.mark.parametrize("files", [(), (OutFile("合同.pdf", "application/pdf", b"%PDF-1.4"),)])
    async def test_when_protected_then_nothing_of_it_can_be_shared(
        self, hands: WecomHands, files: tuple[OutFile, ...]
    ) -> None:
        guarded = Card("电话 0755-1", title="鸿鑫", nav=(Button("返回", "f.x"),), protect=True)
        await hands.channel.send(ANN, guarded, files)
        *before, card = hands.server.member(ANN).messages
        assert all(one.safe for one in before)
        assert "电话" in before[-1].text
        assert card.text == "请选择"
        assert card.buttons == [("返回", "f.x")]

    @pytest.mark.parametrize("long", [Card("长" * 161), Card("电话 0755-1", protect=True)])
    async def test_when_redrawn_to_what_no_card_may_show_then_it_is_gone(
        self, hands: WecomHands, long: Card
    ) -> None:
        ann = hands.server.member(ANN)
        ref = await hands.channel.send(ANN, ASK)
        with pytest.raises(ChannelError) as caught:
            await hands.channel.edit(ANN, ref, replace(long, choices=ASK.choices))
        assert caught.value.outcome is Outcome.GONE
        assert len(ann.last.buttons) == 2  # for it may be that nothing takes its place
        with pytest.raises(ChannelError) as caught:
            await hands.channel.edit(ANN, ref, long)
        assert caught.value.outcome is Outcome.GONE
        assert (ann.last.replaced, ann.last.buttons) == ("已处理", [])

    async def test_when_another_takes_its_place_then_the_old_one_points_there(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, ASK)
        await hands.channel.send(ANN, replace(ASK, instead_of=ref))
        old, new = hands.server.member(ANN).messages
        assert (old.replaced, old.buttons) == ("见下方", [])
        assert new.buttons

    async def test_when_redrawn_to_a_list_then_it_asks_for_a_number(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, ASK)
        many = tuple(Button(f"客户{n}", f"f.{n}") for n in range(8))
        await hands.channel.edit(
            ANN, ref, Card("哪一家?", choices=many, nav=(Button("返回", "f.x"),))
        )
        shown = hands.server.member(ANN).last
        assert "8 客户7" in shown.text.split("\n")
        assert (shown.replaced, shown.buttons) in (("回复数字选择", []), ("", [("返回", "f.x")]))

    async def test_when_redrawn_longer_than_its_text_then_words_with_values_are_rows(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, ASK)
        text = f"说明\n申请人：张晓雯\n{'长' * 155}\n期限：今天"
        await hands.channel.edit(ANN, ref, Card(text))
        assert hands.server.member(ANN).last.card["horizontal_content_list"] == [
            {"keyname": "申请人", "value": "张晓雯"},
            {"keyname": "期限", "value": "今天"},
        ]

    async def test_then_each_code_changes_a_card_once(self, hands: WecomHands) -> None:
        ann = hands.server.member(ANN)
        first = await hands.channel.send(ANN, ASK)
        await ann.tap("同意")
        second = await hands.channel.edit(ANN, first, Card("一", choices=ASK.choices))
        third = await hands.channel.edit(ANN, second, Card("二", choices=ASK.choices))
        assert [(one.text, one.edits) for one in ann.messages] == [("二", 2)]
        with pytest.raises(ChannelError) as caught:
            await hands.channel.edit(ANN, third, Card("三", choices=ASK.choices))
        assert caught.value.outcome is Outcome.GONE
        await ann.tap("同意")
        await hands.channel.edit(ANN, third, Card("三"))
        assert [(one.text, one.replaced) for one in ann.messages] == [("三", "已处理")]

    async def test_when_three_days_are_over_then_a_fresh_card_quotes_the_old(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, ASK)
        hands.clock.advance(hands.clock.now() + timedelta(hours=73))
        with pytest.raises(ChannelError) as caught:
            await hands.channel.edit(ANN, ref, Card("已同意"))
        assert caught.value.outcome is Outcome.GONE
        await hands.channel.send(ANN, Card("已同意", instead_of=ref))
        assert hands.server.member(ANN).last.text == "更新此前的消息：借阅申请\n已同意"

    async def test_when_the_answer_to_a_change_is_lost_then_it_is_not_made_twice(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, ASK)
        hands.server.faults.add(Fault.RESET_AFTER, "message/update*")
        with pytest.raises(ChannelError) as caught:
            await hands.channel.edit(ANN, ref, Card("已同意"))
        assert caught.value.outcome is Outcome.UNKNOWN
        with pytest.raises(ChannelError) as caught:
            await hands.channel.edit(ANN, ref, Card("已同意"))
        assert caught.value.outcome is Outcome.GONE
        assert hands.server.member(ANN).last.edits == 1

    async def test_when_long_then_whole_as_text_with_its_end_in_the_card(
        self, hands: WecomHands
    ) -> None:
        text = "\n".join(f"{n} " + "长" * 30 for n in range(300))
        await hands.channel.send(ANN, Card(text, choices=ASK.choices))
        shown = hands.server.member(ANN).messages
        assert "\n".join(one.text for one in shown) == text
        assert [one.kind for one in shown] == ["text"] * (len(shown) - 1) + ["template_card"]

    async def test_when_one_line_is_longer_than_a_card_then_the_card_says_to_choose(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.send(ANN, Card("长" * 10_000, choices=ASK.choices))
        *texts, card = hands.server.member(ANN).messages
        assert "".join(one.text for one in texts) == "长" * 10_000
        assert card.text == "请选择"

    async def test_when_more_than_a_day_old_then_it_can_not_be_taken_back(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, Card("a"))
        hands.clock.advance(hands.clock.now() + timedelta(hours=25))
        with pytest.raises(ChannelError) as caught:
            await hands.channel.delete(ANN, ref)
        assert caught.value.outcome is Outcome.REJECTED

    async def test_when_a_tap_is_refused_then_it_is_said(self, hands: WecomHands) -> None:
        await hands.channel.send(ANN, ASK)
        await hands.server.member(ANN).tap("同意")
        await hands.channel.answer_tap(hands.bot.heard[0], "这个按钮已失效")
        assert hands.bot.remarks == [(ANN, "这个按钮已失效")]

    async def test_then_files_are_sent_for_what_they_are(self, hands: WecomHands) -> None:
        files = (
            OutFile("图", "image/png", PNG),
            OutFile("视频.mp4", "video/mp4", PNG),
            OutFile("录音.amr", "audio/amr", PNG),
            OutFile("清单 & 表.xlsx", "application/vnd.ms-excel", PNG),
        )
        await hands.channel.send(ANN, Card("四个"), files)
        shown = hands.server.member(ANN).messages
        assert [one.kind for one in shown] == ["image", "video", "voice", "file", "text"]
        assert [one.name for one in shown[:4]] == [
            "图.png", "视频.mp4", "录音.amr", "清单 & 表.xlsx",
        ]  # fmt: skip

    async def test_when_a_file_is_none_the_platform_takes_then_rejected(
        self, hands: WecomHands
    ) -> None:
        with pytest.raises(ChannelError) as caught:
            await hands.channel.send(ANN, Card("a"), (OutFile("a.txt", "text/plain", b"abc"),))
        assert caught.value.outcome is Outcome.REJECTED
        assert hands.server.member(ANN).messages == []


class TestGivenTrouble:
    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            (Fault.FLOOD, Outcome.RETRY_LATER),
            (Fault.CONFLICT, Outcome.RETRY_LATER),
            (Fault.ERROR, Outcome.UNKNOWN),
            (Fault.NOT_JSON, Outcome.UNKNOWN),
            (Fault.TRUNCATED, Outcome.UNKNOWN),
            (Fault.RESET, Outcome.UNKNOWN),
            (Fault.RESET_AFTER, Outcome.UNKNOWN),
        ],
    )
    async def test_then_each_has_its_outcome(
        self, hands: WecomHands, fault: Fault, outcome: Outcome
    ) -> None:
        hands.server.faults.add(fault, "message/send")
        assert (await refused(hands)).outcome is outcome

    async def test_when_the_platform_is_down_then_later(self, hands: WecomHands) -> None:
        await hands.server.refuse()
        assert (await refused(hands)).outcome is Outcome.RETRY_LATER
        assert hands.channel.problem == "unreachable"
        await hands.server.accept()
        await hands.channel.send(ANN, ASK)
        assert hands.channel.problem == ""

    async def test_when_calls_come_too_often_then_none_is_made_for_a_minute(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.FLOOD, "message/send", times=2)
        assert (await refused(hands)).after == 60
        hands.clock.advance(hands.clock.now() + timedelta(seconds=59))
        assert (await refused(hands)).after == 1
        assert hands.server.faults.struck["message/send", Fault.FLOOD] == 1
        hands.clock.advance(hands.clock.now() + timedelta(seconds=1))
        assert (await refused(hands)).after == 120
        hands.clock.advance(hands.clock.now() + timedelta(seconds=120))
        await hands.channel.send(ANN, ASK)

    @pytest.mark.parametrize("code", [40001, 40014, 42001])
    async def test_when_a_token_is_refused_then_a_fresh_one_is_asked_for_once(
        self, hands: WecomHands, code: int
    ) -> None:
        await hands.channel.send(ANN, Card("a"))
        hands.server.spoil(code)
        await hands.channel.send(ANN, Card("b"))
        assert [one.text for one in hands.server.member(ANN).messages] == ["a", "b"]
        assert hands.server.count("gettoken") == 2

    async def test_when_many_calls_need_one_then_it_is_asked_for_once(
        self, hands: WecomHands
    ) -> None:
        members = [hands.server.member(f"80{n}") for n in range(8)]
        for _ in range(2):
            await asyncio.gather(*(hands.channel.send(one.userid, Card("a")) for one in members))
            hands.server.spoil(42001)
        assert hands.server.count("gettoken") == 2
        assert [len(one.messages) for one in members] == [2] * 8

    async def test_when_every_token_is_refused_then_a_call_is_tried_twice_and_no_more(
        self, hands: WecomHands
    ) -> None:
        hands.server.spoil_share(40014, 1.0, seed=1)
        assert (await refused(hands)).outcome is Outcome.RETRY_LATER
        assert hands.server.count("gettoken") == 2
        assert hands.server.spoilt == 2

    async def test_when_the_secret_is_another_then_the_token_of_the_old_one_is_not_used(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.send(ANN, Card("a"))
        hands.server.secret = "another secret"
        changed = hands.server.settings(secret=Secret("another secret"))
        other = Wecom(changed, hands.clock.now)
        await other.open(hands.bot)
        await other.send(ANN, Card("b"))
        await other.close()
        assert hands.server.count("gettoken") == 2

    async def test_when_many_calls_are_too_many_at_once_then_the_pause_is_that_of_one(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.send(ANN, Card("a"))
        hands.server.spoil_share(45009, 1.0, seed=1)
        calls = (hands.channel.send(hands.server.member(f"80{n}").userid, ASK) for n in range(8))
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(one, ChannelError) and one.after <= 60 for one in ended)

    @pytest.mark.parametrize("account", ["@all", f"{ANN}|{BOB}"])
    async def test_when_an_account_would_be_several_then_nobody_gets_it(
        self, hands: WecomHands, account: str
    ) -> None:
        assert (await refused(hands, Card("a"), account)).outcome is Outcome.REJECTED
        assert hands.server.count("message/send") == 0

    async def test_when_another_process_has_renewed_it_then_that_one_is_used(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.send(ANN, Card("a"))
        other = Wecom(hands.server.settings(), hands.clock.now)
        await other.open(hands.bot)
        await other.send(ANN, Card("b"))
        hands.server.spoil(42001)
        await other.send(ANN, Card("c"))
        await hands.channel.send(ANN, Card("d"))
        assert hands.server.count("gettoken") == 2
        await other.close()

    async def test_when_it_is_about_to_run_out_then_it_is_renewed_before(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.send(ANN, Card("a"))
        hands.clock.advance(hands.clock.now() + timedelta(seconds=7000))
        await hands.channel.send(ANN, Card("b"))
        assert hands.server.count("gettoken") == 2

    async def test_when_the_secret_is_wrong_then_it_is_tried_ever_more_rarely(
        self, hands: WecomHands
    ) -> None:
        hands.server.secret = "another one"
        for after in (60, 120, 240):
            assert (await refused(hands)).after == after
            assert (await refused(hands)).after == after
            hands.clock.advance(hands.clock.now() + timedelta(seconds=after))
        assert hands.channel.problem == "unauthorized"
        assert hands.server.count("gettoken") == 3

    async def test_when_our_address_is_not_trusted_then_it_is_known_which(
        self, hands: WecomHands
    ) -> None:
        hands.server.trusted = False
        assert (await refused(hands)).outcome is Outcome.RETRY_LATER
        assert hands.channel.problem == "address"
        assert hands.channel._api.seen_from == SEEN_FROM
        hands.server.trusted = True
        hands.clock.advance(hands.clock.now() + timedelta(seconds=60))
        await hands.channel.send(ANN, ASK)
        assert hands.channel.problem == ""

    async def test_when_a_member_is_out_of_range_then_unreachable(self, hands: WecomHands) -> None:
        hands.server.see(BOB, False)
        assert (await refused(hands, account=BOB)).outcome is Outcome.UNREACHABLE

    async def test_when_a_member_has_no_licence_then_unreachable(self, hands: WecomHands) -> None:
        hands.server.chats.unlicensed.add(BOB)
        assert (await refused(hands, account=BOB)).outcome is Outcome.UNREACHABLE

    async def test_then_no_exception_holds_a_secret_or_an_address(self, hands: WecomHands) -> None:
        for fault in (Fault.RESET, Fault.ERROR, Fault.FLOOD):
            hands.server.faults.add(fault, "message/send")
            error = await refused(hands)
            hands.clock.advance(hands.clock.now() + timedelta(hours=1))
            for token in hands.server.tokens:
                assert token not in repr(error) + str(error.__cause__) + str(error)
            assert "http" not in str(error)


class TestGivenALongText:
    async def test_when_ten_thousand_characters_then_all_arrive_in_order(
        self, hands: WecomHands
    ) -> None:
        lines = [f"第{n}行，" + "字" * 93 for n in range(103)]
        whole = "\n".join(lines)
        assert len(whole) > 10_000
        await hands.channel.send(ANN, Card(whole))
        shown = [one.text for one in hands.server.member(ANN).messages]
        assert max(len(one.encode()) for one in shown) <= 2048
        assert "\n".join(shown) == whole

    async def test_when_somebody_wrote_many_links_then_no_word_of_it_is_cut_off(
        self, hands: WecomHands
    ) -> None:
        whole = "\n".join(f"<a {n}" * 40 for n in range(60))
        await hands.channel.send(ANN, Card(whole))
        shown = "\n".join(one.text for one in hands.server.member(ANN).messages)
        assert shown == whole.replace("<", "(")

    @pytest.mark.parametrize(
        ("text", "sizes"),
        [
            ("a" * 2048, [2048]),
            ("a" * 2049, [2048, 1]),
            ("长" * 682 + "ab", [2048]),
            ("长" * 682 + "abc", [2048, 1]),
            ("长" * 683, [2046, 3]),
            ("👍🏽" * 256, [2048]),
            ("👍🏽" * 257, [2048, 8]),
            ("a" * 2047 + "👍🏽", [2047, 8]),
        ],
    )
    async def test_when_it_is_as_long_as_one_may_be_then_one_and_one_byte_more_makes_two(
        self, hands: WecomHands, text: str, sizes: list[int]
    ) -> None:
        await hands.channel.send(ANN, Card(text))
        shown = [one.text for one in hands.server.member(ANN).messages]
        assert [len(one.encode()) for one in shown] == sizes
        assert "".join(shown) == text

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("C:\\users\\年报", "C:\\users\\年报"),
            ("\\u4e00\\u4E01", "/u4e00/u4E01"),
            ("a\x00b\x1fc\x7f\td", "abc\td"),
            ('"\u2028\u0085é👨‍👩‍👧', '"\u2028\u0085é👨‍👩‍👧'),
        ],
    )
    async def test_when_it_has_what_json_would_escape_then_it_arrives_in_texts_and_cards(
        self, hands: WecomHands, text: str, shown: str
    ) -> None:
        ann = hands.server.member(ANN)
        await hands.channel.send(ANN, Card(text))
        assert ann.last.text == shown
        ref = await hands.channel.send(ANN, Card(text, title=text, choices=(Button(text, "a"),)))
        assert [label for label, _ in ann.last.buttons] == [shown]
        assert ann.last.text == f"{shown}\n{shown}"
        await hands.channel.edit(ANN, ref, Card("x", title=text, choices=(Button(text, "b"),)))
        assert ann.last.edits == 1

    async def test_when_a_label_has_signs_that_nobody_sees_then_it_is_taken(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.send(ANN, Card("a", choices=(Button("同\x01意", "f.a"),)))
        assert hands.server.member(ANN).last.buttons == [("同意", "f.a")]


class TestGivenAMembersLimit:
    @pytest.fixture
    async def limited(self, hands: WecomHands) -> AsyncIterator[Wecom]:
        channel = Wecom(hands.server.settings(limits=MemberLimits()), hands.clock.now)
        await channel.open(hands.bot)
        await channel.start()
        yield channel
        await channel.stop()
        await channel.close()

    async def test_then_nothing_is_dropped_without_a_word(
        self, hands: WecomHands, limited: Wecom
    ) -> None:
        for number in range(30):
            await limited.send(ANN, Card(str(number)))
            hands.clock.advance(hands.clock.now() + timedelta(seconds=1))
        with pytest.raises(ChannelError) as caught:
            await limited.send(ANN, Card("30"))
        assert (caught.value.outcome, caught.value.after) == (Outcome.RETRY_LATER, 30)
        await limited.send(BOB, Card("to another"))
        hands.clock.advance(hands.clock.now() + timedelta(seconds=30))
        await limited.send(ANN, Card("30"))
        assert hands.server.chats.dropped == []
        assert len(hands.server.member(ANN).messages) == 31

    async def test_then_an_hour_has_a_limit_too(self, hands: WecomHands, limited: Wecom) -> None:
        sent = 0
        for _ in range(36):
            for _ in range(30):
                with suppress(ChannelError):
                    await limited.send(ANN, Card("a"))
                    sent += 1
            hands.clock.advance(hands.clock.now() + timedelta(seconds=61))
        assert sent == 1000
        assert hands.server.chats.dropped == []

    async def test_when_a_text_has_many_parts_then_each_counts(
        self, hands: WecomHands, limited: Wecom
    ) -> None:
        await limited.send(ANN, Card("长" * 20_000))
        with pytest.raises(ChannelError):
            await limited.send(ANN, Card("长" * 1000))
        assert hands.server.chats.dropped == []


class TestGivenTheAppsMenu:
    async def test_then_it_is_set_once_and_again_when_it_changed(self, hands: WecomHands) -> None:
        bot = Bot()
        for locale, times in (("zh_CN", 1), ("zh_CN", 1), ("en", 2)):
            menu = menu_of(FEATURES, locale)
            channel = Wecom(hands.server.settings(), hands.clock.now, menu=menu)
            await channel.open(bot)
            await channel.start()
            wanted = json.dumps(menu, ensure_ascii=False, separators=(",", ":"))
            async with asyncio.timeout(60):
                while wanted not in bot.notes.values():  # noqa: ASYNC110 - no word of it
                    await asyncio.sleep(0)
            await channel.stop()
            await channel.close()
            assert hands.server.count("menu/create") == times
            assert hands.server.menus.shown == menu

    async def test_when_the_platform_does_not_take_it_then_it_is_tried_again(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.CONFLICT, "menu/create", times=3)

        async def at_once(_seconds: float) -> None:
            return

        menu = menu_of(FEATURES, "zh_CN")
        channel = Wecom(hands.server.settings(), hands.clock.now, menu=menu, sleep=at_once)
        await channel.open(Bot())
        await channel.start()
        await hands.server.until(lambda: hands.server.menus.shown is not None)
        await channel.stop()
        await channel.close()

    @pytest.mark.parametrize("locale", LOCALES)
    def test_then_it_holds_what_is_listed_and_there(self, locale: str) -> None:
        commands = {one.command for one in FEATURES if one.command and one.listed}
        named = [one for _, entries in GROUPS for one in entries]
        assert set(named) <= commands
        assert len(set(named)) == len(named)
        groups = menu_of(FEATURES, locale)["button"]
        assert [len(one["sub_button"]) for one in groups] == [len(one) for _, one in GROUPS]


async def test_when_the_key_is_no_key_then_it_does_not_start(hands: WecomHands) -> None:
    for key in ("a b", "A" * 42, f" {'A' * 42}"):
        with pytest.raises(ValueError, match="43"):
            Wecom(hands.server.settings(encoding_aes_key=Secret(key)), hands.clock.now)
    Wecom(hands.server.settings(encoding_aes_key=Secret(f" {'A' * 43}\n")), hands.clock.now)
