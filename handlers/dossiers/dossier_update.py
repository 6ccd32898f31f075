"""/update: the fields of a dossier, one by one or several in a line, handed in together.

What is asked depends on the policy and on what the dossier holds, while a form is a constant that
is checked at the start. So the form asks a single thing (which customer, or one field's new value)
and what was said is gathered as a change set: it outlives a restart, is seen on every phone, and
only its last card files anything. The trap is a value that another changed meanwhile (S1-05.2).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from handlers import identity, seeing
from handlers.context import Context
from handlers.conversation import pickers, runner
from handlers.conversation.forms import Answers, Field, Form, Kind, Moment
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Problem, Reply
from handlers.conversation.state import ABOUT
from handlers.conversation.wording import LINE
from handlers.dossiers import field_values, update_basket, update_cards, update_line
from handlers.dossiers.change_sets import FILES, Review
from handlers.dossiers.update_target import Target, target
from handlers.feature import Feature
from handlers.notes import visit_note
from handlers.pages import page_of
from handlers.texts import N_
from rules import opening
from rules.completion import CONSENT, CONSENT_ON
from rules.fields import FieldKind, FieldSpec
from rules.masks import hide_identity
from storage import attachments, changes
from storage.names import MAX_NAME

WORDS = "_line"
"""Carried while the customer is asked for: what the line says of fields."""

NO_FIELD = N_("This field is no longer asked for.")
NOT_TAKEN = N_("{label} was not taken: {problem}")
NOT_READ = N_("Not understood: {words}")
CONSENT_FIRST = N_("Not taken without the customer's consent ({rule}): {labels}.")
SAME = N_("{label} is that already.")
UNFINISHED = N_("You have changes that are not submitted yet.")
ANOTHER = N_("Another customer")


def _asks(kind: str) -> Any:
    return lambda answers: answers.text("_kind") == kind


def phone_problem(value: Any, _answers: Answers, _moment: Moment) -> Problem | None:
    return None if field_values.is_phone(str(value)) else Problem(field_values.BAD_PHONE)


def postcode_problem(value: Any, _answers: Answers, _moment: Moment) -> Problem | None:
    return None if field_values.is_postcode(str(value)) else Problem(field_values.BAD_POSTCODE)


def not_ahead(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    ahead = str(value) > moment.today.isoformat()
    return Problem(N_("That day is still to come.")) if ahead else None


NEW, WHAT = N_("New value"), N_("What is it now?")

FORM = Form(
    "updating",
    2,
    N_("Update a dossier"),
    (
        Field(
            "dossier",
            Kind.DOSSIER,
            N_("Customer"),
            visit_note.WHICH,
            when=lambda answers: "_kind" not in answers,
            example=N_("鸿鑫 · hx · 0042"),
        ),
        Field("name", Kind.TEXT, NEW, WHAT, when=_asks("name"), max_length=MAX_NAME),
        Field("text", Kind.TEXT, NEW, WHAT, when=_asks("text"), max_length=field_values.MAX_TEXT),
        Field(
            "addition",
            Kind.TEXT,
            N_("Addition"),
            N_("What is to be added to it?"),
            when=_asks("addition"),
            max_length=field_values.MAX_TEXT,
        ),
        Field(
            "phone",
            Kind.TEXT,
            NEW,
            WHAT,
            when=_asks("phone"),
            check=phone_problem,
            example=N_("13800001234 · 0755-0866 1234"),
            max_length=100,
        ),
        Field(
            "postcode",
            Kind.TEXT,
            NEW,
            WHAT,
            when=_asks("postcode"),
            check=postcode_problem,
            example=N_("518000"),
            max_length=100,
        ),
        Field("day", Kind.DATE, NEW, WHAT, when=_asks("day"), example=N_("2015-06-01 · 9月11日")),
        Field("number", Kind.NUMBER, NEW, WHAT, when=_asks("number"), example=N_("120 · 3.5万")),
        Field(
            "files",
            Kind.FILES,
            N_("Evidence"),
            N_("Please send a photo or file that shows the customer's consent."),
            when=_asks("consent"),
        ),
        Field(
            "given_on",
            Kind.DATE,
            N_("Date of consent"),
            N_("On which day did the customer consent?"),
            when=_asks("consent"),
            check=not_ahead,
            default=lambda moment: moment.today.isoformat(),
            example=N_("today · yesterday · 9月11日"),
        ),
    ),
    submit_label=N_("Continue"),
    review=False,
    protect=True,
)

_KINDS = {
    FieldKind.PHONE: "phone",
    FieldKind.POSTCODE: "postcode",
    FieldKind.DATE: "day",
    FieldKind.NUMBER: "number",
}


# -- beginning ---------------------------------------------------------------------------------


def show(ctx: Context, words: str) -> Reply:
    """Answer `/update`, with a customer and what is to be changed, or without."""
    parts = words.split()
    if not parts:
        return _unfinished(ctx) or runner.start(ctx, ASKING)
    found = pickers.one_customer(ctx, parts)
    if found is None:
        carried = {runner.WORDS: parts[0], WORDS: " ".join(parts[1:])}
        return runner.start(ctx, ASKING, Answers(carried))
    option, used = found
    return _with_line(ctx, option.key, " ".join(parts[used:]))


def _unfinished(ctx: Context) -> Reply | None:
    """Return what the person has gathered and not handed in; None: nothing."""
    buttons = []
    for id_ in changes.drafts_of(ctx.unit, ctx.person.id, MAX_CHOICES):
        dossier = seeing.reachable(ctx, str(id_))
        if dossier is not None:
            buttons.append(Button(seeing.customer(ctx, dossier), f"f.update.open.{dossier.id}"))
    if not buttons:
        return None
    another = Button(ctx.t(ANOTHER), "f.update.new")
    card = Card(ctx.t(UNFINISHED), title=ctx.t(FORM.title), choices=tuple(buttons), nav=(another,))
    return Reply.of(card)


def start(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    return runner.start(ctx, ASKING)


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    return update_basket.show(ctx, arguments[0])


def from_note(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin with the facts of a visit note; fields that its words plainly name are gathered."""
    note = seeing.note(ctx, arguments[0], content=True)
    if note is None:
        return Reply(alert=ctx.t(seeing.NO_NOTE))
    found = target(ctx, str(note.dossier_id))
    if isinstance(found, Reply):
        return found
    said = update_line.facts(ctx, str(note.extras.get("facts", "")), found.specs.values())
    return _gathered(ctx, found, said, note_id=note.id)


def _with_line(ctx: Context, dossier_id: str, words: str) -> Reply:
    """Take a line about a dossier in; what was not taken of it is told with what was."""
    found = target(ctx, dossier_id)
    if isinstance(found, Reply) or not words:
        return found if isinstance(found, Reply) else update_basket.show(ctx, dossier_id)
    specs = [one for one in found.specs.values() if one.id not in (CONSENT, CONSENT_ON)]
    line = update_line.read(ctx, words, specs)
    remarks = [
        ctx.t(
            NOT_TAKEN,
            label=field_values.label(spec, ctx.texts),
            problem=ctx.t(problem.message, **problem.facts),
        )
        for spec, problem in line.problems
    ]
    if line.unread:
        remarks.append(ctx.t(NOT_READ, words=" ".join(line.unread)[:80]))
    if hide_identity(words) != words:
        remarks.append(ctx.t(identity.DELETE))
    return _gathered(ctx, found, line.values, remarks=remarks)


def _gathered(
    ctx: Context,
    found: Target,
    values: dict[str, str],
    *,
    note_id: int | None = None,
    remarks: list[str] | None = None,
) -> Reply:
    """Gather what may be kept, and show it. Rule: C-52."""
    told = list(remarks or ())
    denied = {one: found.refusal(found.specs[one]) for one in values}
    rules = [refusal.reasons[0].rule for refusal in denied.values() if refusal]
    if rules:
        kept_out = [found.specs[one] for one, refusal in denied.items() if refusal]
        names = ", ".join(field_values.label(one, ctx.texts) for one in kept_out)
        told.append(ctx.t(CONSENT_FIRST, rule=rules[0], labels=names))
    taken = {field: new for field, new in values.items() if not denied[field]}
    told += _same(ctx, found, taken)
    if taken or note_id is not None:
        seen = {field: found.present(field) for field in taken}
        dossier_id = found.dossier.id
        changes.gather(ctx.unit, ctx.person.id, dossier_id, taken, seen, note_id=note_id)
    return update_basket.show(ctx, str(found.dossier.id), *told)


# -- one field ---------------------------------------------------------------------------------


def list_fields(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    found = target(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    return Reply.of(update_cards.fields(ctx, found, page_of(arguments, 1)))


def _field(ctx: Context, arguments: tuple[str, ...]) -> tuple[Target, FieldSpec] | Reply:
    """Return the dossier and the field that a button names."""
    found = target(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    spec = found.specs.get(arguments[1]) if len(arguments) > 1 else None
    return Reply(alert=ctx.t(NO_FIELD)) if spec is None else (found, spec)


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for the new value of a field, or first for what it rests on."""
    chosen = _field(ctx, arguments)
    if isinstance(chosen, Reply):
        return chosen
    found, spec = chosen
    if denied := found.refusal(spec):
        return Reply.of(update_cards.consent(ctx, found, spec, denied))
    if spec.id == CONSENT:
        card = update_cards.choose(ctx, found, spec)
        return Reply.of(Card(card.text, card.title, update_cards.consent_choices(ctx, found)))
    if field_values.choices(spec, ctx.texts):
        return Reply.of(update_cards.choose(ctx, found, spec))
    kind = "name" if spec.id == field_values.NAME else _KINDS.get(spec.kind, "text")
    kind = "addition" if found.sealed(spec) else kind
    return _question(ctx, found, kind, update_cards.about(ctx, found, spec), spec.id)


def _question(ctx: Context, found: Target, kind: str, about: str, field: str) -> Reply:
    carried = {
        "_kind": kind,
        "_dossier": str(found.dossier.id),
        "_field": field,
        "_seen": found.present(field),
        ABOUT: f"{update_cards.title(ctx, found)}\n{about}",
    }
    return runner.start(ctx, ASKING, Answers(carried))


def answered(ctx: Context, answers: Answers) -> Reply:
    """Take the customer that was picked, or the new value of a field."""
    picked = answers.option("dossier")
    if picked is not None:
        return _with_line(ctx, picked.key, answers.text(WORDS))
    chosen = _field(ctx, (answers.text("_dossier"), answers.text("_field")))
    if isinstance(chosen, Reply):
        return Reply.of(Card(chosen.alert))
    found, spec = chosen
    if answers.text("_kind") == "consent":
        return _consented(ctx, found, answers)
    value = answers.values[answers.text("_kind")]
    words = field_values.plain(value) if isinstance(value, int | float) else str(value)
    new = hide_identity(words)
    if answers.text("_kind") == "addition":
        new = f"{answers.text('_seen')}；{new}"
    if len(new) > (limit := field_values.longest(spec)):
        facts = {"count": f"{len(new):,}", "limit": f"{limit:,}"}
        return update_basket.show(
            ctx, str(found.dossier.id), ctx.t(field_values.TOO_LONG, **facts)
        )
    remarks = (ctx.t(identity.DELETE),) if new != words else ()
    return _take(ctx, found, {spec.id: new}, answers.text("_seen"), remarks)


def _take(
    ctx: Context, found: Target, values: dict[str, str], seen: str, remarks: tuple[str, ...] = ()
) -> Reply:
    """Gather values; the first of them stands over what the card showed."""
    present = {field: found.present(field) for field in values}
    present[next(iter(values))] = seen
    changes.gather(ctx.unit, ctx.person.id, found.dossier.id, values, present)
    return update_basket.show(ctx, str(found.dossier.id), *remarks, *_same(ctx, found, values))


def _same(ctx: Context, found: Target, values: dict[str, str]) -> list[str]:
    """Return what was said that the dossier says already."""
    return [
        ctx.t(SAME, label=field_values.label(found.specs[field], ctx.texts))
        for field, new in values.items()
        if new == found.present(field)
    ]


def pick(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take a choice."""
    chosen = _field(ctx, arguments)
    if isinstance(chosen, Reply):
        return chosen
    found, spec = chosen
    offered = field_values.choices(spec, ctx.texts)
    at = page_of(arguments, 2)
    if found.refusal(spec) or spec.id == CONSENT or at >= len(offered):
        return Reply(alert=ctx.t(NO_FIELD))
    return _take(ctx, found, {spec.id: offered[at].key}, found.present(spec.id))


def consent(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take what is said about consent; given, it needs its evidence. Rule: S3-PROTO.2.1b."""
    found = target(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    said = arguments[1] if len(arguments) > 1 else ""
    if said in (opening.NOT_GIVEN, opening.NOT_NEEDED):
        return _take(ctx, found, {CONSENT: said}, found.present(CONSENT))
    about = ctx.t(LINE, label=ctx.t(N_("Consent")), value=opening.consent_rule(found.policy))
    return _question(ctx, found, "consent", about, CONSENT)


def _consented(ctx: Context, found: Target, answers: Answers) -> Reply:
    values = {CONSENT: opening.GIVEN, CONSENT_ON: answers.text("given_on")}
    reply = _take(ctx, found, values, answers.text("_seen"))
    gathered = changes.draft_of(ctx.unit, ctx.person.id, found.dossier.id)
    if gathered is not None:
        attachments.attach(ctx.unit, answers.files("files"), FILES, gathered.id)
    return reply


ASKING = Feature(key="updating", title=FORM.title, form=FORM, submit=answered)


def feature(review: Review) -> Feature:
    """Return the feature; `review` says who decides on what is handed in."""
    return Feature(
        key="update",
        title=FORM.title,
        command="update",
        words=("更新",),
        open=show,
        actions={
            "new": start,
            "open": open_one,
            "note": from_note,
            "fields": list_fields,
            "field": ask,
            "pick": pick,
            "consent": consent,
            "rows": update_basket.list_rows,
            "drop": update_basket.drop,
            "mine": update_basket.mine,
            "history": update_basket.past,
            "discard": update_basket.discard,
            "source": partial(update_basket.take_source, review),
            "submit": partial(update_basket.submit, review),
        },
    )
