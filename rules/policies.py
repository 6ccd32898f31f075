"""Which policy governs what, where a company runs several packs.

The first listed pack without limits is the company-wide one: time, quiet hours and everything no
other pack names. Guards against a dossier that two regulations claim, or none: both are refused
when the record is made, with a sentence that names them. Versions of one pack follow each other
by their effective dates, so that a case keeps the policy of the day it began (S1-09.7.1).
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

import msgspec

from rules.errors import DomainError
from rules.handover_policy import HandoverPolicy
from rules.hours import local_day
from rules.policy import Policy, available_packs, load_pack

CUSTOMER = "customer"
"""Type of a dossier for which none is named."""


class Governed(msgspec.Struct, frozen=True):
    """One pack of the company and the part that it governs."""

    versions: tuple[Policy, ...]
    """By effective date, earliest first; at least one."""
    departments: tuple[str, ...] = ()
    """Empty: every department."""
    dossier_types: tuple[str, ...] = ()
    """Empty: every type."""

    def __post_init__(self) -> None:
        if not self.versions:
            raise DomainError("a pack with at least one version")
        dates = [one.effective_from for one in self.versions]
        if any(a >= b for a, b in pairwise(dates)):
            raise DomainError(f"{self.pack}: versions with different effective dates, ascending")
        if len({one.pack for one in self.versions}) > 1:
            raise DomainError(f"{self.pack}: versions of one pack")

    @property
    def pack(self) -> str:
        return self.versions[0].pack

    @property
    def limited(self) -> bool:
        """Whether it governs a part of the company only."""
        return bool(self.departments or self.dossier_types)

    def on(self, day: date) -> Policy:
        """Return the version in force on that office day; before all of them, the first."""
        begun = [one for one in self.versions if one.effective_from <= day]
        return begun[-1] if begun else self.versions[0]

    def back_from(self, day: date) -> tuple[Policy, ...]:
        """Return the version in force on that office day, then those before it, one by one."""
        return self.versions[self.versions.index(self.on(day)) :: -1]

    def handovers(self, day: date) -> tuple[HandoverPolicy, ...]:
        """Return every kind of papers up to that day, each as it is then, or as it was last.

        Rule: S1-09.7.1.
        """
        found: dict[str, HandoverPolicy] = {}
        for version in self.back_from(day):
            for row in version.handover:
                found.setdefault(row.id, row)
        return tuple(found.values())

    def governs(self, department: str, dossier_type: str) -> bool:
        """Return whether such a dossier is in its part."""
        return _among(department, self.departments) and _among(dossier_type, self.dossier_types)


class Policies(msgspec.Struct, frozen=True, dict=True):
    """All packs of a company, in the order it lists them."""

    governed: tuple[Governed, ...]
    former: tuple[Governed, ...] = ()
    """Those it lists no more; what began by them goes on by them (S1-09.7.1)."""

    def __post_init__(self) -> None:
        names = [one.pack for one in self.governed]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise DomainError(f"{twice} is listed twice; list it once, with all it governs")
        whole = [one for one in self.governed if not one.limited]
        if not whole:
            raise DomainError(
                f"{', '.join(names)}: each governs some departments or dossier types only, so "
                "nothing governs the others; list one pack without departments and dossier_types"
            )
        if len(whole) > 1:
            raise DomainError(
                f"{whole[0].pack} and {whole[1].pack} both govern the whole company; give one of "
                "them departments or dossier_types"
            )
        for one, other in combinations([one for one in self.governed if one.limited], 2):
            if shared := _shared(one, other):
                raise DomainError(f"{one.pack} and {other.pack} both govern {shared}")
        zones = {str(one.time.zone) for part in self.governed for one in part.versions}
        if len(zones) > 1:
            raise DomainError(f"one zone for all packs, not {' and '.join(sorted(zones))}")

    @classmethod
    def of(cls, policy: Policy) -> Policies:
        """Return the record of a company with one pack and one version of it."""
        return cls((Governed((policy,)),))

    @cached_property
    def _rest(self) -> Governed:
        return next(one for one in self.governed if not one.limited)

    @property
    def zone(self) -> ZoneInfo:
        """The company's zone, the same in every pack."""
        return self._rest.versions[0].time.zone

    @property
    def several(self) -> bool:
        """Whether there is more than one pack."""
        return len(self.governed) > 1

    @property
    def parts(self) -> tuple[Governed, ...]:
        """Every pack that something may go by, those in force first."""
        return (*self.governed, *self.former)

    def versions(self, pack: str, day: date) -> tuple[Policy, ...]:
        """Return what a pack says: on that day, before it and after it, as it ships.

        Rule: S1-09.7.1.
        """
        part = next((one for one in self.parts if one.pack == pack), None)
        shipped = (load_pack(pack),) if pack in available_packs() else ()
        return (*part.back_from(day), *part.versions, *shipped) if part is not None else shipped

    def company(self, day: date) -> Policy:
        """Return the company-wide policy of an office day: its `[time]` holds for everybody."""
        return self._rest.on(day)

    def at(self, now: datetime) -> InForce:
        """Return what is in force at an aware instant."""
        return self.on(local_day(now, self.zone))

    def on(self, day: date) -> InForce:
        """Return what is in force on an office day."""
        return InForce(self, day)

    def part(self, department: str, dossier_type: str) -> Governed:
        """Return the pack that governs such a dossier, or a visit to one."""
        parts = (one for one in self.governed if one.limited)
        found = (one for one in parts if one.governs(department, dossier_type))
        return next(found, self._rest)


class InForce(msgspec.Struct, frozen=True):
    """The policies of one office day."""

    policies: Policies
    day: date

    @property
    def company(self) -> Policy:
        """The company-wide policy: its `[time]` holds for everybody."""
        return self.policies.company(self.day)

    @property
    def every(self) -> tuple[Policy, ...]:
        """All of them, as the company lists them."""
        return tuple(one.on(self.day) for one in self.policies.governed)

    @property
    def handing(self) -> tuple[Policy, ...]:
        """Those by which papers are handed over, or were until the company took that out.

        Rule: S1-09.7.1.
        """
        versions = (one.back_from(self.day) for one in self.policies.parts)
        found = (next((one for one in some if one.handover), None) for some in versions)
        return tuple(one for one in found if one is not None)

    def governing(self, department: str, dossier_type: str = CUSTOMER) -> Policy:
        """Return the policy of such a dossier; of a visit, by the visitor's department."""
        return self.policies.part(department, dossier_type).on(self.day)


def _among(value: str, listed: tuple[str, ...]) -> bool:
    return not listed or value in listed


def _shared(one: Governed, other: Governed) -> str:
    """Return what two parts have in common, in words; empty: nothing."""
    words = []
    for what, mine, theirs in (
        ("dossiers of type", one.dossier_types, other.dossier_types),
        ("of", one.departments, other.departments),
    ):
        if mine and theirs:
            both = [name for name in mine if name in theirs]
            if not both:
                return ""
        else:
            both = [*mine, *theirs]
        if both:
            words.append(f"{what} {', '.join(both)}")
    text = " ".join(words)
    return text if text.startswith("dossiers") else f"dossiers {text}"
