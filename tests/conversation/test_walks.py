"""1,000 random walks: never stuck, never an error to the person, the state always valid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.conversation import demo
from tests.conversation.desk import Desk, furnish, make_world
from tests.conversation.walks import finish, walk

WALKS, STEPS = 1000, 12
LONG_WALKS, LONG_STEPS = 4, 100

WORLDS = (make_world(), make_world(demo.with_form(demo.LATER_FORM), demo.QUICK))


@contextmanager
def named(seed: int) -> Iterator[None]:
    """Say which walk failed, so that it can be walked again."""
    try:
        yield
    except Exception as error:
        error.add_note(f"seed {seed}")
        raise


@pytest.mark.parametrize("block", range(10))
def test_no_walk_gets_stuck_or_fails(unit_factory: UnitFactory, block: int) -> None:
    """Real storage; the walks of a block share one transaction, so that they are quick."""
    with unit_factory() as unit:
        furnish(unit)

        @contextmanager
        def joined(now: datetime = NOW) -> Iterator[Unit]:
            unit.now = now
            yield unit

        for seed in range(block * WALKS // 10, (block + 1) * WALKS // 10):
            demo.FILED.clear()
            desk = Desk(joined, WORLDS[0])
            with named(seed):
                walk(desk, WORLDS, seed, STEPS)
                finish(desk)


def test_long_walks_commit_each_step(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        furnish(unit)
    filed = 0
    for seed in range(LONG_WALKS):
        demo.FILED.clear()
        desk = Desk(unit_factory, WORLDS[0])
        with named(seed):
            filed += walk(desk, WORLDS, seed, LONG_STEPS)
            finish(desk, "p2")
    assert filed
