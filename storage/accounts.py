"""Which messenger account belongs to whom, and the invites that bind one.

An invite works once, for seven days, and only its hash is kept. Guessing is slowed: after five
wrong codes within an hour an account is refused even with the right one.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32encode
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import bindparam, case, delete, func, insert, select, true, update

from storage import forwarding, locks, meta
from storage import staff as people
from storage.session import Session
from storage.tables import account, channel_note, menu, message_ref, staff, stranger
from storage.tables import invite as invites
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave, insert_or_set

INVITE_LIFE = timedelta(days=7)

MAX_WRONG_CODES = 5
"""Wrong codes of one account within an hour."""

BLOCKED, OFF = "blocked", "off"
"""Why no message arrives: the person or platform took the chat away; the messenger is off."""

TELEGRAM_NAME = "telegram.username"
"""Row of `meta` in which the channel keeps the bot's name."""

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


class Bound(msgspec.Struct, frozen=True):
    """One account of a person."""

    channel: str
    account: str
    staff_id: str
    bound_at: datetime
    menu: str | None = None
    """Digest of the command menu it shows."""
    unreachable_since: datetime | None = None
    """None: as far as we know, messages arrive."""
    unreachable_why: str = ""
    """`BLOCKED` or `OFF`."""


class Redeemed(msgspec.Struct, frozen=True):
    staff_id: str
    replaced: tuple[Bound, ...] = ()
    """Accounts on the same messenger that the new one takes the place of; let go already."""


class Stranger(msgspec.Struct, frozen=True):
    """An account that nobody vouched for."""

    channel: str
    account: str
    seen: int
    """Messages counted."""
    wrong_codes: int
    """Within the last hour in which one was tried."""


class Named(msgspec.Struct, frozen=True):
    """An account with its person."""

    account: str
    staff_id: str
    name: str
    active: bool
    """Whether the person is with the company."""


_COLUMNS = tuple(account.c[name] for name in Bound.__struct_fields__)

_BOUND = (
    select(*_COLUMNS)
    .where(account.c.staff_id == bindparam("staff_id"))
    .order_by(account.c.bound_at, account.c.channel, account.c.account)
)

_GET = select(*_COLUMNS).where(
    account.c.channel == bindparam("channel"), account.c.account == bindparam("account")
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


def bind(unit: Unit, channel: str, account_id: str, staff_id: str) -> bool:
    """Make the account that person's, whosever it was; it becomes home if there is none yet.

    Returns whether it had come to us as a stranger's before.
    """
    here = {"channel": channel, "account": account_id}
    if unit.session.execute(_BINDING, here).scalar() == staff_id:
        return False
    unbind(unit, channel, account_id)  # somebody else's notices must not go on arriving here
    row = {"staff_id": staff_id, "bound_at": unit.now, **here}
    insert_or_set(unit.session, account, row, ("staff_id", "bound_at"))
    this = delete(stranger).where(stranger.c.channel == channel, stranger.c.account == account_id)
    came = changed(unit.session, this) == 1
    settle_home(unit, staff_id)
    return came


def unbind(unit: Unit, channel: str, account_id: str) -> None:
    """Let the account go; home and unsent messages move to another account of its person."""
    this = {"channel": channel, "account": account_id}
    gone = get(unit.session, channel, account_id)
    if gone is None:
        return
    # old cards and numbers must mean nothing to who comes next, and never be quoted to them
    for table in (account, menu, message_ref, channel_note):
        unit.session.execute(delete(table).filter_by(**this))
    settle_home(unit, gone.staff_id)
    follow_home(unit, gone, "unbound")


def get(session: Session, channel: str, account_id: str) -> Bound | None:
    """Return the account if it is bound to anybody."""
    row = session.execute(_GET, {"channel": channel, "account": account_id}).one_or_none()
    return Bound(*row) if row else None


def menu_given(unit: Unit, channel: str, account_id: str, menu: str) -> None:
    """Remember which command menu the account shows, by its digest."""
    unit.session.execute(
        update(account)
        .where(account.c.channel == channel, account.c.account == account_id)
        .values(menu=menu)
    )


def named(session: Session, channel: str) -> tuple[Named, ...]:
    """Return all accounts of a messenger with their people."""
    query = (
        select(account.c.account, staff.c.id, staff.c.name, staff.c.active)
        .join(staff, staff.c.id == account.c.staff_id)
        .where(account.c.channel == channel)
    )
    return tuple(Named(*row) for row in session.execute(query))


def of_person(session: Session, staff_id: str) -> tuple[Bound, ...]:
    """Return the accounts of a person, oldest first."""
    return tuple(Bound(*row) for row in session.execute(_BOUND, {"staff_id": staff_id}))


def everybody(session: Session, channels: Collection[str]) -> tuple[Bound, ...]:
    """Return all accounts on these messengers, by person; not for the message path."""
    query = (
        select(*_COLUMNS)
        .where(account.c.channel.in_(channels))
        .order_by(account.c.staff_id, account.c.bound_at, account.c.channel, account.c.account)
    )
    return tuple(Bound(*row) for row in session.execute(query))


# -- where notices go --------------------------------------------------------------------------


def settle_home(unit: Unit, staff_id: str) -> None:
    """Let notices go where they arrive: the messenger that was chosen, else where they went so
    far, else the account bound last; nowhere when there is none, or the person has left."""
    person = people.get(unit.session, staff_id)
    if person is None:
        return
    bound = of_person(unit.session, staff_id) if person.active else ()
    heard = [one for one in bound if one.unreachable_since is None]
    chosen = [one for one in heard if one.channel == person.pinned_channel]
    places = [(one.channel, one.account) for one in chosen or heard]
    before = (person.home_channel, person.home_account)
    home = before if before in places else (places or [("", "")])[-1]
    if home != before:
        people.set_home(unit, staff_id, *home)


def follow_home(unit: Unit, old: Bound, problem: str, *, claimed: bool = False) -> None:
    """Send what waits for an account to the home of its person, or give it up for `problem`."""
    person = people.get(unit.session, old.staff_id)
    to = (person.home_channel, person.home_account) if person and person.home_channel else None
    forwarding.forward(
        unit, old.channel, old.account, old.staff_id, to, problem=problem, claimed=claimed
    )


def lose(unit: Unit, lost: Bound, why: str) -> None:
    """Mark that messages do not arrive there; `why` is `BLOCKED` or `OFF`."""
    _mark(unit, lost.channel, lost.account, unit.now, why)


def regain(unit: Unit, channel: str, account_id: str) -> None:
    """Mark that messages arrive there again."""
    _mark(unit, channel, account_id, None, "")


def _mark(unit: Unit, channel: str, account_id: str, since: datetime | None, why: str) -> None:
    unit.session.execute(
        update(account)
        .where(account.c.channel == channel, account.c.account == account_id)
        .values(unreachable_since=since, unreachable_why=why)
    )


def count_unreachable(session: Session) -> int:
    """Return how many people no message reaches, though they have a chat."""
    query = (
        select(func.count(account.c.staff_id.distinct()))
        .join(staff, staff.c.id == account.c.staff_id)
        .where(
            account.c.unreachable_since.is_not(None),
            staff.c.home_channel == "",
            staff.c.active == true(),
        )
    )
    return session.execute(query).scalar_one()


def switched(session: Session, channels: frozenset[str], limit: int) -> tuple[Bound, ...]:
    """Return accounts whose mark does not fit the `channels` in use: not marked though theirs
    is off, or marked as off though it is in use."""
    reached = account.c.unreachable_since.is_(None)
    off = account.c.unreachable_why == OFF
    used = account.c.channel.in_(channels)
    query = select(*_COLUMNS).where((~used & reached) | (used & off)).limit(limit)
    return tuple(Bound(*row) for row in session.execute(query))


# -- invites -----------------------------------------------------------------------------------


def derive_code(unit: Unit) -> str:
    """Return a fresh invite code as `draw_code` does, for units, which draw nothing at random.

    It is keyed by the company's key, so that nobody can compute it from the number in it.
    """
    key = unit.vault.index(f"invite {next(unit.ids)} {unit.now.isoformat()}")
    return b32encode(key).decode("ascii").rstrip("=")


def invite_link(session: Session, code: str) -> str | None:
    """Return the address that opens Telegram with the code; None: the bot's name is not known."""
    name = meta.get(session, TELEGRAM_NAME)
    return f"https://t.me/{name}?start={code}" if name else None


def meant_for(session: Session, code: str) -> str | None:
    """Return whose invite that is, used or not; None: it is no code of ours."""
    found = session.execute(_INVITE, {"code_hash": _hash(code)}).one_or_none()
    return found.staff_id if found else None


def close_invites(unit: Unit, staff_id: str) -> int:
    """End the invites of a person that still worked; return how many."""
    return changed(
        unit.session,
        update(invites)
        .where(
            invites.c.staff_id == staff_id,
            invites.c.used_at.is_(None),
            invites.c.expires_at > unit.now,
        )
        .values(expires_at=unit.now),
    )


def invite(unit: Unit, staff_id: str, code: str, now: datetime) -> None:
    """Open one invite for a person; codes given to them earlier stop working."""
    locks.rows(unit.session, select(staff.c.id).where(staff.c.id == staff_id))
    close_invites(unit, staff_id)
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
    """Bind the account to the person the code was made for, or say why not.

    One account for each person and messenger: the one before it is let go.
    """
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
    use = update(invites).where(invites.c.id == found.id, invites.c.used_at.is_(None))
    if not changed(unit.session, use.values(used_at=now)):
        return Refusal.USED  # by another account, at this moment
    bind(unit, channel, account_id, found.staff_id)
    replaced = tuple(
        one
        for one in of_person(unit.session, found.staff_id)
        if one.channel == channel and one.account != account_id
    )
    for one in replaced:
        unbind(unit, one.channel, one.account)
    return Redeemed(found.staff_id, replaced)


def stranger_seen(unit: Unit, channel: str, account_id: str, now: datetime) -> bool:
    """Count a message of an unknown account; True when an answer is due, once an hour at most."""
    row = {"channel": channel, "account": account_id, "seen": 0, "hour_began_at": now}
    insert_or_leave(unit.session, stranger, row)
    this = (stranger.c.channel == channel, stranger.c.account == account_id)
    seen = update(stranger).where(*this).values(seen=stranger.c.seen + 1)
    answered_at: datetime | None = unit.session.execute(
        seen.returning(stranger.c.answered_at)
    ).scalar_one()
    if answered_at is not None and now - answered_at < _HOUR:
        return False
    unit.session.execute(update(stranger).where(*this).values(answered_at=now))
    return True


def met(unit: Unit, channel: str, account_id: str, now: datetime) -> bool:
    """Take in an unknown account that has written nothing; True when it was not known so far."""
    row = {"channel": channel, "account": account_id, "hour_began_at": now, "answered_at": now}
    return insert_or_leave(unit.session, stranger, row | {"seen": 0}) == 1


def strangers(session: Session, limit: int, offset: int = 0) -> tuple[Stranger, ...]:
    """Return the accounts nobody vouched for, the busiest first; not for the message path."""
    names = Stranger.__struct_fields__
    query = select(*(stranger.c[name] for name in names))
    order = (stranger.c.seen.desc(), stranger.c.channel, stranger.c.account)
    rows = session.execute(query.order_by(*order).limit(limit).offset(offset))
    return tuple(Stranger(*row) for row in rows)


def count_strangers(session: Session) -> int:
    return session.execute(select(func.count()).select_from(stranger)).scalar_one()


def _count_wrong(unit: Unit, channel: str, account_id: str, now: datetime) -> None:
    row = {"channel": channel, "account": account_id, "wrong_codes": 1, "hour_began_at": now}
    goes_on = stranger.c.hour_began_at > now - _HOUR
    again = {
        "wrong_codes": case((goes_on, stranger.c.wrong_codes + 1), else_=1),
        "hour_began_at": case((goes_on, stranger.c.hour_began_at), else_=now),
    }
    insert_or_set(unit.session, stranger, row, (), also=again)


def _hash(code: str) -> str:
    # Typed from paper: case, spaces and hyphens do not matter.
    plain = "".join(one for one in code.upper() if one.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
