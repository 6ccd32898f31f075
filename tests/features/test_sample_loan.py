"""The demo opens with one paper on its way."""

from __future__ import annotations

import pytest

from bot.policies import policies_of
from bot.sample import lent
from tests.features.keeping import later
from tests.features.lending import COLLEAGUE, every, said, states
from tests.features.office import Office, one_channel


@one_channel
@pytest.mark.rule("S3-LOG.2.3a")
async def test_the_customers_card_says_where_the_lent_paper_is(office: Office) -> None:
    policies = policies_of(office.settings.company)
    office.change(lambda unit: lent.lend(unit, policies))
    assert states(office) == ["lent"]
    assert every(office)[0].number == "借-2026-0001"
    shown = await office[COLLEAGUE].say("/find KH-2019-0005")
    assert "1 份资料：在李志强处，应还9月14日 周一 24:00（北京时间）" in shown
    assert "最近见证：单志远" in shown


@one_channel
@pytest.mark.rule("S2-INFO.19.5")
async def test_who_has_the_lent_paper_is_reminded(office: Office) -> None:
    policies = policies_of(office.settings.company)
    office.change(lambda unit: lent.lend(unit, policies))
    await later(office, "09-14 15:00")
    assert "借-2026-0001" in await office[COLLEAGUE].see()
    assert said(office)
