"""A company's own folder with the sample's people and customers, reached over a messenger."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from bot import sample
from bot.clock import Clock
from bot.demo import settings_for
from bot.offline import Store, opened
from bot.policies import policies_of
from bot.settings import Settings
from storage import accounts
from storage.crypto import Vault
from storage.database import Database
from storage.unit import Unit
from tests.fakes import wecom_server as wecom
from tests.features.telegram_hands import number_of

T = TypeVar("T")

PACK = "customer-service"

CONFIG = """[company]
name = {name}
{packs}
[storage]
url = {url}

[http]
port = {port}
public_url = "http://127.0.0.1:{port}"

[log]
level = {level}

{messenger}"""

TELEGRAM = """[telegram]
token = {token}
api_base = {base}
mode = {mode}
limits.enabled = false
"""

WECOM = """[wecom]
corp_id = {corp_id}
agent_id = {agent_id}
secret = {secret}
token = {token}
encoding_aes_key = {key}
api_base = {base}
limits.enabled = false
"""

ACCOUNT_OF = {"telegram": number_of, "wecom": str.lower}
"""By messenger: the account of a member of staff at its stand-in."""


def settings_of(folder: Path, url: str = "") -> Settings:
    """Return the settings of the company in `folder`; `url`: of a database elsewhere."""
    settings = settings_for(folder, 0, PACK)
    if not url:
        return settings
    return replace(settings, storage=replace(settings.storage, url=url))


def made(settings: Settings, clock: Clock) -> None:
    """Make the company: the key, and the sample in an empty database."""
    Vault.create(settings.storage.key_file)
    policies = policies_of(settings.company)
    change(settings, clock, lambda unit: sample.load(unit, policies))


def change(settings: Settings, clock: Clock, work: Callable[[Unit], T]) -> T:
    """Do one unit of work while no bot runs."""
    vault = Vault.load(settings.storage.key_file)
    database = Database.open(settings.storage.url, upgrade=True)
    try:
        database.match(vault)
        return Store(database, vault, clock).run(work)
    finally:
        database.close()


def bind(unit: Unit, people: Iterable[str], channel: str = "telegram") -> None:
    """Give these members of staff their account in the stand-in."""
    for one in people:
        accounts.bind(unit, channel, ACCOUNT_OF[channel](one), one)


def look(settings: Settings, clock: Clock, work: Callable[[Unit], T]) -> T:
    """Return what `work` finds, beside a running bot; nothing it writes is kept."""
    with opened(settings) as store:
        return Store(store.database, store.vault, clock).run(work, keep=False)


@dataclass(frozen=True)
class Wiring:
    """How the company's program reaches the platform, and is reached."""

    mode: str
    base: str
    token: str
    port: int
    level: str = "info"

    @property
    def messenger(self) -> str:
        return _filled(TELEGRAM, token=self.token, base=self.base, mode=self.mode)


@dataclass(frozen=True)
class WecomWiring:
    """The same for the stand-in of WeCom."""

    base: str
    port: int
    level: str = "info"

    @property
    def messenger(self) -> str:
        return _filled(
            WECOM,
            corp_id=wecom.CORP_ID,
            agent_id=wecom.AGENT_ID,
            secret=wecom.SECRET,
            token=wecom.TOKEN,
            key=wecom.AES_KEY,
            base=self.base,
        )


def write_config(settings: Settings, wiring: Wiring | WecomWiring) -> Path:
    """Write the config.toml beside the key and return it."""
    packs = [
        f'[[company.packs]]\npack = "{one.pack}"\ndepartments = {_listed(one.departments)}\n'
        for one in settings.company.packs
    ]
    company = _filled(
        CONFIG.replace("{packs}", "\n".join(packs)).replace("{messenger}", wiring.messenger),
        name=settings.company.name,
        url=settings.storage.url,
        port=wiring.port,
        level=wiring.level,
    )
    path = settings.storage.key_file.parent / "config.toml"
    path.write_text(company, encoding="utf-8")
    return path


def _listed(texts: Iterable[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)


def _filled(section: str, **values: str | int) -> str:
    """Return a part of a config.toml with its values."""
    quoted = {name: json.dumps(one, ensure_ascii=False) for name, one in values.items()}
    return section.format(**quoted)


def copied(template: Path, folder: Path, url: str = "") -> Settings:
    """Copy a company made before into `folder`; `url`: of its copy on a server."""
    shutil.copytree(template, folder)
    return settings_of(folder, url)
