"""Keys that lead into the private chat: nobody can make one up, and none lasts."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from storage import links
from storage.crypto import Vault
from storage.links import LIFE, Target
from storage.tables import link
from tests.conftest import NOW, UnitFactory

FIND = Target(command="find", text="鸿鑫贸易")


class TestGivenALink:
    def test_when_followed_then_its_target_is_returned_every_time(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            key = links.make(unit, FIND, staff_id="a1")
            assert re.fullmatch(r"[A-Za-z0-9_-]{24,64}", key)
        for _ in range(2):
            with unit_factory() as unit:
                assert links.follow(unit, key, "a1") == FIND
                assert links.follow(unit, key, "a2") is None

    def test_when_made_for_everybody_then_anybody_follows_it(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            key = links.make(unit, Target(choice="f.today.open"))
            assert links.follow(unit, key, "a1") == links.follow(unit, key, "a2")

    def test_when_its_time_is_over_then_it_is_unknown_and_forgotten(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            key = links.make(unit, FIND)
            later = links.make(unit, FIND, life=2 * LIFE)
        with unit_factory(NOW + LIFE) as unit:
            assert links.follow(unit, key, "a1") is None
            assert links.purge(unit, unit.now) == 1
            assert links.follow(unit, later, "a1") == FIND

    def test_when_kept_then_its_words_are_sealed(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            links.make(unit, FIND)
            (kept,) = unit.session.execute(link.select()).all()
            assert FIND.text.encode() not in kept.target.data

    @pytest.mark.parametrize("key", ["", "-", "1-", "1-" + "A" * 22, "１-" + "A" * 22, "x" * 64])
    def test_when_made_up_then_it_is_unknown(self, unit_factory: UnitFactory, key: str) -> None:
        with unit_factory() as unit:
            links.make(unit, FIND)
            assert links.follow(unit, key, "a1") is None

    def test_when_the_key_file_is_another_then_so_are_the_keys(
        self, unit_factory: UnitFactory, tmp_path: Path
    ) -> None:
        with unit_factory() as unit:
            key = links.make(unit, FIND)
            unit.vault = Vault.create(tmp_path / "other")
            assert links.follow(unit, key, "a1") is None


def test_purge_takes_no_more_than_its_slice(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        for _ in range(5):
            links.make(unit, FIND, life=timedelta(hours=1))
        assert [links.purge(unit, NOW + LIFE, 3) for _ in range(3)] == [3, 2, 0]
