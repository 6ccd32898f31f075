"""What an update may not do: alter originals, replace what only a correction may touch."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rules.alterations import refusal
from rules.chains import route
from rules.errors import DomainError
from rules.fields import FieldSpec, combined
from rules.occasions import Action, Facts, Material
from rules.policy import Policy, load_pack
from rules.upkeep import Existing, Originals

PROPERTY = load_pack("property")
SPECS: dict[str, FieldSpec] = {one.id: one for one in combined(("property_12", "tenant"))}
FREE = replace(PROPERTY.update, existing=Existing.OPEN, existing_rule=None)


@pytest.mark.rule("S1-02.8")
class TestGivenAnOriginalPaper:
    spec = SPECS["move_in"]

    def test_when_altered_then_refused_with_the_clause(self) -> None:
        reason = refusal(self.spec, "入住申请表", "入伙通知", FREE)
        assert reason is not None
        assert (reason.code, reason.rule) == ("original", "S1-02.8")

    def test_when_taken_out_then_refused(self) -> None:
        assert refusal(self.spec, "入住申请表", "", FREE) is not None

    @pytest.mark.parametrize(
        ("old", "new"),
        [("", "入住申请表"), ("入住申请表", "入住申请表；补充协议"), ("入住申请表", "入住申请表")],
    )
    def test_when_filed_or_added_to_then_allowed(self, old: str, new: str) -> None:
        assert refusal(self.spec, old, new, FREE) is None

    def test_when_the_policy_leaves_originals_open_then_allowed(self) -> None:
        update = replace(FREE, originals=Originals.OPEN)
        assert refusal(self.spec, "入住申请表", "入伙通知", update) is None

    def test_other_data_are_no_papers(self) -> None:
        assert refusal(SPECS["telephone"], "0755-0866 1234", "0755-0866 5678", FREE) is None


@pytest.mark.rule("S5-4.4")
class TestGivenDataThatOnlyACorrectionReplaces:
    @pytest.mark.parametrize(
        ("field", "old", "new", "refused"),
        [
            ("telephone", "0755-0866 1234", "0755-0866 5678", True),
            ("telephone", "0755-0866", "0755-0866 5678", True),  # other digits, no addition
            ("telephone", "", "0755-0866 5678", False),
            ("staffing", "12人", "12人，另有保安2人", False),
            ("staffing", "12人", "20人", True),
            ("staffing", "12人", "", True),
        ],
    )
    def test_when_replaced_then_refused_and_when_added_then_not(
        self, field: str, old: str, new: str, refused: bool
    ) -> None:
        reason = refusal(SPECS[field], old, new, PROPERTY.update)
        assert (reason is not None) is refused
        if reason is not None:
            assert (reason.code, reason.rule) == ("corrected_only", "S5-4.4")

    def test_a_paper_is_said_to_be_a_paper(self) -> None:
        reason = refusal(SPECS["fit_out"], "图纸", "无", PROPERTY.update)
        assert reason is not None
        assert reason.code == "original"


@pytest.mark.rule("S1-02.8")
class TestGivenAWorkingFile:
    def test_its_amendment_goes_to_the_manager_and_that_of_a_tenant_s_to_nobody(self) -> None:
        def chain(kind: str) -> list[str]:
            facts = Facts(Action.AMEND, material=Material.of(kind), dossier_type=kind)
            row = route(PROPERTY.approval, facts)
            return [seat.role for step in row.chain for seat in step.seats] if row else []

        assert chain("working_file") == ["tenant_manager"]
        assert chain("tenant") == []

    def test_when_consent_has_nobody_to_give_it_then_the_policy_is_refused(self) -> None:
        kept = tuple(one for one in PROPERTY.approval if one.action is not Action.AMEND)
        with pytest.raises(DomainError, match="approval amend"):
            replace(PROPERTY, approval=kept)


def test_a_type_that_names_no_material_is_a_dossier() -> None:
    assert Material.of("tenant") is Material.DOSSIER
    assert Material.of("minutes") is Material.MINUTES


def test_which_packs_name_who_replaces_labels() -> None:
    label = PROPERTY.update.label
    assert label is not None
    assert (label.keeper, label.duty.due.rule) == ("tenant_supervisor", "S1-02.5")
    others: list[Policy] = [load_pack("customer-service"), load_pack("sales-levels")]
    assert all(one.update.label is None for one in others)


def test_existing_data_without_its_clause_are_refused() -> None:
    with pytest.raises(DomainError, match="existing"):
        replace(PROPERTY.update, existing_rule=None)
