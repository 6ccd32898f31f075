"""移交签字: papers go from hand to hand, each side signs on the same list, up to the archive.

The giver's confirmation carries the platform's time, and that time counts against the deadline,
but only once the other side has countersigned (S1-09.5.1, C-58). The trap is the signature on a
list that was changed a second before: every button is good for one version of the handover.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.handovers import (
    handover_access,
    handover_back,
    handover_card,
    handover_checks,
    handover_clock,
    handover_contents,
    handover_count,
    handover_ends,
    handover_findings,
    handover_given,
    handover_notes,
    handover_passing,
    handover_settling,
    handover_shelf,
    handover_steps,
    handover_words,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_card import shown
from handlers.handovers.handover_checks import Side
from handlers.handovers.handover_steps import instant, moved, tell_all
from handlers.texts import N_
from rules.handovers import GapState, Trigger
from storage import breaches, handovers
from storage.handover_gaps import Gap
from storage.handovers import Handover, Leg

NAMED = 6
"""Lines that are named as still to be answered."""

TITLE = N_("Sign handovers")
NOT_READY = N_("Please answer these lines first: {lines}.")
SUPPLEMENTS = N_("Sent back with supplements that are still to come: {count}. Supply them first.")
WITH_GAPS = N_("Handed over with this missing or not right:")
SURE = N_("Hand over all the same")
FACE_TO_FACE = N_("{number} was handed over to you. Please count and sign.")
WITNESS_IT = N_("{number} is handed over; you are asked to sign as the third.")
HANDED = N_("Handed over {moment}; that time counts once {name} has signed.")
TAKEN_BACK = N_("{name} took it back; nothing was signed.")
BACK_WITH_YOU = N_("Taken back: nothing was signed, all is as before.")
EACH_GAP = N_("Each is put right by {name}, until {until} ({rule}):")
SIGN_SHORT = N_("Sign with these gaps")
NOT_SHORT = N_("Here nothing may be missing: send it back with what is to be supplied ({rule}).")
SHORT_RULE = "S4-LOAN.4.2c"
SIGNED = N_("Signed. It is complete when the others have signed too: {names}.")


# -- the giver ---------------------------------------------------------------------------------


def hand(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Hand over what is on the list; what is missing is shown once more before it.

    Rule: S1-09.4.1, S1-09.4.2, S4-LOAN.4.2a.
    """
    found = handover_steps.mine(ctx, arguments, Act.GIVE)
    if isinstance(found, Reply):
        return found
    held, leg = found
    if why := _unready(ctx, held):
        return shown(ctx, held, why)
    handover_notes.declare(ctx, held)
    noted = handover_notes.noted(ctx, held)
    if noted:
        return _sure(ctx, held, noted)
    return handover_checks.first(ctx, held, Side.HAND) or handed(ctx, held, leg)


def _unready(ctx: Context, held: Handover) -> str:
    """Return what the giver still has to do before handing over; "": nothing."""
    lines = handover_given.lines(ctx, held)
    if unsaid := handover_given.unanswered(ctx, held, lines):
        names = listed([one.title(ctx.texts) for one in unsaid[:NAMED]], ctx.texts)
        return ctx.t(NOT_READY, lines=names)
    waiting = [one for one in handover_notes.unsettled(ctx, held) if one.state == GapState.OPEN]
    return ctx.t(SUPPLEMENTS, count=len(waiting)) if waiting else ""


def _sure(ctx: Context, held: Handover, noted: Sequence[Gap]) -> Reply:
    lines = _described(ctx, held, noted)
    return Reply.of(
        Card(
            "\n".join((ctx.t(WITH_GAPS), *lines)),
            title=held.number,
            choices=(Button(ctx.t(SURE), f"f.sign.sure.{held.id}.{held.rev}"),),
            nav=(Button(ctx.t(N_("Back")), f"f.handover.card.{held.id}", back=True),),
            protect=True,
        )
    )


def _described(ctx: Context, held: Handover, noted: Sequence[Gap]) -> list[str]:
    """Return each line against which something is noted."""
    found = handover_findings.by_item(noted)
    return [
        handover_findings.described(one, ctx.texts, found[one.item.id])
        for one in handover_given.lines(ctx, held)
        if one.item.id in found
    ]


def sure(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Hand over although something is missing or not right."""
    found = handover_steps.mine(ctx, arguments, Act.GIVE)
    if isinstance(found, Reply):
        return found
    held, leg = found
    if why := _unready(ctx, held):
        return shown(ctx, held, why)
    handover_notes.declare(ctx, held)
    return handover_checks.first(ctx, held, Side.HAND) or handed(ctx, held, leg)


def handed(ctx: Context, held: Handover, leg: Leg) -> Reply:
    """Write that the giver has handed over, and ask the others to count and sign.

    Rule: S1-09.5.1, S1-09.4.1, C-58.
    """
    at = instant(ctx, held.opened_at)
    change = {"handed_at": at, "handed_by": ctx.person.id}
    held = moved(ctx, held, Trigger.HAND, leg=change)
    facts = {} if leg.giver == ctx.person.id else {"giver": leg.giver}
    rule = handover_access.row_of(ctx, held).rule
    ctx.record("handover.handed", f"handover:{held.id}", rule, **facts)
    handover_clock.follow(ctx, held)
    leg = handovers.present(ctx.unit, held)
    _in_time(ctx, held, leg)
    third = handover_access.witnesses(ctx, held, leg)
    for one in third:
        handover_card.tell(ctx, held, one, WITNESS_IT, f"witness.{held.rev}", number=held.number)
    signs = handover_access.receivers(ctx, held, leg)
    tell_all(ctx, held, signs, FACE_TO_FACE, f"sign.{held.rev}", but=third, number=held.number)
    names = handover_words.names(ctx, signs, ctx.texts)
    return shown(ctx, held, ctx.t(HANDED, moment=ctx.texts.moment(at), name=names))


def _in_time(ctx: Context, held: Handover, leg: Leg) -> None:
    """Take back a delay that the clock saw before a word arrived that was in time. Rule: C-58."""
    if leg.due_on is not None and not leg.late(ctx.now):
        duty = f"{handover_clock.LEG}:{leg.id}"
        breaches.lift(ctx.unit, held.dossier_id or 0, duty, leg.due_on)


def take_back(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take back what nobody has signed for."""
    found = handover_steps.mine(ctx, arguments, Act.TAKE_BACK)
    if isinstance(found, Reply):
        return found
    held, leg = found
    handover_notes.clear(ctx, held)
    held = moved(ctx, held, Trigger.TAKE_BACK, leg={"handed_at": None, "handed_by": ""})
    ctx.record(
        "handover.taken_back", f"handover:{held.id}", handover_access.row_of(ctx, held).rule
    )
    handover_clock.follow(ctx, held)
    others = (*handover_access.receivers(ctx, held, leg), leg.handed_by)
    tell_all(ctx, held, others, TAKEN_BACK, f"back.{held.rev}", name=ctx.person.name)
    return shown(ctx, held, ctx.t(BACK_WITH_YOU))


# -- the receiver and the third ----------------------------------------------------------------


def sign(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Sign that everything is there as listed. Rule: S1-09.4.1, S4-LOAN.4.6."""
    found = handover_steps.mine(ctx, arguments, Act.SIGN)
    if isinstance(found, Reply):
        return found
    held, leg = found
    if handover_notes.noted(ctx, held):
        return short(ctx, arguments)
    return handover_checks.first(ctx, held, Side.SIGN) or signed(ctx, held, leg)


def short(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show each gap with who puts it right and until when, before it is signed so."""
    found = handover_steps.mine(ctx, arguments, Act.SIGN)
    if isinstance(found, Reply):
        return found
    held, leg = found
    if not leg.into_archive:
        return handover_count.card(ctx, held, leg, ctx.t(NOT_SHORT, rule=SHORT_RULE))
    rule, lines = handover_access.row_of(ctx, held).correction.due.rule, []
    for (owner, day), some in handover_notes.terms(ctx, held).items():
        until = ctx.texts.day(day, ctx.today)
        name = case_texts.name(ctx, owner)
        lines += [ctx.t(EACH_GAP, name=name, until=until, rule=rule)]
        lines += _described(ctx, held, some)
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(handover_count.TITLE, number=held.number),
            choices=(Button(ctx.t(SIGN_SHORT), f"f.sign.gaps.{held.id}.{held.rev}"),),
            nav=(Button(ctx.t(N_("Back")), f"f.sign.receive.{held.id}", back=True),),
            protect=True,
        )
    )


def gaps(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Sign for what is there; each gap gets its owner and its day. Rule: S1-09.4.1, S1-09.5.10."""
    found = handover_steps.mine(ctx, arguments, Act.SIGN)
    if isinstance(found, Reply):
        return found
    held, leg = found
    if not leg.into_archive and handover_notes.noted(ctx, held):
        return handover_count.card(ctx, held, leg, ctx.t(NOT_SHORT, rule=SHORT_RULE))
    return handover_checks.first(ctx, held, Side.SIGN) or signed(ctx, held, leg)


def signed(ctx: Context, held: Handover, leg: Leg) -> Reply:
    """Write the receiver's signature; the leg is done once a third, if any, has signed too.

    Rule: S1-09.4.1, S1-12.4.4, S4-LOAN.4.6.
    """
    others = not leg.witness_role or leg.witnessed_at is not None
    change = {
        "receiver": ctx.person.id,
        "signed_at": instant(ctx, leg.handed_at),
        "complete": not handover_notes.noted(ctx, held),
    }
    held = moved(ctx, held, Trigger.SIGN, witnessed=others, leg=change)
    row = handover_access.row_of(ctx, held)
    ctx.record("handover.signed", f"handover:{held.id}", row.rule_of_signing)
    if others:
        return handover_ends.closed(ctx, held)
    leg = handovers.present(ctx.unit, held)
    third = handover_access.witnesses(ctx, held, leg)
    handover_clock.follow(ctx, held)
    handover_card.redraw(ctx, held)
    names = handover_words.names(ctx, third, ctx.texts)
    return shown(ctx, held, ctx.t(SIGNED, names=names))


def witness(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Sign as the third. Rule: S1-12.4.4, S4-LOAN.5.2b."""
    found = handover_steps.mine(ctx, arguments, Act.WITNESS)
    if isinstance(found, Reply):
        return found
    held, leg = found
    return handover_checks.first(ctx, held, Side.WITNESS) or witnessed(ctx, held, leg)


def witnessed(ctx: Context, held: Handover, leg: Leg) -> Reply:
    """Write the signature of the third; the leg is done once the receiver has signed too."""
    others = leg.signed_at is not None
    change = {"witness": ctx.person.id, "witnessed_at": instant(ctx, leg.handed_at)}
    held = moved(ctx, held, Trigger.WITNESS, witnessed=others, leg=change)
    row = handover_access.row_of(ctx, held)
    ctx.record("handover.witnessed", f"handover:{held.id}", row.rule_of_signing)
    if others:
        return handover_ends.closed(ctx, held)
    handover_clock.follow(ctx, held)
    leg = handovers.present(ctx.unit, held)
    signs = handover_access.receivers(ctx, held, leg)
    handover_card.redraw(ctx, held)
    names = handover_words.names(ctx, signs, ctx.texts)
    return shown(ctx, held, ctx.t(SIGNED, names=names))


def check(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Confirm one point more; with the last of them who acts signs, or hands over."""
    side, act = handover_checks.side_of(arguments)
    found = handover_steps.mine(ctx, arguments, act)
    if isinstance(found, Reply):
        return found
    held, leg = found
    if card := handover_checks.further(ctx, held, side, arguments):
        return card
    match side:
        case Side.HAND:
            if why := _unready(ctx, held):
                return shown(ctx, held, why)
            handover_notes.declare(ctx, held)
            return handed(ctx, held, leg)
        case Side.SIGN:
            if not leg.into_archive and handover_notes.noted(ctx, held):
                return handover_count.card(ctx, held, leg, ctx.t(NOT_SHORT, rule=SHORT_RULE))
            return signed(ctx, held, leg)
        case Side.WITNESS:
            return witnessed(ctx, held, leg)


FEATURE = Feature(
    key="sign",
    title=TITLE,
    actions={
        "hand": hand,
        "sure": sure,
        "back": take_back,
        "sign": sign,
        "short": short,
        "gaps": gaps,
        "witness": witness,
        "check": check,
        **handover_count.ACTIONS,
        **handover_back.ACTIONS,
        **handover_settling.ACTIONS,
        **handover_passing.ACTIONS,
        **handover_shelf.ACTIONS,
    },
    makes={"list": handover_contents.make},
)
