"""Papers that are drawn by chance are asked for as if the archivist had asked, once a day."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from handlers.conversation.messages import FileKind
from handlers.loans import spot_checks
from rules.custody import is_drawn
from rules.leaves import RuleId
from rules.lending import SpotChecks
from rules.policy import load_pack
from storage import away, staff
from storage.loans import Loan
from storage.unit import Unit
from tests.features.council import audited
from tests.features.counter import PAPERS, lent, steps
from tests.features.diary import at
from tests.features.keeping import later, works_under
from tests.features.lending import ARCHIVE, SALES
from tests.features.office import JPEG, Office, one_channel


def checks(office: Office, percent: int = 100) -> None:
    """Let so many of a hundred loans be asked for on each working day."""
    loan = load_pack("customer-service").loan
    assert loan is not None
    spot = SpotChecks(percent, RuleId("S1-15.5.3"))
    works_under(office, loan=replace(loan, spot_checks=spot))


def asked(office: Office, held: Loan) -> list[str]:
    """Return the day of each time that a loan's papers were asked for, in order."""
    return [f"{one.opened_at:%m-%d}" for one in steps(office, held) if one.kind == "ping"]


@pytest.mark.rule("S1-15.5.3")
async def test_when_drawn_then_asked_in_the_morning_and_shown_to_the_archivist(
    office: Office,
) -> None:
    held = await lent(office)
    checks(office)
    await later(office, "09-15 08:59")
    assert asked(office, held) == []  # nor on the day on which they were counted out
    await later(office, "09-15 09:01")
    told = await office[SALES].see()
    assert "抽查：请出示在手资料" in told
    assert "S1-15.5.3" in told.text
    assert "由单志远查看" in told
    await office[SALES].tap("拍照出示")
    await office[SALES].send((JPEG, FileKind.PHOTO, "cover.jpg"))
    assert "已出示" in await office[SALES].tap("完成")
    assert "张晓雯已出示资料" in await office[ARCHIVE].see()
    await later(office, "09-15 18:00")
    assert asked(office, held) == ["09-15"]
    assert [one["facts"] for one in audited(office, "loan.spot_checked")]


@one_channel
class TestGivenSpotChecks:
    @pytest.mark.rule("S1-15.5.3")
    async def test_when_nobody_shows_then_the_archivist_hears_after_the_next_working_day(
        self, office: Office
    ) -> None:
        held = await lent(office)
        checks(office)
        await later(office, "09-15 09:01")
        await later(office, "09-16 23:59")
        assert "资料未出示" not in await office[ARCHIVE].see()
        await later(office, "09-17 08:01")
        assert "张晓雯未按时出示" in await office[ARCHIVE].see()
        assert asked(office, held) == ["09-15"]
        await later(office, "09-17 09:01")
        assert asked(office, held) == ["09-15", "09-17"]

    async def test_when_the_policy_has_none_then_nobody_is_asked(self, office: Office) -> None:
        held = await lent(office)
        await later(office, "09-16 12:00")
        assert asked(office, held) == []
        assert spot_checks.next_due(office.app.world, office.clock.now()) is None

    async def test_when_it_is_no_working_day_then_nobody_is_asked(self, office: Office) -> None:
        held = await lent(office)
        await later(office, "09-18 23:00")
        checks(office)
        await later(office, "09-19 12:00")
        assert asked(office, held) == []
        await later(office, "09-20 09:01")  # a Sunday that is worked
        assert asked(office, held) == ["09-20"]

    async def test_when_the_borrower_is_away_then_not_before_they_are_back(
        self, office: Office
    ) -> None:
        held = await lent(office)
        checks(office)
        days = (date(2026, 9, 15), date(2026, 9, 16))
        office.change(lambda unit: gone(unit, *days))
        await later(office, "09-16 12:00")
        assert asked(office, held) == []
        await later(office, "09-17 09:01")
        assert asked(office, held) == ["09-17"]

    async def test_when_papers_are_on_their_way_back_then_not(self, office: Office) -> None:
        held = await lent(office)
        checks(office)
        await office[SALES].press(f"f.return.all.{held.id}")
        await later(office, "09-15 09:01")
        assert asked(office, held) == []

    async def test_when_asked_by_hand_that_day_then_not_again(self, office: Office) -> None:
        held = await lent(office)
        checks(office)
        await later(office, "09-15 08:30")
        await office[ARCHIVE].press(f"f.custody.ping.{held.id}")
        await later(office, "09-15 09:01")
        assert asked(office, held) == ["09-15"]

    async def test_when_the_program_was_down_in_the_morning_then_later_that_day_once(
        self, office: Office
    ) -> None:
        held = await lent(office)
        await office.app.stop()
        office.clock.advance(at("09-15 16:00"))
        await office.app.start()
        checks(office)
        for _ in range(2):
            await office.app.scan(office.clock.now())
        await office.settle()
        assert asked(office, held) == ["09-15"]

    async def test_when_the_program_was_down_until_the_quiet_hours_then_not_that_day(
        self, office: Office
    ) -> None:
        held = await lent(office)
        await office.app.stop()
        office.clock.advance(at("09-15 23:00"))
        await office.app.start()
        checks(office)
        await office.app.scan(office.clock.now())
        await later(office, "09-16 09:01")
        assert asked(office, held) == ["09-16"]

    async def test_when_the_archivist_left_then_the_head_of_the_archive_looks(
        self, office: Office
    ) -> None:
        held = await lent(office)
        checks(office)
        office.change(lambda unit: staff.deactivate(unit, ARCHIVE))
        await later(office, "09-15 09:01")
        assert asked(office, held) == ["09-15"]
        assert "由梁思源查看" in await office[SALES].see()

    async def test_when_the_borrower_left_then_nobody_is_asked(self, office: Office) -> None:
        held = await lent(office)
        checks(office)
        office.change(lambda unit: staff.deactivate(unit, SALES))
        await later(office, "09-15 09:01")
        assert asked(office, held) == []

    async def test_then_some_are_drawn_as_anybody_with_the_secret_can_reckon(
        self, office: Office
    ) -> None:
        held = await lent(office)
        checks(office, 50)
        secret = office.look(lambda unit: unit.vault.index("custody.spot_checks"))
        days = [date(2026, 9, number) for number in (15, 16, 17, 18, 20, 21, 22, 23, 24)]
        expected: list[date] = []
        for day in days:
            await later(office, f"{day:%m-%d} 09:01")
            # what was asked for stays open until the next working day ends
            free = not expected or days.index(day) - days.index(expected[-1]) > 1
            if free and is_drawn(secret, held.id, day, 50):
                expected.append(day)
        assert asked(office, held) == [f"{day:%m-%d}" for day in expected]

    async def test_when_more_are_drawn_than_one_unit_takes_then_it_goes_on_behind_them(
        self, office: Office
    ) -> None:
        first = await lent(office, PAPERS[0])
        second = await lent(office, PAPERS[1])
        checks(office)
        await later(office, "09-15 08:59")
        world, day = office.app.world, date(2026, 9, 15)

        def one(unit: Unit) -> int | None:
            going_on, found = spot_checks.ask_some(unit, world, day, 0, 1)
            assert len(found) == 1
            return going_on

        assert office.change(one) == first.id
        await later(office, "09-15 09:01")  # stopped halfway, begun anew
        assert [asked(office, each) for each in (first, second)] == [["09-15"], ["09-15"]]


def gone(unit: Unit, first: date, last: date) -> None:
    away.add(unit, staff_id=SALES, kind="leave", first_day=first, last_day=last, at=unit.now)
