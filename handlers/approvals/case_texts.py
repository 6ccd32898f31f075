"""The words of approvals: why an act is refused, where a case stands, who decides and why."""

from __future__ import annotations

from datetime import date, datetime

from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.texts import N_, Texts
from rules.cases import Case, CaseState, Place, PlaceState
from rules.chains import ChainStep, Seat
from rules.deciders import Decider, Gap, Via
from rules.errors import Denied, Reason
from rules.previews import PlacePreview, Preview, StepPreview
from rules.roles import ROLES
from storage import staff

NOT_THERE = N_("There is no such request, or it is not yours to decide.")

NOTHING_ASKED = N_("No question is open any more.")

REASONS = {
    "not_active": N_("You are not on the staff list any more."),
    "own_request": N_("Nobody decides on their own request; it waits for the others."),
    "not_entitled": NOT_THERE,
    "needs_reason": N_("Please say why: a refusal needs a reason."),
    "needs_question": N_("Please write your question."),
    "already_decided": N_("{by} decided this already, {at}."),
    "already_closed": N_("This request is closed: {state}, {at}."),
    "no_longer_asked": N_("This no longer waits for you."),
    "already_asked_back": N_("{by} has asked already, {at}; the answer is awaited."),
    "cannot_take_over": N_(
        "The decision can be passed on to the same role or to a superior only."
    ),
    "already_asked": N_("This colleague decides here already."),
    "cannot_sign": N_("This colleague cannot sign: left, concerned, or without the clearance."),
    "not_the_requester": NOT_THERE,
    "needs_answer": N_("Please write your answer."),
    "nothing_asked": NOTHING_ASKED,
    "answer_awaited": N_("You were asked something; it goes on when you answer."),
    "too_soon": N_("They were reminded a little while ago. Again from {at}."),
    "no_credential": N_("First comes a credential: {accepted}."),
    "credential_expired": N_("The credential is valid until {until} only ({rule})."),
    "letter_used": N_("A letter is good for one visit; this one was used before ({rule})."),
    "no_customer_consent": N_("The customer's own consent in writing is needed too ({rule})."),
    "nobody_grants": N_("The policy has nobody who could allow this ({rule})."),
}

CREDENTIALS = {
    "letter": N_("letter of introduction"),
    "superior_letter": N_("letter of introduction of the superior authority"),
    "work_card": N_("work card"),
    "power_of_attorney": N_("power of attorney"),
    "application_form": N_("application form of the organisation"),
    "customer_authorisation": N_("written consent of the customer"),
}

STATES = {
    CaseState.PENDING: N_("waiting for approval"),
    CaseState.APPROVED: N_("approved"),
    CaseState.REFUSED: N_("refused"),
    CaseState.WITHDRAWN: N_("withdrawn"),
    CaseState.LAPSED: N_("lapsed"),
    CaseState.REGISTERED: N_("registered, no approval needed"),
}

PARTLY = N_("{verdict}; others still decide")
AGREED = N_("{name} agreed, {moment}")
AGREED_FOR = N_("{name} agreed for {other}, {moment}")
DECLINED = N_("{name} refused, {moment}")
DECLINED_FOR = N_("{name} refused for {other}, {moment}")
CALLED_BACK = N_("{name} withdrew it, {moment}")
RAN_OUT = N_("Lapsed, {moment}: not decided in time")
ON_REGISTER = N_("Entered in the register, {moment}: no approval needed ({rule})")

WAITS = N_("{role}: {names}")
WAITS_FOR_ONE = N_("{role}: {names}, one of them")
NOBODY_YET = N_("{role}: nobody can decide now")
MOVED_UP = N_("{role}: nobody there, the next step decides for it")
ABOVE = N_("{role}: {names}, one level up because {why}")
LATER = N_("{role}, afterwards")
SIGNER = N_("{names} signs too")
ONE_OF = N_("{first} or {rest}")
ALL_OF = N_("{first} and {rest}")
SEVERAL_OF = N_("{need} of {roles}")
GAPS = {
    Gap.SELF: N_("it is the requester's own post"),
    Gap.VACANT: N_("nobody holds the post"),
    Gap.SPENT: N_("its holder decided another place already"),
}
STANDS_IN = N_("{name} for {other}")

FOR_OTHER = {
    Via.STAND_IN: N_("You decide for {other}, who is away and named you."),
    Via.HIGHER: N_("You may decide as well: {other} is away or has not answered."),
}
FOR_NOBODY = N_("You decide because nobody below can.")
NAMED = N_("This was passed on to you, or you were asked to sign.")

EXEMPT = N_("As {role} you need no approval; it is entered in the register ({rule}).")
STUCK = N_("At the moment nobody can decide; operators and human resources will be told.")
DEFAULT = N_("{line} (chosen where the regulation is silent)")


def denial(ctx: Context, denied: Denied) -> str:
    """Return every reason of a refusal, a line each; only one to who must not know of the case."""
    if {"not_entitled", "not_the_requester"} & {one.code for one in denied.reasons}:
        return ctx.t(NOT_THERE)
    return "\n".join(dict.fromkeys(reason(ctx, one) for one in denied.reasons))


def reason(ctx: Context, one: Reason) -> str:
    facts: dict[str, object] = {"rule": one.rule}
    for key, value in one.facts:
        if isinstance(value, datetime):
            facts[key] = moment(ctx, value, ctx.texts)
        elif isinstance(value, date):
            facts[key] = ctx.texts.day(value, ctx.today)
        elif key == "by":
            facts[key] = name(ctx, str(value))
        elif key == "state":
            facts[key] = ctx.t(STATES[CaseState(str(value))])
        elif key == "accepted":
            shown = [ctx.t(CREDENTIALS[code]) for code in str(value).split(",")]
            facts[key] = listed(shown, ctx.texts)
        else:
            facts[key] = value
    return ctx.t(REASONS[one.code], **facts)


def name(ctx: Context, staff_id: str) -> str:
    person = staff.get(ctx.session, staff_id)
    return person.name if person else staff_id


def moment(ctx: Context, at: datetime, texts: Texts) -> str:
    """Return hour and minute, with the day unless it is today."""
    day: date = ctx.policy.time.office_day(at)
    return texts.clock(at) if day == ctx.today else texts.moment(at)


def role(seat: Seat, texts: Texts) -> str:
    found = ROLES[seat.role]
    return found.zh if texts.locale == "zh_CN" else found.en


def verdict(ctx: Context, place: Place, texts: Texts) -> str:
    """Return who decided a place, how and when."""
    decision = place.decision
    assert decision is not None  # noqa: S101 - asked of decided places only
    who, agreed = decision.decider, place.state is PlaceState.APPROVED
    when = moment(ctx, decision.at, texts)
    if who.acting_for is None or who.via is not Via.STAND_IN:
        return texts.t(AGREED if agreed else DECLINED, name=name(ctx, who.person), moment=when)
    return texts.t(
        AGREED_FOR if agreed else DECLINED_FOR,
        name=name(ctx, who.person),
        other=name(ctx, who.acting_for),
        moment=when,
    )


def outcome(ctx: Context, case: Case, texts: Texts) -> str:
    """Return how a closed case ended, in one line."""
    assert case.closed_at is not None  # noqa: S101 - asked of closed cases only
    when = moment(ctx, case.closed_at, texts)
    match case.state:
        case CaseState.APPROVED | CaseState.REFUSED:
            decided = [(one.decision.at, at) for at, one in enumerate(case.places) if one.decision]
            return verdict(ctx, case.places[max(decided)[1]], texts)
        case CaseState.WITHDRAWN:
            by = case.closed_by or case.matter.requester
            return texts.t(CALLED_BACK, name=name(ctx, by), moment=when)
        case CaseState.LAPSED:
            return texts.t(RAN_OUT, moment=when)
        case _:
            return texts.t(ON_REGISTER, moment=when, rule=case.approval.rule)


def steps(ctx: Context, case: Case, texts: Texts) -> list[str]:
    """Return the whole chain, a line for each place that was opened and for each step to come."""
    lines = []
    for number, step in enumerate(case.chain):
        if number > case.step:
            lines.append((number, texts.t(LATER, role=roles(step, texts))))
            continue
        opened = [one for one in case.places if one.step == number]
        shown = [one for one in opened if one.state is not PlaceState.UNNEEDED]
        lines += [(number, _place(ctx, one, texts)) for one in shown]
    return [f"{number + 1}. {line}" for number, line in lines]


def _place(ctx: Context, place: Place, texts: Texts) -> str:
    if place.decision:
        return verdict(ctx, place, texts)
    if place.seat is None:
        return texts.t(SIGNER, names=people(ctx, place.deciders, texts))
    post = role(place.seat, texts)
    if place.state is PlaceState.MOVED_UP:
        return texts.t(MOVED_UP, role=post)
    if not place.deciders:
        return texts.t(NOBODY_YET, role=post)
    return _waiting(ctx, post, place.deciders, texts)


def people(ctx: Context, deciders: tuple[Decider, ...], texts: Texts) -> str:
    """Return who may decide a place; who is stood in for is named with the stand-in."""
    return listed(_names(ctx, deciders, texts), texts)


def _waiting(ctx: Context, post: str, deciders: tuple[Decider, ...], texts: Texts) -> str:
    names = _names(ctx, deciders, texts)
    words = WAITS_FOR_ONE if len(names) > 1 else WAITS
    return texts.t(words, role=post, names=listed(names, texts))


def _names(ctx: Context, deciders: tuple[Decider, ...], texts: Texts) -> list[str]:
    stood_for = {one.acting_for for one in deciders if one.via is Via.STAND_IN}
    said = []
    for one in deciders:
        if one.via is Via.STAND_IN and one.acting_for:
            other = name(ctx, one.acting_for)
            said.append(texts.t(STANDS_IN, name=name(ctx, one.person), other=other))
        elif one.person not in stood_for:
            said.append(name(ctx, one.person))
    return said


def roles(step: ChainStep, texts: Texts) -> str:
    """Return the roles of a step: one of them, all, or so many."""
    names = [role(seat, texts) for seat in step.seats]
    if 1 < step.need < len(names):
        return texts.t(SEVERAL_OF, need=step.need, roles=listed(names, texts))
    joined = names[0]
    for one in names[1:]:
        joined = texts.t(ALL_OF if step.everybody else ONE_OF, first=joined, rest=one)
    return joined


def right(ctx: Context, who: Decider, texts: Texts) -> str:
    """Return by what right somebody decides; "" in their own."""
    if who.via is Via.OWN:
        return ""
    if who.via is Via.NAMED:
        return texts.t(NAMED)
    if who.acting_for is None:
        return texts.t(FOR_NOBODY)
    return texts.t(FOR_OTHER[who.via], other=name(ctx, who.acting_for))


def foreseen(ctx: Context, preview: Preview) -> list[str]:
    """Return who would decide a request and under which clause, a line for each step."""
    if preview.exempt is not None:
        post = role(preview.exempt, ctx.texts)
        return [ctx.t(EXEMPT, role=post, rule=preview.rule)]
    if not preview.steps:
        return [ctx.t(REGISTER_ONLY, rule=preview.rule)]
    lines = []
    for number, step in enumerate(preview.steps, 1):
        line = f"{number}. {_foreseen(ctx, step)}"
        lines.append(ctx.t(DEFAULT, line=line) if step.default else line)
    if preview.missing is not None:
        lines.append(reason(ctx, preview.missing))
    if preview.stuck:
        lines.append(ctx.t(STUCK))
    return lines


FORESEEN = N_("{who} ({rule})")
REGISTER_ONLY = N_("Nobody needs to approve it; it is entered in the register ({rule}).")


def _foreseen(ctx: Context, step: StepPreview) -> str:
    filled = [one for one in step.places if one.deciders or one.moves_up]
    parts = [_place_foreseen(ctx, one) for one in (filled or step.places)]
    joined = parts[0]
    for one in parts[1:]:
        either = step.need < len(step.places)
        joined = ctx.t(ONE_OF if either else ALL_OF, first=joined, rest=one)
    return ctx.t(FORESEEN, who=joined, rule=step.rule)


def _place_foreseen(ctx: Context, place: PlacePreview) -> str:
    post = role(place.seat, ctx.texts)
    if place.moves_up:
        return ctx.t(MOVED_UP, role=post)
    if not place.deciders:
        return ctx.t(NOBODY_YET, role=post)
    if place.gap is not None:
        names = people(ctx, place.deciders, ctx.texts)
        return ctx.t(ABOVE, role=post, names=names, why=ctx.t(GAPS[place.gap]))
    return _waiting(ctx, post, place.deciders, ctx.texts)
