"""What typed words mean on the card a person has in front of them.

A command word, the words of a button or its number act as that button when they are the whole
message; everything else is an answer. So every form can be filled in without a single tap.
"""

from __future__ import annotations

import re
import unicodedata

from handlers.conversation.engine import Tap
from handlers.conversation.forms import Form, Kind
from handlers.conversation.messages import Button, Card
from handlers.conversation.state import Pane, State
from handlers.texts import Texts

WORDS = {
    "返回": "back",
    "取消": "cancel",
    "跳过": "skip",
    "保存草稿": "draft",
    "完成": "done",
    "提交": "submit",
    "back": "back",
    "cancel": "cancel",
    "skip": "skip",
    "save draft": "draft",
    "done": "done",
    "submit": "submit",
}

_YES = frozenset(
    ["是", "对", "好", "要", "有", "行", "可以", "是的", "对的", "好的", "yes", "y", "ok"]
)
_NO = frozenset(["否", "不", "没有", "不是", "不要", "不用", "无", "没", "no", "n"])

_SEVERAL = re.compile(r"\d{1,2}(?:[\s,、和.]+\d{1,2})*", re.ASCII)
_SEVERAL_OF = frozenset({Kind.CHOICES, Kind.PAPERS})
_ORNAMENT = re.compile(r"^[\s‹›<>✓]+|[\s‹›<>.。!]+$")
_LONGEST = 80


def heard(form: Form, state: State, card: Card, text: str, texts: Texts) -> Tap | None:
    """Return the button that `text` stands for on `card`; None: it is an answer."""
    if len(text) > _LONGEST:
        return None
    words = plain(text)
    if words in WORDS and (WORDS[words] != "submit" or not state.at):
        return Tap(WORDS[words])
    named = next((one for one in card.choices + card.nav if plain(one.label) == words), None)
    if named is not None:
        return _tap(named)
    field = form.by_key.get(state.at)
    if field is not None and field.kind in (Kind.CHOICE, Kind.CHOICES):
        for at, one in enumerate(field.choices):
            if words in (plain(one.label), plain(texts.t(one.label))):
                return Tap("o", str(at))
    if field is not None and field.kind is Kind.CONFIRM and words in _YES | _NO:
        return Tap("v", "1" if words in _YES else "0")
    if state.pane is Pane.MONTH or (field and field.kind in (Kind.TEXT, Kind.NUMBER)):
        return None
    return _numbered(form, state, card, words)


def _numbered(form: Form, state: State, card: Card, words: str) -> Tap | None:
    """Return what a number means: 0 back, 9 cancel, and where a list is shown 1-8 its entries."""
    if words == "0":
        return Tap("back")
    if words == "9":
        return Tap("cancel")
    if not card.choices or not _SEVERAL.fullmatch(words):
        return None
    numbers = [int(one) for one in re.findall(r"\d+", words)]
    field = form.by_key.get(state.at)
    if len(numbers) > 1 and (field is None or field.kind not in _SEVERAL_OF):
        return None
    if len(words) > 1 and words.startswith("0"):
        return None
    if not all(1 <= one <= len(card.choices) for one in numbers):
        return None
    taps = [_tap(card.choices[one - 1]) for one in numbers]
    if len(taps) == 1:
        return taps[0]
    return Tap("o", "-".join(one.argument for one in taps))


def _tap(button: Button) -> Tap:
    _, _, _, verb, *argument = button.key.split(".", 4)
    return Tap(verb, argument[0] if argument else "")


def plain(text: str) -> str:
    """Return words for comparing: NFKC, case folded, without ticks, arrows and double spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_ORNAMENT.sub("", folded).split())
