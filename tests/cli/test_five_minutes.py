"""A Telegram bot in five minutes: what the README says, done step by step by a new user."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.channels.telegram.polling import LEASE_SECONDS
from bot.clock import SystemClock
from tests.fakes.ports import free_port
from tests.fakes.telegram_server import TelegramServer
from tests.house.sources import ROOT

LIMIT = 60
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


async def dossierbot(folder: Path, *words: str) -> tuple[int, str]:
    """Run a command to its end; return its exit code and what it said."""
    process = await _begin(folder, *words)
    async with asyncio.timeout(LIMIT):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def _begin(folder: Path, *words: str) -> Process:
    return await create_subprocess_exec(
        sys.executable, "-m", "bot", *words,
        cwd=folder, env=ENVIRONMENT, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Process]:
    """`dossierbot run` until told to stop, which it does with exit code 0."""
    process = await _begin(folder, "run")
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT):
        while line := await process.stdout.readline():
            if b'"event": "started"' in line:
                break
    reading = asyncio.create_task(process.stdout.read())
    yield process
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(LIMIT):
        await reading
        assert await process.wait() == 0


def settle_on(server: TelegramServer, config: Path) -> None:
    """Edit config.toml as the README says: take the # away, put the token there."""
    text = config.read_text(encoding="utf-8")
    for old, new in (
        ("# [telegram]\n", "[telegram]\n"),
        ('# token = "..."            # or token_file', f'token = "{server.token}"'),
        ('# api_base = "https://api.telegram.org"', f'api_base = "{server.base}"'),
        ("port = 8080", f"port = {free_port()}"),
        ("port = 8090", f"port = {free_port()}"),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    config.write_text(text, encoding="utf-8")


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(now=SystemClock().now) as server:
        yield server


async def test_from_nothing_to_a_bot_that_answers(server: TelegramServer, tmp_path: Path) -> None:
    code, said = await dossierbot(tmp_path, "init", "mycompany")
    assert code == 0, said
    invite = re.search(r"/start ([A-Z2-7]+)", said)
    assert invite is not None
    company = tmp_path / "mycompany"
    settle_on(server, company / "config.toml")

    code, said = await dossierbot(company, "check")
    assert code == 0, said
    assert "the bot is @dossier_test_bot" in said
    assert server.token not in said

    me, other = server.person(7001, "我"), server.person(7002, "别人")
    async with running(company):
        await other.start()
        await me.start(invite[1])
        await server.until(lambda: len(me.messages) > 1 and other.messages, within=LIMIT)
        assert "系统运维" in me.messages[0].text
        assert "系统运维" not in other.last.text
        await server.until(lambda: ("admin", "系统管理") in me.menu, within=LIMIT)
        assert [name for name, _ in other.menu] == ["start"]

        staff = company / "staff.csv"
        staff.write_text("id,name,department,roles\n1027,张晓雯,销售一部,业务员\n", "utf-8")
        code, said = await dossierbot(company, "staff", "import", "staff.csv")
        assert code == 0, said
        code, said = await dossierbot(company, "staff", "invite", "1027")
        link = re.search(r"https://t\.me/dossier_test_bot\?start=([A-Z2-7]+)", said)
        assert link is not None, said
        await other.start(link[1])
        await server.until(lambda: "张晓雯" in other.last.text, within=LIMIT)

        await other.say("你好,客户在吗")
        await server.until(lambda: other.last.buttons, within=LIMIT)


async def test_when_it_was_killed_then_the_next_start_takes_messages_at_once(
    server: TelegramServer, tmp_path: Path
) -> None:
    await dossierbot(tmp_path, "init", "mycompany")
    company = tmp_path / "mycompany"
    settle_on(server, company / "config.toml")
    process = await _begin(company, "run")
    await server.until(lambda: server.calls.of("getUpdates"), within=LIMIT)
    process.kill()
    await process.communicate()
    other = server.person(7002, "别人")
    await other.start()
    async with running(company):
        await server.until(lambda: other.messages, within=LEASE_SECONDS / 2)


async def test_when_the_token_is_wrong_then_check_and_run_say_so(
    server: TelegramServer, tmp_path: Path
) -> None:
    await dossierbot(tmp_path, "init", "mycompany")
    company = tmp_path / "mycompany"
    settle_on(server, company / "config.toml")
    wrong = "1234567890:AAHrevokedrevokedrevokedrevokedrevo"
    text = (company / "config.toml").read_text(encoding="utf-8")
    (company / "config.toml").write_text(text.replace(server.token, wrong), encoding="utf-8")
    code, said = await dossierbot(company, "check")
    assert code == 1
    assert "Telegram does not know the token" in said
    assert wrong not in said


async def test_when_nothing_is_reached_then_check_names_the_proxy(
    server: TelegramServer, tmp_path: Path
) -> None:
    await dossierbot(tmp_path, "init", "mycompany")
    company = tmp_path / "mycompany"
    settle_on(server, company / "config.toml")
    await server.refuse()
    code, said = await dossierbot(company, "check")
    assert code == 1
    assert "cannot be reached" in said
    assert "[telegram] proxy" in said
    await server.accept()
