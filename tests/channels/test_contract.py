"""What every channel promises (`bot.channels.base.Channel`), asked of each of them alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.base import ChannelError, Outcome, OutFile
from handlers.conversation.messages import Button, Card, FileKind, InFile
from tests.channels.harness import ANN, BOB, HARNESSES, Hands, at

HOSTILE = "<b>x</b> & `y` *z* _w_ \u202egnp.exe\u202c 😀 مرحبا [a](http://b) \t\u200b!"


@pytest.fixture(params=sorted(HARNESSES))
async def hands(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hands]:
    async with HARNESSES[request.param](tmp_path) as opened:
        yield opened


def card(number: int, text: str = "Who?", **more: object) -> Card:
    buttons = tuple(Button(f"Choice {n}", f"c.5.1.pick.{n}") for n in range(1, number + 1))
    return Card(text, choices=buttons, locale="en", **more)


class TestReceiving:
    async def test_messages_come_in_order_with_the_platforms_time_and_keys_of_their_own(
        self, hands: Hands
    ) -> None:
        for number in range(5):
            hands.clock.advance(at(1, number))
            await hands.say(ANN, f"message {number}")
        await hands.settled(5)
        heard = hands.bot.heard
        assert [one.text for one in heard] == [f"message {n}" for n in range(5)]
        assert [one.at for one in heard] == [at(1, n) for n in range(5)]
        assert len({one.key for one in heard}) == 5
        assert {(one.channel, one.account) for one in heard} == {(hands.channel.name, ANN)}

    async def test_a_slash_command_is_named_apart_from_its_arguments(self, hands: Hands) -> None:
        await hands.say(ANN, "/find hong xin")
        await hands.settled(1)
        assert (hands.bot.heard[0].command, hands.bot.heard[0].text) == ("find", "hong xin")

    async def test_hostile_text_comes_through_as_typed(self, hands: Hands) -> None:
        await hands.say(ANN, HOSTILE, forwarded=True)
        parts = await hands.say(ANN, "长" * 10_000)
        await hands.settled(1 + parts)
        assert hands.bot.heard[0].text == HOSTILE
        assert hands.bot.heard[0].forwarded is not hands.plain
        assert "".join(one.text for one in hands.bot.heard[1:]) == "长" * 10_000

    async def test_a_tap_carries_its_key_and_its_card_and_a_double_tap_counts_twice(
        self, hands: Hands
    ) -> None:
        ref = await hands.channel.send(ANN, card(2))
        await hands.tap(ANN, ref, "c.5.1.pick.2")
        await hands.tap(ANN, ref, "c.5.1.pick.2")
        await hands.settled(2)
        first, second = hands.bot.heard
        assert (first.choice, first.card) == ("c.5.1.pick.2", ref)
        assert first.key != second.key

    async def test_a_forged_button_is_delivered_like_any_other(self, hands: Hands) -> None:
        await hands.tap(ANN, "999999", "c.1.1.submit")
        await hands.settled(1)
        assert hands.bot.heard[0].choice == "c.1.1.submit"

    async def test_an_album_is_one_message_for_each_photo_and_the_caption_comes_first(
        self, hands: Hands
    ) -> None:
        contents = [bytes([n]) * 1000 for n in range(20)]
        await hands.photos(ANN, contents, "the shelf")
        await hands.settled(20)
        heard = hands.bot.heard
        assert len({one.album for one in heard}) == 1
        assert heard[0].album
        assert [one.text for one in heard] == ["" if hands.plain else "the shelf"] + [""] * 19
        assert {one.files[0].kind for one in heard} == {FileKind.PHOTO}
        fetched = [
            b"".join([chunk async for chunk in hands.channel.fetch(one.files[0])]) for one in heard
        ]
        assert fetched == contents

    async def test_a_single_photo_is_no_album(self, hands: Hands) -> None:
        await hands.photos(ANN, [b"x"], "cover")
        await hands.settled(1)
        (heard,) = hands.bot.heard
        assert (heard.text, heard.album) == ("cover", "") or hands.plain

    async def test_a_place_comes_with_its_degrees(self, hands: Hands) -> None:
        await hands.place(ANN, 31.25, 121.5)
        await hands.settled(1)
        place = hands.bot.heard[0].place
        assert place is not None
        assert (place.latitude, place.longitude) == (31.25, 121.5)

    async def test_what_the_bot_did_not_keep_comes_again_with_the_same_key(
        self, hands: Hands
    ) -> None:
        hands.bot.failures = 2
        await hands.say(ANN, "first")
        await hands.say(ANN, "second")
        await hands.settled(2)
        assert [one.text for one in hands.bot.heard] == ["first", "second"]
        keys = {one.key for one in hands.bot.offered if one.text == "first"}
        assert len(keys) == 1

    async def test_when_the_bot_was_stopped_then_messages_wait_in_order(
        self, hands: Hands
    ) -> None:
        await hands.channel.stop()
        await hands.channel.close()
        hands.clock.advance(at(1, 30))
        for text in ("one", "two", "three"):
            await hands.say(ANN, text)
        assert hands.bot.heard == []
        hands.clock.advance(at(3))
        await hands.channel.open(hands.bot)
        await hands.channel.start()
        await hands.settled(3)
        assert [one.text for one in hands.bot.heard] == ["one", "two", "three"]
        assert {one.at for one in hands.bot.heard} == {at(1, 30)}


class TestSending:
    async def test_a_card_is_seen_by_its_reader_alone(self, hands: Hands) -> None:
        ref = await hands.channel.send(ANN, card(2, HOSTILE))
        (seen,) = await hands.seen(ANN)
        assert (seen.ref, seen.text) == (ref, HOSTILE)
        assert seen.keys == ("c.5.1.pick.1", "c.5.1.pick.2")
        assert await hands.seen(BOB) == []

    async def test_a_long_text_comes_in_parts_with_the_buttons_under_the_last(
        self, hands: Hands
    ) -> None:
        lines = "\n".join(f"{n} 客户档案移交清单" for n in range(900))
        ref = await hands.channel.send(ANN, card(2, lines))
        seen = await hands.seen(ANN)
        assert len(seen) > 1
        assert "\n".join(one.text for one in seen) == lines
        able = hands.channel.capabilities
        assert all(able.measure.length(one.text) <= able.text_length for one in seen)
        assert seen[-1].ref == ref
        assert [bool(one.keys) for one in seen] == [False] * (len(seen) - 1) + [True]

    async def test_more_choices_than_buttons_are_all_offered_all_the_same(
        self, hands: Hands
    ) -> None:
        await hands.channel.send(ANN, card(8))
        (seen,) = await hands.seen(ANN)
        for number in range(1, 9):
            offered = f"c.5.1.pick.{number}" in seen.keys
            assert offered or f"{number} Choice {number}" in seen.text.split("\n")

    async def test_a_redraw_takes_the_place_of_the_card_or_quotes_it(self, hands: Hands) -> None:
        ref = await hands.channel.send(ANN, card(2))
        new = await hands.channel.edit(ANN, ref, Card("王海燕 approved", locale="en"))
        seen = await hands.seen(ANN)
        assert seen[-1].ref == new
        assert seen[-1].keys == ()
        if hands.channel.capabilities.edits:
            assert [one.text for one in seen] == ["王海燕 approved"]
        else:
            assert [one.text for one in seen][1].split("\n")[0] == "In place of: Who?"

    async def test_the_same_redraw_twice_is_harmless(self, hands: Hands) -> None:
        ref = await hands.channel.send(ANN, card(2))
        again = await hands.channel.edit(ANN, ref, card(2))
        await hands.channel.edit(ANN, again, card(2))
        assert (await hands.seen(ANN))[-1].keys == ("c.5.1.pick.1", "c.5.1.pick.2")

    async def test_a_deleted_message_is_seen_no_more_and_gone_the_next_time(
        self, hands: Hands
    ) -> None:
        first = await hands.channel.send(ANN, card(0, "first"))
        ref = await hands.channel.send(ANN, card(2))
        assert hands.channel.capabilities.deletes
        await hands.channel.delete(ANN, ref)
        assert [(one.ref, one.text) for one in await hands.seen(ANN)] == [(first, "first")]
        with pytest.raises(ChannelError) as caught:
            await hands.channel.delete(ANN, ref)
        assert caught.value.outcome is Outcome.GONE

    async def test_files_go_out_or_are_refused_with_an_outcome(self, hands: Hands) -> None:
        file = OutFile("清单.pdf", "application/pdf", b"%PDF-1.4")
        if hands.channel.capabilities.files_out:
            await hands.channel.send(ANN, card(0), (file,))
            assert [one.text for one in await hands.seen(ANN) if one.text] == ["Who?"]
        else:
            with pytest.raises(ChannelError) as caught:
                await hands.channel.send(ANN, card(0), (file,))
            assert caught.value.outcome is Outcome.REJECTED

    async def test_the_menu_and_a_taps_answer_are_taken(self, hands: Hands) -> None:
        ref = await hands.channel.send(ANN, card(1))
        await hands.tap(ANN, ref, "c.5.1.pick.1")
        await hands.settled(1)
        await hands.channel.answer_tap(hands.bot.heard[0], "")
        await hands.channel.answer_tap(hands.bot.heard[0], "No longer in use.")
        await hands.channel.menu(ANN, (("today", "今日"),))


class TestTrouble:
    async def test_an_unknown_account_is_unreachable(self, hands: Hands) -> None:
        with pytest.raises(ChannelError) as caught:
            await hands.channel.send("nobody", card(1))
        assert caught.value.outcome is Outcome.UNREACHABLE

    @pytest.mark.parametrize("ref", ["404404", "", "not a ref", "²"])
    async def test_a_deleted_card_is_gone(self, hands: Hands, ref: str) -> None:
        with pytest.raises(ChannelError) as caught:
            await hands.channel.edit(ANN, ref, card(1))
        assert caught.value.outcome is Outcome.GONE

    @pytest.mark.parametrize("ref", ["404404", "", "not a ref", "²"])
    async def test_what_is_not_there_cannot_be_deleted(self, hands: Hands, ref: str) -> None:
        with pytest.raises(ChannelError) as caught:
            await hands.channel.delete(ANN, ref)
        assert caught.value.outcome is Outcome.GONE

    async def test_a_card_of_somebody_else_is_gone(self, hands: Hands) -> None:
        ref = await hands.channel.send(ANN, card(1))
        with pytest.raises(ChannelError) as other:
            await hands.channel.delete(BOB, ref)
        assert other.value.outcome is Outcome.GONE
        with pytest.raises(ChannelError) as caught:
            await hands.channel.edit(BOB, ref, card(1))
        assert caught.value.outcome is Outcome.GONE

    @pytest.mark.parametrize("ref", ["f" * 32, "../../etc/passwd", ""])
    async def test_a_file_nobody_sent_is_gone(self, hands: Hands, ref: str) -> None:
        with pytest.raises(ChannelError) as caught:
            async for _ in hands.channel.fetch(InFile(ref, FileKind.PHOTO)):
                pass
        assert caught.value.outcome is Outcome.GONE
