"""Whom the app can see, also where the platform answers in another shape than it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import ChannelError, Outcome
from bot.channels.wecom.channel import Wecom
from tests.channels.harness import ANN, BOB, Bot, WecomHands, wecom_hands
from tests.fakes.wecom.errors import Errcode


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[WecomHands]:
    async with wecom_hands(tmp_path) as opened:
        yield opened


@pytest.fixture
async def comparing(hands: WecomHands) -> AsyncIterator[Wecom]:
    channel = Wecom(hands.server.settings(compare_directory=True), hands.clock.now)
    await channel.open(Bot())
    await channel.start()
    yield channel
    await channel.stop()
    await channel.close()


async def test_then_everybody_in_the_range_is_named(hands: WecomHands, comparing: Wecom) -> None:
    for account in (ANN, BOB):
        hands.server.member(account)
    found = await comparing.people()
    assert found is not None
    assert {one.account for one in found} >= {ANN, BOB}


async def test_when_one_of_the_range_is_no_member_any_more_then_the_others_are_named(
    hands: WecomHands, comparing: Wecom
) -> None:
    for account in (ANN, BOB):
        hands.server.member(account)
    whole = hands.server._methods["user/get"]

    def left(body: dict[str, Any], query: dict[str, str]) -> Any:
        if query["userid"].lower() == ANN:
            raise Errcode(60111, "userid not found")
        return whole(body, query)

    hands.server._methods["user/get"] = left
    found = await comparing.people()
    assert found is not None
    assert ANN not in {one.account for one in found}
    assert BOB in {one.account for one in found}


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("agent/get", {"allow_userinfos": {"user": [{}]}}),
        ("agent/get", {"allow_partys": {"partyid": 7}}),
        ("user/get", {}),
    ],
)
async def test_when_it_is_of_another_shape_then_that_is_an_outcome_and_no_crash(
    hands: WecomHands, comparing: Wecom, method: str, answer: dict[str, Any]
) -> None:
    hands.server.member(ANN)
    hands.server._methods[method] = lambda _body, _query: answer
    with pytest.raises(ChannelError) as caught:
        await comparing.people()
    assert caught.value.outcome is Outcome.UNKNOWN
