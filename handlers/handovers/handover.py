"""/handover 移交: the clock of papers starts with one line, with a form, or from the list.

Who may start what follows from the posts that the packs name; nobody else learns that there is
such a thing. A day to come is kept and brought back on that day; the same thing twice in a day is
shown before it is opened again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from handlers import seeing
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import PREFILLED, Answers
from handlers.conversation.messages import Button, Card, Reply
from handlers.conversation.talk import button_key
from handlers.feature import Feature
from handlers.handovers import (
    handover_acts,
    handover_card,
    handover_form,
    handover_line,
    handover_open,
    handover_papers,
    handover_words,
    handovers,
)
from handlers.handovers.handover_open import Start
from handlers.loans import loan_words
from handlers.pages import SIZE, beside, page_of
from handlers.texts import N_, Texts
from rules.errors import DomainError
from rules.handover_days import leg_deadline
from rules.handover_policy import HandoverPolicy
from rules.hours import instant
from rules.policies import Governed
from rules.policy import Policy
from storage import conversations, loose, staff
from storage import handovers as stored
from storage.staff import Person

NOT_WRITTEN = "0"
"""In the key of a page of kinds: nothing was written before."""
_NUMBER = re.compile(r"移-\d{4}-\d+")
TITLE = N_("Hand papers over")
STARTED = N_("The clock runs.")
WHICH = N_("What was it? The time and the list of papers follow from it.")
NOTHING = N_("There is nothing for you to start here.")
NOT_YOURS = N_("This kind of papers is not for you to hand over.")
NOT_OPEN = N_("This customer's dossier is no longer open to you. Nothing was started.")
NOT_GIVER = N_("{name} does not hand over such papers. Nothing was started.")
NOT_FORCED = N_(
    "Without a contact person of this visit only a superior of {name} can start it ({rule}). "
    "Nothing was started."
)
THERE_IS = N_("There is one of the same day already: {number}. Is this another job?")
NOT_AGAIN = N_("Nothing was opened twice; this is the one there is.")
UNCOUNTED = N_("The days cannot be counted so far ahead; please check the date.")
DUE = N_("To be handed over by {until}: {counted} ({rule})")
LATE = N_("That is over already: it is late from the start.")
TO_COME = N_("{day} is still to come: nothing runs before it has happened.")
REMINDED = N_("Kept. On {day} at {clock} you are reminded; start it when it has happened.")
TODAY_IT_IS = N_("Has it happened? {subject}: then start the clock.")
GO_ON = N_("Continue")
ALREADY_SORTED = N_("This was sorted already.")


class Startable(msgspec.Struct, frozen=True):
    """A kind of papers that somebody may start the clock of."""

    pack: str
    row: HandoverPolicy
    own: bool
    """Whether they hand over themselves; else for a colleague."""


# -- who may start what ------------------------------------------------------------------------


def startable(ctx: Context) -> tuple[Startable, ...]:
    """Return what who acts may start: what they give themselves, then what others below them give.

    Rule: S1-09.3.2, S1-09.3.3, S1-09.4.1.
    """
    below = {role for one in staff.reports(ctx.session, ctx.person.id) for role in one.roles}
    found: list[Startable] = []
    for part, row in _rows(ctx):
        giver = row.leg[0].giver
        own = giver is None or giver in ctx.person.roles
        if own and (not part.departments or ctx.person.department in part.departments):
            found.append(Startable(part.pack, row, own=True))
        elif giver is not None and (giver in below or _answers_for(ctx.person, row)):
            found.append(Startable(part.pack, row, own=False))
    return tuple(sorted(found, key=lambda one: not one.own))


def _rows(ctx: Context) -> Iterator[tuple[Governed, HandoverPolicy]]:
    """Yield what can be started by somebody, with the part of the company whose rule it is."""
    for part in ctx.policies.governed:
        for row in part.on(ctx.today).handover:
            if not row.start.periodic:
                yield part, row


def _answers_for(person: Person, row: HandoverPolicy) -> bool:
    """Return whether a person answers for the givers, or keeps the archive."""
    return bool(person.roles & {row.head, row.leg[-1].receiver})


def _picked(ctx: Context, kind: str) -> Startable | None:
    return next((one for one in startable(ctx) if one.row.id == kind), None)


# -- starting ----------------------------------------------------------------------------------


def show(ctx: Context, words: str) -> Reply:
    """Open what a number names, start what a line says, else list what waits."""
    words = words.strip()
    named = stored.by_number(ctx.session, words.upper()) if words else None
    if named is not None or _NUMBER.fullmatch(words):
        return handover_acts.card(ctx, (str(named or ""),))
    if not words:
        return handovers.show(ctx)
    return heard(ctx, words) or _asked(ctx, words)


def heard(ctx: Context, text: str) -> Reply | None:
    """Start what a line says that begins with a word of the packs, such as 已交车; None: it does
    not, or who wrote it may start nothing of the kind."""
    if all(handover_line.rest_of(row, text) is None for _, row in _rows(ctx)):
        return None
    for one in startable(ctx):
        rest = handover_line.rest_of(one.row, text)
        if rest is not None:
            more = _narrowed(ctx, rest)
            return begin(ctx, *(more or (one, rest)))
    return None


def _narrowed(ctx: Context, rest: str) -> tuple[Startable, str] | None:
    """Return the kind that the next word names more closely: 「维修完工 首保 沪A12345」."""
    for one in startable(ctx):
        after = handover_line.rest_of(one.row, rest)
        if after is not None:
            return one, after
    return None


def _asked(ctx: Context, words: str) -> Reply:
    """Ask what happened with what was written; it waits among what is not sorted meanwhile."""
    some = startable(ctx)
    if not some:
        return handovers.show(ctx)
    if len(some) == 1:
        return begin(ctx, some[0], words)
    item = loose.keep(ctx.unit, staff_id=ctx.person.id, body={"text": words}, album="", at=ctx.at)
    ctx.record("loose.kept", f"loose:{item}")
    return kinds(ctx, (str(item),))


def kinds(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask which papers they are; `arguments`: what was written before, and the page."""
    some, written = startable(ctx), arguments[0] if arguments[0] not in ("", NOT_WRITTEN) else ""
    if not some:
        return Reply(alert=ctx.t(NOTHING))
    if len(some) == 1 and not written:
        return begin(ctx, some[0], "")
    page = min(page_of(arguments, 1), (len(some) - 1) // SIZE)
    shown = some[page * SIZE : (page + 1) * SIZE]
    after = f".{written}" if written else ""
    buttons = tuple(
        Button(handover_words.kind(one.row, ctx.texts), f"f.handover.kind.{one.row.id}{after}")
        for one in shown
    )
    back = Button(ctx.t(handovers.TITLE), handovers.LIST, back=True)
    more = len(some) > (page + 1) * SIZE
    nav = beside(page, more=more, key=f"f.handover.start.{written or NOT_WRITTEN}", back=back)
    card = Card(ctx.t(WHICH), title=ctx.t(TITLE), choices=buttons, columns=2, nav=nav)
    return Reply.of(card)


def pick(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Start the form of a kind, with what was written before."""
    one = _picked(ctx, arguments[0])
    if one is None:
        return Reply(alert=ctx.t(NOT_YOURS))
    if len(arguments) < 2:
        return begin(ctx, one, "")
    item = loose.get(ctx.unit, int(arguments[1])) if arguments[1].isdecimal() else None
    if item is None or item.staff_id != ctx.person.id or item.state != "open":
        return Reply(alert=ctx.t(ALREADY_SORTED))
    loose.use(ctx.unit, item.id)
    ctx.record("loose.used", f"loose:{item.id}")
    return begin(ctx, one, str(item.body.get("text", "")))


def begin(ctx: Context, one: Startable, words: str) -> Reply:
    """Start the form of a kind of papers with what a line says."""
    given = handover_form.carried(ctx, one.pack, one.row, own=one.own)
    values = handover_line.read(ctx, one.row, words) if words else {}
    if not one.own:
        values.pop(runner.WORDS, None)  # the first picker asks for the colleague
    if words and "day" not in values:
        values["day"] = ctx.today.isoformat()
        values[PREFILLED] = {"day": values["day"]}
    return runner.start(ctx, STARTING, Answers({**given, **values}), at_review=bool(words))


# -- the review --------------------------------------------------------------------------------


def review(ctx: Context, answers: Answers) -> str:
    """Say until when the papers are due, counted from the day that was named. Rule: S1-09.4.1."""
    one, day = _picked(ctx, answers.text(handover_form.KIND)), answers.day("day")
    if one is None or day is None:
        return ""
    if day > ctx.today:
        return ctx.t(TO_COME, day=ctx.texts.day(day, ctx.today))
    said = due_line(ctx, _policy(ctx, one.pack), one.row, day, ctx.texts)
    return said or ctx.t(UNCOUNTED)


def due_line(ctx: Context, policy: Policy, row: HandoverPolicy, day: date, texts: Texts) -> str:
    """Return until when papers of an event of that day are due; empty: it cannot be counted."""
    try:
        due = leg_deadline(row, 0, day, policy.time, ctx.calendar, opened_at=ctx.at)
    except DomainError:  # no calendar reaches so far
        return ""
    until = loan_words.until(ctx, due.last_day, due.instant, texts)
    counted = loan_words.counted(due, row.leg[0].duty.due, texts)
    line = texts.t(DUE, until=until, counted=counted, rule=due.rule)
    return f"{line}\n{texts.t(LATE)}" if due.instant <= ctx.at else line


def _policy(ctx: Context, pack: str) -> Policy:
    part = next((one for one in ctx.policies.governed if one.pack == pack), None)
    return part.on(ctx.today) if part else ctx.policy


# -- what the form leads to --------------------------------------------------------------------


def submit(ctx: Context, answers: Answers) -> Reply:
    """Start the clock, or keep what is still to come. Rule: S1-09.4.1, S1-09.5.3, C-09."""
    one, day = _picked(ctx, answers.text(handover_form.KIND)), answers.day("day")
    if one is None or day is None:
        return Reply.of(Card(ctx.t(NOT_YOURS)))
    if day > ctx.today:
        return _remember(ctx, answers, day)
    start = _start(ctx, answers, one, day)
    if isinstance(start, str):
        return Reply.of(Card(start))
    before = handover_open.alike(ctx, start)
    if before is not None and not answers.flag("again"):
        return _same_day(ctx, answers, before)
    if not due_line(ctx, _policy(ctx, one.pack), one.row, day, ctx.texts):
        return Reply.of(Card(ctx.t(UNCOUNTED)))
    held = handover_open.open_(ctx, start)
    return handover_card.shown(ctx, held, ctx.t(STARTED))


def _same_day(ctx: Context, answers: Answers, before: stored.Handover) -> Reply:
    """Show the one there is, and ask whether this is another job."""
    if answers.values.get("again") is False:
        return handover_card.shown(ctx, before, ctx.t(NOT_AGAIN))
    seen = handover_card.shown(ctx, before, ctx.t(THERE_IS, number=before.number))
    values = {**answers.values, handover_form.ALIKE: before.number}
    return seen.plus(runner.start(ctx, STARTING, Answers(values), at_review=True))


def _start(ctx: Context, answers: Answers, one: Startable, day: date) -> Start | str:
    """Return what is to be started, or why it is not."""
    giver = _giver(ctx, answers, one)
    if isinstance(giver, str):
        return giver
    forced = answers.text("forced")
    rule = one.row.contact_rule
    if forced and not _above(ctx, one.row, giver):
        return ctx.t(NOT_FORCED, name=giver.name, rule=rule or "")
    customer, dossier_id = answers.option("customer"), None
    plate = handover_line.plain(answers.text("plate"))
    named = "" if customer is None or customer.key else customer.label
    if customer is not None and customer.key:
        dossier = seeing.reachable(ctx, customer.key)
        if dossier is None:
            return ctx.t(NOT_OPEN)
        dossier_id = dossier.id
    elif customer is not None:
        known = handover_line.fitting(ctx, plate, customer.label)
        dossier_id = known.id if known else None
    matter = answers.text("matter")
    subject = " ".join(filter(None, (plate, matter, named)))
    second = answers.option("second")
    contact = " ".join(filter(None, (answers.text("contact"), answers.text("number"))))
    return Start(
        pack=one.pack,
        row=one.row,
        giver=giver,
        subject=subject,
        key=plate or matter,
        day=day,
        dossier_id=dossier_id,
        second=second.key if second else "",
        contact=contact,
        forced=forced,
    )


def _giver(ctx: Context, answers: Answers, one: Startable) -> Person | str:
    """Return who hands over: who acts, or the colleague named, if such papers are theirs."""
    if one.own and not answers.text(handover_form.OTHER):
        return ctx.person
    option = answers.option("giver")
    person = staff.get(ctx.session, option.key) if option else None
    if person is None or not person.active or one.row.leg[0].giver not in person.roles:
        return ctx.t(NOT_GIVER, name=option.label if option else "")
    return person


def _above(ctx: Context, row: HandoverPolicy, giver: Person) -> bool:
    """Return whether who acts is a superior of the giver. Rule: S1-09.5.3."""
    if ctx.person.id == giver.id:
        return False
    return row.head in ctx.person.roles or ctx.person.id in staff.chain(ctx.session, giver.id)


def _remember(ctx: Context, answers: Answers, day: date) -> Reply:
    """Keep what was entered as a draft, and bring it back on the day itself."""
    again = ("day", "remind", "old", PREFILLED)
    values: dict[str, Any] = {key: one for key, one in answers.values.items() if key not in again}
    values[handover_form.TODAY] = day.isoformat()
    runner.start(ctx, STARTING, Answers(values), at_review=False)
    draft = conversations.active(ctx.unit, ctx.person.id)
    assert draft is not None  # noqa: S101 - begun in this very unit
    conversations.park(ctx.unit, draft.id)
    kept = button_key(draft.id, draft.rev, "resume")
    at = instant(day, ctx.policy.time.digest, ctx.policies.zone)
    subject = answers.text("plate") or answers.text("matter")

    def card(texts: Texts) -> Card:
        button = Button(texts.t(GO_ON), kept)
        said = texts.t(TODAY_IT_IS, subject=subject)
        return Card(said, title=texts.t(TITLE), choices=(button,))

    ctx.tell(ctx.person.id, card, f"handover:later:{kept}", after=at)
    said = ctx.t(REMINDED, day=ctx.texts.day(day, ctx.today), clock=ctx.texts.clock(at))
    return Reply.of(Card(said, title=ctx.t(TITLE)))


STARTING = Feature(
    handover_form.FORM.key,
    handover_form.FORM.title,
    form=handover_form.FORM,
    submit=submit,
    review=review,
)

FEATURE = Feature(
    key="handover",
    title=TITLE,
    command="handover",
    words=("移交", "我的移交"),
    open=show,
    actions={
        "start": kinds,
        "kind": pick,
        "card": handover_acts.card,
        **handover_acts.ACTIONS,
        **handover_papers.ACTIONS,
    },
)
