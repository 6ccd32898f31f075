"""A spreadsheet as lines under a header, each collecting what is wrong with it.

Excel writes GB18030 and UTF-16 as readily as UTF-8, so all are read. A misspelt column would be
empty in silence, and Excel makes 1001.0 or 46279 of what somebody typed: so both are refused.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from handlers.conversation.messages import Problem
from handlers.texts import N_, Texts

FIELD = "field:"
"""Begins the name of a column that holds a further field of the pack."""

_LENGTHS = {
    "id": 40, "name": 80, "department": 80, "roles": 400, "superior": 40, "deputy": 40,
    "head_of": 400, "wecom_userid": 80, "number": 40, "type": 40, "keeper": 40, "class": 40,
    "phone": 80, "contact": 200, "address": 400, "location": 80, "key": 80,
}  # fmt: skip
_OTHER = 2000

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0?0:00(?::00)?)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_DECIMAL = re.compile(r"\d+\.0+")
_CODE = re.compile(r"[A-Za-z0-9._-]+")


NOT_TEXT = N_(
    "The file is no text in UTF-8, UTF-16 or GB18030; nothing was read. In Excel or WPS, save it "
    'as "CSV UTF-8".'
)
EMPTY = N_("The file is empty; its first line has to name the columns.")
MISSING_COLUMN = N_("Missing in the first line: {names}; nothing was read.")
EXTRA_COLUMN = N_("Not known in the first line: {names}; nothing was read. Known are: {columns}")
DOUBLE_COLUMN = N_("More than once in the first line: {names}; nothing was read.")
UNKNOWN_FIELD = N_("No fields of the policy: {names}; nothing was read. It has: {fields}")
TOO_MANY_CELLS = N_("The line has more cells than the first line has columns.")
REQUIRED = N_("This must not be empty.")
TOO_LONG = N_("Longer than {most} characters.")
CONTROL = N_("Holds control characters, such as a line break.")
BAD_CODE = N_("Only letters, digits and . _ - are possible here.")
ONE_OF = N_("Expected one of: {choices}")
BAD_DATE = N_("Expected a date such as 2026-09-14, 2026/9/14 or 2026年9月14日.")
SERIAL_DATE = N_(
    "This is a date as Excel counts days; give the cells a date format, such as 2026-09-14, and "
    "save the file again."
)
DECIMAL = N_(
    "The spreadsheet program made a decimal number of it, and may have lost zeros at its "
    "beginning; give the column the format “text”, enter it again and save the file again."
)


class Unreadable(Exception):
    """A file that no row can be read from."""

    def __init__(self, why: Problem) -> None:
        super().__init__(why.message.format(**why.facts))
        self.why = why


@dataclass(frozen=True)
class Line:
    """One line of a spreadsheet."""

    number: int
    """As an editor counts, from 1; of the last line where a cell spans several."""
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """Why one row, or the whole file when `line` is 1, was not taken."""

    line: int
    column: str
    """Name of the column; empty for the row as a whole."""
    value: str
    why: Problem

    def words(self, texts: Texts) -> str:
        """Return the reason in the reader's language."""
        return texts.t(self.why.message, **self.why.facts)

    def __str__(self) -> str:
        return self.why.message.format(**self.why.facts)


def rows_of(content: bytes) -> tuple[Line, ...]:
    """Return the lines of a CSV file in one of the encodings that Excel and WPS write.

    UTF-8 with or without mark, UTF-16 with mark ("Unicode text"), GB18030.

    Raises:
        Unreadable: it is no text in any of them.
    """
    wide = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable(Problem(NOT_TEXT))
    if "\x00" in text:
        raise Unreadable(Problem(NOT_TEXT))
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [Line(reader.line_num, tuple(cell.strip() for cell in row)) for row in reader]
    except csv.Error as error:
        raise Unreadable(Problem(NOT_TEXT)) from error
    return tuple(line for line in lines if any(line.cells))


@dataclass
class Row:
    """One line under its header, collecting what is wrong with it."""

    line: int
    values: dict[str, str]
    refused: list[Refused]
    good: bool = True

    def value(self, column: str) -> str:
        """Return the cell; empty where the sheet has no such column."""
        return self.values.get(column, "")

    def refuse(self, column: str, message: str, **facts: str) -> None:
        self.good = False
        value = self.value(column)
        self.refused.append(Refused(self.line, column, value, Problem(message, facts)))

    def text(self, column: str, *, required: bool = False, most: int | None = None) -> str:
        value = self.value(column)
        longest = most or _LENGTHS.get(column, _OTHER)
        if required and not value:
            self.refuse(column, REQUIRED)
        elif len(value) > longest:
            self.refuse(column, TOO_LONG, most=str(longest))
        elif any(ord(one) < 32 or ord(one) == 127 for one in value):
            self.refuse(column, CONTROL)
        return value

    def digits(self, column: str, *, required: bool = False) -> str:
        """Return a text that may consist of digits; empty if a spreadsheet program spoilt it."""
        value = self.text(column, required=required)
        if _DECIMAL.fullmatch(value):
            self.refuse(column, DECIMAL)
            return ""
        return value

    def code(self, column: str, *, required: bool = False) -> str:
        value = self.digits(column, required=required)
        if value and not _CODE.fullmatch(value):
            self.refuse(column, BAD_CODE)
        return value

    def choice(self, column: str, choices: Mapping[str, Sequence[str]], default: str) -> str:
        """Return the code that the cell names, by itself or by one of its other words."""
        value = self.value(column)
        if not value:
            return default
        for code, words in choices.items():
            if value.casefold() in (code.casefold(), *words):
                return code
        possible = ", ".join("/".join((code, *words)) for code, words in choices.items())
        self.refuse(column, ONE_OF, choices=possible)
        return default

    def day(self, column: str) -> date | None:
        value = self.value(column)
        found = _DATE.fullmatch(value)
        try:
            if found:
                return date(*(int(part) for part in found.groups()))
        except ValueError:
            found = None
        if value and not found:
            self.refuse(column, SERIAL_DATE if _SERIAL.fullmatch(value) else BAD_DATE)
        return None

    def many(self, column: str) -> tuple[str, ...]:
        parts = re.split(r"[;；]", self.text(column))
        return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


@dataclass
class Table:
    rows: list[Row] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @classmethod
    def read(
        cls,
        lines: Sequence[Line],
        columns: Sequence[str],
        required: Sequence[str],
        fields: Collection[str] = frozenset(),
    ) -> Table:
        table = cls()
        if not lines:
            table.refused.append(Refused(1, "", "", Problem(EMPTY)))
            return table
        header = [cell.strip() for cell in lines[0].cells]
        while header and not header[-1]:
            header.pop()
        table.refused += _header_faults(header, columns, required, fields)
        if table.refused:
            return table
        for line in lines[1:]:
            cells = list(line.cells)
            while len(cells) > len(header) and not cells[-1]:
                cells.pop()
            cells += [""] * (len(header) - len(cells))
            row = Row(line.number, dict(zip(header, cells, strict=False)), table.refused)
            if len(cells) > len(header):
                row.refuse("", TOO_MANY_CELLS)
            else:
                table.rows.append(row)
        return table


def _header_faults(
    header: Sequence[str],
    columns: Sequence[str],
    required: Sequence[str],
    fields: Collection[str],
) -> list[Refused]:
    """Return what is wrong with the header, each kind once with all its columns."""
    named = [name or f"#{at}" for at, name in enumerate(header, 1)]
    of_policy = [name for name in named if fields and name.startswith(FIELD)]
    other = [name for name in named if name not in of_policy]
    known = ", ".join(sorted(one.removeprefix(FIELD) for one in fields))
    faults: list[tuple[str, list[str], dict[str, str]]] = [
        (
            EXTRA_COLUMN,
            [one for one in other if one not in columns],
            {"columns": ", ".join(columns)},
        ),
        (UNKNOWN_FIELD, [one for one in of_policy if one not in fields], {"fields": known}),
        (DOUBLE_COLUMN, [one for at, one in enumerate(named) if one in named[:at]], {}),
        (MISSING_COLUMN, [one for one in required if one not in header], {}),
    ]
    return [
        Refused(1, "", "", Problem(message, {"names": ", ".join(dict.fromkeys(names)), **facts}))
        for message, names, facts in faults
        if names
    ]
