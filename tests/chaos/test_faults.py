"""Every way in which the platform can fail, at every rate: all completed, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import client, company
from tests.chaos.crowd import PATIENCE, Accepted, Person
from tests.chaos.desk import ANSWER_SECONDS, PATIENCE_SECONDS, Desk, staffed, telegram_desk
from tests.chaos.tally import Page, Tally
from tests.chaos.verdict import customers, opened
from tests.fakes.telegram.faults import AFTER, DOWNLOAD, NOT_POLLS, Fault

PEOPLE = ("CY015", "CY016")
SUPERIOR = "CY014"
SEED = 20260914
SHARES = (0.01, 0.1, 0.5)
ROUNDS = (1, 12)
"""Texts, photos and notes of each person, in the sample and in the campaign."""
FIGURES = Page(
    "chaos-faults",
    "Faults of the platform",
    "`make chaos`: each way in which a call can fail strikes that share of all calls (those that "
    "are never answered: of all but polls and getFile). Every conversation was completed, every "
    "message is there once, and no call came before its `retry_after`.",
    ("fault", "share", "messages", "struck", "sent again", "lost", "too early"),
)
OUTAGES = 3
DOWN_SECONDS = 45
"""Less than a tap lives at the platform."""
SILENT = (Fault.SILENCE, Fault.SILENCE_AFTER)
SILENT_PATIENCE = 1200
"""Seconds: beside silent calls the set clock, by which a try waits for the next, hardly moves."""


@pytest.mark.chaos
@pytest.mark.parametrize("fault", list(Fault))
async def test_when_the_platform_fails_then_all_is_completed_and_nothing_comes_too_early(
    tmp_path: Path, set_time: Path, campaign: bool, tally: Tally, fault: Fault
) -> None:
    sample = SHARES[1:2] if fault in SILENT else SHARES[2:]  # silence takes real seconds
    for share in SHARES if campaign else sample:
        settings = staffed(company.copied(set_time, tmp_path / f"{share}"), (*PEOPLE, SUPERIOR))
        silent = fault in SILENT
        answer_seconds = ANSWER_SECONDS if silent else PATIENCE_SECONDS
        async with telegram_desk(settings, answer_seconds=answer_seconds) as desk:
            pattern = NOT_POLLS if silent else "*"
            desk.server.faults.share(fault, share, pattern, seed=SEED)
            await desk.start()
            patience = SILENT_PATIENCE if silent else PATIENCE
            accepted = await crowd(desk, ROUNDS[campaign], patience=patience)
            struck = desk.server.faults.struck
            doubled = sum(
                count
                for (method, one), count in struck.items()
                if one in AFTER and method.startswith("send")
            )
            extra = judged(desk, accepted, again=doubled, lossy=fault is Fault.MISSING)
            assert extra <= doubled
            tally.add(
                FIGURES, fault.value, f"{share:.0%}", len(accepted), struck.total(), extra, 0, 0
            )


@pytest.mark.chaos
@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_when_the_platform_is_down_for_a_while_then_all_is_completed_afterwards(
    tmp_path: Path, set_time: Path, mode: str
) -> None:
    settings = staffed(company.copied(set_time, tmp_path / "company"), (*PEOPLE, SUPERIOR))
    async with telegram_desk(settings, mode=mode) as desk:

        async def outage() -> None:
            for number in range(OUTAGES):
                await desk.sent(3 + 4 * number)
                await desk.server.refuse()
                await desk.clock.sleep(DOWN_SECONDS)
                await desk.server.accept()

        await desk.start()
        accepted = await crowd(desk, 3, outage())
        judged(desk, accepted, again=OUTAGES)


@pytest.mark.chaos
async def test_when_the_platform_stalls_then_what_waited_goes_on(
    tmp_path: Path, set_time: Path
) -> None:
    settings = staffed(company.copied(set_time, tmp_path / "company"), (*PEOPLE, SUPERIOR))
    async with telegram_desk(settings) as desk:

        async def stall() -> None:
            for number in range(OUTAGES):
                await desk.sent(3 + 4 * number)
                desk.server.stall()
                await desk.server.until(lambda: desk.server.held)
                desk.server.resume()

        await desk.start()
        accepted = await crowd(desk, 2, stall())
        judged(desk, accepted)


@pytest.mark.chaos
async def test_when_many_messages_come_in_a_row_then_they_and_their_answers_keep_their_order(
    tmp_path: Path, set_time: Path, campaign: bool
) -> None:
    settings = staffed(company.copied(set_time, tmp_path / "company"), (*PEOPLE, SUPERIOR))
    count = (12, 200)[campaign]
    async with telegram_desk(settings) as desk:
        for number, fault in enumerate((Fault.ERROR, Fault.RESET_AFTER, Fault.FLOOD)):
            desk.server.faults.share(fault, 0.15, seed=SEED + number)
        await desk.start()
        person = client.TelegramClient(desk.server, PEOPLE[0])
        for number in range(count):
            await person.say("", f"下午与对方核对账目并留存一份复印件,编号 {number:03}")
        await desk.through()
        with opened(settings, client.platform_of(desk.server), desk.clock.now()) as verdict:
            kept = verdict.loose_texts()
    assert [text[-3:] for text in kept.values()] == [f"{number:03}" for number in range(count)]
    answers = [
        next(number for number, id in enumerate(kept) if f"f.loose.note.{id}" in one.keys)
        for one in client.bubbles_of(person.person.messages)
    ]
    assert sorted(set(answers)) == list(range(count))
    assert answers == sorted(answers)
    assert desk.server.rates.undercut == 0


@pytest.mark.chaos
async def test_when_a_photo_cannot_be_had_then_its_sender_is_told_and_the_note_says_so(
    tmp_path: Path, set_time: Path
) -> None:
    settings = staffed(company.copied(set_time, tmp_path / "company"), (*PEOPLE, SUPERIOR))
    async with telegram_desk(settings) as desk:
        desk.server.faults.add(Fault.MISSING, DOWNLOAD)
        await desk.start()
        author = client.TelegramClient(desk.server, PEOPLE[0])
        customer = customers(settings.storage.url)[PEOPLE[0]][:1]
        person = Person(author, customer, Accepted(), SEED)
        await desk.through(asyncio.create_task(person.note(picture=True)))
        assert any("没能保存" in one.text for one in author.bubbles())
        filed = await person.shown(lambda one: "访-" in one.text)
        files = filed.key("f.note.open.").replace("open", "files")
        await author.person.tap(filed.id, files, forge=True)
        await desk.through()
        assert any("已丢失：聊天平台上已取不到" in one.text for one in author.bubbles())


async def crowd(
    desk: Desk,
    rounds: int,
    *beside: Coroutine[Any, Any, None],
    patience: float = PATIENCE,
) -> Accepted:
    """Let everybody do each thing so many times; return what was accepted.

    `beside`: what goes on meanwhile.
    """
    accepted = Accepted()
    names = customers(desk.settings.storage.url)
    client.TelegramClient(desk.server, SUPERIOR)
    people = [
        Person(
            client.TelegramClient(desk.server, one, patience),
            names[one],
            accepted,
            SEED + number,
        )
        for number, one in enumerate(PEOPLE)
    ]
    works = [*(one.rounds(rounds) for one in people), *beside]
    await desk.through(*(asyncio.create_task(one) for one in works))
    return accepted


def judged(desk: Desk, accepted: Accepted, *, again: int = 0, lossy: bool = False) -> int:
    """Return how many messages came once more; in each chat `again` may have."""
    platform = client.platform_of(desk.server)
    with opened(desk.settings, platform, desk.clock.now()) as verdict:
        problems = verdict.problems(accepted, again, lossy=lossy)
        extra = sum(verdict.extra().values())
    assert not problems, "\n".join([str(desk.server.faults.struck), *problems])
    assert desk.server.rates.undercut == 0
    return extra
