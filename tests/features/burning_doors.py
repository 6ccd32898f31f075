"""Destruction lists at every moment at which something about them is asked in a form."""

from __future__ import annotations

from datetime import date

from rules.destruction import ListState, Retention
from storage import destructions, dossiers
from storage.destructions import DestructionList, NewItem
from storage.unit import Unit
from tests.features.doors import ARCHIVE, SALES


def drawn(unit: Unit) -> DestructionList:
    """Return a new list of a whole dossier of the salesperson's."""
    held = destructions.begin(
        unit,
        drawn_by=ARCHIVE,
        department="销售一部",
        pack="customer-service",
        rule="S2-DOSS.29.1",
        has_witness=True,
        at=unit.now,
    )
    of = dossiers.kept_by(unit.session, [SALES], 1)[0]
    new = NewItem(
        of, None, "", "", 0, 1, "none", Retention.SHORT, date(2025, 6, 30), "合同已履行完毕"
    )
    return destructions.enter(unit, held, [new])


def approved(unit: Unit) -> int:
    """Return a list that may be carried out."""
    for one in destructions.agreed(unit, 1):
        return one.id
    held, values = drawn(unit), {"number": "销-2026-0001", "approved_on": unit.now.date()}
    return destructions.save(unit, held, state=ListState.APPROVED.value, **values).id


def to_sign(unit: Unit) -> int:
    """Return a list that the salesperson is to sign as the witness."""
    held = destructions.get(unit, approved(unit))
    assert held is not None
    if held.state is ListState.WITNESSED:
        return held.id
    values = {"manner": "burnt", "carried_by": ARCHIVE, "witness": SALES}
    state = ListState.WITNESSED.value
    return destructions.save(unit, held, place="销毁室", state=state, **values).id


DOORS = {
    "destroyof": lambda _unit: "f.destroying.more",
    "destroy": lambda unit: f"f.destroy.on.{dossiers.kept_by(unit.session, [SALES], 1)[0]}",
    "destroycarry": lambda unit: f"f.destroycarry.new.{approved(unit)}",
    "destroyno": lambda unit: f"f.destroysign.no.{to_sign(unit)}",
}
"""The button that opens a form about destruction."""

WHO = dict.fromkeys(("destroyof", "destroy", "destroycarry"), ARCHIVE)
