"""Several packs in one company: which one governs a dossier, and on which day."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from rules.errors import DomainError
from rules.hours import zone
from rules.policies import Governed, Policies
from rules.policy import Policy, load_pack

DAY = date(2026, 9, 14)
SERVICE = load_pack("customer-service", ("log",))
DEALER = load_pack("auto-dealer")
SALES = load_pack("sales-levels")
HOTEL = load_pack("hotel")

COMPANY = Policies(
    (
        Governed((DEALER,), dossier_types=("vehicle",)),
        Governed((SERVICE,)),
        Governed((SALES,), departments=("销售一部", "销售二部"), dossier_types=("customer",)),
    )
)


@pytest.mark.parametrize(
    ("department", "dossier_type", "policy"),
    [
        ("售后部", "vehicle", DEALER),
        ("销售一部", "vehicle", DEALER),
        ("销售一部", "customer", SALES),
        ("销售二部", "customer", SALES),
        ("销售一部", "supplier", SERVICE),
        ("财务部", "customer", SERVICE),
        ("", "customer", SERVICE),
    ],
)
def test_a_dossier_has_one_policy(department: str, dossier_type: str, policy: Policy) -> None:
    assert COMPANY.on(DAY).governing(department, dossier_type) is policy


def test_the_pack_without_limits_is_the_company_wide_one() -> None:
    assert COMPANY.company(DAY) is SERVICE
    assert COMPANY.at(datetime(2026, 9, 14, 1, tzinfo=UTC)).company is SERVICE
    assert COMPANY.on(DAY).every == (DEALER, SERVICE, SALES)
    assert COMPANY.several
    assert not Policies.of(SERVICE).several
    assert str(COMPANY.zone) == "Asia/Shanghai"


@pytest.mark.rule("S1-09.7.1")
class TestGivenAVersionFromOctober:
    later = replace(SERVICE, effective_from=date(2026, 10, 8))
    policies = Policies((Governed((SERVICE, later)),))

    @pytest.mark.parametrize(
        ("day", "is_later"),
        [(date(2025, 1, 1), False), (date(2026, 10, 7), False), (date(2026, 10, 8), True)],
    )
    def test_when_asked_for_a_day_then_the_version_of_that_day(
        self, day: date, is_later: bool
    ) -> None:
        assert self.policies.company(day) is (self.later if is_later else SERVICE)

    def test_when_asked_for_an_instant_then_the_office_day_counts(self) -> None:
        before = datetime(2026, 10, 7, 15, 59, tzinfo=UTC)
        assert self.policies.at(before).company is SERVICE
        assert self.policies.at(before.replace(hour=16)).company is self.later


@pytest.mark.parametrize(
    ("governed", "words"),
    [
        ([Governed((DEALER,), dossier_types=("vehicle",))], "nothing governs the others"),
        ([], "nothing governs"),
        ([Governed((DEALER,)), Governed((SERVICE,))], "auto-dealer and customer-service both"),
        ([Governed((DEALER,), ("A",)), Governed((DEALER,))], "auto-dealer is listed twice"),
        (
            [
                Governed((SERVICE,)),
                Governed((DEALER,), departments=("销售一部",)),
                Governed((HOTEL,), dossier_types=("guest",)),
            ],
            "auto-dealer and hotel both govern dossiers of type guest of 销售一部",
        ),
        (
            [
                Governed((SERVICE,)),
                Governed((DEALER,), departments=("A", "B")),
                Governed((HOTEL,), departments=("B", "C")),
            ],
            "auto-dealer and hotel both govern dossiers of B",
        ),
        (
            [
                Governed((SERVICE,)),
                Governed(
                    (replace(DEALER, time=replace(DEALER.time, zone=zone("Asia/Urumqi"))),),
                    departments=("A",),
                ),
            ],
            "one zone for all packs",
        ),
    ],
)
def test_overlaps_and_gaps_are_named(governed: list[Governed], words: str) -> None:
    with pytest.raises(DomainError, match=words):
        Policies(tuple(governed))


def test_parts_that_share_nothing_stand_beside_each_other() -> None:
    Policies(
        (
            Governed((SERVICE,)),
            Governed((DEALER,), ("A",), ("vehicle",)),
            Governed((HOTEL,), ("A",), ("guest",)),
        )
    )


@pytest.mark.parametrize("versions", [(), (SERVICE, SERVICE), (SERVICE, DEALER)])
def test_versions_follow_each_other(versions: tuple[Policy, ...]) -> None:
    with pytest.raises(DomainError):
        Governed(versions)


@pytest.mark.rule("S1-09.7.1")
class TestGivenPapersAreHandedOverNoMore:
    without = replace(DEALER, handover=(), effective_from=date(2026, 10, 8))
    part = Governed((DEALER, without), dossier_types=("vehicle",))
    taken_out = Policies((Governed((SERVICE,)), part))
    dropped = Policies((Governed((SERVICE,)),), former=(Governed((DEALER,)),))

    def test_then_what_the_pack_said_is_still_known(self) -> None:
        day = date(2026, 10, 9)
        assert self.taken_out.on(day).every == (SERVICE, self.without)
        assert self.taken_out.on(day).handing == (SERVICE, DEALER)
        assert self.dropped.on(day).every == (SERVICE,)
        assert self.dropped.on(day).handing == (SERVICE, DEALER)
        assert self.part.handovers(day) == DEALER.handover
        assert self.part.back_from(day) == (self.without, DEALER)
        assert self.part.back_from(DAY) == (DEALER,)

    def test_then_a_pack_that_ships_is_known_without_being_listed(self) -> None:
        company = Policies.of(SERVICE)
        assert company.versions("auto-dealer", DAY) == (DEALER,)
        assert company.versions("our-cars", DAY) == ()
        assert self.taken_out.versions("auto-dealer", date(2026, 10, 9))[0] is self.without
        assert DEALER in self.taken_out.versions("auto-dealer", date(2026, 10, 9))
