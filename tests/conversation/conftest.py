"""A furnished database and a person at a phone."""

from __future__ import annotations

import pytest

from tests.conftest import UnitFactory
from tests.conversation import demo
from tests.conversation.desk import Desk, furnish


@pytest.fixture
def desk(unit_factory: UnitFactory) -> Desk:
    demo.FILED.clear()
    with unit_factory() as unit:
        furnish(unit)
    return Desk(unit_factory)
