"""Forged buttons, by somebody of the company and by a stranger: no effect, nothing disclosed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select

from bot import sample
from storage import dossiers, notes, staff
from storage.tables import metadata
from storage.unit import Unit
from tests.chaos import client, company
from tests.chaos.crowd import JPEG, Accepted, Person
from tests.chaos.desk import Desk, staffed, telegram_desk
from tests.chaos.forger import Forger, ids_of
from tests.chaos.tally import Page, Tally
from tests.chaos.verdict import customers
from tests.fakes.telegram.questions import Tap
from tests.fakes.telegram_server import Call
from tests.features.telegram_hands import number_of
from tests.features.test_access import Oracle, secrets_of

T = TypeVar("T")

FORGER, VICTIM, SUPERIOR, STRANGER = "CY015", "CY016", "CY014", "X001"
SEED = 20260914
FORGED = (300, 10_000)
"""Taps in the sample and in the campaign, half of them by each."""
FIGURES = Page(
    "chaos-forgeries",
    "Forged buttons",
    "`make chaos`: keys with the ids of other people's notes, dossiers and conversations, every "
    "action there is, stale revisions and rubbish. Every row of others is as before, and an "
    "oracle written from the rules' text finds nothing in any answer that its reader may not see.",
    ("by", "forged taps", "effects", "disclosures"),
)
AT_ONCE = 50
HOUSEKEEPING = frozenset(
    {"inbox", "outbox", "message_ref", "menu", "meta", "lease", "occurrence", "counter", "audit"}
    | {"stranger", "id_block", "account", "recent", "watch", "notice", "alembic_version"}
)
"""Tables that any message writes to: what came in, what is to be sent, what was done."""
OWNERS = ("staff_id", "author", "keeper")
HOUR = 3600

Rows = Mapping[str, frozenset[str]]


@pytest.mark.chaos
@pytest.mark.parametrize("who", [FORGER, STRANGER])
async def test_when_buttons_are_forged_then_nothing_of_others_changes_or_is_shown(
    tmp_path: Path, set_time: Path, campaign: bool, tally: Tally, who: str
) -> None:
    people = (FORGER, VICTIM, SUPERIOR)
    settings = staffed(company.copied(set_time, tmp_path / "company"), people)
    async with telegram_desk(settings, check=not campaign) as desk:
        await desk.start()
        await desk.through(asyncio.create_task(_victim(desk)))
        await _tidied(desk)
        before = _look(desk, lambda unit: rows_of(unit, but=who))
        hidden = _look(desk, lambda unit: hidden_from(unit, who))
        forger = Forger(desk.app.world.registry, _look(desk, ids_of), SEED)
        taps = await _forge(desk, who, forger, FORGED[campaign] // 2)
        assert _look(desk, lambda unit: rows_of(unit, but=who)) == before
        said = said_to(desk, who, taps)
        assert [words for words in hidden if words in said] == []
        assert [words for words in hidden if words in said_to(desk, VICTIM, [])]  # it can be seen
        if who == STRANGER:
            assert len(sent_to(desk, who)) == 1
            assert {tap.text for tap in taps} == {""}
        by = "a stranger" if who == STRANGER else "a salesperson"
        tally.add(FIGURES, by, len(taps), 0, 0)


@pytest.mark.chaos
async def test_when_a_stranger_tries_everything_then_one_answer_an_hour_says_nothing(
    tmp_path: Path, set_time: Path
) -> None:
    settings = staffed(company.copied(set_time, tmp_path / "company"), (FORGER, VICTIM))
    async with telegram_desk(settings) as desk:
        await desk.start()
        await _tidied(desk)
        hidden = _look(desk, lambda unit: hidden_from(unit, STRANGER))
        before = _look(desk, lambda unit: rows_of(unit, but=STRANGER))
        began = desk.clock.seconds()
        asked = await _everything(desk)
        said = said_to(desk, STRANGER, [])
        assert [words for words in hidden if words in said] == []
        assert asked == []  # what was offered while typing
        sent = sent_to(desk, STRANGER)
        hours = (desk.clock.seconds() - began) / HOUR
        assert 1 <= len(sent) <= 1 + hours
        assert len({str(one.params["text"]) for one in sent}) == 1
        assert _look(desk, lambda unit: rows_of(unit, but=STRANGER)) == before


async def _tidied(desk: Desk) -> None:
    """Let the program do what it does by itself, so that rows stand still."""
    await desk.app.scan(desk.clock.now())
    await desk.through()


async def _victim(desk: Desk) -> None:
    """Leave something of each kind that a forger could be after."""
    server, url = desk.server, desk.settings.storage.url
    own = Person(client.TelegramClient(server, FORGER), customers(url)[FORGER], Accepted(), SEED)
    other = client.TelegramClient(server, VICTIM)
    client.TelegramClient(server, SUPERIOR)
    person = Person(other, customers(url)[VICTIM], Accepted(), SEED)
    await own.text()
    await person.text()
    await person.note(picture=True)
    await other.say("", f"拜访 {customers(url)[VICTIM][1]} 谈密语草稿")
    await person.shown(lambda one: "密语草稿" in one.text)


async def _forge(desk: Desk, who: str, forger: Forger, count: int) -> list[Tap]:
    person = desk.server.person(int(number_of(who)), who)
    person.user.started = True
    bot = desk.server.world.bot
    card = desk.server.world.post(person.chat, bot, of_bot=True, text="a card")
    taps: list[Tap] = []
    while len(taps) < count:
        shown = [card, *person.messages[-2:]]
        for number in range(min(AT_ONCE, count - len(taps))):
            on = shown[number % len(shown)]
            taps.append(await person.tap(on, forger.key(), forge=True))
        await desk.through()
    return taps


async def _everything(desk: Desk) -> list[object]:
    """Do all that a client can; return what was offered for inline queries."""
    stranger = desk.server.person(int(number_of(STRANGER)), "路人")
    name = next(iter(customers(desk.settings.storage.url).values()))[0]
    registry = desk.app.world.registry
    offered: list[object] = []

    async def typing(words: str) -> None:
        with suppress(TimeoutError):
            offered.extend((await stranger.inline(words)).results)

    await stranger.start()
    for payload in ("note_1", "f-find-card-1", "a" * 64, "CY015"):
        await stranger.start(payload)
    for feature in registry.features:
        for words in ("", name, "1"):
            await stranger.command(feature.command or feature.key, words)
        for word in feature.words:
            await stranger.say(f"{word} {name}")
    for text in (name, "1", "0042", "你好", "x" * 4000, "访-2026-0001", "/start CY015"):
        message = await stranger.say(text)
    await stranger.edit(message, name)
    await stranger.photo(JPEG + bytes(500))
    await stranger.album([JPEG, JPEG + b"1"], name)
    await stranger.document(b"%PDF-1.4", "合同.pdf")
    await stranger.voice()
    await stranger.sticker()
    await stranger.location(22.5, 114.0)
    await stranger.venue(22.5, 114.0, name, "后门")
    await stranger.contact("13800138642", name)
    await stranger.poll("谁?", "甲", "乙")
    await stranger.forward(name)
    await desk.through(*(asyncio.create_task(typing(one)) for one in ("", name[:2], "hx", "00")))
    group = desk.server.group(-4_001, "外面的群")
    await group.add_bot(by=stranger)
    for text in (f"/find {name}", f"@dossier_test_bot {name}", "/today", "/help"):
        await group.say(stranger, text)
    await desk.through()
    await stranger.block()
    await stranger.unblock()
    await desk.through()
    return offered


def sent_to(desk: Desk, who: str) -> list[Call]:
    number = number_of(who)
    return [one for one in desk.server.calls.of("send*") if str(one.params["chat_id"]) == number]


def said_to(desk: Desk, who: str, taps: list[Tap]) -> str:
    """Return everything that was sent to somebody or to a group, earlier forms included."""
    chats = {number_of(who), *(str(one) for one in desk.server.world.chats if one < 0)}
    calls = [one.params for one in desk.server.calls if str(one.params.get("chat_id")) in chats]
    alerts = [tap.text for tap in taps]
    menus = desk.server.menu(int(number_of(who))) if who == STRANGER else []
    return json.dumps([calls, alerts, menus], ensure_ascii=False, default=str)


def rows_of(unit: Unit, but: str) -> Rows:
    """Return every row of the business but those of one person."""
    found: dict[str, frozenset[str]] = {}
    for table in metadata.sorted_tables:
        if table.name in HOUSEKEEPING:
            continue
        owner = next((table.c[name] for name in OWNERS if name in table.c), None)
        columns = [one for one in table.c if one.name not in ("home_channel", "home_account")]
        if table.name == "staff":
            owner = table.c.id  # whose language is one's own to choose
        query = select(*columns)
        if owner is not None and table.name not in ("dossier", "dossier_key", "visit_note"):
            query = query.where(owner != but)
        rows = unit.session.execute(query).all()
        found[table.name] = frozenset(str(tuple(row)) for row in rows)
    assert len(found["dossier"]) == 400
    return found


def hidden_from(unit: Unit, who: str) -> set[str]:
    """Return all words of the business that this person may not see on Telegram."""
    oracle, every = Oracle("telegram"), _dossiers(unit)
    words: set[str] = set()
    if who == STRANGER:
        people = staff.everybody(unit.session)
        words |= {text for one in people for text in (one.name, one.department, one.id)}
        words |= {one.number for one in every if one.number} | {sample.COMPANY}
    names = [one.name for one in every]
    for row in every:
        known = who != STRANGER and oracle.name(who, row)
        if not known and sum(row.name in name for name in names) == 1:
            words.add(row.name)
        if who == STRANGER or not oracle.content(who, row):
            words |= set(secrets_of(row))
    rows = {one.id: one for one in every}
    ids = unit.session.execute(select(metadata.tables["visit_note"].c.id)).scalars().all()
    for note in filter(None, (notes.get_note(unit, id) for id in ids)):
        if who == STRANGER or not oracle.words(who, note, rows[note.dossier_id]):
            words.add(note.body)
    return {one for one in words | {"密语草稿"} if len(one) > 1}


def _dossiers(unit: Unit) -> list[dossiers.Dossier]:
    ids = unit.session.execute(select(metadata.tables["dossier"].c.id)).scalars().all()
    return [one for id in ids if (one := dossiers.get(unit, id))]


def _look(desk: Desk, work: Callable[[Unit], T]) -> T:
    return company.look(desk.settings, desk.clock, work)
