"""An .xlsx workbook as lines: what a person sees in its cells, or why that cannot be told.

`workbook_scan` has looked through the file first. Other kinds of workbooks are refused: in them an
error and an empty cell cannot be told apart.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from handlers.conversation.messages import Problem
from handlers.sheets.sheet import Columns, Line, Sheet, Unreadable, by_word
from handlers.sheets.workbook_scan import DAMAGED, PASSWORD, Package, cell_name
from handlers.texts import N_

OTHER_KIND = N_(
    "This is a workbook of another kind than .xlsx; nothing was read. Open it in Excel or WPS, "
    "save it as .xlsx or “CSV UTF-8” and import that."
)
NO_SHEET = N_("The workbook has no visible sheet that holds anything.")
ONE_OF_SHEETS = N_("Of {count} sheets in the workbook, “{sheet}” was read.")
MERGED = N_(
    "{cells} is one merged cell, and its value counts for row {row} only; unmerge it and fill in "
    "every row."
)
MERGED_ACROSS = N_("{cells} is one merged cell over several columns; unmerge it.")
ROUNDED = N_(
    "The cell {cell} holds a number of more than 15 digits, which the spreadsheet program has "
    "rounded; give the column the format “text” and enter it again."
)

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

_SEARCHED = 1 << 26
"""Bytes in which a protected workbook says that it is one."""

_EXACT = 10**15
"""Below that, a spreadsheet program keeps every digit of a whole number."""

Faults = Mapping[int, list[tuple[int, Problem]]]
Range = tuple[tuple[int, int], tuple[int, int]]


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins so is a workbook of any kind, whatever its name says."""
    return head.startswith((_ZIP, _OLE))


def open_workbook(path: Path, columns: Columns) -> Sheet:
    """Return the lines of the first visible sheet whose first line has one of the columns.

    Where none has, of the first visible one that holds anything.

    Raises:
        Unreadable: no .xlsx, damaged, protected by a password, too large, or nothing in it.
    """
    with path.open("rb") as file:
        if file.read(4) == _OLE:
            locked = "EncryptedPackage".encode("utf-16-le") in file.read(_SEARCHED)
            raise Unreadable(PASSWORD if locked else OTHER_KIND)
    package = Package(path)
    if not _is_xlsx(path):
        raise Unreadable(OTHER_KIND)
    parts, words = package.sheets(), by_word(columns)
    chosen: Sheet | None = None
    with path.open("rb") as file, _guarded():  # by the path, its name would count
        workbook = CalamineWorkbook.from_filelike(file)
        known = workbook.sheets_metadata
    visible = [
        (at, one.name)
        for at, one in enumerate(known)
        if one.visible is SheetVisibleEnum.Visible and one.typ is SheetTypeEnum.WorkSheet
    ]
    if len(parts) != len(known):
        raise Unreadable(DAMAGED)
    for at, name in visible:
        scan = package.scan(parts[at], name)
        if not scan.filled:
            continue
        remark = Problem(ONE_OF_SHEETS, {"count": str(len(known)), "sheet": name})
        with _guarded():
            loaded = workbook.get_sheet_by_index(at)
        sheet = _sheet(loaded, scan.faults, remark if len(known) > 1 else None)
        header = next(sheet.lines(), None)
        if header is None:
            continue
        if any(cell in words for cell in header.cells):
            return sheet
        chosen = chosen or sheet
    if chosen is None:
        raise Unreadable(NO_SHEET)
    return chosen


def _is_xlsx(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    return "[Content_Types].xml" in names and "xl/workbook.xml" in names


@contextmanager
def _guarded() -> Iterator[None]:
    """Let everything that calamine raises mean a damaged file."""
    try:
        yield
    except PasswordError as error:
        raise Unreadable(PASSWORD) from error
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable(DAMAGED) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's own, which is no Exception
            raise
        raise Unreadable(DAMAGED) from error


def _sheet(loaded: CalamineSheet, faults: Faults, remark: Problem | None) -> Sheet:
    merged = sorted(loaded.merged_cell_ranges or [])

    def lines() -> Iterator[Line]:
        rest, open_ranges = iter(merged), list[Range]()
        coming = next(rest, None)
        for row, values in enumerate(loaded.iter_rows()):
            while coming is not None and coming[0][0] <= row:
                open_ranges.append(coming)
                coming = next(rest, None)
            if open_ranges:
                open_ranges = [one for one in open_ranges if one[1][0] >= row]
            cells = tuple(map(_words, values))
            found = faults.get(row + 1, ())
            if not any(cells) and not found:
                continue
            problems = [*found, *_rounded(row, values), *_merged(row, open_ranges)]
            yield Line(row + 1, cells, tuple(problems))

    return Sheet(lines, remark)


def _words(value: object) -> str:
    """Return a cell as a person reads it; a day as 2026-09-14."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _rounded(row: int, values: list[Any]) -> Iterator[tuple[int, Problem]]:
    for at, value in enumerate(values):
        if type(value) is float and abs(value) >= _EXACT:
            yield at, Problem(ROUNDED, {"cell": cell_name(row, at)})


def _merged(row: int, ranges: list[Range]) -> Iterator[tuple[int, Problem]]:
    for (top, left), (bottom, right) in ranges:
        cells = f"{cell_name(top, left)}:{cell_name(bottom, right)}"
        if row > top:
            yield left, Problem(MERGED, {"cells": cells, "row": str(top + 1)})
        elif right > left:
            yield left, Problem(MERGED_ACROSS, {"cells": cells})
