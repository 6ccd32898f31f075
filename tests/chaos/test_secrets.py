"""What a run full of faults leaves behind: nothing of it in logs, errors, database and folder."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.channels.telegram.webhook import secret_for
from storage import dossiers
from storage.crypto import Vault
from storage.session import Session
from storage.tables import dossier
from storage.unit import Unit
from tests.chaos import client, company
from tests.chaos.crowd import JPEG, Accepted, Person
from tests.chaos.desk import Desk, staffed, telegram_desk
from tests.chaos.verdict import customers, looking
from tests.fakes.telegram.faults import Fault
from tests.fakes.telegram_server import TOKEN

AUTHOR, SUPERIOR, STRANGER = "CY015", "CY014", 77_001
PLANTED = {
    "note": "对方老板私下说要换供应商",
    "loose": "随手记的门禁密码是八八六一",
    "phone": "13800138642",
    "draft": "写到一半的保密句子",
    "search": "绝密搜索词组合",
    "picture": "FILECONTENTNOBODYREADS",
    "stranger": "我是记者想打听一件事",
}
SHARE, SEED = 0.15, 20260914
"""Of all calls, for each fault that is over at once."""
AT_ONCE = [one for one in Fault if one not in (Fault.SILENCE, Fault.SILENCE_AFTER)]


async def a_day(desk: Desk) -> None:
    """Write everything that takes words, with a planted text in it, while calls fail."""
    author = client.TelegramClient(desk.server, AUTHOR)
    client.TelegramClient(desk.server, SUPERIOR)
    customer = customers(desk.settings.storage.url)[AUTHOR][0]
    person = Person(author, [customer], Accepted(), SEED)
    stranger = desk.server.person(STRANGER, "路人")
    await stranger.start(PLANTED["stranger"].encode().hex()[:40])
    await stranger.say(PLANTED["stranger"])
    await author.say("", f"拜访 {customer} {PLANTED['note']} {PLANTED['phone']}")
    review = await person.shown(lambda one: bool(one.key(".submit")))
    await author.tap("", review, review.key(".submit"))
    await person.shown(lambda one: "访-" in one.text)
    await author.say("", PLANTED["loose"])
    await person.shown(lambda one: bool(one.key("f.loose.")))
    await author.person.photo(JPEG + PLANTED["picture"].encode() * 200)
    await author.say("", f"/find {PLANTED['search']}")
    await author.say("", f"/find {PLANTED['phone']}")
    await author.say("", f"拜访 {customer} {PLANTED['draft']}")
    await person.shown(lambda one: PLANTED["draft"] in one.text)


@pytest.mark.chaos
@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_after_a_day_of_faults_nothing_planted_is_in_logs_or_files(
    tmp_path: Path, set_time: Path, log: io.StringIO, mode: str
) -> None:
    settings = staffed(company.copied(set_time, tmp_path / "company"), (AUTHOR, SUPERIOR))
    async with telegram_desk(settings, mode=mode) as desk:
        for number, fault in enumerate(AT_ONCE):
            desk.server.faults.share(fault, SHARE / len(AT_ONCE) * 2, seed=SEED + number)
        await desk.start()
        await desk.through(asyncio.create_task(a_day(desk)))
        assert desk.server.faults.struck.total() > 5
    said = log.getvalue()
    assert "not_delivered" in said or "call_refused" in said or "poll_refused" in said
    key = settings.storage.key_file.read_bytes()
    secrets = {"token": TOKEN, "secret": secret_for(TOKEN), "key": key.decode().split()[-1]}
    for name, words in (PLANTED | secrets).items():
        assert words not in said, name
    with looking(settings.storage.url) as connection:
        reading = Session(connection)
        unit = Unit(reading, Vault.load(settings.storage.key_file), iter(()), desk.clock.now())
        ids = reading.execute(select(dossier.c.id)).scalars().all()
        rows = [one for id in ids if (one := dossiers.get(unit, id)) is not None]
    for row in rows:
        for value in (row.name, row.phone, row.contact, row.address):
            assert len(value) < 3 or value not in said, "a dossier's data"
    on_disk = b"".join(
        one.read_bytes()
        for one in settings.storage.key_file.parent.rglob("*")
        if one.is_file() and one != settings.storage.key_file
    )
    for name, words in (PLANTED | secrets).items():
        assert words.encode() not in on_disk, name
