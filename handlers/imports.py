"""Staff and customers from a spreadsheet (CONTRACT 6): read, checked, and written.

Reading is pure and refuses row by row, each with line, column and reason, so that one bad line
does not keep out the others. The trap is a value that looks right but means nothing here: an
unknown role or keeper, a circle of superiors, a number given twice, a customer on file already.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from handlers.conversation.messages import Problem
from handlers.sheet import FIELD, Line, Refused, Row, Table, Unreadable, rows_of
from handlers.texts import LOCALES, N_
from rules.policy import Policy
from rules.roles import ROLES, RoleKind
from rules.secrecy import AccessLevel, Grade
from storage import accounts, dossiers, staff
from storage.dossiers import DossierRow, Likeness, likeness
from storage.names import MAX_NAME
from storage.staff import Person, StaffRow
from storage.unit import Unit

__all__ = [
    "CustomerSheet", "Line", "Refused", "Unreadable", "apply_dossiers", "apply_staff",
    "possible_roles", "read_dossiers", "read_staff", "rows_of",
]  # fmt: skip

STAFF_COLUMNS = (
    "id", "name", "department", "roles", "superior", "deputy", "clearance", "head_of", "locale",
    "wecom_userid", "active",
)  # fmt: skip

DOSSIER_COLUMNS = (
    "number", "name", "type", "keeper", "level", "grade", "grade_until", "class", "phone",
    "contact", "address", "location", "department", "opened_on", "key",
)  # fmt: skip

STAFF_REQUIRED = ("id", "name", "department")

DOSSIER_REQUIRED = ("name", "keeper")

OPERATOR = "operator"
"""Who installs and runs the program (CONTRACT 3.4); no role of the regulations."""

_GRADES = {grade.value: ("无" if grade is Grade.NONE else grade.zh,) for grade in Grade}
_LEVELS = {level.value: (level.zh,) for level in AccessLevel}
_LOCALES = {"zh_CN": ("中文",), "en": ("英文",)}
_ACTIVE = {"true": ("yes", "1", "是", "在职"), "false": ("no", "0", "否", "离职")}

_OPERATOR_ZH = "运维人员"
_STAFF_ROLES = {one.code: one.zh for one in ROLES.values() if one.kind is not RoleKind.OUTSIDE}
_ROLE_OF = {one.zh: one.code for one in ROLES.values()} | {_OPERATOR_ZH: OPERATOR}

_SHOWN = 3
"""Numbers, lines or roles that one sentence names."""

_PHONE = re.compile(r"[0-9+()\- /,;、，；转*#.]+")
UNKNOWN_ROLE = N_(
    "There is no role {role}; all are listed by `dossierbot staff roles`; between several stands "
    "a semicolon."
)
SIMILAR_ROLE = N_(
    "There is no role {role}; similar are {roles}. All are listed by `dossierbot staff roles`; "
    "between several stands a semicolon."
)
NOT_STAFF_ROLE = N_("The role {role} cannot be given: it belongs to people outside the company.")
UNKNOWN_PERSON = N_("Nobody in this file or on the staff list has this staff number.")
PERSON_REFUSED = N_("The row of this person was refused (line {line}).")
UNKNOWN_KEEPER = N_("Nobody on the staff list has this staff number; import the staff first.")
LEFT = N_("This person has left.")
SELF = N_("Nobody can be that for themselves.")
CIRCLE = N_("The superiors go round in a circle: {people}")
TWICE = N_("The same number is in line {lines}; none of them was taken.")
SAME_LINE = N_("This customer is in line {line} already: same name, same phone or key.")
NAMESAKE_LINE = N_(
    "The same name is in line {lines} with another phone or none; taken all the same."
)
NAMESAKE = N_(
    "The same name is on file as {numbers} with another phone or none; taken all the same."
)
WECOM_TAKEN = N_("This WeCom account belongs to staff number {person}.")
ON_FILE = N_("There is a dossier with this number already; left as it was.")
SAME_ON_FILE = N_("This customer is already on file as {number}; left as it was.")
SAME_DRAFT = N_("This customer is already on file as a draft; left as it was.")
BAD_PHONE = N_("Expected a telephone number such as 0755-0866 1234.")


@dataclass
class CustomerSheet:
    """What a spreadsheet of customers holds."""

    taken: list[DossierRow] = field(default_factory=list)
    """In the order to write them."""
    refused: list[Refused] = field(default_factory=list)
    namesakes: list[Refused] = field(default_factory=list)
    """About rows that are taken, though there is another customer of that name."""


def possible_roles() -> Mapping[str, str]:
    """Return code and Chinese name of every role that a person can be given."""
    return _STAFF_ROLES | {OPERATOR: _OPERATOR_ZH}


def read_staff(
    rows: Sequence[Line], present: Iterable[Person] = ()
) -> tuple[list[StaffRow], list[Refused]]:
    """Return the people who can be taken and why the other rows cannot.

    `present`: who is on the staff list already, leavers too; what the sheet has no column for
    stays with them as it is. A wrong header refuses all rows.
    """
    known = {one.id: one for one in present}
    table = Table.read(rows, STAFF_COLUMNS, STAFF_REQUIRED)
    lines = _lines_of(table, "id")
    taken: dict[str, tuple[int, StaffRow]] = {}
    wecom = {one.wecom_userid: one.id for one in known.values() if one.wecom_userid}
    for row in table.rows:
        person = _staff_row(row)
        if person.id in known:
            person = _filled_up(person, known[person.id], row)
        _refuse_twins(row, "id", lines)
        owner = wecom.get(person.wecom_userid) if person.wecom_userid else None
        if owner is not None and owner != person.id:
            row.refuse("wecom_userid", WECOM_TAKEN, person=owner)
        if row.good:
            taken[person.id] = (row.line, person)
            if person.wecom_userid:
                wecom[person.wecom_userid] = person.id
    refused = table.refused
    refused += _unknown_people(taken, known, lines)
    refused += _circles(taken, known)
    refused += _unknown_people(taken, known, lines)  # superiors that fell out with a circle
    people = [person for _, person in taken.values()]
    return people, sorted(refused, key=lambda one: one.line)


def read_dossiers(
    rows: Sequence[Line], present: Iterable[Person], policy: Policy, unit: Unit | None = None
) -> CustomerSheet:
    """Return the customers that can be taken and why the other rows cannot.

    With `unit`, customers on file already are refused too. Those with a number come first, so
    that numbers given out to the others (`number` None) cannot be in their way.
    """
    known = {one.id: one for one in present}
    fields = frozenset(FIELD + spec.id for spec in policy.dossier.field_specs)
    table = Table.read(rows, DOSSIER_COLUMNS, DOSSIER_REQUIRED, fields)
    lines = _lines_of(table, "number")
    read: list[tuple[Row, DossierRow]] = []
    for row in table.rows:
        dossier = _dossier_row(row, policy)
        keeper = known.get(dossier.keeper)
        if dossier.keeper and keeper is None:
            row.refuse("keeper", UNKNOWN_KEEPER)
        elif keeper is not None and not keeper.active:
            row.refuse("keeper", LEFT)
        _refuse_twins(row, "number", lines)
        if row.good:
            read.append((row, dossier))
    namesakes = _refuse_known(read, unit)
    taken = [dossier for row, dossier in read if row.good]
    taken.sort(key=lambda one: one.number is None)
    return CustomerSheet(taken, sorted(table.refused, key=lambda one: one.line), namesakes)


def apply_staff(unit: Unit, people: Iterable[StaffRow]) -> None:
    """Write the people; a WeCom account named in the list is theirs from now on."""
    for person in people:
        staff.save(unit, person)
        if person.wecom_userid and person.active:
            for one in accounts.of_person(unit.session, person.id):
                if one.channel == "wecom" and one.account != person.wecom_userid:
                    accounts.unbind(unit, one.channel, one.account)
            accounts.bind(unit, "wecom", person.wecom_userid, person.id)


def apply_dossiers(
    unit: Unit, rows: Sequence[DossierRow], policy: Policy, *, by: str
) -> tuple[int, ...]:
    """Write the customers and return their ids; numbers come from the policy's pattern.

    A long list may be written in several units, in the order `read_dossiers` gave it.
    """
    pattern = policy.dossier.format_number
    this_year = policy.time.office_day(unit.now).year
    dossiers.pass_over(unit, pattern, [row.number for row in rows if row.number])
    numbered = [
        row if row.number else replace(row, number=dossiers.draw_number(unit, pattern, this_year))
        for row in rows
    ]
    return dossiers.add_all(unit, numbered, by=by)


def _lines_of(table: Table, column: str) -> Mapping[str, list[int]]:
    lines = defaultdict(list)
    for row in table.rows:
        lines[row.value(column)].append(row.line)
    return lines


def _refuse_twins(row: Row, column: str, lines: Mapping[str, list[int]]) -> None:
    """Refuse a number that other lines have too: nobody knows which of them is meant."""
    value = row.value(column)
    if value and len(lines[value]) > 1:
        row.refuse(column, TWICE, lines=_some(str(one) for one in lines[value] if one != row.line))


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:_SHOWN]) + (" …" if len(shown) > _SHOWN else "")


def _refuse_known(read: Sequence[tuple[Row, DossierRow]], unit: Unit | None) -> list[Refused]:
    """Refuse customers of an earlier line or on file; return who has but the name of one."""
    index = unit.vault.index if unit else str.encode
    on_file: Mapping[str, list[tuple[str | None, Likeness]]] = {}
    numbers: frozenset[str] = frozenset()
    likes = [likeness(dossier, index) for _, dossier in read]
    if unit:
        on_file = dossiers.namesakes(unit.session, [like.name for like in likes])
        wanted = [dossier.number for _, dossier in read if dossier.number]
        numbers = dossiers.numbers_on_file(unit.session, wanted)
    earlier: dict[str, list[tuple[int, Likeness]]] = defaultdict(list)
    remarks = []
    for (row, dossier), like in zip(read, likes, strict=True):
        lines, filed = earlier[like.name], on_file.get(like.name, [])
        line = next((one for one, other in lines if like.same(other)), None)
        same = next((one for one in filed if like.same(one[1])), None)
        if dossier.number in numbers:
            row.refuse("number", ON_FILE)
        elif same:
            row.refuse("name", SAME_ON_FILE if same[0] else SAME_DRAFT, number=same[0] or "")
        elif line:
            row.refuse("name", SAME_LINE, line=str(line))
        else:
            others = [one for one, other in filed if one and like.confusable(other)]
            beside = [str(one) for one, other in lines if like.confusable(other)]
            for message, facts in (
                (NAMESAKE, {"numbers": _some(others)}),
                (NAMESAKE_LINE, {"lines": _some(beside)}),
            ):
                if any(facts.values()):
                    why = Problem(message, facts)
                    remarks.append(Refused(row.line, "name", dossier.name, why))
            lines.append((row.line, like))
    return remarks


def _role(row: Row, word: str) -> str:
    code = _ROLE_OF.get(word, word)
    if code != OPERATOR and code not in ROLES:
        words = [*_STAFF_ROLES, *_STAFF_ROLES.values()]
        near = [_ROLE_OF.get(one, one) for one in get_close_matches(word, words)]
        roles = ", ".join(f"{one}/{_STAFF_ROLES[one]}" for one in dict.fromkeys(near))
        row.refuse("roles", SIMILAR_ROLE if near else UNKNOWN_ROLE, role=word, roles=roles)
    elif code not in possible_roles():
        row.refuse("roles", NOT_STAFF_ROLE, role=word)
    return code


def _staff_row(row: Row) -> StaffRow:
    return StaffRow(
        id=row.code("id", required=True),
        name=row.text("name", required=True),
        department=row.text("department", required=True),
        roles=tuple(dict.fromkeys(_role(row, word) for word in row.many("roles"))),
        superior=row.code("superior") or None,
        deputy=row.code("deputy") or None,
        clearance=row.choice("clearance", _GRADES, Grade.NONE.value),
        head_of=row.many("head_of"),
        locale=row.choice("locale", _LOCALES, LOCALES[0]),
        wecom_userid=row.digits("wecom_userid") or None,
        active=row.choice("active", _ACTIVE, "true") == "true",
    )


def _filled_up(person: StaffRow, known: Person, row: Row) -> StaffRow:
    """Return the row with what is known of the person in place of columns that are not there."""
    kept: dict[str, Any] = {
        name: getattr(known, name) for name in STAFF_COLUMNS if name not in row.values
    }
    if "roles" in kept:
        kept["roles"] = tuple(sorted(known.roles))
    return replace(person, **kept)


def _dossier_row(row: Row, policy: Policy) -> DossierRow:
    phone = row.digits("phone")
    if phone and not (_PHONE.fullmatch(phone) and sum(one.isdigit() for one in phone) >= 5):
        row.refuse("phone", BAD_PHONE)
    level = AccessLevel.PERSONAL.value if policy.dossier.levels else ""
    fields: dict[str, Any] = {
        name.removeprefix(FIELD): row.text(name)
        for name in row.values
        if name.startswith(FIELD) and row.values[name]
    }
    return DossierRow(
        number=row.digits("number") or None,
        name=row.text("name", required=True, most=MAX_NAME),
        type=row.code("type") or "customer",
        keeper=row.digits("keeper", required=True),
        level=row.choice("level", _LEVELS, level),
        grade=row.choice("grade", _GRADES, policy.dossier.default_grade.value),
        grade_until=row.day("grade_until"),
        class_=row.text("class"),
        phone=phone,
        contact=row.text("contact"),
        address=row.text("address"),
        location=row.text("location"),
        department=row.text("department", most=80),
        opened_on=row.day("opened_on"),
        key=row.digits("key"),
        fields=fields,
    )


def _unknown_people(
    taken: dict[str, tuple[int, StaffRow]],
    known: dict[str, Person],
    lines: Mapping[str, list[int]],
) -> list[Refused]:
    """Drop rows whose superior or deputy nobody knows, until none is left; return why."""
    refused: list[Refused] = []
    while True:
        bad = []
        for id_, (line, person) in taken.items():
            for column, other in (("superior", person.superior), ("deputy", person.deputy)):
                if other == id_:
                    bad.append((id_, Refused(line, column, other, Problem(SELF))))
                elif other is not None and other not in taken and other not in known:
                    where = lines.get(other)
                    fact = {"line": _some(map(str, where))} if where else {}
                    why = Problem(PERSON_REFUSED if where else UNKNOWN_PERSON, fact)
                    bad.append((id_, Refused(line, column, other, why)))
        if not bad:
            return refused
        for id_, fault in bad:
            taken.pop(id_, None)
            refused.append(fault)


def _circles(taken: dict[str, tuple[int, StaffRow]], known: dict[str, Person]) -> list[Refused]:
    """Drop rows that are part of a circle of superiors; return why."""
    above = {id_: person.superior for id_, person in known.items()}
    above |= {id_: person.superior for id_, (_, person) in taken.items()}
    refused = []
    for id_, (line, person) in list(taken.items()):
        walked = [id_]
        while (up := above.get(walked[-1])) is not None and up not in walked:
            walked.append(up)
        if up == id_:
            circle = {"people": " → ".join([*walked, id_])}
            refused.append(
                Refused(line, "superior", person.superior or "", Problem(CIRCLE, circle))
            )
            del taken[id_]
    return refused
