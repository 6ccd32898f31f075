"""Where a policy names roles, and what would wait in vain if nobody held them.

`bot` asks this against the staff list: a warning when the policy is loaded, a refusal when it is
activated (CONTRACT 3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from rules.chains import Approval
from rules.duty import Duty
from rules.handover_policy import HandoverPolicy
from rules.lending import LoanPolicy
from rules.roles import ROLES, RoleKind

if TYPE_CHECKING:
    from rules.policy import Policy


class RoleUse(msgspec.Struct, frozen=True):
    """One place of the policy that relies on roles."""

    key: str
    """Where it stands, such as `approval[2].chain[0]`."""
    roles: tuple[str, ...]
    """Any one of them serves."""
    rule: str
    """Clause behind it."""
    needed: bool = True
    """Whether something waits for them; False: they may only look."""

    def unheld(self, is_held: Callable[[str], bool]) -> tuple[str, ...]:
        """Return the roles, if nobody holds any of them; relations are always held."""
        held = any(
            ROLES[role].kind not in (RoleKind.POST, RoleKind.UNIT) or is_held(role)
            for role in self.roles
        )
        return () if held else self.roles


def role_uses(policy: Policy) -> tuple[RoleUse, ...]:
    """Return every place of the policy that names roles, in the order of its tables."""
    return tuple(_uses(policy))


def _uses(policy: Policy) -> Iterator[RoleUse]:
    yield RoleUse("approved_by", (policy.approved_by,), "S1-09.7.1")
    for level, role in policy.dossier.keepers.items():
        yield RoleUse(f"dossier.keepers.{level}", (role,), policy.dossier.rule)
    for key, readers in (("dossier", policy.dossier.readers), ("visit", policy.visit.readers)):
        for at, reader in enumerate(readers):
            yield RoleUse(f"{key}.readers[{at}]", (reader.role,), reader.rule, needed=False)
    visit = policy.visit
    yield RoleUse("visit.major_matter_to", tuple(visit.major_matter_to), visit.major_matter_rule)
    yield from _told("visit.note", visit.note)
    yield from _told("open.duty", policy.open.duty)
    for at, one in enumerate(policy.completion):
        yield from _told(f"completion[{at}].duty", one.duty)
    yield RoleUse("update.reviewed_by", (policy.update.reviewed_by,), policy.update.rule)
    yield RoleUse("secrecy.graders", policy.secrecy.graders, policy.secrecy.graders_rule)
    yield from _told("update.correction", policy.update.correction)
    if policy.update.label is not None:
        label = policy.update.label
        yield RoleUse("update.label.keeper", (label.keeper,), label.duty.due.rule)
        yield from _told("update.label.duty", label.duty)
    for at, role in enumerate(policy.secrecy.leak_to):
        rule = policy.secrecy.leak_rule or policy.secrecy.until_rule
        yield RoleUse(f"secrecy.leak_to[{at}]", (role,), rule)
    yield RoleUse("secrecy.hosts", policy.secrecy.hosts, "S2-SECR.9.2", needed=False)
    if policy.loan is not None:
        yield from _lending(policy.loan)
    for at, handover in enumerate(policy.handover):
        yield from _handing_over(f"handover[{at}]", handover)
    if policy.receipts is not None:
        yield from _told("receipts.duty", policy.receipts.duty)
    incident = policy.incident
    for kind, told in incident.told.items():
        for at, role in enumerate(told.to):
            yield RoleUse(f"incident.told.{kind}.to[{at}]", (role,), told.rule)
    for at, role in enumerate(incident.check_to):
        yield RoleUse(f"incident.check_to[{at}]", (role,), incident.check_rule)
    if policy.log is not None:
        for at, reader in enumerate(policy.log.readers):
            yield RoleUse(f"log.readers[{at}]", (reader.role,), reader.rule, needed=False)
        yield from _told("log.review", policy.log.review)
    for at, approval in enumerate(policy.approval):
        yield from _deciders(f"approval[{at}]", approval)


def _lending(loan: LoanPolicy) -> Iterator[RoleUse]:
    yield from _told("loan.duty", loan.duty)
    if loan.unreturned is not None:
        yield RoleUse("loan.unreturned.to", (loan.unreturned.to,), loan.unreturned.rule)


def _handing_over(key: str, handover: HandoverPolicy) -> Iterator[RoleUse]:
    for at, leg in enumerate(handover.leg):
        if leg.giver is not None:
            yield RoleUse(f"{key}.leg[{at}].giver", (leg.giver,), leg.duty.due.rule)
        yield RoleUse(f"{key}.leg[{at}].receiver", (leg.receiver,), handover.rule)
        if leg.witness is not None and leg.witness_rule is not None:
            yield RoleUse(f"{key}.leg[{at}].witness", (leg.witness,), leg.witness_rule)
        yield from _told(f"{key}.leg[{at}].duty", leg.duty)
    yield RoleUse(f"{key}.head", (handover.head,), handover.rule)
    yield RoleUse(f"{key}.disputes_to", (handover.disputes_to,), handover.rule)
    yield from _told(f"{key}.correction", handover.correction)


def _told(key: str, duty: Duty) -> Iterator[RoleUse]:
    for at, one in enumerate(duty.escalate):
        yield RoleUse(f"{key}.escalate[{at}].to", (one.to,), duty.due.rule)


def _deciders(key: str, approval: Approval) -> Iterator[RoleUse]:
    for at, step in enumerate(approval.chain):
        roles = tuple(seat.role for seat in step.seats)
        groups = [(role,) for role in roles] if step.need == len(roles) else [roles]
        for group in groups:
            yield RoleUse(f"{key}.chain[{at}]", group, approval.rule_of(step))
    if approval.release is not None:
        yield RoleUse(f"{key}.release", (approval.release,), approval.rule)
