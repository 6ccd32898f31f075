"""更正: wrong customer data are put right by a plan, its carrying out and a report (S5-1.X1).

What is wrong and what is right is gathered like any update; here it is planned, agreed to, carried
out, reported back on, reported and filed. Where the policy asks for no report, the superior's word
carries the correction out at once (S5-4.4). Guards against the department that acts on a plan that
nobody agreed to.
"""

from __future__ import annotations

from collections.abc import Callable

from handlers import seeing
from handlers.approvals.case_kinds import CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.corrections import correction_cards, correction_clock, correction_plan
from handlers.corrections.correction_cards import PLAN_KIND, REPORT_KIND
from handlers.corrections.correction_steps import (
    GONE,
    NO_CHAIN,
    ask,
    held_of,
    known,
    own,
    said,
    say,
    shown,
    take,
    tell,
    tell_turn,
    why,
)
from handlers.corrections.correction_turns import dossier_of
from handlers.dossiers import change_sets, dossier_update
from handlers.feature import Feature
from handlers.pages import to_today
from handlers.texts import N_
from rules.cases import CaseState
from rules.corrections import Stage, Step
from rules.occasions import Action
from storage import corrections, roster

WAITING = N_("Corrections, your turn ({count})")
LIST = N_("Corrections")
PICK = N_("These wait for your next step.")
NONE = N_(
    "No correction waits for you. To have wrong data corrected, gather what is right under "
    "Update, then submit it as a correction."
)
WRITTEN = N_("Carried out; the feedback is to be entered next.")
FED_BACK = N_("Noted; the report is to be written next.")
REPORT_BACK = N_("The report was not agreed to ({rule}); please write it anew.")
REPORT_BACK_WHY = N_("The report was not agreed to ({rule}): {reason}")
FILED = N_("The report was agreed to; the correction is filed.")


def _form(key: str, title: str, label: str, prompt: str, most: int) -> Form:
    field = Field("words", Kind.TEXT, label, prompt, max_length=most)
    return Form(key, 1, title, (field,), submit_label=N_("Submit"), review=False)


DOING_FORM = _form(
    "correctdo",
    N_("Carry out"),
    N_("Carried out"),
    N_("What was done, and who was told? With your answer the dossier is changed."),
    1000,
)
BACK_FORM = _form(
    "correctback",
    N_("Report back"),
    N_("Feedback"),
    N_("What do the customer and the departments say to it?"),
    1000,
)
REPORT_FORM = _form(
    "correctsum",
    N_("Correction report"),
    N_("Report on a correction"),
    N_("Your report: what was wrong, what was done, what prevents it in future?"),
    4000,
)


# -- carrying out, feedback, report ------------------------------------------------------------


def _starts(feature: Callable[[], Feature], stage: Stage) -> Callable[..., Reply]:
    def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
        held = own(ctx, arguments[0], stage)
        if isinstance(held, Reply):
            return held
        return runner.start(ctx, feature(), Answers({"_correction": held.id}))

    return start


def submit_done(ctx: Context, answers: Answers) -> Reply:
    """Write what is right into the dossier, the old values kept. Rule: S5-1.X1."""
    held = own(ctx, answers.text("_correction"), Stage.ORDERED)
    if isinstance(held, Reply):
        return said(held)
    held_set = correction_cards.set_of(ctx, held)
    change_sets.write(ctx, held_set, ctx.person.id, held.rule)
    words = {"done": answers.text("words")}
    moved = take(ctx, held, Step.CARRY_OUT, words, executor=ctx.person.id)
    ctx.record("correction.carried_out", f"correction:{held.id}", held.rule, set=held.set_id)
    tell_turn(ctx, moved, WRITTEN)
    return shown(ctx, moved, ctx.t(WRITTEN))


def submit_feedback(ctx: Context, answers: Answers) -> Reply:
    held = own(ctx, answers.text("_correction"), Stage.CARRIED_OUT)
    if isinstance(held, Reply):
        return said(held)
    moved = take(ctx, held, Step.FEED_BACK, {"feedback": answers.text("words")})
    ctx.record("correction.fed_back", f"correction:{held.id}", held.rule)
    return shown(ctx, moved, ctx.t(FED_BACK))


def submit_report(ctx: Context, answers: Answers) -> Reply:
    held = own(ctx, answers.text("_correction"), Stage.FED_BACK)
    if isinstance(held, Reply):
        return said(held)
    row = change_sets.row_of(ctx, dossier_of(ctx, held), Action.CORRECT_REPORT)
    if row is None:
        return Reply.of(Card(ctx.t(NO_CHAIN)))
    moved = take(ctx, held, Step.REPORT, {"report": answers.text("words")})
    ctx.record("correction.reported", f"correction:{held.id}", held.rule)
    return ask(ctx, moved, REPORT_KIND, row)


def end_report(ctx: Context, ending: Ending) -> bool:
    """File the correction, or ask for another report. Rule: S5-1.X1."""
    held = held_of(ctx, ending.subject)
    if ending.state in (CaseState.APPROVED, CaseState.REGISTERED):
        moved = take(ctx, held, Step.AGREE)
        ctx.record("correction.filed", f"correction:{held.id}", ending.rule)
        for one in dict.fromkeys((held.planner, held.executor)):
            tell(ctx, moved, one, FILED)
        return True
    moved = take(ctx, held, Step.SEND_BACK)
    ctx.record("correction.returned", f"correction:{held.id}", ending.rule)
    words = REPORT_BACK_WHY if ending.reason else REPORT_BACK
    tell_turn(ctx, moved, words, **why(ending))
    return True


# -- looking -----------------------------------------------------------------------------------


def count(ctx: Context) -> int:
    """Return how many corrections wait for this person's next step."""
    return corrections.count_waiting(ctx.session, _for_me(ctx))


def _for_me(ctx: Context) -> list[str]:
    left = roster.leavers_below(ctx.session, ctx.person.id)
    return [ctx.person.id, *(one.id for one in left)]


def show(ctx: Context, _arguments: tuple[str, ...] = ()) -> Reply:
    """List the corrections that wait for this person's next step."""
    waiting = corrections.waiting(ctx.unit, _for_me(ctx), MAX_CHOICES)
    buttons = []
    for held in waiting:
        customer = seeing.customer(ctx, dossier_of(ctx, held))
        step = ctx.t(correction_cards.step(held))
        buttons.append(Button(f"{held.number} {step} {customer}", f"f.correction.open.{held.id}"))
    return Reply.of(
        Card(
            ctx.t(PICK if waiting else NONE),
            title=ctx.t(LIST),
            choices=tuple(buttons),
            nav=(to_today(ctx.texts),),
        )
    )


def answer(ctx: Context, words: str) -> Reply:
    """Answer `更正`: what waits; with a customer, gather for that customer what is right."""
    return dossier_update.show(ctx, words) if words.strip() else show(ctx)


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = known(ctx, arguments[0])
    return Reply(alert=ctx.t(GONE)) if held is None else shown(ctx, held)


DOING = Feature("correctdo", DOING_FORM.title, form=DOING_FORM, submit=submit_done)
BACK = Feature("correctback", BACK_FORM.title, form=BACK_FORM, submit=submit_feedback)
REPORTING = Feature("correctsum", REPORT_FORM.title, form=REPORT_FORM, submit=submit_report)
FEATURE = Feature(
    key="correction",
    title=LIST,
    command="correct",
    words=("更正",),
    listed=False,
    open=answer,
    actions={
        "list": show,
        "open": open_one,
        "plan": correction_plan.start,
        "again": correction_plan.again,
        "drop": correction_plan.drop,
        "do": _starts(lambda: DOING, Stage.ORDERED),
        "back": _starts(lambda: BACK, Stage.CARRIED_OUT),
        "report": _starts(lambda: REPORTING, Stage.FED_BACK),
    },
    clocks=correction_clock.CLOCKS,
    cases={
        PLAN_KIND: CaseKind("补", correction_plan.FORM.title, say, correction_plan.end),
        REPORT_KIND: CaseKind("报", REPORT_FORM.title, say, end_report),
    },
)
