"""Graded papers lie in a safe; whatever a company calls it, the place says so."""

from __future__ import annotations

import pytest

from rules.policy import load_pack
from rules.safes import UPPER, fits, place_rule
from rules.secrecy import Grade

SAFES = load_pack("customer-service").secrecy.safes


@pytest.mark.rule("C-67", "S2-SECR.8.1")
@pytest.mark.parametrize(
    ("place", "grade", "said"),
    [
        ("C柜1层16号", Grade.NONE, True),
        ("C柜1层16号", Grade.CONFIDENTIAL, False),
        ("保险柜2层3号", Grade.CONFIDENTIAL, True),
        ("2号 保险箱", Grade.SECRET, True),
        ("Ｓａｆｅ 2", Grade.TOP_SECRET, True),
        ("密 码 柜 1", Grade.TOP_SECRET, True),
        ("D柜", Grade.TOP_SECRET, False),
        ("", Grade.SECRET, False),
    ],
)
def test_what_is_graded_lies_in_a_safe(place: str, grade: Grade, *, said: bool) -> None:
    assert fits(place, grade, SAFES) is said


@pytest.mark.rule("C-67", "S2-INFO.22")
def test_the_two_upper_grades_have_a_clause_of_their_own() -> None:
    assert [place_rule(one) for one in Grade if one in UPPER] == ["S2-INFO.22"] * 2
    assert place_rule(Grade.CONFIDENTIAL) == "S2-SECR.8.1"
