"""A policy comes into force: version, date and approval are recorded, or it does not.

Rule: S1-09.7.1, S2-DOSS.32, S2-BASE.17.
"""

from __future__ import annotations

from datetime import date

from bot.policies import Listed, PacksRefused, said, unheld, with_version
from bot.settings import Company
from rules.roles import ROLES
from storage import audit, policy_versions, staff
from storage.policy_versions import Activated
from storage.unit import Unit


def activate(
    unit: Unit, company: Company, one: Listed, *, approved_by: str, approved_on: date | None
) -> Activated:
    """Record what the file says as the next version and return it.

    `approved_on` None: today. Refused are a version that says what the one before said, an
    effective date that is not later than the one before or lies in the past, an approval by
    somebody else than the policy's `approved_by`, and roles that something waits for and nobody
    holds (CONTRACT 3.3).

    Raises:
        PacksRefused: one of these; names all that is to be mended.
    """
    policy, before = one.policy, policy_versions.of(unit.session, one.policy.pack)
    today = policy.time.office_day(unit.now)
    problems = [
        *_dates(one, before, today, approved_on or today),
        *_approval(unit, one, approved_by),
        *(said(one.written.file, use) for use in unheld(policy, unit.session) if use.needed),
    ]
    if problems:
        raise PacksRefused("\n".join([f"{policy.pack} was not activated:", *problems]))
    with_version(company, one, policy_versions.every(unit.session))
    kept = policy_versions.add(
        unit,
        policy.pack,
        digest=one.written.digest,
        body=one.written.body,
        effective_from=policy.effective_from,
        approved_by=approved_by,
        approved_on=approved_on or today,
    )
    entry = audit.Entry(
        at=unit.now,
        staff_id=approved_by,
        action="policy.activated",
        subject=f"policy:{kept.pack}:{kept.version}"[:80],
        channel="cli",
        rule="S1-09.7.1",
        facts={"digest": kept.digest, "effective_from": kept.effective_from.isoformat()},
    )
    audit.append(unit, [entry])
    return kept


def _dates(
    one: Listed, before: tuple[Activated, ...], today: date, approved_on: date
) -> list[str]:
    file, begins = one.written.file, one.policy.effective_from
    problems = []
    if approved_on > today:
        problems.append(f"--approved-on is {approved_on}, expected a day up to today, {today}")
    if before and before[-1].digest == one.written.digest:
        problems.append(f"{file} says what version {before[-1].version} says; nothing to activate")
    elif before and begins <= before[-1].effective_from:
        problems.append(
            f"{file}: effective_from is {begins}, expected a day after "
            f"{before[-1].effective_from}, from which version {before[-1].version} applies"
        )
    elif before and begins < today:
        problems.append(f"{file}: effective_from is {begins}, expected today, {today}, or later")
    return problems


def _approval(unit: Unit, one: Listed, approved_by: str) -> list[str]:
    role = one.policy.approved_by
    person = staff.get(unit.session, approved_by)
    if person is not None and person.active and role in person.roles:
        return []
    holders = ", ".join(staff.holders(unit.session, role)) or "nobody yet"
    return [
        f"--approved-by is {approved_by}, expected somebody with the role {role} "
        f"({ROLES[role].zh}): {holders}"
    ]
