"""What a member is sent through WeCom: in its turn, whole and once, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from bot.channels.base import ChannelError, Held, Outcome, OutFile
from bot.channels.wecom.channel import Wecom
from bot.settings import MemberLimits
from handlers.conversation.messages import Button, Card
from storage.errors import DatabaseRefused
from tests.channels.harness import ANN, BOB, WecomHands, wecom_hands
from tests.fakes.telegram.faults import Fault

SEND = "message/send"
ASK = Card("批准吗?", choices=(Button("同意", "f.a"), Button("拒绝", "f.b")))
LINES = [f"{number} " + "长" * 500 for number in range(5)]
LONG = Card("\n".join(LINES), try_of="wecom:1:0")
"""Comes in five parts."""
PDF = OutFile("合同.pdf", "application/pdf", b"%PDF-1.4")


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[WecomHands]:
    async with wecom_hands(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def process(hands: WecomHands, limits: MemberLimits | None = None) -> AsyncIterator[Wecom]:
    """A program beside others, or after them, on the same store."""
    limits = limits or MemberLimits(enabled=False)
    channel = Wecom(hands.server.settings(limits=limits), hands.clock.now)
    await channel.open(hands.bot)
    yield channel
    await channel.close()


async def refusal(channel: Wecom, card: Card, *files: OutFile) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await channel.send(ANN, card, files)
    return caught.value


def texts(hands: WecomHands) -> list[str]:
    return [one.text for one in hands.server.member(ANN).messages]


def later(hands: WecomHands, **time: float) -> datetime:
    hands.clock.set(hands.clock.now() + timedelta(**time))
    return hands.clock.now()


class TestGivenAMembersLimit:
    async def test_when_the_program_starts_anew_then_it_goes_on_counting(
        self, hands: WecomHands
    ) -> None:
        for number in range(6):
            async with process(hands, MemberLimits()) as channel:
                for _ in range(5):
                    await channel.send(ANN, Card(f"{number}"))
                later(hands, seconds=2)
        async with process(hands, MemberLimits()) as channel:
            error = await refusal(channel, Card("a"))
            assert isinstance(error, Held)
            assert (error.outcome, error.after) == (Outcome.RETRY_LATER, 48)
            await channel.send(BOB, Card("to another"))
        assert hands.server.chats.dropped == []

    async def test_when_two_programs_take_turns_then_they_count_together(
        self, hands: WecomHands
    ) -> None:
        two = MemberLimits(member_per_minute=2)
        async with process(hands, two) as one, process(hands, two) as other:
            await one.send(ANN, Card("a"))
            await other.send(ANN, Card("b"))
            assert (await refusal(one, Card("c"))).after == 60
            later(hands, seconds=60)
            await other.send(ANN, Card("c"))
            await one.send(ANN, Card("d"))
            assert (await refusal(other, Card("e"))).after == 60

    async def test_when_a_text_has_more_parts_than_a_minute_takes_then_they_wait_in_turn(
        self, hands: WecomHands
    ) -> None:
        long = Card("\n".join(f"{number} " + "长" * 600 for number in range(70)), try_of="1")
        waits = []
        async with process(hands, MemberLimits()) as channel:
            for _ in range(2):
                error = await refusal(channel, long)
                waits.append((error.outcome, error.after))
                later(hands, seconds=error.after)
            await channel.send(ANN, long)
        assert waits == [(Outcome.RETRY_LATER, 60)] * 2
        assert "\n".join(texts(hands)) == long.text
        assert hands.server.chats.dropped == []

    async def test_then_a_message_counts_from_when_it_went_out(self, hands: WecomHands) -> None:
        async with process(hands, MemberLimits(member_per_minute=1)) as channel:
            hands.server.faults.add(Fault.SILENCE, SEND)
            sending = asyncio.create_task(channel.send(ANN, Card("a")))
            await until_struck(hands, Fault.SILENCE)
            later(hands, seconds=15)
            hands.server.release()
            await sending
            assert (await refusal(channel, Card("b"))).after == 60
            later(hands, seconds=60)
            await channel.send(ANN, Card("b"))
        assert hands.server.chats.dropped == []

    async def test_then_what_the_platform_refused_does_not_count_and_what_is_lost_does(
        self, hands: WecomHands
    ) -> None:
        async with process(hands, MemberLimits(member_per_minute=1)) as channel:
            hands.server.faults.add(Fault.CONFLICT, SEND)
            hands.server.faults.add(Fault.RESET_AFTER, SEND)
            card = Card("a", try_of="1")
            busy = await refusal(channel, card)
            assert busy.outcome is Outcome.RETRY_LATER
            assert not isinstance(busy, Held)
            assert (await refusal(channel, card)).outcome is Outcome.UNKNOWN
            assert (await refusal(channel, card)).after == 60
        assert texts(hands) == ["a"]

    async def test_when_the_clock_was_put_back_then_nobody_waits_longer(
        self, hands: WecomHands
    ) -> None:
        async with process(hands, MemberLimits(member_per_minute=1)) as channel:
            await channel.send(ANN, Card("a"))
            later(hands, days=-300)
            assert (await refusal(channel, Card("b"))).after == 60
            later(hands, seconds=60)
            await channel.send(ANN, Card("b"))

    async def test_when_the_store_refuses_then_nothing_is_sent_uncounted(
        self, hands: WecomHands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refuse(*_: str) -> None:
            raise DatabaseRefused("locked")

        monkeypatch.setattr(hands.bot, "note", refuse)
        assert (await refusal(hands.channel, Card("a"))).outcome is Outcome.RETRY_LATER
        assert hands.server.count(SEND) == 0

    async def test_when_the_book_is_of_another_version_then_it_is_begun_anew(
        self, hands: WecomHands
    ) -> None:
        hands.bot.notes["wecom", ANN, "book"] = "[7]"
        await hands.channel.send(ANN, Card("a"))
        assert texts(hands) == ["a"]


async def until_struck(hands: WecomHands, fault: Fault) -> None:
    async with asyncio.timeout(5):
        while not hands.server.faults.struck[SEND, fault]:  # noqa: ASYNC110 - no word of it
            await asyncio.sleep(0)


class TestGivenAMessageThatIsCutOff:
    @pytest.mark.parametrize("place", range(5))
    @pytest.mark.parametrize("fault", [Fault.RESET, Fault.RESET_AFTER, Fault.TRUNCATED])
    async def test_then_the_next_try_goes_on_and_every_part_arrives_once(
        self, hands: WecomHands, fault: Fault, place: int
    ) -> None:
        hands.server.faults.add(fault, SEND, spare=place)
        assert (await refusal(hands.channel, LONG)).outcome is Outcome.UNKNOWN
        later(hands, seconds=2)
        async with process(hands) as channel:
            await channel.send(ANN, LONG)
        assert texts(hands) == LINES
        assert hands.server.count(SEND) == 5 + (fault is not Fault.RESET)

    async def test_when_the_program_is_killed_then_the_next_one_goes_on(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.SILENCE_AFTER, SEND, spare=2)
        sending = asyncio.create_task(hands.channel.send(ANN, LONG))
        await hands.server.until(lambda: len(texts(hands)) == 3)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        async with process(hands) as channel:
            await channel.send(ANN, LONG)
        assert texts(hands) == LINES

    async def test_when_it_was_not_marked_as_sent_then_it_is_not_sent_again(
        self, hands: WecomHands
    ) -> None:
        card = replace(ASK, try_of="1")
        ref = await hands.channel.send(ANN, card)
        async with process(hands) as channel:
            assert await channel.send(ANN, card) == ref
            await channel.edit(ANN, ref, Card("已同意"))
        assert texts(hands) == ["已同意"]

    async def test_when_it_says_something_else_by_then_then_all_of_that_is_sent(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.RESET, SEND, spare=1)
        await refusal(hands.channel, LONG)
        other = replace(LONG, text="\n".join(("改", *LINES[1:])))
        await hands.channel.send(ANN, other)
        assert "\n".join(texts(hands)[1:]) == other.text

    async def test_when_another_message_says_the_same_then_it_is_sent_whole(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.RESET, SEND, spare=2)
        await refusal(hands.channel, LONG)
        await hands.channel.send(ANN, replace(LONG, try_of="wecom:2:0"))
        assert texts(hands) == [*LINES[:2], *LINES]

    async def test_when_the_same_is_said_again_soon_then_it_arrives_again(
        self, hands: WecomHands
    ) -> None:
        for number in range(3):
            await hands.channel.send(ANN, Card("请写日期", try_of=str(number)))
            later(hands, minutes=20)
        await hands.channel.send(BOB, Card("请写日期", try_of="9"))
        assert texts(hands) == ["请写日期"] * 3
        assert len(hands.server.member(BOB).messages) == 1
        assert hands.server.chats.repeats == []

    async def test_when_a_part_is_in_doubt_then_the_same_request_is_made_again(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.RESET_AFTER, SEND, times=3)
        card = Card("a", try_of="1")
        for _ in range(3):
            await refusal(hands.channel, card)
            later(hands, minutes=4)
        await hands.channel.send(ANN, card)
        bodies = [one.body for one in hands.server.calls if one.method == SEND]
        assert bodies == [bodies[0]] * 4
        assert texts(hands) == ["a"]

    async def test_when_a_card_is_in_doubt_then_it_is_there_once_and_can_be_pressed(
        self, hands: WecomHands
    ) -> None:
        ann, card = hands.server.member(ANN), replace(ASK, try_of="1")
        hands.server.faults.add(Fault.RESET_AFTER, SEND)
        await refusal(hands.channel, card)
        ref = await hands.channel.send(ANN, card)
        assert (len(ann.messages), ann.last.task_id) == (1, ref)
        await ann.tap("同意")
        await hands.channel.edit(ANN, ref, Card("已同意"))
        assert texts(hands) == ["已同意"]

    async def test_when_a_card_was_refused_then_the_next_try_has_another_task(
        self, hands: WecomHands
    ) -> None:
        hands.server.chats.unlicensed.add(ANN)
        card = replace(ASK, try_of="1")
        assert (await refusal(hands.channel, card)).outcome is Outcome.UNREACHABLE
        hands.server.chats.unlicensed.clear()
        await hands.channel.send(ANN, card)
        assert texts(hands) == ["批准吗?"]

    async def test_when_what_is_taken_back_may_be_there_twice_then_that_is_told(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.RESET_AFTER, SEND)
        card = Card("电话 0755-1", protect=True, try_of="1")
        await refusal(hands.channel, card)
        ref = await hands.channel.send(ANN, card)
        for outcome in (Outcome.REJECTED, Outcome.GONE):
            with pytest.raises(ChannelError) as caught:
                await hands.channel.delete(ANN, ref)
            assert caught.value.outcome is outcome


class TestGivenAFile:
    async def test_when_it_is_in_doubt_then_it_is_neither_uploaded_nor_shown_again(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.RESET_AFTER, SEND)
        card = Card("合同", try_of="1")
        await refusal(hands.channel, card, PDF)
        await hands.channel.send(ANN, card, (PDF,))
        assert [one.kind for one in hands.server.member(ANN).messages] == ["file", "text"]
        assert hands.server.count("media/upload") == 1

    async def test_when_an_upload_fails_then_what_went_before_is_known(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.RESET, "media/upload", spare=1)
        card, files = Card("两个", try_of="1"), (PDF, replace(PDF, name="附件.pdf"))
        assert (await refusal(hands.channel, card, *files)).outcome is Outcome.UNKNOWN
        await hands.channel.send(ANN, card, files)
        shown = [one.name for one in hands.server.member(ANN).messages]
        assert shown == ["合同.pdf", "附件.pdf", ""]
        assert hands.server.count(SEND) == 3

    async def test_when_its_id_has_run_out_then_it_is_uploaded_again(
        self, hands: WecomHands
    ) -> None:
        hands.server.faults.add(Fault.RESET, SEND)
        card = Card("合同", try_of="1")
        await refusal(hands.channel, card, PDF)
        later(hands, days=4)
        await hands.channel.send(ANN, card, (PDF,))
        assert hands.server.member(ANN).messages[0].media == PDF.content
        assert hands.server.count("media/upload") == 2

    async def test_when_the_platform_knows_no_id_then_it_is_uploaded_once_more_and_no_more(
        self, hands: WecomHands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hands.server.cabinet, "keep", lambda *_: "lost")
        assert (await refusal(hands.channel, Card("合同"), PDF)).outcome is Outcome.GONE
        assert hands.server.count("media/upload") == 2

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("合同\r\nX-Evil: 1.pdf", "合同__X-Evil: 1.pdf"),
            ('a"; filename="b.exe', "a_; filename=_b.exe"),
            ("..\\..\\/etc/passwd", ".._..__etc_passwd"),
            ("报价\u202efdp.exe", "报价_fdp.exe"),
            ("\ud800半.pdf", "_半.pdf"),
            ("清单 & 表（终稿）%0A.xlsx", "清单 & 表（终稿）%0A.xlsx"),
            ("\n\x00", "__"),
            ("", "file"),
            ("长" * 300 + ".pdf", "长" * 65 + ".pdf"),
        ],
    )
    async def test_when_its_name_is_hostile_then_it_is_a_name_all_the_same(
        self, hands: WecomHands, name: str, shown: str
    ) -> None:
        await hands.channel.send(ANN, Card("一"), (replace(PDF, name=name),))
        assert hands.server.member(ANN).messages[0].name == shown
        assert hands.server.member(ANN).messages[0].media == PDF.content


async def test_when_some_of_a_message_was_not_understood_then_the_log_names_its_kind(
    hands: WecomHands,
) -> None:
    hands.server.chats.warns = True
    with capture_logs() as log:
        await hands.channel.send(ANN, ASK)
    (line,) = [one for one in log if one["event"] == "wecom_not_understood"]
    assert line == {
        "event": "wecom_not_understood",
        "log_level": "warning",
        "method": SEND,
        "kind": "template_card",
    }
    assert "批准" not in str(log)
