"""More time for a handover: asked for with a reason and a day, decided by who may (S4-LOAN.4.5b).

Only where the policy has somebody who allows it. Until it is decided the old day stands; once it
is granted the old reminders stop and those of the new day begin. The trap is the day that passed
while the decision was awaited: what was late stays written down.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from handlers.approvals import approvals, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind, Moment
from handlers.conversation.messages import Card, Problem, Reply
from handlers.conversation.state import ABOUT
from handlers.feature import Feature
from handlers.handovers import handover_access, handover_card, handover_clock, handover_words
from handlers.handovers.handover_access import Act
from handlers.texts import N_, Texts
from rules.access import StaffId
from rules.cases import CaseState
from rules.chains import Approval
from rules.deadlines import Deadline
from rules.deciders import Matter
from rules.errors import Denied, DomainError
from rules.handover_days import that_day
from rules.handovers import LegState
from rules.occasions import Action, Facts
from storage import dossiers, handover_extensions, handovers
from storage.handover_extensions import Extension
from storage.handovers import Handover, Leg
from storage.staff import Person

KIND = "late"
HANDOVER, OLD = "_handover", "_old"
"""Carried along: which handover, and its day as it is."""

TITLE = N_("Later handover")
NOT_THERE = N_("There is no such handover, or its papers are not yours to hand over now.")
NOT_ALLOWED = N_("Under this regulation nobody may allow a later handover ({rule}).")
ASKED_ALREADY = N_("More time is asked for already; until it is decided the old day stands.")
NOT_LATER = N_("Please name a later day than {due}.")
FROM_TO = N_("Due {old} so far, then {new} ({rule})")
WHO_DECIDES = N_("Who decides:")
SENT = N_("Asked for. Until it is decided the old day stands.")
WANTS = N_("Later handover of {number}: {subject}")
HOW_LONG = N_("until {new} instead of {old}")
LATE_ALREADY = N_("Its day has passed already")
DONE = N_("More time: due {new} instead of {old}.")
TOO_LATE = N_("The later day was approved, but the papers were handed over by then.")


def _later(value: Any, answers: Answers, moment: Moment) -> Problem | None:
    day = date.fromisoformat(value)
    old = answers.day(OLD)
    last = max(filter(None, (old, moment.today)))
    return Problem(NOT_LATER, {"due": last.isoformat()}) if day <= last else None


FORM = Form(
    "latehandover",
    1,
    TITLE,
    (
        Field(
            "until",
            Kind.DATE,
            N_("New day"),
            N_("By which day will the papers be handed over?"),
            check=_later,
            prefer="future",
            example=N_("Friday · 5月15日"),
        ),
        Field(
            "reason",
            Kind.TEXT,
            N_("Reason"),
            N_("Why is more time needed?"),
            max_length=500,
            example=N_("等待登记机关出证"),
        ),
    ),
    submit_label=N_("Submit"),
)


# -- asking ------------------------------------------------------------------------------------


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin to ask for more time for the present leg of a handover."""
    held, leg = _mine(ctx, arguments[0])
    if held is None or leg is None or leg.due_on is None:
        return Reply(alert=ctx.t(NOT_THERE))
    if approval_of(ctx, held) is None:
        return Reply(alert=ctx.t(NOT_ALLOWED, rule=handover_access.row_of(ctx, held).rule))
    if _open(ctx, held) is not None:
        return Reply(alert=ctx.t(ASKED_ALREADY))
    about = f"{held.number} {handover_words.subject(ctx, held, ctx.person)}"
    values = {HANDOVER: str(held.id), OLD: leg.due_on.isoformat(), ABOUT: about}
    return runner.start(ctx, ASKING, Answers(values))


def allowed(ctx: Context, held: Handover) -> bool:
    """Return whether anybody may allow a later day, and nobody has been asked yet."""
    return approval_of(ctx, held) is not None and _open(ctx, held) is None


def _mine(ctx: Context, words: str) -> tuple[Handover | None, Leg | None]:
    held = handover_access.known(ctx, words, lock=True)
    if held is None or Act.GIVE not in handover_access.may(ctx, held, ctx.person):
        return None, None
    return held, handovers.present(ctx.unit, held)


def _open(ctx: Context, held: Handover) -> Extension | None:
    found = handover_extensions.of(ctx.unit, held.id)
    return next((one for one in found if one.state == "asked" and one.leg == held.leg), None)


def matter_of(ctx: Context, held: Handover, leg: Leg) -> Matter:
    dossier = dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None
    return Matter(
        Facts(Action.LATE_HANDOVER),
        StaffId(handover_access.giver_of(ctx, leg)),
        StaffId(dossier.keeper) if dossier else None,
        held.department,
    )


def approval_of(ctx: Context, held: Handover) -> Approval | None:
    """Return who decides; None: nobody may allow it. Rule: S4-LOAN.4.5b."""
    policy = handover_access.policy_of(ctx, held)
    return approvals.approval_of(policy, Facts(Action.LATE_HANDOVER))


def deadline_of(ctx: Context, held: Handover, leg: Leg, day: date) -> Deadline:
    """Return the deadline on a named day."""
    row, time = handover_access.row_of(ctx, held), handover_access.policy_of(ctx, held).time
    return that_day(row, leg.n - 1, day, time, ctx.calendar)


def review(ctx: Context, answers: Answers) -> str:
    """Say the old day and the new one, and who decides."""
    held, leg = _mine(ctx, answers.text(HANDOVER))
    day = answers.day("until")
    approval = approval_of(ctx, held) if held else None
    if held is None or leg is None or day is None or approval is None:
        return ctx.t(NOT_THERE)
    old, new = _days(leg, deadline_of(ctx, held, leg, day), ctx.texts)
    preview = approvals.preview(ctx, approval, matter_of(ctx, held, leg))
    lines = [ctx.t(FROM_TO, old=old, new=new, rule=approval.rule), ctx.t(WHO_DECIDES)]
    return "\n".join((*lines, *case_texts.foreseen(ctx, preview)))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Ask who may allow it. Rule: S4-LOAN.4.5b."""
    held, leg = _mine(ctx, answers.text(HANDOVER))
    day = answers.day("until")
    approval = approval_of(ctx, held) if held else None
    if held is None or leg is None or day is None or approval is None:
        return Reply.of(Card(ctx.t(NOT_THERE)))
    asked = handover_extensions.ask(
        ctx.unit,
        handover_id=held.id,
        leg=leg.n,
        by=ctx.person.id,
        at=ctx.at,
        until=day,
        reason=answers.text("reason"),
    )
    if asked is None:
        return Reply((handover_card.show(ctx, held, lead=ctx.t(ASKED_ALREADY)),))
    ctx.record("handover.extension", f"handover:{held.id}", approval.rule)
    matter = matter_of(ctx, held, leg)
    opened = approvals.request(ctx, KIND, asked, approval, matter, dossier_id=held.dossier_id)
    if isinstance(opened, Denied):
        handover_extensions.decide(ctx.unit, asked, "refused")
        return Reply.of(Card(case_texts.denial(ctx, opened)))
    now = handovers.get(ctx.unit, held.id)
    assert now is not None  # noqa: S101 - handovers are never deleted
    lead = ctx.t(SENT) if opened.case.open else ""
    return Reply((handover_card.show(ctx, now, lead=lead),))


# -- how it is said, and what follows ----------------------------------------------------------


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    one, held, leg = _asked(ctx, subject)
    old = one.before or leg.due_on
    cautions = [texts.t(LATE_ALREADY)] if one.state == "asked" and leg.late(ctx.now) else []
    known = handover_access.knows(ctx, held, reader)
    return Asking(
        what=texts.t(WANTS, number=held.number, subject=handover_words.subject(ctx, held, reader)),
        why=one.reason,
        how_long=texts.t(
            HOW_LONG,
            new=texts.day(one.until, ctx.today),
            old=texts.day(old, ctx.today) if old else "-",
        ),
        cautions=tuple(cautions),
        key=f"f.handover.card.{held.id}" if known else "",
    )


def end(ctx: Context, ending: Ending) -> bool:
    """Set the later day if the papers are still to come. Rule: S4-LOAN.4.5b (scenario B15)."""
    one, held, leg = _asked(ctx, ending.subject)
    if ending.state not in (CaseState.APPROVED, CaseState.REGISTERED):
        state = "withdrawn" if ending.state is CaseState.WITHDRAWN else "refused"
        handover_extensions.decide(ctx.unit, one.id, state)
        handover_card.redraw(ctx, held)
        return False
    if leg.state != LegState.OPEN or held.leg != one.leg:
        handover_extensions.decide(ctx.unit, one.id, "refused")
        ctx.tell(
            one.asked_by,
            lambda texts: Card(texts.t(TOO_LATE), title=texts.t(TITLE)),
            f"late:{one.id}:over",
        )
        return True
    due = deadline_of(ctx, held, leg, one.until)
    handover_clock.wind(ctx, leg.id)  # a day that has passed stays written down
    handover_extensions.decide(ctx.unit, one.id, "granted", leg.due_on)
    held = handovers.save(ctx.unit, held)
    handovers.set_leg(
        ctx.unit,
        leg.id,
        due_on=due.last_day,
        due_at=due.instant + due.tolerance,
        provisional=due.provisional,
    )
    ctx.record("handover.extended", f"handover:{held.id}", ending.rule)
    handover_clock.follow(ctx, held)
    handover_card.redraw(ctx, held)

    def card(texts: Texts) -> Card:
        old, new = _days(leg, due, texts)
        return Card(texts.t(DONE, old=old, new=new), title=f"{texts.t(TITLE)} · {held.number}")

    ctx.tell(one.asked_by, card, f"late:{one.id}:granted")
    return True


def _asked(ctx: Context, extension_id: int) -> tuple[Extension, Handover, Leg]:
    one = handover_extensions.get(ctx.unit, extension_id)
    held = handovers.get(ctx.unit, one.handover_id, lock=True) if one else None
    if one is None or held is None:
        raise DomainError(f"there is no extension {extension_id}")
    return one, held, handovers.legs(ctx.unit, held.id)[one.leg - 1]


def _days(leg: Leg, due: Deadline, texts: Texts) -> tuple[str, str]:
    assert leg.due_on is not None  # noqa: S101 - it has a clock
    assert leg.due_at is not None  # noqa: S101 - as above
    return texts.until(leg.due_on, leg.due_at), texts.last_minute(due)


ASKING = Feature("latehandover", TITLE, form=FORM, submit=submit, review=review)
FEATURE = Feature(
    key=KIND,
    title=TITLE,
    actions={"ask": ask},
    cases={KIND: CaseKind("延", TITLE, say, end)},
)
