"""入柜: papers that are signed into the archive get their number, their place, label and list.

The number is that of the dossier, by the pack's pattern; deeds bear the number of the file and lie
in the safe, apart from it. Where there is no dossier yet, who keeps the archive opens it now: that
is the check of what came in (S1-09.2.5). The trap is the paper that is nowhere: shelving makes
papers of the dossier of all of them, so that they can be lent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from handlers import (
    dossier_open,
    handover_access,
    handover_card,
    handover_contents,
    handover_ends,
    handover_findings,
    handover_given,
    handover_papers_in,
    handover_steps,
    handover_words,
    openings,
    seeing,
)
from handlers.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.handover_access import Act
from handlers.handover_card import shown
from handlers.opening_form import ASKED, CONTACTS
from handlers.opening_form import FORM as OPENING_FORM
from handlers.shelving_form import (
    CLEARED,
    FORM,
    HELD,
    LINES,
    NUMBER,
    PLACE,
    RULE,
    YEAR,
    bound,
    filed_under,
)
from handlers.texts import N_
from handlers.update_target import target
from rules import opening
from rules.dossier_policy import Consent
from rules.filing_years import Matter, year_rule
from rules.masks import is_organisation
from rules.policies import CUSTOMER
from rules.secrecy import Grade
from rules.volumes import volume_rule
from storage import dossiers, staff
from storage.dossiers import Dossier
from storage.handovers import Handover, Leg
from storage.names import MAX_NAME

TITLE = N_("Shelve · {number}")
WHICH = N_("Whose dossier do these papers belong to?")
LINK, NEW = N_("A dossier on file"), N_("Open a new one")
FILL_IN, GO_ON = N_("Fill in more"), N_("Shelve")
STILL = N_("The dossier is opened as soon as this is there:")
NOT_THERE = N_("That dossier is not open to you, or not opened yet.")
LINKED = N_("These papers belong to {number}. Now they can be shelved.")
SHELVED = N_("Shelved ({rule}): {count} papers, number {number}, place {place}.")
SHELVED_TOLD = N_("Your papers are shelved under {number} ({rule}).")

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
FILED_UNDER = N_("Filed under {year} ({rule}).")
BOUND_APART = N_("Top-secret volume ({rule}): lines {lines}, in {place}.")
MAY_BE_SECRET = N_("Top-secret papers are filed apart ({rule}): name their lines under “More”.")
SHOWN = 20
"""Lines on the review card."""


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask where the papers lie, once they have a dossier that is open."""
    found = handover_steps.mine(ctx, arguments[:1], Act.SHELVE)
    if isinstance(found, Reply):
        return found
    held, _ = found
    if held.shelved_at is not None:
        return _is_shelved(ctx, held)
    dossier = dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None
    if dossier is None:
        return _which(ctx, held)
    if dossier.state != "active":
        opened = _open(ctx, held, dossier)
        if isinstance(opened, Reply):
            return opened
        dossier = opened
    row = handover_access.row_of(ctx, held)
    given: dict[str, Any] = {
        HELD: str(held.id),
        NUMBER: handover_words.number(ctx, held, here(ctx)),
        PLACE: row.place or "",
        RULE: row.place_rule or "",
    }
    if held.period_on is not None and _year_rule(ctx, held, Matter.ONE_YEAR):
        given[YEAR] = str(held.year)
    if _volume_rule(ctx, held) and Grade(dossier.grade) is not Grade.TOP_SECRET:
        given[LINES] = [str(one.position) for one in handover_ends.papers(ctx, held)]
        given[CLEARED] = Grade(ctx.person.clearance) is Grade.TOP_SECRET
    seen = dossier.location if seeing.view(ctx, dossier).content else ""
    known = held.location or row.place or seen
    return runner.start(ctx, FEATURE, Answers(given | ({"location": known} if known else {})))


def _is_shelved(ctx: Context, held: Handover) -> Reply:
    button = Button(ctx.t(handover_contents.TITLE), f"f.sign.contents.{held.id}")
    reply = shown(ctx, held, ctx.t(handover_card.AS_IT_IS))
    return reply.plus(
        Reply.of(
            Card(
                handover_contents.labels(ctx, held, ctx.texts),
                title=ctx.t(TITLE, number=held.number),
                choices=(button,),
                protect=True,
            )
        )
    )


def review(ctx: Context, answers: Answers) -> str:
    """Say how the label reads."""
    held = handover_access.known(ctx, answers.text(HELD))
    if held is None:
        return ctx.t(handover_card.NOT_THERE)
    label = handover_contents.label(
        ctx, _with_year(held, answers), ctx.texts, answers.text("location")
    )
    filed = filed_under(answers)
    rule = _year_rule(ctx, held, filed[0]) if filed else None
    said = ctx.t(FILED_UNDER, year=filed[1], rule=rule) if filed and rule else ""
    return "\n".join(filter(None, (label, said, *_volumes(ctx, held, answers))))


def _volumes(ctx: Context, held: Handover, answers: Answers) -> list[str]:
    """Return what is bound apart, or of which lines that can be said."""
    rule = _volume_rule(ctx, held)
    if not answers.many(LINES) or rule is None:
        return []
    *_, last = bound(answers)
    if last.grade is Grade.TOP_SECRET:
        place = answers.text("apart") or answers.text("location")
        return [ctx.t(BOUND_APART, rule=rule, lines="、".join(map(str, last.lines)), place=place)]
    there = [one for one in handover_given.lines(ctx, held) if _listed(one.item.position, answers)]
    lines = [handover_findings.numbered(one, ctx.texts) for one in there[:SHOWN]]
    return ["", ctx.t(MAY_BE_SECRET, rule=rule), *lines]


def _listed(position: int, answers: Answers) -> bool:
    return str(position) in answers.many(LINES)


def _volume_rule(ctx: Context, held: Handover) -> str | None:
    return volume_rule(handover_access.policy_of(ctx, held).sources)


def _year_rule(ctx: Context, held: Handover, matter: Matter) -> str | None:
    return year_rule(handover_access.policy_of(ctx, held).sources, matter)


def _with_year(held: Handover, answers: Answers) -> Handover:
    filed = filed_under(answers)
    return replace(held, filed_under=filed[1]) if filed else held


def submit(ctx: Context, answers: Answers) -> Reply:
    """Put the papers in their place; they are papers of the dossier from now on.

    The electronic dossier and the place of the paper one are there together, or it is not shelved.

    Rule: S1-09.2.1, S1-09.4.1, S2-DOSS.6, S2-DOSS.7, S2-DOSS.13, S2-DOSS.14.1, S2-DOSS.20,
    S4-LOAN.4.8, S4-LOAN.5.4, S4-LOAN.5.5, S5-2.23, S5-2.24.
    """
    found = handover_steps.mine(ctx, (answers.text(HELD),), Act.SHELVE)
    if isinstance(found, Reply):
        return handover_steps.opened(found)
    held, leg = found
    dossier = dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None
    if held.shelved_at is not None or dossier is None or dossier.number is None:
        return _is_shelved(ctx, held) if held.shelved_at else _which(ctx, held)
    row, place = handover_access.row_of(ctx, held), answers.text("location")
    if not dossier.location and row.place is None:
        dossiers.place(ctx.unit, dossier.id, place)
    filed = filed_under(answers)
    held = handover_steps.touched(
        ctx,
        held,
        location=place,
        shelved_at=ctx.at,
        filed_under=filed[1] if filed else None,
    )
    volumes = bound(answers)
    count = handover_papers_in.file(ctx, held, volumes, answers.text("apart"))
    rule = row.place_rule or row.rule
    ctx.record(
        "handover.shelved", f"handover:{held.id}", rule, papers=count, volumes=len(volumes) or 1
    )
    return _told(ctx, held, leg, count, rule)


def _told(ctx: Context, held: Handover, leg: Leg, count: int, rule: str) -> Reply:
    people = {held.giver, leg.giver} - {ctx.person.id}
    for one in filter(None, (staff.get(ctx.session, who) for who in sorted(people))):
        number = handover_words.number(ctx, held, one)
        handover_card.tell(ctx, held, one.id, SHELVED_TOLD, "shelved", number=number, rule=rule)
    handover_card.redraw(ctx, held, but=people)
    number = handover_words.number(ctx, held, here(ctx))
    lead = ctx.t(SHELVED, count=count, place=held.location, number=number, rule=rule)
    contents = Card(
        handover_contents.labels(ctx, held, ctx.texts),
        title=ctx.t(TITLE, number=held.number),
        choices=(Button(ctx.t(handover_contents.TITLE), f"f.sign.contents.{held.id}"),),
        protect=True,
    )
    return shown(ctx, held, lead).plus(Reply.of(contents))


# -- whose dossier -----------------------------------------------------------------------------


def _which(ctx: Context, held: Handover) -> Reply:
    return Reply.of(
        Card(
            ctx.t(WHICH),
            title=ctx.t(TITLE, number=held.number),
            choices=(
                Button(ctx.t(LINK), f"f.sign.link.{held.id}"),
                Button(ctx.t(NEW), f"f.sign.open.{held.id}"),
            ),
            nav=(Button(ctx.t(N_("Back")), f"f.handover.card.{held.id}"),),
        )
    )


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
        opened = _open(ctx, held, dossier)
        if isinstance(opened, Reply):
            return handover_steps.opened(opened)
        dossier = opened
    handover_card.redraw(ctx, held)
    number = handover_words.number(ctx, held, here(ctx))
    return shown(ctx, held, ctx.t(LINKED, number=number))


def open_new(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Open the dossier of these papers, with what is known of it. Rule: S1-09.2.5, S3-ENG.3.2b."""
    found = handover_steps.mine(ctx, arguments[:1], Act.SHELVE)
    if isinstance(found, Reply):
        return found
    held, _ = found
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
    giver = staff.get(ctx.session, held.giver)
    keeper = giver if giver is not None and giver.active else ctx.person
    draft = dossier_open.drafted(ctx, answers, keeper, _type(ctx, held))
    return _linked(ctx, held, draft)


def _open(ctx: Context, held: Handover, dossier: Dossier) -> Dossier | Reply:
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
    opened = dossiers.get(ctx.unit, dossier.id)
    assert opened is not None  # noqa: S101 - opened in this very unit
    return opened


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
            nav=(Button(ctx.t(N_("Back")), f"f.handover.card.{held.id}"),),
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
FEATURE = Feature(FORM.key, FORM.title, form=FORM, submit=submit, review=review)
ACTIONS = {
    "shelve": start,
    "link": link,
    "open": open_new,
    "contents": handover_contents.ask,
}
