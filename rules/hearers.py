"""Who is told of an incident: posts become people, and none of them stays without anybody.

Guards against the report that reaches nobody: where nobody holds a post, or nobody who can be
told, the next in line hears it instead, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date

import msgspec

from rules.access import StaffId
from rules.deciders import TOP, Directory
from rules.roles import ROLES, RoleKind


class Concern(msgspec.Struct, frozen=True):
    """Whom an incident concerns: whose superior and head the relations of a policy mean."""

    reporter: StaffId | None
    """Is not told of the own report; None: the program found it."""
    person: StaffId | None
    """Whose superior is meant: the borrower, else the reporter; None: nobody's."""
    keeper: StaffId | None = None
    """Of the dossier; None without one."""
    department: str = ""
    """Of the dossier, else of the person."""


class Hearer(msgspec.Struct, frozen=True):
    """Somebody who is told."""

    person: StaffId
    role: str
    """Post for which the policy names them."""
    instead: bool = False
    """Whether they stand in: for who is away, or because nobody who can be told holds it."""


class Heard(msgspec.Struct, frozen=True):
    """Who is told of an incident."""

    hearers: tuple[Hearer, ...]
    """Each person once."""
    gaps: tuple[tuple[str, StaffId | None], ...] = ()
    """Posts that nobody holds who can be told, with who hears it instead; None: nobody at all."""


class Telling(msgspec.Struct, frozen=True):
    """Who can be told at this moment."""

    directory: Directory
    reached: Callable[[StaffId], bool]
    """Whether a message reaches that person."""
    day: date
    """Office day of the incident."""

    def heard(
        self, roles: Iterable[str], concern: Concern, *, reporter_too: bool = False
    ) -> Heard:
        """Return everybody who is told, the next in line where a post has nobody.

        Whoever is away is told and their stand-in as well. `reporter_too`: also who reports, for
        something to be done.

        Rule: C-06, S2-INFO.27, S2-SECR.13, C-54.
        """
        but = {concern.reporter} if concern.reporter and not reporter_too else set()
        found: dict[StaffId, Hearer] = {}
        gaps: list[tuple[str, StaffId | None]] = []
        for role in roles:
            holders = [one for one in self._holders(role, concern) if one not in but]
            for one in holders:
                found.setdefault(one, Hearer(one, role))
            instead = list(self._stand_ins(holders, but))
            if not any(self.reached(one) for one in (*holders, *instead)):
                other = self._next(self._line(role, concern), but)
                gaps.append((role, other))
                instead += [other] if other is not None else []
            for one in instead:
                found.setdefault(one, Hearer(one, role, instead=True))
        return Heard(tuple(found.values()), tuple(gaps))

    def heir(self, gone: StaffId, but: Collection[StaffId] = ()) -> StaffId | None:
        """Return who hears it for somebody who left or whom no message reaches.

        The nearest superior, then the general manager, then the chairman; nobody of `but`.

        Rule: C-55.
        """
        return self._next((*self.directory.superiors(gone), *self._top()), {gone, *but})

    def _holders(self, role: str, concern: Concern) -> tuple[StaffId, ...]:
        if ROLES[role].kind is not RoleKind.RELATION:
            return tuple(self.directory.holders(role))
        match role:
            case "customer_owner":
                return tuple(one for one in (concern.keeper,) if one and self._active(one))
            case "direct_superior" | "superior":
                return tuple(self._superiors(concern)[:1])
            case _:
                return tuple(self.directory.heads(concern.department))

    def _stand_ins(self, people: Iterable[StaffId], but: Collection[StaffId]) -> Iterator[StaffId]:
        for one in people:
            person = self.directory.colleague(one)
            absence = person.absence(self.day) if person else None
            if person is None or absence is None:
                continue
            other = absence.stand_in or person.deputy
            if other is not None and other not in but and self._active(other):
                yield other

    def _line(self, role: str, concern: Concern) -> tuple[StaffId, ...]:
        """Return who hears it in place of a post, the first who can be told being taken."""
        above = tuple(self._superiors(concern))
        relation = ROLES[role].kind is RoleKind.RELATION
        return (*above, *self._top()) if relation else (*self._top(), *above)

    def _superiors(self, concern: Concern) -> tuple[StaffId, ...]:
        return tuple(self.directory.superiors(concern.person)) if concern.person else ()

    def _top(self) -> tuple[StaffId, ...]:
        return tuple(one for role in TOP for one in self.directory.holders(role))

    def _next(self, line: Iterable[StaffId], but: Collection[StaffId]) -> StaffId | None:
        return next((one for one in line if one not in but and self.reached(one)), None)

    def _active(self, staff_id: StaffId) -> bool:
        person = self.directory.colleague(staff_id)
        return person is not None and person.active
