"""Graded meetings (涉密会议): who calls one, and who may be named to take part.

The circle is limited by the host department: nobody belongs to it by post or by rank, only by
being named. The trap is the person whose clearance is lowered after they were named.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from rules.errors import Denied, Reason
from rules.policy import Policy
from rules.secrecy import Grade

RULE = "S2-SECR.9.2"

MOST_NAMED = 40
"""People that one meeting is limited to, its host included; the regulation gives no number."""


class Candidate(msgspec.Struct, frozen=True):
    """Somebody whom the host wants to name."""

    active: bool
    clearance: Grade
    named: bool
    """Whether they take part already, as the host does."""


def may_host(head_of: Collection[str], roles: Collection[str], policy: Policy) -> bool:
    """Return whether somebody calls graded meetings: who heads a department, and the policy's
    `hosts`.

    Rule: S2-SECR.9.2.
    """
    return bool(head_of) or any(role in roles for role in policy.secrecy.hosts)


def grades(clearance: Grade) -> tuple[Grade, ...]:
    """Return the grades of the meetings that somebody may call or take part in, lowest first.

    Rule: S2-SECR.9.2, S2-SECR.5.
    """
    return tuple(one for one in Grade if Grade.NONE < one <= clearance)


def naming_refusal(grade: Grade, candidate: Candidate, taking_part: int) -> Denied | None:
    """Return why somebody is not named for a meeting of that grade, with every reason.

    `taking_part`: how many do by now, the host included.

    Rule: S2-SECR.9.2.
    """
    reasons = []
    if not candidate.active:
        reasons.append(Reason.of("not_active", rule=RULE))
    if candidate.named:
        reasons.append(Reason.of("already_named", rule=RULE))
    if candidate.clearance < grade:
        reasons.append(Reason.of("not_cleared", rule=RULE, grade=grade.value))
    if taking_part >= MOST_NAMED:
        reasons.append(Reason.of("circle_full", rule=RULE, most=MOST_NAMED))
    return Denied(tuple(reasons)) if reasons else None
