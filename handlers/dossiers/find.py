"""/find: a customer by part of the name, pinyin, phone tail or number, and the customer's card."""

from __future__ import annotations

import re

from handlers import seeing
from handlers.context import Context
from handlers.conversation import pickers, runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import (
    MAX_CHOICES,
    Button,
    Card,
    Option,
    Reply,
    Suggestion,
    Suggestions,
)
from handlers.conversation.wording import LINE, option_label
from handlers.destruction import destroy
from handlers.dossiers import customer_kind, papers, reveal, secrecy
from handlers.feature import Feature
from handlers.loans import borrow, whereabouts
from handlers.notes import note_effects, visit_note
from handlers.pages import to_today
from handlers.requests import complaint, deal
from handlers.texts import N_
from rules import grading, outsiders
from rules.access import NoteAction, Sight, View
from rules.customer_kinds import KIND
from rules.masks import mask_name
from rules.occasions import Action
from rules.secrecy import Grade
from storage import dossiers, notes, search, staff
from storage.looks import Way

NOT_THERE = seeing.NO_DOSSIER
NOTHING = N_(
    "Nothing found for “{words}”. Try two characters of the name, pinyin initials, "
    "the last four digits of the phone, or the number."
)
FOUND = N_("Found for “{words}”")
MASKED = N_("Kept by {keeper}. What is inside is open to the keeper and the superiors only.")
PAPERS_ONLY = N_("Open to you for now: the list of its papers, nothing else ({rule}).")
SUGGESTED = N_("{number} {customer}")
GRADED_UNTIL = N_("{grade}, until {day}")
DRAFT = N_("draft, no number yet")
REPORTED = N_("waiting for verification, no number yet")
NOTES_SHOWN = 5
SUGGESTED_AT_ONCE = 20

FORM = Form(
    "find",
    1,
    N_("Find a customer"),
    (
        Field(
            "dossier",
            Kind.DOSSIER,
            N_("Customer"),
            visit_note.WHICH,
            example=N_("鸿鑫 · hx · 0042"),
        ),
    ),
    submit_label=N_("Open"),
    review=False,
)


def show(ctx: Context, words: str) -> Reply:
    """Answer `/find words` at once; without words, ask."""
    words = words.strip()
    if not words:
        return runner.start(ctx, ASKING)
    found = pickers.dossiers(ctx, words, 0)
    options = found.options
    ctx.record("dossier.searched", f"staff:{ctx.person.id}", found=len(options))
    if options and found.more:  # a list with pages
        return runner.start(ctx, ASKING, Answers({runner.WORDS: words}))
    return _listed(ctx, words, options)


def again(ctx: Context, words: str) -> Reply:
    """Answer the new wording of a search: one card, whatever is found."""
    found = pickers.dossiers(ctx, words, 0)
    ctx.record("dossier.searched", f"staff:{ctx.person.id}", found=len(found.options))
    return _listed(ctx, words, found.options)


def _listed(ctx: Context, words: str, options: tuple[Option, ...]) -> Reply:
    if not options:
        return Reply.of(
            Card(
                ctx.t(NOTHING, words=words[:40]),
                choices=(Button(ctx.t(N_("Search again")), "f.find.ask"),),
            )
        )
    if len(options) == 1:
        return card(ctx, (options[0].key,))
    buttons = tuple(
        Button(option_label(one), f"f.find.card.{one.key}") for one in options[:MAX_CHOICES]
    )
    return Reply.of(
        Card(
            ctx.t(FOUND, words=words[:40]),
            choices=buttons,
            nav=(Button(ctx.t(N_("Search again")), "f.find.ask", back=True),),
        )
    )


def suggest(ctx: Context, words: str, further: str) -> Suggestions:
    """Return customers for a list that ends in a chat others read: number and masked name."""
    offset = int(further) if re.fullmatch(r"[0-9]{1,3}", further) else 0
    hits = search.find_dossiers(
        ctx.unit, words, staff_id=ctx.person.id, limit=SUGGESTED_AT_ONCE + 1, offset=offset
    )
    seeing.ask_ahead(ctx, hits[:SUGGESTED_AT_ONCE])
    entries = [
        Suggestion(
            key=str(hit.id),
            title=seeing.customer(ctx, hit),
            hint=ctx.t(pickers.HINT, number=hit.number, keeper=hit.keeper_name),
            text=ctx.t(SUGGESTED, number=hit.number, customer=mask_name(hit.name)),
        )
        for hit in hits[:SUGGESTED_AT_ONCE]
        if hit.number and seeing.view(ctx, hit).sight is not Sight.NONE
    ]
    more = len(hits) > SUGGESTED_AT_ONCE
    return Suggestions(tuple(entries), str(offset + SUGGESTED_AT_ONCE) if more else "")


def submit(ctx: Context, answers: Answers) -> Reply:
    option = answers.option("dossier")
    return card(ctx, (option.key if option else "",))


def card(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show one customer as far as this person may see it, with the latest notes."""
    dossier = seeing.reachable(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(NOT_THERE))
    seen = seeing.view(ctx, dossier)
    keeper = staff.get(ctx.session, dossier.keeper)
    keeper_name = keeper.name if keeper else dossier.keeper
    waiting = REPORTED if dossier.state == "reported" else DRAFT
    number = dossier.number or ctx.t(waiting)
    choices = [
        Button(ctx.t(N_("New note")), f"f.find.note.{dossier.id}"),
        Button(ctx.t(N_("Plan a visit")), f"f.plan.new.{dossier.id}"),
        *_changes(ctx, dossier, seen),
    ]
    lines = [number]
    if seen.sight is not Sight.FULL:
        lines.append(ctx.t(MASKED, keeper=keeper_name))
        choices += _asking(ctx, dossier)
    elif papers.listed(ctx, dossier) and not seen.content:
        policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
        lines.append(ctx.t(PAPERS_ONLY, rule=policy.dossier.parts_rule or policy.dossier.rule))
        choices.extend(papers.button(ctx, dossier))
    elif not seen.content:
        lines.append(ctx.t(seeing.ABOVE_CEILING, grade=Grade(dossier.grade).zh))
    else:
        lines.extend(_content(ctx, dossier, keeper_name))
        choices.extend(papers.button(ctx, dossier))
        choices.extend(reveal.button(ctx, dossier))
    if seen.sight is Sight.FULL and not seeing.whole(ctx, dossier):
        choices += _asking(ctx, dossier)
    lines.extend(whereabouts.lines(ctx, dossier))
    choices += [*borrow.button(ctx, dossier), *deal.button(ctx, dossier)]
    choices += [*complaint.button(ctx, dossier), *_grading(ctx, dossier)]
    choices += destroy.button(ctx, dossier)
    if seen.content:
        seeing.look(ctx, dossier, Way.CARD)
    else:
        ctx.record("dossier.looked_at", f"dossier:{dossier.id}", sight=seen.sight.value)
    dossiers.touch_recent(ctx.unit, ctx.person.id, dossier.id, ctx.at)
    for one in notes.notes_of_dossier(ctx.unit, dossier.id, limit=NOTES_SHOWN):
        if seeing.may(ctx, NoteAction.READ, one):
            manner = ctx.t(note_effects.MANNERS[one.manner])
            label = f"{ctx.texts.day(one.day, ctx.today)} {manner} {one.author_name}"
            choices.append(Button(label, f"f.note.open.{one.id}"))
    return Reply.of(
        Card(
            "\n".join(lines),
            title=seeing.customer(ctx, dossier),
            choices=tuple(choices[:MAX_CHOICES]),
            columns=2,
            nav=(
                *whereabouts.button(ctx, dossier),
                *_visitors(ctx, dossier),
                Button(ctx.t(N_("Search again")), "f.find.ask"),
                to_today(ctx.texts),
            ),
            protect=seen.content,
        )
    )


def _asking(ctx: Context, dossier: dossiers.Dossier) -> list[Button]:
    """Return the way to ask for what is inside, where the policy has somebody to allow it."""
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    if not any(one.action is Action.CONSULT for one in policy.approval):
        return []
    return [Button(ctx.t(N_("Ask to read")), f"f.consult.new.{dossier.id}")]


def _visitors(ctx: Context, dossier: dossiers.Dossier) -> list[Button]:
    """Return the way to ask for somebody from outside, where the policy admits any."""
    asking = ctx.registry.by_key.get("outside")
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    if asking is None or not asking.audience(ctx.person):
        return []
    if not outsiders.kinds(policy, Action.CONSULT):
        return []
    return [Button(ctx.t(asking.title), f"f.outside.new.{dossier.id}")]


def _grading(ctx: Context, dossier: dossiers.Dossier) -> list[Button]:
    """Return the way to the secrecy grade, for those who set it."""
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    if not grading.may_grade(ctx.person.roles, policy):
        return []
    return [Button(ctx.t(secrecy.TITLE), f"f.grade.open.{dossier.id}")]


def _changes(ctx: Context, dossier: dossiers.Dossier, seen: View) -> list[Button]:
    """Return what may be done with what is in the dossier, by those who see it."""
    found = []
    if seen.content and "update" in ctx.registry.by_key:
        found.append(Button(ctx.t(N_("Update")), f"f.update.open.{dossier.id}"))
    if dossier.state == "draft" and seen.content and "open" in ctx.registry.by_key:
        found.append(Button(ctx.t(N_("Open the dossier")), f"f.open.card.{dossier.id}"))
    return found


def _content(ctx: Context, dossier: dossiers.Dossier, keeper: str) -> list[str]:
    """Return the fields of the card; personal ones masked in a chat (S3-SPEC1.1.3)."""
    rows = (
        (N_("Keeper"), keeper),
        (N_("Contact"), dossier.contact),
        *((one.label, one.masked) for one in reveal.personal(dossier)),
        (N_("Customer kind"), _kind(ctx, dossier)),
        (N_("Class"), dossier.class_),
        (secrecy.TITLE, _graded(ctx, dossier)),
        (N_("Place of the file"), dossier.location),
        (
            N_("Opened on"),
            ctx.texts.day(dossier.opened_on, ctx.today) if dossier.opened_on else "",
        ),
    )
    return [ctx.t(LINE, label=ctx.t(label), value=value) for label, value in rows if value]


def _kind(ctx: Context, dossier: dossiers.Dossier) -> str:
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    return customer_kind.shown(policy.dossier.kind_of(dossier.fields.get(KIND, "")), ctx.texts)


def _graded(ctx: Context, dossier: dossiers.Dossier) -> str:
    """Return grade and end of secrecy; empty: ungraded."""
    grade = Grade(dossier.grade)
    if grade is Grade.NONE:
        return ""
    name = secrecy.named(grade, ctx.texts)
    if dossier.grade_until is None:
        return name
    return ctx.t(GRADED_UNTIL, grade=name, day=ctx.texts.day(dossier.grade_until, ctx.today))


def start_note(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Start a note on this customer; the manner is asked."""
    dossier = seeing.reachable(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(NOT_THERE))
    customer = {"key": str(dossier.id), "label": seeing.customer(ctx, dossier)}
    return runner.start(ctx, visit_note.FEATURE, Answers({"customer": customer}))


ASKING = Feature(key="finding", title=FORM.title, form=FORM, submit=submit)
FEATURE = Feature(
    key="find",
    title=FORM.title,
    command="find",
    words=("查找", "找"),
    open=show,
    actions={
        "ask": lambda ctx, _arguments: runner.start(ctx, ASKING),
        "card": card,
        "note": start_note,
    },
)
