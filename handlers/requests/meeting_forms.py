"""The questions about a graded meeting: what, when and where, who, and how far it is passed on.

The topic is asked only where the chat may hold it: what is typed stays in a chat (S2-SECR.11).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Problem
from handlers.dossiers.grading import GRADES, PASSED
from handlers.requests.meeting_cards import ONE
from handlers.texts import N_
from rules import meetings as rules
from rules.secrecy import Grade
from rules.times import read_time

NOT_CLEARED = N_("That grade is above your own clearance.")
NO_HOUR = N_("Please write hour and minutes.")

CLEARED = "_cleared"
"""What the form starts with: the grades that its host is cleared for."""

SHOWN = "_shown"
"""And the grades of what this chat may hold."""


def _offered(code: str, answers: Answers) -> bool:
    return code in answers.many(CLEARED)


def _cleared(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    return None if _offered(value, answers) else Problem(NOT_CLEARED)


def _not_passed(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    return Problem(PASSED) if date.fromisoformat(value) < moment.today else None


def _is_hour(value: Any, _answers: Answers, _moment: Moment) -> Problem | None:
    return None if read_time(value) else Problem(NO_HOUR)


WHEN_AND_WHERE = (
    Field(
        "day",
        Kind.DATE,
        N_("Day"),
        N_("On which day?"),
        check=_not_passed,
        prefer="future",
    ),
    Field(
        "hour",
        Kind.TEXT,
        N_("Hour"),
        N_("At what time?"),
        check=_is_hour,
        max_length=20,
        example=N_("14:30"),
    ),
    Field(
        "place",
        Kind.TEXT,
        N_("Place"),
        N_("Where? The place must be fit for secrets (S2-SECR.9.1)."),
        max_length=100,
    ),
)
DOSSIER = Field(
    "dossier",
    Kind.DOSSIER,
    N_("Dossier"),
    N_("Which dossier is spoken of? More can be added afterwards."),
    optional=True,
)

CALLING = Form(
    "meetingcall",
    1,
    ONE,
    (
        Field(
            "grade",
            Kind.CHOICE,
            N_("Secrecy grade"),
            N_("How is the matter graded?"),
            choices=tuple(
                Choice(one.value, GRADES[one]) for one in rules.grades(Grade.TOP_SECRET)
            ),
            offered=_offered,
            check=_cleared,
        ),
        *WHEN_AND_WHERE,
        Field(
            "subject",
            Kind.TEXT,
            N_("Topic"),
            N_("What is the meeting about?"),
            when=lambda answers: answers.text("grade") in answers.many(SHOWN),
            max_length=200,
        ),
        DOSSIER,
        Field(
            "passing",
            Kind.TEXT,
            N_("Passing on"),
            N_("Is anything passed on, and to whom (S2-SECR.9.4)? Skipped: nothing is."),
            optional=True,
            max_length=200,
        ),
    ),
    summary=lambda answers: answers.text("day"),
    protect=True,
)
MOVING = Form("meetingmove", 1, N_("Move the meeting"), WHEN_AND_WHERE, protect=True)
NAMING = Form(
    "meetingname",
    1,
    N_("Name somebody"),
    (
        Field(
            "whom",
            Kind.STAFF,
            N_("Taking part"),
            N_("Who takes part? Part of the name, pinyin or staff number."),
        ),
    ),
    review=False,
    protect=True,
)
ADDING = Form(
    "meetingabout",
    1,
    N_("Add a dossier"),
    (Field("dossier", Kind.DOSSIER, N_("Dossier"), N_("Which dossier is spoken of?")),),
    review=False,
    protect=True,
)


def when_and_where(answers: Answers) -> tuple[date, str, str]:
    """Return day, hour as 14:30, and place."""
    day, hour = answers.day("day"), read_time(answers.text("hour"))
    assert day is not None  # noqa: S101 - the engine asks every required field
    assert hour is not None  # noqa: S101 - the field is checked
    return day, f"{hour:%H:%M}", " ".join(answers.text("place").split())
