"""The phones page as a site of its own: its people are the staff of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from bot.app import App
from bot.channels.phones.platform import NAME, Phone, Platform
from bot.channels.phones.server import PhonesPage
from rules.roles import ROLES
from storage import accounts, staff
from storage.staff import Person
from storage.unit import Unit

LOOPBACK = "127.0.0.1"


class PhonesProgram:
    """The bot together with the pretend platform behind the page."""

    def __init__(self, app: App, platform: Platform) -> None:
        self._app = app
        self._platform = platform

    async def start(self) -> None:
        await self._app.start()

    async def stop(self) -> None:
        await self._app.stop()
        await self._platform.close()

    def problems(self) -> tuple[str, ...]:
        return self._app.problems()

    async def metrics_page(self, accept: str) -> tuple[bytes, str]:
        return await self._app.metrics_page(accept)


def give_phones(unit: Unit) -> tuple[Person, ...]:
    """Bind a phone to everybody who has none yet, and return those who have one."""
    people = tuple(one for one in staff.everybody(unit.session) if one.active)
    for person in people:
        if NAME not in {one.channel for one in accounts.of_person(unit.session, person.id)}:
            accounts.bind(unit, NAME, person.id, person.id)
    return people


def phones(
    people: Sequence[Person], shown: Sequence[str], examples: Mapping[str, str] | None = None
) -> list[Phone]:
    """Return the phones of these people; those of the staff numbers `shown` are open at first.

    They come first and in that order. `examples`: a sentence to try, by staff number.
    """
    places = {number: place for place, number in enumerate(shown)}
    in_order = sorted(people, key=lambda one: places.get(one.id, len(places)))
    return [
        Phone(
            one.id,
            one.name,
            _role(one),
            one.department,
            shown=one.id in places,
            example=(examples or {}).get(one.id, ""),
        )
        for one in in_order
    ]


def _role(person: Person) -> str:
    roles = [ROLES[code] for code in person.roles if code in ROLES]
    return max(roles, key=lambda one: one.rank).zh if roles else ""


def site(page: PhonesPage) -> web.Application:
    """Return an application that shows the page under /phones/ and leads there from /."""

    async def lead_there(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/phones/")

    application = web.Application()
    application.router.add_get("/", lead_there)
    application.router.add_get("/phones", lead_there)
    application.add_subapp("/phones/", page.app())
    return application
