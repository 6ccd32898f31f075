"""The people a messenger's own directory shows, beside those on file: what differs is proposed.

Nothing of it is ever applied by itself: a member who is out of sight may have left or be hidden
by a slip in the console, and only an operator knows which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import partial

import msgspec

from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card
from handlers.people import bindings
from handlers.texts import N_, Texts
from handlers.world import World
from rules.roles import OPERATOR
from storage import accounts, staff
from storage.accounts import Named
from storage.unit import Unit

JOB = "directory"
"""Of `storage.occurrences`, with the messenger's name behind a dot."""
NAMED = 20
"""People who are named in each line."""
BUTTONS = 5
"""People who can be opened from the message."""

TITLE = N_("Directory and staff list")
INTRO = N_("{channel} shows other people than the staff list. Nothing was changed.")
NEW = N_("Not on the staff list ({count}): {names}")
CHANGED = N_("Under another name ({count}): {names}")
GONE = N_("No longer visible to the app ({count}): {names}")
CALLED = N_("{name} is {new} there")
WITH_ID = N_("{name} ({id})")
MORE = N_("and {count} more")
HOW = N_(
    "To adopt it, change the staff list and import it again; tap a name where somebody has left."
)


class Listed(msgspec.Struct, frozen=True):
    """A member as the messenger's directory has them."""

    account: str
    """As messages name it."""
    name: str


class Differences(msgspec.Struct, frozen=True):
    new: tuple[Listed, ...] = ()
    """Seen by the app, and bound to nobody."""
    changed: tuple[tuple[Named, str], ...] = ()
    """Bound, and under another name there."""
    gone: tuple[Named, ...] = ()
    """Bound to somebody who is with the company, and not seen."""

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)

    @property
    def digest(self) -> str:
        """Return what is the same as long as nothing else differs."""
        parts = (
            [one.account for one in self.new],
            [(one.account, name) for one, name in self.changed],
            [one.account for one in self.gone],
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def compare(seen: Iterable[Listed], known: Iterable[Named]) -> Differences:
    """Return what the directory shows otherwise than the staff list, by account."""
    there = {one.account: one for one in seen}
    here = {one.account: one for one in known}
    return Differences(
        new=tuple(one for account, one in sorted(there.items()) if account not in here),
        changed=tuple(
            (one, there[account].name)
            for account, one in sorted(here.items())
            if one.active and account in there and there[account].name not in ("", one.name)
        ),
        gone=tuple(
            one for account, one in sorted(here.items()) if one.active and account not in there
        ),
    )


def propose(
    unit: Unit, world: World, channel: str, seen: tuple[Listed, ...]
) -> tuple[Context, ...]:
    """Tell the operators what differs, the same once a month; returns a context for each."""
    found = compare(seen, accounts.named(unit.session, channel))
    if not found:
        return ()
    told = []
    for staff_id in staff.holders(unit.session, OPERATOR):
        person = staff.get(unit.session, staff_id)
        if person is None or not person.home_channel:
            continue
        ctx = world.context(unit, person, person.home_channel, person.home_account, unit.now)
        key = f"{JOB}:{channel}:{ctx.today:%Y-%m}:{found.digest}:{staff_id}"
        ctx.tell(staff_id, partial(_card, found, channel), key)
        told.append(ctx)
    return tuple(told)


def _card(found: Differences, channel: str, texts: Texts) -> Card:
    lines = [texts.t(INTRO, channel=bindings.messenger(texts, channel))]
    new = [
        texts.t(WITH_ID, name=one.name, id=one.account) if one.name else one.account
        for one in found.new
    ]
    changed = [texts.t(CALLED, name=one.name, new=name) for one, name in found.changed]
    gone = [texts.t(WITH_ID, name=one.name, id=one.staff_id) for one in found.gone]
    for message, names in ((NEW, new), (CHANGED, changed), (GONE, gone)):
        if names:
            lines.append(texts.t(message, count=len(names), names=_some(names, texts)))
    people = [*found.gone, *(one for one, _ in found.changed)]
    buttons = [Button(one.name, f"f.admin.person.{one.staff_id}") for one in people[:BUTTONS]]
    return Card(
        "\n".join([*lines, texts.t(HOW)]),
        title=texts.t(TITLE),
        choices=tuple(buttons),
        columns=2,
        nav=(Button(texts.t(N_("Administration")), "f.admin.open", back=True),),
    )


def _some(names: list[str], texts: Texts) -> str:
    more = len(names) - NAMED
    shown = names[:NAMED] + ([texts.t(MORE, count=more)] if more > 0 else [])
    return listed(shown, texts)
