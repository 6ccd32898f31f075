"""密级: a dossier's secrecy grade given, raised, lowered or prolonged, in three taps.

Two questions, about the content and about the customer, propose a grade and the end of its
period; the review card shows both before anything is written (S2-SECR.5, S2-SECR.6, S2-SECR.7).
Who may grade is named by the policy; others learn nothing of the dossier.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from handlers import seeing
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Button, Card, Problem, Reply
from handlers.dossiers import secrecy
from handlers.dossiers.secrecy import TITLE, named, policy_of
from handlers.feature import Feature
from handlers.texts import N_
from rules import grading
from rules.secrecy import Grade
from storage import dossiers
from storage.dossiers import Dossier

NOW_GRADED = N_("Now: {grade} until {day}")
NOW = N_("Now: {grade}")
ABOUT_CONTENT = N_(
    "Secret are details of important business with customers, special marketing tactics for "
    "important customers, and important information on main customers (S2-SECR.4). What do these "
    "papers hold?"
)
ABOUT_CUSTOMER = N_("What dealings does the company have with the customer (S2-SECR.6)?")
PROPOSED = N_("By content and customer: {grade} (S2-SECR.5, S2-SECR.6). Which grade is given?")
CONTENT = {
    "none": N_("Nothing secret"),
    "ordinary": N_("Ordinary data"),
    "important": N_("Important data"),
    "most_important": N_("Most important data"),
}
CUSTOMER = {
    "ordinary": N_("Ordinary dealings"),
    "important": N_("Important dealings"),
    "key": N_("Key customer"),
}
GRADES = {
    Grade.CONFIDENTIAL: N_("Grade: confidential"),
    Grade.SECRET: N_("Grade: secret"),
    Grade.TOP_SECRET: N_("Grade: top secret"),
    Grade.NONE: N_("Ungraded"),
}
AS_PROPOSED = N_("{grade} (proposed)")
DONE = N_("{customer}: {before} → {after}.")
DONE_UNTIL = N_("{customer}: {before} → {after}, until {day}; it then lapses by itself ({rule}).")
SAME = N_("Nothing was changed: the grade and its end stay as they were.")
CHANGED_MEANWHILE = N_(
    "The grade was changed meanwhile; it is {grade} now. Nothing was overwritten: please look and "
    "set it again."
)
NOT_YOURS = N_("Secrecy grades are set by others ({rule}).")
PASSED = N_("That day has passed.")
REFUSED = {
    "until_missing": N_("Graded papers need an end of their secrecy ({rule})."),
    "until_passed": N_("That day has passed ({rule})."),
}


# -- the form ----------------------------------------------------------------------------------


def _is_graded(answers: Answers) -> bool:
    return answers.text("grade") not in ("", Grade.NONE.value)


def _not_passed(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    return Problem(PASSED) if date.fromisoformat(value) < moment.today else None


def _until(key: str, *, required: bool) -> Field:
    return Field(
        key,
        Kind.DATE,
        N_("Secret until"),
        N_("Until which day, included, is it secret? The grade lapses by itself afterwards."),
        when=lambda answers: _is_graded(answers) and answers.flag("_required") is required,
        check=_not_passed,
        optional=not required,
        prefer="future",
        example=N_("2027-09-14 · next month"),
    )


FORM = Form(
    "grading",
    1,
    TITLE,
    (
        Field(
            "grade",
            Kind.CHOICE,
            TITLE,
            N_("Which secrecy grade?"),
            choices=tuple(Choice(grade.value, label) for grade, label in GRADES.items()),
        ),
        _until("until", required=True),
        _until("until_open", required=False),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("_name"),
)


# -- the way to it -----------------------------------------------------------------------------


def ask_content(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the present grade and ask about the content. Rule: S2-SECR.4, S2-SECR.5."""
    dossier = _gradable(ctx, arguments[0])
    if isinstance(dossier, Reply):
        return dossier
    return _asked(
        ctx,
        dossier,
        "\n".join((_present(ctx, dossier), ctx.t(ABOUT_CONTENT))),
        tuple(
            Button(ctx.t(label), f"f.grade.content.{dossier.id}.{code}")
            for code, label in CONTENT.items()
        ),
    )


def ask_customer(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask about the customer, where the content does not settle it. Rule: S2-SECR.6."""
    dossier = _gradable(ctx, arguments[0])
    if isinstance(dossier, Reply):
        return dossier
    content = arguments[1] if len(arguments) > 1 else ""
    if content not in CONTENT:
        return ask_content(ctx, arguments)
    if grading.CONTENT[content] is Grade.NONE:
        return _offer(ctx, dossier, Grade.NONE)
    return _asked(
        ctx,
        dossier,
        ctx.t(ABOUT_CUSTOMER),
        tuple(
            Button(ctx.t(label), f"f.grade.customer.{dossier.id}.{content}.{code}")
            for code, label in CUSTOMER.items()
        ),
    )


def propose(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Propose the grade that both answers lead to. Rule: S2-SECR.5, S2-SECR.6."""
    dossier = _gradable(ctx, arguments[0])
    if isinstance(dossier, Reply):
        return dossier
    content, customer = (*arguments[1:3], "", "")[:2]
    if content not in CONTENT or customer not in CUSTOMER:
        return ask_content(ctx, arguments)
    return _offer(ctx, dossier, grading.proposed(content, customer))


def _offer(ctx: Context, dossier: Dossier, wanted: Grade) -> Reply:
    order = sorted(GRADES, key=lambda grade: (grade is not wanted, grade.rank))
    labels = {grade: ctx.t(label) for grade, label in GRADES.items()}
    labels[wanted] = ctx.t(AS_PROPOSED, grade=labels[wanted])
    buttons = tuple(
        Button(labels[grade], f"f.grade.set.{dossier.id}.{grade.value}") for grade in order
    )
    said = ctx.t(PROPOSED, grade=named(wanted, ctx.texts))
    return _asked(ctx, dossier, said, buttons)


def _asked(ctx: Context, dossier: Dossier, said: str, buttons: tuple[Button, ...]) -> Reply:
    back = Button(ctx.t(N_("Customer")), f"f.find.card.{dossier.id}", back=True)
    title = f"{ctx.t(TITLE)} · {seeing.customer(ctx, dossier)}"
    return Reply.of(Card(said, title=title, choices=buttons, columns=2, nav=(back,)))


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Open the review card with a grade and the end that is proposed for it. Rule: C-35."""
    dossier = _gradable(ctx, arguments[0])
    if isinstance(dossier, Reply):
        return dossier
    wanted = arguments[1] if len(arguments) > 1 else ""
    grade = next((one for one in Grade if one.value == wanted), None)
    if grade is None:
        return ask_content(ctx, arguments)
    policy = policy_of(ctx, dossier)
    until = grading.proposed_until(grade, ctx.today, policy)
    required = policy.secrecy.until_required
    answers = {
        "_dossier": dossier.id,
        "_name": seeing.customer(ctx, dossier),
        "_before": _stands(dossier),
        "_required": required,
        "grade": grade.value,
        "until" if required else "until_open": until.isoformat() if until else None,
    }
    return runner.start(ctx, GRADING, Answers(answers), at_review=True, prefilled=True)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Write the grade, unless somebody else did meanwhile. Rule: S2-SECR.7."""
    dossier = _gradable(ctx, answers.text("_dossier"), lock=True)
    if isinstance(dossier, Reply):
        return Reply.of(Card(dossier.alert))
    if _stands(dossier) != answers.text("_before"):
        now = named(Grade(dossier.grade), ctx.texts)
        return _answer(ctx, dossier, ctx.t(CHANGED_MEANWHILE, grade=now))
    grade = Grade(answers.text("grade"))
    until = (answers.day("until") or answers.day("until_open")) if _is_graded(answers) else None
    denied = grading.refusal(grade, until, ctx.today, policy_of(ctx, dossier))
    if denied is not None:
        why = "\n".join(ctx.t(REFUSED[one.code], rule=one.rule) for one in denied.reasons)
        return _answer(ctx, dossier, why)
    if (grade.value, until) == (dossier.grade, dossier.grade_until):
        return _answer(ctx, dossier, ctx.t(SAME))
    secrecy.change(ctx, dossier, grade, until)
    facts = {
        "customer": seeing.customer(ctx, dossier),
        "before": named(Grade(dossier.grade), ctx.texts),
        "after": named(grade, ctx.texts),
    }
    if until is None:
        return _answer(ctx, dossier, ctx.t(DONE, **facts))
    rule = policy_of(ctx, dossier).secrecy.until_rule
    day = ctx.texts.day(until, ctx.today)
    return _answer(ctx, dossier, ctx.t(DONE_UNTIL, day=day, rule=rule, **facts))


def _answer(ctx: Context, dossier: Dossier, said: str) -> Reply:
    again = Button(ctx.t(TITLE), f"f.grade.open.{dossier.id}")
    look = Button(ctx.t(N_("Customer")), f"f.find.card.{dossier.id}")
    return Reply.of(Card(said, title=ctx.t(TITLE), choices=(look, again), columns=2))


def _present(ctx: Context, dossier: Dossier) -> str:
    grade = named(Grade(dossier.grade), ctx.texts)
    if dossier.grade_until is None:
        return ctx.t(NOW, grade=grade)
    day = ctx.texts.day(dossier.grade_until, ctx.today)
    return ctx.t(NOW_GRADED, grade=grade, day=day)


def _stands(dossier: Dossier) -> str:
    return f"{dossier.grade} {dossier.grade_until or ''}".strip()


def _gradable(ctx: Context, words: str, *, lock: bool = False) -> Dossier | Reply:
    """Return the dossier whose grade the person may set, else what to answer."""
    dossier = seeing.reachable(ctx, words)
    if dossier is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    policy = policy_of(ctx, dossier)
    if not grading.may_grade(ctx.person.roles, policy):
        return Reply(alert=ctx.t(NOT_YOURS, rule=policy.secrecy.graders_rule))
    return (dossiers.get(ctx.unit, dossier.id, lock=True) or dossier) if lock else dossier


GRADING = Feature(key="grading", title=TITLE, form=FORM, submit=submit)
FEATURE = Feature(
    key="grade",
    title=TITLE,
    actions={
        "open": ask_content,
        "content": ask_customer,
        "customer": propose,
        "set": start,
    },
    clocks=secrecy.CLOCKS,
)
