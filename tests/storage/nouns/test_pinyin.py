"""What is looked up in pypinyin's files is what pypinyin says."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pypinyin import pinyin
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT, Style
from pypinyin.contrib.mmseg import seg

from storage.pinyin import readings


def said_by_pypinyin(words: list[str]) -> list[tuple[str, ...]]:
    read = pinyin(words, style=Style.NORMAL, heteronym=True, errors=lambda one: list(one))
    return [tuple(one) for one in read]


def test_every_character_is_read_as_pypinyin_reads_it() -> None:
    wrong = {code for code in PINYIN_DICT if readings(chr(code)) != said_by_pypinyin([chr(code)])}
    assert not wrong


def test_every_phrase_is_read_as_pypinyin_reads_it() -> None:
    wrong = {phrase for phrase in PHRASES_DICT if readings(phrase) != said_by_pypinyin([phrase])}
    assert not wrong


@pytest.mark.parametrize(
    "text",
    [
        "深圳市鸿鑫贸易有限公司",
        "重庆市渝北区长安银行重庆猫行",
        "绿洲女婿嗯呒ê吕",
        "abc科技12号店",
        "アイ㐀\U00020000\U0010ffff",
        "一一",
        "",
    ],
)
def test_a_text_is_taken_apart_into_the_same_phrases(text: str) -> None:
    words = list(seg.cut(text + "。"))[:-1]  # at the very end it gives up on phrases it began
    assert readings(text) == said_by_pypinyin(words)


def test_the_library_itself_is_not_loaded() -> None:
    program = (
        "import sys; from storage.names import dossier_keys; dossier_keys('重庆鸿鑫有限公司');"
        "sys.exit('pypinyin' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
