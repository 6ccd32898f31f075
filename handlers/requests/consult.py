"""申请查阅: who may not read a dossier asks to, and may for some days once it is allowed.

The chain comes from the policy by the dossier's grade and level. What is above the messenger's
ceiling is read in the reading room: the custodian proposes when. The trap is the dossier whose
very existence is secret: asking for it is answered as asking for nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from handlers import identity, seeing
from handlers.approvals import approvals, case_cards, case_texts, deciding
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import Button, Card, Problem, Reply
from handlers.dossiers import find
from handlers.feature import Feature
from handlers.loans import loan_blocks
from handlers.pages import to_today
from handlers.texts import N_, Texts
from rules.access import Part, Sight
from rules.approvals import credential_missing
from rules.borrowing import unlinked
from rules.cases import CaseState
from rules.chains import Approval
from rules.deciders import Matter
from rules.errors import Denied
from rules.occasions import Action, Facts
from rules.secrecy import Grade
from storage import (
    case_lists,
    cases,
    consultations,
    dossiers,
    staff,
)
from storage.consultations import Consultation
from storage.dossiers import Dossier
from storage.staff import Person

KIND = "consult"
LONGEST = timedelta(days=30)
"""How long a dossier may be open to somebody who asked."""

PURPOSES = (
    Choice("follow_up", N_("Customer care")),
    Choice("complaint", N_("Complaint")),
    Choice("audit", N_("Inspection")),
    Choice("handover", N_("Taking over work")),
    Choice("other", N_("Other purpose")),
)
_LABELS = {one.key: one.label for one in PURPOSES}

ALREADY = N_("You may read this dossier already.")
PENDING = N_("You have asked already; {number} waits for approval.")
NO_CHAIN = N_("The policy has nobody who could allow reading this dossier ({rule}).")
WHO_DECIDES = N_("Who decides:")
CLAUSE = N_("Clause {rule}")
SENT = N_("Asked for. You will hear what is decided.")
READ = N_("Read {customer} ({grade})")
READ_UNGRADED = N_("Read {customer}")
ONLY = N_("Only: {parts}")
UNTIL = N_("until {day}")
PURPOSE = N_("{purpose} · {reason}")
OTHERS = N_("{count} more requests about this dossier are open")
OPEN = N_("You may read {customer} until {day}.")
ROOM = N_(
    "Reading {customer} was approved. Its grade is above what a chat may show; the custodian will "
    "tell you when to come to the reading room."
)
FIX = N_("{name} may read {number} until {day}, in the reading room. Please say when.")
TOLD = N_("{name} was told.")
COME = N_("Reading room for {number}: {words}")
TOO_LATE = N_("That no longer waits for a time.")


def until_day(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    """Return what is wrong with the last day of a right to read."""
    day = date.fromisoformat(value)
    if day < moment.today:
        return Problem(N_("That day has passed."))
    if day > moment.today + LONGEST:
        return Problem(N_("At most 30 days; ask again when it is over."))
    return None


PARTS = (
    Choice(Part.DATA.value, N_("Customer data")),
    Choice(Part.PAPERS.value, N_("List of papers")),
)
_PARTS = {one.key: one.label for one in PARTS}

FORM = Form(
    "consult",
    2,
    N_("Ask to read"),
    (
        Field(
            "parts",
            Kind.CHOICES,
            N_("Parts"),
            N_("Which parts do you need? No other will be open to you."),
            choices=PARTS,
            when=lambda answers: answers.flag("_parts"),
        ),
        Field(
            "purpose",
            Kind.CHOICE,
            N_("Used for"),
            N_("What do you need it for?"),
            choices=PURPOSES,
        ),
        Field(
            "reason",
            Kind.TEXT,
            N_("Reason"),
            N_("Why do you need it? Who decides reads this."),
            max_length=500,
            example=N_("客户投诉交货延迟, 需核对合同"),
        ),
        Field(
            "last",
            Kind.DATE,
            N_("Until"),
            N_("Until which day, included?"),
            check=until_day,
            default=lambda moment: moment.today.isoformat(),
            prefer="future",
            example=N_("today · Friday · 9月30日"),
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("_name"),
)

ROOM_FORM = Form(
    "room",
    1,
    N_("Reading room"),
    (
        Field(
            "words",
            Kind.TEXT,
            N_("Time and place"),
            N_("When and where may it be read?"),
            max_length=200,
            example=N_("9月16日 14:00, 三楼阅览室"),
        ),
    ),
    submit_label=N_("Submit"),
    review=False,
)


# -- asking ------------------------------------------------------------------------------------


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show who would decide and ask for the purpose."""
    dossier = seeing.reachable(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(find.NOT_THERE))
    if refused := _idle(ctx, dossier):
        return refused
    approval = _approval(ctx, dossier)
    assert approval is not None  # noqa: S101 - answered above where there is none
    card = foreseen(ctx, approval, _matter(ctx, dossier), FORM.title)
    carried = {"_dossier": dossier.id, "_name": seeing.customer(ctx, dossier)}
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    carried["_parts"] = policy.dossier.parts_rule is not None
    return Reply.of(card).plus(runner.start(ctx, FEATURE, Answers(carried)))


def foreseen(ctx: Context, approval: Approval, matter: Matter, title: str) -> Card:
    """Return the card that says who would decide, with their clauses.

    It bears the name of the form where the regulation has one. Rule: S1-14.2, S1-07.3.3.1.
    """
    preview = approvals.preview(ctx, approval, matter)
    lines = [ctx.t(WHO_DECIDES), *case_texts.foreseen(ctx, preview)]
    rules = dict.fromkeys([one.rule for one in preview.steps] or [preview.rule])
    clauses = tuple(Button(ctx.t(CLAUSE, rule=rule), f"f.help.clause.{rule}") for rule in rules)
    form = f" · 《{approval.form}》" if approval.form else ""
    return Card("\n".join(lines), title=f"{ctx.t(title)}{form}", choices=clauses[:4], columns=2)


def _idle(ctx: Context, dossier: Dossier) -> Reply | None:
    """Return what to say where there is nothing to ask for."""
    if seeing.whole(ctx, dossier):
        return Reply(alert=ctx.t(ALREADY))
    asked = consultations.asked(ctx.session, ctx.person.id, dossier.id)
    case_id = case_lists.about(ctx.session, KIND, asked) if asked is not None else None
    stored = cases.get(ctx.unit, case_id) if case_id is not None else None
    if stored is not None:
        said = ctx.t(PENDING, number=stored.number)
        return Reply((case_cards.show(ctx, stored),), alert=said)
    if _approval(ctx, dossier) is None:
        rule = seeing.policy_of(ctx, seeing.Subject.of(dossier)).dossier.rule
        return Reply(alert=ctx.t(NO_CHAIN, rule=rule))
    return None


def _facts(ctx: Context, dossier: Dossier) -> Facts:
    return deciding.facts(Action.CONSULT, dossier, ctx.person)


def _approval(ctx: Context, dossier: Dossier) -> Approval | None:
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    return approvals.approval_of(policy, _facts(ctx, dossier))


def _matter(ctx: Context, dossier: Dossier) -> Matter:
    return deciding.matter(_facts(ctx, dossier), dossier, ctx.person.id)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Ask who decides, unless the reason is none. Rule: S2-INFO.18.1, S1-05.4."""
    dossier = seeing.reachable(ctx, str(answers.values.get("_dossier", "")))
    if dossier is None:
        return Reply.of(Card(ctx.t(find.NOT_THERE)))
    if refused := _idle(ctx, dossier):
        return Reply.of(Card(refused.alert)).plus(Reply(refused.shows))
    if nothing := unlinked(answers.text("reason")):
        ctx.record("consultation.unfounded", f"dossier:{dossier.id}", nothing.rule)
        denial = Card("\n".join(loan_blocks.lines(ctx, Denied((nothing,)), dossier)))
        return Reply.of(denial).plus(runner.start(ctx, FEATURE, answers, at_review=True))
    approval, last = _approval(ctx, dossier), answers.day("last")
    assert approval is not None  # noqa: S101 - answered above where there is none
    assert last is not None  # noqa: S101 - the engine asks every required field
    matter = _matter(ctx, dossier)
    hindered = credential_missing(approval, matter)
    if hindered is not None:
        return Reply.of(Card(case_texts.reason(ctx, hindered)))
    reason, said = identity.hidden(ctx, answers.text("reason"))
    id_ = consultations.add(
        ctx.unit,
        dossier_id=dossier.id,
        staff_id=ctx.person.id,
        purpose=answers.text("purpose"),
        reason=reason,
        last_day=last,
        at=ctx.at,
        parts=answers.many("parts"),
    )
    opened = approvals.request(ctx, KIND, id_, approval, matter, dossier_id=dossier.id)
    if isinstance(opened, Denied):
        return Reply.of(Card(case_texts.denial(ctx, opened)))
    if not opened.case.open:
        return _granted(ctx, opened.subject).plus(said)
    return Reply((case_cards.show(ctx, opened, lead=ctx.t(SENT)),)).plus(said)


def _granted(ctx: Context, subject: int) -> Reply:
    held = _held(ctx, subject)
    dossier = _dossier(ctx, held)
    return Reply.of(_open_card(ctx, held, dossier, case_cards.here(ctx), ctx.texts))


# -- how it is said, and what follows ----------------------------------------------------------


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    held = _held(ctx, subject)
    dossier = _dossier(ctx, held)
    others = len(case_lists.open_on(ctx.session, dossier.id)) - 1
    seen = seeing.view(ctx, dossier, reader).sight is not Sight.NONE
    asked = what(ctx, dossier, reader, texts)
    if held.parts:
        named = "、".join(texts.t(_PARTS[one]) for one in held.parts)
        asked = f"{asked}\n{texts.t(ONLY, parts=named)}"
    return Asking(
        what=asked,
        why=texts.t(PURPOSE, purpose=texts.t(_LABELS[held.purpose]), reason=held.reason),
        how_long=texts.t(UNTIL, day=texts.day(held.last_day, ctx.today)),
        cautions=(texts.t(OTHERS, count=others),) if others > 0 else (),
        key=f"f.find.card.{dossier.id}" if seen else "",
    )


def what(ctx: Context, dossier: Dossier, reader: Person, texts: Texts) -> str:
    """Return which dossier is to be read, as far as the reader may know, and its grade."""
    customer = " ".join(filter(None, (dossier.number, seeing.customer(ctx, dossier, reader))))
    grade = Grade(dossier.grade)
    if grade is Grade.NONE:
        return texts.t(READ_UNGRADED, customer=customer)
    shown = grade.zh if texts.locale == "zh_CN" else grade.en
    return texts.t(READ, customer=customer, grade=shown)


def end(ctx: Context, ending: Ending) -> bool:
    """Open the dossier to who asked, or note that it stays closed. Rule: S2-INFO.17, C-01."""
    granted = ending.state in (CaseState.APPROVED, CaseState.REGISTERED)
    state = "granted" if granted else ending.state.value
    consultations.close(ctx.unit, ending.subject, state, ctx.at)
    held = _held(ctx, ending.subject)
    ctx.granted.pop(held.staff_id, None)
    ctx.record(f"consultation.{state}", f"consultation:{held.id}", ending.rule)
    reader = staff.get(ctx.session, held.staff_id)
    if not granted or reader is None:
        return False
    dossier = _dossier(ctx, held)
    if reader.id != ctx.person.id or not ctx.channel:
        ctx.tell(
            reader.id,
            lambda texts: _open_card(ctx, held, dossier, reader, texts),
            f"consultation:{held.id}:open",
        )
    if not seeing.readable(ctx, dossier, reader):
        for one in staff.holders(ctx.session, "custodian"):
            ctx.tell(
                one,
                lambda texts: _fix_card(ctx, held, dossier, texts),
                f"consultation:{held.id}:room:{one}",
            )
    return True


def _open_card(
    ctx: Context, held: Consultation, dossier: Dossier, reader: Person, texts: Texts
) -> Card:
    customer = seeing.customer(ctx, dossier, reader)
    if not seeing.readable(ctx, dossier, reader):
        return Card(texts.t(ROOM, customer=customer), title=texts.t(FORM.title))
    said = texts.t(OPEN, customer=customer, day=texts.day(held.last_day, ctx.today))
    look = Button(texts.t(N_("Customer")), f"f.find.card.{dossier.id}")
    return Card(said, title=texts.t(FORM.title), choices=(look, to_today(texts)), columns=2)


def _held(ctx: Context, subject: int) -> Consultation:
    held = consultations.get(ctx.unit, subject)
    assert held is not None  # noqa: S101 - consultations are never deleted
    return held


def _dossier(ctx: Context, held: Consultation) -> Dossier:
    dossier = dossiers.get(ctx.unit, held.dossier_id)
    assert dossier is not None  # noqa: S101 - the consultation refers to it
    return dossier


# -- the reading room --------------------------------------------------------------------------


def _fix_card(ctx: Context, held: Consultation, dossier: Dossier, texts: Texts) -> Card:
    said = texts.t(
        FIX,
        name=case_texts.name(ctx, held.staff_id),
        number=dossier.number or "",
        day=texts.day(held.last_day, ctx.today),
    )
    when = Button(texts.t(ROOM_FORM.title), f"f.consult.room.{held.id}")
    return Card(said, title=texts.t(ROOM_FORM.title), choices=(when,))


def _to_fix(ctx: Context, words: str) -> Consultation | None:
    """Return the consultation for which this custodian may fix a time."""
    held = consultations.get(ctx.unit, int(words)) if words.isdecimal() else None
    if held is None or "custodian" not in ctx.person.roles or held.last_day < ctx.today:
        return None
    return held if held.state == "granted" else None


def start_room(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = _to_fix(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(TOO_LATE))
    return runner.start(ctx, ROOM_FEATURE, Answers({"_consultation": held.id}))


def submit_room(ctx: Context, answers: Answers) -> Reply:
    """Tell the reader when to come."""
    held = _to_fix(ctx, str(answers.values.get("_consultation", "")))
    if held is None:
        return Reply.of(Card(ctx.t(TOO_LATE)))
    words = answers.text("words")
    consultations.propose(ctx.unit, held.id, words)
    number = _dossier(ctx, held).number or ""
    ctx.record("consultation.room", f"consultation:{held.id}", "S2-SECR.11")
    ctx.tell(
        held.staff_id,
        lambda texts: Card(texts.t(COME, number=number, words=words)),
        f"consultation:{held.id}:come:{ctx.new_id()}",
    )
    return Reply.of(Card(ctx.t(TOLD, name=case_texts.name(ctx, held.staff_id))))


ROOM_FEATURE = Feature("room", ROOM_FORM.title, form=ROOM_FORM, submit=submit_room)
FEATURE = Feature(
    key="consult",
    title=FORM.title,
    form=FORM,
    submit=submit,
    actions={"new": start, "room": start_room},
    cases={KIND: CaseKind("阅", N_("Request to read"), say, end)},
)
