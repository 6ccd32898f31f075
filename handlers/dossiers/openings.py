"""The clock of a new customer: until when the draft is reported, and what its rungs say.

It begins with the first contact, stops when the draft is sent to who verifies it and runs anew
where it is sent back: what others take for their part is not the reporter's delay (S1-05.1).
"""

from __future__ import annotations

from datetime import date

from handlers import ladders, seeing
from handlers.context import Context
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.feature import Clockwork
from handlers.ladders import Case
from handlers.pages import to_today
from handlers.texts import N_
from rules import opening
from rules.deadlines import Deadline, is_late
from rules.policy import Policy
from rules.reminders import Due, StepKind
from storage import breaches, dossiers, ledger, staff
from storage.breaches import Breach
from storage.dossiers import Dossier

KIND = "opening"

COUNTED = 100
"""Drafts that are looked at for a count; a person has a few."""

TITLE = N_("New customer to be opened")
REMIND_TEXT = N_("{customer}: the dossier is to be opened by {until} ({rule}).")
OVERDUE = N_("New customer not opened in time")
OVERDUE_TEXT = N_(
    "{customer}: the dossier was to be opened by {until} ({rule}). Please still complete it."
)
ESCALATED = N_("New customer not reported")
ESCALATED_TEXT = N_(
    "{name} has not sent {customer} for opening; that was to be done by {until} ({rule})."
)
LIST = N_("New customers to be opened")
WAITING = N_("New customers to be opened ({count})")
PICK = N_("Open one to see what it still needs.")
NONE = N_("No new customer waits to be opened.")
LINE = N_("{customer} · by {until}")


def begin(ctx: Context, dossier_id: int, day: date) -> None:
    """Start the clock of a new draft; `day`: office day of the first contact."""
    dossiers.begin_from(ctx.unit, dossier_id, day)
    watch(ctx, dossier_id)


def watch(ctx: Context, dossier_id: int) -> None:
    """Set the clock of a draft to its next rung; one that ended without a report is a breach."""
    draft = _draft(ctx, dossier_id)
    if draft is None:
        ledger.unwatch(ctx.unit, KIND, dossier_id)
        return
    case = _case(ctx, draft)
    ladders.pass_over(ctx, case)
    if not ladders.watch(ctx, case) and is_late(ctx.now, deadline(ctx, draft)):
        miss(ctx, draft)


def follow(ctx: Context, staff_id: str) -> None:
    """Set the clocks of a person's drafts anew: they went away, or are back."""
    for dossier_id in dossiers.drafts_of(ctx.session, staff_id, COUNTED):
        watch(ctx, dossier_id)


def reported(ctx: Context, draft: Dossier) -> None:
    """Stop the clock of a draft that is sent to who verifies it.

    Rule: S1-05.1, S1-01.2.
    """
    ledger.unwatch(ctx.unit, KIND, draft.id)
    until = deadline(ctx, draft)
    if is_late(ctx.at, until):
        miss(ctx, draft)
    else:
        breaches.lift(ctx.unit, draft.id, KIND, until.last_day)


def deadline(ctx: Context, draft: Dossier) -> Deadline:
    """Return until when a draft is reported on time. Rule: S1-05.1."""
    start = _start(ctx, draft)
    away = ladders.absences(ctx, draft.keeper, start)
    return opening.open_deadline(start, away, _policy(ctx, draft), ctx.calendar)


def miss(ctx: Context, draft: Dossier) -> None:
    """Record that the deadline passed, unless the draft keeps it. Rule: S1-05.1, C-69."""
    policy, until = _policy(ctx, draft), deadline(ctx, draft)
    if opening.draft_meets(policy):
        return
    one = Breach(
        draft.id, KIND, until.last_day, policy.pack, draft.keeper, until.rule, until.instant
    )
    if breaches.add(ctx.unit, one):
        ctx.record("dossier.open_missed", f"dossier:{draft.id}", until.rule)


def hears(ctx: Context, dossier_id: int, rung: str) -> str | None:
    """Return who is to hear a rung of a draft as things are now."""
    draft = _draft(ctx, dossier_id)
    return ladders.hears(ctx, _case(ctx, draft), rung) if draft else None


def notice(ctx: Context, dossier_id: int, rung: str, key: str) -> Card | None:
    """Render the rung of a draft that is about to be sent, late ones folded into it."""
    draft = _draft(ctx, dossier_id)
    said = ladders.to_say(ctx, _case(ctx, draft), rung, key) if draft else None
    if draft is not None and said and said.latest.step.kind is StepKind.ESCALATE:
        miss(ctx, draft)
    watch(ctx, dossier_id)
    if draft is None or said is None:
        return None
    return ladders.with_held_up(ctx, _card(ctx, draft, said.latest), said)


def _draft(ctx: Context, dossier_id: int) -> Dossier | None:
    draft = dossiers.get(ctx.unit, dossier_id)
    return draft if draft is not None and draft.state == "draft" else None


def _start(ctx: Context, draft: Dossier) -> date:
    return draft.open_from or draft.created_at.astimezone(ctx.policy.time.zone).date()


def _policy(ctx: Context, draft: Dossier) -> Policy:
    """Return the policy of a draft: that of the day on which its time began."""
    return ctx.policies.on(_start(ctx, draft)).governing(draft.department, draft.type)


def _case(ctx: Context, draft: Dossier) -> Case:
    policy = _policy(ctx, draft)
    anchor = policy.time.anchor(_start(ctx, draft), deadline(ctx, draft), ctx.calendar)
    ladder = policy.open.duty.ladder(ladders.OWNER)
    return Case(KIND, draft.id, draft.keeper, ladder, anchor, draft.created_at)


def _card(ctx: Context, draft: Dossier, due: Due) -> Card:
    until = deadline(ctx, draft)
    facts = {
        "customer": seeing.customer(ctx, draft),
        "until": ctx.texts.last_minute(until),
        "rule": due.step.rule,
    }
    clause = Button(ctx.t(N_("Clause")), f"f.help.clause.{due.step.rule}")
    if due.step.kind is StepKind.ESCALATE:
        owner = staff.get(ctx.session, draft.keeper)
        text = ctx.t(ESCALATED_TEXT, name=owner.name if owner else draft.keeper, **facts)
        return Card(text, title=ctx.t(ESCALATED), choices=(clause,))
    late = is_late(ctx.now, until)
    return Card(
        ctx.t(OVERDUE_TEXT if late else REMIND_TEXT, **facts),
        title=ctx.t(OVERDUE if late else TITLE),
        choices=(
            Button(ctx.t(N_("Open the dossier")), f"f.open.card.{draft.id}"),
            Button(ctx.t(N_("Fill in more")), f"f.update.open.{draft.id}"),
            clause,
        ),
        columns=2,
    )


def count(ctx: Context) -> int:
    """Return how many drafts this person has still to report."""
    return len(dossiers.drafts_of(ctx.session, ctx.person.id, COUNTED))


def show(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    """List the drafts that this person has still to report, the first due first."""
    ids = dossiers.drafts_of(ctx.session, ctx.person.id, COUNTED)
    drafts = [draft for draft in (_draft(ctx, one) for one in ids) if draft]
    drafts.sort(key=lambda one: deadline(ctx, one).instant)
    buttons = []
    for one in drafts[:MAX_CHOICES]:
        until = ctx.texts.last_minute(deadline(ctx, one))
        words = ctx.t(LINE, customer=seeing.customer(ctx, one), until=until)
        buttons.append(Button(words, f"f.open.card.{one.id}"))
    return Reply.of(
        Card(
            ctx.t(PICK if drafts else NONE),
            title=ctx.t(LIST),
            choices=tuple(buttons),
            nav=(to_today(ctx.texts),),
        )
    )


CLOCKS = {KIND: Clockwork(notice, watch, hears)}
