"""A dealer's year under the set clock: every day, reminder and rate as the regulation has them.

The program is the real one over a letterbox, killed between two statements again and again and
once down for days. What it says is compared with an oracle that knows the regulation only.
"""

from __future__ import annotations

import re
import time as real
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from bench import names
from bot.demo import settings_for
from bot.offline import Store
from bot.settings import Settings
from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.handovers import handover_gaps, handover_given, handover_open, handover_sign
from handlers.handovers.handover_open import Start
from storage import accounts, attachments, handover_figures, handover_items, handovers, staff
from storage.crypto import Vault
from storage.database import Database
from storage.staff import StaffRow
from storage.tables import breach, handover_gap, notice
from storage.unit import Unit
from tests.chaos.dealer_oracle import (
    ABOVE,
    DUE,
    GAP_ABOVE,
    GAP_DUE,
    GAP_LATE,
    LATE,
    Oracle,
    Said,
)
from tests.chaos.letterbox import Letter, understood
from tests.chaos.loan_house import House
from tests.chaos.loan_oracle import DAY, SHANGHAI, office_day, worked
from tests.chaos.tally import Page, Tally
from tests.fakes.clock import SettableClock

HOURS = (time(9, 47), time(13, 41), time(16, 38))
STRIKES = (time(9), time(16), time(17))
CUSTODIAN, SALES, SERVICE = "A003", "A001", "A002"
HEADS = {"汽车销售部": SALES, "汽车售后部": SERVICE}

_NUMBER = r"(?P<number>移-\d{4}-\d{4,})"
_SAID = {
    ABOVE: re.compile(rf"尚未移交 {_NUMBER} "),
    GAP_ABOVE: re.compile(rf"尚未补齐 {_NUMBER} "),
    GAP_DUE: re.compile(rf"{_NUMBER} .*前补齐（第 (?P<count>\d+) 次提醒"),
    GAP_LATE: re.compile(rf"{_NUMBER} .*前补齐（第 (?P<count>\d+) 次催补"),
    DUE: re.compile(rf"{_NUMBER} .*前移交（第 (?P<count>\d+) 次提醒"),
    LATE: re.compile(rf"{_NUMBER} .*前移交（第 (?P<count>\d+) 次催交"),
}


@dataclass(frozen=True)
class Year:
    first: date
    days: int
    consultants: int
    handovers: int
    kills: int
    outages: tuple[tuple[datetime, datetime], ...]


def _at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI)


SAMPLE = Year(
    date(2026, 9, 16), 24, 6, 60, 2, ((_at("2026-09-21 15:10"), _at("2026-09-23 10:20")),)
)
"""Over a Sunday that is worked, Mid-Autumn and National Day."""
CAMPAIGN = Year(
    date(2025, 10, 8), 365, 40, 12_000, 20, ((_at("2026-03-10 08:30"), _at("2026-03-12 10:20")),)
)
FIGURES = Page(
    "dealer-year",
    "A dealer's year of handovers",
    "`make chaos`: one dealer under the set clock, its consultants late and with gaps by chance, "
    "over holidays, make-up days and an outage of days; the program is killed between two "
    "statements, commits or messages. What readers were sent, days that passed and the rates of "
    "every month are compared with an oracle written from the rules' text.",
    ("days", "consultants", "handovers", "kills", "rungs said", "rungs collapsed",
     "days that passed", "months compared", "differences", "seconds"),
)  # fmt: skip


def said(letter: Letter) -> Counter[Said]:
    """Return what a message says about handovers."""
    return Counter(
        Said(letter.account, one.number, one.what, one.count, one.held_up)
        for one in understood(letter.text, _SAID)
    )


def company(folder: Path, consultants: int, clock: SettableClock, seed: int) -> Settings:
    """Make a dealer in an empty folder."""
    folder.mkdir()
    settings = settings_for(folder, 0, "auto-dealer")
    chance = Random(seed)
    rows = [
        StaffRow("A000", "顾怀瑾", "总经理办公室", ("gm", "customer_director")),
        StaffRow(SALES, "沈立言", "汽车销售部", ("sales_director",), "A000"),
        StaffRow(SERVICE, "何景", "汽车售后部", ("service_director",), "A000"),
        StaffRow(CUSTODIAN, "单志远", "客户关爱部", ("custodian",), "A000"),
    ]
    for at in range(consultants):
        sells = at % 2 == 0
        department = "汽车销售部" if sells else "汽车售后部"
        role = "sales_consultant" if sells else "service_consultant"
        above = SALES if sells else SERVICE
        rows.append(StaffRow(f"C{at:03}", names.person(chance), department, (role,), above))
    vault = Vault.create(settings.storage.key_file)
    database = Database.open(settings.storage.url, upgrade=True)
    try:
        database.match(vault)
        Store(database, vault, clock).run(partial(_hire, rows))
    finally:
        database.close()
    return settings


def _hire(rows: list[StaffRow], unit: Unit) -> None:
    for row in rows:
        staff.save(unit, row)
        accounts.bind(unit, "phones", row.id, row.id)


class Game:
    """The year as it passes."""

    def __init__(self, year: Year, folder: Path, seed: int) -> None:
        self.year = year
        self.repeats = 0
        self.months = 0
        self._chance = Random(seed)
        clock = SettableClock(datetime.combine(year.first, time(8, 15), SHANGHAI))
        settings = company(folder, year.consultants, clock, seed)
        self.oracle = Oracle(CUSTODIAN, HEADS)
        self.house = House(settings, clock, Random(self._chance.random()))
        self._outages = [*year.outages]
        self._owed = 0
        days = range(1, year.days - 3)
        self._kills = Counter(self._chance.choices(days, k=year.kills))
        working = [one for one in range(year.days) if worked(year.first + one * DAY)]
        self._deliveries = Counter(self._chance.choices(working, k=year.handovers))
        self._plans: dict[tuple[date, int], list[tuple[str, str]]] = {}
        """What is done at a slot: act and number."""
        self._slot = (year.first, 0)

    async def play(self) -> None:
        await self.house.open()
        await self._judge()
        for number in range(self.year.days):
            await self._day(number, self.year.first + number * DAY)
        last = self.year.first + self.year.days * DAY
        while not worked(last):
            last += DAY
        await self._until(datetime.combine(last, time(9, 30), SHANGHAI))
        assert self.house.kills == self.year.kills, f"{self.house.kills} kills"

    async def _day(self, number: int, day: date) -> None:
        self._owed += self._kills[number]
        at_work = HOURS if worked(day) else ()
        for clock in sorted({*STRIKES, *at_work}):
            moment = datetime.combine(day, clock, SHANGHAI)
            if self._owed and not self.house.lit and self._chance.random() < 0.3:
                self._owed -= 1
                self.house.light(self._chance.randrange(1, 500))
            await self._until(moment)
            if clock in at_work and self.house.now < moment + timedelta(hours=1):
                self._slot = (day, HOURS.index(clock))
                if clock == HOURS[0]:
                    for _ in range(self._deliveries[number]):
                        await self._deliver()
                await self._work()
                await self._judge()
        await self._until(datetime.combine(day + DAY, time(0), SHANGHAI))
        if (day + DAY).day == 1:
            await self._compare(day)

    async def _until(self, moment: datetime) -> None:
        while self.house.now < moment:
            due = await self.house.next_due()
            stop = min(moment, due) if due is not None and due > self.house.now else moment
            if self._outages and self._outages[0][0] <= stop:
                first, last = self._outages.pop(0)
                self.house.clock.advance(first)
                await self.house.close()
                self.house.clock.advance(last)
                await self.house.open()
            else:
                self.house.clock.advance(stop)
            await self._judge()

    # -- what people do --------------------------------------------------------------------------

    def _later(self, slots: int, act: str, number: str) -> None:
        """Plan an act so many slots of work from now."""
        day, at = self._slot
        for _ in range(slots):
            at += 1
            while at == len(HOURS) or not worked(day):
                day, at = day + DAY, 0
        self._plans.setdefault((day, at), []).append((act, number))

    async def _deliver(self) -> None:
        at = self._chance.randrange(self.year.consultants)
        person = f"C{at:03}"
        kind = "new_car" if at % 2 == 0 else self._chance.choice(("first_service", "warranty"))
        before = max((int(one.rpartition("-")[2]) for one in self.oracle.papers), default=0)

        def start(ctx: Context) -> None:
            policy = ctx.in_force.governing(ctx.person.department)
            row = policy.handover_of(kind)
            assert row is not None
            subject = f"沪A{before:05} 车主"
            handover_open.open_(
                ctx, Start(policy.pack, row, ctx.person, subject, subject, ctx.today)
            )

        await self.house.act(person, start)
        number = await self._newest()
        department = "汽车销售部" if at % 2 == 0 else "汽车售后部"
        now = self.house.now
        self.oracle.delivered(number, person, kind, department, now, office_day(now))
        usual = 5 if kind == "new_car" else 1
        late = self._chance.random() < 0.2
        self._later(usual + (self._chance.randrange(2, 14) if late else 0), "hand", number)

    async def _newest(self) -> str:
        def look(unit: Unit) -> str:
            known = self.oracle.papers
            year = office_day(self.house.now).year
            at = sum(one.startswith(f"移-{year}-") for one in known) + 1
            number = f"移-{year}-{at:04}"
            assert handovers.by_number(unit.session, number) is not None, number
            return number

        return await self.house.look(look)

    async def _work(self) -> None:
        for act, number in self._plans.pop(self._slot, []):
            await getattr(self, f"_{act}")(number)

    async def _hand(self, number: str) -> None:
        giver = self.oracle.papers[number].giver
        short = self._chance.random() < 0.25

        def fill(ctx: Context) -> None:
            held = _held(ctx, number)
            lines = handover_given.lines(ctx, held)
            for place, one in enumerate(lines):
                if one.there is None or one.there.needed.value == "optional":
                    continue
                absent = short and place == 1
                handover_items.put(
                    ctx.unit,
                    one.item.id,
                    state="absent" if absent else "present",
                    reason="客户未取" if absent else "",
                    form="copy" if one.there.form.value == "any" else one.there.form.value,
                    pages=1,
                    customer_signed="yes" if one.there.customer_signs else "",
                    staff_signed="yes" if one.there.staff_signs else "",
                )
                for _ in range(0 if absent else one.there.photos_needed):
                    photo = attachments.note_pending(
                        ctx.unit, staff_id=giver, kind="photo", name="", source="{}"
                    )
                    attachments.kept(ctx.unit, photo, attachments.Kept("0" * 64, 1, "image/jpeg"))
                    attachments.attach(ctx.unit, (photo,), handover_items.PHOTOS, one.item.id)
            handover_sign.sure(ctx, (str(held.id),))

        await self.house.act(giver, fill)
        self.oracle.handed(number, self.house.now)
        self._later(self._chance.randrange(1, 5), "sign_short" if short else "sign", number)

    async def _sign(self, number: str) -> None:
        await self.house.act(
            CUSTODIAN, lambda ctx: handover_sign.sign(ctx, (str(_held(ctx, number).id),))
        )
        self.oracle.signed(number, self.house.now, complete=True)

    async def _sign_short(self, number: str) -> None:
        await self.house.act(
            CUSTODIAN, lambda ctx: handover_sign.gaps(ctx, (str(_held(ctx, number).id),))
        )
        self.oracle.signed(number, self.house.now, complete=False)
        self._later(self._chance.randrange(1, 16), "supply", number)

    async def _supply(self, number: str) -> None:
        giver = self.oracle.papers[number].giver

        def supply(ctx: Context) -> None:
            gap = _gap(ctx, number)
            handover_gaps.submit_supply(ctx, Answers({"_gap": str(gap)}))

        await self.house.act(giver, supply)
        self.oracle.supplied(number, self.house.now)
        self._later(1, "accept", number)

    async def _accept(self, number: str) -> None:
        await self.house.act(
            CUSTODIAN, lambda ctx: handover_gaps.accept(ctx, (str(_gap(ctx, number)),))
        )

    # -- what came of it -------------------------------------------------------------------------

    async def _judge(self) -> None:
        """Compare what was sent since the last time with what had to be."""
        wanted = self.oracle.scan(self.house.now)
        await self.house.settle()
        wanted += self.oracle.scan(self.house.now)
        letters, again = self.house.taken()
        told: Counter[Said] = sum(map(said, letters), Counter())
        missing, extra = wanted - told, told - wanted
        for letter in again.elements():
            repeated = said(letter)
            if repeated and repeated <= extra:
                extra -= repeated
                self.repeats += repeated.total()
        assert not missing, f"{self.house.now}: not said {dict(missing)}; more: {dict(extra)}"
        assert not extra, f"{self.house.now}: said {dict(extra)}"

    async def _compare(self, last: date) -> None:
        """Compare the rates of a month with the oracle's."""
        now = self.house.now
        first = last.replace(day=1)
        found = await self.house.look(
            lambda unit: handover_figures.month(unit.session, "auto-dealer", first, last, now)
        )
        rates = {
            (one.department, one.kind): (one.due, one.timely, one.signed, one.complete)
            for one in found
        }
        assert rates == self.oracle.rates(last.year, last.month, now), last
        self.months += 1


def _held(ctx: Context, number: str) -> handovers.Handover:
    id_ = handovers.by_number(ctx.session, number)
    held = handovers.get(ctx.unit, id_) if id_ is not None else None
    assert held is not None
    return held


def _gap(ctx: Context, number: str) -> int:
    query = select(handover_gap.c.id).where(handover_gap.c.handover_id == _held(ctx, number).id)
    return ctx.session.execute(query.where(handover_gap.c.state != "noted")).scalar_one()


def problems(unit: Unit, oracle: Oracle, now: datetime) -> list[str]:
    """Return what is wrong at the end: days that passed, the ledger."""
    of_leg, of_gap = {}, {}
    for number in oracle.papers:
        id_ = handovers.by_number(unit.session, number)
        assert id_ is not None
        for leg in handovers.legs(unit, id_):
            of_leg[str(leg.id)] = number
    for row in unit.session.execute(select(handover_gap.c.id, handover_gap.c.handover_id)):
        held = handovers.get(unit, row.handover_id)
        assert held is not None
        of_gap[str(row.id)] = f"{held.number} gap"
    missed = set()
    for row in unit.session.execute(select(breach)):
        what, _, id_ = row.duty.partition(":")
        known = of_leg if what == "handover" else of_gap
        missed.add((known[id_], row.due_on))
    found = []
    if missed != oracle.breaches(now):
        found.append(f"days that passed: {sorted(map(str, missed ^ oracle.breaches(now)))[:6]}")
    query = select(notice.c.outcome).where(notice.c.case_kind.in_(("handover", "gap")))
    outcomes = Counter(unit.session.execute(query).scalars())
    if outcomes["open"]:
        found.append(f"{outcomes['open']} rungs were never said")
    found += [
        f"{outcomes[name]} rungs are {name}, not {oracle.outcomes[name]}"
        for name in ("sent", "collapsed")
        if outcomes[name] != oracle.outcomes[name]
    ]
    return found


@pytest.mark.chaos
@pytest.mark.rule("S1-09.4.1", "S1-09.4.2", "S1-09.5.8", "S1-09.5.10", "C-09", "C-16")
async def test_over_the_year_every_day_reminder_and_rate_is_as_the_regulation_has_it(
    tmp_path: Path, campaign: bool, seed: int, tally: Tally
) -> None:
    year, began = CAMPAIGN if campaign else SAMPLE, real.monotonic()
    game = Game(year, tmp_path / "company", seed)
    await game.play()
    now = game.house.now
    found = await game.house.look(lambda unit: problems(unit, game.oracle, now))
    await game.house.close()
    assert not found, "\n".join(found)
    passed = len(game.oracle.breaches(now))
    assert passed > year.days / 10, "too little happened to mean anything"
    tally.add(
        FIGURES, year.days, year.consultants, len(game.oracle.papers), game.house.kills,
        game.oracle.outcomes["sent"], game.oracle.outcomes["collapsed"], passed, game.months, 0,
        f"{real.monotonic() - began:,.0f}",
    )  # fmt: skip
