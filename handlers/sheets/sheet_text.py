"""A text file of comma-separated values, read line by line.

Excel writes GB18030 and UTF-16 as readily as UTF-8, so all are read. The whole file is tried
before its first line is believed: what begins as UTF-8 may be GB18030 in line 40,000.
"""

from __future__ import annotations

import codecs
import csv
import io
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator
from typing import IO

from handlers.sheets.sheet import Line, Sheet, Unreadable
from handlers.texts import N_

NOT_TEXT = N_(
    "The file is no text in UTF-8, UTF-16 or GB18030; nothing was read. In Excel or WPS, save it "
    'as "CSV UTF-8".'
)

_PIECE = 1 << 20


def open_text(opened: Callable[[], IO[bytes]]) -> Sheet:
    """Return the lines of a CSV file in one of the encodings that Excel and WPS write.

    UTF-8 with or without mark, UTF-16 with mark ("Unicode text"), GB18030. `opened` opens the
    file from its beginning, each time it is called.

    Raises:
        Unreadable: it is no text in any of them; also while the lines are read, for a cell that
            has no end.
    """
    encoding = _encoding(opened)

    def lines() -> Iterator[Line]:
        with io.TextIOWrapper(opened(), encoding, newline="") as text:
            first = text.readline()
            delimiter = max(",;\t", key=first.count)
            text.seek(0)
            reader = csv.reader(text, delimiter=delimiter)
            try:
                for row in reader:
                    cells = tuple(map(str.strip, row))
                    if any(cells):
                        yield Line(reader.line_num, cells)
            except csv.Error as error:
                raise Unreadable(NOT_TEXT) from error

    return Sheet(lines)


def rows_of(content: bytes) -> tuple[Line, ...]:
    """Return the lines of a CSV file that is in memory.

    Raises:
        Unreadable: as `open_text`.
    """
    return tuple(open_text(lambda: io.BytesIO(content)).lines())


def _encoding(opened: Callable[[], IO[bytes]]) -> str:
    with opened() as file:
        wide = file.read(2) in (BOM_UTF16_LE, BOM_UTF16_BE)
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        with opened() as file:
            if _fits(file, encoding):
                return encoding
    raise Unreadable(NOT_TEXT)


def _fits(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(_PIECE):
            if "\x00" in decoder.decode(piece):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
