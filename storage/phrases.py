"""How Chinese phrases are read: pypinyin and its phrases, of which every syllable is kept once.

Loaded by the library itself its phrases take 44 MiB, most of it the same syllables again and
again. They are read here from its own file, phrase by phrase, and are the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files

_WITHOUT = "PYPINYIN_NO_PHRASES"
"""The library's own switch; it looks at it when it is imported."""

_before = os.environ.get(_WITHOUT)
os.environ[_WITHOUT] = "1"
try:
    from pypinyin import Style, lazy_pinyin, load_phrases_dict, pinyin
    from pypinyin.contrib.mmseg import seg
finally:
    if _before is None:
        del os.environ[_WITHOUT]
    else:
        os.environ[_WITHOUT] = _before

__all__ = ["Style", "lazy_pinyin", "pinyin", "seg"]


class _Readings(dict[str, list[str]]):
    """By how the file writes them between two brackets, without the outer quotes."""

    def __missing__(self, written: str) -> list[str]:
        self[written] = read = written.split('","')
        return read


def _phrases() -> Iterator[tuple[str, list[list[str]]]]:
    """Yield each phrase and the readings of its characters; equal readings are one object."""
    text = files("pypinyin").joinpath("phrases_dict.json").read_text(encoding="utf-8")
    text = "".join(text.split())
    readings = _Readings()
    for entry in text.removeprefix('{"').removesuffix('"]]}').split('"]],"'):
        phrase, _, read = entry.partition('":[["')
        yield phrase, [readings[one] for one in read.split('"],["')]


load_phrases_dict(dict(_phrases()))
