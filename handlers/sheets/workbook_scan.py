"""Looks through a workbook before it is opened: its real size, and what calamine does not tell.

A workbook is an archive of XML, so a small file can be made that fills any memory; calamine
also lays a sheet out from its first to its last cell. Both are measured here, in a bounded piece
of memory. And calamine gives an empty cell for an error and for a formula that was never
calculated: such cells are found here, so that they can be refused by name.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from handlers.conversation.messages import Problem
from handlers.sheets.sheet import Unreadable
from handlers.texts import N_

MAX_UNPACKED = 2 << 30
"""Bytes of all parts together; a list of a million customers takes about half."""

MAX_SHARED = 256 << 20
"""Bytes of the part with the texts, which are in memory all at once."""

MAX_CELLS = 12_000_000
"""From the first to the last cell that holds something; some 300 MB while it is read."""

MAX_FAULTS = 100_000
"""Cells without a value, after which a file is refused as a whole."""

MAX_PARTS = 5000

DAMAGED = N_(
    "The workbook is damaged or incomplete; nothing was read. Open it in Excel or WPS, save it "
    "again and import that."
)
PASSWORD = N_(
    "The workbook is protected by a password; nothing was read. Save it without a password and "
    "import that."
)
TOO_LARGE = N_(
    "Unpacked, the workbook is larger than {most} MB; nothing was read. Save the one sheet as "
    "“CSV UTF-8” and import that."
)
TOO_WIDE = N_(
    "The sheet “{sheet}” reaches to the cell {cell}, too far to be read; nothing was read. Delete "
    "the rows below and the columns beside the list and save it again."
)
TOO_MANY_FAULTS = N_(
    "More than {most} cells of the sheet “{sheet}” have no value that can be read; nothing was "
    "read."
)
ERROR_CELL = N_("The cell {cell} shows the error {error}; mend it and save the file again.")
NOT_CALCULATED = N_(
    "The cell {cell} holds a formula whose result is not in the file; open it in Excel or WPS and "
    "save it again."
)
LOST_ZEROS = N_(
    "The cell {cell} shows zeros at its beginning that it does not hold; give the column the "
    "format “text”, enter it again and save the file again."
)

_PIECE = 1 << 18
_LONGEST_ROW = 16 << 20
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s[^>]*>")
_STYLES = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs\s*>", re.DOTALL)
_STYLE = re.compile(rb"<(?:\w+:)?xf\b[^>]*>")
_ZEROS = re.compile(r"0{2,}[0\\ -]*")
_ROW_END = re.compile(rb"</(?:\w+:)?row\s*>")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
_CELL = re.compile(rb"<(?:\w+:)?c(\s[^>]*?)?(?:/>|>(.*?)</(?:\w+:)?c\s*>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)(?:\s[^>]*)?>([^<]+)<")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_SUSPECT = re.compile(rb"""<(?:\w+:)?f[\s>/]|\st\s*=\s*["']e["']""")
_SIGNS = (b"<f", b":f", b'"e"', b"'e'")
"""One of them is in every row that the slower search before can find."""
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})(\d+)["']""")
_NAMED = re.compile(r"([A-Z]{1,3})(\d+)")


class Scan(msgspec.Struct):
    """What was seen of one sheet."""

    part: str
    filled: bool = False
    faults: dict[int, list[tuple[int, Problem]]] = msgspec.field(default_factory=dict)
    """By row, from 1: columns from 0 and why their value cannot be told."""


def cell_name(row: int, column: int) -> str:
    """Return what a spreadsheet program calls the cell; both count from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


class Package:
    """An .xlsx file as the archive that it is."""

    def __init__(self, path: Path) -> None:
        """Unpack every part once without keeping it.

        Raises:
            Unreadable: damaged, protected, or larger than can be read.
        """
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._parts = {one.filename: one for one in archive.infolist()}
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Unreadable(DAMAGED) from error
        infos = self._parts.values()
        if len(self._parts) > MAX_PARTS or sum(one.file_size for one in infos) > MAX_UNPACKED:
            raise Unreadable(TOO_LARGE, most=str(MAX_UNPACKED >> 20))
        if any(one.flag_bits & 1 for one in infos):
            raise Unreadable(PASSWORD)
        self._read_through()

    def _read_through(self) -> None:
        total = 0
        for name in self._parts:
            size = 0
            for piece in self.pieces(name):
                size += len(piece)
                if total + size > MAX_UNPACKED or ("sharedStrings" in name and size > MAX_SHARED):
                    most = MAX_SHARED if "sharedStrings" in name else MAX_UNPACKED
                    raise Unreadable(TOO_LARGE, most=str(most >> 20))
            total += size

    def sheets(self) -> list[str]:
        """Return the name of the part of every sheet, in the order of the workbook."""
        relations = {}
        for tag in _RELATION.findall(self._whole("xl/_rels/workbook.xml.rels")):
            facts = _attributes(tag)
            target = facts.get("Target", "")
            relations[facts.get("Id", "")] = (
                target[1:] if target.startswith("/") else f"xl/{target}"
            )
        found = []
        for tag in _SHEET.findall(self._whole("xl/workbook.xml")):
            of = next((v for k, v in _attributes(tag).items() if k.endswith(":id")), "")
            found.append(relations.get(of, ""))
        return found

    def scan(self, part: str, sheet: str) -> Scan:
        """Look through one sheet.

        Raises:
            Unreadable: it reaches too far, or too much of it has no value.
        """
        seen = Scan(part)
        zeros = self._zero_styles()
        first = last = widest = number = faults = 0
        for row in self._rows(part):
            opening = _ROW.match(row, max(row.rfind(b"<row"), 0))
            if opening is None:  # with a prefix
                opening = next(reversed(list(_ROW.finditer(row))), None)
            given = _attributes(opening[0]).get("r", "") if opening else ""
            number = int(given) if given.isdecimal() else number + len(_ROW.findall(row))
            cells = row[opening.end() :] if opening else row
            if not _VALUE.search(cells) and not _FORMULA.search(cells):
                continue
            first, last = first or number, number
            widest = max(widest, _width(cells))
            if (last - first + 1) * widest > MAX_CELLS:
                cell = cell_name(last - 1, widest - 1)
                raise Unreadable(TOO_WIDE, sheet=sheet, cell=cell)
            suspect = (zeros and b"s=" in cells) or (
                any(sign in cells for sign in _SIGNS) and _SUSPECT.search(cells)
            )
            if suspect and (found := list(_faults(cells, number, zeros))):
                seen.faults[number] = found
                faults += len(found)
            if faults > MAX_FAULTS:
                raise Unreadable(TOO_MANY_FAULTS, sheet=sheet, most=str(MAX_FAULTS))
        seen.filled = bool(last)
        return seen

    def _rows(self, part: str) -> Iterator[bytes]:
        """Yield pieces that end with the end of a row; empty rows may come before it."""
        rest = b""
        for piece in self.pieces(part):
            rest += piece
            at = 0
            for end in _ROW_END.finditer(rest):
                yield rest[at : end.start()]
                at = end.end()
            rest = rest[at:]
            if len(rest) > _PIECE and (cut := rest.rfind(b"<row", 0, -100)) > 0:
                yield rest[:cut]  # rows without cells, which have no end of their own
                rest = rest[cut:]
            if len(rest) > _LONGEST_ROW:
                raise Unreadable(DAMAGED)

    def _zero_styles(self) -> frozenset[str]:
        """Return the styles that show a number with zeros before it, by number."""
        if "xl/styles.xml" not in self._parts:
            return frozenset()
        content = self._whole("xl/styles.xml")
        formats = map(_attributes, _FORMAT.findall(content))
        padded = {
            one.get("numFmtId")
            for one in formats
            if _ZEROS.fullmatch(one.get("formatCode", "").partition(";")[0].replace('"', ""))
        }
        styles = _STYLES.search(content)
        tags = _STYLE.findall(styles[0]) if padded and styles else []
        return frozenset(
            str(at) for at, tag in enumerate(tags) if _attributes(tag).get("numFmtId") in padded
        )

    def _whole(self, name: str) -> bytes:
        if name not in self._parts or self._parts[name].file_size > MAX_SHARED:
            raise Unreadable(DAMAGED)
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield what the part really holds, whatever size the archive claims."""
        info = self._parts.get(name)
        if info is None or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable(DAMAGED)
        try:
            with self.path.open("rb") as file:
                file.seek(info.header_offset)
                head = file.read(30)
                if len(head) < 30 or not head.startswith(b"PK\x03\x04"):
                    raise Unreadable(DAMAGED)
                skipped = int.from_bytes(head[26:28], "little")
                skipped += int.from_bytes(head[28:30], "little")
                file.seek(skipped, 1)
                yield from _unpacked(file, info)
        except (OSError, zlib.error) as error:
            raise Unreadable(DAMAGED) from error


def _unpacked(file: IO[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    left, deflated = info.compress_size, info.compress_type == zipfile.ZIP_DEFLATED
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while left and (packed := file.read(min(left, _PIECE))):
        left -= len(packed)
        if not deflated:
            yield packed
            continue
        while packed and not inflate.eof:
            yield inflate.decompress(packed, _PIECE)
            packed = inflate.unconsumed_tail
    if left or (deflated and not inflate.eof):
        raise Unreadable(DAMAGED)


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        name.decode("utf-8", "replace"): html.unescape((one or other).decode("utf-8", "replace"))
        for name, one, other in _ATTRIBUTE.findall(tag)
    }


def _width(cells: bytes) -> int:
    """Return how many columns the row reaches over, up to the last cell that holds something."""
    place = _PLACE.match(cells, max(cells.rfind(b' r="'), 0))
    if place is None:
        place = next(reversed(list(_PLACE.finditer(cells))), None)
    if place is None:
        return len(_CELL.findall(cells))
    last = _column(place[1].decode())
    if last < 100:
        return last + 1
    filled = [  # cells that are only formatted often go on to the end of the sheet
        _column(inside[1].decode())
        for found in _CELL.finditer(cells)
        if found[2] and (inside := _PLACE.search(found[1] or b""))
    ]
    return max(filled, default=0) + 1


def _faults(cells: bytes, number: int, zeros: frozenset[str]) -> Iterator[tuple[int, Problem]]:
    column = -1
    for found in _CELL.finditer(cells):
        facts, content = _attributes(found[1] or b""), found[2] or b""
        place = _NAMED.fullmatch(facts.get("r", ""))
        column = _column(place[1]) if place else column + 1
        name = cell_name(number - 1, column)
        value = _VALUE.search(content)
        kind = facts.get("t", "n")
        if kind == "e":
            error = html.unescape(value[1].decode("utf-8", "replace")) if value else "?"
            yield column, Problem(ERROR_CELL, {"cell": name, "error": error[:20]})
        elif value is None and kind == "n" and _FORMULA.search(content):
            yield column, Problem(NOT_CALCULATED, {"cell": name})
        elif value and kind == "n" and facts.get("s") in zeros:
            yield column, Problem(LOST_ZEROS, {"cell": name})


def _column(letters: str) -> int:
    column = 0
    for one in letters:
        column = column * 26 + ord(one) - 64
    return column - 1
