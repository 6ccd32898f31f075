"""The demo opens with papers on their way to the archive."""

from __future__ import annotations

import pytest

from bot.policies import policies_of
from bot.sample import handed
from storage import accounts
from storage.attachments import Kept
from tests.features.handing import sign
from tests.features.office import Office, one_channel
from tests.features.showroom import ARCHIVE, SELLER, every

SHOT = Kept("0" * 64, 1, "image/jpeg")


def handed_over(office: Office) -> None:
    policies = policies_of(office.settings.company)
    account = office.account(SELLER)
    office.change(lambda unit: accounts.bind(unit, office.channel, account, "CY032"))
    office.change(lambda unit: handed.hand_over(unit, policies, SHOT))


@one_channel
@pytest.mark.rule("S1-09.4.1")
async def test_each_of_them_stands_where_it_should(office: Office) -> None:
    handed_over(office)
    found = every(office)
    assert len(found) == 13
    assert [(one.giver, one.gaps) for one in found if one.state == "complete" and one.gaps] == [
        ("CY032", 1)
    ]
    assert sorted(one.giver for one in found if one.open) == ["CY032", "CY036"]
    shown = await office[ARCHIVE].say("今日")
    for count in ("待签收资料（1）", "待上架资料（1）"):
        assert count in shown.labels
    shown = await office[SELLER].say("今日")
    for count in ("待移交资料（1）", "待补资料（1）"):
        assert count in shown.labels


@one_channel
@pytest.mark.rule("S1-09.2.5")
async def test_what_the_archivist_signs_today_is_to_be_closed(office: Office) -> None:
    handed_over(office)
    waits = next(one for one in every(office) if one.giver == "CY036" and one.open)
    assert "待结清签收簿" not in await office[ARCHIVE].say("今日")
    await sign(office, waits)
    assert "待结清签收簿（1）" in (await office[ARCHIVE].say("今日")).labels
    await office[ARCHIVE].tap("待结清签收簿（1）")
    await office[ARCHIVE].tap("当日结清")
    assert "待结清签收簿（1）" not in (await office[ARCHIVE].say("今日")).labels


@one_channel
@pytest.mark.rule("S1-09.5.8", "S1-09.2.5")
async def test_last_month_has_its_figures_and_the_register_its_entries(office: Office) -> None:
    handed_over(office)
    shown = await office[ARCHIVE].say("签收簿")
    assert "用户档案签收薄" in shown
    assert "共 3 笔" in shown
    shown = await office[ARCHIVE].press("f.receipts.month.auto-dealer.202608")
    assert "共 8 笔" in shown
    shown = await office[ARCHIVE].press("f.rates.month.auto-dealer.202608")
    assert "汽车销售部：应交 3" in shown
    assert "汽车售后部：应交 5" in shown
