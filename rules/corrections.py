"""The correction of wrong customer data: which stage follows which, and whose turn it is.

Two loops of approval with the carrying out between them: a plan is agreed to, carried out,
reported back on, and the report is agreed to before the case is filed. Guards against the
department that acts on a plan nobody agreed to: a refused one is its writer's again (S5-1.X1).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Stage(StrEnum):
    """Where a correction stands."""

    PLANNED = "planned"
    """The plan waits to be agreed to."""
    RETURNED = "returned"
    """The plan was not agreed to: it is written anew or given up."""
    ORDERED = "ordered"
    """Agreed to, for whoever was named to carry it out."""
    CARRIED_OUT = "carried_out"
    """The data are put right; what the customer or the reporter says to it is awaited."""
    FED_BACK = "fed_back"
    """The report on it is to be written, or written anew."""
    REPORTED = "reported"
    """The report waits to be agreed to."""
    FILED = "filed"
    DROPPED = "dropped"
    """Given up before anything was carried out."""


class Step(StrEnum):
    """What happens to a correction."""

    AGREE = "agree"
    SETTLE = "settle"
    """A plan is agreed to under a policy that asks for no report: carried out at once (S5-4.4)."""
    SEND_BACK = "send_back"
    """A plan or a report is refused, taken back or lapsed."""
    PLAN_AGAIN = "plan_again"
    CARRY_OUT = "carry_out"
    FEED_BACK = "feed_back"
    REPORT = "report"
    DROP = "drop"


class Turn(StrEnum):
    """Whose turn it is while a correction is at a stage."""

    PLANNER = "planner"
    EXECUTOR = "executor"


_NEXT: Mapping[tuple[Stage, Step], Stage] = MappingProxyType(
    {
        (Stage.PLANNED, Step.AGREE): Stage.ORDERED,
        (Stage.PLANNED, Step.SETTLE): Stage.FILED,
        (Stage.PLANNED, Step.SEND_BACK): Stage.RETURNED,
        (Stage.PLANNED, Step.DROP): Stage.DROPPED,
        (Stage.RETURNED, Step.PLAN_AGAIN): Stage.PLANNED,
        (Stage.RETURNED, Step.DROP): Stage.DROPPED,
        (Stage.ORDERED, Step.CARRY_OUT): Stage.CARRIED_OUT,
        (Stage.CARRIED_OUT, Step.FEED_BACK): Stage.FED_BACK,
        (Stage.FED_BACK, Step.REPORT): Stage.REPORTED,
        (Stage.REPORTED, Step.SEND_BACK): Stage.FED_BACK,
        (Stage.REPORTED, Step.AGREE): Stage.FILED,
    }
)

_TURNS: Mapping[Stage, Turn] = MappingProxyType(
    {
        Stage.RETURNED: Turn.PLANNER,
        Stage.ORDERED: Turn.EXECUTOR,
        Stage.CARRIED_OUT: Turn.PLANNER,
        Stage.FED_BACK: Turn.PLANNER,
    }
)

OPEN = (*_TURNS, Stage.PLANNED, Stage.REPORTED)
"""Stages of a correction that is not over."""


def after(stage: Stage, step: Step) -> Stage | None:
    """Return the stage that follows; None: that cannot happen now.

    Rule: S5-1.X1, S5-4.4.
    """
    return _NEXT.get((stage, step))


def turn(stage: Stage) -> Turn | None:
    """Return whose turn it is; None: others decide, or it is over. Rule: S5-1.X1."""
    return _TURNS.get(stage)
