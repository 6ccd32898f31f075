"""Why papers cannot be had, all reasons at once, each with what the person can do about it."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.loans.loan_words import KINDS, PLACES
from handlers.texts import N_
from rules.errors import Denied, Reason
from rules.lending import Place
from rules.loans import LoanKind
from storage import loan_queue, loans
from storage.dossiers import Dossier

TITLE = N_("Not possible now")
REASONS = {
    "no_loans": N_("Papers are not lent under this policy; ask to read them in place ({rule})."),
    "above_clearance": N_(
        "The grade is above what you are cleared for; please ask the keeper ({rule})."
    ),
    "loan_overdue": N_("{number} was due {due}: please return it first ({rule})."),
    "incident_open": N_("{number} is not settled yet: papers missing or damaged ({rule})."),
    "count_disputed": N_(
        "{number}: you and the archive counted differently, and it is not settled yet ({rule})."
    ),
    "too_many_loans": N_("You have {limit} loans open, the most there may be ({rule})."),
    "already_yours": N_("You have these papers, or they wait for you, until {until} ({rule})."),
    "papers_lent": N_("Lent until {until}; you can queue, as number {place} ({rule})."),
    "papers_set_aside": N_(
        "Kept for a colleague until {until}; you can queue, as number {place} ({rule})."
    ),
    "papers_lost": N_("Reported missing; please ask the archive ({rule})."),
    "original_stays": N_("The original does not leave the company ({rule})."),
    "place_too_far": N_("May be used {place} ({rule})."),
    "no_long_term": N_("There are no long-term loans; ask for an ordinary one ({rule})."),
    "day_missing": N_("Please name the day of return ({rule})."),
    "day_past": N_("{day} is over; please name a later day ({rule})."),
    "day_too_late": N_("At most until {last}; please name an earlier day ({rule})."),
    "credential_expired": N_("The credential is valid until {until} only ({rule})."),
    "no_work_link": N_(
        "Please say what it is needed for in your work with this customer; acquaintance is no "
        "reason ({rule})."
    ),
}
INSTEAD = N_("{reason} A photocopy can be had instead.")
LONGER = N_("{reason} A longer one needs a long-term loan.")
MORE = N_("There are more; your loans have them all.")
MOST = 5
"""Lines of one kind: hundreds of overdue loans are one reason."""
JOIN, MINE, BACK = N_("Wait in the queue"), N_("See the loan"), N_("Give back")


def lines(ctx: Context, denied: Denied, dossier: Dossier) -> list[str]:
    """Return every reason with its next step, a line each; of one kind the first few."""
    found: list[str] = []
    for _, alike in groupby(denied.reasons, key=lambda one: one.code):
        reasons = tuple(alike)
        found += dict.fromkeys(f"· {_reason(ctx, one, dossier)}" for one in reasons[:MOST])
        found += [ctx.t(MORE)] if len(reasons) > MOST else []
    return found


def card(ctx: Context, denied: Denied, dossier: Dossier) -> Card:
    """Return all reasons with the buttons of what can be done."""
    buttons = dict.fromkeys(
        button for one in denied.reasons for button in _ways(ctx, one, dossier)
    )
    clauses = [
        Button(ctx.t(N_("Clause {rule}"), rule=rule), f"f.help.clause.{rule}")
        for rule in denied.rules
    ]
    return Card(
        "\n".join(lines(ctx, denied, dossier)),
        title=ctx.t(TITLE),
        choices=(*buttons, *clauses)[:6],
        columns=2,
    )


def _reason(ctx: Context, one: Reason, dossier: Dossier) -> str:
    facts: dict[str, object] = {"rule": one.rule}
    for key, value in one.facts:
        if isinstance(value, date):
            facts[key] = ctx.texts.day(value, ctx.today)
        elif key == "place":
            facts[key] = ctx.t(PLACES[Place(str(value))])
        else:
            facts[key] = value
    if one.next_step == "join_queue":
        facts["place"] = len(loan_queue.queue(ctx.session, dossier.id)) + 1
    said = ctx.t(REASONS[one.code], **facts)
    if one.code == "original_stays" and one.next_step:
        return ctx.t(INSTEAD, reason=said)
    return ctx.t(LONGER, reason=said) if one.next_step == "ask_long_term" else said


def _ways(ctx: Context, one: Reason, dossier: Dossier) -> list[Button]:
    known = ctx.registry.by_key
    match one.next_step:
        case "join_queue" if "queue" in known:
            return [Button(ctx.t(JOIN), f"f.queue.join.{dossier.id}")]
        case "return_first" | "settle_incident":
            return _of_number(ctx, one)
        case "open_my_loans" if "loans" in known:
            return [Button(ctx.t(MINE), "f.loans.list")]
        case "copy_loan" | "copy":
            kind = LoanKind(one.next_step)
            return [Button(ctx.t(KINDS[kind]), f"f.borrow.for.{dossier.id}.{kind.value}.insider")]
        case "request_consultation":
            return [Button(ctx.t(N_("Ask to read")), f"f.consult.new.{dossier.id}")]
    return []


def _of_number(ctx: Context, one: Reason) -> list[Button]:
    """Return the way to give back a loan that the reason names."""
    number = next((str(value) for key, value in one.facts if key == "number"), "")
    loan_id = loans.by_number(ctx.session, number) if number else None
    if loan_id is None or "return" not in ctx.registry.by_key:
        return []
    return [Button(f"{ctx.t(BACK)} {number}", f"f.return.bring.{loan_id}")]
