"""The cards of a dossier update: what is gathered, which fields there are, what is in conflict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers import seeing
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import MAX_CHOICES, Button, Card
from handlers.conversation.wording import LABEL_BYTES, LINE, shorten
from handlers.dossiers import change_sets, field_values
from handlers.dossiers.update_target import Target
from handlers.pages import beside
from handlers.texts import N_
from rules.completion import CONSENT, CONSENT_ON
from rules.dossier_policy import Consent
from rules.errors import Denied, Reason
from rules.fields import FieldSpec, field_list
from rules.roles import ROLES
from storage import changes, staff
from storage.changes import ChangeSet, FieldChange

TITLE = N_("Update · {customer}")
PROGRESS = N_("Filled in {filled}/{of} ({lists})")
LIST_PROGRESS = N_("{list} {filled}/{of}")
COMPLETE = N_("Nothing is missing.")
NEXT = N_("Next missing: {label}")
GATHERED = N_("To be changed ({count}):")
FROM_NOTE = N_("From visit note {number}:")

FILL_IN = N_("Fill in: {label}")
OTHERS = N_("Choose a field")
TAKE_OUT = N_("Take one out")
DISCARD = N_("Discard")
CORRECT = N_("As a correction")
HISTORY = N_("Changes so far")

WHICH_FIELD = N_("Which field? Those that are missing come first.")
WHICH_OUT = N_("Which change is to be taken out?")
NO_HISTORY = N_("Nothing has been changed yet.")
PAST = N_("{moment} {label}: {old} → {new} (proposed by {proposer}, decided by {decider}, {rule})")

CONFLICT = N_(
    "{label} was changed meanwhile.\nYou saw: {old}\nNow: {present}\nYours: {new}\nWhich is right?"
)
CONSENT_ASKED = N_(
    "{label} is personal data. First comes the customer's own consent, with evidence ({rule})."
)
CONSENT_REFUSED = N_(
    "The customer has not consented; personal data such as {label} are not kept ({rule})."
)
WHOSE = N_("Whose material do these changes rest on ({rule})?")
CONSENT_TITLE = N_("Consent · {customer}")
HINDERED = {
    "original": N_(
        "{labels}: original papers stay as they are ({rule}). You can add to what is there, write "
        "a remark, or have it corrected where that is provided for."
    ),
    "corrected_only": N_(
        "{labels}: what is there is not replaced by an update ({rule}). An error is reported and "
        "looked at first: submit it as a correction."
    ),
}
REMARK = N_("Write a remark")
ORIGINAL = N_("Original papers: what is there stays ({rule}).")


def basket(ctx: Context, target: Target, remarks: Sequence[str] = ()) -> Card:
    """Return what is gathered, how complete the dossier is, and what can be done next."""
    dossier, gathered = target.dossier, target.gathered
    rows = gathered.rows if gathered else ()
    missing = target.completeness.next
    lines = [*remarks, *([""] if remarks else []), *_progress(ctx, target)]
    lines += _note(ctx, gathered.note_id if gathered else None)
    if gathered and rows:
        lines += ["", ctx.t(GATHERED, count=len(rows))]
        lines += [change_sets.change_line(ctx, target.policy, row, ctx.texts) for row in rows]
        lines += change_sets.also(ctx, target.policy, gathered, ctx.texts)
    buttons = []
    if gathered and rows:
        buttons.append(
            Button(ctx.t(N_("Submit")), f"f.update.submit.{gathered.id}.{gathered.rev}")
        )
        if any(row.old for row in rows) and change_sets.correctable(ctx, dossier):
            key = f"f.correction.plan.{gathered.id}.{gathered.rev}"
            buttons.append(Button(ctx.t(CORRECT), key))
    if missing:
        label = field_values.label(missing, ctx.texts)
        buttons.append(Button(ctx.t(FILL_IN, label=label), field_key(target, missing)))
    buttons.append(Button(ctx.t(OTHERS), f"f.update.fields.{dossier.id}.0"))
    if gathered and rows:
        buttons.append(Button(ctx.t(TAKE_OUT), f"f.update.rows.{dossier.id}"))
        buttons.append(Button(ctx.t(DISCARD), f"f.update.discard.{gathered.id}"))
    else:
        buttons.append(Button(ctx.t(HISTORY), f"f.update.history.{dossier.id}"))
    return Card(
        "\n".join(lines),
        title=title(ctx, target),
        choices=tuple(buttons),
        columns=2,
        nav=(Button(ctx.t(N_("Customer")), f"f.find.card.{dossier.id}", back=True),),
        protect=True,
    )


def title(ctx: Context, target: Target, words: str = TITLE) -> str:
    return ctx.t(words, customer=seeing.customer(ctx, target.dossier))


def field_key(target: Target, spec: FieldSpec) -> str:
    return f"f.update.field.{target.dossier.id}.{spec.id}"


def _progress(ctx: Context, target: Target) -> list[str]:
    done = target.completeness
    chinese = ctx.texts.locale == "zh_CN"
    parts = []
    for one in done.lists:
        named = field_list(one.list)
        name = named.zh if chinese else named.en
        parts.append(ctx.t(LIST_PROGRESS, list=name, filled=one.filled, of=one.of))
    lists = listed(parts, ctx.texts)
    lines = [ctx.t(PROGRESS, filled=done.filled, of=done.of, lists=lists)]
    if done.next is None:
        return [*lines, ctx.t(COMPLETE)]
    return [*lines, ctx.t(NEXT, label=field_values.label(done.next, ctx.texts))]


def _note(ctx: Context, note_id: int | None) -> list[str]:
    """Return what the visit note says from which the changes come, if it may be read here."""
    note = seeing.note(ctx, str(note_id), content=True) if note_id else None
    if note is None or not note.extras.get("facts"):
        return []
    return ["", ctx.t(FROM_NOTE, number=note.number), str(note.extras["facts"])]


def fields(ctx: Context, target: Target, page: int) -> Card:
    """Return one page of the fields, those that are missing first."""
    missing = target.completeness.missing
    absent = {one.id for one in missing}
    rest = [one for one in target.specs.values() if one.id not in absent]
    if target.policy.dossier.consent is Consent.NONE:
        rest = [one for one in rest if one.id not in (CONSENT, CONSENT_ON)]
    else:
        rest = [one for one in rest if one.id != CONSENT_ON]  # asked with the consent itself
    every = [*missing, *rest]
    shown = every[page * MAX_CHOICES : (page + 1) * MAX_CHOICES]
    buttons = []
    for spec in shown:
        value = field_values.shown(
            spec, target.present(spec.id), ctx.texts, ctx.today, masked=True
        )
        words = ctx.t(LINE, label=field_values.label(spec, ctx.texts), value=value)
        label = shorten(" ".join(words.split()), LABEL_BYTES)
        buttons.append(Button(label, field_key(target, spec)))
    more = len(every) > (page + 1) * MAX_CHOICES
    back = Button(ctx.t(N_("Back")), f"f.update.open.{target.dossier.id}", back=True)
    return Card(
        ctx.t(WHICH_FIELD),
        title=title(ctx, target),
        choices=tuple(buttons),
        nav=beside(page, more=more, key=f"f.update.fields.{target.dossier.id}", back=back),
        protect=True,
    )


def about(ctx: Context, target: Target, spec: FieldSpec) -> str:
    """Return what a question about a field says of it: its name and what it holds."""
    present = target.present(spec.id)
    value = field_values.shown(spec, present, ctx.texts, ctx.today, masked=True)
    line = ctx.t(LINE, label=field_values.label(spec, ctx.texts), value=value)
    if not target.sealed(spec):
        return line
    return f"{line}\n{ctx.t(ORIGINAL, rule=target.policy.update.originals_rule)}"


def choose(ctx: Context, target: Target, spec: FieldSpec) -> Card:
    """Return the choices of a field."""
    key = f"f.update.pick.{target.dossier.id}.{spec.id}"
    return Card(
        about(ctx, target, spec),
        title=title(ctx, target),
        choices=tuple(
            Button(one.label, f"{key}.{at}")
            for at, one in enumerate(field_values.choices(spec, ctx.texts))
        ),
        nav=(Button(ctx.t(N_("Back")), f"f.update.open.{target.dossier.id}", back=True),),
        protect=True,
    )


def consent(ctx: Context, target: Target, spec: FieldSpec, denied: Denied) -> Card:
    """Return what has to come before a personal field. Rule: C-52."""
    reason = denied.reasons[0]
    words = CONSENT_REFUSED if reason.code == "consent_refused" else CONSENT_ASKED
    label = field_values.label(spec, ctx.texts)
    return Card(
        ctx.t(words, label=label, rule=reason.rule),
        title=title(ctx, target, CONSENT_TITLE),
        choices=consent_choices(ctx, target),
        nav=(Button(ctx.t(N_("Back")), f"f.update.open.{target.dossier.id}", back=True),),
        protect=True,
    )


def consent_choices(ctx: Context, target: Target) -> tuple[Button, ...]:
    """Return what can be said about the customer's consent."""
    key = f"f.update.consent.{target.dossier.id}"
    buttons = [Button(ctx.t(N_("Consent given")), f"{key}.given")]
    buttons.append(Button(ctx.t(N_("Not consented")), f"{key}.not_given"))
    if target.policy.dossier.consent is Consent.NATURAL_PERSONS:
        buttons.append(Button(ctx.t(N_("No natural person")), f"{key}.not_needed"))
    return tuple(buttons)


def rows(ctx: Context, target: Target) -> Card:
    """Return the gathered changes, to take one out."""
    gathered = target.gathered.rows if target.gathered else ()
    buttons = tuple(
        Button(
            field_values.label(change_sets.spec_of(target.policy, row.field), ctx.texts),
            f"f.update.drop.{target.dossier.id}.{row.field}",
        )
        for row in gathered[:MAX_CHOICES]
    )
    return Card(
        ctx.t(WHICH_OUT),
        title=title(ctx, target),
        choices=buttons,
        nav=(Button(ctx.t(N_("Back")), f"f.update.open.{target.dossier.id}", back=True),),
        protect=True,
    )


def conflict(ctx: Context, target: Target, row: FieldChange, mark: str) -> Card:
    """Return both values of a field that somebody else changed meanwhile."""
    spec = change_sets.spec_of(target.policy, row.field)
    present = target.present(row.field)

    def shown(value: str, *, masked: bool = True) -> str:
        return field_values.shown(spec, value, ctx.texts, ctx.today, masked=masked)

    key = f"{target.dossier.id}.{row.field}"
    return Card(
        ctx.t(
            CONFLICT,
            label=field_values.label(spec, ctx.texts),
            old=shown(row.old),
            present=shown(present),
            new=shown(row.new, masked=False),
        ),
        title=title(ctx, target),
        choices=(
            Button(ctx.t(N_("Keep the present one")), f"f.update.drop.{key}"),
            Button(ctx.t(N_("Take mine")), f"f.update.mine.{key}.{mark}"),
            Button(ctx.t(N_("Write another")), f"f.update.field.{key}"),
        ),
        nav=(Button(ctx.t(N_("Back")), f"f.update.open.{target.dossier.id}", back=True),),
        protect=True,
    )


def hindered(
    ctx: Context,
    target: Target,
    held: ChangeSet,
    why: Mapping[Reason, Sequence[FieldChange]],
) -> Card:
    """Return what may not be written by an update, under which clause, and what can be done."""
    lines = [
        ctx.t(
            HINDERED[reason.code],
            labels=change_sets.labels(target.policy, rows, ctx.texts),
            rule=reason.rule,
        )
        for reason, rows in why.items()
    ]
    buttons = []
    if change_sets.correctable(ctx, target.dossier):
        buttons.append(Button(ctx.t(CORRECT), f"f.correction.plan.{held.id}.{held.rev}"))
    buttons.append(Button(ctx.t(REMARK), f"f.find.note.{target.dossier.id}"))
    buttons.append(Button(ctx.t(TAKE_OUT), f"f.update.rows.{target.dossier.id}"))
    rules = dict.fromkeys(reason.rule for reason in why)
    buttons += [Button(ctx.t(N_("Clause")), f"f.help.clause.{rule}") for rule in rules]
    return Card(
        "\n".join(lines),
        title=title(ctx, target),
        choices=tuple(buttons),
        columns=2,
        nav=(Button(ctx.t(N_("Back")), f"f.update.open.{target.dossier.id}", back=True),),
        protect=True,
    )


def sources(ctx: Context, target: Target, held: ChangeSet) -> Card:
    """Return the question whose material the changes rest on. Rule: S1-01.4."""
    update = target.policy.update
    chinese = ctx.texts.locale == "zh_CN"
    return Card(
        ctx.t(WHOSE, rule=update.sources_rule or update.rule),
        title=title(ctx, target),
        choices=tuple(
            Button(
                ROLES[one].zh if chinese else ROLES[one].en,
                f"f.update.source.{held.id}.{held.rev}.{at}",
            )
            for at, one in enumerate(update.sources)
        ),
        nav=(Button(ctx.t(N_("Back")), f"f.update.open.{target.dossier.id}", back=True),),
        protect=True,
    )


def history(ctx: Context, target: Target) -> Card:
    """Return what was changed in the dossier, the latest first."""
    lines = []
    for by, row in changes.history(ctx.unit, target.dossier.id)[:MAX_CHOICES]:
        spec = change_sets.spec_of(target.policy, row.field)
        assert row.decided_at is not None  # noqa: S101 - it was applied
        lines.append(
            ctx.t(
                PAST,
                moment=ctx.texts.moment(row.decided_at),
                label=field_values.label(spec, ctx.texts),
                old=field_values.shown(spec, row.replaced, ctx.texts, ctx.today, masked=True),
                new=field_values.shown(spec, row.new, ctx.texts, ctx.today, masked=True),
                proposer=_name(ctx, by),
                decider=_name(ctx, row.decided_by),
                rule=row.rule,
            )
        )
    return Card(
        "\n".join(lines) or ctx.t(NO_HISTORY),
        title=title(ctx, target),
        nav=(Button(ctx.t(N_("Back")), f"f.update.open.{target.dossier.id}", back=True),),
        protect=True,
    )


def _name(ctx: Context, staff_id: str) -> str:
    person = staff.get(ctx.session, staff_id)
    return person.name if person else staff_id
