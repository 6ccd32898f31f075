"""外来统计: an external body asks for statistics, with a letter of its superior authority.

Customer service alone receives such a request (S2-STAT.6); who the policy names releases it. The
trap is the figure from somebody's own list: what is given out are those of the information staff
(S2-STAT.4), and the card that grants says so.
"""

from __future__ import annotations

from handlers.approvals import approvals, case_cards, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.requests import consult, outsiders, visitors
from handlers.texts import N_, Texts
from rules import outsiders as rules
from rules.access import StaffId
from rules.cases import CaseState
from rules.chains import Approval
from rules.deciders import Matter
from rules.errors import Denied
from rules.occasions import Action, Facts, Material, ReaderKind
from storage import figures
from storage import outsiders as stored
from storage.figures import FiguresRequest
from storage.outsiders import Outsider
from storage.staff import Person

KIND = visitors.FIGURES
FACTS = Facts(Action.STATISTICS, reader=ReaderKind.EXTERNAL, material=Material.STATISTICS)

RECEIVERS = frozenset(
    {
        "info_staff",
        "info_specialist",
        "info_supervisor",
        "statistician",
        "cs_manager",
        "customer_director",
    }
)
"""Customer service, which alone receives such requests (S2-STAT.6)."""

TITLE = N_("Statistics wanted")
NO_ROW = N_("The policy has nobody who could release statistics to an external body.")
WANTED = N_("Statistics: {wanted}")
GRANTED = N_(
    "Released to {who}: {wanted}. Only figures that the information staff hold are given out "
    "(S2-STAT.4)."
)
SPENT = N_("{who}: released, but the letter was used for another visit meanwhile.")

FORM = Form(
    "figures",
    1,
    TITLE,
    (
        *outsiders.FIELDS,
        Field(
            "wanted",
            Kind.TEXT,
            N_("Figures wanted"),
            N_("Which figures are wanted, and of which period?"),
            max_length=300,
            example=N_("2025年度客户数量, 按地区"),
        ),
        Field(
            "reason",
            Kind.TEXT,
            N_("Reason"),
            N_("What are they needed for, under which rule of the authority?"),
            max_length=500,
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("wanted"),
)


def receives(person: Person) -> bool:
    """Whether somebody is of customer service. Rule: S2-STAT.6."""
    return person.active and bool(RECEIVERS & person.roles)


def start(ctx: Context, _words: str) -> Reply:
    """Show who would decide and ask who comes."""
    row = rules.admitted(ctx.policy.approval, FACTS)
    if row is None:
        return Reply.of(Card(ctx.t(NO_ROW), title=ctx.t(TITLE)))
    card = consult.foreseen(ctx, row, _matter(ctx), TITLE)
    carried = Answers(outsiders.carried(FACTS.reader, row))
    return Reply.of(card).plus(runner.start(ctx, FEATURE, carried, at_review=False))


def _matter(ctx: Context) -> Matter:
    return Matter(FACTS, StaffId(ctx.person.id), department=ctx.person.department)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Send the request, if the letter allows it. Rule: S2-STAT.6, C-05."""
    row = rules.admitted(ctx.policy.approval, FACTS)
    if row is None:
        return Reply.of(Card(ctx.t(NO_ROW), title=ctx.t(TITLE)))
    credentials = outsiders.shown(ctx, answers).counting(ctx.today)
    matter = Matter(
        FACTS,
        StaffId(ctx.person.id),
        department=ctx.person.department,
        credentials=credentials,
    )
    if denied := outsiders.refusal(ctx, answers, row, matter, ctx.today):
        return Reply.of(Card(case_texts.denial(ctx, denied), title=ctx.t(TITLE)))
    return _ask(ctx, answers, row, matter)


def _ask(ctx: Context, answers: Answers, row: Approval, matter: Matter) -> Reply:
    id_ = figures.add(
        ctx.unit,
        outsider_id=outsiders.from_answers(ctx, answers),
        staff_id=ctx.person.id,
        wanted=" ".join(answers.text("wanted").split()),
        reason=answers.text("reason"),
    )
    opened = approvals.request(ctx, KIND, id_, row, matter)
    if isinstance(opened, Denied):
        return Reply.of(Card(case_texts.denial(ctx, opened), title=ctx.t(TITLE)))
    return Reply((case_cards.show(ctx, opened, lead=ctx.t(consult.SENT)),))


def say(ctx: Context, subject: int, _reader: Person, texts: Texts) -> Asking:
    held, visitor = _held(ctx, subject)
    line = outsiders.line(ctx, visitor, texts)
    return Asking(
        what="\n".join(
            (texts.t(WANTED, wanted=held.wanted), texts.t(outsiders.VISITOR, line=line))
        ),
        why=held.reason,
        key=f"f.credential.view.{visitor.id}",
    )


def end(ctx: Context, ending: Ending) -> bool:
    """Note what became of it; the letter is used up when it was granted. Rule: C-05."""
    held, visitor = _held(ctx, ending.subject)
    granted = ending.state in (CaseState.APPROVED, CaseState.REGISTERED)
    spent = granted and outsiders.spent(ctx, visitor)
    state = "lapsed" if spent else "granted" if granted else ending.state.value
    figures.close(ctx.unit, held.id, state)
    ctx.record(f"figures.{state}", f"figures:{held.id}", ending.rule)
    if not granted:
        return False
    if not spent:
        stored.expect(ctx.unit, visitor.id)
        stored.settle(ctx.unit, visitor.id, stored.CAME, by=held.staff_id, at=ctx.at)
    said = SPENT if spent else GRANTED

    def card(texts: Texts) -> Card:
        words = texts.t(said, who=outsiders.who(visitor, texts), wanted=held.wanted)
        return Card(words, title=texts.t(TITLE), protect=True)

    ctx.tell(held.staff_id, card, f"figures:{held.id}:ended")
    return True


def _held(ctx: Context, subject: int) -> tuple[FiguresRequest, Outsider]:
    held = figures.get(ctx.unit, subject)
    assert held is not None  # noqa: S101 - requests are never deleted
    visitor = stored.get(ctx.unit, held.outsider_id)
    assert visitor is not None  # noqa: S101 - the request refers to it
    return held, visitor


FEATURE = Feature(
    key="figures",
    title=TITLE,
    command="figures",
    words=("外来统计",),
    audience=receives,
    open=start,
    form=FORM,
    submit=submit,
    cases={KIND: CaseKind("统", N_("Statistics for an external body"), say, end)},
)
