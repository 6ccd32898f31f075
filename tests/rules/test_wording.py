"""A company's own words for a clause."""

import pytest

from rules.clauses import all_clauses
from rules.schema import PolicyError
from rules.wording import reworded

OWN = '[[clause]]\nid = "S1-07.2.3a"\nzh = "当天写完。"\n'


def test_only_the_words_change() -> None:
    found = reworded(OWN, "clauses.toml")
    assert found["S1-07.2.3a"].zh == "当天写完。"
    assert found["S1-07.2.3a"].kinds == all_clauses()["S1-07.2.3a"].kinds
    assert found.keys() == all_clauses().keys()
    assert found["S1-07.2.3b"] is all_clauses()["S1-07.2.3b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OWN.replace("2.3a", "9.9"), "the id of a clause"),
        (OWN.replace("当天写完。", ""), "a text that is not empty"),
        (OWN + OWN, "there twice"),
        (OWN + "note = 1\n", "one of id, zh"),
        ("[[clause]", "valid TOML"),
    ],
)
def test_what_nobody_would_ever_see_is_refused(text: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        reworded(text, "clauses.toml")
