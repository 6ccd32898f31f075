"""Readers from outside: whom each policy admits, on which papers, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from rules.access import StaffId
from rules.chains import Credential
from rules.deciders import Matter
from rules.errors import Denied
from rules.occasions import Action, Facts, ReaderKind
from rules.outsiders import Shown, admitted, consent_rule, kinds, refusal
from rules.policy import Policy, load_pack
from rules.secrecy import Grade

DAY = date(2026, 9, 14)
LATER = date(2026, 9, 30)
LETTER = Shown(Credential.LETTER, LATER)


def facts(reader: ReaderKind = ReaderKind.EXTERNAL, **more: object) -> Facts:
    return Facts(Action.CONSULT, reader=reader, **more)  # type: ignore[arg-type]  # fields by name


def decides(policy: Policy, about: Facts) -> list[list[str]] | None:
    row = admitted(policy.approval, about)
    return None if row is None else [[str(seat) for seat in step.seats] for step in row.chain]


def codes(pack: str, shown: Shown, about: Facts | None = None, day: date = DAY) -> list[str]:
    policy, about = load_pack(pack), about or facts()
    row = admitted(policy.approval, about)
    assert row is not None
    matter = Matter(about, StaffId("rep"), credentials=shown.counting(day))
    denied = refusal(row, matter, shown, day, consent_rule(policy, about))
    return [one.code for one in denied.reasons] if isinstance(denied, Denied) else []


class TestGivenAPolicy:
    @pytest.mark.rule("S1-14.3")
    @pytest.mark.rule("S1-14.4")
    def test_then_it_admits_the_kinds_that_it_has_rows_for(self) -> None:
        every = (ReaderKind.EXTERNAL, ReaderKind.SUBJECT, ReaderKind.PROXY)
        assert kinds(load_pack("file-custody"), Action.CONSULT) == every
        assert kinds(load_pack("file-custody"), Action.LOAN) == every[1:]
        assert kinds(load_pack("customer-service"), Action.CONSULT) == every[:1]
        assert kinds(load_pack("customer-service"), Action.LOAN) == ()

    def test_then_a_row_without_readers_admits_nobody_from_outside(self) -> None:
        industrial = load_pack("industrial-sales")
        assert kinds(industrial, Action.CONSULT) == ()
        assert admitted(industrial.approval, facts()) is None

    @pytest.mark.rule("S1-12.3.4")
    @pytest.mark.rule("S1-15.7.2")
    @pytest.mark.rule("S2-INFO.18.4")
    def test_then_the_named_office_decides(self) -> None:
        assert decides(load_pack("public-body"), facts()) == [["leader_of_office"]]
        assert decides(load_pack("corporate-archive"), facts()) == [["leader_in_charge"]]
        service = load_pack("customer-service")
        assert decides(service, facts()) == [["info_supervisor"]]
        for grade in (Grade.CONFIDENTIAL, Grade.SECRET, Grade.TOP_SECRET):
            assert decides(service, facts(grade=grade)) == [["cs_manager"]]

    @pytest.mark.rule("S2-INFO.24")
    @pytest.mark.rule("S2-SECR.10")
    def test_when_copies_leave_the_house_then_two_more_decide(self) -> None:
        about = facts(grade=Grade.SECRET, leaves_house=True)
        chain = [["cs_manager"], ["info_supervisor"], ["gm"]]
        assert decides(load_pack("customer-service"), about) == chain


@pytest.mark.rule("C-05")
class TestGivenACredential:
    @pytest.mark.parametrize(
        ("pack", "good", "bad"),
        [
            ("public-body", Credential.LETTER, Credential.WORK_CARD),
            ("corporate-archive", Credential.LETTER, Credential.WORK_CARD),
            ("customer-service", Credential.WORK_CARD, Credential.POWER_OF_ATTORNEY),
            ("file-custody", Credential.APPLICATION_FORM, Credential.LETTER),
        ],
    )
    def test_then_only_those_of_the_row_count(
        self, pack: str, good: Credential, bad: Credential
    ) -> None:
        assert codes(pack, Shown(good, LATER)) == []
        assert codes(pack, Shown(bad, LATER)) == ["no_credential"]
        assert codes(pack, Shown(None, None)) == ["no_credential"]

    @pytest.mark.rule("S1-12.3.4")
    def test_when_it_ends_before_the_visit_then_it_is_refused(self) -> None:
        assert codes("public-body", LETTER, day=LATER) == []
        assert codes("public-body", LETTER, day=date(2026, 10, 1)) == ["credential_expired"]
        assert LETTER.counting(date(2026, 10, 1)) == frozenset()

    def test_when_a_letter_was_used_then_it_is_refused_and_a_work_card_is_not(self) -> None:
        used = replace(LETTER, used=True)
        assert codes("customer-service", used) == ["letter_used"]
        card = Shown(Credential.WORK_CARD, LATER, used=True)
        assert codes("customer-service", card) == []

    def test_when_several_things_are_wrong_then_all_are_named(self) -> None:
        used = Shown(Credential.LETTER, DAY, used=True)
        found = codes("customer-service", used, day=LATER)
        assert found == ["credential_expired", "letter_used"]

    @pytest.mark.rule("S1-14.3")
    def test_whose_own_file_it_is_needs_none_and_a_proxy_the_power(self) -> None:
        nothing = Shown(None, None)
        assert codes("file-custody", nothing, facts(ReaderKind.SUBJECT)) == []
        proxy = facts(ReaderKind.PROXY)
        assert codes("file-custody", nothing, proxy) == ["no_credential"]
        power = Shown(Credential.POWER_OF_ATTORNEY, LATER)
        assert codes("file-custody", power, proxy) == []


@pytest.mark.rule("C-72")
@pytest.mark.rule("S3-PROTO.2.2")
class TestGivenThePrivacyOverlay:
    def test_then_a_natural_persons_own_consent_is_needed_too(self) -> None:
        policy = load_pack("customer-service", overlays=("privacy",))
        about = facts(natural_person=True)
        row = admitted(policy.approval, about)
        assert row is not None
        matter = Matter(about, StaffId("rep"), credentials=LETTER.counting(DAY))
        rule = consent_rule(policy, about)
        assert rule == "S3-PROTO.2.2"
        denied = refusal(row, matter, LETTER, DAY, rule)
        assert isinstance(denied, Denied)
        assert [one.code for one in denied.reasons] == ["no_customer_consent"]
        with_consent = replace(LETTER, consent=True)
        assert refusal(row, matter, with_consent, DAY, rule) is None
        assert consent_rule(policy, facts()) == ""
        assert consent_rule(load_pack("customer-service"), about) == ""
