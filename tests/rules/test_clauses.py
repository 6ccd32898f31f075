"""The wording of the rules: complete, loadable, an unknown id is an error."""

import pytest

from rules.clauses import Treat, all_clauses, clause, regulations
from rules.errors import DomainError


def test_every_rule_of_the_catalogue_has_a_clause() -> None:
    assert len(all_clauses()) == 628
    for one in all_clauses().values():
        assert one.zh
        assert one.kinds
        assert one.regulation in regulations()


def test_a_clause_is_found_by_its_id() -> None:
    found = clause("S1-07.2.3a")
    assert found.treat is Treat.ENFORCE
    assert found.kinds == ("deadline",)
    assert "当天" in found.zh or "当日" in found.zh
    assert clause("S1-07.2.3a") is found


def test_an_unknown_id_is_an_error() -> None:
    with pytest.raises(DomainError, match="S9-1"):
        clause("S9-1")
    with pytest.raises(KeyError):
        clause("")
