"""Who counts as a customer, and which department provides whose card."""

from __future__ import annotations

import pytest

from rules.completion import completeness, data_fields, updatable
from rules.customer_kinds import KIND, provided_by
from rules.policy import Policy, PolicyError, load_pack, parse_policy
from rules.written import text_of

LEVELS, SERVICE, PHARMA = map(load_pack, ("sales-levels", "customer-service", "pharma"))


def kinds(policy: Policy) -> dict[str, str]:
    return {one.zh: one.rule for one in policy.dossier.kind}


class TestGivenThePacks:
    @pytest.mark.rule("S2-INFO.3.1", "S5-1.2.1")
    def test_then_each_says_who_counts_as_a_customer(self) -> None:
        assert kinds(SERVICE) == {
            "经销单位": "S2-INFO.3.1",
            "个人客户": "S2-INFO.3.1",
            "特殊客户": "S2-INFO.3.2",
        }
        assert kinds(LEVELS)["供应商"] == "S5-1.2.1"
        assert list(kinds(PHARMA)) == ["经销商", "医院", "药店", "零售商"]

    @pytest.mark.rule("S5-1.2.2", "S2-INFO.3.2")
    def test_then_a_special_partner_says_which_of_the_seven_it_is(self) -> None:
        for policy in (LEVELS, SERVICE):
            asked = {one.id: one for one in data_fields(policy, "special")}
            assert [one.zh for one in asked["partner_kind"].choices] == [
                "律师", "财务顾问", "广告", "公关", "银行", "保险", "融资协助",
            ]  # fmt: skip
            assert "partner_kind" not in {one.id for one in data_fields(policy, "dealer")} or (
                policy is LEVELS
            )

    @pytest.mark.rule("S5-1.4.2", "S2-DOSS.8")
    def test_then_a_suppliers_dossier_states_what_the_standard_names(self) -> None:
        ids = {one.id for one in data_fields(LEVELS, "supplier")}
        assert ids >= {
            "customer_name", "legal_representative", "telephone", "fax", "address", "postcode",
            "registered_capital", "business_scope",
        }  # fmt: skip

    @pytest.mark.rule("S1-05.3")
    def test_then_a_medicine_customer_is_not_opened_without_its_class(self) -> None:
        assert PHARMA.open.required == (KIND,)
        assert PHARMA.open.required_rule == "S1-05.3"


class TestGivenTwoCards:
    @pytest.mark.rule("S1-07.2.2")
    @pytest.mark.parametrize(
        ("department", "offered"),
        [
            ("华南区域", ["distributor", "supplier", "special"]),
            ("业务部", ["terminal", "supplier", "special"]),
            ("第二营业部", ["terminal", "supplier", "special"]),
            ("营销部", ["distributor", "terminal", "supplier", "special"]),
        ],
    )
    def test_then_a_department_provides_its_own(self, department: str, offered: list[str]) -> None:
        assert [one.id for one in provided_by(LEVELS.dossier.kind, department)] == offered


class TestGivenAKind:
    @pytest.mark.rule("S1-07.2.2")
    def test_then_it_is_complete_by_its_own_fields(self) -> None:
        asked = {one.id for one in data_fields(SERVICE, "special")}
        assert completeness(asked, SERVICE, "special").next is None
        assert completeness(asked, SERVICE, "dealer").next is not None
        assert {one.list for one in completeness((), SERVICE, "special").lists} == {
            "registry", "special_partner",
        }  # fmt: skip

    def test_when_it_is_none_of_the_policys_then_the_lists_of_every_dossier_hold(self) -> None:
        assert data_fields(SERVICE, "gone") == data_fields(SERVICE)

    def test_then_it_can_be_changed_like_a_field(self) -> None:
        (spec,) = (one for one in updatable(SERVICE, "special") if one.id == KIND)
        assert [one.code for one in spec.choices] == ["dealer", "individual", "special"]

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ('id = "individual"', 'id = "dealer"', "kind with ids that differ"),
            ('fields = ["registry", "special_partner"]', 'fields = ["nothing"]', "fields among"),
            ('required = ["customer_kind"]', 'required = ["customer_sort"]', "open.required"),
        ],
    )
    def test_when_written_wrongly_then_refused(self, old: str, new: str, expected: str) -> None:
        text = text_of("customer-service")
        assert old in text
        with pytest.raises(PolicyError, match=expected):
            parse_policy(text.replace(old, new, 1), "own.toml")
