"""What Telegram brings that no other channel has, against the stand-in for the platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from telegram.error import BadRequest

from bot.channels.base import ChannelError, Outcome, OutFile
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.decode import decode
from bot.channels.telegram.draw import draw
from bot.channels.telegram.outcomes import converted
from bot.channels.telegram.polling import LEASE_SECONDS, LONG_POLL_SECONDS
from bot.channels.telegram.request import Request
from bot.channels.telegram.taptime import TapClock, TapTime
from bot.settings import Limits, Secret
from bot.settings import Telegram as Settings
from handlers.conversation.messages import (
    Button,
    Card,
    ChatChange,
    FileKind,
    Inbound,
    InFile,
    Suggestion,
    Suggestions,
)
from storage.errors import DatabaseRefused, FileRefused
from tests.channels.harness import ANN, Bot, TelegramHands, at, telegram_hands
from tests.fakes.clock import SettableClock
from tests.fakes.desk import NINE
from tests.fakes.telegram.faults import Fault
from tests.fakes.telegram_server import TelegramServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[TelegramHands]:
    async with telegram_hands(tmp_path) as opened:
        yield opened


def last(hands: TelegramHands) -> Inbound:
    return hands.bot.heard[-1]


class TestGivenWhatPeopleSend:
    async def test_then_each_kind_of_file_is_named_for_what_it_is(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        await ann.photo(PNG, "cover")
        await ann.voice(b"OggS")
        await ann.video(b"mp4")
        await ann.document(b"%PDF", "合同.pdf")
        await hands.settled(4)
        kinds = [(one.files[0].kind, one.files[0].name) for one in hands.bot.heard]
        assert kinds == [
            (FileKind.PHOTO, ""),
            (FileKind.VOICE, ""),
            (FileKind.VIDEO, ""),
            (FileKind.DOCUMENT, "合同.pdf"),
        ]
        assert hands.bot.heard[0].text == "cover"

    async def test_when_a_photo_has_sizes_then_the_largest_is_taken(
        self, hands: TelegramHands
    ) -> None:
        await hands.person(ANN).photo(bytes(5000))
        await hands.settled(1)
        assert last(hands).files[0].size == 5000

    async def test_when_it_is_a_place_with_a_name_then_the_name_comes_too(
        self, hands: TelegramHands
    ) -> None:
        await hands.person(ANN).venue(22.5, 114.0, "鸿鑫贸易", "福田区")
        await hands.settled(1)
        place = last(hands).place
        assert place is not None
        assert (place.latitude, place.longitude, place.label) == (22.5, 114.0, "鸿鑫贸易 福田区")

    async def test_when_it_is_a_contact_then_it_reads_as_if_typed(
        self, hands: TelegramHands
    ) -> None:
        await hands.person(ANN).contact("+8613800001234", "欧阳")
        await hands.settled(1)
        assert last(hands).text == "欧阳 +8613800001234"

    async def test_when_it_is_a_sticker_or_a_poll_then_it_arrives_empty(
        self, hands: TelegramHands
    ) -> None:
        await hands.person(ANN).sticker()
        await hands.person(ANN).poll("?", "a", "b")
        await hands.settled(2)
        assert [(one.text, one.files, one.place) for one in hands.bot.heard] == [
            ("", (), None)
        ] * 2

    async def test_when_it_is_edited_then_it_names_what_it_replaces_and_when(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        said = await ann.say("first")
        await hands.settled(1)
        hands.clock.advance(at(1, 5))
        await ann.edit(said, "second")
        await ann.edit(said, "third")
        await hands.settled(3)
        first, second, third = hands.bot.heard
        assert (second.edits, third.edits) == (first.key, first.key)
        assert (second.text, second.at, third.text) == ("second", at(1, 5), "third")
        assert len({one.key for one in hands.bot.heard}) == 3

    @pytest.mark.parametrize(
        ("typed", "command", "text"),
        [
            ("/visit hongxin\nprices", "visit", "hongxin\nprices"),
            ("/VISIT@Dossier_Test_Bot x", "visit", "x"),
            ("/拜访 鸿鑫", "", "/拜访 鸿鑫"),
            ("/ok 42", "ok", "42"),
            ("a /visit b", "", "a /visit b"),
        ],
    )
    async def test_then_commands_are_told_apart(
        self, hands: TelegramHands, typed: str, command: str, text: str
    ) -> None:
        await hands.person(ANN).say(typed)
        await hands.settled(1)
        assert (last(hands).command, last(hands).text) == (command, text)

    async def test_when_a_suggestion_was_chosen_then_its_number_says_it_all(
        self, hands: TelegramHands
    ) -> None:
        entry = Suggestion("5", "深圳市鸿鑫", "D-0042 · 张", "D-0042 深**鑫")
        hands.bot.suggestions = Suggestions((entry,), further="20")
        offered = await hands.person(ANN).inline("鸿鑫")
        assert (offered.is_personal, offered.cache_time, offered.next_offset) == (True, 0, "20")
        await hands.person(ANN).choose(offered, "5")
        await hands.settled(1)
        assert last(hands).text == "D-0042"
        assert hands.bot.asked == [(ANN, "鸿鑫", "")]

    def test_when_it_came_by_way_of_another_bot_then_all_its_words_count(self) -> None:
        ann = {"id": 7, "is_bot": False, "first_name": "Ann"}
        message = {
            "message_id": 5,
            "date": int(NINE.timestamp()),
            "chat": {"id": 7, "type": "private", "first_name": "Ann"},
            "from": ann,
            "via_bot": {"id": 9, "is_bot": True, "first_name": "T", "username": "translate_bot"},
            "text": "talked about the second quarter",
        }
        update = {"update_id": 1, "message": message}
        read = decode(update, "our_bot", TapTime(NINE, certain=True))
        assert isinstance(read, Inbound)
        assert read.text == "talked about the second quarter"

    async def test_when_the_library_cannot_read_an_update_then_the_next_ones_are_taken(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        hands.server.push("message", {"message_id": "?", "date": "?"}, ("chat", 1))
        hands.server.push("message", {}, ("chat", 2))
        await ann.say("still here")
        await hands.settled(1)
        await hands.server.idle()
        assert last(hands).text == "still here"
        hands.server.mistakes.clear()  # no platform sends such updates

    def test_when_its_kind_is_unknown_then_it_is_nothing_to_us(self) -> None:
        for update in ({"update_id": 1}, {"update_id": 2, "new_in_2030": {"chat": {"id": 5}}}):
            assert decode(update, "bot", TapTime(NINE, certain=True)) is None


class TestGivenAProxyInTheEnvironment:
    async def test_then_all_calls_go_through_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with TelegramServer(now=SettableClock(NINE).now) as proxy:
            monkeypatch.setenv("http_proxy", proxy.base)
            request = Request("http://telegram.invalid")
            await request.initialize()
            me = await request.call(f"http://telegram.invalid/bot{proxy.token}/getMe")
            await request.shutdown()
        assert me["username"] == "dossier_test_bot"

    async def test_when_the_platform_is_exempt_then_it_is_asked_itself(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with TelegramServer(now=SettableClock(NINE).now) as server:
            monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            request = Request(server.base)
            await request.initialize()
            assert await request.call(f"{server.base}/bot{server.token}/getMe")
            await request.shutdown()


def test_when_the_poller_dies_then_another_takes_over_within_a_minute() -> None:
    assert LONG_POLL_SECONDS + 10 < LEASE_SECONDS
    assert LEASE_SECONDS + LEASE_SECONDS / 10 < 60


class TestGivenAGroup:
    async def test_when_a_command_or_a_mention_then_it_is_marked_as_said_there(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        group = hands.server.group(-500, "销售一部")
        await group.add_bot(by=ann)
        await group.say(ann, "/today@dossier_test_bot")
        await group.say(ann, "@dossier_test_bot 鸿鑫")
        await group.say(ann, "/today@another_bot")
        await hands.settled(3)
        await hands.server.idle()
        joined, command, mention = hands.bot.heard
        assert joined.event is not None
        assert (joined.account, joined.event.change, joined.event.chat) == (
            ANN, ChatChange.JOINED, "-500",
        )  # fmt: skip
        assert (command.account, command.group, command.command) == (ANN, "-500", "today")
        assert (mention.text, mention.group) == ("鸿鑫", "-500")

    async def test_when_it_becomes_a_supergroup_then_both_messages_say_where_it_went(
        self, hands: TelegramHands
    ) -> None:
        group = hands.server.group(-500, "销售一部")
        await group.add_bot(by=hands.person(ANN))
        moved = str((await group.migrate()).chat.id)
        await hands.settled(3)
        moves = [one.event for one in hands.bot.heard if one.event is not None][1:]
        assert {(one.change, one.chat) for one in moves} == {(ChatChange.MOVED, "-500")}
        assert {one.moved_to for one in moves} == {moved}
        with pytest.raises(ChannelError) as caught:
            await hands.channel.send("-500", Card("hello"))
        assert (caught.value.outcome, caught.value.moved_to) == (Outcome.MOVED, moved)

    async def test_when_the_bot_is_removed_or_blocked_then_told_and_unreachable(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        group = hands.server.group(-500, "销售一部")
        await group.add_bot(by=ann)
        await group.remove_bot(by=ann)
        await ann.block()
        await hands.settled(3)
        assert [one.event and (one.event.change, one.event.chat) for one in hands.bot.heard] == [
            (ChatChange.JOINED, "-500"), (ChatChange.LEFT, "-500"), (ChatChange.LEFT, ANN),
        ]  # fmt: skip
        for account in ("-500", ANN):
            with pytest.raises(ChannelError) as caught:
                await hands.channel.send(account, Card("hello"))
            assert caught.value.outcome is Outcome.UNREACHABLE
        await ann.unblock()
        await hands.settled(4)
        assert await hands.channel.send(ANN, Card("hello"))

    async def test_when_told_to_leave_then_it_is_gone(self, hands: TelegramHands) -> None:
        group = hands.server.group(-500, "陌生的群")
        await group.add_bot(by=hands.person(ANN))
        await hands.settled(1)
        await hands.channel.leave("-500")
        await hands.server.until(lambda: group.chat.bot == "left")

    async def test_when_a_card_leads_into_the_private_chat_then_by_a_link(
        self, hands: TelegramHands
    ) -> None:
        group = hands.server.group(-500, "销售一部")
        await group.add_bot(by=hands.person(ANN))
        await hands.channel.send("-500", Card("请在私聊里办理", way_in="Kx7"))
        assert group.chat.last.buttons == [
            ("到私聊中打开", "https://t.me/dossier_test_bot?start=Kx7")
        ]


class TestGivenCards:
    async def test_then_the_title_is_bold_and_nothing_typed_is_markup(
        self, hands: TelegramHands
    ) -> None:
        await hands.channel.send(ANN, Card("a & <i>b</i>", title="1 < 2 & 3"))
        shown = hands.person(ANN).last
        assert shown.text == "1 < 2 & 3\na & <i>b</i>"
        assert [(one["type"], one["offset"], one["length"]) for one in shown.entities] == [
            ("bold", 0, 9)
        ]

    async def test_then_links_do_not_unfold(self, hands: TelegramHands) -> None:
        await hands.channel.send(ANN, Card("https://example.com"))
        (call,) = hands.server.calls.of("sendMessage")
        assert call.params["link_preview_options"] == {"is_disabled": True}

    async def test_when_it_carries_content_then_it_cannot_be_forwarded_nor_replaces_what_can(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        ref = await hands.channel.send(ANN, Card("list", choices=(Button("1", "f.find.card.1"),)))
        fresh = await hands.channel.edit(ANN, ref, Card("content", protect=True))
        assert fresh != ref
        (shown,) = [one for one in ann.messages if not one.deleted]
        assert (shown.text, shown.protect_content) == ("content", True)
        again = await hands.channel.edit(ANN, fresh, Card("content 2", protect=True))
        assert (again, ann.last.text) == (fresh, "content 2")

    async def test_when_a_protected_card_is_tapped_then_its_reference_is_the_relays(
        self, hands: TelegramHands
    ) -> None:
        ref = await hands.channel.send(
            ANN, Card("x", choices=(Button("1", "c.1.1.submit"),), protect=True)
        )
        await hands.person(ANN).tap(hands.person(ANN).last, "c.1.1.submit")
        await hands.settled(1)
        assert last(hands).card == ref

    def test_then_rows_are_short_and_ways_to_go_on_come_last(self) -> None:
        nav = tuple(Button(f"n{n}", f"c.1.1.n{n}") for n in range(4))
        card = Card("x", choices=tuple(Button(f"{n}", f"c.1.1.o.{n}") for n in range(3)), nav=nav)
        keyboard = draw(card, "bot").keyboard
        assert keyboard is not None
        assert [len(row) for row in keyboard["inline_keyboard"]] == [1, 1, 1, 2, 2]

    async def test_then_files_go_as_what_they_are(self, hands: TelegramHands) -> None:
        files = (
            OutFile("a.png", "image/png", PNG),
            OutFile("b.pdf", "application/pdf", b"%PDF"),
            OutFile("c.ogg", "audio/ogg", b"OggS"),
            OutFile("d.png", "image/png", PNG + b"2"),
        )
        await hands.channel.send(ANN, Card("four", protect=True), files)
        shown = hands.person(ANN).messages
        assert [one.media for one in shown] == ["photo", "photo", "document", "voice", ""]
        assert {one.protect_content for one in shown} == {True}


class TestGivenATap:
    async def test_then_it_is_answered_and_a_refusal_is_a_window(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        await hands.channel.send(ANN, Card("x", choices=(Button("1", "c.1.1.submit"),)))
        tap = await ann.tap(ann.last, "c.1.1.submit")
        await hands.settled(1)
        await hands.channel.answer_tap(last(hands), "不行" * 150)
        await tap.wait()
        assert tap.alert
        assert len(tap.text) == 200

    async def test_when_the_answer_comes_too_late_then_nothing_is_lost(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        await hands.channel.send(ANN, Card("x", choices=(Button("1", "c.1.1.submit"),)))
        await ann.tap(ann.last, "c.1.1.submit")
        await hands.settled(1)
        hands.clock.advance(at(2))
        await hands.channel.answer_tap(last(hands), "")
        await hands.server.until(lambda: hands.server.calls.of("answerCallbackQuery"))
        assert await hands.channel.send(ANN, Card("still here"))

    async def test_then_it_counts_when_it_comes_in(self, hands: TelegramHands) -> None:
        ann = hands.person(ANN)
        await hands.channel.send(ANN, Card("x", choices=(Button("1", "c.1.1.submit"),)))
        hands.clock.advance(at(3))
        await ann.tap(ann.last, "c.1.1.submit")
        await hands.settled(1)
        assert (last(hands).at, last(hands).certain) == (at(3), True)

    async def test_when_the_bot_was_down_then_in_the_sender_s_favour(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        await hands.channel.send(ANN, Card("x", choices=(Button("1", "c.1.1.submit"),)))
        await hands.channel.stop()
        await hands.channel.close()
        hands.bot.seen = at(1)
        hands.clock.advance(at(9))
        await ann.tap(ann.last, "c.1.1.submit")
        await hands.channel.open(hands.bot)
        await hands.channel.start()
        await hands.settled(1)
        assert (last(hands).at, last(hands).certain) == (at(1), False)
        await ann.tap(ann.last, "c.1.1.submit")
        await hands.settled(2)
        assert (last(hands).at, last(hands).certain) == (at(9), True)

    def test_when_the_gap_was_short_then_nobody_was_behind(self) -> None:
        clock = SettableClock(NINE)
        taps = TapClock(clock.now)
        taps.behind(NINE - timedelta(seconds=4))
        assert taps.time() == TapTime(NINE, certain=True)
        taps.behind(None)
        assert taps.time() == TapTime(NINE, certain=True)


class TestGivenFiles:
    async def test_when_the_platform_gives_none_out_that_large_then_refused_for_its_size(
        self, hands: TelegramHands
    ) -> None:
        await hands.person(ANN).document(b"x", size=21 * 2**20)
        await hands.settled(1)
        with pytest.raises(FileRefused) as caught:
            async for _ in hands.channel.fetch(last(hands).files[0]):
                pass
        assert caught.value.code == "size"

    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            (Fault.BROKEN, Outcome.UNKNOWN),
            (Fault.MISSING, Outcome.GONE),
            (Fault.ERROR, Outcome.UNKNOWN),
        ],
    )
    async def test_when_a_download_fails_then_it_says_whether_to_try_again(
        self, hands: TelegramHands, fault: Fault, outcome: Outcome
    ) -> None:
        await hands.person(ANN).photo(PNG)
        await hands.settled(1)
        hands.server.faults.add(fault, "file")
        with pytest.raises(ChannelError) as caught:
            async for _ in hands.channel.fetch(last(hands).files[0]):
                pass
        assert caught.value.outcome is outcome
        assert hands.server.token not in str(caught.value)

    async def test_when_the_server_is_ones_own_then_only_below_its_folder(
        self, tmp_path: Path
    ) -> None:
        root = tmp_path / "files"
        root.mkdir()
        clock = SettableClock(NINE)
        async with TelegramServer(now=clock.now, local=root) as server:
            settings = Settings(
                token=Secret(server.token),
                api_base=server.base,
                files_root=root,
                limits=Limits(enabled=False),
            )
            channel, bot = Telegram(settings, clock.now, pauses=(0.01,)), Bot()
            await channel.open(bot)
            await channel.start()
            ann = server.person(7001, "安")
            await ann.document(b"%PDF-1.7", "a.pdf")
            await server.until(lambda: bot.heard)
            (file,) = bot.heard[0].files
            assert b"".join([one async for one in channel.fetch(file)]) == b"%PDF-1.7"
            secret = tmp_path / "dossierbot.key"
            secret.write_text("key")
            stored = server.cabinet._by_id[file.ref]
            (root / "link").symlink_to(secret)
            for path in (secret, root / ".." / "dossierbot.key", root / "link", root, "/dev/zero"):
                object.__setattr__(stored, "path", str(path))
                with pytest.raises(ChannelError) as caught:
                    async for _ in channel.fetch(InFile(file.ref, FileKind.DOCUMENT)):
                        pass
                assert caught.value.outcome is Outcome.GONE, path
            await channel.stop()
            await channel.close()


class TestGivenTheWayOut:
    @pytest.mark.parametrize(
        ("fault", "outcome", "effect"),
        [
            (Fault.ERROR, Outcome.UNKNOWN, 0),
            (Fault.BAD_GATEWAY, Outcome.UNKNOWN, 0),
            (Fault.RESET, Outcome.UNKNOWN, 0),
            (Fault.RESET_AFTER, Outcome.UNKNOWN, 1),
            (Fault.TRUNCATED, Outcome.UNKNOWN, 1),
            (Fault.NOT_JSON, Outcome.UNKNOWN, 0),
        ],
    )
    async def test_when_the_answer_is_none_then_the_outcome_is_unknown(
        self, hands: TelegramHands, fault: Fault, outcome: Outcome, effect: int
    ) -> None:
        hands.server.faults.add(fault, "sendMessage")
        with pytest.raises(ChannelError) as caught:
            await hands.channel.send(ANN, Card("hello"))
        assert caught.value.outcome is outcome
        assert len(hands.person(ANN).messages) == effect

    async def test_when_flooded_then_it_says_for_how_long(self, hands: TelegramHands) -> None:
        hands.server.faults.add(Fault.FLOOD, "sendMessage", retry_after=17)
        with pytest.raises(ChannelError) as caught:
            await hands.channel.send(ANN, Card("hello"))
        assert (caught.value.outcome, caught.value.after) == (Outcome.RETRY_LATER, 17.0)

    async def test_when_nobody_listens_then_it_was_not_sent(self, hands: TelegramHands) -> None:
        await hands.server.refuse()
        with pytest.raises(ChannelError) as caught:
            await hands.channel.send(ANN, Card("hello"))
        assert caught.value.outcome is Outcome.RETRY_LATER
        await hands.server.accept()
        assert await hands.channel.send(ANN, Card("hello"))

    async def test_then_menus_are_of_one_person_and_can_be_taken_away(
        self, hands: TelegramHands
    ) -> None:
        ann = hands.person(ANN)
        assert [name for name, _ in ann.menu] == ["start"]
        await hands.channel.menu(ANN, (("today", "今日"), ("visit", "拜访")))
        assert ann.menu == [("today", "今日"), ("visit", "拜访")]
        await hands.channel.menu(ANN, ())
        assert [name for name, _ in ann.menu] == ["start"]


class TestGivenAnotherPoller:
    async def test_when_it_goes_on_for_half_a_minute_then_told_and_tried_on(
        self, hands: TelegramHands
    ) -> None:
        hands.server.faults.share(Fault.CONFLICT, 1.0, "getUpdates", seed=1)
        await hands.person(ANN).say("wakes the poll")
        count = len(hands.server.calls.of("getUpdates"))
        await hands.server.until(lambda: len(hands.server.calls.of("getUpdates")) > count + 2)
        assert hands.channel.problem == ""
        hands.clock.advance(at(1, 1))
        await hands.server.until(lambda: hands.channel.problem == "conflict")
        hands.server.faults.clear()
        await hands.person(ANN).say("and again")
        await hands.settled(2)
        assert [one.text for one in hands.bot.heard] == ["wakes the poll", "and again"]
        assert hands.channel.problem == ""

    async def test_when_another_process_has_the_lease_then_this_one_waits(
        self, hands: TelegramHands
    ) -> None:
        await hands.channel.stop()
        await hands.channel.close()
        hands.bot.leads = False
        polls = len(hands.server.calls.of("getUpdates"))
        await hands.channel.open(hands.bot)
        await hands.channel.start()
        await hands.person(ANN).say("for the other one")
        await asyncio.sleep(0)
        assert len(hands.server.calls.of("getUpdates")) == polls
        assert hands.bot.heard == []


class TestGivenAStoreThatRefuses:
    async def test_then_nothing_is_confirmed_and_other_chats_go_on(
        self, hands: TelegramHands
    ) -> None:
        hands.bot.refuses = {ANN: DatabaseRefused("disk full")}
        await hands.person(ANN).say("one")
        await hands.person("7002").say("two")
        await hands.settled(1)
        assert last(hands).text == "two"
        assert len(hands.server.updates) == 2
        hands.bot.refuses = {}
        await hands.server.idle()
        assert [one.text for one in hands.bot.heard] == ["two", "one", "two"]


class TestGivenATokenThatWasRevoked:
    async def test_then_it_says_so_and_comes_back(self, hands: TelegramHands) -> None:
        token, hands.server.token = hands.server.token, "1:another"
        await hands.server.refuse()
        await hands.server.accept()
        async with asyncio.timeout(60):
            while hands.channel.problem != "unauthorized":  # noqa: ASYNC110 - no word of it
                await asyncio.sleep(0.01)
        hands.server.token = token
        await hands.person(ANN).say("back")
        await hands.settled(1)
        assert hands.channel.problem == ""

    async def test_when_it_is_posted_to_then_it_says_so_too(self) -> None:
        clock = SettableClock(NINE)
        async with TelegramServer(now=clock.now) as server:
            settings = Settings(
                token=Secret("1:revoked"),
                api_base=server.base,
                mode="webhook",
                limits=Limits(enabled=False),
            )
            channel = Telegram(settings, clock.now, public_url="https://bot.example.com")
            await channel.open(Bot())
            starting = asyncio.create_task(channel.start())
            async with asyncio.timeout(60):
                while channel.problem != "unauthorized":  # noqa: ASYNC110 - no word of it
                    await asyncio.sleep(0.01)
            starting.cancel()
            await asyncio.wait({starting})
            await channel.stop()
            await channel.close()


@pytest.mark.parametrize(
    ("words", "outcome", "detail"),
    [
        ("Bad Request: chat not found", Outcome.UNREACHABLE, ""),
        ("Bad Request: have no rights to send a message", Outcome.UNREACHABLE, ""),
        ("Bad Request: TOPIC_CLOSED", Outcome.UNREACHABLE, ""),
        ("Bad Request: message can't be edited", Outcome.GONE, ""),
        ("Bad Request: message is too long", Outcome.REJECTED, "message is too long"),
        (
            'Bad Request: can\'t parse entities: Unsupported start tag "王" at byte offset 3',
            Outcome.REJECTED,
            "can't parse entities",
        ),
    ],
)
def test_what_the_platform_refuses_is_told_without_what_somebody_wrote(
    words: str, outcome: Outcome, detail: str
) -> None:
    error = converted(BadRequest(words))
    assert error.outcome is outcome
    assert detail in str(error).lower()
    assert "王" not in str(error)
