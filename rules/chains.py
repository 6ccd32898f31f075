"""Who decides: how a policy writes its approval chains, and which of them fits a case.

`[[approval]]` rows are read in file order and the first that fits is taken, so the most specific
stands first; a row that an earlier one hides is refused. Guards against the silent hole: what no
row covers has no approval (`route` returns None) and must not be granted.

    [[approval]]
    action = "consult"
    when = { levels = ["personal"], readers = ["insider"] }
    chain = [["dossier.department_manager"]]   # in order; a list is "any one of"
    exempt = ["customer_owner"]                # register only
    rule = "S1-07.3.1.3"

A step is a list (any one), `{ all = [..] }`, `{ need = 2, of = [..] }` or `{ any = [..] }`; as a
table it may carry its own `rule` and `default = true` (the catalogue's choice, not the source's).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from rules.errors import DomainError
from rules.leaves import PARSERS, RoleCode, RuleId, Text, parse_rule
from rules.occasions import Action, Facts, When
from rules.roles import ROLES, RoleKind
from rules.rungs import Rung, RungUnit
from rules.schema import Parser


class Credential(StrEnum):
    """What a reader shows before any card goes out (C-05)."""

    LETTER = "letter"
    """Letter of introduction of the reader's organisation."""
    SUPERIOR_LETTER = "superior_letter"
    """Letter of introduction of the superior authority (S2-STAT.6)."""
    WORK_CARD = "work_card"
    POWER_OF_ATTORNEY = "power_of_attorney"
    APPLICATION_FORM = "application_form"
    """The organisation's own application form (S1-14.4)."""
    CUSTOMER_AUTHORISATION = "customer_authorisation"
    """The customer's written consent (C-72)."""


class Whose(StrEnum):
    """Whose superior or head a relation role means."""

    REQUESTER = "requester"
    DOSSIER = "dossier"
    """Of the dossier: its keeper, and the department it belongs to."""


class SelfApproval(StrEnum):
    """What happens where the requester stands in the own chain."""

    NEXT_IN_CHAIN = "next_in_chain"


class Seat(msgspec.Struct, frozen=True):
    """One role in a chain, and of whom where it is a relation.

    Written `department_head` (the requester's) or `dossier.department_head` (that of the
    department the dossier belongs to).
    """

    role: str
    whose: Whose = Whose.REQUESTER

    @classmethod
    def parse(cls, text: object) -> Seat:
        """Return the seat that a policy writes as `text`.

        Raises:
            DomainError: no such role, one of people outside, or `dossier.` before a post.
        """
        if not isinstance(text, str):
            raise DomainError("a role is a text")
        code = text.removeprefix("dossier.")
        role = ROLES.get(code)
        if role is None or role.kind is RoleKind.OUTSIDE:
            raise DomainError(f"no role {code!r} that could decide")
        if code == text:
            whose = Whose.DOSSIER if code == "customer_owner" else Whose.REQUESTER
            return cls(code, whose)
        if role.kind is not RoleKind.RELATION:
            raise DomainError(f"{code!r} is nobody's in particular, write it without 'dossier.'")
        return cls(code, Whose.DOSSIER)

    @property
    def relation(self) -> bool:
        """Whether its holder depends on the person or dossier concerned."""
        return ROLES[self.role].kind is RoleKind.RELATION

    def __str__(self) -> str:
        plain = self.whose is Whose.REQUESTER or self.role == "customer_owner"
        return self.role if plain else f"dossier.{self.role}"


class ChainStep(msgspec.Struct, frozen=True):
    """One place in a chain: `need` of the seats must approve, in any order."""

    seats: tuple[Seat, ...]
    need: int = 1
    """1: any one; as many as there are seats: each of them."""
    rule: str = ""
    """Clause of this step alone; empty: the approval's."""
    default: bool = False
    """Whether the catalogue chose it where the source is silent."""

    def __post_init__(self) -> None:
        if not self.seats:
            raise DomainError("a step with at least one role")
        if len(set(self.seats)) != len(self.seats):
            raise DomainError("a step that names each role once")
        if not 1 <= self.need <= len(self.seats):
            raise DomainError("need between 1 and the number of roles")

    @classmethod
    def parse(cls, value: object) -> ChainStep:
        """Return the step that a policy writes as a list or a table.

        Raises:
            DomainError: the form is not understood, or a role is.
        """
        if isinstance(value, list):
            return cls(_seats(value))
        if not isinstance(value, Mapping):
            raise DomainError("a step is a list of roles or a table")
        rest = dict(value)
        rule, default = rest.pop("rule", ""), rest.pop("default", False)
        if not isinstance(default, bool):
            raise DomainError("default = true or false")
        if rule:
            parse_rule(rule)
        match rest:
            case {"any": roles, **more} if not more:
                return cls(_seats(roles), 1, rule, default)
            case {"all": roles, **more} if not more:
                seats = _seats(roles)
                return cls(seats, len(seats), rule, default)
            case {"need": int(need), "of": roles, **more} if not (more or need is True):
                return cls(_seats(roles), need, rule, default)
        raise DomainError("a step has any, all, or need and of")

    @property
    def everybody(self) -> bool:
        """Whether each of several seats must approve."""
        return self.need == len(self.seats) > 1


class Approval(msgspec.Struct, frozen=True):
    """One row `[[approval]]`: who decides in these cases."""

    action: Action
    rule: RuleId
    """Clause that demands it; every card shows it."""
    chain: tuple[ChainStep, ...] = ()
    """Steps in order; empty only with `register_only`."""
    when: When = msgspec.field(default_factory=When)
    exempt: tuple[Seat, ...] = ()
    """Who needs no approval; entered in the register only."""
    register_only: bool = False
    """Whether nobody needs approval: the entry in the register is all."""
    credential: tuple[Credential, ...] = ()
    """Any one of these must be shown before a card goes out."""
    release: RoleCode | None = None
    """Who hands out, opens or carries out after approval."""
    witness: bool = False
    """Whether a second person must be present then (S4-LOAN.5.2a, S2-DOSS.29)."""
    form: Text | None = None
    """Name of the regulation's form."""
    default: bool = False
    """Whether the catalogue chose the chain where the source is silent."""

    def __post_init__(self) -> None:
        if self.register_only == bool(self.chain):
            raise DomainError("a chain, or register_only = true and no chain")
        if self.register_only and self.exempt:
            raise DomainError("exempt only where others need approval")
        if self.release and ROLES[self.release].kind in (RoleKind.OUTSIDE, RoleKind.RELATION):
            raise DomainError("release by a post or a unit")
        if len(set(self.exempt)) != len(self.exempt):
            raise DomainError("exempt that names each role once")

    def rule_of(self, step: ChainStep) -> str:
        """Return the clause a step rests on."""
        return step.rule or self.rule

    @property
    def roles(self) -> frozenset[str]:
        """Every role that decides or hands out."""
        seats = {seat.role for step in self.chain for seat in step.seats}
        return frozenset(seats | ({self.release} if self.release else set()))


class Absence(msgspec.Struct, frozen=True):
    """What happens to a step whose decider is absent (C-54)."""

    after: Rung
    """Office hours after which the next higher may decide, where no deputy is named."""
    delegate: bool
    """Whether a named deputy decides at once."""

    def __post_init__(self) -> None:
        _office_hours("after", self.after)


class ApprovalRules(msgspec.Struct, frozen=True):
    """`[approvals]`: absence, silence and self-approval, for all chains of the policy."""

    absent: Absence
    self_approval: SelfApproval
    remind: tuple[Rung, ...]
    """Reminders to who has not decided, in office hours since asked; the last may repeat."""
    silent_after: Rung
    """Office hours without an answer after which the next higher may decide too."""
    nudge_every: Rung
    """Office hours between two nudges of the requester."""
    lapse_after: Rung
    """Office hours after which a step nobody decided ends the request."""
    rule: RuleId
    """Clause behind all this."""

    def __post_init__(self) -> None:
        if not self.remind:
            raise DomainError("remind with at least one reminder")
        for rung in self.remind:
            _office_hours("remind", rung, repeats=rung is self.remind[-1])
        singles = [rung.offset for rung in self.remind if not rung.repeat]
        if singles != sorted(set(singles)):
            raise DomainError("remind ascending")
        for name in ("silent_after", "nudge_every", "lapse_after"):
            _office_hours(name, getattr(self, name))
        if self.lapse_after.offset <= max(self.silent_after.offset, self.absent.after.offset):
            raise DomainError("lapse_after later than silent_after and absent.after")


def as_table(approval: Approval) -> dict[str, object]:
    """Return the row as a policy writes it, so that a case can keep the one it was opened under.

    `Reader(name, CHAIN_PARSERS).read(Approval, table)` reads it back.
    """
    return _table(approval) | {"chain": [_step_table(step) for step in approval.chain]}


def route(approvals: Sequence[Approval], facts: Facts) -> Approval | None:
    """Return the first row that fits a case; None: the policy grants it to nobody this way."""
    for approval in approvals:
        if approval.action is facts.action and approval.when.fits(facts):
            return approval
    return None


def hidden(approvals: Sequence[Approval]) -> tuple[int, int] | None:
    """Return the places of a row that can never be taken and of the one that hides it."""
    for at, later in enumerate(approvals):
        for before, earlier in enumerate(approvals[:at]):
            if earlier.action is later.action and earlier.when.covers(later.when):
                return at, before
    return None


def _seats(value: object) -> tuple[Seat, ...]:
    if not isinstance(value, list):
        raise DomainError("roles in a list")
    return tuple(Seat.parse(one) for one in value)


def _step_table(step: ChainStep) -> dict[str, object]:
    table: dict[str, object] = {"need": step.need, "of": [str(seat) for seat in step.seats]}
    return table | {"rule": step.rule, "default": step.default}


def _table(record: Approval | When) -> dict[str, object]:
    """Return the keys of a record that are set."""
    table: dict[str, object] = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, When):
            value = _table(value)
        elif isinstance(value, tuple):
            value = [str(one) for one in value]
        if value not in (None, [], {}):
            table[name] = value
    return table


def _office_hours(name: str, rung: Rung, *, repeats: bool = False) -> None:
    if rung.unit is not RungUnit.WORKING_HOUR or rung.offset < 1 or rung.from_start:
        raise DomainError(f"{name} in office hours such as '4wh'")
    if rung.repeat and (not repeats or rung.until):
        raise DomainError(f"{name} that strikes once")


CHAIN_PARSERS: dict[object, tuple[str, Parser]] = {
    **PARSERS,
    Seat: ("a role that decides, such as 'gm' or 'dossier.department_head'", Seat.parse),
    ChainStep: (
        "a step such as ['gm'], { all = ['gm', 'cs_manager'] } or { need = 2, of = [...] }",
        ChainStep.parse,
    ),
}
"""The parsers of policy files, those of chains included."""
