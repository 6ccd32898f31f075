"""Visitors from outside, as every request for one asks for them: who it is, on which credential.

A form takes `FIELDS` and starts with `carried`; its submit asks `refusal`, then `from_answers`.
One row is one visit: a letter names the dossiers it is for and is used up by coming (C-05).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.forms import Answers, Choice, Field, Kind, Moment
from handlers.conversation.messages import Button, Card, Problem
from handlers.notes.note import STATES
from handlers.texts import N_, Texts
from rules import outsiders as rules
from rules.chains import Approval, Credential
from rules.deciders import Matter
from rules.errors import Denied
from rules.occasions import ReaderKind
from rules.outsiders import Shown
from storage import attachments, outsiders
from storage.outsiders import EXPECTED, Outsider

PHOTOS = "outsider"
"""What photos of credentials are attached to."""

READER, ACCEPTED, CONSENT, SAME = "_reader", "_accepted", "_consent", "_outsider"
"""What `carried` hands to the form: kind of reader, codes of the credentials that the policy
accepts, whether the customer's own consent is asked for, and a visit that is asked for already."""

RULE = "C-05"

KINDS = {
    ReaderKind.EXTERNAL: N_("From outside"),
    ReaderKind.SUBJECT: N_("Person concerned"),
    ReaderKind.PROXY: N_("By authorisation"),
}
"""Kinds of readers from outside, as buttons."""

SHORT = {
    Credential.LETTER: N_("Introduction letter"),
    Credential.SUPERIOR_LETTER: N_("Superior's letter"),
    Credential.WORK_CARD: N_("Work card"),
    Credential.POWER_OF_ATTORNEY: N_("Power of attorney"),
    Credential.APPLICATION_FORM: N_("Application form"),
    Credential.CUSTOMER_AUTHORISATION: N_("Customer's consent"),
}

OF = N_("{name} ({organisation})")
PAPER = N_("{credential} of {issuer}, no. {number}, valid until {day}")
ON_PAPER = N_("{who} · {paper}")
OWN_FILE = N_("{name} (the person concerned)")
WITH_CONSENT = N_("{line}, with the customer's written consent")

VISITOR = N_("Visitor: {line}")
EXPIRED = N_("That day has passed: the credential is not valid any more.")
NOT_ACCEPTED = N_("Not accepted here; please choose one of the list.")
PHOTO = N_("Photo {number}: {state}")
NO_PHOTO = N_("No credential is asked for here.")


# -- what a form asks --------------------------------------------------------------------------


def comes(answers: Answers) -> bool:
    """Whether the form is about a visitor who has to be written down."""
    return READER in answers and SAME not in answers


def _from_organisation(answers: Answers) -> bool:
    return comes(answers) and answers.text(READER) == ReaderKind.EXTERNAL


def _with_credential(answers: Answers) -> bool:
    return comes(answers) and bool(answers.many(ACCEPTED))


def _with_consent(answers: Answers) -> bool:
    return comes(answers) and answers.flag(CONSENT)


def _offered(code: str, answers: Answers) -> bool:
    return code in answers.many(ACCEPTED)


def _accepted(value: Any, answers: Answers, _moment: Moment) -> Problem | None:
    return None if _offered(value, answers) else Problem(NOT_ACCEPTED)


def _valid(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    return Problem(EXPIRED) if date.fromisoformat(value) < moment.today else None


FIELDS = (
    Field(
        "person",
        Kind.TEXT,
        N_("Visitor"),
        N_("Who comes? The name as it stands on the credential."),
        when=comes,
        max_length=80,
    ),
    Field(
        "organisation",
        Kind.TEXT,
        N_("Organisation"),
        N_("For which organisation?"),
        when=_from_organisation,
        max_length=120,
    ),
    Field(
        "credential",
        Kind.CHOICE,
        N_("Credential"),
        N_("Which credential is shown?"),
        choices=tuple(Choice(code.value, label) for code, label in SHORT.items()),
        offered=_offered,
        check=_accepted,
        when=_with_credential,
    ),
    Field(
        "issuer",
        Kind.TEXT,
        N_("Issued by"),
        N_("Who issued it?"),
        when=_with_credential,
        max_length=120,
    ),
    Field(
        "paper_number",
        Kind.TEXT,
        N_("Its number"),
        N_("Which number does it bear?"),
        when=_with_credential,
        max_length=60,
        example=N_("第2026-018号"),
    ),
    Field(
        "valid_to",
        Kind.DATE,
        N_("Valid until"),
        N_("Until which day is it valid? If it names none: the day of the visit."),
        when=_with_credential,
        check=_valid,
        prefer="future",
    ),
    Field(
        "photo",
        Kind.FILES,
        N_("Photo of it"),
        N_("Send a photo of the credential, then say done."),
        when=_with_credential,
        maximum=6,
    ),
    Field(
        "consent",
        Kind.FILES,
        N_("Customer's consent"),
        N_("Send a photo of the customer's written consent, then say done."),
        when=_with_consent,
        maximum=6,
    ),
)


def carried(kind: ReaderKind, approval: Approval, consent_rule: str = "") -> dict[str, Any]:
    """Return what a form starts with whose visitor is of that kind.

    `approval`: the row of `rules.outsiders.admitted`; `consent_rule`: of the function there.
    """
    accepted = [one.value for one in approval.credential]
    given: dict[str, Any] = {
        READER: kind.value,
        ACCEPTED: accepted,
        CONSENT: bool(consent_rule),
    }
    return given | ({"credential": accepted[0]} if len(accepted) == 1 else {})


# -- what was answered -------------------------------------------------------------------------


def shown(ctx: Context, answers: Answers) -> Shown:
    """Return what the visitor of these answers hands in."""
    if (known := same(ctx, answers)) is not None:
        credential = Credential(known.credential) if known.credential else None
        return Shown(credential, known.valid_to, consent=known.consent)
    code = answers.text("credential")
    paper = code, answers.text("issuer"), answers.text("paper_number")
    return Shown(
        Credential(code) if code else None,
        answers.day("valid_to"),
        used=bool(code) and outsiders.used(ctx.unit, *paper),
        consent=bool(answers.files("consent")),
    )


def same(ctx: Context, answers: Answers) -> Outsider | None:
    """Return the visit that is asked for already, by the same person; None: a new one.

    One whose visit is over meanwhile counts as none, and then nothing else is there.
    """
    id_ = answers.values.get(SAME)
    known = outsiders.get(ctx.unit, int(id_)) if id_ is not None else None
    if known is None or known.sponsor != ctx.person.id:
        return None
    return known if known.visit in (outsiders.ASKED, EXPECTED) else None


def spent(ctx: Context, visitor: Outsider) -> bool:
    """Whether another visit was granted meanwhile on the same letter. Rule: C-05."""
    if visitor.credential not in rules.LETTERS:
        return False
    paper = visitor.credential, visitor.issuer, visitor.number
    return outsiders.used(ctx.unit, *paper, but=visitor.id)


def refusal(
    ctx: Context,
    answers: Answers,
    approval: Approval,
    matter: Matter,
    day: date,
    consent_rule: str = "",
) -> Denied | None:
    """Return why no request goes out for this visitor; `day`: until when the papers are needed.

    `matter` has `shown(...).counting(day)` as its credentials.

    Rule: S1-12.3.4, S1-14.4, S1-15.7.2, S2-INFO.18.4, C-05, C-72.
    """
    return rules.refusal(approval, matter, shown(ctx, answers), day, consent_rule)


def from_answers(ctx: Context, answers: Answers) -> int:
    """Write the visitor down with the photos, and return the row's id."""
    known = same(ctx, answers)
    if known is not None:
        return known.id
    id_ = outsiders.add(
        ctx.unit,
        sponsor=ctx.person.id,
        kind=answers.text(READER),
        name=" ".join(answers.text("person").split()),
        organisation=" ".join(answers.text("organisation").split()),
        credential=answers.text("credential"),
        issuer=" ".join(answers.text("issuer").split()),
        number=" ".join(answers.text("paper_number").split()),
        valid_to=answers.day("valid_to"),
        consent=bool(answers.files("consent")),
    )
    files = (*answers.files("photo"), *answers.files("consent"))
    attachments.attach(ctx.unit, files, PHOTOS, id_)
    ctx.record("outsider.registered", f"outsider:{id_}", RULE, kind=answers.text(READER))
    return id_


# -- how a visitor is said ---------------------------------------------------------------------


def who(outsider: Outsider, texts: Texts) -> str:
    """Return name and organisation."""
    if outsider.kind == ReaderKind.SUBJECT:
        return texts.t(OWN_FILE, name=outsider.name)
    if not outsider.organisation:
        return outsider.name
    return texts.t(OF, name=outsider.name, organisation=outsider.organisation)


def line(ctx: Context, outsider: Outsider, texts: Texts) -> str:
    """Return who it is and on which credential, in one line."""
    said = who(outsider, texts)
    if outsider.credential and outsider.valid_to is not None:
        paper = texts.t(
            PAPER,
            credential=texts.t(case_texts.CREDENTIALS[outsider.credential]),
            issuer=outsider.issuer,
            number=outsider.number,
            day=texts.day(outsider.valid_to, ctx.today),
        )
        said = texts.t(ON_PAPER, who=said, paper=paper)
    return texts.t(WITH_CONSENT, line=said) if outsider.consent else said


def papers(ctx: Context, outsider: Outsider, title: str, nav: tuple[Button, ...]) -> Card:
    """Return the photos of a visitor's credential; the caller has asked who may see them."""
    files = attachments.of(ctx.unit, PHOTOS, outsider.id)
    kept = tuple(one.id for one in files if one.state == "kept")
    lines = [line(ctx, outsider, ctx.texts)]
    if not files:
        lines.append(ctx.t(NO_PHOTO))
    lines += [
        ctx.t(PHOTO, number=at, state=ctx.t(STATES[one.state]))
        for at, one in enumerate(files, start=1)
        if one.state != "kept"
    ]
    ctx.record("outsider.papers_seen", f"outsider:{outsider.id}", RULE)
    return Card("\n".join(lines), title=title, files=kept, nav=nav, protect=True)
