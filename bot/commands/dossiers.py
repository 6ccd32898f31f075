"""`dossierbot dossiers`: the customers from a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.progress import track
from sqlalchemy.exc import IntegrityError

from bot.commands.init import OPERATOR
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, Refused, settings_of
from bot.commands.sheets import DryRunOption, SheetArgument, read_file, report
from bot.offline import Store, opened
from bot.policies import policy_of
from handlers import imports
from rules.policy import Policy
from storage import staff
from storage.dossiers import DossierRow
from storage.unit import Unit

SLICE = 100
"""Rows of one unit of work; a running bot waits no longer than that."""

commands = typer.Typer(no_args_is_help=True, help="The dossiers of the customers.")


@commands.callback()
def group() -> None:
    """The dossiers of the customers."""


@commands.command("import")
def import_dossiers(
    file: SheetArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Take new customers from a spreadsheet; who is on file already is left as they are."""
    settings = settings_of(config)
    policy = policy_of(settings.company)
    lines = imports.rows_of(read_file(file))
    with opened(settings) as store:

        def read(unit: Unit) -> imports.CustomerSheet:
            return imports.read_dossiers(lines, staff.everybody(unit.session), policy, unit)

        sheet = store.run(read, keep=False)
        if not dry_run:
            _write(store, sheet.taken, policy)
    report(
        file,
        ("customer", "customers"),
        len(sheet.taken),
        sheet.refused,
        remarks=sheet.namesakes,
        dry_run=dry_run,
    )


def _write(store: Store, rows: Sequence[DossierRow], policy: Policy) -> None:
    slices = [rows[first : first + SLICE] for first in range(0, len(rows), SLICE)]
    console = Console(stderr=True)
    for number, part in enumerate(track(slices, "Writing", console=console)):

        def write(unit: Unit, part: Sequence[DossierRow] = part) -> None:
            imports.apply_dossiers(unit, part, policy, by=OPERATOR)

        try:
            store.run(write)
        except IntegrityError as error:
            raise Refused(
                f"A number of this file was given out meanwhile. The first {number * SLICE} "
                "customers are written; import the same file again for the others."
            ) from error
