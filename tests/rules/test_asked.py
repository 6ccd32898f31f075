"""What the clauses want to be in a dossier is asked for as long as it is missing."""

# ruff: noqa: E501  a clause is one line

from __future__ import annotations

import pytest

from rules.completion import completeness, data_fields, updatable
from rules.policy import load_pack


@pytest.mark.parametrize(
    ("rule", "pack", "fields"),
    [
        pytest.param("S1-02.2", "property", "unit_no floor", marks=pytest.mark.rule("S1-02.2")),
        pytest.param("S1-03.3.1", "property", "organisation_data", marks=pytest.mark.rule("S1-03.3.1")),
        pytest.param("S1-03.3.2", "property", "payments", marks=pytest.mark.rule("S1-03.3.2")),
        pytest.param("S1-03.3.3", "property", "fit_out", marks=pytest.mark.rule("S1-03.3.3")),
        pytest.param("S1-03.3.4", "property", "move_in", marks=pytest.mark.rule("S1-03.3.4")),
        pytest.param("S1-03.3.5", "property", "additions", marks=pytest.mark.rule("S1-03.3.5")),
        pytest.param("S1-03.3.6", "property", "telephone", marks=pytest.mark.rule("S1-03.3.6")),
        pytest.param("S1-03.3.8", "property", "correspondence", marks=pytest.mark.rule("S1-03.3.8")),
        pytest.param("S1-03.3.9", "property", "breaches", marks=pytest.mark.rule("S1-03.3.9")),
        pytest.param("S1-03.3.10", "property", "repairs", marks=pytest.mark.rule("S1-03.3.10")),
        pytest.param("S1-03.3.11", "property", "complaints", marks=pytest.mark.rule("S1-03.3.11")),
        pytest.param("S1-03.3.12", "property", "unit_engineering", marks=pytest.mark.rule("S1-03.3.12")),
        pytest.param("S1-06.2", "sales-levels", "phase dealings market", marks=pytest.mark.rule("S1-06.2")),
        pytest.param("S1-07.1.2", "sales-levels", "phase dealings", marks=pytest.mark.rule("S1-07.1.2")),
        pytest.param("S1-06.3.1", "sales-levels", "customer_name owner manager dealing_since size industry assets", marks=pytest.mark.rule("S1-06.3.1")),
        pytest.param("S1-06.3.2", "sales-levels", "service_area sales_ability potential business_ideas business_policy sales_volume management_style", marks=pytest.mark.rule("S1-06.3.2")),
        pytest.param("S1-06.3.3", "sales-levels", "sales_results staff_quality competitor_relations our_relations", marks=pytest.mark.rule("S1-06.3.3")),
        pytest.param("S1-06.3.4", "sales-levels", "sales_activity problems strengths future_plans reputation credit terms_of_trade credit_problems", marks=pytest.mark.rule("S1-06.3.4")),
        pytest.param("S1-07.2.1.2", "sales-levels", "service_area sales_ability potential business_ideas business_policy headcount sales_volume management_style", marks=pytest.mark.rule("S1-07.2.1.2")),
        pytest.param("S1-07.2.1.3", "sales-levels", "sales_results staff_quality competitor_relations our_relations", marks=pytest.mark.rule("S1-07.2.1.3")),
        pytest.param("S1-07.2.1.4", "sales-levels", "sales_activity problems strengths future_plans reputation credit terms_of_trade credit_problems", marks=pytest.mark.rule("S1-07.2.1.4")),
        pytest.param("S1-06.4.1", "sales-levels", "data_source", marks=pytest.mark.rule("S1-06.4.1")),
        pytest.param("S1-06.4.2a", "sales-levels", "nature", marks=pytest.mark.rule("S1-06.4.2a")),
        pytest.param("S1-06.4.2b", "sales-levels", "customer_grade", marks=pytest.mark.rule("S1-06.4.2b")),
        pytest.param("S1-06.4.4", "sales-levels", "credit_grade credit_limit", marks=pytest.mark.rule("S1-06.4.4")),
        pytest.param("S1-04.5.4", "industrial-sales", "relation_record", marks=pytest.mark.rule("S1-04.5.4")),
        pytest.param("S2-INFO.3.2", "customer-service", "partner_kind", marks=pytest.mark.rule("S2-INFO.3.2")),
        pytest.param("S4-LOAN.4.3", "loan-guarantee", "approval_papers contracts investigation customer_papers", marks=pytest.mark.rule("S4-LOAN.4.3")),
    ],
)  # fmt: skip
def test_it_is_asked_for_until_it_is_there(rule: str, pack: str, fields: str) -> None:
    policy = load_pack(pack)
    every = {one.id for one in data_fields(policy)}
    for name in fields.split():
        (spec,) = completeness(every - {name}, policy).missing
        assert spec.id == name
        assert rule in spec.rules
        assert spec in updatable(policy)
    assert completeness(every, policy).missing == ()


@pytest.mark.rule("S5-1.4.5")
def test_results_and_financial_reports_are_gone_through_once_a_year() -> None:
    (yearly,) = (one for one in load_pack("sales-levels").completion if one.id == "yearly")
    due = yearly.duty.due
    assert (due.unit, due.month, due.day, due.rule) == ("year_date", 12, 31, "S5-1.4.5")
    asked = {one.id for one in data_fields(load_pack("sales-levels"))}
    assert {"sales_results", "assets"} <= asked
