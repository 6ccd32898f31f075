"""请其出示: who has papers shows that they are still there, by a photo with the code of the day.

Whoever has to look after a loan may ask once an office day. The photo becomes a step of the chain
of custody that moves nothing; an ask that nobody answers runs out and says so. The trap is the
photo of yesterday: the code is that of the day on which it is sent.
"""

from __future__ import annotations

from datetime import date

from handlers.approvals import case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.conversation.state import ABOUT
from handlers.conversation.wording import LINE
from handlers.feature import Action, Clockwork, Feature
from handlers.loans import custody_steps, loan_acts, loan_cards, loan_sides
from handlers.loans.custody_steps import instant, not_yours, refused, shown
from handlers.notes.note import FILE, STATES
from handlers.texts import N_
from rules.custody import day_code
from rules.hours import after_quiet
from rules.loans import LoanState
from storage import attachments, custody, ledger, loans, staff
from storage.custody import NewStep, Step
from storage.loans import Loan
from storage.staff import Person

KIND, RUNG = "ping", "lapse"
RULE = "S1-15.5.3"
STEP, DAY = "_step", "_day"
PICTURES = frozenset({"photo", "document"})
"""Kinds of files that can show papers: some phones send pictures as files."""

NOT_YOURS = N_("That is for who looks after the loan, and never for who has the papers.")
NOT_WITH = N_("Only papers that are lent can be shown; here is how it stands.")
ASKED_TODAY = N_("{name} was asked today already; tomorrow again.")
ASKED = N_("{name} is asked to show the papers by a photo.")
SHOW_THEM = N_(
    "{name} asks you to show that the papers are with you: a photo of the cover beside the code "
    "of the day ({rule})."
)
OVER = N_("That is settled or has run out; nothing is to be shown any more.")
CODE = N_("Code of {day}: {code}. Write it on a sheet and lay it beside the papers.")
NEW_CODE = N_("The day has changed, and the code with it. Please take the photo once more.")
NO_PHOTO = N_("A photo is needed: it shows the papers and the code.")
THANKS = N_("Shown. {name} was told; it stands in the chain of custody.")
SHOWED = N_("{name} has shown the papers. Please compare: the code on the photo is {code}.")
PHOTO_OF = N_("{number}: shown by {name}, {moment}. The code on it has to be {code}.")
NOT_HERE = N_("The photo is not shown in this chat; please look at the papers in person.")
NO_PROOF = N_("There is no such photo, or it is not for you to see.")
MISSED_TITLE = N_("Papers not shown")
MISSED = N_(
    "{name} has not shown the papers of {number} in time ({rule}). You can ask again, ask them "
    "back early or report them lost."
)
MISSED_BY_YOU = N_("The papers were not shown in time. {name} was told.")
PHOTO, LOAN, REPORT = N_("Photo"), N_("View"), N_("Report incident")

FORM = Form(
    "proving",
    1,
    N_("Show the papers"),
    (
        Field(
            "files",
            Kind.FILES,
            PHOTO,
            N_("A photo of the cover of the papers beside the code, no page that can be read."),
        ),
    ),
    submit_label=N_("Submit"),
    review=False,
)


# -- asking ------------------------------------------------------------------------------------


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask who has the papers of a loan to show them, once an office day. Rule: S1-15.5.3."""
    held = custody_steps.loan_of(ctx, arguments[0])
    if held is None:
        return refused(ctx)
    if not loan_sides.asks_for_proof(ctx, held, ctx.person):
        return Reply(alert=ctx.t(NOT_YOURS))
    if held.state != LoanState.LENT:
        return shown(ctx, held, ctx.t(NOT_WITH))
    holder = staff.get(ctx.session, loan_sides.holder_of(held))
    assert holder is not None  # noqa: S101 - nobody is ever deleted
    if not (holder.active and holder.home_channel):
        return Reply(alert=ctx.t(loan_acts.OUT_OF_REACH, name=holder.name))
    if loan_sides.proof_asked(ctx, held):
        return Reply(alert=ctx.t(ASKED_TODAY, name=holder.name))
    held = open_ask(ctx, held, holder, SHOW_THEM, "loan.proof_asked")
    return shown(ctx, held, ctx.t(ASKED, name=holder.name))


def open_ask(ctx: Context, held: Loan, holder: Person, lead: str, action: str) -> Loan:
    """Let who has the papers show them to who acts; returns the loan. `lead` (N_) says why."""
    me, lines = ctx.person.id, custody_steps.to_come(ctx, held)
    new = NewStep(held.id, KIND, holder.id, me, me, lines)
    step = custody.open_step(ctx.unit, new, instant(ctx))
    _watch(ctx, step)
    held = custody_steps.touched(ctx, held)
    ctx.record(action, f"loan:{held.id}", RULE, of=holder.id)
    what = f"{KIND}.{step.id}"
    loan_cards.tell(ctx, held, holder.id, lead, what, name=ctx.person.name, rule=RULE)
    loan_cards.redraw_all(ctx, held, but=(holder.id,))
    return held


# -- showing -----------------------------------------------------------------------------------


def prove(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say the code of the day to who has the papers, and ask for the photo."""
    found = _asked(ctx, arguments[0])
    return found if isinstance(found, Reply) else _form(ctx, *found)


def _asked(ctx: Context, words: str) -> tuple[Step, Loan] | Reply:
    """Return an ask that waits for who acts, else what to answer."""
    found = custody_steps.step_of(ctx, words)
    if found is None or found[0].kind != KIND:
        return refused(ctx)
    step, held = found
    if _over(ctx, step) or held.state != LoanState.LENT:
        return shown(ctx, held, ctx.t(OVER))
    return (step, held) if ctx.person.id == step.giver else not_yours(ctx, held, step)


def _over(ctx: Context, step: Step) -> bool:
    return step.state != "open" or loan_sides.proof_until(ctx, step) <= ctx.at


def _form(ctx: Context, step: Step, held: Loan) -> Reply:
    day = ctx.texts.day(ctx.today)
    given = {
        STEP: str(step.id),
        DAY: ctx.today.isoformat(),
        ABOUT: ctx.t(CODE, day=day, code=_code(ctx, held, ctx.today.isoformat())),
    }
    return runner.start(ctx, PROVING, Answers(given))


def _code(ctx: Context, held: Loan, day: str) -> str:
    return day_code(ctx.unit.vault.index("custody.code"), held.id, date.fromisoformat(day))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Keep the photo as a witness in the chain of custody; who asked is told.

    Rule: S1-15.5.3, S3-LOG.2.3a.
    """
    found = _asked(ctx, answers.text(STEP))
    if isinstance(found, Reply):
        return found if found.shows else Reply.of(Card(found.alert))
    step, held = found
    if answers.text(DAY) != ctx.today.isoformat():
        return Reply.of(Card(ctx.t(NEW_CODE))).plus(_form(ctx, step, held))
    files = answers.files("files")
    if not any(_pictures(ctx, one) for one in files):
        return Reply.of(Card(ctx.t(NO_PHOTO))).plus(_form(ctx, step, held))
    step = custody.confirm(ctx.unit, step.id, ctx.person.id, instant(ctx, step))
    custody_steps.attach(ctx, step, files)
    ledger.unwatch(ctx.unit, KIND, step.id)
    held = custody_steps.touched(ctx, held)
    ctx.record("loan.proof_given", f"loan:{held.id}", RULE, to=step.taker)
    code = _code(ctx, held, answers.text(DAY))
    what = f"proof.{step.id}"
    loan_cards.tell(ctx, held, step.taker, SHOWED, what, name=ctx.person.name, code=code)
    loan_cards.redraw_all(ctx, held, but=(step.taker,))
    return shown(ctx, held, ctx.t(THANKS, name=case_texts.name(ctx, step.taker)))


def _pictures(ctx: Context, file_id: int) -> bool:
    file = attachments.get(ctx.unit, file_id)
    return file is not None and file.kind in PICTURES


# -- looking at it -----------------------------------------------------------------------------


def proof(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Send the photo to who may see what is lent, where they read. Rule: C-01, S2-SECR.12a."""
    found = custody_steps.step_of(ctx, arguments[0])
    if found is None or found[0].kind != KIND or found[0].confirmed_at is None:
        return Reply(alert=ctx.t(NO_PROOF))
    step, held = found
    if not loan_sides.titles(ctx, held, loan_sides.dossier_of(ctx, held), here(ctx)):
        return Reply(alert=ctx.t(NOT_HERE))
    assert step.confirmed_at is not None  # noqa: S101 - asked above
    day = ctx.policy.time.office_day(step.confirmed_at).isoformat()
    said = ctx.t(
        PHOTO_OF,
        number=held.number or "-",
        name=case_texts.name(ctx, step.giver),
        moment=ctx.texts.moment(step.confirmed_at),
        code=_code(ctx, held, day),
    )
    rows = attachments.of(ctx.unit, "custody", step.id)
    waiting = [
        ctx.t(LINE, label=one.name or ctx.t(FILE), value=ctx.t(STATES[one.state]))
        for one in rows
        if one.state != "kept"
    ]
    kept = tuple(one.id for one in rows if one.state == "kept")
    loan_cards.looked_at(ctx, held)
    ctx.record("loan.proof_seen", f"loan:{held.id}", RULE)
    card = Card("\n".join((said, *waiting)), title=ctx.t(PHOTO), files=kept, protect=True)
    return Reply((Show(card, slot=FRESH),))


# -- the clock ---------------------------------------------------------------------------------


def _watch(ctx: Context, step: Step) -> None:
    """Let who asked hear of an ask that nobody answers."""
    time = ctx.policy.time
    at = after_quiet(loan_sides.proof_until(ctx, step), time.quiet_hours, time.zone)
    ledger.watch(ctx.unit, KIND, step.id, RUNG, at, step.taker)


def wind(ctx: Context, step_id: int) -> None:
    """Let an ask run out whose time is over, although who asked cannot be told."""
    step = custody.get(ctx.unit, step_id)
    if step is not None:
        _run_out(ctx, step)
    ledger.unwatch(ctx.unit, KIND, step_id)


def _run_out(ctx: Context, step: Step) -> None:
    """Note once that papers were not shown in time; who has them hears it. Rule: S1-15.5.3."""
    held = loans.get(ctx.unit, step.loan_id, lock=True)
    if step.state != "open" or held is None:
        return
    custody.end(ctx.unit, step.id, "lapsed")
    ctx.record("loan.proof_missed", f"loan:{held.id}", RULE, of=step.giver)
    held = custody_steps.touched(ctx, held)
    name = case_texts.name(ctx, step.taker)
    loan_cards.tell(ctx, held, step.giver, MISSED_BY_YOU, f"missed.{step.id}", name=name)
    loan_cards.redraw_all(ctx, held, but=(step.giver,))


def notice(ctx: Context, step_id: int, _rung: str, _key: str) -> Card | None:
    """Say to who asked that nobody has shown the papers, with what can be done."""
    wind(ctx, step_id)
    step = custody.get(ctx.unit, step_id)
    held = loans.get(ctx.unit, step.loan_id) if step is not None else None
    if step is None or held is None or step.state != "lapsed":
        return None
    name = case_texts.name(ctx, step.giver)
    return Card(
        ctx.t(MISSED, name=name, number=held.number or "-", rule=RULE),
        title=ctx.t(MISSED_TITLE),
        choices=(
            Button(ctx.t(LOAN), f"f.loans.card.{held.id}"),
            Button(ctx.t(REPORT), "f.incident.new"),
        ),
        columns=2,
    )


def hears(ctx: Context, step_id: int, _rung: str) -> str | None:
    """Return who asked."""
    step = custody.get(ctx.unit, step_id)
    return step.taker if step is not None else None


ACTIONS: dict[str, Action] = {"ping": ask, "prove": prove, "proof": proof}
CLOCKS = {KIND: Clockwork(notice, wind, hears)}
PROVING = Feature(FORM.key, FORM.title, form=FORM, submit=submit)
