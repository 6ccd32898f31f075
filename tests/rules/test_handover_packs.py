"""How each pack has papers handed over, against the catalogue; what a policy cannot write."""

# ruff: noqa: E501  a handover is one line

import pytest
from msgspec.structs import replace

from rules.deadlines import Term, Unit
from rules.errors import DomainError
from rules.fields import field_list
from rules.handover_policy import HandoverPolicy, LegPolicy, ReceiptPolicy
from rules.leaves import RoleCode, RuleId, Text
from rules.policy import PolicyError, available_packs, load_pack, parse_policy
from rules.role_uses import role_uses
from rules.written import text_of

HANDOVERS = """
    auto-dealer        new_car          vehicle_delivered    new_car_12              sales_consultant > custodian            working_day 3          S1-09.4.1     sales_director       customer_director
    auto-dealer        repair_minor     vehicle_delivered    repair_minor            service_consultant > custodian          working_day 1          S1-09.4.2     service_director     customer_director
    auto-dealer        first_service    vehicle_delivered    first_service           service_consultant > custodian          working_day 1          S1-09.4.2     service_director     customer_director
    auto-dealer        maintenance      vehicle_delivered    maintenance             service_consultant > custodian          working_day 1          S1-09.4.2     service_director     customer_director
    auto-dealer        repair_major     vehicle_delivered    repair_major            service_consultant > custodian          working_day 1          S1-09.4.2     service_director     customer_director
    auto-dealer        warranty         vehicle_delivered    warranty                service_consultant > custodian          working_day 1          S1-09.4.2     service_director     customer_director
    loan-guarantee     loan_file        loan_paid_out        loan_file_4             pm_a > pm_b / pm_b > custodian          working_day 3 / 2      S4-LOAN.4.5a  gm                   gm
    loan-guarantee     deeds            deed_received        deeds_6                 pm_a > deed_keeper & pm_b               same_day 0             S4-LOAN.5.2b  gm                   gm
    customer-service   monthly_sales    month_end            monthly_sales           archivist_part > custodian              month_day 1 5          S2-DOSS.5.1   department_head      cs_manager
    customer-service   monthly_finance  month_end            monthly_finance         archivist_part > custodian              month_day 1 8          S2-DOSS.5.2   department_head      cs_manager
    customer-service   monthly_service  month_end            monthly_service         archivist_part > custodian              month_day 1 10         S2-DOSS.5.3   department_head      cs_manager
    engineering        completion       completion_received  engineering_completion  project_leader > back_office            calendar_day 5         S3-ENG.3.2b   back_office_manager  gm
    public-body        documents        year_end             public_documents        archivist_part > custodian & office_director   year_date 1 3-31   S1-12.4.2a  department_head      office_director
    public-body        accounting       fiscal_year_end      public_accounting       archivist_part > accounting & office_director  year_date 1 12-31  S1-12.4.2b  department_head      office_director
    public-body        engineering      acceptance           public_engineering      archivist_part > custodian & office_director   working_day 30     S1-12.4.2c  department_head      office_director
    public-body        audiovisual      year_end             public_audiovisual      archivist_part > custodian & office_director   year_date 0 12-31  S1-12.4.2d  department_head      office_director
    file-custody       custody_intake   file_received        custody_intake          custodian > section_chief               working_day 1          S1-10.6       section_chief        section_chief
    corporate-archive  year_volumes     year_end             year_volume             archivist_part > archivist_full         year_date 1 2-29       S1-15.3.3     department_head      leader_in_charge
    corporate-archive  monthly          month_end            company_scope           archivist_part > archivist_full         month_day 1 10         S5-2.4.2      department_head      leader_in_charge
    corporate-archive  trip_papers      trip_ended           trip_papers             * > archivist_part                      working_day 5          S5-2.3        department_head      leader_in_charge
    corporate-archive  finished_papers  matter_finished      finished_papers         * > archivist_part                      working_day 1          S5-2.18       department_head      leader_in_charge
    corporate-archive  filing_plan      year_end             filing_plan             archivist_part > archivist_full         year_date 0 1-31       S5-2.17       department_head      leader_in_charge
"""
"""Giver > receiver & witness; legs after a slash; `*` is whoever it concerns."""

LINES = [tuple(filter(None, line.strip().split("  "))) for line in HANDOVERS.strip().splitlines()]
BY_PACK = {
    pack: [line[1:] for line in LINES if line[0] == pack]
    for pack in dict.fromkeys(line[0] for line in LINES)
}


def legs(row: HandoverPolicy) -> str:
    """Return who hands to whom, in the notation of this page."""
    words = []
    for leg in row.leg:
        witness = f" & {leg.witness}" if leg.witness else ""
        words.append(f"{leg.giver or '*'} > {leg.receiver}{witness}")
    return " / ".join(words)


def terms(row: HandoverPolicy) -> str:
    """Return the terms of the legs, in the notation of this page."""
    first = row.leg[0].duty.due
    day = f" {first.month}-{first.day}" if first.month else f" {first.day}" if first.day else ""
    later = "".join(f" / {leg.duty.due.count}" for leg in row.leg[1:])
    return f"{first.unit.value} {first.count}{day}{later}"


@pytest.mark.parametrize("pack", available_packs())
@pytest.mark.rule("S1-09.4.1")
@pytest.mark.rule("S1-09.4.2")
@pytest.mark.rule("S1-10.5")
@pytest.mark.rule("S1-10.6")
@pytest.mark.rule("S1-12.4.2a")
@pytest.mark.rule("S1-12.4.2b")
@pytest.mark.rule("S1-12.4.2c")
@pytest.mark.rule("S1-12.4.2d")
@pytest.mark.rule("S1-15.3.3")
@pytest.mark.rule("S2-DOSS.5.0")
@pytest.mark.rule("S2-DOSS.5.1")
@pytest.mark.rule("S2-DOSS.5.2")
@pytest.mark.rule("S2-DOSS.5.3")
@pytest.mark.rule("S3-ENG.3.2b")
@pytest.mark.rule("S4-LOAN.4.1")
@pytest.mark.rule("S4-LOAN.4.5a")
@pytest.mark.rule("S4-LOAN.5.2b")
@pytest.mark.rule("S5-2.3")
@pytest.mark.rule("S5-2.4.2")
@pytest.mark.rule("S5-2.17")
@pytest.mark.rule("S5-2.18")
def test_what_is_handed_over_is_as_the_catalogue_says(pack: str) -> None:
    rows = [
        (
            row.id, row.start.value, row.checklist, legs(row), terms(row),
            row.leg[0].duty.due.rule, row.head, row.disputes_to,
        )
        for row in load_pack(pack).handover
    ]  # fmt: skip
    assert rows == [tuple(word.strip() for word in line) for line in BY_PACK.get(pack, [])]


@pytest.mark.rule("S1-12.4.4")
def test_sections_hand_over_before_a_witness() -> None:
    for row in load_pack("public-body").handover:
        assert row.leg[0].witness_rule == row.rule_of_signing == "S1-12.4.4"


@pytest.mark.rule("S1-15.3.1")
@pytest.mark.rule("S1-15.4.2")
@pytest.mark.rule("S2-DOSS.9")
@pytest.mark.rule("S5-2.4.1")
def test_what_a_department_owes_is_given_by_its_part_time_archivist() -> None:
    owed = [
        row for pack in available_packs() for row in load_pack(pack).handover
        if row.start.periodic
    ]  # fmt: skip
    assert len(owed) == 9
    assert {row.leg[0].giver for row in owed} == {"archivist_part"}
    assert {row.head for row in owed} == {"department_head"}


@pytest.mark.rule("S5-2.19")
def test_what_is_filed_every_month_is_noted_in_the_document_register() -> None:
    monthly = load_pack("corporate-archive").handover_of("monthly")
    assert monthly is not None
    assert monthly.register == "文件处理登记簿"


@pytest.mark.rule("S5-2.1")
def test_what_the_company_writes_is_collected_in_one_archive() -> None:
    policy = load_pack("corporate-archive")
    monthly = policy.handover_of("monthly")
    assert monthly is not None
    assert monthly.papers.of("outgoing") is not None
    assert monthly.leg[-1].receiver == "archivist_full"
    assert policy.custodian_unit == "综合档案室"


@pytest.mark.rule("S5-2.17")
def test_a_filing_plan_is_signed_for_only_when_its_entries_are_exact_and_numbered() -> None:
    plan = load_pack("corporate-archive").handover_of("filing_plan")
    assert plan is not None
    assert [one.id for one in plan.papers.checks] == ["business", "exact", "numbered"]


@pytest.mark.rule("S1-09.1")
def test_an_owner_bought_the_car_here_or_elsewhere() -> None:
    policy = load_pack("auto-dealer")
    assert "vehicle" in policy.dossier.fields
    (origin,) = [one for one in field_list("vehicle").field if one.id == "origin"]
    assert [one.code for one in origin.choices] == ["own_sale", "other_dealer"]


@pytest.mark.rule("S4-LOAN.3.0")
@pytest.mark.rule("S4-LOAN.5.2b")
@pytest.mark.rule("S4-LOAN.5.4")
@pytest.mark.rule("S4-LOAN.5.2a")
def test_deeds_go_apart_from_the_file_into_the_safe_with_three_confirmations() -> None:
    file, deeds = load_pack("loan-guarantee").handover
    assert (deeds.place, deeds.place_rule) == ("保险柜", "S4-LOAN.5.4")
    assert file.place is None
    assert {deeds.leg[0].giver, deeds.leg[0].receiver, deeds.leg[0].witness} == {
        "pm_a", "deed_keeper", "pm_b",
    }  # fmt: skip
    assert deeds.register != file.register


@pytest.mark.rule("S4-LOAN.4.2a")
@pytest.mark.rule("S4-LOAN.4.7")
@pytest.mark.rule("C-08")
def test_a_loan_file_has_three_lists_a_register_and_five_days_in_all() -> None:
    row = load_pack("loan-guarantee").handover[0]
    assert (row.copies, row.register) == (3, "档案登记本")
    assert row.total is not None
    assert (row.total.unit, row.total.count) == (Unit.WORKING_DAY, 5)


@pytest.mark.rule("S5-2.3")
def test_only_papers_of_a_trip_bring_a_code_for_accounting() -> None:
    codes = {
        (pack, row.id) for pack in available_packs() for row in load_pack(pack).handover
        if row.receipt_code
    }  # fmt: skip
    assert codes == {("corporate-archive", "trip_papers")}


@pytest.mark.rule("S1-09.2.5")
@pytest.mark.rule("C-65")
def test_the_dealer_closes_a_receipt_register_every_day() -> None:
    receipts = load_pack("auto-dealer").receipts
    assert receipts is not None
    assert receipts.name == "用户档案签收薄"
    assert {row.register for row in load_pack("auto-dealer").handover} == {receipts.name}
    assert str(receipts.duty.due.cutoff) == "17:30"
    assert [str(rung) for rung in receipts.duty.remind] == ["0d 17:30"]
    assert [(one.to, str(one.after)) for one in receipts.duty.escalate] == [
        ("customer_care", "+1wd 09:00")
    ]
    others = [pack for pack in available_packs() if load_pack(pack).receipts is not None]
    assert others == ["auto-dealer"]


@pytest.mark.rule("S2-DOSS.5.1")
@pytest.mark.rule("S2-DOSS.5.2")
@pytest.mark.rule("S2-DOSS.5.3")
@pytest.mark.rule("C-31")
class TestGivenBlankDays:
    """B22: the days of the three monthly handovers."""

    def test_when_not_set_then_refused_with_all_three_keys(self) -> None:
        text = text_of("customer-service")
        for day in (5, 8, 10):
            assert f", day = {day}," in text
            text = text.replace(f", day = {day},", ",")
        with pytest.raises(PolicyError) as refused:
            parse_policy(text, "own.toml")
        keys = [one.key for one in (refused.value, *refused.value.others)]
        assert keys == [f"handover[{n}].leg[0].duty.due.day" for n in range(3)]
        for key in keys:
            assert f"own.toml: {key} is missing, expected a day of the month" in str(refused.value)

    def test_when_one_is_not_set_then_refused_with_that_one(self) -> None:
        text = text_of("customer-service").replace(", day = 8,", ",")
        with pytest.raises(PolicyError, match=r"handover\[1\].leg\[0\].duty.due.day") as refused:
            parse_policy(text, "own.toml")
        assert refused.value.others == ()


@pytest.mark.rule("S1-09.3.2")
@pytest.mark.rule("S1-09.3.3")
@pytest.mark.rule("S1-15.1.2")
def test_every_role_of_a_handover_is_one_the_policy_relies_on() -> None:
    for pack in available_packs():
        policy = load_pack(pack)
        uses = {use.key: use for use in role_uses(policy)}
        for at, row in enumerate(policy.handover):
            for n, leg in enumerate(row.leg):
                named = {"giver": leg.giver, "receiver": leg.receiver, "witness": leg.witness}
                for word, role in named.items():
                    key = f"handover[{at}].leg[{n}].{word}"
                    assert (uses[key].roles == (role,)) if role else (key not in uses)
            assert {row.head, row.disputes_to} <= policy.roles_named
            told = {one.to for leg in row.leg for one in leg.duty.escalate}
            assert told | {one.to for one in row.correction.escalate} <= policy.roles_named


def test_handovers_are_found_by_their_id() -> None:
    policy = load_pack("auto-dealer")
    assert [policy.handover_of(row.id) for row in policy.handover] == list(policy.handover)
    assert policy.handover_of("nothing") is None


REFUSED = [
    ('checklist = "new_car_12"', 'checklist = "none"', "checklist, one of"),
    ('words = ["已交车", "交车", "新车交付"]', 'words = ["小修"]', "words that differ"),
    ('id = "new_car"', 'id = "warranty"', "ids that differ"),
    ('giver = "sales_consultant"', 'giver = "salesman"', "a role of the catalogue"),
    ('start = "vehicle_delivered"', 'start = "sold"', "one of vehicle_delivered"),
    ('start = "vehicle_delivered"', 'start = "month_end"', "not for what the calendar brings"),
    ('cutoff = "17:30", rule', "rule", "time at which the register closes"),
    ('head = "sales_director"', 'head = "sales_director"\ncopies = 0', "copies of 1 or more"),
    ('head = "sales_director"', 'head = "sales_director"\nplace = "柜"', "place and place_rule"),
    (
        'head = "sales_director"',
        'head = "sales_director"\ntotal = { unit = "working_day", count = 5, rule = "C-08" }',
        "several legs",
    ),
    ('receiver = "custodian"', 'receiver = "custodian"\nwitness = "gm"', "witness_rule together"),
    (
        'receiver = "custodian"',
        'receiver = "custodian"\nwitness = "custodian"\nwitness_rule = "S1-12.4.4"',
        "neither giver nor receiver",
    ),
]


@pytest.mark.parametrize(("said", "instead", "why"), REFUSED)
def test_what_a_policy_cannot_write(said: str, instead: str, why: str) -> None:
    text = text_of("auto-dealer")
    assert said in text
    with pytest.raises(PolicyError, match=why):
        parse_policy(text.replace(said, instead, 1), "own.toml")


def test_what_a_record_cannot_hold() -> None:
    row = load_pack("customer-service").handover[0]
    with pytest.raises(DomainError, match="leg with at least one"):
        replace(row, leg=())
    with pytest.raises(DomainError, match="departments that differ"):
        replace(row, departments=(Text("销售部"), Text("销售部")))
    duty = replace(row.leg[0].duty, due=Term(Unit.WORKING_DAY, "S1-09.2.5", 1))
    with pytest.raises(DomainError, match="same day"):
        ReceiptPolicy(Text("簿"), RuleId("S1-09.2.5"), duty)
    with pytest.raises(DomainError, match="neither giver nor receiver"):
        LegPolicy(RoleCode("gm"), duty, witness=RoleCode("gm"), witness_rule=RuleId("S1-12.4.4"))


LIKE = """
over = "auto-dealer"
pack = "our-cars"
effective_from = 2026-10-08

[[handover]]
id = "repair"
zh = "维修档案"
en = "Repair"
start = "vehicle_delivered"
checklist = "repair_minor"
rule = "S1-09.4.2.1"
head = "service_director"
disputes_to = "customer_director"
words = ["维修完工"]

[[handover.leg]]
giver = "service_consultant"
receiver = "custodian"

[handover.leg.duty]
due = { unit = "working_day", count = 1, rule = "S1-09.4.2" }

[handover.correction]
due = { unit = "working_day", count = 1, rule = "S1-09.5.10" }

[[handover]]
id = "tyres"
like = "repair"
zh = "轮胎档案"
en = "Tyres"
words = ["换胎完工"]
"""


def test_a_row_like_another_says_only_what_differs() -> None:
    policy = parse_policy(LIKE, "our-cars.toml")
    repair, tyres = policy.handover
    assert tyres == replace(repair, id="tyres", zh="轮胎档案", en="Tyres", words=("换胎完工",))


@pytest.mark.parametrize("other", ["new_car", "tyres"])
def test_a_row_is_like_one_above_it_only(other: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(LIKE.replace('like = "repair"', f'like = "{other}"'), "our-cars.toml")
    assert f"our-cars.toml: handover[1].like is {other!r}, expected a row above: repair" in str(
        refused.value
    )
