"""What a new dossier needs before anybody verifies it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rules.dossier_policy import Consent
from rules.errors import Denied
from rules.opening import Opening, consent_refusal, open_rule, refusal
from rules.policy import Policy, load_pack

PLAIN = load_pack("customer-service")
PRIVATE = load_pack("customer-service", ("privacy",))
ALL = replace(PRIVATE, dossier=replace(PRIVATE.dossier, consent=Consent.ALL))
STRICT = load_pack("industrial-sales")
LEVELS = load_pack("sales-levels")
GOOD = Opening(
    {"telephone", "customer_kind"}, consent="given", evidence=True, important=False, contacts=1
)


def codes(denied: Denied | None) -> list[str]:
    return [one.code for one in denied.reasons] if denied else []


@pytest.mark.rule("C-52")
@pytest.mark.parametrize(
    ("policy", "consent", "code"),
    [
        (PLAIN, "", None),
        (PLAIN, "not_given", None),
        (PRIVATE, "given", None),
        (PRIVATE, "not_needed", None),
        (PRIVATE, "", "consent_missing"),
        (PRIVATE, "not_given", "consent_refused"),
        (ALL, "not_needed", "consent_missing"),
        (ALL, "given", None),
    ],
)
def test_personal_data_rest_on_consent(policy: Policy, consent: str, code: str | None) -> None:
    assert codes(consent_refusal(policy, consent)) == ([code] if code else [])


class TestGivenANewCustomer:
    @pytest.mark.rule("S3-PROTO.2.1b")
    def test_when_consent_has_no_evidence_then_it_waits(self) -> None:
        assert refusal(GOOD, PRIVATE) is None
        assert codes(refusal(replace(GOOD, evidence=False), PRIVATE)) == ["evidence_missing"]
        assert refusal(replace(GOOD, evidence=False), PLAIN) is None

    @pytest.mark.rule("S5-1.8.3")
    def test_when_important_then_two_contact_persons_are_needed(self) -> None:
        denied = refusal(replace(GOOD, important=True), LEVELS)
        assert codes(denied) == ["contacts_missing"]
        assert denied is not None
        assert denied.reasons[0].fact("needed") == 2
        assert denied.rules == ("S5-1.8.3",)
        assert refusal(replace(GOOD, important=True, contacts=2), LEVELS) is None
        assert refusal(replace(GOOD, important=True), PLAIN) is None

    @pytest.mark.rule("S1-04.4.2")
    def test_when_a_required_field_is_empty_then_it_is_named(self) -> None:
        denied = refusal(replace(GOOD, filled={"telephone", "contact_person"}), STRICT)
        assert denied is not None
        assert [one.fact("field") for one in denied.reasons] == ["credit", "past_transactions"]
        assert denied.rules == ("S1-04.4.2",)

    def test_when_several_things_are_missing_then_all_are_told(self) -> None:
        private = load_pack("sales-levels", ("privacy",))
        poor = Opening((), consent="", evidence=False, important=True, contacts=0)
        told = ["consent_missing", "contacts_missing", "field_missing"]
        assert codes(refusal(poor, private)) == told

    @pytest.mark.rule("S1-05.3", "S2-INFO.3.1", "S1-07.2.2")
    @pytest.mark.parametrize(
        ("pack", "rule"),
        [
            ("pharma", "S1-05.3"),
            ("customer-service", "S2-INFO.3.1"),
            ("sales-levels", "S1-07.2.2"),
        ],
    )
    def test_when_its_kind_is_not_said_then_it_waits(self, pack: str, rule: str) -> None:
        denied = refusal(replace(GOOD, filled={"telephone"}), load_pack(pack))
        assert denied is not None
        assert [one.fact("field") for one in denied.reasons] == ["customer_kind"]
        assert denied.rules == (rule,)

    @pytest.mark.rule("S1-01.2")
    def test_then_it_is_opened_under_the_clause_of_who_verifies_it(self) -> None:
        assert open_rule(LEVELS) == "S1-01.2"
        assert open_rule(load_pack("pharma")) == "S1-05.1"
        nobody = replace(LEVELS, approval=())
        assert open_rule(nobody) == LEVELS.open.duty.due.rule
