"""Destruction: what may stand on a list, half a year apart, and who witnesses."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from rules.chains import route
from rules.destruction import (
    DestructionPolicy,
    Manner,
    Retention,
    Standing,
    hold_ladder,
    hold_until,
    refusal,
    witness_refusal,
)
from rules.errors import DomainError
from rules.leaves import RuleId
from rules.occasions import Action, Facts, Material
from rules.policy import load_pack
from rules.secrecy import Grade

TODAY = date(2026, 9, 14)
OVER = Standing(date(2025, 6, 30))
RULE = "S2-DOSS.29.1"
POLICY = load_pack("customer-service")


def codes(thing: Standing, clearance: Grade = Grade.SECRET) -> list[str]:
    denied = refusal(thing, clearance, TODAY, RULE)
    return [one.code for one in denied.reasons] if denied else []


class TestGivenSomethingToDestroy:
    @pytest.mark.rule("S2-DOSS.29.1", "S2-INFO.25", "S1-12.1.4")
    def test_when_its_retention_is_over_and_nothing_is_in_the_way_then_it_may(self) -> None:
        assert codes(OVER) == []

    @pytest.mark.rule("S2-INFO.25")
    @pytest.mark.parametrize(("ended", "refused"), [(13, False), (14, True), (15, True)])
    def test_its_last_day_has_to_be_over(self, ended: int, refused: bool) -> None:
        thing = Standing(date(2026, 9, ended))
        assert codes(thing) == (["not_expired"] if refused else [])

    @pytest.mark.rule("S2-DOSS.29.1", "C-68", "S2-SECR.12a")
    def test_every_reason_is_told_at_once(self) -> None:
        thing = Standing(
            TODAY,
            Grade.TOP_SECRET,
            on_list="销-2026-0001",
            lent=True,
            reserved=True,
            case=True,
            incident=True,
            there=False,
        )
        assert codes(thing) == [
            "not_kept",
            "not_expired",
            "already_listed",
            "on_loan",
            "set_aside",
            "case_open",
            "incident_open",
            "above_clearance",
        ]

    @pytest.mark.rule("C-68", "S2-SECR.12a")
    @pytest.mark.parametrize("grade", list(Grade))
    def test_graded_ones_are_for_who_is_cleared_for_them(self, grade: Grade) -> None:
        refused = codes(replace(OVER, grade=grade), Grade.SECRET) == ["above_clearance"]
        assert refused is (grade > Grade.SECRET)

    @pytest.mark.rule("S2-INFO.25", "S2-DOSS.29.3")
    def test_it_is_never_sold_nor_is_what_is_permanent_listed(self) -> None:
        assert {one.value for one in Manner} == {"shredded", "pulped", "burnt"}
        assert {one.value for one in Retention} == {"long", "short"}


@pytest.mark.rule("C-68")
class TestGivenTheObject:
    def test_statistics_are_decided_by_three_dossiers_by_their_own(self) -> None:
        def rule_of(material: Material) -> str:
            row = route(POLICY.approval, Facts(Action.DESTROY, material=material))
            assert row is not None
            return row.rule

        assert rule_of(Material.STATISTICS) == "S2-STAT.9"
        assert rule_of(Material.DOSSIER) == "S2-DOSS.29.1"


@pytest.mark.rule("S2-DOSS.29.2")
class TestGivenHalfAYearApart:
    @pytest.mark.parametrize(
        ("approved", "until"),
        [("2026-09-14", "2027-03-14"), ("2026-08-31", "2027-02-28"), ("2027-08-31", "2028-02-29")],
    )
    def test_it_lasts_six_months_to_the_day_or_the_end_of_the_month(
        self, approved: str, until: str
    ) -> None:
        policy = POLICY.destruction
        assert policy is not None
        assert hold_until(date.fromisoformat(approved), policy) == date.fromisoformat(until)

    def test_it_is_not_foreseen_everywhere(self) -> None:
        with pytest.raises(DomainError, match="foresees"):
            hold_until(TODAY, DestructionPolicy(RuleId("S1-12.1.4")))

    def test_who_approved_hears_when_nobody_verifies_it(self) -> None:
        policy = POLICY.destruction
        assert policy is not None
        found = [(str(one.rung), one.audience) for one in hold_ladder(policy, "keeper")]
        assert found == [("0d", "keeper"), ("+3wd 09:00", "customer_director")]
        assert hold_ladder(DestructionPolicy(RuleId("S1-12.1.4")), "keeper") == ()

    def test_its_length_has_a_clause(self) -> None:
        with pytest.raises(DomainError, match="together"):
            DestructionPolicy(RuleId("S1-12.1.4"), 6)
        with pytest.raises(DomainError, match="0 or more"):
            DestructionPolicy(RuleId("S1-12.1.4"), -1, RuleId("S2-DOSS.29.2"))


@pytest.mark.rule("S2-DOSS.29.3", "S1-12.1.4")
class TestGivenAWitness:
    @pytest.mark.parametrize(
        ("who", "roles", "clearance", "code"),
        [
            ("li", ("salesperson",), Grade.SECRET, ""),
            ("shan", ("archivist",), Grade.SECRET, "witness_is_custodian"),
            ("li", ("custodian",), Grade.SECRET, "witness_is_custodian"),
            ("li", ("salesperson",), Grade.NONE, "witness_clearance"),
        ],
    )
    def test_it_is_nobody_who_carries_it_out_and_cleared_for_it(
        self, who: str, roles: tuple[str, ...], clearance: Grade, code: str
    ) -> None:
        reason = witness_refusal(
            who, roles, clearance, carriers=["shan"], grade=Grade.CONFIDENTIAL, rule=RULE
        )
        assert (reason.code if reason else "") == code
