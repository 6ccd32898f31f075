"""The clock of what is kept apart: on the first day after it, its custodian is to verify it."""

from __future__ import annotations

from datetime import timedelta

from handlers.context import Context
from handlers.conversation.messages import Card
from handlers.destruction import destroy_checks, destroy_lists
from handlers.feature import Clockwork
from handlers.texts import N_
from rules.destruction import CUSTODIAN, ListState
from storage import destructions, ledger, staff
from storage.destructions import DestructionList

KIND = "destruction"
RUNG = "verify"

OVER = N_("The time for which it was kept apart is over. Is it still without value? ({rule})")


def watch(ctx: Context, held: DestructionList) -> None:
    """Set the clock of a list that is kept apart, or stop it. Rule: S2-DOSS.29.2."""
    hearer = hears(ctx, held.id, RUNG)
    if held.apart_until is None or hearer is None:
        ledger.unwatch(ctx.unit, KIND, held.id)
        return
    time = ctx.policy.time
    due_at = time.day_start(held.apart_until) + timedelta(minutes=time.digest.minutes)
    ledger.watch(ctx.unit, KIND, held.id, rung=RUNG, due_at=due_at, staff_id=hearer)


def hears(ctx: Context, list_id: int, _rung: str) -> str | None:
    """Return who is to verify it: who drew the list up, else another custodian."""
    held = destructions.get(ctx.unit, list_id)
    if held is None or held.state is not ListState.APART:
        return None
    keepers = staff.holders(ctx.session, CUSTODIAN)
    return held.drawn_by if held.drawn_by in keepers else next(iter(keepers), None)


def notice(ctx: Context, list_id: int, rung: str, _key: str) -> Card | None:
    """Ask to verify what was kept apart; None: that is no longer to be done."""
    held = destructions.get(ctx.unit, list_id)
    ledger.unwatch(ctx.unit, KIND, list_id)
    if held is None or hears(ctx, list_id, rung) != ctx.person.id:
        return None
    policy = destroy_checks.policy_of(ctx, held)
    rule = (policy.hold_rule if policy else None) or held.rule
    lead = ctx.t(OVER, rule=rule)
    return destroy_lists.card(ctx, held, ctx.person, ctx.texts, lead=lead)


def _wind(ctx: Context, list_id: int) -> None:
    """The one rung of a list was said to nobody: it stands under what waits for the custodians."""
    ledger.unwatch(ctx.unit, KIND, list_id)


CLOCKS = {KIND: Clockwork(notice, _wind, hears)}
