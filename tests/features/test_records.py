"""What happened with a customer is in the dossier: letters, calls, visits; the newest first."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import Suggestions
from tests.features.diary import COLLEAGUE, SALES
from tests.features.office import Office, one_channel

CUSTOMER, PHONE = "听涛假日酒店", "15402569624"


@one_channel
@pytest.mark.rule("S5-1.8.2")
@pytest.mark.rule("S5-1.4.4")
@pytest.mark.rule("S1-02.4")
async def test_each_contact_is_on_the_customers_card_the_newest_first(office: Office) -> None:
    me = office[SALES]
    for day, manner in (("昨天", "电话"), ("今天", "来信")):
        await me.say("/visit")
        await me.say(CUSTOMER)
        await me.say(day)
        await me.say("对方更换了法定代表人")
        await me.say("跳过")
        await me.tap("方式")
        await me.tap(manner)
        await me.tap("提交")
    shown = await me.say(f"/find {CUSTOMER}")
    listed = [one for one in shown.labels if "张晓雯" in one]
    assert listed[:2] == ["9月14日 周一 来信 张晓雯", "9月13日 周日 电话 张晓雯"]
    assert "对方更换了法定代表人" in await me.tap(listed[0])


@one_channel
@pytest.mark.rule("S2-INFO.26.1")
async def test_what_goes_into_a_private_chat_names_no_customer(office: Office) -> None:
    async def suggested(who: str) -> Suggestions:
        return await office.app.suggest(office.channel, office.account(who), "听涛", "")

    (mine,) = [one for one in (await suggested(SALES)).entries if CUSTOMER in one.title]
    assert mine.text.startswith("KH-2022-0044")
    assert CUSTOMER not in mine.text
    assert PHONE not in mine.text + mine.hint
    assert all(CUSTOMER not in one.title for one in (await suggested(COLLEAGUE)).entries)
