"""The form of a hand-out where something differs, a photo is taken or a second person is there."""

from __future__ import annotations

from typing import Any

from handlers import count_words, custody_steps, custody_words, loan_sides, return_form
from handlers.case_cards import here
from handlers.context import Context
from handlers.conversation.forms import Answers, Field, Form, Kind, Moment
from handlers.conversation.messages import Problem
from handlers.texts import N_
from storage import loan_items
from storage.custody import Handed

LINES, NEEDS_WITNESS = "_lines", "_witness"


def _corrected(words: str, answers: Answers) -> tuple[Handed, ...] | Problem:
    said = count_words.read(words)
    if isinstance(said, Problem):
        return said
    return count_words.counted(said, return_form.handed(answers, LINES), None)


def _check(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    found = _corrected(str(value), answers)
    return found if isinstance(found, Problem) else None


FORM = Form(
    "handing",
    1,
    N_("Count out"),
    (
        Field(
            "witness",
            Kind.STAFF,
            N_("Second person"),
            N_("Who is present as the second person? Part of the name."),
            when=lambda answers: answers.flag(NEEDS_WITNESS),
        ),
        Field(
            "lines",
            Kind.TEXT,
            N_("What differs"),
            N_("Which lines differ from the list? Number of the line, then what is there."),
            check=_check,
            optional=True,
            max_length=500,
            example=count_words.EXAMPLE,
        ),
        Field(
            "files",
            Kind.FILES,
            N_("Photos"),
            N_("Photos of what is handed out?"),
            optional=True,
            more=True,
        ),
    ),
    submit_label=N_("Hand out"),
    summary=lambda answers: answers.text("_name"),
)


def review(ctx: Context, answers: Answers) -> str:
    """Say what would be handed out, line by line."""
    held = custody_steps.loan_of(ctx, answers.text("_loan"))
    if held is None:
        return ctx.t(custody_steps.NOT_THERE)
    items = loan_items.of(ctx.unit, held.id)
    dossier = loan_sides.dossier_of(ctx, held)
    titled = loan_sides.titles(ctx, held, dossier, here(ctx))
    found = lines_of(answers)
    lines = () if isinstance(found, Problem) else found
    return "\n".join(custody_words.lines(items, lines, ctx.texts, titled=titled))


def lines_of(answers: Answers) -> tuple[Handed, ...] | Problem:
    """Return all lines of the form, corrected where something differs."""
    listed = return_form.handed(answers, LINES)
    if answers.text("lines"):
        found = _corrected(answers.text("lines"), answers)
        if isinstance(found, Problem):
            return found
        listed |= {one.position: one for one in found}
    return tuple(listed.values())
