"""The command menu of each chat, set where it changed: by role, by language, at the start.

The trap is the platform that refuses: then the menu counts as not set, and is set next time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec
import structlog

from bot import dispatch
from bot.channels.base import Channel, ChannelError
from bot.units import Units
from handlers.world import World
from storage import accounts, staff
from storage.errors import StorageError
from storage.session import Session

Entries = tuple[tuple[str, str], ...]
"""Command and title, in order."""

log = structlog.get_logger()


class Menus:
    """What menu each account shows, by digest."""

    def __init__(self, channels: Mapping[str, Channel], units: Units, world: World) -> None:
        self._channels = channels
        self._units = units
        self._world = world
        self._shown: dict[tuple[str, str], str | None] = {}

    async def show_all(self) -> None:
        """Give everybody who is bound the menu of their role and language, where it changed.

        Who has left is shown none.
        """

        def look(session: Session) -> list[tuple[accounts.Bound, staff.Person]]:
            people = {person.id: person for person in staff.everybody(session)}
            bound = accounts.everybody(session, self._channels)
            return [(one, people[one.staff_id]) for one in bound]

        bound = await self._units.read(look)
        for one, _ in bound:
            self._shown[one.channel, one.account] = one.menu
        for one, person in bound:
            menu = dispatch.menu_for(person, self._world) if person.active else ()
            await self.show(self._channels[one.channel], one.account, menu)

    async def show(self, channel: Channel, account: str, menu: Entries) -> None:
        """Set the menu of one account, if it shows another one."""
        place = (channel.name, account)
        digest, before = _digest(menu), self._shown.get(place)
        if digest == before:
            return
        self._shown[place] = digest
        try:
            await channel.menu(account, menu)
            await self._units.run(
                lambda unit: accounts.menu_given(unit, channel.name, account, digest)
            )
        except (ChannelError, StorageError) as error:
            self._shown[place] = before
            log.warning("menu_not_set", channel=channel.name, kind=type(error).__name__)

    def forget(self, channel: str, account: str) -> None:
        """Take in that the account was just bound: what menu it had before is not known."""
        self._shown.pop((channel, account), None)


def _digest(menu: Entries) -> str:
    return hashlib.sha256(msgspec.json.encode(menu)).hexdigest()[:32]
