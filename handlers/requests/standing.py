"""定期报表: another department asks for statistics at regular times.

The customer-service manager reviews it and the general manager approves it before the first
delivery (S2-INFO.10); the statisticians then hear what to deliver, and when.
"""

from __future__ import annotations

from handlers.approvals import affair_cases, approvals, case_cards, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.requests import consult
from handlers.texts import N_, Texts
from rules.access import StaffId
from rules.cases import CaseState
from rules.deciders import Matter
from rules.errors import Denied
from rules.occasions import Action, Facts, Material
from storage import affairs, staff
from storage.affairs import AffairKind, AffairState
from storage.staff import Person

FACTS = Facts(Action.STATISTICS, material=Material.STATISTICS)
DELIVERS = "statistician"

TIMES = (
    Choice("monthly", N_("Every month")),
    Choice("quarterly", N_("Every quarter")),
    Choice("half_yearly", N_("Every half year")),
    Choice("yearly", N_("Every year")),
)
_LABELS = {one.key: one.label for one in TIMES}

TITLE = N_("Regular statistics")
NO_ROW = N_("The policy has nobody who could approve regular statistics.")
WANTED = N_("Regular statistics ({how_often})")
DELIVER = N_("Approved for {name} ({department}), {how_often}: {words} ({rule}).")

FORM = Form(
    "standing",
    1,
    TITLE,
    (
        Field(
            "words",
            Kind.TEXT,
            N_("Figures wanted"),
            N_("Which figures, and for which work?"),
            max_length=500,
            example=N_("各地区客户数量, 用于编制销售计划"),
        ),
        Field("how_often", Kind.CHOICE, N_("How often"), N_("How often?"), choices=TIMES),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("words"),
)


def _matter(ctx: Context) -> Matter:
    return Matter(FACTS, StaffId(ctx.person.id), department=ctx.person.department)


def start(ctx: Context, _words: str) -> Reply:
    """Show who would decide, and ask which figures."""
    row = approvals.approval_of(ctx.policy, FACTS)
    if row is None:
        return Reply.of(Card(ctx.t(NO_ROW), title=ctx.t(TITLE)))
    card = consult.foreseen(ctx, row, _matter(ctx), TITLE)
    return Reply.of(card).plus(runner.start(ctx, FEATURE))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Ask for the figures. Rule: S2-INFO.10."""
    row = approvals.approval_of(ctx.policy, FACTS)
    if row is None:
        return Reply.of(Card(ctx.t(NO_ROW), title=ctx.t(TITLE)))
    id_ = affairs.add(
        ctx.unit,
        AffairKind.STATISTICS,
        staff_id=ctx.person.id,
        detail=answers.text("how_often"),
        words=answers.text("words"),
        state=AffairState.HELD,
        at=ctx.at,
    )
    ctx.record("standing.asked", f"standing:{id_}", row.rule)
    opened = approvals.request(ctx, KIND, id_, row, _matter(ctx))
    if isinstance(opened, Denied):
        return Reply.of(Card(case_texts.denial(ctx, opened), title=ctx.t(TITLE)))
    return Reply((case_cards.show(ctx, opened, lead=ctx.t(consult.SENT)),))


def say(ctx: Context, subject: int, _reader: Person, texts: Texts) -> Asking:
    held = affair_cases.held(ctx, subject)
    return Asking(what=texts.t(WANTED, how_often=texts.t(_LABELS[held.detail])), why=held.words)


def end(ctx: Context, ending: Ending) -> bool:
    """Let those who compile statistics know what was approved. Rule: S2-INFO.10."""
    held = affair_cases.ended(ctx, ending, "standing")
    asker = staff.get(ctx.session, held.staff_id)
    if ending.state is not CaseState.APPROVED or asker is None:
        return False

    def card(texts: Texts) -> Card:
        said = texts.t(
            DELIVER,
            name=asker.name,
            department=asker.department,
            how_often=texts.t(_LABELS[held.detail]),
            words=held.words,
            rule=ending.rule,
        )
        return Card(said, title=texts.t(TITLE))

    for one in staff.holders(ctx.session, DELIVERS):
        ctx.tell(one, card, f"standing:{held.id}:{one}")
    return False


KIND = "standing"
FEATURE = Feature(
    key="standing",
    title=TITLE,
    command="standing",
    words=("定期报表",),
    open=start,
    form=FORM,
    submit=submit,
    cases={KIND: CaseKind("定", N_("Regular statistics"), say, end)},
    listed=False,
)
