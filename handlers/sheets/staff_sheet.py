"""Staff from a spreadsheet (CONTRACT 6): read, checked, and written.

Reading is pure and refuses row by row, each with line, column and reason, so that one bad line
does not keep out the others. The trap is a value that looks right but means nothing here: an
unknown role, a circle of superiors, a number or a WeCom account given twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec.structs import replace

from handlers.conversation.messages import Problem
from handlers.sheets.sheet import GRADES, Line, Refused, Row, Table, lines_of, refuse_twins, some
from handlers.texts import LOCALES, N_
from rules.roles import OPERATOR, ROLES, RoleKind
from rules.secrecy import Grade
from storage import accounts, staff
from storage.staff import Person, StaffRow
from storage.unit import Unit

STAFF_COLUMNS = {
    "id": ("工号",),
    "name": ("姓名",),
    "department": ("部门",),
    "roles": ("角色", "岗位"),
    "superior": ("上级", "直接上级"),
    "deputy": ("代理人",),
    "clearance": ("密级",),
    "head_of": ("负责部门",),
    "locale": ("语言",),
    "wecom_userid": ("企业微信账号",),
    "active": ("在职",),
}
"""The columns, each with the other words that may head it."""

STAFF_REQUIRED = ("id", "name", "department")

_SAID = tuple(name for name in STAFF_COLUMNS if name not in ("id", "active"))

_LOCALES = {"zh_CN": ("中文",), "en": ("英文",)}
_ACTIVE = {"true": ("yes", "1", "是", "在职"), "false": ("no", "0", "否", "离职")}

_OPERATOR_ZH = "运维人员"
_STAFF_ROLES = {one.code: one.zh for one in ROLES.values() if one.kind is not RoleKind.OUTSIDE}
_ROLE_OF = {one.zh: one.code for one in ROLES.values()} | {_OPERATOR_ZH: OPERATOR}
_USERID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}")

UNKNOWN_ROLE = N_(
    "There is no role {role}; all are listed by `dossierbot staff roles`; between several stands "
    "a semicolon."
)
SIMILAR_ROLE = N_(
    "There is no role {role}; similar are {roles}. All are listed by `dossierbot staff roles`; "
    "between several stands a semicolon."
)
BAD_USERID = N_(
    "A WeCom account has up to 64 letters, digits and . _ - @, a letter or digit first."
)
NOT_STAFF_ROLE = N_("The role {role} cannot be given: it belongs to people outside the company.")
UNKNOWN_PERSON = N_("Nobody in this file or on the staff list has this staff number.")
PERSON_REFUSED = N_("The row of this person was refused (line {line}).")
SELF = N_("Nobody can be that for themselves.")
CIRCLE = N_("The superiors go round in a circle: {people}")
WECOM_TAKEN = N_("This WeCom account belongs to staff number {person}.")

Taken = dict[str, tuple[int, StaffRow]]
"""Line and person by staff number."""
Act = tuple[str, str, dict[str, str | int]]
"""Staff number, what is done as the audit trail names it, and its facts."""


class Changes(msgspec.Struct, frozen=True):
    """What a list does to the people who are there."""

    new: list[StaffRow]
    changed: list[StaffRow]
    """Not those who leave."""
    leaving: list[StaffRow]
    unchanged: int
    missing: tuple[Person, ...] = ()
    """Who is on the staff list and stands in no row."""

    @property
    def written(self) -> list[StaffRow]:
        return [*self.new, *self.changed, *self.leaving]

    def acts(self, present: Iterable[Person]) -> Iterator[Act]:
        """Yield what is done to each person; of what changed the columns only."""
        known = {one.id: one for one in present}
        for one in self.new:
            yield one.id, "staff.entered", {}
        for one in (*self.changed, *self.leaving):
            before = known[one.id]
            if before.active is not one.active:
                yield one.id, "staff.reactivated" if one.active else "staff.deactivated", {}
            was = _as_row(before, one.roles)
            columns = [name for name in _SAID if getattr(was, name) != getattr(one, name)]
            if columns:
                yield one.id, "staff.changed", {"columns": " ".join(columns)}


def possible_roles() -> Mapping[str, str]:
    """Return code and Chinese name of every role that a person can be given."""
    return _STAFF_ROLES | {OPERATOR: _OPERATOR_ZH}


def read_staff(
    rows: Iterable[Line], present: Iterable[Person] = ()
) -> tuple[list[StaffRow], list[Refused]]:
    """Return the people who can be taken and why the other rows cannot.

    `present`: who is on the staff list already, leavers too; what the sheet has no column for
    stays with them as it is. A wrong header refuses all rows.
    """
    known = {one.id: one for one in present}
    table = Table.read(rows, STAFF_COLUMNS, STAFF_REQUIRED)
    lines = lines_of(table.rows, "id")
    taken: Taken = {}
    wecom: dict[str, str] = {}
    for row in table.rows:
        person = _staff_row(row)
        if person.id in known:
            person = _filled_up(person, known[person.id], row)
        refuse_twins(row, "id", lines)
        owner = wecom.get(_account(person))
        if owner is not None:
            row.refuse("wecom_userid", WECOM_TAKEN, person=owner)
        if row.good:
            taken[person.id] = (row.line, person)
            if person.wecom_userid:
                wecom[_account(person)] = person.id
    refused = table.refused
    while faults := [
        *_wecom_of_others(taken, known),
        *_unknown_people(taken, known, lines),
        *_circles(taken, known),
    ]:  # each row that falls out may have been what another one stood on
        refused += faults
    people = [person for _, person in taken.values()]
    return people, sorted(refused, key=lambda one: one.line)


def numbers(rows: Sequence[Line]) -> frozenset[str]:
    """Return the staff numbers that stand in the file, also in rows that are refused."""
    header = rows[0].cells if rows else ()
    at = header.index("id") if "id" in header else len(header)
    return frozenset(cell for row in rows[1:] for cell in row.cells[at : at + 1])


def changes(
    people: Iterable[StaffRow], present: Iterable[Person], in_file: Collection[str] = ()
) -> Changes:
    """Return what the list says that is not so yet; `in_file`: the numbers that stand in it."""
    known = {one.id: one for one in present}
    found = Changes([], [], [], 0)
    unchanged = 0
    for person in people:
        before = known.get(person.id)
        if before is None:
            found.new.append(person)
        elif before.active and not person.active:
            found.leaving.append(person)
        elif _as_row(before, person.roles) != person:
            found.changed.append(person)
        else:
            unchanged += 1
    missing = (one for one in known.values() if one.active and one.id not in in_file)
    gone = tuple(one for one in missing if in_file and one.id != OPERATOR)
    return replace(found, unchanged=unchanged, missing=gone)


def apply_staff(unit: Unit, people: Iterable[StaffRow]) -> tuple[tuple[str, str], ...]:
    """Write the people; a WeCom account named in the list is theirs from now on.

    Returns staff number and account of those who had come to the bot before they were listed.
    """
    waited = []
    for person in people:
        staff.save(unit, person)
        account = _account(person)
        if account and person.active:
            for one in accounts.of_person(unit.session, person.id):
                if one.channel == "wecom" and one.account != account:
                    accounts.unbind(unit, one.channel, one.account)
            if accounts.bind(unit, "wecom", account, person.id):
                waited.append((person.id, account))
    return tuple(waited)


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


def _userid(row: Row) -> str:
    """Return the account; what addresses several members or all of them is none."""
    value = row.digits("wecom_userid")
    if value and not _USERID.fullmatch(value):
        row.refuse("wecom_userid", BAD_USERID)
    return value


def _staff_row(row: Row) -> StaffRow:
    return StaffRow(
        id=row.code("id", required=True),
        name=row.text("name", required=True),
        department=row.text("department", required=True),
        roles=tuple(dict.fromkeys(_role(row, word) for word in row.many("roles"))),
        superior=row.code("superior") or None,
        deputy=row.code("deputy") or None,
        clearance=row.choice("clearance", GRADES, Grade.NONE.value),
        head_of=row.many("head_of"),
        locale=row.choice("locale", _LOCALES, LOCALES[0]),
        wecom_userid=_userid(row) or None,
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


def _account(person: StaffRow | Person) -> str:
    """Return the WeCom account of a person; the platform tells no capital from a small letter."""
    return (person.wecom_userid or "").lower()


def _as_row(known: Person, roles: tuple[str, ...]) -> StaffRow:
    """Return the person as a list names them; the order of the roles says nothing."""
    return StaffRow(
        id=known.id,
        name=known.name,
        department=known.department,
        roles=roles if known.roles == frozenset(roles) else tuple(sorted(known.roles)),
        superior=known.superior,
        deputy=known.deputy,
        clearance=known.clearance,
        head_of=known.head_of,
        locale=known.locale,
        wecom_userid=known.wecom_userid,
        active=known.active,
    )


def _wecom_of_others(taken: Taken, known: Mapping[str, Person]) -> list[Refused]:
    """Drop rows with the account of somebody whose own row does not let it go; return why."""
    kept = {
        _account(one): one.id for one in known.values() if one.wecom_userid and one.id not in taken
    }
    refused = []
    for id_, (line, person) in list(taken.items()):
        account = _account(person)
        if account in kept:
            why = Problem(WECOM_TAKEN, {"person": kept[account]})
            refused.append(Refused(line, "wecom_userid", person.wecom_userid or "", why))
            del taken[id_]
    return refused


def _unknown_people(
    taken: Taken,
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
                    fact = {"line": some(map(str, where))} if where else {}
                    why = Problem(PERSON_REFUSED if where else UNKNOWN_PERSON, fact)
                    bad.append((id_, Refused(line, column, other, why)))
        if not bad:
            return refused
        for id_, fault in bad:
            taken.pop(id_, None)
            refused.append(fault)


def _circles(taken: Taken, known: dict[str, Person]) -> list[Refused]:
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
