"""The clock of what is kept apart: on the first day after it, its custodian is to verify it.

Where nobody does, those hear of it whom the policy names.
"""

from __future__ import annotations

from datetime import timedelta

from handlers import ladders
from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.destruction import destroy_checks, destroy_lists
from handlers.feature import Clockwork
from handlers.ladders import Case
from handlers.texts import N_
from rules import destruction
from rules.destruction import CUSTODIAN, ListState
from rules.reminders import StepKind
from rules.rungs import Anchor
from storage import destructions, ledger, staff
from storage.destructions import DestructionList

KIND = "destruction"

OVER = N_("The time for which it was kept apart is over. Is it still without value? ({rule})")
NOT_VERIFIED = N_(
    "{number} was kept apart until {day}; {name} has not verified yet that it is without value "
    "({rule})."
)


def watch(ctx: Context, held: DestructionList) -> None:
    """Set the clock of a list that is kept apart, or stop it. Rule: S2-DOSS.29.2."""
    case = _case(ctx, held)
    if case is None:
        ledger.unwatch(ctx.unit, KIND, held.id)
    else:
        ladders.watch(ctx, case)


def _case(ctx: Context, held: DestructionList | None) -> Case | None:
    if held is None or held.state is not ListState.APART or held.apart_until is None:
        return None
    policy, keeper = destroy_checks.policy_of(ctx, held), _keeper(ctx, held)
    if policy is None or keeper is None:
        return None
    time, day = ctx.policy.time, held.apart_until
    anchor = Anchor(
        due=day,
        start=day,
        deadline=time.day_start(day + timedelta(days=1)),
        time=time.rules,
        digest=time.digest,
        calendar=ctx.calendar,
        office_hours=time.office_hours,
    )
    ladder = destruction.hold_ladder(policy, ladders.OWNER)
    return Case(KIND, held.id, keeper, ladder, anchor, begun_at=held.begun_at)


def _keeper(ctx: Context, held: DestructionList) -> str | None:
    """Return who is to verify it: who drew the list up, else another custodian."""
    keepers = staff.holders(ctx.session, CUSTODIAN)
    return held.drawn_by if held.drawn_by in keepers else next(iter(keepers), None)


def hears(ctx: Context, list_id: int, rung: str) -> str | None:
    """Return who is to hear a rung as things are now."""
    case = _case(ctx, destructions.get(ctx.unit, list_id))
    return ladders.hears(ctx, case, rung) if case is not None else None


def notice(ctx: Context, list_id: int, rung: str, key: str) -> Card | None:
    """Ask to verify what was kept apart, or say that nobody did; None: it is not to be done."""
    held = destructions.get(ctx.unit, list_id)
    case = _case(ctx, held)
    said = ladders.to_say(ctx, case, rung, key) if case is not None else None
    _wind(ctx, list_id)
    if held is None or case is None or said is None:
        return None
    step = said.latest.step
    if step.kind is StepKind.REMIND:
        lead = ctx.t(OVER, rule=step.rule)
        card = destroy_lists.card(ctx, held, ctx.person, ctx.texts, lead=lead)
    else:
        card = _not_verified(ctx, held, case.owner, step.rule)
    return ladders.with_held_up(ctx, card, said)


def _not_verified(ctx: Context, held: DestructionList, keeper: str, rule: str) -> Card:
    assert held.apart_until is not None  # noqa: S101 - it is kept apart
    said = ctx.t(
        NOT_VERIFIED,
        number=held.number or "-",
        day=ctx.texts.day(held.apart_until, ctx.today),
        name=case_texts.name(ctx, keeper),
        rule=rule,
    )
    look = Button(ctx.t(N_("View")), f"f.destruction.card.{held.id}")
    return Card(said, title=ctx.t(destroy_lists.TITLE), choices=(look,))


def _wind(ctx: Context, list_id: int) -> None:
    """Set the next rung; what was said to nobody stands under what waits for the custodians."""
    case = _case(ctx, destructions.get(ctx.unit, list_id))
    if case is None:
        ledger.unwatch(ctx.unit, KIND, list_id)
    else:
        ladders.watch(ctx, case)


CLOCKS = {KIND: Clockwork(notice, _wind, hears)}
