"""Requests that others decide: opened, acted on, followed through the staff list and the clock.

A case is read under lock, taken on by `rules.approvals` and written back in one unit, so that two
people who tap at once make one decision. Whatever happened ends in `_after`: history, audit, the
cards of everybody concerned, and the end of the case in the use case that asked for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from handlers.approvals import case_notices
from handlers.approvals.case_kinds import Ending
from handlers.context import Context
from handlers.world import World
from rules import regrading
from rules.approvals import decide, open_case, reconsider
from rules.cases import Act, Case, CaseState, DeciderAct, Event, EventKind, Outcome
from rules.cases import World as Rules
from rules.chains import Approval, route
from rules.deciders import Matter
from rules.errors import Denied, Reason
from rules.escalations import elapse, next_due
from rules.occasions import Facts
from rules.policy import Policy
from rules.previews import Preview, explain
from rules.secrecy import AccessLevel, Grade
from storage import (
    case_lists,
    cases,
    staff,
)
from storage.cases import Stored
from storage.directory import StaffDirectory
from storage.dossiers import Dossier
from storage.unit import Unit

FORGED = "S1-07.3.3.2a"
"""Clause under which a tap of somebody who may not decide is refused and logged."""

PAUSE = timedelta(minutes=1)

_STRANGE = frozenset({"not_entitled", "own_request", "not_active", "not_the_requester"})


def rules_of(ctx: Context) -> Rules:
    """Return the world as the rules of approvals see it, at the time of the act (C-58)."""
    policy = ctx.policy
    directory = StaffDirectory(ctx.session, ctx.today)
    return Rules(directory, policy.approvals, policy.time, ctx.calendar, ctx.at)


def approval_of(policy: Policy, facts: Facts) -> Approval | None:
    """Return who decides such a case under a policy; None: it is granted to nobody this way."""
    return route(policy.approval, facts)


def preview(ctx: Context, approval: Approval, matter: Matter) -> Preview:
    """Return who would decide if the request were sent now, and why."""
    return explain(approval, matter, rules_of(ctx))


def request(
    ctx: Context,
    kind: str,
    subject: int,
    approval: Approval,
    matter: Matter,
    *,
    dossier_id: int | None = None,
) -> Stored | Denied:
    """Open a case and ask its first deciders; what needs no approval has ended on return.

    `kind` is one of `Registry.cases`, `subject` a row of its own table that is written already;
    `approval` comes from `approval_of`. Denied: the credential is missing; nothing was written.

    Rule: C-54, C-56.
    """
    rules = rules_of(ctx)
    opened = open_case(approval, matter, rules)
    if isinstance(opened, Denied):
        return opened
    stored = cases.add(
        ctx.unit,
        opened.case,
        kind=kind,
        mark=ctx.registry.cases[kind].mark,
        year=ctx.today.year,
        subject=subject,
        dossier_id=dossier_id,
        next_due_at=_due_at(ctx, opened.case),
    )
    ctx.record("case.opened", _subject(stored), approval.rule, kind=kind)
    _after(ctx, stored, stored, opened.events)
    return stored


def act(ctx: Context, case_id: int, what: Act, words: str = "") -> Stored | Denied | None:
    """Do an act of `ctx.person` and return the case after it.

    `words` are the reason, question or answer, kept with it. Denied: every reason why not. None:
    there is no such case. Somebody who has nothing to do with it is logged.

    Rule: C-54, C-58, S1-07.3.3.2a.
    """
    before = cases.get(ctx.unit, case_id, lock=True)
    if before is None:
        return None
    done = decide(before.case, what, rules_of(ctx))
    if isinstance(done, Denied):
        _log_strange(ctx, before, type(what).__name__, done)
        return done
    return _kept(ctx, before, done, words)


def hindrance(ctx: Context, stored: Stored, what: DeciderAct) -> Denied | None:
    """Return why `ctx.person` may not do an act now; None if they may. Nothing is written."""
    done = decide(stored.case, what, rules_of(ctx))
    if not isinstance(done, Denied):
        return None
    _log_strange(ctx, stored, type(what).__name__, done)
    return done


def refused_look(ctx: Context, stored: Stored, what: str) -> None:
    """Log that somebody pressed a button of a case with which they have nothing to do."""
    reason = Reason.of("not_entitled", rule=FORGED)
    _log_strange(ctx, stored, what, Denied((reason,)))


def follow(ctx: Context, case_ids: Iterable[int]) -> None:
    """Bring open cases to what is so now in the staff list: leavers, absences, posts (C-55)."""
    for case_id in case_ids:
        before = cases.get(ctx.unit, case_id, lock=True)
        if before is not None and before.case.open:
            _kept(ctx, before, reconsider(before.case, rules_of(ctx)), clock=True)


def follow_person(ctx: Context, staff_id: str) -> None:
    """Do so for every case that somebody decides, is stood in for, or has asked for."""
    mine = {
        *case_lists.involving(ctx.session, staff_id),
        *case_lists.open_of(ctx.session, staff_id),
    }
    follow(ctx, sorted(mine))


def regrade(ctx: Context, dossier: Dossier) -> None:
    """Follow a change of a dossier's grade or level in the open cases about it.

    A case whose new facts no row of the policy covers stays as it is.

    Rule: C-54, C-56.
    """
    policy = ctx.in_force.governing(dossier.department, dossier.type)
    level = AccessLevel(dossier.level) if dossier.level else None
    for case_id in case_lists.open_on(ctx.session, dossier.id):
        before = cases.get(ctx.unit, case_id, lock=True)
        if before is None:
            continue
        facts = replace(before.case.matter.facts, grade=Grade(dossier.grade), level=level)
        approval = approval_of(policy, facts)
        if approval is not None:
            _kept(ctx, before, regrading.regrade(before.case, approval, facts, rules_of(ctx)))


def strike(unit: Unit, world: World, limit: int) -> list[Context]:
    """Let the clock act on cases that are due by now; a context for each.

    Rule: C-54.
    """
    done = []
    for case_id in case_lists.due(unit.session, unit.now, limit):
        before = cases.get(unit, case_id, lock=True)
        assert before is not None  # noqa: S101 - cases are never deleted
        requester = staff.get(unit.session, before.case.matter.requester)
        assert requester is not None  # noqa: S101 - nobody is ever deleted
        ctx = world.context(unit, requester, "", "", unit.now)
        _kept(ctx, before, elapse(before.case, rules_of(ctx)), clock=True)
        done.append(ctx)
    return done


def _kept(
    ctx: Context, before: Stored, outcome: Outcome, words: str = "", *, clock: bool = False
) -> Stored:
    """Write what became of a case; `clock`: also when nothing did, for it is due another time."""
    if outcome.case == before.case and not clock:
        return before
    stored = cases.save(ctx.unit, before, outcome.case, _due_at(ctx, outcome.case))
    _after(ctx, before, stored, outcome.events, words)
    return stored


def _due_at(ctx: Context, case: Case) -> datetime | None:
    """Return when the clock acts next; never so soon that a look finds the case due again."""
    due = next_due(case, rules_of(ctx))
    return max(due.at, ctx.now + PAUSE) if due else None


def _after(
    ctx: Context, before: Stored, stored: Stored, events: tuple[Event, ...], words: str = ""
) -> None:
    cases.remember(ctx.unit, stored.id, events, words, ctx.at)
    for one in events:
        ctx.record(
            f"case.{one.kind}",
            _subject(stored),
            one.rule,
            step=one.step,
            by=one.by or "",
            acting_for=one.acting_for or "",
            why=one.why,
        )
    kind = ctx.registry.cases[stored.kind]
    closed = next((one for one in events if one.kind is EventKind.CLOSED), None)
    told = closed is not None and kind.end(ctx, _ending(stored, closed, words))
    case_notices.announce(ctx, kind, before, stored, events, words, told=told)


def _ending(stored: Stored, closed: Event, words: str) -> Ending:
    refused = stored.case.state is CaseState.REFUSED
    return Ending(
        case_id=stored.id,
        number=stored.number,
        subject=stored.subject,
        state=stored.case.state,
        by=stored.case.closed_by,
        rule=closed.rule,
        reason=words if refused else "",
    )


def _log_strange(ctx: Context, stored: Stored, what: str, denied: Denied) -> None:
    codes = [one.code for one in denied.reasons]
    if _STRANGE & set(codes):
        ctx.record("case.press_refused", _subject(stored), FORGED, act=what, why=",".join(codes))


def _subject(stored: Stored) -> str:
    return f"case:{stored.id}"
