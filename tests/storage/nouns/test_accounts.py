"""Invites and bound accounts: once, seven days, five wrong tries in an hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from storage import accounts, roster, staff
from storage.accounts import Redeemed, Refusal
from storage.tables import invite
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, staffed

CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class TestGivenAnInvite:
    def test_when_redeemed_then_bound_and_home(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.invite(unit, "zhang", CODE, NOW)
            assert accounts.redeem(unit, "telegram", "7", CODE, NOW) == Redeemed("zhang")
            person = staff.by_account(unit.session, "telegram", "7")
            assert person is not None
            assert (person.id, person.home_channel, person.home_account) == (
                "zhang", "telegram", "7",
            )  # fmt: skip

    def test_case_spaces_and_hyphens_do_not_matter(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.invite(unit, "zhang", CODE, NOW)
            typed = "abcdef-ghijkl mnopqrstuvwxyz"
            assert accounts.redeem(unit, "telegram", "7", typed, NOW) == Redeemed("zhang")

    def test_it_works_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.invite(unit, "zhang", CODE, NOW)
            accounts.redeem(unit, "telegram", "7", CODE, NOW)
            assert accounts.redeem(unit, "telegram", "8", CODE, NOW) is Refusal.USED
            assert staff.by_account(unit.session, "telegram", "8") is None

    @pytest.mark.parametrize(("days", "works"), [(6.99, True), (7, False)])
    def test_it_lives_seven_days(
        self, unit_factory: UnitFactory, days: float, works: bool
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.invite(unit, "zhang", CODE, NOW)
            answer = accounts.redeem(unit, "phones", "7", CODE, NOW + timedelta(days=days))
            assert (answer == Redeemed("zhang")) is works
            assert works or answer is Refusal.EXPIRED

    def test_a_new_one_ends_the_old_one(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.invite(unit, "zhang", CODE, NOW)
            accounts.invite(unit, "zhang", CODE[::-1], NOW)
            assert accounts.redeem(unit, "phones", "7", CODE, NOW) is Refusal.EXPIRED
            assert accounts.redeem(unit, "phones", "7", CODE[::-1], NOW) == Redeemed("zhang")

    def test_it_opens_nothing_for_who_has_left(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.invite(unit, "left", CODE, NOW)
            assert accounts.redeem(unit, "phones", "7", CODE, NOW) is Refusal.INACTIVE

    def test_somebody_elses_account_is_not_taken_over(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.bind(unit, "phones", "7", "li")
            accounts.invite(unit, "zhang", CODE, NOW)
            assert accounts.redeem(unit, "phones", "7", CODE, NOW) is Refusal.TAKEN

    def test_only_its_hash_is_kept(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.invite(unit, "zhang", CODE, NOW)
            kept = unit.session.execute(select(invite)).one()
            assert CODE not in str(kept)

    def test_codes_are_long_and_differ(self) -> None:
        codes = {accounts.draw_code() for _ in range(50)}
        assert len(codes) == 50
        assert all(len(code) == 26 and code.isalnum() for code in codes)


class TestGivenAGuesser:
    def test_after_five_wrong_codes_the_right_one_is_refused_for_the_hour(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.invite(unit, "zhang", CODE, NOW)
            for minute in range(5):
                at = NOW + timedelta(minutes=minute)
                assert accounts.redeem(unit, "phones", "7", "wrong", at) is Refusal.UNKNOWN
            later = NOW + timedelta(minutes=59)
            assert accounts.redeem(unit, "phones", "7", CODE, later) is Refusal.TOO_MANY
            assert accounts.redeem(unit, "phones", "8", "x", later) is Refusal.UNKNOWN
            next_hour = NOW + timedelta(hours=1)
            assert accounts.redeem(unit, "phones", "7", CODE, next_hour) == Redeemed("zhang")

    def test_strangers_are_answered_once_an_hour(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            seen = [
                accounts.stranger_seen(unit, "phones", "9", NOW + timedelta(minutes=minutes))
                for minutes in (0, 1, 59, 60, 61, 121)
            ]
            assert seen == [True, False, False, True, False, True]

    def test_one_who_wrote_nothing_is_met_once_and_was_answered(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            met = [accounts.met(unit, "wecom", one, NOW) for one in ("9", "9", "8")]
            assert met == [True, False, True]
            later = NOW + timedelta(minutes=59)
            assert not accounts.stranger_seen(unit, "wecom", "9", later)
            assert not accounts.met(unit, "wecom", "9", NOW + timedelta(days=99))
            found = accounts.strangers(unit.session, 5)
            assert [(one.account, one.seen) for one in found] == [("9", 1), ("8", 0)]


class TestGivenSeveralMessengers:
    def test_the_first_is_home_until_it_goes(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.bind(unit, "telegram", "1", "zhang")
            accounts.bind(unit, "wecom", "zx", "zhang")
            assert [one.channel for one in accounts.of_person(unit.session, "zhang")] == [
                "telegram", "wecom",
            ]  # fmt: skip
            accounts.unbind(unit, "telegram", "1")
            person = staff.get(unit.session, "zhang")
            assert person is not None
            assert (person.home_channel, person.home_account) == ("wecom", "zx")

    def test_an_account_given_to_another_takes_no_notices_along(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.bind(unit, "wecom", "x", "zhang")
            accounts.bind(unit, "wecom", "x", "li")
            before, after = (staff.get(unit.session, one) for one in ("zhang", "li"))
            assert before is not None
            assert after is not None
            assert (before.home_account, after.home_account) == ("", "x")

    def test_binding_it_again_moves_no_home(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.bind(unit, "wecom", "zx", "zhang")
            accounts.bind(unit, "telegram", "1", "zhang")
            accounts.bind(unit, "wecom", "zx", "zhang")
            person = staff.get(unit.session, "zhang")
            assert person is not None
            assert person.home_channel == "wecom"


class TestGivenARedeemedInvite:
    def test_one_account_for_each_messenger(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.bind(unit, "telegram", "1", "zhang")
            accounts.bind(unit, "wecom", "zx", "zhang")
            accounts.invite(unit, "zhang", CODE, NOW)
            answer = accounts.redeem(unit, "telegram", "2", CODE, NOW)
            assert isinstance(answer, Redeemed)
            assert [one.account for one in answer.replaced] == ["1"]
            bound = accounts.of_person(unit.session, "zhang")
            assert sorted(one.account for one in bound) == ["2", "zx"]

    def test_a_derived_code_is_as_long_and_differs(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            codes = {accounts.derive_code(unit) for _ in range(50)}
        assert len(codes) == 50
        assert all(len(code) == 26 and code.isalnum() for code in codes)

    def test_its_owner_is_known_until_it_is_somebody_elses(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.invite(unit, "zhang", CODE, NOW)
            assert accounts.meant_for(unit.session, CODE.lower()) == "zhang"
            assert accounts.meant_for(unit.session, CODE[::-1]) is None
            assert accounts.close_invites(unit, "zhang") == 1
            assert accounts.close_invites(unit, "zhang") == 0
            assert accounts.redeem(unit, "phones", "7", CODE, NOW) is Refusal.EXPIRED


class TestGivenAChatThatFails:
    def test_home_moves_and_comes_back_only_if_chosen(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.bind(unit, "telegram", "1", "zhang")
            accounts.bind(unit, "wecom", "zx", "zhang")
            assert home(unit) == ("telegram", "1")
            first = accounts.get(unit.session, "telegram", "1")
            assert first is not None
            accounts.lose(unit, first, accounts.BLOCKED)
            accounts.settle_home(unit, "zhang")
            assert home(unit) == ("wecom", "zx")
            accounts.regain(unit, "telegram", "1")
            accounts.settle_home(unit, "zhang")
            assert home(unit) == ("wecom", "zx")
            staff.pin(unit, "zhang", "telegram")
            accounts.settle_home(unit, "zhang")
            assert home(unit) == ("telegram", "1")

    def test_without_another_there_is_no_home(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.bind(unit, "telegram", "1", "zhang")
            only = accounts.get(unit.session, "telegram", "1")
            assert only is not None
            accounts.lose(unit, only, accounts.BLOCKED)
            accounts.settle_home(unit, "zhang")
            assert home(unit) == ("", "")
            assert roster.count(unit.session, roster.Standing.UNREACHABLE) == 1

    def test_a_messenger_that_is_off_is_found_and_found_again(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.bind(unit, "telegram", "1", "zhang")
            (off,) = accounts.switched(unit.session, frozenset({"wecom"}), 9)
            accounts.lose(unit, off, accounts.OFF)
            assert accounts.switched(unit.session, frozenset({"wecom"}), 9) == ()
            (on,) = accounts.switched(unit.session, frozenset({"telegram"}), 9)
            assert (on.account, on.unreachable_why) == ("1", accounts.OFF)


class TestGivenAccountsOnSeveralMessengers:
    def test_when_all_are_asked_for_then_those_in_use_come_by_person(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            for channel, account, person in (
                ("telegram", "9", "zhang"), ("phones", "1", "zhang"), ("wecom", "2", "li"),
            ):  # fmt: skip
                accounts.bind(unit, channel, account, person)
            found = accounts.everybody(unit.session, {"telegram", "wecom"})
            assert [(one.staff_id, one.channel) for one in found] == [
                ("li", "wecom"), ("zhang", "telegram"),
            ]  # fmt: skip
            assert found[1] in accounts.of_person(unit.session, "zhang")
            assert accounts.everybody(unit.session, ()) == ()


def home(unit: Unit) -> tuple[str, str]:
    person = staff.get(unit.session, "zhang")
    assert person is not None
    return person.home_channel, person.home_account
