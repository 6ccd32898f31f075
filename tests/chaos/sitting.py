"""A company whose staff list, dossiers and clock never stand still, while its people decide.

What happens is drawn at random and given to a process as orders; the same changes are made in the
staff list that the oracle reads. After every order the store is compared with the oracle.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from msgspec.structs import replace
from sqlalchemy import func, select, text

from bot.demo import OPENS
from bot.offline import Store
from rules.access import StaffId
from rules.deciders import Away as Absence
from rules.deciders import Colleague, Matter
from rules.secrecy import Grade
from storage import audit, cases
from storage.crypto import Vault
from storage.database import Database
from storage.session import Session
from storage.staff import StaffRow
from storage.tables import approval_case, case_act, outbox
from storage.tables import audit as audit_rows
from storage.unit import Unit
from tests.chaos.deciding import (
    ENDED,
    Acted,
    Away,
    Back,
    Deed,
    Listed,
    Opened,
    Order,
    Regraded,
    Tap,
    peopled,
)
from tests.chaos.judging import Expected, Trial, graded, refused, table
from tests.chaos.orders import Worker
from tests.fakes.clock import SettableClock
from tests.rules.approval_oracle import ZONE, Oracle
from tests.rules.staff_list import StaffList
from tests.rules.test_packs import LINES, facts

TOGETHER = 12
"""Requests that are open at the same time in one company."""
ROUNDS = 9
SIZE = 9
OPERATOR = "operator"
ALWAYS = ("gm", "chairman", "custodian")
GRADES = tuple(Grade)


@dataclass
class Sitting:
    """One company under one pack, and the requests of its people."""

    pack: str
    random: Random
    worker: Worker
    store: Store
    staff: StaffList
    rows: dict[str, StaffRow]
    dossiers: list[int]
    now: datetime = OPENS
    trials: list[Trial] = field(default_factory=list)
    number: int = 0
    kills: int = 0
    """Still to come."""
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.lines = table(self.pack)
        self.words = [case for pack, case, _ in LINES if pack == self.pack]
        self.posts = sorted({one for line in self.lines.values() if line for one in _posts(line)})

    # -- one group of requests -----------------------------------------------------------------

    async def group(self, count: int) -> None:
        """Open so many requests, let everything happen to them, and see each of them end."""
        await self._order([*self._everybody_back()])
        self.trials = []
        await self._open(count)
        for _ in range(ROUNDS):
            if not any(one.case.open for one in self.trials):
                break
            for _ in range(self.random.choice((0, 1, 1, 2, 3))):
                if deeds := self._happens():
                    await self._order(deeds)
            taps, tapped = self._taps()
            entitled = [one.must(self.now) for one in self.trials]
            await self._order([], taps, scan=self.random.random() < 0.3)
            for trial, before in zip(self.trials, entitled, strict=True):
                hopes = [(step, who) for case, step, who in tapped if case == trial.id]
                lost = refused(before, trial.must(self.now), hopes, trial.decisions)
                assert not lost, f"entitled and refused: {lost}"
            self.now += timedelta(minutes=30 * self.random.choice((0, 0, 1, 2, 9, 20, 40)))
        await self._run_out()

    async def _open(self, count: int) -> None:
        opening: list[Opened] = []
        people = [one for one in self.rows if self.staff.people[StaffId(one)].active]
        for at in range(count):
            self.number += 1
            opened = Opened(
                self.number,
                self.random.choice(self.words),
                self.random.choice(people),
                self.dossiers[at],
                self.random.choice([None, *self.rows]),
                tuple(self.random.sample(people, 1)) if self.random.random() < 0.2 else (),
            )
            opening.append(opened)
        report = await self._order(opening)
        with self.store.database.engine.connect() as connection:
            reading = Session(connection)
            unit = Unit(reading, self.store.vault, iter(()), self.now)
            for opened in opening:
                self._watch(unit, report[opened.number], opened)
        self._look()

    def _watch(self, unit: Unit, case_id: int, opened: Opened) -> None:
        asked = facts(opened.words)
        expected = self.lines[asked]
        assert bool(case_id) == (expected is not None), f"{opened.words}: nobody allows it"
        if expected is None:
            return
        matter = Matter(
            asked,
            StaffId(opened.requester),
            StaffId(opened.keeper) if opened.keeper else None,
            "west",
            tuple(map(StaffId, opened.concerned)),
        )
        trial = Trial(case_id, asked, Oracle(self.staff, matter), list(expected.steps))
        stored = cases.get(unit, case_id)
        assert stored is not None
        trial.opened(stored, expected, self.now)
        self.trials.append(trial)
        self.counts["requests"] += 1

    async def _run_out(self) -> None:
        """Let time go on until everything has ended by itself."""
        for _ in range(30):
            if not any(one.case.open for one in self.trials):
                break
            self.now += timedelta(days=8)
            await self._order([], scan=True)
        for one in self.trials:
            assert not one.case.open, f"case {one.id} never ends"
            self.counts[one.case.state.value] += 1
            self.counts["decisions"] += len(one.decisions)

    # -- what happens --------------------------------------------------------------------------

    def _happens(self) -> list[Deed]:
        """Return one thing that happens; the oracle's staff list has it already."""
        return self.random.choices(
            (self._go_away, self._change_post, self._leave, self._regrade, self._add_signer,
             self._answer, self._come_back),
            (8, 2, 1, 3, 1, 2, 1),
        )[0]()  # fmt: skip

    def _go_away(self) -> list[Deed]:
        trial = self._some()
        people = (sorted(trial.case.deciders) if trial else []) or list(self.rows)
        who = self.random.choice(people)
        if who not in self.rows:
            return []
        other = self.random.choice([one for one in self.rows if one != who])
        stand_in = other if self.random.random() < 0.6 else None
        day = self.now.astimezone(ZONE).date()
        last = day + timedelta(days=self.random.randrange(5))
        colleague = self.staff.people[StaffId(who)]
        absences = (*colleague.away, Absence(day, last, StaffId(stand_in) if stand_in else None))
        # what was delegated counts before mere leave
        ordered = sorted(absences, key=lambda one: one.stand_in is not None)
        self.staff.people[StaffId(who)] = replace(colleague, away=tuple(ordered))
        return [Away(who, day, last, stand_in)]

    def _come_back(self) -> list[Deed]:
        return [self._called_off(self.random.choice(list(self.rows)))]

    def _called_off(self, who: str) -> Back:
        self.staff.people[StaffId(who)] = replace(self.staff.people[StaffId(who)], away=())
        return Back(who)

    def _change_post(self) -> list[Deed]:
        who = self.random.choice(list(self.rows))
        post = self.random.choice([*self.posts, *ALWAYS])
        roles = set(self.rows[who].roles) ^ {post}
        return [self._listed(who, roles=tuple(sorted(roles)))]

    def _leave(self) -> list[Deed]:
        who = self.random.choice(list(self.rows))
        return [self._listed(who, active=not self.rows[who].active)]

    def _listed(self, who: str, **changes: object) -> Listed:
        row = self.rows[who] = replace(self.rows[who], **changes)
        self.staff.people[StaffId(who)] = _colleague(row, self.staff.people[StaffId(who)].away)
        return Listed(row)

    def _regrade(self) -> list[Deed]:
        trial = self._some()
        grade = self.random.choice(GRADES)
        expected = graded(self.lines, trial.asked, grade) if trial else None
        if trial is None or expected is None:
            return []
        assert trial.stored is not None
        trial.regraded(replace(trial.oracle.matter.facts, grade=grade), expected)
        return [Regraded(trial.stored.dossier_id or 0, grade.value)]

    def _add_signer(self) -> list[Deed]:
        trial = self._some()
        if trial is None or not trial.case.deciders:
            return []
        who = self.random.choice(sorted(trial.case.deciders))
        return [Acted(who, trial.id, trial.case.step, self.random.choice(list(self.rows)))]

    def _answer(self) -> list[Deed]:
        trial = self._some()
        if trial is None or not trial.case.asked_back:
            return []
        return [Acted(trial.case.matter.requester, trial.id, trial.case.step)]

    def _some(self) -> Trial | None:
        still = [one for one in self.trials if one.case.open]
        return self.random.choice(still) if still else None

    def _everybody_back(self) -> list[Deed]:
        deeds: list[Deed] = []
        for who, row in list(self.rows.items()):
            if self.staff.people[StaffId(who)].away:
                deeds.append(self._called_off(who))
            if not row.active:
                deeds.append(self._listed(who, active=True))
        return deeds

    def _taps(self) -> tuple[list[Tap], list[tuple[int, int, StaffId]]]:
        """Return what is pressed at once; of approvals of the open step also case and person.

        Who presses more than one thing at once says nothing about who has to be accepted.
        """
        taps: list[Tap] = []
        hopes: list[tuple[int, int, StaffId]] = []
        pressed: Counter[tuple[int, StaffId]] = Counter()
        chosen = self.random.choices(self.trials, k=self.random.randrange(1, 6))
        for trial in {one.id: one for one in chosen}.values():
            passed = False
            for _ in range(self.random.choice((1, 1, 2, 2, 3))):
                who, step, key = self._press(trial, passing=not passed)
                passed = passed or ".to." in key
                self.counts["taps"] += 1
                tap = Tap(who, f"{self.pack}{self.counts['taps']}", key)
                if not key:
                    assert trial.stored is not None
                    tap.command, tap.text = "ask", f"{trial.stored.number} 为什么"
                taps.append(tap)
                pressed[trial.id, who] += 1
                if key.startswith("f.case.ok.") and step == trial.case.step:
                    hopes.append((trial.id, step, who))
        return taps, [one for one in hopes if pressed[one[0], one[2]] == 1]

    def _press(self, trial: Trial, *, passing: bool) -> tuple[StaffId, int, str]:
        """Return who presses what on the card of which step; no key: a question is typed."""
        entitled = {who for _, who in trial.must(self.now)}
        waiting = sorted(entitled if self.random.random() < 0.4 else trial.case.deciders)
        anybody = not waiting or self.random.random() < 0.2
        who = StaffId(self.random.choice(list(self.rows) if anybody else waiting))
        step = max(trial.case.step - (self.random.random() < 0.1), 0)
        at, seldom = f"{trial.id}.{step}", self.random.random() < 0.1
        keys = [f"f.case.ok.{at}"] * 12
        keys += [f"f.case.no.{at}.need", f"f.case.nudge.{trial.id}", ""]
        keys += [f"f.case.to.{at}.{self._above(who)}"] if passing else []
        keys += [f"f.case.gone.{trial.id}"] if seldom else []
        return who, step, self.random.choice(keys)

    def _above(self, who: str) -> str:
        return self.staff.above.get(StaffId(who)) or self.random.choice(list(self.rows))

    # -- what comes of it ----------------------------------------------------------------------

    async def _order(
        self, deeds: Sequence[Deed], taps: Sequence[Tap] = (), *, scan: bool = False
    ) -> dict[int, int]:
        order = Order(self.now, list(deeds), list(taps), scan)
        kill = None
        if self.kills and (taps or scan) and self.random.random() < 0.2:
            self.kills -= 1
            kill = self.random.uniform(0, 0.05)
        report = await self.worker.order(order, kill=kill)
        if self.trials:
            self._look()
        return report.opened

    def _look(self) -> None:
        """Compare what lies in the store with what the oracle knows."""
        with self.store.database.engine.connect() as connection:
            reading = Session(connection)
            unit = Unit(reading, self.store.vault, iter(()), self.now)
            table = approval_case.c
            ids = [one.id for one in self.trials]
            found = reading.execute(
                select(table.id, table.version, table.next_due_at).where(table.id.in_(ids))
            )
            for row in found.all():
                trial = next(one for one in self.trials if one.id == row.id)
                assert trial.stored is not None
                if row.version == trial.stored.version and trial.seen:
                    continue
                stored = cases.get(unit, row.id)
                assert stored is not None
                trial.follow(reading, stored, self.now)
                if trial.case.open:
                    assert row.next_due_at is not None, "nothing will happen any more"

    def judge(self) -> None:
        """Object to what the whole store shows."""
        with self.store.database.engine.connect() as connection:
            reading = Session(connection)
            ends = reading.execute(
                select(audit_rows.c.subject, func.count())
                .where(audit_rows.c.action == ENDED)
                .group_by(audit_rows.c.subject)
            ).all()
            assert {times for _, times in ends} <= {1}, "carried out twice"
            assert len(ends) == self.counts["requests"]
            stuck = reading.execute(
                select(case_act.c.case_id).where(case_act.c.kind == "stuck").distinct()
            )
            for case_id in stuck.scalars().all():
                told = outbox.c.key.like(f"case:{case_id}:%:need:{OPERATOR}")
                assert reading.execute(select(outbox.c.id).where(told)).first(), "stuck in silence"
            assert audit.verify(reading, self.store.vault).broken_at is None
            assert reading.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert reading.execute(text("PRAGMA foreign_key_check")).first() is None


def _posts(line: Expected) -> list[str]:
    seats = [seat for step, _ in line.steps for seat in step]
    relations = ("direct_superior", "superior", "customer_owner", "department")
    return [one for one in seats if not any(word in one for word in relations)]


def _colleague(row: StaffRow, away: tuple[Absence, ...] = ()) -> Colleague:
    deputy = StaffId(row.deputy) if row.deputy else None
    return Colleague(
        StaffId(row.id), row.active, row.department, Grade(row.clearance), frozenset(row.roles),
        deputy, away,
    )  # fmt: skip


def company(pack: str, random: Random) -> tuple[StaffList, dict[str, StaffRow]]:
    """Return a company at random; nobody stands above somebody above."""
    posts = sorted({one for line in table(pack).values() if line for one in _posts(line)})
    names = [f"p{n}" for n in range(SIZE)]
    rows: dict[str, StaffRow] = {}
    for n, name in enumerate(names):
        department = random.choice(("east", "west"))
        roles = {one for one in (*posts, *posts, *ALWAYS) if random.random() < 0.2}
        rows[name] = StaffRow(
            name,
            f"员工{n}",
            department,
            tuple(sorted(roles)),
            superior=random.choice(names[:n]) if n and random.random() < 0.8 else None,
            deputy=random.choice([one for one in names if one != name]),
            clearance=random.choice(GRADES[1:]).value,
            head_of=(department,) if random.random() < 0.3 else (),
        )
    staff = StaffList()
    for name, row in rows.items():
        staff.people[StaffId(name)] = _colleague(row)
        if row.superior:
            staff.above[StaffId(name)] = StaffId(row.superior)
        if row.head_of:
            staff.leads[StaffId(name)] = row.head_of[0]
    return staff, rows


def _prepared(folder: Path, empty: Path) -> tuple[str, Vault]:
    """Return the address of an empty database in a new folder, and its key."""
    folder.mkdir()
    shutil.copy(empty, folder / "company.sqlite")
    return f"sqlite:///{folder / 'company.sqlite'}", Vault.create(folder / "key")


async def sat(
    folder: Path,
    empty: Path,
    pack: str,
    random: Random,
    count: int,
    *,
    kills: int,
    mute: bool,
) -> Counter[str]:
    """Let so many requests be decided in a company under that pack; return what was counted.

    `mute`: only who taps and the operator are sent cards.
    """
    url, vault = _prepared(folder, empty)
    staff, rows = company(pack, random)
    needed = StaffRow(OPERATOR, "运维", "IT", (OPERATOR, "hr"))
    database = Database.open(url, upgrade=False)
    database.match(vault)
    store = Store(database, vault, SettableClock(OPENS))
    quiet = tuple(rows) if mute else ()
    made = store.run(lambda unit: peopled(unit, [*rows.values(), needed], TOGETHER, quiet))
    staff.people[StaffId(OPERATOR)] = _colleague(needed)
    database.close()
    database = Database.open(url, upgrade=False, alone=False)
    worker = Worker(folder, url, pack, log=folder / "log", mute=mute)
    try:
        await worker.start()
        store = Store(database, vault, SettableClock(OPENS))
        sitting = Sitting(pack, random, worker, store, staff, rows, made, kills=kills)
        while sitting.number < count:
            await sitting.group(min(TOGETHER, count - sitting.number))
        sitting.judge()
        sitting.counts["kills"] = kills - sitting.kills
        return sitting.counts
    finally:
        await worker.stop()
        database.close()
