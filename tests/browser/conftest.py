"""A real Chromium before a phones page; nothing but loopback is reached."""

from __future__ import annotations

import json
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    async_playwright,
    expect,
)

from tests.fakes.desk import Desk
from tests.fakes.ports import free_port

FLAGS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--metrics-recording-only",
]
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
HOW = "`make browser` installs it as root on Debian and says how elsewhere"

PATIENCE = 30_000
"""Milliseconds that something may take to be seen, on a machine that is busy with other tests."""
expect.set_options(timeout=PATIENCE)

PICTURES = os.environ.get("DOSSIERBOT_PICTURES")
"""Folder for pictures of the page; unset: none are taken."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        _missing(f"no Chromium on this machine; {HOW}")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        if not await _draws_chinese(opened):
            _missing(f"no Chinese font on this machine; {HOW}")
        yield opened
        await opened.close()


def _missing(what: str) -> NoReturn:
    """Skip the browser tests; where everything has to pass they must run."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


async def _draws_chinese(browser: Browser) -> bool:
    """Return whether two Chinese letters look different: without a font both are a box."""
    page = await browser.new_page()
    drawn = await page.evaluate(
        """() => ["档", "案"].map((letter) => {
            const canvas = document.createElement("canvas").getContext("2d");
            canvas.font = "20px sans-serif";
            canvas.fillText(letter, 20, 40);
            return canvas.getImageData(0, 0, 80, 60).data.join();
        })"""
    )
    await page.close()
    return bool(drawn[0] != drawn[1])


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    opened = Desk(tmp_path)
    await opened.start()
    yield opened
    await opened.stop()


@dataclass
class Demo:
    """The real demo as a program of its own; may be ended in any way and started again."""

    folder: Path
    port: int = 0
    policy: str = ""
    """The pack of the sample company; "": the usual one."""
    _process: Process | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/phones/"

    async def start(self) -> None:
        """Start it on the data it has; returns when it serves."""
        self.port = self.port or free_port()
        words = ["demo", "--port", str(self.port), "--data", str(self.folder)]
        if self.policy:
            words += ["--policy", self.policy]
        self._process = await create_subprocess_exec(
            sys.executable, "-m", "bot", *words, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
        assert self._process.stdout is not None
        said = await self._process.stdout.readline()
        assert b"http://" in said, said

    async def kill(self) -> None:
        """End it as a power cut does."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """End it as an operator does; return its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        return await self._process.wait()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def opened_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company as its first opening leaves it."""
    demo = Demo(tmp_path_factory.mktemp("demo") / "data")
    await demo.start()
    await demo.stop()
    return demo.folder


@pytest_asyncio.fixture(loop_scope="session")
async def demo(opened_company: Path, tmp_path: Path) -> AsyncIterator[Demo]:
    running = Demo(tmp_path / "data")
    shutil.copytree(opened_company, running.folder)
    await running.start()
    yield running
    await running.stop()


class Sight:
    """What one page shows, in the words of a person who looks at phones."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.messages = self.taps = 0
        """What the person did: messages sent, and everything tapped on the way."""

    def phone(self, account: str) -> Locator:
        return self.page.locator(f'.phone[data-account="{account}"]')

    def input(self, account: str) -> Locator:
        return self.phone(account).locator("textarea")

    def bubble(self, account: str, text: str) -> Locator:
        return self.phone(account).locator("article").filter(has_text=text)

    async def say(self, account: str, text: str) -> None:
        await self.input(account).fill(text)
        await self.send(account)

    async def send(self, account: str) -> None:
        """Send what is in the box and beside it."""
        await self.input(account).press("Enter")
        self.messages += 1

    async def tap(self, account: str, label: str) -> None:
        """Tap the newest button of that label."""
        buttons = self.phone(account).get_by_role("log").get_by_role("button", name=label)
        await buttons.last.click()
        self.taps += 1

    async def attach(self, account: str, kind: str, files: list[Any]) -> None:
        """Add files by the + button, as `kind`: 照片, 文件 or 语音."""
        await self.phone(account).get_by_role("button", name="添加").click()
        async with self.page.expect_file_chooser() as chooser:
            await self.phone(account).get_by_role("menuitem", name=kind).click()
        await (await chooser.value).set_files(files)
        self.taps += 2

    async def picture(self, name: str) -> None:
        if PICTURES:
            await self.page.evaluate(
                """() => {
                    document.activeElement.blur();
                    document.getElementById("phones").scrollLeft = 0;
                }"""
            )
            path = Path(PICTURES) / f"{name}.png"
            await self.page.screenshot(path=path, animations="disabled")


Open = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="session")
async def look(browser: Browser) -> AsyncIterator[Open]:
    """Open pages, if told with these `phones` alone.

    At the end none of them had an error or asked for anything elsewhere.
    """
    contexts, wrong = [], []

    async def opened(
        url: str,
        width: int = 1440,
        height: int = 860,
        phones: tuple[str, ...] = (),
        **options: Any,
    ) -> Sight:
        options = {"locale": "zh-CN", "color_scheme": "light", **options}
        context = await browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        if phones:
            shown = json.dumps(json.dumps(phones))
            await context.add_init_script(f"localStorage['phones.shown'] = {shown}")
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: _check(request, url, wrong))
        page.on("console", lambda said: _listen(said, wrong))
        await page.goto(url)
        await page.locator(".phone .log").first.wait_for()
        return Sight(page)

    yield opened
    for context in contexts:
        await context.close()
    assert wrong == []


def _check(request: Request, url: str, wrong: list[str]) -> None:
    origin = url.split("/phones")[0]
    if not request.url.startswith((origin, "blob:", "data:")):
        wrong.append(f"asked for {request.url}")


def _listen(said: ConsoleMessage, wrong: list[str]) -> None:
    """Note errors and warnings; that a server which was ended does not answer is none."""
    if said.type in {"error", "warning"} and "net::ERR_" not in said.text:
        wrong.append(said.text)
