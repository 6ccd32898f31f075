"""Filing a visit note: the main job, in at most three messages and four taps.

The note is judged by the platform's time of the submitting tap, never by when we got to it
(S1-07.2.3a, C-58). An unknown customer becomes a draft dossier, which meets the duty (C-69).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from handlers import seeing
from handlers.context import Context
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Card, Problem, Reply
from handlers.dossiers import openings
from handlers.feature import Feature
from handlers.notes import note_effects, one_line
from handlers.texts import N_
from rules import visits as duty
from rules.deadlines import Deadline
from storage import dossiers, notes
from storage.notes import NewNote

MANNERS = (
    Choice("visit", N_("Visit")),
    Choice("reception", N_("Reception")),
    Choice("call", N_("Call")),
    Choice("letter", N_("Letter")),
)

EXTRAS = ("met", "facts", "problems", "next_step", "second_contact")
"""Text fields behind 补充 that are kept together (rules catalogue 4.3, `visit_note`)."""

VISIT = "visit"
"""Kept with them: the id of the planned visit that the note was written for."""

WHICH = N_("Which customer? Part of the name, pinyin initials or the end of the phone number.")

_OLDEST = timedelta(days=366)

FURTHEST = timedelta(days=366)
"""How far ahead a visit may be planned."""

FAR = N_("That is more than a year ahead. Please check the year.")


def _day(value: Any, answers: Answers, moment: Moment) -> Problem | None:
    day = date.fromisoformat(value)
    if value == answers.prefilled.get("day"):  # a note of long ago may still be corrected
        return None
    if day > moment.today:
        return Problem(
            N_(
                "A note tells what has happened, and that day is still to come. "
                "To plan a visit send 安排."
            )
        )
    if day < moment.today - _OLDEST:
        return Problem(N_("That is more than a year ago. Please check the year."))
    return None


def _next(value: Any, answers: Answers, moment: Moment) -> Problem | None:
    day = date.fromisoformat(value)
    if value == answers.prefilled.get("next"):
        return None
    if day < moment.today:
        return Problem(N_("The next contact cannot lie in the past."))
    if day > moment.today + FURTHEST:
        return Problem(FAR)
    return None


FIELDS = (
    Field(
        "customer",
        Kind.CUSTOMER,
        N_("Customer"),
        WHICH,
        unknown_ok=True,
        example=N_("鸿鑫 · hx · 0042"),
    ),
    Field(
        "day",
        Kind.DATE,
        N_("Date"),
        N_("On which day was it?"),
        check=_day,
        default=lambda moment: moment.today.isoformat(),
        example=N_("today · yesterday · 9月11日"),
    ),
    Field("manner", Kind.CHOICE, N_("Manner"), N_("How were you in contact?"), choices=MANNERS),
    Field(
        "body",
        Kind.TEXT,
        N_("What happened"),
        N_("What happened? Text, voice and photos are all welcome."),
        example=N_("谈二季度订单, 对方要求月底前报价"),
    ),
    Field(
        "next",
        Kind.DATE,
        N_("Next contact"),
        N_("When is the next contact?"),
        check=_next,
        optional=True,
        prefer="future",
        example=N_("next Wednesday · +3 · 9月30日"),
    ),
    Field(
        "files",
        Kind.FILES,
        N_("Attachments"),
        N_("Send photos, voice or files; done when you say so."),
        optional=True,
        more=True,
    ),
    Field("met", Kind.TEXT, N_("Persons met"), N_("Whom did you meet?"), optional=True, more=True),
    Field(
        "facts",
        Kind.TEXT,
        N_("Facts learned"),
        N_("What did you learn that belongs in the dossier?"),
        optional=True,
        more=True,
    ),
    Field(
        "problems",
        Kind.TEXT,
        N_("Problems"),
        N_("Which problems came up?"),
        optional=True,
        more=True,
    ),
    Field(
        "next_step",
        Kind.TEXT,
        N_("Next step"),
        N_("What is to be done next?"),
        optional=True,
        more=True,
    ),
    Field(
        "second_contact",
        Kind.TEXT,
        N_("Second contact"),
        N_("A second contact person at this customer: name and position."),
        optional=True,
        more=True,
    ),
    Field(
        "place",
        Kind.PLACE,
        N_("Place"),
        N_("Where was it? Send a location."),
        optional=True,
        more=True,
    ),
    Field(
        "major",
        Kind.CONFIRM,
        N_("Major matter"),
        N_("Is this a major matter that the company has to know? (S2-DOSS.26)"),
        optional=True,
        more=True,
    ),
    Field(
        "confidential",
        Kind.CONFIRM,
        N_("Confidential"),
        N_("Is the business confidential? Then a major matter is not passed on."),
        optional=True,
        more=True,
    ),
)

FORM = Form(
    "visit_note",
    1,
    N_("Visit note"),
    FIELDS,
    submit_label=N_("Submit"),
    summary=lambda answers: one.label if (one := answers.option("customer")) else "",
)


def submit(ctx: Context, answers: Answers) -> Reply:
    """File the note, plan the next contact, tell who must know. Rule: S1-07.2.3a."""
    dossier_id = dossier_of(ctx, answers)
    if dossier_id is None:
        return Reply.of(Card(ctx.t(NOT_OPEN)))
    due = note_effects.deadline_of(ctx, day_of(answers), dossier_id)
    note = new_note(answers, dossier_id, ctx.person.id, ctx.at, due)
    filed = notes.file_note(ctx.unit, note)
    return note_effects.filed(ctx, filed.id, answers.files("files"), due)


NOT_OPEN = N_("This customer's dossier is no longer open to you. Nothing was filed.")


def day_of(answers: Answers) -> date:
    day = answers.day("day")
    assert day is not None  # noqa: S101 - the engine asks every required field
    return day


def new_note(
    answers: Answers, dossier_id: int, author: str, filed_at: datetime, due: Deadline
) -> NewNote:
    """Return what the answers say, as it is kept."""
    extras: dict[str, Any] = {key: answers.text(key) for key in EXTRAS if answers.text(key)}
    if "place" in answers:
        extras["place"] = answers.values["place"]
    if "_visit" in answers:
        extras[VISIT] = int(answers.text("_visit"))
    return NewNote(
        dossier_id=dossier_id,
        author=author,
        day=day_of(answers),
        manner=answers.text("manner"),
        body=answers.text("body"),
        filed_at=filed_at,
        deadline=due.instant,
        on_time=duty.on_time(filed_at, due),
        extras=extras,
        next_contact=answers.day("next"),
        major=answers.flag("major"),
        confidential=answers.flag("confidential"),
    )


def dossier_of(ctx: Context, answers: Answers) -> int | None:
    """Return the dossier picked, or a draft dossier for a customer not on file (C-69).

    None: the dossier was closed to this person since it was picked.
    """
    customer = answers.option("customer")
    assert customer is not None  # noqa: S101 - the engine asks every required field
    if customer.key:
        dossier = seeing.reachable(ctx, customer.key)
        return dossier.id if dossier else None
    policy = ctx.in_force.governing(ctx.person.department)
    row = dossiers.DossierRow(
        name=customer.label,
        keeper=ctx.person.id,
        department=ctx.person.department,
        level=policy.dossier.first_level,
        grade=policy.dossier.default_grade.value,
    )
    draft = dossiers.add(ctx.unit, row, by=ctx.person.id, draft=True)
    ctx.record("dossier.drafted", f"dossier:{draft}", policy.visit.note.due.rule)
    openings.begin(ctx, draft, answers.day("day") or ctx.today)
    return draft


FEATURE = Feature(
    key="visit",
    title=N_("File a visit note"),
    command="visit",
    words=("拜访", "接待", "电话", "来信"),
    form=FORM,
    submit=submit,
    one_line=one_line.read,
    clocks=openings.CLOCKS,
)
