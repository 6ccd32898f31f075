"""立卷: which papers are bound into one volume, and how secret it is.

What belongs together is filed together; a top-secret paper goes into a volume of its own, and a
few ordinary ones closely tied to it may go with it. The trap is the ordinary paper that does: from
then on it is as secret as its volume.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from rules.errors import DomainError
from rules.secrecy import Grade

MOST_TIED = 3
"""Ordinary papers that may go with top-secret ones; the sources say "a few" only."""


class Volume(msgspec.Struct, frozen=True):
    """Papers that are bound together."""

    lines: tuple[int, ...]
    """Their places on the list, in its order."""
    grade: Grade
    """The highest of its papers."""


def volumes(grades: Mapping[int, Grade], tied: Collection[int] = ()) -> tuple[Volume, ...]:
    """Return the volumes of papers that come in together, the ordinary one first.

    `grades`: of each paper by its place on the list. `tied`: the ordinary ones that go with the
    top-secret ones.

    Raises:
        DomainError: nothing is top secret to go with, a line is not on the list, or there are
            more than a few.

    Rule: S2-DOSS.13, S5-2.23, C-60.
    """
    secret = {line for line, grade in grades.items() if grade is Grade.TOP_SECRET}
    joining = set(tied) - secret
    if joining and (not secret or len(joining) > MOST_TIED or not joining <= grades.keys()):
        raise DomainError(f"at most {MOST_TIED} ordinary papers that go with a top-secret one")
    apart = secret | joining
    parts = ([one for one in grades if one not in apart], [one for one in grades if one in apart])
    return tuple(
        Volume(tuple(lines), max(grades[one] for one in lines)) for lines in parts if lines
    )


def volume_rule(sources: Iterable[str]) -> str | None:
    """Return the clause by which a policy of these regulations files what is top secret apart;
    None: none."""
    known = set(sources)
    if "S5-2" in known:
        return "S5-2.23"
    return "S2-DOSS.13" if "S2-DOSS" in known else None
