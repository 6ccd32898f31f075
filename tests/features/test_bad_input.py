"""Whatever a person sends or forges: a clear answer, nothing lost, never an error."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from handlers import FEATURES
from handlers.conversation.messages import FileKind, InFile
from storage import attachments, conversations, inbox, loose, notes, staff, visits
from tests.features.office import JPEG, Office, one_channel

SALES, SECOND, COLLEAGUE = "CY015", "CY015-2", "CY016"
CUSTOMER = "佛山市顺德区鸿鑫贸易商行"
LINE = f"拜访 {CUSTOMER} 谈二季度订单"
HUGE = 2**63

ODD = {
    "emoji": "谈了👨‍👩‍👧‍👦和🇨🇳 👍🏽",
    "right to left": "السعر ١٢٣ وافق العميل",
    "markup": "<b>*价格*</b> _[点我](http://x)_ `code` &amp; {name} %s",
    "long word": "啊" * 300,
}


def failures(office: Office) -> int:
    return office.look(lambda unit: len(inbox.failed(unit.session)))


def last_note(office: Office, author: str = SALES) -> notes.Note:
    found = office.look(
        lambda unit: notes.get_note(unit, notes.last_note_of(unit, author).id)  # type: ignore[union-attr]  # asserted by the tests
    )
    assert found is not None
    return found


class TestGivenAForm:
    @pytest.mark.parametrize("words", ODD.values(), ids=ODD.keys())
    async def test_when_odd_characters_are_sent_then_they_are_kept_and_shown_as_typed(
        self, office: Office, words: str
    ) -> None:
        me = office[SALES]
        await me.say(LINE)
        await me.press(_key(office, "e.body"))
        shown = await me.say(words)
        assert words in shown.text
        shown = await me.tap("提交")
        assert "访-2026-" in shown
        note = last_note(office)
        assert note.body == words
        assert words in await me.press(f"f.note.open.{note.id}")

    async def test_when_control_and_direction_signs_are_sent_then_only_they_are_left_out(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"拜访 {CUSTOMER} 报\x00价\x1b[31m \u202egpj.exe\u200b 完")
        await me.tap("提交")
        assert last_note(office).body == "报价[31m gpj.exe 完"

    async def test_when_half_a_character_is_sent_then_everything_else_is_kept(
        self, office: Office
    ) -> None:
        await office.hand_in(SALES, text=f"拜访 {CUSTOMER} 好\ud83d的")
        await office.settle()
        await office[SALES].tap("提交")
        assert last_note(office).body == "好\ufffd的"
        await office.hand_in(SALES, text="\udc00")
        file = InFile("none", FileKind.PHOTO, "a\ud800.jpg", 10)
        await office.hand_in(SALES, files=(file,), text="\ud800")
        await office.settle()
        assert failures(office) == 0

    async def test_when_ten_thousand_characters_are_sent_then_nothing_is_lost(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(LINE)
        await me.tap("提交")
        await me.tap("更正")
        await me.tap("经过")
        shown = await me.say("长" * 10_000)
        assert "10,000" in shown
        active = office.look(lambda unit: conversations.active(unit, SALES))
        assert active is not None
        assert "长" * 10_000 in active.state_json
        await me.press(_key(office, "cut"))
        await me.tap("提交")
        assert set(last_note(office).body) == {"长"}

    @pytest.mark.parametrize("word", ["拜访", "/visit", "/find", "查找", "安排", "电话", ""])
    async def test_when_ten_thousand_characters_follow_a_word_then_it_is_answered(
        self, office: Office, word: str
    ) -> None:
        for text in (
            f"{word} {'鸿鑫' * 5000}", f"{word}{'鸿' * 10_000}", f"{word} " + "a b " * 2500
        ):  # fmt: skip
            shown = await office[SALES].say(text)
            assert shown.text.strip()
            await office[SALES].say("/cancel")
        assert failures(office) == 0

    async def test_when_words_come_instead_of_a_button_then_the_question_stays(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(LINE)
        shown = await me.say("嗯嗯这样可以的")
        assert "提交" in shown
        assert office.look(lambda unit: conversations.active(unit, SALES)) is not None
        shown = await me.tap("提交")
        assert "访-2026-" in shown

    async def test_when_a_button_comes_instead_of_words_then_the_question_stays(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("/visit")
        active = office.look(lambda unit: conversations.active(unit, SALES))
        assert active is not None
        for verb in ("o.0", "o.77", "d.2026-09-14", "v.1", "cut", "offer", "m.2026-09", "new"):
            shown = await me.press(_key(office, verb))
            assert shown.text.strip(), verb
        assert failures(office) == 0

    @one_channel
    @pytest.mark.parametrize(
        ("said", "heard"),
        [
            ("2月31日", "2月31日"),
            ("明天", "安排"),
            ("2019-01-01", "一年"),
            ("9999999999", "例如"),
            ("13月5日", "13月"),
        ],
    )
    async def test_when_a_day_cannot_be_then_it_says_why_and_asks_again(
        self, office: Office, said: str, heard: str
    ) -> None:
        me = office[SALES]
        await me.say(LINE)
        await me.press(_key(office, "e.day"))
        shown = await me.say(said)
        assert heard in shown.text
        active = office.look(lambda unit: conversations.active(unit, SALES))
        assert active is not None
        assert '"at":"day"' in active.state_json


def _key(office: Office, verb: str) -> str:
    active = office.look(lambda unit: conversations.active(unit, SALES))
    assert active is not None
    return f"c.{base36(active.id)}.{base36(active.rev)}.{verb}"


def base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits or "0"


class TestGivenFiles:
    async def _pending(self, office: Office) -> list[attachments.Attachment]:
        def look(unit):
            items = loose.open_items(unit, SALES, limit=50)
            return [one for item in items for one in attachments.of(unit, "loose", item.id)]

        return office.look(look)

    async def test_when_empty_or_announced_too_large_then_refused_at_once_and_named(
        self, office: Office
    ) -> None:
        me = office[SALES]
        for name, size in (("empty.pdf", 0), ("film.mp4", 60 * 2**20), ("big.mp4", 2**62)):
            file = InFile("none", FileKind.DOCUMENT, name, size)
            await office.hand_in(SALES, files=(file,))
            await office.settle()
            shown = await me.see()
            assert name in shown
            assert ("空文件" if size == 0 else "太大") in shown.text
        assert await self._pending(office) == []

    async def test_when_the_stream_is_empty_or_too_long_then_refused_and_told(
        self, office: Office
    ) -> None:
        me = office[SALES]
        for content, why in ((b"", "没能保存"), (JPEG + bytes(51 * 2**20), "太大")):
            file = InFile(me.plant(content), FileKind.PHOTO, "门头.jpg", None)
            await office.hand_in(SALES, files=(file,))
            await office.settle()
            shown = await me.see()
            assert why in shown.text, shown
        states = {one.state for one in await self._pending(office)}
        assert states <= {"refused", "lost"}

    @pytest.mark.parametrize(
        "content",
        [
            b"MZ\x90\x00" + bytes(100),
            b"\x7fELF" + bytes(100),
            b"#!/bin/sh\nrm -rf /\n",
            b"<script>alert(1)</script>",
            b"PK\x03\x04" + bytes(100),
        ],
        ids=["exe", "elf", "shell", "html", "zip"],
    )
    async def test_when_a_program_is_called_jpg_then_it_is_refused_and_told(
        self, office: Office, content: bytes
    ) -> None:
        me = office[SALES]
        file = InFile(me.plant(content), FileKind.PHOTO, "门头.jpg", len(content))
        await office.hand_in(SALES, files=(file,))
        await office.settle()
        shown = await me.see()
        assert "门头.jpg" in shown.text
        (row,) = await self._pending(office)
        assert (row.state, row.problem) == ("refused", "type")

    @pytest.mark.parametrize(
        "name",
        [
            "../../etc/passwd",
            "..\\..\\boot.ini",
            "a\x00b.jpg",
            "长" * 300 + ".jpg",
            "\u202egpj.exe",
            "/",
            "...",
            "\n\r\t",
            "CON",
            "<b>x</b>.jpg",
        ],
    )
    async def test_when_a_name_is_hostile_then_it_is_harmless_and_the_file_kept(
        self, office: Office, name: str
    ) -> None:
        me = office[SALES]
        before = {one for one in office.folder.parent.rglob("*") if one.is_file()}
        file = InFile(me.plant(JPEG), FileKind.PHOTO, name, len(JPEG))
        await office.hand_in(SALES, files=(file,))
        await office.settle()
        (row,) = await self._pending(office)
        assert row.state == "kept"
        assert len(row.name) <= attachments.MAX_NAME
        assert not set(row.name) & set("/\\\x00\n\u202e")
        made = {one for one in office.folder.parent.rglob("*") if one.is_file()} - before
        assert {one.relative_to(office.folder).parts[0] for one in made} <= {
            "attachments", "phones-files", "dossierbot.sqlite-wal", "dossierbot.sqlite-shm",
            "phones.sqlite-wal", "phones.sqlite-shm", "phones.sqlite-journal",
        }  # fmt: skip

    async def test_when_twenty_photos_come_as_an_album_then_one_card_answers(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.send(*((JPEG + bytes([one]), FileKind.PHOTO, "") for one in range(20)))
        items = office.look(lambda unit: loose.open_items(unit, SALES, limit=50))
        assert len(items) == 1
        rows = await self._pending(office)
        assert [one.state for one in rows] == ["kept"] * 20

    async def test_when_twenty_photos_come_singly_then_all_are_kept(self, office: Office) -> None:
        me = office[SALES]
        await me.say(LINE)
        for one in range(20):
            await me.send((JPEG + bytes([one]), FileKind.PHOTO, ""))
        await me.tap("提交")
        note = last_note(office)
        rows = office.look(lambda unit: attachments.of(unit, "visit_note", note.id))
        assert [one.state for one in rows] == ["kept"] * 20


class TestGivenForgedButtons:
    @pytest.fixture
    def ids(self, office: Office) -> tuple[str, ...]:
        """Ids that exist but belong to others, and some that do not exist."""

        def look(unit):
            found = [one.id for one in visits.open_of(unit, COLLEAGUE, limit=2)]
            last = notes.last_note_of(unit, COLLEAGUE)
            return [*found, last.id if last else 0]

        return tuple(str(one) for one in office.look(look))

    async def test_when_any_action_gets_any_argument_then_it_answers(
        self, office: Office, ids: tuple[str, ...]
    ) -> None:
        odd = ("", "0", "-1", str(HUGE - 1), str(HUGE), "9" * 40, "abc", "a-b_c", "٣", "1e9", *ids)
        actions = [f"f.{one.key}.{name}" for one in FEATURES for name in one.actions]
        assert len(actions) > 25
        for action in actions:
            await office.hand_in(SALES, choice=action)
            for argument in odd:
                await office.hand_in(SALES, choice=f"{action}.{argument}")
        for action, pair in product(actions, ((ids[0], "0"), ("0", str(HUGE)), (ids[-1], "1"))):
            await office.hand_in(SALES, choice=f"{action}.{pair[0]}.{pair[1]}")
        assert failures(office) == 0

    async def test_when_keys_have_no_shape_then_they_are_answered(self, office: Office) -> None:
        me = office[SALES]
        for key in (
            "f", "f.", "f..", "c", "c.", "c...", "x.y.z", ".", "f.find", "f.find.", "f.none.open",
            "f.find.none", "f.find.card.1.2.3.4.5.6.7.8", "c.0.0.back", "c.1.1", "n" * 64,
            "f.help.clause." + "9" * 50, "f.find.card." + "1" * 10_000, "c.zzzzzzzzzzzzz.1.back",
            "c.zzzzzzzzzzzzz.zzzzzzzz.back", "f.find.card.\n1", "中文", "f.find.card.1\x00",
            "\ud800",
        ):  # fmt: skip
            await office.hand_in(SALES, choice=key)
            await office.settle()
            assert (await me.see()).text.strip() or office.redraws, key
        assert failures(office) == 0

    async def test_when_any_verb_of_a_form_is_forged_then_the_form_stays_sound(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await office[COLLEAGUE].say(f"拜访 {CUSTOMER} 同事的秘密谈话")
        theirs = office.look(lambda unit: conversations.active(unit, COLLEAGUE))
        assert theirs is not None
        verbs = ("back", "skip", "done", "more", "e", "pg", "noop", "keep", "def", "clear", "o",
                 "new", "v", "d", "cal", "m", "cut", "offer", "earlier", "resume", "discard",
                 "draft", "submit", "cancel", "zzz")  # fmt: skip
        odd = ("", "99", "-1", "zzzzzzzzzzzzz", "z" * 32, "a-b_c", "2026-02-31", "body",
               base36(theirs.id))  # fmt: skip
        for verb, argument in product(verbs, odd):
            mine = office.look(lambda unit: conversations.active(unit, SALES))
            if mine is None:
                await office.hand_in(SALES, command="visit", text=f"{CUSTOMER} 谈订单")
                continue
            key = f"c.{base36(mine.id)}.{base36(mine.rev)}.{verb}.{argument}".rstrip(".")
            await office.hand_in(SALES, choice=key)
        assert failures(office) == 0
        await office.settle()
        shown = await me.see()
        assert "同事的秘密谈话" not in shown.text

    async def test_when_a_colleagues_form_draft_or_item_is_tapped_then_nothing_is_shown_or_done(
        self, office: Office
    ) -> None:
        other, me = office[COLLEAGUE], office[SALES]
        await other.say(f"拜访 {CUSTOMER} 同事的秘密谈话")
        await other.say("/today")
        await other.say("随手记下的秘密句子需要整理一下")
        drafts, items = office.look(
            lambda unit: (
                conversations.drafts(unit, COLLEAGUE, 5),
                loose.open_items(unit, COLLEAGUE, limit=5),
            )
        )
        assert drafts
        assert items
        draft, item = drafts[0], items[0]
        await me.see()
        keys = [
            f"c.{base36(draft.id)}.{base36(draft.rev)}.{verb}"
            for verb in ("resume", "discard", "submit", "back")
        ]
        keys += [f"f.drafts.{verb}.{draft.id}" for verb in ("open", "resume", "delete")]
        keys += [
            f"f.loose.{verb}.{item.id}"
            for verb in ("note", "add", "find", "later", "drop", "list")
        ]
        for key in keys:
            shown = await me.press(key)
            assert "秘密" not in shown.text, key
        after = office.look(
            lambda unit: (
                conversations.drafts(unit, COLLEAGUE, 5),
                loose.open_items(unit, COLLEAGUE, limit=5),
            )
        )
        assert after == (drafts, items)

    async def test_when_a_button_of_yesterday_is_tapped_then_the_present_is_shown(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(LINE)
        key, ref = me.key_of("提交")
        await me.tap("提交")
        await office.until(office.clock.now() + timedelta(days=1))
        await me.see()
        number = last_note(office).number
        shown = await me.press(key, ref)
        assert shown.text.strip()
        assert last_note(office).number == number


class TestGivenTheSameTwice:
    async def test_when_the_same_message_comes_three_times_then_it_is_answered_once(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(LINE)
        before = last_note(office).number
        await me.tap("提交")
        number = last_note(office).number
        assert number != before
        for _ in range(2):
            shown = await me.again()
            assert not shown.text.strip()
        assert last_note(office).number == number

    async def test_when_a_person_goes_on_on_a_second_phone_then_the_old_card_says_so(
        self, office: Office
    ) -> None:
        one, two = office[SALES], office[SECOND]
        await one.say(LINE)
        key, ref = one.key_of("提交")
        await one.see()
        await two.say("/visit")
        await two.say("/drafts")
        first = await one.see()
        if office.redraws:
            assert "草稿" in first.text or "另一台" in first.text
        await two.say("/cancel")
        await one.press(key, ref)
        assert failures(office) == 0

    async def test_when_words_come_from_a_second_phone_then_the_conversation_moves_there(
        self, office: Office
    ) -> None:
        one, two = office[SALES], office[SECOND]
        await one.say(LINE)
        key, ref = one.key_of("提交")
        shown = await two.say("嗯嗯这样可以的")
        assert "提交" in shown
        if office.redraws:
            assert "另一台设备" in (await one.see()).text
        shown = await one.press(key, ref)
        assert "过期" in shown.text or "提交" in shown
        shown = await one.tap("提交")
        assert "访-2026-" in shown


class TestGivenSomethingChangesInTheMiddle:
    @one_channel
    @pytest.mark.parametrize("command", ["/today", "/find 鸿鑫", "/help", "/visit", "/nonsense"])
    async def test_when_a_command_comes_in_a_form_then_the_form_is_a_draft(
        self, office: Office, command: str
    ) -> None:
        me = office[SALES]
        await me.say(LINE)
        await me.say(command)
        (draft, *_) = office.look(lambda unit: conversations.drafts(unit, SALES, 5))
        await me.press(f"f.drafts.resume.{draft.id}")
        shown = await me.tap("提交")
        assert "访-2026-" in shown
        assert last_note(office).body == "谈二季度订单"

    async def test_when_deactivated_then_the_next_message_is_a_strangers(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(LINE)
        key, ref = me.key_of("提交")
        number = last_note(office).number
        office.change(lambda unit: staff.deactivate(unit, SALES))
        shown = await me.press(key, ref)
        assert CUSTOMER not in shown.text
        assert not shown.labels
        for text in ("提交", "/today", "/find 鸿鑫", LINE):
            shown = await me.say(text)
            assert CUSTOMER not in shown.text
        assert last_note(office).number == number

    async def test_when_deactivated_then_nothing_that_was_waiting_is_sent(
        self, office: Office
    ) -> None:
        boss, me = office["CY014"], office[SALES]
        await me.say(LINE)
        await me.tap("提交")
        await me.see()
        await office.until(office.clock.now().replace(hour=15))  # 23:00: quiet hours
        note = last_note(office)
        await boss.press(f"f.note.comment.{note.id}")
        await boss.say("明早给我报价单")
        assert "明早给我报价单" not in (await me.see()).text
        office.change(lambda unit: staff.deactivate(unit, SALES))
        await office.until(office.clock.now() + timedelta(days=1))
        assert "明早给我报价单" not in (await me.see()).text


class TestGivenAFormThatHasNoUseForWords:
    @one_channel
    async def test_when_they_begin_something_else_then_the_command_is_told_and_they_are_not_kept(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("/open")
        shown = await me.say("我的借阅")
        assert "要办“我的借阅”，请发 /loans；这份表单会存为草稿。" in shown
        assert "已存好" not in shown
        await me.tap("单位")
        assert "借阅" not in " ".join((await me.say("/cancel")).labels)
        await me.say(LINE)
        shown = await me.say("借阅 鸿鑫贸易 合同 三天 核对价格")
        assert "请发 /borrow；" in shown
        assert "我的借阅" in await me.say("/loans")

    @one_channel
    async def test_when_it_asks_for_a_customer_then_none_is_offered_under_their_words(
        self, office: Office
    ) -> None:
        me = office[SALES]
        before = await me.say("/visit")
        shown = await me.say("借阅 鸿鑫贸易 合同 三天 核对价格")
        assert "请发 /borrow；" in shown
        assert "新客户" not in shown
        assert "记为新客户" not in shown.labels
        assert shown.labels[0] == before.labels[0]

    @one_channel
    async def test_when_they_are_another_role_s_then_nothing_is_told(self, office: Office) -> None:
        me = office[SALES]
        await me.say("/open")
        shown = await me.say("档案日志")
        assert "请从列表中选一项" in shown
        assert "/log" not in shown

    @one_channel
    async def test_when_an_answer_begins_like_a_command_then_it_is_the_answer(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(LINE)
        await me.press(_key(office, "e.body"))
        shown = await me.say("借阅 合同的事谈过了")
        assert "经过：借阅 合同的事谈过了" in shown
        assert "/borrow" not in shown
