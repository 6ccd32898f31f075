"""The customer search: what is found, in which order, and with how much work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import dossiers, search
from storage.dossiers import DossierRow
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, customer, staffed


def found(unit: Unit, words: str, staff_id: str = "zhang", limit: int = 20) -> list[str]:
    hits = search.find_dossiers(unit, words, staff_id=staff_id, limit=limit)
    return [one.name for one in hits]


class TestGivenSomeCustomers:
    NAMES = (
        "深圳市鸿鑫贸易有限公司",
        "鸿鑫（东莞）五金贸易有限公司",
        "长安重工机械（重庆）有限公司",
        "Tianlu Instruments (Suzhou) Co., Ltd.",
        "77度咖啡",
        "单晓彤",
    )

    @pytest.fixture
    def unit(self, unit_factory: UnitFactory) -> Unit:
        with unit_factory() as unit:
            staffed(unit)
            for at, name in enumerate(self.NAMES):
                customer(unit, name, phone=f"1540000{at}042")
            yield unit

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("鸿鑫", NAMES[:2]),
            ("鑫贸", NAMES[:1]),  # two characters inside
            ("鸿鑫 五金", NAMES[1:2]),
            ("贸易 鸿鑫", NAMES[:2]),
            ("东莞）五", NAMES[1:2]),
            ("hx", NAMES[:2]),
            ("HXMY", NAMES[:1]),
            ("hong xin", NAMES[:2]),
            ("szshx", NAMES[:1]),
            ("changan", NAMES[2:3]),
            ("tianlu", NAMES[3:4]),
            ("instru", NAMES[3:4]),
            ("77", NAMES[4:5]),
            ("77度", NAMES[4:5]),
            ("sxt", NAMES[5:6]),
            ("shanxiao", NAMES[5:6]),
            ("15400000042", NAMES[:1]),
            ("+86 154 0000 3042", NAMES[3:4]),
            ("03042", NAMES[3:4]),
            ("0042", NAMES[:1]),
            ("9999", ()),
            ("KH-2026-0002", NAMES[1:2]),
            ("kh-2026-0002", NAMES[1:2]),
            ("鑫鸿", ()),
            ("单", NAMES[5:6]),
            ("100%_", ()),
            ("！？", ()),
            ("鸿鑫" * 200, ()),
        ],
    )
    def test_found_by(self, unit: Unit, words: str, expected: tuple[str, ...]) -> None:
        assert set(found(unit, words)) == set(expected)

    def test_a_shared_tail_finds_all(self, unit: Unit) -> None:
        customer(unit, "同号", phone="0755-0866 2042")
        assert set(found(unit, "2042")) == {self.NAMES[2], "同号"}


class TestGivenOwnRecentAndOthers:
    def test_they_come_in_that_order_and_say_so(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            customer(unit, "鸿鑫甲", "li")
            used = customer(unit, "鸿鑫乙乙乙", "li")
            customer(unit, "丙鸿鑫丙丙丙丙", "zhang")
            dossiers.touch_recent(unit, "zhang", used, NOW)
            hits = search.find_dossiers(unit, "鸿鑫", staff_id="zhang", limit=9)
            assert [(one.name, one.own, one.recent) for one in hits] == [
                ("丙鸿鑫丙丙丙丙", True, False),
                ("鸿鑫乙乙乙", False, True),
                ("鸿鑫甲", False, False),
            ]
            assert hits[1].keeper_name == "李志强"

    def test_the_better_fit_comes_first_within_each(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            for name in ("大鸿鑫", "鸿鑫二三四", "鸿鑫", "鸿鑫二"):
                customer(unit, name)
            assert found(unit, "鸿鑫") == ["鸿鑫", "鸿鑫二", "鸿鑫二三四", "大鸿鑫"]

    def test_without_words_the_recent_ones_then_the_own(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            first = customer(unit, "一一", "li")
            customer(unit, "二二", "zhang")
            last = customer(unit, "三三", "zhang")
            customer(unit, "四四", "li")
            dossiers.touch_recent(unit, "zhang", first, NOW)
            dossiers.touch_recent(unit, "zhang", last, NOW + timedelta(hours=1))
            assert found(unit, "") == ["三三", "一一", "二二"]
            dossiers.touch_recent(unit, "zhang", first, NOW + timedelta(hours=2))
            assert found(unit, "") == ["一一", "三三", "二二"]

    def test_who_has_neither_sees_the_first_names(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            customer(unit, "一一")
            assert found(unit, "", "shan") == ["一一"]

    def test_pages_hold_every_hit_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            ids = {customer(unit, f"鸿鑫{at}", ("zhang", "li")[at % 2]) for at in range(23)}
            pages = [
                search.find_dossiers(unit, "鸿鑫", staff_id="zhang", limit=8, offset=offset)
                for offset in (0, 8, 16, 24)
            ]
            assert [len(page) for page in pages] == [8, 8, 7, 0]
            assert {one.id for page in pages for one in page} == ids


class TestGivenCommonWords:
    """More rows than NARROW: own and recent ones must not drown among the others."""

    @pytest.fixture
    def unit(self, unit_factory: UnitFactory) -> Unit:
        with unit_factory() as unit:
            staffed(unit)
            rows = [DossierRow(f"字号{at:04d}贸易有限公司", "li", f"X-{at}") for at in range(900)]
            dossiers.add_all(unit, rows, by="shan")
            yield unit

    @pytest.mark.parametrize("words", ["贸易", "有限公司", "易有", "有限 公司"])
    def test_own_and_recent_come_first(self, unit: Unit, words: str) -> None:
        own = customer(unit, "齐齐贸易有限公司", "zhang")
        used = customer(unit, "龙龙贸易有限公司", "li")
        dossiers.touch_recent(unit, "zhang", used, NOW)
        hits = search.find_dossiers(unit, words, staff_id="zhang", limit=5)
        assert [one.id for one in hits][:2] == [own, used]
        assert len(hits) == 5

    def test_own_and_recent_come_first_by_pinyin(self, unit: Unit) -> None:
        own = customer(unit, "卒卒贸易有限公司", "zhang")  # zuzu sorts behind all zihao...
        used = customer(unit, "足足贸易有限公司", "li")
        dossiers.touch_recent(unit, "zhang", used, NOW)
        hits = search.find_dossiers(unit, "z", staff_id="zhang", limit=5)
        assert [one.id for one in hits][:2] == [own, used]

    @pytest.mark.parametrize("words", ["贸易", "有限 公司", "易", "z"])
    def test_every_page_is_a_piece_of_the_whole_list(self, unit: Unit, words: str) -> None:
        for at in range(20):
            customer(unit, f"{'甲' * (at % 3)}足{at}贸易有限公司", "zhang")
            used = customer(unit, f"卒{at}贸易有限公司", "li")
            dossiers.touch_recent(unit, "zhang", used, NOW)

        def ids(limit: int, offset: int) -> list[int]:
            page = search.find_dossiers(unit, words, staff_id="zhang", limit=limit, offset=offset)
            return [one.id for one in page]

        whole = ids(1000, 0)
        assert len(whole) >= 40
        assert [ids(9, at) for at in range(0, 63, 9)] == [
            whole[at : at + 9] for at in range(0, 63, 9)
        ]

    def test_of_very_many_own_ones_the_best_fit_comes_first(self, unit: Unit) -> None:
        rows = [DossierRow(f"一{at:03d}贸易有限公司", "zhang", f"Z-{at}") for at in range(300)]
        dossiers.add_all(unit, rows, by="shan")
        for name in ("龙龙贸易", "龙贸易", "贸易"):  # behind all of those by name
            customer(unit, name, "zhang")
        assert found(unit, "贸易", limit=3) == ["贸易", "龙贸易", "龙龙贸易"]

    def test_a_common_word_with_a_rare_one_is_exact(self, unit: Unit) -> None:
        customer(unit, "龙龙贸易有限公司", "li")
        assert found(unit, "龙龙 有限公司") == ["龙龙贸易有限公司"]
        assert found(unit, "0123贸易") == ["字号0123贸易有限公司"]

    def test_of_two_common_pairs_the_rarer_one_leads(
        self, unit: Unit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        many = range(search.NARROW + 50)  # behind 900 that have only the other pair
        rows = [DossierRow(f"编织有限公司{at:04d}", "li", f"Y-{at}") for at in many]
        dossiers.add_all(unit, rows, by="shan")
        monkeypatch.setattr(search, "PROBE", search.NARROW)
        monkeypatch.setattr(search, "MAX_PROBED", 500)
        assert len(found(unit, "织有限", limit=1000)) == search.MAX_FOUND

    def test_others_are_bounded(self, unit: Unit) -> None:
        assert len(found(unit, "贸易", limit=10_000)) <= search.MAX_FOUND + search.NARROW


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=80), drawn=st.data())
def test_any_words_find_names_that_hold_them(
    unit_factory: UnitFactory, words: str, drawn: st.DataObject
) -> None:
    names = ("深圳市鸿鑫贸易有限公司", "长安重工（重庆）有限公司", "Tianlu Co., Ltd.", "77度咖啡")
    name = drawn.draw(st.sampled_from(names))
    start = drawn.draw(st.integers(0, len(name) - 2))
    part = name[start : drawn.draw(st.integers(start + 2, len(name)))]
    with unit_factory() as unit:
        if not search.find_dossiers(unit, "鸿鑫", staff_id="zhang", limit=1):
            staffed(unit)
            for one in names:
                customer(unit, one)
        found(unit, words)
        if len(search.normalise(part)) >= 2:
            assert name in found(unit, part)
