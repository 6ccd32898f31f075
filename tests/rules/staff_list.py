"""A staff list in memory, for tests of who decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rules.access import StaffId
from rules.calendar import china
from rules.cases import World
from rules.chains import CHAIN_PARSERS, Approval, ApprovalRules
from rules.deciders import Colleague
from rules.policy import load_pack
from rules.schema import Reader
from rules.secrecy import Grade

TIME = load_pack("customer-service").time
CALENDAR = china()
NINE = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
"""Monday, nine o'clock in China."""

RULES = Reader("test", CHAIN_PARSERS).read(
    ApprovalRules,
    {
        "absent": {"after": "4wh", "delegate": True},
        "self_approval": "next_in_chain",
        "remind": ["4wh", "every 8wh"],
        "silent_after": "16wh",
        "nudge_every": "2wh",
        "lapse_after": "120wh",
        "rule": "C-54",
    },
)


@dataclass
class StaffList:
    """People by number; tests change it as companies do."""

    people: dict[StaffId, Colleague] = field(default_factory=dict)
    above: dict[StaffId, StaffId] = field(default_factory=dict)
    leads: dict[StaffId, str] = field(default_factory=dict)

    def add(
        self,
        name: str,
        *roles: str,
        department: str = "sales",
        clearance: Grade = Grade.TOP_SECRET,
        superior: str = "",
        deputy: str = "",
        head_of: str = "",
    ) -> StaffId:
        staff_id = StaffId(name)
        self.people[staff_id] = Colleague(
            staff_id,
            True,
            department,
            clearance,
            frozenset(roles),
            StaffId(deputy) if deputy else None,
        )
        if superior:
            self.above[staff_id] = StaffId(superior)
        if head_of:
            self.leads[staff_id] = head_of
        return staff_id

    def colleague(self, staff_id: StaffId) -> Colleague | None:
        return self.people.get(staff_id)

    def holders(self, role: str) -> Sequence[StaffId]:
        return sorted(one.id for one in self.people.values() if one.active and role in one.roles)

    def heads(self, department: str) -> Sequence[StaffId]:
        return sorted(
            one for one, led in self.leads.items() if led == department and self.people[one].active
        )

    def superiors(self, staff_id: StaffId) -> Sequence[StaffId]:
        line: list[StaffId] = []
        at = self.above.get(staff_id)
        while at is not None and at not in line and at != staff_id:
            line.append(at)
            at = self.above.get(at)
        return [one for one in line if self.people[one].active]


def world(staff: StaffList, now: datetime = NINE, rules: ApprovalRules = RULES) -> World:
    return World(staff, rules, TIME, CALENDAR, now)


def row(chain: list[object], **more: object) -> Approval:
    table = {"action": "consult", "rule": "S2-INFO.18.2", "chain": chain} | more
    return Reader("test", CHAIN_PARSERS).read(Approval, table)
