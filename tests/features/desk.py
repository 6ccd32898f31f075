"""Who decides on changed and new dossiers in tests, in place of the approvals."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from handlers import FEATURES
from handlers.context import Context
from handlers.dossiers import dossier_open, dossier_update
from handlers.dossiers.change_sets import Review
from handlers.feature import Feature
from rules.chains import Approval, ChainStep
from rules.leaves import RuleId
from rules.occasions import Action
from rules.policies import Policies
from rules.policy import Policy
from storage import staff
from storage.changes import ChangeSet
from storage.dossiers import Dossier
from storage.unit import Unit
from tests.features.office import Office

REVIEWED = ("update", "updating", "open", "opening")
"""Keys of the features that take a `Review`, and of their forms."""


@dataclass
class Desk:
    """Where what is handed in goes if the policy has a row for it.

    Everybody is exempt unless a test names who decides.
    """

    who: str | None = None
    handed_in: list[int] = field(default_factory=list)
    """Ids of change sets and of dossiers, in order."""

    def changes(self, _ctx: Context, held: ChangeSet, _row: Approval) -> str | None:
        self.handed_in.append(held.id)
        return f"由{self.who}审核" if self.who else None

    def opening(self, _ctx: Context, dossier: Dossier, _row: Approval) -> str | None:
        self.handed_in.append(dossier.id)
        return f"由{self.who}核实" if self.who else None

    @property
    def features(self) -> tuple[Feature, ...]:
        review = Review(self.changes, self.opening)
        return (
            *(one for one in FEATURES if one.key not in REVIEWED),
            dossier_update.feature(review),
            dossier_update.ASKING,
            dossier_open.feature(review),
            dossier_open.ASKING,
        )


CHANGES_WAIT = Approval(Action.UPDATE, RuleId("S1-05.1"), (ChainStep.parse(["direct_superior"]),))


def under(office: Office, **changes: object) -> Policy:
    """Let the office work under its policy with some tables changed; return that policy."""
    world = office.app.world
    policy = replace(world.policies.governed[0].versions[0], **changes)
    office.app.world = replace(world, policies=Policies.of(policy))
    return policy


def acting(office: Office, unit: Unit, person: str) -> Context:
    """Return the context of a person who decides."""
    who = staff.get(unit.session, person)
    assert who is not None
    return office.app.world.context(unit, who, office.channel, person, office.clock.now())
