"""The running bot keeps the head of the audit trail outside the database, once a day."""

from __future__ import annotations

import pytest

from storage import audit, heads
from storage.heads import Heads
from tests.features.diary import SALES, at
from tests.features.office import Office

pytestmark = pytest.mark.parametrize("office", ["phones"], indirect=True)


def kept(office: Office) -> Heads | None:
    path = heads.place(office.settings.storage.attachments)
    return office.look(lambda unit: heads.read(path, unit.vault))


@pytest.mark.rule("S3-LOG.2.3c")
async def test_when_days_go_by_then_each_has_its_head_once(office: Office) -> None:
    await office[SALES].say("/find 听涛")
    for moment in ("09-14 10:00", "09-14 18:00", "09-15 10:00", "09-16 10:00"):
        await office.until(at(moment))
        await office.restart()
    found = kept(office)
    assert found is not None
    assert [one.day.day for one in found.kept] == [14, 15, 16]
    assert found.damaged == ()
    verdict = office.look(lambda unit: audit.verify(unit.session, unit.vault, found.kept))
    assert verdict.breaks == ()
    assert verdict.count >= found.kept[-1].head.count > found.kept[0].head.count > 0


async def test_when_the_disk_refuses_then_it_is_kept_as_soon_as_it_can_be(
    office: Office,
) -> None:
    path = heads.place(office.settings.storage.attachments)
    obstacle = path.with_suffix(".new")
    obstacle.mkdir()  # before there is anything to keep: the bot may look at any moment
    await office[SALES].say("/find 听涛")
    await office.until(at("09-14 10:00"))
    assert kept(office) is None
    obstacle.rmdir()
    await office.app.scan(office.clock.now())
    found = kept(office)
    assert found is not None
    assert len(found.kept) == 1
