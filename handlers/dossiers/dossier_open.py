"""/open: a new customer is reported, completed and sent to who verifies it.

Until then it is a draft without a number, as one from a visit note (C-69, S1-01.2). The trap is
data of a natural person collected before the person consented: consent and its evidence are asked
before anything else, and nothing else is kept without them (S3-PROTO.2.1b).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from handlers import seeing
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers
from handlers.conversation.messages import Button, Card, Reply
from handlers.dossiers import change_sets, customer_kind, openings, update_cards
from handlers.dossiers.change_sets import EVIDENCE, Review
from handlers.dossiers.field_values import label
from handlers.dossiers.opening_form import ASKED, CONTACTS, FORM, important, personal
from handlers.dossiers.update_target import Target, target
from handlers.feature import Feature
from handlers.pages import to_today
from handlers.texts import N_, Texts
from rules import opening
from rules.access import Sight
from rules.completion import CONSENT, CONSENT_ON, CONTACT, IMPORTANT, SECOND_CONTACT
from rules.dossier_policy import Consent
from rules.errors import Reason
from rules.masks import is_organisation
from rules.occasions import Action
from rules.opening import Opening
from rules.policies import CUSTOMER
from storage import attachments, dossiers, staff
from storage.dossiers import Dossier, DossierRow
from storage.errors import Conflict
from storage.names import MAX_NAME
from storage.staff import Person

OPENED = N_("Noted as a draft: {customer}. It gets its number when it is verified ({rule}).")
ALIKE = N_("There may be a dossier of this customer already: {others}. Please ask the keeper.")
ALIKE_HIDDEN = N_("There may be a dossier of this customer already. Please ask the archivist.")
ONE_ALIKE = N_("{customer} ({number}, kept by {keeper})")
MISSING = N_("Before it can be sent for verification:")
WAITS = N_("Sent for verification ({rule}). Until then there is no number.")
ALREADY = N_("This dossier was sent for verification already, or is open.")
NUMBERED = N_("{customer} is open now: {number} ({rule}).")
SENT_BACK = N_("{name} sent {customer} back ({rule}): {reason}")
OPENED_TITLE = N_("Dossier opened")
SENT_BACK_TITLE = N_("Dossier not verified")
READY = N_("Everything needed is there.")
NO_KIND = N_("Such a customer cannot be chosen here any more.")

REASONS = {
    "consent_missing": N_("the customer's own consent, or that it is no natural person ({rule})"),
    "consent_refused": N_("the customer has not consented: nothing personal may be kept ({rule})"),
    "evidence_missing": N_("a photo or file that shows the consent ({rule})"),
    "contacts_missing": N_("{needed} contact persons, as the customer is important ({rule})"),
    "field_missing": N_("{field} ({rule})"),
    "kind_elsewhere": customer_kind.ELSEWHERE,
}


def show(ctx: Context, words: str) -> Reply:
    """Answer `/open`, with a customer's name or without.

    The name of who may be a natural person is not taken before consent.
    """
    name = " ".join(words.split())[:MAX_NAME]
    policy = ctx.in_force.governing(ctx.person.department)
    asked = policy.dossier.consent
    given: dict[str, Any] = {ASKED: asked.value, CONTACTS: policy.open.contact_persons}
    if name and (asked is Consent.NONE or (asked is not Consent.ALL and is_organisation(name))):
        given["name"] = name
        if asked is Consent.NATURAL_PERSONS:
            given["who"] = "company"
    return runner.start(ctx, ASKING, Answers(given), at_review=False)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Note the customer as a draft of the person's own. Rule: C-69."""
    draft = drafted(ctx, answers, ctx.person)
    found = target(ctx, str(draft))
    if isinstance(found, Reply):  # graded above what this chat may carry
        return Reply.of(Card(found.alert))
    customer = seeing.customer(ctx, found.dossier)
    return Reply.of(
        _card(ctx, found, ctx.t(OPENED, customer=customer, rule=opening.open_rule(found.policy)))
    )


def drafted(ctx: Context, answers: Answers, keeper: Person, type_: str = CUSTOMER) -> int:
    """Note a customer as a draft that `keeper` keeps, and return its id. Rule: C-69."""
    fields = {}
    if personal(answers):
        fields = {CONSENT: opening.GIVEN, CONSENT_ON: answers.text("consent_on")}
    elif answers.text("who") == "company":
        fields = {CONSENT: opening.NOT_NEEDED}
    if important(answers):
        fields |= {IMPORTANT: "yes", SECOND_CONTACT: answers.text("second_contact")}
    policy = ctx.in_force.governing(keeper.department, type_)
    row = DossierRow(
        name=answers.text("name"),
        keeper=keeper.id,
        type=type_,
        department=keeper.department,
        level=policy.dossier.first_level,
        grade=policy.dossier.default_grade.value,
        phone=answers.text("phone"),
        contact=answers.text("contact"),
        address=answers.text("address"),
        fields=fields,
    )
    draft = dossiers.add(ctx.unit, row, by=ctx.person.id, draft=True)
    attachments.attach(ctx.unit, answers.files("evidence"), EVIDENCE, draft)
    ctx.record("dossier.drafted", f"dossier:{draft}", "C-69")
    openings.begin(ctx, draft, ctx.today)
    return draft


def card(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show what a draft still needs."""
    found = target(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    if found.dossier.state != "draft":
        return Reply(alert=ctx.t(ALREADY))
    return Reply.of(_card(ctx, found))


def choose_kind(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say which kind of customer a draft is about."""
    found = target(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    if found.dossier.state != "draft":
        return Reply(alert=ctx.t(ALREADY))
    if len(arguments) < 2 or not customer_kind.choose(ctx, found, arguments[1]):
        return Reply(alert=ctx.t(NO_KIND))
    return card(ctx, arguments[:1])


def _card(ctx: Context, found: Target, *said: str) -> Card:
    id_ = found.dossier.id
    missing = gaps(ctx, found)
    lines = [*said, *_alike(ctx, found.dossier)]
    if missing:
        lines += [ctx.t(MISSING), *(f"· {reason(ctx, found, one)}" for one in missing)]
    else:
        lines.append(ctx.t(READY))
    buttons = customer_kind.buttons(ctx, found)
    if not missing:
        buttons.append(Button(ctx.t(N_("Send for verification")), f"f.open.report.{id_}"))
    buttons.append(Button(ctx.t(N_("Fill in more")), f"f.update.open.{id_}"))
    buttons.append(Button(ctx.t(N_("Customer")), f"f.find.card.{id_}"))
    return Card(
        "\n".join(lines),
        title=update_cards.title(ctx, found, TITLE),
        choices=(*buttons, to_today(ctx.texts)),
        columns=2,
        protect=True,
    )


TITLE = N_("New customer · {customer}")


def gaps(ctx: Context, found: Target) -> tuple[Reason, ...]:
    """Return what is missing before anybody verifies it.

    Rule: S5-1.8.3, S3-PROTO.2.1b, S1-07.2.2.
    """
    fields = found.dossier.fields
    contacts = (found.present(CONTACT), fields.get(SECOND_CONTACT, ""))
    facts = Opening(
        filled={one for one in found.specs if found.present(one)},
        consent=found.consent,
        evidence=bool(attachments.of(ctx.unit, EVIDENCE, found.dossier.id)),
        important=fields.get(IMPORTANT) == "yes",
        contacts=sum(bool(one) for one in contacts),
    )
    denied = opening.refusal(facts, found.policy)
    elsewhere = customer_kind.gap(found)
    return (*(denied.reasons if denied else ()), *((elsewhere,) if elsewhere else ()))


def reason(ctx: Context, found: Target, one: Reason) -> str:
    """Return what is missing, in words."""
    facts = dict(one.facts)
    if "field" in facts:
        facts["field"] = label(change_sets.spec_of(found.policy, str(facts["field"])), ctx.texts)
    if (kind := found.policy.dossier.kind_of(str(facts.get("kind", "")))) is not None:
        facts["kind"] = customer_kind.named(kind, ctx.texts)
    return ctx.t(REASONS[one.code], rule=one.rule, **facts)


def _alike(ctx: Context, dossier: Dossier) -> list[str]:
    """Return that there may be a dossier already, as far as the person may know of it."""
    ids = {
        *dossiers.named(ctx.session, dossier.name),
        *dossiers.phoned(ctx.unit, dossier.phone),
    } - {dossier.id}
    shown, hidden = [], False
    for id_ in sorted(ids):
        other = dossiers.get(ctx.unit, id_)
        if other is None or seeing.view(ctx, other).sight is Sight.NONE:
            hidden = True
            continue
        keeper = staff.get(ctx.session, other.keeper)
        shown.append(
            ctx.t(
                ONE_ALIKE,
                customer=seeing.customer(ctx, other),
                number=other.number or ctx.t(N_("draft")),
                keeper=keeper.name if keeper else other.keeper,
            )
        )
    lines = [ctx.t(ALIKE, others="; ".join(shown))] if shown else []
    return [*lines, ctx.t(ALIKE_HIDDEN)] if hidden else lines


# -- verification ------------------------------------------------------------------------------


def report(review: Review, ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Send a draft to who verifies it; it opens at once where nobody has to. Rule: S1-01.2."""
    found = target(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    if found.dossier.keeper != ctx.person.id:
        return Reply(alert=ctx.t(N_("The keeper of the draft sends it for verification.")))
    if found.dossier.state == "draft" and gaps(ctx, found):
        return Reply.of(_card(ctx, found))
    try:
        dossiers.report(ctx.unit, found.dossier.id)
    except Conflict:
        return Reply(alert=ctx.t(ALREADY))
    openings.reported(ctx, found.dossier)
    rule = opening.open_rule(found.policy)
    ctx.record("dossier.reported", f"dossier:{found.dossier.id}", rule)
    row = change_sets.row_of(ctx, found.dossier, Action.OPEN)
    waits = review.opening(ctx, found.dossier, row) if row else None
    if waits is None:
        number = verified(ctx, found.dossier.id, ctx.person.id, rule)
        customer = seeing.customer(ctx, found.dossier)
        lines = [ctx.t(NUMBERED, customer=customer, number=number, rule=rule)]
    else:
        lines = [ctx.t(WAITS, rule=rule), waits]
    customer_button = Button(ctx.t(N_("Customer")), f"f.find.card.{found.dossier.id}")
    choices = (customer_button, to_today(ctx.texts))
    return Reply.of(Card("\n".join(lines), choices=choices, columns=2))


def verified(ctx: Context, dossier_id: int, decided_by: str, rule: str) -> str:
    """Open a reported dossier and return the number it was given; its keeper hears of it.

    Raises:
        Conflict: it does not wait to be verified.
    """
    dossier = dossiers.get(ctx.unit, dossier_id)
    assert dossier is not None  # noqa: S101 - the case refers to it
    pattern = change_sets.policy_of(ctx, dossier).dossier.format_number
    number = dossiers.draw_number(ctx.unit, pattern, ctx.today.year)
    dossiers.verify(ctx.unit, dossier_id, number, ctx.today)
    ctx.record("dossier.opened", f"dossier:{dossier_id}", rule, by=decided_by)
    if decided_by != dossier.keeper:
        card_ = partial(_opened_card, ctx, dossier, number, rule)
        ctx.tell(dossier.keeper, card_, f"opened:{dossier_id}")
    return number


def draft_again(ctx: Context, dossier_id: int) -> None:
    """Make a draft again of what was reported; the time to report it runs anew.

    Raises:
        Conflict: it does not wait to be verified.
    """
    dossiers.send_back(ctx.unit, dossier_id, ctx.today)
    openings.watch(ctx, dossier_id)


def sent_back(ctx: Context, dossier_id: int, decided_by: str, rule: str, reason: str) -> None:
    """Make a draft again of what was not verified, and tell its keeper why.

    Raises:
        Conflict: it does not wait to be verified.
    """
    draft_again(ctx, dossier_id)
    ctx.record("dossier.sent_back", f"dossier:{dossier_id}", rule, by=decided_by)
    dossier = dossiers.get(ctx.unit, dossier_id)
    assert dossier is not None  # noqa: S101 - sent back in this very unit
    card_ = partial(_back_card, ctx, dossier, decided_by, rule, reason)
    ctx.tell(dossier.keeper, card_, f"sent_back:{dossier_id}:{ctx.new_id()}")


def _opened_card(ctx: Context, dossier: Dossier, number: str, rule: str, texts: Texts) -> Card:
    keeper = staff.get(ctx.session, dossier.keeper)
    customer = seeing.customer(ctx, dossier, keeper)
    return Card(
        texts.t(NUMBERED, customer=customer, number=number, rule=rule),
        title=texts.t(OPENED_TITLE),
        choices=(Button(texts.t(N_("Customer")), f"f.find.card.{dossier.id}"),),
    )


def _back_card(
    ctx: Context, dossier: Dossier, by: str, rule: str, reason: str, texts: Texts
) -> Card:
    keeper, who = staff.get(ctx.session, dossier.keeper), staff.get(ctx.session, by)
    text = texts.t(
        SENT_BACK,
        name=who.name if who else by,
        customer=seeing.customer(ctx, dossier, keeper),
        rule=rule,
        reason=reason,
    )
    return Card(
        text,
        title=texts.t(SENT_BACK_TITLE),
        choices=(Button(texts.t(N_("Open the dossier")), f"f.open.card.{dossier.id}"),),
    )


ASKING = Feature(key="opening", title=FORM.title, form=FORM, submit=submit)


def feature(review: Review) -> Feature:
    """Return the feature; `review` says who verifies what is reported."""
    return Feature(
        key="open",
        title=FORM.title,
        command="open",
        words=("建档",),
        open=show,
        actions={
            "new": lambda ctx, _arguments: show(ctx, ""),
            "card": card,
            "kind": choose_kind,
            "report": partial(report, review),
        },
    )
