"""A count in words: 「2 11页; 3 缺; 4 破损 边角撕裂」, line by line of what is lent.

Only the lines that differ need to be written. The trap is the guess: a line that cannot be read,
or one with more than there was, is asked again and never taken as it might have been meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from handlers.conversation.messages import Problem
from handlers.texts import N_
from storage.custody import Handed

UNREADABLE = N_("“{words}” begins with no number of a line; write for example: {example}")
EXAMPLE = N_("2 11页; 3 缺; 4 破损 边角撕裂")
UNKNOWN = N_("There is no line {place} to be counted.")
TWICE = N_("Line {place} is named twice.")
TOO_MANY = N_(
    "Line {place}: only {pages} pp. and {copies} copies were lent and not returned. Count again; "
    "what belongs to something else goes back there."
)
NO_PAGES = N_(
    "The pages of line {place} were not counted when it was lent. What is missing is written "
    "“{place} 缺2页”."
)

_ENTRY = re.compile(
    r"^第?\s*(\d{1,3})(?!\d|\s*[页份])\s*[行项条号]?\s*[.、::,,]?\s*(.*)$", re.DOTALL
)
_NUMBERS = re.compile(r"^[\d\s、,,和]+$")
_FEWER = re.compile(
    r"(?:缺|少|missing)\s*(\d{1,5})\s*(页|pp?\b\.?|份|cop(?:y|ies))", re.IGNORECASE
)
_COUNT = re.compile(r"(\d{1,5})\s*(页|pages?|pp?\b\.?|份|cop(?:y|ies))", re.IGNORECASE)
_NONE = re.compile(r"缺|没有|未还|不在|遗失|丢失|missing", re.IGNORECASE)
_DAMAGED = re.compile(r"破损|损坏|污损|撕|破|污|涂改|圈划|damaged?|torn", re.IGNORECASE)
_PLAIN = re.compile(r"破损|损坏|污损|damaged?", re.IGNORECASE)
_EDGES = " ,,。.;;::、\t"


class Said(msgspec.Struct, frozen=True):
    """What somebody said of one line."""

    position: int
    pages: int | None = None
    """None: as listed."""
    copies: int | None = None
    fewer_pages: int = 0
    fewer_copies: int = 0
    short: str = ""
    """The words for the fewer; they become the note where no pages were counted to take from."""
    gone: bool = False
    """Nothing of it is there."""
    damaged: bool = False
    note: str = ""

    def of(self, listed: Handed) -> Handed:
        """Return the line as it is according to what was said."""
        if self.gone:
            return replace(listed, pages=0, copies=0, note=self.note)
        copies = listed.copies - self.fewer_copies if self.copies is None else self.copies
        pages = self.pages
        if pages is None:  # of all copies together
            share = listed.copies or 1
            pages = listed.pages if copies >= listed.copies else listed.pages * copies // share
        uncounted = bool(self.fewer_pages) and not pages
        return replace(
            listed,
            pages=max(pages - self.fewer_pages, 0),
            copies=max(copies, 0),
            damaged=listed.damaged or self.damaged or uncounted,
            note=(f"{self.short} {self.note}".strip() if uncounted else self.note) or listed.note,
        )


def read(words: str) -> tuple[Said, ...] | Problem:
    """Return what was said of which lines, or what cannot be read."""
    said: list[Said] = []
    for entry in filter(None, (one.strip(_EDGES) for one in re.split(r"[;;\n]", words))):
        if _NUMBERS.fullmatch(entry):
            said += [Said(int(number)) for number in re.findall(r"\d{1,9}", entry)]
            continue
        match = _ENTRY.match(entry)
        if match is None:
            return Problem(UNREADABLE, {"words": entry[:30], "example": "2 11页; 3 缺"})
        said.append(_said(int(match[1]), match[2]))
    places = [one.position for one in said]
    twice = next((one for one in places if places.count(one) > 1), None)
    if twice is not None:
        return Problem(TWICE, {"place": str(twice)})
    if not said:
        return Problem(UNREADABLE, {"words": words[:30], "example": "2 11页; 3 缺"})
    return tuple(said)


def _said(position: int, words: str) -> Said:
    fewer, rest = _numbers(_FEWER, words)
    count, rest = _numbers(_COUNT, rest)
    one = Said(
        position,
        count.get("pages"),
        count.get("copies"),
        fewer.get("pages", 0),
        fewer.get("copies", 0),
        " ".join(found[0] for found in _FEWER.finditer(words)),
    )
    damaged = bool(_DAMAGED.search(rest))
    if not damaged and _NONE.search(rest) and one == Said(position):
        one, rest = replace(one, gone=True), _NONE.sub(" ", rest)
    note = " ".join(_PLAIN.sub(" ", rest).split()).strip(_EDGES)
    return replace(one, damaged=damaged, note=note)


def _numbers(pattern: re.Pattern[str], words: str) -> tuple[dict[str, int], str]:
    """Return the pages and copies that are named, and what is left of the words."""
    named = {
        "pages" if unit == "页" or unit.lower().startswith("p") else "copies": int(number)
        for number, unit in pattern.findall(words)
    }
    return named, pattern.sub(" ", words)


def counted(
    said: Sequence[Said], listed: Mapping[int, Handed], most: Mapping[int, Handed] | None
) -> tuple[Handed, ...] | Problem:
    """Return the named lines as they were counted, in their order.

    `listed`: the lines as they stand; `most`: what is still to come of each, None: no bound.
    """
    found = []
    for one in said:
        line = listed.get(one.position) or (most or {}).get(one.position)
        if line is None:
            return Problem(UNKNOWN, {"place": str(one.position)})
        after = one.of(line)
        bound = most.get(one.position) if most is not None else None
        if bound is not None and (after.pages > bound.pages or after.copies > bound.copies):
            facts = {"pages": str(bound.pages), "copies": str(bound.copies)}
            told = NO_PAGES if after.pages and not line.pages else TOO_MANY
            return Problem(told, {"place": str(one.position), **facts})
        found.append(after)
    return tuple(sorted(found, key=lambda line: line.position))
