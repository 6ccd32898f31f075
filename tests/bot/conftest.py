"""What the tests of the top floor stand on beside the storage fixtures: a clock and the writer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.units import Units
from storage.crypto import Vault
from storage.database import Database
from tests.conftest import NOW
from tests.fakes.clock import SettableClock


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
async def units(database: Database, vault: Vault, clock: SettableClock) -> AsyncIterator[Units]:
    # a test may hold a batch as long as it needs to gather the others
    running = Units(database, vault, clock, batch_seconds=60)
    running.start()
    yield running
    await running.stop()
