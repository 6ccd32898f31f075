"""Texts in the reader's language: gettext catalogues read once at start.

Source strings are English; `locales/zh_CN` is complete. `N_` marks a string for extraction where
it is declared (forms, features); `Texts.t` looks it up where it is shown.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from rules.dates import format_day
from rules.deadlines import Deadline

LOCALES = ("zh_CN", "en")
"""Languages a person can choose; the first is the default."""

_COUNT = re.compile(r"\d+", re.ASCII)
_ENTRY = re.compile(r'^msgid (".*")\nmsgstr (".*")$', re.MULTILINE)


def N_(message: str) -> str:
    return message


@lru_cache
def _catalogue(locale: str) -> dict[str, str]:
    if locale == "en":
        return {}
    source = files("handlers").joinpath("locales", locale, "LC_MESSAGES", "dossierbot.po")
    return entries(source.read_text("utf-8"))


def entries(catalogue: str) -> dict[str, str]:
    """Return what each source string of a .po file is in the other language, where it is anything.

    Reads what ours have: no plurals, no contexts. A library that reads all of the format takes
    ten times as long, at every start.
    """
    joined = catalogue.replace('"\n"', "")  # texts over several lines
    pairs = json.loads(f"[{','.join(map('[%s,%s]'.__mod__, _ENTRY.findall(joined)))}]")
    return {source: words for source, words in pairs if source and words}


def translation(message: str, locale: str) -> str | None:
    """Return `message` in that language as the catalogue has it; None: it is missing there."""
    return message if locale == "en" else _catalogue(locale).get(message)


@lru_cache
def _own_words(locale: str) -> frozenset[str]:
    catalogue = _catalogue(LOCALES[0])
    return frozenset(catalogue if locale == "en" else catalogue.values())


def is_own(words: str, locale: str) -> bool:
    """Return whether words are the program's own: they tell nothing of anybody but a count.

    A sign without letters and digits is; a name that somebody entered is not, unless the program
    says the very same.
    """
    own = _own_words(locale if locale in LOCALES else LOCALES[0])
    if words in own:
        return True
    if not any(map(str.isalpha, words)):
        return not any(map(str.isalnum, words))
    return _COUNT.sub("{count}", words) in own


class Texts:
    """All words of one language."""

    def __init__(self, locale: str, zone: ZoneInfo) -> None:
        self.locale = locale if locale in LOCALES else LOCALES[0]
        self._zone = zone
        self._words = _catalogue(self.locale)

    def t(self, message: str, **facts: object) -> str:
        """Return `message` in this language, its {named} facts filled in."""
        words = self._words.get(message, message)
        return words.format(**facts) if facts else words

    def day(self, day: date, today: date | None = None) -> str:
        """9月14日 周一, or Mon 14 Sep; with the year if `today` is given and lies in another."""
        return format_day(day, self.locale, today)

    def clock(self, instant: datetime) -> str:
        """Hour and minute in the policy's zone."""
        return instant.astimezone(self._zone).strftime("%H:%M")

    def moment(self, instant: datetime) -> str:
        """Day, hour and minute in the policy's zone."""
        local = instant.astimezone(self._zone)
        return f"{self.day(local.date())} {local:%H:%M}"

    def last_minute(self, due: Deadline) -> str:
        """The last moment that is on time: the day and 24:00, or the cutoff of that day."""
        return self.until(due.last_day, due.instant)

    def until(self, last_day: date, instant: datetime, today: date | None = None) -> str:
        """The last day that is on time with its hour: 24:00, or that of the first late instant."""
        local = instant.astimezone(self._zone)
        hour = "24:00" if local.date() > last_day else f"{local:%H:%M}"
        return f"{self.day(last_day, today)} {hour}"
