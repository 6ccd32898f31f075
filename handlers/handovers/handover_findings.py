"""What the receiver finds while counting: line by line, tapped or written, signed by nobody yet.

「2 缺; 5 缺客户签字; 6 11页」 says the same as three taps. The trap is the guess: a line that
cannot be read, or is not on the list, is asked again and never taken as it might have been meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from handlers.conversation.messages import Problem
from handlers.handovers import handover_words
from handlers.handovers.handover_given import Line
from handlers.texts import N_, Texts
from rules.handovers import GapKind, ItemState
from storage.handover_gaps import Gap


class Found(StrEnum):
    """One thing that can be tapped about a line."""

    MISSING = "missing"
    PAGES = "pages"
    NO_CUSTOMER = "nocustomer"
    BAD_CUSTOMER = "badcustomer"
    NO_STAFF = "nostaff"
    BAD_STAFF = "badstaff"
    UNFIT = "unfit"
    """Illegible, or not in lasting ink (S1-15.1.5)."""
    OTHER = "other"

    @property
    def kind(self) -> GapKind:
        return _KINDS[self]


_KINDS = {
    Found.MISSING: GapKind.MISSING,
    Found.PAGES: GapKind.PAGES,
    Found.NO_CUSTOMER: GapKind.CUSTOMER_SIGNATURE,
    Found.BAD_CUSTOMER: GapKind.CUSTOMER_SIGNATURE,
    Found.NO_STAFF: GapKind.STAFF_SIGNATURE,
    Found.BAD_STAFF: GapKind.STAFF_SIGNATURE,
    Found.UNFIT: GapKind.WRONG,
    Found.OTHER: GapKind.WRONG,
}

LABELS = {
    Found.MISSING: N_("Missing"),
    Found.PAGES: N_("Pages differ"),
    Found.NO_CUSTOMER: N_("No customer signature"),
    Found.BAD_CUSTOMER: N_("Customer signature wrong"),
    Found.NO_STAFF: N_("No staff signature"),
    Found.BAD_STAFF: N_("Staff signature wrong"),
    Found.UNFIT: N_("Illegible or wrong ink"),
    Found.OTHER: N_("Otherwise not right"),
}
KINDS = {
    GapKind.MISSING: N_("missing"),
    GapKind.PAGES: N_("pages incomplete"),
    GapKind.CUSTOMER_SIGNATURE: N_("customer signature missing or wrong"),
    GapKind.STAFF_SIGNATURE: N_("staff signature missing or wrong"),
    GapKind.WRONG: N_("not as required"),
}
UNFIT_RULE = "S1-15.1.5"

SAID = {
    Found.NO_CUSTOMER: "缺客户签字",
    Found.BAD_CUSTOMER: "客户签字有误",
    Found.NO_STAFF: "缺内部签字",
    Found.BAD_STAFF: "内部签字有误",
    Found.UNFIT: "字迹不清或书写材料不合要求",
}
"""What is written down for a tap, in the words of the register."""
PAGES_SAID = "实有{pages}页"

UNREADABLE = N_("“{words}” begins with no number of a line; write for example: {example}")
EXAMPLE = N_("2 缺; 5 缺客户签字; 6 11页")
UNKNOWN = N_("There is no line {place} on this list.")
VAGUE = N_("Line {place}: what is not right about it? Write for example: {example}")

_ENTRY = re.compile(
    r"^第?\s*(\d{1,3})(?!\d|\s*[页份])\s*[行项条号]?\s*[.、::,,]?\s*(.*)$", re.DOTALL
)
_PAGES = re.compile(r"(\d{1,5})\s*(?:页|pages?|pp?\b\.?)", re.IGNORECASE)
_CUSTOMER = re.compile(r"客户|车主|customer", re.IGNORECASE)
_STAFF = re.compile(r"内部|员工|顾问|经办|staff|internal", re.IGNORECASE)
_SIGN = re.compile(r"签|sign", re.IGNORECASE)
_NONE = re.compile(r"缺|没|无|未|少|missing|no\b", re.IGNORECASE)
_UNFIT = re.compile(r"字迹|墨|笔|不清|模糊|illegible|ink", re.IGNORECASE)
_EDGES = " ,,。.;;::、\t"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not right about one line."""

    position: int
    kind: GapKind
    words: str = ""


def read(words: str, lines: Iterable[int]) -> tuple[Finding, ...] | Problem:
    """Return what was found at which lines, or what cannot be read."""
    known, found = set(lines), []
    for entry in filter(None, (one.strip(_EDGES) for one in re.split(r"[;;\n]", words))):
        match = _ENTRY.match(entry)
        if match is None:
            return Problem(UNREADABLE, {"words": entry[:30], "example": "2 缺; 6 11页"})
        place, said = int(match[1]), match[2].strip(_EDGES)
        if place not in known:
            return Problem(UNKNOWN, {"place": str(place)})
        if not said:
            return Problem(VAGUE, {"place": str(place), "example": f"{place} 缺"})
        found.append(_finding(place, said))
    if not found:
        return Problem(UNREADABLE, {"words": words[:30], "example": "2 缺; 6 11页"})
    return tuple(found)


def _finding(place: int, said: str) -> Finding:
    if _SIGN.search(said):
        customer = _CUSTOMER.search(said) or not _STAFF.search(said)
        kind = GapKind.CUSTOMER_SIGNATURE if customer else GapKind.STAFF_SIGNATURE
        return Finding(place, kind, said)
    if pages := _PAGES.search(said):
        short = _NONE.search(said)
        return Finding(place, GapKind.PAGES, said if short else PAGES_SAID.format(pages=pages[1]))
    if _UNFIT.search(said):
        return Finding(place, GapKind.WRONG, said)
    if _NONE.search(said):
        rest = _NONE.sub(" ", said).strip(_EDGES)
        return Finding(place, GapKind.MISSING, said if rest else "")
    return Finding(place, GapKind.WRONG, said)


LINE = N_("{place}. {title}")


def numbered(line: Line, texts: Texts) -> str:
    """Return the place of a line and what it is called."""
    return texts.t(LINE, place=line.item.position, title=line.title(texts))


def described(line: Line, texts: Texts, gaps: Iterable[Gap] = ()) -> str:
    """Return one line with what the giver says of it, and what is noted against it."""
    against = [what(one, texts) for one in gaps]
    said = (
        "" if line.item.state == ItemState.ABSENT and against else handover_words.said(line, texts)
    )
    reason = line.item.reason if line.item.state != ItemState.PRESENT else ""
    facts = dict.fromkeys(filter(None, (said, *against, reason)))
    return " · ".join((numbered(line, texts), *facts))


def what(gap: Gap, texts: Texts) -> str:
    """Return what a gap is, in the words that were written where there are any."""
    return gap.words or kind(gap, texts)


def kind(gap: Gap, texts: Texts) -> str:
    return texts.t(KINDS[GapKind(gap.kind)])


def by_item(gaps: Iterable[Gap]) -> Mapping[int, list[Gap]]:
    """Return gaps by the line they are about."""
    found: dict[int, list[Gap]] = {}
    for one in gaps:
        found.setdefault(one.item_id, []).append(one)
    return found
