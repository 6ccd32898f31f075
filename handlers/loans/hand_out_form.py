"""The form of a hand-out where something differs, a photo is taken or a second person is there."""

from __future__ import annotations

from typing import Any

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.forms import Answers, Field, Form, Kind, Moment
from handlers.conversation.messages import Problem
from handlers.loans import count_words, custody_steps, custody_words, loan_sides, return_form
from handlers.texts import N_
from storage import loan_items
from storage.custody import Handed

LINES, NEEDS_WITNESS = "_lines", "_witness"

CORRECT_IT = N_("Then please go back and correct what differs; nothing was handed out.")
MORE_OUT = N_("More than was asked for: line {places}. Is it to go along?")


def _corrected(words: str, answers: Answers) -> tuple[Handed, ...] | Problem:
    said = count_words.read(words)
    if isinstance(said, Problem):
        return said
    return count_words.counted(said, return_form.handed(answers, LINES), None)


def _check(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    found = _corrected(str(value), answers)
    return found if isinstance(found, Problem) else None


def more_than_listed(answers: Answers) -> tuple[int, ...]:
    """Return the numbers of the lines of which more is there than was asked for."""
    asked, words = return_form.handed(answers, LINES), answers.text("lines")
    found = _corrected(words, answers) if words else ()
    if isinstance(found, Problem):
        return ()
    return tuple(
        one.position
        for one in found
        if one.pages > asked[one.position].pages or one.copies > asked[one.position].copies
    )


def _check_more(value: Any, _answers: Answers, _moment: Moment) -> Problem | None:
    return None if value else Problem(CORRECT_IT)


FORM = Form(
    "handing",
    2,
    N_("Count out"),
    (
        Field(
            "witness",
            Kind.STAFF,
            N_("Second person"),
            N_("Who is present as the second person? Part of the name."),
            others=True,
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
            "more",
            Kind.CONFIRM,
            N_("More goes out"),
            N_(
                "That is more than was asked for and allowed. Is the count right, and is all of "
                "it to be handed out?"
            ),
            when=lambda answers: bool(more_than_listed(answers)),
            check=_check_more,
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
    said = custody_words.lines(items, lines, ctx.texts, titled=titled)
    if more := more_than_listed(answers):
        said.append(ctx.t(MORE_OUT, places=listed([str(one) for one in more], ctx.texts)))
    return "\n".join(said)


def lines_of(answers: Answers) -> tuple[Handed, ...] | Problem:
    """Return all lines of the form, corrected where something differs."""
    every = return_form.handed(answers, LINES)
    if answers.text("lines"):
        found = _corrected(answers.text("lines"), answers)
        if isinstance(found, Problem):
            return found
        every |= {one.position: one for one in found}
    return tuple(every.values())
