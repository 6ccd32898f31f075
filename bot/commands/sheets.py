"""Reading a spreadsheet from disk, and telling which of its rows were refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.shared import Refused, say
from handlers import imports

SheetArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A spreadsheet as .csv file.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken.")]

LONGEST = 60
"""Characters of a refused value that are shown."""

HEADER = 1
"""The line that names the columns."""


def read_file(file: Path) -> bytes:
    """Return the bytes of the spreadsheet.

    Raises:
        Refused: it cannot be read, or is no .csv file.
    """
    if file.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise Refused(
            f"{file} is a workbook; save it as CSV (in Excel: “CSV UTF-8”) and import that."
        )
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from error


def report(
    file: Path,
    nouns: tuple[str, str],
    taken: int,
    refused: Sequence[imports.Refused],
    *,
    remarks: Sequence[imports.Refused] = (),
    dry_run: bool,
) -> None:
    """Say how many rows were taken, and for every refused one where and why.

    `nouns`: what the rows are, for one and for several.
    """
    for one in sorted([*refused, *remarks], key=lambda one: one.line):
        value = one.value if len(one.value) <= LONGEST else one.value[:LONGEST] + "…"
        place = f"{one.column} = {value!r}: " if one.column else ""
        say(f"{file.name}:{one.line}  {place}{one}")
    done = "would be taken" if dry_run else "taken"
    rows = len({one.line for one in refused})
    if any(one.line == HEADER for one in refused):
        say(f"0 {nouns[1]} {done}; mend the first line and import the file again.")
        raise typer.Exit(1)
    say(f"{taken} {nouns[taken != 1]} {done}, {rows} {'row' if rows == 1 else 'rows'} refused.")
    if refused:
        raise typer.Exit(1)
