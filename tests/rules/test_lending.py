"""How each pack lends, against the catalogue; what a policy cannot write."""

import pytest

from rules.errors import DomainError
from rules.incidents import IncidentKind, told_of
from rules.leaves import RoleCode, RuleId
from rules.lending import DaysOff, LoanPolicy, Place, ReturnCheck, Sublend, Unreturned
from rules.occasions import Action
from rules.policy import PolicyError, available_packs, load_pack, parse_policy
from rules.role_uses import role_uses
from rules.rungs import Rung
from rules.written import text_of

PLAIN = "-1d 09:00, 0d 09:00, 0d 15:00, every 1d until return"

LENDING = {
    # pack: decided as, how far, longest loan, rule, reminders, who hears of a delay and when
    "sales-levels": (
        "consult", "company_only", "calendar_day 3", "C-18", PLAIN,
        "department_manager +1d 09:00, sales_director +3d 09:00",
    ),
    "customer-service": (
        "loan", "out", "calendar_day 3", "S2-INFO.19.5", PLAIN,
        "department_head +1d 09:00, cs_manager +3d 09:00",
    ),
    "auto-dealer": (
        "loan", "out", "calendar_day 3", "C-39", PLAIN,
        "department_head +1d 09:00, customer_director +3d 09:00",
    ),
    "pharma": (
        "loan", "out", "calendar_day 3", "C-39", PLAIN,
        "direct_superior +1d 09:00, custodian +3d 09:00",
    ),
    "industrial-sales": (
        "loan", "out", "calendar_day 3", "C-39", PLAIN,
        "department_head +1d 09:00, sales_director +3d 09:00",
    ),
    "property": (
        "consult", "office_only", "same_day 0", "C-64", "0d 16:30, every 1d until return",
        "tenant_manager +1wd 09:00",
    ),
    "loan-guarantee": (
        "loan", "out", "month 1", "S4-LOAN.6.3", PLAIN, "custodian +1d 09:00, gm +3d 09:00",
    ),
    "engineering": (
        "loan", "out", "same_day 0", "S3-ENG.3.3a", "0d 16:30, 0d 18:00, every 1d until return",
        "back_office_manager +1wd 09:00",
    ),
    "public-body": (
        "loan", "out", "calendar_day 3", "C-18", PLAIN,
        "custodian +1d 09:00, office_director +3d 09:00",
    ),
    "file-custody": (
        "loan", "out", "calendar_day 7", "S1-14.5b", "-2d 09:00, 0d 09:00, every 1d until return",
        "custodian +1d 09:00, section_chief +1d 09:00",
    ),
    "corporate-archive": (
        "loan", "out", "month 1", "S1-15.6.2", PLAIN,
        "archivist_full +1d 09:00, leader_in_charge +3d 09:00",
    ),
}  # fmt: skip

SUBLENDING = {
    "sales-levels": "witnessed S3-LOG.2.3a",
    "customer-service": "witnessed S3-LOG.2.3a",
    "auto-dealer": "witnessed S3-LOG.2.3a",
    "pharma": "forbidden S1-05.4",
    "industrial-sales": "forbidden S1-04.4.6",
    "property": "forbidden S1-02.7",
    "loan-guarantee": "forbidden S4-LOAN.6.1b",
    "engineering": "witnessed S3-LOG.2.3a",
    "public-body": "forbidden S1-12.2.5",
    "file-custody": "forbidden S1-14.6",
    "corporate-archive": "forbidden S1-15.7.3",
}

INCIDENTS = {
    # pack: who hears of papers missing or damaged, and why
    "sales-levels": "custodian, direct_superior S1-14.7",
    "customer-service": "info_supervisor, cs_manager S2-DOSS.23b",
    "auto-dealer": "custodian, customer_director S1-09.5.7",
    "pharma": "direct_superior, custodian S1-05.5",
    "industrial-sales": "sales_director, gm S1-04.4.6",
    "property": "tenant_supervisor, tenant_manager S1-02.7",
    "loan-guarantee": "custodian, gm S4-LOAN.3.2",
    "engineering": "custodian, back_office_manager S3-ENG.3.4",
    "public-body": "office_director S1-12.3.6",
    "file-custody": "company_office S1-14.7",
    "corporate-archive": "leader_in_charge S1-15.7.6",
}


def lending(pack: str) -> LoanPolicy:
    loan = load_pack(pack).loan
    assert loan is not None
    return loan


@pytest.mark.parametrize("pack", LENDING)
@pytest.mark.rule("S2-INFO.19.5")
@pytest.mark.rule("S1-14.5b")
@pytest.mark.rule("S3-ENG.3.3a")
@pytest.mark.rule("S1-02.7")
@pytest.mark.rule("C-18")
@pytest.mark.rule("C-39")
@pytest.mark.rule("C-64")
def test_a_loan_is_as_long_as_the_catalogue_says(pack: str) -> None:
    loan = lending(pack)
    due = loan.duty.due
    assert (
        loan.request.value,
        loan.place.value,
        f"{due.unit.value} {due.count}",
        due.rule,
        ", ".join(str(rung) for rung in loan.duty.remind),
        ", ".join(f"{one.to} {one.after}" for one in loan.duty.escalate),
    ) == LENDING[pack]


def test_eleven_packs_lend_and_the_hotel_does_not() -> None:
    assert set(LENDING) == set(SUBLENDING) == set(INCIDENTS)
    assert set(available_packs()) - set(LENDING) == {"hotel"}
    assert load_pack("hotel").loan is None


@pytest.mark.parametrize("pack", SUBLENDING)
@pytest.mark.rule("S1-15.7.3")
@pytest.mark.rule("S1-14.6")
@pytest.mark.rule("S1-05.4")
def test_who_may_pass_papers_on(pack: str) -> None:
    loan = lending(pack)
    assert f"{loan.sublend} {loan.sublend_rule}" == SUBLENDING[pack]


@pytest.mark.parametrize("pack", INCIDENTS)
@pytest.mark.rule("S1-15.7.6")
@pytest.mark.rule("S1-14.7")
def test_who_hears_of_what_is_missing(pack: str) -> None:
    told = told_of(load_pack(pack), IncidentKind.LOST)
    assert f"{', '.join(told.to)} {told.rule}" == INCIDENTS[pack]


@pytest.mark.parametrize("pack", LENDING)
@pytest.mark.rule("C-07")
def test_chasing_waits_for_a_working_day(pack: str) -> None:
    assert (lending(pack).days_off, lending(pack).days_off_rule) == (DaysOff.WAIT, "C-07")


@pytest.mark.rule("S2-INFO.23.2")
def test_where_who_carries_papers_outside_is_named() -> None:
    named = {pack: rule for pack in LENDING if (rule := lending(pack).carrier_rule)}
    assert named == {"customer-service": "S2-INFO.23.2"}


@pytest.mark.parametrize("pack", LENDING)
@pytest.mark.rule("S1-09.2.6", "S1-15.7.1", "S1-12.1.2")
def test_every_pack_that_lends_says_who_decides(pack: str) -> None:
    policy = load_pack(pack)
    assert any(row.action is lending(pack).request for row in policy.approval)


@pytest.mark.rule("S4-LOAN.6.2", "S1-12.3.3", "S2-INFO.19.5", "S2-DOSS.28.4")
def test_what_the_register_or_slip_is_called() -> None:
    forms = {pack: lending(pack).form for pack in LENDING}
    assert forms["loan-guarantee"] == "档案资料出借单"
    assert forms["customer-service"] == "外借登记册"
    assert forms["public-body"] == "档案借阅登记表"


@pytest.mark.rule("S1-14.2")
def test_nothing_is_read_or_lent_of_personal_files_without_the_application() -> None:
    asked = (Action.CONSULT, Action.LOAN)
    rows = [one for one in load_pack("file-custody").approval if one.action in asked]
    assert {one.action for one in rows} == set(asked)
    for row in rows:
        assert row.chain
        assert (row.exempt, row.register_only) == ((), False)
    assert lending("file-custody").form == "档案借(查)阅申请单"


@pytest.mark.rule("S3-ENG.3.3a")
def test_originals_stay_in_the_house_of_the_contractor_only() -> None:
    kept = {pack for pack in LENDING if not lending(pack).originals_out}
    assert kept == {"engineering"}
    assert lending("engineering").originals_rule == "S3-ENG.3.3a"


@pytest.mark.rule("S1-15.6.2")
@pytest.mark.rule("S4-LOAN.6.3")
def test_where_the_day_is_stated_each_time() -> None:
    stated = {pack for pack in LENDING if lending(pack).stated}
    assert stated == {"corporate-archive", "loan-guarantee"}


@pytest.mark.rule("S1-14.5b")
@pytest.mark.rule("S1-14.5d")
@pytest.mark.rule("C-19")
@pytest.mark.rule("C-73")
def test_renewals_and_long_term_loans() -> None:
    for pack in LENDING:
        loan = lending(pack)
        assert loan.renewals_max == (0 if pack == "property" else 1)
        assert loan.renewal.count <= 7
    assert {pack for pack in LENDING if lending(pack).long_term} == {
        "file-custody", "corporate-archive",
    }  # fmt: skip
    assert lending("file-custody").long_term_rule == "S1-14.5d"
    assert lending("engineering").renewal.rule == "C-73"
    assert lending("customer-service").renewal.rule == "C-19"


@pytest.mark.rule("S1-10.7")
@pytest.mark.rule("S1-12.3.6")
@pytest.mark.rule("S1-15.7.5")
def test_what_is_looked_at_when_papers_come_back() -> None:
    assert lending("file-custody").return_checks == tuple(ReturnCheck)
    assert ReturnCheck.MARKS in lending("corporate-archive").return_checks
    assert all(ReturnCheck.COMPLETENESS in lending(pack).return_checks for pack in LENDING)


@pytest.mark.rule("S1-12.3.5")
@pytest.mark.rule("S1-14.6")
@pytest.mark.rule("S1-15.7.3")
@pytest.mark.rule("S1-15.6.4")
def test_where_a_notice_is_confirmed_at_the_hand_out() -> None:
    notices = {pack: rule for pack in LENDING if (rule := lending(pack).notice_rules)}
    assert notices == {
        "customer-service": ("S2-DOSS.24.4",),
        "public-body": ("S1-12.3.5",),
        "file-custody": ("S1-14.6",),
        "corporate-archive": ("S1-15.7.3", "S1-15.6.4"),
    }


@pytest.mark.rule("S3-ENG.3.6")
def test_the_monthly_list_goes_to_the_general_manager_on_the_5th() -> None:
    listed = lending("engineering").unreturned
    assert listed is not None
    assert (str(listed.send), listed.to) == ("day 5 09:00", "gm")
    assert [str(rung) for rung in listed.remind] == ["day 1 09:00", "day 4 09:00"]
    assert all(lending(pack).unreturned is None for pack in LENDING if pack != "engineering")


def test_spot_checks_are_off_until_a_company_names_how_many() -> None:
    assert all(lending(pack).spot_checks is None for pack in LENDING)
    text = text_of("engineering")
    checks = '[loan.spot_checks]\npercent = {}\nrule = "S1-15.5.3"\n'
    loan = parse_policy(f"{text}\n{checks.format(5)}", "company.toml").loan
    assert loan is not None
    assert loan.spot_checks is not None
    assert (loan.spot_checks.percent, loan.spot_checks.rule) == (5, "S1-15.5.3")
    for percent in (0, 101):
        with pytest.raises(PolicyError, match="1 to 100"):
            parse_policy(f"{text}\n{checks.format(percent)}", "company.toml")


@pytest.mark.rule("S2-INFO.19.1")
def test_a_borrower_hoards_nothing() -> None:
    limits = {pack: lending(pack).limit_rule for pack in LENDING if lending(pack).limit == 10}
    assert limits == {
        "customer-service": "S2-INFO.19.1",
        "auto-dealer": "C-39",
        "pharma": "C-39",
        "industrial-sales": "C-39",
    }


def test_the_roles_of_a_loan_are_asked_for() -> None:
    uses = {use.key: (use.roles, use.rule) for use in role_uses(load_pack("engineering"))}
    assert uses["loan.duty.escalate[0].to"] == (("back_office_manager",), "S3-ENG.3.3a")
    assert uses["incident.told.damaged.to[1]"] == (("back_office_manager",), "S3-ENG.3.7")
    assert uses["loan.unreturned.to"] == (("gm",), "S3-ENG.3.6")


def test_a_company_switches_lending_off_or_takes_the_common_values() -> None:
    before = text_of("customer-service").partition("[loan]")[0]
    assert parse_policy(f"loan = false\n{before}", "company.toml").loan is None
    plain = parse_policy(before, "company.toml").loan
    assert plain is not None
    assert (plain.duty.due.rule, plain.place, plain.sublend) == (
        "C-18", Place.OUT, Sublend.WITNESSED,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('request = "copy"', "request = 'loan' or 'consult'"),
        ('place = "company_only"', "place_rule together"),
        ('place_rule = "C-18"', "place_rule together"),
        ("originals_out = false", "originals_rule together"),
        ("long_term = true", "long_term_rule together"),
        ('long_term = true\nlong_term_rule = "S1-14.5d"', "long_term_check together"),
        (
            'long_term = true\nlong_term_rule = "S1-14.5d"\nlong_term_check = "every 3m"',
            "until due",
        ),
        ("limit = 3", "limit_rule together"),
        ('limit = 0\nlimit_rule = "C-39"', "limit of 1 or more"),
        ("renewals_max = -1", "renewals_max of 0 or more"),
        ('renewal = { count = 3, rule = "C-1" }', "renewal with a rule"),
        ("return_checks = []", "at least one"),
        ('incident_to = ["gm"]', "expected one of"),
        ('days_off = "never"', "one of wait, send"),
        ('incident_after = "every 1d"', "strikes once"),
        ('sublend = "free"', "forbidden"),
        ("loans = 3", "one of"),
    ],
)
def test_what_contradicts_itself_is_refused(line: str, words: str) -> None:
    text = text_of("customer-service").partition("[loan]")[0]
    with pytest.raises(PolicyError, match=r"company\.toml") as caught:
        parse_policy(f"{text}\n[loan]\n{line}\n", "company.toml")
    assert words in str(caught.value)


@pytest.mark.parametrize(("send", "remind"), [("0d 09:00", []), ("day 5 09:00", ["day 6 09:00"])])
def test_a_monthly_list_hangs_on_days_of_the_month(send: str, remind: list[str]) -> None:
    rungs = tuple(Rung.parse(one) for one in remind)
    with pytest.raises(DomainError):
        Unreturned(Rung.parse(send), RoleCode("gm"), RuleId("S3-ENG.3.6"), rungs)
