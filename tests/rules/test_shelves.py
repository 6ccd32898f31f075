"""The order in which files stand on the shelves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.policy import load_pack
from rules.shelves import index_rule, place_key

IN_ORDER = (
    "A柜1层1号",
    "A柜1层2号",
    "A柜1层16号",
    "a柜 2层1号",
    "A柜10层1号",
    "B柜一层3号",
    "B柜三层1号",
    "B柜十二层1号",
    "保险柜",
    "保险柜2层3号",
)


@pytest.mark.rule("S2-INFO.7", "S1-10.2", "S1-15.5.2")
@given(st.permutations(IN_ORDER))
def test_cabinets_in_order_each_from_top_to_bottom_and_left_to_right(mixed: list[str]) -> None:
    assert tuple(sorted(mixed, key=place_key)) == IN_ORDER


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_two_places_have_an_order(one: str, other: str) -> None:
    assert (place_key(one) < place_key(other)) or (place_key(one) >= place_key(other))


def test_the_clause_is_that_of_the_regulation() -> None:
    found = {name: index_rule(load_pack(name).sources) for name in ("corporate-archive", "hotel")}
    assert found == {"corporate-archive": "S1-15.5.2", "hotel": None}
    assert index_rule(load_pack("customer-service").sources) == "S2-INFO.6"
    assert index_rule(load_pack("file-custody").sources) == "S1-10.2"
