"""How Chinese is read: looked up in the two files of pypinyin where they lie, without the library.

Imported, the library takes 55 MiB and a third of a second for what a name asks of it now and
then. The trap: its files are searched by halves, so they have to stay in order; a test reads
every character and every phrase both ways.
"""

from __future__ import annotations

import json
import mmap
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_TONES = "\u0304\u0301\u030c\u0300"
"""The marks of the four tones, apart from their vowel."""
_LAST = "\U0010ffff"
_COLON = b'": '
"""Ends a key, and stands nowhere else."""


class _Ordered:
    """A JSON object in a file, its keys in the order of the characters they begin with."""

    def __init__(self, path: Path, first: Callable[[bytes], str]) -> None:
        """`first` returns the character that a key begins with."""
        with path.open("rb") as file:
            self._text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._first = first

    def beginning(self, character: str) -> dict[str, Any]:
        """Return the entries whose keys begin with `character`."""
        places = range(len(self._text))
        low = bisect_left(places, character, key=self._first_at)
        high = bisect_right(places, character, low, key=self._first_at)
        entries = self._text[self._begin(low) : self._begin(high)]
        found: dict[str, Any] = json.loads(b"{" + entries.rstrip(b"}, \r\n") + b"}")
        return found

    def _first_at(self, at: int) -> str:
        """Return what the first key begins with that ends at `at` or behind."""
        end = self._text.find(_COLON, at)
        return _LAST if end < 0 else self._first(self._text[self._begin(at) + 1 : end])

    def _begin(self, at: int) -> int:
        end = self._text.find(_COLON, at)
        return len(self._text) if end < 0 else self._text.rfind(b'"', 0, end)


@cache
def _files() -> tuple[_Ordered, _Ordered]:
    """Return the readings of characters, by code point, and those of phrases."""
    found = find_spec("pypinyin")  # finds it without importing it
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("pypinyin is not installed")
    folder = Path(found.submodule_search_locations[0])
    return (
        _Ordered(folder / "pinyin_dict.json", lambda key: chr(int(key))),
        _Ordered(folder / "phrases_dict.json", lambda key: key.decode()[0]),
    )


def readings(text: str) -> list[tuple[str, ...]]:
    """Return how each character of `text` is read, without tones, the usual reading first.

    The longest phrase that begins at a character decides for all of its characters. What is not
    Chinese stands for itself.
    """
    read: list[tuple[str, ...]] = []
    while len(read) < len(text):
        read += _word(text[len(read) :])
    return read


def _word(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the readings of the phrase that `text` begins with, or of its first character."""
    longest, phrases = _phrases(text[0])
    for length in range(min(longest, len(text)), 1, -1):
        if (found := phrases.get(text[:length])) is not None:
            return found
    return (_character(text[0]),)


@lru_cache(4096)
def _character(character: str) -> tuple[str, ...]:
    entry = _files()[0].beginning(character)
    return _plain(entry[str(ord(character))]) if entry else (character,)


@lru_cache(1024)
def _phrases(character: str) -> tuple[int, dict[str, tuple[tuple[str, ...], ...]]]:
    """Return the phrases that begin with `character` and the length of the longest."""
    entries = _files()[1].beginning(character)
    phrases = {
        phrase: tuple(_plain(",".join(one)) for one in read) for phrase, read in entries.items()
    }
    return max(map(len, phrases), default=1), phrases


@lru_cache(4096)
def _plain(read: str) -> tuple[str, ...]:
    """Return readings parted by commas without their tones, each once; ü is typed as v."""
    apart = "".join(one for one in unicodedata.normalize("NFD", read) if one not in _TONES)
    joined = unicodedata.normalize("NFC", apart).replace("ü", "v")
    return tuple(dict.fromkeys(joined.split(",")))
