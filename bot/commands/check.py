"""`dossierbot check`: everything the start would meet, looked at together."""

from __future__ import annotations

import asyncio
import stat
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.clock import SystemClock
from bot.commands.channels import require_channels
from bot.commands.shared import Refused, say, settings_of
from bot.config import ConfigError
from bot.offline import opened
from bot.policies import (
    PacksRefused,
    edited,
    in_force,
    policies_of,
    unheld_roles,
    wording_of,
)
from bot.settings import Settings
from handlers.sheets.list_picture import font
from rules.calendar import company_calendar
from rules.errors import DomainError
from rules.policy import PolicyError
from rules.roles import OPERATOR, ROLES
from storage import accounts, audit, staff
from storage.crypto import Vault
from storage.database import bytes_used
from storage.errors import StorageError
from storage.folder import room
from storage.unit import Unit

Look = Callable[[Settings], list[str]]
"""Returns remarks, or raises what has to be mended."""

LOW_SPACE = 1024**3
"""Bytes on a disk below which it is mentioned."""
LARGE_FILE = 20 * 1024**3
"""Bytes of an SQLite file above which PostgreSQL is mentioned."""
SLOW_SECONDS = 1.0
SQLITE = "sqlite:///"
NO_MESSENGER = (
    "not set up, only the page of phones answers; take the # away before [telegram] and token "
    "in config.toml"
)
NO_FONT = (
    "this machine has no font with Chinese characters, so lists are sent as words and workbooks "
    "only; install one (on Debian: apt install fonts-noto-cjk) and start the bot again"
)
NOBODY_ON_WECOM = (
    "nobody is bound on WeCom yet, so it treats everybody as a stranger: fill in wecom_userid "
    "(账号 in 通讯录) in the staff list and import it again, or send an invite: "
    "`dossierbot staff invite ID`"
)
AHEAD = timedelta(minutes=5)
"""How far the newest entry may lie ahead of this machine's clock."""


def check(config: Path) -> int:
    """Look at everything, say what to mend, and return the exit code."""
    try:
        settings = settings_of(config)
    except ConfigError as error:
        say(f"mend  {error}")
        return 1
    say(f"ok    settings of {settings.company.name} in {config}")
    looks: tuple[tuple[str, Look], ...] = (
        ("channels", _channels),
        ("telegram", _telegram),
        ("wecom", _wecom),
        *([("wecom callback", _callback)] if settings.wecom else []),
        ("ports", _ports),
        ("secrets", partial(_secrets, config)),
        ("key", _key),
        ("database", _database),
        ("attachments", _attachments),
        ("policy", _policy),
        ("working days", _calendar),
        ("pictures", _pictures),
    )
    return max([_look(name, look, settings) for name, look in looks])


def _look(name: str, look: Look, settings: Settings) -> int:
    try:
        remarks = look(settings)
    except (DomainError, PacksRefused, PolicyError, Refused, StorageError) as error:
        say(f"mend  {name}: {error}")
        return 1
    for remark in remarks:
        say(f"note  {name}: {remark}")
    if not remarks:
        say(f"ok    {name}")
    return 0


def _channels(settings: Settings) -> list[str]:
    require_channels(settings)
    return []


def _telegram(settings: Settings) -> list[str]:
    if settings.telegram is None:
        return [] if settings.wecom else [NO_MESSENGER]
    # here, for it brings the whole library, which others need not wait for
    from bot.channels.telegram.look import look

    return asyncio.run(look(settings, settings.telegram))


def _wecom(settings: Settings) -> list[str]:
    if settings.wecom is None:
        return []
    from bot.channels.wecom.look import look

    return asyncio.run(look(settings.wecom, _operators(settings)))


def _operators(settings: Settings) -> list[str]:
    """Return the WeCom accounts of the operators, as far as the store says."""
    try:
        with opened(settings) as store:
            holders = store.read(lambda session: staff.holders(session, OPERATOR))
            named = store.read(partial(accounts.named, channel="wecom"))
    except StorageError:
        return []  # said under database
    return [one.account for one in named if one.staff_id in holders]


def _callback(settings: Settings) -> list[str]:
    if settings.wecom is None:
        return []
    from bot.channels.wecom.callback_look import look

    return asyncio.run(look(settings, settings.wecom))


def _key(settings: Settings) -> list[str]:
    Vault.load(settings.storage.key_file)
    return []


def _database(settings: Settings) -> list[str]:
    remarks = []
    began = time.monotonic()
    with opened(settings) as store:
        people, newest, size = store.run(_state, keep=False)
        on_wecom = store.read(partial(accounts.named, channel="wecom")) if settings.wecom else ()
        seconds = time.monotonic() - began
    if not _staffed(people):
        remarks.append("nobody is on the staff list yet: `dossierbot staff import FILE`")
    elif settings.wecom and not any(one.active for one in on_wecom):
        remarks.append(NOBODY_ON_WECOM)
    if seconds > SLOW_SECONDS:
        remarks.append(f"it took {seconds:.1f} s to answer; every message waits for it")
    now = SystemClock().now()
    if newest and newest - now > AHEAD:
        remarks.append(
            f"its newest entry is of {newest:%Y-%m-%d %H:%M} UTC and this machine says "
            f"{now:%Y-%m-%d %H:%M}: set the clock right, deadlines are counted by it"
        )
    file = settings.storage.url.removeprefix(SQLITE)
    if file != settings.storage.url:
        free = room(Path(file).parent).free
        if free < max(LOW_SPACE, size // 10):
            remarks.append(f"{_shown(free)} are free on its disk, its file has {_shown(size)}")
        if size > LARGE_FILE:
            remarks.append(f"its file has {_shown(size)}; PostgreSQL serves so much better")
    return remarks


def _state(unit: Unit) -> tuple[tuple[staff.Person, ...], datetime | None, int]:
    return staff.everybody(unit.session), audit.newest(unit.session), bytes_used(unit.session)


def _staffed(people: Iterable[staff.Person]) -> bool:
    """Return whether anybody works here but the operator whom `init` has entered."""
    return any(one.active and one.id != OPERATOR for one in people)


def _shown(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB" if size >= 1024**3 else f"{size / 1024**2:.0f} MiB"


def _attachments(settings: Settings) -> list[str]:
    folder = settings.storage.attachments
    found = room(folder)
    if not found.writable:
        raise Refused(f"{folder} is not a folder this user may write; change it or the setting.")
    if found.free < LOW_SPACE:
        return [f"{_shown(found.free)} are free on the disk of {folder}"]
    return []


def _ports(settings: Settings) -> list[str]:
    """Look for ports given twice, and for health and metrics where the platform calls."""
    http, phones, telegram = settings.http, settings.phones, settings.telegram
    given = {
        "[http] port": http.port,
        "[http] admin_port": http.admin_port,
        "[phones] port": phones.port if phones else None,
    }
    for name, port in given.items():
        same = [other for other, its in given.items() if its == port and other != name]
        if port is not None and same:
            raise Refused(f"{name} and {same[0]} are both {port}; give each one of its own.")
    posted = (telegram is not None and telegram.mode == "webhook") or settings.wecom is not None
    if posted and http.admin_port is None:
        return [
            "/healthz, /readyz and /metrics are on the port that the platform calls; set "
            "[http] admin_port, or let the proxy pass the callback's path only"
        ]
    return []


def _secrets(config: Path, settings: Settings) -> list[str]:
    """Look for secrets in files that others on this machine may read."""
    text = config.read_text(encoding="utf-8-sig")
    files = list(_secret_files(tomllib.loads(text), config.absolute().parent))
    if any(secret in text for secret in settings.secrets()):
        files.append(config)
    return [
        f"others on this machine may read {file}, which holds a secret: chmod 600 {file}"
        for file in files
        if file.exists() and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]


def _secret_files(table: dict[str, Any], folder: Path) -> Iterator[Path]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _secret_files(value, folder)
        elif key.endswith("_file") and key != "key_file" and isinstance(value, str):
            yield folder / value


def _policy(settings: Settings) -> list[str]:
    company = settings.company
    policies_of(company)
    wording_of(company)
    try:
        with opened(settings) as store:
            policies = store.read(lambda session: in_force(company, session))
            changed = store.read(lambda session: edited(company, session))
            staffed = _staffed(store.read(staff.everybody))
            unheld = {
                code
                for policy in policies.at(store.clock.now()).every
                for code in store.read(partial(unheld_roles, policy))
            }
    except StorageError:
        return []  # said under database
    remarks = [
        f"{one.written.file} says something else than what was activated" for one in changed
    ]
    if unheld and staffed:
        names = ", ".join(f"{code} ({ROLES[code].zh})" for code in sorted(unheld))
        remarks.append(f"roles that nobody holds, so what concerns them goes up: {names}")
    return remarks


def _pictures(_settings: Settings) -> list[str]:
    return [] if font() is not None else [NO_FONT]


def _calendar(settings: Settings) -> list[str]:
    zone = policies_of(settings.company).zone
    today = SystemClock().now().astimezone(zone).date()
    if company_calendar().is_provisional(today):
        return [
            f"no working-day calendar for {today.year} is published in this version; "
            "make-up days are guessed until you update"
        ]
    return []
