"""Who hears of an incident, under every pack, and until when again."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import pytest
from msgspec.structs import replace

from rules.access import StaffId
from rules.deciders import Away
from rules.hearers import Concern, Telling
from rules.incidents import IncidentKind, anchor, is_checked, ladder, told_of
from rules.policy import PolicyError, available_packs, load_pack, parse_policy
from rules.reminders import next_due, occurrences
from rules.role_uses import role_uses
from tests.rules.staff_list import CALENDAR, NINE, TIME, StaffList

POLICY = load_pack("customer-service")
DAY = date(2026, 9, 14)
OF_LOSS = POLICY.incident, IncidentKind.LOST, "author"
LEAK = ("info_supervisor", "cs_manager", "gm_office")

# pack: who hears of lost, damaged, leaked, account, theft, fire, overdue; `.`: as the one before
TOLD = {
    "sales-levels": "custodian+direct_superior . gm department_manager+hr "
    "custodian+direct_superior . .",
    "customer-service": "info_supervisor+cs_manager . info_supervisor+cs_manager+gm_office "
    "info_supervisor+cs_manager+gm_office+it_department info_supervisor+cs_manager+gm_office . "
    "info_supervisor+cs_manager",
    "auto-dealer": "custodian+customer_director . gm department_manager custodian+direct_superior "
    ". custodian+customer_director",
    "pharma": "direct_superior+custodian . gm department_manager custodian+direct_superior . .",
    "industrial-sales": "sales_director+gm . gm sales_director+gm . custodian+direct_superior .",
    "property": "tenant_supervisor+tenant_manager . gm department_manager "
    "custodian+direct_superior . tenant_supervisor+tenant_manager",
    "hotel": "custodian+direct_superior . gm department_manager custodian+direct_superior . .",
    "loan-guarantee": "custodian+gm . gm department_manager custodian+gm . .",
    "engineering": "custodian+back_office_manager . gm department_manager "
    "custodian+direct_superior . back_office_manager+gm",
    "public-body": "office_director . . department_manager office_director+leader_of_office . "
    "office_director",
    "file-custody": "company_office . leader_in_charge department_manager company_office . .",
    "corporate-archive": "leader_in_charge . . . . . .",
}
KINDS = (
    IncidentKind.LOST,
    IncidentKind.DAMAGED,
    IncidentKind.LEAKED,
    IncidentKind.ACCOUNT,
    IncidentKind.THEFT,
    IncidentKind.FIRE,
    IncidentKind.OVERDUE,
)


@pytest.mark.rule("S1-14.7")
@pytest.mark.rule("S1-15.7.6")
@pytest.mark.rule("S1-15.6.5")
@pytest.mark.rule("S2-INFO.27")
@pytest.mark.rule("S2-SECR.13")
@pytest.mark.rule("S2-SECR.12b")
@pytest.mark.rule("S1-07.3.3.2b")
@pytest.mark.parametrize("pack", available_packs())
def test_every_pack_says_who_hears_of_what(pack: str) -> None:
    policy, expected, before = load_pack(pack), TOLD[pack].split(), ""
    for kind, words in zip(KINDS, expected, strict=True):
        before = before if words == "." else words
        assert "+".join(told_of(policy, kind).to) == before, kind


@pytest.mark.rule("S2-DOSS.23b")
def test_the_archive_is_counted_after_loss_damage_theft_and_fire() -> None:
    for pack in available_packs():
        policy = load_pack(pack)
        checked = {kind for kind in IncidentKind if is_checked(policy, kind)}
        assert checked == {
            IncidentKind.LOST, IncidentKind.DAMAGED, IncidentKind.THEFT, IncidentKind.FIRE,
        }  # fmt: skip
        assert policy.incident.check_to == ("custodian",)


def test_posts_that_nobody_holds_are_warned_of() -> None:
    uses = {use.key: use.roles for use in role_uses(POLICY)}
    assert uses["incident.told.theft.to[2]"] == ("gm_office",)
    assert uses["incident.check_to[0]"] == ("custodian",)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ('[incident]\nrepeat = "2h"', "repeat such as 'every 2h'"),
        ('[incident.told]\nstorm = { to = ["gm"], rule = "C-06" }', "told for each of account"),
        ('[incident.told]\nlost = { to = [], rule = "C-06" }', "to with at least one role"),
        ("[incident]\ncheck_to = []", "check_to with at least one role"),
        ('[incident]\ncheck_after = ["storm"]', "one of lost, damaged"),
    ],
)
def test_a_policy_that_tells_nobody_is_refused(wrong: str, expected: str) -> None:
    with pytest.raises(PolicyError, match=expected):
        parse_policy(wrong, "own.toml")


# -- people ------------------------------------------------------------------------------------


@pytest.fixture
def staff() -> StaffList:
    found = StaffList()
    found.add("gm", "gm")
    found.add("office", "gm_office", superior="gm")
    found.add("manager", "cs_manager", superior="gm", head_of="service")
    found.add("supervisor", "info_supervisor", superior="manager", deputy="clerk")
    found.add("clerk", "info_staff", superior="supervisor")
    found.add("head", superior="gm", head_of="sales")
    found.add("sales", "salesperson", superior="head")
    return found


def telling(staff: StaffList, *unreached: str) -> Telling:
    return Telling(staff, lambda one: one not in unreached, DAY)


def concern(reporter: str | None = "sales", person: str | None = "sales") -> Concern:
    return Concern(
        StaffId(reporter) if reporter else None,
        StaffId(person) if person else None,
        department="sales",
    )


def names(staff: StaffList, roles: tuple[str, ...], of: Concern, *unreached: str) -> list[str]:
    heard = telling(staff, *unreached).heard(roles, of)
    return [f"{one.person}{'*' if one.instead else ''}" for one in heard.hearers]


@pytest.mark.rule("C-06")
@pytest.mark.rule("S2-INFO.27")
@pytest.mark.rule("S2-SECR.13")
class TestGivenALeak:
    def test_then_all_three_hear_of_it(self, staff: StaffList) -> None:
        assert names(staff, LEAK, concern()) == ["supervisor", "manager", "office"]

    def test_when_one_of_them_reports_it_then_the_others_hear(self, staff: StaffList) -> None:
        heard = telling(staff).heard(LEAK, concern("manager", "manager"))
        assert [one.person for one in heard.hearers] == ["supervisor", "gm", "office"]
        assert heard.gaps == (("cs_manager", "gm"),)

    def test_when_nobody_holds_a_post_then_the_next_in_line_hears_it(
        self, staff: StaffList
    ) -> None:
        del staff.people[StaffId("office")]
        heard = telling(staff).heard(LEAK, concern())
        assert heard.gaps == (("gm_office", "gm"),)
        assert heard.hearers[-1].person == "gm"
        assert heard.hearers[-1].instead

    def test_when_no_message_reaches_the_holder_then_somebody_else_hears_as_well(
        self, staff: StaffList
    ) -> None:
        assert names(staff, LEAK, concern(), "office") == [
            "supervisor", "manager", "office", "gm*",
        ]  # fmt: skip

    def test_when_the_holder_is_away_then_the_stand_in_hears_too(self, staff: StaffList) -> None:
        one = StaffId("supervisor")
        staff.people[one] = replace(staff.people[one], away=(Away(DAY, DAY),))
        assert names(staff, ("info_supervisor",), concern()) == ["supervisor", "clerk*"]

    def test_when_nobody_at_all_is_there_then_that_is_said(self) -> None:
        alone = StaffList()
        alone.add("sales", "salesperson")
        heard = telling(alone).heard(LEAK, concern())
        assert heard.hearers == ()
        assert heard.gaps == tuple((role, None) for role in LEAK)

    def test_when_two_posts_are_one_person_then_told_once(self, staff: StaffList) -> None:
        staff.add("manager", "cs_manager", "gm_office", superior="gm")
        del staff.people[StaffId("office")]
        assert names(staff, LEAK, concern()) == ["supervisor", "manager"]


@pytest.mark.rule("S1-15.7.6")
class TestGivenRelations:
    def test_then_they_are_those_of_the_person_concerned(self, staff: StaffList) -> None:
        roles = ("direct_superior", "department_manager", "customer_owner")
        of = Concern(StaffId("clerk"), StaffId("sales"), StaffId("sales"), "service")
        assert names(staff, roles, of) == ["head", "manager", "sales"]

    def test_when_there_is_no_superior_then_the_top_hears(self, staff: StaffList) -> None:
        del staff.above[StaffId("sales")]
        heard = telling(staff).heard(("direct_superior",), concern())
        assert heard.gaps == (("direct_superior", "gm"),)

    def test_when_the_program_found_it_then_nobody_is_left_out(self, staff: StaffList) -> None:
        assert names(staff, ("direct_superior",), concern(None)) == ["head"]
        assert names(staff, ("direct_superior",), concern(None, None)) == ["gm*"]


@pytest.mark.rule("S2-DOSS.23b")
def test_who_reports_counts_all_the_same(staff: StaffList) -> None:
    heard = telling(staff).heard(("gm_office",), concern("office"), reporter_too=True)
    assert [one.person for one in heard.hearers] == ["office"]


@pytest.mark.rule("C-55")
def test_who_left_is_followed_by_the_nearest_superior_who_can_be_told(staff: StaffList) -> None:
    assert telling(staff).heir(StaffId("supervisor")) == "manager"
    assert telling(staff, "manager").heir(StaffId("supervisor")) == "gm"
    assert telling(staff).heir(StaffId("supervisor"), {StaffId("manager")}) == "gm"
    assert telling(staff, "gm").heir(StaffId("gm")) is None


# -- until when again --------------------------------------------------------------------------


@pytest.mark.rule("C-06")
class TestGivenSomebodyWhoHasNotConfirmed:
    def test_then_told_again_every_two_hours_at_night_too(self) -> None:
        late = NINE + timedelta(hours=13)
        run = occurrences(ladder(*OF_LOSS), anchor(late, TIME, CALENDAR), None)
        assert [one.send_at - late for one in islice(run, 3)] == [
            timedelta(hours=2), timedelta(hours=4), timedelta(hours=6),
        ]  # fmt: skip

    @pytest.mark.rule("S1-14.7")
    def test_when_a_loan_stays_out_then_once_on_each_working_morning(self) -> None:
        steps = ladder(POLICY.incident, IncidentKind.OVERDUE, "author")
        eve = NINE + timedelta(days=16)  # the last working day before the holiday of October
        run = occurrences(steps, anchor(eve, TIME, CALENDAR), None)
        assert [one.send_at - NINE for one in islice(run, 3)] == [
            timedelta(days=24), timedelta(days=25), timedelta(days=26),
        ]  # fmt: skip

    @pytest.mark.rule("S1-15.7.6")
    def test_when_papers_were_counted_back_damaged_then_in_the_mornings_too(self) -> None:
        late, kind = NINE + timedelta(hours=9), IncidentKind.DAMAGED
        counted = ladder(POLICY.incident, kind, "author", counted=True)
        run = occurrences(counted, anchor(late, TIME, CALENDAR), None)
        assert [one.send_at - NINE for one in islice(run, 2)] == [
            timedelta(days=1), timedelta(days=2),
        ]  # fmt: skip
        steps = ladder(POLICY.incident, kind, "author")
        run = occurrences(steps, anchor(late, TIME, CALENDAR), None)
        assert next(run).send_at - late == timedelta(hours=2)

    def test_when_a_count_finds_pages_missing_then_it_stays_urgent(self) -> None:
        assert ladder(*OF_LOSS, counted=True) == ladder(*OF_LOSS)

    def test_then_it_never_ends_by_itself(self) -> None:
        steps, hangs_on = ladder(*OF_LOSS), anchor(NINE, TIME, CALENDAR)
        said = {one.key for one in islice(occurrences(steps, hangs_on), 500)}
        assert len(said) == 500
        assert next_due(steps, hangs_on, said) is not None
