"""Every pack against the catalogue: its numbers and, in one line each, who decides what.

Notation of chains: `a > b` in order, `a + b` both, `a / b` any one, `= a` who carries out,
`!a` who needs no approval; `#` is the catalogue's default, `register` needs no approval at all.
"""

# ruff: noqa: E501  a chain is one line

from typing import Any

import pytest

from rules.chains import Approval, route
from rules.fields import field_list
from rules.occasions import Action, Facts, Material, ReaderKind
from rules.policy import available_packs, load_pack
from rules.secrecy import AccessLevel, Grade
from rules.upkeep import Originals, WorkingFiles

DOSSIER = {
    # pack: number of 7 January, default grade, superiors, consent, custodian unit, approved by
    "sales-levels": ("XS-2026-0007", "secret", "direct", "none", "营销部", "gm"),
    "customer-service": ("KH-2026-0007", "none", "chain", "none", "客户服务部", "gm"),
    "auto-dealer": ("YH-2026-0007", "none", "chain", "natural_persons", "客户关爱部", "gm"),
    "pharma": ("YY-2026-0007", "none", "direct", "none", "销售部", "gm"),
    "industrial-sales": ("GY-2026-0007", "secret", "none", "none", "销售部", "gm"),
    "property": ("WY-2026-0007", "none", "direct", "none", "客务部", "gm"),
    "hotel": ("KS-2026-00007", "none", "chain", "natural_persons", "销售公关部", "gm"),
    "loan-guarantee": ("2026借字第007号", "none", "direct", "none", "档案室", "gm"),
    "engineering": ("GC-2026-0007", "none", "direct", "none", "内勤部", "gm"),
    "public-body": ("DA-2026-0007", "none", "none", "none", "局办公室", "deputy_chief"),
    "file-custody": (
        "RD-2026-00007", "confidential", "none", "natural_persons", "档案科", "leader_in_charge",
    ),
    "corporate-archive": (
        "QD-2026-0007", "none", "none", "none", "综合档案室", "leader_in_charge",
    ),
}  # fmt: skip

OPENING = {
    # pack: what starts it, term, rule, reminders, who hears of a delay and when
    "sales-levels": (
        "visit", "same_day 0", "S1-07.2.3a", "0d 18:00, 0d 20:30", "department_manager +1wd 09:00",
    ),
    "customer-service": (
        "first_contact", "working_day 1", "S2-INFO.4", "0d 09:00, 0d 16:00",
        "direct_superior +1wd 09:00",
    ),
    "auto-dealer": (
        "register_entry", "same_day 0", "S1-09.2.5", "0d 17:30", "customer_care +1wd 09:00",
    ),
    "pharma": (
        "first_contact", "calendar_day 7", "S1-05.1",
        "start+3d 09:00, start+6d 09:00, start+7d 09:00", "direct_superior +1wd 09:00",
    ),
    "industrial-sales": (
        "first_contact", "calendar_day 7", "S1-04.4.2",
        "start+3d 09:00, start+6d 09:00, start+7d 09:00", "direct_superior +1wd 09:00",
    ),
    "property": (
        "move_in", "working_day 1", "S1-03.3.4", "0d 09:00, 0d 16:00", "tenant_manager +1wd 09:00",
    ),
    "hotel": (
        "guest_contact", "same_day 0", "S1-08.2.2a", "0d 20:30", "direct_superior +1wd 09:00",
    ),
    "loan-guarantee": (
        "handed_in", "same_day 0", "S4-LOAN.4.7", "0d 16:00", "gm +1wd 09:00",
    ),
    "engineering": (
        "contract_signed", "same_day 0", "S3-ENG.3.2a", "0d 16:00",
        "back_office_manager +1wd 09:00",
    ),
    "public-body": (
        "handed_in", "working_day 1", "S1-12.4.3", "0d 09:00, 0d 16:00",
        "office_director +1wd 09:00",
    ),
    "file-custody": (
        "file_received", "working_day 1", "S1-10.6", "0d 09:00, 0d 16:00",
        "section_chief +1wd 09:00",
    ),
    "corporate-archive": (
        "handed_in", "working_day 1", "S5-2.19", "0d 09:00, 0d 16:00",
        "archivist_full +1wd 09:00",
    ),
}  # fmt: skip

COMPLETION = {
    # pack: id, which dossiers, rule, reminders, who hears of it after the period
    "sales-levels": [
        ("monthly", "incomplete", "S1-07.2.3b", "day 1 09:00, day 20 09:00, last wd 09:00", "hr"),
        ("yearly", "all", "S5-1.4.5", "1 Dec 09:00, 15 Dec 09:00", "direct_superior"),
    ],
    "customer-service": [
        ("yearly", "all", "S2-DOSS.30", "1 Dec 09:00, 15 Dec 09:00", "info_supervisor"),
    ],
    "pharma": [
        ("quarterly", "long_term", "S1-05.2", "-15d 09:00, -5d 09:00, 0d 09:00",
         "direct_superior"),
    ],
    "industrial-sales": [("traded", "traded", "S1-04.4.3", "0d 09:00", "sales_director")],
}  # fmt: skip

CHAINS = {
    "sales-levels": """
        open                       market_supervisor = custodian                   S1-01.2
        consult formal company     department_manager > gm = custodian             S1-07.3.3.1
        consult company            sales_director !sales_director !marketing_dgm !gm  S1-07.3.1.1
        consult department         dossier.department_manager > marketing_dgm# !dossier.department_manager !marketing_dgm  S1-07.3.1.2
        consult personal           dossier.department_manager !customer_owner !dossier.department_manager  S1-07.3.1.3
        consult external company   -
        renew company              department_manager > gm #                       S1-07.3.3.1
        renew department           dossier.department_manager > marketing_dgm !dossier.department_manager !marketing_dgm #  S1-07.3.1.2
        renew personal             dossier.department_manager !customer_owner !dossier.department_manager #  S1-07.3.1.3
        noncash_deal               market_manager#                                 S1-01.5
        correct                    cs_manager > gm                                 S5-1.X1
        correct_report             cs_manager > gm                                 S5-1.X1
        penalty                    hr                                              S1-07.1.3
        rebind                     department_manager #                            C-62
        policy_change              gm                                              S5-1.9
        update                     -
    """,
    "customer-service": """
        open                       info_specialist                                 S2-INFO.4
        consult                    department_head > info_supervisor#              S2-INFO.18.3
        consult confidential       department_head > info_supervisor#              S2-INFO.18.3
        consult secret             department_head > info_supervisor# > cs_manager#  S2-INFO.18.3
        consult top_secret         department_head > info_supervisor# > cs_manager# > gm#  S2-INFO.18.3
        consult external           info_supervisor#                                S2-INFO.18.4
        consult external confidential   cs_manager                                 S2-INFO.18.4
        consult external secret leaves_house   cs_manager > info_supervisor > gm   S2-INFO.18.4
        statistics external        info_supervisor#                                S2-STAT.6
        statistics                 cs_manager > gm                                 S2-INFO.10
        loan                       department_head > info_specialist               S2-INFO.19.4
        loan secret                department_head > info_specialist > cs_manager#  S2-INFO.19.4
        loan external              -
        renew                      info_specialist #                               S2-INFO.19.5
        copy                       info_supervisor #                               S2-INFO.17
        copy important             gm / dgm_in_charge#                             S2-INFO.23.1
        copy confidential          gm / dgm_in_charge                              S2-SECR.8.2
        disclose                   info_supervisor + cs_manager                    S2-INFO.24
        disclose confidential      info_supervisor + cs_manager > gm               S2-SECR.10
        report_amend               gm                                              S2-INFO.11
        report_release             info_supervisor + cs_manager                    S2-INFO.13
        destroy statistics         info_supervisor + cs_manager + gm               S2-STAT.9
        destroy                    cs_manager + dossier.department_head > customer_director = custodian & witness  S2-DOSS.29.1
        policy_change              gm                                              S2-DOSS.32
    """,
    "auto-dealer": """
        open                       custodian                                       S1-09.2.5
        consult                    department_head > custodian #                   S1-09.2.6
        loan                       department_head > custodian #                   S1-09.2.6
        loan original leaves_house   department_head > custodian > customer_director #  S1-09.2.6
        renew                      custodian #                                     S1-09.2.6
        penalty                    customer_director                               S1-09.5.9
        wage_deduction             customer_director > gm#                         S1-09.5.6c
        policy_change              gm                                              S1-09.7.1
    """,
    "pharma": """
        open                       direct_superior = custodian                     S1-05.1
        update                     custodian                                       S1-05.2
        consult                    direct_superior = custodian #                   S1-05.4
        loan                       direct_superior = custodian #                   S1-05.4
        loan external              -
        renew                      direct_superior #                               S1-05.4
    """,
    "industrial-sales": """
        open                       custodian > sales_director                      S1-04.4.4
        update                     custodian > sales_director #                    S1-04.4.4
        consult secret             gm !gm                                          S1-04.4.6
        consult external secret    gm !gm                                          S1-04.4.6
        loan secret                gm !gm #                                        S1-04.4.6
        renew secret               gm !gm #                                        S1-04.4.6
        disclose secret            gm                                              S1-04.4.6
        complaint_result           gm = company_office                             S1-04.7.2
        report_release             gm = company_office                             S1-04.6.3
    """,
    "property": """
        consult                    tenant_manager !tenant_manager = tenant_supervisor  S1-02.7
        consult type:resident      custodian#                                      S5-4.2
        amend working_file         tenant_manager                                  S1-02.8
        amend                      -
        copy type:resident         superior                                        S5-4.3
        correct type:resident      superior                                        S5-4.4
    """,
    "hotel": """
        consult                    register #                                      S1-08.2.3
        analyse                    sales_manager / gm !sales_manager !gm #         S1-08.2.5
        export                     sales_manager / gm #                            S1-08.2.4
        disclose                   -
    """,
    "loan-guarantee": """
        consult                    chairman / gm / dgm_in_charge !chairman !gm !deputy_gm !dgm_in_charge = custodian #  S4-LOAN.6.1b
        loan                       chairman / gm / dgm_in_charge !chairman !gm !deputy_gm !dgm_in_charge = custodian  S4-LOAN.6.1b
        loan deed                  chairman / gm / dgm_in_charge !chairman !gm !deputy_gm !dgm_in_charge = deed_keeper & witness #  S4-LOAN.5.2a
        renew                      chairman / gm / dgm_in_charge !chairman !gm !deputy_gm !dgm_in_charge #  S4-LOAN.6.3
        late_handover              authorised_approver                             S4-LOAN.4.5b
    """,
    "engineering": """
        open                       back_office                                     S3-ENG.3.1
        consult                    custodian#                                      S3-ENG.3.4
        loan original              custodian#                                      S3-ENG.3.3a
        loan original leaves_house   -
        loan leaves_house          custodian > back_office_manager                 S3-ENG.3.3b
        copy_loan                  custodian > back_office_manager                 S3-ENG.3.5
        copy                       custodian > back_office_manager                 S3-ENG.3.5
        renew                      back_office_manager #                           C-73
        backup_key                 register = back_office_manager                  S3-ENG.3.2c
    """,
    "public-body": """
        open                       custodian                                       S1-12.4.3
        consult own_department     register                                        S1-12.3.2a
        consult                    dossier.department_head #                       C-20
        consult minutes            office_director !office_director                S1-12.3.2b
        consult minutes own_department   office_director !office_director          S1-12.3.2b
        consult party_papers       party_secretary !party_secretary                S1-12.3.2c
        consult external           leader_of_office                                S1-12.3.4
        consult external minutes   leader_of_office                                S1-12.3.4
        consult external party_papers   leader_of_office > party_secretary#        S1-12.3.4
        loan                       office_director #                               S1-12.2.5
        loan own_department        office_director #                               S1-12.2.5
        loan minutes               office_director                                 S1-12.3.2b
        loan party_papers          party_secretary                                 S1-12.3.2c
        loan external              -
        renew                      office_director #                               S1-12.2.5
        renew party_papers         party_secretary #                               S1-12.3.2c
        copy                       office_director #                               S1-12.2.5
        copy external              -
        destroy                    deputy_chief & witness                          S1-12.1.4
        destroy type:justice       leader_in_charge                                S1-13.4
    """,
    "file-custody": """
        open                       custodian                                       S1-10.5
        consult subject            section_chief = custodian #                     S1-14.3
        consult proxy              section_chief = custodian #                     S1-14.3
        consult external           section_chief = custodian                       S1-14.4
        consult                    -
        loan subject               section_chief = custodian #                     S1-14.5b
        loan subject long_term     leader_in_charge = custodian                    S1-14.5d
        loan subject leaves_house   leader_in_charge = custodian #                 C-21
        loan external              -
        renew                      section_chief #                                 S1-14.5b
        renew long_term            leader_in_charge                                S1-14.5d
    """,
    "corporate-archive": """
        open                       archivist_full                                  S1-15.4.3
        consult                    leader_in_charge                                S1-15.7.2
        consult external           leader_in_charge                                S1-15.7.2
        loan                       leader_in_charge                                S1-15.7.2
        loan leaves_house          leader_in_charge                                S1-15.6.2
        loan external              leader_in_charge                                S1-15.7.2
        renew                      leader_in_charge #                              S1-15.6.2
        copy                       leader_in_charge = archivist_full               S1-15.7.4
        copy external              leader_in_charge = archivist_full               S1-15.7.4
        trip_papers                archivist_part = accounting                     S5-2.3
    """,
}  # fmt: skip

CREDENTIALS = [
    # pack, case, what is shown first
    ("customer-service", "consult external", {"letter", "work_card"}),
    ("customer-service", "statistics external", {"superior_letter"}),
    ("public-body", "consult external", {"letter"}),
    ("corporate-archive", "consult external", {"letter"}),
    ("corporate-archive", "copy external", {"letter"}),
    ("file-custody", "consult proxy", {"power_of_attorney"}),
    ("file-custody", "consult external", {"application_form"}),
]


def facts(case: str) -> Facts:
    """Return the case that a line begins with, such as `consult external secret`."""
    action, *words = case.split()
    found: dict[str, Any] = {"action": Action(action)}
    for word in words:
        if word.startswith("type:"):
            found["dossier_type"] = word.removeprefix("type:")
        elif word in set(ReaderKind):
            found["reader"] = ReaderKind(word)
        elif word in set(Material):
            found["material"] = Material(word)
        elif word in set(AccessLevel):
            found["level"] = AccessLevel(word)
        elif word in {grade.value for grade in Grade}:
            found["grade"] = Grade(word)
        else:
            found[word] = True
    return Facts(**found)


def notation(one: Approval | None) -> str:
    """Return a row in the notation of this page."""
    if one is None:
        return "-"
    steps = []
    for step in one.chain:
        roles = (" + " if step.everybody else " / ").join(str(seat) for seat in step.seats)
        steps.append(roles + ("#" if step.default else ""))
    words = [" > ".join(steps) if steps else "register"]
    words += [f"!{seat}" for seat in one.exempt]
    words += [f"= {one.release}"] if one.release else []
    words += ["& witness"] if one.witness else []
    words += ["#"] if one.default else []
    return " ".join([*words, one.rule])


LINES = [
    (pack, *(part.strip() for part in line.strip().split("  ", 1)))
    for pack, text in CHAINS.items()
    for line in text.strip().splitlines()
]


@pytest.mark.parametrize(("pack", "case", "expected"), LINES)
@pytest.mark.rule("S2-INFO.18.2")
@pytest.mark.rule("S2-INFO.18.3")
@pytest.mark.rule("S2-INFO.24")
@pytest.mark.rule("S2-STAT.9")
@pytest.mark.rule("S2-SECR.10")
@pytest.mark.rule("S1-07.3.1.2")
@pytest.mark.rule("S1-07.3.3.1")
@pytest.mark.rule("S1-04.4.6")
@pytest.mark.rule("S1-12.3.2b")
@pytest.mark.rule("S1-14.3")
@pytest.mark.rule("S1-15.4.3")
@pytest.mark.rule("S1-15.7.2")
@pytest.mark.rule("S4-LOAN.6.1b")
@pytest.mark.rule("S1-12.2.5")
@pytest.mark.rule("S1-14.5a")
@pytest.mark.rule("S2-INFO.23.1")
@pytest.mark.rule("S2-SECR.8.2")
@pytest.mark.rule("S5-4.3")
def test_who_decides_is_as_the_catalogue_says(pack: str, case: str, expected: str) -> None:
    assert notation(route(load_pack(pack).approval, facts(case))) == " ".join(expected.split())


def test_no_row_of_a_pack_is_left_untested() -> None:
    for pack in available_packs():
        policy = load_pack(pack)
        met = {id(route(policy.approval, facts(case))) for name, case, _ in LINES if name == pack}
        missed = [one for one in policy.approval if id(one) not in met]
        # the same chain once more, for who comes with a power of attorney, and for a new phone
        assert all(
            one.action is Action.REBIND or ReaderKind.PROXY in one.when.readers for one in missed
        ), missed


@pytest.mark.parametrize(("pack", "case", "shown"), CREDENTIALS)
@pytest.mark.rule("S2-INFO.18.4")
@pytest.mark.rule("S2-STAT.6")
@pytest.mark.rule("S1-12.3.4")
@pytest.mark.rule("S1-14.4")
def test_what_a_reader_from_outside_shows(pack: str, case: str, shown: set[str]) -> None:
    found = route(load_pack(pack).approval, facts(case))
    assert found is not None
    assert set(found.credential) == shown


@pytest.mark.parametrize("pack", available_packs())
@pytest.mark.rule("S1-02.1", "S1-09.2.2", "S1-15.5.1")
def test_the_dossier_is_as_the_catalogue_says(pack: str) -> None:
    policy = load_pack(pack)
    dossier = policy.dossier
    assert (
        dossier.format_number(2026, 7),
        dossier.default_grade.value,
        dossier.superiors.value,
        dossier.consent.value,
        policy.custodian_unit,
        policy.approved_by,
    ) == DOSSIER[pack]
    assert dossier.levels is (pack == "sales-levels")


@pytest.mark.parametrize("pack", available_packs())
@pytest.mark.rule("S1-05.1")
@pytest.mark.rule("S1-09.2.5")
@pytest.mark.rule("S2-INFO.4")
@pytest.mark.rule("S3-ENG.3.2a")
def test_an_opening_is_due_as_the_catalogue_says(pack: str) -> None:
    opening = load_pack(pack).open
    due, (told,) = opening.duty.due, opening.duty.escalate
    assert (
        opening.start.value,
        f"{due.unit.value} {due.count}",
        due.rule,
        ", ".join(str(rung) for rung in opening.duty.remind),
        f"{told.to} {told.after}",
    ) == OPENING[pack]


@pytest.mark.parametrize("pack", available_packs())
@pytest.mark.rule("S1-07.2.3b")
@pytest.mark.rule("S1-05.2")
@pytest.mark.rule("S2-DOSS.30")
def test_completion_is_due_as_the_catalogue_says(pack: str) -> None:
    rows = [
        (
            one.id,
            one.of.value,
            one.duty.due.rule,
            ", ".join(str(rung) for rung in one.duty.remind),
            one.duty.escalate[0].to,
        )
        for one in load_pack(pack).completion
    ]
    assert rows == COMPLETION.get(pack, [])


@pytest.mark.rule("S1-07.3.1.1")
@pytest.mark.rule("S1-07.3.1.2")
@pytest.mark.rule("S1-07.3.1.3")
def test_each_level_has_its_keeper() -> None:
    assert load_pack("sales-levels").dossier.keepers == {
        "company": "sales_director",
        "department": "department_manager",
        "personal": "salesperson",
    }


@pytest.mark.rule("S2-SECR.7")
def test_periods_of_secrecy_are_proposed() -> None:
    for pack in available_packs():
        secrecy = load_pack(pack).secrecy
        assert secrecy.years == {"confidential": 1, "secret": 3, "top_secret": 5}
        assert secrecy.until_required is (pack == "customer-service")


@pytest.mark.rule("S2-INFO.27")
@pytest.mark.rule("S2-SECR.13")
def test_three_hear_of_a_leak_at_once() -> None:
    secrecy = load_pack("customer-service").secrecy
    assert secrecy.leak_to == ("info_supervisor", "cs_manager", "gm_office")


@pytest.mark.rule("S1-02.8")
def test_originals_are_not_altered_and_working_files_by_consent() -> None:
    for pack in available_packs():
        update = load_pack(pack).update
        assert update.originals is Originals.READ_ONLY
        consent = WorkingFiles.CONSENT if pack == "property" else WorkingFiles.FREE
        assert update.working_files is consent


@pytest.mark.rule("S1-01.4")
def test_a_change_rests_on_one_of_three_sources() -> None:
    update = load_pack("sales-levels").update
    assert update.sources == ("salesperson", "market_supervisor", "feedback_admin")


@pytest.mark.rule("S5-1.8.3")
def test_important_new_customers_have_two_contact_persons() -> None:
    counts = {pack: load_pack(pack).open.contact_persons for pack in available_packs()}
    assert {pack for pack, count in counts.items() if count > 1} == {"sales-levels"}
    assert counts["sales-levels"] == 2


@pytest.mark.rule("S1-04.4.2")
@pytest.mark.rule("S1-03.3.7")
def test_what_must_be_filled_before_a_draft_is_decided_on() -> None:
    assert load_pack("industrial-sales").open.required == (
        "telephone", "contact_person", "credit", "past_transactions",
    )  # fmt: skip
    assert "emergency_contact" in load_pack("property").open.required
    assert load_pack("customer-service").open.required == ("customer_kind",)
    assert load_pack("hotel").open.required == ()


@pytest.mark.rule("S1-08.1.2")
@pytest.mark.rule("S1-08.1.1a")
@pytest.mark.rule("S1-08.1.1b")
@pytest.mark.rule("S1-08.1.3.6")
@pytest.mark.rule("S1-02.3")
@pytest.mark.rule("S3-LOG.2.1")
@pytest.mark.rule("S2-INFO.18.1")
@pytest.mark.rule("S2-INFO.19.5")
def test_the_lists_have_all_that_the_sources_name() -> None:
    counts = {
        "hotel_corporate": 11, "hotel_individual": 12, "hotel_preferences": 18,
        "hotel_care_dates": 6, "property_12": 15, "tenant": 14, "log_entry": 7,
        "access_report": 4, "loan_register": 5, "company_document": 7, "vehicle": 8,
    }  # fmt: skip
    assert {name: len(field_list(name).field) for name in counts} == counts
    assert len(next(f for f in field_list("company_document").field if f.choices).choices) == 11


@pytest.mark.rule("S1-04.4.5")
def test_a_contract_begins_with_the_dossier() -> None:
    rules = {pack: load_pack(pack).dossier.deal_rule for pack in available_packs()}
    assert {pack: one for pack, one in rules.items() if one} == {"industrial-sales": "S1-04.4.5"}


@pytest.mark.rule("S3-PROTO.2.2")
def test_privacy_asks_the_customer_too() -> None:
    privacy = load_pack("hotel", ("privacy",)).privacy
    assert privacy is not None
    assert privacy.customer_authorises
