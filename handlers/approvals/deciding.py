"""What the choice of who decides depends on, of a dossier: the same for every request about it.

The trap is the archive that keeps what others made: kind of papers and maker stand in fields of
the dossier, and only without them do its type and department say them (S1-12.3.2).
"""

from __future__ import annotations

from rules.access import StaffId
from rules.completion import CONSENT
from rules.deciders import Matter
from rules.occasions import MADE_BY, MATERIAL, Action, Facts, Material
from rules.opening import GIVEN
from rules.secrecy import AccessLevel, Grade
from storage.dossiers import Dossier
from storage.staff import Person


def material(dossier: Dossier) -> Material:
    """Return what kind of papers a dossier holds. Rule: S1-12.3.2b, S1-12.3.2c."""
    return Material.of(dossier.type, dossier.fields.get(MATERIAL, ""))


def maker(dossier: Dossier) -> str:
    """Return the department that made a dossier. Rule: S1-12.3.2a, C-20."""
    return dossier.fields.get(MADE_BY, "") or dossier.department


def facts(action: Action, dossier: Dossier, person: Person | None = None) -> Facts:
    """Return what is known of a request by the dossier itself, and by who asks if they matter."""
    return Facts(
        action,
        Grade(dossier.grade),
        AccessLevel(dossier.level) if dossier.level else None,
        material=material(dossier),
        dossier_type=dossier.type,
        own_department=person is not None and maker(dossier) == person.department,
        natural_person=dossier.fields.get(CONSENT) == GIVEN,
    )


def matter(known: Facts, dossier: Dossier, requester: str) -> Matter:
    """Return what a case about a dossier is about."""
    return Matter(
        known,
        StaffId(requester),
        keeper=StaffId(dossier.keeper),
        department=maker(dossier),
    )
