"""A spreadsheet as lines under a header, each collecting what is wrong with it.

A misspelt column would be empty in silence, and Excel makes 1001.0 or 46279 of what somebody
typed: so both are refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice

import msgspec

from handlers.conversation.messages import Problem
from handlers.texts import N_, Texts
from rules.secrecy import Grade

FIELD = "field:"
"""Begins the name of a column that holds a further field of the pack."""

_LENGTHS = {
    "id": 40, "name": 80, "department": 80, "roles": 400, "superior": 40, "deputy": 40,
    "head_of": 400, "wecom_userid": 80, "number": 40, "type": 40, "keeper": 40, "class": 40,
    "phone": 80, "contact": 200, "address": 400, "location": 80, "key": 80,
}  # fmt: skip
_OTHER = 2000

GRADES = {grade.value: ("无" if grade is Grade.NONE else grade.zh,) for grade in Grade}
"""Words for each secrecy grade."""

_SEARCHED = 10
"""Lines below the first one that are looked at for the header."""
_SHOWN = 3
"""Numbers, lines or roles that one sentence names."""

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0?0:00(?::00)?)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_DECIMAL = re.compile(r"\d+\.0+")
_COUNT = re.compile(r"[0-9]{1,6}")
_CODE = re.compile(r"[A-Za-z0-9._-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


Columns = Mapping[str, Sequence[str]]
"""The columns of a sheet, each with the other words that may head it."""

EMPTY = N_("The file is empty; its first line has to name the columns.")
MISSING_COLUMN = N_("Missing in the first line: {names}; nothing was read.")
EXTRA_COLUMN = N_("Not known in the first line: {names}; nothing was read. Known are: {columns}")
DOUBLE_COLUMN = N_("More than once in the first line: {names}; nothing was read.")
HEADER_BELOW = N_("The names of the columns stand in line {line}: delete the lines above it.")
UNKNOWN_FIELD = N_("No fields of the policy: {names}; nothing was read. It has: {fields}")
TOO_MANY_CELLS = N_("The line has more cells than the first line has columns.")
TWICE = N_("The same number is in line {lines}; none of them was taken.")
REQUIRED = N_("This must not be empty.")
TOO_LONG = N_("Longer than {most} characters.")
CONTROL = N_("Holds control characters, such as a line break.")
BAD_CODE = N_("Only letters, digits and . _ - are possible here.")
ONE_OF = N_("Expected one of: {choices}")
NOT_A_COUNT = N_("Expected a whole number, {least} or more.")
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

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message.format(**facts))
        self.why = Problem(message, facts)


class Line(msgspec.Struct, frozen=True):
    """One line of a spreadsheet."""

    number: int
    """As an editor or a spreadsheet program counts, from 1; of the last line where a cell of a
    text file spans several."""
    cells: tuple[str, ...]
    faults: tuple[tuple[int, Problem], ...] = ()
    """Columns, from 0, of cells whose value nobody can tell, and why."""


class Sheet(msgspec.Struct, frozen=True):
    """The lines of one spreadsheet, without those that are empty."""

    lines: Callable[[], Iterator[Line]]
    """From the first line, each time; no more than a few are in memory."""
    remark: Problem | None = None
    """What a person should know about the file."""


class Refused(msgspec.Struct, frozen=True):
    """Why one row, or the whole file when `line` is the header's, was not taken."""

    line: int
    column: str
    """Name of the column; empty for the row as a whole."""
    value: str
    why: Problem
    whole: bool = False
    """Whether it keeps the whole file out."""

    def words(self, texts: Texts) -> str:
        """Return the reason in the reader's language."""
        return texts.t(self.why.message, **self.why.facts)

    def __str__(self) -> str:
        return self.why.message.format(**self.why.facts)


class Row(msgspec.Struct):
    """One line under its header, collecting what is wrong with it."""

    line: int
    values: dict[str, str]
    refused: list[Refused]
    good: bool = True
    unknown: set[str] = msgspec.field(default_factory=set)
    """Columns whose value nobody can tell; refused already."""
    called: Mapping[str, str] = msgspec.field(default_factory=dict)
    """By column: what heads it in the file, where that is another word."""

    def value(self, column: str) -> str:
        """Return the cell; empty where the sheet has no such column."""
        return self.values.get(column, "")

    def refuse(self, column: str, message: str, **facts: str) -> None:
        self.good = False
        value = self.value(column)
        called = self.called.get(column, column)
        self.refused.append(Refused(self.line, called, value, Problem(message, facts)))

    def text(self, column: str, *, required: bool = False, most: int | None = None) -> str:
        value = self.value(column)
        longest = most or _LENGTHS.get(column, _OTHER)
        if required and not value and column not in self.unknown:
            self.refuse(column, REQUIRED)
        elif len(value) > longest:
            self.refuse(column, TOO_LONG, most=str(longest))
        elif value and _CONTROL.search(value):
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

    def number(self, column: str, *, default: int, least: int = 0) -> int:
        """Return a count; `default` where nothing stands."""
        value = self.value(column)
        if not value:
            return default
        if not _COUNT.fullmatch(value) or int(value) < least:
            self.refuse(column, NOT_A_COUNT, least=str(least))
            return default
        return int(value)

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


class Header(msgspec.Struct, frozen=True):
    """The first line: what stands in which column."""

    columns: tuple[str, ...]
    called: Mapping[str, str] = msgspec.field(default_factory=dict)
    """By column: the other word that heads it."""

    @classmethod
    def read(
        cls,
        lines: Iterator[Line],
        columns: Columns,
        required: Sequence[str],
        fields: Collection[str] = frozenset(),
    ) -> tuple[Header, list[Refused]]:
        """Return the header, taken from `lines`, and what is wrong with it.

        Then no row can be read; a header that stands further below is named.
        """
        known = by_word(columns)
        line = next(lines, None)
        if line is None:
            return cls(()), [Refused(1, "", "", Problem(EMPTY), whole=True)]
        names = [known.get(one, one) for one in line.cells]
        while names and not names[-1]:
            names.pop()
        faults = [fault for at, fault in line.faults if at < len(names)]
        faults += _header_faults(names, columns, required, fields)
        below = _lower_header(lines, known, required) if faults else None
        if below is not None:
            faults.append(Problem(HEADER_BELOW, {"line": str(below.number)}))
        called = {
            name: cell for name, cell in zip(names, line.cells, strict=False) if name != cell
        }
        return cls(tuple(names), called), [
            Refused(line.number, "", "", one, whole=True) for one in faults
        ]

    def row(self, line: Line, refused: list[Refused]) -> Row | None:
        """Return the line as a row; None: it has more cells than columns.

        What is wrong with it goes to `refused`.
        """
        cells, width = list(line.cells), len(self.columns)
        while len(cells) > width and not cells[-1]:
            cells.pop()
        cells += [""] * (width - len(cells))
        values = dict(zip(self.columns, cells, strict=False))
        row = Row(line.number, values, refused, called=self.called)
        if len(cells) > width:
            row.refuse("", TOO_MANY_CELLS)
            return None
        for at, fault in line.faults:
            if at < width:
                row.unknown.add(self.columns[at])
                row.refuse(self.columns[at], fault.message, **fault.facts)
        return row


class Table(msgspec.Struct):
    """A short sheet as a whole."""

    rows: list[Row] = msgspec.field(default_factory=list)
    refused: list[Refused] = msgspec.field(default_factory=list)

    @classmethod
    def read(cls, lines: Iterable[Line], columns: Columns, required: Sequence[str]) -> Table:
        rest = iter(lines)
        header, faults = Header.read(rest, columns, required)
        table = cls(refused=faults)
        if not faults:
            rows = (header.row(line, table.refused) for line in rest)
            table.rows += [row for row in rows if row is not None]
        return table


def lines_of(rows: Iterable[Row], column: str) -> Mapping[str, list[int]]:
    """Return in which lines each value of the column stands."""
    lines = defaultdict(list)
    for row in rows:
        lines[row.value(column)].append(row.line)
    return lines


def refuse_twins(row: Row, column: str, lines: Mapping[str, Sequence[int]]) -> None:
    """Refuse a value that other lines have too: nobody knows which of them is meant."""
    value = row.value(column)
    there = lines.get(value, ()) if value else ()
    if len(there) > 1:
        row.refuse(column, TWICE, lines=some(str(one) for one in there if one != row.line))


def _named(names: Iterable[str], columns: Columns) -> str:
    """Return names of columns, each with the first other word that may head it."""
    return ", ".join("/".join((one, *columns.get(one, ())[:1])) for one in names)


def by_word(columns: Columns) -> Mapping[str, str]:
    """Return the column that each word in a header stands for."""
    words = {word: column for column, words in columns.items() for word in words}
    return words | {column: column for column in columns}


def some(names: Iterable[str]) -> str:
    """Return the first few names, joined."""
    shown = list(islice(names, _SHOWN + 1))
    return ", ".join(shown[:_SHOWN]) + (" …" if len(shown) > _SHOWN else "")


def _lower_header(
    lines: Iterator[Line], known: Mapping[str, str], required: Sequence[str]
) -> Line | None:
    """Return a line that has all required names, if it is one of the next few."""
    return next(
        (
            one
            for one in islice(lines, _SEARCHED)
            if {*required} <= {known.get(cell, cell) for cell in one.cells}
        ),
        None,
    )


def _header_faults(
    header: Sequence[str],
    columns: Columns,
    required: Sequence[str],
    fields: Collection[str],
) -> list[Problem]:
    """Return what is wrong with the header, each kind once with all its columns."""
    named = [name or f"#{at}" for at, name in enumerate(header, 1)]
    of_policy = [name for name in named if fields and name.startswith(FIELD)]
    other = [name for name in named if name not in of_policy]
    known = ", ".join(sorted(one.removeprefix(FIELD) for one in fields))
    faults: list[tuple[str, list[str], dict[str, str]]] = [
        (
            EXTRA_COLUMN,
            [one for one in other if one not in columns],
            {"columns": _named(columns, columns)},
        ),
        (UNKNOWN_FIELD, [one for one in of_policy if one not in fields], {"fields": known}),
        (DOUBLE_COLUMN, [one for at, one in enumerate(named) if one in named[:at]], {}),
        (MISSING_COLUMN, [one for one in required if one not in header], {}),
    ]
    return [
        Problem(message, {"names": _named(dict.fromkeys(names), columns), **facts})
        for message, names, facts in faults
        if names
    ]
