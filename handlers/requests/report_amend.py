"""报表改项: single items of a statistical report that customer service compiles are changed.

The general manager approves, customer service keeps the record, and nobody else has to be asked
(S2-INFO.11). Until then the report goes out as it was.
"""

from __future__ import annotations

from handlers.approvals import affair_cases, approvals, case_cards, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
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

FACTS = Facts(Action.REPORT_AMEND, material=Material.STATISTICS)

TITLE = N_("Items of a report")
NO_ROW = N_("The policy has nobody who could approve changes of a report's items.")
WANTED = N_("Change items of a statistical report")
RECORD = N_("On record for {unit}: {name} may change items of a report ({rule}): {words}")

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


def _matter(ctx: Context) -> Matter:
    return Matter(FACTS, StaffId(ctx.person.id), department=ctx.person.department)


def start(ctx: Context, _words: str) -> Reply:
    """Show who would decide, and ask which items."""
    row = approvals.approval_of(ctx.policy, FACTS)
    if row is None:
        return Reply.of(Card(ctx.t(NO_ROW), title=ctx.t(TITLE)))
    card = consult.foreseen(ctx, row, _matter(ctx), TITLE)
    return Reply.of(card).plus(runner.start(ctx, FEATURE))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Ask for the change. Rule: S2-INFO.11."""
    row = approvals.approval_of(ctx.policy, FACTS)
    if row is None:
        return Reply.of(Card(ctx.t(NO_ROW), title=ctx.t(TITLE)))
    id_ = affairs.add(
        ctx.unit,
        AffairKind.AMENDMENT,
        staff_id=ctx.person.id,
        detail="",
        words=answers.text("words"),
        state=AffairState.HELD,
        at=ctx.at,
    )
    ctx.record("amendment.asked", f"amendment:{id_}", row.rule)
    opened = approvals.request(ctx, KIND, id_, row, _matter(ctx))
    if isinstance(opened, Denied):
        return Reply.of(Card(case_texts.denial(ctx, opened), title=ctx.t(TITLE)))
    return Reply((case_cards.show(ctx, opened, lead=ctx.t(consult.SENT)),))


def say(ctx: Context, subject: int, _reader: Person, texts: Texts) -> Asking:
    return Asking(what=texts.t(WANTED), why=affair_cases.held(ctx, subject).words)


def end(ctx: Context, ending: Ending) -> bool:
    """Let customer service have an approved change on record. Rule: S2-INFO.11."""
    held = affair_cases.ended(ctx, ending, "amendment")
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


KIND = AffairKind.AMENDMENT.value
FEATURE = Feature(
    key="amending",
    title=TITLE,
    command="amend",
    words=("报表改项",),
    open=start,
    form=FORM,
    submit=submit,
    cases={KIND: CaseKind("改", TITLE, say, end)},
    listed=False,
)
