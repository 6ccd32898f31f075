"""What is odd about loans: five hundred of one person, New Year, a clock that is set wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from handlers.loans import loan_clock
from handlers.reminders import SHOWN
from storage import inbox, loans
from storage.loans import Loan
from storage.unit import Unit
from tests.features.counter import checked, counter, hand_out, now, put, step
from tests.features.desk import acting
from tests.features.diary import SHANGHAI, at, rows
from tests.features.keeping import later
from tests.features.lending import ARCHIVE, HEAD, SALES, begin, desks, lend_watched, said
from tests.features.office import Office, one_channel

MANY = 500


def failures(office: Office) -> int:
    return office.look(lambda unit: len(inbox.failed(unit.session)))


def multiplied(office: Office, held: Loan) -> None:
    """Let the same borrower have as many loans like this one."""

    def more(unit: Unit) -> None:
        new = loans.NewLoan(
            "loan", held.dossier_id, SALES, held.department, "check", "核对", "out", held.pack
        )
        lent = {name: getattr(held, name) for name in ("lent_at", "due_on", "due_at")}
        for number in range(1, MANY):
            id_ = loans.add(unit, new, unit.now)
            loans.give_number(unit, id_, f"借-2026-{1000 + number}")
            one = loans.get(unit, id_)
            assert one is not None
            out = loans.save(unit, one, replace(one, state="lent", **lent), unit.now)
            loan_clock.start(acting(office, unit, SALES), out)

    office.change(more)


@one_channel
@pytest.mark.rule("S2-INFO.19.5", "S1-14.5c")
async def test_given_five_hundred_overdue_of_one_person_then_cards_stay_short_and_lists_answer(
    office: Office,
) -> None:
    counter(office)
    office.clock.advance(at("09-14 16:00"))  # after the reminders of the day
    multiplied(office, await lend_watched(office, days=0))
    me, head, archive = office[SALES], office[HEAD], office[ARCHIVE]
    await me.see()
    await head.see()
    await later(office, "09-15 09:00")
    shown = await me.see()
    listed = [one for one in shown.text.splitlines() if one.startswith("· 借-")]
    assert 0 < len(listed) <= SHOWN
    assert "另有 4" in shown.text
    assert (await head.see()).text.count("尚未归还借-2026-") == MANY  # above, each by itself
    kept = rows(office, "SELECT case_id, rung FROM notice WHERE case_kind = 'loan'")
    assert len(kept) == len(set(kept)) == MANY * 2
    assert len(missed(office)) == MANY
    assert f"借阅逾期（{MANY}）" in (await me.say("今日")).labels
    assert "逾期 1 天" in (await me.say("/loans")).text
    assert f"（{MANY}）" in (await archive.say("/overdue")).text
    assert f"（{MANY}）" in (await head.say("/overdue")).text
    stopped = await begin(office)
    assert "借-2026-0001" in stopped.text
    assert len(stopped.text.splitlines()) < 30
    assert failures(office) == 0


def missed(office: Office) -> list[tuple[str, ...]]:
    return rows(office, "SELECT duty, due_on FROM breach WHERE duty LIKE 'loan:%'")


@one_channel
@pytest.mark.rule("C-07", "S2-INFO.19.5")
async def test_given_a_loan_across_new_year_then_the_day_is_provisional_and_reminded_all_the_same(
    office: Office,
) -> None:
    counter(office)
    me = office[SALES]
    office.clock.advance(at("12-30 10:00"))
    held = put(office)
    await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
    await me.see()
    shown = await me.press(f"f.handout.take.{step(office, held).id}")
    # the second of January is a Saturday; for 2027 no days off are published yet
    assert str(now(office, held).due_on) == "2027-01-04"
    assert "2027年1月4日" in shown.text
    for moment, words in (
        ("2027-01-03 09:00", "第 1 次提醒"),
        ("2027-01-04 09:00", "第 2 次提醒"),
        ("2027-01-04 15:00", "第 3 次提醒"),
        ("2027-01-05 09:00", "第 1 次逾期通知"),
    ):
        await office.until(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI))
        await office.settle()
        assert (await me.see()).text.count(f"（{words}") == 1
    await me.press(f"f.return.all.{held.id}")
    await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
    await office[ARCHIVE].tap("全部相符")
    assert "已注销" in await checked(office)
    assert [str(day) for _, day in missed(office)] == ["2027-01-04"]


@one_channel
class TestGivenAClockThatIsSetWrong:
    async def test_when_it_goes_back_two_hours_then_nothing_is_said_twice(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        me = office[SALES]
        await later(office, "09-16 09:00")
        assert "第 1 次提醒" in (await me.see()).text
        before = said(office)
        office.clock.set(at("09-16 07:30"))
        await later(office, "09-16 10:00")
        assert "次提醒" not in (await me.see()).text
        assert said(office) == before
        await later(office, "09-17 09:00")
        assert "第 2 次提醒" in (await me.see()).text

    async def test_when_it_goes_forward_a_day_then_what_was_missed_is_one_message(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        me = office[SALES]
        await later(office, "09-16 10:00")
        await me.see()
        office.clock.advance(office.clock.now() + timedelta(days=1, hours=6))
        await later(office, "09-17 16:30")
        shown = await me.see()
        assert shown.text.count("借-2026-0001 ") == 1
        assert "第 3 次提醒" in shown.text
        assert "服务中断" in shown.text
        outcomes = [outcome for _, who, outcome in said(office) if who == SALES]
        assert sorted(outcomes) == ["collapsed", "sent", "sent"]
        # and back to the right day: what was said stays said, what was not comes in its time
        office.clock.set(at("09-16 16:31"))
        await later(office, "09-17 20:00")
        assert "次提醒" not in (await me.see()).text
        await later(office, "09-18 09:00")
        assert "第 1 次逾期通知" in (await me.see()).text

    async def test_when_papers_come_back_before_they_were_lent_then_counted_all_the_same(
        self, office: Office
    ) -> None:
        counter(office)
        held = put(office)
        await hand_out(office, held)
        office.clock.set(office.clock.now() - timedelta(hours=2))
        await office[SALES].press(f"f.return.all.{held.id}")
        office.clock.set(office.clock.now() + timedelta(hours=2))
        await office.settle()
        await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
        await office[ARCHIVE].tap("全部相符")
        assert "已注销" in await checked(office)
        assert now(office, held).state == "discharged"
        assert failures(office) == 0


@one_channel
async def test_given_an_outage_from_the_last_day_into_the_next_then_it_is_the_first_notice(
    office: Office,
) -> None:
    desks(office)
    await lend_watched(office)
    await later(office, "09-17 10:00")
    await office[SALES].see()
    await office.app.stop()
    office.clock.advance(at("09-17 23:10"))
    await office.app.start()
    await later(office, "09-18 08:00")
    assert "已逾期（第 1 次逾期通知" in (await office[SALES].see()).text
