"""`dossierbot init`: the files a company begins with, and the first invite."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.commands.shared import Refused, say, settings_of
from bot.commands.staff import give_invite
from bot.offline import opened
from bot.settings import without_password
from rules.roles import OPERATOR
from storage import accounts, staff
from storage.crypto import Vault
from storage.database import Database
from storage.errors import KeyRefused
from storage.staff import StaffRow
from storage.unit import Unit

KEPT_APART = "database.password"


def init(folder: Path, name: str, url: str = "") -> None:
    """Write config.toml, key file and database into `folder`, and print the operator's invite.

    `url`: of an empty database on a server, in place of the file. A password in it goes into a
    file of its own.

    Raises:
        Refused: a file is in the way; nothing was written then.
        ConfigError, StorageError: the database cannot be used; nothing was written then either.
    """
    made = [folder / one for one in ("config.toml", "dossierbot.key", KEPT_APART)]
    for one in (*made, folder / "dossierbot.sqlite"):
        if one.exists():
            raise Refused(
                f"There is a {one.name} in {folder.absolute()} already; nothing was written. "
                "Choose another folder, or go on with what is there: `dossierbot check`."
            )
    if not name.strip():
        raise Refused("The name of the company is empty; give one with --name.")
    try:
        _begin(folder, name, url)
    except BaseException:
        for one in filter(Path.exists, made):
            one.unlink()
        raise


def _begin(folder: Path, name: str, url: str) -> None:
    config = folder / "config.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _keep(config, template(name, url))  # a token will stand in it
        if without_password(url) != url:
            _keep(folder / KEPT_APART, make_url(url).password or "")
    except OSError as error:
        raise Refused(
            f"{config} cannot be written ({error.strerror}); choose another folder."
        ) from error
    settings = settings_of(config)
    storage = settings.storage
    vault = Vault.create(storage.key_file)
    database = Database.open(storage.url, upgrade=True, password=storage.secret())
    try:
        database.match(vault)
    except KeyRefused as error:
        raise Refused(
            f"There is a company in the {database.place} already; nothing was changed. Give an "
            "empty database, or go on in the folder that was made with that one."
        ) from error
    finally:
        database.close()
    code = accounts.draw_code()
    with opened(settings) as store:
        store.run(lambda unit: _first_operator(unit, code))
    _tell(folder, code, database.place if url else "")


def _keep(path: Path, text: str) -> None:
    """Write a new file that only its owner reads."""
    keep = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(keep, "w", encoding="utf-8") as file:
        file.write(text)


def template(name: str, url: str = "") -> str:
    """Return a commented config.toml for a company of that name; `url`: of its database."""
    text = files("bot").joinpath("config.example.toml").read_text("utf-8")
    text = text.replace('name = "我的公司"', f"name = {_quoted(name)}", 1)
    if not url:
        return text
    named = f"url = {_quoted(without_password(url))}"
    if without_password(url) != url:
        named += f'\npassword_file = "{KEPT_APART}"'
    return text.replace('url = "sqlite:///dossierbot.sqlite"', named, 1)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _first_operator(unit: Unit, code: str) -> None:
    staff.save(unit, StaffRow(id=OPERATOR, name="系统运维", department="", roles=(OPERATOR,)))
    give_invite(unit, OPERATOR, code)


def _tell(folder: Path, code: str, place: str) -> None:
    say(f"Written to {folder.absolute()}:")
    say("    config.toml         the settings; read it through once")
    say("    dossierbot.key      the key: without it nothing can be read, keep a copy elsewhere")
    if (folder / KEPT_APART).exists():
        say("    database.password   the password of the database, readable for you only")
    if place:
        say(f"and the tables of the {place}.")
    else:
        say("    dossierbot.sqlite   the database")
    say()
    say("The operator's invite, once, within 7 days:")
    say()
    say(f"    /start {code}")
    say()
    say("Next: `dossierbot staff import`, `dossierbot dossiers import`, `dossierbot check`,")
    say("and `dossierbot run`, each in that folder or with --config.")
