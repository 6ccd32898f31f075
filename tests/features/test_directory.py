"""The app's visible range beside the staff list: what differs is proposed, and nothing applied."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.people.directory import Differences, Listed, compare
from storage.accounts import Named
from tests.fakes.telegram.faults import Fault
from tests.features.conftest import OPERATOR, PEOPLE
from tests.features.diary import at, rows
from tests.features.office import Office
from tests.features.wecom_hands import WecomHands

on_wecom = pytest.mark.parametrize("office", ["wecom"], indirect=True)
EVERYBODY = (*PEOPLE, "CY015-2", OPERATOR, "X001", "X002")
MORNING = at("09-15 08:30")


def hands(office: Office, who: str = OPERATOR) -> WecomHands:
    found = office[who]
    assert isinstance(found, WecomHands)
    return found


def name_all(office: Office) -> None:
    """Let the directory show everybody as the staff list has them, and nobody else."""
    server = hands(office)._server
    for low, name in rows(
        office,
        "SELECT account, name FROM account JOIN staff ON staff.id = staff_id "
        "WHERE channel = 'wecom'",
    ):
        server.member(low).name = name
    for who in ("X001", "X002"):
        server.see(who, False)


class TestGivenTheComparison:
    known = (
        Named("a", "1", "甲", True),
        Named("b", "2", "乙", True),
        Named("c", "3", "丙", False),
    )

    def test_then_new_changed_and_gone_are_told_apart(self) -> None:
        seen = (Listed("a", "甲甲"), Listed("d", "丁"))
        found = compare(seen, self.known)
        assert found == Differences(
            new=(Listed("d", "丁"),), changed=((self.known[0], "甲甲"),), gone=(self.known[1],)
        )

    def test_when_all_is_the_same_then_nothing(self) -> None:
        assert not compare((Listed("a", "甲"), Listed("b", "")), self.known)

    def test_when_somebody_has_left_then_neither_their_name_nor_their_absence_matters(
        self,
    ) -> None:
        assert not compare((Listed("a", "甲"), Listed("b", "乙")), self.known)
        assert not compare((*(Listed(x, "") for x in "ab"), Listed("c", "?")), self.known)


@on_wecom
class TestGivenTheVisibleRange:
    async def test_when_it_is_as_the_staff_list_then_nobody_hears_anything(
        self, office: Office
    ) -> None:
        name_all(office)
        await office.until(MORNING)
        assert "通讯录与员工名册" not in await hands(office).see()

    async def test_when_it_differs_then_the_operator_is_told_in_the_morning_and_once(
        self, office: Office
    ) -> None:
        name_all(office)
        server = hands(office)._server
        server.directory.departments |= {1: 0, 2: 1}
        server.member("LiXin", "李新")
        server.directory.placed |= {"lixin": 2, "cy016": 1}
        server.member("CY016").name = "李志强强"
        server.see("CY004", False)
        staff = "SELECT id, name, department, active FROM staff ORDER BY id"
        before = rows(office, staff)
        await office.until(MORNING)
        shown = await hands(office).see()
        assert "名册中没有（1）：李新（lixin）" in shown
        assert "姓名不同（1）：李志强（通讯录中为李志强强）" in shown
        assert "应用已看不到（1）" in shown
        assert "CY004" in shown.text
        await office.until(MORNING + timedelta(days=2))
        assert "名册中没有" not in await hands(office).see()
        assert rows(office, staff) == before

    async def test_when_the_platform_tells_no_name_then_the_account_stands_alone(
        self, office: Office
    ) -> None:
        name_all(office)
        hands(office)._server.member("LiXin")
        await office.until(MORNING)
        assert "名册中没有（1）：lixin\n" in (await hands(office).see()).text

    async def test_when_the_platform_does_not_answer_then_it_is_asked_again_later(
        self, office: Office
    ) -> None:
        name_all(office)
        server = hands(office)._server
        server.member("LiXin", "李新")
        server.faults.add(Fault.CONFLICT, "agent/get", times=2)
        await office.until(MORNING + timedelta(hours=4))
        assert "李新" in await hands(office).see()

    async def test_when_the_range_has_tags_then_nothing_is_concluded_from_it(
        self, office: Office
    ) -> None:
        name_all(office)
        server = hands(office)._server
        server.directory.tags.append(7)
        server.see("CY004", False)
        await office.until(MORNING)
        assert "应用已看不到" not in await hands(office).see()
