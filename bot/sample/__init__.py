"""The sample company: an invented trading house in Shenzhen, for trying and training.

Its people and customers lie beside this file as the spreadsheets of CONTRACT 6 and come in the
way a company's own would. Telephone numbers are of ranges that nobody is given (154..., and land
lines that begin with 0), so that no call reaches a stranger.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from importlib.resources import files
from itertools import compress

from msgspec.structs import replace

from handlers import FEATURES
from handlers.notes import duties
from handlers.sheets import customer_sheet, document_sheet, staff_sheet
from handlers.sheets.sheet import FIELD, Line, Refused
from handlers.sheets.sheet_text import rows_of
from handlers.world import Registry, World
from rules import visits as duty
from rules.calendar import china
from rules.policies import InForce, Policies
from rules.secrecy import Grade
from storage import documents, dossiers, notes, staff, visits
from storage.errors import StorageError
from storage.staff import Person
from storage.unit import Unit

COMPANY = "澄远商贸有限公司"

DEMO_PHONES = ("CY015", "CY016", "CY014", "CY006", "CY009", "CY004", "CY035", "CY033")
"""Whose phones the page shows first: a salesperson, a colleague on the same customer, their
manager, the customer-information supervisor, the archivist, the customer director, a service
consultant, a seller of cars."""

CAR_DEPARTMENTS = ("汽车事业部", "汽车销售部", "汽车售后部")
"""The departments that deliver and mend cars."""

_CLERK = "CY007"
"""Who opened the sample dossiers: the customer-information specialist."""

_IMPORTANT = ("深圳市鸿鑫贸易有限公司", "2026年度框架供货合同")
"""Customer and title of the paper that is marked as important, original and copy."""


def load(unit: Unit, policies: Policies) -> None:
    """Write the whole company into an empty database: people, customers, papers, notes, visits.

    Days count from the office day of `unit.now`. Phones are not bound here.
    """
    world = World(policies, china(), Registry(FEATURES))
    _load_staff(unit)
    _load_dossiers(unit, policies.at(unit.now))
    _load_documents(unit)
    for row in rows("notes.csv"):
        _file(unit, world, row)
    for row in rows("visits.csv"):
        day = working_day(world, unit.now, int(row["in_working_days"]))
        _plan(unit, world, row["staff"], row["customer"], day, row["purpose"])


def _load_staff(unit: Unit) -> None:
    people, refused = staff_sheet.read_staff(rows_of(_content("staff.csv")))
    _require(refused)
    staff_sheet.apply_staff(unit, people)


def _load_dossiers(unit: Unit, policies: InForce) -> None:
    lines = _fitting(rows_of(_content("dossiers.csv")), policies)
    read = customer_sheet.read_dossiers(lines, staff.everybody(unit.session), policies)
    _require(read.told.refused)
    customer_sheet.apply_dossiers(unit, read.taken, policies, by=_CLERK)


def _load_documents(unit: Unit) -> None:
    told = document_sheet.take(unit, rows_of(_content("documents.csv")))
    _require(told.refused)
    customer, title = _IMPORTANT
    grades = [grade.value for grade in Grade]
    for one in documents.page(unit, customer_of(unit, customer), grades, documents.MOST):
        if one.title == title:
            documents.mark_important(unit, one.id)


def _fitting(lines: Sequence[Line], policies: InForce) -> list[Line]:
    """Return the lines without the fields that these policies do not have."""
    known = customer_sheet.fields_of(policies)
    kept = [not name.startswith(FIELD) or name in known for name in lines[0].cells]
    return [replace(line, cells=tuple(compress(line.cells, kept))) for line in lines]


def _file(unit: Unit, world: World, row: dict[str, str]) -> None:
    calendar = world.calendar
    day = working_day(world, unit.now, -int(row["working_days_ago"]))
    filed_at = datetime.combine(day, time.fromisoformat(row["time"]), world.zone)
    author = person_of(unit, row["author"])
    policy = world.policies.on(day).governing(author.department)
    due = duty.note_deadline(duty.Visit(day=day, entered_at=filed_at), policy, calendar)
    ahead = row["next_in_working_days"]
    next_contact = calendar.add_working_days(day, int(ahead)) if ahead else None
    dossier_id = customer_of(unit, row["customer"])
    extras = {"met": row["met"], "next_step": row["next_step"]}
    filed = notes.file_note(
        unit,
        notes.NewNote(
            dossier_id=dossier_id,
            author=row["author"],
            day=day,
            manner=row["manner"],
            body=row["what_happened"],
            filed_at=filed_at,
            deadline=due.instant,
            on_time=duty.on_time(filed_at, due),
            extras={key: words for key, words in extras.items() if words},
            next_contact=next_contact,
        ),
    )
    dossiers.touch_recent(unit, row["author"], dossier_id, filed_at)
    superior = author.superior
    if superior:
        notes.mark_unread(unit, [superior], filed.id, filed_at)
        if row["read"] == "yes":
            notes.mark_read(unit, superior, filed.id)
    if next_contact and next_contact >= world.policies.at(unit.now).day:
        words = row["next_step"]
        _plan(unit, world, row["author"], row["customer"], next_contact, words, filed.id)


def _plan(
    unit: Unit,
    world: World,
    staff_id: str,
    customer: str,
    day: date,
    purpose: str,
    from_note: int | None = None,
) -> None:
    visit_id = visits.plan(
        unit,
        staff_id=staff_id,
        dossier_id=customer_of(unit, customer),
        day=day,
        at=unit.now,
        purpose=purpose,
        from_note=from_note,
    )
    person = person_of(unit, staff_id)
    duties.watch(world.context(unit, person, "phones", staff_id, unit.now), visit_id)


def working_day(world: World, now: datetime, distance: int) -> date:
    """Return the office day `distance` working days after today, or before it if negative."""
    today = world.policies.at(now).day
    if distance > 0:
        return world.calendar.add_working_days(today, distance)
    day = world.calendar.on_or_after(today)
    for _ in range(-distance):
        day = world.calendar.previous_workday(day)
    return day


def person_of(unit: Unit, staff_id: str) -> Person:
    """Return somebody of the sample.

    Raises:
        StorageError: there is no such person.
    """
    person = staff.get(unit.session, staff_id)
    if person is None:
        raise StorageError(f"the sample has no person {staff_id}")
    return person


def customer_of(unit: Unit, name: str) -> int:
    """Return the id of a customer's dossier.

    Raises:
        StorageError: there is no such customer.
    """
    found = dossiers.named(unit.session, name)
    if not found:
        raise StorageError(f"the sample has no customer {name}")
    return found[0]


def rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the lines of a file of the sample, by column."""
    yield from csv.DictReader(io.StringIO(_content(name).decode("utf-8")))


def _content(name: str) -> bytes:
    return files("bot.sample").joinpath(name).read_bytes()


def _require(refused: list[Refused]) -> None:
    if refused:
        first = refused[0]
        raise StorageError(f"the sample, line {first.line}, {first.column}: {first}")
