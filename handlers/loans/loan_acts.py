"""What is done about a loan by one tap or one sentence: explained, kept, reminded of, called back,
reported lost.

Every press is looked at as things are now. The trap is the second one in the same second: the loan
is locked before anything is read, and who comes second is shown what is so.
"""

from __future__ import annotations

from msgspec.structs import replace

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.answers import listed
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Action, Feature
from handlers.incidents import incident_cards, incidents
from handlers.loans import (
    custody_steps,
    loan_cards,
    loan_clock,
    loan_kinds,
    loan_sides,
    loan_words,
)
from handlers.texts import N_, Texts
from rules import loan_days
from rules.incidents import IncidentKind
from rules.loan_days import Recall
from rules.loans import LoanState, Trigger, transition
from rules.secrecy import Grade
from storage import explanations, loan_lists, loans, staff
from storage import incidents as stored
from storage.dossiers import Dossier
from storage.incidents import Incident
from storage.loans import Loan

LOAN = "_loan"
"""Among the answers: the loan a sentence is about."""

LONGEST = 500

NOT_THERE = N_("There is no such loan, or it is not for you to see.")
NOT_YOURS = N_("That is not for you to do with this loan.")
AS_IT_IS = N_("That cannot be done any more; here is how it stands.")
EXPLAINED = N_("Noted. Who asks after the papers reads it. They are still to be given back.")
KEPT = N_("Noted: still needed. You are asked again in three months.")
NUDGED = N_("{name} is reminded.")
OUT_OF_REACH = N_("{name} has no chat here; please ask in person.")
NUDGED_BEFORE = N_("{name} was reminded today already; tomorrow again.")
NUDGE_COPY = N_("{name} was reminded by {by} of {number}, due {until} ({rule}).")
LOST = N_(
    "Reported lost ({number}). Everybody who has to know was told. If it turns up, bring it."
)
RECALLED = N_("{name} asks it back early: {words}")
RECALLED_BARE = N_("{name} asks it back early; why is not shown in this chat.")
UPGRADED = N_("Its grade is now {grade}: please bring it back at once ({rule}).")
CALLED_BACK = N_("Asked back. {name} was told.")
CALLED_BACK_BY_GRADE = N_("Its grade is now {grade}; it was asked back at once ({rule}).")
LOWERED = N_("Its grade is lower now: {grade}. It stays due on the same day ({rule}).")

UPGRADE_RULE, LOWER_RULE, LOST_RULE = "C-56", "S2-SECR.7", "S1-14.7"


def _sentence(key: str, title: str, label: str, prompt: str, example: str) -> Form:
    field = Field("words", Kind.TEXT, label, prompt, max_length=LONGEST, example=example)
    return Form(key, 1, title, (field,), submit_label=N_("Submit"), review=False)


EXPLAINING_FORM = _sentence(
    "explaining",
    N_("Explain the delay"),
    N_("Reason"),
    N_("Why is it late, and when will it be back? Who asks after it reads this."),
    N_("出差在外, 周五上午归还"),
)
LOSING_FORM = _sentence(
    "losing",
    N_("Report lost"),
    N_("What happened"),
    N_("What is missing, when and where was it seen last?"),
    N_("周二外出后未找到, 最后在三楼会议室"),
)
RECALLING_FORM = _sentence(
    "recalling",
    N_("Ask back early"),
    N_("Reason"),
    N_("Why is it needed back? The borrower reads this."),
    N_("年度归档需要原件"),
)


# -- whose loan --------------------------------------------------------------------------------


def known(ctx: Context, words: str) -> Loan | None:
    """Return the loan of that id, locked, if who acts may know of it; else log the press."""
    return custody_steps.loan_of(ctx, words)


def _refused(ctx: Context, held: Loan | None) -> Reply:
    return Reply(alert=ctx.t(NOT_THERE if held is None else NOT_YOURS))


def _shown(ctx: Context, held: Loan, words: str, **facts: object) -> Reply:
    return Reply((loan_cards.show(ctx, held, lead=ctx.t(words, **facts)),))


def _mine(ctx: Context, words: str) -> Loan | None:
    """Return a loan for whose papers who acts has to answer."""
    held = known(ctx, words)
    return held if held is not None and loan_clock.on_duty(ctx, held) == ctx.person.id else None


# -- what the borrower says --------------------------------------------------------------------


def explain(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask why papers are late."""
    held = _mine(ctx, arguments[0])
    if held is None:
        return _refused(ctx, held)
    if not _late(ctx, held):
        return _shown(ctx, held, AS_IT_IS)
    return runner.start(ctx, EXPLAINING, Answers({LOAN: str(held.id)}))


def _late(ctx: Context, held: Loan) -> bool:
    return held.overdue(ctx.now) or held.state == LoanState.SHORT


def submit_explanation(ctx: Context, answers: Answers) -> Reply:
    """Keep why papers are late; it takes nothing back. Rule: S1-14.5c."""
    held = _mine(ctx, answers.text(LOAN))
    if held is None:
        return Reply.of(Card(ctx.t(NOT_THERE)))
    if not _late(ctx, held):
        return _shown(ctx, held, AS_IT_IS)
    explanations.add(ctx.unit, held.id, answers.text("words"), ctx.at)
    ctx.record("loan.explained", f"loan:{held.id}", _rule(ctx, held))
    held = custody_steps.touched(ctx, held)
    loan_cards.redraw_all(ctx, held)
    return _shown(ctx, held, EXPLAINED)


def keep(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Note that a long-term loan is still needed. Rule: S1-14.5d."""
    held = _mine(ctx, arguments[0])
    if held is None:
        return _refused(ctx, held)
    if not held.long_term or held.state != LoanState.LENT:
        return _shown(ctx, held, AS_IT_IS)
    lending = loan_sides.lending_of(ctx, held)
    ctx.record("loan.kept", f"loan:{held.id}", (lending and lending.long_term_rule) or "")
    return _shown(ctx, held, KEPT)


def lose(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask what is lost, and how."""
    held = _mine(ctx, arguments[0])
    if held is None:
        return _refused(ctx, held)
    if not _can_lose(held):
        return _shown(ctx, held, AS_IT_IS)
    return runner.start(ctx, LOSING, Answers({LOAN: str(held.id)}))


def _can_lose(held: Loan) -> bool:
    return transition(LoanState(held.state), Trigger.LOSE, loan_words.kind(held)) is not None


def submit_loss(ctx: Context, answers: Answers) -> Reply:
    """Report papers lost: the loan stays open, the incident is told at once.

    Rule: S1-14.7, C-06.
    """
    held = _mine(ctx, answers.text(LOAN))
    if held is None:
        return Reply.of(Card(ctx.t(NOT_THERE)))
    if not _can_lose(held):
        return _shown(ctx, held, AS_IT_IS)
    held = custody_steps.moved(ctx, held, Trigger.LOSE)
    ctx.record("loan.lost", f"loan:{held.id}", LOST_RULE)
    custody_steps.follow(ctx, held)
    incident = _reported(ctx, held, answers.text("words"))
    loan_cards.redraw_all(ctx, held)
    return _shown(ctx, held, LOST, number=incident.number)


def _reported(ctx: Context, held: Loan, words: str) -> Incident:
    """Open an incident, or add to the one that who acts has reported of these papers before."""
    before = next(
        (
            one
            for one in stored.all_of_loan(ctx.unit, held.id)
            if one.open and one.kind == IncidentKind.LOST and one.reported_by == ctx.person.id
        ),
        None,
    )
    if before is not None:
        incidents.add_measures(ctx, incident_cards.held(ctx, before), (), words)
        return before
    return incidents.open(
        ctx,
        IncidentKind.LOST,
        words=words,
        dossier_id=held.dossier_id,
        loan_id=held.id,
        by=ctx.person.id,
        about=held.borrower,
    )


# -- reminding by hand -------------------------------------------------------------------------


def may_remind(ctx: Context, held: Loan) -> bool:
    """Return whether who acts keeps the papers, is above the borrower or hears of delays."""
    return held.borrower != ctx.person.id and (
        loan_sides.is_custodian(ctx, held, ctx.person)
        or loan_sides.is_above(ctx, held, ctx.person)
        or loan_sides.hears_delays(ctx, held, ctx.person)
    )


def nudge(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Remind who has the papers, once a day, with a copy to their superior. Rule: S1-14.5c."""
    held = known(ctx, arguments[0])
    if held is None or not may_remind(ctx, held):
        return _refused(ctx, held)
    owner = loan_clock.on_duty(ctx, held)
    if not loan_clock.can_nudge(held) or owner == ctx.person.id:
        return _shown(ctx, held, AS_IT_IS)
    name = case_texts.name(ctx, owner)
    person = staff.get(ctx.session, owner)
    if person is None or not person.home_channel:
        return Reply(alert=ctx.t(OUT_OF_REACH, name=name))
    if loan_clock.nudge(ctx, held) is None:
        return Reply(alert=ctx.t(NUDGED_BEFORE, name=name))
    ctx.record("loan.nudged", f"loan:{held.id}", _rule(ctx, held), to=owner)
    _copy(ctx, held, owner)
    return _shown(ctx, held, NUDGED, name=name)


def _copy(ctx: Context, held: Loan, owner: str) -> None:
    """Tell the superior of who was reminded."""
    chain = (staff.get(ctx.session, one) for one in staff.chain(ctx.session, owner))
    above = next((one for one in chain if one is not None and one.active), None)
    if above is None or above.id == ctx.person.id:
        return
    by, name = ctx.person.name, case_texts.name(ctx, owner)

    def card(texts: Texts) -> Card:
        assert held.due_on is not None  # noqa: S101 - it was handed out
        assert held.due_at is not None  # noqa: S101 - as above
        said = texts.t(
            NUDGE_COPY,
            name=name,
            by=by,
            number=held.number or "-",
            until=loan_words.until(ctx, held.due_on, held.due_at, texts),
            rule=_rule(ctx, held),
        )
        look = Button(texts.t(loan_clock.LOOK), f"f.loans.card.{held.id}")
        return Card(said, title=texts.t(loan_clock.ABOVE_TITLE), choices=(look,))

    ctx.tell(above.id, card, f"loan:{held.id}:nudge:{ctx.today}:{above.id}")


def _rule(ctx: Context, held: Loan) -> str:
    lending = loan_sides.lending_of(ctx, held)
    return lending.duty.due.rule if lending is not None else ""


# -- called back early -------------------------------------------------------------------------


def recall(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask why papers are called back."""
    held = known(ctx, arguments[0])
    if held is None or not loan_sides.is_custodian(ctx, held, ctx.person):
        return _refused(ctx, held)
    if not _recallable(held):
        return _shown(ctx, held, AS_IT_IS)
    return runner.start(ctx, RECALLING, Answers({LOAN: str(held.id)}))


def _recallable(held: Loan) -> bool:
    return held.state == LoanState.LENT and held.recalled_at is None


def submit_recall(ctx: Context, answers: Answers) -> Reply:
    """Call papers back: due within the policy's term, never later than before.

    Rule: S1-14.5c, S1-14.8, S1-15.5.3.
    """
    held = known(ctx, answers.text(LOAN))
    if held is None or not loan_sides.is_custodian(ctx, held, ctx.person):
        return Reply.of(Card(ctx.t(NOT_THERE)))
    if not _recallable(held):
        return _shown(ctx, held, AS_IT_IS)
    lending = loan_sides.lending_of(ctx, held)
    held = call_back(ctx, held, Recall.NEEDED, lending.recall.rule if lending else "")
    told = _to_bring(ctx, held)
    for one in told:
        _tell_recalled(ctx, held, one, answers.text("words"))
    loan_cards.redraw_all(ctx, held, but=told)
    names = listed([case_texts.name(ctx, one) for one in told], ctx.texts)
    return _shown(ctx, held, CALLED_BACK, name=names)


def _to_bring(ctx: Context, held: Loan) -> tuple[str, ...]:
    """Return who is to bring papers: who answers for them, and the colleague who has them."""
    holder = staff.get(ctx.session, loan_sides.holder_of(held))
    has_it = (holder.id,) if holder is not None and holder.active else ()
    return tuple(dict.fromkeys((loan_clock.on_duty(ctx, held), *has_it)))


def _tell_recalled(ctx: Context, held: Loan, staff_id: str, said: str) -> None:
    """Tell somebody that papers are asked back, and why where their chat may show it (C-01)."""
    reader = staff.get(ctx.session, staff_id)
    if reader is None or staff_id == ctx.person.id:
        return
    readable = loan_sides.titles(ctx, held, loan_sides.dossier_of(ctx, held), reader)
    words, facts = (RECALLED, {"words": said}) if readable else (RECALLED_BARE, {})
    loan_cards.tell(ctx, held, staff_id, words, "recalled", name=ctx.person.name, **facts)


def call_back(ctx: Context, held: Loan, why: Recall, rule: str) -> Loan:
    """Set the earlier due day of papers that are called back, and their reminders anew.

    Raises:
        Conflict: somebody was quicker.
    """
    policy = loan_sides.policy_of(ctx, held)
    due = loan_days.recalled(policy, loan_clock.facts_of(held), why, ctx.now, ctx.calendar)
    after = replace(held, due_on=due.last_day, due_at=due.instant, recalled_at=ctx.now)
    saved = loans.save(ctx.unit, held, after, ctx.now)
    ctx.record("loan.recalled", f"loan:{held.id}", rule, why=why.value)
    loan_clock.follow(ctx, saved)
    return saved


def regraded(ctx: Context, dossier: Dossier, before: Grade) -> None:
    """Call lent papers back where their dossier's grade has risen above that at lending.

    What was approved for the lower grade and not fetched yet lapses. A lower grade leaves the due
    day; the register keeps the grade at lending.

    Rule: C-56, S2-SECR.7.
    """
    grade = Grade(dossier.grade)
    for one in loan_lists.open_on(ctx.unit, dossier.id):
        held = loans.get(ctx.unit, one.id, lock=True)
        assert held is not None  # noqa: S101 - loans are never deleted
        if held.state in (LoanState.APPROVED, LoanState.OFFERED):
            _not_fetched(ctx, held, grade)
        if not held.out:
            continue
        why = loan_days.recall_of(Grade(held.grade_at_lending), grade)
        if why is not None and grade > before:
            _upgraded(ctx, held, why, grade)
        elif grade < before:
            _lowered(ctx, held, grade)


def _not_fetched(ctx: Context, held: Loan, grade: Grade) -> None:
    """Let what was approved for a lower grade lapse, so that nobody comes for it in vain."""
    if grade <= Grade(held.grade_at_lending):
        return
    ended = loan_kinds.end_all(ctx, held, Trigger.UPGRADE, UPGRADE_RULE)
    for one in dict.fromkeys((ended.borrower, *loan_sides.custodians(ctx, ended))):
        if one != ctx.person.id or not ctx.channel:
            facts = {"rule": UPGRADE_RULE}
            loan_cards.tell(ctx, ended, one, loan_kinds.UPGRADED, "upgraded", **facts)


def _upgraded(ctx: Context, held: Loan, why: Recall, grade: Grade) -> None:
    held = call_back(ctx, held, why, UPGRADE_RULE)
    told = [*_to_bring(ctx, held)]
    facts = {"grade": grade.zh, "rule": UPGRADE_RULE}
    for one in told:
        loan_cards.tell(ctx, held, one, UPGRADED, "upgraded", **facts)
    for one in loan_sides.custodians(ctx, held):
        if one not in told and (one != ctx.person.id or not ctx.channel):
            loan_cards.tell(ctx, held, one, CALLED_BACK_BY_GRADE, "upgraded", **facts)
            told.append(one)
    loan_cards.redraw_all(ctx, held, but=told)


def _lowered(ctx: Context, held: Loan, grade: Grade) -> None:
    facts = {"grade": grade.zh, "rule": LOWER_RULE}
    what = f"lowered.{grade.value}"
    for one in _to_bring(ctx, held):
        loan_cards.tell(ctx, held, one, LOWERED, what, **facts)


EXPLAINING = Feature(
    "explaining", EXPLAINING_FORM.title, form=EXPLAINING_FORM, submit=submit_explanation
)
LOSING = Feature("losing", LOSING_FORM.title, form=LOSING_FORM, submit=submit_loss)
RECALLING = Feature("recalling", RECALLING_FORM.title, form=RECALLING_FORM, submit=submit_recall)

ACTIONS: dict[str, Action] = {
    "explain": explain,
    "keep": keep,
    "lost": lose,
    "nudge": nudge,
    "recall": recall,
}
