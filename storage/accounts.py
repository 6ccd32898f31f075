"""Which messenger account belongs to whom, and the invites that bind one.

An invite works once, for seven days, and only its hash is kept. Guessing is slowed: after five
wrong codes within an hour an account is refused even with the right one.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, delete, insert, select, true, update
from sqlalchemy.orm import Session

from storage import staff as people
from storage.tables import account, staff, stranger
from storage.tables import invite as invites
from storage.unit import Unit

INVITE_LIFE = timedelta(days=7)

MAX_WRONG_CODES = 5
"""Wrong codes of one account within an hour."""

_HOUR = timedelta(hours=1)


class Refusal(StrEnum):
    """Why a code was not taken; for the log, the stranger hears one sentence for all."""

    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"
    INACTIVE = "inactive"
    """The person has left since."""
    TAKEN = "taken"
    """The account belongs to another active person."""
    TOO_MANY = "too_many"
    """Five wrong codes within the hour."""


@dataclass(frozen=True)
class Redeemed:
    staff_id: str


@dataclass(frozen=True)
class Bound:
    """One account of a person."""

    channel: str
    account: str
    bound_at: datetime


_BOUND = (
    select(account.c.channel, account.c.account, account.c.bound_at)
    .where(account.c.staff_id == bindparam("staff_id"))
    .order_by(account.c.bound_at, account.c.channel, account.c.account)
)

_BINDING = select(account.c.staff_id).where(
    account.c.channel == bindparam("channel"), account.c.account == bindparam("account")
)

_OWNER = (
    select(account.c.staff_id)
    .join(staff, staff.c.id == account.c.staff_id)
    .where(
        account.c.channel == bindparam("channel"),
        account.c.account == bindparam("account"),
        staff.c.active == true(),
    )
)

_STRANGER = select(stranger.c.wrong_codes, stranger.c.hour_began_at, stranger.c.answered_at).where(
    stranger.c.channel == bindparam("channel"), stranger.c.account == bindparam("account")
)

_INVITE = (
    select(
        invites.c.id, invites.c.staff_id, invites.c.expires_at, invites.c.used_at, staff.c.active
    )
    .join_from(invites, staff, staff.c.id == invites.c.staff_id)
    .where(invites.c.code_hash == bindparam("code_hash"))
)


def draw_code() -> str:
    """Return a fresh invite code of 128 random bits; drawn outside the unit of work."""
    return b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=")


def bind(unit: Unit, channel: str, account_id: str, staff_id: str) -> None:
    """Make the account that person's, whosever it was; it becomes home if there is none yet."""
    here = {"channel": channel, "account": account_id}
    if unit.session.execute(_BINDING, here).scalar() == staff_id:
        return
    unbind(unit, channel, account_id)  # somebody else's notices must not go on arriving here
    unit.session.execute(
        insert(account).values(
            channel=channel, account=account_id, staff_id=staff_id, bound_at=unit.now
        )
    )
    unit.session.execute(
        delete(stranger).where(stranger.c.channel == channel, stranger.c.account == account_id)
    )
    person = people.get(unit.session, staff_id)
    if person is not None and not person.home_channel:
        people.set_home(unit, staff_id, channel, account_id)


def unbind(unit: Unit, channel: str, account_id: str) -> None:
    """Let the account go; the home of its person moves to another of their accounts."""
    gone = unit.session.execute(
        delete(account)
        .where(account.c.channel == channel, account.c.account == account_id)
        .returning(account.c.staff_id)
    ).scalar()
    person = people.get(unit.session, gone) if gone is not None else None
    if person and (person.home_channel, person.home_account) == (channel, account_id):
        left = of_person(unit.session, person.id)
        home = (left[0].channel, left[0].account) if left else ("", "")
        people.set_home(unit, person.id, *home)


def of_person(session: Session, staff_id: str) -> tuple[Bound, ...]:
    """Return the accounts of a person, oldest first."""
    rows = session.execute(_BOUND, {"staff_id": staff_id})
    return tuple(Bound(row.channel, row.account, row.bound_at) for row in rows)


def invite(unit: Unit, staff_id: str, code: str, now: datetime) -> None:
    """Open one invite for a person; codes given to them earlier stop working."""
    unit.session.execute(
        update(invites)
        .where(invites.c.staff_id == staff_id, invites.c.used_at.is_(None))
        .values(expires_at=now)
    )
    unit.session.execute(
        insert(invites).values(
            id=next(unit.ids),
            staff_id=staff_id,
            code_hash=_hash(code),
            created_at=now,
            expires_at=now + INVITE_LIFE,
        )
    )


def redeem(
    unit: Unit, channel: str, account_id: str, code: str, now: datetime
) -> Redeemed | Refusal:
    """Bind the account to the person the code was made for, or say why not."""
    here = {"channel": channel, "account": account_id}
    known = unit.session.execute(_STRANGER, here).one_or_none()
    within = known is not None and now - known.hour_began_at < _HOUR
    if known is not None and within and known.wrong_codes >= MAX_WRONG_CODES:
        return Refusal.TOO_MANY
    found = unit.session.execute(_INVITE, {"code_hash": _hash(code)}).one_or_none()
    refusal = None
    if found is None:
        refusal = Refusal.UNKNOWN
    elif found.used_at is not None:
        refusal = Refusal.USED
    elif found.expires_at <= now:
        refusal = Refusal.EXPIRED
    elif not found.active:
        refusal = Refusal.INACTIVE
    if found is None or refusal is not None:
        _count_wrong(unit, channel, account_id, now)
        return refusal or Refusal.UNKNOWN
    owner = unit.session.execute(_OWNER, here).scalar()
    if owner is not None and owner != found.staff_id:
        return Refusal.TAKEN
    unit.session.execute(update(invites).where(invites.c.id == found.id).values(used_at=now))
    bind(unit, channel, account_id, found.staff_id)
    return Redeemed(found.staff_id)


def stranger_seen(unit: Unit, channel: str, account_id: str, now: datetime) -> bool:
    """Count a message of an unknown account; True when an answer is due, once an hour at most."""
    known = unit.session.execute(
        _STRANGER, {"channel": channel, "account": account_id}
    ).one_or_none()
    due = known is None or known.answered_at is None or now - known.answered_at >= _HOUR
    answered = {"answered_at": now} if due else {}
    if known is None:
        unit.session.execute(
            insert(stranger).values(
                channel=channel, account=account_id, seen=1, hour_began_at=now, **answered
            )
        )
    else:
        unit.session.execute(
            update(stranger)
            .where(stranger.c.channel == channel, stranger.c.account == account_id)
            .values(seen=stranger.c.seen + 1, **answered)
        )
    return due


def _count_wrong(unit: Unit, channel: str, account_id: str, now: datetime) -> None:
    known = unit.session.execute(
        _STRANGER, {"channel": channel, "account": account_id}
    ).one_or_none()
    if known is None:
        unit.session.execute(
            insert(stranger).values(
                channel=channel, account=account_id, wrong_codes=1, hour_began_at=now
            )
        )
        return
    goes_on = now - known.hour_began_at < _HOUR
    unit.session.execute(
        update(stranger)
        .where(stranger.c.channel == channel, stranger.c.account == account_id)
        .values(
            wrong_codes=known.wrong_codes + 1 if goes_on else 1,
            hour_began_at=known.hour_began_at if goes_on else now,
        )
    )


def _hash(code: str) -> str:
    # Typed from paper: case, spaces and hyphens do not matter.
    plain = "".join(one for one in code.upper() if one.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
