"""The program's own units on a company whose people only decide: a process that may be killed.

Orders come as JSON lines on stdin and are answered on stdout, a line each, after all of an order
is committed. An order that comes again, because nobody knows how far the last process got, does
only what is still missing.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Container
from datetime import date, datetime
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import update

from bot import dispatch
from bot.demo import OPENS
from bot.housekeeping import Housekeeping
from bot.settings import Retention
from bot.units import Units
from handlers import FEATURES
from handlers.approvals import approvals
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation.messages import Card, Inbound, Reply
from handlers.feature import Feature
from handlers.texts import Texts
from handlers.world import Registry, World
from rules.access import StaffId
from rules.calendar import china
from rules.cases import Act, AddSigner, Answer
from rules.chains import Credential
from rules.deciders import Matter
from rules.errors import Denied
from rules.policies import Policies
from rules.policy import load_pack
from storage import accounts, away, case_lists, delegations, dossiers, staff
from storage.crypto import Vault
from storage.database import Database
from storage.staff import Person, StaffRow
from storage.tables import dossier
from storage.unit import Unit
from tests.fakes.channel import RecordingChannel
from tests.fakes.clock import SettableClock
from tests.rules.test_packs import facts

CHANNEL = "telegram"
ENDED = "trial.ended"
"""In the audit, once for each request that came to an end."""


class Tap(msgspec.Struct):
    who: str
    key: str
    """Of the update: the same tap again has the same."""
    choice: str = ""
    command: str = ""
    text: str = ""
    after: float = 0.0
    """Seconds after the order came."""


class Opened(msgspec.Struct, tag="open"):
    number: int
    """The request's own; one that is there already is not opened again."""
    words: str
    """As `tests.rules.test_packs.facts` reads them."""
    requester: str
    dossier: int
    keeper: str | None = None
    concerned: tuple[str, ...] = ()


class Regraded(msgspec.Struct, tag="regrade"):
    dossier: int
    grade: str


class Listed(msgspec.Struct, tag="list"):
    """Somebody as the staff list has them from now on, leavers included."""

    row: StaffRow


class Back(msgspec.Struct, tag="back"):
    """All absences and stand-ins of somebody are called off."""

    who: str


class Away(msgspec.Struct, tag="away"):
    who: str
    first: date
    last: date
    stand_in: str | None = None


class Acted(msgspec.Struct, tag="act"):
    """What takes a form of several steps in chat."""

    who: str
    case: int
    step: int
    signer: str = ""
    """Who is to sign too; empty: the requester's answer to a question."""


Deed = Opened | Regraded | Listed | Back | Away | Acted


class Order(msgspec.Struct):
    now: datetime
    deeds: list[Deed] = []
    """Done first, one after the other."""
    taps: list[Tap] = []
    """All at the same time."""
    scan: bool = False
    """Whether the clock looks at the end."""


class Report(msgspec.Struct):
    opened: dict[int, int] = {}
    """Id of each case by its number; 0: nobody can allow it."""
    alerts: dict[str, str] = {}
    """What each tap was answered with, by its key."""


def _said(_ctx: Context, subject: int, _reader: Person, _texts: Texts) -> Asking:
    return Asking(what=f"{subject}")


def _ended(ctx: Context, ending: Ending) -> bool:
    ctx.record(ENDED, f"case:{ending.case_id}", ending.rule, state=ending.state.value)
    return False


TRIAL = Feature(
    key="trial",
    title="Request",
    open=lambda _ctx, _words: Reply.of(Card("-")),
    cases={"trial": CaseKind("试", "Request", _said, _ended)},
)


def world_of(pack: str) -> World:
    return World(Policies.of(load_pack(pack)), china(), Registry((*FEATURES, TRIAL)))


class Deciding:
    """What one process does."""

    def __init__(
        self, database: Database, vault: Vault, folder: Path, pack: str, *, mute: bool
    ) -> None:
        """`mute`: cards are drawn for nobody but who taps; most of the work is drawing."""
        self._world = world_of(pack)
        self._mute = mute
        self._clock = SettableClock(OPENS)
        self._units = Units(database, vault, self._clock)
        self._keeping = Housekeeping(
            {CHANNEL: RecordingChannel(CHANNEL)},
            self._units,
            self._world,
            Retention(),
            vault,
            folder / "files",
        )

    async def run(self) -> None:
        self._units.start()
        loop = asyncio.get_running_loop()
        _say("ready")
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            report = await self._obey(msgspec.json.decode(line, type=Order))
            _say(msgspec.json.encode(report).decode())
        await self._units.stop()

    async def _obey(self, order: Order) -> Report:
        self._clock.advance(order.now)
        report = Report()
        for deed in order.deeds:
            done = await self._units.run(partial(self._do, deed, order.now))
            if isinstance(deed, Opened):
                report.opened[deed.number] = done
        taps = (self._tap(one, order.now) for one in order.taps)
        answers = await asyncio.gather(*taps)
        report.alerts = {one.key: said for one, said in zip(order.taps, answers, strict=True)}
        if order.scan:
            await self._keeping.follow_people()
            await self._keeping.escalate()
        return report

    async def _tap(self, tap: Tap, now: datetime) -> str:
        if tap.after:
            await asyncio.sleep(tap.after)
        inbound = Inbound(
            CHANNEL, tap.who, tap.key, now, tap.text, command=tap.command, choice=tap.choice
        )

        def handle(unit: Unit) -> str:
            before = staff.get(unit.session, tap.who)
            handled = dispatch.handle(unit, inbound, self._world)
            if self._mute and before is not None:
                staff.set_home(unit, tap.who, before.home_channel, before.home_account)
            return handled.alert

        return await self._units.run(handle, f"{CHANNEL}:{tap.who}")

    def _do(self, deed: Deed, now: datetime, unit: Unit) -> int:
        match deed:
            case Opened():
                return self._open(deed, now, unit)
            case Regraded():
                self._regrade(deed, now, unit)
            case Listed():
                staff.save(unit, deed.row)
            case Back() | Away():
                self._absent(deed, now, unit)
            case Acted():
                ctx = self._as(deed.who, now, unit)
                act: Act = Answer(StaffId(deed.who), "是")
                if deed.signer:
                    act = AddSigner(StaffId(deed.who), StaffId(deed.signer), deed.step)
                approvals.act(ctx, deed.case, act, "" if deed.signer else "是")
                dispatch.close(ctx, self._world)
        return 0

    def _as(self, who: str, now: datetime, unit: Unit) -> Context:
        person = staff.get(unit.session, who)
        assert person is not None
        return self._world.context(unit, person, CHANNEL, who, now)

    def _open(self, deed: Opened, now: datetime, unit: Unit) -> int:
        known = case_lists.about(unit.session, "trial", deed.number)
        if known is not None:
            return known
        ctx, asked = self._as(deed.requester, now, unit), facts(deed.words)
        approval = approvals.approval_of(ctx.policy, asked)
        if approval is None:
            return 0
        level, grade = asked.level.value if asked.level else "", asked.grade.value
        unit.session.execute(
            update(dossier).where(dossier.c.id == deed.dossier).values(level=level, grade=grade)
        )
        matter = Matter(
            asked,
            StaffId(deed.requester),
            keeper=StaffId(deed.keeper) if deed.keeper else None,
            department="west",
            concerned=tuple(map(StaffId, deed.concerned)),
            credentials=frozenset(Credential),
        )
        stored = approvals.request(
            ctx, "trial", deed.number, approval, matter, dossier_id=deed.dossier
        )
        assert not isinstance(stored, Denied), stored
        dispatch.close(ctx, self._world)
        return stored.id

    def _regrade(self, deed: Regraded, now: datetime, unit: Unit) -> None:
        changed = update(dossier).where(dossier.c.id == deed.dossier).values(grade=deed.grade)
        unit.session.execute(changed)
        held = dossiers.get(unit, deed.dossier)
        assert held is not None
        ctx = self._as(held.keeper, now, unit)
        approvals.regrade(ctx, held)
        dispatch.close(ctx, self._world)

    def _absent(self, deed: Back | Away, now: datetime, unit: Unit) -> None:
        ctx = self._as(deed.who, now, unit)
        if isinstance(deed, Back):
            for leave in away.upcoming(unit.session, deed.who, ctx.today):
                away.cancel(unit, leave.id, staff_id=deed.who, at=now)
            for given in delegations.upcoming(unit.session, deed.who, ctx.today):
                delegations.end(unit, given.id, staff_id=deed.who, at=now)
        else:
            days = {"staff_id": deed.who, "first_day": deed.first, "last_day": deed.last}
            if deed.stand_in:
                delegations.add(unit, **days, stand_in=deed.stand_in, at=now)
            else:
                away.add(unit, **days, kind="leave", at=now)
        approvals.follow_person(ctx, deed.who)
        dispatch.close(ctx, self._world)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def peopled(unit: Unit, rows: list[StaffRow], count: int, mute: Container[str] = ()) -> list[int]:
    """Write the people with their accounts, and so many dossiers; return the dossiers' ids.

    `mute`: to whom nothing is sent.
    """
    for row in rows:
        staff.save(unit, row)
        accounts.bind(unit, CHANNEL, row.id, row.id)
        if row.id in mute:
            staff.set_home(unit, row.id, "", "")
    keeper = rows[0].id
    return [
        dossiers.add(
            unit,
            dossiers.DossierRow(f"客户{n}", keeper, f"KH-{n}", department="west"),
            by=keeper,
        )
        for n in range(count)
    ]


def main(folder: str, url: str, pack: str, mute: str = "") -> None:
    vault = Vault.load(Path(folder) / "key")
    database = Database.open(url, upgrade=False)
    database.match(vault)
    asyncio.run(Deciding(database, vault, Path(folder), pack, mute=bool(mute)).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
