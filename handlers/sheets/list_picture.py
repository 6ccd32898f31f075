"""A list as pictures that are read on a phone: large type, few columns, as many as it takes.

Chinese is drawn with a font of the machine; none comes along. The trap is the machine without one,
where every character would be an empty box: then there is no picture, and the words stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from handlers.sheets.made import MadeFile

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

MIME = "image/png"
WIDTH, TALLEST = 1080, 1920
"""Pixels: a phone held upright."""
MOST = 4
"""Pictures of one list; the workbook has all of it."""
MARGIN, GAP, LEADING = 40, 24, 10
TITLE_SIZE, WORDS_SIZE, SIZE = 48, 30, 34
INK, QUIET, LATE, LINE, PAPER = "#1a1a1a", "#666666", "#b3261e", "#d5dbe1", "#ffffff"

_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
_FONTS = (
    ("NotoSansCJK-Regular.ttc", 2),
    ("NotoSansCJKsc-Regular.otf", 0),
    ("NotoSansSC-Regular.otf", 0),
    ("NotoSansSC-Regular.ttf", 0),
    ("SourceHanSansSC-Regular.otf", 0),
    ("SourceHanSansCN-Regular.otf", 0),
    ("wqy-microhei.ttc", 0),
    ("wqy-zenhei.ttc", 0),
    ("DroidSansFallbackFull.ttf", 0),
    ("msyh.ttc", 0),
    ("simhei.ttf", 0),
    ("PingFang.ttc", 0),
    ("STHeiti Medium.ttc", 0),
    ("Hiragino Sans GB.ttc", 0),
)
"""File and, in a collection, the face for simplified Chinese; the first that is there is taken."""


class Row(msgspec.Struct, frozen=True):
    cells: tuple[str, ...]
    """One for each column; the first may have a second line, in smaller type."""
    under: str = ""
    late: bool = False


class Listing(msgspec.Struct, frozen=True):
    title: str
    words: str
    heads: tuple[str, ...]
    shares: tuple[int, ...]
    """Width of each column, in parts."""
    rows: Sequence[Row]


@lru_cache(maxsize=1)
def font() -> tuple[Path, int] | None:
    """Return a font with Chinese characters and its face; None: this machine has none."""
    for name, face in _FONTS:
        for folder in _FOLDERS:
            found = next(Path(folder).expanduser().rglob(name), None)
            if found is not None:
                return found, face
    return None


def pictures(listing: Listing) -> tuple[MadeFile, ...]:
    """Return the list as at most MOST pictures; none without a font or without rows."""
    found = font()
    if found is None or not listing.rows:
        return ()
    return _Artist(listing, *found).drawn()


class _Artist:
    def __init__(self, listing: Listing, path: Path, face: int) -> None:
        from PIL import ImageFont  # megabytes that most days are not needed

        self._list = listing
        self._title, self._words, self._body = (
            ImageFont.truetype(str(path), size, index=face)
            for size in (TITLE_SIZE, WORDS_SIZE, SIZE)
        )
        room = WIDTH - 2 * MARGIN - GAP * (len(listing.shares) - 1)
        self._widths = tuple(room * share // sum(listing.shares) for share in listing.shares)

    def drawn(self) -> tuple[MadeFile, ...]:
        pages = list(self._pages())
        shown = pages[:MOST]
        return tuple(
            MadeFile(f"{at}.png", MIME, self._page(rows, f"{at}/{len(pages)}"))
            for at, rows in enumerate(shown, 1)
        )

    def _pages(self) -> Iterator[list[Row]]:
        page: list[Row] = []
        left = room = TALLEST - MARGIN - self._top()
        for row in self._list.rows:
            height = self._height(row)
            if page and height > left:
                yield page
                page, left = [], room
            page.append(row)
            left -= height
        yield page

    def _top(self) -> int:
        """Return where the rows begin, from the upper edge."""
        titles = len(_wrapped(self._list.title, self._title, WIDTH - 2 * MARGIN))
        words = len(_wrapped(self._list.words, self._words, WIDTH - 2 * MARGIN))
        return (
            MARGIN
            + titles * (TITLE_SIZE + LEADING)
            + (words + 1) * (WORDS_SIZE + LEADING)
            + 3 * GAP
        )

    def _height(self, row: Row) -> int:
        cells = zip(row.cells, self._widths, strict=True)
        lines = [len(_wrapped(cell, self._body, width)) for cell, width in cells]
        lines_under = len(_wrapped(row.under, self._words, self._widths[0])) if row.under else 0
        first = lines[0] * (SIZE + LEADING) + lines_under * (WORDS_SIZE + LEADING)
        return max(first, max(lines) * (SIZE + LEADING)) + 2 * GAP

    def _page(self, rows: list[Row], number: str) -> bytes:
        from PIL import Image, ImageDraw  # as above

        height = self._top() + sum(map(self._height, rows)) + MARGIN
        image = Image.new("RGB", (WIDTH, height), PAPER)
        draw = ImageDraw.Draw(image)
        y = self._text(draw, MARGIN, MARGIN, self._list.title, self._title, INK, WIDTH)
        y = self._text(draw, MARGIN, y, self._list.words, self._words, QUIET, WIDTH)
        draw.text((WIDTH - MARGIN, MARGIN), number, QUIET, self._words, anchor="ra")
        y += GAP
        for x, width, head in zip(self._lefts(), self._widths, self._list.heads, strict=True):
            self._text(draw, x, y, head, self._words, QUIET, width)
        y = self._top() - GAP
        for row in rows:
            draw.line((MARGIN, y, WIDTH - MARGIN, y), LINE, 2)
            self._row(draw, y + GAP, row)
            y += self._height(row)
        content = BytesIO()
        image.save(content, "PNG")
        return content.getvalue()

    def _row(self, draw: ImageDraw, y: int, row: Row) -> None:
        ink = LATE if row.late else INK
        below = y
        for at, (x, width, cell) in enumerate(
            zip(self._lefts(), self._widths, row.cells, strict=True)
        ):
            end = self._text(draw, x, y, cell, self._body, ink if at else INK, width)
            below = end if at == 0 else below
        if row.under:
            self._text(draw, MARGIN, below, row.under, self._words, QUIET, self._widths[0])

    def _lefts(self) -> list[int]:
        return [MARGIN + sum(self._widths[:at]) + GAP * at for at in range(len(self._widths))]

    def _text(
        self,
        draw: ImageDraw,
        x: int,
        y: int,
        words: str,
        face: FreeTypeFont,
        ink: str,
        width: int,
    ) -> int:
        """Draw words and return where the next line begins."""
        for line in _wrapped(words, face, min(width, WIDTH - 2 * MARGIN)):
            draw.text((x, y), line, ink, face)
            y += int(face.size) + LEADING
        return y


def _wrapped(words: str, face: FreeTypeFont, width: int) -> list[str]:
    """Return words in lines of at most `width` pixels, cut between any two characters."""
    lines = [""]
    for character in words:
        if character == "\n" or face.getlength(lines[-1] + character) > width:
            lines.append("")
        lines[-1] += character.strip("\n")
    return lines
