"""People, their superiors, roles and how they are found."""

from __future__ import annotations

from msgspec.structs import replace

from storage import accounts, roster, staff
from storage.staff import StaffRow
from tests.conftest import UnitFactory
from tests.storage.nouns.company import PEOPLE, staffed


class TestGivenACompany:
    def test_when_saved_then_read_back_as_given(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            head = staff.get(unit.session, "head")
            assert head is not None
            assert (head.name, head.department, head.superior) == ("王海峰", "销售一部", "dir")
            assert head.roles == {"sales_manager"}
            assert head.head_of == ("销售一部",)
            assert head.active
            assert staff.get(unit.session, "nobody") is None

    def test_chain_goes_up_nearest_first(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            assert staff.chain(unit.session, "zhang") == ("head", "dir", "gm")
            assert staff.chain(unit.session, "gm") == ()
            assert staff.chains(unit.session, ("zhang", "gm", "dir", "nobody")) == {
                "zhang": ("head", "dir", "gm"),
                "gm": (),
                "dir": ("gm",),
                "nobody": (),
            }
            assert staff.chains(unit.session, ()) == {}

    def test_whose_deputy_somebody_is(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            staff.save(unit, StaffRow("he", "何景", "销售一部", deputy="zhang"))
            assert staff.with_deputy(unit.session, "zhang") == ("he",)
            staff.deactivate(unit, "he")
            assert staff.with_deputy(unit.session, "zhang") == ()

    def test_chain_passes_over_who_has_left(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            staff.deactivate(unit, "head")
            assert staff.chain(unit.session, "zhang") == ("dir", "gm")

    def test_a_circle_of_superiors_ends(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            staff.save(unit, replace(PEOPLE[0], superior="zhang"))
            assert staff.chain(unit.session, "zhang") == ("head", "dir", "gm")
            assert {one.id for one in staff.team(unit.session, "gm")} == {
                "dir", "head", "zhang", "li", "shan",
            }  # fmt: skip

    def test_reports_are_direct_and_the_team_is_everybody_below(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            assert [one.id for one in staff.reports(unit.session, "head")] == ["li", "zhang"]
            assert {one.id for one in staff.team(unit.session, "dir")} == {"head", "li", "zhang"}

    def test_roles_and_heads_are_looked_up(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            assert staff.holders(unit.session, "salesperson") == ("li", "zhang")
            assert staff.holders(unit.session, "hr") == ()
            assert staff.heads(unit.session, "销售一部") == ("head",)
            staff.save(unit, replace(PEOPLE[4], roles=("hr",)))
            assert staff.holders(unit.session, "salesperson") == ("zhang",)
            assert staff.holders(unit.session, "hr") == ("li",)

    def test_found_by_name_part_pinyin_initials_and_number(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            for words in ("张晓", "晓雯", "zhangx", "ZXW", "zhang"):
                assert [one.id for one in staff.find(unit.session, words, 5)] == ["zhang"], words
            assert [one.id for one in staff.find(unit.session, "szy", 5)] == ["shan"]
            assert staff.find(unit.session, "role:gm", 5) == ()
            assert staff.find(unit.session, " ", 5) == ()
            assert staff.find(unit.session, "魏东", 5) == ()

    def test_a_changed_name_is_found_by_the_new_one_only(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            staff.save(unit, replace(PEOPLE[4], name="李强"))
            assert staff.find(unit.session, "志强", 5) == ()
            assert [one.id for one in staff.find(unit.session, "lq", 5)] == ["li"]

    def test_pages_do_not_overlap(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            for at in range(7):
                staff.save(unit, StaffRow(f"w{at}", f"王小{at}", "一部"))
            first = staff.find(unit.session, "wang", 4)
            second = staff.find(unit.session, "wang", 4, offset=4)
            assert len({one.id for one in (*first, *second)}) == 7


class TestGivenSomebodyLeaves:
    def test_access_ends_with_the_next_message(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            accounts.bind(unit, "phones", "1", "zhang")
            assert staff.by_account(unit.session, "phones", "1") is not None
            staff.deactivate(unit, "zhang")
            assert staff.by_account(unit.session, "phones", "1") is None
            person = staff.get(unit.session, "zhang")
            assert person is not None
            assert (person.active, person.home_channel) == (False, "")

    def test_language_is_kept_when_chosen(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            staff.set_locale(unit, "li", "en")
            person = staff.get(unit.session, "li")
            assert person is not None
            assert person.locale == "en"

    def test_it_is_noted_once_and_again_when_they_are_back(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            assert roster.turned(unit.session, 9) == ()  # who never worked here did not leave
            staff.save(unit, replace(ZHANG, active=False))
            assert [one.id for one in roster.turned(unit.session, 9)] == ["zhang"]
            roster.turn_done(unit, "zhang")
            staff.save(unit, replace(ZHANG, active=False))
            assert roster.turned(unit.session, 9) == ()
            staff.save(unit, ZHANG)
            (back,) = roster.turned(unit.session, 9)
            assert back.active

    def test_the_nearest_superior_who_can_be_told_is_in_charge(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            for one in ("gm", "dir", "head"):
                accounts.bind(unit, "phones", one, one)
            below = {one: roster.leavers_below(unit.session, one) for one in ("head", "dir")}
            assert [one.id for one in below["head"]] == ["left"]
            assert below["dir"] == ()
            staff.deactivate(unit, "head")
            below = {one: roster.leavers_below(unit.session, one) for one in ("dir", "gm")}
            assert [one.id for one in below["dir"]] == ["head", "left"]
            assert below["gm"] == ()

    def test_a_circle_of_leavers_ends(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            staff.save(
                unit, StaffRow("head", "王海峰", "销售一部", superior="zhang", active=False)
            )
            staff.save(unit, replace(ZHANG, active=False))
            found = roster.leavers_below(unit.session, "head")
            assert "head" not in [one.id for one in found]


ZHANG = StaffRow("zhang", "张晓雯", "销售一部", ("salesperson",), "head", "li")
