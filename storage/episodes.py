"""Trouble that operators are told about: one row from its beginning to its end.

A restart finds what goes on, so nobody hears of one trouble twice. At most one episode of a code
goes on at a time, on however many processes.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import literal_column, select, update

from storage.session import Session
from storage.tables import episode
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave

# written out, not bound: SQLite must see that the partial index fits
_UNTOLD = episode.c.told != literal_column("'over'")


class Episode(msgspec.Struct, frozen=True):
    id: int
    code: str
    """What it is, with the channel where it is about one: `outbox:telegram`."""
    started_at: datetime
    ended_at: datetime | None
    """None: it goes on."""
    told: str
    """What the operators know of it: "" | begun | over."""

    @property
    def kind(self) -> str:
        return self.code.partition(":")[0]

    @property
    def channel(self) -> str:
        """ "" when it is about none."""
        return self.code.partition(":")[2]


def begin(unit: Unit, code: str, started_at: datetime, ended_at: datetime | None = None) -> None:
    """Write down that trouble of this code began, or was; nothing happens while it goes on."""
    row = {
        "id": next(unit.ids),
        "code": code,
        "started_at": started_at,
        "ended_at": ended_at,
        "told": "",
    }
    insert_or_leave(unit.session, episode, row)


def end(unit: Unit, code: str, ended_at: datetime) -> None:
    """Write down that it is over; nothing happens when none goes on."""
    unit.session.execute(
        update(episode)
        .where(episode.c.code == code, episode.c.ended_at.is_(None))
        .values(ended_at=ended_at)
    )


def unfinished(session: Session) -> list[Episode]:
    """Return what goes on, and what ended without the operators' knowing; oldest first."""
    columns = [episode.c[name] for name in Episode.__struct_fields__]
    query = select(*columns).where(_UNTOLD).order_by(episode.c.id)
    return [Episode(*row) for row in session.execute(query)]


def tell(unit: Unit, one: Episode, told: str) -> bool:
    """Record what the operators are told now; False: another process does."""
    this = (episode.c.id == one.id, episode.c.told == one.told)
    return changed(unit.session, update(episode).where(*this).values(told=told)) == 1
