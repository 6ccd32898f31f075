"""销毁: a custodian enters, line by line, what is to be destroyed and why.

Retention is kept nowhere (C-45): the custodian names its class, its last day and the grounds, and
what is not over yet, lent, promised or in dispute is refused with the reason (S2-DOSS.29.1). The
trap is the list that several departments would have to appraise: one list is for one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from handlers import identity, seeing
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
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
from handlers.conversation.messages import Button, Card, Problem, Reply
from handlers.conversation.state import ABOUT, GUARDED
from handlers.destruction import destroy_checks, destroy_lists, destroy_words
from handlers.destruction.destroy_checks import Thing
from handlers.dossiers import papers
from handlers.feature import Feature
from handlers.loans.borrow_form import choosable
from handlers.texts import N_
from rules.chains import Approval
from rules.destruction import CUSTODIAN, Retention, is_over
from rules.errors import Denied, Reason
from storage import destructions, documents, dossiers
from storage.destructions import DestructionList, NewItem
from storage.dossiers import Dossier
from storage.looks import Way
from storage.staff import Person

TITLED = "_titled"

NOT_OVER = N_("That day is not over yet: only what has expired is destroyed.")
NOT_OPEN = N_("This dossier is not on file yet.")
NOTHING_CHOSEN = N_("A paper that was chosen is not there any more. Nothing was listed.")
NOT_LISTED = N_("Not put on the list:")
FULL = N_("A list holds {count} lines; send this one first.")
LISTED = N_("Listed: {count}.")
ABOUT_ONE = N_("Destroy · {customer}")


def audience(person: Person) -> bool:
    """Who keeps the archive draws up the lists. Rule: S2-DOSS.29.1, S1-12.1.4."""
    return person.active and CUSTODIAN in person.roles


def over(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    """Return what is wrong with the last day of a retention. Rule: S2-DOSS.29.1."""
    return None if is_over(date.fromisoformat(value), moment.today) else Problem(NOT_OVER)


ASKING_FORM = Form(
    "destroyof",
    1,
    N_("Destroy"),
    (
        Field(
            "dossier",
            Kind.DOSSIER,
            N_("Customer"),
            N_("Of whose dossier is something to be destroyed?"),
        ),
    ),
    submit_label=N_("Open"),
    review=False,
)

FORM = Form(
    "destroy",
    1,
    N_("Line to destroy"),
    (
        Field(
            "papers",
            Kind.PAPERS,
            N_("Papers"),
            N_("What is to be destroyed? Choose one or several papers, then say done."),
            when=lambda answers: answers.flag(TITLED),
        ),
        Field(
            "retention",
            Kind.CHOICE,
            N_("Retention"),
            N_("Which retention had it? What is kept permanently is never destroyed."),
            choices=(
                Choice(Retention.SHORT.value, N_("Short-term")),
                Choice(Retention.LONG.value, N_("Long-term")),
            ),
        ),
        Field(
            "ended",
            Kind.DATE,
            N_("Kept until"),
            N_("Which day was the last one of its retention?"),
            check=over,
            example=N_("2025年12月31日"),
        ),
        Field(
            "grounds",
            Kind.TEXT,
            N_("Grounds"),
            N_("Why is it without value? Who appraises it reads this."),
            max_length=300,
            example=N_("合同已履行完毕，无查考价值"),
        ),
    ),
    submit_label=N_("Put on the list"),
    summary=lambda answers: answers.text(ABOUT),
)


def button(ctx: Context, dossier: Dossier) -> tuple[Button, ...]:
    """Return the way from a customer's card to the list, for custodians where somebody decides."""
    known = FEATURE.key in ctx.registry.by_key and audience(ctx.person)
    if not known or dossier.state != "active" or Thing(ctx, dossier, None).row is None:
        return ()
    return (Button(ctx.t(ASKING_FORM.title), f"f.destroy.on.{dossier.id}"),)


def show(ctx: Context, words: str) -> Reply:
    """Show which lists wait; with the number of a dossier, begin a line about it."""
    words = words.strip()
    if not words:
        return destroy_lists.overview(ctx)
    id_ = dossiers.by_number(ctx.session, words)
    return begin(ctx, str(id_ or ""))


def submit_dossier(ctx: Context, answers: Answers) -> Reply:
    """Show whose dossier it is, with the way to begin a line about it."""
    option = answers.option("dossier")
    dossier = seeing.reachable(ctx, option.key if option else "")
    if dossier is None:
        return Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))
    sight = seeing.view(ctx, dossier).sight.value
    ctx.record("dossier.looked_at", f"dossier:{dossier.id}", sight=sight)
    dossiers.touch_recent(ctx.unit, ctx.person.id, dossier.id, ctx.at)
    said = " ".join(filter(None, (dossier.number, seeing.customer(ctx, dossier))))
    choices = button(ctx, dossier)
    if not choices:
        said = (
            f"{said}\n{ctx.t(destroy_words.REASONS['nobody_decides'], rule=destroy_checks.RULE)}"
        )
    return Reply.of(Card(said, title=ctx.t(FEATURE.title), choices=choices))


def begin(ctx: Context, words: str) -> Reply:
    """Ask what of a dossier is to be destroyed."""
    dossier = seeing.reachable(ctx, words)
    if dossier is None:
        return Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))
    if dossier.state != "active":
        return Reply.of(Card(ctx.t(NOT_OPEN)))
    titled = choosable(ctx, dossier)
    if titled:
        seeing.look(ctx, dossier, Way.PAPERS)
    about = ctx.t(ABOUT_ONE, customer=seeing.customer(ctx, dossier))
    given = {
        DOSSIER: str(dossier.id),
        TITLED: titled,
        GUARDED: papers.graded(ctx, dossier),
        ABOUT: about,
    }
    return runner.start(ctx, FEATURE, Answers(given))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Put on the list what may stand there, and say of the rest why not. Rule: S2-DOSS.29.1."""
    dossier, ended_on = seeing.reachable(ctx, answers.text(DOSSIER)), answers.day("ended")
    if dossier is None:
        return Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))
    assert ended_on is not None  # noqa: S101 - the engine asks every required field
    things = _chosen(ctx, dossier, answers)
    if not things:
        return Reply.of(Card(ctx.t(NOTHING_CHOSEN)))
    grounds, said = identity.hidden(ctx, answers.text("grounds"))
    held = destructions.draft_of(ctx.unit, ctx.person.id)
    if held is not None and _full(ctx, held, things):
        lead = ctx.t(FULL, count=destructions.MOST)
        return Reply.of(destroy_lists.card(ctx, held, here(ctx), ctx.texts, lead=lead))
    new: list[NewItem] = []
    refused: list[str] = []
    for one in things:
        denied = _hindrance(ctx, one, ended_on, held)
        if denied is None:
            held = held or _begun(ctx, one)
            new.append(_line(one, Retention(answers.text("retention")), ended_on, grounds))
        else:
            title = one.paper.title if one.paper else ""
            name = destroy_words.name_of(ctx, one, title, here(ctx), ctx.texts)
            refused.append(destroy_words.refused(ctx, name, denied, ctx.texts))
    lead = _refused(ctx, dossier, refused)
    if held is None:
        return Reply.of(Card(lead, title=ctx.t(destroy_words.TITLE))).plus(said)
    if new:
        held = _entered(ctx, held, new)
        lead = "\n".join(filter(None, (ctx.t(LISTED, count=len(new)), lead)))
    return Reply.of(destroy_lists.card(ctx, held, here(ctx), ctx.texts, lead=lead)).plus(said)


def _chosen(ctx: Context, dossier: Dossier, answers: Answers) -> tuple[Thing, ...]:
    """Return what was chosen; nothing if a paper of it is not there any more."""
    chosen = answers.options("papers")
    if not chosen or any(one.key == WHOLE for one in chosen):
        return (Thing(ctx, dossier, None),)
    views = papers.views(ctx, dossier)
    found = documents.many(ctx.unit, (int(one.key) for one in chosen))
    kept = [one for one in found if one.dossier_id == dossier.id and one.grade in views]
    return tuple(Thing(ctx, dossier, one) for one in kept) if len(kept) == len(chosen) else ()


def _full(ctx: Context, held: DestructionList, things: Sequence[Thing]) -> bool:
    lines = [one for one in destructions.items(ctx.unit, held.id) if one.state == "listed"]
    return len(lines) + len(things) > destructions.MOST


def _hindrance(
    ctx: Context, thing: Thing, ended_on: date, held: DestructionList | None
) -> Denied | None:
    """Return why something cannot stand on the list that is being drawn up, or on a new one."""
    row = thing.row
    if row is None:
        return Denied((Reason.of("nobody_decides", rule=destroy_checks.RULE),))
    denied = destroy_checks.refusal(ctx, thing, ended_on, ctx.person, row.rule)
    if denied is None and held is not None and not _belongs(held, thing, row):
        return Denied((Reason.of("other_list", rule=row.rule),))
    return denied


def _belongs(held: DestructionList, thing: Thing, row: Approval) -> bool:
    """Return whether the same people decide on a thing as on what stands on a list."""
    same = (held.department, held.pack, held.rule, held.has_witness)
    return same == (thing.maker, thing.policy.pack, row.rule, row.witness)


def _begun(ctx: Context, thing: Thing) -> DestructionList:
    row = thing.row
    assert row is not None  # noqa: S101 - refused before where there is none
    return destructions.begin(
        ctx.unit,
        drawn_by=ctx.person.id,
        department=thing.maker,
        pack=thing.policy.pack,
        rule=row.rule,
        has_witness=row.witness,
        at=ctx.at,
    )


def _line(thing: Thing, retention: Retention, ended_on: date, grounds: str) -> NewItem:
    paper = thing.paper
    return NewItem(
        dossier_id=thing.dossier.id,
        document_id=paper.id if paper else None,
        title=paper.title if paper else "",
        form=paper.form if paper else "",
        pages=paper.pages * paper.copies if paper else 0,
        copies=paper.copies if paper else 1,
        grade=thing.grade.value,
        retention=retention,
        ended_on=ended_on,
        grounds=grounds,
    )


def _entered(ctx: Context, held: DestructionList, new: Sequence[NewItem]) -> DestructionList:
    for one in new:
        ctx.record("destruction.listed", f"dossier:{one.dossier_id}", held.rule, list=held.id)
    return destructions.enter(ctx.unit, held, new)


def _refused(ctx: Context, dossier: Dossier, refused: Sequence[str]) -> str:
    if not refused:
        return ""
    ctx.record("destruction.not_listed", f"dossier:{dossier.id}", destroy_checks.RULE)
    return "\n".join((ctx.t(NOT_LISTED), *refused))


ASKING = Feature(
    ASKING_FORM.key,
    ASKING_FORM.title,
    audience=audience,
    form=ASKING_FORM,
    submit=submit_dossier,
)
FEATURE = Feature(
    key="destroy",
    title=N_("Destruction"),
    command="destroy",
    words=("销毁",),
    audience=audience,
    open=show,
    form=FORM,
    submit=submit,
    actions={"on": lambda ctx, arguments: begin(ctx, arguments[0])},
)
