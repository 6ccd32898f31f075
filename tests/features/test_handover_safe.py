"""Graded papers are shelved in a safe, the upper grades apart and with a named keeper (C-67)."""

from __future__ import annotations

import pytest

from storage import dossiers
from storage.handovers import Handover
from storage.tables import dossier
from storage.unit import Unit
from tests.features.handing import now, signed
from tests.features.office import Office, one_channel
from tests.features.showroom import ARCHIVE
from tests.features.test_handover_sign import active, linked
from tests.features.test_handover_volumes import graded


async def of_grade(office: Office, grade: str) -> Handover:
    """Have papers signed into the archive whose dossier is as secret as that."""
    held = await signed(office)
    known = active(office)
    office.change(lambda unit: linked(unit, held, known.id))
    graded(office, known.id, grade)
    return held


@pytest.mark.rule("C-67", "S2-SECR.8.1")
async def test_an_open_cabinet_is_refused_and_the_safe_proposed(office: Office) -> None:
    held = await of_grade(office, "confidential")
    me = office[ARCHIVE]
    shown = await me.press(f"f.sign.shelve.{held.id}")
    assert "保险柜" in shown
    await me.tap("存放位置")
    shown = await me.say("C柜1层16号")
    assert "这些资料须存放在保险柜内（S2-SECR.8.1）" in shown
    assert "例如：" not in shown
    await me.say("保险柜2层3号")
    shown = await me.tap("上架")
    assert "存放保险柜2层3号。" in shown
    assert (now(office, held).location, now(office, held).kept_by) == ("保险柜2层3号", "")


@pytest.mark.rule("C-67", "S2-INFO.22")
async def test_of_an_upper_grade_somebody_is_named_to_keep_them(office: Office) -> None:
    held = await of_grade(office, "secret")
    me = office[ARCHIVE]
    await me.press(f"f.sign.shelve.{held.id}")
    assert "这些资料须存放在保险柜内（S2-INFO.22）" in await me.say("C柜1层16号")
    shown = await me.say("保险柜2层3号")
    assert "单志远" in shown
    await me.tap("专管人")
    await me.say("覃小梅")
    shown = await me.tap("上架")
    assert "须由有相应权限的专人保管（S2-INFO.22），请另选保管人" in shown
    assert now(office, held).shelved_at is None
    await me.say("欧阳静怡")
    shown = await me.tap("上架")
    assert "存放保险柜2层3号，由欧阳静怡专人保管" in shown
    assert now(office, held).kept_by == "CY006"


@one_channel
@pytest.mark.rule("C-67", "S2-INFO.22")
async def test_nothing_less_secret_stands_at_the_same_place(office: Office) -> None:
    held = await of_grade(office, "secret")

    def other(unit: Unit) -> None:
        id_ = dossiers.by_number(unit.session, "KH-2025-0058")
        unit.session.execute(
            dossier.update().where(dossier.c.id == id_).values(location="保险柜2层3号")
        )

    office.change(other)
    me = office[ARCHIVE]
    await me.press(f"f.sign.shelve.{held.id}")
    await me.say("保险柜2层3号")
    shown = await me.tap("上架")
    assert "这些资料须单独存放（S2-INFO.22）" in shown
    assert now(office, held).shelved_at is None
    await me.say("保险柜3层1号")
    await me.tap("上架")
    assert now(office, held).location == "保险柜3层1号"


@one_channel
@pytest.mark.rule("C-67", "S2-SECR.8.1")
async def test_a_file_graded_since_moves_into_the_safe(office: Office) -> None:
    held = await of_grade(office, "confidential")
    known = active(office)
    office.change(lambda unit: dossiers.place(unit, known.id, "C柜1层16号"))
    me = office[ARCHIVE]
    shown = await me.press(f"f.sign.shelve.{held.id}")
    assert "C柜1层16号" not in shown
    await me.tap("上架")
    found = office.look(lambda unit: dossiers.get(unit, known.id))
    assert found is not None
    assert found.location == "保险柜"


@one_channel
async def test_what_is_not_graded_lies_anywhere_and_nobody_is_named(office: Office) -> None:
    held = await of_grade(office, "none")
    me = office[ARCHIVE]
    await me.press(f"f.sign.shelve.{held.id}")
    shown = await me.say("C柜1层16号")
    assert "专管人" not in shown.labels
    await me.tap("上架")
    assert now(office, held).kept_by == ""


@one_channel
@pytest.mark.rule("C-67", "S2-SECR.8.1")
async def test_a_dossier_that_is_graded_meanwhile_is_not_shelved_in_the_open(
    office: Office,
) -> None:
    held = await of_grade(office, "none")
    me = office[ARCHIVE]
    await me.press(f"f.sign.shelve.{held.id}")
    await me.say("C柜1层16号")
    graded(office, active(office).id, "secret")
    assert "须存放在保险柜内（S2-INFO.22）" in await me.tap("上架")
    assert now(office, held).shelved_at is None
    assert "须存放在保险柜内" in await me.say("C柜1层16号")
    await me.say("保险柜2层3号")
    await me.say("欧阳静怡")
    await me.tap("上架")
    assert (now(office, held).location, now(office, held).kept_by) == ("保险柜2层3号", "CY006")
