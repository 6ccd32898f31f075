"""What a platform could not wait for is handled later: once, in order, whatever happens."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import msgspec
import pytest

from bot import late
from bot.late import Late
from bot.units import Units
from handlers.conversation.messages import Inbound
from storage import inbox
from storage.crypto import Vault
from storage.errors import DatabaseRefused
from storage.spool import Spool
from storage.unit import Unit
from tests.conftest import NOW
from tests.fakes.clock import SettableClock


def message(key: str, account: str = "zhang") -> Inbound:
    return Inbound("wecom", account, key, NOW, text=f"字 {key}")


class House:
    """The inbox, the spool, and a bot that writes down what it handles."""

    def __init__(self, units: Units, spool: Spool, clock: SettableClock) -> None:
        self.units = units
        self.spool = spool
        self.late = Late(units, spool, clock, self._handle)
        self.handled: list[str] = []
        self.refuses = False

    async def take(self, key: str) -> None:
        if await self.units.run(lambda unit: inbox.take(unit, "wecom", key, "", NOW)):
            self.handled.append(f"字 {key}")

    async def _handle(self, inbound: Inbound) -> None:
        if self.refuses:
            raise DatabaseRefused("no")
        if await self.units.run(lambda unit: inbox.finish(unit, "wecom", inbound.key)):
            self.handled.append(inbound.text)

    async def stuck(self) -> threading.Event:
        """Let every writer of the store wait, until what is returned is set."""
        free = threading.Event()
        waits = threading.Semaphore(0)

        def hold(_: Unit) -> None:
            waits.release()
            free.wait(60)

        self._held = [
            asyncio.create_task(self.units.run(hold, f"lane {number}"))
            for number in range(self.units._writers)
        ]
        for _ in self._held:
            assert await asyncio.to_thread(waits.acquire, timeout=60)
        return free


@pytest.fixture
def house(units: Units, tmp_path: Path, vault: Vault, clock: SettableClock) -> House:
    return House(units, Spool(tmp_path / "attachments", vault), clock)


async def test_when_the_store_answers_then_it_waits_there(house: House) -> None:
    await house.late.keep(message("1"))
    assert house.late.behind(message("2"))
    assert not house.late.behind(message("2", "li"))
    assert house.spool.waiting() == ()
    await house.late.catch_up()
    await house.late.catch_up()
    assert house.handled == ["字 1"]
    assert not house.late.behind(message("2"))


async def test_when_it_was_handled_meanwhile_then_it_is_not_again(house: House) -> None:
    await house.take("1")
    await house.late.keep(message("1"))
    await house.late.catch_up()
    assert house.handled == ["字 1"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_when_the_store_is_stuck_then_it_is_kept_beside_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late, "KEEP_SECONDS", 0.05)
    free = await house.stuck()
    for key in ("1", "2", "3"):
        await house.late.keep(message(key))
    assert len(house.spool.waiting()) == 3
    free.set()
    await house.late.catch_up()
    assert house.handled == ["字 1", "字 2", "字 3"]
    assert house.spool.waiting() == ()


async def test_when_the_store_still_refuses_then_all_goes_on_waiting(
    house: House, clock: SettableClock
) -> None:
    for key in ("1", "2"):
        house.spool.keep(msgspec.json.encode(message(key)).decode(), clock.now())
    house.refuses = True
    with pytest.raises(DatabaseRefused):
        await house.late.catch_up()
    assert house.handled == []
    house.refuses = False
    await house.late.catch_up()
    assert house.handled == ["字 1", "字 2"]


async def test_when_the_inbox_cannot_hold_one_then_the_others_are_handled(
    house: House, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = late._receive

    def refuse(inbound: Inbound, unit: Unit) -> None:
        if inbound.key == "1":
            raise ValueError("too long")
        receive(inbound, unit)

    monkeypatch.setattr(late, "_receive", refuse)
    for key in ("1", "2"):
        house.spool.keep(msgspec.json.encode(message(key)).decode(), clock.now())
    await house.late.catch_up()
    assert house.handled == ["字 2"]
    assert house.spool.waiting() == ()


async def test_when_one_was_cut_off_then_the_others_are(
    house: House, clock: SettableClock, tmp_path: Path
) -> None:
    for key in ("1", "2"):
        house.spool.keep(msgspec.json.encode(message(key)).decode(), clock.now())
    first = min((tmp_path / "attachments" / "spool").iterdir())
    first.write_bytes(first.read_bytes()[:9])
    await house.late.catch_up()
    assert house.handled == ["字 2"]
    assert first.with_suffix(".bad").exists()


async def test_when_one_cannot_be_read_then_the_others_are(
    house: House, clock: SettableClock
) -> None:
    for text in ("{", msgspec.json.encode(message("2")).decode()):
        house.spool.keep(text, clock.now())
    await house.late.catch_up()
    assert house.handled == ["字 2"]
    assert house.spool.waiting() == ()
