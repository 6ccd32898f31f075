"""The label of a dossier whose customer has another name: replaced on the shelf, and confirmed.

The bot cannot see the shelf, so the task is reminded of until somebody says that it is done. Who
keeps the shelf is a post: whoever holds it now hears of the task and confirms it (S1-02.5).
"""

from __future__ import annotations

from functools import partial

from handlers import ladders, seeing
from handlers.context import Context
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.conversation.wording import LINE
from handlers.feature import Clockwork, Feature
from handlers.ladders import Case
from handlers.pages import to_today
from handlers.texts import N_, Texts
from rules.absences import put_off
from rules.access import Sight
from rules.deadlines import Deadline, deadline
from rules.policy import Policy
from rules.reminders import Due, StepKind
from rules.upkeep import LabelPolicy
from storage import dossier_fields, dossiers, ledger, staff
from storage import labels as stored
from storage.dossiers import Dossier
from storage.labels import LabelTask
from storage.staff import Person

KIND = "label"

FIELD = "label_name"
"""Field of a dossier that says what its label bears, where the policy has it."""

TITLE = N_("Replace the label")
LIST = N_("Labels to replace")
WAITING = N_("Labels to replace ({count})")
TASK = N_("{customer}: the label on the file is to bear the customer's present name ({rule}).")
UNTIL = N_("By {until}")
OVERDUE = N_("Label not replaced in time")
ESCALATED = N_(
    "{customer}: the label was to be replaced by {until} ({rule}); {name} has not said so."
)
PLACE = N_("Place of the file")
DONE = N_("Label replaced")
CONFIRMED = N_("Noted: the label of {customer} is replaced ({rule}).")
BEFORE = N_("{name} has said already that it is replaced.")
NONE = N_("No label waits to be replaced.")
PICK = N_("Open one when its label is replaced.")
GONE = N_("This task is not there, or not yours.")


# -- beginning ---------------------------------------------------------------------------------


def renamed(ctx: Context, dossier: Dossier) -> None:
    """Ask who keeps the shelf for another label; nothing where the policy asks for none.

    Rule: S1-02.5.
    """
    label = _policy(ctx, dossier).update.label
    if label is None or dossier.state == "draft":
        return
    task_id = stored.begin(ctx.unit, dossier.id, label.keeper, ctx.at)
    if task_id is None:
        return
    ctx.record("label.asked", f"dossier:{dossier.id}", label.duty.due.rule)
    watch(ctx, task_id)
    task = stored.get(ctx.session, task_id)
    assert task is not None  # noqa: S101 - written in this very unit
    for reader in _keepers(ctx, task, dossier):
        if reader.id != ctx.person.id:
            card = partial(_card, ctx, task, dossier, reader)
            ctx.tell(reader.id, card, f"label:{task_id}:{reader.id}")


def _keepers(ctx: Context, task: LabelTask, dossier: Dossier) -> list[Person]:
    """Return who keeps the shelf now; where nobody holds the post, the dossier's keeper."""
    ids = staff.holders(ctx.session, task.role) or (dossier.keeper,)
    people = [one for one in (staff.get(ctx.session, id_) for id_ in ids) if one]
    return [one for one in people if seeing.view(ctx, dossier, one).sight is not Sight.NONE]


def _policy(ctx: Context, dossier: Dossier) -> Policy:
    return seeing.policy_of(ctx, seeing.Subject.of(dossier))


# -- looking and confirming --------------------------------------------------------------------


def count(ctx: Context) -> int:
    """Return how many labels this person has to replace."""
    roles = ctx.person.roles
    return stored.count_open(ctx.session, roles) if roles else 0


def show(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    """List the labels to replace, the longest waiting first."""
    tasks = stored.open_of(ctx.session, ctx.person.roles, MAX_CHOICES)
    buttons = []
    for task in tasks:
        dossier = _dossier(ctx, task)
        customer = " ".join(filter(None, (dossier.number, seeing.customer(ctx, dossier))))
        buttons.append(Button(customer, f"f.label.open.{task.id}"))
    return Reply.of(
        Card(
            ctx.t(PICK if tasks else NONE),
            title=ctx.t(LIST),
            choices=tuple(buttons),
            nav=(to_today(ctx.texts),),
        )
    )


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    found = _own(ctx, arguments[0])
    if found is None:
        return Reply(alert=ctx.t(GONE))
    return Reply.of(_card(ctx, *found, ctx.person, ctx.texts))


def confirm(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Note that the label bears the present name. Rule: S1-02.5."""
    found = _own(ctx, arguments[0])
    if found is None:
        return Reply(alert=ctx.t(GONE))
    task, dossier = found
    if not stored.done(ctx.unit, task.id, ctx.person.id, ctx.at):
        said = stored.get(ctx.session, task.id) or task
        done = staff.get(ctx.session, said.done_by)
        return Reply(alert=ctx.t(BEFORE, name=done.name if done else said.done_by))
    policy, rule = _policy(ctx, dossier), _rule(ctx, dossier)
    if FIELD in {spec.id for spec in policy.dossier.every_field}:
        values = {FIELD: dossier.name}
        dossier_fields.write(ctx.unit, dossier.id, values, policy.dossier.key)
    ledger.unwatch(ctx.unit, KIND, task.id)
    ctx.record("label.replaced", f"dossier:{dossier.id}", rule)
    text = ctx.t(CONFIRMED, customer=seeing.customer(ctx, dossier), rule=rule)
    more = count(ctx)
    choices = (Button(ctx.t(WAITING, count=more), "f.label.list"),) if more else ()
    return Reply.of(Card(text, choices=choices, nav=(to_today(ctx.texts),)))


def _own(ctx: Context, words: str) -> tuple[LabelTask, Dossier] | None:
    """Return a task that this person may confirm, with its dossier."""
    task = stored.get(ctx.session, int(words)) if words.isdecimal() else None
    if task is None:
        return None
    dossier = _dossier(ctx, task)
    if ctx.person.id not in {one.id for one in _keepers(ctx, task, dossier)}:
        return None
    return task, dossier


def _dossier(ctx: Context, task: LabelTask) -> Dossier:
    dossier = dossiers.get(ctx.unit, task.dossier_id)
    assert dossier is not None  # noqa: S101 - the task refers to it
    return dossier


def _rule(ctx: Context, dossier: Dossier) -> str:
    label = _policy(ctx, dossier).update.label
    return label.duty.due.rule if label else "S1-02.5"


def _card(ctx: Context, task: LabelTask, dossier: Dossier, reader: Person, texts: Texts) -> Card:
    customer = " ".join(filter(None, (dossier.number, seeing.customer(ctx, dossier, reader))))
    rule = _rule(ctx, dossier)
    lines = [texts.t(TASK, customer=customer, rule=rule)]
    if dossier.location and seeing.view(ctx, dossier, reader).content:
        lines.append(texts.t(LINE, label=texts.t(PLACE), value=dossier.location))
    until = _until(ctx, task, dossier)
    lines += [texts.t(UNTIL, until=texts.last_minute(until))] if until else []
    return Card(
        "\n".join(lines),
        title=texts.t(TITLE),
        choices=(
            Button(texts.t(DONE), f"f.label.done.{task.id}"),
            Button(texts.t(N_("Customer")), f"f.find.card.{dossier.id}"),
            Button(texts.t(N_("Clause")), f"f.help.clause.{rule}"),
        ),
        columns=2,
    )


# -- the clock ---------------------------------------------------------------------------------


def _until(ctx: Context, task: LabelTask, dossier: Dossier) -> Deadline | None:
    label = _policy(ctx, dossier).update.label
    keepers = _keepers(ctx, task, dossier)
    return _deadline(ctx, task, label, keepers[0]) if label and keepers else None


def _deadline(ctx: Context, task: LabelTask, label: LabelPolicy, owner: Person) -> Deadline:
    """Return until when a label is to be replaced; leave of who keeps the shelf puts it off."""
    time, day = ctx.policy.time, ctx.policy.time.office_day(task.begun_at)
    due = deadline(day, label.duty.due, time.rules, ctx.calendar)
    away = ladders.absences(ctx, owner.id, day)
    return put_off(due, label.duty.due, away, time.rules, ctx.calendar)


def _case(ctx: Context, task: LabelTask) -> Case | None:
    """Return the ladder of an open task; None: nobody is to hear of it."""
    dossier = _dossier(ctx, task)
    label, keepers = _policy(ctx, dossier).update.label, _keepers(ctx, task, dossier)
    if task.done_at is not None or label is None or not keepers:
        return None
    owner = next((one for one in keepers if one.home_account), keepers[0])
    until = _deadline(ctx, task, label, owner)
    day = ctx.policy.time.office_day(task.begun_at)
    anchor = ctx.policy.time.anchor(day, until, ctx.calendar)
    ladder = label.duty.ladder(ladders.OWNER)
    return Case(KIND, task.id, owner.id, ladder, anchor, task.begun_at)


def watch(ctx: Context, task_id: int) -> None:
    """Set the clock of a task to its next rung, or stop it when it is done."""
    task = stored.get(ctx.session, task_id)
    case = _case(ctx, task) if task else None
    if case is None:
        ledger.unwatch(ctx.unit, KIND, task_id)
    else:
        ladders.watch(ctx, case)


def hears(ctx: Context, task_id: int, rung: str) -> str | None:
    """Return who is to hear a rung of a task as things are now."""
    task = stored.get(ctx.session, task_id)
    case = _case(ctx, task) if task else None
    return ladders.hears(ctx, case, rung) if case else None


def notice(ctx: Context, task_id: int, rung: str, key: str) -> Card | None:
    """Render the rung of a task that is about to be sent, late ones folded into it."""
    task = stored.get(ctx.session, task_id)
    case = _case(ctx, task) if task else None
    said = ladders.to_say(ctx, case, rung, key) if case else None
    watch(ctx, task_id)
    if task is None or said is None:
        return None
    dossier = _dossier(ctx, task)
    if said.latest.step.kind is StepKind.ESCALATE:
        card = _escalation(ctx, task, dossier, said.latest)
    else:
        card = _card(ctx, task, dossier, ctx.person, ctx.texts)
    return ladders.with_held_up(ctx, card, said)


def _escalation(ctx: Context, task: LabelTask, dossier: Dossier, due: Due) -> Card:
    keepers, until = _keepers(ctx, task, dossier), _until(ctx, task, dossier)
    text = ctx.t(
        ESCALATED,
        customer=seeing.customer(ctx, dossier),
        until=ctx.texts.last_minute(until) if until else "",
        rule=due.step.rule,
        name=keepers[0].name if keepers else task.role,
    )
    clause = Button(ctx.t(N_("Clause")), f"f.help.clause.{due.step.rule}")
    return Card(text, title=ctx.t(OVERDUE), choices=(clause,))


FEATURE = Feature(
    key="label",
    title=TITLE,
    actions={"list": show, "open": open_one, "done": confirm},
    clocks={KIND: Clockwork(notice, watch, hears)},
)
