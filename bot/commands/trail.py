"""What the command line did, for the audit trail: by nobody of the staff, at the console."""

from __future__ import annotations

from storage.audit import Entry
from storage.unit import Unit

CONSOLE = "cli"


def entry(unit: Unit, action: str, subject: str, **facts: str | int) -> Entry:
    """Return an entry; `facts` are ids, codes and counts, never what a file says."""
    return Entry(
        at=unit.now, staff_id="", action=action, subject=subject, channel=CONSOLE, facts=facts
    )
