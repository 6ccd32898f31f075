"""The one card of a case, drawn for whoever reads it: who decides, who asked, who once could.

The same case gives everybody the same facts and only the buttons that would act now. The trap is
content above what the reader's messenger or clearance allows: the kind says what it is about, and
the words people wrote are left out here.
"""

from __future__ import annotations

from msgspec.structs import replace

from handlers.approvals import case_texts
from handlers.approvals.case_kinds import Asking
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Mode, Show
from handlers.seeing import ABOVE_CEILING
from handlers.texts import N_, Texts
from rules import access
from rules.access import StaffId
from rules.cases import Case, EventKind
from rules.deciders import Decider
from rules.policies import CUSTOMER
from rules.secrecy import Grade
from storage import (
    case_copies,
    case_lists,
    cases,
    staff,
)
from storage.cases import Stored
from storage.staff import Person

WHO = N_("{name} ({department})")
WHY = N_("Reason: {why}")
HOW_LONG = N_("How long: {how_long}")
CAUTION = N_("Note: {words}")
ASKED = N_("{name} asks: {words}")
ANSWERED = N_("Answer: {words}")
REFUSED_WHY = N_("Reason of the refusal: {words}")
RULE = N_("Under {rule}")
NUDGED = N_("Reminded by the requester, {moment}")
PENDING = N_("Waiting for approval")
APPROVE, REFUSE, ASK, PASS_ON = N_("Agree"), N_("Refuse"), N_("Ask back"), N_("Pass on")
ANSWER, NUDGE, WITHDRAW, CLAUSE = N_("Answer"), N_("Remind them"), N_("Take back"), N_("Clause")
NEXT = N_("To decide ({count})")
LIST = "f.approvals.list"


def here(ctx: Context) -> Person:
    """Return who acts, reading where they write now."""
    return replace(ctx.person, home_channel=ctx.channel, home_account=ctx.account)


def show(ctx: Context, stored: Stored, *, lead: str = "") -> Show:
    """Return the case's card for who acts: in place of the tapped copy, else as a new one."""
    card = draw(ctx, stored, here(ctx), ctx.texts, lead=lead)
    copies = case_copies.copies(ctx.session, stored.id)
    if any(one.slot == ctx.tapped and one.staff_id == ctx.person.id for one in copies):
        return Show(card, Mode.REDRAW, ctx.tapped)
    slot = case_copies.keep_card(ctx.unit, stored.id, ctx.person.id, ctx.channel, ctx.account)
    return Show(card, slot=slot)


def draw(ctx: Context, stored: Stored, reader: Person, texts: Texts, *, lead: str = "") -> Card:
    """Return the card of a case for a reader who may know of it."""
    case, kind = stored.case, ctx.registry.cases[stored.kind]
    asking = kind.say(ctx, stored.subject, reader, texts)
    mine = _decider(case, reader)
    head = [
        lead,
        _state(ctx, case, mine, texts),
        *_facts(ctx, case, asking, reader, texts),
        *_talk(ctx, stored, reader, texts),
    ]
    lines = [*filter(None, head), "", *case_texts.steps(ctx, case, texts)]
    return Card(
        "\n".join((*lines, texts.t(RULE, rule=rule_of(case)))),
        title=title(ctx, stored, texts),
        choices=tuple(_buttons(ctx, stored, asking, mine, reader, texts)),
        columns=2,
        protect=True,
    )


def title(ctx: Context, stored: Stored, texts: Texts) -> str:
    """Return what every message about a case is headed with."""
    return f"{texts.t(ctx.registry.cases[stored.kind].title)} · {stored.number}"


def rule_of(case: Case) -> str:
    """Return the clause of the present step."""
    return case.approval.rule_of(case.chain[case.step]) if case.chain else case.approval.rule


def legible(ctx: Context, case: Case, reader: Person) -> bool:
    """Return whether words that people wrote in this case may be shown to the reader (C-01)."""
    matter, grade = case.matter, case.matter.facts.grade
    policy = ctx.in_force.governing(matter.department, matter.facts.dossier_type or CUSTOMER)
    if not access.ceiling_allows(policy, reader.home_channel, grade):
        return False
    return reader.id == matter.requester or Grade(reader.clearance) >= grade


def _decider(case: Case, reader: Person) -> Decider | None:
    found = (one.decider(StaffId(reader.id)) for one in case.places if one.open)
    return next((one for one in found if one), None)


def _state(ctx: Context, case: Case, mine: Decider | None, texts: Texts) -> str:
    if not case.open:
        return case_texts.outcome(ctx, case, texts)
    if mine is not None:
        return case_texts.right(ctx, mine, texts)
    decided = [one for _, one in case.here if one.decision]
    decided = decided or [one for one in case.places if one.decision]
    if not decided:
        return texts.t(PENDING)
    verdict = case_texts.verdict(ctx, decided[-1], texts)
    return texts.t(case_texts.PARTLY, verdict=verdict)


def _facts(ctx: Context, case: Case, asking: Asking, reader: Person, texts: Texts) -> list[str]:
    requester = staff.get(ctx.session, case.matter.requester)
    assert requester is not None  # noqa: S101 - nobody is ever deleted
    lines = []
    if requester.id != reader.id:
        lines.append(texts.t(WHO, name=requester.name, department=requester.department))
    lines.append(asking.what)
    if asking.why and legible(ctx, case, reader):
        lines.append(texts.t(WHY, why=asking.why))
    elif asking.why:
        lines.append(texts.t(WHY, why=withheld(case, texts)))
    if asking.how_long:
        lines.append(texts.t(HOW_LONG, how_long=asking.how_long))
    lines += [texts.t(CAUTION, words=one) for one in asking.cautions]
    if case.open and case.nudged_at:
        lines.append(texts.t(NUDGED, moment=case_texts.moment(ctx, case.nudged_at, texts)))
    return lines


def _talk(ctx: Context, stored: Stored, reader: Person, texts: Texts) -> list[str]:
    """Return questions, answers and the reason of a refusal, in order."""
    case, lines = stored.case, []
    readable = legible(ctx, case, reader)
    for one in cases.history(ctx.unit, stored.id):
        words = one.words if readable else withheld(case, texts)
        if one.kind == EventKind.ASKED_BACK and one.staff_id:
            asker = case_texts.name(ctx, one.staff_id)
            lines.append(texts.t(ASKED, name=asker, words=words))
        elif one.kind == EventKind.ANSWERED:
            lines.append(texts.t(ANSWERED, words=words))
        elif one.kind == EventKind.DECIDED and one.why == "refused":
            lines.append(texts.t(REFUSED_WHY, words=words))
    return lines


def withheld(case: Case, texts: Texts) -> str:
    """Return what stands in place of words that must not be shown."""
    return texts.t(ABOVE_CEILING, grade=case.matter.facts.grade.zh)


def _buttons(
    ctx: Context,
    stored: Stored,
    asking: Asking,
    mine: Decider | None,
    reader: Person,
    texts: Texts,
) -> list[Button]:
    case, key = stored.case, f"{stored.id}.{stored.case.step}"
    clause = Button(texts.t(CLAUSE), f"f.help.clause.{rule_of(case)}")
    look = [Button(texts.t(N_("View")), asking.key)] if asking.key else []
    if mine is not None:
        return [
            Button(texts.t(APPROVE), f"f.case.ok.{key}"),
            Button(texts.t(REFUSE), f"f.case.why.{key}"),
            Button(texts.t(ASK), f"f.case.ask.{key}"),
            Button(texts.t(PASS_ON), f"f.case.pass.{key}"),
            *look,
            clause,
        ]
    if reader.id == case.matter.requester and case.open:
        answer = [Button(texts.t(ANSWER), f"f.case.answer.{stored.id}")] if case.asked_back else []
        return [
            *answer,
            Button(texts.t(NUDGE), f"f.case.nudge.{stored.id}"),
            *look,
            clause,
            Button(texts.t(WITHDRAW), f"f.case.back.{stored.id}"),
        ]
    waiting = case_lists.count_waiting(ctx.session, reader.id)
    more = [Button(texts.t(NEXT, count=waiting), LIST)] if waiting else []
    return [*look, *more, clause]
