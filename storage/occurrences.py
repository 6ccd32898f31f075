"""Jobs that are done once for each occasion, whoever and however often the clock asks."""

from __future__ import annotations

from storage.tables import occurrence
from storage.unit import Unit
from storage.upsert import insert_or_leave


def begin(unit: Unit, job: str, occasion: str) -> bool:
    """Record that the job is done on this occasion (`2026-09-14`); False: it was before."""
    row = {"job": job, "occasion": occasion, "at": unit.now}
    return insert_or_leave(unit.session, occurrence, row) == 1
