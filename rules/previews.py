"""Who will decide a request and why, before it is sent: the lines of its review card."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from rules.approvals import credential_missing
from rules.cases import Case, Place, World
from rules.chains import Approval, Seat
from rules.deciders import Decider, Gap, Matter, exemption
from rules.errors import Reason
from rules.steps import refilled, with_step


class PlacePreview(msgspec.Struct, frozen=True):
    """One place as it would be filled now."""

    seat: Seat
    deciders: tuple[Decider, ...]
    """Who would decide; empty: see `gap` and `moves_up`."""
    gap: Gap | None
    """Why nobody fills it as written: `deciders` then stand above, or it moves up."""
    moves_up: bool
    """Whether the next step decides for it."""


class StepPreview(msgspec.Struct, frozen=True):
    """One step as it would open now."""

    need: int
    """How many of its places must approve."""
    rule: str
    default: bool
    """Whether the catalogue chose it where the source is silent."""
    places: tuple[PlacePreview, ...]


class Preview(msgspec.Struct, frozen=True):
    """What sending the request would set going."""

    rule: str
    exempt: Seat | None
    """The role by which the requester needs no approval; there are no steps then."""
    missing: Reason | None
    """The credential without which no card goes out."""
    steps: tuple[StepPreview, ...]

    @property
    def stuck(self) -> bool:
        """Whether some step could not be decided by anybody now."""
        return any(
            sum(bool(one.deciders) or one.moves_up for one in step.places) < step.need
            for step in self.steps
        )


def explain(approval: Approval, matter: Matter, world: World) -> Preview:
    """Return who would decide each step if the request were sent now.

    Steps are looked at one by one as if nobody had decided anything yet.
    """
    day = world.time.office_day(world.now)
    exempt = exemption(approval, matter, world.directory, day)
    steps = () if exempt else range(len(approval.chain))
    shown = tuple(_step(approval, matter, at, world) for at in steps)
    return Preview(approval.rule, exempt, credential_missing(approval, matter), shown)


def _step(approval: Approval, matter: Matter, at: int, world: World) -> StepPreview:
    case = replace(Case(matter, approval, approval.chain, world.now), step=at)
    filled, _ = refilled(with_step(case, world), world)
    step = approval.chain[at]
    places = tuple(_place(one) for _, one in filled.here)
    return StepPreview(step.need, approval.rule_of(step), step.default, places)


def _place(place: Place) -> PlacePreview:
    if place.seat is None:
        raise AssertionError("a new step has no added signers")
    return PlacePreview(place.seat, place.deciders, place.gap, not place.open)
