"""The form that starts the clock of a handover: whose papers, what happened, on which day.

What is asked follows from the kind of papers, which is chosen before. The trap is the day: one to
come is no event yet, one of last year is late already, and both are asked about before anything
is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from handlers.context import Context
from handlers.conversation.forms import Answers, Field, Form, Kind, Moment
from handlers.conversation.messages import Problem
from handlers.dossiers.field_values import is_phone
from handlers.texts import N_
from rules.handover_policy import HandoverPolicy, StartEvent

PACK, KIND, EVENT, TODAY = "_pack", "_kind", "_event", "_today"
OTHER, SECOND, CONTACT, ALIKE = "_other", "_second", "_contact", "_alike"
MUST, MAY = "must", "may"
"""Values of CONTACT: it is asked, or somebody above may do without."""

OF_CUSTOMERS = frozenset(
    {
        StartEvent.VEHICLE_DELIVERED,
        StartEvent.LOAN_PAID_OUT,
        StartEvent.DEED_RECEIVED,
        StartEvent.COMPLETION_RECEIVED,
        StartEvent.PROJECT_CLOSED,
    }
)
"""Events that happen with a customer."""

_OLDEST = timedelta(days=3 * 366)
_FURTHEST = timedelta(days=60)
"""Shorter than drafts are kept."""

TOO_OLD = N_("That is more than three years ago. Please check the year.")
FAR = N_("That is more than 60 days ahead. Please check the date.")
OTHER_DAY = N_("Then please go back and correct the day.")
NO_NUMBER = N_("A number has 7 to 15 digits.")
NO_NAME = N_("That is a number. Please give the name as well.")

_CARRIED = re.compile(r"[0-9](?:[\s()-]*[0-9]){6,14}")
"""A number written behind a name."""


def _day(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    day = date.fromisoformat(value)
    if day < moment.today - _OLDEST:
        return Problem(TOO_OLD)
    return Problem(FAR) if day > moment.today + _FURTHEST else None


def _sure(value: Any, _answers: Answers, _moment: Moment) -> Problem | None:
    return None if value else Problem(OTHER_DAY)


def _number(value: Any, _answers: Answers, _moment: Moment) -> Problem | None:
    digits = re.sub(r"[\s+()-]", "", str(value))
    return None if re.fullmatch(r"[0-9]{7,15}", digits) else Problem(NO_NUMBER)


def _named(value: Any, _answers: Answers, _moment: Moment) -> Problem | None:
    return Problem(NO_NAME) if is_phone(str(value)) else None


def _is(key: str, *values: str) -> Callable[[Answers], bool]:
    return lambda answers: answers.text(key) in values


def _car(answers: Answers) -> bool:
    return answers.text(EVENT) == StartEvent.VEHICLE_DELIVERED


def _asks_contact(answers: Answers) -> bool:
    return answers.text(CONTACT) == MUST or answers.flag("met")


def _asks_number(answers: Answers) -> bool:
    return _asks_contact(answers) and not _CARRIED.search(answers.text("contact"))


FORM = Form(
    "handstart",
    1,
    N_("Start a handover"),
    (
        Field(
            "giver",
            Kind.STAFF,
            N_("Hands over"),
            N_("Which colleague hands the papers over?"),
            when=_is(OTHER, "1"),
        ),
        Field(
            "customer",
            Kind.CUSTOMER,
            N_("Customer"),
            N_(
                "Which customer? Part of the name, pinyin initials or the end of the phone number."
            ),
            when=lambda answers: answers.text(EVENT) in OF_CUSTOMERS,
            unknown_ok=True,
            example=N_("鸿鑫 · hx · 0042"),
        ),
        Field(
            "plate",
            Kind.TEXT,
            N_("Plate or VIN"),
            N_("Which car? Number plate or VIN."),
            when=_car,
            max_length=40,
            example=N_("沪A12345"),
        ),
        Field(
            "matter",
            Kind.TEXT,
            N_("What it is about"),
            N_("What are the papers of? Name or number of the project, the trip or the file."),
            when=lambda answers: not _car(answers),
            max_length=100,
            example=N_("鸿鑫贸易 流动资金贷款"),
        ),
        Field(
            "second",
            Kind.STAFF,
            N_("Second"),
            N_("Who takes part as the second (B)?"),
            when=_is(SECOND, "1"),
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
        Field(
            "old",
            Kind.CONFIRM,
            N_("Last year"),
            N_("That is a day of an earlier year, so it may be late already. Is it right?"),
            when=lambda answers: "" < answers.text("day")[:4] < answers.text(TODAY)[:4],
            check=_sure,
        ),
        Field(
            "remind",
            Kind.CONFIRM,
            N_("Remind me"),
            N_(
                "That day is still to come, and the time runs only from when it has happened. "
                "Keep this and remind you on the day?"
            ),
            when=lambda answers: answers.text("day") > answers.text(TODAY),
            check=_sure,
        ),
        Field(
            "met",
            Kind.CONFIRM,
            N_("Contact known"),
            N_("Are the contact person of this visit and one number known?"),
            when=_is(CONTACT, MAY),
        ),
        Field(
            "contact",
            Kind.TEXT,
            N_("Contact person"),
            N_(
                "Who is the contact person of this visit? Without one only a superior can "
                "start it."
            ),
            when=_asks_contact,
            check=_named,
            max_length=40,
            example=N_("李女士"),
        ),
        Field(
            "number",
            Kind.TEXT,
            N_("Contact number"),
            N_("The one number under which this person can be reached?"),
            when=_asks_number,
            check=_number,
            max_length=30,
            example=N_("15400001234"),
        ),
        Field(
            "forced",
            Kind.TEXT,
            N_("Reason"),
            N_("Why is it started without a contact? The giver and the log have it."),
            when=lambda answers: answers.values.get("met") is False,
            max_length=200,
            example=N_("客户拒绝留联系人"),
        ),
        Field(
            "again",
            Kind.CONFIRM,
            N_("Another job"),
            N_("There is one of the same day already. Is this another job?"),
            when=lambda answers: bool(answers.text(ALIKE)),
        ),
    ),
    submit_label=N_("Start the clock"),
    summary=lambda answers: answers.text("plate") or answers.text("matter"),
)


def carried(ctx: Context, pack: str, row: HandoverPolicy, *, own: bool) -> dict[str, Any]:
    """Return what the form carries along for a kind of papers; `own`: who acts hands over."""
    given: dict[str, Any] = {
        PACK: pack,
        KIND: row.id,
        EVENT: row.start.value,
        TODAY: ctx.today.isoformat(),
        OTHER: "" if own else "1",
        SECOND: "1" if named_second(row) else "",
    }
    if row.contact_rule is not None:
        given[CONTACT] = MUST if own else MAY
    return given


def named_second(row: HandoverPolicy) -> bool:
    """Return whether a colleague takes part who is named at the start: B of a project.

    Rule: S4-LOAN.4.1, S4-LOAN.5.2b.
    """
    first = row.leg[0]
    return len(row.leg) > 1 or first.witness == "pm_b"
