"""The questions of who borrows: only those that the policy leaves open, the rest is carried along.

What they start with comes from the dossier and its policy (`carried`), so that a person under a
rule of three days is never asked for a date.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec.structs import replace

from handlers import seeing
from handlers.context import Context
from handlers.conversation.forms import (
    DOSSIER,
    WHOLE,
    Answers,
    Choice,
    Field,
    Form,
    Kind,
    Moment,
)
from handlers.conversation.messages import Problem
from handlers.conversation.state import ABOUT, GUARDED
from handlers.dossiers.papers import graded, views
from handlers.loans import borrow_facts, loan_words
from handlers.loans.borrow_facts import Wanted
from handlers.requests import outsiders
from handlers.texts import N_
from rules.lending import Place
from rules.loans import LoanKind
from rules.occasions import ReaderKind
from rules.policy import Policy
from storage import documents
from storage.documents import Document
from storage.dossiers import Dossier

KIND, READER_OF, NAME = "_kind", "_for", "_name"
TITLED, ASKS_PLACE, STATED, LONG = "_titled", "_asks_place", "_stated", "_long"
CARRIED = "_carried"
"""What `carried` hands to the form beside the dossier: kind of request, for whom, the customer,
which questions are open, and of which papers it is named who carries them outside."""

LONG_TERM = "long"

_LENT = frozenset(one.value for one in LoanKind if one.comes_back)

SUBJECT = N_("{kind} · {customer}")
PAST = N_("That day has passed.")


def _future(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    return Problem(PAST) if date.fromisoformat(value) < moment.today else None


def _names_day(answers: Answers) -> bool:
    return answers.flag(STATED) or answers.text("term") == LONG_TERM


def _names_carrier(answers: Answers) -> bool:
    careful = set(answers.many(CARRIED))
    if not careful or answers.text("place") == "inside":
        return False
    chosen = {one.key for one in answers.options("papers")}
    return not chosen or bool(chosen & {WHOLE, *careful}) or WHOLE in careful


FORM = Form(
    "borrow",
    2,
    N_("Borrow"),
    (
        *outsiders.FIELDS,
        Field(
            "papers",
            Kind.PAPERS,
            N_("Papers"),
            N_("Which papers? Choose one or several, then say done."),
            when=lambda answers: answers.flag(TITLED),
        ),
        Field(
            "place",
            Kind.CHOICE,
            N_("Used where"),
            N_("Do the papers leave the company?"),
            choices=(Choice("inside", N_("In the company")), Choice("outside", N_("Outside"))),
            when=lambda answers: answers.flag(ASKS_PLACE),
        ),
        Field(
            "carrier",
            Kind.STAFF,
            N_("Carried by"),
            N_("Who carries the papers outside? Part of the name; it has to be a fixed person."),
            when=_names_carrier,
            oneself=True,
        ),
        Field(
            "term",
            Kind.CHOICE,
            N_("How long"),
            N_("An ordinary loan, or a long-term one?"),
            choices=(
                Choice("ordinary", N_("Ordinary loan")),
                Choice(LONG_TERM, N_("Long-term loan")),
            ),
            when=lambda answers: answers.flag(LONG),
        ),
        Field(
            "until",
            Kind.DATE,
            N_("Back by"),
            N_("By which day will it be back?"),
            check=_future,
            when=_names_day,
            prefer="future",
            example=N_("today · Friday · 9月30日"),
        ),
        Field(
            "purpose",
            Kind.CHOICE,
            N_("Used for"),
            N_("What do you need it for?"),
            choices=tuple(Choice(key, words) for key, words in loan_words.PURPOSES.items()),
        ),
        Field(
            "reason",
            Kind.TEXT,
            N_("Reason"),
            N_("For which work with this customer do you need them? Who decides reads this."),
            max_length=500,
            example=N_("客户投诉交货延迟, 需核对合同"),
        ),
        Field(
            "sooner",
            Kind.DATE,
            N_("Back sooner"),
            N_("Will it be back sooner than the rule allows? By which day?"),
            check=_future,
            when=lambda answers: answers.text(KIND) in _LENT and not _names_day(answers),
            optional=True,
            more=True,
            prefer="future",
            example=N_("today · Friday · 9月30日"),
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text(NAME),
)


FORMS = {
    LoanKind.LOAN: FORM,
    LoanKind.COPY_LOAN: FORM,
    LoanKind.COPY: replace(FORM, key="copying", title=N_("Copy papers")),
    LoanKind.DISCLOSE: replace(FORM, key="disclosing", title=N_("Give to outside")),
}
"""The same questions under the name of what is asked for."""


def carried(ctx: Context, dossier: Dossier, kind: LoanKind, reader: ReaderKind) -> dict[str, Any]:
    """Return what the form starts with: which questions are open, and for whom it is."""
    policy = borrow_facts.policy_of(ctx, dossier)
    lending = policy.loan if kind.comes_back else None
    return {
        **_visitor(dossier, policy, kind, reader),
        DOSSIER: str(dossier.id),
        NAME: seeing.customer(ctx, dossier),
        ABOUT: ctx.t(
            SUBJECT, kind=ctx.t(loan_words.KINDS[kind]), customer=seeing.customer(ctx, dossier)
        ),
        KIND: kind.value,
        READER_OF: reader.value,
        TITLED: choosable(ctx, dossier),
        GUARDED: graded(ctx, dossier),
        ASKS_PLACE: borrow_facts.asks_place(policy, kind),
        STATED: lending is not None and lending.stated,
        LONG: lending is not None and lending.long_term,
        CARRIED: _careful(ctx, dossier, policy, kind),
    }


def _careful(ctx: Context, dossier: Dossier, policy: Policy, kind: LoanKind) -> list[str]:
    """Return of which papers it is named who carries them; the whole dossier: of any of them.

    Rule: S2-INFO.23.2.
    """
    if policy.loan is None or policy.loan.carrier_rule is None:
        return []
    wanted = Wanted(dossier, policy, kind, (), whole=True, place=policy.loan.place)
    if borrow_facts.carrier_rule(wanted):
        return [WHOLE]
    papers = borrow_facts.all_papers(ctx, dossier)
    some = [one for one in papers if borrow_facts.carrier_rule(replace(wanted, papers=(one,)))]
    return [str(one.id) for one in some]


def _visitor(
    dossier: Dossier, policy: Policy, kind: LoanKind, reader: ReaderKind
) -> dict[str, Any]:
    """Return what is asked about who takes the papers along; nothing of a colleague.

    Rule: S1-15.7.2, S1-14.4, C-05, C-72.
    """
    row = borrow_facts.row_for(policy, kind, reader)
    if reader is ReaderKind.INSIDER or row is None:
        return {}
    consent = borrow_facts.consent_rule(dossier, policy, kind, reader)
    return outsiders.carried(reader, row, consent)


def choosable(ctx: Context, dossier: Dossier) -> bool:
    """Return whether single papers can be chosen: there are some, and the person sees them."""
    if not seeing.view(ctx, dossier).content:
        return False
    return bool(documents.count(ctx.session, dossier.id, views(ctx, dossier)))


def wanted(ctx: Context, dossier: Dossier, answers: Answers) -> Wanted | None:
    """Return what is asked for; None: a paper that was chosen is not there any more."""
    policy = borrow_facts.policy_of(ctx, dossier)
    kind = LoanKind(answers.text(KIND))
    chosen = answers.options("papers")
    whole = not chosen or any(one.key == WHOLE for one in chosen)
    papers = borrow_facts.all_papers(ctx, dossier)
    if not whole:
        keys = {one.key for one in chosen}
        papers = tuple(one for one in papers if str(one.id) in keys and _seen(ctx, dossier, one))
        if len(papers) < len(keys):
            return None
    return Wanted(
        dossier,
        policy,
        kind,
        papers,
        whole,
        _place(policy, answers),
        ReaderKind(answers.text(READER_OF)),
        answers.day("until") or answers.day("sooner"),
        answers.text("term") == LONG_TERM,
    )


def _seen(ctx: Context, dossier: Dossier, one: Document) -> bool:
    return one.grade in views(ctx, dossier)


def _place(policy: Policy, answers: Answers) -> Place:
    match answers.text("place"), policy.loan:
        case "inside", _:
            return Place.COMPANY_ONLY
        case _, None:
            return Place.OUT
        case _, lending:
            return lending.place
