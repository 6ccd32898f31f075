"""`dossierbot staff`: who works here, and the codes that let them in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from bot import dispatch
from bot.commands.options import ConfigOption
from bot.commands.shared import (
    DEFAULT_CONFIG,
    Refused,
    say,
    settings_of,
)
from bot.commands.sheets import (
    DryRunOption,
    SheetArgument,
    opened_sheet,
    report,
    rows,
    texts_of,
)
from bot.commands.trail import CONSOLE, entry
from bot.offline import opened
from bot.policies import policies_of
from bot.settings import Settings
from handlers import FEATURES
from handlers.people import bindings
from handlers.sheets import sheet as sheet_rows
from handlers.sheets import staff_sheet
from handlers.sheets.staff_sheet import STAFF_COLUMNS
from handlers.texts import N_
from handlers.world import Registry, World
from rules.calendar import china
from storage import accounts, audit, staff
from storage.accounts import Bound
from storage.staff import Person, StaffRow
from storage.unit import Unit

SLICE = 100
"""People of one unit of work; a running bot waits no longer than that."""

STAFF_SUMMARY = N_(
    "People: {new} new, {changed} changed, {unchanged} unchanged, {leaving} deactivated; "
    "rows refused: {refused}."
)
NOT_IN_FILE = N_(
    "On the staff list but not in this file: {count} ({people}). They stay as they are; who has "
    "left gets active = no."
)
StaffArgument = Annotated[str, typer.Argument(metavar="ID", help="The staff number.")]

commands = typer.Typer(no_args_is_help=True, help="Who works here.")


@commands.command("import")
def import_staff(
    file: SheetArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Take the staff from a spreadsheet; known numbers are brought up to date."""
    settings = settings_of(config)
    texts = texts_of(settings)
    world = _world(settings)
    with opened_sheet(file, STAFF_COLUMNS, texts) as sheet:
        lines = tuple(sheet.lines())

    with opened(settings) as store:
        present = store.read(staff.everybody)
        people, refused = staff_sheet.read_staff(lines, present)
        found = staff_sheet.changes(people, present, in_file=staff_sheet.numbers(lines))
        written = () if dry_run else found.written
        for at in range(0, len(written), SLICE):
            store.run(partial(take, written[at : at + SLICE], world))
    summary = texts.t(
        STAFF_SUMMARY,
        new=len(found.new),
        changed=len(found.changed),
        unchanged=found.unchanged,
        leaving=len(found.leaving),
        refused=rows(refused),
    )
    if found.missing:
        names = sheet_rows.some(f"{one.id} {one.name}" for one in found.missing)
        summary += "\n" + texts.t(NOT_IN_FILE, count=len(found.missing), people=names)
    report(file, texts, summary, refused, dry_run=dry_run)


@commands.command()
def invite(
    staff_id: StaffArgument,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Print a code that binds one messenger account; it works once, for seven days."""
    code = accounts.draw_code()
    with opened(settings_of(config)) as store:
        name = store.run(lambda unit: give_invite(unit, staff_id, code))
        link, bound = store.run(
            lambda unit: (
                accounts.invite_link(unit.session, code),
                accounts.of_person(unit.session, staff_id),
            ),
            keep=False,
        )
    say(f"Invite for {name} ({staff_id}), once, within 7 days:")
    say()
    say(f"    /start {code}")
    say()
    say("The person sends this line to the bot. Earlier codes for them no longer work.")
    if link:
        say(f"Or opens this on the phone: {link}")
    for one in bound:
        since = f"{one.bound_at:%Y-%m-%d}"
        say(f"Used on {one.channel}, it replaces the account bound there since {since}.")


@commands.command()
def unbind(
    staff_id: StaffArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    channel: Annotated[
        str | None,
        typer.Option(help="Only this messenger: telegram, wecom or phones.", metavar="CHANNEL"),
    ] = None,
) -> None:
    """Cut a person's chats off at once, for a lost phone, and close their open invites."""
    settings = settings_of(config)
    world = _world(settings)
    with opened(settings) as store:
        name, cut, closed = store.run(lambda unit: cut_off(unit, world, staff_id, channel))
    for one in cut:
        say(f"{name}: unbound from {one.channel}, bound since {one.bound_at:%Y-%m-%d}.")
    if not cut:
        say(f"{name} is not bound to any chat{f' on {channel}' if channel else ''}.")
    say(f"Open invites closed: {closed}. `dossierbot staff invite {staff_id}` gives a new one.")


@commands.command()
def deactivate(staff_id: StaffArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """End a person's access with their next message; what waits goes to the superior."""
    with opened(settings_of(config)) as store:
        name = store.run(lambda unit: turn(unit, staff_id, active=False))
    say(f"{name} ({staff_id}) has no access any more.")
    say("The running bot, or the next one to start, tells the superior what waits.")


@commands.command()
def reactivate(staff_id: StaffArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Let a person in again, with the chats and the visits that nobody has taken over."""
    with opened(settings_of(config)) as store:
        name = store.run(lambda unit: turn(unit, staff_id, active=True))
    say(f"{name} ({staff_id}) has access again.")


@commands.command()
def roles() -> None:
    """List the roles that the spreadsheet can give, by code or by Chinese name."""
    for code, name in staff_sheet.possible_roles().items():
        say(f"{code:<28} {name}")


@commands.command("list")
def list_staff(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """List everybody, with the messengers they are bound to."""
    with opened(settings_of(config)) as store:
        people = store.run(
            lambda unit: [
                (one, accounts.of_person(unit.session, one.id))
                for one in staff.everybody(unit.session)
            ],
            keep=False,
        )
    table = Table("number", "name", "department", "roles", "superior", "messengers", "")
    for person, bound in people:
        table.add_row(
            person.id,
            person.name,
            person.department,
            ", ".join(sorted(person.roles)),
            person.superior or "",
            ", ".join(sorted({one.channel for one in bound})),
            "" if person.active else "left",
        )
    Console().print(table)


def take(people: Sequence[StaffRow], world: World, unit: Unit) -> None:
    """Take some people of a list in, as far as they are not as it says, and record it."""
    present = staff.everybody(unit.session)
    changes = staff_sheet.changes(people, present)
    before = _on_wecom(unit)
    came = staff_sheet.apply_staff(unit, changes.written)
    after = _on_wecom(unit)
    told = [
        entry(unit, action, f"staff:{staff_id}", **facts)
        for staff_id, action, facts in changes.acts(present)
    ]
    for action, ones in (("account.unbound", before - after), ("account.bound", after - before)):
        told += [
            entry(unit, action, f"staff:{staff_id}", messenger="wecom")
            for _, staff_id in sorted(ones)
        ]
    audit.append(unit, told)
    for staff_id, account in came:
        dispatch.welcome(unit, world, staff_id, "wecom", account)


def _on_wecom(unit: Unit) -> frozenset[tuple[str, str]]:
    """Return every account there with its person."""
    bound = accounts.everybody(unit.session, ("wecom",))
    return frozenset((one.account, one.staff_id) for one in bound)


def give_invite(unit: Unit, staff_id: str, code: str) -> str:
    """Open an invite and return the person's name.

    Raises:
        Refused: there is no such person, or they have left.
    """
    person = _listed(unit, staff_id)
    if not person.active:
        raise Refused(f"{staff_id} has left; `dossierbot staff list` shows who is there.")
    accounts.invite(unit, staff_id, code, unit.now)
    audit.append(unit, [entry(unit, "account.invited", f"staff:{staff_id}")])
    return person.name


def cut_off(
    unit: Unit, world: World, staff_id: str, channel: str | None
) -> tuple[str, tuple[Bound, ...], int]:
    """Unbind a person and return the name, what was cut, and how many invites were closed.

    Raises:
        Refused: there is no such person.
    """
    person = _listed(unit, staff_id)
    bound = tuple(
        one for one in accounts.of_person(unit.session, staff_id) if channel in (None, one.channel)
    )
    ctx = world.context(unit, replace(person, id=""), CONSOLE, "", unit.now)
    bindings.cut(ctx, bound)
    closed = accounts.close_invites(unit, staff_id)
    dispatch.close(ctx, world)
    return person.name, bound, closed


def turn(unit: Unit, staff_id: str, *, active: bool) -> str:
    """Let a person in or end their access, and return the name.

    Raises:
        Refused: there is no such person, or nothing would change.
    """
    person = _listed(unit, staff_id)
    if person.active is active:
        raise Refused(f"{staff_id} {'has access' if active else 'has left'} already.")
    if active:
        staff.reactivate(unit, staff_id)
    else:
        staff.deactivate(unit, staff_id)
    action = "staff.reactivated" if active else "staff.deactivated"
    audit.append(unit, [entry(unit, action, f"staff:{staff_id}")])
    return person.name


def _world(settings: Settings) -> World:
    return World(policies_of(settings.company), china(), Registry(FEATURES))


def _listed(unit: Unit, staff_id: str) -> Person:
    person = staff.get(unit.session, staff_id)
    if person is None:
        raise Refused(
            f"{staff_id} is not on the staff list; `dossierbot staff list` shows who is there."
        )
    return person
