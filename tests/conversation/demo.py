"""A form with one field of each kind, and a feature that files it: for tests only."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Card, Problem, Reply
from handlers.feature import Feature
from storage.errors import Conflict


def not_future(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    if date.fromisoformat(value) > moment.today:
        return Problem("That day is still to come: {day}.", {"day": value})
    return None


TOWNS = tuple(Choice(f"t{number}", f"Town {number}") for number in range(19))
WAYS = (Choice("car", "Car"), Choice("train", "Train"), Choice("foot", "On foot"))

FIELDS = (
    Field("customer", Kind.CUSTOMER, "Customer", "Which customer?", unknown_ok=True,
          example="hx"),
    Field("day", Kind.DATE, "Date", "Which day?", check=not_future,
          default=lambda moment: moment.today.isoformat(), example="yesterday"),
    Field("way", Kind.CHOICE, "Way", "How did you get there?", choices=WAYS),
    Field("body", Kind.TEXT, "What happened", "What happened?", max_length=200,
          example="talked about spring"),
    Field("towns", Kind.CHOICES, "Towns", "Which towns?", choices=TOWNS, optional=True),
    Field("cost", Kind.NUMBER, "Cost", "What did it cost?", minimum=0, maximum=1_000_000,
          optional=True, when=lambda answers: answers.text("way") == "train", example="3.5万"),
    Field("next", Kind.DATE, "Next contact", "When next?", optional=True, prefer="future",
          example="next Wednesday"),
    Field("dossier", Kind.DOSSIER, "Dossier", "Which dossier?", optional=True, more=True),
    Field("mate", Kind.STAFF, "Colleague", "Who was with you?", optional=True, more=True),
    Field("files", Kind.FILES, "Attachments", "Send files.", optional=True, more=True, maximum=5),
    Field("place", Kind.PLACE, "Place", "Where was it?", optional=True, more=True),
    Field("major", Kind.CONFIRM, "Major matter", "Is it a major matter?", optional=True,
          more=True, default=lambda _moment: False),
)  # fmt: skip

FORM = Form(
    "demo",
    1,
    "Demo note",
    FIELDS,
    summary=lambda answers: one.label if (one := answers.option("customer")) else "",
)
"""The full one."""

LATER_FORM = Form(
    "demo",
    2,
    "Demo note",
    (
        Field("what", Kind.TEXT, "Subject", "What about?", optional=True, max_length=20),
        *(
            replace(one, choices=(WAYS[0], Choice("bus", "Bus"))) if one.key == "way" else one
            for one in FIELDS
            if one.key not in ("towns", "place")
        ),
    ),
)
"""The same form a release later: a field more, two fewer, other choices."""

FILED: list[dict[str, Any]] = []
"""What was submitted since the test began, in order."""


def submit(ctx: Context, answers: Answers) -> Reply:
    if answers.text("body") == "conflict":
        raise Conflict("somebody else")
    ctx.record("demo.filed", "demo:1")
    FILED.append(answers.values)
    return Reply.of(Card("Filed."))


FEATURE = Feature(key="demo", title="Demo", command="demo", form=FORM, submit=submit)

QUICK = Feature(
    key="quick",
    title="Quick",
    command="quick",
    form=Form("quick", 1, "Quick", (FIELDS[3],), review=False),
    submit=submit,
)


def with_form(form: Form) -> Feature:
    return replace(FEATURE, form=form)


def of_kind(kind: Kind) -> Field:
    """Return the first field of that kind."""
    return next(one for one in FIELDS if one.kind is kind)
