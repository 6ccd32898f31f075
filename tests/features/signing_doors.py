"""Handovers at every moment at which something about their signing is asked in a form."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from storage import dossiers, handover_gaps, handover_items, handover_lists, handovers
from storage.handover_gaps import NewGap
from storage.tables import handover
from storage.unit import Unit
from tests.features import doors
from tests.features.doors import ARCHIVE, SALES

DIRECTOR = "CY004"


def handed(unit: Unit) -> int:
    """Return a handover that the archivist counts."""
    for leg in handover_lists.to_sign(unit, ("custodian",), 1):
        return leg.handover_id
    id_ = doors.handover(unit)
    values = {"state": "handed", "handed_at": unit.now, "handed_by": SALES}
    handovers.set_leg(unit, _leg(unit, id_), **values)
    return id_


def handed_line(unit: Unit) -> int:
    return handover_items.of(unit, handed(unit))[0].id


def archived(unit: Unit, *, dossier: bool = False) -> int:
    """Return a handover that the archivist shelves; `dossier`: they know in which."""
    for one in handover_lists.unshelved(unit, doors.DEALER.pack, 1):
        return one.id
    id_ = handed(unit)
    held = handovers.get(unit, id_)
    assert held is not None
    known = doors.own_dossier(unit) if dossier else None
    if known is not None:
        found = dossiers.get(unit, known)
        assert found is not None
        dossiers.place(unit, known, "")
    for item in handover_items.of(unit, id_):
        handover_items.put(unit, item.id, state="present", form="copy")
    handovers.save(unit, held, state="complete", dossier_id=known)
    values = {"state": "signed", "receiver": ARCHIVE, "signed_at": unit.now, "closed_at": unit.now}
    handovers.set_leg(unit, _leg(unit, id_), **values)
    return id_


def gap(unit: Unit, state: str = "open") -> int:
    """Return a gap that is the salesperson's to put right, in that state."""
    for one in handover_gaps.open_of(unit, SALES, 10):
        if one.state == state:
            return one.id
    id_ = archived(unit)
    day = unit.now.date() + timedelta(days=1)
    item = handover_items.of(unit, id_)[0]
    new = NewGap(id_, 1, item.id, "missing", SALES, day, unit.now + timedelta(days=2))
    found = handover_gaps.open_(unit, new, at=unit.now, by=ARCHIVE)
    assert found is not None
    handover_gaps.set_(unit, found, state=state)
    return found


def paged_gap(unit: Unit) -> int:
    """Return such a gap of a list that counts the pages of each paper."""
    found = handover_gaps.get(unit, gap(unit))
    assert found is not None
    this = handover.c.id == found.handover_id
    lends = {"pack": "loan-guarantee", "kind": "loan_file"}
    unit.session.execute(update(handover).where(this).values(**lends))
    return found.id


def _leg(unit: Unit, id_: int) -> int:
    held = handovers.get(unit, id_)
    assert held is not None
    return handovers.present(unit, held).id


DOORS = {
    "countwords": lambda unit: f"f.sign.write.{handed(unit)}",
    "countpages": lambda unit: f"f.sign.note.{handed_line(unit)}.pages",
    "handingback": lambda unit: f"f.sign.return.{handed(unit)}",
    "handdispute": lambda unit: f"f.sign.dispute.{handed(unit)}",
    "handpassing": lambda unit: f"f.sign.pass.{doors.handover(unit)}",
    "shelving": lambda unit: f"f.sign.shelve.{archived(unit, dossier=True)}",
    "shelflinking": lambda unit: f"f.sign.link.{archived(unit)}",
    "shelfopening": lambda unit: f"f.sign.open.{archived(unit)}",
    "supplying": lambda unit: f"f.gap.supply.{gap(unit)}",
    "gapcounting": lambda unit: f"f.gap.accept.{paged_gap(unit)}",
    "gapcontesting": lambda unit: f"f.gap.contest.{gap(unit)}",
    "gaprefusing": lambda unit: f"f.gap.refuse.{gap(unit, 'supplied')}",
    "gapwaiving": lambda unit: f"f.gap.waive.{gap(unit)}",
    "gapplanning": lambda unit: f"f.gap.plan.{gap(unit)}",
}
"""The button that opens a form about signing."""

WHO = dict.fromkeys(DOORS, ARCHIVE) | {
    "handpassing": doors.HEAD,
    "supplying": SALES,
    "gapcontesting": SALES,
    "gapwaiving": DIRECTOR,
}
