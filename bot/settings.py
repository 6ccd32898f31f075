"""Every setting, frozen, with what it may be; `bot.config` fills it from config.toml.

The description of a key is what a person reads when its value is refused, so it says what is
expected, with an example where the form is not obvious.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote

import msgspec
from msgspec import Meta


class Secret:
    """A value that shows itself only when asked by name, so that no log or traceback has it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


Words = Annotated[str, Meta(min_length=1, description="a text in quotes, not empty")]
Port = Annotated[int, Meta(ge=1, le=65535, description="a port number from 1 to 65535")]
Days = Annotated[int, Meta(ge=1, le=3650, description="a number of days from 1 to 3650")]
Where = Annotated[Path, Meta(description="a path; a relative one starts beside config.toml")]
Link = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/]+", description="an address that begins with https:// or http://"
    ),
]
Route = Annotated[
    str,
    Meta(pattern=r"^/[A-Za-z0-9/_-]+$", description='a path that begins with /, as "/callback"'),
]
Hidden = Annotated[Secret, Meta(description="a text in quotes, not empty")]
"""A secret; it can come from a file (`<key>_file`) or the environment instead."""
Rate = Annotated[float, Meta(gt=0, description="a number above 0")]
Count = Annotated[int, Meta(ge=1, description="a whole number of at least 1")]
Names = Annotated[tuple[str, ...], Meta(description='a list of names, such as ["销售一部"]')]
Switch = Annotated[bool, Meta(description="true or false")]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A table of config.toml."""


class Pack(Section, frozen=True, kw_only=True):
    pack: Annotated[
        str,
        Meta(
            pattern=r"^([a-z0-9-]+|.+\.toml)$",
            description="the name of a policy pack, as `dossierbot policy list` shows it, or a "
            'file such as "policy.toml"',
        ),
    ]
    departments: Names = ()
    """Empty: all."""
    dossier_types: Names = ()
    """Empty: all. A pack with neither governs what no other one does; there is exactly one."""


class Company(Section, frozen=True, kw_only=True):
    name: Words
    locale: Annotated[Literal["zh_CN", "en"], Meta(description='"zh_CN" or "en"')] = "zh_CN"
    """Language of those who chose none."""
    packs: Annotated[
        tuple[Pack, ...],
        Meta(min_length=1, description="at least one [[company.packs]] table"),
    ]
    clauses: Where | None = None
    """File with the company's own wording of clauses; None: the catalogue's."""


class Storage(Section, frozen=True, kw_only=True):
    url: Annotated[
        str,
        Meta(
            pattern=r"^(sqlite:///.+|postgresql(\+psycopg)?://[^/]*/[^/?]+(\?.*)?)$",
            description='"sqlite:///" and a file, such as "sqlite:///dossierbot.sqlite", or a '
            'PostgreSQL database, such as "postgresql://user@host:5432/name"',
        ),
    ] = "sqlite:///dossierbot.sqlite"
    password: Hidden | None = None
    """Of the user on the PostgreSQL server; None: in the url, or none is needed."""
    attachments: Where = Path("attachments")
    key_file: Where = Path("dossierbot.key")

    def secret(self) -> str | None:
        """Return the password for the database server, when it is kept apart from the url."""
        return self.password.reveal() if self.password else None


class Http(Section, frozen=True, kw_only=True):
    host: Annotated[str, Meta(min_length=1, description='an address such as "127.0.0.1"')] = (
        "127.0.0.1"
    )
    port: Port = 8080
    public_url: Link | None = None
    """Where the platforms reach this server from outside."""
    admin_port: Port | None = None
    """None: health is answered on `port`."""


class Phones(Section, frozen=True, kw_only=True):
    """The page of pretend phones on one's own data; answers on this machine only."""

    port: Port = 8090


class Limits(Section, frozen=True, kw_only=True):
    """Messages a platform takes; the defaults are Telegram's customary ones."""

    enabled: Switch = True
    chat_per_second: Rate = 1.0
    chat_burst: Count = 5
    group_per_minute: Rate = 20.0
    overall_per_second: Rate = 30.0


class Telegram(Section, frozen=True, kw_only=True):
    token: Hidden
    api_base: Link = "https://api.telegram.org"
    mode: Annotated[Literal["polling", "webhook"], Meta(description='"polling" or "webhook"')] = (
        "polling"
    )
    webhook_path: Route = "/telegram/webhook"
    webhook_secret: Hidden | None = None
    """None: one is made from the token."""
    proxy: Link | None = None
    """HTTP proxy on the way to the platform."""
    files_root: Where | None = None
    """Folder in which a self-hosted Bot API server puts files; None: they are downloaded."""
    limits: Limits = Limits()


class AiBot(Section, frozen=True, kw_only=True):
    bot_id: Words
    secret: Hidden
    ws_url: Annotated[
        str, Meta(pattern=r"^wss?://", description="an address that begins with wss://")
    ] = "wss://openws.work.weixin.qq.com"


class MemberLimits(Section, frozen=True, kw_only=True):
    """Messages of one app to one member that the platform takes; it drops the rest silently."""

    enabled: Switch = True
    member_per_minute: Count = 30
    member_per_hour: Count = 1000


class Wecom(Section, frozen=True, kw_only=True):
    corp_id: Words
    agent_id: Annotated[int, Meta(ge=1, description="the number of the self-built app")]
    secret: Hidden
    token: Hidden
    encoding_aes_key: Hidden
    api_base: Link = "https://qyapi.weixin.qq.com"
    callback_path: Route = "/wecom/callback"
    proxy: Link | None = None
    """HTTP proxy on the way to the platform: one way to call from an address it trusts."""
    compare_directory: Switch = False
    """Whether operators are told, once a night, who of the staff list is not whom the app sees."""
    limits: MemberLimits = MemberLimits()
    aibot: AiBot | None = None

    def __post_init__(self) -> None:
        # blanks and line ends come along when a value is copied out of the console
        for name in ("corp_id", "secret", "token", "encoding_aes_key", "api_base", "proxy"):
            value = getattr(self, name)
            if isinstance(value, Secret) and value.reveal().strip():
                msgspec.structs.force_setattr(self, name, Secret(value.reveal().strip()))
            elif isinstance(value, str):
                msgspec.structs.force_setattr(self, name, value.strip())


class Retention(Section, frozen=True, kw_only=True):
    bodies_days: Days = 90
    """How long texts of handled messages are kept."""
    drafts_days: Days = 90
    """How long a draft nobody touches is kept."""


class Log(Section, frozen=True, kw_only=True):
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description='"debug", "info", "warning" or "error"'),
    ] = "info"
    format: Annotated[Literal["json", "console"], Meta(description='"json" or "console"')] = "json"


class Settings(Section, frozen=True, kw_only=True):
    company: Company
    storage: Storage = Storage()
    http: Http = Http()
    phones: Phones | None = None
    telegram: Telegram | None = None
    wecom: Wecom | None = None
    retention: Retention = Retention()
    log: Log = Log()

    def secrets(self) -> tuple[str, ...]:
        """Return every secret value, for the filter that keeps them out of the log."""
        proxies = [one.proxy for one in (self.telegram, self.wecom) if one and one.proxy]
        found = [word for url in (self.storage.url, *proxies) for word in passwords_in(url)]
        return (*_secrets(self), *found)


_IN_ADDRESS = re.compile(r"^([a-z+]+://[^:@/]*):([^/]*)@")


def passwords_in(url: str) -> tuple[str, ...]:
    """Return the password that an address holds, as it is written there and as it is meant."""
    found = [match[2] for match in _IN_ADDRESS.finditer(url)]
    found += re.findall(r"[?&]password=([^&]*)", url)
    return tuple({word for one in found for word in (one, unquote(one)) if word})


def without_password(url: str) -> str:
    """Return an address without the password before its host."""
    return _IN_ADDRESS.sub(r"\1@", url)


def _secrets(section: Section) -> list[str]:
    found: list[str] = []
    for name in section.__struct_fields__:
        value = getattr(section, name)
        if isinstance(value, Secret):
            found.append(value.reveal())
        elif isinstance(value, Section):
            found += _secrets(value)
    return found
