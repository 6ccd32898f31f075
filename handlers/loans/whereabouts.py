"""Where a dossier is 在哪: in its place, or with whom and until when, and who had it on any day.

The chain of hand-outs and returns answers for every day. The trap is the colleague who may know
of the customer and not of the loan: they see only until when it is out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from handlers import seeing
from handlers.approvals.case_texts import name as name_of
from handlers.context import Context
from handlers.conversation import pickers, runner
from handlers.conversation.forms import DOSSIER, Answers, Field, Form, Kind, Moment
from handlers.conversation.messages import Button, Card, Problem, Reply
from handlers.feature import Feature
from handlers.loans import custody_ping, custody_words, loan_cards, loan_sides, loan_words
from handlers.pages import to_today
from handlers.texts import N_
from rules import custody as rules
from rules.access import StaffId
from rules.custody import CustodyKind, CustodyState, CustodyStep
from rules.loans import LoanKind
from storage import custody, documents, loan_items, loan_lists
from storage.custody import Step
from storage.dossiers import Dossier
from storage.loans import Loan

RULE = "S3-LOG.2.3a"
LOANS = 4

WORDS = ("在哪里", "在哪", "去向")
"""What the question begins with; the longer before what it begins with."""

TITLE = N_("Whereabouts")
WHOSE = N_("Which customer's dossier do you look for? Name, pinyin initials or number.")
IN_PLACE = N_("In the archive: {place}")
ARCHIVE = N_("In the archive")
OUT_WITH = N_("{what}: with {name}, due {until}")
OUT = N_("{what}: lent until {day}")
PAPERS_OUT = N_("{count} papers")
LAST_SEEN = N_("Seen last by {name}, {moment}")
CHAIN = N_("The last steps:")
NO_STEPS = N_("It has never left the archive.")
HAD = N_("{day}: {holders}")
IN_ARCHIVE = N_("in the archive")
HELD = N_("{name}, from {moment}")
KEPT = N_("in the archive again ({name}), from {moment}")
BROKEN = N_("The chain has a gap: somebody gave what they did not have.")
ON_DAY = N_("Who had it on ...")
TO_COME = N_("That day is still to come.")

FORM = Form(
    "whereabouts",
    1,
    ON_DAY,
    (
        Field(
            "day",
            Kind.DATE,
            N_("Date"),
            N_("On which day?"),
            check=lambda value, _answers, moment: _past(value, moment),
            example=N_("yesterday · last Friday · 5月12日"),
        ),
    ),
    submit_label=N_("Continue"),
    review=False,
)

LOOKING = Form(
    "custody",
    1,
    TITLE,
    (Field("dossier", Kind.DOSSIER, N_("Customer"), WHOSE, example=N_("鸿鑫 · hx · 0042")),),
    submit_label=N_("Continue"),
    review=False,
)


def _past(value: Any, moment: Moment) -> Problem | None:
    return Problem(TO_COME) if date.fromisoformat(value) > moment.today else None


# -- on the customer's card --------------------------------------------------------------------


def lines(ctx: Context, dossier: Dossier) -> list[str]:
    """Return where a dossier is, in a line or a few: its place, or what of it is out.

    The holder only to who may know of the loan. Rule: S3-LOG.2.3a.
    """
    out = [one for one in loan_lists.open_on(ctx.unit, dossier.id) if one.out]
    said = []
    for held in out[:LOANS]:
        said.append(_out_line(ctx, held))
        if loan_sides.knows(ctx, held, ctx.person) and (seen := _seen(ctx, held)):
            said.append(seen)
    return said


def _out_line(ctx: Context, held: Loan) -> str:
    items = loan_items.of(ctx.unit, held.id)
    whole = any(one.whole is not None for one in items)
    what = ctx.t(loan_words.WHOLE) if whole else ctx.t(PAPERS_OUT, count=len(items))
    if loan_words.kind(held) is LoanKind.COPY_LOAN:
        what = ctx.t(loan_words.KINDS[LoanKind.COPY_LOAN])
    if not loan_sides.knows(ctx, held, ctx.person):
        day = ctx.texts.day(held.due_on, ctx.today) if held.due_on else "-"
        return ctx.t(OUT, what=what, day=day)
    until = "-"
    if held.due_on is not None and held.due_at is not None:
        until = loan_words.until(ctx, held.due_on, held.due_at, ctx.texts)
    return ctx.t(OUT_WITH, what=what, name=name_of(ctx, loan_sides.holder_of(held)), until=until)


def _seen(ctx: Context, held: Loan) -> str:
    """Return who saw the papers last, by hand or by proof; "": nobody since they went out."""
    done = [one for one in custody.of_loan(ctx.unit, held.id) if one.confirmed_at]
    if not done or done[-1].confirmed_at is None:
        return ""
    last = done[-1]
    witness = last.witness or (last.taker if last.kind == "ping" else last.giver)
    return ctx.t(
        LAST_SEEN, name=name_of(ctx, witness), moment=ctx.texts.moment(done[-1].confirmed_at)
    )


def button(ctx: Context, dossier: Dossier) -> tuple[Button, ...]:
    """Return the way to the whole chain, for who sees all that is in the dossier."""
    if not seeing.whole(ctx, dossier):
        return ()
    return (Button(ctx.t(TITLE), f"f.custody.chain.{dossier.id}"),)


# -- by a word ---------------------------------------------------------------------------------


def show(ctx: Context, words: str) -> Reply:
    """Say where the one dossier is that the words name; else ask which is meant.

    Rule: S3-LOG.2.3a.
    """
    words = words.strip(" ?？")
    asking = Answers({runner.WORDS: words}) if words else None
    return _of_one(ctx, words) or runner.start(ctx, FEATURE, asking)


def heard(ctx: Context, text: str) -> Reply | None:
    """Answer 「在哪KH-2023-0042」, written without a space; None: it names no one dossier."""
    word = next((one for one in WORDS if text.startswith(one)), None)
    return _of_one(ctx, text.removeprefix(word).strip(" ?？")) if word else None


def _of_one(ctx: Context, words: str) -> Reply | None:
    found = pickers.dossiers(ctx, words, 0) if words else None
    if found is None or len(found.options) != 1 or found.more:
        return None
    ctx.record("dossier.searched", f"staff:{ctx.person.id}", found=1)
    return answer(ctx, found.options[0].key)


def submit(ctx: Context, answers: Answers) -> Reply:
    option = answers.option("dossier")
    return answer(ctx, option.key if option else "")


def answer(ctx: Context, words: str) -> Reply:
    """Say where a dossier is: the whole chain to who sees all of it, else what the customer's
    card says."""
    dossier = seeing.reachable(ctx, words)
    if dossier is None:
        return Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))
    if seeing.whole(ctx, dossier):
        return chain(ctx, (str(dossier.id),))
    ctx.record("dossier.whereabouts", f"dossier:{dossier.id}", RULE)
    customer = Button(ctx.t(N_("Customer")), f"f.find.card.{dossier.id}")
    return Reply.of(
        Card(
            "\n".join(lines(ctx, dossier)) or ctx.t(ARCHIVE),
            title=f"{ctx.t(TITLE)} · {seeing.customer(ctx, dossier)}",
            choices=(customer,),
            nav=(to_today(ctx.texts),),
            protect=True,
        )
    )


# -- the chain ---------------------------------------------------------------------------------


def chain(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show where a dossier is and its last steps."""
    dossier = _known(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    said = lines(ctx, dossier) or [_in_place(ctx, dossier)]
    steps = custody_words.steps(ctx, dossier.id)
    shown = [custody_words.step(ctx, one, ctx.texts) for one in steps[-custody_words.STEPS :]]
    said += ["", ctx.t(CHAIN), *shown] if shown else ["", ctx.t(NO_STEPS)]
    ctx.record("dossier.whereabouts", f"dossier:{dossier.id}", RULE)
    return Reply.of(_card(ctx, dossier, said))


def _known(ctx: Context, words: str) -> Dossier | None:
    dossier = seeing.reachable(ctx, words)
    return dossier if dossier is not None and seeing.whole(ctx, dossier) else None


def _in_place(ctx: Context, dossier: Dossier) -> str:
    content = seeing.view(ctx, dossier).content
    if not dossier.location or not content:
        return ctx.t(ARCHIVE)
    return ctx.t(IN_PLACE, place=dossier.location)


def _card(ctx: Context, dossier: Dossier, said: list[str]) -> Card:
    return Card(
        "\n".join(said),
        title=f"{ctx.t(TITLE)} · {seeing.customer(ctx, dossier)}",
        choices=(
            *_proofs(ctx, dossier),
            Button(ctx.t(ON_DAY), f"f.custody.day.{dossier.id}"),
            Button(ctx.t(N_("Customer")), f"f.find.card.{dossier.id}"),
        ),
        columns=2,
        nav=(to_today(ctx.texts),),
        protect=True,
    )


def _proofs(ctx: Context, dossier: Dossier) -> Iterator[Button]:
    """Yield the ways to have what is out shown, and to the last photo of each that was."""
    out = [one for one in loan_lists.open_on(ctx.unit, dossier.id) if one.out][:LOANS]
    for held in out:
        for label, key in loan_cards.of_proof(ctx, held, ctx.person):
            number = f" {held.number}" if len(out) > 1 and held.number else ""
            yield Button(f"{ctx.t(label)}{number}", key)


# -- on any day --------------------------------------------------------------------------------


def ask_day(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    dossier = _known(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    return runner.start(ctx, ASKING, Answers({DOSSIER: str(dossier.id)}))


def submit_day(ctx: Context, answers: Answers) -> Reply:
    """Say who had the dossier, and each paper of it that was out, on one day.

    Rule: S3-LOG.2.3a.
    """
    dossier, day = _known(ctx, answers.text(DOSSIER)), answers.day("day")
    if dossier is None or day is None:
        return Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))
    ctx.record("dossier.whereabouts", f"dossier:{dossier.id}", RULE, day=day.isoformat())
    return Reply.of(_card(ctx, dossier, list(_on(ctx, dossier, day))))


def _on(ctx: Context, dossier: Dossier, day: date) -> Iterator[str]:
    time = ctx.policy.time
    before = time.day_start(day + timedelta(days=1))
    shown = ctx.texts.day(day, ctx.today)
    whole = _of(custody.chain(ctx.unit, dossier.id, None, before))
    yield ctx.t(HAD, day=f"{shown} {ctx.t(loan_words.WHOLE)}", holders=_holders(ctx, whole, day))
    for document_id in _lent_papers(ctx, dossier):
        steps = _of(custody.chain(ctx.unit, dossier.id, document_id, before))
        paper = documents.get(ctx.unit, document_id)
        if not rules.holders_on(steps, day, time) or paper is None or steps == whole:
            continue
        named = seeing.view(ctx, dossier).content
        title = paper.title if named else ctx.t(N_("a paper"))
        yield ctx.t(HAD, day=title, holders=_holders(ctx, steps, day))
        if not rules.unbroken(steps):
            yield ctx.t(BROKEN)


def _lent_papers(ctx: Context, dossier: Dossier) -> tuple[int, ...]:
    """Return the papers that were ever lent one by one, the last loans' first."""
    found: dict[int, None] = {}
    for held in loan_lists.recent_on(ctx.unit, dossier.id, loan_lists.MOST):
        for one in loan_items.of(ctx.unit, held.id):
            if one.document_id is not None:
                found[one.document_id] = None
    return tuple(found)


def _holders(ctx: Context, steps: tuple[CustodyStep, ...], day: date) -> str:
    found = rules.holders_on(steps, day, ctx.policy.time)
    if not found:
        return ctx.t(IN_ARCHIVE)
    return "; ".join(
        ctx.t(
            HELD if one.lent else KEPT,
            name=name_of(ctx, one.person),
            moment=ctx.texts.moment(one.since),
        )
        for one in found
    )


def _of(steps: tuple[Step, ...]) -> tuple[CustodyStep, ...]:
    return tuple(
        CustodyStep(
            CustodyKind(one.kind),
            StaffId(one.giver),
            StaffId(one.taker),
            CustodyState(one.state),
            one.opened_at,
            one.confirmed_at,
            StaffId(one.witness) if one.witness else None,
        )
        for one in steps
    )


ASKING = Feature("whereabouts", FORM.title, form=FORM, submit=submit_day)
FEATURE = Feature(
    key="custody",
    title=TITLE,
    command="where",
    words=(*WORDS, "where", "Where"),
    open=show,
    form=LOOKING,
    submit=submit,
    listed=False,
    actions={"chain": chain, "day": ask_day, **custody_ping.ACTIONS},
    clocks=custody_ping.CLOCKS,
)
