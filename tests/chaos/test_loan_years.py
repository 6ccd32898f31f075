"""A thousand days of lending under the set clock: every rung said once, no chain of hands broken.

The program is the real one over a letterbox; it is killed between two statements again and again
and twice down for days. What it says is compared, at every moment at which something is due, with
an oracle that knows the regulation and nothing of the program.
"""

from __future__ import annotations

import time as real
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.chaos import loan_company as company
from tests.chaos import loan_verdict as verdict
from tests.chaos.loan_house import House
from tests.chaos.loan_oracle import DAY, SHANGHAI, Oracle, Said, worked
from tests.chaos.loan_people import Habits, People
from tests.chaos.tally import Page, Tally
from tests.fakes.clock import SettableClock

HOURS = (time(9, 47), time(13, 41), time(16, 38))
"""When people do things on a day that is worked."""
STRIKES = (time(9), time(15))
"""When the rungs of a loan strike."""


@dataclass(frozen=True)
class Years:
    first: date
    days: int
    people: int
    dossiers: int
    kills: int
    leavers: int
    outages: tuple[tuple[datetime, datetime], ...]
    habits: Habits


def _at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI)


SAMPLE = Years(
    date(2026, 9, 9), 24, 30, 120, 2, 1,
    ((_at("2026-09-28 14:40"), _at("2026-09-30 23:10")),),
    Habits(0.7, 0.7, 12),
)  # fmt: skip
"""Over Mid-Autumn, National Day and a Sunday that is worked."""
CAMPAIGN = Years(
    date(2024, 5, 6), 1000, 200, 5000, 50, 20,
    (
        (_at("2024-10-15 08:30"), _at("2024-10-18 10:20")),
        (_at("2026-02-26 14:40"), _at("2026-03-02 23:10")),
    ),
    Habits(0.35, 1.5, 15),
)  # fmt: skip
"""From May 2024 over two years of published holidays into January 2027, for which none are out."""
FIGURES = Page(
    "loan-years",
    "A thousand days of lending",
    "`make chaos`: one company under the set clock with its borrowers, approvals, absences, "
    "leavers, holidays, make-up days and two outages of days. The program is killed between two "
    "statements, commits or messages and opened again on its database. At every moment at which "
    "something is due, what readers were sent is compared with an oracle written from the rules' "
    "text; at the end, so are due days, breaches and the chain of hands of every loan.",
    (
        "days", "people", "dossiers", "kills", "loans lent", "rungs said", "rungs collapsed",
        "moments looked at", "rungs missed", "rungs doubled", "sent again after a kill",
        "chains broken", "seconds",
    ),
)  # fmt: skip


class Game:
    """The years as they pass."""

    def __init__(self, years: Years, folder: Path, seed: int) -> None:
        self.years = years
        self.repeats = 0
        self.looks = 0
        self._chance = Random(seed)
        opens = datetime.combine(years.first, time(8, 15), SHANGHAI)
        clock = SettableClock(opens)
        self.company = company.made(folder, years.people, years.dossiers, clock, seed)
        self.oracle = Oracle(self._above, company.MANAGER)
        self.house = House(self.company.settings, clock, Random(self._chance.random()))
        self.people = People(
            self.house, self.company, self.oracle, Random(self._chance.random()), years.habits
        )
        self._outages = [*years.outages]
        self._owed = 0
        """Kills that are to come."""
        days = range(1, years.days - 5)
        self._kills = Counter(self._chance.choices(days, k=years.kills))
        self._leavers = Counter(self._chance.sample(days, k=years.leavers))
        """By day of the years, from 0."""

    def _above(self, person: str) -> str:
        if person in self.company.heads.values():
            return company.DIRECTOR
        if person == company.DIRECTOR:
            return company.GM
        at = int(person[1:]) - 1
        return f"S{at - at % company.TEAM + 1:03}"

    async def play(self) -> None:
        await self.house.open()
        await self._judge()
        for number in range(self.years.days):
            await self._day(number, self.years.first + number * DAY)
        assert self.house.kills == self.years.kills, f"{self.house.kills} kills"

    async def _day(self, number: int, day: date) -> None:
        self._owed += self._kills[number]
        at_work = HOURS if worked(day) else ()
        for clock in sorted({*STRIKES, *at_work}):
            moment = datetime.combine(day, clock, SHANGHAI)
            if self._owed and not self.house.lit and self._chance.random() < 0.3:
                self._owed -= 1
                # a scan with something to say is some hundred steps, an hour's work thousands
                self.house.light(self._chance.randrange(1, 500 if clock in STRIKES else 2500))
            await self._until(moment)
            if clock in at_work and self.house.now < moment + timedelta(hours=1):
                if clock == HOURS[0] and self._leavers[number]:
                    await self.people.leave_for_good()
                await self.people.work(morning=clock == HOURS[0])
                await self._judge()
        await self._until(datetime.combine(day + DAY, time(0), SHANGHAI))

    async def _until(self, moment: datetime) -> None:
        """Let time go on, stopping wherever something is due."""
        while self.house.now < moment:
            due = await self.house.next_due()
            stop = min(moment, due) if due is not None and due > self.house.now else moment
            if self._outages and self._outages[0][0] <= stop:
                await self._be_down(*self._outages.pop(0))
            else:
                self.house.clock.advance(stop)
            await self._judge()

    async def _be_down(self, first: datetime, last: datetime) -> None:
        self.house.clock.advance(first)
        await self.house.close()
        self.house.clock.advance(last)
        await self.house.open()

    async def _judge(self) -> None:
        """Compare what was sent since the last time with what had to be."""
        wanted = self.oracle.scan(self.house.now)
        await self.house.settle()
        wanted += self.oracle.scan(self.house.now)  # one that was killed came back later
        letters, again = self.house.taken()
        told: Counter[Said] = sum((one.said() for one in letters), Counter())
        missing, extra = wanted - told, told - wanted
        for letter in again.elements():
            said = letter.said()
            if said and said <= extra:
                extra -= said
                self.repeats += said.total()
        assert not missing, f"{self.house.now}: not said {dict(missing)}; more: {dict(extra)}"
        assert not extra, f"{self.house.now}: said {dict(extra)}"
        self.looks += 1


@pytest.mark.chaos
@pytest.mark.rule("S2-INFO.19.5", "S1-14.5c", "C-07", "C-19", "C-55", "S1-14.9")
async def test_over_the_years_every_rung_is_said_once_and_no_chain_of_hands_breaks(
    tmp_path: Path, campaign: bool, seed: int, tally: Tally
) -> None:
    years, began = CAMPAIGN if campaign else SAMPLE, real.monotonic()
    game = Game(years, tmp_path / "company", seed)
    await game.play()
    found = await game.house.look(lambda unit: verdict.problems(unit, game.oracle))
    await game.house.close()
    assert not found, "\n".join(found[:20])
    done = game.people.done
    assert done["lent"] > years.days / 2, f"too little happened to mean anything: {done}"
    print(dict(done), dict(game.oracle.outcomes), f"{game.repeats} again")  # noqa: T201 - for who reads the campaign
    tally.add(
        FIGURES, years.days, years.people, years.dossiers, game.house.kills, done["lent"],
        game.oracle.outcomes["sent"], game.oracle.outcomes["collapsed"], game.looks, 0, 0,
        game.repeats, 0, f"{real.monotonic() - began:,.0f}",
    )  # fmt: skip
