"""A table as an .xlsx workbook that a person goes on working with.

The trap is the customer called `=cmd|...`: words are written as words, whatever they begin with,
so that no program takes them for a formula, a number or a link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING

import msgspec

from handlers.sheets.made import MadeFile

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER_ROW = 2
"""Zero-based: the title and the words under it stand above."""
LONGEST = 32_000
"""Characters of one cell; spreadsheet programs take a few more."""

Cell = str | int | date | datetime | None


class Table(msgspec.Struct, frozen=True):
    title: str
    words: str
    """What it lists, for whom and when."""
    columns: tuple[tuple[str, int], ...]
    """Title and width, in characters."""
    rows: Sequence[Sequence[Cell]]
    """Instants without a zone, as clocks on the wall show them."""
    made_at: datetime
    """As above."""


def workbook(table: Table) -> MadeFile:
    """Return the table as a file: typed days, a header that stays in sight, a filter."""
    from xlsxwriter import Workbook  # megabytes that most days are not needed

    content = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with Workbook(content, options) as book:
        book.set_properties({"title": table.title, "created": table.made_at})
        sheet = book.add_worksheet(_name(table.title, 31))
        _head(book, sheet, table)
        looks = _Looks(
            book.add_format({"valign": "top", "text_wrap": True}),
            book.add_format({"valign": "top", "num_format": "yyyy-mm-dd", "align": "left"}),
            book.add_format({"valign": "top", "num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        )
        for at, row in enumerate(table.rows, HEADER_ROW + 1):
            for column, cell in enumerate(row):
                _write(sheet, at, column, cell, looks)
        _page(sheet, table)
    return MadeFile(file_name(table, "xlsx"), MIME, content.getvalue())


def file_name(table: Table, ending: str) -> str:
    """Return what a file of the table is called: its title and the day on which it was made."""
    return f"{_name(table.title, 60)}-{table.made_at:%Y-%m-%d}.{ending}"


class _Looks(msgspec.Struct, frozen=True):
    words: Format
    day: Format
    moment: Format


def _name(title: str, longest: int) -> str:
    """Return a title without what names of sheets and files must not have."""
    return re.sub(r"[\[\]:*?/\\<>|\"']", " ", title).strip()[:longest]


def _head(book: Workbook, sheet: Worksheet, table: Table) -> None:
    sheet.write_string(0, 0, table.title, book.add_format({"bold": True, "font_size": 16}))
    sheet.write_string(1, 0, table.words, book.add_format({"font_color": "#555555"}))
    bold = {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "valign": "top", "text_wrap": True}
    looks = book.add_format(bold)
    for column, (title, width) in enumerate(table.columns):
        sheet.write_string(HEADER_ROW, column, title, looks)
        sheet.set_column(column, column, width)


def _page(sheet: Worksheet, table: Table) -> None:
    last = HEADER_ROW + max(len(table.rows), 1)
    sheet.freeze_panes(HEADER_ROW + 1, 1)
    sheet.autofilter(HEADER_ROW, 0, last, len(table.columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)


def _write(sheet: Worksheet, row: int, column: int, cell: Cell, looks: _Looks) -> None:
    match cell:
        case datetime():
            sheet.write_datetime(row, column, cell, looks.moment)
        case date():
            sheet.write_datetime(row, column, cell, looks.day)
        case int():
            sheet.write_number(row, column, cell, looks.words)
        case str() if cell:
            sheet.write_string(row, column, cell[:LONGEST], looks.words)
