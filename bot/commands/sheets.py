"""Reading a spreadsheet from disk, and telling which of its rows were refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from bot.commands.shared import Refused, say
from bot.policies import policies_of
from bot.settings import Settings
from handlers.sheets.sheet import Columns, Sheet, Unreadable
from handlers.sheets.sheet import Refused as Row
from handlers.sheets.sheet_text import open_text
from handlers.sheets.workbook import is_workbook, open_workbook
from handlers.texts import N_, Texts

SheetArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A spreadsheet: .xlsx, or text as .csv.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken.")]

LONGEST = 60
"""Characters of a refused value that are shown."""

CANNOT_READ = N_("{file} cannot be read: {why}.")
MEND_HEADER = N_("Nothing was taken; mend the first line and import the file again.")
ONLY_TRIED = N_("Only tried: nothing was written.")


def texts_of(settings: Settings) -> Texts:
    """Return the words of the company's language, for reports."""
    return Texts(settings.company.locale, policies_of(settings.company).zone)


@contextmanager
def opened_sheet(file: Path, columns: Columns, texts: Texts) -> Iterator[Sheet]:
    """Open a spreadsheet; what it is, its content says, whatever its name is.

    `columns`: by which the right sheet of a workbook is known.

    Raises:
        Refused: it cannot be read, now or at any line inside the block.
    """

    def opened() -> IO[bytes]:
        return file.open("rb")

    try:
        with opened() as begin:
            workbook = is_workbook(begin.read(8))
        sheet = open_workbook(file, columns) if workbook else open_text(opened)
        if sheet.remark is not None:
            say(texts.t(sheet.remark.message, **sheet.remark.facts))
        yield sheet
    except Unreadable as error:
        raise Refused(texts.t(error.why.message, **error.why.facts)) from error
    except OSError as error:
        why = {"file": str(file), "why": error.strerror or str(error)}
        raise Refused(texts.t(CANNOT_READ, **why)) from error


def report(
    file: Path,
    texts: Texts,
    summary: str,
    refused: Collection[Row],
    *,
    remarks: Iterable[Row] = (),
    dry_run: bool,
) -> None:
    """Say for every refused row where and why, then `summary`; exit with 1 if there are any."""
    for one in sorted([*refused, *remarks], key=lambda one: one.line):
        value = one.value if len(one.value) <= LONGEST else one.value[:LONGEST] + "…"
        place = f"{one.column} = {value!r}: " if one.column else ""
        say(f"{file.name}:{one.line}  {place}{one.words(texts)}")
    whole = any(one.whole for one in refused)
    say(texts.t(MEND_HEADER) if whole else summary)
    if dry_run and not whole:
        say(texts.t(ONLY_TRIED))
    if refused:
        raise typer.Exit(1)


def rows(refused: Iterable[Row]) -> str:
    """Return how many rows were refused; one with several faults counts once."""
    return str(len({one.line for one in refused}))


def unharmed(value: str) -> str:
    """Return a text as a cell that no spreadsheet program takes for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else value
