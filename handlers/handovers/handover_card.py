"""The one card of a handover, drawn for whoever reads it: what, from whom to whom, until when.

Both ends see the same countdown and how the day was counted; everybody gets only the buttons that
would act now, and every copy follows. The trap is what people wrote about a graded dossier: it is
left out where the reader's chat may not show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial

from handlers import live_cards, seeing
from handlers.approvals import case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card, Reply, Show
from handlers.handovers import handover_access, handover_given, handover_words
from handlers.handovers.handover_access import Act
from handlers.loans import loan_words
from handlers.texts import N_, Texts
from rules.access import Sight
from rules.handovers import HandoverState, ItemState, LegState
from storage import handovers, staff
from storage.handovers import Handover, Leg
from storage.staff import Person

NOT_THERE = N_("There is no such handover, or it is not for you to see.")
NOT_YOURS = N_("That is not for you to do with this handover.")
AS_IT_IS = N_("That cannot be done any more; here is how it stands.")

HEADER = N_("Handover · {number}")
ABOUT = N_("{kind}: {subject}")
BEGAN = N_("{event}: {day}")
GIVER = N_("Handed over by: {name} ({department})")
RECEIVER = N_("Signed for by: {names}")
WITNESS = N_("Witness: {names}")
DUE = N_("Due {until}: {counted}")
HANDED = N_("Handed over {moment} by {name}")
SIGNED = N_("Signed for {moment} by {name}")
WITNESSED = N_("Witnessed {moment} by {name}")
LEG = N_("{n}. {giver} → {receiver}: {state}")
LIST = N_("Papers: {said} of {count} filled in")
MISSING = N_("Missing: {names}")
MORE = N_("{names} and {count} more")
GAPS = N_("Still to be supplied: {count}")
REMARK = N_("Remark: {words}")
CONTACT = N_("Contact of this visit: {words}")
PLACE = N_("Lies in: {place}")
RULE = N_("Under {rule}")

PAPERS, HAND, TAKE_BACK = N_("Papers list"), N_("Hand them over"), N_("Take back")
SIGN, WITNESS_IT, SETTLE, SHELVE = (
    N_("Count and sign"),
    N_("Witness"),
    N_("Settle it"),
    N_("Shelve"),
)
LATER, MOVE, CANCEL = N_("More time"), N_("Other day"), N_("Cancel handover")
PASS_ON, CONTENTS = N_("Other giver"), N_("Contents list")
GAP_LIST, CUSTOMER, CLAUSE = N_("Missing papers"), N_("Customer"), N_("Clause")
_SHOWN = 4
"""Missing papers that are named on a card."""


def slot(handover_id: int) -> str:
    """Return the name under which a handover's card is redrawn, in every chat that has one."""
    return f"handover.{handover_id}"


# -- showing, telling, redrawing ---------------------------------------------------------------


def show(ctx: Context, held: Handover, *, lead: str = "") -> Show:
    """Return the card for who acts: in place of the tapped copy, else as a new one."""
    drawn = card(ctx, held, here(ctx), ctx.texts, lead=lead)
    return live_cards.show(ctx, drawn, slot(held.id))


def shown(ctx: Context, held: Handover, lead: str = "", *, alert: str = "") -> Reply:
    """Answer with the card as it is now."""
    return Reply((show(ctx, held, lead=lead),), alert=alert)


def as_it_is(ctx: Context, held: Handover) -> Reply:
    return shown(ctx, held, ctx.t(AS_IT_IS))


def refused(ctx: Context, held: Handover | None) -> Reply:
    """Answer a press that is not for who acts: what does not concern them is not there."""
    if held is None:
        return Reply(alert=ctx.t(NOT_THERE))
    return shown(ctx, held, alert=ctx.t(NOT_YOURS))


def tell(
    ctx: Context, held: Handover, staff_id: str, lead: str, what: str, **facts: object
) -> None:
    """Send the card to somebody as a new message; `lead` (N_) says why, with its facts.

    Days among the facts are written in the reader's language. `what` names the occasion: once
    for each version of the handover.
    """
    reader = staff.get(ctx.session, staff_id)
    if reader is None or not reader.active:
        return

    def drawn(texts: Texts) -> Card:
        said = {
            key: texts.day(one, ctx.today) if isinstance(one, date) else one
            for key, one in facts.items()
        }
        return card(ctx, held, reader, texts, lead=texts.t(lead, **said))

    key = f"handover:{held.id}:{held.rev}:{what}:{staff_id}"
    ctx.tell(staff_id, drawn, key, slot=slot(held.id))


def redraw(ctx: Context, held: Handover, *, but: Iterable[str] = ()) -> None:
    """Let every copy of the card show what is so now, on every messenger of those concerned.

    What is answered to who acts does already; `but`: who was just sent a new card.
    """
    live_cards.redraw(
        ctx,
        handover_access.concerned(ctx, held),
        partial(card, ctx, held),
        slot=slot(held.id),
        key=f"handover:{held.id}:{held.rev}",
        but=but,
    )


# -- drawing -----------------------------------------------------------------------------------


def card(ctx: Context, held: Handover, reader: Person, texts: Texts, *, lead: str = "") -> Card:
    """Return the card of a handover for a reader who may know of it; else that it is not there."""
    acts = handover_access.may(ctx, held, reader)
    if not acts:
        return Card(texts.t(NOT_THERE))
    legs = handovers.legs(ctx.unit, held.id)
    leg = legs[held.leg - 1]
    lines = [
        lead,
        handover_words.state(ctx, held, leg, texts),
        *_what(ctx, held, reader, texts),
        *_sides(ctx, held, leg, texts),
        *_when(ctx, held, leg, texts),
        *(_legs(ctx, legs, texts) if len(legs) > 1 else ()),
        *_papers(ctx, held, texts),
        *_rest(ctx, held, leg, reader, texts),
        texts.t(RULE, rule=handover_access.row_of(ctx, held).rule),
    ]
    return Card(
        "\n".join(filter(None, lines)),
        title=title(held, texts),
        choices=tuple(_buttons(ctx, held, acts, reader, texts)),
        columns=2,
        protect=True,
    )


def title(held: Handover, texts: Texts) -> str:
    """Return what every message about a handover is headed with."""
    return texts.t(HEADER, number=held.number)


def _what(ctx: Context, held: Handover, reader: Person, texts: Texts) -> Iterator[str]:
    row = handover_access.row_of(ctx, held)
    about = handover_words.subject(ctx, held, reader)
    yield texts.t(ABOUT, kind=handover_words.kind(row, texts), subject=about)
    if held.contact and handover_words.readable(ctx, held, reader):
        yield texts.t(CONTACT, words=held.contact)
    day = texts.day(held.started_on, ctx.today)
    yield texts.t(BEGAN, event=handover_words.event(row, texts), day=day)


def _sides(ctx: Context, held: Handover, leg: Leg, texts: Texts) -> Iterator[str]:
    giver = leg.giver or held.giver
    name = case_texts.name(ctx, giver)
    yield texts.t(GIVER, name=name, department=held.department)
    if leg.signed_at is None:
        people = handover_access.receivers(ctx, held, leg)
        yield texts.t(RECEIVER, names=handover_words.names(ctx, people, texts))
    if leg.witness_role and leg.witnessed_at is None:
        people = handover_access.witnesses(ctx, held, leg)
        yield texts.t(WITNESS, names=handover_words.names(ctx, people, texts))


def _when(ctx: Context, held: Handover, leg: Leg, texts: Texts) -> Iterator[str]:
    """Yield until when and how that was counted, and who did what when."""
    if leg.due_on is not None and leg.due_at is not None and held.open:
        until = loan_words.until(ctx, leg.due_on, leg.due_at, texts)
        yield texts.t(DUE, until=until, counted=handover_words.counted(ctx, held, leg, texts))
    if leg.handed_at is not None:
        moment = texts.moment(leg.handed_at)
        yield texts.t(HANDED, moment=moment, name=handover_words.handed_by(ctx, leg, texts))
    for words, at, who in (
        (SIGNED, leg.signed_at, leg.receiver),
        (WITNESSED, leg.witnessed_at, leg.witness),
    ):
        if at is not None:
            yield texts.t(words, moment=texts.moment(at), name=case_texts.name(ctx, who))


def _legs(ctx: Context, legs: tuple[Leg, ...], texts: Texts) -> Iterator[str]:
    for one in legs:
        giver = case_texts.name(ctx, one.giver) if one.giver else "…"
        receiver = case_texts.name(ctx, one.receiver) if one.receiver else ""
        state = texts.t(handover_words.LEGS[LegState(one.state)])
        role = receiver or handover_words.role(one.receiver_role, texts)
        yield texts.t(LEG, n=one.n, giver=giver, receiver=role, state=state)


def _papers(ctx: Context, held: Handover, texts: Texts) -> Iterator[str]:
    """Yield how much of the list is filled in, and what is missing."""
    found = handover_given.lines(ctx, held)
    if not found or held.state == HandoverState.CANCELLED:
        return
    far = handover_given.progress(ctx, held, found)
    yield texts.t(LIST, said=far.said, count=far.total)
    absent = [one.title(texts) for one in found if one.item.state == ItemState.ABSENT]
    if absent:
        shown_here = listed(absent[:_SHOWN], texts)
        more = len(absent) - _SHOWN
        some = texts.t(MORE, names=shown_here, count=more) if more > 0 else shown_here
        yield texts.t(MISSING, names=some)
    if held.gaps:
        yield texts.t(GAPS, count=held.gaps)


def _rest(ctx: Context, held: Handover, leg: Leg, reader: Person, texts: Texts) -> Iterator[str]:
    readable = handover_words.readable(ctx, held, reader)
    if leg.remark and readable:
        yield texts.t(REMARK, words=leg.remark)
    if held.location and readable:
        yield texts.t(PLACE, place=handover_words.place(ctx, held, texts))


# -- buttons -----------------------------------------------------------------------------------

_OF_ACTS = (
    (Act.GIVE, PAPERS, "f.handover.papers"),
    (Act.GIVE, HAND, "f.sign.hand"),
    (Act.SIGN, SIGN, "f.sign.receive"),
    (Act.WITNESS, WITNESS_IT, "f.sign.witness"),
    (Act.SETTLE, SETTLE, "f.sign.settle"),
    (Act.TAKE_BACK, TAKE_BACK, "f.sign.back"),
    (Act.SHELVE, SHELVE, "f.sign.shelve"),
    (Act.REPLACE, PASS_ON, "f.sign.pass"),
)
"""What can be done, the likeliest first."""


def _buttons(
    ctx: Context, held: Handover, acts: frozenset[Act], reader: Person, texts: Texts
) -> Iterator[Button]:
    """Yield what the reader can do now, the likeliest first, and the ways on."""
    keys = [(label, key) for act, label, key in _OF_ACTS if act in acts]
    if Act.SHELVE in acts and held.shelved_at is not None:
        keys = [(CONTENTS, "f.sign.contents")]
    if Act.GIVE not in acts:
        keys.append((PAPERS, "f.handover.papers"))
    if held.gaps:
        keys.append((GAP_LIST, "f.gap.list"))
    if Act.GIVE in acts and _put_off(ctx, held):
        keys.append((LATER, "f.late.ask"))
    if Act.MOVE in acts:
        keys.append((MOVE, "f.handover.move"))
    for label, key in keys:
        _, name, verb = key.split(".")
        feature = ctx.registry.by_key.get(name)
        if feature is not None and verb in feature.actions:
            yield Button(texts.t(label), f"{key}.{held.id}")
    dossier = handover_words.dossier_of(ctx, held)
    if dossier is not None and seeing.view(ctx, dossier, reader).sight is Sight.FULL:
        yield Button(texts.t(CUSTOMER), f"f.find.card.{dossier.id}")
    yield Button(texts.t(CLAUSE), f"f.help.clause.{handover_access.row_of(ctx, held).rule}")
    if Act.CANCEL in acts:
        yield Button(texts.t(CANCEL), f"f.handover.cancel.{held.id}")


def _put_off(ctx: Context, held: Handover) -> bool:
    """Return whether the policy lets a day be put off. Rule: S4-LOAN.4.5b."""
    rows = handover_access.policy_of(ctx, held).approval
    return any(one.action == "late_handover" for one in rows)
