"""The plan of a correction: what is wrong, how it is put right, who is told, who carries it out.

What is wrong and what is right was gathered like any update; it waits, as proposed, until the plan
was agreed to. Guards against two corrections of one field, and against the plan whose executor may
not see the dossier.
"""

from __future__ import annotations

from handlers import seeing
from handlers.approvals import approvals, case_texts
from handlers.approvals.case_kinds import Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.corrections import correction_cards
from handlers.corrections.correction_cards import PLAN_KIND
from handlers.corrections.correction_steps import (
    NO_CHAIN,
    ask,
    held_of,
    matter_of,
    own,
    said,
    shown,
    take,
    tell,
    tell_turn,
    why,
)
from handlers.corrections.correction_turns import dossier_of
from handlers.dossiers import change_sets, update_basket
from handlers.dossiers.update_target import Target
from handlers.feature import Feature
from handlers.texts import N_
from rules.access import Sight
from rules.cases import CaseState
from rules.corrections import Stage, Step
from rules.occasions import Action
from storage import changes, corrections, staff
from storage.changes import ChangeSet
from storage.corrections import Correction
from storage.dossiers import Dossier

TWICE = N_("{number} is correcting that already; it stands as follows.")
NOT_OPEN = N_("This customer is not open to {name}; please name somebody else to carry it out.")
ORDERED = N_("The plan was agreed to; please carry it out.")
AGREED = N_("Your plan was agreed to; {name} carries it out.")
RETURNED = N_("The plan was not agreed to ({rule}); it is with you again.")
RETURNED_WHY = N_("The plan was not agreed to ({rule}): {reason}")
GIVEN_UP = N_("Given up; the dossier stays as it was.")


def _full(answers: Answers) -> bool:
    return answers.flag("_full")


FORM = Form(
    "correctplan",
    1,
    N_("Remedy plan"),
    (
        Field(
            "wrong",
            Kind.TEXT,
            N_("What is wrong"),
            N_("What is wrong, and how was it found?"),
            max_length=1000,
            example=N_("电话号码录入时抄错两位, 客户来电指出"),
        ),
        Field(
            "remedy",
            Kind.TEXT,
            N_("Remedy"),
            N_("How is it put right, also where the wrong data went?"),
            when=_full,
            max_length=1000,
            example=N_("改正档案, 收回发给财务部的旧表并换发"),
        ),
        Field(
            "told",
            Kind.TEXT,
            N_("To be told"),
            N_("Who is told of it, and how?"),
            when=_full,
            max_length=1000,
            example=N_("致电客户致歉, 通知财务部"),
        ),
        Field(
            "executor",
            Kind.STAFF,
            N_("Carried out by"),
            N_("Who carries it out? Part of the name; skip it to do so yourself."),
            when=_full,
            optional=True,
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("_name"),
)


# -- the plan ----------------------------------------------------------------------------------


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show who would decide on gathered changes as a correction, and ask for the plan."""
    ready = update_basket.ready(ctx, arguments)
    if isinstance(ready, Reply):
        return ready
    found, held = ready
    if refused := _refused(ctx, found, held):
        return refused
    row = change_sets.row_of(ctx, found.dossier, Action.CORRECT)
    assert row is not None  # noqa: S101 - answered above where there is none
    preview = approvals.preview(ctx, row, matter_of(ctx, found.dossier, Action.CORRECT))
    clause = Button(ctx.t(N_("Clause")), f"f.help.clause.{row.rule}")
    lines = [ctx.t(N_("Who decides:")), *case_texts.foreseen(ctx, preview)]
    card = Card("\n".join(lines), title=ctx.t(FORM.title), choices=(clause,))
    carried = {
        "_set": str(held.id),
        "_rev": str(held.rev),
        "_full": change_sets.row_of(ctx, found.dossier, Action.CORRECT_REPORT) is not None,
        "_name": seeing.customer(ctx, found.dossier),
    }
    return Reply.of(card).plus(runner.start(ctx, FEATURE, Answers(carried)))


def _refused(ctx: Context, found: Target, held: ChangeSet) -> Reply | None:
    """Return why these changes cannot be planned as a correction; None if they can."""
    if not change_sets.correctable(ctx, found.dossier):
        return Reply(alert=ctx.t(NO_CHAIN))
    mine = {row.field for row in held.rows}
    for other in corrections.open_on(ctx.unit, found.dossier.id):
        if mine & {row.field for row in correction_cards.set_of(ctx, other).rows}:
            return shown(ctx, other, ctx.t(TWICE, number=other.number))
    return None


def submit(ctx: Context, answers: Answers) -> Reply:
    """Hand the plan in: the changes wait until it was agreed to and carried out. Rule: S5-1.X1."""
    if "_again" in answers:
        return _submit_again(ctx, answers)
    ready = update_basket.ready(ctx, (answers.text("_set"), answers.text("_rev")))
    if isinstance(ready, Reply):
        return said(ready)
    found, held = ready
    if refused := _refused(ctx, found, held):
        return said(refused)
    executor = _executor(ctx, answers, found.dossier)
    if executor is None:
        return _name_another(ctx, answers)
    row = change_sets.row_of(ctx, found.dossier, Action.CORRECT)
    assert row is not None  # noqa: S101 - answered above where there is none
    changes.propose(ctx.unit, held, ctx.at)
    correction_id = corrections.add(
        ctx.unit,
        ctx.today.year,
        dossier_id=found.dossier.id,
        set_id=held.id,
        planner=ctx.person.id,
        executor=executor,
        rule=row.rule,
        at=ctx.at,
        words=_words(answers),
    )
    ctx.record("correction.planned", f"correction:{correction_id}", row.rule, set=held.id)
    return ask(ctx, held_of(ctx, correction_id), PLAN_KIND, row)


def _words(answers: Answers) -> dict[str, str]:
    names = ("wrong", "remedy", "told")
    return {name: answers.text(name) for name in names if answers.text(name)}


def _executor(ctx: Context, answers: Answers, dossier: Dossier) -> str | None:
    """Return who is to carry it out; None: the dossier is not open to whoever was named."""
    option = answers.option("executor")
    if option is None or option.key == ctx.person.id:
        return ctx.person.id
    person = staff.get(ctx.session, option.key)
    if person is None or not person.active:
        return None
    return person.id if seeing.view(ctx, dossier, person).sight is Sight.FULL else None


def _name_another(ctx: Context, answers: Answers) -> Reply:
    """Ask for somebody else to carry it out, with the rest as it was written."""
    option = answers.option("executor")
    refused = Card(ctx.t(NOT_OPEN, name=option.label if option else ""))
    given = {key: value for key, value in answers.values.items() if key != "executor"}
    form = runner.start(ctx, FEATURE, Answers(given), at_review=True)
    return Reply.of(refused).plus(form)


def again(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for a returned plan anew, as it was written."""
    held = own(ctx, arguments[0], Stage.RETURNED)
    if isinstance(held, Reply):
        return held
    person = staff.get(ctx.session, held.executor)
    executor = {"executor": {"key": held.executor, "label": person.name if person else ""}}
    given = {name: getattr(held, name) for name in ("wrong", "remedy", "told")}
    fields = {**given, **executor} if held.remedy else {"wrong": held.wrong}
    carried = {"_again": held.id, "_full": bool(held.remedy)}
    answers = Answers({**carried, **fields})
    return runner.start(ctx, FEATURE, answers, at_review=True, prefilled=True)


def _submit_again(ctx: Context, answers: Answers) -> Reply:
    held = own(ctx, answers.text("_again"), Stage.RETURNED)
    if isinstance(held, Reply):
        return said(held)
    dossier = dossier_of(ctx, held)
    executor, row = (
        _executor(ctx, answers, dossier),
        change_sets.row_of(ctx, dossier, Action.CORRECT),
    )
    if row is None:
        return Reply.of(Card(ctx.t(NO_CHAIN)))
    if executor is None:
        return _name_another(ctx, answers)
    moved = take(ctx, held, Step.PLAN_AGAIN, _words(answers), executor=executor)
    ctx.record("correction.planned", f"correction:{held.id}", held.rule, set=held.set_id)
    return ask(ctx, moved, PLAN_KIND, row)


def drop(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Give a returned plan up; the dossier stays as it was."""
    held = own(ctx, arguments[0], Stage.RETURNED)
    if isinstance(held, Reply):
        return held
    _give_up(ctx, held)
    return shown(ctx, held_of(ctx, held.id), ctx.t(GIVEN_UP))


def _give_up(ctx: Context, held: Correction) -> None:
    take(ctx, held, Step.DROP)
    change_sets.withdraw(ctx, held.set_id, ctx.person.id)
    ctx.record("correction.dropped", f"correction:{held.id}", held.rule)


# -- what follows ------------------------------------------------------------------------------


def end(ctx: Context, ending: Ending) -> bool:
    """Order the correction, carry it out at once, or give the plan back. Rule: S5-1.X1, S5-4.4."""
    held = held_of(ctx, ending.subject)
    match ending.state:
        case CaseState.APPROVED | CaseState.REGISTERED if held.remedy:
            moved = take(ctx, held, Step.AGREE)
            ctx.record("correction.ordered", f"correction:{held.id}", ending.rule)
            tell_turn(ctx, moved, ORDERED)
            if moved.executor != held.planner:
                name = case_texts.name(ctx, moved.executor)
                tell(ctx, moved, held.planner, AGREED, name=name)
        case CaseState.APPROVED | CaseState.REGISTERED:
            change_sets.apply(ctx, held.set_id, ending.by or ctx.person.id, ending.rule)
            take(ctx, held, Step.SETTLE)
            ctx.record("correction.filed", f"correction:{held.id}", ending.rule)
        case CaseState.WITHDRAWN:
            _give_up(ctx, held)
        case _:
            moved = take(ctx, held, Step.SEND_BACK)
            ctx.record("correction.returned", f"correction:{held.id}", ending.rule)
            words = RETURNED_WHY if ending.reason else RETURNED
            tell_turn(ctx, moved, words, **why(ending))
    return True


FEATURE = Feature("correctplan", FORM.title, form=FORM, submit=submit)
