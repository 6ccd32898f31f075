"""`dossierbot check`: everything the start would meet, looked at together."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bot.clock import SystemClock
from bot.commands.shared import Refused, say, settings_of
from bot.config import ConfigError
from bot.offline import opened
from bot.policies import PacksRefused, policy_of, unheld_roles
from bot.settings import Phones, Settings
from rules.calendar import company_calendar
from rules.errors import DomainError
from rules.policy import PolicyError
from rules.roles import ROLES
from storage import staff
from storage.crypto import Vault
from storage.errors import StorageError

Look = Callable[[Settings], list[str]]
"""Returns remarks, or raises what has to be mended."""


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
        ("key", _key),
        ("database", _database),
        ("attachments", _attachments),
        ("policy", _policy),
        ("working days", _calendar),
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


def require_channels(settings: Settings) -> Phones:
    """Return the one channel of this version.

    Raises:
        Refused: no channel is configured, or one that this version does not have.
    """
    missing = [
        f"[{name}]"
        for name, section in (("telegram", settings.telegram), ("wecom", settings.wecom))
        if section is not None
    ]
    if missing:
        raise Refused(
            f"{' and '.join(missing)} cannot be served: this version has the phones page only. "
            "Put a # before the section, or install a version that has this channel."
        )
    if settings.phones is None:
        raise Refused(
            "No channel is configured, so nobody could reach the bot. "
            "Put [phones] into the configuration to try it on this machine."
        )
    return settings.phones


def _key(settings: Settings) -> list[str]:
    Vault.load(settings.storage.key_file)
    return []


def _database(settings: Settings) -> list[str]:
    with opened(settings) as store:
        people = store.run(lambda unit: staff.everybody(unit.session), keep=False)
    if not any(one.active for one in people):
        return ["nobody is on the staff list yet: `dossierbot staff import FILE`"]
    return []


def _attachments(settings: Settings) -> list[str]:
    folder = settings.storage.attachments
    nearest = next(one for one in (folder, *folder.parents) if one.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise Refused(f"{nearest} is not a folder this user may write; change it or the setting.")
    return []


def _policy(settings: Settings) -> list[str]:
    policy = policy_of(settings.company)
    try:
        with opened(settings) as store:
            codes = store.run(lambda unit: unheld_roles(policy, unit.session), keep=False)
    except StorageError:
        return []  # said under database
    return [
        f"nobody holds the role {code} ({ROLES[code].zh}); what concerns it goes up"
        for code in codes
    ]


def _calendar(settings: Settings) -> list[str]:
    zone = policy_of(settings.company).time.zone
    today = SystemClock().now().astimezone(zone).date()
    if company_calendar().is_provisional(today):
        return [
            f"no working-day calendar for {today.year} is published in this version; "
            "make-up days are guessed until you update"
        ]
    return []
