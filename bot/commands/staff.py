"""`dossierbot staff`: who works here, and the codes that let them in."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.commands.shared import (
    DEFAULT_CONFIG,
    ConfigOption,
    Refused,
    say,
    settings_of,
)
from bot.commands.sheets import DryRunOption, SheetArgument, read_file, report
from bot.offline import opened
from handlers import imports
from storage import accounts, audit, staff
from storage.unit import Unit

commands = typer.Typer(no_args_is_help=True, help="Who works here.")


@commands.command("import")
def import_staff(
    file: SheetArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Take the staff from a spreadsheet; known numbers are brought up to date."""
    settings = settings_of(config)
    lines = imports.rows_of(read_file(file))

    def take(unit: Unit) -> tuple[int, list[imports.Refused]]:
        people, refused = imports.read_staff(lines, staff.everybody(unit.session))
        imports.apply_staff(unit, people)
        return len(people), refused

    with opened(settings) as store:
        taken, refused = store.run(take, keep=not dry_run)
    report(file, ("person", "people"), taken, refused, dry_run=dry_run)


@commands.command()
def invite(
    staff_id: Annotated[str, typer.Argument(metavar="ID", help="The staff number.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Print a code that binds one messenger account; it works once, for seven days."""
    code = accounts.draw_code()
    with opened(settings_of(config)) as store:
        name = store.run(lambda unit: give_invite(unit, staff_id, code))
    say(f"Invite for {name} ({staff_id}), once, within 7 days:")
    say()
    say(f"    /start {code}")
    say()
    say("The person sends this line to the bot. Earlier codes for them no longer work.")


@commands.command()
def roles() -> None:
    """List the roles that the spreadsheet can give, by code or by Chinese name."""
    for code, name in imports.possible_roles().items():
        say(f"{code:<28} {name}")


@commands.command("list")
def list_staff(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """List everybody, with the messengers they are bound to."""
    with opened(settings_of(config)) as store:
        people = store.run(
            lambda unit: [
                (one, accounts.of_person(unit.session, one.id))
                for one in staff.everybody(unit.session)
            ],
            keep=False,
        )
    table = Table("number", "name", "department", "roles", "superior", "messengers", "")
    for person, bound in people:
        table.add_row(
            person.id,
            person.name,
            person.department,
            ", ".join(sorted(person.roles)),
            person.superior or "",
            ", ".join(sorted({one.channel for one in bound})),
            "" if person.active else "left",
        )
    Console().print(table)


def give_invite(unit: Unit, staff_id: str, code: str) -> str:
    """Open an invite and return the person's name.

    Raises:
        Refused: there is no such person, or they have left.
    """
    person = staff.get(unit.session, staff_id)
    if person is None or not person.active:
        why = "has left" if person else "is not on the staff list"
        raise Refused(f"{staff_id} {why}; `dossierbot staff list` shows who is there.")
    accounts.invite(unit, staff_id, code, unit.now)
    entry = audit.Entry(
        at=unit.now,
        staff_id="",
        action="account.invited",
        subject=f"staff:{staff_id}",
        channel="cli",
        rule="",
        facts={},
    )
    audit.append(unit, [entry])
    return person.name
