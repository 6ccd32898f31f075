"""Customers from a spreadsheet (CONTRACT 6): read in slices, checked, and written.

Reading refuses row by row, each with line, column and reason. Who is on file already is left,
quietly, so that an import that was cut off goes on where it ended when it is run again. The trap
is the second dossier of one customer: same name and phone are one, and what is only alike is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from handlers.conversation.messages import Problem
from handlers.dossiers.field_values import BAD_PHONE, is_phone
from handlers.sheets.long_sheet import Told, sliced
from handlers.sheets.sheet import (
    FIELD,
    GRADES,
    Header,
    Line,
    Refused,
    Row,
    Sheet,
    refuse_twins,
    some,
)
from handlers.texts import N_
from rules.customer_kinds import KIND
from rules.policies import CUSTOMER, InForce
from rules.secrecy import AccessLevel, Grade
from storage import dossiers
from storage.dossiers import DossierRow
from storage.likeness import Filed, Likeness, OnFile, likeness, on_file
from storage.names import MAX_NAME
from storage.session import Session
from storage.staff import Person
from storage.unit import Unit

DOSSIER_COLUMNS = {
    "number": ("档案编号", "编号"),
    "name": ("客户名称", "客户"),
    "type": ("档案类型",),
    "keeper": ("保管人", "保管人工号"),
    "level": ("级别",),
    "grade": ("密级",),
    "grade_until": ("保密期限",),
    "class": ("客户类别",),
    "phone": ("电话", "联系电话"),
    "contact": ("联系人",),
    "address": ("地址",),
    "location": ("存放位置",),
    "department": ("部门",),
    "opened_on": ("建档日期",),
    "key": ("识别号",),
}
"""The columns, each with the other words that may head it."""

DOSSIER_REQUIRED = ("name", "keeper")

_LEVELS = {level.value: (level.zh,) for level in AccessLevel}

_REMEMBERED = 4
"""Lines with the same phone or key that are told of."""

UNKNOWN_KEEPER = N_("Nobody on the staff list has this staff number; import the staff first.")
LEFT = N_("This person has left.")
NEEDS_UNTIL = N_("Graded, so the end of its secrecy is needed ({rule}).")
SAME_LINE = N_("This customer is in line {line} already: same name, same phone or key.")
NAMESAKE_LINE = N_(
    "The same name is in line {lines} with another phone or none; taken all the same."
)
NAMESAKE = N_(
    "The same name is on file as {numbers} with another phone or none; taken all the same."
)
SAME_PHONE_LINE = N_("The same phone is in line {lines} with another name; taken all the same.")
SAME_PHONE = N_("The same phone is on file as {numbers} with another name; taken all the same.")
SAME_KEY_LINE = N_("The same key is in line {lines} with another name; taken all the same.")
SAME_KEY = N_("The same key is on file as {numbers} with another name; taken all the same.")
ON_FILE = N_("Another customer is on file with this number; nothing of the row was taken.")
SAME_ON_FILE = N_("This customer is already on file as {number}; left as it was.")
SAME_DRAFT = N_("This customer is already on file as a draft; left as it was.")

Shared = TypeVar("Shared", str, bytes)

Index = Callable[[str], bytes]
"""What makes a phone comparable without showing it: `Vault.index`."""


class Customer(msgspec.Struct, frozen=True):
    """One good row."""

    line: int
    row: DossierRow
    like: Likeness


class _Earlier:
    """The lines above; one that is the same is found at once, however long the file is."""

    def __init__(self) -> None:
        self.names: dict[str, list[tuple[int, Likeness]]] = {}
        self.phones: dict[bytes, list[tuple[int, Likeness]]] = {}
        self.keys: dict[str, list[tuple[int, Likeness]]] = {}
        self._seen: set[Likeness] = set()
        self._lines: dict[tuple[str, str, str, str | bytes], int] = {}

    def add(self, one: Customer) -> None:
        like = one.like
        self._seen.add(like)
        for kind, value in _identities(like):
            self._lines.setdefault((like.name, like.type, kind, value), one.line)
        _remember(self.names, like.name, one)
        _remember(self.phones, like.phone, one)
        _remember(self.keys, like.key, one)

    def same(self, like: Likeness) -> int | None:
        """Return the line of the same customer, as `Likeness.same` has it."""
        wanted: tuple[tuple[str, str | bytes], ...] = (("any", like.phone),)
        if like.key:
            wanted = (("key", like.key), ("keyless", like.phone))
        for kind, value in wanted:
            line = self._lines.get((like.name, like.type, kind, value))
            if line is not None:
                return line
        return None

    def __contains__(self, like: Likeness) -> bool:
        return like in self._seen


def _identities(like: Likeness) -> Iterator[tuple[str, str | bytes]]:
    yield "any", like.phone
    yield ("key", like.key) if like.key else ("keyless", like.phone)


def _remember(
    shared: dict[Shared, list[tuple[int, Likeness]]], value: Shared, one: Customer
) -> None:
    if value:
        lines = shared.setdefault(value, [])
        if len(lines) < _REMEMBERED:
            lines.append((one.line, one.like))


class CustomerList:
    """A spreadsheet of customers under today's policies; `survey` comes first."""

    def __init__(
        self, lines: Callable[[], Iterator[Line]], present: Iterable[Person], policies: InForce
    ) -> None:
        self._lines = lines
        self._people = {one.id: one for one in present}
        self._policies = policies
        self._fields = fields_of(policies)
        self._header = Header(())
        self._twins: dict[str, list[int]] = {}
        self._earlier = _Earlier()
        self.numbers: frozenset[str] = frozenset()
        """All that stand in the file."""
        self.told = Told()

    def survey(self, seen: Callable[[int], None] = lambda _count: None) -> int:
        """Read the file once for its header and its numbers, and return how many rows it has.

        `seen` hears of every thousandth row. With a wrong header there are none.
        """
        rest = iter(self._lines())
        header, faults = Header.read(rest, DOSSIER_COLUMNS, DOSSIER_REQUIRED, self._fields)
        self.told.refused += faults
        if faults:
            return 0
        self._header = header
        at = header.columns.index("number") if "number" in header.columns else None
        lines: dict[str, int] = {}
        count = 0
        for count, line in enumerate(rest, 1):
            if count % 1000 == 0:
                seen(count)
            number = line.cells[at] if at is not None and at < len(line.cells) else ""
            if number and number in lines:
                self._twins.setdefault(number, [lines[number]]).append(line.number)
            elif number:
                lines[number] = line.number
        self.numbers = frozenset(lines)
        return count

    def slices(self, size: int, index: Index) -> Iterator[tuple[int, list[Customer]]]:
        """Yield so many rows at a time: how many, and those with nothing wrong in themselves."""
        for count, rows in sliced(self._lines, self._header, size, self.told.refused):
            good = []
            for row in rows:
                customer = self._checked(row)
                if customer is not None:
                    good.append(Customer(row.line, customer, likeness(customer, index)))
            yield count, good

    def new(self, customers: Sequence[Customer], filed: OnFile) -> list[Customer]:
        """Return those who are not on file and in no line above; of others it is told why."""
        return [one for one in customers if self._is_new(one, filed)]

    def _checked(self, row: Row) -> DossierRow | None:
        customer = _dossier_row(row, self._policies)
        keeper = self._people.get(customer.keeper)
        if customer.keeper and keeper is None:
            row.refuse("keeper", UNKNOWN_KEEPER)
        elif keeper is not None and not keeper.active:
            row.refuse("keeper", LEFT)
        refuse_twins(row, "number", self._twins)
        return customer if row.good else None

    def _is_new(self, one: Customer, filed: OnFile) -> bool:
        line = self._earlier.same(one.like)
        if line is not None:
            return self._refuse(one, "name", SAME_LINE, line=str(line))
        numbered = filed.numbers.get(one.row.number or "")
        if numbered is not None and not _as_before(one, numbered):
            return self._refuse(one, "number", ON_FILE)
        same = next(
            (other for other in filed.names.get(one.like.name, []) if one.like.same(other.like)),
            None,
        )
        if numbered is None and same is not None and same.number is None:
            return self._refuse(one, "name", SAME_DRAFT)
        if numbered is None and same is not None and one.row.number:
            return self._refuse(one, "name", SAME_ON_FILE, number=same.number or "")
        if numbered is not None or same is not None:
            self.told.on_file += 1
        else:
            self._tell_of_alike(one, filed)
            self.told.taken += 1
        self._earlier.add(one)
        return numbered is None and same is None

    def _refuse(self, one: Customer, column: str, message: str, **facts: str) -> bool:
        value = one.row.name if column == "name" else one.row.number or ""
        self.told.refused.append(Refused(one.line, column, value, Problem(message, facts)))
        return False

    def _tell_of_alike(self, one: Customer, filed: OnFile) -> None:
        earlier, like, row = self._earlier, one.like, one.row
        for column, value, above, others, messages in (
            ("name", row.name, earlier.names.get(like.name), filed.names.get(like.name),
             (NAMESAKE, NAMESAKE_LINE)),
            ("phone", row.phone, earlier.phones.get(like.phone), filed.phones.get(like.phone),
             (SAME_PHONE, SAME_PHONE_LINE)),
            ("key", row.key, earlier.keys.get(like.key), filed.keys.get(row.key),
             (SAME_KEY, SAME_KEY_LINE)),
        ):  # fmt: skip
            if not above and not others:
                continue
            beside = [(line, other) for line, other in above or () if _alike(like, other, column)]
            numbers = [
                other.number
                for other in others or ()
                if other.number and other.like not in earlier and _alike(like, other.like, column)
            ]
            for message, facts in (
                (messages[0], {"numbers": some(numbers)}),
                (messages[1], {"lines": some(str(line) for line, _ in beside)}),
            ):
                if any(facts.values()):
                    why = Problem(message, facts)
                    self.told.remarks.append(Refused(one.line, column, value, why))


def _as_before(one: Customer, filed: Filed) -> bool:
    """Whether the customer with that number is the one of an earlier import."""
    return (filed.like.name, filed.like.type) == (one.like.name, one.like.type)


def _alike(one: Likeness, other: Likeness, by: str) -> bool:
    """Whether a person should look at both; those of one name are told of by their name."""
    return not one.apart(other) and (by == "name" or one.name != other.name)


class CustomerSheet(msgspec.Struct):
    """What a short spreadsheet of customers holds."""

    taken: list[DossierRow]
    told: Told


def read_dossiers(
    sheet: Sheet | Sequence[Line],
    present: Iterable[Person],
    policies: InForce,
    unit: Unit | None = None,
) -> CustomerSheet:
    """Return the customers that can be taken, all at once, and why the other rows cannot.

    With `unit`, those on file already are left out too.
    """
    index: Index = unit.vault.index if unit else str.encode
    lines = sheet.lines if isinstance(sheet, Sheet) else lambda: iter(sheet)
    customers = CustomerList(lines, present, policies)
    taken: list[DossierRow] = []
    if rows := customers.survey():
        for _, good in customers.slices(rows, index):
            filed = known(unit.session, good) if unit else OnFile({}, {}, {}, {})
            taken += [one.row for one in customers.new(good, filed)]
    return CustomerSheet(taken, customers.told)


def known(session: Session, customers: Sequence[Customer]) -> OnFile:
    """Return who on file is like one of them."""
    return on_file(
        session,
        names=[one.like.name for one in customers],
        numbers=[one.row.number for one in customers if one.row.number],
        phones=[one.like.phone for one in customers if one.like.phone],
        keys=[one.row.key for one in customers if one.row.key],
    )


def apply_dossiers(
    unit: Unit, rows: Sequence[DossierRow], policies: InForce, *, by: str
) -> tuple[int, ...]:
    """Write the customers and return their ids; numbers come from the policies' patterns."""
    prepared = [
        dossiers.prepare(unit.vault, next(unit.ids), row, by=by, at=unit.now) for row in rows
    ]
    pass_over(unit, policies, [row.number for row in rows if row.number])
    write(unit, prepared, policies)
    return tuple(one.values["id"] for one in prepared)


def pass_over(unit: Unit, policies: InForce, numbers: Iterable[str]) -> None:
    """Let the numbers that are given out begin after these."""
    given = list(numbers)
    for policy in policies.every:
        dossiers.pass_over(unit, policy.dossier.format_number, given)


def write_new(
    customers: Sequence[Customer],
    prepared: Sequence[dossiers.Prepared],
    policies: InForce,
    unit: Unit,
) -> int:
    """Write new customers and return how many; not those whom somebody else wrote meanwhile."""
    names = [one.like.name for one in customers]
    filed = on_file(unit.session, names=names).names
    fresh = [
        dossier
        for one, dossier in zip(customers, prepared, strict=True)
        if not any(one.like.same(other.like) for other in filed.get(one.like.name, ()))
    ]
    write(unit, fresh, policies)
    return len(fresh)


def write(unit: Unit, prepared: Sequence[dossiers.Prepared], policies: InForce) -> None:
    """Write new dossiers; those without a number get one of their policy's pattern first."""
    year = policies.company.time.office_day(unit.now).year
    governed: dict[str, list[int]] = {}
    for at, one in enumerate(prepared):
        if one.values["number"] is None:
            pack = policies.governing(one.values["department"], one.values["type"]).pack
            governed.setdefault(pack, []).append(at)
    numbered = list(prepared)
    patterns = {one.pack: one.dossier.format_number for one in policies.every}
    for pack, places in governed.items():
        numbers = dossiers.draw_numbers(unit, patterns[pack], year, len(places))
        for at, number in zip(places, numbers, strict=True):
            numbered[at] = prepared[at].numbered(number)
    dossiers.write(unit.session, numbered)


def fields_of(policies: InForce) -> frozenset[str]:
    """Return the columns for fields of dossiers that any of the policies has."""
    return frozenset(
        FIELD + spec.id for policy in policies.every for spec in policy.dossier.every_field
    )


def _dossier_row(row: Row, policies: InForce) -> DossierRow:
    phone = row.digits("phone")
    if phone and not is_phone(phone):
        row.refuse("phone", BAD_PHONE)
    kind = row.code("type") or CUSTOMER
    department = row.text("department", most=80)
    policy = policies.governing(department, kind)
    grade = row.choice("grade", GRADES, policy.dossier.default_grade.value)
    until = row.day("grade_until")
    if grade != Grade.NONE.value and until is None and policy.secrecy.until_required:
        row.refuse("grade_until", NEEDS_UNTIL, rule=policy.secrecy.until_rule)
    fields: dict[str, Any] = {
        name.removeprefix(FIELD): row.text(name)
        for name in row.values
        if name.startswith(FIELD) and row.values[name]
    }
    kinds = {str(one.id): (one.zh, one.en.casefold()) for one in policy.dossier.kind}
    if kinds and (customer_kind := row.choice(FIELD + KIND, kinds, "")):
        fields[KIND] = customer_kind
    return DossierRow(
        number=row.digits("number") or None,
        name=row.text("name", required=True, most=MAX_NAME),
        type=kind,
        keeper=row.digits("keeper", required=True),
        level=row.choice("level", _LEVELS, policy.dossier.first_level),
        grade=grade,
        grade_until=until,
        class_=row.text("class"),
        phone=phone,
        contact=row.text("contact"),
        address=row.text("address"),
        location=row.text("location"),
        department=department,
        opened_on=row.day("opened_on"),
        key=row.digits("key"),
        fields=fields,
    )
