"""Fits a card to what a channel can show: splits long texts, turns buttons into numbered lists.

Forms never ask which channel they are on; this module is where the difference is made. It guards
against messages that a platform cuts without a word: everything returned fits `Capabilities`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from bot.channels.base import UTF8_BYTES, Capabilities, Measure
from handlers.conversation.messages import TICK, Button, Card
from handlers.texts import N_, Texts, is_own

REPLY_NUMBER = N_("Reply with a number")
REPLY_NUMBERS = N_("Reply with numbers, as in 1 2")
TICK_AND_PRESS = N_("Ticks count once “{label}” is pressed; or reply with numbers, as in 1 2")
DIGIT_MEANS = N_("{digit} {label}")
REPLY_WORD = N_("Or reply with a word: {words}")
WORDS_ONLY = N_("Reply with a word: {words}")
QUOTED = N_("In place of: {first_line}")
BETWEEN = N_(", ")
NO_FILES = N_("Files cannot be sent out in this messenger.")

STAYS = N_("This messenger cannot take messages back: delete it yourself once you have read it.")

BACK = "0"
DIGIT_OF_VERB = {"back": BACK, "cancel": "9"}
"""Digits that act beside the numbers of a list (CONTRACT 2.2), by a conversation key's verb."""

JOINER = "\u200d"
"""Makes one sign of those before and behind it, such as a family."""
SKINS = frozenset("🏻🏼🏽🏾🏿")
"""Colour the sign before them."""
LONGEST_SIGN = 16
"""Characters that are looked back for where a sign begins."""

QUOTE_BYTES = 90
"""Longest piece of an old message that is quoted."""


class Rendered(msgspec.Struct, frozen=True):
    """A card as one channel shows it."""

    title: str
    """Apart from the text only where the channel asked for it; else empty."""
    parts: tuple[str, ...]
    """Texts to send in order, at least one; the buttons belong under the last."""
    rows: tuple[tuple[Button, ...], ...]
    """Rows of buttons for the choices."""
    grid: tuple[tuple[Button, ...], ...]
    """Rows of small buttons above them; empty where not all of them fit."""
    nav: tuple[Button, ...]
    """The quieter row below them."""
    options: tuple[Button, ...] = ()
    """Choices of a list to pick from, in place of buttons: of such a card there are no others."""
    several: Button | None = None
    """What sends all options that are ticked; None: one is picked."""


def render(
    card: Card, capabilities: Capabilities, *, own_title: bool = False, quote: str = ""
) -> Rendered:
    """Return `card` as the channel can show it.

    Choices that do not fit as buttons become a numbered list in the text, in the order of the
    card; ways to go on that do not fit become words. So does what would tell content where buttons
    are not protected: of a choice the number alone is its button then. `own_title`: the channel
    shows titles by itself. `quote`: text of the message this one replaces where nothing can be
    redrawn.
    """
    telling = _telling(card, capabilities)
    listed = not telling and _listed(card, capabilities)
    nav = card.nav
    if listed and card.several:
        nav = tuple(one for one in nav if one.label != card.several.label)
    choices = tuple(
        replace(one, label=str(number)) if one in telling else one
        for number, one in enumerate(card.choices, 1)
    )
    tapped = not listed and _fits(choices, len(card.nav), capabilities)
    others = len(choices) if tapped else 0
    nav_tapped = not listed and _fits(nav, others, capabilities)
    tapped_nav = tuple(one for one in nav if one not in telling) if nav_tapped else ()
    small = tuple(button for row in card.grid for button in row)
    grid_tapped = _fits(small, len(choices + nav), capabilities) and telling.isdisjoint(small)
    lines = [_quoted(card.locale, quote)] if quote else []
    if card.title and not own_title:
        lines.append(card.title)
    lines.append(card.text)
    if (card.files or card.makes) and not capabilities.files_out:
        lines.append(texts_of(card.locale).t(NO_FILES))
    if card.passing and not (capabilities.deletes or capabilities.edits):
        lines.append(texts_of(card.locale).t(STAYS))
    if card.choices and (choices != card.choices or not (tapped or listed)):
        lines.append("")
        lines += [f"{number} {one.label}" for number, one in enumerate(card.choices, 1)]
    hint = _hint(card, nav, tapped=tapped, listed=listed, tapped_nav=tapped_nav)
    if hint:
        lines += ["", *hint]
    return Rendered(
        title=card.title if own_title else "",
        parts=split("\n".join(lines), capabilities.text_length, capabilities.measure),
        rows=rows_of(choices, card.columns) if tapped else (),
        grid=card.grid if grid_tapped else (),
        nav=tapped_nav,
        options=card.choices if listed else (),
        several=card.several if listed else None,
    )


def rows_of(buttons: tuple[Button, ...], columns: int) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons row by row, `columns` (1 to 4) in each."""
    width = min(max(columns, 1), 4)
    return tuple(buttons[start : start + width] for start in range(0, len(buttons), width))


def split(text: str, limit: int, measure: Measure = UTF8_BYTES) -> tuple[str, ...]:
    """Return `text` in pieces of at most `limit` units of `measure`, at least one piece.

    Cuts at line ends where it can, at a space or between characters only inside a line that is
    longer than a whole message. No character is lost but the line ends at the cuts.
    """
    if measure.length(text) <= limit:
        return (text,)
    pieces: list[str] = []
    piece: str | None = None
    for line in text.split("\n"):
        joined = line if piece is None else f"{piece}\n{line}"
        if measure.length(joined) <= limit:
            piece = joined
            continue
        if piece is not None:
            pieces.append(piece)
        *full, piece = _chop(line, limit, measure)
        pieces += full
    pieces.append(piece or "")
    return tuple(one for one in pieces if one.strip()) or (text[:1],)


def shorten(text: str, limit: int) -> str:
    """Return `text` in at most `limit` UTF-8 bytes, with an ellipsis where it was cut."""
    if len(text.encode()) <= limit:
        return text
    return UTF8_BYTES.cut(text, limit - len("…".encode())) + "…"


def _chop(line: str, limit: int, measure: Measure) -> list[str]:
    pieces = []
    while measure.length(line) > limit:
        piece = _whole_signs(line, measure.cut(line, limit))
        space = piece.rfind(" ")
        if space > len(piece) // 2:
            piece = piece[: space + 1]
        pieces.append(piece)
        line = line[len(piece) :]
    return [*pieces, line]


def _whole_signs(line: str, piece: str) -> str:
    """Return the beginning of a line without the half of a sign that several characters make."""
    end = len(piece)
    while len(piece) - end < LONGEST_SIGN and 0 < end < len(line) and _one_sign(line, end):
        end -= 1
    return line[:end] if end > 0 and not _one_sign(line, end) else piece


def _one_sign(line: str, at: int) -> bool:
    """Return whether the characters before and behind a place are drawn as one."""
    before, behind = line[at - 1 : at], line[at : at + 1]
    return JOINER in (before, behind) or (
        behind != "" and (unicodedata.category(behind)[0] == "M" or behind in SKINS)
    )


@lru_cache
def texts_of(locale: str) -> Texts:
    return Texts(locale, ZoneInfo("UTC"))


def _fits(buttons: tuple[Button, ...], others: int, capabilities: Capabilities) -> bool:
    return len(buttons) + others <= capabilities.buttons and all(
        len(one.label.encode()) <= capabilities.label_bytes for one in buttons
    )


def _telling(card: Card, capabilities: Capabilities) -> frozenset[Button]:
    """Return the buttons whose words must not leave the text, for they may tell content."""
    if not card.protect or capabilities.protects_buttons:
        return frozenset()
    return frozenset(
        one for one in card.buttons() if not is_own(one.label.removeprefix(TICK), card.locale)
    )


def _listed(card: Card, capabilities: Capabilities) -> bool:
    """Whether the choices go into a list: where several are asked for, or too many for buttons."""
    asked = card.several is not None or (
        card.picks and not _fits(card.choices, len(card.nav), capabilities)
    )
    return (
        asked
        and 0 < len(card.choices) <= capabilities.options
        and all(
            len(one.label.removeprefix(TICK)) <= capabilities.option_length for one in card.choices
        )
    )


def _quoted(locale: str, quote: str) -> str:
    first = next((line for line in quote.split("\n") if line.strip()), "")
    return texts_of(locale).t(QUOTED, first_line=shorten(first, QUOTE_BYTES))


def _hint(
    card: Card,
    nav: tuple[Button, ...],
    *,
    tapped: bool,
    listed: bool,
    tapped_nav: tuple[Button, ...],
) -> list[str]:
    """Return the lines that say how to answer without buttons."""
    counts = bool(card.choices) and not tapped
    numbered = counts and not listed
    ticked = card.several if listed else None
    if not numbered and ticked is None and len(tapped_nav) == len(nav):
        return []
    texts = texts_of(card.locale)
    digits = _digits(nav)
    said = []
    if ticked is not None:
        said.append(texts.t(TICK_AND_PRESS, label=ticked.label))
    elif numbered:
        said.append(texts.t(REPLY_NUMBER if card.several is None else REPLY_NUMBERS))
    said += [
        texts.t(DIGIT_MEANS, digit=digit, label=one.label)
        for digit, one in digits
        if digit and counts
    ]
    lines = [texts.t(BETWEEN).join(said)] if said else []
    words = [
        one.label for digit, one in digits if not (counts and digit) and one not in tapped_nav
    ]
    if words:
        message = REPLY_WORD if said else WORDS_ONLY
        lines.append(texts.t(message, words=texts.t(BETWEEN).join(words)))
    return lines


def _digits(nav: tuple[Button, ...]) -> list[tuple[str, Button]]:
    """Return the ways to go on, each with the digit it is typed as, "" for none."""
    up = next((one for one in nav if one.back), None)
    return [(BACK if one is up else _digit(one), one) for one in nav]


def _digit(button: Button) -> str:
    match button.key.split("."):
        case ["c", _, _, verb]:
            return DIGIT_OF_VERB.get(verb, "")
    return ""
