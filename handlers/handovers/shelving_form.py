"""What is asked when papers are shelved: where they lie, of which years, what is top secret.

Years and top-secret papers are asked for under a regulation that has a rule for them. The trap is
the number that is on no list: a line that is not there is asked for anew.
"""

from __future__ import annotations

import re
from typing import Any

from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Problem
from handlers.texts import N_
from rules.errors import DomainError
from rules.filing_years import Matter, year_of
from rules.safes import UPPER, fits, place_rule
from rules.secrecy import Grade
from rules.volumes import MOST_TIED, Volume, volumes

HELD, PLACE, RULE, YEAR, LINES, CLEARED, NUMBER, GRADE, SAFES = (
    "_held",
    "_place",
    "_rule",
    "_year",
    "_lines",
    "_cleared",
    "_number",
    "_grade",
    "_safes",
)
"""Carried along: which handover, where it has to lie and by which clause, of which year it is, the
places of its papers where some may be top secret, whether who acts is cleared for them, under
which number it is filed, how secret its dossier is, and what a safe is called."""
LONGEST = 80

WRONG_PLACE = N_("These papers have to lie in: {place} ({rule}).")
WHICH_YEARS = N_("Please write the first and the last year, such as 2025-2027.")
WHICH_LINES = N_("Please write the numbers of lines on this list, such as 3, 5.")
NOT_CLEARED = N_("Top-secret papers are filed by who is cleared for them; please pass them on.")
TOO_MANY = N_("At most {count} ordinary papers go with the top-secret ones.")
IN_A_SAFE = N_("These papers lie in a safe ({rule}): name a place such as {safe} 2-3.")
APART = N_("The top-secret volume lies apart; please name another place.")

MATTERS = {
    Matter.ONE_YEAR: N_("Of that year only"),
    Matter.ANSWERED: N_("Request and reply"),
    Matter.UNANSWERED: N_("Request, no reply"),
    Matter.PLAN: N_("Plan of years"),
    Matter.SUMMARY: N_("Summary of years"),
    Matter.MEETING: N_("Meeting papers"),
}
_YEARS = re.compile(r"\s*(\d{4})\s*年?\s*(?:[-–—~～至到]+\s*(\d{4})\s*年?)?\s*", re.ASCII)
_NUMBERS = re.compile(
    r"[第\s]*\d{1,3}(?:[\s,，、;；和及行项第.。]+\d{1,3})*[\s行项.。]*", re.ASCII
)


# -- years -------------------------------------------------------------------------------------


def spans(answers: Answers) -> bool:
    """Return whether the papers are of more than one year."""
    return bool(answers.text(YEAR)) and answers.text("matter") not in ("", Matter.ONE_YEAR)


def filed_under(answers: Answers) -> tuple[Matter, int] | None:
    """Return what the papers are and under which year that brings them; None: nobody asked.

    Raises:
        DomainError: no years that can be read, or they run backward.
    """
    if not answers.text(YEAR):
        return None
    matter = Matter(answers.text("matter") or Matter.ONE_YEAR)
    if not spans(answers):
        return matter, int(answers.text(YEAR))
    found = _YEARS.fullmatch(answers.text("years"))
    if found is None:
        raise DomainError("years such as 2025-2027")
    return matter, year_of(matter, int(found[1]), int(found[2] or found[1]))


def _years(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    try:
        filed_under(Answers({**answers.values, "years": str(value)}))
    except DomainError:
        return Problem(WHICH_YEARS)
    return None


# -- volumes -----------------------------------------------------------------------------------


def bound(answers: Answers) -> tuple[Volume, ...]:
    """Return the volumes of the papers, the ordinary one first; (): nobody asked.

    Raises:
        DomainError: as `rules.volumes.volumes` does, or of lines that cannot be read.

    Rule: S2-DOSS.13, S5-2.23, C-60.
    """
    lines = answers.many(LINES)
    secret = _lines(answers, "secret")
    grades = {int(one): Grade.TOP_SECRET if int(one) in secret else Grade.NONE for one in lines}
    return volumes(grades, _lines(answers, "tied"))


def _lines(answers: Answers, key: str) -> tuple[int, ...]:
    words = answers.text(key)
    found = tuple(int(one) for one in re.findall(r"\d+", words))
    if words and not (
        _NUMBERS.fullmatch(words) and {str(one) for one in found} <= _known(answers)
    ):
        raise DomainError("numbers of lines on the list")
    return found


def _known(answers: Answers) -> set[str]:
    return {str(one) for one in answers.many(LINES)}


def _some_secret(answers: Answers) -> bool:
    return bool(answers.many(LINES)) and bool(answers.text("secret"))


def _two_volumes(answers: Answers) -> bool:
    try:
        return _some_secret(answers) and len(bound(answers)) > 1
    except DomainError:
        return False


def _secret(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    try:
        _lines(Answers({**answers.values, "secret": str(value)}), "secret")
    except DomainError:
        return Problem(WHICH_LINES)
    return None if answers.flag(CLEARED) else Problem(NOT_CLEARED)


def _tied(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    said = Answers({**answers.values, "tied": str(value)})
    try:
        _lines(said, "tied")
    except DomainError:
        return Problem(WHICH_LINES)
    try:
        bound(said)
    except DomainError:
        return Problem(TOO_MANY, {"count": str(MOST_TIED)})
    return None


# -- places ------------------------------------------------------------------------------------


def _in_place(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    place = answers.text(PLACE)
    if place and place not in str(value):
        return Problem(WRONG_PLACE, {"place": place, "rule": answers.text(RULE)})
    alone = _some_secret(answers) and not _two_volumes(answers)
    grade = Grade.TOP_SECRET if alone else _own(answers)
    return _in_safe(str(value), grade, answers)


def _in_safe(place: str, grade: Grade, answers: Answers) -> Problem | None:
    """Return why papers of a grade may not lie at a place. Rule: S2-SECR.8.1, C-67."""
    safes = answers.many(SAFES)
    if fits(place, grade, safes):
        return None
    return Problem(IN_A_SAFE, {"rule": place_rule(grade), "safe": safes[0]})


def _elsewhere(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    if str(value).strip() == answers.text("location").strip():
        return Problem(APART)
    return _in_safe(str(value), Grade.TOP_SECRET, answers)


def grade_of(answers: Answers) -> Grade:
    """Return how secret the most secret of the papers are."""
    return Grade.TOP_SECRET if _some_secret(answers) else _own(answers)


def _own(answers: Answers) -> Grade:
    return Grade(answers.text(GRADE) or Grade.NONE.value)


def _upper(answers: Answers) -> bool:
    return grade_of(answers) in UPPER


FORM = Form(
    "shelving",
    3,
    N_("Shelve"),
    (
        Field(
            "location",
            Kind.TEXT,
            N_("Place of the file"),
            N_("Where do the papers lie? Cabinet, shelf, box."),
            check=_in_place,
            max_length=LONGEST,
        ),
        Field(
            "matter",
            Kind.CHOICE,
            N_("Year of filing"),
            N_("Each year is filed apart. What are these papers?"),
            choices=tuple(Choice(one.value, label) for one, label in MATTERS.items()),
            when=lambda answers: bool(answers.text(YEAR)),
        ),
        Field(
            "years",
            Kind.TEXT,
            N_("Years"),
            N_(
                "From which year to which? Of a request its year and that of the reply, of a plan "
                "or summary the years it is about, of a meeting its first and last day."
            ),
            check=_years,
            when=spans,
            max_length=20,
            example=N_("2025-2027"),
        ),
        Field(
            "secret",
            Kind.TEXT,
            N_("Top-secret papers"),
            N_("Which papers are top secret? Numbers of their lines on the list."),
            check=_secret,
            when=lambda answers: bool(answers.many(LINES)),
            optional=True,
            more=True,
            max_length=80,
            example=N_("3、5"),
        ),
        Field(
            "tied",
            Kind.TEXT,
            N_("Filed with them"),
            N_("Which few ordinary papers are closely tied to them and go with them?"),
            check=_tied,
            when=_some_secret,
            optional=True,
            more=True,
            max_length=80,
            example=N_("3、5"),
        ),
        Field(
            "apart",
            Kind.TEXT,
            N_("Their place"),
            N_("Where does the top-secret volume lie?"),
            check=_elsewhere,
            when=_two_volumes,
            max_length=LONGEST,
            example=N_("保险柜2层3号"),
        ),
        Field(
            "kept_by",
            Kind.STAFF,
            N_("Kept by"),
            N_("Who keeps these papers? Of this grade somebody is named for it."),
            when=_upper,
        ),
    ),
    submit_label=N_("Shelve"),
    summary=lambda answers: answers.text(NUMBER),
    protect=True,
)
