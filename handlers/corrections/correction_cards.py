"""The card of a correction: what is put right, where it stands, whose turn it is, what comes next.

Drawn for its reader: what is in the dossier, and the words people wrote about it, are left out for
whoever may not see the dossier's content where they read.
"""

from __future__ import annotations

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.corrections import correction_turns
from handlers.corrections.correction_turns import dossier_of
from handlers.dossiers import change_sets
from handlers.texts import N_, Texts
from rules.corrections import Stage
from rules.secrecy import Grade
from storage import case_lists, changes
from storage.changes import ChangeSet
from storage.corrections import Correction
from storage.dossiers import Dossier
from storage.looks import Way
from storage.staff import Person

PLAN_KIND, REPORT_KIND = "correct", "correctreport"
"""Kinds of the requests that others decide."""

TITLE = N_("Correction of data")
WHAT = N_("Correct {labels} of {customer}")
WHAT_GRADED = N_("Correct {labels} of {customer} ({grade})")
WITHHELD = N_("What it is about is open to those who may see the dossier only.")
WORDS = {
    "wrong": N_("What is wrong: {words}"),
    "remedy": N_("Remedy: {words}"),
    "told": N_("To be told: {words}"),
    "done": N_("Carried out: {words}"),
    "feedback": N_("Feedback: {words}"),
    "report": N_("Report: {words}"),
}

DONE = N_("{number}. {step}: done")
NOW = N_("{number}. {step}: now")
NOW_BY = N_("{number}. {step}: {name}, by {until} ({rule})")
LATER = N_("{number}. {step}")
DROPPED = N_("Given up; nothing was changed.")

PLAN, AGREED, CARRY_OUT, FEEDBACK, REPORT, REPORT_AGREED, FILE = (
    N_("Remedy plan"),
    N_("Plan agreed to"),
    N_("Carry out"),
    N_("Report back"),
    N_("Correction report"),
    N_("Report agreed to"),
    N_("Put on file"),
)
LONG = (PLAN, AGREED, CARRY_OUT, FEEDBACK, REPORT, REPORT_AGREED, FILE)
SHORT = (PLAN, AGREED, FILE)
"""Where the policy asks for no report (S5-4.4)."""

_AT = {
    Stage.RETURNED: 0,
    Stage.PLANNED: 1,
    Stage.ORDERED: 2,
    Stage.CARRIED_OUT: 3,
    Stage.FED_BACK: 4,
    Stage.REPORTED: 5,
}
"""Place of the step that is taken at a stage; FILED: all are done."""

_CASES = {Stage.PLANNED: PLAN_KIND, Stage.REPORTED: REPORT_KIND}
"""Kind of the request that is open at a stage."""

BUTTONS = {
    Stage.RETURNED: (("again", N_("Write it anew")), ("drop", N_("Give it up"))),
    Stage.ORDERED: (("do", N_("Carried out")),),
    Stage.CARRIED_OUT: (("back", N_("Reported back")),),
    Stage.FED_BACK: (("report", N_("Write the report")),),
}
"""What whose turn it is can do: names of actions, with their labels."""


def title(held: Correction, texts: Texts) -> str:
    return f"{texts.t(TITLE)} · {held.number}"


def draw(ctx: Context, held: Correction, reader: Person, texts: Texts, lead: str = "") -> Card:
    """Return the card of a correction for a reader who may know of it."""
    dossier = dossier_of(ctx, held)
    seen = seeing.view(ctx, dossier, reader).content
    lines = [lead, *what(ctx, held, reader, texts)]
    lines += words(held, texts) if seen else [texts.t(WITHHELD)]
    lines += ["", *_track(ctx, held, texts)]
    return Card(
        "\n".join(lines).strip(),
        title=title(held, texts),
        choices=tuple(_buttons(ctx, held, reader, texts, seen=seen)),
        columns=2,
        protect=True,
    )


def what(ctx: Context, held: Correction, reader: Person, texts: Texts) -> list[str]:
    """Return what is put right, a line each where the reader sees what is in the dossier."""
    dossier, held_set = dossier_of(ctx, held), set_of(ctx, held)
    policy, grade = change_sets.policy_of(ctx, dossier), Grade(dossier.grade)
    graded = grade is not Grade.NONE
    lines = [
        texts.t(
            WHAT_GRADED if graded else WHAT,
            labels=change_sets.labels(policy, held_set.rows, texts),
            customer=customer(ctx, dossier, reader),
            **({"grade": grade.zh if texts.locale == "zh_CN" else grade.en} if graded else {}),
        )
    ]
    if not seeing.view(ctx, dossier, reader).content:
        return lines
    if held_set.state == "proposed":
        lines += change_sets.review_lines(ctx, held_set.id, texts)
    else:
        lines += [change_sets.change_line(ctx, policy, row, texts) for row in held_set.rows]
    superseded = [row for row in held_set.rows if row.state == "superseded"]
    if superseded:
        named = change_sets.labels(policy, superseded, texts)
        lines.append(texts.t(change_sets.SUPERSEDED, labels=named))
    if reader.id != held.planner:
        seeing.look(ctx, dossier, Way.CARD, reader)
    return lines


def words(held: Correction, texts: Texts) -> list[str]:
    """Return what people wrote about it, in order."""
    said = ((label, getattr(held, name)) for name, label in WORDS.items())
    return [texts.t(label, words=one) for label, one in said if one]


def customer(ctx: Context, dossier: Dossier, reader: Person) -> str:
    return " ".join(filter(None, (dossier.number, seeing.customer(ctx, dossier, reader))))


def step(held: Correction) -> str:
    """Return the step that is being taken, as a text to translate."""
    return LONG[_AT[held.stage]]


def _track(ctx: Context, held: Correction, texts: Texts) -> list[str]:
    """Return the steps, those behind, the one that is being taken, and those to come."""
    if held.stage is Stage.DROPPED:
        return [texts.t(DROPPED)]
    steps = LONG if held.remedy else SHORT
    at = _AT.get(held.stage, len(steps))
    lines = []
    for number, step in enumerate(steps):
        facts = {"number": number + 1, "step": texts.t(step)}
        if number < at:
            lines.append(texts.t(DONE, **facts))
        elif number > at:
            lines.append(texts.t(LATER, **facts))
        else:
            lines.append(_now(ctx, held, facts, texts))
    return lines


def _now(ctx: Context, held: Correction, facts: dict[str, object], texts: Texts) -> str:
    person = correction_turns.on_duty(ctx, held)
    if person is None:
        return texts.t(NOW, **facts)
    until = correction_turns.until(ctx, held)
    last = texts.last_minute(until)
    return texts.t(NOW_BY, name=person.name, until=last, rule=until.rule, **facts)


def _buttons(
    ctx: Context, held: Correction, reader: Person, texts: Texts, *, seen: bool
) -> list[Button]:
    mine = correction_turns.may_act(ctx, held, reader)
    own = BUTTONS.get(held.stage, ()) if mine else ()
    look = [Button(texts.t(N_("Customer")), f"f.find.card.{held.dossier_id}")] if seen else []
    clause = Button(texts.t(N_("Clause")), f"f.help.clause.{held.rule}")
    if reader.id == held.planner and held.stage in _CASES:
        case_id = case_lists.about(ctx.session, _CASES[held.stage], held.id)
        look.insert(0, Button(texts.t(N_("Approval")), f"f.case.open.{case_id}"))
    acts = [Button(texts.t(label), f"f.correction.{name}.{held.id}") for name, label in own]
    return [*acts, *look, clause]


def set_of(ctx: Context, held: Correction) -> ChangeSet:
    found = changes.get(ctx.unit, held.set_id)
    assert found is not None  # noqa: S101 - what was handed in is never deleted
    return found
