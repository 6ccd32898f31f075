"""Labels of dossiers that are to bear another name: one open task for each dossier (S1-02.5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, delete, func, literal_column, select, update

from storage.session import Session
from storage.tables import label_task
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave


class LabelTask(msgspec.Struct, frozen=True):
    id: int
    dossier_id: int
    role: str
    """Whose holders keep the shelf."""
    begun_at: datetime
    """When the name changed; platform time, aware UTC."""
    done_at: datetime | None
    """None: not confirmed yet."""
    done_by: str


# written out, not bound: SQLite must see that the partial indexes fit
_OPEN: ColumnElement[bool] = literal_column("done_at IS NULL")


def begin(unit: Unit, dossier_id: int, role: str, at: datetime) -> int | None:
    """Open a task and return its id; None: one is open for the dossier already."""
    id_ = next(unit.ids)
    row = {"id": id_, "dossier_id": dossier_id, "role": role, "begun_at": at}
    return id_ if insert_or_leave(unit.session, label_task, row) else None


def get(session: Session, task_id: int) -> LabelTask | None:
    row = session.execute(select(label_task).where(label_task.c.id == task_id)).one_or_none()
    return LabelTask(**row._mapping) if row else None


def done(unit: Unit, task_id: int, by: str, at: datetime) -> bool:
    """Note that the label was replaced; False: somebody has said so already."""
    # by who said so, not by the open ones: PostgreSQL would go through those instead of the key
    this = label_task.c.id == task_id, label_task.c.done_by == ""
    return bool(
        changed(unit.session, update(label_task).where(*this).values(done_at=at, done_by=by))
    )


def open_of(session: Session, roles: Collection[str], limit: int) -> tuple[LabelTask, ...]:
    """Return the open tasks of these roles, the longest waiting first."""
    query = (
        select(label_task)
        .where(label_task.c.role.in_(sorted(roles)), _OPEN)
        .order_by(label_task.c.begun_at, label_task.c.id)
        .limit(limit)
    )
    return tuple(LabelTask(**row._mapping) for row in session.execute(query))


def count_open(session: Session, roles: Collection[str]) -> int:
    query = select(func.count()).where(label_task.c.role.in_(sorted(roles)), _OPEN)
    return session.execute(query).scalar_one()


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let tasks of a dossier that was another one twice be of the one that stays; one is open."""
    of_keep = select(label_task.c.id).where(label_task.c.dossier_id == keep, _OPEN)
    this = label_task.c.dossier_id == gone
    if unit.session.execute(of_keep).first() is not None:
        unit.session.execute(delete(label_task).where(this, _OPEN))
    unit.session.execute(update(label_task).where(this).values(dossier_id=keep))
