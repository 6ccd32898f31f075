"""`dossierbot init`: the files a company begins with, and the first invite."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from bot.commands.shared import Refused, say, settings_of
from bot.commands.staff import give_invite
from bot.offline import opened
from storage import accounts, staff
from storage.crypto import Vault
from storage.database import Database
from storage.staff import StaffRow
from storage.unit import Unit

OPERATOR = "operator"
"""Staff number and role of who installs and runs the program (CONTRACT 3.4)."""


def init(folder: Path, name: str) -> None:
    """Write config.toml, key file and database into `folder`, and print the operator's invite.

    Raises:
        Refused: a file is in the way; nothing was written then.
    """
    config = folder / "config.toml"
    for one in ("config.toml", "dossierbot.key", "dossierbot.sqlite"):
        if (folder / one).exists():
            raise Refused(
                f"There is a {one} in {folder.absolute()} already; nothing was written. "
                "Choose another folder, or go on with what is there: `dossierbot check`."
            )
    if not name.strip():
        raise Refused("The name of the company is empty; give one with --name.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        config.write_text(template(name), encoding="utf-8")
    except OSError as error:
        raise Refused(
            f"{config} cannot be written ({error.strerror}); choose another folder."
        ) from error
    settings = settings_of(config)
    vault = Vault.create(settings.storage.key_file)
    database = Database.open(settings.storage.url, upgrade=True)
    database.match(vault)
    database.close()
    code = accounts.draw_code()
    with opened(settings) as store:
        store.run(lambda unit: _first_operator(unit, code))
    _tell(folder, code)


def template(name: str) -> str:
    """Return a commented config.toml for a company of that name."""
    text = files("bot").joinpath("config.example.toml").read_text("utf-8")
    return text.replace('name = "我的公司"', f"name = {json.dumps(name, ensure_ascii=False)}", 1)


def _first_operator(unit: Unit, code: str) -> None:
    staff.save(unit, StaffRow(id=OPERATOR, name="系统运维", department="", roles=(OPERATOR,)))
    give_invite(unit, OPERATOR, code)


def _tell(folder: Path, code: str) -> None:
    say(f"Written to {folder.absolute()}:")
    say("    config.toml         the settings; read it through once")
    say("    dossierbot.key      the key: without it nothing can be read, keep a copy elsewhere")
    say("    dossierbot.sqlite   the database")
    say()
    say("The operator's invite, once, within 7 days:")
    say()
    say(f"    /start {code}")
    say()
    say("Next: `dossierbot staff import`, `dossierbot dossiers import`, `dossierbot check`,")
    say("and `dossierbot run`, each in that folder or with --config.")
