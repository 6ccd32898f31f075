"""`dossierbot run` and `dossierbot demo`: the program itself, until it is told to stop."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from bot import logs
from bot.commands.shared import say, settings_of
from bot.company import Company
from bot.service import serve
from bot.settings import Log


def run(config: Path) -> int:
    """Run the company's bot and return the exit code.

    Raises:
        Refused, StorageError, PortTaken: the start was refused; says what to do.
    """
    settings = settings_of(config)
    logs.setup(settings.log, settings.secrets())
    company = Company(settings)
    return serve(company.program, company.sites, lambda _: None)


def demo(port: int, data: Path | None, pack: str) -> int:
    """Run the sample company and return the exit code; without `data` nothing of it stays."""
    from bot.demo import Demo

    logs.setup(Log(level="warning", format="console"))
    with ExitStack() as stack:
        if data is None:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dossierbot-")))
        company = Demo(data, port, pack)
        return serve(company.program, company.sites, lambda ports: _welcome(ports[0]))


def _welcome(port: int) -> None:
    say(f"The sample company is at http://127.0.0.1:{port}/ (Ctrl-C ends it)")
