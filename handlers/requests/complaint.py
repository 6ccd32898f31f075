"""客户投诉: received, handled, its result approved, and only then the customer answered.

On the quality of goods the production department is asked to assist (S1-04.7.2), on how the
service went it is not (S1-04.7.3). Whose answer it is says the policy's row `complaint_result`.
Guards against the customer who hears a result that nobody has approved.
"""

from __future__ import annotations

from handlers import identity, seeing
from handlers.approvals import affair_cases, case_cards, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.texts import N_, Texts
from rules.chains import Approval, Seat
from rules.occasions import Action
from storage import affairs, staff
from storage.affairs import Affair, AffairKind, AffairState
from storage.dossiers import Dossier
from storage.staff import Person

QUALITY = "quality"
KINDS = (Choice(QUALITY, N_("Quality")), Choice("process", N_("Service process")))
_LABELS = {one.key: one.label for one in KINDS}
RULES = {QUALITY: "S1-04.7.2", "process": "S1-04.7.3"}
ASSISTS = "production_dept"
"""Who assists on quality (S1-04.7.2)."""

TITLE = N_("Complaint")
NO_ROW = N_("The policy says nobody who approves how a complaint is settled.")
RECEIVED = N_("Entered: complaint of {customer} ({kind}). Settle it, then enter the result.")
ASSIST = N_("Please assist: {name} handles a complaint of {customer} about quality ({rule}).")
RESULT = N_("How the complaint of {customer} was settled ({kind})")
COMPLAINED = N_("{words} → {result}")
TO_ANSWER = N_("Approved: please answer {customer} ({rule}).")
ANSWERS = N_("Approved: {role} answers {customer} ({rule}).")
ANSWERED = N_("{customer} was answered by {name}.")
SETTLED = N_("This complaint no longer waits for that.")
NOT_THERE = N_("There is no such complaint, or it is not yours to handle.")
ENTER, DONE = N_("Enter the result"), N_("Customer answered")

FORM = Form(
    "complaint",
    1,
    TITLE,
    (
        Field("dossier", Kind.DOSSIER, N_("Customer"), N_("Which customer complains?")),
        Field("kind", Kind.CHOICE, N_("About"), N_("What is it about?"), choices=KINDS),
        Field(
            "words",
            Kind.TEXT,
            N_("Complaint"),
            N_("What does the customer complain of?"),
            max_length=500,
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: option.label if (option := answers.option("dossier")) else "",
)
RESULT_FORM = Form(
    "complaintresult",
    1,
    N_("Result of a complaint"),
    (
        Field(
            "result",
            Kind.TEXT,
            N_("Result"),
            N_("How was it settled? Who approves reads this."),
            max_length=500,
        ),
    ),
    submit_label=N_("Submit"),
    review=False,
)


def _row(ctx: Context, dossier: Dossier) -> Approval | None:
    return affair_cases.row(ctx, Action.COMPLAINT_RESULT, dossier)


def button(ctx: Context, dossier: Dossier) -> list[Button]:
    """Return the way to a complaint, where the policy says who approves its result."""
    if dossier.number is None or _row(ctx, dossier) is None:
        return []
    return [Button(ctx.t(TITLE), f"f.complaint.new.{dossier.id}")]


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin with the customer whose card it was."""
    return affair_cases.begin(ctx, FEATURE, arguments[0])


def submit(ctx: Context, answers: Answers) -> Reply:
    """Enter a complaint and ask for assistance on quality. Rule: S1-04.7.2, S1-04.7.3."""
    option = answers.option("dossier")
    dossier = seeing.reachable(ctx, option.key if option else "")
    if dossier is None:
        return Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))
    if _row(ctx, dossier) is None:
        return Reply.of(Card(ctx.t(NO_ROW), title=ctx.t(TITLE)))
    kind = answers.text("kind")
    words, hint = identity.hidden(ctx, answers.text("words"))
    id_ = affairs.add(
        ctx.unit,
        AffairKind.COMPLAINT,
        staff_id=ctx.person.id,
        dossier_id=dossier.id,
        detail=kind,
        words=words,
        state=AffairState.OPEN,
        at=ctx.at,
    )
    ctx.record("complaint.entered", f"complaint:{id_}", RULES[kind], about=kind)
    if kind == QUALITY:
        _ask_assistance(ctx, id_, dossier, words)
    customer = seeing.customer(ctx, dossier)
    said = ctx.t(RECEIVED, customer=customer, kind=ctx.t(_LABELS[kind]))
    enter = Button(ctx.t(ENTER), f"f.complaint.result.{id_}")
    return Reply.of(Card(said, title=ctx.t(TITLE), choices=(enter,))).plus(hint)


def _ask_assistance(ctx: Context, affair: int, dossier: Dossier, words: str) -> None:
    for one in staff.holders(ctx.session, ASSISTS):
        reader = staff.get(ctx.session, one)
        if reader is None or one == ctx.person.id:
            continue

        def card(texts: Texts, reader: Person = reader) -> Card:
            customer = affair_cases.customer(ctx, dossier, reader)
            name, rule = ctx.person.name, RULES[QUALITY]
            asked = texts.t(ASSIST, name=name, customer=customer, rule=rule)
            said = affair_cases.words(ctx, words, dossier, reader, texts)
            return Card(f"{asked}\n{said}", title=texts.t(TITLE), protect=True)

        ctx.tell(one, card, f"complaint:{affair}:assist:{one}")


# -- the result --------------------------------------------------------------------------------


def enter_result(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask whoever entered the complaint how it was settled."""
    held = _mine(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(NOT_THERE))
    if held.state is not AffairState.OPEN:
        return Reply(alert=ctx.t(SETTLED))
    return runner.start(ctx, RESULT_FEATURE, Answers({"_complaint": held.id}))


def submit_result(ctx: Context, answers: Answers) -> Reply:
    """Hold the result until it is approved. Rule: S1-04.7.2, S1-04.7.3."""
    held = _mine(ctx, str(answers.values.get("_complaint", "")))
    if held is None or held.state is not AffairState.OPEN:
        return Reply.of(Card(ctx.t(NOT_THERE if held is None else SETTLED)))
    dossier = affair_cases.dossier_of(ctx, held)
    approval = _row(ctx, dossier)
    if approval is None:
        return Reply.of(Card(ctx.t(NO_ROW), title=ctx.t(TITLE)))
    result, hint = identity.hidden(ctx, answers.text("result"))
    affairs.settle(ctx.unit, held.id, result)
    ctx.record("complaint.settled", f"complaint:{held.id}", RULES[held.detail])
    opened = affair_cases.request(ctx, KIND, held.id, approval, dossier)
    return Reply((case_cards.show(ctx, opened),)).plus(hint)


def _mine(ctx: Context, words: str) -> Affair | None:
    held = affairs.get(ctx.unit, int(words)) if words.isdecimal() else None
    if held is None or held.kind is not AffairKind.COMPLAINT:
        return None
    if held.staff_id != ctx.person.id:
        return None
    if held.dossier_id is not None:
        ctx.about.add(held.dossier_id)
    return held


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    held = affair_cases.held(ctx, subject)
    dossier = affair_cases.dossier_of(ctx, held)
    seen = seeing.view(ctx, dossier, reader).content
    return Asking(
        what=texts.t(
            RESULT,
            customer=affair_cases.customer(ctx, dossier, reader),
            kind=texts.t(_LABELS[held.detail]),
        ),
        why=texts.t(COMPLAINED, words=held.words, result=held.result),
        key=f"f.find.card.{dossier.id}" if seen else "",
    )


def end(ctx: Context, ending: Ending) -> bool:
    """Have the customer answered, or let the result be entered anew.

    Rule: S1-04.7.2, S1-04.7.3.
    """
    held = affair_cases.ended(ctx, ending, "complaint", back=True)
    if held.state is AffairState.OPEN:
        _again(ctx, held)
        return False
    dossier = affair_cases.dossier_of(ctx, held)
    row = _row(ctx, dossier)
    role = row.release if row else None
    for one in _answerers(ctx, held, role):
        reader = staff.get(ctx.session, one)
        if reader is not None:
            _have_answered(ctx, held, dossier, reader)
    if role is None or held.staff_id in _answerers(ctx, held, role):
        return True

    maker = _maker(ctx, held)

    def card(texts: Texts) -> Card:
        said = texts.t(
            ANSWERS,
            role=case_texts.role(Seat(role), texts),
            customer=seeing.customer(ctx, dossier, maker),
            rule=RULES[held.detail],
        )
        return Card(said, title=texts.t(TITLE))

    ctx.tell(held.staff_id, card, f"complaint:{held.id}:approved")
    return True


def _again(ctx: Context, held: Affair) -> None:
    """Offer to enter another result."""

    dossier, maker = affair_cases.dossier_of(ctx, held), _maker(ctx, held)

    def card(texts: Texts) -> Card:
        customer = seeing.customer(ctx, dossier, maker)
        said = texts.t(RECEIVED, customer=customer, kind=texts.t(_LABELS[held.detail]))
        enter = Button(texts.t(ENTER), f"f.complaint.result.{held.id}")
        return Card(said, title=texts.t(TITLE), choices=(enter,))

    ctx.tell(held.staff_id, card, f"complaint:{held.id}:again:{ctx.new_id()}")


def _maker(ctx: Context, held: Affair) -> Person:
    person = staff.get(ctx.session, held.staff_id)
    assert person is not None  # noqa: S101 - nobody is ever deleted
    return person


def _answerers(ctx: Context, held: Affair, role: str | None) -> tuple[str, ...]:
    """Return who answers the customer: who holds the role, or who handled it where nobody does."""
    holders = staff.holders(ctx.session, role) if role else ()
    return holders or (held.staff_id,)


def _have_answered(ctx: Context, held: Affair, dossier: Dossier, reader: Person) -> None:
    def card(texts: Texts) -> Card:
        customer = affair_cases.customer(ctx, dossier, reader)
        asked = texts.t(TO_ANSWER, customer=customer, rule=RULES[held.detail])
        said = affair_cases.words(ctx, held.result, dossier, reader, texts)
        done = Button(texts.t(DONE), f"f.complaint.answered.{held.id}")
        return Card(f"{asked}\n{said}", title=texts.t(TITLE), choices=(done,), protect=True)

    ctx.tell(reader.id, card, f"complaint:{held.id}:answer:{reader.id}")


def answered(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Note that the customer has the answer. Rule: S1-04.7.2, S1-04.7.3."""
    words = arguments[0]
    held = affairs.get(ctx.unit, int(words)) if words.isdecimal() else None
    if held is None or held.kind is not AffairKind.COMPLAINT:
        return Reply(alert=ctx.t(NOT_THERE))
    dossier = affair_cases.dossier_of(ctx, held)
    row = _row(ctx, dossier)
    if ctx.person.id not in _answerers(ctx, held, row.release if row else None):
        return Reply(alert=ctx.t(NOT_THERE))
    if held.state is AffairState.APPROVED:
        affairs.move(
            ctx.unit, held.id, held.state, AffairState.ANSWERED, by=ctx.person.id, at=ctx.at
        )
        ctx.record("complaint.answered", f"complaint:{held.id}", RULES[held.detail])
        _tell_answered(ctx, held, dossier)
    elif held.state is not AffairState.ANSWERED:
        return Reply(alert=ctx.t(SETTLED))
    by = case_texts.name(ctx, affair_cases.held(ctx, held.id).ended_by or "")
    said = ctx.t(ANSWERED, customer=seeing.customer(ctx, dossier), name=by)
    return Reply.of(Card(said, title=ctx.t(TITLE)))


def _tell_answered(ctx: Context, held: Affair, dossier: Dossier) -> None:
    maker = _maker(ctx, held)
    if maker.id == ctx.person.id:
        return

    def card(texts: Texts) -> Card:
        customer = seeing.customer(ctx, dossier, maker)
        return Card(texts.t(ANSWERED, customer=customer, name=ctx.person.name))

    ctx.tell(maker.id, card, f"complaint:{held.id}:answered")


KIND = AffairKind.COMPLAINT.value
RESULT_FEATURE = Feature(
    "complaintresult", RESULT_FORM.title, form=RESULT_FORM, submit=submit_result
)
FEATURE = Feature(
    key="complaint",
    title=TITLE,
    command="complaint",
    words=("客户投诉",),
    form=FORM,
    submit=submit,
    actions={"new": start, "result": enter_result, "answered": answered},
    cases={
        KIND: CaseKind("诉", N_("Result of a complaint"), say, end, tells_who_carries_out=True)
    },
    listed=False,
)
