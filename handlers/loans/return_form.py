"""The form of a count at the return: what is there, what was looked at, photos.

One form for all who count: who brings papers, the archive, and who settles a dispute. What is
listed is carried along; only what differs is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Problem, Reply
from handlers.loans import count_words, custody_steps, custody_words, loan_sides
from handlers.texts import N_
from rules.lending import ReturnCheck
from storage import loan_items
from storage.custody import Handed
from storage.loans import Loan


class Purpose(StrEnum):
    """Who counts."""

    BRING = "bring"
    COUNT = "count"
    SETTLE = "settle"


ALL, PART, DIFFERS = "all", "part", "differs"

LISTED, MOST, CHECKS = "_listed", "_most", "_checks"
LOAN, STEP, PURPOSE = "_loan", "_step", "_purpose"

WHERE = N_("Then please say which line is not as it was lent: choose “Differs” above.")


def carried(lines: Iterable[Handed]) -> list[list[Any]]:
    """Return lines as a form carries them along."""
    return [[one.position, one.pages, one.copies, one.damaged, one.note] for one in lines]


def handed(answers: Answers, key: str) -> dict[int, Handed]:
    """Return lines that were carried along, by position."""
    rows: Sequence[Sequence[Any]] = answers.values.get(key) or ()
    return {int(row[0]): Handed(*row) for row in rows}


def counted(answers: Answers) -> tuple[Handed, ...] | Problem:
    """Return the lines that are there according to the answers, or what is wrong with them."""
    listed, how = handed(answers, LISTED), answers.text("how") or ALL
    if how == ALL:
        return tuple(listed.values())
    found = _said(answers.text("lines"), answers)
    if isinstance(found, Problem):
        return found
    named = {one.position: one for one in found}
    lines = {**listed, **named} if how == DIFFERS else named
    return tuple(lines[place] for place in sorted(lines))


def _said(words: str, answers: Answers) -> tuple[Handed, ...] | Problem:
    said = count_words.read(words)
    if isinstance(said, Problem):
        return said
    return count_words.counted(said, handed(answers, LISTED), handed(answers, MOST))


def _check_lines(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    found = _said(str(value), answers)
    return found if isinstance(found, Problem) else None


def _check(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    """Not in order, and nothing of it among the lines: then it has to be said where."""
    if value:
        return None
    found, most = counted(answers), handed(answers, MOST)
    if isinstance(found, Problem):
        return found
    odd = any(
        one.damaged
        or one.note
        or (one.pages, one.copies) != (most[one.position].pages, most[one.position].copies)
        for one in found
        if one.position in most
    )
    return None if odd else Problem(WHERE)


def _asked(check: ReturnCheck) -> Callable[[Answers], bool]:
    return lambda answers: check.value in answers.many(CHECKS)


_LABELS = {
    ReturnCheck.COMPLETENESS: (
        N_("Complete"),
        N_("Complete: nothing left out or taken away?"),
    ),
    ReturnCheck.DAMAGE: (N_("Undamaged"), N_("Undamaged: not torn, soiled or unbound?")),
    ReturnCheck.ORDER: (N_("In order"), N_("In the order of the list, nothing swapped?")),
    ReturnCheck.MARKS: (
        N_("No marks"),
        N_("Unmarked: nothing written, circled or altered?"),
    ),
}

FORM = Form(
    "returning",
    1,
    N_("Return count"),
    (
        Field(
            "how",
            Kind.CHOICE,
            N_("What is there"),
            N_("Count pages and copies of each line. What is there?"),
            choices=(
                Choice(ALL, N_("All as listed")),
                Choice(PART, N_("Some lines only")),
                Choice(DIFFERS, N_("Differs")),
            ),
            default=lambda _moment: ALL,
        ),
        Field(
            "lines",
            Kind.TEXT,
            N_("Lines"),
            N_("Which lines? Number of the line, then what is there; nothing more: all of it."),
            when=lambda answers: answers.text("how") in (PART, DIFFERS),
            check=_check_lines,
            max_length=500,
            example=count_words.EXAMPLE,
        ),
        *(
            Field(
                check.value,
                Kind.CONFIRM,
                label,
                prompt,
                when=_asked(check),
                check=_check,
            )
            for check, (label, prompt) in _LABELS.items()
        ),
        Field(
            "files",
            Kind.FILES,
            N_("Photos"),
            N_("Photos of the papers, of damage above all?"),
            optional=True,
            more=True,
        ),
    ),
    submit_label=N_("Confirm count"),
    summary=lambda answers: answers.text("_name"),
)


def start(
    ctx: Context,
    held: Loan,
    purpose: Purpose,
    listed: Iterable[Handed],
    *,
    checks: Iterable[ReturnCheck] = (),
    step_id: int | None = None,
) -> Reply:
    """Start a count of a loan.

    `listed`: what is expected; `checks`: what is looked at besides; `step_id`: of the count that
    the other side has opened.
    """
    given = {
        LOAN: str(held.id),
        PURPOSE: purpose.value,
        STEP: str(step_id or ""),
        LISTED: carried(listed),
        MOST: carried(custody_steps.to_come(ctx, held)),
        CHECKS: [one.value for one in checks],
        "_name": held.number or "",
    }
    return runner.start(ctx, ctx.registry.by_key[FORM.key], Answers(given))


def done_checks(answers: Answers) -> tuple[str, ...]:
    """Return the codes of what was looked at, whatever was found."""
    return tuple(one for one in answers.many(CHECKS) if one in answers)


def review(ctx: Context, answers: Answers) -> str:
    """Say what the count is, line by line."""
    held = custody_steps.loan_of(ctx, answers.text(LOAN))
    if held is None:
        return ctx.t(custody_steps.NOT_THERE)
    titled = loan_sides.titles(ctx, held, loan_sides.dossier_of(ctx, held), here(ctx))
    found = counted(answers)
    if isinstance(found, Problem):
        return ctx.t(found.message, **found.facts)
    items = loan_items.of(ctx.unit, held.id)
    return "\n".join(custody_words.lines(items, found, ctx.texts, titled=titled))
