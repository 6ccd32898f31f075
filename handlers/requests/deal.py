"""签约: a deal is entered before it is made; one that is not paid in cash waits for a signature.

Whether it waits says the policy's row `noncash_deal` (S1-01.5, C-42). Where the regulation wants
the dossier consulted before a contract (S1-04.4.5), who has not is told so, and so is who signs.
"""

from __future__ import annotations

from datetime import timedelta

from handlers import identity, seeing
from handlers.approvals import affair_cases, case_cards, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.texts import N_, Texts
from rules.access import Sight
from rules.cases import CaseState
from rules.occasions import Action
from storage import affairs, dossiers, staff
from storage.affairs import AffairKind, AffairState
from storage.dossiers import Dossier
from storage.staff import Person

CASH = "cash"
PAYMENTS = (
    Choice(CASH, N_("Cash")),
    Choice("credit", N_("On credit")),
    Choice("bill", N_("By bill")),
    Choice("instalments", N_("In instalments")),
    Choice("other", N_("Another way")),
)
_LABELS = {one.key: one.label for one in PAYMENTS}
FRESH = timedelta(days=30)
"""How long it counts that somebody read or worked on the dossier; the regulation names no time."""

TITLE = N_("Deal")
DEAL = N_("Deal with {customer}, paid: {payment}")
HELD = N_("The deal waits for the signature; until then it is not made.")
FREE = N_("Entered: {customer}, paid: {payment}. No signature is needed.")
SIGNED = N_("Signed: the deal with {customer} may be made ({rule}).")
CONSULT = N_("Before a deal the customer's dossier is to be consulted ({rule}).")
NOT_CONSULTED = N_("Who asks has not consulted the dossier ({rule})")

FORM = Form(
    "deal",
    1,
    TITLE,
    (
        Field("dossier", Kind.DOSSIER, N_("Customer"), N_("With which customer?")),
        Field(
            "what",
            Kind.TEXT,
            N_("What it is about"),
            N_("Goods, amount and terms?"),
            max_length=500,
            example=N_("钢材200吨, 总价86万元, 60天付清"),
        ),
        Field("payment", Kind.CHOICE, N_("Payment"), N_("How is it paid?"), choices=PAYMENTS),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: option.label if (option := answers.option("dossier")) else "",
)


def button(ctx: Context, dossier: Dossier) -> list[Button]:
    """Return the way to a deal, where the policy says something of deals."""
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    signed = affair_cases.row(ctx, Action.NONCASH_DEAL, dossier) is not None
    if dossier.number is None or not (signed or policy.dossier.deal_rule):
        return []
    return [Button(ctx.t(TITLE), f"f.deal.new.{dossier.id}")]


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin with the customer whose card it was."""
    return affair_cases.begin(ctx, FEATURE, arguments[0])


def unconsulted(ctx: Context, dossier: Dossier, person: Person) -> str:
    """Return the clause by which somebody should have consulted the dossier; empty: all is well.

    Rule: S1-04.4.5.
    """
    rule = seeing.policy_of(ctx, seeing.Subject.of(dossier)).dossier.deal_rule
    if rule is None:
        return ""
    used = dossiers.last_used(ctx.session, person.id, dossier.id)
    open_to = seeing.view(ctx, dossier, person).sight is Sight.FULL
    return "" if open_to and used is not None and used > ctx.at - FRESH else rule


def review(ctx: Context, answers: Answers) -> str:
    """Say what the deal would need: a look into the dossier first, a signature."""
    dossier = _chosen(ctx, answers)
    if dossier is None:
        return ""
    lines = []
    if rule := unconsulted(ctx, dossier, case_cards.here(ctx)):
        lines.append(ctx.t(CONSULT, rule=rule))
    if answers.text("payment") != CASH and affair_cases.row(ctx, Action.NONCASH_DEAL, dossier):
        lines.append(ctx.t(HELD))
    return "\n".join(lines)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Hold a deal that is not paid in cash until it is signed. Rule: S1-01.5."""
    dossier = _chosen(ctx, answers)
    if dossier is None:
        return Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))
    payment = answers.text("payment")
    approval = None if payment == CASH else affair_cases.row(ctx, Action.NONCASH_DEAL, dossier)
    what, said = identity.hidden(ctx, answers.text("what"))
    id_ = affairs.add(
        ctx.unit,
        AffairKind.DEAL,
        staff_id=ctx.person.id,
        dossier_id=dossier.id,
        detail=payment,
        words=what,
        state=AffairState.FREE if approval is None else AffairState.HELD,
        at=ctx.at,
    )
    ctx.record("deal.entered", f"deal:{id_}", payment=payment)
    ahead = _to_consult(ctx, dossier).plus(said)
    if approval is not None:
        opened = affair_cases.request(ctx, KIND, id_, approval, dossier)
        return Reply((case_cards.show(ctx, opened, lead=ctx.t(HELD)),)).plus(ahead)
    customer = seeing.customer(ctx, dossier)
    entered = ctx.t(FREE, customer=customer, payment=ctx.t(_LABELS[payment]))
    return Reply.of(Card(entered, title=ctx.t(TITLE))).plus(ahead)


def _chosen(ctx: Context, answers: Answers) -> Dossier | None:
    option = answers.option("dossier")
    return seeing.reachable(ctx, option.key if option else "")


def _to_consult(ctx: Context, dossier: Dossier) -> Reply:
    """Offer the dossier, or to ask for it, to who has not consulted it."""
    rule = unconsulted(ctx, dossier, case_cards.here(ctx))
    if not rule:
        return Reply()
    if seeing.view(ctx, dossier).sight is Sight.FULL:
        way = Button(ctx.t(N_("Customer")), f"f.find.card.{dossier.id}")
    else:
        way = Button(ctx.t(N_("Ask to read")), f"f.consult.new.{dossier.id}")
    return Reply.of(Card(ctx.t(CONSULT, rule=rule), title=ctx.t(TITLE), choices=(way,)))


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    held = affair_cases.held(ctx, subject)
    dossier = affair_cases.dossier_of(ctx, held)
    asker = staff.get(ctx.session, held.staff_id)
    rule = unconsulted(ctx, dossier, asker) if asker else ""
    seen = seeing.view(ctx, dossier, reader).content
    return Asking(
        what=texts.t(
            DEAL,
            customer=affair_cases.customer(ctx, dossier, reader),
            payment=texts.t(_LABELS[held.detail]),
        ),
        why=held.words,
        cautions=(texts.t(NOT_CONSULTED, rule=rule),) if rule else (),
        key=f"f.find.card.{dossier.id}" if seen else "",
    )


def end(ctx: Context, ending: Ending) -> bool:
    """Let a signed deal be made, or leave it. Rule: S1-01.5."""
    held = affair_cases.ended(ctx, ending, "deal")
    if ending.state is not CaseState.APPROVED:
        return False
    dossier, maker = affair_cases.dossier_of(ctx, held), staff.get(ctx.session, held.staff_id)
    if maker is None:
        return False

    def card(texts: Texts) -> Card:
        said = texts.t(SIGNED, customer=seeing.customer(ctx, dossier, maker), rule=ending.rule)
        by = case_texts.name(ctx, ending.by or "")
        return Card(f"{said}\n{by}" if by else said, title=texts.t(TITLE))

    ctx.tell(held.staff_id, card, f"deal:{held.id}:signed")
    return True


KIND = AffairKind.DEAL.value
FEATURE = Feature(
    key="deal",
    title=TITLE,
    command="deal",
    words=("签约",),
    form=FORM,
    submit=submit,
    review=review,
    actions={"new": start},
    cases={KIND: CaseKind("签", N_("Signature for a deal"), say, end)},
    listed=False,
)
