"""One person on Telegram and on WeCom: the same card on both, and notices where they want them."""

from __future__ import annotations

from tests.features.council import HEAD, INFO, SALES, ask, council, states
from tests.features.diary import HONGXIN, REMINDER, at
from tests.features.office import Pair
from tests.features.test_binding import home
from tests.features.wecom_hands import WecomHands


def wecom(pair: Pair, who: str) -> WecomHands:
    found = pair.wecom[who]
    assert isinstance(found, WecomHands)
    return found


async def asked(pair: Pair) -> None:
    """Have a request on the head's WeCom, and its card opened on their Telegram too."""
    council(pair)
    await wecom(pair, HEAD).say("今日")
    await ask(pair)
    assert {"同意", "拒绝"} <= set((await wecom(pair, HEAD).see()).labels)
    assert "同意" not in (await pair[HEAD].see()).labels
    shown = await pair[HEAD].say("/approvals")
    if "同意" not in shown.labels:
        shown = await pair[HEAD].tap(shown.labels[0])
    assert "同意" in shown.labels


class TestGivenACardOnBoth:
    async def test_when_decided_on_telegram_then_the_buttons_on_wecom_follow(
        self, pair: Pair
    ) -> None:
        await asked(pair)
        await pair[HEAD].tap("同意")
        card = wecom(pair, HEAD).member.last
        assert states(pair) == ["pending"]
        assert "同意" not in dict(card.buttons)

    async def test_when_decided_on_wecom_then_the_card_on_telegram_says_so(
        self, pair: Pair
    ) -> None:
        await asked(pair)
        await pair[HEAD].see()
        await wecom(pair, HEAD).tap("同意")
        shown = await pair[HEAD].see()
        assert "王海峰 09:00 已同意" in shown
        assert "同意" not in shown.labels

    async def test_when_pressed_on_the_other_all_the_same_then_said_what_is_true(
        self, pair: Pair
    ) -> None:
        await asked(pair)
        key, ref = wecom(pair, HEAD).key_of("同意")
        await pair[HEAD].tap("同意")
        await wecom(pair, HEAD).see()
        await wecom(pair, HEAD).press(key, ref)
        assert states(pair) == ["pending"]
        assert "同意" in (await pair[INFO].see()).labels


class TestGivenNotices:
    async def test_then_they_follow_to_where_one_wrote_last(self, pair: Pair) -> None:
        await pair[SALES].say("今日")
        assert home(pair)[0] == "telegram"
        await wecom(pair, SALES).say("今日")
        assert home(pair)[0] == "wecom"

    async def test_when_a_messenger_was_chosen_then_they_stay_there(self, pair: Pair) -> None:
        await pair[SALES].say("设置")
        assert (
            "按您的选择，通知一直发到企业微信" in (await pair[SALES].tap("通知发到企业微信")).text
        )
        await pair[SALES].say("今日")
        await pair.until(at("09-14 18:00"))
        assert REMINDER.format(1) in await wecom(pair, SALES).see()
        assert HONGXIN not in (await pair[SALES].see()).text

    async def test_when_that_one_fails_then_they_come_by_the_other(self, pair: Pair) -> None:
        await pair[SALES].say("设置")
        await pair[SALES].tap("通知发到企业微信")
        wecom(pair, SALES).block()
        await pair.until(at("09-14 18:00"))
        await pair.settle()
        assert (await pair[SALES].see()).text.count(f"{HONGXIN}：") == 1

    async def test_when_the_app_was_taken_away_then_at_once(self, pair: Pair) -> None:
        await wecom(pair, SALES).say("今日")
        await wecom(pair, SALES).member.event("unsubscribe", EventKey="")
        await pair.settle()
        assert home(pair)[0] == "telegram"
        await wecom(pair, SALES).member.event("subscribe", EventKey="")
        await wecom(pair, SALES).say("今日")
        assert home(pair)[0] == "wecom"
