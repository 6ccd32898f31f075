"""The checklists against the catalogue: every paper with its clause, in the form it asks for."""

import pytest
from msgspec.structs import replace

from rules.checklists import Checklist, Form, Item, Needed, checklist, checklists
from rules.clauses import all_clauses
from rules.errors import DomainError
from rules.leaves import RuleId
from rules.policy import available_packs, load_pack

NEW_CAR = [
    # number, item, form, needed, whose signature it carries
    pytest.param(1, "green_card", "any", "always", "", marks=pytest.mark.rule("S1-09.4.1.1")),
    pytest.param(
        2, "purchase_invoice", "copy", "always", "", marks=pytest.mark.rule("S1-09.4.1.2")
    ),
    pytest.param(
        3, "sales_contract", "original", "always", "", marks=pytest.mark.rule("S1-09.4.1.3")
    ),
    pytest.param(4, "identity_card", "copy", "always", "", marks=pytest.mark.rule("S1-09.4.1.4")),
    pytest.param(
        5, "delivery_check", "any", "always", "customer", marks=pytest.mark.rule("S1-09.4.1.5")
    ),
    pytest.param(
        6, "vehicle_licence", "copy", "always", "", marks=pytest.mark.rule("S1-09.4.1.6")
    ),
    pytest.param(
        7, "insurance_policy", "copy", "always", "", marks=pytest.mark.rule("S1-09.4.1.7")
    ),
    pytest.param(
        8, "derived_services", "any", "always", "", marks=pytest.mark.rule("S1-09.4.1.8")
    ),
    pytest.param(
        9, "conformity_certificate", "copy", "always", "", marks=pytest.mark.rule("S1-09.4.1.9")
    ),
    pytest.param(
        10, "delivery_photo", "photo", "always", "", marks=pytest.mark.rule("S1-09.4.1.10")
    ),
    pytest.param(11, "pdi", "any", "always", "staff", marks=pytest.mark.rule("S1-09.4.1.11")),
    pytest.param(
        12, "other_certificates", "any", "optional", "", marks=pytest.mark.rule("S1-09.4.1.12")
    ),
]

JOBS = {
    # job type: papers that are always wanted; papers where applicable
    "repair_minor": (
        "reception_sheet work_order settlement_sheet inspection_12",
        "extra_work_sheet road_test_sheet damage_assessment special_tool_data estimate",
    ),
    "first_service": (
        "reception_sheet work_order settlement_sheet first_service_card inspection_12", "",
    ),
    "maintenance": ("reception_sheet work_order settlement_sheet inspection_12", ""),
    "repair_major": (
        "reception_sheet work_order settlement_sheet road_test_sheet estimate inspection_12", "",
    ),
    "warranty": (
        "reception_sheet work_order settlement_sheet inspection_12",
        "parts_invoice road_test_sheet damaged_part_photos fault_report special_tool_data",
    ),
}  # fmt: skip

JOB_RULES = [
    pytest.param("repair_minor", "S1-09.4.2.1", marks=pytest.mark.rule("S1-09.4.2.1")),
    pytest.param("first_service", "S1-09.4.2.2", marks=pytest.mark.rule("S1-09.4.2.2")),
    pytest.param("maintenance", "S1-09.4.2.3", marks=pytest.mark.rule("S1-09.4.2.3")),
    pytest.param("repair_major", "S1-09.4.2.4", marks=pytest.mark.rule("S1-09.4.2.4")),
    pytest.param("warranty", "S1-09.4.2.5", marks=pytest.mark.rule("S1-09.4.2.5")),
]


@pytest.mark.parametrize(("at", "item", "form", "needed", "signs"), NEW_CAR)
@pytest.mark.rule("S1-09.4.1")
def test_item_n_of_a_new_car_rests_on_clause_n(
    at: int, item: str, form: str, needed: str, signs: str
) -> None:
    found = checklist("new_car_12").item[at - 1]
    assert (found.id, found.rule) == (item, f"S1-09.4.1.{at}")
    assert (found.form.value, found.needed.value) == (form, needed)
    assert found.customer_signs is (signs == "customer")
    assert found.staff_signs is (signs == "staff")


@pytest.mark.rule("S1-09.4.1")
def test_a_new_car_has_twelve_items() -> None:
    assert len(checklist("new_car_12").item) == 12


@pytest.mark.rule("S1-09.4.1.4")
def test_an_identity_card_has_two_sides_and_one_alternative_that_is_no_line_of_its_own() -> None:
    papers = checklist("new_car_12")
    card, other = papers.of("identity_card"), papers.of("organisation_code")
    assert card is not None
    assert other is not None
    assert (card.photos_needed, card.instead) == (2, ("organisation_code",))
    assert other not in papers.item
    assert other.photos_needed == 0


@pytest.mark.parametrize(("job", "clause"), JOB_RULES)
@pytest.mark.rule("S1-09.4.2")
def test_each_job_type_has_its_papers(job: str, clause: str) -> None:
    papers = checklist(job)
    by = {needed: {one.id for one in papers.item if one.needed is needed} for needed in Needed}
    always, applicable = JOBS[job]
    assert by[Needed.ALWAYS] == set(always.split())
    assert by[Needed.APPLICABLE] == set(applicable.split())
    assert not by[Needed.OPTIONAL]
    assert {one.rule for one in papers.item} == {clause}


@pytest.mark.rule("S1-09.4.2.3")
@pytest.mark.rule("S1-09.4.2.5")
def test_b10_a_claim_wants_fault_report_and_photos_and_maintenance_neither() -> None:
    wanted = {"fault_report", "damaged_part_photos"}
    assert wanted <= {one.id for one in checklist("warranty").item}
    assert not wanted & {one.id for one in checklist("maintenance").item}
    photos = checklist("warranty").of("damaged_part_photos")
    assert photos is not None
    assert photos.form is Form.PHOTO
    assert photos.photos_needed == 2


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.rule("S1-09.5.5b")
@pytest.mark.rule("S1-09.5.5c")
def test_what_the_customer_agrees_to_carries_both_signatures(job: str) -> None:
    for name in ("reception_sheet", "work_order", "settlement_sheet"):
        paper = checklist(job).of(name)
        assert paper is not None
        assert paper.customer_signs
        assert paper.staff_signs


@pytest.mark.rule("S4-LOAN.4.3")
@pytest.mark.rule("S4-LOAN.4.2a")
def test_a_loan_file_has_four_parts_and_counts_pages() -> None:
    papers = checklist("loan_file_4")
    assert papers.pages
    parts = list(dict.fromkeys(one.part for one in papers.item))
    assert [part.partition("、")[0] for part in parts] == ["一", "二", "三", "四", "附件"]


@pytest.mark.rule("S4-LOAN.4.4")
def test_only_the_contracts_nobody_collected_get_no_number() -> None:
    uncoded = [
        (name, one.id) for name, papers in checklists().items() for one in papers.item
        if not one.coded
    ]  # fmt: skip
    assert uncoded == [("loan_file_4", "customer_contract_annex")]


@pytest.mark.rule("S4-LOAN.5.1")
@pytest.mark.rule("S4-LOAN.5.2b")
def test_deeds_are_of_six_kinds_each_with_a_number_and_checked_three_ways() -> None:
    papers = checklist("deeds_6")
    assert len(papers.item) == 6
    assert all(one.certificate for one in papers.item)
    assert [one.id for one in papers.checks] == ["name", "number", "quantity"]


@pytest.mark.parametrize(
    ("name", "items", "clause"),
    [
        ("monthly_sales", "basic_data_form contract_copy sales_statistics", "S2-DOSS.5.1"),
        ("monthly_finance", "credit_assessment", "S2-DOSS.5.2"),
        ("monthly_service", "qualification_rating analysis_report", "S2-DOSS.5.3"),
    ],
)
@pytest.mark.rule("S2-DOSS.4")
@pytest.mark.rule("S2-DOSS.5.1")
@pytest.mark.rule("S2-DOSS.5.2")
@pytest.mark.rule("S2-DOSS.5.3")
def test_the_six_forms_come_from_three_departments(name: str, items: str, clause: str) -> None:
    papers = checklist(name)
    assert papers.rule == clause
    assert [one.id for one in papers.item if one.rule == clause] == items.split()


@pytest.mark.parametrize("at", range(11))
@pytest.mark.rule("S5-2.5")
@pytest.mark.rule("S5-2.6")
@pytest.mark.rule("S5-2.7")
@pytest.mark.rule("S5-2.8")
@pytest.mark.rule("S5-2.9")
@pytest.mark.rule("S5-2.10")
@pytest.mark.rule("S5-2.11")
@pytest.mark.rule("S5-2.12")
@pytest.mark.rule("S5-2.13")
@pytest.mark.rule("S5-2.14")
@pytest.mark.rule("S5-2.15")
def test_the_filing_scope_has_a_line_for_each_of_eleven_articles(at: int) -> None:
    assert checklist("company_scope").item[at].rule == f"S5-2.{at + 5}"


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        pytest.param("year_volume", "S1-15.1.3", marks=pytest.mark.rule("S1-15.1.3")),
        pytest.param("year_volume", "S1-15.1.4", marks=pytest.mark.rule("S1-15.1.4")),
        pytest.param("year_volume", "S1-15.1.5", marks=pytest.mark.rule("S1-15.1.5")),
        pytest.param("year_volume", "S5-2.25", marks=pytest.mark.rule("S5-2.25")),
        pytest.param("year_volume", "S1-15.1.6", marks=pytest.mark.rule("S1-15.1.6")),
        pytest.param("year_volume", "S5-2.24", marks=pytest.mark.rule("S5-2.24")),
        pytest.param("public_documents", "S1-13.2", marks=pytest.mark.rule("S1-13.2")),
        pytest.param("monthly_finance", "S2-DOSS.15", marks=pytest.mark.rule("S2-DOSS.15")),
        pytest.param("public_documents", "S1-12.4.3", marks=pytest.mark.rule("S1-12.4.3")),
        pytest.param("public_engineering", "S1-12.4.4", marks=pytest.mark.rule("S1-12.4.4")),
        pytest.param("monthly_sales", "S2-DOSS.6", marks=pytest.mark.rule("S2-DOSS.6")),
        pytest.param("monthly_sales", "S2-DOSS.11", marks=pytest.mark.rule("S2-DOSS.11")),
        pytest.param("monthly_sales", "S2-DOSS.12", marks=pytest.mark.rule("S2-DOSS.12")),
        pytest.param("company_scope", "S5-2.22", marks=pytest.mark.rule("S5-2.22")),
        pytest.param("company_scope", "S5-2.23", marks=pytest.mark.rule("S5-2.23")),
    ],
)
def test_the_receiver_checks_what_the_clause_says(name: str, clause: str) -> None:
    assert clause in {one.rule for one in checklist(name).checks}


@pytest.mark.rule("S1-10.5")
@pytest.mark.rule("S1-10.6")
def test_a_file_is_taken_into_custody_in_six_steps() -> None:
    assert [one.id for one in checklist("custody_intake").item] == [
        "strict_check", "agreement", "catalogue", "shelved", "statistics", "registration",
    ]  # fmt: skip


@pytest.mark.rule("C-22")
def test_each_pack_keeps_the_order_its_own_source_has() -> None:
    orders = {
        name: one.en
        for name in ("monthly_sales", "year_volume")
        for one in checklist(name).checks
        if one.id == "order"
    }
    assert "printed copy before final draft" in orders["monthly_sales"]
    assert "draft before final" in orders["year_volume"]


@pytest.mark.rule("S5-2.26")
def test_volumes_come_with_a_contents_list() -> None:
    contents = checklist("year_volume").of("contents_list")
    assert contents is not None
    assert (contents.rule, contents.needed) == ("S5-2.26", Needed.ALWAYS)


@pytest.mark.rule("S3-ENG.3.1")
@pytest.mark.rule("S3-ENG.3.2a")
def test_completion_papers_take_up_the_temporary_file() -> None:
    assert [one.id for one in checklist("engineering_completion").item] == [
        "contract", "gathered", "construction_record", "completion",
    ]  # fmt: skip


def test_every_line_rests_on_a_clause_and_every_list_is_used() -> None:
    for papers in checklists().values():
        rules = (papers.rule, *(one.rule for one in (*papers.item, *papers.checks)))
        assert set(rules) <= all_clauses().keys()
    used = {one.checklist for pack in available_packs() for one in load_pack(pack).handover}
    assert used == checklists().keys()


@pytest.mark.rule("C-37")
def test_a_company_adds_lines_after_the_last_of_their_part() -> None:
    handover = load_pack("loan-guarantee").handover[0]
    part = handover.papers.item[0].part
    added = Item(
        "resolution", "贷审会决议", "Committee's resolution", RuleId("S4-LOAN.4.3"), part=part
    )
    found = replace(handover, item=(added,)).papers
    assert [one.id for one in found.item][:3] == ["project_approval", "resolution", "contracts"]
    assert found.pages
    with pytest.raises(DomainError, match="differ"):
        replace(handover, item=(added, added))


PAPER = Item("a", "甲", "a", RuleId("S1-09.4.1"))


def test_what_a_checklist_cannot_say() -> None:
    with pytest.raises(DomainError, match="sides"):
        replace(PAPER, sides=0)
    with pytest.raises(DomainError, match="differ"):
        Checklist("x", "某", "x", RuleId("S1-09.4.1"), (PAPER, PAPER))
    with pytest.raises(DomainError, match="instead"):
        Checklist("x", "某", "x", RuleId("S1-09.4.1"), (replace(PAPER, instead=("b",)),))
    with pytest.raises(DomainError, match="at least one"):
        Checklist("x", "某", "x", RuleId("S1-09.4.1"), ())
    with pytest.raises(DomainError, match="no checklist"):
        checklist("nothing")
