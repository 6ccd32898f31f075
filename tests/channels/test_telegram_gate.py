"""What the platform closed for a while is left alone, whoever calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.base import ChannelError, Outcome
from handlers.conversation.messages import Button, Card, FileKind, InFile
from tests.channels.harness import ANN, BOB, TelegramHands, telegram_hands
from tests.fakes.telegram.faults import DOWNLOAD, Fault

MENU = (("today", "Today"),)


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[TelegramHands]:
    async with telegram_hands(tmp_path) as opened:
        yield opened


def pass_on(hands: TelegramHands, seconds: float) -> None:
    hands.clock.advance(hands.clock.now() + timedelta(seconds=seconds))


class TestGivenACallThatCameTooOften:
    async def test_when_called_again_before_it_is_over_then_the_platform_is_not_asked(
        self, hands: TelegramHands
    ) -> None:
        hands.server.faults.add(Fault.FLOOD, "setMyCommands", retry_after=7)
        for left in (7, 4):
            with pytest.raises(ChannelError) as caught:
                await hands.channel.menu(ANN, MENU)
            assert (caught.value.outcome, caught.value.after) == (Outcome.RETRY_LATER, left)
            pass_on(hands, 3)
        pass_on(hands, 1)
        asked = len(hands.server.calls.of("setMyCommands"))
        with suppress(ChannelError):  # the platform's own time stands still
            await hands.channel.menu(ANN, MENU)
        assert len(hands.server.calls.of("setMyCommands")) == asked + 1

    async def test_when_it_was_a_tap_s_answer_then_the_next_taps_go_unanswered_meanwhile(
        self, hands: TelegramHands
    ) -> None:
        await hands.channel.send(ANN, Card("?", choices=(Button("Yes", "f.x.yes"),)))
        hands.server.faults.add(Fault.FLOOD, "answerCallbackQuery", retry_after=7)
        for number in (1, 2):
            await hands.person(ANN).tap(hands.person(ANN).last, "f.x.yes")
            await hands.settled(number)
            await hands.channel.answer_tap(hands.bot.heard[-1], "")
            await hands.channel._beside.settle()
        assert len(hands.server.calls.of("answerCallbackQuery")) == 1

    async def test_when_it_was_in_one_chat_then_others_are_written_to(
        self, hands: TelegramHands
    ) -> None:
        hands.server.faults.add(Fault.FLOOD, "sendMessage", retry_after=7)
        with pytest.raises(ChannelError):
            await hands.channel.send(ANN, Card("first"))
        await hands.channel.send(BOB, Card("second"))
        assert hands.person(BOB).last.text == "second"


class TestGivenADownload:
    async def fetch(self, hands: TelegramHands) -> bytes:
        file = InFile(hands.bot.heard[-1].files[0].ref, FileKind.PHOTO, "", None)
        return b"".join([piece async for piece in hands.channel.fetch(file)])

    async def test_when_a_page_comes_in_place_of_the_file_then_it_is_asked_for_again(
        self, hands: TelegramHands
    ) -> None:
        await hands.person(ANN).photo(b"\xff\xd8\xffpicture")
        await hands.settled(1)
        hands.server.faults.add(Fault.NOT_JSON, DOWNLOAD)
        with pytest.raises(ChannelError) as caught:
            await self.fetch(hands)
        assert caught.value.outcome is Outcome.UNKNOWN
        assert await self.fetch(hands) == b"\xff\xd8\xffpicture"

    async def test_when_it_is_silent_then_not_waited_for_without_end(
        self, hands: TelegramHands
    ) -> None:
        await hands.person(ANN).photo(b"\xff\xd8\xffpicture")
        await hands.settled(1)
        hands.server.faults.add(Fault.SILENCE, DOWNLOAD)
        hands.channel._request._answer_seconds = 0.05
        with pytest.raises(ChannelError) as caught:
            await self.fetch(hands)
        assert caught.value.outcome is Outcome.UNKNOWN
