"""The bot was down: nothing is said twice, late rungs come as one honest message."""

from __future__ import annotations

import pytest

from storage import staff
from tests.features.conftest import in_store
from tests.features.diary import DIRECTOR, HONGXIN, MANAGER, OVERDUE, SALES, at, ledger
from tests.features.office import Office, PhonesHands


class TestGivenAnOutageOverTheEvening:
    async def test_when_it_ends_before_the_deadline_then_one_message_says_so(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await office.app.stop()
        office.clock.advance(at("09-14 21:00"))
        await office.app.start()
        await office.app.scan(office.clock.now())
        await office.settle()
        shown = await me.see()
        assert shown.text.count(f"{HONGXIN}：") == 1
        assert "第 2 次提醒" in shown
        assert "服务中断" in shown
        assert [one[2] for one in ledger(office)] == ["sent", "collapsed"]

    @pytest.mark.rule("S1-07.2.3a")
    async def test_when_it_ends_next_morning_then_one_to_each_recipient(
        self, office: Office
    ) -> None:
        await office.app.stop()
        office.clock.advance(at("09-15 10:00"))
        await office.app.start()
        for _ in range(3):
            await office.app.scan(office.clock.now())
            await office.settle()
        shown = await office[SALES].see()
        assert OVERDUE in shown
        assert shown.text.count(f"{HONGXIN}：") == 1
        assert (await office[MANAGER].see()).text.count(f"拜访{HONGXIN}的记录") == 1
        assert [one[1:] for one in ledger(office)] == [
            (SALES, "sent"), (SALES, "collapsed"), (MANAGER, "sent"),
        ]  # fmt: skip

    async def test_when_it_ends_in_quiet_hours_then_the_message_waits_for_morning(
        self, office: Office
    ) -> None:
        await office.app.stop()
        office.clock.advance(at("09-14 23:00"))
        await office.app.start()
        await office.app.scan(office.clock.now())
        await office.settle()
        assert HONGXIN not in await office[SALES].see()
        await office.until(at("09-15 08:00"))
        shown = await office[SALES].see()
        assert shown.text.count(f"{HONGXIN}：") == 1
        assert OVERDUE in shown

    @pytest.mark.rule("C-58")
    async def test_when_the_note_was_sent_meanwhile_then_it_is_on_time_and_nobody_is_told(
        self, office: Office
    ) -> None:
        me = office[SALES]
        if not isinstance(me, PhonesHands):
            pytest.skip("only the pretend platform keeps what is sent while the bot is down")
        await me.say(f"拜访 {HONGXIN} 今天 看了货架")
        key, ref = me.key_of("提交")
        await office.app.stop()
        office.clock.advance(at("09-14 23:58"))
        await me.leave(key, ref)
        office.clock.advance(at("09-15 10:00"))
        await office.app.start()
        await office.app.scan(office.clock.now())
        await office.settle()
        shown = await me.see()
        assert "按时提交" in shown
        assert f"{HONGXIN}：" not in shown
        assert f"拜访{HONGXIN}的记录" not in await office[MANAGER].see()
        assert ledger(office) == []


class TestGivenSomebodyOutOfReach:
    async def test_when_the_author_left_then_the_ladder_goes_on_to_the_superior(
        self, office: Office
    ) -> None:
        await office.app.stop()
        in_store(office.app._settings, lambda unit: staff.deactivate(unit, SALES))
        await office.app.start()
        await office.until(at("09-15 09:00"))
        assert f"拜访{HONGXIN}的记录" in await office[MANAGER].see()
        assert [one[1:] for one in ledger(office)] == [
            (SALES, "unreachable"), (SALES, "unreachable"), (MANAGER, "sent"),
        ]  # fmt: skip

    async def test_when_the_manager_left_too_then_the_next_one_above_is_asked_for(
        self, office: Office
    ) -> None:
        await office.app.stop()
        in_store(office.app._settings, lambda unit: staff.deactivate(unit, MANAGER))
        await office.app.start()
        await office.until(at("09-15 09:00"))
        assert ledger(office)[-1][1] in (DIRECTOR, "CY002", "CY001")
