"""Units of work against the plain loop anybody would write: five statements and a commit.

Both write the same tables of one file through the same kind of connection (WAL,
synchronous=FULL), taking turns; the plain loop is one thread that does nothing else.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count, islice
from pathlib import Path

import uvloop
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from bench.report import Effort, Section, ratio, table
from bot.clock import SystemClock
from bot.units import Units
from storage.crypto import Sealed, Vault
from storage.database import Database
from storage.tables import account, conversation, inbox, outbox, staff
from storage.unit import Unit

SIZES = {Effort.FULL: 9, Effort.BRIEF: 5, Effort.QUICK: 2}
"""Rounds."""
UNITS = 400
"""Units in each round of each arm."""
PEOPLE = 200
WAITING = (1, 16)
AIM = 0.8

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
STATE = Sealed("conversation.state", bytes(400))
BODY = Sealed("outbox.body", bytes(300))


def five(session: Session | Connection, number: int) -> None:
    """One message, roughly: seen before? who is it, where were we, go on, answer."""
    who = number % PEOPLE
    chat = f"chat-{who}"
    session.execute(
        sqlite_insert(inbox)
        .values(
            channel="bench",
            key=f"in-{number}",
            id=number,
            account=chat,
            at=NOW,
            received_at=NOW,
            state="done",
            attempts=0,
        )
        .on_conflict_do_nothing()
    )
    person = session.execute(
        select(staff.c.id, staff.c.name, staff.c.roles)
        .join(account, account.c.staff_id == staff.c.id)
        .where(account.c.channel == "bench", account.c.account == chat)
    ).one()
    present = session.execute(
        select(conversation.c.id, conversation.c.rev, conversation.c.state).where(
            conversation.c.staff_id == person.id, conversation.c.status == "active"
        )
    ).one()
    session.execute(
        update(conversation)
        .where(conversation.c.id == present.id, conversation.c.rev == present.rev)
        .values(rev=present.rev + 1, state=STATE, touched_at=NOW)
    )
    session.execute(
        insert(outbox).values(
            id=number,
            key=f"out-{number}",
            channel="bench",
            account=chat,
            staff_id=person.id,
            mode="send",
            slot="",
            body=BODY,
            state="ready",
            due_at=NOW,
            attempts=0,
            created_at=NOW,
        )
    )


def unit_of_five(number: int, unit: Unit) -> None:
    five(unit.session.connection(), number)


def people(connection: Connection) -> None:
    for who in range(PEOPLE):
        connection.execute(
            insert(staff).values(
                id=f"S{who:03}", name=f"Person {who}", department="Sales", created_at=NOW
            )
        )
        connection.execute(
            insert(account).values(
                channel="bench", account=f"chat-{who}", staff_id=f"S{who:03}", bound_at=NOW
            )
        )
        connection.execute(
            insert(conversation).values(
                id=who + 1,
                staff_id=f"S{who:03}",
                feature="visit",
                form_version=1,
                status="active",
                rev=0,
                state=STATE,
                channel="bench",
                account=f"chat-{who}",
                started_at=NOW,
                touched_at=NOW,
            )
        )


def plain(connection: Connection, numbers: Iterator[int]) -> float:
    """Return units a second of the plain loop: one thread, one session, a commit each."""
    began = time.perf_counter()
    with Session(connection, expire_on_commit=False) as session:
        for number in islice(numbers, UNITS):
            five(session, number)
            session.commit()
    return UNITS / (time.perf_counter() - began)


def bare(connection: Connection, numbers: Iterator[int]) -> float:
    """Return units a second of the same loop on a bare connection, without a session."""
    began = time.perf_counter()
    for number in islice(numbers, UNITS):
        with connection.begin():
            five(connection, number)
    return UNITS / (time.perf_counter() - began)


async def ours(units: Units, numbers: Iterator[int], waiting: int) -> float:
    """Return units a second with so many awaiting at any moment."""

    async def one_after_the_other(share: int) -> None:
        for number in islice(numbers, share):
            await units.run(partial(unit_of_five, number))

    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other(UNITS // waiting) for _ in range(waiting)))
    return UNITS // waiting * waiting / (time.perf_counter() - began)


async def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    database = Database.open(f"sqlite:///{folder / 'bench.sqlite'}", upgrade=True)
    units = Units(database, Vault.create(folder / "bench.key"), SystemClock())
    units.start()
    numbers = count(1_000_000)
    rates: dict[str, list[float]] = {
        "plain": [],
        "bare": [],
        **{f"{one}": [] for one in WAITING},
    }
    with database.write_connection() as connection:
        with connection.begin():
            people(connection)
        for number in range(rounds + 1):
            measured = {"plain": plain(connection, numbers), "bare": bare(connection, numbers)}
            for waiting in WAITING:
                measured[f"{waiting}"] = await ours(units, numbers, waiting)
            if number:  # the first round warms up
                for arm, rate in measured.items():
                    rates[arm].append(rate)
    await units.stop()
    database.close()
    return rates


def run(effort: Effort = Effort.FULL) -> Section:
    rounds = SIZES[effort]
    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        rates = runner.run(measure(Path(folder), rounds))
    names = {
        "plain": "plain loop, a session",
        "bare": "plain loop, a bare connection",
        **{f"{one}": f"`Units.run`, {one} waiting" for one in WAITING},
    }
    rows = []
    for arm, name in names.items():
        against = {peer: ratio(rates[arm], rates[peer]) for peer in ("plain", "bare")}
        rows.append(
            (
                name,
                f"{statistics.median(rates[arm]):,.0f}",
                f"{against['plain']:.2f}",
                f"{against['bare']:.2f}",
            )
        )
    return Section(
        "units",
        "A unit of work of five statements",
        "The same five statements and a durable commit (SQLite, WAL, `synchronous=FULL`) by the "
        "writer of the program and by the loop anybody would write, one thread that does nothing "
        f"else. {rounds} rounds of {UNITS} units in turns; medians, and medians of the rounds' "
        f"ratios. Aim: at least {AIM} of the plain loop.",
        table(("arm", "units a second", "of a session loop", "of a bare loop"), rows),
    )
