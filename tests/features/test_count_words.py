"""A count in words: what is read of it, and what is asked again."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import Problem
from handlers.loans.count_words import Said, counted, read
from storage.custody import Handed

LENT = {1: Handed(1, 12, 2), 2: Handed(2, 11, 1), 3: Handed(3, 0, 1)}


def count(words: str) -> tuple[Handed, ...] | Problem:
    said = read(words)
    return said if isinstance(said, Problem) else counted(said, LENT, LENT)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("1", Handed(1, 12, 2)),
        ("1 11页", Handed(1, 11, 2)),
        ("1: 11 pp", Handed(1, 11, 2)),
        ("第1项 11页 2份", Handed(1, 11, 2)),
        ("1 缺1页", Handed(1, 11, 2)),
        ("1 少2页 第三页被抽走", Handed(1, 10, 2, note="第三页被抽走")),
        ("1 1份", Handed(1, 6, 1)),
        ("1 缺1份", Handed(1, 6, 1)),
        ("2 缺", Handed(2, 0, 0)),
        ("2 missing", Handed(2, 0, 0)),
        ("2 破损 边角撕裂", Handed(2, 11, 1, damaged=True, note="边角撕裂")),
        ("2 封面撕破", Handed(2, 11, 1, damaged=True, note="封面撕破")),
        ("2 10页 破损", Handed(2, 10, 1, damaged=True)),
        ("3", Handed(3, 0, 1)),
        ("3 缺1页", Handed(3, 0, 1, damaged=True, note="缺1页")),
        ("3 缺2页 附件被抽走", Handed(3, 0, 1, damaged=True, note="缺2页 附件被抽走")),
    ],
)
def test_one_line(words: str, line: Handed) -> None:
    assert count(words) == (line,)


@pytest.mark.parametrize("words", ["1、3", "1 3", "1,3", "3 和 1", "1;3", "1\n3"])
def test_several_lines_by_number(words: str) -> None:
    assert count(words) == (LENT[1], LENT[3])


def test_several_lines_with_what_is_there() -> None:
    assert count("2 10页; 1 破损") == (
        Handed(1, 12, 2, damaged=True),
        Handed(2, 10, 1),
    )


@pytest.mark.rule("S1-14.9")
@pytest.mark.parametrize(
    ("words", "place"), [("1 13页", "1"), ("2 2份", "2"), ("3 1页", "3"), ("1 100份", "1")]
)
def test_more_than_was_lent_is_asked_again(words: str, place: str) -> None:
    found = count(words)
    assert isinstance(found, Problem)
    assert found.facts["place"] == place
    assert "pages" in found.facts


@pytest.mark.parametrize(
    "words", ["11页", "合同少了", ";", "@@ ？？", "4", "9 1页", "1 3页; 1 缺"]
)
def test_what_is_not_clear_is_asked_again(words: str) -> None:
    assert isinstance(count(words), Problem)


def test_without_a_bound_what_is_there_counts() -> None:
    said = read("2 13页 2份")
    assert said == (Said(2, 13, 2),)
    assert counted(said, LENT, None) == (Handed(2, 13, 2),)
