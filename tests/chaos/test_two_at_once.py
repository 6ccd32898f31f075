"""Two who decide on one request within a moment: one decision, none lost, none twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, select

from bot.demo import OPENS
from bot.offline import Store
from storage.crypto import Vault
from storage.database import Database
from storage.staff import StaffRow
from storage.tables import approval_case, case_act, outbox
from storage.tables import audit as audit_rows
from tests.chaos.deciding import CHANNEL, ENDED, Opened, Order, Tap, peopled
from tests.chaos.orders import Worker
from tests.chaos.tally import Page, Tally
from tests.fakes.clock import SettableClock

PAIRS = (30, 10_000)
"""In the sample and in the campaign, on each database."""
AT_ONCE = 20
APART = 0.05
"""Seconds between two taps, at most."""
PACK = "customer-service"
PEOPLE = (
    StaffRow("asker", "申请人", "west", ("salesperson",)),
    StaffRow("gm", "总经理", "top", ("gm",), clearance="top_secret"),
    StaffRow("dgm", "主管副总", "top", ("dgm_in_charge",), clearance="top_secret"),
    StaffRow("sup", "信息主管", "info", ("info_supervisor",), clearance="top_secret"),
    StaffRow("mgr", "客服经理", "info", ("cs_manager",), clearance="top_secret"),
    StaffRow("one", "负责人甲", "west", head_of=("west",), clearance="top_secret"),
    StaffRow("two", "负责人乙", "west", head_of=("west",), clearance="top_secret"),
)
EITHER = (("copy confidential", "gm", "dgm"), ("loan", "one", "two"))
"""Requests that either of two may decide: two posts, and two who hold one."""
BOTH = ("disclose", "sup", "mgr")
"""One that both must approve."""
FIGURES = Page(
    "chaos-two",
    "Two deciders within 50 ms",
    f"`make chaos`: two people tap the cards of one request at most {APART * 1000:.0f} ms apart, "
    "each agrees or refuses: on PostgreSQL in two processes, on an SQLite file, which one process "
    "has to itself, in one. Where one decides, one decision is kept and the other person is told; "
    "where both must agree, neither is lost.",
    ("on", "pairs", "one of two", "both", "decisions", "decided otherwise", "ended twice"),
)


@dataclass(frozen=True)
class Pair:
    """One request and what its two deciders press."""

    number: int
    words: str
    people: tuple[str, str]
    agree: tuple[bool, bool]

    @property
    def either(self) -> bool:
        return self.words != BOTH[0]

    def taps(self, case: int, random: Random) -> tuple[Tap, Tap]:
        first, second = (
            Tap(who, f"{self.number}{who}", key, after=random.uniform(0, APART))
            for who, key in zip(self.people, self._keys(case), strict=True)
        )
        return first, second

    def _keys(self, case: int) -> Iterator[str]:
        for yes in self.agree:
            yield f"f.case.ok.{case}.0" if yes else f"f.case.no.{case}.0.need"


def drawn(random: Random, number: int) -> Pair:
    words, *people = random.choice((*EITHER, BOTH))
    agree = (random.random() < 0.6, random.random() < 0.6)
    return Pair(number, words, (people[0], people[1]), agree)


def judged(engine: Engine, pair: Pair, case: int, alerts: dict[str, str]) -> int:
    """Object to what became of a request; return how many decisions were kept."""
    with engine.connect() as connection:
        acts = connection.execute(
            select(case_act.c.kind, case_act.c.staff_id, case_act.c.why)
            .where(case_act.c.case_id == case, case_act.c.step == 0)
            .order_by(case_act.c.id)
        ).all()
        state = connection.execute(
            select(approval_case.c.state).where(approval_case.c.id == case)
        ).scalar_one()
        ends = select(audit_rows.c.facts).where(
            audit_rows.c.subject == f"case:{case}", audit_rows.c.action == ENDED
        )
        ended = len(connection.execute(ends).all())
        keys = [f"{CHANNEL}:{pair.number}{who}:0" for who in pair.people]
        answers = connection.execute(select(outbox.c.key).where(outbox.c.key.in_(keys))).all()
    verdicts = [(row.staff_id, row.why) for row in acts if row.kind == "decided"]
    wanted = {
        who: "approved" if yes else "refused"
        for who, yes in zip(pair.people, pair.agree, strict=True)
    }
    assert all(wanted[who] == why for who, why in verdicts), (pair, verdicts)
    assert len(answers) == 2, (pair, answers)
    over = "refused" in {why for _, why in verdicts}
    if pair.either:
        assert len(verdicts) == 1, (pair, verdicts)
        late = next(who for who in pair.people if who != verdicts[0][0])
        assert alerts[f"{pair.number}{late}"], (pair, "not told")
    else:
        assert len(verdicts) == 2 or (over and len(verdicts) == 1), (pair, verdicts)
    goes_on = pair.words == "loan" and not over
    assert state == ("refused" if over else "pending" if goes_on else "approved"), (pair, state)
    assert ended == (not goes_on), (pair, ended)
    return len(verdicts)


@pytest.mark.chaos
@pytest.mark.rule("C-54")
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_when_two_decide_within_a_moment_then_one_decision_is_kept(
    tmp_path: Path, database_url: str, campaign: bool, seed: int, tally: Tally
) -> None:
    random, vault = Random(seed), Vault.create(tmp_path / "key")
    database = Database.open(database_url, upgrade=False)
    database.match(vault)
    made = Store(database, vault, SettableClock(OPENS)).run(
        lambda unit: peopled(unit, list(PEOPLE), 1, {one.id for one in PEOPLE})
    )
    shared = database.shared
    database.close()
    looking = Database.open(database_url, upgrade=False, alone=False)
    workers = [
        Worker(tmp_path, database_url, PACK, log=tmp_path / f"log{at}", mute=True)
        for at in range(1 + shared)
    ]
    pairs = [drawn(random, at + 1) for at in range(PAIRS[campaign])]
    decisions = 0
    try:
        await asyncio.gather(*(one.start() for one in workers))
        for at in range(0, len(pairs), AT_ONCE):
            some = pairs[at : at + AT_ONCE]
            opening = [Opened(one.number, one.words, "asker", made[0]) for one in some]
            opened = (await workers[0].order(Order(OPENS, list(opening)))).opened
            taps = [one.taps(opened[one.number], random) for one in some]
            orders = [Order(OPENS, taps=list(one)) for one in zip(*taps, strict=True)]
            if not shared:
                orders = [Order(OPENS, taps=[tap for one in orders for tap in one.taps])]
            reports = await asyncio.gather(
                *(one.order(order) for one, order in zip(workers, orders, strict=True))
            )
            alerts = {key: said for one in reports for key, said in one.alerts.items()}
            decisions += sum(
                judged(looking.engine, one, opened[one.number], alerts) for one in some
            )
    finally:
        await asyncio.gather(*(one.stop() for one in workers))
        looking.close()
    where = "PostgreSQL, two processes" if shared else "SQLite, one process"
    either = sum(one.either for one in pairs)
    tally.add(FIGURES, where, len(pairs), either, len(pairs) - either, decisions, 0, 0)
