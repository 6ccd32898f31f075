"""A major matter reaches who must hear of it, unless the business is confidential (A11)."""

from __future__ import annotations

import pytest

from storage import accounts, staff
from tests.features.conftest import in_store
from tests.features.diary import HONGXIN, MANAGER, SALES, rows
from tests.features.office import Office, Shown

INFORMATION = "CY039"


async def file_major(office: Office, *, confidential: bool = False) -> Shown:
    me = office[SALES]
    await me.say(f"拜访 {HONGXIN} 今天 对方要被并购")
    for label in ("重大事项", "业务保密")[: 2 if confidential else 1]:
        await me.tap("补充")
        await me.tap(label)
        await me.tap("是")
    return await me.tap("提交")


@pytest.mark.rule("S2-DOSS.26")
class TestGivenAMajorMatter:
    async def test_when_filed_then_the_information_department_is_told(
        self, office: Office
    ) -> None:
        await office.app.stop()
        in_store(
            office.app._settings,
            lambda unit: accounts.bind(unit, channel_of(office), INFORMATION, INFORMATION),
        )
        await office.app.start()
        shown = await file_major(office)
        assert "田浩然" in shown
        assert told(office) == [INFORMATION]

    async def test_when_nobody_holds_the_role_then_the_superior_is_told(
        self, office: Office
    ) -> None:
        await office.app.stop()
        in_store(office.app._settings, lambda unit: staff.deactivate(unit, INFORMATION))
        await office.app.start()
        assert "王海峰" in await file_major(office)
        assert told(office) == [MANAGER]

    async def test_when_confidential_then_nobody_is_told(self, office: Office) -> None:
        shown = await file_major(office, confidential=True)
        assert "S2-DOSS.26" in shown
        assert told(office) == []


def told(office: Office) -> list[str]:
    return [one for (one,) in rows(office, "SELECT staff_id FROM outbox WHERE key LIKE 'major:%'")]


def channel_of(office: Office) -> str:
    return next(iter(office.app._channels))
