"""An external body wants statistics: customer service alone receives it, on a letter."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import FileKind
from tests.features.council import INFO, SALES, council, states
from tests.features.diary import rows
from tests.features.office import JPEG, Office, Shown, one_channel

RECEIVER = "CY004"


async def ask(office: Office, number: str = "统函18号") -> Shown:
    me = office[RECEIVER]
    await me.say("/figures")
    for words in ("周明", "市统计局", "省统计局", number, "9月30日"):
        await me.say(words)
    await me.send((JPEG, FileKind.PHOTO, ""))
    await me.say("完成")
    await me.say("2025年度客户数量，按地区")
    await me.say("年度统计报表")
    return await me.tap("提交")


@pytest.mark.rule("S2-STAT.6")
class TestGivenAnExternalBody:
    async def test_when_released_then_who_received_it_hears_which_figures_count(
        self, office: Office
    ) -> None:
        council(office)
        assert "统-2026-0001" in await ask(office)
        card = await office[INFO].see()
        assert "统计资料：2025年度客户数量，按地区" in card
        assert "来访人：周明（市统计局） · 省统计局上级主管部门介绍信，编号统函18号" in card
        assert "上级主管部门介绍信" in await office[INFO].tap("查看")
        await office[INFO].say("/ok 1")
        told = await office[RECEIVER].see()
        assert "已批准向周明（市统计局）提供：2025年度客户数量" in told
        assert "以客户信息管理人员掌握的为准（S2-STAT.4）" in told
        assert rows(office, "SELECT visit FROM outsider") == [("came",)]

    @one_channel
    async def test_when_the_letter_was_used_then_it_is_refused(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[INFO].say("/ok 1")
        await office[RECEIVER].see()
        assert "一封介绍信只用于一次来访" in await ask(office)
        assert "统-2026-0002" in await ask(office, "统函19号")

    @one_channel
    async def test_when_asked_twice_on_one_letter_then_one_is_released(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await ask(office)
        await office[INFO].say("/ok 1")
        await office[RECEIVER].see()
        await office[INFO].say("/ok 2")
        assert "介绍信已用于另一次来访" in await office[RECEIVER].see()
        found = rows(office, "SELECT state FROM figures_request ORDER BY id")
        assert found == [("granted",), ("lapsed",)]

    @one_channel
    async def test_when_refused_then_nothing_is_released(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[INFO].say("/no 1 不在统计范围")
        assert "拒绝理由：不在统计范围" in await office[RECEIVER].see()
        assert rows(office, "SELECT state FROM figures_request") == [("refused",)]
        assert rows(office, "SELECT visit FROM outsider") == [("asked",)]

    @one_channel
    async def test_who_is_not_of_customer_service_does_not_receive_it(
        self, office: Office
    ) -> None:
        await office[SALES].say("/figures")
        await office[SALES].say("周明")
        assert states(office) == []
        assert rows(office, "SELECT count(*) FROM outsider") == [(0,)]
