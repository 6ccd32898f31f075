"""报表改项: single items of a statistical report that customer service compiles are changed.

The general manager approves, customer service keeps the record, and nobody else has to be asked
(S2-INFO.11). Until then the report goes out as it was.
"""

from __future__ import annotations

from handlers.approvals import affair_cases, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation.forms import Answers, Field, Form, Kind
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

TITLE = N_("Items of a report")
WANTED = N_("Change items of a statistical report")
RECORD = N_("On record for {unit}: {name} may change items of a report ({rule}): {words}")

WISH = Wish(
    Action.REPORT_AMEND,
    AffairKind.AMENDMENT,
    "amendment",
    TITLE,
    N_("The policy has nobody who could approve changes of a report's items."),
)

FORM = Form(
    "amending",
    1,
    TITLE,
    (
        Field(
            "words",
            Kind.TEXT,
            N_("Change"),
            N_("Which report, which items, and why?"),
            max_length=500,
            example=N_("客户分布月报增加“新客户数”一项, 供销售计划用"),
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("words"),
)


def start(ctx: Context, _words: str) -> Reply:
    """Show who would decide, and ask which items."""
    return figures_wish.start(ctx, WISH, FEATURE)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Ask for the change. Rule: S2-INFO.11."""
    return figures_wish.submit(ctx, WISH, answers.text("words"))


def say(ctx: Context, subject: int, _reader: Person, texts: Texts) -> Asking:
    return Asking(what=texts.t(WANTED), why=affair_cases.held(ctx, subject).words)


def end(ctx: Context, ending: Ending) -> bool:
    """Let customer service have an approved change on record. Rule: S2-INFO.11."""
    held = affair_cases.ended(ctx, ending, WISH.kind)
    if ending.state is not CaseState.APPROVED:
        return False
    unit = ctx.policy.custodian_unit

    def card(texts: Texts) -> Card:
        name = case_texts.name(ctx, held.staff_id)
        said = texts.t(RECORD, unit=unit, name=name, rule=ending.rule, words=held.words)
        return Card(said, title=texts.t(TITLE))

    keepers = (*staff.heads(ctx.session, unit), *staff.holders(ctx.session, "statistician"))
    for one in dict.fromkeys(keepers):
        ctx.tell(one, card, f"amendment:{held.id}:{one}")
    return False


FEATURE = Feature(
    key="amending",
    title=TITLE,
    command="amend",
    words=("报表改项",),
    open=start,
    form=FORM,
    submit=submit,
    cases={WISH.kind: CaseKind("改", TITLE, say, end)},
    listed=False,
)
