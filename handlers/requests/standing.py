"""定期报表: another department asks for statistics at regular times.

The customer-service manager reviews it and the general manager approves it before the first
delivery (S2-INFO.10); the statisticians then hear what to deliver, and when.
"""

from __future__ import annotations

from handlers.approvals import affair_cases
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.requests import figures_wish
from handlers.requests.figures_wish import Wish
from handlers.texts import N_, Texts
from rules.cases import CaseState
from rules.occasions import Action
from storage import staff
from storage.affairs import AffairKind
from storage.staff import Person

DELIVERS = "statistician"

TIMES = (
    Choice("monthly", N_("Every month")),
    Choice("quarterly", N_("Every quarter")),
    Choice("half_yearly", N_("Every half year")),
    Choice("yearly", N_("Every year")),
)
_LABELS = {one.key: one.label for one in TIMES}

TITLE = N_("Regular statistics")
WANTED = N_("Regular statistics ({how_often})")
DELIVER = N_("Approved for {name} ({department}), {how_often}: {words} ({rule}).")

WISH = Wish(
    Action.STATISTICS,
    AffairKind.STATISTICS,
    "standing",
    TITLE,
    N_("The policy has nobody who could approve regular statistics."),
)

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


def start(ctx: Context, _words: str) -> Reply:
    """Show who would decide, and ask which figures."""
    return figures_wish.start(ctx, WISH, FEATURE)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Ask for the figures. Rule: S2-INFO.10."""
    return figures_wish.submit(ctx, WISH, answers.text("words"), answers.text("how_often"))


def say(ctx: Context, subject: int, _reader: Person, texts: Texts) -> Asking:
    held = affair_cases.held(ctx, subject)
    return Asking(what=texts.t(WANTED, how_often=texts.t(_LABELS[held.detail])), why=held.words)


def end(ctx: Context, ending: Ending) -> bool:
    """Let those who compile statistics know what was approved. Rule: S2-INFO.10."""
    held = affair_cases.ended(ctx, ending, WISH.kind)
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


FEATURE = Feature(
    key="standing",
    title=TITLE,
    command="standing",
    words=("定期报表",),
    open=start,
    form=FORM,
    submit=submit,
    cases={WISH.kind: CaseKind("定", N_("Regular statistics"), say, end)},
    listed=False,
)
