"""外来查阅: a colleague asks that somebody from outside may read a dossier in the reading room.

Nothing of it is ever shown to the visitor in a chat, and nothing of the dossier opens to who
asks: the custodian fixes a time, checks the credential at the door and enters it in the register
(`handlers.requests.visitors`). Rows of the policy that name no outside readers admit none.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec.structs import replace

from handlers import seeing
from handlers.approvals import approvals, case_cards, case_texts, deciding
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Button, Card, Problem, Reply
from handlers.conversation.wording import LABEL_BYTES, shorten
from handlers.feature import Feature
from handlers.requests import consult, outsiders, visitors
from handlers.requests.outsiders import READER, SAME
from handlers.texts import N_, Texts
from rules import outsiders as rules
from rules.cases import CaseState
from rules.chains import Approval
from rules.deciders import Matter
from rules.errors import Denied
from rules.occasions import Action, Facts, ReaderKind
from storage import case_lists, cases, consultations, dossiers, staff
from storage import outsiders as stored
from storage.consultations import Consultation
from storage.dossiers import Dossier
from storage.outsiders import Outsider
from storage.staff import Person

KIND = visitors.CASES

SPONSORS = frozenset(
    {
        "salesperson",
        "sales_consultant",
        "service_consultant",
        "customer_developer",
        "custodian",
        "archivist_full",
        "archivist_part",
    }
)
"""Who asks for visitors: who is in touch with customers, and who keeps the archive."""

SAME_SHOWN = 3


PURPOSES = (
    Choice("audit", N_("Audit")),
    Choice("court", N_("Court or authority")),
    Choice("business", N_("Business dealings")),
    Choice("own", N_("Own affairs")),
    Choice("other", N_("Other purpose")),
)
_LABELS = {one.key: one.label for one in PURPOSES}

TITLE = N_("Outside reader")
NO_ROW = N_("The policy admits no readers from outside to this dossier.")
WHO_COMES = N_("Who comes to read {customer}?")
SAME_VISIT = N_("Same visit: {who}")
PENDING = N_("Asked for already: {number}.")
OVER = N_("That visit is over or its credential is not valid any more; please enter the visitor.")
COPIES = N_("Copies or data leave the house")
OTHERS = N_("{count} more requests about this dossier are open")
GRANTED = N_(
    "{who} may read {customer} until {day}, in the reading room only. The custodian will tell you "
    "when; the credential is looked at again then."
)
USED_UP = N_(
    "{who} was allowed to read {customer}, but that visit is over by now, or the letter was used "
    "for another one. Another visit needs a request of its own."
)
PAST_CREDENTIAL = N_("The credential is valid until {day} only.")


def _last(value: Any, answers: Answers, moment: Moment) -> Problem | None:
    valid = answers.text("valid_to") or answers.text("_valid_to")
    if valid and value > valid:
        return Problem(PAST_CREDENTIAL, {"day": valid})
    return consult.until_day(value, answers, moment)


FORM = Form(
    "outside",
    1,
    TITLE,
    (
        *outsiders.FIELDS,
        Field(
            "takes",
            Kind.CHOICE,
            N_("Leaves the house"),
            N_("Does the visitor take copies or data along?"),
            choices=(Choice("nothing", N_("Reads only")), Choice("copies", N_("Takes copies"))),
            when=lambda answers: answers.flag("_copies"),
        ),
        Field(
            "purpose",
            Kind.CHOICE,
            N_("Used for"),
            N_("What does the visitor need it for?"),
            choices=PURPOSES,
        ),
        replace(consult.FORM.by_key["reason"], example=N_("年度审计, 核对往来合同")),
        replace(
            consult.FORM.by_key["last"],
            key="visit_by",
            prompt=N_("Until which day, included, may the visit be?"),
            check=_last,
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("_name"),
)


# -- asking ------------------------------------------------------------------------------------


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask whom the request is for, where there is a choice."""
    dossier = _reachable(ctx, arguments)
    if isinstance(dossier, Reply):
        return dossier
    able = _kinds(ctx, dossier)
    visits = stored.open_of(ctx.unit, ctx.person.id, ctx.today, SAME_SHOWN)
    if len(able) == 1 and not visits:
        return _begin(ctx, dossier, able[0])
    again = (
        Button(
            shorten(ctx.t(SAME_VISIT, who=outsiders.who(one, ctx.texts)), LABEL_BYTES),
            f"f.outside.same.{dossier.id}.{one.id}",
        )
        for one in visits
    )
    fresh = (
        Button(ctx.t(outsiders.KINDS[one]), f"f.outside.kind.{dossier.id}.{one.value}")
        for one in able
    )
    said = ctx.t(WHO_COMES, customer=seeing.customer(ctx, dossier))
    return Reply.of(Card(said, title=ctx.t(TITLE), choices=(*again, *fresh)))


def start_kind(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin a request for a visitor of one kind."""
    dossier = _reachable(ctx, arguments)
    if isinstance(dossier, Reply):
        return dossier
    wanted = arguments[1] if len(arguments) > 1 else ""
    kind = next((one for one in _kinds(ctx, dossier) if one.value == wanted), None)
    return _begin(ctx, dossier, kind) if kind else Reply(alert=ctx.t(NO_ROW))


def start_same(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin a request for a further dossier to be read on the same visit. Rule: C-05."""
    dossier = _reachable(ctx, arguments)
    if isinstance(dossier, Reply):
        return dossier
    wanted = arguments[1] if len(arguments) > 1 else ""
    visitor = outsiders.same(ctx, Answers({SAME: wanted})) if wanted.isdecimal() else None
    if visitor is None or visitor.valid_to is None or visitor.valid_to < ctx.today:
        return Reply(alert=ctx.t(OVER))
    for held in consultations.of_outsider(ctx.unit, visitor.id):
        if held.dossier_id == dossier.id and held.state in ("asked", "granted"):
            return _asked_already(ctx, held)
    kind = ReaderKind(visitor.kind)
    if kind not in _kinds(ctx, dossier):
        return Reply(alert=ctx.t(NO_ROW))
    return _begin(ctx, dossier, kind, visitor)


def _reachable(ctx: Context, arguments: tuple[str, ...]) -> Dossier | Reply:
    dossier = seeing.reachable(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    if not _kinds(ctx, dossier):
        return Reply(alert=ctx.t(NO_ROW))
    return dossier


def _kinds(ctx: Context, dossier: Dossier) -> tuple[ReaderKind, ...]:
    """Return the kinds of outside readers that may be asked for."""
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    return tuple(
        kind
        for kind in rules.kinds(policy, Action.CONSULT)
        if rules.admitted(policy.approval, _facts(dossier, kind))
    )


def _asked_already(ctx: Context, held: Consultation) -> Reply:
    case_id = case_lists.about(ctx.session, KIND, held.id)
    case = cases.get(ctx.unit, case_id) if case_id is not None else None
    assert case is not None  # noqa: S101 - written with the consultation
    said = ctx.t(PENDING, number=case.number)
    return Reply((case_cards.show(ctx, case),), alert=said)


def _facts(dossier: Dossier, kind: ReaderKind, *, leaves_house: bool = False) -> Facts:
    known = deciding.facts(Action.CONSULT, dossier)
    return replace(known, reader=kind, leaves_house=leaves_house)


def _begin(
    ctx: Context, dossier: Dossier, kind: ReaderKind, visitor: Outsider | None = None
) -> Reply:
    facts = _facts(dossier, kind)
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    row = rules.admitted(policy.approval, facts)
    assert row is not None  # noqa: S101 - the kind is one of `_kinds`
    leaving = rules.admitted(policy.approval, replace(facts, leaves_house=True))
    carried = {
        "_dossier": dossier.id,
        "_name": seeing.customer(ctx, dossier),
        "_copies": leaving is not None and leaving is not row,
        **outsiders.carried(kind, row, rules.consent_rule(policy, facts)),
    }
    if visitor is not None and visitor.valid_to is not None:
        carried |= {SAME: visitor.id, "_valid_to": visitor.valid_to.isoformat()}
        carried.pop("credential", None)
    card = consult.foreseen(ctx, row, _matter(ctx, dossier, facts), TITLE)
    return Reply.of(card).plus(runner.start(ctx, FEATURE, Answers(carried), at_review=False))


def _matter(ctx: Context, dossier: Dossier, facts: Facts) -> Matter:
    return deciding.matter(facts, dossier, ctx.person.id)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Send the request, if the visitor's papers allow it. Rule: C-05, S2-INFO.18.4."""
    dossier = _reachable(ctx, (answers.text("_dossier"),))
    if isinstance(dossier, Reply):
        return Reply.of(Card(dossier.alert))
    facts = _facts(
        dossier,
        ReaderKind(answers.text(READER)),
        leaves_house=answers.text("takes") == "copies",
    )
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    row, last = rules.admitted(policy.approval, facts), answers.day("visit_by")
    assert last is not None  # noqa: S101 - the engine asks every required field
    if row is None:
        return Reply.of(Card(ctx.t(NO_ROW)))
    credentials = outsiders.shown(ctx, answers).counting(last)
    matter = replace(_matter(ctx, dossier, facts), credentials=credentials)
    consent = rules.consent_rule(policy, facts)
    if denied := outsiders.refusal(ctx, answers, row, matter, last, consent):
        return Reply.of(Card(case_texts.denial(ctx, denied), title=ctx.t(TITLE)))
    return _ask(ctx, answers, dossier, row, matter, last)


def _ask(
    ctx: Context, answers: Answers, dossier: Dossier, row: Approval, matter: Matter, last: date
) -> Reply:
    id_ = consultations.add(
        ctx.unit,
        dossier_id=dossier.id,
        staff_id=ctx.person.id,
        purpose=answers.text("purpose"),
        reason=answers.text("reason"),
        last_day=last,
        at=ctx.at,
        outsider_id=outsiders.from_answers(ctx, answers),
    )
    opened = approvals.request(ctx, KIND, id_, row, matter, dossier_id=dossier.id)
    if isinstance(opened, Denied):
        return Reply.of(Card(case_texts.denial(ctx, opened), title=ctx.t(TITLE)))
    return Reply((case_cards.show(ctx, opened, lead=ctx.t(consult.SENT)),))


# -- how it is said, and what follows ----------------------------------------------------------


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    held = _held(ctx, subject)
    dossier, visitor = _dossier(ctx, held), _visitor(ctx, held)
    others = len(case_lists.open_on(ctx.session, dossier.id)) - 1
    cautions = (texts.t(OTHERS, count=others),) if others > 0 else ()
    return Asking(
        what="\n".join(
            (
                consult.what(ctx, dossier, reader, texts),
                texts.t(outsiders.VISITOR, line=outsiders.line(ctx, visitor, texts)),
            )
        ),
        why=texts.t(consult.PURPOSE, purpose=texts.t(_LABELS[held.purpose]), reason=held.reason),
        how_long=texts.t(consult.UNTIL, day=texts.day(held.last_day, ctx.today)),
        cautions=((texts.t(COPIES), *cautions) if _leaves(ctx, subject) else cautions),
        key=f"f.credential.view.{visitor.id}",
    )


def _leaves(ctx: Context, subject: int) -> bool:
    case_id = case_lists.about(ctx.session, KIND, subject)
    case = cases.get(ctx.unit, case_id) if case_id is not None else None
    return case is not None and case.case.matter.facts.leaves_house


def end(ctx: Context, ending: Ending) -> bool:
    """Let the visitor be expected, or note that there is no visit. Rule: S2-INFO.18.4, C-05."""
    held = _held(ctx, ending.subject)
    dossier, visitor = _dossier(ctx, held), _visitor(ctx, held)
    granted = ending.state in (CaseState.APPROVED, CaseState.REGISTERED)
    over = visitor.visit in (stored.CAME, stored.MISSED) or outsiders.spent(ctx, visitor)
    state = "lapsed" if granted and over else "granted" if granted else ending.state.value
    consultations.close(ctx.unit, held.id, state, ctx.at)
    ctx.record(f"consultation.{state}", f"consultation:{held.id}", ending.rule)
    if not granted:
        return False
    sponsor = staff.get(ctx.session, held.staff_id)
    assert sponsor is not None  # noqa: S101 - nobody is ever deleted
    said = USED_UP if over else GRANTED

    def card(texts: Texts) -> Card:
        words = texts.t(
            said,
            who=outsiders.who(visitor, texts),
            customer=seeing.customer(ctx, dossier, sponsor),
            day=texts.day(held.last_day, ctx.today),
        )
        return Card(words, title=texts.t(TITLE), protect=True)

    ctx.tell(sponsor.id, card, f"consultation:{held.id}:open")
    if not over:
        stored.expect(ctx.unit, visitor.id)
        visitors.announce(ctx, visitor, held)
    return True


def _held(ctx: Context, subject: int) -> Consultation:
    held = consultations.get(ctx.unit, subject)
    assert held is not None  # noqa: S101 - consultations are never deleted
    return held


def _dossier(ctx: Context, held: Consultation) -> Dossier:
    dossier = dossiers.get(ctx.unit, held.dossier_id)
    assert dossier is not None  # noqa: S101 - the consultation refers to it
    return dossier


def _visitor(ctx: Context, held: Consultation) -> Outsider:
    visitor = stored.get(ctx.unit, held.outsider_id or 0)
    assert visitor is not None  # noqa: S101 - the consultation refers to it
    return visitor


def sponsor(person: Person) -> bool:
    """Whether somebody may ask for visitors."""
    return person.active and bool(SPONSORS & person.roles)


FEATURE = Feature(
    key="outside",
    title=TITLE,
    audience=sponsor,
    form=FORM,
    submit=submit,
    actions={"new": start, "kind": start_kind, "same": start_same},
    cases={KIND: CaseKind("外", N_("Request for an outside reader"), say, end)},
)
