"""From the packs a company lists, and the versions it approved, to the policies in force.

A pack of the package is in force as it ships until a version of it was activated; a company's own
file only once one was. What a file says beyond the newest version counts for nothing and is told
to the operator.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bot.settings import Company, Pack
from rules.clauses import Clause, all_clauses
from rules.errors import DomainError
from rules.policies import Governed, Policies
from rules.policy import (
    Policy,
    PolicyError,
    available_overlays,
    available_packs,
    load_pack,
    read_policy,
    written_pack,
)
from rules.role_uses import RoleUse, role_uses
from rules.roles import ROLES, RoleKind
from rules.wording import reworded
from rules.written import Written, kept, written
from storage import handovers, policy_versions, staff
from storage.policy_versions import Activated
from storage.session import Session

FILE_ENDING = ".toml"


class PacksRefused(Exception):
    """Packs that cannot run together; says which and what to do."""


class Listed(msgspec.Struct, frozen=True):
    """One pack that the company lists, as its file says today."""

    entry: Pack
    written: Written
    policy: Policy

    @property
    def own(self) -> bool:
        """Whether it is a file of the company."""
        return self.entry.pack.endswith(FILE_ENDING)

    def governed(self, versions: tuple[Policy, ...]) -> Governed:
        return Governed(versions, self.entry.departments, self.entry.dossier_types)


def listed(company: Company) -> tuple[Listed, ...]:
    """Return the company's packs in its order, each with the overlays it lists laid over.

    Raises:
        PacksRefused: overlays only, or an overlay for a part of the company.
        PolicyError: a pack or file that is not there or is broken.
    """
    overlays = tuple(one.pack for one in company.packs if one.pack in available_overlays())
    for one in company.packs:
        if one.pack in overlays and (one.departments or one.dossier_types):
            raise PacksRefused(
                f"[[company.packs]] {one.pack}: an overlay lies over every pack; remove its "
                "departments and dossier_types."
            )
    packs = [one for one in company.packs if one.pack not in overlays]
    if not packs:
        raise PacksRefused(
            f"[[company.packs]] lists overlays only ({', '.join(overlays)}); "
            f"add the pack they lie over, one of {', '.join(available_packs())}."
        )
    return tuple(_listed(one, overlays) for one in packs)


def policies_of(
    company: Company, activated: Sequence[Activated] = (), used: Sequence[str] = ()
) -> Policies:
    """Return the company's policies: those activated, others as their files say.

    `used`: packs that something goes by, also such as the company lists no more.

    Raises:
        PacksRefused, PolicyError: see `listed`; or packs that overlap or leave a gap.
    """
    parts = [
        one.governed(_versions(activated, one.policy.pack) or (one.policy,))
        for one in listed(company)
    ]
    former = _former(activated, used, {one.pack for one in parts})
    try:
        return Policies(tuple(parts), former)
    except DomainError as error:
        raise PacksRefused(f"[[company.packs]]: {error}.") from error


def _versions(activated: Sequence[Activated], pack: str) -> tuple[Policy, ...]:
    return _by_date([read_policy(kept(one.body, _named(one))) for one in _of(activated, pack)])


def _former(
    activated: Sequence[Activated], used: Sequence[str], now: Collection[str]
) -> tuple[Governed, ...]:
    """Return the packs that are listed no more, as they were activated or as they ship.

    Rule: S1-09.7.1.
    """
    names = dict.fromkeys((*(one.pack for one in activated), *used))
    found = []
    for pack in (one for one in names if one not in now):
        versions = _versions(activated, pack)
        if not versions and pack in available_packs():
            versions = (load_pack(pack),)
        if versions:
            found.append(Governed(versions))
    return tuple(found)


def in_force(company: Company, session: Session) -> Policies:
    """Return what the program goes by.

    Raises:
        PacksRefused: an own file of which no version was activated, or see `policies_of`.
        PolicyError: see `listed`.
    """
    activated = policy_versions.every(session)
    for one in listed(company):
        if one.own and not _of(activated, one.policy.pack):
            raise PacksRefused(
                f"{one.written.file} is not in force: nobody's approval is recorded. "
                f"`dossierbot policy activate {one.policy.pack} --approved-by STAFF_ID` does."
            )
    return policies_of(company, activated, handovers.packs(session))


def wording_of(company: Company) -> Mapping[str, Clause]:
    """Return every clause by id, in the company's own words where it has some.

    Raises:
        PolicyError: the file with them is not there or is broken.
    """
    if company.clauses is None:
        return all_clauses()
    return reworded(_text(company.clauses), company.clauses.name)


def edited(company: Company, session: Session) -> tuple[Listed, ...]:
    """Return the packs whose files say something else than the newest version activated."""
    activated = policy_versions.every(session)
    found = []
    for one in listed(company):
        versions = _of(activated, one.policy.pack)
        if versions and versions[-1].digest != one.written.digest:
            found.append(one)
    return tuple(found)


def unconfirmed(policy: Policy) -> tuple[str, ...]:
    """Return in words where a default stands because the source is blank (C-31, C-37)."""
    return tuple(
        f"handover[{at}] ({one.id}): {one.rule} leaves a blank, which {one.to_confirm} fills in "
        "for now; set your own, or confirm it with `dossierbot policy activate`"
        for at, one in enumerate(policy.handover)
        if one.to_confirm is not None
    )


def unheld(policy: Policy, session: Session) -> tuple[RoleUse, ...]:
    """Return the places of the policy that rely on roles nobody of the staff holds."""
    codes = {role for role in policy.roles_named if _is_held_by_somebody(role)}
    held = {code for code in codes if staff.holders(session, code)}
    return tuple(use for use in role_uses(policy) if use.unheld(held.__contains__))


def unheld_roles(policy: Policy, session: Session) -> tuple[str, ...]:
    """Return the roles the policy relies on that nobody of the staff holds, sorted."""
    return tuple(
        code
        for code in sorted(policy.roles_named)
        if _is_held_by_somebody(code) and not staff.holders(session, code)
    )


def said(file: str, use: RoleUse) -> str:
    """Return where the policy names roles that nobody holds, and what was expected."""
    names = " / ".join(f"{code} ({ROLES[code].zh})" for code in use.roles)
    return (
        f"{file}: {use.key} is {names}, whom nobody is; expected a role somebody holds: give it "
        f"to somebody in the staff list, or name another one ({use.rule})"
    )


def today_of(policies: Policies, session: Session, day: date) -> tuple[Activated | None, ...]:
    """Return by listed pack which version is in force on an office day; None: as it ships."""
    activated = policy_versions.every(session)
    found = []
    for part in policies.governed:
        versions = _of(activated, part.pack)
        begun = [one for one in versions if one.effective_from <= day] or list(versions[:1])
        found.append(begun[-1] if begun else None)
    return tuple(found)


def _listed(one: Pack, overlays: tuple[str, ...]) -> Listed:
    if not one.pack.endswith(FILE_ENDING):
        return Listed(one, written_pack(one.pack, overlays), load_pack(one.pack, overlays))
    path = Path(one.pack)
    source = written(_text(path), path.name, overlays)
    return Listed(one, source, read_policy(source))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise PolicyError(path.name, "", str(why), f"a text file at {path}") from error


def _of(activated: Sequence[Activated], pack: str) -> tuple[Activated, ...]:
    return tuple(one for one in activated if one.pack == pack)


def _by_date(versions: Sequence[Policy]) -> tuple[Policy, ...]:
    """Return the versions by effective date; of two of one date, the later one approved."""
    latest = {one.effective_from: one for one in versions}
    return tuple(latest[day] for day in sorted(latest))


def _named(version: Activated) -> str:
    return f"{version.pack} version {version.version}"


def _is_held_by_somebody(code: str) -> bool:
    return ROLES[code].kind in (RoleKind.POST, RoleKind.UNIT)


def as_listed(company: Company, name: str) -> Listed | None:
    """Return the company's pack of that id, or of that file; None: it lists no such pack."""
    for one in listed(company):
        if name in (one.policy.pack, one.entry.pack, one.written.file):
            return one
    return None


def with_version(company: Company, one: Listed, activated: Sequence[Activated]) -> Policies:
    """Return the policies as they would be with what the file of `one` says activated as well.

    Raises:
        PacksRefused: the packs would not run together.
    """
    policies = policies_of(company, activated)
    parts = []
    for part in policies.governed:
        before = part.versions if _of(activated, part.pack) else ()
        versions = _by_date([*before, one.policy]) if part.pack == one.policy.pack else ()
        parts.append(replace(part, versions=versions) if versions else part)
    try:
        return Policies(tuple(parts), policies.former)
    except DomainError as error:
        raise PacksRefused(f"[[company.packs]]: {error}.") from error
