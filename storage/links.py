"""Ways into the private chat: opaque keys that stand in a link for what is to be opened.

A key is the row's id and a seal over it under the key file, so it needs no random numbers of its
own and cannot be guessed from another one. What it leads to is sealed, and it gives no right: who
follows it is authorised as if they had tapped the button themselves.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hmac import compare_digest

import msgspec
from sqlalchemy import delete, insert, select

from storage.crypto import Vault
from storage.tables import link
from storage.unit import Unit
from storage.upsert import changed

LIFE = timedelta(days=7)

_KEY = re.compile(r"(?P<id>[0-9]{1,18})-[A-Za-z0-9_-]{22}")


class Target(msgspec.Struct, frozen=True):
    """A button, or a command with what follows it."""

    choice: str = ""
    command: str = ""
    text: str = ""


_TARGET = msgspec.json.Decoder(Target)


def make(
    unit: Unit, target: Target, *, staff_id: str | None = None, life: timedelta = LIFE
) -> str:
    """Return the key of a fresh link, 42 characters of A-Za-z0-9_- at most.

    `staff_id`: for this person only; None: for everybody of the company.
    """
    id_ = next(unit.ids)
    unit.session.execute(
        insert(link).values(
            id=id_,
            staff_id=staff_id,
            target=unit.seal("link.target", id_, msgspec.json.encode(target).decode()),
            expires_at=unit.now + life,
        )
    )
    return _key(unit.vault, id_)


def follow(unit: Unit, key: str, staff_id: str) -> Target | None:
    """Return what the link opens for this person; None: unknown, expired, somebody else's."""
    match = _KEY.fullmatch(key)
    if match is None or not compare_digest(_key(unit.vault, int(match["id"])), key):
        return None
    row = unit.session.execute(
        select(link.c.id, link.c.staff_id, link.c.target).where(
            link.c.id == int(match["id"]), link.c.expires_at > unit.now
        )
    ).one_or_none()
    if row is None or row.staff_id not in (None, staff_id):
        return None
    return _TARGET.decode(unit.vault.open(row.target, row.id))


def purge(unit: Unit, before: datetime, limit: int = 500) -> int:
    """Forget links that had expired by then, at most `limit`, and return how many."""
    old = (
        select(link.c.id)
        .where(link.c.expires_at <= before)
        .order_by(link.c.expires_at)
        .limit(limit)
    )
    return changed(unit.session, delete(link).where(link.c.id.in_(old)))


def _key(vault: Vault, id_: int) -> str:
    seal = urlsafe_b64encode(vault.index(f"link {id_}")).decode().rstrip("=")
    return f"{id_}-{seal}"
