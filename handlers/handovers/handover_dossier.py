"""归入哪份档案: to which dossier papers belong that are to be shelved, or a new one for them.

Papers of the same car or project lie under the same number: where a set of them has its dossier
already, that one is offered first, and deeds bear no other number than their file (S4-LOAN.5.5).
"""

from __future__ import annotations

from typing import Any

from handlers import seeing
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.dossiers import dossier_open, openings
from handlers.dossiers.opening_form import ASKED, CONTACTS
from handlers.dossiers.opening_form import FORM as OPENING_FORM
from handlers.dossiers.update_target import target
from handlers.feature import Feature
from handlers.handovers import handover_access, handover_card, handover_steps, handover_words
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_card import shown
from handlers.handovers.shelving_form import HELD
from handlers.texts import N_
from rules import opening
from rules.dossier_policy import Consent
from rules.masks import is_organisation
from rules.policies import CUSTOMER
from storage import dossiers, handovers, staff
from storage.dossiers import Dossier
from storage.handovers import Handover
from storage.names import MAX_NAME

DEEDS, SAME_RULE = "S4-LOAN", "S4-LOAN.5.5"
"""The regulation under which all papers of a project bear one number, and its clause."""

TITLE = N_("Shelve · {number}")
WHICH = N_("Whose dossier do these papers belong to?")
LINK, NEW = N_("A dossier on file"), N_("Open a new one")
FILL_IN, GO_ON = N_("Fill in more"), N_("Shelve")
STILL = N_("The dossier is opened as soon as this is there:")
NOT_THERE = N_("That dossier is not open to you, or not opened yet.")
ONE_NUMBER = N_("Papers of one project bear one number: {number} ({rule}).")
LINKED = N_("These papers belong to {number}. Now they can be shelved.")

LINK_FORM = Form(
    "shelflinking",
    1,
    N_("Dossier on file"),
    (
        Field(
            "dossier",
            Kind.DOSSIER,
            N_("Customer"),
            N_("Whose dossier? Part of the name."),
        ),
    ),
    submit_label=N_("Link"),
    review=False,
)


def whose(ctx: Context, held: Handover) -> Reply:
    """Ask to which dossier papers belong; the one in which others of the same thing lie first."""
    known = _twin(ctx, held)
    said, choices = ctx.t(WHICH), []
    if known is not None:
        customer = " ".join(filter(None, (known.number, seeing.customer(ctx, known))))
        choices.append(Button(customer, f"f.sign.same.{held.id}"))
    if known is not None and _one_number(ctx, held):
        said = ctx.t(ONE_NUMBER, number=known.number, rule=SAME_RULE)
    else:
        choices.append(Button(ctx.t(LINK), f"f.sign.link.{held.id}"))
        choices.append(Button(ctx.t(NEW), f"f.sign.open.{held.id}"))
    back = Button(ctx.t(N_("Back")), f"f.handover.card.{held.id}", back=True)
    title = ctx.t(TITLE, number=held.number)
    return Reply.of(Card(said, title=title, choices=tuple(choices), nav=(back,)))


def _twin(ctx: Context, held: Handover) -> Dossier | None:
    """Return the dossier in which other papers of the same car or project lie; None: there is
    none that is open to who acts. Rule: S1-09.2.3, S4-LOAN.5.5."""
    other = handovers.twin(ctx.unit, held)
    known = seeing.reachable(ctx, str(other.dossier_id)) if other is not None else None
    return known if known is not None and known.state == "active" else None


def _one_number(ctx: Context, held: Handover) -> bool:
    return DEEDS in handover_access.policy_of(ctx, held).sources


def _bears_another(ctx: Context, held: Handover, dossier_id: int | None) -> bool:
    """Return whether papers would lie under another number than others of their project.

    Rule: S4-LOAN.5.5.
    """
    known = _twin(ctx, held) if _one_number(ctx, held) else None
    return known is not None and known.id != dossier_id


def same(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Let papers belong to the dossier in which others of the same thing lie."""
    found = handover_steps.mine(ctx, arguments[:1], Act.SHELVE)
    if isinstance(found, Reply):
        return found
    held, _ = found
    known = _twin(ctx, held)
    return _linked(ctx, held, known.id) if known is not None else whose(ctx, held)


def link(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    found = handover_steps.mine(ctx, arguments[:1], Act.SHELVE)
    if isinstance(found, Reply):
        return found
    held, _ = found
    given = {HELD: str(held.id), runner.WORDS: _name(held)}
    return runner.start(ctx, LINKING, Answers(given))


def submit_link(ctx: Context, answers: Answers) -> Reply:
    found = handover_steps.mine(ctx, (answers.text(HELD),), Act.SHELVE)
    if isinstance(found, Reply):
        return handover_steps.opened(found)
    held, _ = found
    chosen = answers.option("dossier")
    dossier = seeing.reachable(ctx, chosen.key) if chosen else None
    if dossier is None or dossier.state != "active":
        return Reply.of(Card(ctx.t(NOT_THERE)))
    if held.dossier_id is None and _bears_another(ctx, held, dossier.id):
        return whose(ctx, held)
    return _linked(ctx, held, dossier.id)


def _linked(ctx: Context, held: Handover, dossier_id: int) -> Reply:
    """Say under which number the papers are shelved, or what their dossier still needs."""
    if held.dossier_id is None:
        held = handover_steps.touched(ctx, held, dossier_id=dossier_id)
        rule = handover_access.row_of(ctx, held).rule
        ctx.record("handover.linked", f"handover:{held.id}", rule)
    dossier = dossiers.get(ctx.unit, held.dossier_id or dossier_id)
    assert dossier is not None  # noqa: S101 - chosen or noted in this very unit
    if dossier.state != "active":
        now_open = opened(ctx, held, dossier)
        if isinstance(now_open, Reply):
            return handover_steps.opened(now_open)
        dossier = now_open
    handover_card.redraw(ctx, held)
    number = handover_words.number(ctx, held, here(ctx))
    return shown(ctx, held, ctx.t(LINKED, number=number))


def open_new(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Open the dossier of these papers, with what is known of it. Rule: S1-09.2.5, S3-ENG.3.2b."""
    found = handover_steps.mine(ctx, arguments[:1], Act.SHELVE)
    if isinstance(found, Reply):
        return found
    held, _ = found
    if _bears_another(ctx, held, None):
        return whose(ctx, held)
    policy = ctx.in_force.governing(held.department, _type(ctx, held))
    asked, name = policy.dossier.consent, _name(held)
    given: dict[str, Any] = {
        HELD: str(held.id),
        ASKED: asked.value,
        CONTACTS: policy.open.contact_persons,
    }
    company = held.period_on is not None or is_organisation(name)
    if asked is Consent.NONE or (asked is not Consent.ALL and company):
        given["name"] = name
        if asked is Consent.NATURAL_PERSONS:
            given["who"] = "company"
    return runner.start(ctx, OPENING, Answers(given), at_review=False)


def submit_new(ctx: Context, answers: Answers) -> Reply:
    """Note the dossier for who gave the papers, and open it if nothing is missing."""
    found = handover_steps.mine(ctx, (answers.text(HELD),), Act.SHELVE)
    if isinstance(found, Reply):
        return handover_steps.opened(found)
    held, _ = found
    if held.dossier_id is not None:
        return _linked(ctx, held, held.dossier_id)
    if _bears_another(ctx, held, None):
        return whose(ctx, held)
    giver = staff.get(ctx.session, held.giver)
    keeper = giver if giver is not None and giver.active else ctx.person
    draft = dossier_open.drafted(ctx, answers, keeper, _type(ctx, held))
    return _linked(ctx, held, draft)


def opened(ctx: Context, held: Handover, dossier: Dossier) -> Dossier | Reply:
    """Open a dossier that was noted only, or say what it still needs. Rule: S1-01.2, S1-09.2.5."""
    found = target(ctx, str(dossier.id))
    if isinstance(found, Reply):
        return found
    missing = dossier_open.gaps(ctx, found)
    if missing:
        return _incomplete(
            ctx,
            held,
            found.dossier,
            [f"· {dossier_open.reason(ctx, found, one)}" for one in missing],
        )
    if dossier.state == "draft":
        dossiers.report(ctx.unit, dossier.id)
        openings.reported(ctx, dossier)
    rule = opening.open_rule(found.policy)
    dossier_open.verified(ctx, dossier.id, ctx.person.id, rule)
    found_open = dossiers.get(ctx.unit, dossier.id)
    assert found_open is not None  # noqa: S101 - opened in this very unit
    return found_open


def _incomplete(ctx: Context, held: Handover, dossier: Dossier, lines: list[str]) -> Reply:
    return Reply.of(
        Card(
            "\n".join((ctx.t(STILL), *lines)),
            title=ctx.t(TITLE, number=held.number),
            choices=(
                Button(ctx.t(FILL_IN), f"f.update.open.{dossier.id}"),
                Button(ctx.t(GO_ON), f"f.sign.shelve.{held.id}"),
            ),
            columns=2,
            nav=(Button(ctx.t(N_("Back")), f"f.handover.card.{held.id}", back=True),),
            protect=True,
        )
    )


def _type(ctx: Context, held: Handover) -> str:
    """Return of which type a dossier is that goes by the handover's pack."""
    part = next((one for one in ctx.policies.governed if one.pack == held.pack), None)
    return part.dossier_types[0] if part is not None and part.dossier_types else CUSTOMER


def _name(held: Handover) -> str:
    """Return whom the papers are about: what stands behind the plate, else the whole subject."""
    parts = held.subject.split()
    return (parts[-1] if len(parts) > 1 and held.period_on is None else held.subject)[:MAX_NAME]


LINKING = Feature(LINK_FORM.key, LINK_FORM.title, form=LINK_FORM, submit=submit_link)
OPENING = Feature("shelfopening", OPENING_FORM.title, form=OPENING_FORM, submit=submit_new)
ACTIONS = {"link": link, "open": open_new, "same": same}
