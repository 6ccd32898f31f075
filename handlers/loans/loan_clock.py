"""The clock of a loan: reminders before and after the due day, who above hears of a delay.

It begins at the hand-out and ends when the papers are back, short or lost. A due day that passes
is written down once for ever, whether or not anybody could be told; what is done later to the due
day does not erase it (S1-14.5c).
"""

from __future__ import annotations

from msgspec.structs import replace

from handlers import ladders, reminders
from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.feature import Clockwork
from handlers.ladders import Case
from handlers.loans import loan_cards, loan_incidents, loan_sides, loan_words
from handlers.texts import N_
from rules import loan_days
from rules.incidents import IncidentKind
from rules.loan_days import BORROWER, INCIDENT, STILL_NEEDED, LoanFacts
from rules.loans import LoanState
from rules.reminders import Due, StepKind
from rules.rungs import strike
from storage import breaches, incidents, ledger, loan_items, loans, staff
from storage.breaches import Breach
from storage.loans import Loan
from storage.staff import Person

KIND = "loan"

NUDGE = "nudge"
"""How the rungs begin that a person set off by hand; one for each office day."""

DUE_TITLE = N_("Papers to be given back")
DUE_TEXT = N_("{number} {customer}: due back {until} (reminder {count}, {rule}).")
OVERDUE_TITLE = N_("Loan overdue")
OVERDUE_TEXT = N_(
    "{number} {customer}: was due {until} (overdue notice {count}, {rule}). Please give it back, "
    "or say why not."
)
NEEDED_TITLE = N_("Still needed?")
NEEDED_TEXT = N_(
    "{number} {customer}: lent long-term until {until}. Is it still needed ({rule})? If not, "
    "please give it back."
)
INCIDENT_TITLE = N_("Overdue loan reported")
INCIDENT_TEXT = N_(
    "{number} {customer}: was due {until} and is now an incident, {incident} ({rule}). Please "
    "give it back at once, or report it lost."
)
ABOVE_TITLE = N_("Loan not given back")
ABOVE_TEXT = N_(
    "{name} ({department}) has not given back {number} {customer}; it was due {until} ({rule})."
)
LEFT_TITLE = N_("Loan of a leaver")
LEFT_TEXT = N_(
    "{name} ({department}) has left and may keep nothing: {number} {customer} is to be given back "
    "now, whatever its due day, {until} ({rule}). You see to it."
)
LEFT_LATE_TEXT = N_(
    "{name} ({department}) has left and {number} {customer} is not back; it was due {until} "
    "({rule}). You see to it that it is given back at once."
)
LEFT_RULE = "S5-1.6"
NUDGE_TITLE = N_("Please give papers back")
NUDGE_TEXT = N_("{number} {customer}: due back {until}. You are asked to bring it ({rule}).")
OVERDUE_FOUND = N_("Lent to {name}, due {until}, not given back ({number}).")

GIVE_BACK, RENEW, EXPLAIN, LOST = N_("Give back"), N_("Renew"), N_("Explain"), N_("Lost")
KEEP, LOOK, REMIND, CLAUSE = N_("Still needed"), N_("View"), N_("Remind"), N_("Clause")
MINE = N_("My loans")


# -- setting -----------------------------------------------------------------------------------


def start(ctx: Context, held: Loan) -> None:
    """Begin the reminders of a loan that was handed out. Rule: S1-14.5c, S2-INFO.19.5."""
    wind(ctx, held.id)


def follow(ctx: Context, held: Loan) -> None:
    """Set the reminders anew: its state or its due day is another one.

    Reminders that struck while there was no reason for them, or before the due day was this one,
    are left out.
    """
    if _late(held) and held.due_at is not None and held.due_at <= ctx.at:
        _miss(ctx, held)
    case = case_of(ctx, held)
    if case is not None:
        ladders.leave_out(ctx, case)
    wind(ctx, held.id)


def stop(ctx: Context, held: Loan) -> None:
    """Let no more reminders come of a loan."""
    ledger.unwatch(ctx.unit, KIND, held.id)


def wind(ctx: Context, loan_id: int) -> None:
    """Set the next rung; write down a due day that has passed, and an incident that is due."""
    held = loans.get(ctx.unit, loan_id)
    case = case_of(ctx, held) if held is not None else None
    if held is None or case is None:
        ledger.unwatch(ctx.unit, KIND, loan_id)
        return
    if _facts_now(ctx, held).watched and held.overdue(ctx.now):
        _miss(ctx, held)
    _report(ctx, held, case)
    ladders.watch(ctx, case)


def case_of(ctx: Context, held: Loan) -> Case | None:
    """Return what hangs on a loan; None: its papers are not out. Rule: S1-09.7.1."""
    if not held.out or loan_sides.lending_of(ctx, held) is None:
        return None
    policy, facts = loan_sides.policy_of(ctx, held), _facts_now(ctx, held)
    return Case(
        KIND,
        held.id,
        on_duty(ctx, held),
        loan_days.ladder_of(policy, facts),
        loan_days.anchor_of(policy, facts, ctx.calendar),
        begun_at=facts.lent_at,
        own=(BORROWER, STILL_NEEDED, INCIDENT),
    )


def facts_of(held: Loan) -> LoanFacts:
    """Return a loan that was handed out as the rules read it."""
    assert held.lent_at is not None  # noqa: S101 - it was handed out
    assert held.due_on is not None  # noqa: S101 - set with it
    assert held.due_at is not None  # noqa: S101 - as above
    return LoanFacts(
        LoanState(held.state),
        held.lent_at,
        held.due_on,
        held.due_at,
        held.renewals,
        held.recalled_at is not None,
        held.long_term,
    )


def _facts_now(ctx: Context, held: Loan) -> LoanFacts:
    """Return it with whether papers of a short one are lent on."""
    facts = facts_of(held)
    if facts.state is not LoanState.SHORT:
        return facts
    return replace(facts, rest_lent=loan_items.some_out(ctx.unit, held.id))


def on_duty(ctx: Context, held: Loan) -> str:
    """Return the borrower, or the next superior who is there where the borrower left."""
    for one in (held.borrower, *staff.chain(ctx.session, held.borrower)):
        person = staff.get(ctx.session, one)
        if person is not None and person.active:
            return one
    return held.borrower


def _late(held: Loan) -> bool:
    """Return whether papers that are listed as coming back only now count as late."""
    return held.out and held.state in (LoanState.LENT, LoanState.RETURNING)


def _miss(ctx: Context, held: Loan) -> None:
    """Write down once that the due day passed. Rule: S1-14.5c."""
    lending = loan_sides.lending_of(ctx, held)
    if lending is None or held.due_on is None or held.due_at is None:
        return
    rule = lending.duty.due.rule
    one = Breach(
        held.dossier_id,
        f"{KIND}:{held.id}",
        held.due_on,
        held.pack,
        held.borrower,
        rule,
        held.due_at,
    )
    if breaches.add(ctx.unit, one):
        ctx.record("loan.overdue", f"loan:{held.id}", rule, whose=held.borrower)


def _report(ctx: Context, held: Loan, case: Case) -> None:
    """Report an overdue loan once where its time as a mere delay is over. Rule: S2-DOSS.23b."""
    lending = loan_sides.lending_of(ctx, held)
    watched = {one.audience for one in case.ladder}
    if lending is None or INCIDENT not in watched:
        return
    if strike(lending.incident_after, case.anchor) > ctx.now:
        return
    kind = IncidentKind.OVERDUE
    if incidents.of_loan(ctx.unit, held.id, kind.value) is not None:
        return
    texts = ctx.texts
    assert held.due_on is not None  # noqa: S101 - it was handed out
    assert held.due_at is not None  # noqa: S101 - as above
    words = texts.t(
        OVERDUE_FOUND,
        name=case_texts.name(ctx, held.borrower),
        until=loan_words.until(ctx, held.due_on, held.due_at, texts),
        number=held.number or "-",
    )
    loan_incidents.report(ctx, held, kind, words)


# -- by hand -----------------------------------------------------------------------------------


def can_nudge(held: Loan) -> bool:
    """Return whether there are papers to be brought, missing pages too."""
    return held.state in (LoanState.LENT, LoanState.SHORT)


def nudge(ctx: Context, held: Loan) -> Person | None:
    """Remind who has the papers, once an office day; return who that is, None: done today.

    Rule: S1-14.5c.
    """
    rung = f"{NUDGE} {ctx.today.isoformat()}"
    if any(one.rung == rung for one in ledger.of_case(ctx.session, KIND, held.id)):
        return None
    person = staff.get(ctx.session, on_duty(ctx, held))
    if person is None:
        return None
    key = f"{KIND}:{held.id}:{rung}"
    reached = bool(person.active and person.home_channel)
    ledger.owe(ctx.unit, KIND, held.id, rung, person.id, key, reached=reached)
    if reached:
        reminders.owe(ctx, key, person)
    return person


# -- saying ------------------------------------------------------------------------------------


def hears(ctx: Context, loan_id: int, rung: str) -> str | None:
    """Return who is to hear a rung of a loan as things are now."""
    held = loans.get(ctx.unit, loan_id)
    case = case_of(ctx, held) if held is not None else None
    if case is None:
        return None
    return case.owner if rung.startswith(NUDGE) else ladders.hears(ctx, case, rung)


def notice(ctx: Context, loan_id: int, rung: str, key: str) -> Card | None:
    """Render the rung of a loan that is about to be sent, late ones folded into it."""
    held = loans.get(ctx.unit, loan_id)
    case = case_of(ctx, held) if held is not None else None
    if held is None or case is None:
        ledger.unwatch(ctx.unit, KIND, loan_id)
        return None
    if rung.startswith(NUDGE):
        return _nudged(ctx, held) if can_nudge(held) else None
    said = ladders.to_say(ctx, case, rung, key)
    wind(ctx, loan_id)
    if said is None:
        return None
    return ladders.with_held_up(ctx, _card(ctx, held, case, said.latest), said)


def _card(ctx: Context, held: Loan, case: Case, due: Due) -> Card:
    step = due.step
    if case.owner != held.borrower:
        return _above(ctx, held, step.rule)
    if step.audience == INCIDENT:
        found = incidents.of_loan(ctx.unit, held.id, IncidentKind.OVERDUE.value)
        number = found.number if found else ""
        return _to_holder(ctx, held, INCIDENT_TITLE, INCIDENT_TEXT, step.rule, incident=number)
    if step.kind is StepKind.ESCALATE:
        return _above(ctx, held, step.rule)
    if step.audience == STILL_NEEDED:
        return _to_holder(ctx, held, NEEDED_TITLE, NEEDED_TEXT, step.rule, keep=True)
    late = held.overdue(ctx.now)
    title, words = (OVERDUE_TITLE, OVERDUE_TEXT) if late else (DUE_TITLE, DUE_TEXT)
    count = _count(ctx, case, due)
    return _to_holder(ctx, held, title, words, step.rule, count=count)


def _count(ctx: Context, case: Case, due: Due) -> int:
    """Return the how-manieth reminder it is, or the how-manieth notice since the due day.

    A reminder that an outage held up beyond the due day is the first notice.
    """
    number = ladders.number(ctx, case, due)
    if ctx.now < case.anchor.deadline:
        return number
    return max(1, number - ladders.on_time(ctx, case, due))


def _to_holder(
    ctx: Context,
    held: Loan,
    title: str,
    words: str,
    rule: str,
    *,
    keep: bool = False,
    **facts: object,
) -> Card:
    """Return a message to who has the papers, with what can be done about it."""
    text = ctx.t(words, rule=rule, **_facts(ctx, held), **facts)
    return Card(
        text,
        title=ctx.t(title),
        choices=tuple(_buttons(ctx, held, rule, keep=keep)),
        columns=2,
        nav=(Button(ctx.t(MINE), "f.loans.list", back=True),),
    )


def _buttons(ctx: Context, held: Loan, rule: str, *, keep: bool) -> list[Button]:
    bring = Button(ctx.t(GIVE_BACK), f"f.return.bring.{held.id}")
    clause = Button(ctx.t(CLAUSE), f"f.help.clause.{rule}")
    if keep:
        return [Button(ctx.t(KEEP), f"f.loans.keep.{held.id}"), bring, clause]
    lost = Button(ctx.t(LOST), f"f.loans.lost.{held.id}")
    if held.overdue(ctx.now):
        return [bring, Button(ctx.t(EXPLAIN), f"f.loans.explain.{held.id}"), lost, clause]
    stays = held.state == LoanState.LENT and held.recalled_at is None
    if not stays or loan_sides.waiters(ctx, held):
        return [bring, lost, clause]
    return [bring, Button(ctx.t(RENEW), f"f.renew.ask.{held.id}"), lost, clause]


def _nudged(ctx: Context, held: Loan) -> Card:
    lending = loan_sides.lending_of(ctx, held)
    rule = lending.duty.due.rule if lending else ""
    if held.borrower != ctx.person.id:
        return _above(ctx, held, rule)
    return _to_holder(ctx, held, NUDGE_TITLE, NUDGE_TEXT, rule)


def _above(ctx: Context, held: Loan, rule: str) -> Card:
    """Return what is said to somebody who has not borrowed the papers. Rule: S5-1.6, C-55."""
    owner = staff.get(ctx.session, held.borrower)
    there = owner is not None and owner.active
    title, words = ABOVE_TITLE, ABOVE_TEXT
    if not there:
        title, rule = LEFT_TITLE, LEFT_RULE
        words = LEFT_LATE_TEXT if held.overdue(ctx.now) else LEFT_TEXT
    lines = [
        ctx.t(
            words,
            name=owner.name if owner else held.borrower,
            department=held.department,
            rule=rule,
            **_facts(ctx, held),
        )
    ]
    lines += filter(
        None,
        (
            loan_words.whom(ctx, held, ctx.texts),
            loan_cards.explained(ctx, held, ctx.person, ctx.texts),
        ),
    )
    buttons = [Button(ctx.t(LOOK), f"f.loans.card.{held.id}")]
    if there:
        buttons.insert(0, Button(ctx.t(REMIND), f"f.loans.nudge.{held.id}"))
    clause = Button(ctx.t(CLAUSE), f"f.help.clause.{rule}")
    return Card("\n".join(lines), title=ctx.t(title), choices=(*buttons, clause), columns=2)


def _facts(ctx: Context, held: Loan) -> dict[str, str]:
    assert held.due_on is not None  # noqa: S101 - it was handed out
    assert held.due_at is not None  # noqa: S101 - as above
    dossier = loan_sides.dossier_of(ctx, held)
    return {
        "number": held.number or "-",
        "customer": loan_sides.customer(ctx, dossier, ctx.person, ctx.texts),
        "until": loan_words.until(ctx, held.due_on, held.due_at, ctx.texts),
    }


CLOCKS = {KIND: Clockwork(notice, wind, hears)}
