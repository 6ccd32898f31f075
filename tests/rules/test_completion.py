"""How far a dossier is filled in."""

from __future__ import annotations

import pytest

from rules.completion import completeness, data_fields, updatable
from rules.masks import hide_identity, is_organisation
from rules.policy import available_packs, load_pack

SERVICE = load_pack("customer-service")


class TestGivenTheFieldsOfAPolicy:
    @pytest.mark.rule("S1-07.2.3b")
    def test_when_nothing_is_filled_then_all_are_missing_in_the_order_asked(self) -> None:
        found = completeness((), SERVICE)
        assert (found.filled, found.of) == (0, len(SERVICE.dossier.field_specs()))
        assert found.missing == data_fields(SERVICE)
        assert found.next is not None
        assert found.next.id == "customer_name"

    @pytest.mark.rule("S1-07.2.3b")
    def test_when_some_are_filled_then_each_list_is_counted_and_the_next_is_named(self) -> None:
        found = completeness({"customer_name", "address", "nothing_of_ours"}, SERVICE)
        assert found.filled == 2
        counted = {one.list: one.filled for one in found.lists}
        assert (counted["registry"], counted["four_groups"]) == (2, 2)
        assert found.next is not None
        assert found.next.id == "legal_representative"

    def test_when_all_are_filled_then_nothing_is_next(self) -> None:
        found = completeness({one.id for one in SERVICE.dossier.field_specs()}, SERVICE)
        assert (found.next, found.missing, found.filled) == (None, (), found.of)

    @pytest.mark.rule("C-52")
    def test_then_consent_is_no_gap_of_the_dossier(self) -> None:
        with_privacy = load_pack("customer-service", ("privacy",))
        ids = {one.id for one in data_fields(with_privacy)}
        assert "identity_proof" in ids
        assert not any(one.startswith("consent") for one in ids)

    @pytest.mark.parametrize("pack", available_packs())
    def test_then_a_contact_person_can_always_be_named_once(self, pack: str) -> None:
        ids = [one.id for one in updatable(load_pack(pack))]
        assert ids.count("contact_person") == 1
        assert len(ids) == len(set(ids))


@pytest.mark.rule("S1-08.1.1b")
@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("身份证11010519491231002X", "身份证110****2X"),
        ("11010519491231002x 本人", "110****2x 本人"),
        ("号 440524188001010014，", "号 440****14，"),
        ("110105194912310021", "110105194912310021"),
        ("订单 1110105194912310021X", "订单 1110105194912310021X"),
        ("13800001234", "13800001234"),
    ],
)
def test_identity_numbers_are_hidden_and_nothing_else(text: str, masked: str) -> None:
    assert hide_identity(text) == masked


@pytest.mark.rule("C-52")
@pytest.mark.parametrize(
    ("name", "organisation"),
    [("听涛假日酒店", True), ("鸿鑫贸易商行", True), ("Acme Ltd", True), ("王小明", False),
     ("公司", False)],
)  # fmt: skip
def test_an_organisation_is_known_by_its_name(name: str, organisation: bool) -> None:
    assert is_organisation(name) is organisation
