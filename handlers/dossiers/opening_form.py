"""The form of a new customer: consent first where asked, two contact persons if important."""

from __future__ import annotations

from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Problem
from handlers.dossiers.dossier_update import not_ahead, phone_problem
from handlers.dossiers.field_values import is_phone
from handlers.texts import N_
from rules.dossier_policy import Consent
from storage.names import MAX_NAME

ASKED = "_consent"
"""Carried along: for whom the policy asks for consent."""

CONTACTS = "_contacts"
"""Carried along: how many contact persons an important new customer has at least."""


def personal(answers: Answers) -> bool:
    """Whether consent comes first."""
    asked = answers.text(ASKED)
    person = answers.text("who") == "person"
    return asked == Consent.ALL or (asked == Consent.NATURAL_PERSONS and person)


def important(answers: Answers) -> bool:
    return answers.flag("important")


def _named(value: object, answers: Answers, _moment: Moment) -> Problem | None:
    words, phone = str(value), _digits(answers.text("phone"))
    if is_phone(words):
        return Problem(N_("That is a number. Please give the name as well."))
    if phone and phone in _digits(words):
        return Problem(N_("The number is noted already; only name and position here, please."))
    return None


def _digits(words: str) -> str:
    return "".join(one for one in words if one.isdecimal())


def _another(value: object, answers: Answers, moment: Moment) -> Problem | None:
    same = str(value).strip() == answers.text("contact").strip()
    if same:
        return Problem(N_("That is the first contact person once more."))
    return _named(value, answers, moment)


FORM = Form(
    "open",
    1,
    N_("Open a dossier"),
    (
        Field(
            "who",
            Kind.CHOICE,
            N_("Kind of customer"),
            N_("What kind of customer is it?"),
            choices=(
                Choice("company", N_("Company or unit")),
                Choice("person", N_("Natural person")),
            ),
            when=lambda answers: answers.text(ASKED) == Consent.NATURAL_PERSONS,
        ),
        Field(
            "evidence",
            Kind.FILES,
            N_("Evidence"),
            N_(
                "First comes the customer's own consent: please send a photo or file that shows "
                "it. Nothing else is kept without it (S3-PROTO.2.1b)."
            ),
            when=personal,
        ),
        Field(
            "consent_on",
            Kind.DATE,
            N_("Date of consent"),
            N_("On which day did the customer consent?"),
            when=personal,
            check=not_ahead,
            default=lambda moment: moment.today.isoformat(),
            example=N_("today · yesterday · 9月11日"),
        ),
        Field(
            "name",
            Kind.TEXT,
            N_("Customer name"),
            N_("What is the customer called, in full?"),
            max_length=MAX_NAME,
        ),
        Field(
            "phone",
            Kind.TEXT,
            N_("Phone"),
            N_("Which telephone number?"),
            optional=True,
            check=phone_problem,
            example=N_("13800001234 · 0755-0866 1234"),
            max_length=100,
        ),
        Field(
            "important",
            Kind.CONFIRM,
            N_("Important"),
            N_("Is it an important new customer? Then two contact persons are needed (S5-1.8.3)."),
            when=lambda answers: answers.values.get(CONTACTS, 1) > 1,
        ),
        Field(
            "contact",
            Kind.TEXT,
            N_("Contact"),
            N_("Name and position of the contact person?"),
            optional=True,
            check=_named,
            max_length=100,
        ),
        Field(
            "second_contact",
            Kind.TEXT,
            N_("Second contact"),
            N_("A second contact person at this customer: name and position."),
            when=important,
            check=_another,
            max_length=100,
        ),
        Field(
            "address",
            Kind.TEXT,
            N_("Address"),
            N_("What is the address?"),
            optional=True,
            more=True,
            max_length=300,
        ),
    ),
    submit_label=N_("Note it"),
    summary=lambda answers: answers.text("name"),
)
