"""A PostgreSQL database as years leave it, and what its planner makes of our statements.

Written by the server itself in a few seconds; what is sealed holds nothing, so a test reads only
rows of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, event

from storage.tables import metadata

SMALL = {
    "meta",
    "counter",
    "lease",
    "occurrence",
    "invite",
    "away",
    "chat_group",
    "episode",
    "delegation",
}
"""Tables that stay small or are not asked by a scan: a look through them is an honest plan."""

FEW = {
    "ix_inbox_open",
    "ix_inbox_body",
    "ix_attachment_pending",
    "ix_outbox_ready",
    "ix_renewal_asked",
    "ix_handover_extension_asked",
}
"""Partial indexes of what is still to be done: short, so that one may be walked through."""

_FILL = Path(__file__).with_name("crowd.sql")


def fill(admin: psycopg.Connection) -> None:
    """Fill an empty database."""
    admin.execute(_FILL.read_text("utf-8"))
    admin.execute("VACUUM ANALYZE")


class Plans:
    """Asks the planner about each statement and keeps those that read a growing table through."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.checked = 0
        self.scans: list[tuple[str, str]] = []

    def start(self) -> None:
        event.listen(self._connection, "before_cursor_execute", self._look)

    def stop(self) -> None:
        event.remove(self._connection, "before_cursor_execute", self._look)

    def _look(
        self, _c: Any, cursor: Any, statement: str, values: Any, _x: Any, many: bool
    ) -> None:
        if statement.split(maxsplit=1)[0] not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            return
        self.checked += 1
        with cursor.connection.cursor() as asking:
            asking.execute(f"EXPLAIN (FORMAT JSON) {statement}", values[0] if many else values)
            (((plan,),),) = asking.fetchall()
        self._walk(plan["Plan"], statement)

    def _walk(self, node: dict[str, Any], statement: str, limited: bool = False) -> None:
        kind, table = node["Node Type"], node.get("Relation Name", "")
        # an index read from its end up to a limit is a look-up, unless rows are passed over
        unbound = "Index Cond" not in node and ("Filter" in node or not limited)
        through = kind == "Seq Scan" or (kind.startswith("Index") and unbound)
        if node.get("Index Name") in FEW or "RECURSIVE down" in statement:  # a whole team
            through = False
        if through and table in metadata.tables.keys() - SMALL:
            self.scans.append((table, statement))
        for below in node.get("Plans", ()):
            self._walk(below, statement, limited or kind == "Limit")
