"""What is bound together, and how secret a volume is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import DomainError
from rules.policy import load_pack
from rules.secrecy import Grade
from rules.volumes import MOST_TIED, Volume, volume_rule, volumes

NONE, TOP = Grade.NONE, Grade.TOP_SECRET
GRADES = st.dictionaries(st.integers(1, 30), st.sampled_from(list(Grade)), min_size=1)


@pytest.mark.rule("S2-DOSS.13", "S5-2.23", "C-60")
class TestGivenATopSecretPaper:
    def test_then_it_is_filed_apart(self) -> None:
        found = volumes({1: NONE, 2: TOP, 3: Grade.SECRET})
        assert found == (Volume((1, 3), Grade.SECRET), Volume((2,), TOP))

    def test_then_a_few_tied_to_it_go_with_it_and_are_as_secret(self) -> None:
        found = volumes({1: NONE, 2: TOP, 3: NONE}, tied=(3,))
        assert found == (Volume((1,), NONE), Volume((2, 3), TOP))

    def test_then_more_than_a_few_do_not(self) -> None:
        grades = {line: NONE for line in range(1, 9)} | {9: TOP}
        volumes(grades, tied=range(1, MOST_TIED + 1))
        with pytest.raises(DomainError):
            volumes(grades, tied=range(1, MOST_TIED + 2))


@pytest.mark.parametrize("tied", [(1,), (7,)])
def test_without_a_top_secret_paper_there_is_nothing_to_go_with(tied: tuple[int, ...]) -> None:
    with pytest.raises(DomainError):
        volumes({1: NONE, 2: Grade.SECRET}, tied)


@given(GRADES)
def test_every_paper_lies_in_one_volume_no_less_secret_than_itself(
    grades: dict[int, Grade],
) -> None:
    found = volumes(grades)
    assert sorted(line for one in found for line in one.lines) == sorted(grades)
    for one in found:
        assert all(grades[line] <= one.grade for line in one.lines)
        assert len({grades[line] is TOP for line in one.lines}) == 1


def test_the_clause_is_that_of_the_regulation() -> None:
    assert volume_rule(load_pack("customer-service").sources) == "S2-DOSS.13"
    assert volume_rule(load_pack("corporate-archive").sources) == "S5-2.23"
    assert volume_rule(load_pack("auto-dealer").sources) is None
